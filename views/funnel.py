"""The funnel plot of a département's intercommunalités: chart, table and words."""

from __future__ import annotations

import math

import pandas as pd
import plotly.graph_objects as go

from diagnostic.funnel import BEYOND_95, BEYOND_998, INSIDE, LIMITS, Funnel
from views.observation import Reading
from views.sentences import HIGHER, LOWER
from views.style import FONT
from views.text import NARROW, alphabetical, escape_html, joined, number, quantity
from views.workbook import Sheet, number_format

INK, PLAIN = "#0d151e", "#5b6673"
_MARKS = {
    INSIDE: ("circle-open", PLAIN, f"dans les limites à 95{NARROW}%"),
    BEYOND_95: ("square", PLAIN, f"hors de la limite à 95{NARROW}%"),
    BEYOND_998: ("diamond", INK, f"hors de la limite à 99,8{NARROW}%"),
}
_CURVES = (
    (f"limites à 95{NARROW}%", "dot", LIMITS[:2]),
    (f"limites à 99,8{NARROW}%", "dash", LIMITS[2:]),
)


def funnel_chart(drawn: Funnel, reading: Reading, comparator: str, denominator: str) -> go.Figure:
    """Value of each territory by its size, between the limits that chance alone would explain.

    ``drawn.points`` has a column ``name``; ``denominator``: what the sizes count, in words.
    """
    figure = go.Figure()
    _add_limits(figure, drawn, comparator)
    for state in _MARKS:
        _add_points(figure, drawn.points[drawn.points["outside"] == state], state, reading)
    figure.update_layout(
        height=480,
        margin={"l": 10, "r": 20, "t": 10, "b": 40},
        font={"family": FONT, "size": 14, "color": INK},
        plot_bgcolor="white",
        separators=f",{NARROW}",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )
    ticks = _round_sizes(drawn.curve["size"])
    figure.update_xaxes(
        type="log",
        title={"text": denominator},
        range=[math.log10(end) for end in drawn.curve["size"].iloc[[0, -1]]],
        tickvals=ticks,
        ticktext=[number(size) for size in ticks],
        tickfont={"color": INK},
        gridcolor="#e3e7ec",
        fixedrange=True,
    )
    figure.update_yaxes(
        title={"text": reading.unit},
        tickformat=f",.{reading.decimals}f",
        tickfont={"color": INK},
        gridcolor="#e3e7ec",
        fixedrange=True,
    )
    return figure


def _add_limits(figure: go.Figure, drawn: Funnel, comparator: str) -> None:
    for name, dash, columns in _CURVES:
        for position, column in enumerate(columns):
            figure.add_scatter(
                x=drawn.curve["size"],
                y=drawn.curve[column],
                mode="lines",
                line={"color": PLAIN, "width": 1.5, "dash": dash},
                name=name,
                legendgroup=name,
                showlegend=position == 0,
                hoverinfo="skip",
            )
    figure.add_scatter(
        x=drawn.curve["size"],
        y=[drawn.baseline] * len(drawn.curve),
        mode="lines",
        line={"color": INK, "width": 2},
        name=escape_html(comparator),
        hoverinfo="skip",
    )


def _add_points(figure: go.Figure, points: pd.DataFrame, state: str, reading: Reading) -> None:
    if points.empty:
        return
    symbol, colour, name = _MARKS[state]
    figure.add_scatter(
        x=points["size"],
        y=points["value"],
        mode="markers" if state == INSIDE else "markers+text",
        text=[escape_html(one) for one in points["name"]],
        textposition="top center",
        textfont={"size": 12},
        cliponaxis=False,
        marker={"symbol": symbol, "size": 11, "color": colour, "line": {"width": 2}},
        name=name,
        customdata=[
            [quantity(value, reading.unit, reading.decimals, short=True), number(size)]
            for value, size in zip(points["value"], points["size"], strict=True)
        ],
        hovertemplate="%{text} : %{customdata[0]}, effectif %{customdata[1]}<extra></extra>",
    )


def _round_sizes(sizes: pd.Series) -> list[float]:
    """1, 2 and 5 times powers of ten within the axis."""
    low, high = float(sizes.min()), float(sizes.max())
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    candidates = [base * 10.0**power for power in powers for base in (1, 2, 5)]
    return [size for size in candidates if low <= size <= high]


