"""Fiches-actions pre-filled from a target: a group of communes, a commune, an action of the project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from diagnostic.assessment import NOT_COMPARED
from diagnostic.records import Action
from diagnostic.trend import minimum_detectable_change
from pages.acting import REASON, communes_of
from pages.composing import Asked
from pages.decision_chapter import groups_of
from pages.dosing import commune_table, free_parts
from pages.needs import commune_needs, need_card
from pages.project import current_project
from pages.reading import reading, with_cards
from pages.shared import indicators, mart
from pages.targeting import weighted_labels
from pages.targets import TARGETS
from views import cibles
from views.intensite import amount
from views.livrables import fiche as words
from views.livrables.model import Block, Note, Section, Table
from views.observation import value_text
from views.places import at_name
from views.text import alphabetical, number, period_text
from warehouse.indicators import IndicatorCard

GROUP, COMMUNE, ACTION = "groupes", "communes", "actions"
# Groups of which a fiche is made, the most intensive first.
LEVELS = ("intensif", "renforce", "socle")


@dataclass(frozen=True)
class Aim:
    """What a fiche is about: where, and the action noted in the project when there is one."""

    name: str
    title: str
    codes: tuple[str, ...]
    action: Action | None = None


def aims(asked: Asked, grain: str) -> list[Aim]:
    """Everything a fiche can be made of, by group, by commune or by action."""
    if grain == ACTION:
        return [_aim_of_action(asked, action) for action in current_project().actions]
    table = groups_of(asked)
    if grain == GROUP:
        return [
            Aim(
                f"Groupe {cibles.GROUPS[level].lower()}",
                f"Agir dans les communes du groupe {cibles.GROUPS[level].lower()}",
                tuple(table.index[table["group"] == level]),
            )
            for level in LEVELS
            if table["group"].eq(level).any()
        ]
    ordered = table.sort_values("name", key=lambda names: names.map(alphabetical))
    return [
        Aim(str(row.name_), f"Agir {at_name(str(row.name_))}", (str(row.Index),))
        for row in ordered.rename(columns={"name": "name_"}).itertuples()
    ]


def _aim_of_action(asked: Asked, action: Action) -> Aim:
    inside = [communes_of(asked.found, one) for one in action.territories]
    codes = tuple(sorted(frozenset().union(*inside))) or asked.found.codes
    return Aim(action.title, action.title, codes, action)


def usual(asked: Asked, grain: str, known: Sequence[Aim]) -> list[str]:
    """Names chosen at first: groups and actions all, communes of the most intensive group here."""
    if grain != COMMUNE:
        return [one.name for one in known][: words.MANY]
    table = groups_of(asked)
    for level in LEVELS[:2]:
        chosen = set(table.loc[table["group"] == level, "name"])
        if chosen:
            return [one.name for one in known if one.name in chosen][: words.MANY]
    return []


def fiche(asked: Asked, aim: Aim) -> Section:
    """One fiche: its headings filled with what is known, the rest left to write."""
    blocks: list[Block] = [
        Table(
            aim.title,
            words.COLUMNS,
            tuple(headings(asked, aim).items()),
            shares=(1.1, 3.4),
        ),
        results_table(asked, aim),
        Note(words.DETECTABLE_NOTE),
    ]
    return Section("fiche", aim.title, tuple(blocks), new_page=True)


def headings(asked: Asked, aim: Aim) -> dict[str, str]:
    """Every heading of a fiche-action, in the order of the contracts."""
    assert asked.need is not None
    table = groups_of(asked).loc[list(aim.codes)]
    action = aim.action
    noted = {
        "pilot": action.pilot if action else "",
        "calendar": action.calendar if action else "",
        "funding": action.funding if action else "",
        "description": " ".join(action.description.split()) if action else "",
    }
    told = words.APPROACHES[action.approach] if action else ""
    description = " ".join(one for one in (noted["description"], told) if one)
    return {
        "Intitulé": aim.title,
        "Pilote": noted["pilot"] or words.TO_FILL,
        "Objectif stratégique": words.strategic(asked.need.purpose.label),
        "Objectif spécifique": words.specific(reasons(asked, table)),
        "Description": description or words.TO_FILL,
        "Population cible": people(asked, table, action),
        "Besoin": need_text(asked, table),
        "Quantité calculée": quantity_text(asked, aim),
        "Acteurs": words.TO_FILL,
        "Calendrier": noted["calendar"] or words.TO_FILL,
        "Financements": noted["funding"] or words.TO_FILL,
        "Indicateurs de processus": " ; ".join(words.PROCESS),
    }


def people(asked: Asked, table: pd.DataFrame, action: Action | None) -> str:
    """Who is aimed at, how many, where."""
    here, everyone = float(table["people"].sum()), float(asked.people.sum())
    names = sorted(table["name"], key=alphabetical)
    named = TARGETS[asked.target].label
    said = words.people_text(named, here, here / everyone if everyone else 0.0, names)
    return f"{action.public}. {said}" if action and action.public else said


def domain_means(asked: Asked, table: pd.DataFrame) -> pd.Series:
    """Mean of each domain over these communes, by its label, weighted by the people aimed at."""
    assert asked.need is not None
    means = {}
    for column, label in weighted_labels(asked.need).items():
        known = table.dropna(subset=[column])
        if known["people"].sum() > 0:
            means[label] = float(np.average(known[column].astype(float), weights=known["people"]))
    return pd.Series(means, dtype=float)


def reasons(asked: Asked, table: pd.DataFrame) -> list[str]:
    """Domains in which these communes stand above the national mean, the highest first."""
    means = domain_means(asked, table).sort_values(ascending=False)
    return [str(label) for label, mean in means.items() if mean >= REASON]


def need_text(asked: Asked, table: pd.DataFrame) -> str:
    """Group or groups, mean need, what carries it."""
    known = table.dropna(subset=["need"])
    if known.empty or not known["people"].sum():
        return "Besoin inconnu : trop de domaines sans chiffre."
    mean = float(np.average(known["need"].astype(float), weights=known["people"]))
    if len(table) == 1:
        row = table.iloc[0]
        place = cibles.place_text(row["group"], row["between"], complete=bool(row["complete"]))
        where = f"Groupe de lecture : {place}"
    else:
        where = cibles.group_sentence(table["group"], table["population"])
    means = domain_means(asked, table)
    profile = cibles.profile_text(means, {str(label): str(label) for label in means.index})
    return f"{where}. Besoin {number(mean, 2, signed=True)} (0 : moyenne de la France) ; {profile}."


def quantity_text(asked: Asked, aim: Aim) -> str:
    """What the action or the page Intensité gives to these communes."""
    action = aim.action
    if action is not None and action.intensity:
        given = [one for one in action.intensity.values() if one is not None]
        return f"{amount(sum(given), 2)} {action.unit}, notés dans le projet."
    if asked.settings is None or asked.need is None or not asked.settings.shared:
        return words.TO_FILL
    settings = asked.settings
    scored = commune_needs(asked.need.weights, asked.need.purpose.id)
    table = commune_table(asked.found, scored.scores, asked.people)
    try:
        share = float(free_parts(table, settings).loc[list(aim.codes)].sum())
    except ValueError:
        return words.TO_FILL
    return (
        f"{number(share, 1)} {settings.resource.label} sur {amount(settings.shared, 2)}, avant arrondi ni regroupement "
        "(page Intensité)."
    )


def result_names(asked: Asked, action: Action | None) -> list[str]:
    """Indicators of result: those that the action names, then those of the need."""
    assert asked.need is not None
    card = need_card(asked.need.purpose.id)
    wanted = [*(action.indicators if action else ())]
    wanted += [one.id for domain in card.domains for one in domain.indicators]
    wanted += list(asked.need.purpose.beside)
    known = asked.frame.index
    return [
        name
        for name in dict.fromkeys(wanted)
        if name in known and indicators()[name].kind not in NOT_COMPARED
    ]


def results_table(asked: Asked, aim: Aim) -> Table:
    """Today's value of each indicator of result, and the change that could be told from chance."""
    whole = ("commune", aim.codes[0]) if len(aim.codes) == 1 else ("", "")
    rows = mart("profile", codes=list(aim.codes), whole_level=whole[0], whole_code=whole[1])
    rows = rows[rows["period"] == rows["indicator_id"].map(asked.frame["period"])]
    frame = with_cards(rows.set_index("indicator_id"))
    sources = mart("sources").set_index("id")
    lines = []
    for name in result_names(asked, aim.action):
        if name not in frame.index:
            continue
        row, card = frame.loc[name], indicators()[name]
        source = sources.loc[row["source_id"]]
        lines.append(
            (
                f"{card.label}, {period_text(str(row['period']))}",
                value_text(row, reading(card)),
                counts(row, card),
                detectable(row, card),
                f"{source['producer']}, {source['title']}",
            )
        )
    return Table(
        "Indicateurs de résultat, valeur de départ et changement décelable",
        words.INDICATOR_COLUMNS,
        tuple(lines),
        frozenset({1}),
        (2.6, 1.2, 1.6, 2.4, 2.4),
    )


def counts(row: pd.Series, card: IndicatorCard) -> str:
    """Numerator and denominator, where they are people or events."""
    known = pd.notna(row["value"]) and pd.notna(row["numerator"]) and row["denominator"] > 0
    if not known or card.interval_rule == "none":
        return "–"
    return words.counts_text(float(row["numerator"]), float(row["denominator"]))


def detectable(row: pd.Series, card: IndicatorCard) -> str:
    """The change that two measures with these counts could tell, or why there is none."""
    if counts(row, card) == "–":
        return "–" if pd.isna(row["value"]) else words.NO_COUNTS
    kind: Literal["proportion", "rate"] = (
        "proportion" if card.interval_rule == "proportion" else "rate"
    )
    value, people_counted = float(row["value"]), float(row["denominator"])
    change = minimum_detectable_change(value, people_counted, kind=kind, scale=card.scale)
    below, above = value - float(change.decrease), value + float(change.increase)
    return words.detectable_text(below, above, reading(card))
