"""Inégalités: numbers recomputed by hand, totals that no cut changes, refusals with their reason."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from diagnostic.spatial import lisa, nearest
from tests.conftest import ROOT
from tests.pages.test_pages import LEAKS, LONG_DECIMALS, PERIMETERS, rows_of, texts_of
from views.lexicon import refused_words
from warehouse.build import build
from warehouse.paths import point_to, published

CERGY = "epci:249500109"
GRAND_QUERCY = PERIMETERS["sept EPCI"]
Z95 = 1.959963984540054
PEOPLE = {CERGY: 220_279, GRAND_QUERCY: 93_414}


def open_page(test: AppTest, asked: str, **more: str) -> AppTest:
    test.query_params["p"] = asked
    test.run()
    test.switch_page("pages/inegalites.py")
    for name, value in {"p": asked, **more}.items():
        test.query_params[name] = value
    test.run()
    assert not test.exception, test.exception
    assert not [one.value for one in test.error]
    return test


def another() -> AppTest:
    """One more visit, as a new tab is: an open page keeps its own choices."""
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)


def plain(text: str) -> str:
    return text.replace("\\", "").replace("\u202f", " ").replace("\u00a0", " ")


def said(test: AppTest) -> str:
    return plain(texts_of(test))


def table(test: AppTest, first: str) -> list[list[str]]:
    """Rows of the table whose header begins with ``first``, header included."""
    found: list[list[str]] = []
    for row in rows_of(test):
        if row[0] == first:
            found = [row]
        elif found and len(row) == len(found[0]):
            found.append([plain(cell) for cell in row])
        elif found:
            break
    return found


def whole(text: str) -> int:
    return int(plain(text).replace(" ", ""))


def members(test: AppTest) -> dict[str, str]:
    return {row[0]: row[1] for row in table(test, "Commune")[1:]}


def local_fifths(database: duckdb.DuckDBPyConnection, codes: list[str], axis: str) -> pd.DataFrame:
    """Communes by value of the axis, and their fifth (0 = lowest), from the rows themselves."""
    frame = database.execute(
        "SELECT o.code, o.value, t.population FROM observation o JOIN territory t USING (level, code) "
        "WHERE level = 'commune' AND o.indicator_id = ? AND o.code IN (SELECT unnest(?)) "
        "AND o.value IS NOT NULL ORDER BY o.value",
        [axis, codes],
    ).df()
    blocks = frame.groupby("value")["population"].sum()
    middle = (blocks.cumsum() - blocks / 2) / blocks.sum()
    place = np.minimum(np.floor(np.round(5 * middle, 9)), 4).astype(int)
    return frame.assign(fifth=frame["value"].map(place)).set_index("code")


@pytest.fixture
def database(embedded_warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(embedded_warehouse), read_only=True) as connection:
        yield connection


@pytest.fixture
def quercy(database: duckdb.DuckDBPyConnection) -> list[str]:
    bodies = [part.split(":")[1] for part in GRAND_QUERCY.split(",")]
    rows = database.execute(
        "SELECT code FROM territory WHERE level = 'commune' AND epci_code IN (SELECT unnest(?))",
        [bodies],
    ).fetchall()
    return [code for (code,) in rows]


def without_diploma(database: duckdb.DuckDBPyConnection, codes: list[str]) -> pd.DataFrame:
    """Groups of Grand Quercy: rates, denominators, people, standard errors (Wilson)."""
    placed = local_fifths(database, codes, "mediane_niveau_vie")
    figures = database.execute(
        "SELECT code, numerator, denominator FROM observation WHERE level = 'commune' "
        "AND indicator_id = 'part_sans_diplome' AND period = '2023'"
    ).df()
    joined = placed.join(figures.set_index("code")).groupby("fifth")
    groups = joined[["numerator", "denominator", "population"]].sum()
    p, n = groups["numerator"] / groups["denominator"], groups["denominator"]
    half = Z95 / (1 + Z95**2 / n) * np.sqrt(p * (1 - p) / n + Z95**2 / (4 * n**2))
    return groups.assign(rate=100 * p, se=100 * half / Z95)


def test_the_slope_index_of_grand_quercy_by_hand(
    app_test: AppTest, database: duckdb.DuckDBPyConnection, quercy: list[str]
) -> None:
    """Weighted least squares on mid-ranks with numpy, each group's own error through the line."""
    groups = without_diploma(database, quercy)
    p = (groups["population"] / groups["population"].sum()).to_numpy()
    x = np.cumsum(p) - p / 2
    design = np.column_stack([np.ones(5), x])
    pull = np.linalg.solve(design.T @ (p[:, None] * design), design.T * p)[1]
    sii = pull @ groups["rate"]
    error = np.sqrt(((pull * groups["se"]) ** 2).sum())
    open_page(app_test, GRAND_QUERCY, indicateur="part_sans_diplome")
    line = next(row for row in table(app_test, "Mesure") if row[0] == "Indice de pente (SII)")
    assert line[2] == f"{-sii:.1f} points".replace(".", ",")
    assert line[3] == f"{-sii - Z95 * error:.1f} à {-sii + Z95 * error:.1f}".replace(".", ",")
    assert line[4] == "les moins favorisées"


