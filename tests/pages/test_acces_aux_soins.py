"""Accès aux soins: figures recomputed from the warehouse, what-if, quartiers, wrong addresses."""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
import shapely
from streamlit.testing.v1 import AppTest

from connectors import observatoire
from tests.connectors.producer_files import tables, written
from tests.pages.test_pages import LEAKS, LONG_DECIMALS, open_page, rows_of, texts_of
from views.care import PROFESSIONS
from views.lexicon import refused_words
from warehouse.build import Report
from warehouse.paths import ROOT, point_to

CERGY = "epci:249500109"
QUERCY = (
    "epci:200023737,epci:200035327,epci:200039519,"
    "epci:244600433,epci:244600482,epci:244600532,epci:244600573"
)
SQL = ROOT / "sql"
BROKEN = "n'a pas pu s'afficher"


@pytest.fixture
def database(embedded_warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(embedded_warehouse), read_only=True) as connection:
        yield connection


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ").replace("\\", "")


def visit(test: AppTest, perimeter: str, **parameters: str) -> str:
    """Open the page; its texts, once they are known to be sane."""
    open_page(test, "acces_aux_soins", perimeter, **parameters)
    return text_of(test)


def text_of(test: AppTest) -> str:
    assert not test.exception, test.exception
    assert [one.value for one in test.error if BROKEN in one.value] == []
    text = plain(texts_of(test))
    for pattern in (LEAKS, LONG_DECIMALS):
        found = pattern.search(text)
        assert found is None, text[max(0, found.start() - 80) : found.end() + 80]
    assert refused_words(text) == []
    return text


def table(test: AppTest, first: str) -> pd.DataFrame:
    """The table whose first heading is ``first``."""
    rows = [[plain(cell).strip() for cell in row] for row in rows_of(test)]
    start = next(rank for rank, row in enumerate(rows) if row and row[0] == first)
    body = []
    for row in rows[start + 1 :]:
        if len(row) != len(rows[start]):
            break
        body.append(row)
    return pd.DataFrame(body, columns=rows[start])


def value(text: str) -> float:
    return float(text.replace(" ", "").replace("−", "-").replace("+", "").replace(",", "."))


def kilometres(a: pd.Series, b: pd.DataFrame) -> np.ndarray:
    """Haversine, written again."""
    lon1, lat1 = math.radians(a["lon"]), math.radians(a["lat"])
    lon2, lat2 = np.radians(b["lon"]), np.radians(b["lat"])
    h = (
        np.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    )
    return np.asarray(2 * 6371.0088 * np.arcsin(np.sqrt(h)))


def communes(database: duckdb.DuckDBPyConnection, indicator: str, period: str) -> pd.DataFrame:
    """Every inhabited commune with a point; ``count``: the numerator, unknown when not loaded."""
    return (
        database.execute(
            "SELECT t.code, t.name, t.population::DOUBLE AS population, t.lon, t.lat, "
            "o.numerator AS count, a.value AS apl FROM territory t "
            "LEFT JOIN observation o ON o.level = 'commune' AND o.code = t.code AND "
            "o.indicator_id = ? AND o.period = ? "
            "LEFT JOIN observation a ON a.level = 'commune' AND a.code = t.code AND "
            "a.indicator_id = 'apl_medecins_generalistes' AND a.period = '2024' "
            "WHERE t.level = 'commune' AND t.lon IS NOT NULL AND t.population > 0",
            [indicator, period],
        )
        .df()
        .set_index("code")
    )


def test_access_of_an_agglomeration(app_test: AppTest, database: duckdb.DuckDBPyConnection) -> None:
    text = visit(app_test, CERGY)
    rows = database.execute(
        "SELECT o.value AS apl, t.population FROM observation o JOIN territory t "
        "ON t.level = 'commune' AND t.code = o.code WHERE o.level = 'commune' AND "
        "o.indicator_id = 'apl_medecins_generalistes' AND o.period = '2024' AND "
        "t.epci_code = '249500109'"
    ).df()
    below = rows[rows["apl"] < 2.5]
    people, total = int(below["population"].sum()), int(rows["population"].sum())
    said = (
        f"{people:,} habitants sur {total:,} ({100 * people / total:.1f} %, population municipale)"
    )
    assert said.replace(",", " ", 2).replace(".", ",") in text
    assert f"vivent dans {len(below)} communes sur {len(rows)}" in text
    assert "pas une norme clinique" in text and "seule la liste officielle" in text
    mean = (rows["apl"] * rows["population"]).sum() / rows["population"].sum()
    professions = table(app_test, "Profession").set_index("Profession")
    assert value(professions.loc["Médecins généralistes", "APL"].removeprefix("≈ ")) == round(
        mean, 2
    )
    others = professions.drop(index="Médecins généralistes")
    assert (others["APL"] == "non chargée").all() and len(others) == 4
    assert others["Lecture"].str.contains("page Données").all()
    assert "Le zonage officiel (ZIP, ZAC) n'est pas chargé" in text
    assert "chargez « Observatoire des territoires »" in text
    assert "à vol d'oiseau" in text and "Aucun site FINESS" in text


