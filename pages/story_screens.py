"""Each screen of the meeting, from the functions that the other pages call.

A builder gives its screen, or the reason, in French, why it cannot be shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pandas as pd

from diagnostic.findings import INEGALITE
from diagnostic.perimeter import Part, Perimeter, decode
from pages import targeting
from pages.comparator import OTHER, SIMILAR, Comparator, place_comparator
from pages.dosing import Settings
from pages.gradient import (
    LOCAL,
    Groups,
    axes,
    circular,
    group_figures,
    slopes,
    social_groups,
    speaking,
)
from pages.needs import commune_needs, need_card
from pages.reading import assessed, reading
from pages.shared import Current, indicators, mart, resolved
from pages.similar import similar
from pages.standing_out import StandingOut, differs, finding_sentence, standing_out
from pages.targets import ALL, TARGETS, target_counts
from pages.weighing import Chosen
from views import story_words as words
from views.cibles import GROUP_COLOURS, GROUPS
from views.classification import (
    ABSENT,
    ABSENT_COLOUR,
    APPROX_CHARACTERS,
    OK_CHARACTERS,
    SECRET,
    Classes,
    class_characters,
    classify,
    palette,
)
from views.inegalites import DIRECTED, established, group_names, uneven, value_said
from views.intensite import EQUAL, PROPORTIONATE, amount
from views.observation import value_text
from views.sentences import HIGHER, LOWER
from views.shapes import Shapes
from views.spine import mark_class
from views.story import Ballot, Bar, Bars, Columns, Extra, Map, Screen, Swatch, View
from views.text import alphabetical, count_of, number, percent, period_text, quantity
from warehouse.indicators import IndicatorCard

AGES = ("part_moins_20_ans", "part_65_ans_et_plus", "part_75_ans_et_plus")
AGES_SAID = {
    "part_moins_20_ans": "de moins de 20 ans",
    "part_65_ans_et_plus": "de 65 ans et plus",
}
GRADIENT = "part_sans_diplome"
ACCESS = "apl_medecins_generalistes"
MOST_POINTS = 3
MAP_CLASSES = 4
# Communes with a figure under which a map says less than a line.
LEAST_ON_MAP = 3
# Territories past which bars no longer hold on a wall.
MOST_BARS = 5
MOST_OPTIONS = 5


@dataclass(frozen=True)
class Told:
    """What every screen is told from. ``again``: the frame beside ``other``, None without one."""

    found: Current
    comparator: Comparator
    frame: pd.DataFrame
    out: StandingOut
    other: Comparator | None
    again: pd.DataFrame | None
    shapes: Shapes | None
    need: Chosen | None
    cut: str
    target: str
    settings: Settings | None
    sources: dict[str, str]

    def other_than(self, comparator: Comparator) -> bool:
        """Whether « ailleurs » is another territory than ``comparator``."""
        return self.other is not None and self.other.key != comparator.key


# Who lives here, what goes well, what weighs.


def people_screen(told: Told) -> Screen | str:
    names = [name for name in AGES if has_value(told.frame, name)]
    if not names:
        return "aucun âge n'est chargé pour ce périmètre."
    shares = [
        (value_text(told.frame.loc[name], reading(indicators()[name])), AGES_SAID[name])
        for name in names
        if name in AGES_SAID
    ]
    population = count_of(told.found.population, "habitant")

    def view(comparator: Comparator, frame: pd.DataFrame) -> View:
        title = words.facing_title(words.HABITANTS, comparator.of, "\u202f?")
        return View(
            title,
            words.people_sentence(title, number(told.found.population), shares),
            bars(comparator, frame, names),
        )

    return Screen(
        "habitants",
        words.HABITANTS,
        view(told.comparator, told.frame),
        elsewhere(told, names, view),
        (f"{told.found.label} : {population}, {told.found.size}.",),
        sources_of(told, names),
    )


@dataclass(frozen=True)
class Points:
    """Main findings of a kind, and what they are told beside: the comparator, else a larger one."""

    comparator: Comparator
    frame: pd.DataFrame
    out: StandingOut
    rows: pd.DataFrame

    @property
    def names(self) -> list[str]:
        """Their indicators, the most telling first."""
        return list(self.rows["indicator_id"])


def points_of(told: Told, kind: str) -> Points | None:
    """Findings beside the comparator, else beside the nearest larger territory that has some."""
    places = list(told.found.comparators)
    keys = [f"{place.level}:{place.code}" for place in places]
    start = keys.index(told.comparator.key) + 1 if told.comparator.key in keys else 0
    larger = (place_comparator(told.found, place) for place in places[start:])
    for comparator in chain([told.comparator], larger):
        frame = assessed(told.found, comparator)
        out = told.out if comparator is told.comparator else standing_out(told.found, frame)
        rows = out.table[out.table["type"] == kind].head(MOST_POINTS)
        if len(rows):
            return Points(comparator, frame, out, rows)
    return None


def strengths_screen(told: Told, points: Points | None) -> Screen | str:
    return points_screen(told, points, "bien", words.BIEN, favourable=True)


def weaknesses_screen(told: Told, points: Points | None) -> Screen | str:
    return points_screen(told, points, "pese", words.PESE, favourable=False)


def points_screen(
    told: Told, points: Points | None, name: str, title: str, *, favourable: bool
) -> Screen | str:
    """The main findings of a kind, each with its value here and beside."""
    tone = words.FAVOURABLE if favourable else words.UNFAVOURABLE
    if points is None:
        return f"aucun écart {tone} n'est établi dans les données chargées."
    names = points.names
    said = words.strengths_sentence if favourable else words.weaknesses_sentence
    kind = "favorable" if favourable else "defavorable"

    def view(comparator: Comparator, frame: pd.DataFrame) -> View:
        heading = words.facing_title(title, comparator.of)
        figure = bars(comparator, frame, names)
        if comparator.key == points.comparator.key:
            return View(heading, said(heading, len(names)), figure)
        compared = [row for row in figure.rows if row.other is not None]
        same = sum(row.kind == kind for row in compared)
        return View(heading, words.again_sentence(heading, same, len(compared), favourable), figure)

    sentences = [
        finding_sentence(one, points.frame.loc[one.indicator_id], points.out, points.comparator)
        for one in points.rows.itertuples()
    ]
    if points.comparator.key != told.comparator.key:
        sentences.insert(
            0,
            f"Aucun écart {tone} n'est établi face à {told.comparator.name} : la comparaison est faite "
            f"avec {points.comparator.name}.",
        )
    return Screen(
        name,
        title,
        view(points.comparator, points.frame),
        elsewhere(told, names, view) if told.other_than(points.comparator) else (),
        (*sentences, words.NOT_A_CAUSE, *cautions(names)),
        sources_of(told, names),
    )


def elsewhere(told: Told, names: Sequence[str], view) -> tuple[Extra, ...]:
    """« C'est pareil ailleurs ? »: the same view beside the other comparator, where it has a figure."""
    if told.other is None or told.again is None:
        return ()
    rows = told.again.reindex(list(names))
    if rows["value"].isna().any() or rows["other"].isna().all():
        return ()
    said = view(told.other, told.again)
    return (Extra("ailleurs", "a", words.ELSEWHERE, ((told.other.name, said),)),)


