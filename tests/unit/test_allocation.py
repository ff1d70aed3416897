"""Proportionate allocation: properties (a) to (j) of docs/methodologie.md, bounds, rounding, pooling."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from diagnostic import allocation as al
from diagnostic import need as nd
from diagnostic.inequality import measures

REFERENCE = (-1.6, 1.9)


@st.composite
def cases(draw: st.DrawFn, unknown: bool = True) -> dict[str, Any]:
    """A budget in units, territories and a policy."""
    size = draw(st.integers(1, 25))
    seed = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    population = np.round(10 ** seed.uniform(0, 6, size))
    need = seed.normal(0.2, 1.2, size)
    if unknown:
        need[seed.random(size) < 0.15] = np.nan
    index = pd.Index([f"{i:05d}" for i in seed.permutation(99_999)[:size]])
    return {
        "budget": draw(st.integers(0, 10_000)),
        "population": pd.Series(population, index=index),
        "need": pd.Series(need, index=index),
        "base_share": draw(st.sampled_from([0.0, 0.25, 0.5, 0.8, 1.0])),
        "ratio": draw(st.sampled_from([1.0, 2.0, 3.0, 5.0])),
        "reference": REFERENCE,
    }


def test_by_hand() -> None:
    table = al.allocate(
        120,
        pd.Series([1000, 1000, 2000], index=["a", "b", "c"]),
        pd.Series([-5.0, 5.0, np.nan], index=["a", "b", "c"]),
        reference=(-1, 1),
    )
    assert table["intensity"].tolist() == [1, 3, 2]  # unknown: mean of 1 and 3
    assert table["continuous"].tolist() == pytest.approx([22.5, 37.5, 60])
    assert table["per_head"].tolist() == pytest.approx([0.0225, 0.0375, 0.03])
    assert table["equal"].tolist() == pytest.approx([30, 30, 60])
    assert table["allocated"].tolist() == [23, 37, 60]  # the half goes to the first label
    assert table["need_known"].tolist() == [True, True, False]
    assert list(table.columns) == [
        "population",
        "need",
        "intensity",
        "continuous",
        "allocated",
        "equal",
        "equal_allocated",
        "per_head",
        "need_known",
    ]
    assert al.observed_ratio(table) == pytest.approx(5 / 3)
    assert al.per_head_ratio(0.5, 3, 2) == pytest.approx(5 / 3)
    assert al.smallest_share(table) == pytest.approx(22.5)


def test_formula_as_written_in_the_methods() -> None:
    draw = np.random.default_rng(1)
    people, need = draw.integers(1, 9000, 40).astype(float), draw.normal(size=40)
    q05, q95 = REFERENCE
    beta = math.log(3) / (q95 - q05)
    intensity = np.exp(beta * (np.clip(need, q05, q95) - q05))
    share = 700 * (
        0.4 * people / people.sum() + 0.6 * people * intensity / (people * intensity).sum()
    )
    table = al.allocate(700, people, need, 0.4, 3, REFERENCE)
    np.testing.assert_allclose(table["continuous"], share, rtol=1e-12)


@settings(deadline=None)
@given(cases())
def test_a_b_total_and_floor_of_the_base(case: dict[str, Any]) -> None:
    table = al.allocate(**case)
    budget = case["budget"]
    assert table["continuous"].sum() == pytest.approx(budget, rel=1e-12)
    assert table["allocated"].sum() == budget
    assert table["equal_allocated"].sum() == budget
    assert ((table["allocated"] - table["continuous"]).abs() < 1).all()
    assert ((table["equal_allocated"] - table["equal"]).abs() < 1).all()
    if budget:
        assert (table["continuous"] > 0).all()
        least = case["base_share"] * budget / case["population"].sum()
        assert (table["per_head"] >= least * (1 - 1e-12)).all()


@settings(deadline=None)
@given(cases(unknown=False), st.floats(0, 3))
def test_c_more_need_never_gives_less(case: dict[str, Any], more: float) -> None:
    table = al.allocate(**case)
    ordered = table.sort_values("need")["per_head"].to_numpy()
    assert (np.diff(ordered) >= -1e-12 * ordered.max()).all()
    raised = case["need"].copy()
    raised.iloc[0] += more
    after = al.allocate(**{**case, "need": raised})["continuous"]
    assert after.iloc[0] >= table["continuous"].iloc[0] * (1 - 1e-12)
    assert (after.iloc[1:] <= table["continuous"].iloc[1:] * (1 + 1e-12)).all()


@settings(deadline=None)
@given(cases(), st.booleans())
def test_d_no_ratio_or_all_base_is_equal_per_head(case: dict[str, Any], flat: bool) -> None:
    policy = {"ratio": 1.0} if flat else {"base_share": 1.0}
    table = al.allocate(**{**case, **policy})
    np.testing.assert_allclose(table["continuous"], table["equal"], rtol=1e-12)


@settings(deadline=None)
@given(cases(), st.floats(0.01, 0.99))
def test_e_splitting_a_territory_keeps_its_sum(case: dict[str, Any], part: float) -> None:
    table = al.allocate(**case)
    people, need = case["population"], case["need"]
    first = people.index[0]
    pieces = pd.Series([people.iloc[0] * part, people.iloc[0] * (1 - part)], index=["x1", "x2"])
    split = al.allocate(
        **{
            **case,
            "population": pd.concat([people.drop(first), pieces]),
            "need": pd.concat(
                [need.drop(first), pd.Series([need.iloc[0]] * 2, index=["x1", "x2"])]
            ),
        }
    )["continuous"]
    assert split[["x1", "x2"]].sum() == pytest.approx(table["continuous"].iloc[0], rel=1e-9)
    np.testing.assert_allclose(split.drop(["x1", "x2"]), table["continuous"].iloc[1:], rtol=1e-9)


@settings(deadline=None)
@given(cases(unknown=False), st.floats(-1e-6, 1e-6))
def test_f_no_cliff(case: dict[str, Any], epsilon: float) -> None:
    before = al.allocate(**case)["continuous"]
    after = al.allocate(**{**case, "need": case["need"] + epsilon})["continuous"]
    slope = math.log(case["ratio"]) / (REFERENCE[1] - REFERENCE[0])
    assert ((after - before).abs() <= before * (2.1 * slope * abs(epsilon) + 1e-9)).all()


@settings(deadline=None)
@given(cases())
def test_g_per_head_ratio_is_bounded(case: dict[str, Any]) -> None:
    assume(case["budget"] > 0)
    table = al.allocate(**case)
    people = table["population"]
    mean = float((people * table["intensity"]).sum() / people.sum())
    bound = al.per_head_ratio(case["base_share"], case["ratio"], min(max(mean, 1), case["ratio"]))
    assert al.observed_ratio(table) <= bound * (1 + 1e-12)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.integers(0, 4))
def test_h_flipping_an_indicator_and_its_direction_gives_the_same_shares(
    seed: int, column: int
) -> None:
    draw = np.random.default_rng(seed)
    names = list("abcde")
    frame = pd.DataFrame(draw.normal(5, 2, (12, 5)), columns=names)
    people = pd.Series(draw.integers(1, 900, 12).astype(float))
    sign = np.where(np.arange(5) == column, -1, 1)
    shares = []
    for flip in (np.ones(5, dtype=int), sign):
        domains = {name: {name: int(way)} for name, way in zip(names, flip, strict=True)}
        need = nd.index(
            frame * flip,
            domains,
            dict.fromkeys(names, 1),
            nd.national_reference(frame * flip, people),
        )["need"]
        shares.append(al.allocate(500, people, need, reference=REFERENCE)["allocated"])
    if column == 0:  # and a flip alone does change them
        alone = nd.index(
            frame * sign,
            {name: {name: 1} for name in names},
            dict.fromkeys(names, 1),
            nd.national_reference(frame * sign, people),
        )["need"]
        assert not alone.equals(need)
    pd.testing.assert_series_equal(*shares)


@settings(deadline=None)
@given(cases(), st.integers(0, 100), st.floats(0.01, 100), st.floats(-5, 5))
def test_i_order_and_units_are_irrelevant(
    case: dict[str, Any], seed: int, scale: float, shift: float
) -> None:
    table = al.allocate(**case)
    order = case["population"].sample(frac=1, random_state=seed).index
    permuted = al.allocate(
        **{**case, "population": case["population"][order], "need": case["need"][order]}
    )
    pd.testing.assert_frame_equal(permuted.loc[table.index], table, check_exact=True)
    rescaled = al.allocate(
        **{
            **case,
            "population": case["population"] * 1000,
            "need": case["need"] * scale + shift,
            "reference": tuple(q * scale + shift for q in REFERENCE),
        }
    )
    np.testing.assert_allclose(rescaled["continuous"], table["continuous"], rtol=1e-9)


@settings(deadline=None)
@given(cases(unknown=False))
def test_j_a_smaller_perimeter_keeps_the_proportions(case: dict[str, Any]) -> None:
    """Intensities never depend on who else is shown; only the budget's spread does."""
    table = al.allocate(**case)
    half = case["population"].index[: (len(case["population"]) + 1) // 2]
    part = al.allocate(
        **{**case, "population": case["population"][half], "need": case["need"][half]}
    )
    pd.testing.assert_series_equal(part["intensity"], table["intensity"][half], check_exact=True)


def test_ten_thousand_roundings_are_exact() -> None:
    draw = np.random.default_rng(2024)
    for _ in range(10_000):
        size = draw.integers(1, 12)
        unit = (1, 5, 0.5, 0.01, 0.1, 0.3)[draw.integers(6)]
        units = int(draw.integers(0, 3000))
        share = draw.pareto(1.0, size) + 1e-6
        share *= units * unit / share.sum()
        whole = al._whole(share, unit, units)
        assert round(float((whole / unit).sum()), 6) == units
        assert (np.abs(whole - share) < unit * (1 + 1e-9)).all()
        np.testing.assert_allclose(whole / unit, np.rint(whole / unit), atol=1e-9)


def test_cents_and_half_posts_print_clean() -> None:
    table = al.allocate(100.1, [3, 5, 7], [0.1, 0.2, 0.3], reference=REFERENCE, unit=0.01)
    assert [round(x, 2) for x in table["allocated"]] == table["allocated"].tolist()
    assert round(table["allocated"].sum(), 9) == 100.1
    assert al.allocate(0.3, [1], [0], reference=REFERENCE, unit=0.1)["allocated"][0] == 0.3
    posts = al.allocate(3.5, [3, 5, 7], [0.1, 0.2, 0.3], reference=REFERENCE, unit=0.5)
    assert posts["allocated"].sum() == 3.5
    assert al.allocate(30, [1, 1], [0, 0], reference=REFERENCE, unit=10)["allocated"].dtype == int


def test_bounds_hold_in_tenths() -> None:
    """0.3 / 0.1 is just under 3 in floating point: the floor must still be met."""
    people = [100, 1, 1, 1]
    table = al.allocate(1.45, people, [0] * 4, reference=REFERENCE, unit=0.05, floor=0.3)
    assert table["allocated"].tolist() == [0.55, 0.3, 0.3, 0.3]


def test_ties_follow_the_label_not_the_row() -> None:
    people = pd.Series(1.0, index=["c", "a", "b"])
    table = al.allocate(4, people, people * 0, reference=REFERENCE)
    assert table["allocated"].to_dict() == {"a": 2, "b": 1, "c": 1}
    numbers = al.allocate(1, pd.Series(1.0, [10, 9]), pd.Series(0.0, [10, 9]), reference=REFERENCE)
    assert numbers["allocated"].to_dict() == {10: 0, 9: 1}


def test_nobody_lives_there() -> None:
    table = al.allocate(10, [0, 5], [2.0, 1.0], reference=REFERENCE, floor=3, ceiling=10)
    assert table["continuous"].tolist() == [0, 10]
    assert table["allocated"].tolist() == [0, 10]
    assert math.isnan(table["per_head"][0])
    assert al.smallest_share(table) == 10
    assert al.observed_ratio(table) == 1


def test_unknown_need_everywhere_is_the_equal_split() -> None:
    table = al.allocate(90, [100, 200], [np.nan, np.nan], reference=REFERENCE)
    assert table["continuous"].tolist() == pytest.approx(table["equal"].tolist())
    assert not table["need_known"].any()


@settings(deadline=None, max_examples=200)
@given(cases(), st.integers(0, 2**32 - 1))
def test_bounds_by_water_filling(case: dict[str, Any], seed: int) -> None:
    draw = np.random.default_rng(seed)
    budget, index = case["budget"], case["population"].index
    mean = budget / len(index)
    low = np.where(draw.random(len(index)) < 0.5, np.floor(mean * draw.random(len(index))), 0.0)
    high = low + np.ceil(mean * 3 * draw.random(len(index)) + 1)
    high[draw.random(len(index)) < 0.5] = np.nan
    assume(np.isnan(high).any() or high.sum() >= budget)
    table = al.allocate(**case, floor=pd.Series(low, index), ceiling=pd.Series(high, index))
    share, top = table["continuous"].to_numpy(), np.where(np.isnan(high), np.inf, high)
    assert share.sum() == pytest.approx(budget, rel=1e-12)
    assert (share >= low).all()
    assert (share <= top).all()
    assert table["allocated"].sum() == budget
    assert (table["allocated"] >= low).all()
    assert (table["allocated"] <= top).all()
    assert ((table["allocated"] - share).abs() < 1).all()
    free = (share > low) & (share < top)
    ratio = share / al.allocate(**{**case, "budget": 1000})["continuous"].to_numpy()
    if free.any():
        level = ratio[free].mean()
        np.testing.assert_allclose(ratio[free], level, rtol=1e-9)
        assert (ratio[share == low] >= level * (1 - 1e-9)).all() or not (share == low).any()
        assert (ratio[(share == top)] <= level * (1 + 1e-9)).all()


def test_same_bound_for_all() -> None:
    table = al.allocate(
        12, [1000, 10, 10], [0.0, 0.0, 0.0], reference=REFERENCE, floor=2, ceiling=7
    )
    assert table["continuous"].tolist() == pytest.approx([7, 2.5, 2.5])
    assert table["allocated"].tolist() == [7, 3, 2]
    full = al.allocate(9, [5, 1, 1], [0, 0, 0], reference=REFERENCE, ceiling=3)
    assert full["allocated"].tolist() == [3, 3, 3]
    least = al.allocate(9, [5, 1, 1], [0, 0, 0], reference=REFERENCE, floor=3)
    assert least["allocated"].tolist() == [3, 3, 3]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reference": None}, "référence nationale"),
        ({"reference": (1.0, 1.0)}, "croissants"),
        ({"reference": (math.nan, 1.0)}, "croissants"),
        ({"budget": -1}, "positif ou nul"),
        ({"budget": math.inf}, "positif ou nul"),
        ({"budget": 10.5}, "multiple"),
        ({"budget": 10, "unit": 3}, "multiple"),
        ({"unit": 0}, "unité"),
        ({"unit": 1e-12}, "trop petite"),
        ({"base_share": 1.1}, "part universelle"),
        ({"base_share": math.nan}, "part universelle"),
        ({"ratio": 0.5}, "rapport"),
        ({"ratio": math.inf}, "rapport"),
        ({"population": [-1, 2]}, "population"),
        ({"population": [math.nan, 2]}, "population"),
        ({"population": [0, 0]}, "Aucun habitant"),
        ({"population": [1, 2, 3]}, "longueur"),
        ({"need": [math.inf, 0]}, "infini"),
        ({"floor": 6}, "planchers dépasse"),
        ({"ceiling": 4}, "plafonds n'atteint pas"),
        ({"floor": 3, "ceiling": 2}, "plancher dépasse"),
        ({"floor": -1}, "positifs ou nuls"),
        ({"ceiling": math.nan}, "positifs ou nuls"),
        ({"floor": pd.Series([1.0], index=["z"])}, "mêmes territoires"),
    ],
)
def test_refusals(change: dict[str, Any], message: str) -> None:
    case: dict[str, Any] = {
        "budget": 10,
        "population": [4, 6],
        "need": [0.0, 1.0],
        "reference": REFERENCE,
    }
    with pytest.raises(ValueError, match=message):
        al.allocate(**(case | change))