@pytest.mark.parametrize(("perimeter", "departement"), [(CERGY, "95"), (QUERCY, "46")])
def test_distances_are_straight_lines_to_the_nearest(
    app_test: AppTest, database: duckdb.DuckDBPyConnection, perimeter: str, departement: str
) -> None:
    visit(app_test, perimeter, service="densite_pharmacies")
    every = communes(database, "densite_pharmacies", "2025")
    sites, unknown = every[every["count"] > 0], every[every["count"].isna()]
    listing = table(app_test, "Commune").set_index("Commune")
    expected = {"sure": 0.0, "unsure": 0.0}
    home = {"told": 0.0, "untold": 0.0}
    names = every["name"][every.index.str.startswith((departement, "78"))]
    for name, shown in listing["Pharmacie"].items():
        code = names.index[names == name][0]
        place = every.loc[code]
        km = kilometres(place, sites).min()
        exact = bool(kilometres(place, unknown).min() >= km)
        unit = "0 km" if km == 0 else f"{km:.1f} km".replace(".", ",")
        assert shown == (unit if exact or km == 0 else f"{unit} au plus"), name
        if place["count"] != 0:
            home["told" if place["count"] > 0 else "untold"] += place["population"]
        if km > 5:
            expected["sure" if exact else "unsure"] += place["population"]
    cell = table(app_test, "Au plus proche").set_index("Au plus proche").loc["Pharmacie"]
    people = [value(one) for one in re.findall(r"(?:^|à |de )([\d ]+)", cell["À plus de 5 km"])]
    bounds = {expected["sure"], expected["sure"] + expected["unsure"]}
    assert set(people) == bounds
    people = [value(one) for one in re.findall(r"(?:^|à |de )([\d ]+)", cell["Dans la commune"])]
    assert set(people) == {home["told"], home["told"] + home["untold"]}
    assert (home["untold"] > 0) == (perimeter == CERGY)


def test_what_if_two_doctors_leave_cahors(
    app_test: AppTest, database: duckdb.DuckDBPyConnection
) -> None:
    """The floating catchment written again, at 12 km, on the figures of the warehouse."""
    text = visit(app_test, QUERCY, **{"vue": "et-si"})
    assert "Et si 2 médecins généralistes quittent Cahors ?" in text
    assert "Estimation prudente" in text and "distance à vol d'oiseau" in text
    every = communes(database, "densite_medecins_generalistes", "2025")
    near = every[kilometres(every.loc["46042"], every) <= 40]

    def weights(place: pd.Series) -> np.ndarray:
        km = kilometres(place, near)
        return np.select([km <= 6, km <= 9, km <= 12], [1, 2 / 3, 1 / 3], 0.0)

    matrix = np.array([weights(row) for _, row in near.iterrows()])
    shared = matrix.T @ near["population"].to_numpy()
    here = list(near.index).index("46042")
    supply = near["count"].fillna(0).to_numpy()
    before = matrix @ (supply / shared)
    lost = 2 * matrix[:, here] / shared[here]
    moved = lost > 0
    estimated = near["apl"][moved] * (1 - lost[moved] / before[moved])
    rows = table(app_test, "Commune").set_index("Commune")
    assert set(rows.index) == set(near.loc[estimated.index, "name"])
    for code, expected in estimated.items():
        assert value(rows.loc[near.loc[code, "name"], "APL estimée"]) == pytest.approx(
            expected, abs=0.00501
        )
    people = int(near.loc[estimated.index, "population"].sum())
    assert f"{people:,} habitants concernés".replace(",", " ") in text
    metrics = {one.label: plain(one.value) for one in app_test.metric}
    assert metrics["Habitants concernés"] == f"{people:,}".replace(",", " ")
    assert metrics["APL, Cahors"] == "4,71 → 4,45"
    assert "La portée de 15 km n'a pas pu être calculée" in text