def test_the_gap_in_persons_by_hand(
    app_test: AppTest, database: duckdb.DuckDBPyConnection, quercy: list[str]
) -> None:
    groups = without_diploma(database, quercy)
    spared = (groups["denominator"] * (groups["rate"] - groups["rate"].iloc[-1]) / 100).sum()
    open_page(app_test, GRAND_QUERCY, indicateur="part_sans_diplome")
    found = re.search(
        r"plus favorisées, ([\d ]+) personnes de moins \(de ([\d ]+) à", said(app_test)
    )
    assert found is not None
    assert whole(found[1]) == pytest.approx(spared, rel=0.005)
    assert whole(found[2]) < spared


@pytest.mark.parametrize("asked", [CERGY, GRAND_QUERCY])
def test_groups_and_unplaced_make_the_perimeter(app_test: AppTest, asked: str) -> None:
    open_page(app_test, asked)
    rows = table(app_test, "Groupe de communes")[1:]
    assert rows[-1][0] == "Périmètre" and rows[-2][0] == "Non placées"
    for column in (3, 4):
        numbers = [whole(row[column]) for row in rows]
        assert sum(numbers[:-1]) == numbers[-1]
    assert whole(rows[-1][4]) == PEOPLE[asked]
    groups = members(app_test)
    assert len(groups) == whole(rows[-1][3])
    for row in rows[:-1]:
        name = "Non placée" if row[0] == "Non placées" else row[0]
        assert list(groups.values()).count(name) == whole(row[3])


def test_local_fifths_by_hand(
    app_test: AppTest, database: duckdb.DuckDBPyConnection, quercy: list[str]
) -> None:
    placed = local_fifths(database, quercy, "mediane_niveau_vie")
    names = dict(
        database.execute("SELECT code, name FROM territory WHERE level = 'commune'").fetchall()
    )
    groups = ["Les moins favorisées", "Groupe 2", "Groupe 3", "Groupe 4", "Les plus favorisées"]
    open_page(app_test, GRAND_QUERCY)
    shown = members(app_test)
    for code, fifth in placed["fifth"].items():
        assert shown[names[code]] == groups[fifth], names[code]


def test_national_fifths_say_what_to_load(app_test: AppTest) -> None:
    open_page(app_test, CERGY)
    local = members(app_test)
    national = open_page(another(), CERGY, cut="national")
    text = said(national)
    assert "Les cinquièmes nationaux ne sont pas disponibles" in text
    assert "Revenus et pauvreté des ménages (Filosofi)" in text
    assert "En attendant, les cinquièmes du périmètre sont montrés" in text
    assert "Ici, tout le monde est défavorisé" in text
    assert members(national) == local


def test_what_the_address_asks_and_does_not_exist(app_test: AppTest) -> None:
    open_page(app_test, CERGY, indicateur="inconnu", axe="zzz", cut="mondial")
    warnings = [one.value for one in app_test.warning]
    assert len([one for one in warnings if "n'existe pas ici" in one]) == 3


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("part_sans_diplome", "les moins favorisées"),
        ("part_trajets_marche_velo", "les moins favorisées"),
        ("part_proprietaires", "les plus favorisées"),
    ],
)
def test_one_direction_on_screen(app_test: AppTest, name: str, where: str) -> None:
    """The least favoured are worse off, better off, or neither: gaps are positive numbers."""
    open_page(app_test, CERGY, indicateur=name)
    sii, rii, rci = table(app_test, "Mesure")[1:4]
    assert sii[4] == rii[4] == rci[4] == where
    assert not sii[2].startswith("\u2212")
    assert float(rii[2].replace(",", ".")) >= 1
    assert "plus le nombre est grand" in said(app_test)
    assert "Écart entre communes, pas entre personnes." in said(app_test)


