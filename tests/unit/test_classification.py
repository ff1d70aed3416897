"""Classes: every value has one, none is empty by accident, colours stay ordered in grey."""

from __future__ import annotations

import math
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import mapclassify
import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from views.cibles import GROUP_COLOURS
from views.classification import (
    ABSENT_COLOUR,
    NO_CLASS,
    OUTSIDE_COLOUR,
    SCHEMES,
    Classes,
    classify,
    crossed_palette,
    palette,
    thirds,
    two_sided_palette,
)
from views.clusters import colours as cluster_colours
from views.map_sheet import text_on
from views.maps import SHAPES
from views.quarter_sites import MARKERS

ROOT = Path(__file__).parents[2]
DIRECTIONS = ("defavorable", "favorable", "neutre", "ambigu")
DATA_SCHEMES = ("quantiles", "jenks", "egales")

finite = st.floats(min_value=-1e9, max_value=1e9, allow_nan=False, width=32)
with_ties = st.integers(min_value=-3, max_value=6).map(float)
series = st.lists(st.one_of(finite, with_ties, st.just(math.nan)), min_size=1, max_size=60).filter(
    lambda values: any(not math.isnan(value) for value in values)
)


def french(value: float) -> str:
    """One decimal, French comma."""
    return f"{value:.1f}".replace(".", ",")


@pytest.mark.parametrize("scheme", SCHEMES)
@settings(max_examples=60, deadline=None)
@given(values=series, k=st.sampled_from([4, 6]), middle=st.floats(-1e6, 1e6))
@example(values=[5.0], k=4, middle=5.0).via("one value")
@example(values=[-2.0] * 9 + [math.nan], k=6, middle=0.0).via("a constant")
@example(values=[-3.0, -2.0, -1.0, -0.5], k=4, middle=1e6).via("all under the comparator")
@example(values=[0.0] * 30 + [1.0, 2.0], k=4, middle=0.0).via("ties")
def test_every_finite_value_has_exactly_one_class(
    scheme: str, values: list[float], k: int, middle: float
) -> None:
    data = pd.Series(values)
    classes = classify(data, scheme, k, thresholds=[middle], middle=middle)
    index = classes.assign(data)
    missing = np.isnan(data.to_numpy())
    assert (index[missing] == NO_CLASS).all()
    for value, position in zip(data[~missing], index[~missing], strict=True):
        holding = [
            rank
            for rank, (low, high) in enumerate(pairwise(classes.bounds))
            if low < value <= high or (rank == 0 and value == low)
        ]
        assert holding == [position]
    assert sum(classes.counts) == int((~missing).sum())
    assert np.bincount(index[~missing], minlength=classes.size).tolist() == list(classes.counts)


@settings(max_examples=150, deadline=None)
@given(values=series, scheme=st.sampled_from(DATA_SCHEMES), k=st.integers(3, 7))
@example(values=[1e-12, -64.0], scheme="egales", k=3).via("a last edge lost in rounding")
def test_bounds_ascend_and_never_outnumber_the_values(
    values: list[float], scheme: str, k: int
) -> None:
    data = pd.Series(values)
    classes = classify(data, scheme, k)
    distinct = data.dropna().nunique()
    assert list(classes.bounds) == sorted(set(classes.bounds))
    assert 1 <= classes.size <= min(k, distinct)
    assert classes.bounds[-1] == data.max()
    assert len(classes.labels(french)) == classes.size
    if scheme != "egales":
        assert all(classes.counts), "quantiles and Jenks never leave an empty class"


@settings(max_examples=80, deadline=None)
@given(values=series, scheme=st.sampled_from(DATA_SCHEMES), seed=st.integers(0, 2**16))
def test_the_order_of_the_rows_changes_nothing(values: list[float], scheme: str, seed: int) -> None:
    data = pd.Series(values)
    shuffled = data.sample(frac=1, random_state=seed)
    assert classify(data, scheme) == classify(shuffled, scheme)


