"""Small counts of a local table: hidden, and never given back by a subtraction."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostic.masking import masked

MEMBERS = pd.DataFrame(
    [
        *(("epci", f"E{n // 4}", f"c{n}") for n in range(12)),
        *(("departement", f"D{n // 8}", f"c{n}") for n in range(12)),
        *(("region", "R", f"c{n}") for n in range(12)),
        *(("france", "FR", f"c{n}") for n in range(12)),
    ],
    columns=["level", "code", "commune"],
)


def table(counts: list[int], *, ratio: bool = False) -> pd.DataFrame:
    numerator = np.array(counts, float)
    return pd.DataFrame(
        {
            "indicator": "i",
            "level": "commune",
            "code": [f"c{n}" for n in range(len(counts))],
            "period": "2024",
            "value": numerator if not ratio else numerator / 10,
            "numerator": numerator if ratio else np.nan,
            "denominator": 1000.0 if ratio else np.nan,
            "state": "ok",
            "reason": "",
        }
    )


def run(counts: list[int], *, ratio: bool = False, threshold: int = 11) -> pd.DataFrame:
    found = masked(table(counts, ratio=ratio), {"i": not ratio}, {"i": 100.0}, MEMBERS, threshold)
    return found.set_index(["level", "code"])


def test_large_counts_are_untouched_and_totals_are_added() -> None:
    found = run([20] * 12)
    assert set(found["state"]) == {"ok"}
    assert found.at[("epci", "E0"), "value"] == 80
    assert found.at[("departement", "D1"), "value"] == 80
    assert found.at[("france", "FR"), "value"] == 240


def test_a_small_count_takes_a_neighbour_with_it() -> None:
    found = run([3, 50, 60, 70, *[40] * 8])
    hidden = found[found["state"] == "secret"]
    assert ("commune", "c0") in hidden.index
    assert len(hidden) >= 2, "seul, il se retrouverait par soustraction"
    assert hidden[["value", "numerator", "denominator"]].isna().all(axis=None)
    assert hidden["reason"].nunique() == 1, "le motif dirait lequel est petit"


def test_a_ratio_hides_its_three_numbers_and_keeps_its_total() -> None:
    found = run([3, 2, 60, 70, *[40] * 8], ratio=True)
    assert found.at[("commune", "c0"), "state"] == "secret"
    shown = found[(found["state"] == "ok") & (found.index.get_level_values(0) == "france")]
    assert shown["value"].iloc[0] == pytest.approx(100 * (3 + 2 + 60 + 70 + 320) / 12_000)


def test_zero_is_not_a_secret() -> None:
    assert set(run([0, 0, 50, 50, *[40] * 8])["state"]) == {"ok"}


def test_a_total_is_not_made_of_part_of_its_communes() -> None:
    found = masked(table([40] * 3), {"i": True}, {"i": 1.0}, MEMBERS, 11)
    assert set(found["level"]) == {"commune"}


@settings(deadline=None, max_examples=60)
@given(counts=st.lists(st.integers(0, 60), min_size=12, max_size=12), threshold=st.integers(2, 20))
def test_no_hidden_count_is_the_difference_of_what_is_shown(
    counts: list[int], threshold: int
) -> None:
    """By linear algebra on the shown totals and communes, as a reader would do."""
    found = run(counts, threshold=threshold)
    shown = found[found["state"] == "ok"]
    names = [f"c{n}" for n in range(12)]
    rows = []
    for level, code in shown.index:
        inside = (
            [code]
            if level == "commune"
            else MEMBERS.loc[
                (MEMBERS["level"] == level) & (MEMBERS["code"] == code), "commune"
            ].tolist()
        )
        rows.append([1.0 if name in inside else 0.0 for name in names])
    matrix = np.array(rows) if rows else np.zeros((0, 12))
    rank = np.linalg.matrix_rank(matrix) if len(rows) else 0
    for n, count in enumerate(counts):
        if 0 < count < threshold:
            unit = np.eye(12)[n : n + 1]
            assert np.linalg.matrix_rank(np.vstack([matrix, unit])) > rank, f"c{n} se retrouve"