def test_income_along_income_is_a_tautology(app_test: AppTest) -> None:
    open_page(app_test, CERGY, indicateur="mediane_niveau_vie")
    assert "le gradient ne dirait rien de plus" in said(app_test)
    assert not table(app_test, "Groupe de communes")


def test_a_count_does_not_compare(app_test: AppTest) -> None:
    open_page(app_test, CERGY, indicateur="naissances")
    assert "Un nombre ou une catégorie ne se compare pas" in said(app_test)
    assert not table(app_test, "Mesure")


def test_an_average_is_not_told_in_persons(app_test: AppTest) -> None:
    open_page(app_test, GRAND_QUERCY, indicateur="apl_medecins_generalistes")
    text = said(app_test)
    assert "L'écart n'est pas traduit en personnes" in text
    assert "consultations par an et par habitant dans les communes" in text
    assert "sans conclusion sur l'évolution" in text
    assert "partage déjà les valeurs entre communes voisines" in text
    assert "elle cumule des effectifs" in text


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ("com:95127", "trois communes ou plus"),
        ("dep:48", "Aucun axe social n'est chargé"),
        ("com:46042,com:46001,com:46002", "ne font pas trois groupes habités"),
    ],
)
def test_what_cannot_be_shown_says_why(app_test: AppTest, asked: str, reason: str) -> None:
    open_page(app_test, asked)
    assert reason in said(app_test)
    assert not table(app_test, "Groupe de communes")


def test_the_gap_in_time(app_test: AppTest) -> None:
    open_page(app_test, GRAND_QUERCY, indicateur="part_locataires_hlm")
    assert [row[0] for row in table(app_test, "Période")[1:]] == ["2012", "2023"]
    change = next(line for line in said(app_test).splitlines() if line.startswith("Entre 2012"))
    assert "l'écart (SII) n'a pas changé de façon établie" in change
    assert not re.search(r"creusé|réduit|[↑↓↗↘]", change)
    alone = open_page(another(), GRAND_QUERCY, indicateur="part_trajets_voiture")
    assert "Série trop courte" in said(alone)


def search_clusters(test: AppTest) -> AppTest:
    next(one for one in test.button if one.label == "Chercher les regroupements").click()
    return test.run()


def test_clusters_only_on_demand_and_after_correction(
    app_test: AppTest, database: duckdb.DuckDBPyConnection, quercy: list[str]
) -> None:
    open_page(app_test, GRAND_QUERCY, indicateur="part_sans_diplome")
    assert "I de Moran" not in said(app_test)
    search_clusters(app_test)
    assert not app_test.exception
    frame = database.execute(
        "SELECT code, t.name, lon AS longitude, lat AS latitude, value FROM territory t "
        "JOIN observation USING (level, code) WHERE level = 'commune' "
        "AND indicator_id = 'part_sans_diplome' AND period = '2023' AND code IN (SELECT unnest(?))",
        [quercy],
    ).df()
    frame = frame.set_index("code")
    near = nearest(frame[["longitude", "latitude"]], 6)
    found = lisa(frame["value"], near, nature="observed").table
    kept = found[found["p_fdr"] <= 0.05]
    assert 0 < len(kept) < len(found[found["p"] <= 0.05])
    listed = {row[0] for row in table(app_test, "Commune") if row[-1].startswith("valeur")}
    rows = [row for row in rows_of(app_test) if len(row) == 4 and row[-1].startswith("valeur ")]
    assert {row[0] for row in rows} | listed == set(frame.loc[kept.index, "name"])
    assert f"{len(kept)} communes sur 147 dans un regroupement" in said(app_test)


def test_no_cluster_under_thirty_communes(app_test: AppTest) -> None:
    open_page(app_test, CERGY, indicateur="part_sans_diplome")
    assert "au moins 30 communes avec un chiffre, et il y en a 12" in said(app_test)
    assert not [one for one in app_test.button if one.label == "Chercher les regroupements"]


def test_quarters_without_figures_say_so(app_test: AppTest) -> None:
    open_page(app_test, CERGY)
    text = said(app_test)
    assert "9 quartiers prioritaires dans ce périmètre" in text
    assert "Aucun chiffre n'est chargé à l'échelle des quartiers" in text
    elsewhere = open_page(another(), "com:35238")
    assert "Aucun quartier prioritaire n'est connu" in said(elsewhere)


