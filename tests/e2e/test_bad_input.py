"""What a visitor can get wrong, or do on purpose: a clear sentence, and the rest still works."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.e2e.helpers import (
    CERGY,
    PAGES,
    TITLES,
    check_sane,
    cold_server,
    go_to,
    look_at_map,
    open_screen,
    pick,
    plain,
    read_csv,
    screen_text,
    wait_idle,
)

SCRIPT = "<script>alert(1)</script>"
NAME = f"{SCRIPT} [a](http://x) **b** $c$ :material/home: :red[d]"
MENU = list(TITLES.values())
MENU[0] = "Accueil"


@pytest.fixture(autouse=True)
def nothing_bad(
    page: Page, app_log: Path, outside_requests: list[str], console_errors: list[str]
) -> Iterator[None]:
    """Whatever happens: no dialog, no script run, no traceback, no request to elsewhere."""
    dialogs: list[str] = []

    def note(dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", note)
    seen = app_log.stat().st_size if app_log.exists() else 0
    yield
    assert dialogs == []
    assert outside_requests == []
    assert console_errors == []
    assert page.get_by_test_id("stException").count() == 0
    log = app_log.read_bytes()[seen:].decode(errors="replace") if app_log.exists() else ""
    assert "Traceback" not in log, log[-3000:]


def still_works(page: Page) -> None:
    """From wherever one is, the search leads to a perimeter."""
    go_to(page, "Périmètre")
    page.get_by_role("searchbox").fill("magny en vexin")
    expect(page.get_by_text("Magny-en-Vexin", exact=True)).to_be_visible(timeout=15_000)


def open_files(page: Page) -> None:
    page.get_by_text("Enregistrer ou rouvrir un projet").click()
    page.locator("input[type=file]").wait_for(state="attached")


CODES = (
    ("epci:000000000", r"L'intercommunalité 000000000 ne figure pas dans les données", False),
    ("com:95127,zzz:1", r"« zzz:1 » est ignoré : niveau inconnu", True),
    (SCRIPT, r"est ignoré : on attend un niveau et un code", False),
    ("com:95282", r"La commune 95282 a rejoint 95169", True),
    ("com:95127,-com:95127", r"le retrait l'emporte", False),
    ("com:95127,-com:46042", r"ne fait pas partie du périmètre : rien n'est retiré", True),
    ("com:95127,com:95127,x", r"compté une fois", True),
)


def test_codes_of_the_address(page: Page, app_url: str) -> None:
    for asked, sentence, works in CODES:
        open_screen(page, f"{app_url}/perimetre?p={quote(asked)}", "Périmètre")
        text = screen_text(page)
        assert re.search(sentence, text), f"{asked} : {text}"
        assert bool(re.search(r"Habitants\s+\d", text)) == works, asked
        check_sane(text)
    still_works(page)


def test_inner_pages_say_what_is_wrong_in_the_address(page: Page, app_url: str) -> None:
    """A link to an inner page with nothing known in it says so, and leads to the choice."""
    for name in ("ce-qui-ressort", "portrait", "indicateur", "carte", "cibles", "intensite"):
        page.goto(f"{app_url}/{name}?p=epci:000000000")
        expect(page.get_by_text("Choisissez d'abord un périmètre")).to_be_visible(timeout=30_000)
        wait_idle(page)
        assert "ne figure pas dans les données" in screen_text(page), name
    page.get_by_role("link", name="Choisir un périmètre").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Périmètre", timeout=30_000)


def test_a_name_is_shown_as_it_was_typed(page: Page, app_url: str) -> None:
    open_screen(page, f"{app_url}/donnees?p={CERGY}&nom={quote(NAME)}", "Données")
    for name in reversed(PAGES):
        go_to(page, {"": "Accueil"}.get(name, TITLES[name]), TITLES[name])
        text = screen_text(page)
        assert NAME in text, f"/{name} : {text[:400]}"
        assert page.get_by_test_id("stMain").locator("a[href^='http://x']").count() == 0
        assert page.get_by_test_id("stMain").locator(".katex").count() == 0


def test_a_name_typed_in_the_page_is_kept_in_the_address(page: Page, app_url: str) -> None:
    open_screen(page, f"{app_url}/perimetre?p={CERGY}", "Périmètre")
    box = page.get_by_role("textbox", name="Nom du périmètre")
    box.fill(SCRIPT)
    box.press("Enter")
    expect(page.get_by_text(SCRIPT).first).to_be_visible(timeout=15_000)
    wait_idle(page)
    assert parse_qs(urlsplit(page.url).query)["nom"] == [SCRIPT]
    look = look_at_map(page)
    assert look.pixels.get(look.colour_of("Dans le périmètre"), 0) > 10_000
    open_files(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Enregistrer le projet").click()
    assert re.fullmatch(r"[a-z0-9-]+\.json", download.value.suggested_filename)
    assert json.loads(Path(download.value.path()).read_text("utf-8"))["nom"] == SCRIPT


def payload(content: bytes) -> FilePayload:
    return {"name": "perimetre.json", "mimeType": "application/json", "buffer": content}


BAD_FILES = {
    "coupé": (b"{", "."),
    "vide": (b"", "."),
    "binaire": (bytes(range(256)) * 20, "."),
    "autre": (b'{"gradient": 1, "type": "autre"}', "n'est pas un projet enregistré"),
    "profond": (b"[" * 100_000, "."),
    "énorme": (b" " * 21_000_000, "trop gros"),
    "sans territoire": (
        b'{"gradient": 1, "type": "perimetre", "nom": "x", "perimetre": "zzz:1"}',
        "aucun territoire",
    ),
}


def test_bad_files(page: Page, app_url: str) -> None:
    open_screen(page, app_url, "Gradient")
    open_files(page)
    for kind, (content, sentence) in BAD_FILES.items():
        page.locator("input[type=file]").set_input_files(payload(content))
        page.wait_for_timeout(400)
        wait_idle(page)
        errors = page.get_by_role("alert").filter(has_text=re.compile("fichier|périmètre", re.I))
        said = errors.filter(has_text=re.compile(sentence))  # not the sentence of the file before
        expect(said.first, kind).to_be_visible(timeout=20_000)
        text = plain(said.first.inner_text())
        check_sane(text)
    page.get_by_role("button", name="Cergy-Pontoise").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ce qui ressort", timeout=30_000)


def test_save_then_reopen(page: Page, app_url: str) -> None:
    asked = f"{CERGY},-com:95127,com:46042"
    open_screen(page, f"{app_url}/perimetre?p={asked}&nom=Essai", "Périmètre")
    before = screen_text(page)
    open_files(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Enregistrer le projet").click()
    saved = Path(download.value.path()).read_bytes()
    open_screen(page, app_url, "Gradient")
    open_files(page)
    page.locator("input[type=file]").set_input_files(payload(saved))
    expect(page.get_by_role("heading", level=1)).to_have_text("Ce qui ressort", timeout=30_000)
    wait_idle(page)
    query = parse_qs(urlsplit(page.url).query)
    assert set(query["p"][0].split(",")) == set(asked.split(","))
    assert query["nom"] == ["Essai"]
    head = re.search(r"Essai · [^\n]+", before)
    assert head and head[0] in screen_text(page)


def test_thresholds(page: Page, app_url: str) -> None:
    open_screen(page, f"{app_url}/carte?p={CERGY}", "Carte")
    pick(page, "Découpage", "Seuils fixés")
    box = page.get_by_role("textbox", name=re.compile("^Seuils"))
    complaint = page.get_by_text("Ces seuils ne se lisent pas")
    for typed in ("n'importe quoi", "", "1e999 ; 2", "; ; ;", SCRIPT):
        box.fill(typed)
        box.press("Enter")
        wait_idle(page)
        expect(complaint, typed).to_be_visible(timeout=15_000)
        check_sane(screen_text(page))
        assert len(look_at_map(page).classes) >= 3
    box.fill("2,5 ; 3")
    box.press("Enter")
    expect(complaint).to_be_hidden(timeout=15_000)
    wait_idle(page)
    labels = [label for label, _ in look_at_map(page).classes]
    assert len(labels) == 3 and "2,50" in labels[0] and "3,00" in labels[-1], labels


def test_all_weights_at_zero_and_nothing_to_share(page: Page, app_url: str) -> None:
    open_screen(page, f"{app_url}/intensite?p={CERGY}", "Intensité")
    page.get_by_text("Le besoin sur lequel repose la répartition").click()
    for label in ("Ressources", "Éducation", "Logement", "Vieillissement"):
        page.get_by_role("slider", name=label).press("Home")
        wait_idle(page)
    expect(page.get_by_text("Tous les poids sont à zéro")).to_be_visible(timeout=15_000)
    box = page.get_by_role("spinbutton", name="Quantité à répartir")
    box.fill("0")
    box.press("Enter")
    expect(page.get_by_text(re.compile("^0 consultation")).first).to_be_visible(timeout=15_000)
    wait_idle(page)
    text = screen_text(page)
    check_sane(text)
    assert not re.search(r"soit .{0,20}fois plus", text), "un rapport sur une quantité nulle"
    rows = read_csv(page, "Télécharger la répartition (CSV)")
    assert {row["Proportionné"] for row in rows} == {"0"}


SETTINGS = (
    ("cibles", "finalite=zzz&poids_ressources=trop&seuils=zzz&commune=x&visee=x"),
    ("intensite", "quantite=abc&base=1000&poids_ressources=trop&force=9&unite=x&ressource=x"),
    ("intensite", "quantite=-5&base=-1&poids_ressources=7&poids_education=999&reserve=99"),
    ("carte", "ind=inconnu&decoupage=zzz&classes=99"),
    ("portrait", "comparateur=zzz"),
)


def test_settings_of_the_address(page: Page, app_url: str) -> None:
    for name, asked in SETTINGS:
        open_screen(page, f"{app_url}/{name}?p={CERGY}&{asked}", TITLES[name])
        text = screen_text(page)
        check_sane(text)
        assert "220 279 habitants" in text, asked


@pytest.mark.parametrize("name", ["portrait", "carte", "cibles", "intensite"])
def test_a_link_opened_first_thing(
    page: Page, embedded_data_dir: Path, tmp_path: Path, name: str
) -> None:
    """A server nobody has opened yet: the link to an inner page has its menu and its figures."""
    log = tmp_path / "journal.txt"
    with cold_server(embedded_data_dir, log) as url:
        open_screen(page, f"{url}/{name}?p={CERGY}", TITLES[name])
        text = screen_text(page)
        assert "220 279 habitants" in text
        check_sane(text)
        links = page.get_by_test_id("stSidebarNav").get_by_role("link")
        shown = [plain(label).split("\n")[-1].strip() for label in links.all_inner_texts()]
        assert shown == MENU
    assert "Traceback" not in log.read_text("utf-8", errors="replace")
