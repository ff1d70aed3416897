"""Melodi, Insee's service of data: its JSON answers, its whole files (zip of CSV), its catalogue.

One reader for every dataset. ``data/columns/melodi_mesures.csv`` says which cells of which dataset
Gradient keeps, under which name: a line a measure, with the value each dimension must have
(``SEX=_T AGE=Y15T64``; ``*`` keeps every value). Files mix levels whose codes collide (bassin de
vie 44154, commune 44154): the level is always read with the code.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from connectors.base import Download, RawFile, Recognition, Sample, Scope
from connectors.cards import DATA, SourceCard
from connectors.columns import column_map
from connectors.errors import InvalidCard, SchemaDrift
from connectors.insee_files import (
    CODE_LENGTH,
    drift,
    expect_kind,
    opened,
    refuse_repeats,
    unavailable,
)

API = "https://api.insee.fr/melodi"
LAYOUT = "melodi"
LEVELS = {
    "COM": "commune",
    "ARM": "arm",
    "EPCI": "epci",
    "DEP": "departement",
    "REG": "region",
    "FRANCE": "france",
}
LARGER_LEVELS = ("DEP", "REG", "FRANCE-FM")
# Medians and deciles do not add up: each EPCI's own figure is asked for.
OWN_FIGURES = {"DS_FILOSOFI_CC"}
MAX_RESULT = 100_000
BLOCK_BYTES = 16 * 1024**2
ANY = "*"
# Files with a row for every year of age of every commune: read into five-year bands.
BY_YEAR_OF_AGE = {"DS_RP_TD_POPULATION_AGESEX_PRINC"}
OLDEST_BAND = 95
# Columns that describe an observation without choosing it.
ATTRIBUTES = {
    "GEO", "GEO_OBJECT", "TIME_PERIOD", "OBS_VALUE", "OBS_STATUS", "OBS_STATUS_FR", "CONF_STATUS",
    "FREQ", "UNIT_MEASURE", "UNIT_MULT", "DECIMALS", "LAST_UPDATE", "RP_MEASURE",
}  # fmt: skip
# Normal, and « includes data of another category » (a merged commune): the figure stands.
USABLE = {"", "A", "W"}
CONFIDENTIAL = "C"
COLUMNS = ["niveau", "codgeo", "geographie", "annee", "mesure", "valeur", "etat"]
MEMBER = re.compile(
    r"(?:.*/)?(?P<dataset>D[SD]_[A-Z0-9_]+?)(?:_(?P<year>(?:19|20)\d\d))?_data\.csv"
)
DATASET = re.compile(r"D[SD]_[A-Z0-9_]+")


@dataclass(frozen=True)
class Measure:
    """A cell of a dataset under a name of ours: the value that each dimension must have."""

    source_id: str
    dataset: str
    name: str
    where: Mapping[str, str]


@cache
def measures() -> tuple[Measure, ...]:
    """The cells that Gradient keeps, from data/columns/melodi_mesures.csv."""
    rows = pd.read_csv(DATA / "columns" / "melodi_mesures.csv", dtype=str, keep_default_na=False)
    return tuple(
        Measure(
            row["source"],
            row["jeu"],
            row["mesure"],
            dict(pair.split("=", 1) for pair in row["croisement"].split()),
        )
        for row in rows.to_dict("records")
    )


def measures_of(dataset: str) -> list[Measure]:
    """Cells kept of ``dataset``; empty when Gradient does not use it."""
    return [measure for measure in measures() if measure.dataset == dataset]


def dimensions_of(dataset: str) -> set[str]:
    """Dimensions that choose the cells of ``dataset``."""
    return {name for measure in measures_of(dataset) for name in measure.where}


def recognise(sample: Sample) -> Recognition | None:
    """An answer, a file or its CSV, by what it holds: dataset named inside, or its dimensions."""
    if sample.kind == "zip":
        return _named_in_zip(sample.members)
    if sample.kind == "json" and '"observations"' in sample.head:
        named = re.search(r'"identifier"\s*:\s*"(D[SD]_\w+)"|/melodi/data/(D[SD]_\w+)', sample.head)
        keys = re.search(r'"dimensions"\s*:\s*\{([^{}]*)\}', sample.head)
        columns = set(re.findall(r'"(\w+)"\s*:', keys[1])) if keys else set()
        dataset = (named[1] or named[2]) if named else _by_dimensions(columns, sample.head)
        # An answer is a part, told by the first place in it: it never stands for a whole file.
        first = re.search(r'"GEO"\s*:\s*"([^"]*)"', sample.head)
        part = f"réponse {first[1] if first else 'vide'}"
        return _recognition(dataset, _first_year(sample.head), part)
    if sample.kind == "csv" and {"GEO", "TIME_PERIOD", "OBS_VALUE"} & set(sample.columns):
        hint = DATASET.match(sample.name)
        known = re.sub(r"(_\d{4})?(_data|_CSV).*$", "", hint[0]) if hint else ""
        named_after = known if measures_of(known) else ""
        dataset = named_after or _by_dimensions(set(sample.columns), sample.head)
        return _recognition(dataset, _first_year(sample.head))
    return None


def why_not(sample: Sample) -> str:
    """An answer of Melodi that holds no figure that Gradient keeps."""
    if sample.kind != "json":
        return ""
    keys = set(re.findall(r'"(\w+)"\s*:', sample.head))
    if "observations" in keys:
        return (
            "des observations de Melodi dans un jeu, ou des dimensions, que Gradient n'utilise pas."
        )
    if {"identifier", "uri", "title"} <= keys:
        return "une page du catalogue de Melodi : elle décrit des jeux, sans aucun chiffre."
    if "range" in keys and "concept" in keys:
        return "les modalités d'un jeu de Melodi : des codes et des libellés, sans aucun chiffre."
    if "codes" in keys:
        return "une nomenclature de l'Insee : des codes et des libellés, sans aucun chiffre."
    return ""


def _named_in_zip(members: Iterable[str]) -> Recognition | None:
    for name in members:
        if match := MEMBER.fullmatch(name):
            return _recognition(match["dataset"], match["year"] or "")
    return None


def _by_dimensions(columns: set[str], head: str) -> str:
    """The one dataset whose dimensions are exactly these columns, and whose values are seen."""
    chosen = columns - ATTRIBUTES
    for dataset in dict.fromkeys(measure.dataset for measure in measures()):
        cells = measures_of(dataset)
        if dataset in BY_YEAR_OF_AGE and '"Y0"' not in head:
            continue
        if dimensions_of(dataset) - ATTRIBUTES == chosen and any(
            all(
                name in ATTRIBUTES or value == ANY or f'"{value}"' in head
                for name, value in cell.where.items()
            )
            for cell in cells
        ):
            return dataset
    return ""


def _first_year(head: str) -> str:
    found = re.search(r'"TIME_PERIOD"\s*:\s*"(\d{4})', head)
    return found[1] if found else ""


def _recognition(dataset: str, year: str, part: str = "") -> Recognition | None:
    cells = measures_of(dataset)
    return Recognition(cells[0].source_id, dataset, year, part) if cells else None


def parse(raw: RawFile, found: Recognition) -> dict[str, pd.DataFrame]:
    """The raw table of the source: a row a territory, year and measure.

    ``etat`` is ok, secret (confidential) or absent (no value, or counted elsewhere); only ok has a
    ``valeur``. Raises SourceUnavailable, SchemaDrift.
    """
    kind = expect_kind(raw, found.source_id, "json", "csv", "zip")
    if kind == "json":
        observed = _read_answer(raw, found)
    else:
        observed = _read_file(raw, found, _member(raw, found) if kind == "zip" else None)
    return {found.source_id: _named_cells(observed, raw, found)}


def _table_columns(table: str) -> dict[str, str]:
    """Their names -> ours for what a row keeps besides its place, year and measure."""
    return {
        theirs: ours for theirs, ours in column_map(table, LAYOUT).items() if ours not in COLUMNS
    }


def _member(raw: RawFile, found: Recognition) -> str:
    with zipfile.ZipFile(raw.path) as archive:
        for name in archive.namelist():
            match = MEMBER.fullmatch(name)
            if match and match["dataset"] == found.dataset:
                return name
    raise unavailable(found.source_id, f"{raw.name} ne contient pas de données {found.dataset}.")


def _read_file(raw: RawFile, found: Recognition, member: str | None) -> pd.DataFrame:
    """Rows of a whole file that some measure keeps, read block by block."""
    header = _header(raw, found, member)
    needed = {"GEO", "GEO_OBJECT", "TIME_PERIOD", "OBS_VALUE", *dimensions_of(found.dataset)}
    missing = sorted(needed - set(header))
    if missing:
        raise drift(found.source_id, found.source_id, found.vintage, missing, set(header) - needed)
    kept: list[pa.Table] = []
    with opened(raw, found.source_id, member) as stream:
        try:
            reader = pa_csv.open_csv(
                pa.PythonFile(stream),
                read_options=pa_csv.ReadOptions(block_size=BLOCK_BYTES),
                parse_options=pa_csv.ParseOptions(delimiter=";"),
                convert_options=pa_csv.ConvertOptions(
                    column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False
                ),
            )
            kept = [_wanted_table(batch, found.dataset) for batch in reader]
        except pa.ArrowInvalid as error:
            reason = f"{raw.name} est mal formé : lignes coupées, ou encodage autre qu'UTF-8."
            raise unavailable(found.source_id, reason) from error
    table = pa.concat_tables(kept)
    if found.dataset in BY_YEAR_OF_AGE:
        table = _text_values(_in_bands(table))
    return table.to_pandas().fillna("")


def _header(raw: RawFile, found: Recognition, member: str | None) -> list[str]:
    with opened(raw, found.source_id, member) as stream:
        line = stream.readline(BLOCK_BYTES)
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        reason = f"{raw.name} n'est pas en UTF-8, l'encodage de l'Insee."
        raise unavailable(found.source_id, reason) from error
    return [cell.strip().strip('"') for cell in text.split(";")]


def _wanted_table(batch: pa.RecordBatch, dataset: str) -> pa.Table:
    table = pa.Table.from_batches([_wanted(batch, dataset)])
    return _in_bands(table) if dataset in BY_YEAR_OF_AGE else table


def _in_bands(table: pa.Table) -> pa.Table:
    """Years of age added up in five-year bands; a band that lacks a figure has none.

    A second pass adds up what two blocks had of a same band.
    """
    ages = pc.unique(table["AGE"]).to_pylist()
    bands = pa.array([_band(age) for age in ages], pa.string())
    position = pc.index_in(table["AGE"], value_set=pa.array(ages, pa.string()))
    values = table["OBS_VALUE"]
    if pa.types.is_string(values.type):
        blank = pc.equal(values, "")
        values = pc.cast(pc.if_else(blank, None, values), pa.float64())
    keys = ["GEO", "GEO_OBJECT", "SEX", "AGE", "TIME_PERIOD"]
    table = pa.table(
        {
            **{name: table[name] for name in keys if name != "AGE"},
            "AGE": pc.take(bands, position),
            "OBS_VALUE": values,
        }
    ).filter(pc.is_valid(pc.take(bands, position)))
    whole = pc.ScalarAggregateOptions(skip_nulls=False)
    summed = table.group_by(keys).aggregate([("OBS_VALUE", "sum", whole)])
    return summed.rename_columns(
        ["OBS_VALUE" if name == "OBS_VALUE_sum" else name for name in summed.column_names]
    )


def _band(age: str) -> str | None:
    """The band of a year of age, or of a band; None for a total or an age that is no year."""
    match = re.fullmatch(r"Y(\d{1,2})(?:T\d{1,2})?|Y_GE(95|100)", age)
    if match is None:
        return None
    first = min(int(match[1] or match[2]) // 5 * 5, OLDEST_BAND)
    return f"Y_GE{OLDEST_BAND}" if first == OLDEST_BAND else f"Y{first}T{first + 4}"


def _text_values(table: pa.Table) -> pa.Table:
    place = table.column_names.index("OBS_VALUE")
    return table.set_column(place, "OBS_VALUE", pc.cast(table["OBS_VALUE"], pa.string()))


def _wanted(batch: pa.RecordBatch, dataset: str) -> pa.RecordBatch:
    """Rows of a known level whose every dimension has a value that some measure wants."""
    keep = pc.is_in(batch["GEO_OBJECT"], value_set=pa.array(list(LEVELS)))
    for name, values in _values(dataset).items():
        keep = pc.and_(keep, pc.is_in(batch[name], value_set=pa.array(sorted(values))))
    return batch.filter(keep)


def _values(dataset: str) -> dict[str, set[str]]:
    """Values wanted of each dimension that every measure of ``dataset`` sets."""
    cells = measures_of(dataset)
    common = set.intersection(*(set(cell.where) for cell in cells))
    wanted = {name: {cell.where[name] for cell in cells} for name in sorted(common)}
    return {name: values for name, values in wanted.items() if ANY not in values}


def read_document(raw: RawFile, source_id: str) -> dict[str, Any]:
    """An answer of Melodi, bare or as a recorder kept it (under ``body``).

    Raises SourceUnavailable for what is no answer: cut, another service's, an error.
    """
    with opened(raw, source_id) as stream:
        try:
            document = json.load(stream)
        except ValueError as error:
            raise unavailable(source_id, f"la réponse {raw.name} est coupée.") from error
    if isinstance(document, dict) and isinstance(document.get("body"), dict):
        document = document["body"]
    if not isinstance(document, dict) or not isinstance(document.get("observations"), list):
        said = document.get("message", "") if isinstance(document, dict) else ""
        reason = f"la réponse {raw.name} ne contient pas d'observations. {said}".strip()
        raise unavailable(source_id, reason)
    return document


def listing(card: SourceCard) -> str:
    """The catalogue, which says the newest file of every dataset."""
    return f"{API}/catalog/all"


def following(raw: RawFile, source_id: str) -> str | None:
    """Address of the page that follows an answer. Raises SourceUnavailable for what is no answer."""
    return next_page(read_document(raw, source_id))


def next_page(document: Mapping[str, Any]) -> str | None:
    """Address of the page that follows an answer; None on the last one."""
    paging = document.get("paging") or {}
    return None if paging.get("isLast") else paging.get("next")


def _read_answer(raw: RawFile, found: Recognition) -> pd.DataFrame:
    """Observations of an answer, with the columns that a whole file has."""
    rows = []
    for observation in read_document(raw, found.source_id)["observations"]:
        dimensions = observation.get("dimensions") or {}
        place = str(dimensions.get("GEO", "")).split("-", 2)
        if len(place) != 3:
            raise drift(found.source_id, found.source_id, found.vintage, ["GEO"], dimensions)
        # A measure has one key, not always the same; without a value it was not released.
        measure: Mapping[str, Any] = next(iter((observation.get("measures") or {}).values()), {})
        value = measure.get("value")
        rows.append(
            {
                **(observation.get("attributes") or {}),
                **dimensions,
                "geographie": place[0],
                "GEO_OBJECT": place[1],
                "GEO": place[2],
                "OBS_VALUE": "" if value is None else repr(float(value)),
            }
        )
    frame = pd.DataFrame(rows, dtype=str)
    if rows:
        needed = {"TIME_PERIOD", *dimensions_of(found.dataset)}
        missing = sorted(needed - set(frame.columns))
        if missing:
            others = set(frame.columns) - needed
            raise drift(found.source_id, found.source_id, found.vintage, missing, others)
    return frame.fillna("")


def _named_cells(observed: pd.DataFrame, raw: RawFile, found: Recognition) -> pd.DataFrame:
    """Rows of each measure under its name. Raises SchemaDrift when a dimension is unknown."""
    kept = _table_columns(found.source_id)
    columns = [*COLUMNS, *kept.values()]
    if observed.empty:
        return _typed(pd.DataFrame(columns=columns))
    observed = observed[observed["GEO_OBJECT"].isin(list(LEVELS))]
    parts = [_cells(observed, measure, kept) for measure in measures_of(found.dataset)]
    table = pd.concat(parts, ignore_index=True)
    key = ["niveau", "codgeo", "annee", "mesure", *kept.values()]
    if table.duplicated(key).any():
        unknown = sorted(set(observed.columns) - ATTRIBUTES - dimensions_of(found.dataset))
        unknown = [name for name in unknown if observed[name].nunique() > 1 and name.isupper()]
        if unknown:
            raise SchemaDrift(
                found.source_id, found.source_id, found.vintage, missing=(), extra=unknown
            )
        refuse_repeats(table, key, found.source_id, raw.name)
    return _typed(table[columns])


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    """Text but for the figure, so that a file without one row stacks on the others."""
    return table.astype({name: float if name == "valeur" else "str" for name in table.columns})


def _cells(observed: pd.DataFrame, measure: Measure, kept: Mapping[str, str]) -> pd.DataFrame:
    chosen = pd.Series(True, index=observed.index)
    for name, value in measure.where.items():
        if value != ANY:
            chosen &= observed[name] == value
    rows = observed[chosen]
    levels = rows["GEO_OBJECT"].map(LEVELS)
    lengths = levels.map(CODE_LENGTH).fillna(0).astype(int)
    codes = [code.zfill(n) for code, n in zip(rows["GEO"].str.strip(), lengths, strict=True)]
    values, states = _values_and_states(rows)
    table = pd.DataFrame(
        {
            "niveau": levels,
            "codgeo": codes,
            "geographie": rows.get("geographie"),
            "annee": rows["TIME_PERIOD"],
            "mesure": measure.name,
            "valeur": values,
            "etat": states,
        }
    )
    return table.assign(**{ours: rows[theirs] for theirs, ours in kept.items()})


def _values_and_states(rows: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Figures, and ok, secret or absent. Nothing turns one into another, nor into a zero."""
    text = rows["OBS_VALUE"].str.strip().str.replace(",", ".", regex=False)
    numbers = pd.to_numeric(text, errors="coerce")
    status = rows["OBS_STATUS"] if "OBS_STATUS" in rows else pd.Series("", index=rows.index)
    secret = pd.Series(False, index=rows.index)
    if "CONF_STATUS" in rows:
        secret = rows["CONF_STATUS"] == CONFIDENTIAL
    stands = ~secret & numbers.notna() & status.isin(list(USABLE))
    states = pd.Series("absent", index=rows.index).mask(secret, "secret").mask(stands, "ok")
    return numbers.where(stands), states


