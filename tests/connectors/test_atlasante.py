"""Tables of the organisation atlasante: the columns that public readers name, the catalogue."""

from pathlib import Path
from typing import Any

import pytest

from connectors import atlasante
from connectors.base import Recognition, Scope
from connectors.cards import load_sources
from connectors.errors import SourceUnavailable
from tests.connectors.producer_files import (
    HTML,
    drift,
    recognised,
    refusal,
    tables,
    with_header,
    without_column,
    written,
)

GEOGRAPHY = Recognition("atlasante_geographie", "t_geo_com", "t_geo_com")
GEO = (
    '"SOURCE","COM_CODE","COM_LIB","COM_STATUT","COM_CODE_ACTUEL","DPT_CODE_ACTUEL",'
    '"REG_CODE_ACTUEL","TDS16_V2020_CODE","TDS16_V2020_LIB","TDS16_V2021_CODE","TDS16_V2021_LIB"\n'
    '"DataSanté","95127","Cergy","ACTUELLE","95127","95","11","11-0","Ancien","11-1","Val-d\'Oise"\n'
    '"DataSanté","46900","Ancienne","OBSOLETE","46042","46","76","76-0","Ancien","76-1","Lot, nord"\n'
)
POPULATIONS = (
    "com_code,com_type,popmun_annee,popmun_age,popmun_sexe,popmun_nb\n"
    "95127,COM,2023,0,1,12.5\n95127,COM,2023,0,2,11\n75101,ARM,2023,0,1,3\n95,DEP,2023,0,1,900\n"
)
RESOURCE = "https://www.data.gouv.fr/api/1/datasets/r/11111111-2222-3333-4444-555555555555"
CATALOGUE: list[dict[str, Any]] = [
    {
        "slug": "referentiel-geographique-t-geo-com",
        "title": "Référentiel géographique (t_geo_com) DataSanté",
        "resources": [
            {"id": "9", "title": "t-geo-com.csv", "format": "csv", "latest": RESOURCE, "last_modified": "2026-03"},
            {"id": "8", "title": "t-geo-com.csv", "format": "csv", "latest": "ancien", "last_modified": "2024-01"},
            {"id": "7", "title": "Dictionnaire.xlsx", "format": "xlsx", "latest": "dico", "last_modified": "2026-09"},
            {"id": "6", "title": "memo.csv", "format": "csv", "latest": "memo", "last_modified": "2026-09"},
        ],
    },
    {"slug": "autre", "title": "Autre", "resources": []},
]  # fmt: skip


def test_the_newest_health_territory_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, "\ufeff" + GEO)
    assert recognised(atlasante, path) == GEOGRAPHY
    frame = tables(atlasante, path)["atlasante_geographie"]
    assert frame[["codgeo", "code_actuel", "tds", "tds_nom", "tds_millesime"]].values.tolist() == [
        ["95127", "95127", "11-1", "Val-d'Oise", "2021"],
        ["46900", "46042", "76-1", "Lot, nord", "2021"],
    ]


def test_another_separator_and_small_letters_are_read(tmp_path: Path) -> None:
    text = GEO.replace('"', "").replace("Lot, nord", "Lot").replace(",", ";")
    header, rest = text.split("\n", 1)
    frame = tables(atlasante, written(tmp_path, header.lower() + "\n" + rest))
    assert frame["atlasante_geographie"]["tds"].tolist() == ["11-1", "76-1"]


def test_populations_are_those_of_communes(tmp_path: Path) -> None:
    path = written(tmp_path, POPULATIONS)
    assert recognised(atlasante, path).dataset == "t_popmun_com"
    frame = tables(atlasante, path)["atlasante_populations"]
    assert frame["codgeo"].tolist() == ["95127", "95127", "75101"]
    supposed = written(tmp_path, POPULATIONS.replace("popmun", "popref"))
    assert recognised(atlasante, supposed).dataset == "t_popref_com"
    assert len(tables(atlasante, supposed)["atlasante_populations"]) == 3


def test_moved_columns_and_damaged_rows_are_named(tmp_path: Path) -> None:
    drift(atlasante, written(tmp_path, with_header(GEO, "COM_STATUT", "COM_ETAT")), "COM_STATUT", "COM_ETAT")  # fmt: skip
    without = "".join(line.rsplit(",", 2)[0] + "\n" for line in GEO.replace("Lot, nord", "Lot").split("\n") if line)  # fmt: skip
    assert tables(atlasante, written(tmp_path, without))["atlasante_geographie"]["tds_millesime"][0] == "2020"  # fmt: skip
    none = without_column(without_column(without, '"TDS16_V2020_CODE"', ","), '"TDS16_V2020_LIB"', ",")  # fmt: skip
    drift(atlasante, written(tmp_path, none), "TDS16_CODE")
    refusal(
        atlasante, written(tmp_path, GEO.replace("95127", "9512")), "colonne codgeo", "« 9512 »"
    )
    twice = POPULATIONS + "95127,COM,2023,0,1,3\n"
    refusal(atlasante, written(tmp_path, twice), "1 lignes en double")
    refusal(atlasante, written(tmp_path, HTML), "page HTML", found=GEOGRAPHY)
    refusal(atlasante, written(tmp_path, GEO, encoding="latin-1"), "UTF-8", found=GEOGRAPHY)


def test_the_file_is_found_in_the_catalogue_of_the_organisation() -> None:
    cards = load_sources()
    card = cards["atlasante_geographie"]
    assert "organizations/atlasante" in atlasante.listing(card)
    (one,) = atlasante.downloads(card, Scope(), CATALOGUE)
    assert one.url == RESOURCE
    own = card.model_copy(update={"urls": card.urls | {"t_geo_com": "https://exemple.fr/t.csv"}})
    assert atlasante.downloads(own, Scope(), CATALOGUE)[0].url == "https://exemple.fr/t.csv"
    with pytest.raises(SourceUnavailable, match="t_popref_com ni t_popmun_com"):
        atlasante.downloads(cards["atlasante_populations"], Scope(), CATALOGUE)
