"""GRADIENT_SOURCES_DIR: sources sent to a mirror, and every way to write it wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.base import Scope
from connectors.cards import load_sources
from connectors.errors import InvalidCard
from warehouse.fetch import expected_files


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRADIENT_SOURCES_DIR", str(tmp_path))
    return tmp_path


def test_without_it_cards_keep_their_addresses() -> None:
    assert load_sources()["irsn_radon_fichier"].urls == {}
    assert all(
        url.startswith("https://") or "://" not in url
        for card in load_sources().values()
        for url in card.urls.values()
    )


def test_a_source_is_asked_for_at_the_mirror(mirror: Path) -> None:
    (mirror / "irsn_radon_fichier.yml").write_text("urls: {national: 'http://miroir/radon.csv'}")
    (mirror / "ameli_pathologies.yml").write_text("urls: {}")
    before = expected_files(Scope())
    cards = load_sources()
    assert cards["irsn_radon_fichier"].urls == {"national": "http://miroir/radon.csv"}
    assert cards["irsn_radon_fichier"].title == "Potentiel radon des communes, fichier national"
    assert before["irsn_radon_fichier"] == 1
    assert before["ameli_pathologies"] == 0, "no longer asked for"
    assert before["anct_qpv_contours"] == 1, "the others are as they were"


def test_a_departement_asks_for_less_than_the_country() -> None:
    some, whole = expected_files(Scope(("95",))), expected_files(Scope())
    assert some.keys() == whole.keys()
    assert some["geo_api"] < whole["geo_api"]
    assert whole["cepidc"] == 0, "it comes by hand"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("inconnue", "urls: {a: 'https://a'}", "ne porte le nom d'aucune source"),
        ("ameli_pathologies", "urls: {autre: 'https://a'}", "pas d'adresse pour effectifs"),
        ("ameli_pathologies", "urls: {effectifs: 'file:///etc/passwd'}", "commence par https"),
        ("ameli_pathologies", "adresses: {}", "illisible"),
        ("ameli_pathologies", "urls: [", "illisible"),
        ("ameli_pathologies", "", "illisible"),
    ],
)
def test_a_mistake_names_the_file(mirror: Path, name: str, text: str, said: str) -> None:
    (mirror / f"{name}.yml").write_text(text)
    with pytest.raises(InvalidCard, match=said) as refused:
        load_sources()
    assert f"{name}.yml" in str(refused.value)


def test_a_folder_that_is_not_there_is_told(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIENT_SOURCES_DIR", str(mirror / "absent"))
    with pytest.raises(InvalidCard, match="n'existe pas"):
        load_sources()
