"""A change of supply: baseline, conservation, bounds, refusals (docs/methodologie.md)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostic import supply_change as sc
from diagnostic.access import CatchmentNotLoaded

DEGREE_KM = 6371.0088 * np.pi / 180


def line(*kilometres: float) -> pd.DataFrame:
    """Places along the equator, at these kilometres."""
    size = len(kilometres)
    return pd.DataFrame(
        {
            "lon": np.array(kilometres) / DEGREE_KM,
            "lat": 0.0,
            "demand": 1000.0,
            "population": 900.0,
            "supply": 2.0,
            "published": 3.0,
        },
        index=[f"p{rank}" for rank in range(size)],
    )


def test_by_hand() -> None:
    """Two places 8 km apart: weight 2/3 at 12 km (6 < 8 <= 9), 1/3 at 10, 2/3 at 15."""
    found = sc.estimate(line(0, 8), "p0", -1)
    # Each place has 2 doctors, each shared by 1000 + w x 1000 people; p0 gives half of its own.
    shares = {10: 1 / 3, 12: 2 / 3, 15: 2 / 3}
    expected = {reach: 3 * (1 - 0.5 * np.array([1, w]) / (1 + w)) for reach, w in shares.items()}
    assert found.table["estimated"].tolist() == pytest.approx(expected[12].tolist())
    every = np.array(list(expected.values()))
    assert found.table["low"].tolist() == pytest.approx(every.min(axis=0).tolist())
    assert found.table["high"].tolist() == pytest.approx(every.max(axis=0).tolist())
    assert (found.losing, found.gaining) == (1800, 0)
    assert found.people == {10: 1800, 12: 1800, 15: 1800} and found.refused == {}


kilometres = st.lists(st.floats(0, 60), min_size=1, max_size=9, unique=True)


@settings(max_examples=60, deadline=None)
@given(kilometres, st.integers(-2, 5), st.integers(0, 2**32 - 1))
def test_what_moves_is_what_left_or_came(places: list[float], change: int, seed: int) -> None:
    """Conservation: the demand-weighted change of access is the change of supply."""
    random = np.random.default_rng(seed)
    frame = line(*places).assign(
        demand=random.integers(1, 5000, len(places)) + 0.0,
        supply=random.integers(2, 9, len(places)) + 0.0,
        published=random.random(len(places)) * 5,
    )
    found = sc.estimate(frame, "p0", change)
    table = found.table
    moved = (frame["demand"].reindex(table.index) * (table["after"] - table["before"])).sum()
    assert moved == pytest.approx(change, abs=1e-9)
    assert (table["low"] <= table["estimated"]).all() and (
        table["estimated"] <= table["high"]
    ).all()
    if change:
        assert ((table["difference"] < 0) == (change < 0))[table["published"] > 0].all()
    else:
        assert table.empty and (found.losing, found.gaining) == (0, 0)


@st.composite
def countries(draw: st.DrawFn) -> pd.DataFrame:
    """Places scattered over some 80 km, with people, professionals and a published accessibility."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size = draw(st.integers(2, 25))
    return pd.DataFrame(
        {
            "lon": 1.5 + random.random(size),
            "lat": 44.4 + 0.7 * random.random(size),
            "demand": random.integers(50, 20_000, size) + 0.0,
            "population": random.integers(50, 20_000, size) + 0.0,
            "supply": random.integers(1, 30, size) + 0.0,
            "published": 0.1 + 6 * random.random(size),
        },
        index=[f"p{rank}" for rank in range(size)],
    )


few = settings(max_examples=12, deadline=None)


def applied(frame: pd.DataFrame, change: int) -> pd.DataFrame:
    """The country once ``change`` professionals have come to p0: its supply, its accessibility."""
    found = sc.estimate(frame, "p0", change).table
    after = frame.copy()
    after.loc["p0", "supply"] += change
    after.loc[found.index, "published"] = found["estimated"]
    return after


