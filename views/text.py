"""French wording shared by all screens: numbers, units, states, lists, safe text."""

from __future__ import annotations

import html
import math
import re
import unicodedata
from collections.abc import Sequence

NARROW = "\u202f"  # espace fine insécable : milliers, avant % ; ! ?
NO_BREAK = "\u00a0"

# After the label of every figure that a visitor imported.
LOCAL_MARK = "(donnée locale)"

LEVELS = {
    "commune": "commune",
    "arm": "arrondissement municipal",
    "epci": "intercommunalité",
    "ept": "établissement public territorial",
    "departement": "département",
    "region": "région",
    "france": "pays",
    "petr": "PETR ou pôle métropolitain",
    "qpv": "quartier prioritaire",
}

THEMES = {
    "population": "Population",
    "determinants": "Déterminants sociaux",
    "environnement": "Environnement",
    "etat_sante": "État de santé",
    "enfance": "Enfance et familles",
    "prevention": "Prévention",
    "offre": "Offre et accès aux soins",
    "autonomie": "Autonomie et handicap",
}

DIRECTIONS = {
    "defavorable": "plus la valeur est haute, moins la situation est favorable",
    "favorable": "plus la valeur est haute, plus la situation est favorable",
    "neutre": "ni favorable ni défavorable : à lire dans son contexte",
    "ambigu": "sens ambigu : à ne pas lire comme bon ou mauvais",
}

STATES = {
    "ok": "",
    "approx": "approché",
    "secret": "secret statistique",
    "absent": "pas de chiffre",
}


def number(value: float | None, decimals: int = 0, *, signed: bool = False) -> str:
    """``value`` as French text: decimal comma, narrow no-break thousands; a dash when missing."""
    if value is None or not math.isfinite(value):
        return "–"
    rounded = round(float(value), decimals) + 0.0
    text = f"{abs(rounded):,.{decimals}f}".replace(",", NARROW).replace(".", ",")
    if rounded < 0:
        return f"\u2212{text}"
    return f"+{text}" if signed and rounded > 0 else text


# Units that name what the number is, and are not said after it.
BARE_UNITS = frozenset({"indice", "rapport", "score"})


def unit_text(unit: str) -> str:
    """Unit with the space that goes before it; nothing for a bare number."""
    if unit in BARE_UNITS:
        return ""
    return f"{NARROW}%" if unit == "%" else f" {unit}"


def quantity(
    value: float | None, unit: str, decimals: int = 0, *, signed: bool = False, short: bool = False
) -> str:
    """Number and unit: « 98,0 % », « 25 920 € par an ». ``short`` drops a long unit."""
    text = number(value, decimals, signed=signed)
    if text == "–":
        return text
    if unit.startswith("€"):
        return f"{text}{NO_BREAK}€" if short else f"{text}{NO_BREAK}{unit}"
    if short and unit != "%":
        return text
    return f"{text}{unit_text(unit)}"


def gap_text(gap: float, unit: str, decimals: int = 0) -> str:
    """Size of a gap between two values: percentages differ by points, « 5,2 points »."""
    size = number(abs(gap), decimals)
    if unit == "%":
        return f"{size}{NO_BREAK}point{'s' if abs(gap) >= 2 else ''}"
    return quantity(abs(gap), unit, decimals, short=True)


def percent(share: float | None, decimals: int = 1) -> str:
    """A share between 0 and 1 as « 98,0 % »."""
    text = number(None if share is None else 100 * share, decimals)
    return text if text == "–" else f"{text}{NARROW}%"


def count_of(number_of: int, singular: str, plural: str | None = None) -> str:
    """« 1 commune », « 13 communes »; zero is singular, as French has it."""
    word = singular if abs(number_of) < 2 else (plural or f"{singular}s")
    return f"{number(number_of)}{NO_BREAK}{word}"


def joined(items: Sequence[str]) -> str:
    """« a, b et c »."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} et {items[-1]}"


_NUMBER_IN_NAME = re.compile(r"\d+")


def alphabetical(name: str) -> str:
    """Sort key of a name in French order: accents and case do not move it, 2 comes before 10."""
    stripped = unicodedata.normalize("NFKD", name)
    plain = "".join(one for one in stripped if not unicodedata.combining(one)).casefold()
    return _NUMBER_IN_NAME.sub(lambda found: found[0].zfill(3), plain)


def escape_html(text: str) -> str:
    """Text that HTML shows as it is."""
    return html.escape(text, quote=True)


_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:^=@&/])")


def escape_markdown(text: str) -> str:
    """Text that Streamlit's Markdown shows as it is: no link, HTML, colour, icon or formula."""
    return _MARKDOWN.sub(r"\\\1", text.replace("\n", " "))


def period_text(period: str) -> str:
    """A period as a user reads it: « 2025-09-01/2026-08-31 » gives « sept. 2025 – août 2026 »."""
    months = (
        "janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.",
    )  # fmt: skip
    found = re.fullmatch(r"(\d{4})-(\d\d)-\d\d/(\d{4})-(\d\d)-\d\d", period)
    if found is None:
        return period.replace("-", "\u2013")
    first_year, first_month, last_year, last_month = (int(part) for part in found.groups())
    return f"{months[first_month - 1]} {first_year} – {months[last_month - 1]} {last_year}"


def members_text(communes: int, arrondissements: int) -> str:
    """« 13 communes », « 1 arrondissement », « 2 communes et 1 arrondissement »."""
    said = []
    if communes or not arrondissements:
        said.append(count_of(communes, "commune"))
    if arrondissements:
        said.append(count_of(arrondissements, "arrondissement"))
    return joined(said)


def place_word(communes: int, arrondissements: int) -> str:
    """What the places of a perimeter are called, one by one."""
    if not arrondissements:
        return "commune"
    return "territoire" if communes else "arrondissement"


def departement_text(name: str | None, code: str | None) -> str:
    """« Val-d'Oise (95) », or nothing."""
    return f"{name} ({code})" if name and code else ""
