"""The smallest change that two measures could tell from chance: what an action can hope to show.

Two independent measures of the same territory, as many people each time, are compared with a two-sided
test of level ``alpha``; a change is detectable when the test finds it with probability ``power``.

Proportions: Fleiss, Levin & Paik (2003), Statistical Methods for Rates and Proportions, 3rd ed., section
4.2 (equation 4.14, without continuity correction), solved for the second proportion. Events: square root
transformation of Poisson counts, whose variance is about 1/4 each (Anscombe 1948, Biometrika 35:246-254;
test of two counts: Huffman 1984, Applied Statistics 33:224-226). A sample of households behind a
proportion makes the true change larger: these are lower bounds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.optimize import brentq
from scipy.stats import norm

ALPHA, POWER = 0.05, 0.8


@dataclass(frozen=True)
class Detectable:
    """Highest lower value and lowest higher value that a second measure could tell from the first.

    Same unit as the measure; NaN when no change in that direction can be told.
    """

    below: float
    above: float


def proportion_change(
    numerator: float,
    denominator: float,
    scale: float = 1.0,
    alpha: float = ALPHA,
    power: float = POWER,
) -> Detectable:
    """Detectable values of ``scale`` x numerator / denominator, people counted once each.

    Raises ValueError unless 0 <= numerator <= denominator and denominator > 0.
    """
    if not (denominator > 0 and 0 <= numerator <= denominator):
        raise ValueError(
            "Une part demande un effectif entre zéro et son total, et un total positif."
        )
    first = numerator / denominator

    def lacking(second: float) -> float:
        return _people_needed(first, second, alpha, power) - denominator

    near = 1e-9
    below = above = math.nan
    if first > near and lacking(0.0) <= 0:
        below = float(brentq(lacking, 0.0, first - near * first))
    if first < 1 - near and lacking(1.0) <= 0:
        above = float(brentq(lacking, first + near * (1 - first), 1.0))
    return Detectable(scale * below, scale * above)


def _people_needed(first: float, second: float, alpha: float, power: float) -> float:
    """People in each measure for the test to find the change (Fleiss et al. 2003, 4.14)."""
    mean = (first + second) / 2
    chance = norm.isf(alpha / 2) * math.sqrt(2 * mean * (1 - mean))
    signal = norm.isf(1 - power) * math.sqrt(first * (1 - first) + second * (1 - second))
    return float((chance + signal) ** 2 / (first - second) ** 2)


def events_change(
    events: float,
    denominator: float,
    scale: float = 1.0,
    alpha: float = ALPHA,
    power: float = POWER,
) -> Detectable:
    """Detectable values of ``scale`` x events / denominator, events counted in a population.

    Raises ValueError for a negative count or a denominator that is not positive.
    """
    if events < 0 or not denominator > 0:
        raise ValueError("Un taux demande un nombre d'événements positif et une population.")
    step = float(norm.isf(alpha / 2) + norm.isf(1 - power)) * math.sqrt(0.5)
    root = math.sqrt(events)
    below = (root - step) ** 2 if root >= step else math.nan
    unit = scale / denominator
    return Detectable(unit * below, unit * (root + step) ** 2)
