"""What a split of means would change to a social gradient, under stated responses.

Source: docs/methodologie.md. The result follows from the response that is assumed: a linear one makes
targeting win on every slope, an unequal take-up makes a universal offer widen the gap. So this is
a sensitivity table, never a forecast, and it names no best strategy.
:func:`diagnostic.allocation.scenarios` is the way in.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from diagnostic.slope import slope_index

FloatArray = npt.NDArray[np.float64]
NO_ACTION = "sans action"
LEAST_RESPONSES = 3


@dataclass(frozen=True)
class Response:
    """Assumed share of the outcome that a dose avoids; a dose of 1 is the mean per head.

    take-up x ``rate`` x dose, or with a ``ceiling``: take-up x ceiling x (1 - exp(-rate x dose)).
    At most 1. ``take_up``: share of the dose's effect that is obtained, in the most and in the
    least disadvantaged group, evenly spaced between.
    """

    name: str
    rate: float
    ceiling: float | None = None
    take_up: tuple[float, float] = (1.0, 1.0)

    def avoided(self, dose: FloatArray) -> FloatArray:
        """Share avoided in each group, from the most to the least disadvantaged."""
        effect = self.rate * dose
        if self.ceiling is not None:
            effect = self.ceiling * -np.expm1(-effect)
        share: FloatArray = np.minimum(np.linspace(*self.take_up, len(dose)) * effect, 1.0)
        return share


# The three of docs/methodologie.md: one tenth avoided by the mean dose; at most a quarter avoided; a
# take-up twice as low among the most disadvantaged.
RESPONSES = (
    Response("lineaire", rate=0.1),
    Response("saturante", rate=0.5, ceiling=0.25),
    Response("recours inegal", rate=0.1, take_up=(0.5, 1.0)),
)


def target(need: FloatArray, population: FloatArray, share: float) -> npt.NDArray[np.bool_]:
    """Groups of highest need that hold about ``share`` of the population.

    Whole groups, those whose cumulative mid-position is under the share, at least one; ties of
    need go to the first group.
    """
    if not 0 < share < 1:
        raise ValueError("La part ciblée est comprise entre 0 et 1, bornes exclues.")
    order = np.argsort(-need, kind="stable")
    held = population[order] / population.sum()
    chosen = np.zeros(len(need), dtype=bool)
    chosen[order[np.cumsum(held) - held / 2 < share]] = True
    chosen[order[0]] = True
    return chosen


def compare(
    outcome: FloatArray,
    population: FloatArray,
    doses: Mapping[str, FloatArray],
    responses: Sequence[Response],
    middle: tuple[int, int],
) -> pd.DataFrame:
    """One row without action, then one a strategy and response; see the way in for the columns.

    ``doses``: per head, in shares of the mean, a strategy; the same total for all.
    """
    _check(outcome, population, responses, middle)
    rows = [(NO_ACTION, "", outcome, np.ones(len(outcome)))]
    for response in responses:
        for strategy, dose in doses.items():
            rows.append((strategy, response.name, outcome * (1 - response.avoided(dose)), dose))
    after = np.column_stack([row[2] for row in rows])
    slope = slope_index(after, None, population)
    served = np.array([row[3] > 0 for row in rows])
    people, cases = population / population.sum(), population * outcome
    high, low = middle[0] - 1, middle[1] - 1
    table = pd.DataFrame({"strategy": [r[0] for r in rows], "response": [r[1] for r in rows]})
    table["mean"] = people @ after
    table["sii"], table["rii"] = slope.sii, slope.rii
    table["d"] = after[0] - after[-1]
    table["middle_gap"] = after[high] - after[low]
    table["without"] = ~served @ people
    table["needy_outside"] = ~served @ cases / cases.sum()
    table.loc[0, ["without", "needy_outside"]] = math.nan
    return table


def _check(
    outcome: FloatArray,
    population: FloatArray,
    responses: Sequence[Response],
    middle: tuple[int, int],
) -> None:
    if len({response.name for response in responses}) < LEAST_RESPONSES:
        raise ValueError("Montrez au moins trois hypothèses de réponse, de noms différents.")
    if not (np.isfinite(outcome).all() and (outcome >= 0).all() and outcome.sum() > 0):
        raise ValueError("Le résultat de chaque groupe doit être connu, positif ou nul.")
    if not (np.isfinite(population).all() and (population > 0).all()):
        raise ValueError("La population de chaque groupe doit être connue et positive.")
    if not all(1 <= group <= len(outcome) for group in middle):
        raise ValueError("L'écart du milieu désigne un groupe qui n'existe pas.")
