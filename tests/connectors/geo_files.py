"""Reading a file as a drop folder does: sample, recognition, parse."""

from pathlib import Path

import pandas as pd

from connectors.base import Connector, RawFile, Recognition
from connectors.sniff import sample


def raw_of(path: Path) -> RawFile:
    return RawFile(path, path.name, "", "depot", "2026-11-23", "")


def recognise(connector: Connector, path: Path) -> Recognition:
    found = connector.recognise(sample(path))
    assert found is not None, path.name
    return found


def read(connector: Connector, path: Path) -> dict[str, pd.DataFrame]:
    return connector.parse(raw_of(path), recognise(connector, path))