@few
@given(countries(), st.sampled_from([-1, 1, 7]))
def test_nothing_moves_out_of_the_catchment(frame: pd.DataFrame, change: int) -> None:
    """Locality: those within reach move, all of them and nobody else, and what is far is not read."""
    found = sc.estimate(frame, "p0", change)
    reached = sc.within(frame, "p0", sc.REACH)
    assert set(found.table.index) == set(reached)
    others = frame.index.difference(reached)
    assert applied(frame, change).loc[others].equals(frame.loc[others])
    assert found.losing + found.gaining == frame.loc[reached, "population"].sum()
    far = frame.index.difference(sc.within(frame, "p0", 3 * max(sc.REACH, *sc.OTHER_REACHES)))
    moved = frame.copy()
    moved.loc[far, ["supply", "demand"]] *= 5
    assert sc.estimate(moved, "p0", change).table.equals(found.table)


@few
@given(countries(), st.integers(1, 9))
def test_who_comes_and_leaves_again_changes_nothing(frame: pd.DataFrame, count: int) -> None:
    back = applied(applied(frame, count), -count)
    assert back["supply"].equals(frame["supply"])
    assert np.allclose(back["published"], frame["published"], rtol=1e-9, atol=0)


@few
@given(countries(), st.integers(1, 5), st.integers(1, 5))
def test_two_changes_in_turn_are_one(frame: pd.DataFrame, first: int, then: int) -> None:
    in_turn = applied(applied(frame, first), then)
    assert np.allclose(
        in_turn["published"], applied(frame, first + then)["published"], rtol=1e-9, atol=0
    )


@few
@given(countries())
def test_the_more_leave_the_less_is_left(frame: pd.DataFrame) -> None:
    """Monotony: one more departure is never a gain, one more arrival never a loss, anywhere."""
    supply = int(frame.loc["p0", "supply"])
    changes = sorted({-supply, -1, 0, 1, supply})
    values = [applied(frame, change)["published"].to_numpy() for change in changes]
    assert (np.diff(np.array(values), axis=0) >= -1e-12).all()
    assert (values[0] >= -1e-12).all()
    assert np.array_equal(values[changes.index(0)], frame["published"])  # zero change, exactly


def test_no_change_is_the_baseline_even_where_nothing_is_loaded() -> None:
    frame = line(0, 8, 20).assign(supply=[2.0, np.nan, np.nan])
    found = sc.estimate(frame, "p0", 0)
    assert found.table.empty and found.people[sc.REACH] == 0


def test_a_neighbour_without_supply_or_people_refuses() -> None:
    """p0 is reached from p1, p1 reaches p2, p2 is shared by p3; p4 counts for nothing."""
    frame = line(0, 10, 20, 30, 60)
    assert sc.loaded_around(frame, "p0")
    for place, column, refused in (
        ("p1", "supply", True), ("p2", "supply", True), ("p3", "supply", False),
        ("p3", "demand", True), ("p4", "supply", False), ("p4", "demand", False),
    ):  # fmt: skip
        holed = frame.copy()
        holed.loc[place, column] = np.nan
        assert sc.loaded_around(holed, "p0") != refused
        if refused:
            with pytest.raises(CatchmentNotLoaded) as caught:
                sc.estimate(holed, "p0", -1)
            assert caught.value.codes == (place,)
        else:
            assert np.isfinite(sc.estimate(holed, "p0", -1).table["estimated"]).all()


def test_a_bound_that_needs_what_is_not_loaded_is_left_out_and_named() -> None:
    frame = line(0, 11, 25.5).assign(supply=[3.0, 2.0, np.nan])
    found = sc.estimate(frame, "p0", -1)  # at 15 km, p1 reaches p2
    assert sorted(found.people) == [10, 12] and found.refused == {15: ("p2",)}


def test_refuses_more_than_there_is_and_unknown_places() -> None:
    with pytest.raises(ValueError, match="plus que l'offre"):
        sc.estimate(line(0, 8), "p0", -3)
    with pytest.raises(ValueError, match="inconnu : nulle"):
        sc.estimate(line(0, 8), "nulle", -1)


def test_an_arrival_where_nobody_was_within_reach_is_unknown() -> None:
    frame = line(0, 8).assign(supply=0.0)
    found = sc.estimate(frame, "p0", 2)
    assert found.table["estimated"].isna().all() and found.gaining == 1800
