"""How the chapter was made: method, sources, every indicator with its licence."""

from __future__ import annotations

import pandas as pd

from pages.composing import Asked
from pages.decision_chapter import groups_table, reference_of
from pages.needs import need_card
from pages.shared import indicators, mart
from pages.territory_chapter import MOST_ROWS, communes_table
from views import cibles
from views.livrables import words
from views.livrables.model import (
    Block,
    Bullets,
    Heading,
    Paragraph,
    Table,
    plain,
    table_of,
)
from views.observation import caution_text, coverage_text
from views.text import (
    alphabetical,
    period_text,
)


def method_blocks(asked: Asked) -> list[Block]:
    """How figures are made, compared, grouped and shared."""
    blocks: list[Block] = [
        Heading("Les chiffres"),
        Bullets((words.METHOD_SUM, words.METHOD_PERIOD, words.METHOD_STATES)),
        Heading("Les comparaisons"),
        Bullets((words.METHOD_READING, words.METHOD_PLACES)),
    ]
    if asked.need is not None:
        domains = need_card(asked.need.purpose.id).domains
        said = [
            cibles.method_text([domain.label for domain in domains]),
            cibles.STABILITY,
            cibles.MISSING_RULES,
            cibles.ERRORS_UNKNOWN,
        ]
        said += (
            [cibles.SAMPLED_STABILITY]
            if reference_of(asked).exact
            else [cibles.APPROXIMATE_REFERENCE, cibles.APPROXIMATE_STABILITY]
        )
        blocks += [Heading("Le besoin"), *(Paragraph(plain(one)) for one in said)]
    return [*blocks, Heading("Ce document"), Paragraph(words.METHOD_AGAIN)]


def sources_blocks(asked: Asked) -> list[Block]:
    """Every source that a figure of the document comes from."""
    sources = mart("sources").set_index("id")
    used = sources[sources.index.isin(set(asked.frame["source_id"].dropna()))]
    texts = pd.DataFrame(
        {
            "Source": [f"{row.producer}, {row.title}" for row in used.itertuples()],
            "Millésime": used["vintage"].map(str).to_list(),
            "Licence": used["licence"].to_list(),
        }
    ).sort_values("Source", key=lambda names: names.map(alphabetical))
    return [table_of(texts, "Sources des chiffres", (), (4, 1.6, 1.6))]


def annex_blocks(asked: Asked) -> list[Block]:
    """Every indicator with its coverage, source and licence; the communes when they are many."""
    sources = mart("sources").set_index("id")
    lines = []
    for row in asked.frame.itertuples():
        card, source = indicators()[str(row.Index)], sources.loc[row.source_id]
        lines.append(
            (
                card.label,
                period_text(str(row.period)),
                coverage_text(row, len(asked.found.codes)),
                f"{source['producer']}, {source['title']}",
                str(source["licence"]),
            )
        )
    columns = ("Indicateur", "Période", "Population couverte", "Source", "Licence")
    blocks: list[Block] = [
        Table(
            "Indicateurs, sources et licences",
            columns,
            tuple(lines),
            shares=(2.8, 1.2, 1.6, 3.2, 1.5),
        )
    ]
    cautions = [
        f"{indicators()[str(row.Index)].label} : {caution_text(row)}."
        for row in asked.frame.itertuples()
        if caution_text(row)
    ]
    if cautions:
        blocks += [Heading("Valeurs approchées, secrètes ou absentes"), Bullets(tuple(cautions))]
    if len(asked.found.codes) > MOST_ROWS:
        blocks += [Heading("Les communes"), communes_table(asked.found)]
        if asked.need is not None:
            blocks.append(groups_table(asked))
    return blocks
