"""The page Données, without a browser: what it offers, to whom, and what it says of the build."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest

from tests.connectors.test_radon import TEXT as RADON
from warehouse.paths import published

CERGY = "epci:249500109"
HELP = "réservé à la personne qui fait tourner Gradient"


@pytest.fixture
def mine(
    app_test: AppTest, embedded_data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A data folder of one's own, which an administrator may change."""
    folder = tmp_path / "entrepot"
    folder.mkdir()
    build = published(embedded_data_dir)
    (folder / build.path.name).symlink_to(build.path)
    shutil.copy(embedded_data_dir / "courant.json", folder)
    monkeypatch.setenv("GRADIENT_DATA_DIR", str(folder))
    monkeypatch.setenv("GRADIENT_ADMIN", "1")
    return folder


def visit(test: AppTest, perimeter: str = CERGY) -> AppTest:
    if perimeter:
        test.query_params["p"] = perimeter
    test.run()
    test.switch_page("pages/donnees.py").run()
    assert not test.exception
    assert not [one for one in test.error if "n'a pas pu s'afficher" in one.value]
    return test


def labels(test: AppTest) -> list[str]:
    return [one.label for one in test.button]


def told(test: AppTest) -> str:
    blocks = (test.markdown, test.caption, test.info, test.warning, test.error, test.success)
    text = "\n".join(str(one.value) for kind in blocks for one in kind)
    return text.replace("\u00a0", " ").replace("\u202f", " ").replace("\\", "")


def test_an_administrator_may_load_the_departement(app_test: AppTest, mine: Path) -> None:
    test = visit(app_test)
    places = next(one for one in test.radio if one.label == "Quelles données charger ?")
    assert [one.replace("\\", "") for one in places.options] == [
        "Mes départements : Val-d'Oise et Yvelines",
        "Ma région : Île-de-France",
        "La France",
    ]
    assert "Charger mes départements" in labels(test)
    assert HELP not in told(test)
    boxes = [one for one in test.checkbox if (one.key or "").startswith("oui_")]
    assert boxes and all(one.value for one in boxes)
    assert f"**{len(boxes)} sources** à demander" in told(test)
    boxes[0].uncheck().run()
    assert f"**{len(boxes) - 1} sources** à demander" in told(test)
    assert "à déposer à la main" in told(test)


def test_a_commune_has_one_departement(app_test: AppTest, mine: Path) -> None:
    test = visit(app_test, "com:46042")
    assert "Charger mon département" in labels(test)
    places = next(one for one in test.radio if one.label == "Quelles données charger ?")
    places.set_value("france").run()
    assert "Charger la France" in labels(test)


def test_without_a_perimeter_the_country_is_offered(app_test: AppTest, mine: Path) -> None:
    assert "Charger la France" in labels(visit(app_test, ""))


def test_nothing_ticked_is_nothing_to_load(app_test: AppTest, mine: Path) -> None:
    test = visit(app_test, "com:46042")
    for box in test.checkbox:
        box.uncheck()
    test.run()
    button = next(one for one in test.button if one.label == "Charger mon département")
    assert button.disabled


@pytest.fixture
def open_to_others() -> Iterator[None]:
    """The server listens beyond this machine."""
    former = config.get_option("server.address")
    config.set_option("server.address", "0.0.0.0")
    yield
    config.set_option("server.address", former)


def test_a_visitor_is_told_who_can(
    app_test: AppTest, mine: Path, open_to_others: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GRADIENT_ADMIN")
    test = visit(app_test)
    assert told(test).count(HELP) == 2
    assert not [one for one in labels(test) if one.startswith(("Charger", "Reconstruire"))]


def test_dropped_files_are_listed_and_taken_back(app_test: AppTest, mine: Path) -> None:
    (mine / "depot").mkdir()
    (mine / "depot" / "radon.csv").write_text(RADON, "utf-8")
    (mine / "depot" / "autre.csv").write_text("a;b\n1;2\n", "utf-8")
    test = visit(app_test)
    text = told(test)
    assert "**radon.csv** (166 octets)" in text
    assert "Potentiel radon des communes, fichier national, millésime 2019" in text
    assert "**autre.csv**" in text
    assert "Reconstruire avec ces fichiers" in labels(test)
    next(one for one in test.button if one.label == "Retirer").click().run()
    assert [path.name for path in (mine / "depot").iterdir()] == ["radon.csv"]


def test_every_table_is_offered(app_test: AppTest, mine: Path) -> None:
    test = visit(app_test)
    box = next(one for one in test.selectbox if one.label == "Table")
    assert "Tous les chiffres" in box.options
    for name in ("source", "indicator", "territory", "territory_geometry", "build_info"):
        next(one for one in test.selectbox if one.label == "Table").set_value(name).run()
        assert not test.exception
        assert "ligne" in told(test)


def test_a_folder_of_addresses_that_is_wrong_is_a_sentence(
    app_test: AppTest, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIENT_SOURCES_DIR", str(mine / "absent"))
    test = visit(app_test)
    assert "GRADIENT_SOURCES_DIR : le dossier" in told(test)
    assert not [one for one in labels(test) if one.startswith("Charger")]


def test_a_newer_build_waits_for_an_agreement(app_test: AppTest, mine: Path) -> None:
    test = visit(app_test)
    assert "Utiliser ces données" not in labels(test)
    first = published(mine)
    second = mine / "warehouse-autre.duckdb"
    second.symlink_to(first.path.resolve())
    (mine / "courant.json").write_text(f'{{"build_id": "autre", "file": "{second.name}"}}')
    test.run()
    assert "Nouvelle construction prête" in told(test)
    next(one for one in test.button if one.label == "Utiliser ces données").click().run()
    assert "Utiliser ces données" not in labels(test)
    assert test.session_state["build_path"] == str(second)
