"""Figures and words of the indicator sheet: distribution, time, fifths, what to say and not to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from views.observation import Reading
from views.style import FONT
from views.text import escape_html, number, period_text, quantity

INK = "#0d151e"
OWN, OTHER, PLAIN = "#123f78", "#c05a00", "#b8c0ca"
CONFIG = {"displayModeBar": False}
BINS = 24


def _axes(figure: go.Figure, reading: Reading, height: int) -> go.Figure:
    figure.update_layout(
        height=height,
        margin={"l": 10, "r": 20, "t": 30, "b": 40},
        font={"family": FONT, "size": 14, "color": INK},
        plot_bgcolor="white",
        separators=",\u202f",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "title": {"text": ""}},
        showlegend=True,
    )
    figure.update_xaxes(tickfont={"color": INK}, gridcolor="#e3e7ec", fixedrange=True)
    figure.update_yaxes(tickfont={"color": INK}, gridcolor="#e3e7ec", fixedrange=True)
    return figure


def distribution_chart(
    values: pd.Series,
    population: pd.Series,
    marks: Sequence[tuple[str, float, str]],
    reading: Reading,
) -> go.Figure:
    """Inhabitants by value of their commune, with marked values (name, value, colour).

    ``values`` and ``population``: by commune. Bars are inhabitants, not communes: a large town
    counts for what it is.
    """
    low, high = (
        np.quantile(values, [0.005, 0.995]) if len(values) > 200 else (values.min(), values.max())
    )
    shown = [value for _, value, _ in marks if np.isfinite(value)]
    low, high = min([low, *shown]), max([high, *shown])
    edges = np.linspace(low, high if high > low else low + 1.0, BINS + 1)
    people, _ = np.histogram(values.clip(low, high), bins=edges, weights=population)
    middles = (edges[1:] + edges[:-1]) / 2
    figure = go.Figure()
    figure.add_bar(
        x=middles,
        y=people,
        width=np.diff(edges) * 0.94,
        marker={"color": PLAIN},
        name="habitants, selon la valeur de leur commune",
        customdata=[
            [number(start, reading.decimals), number(end, reading.decimals), number(count)]
            for start, end, count in zip(edges, edges[1:], people, strict=False)
        ],
        hovertemplate="de %{customdata[0]} à %{customdata[1]} : %{customdata[2]} habitants<extra></extra>",
    )
    top = float(people.max()) if len(people) else 1.0
    for position, (name, value, colour) in enumerate(marks):
        if np.isfinite(value):
            figure.add_scatter(
                x=[value, value],
                y=[0, top * 1.05],
                mode="lines",
                line={"color": colour, "width": 3, "dash": "solid" if position == 0 else "dash"},
                name=f"{escape_html(name)} : {quantity(value, reading.unit, reading.decimals, signed=reading.signed, short=True)}",
                hoverinfo="skip",
            )
    figure.update_layout(bargap=0)
    _axes(figure, reading, 320)
    figure.update_xaxes(title={"text": reading.unit}, tickformat=f",.{reading.decimals}f")
    figure.update_yaxes(title={"text": "habitants"}, tickformat=",.0f")
    return figure


def time_chart(lines: Sequence[tuple[str, pd.DataFrame, str]], reading: Reading) -> go.Figure:
    """Points over time, one line a territory: (name, frame with period, value, low, high, series).

    A line never crosses a break: points of two series are not joined.
    """
    figure = go.Figure()
    for name, frame, colour in lines:
        for position, (_, part) in enumerate(frame.groupby("series", sort=True)):
            figure.add_scatter(
                x=[period_text(str(period)) for period in part["period"]],
                y=part["value"],
                mode="lines+markers",
                marker={"size": 9, "color": colour},
                line={"color": colour, "width": 2},
                error_y={
                    "type": "data",
                    "symmetric": False,
                    "array": part["high"] - part["value"],
                    "arrayminus": part["value"] - part["low"],
                    "color": colour,
                },
                name=escape_html(name),
                legendgroup=name,
                showlegend=position == 0,
                hovertemplate="%{x} : %{text}<extra></extra>",
                text=[
                    quantity(value, reading.unit, reading.decimals, signed=reading.signed)
                    for value in part["value"]
                ],
            )
    _axes(figure, reading, 300)
    figure.update_xaxes(type="category")
    figure.update_yaxes(title={"text": reading.unit}, tickformat=f",.{reading.decimals}f")
    return figure


def fifths_chart(frame: pd.DataFrame, reading: Reading, low_end: str, high_end: str) -> go.Figure:
    """Value of each social group with its interval: ``frame`` has rank, value, low, high."""
    names = [str(rank) for rank in frame["rank"]]
    names[0], names[-1] = low_end.replace(" ", "<br>"), high_end.replace(" ", "<br>")
    figure = go.Figure()
    figure.add_bar(
        x=names,
        y=frame["value"],
        marker={"color": OWN},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": (frame["high"] - frame["value"]).fillna(0),
            "arrayminus": (frame["value"] - frame["low"]).fillna(0),
            "color": INK,
            "thickness": 2,
        },
        text=[
            quantity(value, reading.unit, reading.decimals, signed=reading.signed, short=True)
            for value in frame["value"]
        ],
        textposition="inside",
        insidetextanchor="start",
        textfont={"color": "white"},
        name="valeur du groupe et intervalle à 95\u202f%",
        hovertemplate="%{x} : %{text}<extra></extra>",
    )
    _axes(figure, reading, 320)
    figure.update_xaxes(tickangle=0)
    figure.update_yaxes(
        title={"text": reading.unit}, rangemode="tozero", tickformat=f",.{reading.decimals}f"
    )
    return figure


def to_say(kind: str, direction: str, modelled: bool) -> tuple[list[str], list[str]]:
    """What may be said of an indicator, and what its figures do not support."""
    say = ["le territoire, la période et la source, à chaque fois que le chiffre est cité ;"]
    avoid = [
        "que l'un des deux territoires est « meilleur » : un écart n'est pas un jugement ;",
        "que cet écart est la cause d'un autre : deux chiffres côte à côte ne font pas une preuve ;",
    ]
    if kind == "ratio":
        say.append("« sur 100 personnes (ou logements) du territoire, tant sont concernées » ;")
        avoid.append(
            "qu'un habitant donné est concerné : c'est la part d'un groupe, pas un portrait ;"
        )
    if kind == "median":
        say.append("« la moitié des habitants est au-dessus, la moitié au-dessous » ;")
        avoid.append("« la moyenne » : une médiane n'en est pas une, et ne s'additionne pas ;")
    if kind == "mean":
        say.append("« estimation, en moyenne, pour les habitants du territoire » ;")
    if kind == "count":
        say.append("le nombre, avec la population à laquelle le rapporter ;")
        avoid.append(
            "que le plus grand nombre désigne le plus grand besoin : il suit la population ;"
        )
    if modelled:
        avoid.append(
            "que c'est un délai de rendez-vous ou un nombre de soignants : c'est un modèle ;"
        )
    if direction in ("neutre", "ambigu"):
        avoid.append("« favorable » ou « défavorable » : cet indicateur n'a pas de sens établi ;")
    say.append("l'incertitude, quand l'intervalle est large ou les effectifs petits.")
    avoid.append("la place d'une petite commune parmi les autres : le hasard y pèse trop.")
    return say, avoid