@given(
    values=series,
    cuts=st.lists(finite, min_size=1, max_size=6, unique=True),
)
def test_fixed_thresholds_stay_where_they_are(values: list[float], cuts: list[float]) -> None:
    classes = classify(pd.Series(values), "seuils", thresholds=cuts)
    assert classes.bounds == (-math.inf, *sorted(cuts), math.inf)
    assert sum(classes.counts) == pd.Series(values).notna().sum()
    assert classes.assign([cuts[0]])[0] == sorted(cuts).index(cuts[0])


@given(
    inside=st.lists(finite, min_size=8, max_size=30, unique=True),
    outside=st.floats(min_value=1e10, max_value=1e12),
)
def test_a_value_outside_the_bounds_takes_the_nearest_end(
    inside: list[float], outside: float
) -> None:
    classes = classify(pd.Series(inside), "quantiles", 4)
    assert classes.assign([-outside, outside]).tolist() == [0, classes.size - 1]
    assert classes.assign([math.inf, math.nan]).tolist() == [NO_CLASS, NO_CLASS]


def test_a_value_on_an_upper_bound_belongs_to_the_lower_class() -> None:
    classes = classify(pd.Series(range(1, 101), dtype=float), "egales", 4)
    upper = classes.bounds[1]
    assert classes.assign([upper, np.nextafter(upper, math.inf)]).tolist() == [0, 1]


def test_quantiles_split_distinct_values_evenly() -> None:
    classes = classify(pd.Series(range(100), dtype=float), "quantiles", 5)
    assert classes.counts == (20, 20, 20, 20, 20)


def test_jenks_finds_the_gaps() -> None:
    data = pd.Series([1.0, 1.1, 1.2, 5.0, 5.1, 5.2, 9.0, 9.1, 9.2])
    assert classify(data, "jenks", 3).bounds[1:] == (1.2, 5.2, 9.2)


def test_jenks_on_a_country_is_quick_and_keeps_the_ends() -> None:
    data = pd.Series(np.random.default_rng(7).gamma(3, 1, 35_000))
    classes = classify(data, "jenks", 5)
    assert classes.size == 5
    assert classes.bounds[-1] == data.max()
    assert classes.assign([data.min()])[0] == 0
    assert classify(data, "jenks", 5) == classes


def test_jenks_on_many_ties_still_gives_the_classes_asked() -> None:
    data = pd.Series([0.0] * 50_000 + [1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    assert classify(data, "jenks", 5).size == 5


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.integers(-1000, 1000), min_size=10, max_size=60, unique=True),
    k=st.integers(3, 7),
)
def test_classes_are_those_of_a_library(values: list[int], k: int) -> None:
    """mapclassify interpolates its quantiles: the communes of each class are the same ones."""
    data = pd.Series(values, dtype=float)
    ours = classify(data, "quantiles", k).assign(data)
    theirs = np.searchsorted(np.round(mapclassify.Quantiles(data, k=k).bins, 9), data)
    assert ours.tolist() == theirs.tolist()
    equal = classify(data, "egales", k)
    assert equal.bounds[1:] == pytest.approx(mapclassify.EqualInterval(data, k=k).bins)
    around = classify(data, "ecart_type", 4)
    cuts = mapclassify.StdMean(data, multiples=[-1, 0, 1]).bins[:3]
    inner = [cut for cut in cuts if data.min() < cut < data.max()]
    assert around.bounds[1:-1] == pytest.approx(inner)


