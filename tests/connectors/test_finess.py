"""FINESS: open sites only, no telephone, no commune guessed."""

import json
from pathlib import Path

import pytest

from connectors import finess
from connectors.base import Recognition, Scope
from connectors.cards import load_sources
from connectors.sniff import sample
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

NATIONAL = Recognition("finess", "csv", "t_finess")
EXTRACT = Recognition("finess", "extrait", "extrait-2026-08")
CSV = """source,date_maj,finess,etat,date_extract_finess,rs,type,com_code,categ_code,categ_lib,telephone,geoloc_4326_long,geoloc_4326_lat
"FINESS","2026-05-19","950000364","ACTUEL","2026-05-04","CH, site de Pontoise","ET","95500","355","Centre Hospitalier (C.H.)","0130754040","2.0934","49.0501"
"FINESS","2026-05-19","010000024","ACTUEL","2026-05-04","Pharmacie","ET","01053","620","Pharmacie d'Officine","","",""
"FINESS","2026-05-19","950000365","FERME","2026-05-04","Fermé","ET","95500","355","Centre Hospitalier (C.H.)","","2.0","49.0"
"FINESS","2026-05-19","950110015","ACTUEL","2026-05-04","Entité juridique","EJ","95500","355","Centre Hospitalier (C.H.)","","2.0","49.0"
"""


def a_site(**changes: object) -> dict:
    site = {"nom": "Pharmacie Du Voyage", "cat": "pharmacies", "lat": 49.017, "lon": 2.59}
    address = {"adresse": "AEROGARE 2", "cp": "95741", "commune": "Roissy", "tel": "0100000000"}
    return site | address | {"urgences": False} | changes


def test_open_sites_alone_are_kept(tmp_path: Path) -> None:
    path = written(tmp_path, "\ufeff" + CSV)
    assert recognised(finess, path) == NATIONAL
    frame = tables(finess, path)["finess_sites"].set_index("finess")
    assert list(frame.index) == ["950000364", "010000024"]
    assert frame.loc["950000364", ["rs", "codgeo", "lat", "date"]].tolist() == [
        "CH, site de Pontoise",
        "95500",
        "49.0501",
        "2026-05-04",
    ]
    assert frame.loc["010000024", "lat"] == ""
    assert "telephone" not in frame


def test_an_answer_of_the_tabular_api_is_the_same_table(tmp_path: Path) -> None:
    header, first, *_ = CSV.replace("CH, site", "CH site").replace('"', "").split("\n")
    row = dict(zip(header.split(","), first.split(","), strict=True)) | {
        "__id": 1,
        "telephone": None,
    }
    path = written(tmp_path, json.dumps({"data": [row], "links": {}, "meta": {}}), "api.json")
    assert recognised(finess, path).dataset == "api"
    assert tables(finess, path)["finess_sites"].loc[0, "codgeo"] == "95500"
    empty = written(tmp_path, json.dumps({"data": [], "geoloc_4326_lat": 1}), "api.json")
    refusal(finess, empty, "aucun site")


def test_the_extract_has_no_number_and_no_commune(tmp_path: Path) -> None:
    path = written(tmp_path, json.dumps([a_site()]), "finess.json")
    assert recognised(finess, path) == EXTRACT
    (row,) = tables(finess, path)["finess_sites"].to_dict("records")
    assert (row["finess"], row["codgeo"], row["categorie"]) == ("", "", "pharmacies")


@pytest.mark.shared
def test_the_real_extract(shared_dir: Path) -> None:
    path = shared_dir / "open-data/finess/finess_95.json"
    frame = tables(finess, path)["finess_sites"]
    assert frame["categorie"].value_counts().to_dict() == {
        "pharmacies": 323,
        "handicap": 166,
        "hopitaux": 145,
        "medecins": 119,
        "ehpad": 112,
    }
    assert frame["lat"].astype(float).between(48.9, 49.25).all()
    assert frame["lon"].astype(float).between(1.6, 2.6).all()


def test_a_renamed_or_missing_column_is_named(tmp_path: Path) -> None:
    drift(finess, written(tmp_path, with_header(CSV, "categ_lib", "categorie")), "categ_lib")
    text = CSV.replace("CH, site", "CH site")
    drift(finess, written(tmp_path, without_column(text, "etat", ",")), "etat")
    sites = json.dumps([{**a_site(), "cat": None}]).replace('"cat"', '"categorie"')
    drift(finess, written(tmp_path, sites, "f.json"), "cat")


