"""Intensité: a resource shared out, a base for all and a reinforcement by need, to the unit."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from diagnostic.allocation import nominal_ratio, observed_ratio
from diagnostic.dosing import (
    TARGET_SHARE,
    strategies,
    what_moves,
)
from diagnostic.perimeter import file_name
from pages.acting import action_of_split
from pages.dosing import (
    ADDRESS,
    Settings,
    ask,
    choose_mesh,
    commune_table,
    free_parts,
    recipe_of,
    split,
    under_least,
)
from pages.linked import (
    linked_slider,
)
from pages.needs import commune_needs
from pages.project import add
from pages.shared import (
    Current,
    header,
    require_perimeter,
    show_table,
)
from pages.targets import ALL, choose_target
from pages.weighing import choose_need
from views.cibles import APPROXIMATE_REFERENCE
from views.intensite import (
    CHART_ROWS,
    HABITANTS,
    HEAD,
    INTRODUCTION,
    NO_BEST,
    TARGETED,
    amount,
    choices_text,
    dosing_table,
    dosing_texts,
    heads_chart,
    hypotheses_text,
    members_texts,
    moves_texts,
    recipe_rows,
    sheet_formats,
    split_sentence,
    strategies_texts,
)
from views.tables import csv_file
from views.text import count_of, escape_markdown, joined, number
from views.workbook import MIME, Sheet, workbook

PLOT = {"displayModeBar": False}


def show_split(
    found: Current, table: pd.DataFrame, chosen: Settings, people: str
) -> pd.DataFrame | None:
    """The split on screen and as files; None when the bounds leave no split."""
    try:
        mesh = choose_mesh(table, under_least(free_parts(table, chosen), chosen))
        shared, pooled = split(found, table, chosen, mesh)
    except ValueError as error:
        st.warning(escape_markdown(str(error)), icon=":material/rule:")
        return None
    rule, resource = chosen.rule, chosen.resource
    observed = observed_ratio(shared) if chosen.shared else float("nan")
    st.markdown(
        choices_text(rule.base_share, rule.ratio, nominal_ratio(rule.base_share, rule.ratio))
    )
    st.markdown(
        split_sentence(chosen.shared, chosen.kept, resource, rule.base_share, rule.ratio, observed)
    )
    if pooled:
        st.info(escape_markdown(pooled), icon=":material/group_work:")
    still = int(((shared["continuous"] < chosen.least) & (shared["population"] > 0)).sum())
    if chosen.shared and still:
        st.caption(
            f"{count_of(still, 'territoire')} {'reste' if still < 2 else 'restent'} sous cette quantité : "
            "aucun regroupement plus large à cette maille."
        )
    unknown = table[table["need"].isna()]
    if len(unknown):
        names = joined(list(unknown["name"].iloc[:5]))
        st.warning(
            f"Besoin inconnu pour {escape_markdown(names)}{' et d’autres' if len(unknown) > 5 else ''} : "
            "la base et l'intensité moyenne leur sont appliquées.",
            icon=":material/help:",
        )
    result = dosing_table(shared, people)
    caption = (
        f"Répartition de {amount(chosen.shared, resource.decimals)} {resource.label} par territoire"
    )
    texts = dosing_texts(result, people, resource.decimals)
    show_table(texts, caption, list(texts.columns[1:]), total=True)
    st.caption(
        f"Total exact, chaque territoire à moins d'une unité ({amount(rule.unit, 2)}) de sa part calculée. Base "
        "et renfort sont avant arrondi. Le besoin compte entre les seuils des 5 % et 95 % de la population "
        f"nationale ({number(rule.reference[0], 2, signed=True)} et {number(rule.reference[1], 2, signed=True)}) : "
        "au-delà, l'intensité n'augmente plus."
    )
    members = members_texts(result)
    if len(members):
        with st.expander("Les communes regroupées", icon=":material/group_work:"):
            show_table(members, "Communes de chaque regroupement")
    download(found, result, caption, chosen)
    if chosen.shared:
        note_as_action(found, table, chosen, mesh, shared)
    if len(result) <= CHART_ROWS and chosen.shared:
        st.plotly_chart(
            heads_chart(result),
            theme=None,
            key="par-tete",
            config=PLOT,
            alt=f"{HEAD}, par territoire ; le tableau ci-dessus donne les mêmes nombres.",
        )
    return shared


def download(found: Current, result: pd.DataFrame, caption: str, chosen: Settings) -> None:
    """The split as a table for a fiche-action, and as a workbook with how it was obtained."""
    with st.container(horizontal=True):
        st.download_button(
            "Télécharger la répartition (CSV)",
            csv_file(result),
            file_name=file_name(found.perimeter, "-repartition.csv"),
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
        )
        recipe = recipe_rows(recipe_of(found, chosen, need_chosen, target, scored.reference))
        st.download_button(
            "Télécharger la répartition (Excel)",
            lambda: workbook(
                [
                    Sheet("Répartition", caption, result, sheet_formats(chosen.resource.decimals)),
                    Sheet(
                        "Comment",
                        "Comment ce résultat a été obtenu",
                        recipe,
                        widths={"Valeur": 100},
                    ),
                ],
                "Gradient, répartition",
            ),
            file_name=file_name(found.perimeter, "-repartition.xlsx"),
            mime=MIME,
            icon=":material/download:",
            on_click="ignore",
        )


def note_as_action(
    found: Current, table: pd.DataFrame, chosen: Settings, mesh: str, shared: pd.DataFrame
) -> None:
    """Keep the split among the actions of the project, where its coverage is read."""
    if st.button("Noter cette répartition parmi les actions", icon=":material/checklist:"):
        add(action_of_split(found, table, chosen, mesh, shared))
        st.success(
            "Notée dans cette session : la page Actions lit sa couverture, le fichier de projet la garde.",
            icon=":material/check:",
        )
        st.page_link("pages/actions.py", label="Voir les actions", icon=":material/checklist:")


def show_moves(shared: pd.DataFrame, chosen: Settings) -> None:
    st.subheader("Et si la base ou la force du besoin changeait ?", anchor=False)
    try:
        moves = what_moves(chosen.rule, shared["population"], shared["need"])
    except ValueError as error:
        st.warning(escape_markdown(str(error)), icon=":material/rule:")
        return
    texts = moves_texts(moves, chosen.resource.decimals)
    show_table(texts, "Ce que changent la base et la force du besoin", list(texts.columns[1:]))
    st.caption(
        "« Change de territoire » : ce qui irait ailleurs qu'avec votre choix. Le rapport observé dépend des "
        "écarts de besoin d'ici ; il est plus petit que celui du pays quand les communes se ressemblent."
    )


def show_strategies(table: pd.DataFrame, chosen: Settings) -> None:
    st.subheader("Universelle, ciblée, proportionnée : à moyens égaux", anchor=False)
    with st.container(horizontal=True):
        low = linked_slider(
            st.container(width=340), "Personnes concernées, besoin le moins élevé (%)", (1, 60), 10, "frequence_basse", step=1,
        )  # fmt: skip
        high = linked_slider(
            st.container(width=340), "Personnes concernées, besoin le plus élevé (%)", (1, 60), 25, "frequence_haute", step=1,
        )  # fmt: skip
    rates = (low / 100, high / 100)
    found = strategies(chosen.rule, table["people"], table["need"], rates)
    if found is None:
        st.info(
            "Il faut au moins quatre communes habitées au besoin connu, dont deux hors de la cible, pour "
            "comparer trois stratégies.",
            icon=":material/info:",
        )
        return
    st.markdown(hypotheses_text(rates, TARGET_SHARE))
    texts = strategies_texts(found)
    show_table(texts, "Trois stratégies, trois hypothèses", list(texts.columns[2:]))
    st.caption(NO_BEST)


def show_recipe(found: Current, chosen: Settings) -> None:
    st.subheader("Comment ce résultat a été obtenu", anchor=False)
    rows = recipe_of(found, chosen, need_chosen, target, scored.reference)
    url = rows.pop(ADDRESS)
    with st.expander(
        "Tous les choix, et l'adresse qui refait le calcul", icon=":material/receipt_long:"
    ):
        show_table(recipe_rows(rows), "Comment ce résultat a été obtenu")
        st.markdown("L'adresse garde tous ces choix : la copier, c'est pouvoir refaire le calcul.")
        st.code(url, language=None, wrap_lines=True)
        st.link_button("Refaire ce calcul", url, icon=":material/replay:")
        if not scored.reference.exact:
            st.markdown(APPROXIMATE_REFERENCE)


found = require_perimeter()
header(found, "Intensité")
st.markdown(INTRODUCTION)
need_chosen = choose_need("Le besoin sur lequel repose la répartition")
scored = commune_needs(need_chosen.weights, need_chosen.purpose.id)
target, people = choose_target(found, need_chosen.purpose.target)
table = commune_table(found, scored.scores, people)
settings = ask(scored.reference.bounds)
if not table["people"].sum():
    st.info("Personne dans la population visée ici : rien à répartir.", icon=":material/info:")
    st.stop()
shared = show_split(found, table, settings, HABITANTS if target == ALL else TARGETED)
if shared is not None and settings.shared:
    show_moves(shared, settings)
    show_strategies(table, settings)
if shared is not None:
    show_recipe(found, settings)
