"""Decisions in the chapter: where to act first, with what intensity, what was noted."""

from __future__ import annotations

import math

import pandas as pd

from diagnostic.allocation import nominal_ratio, observed_ratio
from pages import dosing, targeting
from pages.acting import name_of
from pages.composing import Asked
from pages.maps_drawn import groups_map
from pages.needs import Reference, commune_needs, need_card, references
from pages.project import current_project
from pages.targets import ALL, TARGETS
from pages.territory_chapter import MOST_ROWS
from pages.weighing import missing_texts
from views import cibles, intensite
from views.actions import APPROACHES
from views.livrables import words
from views.livrables.figures import (
    WIDTH,
    heads_figure,
)
from views.livrables.model import (
    Block,
    Bullets,
    Figure,
    Heading,
    Note,
    Paragraph,
    Table,
    plain,
    table_of,
)
from views.text import (
    joined,
    number,
)

# Territories named for an action before the rest is left to the project file.
MOST_PLACES = 8
_DOSING_SHARES = {
    "Territoire": 2.4,
    intensite.PROPORTIONATE: 1.75,
    "Communes": 1.7,
    intensite.HABITANTS: 1.4,
}


def crossing_text(asked: Asked) -> str:
    """Communes with more need and less access, as the page Cibler says it; empty without both."""
    if asked.need is None or asked.need.purpose.mixed:
        return ""
    purpose = asked.need.purpose.id
    table = groups_of(asked)[["name", "population", "need", "access"]].dropna(
        subset=["need", "access"]
    )
    if table.empty:
        return ""
    mean = float(references(purpose).loc[need_card(purpose).access.id, "mean"])
    return cibles.crossing_sentence(table, mean)


def groups_of(asked: Asked) -> pd.DataFrame:
    """The table of the page Cibler with its groups (index code)."""
    assert asked.need is not None
    scored = commune_needs(asked.need.weights, asked.need.purpose.id)
    table = targeting.commune_table(asked.found, scored, asked.people)
    return targeting.with_groups(table, asked.need, asked.cut, scored.reference)


def reference_of(asked: Asked) -> Reference:
    """National landmarks of the need chosen."""
    assert asked.need is not None
    return commune_needs(asked.need.weights, asked.need.purpose.id).reference


def targeting_blocks(asked: Asked) -> list[Block]:
    """Purpose, weights, three groups with their stability, every commune with its reasons."""
    if asked.need is None:
        return [Paragraph(words.NO_NEED)]
    chosen, table = asked.need, groups_of(asked)
    labels = {chosen.labels[name]: share for name, share in chosen.weights.items()}
    blocks: list[Block] = [
        Paragraph(cibles.group_sentence(table["group"], table["population"]), strong=True),
        Paragraph(
            f"Finalité : {chosen.purpose.label}. {cibles.weights_text(labels)}. {asked.cut_text}"
        ),
        Paragraph(plain(chosen.purpose.reason)),
    ]
    if asked.target != ALL:
        people = cibles.group_sentence(table["group"], table["people"]).replace(
            "des habitants", "de la population visée"
        )
        blocks.append(Paragraph(f"{TARGETS[asked.target].label} : {people}"))
    drawn = groups_map(asked.found, table)
    if drawn is not None:
        blocks.append(drawn)
    stable = cibles.frontier_sentences(table) if table["p_socle"].notna().any() else []
    moved = targeting.changes(table, chosen, asked.cut)
    stable += [] if moved == targeting.ALREADY_EQUAL else [moved]
    if stable:
        blocks.append(Bullets(tuple(plain(one) for one in stable)))
    crossing = crossing_text(asked)
    if crossing:
        blocks.append(Paragraph(crossing))
    if len(table) <= MOST_ROWS:
        blocks.append(groups_table(asked))
    else:
        blocks.append(Paragraph("Le groupe de chaque commune est en annexe."))
    blocks += [Note(one) for one in missing_texts(chosen.purpose)]
    return blocks


def groups_table(asked: Asked) -> Table:
    """Group of each commune, how firm, what carries it."""
    assert asked.need is not None
    listing = targeting.listing_of(groups_of(asked), asked.need)
    kept = listing[["Commune", "Groupe", "Sur 1 000 calculs", "Pourquoi", "Habitants"]]
    caption = "Groupe de chaque commune, par ordre alphabétique"
    return table_of(kept, caption, ["Habitants"], (2, 2, 2.2, 3.6, 1.2))


