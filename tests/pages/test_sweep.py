"""Every indicator, at every level, beside every comparator: a sentence, and no exception."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from diagnostic.perimeter import decode
from pages.comparator import OTHER, SIMILAR, Comparator
from pages.missing import core, missing
from pages.reading import assessed, reading, territories
from pages.shared import (
    Current,
    comparator_values,
    indicators,
    profile,
    resolved,
    use_published,
)
from pages.similar import similar
from tests.pages.test_pages import LEAKS, LONG_DECIMALS, PERIMETERS
from views.lexicon import refused_words
from views.observation import value_text
from views.places import of_place
from views.sentences import comparison_sentence, subject
from warehouse.build import Report

LEVELS = {
    "commune": "com:95127",
    "commune, much of it secret": "com:46009",
    "arm": "arm:75118",
    "epci": "epci:249500109",
    "ept": "ept:200057867",
    "departement": "dep:95",
    "departement d'outre-mer": "dep:974",
    "region": "reg:11",
    "france": "france:FR",
    "composed": PERIMETERS["EPCI plus une commune"],
    "147 communes": PERIMETERS["sept EPCI"],
}
ANOTHER = ("epci:200058485", "com:46042", "dep:46", "reg:76")


def comparators(found: Current) -> list[Comparator]:
    """What the control offers, and four other territories of as many levels."""
    values = comparator_values(found)
    offered = [
        Comparator(
            key := f"{place.level}:{place.code}",
            place.name,
            of_place(place.level, place.code, place.name),
            values[values["place"] == key],
        )
        for place in found.comparators
    ]
    alike = similar(found)
    if not alike.codes:
        assert found.whole == ("france", "FR")
        return offered + others()
    codes = [part for code in alike.codes for part in resolved(decode(f"epci:{code}")[0]).codes]
    together = resolved(decode(",".join(f"epci:{code}" for code in alike.codes))[0])
    assert sorted(codes) == sorted(together.codes)
    offered.append(
        Comparator(SIMILAR, "Similaires", "des territoires similaires", profile(together), alike)
    )
    return offered + others()


def others() -> list[Comparator]:
    made = []
    for asked in ANOTHER:
        other = resolved(decode(asked)[0])
        of = of_place(*other.whole, other.label)
        made.append(Comparator(f"{OTHER}:{asked}", other.label, of, profile(other)))
    return made


def check(sentence: str) -> None:
    assert sentence and sentence.strip()[-1] in ".!?", sentence
    assert not LEAKS.search(sentence), sentence
    assert not LONG_DECIMALS.search(sentence), sentence
    assert not refused_words(sentence), sentence


def sweep(asked: str) -> int:
    """Indicators with a line beside each comparator of one perimeter; every sentence checked."""
    found = resolved(decode(asked)[0])
    assert found.codes, asked
    cards, seen = indicators(), 0
    for comparator in comparators(found):
        frame = assessed(found, comparator)
        assert set(frame.index) <= set(cards)
        for row in frame.reset_index().itertuples():
            card = cards[row.indicator_id]
            assert not LEAKS.search(value_text(row, reading(card)))
        for name, row in frame.iterrows():
            card = cards[str(name)]
            if pd.notna(row["value"]) and pd.notna(row["other"]):
                check(comparison_sentence(row, subject(card.label), reading(card), comparator.of))
                seen += 1
        codes = list(found.codes[:40])
        level = "arm" if asked.startswith("arm") else "commune"
        territories([level] * len(codes), codes, frame["period"], frame["other"])
    own = assessed(found, comparators(found)[0])
    lacking = missing(found, own, comparator_values(found))
    assert 0 < len(lacking) <= len(core())
    return seen


@pytest.fixture
def embedded(embedded_data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIENT_DATA_DIR", str(embedded_data_dir))
    use_published()


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.usefixtures("embedded")
def test_every_indicator_at_every_level_beside_every_comparator(level: str) -> None:
    assert sweep(LEVELS[level]) > 0


@pytest.mark.shared
@pytest.mark.parametrize("level", LEVELS)
def test_the_same_on_the_national_warehouse(
    national_build: Report, monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    monkeypatch.setenv("GRADIENT_DATA_DIR", str(national_build.published.path.parent))
    use_published()
    assert sweep(LEVELS[level]) > 0
