"""Odissé (Santé publique France), an Opendatasoft portal: vaccination, F-EDI, screening, hearts.

Dataset ids move (« -copie », typos): the card holds the one to ask for, and when nothing is there
any more the catalogue is searched at run time. Exports are asked with French labels as headers: those
are the names seen on real files; the short field names are known for a few columns only.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd

from connectors.base import Download, RawFile, Recognition, Sample, Scope
from connectors.cards import SourceCard
from connectors.opendatasoft import export_url, moved
from connectors.text_files import (
    Place,
    csv_frame,
    holds,
    read_json,
    read_text,
    refuse_no_row,
    refuse_other_codes,
    refuse_other_numbers,
    refuse_repeated,
    renamed,
    table_columns,
)

VACCINATION, FEDI = "odisse_vaccination", "odisse_fedi"
SCREENING, HEART = "odisse_depistage", "odisse_cardio_epci"
TABLES = {
    VACCINATION: "vaccination_departement",
    FEDI: "fedi",
    SCREENING: "depistage_departement",
    HEART: "cardio_epci",
}
# Layouts whose columns are all known: any other column is a drift.
COMPLETE = ("2011-2024",)
# Exports asked with labels as headers; the others with field names.
LABELLED = (VACCINATION, SCREENING)
DEPARTEMENT = r"(0[1-9]|[1-8]\d|9[0-5]|2[AB]|97[1-8])"
COMMUNE, SIREN, YEAR = r"[0-9][0-9AB][0-9]{3}", r"\d{9}", r"\d{4}(-\d{4})?"
NOT_COMMUNICATED = ("NC",)
FEDI_OBJECT = re.compile(rf'"{COMMUNE}"\s*:\s*\{{\s*"Commune"')
# What to search the catalogue for, and what the id found must contain.
SEARCHED: dict[str, tuple[str, tuple[str, ...]]] = {
    VACCINATION: ("couvertures vaccinales", ("vaccinales", "departement")),
    FEDI: ("F-EDI", ("edi", "commune")),
    SCREENING: ("dépistage", ("depistage", "dep")),
    HEART: ("cardio-neuro-vasculaires", ("cardio", "epci")),
}
CANCERS = {"sein": r"sein", "colorectal": r"colorectal|colon", "col_uterus": r"uterus"}


def recognise(sample: Sample) -> Recognition | None:
    """By its columns: the vintages of a table are rows of its column map.

    A screening export does not say which cancer it is about: its name does, once its columns agree.
    """
    if sample.kind == "json":
        if FEDI_OBJECT.search(sample.head) and '"EDI"' in sample.head:
            return Recognition(FEDI, "fedi", "2021-objet")
        return None
    if sample.kind != "csv":
        return None
    cells = sample.columns
    if holds(cells, ("HPV filles 2 doses à 16 ans", "Grippe 65 ans et plus"), 0.5):
        former = holds(cells, ("Méningocoque C 10-14 ans", "Méningocoque C 15-19 ans"), 0.5)
        return Recognition(VACCINATION, "vaccination", "2011-2024" if former else "2025")
    if holds(cells, ("an_mesure", "dep", "grip_65plus", "grip_75plus")):
        return Recognition(VACCINATION, "vaccination", "champs")
    if "commune_code" in cells and _edi_column(cells):
        return Recognition(FEDI, "fedi", "2021")
    if "type_patho" in cells:
        return Recognition(HEART, "cardio", "suppose")
    cancer = _cancer(sample.name)
    if "Département Code" in cells and cancer and _participation_column(cells):
        return Recognition(SCREENING, cancer, "suppose")
    return None


def parse(raw: RawFile, found: Recognition) -> dict[str, pd.DataFrame]:
    """The one table of the source: figures as text, « NC » kept. Raises SchemaDrift, SourceUnavailable."""
    table = TABLES[found.source_id]
    place = Place(found.source_id, table, found.vintage)
    read = _fedi_object if found.vintage == "2021-objet" else read_export
    frame = read(raw, place)
    frame = frame.rename(columns=_settled_names(found, tuple(frame.columns)))
    frame = renamed(frame, place, strict=found.vintage in COMPLETE)
    refuse_no_row(frame, place)
    checked = CHECKS[found.source_id](frame, found, place)
    return {table: checked.reindex(columns=table_columns(table), fill_value="")}


def read_export(raw: RawFile, place: Place) -> pd.DataFrame:
    """An Opendatasoft CSV export, separated by « ; » (the default) or « , »; cells stay text."""
    text = read_text(raw, place)
    header = text.splitlines()[0]
    return csv_frame(text, raw.name, place, ";" if header.count(";") > header.count(",") else ",")


def elsewhere(card: SourceCard, url: str, read: Callable[[str], bytes]) -> str | None:
    """The export of the dataset that the portal holds today under another id, found by its words."""
    searched, fixed = SEARCHED[card.id]
    words = list(fixed)
    if card.id == SCREENING:
        name = next((name for name, known in card.urls.items() if f"/{known}/" in url), "")
        words.append(CANCERS.get(name, "$^"))
    return moved(card.urls.get("base", ""), url, searched, words, read)


def downloads(card: SourceCard, scope: Scope) -> list[Download]:
    """One export an id of the card (every entry but ``base``), all the country at once."""
    base = card.urls.get("base", "")
    return [
        Download(export_url(base, dataset, labels=card.id in LABELLED), f"{card.id}-{dataset}.csv")
        for name, dataset in card.urls.items()
        if name != "base"
    ]


def _fedi_object(raw: RawFile, place: Place) -> pd.DataFrame:
    """A copy of the dataset as one object by commune; a null score is "", never a zero."""
    document = read_json(raw, place)
    if not isinstance(document, dict) or not all(isinstance(v, dict) for v in document.values()):
        raise place.refusal(f"le fichier {raw.name} n'est pas un objet par commune.")
    frame = pd.DataFrame([{"code": code, **one} for code, one in document.items()])
    return frame.astype(object).where(frame.notna(), "").astype(str)


def _settled_names(found: Recognition, columns: tuple[str, ...]) -> dict[str, str]:
    """The one column whose exact name is not known, under the name that the column map gives it."""
    if found.source_id == SCREENING:
        return {_participation_column(columns): "Taux de participation"}
    if found.source_id == FEDI:
        return {_edi_column(columns): "EDI"}
    return {}


def _edi_column(columns: tuple[str, ...]) -> str:
    return _only(columns, r"(f[_-]?)?edi([_ ]?2021)?")


def _participation_column(columns: tuple[str, ...]) -> str:
    return _only(columns, r".*participation.*")


def _only(columns: tuple[str, ...], pattern: str) -> str:
    """The one column that ``pattern`` matches; "" when there is none, or several."""
    found = [name for name in columns if re.fullmatch(pattern, name, re.IGNORECASE)]
    return found[0] if len(found) == 1 else ""


def _cancer(name: str) -> str:
    """The cancer that the name of a screening export tells; "" for any other name."""
    if "depistage" not in name:
        return ""
    return next((cancer for cancer, word in CANCERS.items() if re.search(word, name)), "")


def _vaccination(frame: pd.DataFrame, found: Recognition, place: Place) -> pd.DataFrame:
    """Codes of the producer mix « 1 » and « 01 »: two characters at least."""
    frame = frame.assign(codgeo=frame["codgeo"].str.zfill(2))
    refuse_other_codes(frame, "codgeo", DEPARTEMENT, place)
    refuse_other_codes(frame, "annee", YEAR, place)
    refuse_repeated(frame, ["codgeo", "annee"], place)
    figures = [name for name in frame if name.startswith(("hpv", "grippe", "meningo", "covid"))]
    refuse_other_numbers(frame, figures, place, NOT_COMMUNICATED)
    return frame


def _fedi(frame: pd.DataFrame, found: Recognition, place: Place) -> pd.DataFrame:
    refuse_other_codes(frame, "codgeo", COMMUNE, place)
    refuse_repeated(frame, ["codgeo"], place)
    refuse_other_numbers(frame, ["fedi"], place, NOT_COMMUNICATED)
    return frame.assign(annee=found.vintage[:4])


def _screening(frame: pd.DataFrame, found: Recognition, place: Place) -> pd.DataFrame:
    frame = frame.assign(codgeo=frame["codgeo"].str.zfill(2), cancer=found.dataset)
    refuse_other_codes(frame, "codgeo", DEPARTEMENT, place)
    refuse_repeated(frame, ["codgeo", "annee"], place)
    refuse_other_numbers(frame, ["participation"], place, NOT_COMMUNICATED)
    return frame


def _heart(frame: pd.DataFrame, found: Recognition, place: Place) -> pd.DataFrame:
    refuse_other_codes(frame, "codgeo", SIREN, place)
    refuse_repeated(frame, ["codgeo", "annee", "pathologie"], place)
    refuse_other_numbers(frame, ["taux_standardise"], place, NOT_COMMUNICATED)
    return frame


CHECKS: dict[str, Callable[[pd.DataFrame, Recognition, Place], pd.DataFrame]] = {
    VACCINATION: _vaccination,
    FEDI: _fedi,
    SCREENING: _screening,
    HEART: _heart,
}
