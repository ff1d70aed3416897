"""The actions of the project set beside the perimeter: whom each serves, and what it says of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from diagnostic.coverage import Coverage, coverage
from diagnostic.perimeter import encode
from diagnostic.records import Action
from pages.dosing import Settings, free_parts, unit_labels
from pages.shared import Current, geography, mart
from pages.targeting import weighted_labels
from pages.weighing import Chosen
from views.actions import POOLED_ACTION, checks
from views.intensite import amount
from views.text import LEVELS, alphabetical

# First word of a territory in a file -> level of the warehouse.
_LEVEL_OF = {
    "com": "commune", "epci": "epci", "ept": "ept", "petr": "petr", "dep": "departement",
    "reg": "region", "france": "france", "qpv": "qpv", "arm": "arm",
}  # fmt: skip
# Domain score, in national standard deviations, from which it is a reason to say.
REASON = 0.3


@dataclass(frozen=True)
class Assessed:
    """An action, its coverage of the perimeter, what to look at, the domains that are its reason."""

    action: Action
    coverage: Coverage
    said: list[str]
    reasons: list[str]
    quarters: tuple[str, ...]
    elsewhere: tuple[str, ...]


def places_to_choose(found: Current) -> dict[str, str]:
    """Territories an action may go to: EPCI when there are several, quartiers, communes."""
    communes = found.communes.sort_values("name", key=lambda names: names.map(alphabetical))
    options: dict[str, str] = {}
    bodies = communes.dropna(subset=["epci_code"]).drop_duplicates("epci_code")
    if len(bodies) > 1:
        options |= {f"epci:{row.epci_code}": str(row.epci_name) for row in bodies.itertuples()}
    quarters = mart("quarter_figures", codes=found.code_list)
    quarters = quarters[quarters["geography"] == "QP2024"].drop_duplicates("code")
    options |= {
        f"com:{row.code}": f"{row.name} ({row.code})" for row in communes.itertuples(index=False)
    }
    options |= {
        f"qpv:{row.code}": f"Quartier prioritaire {row.name}"
        for row in quarters.itertuples(index=False)
    }
    return options


def everywhere(found: Current) -> tuple[str, ...]:
    """The whole perimeter as territories: its parts, or its communes when some are removed."""
    parts = tuple(encode(found.perimeter).split(","))
    if any(part.startswith("-") for part in parts):
        return tuple(f"com:{code}" for code in found.codes)
    return parts


def communes_of(found: Current, territory: str) -> frozenset[str]:
    """Communes of the perimeter that belong to « epci:… », « com:… »; none for a quartier."""
    word, _, code = territory.partition(":")
    level = _LEVEL_OF[word]
    known = geography()
    if level == "commune":
        members: Iterable[str] = (known.passage.get(code, code),)
    elif level == "qpv":
        members = ()
    else:
        members = known.members.get((level, code), ())
    return frozenset(members) & frozenset(found.codes)


def name_of(territory: str) -> str:
    """Name of a territory; its code when it is not loaded."""
    word, _, code = territory.partition(":")
    named = mart("territory_named", levels=[_LEVEL_OF[word]], codes=[code])
    if len(named):
        return str(named["name"].iloc[0])
    return f"{LEVELS[_LEVEL_OF[word]]} {code}"


def assess(
    found: Current,
    action: Action,
    table: pd.DataFrame,
    chosen: Chosen,
    reference: tuple[float, float],
    ratio: float,
) -> Assessed:
    """``table``: from targeting.commune_table, with ``group``. The rest: the rule on screen."""
    units = {one: communes_of(found, one) for one in (*action.territories, *action.intensity)}
    served = frozenset().union(*(units[one] for one in action.territories))
    names = table["name"].to_dict()
    covered = coverage(
        table[["people", "need", "group"]].assign(need=table["need"].astype(float)),
        served,
        {one: units[one] for one in action.intensity},
        action.intensity,
        reference,
        ratio,
    )
    covered_names = names | {one: name_of(one) for one in covered.intensity.table.index}
    elsewhere = tuple(
        one for one in action.territories if not units[one] and not one.startswith("qpv:")
    )
    return Assessed(
        action,
        covered,
        checks(action, covered, covered_names),
        _reasons(table, chosen, covered.served),
        tuple(one for one in action.territories if one.startswith("qpv:")),
        elsewhere,
    )


def action_of_split(
    found: Current, table: pd.DataFrame, chosen: Settings, mesh: str, shared: pd.DataFrame
) -> Action:
    """The split of the page Intensité as an action; communes pooled share theirs by inhabitant."""
    parts = free_parts(table, chosen)
    labels = unit_labels(found, table, mesh, parts, chosen.least if chosen.shared else 0)
    intensity: dict[str, float | None] = {}
    for label, given in shared["allocated"].items():
        people = table.loc[labels == label, "people"]
        bodies = {f"epci:{code}" for code in table.loc[people.index, "epci_code"].dropna()}
        whole = [one for one in bodies if communes_of(found, one) == set(people.index)]
        if len(people) > 1 and whole:
            intensity[whole[0]] = float(given)
            continue
        for code, count in people.items():
            share = count / people.sum() if people.sum() else 0.0
            intensity[f"com:{code}"] = round(float(given) * float(share), 2)
    label = chosen.resource.label
    return Action(
        title=f"Répartition : {amount(chosen.shared, chosen.resource.decimals)} {label}",
        description=POOLED_ACTION if int((shared["pooled"] > 1).sum()) else "",
        approach="proportionnee" if chosen.rule.base_share < 1 else "universelle",
        territories=everywhere(found),
        intensity=intensity,
        unit=label,
    )


def _reasons(table: pd.DataFrame, chosen: Chosen, served: tuple[str, ...]) -> list[str]:
    """Domains in which the served communes stand above the national mean, the highest first."""
    labels = weighted_labels(chosen)
    here = table.loc[list(served)]
    means = {}
    for column, label in labels.items():
        known = here.dropna(subset=[column])
        if known["people"].sum() > 0:
            means[label] = float(np.average(known[column].astype(float), weights=known["people"]))
    ordered = sorted(means, key=lambda label: -means[label])
    return [label for label in ordered if means[label] >= REASON]
