"""The controls of the map page: indicator, period, classes, a commune to find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.comparator import Comparator, choose_comparator
from pages.linked import linked_selectbox, linked_text
from pages.shared import Current, indicators, search_index
from views import map_words as words
from views.classification import SCHEMES, TWO_SIDED, Classes, classify
from views.text import (
    LEVELS,
    alphabetical,
    departement_text,
    escape_markdown,
    number,
    period_text,
)
from warehouse.indicators import IndicatorCard

USUAL = "apl_medecins_generalistes"
USUAL_SECOND = "taux_pauvrete"
# Widths in pixels: the controls of a map stand in one row, that the map be seen without scrolling.
_NARROW, SCHEME_WIDTH, _COUNT_WIDTH = 120, 218, 80
COMMUNE, FOUND_COMMUNE = "commune", "commune_vue"
# Above, a list to scroll is of no help: the commune is searched for.
LISTED = 1_500
# Of the crowded maps: beyond this many communes, limits and sites hide the colours.
DRAWN_OVER = 2_000


def choose_indicator(periods: pd.DataFrame, where: DeltaGenerator) -> IndicatorCard:
    """The indicator on the map, chosen among those with a figure here."""
    cards = _with_figures(periods)
    if not cards:
        st.info("Aucun chiffre n'est chargé pour ces communes.", icon=":material/info:")
        st.stop()
    labels = {name: one.label for name, one in cards.items()}
    usual = USUAL if USUAL in cards else next(iter(cards))
    return cards[linked_selectbox(where, "Indicateur", labels, usual, "ind")]


def choose_period(
    periods: pd.DataFrame,
    card: IndicatorCard,
    where: DeltaGenerator,
    label: str = "Période",
    key: str = "periode",
) -> str:
    """A period of the indicator, that with most figures at first."""
    known = filled_periods(periods, card)
    fullest = known.loc[known["communes"].idxmax(), "period"]
    options = {period: period_text(period) for period in known["period"]}
    return linked_selectbox(where, label, options, fullest, f"{key}-{card.id}", width=_NARROW)


def filled_periods(periods: pd.DataFrame, card: IndicatorCard) -> pd.DataFrame:
    """Periods of the indicator with a figure, the newest first; all of them when none has one."""
    known = periods[periods["indicator_id"] == card.id].sort_values("period", ascending=False)
    return known[known["communes"] > 0] if known["communes"].any() else known


def choose_second(
    periods: pd.DataFrame, first: IndicatorCard, where: DeltaGenerator
) -> tuple[IndicatorCard, str] | None:
    """The indicator to cross with the first, at the period that has most figures."""
    cards = {
        name: one
        for name, one in _with_figures(periods).items()
        if name != first.id and can_be_crossed(one)
    }
    if not cards:
        return None
    labels = {name: one.label for name, one in cards.items()}
    usual = USUAL_SECOND if USUAL_SECOND in cards else next(iter(cards))
    card = cards[linked_selectbox(where, "Croiser avec", labels, usual, "ind2")]
    return card, choose_period(periods, card, where, "Sa période", "periode2")


def can_be_crossed(card: IndicatorCard) -> bool:
    """A level, as opposed to a number of people or a category."""
    return card.kind in ("ratio", "mean", "median")


def _with_figures(periods: pd.DataFrame) -> Mapping[str, IndicatorCard]:
    known = set(periods["indicator_id"])
    return {
        card.id: card for card in indicators().values() if card.kind != "list" and card.id in known
    }


@dataclass(frozen=True)
class Cut:
    """The classes chosen, and the comparator around which they stand when that was asked."""

    classes: Classes | None
    comparator: Comparator | None = None
    middle: float | None = None


def choose_classes(
    found: Current, values: pd.Series, card: IndicatorCard, period: str, where: DeltaGenerator
) -> Cut:
    """The way to cut the values, how many classes, and what they give."""
    scheme = linked_selectbox(
        where,
        "Découpage",
        SCHEMES,
        "quantiles",
        "decoupage",
        width=SCHEME_WIDTH,
        help=words.BOUNDS_RULE,
    )
    thresholds: list[float] | None = None
    comparator, middle = None, None
    count = 5
    if scheme == "seuils":
        thresholds = _typed_thresholds(values, card)
        if thresholds is None:
            scheme = "quantiles"
    else:
        numbers = ("2", "4", "6") if scheme in TWO_SIDED else tuple(map(str, range(3, 8)))
        key = "classes-paires" if scheme in TWO_SIDED else "classes"
        usual = "4" if scheme in TWO_SIDED else "5"
        options = {one: one for one in numbers}
        count = int(linked_selectbox(where, "Classes", options, usual, key, width=_COUNT_WIDTH))
    if scheme == "comparateur":
        comparator = choose_comparator(found)
        middle = comparator_value(comparator, card, period)
        if middle is None:
            st.warning(
                f"Pas de chiffre à cette période pour : {escape_markdown(comparator.name)}. "
                "Le découpage en effectifs égaux est utilisé : choisissez une autre comparaison, ou "
                "une autre période.",
                icon=":material/info:",
            )
            scheme, comparator, count = "quantiles", None, 5
    if values.empty:
        return Cut(None)
    return Cut(classify(values, scheme, count, thresholds, middle), comparator, middle)


def comparator_value(comparator: Comparator, card: IndicatorCard, period: str) -> float | None:
    """Value of the comparator for the same indicator and period, None when it has none."""
    rows = comparator.values
    rows = rows[(rows["indicator_id"] == card.id) & (rows["period"] == period)]
    known = rows["value"].dropna()
    return float(known.iloc[0]) if len(known) else None


def _typed_thresholds(values: pd.Series, card: IndicatorCard) -> list[float] | None:
    default = [one.value for one in card.thresholds] or [float(values.median())] * bool(len(values))
    text = linked_text(
        st.container(width=420),
        "Seuils, du plus petit au plus grand",
        " ; ".join(number(one, card.decimals) for one in default),
        f"seuils-{card.id}",
        help="Séparés par des points-virgules, avec une virgule décimale.",
    )
    thresholds = read_thresholds(text)
    if thresholds is None:
        st.warning(
            "Ces seuils ne se lisent pas : écrivez un à six nombres, par exemple « 2,5 ; 3,5 ». "
            "Le découpage en effectifs égaux est utilisé.",
            icon=":material/edit:",
        )
        return None
    beyond = [
        one for one in thresholds if not values.empty and not values.min() <= one < values.max()
    ]
    if beyond:
        st.caption(words.empty_side(beyond, values, card.decimals))
    return thresholds


# Of the thousands of a number, typed or pasted.
_SPACES = dict.fromkeys(map(ord, " \u00a0\u202f"))


def read_thresholds(text: str) -> list[float] | None:
    """Increasing numbers out of « 2,5 ; 3,5 », or None."""
    try:
        read = sorted(
            {
                float(part.translate(_SPACES).replace(",", "."))
                for part in text.split(";")
                if part.strip()
            }
        )
    except ValueError:
        return None
    finite = [one for one in read if abs(one) < 1e12]
    return finite if finite and len(finite) <= 6 and len(finite) == len(read) else None


def chosen_commune(codes: set[str]) -> str | None:
    """The commune looked at, from this session or from the URL; None when it is not on the map."""
    if FOUND_COMMUNE not in st.session_state:
        st.session_state[FOUND_COMMUNE] = st.query_params.get(COMMUNE)
    code = st.session_state[FOUND_COMMUNE]
    return code if code in codes else None


def look_at(code: str | None) -> None:
    """Make ``code`` the commune looked at, in the session and in the URL."""
    st.session_state[FOUND_COMMUNE] = code
    if code:
        st.query_params[COMMUNE] = code
    else:
        st.query_params.pop(COMMUNE, None)


def choose_commune(names: Mapping[str, str], chosen: str | None, place: str) -> None:
    """« Et ma commune ? »: a list, or a search when the list would be too long.

    ``place``: what one of them is called.
    """
    if len(names) > LISTED:
        _search_commune(names, chosen, words.PLACES[place])
        return
    st.session_state["liste_communes"] = chosen
    st.selectbox(
        f"Voir {words.PLACES[place].one}",
        sorted(names, key=lambda code: alphabetical(names[code])),
        format_func=lambda code: names[code],
        index=None,
        key="liste_communes",
        on_change=_take_listed,
        placeholder="Cliquez sur la carte, ou choisissez ici",
    )


def _take_listed() -> None:
    look_at(st.session_state["liste_communes"])


def _search_commune(names: Mapping[str, str], chosen: str | None, place: words.PlaceWords) -> None:
    typed = st.text_input(
        place.asked,
        max_chars=80,
        key="recherche-commune",
        placeholder="Son nom, ou cliquez sur la carte",
    )
    if len(typed.strip()) >= 2:
        results = search_index().query(typed, limit=6, levels=["commune", "arm"])
        results = results[results["code"].isin(list(names))]
        if results.empty:
            st.info(
                f"{place.none} de la carte ne ressemble à « {escape_markdown(typed)} ».",
                icon=":material/search_off:",
            )
        for row in results.itertuples():
            where = departement_text(row.departement_name, row.departement)
            st.button(
                f"{row.name} ({where})" if where else f"{row.name} ({LEVELS[row.level]})",
                key=f"voir-{row.code}",
                on_click=look_at,
                args=(row.code,),
                type="tertiary",
            )
    if chosen:
        st.button(
            f"Ne plus montrer {place.this}",
            on_click=look_at,
            args=(None,),
            icon=":material/close:",
            type="tertiary",
        )
