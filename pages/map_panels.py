"""What stands beside and under the map: the commune looked at, the tables, the small maps."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.extents import Extent
from pages.layers import area_contours, quarters
from pages.map_controls import LISTED
from pages.mapping import Figures, credit
from pages.quarter_sites import none_listed
from pages.quarters import show_unlisted
from pages.reading import reading
from pages.shared import Current, indicators, mart, show_table
from views import map_words as words
from views.map_content import MapContent
from views.observation import commune_value_text
from views.places import of_name
from views.quarter_sites import NO_OUTLINES_DRAWN
from views.quarters import ONLY_CITIES
from views.text import STATES, alphabetical, count_of, escape_markdown, number, period_text

# What a commune without a figure is read by, the nearest first.
AROUND = {"epci": "Son intercommunalité", "departement": "Son département"}


def show_commune(code: str, shown: list[Figures], content: MapContent, place: str) -> None:
    """« Et ma commune ? »: its figures on the map, then all the others."""
    row = shown[0].frame.loc[code]
    name = str(row["name"])
    st.subheader(name, anchor=False)
    st.caption(f"{number(row['population'])} habitants · code {code}")
    for one in shown:
        said = words.commune_sentence(
            one.card.short_label,
            one.frame.loc[code],
            reading(one.card),
            content,
            code,
            _around(code, one),
            place,
        )
        st.markdown(said)
    if cell := words.cell_sentence(content, code):
        st.markdown(cell)
    values = mart("commune_values", codes=[code])
    if values.empty:
        return
    latest = values.sort_values("period").groupby("indicator_id").tail(1).set_index("indicator_id")
    rows = [
        {
            "Indicateur": f"{card.short_label}, {period_text(str(latest.at[card.id, 'period']))}",
            "Valeur": commune_value_text(latest.loc[card.id], reading(card), short=True),
        }
        for card in indicators().values()
        if card.id in latest.index
    ]
    show_table(pd.DataFrame(rows), f"Les chiffres {of_name(name)}")
    st.caption(
        "Les chiffres d'un petit territoire varient beaucoup d'une année à l'autre : préférez les "
        "moyennes du périmètre."
    )


def _around(code: str, shown: Figures) -> str:
    """For a commune without a figure of its own, that of the nearest territory that has one."""
    place = mart("commune_list", codes=[code])
    if place.empty:
        return ""
    for level, named in AROUND.items():
        parent, name = place[f"{level}_code"].iloc[0], place[f"{level}_name"].iloc[0]
        if pd.isna(parent):
            continue
        rows = mart("level_values", levels=[level], codes=[str(parent)])
        rows = rows[
            (rows["indicator_id"] == shown.card.id)
            & (rows["period"] == shown.period)
            & rows["value"].notna()
        ]
        if len(rows):
            value = commune_value_text(rows.iloc[0], reading(shown.card))
            return f"{named}, {escape_markdown(str(name))} : {value}."
    return ""


def _show_communes(shown: list[Figures], place: str) -> None:
    table = commune_rows(shown, place)
    numeric = ["Habitants"]
    for one in shown:
        rows = one.frame.loc[table["Code"]]
        texts = [commune_value_text(row, reading(one.card)) for row in rows.itertuples()]
        table[one.card.short_label] = texts
        numeric.append(one.card.short_label)
    for name in [one for one in table if one.startswith(("Numérateur", "Dénominateur"))]:
        table[name] = table[name].map(lambda value: number(value, 1))
        numeric.append(name)
    table["Habitants"] = table["Habitants"].map(number)
    caption = " et ".join(one.card.label for one in shown)
    show_table(table, f"{caption}, {place} par {place}", numeric)


def show_tables(shown: list[Figures], content: MapContent, place: str) -> None:
    """The same map without seeing it: classes, then communes when they can be listed."""
    population = shown[0].frame["population"]
    table = words.class_table(content, population, place)
    if len(table):
        numbers = list(table.columns[1:])
        show_table(table, f"{' et '.join(numbers).capitalize()} de chaque classe", numbers)
    if len(population) <= LISTED:
        title = f"Le tableau des {place}s ({number(len(population))})"
        with st.expander(title, icon=":material/table:"):
            _show_communes(shown, place)
    else:
        st.caption(
            f"Les {count_of(len(population), place)} sont dans le fichier CSV, à télécharger ci-dessous."
        )


def show_quarters(found: Current, marked: dict[str, list[str]]) -> None:
    """Communes of the perimeter with a quartier prioritaire, and which; or why there is none."""
    if not marked:
        st.caption(ONLY_CITIES if found.arrondissements else escape_markdown(none_listed(found)))
        return
    names = found.communes.set_index("code")["name"]
    st.markdown("**Communes avec un quartier prioritaire**")
    rows = [
        {"Commune": names[code], "Quartiers": ", ".join(marked[code])}
        for code in sorted(marked, key=lambda code: alphabetical(names[code]))
    ]
    show_table(pd.DataFrame(rows), "Communes avec un quartier prioritaire")
    show_unlisted(found)
    if quarters(found.codes) is None:
        st.caption(NO_OUTLINES_DRAWN)


def show_years(
    extent: Extent,
    shown: list[Figures],
    panels: list[tuple[str, MapContent]],
    selected: str | None,
    place: str,
) -> None:
    """Small maps under one legend, then the same in a table."""
    from views.static_map import multiples_picture  # Matplotlib waits for a picture

    card = shown[0].card
    shapes = area_contours(extent.departements, arms=extent.arms)
    with st.spinner("Dessin des cartes…"):
        image = multiples_picture(
            shapes,
            panels,
            title=card.label,
            subtitle=extent.label,
            source_line=credit(shown),
            selected=selected,
        )
    periods = ", ".join(label for label, _ in panels)
    st.image(image, alt=f"{card.label}, une carte par période : {periods}. Le tableau suit.")
    rows = []
    for (label, content), one in zip(panels, shown, strict=True):
        said = words.map_sentence(content, one.values, reading(one.card), place)
        st.markdown(f"- {escape_markdown(f'{label} : {said}')}")
        table = words.class_table(content, one.frame["population"], place)
        counts = table.iloc[:, 1]
        rows.append({"Période": label, **dict(zip(table["Classe"], counts, strict=True))})
    table = pd.DataFrame(rows).fillna("0")
    title = f"{place.capitalize()}s de chaque classe, par période"
    show_table(table, title, list(table.columns[1:]))


def published_state(state: str) -> str:
    """State of a figure in words, for a file."""
    return STATES[state] or "publié"


def commune_rows(shown: list[Figures], place: str) -> pd.DataFrame:
    """Every commune with its figures, for a table and a file; alphabetical.

    ``place``: what one of them is called.
    """
    first = shown[0].frame.reset_index()
    ordered = first.sort_values("name", key=lambda names: names.map(alphabetical))
    table = pd.DataFrame({place.capitalize(): ordered["name"], "Code": ordered["code"]})
    for one in shown:
        rows = one.frame.loc[ordered["code"]]
        label = one.card.short_label
        table[label] = rows["value"].round(one.card.decimals).to_numpy()
        suffix = f" ({label})" if len(shown) > 1 else ""
        table[f"État{suffix}"] = rows["state"].map(published_state).to_numpy()
        table[f"Précision{suffix}"] = rows["reason"].fillna("").to_numpy()
        if one.card.kind == "ratio" and one.card.rule == "sum_ratio":
            table[f"Numérateur{suffix}"] = rows["numerator"].round(1).to_numpy()
            table[f"Dénominateur{suffix}"] = rows["denominator"].round(1).to_numpy()
    table["Habitants"] = ordered["population"].to_numpy()
    return table