def test_misaligned_or_duplicated_territories_are_refused() -> None:
    people = pd.Series([1.0, 2.0], index=["a", "b"])
    with pytest.raises(ValueError, match="mêmes territoires"):
        al.allocate(3, people, people[::-1], reference=REFERENCE)
    twice = people.set_axis(["a", "a"])
    with pytest.raises(ValueError, match="deux fois"):
        al.allocate(3, twice, twice, reference=REFERENCE)


@pytest.mark.parametrize(("ratio", "expected"), [(1, 1.0), (2, 1.4), (3, 1.8), (5, 2.3)])
def test_nominal_ratio_is_what_the_methods_announce(ratio: float, expected: float) -> None:
    assert round(al.nominal_ratio(0.5, ratio), 1) == expected
    assert al.nominal_ratio(1.0, ratio) == 1
    assert al.nominal_ratio(0.0, ratio) == pytest.approx(ratio)


def test_symmetric_need_gives_a_little_less_than_nominal() -> None:
    need = np.random.default_rng(5).normal(size=20_000)
    table = al.allocate(10**6, np.ones(20_000), need, reference=(-1.645, 1.645))
    assert al.observed_ratio(table) == pytest.approx(1.71, abs=0.01)


def test_per_head_ratio_refuses_impossible_means() -> None:
    for mean in (0.9, 3.1, math.nan):
        with pytest.raises(ValueError, match="intensité moyenne"):
            al.per_head_ratio(0.5, 3, mean)


