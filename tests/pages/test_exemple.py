"""docs/exemple-cibler-doser.md: every number redone from the numbers printed before it, and on the page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.conftest import ROOT
from tests.pages.test_cibles import CERGY, QUERCY, open_page
from tests.pages.test_intensite import column, split_of
from warehouse.needs import load_need_cards
from warehouse.read import Warehouse

TEXT = (ROOT / "docs" / "exemple-cibler-doser.md").read_text("utf-8")
LOW, HIGH = -0.9706, 0.9706


def number_of(cell: str) -> float:
    return float(cell.replace("−", "-").replace("+", "").replace(",", "."))


def tables() -> list[list[list[str]]]:
    found = re.findall(r"(?:^\|.*\n)+", TEXT, re.MULTILINE)
    return [
        [
            [cell.strip(" *") for cell in line.strip("|").split("|")]
            for line in block.strip().splitlines()
        ]
        for block in found
    ]


def test_the_need_of_cergy() -> None:
    terms = []
    for row in tables()[0][2:]:
        value, mean, sd, way, shown = (number_of(cell) for cell in row[1:])
        assert way * (value - mean) / sd == pytest.approx(shown, abs=2e-4)
        terms.append(shown)
    assert sum(terms) / 4 == pytest.approx(-0.3330, abs=1e-4)
    position = (-0.3330 - LOW) / (HIGH - LOW)
    assert position == pytest.approx(0.3285, abs=1e-4)
    assert 3**position == pytest.approx(1.4345, abs=2e-4)


def test_the_first_numbers_are_those_of_the_warehouse(embedded_warehouse: Path) -> None:
    """What Cergy's need starts from: its values, and the national means and spreads."""
    card = load_need_cards().card(load_need_cards().purposes[0])
    used = [one for domain in card.domains for one in domain.indicators if one.period]
    opened = Warehouse(embedded_warehouse)
    references = opened.mart("references_of", indicators=[one.id for one in used])
    values = opened.mart(
        "commune_matrix", indicators=[one.id for one in used], periods=[one.period for one in used]
    )
    opened.close()
    cergy = values[values["code"] == "95127"].set_index("indicator_id")["value"]
    printed = tables()[0][2:]
    assert len(printed) == len(used) == 4
    for one, row in zip(used, printed, strict=True):
        basis = references.set_index(["indicator_id", "period"]).loc[(one.id, one.period)]
        shown = [number_of(cell) for cell in row[1:4]]
        assert shown == pytest.approx([cergy[one.id], basis["mean"], basis["sd"]], abs=6e-5)
        assert number_of(row[4]) == one.direction


@pytest.mark.parametrize(
    ("place", "asked"), [(1, CERGY), (2, QUERCY)], ids=["cergy", "grand-quercy"]
)
def test_the_split_by_hand_and_on_the_page(app_test: AppTest, place: int, asked: str) -> None:
    *rows, total = tables()[place][2:]
    people, weighted = number_of(total[1]), number_of(total[4])
    assert sum(number_of(row[1]) for row in rows) == people
    assert sum(number_of(row[4]) for row in rows) == pytest.approx(weighted, abs=1)
    whole = []
    for row in rows:
        held, intensity = number_of(row[1]), number_of(row[3])
        if row[2]:
            at = (min(max(number_of(row[2]), LOW), HIGH) - LOW) / (HIGH - LOW)
            assert 3**at == pytest.approx(intensity, abs=2e-4)
        assert held * intensity == pytest.approx(number_of(row[4]), abs=3)
        base, more = 60 * held / people, 60 * held * intensity / weighted
        assert base == pytest.approx(number_of(row[5]), abs=0.006)
        assert more == pytest.approx(number_of(row[6]), abs=0.006)
        assert base + more == pytest.approx(number_of(row[7]), abs=0.002)
        whole.append((int(row[8]), number_of(row[7])))
    left = 120 - sum(int(share) for _, share in whole)
    rests = sorted((share % 1 for _, share in whole), reverse=True)
    for shown, share in whole:
        assert shown == int(share) + (share % 1 >= rests[left - 1] if left else 0)
    page = split_of(open_page(app_test, asked, "intensite"))
    for name, at in (("Base", 5), ("Renfort", 6)):  # the reinforcement follows from the need
        assert column(page, name)[:-1] == pytest.approx(
            [number_of(row[at]) for row in rows], abs=0.051
        )
    assert [row[0] for row in page[1:-1]] == [row[0] for row in rows]
    assert column(page, "Proportionné")[:-1] == [float(row[8]) for row in rows]
    assert column(page, "À parts égales")[:-1] == [float(row[9]) for row in rows]
