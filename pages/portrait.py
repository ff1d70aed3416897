"""Portrait: every figure of the perimeter beside its comparators, theme by theme."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from diagnostic.comparison import shown, side_by_side
from pages.missing import show_missing
from pages.reading import reading
from pages.shared import (
    LANDING_PAGE,
    Current,
    breaks,
    comparator_values,
    header,
    indicators,
    mart,
    profile,
    require_perimeter,
    show_table,
)
from views.portrait import NO_HEALTH, TABLE_STYLE, Line, portrait_table
from views.text import THEMES, count_of, escape_markdown, number, period_text

found = require_perimeter()
header(found, "Portrait")


def lines(own: pd.DataFrame, others: pd.DataFrame) -> dict[str, list[Line]]:
    """Every line of the portrait, by theme."""
    sources = {
        row.id: f"{row.producer}, {row.title}, {row.vintage} ({row.licence})"
        for row in mart("sources").itertuples()
    }
    theirs: dict[str, dict[str, object]] = {}
    for row in others.itertuples():
        theirs.setdefault(row.indicator_id, {})[row.place] = row
    rows = {row.Index: row for row in own.itertuples()}
    built: dict[str, list[Line]] = {}
    for card in indicators().values():
        if card.id not in rows:
            continue
        row = rows[card.id]
        built.setdefault(card.theme, []).append(
            Line(
                label=card.label,
                reading=reading(card),
                direction=card.direction,
                own=row,
                others=theirs.get(card.id, {}),
                definition=card.definition,
                caveats=card.caveats,
                communes=len(found.codes),
                source=sources[row.source_id],
            )
        )
    return built


def show_lists(current: Current) -> None:
    items = mart("list_items", codes=current.code_list)
    quarters = items[items["indicator_id"] == "quartiers_prioritaires"]
    if not quarters.empty:
        by_quarter = (
            quarters.groupby(["item_id", "name"])["commune_name"].agg(", ".join).reset_index()
        )
        with st.expander(
            f"{count_of(len(by_quarter), 'quartier prioritaire', 'quartiers prioritaires')} "
            "de la politique de la ville",
            icon=":material/apartment:",
        ):
            show_table(
                by_quarter.set_axis(["Code", "Quartier", "Communes"], axis=1),
                "Quartiers prioritaires du périmètre",
            )
            st.caption(
                "Un quartier à cheval sur plusieurs communes est compté une fois. "
                "Leurs habitants sont dans les chiffres des communes ; ceux des quartiers, quand il y en a, "
                "sont page Inégalités."
            )
    schools = items[items["indicator_id"] == "ips_etablissements"]
    if not schools.empty:
        with st.expander(
            f"Indice de position sociale : {count_of(len(schools), 'établissement')}",
            icon=":material/school:",
        ):
            show_table(
                pd.DataFrame(
                    {
                        "Commune": schools["commune_name"],
                        "Établissement": schools["name"],
                        "Type": schools["category"],
                        "IPS": schools["value"].map(lambda value: number(value, 1)),
                        "Année scolaire": schools["period"].map(period_text),
                    }
                ),
                "Indice de position sociale des établissements du périmètre",
                ["IPS"],
            )
            st.caption(escape_markdown(" ".join(indicators()["ips_etablissements"].caveats)))


own, others = side_by_side(profile(found), comparator_values(found), breaks())
places = {f"{place.level}:{place.code}": place.name for place in found.comparators}
loaded = others[shown(others)]["place"].unique()
useful = {key: name for key, name in places.items() if key in loaded}

st.page_link(LANDING_PAGE, label="Voir ce qui ressort de ces chiffres", icon=":material/lightbulb:")
st.html(TABLE_STYLE)
by_theme = lines(own, others)
for theme, title in THEMES.items():
    chosen = by_theme.get(theme)
    if chosen:
        st.subheader(title, anchor=False)
        caption = (
            f"{title}, {found.label}. Un clic sur un indicateur donne sa définition et sa source."
        )
        st.html(portrait_table(caption, useful, chosen))
    if theme == "population":
        show_lists(found)

show_missing(found, own, comparator_values(found))
health = set(by_theme) & {"etat_sante", "prevention"}
st.caption(
    f"« ≈ » : valeur approchée. « – » : pas de chiffre à ce niveau dans les données chargées. "
    f"Population de {number(found.population)} habitants. « France » : métropole et "
    "départements et régions d'outre-mer ; le niveau de vie et la pauvreté sont publiés pour la "
    "France métropolitaine." + ("" if health else f" {NO_HEALTH}")
)
