"""The warehouse's contract: tables, keys, states, and a documentation that says the same."""

import re

import duckdb
import pytest

from tests.conftest import ROOT
from warehouse.read import Warehouse, marts

DOCUMENTATION = (ROOT / "docs" / "entrepot.md").read_text("utf-8")
KEYS = {
    "territory": ("level", "code"),
    "territory_member": ("parent_level", "parent_code", "commune_code"),
    "territory_geometry": ("level", "code"),
    "territory_sketch": ("level", "code"),
    "passage": ("old_code",),
    "observation": ("indicator_id", "level", "code", "period"),
    "list_item": ("indicator_id", "commune_code", "item_id"),
    "indicator": ("id",),
    "source": ("id",),
    "reference": ("indicator_id", "period"),
    "build_info": ("key",),
}
LEVELS = {"commune", "arm", "epci", "ept", "departement", "region", "france", "qpv"}


def documented_tables() -> dict[str, list[tuple[str, str]]]:
    """Table -> (column, type), as docs/entrepot.md lists them."""
    found: dict[str, list[tuple[str, str]]] = {}
    sections = re.split(r"^### `(\w+)`$", DOCUMENTATION, flags=re.MULTILINE)
    for name, text in zip(sections[1::2], sections[2::2], strict=True):
        text = re.split(r"^## ", text, flags=re.MULTILINE)[0]
        found[name] = re.findall(r"^\| `(\w+)` \| (.+?) \| .+ \|$", text, flags=re.MULTILINE)
    return found


def documented_marts() -> dict[str, tuple[str, ...]]:
    section = DOCUMENTATION.split("## Les requêtes")[1]
    rows = re.findall(r"^\| `(\w+)` \|(.*?)\| .+ \|$", section, flags=re.MULTILINE)
    return {name: tuple(re.findall(r"`(\w+)`", parameters)) for name, parameters in rows}


def test_every_table_and_column_is_documented_and_true(
    database: duckdb.DuckDBPyConnection,
) -> None:
    tables = {
        name: [(row[0], row[1]) for row in database.execute(f'DESCRIBE "{name}"').fetchall()]
        for (name,) in database.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    }
    assert documented_tables() == tables


def test_every_mart_is_documented() -> None:
    assert documented_marts() == marts()


def test_the_page_says_the_key_of_each_table() -> None:
    for name, key in KEYS.items():
        section = DOCUMENTATION.split(f"### `{name}`")[1].split("###")[0]
        stated = re.search(r"Clé : (.+?)\.(?:\s|$)", section)
        assert stated is not None, name
        if stated.group(1) != "les trois colonnes":
            assert tuple(re.findall(r"`(\w+)`", stated.group(1))) == key, name


@pytest.mark.parametrize("table", KEYS)
def test_keys_are_unique_and_complete(database: duckdb.DuckDBPyConnection, table: str) -> None:
    key = ", ".join(KEYS[table])
    missing = " OR ".join(f"{column} IS NULL" for column in KEYS[table])
    rows = database.execute(
        f"SELECT {key} FROM {table} GROUP BY ALL HAVING count(*) > 1"
    ).fetchall()
    assert rows == []
    assert database.execute(f"SELECT count(*) FROM {table} WHERE {missing}").fetchone() == (0,)
    assert database.execute(f"SELECT count(*) > 0 FROM {table}").fetchone() == (True,)


def test_states_and_levels_are_those_of_the_contract(
    database: duckdb.DuckDBPyConnection,
) -> None:
    states = database.execute("SELECT DISTINCT state FROM observation").fetchall()
    assert {state for (state,) in states} == {"ok", "approx", "secret", "absent"}
    levels = database.execute("SELECT DISTINCT level FROM territory").fetchall()
    assert {level for (level,) in levels} == LEVELS
    described = DOCUMENTATION.split("### `territory`")[1].split("###")[0]
    assert all(f"`{level}`" in described for level in LEVELS)


