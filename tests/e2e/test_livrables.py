"""C12 and C13: the documents in under thirty seconds, from an address that gives them again."""

from __future__ import annotations

import io
import time
from pathlib import Path
from urllib.parse import urlsplit

from docx import Document
from openpyxl import load_workbook
from playwright.sync_api import BrowserContext, Page, expect
from pypdf import PdfReader

from tests.e2e.helpers import CERGY, check_sane, open_screen, plain, screen_text, wait_idle

ADDRESS = f"/livrables?p={CERGY}&comparateur=region:11&base=40&documents=word.feuillet.excel&parties=ressort.cibles"
LOGO = Path(__file__).resolve().parents[2] / "static" / "gradient.png"


def prepare(page: Page) -> dict[str, bytes]:
    """Click, wait for the files, download them."""
    page.get_by_role("button", name="Préparer les documents").click()
    expect(page.get_by_text("3 documents prêts")).to_be_visible(timeout=30_000)
    wait_idle(page)
    files = {}
    for name in ("Chapitre Word", "Portrait A4 (PDF)", "Données Excel"):
        with page.expect_download() as waiting:
            page.get_by_role("button", name=f"{name} (").click()
        files[name] = Path(waiting.value.path()).read_bytes()
    return files


def texts(files: dict[str, bytes]) -> list[str]:
    """What the Word document and the PDF say, spaces made alike."""
    document = Document(io.BytesIO(files["Chapitre Word"]))
    pages = PdfReader(io.BytesIO(files["Portrait A4 (PDF)"])).pages
    said = [
        " ".join(one.text for one in document.paragraphs),
        " ".join(page.extract_text() for page in pages),
    ]
    return [" ".join(plain(one).split()) for one in said]


def test_documents_and_the_same_from_the_address(
    page: Page, context: BrowserContext, app_url: str, console_errors: list[str]
) -> None:
    open_screen(page, f"{app_url}/ce-qui-ressort?p={CERGY}&comparateur=region:11", "Ce qui ressort")
    screen = plain(screen_text(page))
    open_screen(page, f"{app_url}{ADDRESS}", "Livrables")
    check_sane(screen_text(page))
    page.get_by_text("Logo, modèle Word, codes à scanner").click()
    page.locator('input[type="file"]').first.set_input_files(LOGO)
    wait_idle(page)
    start = time.perf_counter()
    files = prepare(page)
    assert time.perf_counter() - start < 30
    word, portrait = texts(files)
    said = [one for one in word.split("Fragilités")[0].split("Sur ce point") if "contre" in one]
    assert said and "Île-de-France" in word and "Île-de-France" in portrait
    first = Document(io.BytesIO(files["Chapitre Word"]))
    sentence = next(
        plain(one.text) for one in first.paragraphs if one.style and one.style.name == "List Bullet"
    )
    assert sentence in screen and sentence in portrait
    assert len(first.inline_shapes) >= 2  # the logo and the findings
    assert "Déterminants sociaux" in load_workbook(io.BytesIO(files["Données Excel"])).sheetnames

    again = context.new_page()
    address = urlsplit(page.url)
    open_screen(again, f"{app_url}{address.path}?{address.query}", "Livrables")
    second = prepare(again)
    assert second["Données Excel"] == files["Données Excel"]
    assert texts(second) == texts(files)
    assert not console_errors
