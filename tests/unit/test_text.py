"""French wording: numbers as France writes them, and text that no markup can escape from."""

from __future__ import annotations

import html
import math
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from views import text
from warehouse.indicators import load_indicators

NARROW, NO_BREAK, MINUS = "\u202f", "\u00a0", "\u2212"
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload="alert(1)">',
    "[clic](javascript:alert(1))",
    "![image](https://exemple.fr/x.png)",
    "https://exemple.fr et www.exemple.fr, moi@exemple.fr",
    "**gras** _italique_ ~~barré~~ `code`",
    "# titre",
    "1. liste",
    "1) liste",
    "> citation",
    "| a | b |",
    "$E = mc^2$ :red[rouge] :smile: :material/warning: :blue-badge[x]",
    "&lt;b&gt; &amp; &#60;",
    "</table></div>",
    "ligne\n# titre\n---\nfin",
    "a\\",
    "C'est l'Haÿ-les-Roses (94)",
]
marks = st.text(st.sampled_from("ab1é \n\\`*_{}[]()<>#+-.!|~$:^=@&/\"';%,"), max_size=40)
sentences = st.one_of(
    st.sampled_from(HOSTILE), marks, st.text(st.characters(exclude_categories=["C", "Z"]))
)


def read_back(written: str) -> float:
    plain = written.replace(NARROW, "").replace(",", ".").replace(MINUS, "-")
    return float(plain)


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [
        (70906, 0, f"70{NARROW}906"),
        (1234567.891, 1, f"1{NARROW}234{NARROW}567,9"),
        (3.0, 2, "3,00"),
        (999.96, 1, f"1{NARROW}000,0"),
        (-0.04, 1, "0,0"),
        (-0.0, 0, "0"),
        (-3.25, 1, f"{MINUS}3,2"),
        (0, 0, "0"),
        (None, 0, "–"),
        (math.nan, 2, "–"),
        (math.inf, 2, "–"),
        (np.float64("nan"), 1, "–"),
        (np.int64(1500), 0, f"1{NARROW}500"),
    ],
)
def test_numbers(value: float | None, decimals: int, expected: str) -> None:
    assert text.number(value, decimals) == expected


@settings(deadline=None)
@given(st.floats(-1e12, 1e12), st.integers(0, 3), st.booleans())
@example(-0.0, 1, True)
@example(-0.0004, 3, True)
def test_a_number_reads_back_as_itself(value: float, decimals: int, signed: bool) -> None:
    written = text.number(value, decimals, signed=signed)
    assert read_back(written) == pytest.approx(round(value, decimals), abs=1e-9)
    assert "-" not in written
    assert "." not in written
    assert " " not in written
    assert not re.search(rf"{MINUS}[0,]+$", written), "« −0 » n'existe pas"
    whole = written.lstrip(f"+{MINUS}").split(",")[0].split(NARROW)
    assert all(len(part) == 3 for part in whole[1:])
    assert 1 <= len(whole[0]) <= 3
    assert len(written.partition(",")[2]) == decimals
    assert written.startswith("+") == (signed and round(value, decimals) > 0)


@settings(deadline=None)
@given(st.sampled_from([card.unit for card in load_indicators().values()]), st.floats(-1e6, 1e6))
def test_a_unit_never_leaves_its_number(unit: str, value: float) -> None:
    """A percent sign or a euro stays on the line of its number; a missing one has no unit."""
    written = text.quantity(value, unit, 1)
    assert written.startswith(text.number(value, 1))
    assert written.endswith(unit) != (unit in text.BARE_UNITS)
    if unit == "%" or unit.startswith("€"):
        assert " " not in written.removesuffix(unit)
    assert text.quantity(None, unit) == "–"
    short = text.quantity(value, unit, 1, short=True)
    assert len(short) <= len(written)
    assert ("%" in short) == ("%" in unit)


def test_percent_and_counts() -> None:
    assert text.percent(0.9798) == f"98,0{NARROW}%"
    assert text.percent(1.0, 0) == f"100{NARROW}%"
    assert text.count_of(0, "commune") == f"0{NO_BREAK}commune"
    assert text.count_of(1, "commune") == f"1{NO_BREAK}commune"
    assert text.count_of(1500, "commune") == f"1{NARROW}500{NO_BREAK}communes"
    assert text.count_of(2, "quartier prioritaire", "quartiers prioritaires").endswith(
        "quartiers prioritaires"
    )


@pytest.mark.parametrize(
    ("items", "expected"),
    [([], ""), (["a"], "a"), (["a", "b"], "a et b"), (["a", "b", "c"], "a, b et c")],
)
def test_lists(items: list[str], expected: str) -> None:
    assert text.joined(items) == expected


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("2024", "2024"),
        ("2021-2025", "2021\u20132025"),
        ("2024-2025", "2024\u20132025"),
        ("2025-09-01/2026-08-31", "sept. 2025 – août 2026"),
        ("2025-08-01/2026-07-31", "août 2025 – juil. 2026"),
        ("2025-01-01/2025-12-31", "janv. 2025 – déc. 2025"),
    ],
)
def test_periods(period: str, expected: str) -> None:
    assert text.period_text(period) == expected


def test_departements() -> None:
    assert text.departement_text("Val-d'Oise", "95") == "Val-d'Oise (95)"
    assert text.departement_text(None, None) == ""
    assert text.departement_text("Lot", None) == ""


def test_every_word_of_the_contract_has_its_french() -> None:
    """Directions, themes and states of the cards and of the warehouse are all written somewhere."""
    cards = load_indicators().values()
    assert {card.direction for card in cards} <= set(text.DIRECTIONS)
    assert {card.theme for card in cards} <= set(text.THEMES)
    assert set(text.STATES) == {"ok", "approx", "secret", "absent"}


class Seen(HTMLParser):
    """Tags and text that a browser would see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@settings(deadline=None)
@given(sentences)
def test_escaped_html_shows_as_it_is(sentence: str) -> None:
    """In the text of an element and within the quotes of an attribute."""
    escaped = text.escape_html(sentence)
    seen = Seen()
    seen.feed(f"<p>{escaped}</p>")
    seen.close()
    assert seen.tags == ["p"]
    assert seen.text == sentence
    assert not set("<>\"'") & set(escaped)


GITHUB = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


@settings(deadline=None)
@given(sentences)
def test_escaped_markdown_shows_as_it_is(sentence: str) -> None:
    """A reference parser gives back the text itself: no tag, link, emphasis, heading or list."""
    shown = GITHUB.render(f"x{text.escape_markdown(sentence)}x")
    assert shown.startswith("<p>x")
    inner = shown.removeprefix("<p>").removesuffix("</p>\n")
    assert "<" not in inner
    assert html.unescape(inner).split() == f"x{sentence}x".split()


@settings(deadline=None)
@given(sentences)
def test_escaped_markdown_holds_nothing_of_streamlits_own(sentence: str) -> None:
    """Formulas, colours, icons, emoji codes and bare addresses need marks that are all escaped."""
    escaped = text.escape_markdown(sentence)
    alone = re.sub(r"\\[!-/:-@\[-`{-~]", "", escaped)
    assert not set("$:[]@/&<>~`*_#|") & set(alone)
    assert "\n" not in escaped


@pytest.mark.parametrize(
    "start", ["# titre", "- liste", "+ liste", "1. liste", "> citation", "---", "==="]
)
def test_escaped_markdown_starts_no_block(start: str) -> None:
    shown = GITHUB.render(text.escape_markdown(start))
    assert shown == f"<p>{html.escape(start)}</p>\n"
