"""A figure beside a benchmark: interval, three-state significance, tone and size of the gap.

The one engine of every screen, table and file that compares: what a sentence says, what a colour
shows and what an export holds come from the same columns (docs/methodologie.md, "Benchmark").
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from diagnostic.rates import crude_rate, proportion, significance

FloatArray = npt.NDArray[np.float64]
ObjectArray = npt.NDArray[np.object_]

# Kinds that have no value to put beside another's: a count grows with its territory.
NOT_COMPARED = frozenset({"count", "sample", "ordinal", "list"})
# Without an interval, a gap under a fifth of the standard deviation among communes is not said to
# be one: the "small effect" of Cohen (1988), a convention, stated on screen.
SMALLEST_GAP = 0.2
HIGHER, LOWER, SAME = "plus haut", "plus bas", "non différent"
WILSON, BYAR, PUBLISHED, NONE = "wilson", "byar", "publié", "aucun"
REQUIRED = frozenset(
    [
        "kind",
        "direction",
        "interval_rule",
        "scale",
        "value",
        "numerator",
        "denominator",
        "ci_low",
        "ci_high",
        "state",
        "other",
        "spread",
    ]
)


def assess(frame: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    """Each row's interval, significance, tone and standardised gap.

    ``frame``, one row a figure of a territory: ``kind``, ``direction`` (favorable, defavorable,
    neutre, ambigu), ``interval_rule`` (proportion, rate or none) and ``scale`` of its indicator;
    ``value``, ``numerator``, ``denominator``, ``ci_low``, ``ci_high`` and ``state`` of the
    territory; ``other``, the benchmark's value; ``spread``, the national standard deviation.

    Adds ``low``, ``high`` (unit of the indicator), ``interval`` (wilson, byar, publié, aucun),
    ``gap`` in standard deviations, ``significance`` (plus haut, plus bas, non différent, None when
    nothing can be said) and ``tone`` (favorable, defavorable, neutre). With an interval,
    significance is whether it excludes the benchmark; without one, whether the gap reaches
    SMALLEST_GAP. Raises ValueError for missing columns.
    """
    missing = REQUIRED - set(frame.columns)
    if missing:
        raise ValueError(f"Colonnes absentes : {', '.join(sorted(missing))}.")
    low, high, interval = intervals(frame, level)
    value = frame["value"].to_numpy(float)
    other = frame["other"].to_numpy(float)
    spread = frame["spread"].to_numpy(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        gap = np.where(spread > 0, (value - other) / spread, np.nan)
    by_interval = significance(value, low, high, other)
    known = frame["kind"].isin(NOT_COMPARED).eq(False).to_numpy() & ~np.isnan(value + other)
    told = np.where(interval == NONE, _by_size(gap), by_interval)
    told[~known] = None
    return frame.assign(
        low=low,
        high=high,
        interval=interval,
        gap=np.where(known, gap, np.nan),
        significance=told,
        tone=tone(told, frame["direction"].to_numpy(object)),
    )


def _by_size(gap: FloatArray) -> ObjectArray:
    """The reading of a gap without interval; None where it has no size."""
    told = np.full(len(gap), SAME, dtype=object)
    told[gap >= SMALLEST_GAP] = HIGHER
    told[gap <= -SMALLEST_GAP] = LOWER
    told[np.isnan(gap)] = None
    return told


def tone(significance: ObjectArray, direction: ObjectArray) -> ObjectArray:
    """favorable or defavorable where a difference is significant and has a direction, else neutre."""
    up = np.where(significance == HIGHER, 1, np.where(significance == LOWER, -1, 0))
    way = np.where(direction == "favorable", 1, np.where(direction == "defavorable", -1, 0))
    sign = up * way
    return np.select([sign > 0, sign < 0], ["favorable", "defavorable"], "neutre").astype(object)


def intervals(
    frame: pd.DataFrame, level: float = 0.95
) -> tuple[FloatArray, FloatArray, ObjectArray]:
    """Bounds of each row in the unit of its indicator, and where they come from.

    Columns: those of :func:`assess` but ``other`` and ``spread``. Wilson for a proportion, exact or
    Byar for events (diagnostic.rates), else the producer's own bounds, else NaN and « aucun ».
    """
    size = len(frame)
    low, high = np.full(size, np.nan), np.full(size, np.nan)
    interval = np.full(size, NONE, dtype=object)
    known = frame["value"].notna() & frame["kind"].ne("count")
    numerator = frame["numerator"].to_numpy(float)
    denominator = frame["denominator"].to_numpy(float)
    scale = frame["scale"].to_numpy(float)
    counted = known & frame["numerator"].notna() & (frame["denominator"] > 0)

    inside = (counted & frame["interval_rule"].eq("proportion")).to_numpy()
    _, lows, highs = proportion(numerator[inside], denominator[inside], level)
    low[inside], high[inside] = scale[inside] * lows, scale[inside] * highs
    interval[inside] = WILSON

    events = (counted & frame["interval_rule"].eq("rate")).to_numpy()
    _, lows, highs = crude_rate(numerator[events], denominator[events], 1.0, level)
    low[events], high[events] = scale[events] * lows, scale[events] * highs
    interval[events] = BYAR

    told = (
        known & frame["state"].eq("ok") & frame["ci_low"].notna() & frame["ci_high"].notna()
    ).to_numpy()
    low[told] = frame["ci_low"].to_numpy(float)[told]
    high[told] = frame["ci_high"].to_numpy(float)[told]
    interval[told] = PUBLISHED
    return low, high, interval
