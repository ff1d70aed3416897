"""Figures kept in a project file: masked ones only, back to the same, refused when edited."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostic.kept import (
    COLUMNS,
    KeptFigureError,
    figure_lines,
    figures_of,
    refuse_small_counts,
)
from diagnostic.masking import masked
from diagnostic.perimeter import decode
from diagnostic.project import Project, dump, load
from diagnostic.records import LocalData
from tests.unit.test_masking import MEMBERS, table

CERGY = decode("epci:249500109")[0]


def through_a_file(figures: pd.DataFrame) -> tuple[str, pd.DataFrame]:
    """The text of a project that keeps ``figures``, and what a reader of it finds."""
    record = LocalData(id="local_a", figures=figure_lines(figures))
    text = dump(Project(CERGY, local_data=(record,)))
    (again,) = load(text)[0].local_data
    return text, figures_of(again.figures)


def ordered(figures: pd.DataFrame) -> pd.DataFrame:
    return figures.sort_values(COLUMNS[:4], ignore_index=True)[COLUMNS].astype(
        dict.fromkeys(("value", "numerator", "denominator"), float)
    )


@settings(deadline=None, max_examples=20)
@given(
    counts=st.lists(st.integers(0, 60), min_size=12, max_size=12),
    ratio=st.booleans(),
    threshold=st.integers(2, 20),
)
def test_what_is_kept_is_masked_and_reads_back_to_the_same(
    counts: list[int], ratio: bool, threshold: int
) -> None:
    """What a reader could subtract is what the pages show: test_masking proves it is not enough."""
    small = table(counts, ratio=ratio)
    members = MEMBERS.assign(commune=MEMBERS["commune"].str.upper())
    small["code"] = small["code"].str.upper()
    shown = masked(small, {"i": not ratio}, {"i": 100.0}, members, threshold)
    text, back = through_a_file(shown)
    pd.testing.assert_frame_equal(ordered(back), ordered(shown), check_dtype=False)
    refuse_small_counts(back, {"i": not ratio}, threshold)
    for n, count in enumerate(counts):
        if 0 < count < threshold:
            assert f"commune;C{n};2024;;;;secret;" in text
            with pytest.raises(KeptFigureError, match="pas masqués"):
                refuse_small_counts(small, {"i": not ratio}, threshold)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("commune;95127;2024;;;;ok;", "incomplets"),
        ("commune;95127;2024;;3;;secret;seuil", "masqué"),
        ("commune;95127;2024;1e999;;;ok;", "démesurés"),
    ],
)
def test_edited_figures_are_refused(line: str, words: str) -> None:
    with pytest.raises(KeptFigureError, match=words):
        figures_of({"local_a": (line,)})
    with pytest.raises(KeptFigureError, match="deux fois"):
        figures_of({"local_a": ("commune;95127;2024;1;;;ok;",) * 2})


def test_numbers_are_short_and_exact() -> None:
    values = [0.1 + 0.2, 12.0, 1e-7, 0.0, -3.25, np.nan]
    figures = pd.DataFrame(
        {
            "indicator": "local_a",
            "level": "commune",
            "code": [f"9500{n}" for n in range(6)],
            "period": "2024",
            "value": values,
            "numerator": np.nan,
            "denominator": np.nan,
            "state": ["ok"] * 5 + ["absent"],
            "reason": [None] * 5 + ["non ; disponible"],
        }
    )
    lines = figure_lines(figures)["local_a"]
    assert lines[1] == "commune;95001;2024;12;;;ok;"
    assert lines[5] == "commune;95005;2024;;;;absent;non disponible"
    assert figures_of({"local_a": lines})["value"].tolist()[:5] == values[:5]
