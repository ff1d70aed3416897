"""The slides of a steering committee: one message each, from the same figures as the chapter."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from diagnostic.allocation import nominal_ratio, observed_ratio
from diagnostic.mortality import PERIMETER
from pages import deaths, gaps
from pages.care_chapter import ACCESS_PREFIX
from pages.composing import Asked
from pages.decision_chapter import crossing_text, groups_of, heads_block, split_of
from pages.maps_drawn import groups_map, indicator_map, perimeter_map
from pages.reading import reading
from pages.shared import indicators, mart
from pages.shared_chapter import question_slide, voices_slide
from pages.standing_out import finding_sentence
from pages.targets import ALL
from pages.territory_chapter import departements
from views import cibles, intensite
from views import inegalites as gap_words
from views.livrables import words
from views.livrables.figures import gradient_figure
from views.livrables.model import Block, Bullets, Figure, Note, Paragraph, Slide, plain
from views.livrables.slides import legible
from views.mortality import Basis, ratio_sentences
from views.observation import value_text
from views.places import of_place
from views.sentences import comparison_sentence, subject
from views.text import joined, number, quantity

MOST_SENTENCES = 4
# Narrower than on a page: enlarged on a slide, their texts are read from afar.
SLIDE_WIDTH = 4.6
WHO = ("part_moins_20_ans", "part_65_ans_et_plus", "part_75_ans_et_plus", "mediane_niveau_vie")
FINDINGS = "ce-qui-ressort"


def sources_text(asked: Asked, names: Sequence[str]) -> str:
    """« Sources : … » of these indicators, then the caution that goes with any gap."""
    sources = mart("sources").set_index("id")
    used = dict.fromkeys(
        str(asked.frame.at[name, "source_id"]) for name in names if name in asked.frame.index
    )
    told = [
        f"{sources.at[one, 'producer']}, {sources.at[one, 'title']}, {sources.at[one, 'vintage']}"
        for one in used
        if one in sources.index
    ]
    return f"Sources : {' ; '.join(told)}. {words.CAUTION}" if told else words.CAUTION


def who_slide(asked: Asked) -> Slide:
    """Who lives here."""
    found, frame = asked.found, asked.frame
    said = []
    for name in WHO:
        if name in frame.index and pd.notna(frame.at[name, "value"]):
            row, card = frame.loc[name], indicators()[name]
            other = quantity(row["other"], card.unit, card.decimals, short=True)
            own = value_text(row, reading(card))
            said.append(f"{card.label} : {own} ({asked.comparator.name} : {other})")
    title = f"{found.label} : {number(found.population)} habitants, {found.size}"
    blocks: list[Block] = [Bullets((f"{joined(departements(found))}.", *said))]
    drawn = perimeter_map(found, slide=True)
    return Slide(
        title, (*blocks, *([drawn] if drawn else [])), sources_text(asked, WHO), "portrait"
    )


def findings_sentences(asked: Asked, most: int) -> tuple[str, ...]:
    """The first findings of any kind, in sentences."""
    out, frame = asked.standing, asked.frame
    return tuple(
        finding_sentence(one, frame.loc[one.indicator_id], out, asked.comparator)
        for one in out.table.head(most).itertuples()
    )


def findings_slide(asked: Asked, kind: str) -> Slide:
    """The findings of one kind, the most important first."""
    out, frame = asked.standing, asked.frame
    rows = out.table[out.table["type"] == kind]
    title = words.findings_title(kind, len(rows), asked.comparator.of)
    if rows.empty:
        return Slide(title, (Paragraph(words.NO_FINDING_OF_KIND),), words.CAUTION, FINDINGS)
    said = tuple(
        finding_sentence(one, frame.loc[one.indicator_id], out, asked.comparator)
        for one in rows.head(MOST_SENTENCES).itertuples()
    )
    blocks: list[Block] = [Bullets(said)]
    if len(rows) > len(said):
        blocks.append(Note(f"Et {number(len(rows) - len(said))} de plus dans le rapport."))
    return Slide(title, tuple(blocks), sources_text(asked, list(rows["indicator_id"])), FINDINGS)


def gradient_slide(asked: Asked) -> Slide | None:
    """The gap between communes that a room reads best, drawn; None without one."""
    out = asked.standing
    named = list(out.table.loc[out.table["type"] == "inegalite", "indicator_id"])
    if not named or out.groups is None or out.figures is None:
        return None
    shown = gaps.gap_shown(named, out.groups, out.figures) or named[0]
    card = indicators()[shown]
    rows = gaps.rows_of(out.figures, out.groups, card)
    names = gap_words.group_names(list(rows.index), out.groups.cut == "national")
    drawn = Figure(
        gradient_figure(rows, names, reading(card), SLIDE_WIDTH),
        gap_words.gradient_alt(rows, names, card.label, reading(card)),
        card.label,
    )
    said = gaps.gap_text(rows, card, names)
    title = f"Entre communes, un écart sur : {gap_words.inside(card.label)}"
    return Slide(
        title,
        (Paragraph(said), Note(gap_words.BETWEEN_COMMUNES), drawn),
        f"{gaps.persons(rows, card)} {sources_text(asked, [card.id])}",
        "inegalites",
    )


def access_slide(asked: Asked) -> Slide | None:
    """Access to general practitioners, on a map; None without any figure."""
    frame = asked.frame
    rows = frame[frame.index.str.startswith(ACCESS_PREFIX) & frame["value"].notna()]
    if rows.empty:
        return None
    name = str(rows.index[0])
    card, row = indicators()[name], rows.loc[name]
    said = comparison_sentence(row, subject(card.label), reading(card), asked.comparator.of)
    drawn = indicator_map(asked.found, card, str(row["period"]), slide=True)
    crossing = crossing_text(asked)
    texts: list[Block] = [Paragraph(said), *([Paragraph(crossing)] if crossing else [])]
    title = f"Accès aux soins : {value_text(row, reading(card), short=False)}"
    notes = f"{' '.join(card.caveats)} {sources_text(asked, [name])}"
    return Slide(title, (*texts, *([drawn] if drawn else [])), notes, "acces-aux-soins")


def mortality_slide(asked: Asked) -> Slide | None:
    """Deaths beside those expected; None when what it stands on is not loaded."""
    plan, _, _ = deaths.plan_of(asked.found)
    if plan is None:
        return None
    basis = Basis(plan.first, plan.census, plan.zone)
    row = deaths.rows_of(asked.found, deaths.study_of(plan).communes).loc[PERIMETER]
    said = ratio_sentences(row, of_place(*asked.found.whole, asked.found.label), basis)
    title = "Mortalité : observée et attendue"
    return Slide(title, (Bullets(tuple(said)),), words.CAUTION, "mortalite")


def targeting_slide(asked: Asked) -> Slide | None:
    """Where to act first: three groups, on a map; None without a need."""
    if asked.need is None:
        return None
    table = groups_of(asked)
    stable = cibles.frontier_sentences(table) if table["p_socle"].notna().any() else []
    drawn = groups_map(asked.found, table, slide=True)
    texts = [cibles.group_sentence(table["group"], table["population"]), *map(plain, stable[:2])]
    labels = {asked.need.labels[name]: share for name, share in asked.need.weights.items()}
    notes = (
        f"Finalité : {asked.need.purpose.label}. {cibles.weights_text(labels)}. {asked.cut_text} "
        "Un groupe se lit comme une intensité d'action, jamais comme un rang."
    )
    return Slide(
        "Où agir d'abord : pour tous, plus intensément là où le besoin est plus élevé",
        (Bullets(tuple(texts)), *([drawn] if drawn else [])),
        notes,
        "cibles",
    )


def dosing_slide(asked: Asked) -> Slide | None:
    """With what intensity; None without a need or anybody aimed at."""
    if asked.need is None or asked.settings is None or not asked.settings.shared:
        return None
    settings, rule = asked.settings, asked.settings.rule
    shared, pooled = split_of(asked)
    said = intensite.split_sentence(
        settings.shared,
        settings.kept,
        settings.resource,
        rule.base_share,
        rule.ratio,
        observed_ratio(shared),
    )
    people = intensite.HABITANTS if asked.target == ALL else intensite.TARGETED
    result = intensite.dosing_table(shared, people)
    few = settings.resource.decimals
    blocks: list[Block] = [Paragraph(plain(said))]
    drawn = heads_block(result, SLIDE_WIDTH)
    if legible(drawn.png):
        blocks.append(drawn)
    else:
        choices = intensite.choices_text(
            rule.base_share, rule.ratio, nominal_ratio(rule.base_share, rule.ratio)
        )
        blocks += [
            Paragraph(plain(choices)),
            Note("Le tableau complet est dans le rapport et dans le classeur."),
        ]
    title = (
        f"Avec quelle intensité : {intensite.amount(settings.shared, few)} "
        f"{settings.resource.label} à répartir"
    )
    return Slide(title, tuple(blocks), f"{pooled} {words.DOSING_NOTE}".strip(), "intensite")


def sources_slide(asked: Asked) -> Slide:
    """Producers of the figures, and how they were made."""
    sources = mart("sources").set_index("id")
    used = sources[sources.index.isin(set(asked.frame["source_id"].dropna()))]
    producers = sorted(set(used["producer"]))
    licences = sorted(set(used["licence"]))
    return Slide(
        "Sources et prudences",
        (
            Bullets(
                (
                    f"Producteurs : {joined(producers)}.",
                    f"Licences : {joined(licences)}.",
                    words.METHOD_SUM_SHORT,
                    words.METHOD_READING_SHORT,
                )
            ),
        ),
        " ".join(f"{row.producer}, {row.title}, {row.vintage}." for row in used.itertuples()),
        "donnees",
    )


BUILDERS: tuple[tuple[str, Callable[[Asked], Slide | None]], ...] = (
    ("Qui vit ici", who_slide),
    ("Atouts", lambda asked: findings_slide(asked, "atout")),
    ("Fragilités", lambda asked: findings_slide(asked, "fragilite")),
    ("Écarts entre communes", gradient_slide),
    ("Accès aux soins", access_slide),
    ("Mortalité", mortality_slide),
    ("Chiffres et paroles", voices_slide),
    ("Où agir d'abord", targeting_slide),
    ("Avec quelle intensité", dosing_slide),
    (words.ASK, question_slide),
    ("Sources", sources_slide),
)
