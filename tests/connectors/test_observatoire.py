"""Observatoire des territoires: the extract, and Géoclip's export with its tokens."""

import json
from pathlib import Path

import pytest

from connectors import observatoire
from connectors.base import Recognition, Scope
from connectors.cards import load_sources
from connectors.sniff import sample
from tests.connectors.producer_files import (
    HTML,
    drift,
    recognised,
    refusal,
    tables,
    with_column,
    with_header,
    written,
)

EXTRACT = Recognition("observatoire_territoires", "acces_sante", "2023")
GEOCLIP = Recognition("observatoire_territoires", "geoclip", "an", "part_pop_eloigne_soin")
EXPORT = """codgeo;libgeo;an;part_pop_eloigne_soin
46042;Cahors;2023;0
46001;Albas;2023;12,5
46002;Albiac;2023;-9999
46003;Alvignac;2023;s
46004;Anglars;2023;nd
46005;Anglars-Juillac;2023;
"""


def extract(**changes: object) -> str:
    one = {
        "healthDistantSharePercent": 12.5,
        "healthVintage": 2023,
        "centralityAccessMinutes": None,
        "centralityVintage": None,
    }
    none = one | {"healthDistantSharePercent": None}
    return json.dumps({"46001": one, "01002": none} | changes)


def test_a_missing_share_is_not_a_zero(tmp_path: Path) -> None:
    frame = tables(observatoire, written(tmp_path, extract(), "a.json"))["acces_sante"]
    assert frame.to_dict("records") == [
        {"codgeo": "46001", "annee": "2023", "part_eloignee": "12.5"},
        {"codgeo": "01002", "annee": "2023", "part_eloignee": ""},
    ]


@pytest.mark.shared
def test_the_real_extract(shared_dir: Path) -> None:
    path = shared_dir / "open-data/observatoire-territoires/observatoire-access-by-commune.json"
    assert recognised(observatoire, path) == EXTRACT
    frame = tables(observatoire, path)["acces_sante"].set_index("codgeo")
    assert len(frame) == 34875
    assert (frame["part_eloignee"] == "").sum() == 26
    assert set(frame["annee"]) == {"2023"}
    assert float(frame.loc["95127", "part_eloignee"]) == 0
    assert float(frame.loc["10010", "part_eloignee"]) == 100


def test_tokens_of_geoclip_become_states(tmp_path: Path) -> None:
    path = written(tmp_path, EXPORT)
    assert recognised(observatoire, path) == GEOCLIP
    frame = tables(observatoire, path)["geoclip"].set_index("codgeo")
    assert set(frame["indicateur"]) == {"part_pop_eloigne_soin"}
    assert frame["etat"].tolist() == ["ok", "ok", "absent", "secret", "absent", "absent"]
    assert frame["valeur"].tolist() == ["0", "12.5", "", "", "", ""]


def test_an_export_without_years_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, "codgeo;libgeo;tx_x\n46042;Cahors;1.5\n")
    assert recognised(observatoire, path).vintage == "sans_an"
    assert tables(observatoire, path)["geoclip"].loc[0, "annee"] == ""


def test_a_moved_format_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, extract().replace("healthDistantSharePercent", "share"), "a.json")
    drift(observatoire, path, "healthDistantSharePercent", "share")
    for text in (
        with_header(EXPORT, "libgeo", "nom"),
        with_column(EXPORT, "autre", ";"),
        EXPORT.replace(",", ".").replace(";", ","),
        "Observatoire;;;\n" + EXPORT,
    ):
        refusal(observatoire, written(tmp_path, text), "format inattendu", found=GEOCLIP)


def test_damaged_rows_are_named(tmp_path: Path) -> None:
    lost = extract(**{"1003": {"healthDistantSharePercent": 1, "healthVintage": 2023}})
    refusal(observatoire, written(tmp_path, lost, "a.json"), "colonne codgeo", "« 1003 »")
    refusal(observatoire, written(tmp_path, extract()[:-30], "a.json"), "coupé", found=EXTRACT)
    twice = EXPORT + "46042;Cahors;2023;3\n"
    refusal(observatoire, written(tmp_path, twice), "1 lignes en double", "46042")
    odd = EXPORT.replace("12,5", "douze")
    refusal(observatoire, written(tmp_path, odd), "colonne valeur", "« douze »")
    cut = EXPORT.rstrip("\n")[:-2]
    refusal(observatoire, written(tmp_path, cut), "coupé", found=GEOCLIP)


def test_an_error_page_is_refused(tmp_path: Path) -> None:
    """Géoclip answers a page of HTML when it fails."""
    path = written(tmp_path, HTML)
    assert observatoire.recognise(sample(path)) is None
    refusal(observatoire, path, "page HTML", found=GEOCLIP)
    refusal(observatoire, written(tmp_path, EXPORT, encoding="utf-16"), "UTF-8", found=GEOCLIP)


def test_the_address_is_built_from_the_card() -> None:
    card = load_sources()["observatoire_territoires"]
    (one,) = observatoire.downloads(card, Scope())
    assert one.url.startswith(card.urls["base"] + "?type=stat&nivgeo=com2025&dataset=acces_soin")
    assert one.url.endswith("indic=part_pop_eloigne_soin&format=csv")
    other = card.model_copy(update={"urls": card.urls | {"base": "https://exemple.fr/GC.php"}})
    assert observatoire.downloads(other, Scope())[0].url.startswith("https://exemple.fr/GC.php?")


@pytest.mark.parametrize(
    ("source", "indicator"),
    [("cartosante_geoclip", "z_gene"), ("sirse_geoclip", "tx_emploiprec")],
)
def test_other_sites_of_geoclip_are_told_by_what_their_card_asks_for(
    tmp_path: Path, source: str, indicator: str
) -> None:
    """Experimental: the same form at an address that nobody was seen calling."""
    card = load_sources()[source]
    assert "(expérimental)" in card.title
    assert any("Expérimental" in caveat for caveat in card.caveats)
    asked = observatoire.downloads(card, Scope())
    assert all(one.url.startswith(card.urls["base"]) for one in asked)
    assert any(f"indic={indicator}&" in one.url for one in asked)
    path = written(tmp_path, EXPORT.replace("part_pop_eloigne_soin", indicator))
    assert recognised(observatoire, path).source_id == source
    assert set(tables(observatoire, path)["geoclip"]["source"]) == {source}


def test_a_class_is_kept_apart_from_numbers(tmp_path: Path) -> None:
    text = "codgeo;libgeo;an;z_gene\n46042;Cahors;2024;2_ZAC\n46001;Albas;2024;-9999\n"
    frame = tables(observatoire, written(tmp_path, text))["geoclip"]
    assert frame[["valeur", "classe", "etat"]].values.tolist() == [
        ["", "2_ZAC", "ok"], ["", "", "absent"],
    ]  # fmt: skip
    odd = text.replace("2_ZAC", "ZAC")
    refusal(observatoire, written(tmp_path, odd), "colonne valeur", "« ZAC »")
