"""Words, figure and table of the gradient between communes: gap, persons, what cannot be shown."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from diagnostic.gaps import PersonsGap
from diagnostic.slope import SlopeIndex
from views.observation import Reading
from views.sentences import Subject
from views.style import FONT
from views.text import (
    NARROW,
    count_of,
    escape_html,
    gap_text,
    joined,
    number,
    percent,
    quantity,
)

INK, BAR, OTHER = "#0d151e", "#123f78", "#c05a00"
CONFIG = {"displayModeBar": False}
BETWEEN_COMMUNES = "Écart entre communes, pas entre personnes."
# First word of a denominator: what is counted.
_COUNTED = {
    "actifs": "personnes",
    "agriculteurs": "personnes",
    "habitants": "personnes",
    "personnes": "personnes",
    "population": "personnes",
    "familles": "familles",
    "logements": "logements",
    "résidences": "ménages",
}
_FEMININE = {"personnes", "familles"}
DIRECTED = ("favorable", "defavorable")
LESS, MORE = "moins favorisées", "plus favorisées"
_FIFTHS = {
    1: "Cinquième le moins favorisé de France",
    2: "2e cinquième de France",
    3: "3e cinquième de France",
    4: "4e cinquième de France",
    5: "Cinquième le plus favorisé de France",
}


def group_names(ranks: Sequence[int], national: bool) -> list[str]:
    """Name of each group, in order: fifths of France keep their number, local ones their place."""
    if national:
        return [_FIFTHS[rank] for rank in ranks]
    middle = [f"Groupe {position}" for position in range(2, len(ranks))]
    return ["Les moins favorisées", *middle, "Les plus favorisées"]


def counted(denominator: str) -> str | None:
    """« personnes », « logements », « ménages » or « familles »: what a share is a share of."""
    return _COUNTED.get(denominator.split()[0].rstrip(",")) if denominator else None


def inside(label: str) -> str:
    """A label inside a sentence: « Niveau de vie médian » gives « niveau de vie médian »."""
    return label[:1].lower() + label[1:]


def the(axis: str) -> str:
    """An axis with its article: « le niveau de vie médian », « l'indice européen… »."""
    article = "l'" if axis[:1] in "AEIOUÉ" else "le "
    return article + inside(axis)


# Sentences.


def gap_sentence(values: Sequence[float], about: Subject, reading: Reading) -> str:
    """The two ends and the distance between them, before any index.

    ``values``: of each group, the least favoured first.
    """
    most, least = values[0], values[-1]
    first = quantity(most, reading.unit, reading.decimals, signed=reading.signed)
    return (
        f"{about.opening} est de {first} dans les communes les {LESS} du périmètre, et de "
        f"{value_said(least, reading)} dans les {MORE} : "
        f"{gap_text(abs(most - least), reading.unit, reading.decimals)} d'écart."
    )


def verdict_sentence(values: Sequence[float], slope: SlopeIndex, direction: str) -> str:
    """Whether a gap is established along the whole scale, and to whose detriment."""
    if not established(slope):
        return (
            "D'un bout à l'autre de l'échelle sociale, aucun écart n'est établi : l'intervalle de "
            "confiance de l'indice de pente comprend zéro."
        )
    if contradicted(values, slope):
        return (
            "Les deux bouts et l'ensemble des groupes ne vont pas dans le même sens : l'écart n'est pas "
            "régulier, et se lit groupe par groupe."
        )
    if direction not in DIRECTED:
        return (
            "L'écart est établi. Cet indicateur n'a pas de sens favorable ou défavorable : à lire "
            "dans son contexte."
        )
    if (slope.sii > 0) == (direction == "favorable"):
        return f"L'écart est établi, au détriment des communes les {LESS}."
    return (
        "L'écart est établi, dans le sens inverse de l'habitude : la situation est moins favorable "
        f"dans les communes les {MORE}."
    )


def contradicted(values: Sequence[float], slope: SlopeIndex) -> bool:
    """Whether the two ends go one way and the line through every group the other."""
    return bool((values[-1] - values[0]) * slope.sii <= 0)


def uneven(rows: pd.DataFrame, names: Sequence[str]) -> str:
    """The groups in the middle whose interval is out of the span of both ends; empty without one."""
    ends = rows["value"].iloc[[0, -1]]
    out = (rows["low"] > ends.max()) | (rows["high"] < ends.min())
    found = [f"le {inside(name)}" for name, one in zip(names, out, strict=True) if one]
    if not found:
        return ""
    return (
        f"La valeur ne suit pas l'échelle sociale pas à pas : {joined(found)} "
        f"{'sort' if len(found) == 1 else 'sortent'} de l'intervalle entre les deux bouts."
    )


