"""A resource shared out over a perimeter: what is asked, the territories, the split, the recipe."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import pandas as pd
import streamlit as st

from diagnostic.allocation import pool_small
from diagnostic.dosing import Rule, after_reserve, pool_touching
from pages.layers import contours
from pages.linked import (
    linked_address,
    linked_number,
    linked_segments,
    linked_selectbox,
    linked_slider,
)
from pages.needs import Reference
from pages.shared import Current, build_path
from pages.targeting import need_recipe
from pages.weighing import Chosen, weight_key
from views.intensite import (
    BASE_HELP,
    RATIO_HELP,
    RESOURCES,
    Resource,
    amount,
    group_name,
    pooled_sentence,
)
from views.text import joined, number, percent

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
ADDRESS = "Adresse qui refait ce calcul"


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


def free_parts(table: pd.DataFrame, chosen: Settings) -> pd.Series:
    """Continuous share of each commune without floor nor ceiling. Raises ValueError, in French."""
    rule = chosen.rule
    free = Rule(chosen.shared, rule.reference, rule.base_share, rule.ratio, rule.unit)
    return free.split(table["people"], table["need"])["continuous"]


def under_least(parts: pd.Series, chosen: Settings) -> int:
    """Communes whose own share is too small to be delivered."""
    return int((parts < chosen.least).sum()) if chosen.shared else 0


def split(
    found: Current, table: pd.DataFrame, chosen: Settings, mesh: str
) -> tuple[pd.DataFrame, str]:
    """The split on a mesh, and the sentence of what was pooled. Raises ValueError, in French."""
    parts = free_parts(table, chosen)
    labels = unit_labels(found, table, mesh, parts, chosen.least if chosen.shared else 0)
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
    pooled, groups = int(units.loc[several, "pooled"].sum()), int(several.sum())
    return shared, pooled_sentence(under_least(parts, chosen), pooled, groups, least, how)


def recipe_of(
    found: Current, chosen: Settings, need_chosen: Chosen, target: str, reference: Reference
) -> dict[str, str]:
    """Everything the result follows from, in words."""
    rule, few = chosen.rule, chosen.resource.decimals
    rows = need_recipe(found, need_chosen, target)
    build = rows.pop("Construction des données")
    return rows | {
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
            + ("" if reference.exact else ", approchés")
        ),
        "Construction des données": build,
        ADDRESS: address(chosen, need_chosen),
    }


def address(chosen: Settings, need_chosen: Chosen) -> str:
    """The URL of the page Intensité with every choice written in full."""
    weights = [weight_key(need_chosen.purpose.id, name) for name in need_chosen.weights]
    meshes = [f"maille-{mesh}" for mesh in ("epci", "commune")]
    rates = ["frequence_basse", "frequence_haute"]
    return linked_address(
        "intensite", ["finalite", *weights, "visee", *chosen.keys, *meshes, *rates]
    )
