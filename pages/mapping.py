"""What the map page shows, computed from its choices: contents, figures, sentences."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from diagnostic.assessment import NONE, SAME, assess
from pages.extents import Extent, values_over
from pages.layers import contour_credit
from pages.map_controls import Cut
from pages.reading import reading, with_cards
from pages.shared import Current, mart
from views import map_words as words
from views.classification import classify, crossed_palette, thirds
from views.map_content import MapContent, choropleth, crossed, proportional_symbols
from views.observation import commune_value_text
from views.text import joined, number, period_text, quantity
from warehouse.indicators import IndicatorCard

# Above, a tooltip a commune would be too much to send: it tells its class, and a click the rest.
TOOLTIPS = 1_500


@dataclass(frozen=True)
class Figures:
    """One indicator at one period over an extent; ``frame`` is indexed by code."""

    card: IndicatorCard
    period: str
    frame: pd.DataFrame

    @property
    def values(self) -> pd.Series:
        """Known values, by code."""
        return self.frame["value"].dropna()

    @property
    def title(self) -> str:
        """Short label, period and unit, for a legend."""
        unit = f" ({self.card.unit})" if self.card.unit else ""
        return f"{self.card.short_label}, {period_text(self.period)}{unit}"

    @property
    def producer(self) -> str:
        """Producer and title of the source."""
        return f"{self._source_row['producer']}, {self._source_row['title']}"

    @property
    def licence(self) -> str:
        """Licence of the source."""
        return f"Licence : {self._source_row['licence']}."

    @cached_property
    def _source_row(self) -> pd.Series:
        known = self.frame["source_id"].dropna()
        name = known.iloc[0] if len(known) else self.card.sources[0]
        return mart("sources").set_index("id").loc[name]


def figures(extent: Extent, card: IndicatorCard, period: str) -> Figures:
    """The figures of the extent."""
    frame = values_over(extent, card.id, period)
    # Walked and looked up many times: objects are five times faster there than Arrow texts.
    texts = frame.astype({"code": object, "name": object, "state": object})
    return Figures(card, period, texts.set_index("code"))


def one_indicator(
    shown: Figures, codes: tuple[str, ...], cut: Cut, largest: float | None = None
) -> MapContent:
    """Circles for a count, classes otherwise; around a comparator, unsure gaps are dotted.

    ``largest``: the count of the largest circle, for maps that are read side by side.
    """
    inside = set(shown.frame.index)
    if shown.card.kind == "count":
        return proportional_symbols(
            codes,
            values=shown.values,
            states=shown.frame["state"],
            inside=inside,
            title=shown.title,
            write=number,
            largest=largest,
        )
    classes = cut.classes
    content = choropleth(
        codes,
        classes=classes,
        values=shown.values,
        states=_states(shown, cut),
        colours=classes.colours(shown.card.direction) if classes else [],
        labels=classes.labels(lambda value: number(value, shown.card.decimals)) if classes else [],
        inside=inside,
        title=shown.title,
    )
    if cut.comparator is None or cut.middle is None:
        return content
    value = quantity(cut.middle, shown.card.unit, shown.card.decimals, short=True)
    title = f"{shown.title}, de part et d'autre de : {cut.comparator.name} ({value})"
    return replace(content, title=title, approximate_label=words.UNCERTAIN)


def _states(shown: Figures, cut: Cut) -> pd.Series:
    """States of the figures; around a comparator, « approx » where the gap is not established."""
    states = shown.frame["state"]
    if cut.middle is None:
        return states
    rows = shown.frame.reset_index().assign(
        indicator_id=shown.card.id, period=shown.period, other=cut.middle
    )
    told = assess(with_cards(rows.set_index("indicator_id")))
    unsure = (told["significance"] == SAME) & (told["interval"] != NONE)
    codes = set(told.loc[unsure, "code"])
    return states.mask(states.index.isin(codes) & states.eq("ok"), "approx")


@dataclass(frozen=True)
class Crossing:
    """Two indicators crossed: what the map shows, what is said of it, where the thirds are cut."""

    content: MapContent
    sentence: str
    cuts: str


def two_crossed(
    first: Figures, second: Figures, codes: tuple[str, ...], place: str
) -> Crossing | None:
    """Thirds of two indicators crossed; None when one of them has no figure.

    Each axis goes towards the less favourable side, upwards when there is none: the darkest cell
    holds the communes where both are the least favourable.
    """
    known = first.values.index.intersection(second.values.index)
    if known.empty:
        return None
    one, two = first.values.loc[known], second.values.loc[known]
    high = [shown.card.direction != "favorable" for shown in (first, second)]
    ranks = thirds(one, highest_last=high[0]), thirds(two, highest_last=high[1])
    labels = [f"{shown.card.short_label}, {period_text(shown.period)}" for shown in (first, second)]
    states = pd.concat([first.frame["state"], second.frame["state"]])
    content = crossed(
        codes,
        first=ranks[0],
        second=ranks[1],
        approximate=set(states.index[states == "approx"]),
        secret=set(states.index[states == "secret"]),
        inside=set(first.frame.index),
        title=f"{labels[0]}, croisé avec {labels[1]}",
        across=words.side_text(labels[0], high=high[0]),
        up=words.side_text(labels[1], high=high[1]),
        colours=crossed_palette(),
        names=words.cell_names(
            first.card.short_label,
            second.card.short_label,
            first_high=high[0],
            second_high=high[1],
        ),
    )
    corner = known[(ranks[0] == 2) & (ranks[1] == 2)]
    sides = [
        f"des valeurs {'hautes' if up else 'basses'} de « {shown.card.short_label} »"
        for up, shown in zip(high, (first, second), strict=True)
    ]
    rows = first.frame.loc[corner]
    sentence = words.crossed_sentence(
        list(rows["name"]), int(rows["population"].sum()), len(known), sides[0], sides[1], place
    )
    cuts = words.thirds_sentence(
        (
            shown.card.short_label,
            list(classify(values, "quantiles", 3).bounds[1:-1]),
            reading(shown.card),
        )
        for shown, values in ((first, one), (second, two))
    )
    return Crossing(content, sentence, cuts)


def year_by_year(
    extent: Extent, card: IndicatorCard, periods: list[str], codes: tuple[str, ...], scheme: str
) -> tuple[list[tuple[str, MapContent]], list[Figures]]:
    """One content a period, oldest first, with the same classes (or circles) for all of them."""
    every = [figures(extent, card, period) for period in periods]
    pooled = pd.concat([shown.values for shown in every])
    title = f"{card.short_label}" + (f" ({card.unit})" if card.unit else "")
    cut = Cut(classify(pooled, scheme, 5) if len(pooled) and card.kind != "count" else None)
    largest = float(pooled.max()) if len(pooled) else None
    panels = [
        (period_text(one.period), replace(one_indicator(one, codes, cut, largest), title=title))
        for one in every
    ]
    return panels, every


def tooltips(found: Current, shown: list[Figures], marked: dict[str, list[str]]) -> pd.Series:
    """What each commune says when it is pointed at; nothing when there are too many."""
    first = shown[0].frame
    if len(first) > TOOLTIPS:
        return pd.Series(dtype=object)
    texts = {}
    others = [one.frame.rename(columns={"name": "name_"}) for one in shown]
    for code in first.index:
        lines = [str(first.at[code, "name"])]
        for one, frame in zip(shown, others, strict=True):
            value = commune_value_text(frame.loc[code], reading(one.card))
            lines.append(f"{one.card.short_label} : {value}" if len(shown) > 1 else value)
        lines.append(f"{number(first.at[code, 'population'])} habitants")
        if code in marked:
            quarters = marked[code]
            plural = "Quartier prioritaire" if len(quarters) == 1 else "Quartiers prioritaires"
            lines.append(f"{plural} : {joined(quarters)}")
        texts[code] = "\n".join(lines)
    return pd.Series(texts, dtype=object)


def sources(shown: list[Figures]) -> str:
    """Producers, titles and vintages, each source once."""
    vintages: dict[str, list[str]] = {}
    for one in shown:
        vintages.setdefault(one.producer, []).append(period_text(one.period))
    said = "; ".join(
        f"{producer}, {joined(list(dict.fromkeys(periods)))}"
        for producer, periods in vintages.items()
    ).replace(";", "\u202f;")
    return f"{'Sources' if len(vintages) > 1 else 'Source'} : {said}."


def credit(shown: list[Figures]) -> str:
    """Sources of the figures and of the contours, in a line."""
    return f"{sources(shown)} {contour_credit()}."
