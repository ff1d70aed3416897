"""Communes carried between vintages: totals conserved whatever happens, unknown never a zero."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostic.passage import UnknownShares, carry, passage

CODES = [f"0{number:04d}" for number in range(1, 9)]
MERGER, SPLIT, RENUMBERING = 32, 21, 41


def events(*rows: tuple[str, int, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["date", "type", "codgeo_avant", "codgeo_apres"])


def links(table: pd.DataFrame) -> dict[tuple[str, str], float]:
    return {(row.avant, row.apres): row.part for row in table.itertuples()}


MERGED = events(("2020-06-01", MERGER, "01001", "01001"), ("2020-06-01", MERGER, "01002", "01001"))
RESTORED = events(("2022-01-01", SPLIT, "01001", "01001"), ("2022-01-01", SPLIT, "01001", "01003"))


def test_a_merger_adds_up_and_shows_on_the_next_first_of_january() -> None:
    frame = pd.DataFrame({"codgeo": ["01001", "01002", "01009"], "cas": [5, 7, 1]})
    assert carry(frame, 2019, 2020, MERGED, {}).to_dict("list") == frame.to_dict("list")
    carried = carry(frame, 2020, 2021, MERGED, {})
    assert carried.to_dict("list") == {"codgeo": ["01001", "01009"], "cas": [12, 1]}


def test_a_split_is_shared_by_population_of_the_nearest_vintage_that_knows_its_parts() -> None:
    frame = pd.DataFrame({"codgeo": ["01001"], "cas": [100.0]})
    populations = {
        2021: pd.Series({"01001": 1.0}),
        2023: pd.Series({"01001": 30.0, "01003": 10.0}),
        2030: pd.Series({"01001": 10.0, "01003": 10.0}),
    }
    carried = carry(frame, 2021, 2022, RESTORED, populations)
    assert carried.to_dict("list") == {"codgeo": ["01001", "01003"], "cas": [75.0, 25.0]}


def test_a_split_without_populations_is_refused_and_says_which() -> None:
    with pytest.raises(UnknownShares, match=r"2021 à 2022 : il faut la population de 01001, 01003"):
        passage(RESTORED, 2021, 2022, {2022: pd.Series({"01001": 30.0})})


def test_an_empty_commune_that_splits_is_shared_evenly() -> None:
    table = passage(RESTORED, 2021, 2022, {2022: pd.Series({"01001": 0.0, "01003": 0.0})})
    assert links(table) == {("01001", "01001"): 0.5, ("01001", "01003"): 0.5}


def test_a_merger_undone_is_followed_step_by_step() -> None:
    both = pd.concat([MERGED, RESTORED])
    populations = {2022: pd.Series({"01001": 30.0, "01003": 10.0})}
    assert links(passage(both, 2020, 2023, populations)) == {
        ("01001", "01001"): 0.75,
        ("01001", "01003"): 0.25,
        ("01002", "01001"): 0.75,
        ("01002", "01003"): 0.25,
    }


def test_a_change_of_code_comes_before_the_merger_of_the_same_day() -> None:
    """14513 became 50649, then part of 50592, both on 1 January 2018."""
    same_day = events(
        ("2018-01-01", MERGER, "50649", "50592"),
        ("2018-01-01", MERGER, "50592", "50592"),
        ("2018-01-01", RENUMBERING, "14513", "50649"),
    )
    table = links(passage(same_day, 2017, 2018, {}))
    assert table[("14513", "50592")] == 1.0
    assert ("14513", "50649") not in table


def test_backwards_a_merger_is_shared_by_the_populations_before_it() -> None:
    frame = pd.DataFrame({"codgeo": ["01001"], "cas": [12.0]})
    populations = {2020: pd.Series({"01001": 1.0, "01002": 2.0})}
    carried = carry(frame, 2021, 2020, MERGED, populations)
    assert carried.to_dict("list") == {"codgeo": ["01001", "01002"], "cas": [4.0, 8.0]}


def test_a_count_unknown_for_one_part_is_unknown_for_the_whole() -> None:
    frame = pd.DataFrame({"codgeo": ["01001", "01002", "01009"], "cas": [5, np.nan, 0]})
    carried = carry(frame, 2020, 2021, MERGED, {}).set_index("codgeo")["cas"]
    assert np.isnan(carried["01001"])
    assert carried["01009"] == 0


def test_a_commune_written_twice_is_refused() -> None:
    frame = pd.DataFrame({"codgeo": ["01001", "01001"], "cas": [5, 5]})
    with pytest.raises(ValueError, match="01001 figure deux fois"):
        carry(frame, 2020, 2021, MERGED, {})


@st.composite
def histories(draw: st.DrawFn) -> pd.DataFrame:
    """Mergers and splits that follow one another among eight communes, one a year."""
    alive, rows = set(CODES[:5]), []
    for year in range(2015, 2015 + draw(st.integers(1, 6))):
        dead = sorted(set(CODES) - alive)
        splits: bool = draw(st.booleans())
        if dead and splits:
            source, new = draw(st.sampled_from(sorted(alive))), draw(st.sampled_from(dead))
            rows += [(f"{year}-03-01", SPLIT, source, target) for target in (source, new)]
            alive |= {new}
        elif len(alive) > 1:
            source, target = draw(st.permutations(sorted(alive)))[:2]
            rows += [(f"{year}-01-01", MERGER, one, target) for one in (source, target)]
            alive -= {source}
    return events(*rows)


@given(histories(), st.lists(st.integers(0, 9), min_size=8, max_size=8), st.booleans())
@settings(max_examples=25, deadline=None)
def test_totals_are_conserved_and_parts_add_up_to_one(
    history: pd.DataFrame, sizes: list[int], backwards: bool
) -> None:
    start, end = (2021, 2015) if backwards else (2014, 2021)
    populations = {2018: pd.Series(dict(zip(CODES, sizes, strict=True)), dtype=float)}
    table = passage(history, start, end, populations)
    assert np.allclose(table.groupby("avant")["part"].sum(), 1)
    frame = pd.DataFrame({"codgeo": CODES[:5], "cas": np.arange(5.0)})
    assert np.isclose(carry(frame, start, end, history, populations)["cas"].sum(), 10.0)
