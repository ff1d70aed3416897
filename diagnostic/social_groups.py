"""Groups of people placed on a social scale: checks of their figures, positions, reference."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

FloatArray: TypeAlias = npt.NDArray[np.float64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]
Vector: TypeAlias = pd.Series | pd.DataFrame | npt.ArrayLike

MIN_GROUPS = 3
SEED = 20_261_123


def midrank(population: Vector, rank: Vector | None = None) -> FloatArray:
    """Position X_j of each group between 0 (most disadvantaged) and 1 (most advantaged).

    X_j = share of the population in more disadvantaged groups + half the group's own share
    (docs/methodologie.md; a ridit, Bross 1958). ``rank``: 1 = most disadvantaged; equal ranks share one
    position. Without it the groups come in order. Raises ValueError for an unknown population or
    rank.
    """
    people = checked_population(population)
    if rank is None:
        share = people / people.sum()
        return np.asarray(np.cumsum(share) - share / 2, dtype=float)
    order = checked_ranks(rank, people)
    _, group = np.unique(order, return_inverse=True)
    share = np.bincount(group, weights=people) / people.sum()
    return np.asarray((np.cumsum(share) - share / 2)[group], dtype=float)


def check_labels(*vectors: object) -> None:
    """ValueError when two labelled columns do not bear on the same groups in the same order."""
    labels = [v.index for v in vectors if isinstance(v, (pd.Series, pd.DataFrame))]
    if any(not index.equals(labels[0]) for index in labels):
        raise ValueError("Les colonnes ne portent pas sur les mêmes groupes, dans le même ordre.")


def checked_population(population: Vector) -> FloatArray:
    """Population as an array, every number known and somebody living there."""
    people = _array(population)
    if not (np.isfinite(people) & (people >= 0)).all():
        raise ValueError("La population de chaque groupe doit être connue, positive ou nulle.")
    if not (people.sum(axis=0) > 0).all():
        raise ValueError("Aucun habitant dans ces groupes : aucune inégalité à mesurer.")
    return people


def checked_values(value: Vector, people: FloatArray | None = None) -> FloatArray:
    """Values as an array, NaN = missing, never infinite."""
    y = _array(value) if people is None else _one_a_group(value, people)
    if np.isinf(y).any():
        raise ValueError("La valeur d'un groupe ne peut pas être infinie.")
    return y


def checked_errors(errors: FloatArray) -> FloatArray:
    """The same array, once no standard error is negative or infinite (NaN = unknown)."""
    if (errors < 0).any() or np.isinf(errors).any():
        raise ValueError("Une erreur type est un nombre positif ou nul.")
    return errors


def standard_errors(errors: Vector | None, people: FloatArray) -> FloatArray | None:
    """Standard errors as an array as long as the population, or None."""
    return None if errors is None else checked_errors(_one_a_group(errors, people))


def checked_ranks(rank: Vector, people: FloatArray) -> FloatArray:
    """Ranks as an array as long as the population, all known."""
    order = _one_a_group(rank, people)
    if not np.isfinite(order).all():
        raise ValueError("Le rang de chaque groupe doit être connu (1 = le plus défavorisé).")
    return order


def check_proportions(known: FloatArray, scale: float) -> None:
    """ValueError unless the values are proportions, ``scale`` being worth a proportion of 1."""
    if not 0 < scale < math.inf:
        raise ValueError("L'échelle d'une proportion est un nombre positif (1, 100 ou 1 000).")
    if ((known < 0) | (known > scale)).any():
        raise ValueError(
            f"Une valeur sort de l'intervalle 0 à {scale:g} : ce n'est pas une proportion"
            " sur l'échelle donnée."
        )


def reference_position(reference: object, value: Vector, length: int) -> int | None:
    """Position of the reference group: from its label, its position or one True per group."""
    if reference is None:
        return None
    if isinstance(reference, (pd.Series, np.ndarray, list, tuple)):
        mask = np.asarray(reference).astype(bool)
        if mask.shape != (length,) or mask.sum() != 1:
            raise ValueError("Désignez un seul groupe de référence parmi les groupes.")
        return int(mask.argmax())
    if isinstance(value, pd.Series):
        found = np.flatnonzero(value.index == reference)
        if found.size == 1:
            return int(found[0])
    elif isinstance(reference, (int, np.integer)) and 0 <= reference < length:
        return int(reference)
    raise ValueError(
        "Le groupe de référence ne figure pas, ou pas une seule fois, parmi les groupes."
    )


def normal_quantile(level: float) -> float:
    """Multiplier of the standard error for a two-sided interval of this level (1.96 for 95 %)."""
    if not 0 < level < 1:
        raise ValueError("Le niveau de confiance est compris entre 0 et 1.")
    return NormalDist().inv_cdf(0.5 + level / 2)


def top_weights(people: FloatArray, rank: FloatArray) -> FloatArray:
    """Weights of the mean of the most advantaged group, or groups if several tie."""
    top = (people > 0) & (rank == rank[people > 0].max())
    return np.where(top, people, 0.0) / people[top].sum()


def bottom_weights(people: FloatArray, rank: FloatArray) -> FloatArray:
    """Weights of the mean of the most disadvantaged group, or groups if several tie."""
    return top_weights(people, -rank)


def unit_weights(length: int, position: int) -> FloatArray:
    """Weight 1 on one group."""
    weights = np.zeros(length)
    weights[position] = 1.0
    return weights


def _array(numbers: Vector) -> FloatArray:
    """Float array of the same shape, missing = NaN (nullable columns included)."""
    if isinstance(numbers, (pd.Series, pd.DataFrame)):
        return np.asarray(numbers.to_numpy(dtype=float, na_value=np.nan))
    return np.asarray(numbers, dtype=float)


def _one_a_group(numbers: Vector, people: FloatArray) -> FloatArray:
    array = _array(numbers)
    if array.shape != people.shape or array.ndim != 1:
        raise ValueError("Il faut un nombre par groupe, autant que de populations.")
    return array
