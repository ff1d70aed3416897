"""Gaps in the chapter: between groups of communes, between the deaths observed and expected."""

from __future__ import annotations

from diagnostic.mortality import COMMUNE, EPCI, PERIMETER
from pages import deaths, gaps
from pages.composing import Asked
from pages.reading import reading
from pages.shared import indicators
from views import inegalites as gap_words
from views import measures, mortality
from views.livrables.figures import gradient_figure
from views.livrables.model import (
    Block,
    Bullets,
    Figure,
    Heading,
    Note,
    Paragraph,
    plain,
    table_of,
)
from views.places import of_place
from views.text import period_text
from warehouse.indicators import IndicatorCard


def inequality_blocks(asked: Asked) -> list[Block]:
    """The gradient of the indicators that the findings name, then all of them."""
    out = asked.standing
    if out.groups is None or out.figures is None:
        few = len(asked.found.codes) < 3
        return [Paragraph(gap_words.ONE_COMMUNE if few else gap_words.NO_AXIS)]
    named = list(out.table.loc[out.table["type"] == "inegalite", "indicator_id"])
    blocks: list[Block] = [
        Paragraph(
            f"Les communes sont rangées en groupes selon : {gap_words.inside(out.groups.axis.label)}, "
            f"{period_text(out.groups.axis.period)}. {gap_words.BETWEEN_COMMUNES}"
        ),
        Paragraph(gaps.cut_sentence(out.groups)),
    ]
    if not named:
        blocks.append(
            Note(
                "Aucun écart net entre groupes de communes n'est établi dans les données chargées."
            )
        )
    for name in named:
        blocks += gradient_blocks(asked, indicators()[name])
    table = gaps.summary_table(out.figures, out.groups)
    if len(table):
        blocks += [
            Heading("Tous les gradients du périmètre"),
            table_of(
                table,
                "Gradient de chaque indicateur",
                table.columns[2:6],
                (2, 1.1, 1.3, 1.3, 1.3, 1.4, 2.4),
            ),
            Note(measures.MANY),
        ]
    return blocks


def gradient_blocks(asked: Asked, card: IndicatorCard) -> list[Block]:
    """One gradient: the gap in words and in persons, drawn, and its table."""
    out = asked.standing
    assert out.groups is not None and out.figures is not None
    groups = out.groups
    rows = gaps.rows_of(out.figures, groups, card)
    names = gap_words.group_names(list(rows.index), groups.cut == "national")
    period = str(asked.frame.at[card.id, "period"])
    table = gaps.groups_table(asked.found, groups, rows, names, card)
    blocks: list[Block] = [
        Heading(f"{card.label}, {period_text(period)}"),
        Paragraph(gaps.gap_text(rows, card, names)),
        Figure(
            gradient_figure(rows, names, reading(card)),
            gap_words.gradient_alt(rows, names, card.label, reading(card)),
            f"{card.label} ({card.unit}), par groupe de communes, intervalle à 95 %",
        ),
        Paragraph(gaps.persons(rows, card)),
        table_of(table, f"{card.label}, par groupe de communes", table.columns[1:], total=True),
    ]
    caution = gaps.cautions(asked.found, groups, rows, card, names, period)
    return [*blocks, Note(caution)] if caution else blocks


def mortality_blocks(asked: Asked) -> list[Block]:
    """Deaths beside those expected, or what has to be loaded to say it."""
    found = asked.found
    plan, lacking, _ = deaths.plan_of(found)
    if plan is None:
        return [Paragraph(mortality.missing_sentence(False)), Bullets(tuple(lacking))]
    study = deaths.study_of(plan)
    basis = mortality.Basis(plan.first, plan.census, plan.zone)
    rows = deaths.rows_of(found, study.communes)
    row = rows.loc[PERIMETER]
    opening, *others = mortality.ratio_sentences(row, of_place(*found.whole, found.label), basis)
    weight = mortality.weight_sentence(row.observed / plan.rates["deaths"].sum(), basis)
    notes = [one for one in (*others, weight, mortality.coverage_sentence(row)) if one]
    blocks: list[Block] = [Paragraph(opening, strong=True), Paragraph(" ".join(notes))]
    for level, title in ((EPCI, "par intercommunalité"), (COMMUNE, "par commune")):
        some = mortality.by_name(rows[rows["level"] == level])
        if len(some):
            table = mortality.communes_table(some, basis)
            table = table.rename(columns={"Commune": "Territoire"})
            caption = f"Décès observés et attendus, {basis.years}, {title}"
            numeric = [name for name in table.columns if name not in ("Territoire", "Lecture")]
            blocks.append(table_of(table, caption, numeric))
    blocks += [
        Note(mortality.HIDDEN_NOTE),
        Heading(mortality.LIMITS),
        Bullets(tuple(plain(one) for one in mortality.limits(plan.rates, basis))),
    ]
    return blocks
