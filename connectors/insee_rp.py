"""Extracts of Insee's census and civil registers that third parties pass on, for the whole country.

The figures are Insee's, the files are not: an extract of RP 2021 repeats each commune once a
postcode and writes zeros for Mayotte, which that census leaves out; a table of RP 2022 has a line a
commune and socio-professional category, and none where the category is empty.
"""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from connectors.base import Download, RawFile, Recognition, Sample, Scope
from connectors.cards import SourceCard
from connectors.columns import column_map
from connectors.errors import SourceUnavailable
from connectors.insee_files import (
    drift,
    expect_kind,
    read_text_table,
    refuse_repeats,
    rename_known,
    unavailable,
)

SOURCE = "insee_rp_extraits"
COMMUNES, CATEGORIES, LABELS = "rp_communes", "rp_categories", "rp_categories_libelles"
VINTAGES = {COMMUNES: "2021", CATEGORIES: "2022", LABELS: "2022"}
# Enough of each file's columns to know it when one of the others moved.
SIGNATURES = {
    COMMUNES: {"insee_com", "population_2021", "pop_15_64_active_2021", "deces_2022"},
    CATEGORIES: {"code_commune", "code_csp", "population_csp"},
    LABELS: {"code_csp", "libelle_csp"},
}
MAYOTTE = "976"
CENSUS = ["population", "menages", "population_15_64", "chomeurs_15_64", "actifs_15_64"]
KINDS_OF_COMMUNE = ("COM", "ARM")
DELEGATED = "COMD"
# What the categories that Gradient shows must still mean.
MEANINGS = {"3": "Cadres", "5": "Employés", "6": "Ouvriers"}
TOTAL = "_T"
EXPECTED_CATEGORIES = {"1", "2", "3", "4", "5", "6", "7", "9", TOTAL}


def recognise(sample: Sample) -> Recognition | None:
    """One of the three files by most of its columns."""
    if sample.kind not in ("csv", "parquet"):
        return None
    columns = set(sample.columns)
    best = max(SIGNATURES, key=lambda table: _likeness(table, columns))
    if _likeness(best, columns) <= 0.5 or (sample.kind == "csv") != (best == COMMUNES):
        return None
    return Recognition(SOURCE, best, VINTAGES[best])


def _likeness(table: str, columns: set[str]) -> float:
    """Share of the signature of ``table`` that ``columns`` hold."""
    return len(SIGNATURES[table] & columns) / len(SIGNATURES[table])


def parse(raw: RawFile, found: Recognition) -> dict[str, pd.DataFrame]:
    """One raw table, named after the dataset, codes and figures as text. Raises ConnectorError."""
    if found.dataset == COMMUNES:
        expect_kind(raw, SOURCE, "csv")
        frame = rename_known(read_text_table(raw, SOURCE, ","), SOURCE, COMMUNES, found.vintage)
        return {COMMUNES: _communes(frame, raw.name)}
    expect_kind(raw, SOURCE, "parquet")
    frame = _read_parquet(raw, found)
    return {
        found.dataset: _categories(frame, raw) if found.dataset == CATEGORIES else _labels(frame)
    }


def _communes(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """One row a commune of today or municipal arrondissement.

    A delegated commune repeats the figures of the one that holds it, a postcode repeats its commune:
    both go. Rows of one commune that disagree are refused.
    """
    unknown = sorted(set(frame["type"]) - {*KINDS_OF_COMMUNE, DELEGATED})
    if unknown:
        raise unavailable(SOURCE, f"{name} : type de commune inconnu, {', '.join(unknown)}.")
    kept = frame[frame["type"].isin(KINDS_OF_COMMUNE)]
    kept = kept.assign(codgeo=kept["codgeo"].str.strip().str.zfill(5)).drop_duplicates()
    refuse_repeats(kept, ["codgeo"], SOURCE, name)
    # The census of 2021 leaves Mayotte out: its zeros are absences.
    outside = kept["codgeo"].str.startswith(MAYOTTE)
    figures = kept.columns.drop(["codgeo", "type"])
    blank = {column: kept[column].mask(kept[column] == "") for column in figures}
    census = {column: blank[column].mask(outside) for column in CENSUS}
    return kept.assign(**(blank | census)).reset_index(drop=True)


def _read_parquet(raw: RawFile, found: Recognition) -> pd.DataFrame:
    names = column_map(found.dataset, found.vintage)
    try:
        present = pq.read_schema(raw.path).names
        missing = [name for name in names if name not in present]
        if missing:
            others = set(present) - set(names)
            raise drift(SOURCE, found.dataset, found.vintage, missing, others)
        frame = pq.read_table(raw.path, columns=list(names)).to_pandas()
    except (pa.ArrowException, OSError) as error:
        raise unavailable(SOURCE, f"le fichier {raw.name} est abîmé ou tronqué.") from error
    return frame.rename(columns=names)


def _categories(frame: pd.DataFrame, raw: RawFile) -> pd.DataFrame:
    unknown = sorted(set(frame["pcs"].astype(str)) - EXPECTED_CATEGORIES)
    if unknown:
        raise SourceUnavailable(
            SOURCE,
            f"{raw.name} : catégories inconnues, {', '.join(unknown)}.",
            "Vérifiez que le fichier suit la nomenclature PCS 2020 agrégée (1 à 7, 9, _T).",
        )
    table = frame.assign(
        codgeo=frame["codgeo"].astype(str).str.zfill(5), pcs=frame["pcs"].astype(str)
    )
    refuse_repeats(table, ["codgeo", "pcs"], SOURCE, raw.name)
    return table


def _labels(frame: pd.DataFrame) -> pd.DataFrame:
    """Labels of the categories. Raises SourceUnavailable when one that is shown changed meaning."""
    table = frame.astype(str)
    named = dict(zip(table["pcs"], table["libelle"], strict=True))
    for code, meaning in MEANINGS.items():
        if not named.get(code, "").startswith(meaning):
            raise SourceUnavailable(
                SOURCE,
                f"la catégorie {code} ne désigne plus « {meaning} ».",
                "La nomenclature a changé : adaptez connectors/insee_rp.py avant de charger.",
            )
    return table


def downloads(card: SourceCard, scope: Scope) -> list[Download]:
    """Nothing: these extracts have no known address. The live way is Melodi's census files."""
    return []
