"""What each source with an address answers, small, in the layout that its producer documents.

``body(card, download)`` gives the bytes for one request of a card; they are written from the tests'
own fixtures, and from the column maps for Melodi, whose datasets share one layout.
"""

from __future__ import annotations

import io
import json
import re
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from connectors import drees_apl, insee_melodi
from connectors.base import Download
from connectors.cards import SourceCard
from connectors.columns import column_map
from tests.connectors import (
    test_ameli,
    test_anct_qpv,
    test_atlasante,
    test_banatic,
    test_cog,
    test_contours,
    test_drees_apl,
    test_finess,
    test_france_travail,
    test_geo_api,
    test_insee_bpe,
    test_insee_comparateur,
    test_insee_filosofi,
    test_observatoire,
    test_odisse,
    test_prodige,
    test_radon,
)
from tests.connectors.workbook_files import write_workbook

EPCI = {
    "nom": "CA de Cergy-Pontoise",
    "code": "249500109",
    "codesDepartements": ["78", "95"],
    "codesRegions": ["11"],
    "population": 215000,
}


def body(card: SourceCard, download: Download) -> bytes:
    """The documented answer to ``download``."""
    if card.connector == "insee_melodi":
        return melodi(download.file_name)
    assert card.id in BODIES, f"{card.id} : donnez sa réponse documentée dans ce fichier"
    return BODIES[card.id](download)


def melodi(file_name: str) -> bytes:
    """One row for each cell of the dataset that Gradient keeps: a zip of CSV, or an answer."""
    dataset = re.split(r"_(?=\d\d|2[AB]|niveaux|epci)|\.", file_name, maxsplit=1)[0]
    rows = [row for cell in insee_melodi.measures_of(dataset) for row in _rows(cell.where)]
    if file_name.endswith(".json"):
        return json.dumps(
            {"identifier": dataset, "observations": [_observed(r) for r in rows]}
        ).encode()
    names = list(rows[0])
    lines = [names, *([row[name] for name in names] for row in rows)]
    text = "".join(";".join(f'"{cell}"' for cell in line) + "\n" for line in lines)
    return zipped({f"{dataset}_2023_data.csv": "\ufeff" + text})


def _rows(where: Mapping[str, str]) -> list[dict[str, str]]:
    """A commune of today, or the country; every year of the first band where ages are free."""
    ages = (
        [f"Y{age}" for age in range(5)] if "SEX" in where and where["SEX"] in "FM" else ["Y_GE85"]
    )
    free = {"SEX": "F", "FREQ": "A"}
    place = {"GEO": "95127", "GEO_OBJECT": "COM"}
    if "GEO_OBJECT" in where:
        place = {"GEO": "F", "GEO_OBJECT": "FRANCE"}
    return [
        {
            **place,
            **{
                name: {"AGE": age}.get(name, free.get(name, "")) if value == "*" else value
                for name, value in where.items()
                if name != "GEO_OBJECT"
            },
            "TIME_PERIOD": "2023",
            "OBS_VALUE": "12.5",
        }
        for age in (ages if where.get("AGE") == "*" else [""])
    ]


def _observed(row: dict[str, str]) -> dict[str, object]:
    place = f"2026-{row['GEO_OBJECT']}-{row['GEO']}"
    others = {name: row[name] for name in row if name not in ("GEO", "GEO_OBJECT", "OBS_VALUE")}
    measures = {"OBS_VALUE_NIVEAU": {"value": float(row["OBS_VALUE"])}}
    return {"dimensions": {"GEO": place, **others}, "measures": measures}


