"""The official geographic code: events on communes since 1943, communes and groupings of 2025."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from connectors.base import Download, RawFile, Recognition, Sample, Scope
from connectors.cards import SourceCard
from connectors.cells import commune_codes
from connectors.columns import column_map, rename
from connectors.errors import SchemaDrift
from connectors.text_files import Place, holds, read_csv, refuse_no_row, refuse_repeated

INSEE_CSV = "mouvements publiés par l'Insee"
# Dataset (its raw table and its source bear the same name) and vintage, by kind of file.
DATASETS = {
    "parquet": (("cog_evenements", "2025"), ("cog_ngeo", "2025")),
    "csv": (("cog_evenements", INSEE_CSV),),
}
# Columns that Gradient does not need: their presence is no surprise, their absence no loss.
UNUSED = {
    ("cog_evenements", "2025"): {"evenement_spatial"},
    ("cog_evenements", INSEE_CSV): {"TYPECOM_AV", "TYPECOM_AP"}
    | {f"{name}_{side}" for name in ("TNCC", "NCC", "NCCENR") for side in ("AV", "AP")},
    ("cog_ngeo", "2025"): {"com_type", "epci_cheflieu", "epci_interdep", "ept_nom"}
    | {"ept_cheflieu", "ept_naturejuridique", "reg_nom", "reg_cheflieu", "dep_nom"}
    | {"dep_cheflieu", "arr_insee", "arr_nom", "arr_cheflieu"},
}
# How much of its columns tells a file, so that one renamed is named and not ignored.
MOST = 0.75
# One event: written twice, as Insee's file does in places, it is still one.
EVENT = ["date", "type", "codgeo_avant", "codgeo_apres"]


def recognise(sample: Sample) -> Recognition | None:
    """A parquet file of events or of communes, or Insee's own csv of events."""
    for dataset, vintage in DATASETS.get(sample.kind, ()):
        names = {*column_map(dataset, vintage), *UNUSED[dataset, vintage]}
        if holds(sample.columns, sorted(names), MOST):
            return Recognition(dataset, dataset, vintage)
    return None


def parse(raw: RawFile, found: Recognition) -> dict[str, pd.DataFrame]:
    """Rows of the file under our names, codes as text.

    Raises SourceUnavailable (unreadable file, codes, a commune written twice), SchemaDrift.
    """
    place = Place(found.source_id, found.dataset, found.vintage)
    frame = _read(raw, place)
    if found.vintage == INSEE_CSV:
        frame = _communes_only(frame, place)
    unused = UNUSED[found.dataset, found.vintage]
    frame = frame.drop(columns=[name for name in frame if name in unused])
    named = rename(frame, found.source_id, found.dataset, found.vintage).reset_index(drop=True)
    refuse_no_row(named, place)
    for column in named.columns.intersection(["codgeo", "codgeo_avant", "codgeo_apres"]):
        named[column] = commune_codes(named[column], place)
    if found.dataset == "cog_evenements":
        named["type"] = named["type"].astype(str)
        named = named.drop_duplicates(EVENT, ignore_index=True)
    else:
        refuse_repeated(named, ["codgeo"], place)
    return {found.dataset: named}


def downloads(card: SourceCard, scope: Scope) -> list[Download]:
    """Insee's file of events, the newest first; nothing for a source that has no address."""
    urls = list(card.urls.items())
    if not urls:
        return []
    (name, newest), older = urls[0], urls[1:]
    return [Download(newest, name, tuple(url for _, url in older))]


def _read(raw: RawFile, place: Place) -> pd.DataFrame:
    if place.vintage == INSEE_CSV:
        return read_csv(raw, place, ",")
    try:
        return pd.read_parquet(raw.path)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise place.refusal(f"le fichier {raw.name} est coupé ou n'est pas un Parquet.") from error


def _communes_only(frame: pd.DataFrame, place: Place) -> pd.DataFrame:
    """Events from a commune to a commune: associated and delegated ones are not communes."""
    missing = [name for name in ("TYPECOM_AV", "TYPECOM_AP") if name not in frame]
    if missing:
        raise SchemaDrift(place.source_id, place.table, place.vintage, missing=missing, extra=())
    return frame[(frame["TYPECOM_AV"] == "COM") & (frame["TYPECOM_AP"] == "COM")]
