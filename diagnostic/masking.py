"""Small counts of a local table masked, with what a subtraction would give back.

Aggregate first, mask after: totals of larger territories are made of the true counts, then
:func:`diagnostic.suppression.suppress` hides the small cells and those that would betray them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from diagnostic.suppression import ABSENT, SECRET, SHOWN, suppress

LEVELS = ("epci", "departement", "region", "france")
REASON = "secret statistique : seuil de {threshold} de la source"
_NUMBERS = ["value", "numerator", "denominator"]


def masked(
    figures: pd.DataFrame,
    counted: Mapping[str, bool],
    scales: Mapping[str, float],
    members: pd.DataFrame,
    threshold: int,
) -> pd.DataFrame:
    """``figures`` with small counts of people hidden, and the totals of larger territories added.

    ``figures``: indicator, level, code, period, value, numerator, denominator, state, reason.
    ``counted``: indicators to judge -> whether the cell itself is the count (else the numerator of
    a ratio is); others are returned as they are. ``scales``: of ratios, 100 for a percentage.
    ``members``: level, code, commune: who belongs to what. ``threshold``: smallest count shown.

    A total is added where every commune of the territory has a count and the table gives none
    itself. A hidden cell loses its value and both terms; the reason is the same whatever the rule
    that hid it.
    """
    judged = figures["indicator"].isin(list(counted))
    parts = [figures[~judged]]
    chains = _chains(members)
    for (indicator, _), group in figures[judged].groupby(["indicator", "period"], sort=False):
        whole = counted[str(indicator)]
        scale = float("nan") if whole else scales[str(indicator)]
        complete = _with_totals(group, members, whole=whole, scale=scale)
        parts.append(_hidden(complete, chains, threshold, whole=whole))
    return pd.concat(parts, ignore_index=True)


def _with_totals(
    group: pd.DataFrame, members: pd.DataFrame, *, whole: bool, scale: float
) -> pd.DataFrame:
    """``group`` and the totals of the territories whose communes all have a count."""
    communes = group[(group["level"] == "commune") & (group["state"] == SHOWN)].set_index("code")
    if communes.empty:
        return group
    rows = members.merge(
        communes[["value", "numerator", "denominator"]],
        left_on="commune",
        right_index=True,
        how="left",
    )
    count = "value" if whole else "numerator"
    by = rows.groupby(["level", "code"])
    totals = by[_NUMBERS].sum(min_count=1)[by[count].count() == by.size()].reset_index()
    given = pd.MultiIndex.from_frame(group[["level", "code"]])
    totals = totals[~pd.MultiIndex.from_frame(totals[["level", "code"]]).isin(given)]
    if not whole:
        totals["value"] = (
            scale * totals["numerator"] / totals["denominator"].where(totals["denominator"] > 0)
        )
    same = {name: group[name].iloc[0] for name in ("indicator", "period")}
    return pd.concat([group, totals.assign(state=SHOWN, reason="", **same)], ignore_index=True)


def _hidden(
    group: pd.DataFrame, chains: pd.DataFrame, threshold: int, *, whole: bool
) -> pd.DataFrame:
    """``group`` after both steps of suppression."""
    count = group["value" if whole else "numerator"].astype(float)
    small = (count > 0) & (count < threshold)
    if not small.any() and not (group["state"] == SECRET).any():
        return group
    labels = pd.Index(group["level"] + ":" + group["code"])
    counts = pd.Series(count.to_numpy(), index=labels)
    states = pd.Series(
        np.where(group["state"] == SECRET, SECRET, np.where(count.isna(), ABSENT, SHOWN)),
        index=labels,
    )
    result = suppress(counts, _parents(counts, chains), states, float(threshold))
    hide = (result == SECRET).to_numpy() & (group["state"] != SECRET).to_numpy()
    shown = group.copy()
    shown.loc[hide, _NUMBERS] = np.nan
    shown.loc[hide, "state"] = SECRET
    shown.loc[hide, "reason"] = REASON.format(threshold=threshold)
    return shown


def _chains(members: pd.DataFrame) -> pd.DataFrame:
    """Child label -> label of its total, one column a (child level, parent level)."""
    commune = {level: "commune:" + group["commune"] for level, group in members.groupby("level")}
    columns = {}
    for level, children in commune.items():
        own = members.loc[children.index]
        columns[f"commune-{level}"] = pd.Series(
            (own["level"] + ":" + own["code"]).to_numpy(), index=children.to_numpy()
        )
    by_commune = {level: one.to_dict() for level, one in columns.items()}
    for low, high in (
        ("epci", "departement"),
        ("departement", "region"),
        ("region", "france"),
        ("departement", "france"),
    ):
        if f"commune-{low}" not in columns or f"commune-{high}" not in columns:
            continue
        above = by_commune[f"commune-{high}"]
        pairs = pd.DataFrame(
            {
                "child": columns[f"commune-{low}"],
                "parent": columns[f"commune-{low}"].index.map(above),
            }
        )
        one = pairs.dropna().groupby("child")["parent"].agg(["first", "nunique"])
        columns[f"{low}-{high}"] = one.loc[one["nunique"] == 1, "first"]
    return pd.DataFrame({name: one[~one.index.duplicated()] for name, one in columns.items()})


def _parents(counts: pd.Series, chains: pd.DataFrame) -> pd.DataFrame:
    """The chains among the cells at hand whose total is the sum of its parts, or may be."""
    here = chains.reindex(counts.index)
    kept = {}
    for name in here.columns:
        total = here[name].where(here[name].isin(counts.index))
        sums = counts.groupby(total).sum(min_count=1)
        size = counts.groupby(total).size()
        known = counts.groupby(total).count()
        stated = counts.reindex(sums.index)
        tolerance = 0.5 * (size + 1)
        exact = (stated - sums).abs() <= tolerance
        partial = (known < size) & (sums <= stated + tolerance)
        agreed = sums.index[exact | partial]
        kept[name] = total.where(total.isin(agreed))
    return pd.DataFrame(kept, index=counts.index)