def test_observed_ratio_without_anything() -> None:
    nothing = al.allocate(0, [1, 2], [0.0, 1.0], reference=REFERENCE)
    assert math.isnan(al.observed_ratio(nothing))
    bounded = al.allocate(
        5, [1, 2], [0.0, 1.0], reference=REFERENCE, ceiling=pd.Series([0.0, 9.0], index=[0, 1])
    )
    assert al.observed_ratio(bounded) == math.inf


def test_pooling_keeps_people_and_weighs_known_needs() -> None:
    index = pd.Index(["29155", "46001", "46002", "46003"])
    people = pd.Series([800.0, 100.0, 300.0, 50.0], index=index)
    need = pd.Series([0.5, 1.0, 2.0, np.nan], index=index)
    parents = pd.Series([None, "200023737", "200023737", "200023737"], index=index)
    pooled = al.pool_small(people, need, parents)
    assert pooled.index.tolist() == ["200023737", "29155"]
    assert pooled["population"].tolist() == [450, 800]
    assert pooled["known_population"].tolist() == [400, 800]
    assert pooled["need"].tolist() == [1.75, 0.5]
    assert pooled["pooled"].tolist() == [3, 1]
    table = al.allocate(10, pooled["population"], pooled["need"], reference=REFERENCE)
    assert table["allocated"].sum() == 10
    with pytest.raises(ValueError, match="mêmes territoires"):
        al.pool_small(people, need, parents[::-1])


