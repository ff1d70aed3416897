"""Spatial clustering against values worked by hand on rings and grids (docs/methodologie.md)."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from diagnostic import spatial as sp

SIZE = 40
RING = [f"{i:02d}" for i in range(SIZE)]


def ring(codes: list[str] = RING) -> sp.Weights:
    """Each territory touches the one before and the one after, in a circle."""
    return sp.contiguity(
        pd.DataFrame({"code": codes, "neighbour": codes[1:] + codes[:1]}), codes, "anneau"
    )


def halves() -> pd.Series:
    """+1 on the first half of the ring, -1 on the other."""
    return pd.Series([1.0] * (SIZE // 2) + [-1.0] * (SIZE // 2), index=RING)


def grid(side: int) -> sp.Weights:
    """Queen contiguity of a square grid; code = row then column."""
    cells = {(i, j): f"{i:02d}{j:02d}" for i in range(side) for j in range(side)}
    pairs = [
        (code, cells[i + di, j + dj])
        for (i, j), code in cells.items()
        for di, dj in ((0, 1), (1, -1), (1, 0), (1, 1))
        if (i + di, j + dj) in cells
    ]
    return sp.contiguity(pd.DataFrame(pairs, columns=["code", "neighbour"]), cells.values())


def test_contiguity_reads_pairs_once_in_either_direction() -> None:
    pairs = pd.DataFrame(
        [("A", "B"), ("B", "A"), ("A", "B"), ("C", "B"), ("C", "dehors")],
        columns=["code", "neighbour"],
    )
    weights = sp.contiguity(pairs, ["D", "B", "A", "C"])
    assert weights.codes.tolist() == ["A", "B", "C", "D"]
    assert weights.degrees.tolist() == [1, 2, 1, 0]
    assert weights.adjacency.toarray().tolist() == [
        [0, 1, 0, 0],
        [1, 0, 1, 0],
        [0, 1, 0, 0],
        [0, 0, 0, 0],
    ]
    assert weights.islands.tolist() == ["D"]
    assert weights.graph().isolates.tolist() == ["D"]


def test_grid_has_the_degrees_of_a_queen() -> None:
    assert np.bincount(grid(10).degrees).tolist() == [0, 0, 0, 4, 0, 32, 0, 0, 64]


def test_nearest_in_a_plane() -> None:
    places = pd.DataFrame({"x": [0.0, 1, 3, 7], "y": 0.0}, index=["a", "b", "c", "d"])
    assert sp.nearest(places, 1).adjacency.toarray().tolist() == [
        [0, 1, 0, 0],
        [1, 0, 0, 0],
        [0, 1, 0, 0],
        [0, 0, 1, 0],
    ]
    assert sp.nearest(places, 1).kind == "1 plus proche voisin"
    assert sp.nearest(places, 3).kind == "3 plus proches voisins"
    assert sp.nearest(places, 3).degrees.tolist() == [3] * 4
    shuffled = sp.nearest(places.loc[["c", "a", "d", "b"]], 2).adjacency
    assert (shuffled != sp.nearest(places, 2).adjacency).nnz == 0


def test_nearest_on_the_sphere() -> None:
    """At 60° north 1.5° of longitude are 83 km, 1° of latitude 111 km; 179° is close to -179°."""
    places = pd.DataFrame(
        {"longitude": [0.0, 1.5, 0.0, 179.5, -179.5], "latitude": [60.0, 60, 61, 0, 0]},
        index=list("abcde"),
    )
    weights = sp.nearest(places, 1)
    near = weights.codes[weights.adjacency.indices]
    assert near.tolist() == ["b", "a", "a", "e", "d"]


def test_places_at_one_point_are_not_their_own_neighbours() -> None:
    places = pd.DataFrame({"x": [1.0] * 6, "y": [2.0] * 6}, index=list("abcdef"))
    for k in (1, 2, 5):
        weights = sp.nearest(places, k)
        assert weights.degrees.tolist() == [k] * 6
        assert weights.adjacency.diagonal().sum() == 0


@pytest.mark.parametrize(
    ("places", "k", "message"),
    [
        ({"x": [1.0, 2], "y": [1.0, 2]}, 2, "entre 1 et 1"),
        ({"x": [1.0, 2], "y": [1.0, 2]}, 0, "entre 1 et 1"),
        ({"x": [1.0, np.nan], "y": [1.0, 2]}, 1, "inconnues pour : b"),
        ({"x": [1.0, 2]}, 1, "x et y"),
        ({"longitude": [1.0, 2]}, 1, "latitude"),
    ],
)
def test_nearest_refusals(places: dict[str, list[float]], k: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sp.nearest(pd.DataFrame(places, index=["a", "b"]), k)


def test_contiguity_refusals() -> None:
    with pytest.raises(ValueError, match="propre voisin"):
        sp.contiguity(pd.DataFrame({"code": ["A"], "neighbour": ["A"]}), ["A"])
    with pytest.raises(ValueError, match="deux fois"):
        sp.contiguity(pd.DataFrame({"code": ["A"], "neighbour": ["B"]}), ["A", "B", "A"])


def test_moran_by_hand() -> None:
    """Two halves of a ring of 40: z lag = 1 for 36 and 0 for the 4 at the seams: I = 36/40.

    Alternating signs: every neighbour is the opposite, I = -1. E = -1/39.
    """
    found = sp.moran(halves(), ring(), nature="observed")
    assert found.statistic == pytest.approx(0.9)
    assert found.expected == pytest.approx(-1 / 39)
    assert found.p == 2 / 1000
    assert found.p_analytic < 1e-6
    assert found.z > 5
    assert (found.n, found.islands, found.unavailable) == (40, (), 0)
    assert (found.permutations, found.seed, found.weights) == (999, sp.SEED, "anneau")
    alternating = sp.moran(
        pd.Series([1.0, -1.0] * (SIZE // 2), index=RING), ring(), nature="observed"
    )
    assert alternating.statistic == pytest.approx(-1)
    assert alternating.p == 2 / 1000  # two-sided: repulsion is found too


def test_moran_of_noise_is_not_significant_one_time_in_twenty() -> None:
    random = np.random.default_rng(2)
    p = np.array(
        [
            sp.moran(pd.Series(random.normal(size=SIZE), index=RING), ring(), nature="observed").p
            for _ in range(40)
        ]
    )
    assert (p < 0.05).sum() <= 7
    assert p.mean() == pytest.approx(0.5, abs=0.15)


def test_rates_of_equal_populations_are_moran_of_the_rates() -> None:
    """With equal n_i the standardisation is affine, and Moran's I ignores scale and origin."""
    events = pd.Series(np.random.default_rng(4).poisson(9, SIZE).astype(float), index=RING)
    rates = sp.moran_rates(events, events * 0 + 500, ring(), nature="observed")
    plain = sp.moran(events / 500, ring(), nature="observed")
    assert rates.statistic == pytest.approx(plain.statistic)
    assert rates.p == plain.p


