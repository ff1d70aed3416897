"""Summary measures of inequality between groups, and what a gap is worth in persons.

Source: docs/methodologie.md, after the WHO handbook on health inequality monitoring (2013) and Schlotheuber &
Hosseinpoor 2022 (Int J Environ Res Public Health 19:3697), whose notation is kept: p_j share of
the population, y_j value, mu weighted mean, X_j mid-rank from the most disadvantaged (0) to the
most advantaged (1). Signs are those of docs/methodologie.md; views reorient them for the screen.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from diagnostic.gaps import (
    GapChange,
    PersonsGap,
    concentration_curve,
    gap_change,
    gap_in_persons,
)
from diagnostic.slope import DRAWS, Result, SlopeIndex, fit, slope_index
from diagnostic.social_groups import (
    MIN_GROUPS,
    SEED,
    FloatArray,
    Vector,
    bottom_weights,
    check_labels,
    check_proportions,
    checked_population,
    checked_ranks,
    checked_values,
    midrank,
    normal_quantile,
    reference_position,
    standard_errors,
    top_weights,
    unit_weights,
)

__all__ = [
    "MEASURES",
    "GapChange",
    "PersonsGap",
    "SlopeIndex",
    "concentration_curve",
    "gap_change",
    "gap_in_persons",
    "measures",
    "midrank",
    "slope_index",
]

MEASURES = (
    *("d", "r", "aci", "rci", "par", "paf", "bgv", "bgsd", "cov"),
    *("mdmu", "mdmw", "mdbu", "mdbw", "mdru", "mdrw", "idisu", "idisw", "mld", "ti"),
    *("sii_linear", "sii_logit", "rii_linear", "rii_logit"),
)
COLUMNS = ["measure", "estimate", "se", "low", "high", "method"]
MAX_MISSING = 0.15
SPREAD_CELLS, FEWEST_DRAWS, MOST_DRAWS = 500_000, 500, 10_000
# Few enough cells for a processor's cache (four times faster), few enough chunks to be kept.
CELLS_AT_ONCE, CHUNKS_KEPT = 30_000, 32

NO_SE = "sans intervalle : erreurs types inconnues"
OWN_SE = "intervalle par les erreurs types des groupes"
NOISY = "gonflé par le bruit des groupes"
NOT_POSITIVE = "non défini : il faut des valeurs positives"
NO_REFERENCE = "refusé : groupe de référence sans valeur"
SPREADS = {
    "bgv": "variance entre groupes",
    "bgsd": "écart type entre groupes",
    "cov": "écart type entre groupes, en % de la moyenne",
    "mdmu": "écart moyen à la moyenne, groupes égaux",
    "mdmw": "écart moyen à la moyenne, pondéré par la population",
    "mdbu": "écart moyen au meilleur groupe, groupes égaux",
    "mdbw": "écart moyen au meilleur groupe, pondéré par la population",
    "mdru": "écart moyen à la référence, groupes égaux",
    "mdrw": "écart moyen à la référence, pondéré par la population",
    "idisu": "écart moyen à la moyenne, groupes égaux, en % de la moyenne",
    "idisw": "écart moyen à la moyenne, pondéré par la population, en % de la moyenne",
}


class Row(NamedTuple):
    """One line of the table of measures."""

    measure: str
    estimate: float
    se: float
    low: float
    high: float
    method: str


Rows: TypeAlias = Iterator[Row]


@dataclass(frozen=True)
class _Groups:
    """Inhabited groups of known value, what was left out, and how intervals are wanted.

    ``p``: shares of the population of the groups kept. ``rank``, ``s``: None when not given.
    ``reference``: position of the reference group, None when not given, -1 when it has no value.
    ``missing``: inhabited groups without a value, ``missing_share`` their share of all groups;
    ``ends_known``: groups at both ends of the social scale have one.
    """

    y: FloatArray
    p: FloatArray
    s: FloatArray | None
    rank: FloatArray | None
    reference: int | None
    favourable: bool | None
    missing: int
    missing_share: float
    forced: bool
    ends_known: bool
    level: float
    draws: int | None
    seed: int

    @property
    def mean(self) -> float:
        return float(self.p @ self.y)

    @property
    def best(self) -> int:
        """Position of the group that does best; needs a direction."""
        return int(self.y.argmax() if self.favourable else self.y.argmin())

    @property
    def ranks(self) -> int:
        """How many different ranks are left."""
        return 0 if self.rank is None else int(np.unique(self.rank).size)

    @property
    def left_out(self) -> str:
        """What `method` says about the groups left out."""
        return f" ; {self.missing} groupe(s) sans valeur écarté(s)" if self.missing else ""

    @property
    def all_errors(self) -> FloatArray | None:
        """Standard errors when every group has one, else None."""
        return None if self.s is None or np.isnan(self.s).any() else self.s

    def scale_refusal(self) -> str | None:
        """Why measures of the whole social scale cannot be given, if so."""
        if self.missing and not self.forced:
            return f"refusé : {self.missing} groupe(s) sans valeur"
        if self.ranks < MIN_GROUPS:
            return "refusé : il faut au moins 3 groupes"
        return None

    def refusal(self, fewest: int = MIN_GROUPS) -> str | None:
        """Why measures between groups cannot be given, if so."""
        if self.missing_share > MAX_MISSING and not self.forced:
            return "refusé : plus de 15 % des groupes sans valeur"
        if len(self.y) < fewest:
            return f"refusé : il faut au moins {fewest} groupes"
        return None


def measures(
    value: Vector,
    population: Vector,
    rank: Vector | None = None,
    se: Vector | None = None,
    favourable: bool | None = None,
    scale: float | None = None,
    reference: object = None,
    *,
    level: float = 0.95,
    noise_corrected: bool = False,
    allow_missing: bool = False,
    draws: int | None = None,
    seed: int = SEED,
) -> pd.DataFrame:
    """Table of the measures of docs/methodologie.md that apply to these groups, in the order of MEASURES.

    ``value``, ``population``, ``rank``, ``se``: one number a group. ``rank``: 1 = most
    disadvantaged, equal ranks allowed; without it the measures of a social scale (aci, rci, sii,
    rii) are absent. ``favourable``: True if high is good, False if low is; None (no direction)
    leaves out d and r between ranked or reference groups, par, paf and mdb. ``scale``: value of a
    proportion of 1 (1, 100, 1 000), never guessed; without it sii_logit and rii_logit are absent.
    ``reference``: label (if ``value`` is a Series), position, or one True per group; needed by mdr
    and used by d and r of unranked groups, not by par and paf (WHO: best group).

    Columns: ``measure, estimate, se, low, high, method``. d, par, mdm, mdb, mdr, bgsd, sii: unit of
    the value; bgv: its square; paf, cov, idis: %; mld, ti: x 1000; r, rii: ratios whose ``se`` is
    that of the logarithm. Negative d, aci, sii keep their sign. ``method`` says how the interval
    was made, or why there is none.

    Intervals: closed forms for d, r (log), par, paf, bgv, mld, ti (first order); Student's t of
    the regression for aci and rci; each group's standard error through the line for sii and rii;
    seeded simulation from each group's standard error, centred on the estimate, for the other
    spreads (``draws``, by default 500 to 10 000 as groups are many or few). ``noise_corrected``:
    bgv, bgsd and cov without the part that the standard errors explain.

    Missing values (NaN): a social scale refuses any, the others more than 15 % of groups (row with
    NaN and the reason), unless ``allow_missing``; then, or below, those groups are left out. Groups
    without inhabitants are ignored. Raises ValueError, in French, for ill-formed inputs.
    """
    check_labels(value, population, rank, se)
    people = checked_population(population)
    y, s = checked_values(value, people), standard_errors(se, people)
    if scale is not None:
        check_proportions(y[(people > 0) & ~np.isnan(y)], scale)
    if noise_corrected and s is None:
        raise ValueError("Corriger du bruit demande l'erreur type de chaque groupe.")
    groups = _kept(
        *(y, people, s, None if rank is None else checked_ranks(rank, people)),
        reference=reference_position(reference, value, len(y)),
        favourable=favourable,
        forced=allow_missing,
        intervals=(level, draws, seed),
    )
    rows = [*_ends(groups), *_population_impact(groups), *_entropies(groups)]
    rows += _spreads(groups, noise_corrected)
    if rank is not None:
        rows += [*_concentration(groups), *_slopes(groups, scale)]
    rows.sort(key=lambda row: MEASURES.index(row.measure))
    return pd.DataFrame(rows, columns=COLUMNS)


def _kept(
    y: FloatArray,
    people: FloatArray,
    s: FloatArray | None,
    rank: FloatArray | None,
    reference: int | None,
    favourable: bool | None,
    forced: bool,
    intervals: tuple[float, int | None, int],
) -> _Groups:
    """Inputs restricted to inhabited groups of known value."""
    level, draws, seed = intervals
    inhabited = people > 0
    if inhabited.sum() < 2:
        raise ValueError("Une inégalité se mesure entre au moins 2 groupes habités.")
    known = inhabited & ~np.isnan(y)
    ends_known = True
    if rank is not None:
        low, high = rank[inhabited].min(), rank[inhabited].max()
        if low == high:
            raise ValueError("Tous les groupes ont le même rang : aucune échelle sociale.")
        ends_known = forced or bool(known[inhabited & ((rank == low) | (rank == high))].all())
    if reference is not None:
        reference = int(known[:reference].sum()) if known[reference] else -1
    missing = int(inhabited.sum() - known.sum())
    return _Groups(
        y=y[known],
        p=people[known] / people[known].sum() if known.any() else people[known],
        s=None if s is None else s[known],
        rank=None if rank is None else rank[known],
        reference=reference,
        favourable=None if favourable is None else bool(favourable),
        missing=missing,
        missing_share=missing / int(inhabited.sum()),
        forced=forced,
        ends_known=ends_known,
        level=level,
        draws=draws,
        seed=seed,
    )


def _refused(measures: Iterable[str], reason: str) -> Rows:
    nan = math.nan
    yield from (Row(measure, nan, nan, nan, nan, reason) for measure in measures)


def _without(measure: str, estimate: float, method: str) -> Row:
    """Row of a known estimate without interval."""
    return Row(measure, estimate, math.nan, math.nan, math.nan, method)


def _row(
    groups: _Groups,
    measure: str,
    estimate: float,
    pull: FloatArray,
    text: str,
    within: tuple[float, float] = (-math.inf, math.inf),
) -> Row:
    """Row whose interval is normal to first order: SE^2 = sum (pull_j s_j)^2; kept ``within``."""
    text += groups.left_out
    kept = min(max(estimate, within[0]), within[1])
    # A group that pulls nothing needs no standard error.
    parts = None if groups.s is None else np.where(pull == 0, 0.0, pull * groups.s)
    if parts is None or np.isnan(parts).any():
        return _without(measure, kept, f"{text} ; {NO_SE}")
    error = float(np.sqrt((parts**2).sum()))
    reach = normal_quantile(groups.level) * error
    low, high = (
        min(max(bound, within[0]), within[1]) for bound in (estimate - reach, estimate + reach)
    )
    return Row(measure, kept, error, low, high, f"{text} ; {OWN_SE}")


def _ends(groups: _Groups) -> Rows:
    """d and r: between both ends of the scale, from the reference, or from maximum to minimum."""
    directed = groups.rank is not None or groups.reference is not None
    if directed and groups.favourable is None:
        return
    refusal = groups.refusal(2)
    if groups.rank is not None:
        few = groups.ranks < 2
        refusal = "refusé : il faut au moins 2 groupes" if few else None
        refusal = refusal if groups.ends_known else "refusé : groupe extrême sans valeur"
    elif groups.reference == -1:
        refusal = NO_REFERENCE
    if refusal:
        yield from _refused(("d", "r"), refusal)
        return
    above, below, text = _pair(groups)
    high, low = float(above @ groups.y), float(below @ groups.y)
    yield _row(groups, "d", high - low, above - below, text)
    if not low > 0 or high < 0:
        yield from _refused(["r"], NOT_POSITIVE)
    elif high == 0:
        yield _without("r", 0.0, f"{text} ; sans intervalle : un des groupes vaut 0")
    else:
        logs = _row(groups, "r", math.log(high / low), above / high - below / low, text)
        text = logs.method + " ; se : du logarithme"
        yield Row("r", high / low, logs.se, math.exp(logs.low), math.exp(logs.high), text)


def _pair(groups: _Groups) -> tuple[FloatArray, FloatArray, str]:
    """Weights of the two groups that d and r compare (d = first - second), and what they are."""
    size, adverse = len(groups.y), not groups.favourable
    if groups.rank is not None:
        text = "groupes extrêmes de l'échelle sociale"
        first = top_weights(groups.p, groups.rank)
        second = bottom_weights(groups.p, groups.rank)
    elif groups.reference is None:
        text = "maximum et minimum, écart gonflé par le choix des extrêmes"
        first, second = (unit_weights(size, int(i)) for i in (groups.y.argmax(), groups.y.argmin()))
        adverse = False
    else:
        text = "groupe de référence et le moins bon des autres"
        others = groups.y.copy()
        others[groups.reference] = -math.inf if adverse else math.inf
        worst = others.argmax() if adverse else others.argmin()
        first, second = unit_weights(size, groups.reference), unit_weights(size, int(worst))
    return (second, first, text) if adverse else (first, second, text)


def _population_impact(groups: _Groups) -> Rows:
    """par and paf: level of the most advantaged (ranked) or best group, minus the mean."""
    if groups.favourable is None:
        return
    refusal = groups.refusal(2)
    if groups.rank is not None and groups.missing:
        refusal = refusal if groups.forced else groups.scale_refusal()
    if refusal:
        yield from _refused(("par", "paf"), refusal)
        return
    if groups.rank is not None:
        target = top_weights(groups.p, groups.rank)
        text = "groupe le plus favorisé moins moyenne"
    else:
        target = unit_weights(len(groups.y), groups.best)
        text = "meilleur groupe moins moyenne"
    aim, mean = float(target @ groups.y), groups.mean
    within = (0.0, math.inf) if groups.favourable else (-math.inf, 0.0)
    gap = aim - mean
    if not within[0] <= gap <= within[1]:
        text += " ; ramené à 0 : ce groupe fait moins bien que la moyenne"
    yield _row(groups, "par", gap, target - groups.p, text, within)
    if mean <= 0:
        yield from _refused(["paf"], NOT_POSITIVE)
        return
    pull = 100 * (target / mean - aim * groups.p / mean**2)
    yield _row(groups, "paf", 100 * gap / mean, pull, text, within)


def _entropies(groups: _Groups) -> Rows:
    """mld and ti (x 1000), with first-order intervals."""
    refusal = groups.refusal()
    if refusal is None and (groups.mean <= 0 or (groups.y < 0).any()):
        refusal = NOT_POSITIVE
    if refusal:
        yield from _refused(("mld", "ti"), refusal)
        return
    relative, share = groups.y / groups.mean, groups.p / groups.mean
    zero = relative == 0
    logs = np.log(np.where(zero, 1.0, relative))
    theil = float(groups.p @ (relative * logs))
    text, within = f"entropie x 1000, {NOISY}", (0.0, math.inf)
    if zero.any():
        yield from _refused(["mld"], "non défini : un groupe vaut 0, son logarithme est infini")
        yield _without("ti", 1000 * theil, f"{text} ; sans intervalle : un des groupes vaut 0")
        return
    mld = -1000 * float(groups.p @ logs)
    yield _row(groups, "mld", mld, 1000 * share * (1 - 1 / relative), text, within)
    yield _row(groups, "ti", 1000 * theil, 1000 * share * (logs - theil), text, within)


def _concentration(groups: _Groups) -> Rows:
    """aci and rci: slope of 2 var(X) y on X, weighted by population (Kakwani et al. 1997)."""
    refusal = groups.scale_refusal()
    if refusal:
        yield from _refused(("aci", "rci"), refusal)
        return
    position = midrank(groups.p, groups.rank)
    line = fit(groups.y[:, None], None, position[:, None], groups.p[:, None], link="none")
    double = 2 * float(groups.p @ (position - 0.5) ** 2)
    aci, error = (double * float(np.asarray(number)[0]) for number in (line.sii, line.se))
    freedom = len(groups.y) - 2
    reach = float(stdtrit(freedom, 0.5 + groups.level / 2)) * error
    text = f"régression pondérée, t à {freedom} degré(s) de liberté{groups.left_out}"
    yield Row("aci", aci, error, aci - reach, aci + reach, text)
    if groups.mean <= 0:
        yield from _refused(["rci"], NOT_POSITIVE)
        return
    rci, error, reach = (number / groups.mean for number in (aci, error, reach))
    yield Row("rci", rci, error, rci - reach, rci + reach, text)


def _slopes(groups: _Groups, scale: float | None) -> Rows:
    """sii and rii, linear, and logistic when the scale of the proportions is known."""
    refusal = groups.scale_refusal()
    methods = ("linear",) if scale is None else ("linear", "logit")
    if refusal:
        yield from _refused((f"{i}_{m}" for i in ("sii", "rii") for m in methods), refusal)
        return
    position = midrank(groups.p, groups.rank)[:, None]
    for method in methods:
        index = fit(
            groups.y[:, None],
            None if groups.s is None else groups.s[:, None],
            position,
            groups.p[:, None],
            link="none" if method == "linear" else "logit",
            method=method,
            scale=scale or 1.0,
            level=groups.level,
            draws=groups.draws or DRAWS,
            seed=groups.seed,
        )
        sii = (index.sii, index.se, index.low, index.high)
        rii = (index.rii, index.rii_se, index.rii_low, index.rii_high)
        yield _slope_row(groups, f"sii_{method}", sii)
        yield _slope_row(groups, f"rii_{method}", rii)


def _slope_row(groups: _Groups, measure: str, numbers: tuple[Result, ...]) -> Row:
    """Row of a slope index: estimate, se, low, high, and how they were made."""
    estimate, se, low, high = (float(np.asarray(number)[0]) for number in numbers)
    linear, relative = measure.endswith("linear"), measure.startswith("rii")
    text = "droite pondérée" if linear else "régression logistique pondérée par la population"
    if math.isnan(estimate):
        why = "niveau prédit négatif ou nul" if linear else "aucune courbe logistique ne s'ajuste"
        return _without(measure, estimate, f"{text} ; non défini : {why}")
    if linear and groups.s is None:
        freedom = len(groups.y) - 2
        how = f"dispersion autour de la droite, t à {freedom} degré(s) de liberté"
    elif groups.all_errors is None:
        how = NO_SE
    else:
        how = OWN_SE
    if math.isnan(low) and how != NO_SE:
        how = "sans intervalle : le niveau prédit des plus défavorisés peut être nul"
    suffix = " ; se : du logarithme" if relative else ""
    method = f"{text}{groups.left_out} ; {how}{suffix}"
    return Row(measure, estimate, se, low, high, method)


def _spreads(groups: _Groups, noise_corrected: bool) -> Rows:
    """bgv, bgsd, cov, mean differences and indices of disparity."""
    skipped = {"mdbu", "mdbw"} if groups.favourable is None else set()
    skipped |= {"mdru", "mdrw"} if groups.reference is None else set()
    names = [name for name in SPREADS if name not in skipped]
    refusal = groups.refusal()
    if refusal:
        yield from _refused(names, refusal)
        return
    s = groups.all_errors
    noise = float((groups.p * (1 - groups.p)) @ s**2) if noise_corrected and s is not None else 0.0
    values = _spread_values(groups, groups.y[None, :], noise)
    drawn = None if s is None else _drawn_spreads(groups, s, noise)
    for name in names:
        text = SPREADS[name] + groups.left_out
        if noise_corrected and name in ("bgv", "bgsd", "cov"):
            text += " ; corrigé du bruit des groupes" if s is not None else f" ; {NOISY}"
        else:
            text += f" ; {NOISY}"
        if name in ("mdru", "mdrw") and groups.reference == -1:
            yield from _refused([name], NO_REFERENCE)
        elif name in ("cov", "idisu", "idisw") and groups.mean <= 0:
            yield from _refused([name], NOT_POSITIVE)
        elif s is None or drawn is None:
            yield _without(name, float(values[name][0]), f"{text} ; {NO_SE}")
        elif name == "bgv":
            yield _between_group_variance(groups, s, float(values[name][0]), text)
        else:
            yield _simulated(name, float(values[name][0]), drawn[name], text)


def _simulated(name: str, estimate: float, drawn: FloatArray, text: str) -> Row:
    """Row from draws shifted to the estimate: their own noise lifts every spread."""
    error, low, high = (float(number) for number in drawn)
    low, high = max(estimate + min(low, 0.0), 0.0), estimate + max(high, 0.0)
    return Row(name, estimate, error, low, high, f"{text} ; intervalle simulé, recentré")


def _between_group_variance(groups: _Groups, s: FloatArray, estimate: float, text: str) -> Row:
    """bgv with the closed form of its standard error (docs/methodologie.md)."""
    p, variance = groups.p, s**2
    first = 4 * float((p**2 * variance) @ (groups.y - groups.mean) ** 2)
    second = float(p**2 @ variance) ** 2 - float(p**4 @ variance**2)
    second += float((p * (1 - p)) ** 2 @ variance**2)
    error = math.sqrt(first + 2 * second)
    reach = normal_quantile(groups.level) * error
    low, high = max(estimate - reach, 0.0), estimate + reach
    return Row("bgv", estimate, error, low, high, f"{text} ; {OWN_SE}")


def _spread_values(groups: _Groups, y: FloatArray, noise: float) -> dict[str, FloatArray]:
    """Every spread of each row of ``y``, shape (draws, groups); the best group stays the same."""
    p = groups.p
    both = np.column_stack([np.full(len(p), 1 / len(p)), p])
    mean = y @ p
    away = np.abs(y - mean[:, None])
    bgv = np.maximum((away**2) @ p - noise, 0.0)
    mdmu, mdmw = (away @ both).T
    with np.errstate(divide="ignore", invalid="ignore"):
        percent = 100 / mean
        spreads = {
            "bgv": bgv,
            "bgsd": np.sqrt(bgv),
            "cov": np.sqrt(bgv) * percent,
            "mdmu": mdmu,
            "mdmw": mdmw,
            "idisu": mdmu * percent,
            "idisw": mdmw * percent,
        }
    if groups.favourable is not None:
        spreads["mdbu"], spreads["mdbw"] = (np.abs(y - y[:, [groups.best]]) @ both).T
    if groups.reference is not None:
        distance = np.abs(y - y[:, [groups.reference]])
        spreads["mdru"], spreads["mdrw"] = (distance @ both).T
    return spreads


def _drawn_spreads(groups: _Groups, s: FloatArray, noise: float) -> dict[str, FloatArray]:
    """Spreads of seeded normal draws around each value: deviation, and both bounds less the mean.

    A draw adds its own noise to that of the observed values: both are removed when ``noise`` is.
    """
    size = len(groups.y)
    wanted = groups.draws or min(max(SPREAD_CELLS // size, FEWEST_DRAWS), MOST_DRAWS)
    at_once = max(1, CELLS_AT_ONCE // size)
    parts = []
    for begin in range(0, wanted, at_once):
        drawn = groups.y + s * _draws((min(at_once, wanted - begin), size), groups.seed, begin)
        parts.append(_spread_values(groups, drawn, 2 * noise))
    values = np.array([np.concatenate([part[name] for part in parts]) for name in parts[0]])
    tail = 0.5 - groups.level / 2
    bounds = np.quantile(values, [tail, 1 - tail], axis=1) - values.mean(axis=1)
    rows = np.column_stack([values.std(axis=1), *bounds])
    return dict(zip(parts[0], rows, strict=True))


@lru_cache(maxsize=CHUNKS_KEPT)
def _draws(shape: tuple[int, int], seed: int, begin: int) -> FloatArray:
    """Standard normal draws, kept for the next indicators of the same groups."""
    return np.random.default_rng([seed, begin]).standard_normal(shape)
