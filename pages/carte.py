"""Carte: an indicator, two crossed or one a year, over the perimeter or farther; its files."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.care import sites_about
from pages.extents import (
    COUNTRY,
    PERIMETER,
    REGION,
    Extent,
    choose_extent,
    periods_over,
    show_unseen,
)
from pages.layers import area_layer, contour_credit
from pages.linked import linked_segments, linked_selectbox
from pages.map_controls import (
    DRAWN_OVER,
    SCHEME_WIDTH,
    Cut,
    choose_classes,
    choose_commune,
    choose_indicator,
    choose_period,
    choose_second,
    chosen_commune,
    filled_periods,
    look_at,
)
from pages.map_exports import offer_files
from pages.map_lines import screen_lines
from pages.map_panels import show_commune, show_quarters, show_tables, show_years
from pages.mapping import (
    Figures,
    figures,
    one_indicator,
    sources,
    tooltips,
    two_crossed,
    year_by_year,
)
from pages.reading import reading
from pages.shared import Current, header, mart, require_perimeter
from views import map_words as words
from views.care import OTHER_SITE, SITE_KINDS
from views.classification import SCHEMES, TWO_SIDED
from views.map_content import MapContent
from views.maps import GeometryLayer, draw_map
from views.quarter_sites import MARKERS
from views.text import DIRECTIONS, escape_markdown

ONE, CROSSED, YEARS = "un", "croisement", "annees"
KINDS = {ONE: "Un indicateur", CROSSED: "Deux indicateurs croisés", YEARS: "Une carte par année"}
PERIODS_SHOWN = 6
SITES = {kind.id: (kind.label, *MARKERS[kind.id]) for kind in (*SITE_KINDS, OTHER_SITE)}

found = require_perimeter()
header(found, "Carte")


def quarters_by_commune(current: Current) -> dict[str, list[str]]:
    items = mart("list_items", codes=current.code_list)
    chosen = items[items["indicator_id"] == "quartiers_prioritaires"]
    return {str(code): sorted(group) for code, group in chosen.groupby("commune_code")["name"]}


def care_sites(extent: Extent) -> pd.DataFrame:
    """Sites of care in the communes of the perimeter, with their plain category."""
    communes = found.communes.dropna(subset=["lon", "lat"])
    if extent.key != PERIMETER or communes.empty or len(communes) > DRAWN_OVER:
        return pd.DataFrame(columns=["code", "name", "category", "lon", "lat"])
    sites = sites_about(communes["lon"], communes["lat"])
    sites = sites[sites["commune_code"].isin(found.codes)]
    return sites.rename(columns={"site_id": "code"}).assign(category=sites["kind"])


def show_map(
    extent: Extent,
    shapes: GeometryLayer,
    content: MapContent,
    shown: list[Figures],
    marked: dict[str, list[str]],
    selected: str | None,
) -> None:
    clicked = draw_map(
        shapes,
        content,
        tooltips=tooltips(found, shown, marked),
        marked=list(marked) if extent.key == PERIMETER else (),
        selected=selected,
        lines=screen_lines(extent, len(shapes.codes)),
        points=care_sites(extent),
        point_categories=SITES,
        points_shown=False,
        attribution=contour_credit(),
        source=sources(shown),
        height=640 if extent.key == COUNTRY else 560,
        key="carte",
    )
    if clicked is not None and clicked in shown[0].frame.index:
        look_at(clicked)
        st.rerun()


what = st.container(horizontal=True, vertical_alignment="bottom")
with what:
    kind = linked_segments(
        "Carte de", KINDS, ONE, "carte-de", label_visibility="collapsed", width="content"
    )
extent = choose_extent(found, what)
place = extent.place
periods = periods_over(extent)
controls = st.container(horizontal=True, vertical_alignment="bottom")
card = choose_indicator(periods, controls)
known = filled_periods(periods, card)["period"].tolist()
period = known[0] if kind == YEARS else choose_period(periods, card, controls)
shown = [figures(extent, card, period)]
shapes = area_layer(extent.departements, arms=extent.arms) if extent.drawn else None
# Communes without a contour are counted with the others, though the map cannot show them.
codes = tuple(dict.fromkeys((*(shapes.codes if shapes is not None else ()), *shown[0].frame.index)))
selected = chosen_commune(set(shown[0].frame.index))
crowded = extent.key == PERIMETER and len(extent.codes) > DRAWN_OVER
marked = quarters_by_commune(found) if not extent.arms and not crowded else {}
panels: list[tuple[str, MapContent]] = []
sentences: list[str] = []

if kind == CROSSED:
    row = st.container(horizontal=True, vertical_alignment="bottom")
    second = choose_second(periods, card, row)
    crossing = None
    if second is not None and card.kind != "count":
        shown.append(figures(extent, *second))
        crossing = two_crossed(shown[0], shown[1], codes, place)
    if crossing is None:
        st.info(
            "Deux indicateurs se croisent quand tous deux disent un niveau (une part, une densité, "
            "un revenu) et ont des chiffres ici. Choisissez-en un autre.",
            icon=":material/info:",
        )
        st.stop()
    content = crossing.content
    sentences += [crossing.sentence, crossing.cuts]
elif kind == YEARS:
    starts = sorted(one.starts for one in card.series if one.starts <= known[0])
    same = [one for one in known if not starts or one >= starts[-1]][:PERIODS_SHOWN]
    schemes = {key: label for key, label in SCHEMES.items() if key not in (*TWO_SIDED, "seuils")}
    scheme = "quantiles"
    if card.kind != "count":
        scheme = linked_selectbox(
            controls, "Découpage", schemes, scheme, "decoupage-annees", width=SCHEME_WIDTH
        )
    panels, shown = year_by_year(extent, card, sorted(same), codes, scheme)
    content = panels[-1][1]
    if len(same) < len(known):
        st.caption(
            "Seules les périodes de la même série sont montrées : les autres ne se comparent pas avec "
            "elles, ou sont plus anciennes."
        )
else:
    cut = Cut(None)
    if card.kind != "count":
        cut = choose_classes(found, shown[0].values, card, period, controls)
    content = one_indicator(shown[0], codes, cut)
    sentences.append(words.map_sentence(content, shown[0].values, reading(card), place))
    sentences.append(f"Sens : {DIRECTIONS[card.direction]}.")
    if cut.comparator is not None and (content.characters.str.isupper()).any():
        sentences.append(words.UNCERTAIN_NOTE)
if card.kind == "count":
    sentences.append(words.COUNT_AS_CIRCLES)

if shown[-1].values.empty:
    st.info(
        "Cet indicateur n'a pas de chiffre publié sur cette carte.",
        icon=":material/info:",
    )

label = " et ".join(dict.fromkeys(one.card.label for one in shown))
st.markdown(f"**{escape_markdown(label)}**, {escape_markdown(extent.label)}")
if panels or crowded or extent.key in (COUNTRY, REGION):
    map_column, detail_column = st.container(), st.container()
else:
    map_column, detail_column = st.columns([2, 1], gap="medium")
with map_column:
    if shapes is None:
        st.info(
            f"{words.PLACES[place].none} de ce périmètre n'a de contour dans les données chargées : "
            "voyez le tableau.",
            icon=":material/map:",
        )
    elif panels:
        show_years(extent, shown, panels, selected, place)
    else:
        show_map(extent, shapes, content, shown, marked, selected)
    if shapes is not None:
        show_unseen(shown[0].frame["name"], shapes.codes, place)
    for sentence in sentences:
        st.markdown(sentence)

with detail_column:
    names = dict(zip(shown[0].frame.index, shown[0].frame["name"], strict=True))
    choose_commune(names, selected, place)
    if selected:
        show_commune(selected, [shown[-1]] if panels else shown, content, place)
    elif extent.key == PERIMETER and not extent.arms and not crowded:
        show_quarters(found, marked)

if not panels:
    show_tables(shown, content, place)
offer_files(extent, shown, content, panels, marked, selected, place)
