"""Twenty minutes in a room (journeys E1 to E9): by the keyboard, then with the network cut."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pypdf import PdfReader

from tests.e2e.helpers import CERGY, GRAND_QUERCY, check_sane, plain
from views.lexicon import refused_words

SIZES = ((1366, 768), (1440, 900), (1920, 1080))
SCREENS = ("habitants", "bien", "pese", "ecarts", "acces", "agir", "intensite", "question")
SHOWN = ".screen:not([hidden]) .view:not([hidden])"
RANK = re.compile(
    r"\brangs?\b|\d+\s?(er|e|ème)\b|meilleur|pire|premi[eè]re?s? de|derni", re.IGNORECASE
)

# Every visible text of the wall: its size, its contrast with what is behind it, where it stands.
_READABLE = """() => {
  const wall = (() => { const look = (node) => {
    if (node.shadowRoot && node.shadowRoot.querySelector('.wall')) return node.shadowRoot.querySelector('.wall');
    for (const child of node.children) { const found = look(child); if (found) return found; }
    return null; }; return look(document.body); })() || document.querySelector('.wall');
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => { const [x, y, z] = [r, g, b].map((one) => { const c = one / 255;
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z; };
  const behind = (node) => { for (let up = node; up; up = up.parentElement) {
    const colour = rgb(getComputedStyle(up).backgroundColor);
    if (colour.length === 3 || colour[3] > 0) return colour; } return [255, 255, 255]; };
  const found = [];
  const walker = document.createTreeWalker(wall, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const holder = node.parentElement;
    if (!node.nodeValue.trim() || !holder.checkVisibility() || holder.closest('style, .live, caption, thead')) continue;
    const style = getComputedStyle(holder);
    const range = document.createRange(); range.selectNodeContents(node);
    const box = range.getBoundingClientRect();
    const [a, b] = [light(rgb(style.color)), light(behind(holder))];
    found.push({ text: node.nodeValue.trim(), size: parseFloat(style.fontSize),
      contrast: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), right: box.right, bottom: box.bottom,
      message: Boolean(holder.closest('.message, .answer')) });
  }
  return found;
}"""


# The nine cells of a crossing as a black-and-white copy has them, 0 to 255.
_GREYS = """() => { const look = (node) => {
    if (node.shadowRoot && node.shadowRoot.querySelector('.wall')) return node.shadowRoot;
    for (const child of node.children) { const found = look(child); if (found) return found; }
    return null; };
  return [...look(document.body).querySelectorAll('.screen:not([hidden]) .view:not([hidden]) .cells i')]
    .map((cell) => getComputedStyle(cell).backgroundColor.match(/\\d+/g).map(Number))
    .map(([r, g, b]) => 0.299 * r + 0.587 * g + 0.114 * b); }"""

# Milliseconds from a key to the screen that it brings, painted.
_SCREEN_TIME = """(key) => new Promise((done) => {
  const start = performance.now();
  document.dispatchEvent(new KeyboardEvent('keydown', { key }));
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));
})"""


class Relay:
    """A network between the browser and the application, that a test can cut and mend."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.open = True
        self.held: list[socket.socket] = []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def cut(self) -> None:
        """Drop what flows and accept nothing more."""
        self.open = False
        for one in self.held:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self.held.clear()

    def mend(self) -> None:
        self.open = True

    def close(self) -> None:
        self.cut()
        self.server.close()

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self.server.accept()
            except OSError:
                return
            if not self.open:
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self.target))
            self.held += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


@contextmanager
def relayed(url: str) -> Iterator[tuple[Relay, str]]:
    """The application through a network of its own."""
    relay = Relay(urlsplit(url).port or 80)
    try:
        yield relay, f"http://127.0.0.1:{relay.port}"
    finally:
        relay.close()


def open_wall(page: Page, url: str, asked: str, more: str = "") -> None:
    page.goto(f"{url}/reunion?p={asked}{more}")
    expect(page.locator(".screen:not([hidden])")).to_be_visible(timeout=120_000)


