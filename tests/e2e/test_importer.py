"""The extract of an agency, from its workbook to every screen, for one visit and not the next one."""

from __future__ import annotations

import io
import re

import openpyxl
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.e2e.helpers import (
    CERGY,
    check_sane,
    go_to,
    open_screen,
    plain,
    read_csv,
    screen_text,
    wait_idle,
)
from tests.e2e.test_look import check_accessible, check_fit, check_words
from views.lexicon import refused_words

TITLE = "Importer"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LABEL = "Part des patients sans médecin traitant"
INSIDE = ("95018", "95074", "95127", "95183", "95218", "95323", "95388", "95450", "95476", "95500", "95510", "95572", "95637")  # fmt: skip
ELSEWHERE = ("1001", "1002", "1004")  # the leading zero is lost, as spreadsheets do


def extract() -> bytes:
    """A workbook of the agency: heading, two header rows, lost zeros, a total, notes."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Médecin traitant, assurés de 17 ans et plus, 2024"])
    sheet.append([])
    sheet.append(["Code Insee", "Commune", "2024", None, None])
    sheet.append([None, None, "Sans médecin traitant", "Assurés", f"{LABEL} (%)"])
    for rank, code in enumerate((*INSIDE, *ELSEWHERE)):
        people = 5000 + 100 * rank
        cell: object = int(code) if len(code) == 4 else code
        sheet.append([cell, "", 400 + rank, people, 100 * (400 + rank) / people])
    sheet.append(["99999", "Commune disparue", 20, 300, 6.7])
    sheet.append(["Total", None, 9999, 99999, 10.0])
    sheet.append([])
    sheet.append(["Source : ARS Île-de-France, SNDS 2024"])
    for merged in ("A1:E1", "C3:E3", "A3:A4", "B3:B4"):
        sheet.merge_cells(merged)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def drop(page: Page, content: bytes, name: str) -> None:
    file: FilePayload = {"name": name, "mimeType": XLSX, "buffer": content}
    wait_idle(page)
    page.locator("input[type=file]").first.set_input_files(file)


def test_from_the_extract_to_the_screens_and_nobody_else(
    page: Page, browser: Browser, app_url: str, console_errors: list[str]
) -> None:
    open_screen(page, f"{app_url}/importer?p={CERGY}", TITLE)
    people = b"Code Insee;Nom du patient;Nombre\n95127;DUPONT;12\n"
    drop(page, people, "patients.csv")
    expect(page.get_by_text("désignent des personnes")).to_be_visible(timeout=30_000)
    assert "DUPONT" not in screen_text(page)

    drop(page, extract(), "extrait ARS.xlsx")
    expect(page.get_by_text("4. Ce qui est réparé ou refusé")).to_be_visible(timeout=40_000)
    wait_idle(page)
    text = plain(screen_text(page))
    check_sane(screen_text(page))
    assert not refused_words(text)
    assert "18 lignes dans le fichier = 16 utilisées + 2 refusées." in text
    refused = read_csv(page, "Télécharger les lignes refusées")
    assert [row["Motif"] for row in refused] == [
        "hors de France ou non ventilé",
        "ligne de total ou d'ensemble, mise à part",
    ]
    page.get_by_text("3 territoires réparés").click()
    expect(page.get_by_text("zéro initial rétabli")).to_be_visible()
    check_accessible(page, TITLE)
    check_fit(page, TITLE)
    check_words(page, TITLE)
    page.get_by_role("button", name="Utiliser ces chiffres").click()
    expect(page.get_by_text("Les données locales de cette visite")).to_be_visible(timeout=40_000)

    go_to(page, "Portrait", "Portrait")
    own = (
        100
        * sum(400 + rank for rank in range(12 + 1))
        / sum(5000 + 100 * rank for rank in range(13))
    )
    row = page.locator("tr", has_text=LABEL).first
    expect(row).to_contain_text(f"{own:.1f}".replace(".", ","))
    assert "local" not in re.sub(r"^https?://[^/]+", "", page.url)

    other = browser.new_context()
    stranger = other.new_page()
    open_screen(stranger, f"{app_url}/portrait?p={CERGY}", "Portrait")
    assert LABEL not in screen_text(stranger)
    open_screen(stranger, f"{app_url}/importer?p={CERGY}", TITLE)
    assert LABEL not in screen_text(stranger)
    other.close()
    assert console_errors == []
