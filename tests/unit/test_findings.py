"""Findings: what is judged, how sure, how they are sorted, what the list promises."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostic import findings as fd

SWAP = {fd.ATOUT: fd.FRAGILITE, fd.FRAGILITE: fd.ATOUT}


def rows(*changes: dict[str, Any]) -> pd.DataFrame:
    """Indicators at 10, comparator 12, sd 2, interval of 1 on each side, high is favourable."""
    base = {
        "theme": "sante",
        "kind": "ratio",
        "direction": 1,
        "unit": "%",
        "value": 10.0,
        "low": 9.0,
        "high": 11.0,
        "state": "ok",
        "comparator": 12.0,
        "comparator_low": np.nan,
        "comparator_high": np.nan,
        "spread": 2.0,
        "inequality": np.nan,
        "inequality_low": np.nan,
        "inequality_high": np.nan,
        "weight": 1.0,
        "reference_min": np.nan,
        "reference_max": np.nan,
    }
    return pd.DataFrame(
        [{"indicator_id": f"i{n:02d}", **base, **one} for n, one in enumerate(changes)]
    )


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    source = np.random.default_rng(draw(st.integers(0, 100_000)))
    size = int(source.integers(1, 30))
    value = source.normal(0, 4, size)
    half = source.uniform(0.1, 4, size)
    half[source.random(size) < 0.3] = np.nan
    gap = source.normal(0, 3, size)
    gap[source.random(size) < 0.5] = np.nan
    frame = rows(*[{} for _ in range(size)])
    return frame.assign(
        theme=source.choice(list("abcd"), size),
        direction=source.choice([-1, 1, 1, 0], size),
        state=source.choice(["ok", "ok", "approx", "secret", "absent"], size),
        value=value,
        low=value - half,
        high=value + half,
        comparator=0.0,
        inequality=gap,
        inequality_low=gap - half,
        inequality_high=gap + half,
    )


def test_a_fragility_by_hand() -> None:
    found = fd.findings(rows({"reference_min": 10.5, "reference_max": 13.0})).iloc[0]
    assert found["type"] == fd.FRAGILITE
    assert found["gap"] == -2
    assert (found["gap_low"], found["gap_high"]) == (-3, -1)
    assert found["size"] == 1
    assert found["certainty"] == pytest.approx(4 / (4 + 1))
    assert found["score"] == pytest.approx(0.8)
    assert found["basis"] == "intervalle"
    assert found["similar"] == fd.BELOW


def test_the_comparators_own_interval_counts() -> None:
    """Half-widths that face each other: 1.5 above 10 and 1.5 below 12: 2.12 > 2, not different."""
    wide = {"high": 11.5, "comparator_low": 10.5, "comparator_high": 12.1}
    found = fd.findings(rows(wide)).iloc[0]
    assert found["type"] == fd.INCERTAIN
    assert found["gap_high"] == pytest.approx(-2 + math.hypot(1.5, 1.5))
    assert found["gap_low"] == pytest.approx(-2 - math.hypot(1, 0.1))
    narrow = {"high": 11.5, "comparator_low": 11.0, "comparator_high": 13.0}
    assert fd.findings(rows(narrow))["type"].item() == fd.FRAGILITE


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"low": np.nan, "high": np.nan}, (fd.FRAGILITE, "sans intervalle", 0.5)),
        ({"low": np.nan, "high": np.nan, "value": 11.1}, None),  # 0.45 sd
        ({"value": 11.9, "low": 11.85, "high": 11.95}, None),  # sure but negligible
        ({"value": 11.7, "low": 11.65, "high": 11.75}, (fd.FRAGILITE, "intervalle", 36 / 37)),
        ({"high": 12.0}, (fd.INCERTAIN, "intervalle", 0.5)),
        ({"value": 11.5, "low": 10.0, "high": 13.0}, None),
        ({"state": "approx"}, (fd.FRAGILITE, "intervalle", 0.8)),
        ({"value": 12.0, "low": 12.0, "high": 12.0}, None),
        ({"state": "secret"}, None),
        ({"state": "absent"}, None),
        ({"direction": 0}, None),
        ({"kind": "count"}, None),
        ({"value": np.nan, "low": np.nan, "high": np.nan}, None),
        ({"comparator": np.nan}, None),
        ({"spread": np.nan}, None),
        ({"spread": 0.0}, None),
    ],
)
def test_what_is_judged(change: dict[str, Any], expected: tuple[str, str, float] | None) -> None:
    found = fd.findings(rows(change))
    if expected is None:
        assert found.empty
        assert list(found.columns) == fd.COLUMNS
    else:
        one = found.iloc[0]
        assert (one["type"], one["basis"]) == expected[:2]
        assert one["certainty"] == pytest.approx(expected[2])


def test_zero_is_a_value_like_another() -> None:
    found = fd.findings(rows({"value": 0.0, "low": 0.0, "high": 0.5, "direction": -1}))
    assert found["type"].item() == fd.ATOUT


def test_inequalities_by_hand() -> None:
    calm = {"value": 12.0, "low": 11.0, "high": 13.0}
    found = fd.findings(
        rows(
            {**calm, "inequality": 4.0, "inequality_low": 2.0, "inequality_high": 6.0},
            {**calm, "inequality": -4.0, "inequality_low": -7.0, "inequality_high": -2.0},
            {**calm, "inequality": 4.0, "inequality_low": -1.0, "inequality_high": 9.0},
            {**calm, "inequality": 0.4, "direction": -1},
        )
    )
    assert found["indicator_id"].tolist() == ["i00", "i01"]
    assert found["type"].tolist() == [fd.INEGALITE] * 2
    assert found["gradient"].tolist() == ["usuel", "inverse"]
    assert found["certainty"].tolist() == pytest.approx([0.8, 0.8])
    assert found["similar"].tolist() == ["", ""]


def test_position_among_similar_territories() -> None:
    found = fd.findings(
        rows(
            {"reference_min": 9.0, "reference_max": 10.0},
            {"reference_min": 5.0, "reference_max": 9.9},
            {"reference_min": 5.0},
        )
    ).set_index("indicator_id")
    assert found["similar"].to_dict() == {"i00": fd.WITHIN, "i01": fd.ABOVE, "i02": ""}


def test_ten_at_most_with_what_is_promised_and_themes_sharing() -> None:
    bad = [{"value": 8.0 - n / 10, "low": 7.0 - n / 10, "high": 9.0 - n / 10} for n in range(9)]
    good = [{"value": 13.0, "low": 12.5, "high": 13.5, "theme": "cadre de vie"}] * 3
    gap = [{"inequality": 1.0, "inequality_low": 0.1, "inequality_high": 1.9, "theme": "revenus"}]
    other = [{"value": 11.0, "low": 10.5, "high": 11.5, "theme": f"t{n}"} for n in range(9)]
    found = fd.findings(rows(*bad, *good, *gap, *other))
    counts = found["type"].value_counts()
    assert len(found) == 10
    assert counts[fd.ATOUT] >= 2
    assert counts[fd.FRAGILITE] >= 2
    assert counts[fd.INEGALITE] == 1
    assert (found["theme"] == "sante").sum() <= 4
    assert found["theme"].nunique() >= 5
    assert found["score"].is_monotonic_decreasing
    assert found["indicator_id"][0] == "i08"  # the largest gap


def test_one_theme_does_not_fill_the_list() -> None:
    found = fd.findings(rows(*[{} for _ in range(30)]))
    assert found["indicator_id"].tolist() == ["i00", "i01", "i02", "i03"]


def test_uncertain_ones_are_few_and_last_among_equals() -> None:
    unsure = [{"high": 12.5, "theme": f"t{n}"} for n in range(6)]
    found = fd.findings(rows(*unsure, {"theme": "z"}))
    assert found["type"].tolist() == [fd.FRAGILITE, fd.INCERTAIN, fd.INCERTAIN]


def test_card_weight_and_a_short_limit() -> None:
    found = fd.findings(rows({}, {"weight": 3.0, "theme": "a"}, {"weight": 0.0, "theme": "b"}))
    assert found["indicator_id"].tolist() == ["i01", "i00", "i02"]
    short = fd.findings(rows(*[{} for _ in range(9)]), fd.Rules(limit=1))
    assert len(short) == 1


@settings(deadline=None, max_examples=25)
@given(tables(), st.integers(0, 100))
def test_order_units_and_bookkeeping(frame: pd.DataFrame, seed: int) -> None:
    found = fd.findings(frame)
    shuffled = fd.findings(frame.sample(frac=1, random_state=seed))
    pd.testing.assert_frame_equal(found, shuffled)
    numbers = [n for n in fd.NUMBERS if n not in ("direction", "weight")]
    rescaled = fd.findings(frame.assign(**{n: frame[n] * 1000 for n in numbers}))
    pd.testing.assert_frame_equal(
        found.drop(columns=["gap", "gap_low", "gap_high"]),
        rescaled.drop(columns=["gap", "gap_low", "gap_high"]),
    )
    assert len(found) <= 10
    assert found["score"].is_monotonic_decreasing
    chosen = frame.set_index("indicator_id").loc[found["indicator_id"]]
    assert chosen["state"].isin(["ok", "approx"]).all()
    assert (chosen["direction"] != 0).all()
    assert (found["type"] == fd.INCERTAIN).sum() <= 2
    sure = found["basis"] == "intervalle"
    excludes = (found["gap_low"] > 0) | (found["gap_high"] < 0)
    judged = found["type"] != fd.INCERTAIN
    assert (excludes == judged)[sure].all()
    assert ((found["certainty"] > 0.5) == judged)[sure].all()
    assert not found.duplicated(["indicator_id", "type"]).any()


@settings(deadline=None, max_examples=25)
@given(tables())
def test_mirrors(frame: pd.DataFrame) -> None:
    """Mirroring the values, or turning the direction, swaps atouts and fragilités; both together
    change nothing."""
    plain = frame.assign(inequality=np.nan, inequality_low=np.nan, inequality_high=np.nan)
    found = fd.findings(plain).set_index("indicator_id")
    mirror = plain.assign(value=-plain["value"], low=-plain["high"], high=-plain["low"])
    turned = plain.assign(direction=-plain["direction"])
    swapped = found["type"].replace(SWAP)
    for changed in (mirror, turned):
        other = fd.findings(changed).set_index("indicator_id")
        pd.testing.assert_series_equal(other["type"], swapped)
        pd.testing.assert_series_equal(other["score"], found["score"])
    both = fd.findings(mirror.assign(direction=-plain["direction"])).set_index("indicator_id")
    pd.testing.assert_series_equal(both["type"], found["type"])


@settings(deadline=None, max_examples=15)
@given(st.floats(0.3, 5), st.floats(0.01, 4), st.floats(1.01, 3))
def test_larger_or_surer_is_more_important(gap: float, half: float, more: float) -> None:
    def score(gap: float, half: float) -> float:
        value = 12 - gap
        found = fd.findings(rows({"value": value, "low": value - half, "high": value + half}))
        return float(found["score"].sum())

    assert score(gap * more, half) >= score(gap, half)
    assert score(gap, half / more) >= score(gap, half)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"direction": 2}, r"\+1, -1 ou 0"),
        ({"direction": np.nan}, r"\+1, -1 ou 0"),
        ({"weight": -1.0}, "positifs ou nuls"),
        ({"weight": np.nan}, "positifs ou nuls"),
        ({"spread": -1.0}, "positifs ou nuls"),
        ({"low": 10.5}, "ne contient pas sa valeur : i00"),
        ({"comparator_high": 11.0}, "ne contient pas"),
        ({"inequality": 1.0, "inequality_low": 2.0}, "ne contient pas"),
    ],
)
def test_refusals(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fd.findings(rows(change))


def test_ill_formed_tables() -> None:
    frame = rows({}, {})
    with pytest.raises(ValueError, match="deux fois"):
        fd.findings(frame.assign(indicator_id="x"))
    with pytest.raises(ValueError, match="absente du tableau des indicateurs : spread"):
        fd.findings(frame.drop(columns="spread"))


def test_the_required_columns_are_enough() -> None:
    bare = rows({})[list(fd.REQUIRED)]
    found = fd.findings(bare).iloc[0]
    assert (found["type"], found["basis"], found["similar"]) == (
        fd.FRAGILITE,
        "sans intervalle",
        "",
    )
    assert fd.findings(bare.iloc[:0]).empty