def funnel_table(drawn: Funnel, reading: Reading, denominator: str) -> pd.DataFrame:
    """The chart as texts, in alphabetical order."""
    points = drawn.points.sort_values("name", key=lambda names: names.map(alphabetical))

    def said(values: pd.Series) -> list[str]:
        return [quantity(value, reading.unit, reading.decimals, short=True) for value in values]

    def between(low: str, high: str) -> list[str]:
        return [
            f"de {number(start, reading.decimals)} à {end}"
            for start, end in zip(points[low], said(points[high]), strict=True)
        ]

    return pd.DataFrame(
        {
            "Intercommunalité": points["name"],
            f"Effectif ({denominator})": points["size"].map(number),
            "Valeur": said(points["value"]),
            f"Limites à 95{NARROW}%": between("low_95", "high_95"),
            f"Limites à 99,8{NARROW}%": between("low_998", "high_998"),
            "Lecture": [
                _MARKS[state][2] + ("" if state == INSIDE else f", {way}")
                for state, way in zip(points["outside"], points["way"], strict=True)
            ],
        }
    )


def funnel_sentences(drawn: Funnel, of_comparator: str) -> list[str]:
    """Which territories leave the limits, by name and in alphabetical order, and what it means."""
    if not drawn.beyond:
        return [
            "Aucune intercommunalité ne sort des limites : leurs écarts peuvent tenir au seul hasard."
        ]
    said = [
        f"{title} : {joined(names)}."
        for title, names in (
            (f"Au-dessus de la limite à 99,8{NARROW}%", _named(drawn, BEYOND_998, HIGHER)),
            (f"Au-dessous de la limite à 99,8{NARROW}%", _named(drawn, BEYOND_998, LOWER)),
            (f"Au-dessus de la limite à 95{NARROW}% seulement", _named(drawn, BEYOND_95, HIGHER)),
            (f"Au-dessous de la limite à 95{NARROW}% seulement", _named(drawn, BEYOND_95, LOWER)),
        )
        if names
    ]
    said.append(
        f"Sortir des limites, c'est s'écarter de la valeur {of_comparator} plus que le hasard des "
        "effectifs ne l'explique. Cela ne dit pas pourquoi : l'âge, le logement ou l'emploi des "
        "habitants comptent aussi."
    )
    if drawn.beyond > len(drawn.points) / 2:
        said.append(
            "Plus de la moitié des intercommunalités en sortent : les effectifs sont grands, et de "
            "petites différences de population suffisent. L'entonnoir sépare alors mal le hasard du "
            "reste."
        )
    return said


def _named(drawn: Funnel, state: str, way: str) -> list[str]:
    points = drawn.points
    names = points.loc[(points["outside"] == state) & (points["way"] == way), "name"]
    return sorted(names, key=alphabetical)


def no_funnel_sentence(label: str, counted: bool, of_comparator: str) -> str:
    """Why an indicator has no funnel; ``counted``: whether it is a share or a rate of its own."""
    if not counted:
        return (
            f"« {label} » n'est pas une part ni un taux avec son numérateur et son dénominateur : "
            "aucun entonnoir ne peut dire la part du hasard. Choisissez un autre indicateur."
        )
    return (
        f"Pas d'entonnoir pour « {label} » : il faut au moins trois intercommunalités avec un "
        f"numérateur et un dénominateur, et la valeur {of_comparator} à la même période."
    )


def funnel_sheet(
    drawn: Funnel, label: str, denominator: str, decimals: int, comparator: str
) -> Sheet:
    """The funnel as a sheet, numbers as numbers."""
    columns = {
        "name": "Intercommunalité",
        "size": f"Effectif ({denominator})",
        "value": "Valeur",
        "low_95": "Limite basse à 95 %",
        "high_95": "Limite haute à 95 %",
        "low_998": "Limite basse à 99,8 %",
        "high_998": "Limite haute à 99,8 %",
        "outside": "Place",
        "way": "Sens",
    }
    formats = {columns[key]: number_format(decimals) for key in ("value", *LIMITS)}
    formats[columns["size"]] = number_format(0)
    frame = drawn.points.sort_values("name", key=lambda names: names.map(alphabetical))
    title = f"Entonnoir : {label}, autour de : {comparator}"
    return Sheet("Entonnoir", title, frame[list(columns)].rename(columns=columns), formats)
