"""Social deprivation of territories: first component, FDep recalculated, F-EDI, quintiles.

Sources: docs/methodologie.md. FDep: Rey et al., *BMC Public Health* 2009, 9:33. F-EDI: Pornet et al., *J
Epidemiol Community Health* 2012, 66:982-9, table 5. A score is read on a fixed national reference:
recomputed on the territories displayed, it would change with the filter. Higher = more deprived.
NaN stands for a value that is secret or absent, never for zero: a territory with one such value
has no score.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Vector: TypeAlias = pd.Series | npt.ArrayLike

INCOME, BACHELORS, WORKERS, UNEMPLOYMENT = "revenu_median", "bacheliers", "ouvriers", "chomage"
# Sign of each variable in Rey 2009; the four definitions are those of docs/methodologie.md.
FDEP_SIGNS: Mapping[str, int] = {INCOME: -1, BACHELORS: -1, WORKERS: 1, UNEMPLOYMENT: 1}
FDEP_LABEL = "FDep recalculé (approché)"

# Pornet 2012, table 5: coefficients of the z-scored shares of the population (docs/methodologie.md).
EDI_COEFFICIENTS: Mapping[str, float] = {
    "surpeuplement": 0.11,
    "sans_chauffage": 0.34,
    "non_proprietaires": 0.55,
    "chomage": 0.47,
    "etrangers": 0.23,
    "sans_voiture": 0.52,
    "ouvriers_non_qualifies": 0.37,
    "menages_6_personnes": 0.45,
    "faible_instruction": 0.19,
    "familles_monoparentales": 0.41,
}
EDI_LABEL = "F-EDI"

_OVERSEAS = r"9[78][0-9A-Z]{3}"
_COMMUNE = r"[0-9][0-9AB][0-9]{3}"
_SHOWN = 5
_DIGITS = 9


@dataclass(frozen=True)
class FirstComponent:
    """First principal component.

    ``scores``: one per territory, NaN where a variable is missing; variance = ``share`` x number of
    variables over the weighted population. ``loadings``: unit vector, one per variable. ``share``:
    share of inertia, 0 to 1. ``reference``: ``mean`` and ``sd`` per variable, weighted. ``known``:
    territories that took part. ``imputed``: at least one value came from the fallback.
    """

    scores: pd.Series
    loadings: pd.Series
    share: float
    reference: pd.DataFrame
    known: int
    imputed: pd.Series


@dataclass(frozen=True)
class QuantileClasses:
    """Classes 1 to k (k = most deprived) and what they really hold.

    ``classes``: float, NaN where the score is unknown or the territory is not among those cut.
    ``shares``: one row a class, columns ``territories``, ``population``, ``share`` (of the
    population classed), ``lowest`` and ``highest`` score. ``unclassed``: territories among those
    cut that have no score.
    """

    classes: pd.Series
    shares: pd.DataFrame
    unclassed: int


def reference_of(frame: pd.DataFrame, weights: Vector) -> pd.DataFrame:
    """Population-weighted mean and standard deviation of each column (docs/methodologie.md).

    ``frame``: one row a territory; ``weights``: inhabitants. sd divides by the total weight (no
    degree of freedom taken off). Each column uses the territories where it is known. Index: column
    names; columns ``mean``, ``sd``. Raises ValueError, in French, for weights that are unusable and
    for a column that never varies.
    """
    values = _matrix(frame)
    some = np.asarray(~np.isnan(values).all(axis=1))
    people = _weights_of(weights, frame, some)
    mass = np.where(np.isnan(values), 0.0, people[:, None])
    total = mass.sum(axis=0)
    if not (total > 0).all():
        raise ValueError(f"Aucune valeur connue pour : {_names(frame.columns[total <= 0])}.")
    filled = np.where(mass > 0, values, 0.0)
    means = (mass * filled).sum(axis=0) / total
    centred = np.where(mass > 0, filled - means, 0.0)
    sds = np.sqrt((mass * centred**2).sum(axis=0) / total)
    flat = sds <= 1e-12 * np.abs(filled).max(axis=0)
    if flat.any():
        raise ValueError(
            f"La variable ne varie pas entre territoires : {_names(frame.columns[flat])}."
        )
    return pd.DataFrame({"mean": means, "sd": sds}, index=frame.columns)


def first_component(
    frame: pd.DataFrame, weights: Vector, anchor: str | None = None
) -> FirstComponent:
    """Population-weighted first principal component (docs/methodologie.md, after Rey 2009).

    ``frame``: one row a territory, one column a variable, NaN = not available. ``weights``:
    inhabitants. z-scores with weighted mean and sd, weighted correlation matrix, first eigenvector;
    only territories with every variable count. Score = z x loadings, NaN otherwise.

    Sign: ``anchor`` loads positively; by default ``chomage`` when there is such a column, else the
    variable of the largest loading in absolute value. Raises ValueError, in French, when the
    component or its sign is not determined, or for ill-formed inputs.
    """
    values = _matrix(frame)
    complete = np.asarray(~np.isnan(values).any(axis=1))
    people = np.where(complete, _weights_of(weights, frame, complete), 0.0)
    if values.shape[1] < 2 or np.count_nonzero(people) < 3:
        raise ValueError(
            "Il faut au moins deux variables et trois territoires peuplés et complets pour une"
            " composante principale."
        )
    reference = reference_of(frame[complete], people[complete])
    z = (values - reference["mean"].to_numpy()) / reference["sd"].to_numpy()
    known, share_of = z[complete], people[complete] / people.sum()
    eigenvalues, vectors = np.linalg.eigh((known * share_of[:, None]).T @ known)
    if eigenvalues[-1] - eigenvalues[-2] < 1e-9:
        raise ValueError("Les deux premières composantes se valent : la première n'a pas de sens.")
    loadings = _oriented(pd.Series(vectors[:, -1], index=frame.columns, name="loading"), anchor)
    return FirstComponent(
        scores=pd.Series(z @ loadings.to_numpy(), index=frame.index, name="score"),
        loadings=loadings,
        share=float(eigenvalues[-1] / values.shape[1]),
        reference=reference,
        known=int(complete.sum()),
        imputed=pd.Series(False, index=frame.index),
    )


def fdep(
    frame: pd.DataFrame, population: Vector, fallback: pd.DataFrame | None = None
) -> FirstComponent:
    """FDep recalculated, to be shown as :data:`FDEP_LABEL`, never as the published index.

    Rey 2009 (docs/methodologie.md): first component, weighted by population, of the communes of metropolitan
    France. ``frame``: index = commune codes, columns ``revenu_median`` (declared income per
    consumption unit), ``bacheliers``, ``ouvriers``, ``chomage`` (shares, any common unit).
    ``fallback``: same shape, the canton's values, taken where the commune's are missing (Rey's
    rule) and flagged in ``imputed``. Another level = population-weighted mean of the communes
    (:func:`diagnostic.aggregation.mean`).

    Unemployment loads positively and income enters with a minus sign: the four signs - income,
    - bac, + workers, + unemployment must be found, else ValueError. So do overseas communes and
    codes that are not communes': the index is not defined there.
    """
    table = _columns(frame, list(FDEP_SIGNS))
    _check_communes(table.index)
    imputed = pd.Series(False, index=table.index)
    if fallback is not None:
        given = _columns(fallback, list(FDEP_SIGNS)).reindex(table.index)
        imputed = (table.isna() & given.notna()).any(axis=1)
        table = table.fillna(given)
    component = first_component(table, population, anchor=UNEMPLOYMENT)
    wrong = [name for name, sign in FDEP_SIGNS.items() if component.loadings[name] * sign <= 0]
    if wrong:
        raise ValueError(
            f"Le signe attendu d'un FDep n'est pas retrouvé pour : {', '.join(wrong)}. Vérifiez la"
            " variable, et calculez l'indice sur toute la France métropolitaine."
        )
    return FirstComponent(
        scores=component.scores.rename(FDEP_LABEL),
        loadings=component.loadings,
        share=component.share,
        reference=component.reference,
        known=component.known,
        imputed=imputed,
    )


def edi(frame: pd.DataFrame, reference: pd.DataFrame) -> pd.Series:
    """F-EDI: sum of the published coefficients x z-scores (Pornet 2012, table 5; docs/methodologie.md).

    ``frame``: one column for each of :data:`EDI_COEFFICIENTS`, shares in any unit. ``reference``:
    ``mean`` and ``sd`` per variable, national (:func:`reference_of` on the whole country). NaN when
    a variable is missing. Raises ValueError, in French, for absent variables or references.
    """
    table = _columns(frame, list(EDI_COEFFICIENTS))
    absent = [name for name in EDI_COEFFICIENTS if name not in reference.index]
    if absent:
        raise ValueError(f"Référence nationale absente pour : {', '.join(absent)}.")
    means, sds = (
        reference.loc[list(EDI_COEFFICIENTS), column].to_numpy(dtype=float)
        for column in ("mean", "sd")
    )
    if not (np.isfinite(means) & np.isfinite(sds) & (sds > 0)).all():
        raise ValueError("Référence nationale inutilisable : écart-type positif exigé.")
    z = (_matrix(table) - means) / sds
    coefficients = np.array(list(EDI_COEFFICIENTS.values()))
    return pd.Series(z @ coefficients, index=frame.index, name=EDI_LABEL)


def weighted_quantile_class(
    score: pd.Series, population: Vector, k: int = 5, among: Vector | None = None
) -> QuantileClasses:
    """Population-weighted quantile classes: k (5 = Q5) is the most deprived (docs/methodologie.md).

    ``score``: higher = more deprived; ``population``: inhabitants. ``among``: booleans, the
    territories to cut between; all of them by default (national cut), those of the perimeter for a
    local cut, the others getting NaN. Territories are sorted by score; equal scores make one block;
    class = 1 + floor(k x m), m = share of the population below the middle of the block. A large
    city may fill a class, and leave another empty: ``shares`` says what each class really holds.
    Classes weigh inhabitants (QUINTILE_POP), not communes (QUINTILE_COM).
    """
    if k < 2:
        raise ValueError("Il faut au moins deux classes.")
    values = score.to_numpy(dtype=float, na_value=np.nan)
    if np.isinf(values).any():
        raise ValueError("Un score ne peut pas être infini.")
    chosen = _mask(among, score)
    cut = chosen & ~np.isnan(values)
    people = _weights_of(population, score.to_frame(), cut)[cut]
    if not people.sum() > 0:
        raise ValueError("Aucun habitant dans un territoire de score connu : classes impossibles.")
    block = np.unique(values[cut], return_inverse=True)[1]
    mass = np.bincount(block, weights=people)
    middle = (np.cumsum(mass) - mass / 2) / mass.sum()
    # A block centred on a boundary up to rounding goes above it, whatever the order of the sum.
    number = np.minimum(np.floor(np.round(k * middle, _DIGITS)), k - 1) + 1
    classes = np.full(len(values), np.nan)
    classes[cut] = number[block]
    return QuantileClasses(
        classes=pd.Series(classes, index=score.index, name="classe"),
        shares=_shares(classes[cut], values[cut], people, k),
        unclassed=int((chosen & ~cut).sum()),
    )


def disadvantage_rank(classes: pd.Series, k: int = 5) -> pd.Series:
    """Classes (k = most deprived) as ranks of :mod:`diagnostic.inequality`: 1 = most disadvantaged.

    rank = k + 1 - class; NaN stays NaN. The same function turns ranks into classes. Raises
    ValueError for a number out of 1 to k.
    """
    known = classes.dropna()
    if not known.between(1, k).all():
        raise ValueError(f"Une classe est hors de 1 à {k}.")
    return k + 1 - classes


def _oriented(loadings: pd.Series, anchor: str | None) -> pd.Series:
    """Loadings whose anchor is positive."""
    if anchor is None:
        anchor = UNEMPLOYMENT if UNEMPLOYMENT in loadings.index else str(loadings.abs().idxmax())
    if anchor not in loadings.index:
        raise ValueError(f"La variable d'orientation {anchor} est absente du tableau.")
    if abs(loadings[anchor]) < 1e-9:
        raise ValueError(f"La composante ne dépend pas de {anchor} : son sens est indéterminé.")
    oriented: pd.Series = loadings * math.copysign(1.0, loadings[anchor])
    return oriented


def _shares(classes: FloatArray, values: FloatArray, people: FloatArray, k: int) -> pd.DataFrame:
    """Territories, population, share and extreme scores of each class, empty classes included."""
    table = pd.DataFrame({"class": classes.astype(int), "score": values, "population": people})
    grouped = table.groupby("class")
    shares = pd.DataFrame(
        {
            "territories": grouped.size(),
            "population": grouped["population"].sum(),
            "lowest": grouped["score"].min(),
            "highest": grouped["score"].max(),
        }
    ).reindex(range(1, k + 1))
    counts = shares[["territories", "population"]].fillna(0.0)
    shares["territories"] = counts["territories"].astype(int)
    shares["population"] = counts["population"]
    shares["share"] = counts["population"] / people.sum()
    return shares[["territories", "population", "share", "lowest", "highest"]]


def _check_communes(codes: pd.Index) -> None:
    """Refuse what is not a commune of metropolitan France."""
    text = codes.astype(str)
    overseas = text[text.str.fullmatch(_OVERSEAS)]
    if len(overseas):
        raise ValueError(
            "Le FDep n'est défini qu'en France métropolitaine. Retirez les communes d'outre-mer :"
            f" {_names(overseas)}."
        )
    other = text[~text.str.fullmatch(_COMMUNE)]
    if len(other):
        raise ValueError(
            f"Le FDep se calcule sur des communes, ce que ne sont pas : {_names(other)}. Pour un"
            " autre échelon, faites la moyenne des communes pondérée par la population."
        )


def _columns(frame: pd.DataFrame, wanted: list[str]) -> pd.DataFrame:
    absent = [name for name in wanted if name not in frame.columns]
    if absent:
        raise ValueError(f"Variable absente du tableau : {', '.join(absent)}.")
    return frame[wanted]


def _matrix(frame: pd.DataFrame) -> FloatArray:
    """The frame as floats, after checking its labels and values."""
    if not frame.index.is_unique or not frame.columns.is_unique:
        raise ValueError("Un territoire ou une variable figure deux fois dans le tableau.")
    values = frame.to_numpy(dtype=float, na_value=np.nan)
    if np.isinf(values).any():
        raise ValueError(
            f"Valeur infinie dans la variable : {_names(frame.columns[np.isinf(values).any(axis=0)])}."
        )
    return values


def _weights_of(weights: Vector, frame: pd.DataFrame, needed: BoolArray) -> FloatArray:
    """Weights as floats, known and non-negative where needed, 0 elsewhere."""
    if isinstance(weights, pd.Series) and not weights.index.equals(frame.index):
        raise ValueError("La population et les valeurs ne portent pas sur les mêmes territoires.")
    people = pd.Series(weights).to_numpy(dtype=float, na_value=np.nan)
    if people.shape != needed.shape:
        raise ValueError("La population et les valeurs n'ont pas la même longueur.")
    if not (np.isfinite(people[needed]) & (people[needed] >= 0)).all():
        raise ValueError("La population de chaque territoire doit être connue, positive ou nulle.")
    return np.where(needed, people, 0.0)


def _mask(among: Vector | None, score: pd.Series) -> BoolArray:
    """Territories to cut between."""
    if among is None:
        return np.ones(len(score), dtype=bool)
    if isinstance(among, pd.Series) and not among.index.equals(score.index):
        raise ValueError("Le périmètre et les scores ne portent pas sur les mêmes territoires.")
    chosen = np.asarray(among)
    if chosen.shape != (len(score),) or chosen.dtype != bool:
        raise ValueError("Le périmètre se donne par un vrai ou un faux pour chaque territoire.")
    return chosen


def _names(labels: pd.Index) -> str:
    """The first labels, as a sentence shows them."""
    shown = ", ".join(map(str, labels[:_SHOWN]))
    return shown + ("…" if len(labels) > _SHOWN else "")
