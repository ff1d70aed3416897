"""What a published accessibility becomes when professionals leave a commune or come to it.

diagnostic.access over straight-line catchments, within reach of the change alone, at several
reaches: the middle one is the estimate, the others its bounds (docs/methodologie.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from diagnostic.access import CatchmentNotLoaded, Decay, WhatIf, steps, what_if
from diagnostic.nearby import distances_km, pairs_within

# Reaches, in km as the crow flies, that stand for 20 minutes of road. On the communes of France,
# the catchment closest to the published APL is that of 12 km (docs/methodologie.md).
REACH, OTHER_REACHES = 12.0, (10.0, 15.0)
_ROUNDING_KM = 1e-6


def straight_line(reach: float) -> Decay:
    """The steps of the APL since 2015 (10, 15 and 20 minutes), in km for a ``reach`` of 20 minutes."""
    return steps({reach / 2: 1, 0.75 * reach: 2 / 3, reach: 1 / 3}, "par paliers, à vol d'oiseau")


@dataclass(frozen=True, eq=False)
class Estimate:
    """Effect of a change of supply, with its bounds.

    ``table``: the places within reach of the change, none when nothing changes; columns of
    diagnostic.access.WhatIf, plus ``low`` and ``high``, the smallest and the largest of
    ``estimated`` over the reaches that could be computed. ``losing``, ``gaining``: inhabitants whose access
    falls or rises. ``people``: the same total at each reach that could be computed. ``refused``:
    reach -> codes that its catchment needs and that are not loaded.
    """

    table: pd.DataFrame
    losing: float
    gaining: float
    people: dict[float, float]
    refused: dict[float, tuple[str, ...]]


def estimate(places: pd.DataFrame, place: str, change: float) -> Estimate:
    """Published accessibility around ``place`` after ``change`` professionals there.

    ``places``: index = code; columns ``lon``, ``lat`` (degrees), ``demand`` and ``population``
    (inhabitants), ``supply`` (professionals; NaN = not loaded, 0 = none), ``published`` (NaN = not
    published). Raises CatchmentNotLoaded when the middle catchment reaches places without supply
    or demand; the bounds then known are given without the others. ValueError for a supply made
    negative or an unknown place.
    """
    middle = _at_reach(places, place, change, REACH)
    kept = middle.table[middle.table["concerned"]]
    people = {REACH: middle.losing + middle.gaining}
    low = high = kept["estimated"]
    refused = {}
    for reach in OTHER_REACHES:
        try:
            other = _at_reach(places, place, change, reach)
        except CatchmentNotLoaded as error:
            refused[reach] = error.codes
            continue
        people[reach] = other.losing + other.gaining
        there = other.table["estimated"].reindex(kept.index)
        low, high = np.fmin(low, there), np.fmax(high, there)
    return Estimate(kept.assign(low=low, high=high), middle.losing, middle.gaining, people, refused)


def loaded_around(places: pd.DataFrame, place: str, reach: float = REACH) -> bool:
    """Whether all that a change at ``place`` bears on has a supply and a demand."""
    area = places.loc[within(places, place, 3 * reach)]
    try:
        _refuse_unknown(area, pairs_within(area, reach), place)
    except CatchmentNotLoaded:
        return False
    return True


def within(places: pd.DataFrame, place: str, reach: float) -> pd.Index:
    """Codes of the places at most ``reach`` km from ``place``."""
    centre = places.loc[place]
    km = distances_km(float(centre["lon"]), float(centre["lat"]), places)
    return places.index[km <= reach + _ROUNDING_KM]


def _at_reach(places: pd.DataFrame, place: str, change: float, reach: float) -> WhatIf:
    if place not in places.index:
        raise ValueError(f"Le lieu du changement est inconnu : {place}.")
    area = places.loc[within(places, place, 3 * reach)]
    pairs = pairs_within(area, reach)
    if change:
        _refuse_unknown(area, pairs, place)
    return what_if(
        area["published"],
        area["supply"],
        pd.Series({place: float(change)}),
        area["demand"],
        pairs,
        straight_line(reach),
        covered=set(within(area, place, 2 * reach)),
        population=area["population"],
    )


def _refuse_unknown(area: pd.DataFrame, pairs: pd.DataFrame, place: str) -> None:
    """CatchmentNotLoaded when a place that counts in the result has no supply or no demand.

    Those who reach the change, all that they reach, and everyone who reaches that.
    """
    concerned = pairs.loc[pairs["destination"] == place, "origin"]
    reached = pairs.loc[pairs["origin"].isin(concerned), "destination"].unique()
    sharing = pairs.loc[pairs["destination"].isin(reached), "origin"].unique()
    for codes, column, missing in (
        (reached, "supply", "dont l'offre n'est pas chargée"),
        (sharing, "demand", "dont la population n'est pas chargée"),
    ):
        known = area.loc[codes, column].notna()
        if not known.all():
            raise CatchmentNotLoaded(missing, known.index[~known])