def bars(comparator: Comparator, frame: pd.DataFrame, names: Sequence[str]) -> Bars:
    """One line an indicator: its value here and beside."""
    rows = tuple(bar(frame.loc[name], indicators()[name]) for name in names)
    periods = sorted({period_text(str(frame.at[name, "period"])) for name in names})
    return Bars("Ici", comparator.name, rows, f"Chiffres de {', '.join(periods)}")


def bar(row: pd.Series, card: IndicatorCard) -> Bar:
    beside = None if pd.isna(row["other"]) else float(row["other"])
    return Bar(
        words.plain_label(card.id, card.label, card.unit),
        float(row["value"]),
        value_text(row, reading(card)),
        beside,
        quantity(row["other"], card.unit, card.decimals, signed=card.signed, short=True)
        if beside is not None
        else "pas de chiffre",
        mark_class(row["tone"], differs(row)),
        verdict(row),
    )


def verdict(row: pd.Series) -> str:
    """Two words: what the colour and the shape say."""
    if pd.isna(row["significance"]):
        return ""
    if not differs(row):
        return words.NO_DIFFERENCE
    told = {"favorable": words.FAVOURABLE, "defavorable": words.UNFAVOURABLE}
    said = {HIGHER: "plus haut", LOWER: "plus bas"}
    return told.get(row["tone"], said[row["significance"]])


def has_value(frame: pd.DataFrame, name: str) -> bool:
    return name in frame.index and bool(pd.notna(frame.at[name, "value"]))


# The gaps between communes.


