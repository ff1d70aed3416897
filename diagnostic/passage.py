"""Communes carried from one vintage of the official geographic code (COG) to another.

Method: Insee's passage tables, a year at a time (docs/methodologie.md). When communes merge, counts add up;
when one splits, its count is shared by the populations of its parts. Totals are conserved. Means,
medians and categories cannot be carried so: only counts go through ``carry``.

``events``: one row a commune before and a commune after, columns ``date`` (ISO text), ``type``
(Insee's code of the event), ``codgeo_avant``, ``codgeo_apres``. ``populations``: by vintage, a Series
of inhabitants indexed by commune code; only parts of split communes are looked up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import groupby

import numpy as np
import pandas as pd

# Changes of code (of département, of chief town) come first on their day: a merger may follow.
RENUMBERING = (41, 50)
# Insee's files took these two events up later than the code itself (its passage tables say so).
DIFFUSED = {("2014-01-01", "55298"): "2015-01-01", ("2014-01-07", "14697"): "2016-01-01"}

_LINK = ["avant", "apres"]
_SHOWN = 10


class UnknownShares(ValueError):
    """A commune splits, and the population of its parts is not known; the message is French."""

    def __init__(self, start: int, end: int, codes: list[str]) -> None:
        shown = ", ".join(codes[:_SHOWN]) + ("…" if len(codes) > _SHOWN else "")
        super().__init__(
            f"Passage des communes de {start} à {end} : il faut la population de {shown} pour"
            " partager des communes scindées. Chargez une source qui la donne."
        )
        self.codes = tuple(codes)


def passage(
    events: pd.DataFrame, start: int, end: int, populations: Mapping[int, pd.Series]
) -> pd.DataFrame:
    """Where communes of 1 January ``start`` are on 1 January ``end``: avant, apres, part.

    Only communes that an event touched have rows; parts of one commune add up to 1. Raises
    UnknownShares. Either direction.
    """
    table = pd.DataFrame({"avant": [], "apres": [], "part": []}).astype(
        {"avant": str, "apres": str}
    )
    dated = _with_vintage(events)
    step = 1 if end >= start else -1
    for year in range(start, end, step):
        links = _year(dated[dated["vintage"] == max(year, year + step)])
        if links.empty:
            continue
        if step < 0:
            links = links.rename(columns={"avant": "apres", "apres": "avant"})[_LINK]
        table = _chain(table, _share(links, year, year + step, populations))
    return table


def carry(
    frame: pd.DataFrame,
    start: int,
    end: int,
    events: pd.DataFrame,
    populations: Mapping[int, pd.Series],
    code: str = "codgeo",
) -> pd.DataFrame:
    """Counts of ``frame`` (one row a commune of ``start``) in the communes of ``end``.

    Every column but ``code`` is a count. A count unknown for one part is unknown for the whole,
    never a zero. Raises ValueError on a commune given twice, UnknownShares.
    """
    if frame[code].duplicated().any():
        raise ValueError(
            f"La commune {frame[code][frame[code].duplicated()].iloc[0]} figure deux fois."
        )
    table = passage(events, start, end, populations)
    joined = frame.merge(table, how="left", left_on=code, right_on="avant")
    target = joined["apres"].fillna(joined[code])
    counts = joined[[name for name in frame.columns if name != code]]
    carried = counts.mul(joined["part"].fillna(1.0), axis=0).groupby(target).sum(skipna=False)
    return carried.rename_axis(code).reset_index()


def _with_vintage(events: pd.DataFrame) -> pd.DataFrame:
    """Links of ``events`` with the vintage (1 January) that first shows them, and their order."""
    date = pd.Series(
        [
            DIFFUSED.get(key, key[0])
            for key in zip(events["date"], events["codgeo_avant"], strict=True)
        ],
        index=events.index,
        dtype=str,
    )
    year = date.str[:4].astype(int)
    return pd.DataFrame(
        {
            "avant": events["codgeo_avant"],
            "apres": events["codgeo_apres"],
            "vintage": year.where(date.str[5:] == "01-01", year + 1),
            "date": date,
            "rank": ~events["type"].astype(int).isin(RENUMBERING),
        }
    )


def _year(events: pd.DataFrame) -> pd.DataFrame:
    """Links from one 1 January to the next, events of the year followed one after the other."""
    reached: dict[str, set[str]] = {}
    rows = sorted(events[["date", "rank", *_LINK]].itertuples(index=False, name=None))
    for _, day in groupby(rows, key=lambda row: row[:2]):
        step: dict[str, set[str]] = defaultdict(set)
        for *_, before, after in day:
            step[before].add(after)
        met = set(reached).union(*reached.values())
        for before, now in reached.items():
            reached[before] = set().union(*(step.get(code, {code}) for code in now))
        reached.update({before: after for before, after in step.items() if before not in met})
    pairs = [(before, after) for before, now in reached.items() for after in sorted(now)]
    return pd.DataFrame(pairs, columns=_LINK, dtype=str)


def _chain(table: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """``table`` followed by ``links``: a commune met for the first time starts from itself."""
    met = set(table["apres"]) | set(table["avant"])
    first = sorted(set(links["avant"]) - met)
    start = pd.DataFrame({"avant": first, "apres": first, "part": 1.0}).astype(table.dtypes)
    known = pd.concat([table, start], ignore_index=True)
    joined = known.merge(
        links.rename(columns={"avant": "via", "apres": "next", "part": "share"}),
        how="left",
        left_on="apres",
        right_on="via",
    )
    chained = pd.DataFrame(
        {
            "avant": joined["avant"],
            "apres": joined["next"].fillna(joined["apres"]),
            "part": joined["part"] * joined["share"].fillna(1.0),
        }
    )
    return chained.groupby(_LINK, as_index=False)["part"].sum()


def _share(
    links: pd.DataFrame, start: int, end: int, populations: Mapping[int, pd.Series]
) -> pd.DataFrame:
    """``links`` with the part of each commune that follows them: 1, or by population when it splits."""
    part = pd.Series(1.0, index=links.index)
    unknown: list[str] = []
    splits = links[links.groupby("avant")["apres"].transform("size") > 1]
    for _, split in splits.groupby("avant"):
        sizes = _populations(split["apres"], end, populations)
        if sizes is None:
            unknown += split["apres"].tolist()
        else:
            part[split.index] = sizes / sizes.sum() if sizes.sum() > 0 else 1 / len(split)
    if unknown:
        raise UnknownShares(start, end, unknown)
    return links.assign(part=part)


def _populations(
    codes: pd.Series, vintage: int, populations: Mapping[int, pd.Series]
) -> np.ndarray | None:
    """Inhabitants of ``codes`` in the vintage nearest to ``vintage`` that knows them all."""
    for year in sorted(populations, key=lambda known: (abs(known - vintage), known)):
        sizes = populations[year].reindex(codes).to_numpy(dtype=float)
        if not np.isnan(sizes).any():
            return sizes
    return None
