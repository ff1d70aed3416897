"""Words and figures of targeting: groups, need beside access, the dosing table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from views.places import of_name
from views.style import FONT
from views.text import alphabetical, count_of, escape_html, joined, number, percent

GROUPS = {
    "socle": "Socle",
    "renforce": "Renforcé",
    "intensif": "Intensif",
    "non classable": "Non classable",
}
NAMES_SHOWN = 8
GROUP_MEANING = {
    "socle": "l'action pour tous, à son intensité de base",
    "renforce": "l'action pour tous, avec des moyens en plus",
    "intensif": "l'action pour tous, avec le plus de moyens par habitant",
    "non classable": "trop de domaines sans chiffre pour situer la commune",
}
# One hue, three depths: a depth of action, not a verdict on a place.
GROUP_COLOURS = {"socle": "#cfdff1", "renforce": "#6f9fd0", "intensif": "#123f78"}

_METHOD = (
    "**La méthode en un paragraphe.** Chaque commune est située par rapport à la France entière sur "
    "{count} sujets : {subjects}. La moyenne de ces positions donne un besoin social : 0 veut dire « comme la moyenne des Français », 1 veut "
    "dire « nettement plus de besoin ». L'accès aux médecins est regardé à part, parce qu'une commune "
    "aisée sans médecin n'a pas le même problème qu'une commune modeste. Les moyens sont ensuite "
    "partagés en deux : une base égale pour chaque habitant, et une part qui grandit avec le besoin, "
    "sans marche d'escalier. Personne n'est exclu, personne n'est classé : on règle l'intensité."
)


STABILITY = (
    "**Un groupe tient-il ?** Le besoin est recalculé de 1 000 autres façons : autres poids (à 25 % près), "
    "autres manières de comparer et de réunir les indicateurs, un indicateur en moins, et l'erreur des "
    "proportions là où les nombres sont petits. Une commune est **assurée** dans son groupe quand elle y "
    "reste dans au moins 80 % des cas. Sinon elle est dite **entre** deux groupes : aucune frontière nette "
    "ne la sépare de ses voisines."
)
ERRORS_UNKNOWN = (
    "Aucune erreur n'est publiée pour le niveau de vie médian ni pour l'accès aux soins : elle est tenue pour "
    "nulle, et les probabilités sont un peu trop sûres d'elles."
)
APPROXIMATE_STABILITY = (
    "La France entière n'est pas chargée : ces probabilités se lisent sur un pays imaginaire de même moyenne et "
    "de même dispersion. Elles sont approchées."
)
SAMPLED_STABILITY = (
    "Pour que les curseurs répondent vite, les seuils de chaque calcul sont remesurés sur 2 000 points de même "
    "population, répartis sur tous les niveaux de besoin de la France, et non sur toutes ses communes. "
    "Une probabilité s'écarte du calcul complet de 0,2 point en moyenne, de 4 points au plus (mesuré)."
)
APPROXIMATE_REFERENCE = (
    "**Seuils nationaux approchés.** La France entière n'est pas chargée : les seuils supposent une répartition "
    "régulière du besoin autour de la moyenne nationale, et une dispersion tirée des communes chargées. Ils "
    "seront mesurés une fois les données nationales chargées (page Données)."
)
MISSING_RULES = (
    "**Quand un chiffre manque.** Un domaine compte si au moins deux tiers de ses indicateurs sont connus ; le "
    "besoin, si au moins trois quarts des domaines le sont. Sinon la commune est « non classable ». Un chiffre "
    "secret ou absent n'est jamais remplacé, ni par zéro ni par la moyenne."
)


_COUNTS = {2: "deux", 3: "trois", 4: "quatre", 5: "cinq", 6: "six"}


def method_text(labels: Sequence[str]) -> str:
    """The method in one paragraph, for the domains that count."""
    count = _COUNTS.get(len(labels), str(len(labels)))
    if len(labels) == 1:
        return _METHOD.replace("{count} sujets", "un sujet").format(subjects=labels[0].lower())
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


def beside_text(labels: Sequence[str]) -> list[str]:
    """Figures that would tell more of a purpose and are not in the index."""
    if not labels:
        return []
    named = joined([f"« {label} »" for label in labels])
    return [
        f"À lire à côté, hors de l'indice : {named}. Ces chiffres sont publiés à une autre maille, ou sans "
        "référence nationale par commune ; la page Données dit ce qui est chargé."
    ]


def whole_shares(shares: Mapping[str, float]) -> dict[str, float]:
    """Shares as percentages to one decimal that sum to 100 exactly (largest remainder)."""
    tenths = {name: 1000 * share for name, share in shares.items()}
    floors = {name: int(value + 1e-9) for name, value in tenths.items()}
    left = 1000 - sum(floors.values())
    order = sorted(tenths, key=lambda name: floors[name] - tenths[name])
    for name in order[:left]:
        floors[name] += 1
    return {name: value / 10 for name, value in floors.items()}


def weights_text(shares: Mapping[str, float]) -> str:
    """« Poids utilisés, ramenés à 100 : Ressources 34,8 % · … » (label -> share)."""
    points = whole_shares(shares)
    decimals = 0 if all(value == round(value) for value in points.values()) else 1
    return "Poids utilisés, ramenés à 100 : " + " · ".join(
        f"{label} {percent(value / 100, decimals)}" for label, value in points.items()
    )


def place_text(group: str, between: tuple[str, ...], *, complete: bool) -> str:
    """« Renforcé », « entre Socle et Renforcé », « Renforcé (un domaine sans chiffre) »."""
    if between:
        return f"entre {joined([GROUPS[name] for name in between])}"
    if group == "non classable" or complete:
        return GROUPS[group]
    return f"{GROUPS[group]} (un domaine sans chiffre)"


def chances_text(row: Mapping[str, float]) -> str:
    """« Socle 12 %, Renforcé 88 % »: groups of the draws, those under one half per cent left out."""
    known = {name: row[f"p_{name}"] for name in GROUP_COLOURS}
    if any(value != value for value in known.values()):
        return "–"
    return ", ".join(
        f"{GROUPS[name]} {percent(value, 0)}" for name, value in known.items() if value >= 0.005
    )


def frontier_sentences(table: pd.DataFrame) -> list[str]:
    """Who is firm, and who stands between two groups, by name when few (name, group, between)."""
    classed = table[table["group"] != "non classable"]
    if classed.empty:
        return []
    apart = classed[classed["between"].map(bool)]
    sentences = [
        f"**{count_of(len(classed) - len(apart), 'commune')} sur {number(len(classed))}** "
        f"{'reste' if len(classed) - len(apart) < 2 else 'restent'} dans un même groupe dans au moins 80 % des "
        "1 000 autres calculs."
    ]
    for pair in dict.fromkeys(sorted(apart["between"], key=lambda two: list(GROUPS).index(two[0]))):
        names = sorted(apart.loc[apart["between"] == pair, "name"], key=alphabetical)
        shown = names[:NAMES_SHOWN]
        others = len(names) - len(shown)
        listed = joined([*shown, count_of(others, "autre")]) if others else joined(shown)
        sentences.append(f"{place_text('', pair, complete=True).capitalize()} : {listed}.")
    return sentences


def moved_sentence(names: pd.Series, before: pd.Series, after: pd.Series, other: str) -> str:
    """Communes whose group is another one under other weights (``other``: « des poids égaux »)."""
    moved = before.index[before != after]
    if not len(moved):
        return f"Avec {other}, aucune commune ne changerait de groupe."
    told = sorted((names[code] for code in moved), key=alphabetical)
    by_name = {names[code]: code for code in moved}
    listed = [
        f"{name} (de {GROUPS[before[by_name[name]]].lower()} à {GROUPS[after[by_name[name]]].lower()})"
        for name in told[:NAMES_SHOWN]
    ]
    if len(told) > NAMES_SHOWN:
        listed.append(count_of(len(told) - NAMES_SHOWN, "autre"))
    verb = "changerait" if len(moved) < 2 else "changeraient"
    return f"Avec {other}, {count_of(len(moved), 'commune')} {verb} de groupe : {joined(listed)}."


def pairs_sentences(pairs: pd.DataFrame, labels: Mapping[str, str]) -> list[str]:
    """Pairs of indicators that say nearly the same thing (first, second, correlation)."""
    return [
        f"« {labels[row.first]} » et « {labels[row.second]} » disent presque la même chose (corrélation "
        f"{number(row.correlation, 2, signed=True)}) : ensemble, elles comptent double."
        for row in pairs.itertuples()
    ]


def profile_chart(scores: pd.Series, name: str) -> go.Figure:
    """Domains of one commune (label -> national standard deviations), 0 = the mean of France."""
    known = scores.dropna().iloc[::-1]
    reach = max(1.0, float(known.abs().max()) if len(known) else 1.0) * 1.25
    return go.Figure(
        data=[
            {
                "type": "bar",
                "x": known,
                "y": list(known.index),
                "orientation": "h",
                "marker": {"color": ["#c05a00" if value > 0 else "#6f9fd0" for value in known]},
                "text": [number(value, 1, signed=True) for value in known],
                "textposition": "outside",
                "cliponaxis": False,
                "hoverinfo": "skip",
            }
        ],
        layout={
            "height": 120 + 44 * max(len(known), 1),
            "margin": {"l": 10, "r": 10, "t": 10, "b": 60},
            "font": {"family": FONT, "size": 15, "color": "#0d151e"},
            "plot_bgcolor": "white",
            "separators": ", ",
            "showlegend": False,
            "xaxis": {
                "title": {
                    "text": f"Besoin {of_name(name)} : 0 = moyenne de la France, à droite plus de besoin"
                },
                "range": [-reach, reach],
                "zeroline": True,
                "zerolinecolor": "#5b6673",
                "gridcolor": "#e3e7ec",
                "fixedrange": True,
            },
            "yaxis": {"automargin": True, "fixedrange": True},
        },
    )


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


def profile_text(row: Mapping[str, float] | pd.Series, labels: Mapping[str, str]) -> str:
    """Domains that weigh most in a commune's need, in words."""
    known = sorted((one for one in row.items() if one[1] == one[1]), key=lambda one: -one[1])
    more = [labels[str(name)].lower() for name, score in known if score >= 0.5]
    less = [labels[str(name)].lower() for name, score in known if score <= -0.5]
    if more and less:
        return f"besoin porté par : {joined(more)} ; atténué par : {joined(less)}"
    if more:
        return f"besoin porté par : {joined(more)}"
    if less:
        return f"besoin atténué par : {joined(less)}"
    return "proche de la moyenne nationale sur chaque domaine"


