"""Maps of a perimeter as pictures, for the documents: same classes and colours as on screen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from pages.layers import contour_credit, contours
from pages.reading import reading
from pages.shared import Current, mart
from views.cibles import GROUP_COLOURS, GROUPS
from views.classification import Classes, classify, palette
from views.livrables.model import Figure
from views.livrables.words import map_alt, map_caption
from views.map_content import choropleth
from views.observation import commune_value_text
from views.static_map import draw_choropleth, map_picture
from views.text import count_of, number, period_text
from warehouse.indicators import IndicatorCard

# How much larger the letters of a map are on a slide, to be read from the back of a room.
SLIDE_SCALE = 2.05


def _told(title: str, subtitle: str, source: str, slide: bool) -> dict[str, Any]:
    """What a map says around itself; on a slide, which says it, letters are larger instead."""
    if slide:
        return {"title": "", "source_line": "", "text_scale": SLIDE_SCALE}
    return {"title": title, "subtitle": subtitle, "source_line": source}


def perimeter_map(found: Current, *, slide: bool = False) -> Figure | None:
    """Where the perimeter is; None without any contour."""
    if not found.communes["has_contour"].any():
        return None
    credit = f"{contour_credit()}."
    png = draw_choropleth(
        contours(found),
        classes=None,
        values=pd.Series(dtype=float),
        states=pd.Series(dtype=object),
        colours=[],
        inside=set(found.codes),
        legend_title="Périmètre",
        legend_labels=[],
        **_told(found.label, "", credit, slide),
    )
    alt = f"Carte du périmètre {found.label} : {found.size}."
    return Figure(png, alt, f"Le périmètre {found.label} dans son département", credit)


def indicator_map(
    found: Current, card: IndicatorCard, period: str, *, slide: bool = False
) -> Figure | None:
    """One indicator over the communes; None without any contour or value."""
    frame = mart("map_values", codes=found.code_list, indicator=card.id, at_period=period)
    rows = frame.set_index("code")
    values = rows["value"].dropna()
    if values.empty or not found.communes["has_contour"].any():
        return None
    classes = classify(values, "quantiles", 5)
    unit = f" ({card.unit})" if card.unit else ""
    source = mart("sources").set_index("id").loc[rows["source_id"].dropna().iloc[0]]
    credit = (
        f"Source : {source['producer']}, {source['title']}, {period_text(period)}. "
        f"{contour_credit()}."
    )
    png = draw_choropleth(
        contours(found),
        classes=classes,
        values=values,
        states=rows["state"],
        colours=palette(card.direction, classes.size),
        inside=set(found.codes),
        legend_title=f"{card.short_label}, {period_text(period)}{unit}",
        legend_labels=classes.labels(lambda value: number(value, card.decimals)),
        **_told(card.label, f"{found.label}, {period_text(period)}", credit, slide),
    )
    ends = [
        commune_value_text(rows.loc[code], reading(card), short=True)
        for code in (values.idxmin(), values.idxmax())
    ]
    alt = map_alt(card.label, values, len(found.codes), ends, found.place)
    return Figure(png, alt, map_caption(card.label, period), credit)


def groups_map(found: Current, table: pd.DataFrame, *, slide: bool = False) -> Figure | None:
    """The three groups of need; None without any contour. ``table``: see pages.targeting."""
    if not found.communes["has_contour"].any():
        return None
    order = list(GROUP_COLOURS)
    values = table["group"].map({name: rank + 1.0 for rank, name in enumerate(order)}).dropna()
    counts = tuple(int((values == rank + 1).sum()) for rank in range(len(order)))
    states = pd.Series("absent", index=table.index)
    states[values.index] = np.where(table.loc[values.index, "firm"].eq(True), "ok", "approx")
    shapes = contours(found)
    content = choropleth(
        shapes["code"].tolist(),
        classes=Classes("seuils", (0.0, 1.0, 2.0, 3.0), counts),
        values=values,
        states=states,
        colours=list(GROUP_COLOURS.values()),
        labels=[GROUPS[name] for name in order],
        inside=set(found.codes),
        title="Groupe de lecture",
        approximate_label="Groupe non assuré",
        absent_label="Non classable",
    )
    credit = f"{contour_credit()}."
    told = _told("Groupes de lecture du besoin", found.label, credit, slide)
    png = map_picture(shapes, content, **told)
    said = ", ".join(
        f"{GROUPS[name]} : {count_of(count, found.place)}"
        for name, count in zip(order, counts, strict=True)
    )
    alt = f"Carte des groupes de besoin. {said}."
    return Figure(png, alt, f"Groupes de lecture, par {found.place}", credit)
