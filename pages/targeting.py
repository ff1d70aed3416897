"""The communes of a perimeter in three groups of need: their table, as screens and files have it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from diagnostic import need
from pages.linked import linked_segments
from pages.needs import (
    DRAWS,
    CommuneNeeds,
    Reference,
    card_weights,
    commune_needs,
    local_stability,
    need_card,
    stability,
)
from pages.shared import Current, indicators, warehouse
from pages.targets import TARGETS
from pages.weighing import Chosen
from views.cibles import chances_text, moved_sentence, place_text, profile_text, weights_text
from views.text import alphabetical, number

ALREADY_EQUAL = "Ces poids sont égaux : changez-les pour voir quelles communes changent de groupe."

# Column of the access figure in the listings.
ACCESS = "Accès (APL)"


def commune_table(found: Current, scored: CommuneNeeds, people: pd.Series) -> pd.DataFrame:
    """One row a commune of the perimeter: need, domains, access, inhabitants, people aimed at."""
    table = found.communes.set_index("code")[["name", "population"]]
    table = table.join(scored.scores.reindex(table.index))
    table["access"] = scored.access.reindex(table.index)
    table["people"] = people.reindex(table.index)
    for flag in ("complete", "classable"):
        table[flag] = table[flag].eq(True)
    return table


def choose_cut(reference: Reference) -> tuple[str, str]:
    """National or local limits of the groups: identifier, and the sentence that goes with it."""
    cut = linked_segments(
        "Seuils des groupes",
        {"national": "Nationaux", "local": "Propres au périmètre"},
        "national",
        "seuils",
        help="Nationaux : les 60 % d'habitants de France au besoin le moins élevé sont au socle, les 20 % "
        "suivants renforcés, les 20 % restants intensifs. Propres au périmètre : les mêmes parts, ici.",
    )
    if cut == "local":
        return cut, (
            "Seuils propres au périmètre : 60 %, 20 % et 20 % de ses habitants, aux limites des communes "
            "près."
        )
    return cut, "Seuils nationaux : 60 %, 20 % et 20 % des habitants de la France" + (
        "." if reference.exact else ", approchés tant que la France entière n'est pas chargée."
    )


def cut_groups(table: pd.DataFrame, cut: str, reference: Reference) -> pd.Series:
    """Group of each commune, without the draws."""
    cuts = reference.cuts
    known = table["need"].notna()
    if cut == "local" and known.any():
        low, high = need.weighted_quantiles(
            table.loc[known, "need"].astype(float), table.loc[known, "population"], need.GROUP_CUTS
        )
        cuts = (float(low), float(high))
    return need.groups(table["need"].astype(float), cuts, table["complete"])["group"]


def with_groups(
    table: pd.DataFrame, chosen: Chosen, cut: str, reference: Reference
) -> pd.DataFrame:
    """``table`` with each commune's group, its chances over the draws, what it stands between."""
    codes = tuple(table.index)
    find = local_stability if cut == "local" else stability
    drawn = find(chosen.weights, codes, chosen.purpose.id)
    if drawn is None:
        drawn = pd.DataFrame(
            np.nan, index=table.index, columns=["p_socle", "p_renforce", "p_intensif"]
        )
        drawn["firm"] = False
    between = need.frontiers(drawn)
    kept = drawn[["p_socle", "p_renforce", "p_intensif", "firm"]]
    return table.assign(group=cut_groups(table, cut, reference), between=between).join(kept)


def changes(table: pd.DataFrame, chosen: Chosen, cut: str) -> str:
    """Communes that equal weights, or the starting ones, would put in another group."""
    purpose = chosen.purpose.id
    equal = dict.fromkeys(chosen.weights, 1 / len(chosen.weights))
    other, named = equal, "des poids égaux"
    if np.allclose(list(equal.values()), list(chosen.weights.values())):
        other, named = card_weights(purpose), "les poids de départ"
        if np.allclose(list(other.values()), list(equal.values())):
            return ALREADY_EQUAL
    again = commune_needs(other, purpose)
    frame = table[["population"]].join(again.scores.reindex(table.index)[["need", "complete"]])
    frame["complete"] = frame["complete"].eq(True)
    return moved_sentence(
        table["name"], table["group"], cut_groups(frame, cut, again.reference), named
    )


def listing_of(table: pd.DataFrame, chosen: Chosen) -> pd.DataFrame:
    """Group, chances, what carries it and domains of each commune, by alphabetical order, as texts."""
    found = listing_values(table, chosen)
    return found.assign(
        **{
            label: found[label].map(lambda score: number(score, 1, signed=True))
            for label in weighted_labels(chosen).values()
        },
        **{ACCESS: found[ACCESS].map(lambda value: number(value, 2))},
        Habitants=found["Habitants"].map(number),
    )


def listing_values(table: pd.DataFrame, chosen: Chosen) -> pd.DataFrame:
    """The same, its figures being numbers."""
    labels = weighted_labels(chosen)
    domains = table[list(labels)].astype(float)
    return pd.DataFrame(
        {
            "Commune": table["name"],
            "Groupe": [
                place_text(row.group, row.between, complete=bool(row.complete))
                for row in table.itertuples()
            ],
            "Sur 1 000 calculs": [
                chances_text(row)
                for row in table[["p_socle", "p_renforce", "p_intensif"]].to_dict("records")
            ],
            "Pourquoi": [
                profile_text(row, labels) if known else "trop de domaines sans chiffre"
                for known, row in zip(table["classable"], domains.to_dict("records"), strict=True)
            ],
            **{label: table[name].astype(float) for name, label in labels.items()},
            ACCESS: table["access"].astype(float),
            "Habitants": table["population"],
        }
    ).sort_values("Commune", key=lambda names: names.map(alphabetical))


def groups_recipe(
    found: Current, chosen: Chosen, target: str, cut: str, reference: Reference
) -> dict[str, str]:
    """Everything the groups follow from, in words."""
    rows = need_recipe(found, chosen, target)
    build = rows.pop("Construction des données")
    low, high = (number(one, 4, signed=True) for one in reference.cuts)
    return rows | {
        "Seuils des groupes": "propres au périmètre"
        if cut == "local"
        else f"nationaux, {low} et {high}" + ("" if reference.exact else ", approchés"),
        "Autres calculs": f"{number(DRAWS)} tirages, graine {need.SEED}",
        "Construction des données": build,
    }


def need_recipe(found: Current, chosen: Chosen, target: str) -> dict[str, str]:
    """The part that every page resting on the need has in common."""
    cards = indicators()
    labels = {chosen.labels[name]: share for name, share in chosen.weights.items()}
    periods = [
        f"{cards[one.id].label} ({one.period})"
        for domain in need_card(chosen.purpose.id).domains
        for one in domain.indicators
    ]
    return {
        "Périmètre": f"{found.label} ({found.size})",
        "Finalité": chosen.purpose.label,
        "Poids des domaines": weights_text(labels).partition(" : ")[2],
        "Indicateurs et périodes": " ; ".join(periods),
        "Population visée": TARGETS[target].label,
        "Construction des données": str(warehouse().facts["build_id"]),
    }


def weighted_labels(chosen: Chosen) -> dict[str, str]:
    """Column -> label of the domains that weigh something."""
    return {
        f"{need.DOMAIN_PREFIX}{name}": label
        for name, label in chosen.labels.items()
        if chosen.weights[name] > 0
    }
