"""Files of producers in a test: written or damaged, recognised as the drop folder does, parsed."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from connectors.base import RawFile, Recognition
from connectors.errors import ConnectorError, SchemaDrift
from connectors.sniff import sample

HTML = "<!doctype html>\n<html><body>Service indisponible</body></html>\n"


def raw_file(path: Path) -> RawFile:
    """``path`` as a file dropped by hand."""
    return RawFile(path, path.name, "", "depot", "2026-11-23", "0" * 64)


def written(folder: Path, text: str, name: str = "fichier.csv", encoding: str = "utf-8") -> Path:
    """A file of ``folder`` holding ``text``."""
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def recognised(connector: ModuleType, path: Path) -> Recognition:
    """What ``connector`` says of the file; the test fails when it says nothing."""
    found = connector.recognise(sample(path))
    assert isinstance(found, Recognition), f"{path.name} n'est pas reconnu"
    return found


def tables(connector: ModuleType, path: Path) -> dict[str, pd.DataFrame]:
    """The raw tables of a file that ``connector`` knows."""
    parsed: dict[str, pd.DataFrame] = connector.parse(raw_file(path), recognised(connector, path))
    return parsed


def refusal(
    connector: ModuleType, path: Path, *words: str, found: Recognition | None = None
) -> ConnectorError:
    """The error that parsing raises: French, naming the source and every one of ``words``."""
    found = found or recognised(connector, path)
    with pytest.raises(ConnectorError) as caught:
        connector.parse(raw_file(path), found)
    message = str(caught.value)
    for word in (f"Source {found.source_id}", found.vintage, *words):
        assert word in message, f"{word!r} manque dans : {message}"
    return caught.value


def drift(connector: ModuleType, path: Path, *columns: str) -> SchemaDrift:
    """The same for a column that moved, which the message names."""
    error = refusal(connector, path, *columns, "data/columns")
    assert isinstance(error, SchemaDrift)
    return error


def assert_damage_is_refused(
    connector: ModuleType, folder: Path, text: str, found: Recognition, name: str = "fichier.csv"
) -> None:
    """HTML instead of data, another encoding, a cut, an empty file: each has its sentence."""
    damages = {
        "page HTML": HTML.encode(),
        "UTF-8": text.encode("utf-16"),
        "coupé": text.rstrip("\n")[: -len(text.rstrip("\n").rsplit("\n", 1)[-1]) // 2].encode(),
        "vide": b"",
    }
    for word, content in damages.items():
        path = folder / name
        path.write_bytes(content)
        refusal(connector, path, word, found=found)
    path.write_bytes(HTML.encode())
    assert connector.recognise(sample(path)) is None


def with_header(text: str, old: str, new: str) -> str:
    """``text`` with ``old`` replaced in its first line alone."""
    header, rest = text.split("\n", 1)
    assert old in header
    return header.replace(old, new, 1) + "\n" + rest


def without_column(text: str, column: str, separator: str) -> str:
    """``text``, a plain CSV, less one column."""
    rows = [line.split(separator) for line in text.strip("\n").split("\n")]
    position = rows[0].index(column)
    return "".join(separator.join(row[:position] + row[position + 1 :]) + "\n" for row in rows)


def with_column(text: str, column: str, separator: str) -> str:
    """``text``, a plain CSV, and one column more."""
    header, *rows = text.strip("\n").split("\n")
    return "".join(
        f"{line}{separator}{cell}\n"
        for line, cell in [(header, column), *((row, "x") for row in rows)]
    )
