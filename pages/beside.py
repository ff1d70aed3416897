"""Several territories beside one comparator: one period an indicator, one frame, one file."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from diagnostic.assessment import NOT_COMPARED, assess
from diagnostic.comparison import common_periods, shown
from diagnostic.perimeter import Part, Perimeter, encode
from pages.comparator import OTHER, SIMILAR, Comparator
from pages.local_data import exportable
from pages.reading import reading, with_cards
from pages.shared import breaks, indicators, mart, warehouse
from views.comparer import interval_text, refusal
from views.observation import value_text
from views.sentences import HIGHER, LOWER
from views.spine import Cell, mark_class
from views.text import DIRECTIONS, THEMES, percent
from views.workbook import Sheet, about_sheet, cards_sheet, figures_sheet
from warehouse.indicators import IndicatorCard

BENCHMARK = "comparaison"
KEY = ["indicator_id", "period"]


def together(figures: pd.DataFrame, comparator: Comparator) -> pd.DataFrame:
    """Figures of several territories at the period that all of them share, assessed.

    ``figures``: rows of profile or level_values with a column ``place``. One row a (place,
    indicator_id), in display order of the indicators; kinds that do not compare and indicators that
    refuse to stand side by side are left out. A place that is the comparator is not assessed.
    """
    comparable = [
        card.id
        for card in indicators().values()
        if card.kind not in NOT_COMPARED and refusal(card.id) is None
    ]
    rows = figures[figures["indicator_id"].isin(comparable)]
    theirs = comparator.values.assign(place=BENCHMARK)
    offered = rows[shown(rows)].drop_duplicates(KEY)
    everyone = pd.concat([rows, theirs[theirs["indicator_id"].isin(comparable)]])
    periods = common_periods(offered, everyone, breaks())
    rows = rows[rows["period"] == rows["indicator_id"].map(periods)]
    theirs = theirs[theirs["period"] == theirs["indicator_id"].map(periods)]
    benchmark = theirs.drop_duplicates("indicator_id").set_index("indicator_id")["value"]
    frame = with_cards(rows.set_index("indicator_id"))
    itself = (frame["place"] == link(comparator)).to_numpy()
    other = frame.index.map(benchmark).to_numpy(float)
    assessed = assess(frame.assign(other=other))
    assessed.loc[itself, ["significance", "gap"]] = None
    assessed.loc[itself, "tone"] = "neutre"
    order = {name: position for position, name in enumerate(comparable)}
    return (
        assessed.assign(position=assessed.index.map(order))
        .reset_index()
        .sort_values("position", kind="stable", ignore_index=True)
    )


def link(comparator: Comparator) -> str:
    """Text of the comparator's perimeter for a link; empty for the similar territories."""
    if comparator.key == SIMILAR:
        return ""
    kind, _, code = comparator.key.partition(":")
    return code if kind == OTHER else encode(Perimeter((Part(kind, code),)))


def code_of(place: str) -> str:
    """Official code of a place that is one territory; the link of one made of several."""
    return place if "," in place else place.partition(":")[2]


def cell(row, card) -> Cell:
    """One figure in the tartan: its value, its reading, its interval and coverage on hovering."""
    if row is None:
        return Cell("–", "none", "pas de chiffre chargé")
    text = value_text(row, reading(card))
    if pd.isna(row.value) or row.significance is None or pd.isna(row.significance):
        return Cell(text, "none", "non comparé" if pd.isna(row.reason) else str(row.reason))
    notes = [str(row.significance)]
    if row.interval != "aucun":
        notes.append(f"intervalle {interval_text(row.low, row.high, reading(card))}")
    if pd.notna(row.coverage) and row.coverage < 0.9995:
        notes.append(f"{percent(row.coverage)} de la population couverte")
    return Cell(text, mark_class(row.tone, row.significance in (HIGHER, LOWER)), " ; ".join(notes))


def refused_cards(names: pd.Index) -> dict[str, str]:
    """Label -> reason, for the indicators that have figures and refuse to stand side by side."""
    return {
        card.label: why
        for card in indicators().values()
        if card.id in names and (why := refusal(card.id)) is not None
    }


def sheets(
    frame: pd.DataFrame, names: Mapping[str, str], comparator: Comparator, title: str
) -> list[Sheet]:
    """What is on screen as sheets: the figures with all they stand on, then the indicator cards.

    ``names``: place -> name, in the order of the screen.
    """
    frame = exportable(frame)
    sources = mart("sources").set_index("id")
    cards = indicators()
    place = {one: position for position, one in enumerate(names)}
    rows = frame.sort_values(
        ["position", "place"],
        key=lambda column: column.map(place) if column.name == "place" else column,
    )
    rows = rows.assign(
        theme=rows["theme"].map(THEMES),
        label=[cards[name].label for name in rows["indicator_id"]],
        unit=[cards[name].unit for name in rows["indicator_id"]],
        decimals=[cards[name].decimals for name in rows["indicator_id"]],
        territory=rows["place"].map(names),
        code=[code_of(one) for one in rows["place"]],
        comparator=comparator.name,
        source=[
            f"{producer}, {text}"
            for producer, text in sources_of(sources, rows, "producer", "title")
        ],
        licence=[licence for (licence,) in sources_of(sources, rows, "licence")],
    )
    used = [card for card in cards.values() if card.id in set(rows["indicator_id"])]
    origin = rows.drop_duplicates("indicator_id").set_index("indicator_id")["source_id"]
    return [
        figures_sheet(rows, "Données", title),
        cards_sheet([card_row(card, sources.reindex([origin[card.id]]).iloc[0]) for card in used]),
        about_sheet(title, list(names.values()), comparator.name, warehouse().facts["build_id"]),
    ]


def sources_of(sources: pd.DataFrame, rows: pd.DataFrame, *columns: str) -> list[tuple[str, ...]]:
    """Columns of the card of the source of each row, as texts."""
    found = sources.reindex(rows["source_id"])[list(columns)].fillna("")
    return [tuple(map(str, one)) for one in found.itertuples(index=False)]


def card_row(card: IndicatorCard, source: pd.Series) -> dict[str, object]:
    """What an indicator is and where its figure comes from, as views.workbook.cards_sheet takes it."""
    return {
        "label": card.label,
        "theme": THEMES[card.theme],
        "definition": card.definition,
        "direction": DIRECTIONS[card.direction],
        "numerator": card.numerator,
        "denominator": card.denominator,
        "caveats": " ".join(card.caveats),
        **source[["title", "producer", "vintage", "licence", "page"]].to_dict(),
    }
