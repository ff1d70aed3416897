"""Dosing: the rule's properties (a) to (j), totals exact whatever is asked, who is pooled with whom."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostic.allocation import observed_ratio, per_head_ratio
from diagnostic.dosing import Rule, after_reserve, pool_touching, strategies, what_moves
from diagnostic.need import index

BOUNDS = (-1.0, 1.5)
CODES = [f"{number:05d}" for number in range(40)]
bases = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])
ratios = st.sampled_from([1.0, 2.0, 3.0, 5.0])
needs = st.one_of(st.floats(-3, 3, allow_subnormal=False), st.just(math.nan))
places = st.lists(st.tuples(st.integers(1, 90_000), needs), min_size=1, max_size=25)


def frame(rows: list[tuple[int, float]]) -> tuple[pd.Series, pd.Series]:
    labels = CODES[: len(rows)]
    return (
        pd.Series([float(people) for people, _ in rows], labels),
        pd.Series([need for _, need in rows], labels),
    )


@settings(deadline=None, max_examples=60)
@given(places, bases, ratios, st.integers(0, 100_000))
def test_the_share_before_rounding(rows, base: float, ratio: float, budget: int) -> None:
    """(a) sum, (b) at least the base, (c) more need never less, (d) equality, (g) the bound."""
    people, need = frame(rows)
    table = Rule(budget, BOUNDS, base, ratio).split(people, need)
    assert table["continuous"].sum() == pytest.approx(budget, abs=0.005)
    mean = budget / people.sum()
    assert (table["per_head"] >= base * mean * (1 - 1e-9)).all()
    ordered = table.assign(at=need.clip(*BOUNDS)).dropna(subset="at").sort_values("at")
    assert (ordered["per_head"].diff().dropna() >= -1e-9 * (1 + mean)).all()
    if base == 1 or ratio == 1:
        assert np.allclose(table["per_head"], mean)
    if budget:
        spread = float((people * table["intensity"]).sum() / people.sum())
        most = per_head_ratio(base, ratio, max(1.0, min(spread, ratio)))
        assert observed_ratio(table) <= most * (1 + 1e-9)
    assert np.allclose(table["base"] + table["reinforcement"], table["continuous"])
    assert np.allclose(table["base"] / people, base * mean)


@settings(deadline=None, max_examples=40)
@given(places, bases, ratios, st.integers(0, 5000), st.sampled_from([1, 5, 0.1, 0.05]))
def test_whole_units(rows, base: float, ratio: float, units: int, unit: float) -> None:
    """The total is exact and each is within one unit of its share, whatever the unit."""
    people, need = frame(rows)
    budget = after_reserve(units * unit, 0, unit)[0]
    table = Rule(budget, BOUNDS, base, ratio, unit).split(people, need)
    assert round(float(table["allocated"].sum()), 9) == budget
    assert round(float(table["equal_allocated"].sum()), 9) == budget
    assert ((table["allocated"] - table["continuous"]).abs() < unit * (1 + 1e-9)).all()
    assert np.allclose(table["allocated"] / unit, (table["allocated"] / unit).round())


@settings(deadline=None, max_examples=40)
@given(places, bases, ratios, st.integers(2, 500))
def test_splitting_a_territory_and_the_order_of_rows(rows, base, ratio, parts: int) -> None:
    """(e) two halves of equal need get what the whole did; (i) the order changes nothing."""
    people, need = frame(rows)
    rule = Rule(1000, BOUNDS, base, ratio)
    table = rule.split(people, need)
    first = people.index[0]
    cut = people[first] / parts
    halves = pd.concat([people.drop(first), pd.Series({"a": cut, "b": people[first] - cut})])
    again = rule.split(
        halves, pd.concat([need.drop(first), pd.Series({"a": need[first], "b": need[first]})])
    )
    assert again.loc[["a", "b"], "continuous"].sum() == pytest.approx(
        table.loc[first, "continuous"]
    )
    turned = rule.split(people[::-1], need[::-1]).reindex(table.index)
    pd.testing.assert_frame_equal(turned, table)


@settings(deadline=None, max_examples=40)
@given(places, ratios, st.floats(1e-6, 1e-3))
def test_no_cliff(rows, ratio: float, step: float) -> None:
    """(f) a small change of one need makes a change as small of every share."""
    people, need = frame(rows)
    rule = Rule(1000, BOUNDS, 0.5, ratio)
    moved = need.copy()
    moved.iloc[0] += step
    gap = (rule.split(people, moved)["continuous"] - rule.split(people, need)["continuous"]).abs()
    assert gap.max() <= 1000 * ratio * step


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), min_size=2, max_size=12))
def test_an_indicator_turned_over(rows: list[tuple[float, float]]) -> None:
    """(h) turned over with its direction, nothing moves; its direction alone reverses its effect."""
    values = pd.DataFrame(rows, columns=["a", "b"], index=CODES[: len(rows)])
    reference = pd.DataFrame({"mean": [50.0, 50.0], "sd": [10.0, 20.0]}, index=["a", "b"])
    plus = {"un": {"a": 1}, "deux": {"b": 1}}
    minus = {"un": {"a": -1}, "deux": {"b": 1}}
    weights = {"un": 1.0, "deux": 2.0}
    before = index(values, plus, weights, reference)
    other = values.assign(a=100 - values["a"])
    assert np.allclose(index(other, minus, weights, reference)["need"], before["need"])
    reversed_ = index(values, minus, weights, reference)
    assert np.allclose(reversed_["domain:un"], -before["domain:un"])
    assert np.allclose(before["need"] - reversed_["need"], 2 / 3 * before["domain:un"])


@settings(deadline=None, max_examples=30)
@given(places, places, ratios)
def test_the_perimeter_changes_no_intensity(rows, more, ratio: float) -> None:
    """(j) territories added change no intensity of those of known need."""
    people, need = frame(rows)
    added, others = (one.set_axis([f"x{label}" for label in one.index]) for one in frame(more))
    rule = Rule(500, BOUNDS, 0.5, ratio)
    wide = rule.split(pd.concat([people, added]), pd.concat([need, others]))
    known = need.notna()
    kept = rule.split(people, need).loc[known, "intensity"]
    pd.testing.assert_series_equal(wide.loc[people.index[known], "intensity"], kept)


def test_ten_thousand_totals_are_exact() -> None:
    draw = np.random.default_rng(11)
    for _ in range(10_000):
        size = int(draw.integers(1, 7))
        people = pd.Series(draw.integers(1, 50_000, size).astype(float), CODES[:size])
        need = pd.Series(draw.normal(0, 1.2, size), CODES[:size])
        unit = float(draw.choice([0.05, 0.1, 0.25, 1, 5, 100]))
        total = float(draw.integers(0, 4000)) * unit
        shared, kept = after_reserve(total, float(draw.choice([0, 0.1, 0.33])), unit)
        rule = Rule(shared, BOUNDS, float(draw.random()), float(draw.choice([1, 2, 3, 5])), unit)
        given_out = rule.split(people, need)["allocated"].sum()
        assert round(float(given_out), 6) == round(shared, 6)
        assert round(shared + kept, 6) == round(total, 6)


@pytest.mark.parametrize(
    ("total", "reserve", "unit", "expected"),
    [(120, 0, 1, (120, 0)), (120, 0.1, 1, (108, 12)), (3, 0.1, 0.1, (2.7, 0.3)),
     (1250, 0, 100, (1200, 50)), (0.3, 0, 0.1, (0.3, 0)), (0, 0.5, 1, (0, 0))],
)  # fmt: skip
def test_what_is_kept(total, reserve, unit, expected) -> None:
    assert after_reserve(total, reserve, unit) == pytest.approx(expected)


def test_a_reserve_of_everything_is_refused() -> None:
    with pytest.raises(ValueError, match="réserve"):
        after_reserve(10, 1, 1)


def test_small_shares_join_the_smallest_neighbour() -> None:
    shares = pd.Series({"A": 0.4, "B": 0.7, "C": 5.0, "D": 0.2, "E": 0.1})
    pairs = [("A", "B"), ("B", "C"), ("A", "C"), ("C", "D")]
    found = pool_touching(shares, pairs, 1)
    # D touches C alone; A joins B, which is smaller than C; E is an island.
    assert found.to_dict() == {"A": "A", "B": "A", "C": "C", "D": "C", "E": "E"}
    assert pool_touching(shares, pairs, 0).to_dict() == {code: code for code in shares.index}


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.floats(0, 3), min_size=1, max_size=25),
    st.lists(st.tuples(st.integers(0, 24), st.integers(0, 24)), max_size=60),
)
def test_pools_are_connected_and_large_enough(values, links) -> None:
    shares = pd.Series(values, CODES[: len(values)])
    pairs = [(CODES[a], CODES[b]) for a, b in links if max(a, b) < len(values)]
    group = pool_touching(shares, pairs, 1)
    assert group.equals(pool_touching(shares[::-1], pairs[::-1], 1).reindex(shares.index))
    totals = shares.groupby(group).sum()
    for label, total in totals.items():
        members = set(group.index[group == label])
        assert label == min(members)
        reached, edge = set(), {label}
        while edge:
            reached |= edge
            edge = {b for a, b in pairs + [p[::-1] for p in pairs] if a in edge} & members - reached
        assert reached == members
        if total < 1 - 1e-9:
            assert not [1 for a, b in pairs if (a in members) != (b in members)]


def test_what_other_choices_move() -> None:
    people = pd.Series({"A": 1000.0, "B": 1000.0})
    need = pd.Series({"A": -1.0, "B": 1.5})
    moves = what_moves(Rule(120, BOUNDS), people, need)
    now = moves[moves["current"]]
    assert len(now) == 1 and now["moved"].item() == 0
    # K = 3 from end to end: 30 + 15 and 30 + 45.
    assert now["observed"].item() == pytest.approx(75 / 45)
    equal = moves[(moves["ratio"] == 1) | (moves["base_share"] == 1)]
    assert np.allclose(equal["observed"], 1) and np.allclose(equal["moved"], 15)
    all_need = moves[moves["base_share"] == 0]
    assert all_need["observed"].item() == pytest.approx(3)
    assert len(moves) == 8


def test_a_floor_holds_and_an_impossible_one_is_said() -> None:
    people = pd.Series({"A": 100.0, "B": 90_000.0})
    need = pd.Series({"A": 0.0, "B": 0.0})
    table = Rule(60, BOUNDS, floor=5).split(people, need)
    assert table.loc["A", "allocated"] == 5 and table["allocated"].sum() == 60
    with pytest.raises(ValueError, match="planchers"):
        Rule(60, BOUNDS, floor=40).split(people, need)


def test_strategies_leave_nobody_out_but_the_targeted_one() -> None:
    size = 10
    people = pd.Series([100.0] * size, CODES[:size])
    need = pd.Series(np.linspace(-1, 1.5, size), CODES[:size])
    table = strategies(Rule(100, BOUNDS), people, need, (0.1, 0.3))
    assert table is not None and len(table) == 10
    without = table.dropna(subset="without").groupby("strategy")["without"].max()
    assert without["universel"] == without["proportionne"] == 0
    assert without["cible"] == pytest.approx(0.8)
    assert table.loc[0, "mean"] == pytest.approx(0.2)
    uneven = table[table["response"] == "recours inegal"].set_index("strategy")["sii"]
    straight = table[table["response"] == "lineaire"].set_index("strategy")["sii"]
    assert abs(uneven["universel"]) > abs(straight["universel"])
    assert strategies(Rule(100, BOUNDS), people[:3], need[:3], (0.1, 0.3)) is None
    heavy = people.copy()
    heavy.iloc[-1] = 1e6
    assert strategies(replace(Rule(100, BOUNDS), ratio=5), heavy, need, (0.1, 0.3)) is not None
