"""Portrait: every core indicator has its figure or its line, and the caption says what is true."""

from __future__ import annotations

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from tests.conftest import ROOT
from tests.pages.test_pages import PERIMETERS, open_page, rows_of, texts_of
from warehouse.build import Report
from warehouse.core import load_core
from warehouse.indicators import load_indicators

CERGY, GRAND_QUERCY = PERIMETERS["EPCI, deux départements"], PERIMETERS["sept EPCI"]
NO_HEALTH = "Aucun chiffre de mortalité"


def listed(test: AppTest) -> set[str]:
    """Labels of the list of what lacks."""
    rows = rows_of(test)
    start = next(
        (place for place, row in enumerate(rows) if row[:2] == ["Indicateur", "Producteur"]),
        len(rows),
    )
    return {row[0] for row in rows[start + 1 :]}


def with_figure(test: AppTest) -> set[str]:
    """First cell of the lines whose second cell is a value: the label, its unit, its caution."""
    without = ("–", "pas de chiffre", "secret statistique")
    return {row[0] for row in rows_of(test) if len(row) > 5 and row[1] not in without}


@pytest.mark.parametrize("asked", [CERGY, GRAND_QUERCY, "arm:75118", "com:46009", "dep:95"])
def test_each_core_indicator_has_its_figure_or_its_line(app_test: AppTest, asked: str) -> None:
    open_page(app_test, "portrait", asked)
    cards, lacking, shown = load_indicators(), listed(app_test), with_figure(app_test)
    assert lacking, "rien n'est dit manquer"
    for one in load_core():
        labels = tuple(cards[name].label for name in one.indicators)
        has_figure = any(line.startswith(labels) for line in shown)
        assert (one.label in lacking) == (not has_figure), one.label
    assert NO_HEALTH in texts_of(app_test)


def test_the_embedded_figures_of_the_core_are_shown(app_test: AppTest) -> None:
    """Those that ship for the Val-d'Oise are never among what lacks."""
    open_page(app_test, "portrait", CERGY)
    lacking = listed(app_test)
    assert not lacking & {
        "Population municipale", "Évolution de la population", "Part des 75 ans et plus",
        "Médiane du niveau de vie", "Part des 15 ans et plus sans diplôme",
        "Accessibilité (APL) aux médecins généralistes",
    }  # fmt: skip
    assert "Part de patients en ALD sans médecin traitant" in lacking


@pytest.mark.shared
def test_the_caption_is_true_on_the_national_warehouse(
    app_test: AppTest, national_build: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A département has its mortality; an intercommunalité is told whose is loaded."""
    monkeypatch.setenv("GRADIENT_DATA_DIR", str(national_build.published.path.parent))
    with duckdb.connect(str(national_build.published.path), read_only=True) as base:
        known = base.execute(
            "SELECT count(*) FROM observation WHERE indicator_id = 'taux_mortalite_standardise' "
            "AND level = 'departement' AND code = '95' AND value IS NOT NULL"
        ).fetchone()
    assert known is not None and known[0] > 0
    open_page(app_test, "portrait", "dep:95")
    assert NO_HEALTH not in texts_of(app_test)
    assert "Taux standardisé de mortalité toutes causes" not in listed(app_test)
    other = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    open_page(other, "portrait", CERGY)
    assert NO_HEALTH in texts_of(other)
    row = next(
        row for row in rows_of(other) if row[0].startswith("Taux standardisé de mortalité toutes")
    )
    assert "Chiffre chargé pour : Val-d'Oise" in row[-1]
