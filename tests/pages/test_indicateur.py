"""Fiche indicateur: every indicator, several perimeters, no error, one reading everywhere."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.test_pages import (
    LEAKS,
    LONG_DECIMALS,
    PERIMETERS,
    open_page,
    rows_of,
    texts_of,
)
from views.lexicon import refused_words

CERGY = "epci:249500109"


def test_the_value_and_its_sentence_agree(app_test: AppTest) -> None:
    open_page(app_test, "indicateur", CERGY, indicateur="part_sans_diplome")
    value = app_test.metric[0].value
    said = next(one.value for one in app_test.markdown if one.value.startswith("La part"))
    assert value in said.replace("\\", "")
    assert "98,0\u202f%" in texts_of(app_test)


def test_few_points_give_no_verdict(app_test: AppTest) -> None:
    open_page(app_test, "indicateur", CERGY, indicateur="part_sans_diplome")
    assert "trop peu pour parler de tendance" in texts_of(app_test)


def test_income_has_no_gradient_along_income(app_test: AppTest) -> None:
    open_page(app_test, "indicateur", CERGY, indicateur="mediane_niveau_vie")
    assert "le gradient ne dirait rien" in texts_of(app_test)


def test_a_masked_commune_says_so(app_test: AppTest) -> None:
    """Secret is neither zero nor absent, and stays so in the table of communes."""
    open_page(app_test, "indicateur", CERGY, indicateur="taux_pauvrete")
    rows = {row[0]: row for row in rows_of(app_test) if len(row) == 5}
    assert rows["Boisemont"][1:3] == ["secret statistique", "secret statistique"]


def test_an_unknown_indicator_is_said(app_test: AppTest) -> None:
    open_page(app_test, "indicateur", CERGY, indicateur="inconnu")
    assert any("n'existe pas ici" in one.value for one in app_test.warning)


def test_every_indicator_has_its_sheet(app_test: AppTest) -> None:
    """The sweep: each indicator that exists here, one after the other, in one session."""
    open_page(app_test, "indicateur", CERGY)
    names = next(box for box in app_test.selectbox if box.label == "Indicateur")
    assert len(names.options) > 40
    for position in range(len(names.options)):
        box = next(box for box in app_test.selectbox if box.label == "Indicateur")
        box.select_index(position).run()
        assert not app_test.exception, box.options[position]
        assert not app_test.error, box.options[position]
        text = texts_of(app_test)
        assert not LEAKS.search(text), (box.options[position], LEAKS.search(text))
        assert not LONG_DECIMALS.search(text), box.options[position]
        assert not refused_words(text), box.options[position]


@pytest.mark.parametrize("asked", PERIMETERS.values(), ids=PERIMETERS.keys())
def test_every_perimeter_beside_similar_territories(app_test: AppTest, asked: str) -> None:
    open_page(
        app_test, "indicateur", asked, comparateur="similaires", indicateur="part_65_ans_et_plus"
    )
    assert not LEAKS.search(texts_of(app_test))
