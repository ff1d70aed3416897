"""Web exports of Géoclip sites: the real ones, and damaged copies."""

from pathlib import Path

import pytest

from connectors import geoclip_export as geoclip
from connectors.base import Scope
from connectors.cards import load_sources
from connectors.sniff import sample
from connectors.text_files import table_columns
from tests.connectors.producer_files import (
    HTML,
    drift,
    recognised,
    refusal,
    tables,
    written,
)

TITLES = (
    "\ufeffInsee - Statistiques locales; ; \nRéférentiel géographique : France par commune; ; \n"
)
EXPORT = TITLES + (
    "Code;Libellé;Taux de pauvreté 2021;Part des ménages fiscaux imposés 2021\n"
    "01001;L'Abergement-Clémenciat;N/A - secret statistique;60.5\n"
    "2A004;Ajaccio;17;0\n"
    "97608;Dzaoudzi;N/A - résultat non disponible;N/A - division par 0\n"
)


@pytest.fixture(scope="module")
def folder(shared_dir: Path) -> Path:
    return shared_dir / "open-data"


@pytest.mark.shared
def test_real_export_of_statistiques_locales(folder: Path) -> None:
    path = folder / "insee/statistiques-locales/statistiques-locales_export_taux_pauvrete_2021.csv"
    assert recognised(geoclip, path).vintage == "2021"
    frame = tables(geoclip, path)["statistiques_locales"]
    assert list(frame.columns) == table_columns("statistiques_locales")
    assert frame["etat"].value_counts().to_dict() == {"ok": 1_694, "absent": 12, "secret": 1}
    assert set(frame["referentiel"]) == {"France par bassin de vie"}
    assert set(zip(frame["indicateur"], frame["annee"], strict=True)) == {
        ("Taux de pauvreté", "2021")
    }
    values = frame.set_index("codgeo")["valeur"]
    assert values[["01004", "97416"]].tolist() == [11.1, 35.7]
    assert values[frame.set_index("codgeo")["etat"] != "ok"].isna().all()


@pytest.mark.shared
def test_real_export_of_cartosante(folder: Path) -> None:
    path = folder / "atlasante/cartosante_export_apl_mg_bvcv_2023.csv"
    frame = tables(geoclip, path)["cartosante_export"]
    assert frame["etat"].value_counts().to_dict() == {"ok": 2_928, "absent": 3}
    assert set(frame["referentiel"]) == {"France par bassin de vie / canton-ville"}
    # Two zonings in one: four characters for a canton-ville, five for a bassin de vie.
    assert frame["codgeo"].str.len().value_counts().to_dict() == {5: 1_547, 4: 1_384}
    assert frame.set_index("codgeo")["valeur"][["01004", "0103", "97499"]].tolist() == [3, 3.2, 5.5]


def test_several_figures_and_their_states(tmp_path: Path) -> None:
    frame = tables(geoclip, written(tmp_path, EXPORT))["statistiques_locales"]
    assert len(frame) == 6
    assert frame["etat"].tolist() == ["secret", "ok", "absent", "ok", "ok", "absent"]
    zero = frame[(frame["codgeo"] == "2A004") & (frame["indicateur"] != "Taux de pauvreté")]
    assert zero["valeur"].tolist() == [0]  # a published zero stays a zero


def test_line_ends_of_windows(tmp_path: Path) -> None:
    path = written(tmp_path, EXPORT.replace("\n", "\r\n"))
    assert len(tables(geoclip, path)["statistiques_locales"]) == 6


def test_a_header_that_moved_is_named(tmp_path: Path) -> None:
    for old, new in (
        ("Code;", "Identifiant;"),
        ("Libellé;", "Nom;"),
        ("Taux de pauvreté 2021", "Taux de pauvreté"),
    ):
        path = written(tmp_path, EXPORT.replace(old, new))
        drift(geoclip, path, new.strip(";"), "statistiques_locales")
    drift(geoclip, written(tmp_path, TITLES + "Code;Libellé\n01001;A\n"), "<indicateur> <année>")
    added = EXPORT.replace("imposés 2021", "imposés 2021;Note").replace("60.5", "60.5;x")
    drift(
        geoclip,
        written(tmp_path, added.replace(";0\n", ";0;x\n").replace(" 0\n", " 0;x\n")),
        "Note",
    )


def test_rows_are_checked(tmp_path: Path) -> None:
    again = EXPORT + "2A004;Ajaccio;17;0\n"
    refusal(geoclip, written(tmp_path, again), "lignes en double", "2A004")
    refusal(geoclip, written(tmp_path, EXPORT.replace("2A004", "")), "codgeo")
    refusal(geoclip, written(tmp_path, EXPORT.replace("60.5", "N/A - autre")), "« N/A - autre »")
    refusal(geoclip, written(tmp_path, EXPORT[:-25]), "coupé")


def test_another_encoding_or_separator_is_refused(tmp_path: Path) -> None:
    found = recognised(geoclip, written(tmp_path, EXPORT))
    latin = written(tmp_path, EXPORT.removeprefix("\ufeff"), encoding="cp1252")
    refusal(geoclip, latin, "UTF-8", found=found)
    refusal(geoclip, written(tmp_path, EXPORT.replace(";", ",")), "titre", found=found)
    refusal(geoclip, written(tmp_path, HTML), "HTML", found=found)
    refusal(geoclip, written(tmp_path, "titre\n"), "deux lignes de titre", found=found)


def test_titles_shifted_are_not_recognised(tmp_path: Path) -> None:
    assert geoclip.recognise(sample(written(tmp_path, EXPORT.split("\n", 1)[1]))) is None
    assert geoclip.recognise(sample(written(tmp_path, "\n" + EXPORT[1:]))) is None
    assert geoclip.recognise(sample(written(tmp_path, HTML))) is None


def test_nothing_is_downloaded() -> None:
    cards = load_sources()
    for source_id, _ in geoclip.SITES.values():
        assert geoclip.downloads(cards[source_id], Scope()) == []