def test_pool_of_unknown_needs_is_unknown() -> None:
    pooled = al.pool_small([1, 2], [np.nan, np.nan], ["g", "g"])
    assert math.isnan(pooled["need"]["g"])
    assert pooled["known_population"]["g"] == 0


def test_the_whole_country() -> None:
    draw = np.random.default_rng(8)
    index = [f"{i:05d}" for i in range(34_875)]
    people = pd.Series(np.round(10 ** draw.uniform(1, 5, 34_875)), index=index)
    need = pd.Series(draw.normal(size=34_875), index=index)
    table = al.allocate(1_000_000, people, need, reference=REFERENCE, floor=2)
    assert table["allocated"].sum() == 1_000_000
    assert table["allocated"].min() == 2
    assert table["continuous"].sum() == pytest.approx(1_000_000, rel=1e-12)


def test_readout_by_hand() -> None:
    """Two equal halves at q05 and q95, no base: 3 to 1, RCI = (3 x .5 x -.5 + 1 x .5 x .5) / 2."""
    people = pd.Series([10.0, 10.0, 5.0], index=["a", "b", "c"])
    need = pd.Series([1.0, -1.0, np.nan], index=["a", "b", "c"])
    table = al.allocate(25, people, need, 0.0, 3.0, (-1, 1))
    read = al.readout(table, (-1, 1), 0.0, 3.0)
    assert read.rci == pytest.approx(-0.25)
    assert read.beta == pytest.approx(math.log(3) / 2)
    assert read.slope == pytest.approx(read.beta)
    assert read.planned_slope == pytest.approx(read.beta)
    assert read.without == 0
    assert read.unknown == pytest.approx(0.2)
    equal = al.readout(table, (-1, 1), 0.0, 3.0, resource=table["equal"])
    assert (equal.rci, equal.slope) == pytest.approx((0, 0), abs=1e-12)
    inverse = al.readout(table, (-1, 1), 0.0, 3.0, resource=pd.Series([1.0, 3, 0], people.index))
    assert inverse.rci == pytest.approx(0.25)
    assert inverse.slope == pytest.approx(-read.beta)


