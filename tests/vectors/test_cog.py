"""The passage of communes against Insee's own tables and COGugaison's results (shared/vectors/cog)."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from connectors import cog
from connectors.cards import DATA
from diagnostic.passage import carry, passage
from tests.connectors.geo_files import read

pytestmark = pytest.mark.shared

FORWARD = [(year, year + 1) for year in range(2013, 2024)]
BACKWARD = [(year, year - 1) for year in range(2013, 2020)]
HABITANTS, KM2 = 65_241_241, 632_784


@pytest.fixture(scope="module")
def vectors(shared_dir: Path) -> Path:
    return shared_dir / "vectors" / "cog"


@pytest.fixture(scope="module")
def events(shared_dir: Path) -> pd.DataFrame:
    path = shared_dir / "open-data" / "insee" / "cog" / "table_com_evenement.parquet"
    return read(cog, path)["cog_evenements"]


@pytest.fixture(scope="module")
def populations_2025(shared_dir: Path) -> dict[int, pd.Series]:
    communes = read(cog, shared_dir / "open-data" / "insee" / "cog" / "ngeo2025.parquet")[
        "cog_ngeo"
    ]
    return {2025: communes.set_index("codgeo")["population"]}


def insee(vectors: Path, start: int, end: int) -> pd.DataFrame:
    """Insee's table: avant, apres, ratio; columns are told apart by their year, not their place."""
    table = pd.read_csv(vectors / f"PASSAGE_{start}_{end}_insee.csv", dtype=str)
    names = {f"cod{start}": "avant", f"cod{end}": "apres", "typemodif": "type"}
    return table.rename(columns=names).astype({"ratio": float})


def shares(vectors: Path, start: int, end: int) -> pd.Series:
    """Populations that Insee shared splits by, as its ratios: the parts of each split add up to 1."""
    table = insee(vectors, start, end)
    return table[table["type"] == "d"].set_index("apres")["ratio"]


@pytest.mark.parametrize(("start", "end"), FORWARD + BACKWARD)
def test_every_yearly_passage_is_insees(
    vectors: Path, events: pd.DataFrame, start: int, end: int
) -> None:
    expected = insee(vectors, start, end)
    ours = passage(events, start, end, {end: shares(vectors, start, end)})
    both = expected.merge(ours, on=["avant", "apres"], how="outer", indicator=True)
    beyond = both[both["_merge"] == "right_only"]
    assert (both["_merge"] != "left_only").all()
    # Insee's tables leave out communes that merely changed their name.
    assert (beyond["avant"] == beyond["apres"]).all()
    assert (beyond["part"] == 1).all()
    shared = both[both["_merge"] == "both"]
    assert np.allclose(shared["ratio"], shared["part"], rtol=0, atol=1e-12)


def test_insee_tables_are_all_covered(vectors: Path) -> None:
    found = {
        tuple(map(int, re.findall(r"\d{4}", path.name))) for path in vectors.glob("PASSAGE_*.csv")
    }
    assert found == set(FORWARD) | set(BACKWARD)


def test_ratios_of_2015_to_2014_are_those_of_the_populations_of_2014(
    vectors: Path, events: pd.DataFrame
) -> None:
    known = pd.read_csv(vectors / "input_exemple_popcom.csv", dtype={"CODGEO": str})
    populations = {2014: known.set_index("CODGEO")["P12_POP"]}
    ours = passage(events, 2015, 2014, populations)
    both = insee(vectors, 2015, 2014).merge(ours, on=["avant", "apres"])
    assert len(both) == 39
    assert np.allclose(both["ratio"], both["part"], rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("start", "end", "source", "expected", "communes"),
    [
        (2014, 2019, "input_exemple_popcom", "expected_popcom_2014_to_2019", 34_953),
        (2019, 2014, "expected_popcom_2014_to_2019", "expected_popcom_back_2019_to_2014", 36_664),
    ],
)
def test_populations_are_carried_to_the_unit_and_totals_conserved(
    vectors: Path,
    events: pd.DataFrame,
    start: int,
    end: int,
    source: str,
    expected: str,
    communes: int,
) -> None:
    step = 1 if end > start else -1
    populations = {
        year: shares(vectors, year - step, year) for year in range(start + step, end + step, step)
    }
    columns = ["CODGEO", "P12_POP", "SUPERF"]
    frame = pd.read_csv(vectors / f"{source}.csv", dtype={"CODGEO": str})[columns]
    ours = carry(frame, start, end, events, populations, code="CODGEO").set_index("CODGEO")
    theirs = pd.read_csv(vectors / f"{expected}.csv", dtype={"CODGEO": str}).set_index("CODGEO")
    assert len(ours) == communes
    assert set(ours.index) == set(theirs.index)
    assert np.allclose(ours, theirs.loc[ours.index, ours.columns], rtol=0, atol=1e-6)
    assert ours["P12_POP"].sum() == pytest.approx(HABITANTS, abs=1e-3)
    assert ours["SUPERF"].sum() == pytest.approx(KM2, abs=1e-3)


def test_communes_of_2014_in_those_of_2024(
    vectors: Path, events: pd.DataFrame, populations_2025: dict[int, pd.Series]
) -> None:
    """34 918 communes in 2024 besides the 17 of Mayotte, which the vector leaves out."""
    columns = ["CODGEO", "P12_POP"]
    frame = pd.read_csv(vectors / "input_exemple_popcom.csv", dtype={"CODGEO": str})[columns]
    carried = carry(frame, 2014, 2024, events, populations_2025, code="CODGEO")
    assert len(carried) == 34_918
    assert carried["P12_POP"].sum() == pytest.approx(HABITANTS, abs=1e-3)


@pytest.mark.parametrize("start", [2012, 2016, 2020, 2024])
def test_former_communes_end_where_the_embedded_passage_says(
    events: pd.DataFrame, populations_2025: dict[int, pd.Series], start: int
) -> None:
    """But those that a restored commune took back: the embedded passage knows one successor only."""
    embedded = pd.read_csv(DATA / "embarque" / "cog_passage.csv", dtype=str)
    successor = embedded.set_index("ancien_code")["code"]
    current = set(populations_2025[2025].index)
    table = passage(events, start, 2025, populations_2025)
    assert set(table["apres"]) <= current
    gone = table[~table["avant"].isin(current)]
    assert set(gone["avant"]) <= set(successor.index)
    differs = gone[gone["apres"] != gone["avant"].map(successor)]
    assert set(differs["apres"]) <= {"60694", "85165", "85212"}
