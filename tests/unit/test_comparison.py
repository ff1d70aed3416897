"""One period, one series per comparison: checked against the rule written out plainly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import example, given, settings
from hypothesis import strategies as st

from diagnostic.comparison import common_periods, shown, side_by_side
from warehouse.read import Warehouse

INDICATORS = ["a", "b"]
PERIODS = ["2015", "2017", "2021", "2023", "2024"]
PLACES = ["dep", "reg", "france"]
BREAKS = {"a": ["2021", "2023"], "b": ["2017"]}
Row = tuple[str, str, str, bool]

keys = st.tuples(
    st.sampled_from(["own", *PLACES]), st.sampled_from(INDICATORS), st.sampled_from(PERIODS)
)


def as_rows(figures: dict[tuple[str, str, str], bool]) -> tuple[Row, ...]:
    return tuple((*key, figure) for key, figure in sorted(figures.items()))


# (place or "own", indicator, period, has a figure)
rows = st.dictionaries(keys, st.booleans(), max_size=25).map(as_rows)
breaks = st.sampled_from([None, BREAKS])


def frames(given_rows: tuple[Row, ...]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The perimeter's rows and its comparators', in no particular order."""
    table = pd.DataFrame(
        [
            {
                "place": place,
                "indicator_id": indicator,
                "period": period,
                "value": 1.0 if figure else np.nan,
                "ci_low": np.nan,
                "state": "ok",
            }
            for place, indicator, period, figure in reversed(given_rows)
        ],
        columns=["place", "indicator_id", "period", "value", "ci_low", "state"],
    ).astype({"value": float, "ci_low": float})
    own = table[table["place"] == "own"].drop(columns="place")
    return own, table[table["place"] != "own"]


def series(indicator: str, period: str, starts: dict[str, list[str]] | None) -> int:
    return sum(period >= start for start in (starts or {}).get(indicator, []))


def expected_period(
    given_rows: tuple[Row, ...], indicator: str, starts: dict[str, list[str]] | None
) -> str | None:
    """The latest period that the perimeter and every comparator of its series have together."""
    rows_of = [row for row in given_rows if row[1] == indicator]
    mine = {period for place, _, period, figure in rows_of if place == "own" and figure}
    if not mine:
        return max((period for place, _, period, _ in rows_of if place == "own"), default=None)
    latest = series(indicator, max(mine), starts)
    theirs = {
        place: periods
        for place in PLACES
        if (
            periods := {
                period
                for one, _, period, figure in rows_of
                if one == place and figure and series(indicator, period, starts) == latest
            }
        )
    }
    together = mine.intersection(*theirs.values()) if theirs else mine
    return max(together) if together else max(mine)


@settings(deadline=None)
@given(rows, breaks)
@example((("own", "a", "2024", True), ("own", "a", "2021", True), ("dep", "a", "2021", True)), None)
@example((("own", "a", "2024", True), ("dep", "a", "2021", True)), BREAKS)
def test_the_period_is_the_latest_that_all_have(given_rows, starts) -> None:
    own, others = frames(given_rows)
    found = common_periods(own, others, starts)
    expected = {
        indicator: period
        for indicator in INDICATORS
        if (period := expected_period(given_rows, indicator, starts)) is not None
    }
    assert found.to_dict() == expected


@settings(deadline=None)
@given(rows, breaks)
def test_all_that_is_shown_shares_one_period(given_rows, starts) -> None:
    """The comparators beside a value are all of its period; a newer figure stands alone."""
    own, others = frames(given_rows)
    mine, theirs = side_by_side(own, others, starts)
    assert set(mine.index) == set(own["indicator_id"])
    assert mine.index.is_unique
    for line in theirs.itertuples():
        assert line.period == mine.loc[line.indicator_id, "period"]
    for indicator, row in mine.iterrows():
        figures = own[(own["indicator_id"] == indicator) & shown(own)]["period"]
        if isinstance(row["newer_period"], str):
            assert row["newer_period"] == figures.max() > row["period"]
            assert row["newer_value"] == 1.0
        else:
            assert pd.isna(row["newer_value"])
            assert figures.empty or figures.max() <= row["period"]


@settings(deadline=None)
@given(rows)
def test_two_series_are_never_set_side_by_side(given_rows) -> None:
    """After a break, an older comparator is left out rather than compared."""
    own, others = frames(given_rows)
    mine, theirs = side_by_side(own, others, BREAKS)
    compared = theirs[shown(theirs)]
    for indicator, row in mine[shown(mine)].iterrows():
        beside = compared[compared["indicator_id"] == indicator]
        for period in beside["period"]:
            assert series(indicator, period, BREAKS) == series(indicator, row["period"], BREAKS)


def test_bounds_are_a_figure() -> None:
    """A count known by two bounds counts as a figure when periods are chosen."""
    frame = pd.DataFrame({"value": [np.nan, np.nan, 0.0], "ci_low": [0.0, np.nan, np.nan]})
    assert shown(frame).tolist() == [True, False, True]


def test_real_figures_share_one_period(embedded_warehouse: Path) -> None:
    """Cergy: ages of 2021, the last year that France has, with 2023 alone beside; income of 2023."""
    warehouse = Warehouse(embedded_warehouse)
    own = warehouse.mart("profile", codes=["95127"], whole_level="commune", whole_code="95127")
    others = warehouse.mart(
        "level_values", levels=["departement", "region", "france"], codes=["95", "11", "FR"]
    )
    others = others.assign(place=others["level"])
    mine, theirs = side_by_side(own, others)
    ages = mine.loc["part_65_ans_et_plus"]
    assert (ages["period"], ages["newer_period"]) == ("2021", "2023")
    beside = theirs[shown(theirs) & (theirs["indicator_id"] == "part_65_ans_et_plus")]
    assert set(beside["place"]) == {"departement", "region", "france"}
    assert mine.loc["mediane_niveau_vie", "period"] == "2023"
    assert mine.loc["apl_medecins_generalistes", "period"] == "2023"
    assert mine.loc["apl_medecins_generalistes", "newer_period"] == "2024"
    warehouse.close()