def newest_file(
    catalogue: Mapping[str, Any] | Sequence[Mapping[str, Any]], dataset: str
) -> str | None:
    """Address of the newest CSV product of ``dataset``, from its page of the catalogue or the whole.

    None when the catalogue has none: the vintage is never guessed.
    """
    entries = [catalogue.get("body", catalogue)] if isinstance(catalogue, Mapping) else catalogue
    products = [
        product
        for entry in entries
        if entry.get("identifier") == dataset
        for product in entry.get("product", [])
        if product.get("format") == "CSV" and product.get("language", "FR") == "FR"
    ]
    newest = max(products, key=_age, default=None)
    return str(newest["accessURL"]) if newest else None


def _age(product: Mapping[str, Any]) -> tuple[str, str]:
    year = re.search(r"_((?:19|20)\d\d)_", str(product.get("id", "")))
    return (year[1] if year else "", str(product.get("modified", "")))


def datasets_of(card: SourceCard) -> list[str]:
    """Datasets of a source that the country is asked for: those its card gives an address to."""
    known = dict.fromkeys(m.dataset for m in measures() if m.source_id == card.id)
    listed = [dataset for dataset in known if dataset in card.urls]
    if not listed:
        raise InvalidCard(f"Fiche {card.id} : aucune adresse de jeu Melodi dans urls.")
    return listed


