"""A municipal arrondissement as a perimeter: found, never counted twice, beside its city."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from tests.conftest import ROOT
from tests.pages.test_pages import PAGES, open_page, rows_of, texts_of
from warehouse.build import Report
from warehouse.read import Warehouse

NORTH, LYON_3 = "arm:75118", "arm:69383"


def plain(text: str) -> str:
    return text.replace("\\", "").replace("\u202f", " ").replace("\u00a0", " ")


def test_the_search_offers_it(app_test: AppTest) -> None:
    open_page(app_test, "perimetre", "com:95127")
    app_test.text_input(key="recherche").set_value("paris 18").run()
    assert [one for one in app_test.button if one.key == "choisir-arm-75118"]
    app_test.text_input(key="recherche").set_value("paris").run()
    first = next(one for one in app_test.button if str(one.key).startswith("choisir-"))
    assert first.key == "choisir-commune-75056", "the city comes first"


def test_its_city_is_the_nearest_benchmark(app_test: AppTest) -> None:
    open_page(app_test, "ce_qui_ressort", NORTH)
    box = next(one for one in app_test.selectbox if one.label == "Comparer à")
    assert box.options[0] == "Paris"
    assert box.options.count("Paris") == 1, "a commune and a département of the same communes"
    assert {"Île-de-France", "France", "Territoires similaires"} <= set(box.options)
    text = plain(texts_of(app_test))
    assert "1 arrondissement · 183 127 habitants" in text
    assert "celle de Paris" in text


def test_beside_its_city_it_is_refused(app_test: AppTest) -> None:
    open_page(app_test, "perimetre", "com:75056,arm:75118")
    assert any("compteraient deux fois" in one.value for one in app_test.warning)
    assert "1 commune ·" in plain(texts_of(app_test))


def test_two_of_them_side_by_side(app_test: AppTest) -> None:
    open_page(app_test, "comparer", NORTH, t=f"{NORTH};{LYON_3}")
    firsts = {row[0] for row in rows_of(app_test)}
    assert {"Lyon 3e Arrondissement", "Paris 18e Arrondissement"} <= firsts


def test_several_of_them_add_up(embedded_warehouse: Path) -> None:
    """Numerators over denominators, out of the arrondissements' own rows."""
    with duckdb.connect(str(embedded_warehouse), read_only=True) as base:
        codes = ["69383", "69387", "69266"]
        expected = base.execute(
            "SELECT 100 * sum(numerator) / sum(denominator) FROM observation "
            "WHERE indicator_id = 'part_moins_20_ans' AND period = '2021' AND code IN ?",
            [codes],
        ).fetchone()
    opened = Warehouse(embedded_warehouse)
    found = opened.mart("profile", codes=codes, whole_level="", whole_code="")
    row = found.set_index(["indicator_id", "period"]).loc[("part_moins_20_ans", "2021")]
    assert expected is not None
    assert row["value"] == pytest.approx(expected[0])
    assert (row["communes"], row["state"]) == (3, "ok")
    opened.close()


@pytest.fixture
def national_app(national_build: Report, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("GRADIENT_DATA_DIR", str(national_build.published.path.parent))
    monkeypatch.chdir(ROOT)
    yield AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)


@pytest.mark.shared
@pytest.mark.parametrize("asked", [NORTH, LYON_3, ",".join(f"arm:693{n}" for n in range(81, 90))])
def test_every_page_on_the_national_warehouse(national_app: AppTest, asked: str) -> None:
    open_page(national_app, "perimetre", asked)
    for name in PAGES:
        if name:
            open_page(national_app, name, asked)
            assert "n'a pas pu s'afficher" not in texts_of(national_app), name


@pytest.mark.shared
def test_the_18th_on_the_national_warehouse(national_app: AppTest, national_build: Report) -> None:
    """Its published figures, its findings beside Paris, its need like that of a commune."""
    with duckdb.connect(str(national_build.published.path), read_only=True) as base:
        rows = base.execute(
            "SELECT code, value FROM observation WHERE indicator_id = 'mediane_niveau_vie' "
            "AND period = '2021' AND code IN ('75118', '75056') AND level IN ('arm', 'commune')"
        ).fetchall()
    own, city = dict(rows)["75118"], dict(rows)["75056"]
    assert (own, city) == (24_910.0, 29_730.0)
    open_page(national_app, "ce_qui_ressort", NORTH)
    text = plain(texts_of(national_app))
    assert (
        "La médiane du niveau de vie est plus basse que celle de Paris : 24 910 € par an, contre 29 730 €"
        in text
    )
    open_page(national_app, "cibles", NORTH)
    row = next(row for row in rows_of(national_app) if row[0] == "Paris 18e Arrondissement")
    assert row[1] in ("Socle", "Renforcé", "Intensif")
    open_page(national_app, "mortalite", NORTH)
    assert "que pour la ville entière" in plain(" ".join(one.value for one in national_app.info))


@pytest.mark.shared
def test_no_arrondissement_weighs_on_a_reference(national_build: Report) -> None:
    """The national matrix holds cities alone: the people of Paris count once."""
    opened = Warehouse(national_build.published.path)
    asked = {"indicators": ["mediane_niveau_vie"], "periods": ["2021"]}
    communes, arms = opened.mart("commune_matrix", **asked), opened.mart("arm_matrix", **asked)
    opened.close()
    assert len(arms) == 45
    assert {"75056", "69123", "13055"} <= set(communes["code"])
    assert not set(arms["code"]) & set(communes["code"])
