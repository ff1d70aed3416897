"""PETR and pôles métropolitains, from BANATIC to territories made of communes."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import yaml

from connectors import banatic, cog, embarque
from connectors.cards import DATA, load_sources
from tests.connectors.geo_files import read
from warehouse.loading import described_tables
from warehouse.paths import SQL

SCRIPTS = [
    "1_staging/insee_cog.sql",
    "1_staging/banatic.sql",
    "1_staging/cog.sql",
    "2_core/10_territory.sql",
    "2_core/12_groupings.sql",
]
# The territories of a build, without outlines or quartiers.
STUBS = """
CREATE TEMP VIEW stg_contours AS
SELECT ''::TEXT AS level, '' AS code, NULL::BLOB AS geometry, 0.0 AS lon, 0.0 AS lat WHERE false;
CREATE TEMP VIEW stg_qpv AS SELECT '' AS code, '' AS name, '' AS commune_code WHERE false;
"""
GRAND_QUERCY = "200052405"


def built(raw: dict[str, pd.DataFrame]) -> duckdb.DuckDBPyConnection:
    """Territories of the embedded code géographique, with the raw tables given."""
    connection = duckdb.connect()
    tables = {**embarque.read(load_sources()["insee_cog"]), **raw}
    for table, columns in described_tables().items():
        empty = pd.DataFrame({name: pd.Series(dtype=str) for name in columns})
        connection.register(f"raw_{table}", tables.get(table, empty))
    connection.execute(STUBS)
    for script in SCRIPTS:
        connection.execute((SQL / script).read_text("utf-8"))
    return connection


@pytest.fixture(scope="module")
def national(shared_dir: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = shared_dir / "open-data"
    raw = read(banatic, folder / "banatic" / "table_grpt_perimetre.parquet")
    raw |= read(banatic, folder / "banatic" / "table_grpt_liste.parquet")
    raw |= read(cog, folder / "insee" / "cog" / "ngeo2025.parquet")
    with built(raw) as connection:
        yield connection


def members(connection: duckdb.DuckDBPyConnection, code: str, level: str = "petr") -> set[str]:
    rows = connection.execute(
        "SELECT commune_code FROM territory_member WHERE parent_level = ? AND parent_code = ?",
        [level, code],
    ).fetchall()
    return {commune for (commune,) in rows}


@pytest.mark.shared
def test_every_petr_and_pole_is_a_territory(national: duckdb.DuckDBPyConnection) -> None:
    rows = national.execute(
        "SELECT type, count(*) FROM territory WHERE level = 'petr' GROUP BY type"
    ).fetchall()
    assert dict(rows) == {"PETR": 122, "POLEM": 24}


@pytest.mark.shared
def test_grand_quercy_is_the_seven_epci_of_the_example(
    national: duckdb.DuckDBPyConnection,
) -> None:
    """147 communes, one pick: the same as the seven EPCI that data/exemples.yml adds up."""
    examples = yaml.safe_load((DATA / "exemples.yml").read_text("utf-8"))
    (example,) = [one for one in examples if one["name"] == "PETR Grand Quercy"]
    parts = [part.removeprefix("epci:") for part in example["perimeter"].split(",")]
    communes = set().union(*(members(national, code, "epci") for code in parts))
    assert len(communes) == 147
    assert members(national, GRAND_QUERCY) == communes
    assert national.execute(
        "SELECT name, type, departement_code, region_code, population FROM territory"
        " WHERE level = 'petr' AND code = ?",
        [GRAND_QUERCY],
    ).fetchall() == [("PETR Grand Quercy", "PETR", "46", "76", 93_414)]


@pytest.mark.shared
def test_rules_on_territories_hold_for_groupings_too(national: duckdb.DuckDBPyConnection) -> None:
    check = (SQL / "checks" / "territory.sql").read_text("utf-8")
    assert national.execute(check).fetchall() == []
    assert (
        national.execute(
            """
        SELECT t.code FROM territory t
        LEFT JOIN territory_member m ON m.parent_level = 'petr' AND m.parent_code = t.code
        LEFT JOIN territory c ON c.level = 'commune' AND c.code = m.commune_code
        WHERE t.level = 'petr' GROUP BY t.code, t.population
        HAVING sum(c.population) IS DISTINCT FROM t.population
        """
        ).fetchall()
        == []
    )


def test_nothing_is_added_without_banatic() -> None:
    with built({}) as connection:
        assert connection.execute(
            "SELECT count(*) FROM territory WHERE level = 'petr'"
        ).fetchone() == (0,)
        assert members(connection, GRAND_QUERCY) == set()


def test_members_are_followed_to_communes_of_today() -> None:
    """A PETR of one EPCI, one syndicate of two communes (one of them merged since), one unknown."""
    names = ["siren", "nom", "nature", "membre_type", "membre_siren", "membre_nom"]
    rows = [
        ("200000001", "PETR d'essai", "PETR", "groupement", "249500109", "Cergy-Pontoise"),
        ("200000001", "PETR d'essai", "PETR", "groupement", "200000002", "Syndicat"),
        ("200000001", "PETR d'essai", "PETR", "groupement", "200000003", "Inconnu"),
        ("200000002", "Syndicat", "SIVU", "commune", "210100012", "L'Abergement-Clémenciat"),
        ("200000002", "Syndicat", "SIVU", "commune", "210100038", "Amareins"),
        ("TEMP00001", "PETR sans numéro", "PETR", "groupement", "249500109", "Cergy-Pontoise"),
    ]
    communes = pd.DataFrame(
        {"codgeo": ["01001", "01003"], "siren": ["210100012", "210100038"]}
    ).reindex(columns=described_tables()["cog_ngeo"])
    passage = pd.read_csv(DATA / "embarque" / "cog_passage.csv", dtype=str)
    successor = passage.set_index("ancien_code").loc["01003", "code"]
    raw = {"banatic_membres": pd.DataFrame(rows, columns=names), "cog_ngeo": communes}
    with built(raw) as connection:
        cergy = members(connection, "249500109", "epci")
        assert members(connection, "200000001") == {*cergy, "01001", successor}
        assert members(connection, "200000002") == members(connection, "TEMP00001") == set()
        assert connection.execute(
            "SELECT code, name, departement_code FROM territory WHERE level = 'petr'"
        ).fetchall() == [("200000001", "PETR d'essai", "95")]
