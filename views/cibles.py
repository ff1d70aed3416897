"""Words and figures of targeting: groups, need beside access, the dosing table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from views.style import FONT
from views.text import count_of, escape_html, joined, number, percent

GROUPS = {
    "socle": "Socle",
    "renforce": "Renforcé",
    "intensif": "Intensif",
    "non classable": "Non classable",
}
GROUP_MEANING = {
    "socle": "l'action pour tous, à son intensité de base",
    "renforce": "l'action pour tous, avec des moyens en plus",
    "intensif": "l'action pour tous, avec le plus de moyens par habitant",
    "non classable": "trop de domaines sans chiffre pour situer la commune",
}
# One hue, three depths: a depth of action, not a verdict on a place.
GROUP_COLOURS = {"socle": "#cfdff1", "renforce": "#6f9fd0", "intensif": "#123f78"}
DOMAIN_COLOURS = ("#123f78", "#c05a00", "#5b6673", "#7a4b9a", "#00737a", "#8a6d00")

_METHOD = (
    "**La méthode en un paragraphe.** Chaque commune est située par rapport à la France entière sur "
    "{count} sujets : {subjects}. La moyenne de ces positions donne un besoin social : 0 veut dire « comme la moyenne des Français », 1 veut "
    "dire « nettement plus de besoin ». L'accès aux médecins est regardé à part, parce qu'une commune "
    "aisée sans médecin n'a pas le même problème qu'une commune modeste. Les moyens sont ensuite "
    "partagés en deux : une base égale pour chaque habitant, et une part qui grandit avec le besoin, "
    "sans marche d'escalier. Personne n'est exclu, personne n'est classé : on règle l'intensité."
)


_COUNTS = {2: "deux", 3: "trois", 4: "quatre", 5: "cinq", 6: "six"}


def method_text(labels: Sequence[str]) -> str:
    """The method in one paragraph, for the domains that count."""
    count = _COUNTS.get(len(labels), str(len(labels)))
    return _METHOD.format(count=count, subjects=joined([label.lower() for label in labels]))


def periods_text(used: Mapping[str, str], *, national: bool) -> str:
    """Which figures make the need (short label -> period), and how the period was chosen."""
    listed = joined([f"{label.lower()} {period}" for label, period in used.items()])
    rule = (
        "la plus récente qui couvre au moins 90 % des habitants de France"
        if national
        else "la plus récente qui couvre au moins 90 % des habitants de France, sinon celle des "
        "départements chargés"
    )
    return f"Chiffres utilisés : {listed}. Une seule période par indicateur, {rule}."


def aside_text(missing: Mapping[str, Sequence[str]]) -> list[str]:
    """A sentence for each domain that does not count (label -> short labels of its indicators)."""
    return [
        f"« {label} » n'entre pas dans le besoin : {joined([one.lower() for one in names])} "
        f"({'chiffre chargé' if len(names) == 1 else 'chiffres chargés'} pour moins de 90 % des "
        "habitants de France)."
        for label, names in missing.items()
    ]


def group_sentence(groups: pd.Series, population: pd.Series) -> str:
    """« 8 communes au socle (62,1 % des habitants), … » for the perimeter."""
    total = float(population.sum())
    parts = []
    for key, name in GROUPS.items():
        chosen = groups == key
        if chosen.any():
            share = float(population[chosen].sum()) / total if total else 0.0
            parts.append(
                f"{name} : {count_of(int(chosen.sum()), 'commune')} ({percent(share)} des habitants)"
            )
    return " · ".join(parts)


def profile_text(row: pd.Series, labels: Mapping[str, str]) -> str:
    """Domains that weigh most in a commune's need, in words."""
    known = row.dropna().sort_values(ascending=False)
    more = [labels[name].lower() for name, score in known.items() if score >= 0.5]
    less = [labels[name].lower() for name, score in known.items() if score <= -0.5]
    if more and less:
        return f"besoin porté par : {joined(more)} ; atténué par : {joined(less)}"
    if more:
        return f"besoin porté par : {joined(more)}"
    if less:
        return f"besoin atténué par : {joined(less)}"
    return "proche de la moyenne nationale sur chaque domaine"


