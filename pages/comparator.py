"""The comparator: one territory beside which everything is read, chosen once for all pages."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from diagnostic.perimeter import Part, Perimeter, decode, encode
from pages.linked import keep_choice, kept_choice, linked_selectbox
from pages.shared import (
    Current,
    Place,
    comparator_values,
    geography,
    mart,
    profile,
    resolved,
    search_index,
)
from pages.similar import Similar, any_similar, show_similar, similar
from views.places import of_place
from views.text import LEVELS, escape_markdown

KEY = "comparateur"
SIMILAR = "similaires"
OTHER = "autre"
OTHER_PARAMETER = "avec"


@dataclass(frozen=True)
class Comparator:
    """What the perimeter is compared with.

    ``name``: for headings, « Val-d'Oise ». ``of``: inside sentences, « du Val-d'Oise ». ``values``:
    its figures, all indicators and periods. ``similar``: the ten EPCI, when it is made of them.
    ``share``: part of its inhabitants who live in the perimeter, 0 when they do not overlap.
    """

    key: str
    name: str
    of: str
    values: pd.DataFrame
    similar: Similar | None = None
    share: float = 0.0


def choose_comparator(found: Current) -> Comparator:
    """The control, the same on every page, and what it chose."""
    options = {f"{place.level}:{place.code}": place.name for place in found.comparators}
    if any_similar(found):
        options[SIMILAR] = "Territoires similaires"
    options[OTHER] = "Un autre territoire…"
    default = _default(found)
    key = linked_selectbox(
        st.container(width=420),
        "Comparer à",
        options,
        default,
        KEY,
        help="Le même territoire de comparaison sert à toutes les pages.",
    )
    if key == OTHER:
        return _other(found, default)
    if key == SIMILAR:
        chosen = similar_comparator(found)
        show_similar(similar(found))
        return chosen
    return place_comparator(
        found, next(p for p in found.comparators if f"{p.level}:{p.code}" == key)
    )


def _default(found: Current) -> str:
    """The département, nearest to what people know; France for a région or a whole country."""
    keys = [f"{place.level}:{place.code}" for place in found.comparators]
    inner = [key for key in keys if key.startswith("departement:")]
    return (inner or keys or [SIMILAR])[0]


def place_comparator(found: Current, place: Place) -> Comparator:
    """A larger territory of the perimeter, as a comparator."""
    values = comparator_values(found)
    key = f"{place.level}:{place.code}"
    return Comparator(
        key,
        place.name,
        of_place(place.level, place.code, place.name),
        values[values["place"] == key],
        share=_share_inside(found, place),
    )


def _share_inside(found: Current, place: Place) -> float:
    """Part of the inhabitants of ``place`` who live in the perimeter; that of a country is not said."""
    if place.level == "france":
        return 0.0
    members = geography().members.get((place.level, place.code), ())
    communes = mart("commune_list", codes=list(members))
    inside = found.communes.loc[found.communes["city_code"].isin(members), "population"].sum()
    return float(inside / communes["population"].sum())


def similar_comparator(found: Current) -> Comparator:
    """The ten EPCI most like the perimeter, together, as a comparator."""
    alike = similar(found)
    codes = [code for epci in alike.codes for code in geography().members[("epci", epci)]]
    values = mart("profile", codes=codes, whole_level="", whole_code="")
    return Comparator(
        SIMILAR, "Territoires similaires", "des territoires similaires", values, alike
    )


def _other(found: Current, default: str) -> Comparator:
    """Any other perimeter: chosen by a search, kept in the URL."""
    asked = st.query_params.get(OTHER_PARAMETER) or kept_choice(OTHER_PARAMETER)
    perimeter, _ = decode(asked) if asked else (None, [])
    chosen = resolved(perimeter) if perimeter is not None else None
    if chosen is None or not chosen.codes:
        _search()
        return place_comparator(
            found, next(p for p in found.comparators if f"{p.level}:{p.code}" == default)
        )
    _take(chosen.perimeter)
    if st.button(
        "Changer de territoire de comparaison", icon=":material/swap_horiz:", type="tertiary"
    ):
        _forget()
        st.rerun()
    level, code = chosen.whole
    of = of_place(level, code, chosen.label)
    shared = people_in_both(found.communes, chosen.communes)
    return Comparator(
        f"{OTHER}:{encode(chosen.perimeter)}",
        chosen.label,
        of,
        profile(chosen),
        share=float(shared / chosen.population) if chosen.population else 0.0,
    )


def people_in_both(one: pd.DataFrame, other: pd.DataFrame) -> float:
    """Inhabitants of two lists of communes at once; a city holds its municipal arrondissements."""

    def inside(part: pd.DataFrame, whole: pd.DataFrame) -> pd.Series:
        return part["code"].isin(whole["code"]) | part["city_code"].isin(whole["code"])

    arms = inside(other, one) & ~other["code"].isin(one["code"])
    return float(
        one.loc[inside(one, other), "population"].sum() + other.loc[arms, "population"].sum()
    )


def _forget() -> None:
    keep_choice(OTHER_PARAMETER, "")
    st.query_params.pop(OTHER_PARAMETER, None)


def _search() -> None:
    typed = st.text_input(
        "Chercher le territoire de comparaison", key="recherche-comparateur", max_chars=80
    )
    if len(typed.strip()) < 2:
        st.caption("En attendant votre choix, la comparaison se fait avec le département.")
        return
    results = search_index().query(typed).head(5)
    if results.empty:
        st.info(f"Rien ne ressemble à « {escape_markdown(typed)} ».", icon=":material/search_off:")
    for row in results.itertuples():
        st.button(
            f"{row.name} ({LEVELS[row.level]}, {row.code})",
            key=f"comparer-{row.level}-{row.code}",
            on_click=_take,
            args=(Perimeter((Part(row.level, row.code),)),),
            type="tertiary",
        )


def _take(perimeter: Perimeter) -> None:
    st.query_params[OTHER_PARAMETER] = encode(perimeter)
    keep_choice(OTHER_PARAMETER, encode(perimeter))
