"""Numbers as people write them, cell by cell: a value, a secret, an absence, or a refusal."""

from __future__ import annotations

import re

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

OK, SECRET, ABSENT, REFUSED = "ok", "secret", "absent", "refuse"

BLANK = "case vide"
NOT_A_NUMBER = "ce n'est ni un nombre ni un signe connu"
FORMULA = "formule ou lien, jamais exécuté"
TOO_BIG = "nombre démesuré"

_PLAIN = r"^[-+]?\d{1,15}([.,]\d{1,15})?$"
_GROUPED = re.compile(r"([-+]?)(\d{1,3}(?:[ .']\d{3})+|\d{1,15})(?:([.,])(\d{1,15}))?")
_SPACES = re.compile(r"[ .']")
_ENGLISH = re.compile(r"[-+]?\d{1,3}(,\d{3})+\.\d+|[-+]?\d{1,3}(,\d{3}){2,}")
_SCIENTIFIC = re.compile(r"[-+]?\d(\.\d{1,16})?[eE][-+]?\d{1,2}")
_AFTER = re.compile(r"\s*(%|‰|€|euros?|hab\.?|habitants?|ans|km|min|etp)$", re.I)
_FORMULA = re.compile(r"^[=@]|^\+[A-Za-z]|https?://", re.I)
_MASKED = re.compile(r"(<|inf[ée]rieur à|moins de|inf\.? à)\s?=?\s?\d+( .*)?", re.I)
_SENTINELS = frozenset({"-9999", "-99999", "-9999.0", "-9999,0"})
_SAID: dict[str, tuple[str, str]] = {
    **dict.fromkeys(
        ("s", "s.", "ss", "s.s.", "secret", "secret statistique", "c", "conf", "confidentiel", "***",
         "n/a - secret statistique", "sec", "masqué", "masquee", "zéro ou masqué"),
        (SECRET, "secret statistique du producteur"),
    ),
    **dict.fromkeys(("nc", "n.c.", "n.c", "non communiqué"), (SECRET, "non communiqué par le producteur")),
    **dict.fromkeys(("ns", "n.s.", "n.s", "non significatif"), (ABSENT, "non significatif selon le producteur")),
    **dict.fromkeys(
        ("nd", "n.d.", "n.d", "na", "n/a", "#n/a", "#na", "nan", "null", "none", "-", "–", "—", "…", "...", "..",
         ".", "/", "non disponible", "non renseigné", "nr", "n.r.", "indisponible", "manquant", "sans objet",
         "so", "s.o.", "n/a - résultat non disponible", "n/a - division par 0", "#div/0!", "#valeur!", "#value!",
         "#ref!", "#nom?", "#name?", "#nul!", "#null!", "#num!", "#nombre!", "?", ":"),
        (ABSENT, "non disponible chez le producteur"),
    ),
}  # fmt: skip


def read_numbers(cells: pd.Series) -> pd.DataFrame:
    """``value``, ``state`` (ok, secret, absent, refuse) and ``reason`` of each cell (same index)."""
    text = pa.array(cells, pa.string())
    plain = pc.match_substring_regex(text, _PLAIN).to_numpy(zero_copy_only=False)
    value = pd.Series(float("nan"), index=cells.index)
    state = pd.Series(OK, index=cells.index, dtype=object)
    reason = pd.Series("", index=cells.index, dtype=object)
    simple = plain & ~cells.isin(_SENTINELS).to_numpy()
    numbers = pc.replace_substring(text.filter(pa.array(simple)), ",", ".")
    value[simple] = pc.cast(pc.utf8_ltrim(numbers, "+"), pa.float64()).to_numpy()
    odd = cells[~simple]
    read = {one: _read(one) for one in odd.unique()}
    value[~simple] = [read[one][0] for one in odd]
    state[~simple] = [read[one][1] for one in odd]
    reason[~simple] = [read[one][2] for one in odd]
    return pd.DataFrame({"value": value, "state": state, "reason": reason})


def _read(cell: str) -> tuple[float, str, str]:
    """One cell that is not a plain number."""
    nothing = float("nan")
    text = " ".join(cell.split()).replace("−", "-")
    if not text:
        return nothing, ABSENT, BLANK
    if text in _SENTINELS:
        return nothing, ABSENT, "non disponible chez le producteur"
    said = _SAID.get(text.lower())
    if said is not None:
        return nothing, *said
    if _MASKED.fullmatch(text):
        return nothing, SECRET, f"effectif masqué par le producteur ({text})"
    if _FORMULA.search(text):
        return nothing, REFUSED, FORMULA
    if text.lower().startswith("n/a"):
        hidden = "secret" in text.lower()
        return nothing, SECRET if hidden else ABSENT, "non disponible chez le producteur"
    number = _number(_AFTER.sub("", text))
    if number is None:
        return nothing, REFUSED, NOT_A_NUMBER
    return number, OK, ""


def _number(text: str) -> float | None:
    if _ENGLISH.fullmatch(text):
        return float(text.replace(",", ""))
    if _SCIENTIFIC.fullmatch(text):
        return float(text)
    found = _GROUPED.fullmatch(text)
    if found is None:
        return None
    sign, whole, _, decimals = found.groups()
    return float(f"{sign}{_SPACES.sub('', whole)}.{decimals or 0}")