def established(slope: SlopeIndex) -> bool:
    """Whether the interval of the slope index leaves zero out."""
    return bool(slope.low > 0 or slope.high < 0)


def persons_sentence(gap: PersonsGap, unit: str, who: str, favourable: bool, total: float) -> str:
    """The gap in persons (or dwellings, households, families).

    ``who``: the numerator of the indicator; ``total``: everybody it bears on.
    """
    if math.isnan(gap.persons):
        return "Le calcul en personnes demande un chiffre dans chaque groupe."
    if gap.persons <= 0:
        return (
            f"Les communes les {MORE} ne sont pas celles dont le niveau est le plus favorable : la question "
            "« et si toutes avaient leur niveau ? » n'a pas d'objet ici."
        )
    more = "de plus" if favourable else "de moins"
    start = f"Si toutes les communes avaient le niveau des {MORE}"
    if gap.low <= 0:
        concerned = "concernées" if unit in _FEMININE else "concernés"
        return (
            f"{start}, le nombre de {unit} {concerned} ne changerait peut-être pas : l'estimation est de "
            f"{_people(gap.persons)} {more}, et son intervalle comprend zéro."
        )
    return (
        f"{start}, {_people(gap.persons)} {unit} {more} (de {_people(gap.low)} à {_people(gap.high)}) "
        f"seraient dans ce cas, sur {_people(total)} : {who}. C'est une distance entre communes, pas "
        "l'effet attendu d'une action."
    )


def not_in_persons(card_kind: str, direction: str) -> str:
    """Why a gap is not told in persons."""
    if direction not in DIRECTED:
        return (
            "L'écart n'est pas traduit en personnes : aucun niveau de cet indicateur n'est plus "
            "favorable qu'un autre."
        )
    what = "une médiane" if card_kind == "median" else "une moyenne ou un taux"
    return (
        f"L'écart n'est pas traduit en personnes : l'indicateur est {what}, pas une part de personnes "
        "ou de logements dont l'effectif est publié."
    )


def _people(value: float) -> str:
    """A number of persons without false precision: three significant figures above a thousand."""
    if abs(value) < 1000:
        return number(value)
    digits = len(str(int(abs(value)))) - 3
    return number(round(value, -digits))


def local_sentence(lowest: str, highest: str, axis: str) -> str:
    """The answer to « ici, tout le monde est défavorisé »."""
    return (
        "« Ici, tout le monde est défavorisé » ? Les cinquièmes du périmètre rangent ses communes entre "
        f"elles, et non face au pays : {axis} va de {lowest} à {highest} d'une commune à l'autre, et "
        "c'est cet écart qui est regardé."
    )


def national_sentence(share: float, groups: int) -> str:
    """What national fifths say of a perimeter: who lives in the two least favoured of them."""
    return (
        f"Les cinquièmes sont ceux de la France entière : {percent(share, 0)} des habitants placés "
        "vivent dans une commune des deux cinquièmes les moins favorisés du pays. Le périmètre a des "
        f"communes dans {count_of(groups, 'cinquième')} sur 5."
    )


def national_missing(axis: str, share: float, files: Sequence[str]) -> str:
    """Why there are no national fifths, and what to load."""
    named = [f"« {one} »" for one in files]
    choice = "l'un de ces fichiers, " if len(named) > 1 else ""
    load = f" À charger, page Données : {choice}{' ou '.join(named)}." if named else ""
    return (
        f"Les cinquièmes nationaux ne sont pas disponibles : ils demandent {axis} pour au moins 90"
        f"{NARROW}% des habitants de France, et les communes chargées en comptent {percent(share, 0)}."
        f"{load} En attendant, les cinquièmes du périmètre sont montrés."
    )


NO_AXIS = (
    "Aucun axe social n'est chargé pour la moitié au moins des habitants de ce périmètre : ses communes "
    "ne peuvent pas être rangées. Il faut le niveau de vie médian des communes (Insee, Filosofi) ou "
    "l'indice européen de défavorisation F-EDI (Santé publique France)."
)
ONE_COMMUNE = (
    "Un écart entre communes se lit dans un périmètre de trois communes ou plus. Choisissez par exemple "
    "toute l'intercommunalité, ou plusieurs arrondissements d'une grande ville."
)
NO_COUNT = (
    "Un nombre ou une catégorie ne se compare pas d'un groupe de communes à l'autre : choisissez une "
    "part, un taux, une moyenne ou une médiane."
)
DENSITY = (
    "Cette densité compte les professionnels installés dans la commune ; leurs patients viennent aussi "
    "des communes voisines. L'accessibilité (APL) dit mieux ce à quoi les habitants ont accès."
)
COMPONENT = (
    "Cet indicateur, ou une mesure voisine, fait partie de l'indice qui range les communes : une part "
    "de l'écart vient de là."
)