def downloads(
    card: SourceCard, scope: Scope, catalogue: Sequence[Mapping[str, Any]] | None = None
) -> list[Download]:
    """Whole files for the country, answers filtered to our cells for some départements.

    With a ``catalogue`` (one page or all), the newest file it lists is asked for first; the address
    of the card, proven once, is the fallback.
    """
    asked: list[Download] = []
    for dataset in datasets_of(card):
        if scope.departements and dimensions_by_territory(dataset):
            asked += _answers(dataset, scope)
            continue
        proven = [card.urls[name] for name in (dataset, f"{dataset}_repli") if name in card.urls]
        newest = newest_file(catalogue, dataset) if catalogue else None
        urls = list(dict.fromkeys([*([newest] if newest else []), *proven]))
        asked.append(Download(urls[0], f"{dataset}.zip", tuple(urls[1:])))
    return asked


def dimensions_by_territory(dataset: str) -> bool:
    """Whether ``dataset`` tells communes: national tables are small and always asked whole."""
    return all("GEO_OBJECT" not in measure.where for measure in measures_of(dataset))


def _answers(dataset: str, scope: Scope) -> list[Download]:
    asked = [
        Download(data_url(dataset, [f"DEP-{code}*COM"]), f"{dataset}_{code}.json")
        for code in scope.departements
    ]
    asked.append(Download(data_url(dataset, list(LARGER_LEVELS)), f"{dataset}_niveaux.json"))
    if dataset in OWN_FIGURES:
        asked.append(Download(data_url(dataset, ["EPCI"]), f"{dataset}_epci.json"))
    return asked


def data_url(dataset: str, places: list[str]) -> str:
    """Address of the observations of our cells of ``dataset`` in ``places`` (``DEP-95*COM``)."""
    query = [("GEO", place) for place in places]
    query += [
        (name, value) for name, values in _values(dataset).items() for value in sorted(values)
    ]
    query.append(("maxResult", str(MAX_RESULT)))
    text = "&".join(f"{name}={quote(value, safe='')}" for name, value in query)
    return f"{API}/data/{dataset}?{text}"
