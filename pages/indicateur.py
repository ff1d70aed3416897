"""Fiche indicateur: one indicator in full: value, time, map, distribution, gradient, communes."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from diagnostic.assessment import NOT_COMPARED
from pages.comparator import Comparator, choose_comparator
from pages.gradient import (
    INCOME,
    LOCAL,
    Groups,
    axes,
    group_figures,
    slopes,
    social_groups,
)
from pages.layers import contour_credit, layer
from pages.linked import linked_selectbox
from pages.reading import assessed, reading
from pages.series import show_series
from pages.shared import (
    Current,
    header,
    indicators,
    mart,
    require_perimeter,
    show_table,
)
from views.classification import classify, palette
from views.donnees import KINDS
from views.map_words import values_sentence
from views.maps import choropleth_map
from views.observation import commune_value_text, coverage_text, value_text
from views.sentences import comparison_sentence, subject
from views.sheet import (
    CONFIG,
    OTHER,
    OWN,
    distribution_chart,
    fifths_chart,
    to_say,
)
from views.text import (
    DIRECTIONS,
    STATES,
    THEMES,
    alphabetical,
    count_of,
    escape_markdown,
    gap_text,
    number,
    percent,
    period_text,
)
from warehouse.indicators import IndicatorCard


def choose_card(frame: pd.DataFrame) -> IndicatorCard:
    known = [card for card in indicators().values() if card.id in frame.index]
    labels = {card.id: f"{card.label} · {THEMES[card.theme]}" for card in known}
    default = (
        "apl_medecins_generalistes" if "apl_medecins_generalistes" in labels else next(iter(labels))
    )
    chosen = linked_selectbox(st.container(), "Indicateur", labels, default, "indicateur")
    return indicators()[chosen]


def show_value(found: Current, comparator: Comparator, row: pd.Series, card: IndicatorCard) -> None:
    st.subheader(f"{card.label}, par rapport à : {comparator.name}", anchor=False)
    left, right = st.columns([1, 3], vertical_alignment="center")
    left.metric(period_text(str(row["period"])), value_text(row, reading(card)), border=True)
    said = comparison_sentence(row, subject(card.label), reading(card), comparator.of)
    right.markdown(escape_markdown(said))
    notes = [f"Population couverte : {coverage_text(row, len(found.codes))}."]
    if pd.notna(row["reason"]):
        notes.append(f"{str(row['reason']).capitalize()}.")
    if comparator.share > 0.1:
        notes.append(
            f"Le périmètre compte pour {percent(comparator.share, 0)} des habitants "
            f"{comparator.of} : les deux valeurs ne sont pas indépendantes."
        )
    right.caption(escape_markdown(" ".join(notes)))


def show_time(found: Current, comparator: Comparator, card: IndicatorCard) -> None:
    st.subheader("Dans le temps", anchor=False)
    show_series(found, comparator, card, "temps")


def show_map(found: Current, frame: pd.DataFrame, row: pd.Series, card: IndicatorCard) -> None:
    st.subheader("Sur la carte", anchor=False)
    shapes = layer(found)
    values = frame.set_index("code")["value"].dropna()
    if card.kind == "count" or shapes is None or values.nunique() < 2:
        st.markdown("Pas de carte ici : le tableau des communes donne les chiffres.")
    else:
        classes = classify(values, "quantiles", 5)
        choropleth_map(
            shapes,
            classes=classes,
            values=values,
            states=frame.set_index("code")["state"],
            colours=palette(card.direction, classes.size),
            tooltips=pd.Series(
                {
                    one.code: f"{one.name_}\n{commune_value_text(one, reading(card))}"
                    for one in frame.rename(columns={"name": "name_"}).itertuples()
                }
            ),
            inside=set(found.codes),
            marked=[],
            legend_title=f"{card.short_label}, {period_text(str(row['period']))}",
            legend_labels=classes.labels(lambda value: number(value, card.decimals)),
            selected=None,
            attribution=contour_credit(),
            key="fiche",
        )
        hidden = int((frame["state"] == "secret").sum())
        said = values_sentence(values, len(frame), hidden, reading(card), found.place)
        st.markdown(escape_markdown(said))
    st.page_link(
        "pages/carte.py",
        label="Régler et télécharger cette carte",
        icon=":material/map:",
        query_params={**st.query_params.to_dict(), "ind": card.id},
    )


def show_communes(frame: pd.DataFrame, card: IndicatorCard) -> None:
    ordered = frame.sort_values("name", key=lambda names: names.map(alphabetical))
    texts = pd.DataFrame(
        {
            "Commune": ordered["name"],
            card.short_label: [
                commune_value_text(row, reading(card)) for row in ordered.itertuples()
            ],
            "État": ordered["state"].map(lambda state: STATES[state] or "publié"),
            "Précision": ordered["reason"].fillna(""),
            "Habitants": ordered["population"].map(number),
        }
    )
    with st.expander(f"Commune par commune ({len(frame)})", icon=":material/table:"):
        show_table(texts, f"{card.label}, commune par commune", [card.short_label, "Habitants"])


def show_distribution(
    found: Current, comparator: Comparator, row: pd.Series, card: IndicatorCard
) -> None:
    st.subheader("Parmi les communes de France", anchor=False)
    rows = mart("commune_matrix", indicators=[card.id], periods=[row["period"]])
    rows = rows[rows["population"] > 0]
    if len(rows) < 20 or card.kind in NOT_COMPARED:
        st.markdown("Trop peu de communes ont un chiffre chargé pour montrer une répartition.")
        return
    marks = [(found.label, float(row["value"]), OWN), (comparator.name, float(row["other"]), OTHER)]
    st.plotly_chart(
        distribution_chart(rows["value"], rows["population"], marks, reading(card)),
        key="repartition",
        config=CONFIG,
        alt=f"Répartition des habitants selon la valeur de leur commune, {card.label}.",
    )
    said = f"{count_of(len(rows), 'commune')} avec un chiffre chargé."
    if pd.notna(row["value"]):
        lower = rows.loc[rows["value"] < row["value"], "population"].sum()
        said += (
            f" {percent(lower / rows['population'].sum(), 0)} de leurs habitants vivent dans une "
            "commune dont la valeur est plus basse que celle du périmètre."
        )
    st.caption(said)


def show_gradient(found: Current, row: pd.Series, card: IndicatorCard) -> None:
    st.subheader("Selon le niveau social des communes", anchor=False)
    groups = local_groups(found)
    if groups is None or card.id in INCOME or card.kind in NOT_COMPARED:
        st.markdown(no_gradient(groups, card))
        return
    figures = group_figures(groups, pd.Series({card.id: row["period"]}))
    slope = slopes(figures).get(card.id)
    if slope is None:
        st.markdown("Un des groupes de communes n'a pas assez de chiffres publiés.")
        return
    st.plotly_chart(
        fifths_chart(figures, reading(card), "moins favorisées", "plus favorisées"),
        key="gradient",
        config=CONFIG,
        alt=f"{card.label} dans cinq groupes de communes, des moins aux plus favorisées.",
    )
    crosses = slope.low <= 0 <= slope.high
    said = (
        "L'écart entre les deux bouts n'est pas établi : l'intervalle comprend zéro."
        if crosses
        else f"D'un bout à l'autre, l'écart est estimé à {gap_text(float(slope.sii), card.unit, card.decimals)}."
    )
    st.markdown(f"{escape_markdown(said)} Écart entre communes, pas entre personnes.")
    st.caption(
        f"Cinq groupes de population voisine, découpés à l'intérieur du périmètre selon : "
        f"{escape_markdown(groups.axis.label.lower())}, {period_text(groups.axis.period)}."
    )


def local_groups(found: Current) -> Groups | None:
    known = axes(found)
    if len(found.codes) < 3 or not known:
        return None
    groups = social_groups(found, next(iter(known.values())), LOCAL)
    return groups if groups.usable else None


def no_gradient(groups: Groups | None, card: IndicatorCard) -> str:
    if card.id in INCOME:
        return (
            "Les communes seraient rangées selon leurs revenus, dont cet indicateur est fait : "
            "le gradient ne dirait rien."
        )
    if groups is None:
        return (
            "Il faut au moins trois groupes de communes dont le niveau de vie (ou un indice de "
            "défavorisation) est chargé."
        )
    return "Un nombre ou une catégorie ne se compare pas d'un groupe de communes à l'autre."


def show_card(row: pd.Series, card: IndicatorCard) -> None:
    st.subheader("Ce que mesure cet indicateur", anchor=False)
    source = mart("sources").set_index("id").loc[row["source_id"]]
    lines = {
        "Définition": card.definition,
        "Unité": card.unit,
        "Numérateur": card.numerator,
        "Dénominateur": card.denominator,
        "Pour un territoire": KINDS[card.kind],
        "Sens": DIRECTIONS[card.direction],
        "Intervalle": INTERVALS[card.interval_rule],
        "Source": f"{source['producer']}, {source['title']}, {source['vintage']} ({source['licence']})",
    }
    rows = [{"": name, "Fiche": said} for name, said in lines.items() if said]
    show_table(pd.DataFrame(rows), f"Fiche de l'indicateur {card.label}")
    for caveat in card.caveats:
        st.markdown(f"- {escape_markdown(caveat)}")
    say, avoid = to_say(card.kind, card.direction, card.id.startswith("apl_"))
    left, right = st.columns(2)
    for column, title, sentences in ((left, "À dire", say), (right, "À ne pas dire", avoid)):
        with column.container(border=True):
            st.markdown(f"**{title}**\n\n" + "\n".join(f"- {one}" for one in sentences))


INTERVALS = {
    "proportion": "intervalle de Wilson à 95 %, qui traite l'effectif comme un tirage au hasard",
    "rate": "intervalle exact ou de Byar à 95 %, qui traite l'effectif comme des événements au hasard",
    "none": "aucun : le producteur n'en publie pas, et la donnée ne permet pas d'en calculer",
}

found = require_perimeter()
header(found, "Fiche indicateur")
comparator = choose_comparator(found)
frame = assessed(found, comparator)
if frame.empty:
    st.info("Aucun chiffre n'est chargé pour ce périmètre.", icon=":material/info:")
    st.stop()
card = choose_card(frame)
row = frame.loc[card.id]
show_value(found, comparator, row, card)
communes = mart("map_values", codes=found.code_list, indicator=card.id, at_period=row["period"])
left, right = st.columns(2, gap="large")
with left:
    show_time(found, comparator, card)
    show_gradient(found, row, card)
with right:
    show_map(found, communes, row, card)
    show_distribution(found, comparator, row, card)
show_communes(communes, card)
show_card(row, card)
