"""Cut a series of values into map classes, name them in French, colour them and the rest.

Natural breaks come from mapclassify, loaded when they are asked for: it brings scikit-learn and
Matplotlib, more than a second before a first map. What this module adds: ties and short series
never give an empty or a duplicated class, a value always has exactly one class, and the colours of
two neighbouring classes always differ in luminance, so that a map printed in grey stays readable.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

SCHEMES: Mapping[str, str] = MappingProxyType(
    {
        "quantiles": "Effectifs égaux (quantiles)",
        "jenks": "Ruptures naturelles (Jenks)",
        "egales": "Amplitudes égales",
        "ecart_type": "Écarts-types à la moyenne",
        "comparateur": "Autour de la comparaison",
        "seuils": "Seuils fixés",
    }
)

# Tied values and the absence of numba are ordinary here, and no reader of the terminal can act
# on them. Message filters, since `warnings.catch_warnings` is not safe between threads.
for _message in ("Not enough unique values", "Numba not installed"):
    warnings.filterwarnings("ignore", message=_message, category=UserWarning)

MIN_CLASSES = 3
MAX_CLASSES = 7

# Schemes read on each side of a middle, with as many classes on both: 2, 4 or 6.
TWO_SIDED = ("ecart_type", "comparateur")

NO_CLASS = -1

# What a polygon shows, in one character; see `class_characters`.
OUTSIDE, INSIDE, SECRET, ABSENT = "x", "i", "s", "a"
# Seven classes at most for one indicator, nine cells for two that are crossed.
OK_CHARACTERS = "012345678"
APPROX_CHARACTERS = "ABCDEFGHI"

PERIMETER_COLOUR = "#a9c4dc"
ABSENT_COLOUR = "#c3c7cd"
OUTSIDE_COLOUR = "#f3f4f6"
HATCH_COLOUR = "#6d7580"
INK = "#1f2933"

# Jenks is quadratic in pure Python (0.3 s for 400 values, 4 s for 1 500): above this size the
# breaks are searched on values taken at regular ranks, which keeps the distribution and, unlike
# a random sample, always gives the same map.
_JENKS_SIZE = 400

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Classes:
    """The classes of a map.

    `bounds` holds k + 1 strictly ascending edges for k classes; class i is ]bounds[i],
    bounds[i + 1]], and the first class also holds its lower edge. Edges run from the smallest to
    the largest value, but with the scheme `seuils`, whose end classes are open (-inf and +inf):
    a threshold means the same thing on every territory. `counts` holds the number of classified
    values per class. `below` is the number of classes under the middle of a two-sided scheme.
    """

    scheme: str
    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    below: int | None = None

    def __post_init__(self) -> None:
        if len(self.bounds) != len(self.counts) + 1 or not self.counts:
            raise ValueError("Il faut une borne de plus que de classes, et au moins une classe.")
        if any(low >= high for low, high in pairwise(self.bounds)):
            raise ValueError("Les bornes des classes doivent être strictement croissantes.")

    @property
    def size(self) -> int:
        """Number of classes."""
        return len(self.counts)

    def assign(self, values: npt.ArrayLike) -> npt.NDArray[np.int_]:
        """Class index (0 to k - 1) of each value, -1 where the value is missing or infinite.

        A value equal to an upper bound belongs to the lower class; a value outside the bounds
        gets the nearest end class.
        """
        return _assign(self.bounds, np.asarray(values, dtype=float))

    def labels(self, format: Callable[[float], str]) -> list[str]:
        """One French label per class, for instance « de 2,1 à 2,8 » or « plus de 4,0 ».

        `format` writes one value in French, unit excluded. A class whose two ends read alike is
        labelled by that single text. A two-sided scheme has a sign before each label: « ▼ » under
        its middle, « ▲ » above.
        """
        labels = [_label(low, high, format) for low, high in pairwise(self.bounds)]
        if self.below is None:
            return labels
        return [f"{'▼' if i < self.below else '▲'} {label}" for i, label in enumerate(labels)]

    def colours(self, direction: str) -> list[str]:
        """One colour per class, for an indicator of this direction; see the palettes below."""
        if self.below is None:
            return palette(direction, self.size)
        return two_sided_palette(direction, self.below, self.size - self.below)


# The nine cells of two crossed indicators, as classes of their numbers 0 to 8.
GRID_CLASSES = Classes("seuils", tuple(cell - 0.5 for cell in range(10)), (0,) * 9)


def classify(
    values: pd.Series,
    scheme: str,
    k: int = 5,
    thresholds: Sequence[float] | None = None,
    middle: float | None = None,
) -> Classes:
    """Cut `values` into at most `k` classes (3 to 7) with one of `SCHEMES`.

    Missing and infinite values are left out. Fewer distinct values than `k` give fewer classes.
    `thresholds` are the inner cut points of the scheme `seuils` (1 to 6 of them give 2 to 7
    classes, `k` is then ignored, and a class may be empty: the cuts stay where they were fixed).
    `middle` is the value of the comparator for the scheme `comparateur`: each side is cut into
    classes of equal numbers. The scheme `ecart_type` cuts at the mean and every standard deviation
    around it. These two take the even number of classes at or under `k`.

    Raises ValueError, in French, for an unknown scheme, a wrong `k`, missing thresholds, a missing
    middle or when no value is left.
    """
    finite = _finite(values)
    if scheme not in SCHEMES:
        raise ValueError(f"Méthode de classes inconnue : {scheme!r} ; attendu : {list(SCHEMES)}.")
    least = 2 if scheme in TWO_SIDED else MIN_CLASSES
    if not least <= k <= MAX_CLASSES:
        raise ValueError(f"Le nombre de classes va de {least} à {MAX_CLASSES}, pas {k}.")
    if finite.size == 0:
        raise ValueError("Aucune valeur à répartir en classes.")
    below = None
    if scheme == "seuils":
        bounds = _threshold_bounds(thresholds)
    elif scheme == "comparateur":
        bounds, below = _bounds_around(finite, middle, k // 2)
    elif scheme == "ecart_type":
        bounds, below = _deviation_bounds(finite, k // 2)
    else:
        bounds = _data_bounds(finite, scheme, k)
    counts = np.bincount(_assign(bounds, finite), minlength=len(bounds) - 1)
    return Classes(scheme, bounds, tuple(int(count) for count in counts), below)


def thirds(values: pd.Series, *, highest_last: bool = True) -> pd.Series:
    """The third (0, 1, 2) of each value among `values`, missing where the value is.

    Equal values stay together, so the thirds may be unequal and fewer than three. With
    `highest_last` false, 2 is the third of the lowest values. Raises ValueError without a value.
    """
    classes = classify(values, "quantiles", 3)
    place = pd.Series(classes.assign(values.to_numpy(dtype=float)), index=values.index)
    known = place.where(place != NO_CLASS).astype(float)
    return known if highest_last else (classes.size - 1) - known


def class_characters(
    codes: Sequence[str],
    classes: Classes | None,
    values: pd.Series,
    states: pd.Series,
    inside: Collection[str],
) -> str:
    """One character per code, in the order given: all that is needed to colour a map.

    `x` outside the perimeter, `i` inside a map without values, `s` secret, `a` absent (no row,
    or no value), a digit for the class, and the letters A to I for the class of an approximate
    value. `values` and `states` (ok, approx, secret, absent) are indexed by code. A secret
    value never gives its class.
    """
    index = pd.Index(codes, dtype=object)  # far quicker than Arrow texts, as the set is than isin
    wanted = set(inside)
    within = np.fromiter((code in wanted for code in codes), dtype=bool, count=len(codes))
    if classes is None:
        return "".join(np.where(within, INSIDE, OUTSIDE))
    state = states.reindex(index).fillna("absent").to_numpy(dtype=str)
    numbers = pd.to_numeric(values.reindex(index)).to_numpy(dtype=float, na_value=math.nan)
    position = classes.assign(numbers)
    characters = np.full(len(index), ABSENT)
    for name, alphabet in (("ok", OK_CHARACTERS), ("approx", APPROX_CHARACTERS)):
        chosen = (state == name) & (position != NO_CLASS)
        characters[chosen] = np.array(list(alphabet))[position[chosen]]
    characters[state == "secret"] = SECRET
    characters[~within] = OUTSIDE
    return "".join(characters)


def _finite(values: pd.Series) -> FloatArray:
    numbers = pd.to_numeric(values).to_numpy(dtype=float, na_value=math.nan)
    return np.sort(numbers[np.isfinite(numbers)])


def _assign(bounds: Sequence[float], values: FloatArray) -> npt.NDArray[np.int_]:
    inner = np.asarray(bounds[1:-1], dtype=float)
    index = np.searchsorted(inner, values, side="left")
    return np.where(np.isfinite(values), index, NO_CLASS)


def _data_bounds(finite: FloatArray, scheme: str, k: int) -> tuple[float, ...]:
    """Edges computed from sorted finite values; the last one is their maximum."""
    lowest, highest = float(finite[0]), float(finite[-1])
    distinct = np.unique(finite)
    if distinct.size <= k and scheme != "egales":
        uppers = distinct
    elif lowest == highest:
        uppers = np.array([highest])
    else:
        uppers = _upper_bounds(finite, scheme, min(k, distinct.size))
    if scheme != "egales":
        # An edge between two values is brought down to the value under it: no class is empty.
        uppers = distinct[(np.searchsorted(distinct, uppers, side="right") - 1).clip(0)]
    inside = uppers[np.isfinite(uppers) & (uppers >= lowest) & (uppers < highest)]
    edges = [*(float(edge) for edge in np.unique(inside)), highest]
    # A first class reduced to one value (many equal values) starts at the number just under it,
    # so that edges stay strictly ascending; `_label` reads it as that single value.
    start = lowest if edges[0] > lowest else _just_under(lowest)
    return (start, *edges)


def _just_under(value: float) -> float:
    return float(np.nextafter(value, -math.inf))


def _upper_bounds(finite: FloatArray, scheme: str, k: int) -> FloatArray:
    """Upper edges of `k` classes of the sorted values; the last one is the largest value."""
    if scheme == "quantiles":
        steps = np.arange(1, k + 1)
        # The value at or under the linear quantile, by whole ranks: no rounding moves an edge.
        return np.asarray(finite[steps * (finite.size - 1) // k], dtype=float)
    if scheme == "jenks":
        from mapclassify import FisherJenks

        return np.asarray(FisherJenks(_thinned(finite, k), k=k).bins, dtype=float)
    # Not by adding steps: rounding may leave the last edge just under the largest value.
    return np.linspace(finite[0], finite[-1], k + 1, dtype=float)[1:]


def _thinned(finite: FloatArray, k: int) -> FloatArray:
    """At most `_JENKS_SIZE` of the sorted values, at regular ranks, ends included.

    When ties leave fewer than `k` distinct values at those ranks, the distinct values are
    thinned instead.
    """
    if finite.size <= _JENKS_SIZE:
        return finite
    sample = _regular_ranks(finite)
    if np.unique(sample).size >= k:
        return sample
    return _regular_ranks(np.unique(finite))


def _regular_ranks(ordered: FloatArray) -> FloatArray:
    ranks = np.linspace(0, ordered.size - 1, min(_JENKS_SIZE, ordered.size)).round().astype(int)
    return np.asarray(ordered[ranks], dtype=float)


def _threshold_bounds(thresholds: Sequence[float] | None) -> tuple[float, ...]:
    cuts = sorted({float(cut) for cut in thresholds or ()})
    if not 1 <= len(cuts) < MAX_CLASSES or not all(math.isfinite(cut) for cut in cuts):
        raise ValueError(
            f"La méthode « {SCHEMES['seuils']} » demande de 1 à {MAX_CLASSES - 1} seuils "
            f"distincts ; reçu : {list(thresholds or ())}."
        )
    return (-math.inf, *cuts, math.inf)


def _bounds_around(
    finite: FloatArray, middle: float | None, half: int
) -> tuple[tuple[float, ...], int]:
    """Edges with `middle` among them, at most `half` classes on each side; classes under it."""
    if middle is None or not math.isfinite(middle):
        raise ValueError("Il manque la valeur du territoire de comparaison.")
    under, over = finite[finite <= middle], finite[finite > middle]
    low = _data_bounds(under, "quantiles", half)[:-1] if under.size else ()
    high = _data_bounds(over, "quantiles", half)[1:] if over.size else ()
    return (*low, float(middle), *high), len(low)


def _deviation_bounds(finite: FloatArray, half: int) -> tuple[tuple[float, ...], int]:
    """Edges at the mean and at whole standard deviations from it, within the values."""
    spread = float(finite.std(ddof=1)) if finite.size > 1 else 0.0
    cuts = np.unique(finite.mean() + spread * np.arange(1 - half, half))
    lowest, highest = float(finite[0]), float(finite[-1])
    inner = [float(cut) for cut in cuts if lowest < cut < highest]
    below = sum(cut <= float(finite.mean()) for cut in inner)
    if not inner:
        return (_just_under(lowest) if lowest == highest else lowest, highest), 0
    return (lowest, *inner, highest), below


def _label(low: float, high: float, format: Callable[[float], str]) -> str:
    if math.isinf(low) and math.isinf(high):
        return "toutes les valeurs"
    if math.isinf(low):
        return f"jusqu’à {format(high)}"
    if math.isinf(high):
        return f"plus de {format(low)}"
    start, end = format(high if low == _just_under(high) else low), format(high)
    return start if start == end else f"de {start} à {end}"


# Light, middle and dark anchors of each ramp: orange to brown says « plus haut, moins bon »,
# blue « plus haut, meilleur », purple says nothing of good or bad. No ramp uses red or green,
# and all of them keep enough tint at the light end not to be taken for the grey of an absent
# value.
_RAMPS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "defavorable": ("#fee6c3", "#e58a2c", "#6b2c06"),
        "favorable": ("#d9e9f7", "#5b9bd0", "#0b2f66"),
        "neutre": ("#eee2f8", "#a486cd", "#37244f"),
        "ambigu": ("#eee2f8", "#a486cd", "#37244f"),
    }
)
# The other side of a middle.
_OPPOSITES: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "defavorable": _RAMPS["favorable"],
        "favorable": _RAMPS["defavorable"],
        "neutre": ("#f0e8bd", "#a8963f", "#4d4210"),
        "ambigu": ("#f0e8bd", "#a8963f", "#4d4210"),
    }
)


def palette(direction: str, k: int) -> list[str]:
    """`k` hexadecimal colours (1 to 7), light to dark; the dark end is the high values.

    `direction` is the indicator's: `defavorable` (orange to brown), `favorable` (blue),
    `neutre` or `ambigu` (purple). Steps are regular in perceived lightness (OKLab): two
    neighbouring classes always differ in luminance, so the order survives a colour-vision
    deficiency and a black-and-white print. Raises ValueError for anything else.
    """
    if direction not in _RAMPS:
        raise ValueError(f"Sens d’indicateur inconnu : {direction!r} ; attendu : {list(_RAMPS)}.")
    if not 1 <= k <= MAX_CLASSES:
        raise ValueError(f"Le nombre de couleurs va de 1 à {MAX_CLASSES}, pas {k}.")
    anchors = np.array([_hex_to_oklab(colour) for colour in _RAMPS[direction]])
    lightness = np.linspace(anchors[0, 0], anchors[-1, 0], k) if k > 1 else anchors[1:2, 0]
    # np.interp wants ascending abscissas: the ramp is read from dark to light.
    tints = [np.interp(lightness, anchors[::-1, 0], anchors[::-1, axis]) for axis in (1, 2)]
    return [_oklab_to_hex(np.array(lab)) for lab in zip(lightness, *tints, strict=True)]


def two_sided_palette(direction: str, below: int, above: int) -> list[str]:
    """Colours of `below` classes under a middle, the farthest first, then of `above` over it.

    Blue and orange say favourable and not, purple and olive say nothing of it. Lightness falls from
    the middle outwards, one side after the other: every class has a grey of its own, so that a
    black-and-white print can still be read. Raises ValueError as `palette` does.
    """
    if direction not in _RAMPS:
        raise ValueError(f"Sens d’indicateur inconnu : {direction!r} ; attendu : {list(_RAMPS)}.")
    if not 1 <= below + above <= MAX_CLASSES:
        raise ValueError(f"Le nombre de couleurs va de 1 à {MAX_CLASSES}, pas {below + above}.")
    order = sorted(
        [(place, 0) for place in range(above)] + [(place, 1) for place in range(below)],
    )
    lightness = dict(zip(order, np.linspace(0.9, 0.4, len(order)), strict=True))
    over, under = _RAMPS[direction], _OPPOSITES[direction]
    return [_tinted(under, lightness[place, 1]) for place in reversed(range(below))] + [
        _tinted(over, lightness[place, 0]) for place in range(above)
    ]


def crossed_palette() -> list[str]:
    """The nine colours of two crossed indicators, row after row from the lowest second one.

    Orange grows with the first, blue with the second, both make a dark grey. Lightness alone
    numbers the nine cells: they can all be told apart in grey.
    """
    paper, orange, blue = (
        np.array(tint) for tint in ((0.0, 0.03), (0.055, 0.105), (-0.035, -0.11))
    )
    cells = []
    for second in range(3):
        for first in range(3):
            # Light cells keep a tint of their own: grey means absent, almost white means outside.
            tint = paper * (4 - first - second) / 4 + orange * first / 2 + blue * second / 2
            cells.append(_oklab_to_hex(np.array([0.94 - 0.198 * first - 0.066 * second, *tint])))
    return cells


def _tinted(ramp: tuple[str, str, str], lightness: float) -> str:
    """The colour of a ramp at this lightness."""
    anchors = np.array([_hex_to_oklab(colour) for colour in ramp])[::-1]
    tints = [np.interp(lightness, anchors[:, 0], anchors[:, axis]) for axis in (1, 2)]
    return _oklab_to_hex(np.array([lightness, *tints]))


# OKLab matrices: Björn Ottosson, « A perceptual color space for image processing », 2020.
_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def _hex_to_oklab(colour: str) -> FloatArray:
    srgb = np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)]) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return np.asarray(_TO_LAB @ np.cbrt(_TO_LMS @ linear), dtype=float)


def _oklab_to_hex(lab: FloatArray) -> str:
    linear = np.linalg.solve(_TO_LMS, np.linalg.solve(_TO_LAB, lab) ** 3).clip(0, 1)
    srgb = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return "#" + "".join(f"{round(float(channel) * 255):02x}" for channel in srgb)