def test_codes_and_periods_are_text(database: duckdb.DuckDBPyConnection) -> None:
    """01001 keeps its zero, 2A004 its letter."""
    kinds = database.execute(
        "SELECT DISTINCT data_type FROM duckdb_columns() WHERE NOT internal AND (column_name IN "
        "('code', 'period', 'level') OR column_name LIKE '%\\_code' ESCAPE '\\')"
    ).fetchall()
    assert kinds == [("VARCHAR",)]
    for code in ("01001", "2A004", "97101"):
        found = database.execute(
            "SELECT count(*) FROM territory WHERE level = 'commune' AND code = ?", [code]
        ).fetchone()
        assert found == (1,)


def test_only_communes_hold_secrets(database: duckdb.DuckDBPyConnection) -> None:
    """A larger territory is aggregated first and masked after: it is absent, never half secret."""
    levels = database.execute(
        "SELECT DISTINCT level FROM observation WHERE state = 'secret'"
    ).fetchall()
    assert levels == [("commune",)]


def test_every_level_has_its_communes(database: duckdb.DuckDBPyConnection) -> None:
    rows = database.execute(
        "SELECT t.level, t.code FROM territory t "
        "ANTI JOIN territory_member m ON m.parent_level = t.level AND m.parent_code = t.code "
        "WHERE t.level NOT IN ('arm')"
    ).fetchall()
    assert rows == []


ARGUMENTS = {
    "codes": ["95127", "46042"],
    "whole_level": "",
    "whole_code": "",
    "groups": ["a", "b"],
    "levels": ["commune", "commune"],
    "indicator": "mediane_niveau_vie",
    "at_period": "2023",
    "at_level": "epci",
    "at_code": "249500109",
    "first_year": 2021,
    "last_year": 2025,
    "departements": ["95"],
    "indicators": ["mediane_niveau_vie", "part_sans_diplome"],
    "periods": ["2023", "2023"],
    "west": -180.0,
    "south": -90.0,
    "east": 180.0,
    "north": 90.0,
}
# Of tables that the embedded default leaves empty.
EMPTY_HERE = {
    "arm_matrix",
    "commune_zoning",
    "layer_quarters",
    "national_deaths",
    "site_departements",
    "sites_between",
    "whole_epci",
}


@pytest.mark.parametrize("name", sorted(marts()))
def test_every_mart_answers_read_only(warehouse: Warehouse, name: str) -> None:
    rows = warehouse.mart(name, **{key: ARGUMENTS[key] for key in marts()[name]})
    assert (len(rows) == 0) == (name in EMPTY_HERE)


@pytest.mark.parametrize("name", sorted(name for name, keys in marts().items() if "codes" in keys))
def test_a_mart_asked_about_nothing_answers_with_no_row(warehouse: Warehouse, name: str) -> None:
    """An empty perimeter and an unknown commune are no error."""
    for code in ([], ["00000"], ["'; DROP TABLE observation; --"]):
        asked = {"codes": code, "groups": ["a"] * len(code), "levels": ["commune"] * len(code)}
        rows = warehouse.mart(name, **{key: (ARGUMENTS | asked)[key] for key in marts()[name]})
        assert len(rows) == 0


def test_a_map_has_a_row_for_every_commune_asked(warehouse: Warehouse) -> None:
    """A commune of which the source says nothing is « absent » with its reason, not left out."""
    codes = ["95127", "78382", "46002"]
    rows = warehouse.mart(
        "map_values", codes=codes, indicator="mediane_niveau_vie", at_period="2023"
    ).set_index("code")
    assert rows["state"].to_dict() == {"46002": "secret", "78382": "absent", "95127": "ok"}
    assert rows["value"].notna().to_dict() == {"46002": False, "78382": False, "95127": True}
    assert rows.loc[["46002", "78382"], "reason"].notna().all()


def test_category_counts_add_up(warehouse: Warehouse, database) -> None:
    codes = [
        code
        for (code,) in database.execute(
            "SELECT commune_code FROM territory_member "
            "WHERE parent_level = 'departement' AND parent_code = '46'"
        ).fetchall()
    ]
    counts = warehouse.mart("category_counts", codes=codes).set_index("category")["communes"]
    assert counts.sum() == 312
    profile = warehouse.mart("profile", codes=codes, whole_level="", whole_code="")
    radon = profile.set_index("indicator_id").loc["potentiel_radon"]
    assert (radon["value"], radon["denominator"]) == (counts[3], 312)
