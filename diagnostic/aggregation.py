"""From parts to a whole: what adds up exactly, what is approximate, what cannot be done.

Source: docs/methodologie.md. A ratio is the sum of its numerators over the sum of its denominators. A
percentage known only as a percentage, or a score, is a weighted mean, flagged. A median is not
aggregable: its weighted mean is an approximation, flagged, off by -0.2 % to +2.1 % on Insee's
income medians of 2013 (départements to regions). Deciles, their ratios and Gini are refused.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

FloatArray = npt.NDArray[np.float64]
Kind = Literal["rate", "score", "median", "dispersion"]

ROUNDED = "approché (arrondi)"
WEIGHTED = "moyenne pondérée par la population"
MEDIAN = "≈ moyenne de médianes, pas une médiane"
_FLAGS: dict[str, str] = {"rate": ROUNDED, "score": WEIGHTED, "median": MEDIAN}


class NotAggregable(ValueError):
    """A figure of the whole cannot be drawn from its parts; the message is French."""


def ratio(
    numerator: pd.Series, denominator: pd.Series, groups: pd.Series, scale: float = 100.0
) -> pd.DataFrame:
    """scale x sum of numerators / sum of denominators, exact (docs/methodologie.md).

    One row a group, sorted; columns ``value``, ``numerator``, ``denominator``. A part that is
    unknown makes its group unknown (NaN), never a zero, and so does a denominator of 0. Parts
    without group are left out.
    """
    _same_parts(numerator, denominator, groups)
    parts = pd.DataFrame({"numerator": numerator, "denominator": denominator}, dtype=float)
    if (parts < 0).to_numpy().any():
        raise ValueError("Un numérateur ou un dénominateur est négatif.")
    sums = parts.groupby(groups).sum(skipna=False)
    divisor = sums["denominator"].where(sums["denominator"] > 0)
    sums.insert(0, "value", scale * sums["numerator"] / divisor)
    return sums


def mean(values: pd.Series, weights: pd.Series, groups: pd.Series, kind: Kind) -> pd.DataFrame:
    """Weighted mean of the known values of each group, with the flag to show (docs/methodologie.md).

    ``kind``: ``rate`` (a percentage; weights = its denominators), ``score`` (deprivation, APL;
    weights = population), ``median`` (weights = persons). ``dispersion`` (deciles, D9/D1, Gini)
    raises NotAggregable. One row a group, sorted; columns ``value`` (NaN when nothing is known),
    ``weight`` (of the known parts), ``covered`` (share of the group's weight that is known, 0 to
    1), ``parts`` (known), ``flag``: empty when the group has one part only, whose value is its own.
    Weights must be known and non-negative.
    """
    if kind == "dispersion":
        raise NotAggregable(
            "Un décile, un rapport de déciles ou un indice de Gini ne se déduit pas de ceux des"
            " territoires qui composent l'ensemble : prenez le chiffre publié pour l'ensemble."
        )
    if kind not in _FLAGS:
        raise ValueError(f"Nature de chiffre inconnue : {kind}.")
    _same_parts(values, weights, groups)
    value, weight = (s.to_numpy(dtype=float, na_value=np.nan) for s in (values, weights))
    if np.isinf(value).any() or not (np.isfinite(weight) & (weight >= 0)).all():
        raise ValueError("Les poids doivent être connus, positifs ou nuls, et les valeurs finies.")
    known = ~np.isnan(value)
    columns = {
        "weighted": np.where(known, value, 0.0) * weight,
        "weight": np.where(known, weight, 0.0),
        "whole": weight,
        "parts": known.astype(int),
        "all": 1,
    }
    sums = pd.DataFrame(columns, index=values.index).groupby(groups).sum()
    value_of = sums["weighted"] / sums["weight"].where(sums["weight"] > 0)
    return pd.DataFrame(
        {
            "value": value_of,
            "weight": sums["weight"],
            "covered": sums["weight"] / sums["whole"].where(sums["whole"] > 0),
            "parts": sums["parts"],
            "flag": np.where(sums["all"] > 1, _FLAGS[kind], ""),
        }
    )


def _same_parts(*columns: pd.Series) -> None:
    first = columns[0].index
    if not all(column.index.equals(first) for column in columns):
        raise ValueError(
            "Les valeurs, les poids et les groupes ne portent pas sur les mêmes parts."
        )
    if not first.is_unique:
        raise ValueError("Un territoire figure deux fois.")