def name_of_screen(page: Page) -> str:
    return str(page.locator(".screen:not([hidden])").get_attribute("data-name"))


def message(page: Page) -> str:
    """Title and sentence on the wall, with their no-break spaces."""
    shown = page.locator(".screen:not([hidden]) .view:not([hidden]) .message")
    return str(
        shown.evaluate(
            "node => [...node.children].filter((one) => !one.hidden)"
            ".map((one) => one.textContent).join(' ')"
        )
    )


def words_of(text: str) -> int:
    """Words, numbers with their spaces and unit being one."""
    joined = re.sub(r"(?<=\d)[\u202f\u00a0](?=[\d%€])", "", text)
    return len([word for word in joined.split() if re.search(r"\w", word)])


def check_wall(page: Page) -> None:
    """One short message, large and dark letters, nothing out of the screen, no rank."""
    said = message(page)
    assert 0 < words_of(said) <= 25, said
    assert not refused_words(said) and not RANK.search(said), said
    check_sane(plain(said))
    shown = page.locator(".screen:not([hidden]) .view:not([hidden]) figure")
    assert shown.count() == 1
    texts = page.evaluate(_READABLE)
    assert len(texts) > 10
    small = [one for one in texts if one["size"] < 24]
    assert small == [], small
    pale = [one for one in texts if one["contrast"] < 4.5]
    assert pale == [], pale
    size = page.viewport_size or {"width": 0, "height": 0}
    out = [one for one in texts if one["right"] > size["width"] or one["bottom"] > size["height"]]
    assert out == [], out
    for one in texts:
        assert not refused_words(one["text"]), one


@pytest.mark.parametrize(
    ("asked", "count"),
    [(CERGY, 8), (GRAND_QUERCY, 8), ("dep:974", 3), ("com:95127", 6)],
    ids=["cergy", "grand-quercy", "la-reunion", "commune"],
)
def test_the_whole_story_from_the_keyboard(
    page: Page, app_url: str, asked: str, count: int, outside_requests: list[str],
    console_errors: list[str],
) -> None:  # fmt: skip
    """E1 and E2: no sidebar, one message a screen, readable from the back of the room."""
    page.set_viewport_size({"width": 1366, "height": 768})
    open_wall(page, app_url, asked)
    expect(page.locator(".place")).to_have_text(f"1 sur {count}")
    assert page.evaluate("Boolean(document.elementFromPoint(40, 300).shadowRoot)")
    names = []
    for place in range(1, count + 1):
        names.append(name_of_screen(page))
        assert parse_qs(urlsplit(page.url).query)["ecran"] == [str(place)]
        expect(page.locator(".live")).to_contain_text(f"Écran {place} sur {count}")
        for width, height in SIZES if asked == CERGY else SIZES[:1]:
            page.set_viewport_size({"width": width, "height": height})
            check_wall(page)
        page.keyboard.press("ArrowRight" if place % 2 else "Space")
    assert names == [name for name in SCREENS if name in names] and names[-1] == "question"
    expect(page.locator(".place")).to_have_text(f"{count} sur {count}")  # the end is the end
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".place")).to_have_text(f"{count - 1} sur {count}")
    page.keyboard.press("Home")
    expect(page.locator(".place")).to_have_text(f"1 sur {count}")
    page.keyboard.press("End")
    page.keyboard.press("2")
    assert name_of_screen(page) == names[1]
    assert outside_requests == [] and console_errors == []


