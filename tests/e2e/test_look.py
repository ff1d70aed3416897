"""What every screen looks like: French, nothing clipped, nothing raw, readable by all."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Frame, Page

from tests.e2e.helpers import (
    CERGY,
    GRAND_QUERCY,
    INDICATOR_ID,
    PAGES,
    TITLES,
    check_sane,
    go_to,
    loaded_elsewhere,
    look_at_map,
    map_text,
    open_screen,
    pick,
    screen_text,
    wait_idle,
)

SIZES = ((1440, 900), (1366, 768), (1920, 1080))
# Words of Streamlit's own interface, and of ours if one escaped.
ENGLISH = re.compile(
    r"\b(Deploy|Rerun|Running|Stop|Settings|Print|Record|Clear cache|Press Enter|Browse files"
    r"|Drag and drop|Upload|per file|Limit|Page not found|Choose an option|Choose options|No results"
    r"|Select all|Search|Download|Fullscreen|Show|Hide|Open|Close|Help|Collapse|Expand|Sidebar"
    r"|App pages|Increment|Decrement|Connecting|Made with|Warning|Loading|Source code|Error|The|of"
    r"|and|with|Value|Total of|empty|file upload)\b"
)
# Streamlit's own words that its settings cannot change; (page or *, text). See the report.
CHROME_TEXT: tuple[str, ...] = ("Upload", "20MB per file • JSON")
CHROME_NAMES = re.compile(r"file upload|Choose an option")
NAMES_SCRIPT = """() => [...document.querySelectorAll('[aria-label], [title], [placeholder], [alt]')]
  .flatMap((node) => ['aria-label', 'title', 'placeholder', 'alt'].map((name) => node.getAttribute(name)))
  .filter((text) => text)"""
_OVERFLOW = """() => {
  const main = document.querySelector('[data-testid="stMain"]') || document.documentElement;
  return [document.documentElement.scrollWidth - innerWidth, main.scrollWidth - main.clientWidth];
}"""
# Texts cut by their own box: buttons, tabs, choices, figures, values of select boxes.
_CLIPPED = """() => {
  const cut = [];
  const seen = (node) => node.offsetParent !== null && node.clientWidth > 0;
  const roots = document.querySelectorAll(
    'button, [role=tab], [role=radio], [data-testid=stMetric], [data-testid=stSidebarNavLink],'
    + ' [data-testid=stPageLink] a, summary, label');
  roots.forEach((root) => [root, ...root.querySelectorAll('*')].forEach((node) => {
    const style = getComputedStyle(node);
    if (!seen(node) || style.display === 'inline' || node.closest('[data-testid=stIconMaterial]')
      || style.clipPath !== 'none' || style.clip !== 'auto') return;
    if (node.scrollWidth > node.clientWidth + 1 && style.overflowX !== 'visible' && node.innerText)
      cut.push(`${node.innerText.trim().slice(0, 60)} (${node.scrollWidth} > ${node.clientWidth})`);
  }));
  document.querySelectorAll('input[role=combobox], input[type=text], input[type=number]').forEach((node) => {
    if (seen(node) && node.value && node.scrollWidth > node.clientWidth + 1)
      cut.push(`${node.value.slice(0, 60)} (${node.scrollWidth} > ${node.clientWidth})`);
  });
  return [...new Set(cut)];
}"""

# Tables wider than their frame: columns that one does not see.
_HIDDEN_COLUMNS = """() => [...document.querySelectorAll('.gradient-table, .portrait')]
  .map((node) => node.tagName === 'TABLE' ? node.parentElement : node)
  .filter((frame) => frame.offsetParent !== null && frame.scrollWidth > frame.clientWidth + 1)
  .map((frame) => `${frame.querySelector('caption')?.textContent} (${frame.scrollWidth} > ${frame.clientWidth})`)"""


# The address of a page, shown to be copied, holds names of parameters.
ADDRESS = re.compile(r"\S*[?&]\S+")


def open_everything(page: Page) -> None:
    """Open every fold of the page."""
    for summary in page.get_by_test_id("stMain").locator("[data-testid=stExpander] summary").all():
        summary.click()
    page.get_by_test_id("stMain").evaluate(
        "main => main.querySelectorAll('table details').forEach(fold => { fold.open = true; })"
    )
    wait_idle(page)


def close_tables(page: Page) -> None:
    page.get_by_test_id("stMain").evaluate(
        "main => main.querySelectorAll('table details').forEach(fold => { fold.open = false; })"
    )


def english(text: str) -> list[str]:
    """English words of a visible text, those of Streamlit's own interface left out."""
    for known in CHROME_TEXT:
        text = text.replace(known, "")
    return sorted({found[0] for found in ENGLISH.finditer(text)})


