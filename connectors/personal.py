"""Columns that designate people, known by their title or by what their cells look like."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

import pandas as pd

# Title (no accent, lower case, words apart) -> what the column holds.
_TITLES: tuple[tuple[str, str], ...] = (
    (r"\bprenoms?\b", "des prénoms"),
    (r"\b(date|annee|lieu|commune|ville|pays) (de )?naissance\b|\bnaissance\b", "une naissance"),
    (r"\bnee? le\b|\bne e le\b|\bddn\b", "une date de naissance"),
    (r"\bnir\b|\bnss\b|\bn ss\b|securite sociale|carte vitale|\bnumero secu\b", "un numéro de sécurité sociale"),
    (r"\bipp\b|\bins\b|\bmatricule\b|\b(numero|n|id|identifiant) (de )?(dossier|patient|usager|beneficiaire|allocataire)\b", "un identifiant de personne"),
    (r"\be ?mails?\b|\bmails?\b|\bcourriels?\b|\bmel\b|adresse electronique", "une adresse électronique"),
    (r"\btel(ephone)?s?\b|\bportable\b|\bmobile\b|\bgsm\b", "un téléphone"),
    (r"\badresses?\b|\brue\b|\bvoie\b|\bdomicile\b", "une adresse"),
    (r"\bpatronyme\b|\bidentite\b|\bnom (et )?prenom", "des noms de personnes"),
)  # fmt: skip
_NAME = re.compile(r"\bnoms?\b")
# After these words a name is not somebody's.
_NOT_PEOPLE = re.compile(
    r"\b(communes?|villes?|territoires?|quartiers?|qpv|epci|intercommunalites?|departements?|regions?"
    r"|actions?|ateliers?|lieux?|structures?|programmes?|dispositifs?|iris)\b"
)
_CELLS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\S+@\S+\.\w+"), "une adresse électronique"),
    (re.compile(r"(?<!\d)(?:\+33|0033|0)[ .-]?[1-9](?:[ .-]?\d\d){4}(?!\d)"), "un téléphone"),
    (
        re.compile(
            r"(?<!\d)[12] ?\d\d ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d\d|2[AB]) ?\d{3} ?\d{3}(?: ?\d\d)?(?!\d)"
        ),
        "un numéro de sécurité sociale",
    ),
    (
        re.compile(
            r"(?<!\d)\d{1,4} ?(?:bis|ter)?,? (?:rue|avenue|av\.?|boulevard|bd|allee|place|impasse|chemin"
            r"|route|square|cite|residence|quai|cours)\b",
            re.I,
        ),
        "une adresse",
    ),
    (re.compile(r"^(?:m\.|mr\.?|mme|mlle|monsieur|madame|mademoiselle) \w", re.I), "des noms de personnes"),
)  # fmt: skip
_DATE = re.compile(r"\d{4}-\d\d-\d\d(T[\d:.]+)?|\d{1,2}[/.-]\d{1,2}[/.-](\d\d|\d{4})")
DATES = "des dates, qui désignent des personnes ou le jour de leur venue"


def words(text: str) -> str:
    """``text`` without accents, case nor punctuation, words apart by one space."""
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return " ".join(re.findall(r"[a-z0-9]+", bare.lower()))


def personal_columns(rows: pd.DataFrame, places: Collection[str] = ()) -> dict[str, str]:
    """Title of each column that designates people -> what it seems to hold, in French.

    ``places``: names of territories, as :func:`words` writes them: a column « Nom » that holds
    mostly those names communes, not people. One suspect cell is enough; dates must be most cells.
    """
    found = {}
    for column in rows.columns:
        cells = rows[column][rows[column] != ""]
        reason = _by_title(str(column), cells, places) or _by_cells(cells)
        if reason:
            found[str(column)] = reason
    return found


def _by_title(title: str, cells: pd.Series, places: Collection[str]) -> str:
    said = words(title)
    for pattern, what in _TITLES:
        if re.search(pattern, said):
            return what
    if _NAME.search(said) and not _NOT_PEOPLE.search(said):
        named = cells.map(words).isin(set(places))
        return "" if len(cells) and named.mean() >= 0.5 else "des noms de personnes"
    return ""


def _by_cells(cells: pd.Series) -> str:
    for pattern, what in _CELLS:
        if cells.str.contains(pattern).any():
            return what
    if len(cells) and cells.map(lambda cell: bool(_DATE.fullmatch(cell))).mean() >= 0.5:
        return DATES
    return ""
