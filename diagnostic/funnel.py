"""Funnel plot: which territories leave the limits within which chance alone would keep them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from diagnostic.rates import HIGHER, LOWER, FunnelKind, funnel_labels, funnel_limits

INSIDE, BEYOND_95, BEYOND_998 = "dans les limites", "hors limite à 95 %", "hors limite à 99,8 %"
LIMITS = ("low_95", "high_95", "low_998", "high_998")
CURVE_POINTS = 160
# The axis goes from the smallest size divided by this to the largest times this.
MARGIN = 1.6


@dataclass(frozen=True)
class Funnel:
    """Points and limits of a funnel plot, in the unit of the indicator.

    ``points``, index of the territories given: size (denominator), value, the four LIMITS, outside
    (INSIDE, BEYOND_95 or BEYOND_998) and way (plus haut, plus bas, non différent). ``curve``: size
    and the four LIMITS along the axis. ``baseline``: the value around which they are drawn.
    """

    points: pd.DataFrame
    curve: pd.DataFrame
    baseline: float

    @property
    def beyond(self) -> int:
        """Territories outside the limits, at 95 % or more."""
        return int((self.points["outside"] != INSIDE).sum())


def funnel(figures: pd.DataFrame, baseline: float, kind: FunnelKind, scale: float) -> Funnel:
    """Funnel of territories around ``baseline`` (docs/methodologie.md; Spiegelhalter 2005).

    ``figures``: numerator and denominator, one row a territory; those without both are left out.
    ``scale``: multiplier of the ratio, 100 for per cent. Raises ValueError when none is left.
    """
    known = figures[figures["numerator"].notna() & (figures["denominator"] > 0)]
    if known.empty:
        raise ValueError("Aucun territoire n'a de numérateur et de dénominateur.")
    count, size = known["numerator"].to_numpy(float), known["denominator"].to_numpy(float)
    labels = funnel_labels(count, size, baseline, kind, scale)
    far, near = (np.isin(label, [HIGHER, LOWER]) for label in (labels.at_998, labels.at_95))
    points = pd.DataFrame(
        {
            "size": size,
            "value": scale * count / size,
            **_limits(size, baseline, kind, scale),
            "outside": np.select([far, near], [BEYOND_998, BEYOND_95], INSIDE),
            "way": labels.at_95,
        },
        index=known.index,
    )
    along = np.geomspace(size.min() / MARGIN, size.max() * MARGIN, CURVE_POINTS)
    curve = pd.DataFrame({"size": along, **_limits(along, baseline, kind, scale)})
    return Funnel(points, curve, baseline)


def _limits(
    size: np.ndarray, baseline: float, kind: FunnelKind, scale: float
) -> dict[str, np.ndarray]:
    return dict(zip(LIMITS, funnel_limits(size, baseline, kind, scale), strict=True))
