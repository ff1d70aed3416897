"""Reading: read-only, safe between threads, parameters bound, nothing else than the marts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from warehouse.errors import NotBuilt
from warehouse.paths import ROOT, data_dir, published
from warehouse.read import Warehouse, as_records, marts


@pytest.fixture(scope="module")
def warehouse(embedded_warehouse: Path) -> Iterator[Warehouse]:
    opened = Warehouse(embedded_warehouse)
    yield opened
    opened.close()


def test_facts_are_those_of_the_published_build(
    warehouse: Warehouse, embedded_data_dir: Path
) -> None:
    assert warehouse.facts["build_id"] == published(embedded_data_dir).build_id
    assert warehouse.facts["profil"] == "embarque"
    assert pd.Timestamp(warehouse.facts["construit_le"]).tz is not None


def test_cards_come_in_display_order(warehouse: Warehouse) -> None:
    assert list(warehouse.indicator_cards()) == warehouse.mart("indicators")["id"].tolist()


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("observation", {}),
        ("aggregate_communes", {"groups": ["a"], "codes": ["95127"]}),
        ("profile", {}),
        ("profile", {"codes": ["95127"]}),
        ("sources", {"codes": ["95127"]}),
        ("sources; DROP TABLE observation", {}),
    ],
)
def test_only_marts_with_their_parameters(warehouse: Warehouse, name: str, parameters) -> None:
    """The message says what was expected and what came."""
    with pytest.raises(ValueError, match="reçu") as caught:
        warehouse.mart(name, **parameters)
    assert name in str(caught.value)


def test_marts_are_those_of_the_sql_folder() -> None:
    defined = "".join(
        path.read_text("utf-8") for path in (ROOT / "sql" / "3_marts").glob("*.sql")
    ).count("CREATE MACRO")
    assert len(marts()) == defined
    assert marts()["profile"] == ("codes", "whole_level", "whole_code")


def test_the_file_cannot_be_written(warehouse: Warehouse, embedded_warehouse: Path) -> None:
    before = embedded_warehouse.stat().st_mtime_ns
    with pytest.raises(duckdb.Error, match="read-only"):
        warehouse._root.execute("DELETE FROM observation")
    assert embedded_warehouse.stat().st_mtime_ns == before


def test_parameters_are_bound_never_run(warehouse: Warehouse) -> None:
    hostile = "95127'); DELETE FROM territory; --"
    assert warehouse.mart("commune_list", codes=[hostile, "95127"])["code"].tolist() == ["95127"]


def test_threads_get_their_own_answers(warehouse: Warehouse) -> None:
    """Eight threads, two hundred different questions: each gets the rows it asked for."""
    codes = warehouse.mart("searchable").query("level == 'commune'")["code"].sample(200).tolist()

    def ask(code: str) -> tuple[str, list[str]]:
        return code, warehouse.mart("commune_list", codes=[code])["code"].tolist()

    with ThreadPoolExecutor(8) as pool:
        for code, found in pool.map(ask, codes):
            assert found == [code]


def test_records_are_plain_and_missing_is_none(warehouse: Warehouse) -> None:
    rows = warehouse.mart(
        "map_values", codes=["46002"], indicator="mediane_niveau_vie", at_period="2023"
    )
    record = as_records(rows)[0]
    assert record["value"] is None
    assert record["state"] == "secret"
    assert json.loads(json.dumps(record)) == record


def test_the_data_folder_follows_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIENT_DATA_DIR", str(tmp_path / "ailleurs"))
    assert data_dir() == tmp_path / "ailleurs"
    with pytest.raises(NotBuilt):
        published()
    monkeypatch.setenv("GRADIENT_DATA_DIR", "")
    assert data_dir() == ROOT / "data" / "entrepot"
    monkeypatch.delenv("GRADIENT_DATA_DIR")
    assert data_dir() == ROOT / "data" / "entrepot"
