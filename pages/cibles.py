"""Cibler: a need index on a fixed national reference, three groups, and how firm they are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from diagnostic.perimeter import file_name
from pages.layers import contour_credit, layer
from pages.linked import linked_address, linked_selectbox
from pages.needs import (
    Reference,
    checks,
    commune_needs,
    need_card,
    references,
    suited,
)
from pages.quarter_needs import show_quarter_groups
from pages.shared import Current, header, indicators, mart, require_perimeter, show_table
from pages.targeting import (
    ACCESS,
    changes,
    choose_cut,
    commune_table,
    groups_recipe,
    listing_of,
    weighted_labels,
    with_groups,
)
from pages.targets import ALL, TARGETS, choose_target
from pages.weighing import Chosen, choose_purpose, choose_weights, weight_key
from views.cibles import (
    APPROXIMATE_REFERENCE,
    APPROXIMATE_STABILITY,
    ERRORS_UNKNOWN,
    GROUP_COLOURS,
    GROUP_MEANING,
    GROUPS,
    MISSING_RULES,
    SAMPLED_STABILITY,
    STABILITY,
    chances_text,
    crossing_chart,
    crossing_sentence,
    frontier_sentences,
    group_sentence,
    method_text,
    pairs_sentences,
    periods_text,
    place_text,
    profile_chart,
    profile_text,
    quarters_text,
    whole_shares,
)
from views.classification import Classes
from views.intensite import recipe_rows
from views.maps import choropleth_map
from views.tables import csv_file
from views.text import alphabetical, count_of, escape_markdown, number, percent

PLOT = {"displayModeBar": False}
INTENSITY_PAGE = "pages/intensite.py"


def explain(chosen: Chosen, reference: Reference) -> None:
    """Sources, reference and checks of the index, folded."""
    card, rows = need_card(chosen.purpose.id), references(chosen.purpose.id)
    used = {
        indicators()[one.id].short_label: str(one.period)
        for domain in card.domains
        for one in domain.indicators
    }
    st.caption(periods_text(used, national=suited(chosen.purpose.id).national))
    with st.expander("Sur quoi repose le besoin", icon=":material/info:"):
        st.markdown(method_text([domain.label for domain in card.domains]))
        listing = []
        for domain in card.domains:
            for one in domain.indicators:
                about, basis = indicators()[one.id], rows.loc[one.id]
                listing.append(
                    {
                        "Domaine": domain.label,
                        "Indicateur": f"{about.label}, {one.period}",
                        "Habitants de France couverts": percent(basis["coverage"]),
                        "Moyenne de référence": f"{number(basis['mean'], about.decimals)} {about.unit}",
                        "Écart-type": f"{number(basis['sd'], about.decimals)} {about.unit}",
                        "La référence repose sur": basis["basis"],
                    }
                )
        show_table(
            pd.DataFrame(listing),
            "Référence de chaque indicateur",
            ["Habitants de France couverts", "Moyenne de référence", "Écart-type"],
        )
        st.markdown("**Pourquoi ces domaines.**")
        for domain in card.domains:
            st.markdown(f"- {domain.label} : {domain.reason}")
        explain_weights(chosen)
        st.markdown(MISSING_RULES)
        if not reference.exact:
            st.markdown(APPROXIMATE_REFERENCE)
        st.markdown(
            "Le taux de pauvreté est montré dans le portrait, mais n'entre pas dans l'indice : il est "
            "secret dans trop de communes. La référence est nationale et fixe : ajouter ou retirer une "
            "commune du périmètre ne change le besoin d'aucune autre."
        )


def explain_weights(chosen: Chosen) -> None:
    """Nominal and effective weights side by side, and what counts double."""
    found, card = checks(chosen.weights, chosen.purpose.id), need_card(chosen.purpose.id)
    cards = indicators()
    counted = [
        (domain, one.id)
        for domain in card.domains
        for one in domain.indicators
        if one.id in found.effective.index
    ]
    nominal = whole_shares(
        {name: chosen.weights[domain.id] / len(domain.indicators) for domain, name in counted}
    )
    st.markdown(
        "**Poids voulu, poids effectif.** Deux indicateurs qui vont ensemble pèsent plus que leur poids : le "
        "poids effectif est la part de chacun dans les liens avec le besoin, mesurée sur les "
        f"{count_of(found.communes, 'commune')} aux chiffres complets."
    )
    show_table(
        pd.DataFrame(
            {
                "Indicateur": [cards[name].label for _, name in counted],
                "Poids voulu": [percent(nominal[name] / 100) for _, name in counted],
                "Poids effectif": [percent(found.effective[name]) for _, name in counted],
            }
        ),
        "Poids voulu et poids effectif",
        ["Poids voulu", "Poids effectif"],
    )
    labels = {name: cards[name].label for _, name in counted}
    for sentence in pairs_sentences(found.pairs, labels) or [
        "Aucune paire d'indicateurs ne dépasse une corrélation de 0,9 : rien n'est compté deux fois."
    ]:
        st.markdown(sentence)


def show_groups(
    found: Current, table: pd.DataFrame, chosen: Chosen, target: str, cut: str, cuts_text: str
) -> None:
    st.markdown(group_sentence(table["group"], table["population"]))
    if target != ALL:
        st.markdown(
            f"{TARGETS[target].label} : "
            + group_sentence(table["group"], table["people"]).replace(
                "des habitants", "de la population visée"
            )
        )
    if cut == "national" and table.loc[table["need"].notna(), "group"].nunique() == 1:
        st.info(
            "Toutes les communes sont dans le même groupe national. Leurs moyennes cachent les écarts "
            "entre quartiers ; « Propres au périmètre » montre ceux entre communes.",
            icon=":material/info:",
        )
    st.caption(cuts_text)
    show_map(found, table)
    show_stability(found, table, chosen, cut)
    show_list(found, table, chosen)


def show_map(found: Current, table: pd.DataFrame) -> None:
    shapes = layer(found)
    if shapes is None:
        return
    order = list(GROUP_COLOURS)
    values = table["group"].map({name: rank + 1.0 for rank, name in enumerate(order)}).dropna()
    counts = tuple(int((values == rank + 1).sum()) for rank in range(len(order)))
    states = pd.Series("absent", index=table.index)
    states[values.index] = np.where(table.loc[values.index, "firm"].eq(True), "ok", "approx")
    choropleth_map(
        shapes,
        classes=Classes("seuils", (0.0, 1.0, 2.0, 3.0), counts),
        values=values,
        states=states,
        colours=list(GROUP_COLOURS.values()),
        tooltips=pd.Series({row.Index: tooltip(row) for row in table.itertuples()}),
        inside=set(found.codes),
        legend_title="Groupe de lecture",
        approximate_label="Groupe non assuré",
        absent_label="Non classable",
        legend_labels=[GROUPS[name] for name in order],
        height=480,
        attribution=contour_credit(),
        key="cibles",
    )


def tooltip(row) -> str:
    place = place_text(row.group, row.between, complete=bool(row.complete))
    return f"{row.name}\n{place} : {GROUP_MEANING[row.group]}"


def show_stability(found: Current, table: pd.DataFrame, chosen: Chosen, cut: str) -> None:
    """Who is firm, who stands between two groups, who would move under other weights."""
    if table["p_socle"].notna().any():
        for sentence in frontier_sentences(table):
            st.markdown(f"- {sentence}")
    else:
        st.info(
            "La stabilité des groupes ne se calcule pas ici : trop peu de communes, ou trop semblables.",
            icon=":material/info:",
        )
    st.markdown(f"- {escape_markdown(changes(table, chosen, cut))}")
    with st.expander("Comment la stabilité est mesurée", icon=":material/casino:"):
        st.markdown(STABILITY)
        st.markdown(ERRORS_UNKNOWN)
        exact = commune_needs(chosen.weights, chosen.purpose.id).reference.exact
        if cut == "national":
            st.markdown(SAMPLED_STABILITY if exact else APPROXIMATE_STABILITY)


def show_list(found: Current, table: pd.DataFrame, chosen: Chosen) -> None:
    labels = list(weighted_labels(chosen).values())
    missing = table[~table["complete"]]
    if len(missing):
        st.caption(
            f"{count_of(len(missing), 'commune')} sans tous les domaines (secret ou chiffres non chargés) : "
            "besoin calculé sur les autres domaines s'il en reste assez, groupe non assuré."
        )
    listing = listing_of(table, chosen)
    with st.expander(
        f"Pourquoi ce groupe, commune par commune ({len(listing)})", icon=":material/table:"
    ):
        show_table(
            listing.drop(columns="Habitants"),  # in the file; here, what explains the group
            "Groupe, domaines et accès de chaque commune",
            [*labels, ACCESS],
        )
        st.caption(
            "Par ordre alphabétique. Chaque domaine est en écarts-types nationaux : 0 est la moyenne "
            "de la France, un nombre positif indique plus de besoin. Un groupe se lit, il ne se classe pas : "
            "deux communes voisines de part et d'autre d'un seuil reçoivent presque autant par habitant."
        )
    st.download_button(
        "Télécharger les groupes (CSV)",
        csv_file(listing),
        file_name=file_name(found.perimeter, "-groupes.csv"),
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
    )


def show_commune(table: pd.DataFrame, chosen: Chosen) -> None:
    """« Et ma commune ? »: its group, how firm, the profile of its domains; never a rank."""
    st.subheader("Et ma commune ?", anchor=False)
    names = table["name"].sort_values(key=lambda one: one.map(alphabetical))
    counts = names.value_counts()
    labels = {
        code: name if counts[name] == 1 else f"{name} ({code})" for code, name in names.items()
    }
    largest = str(table["population"].idxmax())
    code = linked_selectbox(st.container(width=420), "Commune", labels, largest, "commune")
    row = table.loc[code]
    place = place_text(row["group"], row["between"], complete=bool(row["complete"]))
    meaning = (
        f"le calcul de départ la situe au groupe {GROUPS[row['group']].lower()}"
        if row["between"]
        else GROUP_MEANING[row["group"]]
    )
    st.markdown(
        f"**{escape_markdown(row['name'])}** : {place}, {meaning}."
        + (f" Sur 1 000 calculs : {chances_text(row)}." if pd.notna(row["p_socle"]) else "")
    )
    domains = weighted_labels(chosen)
    scores = row[list(domains)].astype(float).rename(domains)
    if scores.notna().any():
        sentence = profile_text(row[list(domains)].astype(float), domains)
        st.markdown(f"{sentence[:1].upper()}{sentence[1:]}.")
        st.plotly_chart(
            profile_chart(scores, str(row["name"])),
            theme=None,
            key="profil",
            config=PLOT,
            alt=f"Domaines du besoin, {row['name']} : {sentence}. Le tableau des communes les donne.",
        )


def show_access(table: pd.DataFrame, chosen: Chosen) -> None:
    if chosen.purpose.mixed:
        return
    axis = need_card(chosen.purpose.id).access
    st.subheader("Le besoin et l'accès aux soins, croisés", anchor=False)
    both = table.dropna(subset=["need", "access"])
    if both.empty:
        st.info(
            "Le besoin ou l'accès aux médecins n'a pas de chiffre ici : le croisement viendra avec "
            "le chargement des données (page Données).",
            icon=":material/info:",
        )
        return
    mean = float(references(chosen.purpose.id).loc[axis.id, "mean"])
    card = indicators()[axis.id]
    sentence = crossing_sentence(both, mean)
    st.markdown(escape_markdown(sentence))
    st.plotly_chart(
        crossing_chart(both, mean, f"APL aux généralistes, {axis.period}"),
        theme=None,
        key="croisement",
        config=PLOT,
        alt=sentence,
    )
    st.caption(
        f"Lignes pointillées : moyennes nationales (besoin 0 ; accès {number(mean, card.decimals)} "
        f"{card.unit}). "
        "Taille des bulles : habitants. Les deux axes ne sont jamais mêlés."
    )


def show_quarters(found: Current) -> None:
    """Why the quartiers prioritaires have no group among communes, and theirs among themselves."""
    rows = mart("quarter_figures", codes=found.code_list)
    rows = rows[rows["geography"] == "QP2024"]
    if rows.empty:
        return
    with st.expander("Et les quartiers prioritaires ?", icon=":material/location_city:"):
        st.markdown(quarters_text(rows["code"].nunique()))
        show_quarter_groups(found)
        st.page_link(
            "pages/inegalites.py",
            label="Leurs chiffres à côté de leur ville",
            icon=":material/stacked_bar_chart:",
        )


def show_recipe(
    found: Current, chosen: Chosen, target: str, cut: str, reference: Reference
) -> None:
    """Everything the groups follow from, and the address that finds them again."""
    st.subheader("Comment ce résultat a été obtenu", anchor=False)
    rows = groups_recipe(found, chosen, target, cut, reference)
    url = linked_address(
        "cibles",
        [
            "finalite",
            *(weight_key(chosen.purpose.id, one) for one in chosen.weights),
            "visee",
            "seuils",
            "commune",
        ],
    )
    with st.expander(
        "Tous les choix, et l'adresse qui refait le calcul", icon=":material/receipt_long:"
    ):
        show_table(recipe_rows(rows), "Comment ce résultat a été obtenu")
        st.markdown(
            "L'adresse garde tous ces choix, le fichier de projet aussi (page Périmètre) : l'un ou l'autre "
            "refait le calcul sur la même construction des données."
        )
        st.code(url, language=None, wrap_lines=True)
        st.link_button("Refaire ce calcul", url, icon=":material/replay:")


found = require_perimeter()
header(found, "Cibler")
st.markdown(
    "Où agir d'abord : une action **pour tous**, plus intense là où le besoin est plus élevé. C'est "
    "l'universalisme proportionné."
)
purpose = choose_purpose()
if not need_card(purpose.id).domains:
    st.info(
        "Aucun indicateur de ce besoin n'est chargé : chargez des données (page Données) pour lire cette "
        "page.",
        icon=":material/info:",
    )
    st.stop()
chosen = choose_weights(purpose)
scored = commune_needs(chosen.weights, purpose.id)
explain(chosen, scored.reference)
target, people = choose_target(found, purpose.target)
table = commune_table(found, scored, people)

st.subheader("Trois groupes de lecture", anchor=False)
cut, cuts_text = choose_cut(scored.reference)
table = with_groups(table, chosen, cut, scored.reference)
show_groups(found, table, chosen, target, cut, cuts_text)
show_commune(table, chosen)
show_access(table, chosen)
show_quarters(found)
show_recipe(found, chosen, target, cut, scored.reference)
st.page_link(
    INTENSITY_PAGE, label="Doser une ressource avec ce besoin", icon=":material/arrow_forward:"
)
