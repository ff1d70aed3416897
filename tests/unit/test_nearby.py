"""Straight-line distances against the haversine formula, and what they say of people and sites."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostic import nearby as nb

PARIS, CERGY, CAHORS = (2.3522, 48.8566), (2.0761, 49.0389), (1.4406, 44.4475)


def haversine(a: tuple[float, float], b: tuple[float, float]) -> float:
    (lon1, lat1), (lon2, lat2) = ([math.radians(x) for x in one] for one in (a, b))
    h = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * 6371.0088 * math.asin(math.sqrt(h))


def points(*places: tuple[float, float], names: str = "abcdefgh") -> pd.DataFrame:
    return pd.DataFrame(
        places, columns=["lon", "lat"], index=list(names[: len(places)]), dtype=float
    )


def test_distances_are_those_of_the_haversine_formula() -> None:
    found = nb.distances_km(*PARIS, points(CERGY, CAHORS, PARIS))
    assert found.tolist() == pytest.approx(
        [haversine(PARIS, CERGY), haversine(PARIS, CAHORS), 0], abs=1e-6
    )
    assert found["a"] == pytest.approx(28.6, abs=0.1)


lons = st.floats(-61.9, 55.9)
lats = st.floats(-21.5, 51.2)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(lons, lats), min_size=1, max_size=8), st.floats(0.1, 4000))
def test_pairs_within_are_all_the_pairs_within(places: list, reach: float) -> None:
    frame = points(*places)
    expected = {
        (a, b): haversine(places[i], places[j])
        for i, a in enumerate(frame.index)
        for j, b in enumerate(frame.index)
    }
    found = nb.pairs_within(frame, reach).set_index(["origin", "destination"])["cost"]
    assert found.index.is_unique
    for pair, km in expected.items():
        if abs(km - reach) > 1e-3:
            assert (pair in found.index) == (km < reach or pair[0] == pair[1])
        if pair in found.index:
            assert found[pair] == pytest.approx(km, abs=1e-3)


def test_a_nearer_place_that_is_not_known_makes_the_distance_a_most() -> None:
    origins = points((0, 45), (1, 45))
    sites = points((0.1, 45), (1.5, 45), names="xy")
    found = nb.nearest(origins, sites, points((1.2, 45), names="u"))
    assert found["site"].tolist() == ["x", "y"] and found["exact"].tolist() == [True, False]
    assert found["km"].tolist() == pytest.approx(
        [haversine((0, 45), (0.1, 45)), haversine((1, 45), (1.5, 45))], abs=1e-6
    )
    nothing = nb.nearest(origins, sites.iloc[:0], sites.iloc[:0])
    assert nothing["km"].isna().all() and not nothing["exact"].any()


def test_people_beyond_are_sure_or_unsure_never_both() -> None:
    found = pd.DataFrame(
        {"km": [3.0, 12.0, 30.0, np.nan, 8.0], "exact": [True, True, False, False, False]},
        index=list("abcde"),
    )
    people = pd.Series({"a": 1, "b": 10, "c": 100, "d": 1000, "e": 10000})
    beyond = nb.people_beyond(found, people, [5, 10, 20])
    assert beyond.loc[5].to_dict() == {"sure": 10, "unsure": 11100}
    assert beyond.loc[10].to_dict() == {"sure": 10, "unsure": 1100}
    assert beyond.loc[20].to_dict() == {"sure": 0, "unsure": 1100}


@pytest.mark.parametrize(
    ("departement", "lon", "lat"),
    [
        ("95", 2.08, 49.04),
        ("971", -61.53, 16.24),
        ("972", -61.07, 14.61),
        ("973", -52.3, 4.9),
        ("974", 55.45, -20.9),
        ("976", 45.23, -12.78),
    ],
)
def test_the_margin_around_an_outline_is_in_metres(
    departement: str, lon: float, lat: float
) -> None:
    """Sites 400 m and 600 m east and north of a square of 200 m, by degrees of that latitude."""
    east = 1 / (111_320 * math.cos(math.radians(lat)))
    north = 1 / 110_900
    square = shapely.box(lon - 100 * east, lat - 100 * north, lon + 100 * east, lat + 100 * north)
    outlines = pd.DataFrame(
        {"geometry": [square], "departement_code": [departement]}, index=["QN1"]
    )
    shifts = {
        "in": (0, 0), "edge": (-100, 37), "corner": (100, 100), "e400": (500, 0), "e600": (700, 0),
        "n400": (0, 500), "n600": (0, 700),
    }  # fmt: skip
    sites = pd.DataFrame(
        {name: {"lon": lon + x * east, "lat": lat + y * north} for name, (x, y) in shifts.items()}
    ).T
    found = nb.sites_around(outlines, sites).set_index("site")
    assert set(found.index) == {"in", "edge", "corner", "e400", "n400"}
    assert set(found.index[found["inside"]]) == {"in", "edge", "corner"}
    assert found.loc[["e400", "n400"], "metres"].tolist() == pytest.approx([400, 400], abs=8)
    assert nb.sites_around(outlines, sites.iloc[:0]).empty
    beside = shapely.box(lon + 590 * east, lat, lon + 900 * east, lat + 100 * north)
    farther = shapely.box(lon + 610 * east, lat, lon + 900 * east, lat + 100 * north)
    for areas, expected in (([farther, beside], {"QN1"}), ([farther], set()), ([], set())):
        assert nb.reaching(outlines, pd.DataFrame({"geometry": areas})) == expected
