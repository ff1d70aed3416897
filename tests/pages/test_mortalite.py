"""Mortalité: what lacks is said, figures are those of the files, nothing hidden can be worked out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from tests import mortality_country as country
from tests.conftest import ROOT
from tests.pages.test_pages import (
    LEAKS,
    LONG_DECIMALS,
    PERIMETERS,
    html_of,
    rows_of,
    texts_of,
)
from tests.sql.test_mortality import expected_of_the_files, table
from views.lexicon import refused_words
from warehouse.paths import published
from warehouse.read import Warehouse

CERGY = PERIMETERS["EPCI, deux départements"]
GRAND_QUERCY = PERIMETERS["sept EPCI"]
MORE = {
    "Val-d'Oise": "dep:95",
    "Lot": "dep:46",
    "EPCI du Lot plus une commune": "epci:244600433,com:46042",
    "EPCI moins une petite commune": "epci:249500109,-com:95074",
}
HIDDEN = "non montré"


@pytest.fixture
def with_country(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[AppTest]:
    """The application on the embedded figures with the made-up country."""
    monkeypatch.setenv("GRADIENT_DATA_DIR", str(country.build_with_country(tmp_path_factory)))
    monkeypatch.chdir(ROOT)
    yield AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)


def open_page(test: AppTest, asked: str) -> AppTest:
    test.query_params["p"] = asked
    test.run()
    test.switch_page("pages/mortalite.py")
    test.query_params["p"] = asked
    test.run()
    assert not test.exception
    assert not [one.value for one in test.error]
    assert test.title[0].value == "Mortalité"
    text = texts_of(test)
    for pattern in (LEAKS, LONG_DECIMALS):
        found = pattern.search(text)
        assert found is None, text[max(0, found.start() - 80) : found.end() + 80]
    assert not refused_words(text)
    return test


def plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text).replace("\u202f", " ").replace("\u00a0", " ")


def number(text: str) -> float:
    return float(plain(text).replace(" ", "").replace(",", "."))


# Without the country: the embedded default.


def test_what_lacks_is_said_with_its_source(app_test: AppTest) -> None:
    open_page(app_test, CERGY)
    (message,) = [plain(one.value) for one in app_test.info]
    assert "Le ratio ne peut pas être calculé ici" in message
    assert "les décès et la population de la France par sexe et âge" in message
    assert "Décès et taux de mortalité par sexe et âge, France (Melodi)" in message
    assert "habitants par sexe et âge de chaque commune" not in message
    assert "page Données" in plain(texts_of(app_test))
    assert not app_test.get("plotly_chart")


def test_observed_deaths_stand_alone(app_test: AppTest) -> None:
    """Those of the file, without any ratio."""
    open_page(app_test, CERGY)
    text = plain(texts_of(app_test))
    events = table("etat_civil.csv")
    known = events[events["annee"].between(2021, 2025)].groupby("codgeo")["deces"].sum()
    cells = {row[0]: row[1] for row in rows_of(app_test) if len(row) == 2}
    assert number(cells["Cergy"]) == known["95127"]
    assert cells["Maurecourt"] == "pas de chiffre"
    assert cells["Boisemont"] == HIDDEN
    assert "un ratio de" not in text
    assert "ne se compare pas d'un territoire à l'autre" in text


@pytest.mark.parametrize("asked", [*PERIMETERS.values(), *MORE.values()], ids=[*PERIMETERS, *MORE])
def test_every_perimeter_without_the_country(app_test: AppTest, asked: str) -> None:
    open_page(app_test, asked)
    assert app_test.info
    assert derived(observed_on_screen(app_test), asked) == []


def test_a_place_without_anything_lists_all_that_lacks(app_test: AppTest) -> None:
    open_page(app_test, "dep:48")
    message = plain(app_test.info[0].value)
    assert message.count("source «") == 3
    assert "Aucun décès n'est chargé" in plain(texts_of(app_test))


# With the country.


def figures_of(test: AppTest) -> dict[str, list[str]]:
    """Rows of both tables by name: observed, expected, ratio, interval, what is said."""
    rows = {}
    for row in rows_of(test):
        if len(row) == 7 and row[1] != "Décès observés":
            rows[row[0]] = [*row[1:5], row[5] or row[6]]
    return rows


def test_the_ratio_on_screen_is_that_of_the_files(with_country: AppTest) -> None:
    """Perimeter and communes, recomputed from the CSV files and the invented figures."""
    open_page(with_country, GRAND_QUERCY)
    events = table("etat_civil.csv")
    observed = events[events["annee"].between(2021, 2025)].groupby("codgeo")["deces"].sum()
    expected = expected_of_the_files()
    source = Warehouse(published().path)
    members = source.mart("members")
    source.close()
    bodies = GRAND_QUERCY.replace("epci:", "").split(",")
    codes = members[members["parent_code"].isin(bodies)]["commune_code"]
    rows = figures_of(with_country)
    whole = rows["Tout le périmètre"]
    assert number(whole[0]) == observed[codes].sum()
    assert number(whole[1]) == round(expected[codes].sum())
    assert number(whole[2]) == round(100 * observed[codes].sum() / expected[codes].sum())
    cahors = rows["Cahors"]
    assert number(cahors[0]) == observed["46042"]
    assert number(cahors[2]) == round(100 * observed["46042"] / expected["46042"])
    said = plain(texts_of(with_country))
    assert f"{whole[0]} décès ont été comptés".replace("\u202f", " ") in said
    assert f"un ratio de {plain(whole[2])} " in said


@pytest.mark.parametrize("asked", [*PERIMETERS.values(), *MORE.values()], ids=[*PERIMETERS, *MORE])
def test_every_perimeter_with_the_country(with_country: AppTest, asked: str) -> None:
    """Nothing fails, no ratio under ten deaths, and no hidden count can be worked out."""
    open_page(with_country, asked)
    for name, (observed, _, value, interval, said) in figures_of(with_country).items():
        if not re.search(r"\d", observed) or number(observed) < 10:
            assert (value, interval) == ("–", "–"), name
            continue
        low, high = (number(one) for one in interval.removeprefix("de ").split(" à "))
        assert low < number(value) < high
        if said.startswith("plus haut"):
            assert low > 100, (name, interval)
        elif said.startswith("plus bas"):
            assert high < 100, (name, interval)
        else:
            assert said == "pas de différence établie" and low <= 100 <= high, (name, interval)
    assert derived(observed_on_screen(with_country), asked) == []


def test_rows_are_in_alphabetical_order(with_country: AppTest) -> None:
    open_page(with_country, CERGY)
    names = [
        row[0] for row in rows_of(with_country) if len(row) == 7 and row[1] != "Décès observés"
    ]
    assert names[:4] == ["CA de Cergy-Pontoise", "Boisemont", "Cergy", "Courdimanche"]
    assert names.index("Éragny-sur-Oise") < names.index("Jouy-le-Moutier")


def test_limits_method_and_chart_have_their_words(with_country: AppTest) -> None:
    open_page(with_country, CERGY)
    text = plain(texts_of(with_country))
    for said in (
        "Aucune cause", "Pas de mortalité prématurée", "établissements pour personnes âgées",
        "pas la richesse", "deux ratios ne se comparent pas", "Estimation lissée",
        "recensement de 2023", "85 ans et plus", "de 2021 à 2025",
    ):  # fmt: skip
        assert said in text, said
    (chart,) = with_country.get("plotly_chart")
    assert "10\u00a0communes" in chart.proto.alt or "10 communes" in plain(chart.proto.alt)


def test_the_smoothed_ratio_stands_beside_the_count_and_only_there(with_country: AppTest) -> None:
    open_page(with_country, GRAND_QUERCY)
    rows = [
        row for row in rows_of(with_country) if len(row) == 7 and row[0] in ("Cahors", "Aujols")
    ]
    smoothed = {row[0]: row[6] for row in rows}
    assert re.search(r"\d", smoothed["Cahors"])
    assert smoothed["Aujols"] == "–"


# Working out what is hidden.


def derived(shown: dict[tuple[str, str], str], asked: str) -> list[str]:
    """Hidden counts that the counts on screen give by additions and subtractions.

    What a reader knows: which communes make each territory, and which have no figure at all.
    """
    source = Warehouse(published().path)
    members = source.mart("members")
    events = source.mart("pooled_deaths", first_year=2021, last_year=2025)
    names = source.mart("searchable").set_index(["level", "code"])["name"]
    source.close()
    known = set(events["code"])
    communes = {name for name, level in shown if level == "commune"}
    if not shown:
        return []
    inside = perimeter_codes(asked, members)
    own = {names[("commune", code)]: {code} for code in inside if code in known}
    groups = {("commune", name): own[name] for name in communes if name in own}
    groups[("perimetre", "")] = inside & known
    for code, group in members[members["parent_level"] == "epci"].groupby("parent_code"):
        if set(group["commune_code"]) & inside:
            groups[("epci", names[("epci", code)])] = set(group["commune_code"]) & known
    cells = sorted(known & set().union(*groups.values()))
    place = {code: position for position, code in enumerate(cells)}
    told, hidden = [], []
    for (level, name), group in groups.items():
        text = shown.get((name, level), "")
        vector = np.zeros(len(cells))
        vector[[place[code] for code in group]] = 1
        if re.search(r"\d", text):
            told.append(vector)
        elif text == HIDDEN:
            hidden.append((name or "périmètre", vector))
    if not told or not hidden:
        return []
    basis = np.linalg.svd(np.array(told), full_matrices=False)
    kept = basis[2][basis[1] > 1e-9]
    return [name for name, v in hidden if np.linalg.norm(v - kept.T @ (kept @ v)) < 1e-9]


def observed_on_screen(test: AppTest) -> dict[tuple[str, str], str]:
    """(name, level) -> the text of the observed deaths, from the tables and the first sentence."""
    found = {}
    drawn = html_of(test).partition("Décès observés et attendus")[2]
    for row in rows_of(test):
        if len(row) < 2 or row[1] == "Décès observés":
            level = "commune" if row and row[0] == "Commune" else "epci"
            continue
        if len(row) in (2, 7):
            found[(row[0].removesuffix(", entière"), level)] = row[1]
    if drawn and found:
        first = next(iter(found))
        found[("", "perimetre")] = found[first]
    said = plain(texts_of(test))
    if counted := re.search(r"([\d ]+) décès ont? été comptés parmi", said):
        found[("", "perimetre")] = counted[1]
    elif "non montrés" in said:
        found[("", "perimetre")] = HIDDEN
    return found


def perimeter_codes(asked: str, members: pd.DataFrame) -> set[str]:
    kinds = {"com": "commune", "dep": "departement", "reg": "region"}
    codes: set[str] = set()
    for part in asked.split(","):
        kind, _, code = part.removeprefix("-").partition(":")
        chosen = members[
            (members["parent_level"] == kinds.get(kind, kind)) & (members["parent_code"] == code)
        ]
        group = set(chosen["commune_code"])
        codes = codes - group if part.startswith("-") else codes | group
    return codes


def test_the_check_itself_finds_a_leak(app_test: AppTest) -> None:
    """Without the second step of secrecy, the one hidden commune of Cergy would be found."""
    open_page(app_test, CERGY)
    shown = observed_on_screen(app_test)
    assert shown[("Puiseux-Pontoise", "commune")] == HIDDEN
    leaking = shown | {("Puiseux-Pontoise", "commune"): "15"}
    assert derived(leaking, CERGY) == ["Boisemont"]


def test_the_drop_folder_is_what_a_user_would_drop(tmp_path: Path) -> None:
    files = sorted(one.name for one in country.write_country(tmp_path / "depot").iterdir())
    assert files == ["DS_EC_DECES_CSV_FR.zip", "DS_ESTIMATION_POPULATION_CSV_FR.zip"]
