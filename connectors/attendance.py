"""What a visitor counted by territory: people reached, or resources spent, row by row.

Every row of the file is used or refused with its reason: none disappears. Codes that a spreadsheet
damaged are repaired and said; a name alone is believed only when one territory of the perimeter
bears it. A file that designates people is not read.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from connectors.cells import COMMUNE_CODE
from connectors.errors import ImportRejected
from connectors.fichier_local import LocalTable, shown
from connectors.personal import personal_columns, words
from connectors.territories import CITY, LOST_ZERO, MERGED, TIDIED, city_of, plain_name

Kind = Literal["people", "resources"]
LEAST = 5
"""A count of people below this, and not zero, is refused: it might designate somebody."""

TOO_SMALL = "moins de 5 : à regrouper ou à retirer"
EMPTY = "case vide : ni un zéro ni un nombre (écrivez 0 s'il n'y a eu personne)"
NOT_A_NUMBER = "ce n'est pas un nombre"
NOT_WHOLE = "des personnes se comptent en nombre entier"
NEGATIVE = "nombre négatif"
OUTSIDE = "commune hors du périmètre"
QUARTER_OUTSIDE = "quartier prioritaire inconnu ou hors du périmètre"
QUARTER_2015 = "code de quartier de 2015 : les contours de 2024 sont différents"
GROUPING = "code d'intercommunalité : il faut une ligne par commune ou par quartier"
UNKNOWN_CODE = "code inconnu (un code postal n'est pas un code Insee)"
POSTAL = "code postal : plusieurs communes peuvent le partager, donnez le code Insee"
UNKNOWN_NAME = "nom absent du périmètre : donnez le code Insee"
SHARED_NAME = "nom porté par plusieurs territoires du périmètre : donnez le code"
DISAGREE = "le code et le nom désignent deux communes différentes"
TOTAL = "ligne de total : elle compterait tout le monde deux fois"
NO_PLACE = "aucun territoire sur la ligne"

BY_NAME = "reconnu par son nom, unique dans le périmètre"

_CODE_TITLES = re.compile(r"\b(code|insee|codgeo|depcom|cog)\b")
_NAME_TITLES = re.compile(r"\b(communes?|villes?|territoires?|quartiers?|qpv|noms?|libelle)\b")
_AMOUNT_TITLES = re.compile(
    r"\b(nombre|nb|effectifs?|personnes?|beneficiaires?|participants?|touchees?|presents?|venues?"
    r"|depistes?|vaccines?|inscrits?|seances?|heures?|etp|euros?|montants?|quantite|places?|total)\b"
)
_LABEL_TITLES = re.compile(r"\b(actions?|ateliers?|programmes?|dispositifs?|intitule|theme)\b")
_COMMUNE = re.compile(COMMUNE_CODE)
_QUARTER = re.compile(r"QN[0-9A-Z]{3}\d{2}[A-Z]")
_OLD_QUARTER = re.compile(r"QP[0-9A-Z]{3}\d{3}")
_CODE_AND_NAME = re.compile(r"(\S+)\s*[-–:]?\s+(\D+)")
_TOTALS = frozenset({"total", "totaux", "ensemble", "total general", "somme"})


@dataclass(frozen=True)
class Places:
    """What a row may name: ``inside``, the communes of the perimeter (code -> name); ``quarters``,
    its priority neighbourhoods; ``communes``, every commune of today; ``former``, old codes."""

    inside: Mapping[str, str]
    quarters: Mapping[str, str]
    communes: Collection[str]
    former: Mapping[str, str]

    def named(self) -> dict[str, list[tuple[str, str]]]:
        """Plain name -> the (level, code) that bear it."""
        found: dict[str, list[tuple[str, str]]] = {}
        for level, names in (("commune", self.inside), ("qpv", self.quarters)):
            for code, name in names.items():
                found.setdefault(plain_name(name), []).append((level, code))
        return found


@dataclass(frozen=True)
class Columns:
    """Which column holds what; ``name`` checks the code, or stands in for it."""

    place: str
    amount: str
    name: str | None = None
    label: str | None = None


@dataclass(frozen=True)
class Attendance:
    """What a file says, once read: rows in = rows of ``used`` + rows of ``refused``.

    ``used``: line, level (commune, qpv), code, label, amount. ``refused``: line, written, code
    (empty when the territory itself is refused), label, reason. ``repaired``: line, written, code,
    what; those rows are used too.
    """

    used: pd.DataFrame
    refused: pd.DataFrame
    repaired: pd.DataFrame

    @property
    def rows(self) -> int:
        """Rows that the file holds."""
        return len(self.used) + len(self.refused)


@dataclass(frozen=True)
class _Place:
    level: str
    code: str
    repair: str = ""


class _Refused(Exception):
    """One row is refused; the message is its reason."""


def check_columns(table: LocalTable) -> None:
    """Raises ImportRejected for columns that cannot be told apart: the same title twice, or none."""
    if table.repeated:
        reason = f"deux colonnes ont le même titre : {shown(table.repeated[0])}."
        raise ImportRejected(table.name, reason, "Renommez l'une des deux.")
    if table.untitled:
        reason = f"ligne {table.untitled}, une case est remplie sous une colonne sans titre."
        raise ImportRejected(table.name, reason, "Donnez un titre à la colonne, ou videz-la.")


def check_nobody(table: LocalTable, places: Places) -> None:
    """Raises ImportRejected when a column designates people: then nothing of the file is read."""
    names = {words(name) for group in (places.inside, places.quarters) for name in group.values()}
    found = personal_columns(table.rows, names)
    if not found:
        return
    listed = " ; ".join(f"« {shown(column)} » ({what})" for column, what in found.items())
    raise ImportRejected(
        table.name,
        f"des colonnes désignent des personnes : {listed}. Rien n'a été lu.",
        "Retirez-les, comptez les personnes par commune ou par quartier, et déposez ce compte.",
    )


def guess_columns(table: LocalTable) -> Columns | None:
    """Which column holds what, by the titles; None when no territory or no number is found."""
    titles = {column: words(column) for column in table.columns}
    codes = [c for c, said in titles.items() if _CODE_TITLES.search(said) and "postal" not in said]
    named = [
        column
        for column, said in titles.items()
        if _NAME_TITLES.search(said) and column not in codes and not _LABEL_TITLES.search(said)
    ]
    labels = [c for c, said in titles.items() if _LABEL_TITLES.search(said) and c not in codes]
    amounts = [
        column
        for column, said in titles.items()
        if _AMOUNT_TITLES.search(said) and column not in (*codes, *named, *labels)
    ]
    places = [*codes, *named]
    others = [c for c in table.columns if c not in (*places, *labels)]
    amount = next(iter(amounts), None) or next(
        filter(lambda c: _is_numeric(table, c), others), None
    )
    if not places or amount is None:
        return None
    name = named[0] if codes and named else None
    return Columns(places[0], amount, name, labels[0] if labels else None)


def _is_numeric(table: LocalTable, column: str) -> bool:
    cells = table.rows[column][table.rows[column] != ""]
    return bool(len(cells)) and bool(cells.map(lambda cell: _number(cell) is not None).mean() > 0.5)


def read_attendance(table: LocalTable, columns: Columns, places: Places, kind: Kind) -> Attendance:
    """Every row of ``table``, used or refused. ``people`` are whole numbers, zero or at least 5."""
    named = places.named()
    postal = "postal" in words(columns.place)
    used, refused, repaired = [], [], []
    wanted = (columns.place, columns.name, columns.amount, columns.label)
    cells = (table.rows[one] if one else [""] * len(table.rows) for one in wanted)
    for line, cell, name, amount, label in zip(table.rows.index, *cells, strict=True):
        written = shown(cell or name)
        try:
            if postal and re.search(r"\d", cell):
                raise _Refused(POSTAL)
            place = _place(cell, name, places, named)
        except _Refused as refusal:
            refused.append((line, written, "", label, str(refusal)))
            continue
        try:
            used.append((line, place.level, place.code, label, _amount(amount, kind)))
        except _Refused as refusal:
            refused.append((line, written, place.code, label, str(refusal)))
            continue
        if place.repair:
            repaired.append((line, written, place.code, place.repair))
    return Attendance(
        pd.DataFrame(used, columns=["line", "level", "code", "label", "amount"]),
        pd.DataFrame(refused, columns=["line", "written", "code", "label", "reason"]),
        pd.DataFrame(repaired, columns=["line", "written", "code", "what"]),
    )


def _amount(cell: str, kind: Kind) -> float:
    if cell == "":
        raise _Refused(EMPTY)
    value = _number(cell)
    if value is None:
        raise _Refused(NOT_A_NUMBER)
    if value < 0:
        raise _Refused(NEGATIVE)
    if kind == "people" and not value.is_integer():
        raise _Refused(NOT_WHOLE)
    if kind == "people" and 0 < value < LEAST:
        raise _Refused(TOO_SMALL)
    return value


def _number(cell: str) -> float | None:
    """A number as French spreadsheets write it, below a thousand billion; None for anything else."""
    text = re.sub(r"\s", "", cell).replace(",", ".").removesuffix("€")
    return float(text) if re.fullmatch(r"[-+]?\d{1,12}(\.\d{1,6})?", text) else None


def _place(
    cell: str, name: str, places: Places, named: Mapping[str, list[tuple[str, str]]]
) -> _Place:
    """The territory that a row names, by its code first. Raises _Refused."""
    if not cell and not name:
        raise _Refused(NO_PLACE)
    if words(cell) in _TOTALS or (not cell and words(name) in _TOTALS):
        raise _Refused(TOTAL)
    both = _CODE_AND_NAME.fullmatch(cell)
    if both and not name and re.search(r"\d", both[1]):
        cell, name = both[1], both[2]
    try:
        place = _by_code(cell, places)
    except _Refused as refusal:
        by_name = _by_name(name or cell, named)
        if by_name is not None and str(refusal) == UNKNOWN_CODE:
            return by_name
        raise
    if name and place is not None:
        other = named.get(plain_name(name), [])
        if other and (place.level, place.code) not in other:
            raise _Refused(DISAGREE)
    if place is not None:
        return place
    found = _by_name(name or cell, named)
    if found is None:
        raise _Refused(UNKNOWN_NAME)
    return found


def _by_name(name: str, named: Mapping[str, list[tuple[str, str]]]) -> _Place | None:
    bearers = named.get(plain_name(name), [])
    if len(bearers) > 1:
        raise _Refused(SHARED_NAME)
    return _Place(*bearers[0], BY_NAME) if bearers else None


def _by_code(cell: str, places: Places) -> _Place | None:
    """The territory of a code; None when the cell is no code at all. Raises _Refused."""
    code = re.sub(r"[\s'’\"]", "", cell).upper().removesuffix(".0")
    repair = "" if code == cell else TIDIED
    if _OLD_QUARTER.fullmatch(code):
        raise _Refused(QUARTER_2015)
    if code in places.quarters:
        return _Place("qpv", code, repair)
    if _QUARTER.fullmatch(code):
        raise _Refused(QUARTER_OUTSIDE)
    if re.fullmatch(r"\d{9}", code):
        raise _Refused(GROUPING)
    if re.fullmatch(r"\d{4}", code):
        code, repair = f"0{code}", LOST_ZERO
    if not _COMMUNE.fullmatch(code):
        if re.fullmatch(r"\d+", code):
            raise _Refused(UNKNOWN_CODE)
        return None
    return _commune(code, repair, places)


def _commune(code: str, repair: str, places: Places) -> _Place:
    if code not in places.communes:
        city = city_of(code)
        now = city or places.former.get(code)
        if now is None:
            raise _Refused(UNKNOWN_CODE)
        code, repair = now, CITY if city else MERGED
    if code not in places.inside:
        raise _Refused(OUTSIDE)
    return _Place("commune", code, repair)