def test_no_departure_is_the_baseline(app_test: AppTest) -> None:
    text = visit(app_test, QUERCY, vue="et-si", n="0")
    assert "Aucun changement : l'APL reste, exactement, celle qui est publiée." in text
    rows = table(app_test, "Commune")
    assert len(rows) == 147
    published = next(name for name in rows.columns if name.startswith("APL publiée"))
    assert (rows["APL estimée"] == rows[published]).all()
    assert set(rows["Écart"]) == {"0,00"}
    metrics = {one.label: plain(one.value) for one in app_test.metric}
    assert metrics["Habitants concernés"] == "0"
    after = metrics["Habitants sous 2,5 consultations"]
    before = next(one.delta for one in app_test.metric if one.delta)
    assert after != "0" and plain(before) == f"aujourd'hui : {after}"


def test_what_a_change_needs_and_is_not_loaded_refuses_it(app_test: AppTest) -> None:
    text = visit(app_test, CERGY, vue="et-si")
    assert "Calcul refusé" in text and "dont l'effectif n'est pas chargé" in text
    assert "À charger : Hauts-de-Seine, Oise, Seine-Saint-Denis et Yvelines." in text
    assert "Sur la page Données, chargez « Base permanente des équipements (BPE) : " in text
    assert len(app_test.metric) == 0
    app_test.number_input(key="nombre-n").set_value(0).run()
    assert "exactement" in text_of(app_test)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"n": "900"}, "n'est pas un nombre de 0 à 24"),
        ({"n": "deux"}, "n'est pas un nombre de 0 à 24"),
        ({"ou": "75056"}, "n'existe pas ici"),
        ({"change": "<b>"}, "n'existe pas ici"),
        ({"qui": "sages_femmes"}, "n'existe pas ici"),
        ({"vue": "carte"}, "n'existe pas ici"),
    ],
    ids=["trop", "texte", "ailleurs", "balise", "profession", "vue"],
)
def test_a_wrong_address_is_said(app_test: AppTest, parameters: dict[str, str], said: str) -> None:
    open_page(app_test, "acces_aux_soins", QUERCY, **({"vue": "et-si"} | parameters))
    assert any(said in plain(one.value) for one in app_test.warning)


def test_a_structure_is_its_professionals(app_test: AppTest) -> None:
    visit(app_test, QUERCY, vue="et-si", change="fermeture", n="2")
    closing = table(app_test, "Commune")
    app_test.selectbox(key="choix-change").set_value("depart").run()
    assert table(app_test, "Commune").equals(closing)
    app_test.selectbox(key="choix-change").set_value("ouverture").run()
    app_test.number_input(key="nombre-n").set_value(3).run()
    text = text_of(app_test)
    assert "une structure de 3 médecins généralistes ouvre à Cahors" in text
    assert all(value(gap) > 0 for gap in table(app_test, "Commune")["Écart"])


def test_a_smaller_place_takes_a_number_that_it_has(app_test: AppTest) -> None:
    visit(app_test, QUERCY, vue="et-si", n="20")
    assert "Et si 20 médecins généralistes quittent Cahors ?" in text_of(app_test)
    app_test.selectbox(key="choix-ou").set_value("46088").run()
    assert len(app_test.warning) == 0
    assert "Et si 1 médecin généraliste quitte Douelle ?" in text_of(app_test)
    # A link of another visit, in the same session: said, never an error.
    open_page(app_test, "acces_aux_soins", QUERCY, vue="et-si", ou="46042", n="beaucoup")
    assert "Et si" in text_of(app_test)


