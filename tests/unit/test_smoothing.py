"""Empirical Bayes smoothing against Marshall's formulas worked by hand (docs/methodologie.md)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostic import smoothing as sm
from diagnostic.spatial import Weights, contiguity

CODES = ["A", "B", "C"]
EVENTS = pd.Series([2.0, 8.0, 20.0], index=CODES)
POPULATION = pd.Series([100.0, 100.0, 200.0], index=CODES)

areas = st.lists(
    st.tuples(st.integers(0, 60), st.integers(50, 5000)), min_size=4, max_size=25
).filter(lambda rows: sum(x for x, _ in rows) > 0)


def chain(codes: list[str]) -> Weights:
    """Each territory touches the next one."""
    return contiguity(pd.DataFrame({"code": codes[:-1], "neighbour": codes[1:]}), codes)


def series(rows: list[tuple[int, int]]) -> tuple[pd.Series, pd.Series]:
    events, population = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    codes = [f"{i:03d}" for i in range(len(rows))]
    return pd.Series(events, index=codes), pd.Series(population, index=codes)


def test_global_by_hand() -> None:
    """b = 30/400 = .075; a = .43/400 - .075 x 3/400 = .0005125; C = 41/101, 41/101, 41/71."""
    table = sm.empirical_bayes(EVENTS, POPULATION, nature="observed", multiplier=1000)
    own = np.array([41 / 101, 41 / 101, 41 / 71])
    rate = np.array([0.02, 0.08, 0.1])
    assert table["rate"].to_numpy() == pytest.approx(1000 * rate)
    assert table["reference"].tolist() == pytest.approx([75.0] * 3)
    assert table["shrinkage"].to_numpy() == pytest.approx(1 - own)
    assert table["smoothed"].to_numpy() == pytest.approx(1000 * (0.075 + own * (rate - 0.075)))
    assert (table["flag"] == sm.SMOOTHED).all()


def test_interval_is_the_gamma_posterior_that_marshall_s_estimate_is_the_mean_of() -> None:
    """Gamma(b^2/a + x, b/a + n): its mean is (b^2 + a x) / (b + a n) = b + C (x/n - b)."""
    a, b = 0.0005125, 0.075
    table = sm.empirical_bayes(EVENTS, POPULATION, nature="observed", level=0.9)
    assert table["smoothed"].to_numpy() == pytest.approx(
        ((b**2 / a + EVENTS) / (b / a + POPULATION)).to_numpy()
    )
    draws = np.random.default_rng(1).gamma(b**2 / a + 2, 1 / (b / a + 100), 400_000)
    assert table.loc["A", ["low", "high"]].tolist() == pytest.approx(
        np.quantile(draws, [0.05, 0.95]), rel=0.01
    )


def test_interval_covers_the_truth() -> None:
    random = np.random.default_rng(7)
    people = random.integers(200, 20_000, 4000).astype(float)
    truth = random.gamma(5, 0.002, 4000)
    events = pd.Series(random.poisson(truth * people).astype(float))
    table = sm.empirical_bayes(events, pd.Series(people), nature="observed")
    covered = ((table["low"] <= truth) & (truth <= table["high"])).mean()
    assert covered == pytest.approx(0.95, abs=0.015)
    # Squared error: b/n for the raw rate, C b/n for the smoothed one.
    chance = 0.01 / people
    own = 2e-5 / (2e-5 + chance)
    assert ((table["rate"] - truth) ** 2).mean() == pytest.approx(chance.mean(), rel=0.1)
    assert ((table["smoothed"] - truth) ** 2).mean() == pytest.approx(
        (own * chance).mean(), rel=0.1
    )


def test_no_more_spread_than_chance_brings_everyone_to_the_overall_rate() -> None:
    """Equal rates: a = -b/mean(n) < 0, taken as 0; there is then no interval."""
    events = pd.Series([10.0, 20.0, 5.0], index=CODES)
    table = sm.empirical_bayes(events, events * 10, nature="observed")
    assert (table["smoothed"] == 0.1).all()
    assert (table["shrinkage"] == 1).all()
    assert table[["low", "high"]].isna().all(axis=None)
    assert (table["flag"] == sm.NO_EXCESS).all()


def test_local_by_hand() -> None:
    """Chain A-B-C. A: b=.05, a=.0009-.0005, C=4/9. B: all three. C: b=28/300, a<0."""
    table = sm.local_empirical_bayes(EVENTS, POPULATION, chain(CODES), nature="observed")
    assert table["reference"].tolist() == pytest.approx([0.05, 0.075, 28 / 300])
    assert table["shrinkage"].tolist() == pytest.approx([5 / 9, 60 / 101, 1])
    assert table["smoothed"].tolist() == pytest.approx(
        [0.05 - 4 / 9 * 0.03, 0.075 + 41 / 101 * 0.005, 28 / 300]
    )
    assert table["flag"].tolist() == [sm.SMOOTHED, sm.SMOOTHED, sm.NO_EXCESS]
    assert table[["low", "high"]].isna().all(axis=None)


def test_local_neighbourhood_without_events_is_at_zero_and_not_unknown() -> None:
    events = pd.Series([0.0, 0.0, 20.0], index=CODES)
    table = sm.local_empirical_bayes(events, POPULATION, chain(CODES), nature="observed")
    assert table.loc["A", "smoothed"] == 0
    assert table.loc["A", "shrinkage"] == 1


def test_local_unknown_alone_and_empty_territories() -> None:
    codes = [*CODES, "D", "E", "F"]
    events = pd.Series([2.0, np.nan, 20.0, 3.0, 1.0, 0.0], index=codes)
    people = pd.Series([100.0, 100.0, 200.0, 50.0, 50.0, 0.0], index=codes)
    table = sm.local_empirical_bayes(events, people, chain(codes), nature="observed")
    assert table["flag"].tolist() == [
        sm.NO_NEIGHBOUR,  # its only neighbour is unknown
        sm.NOT_AVAILABLE,
        sm.NO_EXCESS,
        sm.SMOOTHED,
        sm.NO_EXCESS,
        sm.NOBODY,
    ]
    assert table["smoothed"].isna().tolist() == [True, True, False, False, False, True]
    assert table.loc["A", "rate"] == 0.02
    assert table.loc["C", "reference"] == pytest.approx(23 / 250)
    # D with C and E: b = 24/300, a = .28/300 - .08/100, C = a / (a + .08/50) = 1/13.
    assert table.loc["D", "smoothed"] == pytest.approx(0.08 - 0.02 / 13)


@settings(deadline=None, max_examples=30)
@given(areas, st.randoms(use_true_random=False))
def test_properties_of_global(rows: list[tuple[int, int]], shuffler: Any) -> None:
    events, people = series(rows)
    table = sm.empirical_bayes(events, people, nature="observed")
    ends = table[["rate", "reference"]]
    assert (table["smoothed"] >= ends.min(axis=1) - 1e-12).all()
    assert (table["smoothed"] <= ends.max(axis=1) + 1e-12).all()
    # The larger the population, the less it is drawn.
    assert table["shrinkage"][people.sort_values().index].is_monotonic_decreasing
    if table["low"].notna().any():
        assert (table["low"] <= table["smoothed"]).all()
        assert (table["smoothed"] <= table["high"]).all()
    # Neither the order of the rows nor an unknown territory changes anything.
    order = list(events.index)
    shuffler.shuffle(order)
    events["inconnu"], people["inconnu"] = np.nan, 500.0
    events["vide"], people["vide"] = 0.0, 0.0
    order = ["inconnu", *order, "vide"]
    again = sm.empirical_bayes(events[order], people[order], nature="observed")
    pd.testing.assert_frame_equal(again.loc[table.index], table, rtol=1e-6)
    assert (
        again.loc[["inconnu", "vide"], ["smoothed", "low", "high", "reference"]]
        .isna()
        .all(axis=None)
    )
    assert again.loc[["inconnu", "vide"], "flag"].tolist() == [sm.NOT_AVAILABLE, sm.NOBODY]


def test_interval_shrinks_with_population() -> None:
    people = pd.Series([100.0, 1000.0, 10_000.0, 10_000.0])
    table = sm.empirical_bayes(people * [0.01, 0.01, 0.01, 0.03], people, nature="observed")
    width = (table["high"] - table["low"])[:3]
    assert width.is_monotonic_decreasing
    narrower = sm.empirical_bayes(
        people * [0.01, 0.01, 0.01, 0.03], people, nature="observed", level=0.5
    )
    assert (narrower["high"] - narrower["low"] < table["high"] - table["low"]).all()


@settings(deadline=None, max_examples=25)
@given(areas, st.randoms(use_true_random=False))
def test_properties_of_local(rows: list[tuple[int, int]], shuffler: Any) -> None:
    events, people = series(rows)
    weights = chain(list(events.index))
    table = sm.local_empirical_bayes(events, people, weights, nature="observed", multiplier=100)
    ends = table[["rate", "reference"]]
    assert (table["smoothed"] >= ends.min(axis=1) - 1e-9).all()
    assert (table["smoothed"] <= ends.max(axis=1) + 1e-9).all()
    order = list(events.index)
    shuffler.shuffle(order)
    again = sm.local_empirical_bayes(
        events[order], people[order], weights, nature="observed", multiplier=100
    )
    pd.testing.assert_frame_equal(again, table.loc[order])


def test_everybody_neighbour_of_everybody_is_the_global_estimate() -> None:
    pairs = pd.DataFrame([("A", "B"), ("A", "C"), ("B", "C")], columns=["code", "neighbour"])
    local = sm.local_empirical_bayes(
        EVENTS, POPULATION, contiguity(pairs, CODES), nature="observed"
    )
    whole = sm.empirical_bayes(EVENTS, POPULATION, nature="observed")
    assert local["smoothed"].to_numpy() == pytest.approx(whole["smoothed"].to_numpy())


@pytest.mark.parametrize(
    ("nature", "message"),
    [
        ("suppressed", "secret statistique"),
        ("smoothed", "déjà lissées"),
        ("modelled", "modèle, comme l'APL"),
        ("autre", "inconnue : autre"),
    ],
)
def test_refused_natures(nature: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sm.empirical_bayes(EVENTS, POPULATION, nature=nature)
    with pytest.raises(ValueError, match=message):
        sm.local_empirical_bayes(EVENTS, POPULATION, chain(CODES), nature=nature)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"events": -EVENTS}, "positifs ou nuls"),
        ({"population": POPULATION * np.inf}, "positifs ou nuls"),
        ({"population": POPULATION.rename({"A": "Z"})}, "mêmes territoires"),
        ({"events": EVENTS * 0}, "Aucun événement"),
        ({"events": EVENTS * np.nan}, "Aucun événement"),
        ({"level": 1.0}, "bornes"),
        ({"multiplier": 0.0}, "bornes"),
    ],
)
def test_refusals(change: dict[str, Any], message: str) -> None:
    given_ = {"events": EVENTS, "population": POPULATION, "nature": "observed"}
    with pytest.raises(ValueError, match=message):
        sm.empirical_bayes(**(given_ | change))


def test_local_refusals() -> None:
    with pytest.raises(ValueError, match="bornes"):
        sm.local_empirical_bayes(
            EVENTS, POPULATION, chain(CODES), nature="observed", multiplier=np.inf
        )
    with pytest.raises(ValueError, match="voisinages"):
        sm.local_empirical_bayes(EVENTS, POPULATION, chain([*CODES, "D"]), nature="observed")
    assert "geoda=TRUE" in sm.LOCAL_VARIANT