def test_only_natural_breaks_wait_for_the_library_that_finds_them() -> None:
    script = (
        "import sys, pandas as pd; from views.classification import SCHEMES, classify\n"
        "values = pd.Series(range(40), dtype=float)\n"
        "for scheme in SCHEMES:\n"
        "    if scheme != 'jenks': classify(values, scheme, 4, [3.0], 12.0)\n"
        "assert 'mapclassify' not in sys.modules\n"
        "classify(values, 'jenks', 4)\n"
        "assert 'mapclassify' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)


def test_nothing_is_written_on_the_terminal() -> None:
    script = (
        "import pandas as pd; from views.classification import classify\n"
        "tied = pd.Series([0.0] * 40 + [1.0] * 3 + [2.0, 5.0, 7.0, 8.0, 9.0, 11.0])\n"
        "for data in (tied, tied[:1], tied[:9]):\n"
        "    for scheme in ('quantiles', 'jenks', 'egales', 'ecart_type', 'comparateur', 'seuils'):\n"
        "        classify(data, scheme, 4, thresholds=[1.0], middle=1.0)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stderr + run.stdout == ""


def test_many_equal_values_are_a_class_of_their_own() -> None:
    classes = classify(pd.Series([0.0] * 80 + [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), "quantiles", 3)
    assert classes.labels(french) == ["0,0", "de 0,0 à 6,0"]
    assert classes.counts == (80, 6)


@settings(max_examples=80, deadline=None)
@given(
    values=series,
    k=st.sampled_from([2, 4, 6]),
    middle=st.floats(-1e6, 1e6),
    scheme=st.sampled_from(["comparateur", "ecart_type"]),
)
def test_two_sided_classes_hold_every_value_once(
    values: list[float], k: int, middle: float, scheme: str
) -> None:
    finite = np.array([one for one in values if math.isfinite(one)])
    if not finite.size:
        return
    classes = classify(pd.Series(values, dtype=float), scheme, k, middle=middle)
    assert classes.below is not None
    assert classes.size <= k
    places = classes.assign(finite)
    assert np.bincount(places, minlength=classes.size).tolist() == list(classes.counts)
    for value, place in zip(finite, places, strict=True):
        low, high = classes.bounds[place], classes.bounds[place + 1]
        assert low < value <= high or (place == 0 and value == low)
        if scheme == "comparateur":
            assert (place < classes.below) == (value <= middle)


def test_around_a_comparator_the_middle_is_a_bound() -> None:
    classes = classify(pd.Series(np.arange(1.0, 11.0)), "comparateur", 4, middle=4.0)
    assert classes.bounds == (1.0, 2.0, 4.0, 7.0, 10.0)
    assert classes.counts == (2, 2, 3, 3)
    labels = classes.labels(lambda value: f"{value:.0f}")
    assert labels == ["▼ de 1 à 2", "▼ de 2 à 4", "▲ de 4 à 7", "▲ de 7 à 10"]
    assert classes.colours("defavorable") == two_sided_palette("defavorable", 2, 2)


def test_deviations_are_those_of_the_mean() -> None:
    values = pd.Series([0.0, 2.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0])
    classes = classify(values, "ecart_type", 4)
    mean, deviation = values.mean(), values.std(ddof=1)
    expected = (0.0, mean - deviation, mean, mean + deviation, 9.0)
    assert classes.bounds == pytest.approx(expected)
    assert classes.below == 2


def test_a_comparator_without_a_value_is_refused() -> None:
    with pytest.raises(ValueError, match="comparaison"):
        classify(pd.Series([1.0, 2.0]), "comparateur", 4)


@settings(max_examples=80, deadline=None)
@given(values=st.lists(st.floats(-1e3, 1e3) | st.just(math.nan), min_size=1, max_size=60))
def test_thirds_keep_equals_together_and_turn_around(values: list[float]) -> None:
    frame = pd.Series(values, dtype=float)
    if frame.notna().sum() == 0:
        return
    up, down = thirds(frame), thirds(frame, highest_last=False)
    assert up.isna().equals(frame.isna()) and down.isna().equals(frame.isna())
    assert set(up.dropna()) <= {0.0, 1.0, 2.0}
    assert (frame.groupby(up).max().to_numpy()[:-1] < frame.groupby(up).min().to_numpy()[1:]).all()
    assert (up + down).dropna().nunique() == 1


def test_labels_are_french() -> None:
    classes = Classes("quantiles", (2.1, 2.8, 3.4), (4, 5))
    assert classes.labels(french) == ["de 2,1 à 2,8", "de 2,8 à 3,4"]
    assert classify(pd.Series([2.0, 2.0]), "jenks").labels(french) == ["2,0"]
    fixed = classify(pd.Series([1.0, 5.0]), "seuils", thresholds=[2.5, 4.0])
    assert fixed.labels(french) == ["jusqu’à 2,5", "de 2,5 à 4,0", "plus de 4,0"]


def test_integer_and_nullable_series_are_accepted() -> None:
    nullable = pd.Series([1, 2, None, 4, 5, 6], dtype="Int64")
    assert classify(nullable, "quantiles", 5).counts == (1, 1, 1, 1, 1)


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ([math.nan], {"scheme": "jenks"}, "Aucune valeur"),
        ([], {"scheme": "quantiles"}, "Aucune valeur"),
        ([1.0], {"scheme": "inconnu"}, "Méthode de classes inconnue"),
        ([1.0], {"scheme": "jenks", "k": 2}, "nombre de classes"),
        ([1.0], {"scheme": "jenks", "k": 8}, "nombre de classes"),
        ([1.0], {"scheme": "seuils"}, "seuils"),
        ([1.0], {"scheme": "seuils", "thresholds": [math.nan]}, "seuils"),
    ],
)
def test_refusals_are_said_in_french(values: list[float], options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        classify(pd.Series(values, dtype=float), **options)


@pytest.mark.parametrize("bounds", [(1.0, 1.0), (2.0, 1.0), (1.0,)])
def test_classes_refuse_bounds_that_do_not_ascend(bounds: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"bornes?|classe"):
        Classes("jenks", bounds, (1,))


def test_schemes_are_labelled_in_french() -> None:
    assert list(SCHEMES) == [
        "quantiles",
        "jenks",
        "egales",
        "ecart_type",
        "comparateur",
        "seuils",
    ]
    assert SCHEMES["jenks"] == "Ruptures naturelles (Jenks)"


def luminance(colour: str) -> float:
    """WCAG relative luminance of an hexadecimal colour."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("k", range(2, 8))
def test_neighbouring_colours_differ_in_luminance(direction: str, k: int) -> None:
    values = [luminance(colour) for colour in palette(direction, k)]
    contrasts = [(a + 0.05) / (b + 0.05) for a, b in pairwise(values)]
    assert min(contrasts) >= 1.2


# Machado, Oliveira and Fernandes (2009), full severity, on linear RGB.
DEFICIENCIES = {
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritanopia": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}


def seen_by(colour: str, deficiency: str) -> np.ndarray:
    """OKLab coordinates of a colour as a person with this deficiency sees it."""
    srgb = np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)]) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    seen = (np.array(DEFICIENCIES[deficiency]) @ linear).clip(0, 1)
    to_lms = [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
    to_lab = [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
    return np.array(to_lab) @ np.cbrt(np.array(to_lms) @ seen)


TWO_SIDED = [
    (direction, below, above)
    for direction in DIRECTIONS
    for below, above in ((1, 1), (2, 2), (3, 3), (0, 2), (3, 1))
]


@pytest.mark.parametrize(("direction", "below", "above"), TWO_SIDED)
def test_both_sides_of_a_middle_have_greys_of_their_own(
    direction: str, below: int, above: int
) -> None:
    colours = two_sided_palette(direction, below, above)
    assert len(colours) == below + above
    greys = sorted(luminance(colour) for colour in colours)
    assert all((b + 0.05) / (a + 0.05) >= 1.2 for a, b in pairwise(greys))
    away = [luminance(colour) for colour in colours]
    assert away[:below] == sorted(away[:below]), "darker away from the middle"
    assert away[below:] == sorted(away[below:], reverse=True)


def test_the_nine_cells_can_be_told_apart_in_grey() -> None:
    greys = [luminance(colour) for colour in crossed_palette()]
    ordered = sorted(greys)
    assert all((b + 0.05) / (a + 0.05) >= 1.15 for a, b in pairwise(ordered))
    for row in range(3):
        assert greys[3 * row : 3 * row + 3] == sorted(greys[3 * row : 3 * row + 3], reverse=True)
        assert greys[row::3] == sorted(greys[row::3], reverse=True)


def every_palette() -> dict[str, list[str]]:
    single = {f"{one}-{k}": palette(one, k) for one in DIRECTIONS for k in range(2, 8)}
    double = {f"{one}-{n}-{m}": two_sided_palette(one, n, m) for one, n, m in TWO_SIDED}
    clusters = {f"regroupements-{one}": cluster_colours(one) for one in DIRECTIONS}
    groups = {"groupes": list(GROUP_COLOURS.values())}
    return single | double | clusters | groups | {"croisement": crossed_palette()}


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
@pytest.mark.parametrize("name", sorted(every_palette()))
def test_every_two_classes_look_different(name: str, deficiency: str) -> None:
    """Distance in OKLab between any two classes, and with what stands for « nothing »."""
    colours = every_palette()[name]
    seen = [seen_by(colour, deficiency) for colour in colours]
    for rank, one in enumerate(seen):
        for other in seen[rank + 1 :]:
            assert np.linalg.norm(one - other) >= 0.045, (colours, deficiency)
        absent = np.linalg.norm(one - seen_by(ABSENT_COLOUR, deficiency))
        outside = np.linalg.norm(one - seen_by(OUTSIDE_COLOUR, deficiency))
        assert min(absent, outside) >= 0.02, (colours[rank], deficiency)


@pytest.mark.parametrize("name", sorted(every_palette()))
def test_every_two_neighbouring_classes_differ_in_grey(name: str) -> None:
    """As a black-and-white copy has them: classes that follow one another in the legend."""
    greys = [luminance(colour) for colour in every_palette()[name]]
    ratios = [max(a, b) / min(a, b) for a, b in pairwise([grey + 0.05 for grey in greys])]
    assert min(ratios) >= 1.15, ratios


@pytest.mark.parametrize("direction", [None, *DIRECTIONS])
def test_the_number_in_a_cell_can_be_read(direction: str | None) -> None:
    for colour in crossed_palette() if direction is None else palette(direction, 7):
        light = luminance(colour) + 0.05
        text = luminance(text_on(colour)) + 0.05
        assert max(light, text) / min(light, text) >= 4.5, colour


def test_sites_are_told_apart_by_shape_or_by_grey() -> None:
    assert {shape for _, shape in MARKERS.values()} <= set(SHAPES)
    for shape in SHAPES:
        greys = sorted(luminance(colour) + 0.05 for colour, own in MARKERS.values() if own == shape)
        assert all(b / a >= 1.5 for a, b in pairwise(greys)), shape


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_clusters_have_a_grey_each(direction: str) -> None:
    greys = sorted(luminance(colour) + 0.05 for colour in cluster_colours(direction))
    assert min(b / a for a, b in pairwise(greys)) >= 1.15


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_the_order_survives_a_colour_vision_deficiency(direction: str, deficiency: str) -> None:
    matrix = np.array(DEFICIENCIES[deficiency])
    seen = []
    for colour in palette(direction, 7):
        srgb = np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)]) / 255
        linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
        seen.append(float(np.array([0.2126, 0.7152, 0.0722]) @ (matrix @ linear).clip(0, 1)))
    contrasts = [(a + 0.05) / (b + 0.05) for a, b in pairwise(seen)]
    assert min(contrasts) >= 1.15


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_palettes_hold_distinct_hexadecimal_colours(direction: str) -> None:
    for k in range(1, 8):
        colours = palette(direction, k)
        assert len(set(colours)) == k
        assert all(len(colour) == 7 and int(colour[1:], 16) >= 0 for colour in colours)


def test_directions_do_not_share_colours() -> None:
    assert palette("neutre", 5) == palette("ambigu", 5)
    assert not set(palette("favorable", 7)) & set(palette("defavorable", 7))


@pytest.mark.parametrize(("direction", "k"), [("vert", 5), ("neutre", 0), ("neutre", 8)])
def test_palette_refuses_what_it_does_not_know(direction: str, k: int) -> None:
    with pytest.raises(ValueError, match=r"inconnu|nombre de couleurs"):
        palette(direction, k)
