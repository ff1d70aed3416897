"""A DD ARS officer (journeys A1 to A4): one tartan, filters, a funnel, four territories, a workbook."""

from __future__ import annotations

import io
import re
import shutil
import time
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import duckdb
import openpyxl
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.helpers import (
    CERGY,
    check_sane,
    cold_server,
    open_screen,
    pick,
    plain,
    screen_text,
    table_cells,
    wait_idle,
)
from warehouse.paths import point_to

TARTAN = "Intercommunalités et indicateurs, Val-d'Oise, par rapport à : Val-d'Oise"
ZONE = "Zone d'intervention prioritaire (ZIP)"
PARISIS, PLAINE, ROISSY = "epci:200058485", "epci:200056380", "epci:200055655"


def parameters(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def press(page: Page, group: str, option: str) -> None:
    """Press one of a row of buttons."""
    row = page.get_by_role("radiogroup", name=group)
    row.get_by_role("radio", name=option, exact=True).click()
    wait_idle(page)


def workbook_behind(page: Page) -> openpyxl.Workbook:
    wait_idle(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Télécharger ces chiffres (XLSX)").click()
    return openpyxl.load_workbook(io.BytesIO(Path(download.value.path()).read_bytes()))


def records(book: openpyxl.Workbook, sheet: str) -> list[dict[str, Any]]:
    rows = list(book[sheet].iter_rows(min_row=3, values_only=True))
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def test_a_whole_departement(page: Page, app_url: str, console_errors: list[str]) -> None:
    """A1 to A3, then the workbook: what it holds is what is on screen."""
    address = f"{app_url}/comparer?p={CERGY}&vue=departement"
    open_screen(page, address, "Comparer")
    assert min(seconds_to_open(page, address) for _ in range(2)) < 8
    check_sane(screen_text(page))
    rows = table_cells(page, TARTAN)
    assert len(rows[0]) == 13 and len(rows) > 28
    headings_stay_in_sight(page)

    press(page, "Ordre des colonnes", "Par nombre d'habitants")
    assert table_cells(page, TARTAN)[0][1] == "Métropole du Grand Paris *"
    press(page, "Quartier prioritaire", "Sans")
    press(page, "Population couverte", "90 % ou plus")
    assert parameters(page).items() >= {"tri": "taille", "qpv": "sans", "couv": "90"}.items()
    rows = table_cells(page, TARTAN)
    quartiers = next(row for row in rows if row[0] == "Quartiers prioritaires")
    assert set(quartiers[1:]) == {"0"}
    shared = page.url
    open_screen(page, shared, "Comparer")
    assert table_cells(page, TARTAN) == rows

    press(page, "Quartier prioritaire", "Toutes")
    press(page, "Population couverte", "Toutes")
    pick(page, "Indicateur regardé de près", "Part des 15 ans et plus diplômés du supérieur")
    expect(page.locator(".js-plotly-plot")).to_be_visible(timeout=15_000)
    text = screen_text(page)
    check_sane(text)
    assert re.search(r"Au-dess(?:us|ous) de la limite à 99,8 % : .*C[AC] ", text)
    check_workbook(page, table_cells(page, TARTAN))
    assert console_errors == []


def with_zoning(embedded_warehouse: Path, folder: Path) -> Path:
    """A warehouse with a zoning of Val-d'Oise, but for Sausseron: one ZIP in Vexin, two in Roissy."""
    copy = folder / embedded_warehouse.name
    shutil.copyfile(embedded_warehouse, copy)
    with duckdb.connect(str(copy)) as base:
        base.execute(
            """INSERT INTO zone_figure (source_id, zoning, code, name, label, period, state, class)
            SELECT 'cartosante_geoclip', 'commune', code, name, 'zonage_conv.z_gene', '2025', 'ok',
                   CASE WHEN code = min(code) OVER same AND epci_code = '200035970' THEN '1_ZIP'
                        WHEN row_number() OVER same <= 2 AND epci_code = '200055655' THEN '3_QPV_ZIP'
                        ELSE '6_HZ' END
            FROM territory
            WHERE level = 'commune' AND departement_code = '95' AND epci_code <> '249500430'
            WINDOW same AS (PARTITION BY epci_code ORDER BY code)"""
        )
    point_to(folder, "zonage", copy)
    return folder


def test_filters_on_quartiers_and_zoning(
    page: Page,
    embedded_warehouse: Path,
    tmp_path: Path,
    outside_requests: list[str],
    console_errors: list[str],
) -> None:
    """A2: of the officer's département, those with a ZIP or a quartier; counted, in the address."""
    folder = with_zoning(embedded_warehouse, tmp_path)
    with cold_server(folder, tmp_path / "journal.txt") as url:
        open_screen(page, f"{url}/comparer?p=dep:95&vue=departement", "Comparer")
        every = table_cells(page, TARTAN)
        quarters = dict(zip(every[0], line(every, "Quartiers prioritaires"), strict=True))
        assert "12 intercommunalités sur 12." in screen_text(page)
        zones = dict(zip(every[0], line(every, "Communes en ZIP"), strict=True))
        assert zones["CC Sausseron Impressionnistes"] == "–"
        assert zones["Métropole du Grand Paris *"] == "0 sur 1 connue"
        press(page, ZONE, "A une commune en ZIP")
        kept = table_cells(page, TARTAN)
        assert dict(zip(kept[0][1:], line(kept, "Communes en ZIP")[1:], strict=True)) == {
            "CA Roissy Pays de France *": "2 sur 25 connues",
            "CC Vexin Centre": "1 sur 33",
        }
        text = screen_text(page)
        check_sane(text)
        assert "2 intercommunalités sur 12." in text
        assert "« a une commune en ZIP » ne peut pas être dit pour" in text

        press(page, "Quartier prioritaire", "A un quartier prioritaire")
        kept = table_cells(page, TARTAN)
        assert kept[0][1:] == ["CA Roissy Pays de France *"]
        # Its other communes are in a département whose quartiers are not loaded.
        assert line(kept, "Quartiers prioritaires")[1:] == ["au moins 9"]
        shared = page.url
        assert parameters(page).items() >= {"zip": "avec", "qpv": "avec", "p": "dep:95"}.items()
        open_screen(page, shared, "Comparer")
        assert table_cells(page, TARTAN) == kept

        press(page, ZONE, "Sans")
        kept = table_cells(page, TARTAN)
        # Sure of it: every commune is classed, and none in a ZIP; with quartiers, the other filter.
        assert kept[0][1:] == ["CA Plaine Vallée", "CA Val Parisis", "CC du Haut Val d'Oise"]
        assert all(quarters[name] != "0" for name in kept[0][1:])
        press(page, "Quartier prioritaire", "Sans")
        kept = table_cells(page, TARTAN)
        assert len(kept[0]) > 2
        assert not {"CC Vexin Centre", "CC Sausseron Impressionnistes"} & set(kept[0])
        assert set(line(kept, "Quartiers prioritaires")[1:]) == {"0"}
        # The tables and the file have the same intercommunalités.
        book = workbook_behind(page)
        assert {row["Territoire"] for row in records(book, "Données")} == set(kept[0][1:])
    assert outside_requests == [] and console_errors == []


def line(rows: list[list[str]], heading: str) -> list[str]:
    """A line of the tartan."""
    return next(row for row in rows if row[0] == heading)


def seconds_to_open(page: Page, address: str) -> float:
    start = time.monotonic()
    open_screen(page, address, "Comparer")
    return time.monotonic() - start


def headings_stay_in_sight(page: Page) -> None:
    """Scrolled to its end, the tartan still shows its first row and its first column."""
    box = page.get_by_role("region", name=TARTAN)
    box.evaluate("node => node.scrollTo(node.scrollWidth, node.scrollHeight)")
    corner = box.locator("thead th").first.bounding_box()
    frame = box.bounding_box()
    assert corner and frame
    assert abs(corner["x"] - frame["x"]) < 3 and abs(corner["y"] - frame["y"]) < 3


def check_workbook(page: Page, tartan: list[list[str]]) -> None:
    book = workbook_behind(page)
    assert book.sheetnames == ["Données", "Entonnoir", "Indicateurs", "Lisez-moi"]
    data = records(book, "Données")
    shown = {name.removesuffix(" *") for name in tartan[0][1:]}
    assert {row["Territoire"] for row in data} == shown
    diplomas = [row for row in data if row["Indicateur"].endswith("diplômés du supérieur")]
    line = next(row for row in tartan if row[0] == "Diplômés du supérieur")
    on_screen = {
        name.removesuffix(" *"): cell for name, cell in zip(tartan[0][1:], line[1:], strict=True)
    }
    for row in diplomas:
        cell = on_screen[row["Territoire"]]
        if row["Valeur"] is None:
            assert cell == "pas de chiffre" and row["État"] == "pas de chiffre"
            continue
        assert isinstance(row["Valeur"], float)
        assert cell.startswith(f"{row['Valeur']:.1f} %".replace(".", ","))
        assert row["Valeur"] == pytest.approx(100 * row["Numérateur"] / row["Dénominateur"])
        assert row["Borne basse à 95 %"] < row["Valeur"] < row["Borne haute à 95 %"]
        assert (row["Lecture"] == "plus favorable") == cell.endswith("+")
        assert row["Source"] and row["Licence"] and row["Territoire de comparaison"] == "Val-d'Oise"
    assert all(
        cell.data_type != "f" for sheet in book for cells in sheet.iter_rows() for cell in cells
    )
    funnel = {row["Intercommunalité"]: row for row in records(book, "Entonnoir")}
    assert set(funnel) == {row["Territoire"] for row in diplomas if row["Valeur"] is not None}


def test_an_empty_departement_is_explained(page: Page, app_url: str) -> None:
    open_screen(page, f"{app_url}/comparer?p={CERGY}&vue=departement&dep=75&qpv=sans", "Comparer")
    text = screen_text(page)
    check_sane(text)
    assert "« sans quartier prioritaire » en écarte 1" in text
    assert "Aucun zonage officiel n'est chargé" in text


def test_four_territories_side_by_side(page: Page, app_url: str, console_errors: list[str]) -> None:
    """A4: chosen by search, same scale, same comparator; a commune cannot join them."""
    open_screen(page, f"{app_url}/comparer?p={CERGY}", "Comparer")
    for typed, name in (
        ("val parisis", "CA Val Parisis"),
        ("plaine vallee", "CA Plaine Vallée"),
        ("roissy", "CA Roissy Pays de France"),
    ):
        box = page.get_by_role("textbox", name="Ajouter un territoire")
        box.fill(typed)
        box.press("Enter")
        page.get_by_role("button", name=re.compile(rf"^\W*(?:add )?{name} \(")).click()
        wait_idle(page)
    assert parameters(page)["t"] == ";".join([CERGY, PARISIS, PLAINE, ROISSY])
    text = screen_text(page)
    check_sane(text)
    assert "par rapport à : Val-d'Oise" in text
    check_same_scale(page)

    box = page.get_by_role("textbox", name="Ajouter un territoire")
    box.fill("osny")
    box.press("Enter")
    wait_idle(page)
    assert "Osny est une commune : la comparaison en cours porte sur des intercommunalités." in (
        screen_text(page)
    )
    assert page.get_by_role("button", name=re.compile(r"Osny \(")).count() == 0

    book = workbook_behind(page)
    assert {row["Territoire"] for row in records(book, "Données")} == {
        "CA de Cergy-Pontoise",
        "CA Val Parisis",
        "CA Plaine Vallée",
        "CA Roissy Pays de France",
    }
    assert console_errors == []


def check_same_scale(page: Page) -> None:
    """In each panel the comparator is at one place; a dot stands where its value says."""
    panels = page.evaluate(
        """() => [...document.querySelectorAll('table.beside tbody')].map(body => ({
          name: body.innerText,
          centres: [...body.querySelectorAll('.centre')].map(node => node.getBoundingClientRect().x),
          dots: [...body.querySelectorAll('tr')].filter(row => row.querySelector('.mark')).map(row =>
            [row.querySelector('.own').innerText, row.querySelector('.mark').style.left]),
        })).filter(panel => panel.dots.length)"""
    )
    assert len(panels) > 15
    for panel in panels:
        assert max(panel["centres"]) - min(panel["centres"]) < 1
        told = sorted((number(value), float(left.rstrip("%"))) for value, left in panel["dots"])
        places = [left for _, left in told]
        assert all(0 <= left <= 100 for left in places)
        for (low, first), (high, second) in pairwise(told):
            assert low == high or first <= second, panel["name"]


def number(text: str) -> float:
    return float(re.sub(r"[^\d,\-]", "", plain(text).replace("−", "-")).replace(",", "."))


def test_a_link_that_mixes_levels_is_refused(page: Page, app_url: str) -> None:
    open_screen(page, f"{app_url}/comparer?p={CERGY}&t={CERGY};com:95476", "Comparer")
    text = screen_text(page)
    assert "CA de Cergy-Pontoise est une intercommunalité et Osny est une commune" in text
    assert page.locator("table.beside").count() == 0
    page.get_by_role("button", name=re.compile("^.*Garder CA de Cergy-Pontoise")).click()
    wait_idle(page)
    assert "Ajoutez au moins un territoire" in screen_text(page)
