"""The embedded files: read as text, and refused with a clear sentence when they moved."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from connectors import embarque
from connectors.cards import DATA, SourceCard, load_sources
from connectors.columns import VINTAGE, column_map, rename
from connectors.errors import ConnectorError, InvalidCard, SchemaDrift, SourceUnavailable

CARDS = {card.id: card for card in load_sources().values() if card.connector == "embarque"}
TABLES = [(card.id, table) for card in CARDS.values() for table in card.tables]


def copy_of(card: SourceCard, folder: Path) -> Path:
    """The files of ``card``, copied to ``folder``, free to be damaged."""
    for name in card.tables.values():
        shutil.copy(DATA / "embarque" / name, folder / name)
    return folder


def header_of(path: Path) -> list[str]:
    return path.open(encoding="utf-8").readline().rstrip("\r\n").split(",")


def replace_header(path: Path, header: list[str]) -> None:
    rest = path.read_text("utf-8").split("\n", 1)[1]
    path.write_text(",".join(header) + "\n" + rest, "utf-8")


def drift_of(card: SourceCard, folder: Path) -> SchemaDrift:
    with pytest.raises(SchemaDrift) as caught:
        embarque.read(card, folder)
    return caught.value


def assert_says(error: SchemaDrift, source: str, table: str, *words: str) -> None:
    """Source, table, vintage, columns and where to correct, in one French message."""
    message = str(error)
    for word in (f"Source {source}", f"table {table}", "millésime embarque", *words):
        assert word in message
    assert f"À corriger : data/columns/{table}.csv" in message
    assert (error.source_id, error.table, error.vintage) == (source, table, "embarque")


@pytest.mark.parametrize(("source", "table"), TABLES)
def test_tables_are_read_as_text(source: str, table: str) -> None:
    """Same cells as the file, our column names, codes with their zeros, blanks missing."""
    card = CARDS[source]
    frame = embarque.read(card)[table]
    raw = (DATA / "embarque" / card.tables[table]).read_text("utf-8")
    assert len(frame) == len(raw.strip("\n").split("\n")) - 1
    assert set(frame.columns) == set(column_map(table, "embarque").values())
    cells = frame.to_numpy().ravel()
    assert all(isinstance(cell, str) for cell in cells[~pd.isna(cells)])
    assert "" not in cells


@pytest.mark.parametrize(("source", "table"), TABLES)
@pytest.mark.parametrize("position", [0, -1])
def test_a_renamed_column_is_named(source: str, table: str, position: int, tmp_path: Path) -> None:
    card = CARDS[source]
    path = copy_of(card, tmp_path) / card.tables[table]
    header = header_of(path)
    lost = header[position]
    header[position] = "nouveau_nom"
    replace_header(path, header)
    error = drift_of(card, tmp_path)
    assert (error.missing, error.extra) == ((lost,), ("nouveau_nom",))
    assert_says(
        error, source, table, f"Colonnes absentes : {lost}.", "Colonnes inconnues : nouveau_nom."
    )


@pytest.mark.parametrize(("source", "table"), TABLES)
def test_a_lost_column_is_named(source: str, table: str, tmp_path: Path) -> None:
    card = CARDS[source]
    path = copy_of(card, tmp_path) / card.tables[table]
    lost = header_of(path)[-1]
    pd.read_csv(path, dtype=str).drop(columns=lost).to_csv(path, index=False)
    error = drift_of(card, tmp_path)
    assert (error.missing, error.extra) == ((lost,), ())
    assert_says(error, source, table, f"Colonnes absentes : {lost}.")


@pytest.mark.parametrize(("source", "table"), TABLES)
def test_an_added_column_is_named(source: str, table: str, tmp_path: Path) -> None:
    card = CARDS[source]
    path = copy_of(card, tmp_path) / card.tables[table]
    pd.read_csv(path, dtype=str).assign(secret=1).to_csv(path, index=False)
    error = drift_of(card, tmp_path)
    assert (error.missing, error.extra) == ((), ("secret",))
    assert_says(error, source, table, "Colonnes inconnues : secret.")


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_another_separator_is_a_drift(separator: str, tmp_path: Path) -> None:
    card = CARDS["insee_filosofi"]
    path = copy_of(card, tmp_path) / card.tables["filosofi"]
    pd.read_csv(path, dtype=str).to_csv(path, index=False, sep=separator)
    error = drift_of(card, tmp_path)
    assert_says(error, card.id, "filosofi", "codgeo", "mediane_niveau_vie", "taux_pauvrete")


def test_a_column_written_twice_is_a_drift(tmp_path: Path) -> None:
    card = CARDS["irsn_radon"]
    path = copy_of(card, tmp_path) / card.tables["radon"]
    replace_header(path, ["codgeo", "annee", "annee"])
    assert drift_of(card, tmp_path).missing == ("categorie",)


def test_columns_in_another_order_are_the_same_table(tmp_path: Path) -> None:
    card = CARDS["insee_filosofi"]
    path = copy_of(card, tmp_path) / card.tables["filosofi"]
    frame = pd.read_csv(path, dtype=str)
    frame[frame.columns[::-1]].to_csv(path, index=False)
    moved = embarque.read(card, tmp_path)["filosofi"]
    pd.testing.assert_frame_equal(moved, embarque.read(card)["filosofi"])


def test_a_byte_order_mark_and_windows_lines_change_nothing(tmp_path: Path) -> None:
    card = CARDS["insee_filosofi"]
    path = copy_of(card, tmp_path) / card.tables["filosofi"]
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    pd.testing.assert_frame_equal(
        embarque.read(card, tmp_path)["filosofi"], embarque.read(card)["filosofi"]
    )


def make_absent(path: Path) -> None:
    path.unlink()


def make_empty(path: Path) -> None:
    path.write_bytes(b"")


def make_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def write_in_latin_1(path: Path) -> None:
    path.write_bytes(path.read_text("utf-8").replace("’", "'").encode("latin-1"))


def add_a_cell(path: Path) -> None:
    path.write_text(path.read_text("utf-8") + "95127,2025,infirmier,1,de trop\n", "utf-8")


def cut_short(path: Path) -> None:
    path.write_text(path.read_text("utf-8") + "95127,2025,infirmier\n", "utf-8")


def cut_in_a_quote(path: Path) -> None:
    path.write_text(path.read_text("utf-8") + '"95127,2025\n', "utf-8")


@pytest.mark.parametrize(
    "damage",
    [
        make_absent,
        make_empty,
        make_a_folder,
        write_in_latin_1,
        add_a_cell,
        cut_short,
        cut_in_a_quote,
    ],
)
def test_an_unreadable_file_says_which_and_what_to_do(damage, tmp_path: Path) -> None:
    card = CARDS["insee_bpe"]
    damage(copy_of(card, tmp_path) / card.tables["bpe"])
    with pytest.raises(SourceUnavailable) as caught:
        embarque.read(card, tmp_path)
    message = str(caught.value)
    assert caught.value.source_id == "insee_bpe"
    assert "Source insee_bpe indisponible" in message
    assert card.tables["bpe"] in message
    assert "Rétablissez data/embarque/" in message
    assert isinstance(caught.value, ConnectorError)
    assert caught.value.__cause__ is not None


def test_a_table_without_column_map_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidCard, match=r"table inconnue .* data/columns"):
        column_map("inconnue", "embarque")


@pytest.mark.parametrize("rows", [[], ["embarque", "embarque"]])
def test_a_vintage_is_described_once(rows: list[str], tmp_path: Path) -> None:
    pd.DataFrame({VINTAGE: rows, "codgeo": ["code"] * len(rows)}).to_csv(
        tmp_path / "radon.csv", index=False
    )
    with pytest.raises(InvalidCard, match=r"data/columns/radon\.csv .* millésime embarque"):
        column_map("radon", "embarque", tmp_path)


def test_a_column_map_renames_a_vintage_without_code(tmp_path: Path) -> None:
    """A producer's new name costs one row of data; a column the vintage lacks is left blank."""
    text = f"{VINTAGE},codgeo,categorie,note\n2018,COD,CLASSE,\n2030,INSEE,classe_potentiel,NOTE\n"
    (tmp_path / "radon.csv").write_text(text, "utf-8")
    assert column_map("radon", "2018", tmp_path) == {"COD": "codgeo", "CLASSE": "categorie"}
    assert column_map("radon", "2030", tmp_path)["NOTE"] == "note"


def test_rename_keeps_our_columns_alone() -> None:
    frame = pd.DataFrame({"annee": ["2019"], "autre": ["x"], "codgeo": ["46001"], "categorie": "1"})
    kept = rename(frame, "irsn_radon", "radon", "embarque", strict=False)
    assert list(kept.columns) == ["codgeo", "annee", "categorie"]
    with pytest.raises(SchemaDrift, match="autre"):
        rename(frame, "irsn_radon", "radon", "embarque")