def gaps_screen(told: Told) -> Screen | str:
    groups, figures = told.out.groups, told.out.figures
    if groups is None or figures is None:
        return "moins de trois groupes de communes se distinguent ici par leurs ressources."
    lines = slopes(figures)
    shown = list(told.out.table[told.out.table["type"] == INEGALITE]["indicator_id"])
    name = gap_shown(shown, groups, figures)
    if name is None:
        return "aucun indicateur n'a de chiffre dans chaque groupe de communes."
    card = indicators()[name]
    sure = established(lines[name])
    view = gap_view(words.ECARTS, groups, figures, card, sure)
    notes = [
        finding_sentence(one, told.frame.loc[name], told.out, told.comparator)
        for one in told.out.table.itertuples()
        if one.type == INEGALITE and one.indicator_id == name
    ]
    notes.append(
        f"Les communes sont rangées en {len(groups.table)} groupes d'habitants presque égaux, selon : "
        f"{groups.axis.label} ({period_text(groups.axis.period)})."
    )
    rows = figures[figures["indicator_id"] == name].sort_values("rank")
    named = group_names(list(groups.table.index), national=False)
    notes += [one for one in (uneven(rows, named), words.BETWEEN) if one]
    return Screen(
        "ecarts",
        words.ECARTS,
        view,
        gaps_elsewhere(told, groups, card, str(told.frame.at[name, "period"])),
        (*notes, *cautions([name])),
        sources_of(told, [name, groups.axis.indicator]),
    )


def gap_shown(found: Sequence[str], groups: Groups, figures: pd.DataFrame) -> str | None:
    """The gap that a room reads best: a finding whose groups follow one another, else an established
    gap that does, else the first finding."""
    cards, lines = indicators(), slopes(figures)
    others = [
        name
        for name in speaking(lines)
        if cards[name].direction in DIRECTED and established(lines[name])
    ]
    kept = [name for name in dict.fromkeys([*found, *others]) if name in lines]
    kept = [name for name in kept if name not in circular(groups.axis)]
    steady = [name for name in kept if follows(figures[figures["indicator_id"] == name])]
    if steady or kept:
        return (steady or kept)[0]
    return GRADIENT if GRADIENT in lines and GRADIENT not in circular(groups.axis) else None


def follows(rows: pd.DataFrame) -> bool:
    """Whether each group is on the same side of the one before."""
    values = rows.sort_values("rank")["value"]
    return bool(values.is_monotonic_increasing or values.is_monotonic_decreasing)


def gap_view(
    title: str, groups: Groups, figures: pd.DataFrame, card: IndicatorCard, sure: bool
) -> View:
    own = figures[figures["indicator_id"] == card.id].sort_values("rank")
    texts = tuple(value_said(value, reading(card)) for value in own["value"])
    said = words.gap_sentence(
        title, words.plain_short(card.id, card.short_label), texts[0], texts[-1], established=sure
    )
    label = words.plain_label(card.id, card.label, card.unit)
    return View(
        title,
        said,
        Columns(
            tuple(group_names(list(groups.table.index), national=False)),
            tuple(float(value) for value in own["value"]),
            texts,
            f"{label}, {period_text(str(own['period'].iloc[0]))}, par groupe de communes",
        ),
    )


def gaps_elsewhere(
    told: Told, groups: Groups, card: IndicatorCard, period: str
) -> tuple[Extra, ...]:
    """The same groups cut inside the comparator, where its communes have figures."""
    there = communes_of(told)
    if there is None or groups.axis.key not in (known := axes(there)):
        return ()
    theirs = social_groups(there, known[groups.axis.key], LOCAL)
    figures = group_figures(theirs, pd.Series({card.id: period}))
    lines = slopes(figures)
    if not theirs.usable or card.id not in lines:
        return ()
    title = f"{words.ECARTS} {told.comparator.of}"
    if words.too_long(title):
        title = f"{words.ECARTS}, ailleurs"
    view = gap_view(title, theirs, figures, card, established(lines[card.id]))
    return (Extra("ailleurs", "a", words.ELSEWHERE, ((told.comparator.name, view),)),)


def communes_of(told: Told) -> Current | None:
    """The comparator as a perimeter; None for a région or the country, too large to be cut here."""
    key = told.comparator.key
    level, _, code = key.partition(":")
    if key == SIMILAR:
        perimeter = Perimeter(tuple(Part("epci", one) for one in similar(told.found).codes))
    elif level == OTHER:
        perimeter, _ = decode(code)
    elif level in ("epci", "departement"):
        perimeter = Perimeter((Part(level, code),))
    else:
        return None
    there = resolved(perimeter)
    return there if there.codes else None


# Access to care.


def access_screen(told: Told) -> Screen | str:
    if not has_value(told.frame, ACCESS):
        return "l'accès aux médecins n'a pas de chiffre chargé ici."
    card, row = indicators()[ACCESS], told.frame.loc[ACCESS]
    title = words.facing_title(words.ACCES, told.comparator.of)
    own = value_text(row, reading(card))
    other = (
        ""
        if pd.isna(row["other"])
        else quantity(row["other"], card.unit, card.decimals, short=True)
    )
    said = words.access_sentence(title, own, other, verdict(row))
    return Screen(
        "acces",
        words.ACCES,
        View(title, said, access_map(told, card) or territories_bars(told, card)),
        access_elsewhere(told, card),
        (card.definition, *cautions([ACCESS])),
        sources_of(told, [ACCESS]),
    )


