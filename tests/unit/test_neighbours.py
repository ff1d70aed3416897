"""Nearest statistical neighbours: distance, ties, types, reasons (docs/methodologie.md)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostic import neighbours as nb

UNIT = pd.DataFrame({"mean": [0.0, 0.0], "sd": [1.0, 1.0]}, index=["x", "y"])


def territories(count: int, seed: int, variables: int = 3) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    columns = [f"v{i}" for i in range(variables)]
    index = [f"{i:05d}" for i in draw.permutation(count)]
    return pd.DataFrame(draw.lognormal(size=(count, variables)), columns=columns, index=index)


def on_a_line(**places: float) -> pd.DataFrame:
    return pd.DataFrame({"x": places.values(), "y": 0.0}, index=list(places), dtype=float)


def by_brute_force(frame: pd.DataFrame, k: int) -> pd.DataFrame:
    """Every pair, then sorted by distance and code."""
    ordered = frame.sort_index()
    z = ((ordered - ordered.mean()) / ordered.std(ddof=1)).to_numpy()
    pairs = np.sqrt(((z[:, None] - z[None]) ** 2).sum(axis=2)).round(10)
    np.fill_diagonal(pairs, np.inf)
    nearest = np.argsort(pairs, axis=1, kind="stable")[:, : min(k, len(frame) - 1)]
    return pd.DataFrame(ordered.index.to_numpy()[nearest], index=ordered.index).loc[frame.index]


def names(result: pd.DataFrame, code: str) -> list[str]:
    return result.loc[code, "neighbour"].tolist()


def test_distances_by_hand() -> None:
    """Reference sd 1: from the origin, (3, 4) is at 5 and (0, 1) at 1; 9/25 of the first is x."""
    frame = pd.DataFrame({"x": [0, 3, 0], "y": [0, 4, 1]}, index=["o", "far", "near"])
    result = nb.nearest(frame, k=2, reference=UNIT)
    assert names(result, "o") == ["near", "far"]
    assert result.loc["o", "distance"].tolist() == pytest.approx([1, 5])
    assert result.loc[("o", 2), ["part:x", "part:y"]].tolist() == pytest.approx([9 / 25, 16 / 25])
    # Weight 0 takes y out; weight 4 doubles the distance along x.
    along = nb.nearest(frame, 2, {"x": 4, "y": 0}, reference=UNIT)
    assert along.loc["o", "distance"].tolist() == pytest.approx([0, 6])
    assert along.loc[("o", 1), ["part:x", "part:y"]].isna().all()  # nothing sets them apart


def test_default_scale_is_that_of_r() -> None:
    """x = 0, 1, 2 has sd 1 with n - 1, y = 0, 2, 4 has sd 2."""
    frame = pd.DataFrame({"x": [0.0, 1, 2], "y": [0.0, 2, 4]}, index=list("abc"))
    result = nb.nearest(frame, 2)
    assert result.loc["a", "distance"].tolist() == pytest.approx([2**0.5, 8**0.5])


def test_ties_are_settled_by_code_whatever_the_order() -> None:
    frame = on_a_line(d=1, m=0, b=-1, c=1, a=-1)
    for shown in (frame, frame.iloc[::-1], frame.sample(frac=1, random_state=3)):
        assert names(nb.nearest(shown, 3, reference=UNIT), "m") == ["a", "b", "c"]


def test_many_identical_territories() -> None:
    """More ties than the tree returns at first: asked again until all are seen."""
    codes = [f"{i:03d}" for i in range(200)]
    frame = pd.DataFrame({"x": 0.0, "y": 0.0}, index=codes[::-1])
    frame.loc["150", "x"] = 1.0
    result = nb.nearest(frame, 3, reference=UNIT)
    assert names(result, "000") == ["001", "002", "003"]
    assert names(result, "199") == ["000", "001", "002"]
    assert names(result, "150") == ["000", "001", "002"]
    assert result.loc["150", "distance"].tolist() == [1, 1, 1]


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000), st.integers(3, 30), st.integers(1, 6), st.booleans())
def test_same_as_every_pair_compared(seed: int, count: int, k: int, tied: bool) -> None:
    frame = territories(count, seed)
    if tied:
        frame["v0"] = frame["v0"].round()
        frame.loc[frame.index[:2], "v0"] = [8.0, 9.0]
        frame["v1"] = frame["v2"] = frame["v0"]
    result = nb.nearest(frame, k)["neighbour"].unstack().loc[frame.index]
    expected = by_brute_force(frame, k)
    width = expected.shape[1]
    assert result.iloc[:, :width].to_numpy().tolist() == expected.to_numpy().tolist()
    assert result.iloc[:, width:].isna().all(axis=None)


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 10_000), st.floats(0.01, 100), st.floats(-100, 100))
def test_order_units_and_direction_change_nothing(seed: int, scale: float, shift: float) -> None:
    frame = territories(30, seed)
    base = nb.nearest(frame, 5)
    pd.testing.assert_frame_equal(nb.nearest(frame * scale + shift, 5), base, rtol=1e-6, atol=1e-9)
    pd.testing.assert_frame_equal(nb.nearest(frame.assign(v1=-frame["v1"]), 5), base, rtol=1e-6)
    shuffled = nb.nearest(frame.sample(frac=1, random_state=seed), 5)
    pd.testing.assert_frame_equal(shuffled.loc[base.index], base, rtol=1e-9, atol=1e-12)
    parts = base[[f"part:v{i}" for i in range(3)]]
    assert parts.sum(axis=1).to_numpy() == pytest.approx(1)
    assert (parts >= 0).all(axis=None)
    assert (base["distance"].unstack().diff(axis=1).iloc[:, 1:] >= -1e-10).all(axis=None)
    assert (base["neighbour"] != base.index.get_level_values("code")).all()


def test_a_weight_pulls_its_variable() -> None:
    frame = territories(200, 8)
    light, heavy = (nb.nearest(frame, 10, {"v0": w}) for w in (1, 100))
    own = frame["v0"]

    def spread(result: pd.DataFrame) -> float:
        around = result["neighbour"].map(own) - own.loc[result.index.get_level_values(0)].to_numpy()
        return float(around.abs().mean())

    assert spread(heavy) < spread(light)


def test_log_brings_multiples_together() -> None:
    """10 is as far from 100 as 1 000 in logarithm, and much nearer as it stands."""
    frame = on_a_line(a=10, b=100, c=1000).assign(y=[0.0, 0.0, 1e-9])
    reference = pd.DataFrame({"mean": 0.0, "sd": [1.0, 1e-9]}, index=["x", "y"])
    plain = nb.nearest(frame, 2, {"y": 0}, reference=reference)
    logged = nb.nearest(frame, 2, {"y": 0}, reference=reference, log=["x"])
    assert plain.loc["b", "distance"].tolist() == pytest.approx([90, 900])
    assert logged.loc["b", "distance"].tolist() == pytest.approx([np.log(10)] * 2)
    with pytest.raises(ValueError, match="x : le logarithme"):
        nb.nearest(on_a_line(a=0, b=1, c=2), 1, log=["x"])
    with pytest.raises(ValueError, match="logarithme, absente : z"):
        nb.nearest(frame, 1, log=["z"])


def test_neighbours_have_the_same_type() -> None:
    frame = on_a_line(a=0, b=1, c=2, d=3, e=4, f=5)
    groups = pd.Series(["CC", "CA", "CC", "CA", "ME", None], index=frame.index)
    result = nb.nearest(frame, 2, reference=UNIT, groups=groups)
    assert names(result, "a")[0] == "c"
    assert names(result, "b")[0] == "d"
    assert result.loc["a", "neighbour"].isna().tolist() == [False, True]
    assert result.loc[["e", "f"], "neighbour"].isna().all()  # alone, and of unknown type
    with pytest.raises(ValueError, match="types et les variables"):
        nb.nearest(frame, 1, reference=UNIT, groups=groups.iloc[::-1])


def test_a_missing_variable_is_nobodys_neighbour() -> None:
    frame = on_a_line(a=0, b=1, c=2, d=30)
    frame.loc["b", "y"] = np.nan
    result = nb.nearest(frame, 2, reference=UNIT)
    assert result.index.get_level_values(0).unique().tolist() == list("abcd")
    assert names(result, "a") == ["c", "d"]
    assert result.loc["b"].isna().all(axis=None)


def test_rebased_on_the_farthest_pair_of_the_type() -> None:
    frame = on_a_line(a=0, b=1, c=4, p=100, q=150, r=200)
    groups = pd.Series(list("111222"), index=frame.index)
    result = nb.nearest(frame, 2, reference=UNIT, groups=groups, rebase=True)
    assert result.loc["a", "distance"].tolist() == pytest.approx([0.25, 1])
    assert result.loc["r", "distance"].tolist() == pytest.approx([0.5, 1])
    identical = nb.nearest(frame * 0, 1, reference=UNIT, rebase=True)
    assert identical["distance"].tolist() == [0.0] * 6


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 10_000))
def test_the_farthest_pair_is_found(seed: int) -> None:
    points = territories(700, seed).to_numpy()
    everything = np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=2))
    assert nb._diameter(points) == pytest.approx(everything.max())


def test_asking_for_some_answers_as_for_all() -> None:
    frame = territories(60, 5)
    chosen = frame.index[[7, 3, 40]]
    some = nb.nearest(frame, 4, rebase=True, of=chosen)
    assert some.index.get_level_values(0).unique().tolist() == frame.index[[3, 7, 40]].tolist()
    pd.testing.assert_frame_equal(some, nb.nearest(frame, 4, rebase=True).loc[some.index])
    none = nb.nearest(frame, 4, of=[])
    assert none.empty
    with pytest.raises(ValueError, match="absent du tableau : 99999"):
        nb.nearest(frame, 4, of=["99999"])


def test_the_reference_fixes_the_distance() -> None:
    frame = territories(60, 6)
    national = pd.DataFrame({"mean": frame.mean(), "sd": frame.std(ddof=1)})
    whole = nb.nearest(frame, 59)
    part = nb.nearest(frame.iloc[:10], 9, reference=national)
    distances = whole.reset_index().set_index(["code", "neighbour"])["distance"]
    pairs = part.reset_index().set_index(["code", "neighbour"])["distance"]
    pd.testing.assert_series_equal(pairs, distances.loc[pairs.index])


def test_refusals() -> None:
    frame = territories(10, 7)
    with pytest.raises(ValueError, match=r"circulaire\. Retirez : v1"):
        nb.nearest(frame, 3, outcomes=["v1", "mortalite"])
    with pytest.raises(ValueError, match="au moins un voisin"):
        nb.nearest(frame, 0)
    with pytest.raises(ValueError, match="figure deux fois"):
        nb.nearest(pd.concat([frame, frame]), 3)
    with pytest.raises(ValueError, match="infinie"):
        nb.nearest(frame.assign(v1=np.inf), 3)
    with pytest.raises(ValueError, match="variable inconnue : w"):
        nb.nearest(frame, 3, {"w": 1})
    with pytest.raises(ValueError, match="une au moins positive"):
        nb.nearest(frame, 3, {"v0": -1})
    with pytest.raises(ValueError, match="une au moins positive"):
        nb.nearest(frame, 3, dict.fromkeys(frame.columns, 0))
    with pytest.raises(ValueError, match="Référence nationale absente pour : v0"):
        nb.nearest(frame, 3, reference=UNIT)
    with pytest.raises(ValueError, match="Aucun écart-type utilisable pour : v1"):
        nb.nearest(frame.assign(v1=0.1), 3)


def test_range_of_the_neighbours() -> None:
    frame = on_a_line(a=0, b=1, c=2.5, d=4.5, e=7)
    result = nb.nearest(frame, 3, reference=UNIT)
    values = pd.Series({"b": 10.0, "c": 30.0, "d": np.nan, "a": 7.0, "e": np.nan})
    table = nb.range_of(values, result)
    assert table.index.tolist() == list("abcde")
    assert table.loc["a"].tolist() == [10, 20, 30, 2]  # b, c and d, unknown
    assert table.loc["b"].tolist() == [7, 18.5, 30, 2]
    lonely = nb.range_of(values.drop(["a", "b", "c"]), result.loc[["a"]])
    assert lonely.loc["a", ["minimum", "median", "maximum"]].isna().all()
    assert lonely.loc["a", "known"] == 0
    with pytest.raises(ValueError, match="deux fois dans les valeurs"):
        nb.range_of(pd.concat([values, values]), result)
