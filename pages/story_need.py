"""The last screens of a meeting: where to act first, with what intensity, what to settle."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pages import targeting
from pages.needs import commune_needs, need_card
from pages.shared import indicators
from pages.story_people import Points
from pages.story_told import ACCESS, LEAST_ON_MAP, Told, coloured, sources_of
from pages.targets import ALL, TARGETS, target_counts
from views import story_words as words
from views.cibles import GROUP_COLOURS, GROUPS
from views.classification import Classes
from views.intensite import EQUAL, PROPORTIONATE, amount
from views.story import Ballot, Bar, Bars, Screen, View
from views.text import alphabetical, count_of, number, percent

# Territories past which bars no longer hold on a wall.
MOST_BARS = 5
MOST_OPTIONS = 5


def groups_table(told: Told) -> pd.DataFrame | None:
    """Communes in three groups of need, with the limits that tell them apart; None without need.

    ``attrs["cut"]``: national limits, or the perimeter's own where one group holds every commune.
    """
    if told.need is None:
        return None
    scored = commune_needs(told.need.weights, told.need.purpose.id)
    people = target_counts(told.found)[told.target][0]
    plain = targeting.commune_table(told.found, scored, people)
    if not plain["need"].notna().any():
        return None
    cut = told.cut
    table = targeting.with_groups(plain, told.need, cut, scored.reference)
    placed = table.loc[table["group"] != "non classable", "group"]
    if cut == "national" and len(placed) >= LEAST_ON_MAP and placed.nunique() == 1:
        cut = "local"
        table = targeting.with_groups(plain, told.need, cut, scored.reference)
    table.attrs["cut"] = cut
    return table


def groups_screen(told: Told, table: pd.DataFrame | None) -> Screen | str:
    if table is None:
        return "le besoin des communes d'ici n'a pas de chiffre chargé."
    if told.shapes is None:
        return "les contours des communes ne sont pas chargés."
    order = list(GROUP_COLOURS)
    values = table["group"].map({name: rank + 1.0 for rank, name in enumerate(order)}).dropna()
    counts = tuple(int((values == rank + 1).sum()) for rank in range(len(order)))
    states = pd.Series("absent", index=table.index)
    states[values.index] = np.where(table.loc[values.index, "firm"].eq(True), "ok", "approx")
    title = words.AGIR
    where = "de France" if table.attrs["cut"] == "national" else "du périmètre"
    figure = coloured(
        told.shapes,
        Classes("seuils", (0.0, 1.0, 2.0, 3.0), counts),
        values,
        states,
        list(GROUP_COLOURS.values()),
        [words.GROUP_SHORT[name] for name in order],
        f"Groupes de besoin, seuils {where}",
        approximate="Groupe non assuré",
        absent=words.GROUP_SHORT["non classable"],
    )
    if len(table) == 1:
        said = words.one_group_sentence(title, str(table["group"].iloc[0]))
    else:
        more = int(table["group"].isin(["renforce", "intensif"]).sum())
        said = words.groups_sentence(title, more, len(table))
    used = (
        [one.id for domain in need_card(told.need.purpose.id).domains for one in domain.indicators]
        if told.need
        else []
    )
    notes = (
        "Un groupe se lit, il ne se classe pas : deux communes de part et d'autre d'un seuil reçoivent "
        "presque autant par habitant.",
        f"Le besoin réunit : {', '.join(told.need.labels.values()) if told.need else ''}.",
        "« Groupe non assuré » : d'autres façons de calculer le besoin mettraient la commune dans un "
        "groupe voisin.",
    )
    return Screen(
        "agir",
        title,
        View(title, said, figure),
        (),
        notes,
        sources_of(told, used),
    )


def dosing_screen(told: Told, table: pd.DataFrame | None) -> Screen | str:
    if table is None or told.settings is None:
        return "le besoin des communes d'ici n'a pas de chiffre chargé."
    chosen = told.settings
    people = table["people"].fillna(0.0)
    if not chosen.shared or not people.sum():
        return "rien à répartir : la quantité, ou la population visée, est nulle."
    try:
        parts = chosen.rule.split(people, table["need"].astype(float))["continuous"]
    except ValueError as error:
        return str(error)
    labels = dosing_labels(told, table)
    if labels is None:
        return (
            "une seule commune, ou trop de communes du même groupe : la part de chacun est la même."
        )
    equal = 1000 * chosen.shared / float(people.sum())
    rows = []
    for label, members in labels.groupby(labels, sort=False):
        inside = list(members.index)
        heads = float(people[inside].sum())
        if heads:
            own = 1000 * float(parts[inside].sum()) / heads
            named = f"{label} : {count_of(len(inside), 'commune')}, {number(heads)} personnes"
            rows.append(Bar(named, own, number(own, 2), equal, number(equal, 2), "differs"))
    title = words.INTENSITE
    whole = chosen.rule.base_share == 1 or chosen.rule.ratio == 1
    what = f"{amount(chosen.shared, chosen.resource.decimals)} {chosen.resource.label}"
    said = words.dosing_sentence(title, what, percent(chosen.rule.base_share, 0), whole)
    who = "habitants" if told.target == ALL else f"personnes visées ({TARGETS[told.target].label})"
    figure = Bars(
        f"{PROPORTIONATE}, pour 1\u202f000 {who}",
        EQUAL,
        tuple(rows),
        f"{what} pour 1\u202f000 {who}",
        one_scale=True,
    )
    notes = (
        "Personne n'est laissé sans rien : la base est la même pour chaque habitant.",
        "La base et la force du besoin sont des choix politiques, pas un calcul ; la page Intensité "
        "les change et donne chaque part, arrondie à l'unité.",
        f"Force du besoin : {number(chosen.rule.ratio)}.",
    )
    return Screen("intensite", title, View(title, said, figure), (), notes, ())


def dosing_labels(told: Told, table: pd.DataFrame) -> pd.Series | None:
    """What receives a bar: the groups of need, else the intercommunalités, else few communes."""
    order = [name for name in (*GROUP_COLOURS, "non classable") if (table["group"] == name).any()]
    if len(set(order) - {"non classable"}) > 1:
        kind = pd.CategoricalDtype([GROUPS[name] for name in order])
        return table["group"].map(GROUPS).astype(kind).sort_values().astype(str)
    communes = told.found.communes.set_index("code")
    bodies = communes["epci_name"].reindex(table.index)
    for labels in (bodies, table["name"]):
        if labels.notna().all() and 1 < labels.nunique() <= MOST_BARS:
            return labels.sort_values(key=lambda names: names.map(alphabetical))
    return None


def question_screen(weak: Points | None, screens: Sequence[Screen]) -> Screen:
    """What to choose among: the points that weigh, the gaps, the access, where nothing else is left."""
    cards = indicators()
    options = [
        words.plain_short(name, cards[name].short_label) for name in (weak.names if weak else ())
    ]
    names = {screen.name for screen in screens}
    beside = [
        ("ecarts", "Réduire les écarts entre communes"),
        ("acces", words.plain_short(ACCESS, "")),
    ]
    room = MOST_OPTIONS - sum(name in names for name, _ in beside)
    options = options[:room] + [text for name, text in beside if name in names]
    title = words.QUESTION
    return Screen(
        "question",
        title,
        View(title, words.vote_sentence(title), Ballot(tuple(dict.fromkeys(options)))),
        (),
        (
            "Comptez les mains levées avec + et − ; la dernière ligne reçoit une priorité de la salle.",
            "Le vote porte la date du jour. Il s'inscrit dans le projet, et de là dans les livrables.",
        ),
        (),
    )
