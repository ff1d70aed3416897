"""Set a perimeter beside its comparators: one period, one series per comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

KEY = ["indicator_id", "period"]


def shown(frame: pd.DataFrame) -> pd.Series:
    """Rows that carry a figure: a value, or bounds."""
    return frame["value"].notna() | frame["ci_low"].notna()


def common_periods(
    own: pd.DataFrame,
    others: pd.DataFrame,
    breaks: Mapping[str, Sequence[str]] | None = None,
) -> pd.Series:
    """Period to show for each indicator of ``own`` (index: indicator_id).

    The latest that the perimeter and every comparator with any figure have together; where there is
    none, the perimeter's own latest. ``own`` has one row a (indicator_id, period), ``others`` one
    a (place, indicator_id, period). ``breaks``: first period of each series, by indicator; a
    comparator whose figures are all in another series than the perimeter's latest is left out.
    """
    mine = own[shown(own)]
    theirs = others[shown(others)]
    theirs = theirs[theirs["indicator_id"].isin(mine["indicator_id"])]
    if breaks:
        last = mine.groupby("indicator_id")["period"].max()
        series = _series(theirs["indicator_id"], theirs["period"], breaks)
        wanted = _series(theirs["indicator_id"], theirs["indicator_id"].map(last), breaks)
        theirs = theirs[series == wanted]
    places = theirs.groupby("indicator_id")["place"].nunique()
    holders = theirs.groupby(KEY)["place"].nunique().rename("holders").reset_index()
    joint = mine[KEY].merge(holders, on=KEY, how="left").fillna({"holders": 0})
    joint["everyone"] = joint["holders"] == joint["indicator_id"].map(places).fillna(0)
    common = joint[joint["everyone"]].groupby("indicator_id")["period"].max()
    latest = own.groupby("indicator_id")["period"].max()
    newest_figure = mine.groupby("indicator_id")["period"].max()
    return common.combine_first(newest_figure).combine_first(latest).rename("period")


def _series(
    indicators: pd.Series, periods: pd.Series, breaks: Mapping[str, Sequence[str]]
) -> pd.Series:
    """Rank of the series a period falls in: how many breaks of its indicator it has passed."""
    ranks = [
        sum(str(period) >= start for start in breaks.get(indicator, ()))
        for indicator, period in zip(indicators, periods, strict=True)
    ]
    return pd.Series(ranks, index=indicators.index)


def side_by_side(
    own: pd.DataFrame,
    others: pd.DataFrame,
    breaks: Mapping[str, Sequence[str]] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of the perimeter and of its comparators at the period they share.

    Returns (perimeter, comparators). The perimeter has one row an indicator (index indicator_id)
    with its columns, plus ``newer_period``, ``newer_value`` and ``newer_state`` when a newer figure
    stands alone.
    """
    periods = common_periods(own, others, breaks)
    at_period = own[own["period"] == own["indicator_id"].map(periods)].set_index("indicator_id")
    figures = own[shown(own)].sort_values("period").groupby("indicator_id").tail(1)
    newest = figures.set_index("indicator_id")[["period", "value", "state"]]
    at_period = at_period.join(newest.rename(columns=lambda name: f"newer_{name}"))
    stale = ~(at_period["newer_period"] > at_period["period"])
    at_period.loc[stale, "newer_period"] = None
    at_period.loc[stale, "newer_value"] = None
    theirs = others[others["period"] == others["indicator_id"].map(periods)]
    return at_period, theirs