def zipped(members: dict[str, str | bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def _file(write: Callable[[Path], Path]) -> bytes:
    """Bytes of a file that a fixture writes."""
    with tempfile.TemporaryDirectory() as folder:
        return write(Path(folder)).read_bytes()


def _apl(download: Download) -> bytes:
    """The workbook of the profession that the file is named after."""
    profession = download.file_name.removeprefix("apl_").removesuffix(".xlsx")
    header = tuple(name.replace("AAAA", "2021") for name in column_map(drees_apl.TABLE, profession))
    data = [("01001", "L'Abergement-Clémenciat", *([1.5] * (len(header) - 2)))]
    general = profession == "medecins_generalistes"
    unit = test_drees_apl.UNIT if general else test_drees_apl.ETP
    sheets = {"Paramètres": [["Paramètres"]], "APL 2023": test_drees_apl.sheet(header, data, unit)}
    return _file(lambda folder: write_workbook(folder / "apl.xlsx", sheets))


def _geo_api(download: Download) -> bytes:
    if "-epci-" in download.file_name:
        return json.dumps([EPCI]).encode()
    return json.dumps(test_geo_api.collection(test_geo_api.CERGY)).encode()


def _finess(download: Download) -> bytes:
    if download.file_name.endswith(".csv"):
        return test_finess.CSV.encode()
    row = {
        "finess": 950000364, "rs": "CH de Pontoise", "etat": "ACTUEL", "type": "ET",
        "com_code": 95500, "categ_code": 355, "categ_lib": "Centre Hospitalier (C.H.)",
        "date_extract_finess": "2026-05-04", "geoloc_4326_lat": 49.05, "geoloc_4326_long": None,
    }  # fmt: skip
    answer = {"data": [row], "links": {"next": None}, "meta": {"page": 1, "total": 1}}
    return json.dumps(answer).encode()


def _geoclip(download: Download) -> bytes:
    indicator = re.search(r"indic=([^&]+)", download.url)
    assert indicator is not None
    return test_observatoire.EXPORT.replace("part_pop_eloigne_soin", indicator[1]).encode()


def _membership(download: Download) -> bytes:
    workbook = _file(test_insee_comparateur.membership)
    return zipped({"table-appartenance-geo-communes-22.xlsx": workbook})


def _filosofi(download: Download) -> bytes:
    year = download.file_name.removesuffix(".zip")[-2:]
    medians = f"CODGEO;LIBGEO;NBMEN{year};NBPERS{year};Q2{year};D1{year};D9{year};RD;GI{year}\n01004;B;1;2;20510;11080;35230;3,2;0,29\n"
    poverty = f"CODGEO;TP60{year}\n01004;17,0\n"
    if year == "21":
        return _file(lambda folder: test_insee_filosofi.disp_zip(folder / "x.zip"))
    return zipped(
        {f"FILO20{year}_DISP_COM.csv": medians, f"FILO20{year}_DISP_PAUVRES_COM.csv": poverty}
    )


def _text(content: str) -> Callable[[Download], bytes]:
    return lambda download: content.encode()


BODIES: dict[str, Callable[[Download], bytes]] = {
    "ameli_pathologies": _text(test_ameli.TEXT),
    "anct_qpv_contours": lambda download: zipped(
        {test_anct_qpv.MEMBER: test_anct_qpv.collection([test_anct_qpv.national()])}
    ),
    "atlasante_defibrillateurs": _text(test_prodige.collection([test_prodige.device()])),
    "atlasante_geographie": _text(test_atlasante.GEO),
    "atlasante_populations": _text(test_atlasante.POPULATIONS),
    "atlasante_zones_postales": _text(test_prodige.collection([test_prodige.zone()])),
    "banatic": lambda download: _file(test_banatic.export),
    "cartosante_geoclip": _geoclip,
    "cog_evenements": lambda download: _file(test_cog.written),
    "contours_ign": lambda download: _file(
        lambda folder: test_contours.written(
            folder, test_contours.by_code("95127", 2.0), name="communes.geojson.gz"
        )
    ),
    "drees_apl_classeur": _apl,
    "finess": _finess,
    "france_travail": _text(test_france_travail.EXPORT),
    "geo_api": _geo_api,
    "insee_bpe_melodi": lambda download: _file(test_insee_bpe.melodi_zip),
    "insee_filosofi_fichiers": _filosofi,
    "insee_table_appartenance": _membership,
    "irsn_radon_fichier": _text(test_radon.TEXT),
    "observatoire_territoires": _geoclip,
    "odisse_cardio_epci": _text(
        "epci;annee;type_patho;taux_standardise\n249500109;2021-2023;AVC;170.5\n"
    ),
    "odisse_depistage": _text(test_odisse.SCREENING),
    "odisse_fedi": _text("commune_code;libgeo;reglib;f_edi\n01010;A;ARA;0.5\n"),
    "odisse_vaccination": _text(test_odisse.vaccination()),
    "sirse_geoclip": _geoclip,
}
