"""What stands out of a perimeter: findings in sentences, rows of the spine. Drawn by the pages."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from diagnostic.findings import ATOUT, FRAGILITE, INCERTAIN, INEGALITE, findings
from pages.comparator import Comparator
from pages.gradient import (
    LEAST_GROUPS,
    LOCAL,
    Groups,
    axes,
    group_figures,
    slopes,
    social_groups,
    speaking,
)
from pages.reading import reading
from pages.shared import Current, indicators, mart
from pages.similar import similar
from views.observation import value_text
from views.sentences import (
    HIGHER,
    LOWER,
    comparison_sentence,
    gradient_sentence,
    subject,
    uncertain_sentence,
    verdict_text,
)
from views.spine import SpineRow
from views.text import THEMES, quantity
from warehouse.indicators import IndicatorCard

# Similar territories with a figure before their range is drawn.
LEAST_SIMILAR = 5
# Inequalities offered to the list: more would hide what sets the whole territory apart.
MOST_INEQUALITIES = 3


def differs(row) -> bool:
    return row.significance in (HIGHER, LOWER)


def similar_ranges(found: Current, frame: pd.DataFrame) -> pd.DataFrame:
    """Lowest and highest of the similar territories, indicator by indicator, same period."""
    codes = list(similar(found).codes)
    rows = mart("level_values", levels=["epci"] * len(codes), codes=codes)
    rows = rows[rows["period"] == rows["indicator_id"].map(frame["period"])]
    return rows.groupby("indicator_id")["value"].agg(["min", "max", "count"])


def spine_rows(found: Current, frame: pd.DataFrame) -> list[SpineRow]:
    ranges = similar_ranges(found, frame)
    enough = ranges[ranges["count"] >= LEAST_SIMILAR]
    return [
        spine_row(row, indicators()[name], enough.loc[name] if name in enough.index else None)
        for name, row in frame[frame["significance"].notna()].iterrows()
    ]


def spine_row(row: pd.Series, card: IndicatorCard, similar_range: pd.Series | None) -> SpineRow:
    """One indicator, in standard deviations from the comparator."""

    def place(value: float) -> float:
        return (value - row["other"]) / row["spread"] if row["spread"] > 0 else math.nan

    ends = (math.nan, math.nan) if similar_range is None else tuple(similar_range[["min", "max"]])
    return SpineRow(
        theme=THEMES[card.theme],
        label=card.label,
        own=value_text(row, reading(card)),
        other=quantity(row["other"], card.unit, card.decimals, signed=card.signed, short=True),
        said=verdict_text(row),
        tone=row["tone"],
        differs=differs(row),
        gap=row["gap"],
        low=place(row["low"]),
        high=place(row["high"]),
        range_low=place(ends[0]),
        range_high=place(ends[1]),
    )


SIGNS = {"favorable": 1, "defavorable": -1}
INEQUALITY = ("inequality", "inequality_low", "inequality_high")
TAKEN = ("theme", "kind", "state", "value", "low", "high", "spread", *INEQUALITY)
KINDS = {
    ATOUT: ("Atout", "favorable"),
    FRAGILITE: ("Fragilité", "defavorable"),
    INEGALITE: ("Inégalité", "differs"),
    INCERTAIN: ("À confirmer", "same"),
}


@dataclass(frozen=True)
class StandingOut:
    """Findings of a perimeter (``table``, see :func:`diagnostic.findings.findings`), and the social
    groups and their figures that those about inequality are told from; None when none is read."""

    table: pd.DataFrame
    groups: Groups | None
    figures: pd.DataFrame | None


def standing_out(found: Current, frame: pd.DataFrame) -> StandingOut:
    """The findings of the assessed ``frame``, the most important first."""
    groups = social_axis(found)
    figures = group_figures(groups, frame["period"]) if groups else None
    table = findings(judged(frame, figures, similar_ranges(found, frame)))
    return StandingOut(table, groups, figures)


def finding_sentence(finding, row, out: StandingOut, comparator: Comparator) -> str:
    """The sentence of a finding, as every screen and file has it."""
    card = indicators()[finding.indicator_id]
    about, how = subject(card.label), reading(card)
    if finding.type == INEGALITE and out.figures is not None and out.groups is not None:
        values = out.figures.loc[out.figures["indicator_id"] == card.id, "value"]
        axis = out.groups.axis.label[0].lower() + out.groups.axis.label[1:]
        usual = finding.gradient == "usuel"
        return gradient_sentence(values.iloc[0], values.iloc[-1], about, how, axis, usual)
    said = uncertain_sentence if finding.type == INCERTAIN else comparison_sentence
    return said(row, about, how, comparator.of)


def missing_findings(result: pd.DataFrame) -> list[str]:
    """What the list owes its reader and the data do not allow, in words."""
    counts = result["type"].value_counts()
    return [
        name
        for kind, (name, least) in {
            ATOUT: ("deux atouts", 2),
            FRAGILITE: ("deux fragilités", 2),
            INEGALITE: ("une inégalité entre communes", 1),
        }.items()
        if counts.get(kind, 0) < least
    ]


def judged(frame: pd.DataFrame, figures: pd.DataFrame | None, ranges: pd.DataFrame) -> pd.DataFrame:
    """The table that findings() reads, one row an indicator."""
    table = with_gradients(frame, figures)
    return pd.DataFrame(
        {
            "direction": table["direction"].map(SIGNS).fillna(0).astype(int),
            "comparator": table["other"],
            "reference_min": ranges["min"].reindex(table.index),
            "reference_max": ranges["max"].reindex(table.index),
            **{name: table[name] for name in TAKEN},
        }
    ).reset_index()


def social_axis(found: Current) -> Groups | None:
    """Local fifths on the best axis loaded; None when no gradient can be read."""
    if len(found.codes) < LEAST_GROUPS:
        return None
    known = axes(found)
    if not known:
        return None
    groups = social_groups(found, next(iter(known.values())), LOCAL)
    return groups if groups.usable else None


def with_gradients(frame: pd.DataFrame, figures: pd.DataFrame | None) -> pd.DataFrame:
    """``frame`` with the slope index of the indicators whose gradient is the widest."""
    table = frame.assign(inequality=math.nan, inequality_low=math.nan, inequality_high=math.nan)
    if figures is None:
        return table
    found = slopes(figures)
    sizes = {
        name: abs(found[name].sii) / table.at[name, "spread"]
        for name in speaking(found)
        if table.at[name, "spread"] > 0
        and table.at[name, "direction"] in SIGNS
        and (found[name].low > 0 or found[name].high < 0)
    }
    for name in sorted(sizes, key=lambda one: -sizes[one])[:MOST_INEQUALITIES]:
        slope = found[name]
        table.loc[name, list(INEQUALITY)] = [slope.sii, slope.low, slope.high]
    return table
