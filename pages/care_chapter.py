"""Access to care in the chapter: professionals, distances, zoning, over time."""

from __future__ import annotations

from pages.care import distances
from pages.care_told import beyond_table, mark_sentences, professions_table, zoning_text
from pages.composing import Asked
from pages.decision_chapter import crossing_text
from pages.maps_drawn import indicator_map
from pages.reading import reading
from pages.shared import Current, indicators, profile
from pages.trends import time_lines, trend_sentence
from views import care
from views.livrables import words
from views.livrables.figures import series_figure
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
from views.observation import value_text
from views.sentences import comparison_sentence, subject
from views.text import period_text
from warehouse.indicators import IndicatorCard

ACCESS_PREFIX = "apl_"
_CARE_SHARES = (2, 1, 1.2, 1.2, 1.8, 2.4)


def access_blocks(asked: Asked) -> list[Block]:
    """Access to professionals beside the comparator, on a map, crossed with need; distances."""
    frame, found = asked.frame, asked.found
    rows = frame[frame.index.str.startswith(ACCESS_PREFIX) & frame["value"].notna()]
    if rows.empty:
        return [Paragraph(words.NO_ACCESS), *distance_blocks(found)]
    said = [
        comparison_sentence(row, subject(card.label), reading(card), asked.comparator.of)
        for (_, row), card in zip(rows.iterrows(), map(card_of, rows.index), strict=True)
    ]
    table = professions_table(found, asked.comparator, frame)
    blocks: list[Block] = [
        Paragraph(words.ACCESS),
        Bullets(tuple(said)),
        table_of(table, "Accessibilité aux cinq professions", table.columns[2:4], _CARE_SHARES),
    ]
    card = card_of(rows.index[0])
    drawn = indicator_map(found, card, str(rows.at[card.id, "period"]))
    if drawn is not None:
        blocks.append(drawn)
    if card.id == care.PROFESSIONS["generalistes"].apl:
        below, older = (plain(one) for one in mark_sentences(found, frame))
        blocks += [Heading(care.UNDER_TITLE), Paragraph(below), Note(care.MARK_RULE)]
        if older:
            blocks += [Paragraph(older), Note(care.OLDER_RULE)]
    crossing = crossing_text(asked)
    if crossing:
        blocks += [Heading("Le besoin et l'accès aux soins, croisés"), Paragraph(crossing)]
    blocks += series_blocks(asked, card)
    blocks.append(Note(" ".join(card.caveats)))
    return [*blocks, *distance_blocks(found)]


def distance_blocks(found: Current) -> list[Block]:
    """How far care is, and the official zoning, where they are loaded."""
    measured = distances(found)
    zoning = zoning_text(found)
    blocks: list[Block] = [Heading("Zonage officiel"), Paragraph(plain(zoning))] if zoning else []
    if not measured.kinds:
        return blocks
    table = beyond_table(found, measured)
    title = "Habitants selon la distance au plus proche"
    shares = (1.8, 1.4) + (1.3,) * (len(table.columns) - 2)
    return [
        *blocks,
        Heading("À quelle distance ?"),
        Paragraph(plain(care.STRAIGHT_LINE)),
        table_of(table, title, table.columns[2:], shares),
        Note(plain(care.SITES_NOT_SUPPLY)),
    ]


def card_of(name: object) -> IndicatorCard:
    """Card of an indicator of a frame."""
    return indicators()[str(name)]


def series_blocks(asked: Asked, card: IndicatorCard) -> list[Block]:
    """The indicator over time beside the comparator; nothing with a single period."""
    own = time_lines(profile(asked.found), card)
    if len(own) < 2:
        return []
    others = time_lines(asked.comparator.values, card)
    others = others[others["period"].isin(own["period"])]
    how = reading(card)
    texts = [f"{period_text(str(row.period))} : {value_text(row, how)}" for row in own.itertuples()]
    lines = [(asked.found.label, own), (asked.comparator.name, others)]
    return [
        Heading("Dans le temps"),
        Figure(
            series_figure(lines, how),
            f"{card.label}, {asked.found.label}. {' ; '.join(texts)}.",
            f"{card.label} ({card.unit}), {asked.found.label} et {asked.comparator.name}",
        ),
        Paragraph(trend_sentence(own, card)),
    ]