def test_rates_by_hand() -> None:
    """z_i = (x/n - b) / sqrt(a + b/n), a = sum(n (x/n - b)^2)/sum(n) - b/mean(n)."""
    random = np.random.default_rng(5)
    people = pd.Series(random.integers(200, 9000, SIZE).astype(float), index=RING)
    events = pd.Series(random.poisson(people * random.gamma(4, 0.005, SIZE)) + 0.0, index=RING)
    b = events.sum() / people.sum()
    a = (people * (events / people - b) ** 2).sum() / people.sum() - b / people.mean()
    assert a > 0
    z = (events / people - b) / np.sqrt(a + b / people)
    found = sp.moran_rates(events, people, ring(), nature="observed")
    assert found.statistic == pytest.approx(sp.moran(z, ring(), nature="observed").statistic)


def test_rates_set_unknown_and_empty_territories_aside() -> None:
    events = pd.Series(np.arange(SIZE) + 1.0, index=RING)
    people = pd.Series(1000.0, index=RING)
    events["03"], people["11"], people["17"] = np.nan, np.nan, 0.0
    found = sp.moran_rates(events, people, ring(), nature="observed")
    assert (found.n, found.unavailable) == (37, 3)


@pytest.mark.parametrize("star", [True, False])
def test_getis_ord_by_hand(star: bool) -> None:
    """Inside the half at +1 of a ring of 40 (mean 0, s = 1).

    G*: sum 3 of 3: z = 3 / sqrt(3 x 37 / 39). G, without i (39 left, sum -1): mean -1/39,
    s^2 = 1 - 1/39^2, two neighbours at 1: z = (2 + 2/39) / (s sqrt(2 x 37 / 38)).
    """
    table = sp.getis_ord(halves(), ring(), nature="observed", star=star).table
    without = (2 + 2 / 39) / np.sqrt((1 - 1 / 39**2) * 2 * 37 / 38)
    expected = 3 / np.sqrt(3 * 37 / 39) if star else without
    assert table["statistic"].iloc[5] == pytest.approx(expected)
    assert table["statistic"].iloc[25] == pytest.approx(-expected)


