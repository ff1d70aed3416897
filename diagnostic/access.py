"""Access to care: floating catchments (2SFCA, E2SFCA, 3SFCA) and what a change of supply would do.

Source: docs/methodologie.md. Luo & Wang (2003) for 2SFCA, Luo & Qi (2009) for E2SFCA, Wan, Zou & Sternberg
(2012) for 3SFCA; Barlet et al. (DREES, 2012) for the APL. With supply S_j, demand P_i, travel time
d_ij and decay w:

    R_j = S_j / sum_i w(d_ij) P_i,    A_i = sum_j w(d_ij) R_j

All supply that somebody reaches is shared out: sum_i P_i A_i = sum_j S_j. The published APL stays
the product's figure; this module only says how it would move.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]

_SHOWN = 10


class CatchmentNotLoaded(ValueError):
    """A catchment reaches territories whose figures are not loaded; the message is French."""

    def __init__(self, missing: str, codes: Iterable[object]) -> None:
        self.codes = tuple(sorted(map(str, codes)))
        shown = ", ".join(self.codes[:_SHOWN]) + ("…" if len(self.codes) > _SHOWN else "")
        super().__init__(
            f"La zone d'attraction atteint des territoires {missing} : {shown}."
            " Chargez-les, ou réduisez le périmètre du calcul : sans eux le résultat serait faux."
        )


@dataclass(frozen=True)
class Decay:
    """Weight of a pair by its travel cost: ``shape(costs)`` up to ``limit`` included, then 0.

    ``name``: French label to show beside any result. ``shape`` takes and returns an array; its
    weights must be finite and >= 0 up to ``limit``, which is in the unit of the costs.
    """

    name: str
    limit: float
    shape: Callable[[FloatArray], FloatArray]

    def weigh(self, costs: FloatArray) -> FloatArray:
        """Weights of ``costs``; ValueError, in French, when a cost or a weight makes no sense."""
        if not (costs >= 0).all():
            raise ValueError("Un temps de trajet est inconnu ou négatif.")
        weights = np.zeros(len(costs))
        within = costs <= self.limit
        weights[within] = self.shape(costs[within])
        if not (np.isfinite(weights) & (weights >= 0)).all():
            raise ValueError(f"La décroissance « {self.name} » donne un poids négatif ou infini.")
        return weights


def steps(by_limit: Mapping[float, float], name: str = "par paliers") -> Decay:
    """E2SFCA steps: {upper limit, included: weight}; 0 beyond the last."""
    if not by_limit:
        raise ValueError("Donnez au moins un palier.")
    limits = np.array(sorted(by_limit), dtype=float)
    weights = np.array([by_limit[limit] for limit in sorted(by_limit)], dtype=float)
    return Decay(name, float(limits[-1]), lambda costs: weights[np.searchsorted(limits, costs)])


def binary(limit: float) -> Decay:
    """2SFCA: 1 up to ``limit`` included, 0 beyond."""
    return Decay(f"tout ou rien à {_french(limit)}", float(limit), np.ones_like)


def gaussian(sigma: float, limit: float) -> Decay:
    """exp(-cost^2 / (2 sigma^2)) up to ``limit`` included, 0 beyond."""
    if not sigma > 0:
        raise ValueError("L'étendue de la décroissance gaussienne doit être positive.")
    return Decay(
        f"gaussienne {_french(sigma)}",
        float(limit),
        lambda costs: np.exp(-(costs**2) / (2 * sigma**2)),
    )


# Sheet « Paramètres » of the DREES workbooks; 2012 : Barlet et al., Études et Résultats 795.
APL_2015 = steps({10: 1, 15: 2 / 3, 20: 1 / 3}, "APL de la DREES depuis 2015")
APL_2012 = steps({5: 1, 10: 0.3, 15: 0.1}, "APL de la DREES en 2012")


def floating_catchment(
    supply: pd.Series,
    demand: pd.Series,
    costs: pd.DataFrame,
    decay: Decay,
    *,
    selection: bool = False,
    exhaustive: bool = False,
) -> pd.Series:
    """Accessibility of each origin: units of supply per unit of demand (docs/methodologie.md).

    ``supply``: index = destination, >= 0 (a place without any professional is a 0 to give);
    ``demand``: index = origin, >= 0; ``costs``: columns ``origin``, ``destination``, ``cost``, one
    row a pair, a territory's own included. ``decay``: :data:`APL_2015`, :func:`steps` (E2SFCA),
    :func:`binary` (2SFCA), :func:`gaussian`. ``selection``: 3SFCA, each pair weighing w x G, with
    G_ij = w_ij / sum_j w_ij the chance that i chooses j.

    Result in the order of ``demand``. An origin that ``costs`` does not list is unknown, NaN; one
    whose pairs are all beyond the limit is at 0. With ``exhaustive`` (``costs`` holds every pair
    within the limit, for all) an origin not listed is at 0 too. An unknown supply or demand makes
    unknown, NaN, every origin whose result depends on it. An origin without demand that alone
    reaches a supply is NaN. Raises CatchmentNotLoaded when a pair within the limit has an origin
    without demand or a destination without supply, ValueError for ill-formed inputs.
    """
    links = _links(supply, demand, costs, decay, selection)
    result = links.accessibility(_amounts(supply, "offre"), links.reached_demand(demand))
    if not exhaustive:
        result[~links.listed] = np.nan
    return pd.Series(result, index=demand.index, name="accessibility")


@dataclass(frozen=True, eq=False)
class WhatIf:
    """Effect of a change of supply; ``table`` has one row an origin, in the order of demand.

    Columns: ``published``; ``before`` and ``after`` (catchment, in supply per demand); ``relative``
    (after / before - 1); ``estimated`` (published x (1 + relative)); ``difference`` (estimated -
    published); ``population``; ``concerned``. ``losing`` and ``gaining``: inhabitants of the origins
    whose access falls or rises (NaN when one of their populations is unknown).
    """

    table: pd.DataFrame
    losing: float
    gaining: float


def what_if(
    published: pd.Series,
    supply: pd.Series,
    changes: pd.Series,
    demand: pd.Series,
    costs: pd.DataFrame,
    decay: Decay = APL_2015,
    *,
    covered: Collection[str] | None,
    population: pd.Series | None = None,
    selection: bool = False,
) -> WhatIf:
    """Published accessibility after professionals leave or arrive (docs/methodologie.md).

    ``published``: the APL by origin (NaN or not listed = not published, stays NaN). ``changes``:
    units of supply added (> 0) or removed (< 0) by destination. ``population``: inhabitants, for
    the counts of people (default: ``demand``). The other arguments: :func:`floating_catchment`.

    Hypotheses, to show with any result: the relative change of our catchment applies to the
    published value; demand, its age weights and travel times stay; the others neither work more
    nor move; patients spread as ``decay`` says. Accessibility is linear in supply, so that an
    origin that reaches no change keeps exactly its published value. Where the catchment was at 0
    and gains, the relative change has no meaning: NaN.

    ``covered``: codes whose every pair within the limit, as origin and as destination, is in
    ``costs``; None = ``costs`` is the whole country's. Origins reaching a change, the destinations
    that they reach and the changes themselves must be covered, or CatchmentNotLoaded is raised: a
    neighbour left out would be counted as an absence of patients or of doctors. ValueError for a
    supply made negative, an unknown change or place, ill-formed inputs.
    """
    amounts = _amounts(supply, "offre")
    added = _changes(changes, supply, amounts)
    links = _links(supply, demand, costs, decay, selection)
    _check_covered(links, added != 0, covered)
    reached = links.reached_demand(demand)
    before = links.accessibility(amounts, reached)
    before[~links.listed] = np.nan
    moved = links.accessibility(added, reached)
    relative = np.full(len(before), np.nan)
    np.divide(moved, before, out=relative, where=before > 0)
    relative[moved == 0] = 0.0
    value = published.reindex(demand.index).to_numpy(dtype=float, na_value=np.nan)
    people = demand if population is None else population.reindex(demand.index)
    table = pd.DataFrame(
        {
            "published": value,
            "before": before,
            "after": before + moved,
            "relative": relative,
            "estimated": value + value * relative,
            "difference": value * relative,
            "population": people.to_numpy(dtype=float, na_value=np.nan),
            "concerned": moved != 0,
        },
        index=demand.index,
    )
    losing, gaining = (
        float(table.loc[mask, "population"].sum(skipna=False)) for mask in (moved < 0, moved > 0)
    )
    return WhatIf(table, losing, gaining)


@dataclass(frozen=True, eq=False)
class _Links:
    """Weights w_ij: one row an origin (in the order of demand), one column a destination."""

    weight: sparse.csr_array  # positive weights only
    origins: pd.Index
    destinations: pd.Index
    listed: BoolArray  # origins that the costs list, at any distance

    def reached_demand(self, demand: pd.Series) -> FloatArray:
        """Weighted demand in the catchment of each destination: sum_i w_ij P_i."""
        reached: FloatArray = self.weight.T @ _amounts(demand, "demande")
        return reached

    def accessibility(self, supply: FloatArray, reached: FloatArray) -> FloatArray:
        """sum_j w_ij S_j / reached_j. A supply of 0 gives 0 whoever is around."""
        ratio = np.full(len(supply), np.nan)
        np.divide(supply, reached, out=ratio, where=reached > 0)
        ratio[supply == 0] = 0.0
        result: FloatArray = self.weight @ ratio
        return result


def _french(number: float) -> str:
    """A number with a decimal comma."""
    return f"{number:g}".replace(".", ",")


def _links(
    supply: pd.Series, demand: pd.Series, costs: pd.DataFrame, decay: Decay, selection: bool
) -> _Links:
    """Pairs of positive weight, checked."""
    if not supply.index.is_unique or not demand.index.is_unique:
        raise ValueError("Un territoire figure deux fois dans l'offre ou dans la demande.")
    absent = [name for name in ("origin", "destination", "cost") if name not in costs]
    if absent:
        raise ValueError(f"Colonne absente des temps de trajet : {', '.join(absent)}.")
    weight = decay.weigh(costs["cost"].to_numpy(dtype=float, na_value=np.nan))
    origin, destination = (
        _positions(costs[name], index)
        for name, index in (("origin", demand.index), ("destination", supply.index))
    )
    listed = np.zeros(len(demand), dtype=bool)
    listed[origin[origin >= 0]] = True
    used = weight > 0
    for name, place, missing in (
        ("origin", origin, "dont la population n'est pas chargée"),
        ("destination", destination, "dont l'offre n'est pas chargée"),
    ):
        unknown = used & (place < 0)
        if unknown.any():
            raise CatchmentNotLoaded(missing, costs.loc[unknown, name].unique())
    pairs = (origin[used], destination[used])
    matrix = sparse.coo_array((weight[used], pairs), shape=(len(demand), len(supply))).tocsr()
    if matrix.nnz < len(pairs[0]):
        raise ValueError("Un même trajet figure deux fois.")
    if selection:
        # G_ij w_ij = w_ij^2 / sum_j w_ij
        total = np.repeat(matrix.sum(axis=1), np.diff(matrix.indptr))
        matrix.data = matrix.data**2 / total
    return _Links(matrix, demand.index, supply.index, listed)


def _positions(codes: pd.Series, index: pd.Index) -> IntArray:
    """Position of each code in ``index``, -1 when it is not there."""
    number, distinct = pd.factorize(codes)
    if (number < 0).any():
        raise ValueError("Un trajet n'a pas de code d'origine ou de destination.")
    places: IntArray = index.get_indexer(pd.Index(distinct))
    return places[number]


def _amounts(values: pd.Series, what: str) -> FloatArray:
    """Supply or demand as floats, after checking them."""
    amounts = values.to_numpy(dtype=float, na_value=np.nan)
    if np.isinf(amounts).any() or (amounts < 0).any():
        raise ValueError(f"Une {what} est un nombre positif ou nul.")
    return amounts


def _changes(changes: pd.Series, supply: pd.Series, amounts: FloatArray) -> FloatArray:
    """Changes in the order of ``supply``, 0 where none is asked, after checking them."""
    unknown = changes.index.difference(supply.index)
    if len(unknown) or not changes.index.is_unique:
        shown = ", ".join(map(str, unknown[:_SHOWN])) or "un lieu figure deux fois"
        raise ValueError(f"Changement d'offre en un lieu inconnu de l'offre : {shown}.")
    asked = changes.to_numpy(dtype=float, na_value=np.nan)
    if not np.isfinite(asked).all():
        raise ValueError("Un changement d'offre doit être un nombre.")
    added = np.zeros(len(supply))
    added[supply.index.get_indexer(changes.index)] = asked
    if (amounts + added < 0).any():
        short = ", ".join(map(str, supply.index[amounts + added < 0][:_SHOWN]))
        raise ValueError(f"On ne peut pas retirer plus que l'offre présente : {short}.")
    if np.isnan(amounts[added != 0]).any():
        raise ValueError("L'offre actuelle d'un lieu du changement est inconnue.")
    return added


def _check_covered(links: _Links, changed: BoolArray, covered: Collection[str] | None) -> None:
    """CatchmentNotLoaded unless the pairs that the change bears on are all known."""
    reached = links.weight.T @ np.ones(len(links.origins)) > 0
    if not reached[changed].all():
        shown = ", ".join(map(str, links.destinations[changed & ~reached][:_SHOWN]))
        raise ValueError(f"Aucun trajet chargé ne mène au lieu du changement : {shown}.")
    if covered is None:
        return
    origins = links.weight @ changed.astype(float) > 0
    destinations = links.weight.T @ origins.astype(float) > 0
    needed = links.origins[origins].union(links.destinations[destinations])
    beyond = needed[~needed.isin(list(covered))]
    if len(beyond):
        raise CatchmentNotLoaded("dont tous les trajets ne sont pas chargés", beyond)