AXES = (
    "**F-EDI** : indice européen de défavorisation, calculé par Santé publique France à partir de dix "
    "questions du recensement (logement, emploi, diplôme, famille, voiture). Il passe en premier quand il "
    "est chargé.\n\n**Niveau de vie médian** : revenu disponible par unité de consommation qui partage "
    "les habitants de la commune en deux moitiés (Insee, Filosofi). Il sert à défaut.\n\nUn axe est une "
    "façon de ranger les communes, pas de juger leurs habitants. La moyenne d'une commune peut cacher des "
    "quartiers très différents."
)


def few_groups(groups: int, national: bool) -> str:
    """Why a perimeter has too few groups, and what to do."""
    if national:
        return (
            f"Les communes du périmètre ne sont que dans {count_of(groups, 'cinquième')} de France ; il "
            "en faut trois pour lire un gradient. Prenez les cinquièmes locaux."
        )
    return (
        "Les communes du périmètre ne font pas trois groupes habités : une ou deux communes regroupent "
        "presque toute la population. Élargissez le périmètre, ou regardez leurs quartiers."
    )


def tautology(axis: str, other: str | None) -> str:
    """Why an indicator has no gradient along an axis made of the same figures."""
    way = f" Choisissez l'axe « {other} » ou un autre indicateur." if other else ""
    return (
        f"Les communes sont rangées selon : {axis}. Cet indicateur est fait des mêmes chiffres : le "
        f"gradient ne dirait rien de plus que le rangement.{way}"
    )


def missing_groups(rows: pd.DataFrame, names: Sequence[str]) -> str:
    """Groups without a figure and why; indices of the whole scale are refused."""
    parts = [
        f"{name} : {row.reason if isinstance(row.reason, str) else 'pas de chiffre chargé'}"
        for name, row in zip(names, rows.itertuples(), strict=True)
        if pd.isna(row.value)
    ]
    return (
        f"Sans chiffre pour {count_of(len(parts), 'groupe')}, l'écart d'un bout à l'autre n'est pas "
        f"calculé. {' ; '.join(parts)}. Chargez ce qui manque depuis la page Données."
    )


def small_numbers(
    fewest: float, group: str, states: dict[str, int], unplaced: Sequence[str]
) -> str:
    """Fewest events in a group, communes without a figure or under secret, communes not placed."""
    parts = []
    if not math.isnan(fewest):
        parts.append(f"Plus petit effectif observé : {number(fewest)} ({inside(group)}).")
        if fewest < 10:
            parts.append("Sous 10, l'intervalle est très large.")
    if states.get("secret"):
        parts.append(
            f"{count_of(states['secret'], 'commune')} sous secret statistique pour cet indicateur."
        )
    if states.get("absent"):
        parts.append(f"{count_of(states['absent'], 'commune')} sans chiffre pour cet indicateur.")
    if unplaced:
        some = [*unplaced[:5], "d'autres"] if len(unplaced) > 5 else list(unplaced)
        verb = "n'est pas placée" if len(unplaced) == 1 else "ne sont pas placées"
        parts.append(
            f"{count_of(len(unplaced), 'commune')} {verb}, faute de chiffre sur l'axe : {joined(some)}."
        )
    return " ".join(parts)


def fdep_text(missing: Sequence[str]) -> str:
    """Why the FDep is not offered: an index of four variables is not made of two."""
    return (
        "L'indice FDep n'est pas proposé. Son fichier officiel (CépiDc) n'est pas lu, et pour le "
        "recalculer (approché) il faut quatre chiffres pour les communes de toute la France "
        f"métropolitaine ; il manque : {joined(list(missing))}. Un indice à moitié fait tromperait. La "
        "page Données dit ce qui se charge."
    )


# The gradient: figure and table.


def plain_axes(figure: go.Figure, height: int) -> go.Figure:
    """The look of the charts of this page."""
    figure.update_layout(
        height=height,
        margin={"l": 10, "r": 20, "t": 30, "b": 40},
        font={"family": FONT, "size": 14, "color": INK},
        plot_bgcolor="white",
        separators=f",{NARROW}",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        showlegend=True,
    )
    figure.update_xaxes(title={"font": {"color": INK}})
    figure.update_yaxes(title={"font": {"color": INK}})
    figure.update_xaxes(tickfont={"color": INK}, gridcolor="#e3e7ec", fixedrange=True)
    figure.update_yaxes(tickfont={"color": INK}, gridcolor="#e3e7ec", fixedrange=True)
    return figure


