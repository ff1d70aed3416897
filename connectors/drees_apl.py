"""DREES, APL workbooks of five professions: a sheet a year, « APL 2023 », a commune a row.

Seen: the real workbook of médecins généralistes (2022, 2023). The headers of the four other
professions, and those with 62 and 60 years, come from programs of third parties that read them.
"""

from __future__ import annotations

import re

import pandas as pd

from connectors.base import Download, RawFile, Recognition, Sample, Scope
from connectors.cards import DATA, SourceCard
from connectors.cells import commune_codes, numbers
from connectors.columns import VINTAGE, column_map
from connectors.errors import SchemaDrift
from connectors.text_files import Place, refuse_repeated, table_columns
from connectors.workbooks import Workbook, open_workbook

SOURCE = "drees_apl_classeur"
TABLE = "apl_classeur"
SHEET = re.compile(r"APL (20\d\d)")
CODE = "Code commune INSEE"
YEAR_IN_HEADER = re.compile(r"\b20\d\d\b")
# What the header « APL aux … » of each profession contains.
PROFESSIONS = {
    "medecins_generalistes": "médecins généralistes",
    "infirmiers": "infirmi",
    "masseurs_kinesitherapeutes": "kinésithérapeutes",
    "chirurgiens_dentistes": "dentistes",
    "sages_femmes": "sages-femmes",
}
CONSULTATIONS, FULL_TIME = ("consultation",), ("ETP", "temps plein")


def recognise(sample: Sample) -> Recognition | None:
    """A workbook with « Paramètres » and sheets « APL <year> »; the profession is read in its cells."""
    years = [match[1] for name in sample.members if (match := SHEET.fullmatch(name))]
    if sample.kind != "xlsx" or not years or "Paramètres" not in sample.members:
        return None
    return Recognition(SOURCE, TABLE, max(years), _profession_named(sample.head))


def _profession_named(texts: str) -> str:
    """The profession whose header « APL aux … » is among the first texts; empty when not one alone."""
    headers = " ".join(re.findall(r"APL aux .+", texts))
    found = [name for name, words in PROFESSIONS.items() if words in headers]
    return found[0] if len(found) == 1 else ""


def parse(raw: RawFile, found: Recognition) -> dict[str, pd.DataFrame]:
    """Every year of the workbook, a row a commune (arrondissements for Paris, Lyon, Marseille).

    Raises SourceUnavailable (damaged file, codes or numbers), SchemaDrift (sheets or columns moved).
    """
    workbook = open_workbook(raw, Place(found.source_id, TABLE, found.vintage))
    years = [match[1] for name in workbook.sheets if (match := SHEET.fullmatch(name))]
    if not years:
        raise workbook.drift(missing=["feuille « APL <année> »"])
    frame = pd.concat([_year(workbook, year) for year in years], ignore_index=True)
    return {TABLE: frame.assign(classeur=max(years))[table_columns(TABLE)]}


def downloads(card: SourceCard, scope: Scope) -> list[Download]:
    """The workbook of each profession: the name it has in 2026, then the one it had before."""
    return [
        Download(card.urls[name], f"apl_{name}.xlsx", (card.urls[f"{name}_ancien"],))
        for name in PROFESSIONS
    ]


def _year(workbook: Workbook, year: str) -> pd.DataFrame:
    frame = workbook.frame(f"APL {year}", CODE)
    frame.columns = [YEAR_IN_HEADER.sub("AAAA", name) for name in frame.columns]
    profession = _profession(workbook, list(frame.columns))
    frame = _renamed(frame, profession, year)
    frame = _data_rows(workbook, frame, profession)
    frame["codgeo"] = commune_codes(frame["codgeo"], workbook.place)
    frame["nom"] = frame["nom"].astype(str)
    state = numbers(frame["apl"], workbook.place)[1]
    for name in frame.columns.difference(["codgeo", "nom"]):
        frame[name] = numbers(frame[name], workbook.place)[0]
    refuse_repeated(frame, ["codgeo"], workbook.place)
    return frame.reindex(columns=table_columns(TABLE)).assign(
        profession=profession, annee=year, etat=state
    )


def _profession(workbook: Workbook, header: list[str]) -> str:
    named = " ".join(name for name in header if name.startswith("APL aux "))
    found = [name for name, words in PROFESSIONS.items() if words in named]
    if len(found) != 1:
        raise workbook.drift(missing=["APL aux <une profession>"])
    return found[0]


def _renamed(frame: pd.DataFrame, profession: str, year: str) -> pd.DataFrame:
    """Our names, by the described layout of ``profession`` that differs least from the sheet."""
    described = pd.read_csv(DATA / "columns" / f"{TABLE}.csv", dtype=str)[VINTAGE]
    layouts = [name for name in described if name.split(" ")[0] == profession]
    names = min(
        (column_map(TABLE, layout) for layout in layouts),
        key=lambda names: len(set(names) ^ set(frame.columns)),
    )
    missing = [name for name in names if name not in frame.columns]
    extra = [name for name in frame.columns if name not in names]
    if missing or extra:
        raise SchemaDrift(SOURCE, TABLE, f"{profession} {year}", missing=missing, extra=extra)
    return frame[list(names)].rename(columns=names)


def _data_rows(workbook: Workbook, frame: pd.DataFrame, profession: str) -> pd.DataFrame:
    """Rows under the line of units, without the notes that may close the sheet."""
    units = CONSULTATIONS if profession == "medecins_generalistes" else FULL_TIME
    first = "" if frame.empty else str(frame["apl"].iloc[0])
    if not any(unit in first for unit in units):
        raise workbook.drift(missing=[f"ligne des unités ({units[0]})"])
    frame = frame.iloc[1:]
    figures = frame[["apl", "population_standardisee", "population_totale"]]
    return frame[(figures != "").any(axis=1)].reset_index(drop=True)
