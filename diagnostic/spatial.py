"""Spatial clustering: neighbourhoods, global Moran, LISA and Getis-Ord, permutations and FDR.

Source: docs/methodologie.md. Moran (1950), Cliff & Ord (1981), Anselin (1995), Getis & Ord (1992) and Ord &
Getis (1995), Assunção & Reis (1999), Benjamini & Hochberg (1995), Caldas de Castro & Singer (2006).

The global statistics and their moments come from esda (the reference implementation, equal to
spdep), imported on first use because that takes two seconds. Permutations are ours: those of esda 2.9
cannot be seeded (global Moran), and its default p-values are one-sided with a tail chosen by the
data, so that a neighbourhood tied with the lowest value of the map gets the smallest p of all.
Its G changes sign when the values have a negative sum. Everything is computed in the order of the
codes, so that neither the order of the rows nor that of the pairs changes a result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from scipy.spatial import cKDTree
from scipy.stats import false_discovery_control

if TYPE_CHECKING:
    from libpysal.graph import Graph

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Nature: TypeAlias = Literal["observed", "suppressed", "smoothed", "modelled"]

GLOBAL_PERMUTATIONS, LOCAL_PERMUTATIONS, MIN_PERMUTATIONS = 999, 9_999, 999
MIN_TERRITORIES = 30
SEED = 20_260_101
NOT_SIGNIFICANT, NOT_AVAILABLE, NO_NEIGHBOUR = (
    "non significatif",
    "valeur indisponible",
    "sans voisin",
)
HIGH, LOW = "valeurs hautes", "valeurs basses"

_REFUSED: Mapping[str, str] = {
    "suppressed": "des valeurs masquées par le secret statistique, même complétées, ne disent rien"
    " du voisinage",
    "smoothed": "le lissage a déjà rapproché les voisins ; prenez la valeur brute",
    "modelled": "un calcul, comme celui de l'APL, a déjà partagé les valeurs entre voisins",
}


@dataclass(frozen=True, eq=False)
class Weights:
    """Who neighbours whom, each neighbour of a territory weighing the same.

    ``codes``: the territories, sorted. ``adjacency``: square, binary, row i = neighbours of i, no
    diagonal. ``kind``: French label to show beside any result.
    """

    codes: pd.Index
    adjacency: sparse.csr_array
    kind: str

    @property
    def degrees(self) -> IntArray:
        """Number of neighbours of each territory."""
        return np.diff(self.adjacency.indptr).astype(np.int64)

    @property
    def islands(self) -> pd.Index:
        """Codes of the territories without any neighbour."""
        return self.codes[self.degrees == 0]

    def restrict(self, kept: npt.NDArray[np.bool_]) -> Weights:
        """The same neighbourhoods among the territories where ``kept`` is True."""
        rows = np.flatnonzero(kept)
        return Weights(self.codes[kept], self.adjacency[rows][:, rows].tocsr(), self.kind)

    def graph(self) -> Graph:
        """The libpysal graph of these neighbourhoods, binary."""
        from libpysal.graph import Graph

        return Graph.from_sparse(self.adjacency.tocoo(), ids=self.codes)


@dataclass(frozen=True)
class GlobalTest:
    """One global test. ``p``: two-sided, by permutation; ``p_analytic``: two-sided, randomisation.

    ``islands``: codes set aside because they have no neighbour with a value; ``unavailable``:
    number of territories set aside for want of a value; ``n``: territories that count.
    """

    statistic: float
    expected: float
    z: float
    p_analytic: float
    p: float
    permutations: int
    seed: int
    n: int
    islands: tuple[str, ...]
    unavailable: int
    weights: str


@dataclass(frozen=True, eq=False)
class LocalTest:
    """One local test per territory, in ``table`` (index = code, in the order given).

    Columns: ``value``; ``lag`` (mean of the neighbours, same unit); ``neighbours`` (that have a
    value; missing for a territory without one); ``statistic``; ``p`` (two-sided, conditional permutation); ``p_fdr`` (Benjamini &
    Hochberg over the tested territories); ``class``. ``p_floor`` = 2 / (permutations + 1) is the
    smallest p that can be reached. ``islands``, ``unavailable``, ``n`` as in GlobalTest.
    """

    table: pd.DataFrame
    permutations: int
    seed: int
    alpha: float
    p_floor: float
    n: int
    islands: tuple[str, ...]
    unavailable: int
    weights: str


def contiguity(pairs: pd.DataFrame, codes: Iterable[str], kind: str = "contiguïté") -> Weights:
    """Neighbourhoods from pairs of touching territories (queen: a common point is enough).

    ``pairs``: columns ``code`` and ``neighbour``, in one or both directions, repeated or not.
    ``codes``: the territories under study; pairs that leave them are ignored (edge effect: say
    so), and a territory without a pair is an island. Raises ValueError, in French, when a code is
    given twice or a territory is its own neighbour.
    """
    index = _sorted_codes(codes)
    if (pairs["code"] == pairs["neighbour"]).any():
        raise ValueError("Un territoire ne peut pas être son propre voisin.")
    left, right = (index.get_indexer(pairs[name]) for name in ("code", "neighbour"))
    inside = (left >= 0) & (right >= 0)
    rows = np.concatenate([left[inside], right[inside]])
    columns = np.concatenate([right[inside], left[inside]])
    return Weights(index, _binary(rows, columns, len(index)), kind)


def nearest(coordinates: pd.DataFrame, k: int) -> Weights:
    """Neighbourhoods made of the ``k`` nearest territories, as the crow flies (not symmetric).

    ``coordinates``: one row a territory (index = code), columns ``longitude`` and ``latitude`` in
    degrees (distances on the sphere), or ``x`` and ``y`` in one projection. Ties at the last rank
    are settled the same way whatever the order of the rows. Raises ValueError, in French, for
    unknown coordinates, or unless 1 <= k < number of territories.
    """
    index = _sorted_codes(coordinates.index)
    if not 1 <= k < len(index):
        raise ValueError(f"Le nombre de voisins doit être compris entre 1 et {len(index) - 1}.")
    points = _points(coordinates.loc[index])
    found = cKDTree(points).query(points, k=k + 1)[1]
    # At one same point the tree may return others before the territory itself.
    others = found != np.arange(len(index))[:, None]
    others[others.all(axis=1), -1] = False
    columns = found[others]
    rows = np.repeat(np.arange(len(index)), k)
    plural = "s" if k > 1 else ""
    return Weights(
        index, _binary(rows, columns, len(index)), f"{k} plus proche{plural} voisin{plural}"
    )


def refuse_nature(nature: Nature, refused: Mapping[str, str], what: str) -> None:
    """ValueError, in French, when the declared nature of the values is among ``refused``."""
    if nature not in ("observed", "suppressed", "smoothed", "modelled"):
        raise ValueError(f"Nature de valeur inconnue : {nature}.")
    if nature in refused:
        raise ValueError(f"{what} : {refused[nature]}.")


def moran(
    values: pd.Series,
    weights: Weights,
    *,
    nature: Nature,
    permutations: int = GLOBAL_PERMUTATIONS,
    seed: int = SEED,
) -> GlobalTest:
    """Global Moran's I, row-standardised weights (docs/methodologie.md; Moran 1950, Cliff & Ord 1981).

    ``values``: index = the codes of ``weights``, NaN = not available. ``nature`` says what the
    values are; only "observed" is accepted. Territories without a value, then without a neighbour
    that has one, are set aside and counted. p = min(1, 2 (min(#>=, #<=) + 1) / (permutations + 1)).
    Raises ValueError, in French: fewer than 30 territories, equal values, fewer than 999
    permutations, smoothed, modelled or suppressed values.
    """
    refuse_nature(nature, _REFUSED, "Pas de test de regroupement sur ces valeurs")
    return _global_test(_usable(values, weights), permutations, seed)


def moran_rates(
    events: pd.Series,
    population: pd.Series,
    weights: Weights,
    *,
    nature: Nature,
    permutations: int = GLOBAL_PERMUTATIONS,
    seed: int = SEED,
) -> GlobalTest:
    """Global Moran's I of rates, empirical Bayes standardised (Assunção & Reis 1999; docs/methodologie.md).

    Each rate is centred on the overall rate b and divided by its own standard deviation
    sqrt(a + b / n_i), b / n_i where that sum is negative: small populations no longer make the
    map. ``events`` (counts) and ``population`` share the codes of ``weights``; a territory with
    either unknown, or nobody, is set aside. Same tests, same refusals as :func:`moran`.
    """
    refuse_nature(nature, _REFUSED, "Pas de test de regroupement sur ces valeurs")
    count, people = aligned(events, weights), aligned(population, weights)
    if (count < 0).any() or (people < 0).any():
        raise ValueError("Un nombre d'événements ou une population ne peut pas être négatif.")
    known = count.notna() & people.notna() & (people > 0)
    if not count[known].sum() > 0:
        raise ValueError("Aucun événement connu : le test n'a pas d'objet.")
    from esda.smoothing import assuncao_rate

    standardised = pd.Series(np.nan, index=weights.codes)
    standardised[known] = assuncao_rate(count[known].to_numpy(), people[known].to_numpy())
    return _global_test(_usable(standardised, weights), permutations, seed)


def lisa(
    values: pd.Series,
    weights: Weights,
    *,
    nature: Nature,
    permutations: int = LOCAL_PERMUTATIONS,
    seed: int = SEED,
    alpha: float = 0.05,
) -> LocalTest:
    """Local Moran I_i = (n - 1) z_i lag(z)_i / sum(z^2) (Anselin 1995; docs/methodologie.md).

    esda's convention: spdep's localmoran is n / (n - 1) times this. Conditional permutations: the
    value of i stays, those of all the others are drawn without replacement in its neighbourhood.
    ``class``: HH, LL, HL, LH (own value, then neighbours, against the mean) where ``p_fdr`` <=
    ``alpha``; else 'non significatif', 'valeur indisponible' or 'sans voisin'. Say "regroupement
    de valeurs proches". Run :func:`moran` first. Arguments and refusals as :func:`moran`.
    """
    refuse_nature(nature, _REFUSED, "Pas de test de regroupement sur ces valeurs")
    sample = _usable(values, weights)
    z, degrees = sample.centred, sample.weights.degrees
    lag = (sample.weights.adjacency @ z) / degrees
    p = _conditional_p(z, sample.weights, permutations, seed)
    # With a value at the mean, the statistic is 0 whatever the neighbours.
    p[np.abs(z) <= 1e-12 * np.abs(z).max()] = 1.0
    names = np.where(z > 0, np.where(lag > 0, "HH", "HL"), np.where(lag > 0, "LH", "LL"))
    statistic = (len(z) - 1) * z * lag / (z @ z)
    return _local_test(sample, statistic, p, names, (permutations, seed, alpha))


def getis_ord(
    values: pd.Series,
    weights: Weights,
    *,
    nature: Nature,
    star: bool = True,
    permutations: int = LOCAL_PERMUTATIONS,
    seed: int = SEED,
    alpha: float = 0.05,
) -> LocalTest:
    """Getis-Ord G*_i (``star``, the territory counts itself) or G_i, as z-scores (docs/methodologie.md).

    Ord & Getis (1995): (sum of the neighbours - W x mean) / (s sqrt((N W - W^2) / (N - 1))), W
    neighbours, N = n with G*, n - 1 (and mean and s without i) with G. Unlike LISA it tells high
    from low neighbourhoods, not outliers. ``class``: 'valeurs hautes' or 'valeurs basses' where
    ``p_fdr`` <= ``alpha``. Conditional permutations hold i fixed: G and G* share their p.
    Arguments and refusals as :func:`moran`.
    """
    refuse_nature(nature, _REFUSED, "Pas de test de regroupement sur ces valeurs")
    sample = _usable(values, weights)
    y, degrees = sample.centred, sample.weights.degrees
    own = y * star
    size = len(y) - 1 + star
    count = degrees + star
    mean = (y.sum() - y + own) / size
    variance = ((y @ y) - y**2 + own**2) / size - mean**2
    spread = np.sqrt(variance * count * (size - count) / (size - 1))
    excess = sample.weights.adjacency @ y + own - count * mean
    statistic = np.full(len(y), np.nan)
    np.divide(excess, spread, out=statistic, where=spread > 0)
    p = _conditional_p(y, sample.weights, permutations, seed)
    names = np.where(excess > 0, HIGH, LOW)
    return _local_test(sample, statistic, p, names, (permutations, seed, alpha))


def aligned(values: pd.Series, weights: Weights) -> pd.Series:
    """``values`` as floats in the order of ``weights.codes``; ValueError unless they match."""
    places = values.index.get_indexer(weights.codes) if values.index.is_unique else None
    if places is None or len(values) != len(weights.codes) or (places < 0).any():
        raise ValueError("Les valeurs et les voisinages ne portent pas sur les mêmes territoires.")
    ordered = values.iloc[places].astype(float)
    if np.isinf(ordered).any():
        raise ValueError("Une valeur infinie ne peut pas être analysée.")
    return ordered


@dataclass(frozen=True, eq=False)
class _Sample:
    """Territories that a test bears on: a value, and a neighbour that has one."""

    values: pd.Series  # all, in the order given
    weights: Weights  # of the sample
    centred: FloatArray  # of the sample, mean 0, standard deviation 1
    islands: tuple[str, ...]
    unavailable: int


def _usable(values: pd.Series, weights: Weights) -> _Sample:
    """The sample, once territories without a value, then without a neighbour, are set aside."""
    ordered = aligned(values, weights)
    kept = ordered.notna().to_numpy(copy=True)
    unavailable = int((~kept).sum())
    part = weights.restrict(kept)
    islands: list[str] = []
    while not part.islands.empty:
        islands += part.islands.tolist()
        kept[np.flatnonzero(kept)[part.degrees == 0]] = False
        # Setting one aside may leave another alone: nearest neighbours are not mutual.
        part = part.restrict(part.degrees > 0)
    if kept.sum() < MIN_TERRITORIES:
        raise ValueError(
            f"Il faut au moins {MIN_TERRITORIES} territoires avec une valeur et un voisin pour"
            f" chercher des regroupements ; il y en a {kept.sum()}."
        )
    y = ordered.to_numpy()[kept]
    if np.ptp(y) == 0:
        raise ValueError("Toutes les valeurs sont égales : il n'y a rien à regrouper.")
    centred = y - y.mean()
    return _Sample(values, part, centred / centred.std(), tuple(sorted(islands)), unavailable)


def _global_test(sample: _Sample, permutations: int, seed: int) -> GlobalTest:
    """Moran's I by esda, with its moments, and its seeded permutations."""
    _check_permutations(permutations)
    from esda.moran import Moran

    found = Moran(sample.centred, sample.weights.graph(), transformation="r", permutations=0)
    drawn = _permuted_moran(sample, permutations, seed)
    above = np.count_nonzero(drawn >= found.I - 1e-10)
    below = np.count_nonzero(drawn <= found.I + 1e-10)
    return GlobalTest(
        statistic=float(found.I),
        expected=float(found.EI),
        z=float(found.z_rand),
        p_analytic=float(found.p_rand),
        p=float(min(1.0, 2 * (min(above, below) + 1) / (permutations + 1))),
        permutations=permutations,
        seed=seed,
        n=len(sample.centred),
        islands=sample.islands,
        unavailable=sample.unavailable,
        weights=sample.weights.kind,
    )


def _permuted_moran(sample: _Sample, permutations: int, seed: int) -> FloatArray:
    """Moran's I of the values shuffled over the map, ``permutations`` times."""
    z = sample.centred
    standardised = sample.weights.adjacency.multiply(1 / sample.weights.degrees[:, None]).tocsr()
    random = np.random.default_rng(seed)
    drawn = np.empty(permutations)
    # One at a time: a batch of shuffled maps leaves the cache; and BLAS would wake its threads.
    for number in range(permutations):
        shuffled = random.permutation(z)
        drawn[number] = (shuffled * (standardised @ shuffled)).sum() / len(z)
    return drawn


def _conditional_p(z: FloatArray, weights: Weights, permutations: int, seed: int) -> FloatArray:
    """Two-sided p of each neighbourhood's sum, its own territory held fixed.

    Each permutation draws K + 1 distinct territories, K the largest number of neighbours. For a
    territory with k neighbours its first k are the permuted neighbourhood or, when the territory
    is one of them, the first k + 1 without it: exactly a draw among the others. Sums are thus
    shared by all territories with k neighbours, and sorted once.
    """
    _check_permutations(permutations)
    degrees = weights.degrees
    observed = weights.adjacency @ z
    random = np.random.default_rng(seed)
    drawn = _distinct(random, len(z), int(degrees.max()) + 1, permutations)
    sums = np.cumsum(z[drawn], axis=1)
    # Equal sums added in another order must count as equal.
    low, high = observed - 1e-9, observed + 1e-9
    above, below = np.zeros(len(z)), np.zeros(len(z))
    for k in np.unique(degrees):
        mine = degrees == k
        reference = np.sort(sums[:, k - 1])
        above[mine] = permutations - np.searchsorted(reference, low[mine], side="left")
        below[mine] = np.searchsorted(reference, high[mine], side="right")
    draw, rank = np.nonzero(np.arange(drawn.shape[1]) < degrees[drawn])
    place = drawn[draw, rank]
    with_self = sums[draw, degrees[place] - 1]
    without = sums[draw, degrees[place]] - z[place]
    more = (without >= low[place]).astype(float) - (with_self >= low[place])
    less = (without <= high[place]).astype(float) - (with_self <= high[place])
    above += np.bincount(place, more, len(z))
    below += np.bincount(place, less, len(z))
    p: FloatArray = np.minimum(1.0, 2 * (np.minimum(above, below) + 1) / (permutations + 1))
    return p


def _distinct(random: np.random.Generator, n: int, count: int, rows: int) -> IntArray:
    """``rows`` ordered draws of ``count`` distinct integers below ``n`` (Floyd's method)."""
    chosen = np.empty((rows, count), dtype=np.int64)
    for position, top in enumerate(range(n - count, n)):
        pick = random.integers(0, top + 1, size=rows)
        taken = (chosen[:, :position] == pick[:, None]).any(axis=1)
        chosen[:, position] = np.where(taken, top, pick)
    return random.permuted(chosen, axis=1)


def _local_test(
    sample: _Sample,
    statistic: FloatArray,
    p: FloatArray,
    names: npt.NDArray[np.str_],
    settings: tuple[int, int, float],
) -> LocalTest:
    """Result table in the order of the values given, with FDR and classes."""
    permutations, seed, alpha = settings
    if not 0 < alpha < 1:
        raise ValueError("Le seuil du test doit être compris entre 0 et 1.")
    corrected = false_discovery_control(p)
    codes, degrees = sample.weights.codes, sample.weights.degrees
    values = sample.values.loc[codes].to_numpy(dtype=float)
    tested = pd.DataFrame(
        {
            "lag": (sample.weights.adjacency @ values) / degrees,
            "neighbours": degrees,
            "statistic": statistic,
            "p": p,
            "p_fdr": corrected,
            "class": np.where(corrected <= alpha, names, NOT_SIGNIFICANT),
        },
        index=codes,
    )
    table = tested.reindex(sample.values.index)
    table.insert(0, "value", sample.values.astype(float))
    # A territory set aside has none with a value; of one without a value nothing was counted.
    alone = table["neighbours"].isna() & table["value"].notna()
    table["neighbours"] = table["neighbours"].mask(alone, 0).astype("Int64")
    table["class"] = (
        table["class"].fillna(NO_NEIGHBOUR).where(table["value"].notna(), NOT_AVAILABLE)
    )
    return LocalTest(
        table=table,
        permutations=permutations,
        seed=seed,
        alpha=alpha,
        p_floor=2 / (permutations + 1),
        n=len(codes),
        islands=sample.islands,
        unavailable=sample.unavailable,
        weights=sample.weights.kind,
    )


def _check_permutations(permutations: int) -> None:
    if permutations < MIN_PERMUTATIONS:
        raise ValueError(f"Il faut au moins {MIN_PERMUTATIONS} permutations.")


def _sorted_codes(codes: Iterable[str]) -> pd.Index:
    index = pd.Index(codes).sort_values()
    if not index.is_unique or index.hasnans:
        raise ValueError("Un territoire figure deux fois, ou n'a pas de code.")
    return index


def _binary(rows: IntArray, columns: IntArray, n: int) -> sparse.csr_array:
    """Square matrix of ones at (row, column), repeated pairs counting once."""
    matrix = sparse.coo_array((np.ones(len(rows)), (rows, columns)), shape=(n, n)).tocsr()
    matrix.sum_duplicates()
    matrix.data[:] = 1.0
    return matrix


def _points(coordinates: pd.DataFrame) -> FloatArray:
    """Planar points, or points of the unit sphere (chords rank as great circles do)."""
    names = ["longitude", "latitude"] if "longitude" in coordinates else ["x", "y"]
    absent = [name for name in names if name not in coordinates]
    if absent:
        raise ValueError("Il faut les colonnes longitude et latitude, ou x et y.")
    flat = coordinates[names].to_numpy(dtype=float, na_value=np.nan)
    unknown = ~np.isfinite(flat).all(axis=1)
    if unknown.any():
        shown = ", ".join(map(str, coordinates.index[unknown][:10]))
        raise ValueError(f"Coordonnées inconnues pour : {shown}.")
    if names == ["x", "y"]:
        return flat
    longitude, latitude = np.radians(flat).T
    return np.column_stack(
        [
            np.cos(latitude) * np.cos(longitude),
            np.cos(latitude) * np.sin(longitude),
            np.sin(latitude),
        ]
    )