def gradient_chart(rows: pd.DataFrame, names: Sequence[str], reading: Reading) -> go.Figure:
    """Value of each group with its interval, the least favoured on the left.

    ``rows`` has value, low, high; a group without a figure leaves its place empty.
    """
    places = [_broken(name) for name in names]
    figure = go.Figure()
    figure.add_bar(
        x=places,
        y=rows["value"],
        marker={"color": BAR},
        width=0.62,
        text=["" if math.isnan(value) else value_said(value, reading) for value in rows["value"]],
        textposition="inside",
        insidetextanchor="start",
        textfont={"color": "white"},
        textangle=0,
        constraintext="none",
        error_y={
            "type": "data",
            "symmetric": False,
            "array": (rows["high"] - rows["value"]).fillna(0),
            "arrayminus": (rows["value"] - rows["low"]).fillna(0),
            "color": OTHER,
            "thickness": 2.5,
            "width": 7,
        },
        name=(
            f"valeur du groupe et intervalle à 95{NARROW}%"
            if rows["low"].notna().any()
            else "valeur du groupe (aucun intervalle n'existe)"
        ),
        hovertemplate="%{x} : %{text}<extra></extra>",
    )
    plain_axes(figure, 360)
    figure.update_xaxes(tickangle=0, categoryorder="array", categoryarray=places)
    figure.update_yaxes(
        title={"text": escape_html(reading.unit)},
        rangemode="tozero",
        tickformat=f",.{reading.decimals}f",
    )
    return figure


def _broken(name: str) -> str:
    """A name on lines of at most 14 characters, as an axis can show it."""
    lines = [""]
    for word in name.split():
        if lines[-1] and len(lines[-1]) + len(word) >= 14:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(lines)


def gradient_alt(rows: pd.DataFrame, names: Sequence[str], label: str, reading: Reading) -> str:
    """The figure in a sentence."""
    said = [
        f"{inside(name)} : {value_said(value, reading)}"
        for name, value in zip(names, rows["value"], strict=True)
    ]
    return f"{label}, par groupe de communes. {' ; '.join(said)}."


def groups_table(
    rows: pd.DataFrame,
    table: pd.DataFrame,
    names: Sequence[str],
    reading: Reading,
    unplaced: tuple[int, float],
    columns: tuple[str, str, Reading],
) -> pd.DataFrame:
    """The figure's table: communes, inhabitants, real shares, span of the axis, value, interval.

    ``unplaced``: communes and inhabitants in no group. ``columns``: name of the value, name of the
    axis, and how the axis is written.
    """
    value_name, axis_name, axis = columns
    total = float(table["population"].sum())
    lines: list[list[str]] = [
        [
            name,
            value_said(row.value, reading),
            interval_text(row.low, row.high, reading),
            number(group.communes),
            number(group.population),
            percent(group.share),
            _span(group.lowest, group.highest, axis),
        ]
        for name, group, row in zip(names, table.itertuples(), rows.itertuples(), strict=True)
    ]
    communes, people = unplaced
    if communes:
        lines.append(["Non placées", "–", "–", number(communes), number(people), "–", "–"])
    everyone = [number(table["communes"].sum() + communes), number(total + people)]
    lines.append(["Périmètre", "", "", *everyone, percent(1.0, 0) if total else "–", ""])
    return pd.DataFrame(
        lines,
        columns=[
            "Groupe de communes",
            value_name,
            "Intervalle à 95 %",
            "Communes",
            "Habitants",
            "Part des habitants placés",
            axis_name,
        ],
    )


def _span(lowest: float, highest: float, reading: Reading) -> str:
    """« 22 560 € à 27 790 € », or the one value there is."""
    if lowest == highest:
        return value_said(lowest, reading)
    return f"{value_said(lowest, reading)} à {value_said(highest, reading)}"


def interval_text(low: float, high: float, reading: Reading) -> str:
    """« 24,1 à 24,9 % », or a dash."""
    if math.isnan(low) or math.isnan(high):
        return "–"
    return f"{number(low, reading.decimals, signed=reading.signed)} à {value_said(high, reading)}"


def value_said(value: float, reading: Reading) -> str:
    """A value and its unit, short."""
    return quantity(value, reading.unit, reading.decimals, signed=reading.signed, short=True)
