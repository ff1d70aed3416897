"""Proportionate universalism: spread a real resource as a universal base plus a part by need.

Source: docs/methodologie.md (after Marmot 2010 and Carey 2015). With need N, population P, budget B:

    I_i = K ** ((clip(N_i, q05, q95) - q05) / (q95 - q05))
    share_i = B x [phi x P_i / sum(P) + (1 - phi) x P_i x I_i / sum(P x I)]

which is exp(beta x (clip(N) - q05)) with beta = ln K / (q95 - q05). The base phi and the ratio K
are policy choices. Everything is computed in the order of the labels, so that the order of the
rows cannot change a single unit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from diagnostic.scenarios import RESPONSES, Response, compare, target

FloatArray = npt.NDArray[np.float64]
Vector: TypeAlias = pd.Series | npt.ArrayLike
Bound: TypeAlias = float | pd.Series | None

# Mean intensity taken as K ** 0.44 for the nominal ratio. Any exponent from 0.42 to 0.465 gives
# 1.4, 1.8 and 2.3 for K = 2, 3, 5 at phi = 0.5 (docs/methodologie.md); the 2021 poverty rate of the 4 395
# communes that have one gives 0.43, 0.45 and 0.47.
TYPICAL_POSITION = 0.44
MAX_UNITS = 10**11


@dataclass(frozen=True)
class Readout:
    """Whether money follows need, over the inhabited territories whose need is known.

    ``rci``: relative concentration index of the resource per head on need, negative when it goes
    to the neediest. ``slope``: population-weighted slope of ln(resource per head) on need clipped
    at the reference; ``planned_slope``: that of the rule without bounds nor rounding; ``beta`` =
    ln K / (q95 - q05), which both reach when there is no base. ``without``: share of their people
    where nothing goes, left out of the slope. ``unknown``: share of all people whose need is not
    known. NaN = not calculable.
    """

    rci: float
    slope: float
    planned_slope: float
    beta: float
    without: float
    unknown: float


def allocate(
    budget: float,
    population: Vector,
    need: Vector,
    base_share: float = 0.5,
    ratio: float = 3.0,
    reference: tuple[float, float] | None = None,
    unit: float = 1,
    floor: Bound = None,
    ceiling: Bound = None,
) -> pd.DataFrame:
    """Share ``budget`` between territories, continuously and in whole units (docs/methodologie.md).

    ``population`` and ``need``: Series on the same index, or plain 1-d sequences. ``base_share``
    phi in [0, 1], 1 = purely universal; ``ratio`` K >= 1, highest over lowest need in the
    need-driven part per head. ``reference`` = national population-weighted (q05, q95) of need,
    required. ``unit``: smallest deliverable amount, the budget being a multiple of it.

    ``floor`` and ``ceiling``: minimum and maximum of a territory, in the resource's unit (a number
    for all, or a Series on the same index, NaN = no bound). The shares are then
    clip(lambda x share, floor, ceiling), lambda keeping the total exact. They bear on inhabited
    territories only: without inhabitants the share is 0.

    Unknown need (NaN) gets the base and the population-weighted mean intensity of the others.
    Whole units follow the largest remainder; ties go to the smallest label.

    Columns: ``population``, ``need``, ``intensity``, ``continuous``, ``allocated`` (int when the
    unit is), ``equal`` and ``equal_allocated`` (same per head everywhere, without bounds),
    ``per_head`` (continuous, NaN without inhabitants), ``need_known``. Raises ValueError in French.
    """
    table = _inputs(population, need)
    bounds = _checked_rule(budget, base_share, ratio, reference)
    units_total = _units_in(budget, unit)
    order = _label_order(table.index)
    people = table["population"].to_numpy()[order]
    needs = table["need"].to_numpy()[order]
    low = _bound(floor, table.index, 0.0)[order]
    high = _bound(ceiling, table.index, math.inf)[order]
    intensity = _intensity(needs, people, ratio, bounds)
    by_need = people * intensity
    share = base_share * people / people.sum() + (1 - base_share) * by_need / by_need.sum()
    equal = budget * people / people.sum()
    inhabited = people > 0
    continuous = _bounded(
        budget, share, np.where(inhabited, low, 0.0), np.where(inhabited, high, 0.0)
    )
    per_head = np.full(len(people), np.nan)
    np.divide(continuous, people, out=per_head, where=inhabited)
    columns = {
        "intensity": intensity,
        "continuous": continuous,
        "allocated": _whole(continuous, unit, units_total),
        "equal": equal,
        "equal_allocated": _whole(equal, unit, units_total),
        "per_head": per_head,
        "need_known": ~np.isnan(needs),
    }
    back = np.argsort(order)
    return table.assign(**{name: column[back] for name, column in columns.items()})


def per_head_ratio(base_share: float, ratio: float, mean_intensity: float) -> float:
    """Whole per-head ratio, highest over lowest need: (phi + (1-phi)Kc) / (phi + (1-phi)c).

    c = sum(P) / sum(P x I) = 1 / ``mean_intensity``, the population-weighted mean of I among the
    territories served, between 1 and K. Property (g) of docs/methodologie.md: no allocation without bounds
    exceeds it.
    """
    _check_policy(base_share, ratio)
    if not 1 <= mean_intensity <= ratio:
        raise ValueError("L'intensité moyenne est comprise entre 1 et le rapport K.")
    c = 1 / mean_intensity
    return (base_share + (1 - base_share) * ratio * c) / (base_share + (1 - base_share) * c)


def nominal_ratio(base_share: float, ratio: float) -> float:
    """Whole per-head ratio to announce before any territory is chosen.

    Assumes a mean intensity of K ** 0.44: a national need leaning to the right, as poverty does,
    so that the average inhabitant stands below the middle of q05-q95. At phi = 0.5: 1.4, 1.8, 2.3
    for K = 2, 3, 5. A symmetric need would give 1.4, 1.7, 2.2. Once the territories are known,
    show :func:`observed_ratio`.
    """
    _check_policy(base_share, ratio)
    return per_head_ratio(base_share, ratio, ratio**TYPICAL_POSITION)


def observed_ratio(table: pd.DataFrame) -> float:
    """Largest over smallest continuous share per inhabitant in a table from :func:`allocate`.

    Infinite when a territory gets nothing, NaN when nobody gets anything.
    """
    per_head = table["per_head"].dropna()
    largest, smallest = float(per_head.max()), float(per_head.min())
    if smallest > 0:
        return largest / smallest
    return math.inf if largest > 0 else math.nan


def readout(
    table: pd.DataFrame,
    reference: tuple[float, float],
    base_share: float = 0.5,
    ratio: float = 3.0,
    resource: pd.Series | None = None,
) -> Readout:
    """Read a split, or what was really spent, against the rule (docs/methodologie.md, ex-post indicator).

    ``table``: from :func:`allocate`, or any frame with ``population`` and ``need``. ``resource``:
    amount of each territory, on the same index; default ``table["continuous"]``. ``reference``,
    ``base_share``, ``ratio``: the rule that was announced.

    RCI = sum p (2X - 1) y / sum p y, X = population mid-rank from the most (0) to the least need
    (1), equal needs sharing theirs (Kakwani, Wagstaff & van Doorslaer 1997).
    """
    amounts = table["continuous"] if resource is None else resource
    if not amounts.index.equals(table.index):
        raise ValueError("La ressource ne porte pas sur les mêmes territoires.")
    given = amounts.to_numpy(dtype=float, na_value=np.nan)
    if not (np.isfinite(given) & (given >= 0)).all():
        raise ValueError("La ressource de chaque territoire doit être connue, positive ou nulle.")
    planned = allocate(1, table["population"], table["need"], base_share, ratio, reference)
    kept = (planned["need_known"] & (planned["population"] > 0)).to_numpy()
    people, need = (planned.loc[kept, name].to_numpy() for name in ("population", "need"))
    per_head, clipped = given[kept] / people, np.clip(need, *reference)
    return Readout(
        rci=_concentration(per_head, need, people),
        slope=_log_slope(per_head, clipped, people),
        planned_slope=_log_slope(planned.loc[kept, "per_head"].to_numpy(), clipped, people),
        beta=math.log(ratio) / (reference[1] - reference[0]),
        without=float(people[per_head == 0].sum() / people.sum()) if kept.any() else math.nan,
        unknown=1 - float(people.sum() / planned["population"].sum()),
    )


def scenarios(
    outcome: npt.ArrayLike,
    population: npt.ArrayLike,
    need: npt.ArrayLike,
    reference: tuple[float, float],
    *,
    base_share: float = 0.5,
    ratio: float = 3.0,
    target_share: float = 0.2,
    responses: Sequence[Response] = RESPONSES,
    middle: tuple[int, int] = (3, 10),
) -> pd.DataFrame:
    """Universal, targeted and proportionate at equal means: a sensitivity table (docs/methodologie.md).

    Groups run from the most to the least disadvantaged (deciles). ``outcome``: share of people
    concerned, high = unfavourable, any unit; ``need``, ``reference``, ``base_share``, ``ratio`` as
    in :func:`allocate`; ``target_share``: see :func:`diagnostic.scenarios.target`; ``responses``:
    at least three assumptions; ``middle``: numbers of the two groups whose gap tells what becomes
    of the middle (3 and 10: just above the targeted fifth, and the most advantaged tenth).

    Columns: ``strategy`` (sans action, universel, cible, proportionne), ``response``, ``mean``,
    ``sii`` and ``rii`` (linear, advantaged minus or over disadvantaged), ``d`` (first group minus
    last), ``middle_gap``, ``without`` (share of people who get nothing), ``needy_outside`` (share
    of the people concerned who live where nothing goes). "Under the assumption that…": no row is
    a forecast, and none is best.
    """
    level, people, needs = (np.asarray(v, dtype=float).ravel() for v in (outcome, population, need))
    if level.shape != people.shape or people.shape != needs.shape:
        raise ValueError("Résultat, population et besoin n'ont pas le même nombre de groupes.")
    if np.isnan(needs).any():
        raise ValueError("Le besoin de chaque groupe doit être connu.")
    table = allocate(1, people, needs, base_share, ratio, reference)
    chosen = target(needs, people, target_share)
    doses = {
        "universel": np.ones(len(people)),
        "cible": np.where(chosen, people.sum() / people[chosen].sum(), 0.0),
        "proportionne": table["per_head"].to_numpy() * people.sum(),
    }
    return compare(level, people, doses, responses, middle)


def smallest_share(table: pd.DataFrame) -> float:
    """Smallest continuous share of an inhabited territory: under one unit, pool before dosing."""
    return float(table.loc[table["population"] > 0, "continuous"].min())


def pool_small(population: Vector, need: Vector, parents: Vector) -> pd.DataFrame:
    """Pool territories into their parents (EPCI, named groups) before :func:`allocate`.

    Index: parent label, sorted. ``population``: sum; ``need``: population-weighted mean of the
    known needs (NaN when none is known); ``known_population``: inhabitants of those; ``pooled``:
    number of territories. A territory without parent (NaN) stays alone under its own label: four
    islands belong to no EPCI. Intensity being convex, dosing a pool is not the sum of dosing its
    parts: the pooled split is the one to announce.
    """
    table = _inputs(population, need)
    if isinstance(parents, pd.Series) and not parents.index.equals(table.index):
        raise ValueError("Les regroupements ne portent pas sur les mêmes territoires.")
    group = pd.Series(np.asarray(parents, dtype=object), index=table.index)
    group = group.where(group.notna(), table.index.to_series())
    known = table["population"].where(table["need"].notna(), 0.0)
    columns = {
        "population": table["population"],
        "weighted": table["need"].fillna(0.0) * known,
        "known_population": known,
        "pooled": 1,
    }
    sums = pd.DataFrame(columns).groupby(group.to_numpy()).sum()
    sums["need"] = sums["weighted"] / sums["known_population"].where(sums["known_population"] > 0)
    return sums[["population", "need", "known_population", "pooled"]]


def _concentration(per_head: FloatArray, need: FloatArray, people: FloatArray) -> float:
    """Relative concentration index, from the most to the least need."""
    received = float(people @ per_head)
    if not received > 0:
        return math.nan
    _, group = np.unique(-need, return_inverse=True)
    held = np.bincount(group, weights=people)
    middle = (np.cumsum(held) - held / 2) / held.sum()
    return float((people * (2 * middle[group] - 1)) @ per_head) / received


def _log_slope(per_head: FloatArray, need: FloatArray, people: FloatArray) -> float:
    """Weighted least-squares slope of ln(resource per head) on need, where there is some."""
    some = per_head > 0
    if not some.any() or np.ptp(need[some]) == 0:
        return math.nan
    weight, x = people[some], need[some] - np.average(need[some], weights=people[some])
    return float((weight * x) @ np.log(per_head[some]) / ((weight * x) @ x))


def _inputs(population: Vector, need: Vector) -> pd.DataFrame:
    """Population and need as one checked float table."""
    series = [v for v in (population, need) if isinstance(v, pd.Series)]
    if len(series) == 2 and not series[0].index.equals(series[1].index):
        raise ValueError("La population et le besoin ne portent pas sur les mêmes territoires.")
    people, needs = (
        pd.Series(v).to_numpy(dtype=float, na_value=np.nan) for v in (population, need)
    )
    if people.shape != needs.shape:
        raise ValueError("La population et le besoin n'ont pas la même longueur.")
    labels = series[0].index if series else pd.RangeIndex(len(people))
    if not labels.is_unique:
        raise ValueError("Un territoire figure deux fois dans la répartition.")
    if not (np.isfinite(people) & (people >= 0)).all():
        raise ValueError("La population de chaque territoire doit être connue, positive ou nulle.")
    if np.isinf(needs).any():
        raise ValueError("Le besoin d'un territoire ne peut pas être infini.")
    if not people.sum() > 0:
        raise ValueError("Aucun habitant dans ces territoires : rien à répartir.")
    return pd.DataFrame({"population": people, "need": needs}, index=labels)


def _check_policy(base_share: float, ratio: float) -> None:
    if not 0 <= base_share <= 1:
        raise ValueError("La part universelle doit être comprise entre 0 et 1.")
    if not 1 <= ratio < math.inf:
        raise ValueError("Le rapport d'intensité K doit être au moins égal à 1.")


def _checked_rule(
    budget: float, base_share: float, ratio: float, reference: tuple[float, float] | None
) -> tuple[float, float]:
    """The reference (q05, q95), once the whole rule is known to be usable."""
    _check_policy(base_share, ratio)
    if not 0 <= budget < math.inf:
        raise ValueError("La quantité à répartir doit être un nombre positif ou nul.")
    if reference is None:
        raise ValueError(
            "Donnez la référence nationale du besoin (5e et 95e centiles) : "
            "sans elle, le résultat dépendrait des territoires affichés."
        )
    low, high = reference
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError("Les centiles de référence du besoin doivent être croissants.")
    return low, high


def _units_in(budget: float, unit: float) -> int:
    """Number of units in the budget, an exact whole number."""
    if not 0 < unit < math.inf:
        raise ValueError("L'unité de la ressource doit être un nombre positif.")
    units = budget / unit
    if units > MAX_UNITS:
        raise ValueError("L'unité est trop petite pour la quantité à répartir.")
    if abs(units - round(units)) > 1e-9 + 1e-13 * units:
        raise ValueError("La quantité à répartir doit être un multiple de l'unité choisie.")
    return round(units)


def _label_order(labels: pd.Index) -> npt.NDArray[np.intp]:
    """Positions that sort the labels, whatever order or mix of types they come in."""
    if pd.api.types.is_numeric_dtype(labels.dtype):
        return np.argsort(labels.to_numpy(), kind="stable")
    keys = [(type(label).__name__, str(label)) for label in labels]
    return np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.intp)


def _bound(bound: Bound, labels: pd.Index, default: float) -> FloatArray:
    """A floor or a ceiling as one float per territory."""
    if bound is None:
        return np.full(len(labels), default)
    if isinstance(bound, pd.Series):
        if not bound.index.equals(labels):
            raise ValueError("Le plancher ou le plafond ne porte pas sur les mêmes territoires.")
        values = bound.to_numpy(dtype=float, na_value=np.nan)
        values = np.where(np.isnan(values), default, values)
    else:
        values = np.full(len(labels), float(bound))
    if not (values >= 0).all():
        raise ValueError("Le plancher et le plafond doivent être des nombres positifs ou nuls.")
    return values


def _intensity(
    need: FloatArray, population: FloatArray, ratio: float, reference: tuple[float, float]
) -> FloatArray:
    """K to the power of the position of need between q05 and q95; unknown = mean of the known."""
    low, high = reference
    intensity = ratio ** ((np.clip(need, low, high) - low) / (high - low))
    known = ~np.isnan(need)
    weight = population[known].sum()
    mean = float(population[known] @ intensity[known]) / weight if weight > 0 else 1.0
    return np.where(known, intensity, mean)


def _bounded(budget: float, share: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """clip(x x share, low, high) with the x for which the sum is the budget (water-filling).

    ``share`` sums to 1 and is 0 only where ``low`` and ``high`` are 0.
    """
    tolerance = 1e-12 * budget
    if (low > high).any():
        raise ValueError("Un plancher dépasse le plafond du même territoire.")
    if low.sum() > budget + tolerance:
        raise ValueError("La somme des planchers dépasse la quantité à répartir : baissez-les.")
    if high.sum() < budget - tolerance:
        raise ValueError(
            "La somme des plafonds n'atteint pas la quantité à répartir : relevez-les."
        )
    proportional = budget * share
    if (proportional >= low).all() and (proportional <= high).all():
        return proportional
    active = share > 0
    result = np.zeros(len(share))
    result[active] = _water_level(budget, share[active], low[active], high[active])
    return result


def _water_level(budget: float, share: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """Solve :func:`_bounded` for positive shares and feasible bounds.

    The sum rises with x in straight segments that break where a territory leaves its floor or
    meets its ceiling: find the segment that holds the budget, then share what the territories at
    a bound leave between the others.
    """
    leaves, meets = low / share, high / share
    breaks = np.unique(np.concatenate([leaves, meets[np.isfinite(meets)]]))
    rate = np.zeros(len(breaks))
    np.add.at(rate, np.searchsorted(breaks, leaves), share)
    np.add.at(rate, np.searchsorted(breaks, meets[np.isfinite(meets)]), -share[np.isfinite(meets)])
    rises = np.cumsum(rate)[:-1] * np.diff(breaks)
    sums = low.sum() + np.concatenate([[0.0], np.cumsum(rises)])
    level = breaks[max(int(np.searchsorted(sums, budget, side="right")) - 1, 0)]
    at_floor, at_ceiling = leaves > level, meets <= level
    free = ~at_floor & ~at_ceiling
    result: FloatArray = np.where(at_floor, low, np.where(at_ceiling, high, 0.0))
    if free.any():
        result[free] = (budget - result.sum()) * share[free] / share[free].sum()
        result = np.clip(result, low, high)
    return result


def _whole(share: FloatArray, unit: float, total: int) -> npt.NDArray[np.int64] | FloatArray:
    """Whole units by largest remainder, in the order of the labels; the total is exact.

    Remainders are compared to nine decimals, so that rounding noise makes or breaks no tie.
    Bounds that are whole numbers of units hold: at a bound the remainder is 0, or 1 by noise.
    """
    units = share / unit
    whole = np.floor(units).astype(np.int64)
    left = total - int(whole.sum())
    whole[np.argsort(-np.round(units - whole, 9), kind="stable")[:left]] += 1
    if float(unit).is_integer():
        return whole * int(unit)
    inverse = round(1 / unit)
    # Dividing by 100 gives the closest number to each cent; multiplying by 0.01 does not.
    if inverse and abs(inverse * unit - 1) < 1e-12:
        return whole / inverse
    amounts: FloatArray = np.multiply(whole, unit, dtype=np.float64)
    return amounts
