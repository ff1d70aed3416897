"""Intensité: a resource shared out, a base for all and a reinforcement by need, to the unit."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import pandas as pd
import streamlit as st

from diagnostic.allocation import nominal_ratio, observed_ratio, pool_small
from diagnostic.dosing import (
    TARGET_SHARE,
    Rule,
    after_reserve,
    pool_touching,
    strategies,
    what_moves,
)
from diagnostic.perimeter import file_name
from pages.layers import contours
from pages.linked import (
    linked_address,
    linked_number,
    linked_segments,
    linked_selectbox,
    linked_slider,
)
from pages.needs import commune_needs, need_card
from pages.shared import (
    Current,
    build_path,
    header,
    indicators,
    mart,
    require_perimeter,
    show_table,
)
from pages.targets import ALL, TARGETS, choose_target
from pages.weighing import Chosen, choose_purpose, choose_weights, weight_key
from views.cibles import APPROXIMATE_REFERENCE, weights_text
from views.intensite import (
    BASE_HELP,
    CHART_ROWS,
    HABITANTS,
    HEAD,
    INTRODUCTION,
    NO_BEST,
    RATIO_HELP,
    RESOURCES,
    TARGETED,
    Resource,
    amount,
    choices_text,
    dosing_table,
    dosing_texts,
    group_name,
    heads_chart,
    hypotheses_text,
    members_texts,
    moves_texts,
    pooled_sentence,
    recipe_rows,
    sheet_formats,
    split_sentence,
    strategies_texts,
)
from views.tables import csv_file
from views.text import count_of, escape_markdown, joined, number, percent
from views.workbook import MIME, Sheet, workbook

RATIOS = {
    "1": "1 : aucun effet du besoin",
    "2": "2 : modéré",
    "3": "3 : marqué",
    "5": "5 : très marqué",
}
MESHES = {
    "epci": "Par intercommunalité",
    "commune": "Par commune",
    "voisines": "Par commune, voisines regroupées",
}
# Moved out of their EPCI, communes that belong to none.
ALONE = "Communes sans intercommunalité"
LARGEST = 1_000_000_000
PLOT = {"displayModeBar": False}


@dataclass(frozen=True)
class Settings:
    """What the visitor shares and how: keys of the URL that hold it, to run it again."""

    resource: Resource
    total: float
    shared: float
    kept: float
    least: float
    reserve: float
    rule: Rule
    keys: tuple[str, ...]


def ask(bounds: tuple[float, float]) -> Settings:
    """Resource, quantity, base, ratio, and the finer choices, folded."""
    first = st.columns([1.3, 1, 1.6, 1.4])
    name = linked_selectbox(
        first[0],
        "De quoi ?",
        {key: one.label for key, one in RESOURCES.items()},
        "dentaires",
        "ressource",
    )
    resource = RESOURCES[name]
    suffix = "" if resource.quantity == RESOURCES["dentaires"].quantity else f"_{name}"
    keys = [f"{key}{suffix}" for key in ("quantite", "unite", "seuil", "plancher", "plafond")]
    total = linked_number(
        first[1],
        "Quantité à répartir",
        (0, LARGEST),
        resource.quantity,
        keys[0],
        step=resource.step,
    )
    base = linked_slider(first[2], "Base égale pour tous (%)", (0, 100), 50, "base", help=BASE_HELP)
    ratio = linked_selectbox(
        first[3], "Force du besoin (rapport K)", RATIOS, "3", "force", help=RATIO_HELP
    )
    with st.expander("Unité, réserve, plancher, plafond", icon=":material/tune:"):
        more = st.columns(5)
        units = {f"{unit:g}": amount(unit, 2) for unit in resource.units}
        unit = float(
            linked_selectbox(more[0], "Plus petite unité", units, f"{resource.units[0]:g}", keys[1])
        )
        reserve = linked_slider(
            more[1], "Réserve (%)", (0, 50), 0, "reserve", help="Gardée de côté, hors répartition."
        )
        step = min(resource.units)
        least = linked_number(
            more[2], "Regrouper en dessous de", (0, LARGEST), resource.least, keys[2], step=step,
            help="Une part plus petite ne peut pas être rendue : les communes sont regroupées.",
        )  # fmt: skip
        floor = linked_number(
            more[3],
            "Plancher par territoire",
            (0, LARGEST),
            0,
            keys[3],
            step=step,
            help="0 : aucun.",
        )
        ceiling = linked_number(
            more[4],
            "Plafond par territoire",
            (0, LARGEST),
            0,
            keys[4],
            step=step,
            help="0 : aucun.",
        )
    shared, kept = after_reserve(total, reserve / 100, unit)
    rule = Rule(shared, bounds, base / 100, float(ratio), unit, floor or None, ceiling or None)
    return Settings(
        resource, total, shared, kept, least, reserve / 100, rule,
        ("ressource", *keys, "base", "force", "reserve"),
    )  # fmt: skip


def commune_table(found: Current, scored: pd.DataFrame, people: pd.Series) -> pd.DataFrame:
    """One row a commune: name, EPCI, people aimed at, need."""
    table = found.communes.set_index("code")[["name", "epci_code", "epci_name"]]
    return table.assign(
        people=people.reindex(table.index).fillna(0.0),
        need=scored["need"].reindex(table.index).astype(float),
    )


@st.cache_resource(max_entries=30, show_spinner="Recherche des communes voisines…")
def _touching(
    path: str, codes: tuple[str, ...], _shapes: gpd.GeoDataFrame
) -> list[tuple[str, str]]:
    """Pairs of communes that touch, even at one point."""
    here = _shapes[_shapes["code"].isin(codes)]
    first, second = here.sindex.query(here.geometry, predicate="intersects")
    names = here["code"].to_numpy()
    return [(names[one], names[two]) for one, two in zip(first, second, strict=True) if one < two]


def choose_mesh(table: pd.DataFrame, under: int) -> str:
    """By EPCI, by commune, or by commune with its neighbours; EPCI first when most are too small."""
    several = table["epci_code"].nunique() > 1
    options = {key: label for key, label in MESHES.items() if several or key != "epci"}
    if len(table) == 1:
        return "commune"
    default = "epci" if several and 2 * under > len(table) else "commune"
    return linked_segments("Maille de la répartition", options, default, f"maille-{default}")


def unit_labels(
    found: Current, table: pd.DataFrame, mesh: str, parts: pd.Series, least: float
) -> pd.Series:
    """Label of the territory that receives the share of each commune."""
    epci = table["epci_name"].fillna(ALONE)
    if mesh == "epci":
        return epci
    twice = table["name"].duplicated(keep=False)
    own = table["name"].where(~twice, table["name"] + " (" + table.index + ")")
    small = parts < least
    if mesh == "commune":
        return own.mask(small, "Communes regroupées, " + epci)
    pairs = _touching(build_path(), found.codes, contours(found))
    group = pool_touching(parts, pairs, least)
    size = group.map(group.value_counts())
    names = table["name"].groupby(group).apply(lambda one: group_name(list(one)))
    return own.mask(
        size > 1, group.map(names).where(~group.map(twice), group.map(names) + " (" + group + ")")
    )


def dosing_units(table: pd.DataFrame, labels: pd.Series) -> pd.DataFrame:
    """Territories that receive a share (index: label): population, need, names, how many pooled."""
    units = pool_small(table["people"], table["need"], labels)
    names = table["name"].groupby(labels).apply(lambda group: joined(sorted(group)))
    return units.assign(names=names.reindex(units.index))


def split(found: Current, table: pd.DataFrame, chosen: Settings) -> tuple[pd.DataFrame, str, str]:
    """The split, the sentence of what was pooled, the mesh. Raises ValueError, in French."""
    free = Rule(
        chosen.shared,
        chosen.rule.reference,
        chosen.rule.base_share,
        chosen.rule.ratio,
        chosen.rule.unit,
    )
    alone = free.split(table["people"], table["need"])
    under = int((alone["continuous"] < chosen.least).sum()) if chosen.shared else 0
    mesh = choose_mesh(table, under)
    labels = unit_labels(
        found, table, mesh, alone["continuous"], chosen.least if chosen.shared else 0
    )
    units = dosing_units(table, labels)
    shared = chosen.rule.split(units["population"], units["need"]).join(units[["names", "pooled"]])
    several = units["pooled"] > 1
    least = (
        "d'une unité"
        if chosen.least == 1
        else f"de {amount(chosen.least, 2)} {chosen.resource.label}"
    )
    how = {
        "epci": "par intercommunalité",
        "commune": "en regroupant ces communes par intercommunalité",
        "voisines": "en regroupant ces communes avec leurs voisines",
    }[mesh]
    said = pooled_sentence(
        under, int(units.loc[several, "pooled"].sum()), int(several.sum()), least, how
    )
    return shared, said, mesh


def show_split(
    found: Current, table: pd.DataFrame, chosen: Settings, people: str
) -> pd.DataFrame | None:
    """The split on screen and as files; None when the bounds leave no split."""
    try:
        shared, pooled, _ = split(found, table, chosen)
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
        recipe = recipe_rows(recipe_of(found, chosen))
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


def recipe_of(found: Current, chosen: Settings) -> dict[str, str]:
    """Everything the result follows from, in words."""
    card, rule = need_card(need_chosen.purpose.id), chosen.rule
    cards, facts = indicators(), mart("build_facts").set_index("key")["value"]
    periods = [
        f"{cards[one.id].label} ({one.period})"
        for domain in card.domains
        for one in domain.indicators
    ]
    labels = {need_chosen.labels[name]: share for name, share in need_chosen.weights.items()}
    few = chosen.resource.decimals
    return {
        "Périmètre": f"{found.label} ({count_of(len(found.codes), 'commune')})",
        "Finalité": need_chosen.purpose.label,
        "Poids des domaines": weights_text(labels).partition(" : ")[2],
        "Indicateurs et périodes": " ; ".join(periods),
        "Population visée": TARGETS[target].label,
        "Quantité": f"{amount(chosen.total, few)} {chosen.resource.label}",
        "Réserve": f"{percent(chosen.reserve, 0)}, soit {amount(chosen.kept, few)} hors répartition",
        "Base égale pour tous (φ)": percent(rule.base_share, 0),
        "Force du besoin (K)": number(rule.ratio),
        "Plus petite unité": amount(rule.unit, 2),
        "Regrouper en dessous de": amount(chosen.least, 2),
        "Plancher, plafond": " ; ".join(
            "aucun" if bound is None else amount(bound, 2) for bound in (rule.floor, rule.ceiling)
        ),
        "Seuils nationaux du besoin (5 % et 95 %)": (
            f"{number(rule.reference[0], 4, signed=True)} et {number(rule.reference[1], 4, signed=True)}"
            + ("" if scored.reference.exact else ", approchés")
        ),
        "Construction des données": str(facts["build_id"]),
        "Adresse qui refait ce calcul": address(chosen),
    }


def address(chosen: Settings) -> str:
    """The URL of this page with every choice written in full."""
    weights = [weight_key(need_chosen.purpose.id, name) for name in need_chosen.weights]
    meshes = [f"maille-{mesh}" for mesh in ("epci", "commune")]
    rates = ["frequence_basse", "frequence_haute"]
    return linked_address(
        "intensite", ["finalite", *weights, "visee", *chosen.keys, *meshes, *rates]
    )


def show_recipe(found: Current, chosen: Settings) -> None:
    st.subheader("Comment ce résultat a été obtenu", anchor=False)
    rows = recipe_of(found, chosen)
    url = rows.pop("Adresse qui refait ce calcul")
    with st.expander(
        "Tous les choix, et l'adresse qui refait le calcul", icon=":material/receipt_long:"
    ):
        show_table(recipe_rows(rows), "Comment ce résultat a été obtenu")
        st.markdown("L'adresse garde tous ces choix : la copier, c'est pouvoir refaire le calcul.")
        st.code(url, language=None, wrap_lines=True)
        st.link_button("Refaire ce calcul", url, icon=":material/replay:")
        if not scored.reference.exact:
            st.markdown(APPROXIMATE_REFERENCE)


def choose_need() -> Chosen:
    """The need of the page Cibler, that can be changed here too."""
    with st.expander("Le besoin sur lequel repose la répartition", icon=":material/balance:"):
        purpose = choose_purpose()
        if not need_card(purpose.id).domains:
            st.info(
                "Aucun indicateur de ce besoin n'est chargé : chargez des données (page Données).",
                icon=":material/info:",
            )
            st.stop()
        return choose_weights(purpose)


found = require_perimeter()
header(found, "Intensité")
st.markdown(INTRODUCTION)
need_chosen = choose_need()
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