def quarters_text(quarters: int) -> str:
    """Why the ``quarters`` have no group on the scale of communes."""
    return (
        f"**{count_of(quarters, 'quartier prioritaire', 'quartiers prioritaires')}** ici, sans groupe sur "
        "l'échelle des communes. Le besoin compare chaque indicateur à la moyenne et à la dispersion **des "
        "communes** de France. Un quartier est bien plus petit, et il a été délimité parce que les revenus y sont "
        "faibles : mesuré ainsi, il tomberait le plus souvent au groupe intensif à cause de ce choix, et cela "
        "n'apprendrait rien. Leurs chiffres se lisent à côté de ceux de leur ville."
    )


NO_QUARTER_GROUPS = (
    "Les comparer **entre eux** demande les revenus et la complémentaire santé de tous les quartiers de France : "
    "ils se chargent depuis la page Données (« Quartiers prioritaires 2015 : démographie, revenus, insertion »). "
    "Ils ne sont pas là aujourd'hui, ou aucun quartier d'ici n'existait en 2015."
)


def quarter_groups_text(known: int, quarters: int) -> str:
    """What the groups of quartiers say and do not: ``known`` of the ``quarters`` of France have one."""
    return (
        "**Entre quartiers seulement.** Les quartiers de 2015, les seuls à avoir ces chiffres pour toute la "
        f"France, peuvent être comparés entre eux : {number(known)} sur {number(quarters)}. Les 60 % "
        "de leurs habitants au besoin le moins élevé sont au socle, les 20 % suivants renforcés, les 20 % restants "
        "intensifs. **Socle ne veut pas dire peu de besoin** : un quartier est délimité parce que les revenus y "
        "sont faibles. Ces groupes ne se comparent pas à ceux des communes, et les curseurs n'y changent rien."
    )