def test_getis_ord_does_not_depend_on_the_origin_of_the_values() -> None:
    """esda's G changes sign when the values have a negative sum; a z-score should not."""
    values = pd.Series(np.random.default_rng(6).normal(size=SIZE), index=RING)
    high, low = (sp.getis_ord(values + shift, ring(), nature="observed").table for shift in (9, -9))
    assert high["statistic"].to_numpy() == pytest.approx(low["statistic"].to_numpy())
    assert (high["class"] == low["class"]).all()


def test_getis_ord_of_a_territory_that_touches_all_others_is_undefined() -> None:
    codes = [f"{i:02d}" for i in range(31)]
    star = sp.contiguity(pd.DataFrame({"code": "00", "neighbour": codes[1:]}), codes)
    values = pd.Series(np.arange(31.0), index=codes)
    table = sp.getis_ord(values, star, nature="observed").table
    assert np.isnan(table.loc["00", "statistic"])
    assert table.loc["00", "p"] == 1


def test_lisa_by_hand() -> None:
    """I_i = (n-1) z_i lag_i / n: 39/40 inside a half, 0 at the seams."""
    table = sp.lisa(halves(), ring(), nature="observed").table
    assert table["statistic"].iloc[[0, 19, 20, 39]].tolist() == pytest.approx([0] * 4)
    assert table["statistic"].iloc[1:19].tolist() == pytest.approx([39 / 40] * 18)
    assert table["lag"].iloc[[5, 19, 25]].tolist() == [1, 0, -1]
    assert table["neighbours"].tolist() == [2] * SIZE


def irregular(count: int) -> sp.Weights:
    """A ring with a few chords: territories with 2, 3 and 4 neighbours."""
    codes = [f"{i:02d}" for i in range(count)]
    pairs = [(codes[i], codes[(i + 1) % count]) for i in range(count)]
    pairs += [("00", "07"), ("00", "15"), ("04", "20")]
    return sp.contiguity(pd.DataFrame(pairs, columns=["code", "neighbour"]), codes)


@pytest.mark.parametrize("tied", [False, True])
def test_conditional_p_is_that_of_all_possible_neighbourhoods(tied: bool) -> None:
    """All draws of k among the 29 others, enumerated; ties count on both sides."""
    weights = irregular(30)
    y = np.random.default_rng(8).normal(size=30)
    y = np.maximum(np.round(y), 0.0) if tied else y
    table = sp.lisa(
        pd.Series(y, index=weights.codes), weights, nature="observed", permutations=39_999
    ).table
    exact = []
    for i in range(30):
        k = weights.degrees[i]
        sums = np.array([sum(draw) for draw in combinations(np.delete(y, i), int(k))])
        observed = weights.adjacency[[i]] @ y
        tails = (sums >= observed - 1e-9).mean(), (sums <= observed + 1e-9).mean()
        exact.append(min(1.0, 2 * min(tails)))
    assert table["p"].to_numpy() == pytest.approx(np.array(exact), abs=0.012)


def test_a_neighbourhood_tied_with_the_minimum_is_not_significant() -> None:
    """Half of the values are 0: two neighbours at 0 happen one time in four.

    esda 2.9 (alternative='directed') folds #>= when it is all of the draws to 0 and gives
    1/(permutations + 1), its smallest p, to these territories.
    """
    values = pd.Series([0.0] * 20 + list(range(1, 21)), index=RING)
    table = sp.lisa(values, ring(), nature="observed").table
    assert (table["p"].iloc[1:19] > 0.4).all()


