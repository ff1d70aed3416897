"""How far a map reaches: the perimeter, its département, its région or the whole country."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.linked import linked_selectbox
from pages.shared import Current, Geography, geography, mart
from views.text import count_of, escape_markdown, joined, place_word

PERIMETER, DEPARTEMENT, REGION, COUNTRY = "perimetre", "departement", "region", "france"
FRANCE = (("france", "FR"),)
KEY, ARMS_KEY = "etendue", "arrondissements"
CITIES = {"75056": "Paris", "69123": "Lyon", "13055": "Marseille"}


@dataclass(frozen=True)
class Extent:
    """The communes of a map.

    ``parents``: the territories (level, code) they are those of, none for the perimeter itself.
    ``arms``: Paris, Lyon and Marseille by arrondissement.
    """

    key: str
    label: str
    found: Current
    parents: tuple[tuple[str, str], ...]
    departements: tuple[str, ...]
    arms: bool = False

    @property
    def codes(self) -> tuple[str, ...]:
        """Communes, cities whole."""
        if not self.parents:
            return self.found.codes
        members = geography().members
        return tuple(code for parent in self.parents for code in members[parent])

    @property
    def place(self) -> str:
        """What its places are called: « commune », « arrondissement », « territoire » for both."""
        held = self.found.arrondissements if self.key == PERIMETER else 0
        whole = len(self.codes) - held
        if not self.arms:
            return place_word(whole, held)
        return place_word(whole - len(self.cities), held + len(self.cities))

    @property
    def drawn(self) -> bool:
        """Whether some of its contours are known."""
        return self.key == COUNTRY or bool(self.found.communes["has_contour"].any())

    @property
    def cities(self) -> list[str]:
        """Names of the cities with arrondissements that it holds."""
        within = set(self.codes)
        return [name for code, name in CITIES.items() if code in within]


def choose_extent(found: Current, where: DeltaGenerator) -> Extent:
    """The control, and what it chose; arrondissements are offered where there are some."""
    regions = tuple(sorted(found.communes["region_code"].unique()))
    options = {
        PERIMETER: "Mon périmètre",
        DEPARTEMENT: _named(found, "departement"),
        REGION: _named(found, "region"),
        COUNTRY: "France entière",
    }
    key = linked_selectbox(where, "Étendue", options, PERIMETER, KEY)
    parents: tuple[tuple[str, str], ...] = {
        PERIMETER: (),
        DEPARTEMENT: tuple(("departement", code) for code in found.departements),
        REGION: tuple(("region", code) for code in regions),
        COUNTRY: FRANCE,
    }[key]
    label = found.label if key == PERIMETER else options[key]
    extent = Extent(key, label, found, parents, _departements(found, parents))
    if not extent.cities:
        return extent
    arms = {"non": "Ville entière", "oui": "Par arrondissement"}
    chosen = linked_selectbox(where, joined(extent.cities), arms, "non", ARMS_KEY, width=190)
    return Extent(key, label, found, parents, extent.departements, chosen == "oui")


def _named(found: Current, level: str) -> str:
    names = list(found.communes[f"{level}_name"].drop_duplicates())
    one, several = {
        "departement": ("Mon département", "Mes départements"),
        "region": ("Ma région", "Mes régions"),
    }[level]
    return f"{one if len(names) == 1 else several} ({joined(names)})"


def _departements(found: Current, parents: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """Départements whose communes are drawn: those of the perimeter, or of the larger territory."""
    return departements_of(geography(), parents) if parents else found.departements


def departements_of(known: Geography, parents: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """Départements of the communes of territories (level, code)."""
    wanted = {code for parent in parents for code in known.members[parent]}
    held = (
        code
        for (level, code), communes in known.members.items()
        if level == "departement" and not wanted.isdisjoint(communes)
    )
    return tuple(sorted(held))


def periods_over(extent: Extent) -> pd.DataFrame:
    """Periods of every indicator over the extent: indicator_id, period, communes with a figure."""
    if not extent.parents:
        return mart("periods_of", codes=extent.found.code_list)
    every = pd.concat(
        [mart("area_periods", at_level=level, at_code=code) for level, code in extent.parents]
    )
    return every.groupby(["indicator_id", "period"], as_index=False)["communes"].sum()


def values_over(extent: Extent, indicator: str, period: str) -> pd.DataFrame:
    """One row a commune (or arrondissement) of the extent, in the order of their codes."""
    if extent.parents:
        frame = pd.concat(
            [
                mart(
                    "area_values",
                    at_level=level,
                    at_code=code,
                    indicator=indicator,
                    at_period=period,
                )
                for level, code in extent.parents
            ],
            ignore_index=True,
        )
    else:
        frame = mart(
            "map_values", codes=extent.found.code_list, indicator=indicator, at_period=period
        )
    if not extent.arms:
        return frame
    parts = mart("arm_values", indicator=indicator, at_period=period)
    parts = parts[parts["commune_code"].isin(frame["code"])]
    whole = frame[~frame["code"].isin(parts["commune_code"])]
    return pd.concat([whole, parts.drop(columns="commune_code")], ignore_index=True).sort_values(
        "code", ignore_index=True
    )


def show_unseen(names: pd.Series, drawn: Collection[str], place: str) -> None:
    """Say which places of the map (``names`` by code) have no contour among those drawn."""
    known = set(drawn)
    unseen = [name for code, name in names.items() if code not in known]
    if not unseen:
        return
    more = len(unseen) - 5
    others = [count_of(more, f"autre {place}", f"autres {place}s")] if more > 0 else []
    said = joined([*unseen[:5], *others])
    st.caption(
        f"Sans contour, donc dans le tableau mais pas sur la carte : {escape_markdown(said)}."
    )