def quarter_listing(table: pd.DataFrame, labels: Mapping[str, str]) -> pd.DataFrame:
    """Group, chances and domains of quartiers (name, commune_name, and columns of their need)."""
    return pd.DataFrame(
        {
            "Quartier de 2015": table["name"],
            "Commune": table["commune_name"],
            "Groupe entre quartiers": [
                place_text(row.group, row.between, complete=bool(row.complete))
                for row in table.itertuples()
            ],
            "Sur 1 000 calculs": [
                chances_text(row)
                for row in table[["p_socle", "p_renforce", "p_intensif"]].to_dict("records")
            ],
            **{
                label: table[name].map(lambda score: number(score, 1, signed=True))
                for name, label in labels.items()
            },
        }
    ).sort_values(["Commune", "Quartier de 2015"], key=lambda names: names.map(alphabetical))


def crossing_chart(frame: pd.DataFrame, mean_access: float, access_label: str) -> go.Figure:
    """Need (horizontal) and access to care (vertical), a bubble a commune, size = inhabitants.

    ``frame`` has name, need, access, population, group. Lines stand at the national means.
    """
    largest = float(frame["population"].max()) if len(frame) else 1.0
    groups = [(key, frame[frame["group"] == key]) for key in GROUP_COLOURS]
    mean = {"type": "line", "line": {"color": "#5b6673", "dash": "dot"}}
    axis = {
        "automargin": True,
        "tickfont": {"color": "#0d151e", "size": 14},
        "gridcolor": "#e3e7ec",
        "zeroline": False,
        "fixedrange": True,
    }
    # The whole figure at once: each later update would have Plotly check everything again.
    return go.Figure(
        data=[
            {
                "type": "scatter",
                "x": chosen["need"],
                "y": chosen["access"],
                "mode": "markers",
                "name": GROUPS[key],
                "marker": {
                    "color": GROUP_COLOURS[key],
                    "size": chosen["population"].clip(lower=1),
                    "sizemode": "area",
                    "sizeref": 2 * largest / 46**2,
                    "sizemin": 6,
                    "line": {"color": "#0d151e", "width": 0.8},
                },
                "text": [escape_html(str(name)) for name in chosen["name"]],
                "hovertemplate": "%{text}<br>Besoin : %{x:.2f}<br>Accès : %{y:.2f}<extra></extra>",
            }
            for key, chosen in groups
            if len(chosen)
        ],
        layout={
            "height": 460,
            "margin": {"l": 10, "r": 10, "t": 40, "b": 10},
            "font": {"family": FONT, "size": 14, "color": "#0d151e"},
            "plot_bgcolor": "white",
            "separators": ", ",
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
            "shapes": [
                {"x0": 0, "x1": 0, "y0": 0, "y1": 1, "yref": "y domain", **mean},
                {"x0": 0, "x1": 1, "y0": mean_access, "y1": mean_access, "xref": "x domain", **mean},
            ],
            "annotations": _corners(),
            "xaxis": {
                "title": {"text": "Besoin social (0 = moyenne nationale)"},
                "range": _range_around(frame["need"], 0.0, 0.4),
                **axis,
            },
            "yaxis": {
                "title": {"text": access_label},
                "range": _range_around(frame["access"], mean_access, 0.6),
                **axis,
            },
        },
    )  # fmt: skip


def _corners() -> list[dict[str, object]]:
    """What each corner of the crossing means, written in it."""
    texts = (
        (1, 0, "besoin plus élevé, accès plus faible", "right", "bottom"),
        (0, 0, "besoin moins élevé, accès plus faible", "left", "bottom"),
        (1, 1, "besoin plus élevé, accès meilleur", "right", "top"),
        (0, 1, "besoin moins élevé, accès meilleur", "left", "top"),
    )
    return [
        {
            "x": x, "y": y, "xref": "paper", "yref": "paper", "text": text, "showarrow": False,
            "xanchor": xanchor, "yanchor": yanchor, "font": {"size": 13, "color": "#4a545f"},
        }
        for x, y, text, xanchor, yanchor in texts
    ]  # fmt: skip


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