def test_the_official_zoning_is_shown_as_it_is_listed(
    app_test: AppTest, embedded_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cahors is in a ZIP if the list says so, with an APL that is nearly twice the mark."""
    listed = "codgeo;libgeo;an;z_gene\n46042;Cahors;2024;1_ZIP\n46001;Albas;2024;2_ZAC\n"
    read = tables(observatoire, written(tmp_path, listed))["geoclip"]
    copy = tmp_path / embedded_warehouse.name
    shutil.copyfile(embedded_warehouse, copy)
    with duckdb.connect(str(copy)) as connection:
        connection.register("raw_geoclip", read)
        for script in ("1_staging/observatoire_territoires.sql", "2_core/46_zone_figure.sql"):
            for statement in duckdb.extract_statements((SQL / script).read_text("utf-8")):
                if re.search(r"\bstg_geoclip\b", statement.query):
                    connection.execute(statement)
    point_to(tmp_path, "zonage", copy)
    monkeypatch.setenv("GRADIENT_DATA_DIR", str(tmp_path))
    text = visit(app_test, QUERCY)
    assert (
        "Zonage des médecins généralistes (2024) : 1 commune en zone d'intervention prioritaire (ZIP), "
        "1 en zone d'action complémentaire (ZAC), 0 dans une autre classe ; 145 communes sans classe."
    ) in text
    assert "n'est pas chargé, et Gradient ne le recalcule jamais" not in text


def test_the_five_professions_once_their_workbooks_are_loaded(
    app_test: AppTest, embedded_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The figures of généralistes, times ten, stand for those of the four others."""
    copy = tmp_path / embedded_warehouse.name
    shutil.copyfile(embedded_warehouse, copy)
    others = [one.apl for one in PROFESSIONS.values() if one.id != "generalistes"]
    with duckdb.connect(str(copy)) as base:
        for name in others:
            base.execute(
                "INSERT INTO observation BY NAME SELECT * REPLACE (? AS indicator_id, 10 * value AS value) "
                "FROM observation WHERE indicator_id = 'apl_medecins_generalistes'",
                [name],
            )
    point_to(tmp_path, "cinq", copy)
    monkeypatch.setenv("GRADIENT_DATA_DIR", str(tmp_path))
    visit(app_test, "com:46042", serie="apl_sages_femmes")
    rows = table(app_test, "Profession").set_index("Profession")["APL"]
    assert "non chargée" not in set(rows) and len(rows) == 5
    values = rows.map(lambda one: value(one.removeprefix("≈ ")))
    assert values["Sages-femmes"] == pytest.approx(10 * values["Médecins généralistes"], abs=0.06)
    assert len(app_test.selectbox(key="choix-serie").options) == 6
    app_test.button_group(key="choix-vue").set_value("et-si").run()
    app_test.selectbox(key="choix-qui").set_value("sages_femmes").run()
    text = text_of(app_test)
    assert "sages-femmes quittent Cahors ?" in text and "Sans chiffres chargés ici" not in text
    # The mark of the zoning is one of généralistes alone.
    assert "Sous 2,5 consultations" not in text and len(app_test.metric) == 2
    assert "à 23,6 équivalents temps plein pour 100 000 femmes" in text


def test_quartiers_without_outlines_or_without_any(app_test: AppTest) -> None:
    text = visit(app_test, CERGY, vue="quartiers")
    assert "n'a presque aucun chiffre de santé" in text
    assert "Axe Majeur - Horloge" in text
    assert "Les contours des quartiers ne sont pas chargés" in text
    listed = table(app_test, "Quartier").set_index("Quartier")["Communes"]
    assert len(listed) == 9 and listed["Marcouville"] == "Osny et Pontoise"
    text = visit(app_test, "epci:244600433", vue="quartiers")
    assert "Aucun quartier prioritaire de la politique de la ville (QPV)" in text
    assert "Lot (46), hors du périmètre : 1 quartier prioritaire, Terre Rouge (Cahors)." in text
    assert "n'est pas chargée" in visit(app_test, "dep:48", vue="quartiers")


def test_sites_in_and_around_the_quartiers(
    app_test: AppTest, embedded_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Outlines of two quartiers out of nine, one of them beside a département without any site."""
    copy = tmp_path / embedded_warehouse.name
    shutil.copy(embedded_warehouse, copy)
    with duckdb.connect(str(copy)) as base:
        places = base.execute(
            "SELECT q.code, c.lon, c.lat FROM territory q JOIN territory c ON c.level = 'commune' AND "
            "(q.name, c.code) IN (('Axe Majeur - Horloge', '95127'), ('Marcouville', '78172')) "
            "WHERE q.level = 'qpv' ORDER BY q.name"
        ).fetchall()
        for code, lon, lat in places:
            shape = shapely.box(lon - 0.001, lat - 0.001, lon + 0.001, lat + 0.001)
            base.execute(
                "INSERT INTO territory_geometry VALUES ('qpv', ?, ?)", [code, shapely.to_wkb(shape)]
            )
        _, lon, lat = places[0]
        step = 1 / 111_000  # a metre northwards
        sites = {"dedans": lat, "bord": lat + 0.001, "a400": lat + 0.001 + 400 * step}
        sites |= {"a600": lat + 0.001 + 600 * step}
        sites |= {f"loin{rank}": lat + 0.1 for rank in range(70)}  # the département is known
        for name, north in sites.items():
            base.execute(
                "INSERT INTO site (site_id, name, category_code, category, commune_code, commune_by, "
                "lon, lat, as_of, source_id) "
                "VALUES (?, ?, '620', 'Pharmacie', '95127', 'code', ?, ?, '2026', 'finess')",
                [name, f"Pharmacie {name}", lon, north],
            )
    point_to(tmp_path, "avec-contours", copy)
    monkeypatch.setenv("GRADIENT_DATA_DIR", str(tmp_path))
    text = visit(app_test, CERGY, vue="quartiers")
    counts = table(app_test, "Quartier").set_index("Quartier")
    assert counts.columns.tolist() == ["Communes", "Pharmacie"]
    assert counts["Pharmacie"].to_dict() == {
        "Axe Majeur - Horloge": "2 dedans, 3 en tout",
        "Marcouville": "aucun connu",
    }
    assert counts.loc["Marcouville", "Communes"] == "Osny et Pontoise"
    assert "pharmacie : 3." in text and "« Au moins »" in text
    assert "comptés par commune, ne disent pas dans quel quartier" in text
    assert "Contour non chargé pour 7 quartiers" in text
    assert "Les contours des quartiers ne sont pas chargés" not in text
    # Elsewhere in the département: drawn as neighbours, never counted.
    text = visit(app_test, "com:95018", vue="quartiers")
    assert "Centre Ville" in text and "Axe Majeur" not in text


@pytest.mark.shared
def test_a_place_without_the_newest_numbers_is_offered_with_its_own(
    national_build: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the agglomération of Cergy, one commune of the Yvelines has no numbers of 2025."""
    monkeypatch.setenv("GRADIENT_DATA_DIR", str(national_build.published.path.parent))
    monkeypatch.chdir(ROOT)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    text = visit(app, CERGY, vue="et-si", ou="78382")
    assert app.selectbox(key="choix-ou").value == "78382"
    assert "quitte Maurecourt ?" in text or "quittent Maurecourt ?" in text
    assert "Effectif compté là en 2018" in text and "ceux de 2025" not in text
    app.selectbox(key="choix-ou").set_value("95127").run()
    text = text_of(app)
    assert "ceux de 2025 (27 à Cergy)" in text and "Hors du périmètre : 45 communes" in text
    text = visit(app, "com:75056", vue="et-si")
    assert "Dans le périmètre : 20 arrondissements" in text
    assert "la baisse serait de moins de 0,01" in text
    assert app.selectbox(key="choix-ou").label == "Arrondissement"
    # FINESS is loaded for the Val-d'Oise alone: its pharmacies are not those of Paris.
    app.button_group(key="choix-vue").set_value("acces").run()
    text = text_of(app)
    assert "ne sont pas chargés pour tout ce périmètre" in text
    assert not any("FINESS" in one for one in app.selectbox(key="choix-service").options)


@pytest.mark.parametrize("view", ["et-si", "quartiers"])
@pytest.mark.parametrize(
    "perimeter",
    [
        "com:95127",
        "dep:974",
        "com:75056",
        "arm:75118",
        "com:97502",
        "dep:48",
        "epci:244600433,com:46042",
    ],
)
def test_every_kind_of_perimeter(app_test: AppTest, perimeter: str, view: str) -> None:
    visit(app_test, perimeter, vue=view)


def test_a_country_has_its_distances_without_its_sites(app_test: AppTest) -> None:
    """The points of a country would hide it: the map is drawn without any of them."""
    text = visit(app_test, "france:FR")
    assert "À quelle distance ?" in text
    assert "communes sont dans le fichier CSV" in text


def test_a_country_offers_the_places_of_one_departement(app_test: AppTest) -> None:
    """Tens of thousands of names are not a list to choose from; the map is drawn around the place."""
    text = visit(app_test, "france:FR", vue="et-si", ou="46042")
    assert app_test.selectbox(key="choix-ou-dep").value == "46"
    assert "40 534 habitants concernés" in text
    rows = table(app_test, "Commune")
    assert "Cahors" in set(rows["Commune"]) and set(rows["Où"]) == {"périmètre"}
    app_test.selectbox(key="choix-ou-dep").set_value("95").run()
    assert app_test.selectbox(key="choix-ou").value == "95018"
    assert len(app_test.exception) == 0 and "Et si 2 médecins" in text_of(app_test)