def test_a_value_at_the_mean_has_p_one() -> None:
    values = pd.Series([0.0, 5.0, 5.0] + [-10.0 / 37] * 37, index=RING)
    table = sp.lisa(values, ring(), nature="observed").table
    assert table.loc["00", "statistic"] == pytest.approx(0)
    assert table.loc["00", "p"] == 1
    assert table.loc["00", "class"] == sp.NOT_SIGNIFICANT


def test_lisa_finds_blocks_and_outliers() -> None:
    weights = grid(16)
    block = np.fromiter((int(code[:2]) < 8 for code in weights.codes), dtype=bool)
    values = pd.Series(np.where(block, 10.0, 0.0), index=weights.codes)
    values += np.random.default_rng(9).normal(size=len(values))
    values["0303"], values["1212"] = 0.0, 10.0
    found = sp.lisa(values, weights, nature="observed")
    classes = found.table["class"]
    assert classes["0303"] == "LH"
    assert classes["1212"] == "HL"
    # Away from the edges, where 5 neighbours alike happen by chance one time in 32.
    inner = [c for c in weights.codes if "02" <= c[2:] <= "13"]
    assert set(classes[[c for c in inner if c[:2] == "01"]]) == {"HH"}
    assert set(classes[[c for c in inner if c[:2] == "14"]]) == {"LL"}
    hot = sp.getis_ord(values, weights, nature="observed").table["class"]
    assert hot["0303"] == hot["0606"] == sp.HIGH
    assert hot["1414"] == sp.LOW
    assert found.p_floor == 2 / 10_000
    assert (found.table["p"] >= found.p_floor).all()


def test_classes_follow_the_corrected_p() -> None:
    weights = grid(12)
    values = pd.Series(np.random.default_rng(10).normal(size=144), index=weights.codes)
    found = sp.lisa(values, weights, nature="observed", alpha=0.2)
    table = found.table
    assert table["p_fdr"].to_numpy() == pytest.approx(false_discovery_control(table["p"]))
    assert (table["p"] < 0.05).sum() >= 3  # chance alone
    assert (table["p_fdr"] <= 0.05).sum() == 0
    assert ((table["class"] != sp.NOT_SIGNIFICANT) == (table["p_fdr"] <= 0.2)).all()


def test_unknown_values_and_islands_are_set_aside_and_counted() -> None:
    codes = [*RING, "ile", "secret"]
    pairs = pd.DataFrame({"code": RING, "neighbour": RING[1:] + RING[:1]})
    weights = sp.contiguity(pairs, codes)
    values = pd.concat([halves(), pd.Series({"ile": 50.0, "secret": np.nan})])
    values["07"] = np.nan
    found = sp.lisa(values, weights, nature="observed")
    assert (found.n, found.islands, found.unavailable) == (39, ("ile",), 2)
    assert found.table["class"][["ile", "secret", "07"]].tolist() == [
        sp.NO_NEIGHBOUR,
        sp.NOT_AVAILABLE,
        sp.NOT_AVAILABLE,
    ]
    assert (
        found.table.loc[["ile", "secret", "07"], ["statistic", "p", "p_fdr", "lag"]]
        .isna()
        .all(axis=None)
    )
    assert found.table.loc[["06", "ile"], "neighbours"].tolist() == [1, 0]
    assert found.table.loc[["secret", "07"], "neighbours"].isna().all()
    alone = sp.moran(values, weights, nature="observed")
    assert (alone.n, alone.islands, alone.unavailable) == (39, ("ile",), 2)


