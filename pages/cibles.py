"""Cibles: a need index on a fixed national reference, three groups, a resource shared out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from diagnostic import allocation, need
from diagnostic.perimeter import file_name
from pages.layers import contour_credit, layer
from pages.linked import linked_segments, linked_selectbox
from pages.shared import (
    Current,
    build_path,
    header,
    indicators,
    mart,
    open_warehouse,
    require_perimeter,
    show_table,
)
from views.cibles import (
    GROUP_COLOURS,
    GROUP_MEANING,
    GROUPS,
    aside_text,
    crossing_chart,
    crossing_sentence,
    group_sentence,
    method_text,
    periods_text,
    profile_text,
    ratio_sentence,
)
from views.classification import Classes
from views.maps import choropleth_map
from views.tables import csv_file
from views.text import alphabetical, count_of, escape_markdown, joined, number, percent
from warehouse.needs import NATIONAL_SHARE, NeedCard, SuitedNeeds, load_needs, suit

RATIOS = {
    "1": "1 : aucun effet du besoin",
    "2": "2 : modéré",
    "3": "3 : marqué",
    "5": "5 : très marqué",
}
RESOURCES = ("consultations dentaires", "séances", "heures", "places", "euros")
PER_THOUSAND = "Pour 1 000 hab., avant arrondi"
NAMES_SHOWN = 4
QUANTILES = (0.05, 0.6, 0.8, 0.95)


@dataclass(frozen=True)
class Reference:
    """National landmarks of the need index, and what they rest on."""

    q05: float
    q60: float
    q80: float
    q95: float
    exact: bool


@st.cache_resource(max_entries=2, show_spinner=False)
def _suited(path: str) -> SuitedNeeds:
    card = load_needs()
    rows = open_warehouse(path).mart("references_of", indicators=card.indicators)
    coverage = {
        str(name): dict(zip(group["period"], group["coverage"], strict=True))
        for name, group in rows.groupby("indicator_id")
    }
    return suit(card, coverage)


def suited() -> SuitedNeeds:
    """What the open warehouse can fill of the need card."""
    return _suited(build_path())


def needs() -> NeedCard:
    """The domains that count in the open warehouse, at the periods used."""
    return suited().card


@st.cache_resource(max_entries=2, show_spinner="Lecture des communes…")
def matrix(path: str) -> tuple[pd.DataFrame, pd.Series]:
    """Indicators of the index over every loaded commune (wide), and their population; not to be changed."""
    periods = needs().periods
    long = open_warehouse(path).mart(
        "commune_matrix", indicators=list(periods), periods=list(periods.values())
    )
    wide = long.pivot(index="code", columns="indicator_id", values="value")
    return wide.reindex(columns=list(periods)), long.groupby("code")["population"].first()


def references() -> pd.DataFrame:
    """Mean, spread and basis of each indicator at the period used."""
    periods = needs().periods
    frame = mart("references_of", indicators=list(periods))
    return frame[frame["period"] == frame["indicator_id"].map(periods)].set_index("indicator_id")


def choose_weights() -> dict[str, float]:
    st.markdown("**Le poids de chaque domaine**")
    raw = {}
    for column, domain in zip(st.columns(len(needs().domains)), needs().domains, strict=True):
        raw[domain.id] = column.slider(
            domain.label,
            0,
            100,
            domain.weight,
            step=5,
            key=f"poids_{domain.id}",
            bind="query-params",
            help=domain.reason,
        )
    if not any(raw.values()):
        st.warning(
            "Tous les poids sont à zéro : les poids égaux sont utilisés.", icon=":material/balance:"
        )
        raw = dict.fromkeys(raw, 1)
    shares = need.normalised_weights(needs().directions, raw)
    st.caption(
        "Poids utilisés, ramenés à 100 : "
        + " · ".join(
            f"{domain.label} {percent(shares[domain.id], 0)}" for domain in needs().domains
        )
    )
    return shares


@st.cache_resource(max_entries=20, show_spinner=False)
def country(
    path: str, weights: tuple[tuple[str, float], ...]
) -> tuple[pd.DataFrame, pd.Series, Reference]:
    """Need of every loaded commune, their access to care, and the landmarks; not to be changed."""
    wide, population = matrix(path)
    scores = need.index(wide, needs().directions, dict(weights), references()[["mean", "sd"]])
    access = wide[needs().access.id]
    return scores, access, national_reference(wide, population, scores, dict(weights))


def landmarks(quantiles: np.ndarray, exact: bool) -> Reference:
    q05, q60, q80, q95 = (float(one) for one in quantiles)
    return Reference(q05, q60, q80, q95, exact)


def national_reference(
    wide: pd.DataFrame, population: pd.Series, scores: pd.DataFrame, weights: dict[str, float]
) -> Reference:
    """Quantiles of need over France: measured when nearly all of it is loaded, else estimated."""
    known = scores["need"].dropna()
    people = population.reindex(known.index)
    france = mart("territory_named", levels=["france"], codes=["FR"])["population"].iloc[0]
    if people.sum() >= NATIONAL_SHARE * france:
        return landmarks(need.weighted_quantiles(known, people, QUANTILES), exact=True)
    signed = need.indicator_weights(needs().directions, weights)
    complete = wide[signed.index].dropna()
    people = population.reindex(complete.index)
    covariance = np.cov(complete.to_numpy(), rowvar=False, aweights=people)
    spread = np.sqrt(np.diag(covariance))
    correlation = pd.DataFrame(covariance / np.outer(spread, spread), signed.index, signed.index)
    sd = need.composite_sd(correlation.clip(-1, 1), signed)
    return landmarks(need.normal_quantiles(sd, QUANTILES), exact=False)


def explain_reference(reference: Reference) -> None:
    rows = references()
    with st.expander("Sur quoi repose le besoin", icon=":material/info:"):
        st.markdown(method_text([domain.label for domain in needs().domains]))
        listing = []
        for domain in needs().domains:
            for one in domain.indicators:
                card = indicators()[one.id]
                basis = rows.loc[one.id]
                listing.append(
                    {
                        "Domaine": domain.label,
                        "Indicateur": f"{card.label}, {one.period}",
                        "Habitants de France couverts": percent(basis["coverage"]),
                        "Moyenne de référence": f"{number(basis['mean'], card.decimals)} {card.unit}",
                        "Écart-type": f"{number(basis['sd'], card.decimals)} {card.unit}",
                        "La référence repose sur": basis["basis"],
                    }
                )
        show_table(
            pd.DataFrame(listing),
            "Référence de chaque indicateur",
            ["Habitants de France couverts", "Moyenne de référence", "Écart-type"],
        )
        if not reference.exact:
            st.markdown(
                "**Seuils nationaux approchés.** La France entière n'est pas chargée : les seuils des "
                "groupes supposent une répartition régulière du besoin autour de la moyenne nationale, "
                "et une dispersion tirée des communes chargées. Ils seront mesurés une fois les données "
                "nationales chargées."
            )
        st.markdown(
            "Le besoin compte entre les seuils des 5 % et 95 % de la population nationale "
            f"({number(reference.q05, 2, signed=True)} et {number(reference.q95, 2, signed=True)}) : "
            "au-delà, l'intensité n'augmente plus. Le taux de pauvreté est montré dans le portrait, "
            "mais n'entre pas dans l'indice : il est secret dans trop de communes."
        )


def explain_periods() -> None:
    """Which figures count, of which year, and which domains do not."""
    cards = indicators()
    used = {
        cards[one.id].short_label: str(one.period)
        for domain in needs().domains
        for one in domain.indicators
    }
    missing = {
        domain.label: [cards[one.id].short_label for one in domain.indicators]
        for domain in suited().aside
    }
    st.caption(" ".join((periods_text(used, national=suited().national), *aside_text(missing))))


def commune_table(found: Current, scores: pd.DataFrame, access: pd.Series) -> pd.DataFrame:
    """One row a commune of the perimeter: need, domains, access, population, EPCI."""
    table = found.communes.set_index("code")[["name", "population", "epci_code", "epci_name"]]
    table = table.join(scores.reindex(table.index))
    table["access"] = access.reindex(table.index)
    for flag in ("complete", "classable"):
        table[flag] = table[flag].eq(True)
    return table


def show_groups(
    found: Current, table: pd.DataFrame, weights: dict[str, float], cuts_text: str
) -> None:
    st.markdown(group_sentence(table["group"], table["population"]))
    if cut == "national" and table.loc[table["need"].notna(), "group"].nunique() == 1:
        st.info(
            "Toutes les communes sont dans le même groupe national. Leurs moyennes cachent les écarts "
            "entre quartiers ; « Propres au périmètre » montre ceux entre communes.",
            icon=":material/info:",
        )
    st.caption(cuts_text)
    shapes = layer(found)
    if shapes is not None:
        order = list(GROUP_COLOURS)
        values = table["group"].map({name: rank + 1.0 for rank, name in enumerate(order)}).dropna()
        counts = tuple(int((values == rank + 1).sum()) for rank in range(len(order)))
        states = pd.Series("absent", index=table.index)
        states[values.index] = np.where(table.loc[values.index, "firm"], "ok", "approx")
        choropleth_map(
            shapes,
            classes=Classes("seuils", (0.0, 1.0, 2.0, 3.0), counts),
            values=values,
            states=states,
            colours=list(GROUP_COLOURS.values()),
            tooltips=pd.Series(
                {
                    row.Index: f"{row.name_}\n{GROUPS[row.group]} : {GROUP_MEANING[row.group]}"
                    for row in table.rename(columns={"name": "name_"}).itertuples()
                }
            ),
            inside=set(found.codes),
            legend_title="Groupe de lecture",
            approximate_label="Groupe non assuré",
            absent_label="Non classable",
            legend_labels=[GROUPS[name] for name in order],
            height=480,
            attribution=contour_credit(),
            key="cibles",
        )
    missing = table[~table["complete"]]
    if len(missing):
        st.caption(
            f"{count_of(len(missing), 'commune')} sans tous les domaines (secret ou chiffres non chargés) : "
            "besoin calculé sur les autres domaines s'il en reste assez, groupe non assuré."
        )
    labels = {
        f"domain:{domain.id}": domain.label for domain in needs().domains if weights[domain.id] > 0
    }
    listing = pd.DataFrame(
        {
            "Commune": table["name"],
            "Groupe": table["group"].map(GROUPS)
            + np.where(table["firm"] | (table["group"] == "non classable"), "", " (non assuré)"),
            "Pourquoi": [
                profile_text(row, labels) if known else "trop de domaines sans chiffre"
                for known, (_, row) in zip(
                    table["classable"], table[list(labels)].astype(float).iterrows(), strict=True
                )
            ],
            **{
                label: table[name].map(lambda score: number(score, 1, signed=True))
                for name, label in labels.items()
            },
            "Accès (APL)": table["access"].map(lambda value: number(value, 2)),
            "Habitants": table["population"].map(number),
        }
    ).sort_values("Commune", key=lambda names: names.map(alphabetical))
    with st.expander(
        f"Pourquoi ce groupe, commune par commune ({len(listing)})", icon=":material/table:"
    ):
        show_table(
            listing,
            "Groupe, domaines et accès de chaque commune",
            [*labels.values(), "Accès (APL)", "Habitants"],
        )
        st.caption(
            "Par ordre alphabétique. Chaque domaine est en écarts-types nationaux : 0 est la moyenne "
            "de la France, un nombre positif indique plus de besoin. Un groupe se lit, il ne se classe pas : "
            "deux communes voisines de part et d'autre d'un seuil reçoivent presque autant par habitant."
        )


def show_access(table: pd.DataFrame) -> None:
    axis = needs().access
    st.subheader("Le besoin et l'accès aux soins, croisés", anchor=False)
    both = table.dropna(subset=["need", "access"])
    if both.empty:
        st.info(
            "Le besoin ou l'accès aux médecins n'a pas de chiffre ici : le croisement viendra avec "
            "le chargement des données.",
            icon=":material/info:",
        )
        return
    mean = float(references().loc[axis.id, "mean"])
    card = indicators()[axis.id]
    sentence = crossing_sentence(both, mean)
    st.markdown(escape_markdown(sentence))
    st.plotly_chart(
        crossing_chart(both, mean, f"APL aux généralistes, {axis.period}"),
        theme=None,
        key="croisement",
        config={"displayModeBar": False},
        alt=sentence,
    )
    st.caption(
        f"Lignes pointillées : moyennes nationales (besoin 0 ; accès {number(mean, card.decimals)} "
        f"{card.unit}). "
        "Taille des bulles : habitants. Les deux axes ne sont jamais mêlés."
    )


def ask_resource() -> tuple[int, str, float, float]:
    quantity, nature, base, ratio = st.columns([1, 1.4, 1.6, 1.6])
    budget = quantity.number_input(
        "Quantité à répartir", 0, 1_000_000_000, 120, step=10, key="quantite", bind="query-params"
    )
    resource = nature.selectbox("De quoi ?", RESOURCES, key="ressource", bind="query-params")
    share = base.slider(
        "Base égale pour tous (%)",
        0,
        100,
        50,
        step=5,
        key="base",
        bind="query-params",
        help="La part distribuée également à chaque habitant. 100 % : action purement universelle. "
        "C'est un choix politique, pas un calcul.",
    )
    strength = linked_selectbox(
        ratio,
        "Force du besoin (rapport K)",
        RATIOS,
        "3",
        "force",
        help="Dans la part liée au besoin, combien de fois plus par habitant entre le besoin le plus "
        "élevé et le moins élevé. C'est un choix politique, pas un calcul.",
    )
    return int(budget), str(resource), share / 100, float(strength)


def dosing_units(table: pd.DataFrame, mesh: str, parts: pd.Series) -> tuple[pd.DataFrame, str]:
    """Territories that receive a share (index: label), and what was pooled, in words.

    By EPCI, or by commune with those whose share is under one unit pooled, EPCI by EPCI.
    """
    epci = table["epci_name"].fillna("Communes sans intercommunalité")
    if mesh == "epci":
        label = epci
    else:
        small = parts.reindex(table.index) < 1
        pooled = "Communes regroupées, " + epci
        label = pd.Series(
            np.where(small, pooled, table["name"] + " (" + table.index + ")"), index=table.index
        )
    units = allocation.pool_small(table["population"], table["need"].astype(float), label)
    names = table["name"].groupby(label).apply(lambda group: joined(sorted(group)))
    grouped = units["pooled"] > 1
    return units.assign(names=names.reindex(units.index)), (
        f"{count_of(int(units.loc[grouped, 'pooled'].sum()), 'commune')} dans "
        f"{count_of(int(grouped.sum()), 'regroupement')}"
        if grouped.any()
        else ""
    )


def dosing_table(shared: pd.DataFrame) -> pd.DataFrame:
    """The split as numbers, by alphabetical order: what the file holds."""
    table = pd.DataFrame(
        {
            "Territoire": shared.index,
            "Habitants": shared["population"].astype(int),
            "Proportionné": shared["allocated"],
            "À parts égales": shared["equal_allocated"],
            PER_THOUSAND: (1000 * shared["per_head"]).round(2),
            "Besoin": shared["need"].round(2),
            "Communes": shared["pooled"],
            "Lesquelles": shared["names"].where(shared["pooled"] > 1, ""),
        }
    )
    return table.sort_values("Territoire", key=lambda names: names.map(alphabetical))


def dosing_texts(table: pd.DataFrame, budget: int) -> pd.DataFrame:
    """The split as it is read, with its total."""
    people = table["Habitants"].sum()
    total = {
        "Territoire": "Total",
        "Habitants": people,
        "Proportionné": table["Proportionné"].sum(),
        "À parts égales": table["À parts égales"].sum(),
        PER_THOUSAND: 1000 * budget / people,
        "Communes": table["Communes"].sum(),
        "Lesquelles": "",
    }
    whole = pd.concat([table, pd.DataFrame([total])])
    texts = {
        name: [number(one, 2 if name in (PER_THOUSAND, "Besoin") else 0) for one in whole[name]]
        for name in whole.columns.drop(["Territoire", "Lesquelles"])
    }
    if (table["Communes"] > NAMES_SHOWN).any():
        return whole.assign(**texts).drop(columns="Lesquelles")
    return whole.assign(**texts)


def show_dosing(found: Current, table: pd.DataFrame, reference: Reference) -> None:
    st.subheader("Doser une ressource", anchor=False)
    budget, resource, base, ratio = ask_resource()
    if not table["population"].sum():
        st.info("Aucun habitant dans ce périmètre : rien à répartir.", icon=":material/info:")
        return
    bounds = (reference.q05, reference.q95)
    alone = allocation.allocate(
        budget, table["population"], table["need"].astype(float), base, ratio, reference=bounds
    )
    under = int((alone["continuous"] < 1).sum())
    several = table["epci_code"].nunique() > 1
    options = (
        {"epci": "Par intercommunalité", "commune": "Par commune"}
        if several
        else {"commune": "Par commune"}
    )
    default = "epci" if several and 2 * under > len(table) else "commune"
    mesh = "commune"
    if several:
        mesh = linked_segments("Maille de la répartition", options, default, f"maille-{default}")
    units, pooled = dosing_units(table, mesh, alone["continuous"])
    shared = allocation.allocate(
        budget, units["population"], units["need"], base, ratio, reference=bounds
    ).join(units[["names", "pooled"]])
    ratio_text = ratio_sentence(allocation.observed_ratio(shared))
    st.markdown(
        f"**{number(budget)} {escape_markdown(resource)}**, dont {percent(base, 0)} à parts égales par habitant et le reste "
        f"selon le besoin (rapport {number(ratio)}), {ratio_text}."
    )
    if under and pooled:
        st.info(
            f"{count_of(under, 'commune')} {'recevrait' if under < 2 else 'recevraient'} moins d'une unité : "
            f"la répartition se fait {'par intercommunalité' if mesh == 'epci' else 'en regroupant ces communes'} "
            f"({pooled}).",
            icon=":material/group_work:",
        )
    unknown = shared[~shared["need_known"]]
    if len(unknown):
        st.warning(
            f"Besoin inconnu pour {escape_markdown(joined(list(map(str, unknown.index[:5]))))}"
            f"{' et d’autres' if len(unknown) > 5 else ''} : la base et l'intensité moyenne leur sont appliquées.",
            icon=":material/help:",
        )
    result = dosing_table(shared)
    show_table(
        dosing_texts(result, budget),
        f"Répartition de {number(budget)} {resource} par territoire",
        ["Habitants", "Proportionné", "À parts égales", PER_THOUSAND, "Besoin", "Communes"],
        total=True,
    )
    st.caption(
        "Nombres entiers, total exact, chaque territoire à moins d'une unité de sa part calculée. "
        "La base et le rapport sont des choix politiques : changez-les et regardez ce qui bouge."
    )
    st.download_button(
        "Télécharger la répartition (CSV)",
        csv_file(result),
        file_name=file_name(found.perimeter, "-repartition.csv"),
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
    )


found = require_perimeter()
header(found, "Cibles")
st.markdown(
    "Où agir d'abord, et avec quelle intensité : une action **pour tous**, dosée selon le besoin. "
    "C'est l'universalisme proportionné."
)
if not needs().domains:
    st.info(
        "Aucun indicateur du besoin n'est chargé : chargez des données pour lire cette page.",
        icon=":material/info:",
    )
    st.stop()
weights = choose_weights()
explain_periods()
scores, access, reference = country(build_path(), tuple(weights.items()))
explain_reference(reference)
table = commune_table(found, scores, access)

st.subheader("Trois groupes de lecture", anchor=False)
cut = linked_segments(
    "Seuils des groupes",
    {"national": "Nationaux", "local": "Propres au périmètre"},
    "national",
    "seuils",
    help="Nationaux : les 60 % d'habitants de France au besoin le moins élevé sont au socle, les 20 % "
    "suivants renforcés, les 20 % restants intensifs. Propres au périmètre : les mêmes parts, ici.",
)
known = table["need"].notna()
if cut == "local" and known.any():
    cuts = tuple(
        need.weighted_quantiles(
            table.loc[known, "need"].astype(float), table.loc[known, "population"], (0.6, 0.8)
        )
    )
    cuts_text = "Seuils propres au périmètre : 60 %, 20 % et 20 % de ses habitants, aux limites des communes près."
else:
    cuts = (reference.q60, reference.q80)
    cuts_text = "Seuils nationaux : 60 %, 20 % et 20 % des habitants de la France" + (
        "." if reference.exact else ", approchés tant que la France entière n'est pas chargée."
    )
table = table.join(need.groups(table["need"].astype(float), cuts, table["complete"]))
show_groups(found, table, weights, cuts_text)
show_access(table)
show_dosing(found, table, reference)