def english_names(frame: Frame) -> list[str]:
    """English accessible names, tooltips and placeholders, Streamlit's own left out."""
    names = frame.evaluate(NAMES_SCRIPT)
    return sorted({n for n in names if ENGLISH.search(n) and not CHROME_NAMES.fullmatch(n)})


def check_words(page: Page, name: str) -> None:
    text = screen_text(page)
    check_sane(text)
    assert english(text) == [], name
    if name != "donnees":  # its dictionary gives the identifiers, on purpose
        assert INDICATOR_ID.findall(ADDRESS.sub("", text)) == [], name
    for frame in page.frames:
        assert english_names(frame) == [], name
    if name in ("perimetre", "carte", "cibles"):
        look_at_map(page)
        legend = map_text(page)
        check_sane(legend)
        assert INDICATOR_ID.findall(legend) == [] and english(legend) == []


def check_fit(page: Page, name: str) -> list[str]:
    """Nothing overflows and no text is cut; the tables wider than their frame."""
    hidden = []
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(350)
        assert max(page.evaluate(_OVERFLOW)) <= 1, f"/{name} déborde à {width} px"
        for frame in page.frames[1:]:
            assert frame.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 1
        assert page.evaluate(_CLIPPED) == [], f"/{name} à {width} px"
        hidden += [f"/{name} à {width} px : {text}" for text in page.evaluate(_HIDDEN_COLUMNS)]
    return hidden


# Streamlit's own menu puts the title of a section beside the items of a list.
AXE_CHROME = ("list", "listitem")
_IN_MENU = "node => node.closest('[data-testid=stSidebarNav]') !== null"


def check_accessible(page: Page, name: str) -> None:
    """No serious violation, no level of headings skipped, but those of Streamlit's own menu."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = [
        f"/{name} {violation['id']} : {node['target']} {node['html'][:160]}"
        for frame in page.frames  # a map is a frame
        for violation in axe.run(frame).response["violations"]
        if violation["impact"] in ("serious", "critical") or violation["id"] == "heading-order"
        for node in violation["nodes"]
        if not (
            violation["id"] in AXE_CHROME
            and page.locator(node["target"][0]).first.evaluate(_IN_MENU)
        )
    ]
    assert found == [], "\n".join(found)


@pytest.mark.parametrize("asked", [CERGY, GRAND_QUERCY], ids=["cergy", "grand-quercy"])
def test_every_screen(
    page: Page, app_url: str, asked: str, outside_requests: list[str], console_errors: list[str]
) -> None:
    open_screen(page, f"{app_url}/?p={asked}", "Gradient")
    hidden: list[str] = []
    for name in PAGES:
        page.set_viewport_size({"width": 1440, "height": 900})
        go_to(page, {"": "Accueil"}.get(name, TITLES[name]), TITLES[name])
        if name == "carte":
            pick(page, "Voir une commune", "Cergy" if asked == CERGY else "Cahors")
        open_everything(page)
        check_words(page, name)
        assert loaded_elsewhere(page) == [], name
        if asked == CERGY:
            check_accessible(page, name)
        close_tables(page)
        hidden += check_fit(page, name)
    assert hidden == [], "colonnes hors du cadre :\n" + "\n".join(hidden)
    assert outside_requests == []
    assert console_errors == []