def crossing_chart(frame: pd.DataFrame, mean_access: float, access_label: str) -> go.Figure:
    """Need (horizontal) and access to care (vertical), a bubble a commune, size = inhabitants.

    ``frame`` has name, need, access, population, group. Lines stand at the national means.
    """
    figure = go.Figure()
    largest = float(frame["population"].max()) if len(frame) else 1.0
    for key, colour in GROUP_COLOURS.items():
        chosen = frame[frame["group"] == key]
        if chosen.empty:
            continue
        figure.add_scatter(
            x=chosen["need"],
            y=chosen["access"],
            mode="markers",
            name=GROUPS[key],
            marker={
                "color": colour,
                "size": chosen["population"].clip(lower=1),
                "sizemode": "area",
                "sizeref": 2 * largest / 46**2,
                "sizemin": 6,
                "line": {"color": "#0d151e", "width": 0.8},
            },
            text=[escape_html(str(name)) for name in chosen["name"]],
            hovertemplate="%{text}<br>Besoin : %{x:.2f}<br>Accès : %{y:.2f}<extra></extra>",
        )
    spread_x = _range_around(frame["need"], 0.0, 0.4)
    spread_y = _range_around(frame["access"], mean_access, 0.6)
    figure.add_vline(x=0, line={"color": "#5b6673", "dash": "dot"})
    figure.add_hline(y=mean_access, line={"color": "#5b6673", "dash": "dot"})
    for x, y, text, xanchor, yanchor in (
        (1, 0, "besoin plus élevé, accès plus faible", "right", "bottom"),
        (0, 0, "besoin moins élevé, accès plus faible", "left", "bottom"),
        (1, 1, "besoin plus élevé, accès meilleur", "right", "top"),
        (0, 1, "besoin moins élevé, accès meilleur", "left", "top"),
    ):
        figure.add_annotation(
            x=x, y=y, xref="paper", yref="paper", text=text, showarrow=False, xanchor=xanchor,
            yanchor=yanchor, font={"size": 13, "color": "#4a545f"},
        )  # fmt: skip
    figure.update_layout(
        height=460,
        margin={"l": 10, "r": 10, "t": 40, "b": 10},
        font={"family": FONT, "size": 14, "color": "#0d151e"},
        plot_bgcolor="white",
        separators=", ",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )
    figure.update_xaxes(
        title="Besoin social (0 = moyenne nationale)",
        range=spread_x,
        automargin=True,
        tickfont={"color": "#0d151e", "size": 14},
        gridcolor="#e3e7ec",
        zeroline=False,
        fixedrange=True,
    )
    figure.update_yaxes(
        range=spread_y,
        automargin=True,
        tickfont={"color": "#0d151e", "size": 14},
        title=access_label,
        gridcolor="#e3e7ec",
        zeroline=False,
        fixedrange=True,
    )
    return figure


def _range_around(values: pd.Series, centre: float, least: float) -> tuple[float, float]:
    """Axis range that holds every value and shows both sides of the national mean."""
    low = min(float(values.min()), centre - least)
    high = max(float(values.max()), centre + least)
    margin = 0.12 * (high - low)
    return low - margin, high + margin


def crossing_sentence(frame: pd.DataFrame, mean_access: float) -> str:
    """Communes with more need and less access than the country, named when few."""
    both = frame[(frame["need"] > 0) & (frame["access"] < mean_access)]
    if both.empty:
        return "Aucune commune du périmètre ne cumule un besoin et un éloignement des soins au-delà des moyennes nationales."
    share = both["population"].sum() / frame["population"].sum()
    names = sorted(both["name"])
    listed = f" : {joined(names)}" if len(names) <= 8 else ""
    verb = "cumule" if len(both) == 1 else "cumulent"
    return (
        f"{count_of(len(both), 'commune')} ({percent(share)} des habitants) {verb} un besoin plus élevé "
        f"et un accès aux médecins plus faible que la moyenne nationale{listed}."
    )


def ratio_sentence(observed: float) -> str:
    """« soit 1,8 fois plus par habitant… », the ratio that the table really gives."""
    if not observed < float("inf"):
        return ""
    if observed < 1.005:
        return "soit la même quantité par habitant partout"
    return f"soit {number(observed, 1)} fois plus par habitant là où le besoin est le plus élevé"
