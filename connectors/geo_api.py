"""geo.api.gouv.fr: communes of a département with their EPCI, inhabitants and outlines, and its EPCI."""

from __future__ import annotations

import re

import pandas as pd

from connectors.base import Download, RawFile, Recognition, Sample, Scope
from connectors.cards import DATA, SourceCard
from connectors.cells import commune_codes
from connectors.columns import column_map, rename
from connectors.errors import SchemaDrift
from connectors.geometry import commune_level, outlines, read_json, shapes_of, to_current
from connectors.text_files import Place, refuse_other_codes, refuse_repeated

SOURCE = "geo_api"
VINTAGE = "du jour de la demande"
COMMUNES, EPCI, CONTOURS = "geo_api_communes", "geo_api_epci", "geo_api_contours"
# What the service gives on request and Gradient does not need.
UNUSED = {"codesPostaux", "surface", "centre", "contour", "bbox", "mairie", "zone", "epci"}
UNUSED |= {"departement", "region", "type", "plm", "_score"}
# Left out when not asked for, or when no commune of the answer has any.
OPTIONAL = {"codeEpci", "codeRegion", "siren", "anciensCodes", "codesDepartements", "codesRegions"}
_START = re.compile(r'\s*(\[\s*\{|\{\s*"(nom|code)"|\{\s*"type"\s*:\s*"FeatureCollection")')


def recognise(sample: Sample) -> Recognition | None:
    """An array, an object or a FeatureCollection of communes, or of EPCI."""
    if sample.kind != "json" or not _START.match(sample.head):
        return None
    if not ('"code"' in sample.head and '"nom"' in sample.head):
        return None
    if '"codeDepartement"' in sample.head:
        asked = set(re.findall(r'"codeDepartement"\s*:\s*"(\w+)"', sample.head))
        drawn = '"FeatureCollection"' in sample.head
        return Recognition(SOURCE, COMMUNES, VINTAGE, _only(asked) + ("" if drawn else " en liste"))
    if '"codesDepartements"' in sample.head:
        lists = re.findall(r'"codesDepartements"\s*:\s*\[([^\]]*)\]', sample.head)
        shared = [set(re.findall(r'"(\w+)"', one)) for one in lists]
        return Recognition(SOURCE, EPCI, VINTAGE, _only(set.intersection(*shared)))
    return None


def _only(departements: set[str]) -> str:
    """The département that an answer is about; empty when it is about several."""
    return departements.pop() if len(departements) == 1 else ""


def why_not(sample: Sample) -> str:
    """Answers gathered under the requests that gave them, not one answer."""
    if sample.kind == "json" and '"codeDepartement"' in sample.head and '"GET /' in sample.head:
        return "un recueil d'exemples de réponses : déposez une réponse du service, telle quelle."
    return ""


def parse(raw: RawFile, found: Recognition) -> dict[str, pd.DataFrame]:
    """Communes or EPCI of the answer, with their outlines when it has some.

    Raises SourceUnavailable (not an answer of the service, empty, codes), SchemaDrift.
    """
    place = Place(found.source_id, found.dataset, found.vintage)
    properties, geometries = _records(read_json(raw, place))
    if not properties:
        raise place.refusal(
            f"le fichier {raw.name} n'est pas une liste de territoires, ou est vide."
        )
    named = _named(properties, place)
    if found.dataset == COMMUNES:
        named["codgeo"] = commune_codes(named["codgeo"], place)
    else:
        refuse_other_codes(named, "codgeo", "[0-9]{9}", place)
    refuse_repeated(named, ["codgeo"], place)
    tables = {found.dataset: named}
    if geometries:
        tables[CONTOURS] = _contours(named["codgeo"], geometries, raw, place)
    return tables


def downloads(card: SourceCard, scope: Scope) -> list[Download]:
    """Two requests a département: the service has no paging, and refuses national outlines."""
    return [
        Download(url.format(departement=code), f"geo-api-{name}-{code}.json")
        for code in scope.departements or _departements()
        for name, url in card.urls.items()
    ]


def _departements() -> tuple[str, ...]:
    """The 101 départements: overseas collectivities have no figures here."""
    known = pd.read_csv(DATA / "embarque" / "cog_departements.csv", dtype=str)
    return tuple(known.loc[known["zone"].isin(["metro", "drom"]), "code"])


def _records(document: object) -> tuple[list[dict[str, object]], list[object]]:
    """Fields of each territory, and its geometry when the answer is a FeatureCollection."""
    if isinstance(document, dict) and isinstance(document.get("features"), list):
        features = [one for one in document["features"] if isinstance(one, dict)]
        return [dict(one.get("properties") or {}) for one in features], [
            one.get("geometry") for one in features
        ]
    rows = document if isinstance(document, list) else [document]
    return [row for row in rows if isinstance(row, dict)], []


def _named(properties: list[dict[str, object]], place: Place) -> pd.DataFrame:
    frame = pd.DataFrame.from_records(properties)
    frame = frame.drop(columns=[name for name in frame if name in UNUSED])
    for name in set(column_map(place.table, VINTAGE)) & OPTIONAL - set(frame.columns):
        frame[name] = None
    named = rename(frame, place.source_id, place.table, VINTAGE)
    missing = [name for name in ("codgeo", "nom") if named[name].isna().any()]
    if missing:
        raise SchemaDrift(place.source_id, place.table, VINTAGE, missing=missing, extra=())
    for name in named.columns.intersection(["anciens_codes", "departements", "regions"]):
        lists = named[name].map(lambda one: " ".join(one) if isinstance(one, list) else None)
        named[name] = lists.astype(object)
    return named


def _contours(
    codes: pd.Series, geometries: list[object], raw: RawFile, place: Place
) -> pd.DataFrame:
    shapes = shapes_of(geometries, raw, place)
    commune = place.table == COMMUNES
    level = commune_level(codes) if commune else pd.Series("epci", index=codes.index)
    frame = pd.DataFrame({"level": level, "codgeo": codes, "geometry": shapes})
    return outlines(to_current(frame) if commune else frame)