@settings(deadline=None, max_examples=40)
@given(cases())
def test_readout_signs_and_peer(case: dict[str, Any]) -> None:
    """Money that follows need: RCI <= 0, 0 <= slope <= beta; RCI as the inequality module has it."""
    assume(case["budget"] > 0)
    table = al.allocate(**case)
    read = al.readout(table, REFERENCE, case["base_share"], case["ratio"])
    known = table[table["need_known"]]
    if known.empty:
        assert math.isnan(read.rci)
        assert math.isnan(read.without)
        assert read.unknown == 1
        return
    assert read.rci <= 1e-12
    if not math.isnan(read.slope):
        assert -1e-9 <= read.slope <= read.beta + 1e-9
        assert read.slope == pytest.approx(read.planned_slope, abs=1e-9)
    if len(known) >= 3:
        rank = (-known["need"]).rank(method="dense")
        peer = measures(known["per_head"], known["population"], rank).set_index("measure")
        assert read.rci == pytest.approx(peer.loc["rci", "estimate"], abs=1e-9)


def test_readout_of_money_that_reaches_some_only() -> None:
    people, need = pd.Series([10.0, 30.0, 60.0]), pd.Series([1.0, 0.0, -1.0])
    table = al.allocate(100, people, need, reference=(-1, 1))
    read = al.readout(table, (-1, 1), resource=pd.Series([0.0, 30.0, 0.0]))
    assert read.without == pytest.approx(0.7)
    assert math.isnan(read.slope)  # one territory left
    nothing = al.readout(table, (-1, 1), resource=pd.Series([0.0, 0.0, 0.0]))
    assert math.isnan(nothing.rci)
    with pytest.raises(ValueError, match="mêmes territoires"):
        al.readout(table, (-1, 1), resource=pd.Series([1.0]))
    with pytest.raises(ValueError, match="positive ou nulle"):
        al.readout(table, (-1, 1), resource=pd.Series([1.0, np.nan, 2.0]))