def test_an_address_reopens_its_screen_and_escape_leaves(page: Page, app_url: str) -> None:
    open_wall(page, app_url, CERGY, "&ecran=5&comparateur=france:FR")
    assert name_of_screen(page) == "acces" and "à la France" in message(page)
    # The keyboard is in the wall: whatever is behind cannot be reached with Tab.
    for _ in range(30):
        page.keyboard.press("Tab")
    where = "() => { let at = document.activeElement; while (at && at.shadowRoot) at = at.shadowRoot.activeElement; return Boolean(at && at.closest('.wall')); }"
    assert page.evaluate(where)
    page.keyboard.press("Escape")
    expect(page.locator("dialog.wall")).to_be_hidden()
    expect(page.get_by_role("button", name="Ouvrir la présentation")).to_be_focused()
    assert "ecran" not in parse_qs(urlsplit(page.url).query)
    page.keyboard.press("Enter")
    expect(page.locator("dialog.wall")).to_be_visible()
    page.keyboard.press("s")
    expect(page.locator("dialog.panel[open]")).to_contain_text("Insee")
    page.keyboard.press("Escape")
    expect(page.locator("dialog.panel[open]")).to_have_count(0)
    expect(page.locator("dialog.wall")).to_be_visible()
    open_wall(page, app_url, CERGY, "&ecran=99")
    expect(page.locator(".live")).to_contain_text("n'existe pas")
    expect(page.locator(".place")).to_have_text("1 sur 8")
    page.keyboard.press("p")
    expect(page.locator("dialog.panel[open]")).to_contain_text("cet ordinateur")


def test_the_questions_of_the_room(page: Page, app_url: str) -> None:
    """E3, E4 and E6, by the keyboard."""
    page.set_viewport_size({"width": 1366, "height": 768})
    open_wall(page, app_url, GRAND_QUERCY)
    # E4: the same chart, beside other territories, named in the title.
    page.keyboard.press("a")
    expect(page.locator(f"{SHOWN} h2")).to_contain_text("aux territoires similaires")
    check_wall(page)
    page.keyboard.press("a")
    expect(page.locator(f"{SHOWN} h2")).to_contain_text("au Lot")
    # E3: typed without accents and with a slip; the wall goes to the map by itself.
    page.keyboard.press("m")
    assert name_of_screen(page) == "agir"
    page.keyboard.type("pradinnes")
    page.keyboard.press("Enter")
    answer = page.locator(".screen:not([hidden]) .answer")
    expect(answer).to_contain_text("Pradines")
    expect(answer).to_contain_text("roupe")
    assert not RANK.search(answer.inner_text()) and not refused_words(answer.inner_text())
    assert page.locator(".screen:not([hidden]) path.found").count() == 2
    check_wall(page)
    page.keyboard.press("Escape")
    expect(answer).to_have_text("")
    page.keyboard.press("5")
    page.keyboard.press("m")
    page.keyboard.type("CAHORS")
    page.keyboard.press("Enter")
    answer = page.locator(".screen:not([hidden]) .answer")
    expect(answer).to_contain_text("4,71 consultations")
    page.keyboard.press("Escape")
    page.keyboard.press("m")
    page.keyboard.type("Marseille")
    page.keyboard.press("Enter")
    expect(page.locator(".screen:not([hidden]) .answer")).to_contain_text(
        "Aucune commune de ce périmètre"
    )
    page.keyboard.press("Escape")
    # E6: two leave; then nobody, and the figures are those of today.
    page.keyboard.press("d")
    expect(page.locator(f"{SHOWN} h2")).to_contain_text("deux généralistes")
    assert "prudente" in message(page)
    check_wall(page)
    rows = page.locator(f"{SHOWN} .bars tbody tr")
    told = [row.locator("b").all_inner_texts() for row in rows.all()]
    assert told and any(after != before for after, before in told)
    choice = page.get_by_label("Combien, et d'où ?")
    choice.select_option(index=0)
    for row in rows.all():
        after, before = row.locator("b").all_inner_texts()
        assert after == before
    choice.press("Escape")  # the letters are the wall's again
    # E5: two indicators crossed, nine cells, and a sentence.
    page.keyboard.press("x")
    expect(page.locator(f"{SHOWN} h2")).to_contain_text("accès aux généralistes, croisés")
    assert re.search(r"\d+ communes? sur \d+", plain(message(page)))
    assert page.locator(f"{SHOWN} .grid .cells i").count() == 9
    check_wall(page)
    greys = page.evaluate(_GREYS)
    assert len(greys) == 9 and min(b - a for a, b in pairwise(sorted(greys))) > 4, greys
    page.keyboard.press("m")
    page.keyboard.type("cahors")
    page.keyboard.press("Enter")
    expect(page.locator(".screen:not([hidden]) .answer")).to_contain_text("Niveau de vie médian")
    page.keyboard.press("Escape")
    for _ in range(2):  # the question first, then the presentation
        expect(page.locator("dialog.wall")).to_be_visible()
        page.keyboard.press("Escape")
    expect(page.locator("dialog.wall")).to_be_hidden()


