"""Composite index of social and health need, and the three groups read from it.

Source: docs/methodologie.md, after the OECD/JRC *Handbook on Constructing Composite Indicators*
(2008): z-scores on a fixed national reference, equal or chosen weights per domain, arithmetic
mean, explicit rules for missing values. A territory's result depends on its own values, the
weights and the reference only, never on the other rows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from diagnostic.robustness import (
    Z_LIMIT,
    Choices,
    Curves,
    Indicators,
    Plan,
    Progress,
    Scales,
    band,
    draw_plan,
    national_scales,
    simulate,
    territory_keys,
)

FloatArray = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.intp]
Domains = Mapping[str, Mapping[str, int]]
Weights = Mapping[str, float]
Errors: TypeAlias = pd.DataFrame | pd.Series | Mapping[str, float] | None

DOMAIN_PREFIX = "domain:"
SOCLE, RENFORCE, INTENSIF, NOT_CLASSABLE = "socle", "renforce", "intensif", "non classable"
GROUP_CUTS = (0.6, 0.8)
FIRM = 0.8
SEED = 2026
DEFAULT_CHOICES = Choices()


@dataclass(frozen=True)
class National:
    """A country's need under every draw: what :func:`robustness` reads a territory against.

    ``cuts``: scores of the index at the two group limits. ``table``: the robustness of the
    country's own territories.
    """

    domains: Domains
    weights: Weights
    reference: pd.DataFrame
    cuts: tuple[float, float]
    plan: Plan
    scales: Scales
    curves: Curves
    table: pd.DataFrame


def index(
    frame: pd.DataFrame, domains: Domains, weights: Weights, reference: pd.DataFrame
) -> pd.DataFrame:
    """Need index of each territory (docs/methodologie.md); higher means more need.

    ``frame``: one row a territory (index = code), one column an indicator, NaN = not available.
    ``domains``: domain -> {indicator: +1 (higher = more need) or -1}. ``weights``: domain ->
    non-negative number of any scale; a domain of weight 0 is scored but counts for nothing.
    ``reference``: ``mean`` and ``sd`` per indicator, national and population-weighted.

    z = direction x (x - mean) / sd, clipped to +-3. A domain's score is the mean of its available
    indicators when at least 2/3 of them are; need is the weighted mean of the available domains
    when at least 3/4 of those with a positive weight are, else NaN.

    Columns: ``need``, ``domain:<name>`` (z units), ``missing_domains`` (tuple of names, positive
    weights only), ``complete`` (no such domain missing), ``classable`` (need is known). Raises
    ValueError, in French, for unknown or ill-formed inputs.
    """
    shares = normalised_weights(domains, weights)
    return _weighed(domain_scores(frame, domains, reference), shares)


def domain_scores(frame: pd.DataFrame, domains: Domains, reference: pd.DataFrame) -> pd.DataFrame:
    """Score of each domain (columns ``domain:<name>``, z units), which no weight changes."""
    means, sds = _reference_of(domains, reference)
    values = _values_of(frame, domains)
    scores = {
        DOMAIN_PREFIX + name: _domain_score(indicators, values, means, sds)
        for name, indicators in domains.items()
    }
    return pd.DataFrame(scores, index=frame.index)


def weighed(scores: pd.DataFrame, weights: Weights) -> pd.DataFrame:
    """:func:`index` from the scores of its domains: what is left to do when a weight moves."""
    names = [str(column).removeprefix(DOMAIN_PREFIX) for column in scores.columns]
    return _weighed(scores, normalised_weights({name: {} for name in names}, weights))


def _weighed(scores: pd.DataFrame, shares: Mapping[str, float]) -> pd.DataFrame:
    by_domain = {name: scores[DOMAIN_PREFIX + name].to_numpy() for name in shares}
    weighted = [name for name, share in shares.items() if share > 0]
    known = {name: ~np.isnan(by_domain[name]) for name in weighted}
    count, total, covered = (np.zeros(len(scores)) for _ in range(3))
    for name in weighted:
        count += known[name]
        covered += np.where(known[name], shares[name], 0.0)
        total += np.where(known[name], shares[name] * by_domain[name], 0.0)
    classable = 4 * count >= 3 * len(weighted)
    need = np.full(len(scores), np.nan)
    np.divide(total, covered, out=need, where=classable)
    result = scores.copy()
    result.insert(0, "need", need)
    result["missing_domains"] = _missing_names(known, scores.index)
    result["complete"] = count == len(weighted)
    result["classable"] = classable
    return result


def contributions(result: pd.DataFrame, weights: Weights) -> pd.DataFrame:
    """Part of each domain in ``need``: (renormalised weight) x (domain score), one column a domain.

    ``result`` comes from :func:`index` with the same ``weights``. The available parts of a row
    sum to its need; a missing domain, and every part of a row that is not classable, is NaN.
    """
    columns = [str(column) for column in result.columns]
    names = [c.removeprefix(DOMAIN_PREFIX) for c in columns if c.startswith(DOMAIN_PREFIX)]
    shares = normalised_weights({name: {} for name in names}, weights)
    scores = result[[DOMAIN_PREFIX + name for name in names]].set_axis(names, axis=1)
    available = scores.notna().mul(pd.Series(shares), axis=1)
    effective = available.div(available.sum(axis=1).where(result["classable"]), axis=0)
    return effective.mul(scores).astype(float)


def normalised_weights(domains: Mapping[str, object], weights: Weights) -> dict[str, float]:
    """Weights in the order of ``domains``, summing to 1; ValueError when they cannot."""
    unknown = [name for name in weights if name not in domains]
    if unknown:
        raise ValueError(f"Pondération d'un domaine inconnu : {', '.join(map(str, unknown))}.")
    absent = [name for name in domains if name not in weights]
    if absent:
        raise ValueError(
            f"Domaine sans pondération : {', '.join(absent)}. Mettez 0 pour ne pas le compter."
        )
    numbers = {name: float(weights[name]) for name in domains}
    wrong = [name for name, number in numbers.items() if not 0 <= number < math.inf]
    if wrong:
        raise ValueError(f"La pondération doit être un nombre positif ou nul : {', '.join(wrong)}.")
    largest = max(numbers.values(), default=0.0)
    if largest == 0:
        raise ValueError("Toutes les pondérations sont nulles : donnez du poids à un domaine.")
    total = sum(number / largest for number in numbers.values())
    return {name: number / largest / total for name, number in numbers.items()}


def indicator_weights(domains: Domains, weights: Weights) -> pd.Series:
    """Signed nominal weight of each indicator: direction x domain weight / size of the domain.

    This is what :func:`composite_sd` needs beside the correlations of the raw indicators. The
    absolute weights sum to 1.
    """
    shares = normalised_weights(domains, weights)
    signed = {
        indicator: direction * shares[name] / len(indicators)
        for name, indicators in domains.items()
        for indicator, direction in indicators.items()
    }
    return pd.Series(signed, dtype=float)


def weighted_quantiles(
    values: npt.ArrayLike, weights: npt.ArrayLike, q: npt.ArrayLike
) -> FloatArray:
    """Population-weighted quantiles by the inverse of the cumulative distribution.

    Q(q) is the smallest observed value at or below which at least a share q of the total weight
    lies (Hyndman & Fan 1996, type 1, weighted): always an observed value, no interpolation. Ties
    count as one value carrying their whole weight, so the row order and the splitting of a
    territory into equal parts change nothing. NaN values are left out with their weight, and so
    are values of weight 0; Q(0) is the smallest of the rest, Q(1) the largest. Returns a 1-d
    array, one number per element of ``q``.
    """
    value = np.asarray(values, dtype=float).ravel()
    weight = np.asarray(weights, dtype=float).ravel()
    levels = np.atleast_1d(np.asarray(q, dtype=float))
    if value.shape != weight.shape:
        raise ValueError("Les valeurs et les poids n'ont pas la même longueur.")
    if not ((levels >= 0) & (levels <= 1)).all():
        raise ValueError("Un quantile se demande entre 0 et 1.")
    kept = ~np.isnan(value)
    if not (np.isfinite(weight[kept]) & (weight[kept] >= 0)).all():
        raise ValueError("Les poids doivent être des nombres positifs ou nuls.")
    kept &= weight > 0
    if not kept.any():
        raise ValueError("Aucune valeur connue de poids positif : quantile impossible.")
    distinct, group = np.unique(value[kept], return_inverse=True)
    cumulated = np.cumsum(np.bincount(group, weights=weight[kept]))
    # A share reached up to rounding is reached: 0.6 of 10 equal weights is the sixth value.
    wanted = levels * cumulated[-1] * (1 - 1e-12)
    quantiles: FloatArray = distinct[np.searchsorted(cumulated, wanted, side="left")]
    return quantiles


def composite_sd(
    correlation: pd.DataFrame | npt.ArrayLike, weights: pd.Series | Weights | npt.ArrayLike
) -> float:
    """National spread of a composite of unit-variance terms: sqrt(w' R w), sum of \\|w\\| = 1.

    ``correlation`` R: national population-weighted correlations of the terms; ``weights`` w:
    their weights, signed by direction when R is that of raw indicators (see
    :func:`indicator_weights`). A labelled matrix and labelled weights are aligned by label. The
    terms must be the indicators, not the domain scores: the mean of several z-scores has less
    than unit variance.
    """
    if isinstance(correlation, pd.DataFrame) and isinstance(weights, (pd.Series, Mapping)):
        named = pd.Series(weights, dtype=float)
        absent = [k for k in named.index if k not in correlation.index or k not in correlation]
        if absent:
            raise ValueError(f"Corrélation absente pour : {', '.join(map(str, absent))}.")
        correlation = correlation.loc[named.index, named.index]
        weights = named
    matrix = np.asarray(correlation, dtype=float)
    vector = np.asarray(weights, dtype=float)
    if matrix.shape != (vector.size, vector.size) or not np.isfinite(vector).all():
        raise ValueError("La matrice de corrélation et les pondérations ne se correspondent pas.")
    regular = np.allclose(matrix, matrix.T) and np.allclose(np.diag(matrix), 1)
    if not regular or np.abs(matrix).max() > 1 + 1e-9:
        raise ValueError("Ce n'est pas une matrice de corrélation (symétrique, diagonale à 1).")
    scale = np.abs(vector).sum()
    if scale == 0:
        raise ValueError("Toutes les pondérations sont nulles.")
    variance = float(vector @ matrix @ vector) / scale**2
    if variance < -1e-9:
        raise ValueError("Les corrélations données sont incompatibles entre elles.")
    return math.sqrt(max(variance, 0.0))


def normal_quantiles(sd: float, q: npt.ArrayLike) -> FloatArray:
    """Quantiles of a centred normal spread, when the whole country is not loaded.

    Approximation: a mean of national z-scores is centred by construction, and its spread comes
    from :func:`composite_sd`. Asymmetry is ignored (real need leans to the right: the true q95 is
    further out than the true q05), as are the clipping at +-3 and missing indicators, which
    slightly change the spread. Screens that use it must say "approché".
    """
    levels = np.atleast_1d(np.asarray(q, dtype=float))
    if not 0 < sd < math.inf:
        raise ValueError("La dispersion nationale doit être un nombre positif.")
    if not ((levels > 0) & (levels < 1)).all():
        raise ValueError("Un quantile de la loi normale se demande entre 0 et 1, bornes exclues.")
    spread = NormalDist(0.0, sd)
    return np.array([spread.inv_cdf(float(level)) for level in levels])


def groups(
    need: pd.Series, cuts: tuple[float, float], complete: pd.Series | Sequence[bool] | BoolArray
) -> pd.DataFrame:
    """Reading groups: 'socle' (need <= q60), 'renforce' (<= q80), 'intensif', 'non classable'.

    ``cuts`` = (q60, q80): national population-weighted quantiles (or a local cut, if so chosen).
    Columns ``group`` and ``firm``: firm is False when the territory is not classable or lacks a
    domain; the probability over weight draws (docs/methodologie.md, P >= 0.8) is checked elsewhere. Groups
    are for reading: no allocation depends on them.
    """
    low, high = (float(cut) for cut in cuts)
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise ValueError("Les deux seuils des groupes doivent être des nombres, dans l'ordre.")
    if isinstance(complete, pd.Series) and not complete.index.equals(need.index):
        raise ValueError("Le besoin et la complétude ne portent pas sur les mêmes territoires.")
    whole = np.asarray(complete, dtype=bool)
    if whole.shape != need.shape:
        raise ValueError("Le besoin et la complétude n'ont pas la même longueur.")
    value = need.to_numpy(dtype=float)
    known = ~np.isnan(value)
    label = np.select(
        [~known, value <= low, value <= high], [NOT_CLASSABLE, SOCLE, RENFORCE], INTENSIF
    )
    return pd.DataFrame({"group": label, "firm": known & whole}, index=need.index)


def national_reference(frame: pd.DataFrame, population: pd.Series) -> pd.DataFrame:
    """Population-weighted ``mean`` and ``sd`` of each column over the country, for :func:`index`.

    Territories without a value are left out with their population. The sd divides by the whole
    weight (docs/methodologie.md): it describes the country, it does not estimate one.
    """
    people = _people_of(population, frame)
    rows = {}
    for name in frame.columns:
        value = frame[name].to_numpy(dtype=float, na_value=np.nan)
        known = ~np.isnan(value)
        if not people[known].sum() > 0:
            raise ValueError(f"Aucune valeur connue pour {name} : référence impossible.")
        mean = float(np.average(value[known], weights=people[known]))
        spread = float(np.average((value[known] - mean) ** 2, weights=people[known]))
        rows[name] = (mean, math.sqrt(spread))
    return pd.DataFrame.from_dict(rows, orient="index", columns=["mean", "sd"])


def normal_country(
    reference: pd.DataFrame, correlation: pd.DataFrame, size: int = 4000, seed: int = 1
) -> pd.DataFrame:
    """``size`` imaginary territories of equal population, when the whole country is not loaded.

    Normal values of the national ``mean`` and ``sd``, correlated as ``correlation`` (indicator x
    indicator) says: the same approximation as :func:`normal_quantiles`, to be called "approché"
    on screen. For :func:`national_draws` only.
    """
    names = list(correlation.index)
    values = np.random.default_rng(seed).multivariate_normal(
        np.zeros(len(names)), correlation[names].to_numpy(dtype=float), size, method="eigh"
    )
    mean, sd = (reference.loc[names, column].to_numpy(dtype=float) for column in ("mean", "sd"))
    labels = [f"imaginaire-{position}" for position in range(size)]
    return pd.DataFrame(values * sd + mean, index=labels, columns=names)


def error_sd(low: npt.ArrayLike, high: npt.ArrayLike, level: float = 0.95) -> FloatArray:
    """Standard deviation that a symmetric interval stands for: half its width over its z."""
    if not 0 < level < 1:
        raise ValueError("Le niveau de confiance est compris entre 0 et 1, bornes exclues.")
    width = np.asarray(high, dtype=float) - np.asarray(low, dtype=float)
    if (width < 0).any():
        raise ValueError("La borne basse d'un intervalle dépasse sa borne haute.")
    spread: FloatArray = width / (2 * NormalDist().inv_cdf((1 + level) / 2))
    return spread


def national_draws(
    frame: pd.DataFrame,
    population: pd.Series,
    domains: Domains,
    weights: Weights,
    reference: pd.DataFrame,
    *,
    errors: Errors = None,
    choices: Choices = DEFAULT_CHOICES,
    draws: int = 1000,
    seed: int = SEED,
    cuts: tuple[float, float] = GROUP_CUTS,
    progress: Progress | None = None,
) -> National:
    """Redo the index of a whole country under ``draws`` other choices (docs/methodologie.md).

    ``frame``, ``domains``, ``weights``, ``reference`` as in :func:`index`; ``population`` on the
    same index. ``errors``: sd of the error of each value, in the indicator's unit, as a table on
    the same index and columns or one number an indicator; NaN or absent = not stated, which the
    draws take as 0 (see ``error_stated`` in :func:`robustness`). ``choices``: see
    :class:`diagnostic.robustness.Choices`. ``cuts``: shares of the national population under the
    two group limits, measured again in each draw. The same seed gives the same result.

    In each draw, a domain that holds under the missing rules keeps what it has but the indicator
    left out; a territory that is not classable is left out of the country. About 5 s for 35 000
    territories x 20 indicators x 1 000 draws: to be kept, not to be run at each display.
    """
    if not 0 < cuts[0] <= cuts[1] < 1:
        raise ValueError("Les limites des groupes sont deux parts de population, dans l'ordre.")
    result = index(frame, domains, weights, reference)
    people = _people_of(population, frame)
    known = result["classable"].to_numpy()
    if not people[known].sum() > 0:
        raise ValueError("Aucun habitant dans les territoires classables : pays inutilisable.")
    low, high = weighted_quantiles(result["need"], people, cuts)
    indicators, stated = prepared(frame, result, domains, weights, reference, errors)
    shares = [share for share in normalised_weights(domains, weights).values() if share > 0]
    plan = draw_plan(shares, indicators.domain, choices, draws, seed)
    scales = national_scales(indicators, people[known])
    positions, under, curves = simulate(indicators, plan, scales, people[known], cuts, progress)
    limits = (float(low), float(high))
    table = _robustness_table(result, limits, positions, under, stated)
    return National(domains, weights, reference, limits, plan, scales, curves, table)


def robustness(frame: pd.DataFrame, national: National, errors: Errors = None) -> pd.DataFrame:
    """Where each territory stands in the country when the index's choices and errors move.

    ``frame`` as in :func:`index`, ``national`` from :func:`national_draws`, ``errors`` as there
    (give the same ones). Group limits and positions are those of the country in each draw: adding
    a territory changes no digit of the others, and a territory of the country gets the same row
    as in ``national.table``.

    Columns: ``position_low``, ``position``, ``position_high``: share of the national population
    with less need, 0 to 1, 5th centile, median and 95th of the draws (a territory's own people
    and its equals count half; to be shown as a band, never as a rank); ``p_socle``,
    ``p_renforce``, ``p_intensif``: share of the draws in each group; ``group``: that of the index
    itself; ``firm``: P(that group) >= 0.8 and no domain missing; ``error_stated``: every value
    used has a stated error. Where it is False, P measures only the choices and the errors that
    are known: it is too confident. NaN, "non classable" and False where need is unknown.
    """
    result = index(frame, national.domains, national.weights, national.reference)
    indicators, stated = prepared(
        frame, result, national.domains, national.weights, national.reference, errors
    )
    positions, under, _ = simulate(
        indicators, national.plan, national.scales, national.curves, GROUP_CUTS
    )
    return _robustness_table(result, national.cuts, positions, under, stated)


def frontiers(table: pd.DataFrame) -> pd.Series:
    """The two groups that a territory stands between, in their order; () where one is enough.

    ``table``: from :func:`robustness` or ``National.table``. A territory stands between its two most
    probable groups when no group reaches P >= 0.8; one that only lacks a domain stands in its own.
    """
    names = (SOCLE, RENFORCE, INTENSIF)
    chances = table[[f"p_{name}" for name in names]].to_numpy(dtype=float)
    between: list[tuple[str, ...]] = [()] * len(table)
    for row in np.flatnonzero(np.nan_to_num(chances.max(axis=1), nan=1.0) < FIRM - 1e-12):
        two = sorted(np.argsort(-chances[row], kind="stable")[:2])
        between[row] = tuple(names[place] for place in two)
    return pd.Series(between, index=table.index, dtype=object)


def _people_of(population: pd.Series, frame: pd.DataFrame) -> FloatArray:
    """Population of each row of ``frame``, checked."""
    if not population.index.equals(frame.index):
        raise ValueError("La population ne porte pas sur les mêmes territoires.")
    people = population.to_numpy(dtype=float, na_value=np.nan)
    if not (np.isfinite(people) & (people >= 0)).all():
        raise ValueError("La population de chaque territoire doit être connue, positive ou nulle.")
    return people


def prepared(
    frame: pd.DataFrame,
    result: pd.DataFrame,
    domains: Domains,
    weights: Weights,
    reference: pd.DataFrame,
    errors: Errors,
) -> tuple[Indicators, BoolArray]:
    """Oriented z, errors and availability of the classable rows; whether all errors are stated."""
    kept = result["classable"].to_numpy()
    means, sds = _reference_of(domains, reference)
    values = _values_of(frame, domains)
    shares = normalised_weights(domains, weights)
    rows: list[tuple[FloatArray, FloatArray, BoolArray, int]] = []
    for place, name in enumerate(name for name, share in shares.items() if share > 0):
        holds = result[DOMAIN_PREFIX + name].notna().to_numpy()
        for indicator, direction in domains[name].items():
            z = direction * (values[indicator] - means[indicator]) / sds[indicator]
            error = _error_of(errors, indicator, frame.index) / sds[indicator]
            rows.append((z[kept], error[kept], (holds & ~np.isnan(z))[kept], place))
    z, error, known = (np.array([row[part] for row in rows]) for part in range(3))
    prepared = Indicators(
        np.where(known, z, 0.0).astype(np.float32),
        None if errors is None else np.nan_to_num(error).astype(np.float32),
        known.astype(np.float32),
        np.array([row[3] for row in rows], dtype=np.intp),
        territory_keys(frame.index[kept]),
    )
    unstated = np.any(known & np.isnan(error), axis=0)
    return prepared, np.asarray(~unstated)


def _error_of(errors: Errors, indicator: str, index: pd.Index) -> FloatArray:
    """Error sd of an indicator in each territory, NaN where none is stated."""
    if isinstance(errors, pd.DataFrame) and not errors.index.equals(index):
        raise ValueError("Les erreurs ne portent pas sur les mêmes territoires.")
    given = math.nan if errors is None else errors.get(indicator, math.nan)
    if isinstance(given, pd.Series):
        given = given.to_numpy(dtype=float, na_value=np.nan)
    error = np.broadcast_to(np.asarray(given, dtype=float), len(index))
    if (error < 0).any() or np.isinf(error).any():
        raise ValueError(f"L'erreur d'un indicateur est un nombre positif ou nul : {indicator}.")
    return error


def _robustness_table(
    result: pd.DataFrame,
    cuts: tuple[float, float],
    positions: Float32Array,
    under: IntArray,
    stated: BoolArray,
) -> pd.DataFrame:
    """Simulated positions and groups beside the group of the index, on every row."""
    low, middle, high = band(positions)
    columns = {"position_low": low, "position": middle, "position_high": high}
    known = result.index[result["classable"].to_numpy()]
    table = pd.DataFrame(columns, index=known).reindex(result.index)
    table = table.join(chances(result, cuts, under / len(positions)))
    table["error_stated"] = pd.Series(stated, index=known).reindex(result.index, fill_value=False)
    return table


def chances(result: pd.DataFrame, cuts: tuple[float, float], under: FloatArray) -> pd.DataFrame:
    """Chance of each group over the draws, group of the index, whether it is firm.

    ``result`` from :func:`index`; ``cuts``: see :func:`groups`; ``under``: share of the draws under
    each cut (2 x classable row). Columns as in :func:`robustness`.
    """
    columns = {
        "p_socle": under[0],
        "p_renforce": under[1] - under[0],
        "p_intensif": 1 - under[1],
    }
    known = result.index[result["classable"].to_numpy()]
    table = pd.DataFrame(columns, index=known).reindex(result.index)
    read = groups(result["need"], cuts, result["complete"])
    probability = np.select(
        [read["group"] == name for name in (SOCLE, RENFORCE, INTENSIF)],
        [table["p_socle"], table["p_renforce"], table["p_intensif"]],
        np.nan,
    )
    table["group"] = read["group"]
    # The shares of the draws are multiples of 1/draws: 0.8 reached up to rounding is reached.
    table["firm"] = read["firm"] & (probability >= FIRM - 1e-12)
    return table


def _domain_score(
    indicators: Mapping[str, int],
    values: Mapping[str, FloatArray],
    means: Mapping[str, float],
    sds: Mapping[str, float],
) -> FloatArray:
    """Mean z of the available indicators where at least 2/3 are available, else NaN.

    Summed indicator by indicator, so that a row's last digit does not depend on its neighbours.
    """
    length = len(next(iter(values.values())))
    total, count = np.zeros(length), np.zeros(length)
    for indicator, direction in indicators.items():
        z = direction * (values[indicator] - means[indicator]) / sds[indicator]
        known = ~np.isnan(z)
        total += np.where(known, np.clip(z, -Z_LIMIT, Z_LIMIT), 0.0)
        count += known
    score = np.full(length, np.nan)
    np.divide(total, count, out=score, where=3 * count >= 2 * len(indicators))
    return score


def _values_of(frame: pd.DataFrame, domains: Domains) -> dict[str, FloatArray]:
    """Columns asked for by ``domains`` as float arrays, after checking them."""
    wanted = [indicator for indicators in domains.values() for indicator in indicators]
    if not wanted or not all(domains.values()):
        raise ValueError("Chaque domaine doit contenir au moins un indicateur.")
    if len(set(wanted)) < len(wanted):
        raise ValueError("Un même indicateur est compté dans deux domaines.")
    for name, indicators in domains.items():
        if any(direction not in (-1, 1) for direction in indicators.values()):
            raise ValueError(f"Le sens d'un indicateur vaut +1 ou -1 (domaine {name}).")
    if not frame.index.is_unique or not frame.columns.is_unique:
        raise ValueError("Un territoire ou un indicateur figure deux fois dans le tableau.")
    absent = [indicator for indicator in wanted if indicator not in frame.columns]
    if absent:
        raise ValueError(f"Indicateur absent du tableau : {', '.join(absent)}.")
    values = {name: frame[name].to_numpy(dtype=float, na_value=np.nan) for name in wanted}
    infinite = [name for name, column in values.items() if np.isinf(column).any()]
    if infinite:
        raise ValueError(f"Valeur infinie dans l'indicateur : {', '.join(infinite)}.")
    return values


def _reference_of(
    domains: Domains, reference: pd.DataFrame
) -> tuple[dict[str, float], dict[str, float]]:
    """National mean and standard deviation of each indicator, checked."""
    wanted = [indicator for indicators in domains.values() for indicator in indicators]
    absent = [indicator for indicator in wanted if indicator not in reference.index]
    if absent:
        raise ValueError(f"Référence nationale absente pour : {', '.join(absent)}.")
    if not reference.index.is_unique:
        raise ValueError("Un indicateur figure deux fois dans la référence nationale.")
    means, sds = (
        {
            name: float(number)
            for name, number in zip(wanted, reference.loc[wanted, column], strict=True)
        }
        for column in ("mean", "sd")
    )
    wrong = [k for k in wanted if not (math.isfinite(means[k]) and 0 < sds[k] < math.inf)]
    if wrong:
        raise ValueError(
            f"Référence nationale inutilisable (écart-type positif exigé) : {', '.join(wrong)}."
        )
    return means, sds


def _missing_names(known: Mapping[str, BoolArray], index: pd.Index) -> pd.Series:
    """Tuple of missing domain names per row; one object for each set of missing domains."""
    names = list(known)
    pattern = np.zeros(len(index), dtype=np.int64)
    for place, name in enumerate(names):
        pattern |= np.where(known[name], 0, 1 << place)
    distinct, row = np.unique(pattern, return_inverse=True)
    labels = np.empty(len(distinct), dtype=object)
    for position, missing in enumerate(distinct.tolist()):
        labels[position] = tuple(n for place, n in enumerate(names) if missing >> place & 1)
    return pd.Series(labels[row], index=index, dtype=object)