def test_setting_one_aside_may_leave_another_alone() -> None:
    """k = 1 on a line: z is unknown, y only has z, x only has y."""
    places = pd.DataFrame({"x": [0.0, 1.4, 2.2], "y": 0.0}, index=["x", "y", "z"])
    others = pd.DataFrame({"x": np.arange(32) + 100.0, "y": np.arange(32) % 2}, index=RING[:32])
    values = pd.Series(np.arange(35.0), index=["x", "y", "z", *RING[:32]])
    values["z"] = np.nan
    found = sp.lisa(values, sp.nearest(pd.concat([places, others]), 1), nature="observed")
    assert found.islands == ("x", "y")
    assert found.n == 32


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000))
def test_order_units_and_direction(seed: int) -> None:
    random = np.random.default_rng(seed)
    values = pd.Series(random.normal(size=SIZE), index=RING)
    order = random.permutation(SIZE)
    table = sp.lisa(values, ring(), nature="observed", permutations=999).table
    shuffled_ring = ring()
    shuffled = sp.lisa(values.iloc[order], shuffled_ring, nature="observed", permutations=999).table
    pd.testing.assert_frame_equal(shuffled.loc[RING], table, check_exact=True)
    unit = sp.lisa(1000 * values - 7, ring(), nature="observed", permutations=999).table
    columns = ["statistic", "p", "p_fdr", "class"]
    pd.testing.assert_frame_equal(unit[columns], table[columns])
    flipped = sp.lisa(-values, ring(), nature="observed", permutations=999).table
    pd.testing.assert_frame_equal(flipped[columns[:3]], table[columns[:3]])
    swap = {"HH": "LL", "LL": "HH", "HL": "LH", "LH": "HL"}
    assert (flipped["class"] == table["class"].replace(swap)).all()
    assert sp.moran(values, ring(), nature="observed") == sp.moran(
        values.iloc[order], ring(), nature="observed"
    )


def test_seed_is_kept_and_counts() -> None:
    values = pd.Series(np.random.default_rng(11).normal(size=SIZE), index=RING)
    first, same, other = (
        sp.lisa(values, ring(), nature="observed", seed=seed) for seed in (1, 1, 2)
    )
    assert first.seed == 1
    assert (first.table["p"] == same.table["p"]).all()
    assert (first.table["p"] != other.table["p"]).any()
    assert first.table["p"].to_numpy() == pytest.approx(other.table["p"].to_numpy(), abs=0.05)


def test_distinct_draws_are_uniform() -> None:
    draws = sp._distinct(np.random.default_rng(12), 6, 3, 60_000)
    assert (np.diff(np.sort(draws, axis=1), axis=1) > 0).all()
    ordered = np.bincount(draws @ [36, 6, 1])
    assert (ordered > 0).sum() == 6 * 5 * 4
    assert ordered[ordered > 0] / 500 == pytest.approx(np.ones(120), abs=0.2)


@pytest.mark.parametrize("nature", ["smoothed", "modelled", "suppressed"])
@pytest.mark.parametrize("test", [sp.moran, sp.lisa, sp.getis_ord])
def test_smoothed_modelled_and_suppressed_values_are_refused(test: Any, nature: Any) -> None:
    with pytest.raises(ValueError, match=r"Pas de test de regroupement sur ces valeurs : .+\.$"):
        test(halves(), ring(), nature=nature)
    with pytest.raises(ValueError, match="Pas de test"):
        sp.moran_rates(halves(), halves(), ring(), nature=nature)


@pytest.mark.parametrize(
    ("values", "more", "message"),
    [
        (halves().where(lambda y: y > 0), {}, "au moins 30 territoires .* il y en a 20"),
        (halves() * 0, {}, "égales"),
        (halves() * np.inf, {}, "infinie"),
        (halves().iloc[1:], {}, "mêmes territoires"),
        (halves().rename({"00": "zz"}), {}, "mêmes territoires"),
        (halves(), {"permutations": 998}, "999 permutations"),
        (halves(), {"nature": "apl"}, "inconnue : apl"),
    ],
)
@pytest.mark.parametrize("test", [sp.moran, sp.lisa, sp.getis_ord])
def test_refusals(test: Any, values: pd.Series, more: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        test(values, ring(), **({"nature": "observed"} | more))


@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_refused_threshold(alpha: float) -> None:
    with pytest.raises(ValueError, match="seuil"):
        sp.lisa(halves(), ring(), nature="observed", alpha=alpha)


def test_refused_rates() -> None:
    people = pd.Series(1000.0, index=RING)
    with pytest.raises(ValueError, match="négatif"):
        sp.moran_rates(halves(), people, ring(), nature="observed")
    with pytest.raises(ValueError, match="Aucun événement"):
        sp.moran_rates(people * 0, people, ring(), nature="observed")