def test_the_network_drops_and_the_vote_is_kept(
    context: BrowserContext, app_url: str, tmp_path: Path
) -> None:
    """E7 and E8: everything works without the network, and the vote joins the project after it."""
    page = context.new_page()
    with relayed(app_url) as (relay, url):
        open_wall(page, url, GRAND_QUERCY)
        context.set_offline(True)
        relay.cut()
        # Whatever Streamlit says of the network, the room sees the wall alone, and writes on it.
        expect(page.get_by_text("not responding")).to_be_attached(timeout=60_000)
        top = "Boolean(document.elementFromPoint(innerWidth / 2, innerHeight / 2).shadowRoot)"
        assert page.evaluate(top)
        for place, name in enumerate(SCREENS, start=1):
            assert page.evaluate(_SCREEN_TIME, str(place)) < 500
            expect(page.locator(".place")).to_have_text(f"{place} sur 8")
            assert name_of_screen(page) == name
        page.keyboard.press("5")
        page.keyboard.press("m")
        page.keyboard.type("cahors")
        page.keyboard.press("Enter")
        expect(page.locator(".screen:not([hidden]) .answer")).to_contain_text("4,71")
        page.keyboard.press("Escape")
        page.keyboard.press("d")
        assert "prudente" in message(page)
        page.keyboard.press("End")
        add = page.get_by_role("button", name=re.compile("^Ajouter une voix"))
        for rank, voices in enumerate((4, 2)):
            add.nth(rank).focus()
            for _ in range(voices):
                page.keyboard.press("Space")
        page.locator(".ballot .free input").first.fill("Transports <b>à la demande</b>")
        add.nth(3).focus()
        for _ in range(7):
            page.keyboard.press("Enter")
        page.locator(".record").focus()
        page.keyboard.press("Enter")
        expect(page.locator(".state")).to_contain_text("gardé ici")
        relay.mend()
        context.set_offline(False)
        expect(page.locator(".state")).to_contain_text("inscrit dans le projet", timeout=60_000)
        page.keyboard.press("Escape")
        listed = page.get_by_text(re.compile(r"^Vote du \d\d/\d\d/\d{4} :"))
        expect(listed).to_have_count(1)
        expect(listed).to_contain_text("Transports <b>à la demande</b> (7 voix)")
        with page.expect_download() as download:
            page.get_by_role("button", name="Enregistrer le projet").click()
        saved = json.loads(Path(download.value.path()).read_text("utf-8"))
        (vote,) = saved["votes"]
        assert [count for _, count in vote["priorites"]] == [4, 2, 7]
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", vote["tenu_le"])
        hand_out_a_page(page)


def hand_out_a_page(page: Page) -> None:
    """E9: from the last screen to a page to hand out, without the mouse, in the same visit."""
    page.get_by_role("button", name="Ouvrir la présentation").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("End")
    expect(page.get_by_role("button", name="Une page à distribuer")).to_be_visible()
    page.keyboard.press("l")
    expect(page.get_by_role("heading", name="Livrables")).to_be_visible(timeout=60_000)
    asked = parse_qs(urlsplit(page.url).query)
    assert asked["documents"] == ["feuillet"] and asked["p"] == [GRAND_QUERCY]
    prepare = page.get_by_role("button", name="Préparer les documents")
    prepare.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 document prêt")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Portrait A4 (PDF) (").focus()
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    pages = PdfReader(download.value.path()).pages
    assert 1 <= len(pages) <= 2 and "147 communes" in plain(pages[0].extract_text())


