"""Filosofi as insee.fr publishes it, one wide file a level and a year (2017 to 2021).

Three families, told apart by their columns: ``cc_filosofi_<year>_COM`` (communes, ``s`` for a
secret), ``FILO<year>_DISP_<level>`` (each level's own median and deciles, a blank for a secret) and
``FILO<year>_DISP_PAUVRES_<level>`` (poverty rates, known inside Insee's zip alone). The level is
told by the codes.
"""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Iterable

import pandas as pd

from connectors.base import Download, RawFile, Recognition, Sample, Scope
from connectors.cards import DATA, SourceCard
from connectors.columns import VINTAGE
from connectors.errors import SourceUnavailable
from connectors.insee_files import (
    expect_kind,
    read_text_table,
    refuse_repeats,
    rename_known,
    unavailable,
    whole_codes,
)

SOURCE = "insee_filosofi_fichiers"
TABLE = "filosofi_fichiers"
MEMBER = re.compile(
    r"(?:.*/)?(?:cc_filosofi_(?P<cc>20\d\d)_COM"
    r"|FILO(?P<disp>20\d\d)_DISP_(?P<poor>PAUVRES_)?(?:COM|EPCI|DEP|REG|METROPOLE))\.csv",
    re.I,
)
# Columns that one family has and no other file of Insee, each before the two digits of its year.
FAMILIES = {
    "cc": ("NBPERSMENFISC", "TP60TOL1", "TP60AGE1", "PPLOGT", "PIMPOT", "RD"),
    "disp": ("NBUC", "Q1", "Q3", "D4", "D6", "GI"),
}
ENOUGH = 3
SECRET, ABSENT = "s", "nd"
FIGURES = (
    "personnes",
    "mediane_niveau_vie",
    "taux_pauvrete",
    "premier_decile",
    "neuvieme_decile",
    "rapport_interdecile",
)
METROPOLE = "1"
REGION_NAMES = {"11": "Île-de-France", "24": "Centre-Val de Loire", "32": "Hauts-de-France"}
ARRONDISSEMENT = re.compile(r"751[012]\d|6938\d|132[01]\d")


def recognise(sample: Sample) -> Recognition | None:
    """One of the three families, by its columns (or by the members of Insee's zip)."""
    if sample.kind == "zip":
        found = [match for name in sample.members if (match := MEMBER.fullmatch(name))]
        if not found:
            return None
        return Recognition(SOURCE, "archive", found[0]["cc"] or found[0]["disp"])
    family = family_of(sample.columns) if sample.kind == "csv" else None
    return Recognition(SOURCE, *family) if family else None


def family_of(columns: Iterable[str]) -> tuple[str, str] | None:
    """Family and year of a file, by most of the columns that tell it: one may have moved."""
    dated = [match for column in columns if (match := re.fullmatch(r"([A-Z0-9]+?)(\d\d)", column))]
    for family, stems in FAMILIES.items():
        years = Counter(match[2] for match in dated if match[1] in stems)
        if years.total() >= ENOUGH:
            return family, f"20{years.most_common(1)[0][0]}"
    return None


def parse(raw: RawFile, found: Recognition) -> dict[str, pd.DataFrame]:
    """Table ``filosofi_fichiers``: a row a territory, figures as published (text).

    A secret is the token ``s``, whatever the file wrote; what does not exist is missing. Raises
    SourceUnavailable, SchemaDrift.
    """
    kind = expect_kind(raw, SOURCE, "csv", "zip")
    members: list[str | None] = [None]
    if kind == "zip":
        with zipfile.ZipFile(raw.path) as archive:
            members = [name for name in archive.namelist() if MEMBER.fullmatch(name)]
    frames = [_read(raw, member, found) for member in members]
    return {TABLE: _side_by_side(frames)}


def _read(raw: RawFile, member: str | None, found: Recognition) -> pd.DataFrame:
    name = member or raw.name
    frame = read_text_table(raw, SOURCE, ";", member)
    family = _announced(member) or family_of(frame.columns) or (found.dataset, found.vintage)
    vintage = "_".join(family)
    if vintage not in _described():
        raise SourceUnavailable(
            SOURCE,
            f"le millésime {family[1]} de {name} n'est pas décrit.",
            f"Ajoutez une ligne {vintage} à data/columns/{TABLE}.csv.",
        )
    labels = frame.get("LIBGEO")
    known = rename_known(frame, SOURCE, TABLE, vintage)
    level = _level(known["codgeo"], labels, name)
    codes = whole_codes(known["codgeo"], level)
    if level == "france":
        codes = codes.replace(METROPOLE, "FM")
    levels = codes.str.fullmatch(ARRONDISSEMENT.pattern).map({True: "arm", False: level})
    figures = {
        column: _tokens(known[column], family[0]) if column in known else None for column in FIGURES
    }
    table = pd.DataFrame(
        {"niveau": levels, "codgeo": codes, "annee": family[1], **figures}, dtype="str"
    )
    refuse_repeats(table, ["niveau", "codgeo"], SOURCE, name)
    return table


def _announced(member: str | None) -> tuple[str, str] | None:
    """Family and year of a zip's member, whose name is Insee's own; None for a file alone."""
    match = MEMBER.fullmatch(member or "")
    if match is None:
        return None
    if match["cc"]:
        return "cc", match["cc"]
    return ("pauvres" if match["poor"] else "disp"), match["disp"]


def _described() -> set[str]:
    path = DATA / "columns" / f"{TABLE}.csv"
    return set(pd.read_csv(path, dtype=str)[VINTAGE])


def _tokens(cells: pd.Series, family: str) -> pd.Series:
    """Figures and ``s``. Files of deciles leave a blank where a territory is too small to tell."""
    text = cells.str.strip()
    if family != "cc":
        return text.replace("", SECRET)
    return text.mask(text.isin(["", ABSENT]))


def _level(codes: pd.Series, labels: pd.Series | None, name: str) -> str:
    """Level of a file by its codes; a région and a département of two digits, by their names."""
    lengths = set(codes.str.strip().str.len())
    if lengths == {9}:
        return "epci"
    if lengths and lengths <= {4, 5}:
        return "commune"
    if set(codes) == {METROPOLE}:
        return "france"
    if labels is not None and lengths and lengths <= {1, 2, 3}:
        named = dict(zip(codes, labels, strict=True))
        if any(named.get(code) == label for code, label in REGION_NAMES.items()):
            return "region"
        return "departement"
    raise unavailable(SOURCE, f"les codes de {name} ne sont d'aucun niveau connu.")


def _side_by_side(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Files of one zip as one table: medians beside poverty rates of the same territories."""
    whole = pd.concat(frames, ignore_index=True)
    key = ["niveau", "codgeo", "annee"]
    if len(frames) == 1:
        return whole
    return whole.groupby(key, as_index=False, sort=False).first()[[*key, *FIGURES]]


def downloads(card: SourceCard, scope: Scope) -> list[Download]:
    """One file a vintage, the whole country: Insee has none by département."""
    return [Download(url, f"filosofi_{name}.zip") for name, url in card.urls.items()]
