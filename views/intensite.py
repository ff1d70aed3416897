"""Words, tables and figure of dosing: a base for all, a reinforcement by need, what each choice moves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from views.cibles import ratio_sentence
from views.style import FONT
from views.text import alphabetical, count_of, escape_html, joined, number, percent

CHART_ROWS = 45
NAMES_SHOWN = 4
HABITANTS, TARGETED = "Habitants", "Population visée"
PROPORTIONATE, EQUAL = "Proportionné", "À parts égales"
HEAD, EQUAL_HEAD = "Pour 1 000", "Égal, pour 1 000"


@dataclass(frozen=True)
class Resource:
    """What is shared: how it is called, its usual quantity, the units it comes in, first = default."""

    label: str
    quantity: float
    step: float
    units: tuple[float, ...]
    least: float

    @property
    def decimals(self) -> int:
        """Decimals of a quantity."""
        return 0 if all(float(unit).is_integer() for unit in self.units) else 2


RESOURCES = {
    "dentaires": Resource("consultations dentaires", 120, 10, (1, 2, 4, 5, 10), 1),
    "seances": Resource("séances", 120, 10, (1, 2, 4, 5, 10), 1),
    "heures": Resource("heures", 400, 10, (1, 4, 7), 1),
    "places": Resource("places", 60, 5, (1, 2, 4, 5, 10), 1),
    "etp": Resource("ETP", 3.0, 0.5, (0.1, 0.05, 0.2, 0.25, 0.5, 1), 0.1),
    "euros": Resource("euros", 50_000, 1_000, (100, 1, 10, 500, 1000), 500),
}

INTRODUCTION = (
    "Avec quelle intensité agir ? Une part de la ressource est **la même pour chaque habitant**, l'autre "
    "**grandit avec le besoin**, sans marche d'escalier. Personne n'est laissé sans rien ; on règle l'intensité."
)
BASE_HELP = (
    "La part distribuée également à chaque habitant (φ). 100 % : action purement universelle. C'est un choix "
    "politique, pas un calcul."
)
RATIO_HELP = (
    "Dans la part liée au besoin, combien de fois plus par habitant entre le besoin le plus élevé et le moins "
    "élevé de France (K). C'est un choix politique, pas un calcul."
)
NO_BEST = (
    "Ce tableau ne désigne pas de meilleure stratégie et n'est pas une prévision : chaque ligne découle de "
    "l'hypothèse écrite devant elle. Changez les hypothèses, et les écarts changent."
)
_RESPONSES = {
    "lineaire": "Linéaire",
    "saturante": "Plafonnée",
    "recours inegal": "Recours inégal",
}
_STRATEGIES = {
    "sans action": "Sans action",
    "universel": "Universelle",
    "cible": "Ciblée",
    "proportionne": "Proportionnée",
}


def amount(value: float, decimals: int) -> str:
    """A quantity, without useless zeros: « 120 », « 0,3 »."""
    for few in range(decimals + 1):
        if abs(value - round(value, few)) < 1e-9:
            return number(value, few)
    return number(value, decimals)


def choices_text(base: float, ratio: float, nominal: float) -> str:
    """φ and K in words, with the whole ratio they give from one end of the country to the other."""
    if base == 1 or ratio == 1:
        return (
            "**Vos choix en mots.** La même quantité par habitant partout : le besoin ne joue pas. C'est une action "
            "purement universelle."
        )
    where = (
        "Il n'y a pas de base : tout suit le besoin"
        if base == 0
        else f"Sur 100 unités, {number(100 * base)} vont à parts égales à chaque habitant (φ = {percent(base, 0)})"
    )
    return (
        f"**Vos choix en mots.** {where} ; les {number(100 * (1 - base))} autres vont jusqu'à {number(ratio)} fois plus, "
        f"par habitant, là où le besoin est le plus élevé de France (K = {number(ratio)}). Base et renfort "
        f"ensemble, d'un bout à l'autre du pays, cela fait environ **{number(nominal, 1)} fois plus par habitant**. "
        "φ et K sont des choix politiques : aucune étude ne les fixe."
    )


def split_sentence(
    shared: float, kept: float, resource: Resource, base: float, ratio: float, observed: float
) -> str:
    """What is shared and how, with the per-head ratio really given here."""
    said = ratio_sentence(observed)
    text = (
        f"**{amount(shared, resource.decimals)} {resource.label}**, dont {percent(base, 0)} à parts égales par "
        f"habitant et le reste selon le besoin (rapport {number(ratio)})"
    )
    text += f", {said}." if said else "."
    if kept > 0:
        text += f" **{amount(kept, resource.decimals)}** en réserve, hors répartition."
    return text


def pooled_sentence(under: int, pooled: int, groups: int, least: str, how: str) -> str:
    """How many communes would get too little to be delivered, and what was done about it."""
    if not under:
        return ""
    verb = "recevrait" if under < 2 else "recevraient"
    told = f"{count_of(under, 'commune')} {verb} moins {least} : une part trop petite pour être rendue."
    if not pooled:
        return f"{told} Choisissez une maille qui regroupe."
    return (
        f"{told} La répartition se fait {how} ({count_of(pooled, 'commune')} dans "
        f"{count_of(groups, 'regroupement')})."
    )


def dosing_table(shared: pd.DataFrame, people: str) -> pd.DataFrame:
    """The split as numbers, by alphabetical order: what the file holds.

    ``shared``: from Rule.split, with ``names`` and ``pooled``; ``people``: heading of the population.
    """
    per_head = shared["equal"].sum() / shared["population"].sum()
    table = pd.DataFrame(
        {
            "Territoire": shared.index,
            people: shared["population"].round().astype(int),
            "Base": shared["base"].round(2),
            "Renfort": shared["reinforcement"].round(2),
            PROPORTIONATE: shared["allocated"],
            EQUAL: shared["equal_allocated"],
            HEAD: (1000 * shared["per_head"]).round(2),
            EQUAL_HEAD: round(1000 * per_head, 2),
            "Besoin": shared["need"].round(2),
            "Communes": shared["pooled"],
            "Lesquelles": shared["names"].where(shared["pooled"] > 1, ""),
        }
    )
    return table.sort_values("Territoire", key=lambda names: names.map(alphabetical))


def dosing_texts(table: pd.DataFrame, people: str, decimals: int) -> pd.DataFrame:
    """The split as it is read, with its total; need and names stay in the file."""
    total: dict[str, object] = {
        name: table[name].sum()
        for name in (people, "Base", "Renfort", PROPORTIONATE, EQUAL, "Communes")
    }
    heads = table[people].sum()
    total |= {
        HEAD: 1000 * table[PROPORTIONATE].sum() / heads,
        EQUAL_HEAD: table[EQUAL_HEAD].iloc[0],
    }
    whole = pd.concat([table, pd.DataFrame([{"Territoire": "Total", "Lesquelles": "", **total}])])
    shown = {people: 0, "Base": 1, "Renfort": 1, HEAD: 2, EQUAL_HEAD: 2, "Communes": 0}
    texts = {name: [number(one, few) for one in whole[name]] for name, few in shown.items()}
    texts |= {
        name: [amount(float(one), decimals) for one in whole[name]]
        for name in (PROPORTIONATE, EQUAL)
    }
    named = whole.assign(**texts).drop(columns="Besoin")
    if (table["Communes"] <= 1).all():
        return named.drop(columns=["Communes", "Lesquelles"])
    return named.drop(columns="Lesquelles")


def members_texts(table: pd.DataFrame) -> pd.DataFrame:
    """Which communes make each pool."""
    pools = table[table["Communes"] > 1]
    return pools[["Territoire", "Lesquelles"]]


def heads_chart(table: pd.DataFrame) -> go.Figure:
    """Quantity per 1 000 people of each territory, beside the same for all (dotted)."""
    shown = table.iloc[::-1]
    decimals = 2 if shown[HEAD].max() < 10 else 1
    figure = go.Figure(
        go.Bar(
            x=shown[HEAD],
            y=[escape_html(str(name)) for name in shown["Territoire"]],
            orientation="h",
            marker={"color": "#6f9fd0"},
            text=[number(value, decimals) for value in shown[HEAD]],
            # At the start of the bar, where the dotted line never strikes it out.
            textposition="inside",
            insidetextanchor="start",
            textfont={"color": "#0d151e"},
            constraintext="none",
            textangle=0,
            hoverinfo="skip",
        )
    )
    equal = float(table[EQUAL_HEAD].iloc[0])
    figure.add_vline(x=equal, line={"color": "#0d151e", "dash": "dot", "width": 2})
    figure.add_annotation(
        x=equal, y=1, yref="paper", yanchor="bottom", showarrow=False,
        text=f"à parts égales : {number(equal, decimals)}", font={"size": 14, "color": "#0d151e"},
    )  # fmt: skip
    largest = float(shown[HEAD].max()) if len(shown) else 1.0
    figure.update_layout(
        height=150 + 28 * len(shown),
        margin={"l": 10, "r": 10, "t": 40, "b": 60},
        font={"family": FONT, "size": 14, "color": "#0d151e"},
        plot_bgcolor="white",
        separators=", ",
        showlegend=False,
    )
    figure.update_xaxes(
        title="Pour 1 000 personnes visées, avant arrondi",
        range=[0, 1.15 * max(largest, equal, 1e-9)],
        gridcolor="#e3e7ec",
        fixedrange=True,
    )
    figure.update_yaxes(automargin=True, fixedrange=True)
    return figure


def moves_texts(moves: pd.DataFrame, decimals: int) -> pd.DataFrame:
    """What other values of K, then of φ, would change (from diagnostic.dosing.what_moves)."""
    return pd.DataFrame(
        {
            "Choix": [
                f"φ = {percent(row.base_share, 0)}, K = {number(row.ratio)}"
                + (" (votre choix)" if row.current else "")
                for row in moves.itertuples()
            ],
            "Rapport observé": [ratio_text(value) for value in moves["observed"]],
            "Le moins, pour 1 000": [number(1000 * value, 2) for value in moves["least"]],
            "Le plus, pour 1 000": [number(1000 * value, 2) for value in moves["most"]],
            "Change de territoire": [amount(value, max(decimals, 1)) for value in moves["moved"]],
        }
    )


def ratio_text(value: float) -> str:
    """« 1,8 », or why there is no number."""
    if math.isinf(value):
        return "certains n'ont rien"
    return number(value, 2)


def strategies_texts(table: pd.DataFrame) -> pd.DataFrame:
    """The sensitivity table, one row a strategy and assumption, without any verdict."""
    return pd.DataFrame(
        {
            "Hypothèse": [_RESPONSES.get(name, "–") for name in table["response"]],
            "Stratégie": [_STRATEGIES[name] for name in table["strategy"]],
            "Concernées": table["mean"].map(lambda value: percent(value)),
            "Écart social (SII)": (-table["sii"]).map(_points),
            "Écart du milieu": table["middle_gap"].map(_points),
            "Habitants sans rien": table["without"].map(lambda value: percent(value, 0)),
            "Concernées sans rien": table["needy_outside"].map(lambda value: percent(value, 0)),
        }
    )


def hypotheses_text(rates: tuple[float, float], share: float) -> str:
    """What the sensitivity table takes for granted."""
    return (
        f"**Hypothèses.** Faute de chiffre communal, la part de personnes concernées est supposée aller de "
        f"{percent(rates[0], 0)} (besoin le moins élevé de France) à {percent(rates[1], 0)} (le plus élevé). À moyens "
        f"égaux : universelle, la même dose par habitant ; ciblée, tout dans les communes au besoin le plus élevé "
        f"qui réunissent environ {percent(share, 0)} des habitants ; proportionnée, vos φ et K. L'écart du milieu "
        "compare la première commune hors de la cible à celle au besoin le moins élevé ; l'écart social (SII), les deux "
        "bouts de l'échelle du besoin.\n\n"
        "- **Linéaire** : la dose moyenne évite un dixième des cas, deux fois la dose en évite deux dixièmes.\n"
        "- **Plafonnée** : l'effet s'épuise, jamais plus d'un quart des cas évités.\n"
        "- **Recours inégal** : comme la première, mais deux fois moins d'effet là où le besoin est le plus élevé, "
        "parce qu'on y vient moins."
    )


def recipe_rows(choices: Mapping[str, str]) -> pd.DataFrame:
    """« Comment ce résultat a été obtenu », as a table."""
    return pd.DataFrame({"Élément": list(choices), "Valeur": list(choices.values())})


def group_name(names: Sequence[str]) -> str:
    """Name of communes pooled with their neighbours: all of them when few."""
    told = sorted(names, key=alphabetical)
    if len(told) <= NAMES_SHOWN:
        return joined(told)
    return f"{joined([*told[:2], count_of(len(told) - 2, 'voisine')])}"


def _points(value: float) -> str:
    return f"{number(100 * value, 2)}\u00a0pts"


def sheet_formats(decimals: int) -> dict[str, str]:
    """Number formats of the dosing table as a workbook."""
    amounts = "#,##0" + ("." + "0" * decimals if decimals else "")
    return {
        PROPORTIONATE: amounts,
        EQUAL: amounts,
        "Base": "#,##0.00",
        "Renfort": "#,##0.00",
        HEAD: "#,##0.00",
        EQUAL_HEAD: "#,##0.00",
        "Besoin": "0.00",
        HABITANTS: "#,##0",
        TARGETED: "#,##0",
    }
