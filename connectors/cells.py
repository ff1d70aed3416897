"""Cells of Insee's and DREES's tables: commune codes, numbers and the state of what is no number."""

from __future__ import annotations

import math

import pandas as pd

from connectors.cards import DATA
from connectors.columns import VINTAGE, rename
from connectors.errors import SchemaDrift
from connectors.text_files import SHOWN, Place

COMMUNE_CODE = r"[0-9][0-9AB][0-9]{3}"
SPACES = r"[\s\u202f\u00a0]"
# What producers write where there is no number.
TOKENS = {
    **dict.fromkeys(("s", "ns", "secret", "N/A - secret statistique"), "secret"),
    **dict.fromkeys(("", "nd", "N/A - résultat non disponible", "N/A - division par 0"), "absent"),
}


def rename_as_known(frame: pd.DataFrame, place: Place) -> pd.DataFrame:
    """Our names for the columns of ``frame``; a vintage not described is held to the last one that is.

    Raises SchemaDrift in the name of the vintage read, so that a new edition names what it moved.
    """
    described = pd.read_csv(DATA / "columns" / f"{place.table}.csv", dtype=str)[VINTAGE].tolist()
    known = place.vintage if place.vintage in described else str(described[-1])
    try:
        return rename(frame, place.source_id, place.table, known)
    except SchemaDrift as drift:
        raise SchemaDrift(
            place.source_id, place.table, place.vintage, missing=drift.missing, extra=drift.extra
        ) from drift


def commune_codes(cells: pd.Series, place: Place) -> pd.Series:
    """Codes as five characters; a spreadsheet's number (1001, 1001.0) gets its zero back.

    Raises SourceUnavailable naming the first codes that are no commune's.
    """
    text = cells.astype(str).str.strip().str.replace(r"\.0$", "", regex=True)
    text = text.mask(text.str.fullmatch(r"[0-9]{4}"), "0" + text)
    _refuse(text[~text.str.fullmatch(COMMUNE_CODE)], cells.name, "codes mal formés", place)
    return text


def numbers(cells: pd.Series, place: Place) -> tuple[pd.Series, pd.Series]:
    """Values and states ('ok', 'secret', 'absent') of ``cells``: a token is never a zero.

    A decimal comma and spaces between thousands are read. Raises SourceUnavailable for other text.
    """
    values = pd.to_numeric(cells, errors="coerce").replace([math.inf, -math.inf], math.nan)
    state = pd.Series("ok", index=cells.index)
    odd = values.isna()
    if odd.any():
        text = cells[odd].fillna("").astype(str).str.strip()
        plain = text.str.replace(SPACES, "", regex=True).str.replace(",", ".")
        values[odd] = pd.to_numeric(plain, errors="coerce")
        state[odd] = text.map(TOKENS).fillna("ok")
        wrong = text[(state[odd] == "ok") & values[odd].isna()]
        _refuse(wrong, cells.name, "valeurs inattendues", place)
    return values, state


def _refuse(wrong: pd.Series, column: object, what: str, place: Place) -> None:
    if len(wrong):
        shown = ", ".join(f"« {cell} »" for cell in wrong.unique()[:SHOWN])
        raise place.refusal(f"colonne {column} : {len(wrong)} {what}, dont {shown}.")
