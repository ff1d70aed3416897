"""Carte: one indicator over the communes of the perimeter, its classes, its table, its files."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from diagnostic.perimeter import file_name
from pages.layers import contour_credit, contours, layer
from pages.linked import linked_selectbox
from pages.shared import Current, header, indicators, mart, require_perimeter, show_table
from views.classification import SCHEMES, Classes, classify, palette
from views.maps import choropleth_map
from views.observation import Reading, commune_value_text
from views.static_map import draw_choropleth
from views.tables import csv_file
from views.text import (
    DIRECTIONS,
    STATES,
    THEMES,
    alphabetical,
    count_of,
    escape_markdown,
    joined,
    number,
    period_text,
)
from warehouse.indicators import IndicatorCard

found = require_perimeter()
header(found, "Carte")


def choose_indicator(periods: pd.DataFrame) -> tuple[IndicatorCard, str]:
    """The indicator and the period on the map, chosen among those with a figure here."""
    cards = {
        card.id: card
        for card in indicators().values()
        if card.kind != "list" and card.id in set(periods["indicator_id"])
    }
    left, right = st.columns([4, 1])
    if not cards:
        st.info("Aucun chiffre n'est chargé pour ces communes.", icon=":material/info:")
        st.stop()
    labels = {name: f"{one.label} · {THEMES[one.theme]}" for name, one in cards.items()}
    usual = (
        "apl_medecins_generalistes" if "apl_medecins_generalistes" in cards else next(iter(cards))
    )
    card = cards[linked_selectbox(left, "Indicateur", labels, usual, "ind")]
    known = periods[periods["indicator_id"] == card.id].sort_values("period", ascending=False)
    with_figures = known[known["communes"] > 0] if known["communes"].any() else known
    fullest = with_figures.loc[with_figures["communes"].idxmax(), "period"]
    options = {period: period_text(period) for period in with_figures["period"]}
    period = linked_selectbox(right, "Période", options, fullest, f"periode-{card.id}")
    return card, period


def choose_classes(values: pd.Series, card: IndicatorCard) -> Classes | None:
    scheme_column, count_column, bounds_column = st.columns([2, 1, 3])
    scheme = linked_selectbox(scheme_column, "Découpage", SCHEMES, "quantiles", "decoupage")
    thresholds: list[float] | None = None
    if scheme == "seuils":
        default = [one.value for one in card.thresholds] or [float(values.median())]
        text = bounds_column.text_input(
            "Seuils, du plus petit au plus grand",
            value=" ; ".join(number(one, card.decimals) for one in default),
            key=f"seuils_{card.id}",
            help="Séparés par des points-virgules, avec une virgule décimale.",
        )
        thresholds = read_thresholds(text)
        if thresholds is None:
            st.warning(
                "Ces seuils ne se lisent pas : écrivez par exemple « 2,5 ; 3,5 ». "
                "Le découpage en effectifs égaux est utilisé.",
                icon=":material/edit:",
            )
            scheme = "quantiles"
        count = 5
    else:
        numbers = {str(one): str(one) for one in range(3, 8)}
        count = int(linked_selectbox(count_column, "Classes", numbers, "5", "classes"))
    try:
        return classify(values, scheme, count, thresholds)
    except ValueError:
        return None


def read_thresholds(text: str) -> list[float] | None:
    """Increasing numbers out of « 2,5 ; 3,5 », or None."""
    try:
        read = sorted(
            {
                float(part.strip().replace("\u202f", "").replace(" ", "").replace(",", "."))
                for part in text.split(";")
                if part.strip()
            }
        )
    except ValueError:
        return None
    finite = [one for one in read if abs(one) < 1e12]
    return finite if finite and len(finite) <= 6 and len(finite) == len(read) else None


def tooltip(row, reading: Reading, marked: dict[str, list[str]]) -> str:
    lines = [row.name_, commune_value_text(row, reading), f"{number(row.population)} habitants"]
    if row.code in marked:
        quarters = marked[row.code]
        lines.append(
            f"{'Quartier prioritaire' if len(quarters) == 1 else 'Quartiers prioritaires'} : {joined(quarters)}"
        )
    return "\n".join(lines)


def quarters_by_commune(current: Current) -> dict[str, list[str]]:
    items = mart("list_items", codes=current.code_list)
    chosen = items[items["indicator_id"] == "quartiers_prioritaires"]
    return {str(code): sorted(group) for code, group in chosen.groupby("commune_code")["name"]}


def show_counts(frame: pd.DataFrame, card: IndicatorCard) -> None:
    states = frame["state"].value_counts()
    pieces = [
        count_of(int(states.get("ok", 0) + states.get("approx", 0)), "commune") + " avec un chiffre"
    ]
    pieces += [
        f"{count_of(int(states[state]), 'commune')} : {STATES[state]}"
        for state in ("secret", "absent")
        if state in states
    ]
    st.caption(f"{' · '.join(pieces)}. Sens : {DIRECTIONS[card.direction]}.")


def show_commune(code: str, frame: pd.DataFrame) -> None:
    row = frame[frame["code"] == code]
    if row.empty:
        return
    name = row["name"].iloc[0]
    st.subheader(name, anchor=False)
    st.caption(f"{number(row['population'].iloc[0])} habitants · code {code}")
    values = mart("commune_values", codes=[code])
    latest = values.sort_values("period").groupby("indicator_id").tail(1).set_index("indicator_id")
    rows = []
    for card in indicators().values():
        if card.id not in latest.index:
            continue
        one = latest.loc[card.id]
        reading = Reading(card.unit, card.decimals, card.kind, card.signed)
        rows.append(
            {
                "Indicateur": f"{card.short_label}, {period_text(str(one['period']))}",
                "Valeur": commune_value_text(one, reading, short=True),
            }
        )
    show_table(pd.DataFrame(rows), f"Les chiffres de {name}")
    st.caption(
        "Une commune seule varie beaucoup d'une année à l'autre : préférez les moyennes du périmètre."
    )


def commune_table(frame: pd.DataFrame, card: IndicatorCard) -> pd.DataFrame:
    ordered = frame.sort_values("name", key=lambda names: names.map(alphabetical))
    table = pd.DataFrame(
        {
            "Commune": ordered["name"],
            "Code": ordered["code"],
            card.short_label: ordered["value"].round(card.decimals),
            "État": ordered["state"].map(lambda state: STATES[state] or "publié"),
            "Précision": ordered["reason"].fillna(""),
            "Habitants": ordered["population"],
        }
    )
    if card.kind == "ratio" and card.rule == "sum_ratio":
        table["Numérateur"] = ordered["numerator"].round(1)
        table["Dénominateur"] = ordered["denominator"].round(1)
    with st.expander(f"Le tableau des communes ({len(frame)})", icon=":material/table:"):
        texts = table.assign(
            **{
                card.short_label: [
                    commune_value_text(row, reading) for row in ordered.itertuples()
                ],
                "Habitants": ordered["population"].map(number),
            }
        )
        for name in ("Numérateur", "Dénominateur"):
            if name in texts:
                texts[name] = texts[name].map(lambda value: number(value, 1))
        show_table(
            texts,
            f"{card.label}, commune par commune",
            [card.short_label, "Habitants", "Numérateur", "Dénominateur"],
        )
    return table


card, period = choose_indicator(mart("periods_of", codes=found.code_list))
reading = Reading(card.unit, card.decimals, card.kind, card.signed)
frame = mart("map_values", codes=found.code_list, indicator=card.id, at_period=period)
values = frame.set_index("code")["value"].dropna()
source = (
    mart("sources")
    .set_index("id")
    .loc[
        frame["source_id"].dropna().iloc[0] if frame["source_id"].notna().any() else card.sources[0]
    ]
)
legend = f"{card.short_label}, {period_text(period)}" + (f" ({card.unit})" if card.unit else "")

if card.kind == "count":
    st.info(
        "Un nombre dépend d'abord de la taille des communes : cette carte montre où se trouvent "
        "les effectifs, pas un niveau. Préférez une part ou une densité pour comparer.",
        icon=":material/info:",
    )

classes = choose_classes(values, card) if len(values) else None
marked = quarters_by_commune(found)
shapes = layer(found)
colours = palette(card.direction, classes.size) if classes else []
labels = classes.labels(lambda value: number(value, card.decimals)) if classes else []
tooltips = pd.Series(
    {
        row.code: tooltip(row, reading, marked)
        for row in frame.rename(columns={"name": "name_"}).itertuples()
    }
)

if classes is None:
    st.info(
        "Aucune commune du périmètre n'a de chiffre publié pour cet indicateur.",
        icon=":material/info:",
    )

map_column, detail_column = st.columns([2, 1], gap="medium")
with map_column:
    st.markdown(f"**{escape_markdown(card.label)}**, {period_text(period)}")
    if shapes is None:
        st.info(
            "Aucune commune de ce périmètre n'a de contour : voyez le tableau.",
            icon=":material/map:",
        )
        clicked = None
    else:
        clicked = choropleth_map(
            shapes,
            classes=classes,
            values=values,
            states=frame.set_index("code")["state"],
            colours=colours,
            tooltips=tooltips,
            inside=set(found.codes),
            marked=list(marked),
            legend_title=legend,
            legend_labels=labels,
            selected=st.session_state.get("commune_vue"),
            attribution=contour_credit(),
            key="carte",
        )
    missing = int((~found.communes["has_contour"]).sum())
    if missing:
        st.caption(
            f"{count_of(missing, 'commune')} sans contour : dans le tableau, pas sur la carte."
        )
    show_counts(frame, card)

if clicked is not None and clicked in set(found.codes):
    st.session_state["commune_vue"] = clicked
    st.rerun()

with detail_column:
    names = dict(zip(frame["code"], frame["name"], strict=True))
    if st.session_state.get("commune_vue") not in names:
        st.session_state["commune_vue"] = None
    st.selectbox(
        "Voir une commune",
        sorted(names, key=lambda code: alphabetical(names[code])),
        index=None,
        format_func=lambda code: names[code],
        key="commune_vue",
        placeholder="Cliquez sur la carte, ou choisissez ici",
    )
    if st.session_state["commune_vue"]:
        show_commune(st.session_state["commune_vue"], frame)
    elif marked:
        st.markdown("**Communes avec un quartier prioritaire**")
        quarters = [
            {"Commune": names[code], "Quartiers": ", ".join(marked[code])}
            for code in sorted(marked, key=lambda code: alphabetical(names[code]))
        ]
        show_table(pd.DataFrame(quarters), "Communes avec un quartier prioritaire")

table = commune_table(frame, card)
source_line = (
    f"Source : {source['producer']}, {source['title']}, {period_text(period)}. {contour_credit()}."
)
files = st.container(horizontal=True)
files.download_button(
    "Télécharger le tableau (CSV)",
    csv_file(table),
    file_name=file_name(found.perimeter, f"-{card.id}.csv"),
    mime="text/csv",
    icon=":material/download:",
    on_click="ignore",
)
if shapes is not None and classes is not None:

    def picture() -> bytes:
        return draw_choropleth(
            contours(found),
            classes=classes,
            values=values,
            states=frame.set_index("code")["state"],
            colours=colours,
            inside=set(found.codes),
            marked=list(marked),
            title=card.label,
            subtitle=f"{found.label}, {period_text(period)}",
            legend_title=legend,
            legend_labels=labels,
            source_line=source_line,
        )

    files.download_button(
        "Télécharger la carte (PNG)",
        picture,
        file_name=file_name(found.perimeter, f"-{card.id}.png"),
        mime="image/png",
        icon=":material/image:",
        on_click="ignore",
    )
st.caption(escape_markdown(f"{source_line} Licence : {source['licence']}."))
