"""The core indicators: all there, each leading somewhere, in plain words."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from connectors.cards import load_sources
from connectors.errors import InvalidCard
from views.core import ACCESS, LEGEND, Missing, core_sentence, missing_table
from views.lexicon import refused_words
from warehouse.core import load_core
from warehouse.indicators import load_indicators


def test_each_leads_to_cards_that_exist_or_to_someone() -> None:
    cards, found = load_indicators(), load_core()
    assert len(found) == 34
    assert [one.rank for one in found] == sorted({one.rank for one in found})
    for one in found:
        assert set(one.indicators) <= set(cards), one.label
        assert one.ask or all(cards[name].sources for name in one.indicators), one.label
        assert one.access in ACCESS
    sources = set(load_sources())
    assert all(set(cards[name].sources) <= sources for one in found for name in one.indicators)


@pytest.mark.shared
def test_they_are_those_of_the_design(shared_dir: Path) -> None:
    path = shared_dir / "design" / "INDICATORS.csv"
    with path.open(encoding="utf-8") as lines:
        wanted = [row for row in csv.DictReader(lines, delimiter=";") if row["coeur(C)"] == "C"]
    access = {"O": "ouvert", "R": "restreint", "O/R": "mixte"}
    key = next(name for name in wanted[0] if name.startswith("acces"))
    assert [(one.rank, one.access) for one in load_core()] == [
        (int(row["id"]), access[row[key]]) for row in wanted
    ]


def test_a_broken_file_is_refused_in_french(tmp_path: Path) -> None:
    line = "- {rank: 1, label: Un, indicators: [], producer: x, access: ouvert, level: y, ask: z}\n"
    for text in ("- {rank: 1}", line.replace(", ask: z", ""), line + line):
        path = tmp_path / "coeur.yml"
        path.write_text(text, "utf-8")
        with pytest.raises(InvalidCard, match="base"):
            load_core(path)


def test_each_line_says_what_to_do() -> None:
    plain = Missing("A", "B", "ouvert", "commune", "")
    rows = [
        plain,
        Missing("A", "B", "mixte", "département", "L'ORS.", larger=["Lot"]),
        Missing("A", "B", "restreint", "commune", "", masked=True),
        Missing("A", "B", "ouvert", "commune", "", to_load=[("Un", "commune"), ("Deux", "IRIS")]),
    ]
    said = list(missing_table(rows)["Ici, et où le demander"])
    assert said == [
        "Les fichiers chargés n'ont pas de chiffre pour ce périmètre.",
        "Chiffre chargé pour : Lot. L'ORS.",
        "Sous secret statistique pour ce périmètre.",
        "À charger, page Données : « Un » (échelle : commune) ou « Deux » (échelle : IRIS).",
    ]
    assert "Pour les 20 autres" in core_sentence(14, 34)
    assert "ont tous un chiffre" in core_sentence(34, 34)
    texts = [*said, LEGEND, *(f"{one.label} {one.ask} {one.level}" for one in load_core())]
    assert [text for text in texts if refused_words(text)] == []