def test_the_file_the_notes_and_a_telephone(
    browser: Browser, context: BrowserContext, app_url: str, tmp_path: Path
) -> None:
    page = context.new_page()
    open_wall(page, app_url, CERGY)
    # The presenter's window follows the wall, and its arrows move it.
    with context.expect_page() as opened:
        page.keyboard.press("n")
    notes = opened.value
    expect(notes.locator("section.here h2")).to_contain_text("1. Qui vit ici")
    page.keyboard.press("3")
    expect(notes.locator("section.here h2")).to_contain_text("3. Ce qui pèse")
    notes.bring_to_front()
    notes.keyboard.press("ArrowRight")
    expect(page.locator(".place")).to_have_text("4 sur 8")
    page.bring_to_front()
    page.keyboard.press("Escape")
    with page.expect_download() as download:
        page.get_by_role("button", name="Emporter la présentation").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert file.suffix == ".html"
    # Elsewhere, without network, on a telephone.
    phone = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, offline=True
    )
    try:
        tab = phone.new_page()
        tab.goto(file.as_uri())
        expect(tab.locator(".place")).to_have_text("1 sur 8")
        for across, place in ((-200, 2), (-200, 3), (200, 2)):
            swipe(tab, across)
            expect(tab.locator(".place")).to_have_text(f"{place} sur 8")
        for place in range(1, 9):
            tab.evaluate("place => document.querySelector(`[data-goto='${place}']`).click()", place)
            small = [one for one in tab.evaluate(_READABLE) if one["size"] < 20]
            assert small == [], small
        wide = tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert wide
        tab.evaluate("document.querySelector('[data-goto=\"8\"]').click()")
        tab.locator(".ballot button[data-step='1']").first.tap()
        tab.locator(".record").tap()
        expect(tab.locator(".state")).to_contain_text("n'est relié à rien")
    finally:
        phone.close()


def swipe(page: Page, across: int) -> None:
    """A finger that slides over the screen."""
    page.evaluate(
        """(across) => {
          const target = document.querySelector('.stage > .screens');
          const at = (x) => new Touch({ identifier: 1, target, clientX: x, clientY: 400 });
          const start = 195 - across / 2;
          target.dispatchEvent(new TouchEvent('touchstart',
            { bubbles: true, touches: [at(start)], changedTouches: [at(start)] }));
          target.dispatchEvent(new TouchEvent('touchend',
            { bubbles: true, touches: [], changedTouches: [at(start + across)] }));
        }""",
        across,
    )


def test_pages_and_screens_print_whole(page: Page, app_url: str) -> None:
    """On paper: no menu, no button, every screen on its page, with its map."""
    page.goto(f"{app_url}/ce-qui-ressort?p={CERGY}")
    expect(page.locator(".tartan")).to_be_visible(timeout=60_000)
    page.emulate_media(media="print")
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    flows = "() => getComputedStyle(document.querySelector('[data-testid=stMain]')).overflow"
    assert page.evaluate(flows) == "visible"
    cut = page.locator(".tartan-box, .gradient-table").evaluate_all(
        "boxes => boxes.filter((box) => box.scrollHeight > box.clientHeight + 1).length"
    )
    assert cut == 0
    assert pages_of(page.pdf(format="A4")) >= 2
    page.emulate_media(media="screen")
    open_wall(page, app_url, CERGY)
    expect(page.locator("svg[data-classes] path").first).to_be_attached()
    page.emulate_media(media="print")
    for name in SCREENS:
        expect(page.locator(f".screen[data-name={name}]")).to_be_visible()
    expect(page.locator(".stage > nav")).to_be_hidden()
    assert pages_of(page.pdf(format="A4", landscape=True, print_background=True)) >= len(SCREENS)


def pages_of(pdf: bytes) -> int:
    """Pages of a PDF file, from its own count."""
    return max(int(count) for count in re.findall(rb"/Count (\d+)", pdf))
