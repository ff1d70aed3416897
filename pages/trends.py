"""One indicator over time: points with their interval and series, and what may be said of them."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from diagnostic.assessment import intervals
from diagnostic.trend import MIN_POINTS, BrokenSeries, OverlappingPeriods
from diagnostic.trend import assess as assess_trend
from pages.gradient import CENSUS
from pages.reading import with_cards
from views.text import count_of
from warehouse.indicators import IndicatorCard


def time_lines(rows: pd.DataFrame, card: IndicatorCard) -> pd.DataFrame:
    """Points of one territory with their interval and the series each belongs to."""
    known = rows[(rows["indicator_id"] == card.id) & rows["value"].notna()]
    frame = with_cards(known.set_index("indicator_id")).reset_index().sort_values("period")
    low, high, _ = intervals(frame)
    return frame.assign(low=low, high=high, series=series_of(frame["period"], card))


def series_of(periods: Iterable[object], card: IndicatorCard) -> list[str]:
    """Which series each period belongs to: a break of the card begins another."""
    starts = [one.starts for one in card.series]
    return [str(sum(str(period) >= start for start in starts)) for period in periods]


def trend_window(own: pd.DataFrame) -> int:
    """Years that each point covers: five for the census."""
    return 5 if own["source_id"].str.startswith(CENSUS).any() else 1


def trend_sentence(own: pd.DataFrame, card: IndicatorCard) -> str:
    notes = {str(rank + 1): one.note for rank, one in enumerate(card.series)}
    try:
        found = assess_trend(
            own["value"],
            list(own["period"].astype(str)),
            list(own["series"]),
            notes,
            window=trend_window(own),
        )
    except (BrokenSeries, OverlappingPeriods) as refused:
        return f"Pas de conclusion sur l'évolution. {refused}"
    if found.verdict is None:
        return (
            f"{count_of(len(found.points), 'période')} : trop peu pour parler de tendance, il en faut "
            f"au moins {MIN_POINTS}. Les points sont montrés sans conclusion."
        )
    return f"Sur ces périodes : {found.verdict}. Une évolution n'est pas l'effet d'une action."