def test_quarters_beside_their_city(
    app_test: AppTest, embedded_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With figures of a quarter in the warehouse: beside those of its city, or none, never mixed."""
    copy = tmp_path / embedded_warehouse.name
    shutil.copy(embedded_warehouse, copy)
    with duckdb.connect(str(copy)) as base:
        for name, value, state in (
            ("mediane_revenu_declare", 14_210.0, "ok"),
            ("part_menages_imposes", None, "secret"),
        ):
            base.execute(
                "INSERT INTO observation (indicator_id, level, code, period, value, state, source_id) "
                "VALUES (?, 'qpv', 'QN09511M', '2021', ?, ?, 'insee_qpv')",
                [name, value, state],
            )
        base.execute(
            "INSERT INTO observation (indicator_id, level, code, period, value, state, source_id) "
            "VALUES ('mediane_revenu_declare', 'commune', '95127', '2021', 19870, 'ok', 'insee_qpv')"
        )
    point_to(tmp_path, "avec-quartiers", copy)
    monkeypatch.setenv("GRADIENT_DATA_DIR", str(tmp_path))
    open_page(app_test, "com:95127")
    assert table(app_test, "Ville") == [
        ["Ville", "Territoire", "Revenu déclaré médian, 2021", "Ménages imposés, 2021"],
        ["Cergy", "Toute la ville", "19 870 €", "pas de chiffre"],
        ["Cergy", "Axe Majeur - Horloge", "14 210 €", "secret statistique"],
        ["Cergy", "Bon temps - Terroir", "pas de chiffre", "pas de chiffre"],
        ["Cergy", "Les Linandes", "pas de chiffre", "pas de chiffre"],
    ]


def test_every_indicator(app_test: AppTest) -> None:
    """The sweep: each indicator that exists here, one after the other, in one session."""
    open_page(app_test, CERGY)
    box = next(box for box in app_test.selectbox if box.label == "Indicateur")
    for position in range(len(box.options)):
        box = next(box for box in app_test.selectbox if box.label == "Indicateur")
        box.select_index(position).run()
        assert not app_test.exception, box.options[position]
        text = texts_of(app_test)
        assert not LEAKS.search(text), (box.options[position], LEAKS.search(text))
        assert not LONG_DECIMALS.search(text), box.options[position]
        assert not refused_words(text), box.options[position]


@pytest.mark.parametrize("asked", PERIMETERS.values(), ids=PERIMETERS.keys())
def test_every_perimeter(app_test: AppTest, asked: str) -> None:
    open_page(app_test, asked, indicateur="part_65_ans_et_plus", cut="national")
    text = texts_of(app_test)
    assert not LEAKS.search(text)
    assert not refused_words(text)


@pytest.fixture(scope="module")
def with_fedi(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A national warehouse that holds the F-EDI of every commune."""
    depot, folder = tmp_path_factory.mktemp("depot"), tmp_path_factory.mktemp("fedi")
    for file in (shared_dir / "open-data" / "odisse").glob("*f-edi*.json"):
        shutil.copy(file, depot)
    build("national", folder, depot=depot)
    return folder


@pytest.mark.shared
def test_the_cut_changes_groups_and_never_the_total(
    with_fedi: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIENT_DATA_DIR", str(with_fedi))
    monkeypatch.chdir(ROOT)
    seen = {}
    for cut in ("local", "national"):
        test = open_page(another(), CERGY, cut=cut, indicateur="part_logements_vacants", axe="fedi")
        seen[cut] = (members(test), table(test, "Groupe de communes")[1:], said(test))
    (local, here, _), (national, country, text) = seen["local"], seen["national"]
    assert set(local) == set(national) and local != national
    assert here[-1] == country[-1] and whole(here[-1][4]) == PEOPLE[CERGY]
    for rows in (here, country):
        assert sum(whole(row[4]) for row in rows[:-1]) == PEOPLE[CERGY]
    assert "Les cinquièmes sont ceux de la France entière" in text
    with duckdb.connect(str(published(with_fedi).path), read_only=True) as base:
        fifths = local_fifths(base, everyone(base), "fedi")["fifth"]
        names = dict(
            base.execute(
                "SELECT code, name FROM territory WHERE level = 'commune' AND epci_code = '249500109'"
            ).fetchall()
        )
    order = ["Cinquième le plus favorisé", "4e", "3e", "2e", "Cinquième le moins favorisé"]
    for code, name in names.items():
        assert national[name].startswith(order[fifths[code]]), name


def everyone(base: duckdb.DuckDBPyConnection) -> list[str]:
    rows = base.execute("SELECT code FROM territory WHERE level = 'commune'").fetchall()
    return [code for (code,) in rows]
