"""Sites run by Géoclip: the Observatoire des territoires (ANCT), CartoSanté and SIRSé (Atlasanté).

The CSV export has one form for all. Its address is proven for the first alone; for the two others,
marked « expérimental » on their cards, it is a guess, and the base URL may be changed in the card.
A card names what it asks for: ``<dataset>.<indicator>`` and the level of the site.
"""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pandas as pd

from connectors.base import Download, RawFile, Recognition, Sample, Scope
from connectors.cards import SourceCard, load_sources
from connectors.columns import column_map
from connectors.errors import SchemaDrift
from connectors.text_files import (
    Place,
    csv_columns,
    read_csv,
    read_json,
    refuse_no_row,
    refuse_other_codes,
    refuse_other_numbers,
    refuse_repeated,
)

SOURCE, EXTRACT, GEOCLIP = "observatoire_territoires", "acces_sante", "geoclip"
COMMUNE = r"[0-9][0-9AB][0-9]{3}"
EXTRACT_SHAPE = re.compile(rf'"{COMMUNE}"\s*:\s*\{{')
MISSING = ("-9999", "-9999.0", "nd", "N/A - résultat non disponible")
SECRET = ("s", "ns", "N/A - secret statistique")
LEADING = ("codgeo", "libgeo")
# A figure that is a class: « 1_ZIP », « 6_HZ ».
CLASS = r"\d+_[A-Z][A-Z0-9_]*"
MODULE = "observatoire"


def recognise(sample: Sample) -> Recognition | None:
    """The extract (an object by commune), or a CSV ``codgeo;libgeo;[an;]<indicator>``."""
    if sample.kind == "json" and '"health' in sample.head and EXTRACT_SHAPE.search(sample.head):
        return Recognition(SOURCE, EXTRACT, "2023")
    cells = csv_columns(sample)
    if cells[:2] == LEADING and len(cells) == (4 if "an" in cells else 3):
        name = next(cell for cell in reversed(cells) if cell != "an")
        return Recognition(site_of(name), GEOCLIP, "an" if "an" in cells else "sans_an", name)
    return None


def site_of(indicator: str) -> str:
    """The source whose card asks for ``indicator``; the Observatoire for one that no card names."""
    wanted = {
        name.rpartition(".")[2]: card.id
        for card in load_sources().values()
        if card.connector == MODULE
        for name in card.urls
        if "." in name
    }
    return wanted.get(indicator.rpartition(".")[2], SOURCE)


def parse(raw: RawFile, found: Recognition) -> dict[str, pd.DataFrame]:
    """``acces_sante`` or ``geoclip``. Raises SchemaDrift, SourceUnavailable."""
    if found.dataset == EXTRACT:
        return {EXTRACT: _extract(raw, found.vintage)}
    return {GEOCLIP: _geoclip(raw, found)}


def downloads(card: SourceCard, scope: Scope) -> list[Download]:
    """One export an entry of the card named ``<dataset>.<indicator>``, all the country at once."""
    base = card.urls.get("base", "")
    found = []
    for name, level in card.urls.items():
        dataset, _, indicator = name.partition(".")
        if base and indicator:
            query = urlencode(
                {
                    "type": "stat",
                    "nivgeo": level,
                    "dataset": dataset,
                    "indic": indicator,
                    "format": "csv",
                }
            )
            found.append(Download(f"{base}?{query}", f"{card.id}-{dataset}-{indicator}.csv"))
    return found


def _extract(raw: RawFile, vintage: str) -> pd.DataFrame:
    place = Place(SOURCE, EXTRACT, vintage)
    document = read_json(raw, place)
    if not isinstance(document, dict) or not all(isinstance(v, dict) for v in document.values()):
        raise place.refusal(f"le fichier {raw.name} n'est pas un objet par commune.")
    names = column_map(EXTRACT, vintage)
    code = next(theirs for theirs, ours in names.items() if ours == "codgeo")
    known = {code, *(name for one in document.values() for name in one)}
    if document and (missing := [name for name in names if name not in known]):
        raise SchemaDrift(
            SOURCE, EXTRACT, vintage, missing=missing, extra=sorted(known - set(names))
        )
    frame = pd.DataFrame(
        [
            {
                ours: key if theirs == code else _text(one.get(theirs))
                for theirs, ours in names.items()
            }
            for key, one in document.items()
        ]
    )
    refuse_no_row(frame, place)
    refuse_other_codes(frame, "codgeo", COMMUNE, place)
    refuse_other_numbers(frame, ["part_eloignee"], place)
    refuse_repeated(frame, ["codgeo"], place)
    return frame


def _text(value: object) -> str:
    """A missing figure is "", never a zero."""
    return "" if value is None else str(value)


def _geoclip(raw: RawFile, found: Recognition) -> pd.DataFrame:
    """The last column's name is the indicator; its tokens become a state, apart from the value."""
    vintage = found.vintage
    place = Place(found.source_id, GEOCLIP, vintage)
    frame = read_csv(raw, place, ";")
    expected = ["codgeo", "libgeo", *(["an"] if vintage == "an" else [])]
    missing = [name for name in expected if name not in frame.columns]
    others = [name for name in frame.columns if name not in expected]
    if missing or len(others) != 1:
        raise SchemaDrift(found.source_id, GEOCLIP, vintage, missing=missing, extra=others)
    refuse_no_row(frame, place)
    cells = frame[others[0]].str.replace(",", ".", regex=False)
    classes = cells.where(cells.str.fullmatch(CLASS), "")
    frame = frame.assign(
        valeur=cells.where(classes == "", ""), annee=frame["an"] if vintage == "an" else ""
    )
    refuse_other_numbers(frame, ["valeur"], place, [*MISSING, *SECRET])
    refuse_repeated(frame, ["codgeo", "annee"], place)
    state = cells.map(lambda cell: "secret" if cell in SECRET else "ok")
    state[cells.isin(["", *MISSING])] = "absent"
    return pd.DataFrame(
        {
            "codgeo": frame["codgeo"],
            "annee": frame["annee"],
            "nom": frame["libgeo"],
            "indicateur": others[0],
            "valeur": frame["valeur"].where(state == "ok", ""),
            "classe": classes,
            "etat": state,
            "source": found.source_id,
        }
    )