def access_map(told: Told, card: IndicatorCard) -> Map | None:
    """Consultations within reach, commune by commune; None when too few have a figure or a contour."""
    values = commune_figures(told.found, card.id, str(told.frame.at[card.id, "period"]))
    known = values["value"].dropna()
    if told.shapes is None or len(known) < LEAST_ON_MAP:
        return None
    classes = classify(known, "quantiles", MAP_CLASSES)
    labels = classes.labels(lambda value: number(value, card.decimals))
    heading = (
        f"{words.opening(words.plain_unit(card.unit))}, "
        f"{period_text(str(told.frame.at[card.id, 'period']))}"
    )
    return coloured(
        told.shapes,
        classes,
        values["value"],
        values["state"],
        palette(card.direction, classes.size),
        labels,
        heading,
    )


def coloured(
    shapes: Shapes,
    classes: Classes,
    values: pd.Series,
    states: pd.Series,
    colours: Sequence[str],
    labels: Sequence[str],
    heading: str,
    *,
    approximate: str = "Valeur approchée",
    absent: str = "Donnée absente",
) -> Map:
    """A map, its key holding only what is on it."""
    characters = class_characters(shapes.codes, classes, values, states, set(shapes.codes))
    key = [
        Swatch(f"{OK_CHARACTERS[rank]}", colour, label)
        for rank, (colour, label) in enumerate(zip(colours, labels, strict=True))
    ]
    key += [
        Swatch(APPROX_CHARACTERS[rank], colour, "", "dots") for rank, colour in enumerate(colours)
    ]
    if set(characters) & set(APPROX_CHARACTERS):
        key.append(Swatch("", "#ffffff", approximate, "dots"))
    if SECRET in characters:
        key.append(Swatch(SECRET, "#ffffff", "Secret statistique", "stripes"))
    if ABSENT in characters:
        key.append(Swatch(ABSENT, ABSENT_COLOUR, absent))
    counts = [
        f"{label}, {count_of(sum(characters.count(one) for one in pair), 'commune')}"
        for label, *pair in zip(labels, OK_CHARACTERS, APPROX_CHARACTERS, strict=False)
    ]
    return Map(heading, characters, tuple(key), f"Carte : {heading}. {' ; '.join(counts)}.")


def territories_bars(told: Told, card: IndicatorCard) -> Bars:
    """The same figure here and in every larger territory that has one."""
    rows = [("Ici", told.frame.at[card.id, "value"])]
    for comparator, frame in ((told.comparator, told.frame), (told.other, told.again)):
        if comparator is not None and frame is not None and card.id in frame.index:
            rows.append((comparator.name, frame.at[card.id, "other"]))
    name = words.plain_label(card.id, card.label, card.unit)
    lines = tuple(
        Bar(label, float(value), number(value, card.decimals), None, "")
        for label, value in rows
        if pd.notna(value)
    )
    caption = f"{name}, {period_text(str(told.frame.at[card.id, 'period']))}"
    return Bars(name, "", lines, caption, one_scale=True)


def access_elsewhere(told: Told, card: IndicatorCard) -> tuple[Extra, ...]:
    if told.other is None or told.again is None or card.id not in told.again.index:
        return ()
    row = told.again.loc[card.id]
    if pd.isna(row["other"]) or pd.isna(row["value"]):
        return ()
    title = words.facing_title(words.ACCES, told.other.of)
    said = words.access_sentence(
        title,
        value_text(row, reading(card)),
        quantity(row["other"], card.unit, card.decimals, short=True),
        verdict(row),
    )
    view = View(title, said, territories_bars(told, card))
    return (Extra("ailleurs", "a", words.ELSEWHERE, ((told.other.name, view),)),)


# Where to act first, and how much.


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


# The question.


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


# Shared.


def commune_figures(found: Current, name: str, period: str) -> pd.DataFrame:
    """Figures of one indicator by commune code."""
    rows = mart("map_values", codes=found.code_list, indicator=name, at_period=period)
    return rows.set_index("code")


def cautions(names: Sequence[str]) -> tuple[str, ...]:
    """The first caution of each card."""
    cards = indicators()
    return tuple(
        f"{cards[name].label} : {cards[name].caveats[0]}" for name in names if cards[name].caveats
    )


def sources_of(told: Told, names: Sequence[str]) -> tuple[str, ...]:
    """Label, period and source of each indicator of a screen."""
    lines = []
    for name in dict.fromkeys(names):
        if name in told.frame.index and pd.notna(told.frame.at[name, "period"]):
            card, row = indicators()[name], told.frame.loc[name]
            lines.append(
                f"{card.label}, {period_text(str(row['period']))} : {told.sources[row['source_id']]}"
            )
    return tuple(lines)
