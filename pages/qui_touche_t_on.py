"""Qui touche-t-on ?: people reached beside need; after a year, whether resources followed it."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from connectors.attendance import Attendance
from diagnostic import reach
from diagnostic.perimeter import file_name
from pages.attending import Box, held, places_of, quarters_of, reading_of, receive
from pages.linked import linked_segments, linked_selectbox
from pages.needs import CommuneNeeds, commune_needs
from pages.shared import Current, geography, header, require_perimeter, show_table
from pages.targets import ALL, TARGETS, choose_target
from pages.weighing import Chosen, choose_need
from views.reach import (
    CHART_ROWS,
    EMPTY,
    EXAMPLE,
    INTRODUCTION,
    PREPARE,
    PREPARE_RESOURCES,
    UNKNOWN,
    UNSCORED,
    curve_chart,
    curve_texts,
    few_sentence,
    followed_sentences,
    index_sentence,
    index_text,
    left_out_sentence,
    method_text,
    neediest_sentence,
    nothing_to_compare,
    partial_sentence,
    quarter_sentence,
    reach_file,
    reach_texts,
    shares_chart,
    under_heading,
    under_sentences,
)
from views.tables import csv_file
from views.text import alphabetical, escape_markdown, number, percent

PEOPLE = Box("people", "Personnes touchées", "Personnes touchées")
RESOURCES = Box("resources", "Ressources engagées", "Quantité engagée")
RATIOS = {
    "1": "1 : le besoin ne compte pas",
    "2": "2 : modéré",
    "3": "3 : marqué",
    "5": "5 : très marqué",
}
# Share of the people concerned past which what is left out is a warning.
MUCH = 0.1
# Past this many sentences, a fold.
MOST_SENTENCES = 12
PLOT = {"displayModeBar": False}


def choose_ratio() -> float:
    return float(
        linked_selectbox(
            st.container(width=340),
            "Force du besoin (rapport K)",
            RATIOS,
            "3",
            "force",
            help="Combien de fois plus compte un habitant là où le besoin est le plus élevé. C'est un "
            "choix politique, le même que sur la page Intensité.",
        )
    )


def choose_action(read: Attendance) -> Attendance:
    """The rows of one action, or all of them; the name of an action never goes into the URL."""
    labels = sorted({*read.used["label"], *read.refused["label"]} - {""}, key=alphabetical)
    if not labels:
        return read
    everything = "Toutes les actions"
    chosen = st.selectbox("Action", [everything, *labels], key="touche_action", width=340)
    if chosen == everything:
        return read
    used, refused = (part[part["label"] == chosen] for part in (read.used, read.refused))
    return Attendance(used, refused, read.repaired)


def amounts(read: Attendance, codes: pd.Index, absent_key: str) -> pd.Series:
    """Amount of each commune, NaN where the file has none; zero where the visitor says so."""
    used = read.used[read.used["level"] == "commune"]
    known = used.groupby("code")["amount"].sum().reindex(codes)
    mentioned = known.notna() | codes.isin(read.refused["code"])
    if mentioned.all() or not known.notna().any():
        return known
    choice = linked_segments(
        "Communes absentes du fichier",
        {"inconnues": "Nombre inconnu", "zero": "Zéro"},
        "inconnues",
        absent_key,
        help="Une commune absente n'est pas un zéro, sauf si votre fichier liste toutes les venues.",
    )
    return known.where(mentioned, 0.0) if choice == "zero" else known


def compared(
    found: Current, read: Attendance, people: pd.Series, scored: CommuneNeeds, absent_key: str
) -> pd.DataFrame:
    """Communes that can be compared: population, need, amount all known. What is left out is said."""
    communes = found.communes.set_index("code")
    table = communes[["name", "epci_code", "epci_name"]].assign(
        population=people, need=scored.scores["need"].reindex(communes.index)
    )
    table["reached"] = amounts(read, table.index, absent_key)
    empty = table["population"] == 0
    unknown = table["reached"].isna() & ~empty
    unscored = table["need"].isna() & ~unknown & ~empty
    show_left_out(table, {UNKNOWN: unknown, UNSCORED: unscored, EMPTY: empty})
    rows = table[~(empty | unknown | unscored)]
    minimal = rows.loc[rows.index.isin(read.refused["code"]), "name"].tolist()
    if minimal:
        st.caption(escape_markdown(partial_sentence(minimal)))
    return rows


def show_left_out(table: pd.DataFrame, aside: dict[str, pd.Series]) -> None:
    """Communes left out and why, louder when they hold much of the people."""
    everyone = float(table["population"].sum())
    names = {why: table.loc[which, "name"].tolist() for why, which in aside.items()}
    left = pd.concat(list(aside.values()), axis=1).any(axis=1)
    share = float(table.loc[left, "population"].sum()) / everyone if everyone else 0.0
    said = left_out_sentence(names, share)
    if said and share > MUCH:
        st.warning(escape_markdown(said), icon=":material/info:")
    elif said:
        st.caption(escape_markdown(said))


def comparable(found: Current, rows: pd.DataFrame, least: int) -> bool:
    """Whether there is a split to read; says why not."""
    reason = nothing_to_compare(len(found.codes), len(rows), float(rows["reached"].sum()), least)
    if reason:
        st.info(reason, icon=":material/info:")
    return not reason


def choose_mesh(table: pd.DataFrame) -> str:
    bodies = table["epci_code"].nunique()
    if bodies < 2:
        return "commune"
    default = "epci" if len(table) > CHART_ROWS else "commune"
    return linked_segments(
        "Lire par",
        {"commune": "Commune", "epci": "Intercommunalité"},
        default,
        f"lecture-{default}",
    )


def by_mesh(table: pd.DataFrame, mesh: str) -> pd.DataFrame:
    """The comparison by commune or by EPCI, with its verdicts and names."""
    if mesh == "commune":
        return reach.verdicts(table)
    body = epci_names(table)
    grouped = reach.pooled(table, body)
    return reach.verdicts(grouped).assign(name=grouped.index)


def epci_names(table: pd.DataFrame) -> pd.Series:
    """EPCI of each commune; one of which communes are missing here is « en partie »."""
    members = geography().members
    held = table.groupby("epci_code").size()
    whole = {code: held[code] == len(members.get(("epci", code), ())) for code in held.index}
    partly = ~table["epci_code"].map(whole).fillna(True).astype(bool)
    names = table["epci_name"].where(~partly, table["epci_name"] + " (en partie)")
    return names.fillna("Communes sans intercommunalité")


def header_of(target: str) -> str:
    """Heading of the column that counts the people concerned."""
    return "Habitants" if target == ALL else TARGETS[target].label


def show_shares(found: Current, table: pd.DataFrame, target: str, *, example: bool) -> None:
    title = EXAMPLE if example else ""
    st.subheader("Qui est touché, territoire par territoire", anchor=False)
    said = by_mesh(table, choose_mesh(table))
    st.markdown(escape_markdown(under_heading(said)))
    listed = under_sentences(said)
    lines = "\n".join(f"- {escape_markdown(sentence)}" for sentence in listed)
    if len(listed) > MOST_SENTENCES:
        with st.expander(f"Lesquels ({len(listed)})", icon=":material/list:"):
            st.markdown(lines)
    elif listed:
        st.markdown(lines)
    together = few_sentence(reach.few_together(said), int((said["verdict"] == reach.TOO_FEW).sum()))
    if together:
        st.markdown(escape_markdown(together))
    if len(said) <= CHART_ROWS:
        st.plotly_chart(
            shares_chart(said, title),
            theme=None,
            key="parts",
            config=PLOT,
            alt="Part du besoin et part des personnes touchées de chaque territoire ; le tableau suit.",
        )
    else:
        st.caption(
            "Trop de communes pour un graphique lisible : le tableau, ou par intercommunalité."
        )
    with st.expander(f"Le tableau ({len(said)})", icon=":material/table:"):
        texts = reach_texts(said, header_of(target))
        show_table(
            texts, "Part du besoin et personnes touchées", list(texts.columns[1:-2]), total=True
        )
        st.caption(
            "% : part du total du périmètre. Attendues : les mêmes personnes, réparties selon le besoin. "
            "Par ordre alphabétique : un écart se lit avec son intervalle, il ne se range pas."
        )
    st.download_button(
        "Télécharger la comparaison (CSV)",
        csv_file(reach_file(said, header_of(target), example=example)),
        file_name=file_name(
            found.perimeter, "-exemple-fictif.csv" if example else "-personnes-touchees.csv"
        ),
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
    )


def show_curve(table: pd.DataFrame, target: str, *, example: bool) -> None:
    st.subheader("L'action suit-elle le besoin ?", anchor=False)
    found, names = reach.neediest(table), table["name"].to_dict()
    sentence = neediest_sentence(found, names, TARGETS[target].named)
    index = reach.concentration(table)
    st.markdown(f"**{escape_markdown(sentence)}**")
    st.markdown(escape_markdown(index_sentence(index)))
    curve = reach.curves(table)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.plotly_chart(
            curve_chart(curve, EXAMPLE if example else ""),
            theme=None,
            key="courbe",
            config=PLOT,
            alt=f"Courbe de concentration. {sentence}",
        )
    with right:
        st.markdown(f"**Indice de concentration** : {escape_markdown(index_text(index))}")
        st.caption(
            "Plus la courbe bleue passe sous le tiret du besoin, moins l'action atteint les communes "
            "au besoin le plus élevé. Au-dessus, elle va au-delà de leur part : ce n'est pas un défaut. "
            "Une courbe décrit des communes, pas les personnes qui y vivent."
        )
        with st.expander("Les points de la courbe", icon=":material/table:"):
            texts = curve_texts(curve)
            show_table(texts, "Courbe de concentration", list(texts.columns))
            st.caption("Parts cumulées, du plus au moins de besoin.")


def show_people(
    found: Current, read: Attendance, scored: CommuneNeeds, chosen: Chosen, *, example: bool
) -> None:
    """Everything that the people reached allow to say."""
    with st.container(horizontal=True):
        target, people = choose_target(found, chosen.purpose.target)
        ratio = choose_ratio()
        read = choose_action(read)
    if read.used["label"].nunique() > 1:
        st.caption("Une personne venue à deux actions compte deux fois.")
    if (read.used["level"] == "commune").any():
        rows = compared(found, read, people, scored, "absentes")
        if comparable(found, rows, 2):
            table = reach.compare(rows, scored.reference.bounds, ratio)
            show_curve(table, target, example=example)
            show_shares(found, table, target, example=example)
    else:
        st.info(
            "Aucune ligne de commune utilisable : la comparaison au besoin se fait par commune.",
            icon=":material/info:",
        )
    show_quarters(found, read)
    explain(scored, chosen, ratio)


def show_quarters(found: Current, read: Attendance) -> None:
    """Rows of priority neighbourhoods, read apart: they never add to those of communes."""
    rows = read.used[read.used["level"] == "qpv"]
    if rows.empty:
        return
    st.subheader("Dans les quartiers prioritaires", anchor=False)
    places = quarters_of(found)
    reached = rows.groupby("code")["amount"].sum()
    communes = read.used[read.used["level"] == "commune"].groupby("code")["amount"].sum()
    around = communes.reindex(
        places.loc[places["item_id"].isin(reached.index), "commune_code"].unique()
    )
    rest = around.sum() - reached.sum()
    inside = None
    if around.notna().all() and rest >= 0 and around.sum():
        inside = float(reached.sum() / around.sum())
    st.markdown(escape_markdown(quarter_sentence(float(reached.sum()), inside)))
    if 0 < rest < 5 and inside is not None:
        st.warning(
            "Moins de 5 personnes des mêmes communes vivent hors de ces quartiers : ne publiez pas les "
            "deux nombres ensemble.",
            icon=":material/visibility_off:",
        )
    named = places.groupby("item_id").agg(
        name=("name", "first"), where=("commune_name", lambda names: ", ".join(sorted(set(names))))
    )
    listing = named.reindex(reached.index).assign(reached=reached)
    listing = listing.sort_values("name", key=lambda names: names.map(alphabetical))
    show_table(
        pd.DataFrame(
            {
                "Quartier": listing["name"],
                "Commune": listing["where"],
                "Personnes touchées": listing["reached"].map(number),
                "Part": (listing["reached"] / listing["reached"].sum()).map(percent),
            }
        ),
        "Personnes touchées par quartier prioritaire",
        ["Personnes touchées", "Part"],
    )
    st.caption(
        "Les personnes d'un quartier sont tenues pour déjà comptées dans leur commune. La population et "
        "le besoin des quartiers de 2024 ne sont pas chargés : aucune part de besoin n'est calculée ici."
    )


def explain(scored: CommuneNeeds, chosen: Chosen, ratio: float) -> None:
    labels = {chosen.labels[name]: share for name, share in chosen.weights.items()}
    with st.expander("Comment ce résultat est obtenu", icon=":material/info:"):
        st.markdown(method_text(ratio, labels))
        if not scored.reference.exact:
            st.markdown(
                "**Seuils nationaux approchés** : la France entière n'est pas chargée (page Données)."
            )


def show_resources(found: Current, scored: CommuneNeeds) -> None:
    st.subheader("Après un an : l'intensité a-t-elle suivi le besoin ?", anchor=False)
    st.markdown(PREPARE_RESOURCES)
    places = places_of(found)
    one = held(found, RESOURCES)
    if one is None:
        receive(found, RESOURCES, places)
        return
    read = reading_of(found, RESOURCES, one, places)
    if read is None:
        return
    with st.container(horizontal=True):
        base = (
            int(
                linked_selectbox(
                    st.container(width=340),
                    "Base égale pour tous, annoncée",
                    {str(one): f"{one} %" for one in range(0, 101, 5)},
                    "50",
                    "base",
                )
            )
            / 100
        )
        ratio = float(
            linked_selectbox(
                st.container(width=340), "Rapport K annoncé", RATIOS, "3", "rapport-annonce"
            )
        )
    inhabitants = found.communes.set_index("code")["population"]
    rows = compared(found, read, inhabitants, scored, "moyens-absents")
    if not comparable(found, rows, 3):
        return
    table = reach.compare(rows, scored.reference.bounds, ratio)
    result = reach.followed(table, scored.reference.bounds, base, ratio)
    for sentence in followed_sentences(result, base, ratio):
        st.markdown(escape_markdown(sentence))
    curve = reach.curves(table)
    st.plotly_chart(
        curve_chart(curve, label="moyens engagés"),
        theme=None,
        key="courbe-moyens",
        config=PLOT,
        alt="Courbe de concentration des moyens engagés ; le tableau par commune suit.",
    )
    st.markdown(
        f"**Indice de concentration des moyens** : {escape_markdown(index_text(result.concentration))}"
    )
    st.caption(
        "Indice négatif : davantage de moyens par habitant là où le besoin est plus élevé. L'intervalle dit "
        "la dispersion entre communes. Suivre le besoin n'est pas une preuve d'effet."
    )
    listing = resource_texts(table)
    with st.expander(f"Les moyens par commune ({len(table)})", icon=":material/table:"):
        show_table(listing, "Moyens engagés par commune", list(listing.columns[1:]))


def resource_texts(table: pd.DataFrame) -> pd.DataFrame:
    shown = table.sort_values("name", key=lambda names: names.map(alphabetical))
    decimals = 0 if np.all(shown["reached"] == shown["reached"].round()) else 1
    return pd.DataFrame(
        {
            "Commune": shown["name"],
            "Quantité engagée": shown["reached"].map(partial(number, decimals=decimals)),
            "Pour 1 000 habitants": (1000 * shown["reached"] / shown["population"]).map(
                lambda one: number(one, 1)
            ),
            "Part des moyens": shown["reached_share"].map(percent),
            "Part du besoin": shown["need_share"].map(percent),
        }
    )


found = require_perimeter()
header(found, "Qui touche-t-on ?")
st.markdown(INTRODUCTION)
chosen = choose_need("Le besoin auquel les personnes touchées sont comparées")
scored = commune_needs(chosen.weights, chosen.purpose.id)
places = places_of(found)
one = held(found, PEOPLE)
if one is None:
    st.markdown(PREPARE)
    communes = found.communes.set_index("code")
    receive(
        found,
        PEOPLE,
        places,
        partial(
            reach.example_counts,
            communes["population"],
            scored.scores["need"].reindex(communes.index),
            scored.reference.bounds,
        ),
    )
else:
    read = reading_of(found, PEOPLE, one, places)
    if read is not None and len(read.used):
        show_people(found, read, scored, chosen, example=bool(one.example_of))
show_resources(found, scored)