def split_of(asked: Asked) -> tuple[pd.DataFrame, str]:
    """The split of the page Intensité, and what was pooled. Raises ValueError, in French."""
    assert asked.need is not None and asked.settings is not None
    scored = commune_needs(asked.need.weights, asked.need.purpose.id)
    table = dosing.commune_table(asked.found, scored.scores, asked.people)
    return dosing.split(asked.found, table, asked.settings, asked.mesh)


def dosing_blocks(asked: Asked) -> list[Block]:
    """What is shared, how, to whom, and the whole recipe."""
    if asked.need is None or asked.settings is None:
        return [Paragraph(words.NO_NEED if asked.need is None else words.NOBODY)]
    settings, rule = asked.settings, asked.settings.rule
    try:
        shared, pooled = split_of(asked)
    except ValueError as error:
        return [Note(str(error))]
    observed = observed_ratio(shared) if settings.shared else math.nan
    people = intensite.HABITANTS if asked.target == ALL else intensite.TARGETED
    result = intensite.dosing_table(shared, people)
    texts = intensite.dosing_texts(result, people, settings.resource.decimals)
    said = intensite.split_sentence(
        settings.shared, settings.kept, settings.resource, rule.base_share, rule.ratio, observed
    )
    choices = intensite.choices_text(
        rule.base_share, rule.ratio, nominal_ratio(rule.base_share, rule.ratio)
    )
    blocks: list[Block] = [Paragraph(plain(said), strong=True), Paragraph(plain(choices))]
    if pooled:
        blocks.append(Note(pooled))
    caption = (
        f"Répartition de {intensite.amount(settings.shared, settings.resource.decimals)} "
        f"{settings.resource.label} par territoire"
    )
    shares = tuple(_DOSING_SHARES.get(name, 1.2) for name in texts.columns)
    blocks.append(table_of(texts, caption, texts.columns[1:], shares, total=True))
    if len(result) <= intensite.CHART_ROWS and settings.shared:
        blocks.append(heads_block(result))
    members = intensite.members_texts(result)
    if len(members):
        blocks.append(table_of(members, "Communes de chaque regroupement", (), (2, 5)))
    recipe = dosing.recipe_of(asked.found, settings, asked.need, asked.target, reference_of(asked))
    rows = intensite.recipe_rows({k: v for k, v in recipe.items() if k != dosing.ADDRESS})
    blocks += [
        Heading("Comment ce résultat a été obtenu"),
        table_of(rows, "Les choix de la répartition", (), (2, 5)),
    ]
    return blocks


def heads_block(result: pd.DataFrame, width: float = WIDTH) -> Figure:
    """Quantity per 1 000 people, drawn."""
    values = list(result[intensite.HEAD])
    decimals = 2 if max(values) < 10 else 1
    equal = float(result[intensite.EQUAL_HEAD].iloc[0])
    names = [str(name) for name in result["Territoire"]]
    alt = " ; ".join(
        f"{name} : {number(value, decimals)}" for name, value in zip(names, values, strict=True)
    )
    return Figure(
        heads_figure(names, values, equal, decimals, width),
        f"Pour 1 000 personnes visées : {alt}. À parts égales : {number(equal, decimals)}.",
        "Quantité pour 1 000 personnes visées, par territoire",
    )


def noted_blocks(asked: Asked) -> list[Block]:
    """Actions and votes noted in the project."""
    noted = current_project()
    if not noted.actions and not noted.votes:
        return [Paragraph(words.NOTHING_NOTED)]
    blocks: list[Block] = []
    if noted.votes:
        said = tuple(words.vote_sentence(one) for one in noted.votes)
        blocks += [Heading("Priorités votées"), Bullets(said)]
    if noted.actions:
        lines = [
            {
                "Action": one.title,
                "Approche": APPROACHES[one.approach],
                "Public": one.public or "–",
                "Territoires": joined([name_of(place) for place in one.territories[:MOST_PLACES]])
                + ("…" if len(one.territories) > MOST_PLACES else ""),
                "Pilote": one.pilot or "–",
                "Calendrier": one.calendar or "–",
            }
            for one in noted.actions
        ]
        blocks += [
            Heading("Actions"),
            table_of(pd.DataFrame(lines), "Actions notées", (), (2.4, 1.4, 1.5, 2.4, 1.3, 1.3)),
        ]
    return blocks