def test_another_separator_or_a_shifted_header_is_a_drift(tmp_path: Path) -> None:
    text = CSV.replace("CH, site", "CH site").replace(",", ";")
    drift(finess, written(tmp_path, text), "com_code", "geoloc_4326_lat")
    refusal(finess, written(tmp_path, "t_finess\n" + CSV), "t_finess", found=NATIONAL)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"01053"', '"1053"', ("colonne codgeo", "« 1053 »")),
        ('"010000024"', '"10000024"', ("colonne finess", "« 10000024 »")),
        ('"010000024"', '"950000364"', ("1 lignes en double", "950000364")),
        ('"49.0501"', '"6885000"', ("colonne lat", "hors du globe")),
        ('"49.0501"', '"nord"', ("colonne lat", "« nord »")),
    ],
)
def test_a_damaged_cell_is_named(tmp_path: Path, old: str, new: str, words: tuple) -> None:
    refusal(finess, written(tmp_path, CSV.replace(old, new)), *words)


def test_cut_foreign_and_empty_files_are_refused(tmp_path: Path) -> None:
    refusal(finess, written(tmp_path, HTML), "t_finess", found=NATIONAL)
    refusal(finess, written(tmp_path, CSV, encoding="utf-16"), "lu", found=NATIONAL)
    refusal(finess, written(tmp_path, CSV.split("\n")[0] + "\n"), "en-tête", found=NATIONAL)
    refusal(finess, written(tmp_path, CSV + '"cut'), "lu", found=NATIONAL)
    cut = json.dumps([a_site(), a_site()])[:-20]
    refusal(finess, written(tmp_path, cut, "f.json"), "coupé", found=EXTRACT)
    refusal(finess, written(tmp_path, '{"nom": 1}', "f.json"), "liste de sites", found=EXTRACT)


def test_the_national_file_has_two_addresses() -> None:
    (one,) = finess.downloads(load_sources()["finess"], Scope())
    assert "796dfff7-cf54-493a-a0a7-ba3c2024c6f3" in one.url
    assert len(one.fallbacks) == 1


MINISTRY = (
    "nofinesset;rs;commune;departement;libdepartement;categetab;libcategetab;datemaj;coordxet;coordyet\n"
    "950000364;CH de Pontoise;500;95;Val-d'Oise;355;Centre Hospitalier;2026-05-04;635000;6885000\n"
    "970100123;Pharmacie;101;9A;Guadeloupe;620;Pharmacie;2026-05-04;657000;1797000\n"
    "2A0000001;Sans point;004;2A;Corse;620;Pharmacie;2026-05-04;;\n"
)


def test_the_extract_of_the_ministry_gives_communes_and_degrees(tmp_path: Path) -> None:
    """Three digits after the département, Lambert 93 or the projection of the overseas."""
    path = written(tmp_path, MINISTRY)
    assert recognised(finess, path) == Recognition("finess", "ministere", "etablissements")
    frame = tables(finess, path)["finess_sites"]
    assert frame["codgeo"].tolist() == ["95500", "97101", "2A004"]
    west, south, none = zip(frame["lon"], frame["lat"], strict=True)
    assert (round(float(west[0]), 1), round(float(west[1]), 1)) == (2.1, 49.1)
    assert (round(float(south[0]), 1), round(float(south[1]), 1)) == (-61.5, 16.2)
    assert none == ("", "")
    drift(finess, written(tmp_path, with_header(MINISTRY, "coordxet", "x")), "coordxet")


def test_an_empty_answer_of_the_tabular_api_is_no_site(tmp_path: Path) -> None:
    resource = load_sources()["finess"].urls["ressource"]
    links = {"profile": f"https://x.fr/api/resources/{resource}/profile/", "next": None}
    answer = {"data": [], "links": links, "meta": {"page": 1, "page_size": 50, "total": 0}}
    path = written(tmp_path, json.dumps(answer), "t.json")
    assert recognised(finess, path).part == "réponse vide"
    assert len(tables(finess, path)["finess_sites"]) == 0
    other = json.dumps(answer).replace(resource, "une-autre")
    assert finess.recognise(sample(written(tmp_path, other, "t.json"))) is None


def test_a_departement_is_asked_by_its_communes() -> None:
    card = load_sources()["finess"]
    downloads = finess.downloads(card, Scope(("95", "75")))
    assert [one.file_name for one in downloads] == [
        "t-finess-95-1.json",
        "t-finess-95-2.json",
        "t-finess-75-1.json",
    ]
    assert "com_code__in=95002,95008," in downloads[0].url
    assert "75101,75102" in downloads[2].url
    assert all(len(one.url) < 1000 for one in downloads)
    assert "page_size=50" in downloads[0].url
