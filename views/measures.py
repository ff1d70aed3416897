"""Measures of inequality on screen, in one direction: a bigger number is a wider gap.

:mod:`diagnostic.inequality` keeps the signs of docs/methodologie.md; they are turned here and only here, and words
say where the value is higher.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from diagnostic.gaps import GapChange
from diagnostic.slope import SlopeIndex
from views.inegalites import (
    BAR,
    DIRECTED,
    LESS,
    MORE,
    contradicted,
    established,
    plain_axes,
    value_said,
)
from views.observation import Reading
from views.text import gap_text, number, percent, period_text, quantity

HOW_TO_READ = (
    "Toutes les mesures se lisent dans le même sens : **plus le nombre est grand, plus l'écart entre "
    "communes est grand** ; une colonne dit où la valeur est la plus haute. Les groupes vont des "
    "communes les moins favorisées aux plus favorisées, chacun pesant ses habitants. Un écart absolu "
    "(SII) et un écart relatif (RII) se lisent ensemble : ils peuvent évoluer en sens contraire."
)
NO_CURVE = (
    "Pas de courbe pour cet indicateur : elle cumule des effectifs, qu'une médiane, une moyenne ou un "
    "indice n'a pas."
)
CURVE = (
    "Chaque groupe compte pour ses habitants et son niveau. Au-dessus de la diagonale, le phénomène est "
    "concentré dans les communes les moins favorisées ; au-dessous, dans les plus favorisées."
)
MANY = (
    "Dans l'ordre des thèmes, sans classer les écarts. Sur vingt écarts nuls, un paraîtrait établi par "
    "hasard : ce tableau invite à regarder, il ne prouve pas."
)


@dataclass(frozen=True)
class _Measure:
    """How a measure is named and written: ``form`` is unit, ratio, index, percent, square, thousand.

    ``sign``: +1 where a positive estimate (or a ratio above 1) means higher among the most favoured,
    0 where the measure has no direction; None for d and r, whose sign follows the indicator's.
    """

    name: str
    meaning: str
    form: str
    sign: int | None = 0


MEASURES = {
    "sii_linear": _Measure(
        "Indice de pente (SII)",
        "écart entre les deux bouts de l'échelle sociale, tous les groupes comptant",
        "unit",
        1,
    ),
    "rii_linear": _Measure(
        "Indice relatif (RII)",
        "rapport entre les deux bouts de l'échelle ; 1 = pas d'écart",
        "ratio",
        1,
    ),
    "rci": _Measure(
        "Indice de concentration", "0 = réparti comme les habitants ; au plus 1", "index", 1
    ),
    "d": _Measure(
        "Écart entre groupes extrêmes", "les moins et les plus favorisées, seules", "unit", None
    ),
    "r": _Measure("Rapport entre groupes extrêmes", "les mêmes ; 1 = pas d'écart", "ratio", None),
    "par": _Measure(
        "Écart de l'ensemble aux plus favorisées",
        "ce qui sépare le périmètre du niveau des plus favorisées",
        "unit",
    ),
    "paf": _Measure("Le même, rapporté à l'ensemble", "en % du niveau d'ensemble", "percent"),
    "sii_logit": _Measure(
        "SII, modèle logistique", "le même écart, pour une proportion", "unit", 1
    ),
    "rii_logit": _Measure(
        "RII, modèle logistique", "le même rapport, pour une proportion", "ratio", 1
    ),
    "aci": _Measure(
        "Indice de concentration absolu", "le même, dans l'unité de l'indicateur", "unit", 1
    ),
    "bgv": _Measure("Variance entre groupes", "unité au carré", "square"),
    "bgsd": _Measure("Écart type entre groupes", "distance moyenne à la moyenne", "unit"),
    "cov": _Measure("Coefficient de variation", "l'écart type, en % de la moyenne", "percent"),
    "mdmu": _Measure("Écart moyen à la moyenne", "chaque groupe comptant autant", "unit"),
    "mdmw": _Measure("Écart moyen à la moyenne, pondéré", "selon les habitants", "unit"),
    "mdbu": _Measure(
        "Écart moyen au groupe le plus favorable", "chaque groupe comptant autant", "unit"
    ),
    "mdbw": _Measure(
        "Écart moyen au groupe le plus favorable, pondéré", "selon les habitants", "unit"
    ),
    "idisu": _Measure(
        "Indice de disparité", "écart moyen à la moyenne, en % de celle-ci", "percent"
    ),
    "idisw": _Measure("Indice de disparité, pondéré", "selon les habitants", "percent"),
    "mld": _Measure("Écart logarithmique moyen", "0 = égalité, multiplié par 1 000", "thousand"),
    "ti": _Measure("Indice de Theil", "0 = égalité, multiplié par 1 000", "thousand"),
}


def oriented(measured: pd.DataFrame, favourable: bool | None) -> pd.DataFrame:
    """Measures with one direction: bigger = more unequal.

    Adds ``size``, ``size_low``, ``size_high`` to the table of :func:`diagnostic.inequality.measures`
    (a ratio under 1 is turned over, a negative difference changes sign, bounds with it) and
    ``higher``: where the value is higher, empty for a measure without direction.
    """
    rows = [_turned(row, favourable) for row in measured.itertuples()]
    columns = ["size", "size_low", "size_high", "higher"]
    return pd.concat([measured, pd.DataFrame(rows, columns=columns, index=measured.index)], axis=1)


def _turned(row: Any, favourable: bool | None) -> tuple[float, float, float, str]:
    measure = MEASURES[row.measure]
    numbers = (row.estimate, row.low, row.high)
    sign = measure.sign
    if sign is None:
        sign = 1 if favourable else -1
    if math.isnan(row.estimate):
        return (*numbers, "")
    if measure.form == "ratio":
        under = row.estimate < 1
        size, low, high = [_inverse(one) for one in numbers] if under else numbers
    else:
        under = row.estimate < 0
        size, low, high = [-one for one in numbers] if under else numbers
    low, high = (high, low) if under else (low, high)
    if sign == 0 or size == (1 if measure.form == "ratio" else 0):
        return (size, low, high, "")
    return (size, low, high, f"les {LESS if (sign > 0) == under else MORE}")


def _inverse(ratio: float) -> float:
    return 1 / ratio if ratio else math.inf


def measures_table(measured: pd.DataFrame, reading: Reading) -> pd.DataFrame:
    """Oriented measures as texts, the usual ones first; one not defined says why."""
    known = measured.set_index("measure")
    lines = [
        {
            "Mesure": spec.name,
            "Ce qu'elle dit": spec.meaning,
            "Valeur": _size(row["size"], spec.form, reading),
            "Intervalle à 95 %": _size_interval(row, spec.form, reading),
            "Plus haut dans": row["higher"] or "–",
            "Méthode": str(row["method"]).removesuffix(" ; se : du logarithme"),
        }
        for key, spec in MEASURES.items()
        if key in known.index
        for row in [known.loc[key]]
    ]
    return pd.DataFrame(lines)


def _size(value: float, form: str, reading: Reading) -> str:
    if math.isnan(value):
        return "–"
    if form == "unit":
        return gap_text(value, reading.unit, reading.decimals)
    if form == "percent":
        return quantity(value, "%", 1)
    decimals = {"ratio": 2, "index": 3, "square": 2, "thousand": 1}[form]
    return number(value, decimals)


def _size_interval(row: pd.Series, form: str, reading: Reading) -> str:
    low, high = float(row["size_low"]), float(row["size_high"])
    if math.isnan(low) or math.isnan(high):
        return "–"
    decimals = {"unit": reading.decimals, "ratio": 2, "index": 3, "square": 2}.get(form, 1)
    return f"{number(low, decimals)} à {number(high, decimals)}"


def slope_size(slope: SlopeIndex) -> tuple[list[float], list[float], str]:
    """SII and RII of a slope, oriented, each as size, low, high; and where the value is higher."""
    rows = pd.DataFrame(
        {
            "measure": ["sii_linear", "rii_linear"],
            "estimate": [slope.sii, slope.rii],
            "low": [slope.low, slope.rii_low],
            "high": [slope.high, slope.rii_high],
        }
    )
    turned = oriented(rows, None)
    sii, rii = turned[["size", "size_low", "size_high"]].to_numpy(float).tolist()
    return sii, rii, str(turned["higher"].iloc[0])


def concentration_chart(curve: pd.DataFrame) -> go.Figure:
    """Cumulated share of the outcome against cumulated share of inhabitants."""
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 100],
        y=[0, 100],
        mode="lines",
        line={"color": "#4a545f", "dash": "dash", "width": 2},
        name="répartition égale",
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=100 * curve["population_share"],
        y=100 * curve["outcome_share"],
        mode="lines+markers",
        line={"color": BAR, "width": 3},
        marker={"size": 8},
        name="courbe de concentration",
        text=[
            f"{percent(people, 0)} des habitants : {percent(outcome, 0)} du total"
            for people, outcome in curve.itertuples(index=False)
        ],
        hovertemplate="%{text}<extra></extra>",
    )
    plain_axes(figure, 360)
    figure.update_xaxes(
        title={"text": "% des habitants, à partir des communes les moins favorisées"}
    )
    figure.update_yaxes(title={"text": "% du total"})
    return figure


def concentration_table(curve: pd.DataFrame) -> pd.DataFrame:
    """The curve's points as texts."""
    return pd.DataFrame(
        {
            "Habitants cumulés": [percent(one) for one in curve["population_share"]],
            "Total cumulé": [percent(one) for one in curve["outcome_share"]],
        }
    )


# Time.


def time_table(slopes: dict[str, SlopeIndex], reading: Reading) -> pd.DataFrame:
    """SII and RII of each period, oriented, with their interval."""
    lines = []
    for period, slope in slopes.items():
        sii, rii, higher = slope_size(slope)
        lines.append(
            {
                "Période": period_text(period),
                "Écart (SII)": gap_text(sii[0], reading.unit, reading.decimals),
                "Intervalle du SII": _plain_interval(sii, reading.decimals),
                "Rapport (RII)": number(rii[0], 2),
                "Intervalle du RII": _plain_interval(rii, 2),
                "Plus haut dans": higher or "–",
            }
        )
    return pd.DataFrame(lines)


def _plain_interval(numbers: Sequence[float], decimals: int) -> str:
    _, low, high = numbers
    if math.isnan(low) or math.isnan(high):
        return "–"
    return f"{number(low, decimals)} à {number(high, decimals)}"


TOO_SHORT = (
    "Série trop courte : il faut au moins deux périodes de la même série, sans année commune, avec un "
    "chiffre dans chaque groupe."
)
NO_ERRORS = (
    "Les groupes n'ont pas d'intervalle publié : les périodes sont montrées, sans conclusion sur "
    "l'évolution de l'écart."
)
SAME_ORDER = "Les communes sont rangées de la même façon aux deux dates."


def change_sentence(
    before: SlopeIndex,
    after: SlopeIndex,
    change: GapChange,
    periods: tuple[str, str],
    reading: Reading,
) -> str:
    """What happened to the gap, absolute and relative; no direction is said when unsure."""
    start, end = (period_text(period) for period in periods)
    where = f"Entre {start} et {end}"
    if before.sii * after.sii < 0 and established(before) and established(after):
        return f"{where}, l'écart a changé de sens. {SAME_ORDER}"
    low, high = float(change.low), float(change.high)
    ratios = [float(change.rii_low), float(change.rii_ratio), float(change.rii_high)]
    wider = before if abs(float(before.sii)) > abs(float(after.sii)) else after
    if wider.sii < 0:
        low, high = -high, -low
        ratios = [_inverse(one) for one in reversed(ratios)]
    absolute = _moved(low, high, 0.0, ("s'est creusé", "s'est réduit"))
    relative = _moved(ratios[0], ratios[2], 1.0, ("a augmenté", "a diminué"))
    sizes = f"{number(low, reading.decimals, signed=True)} à {number(high, reading.decimals, signed=True)}"
    unit = " points" if reading.unit == "%" else ""
    said = [f"{where}, l'écart (SII) {absolute} : intervalle de la variation, {sizes}{unit}."]
    if not math.isnan(ratios[1]):
        said.append(
            f"Le rapport (RII) {relative} : il est multiplié par {number(ratios[1], 2)} "
            f"({number(ratios[0], 2)} à {number(ratios[2], 2)})."
        )
    return " ".join([*said, SAME_ORDER, "Une évolution n'est pas l'effet d'une action."])


def _moved(low: float, high: float, still: float, verbs: tuple[str, str]) -> str:
    wider, narrower = verbs
    if low > still:
        return wider
    return narrower if high < still else "n'a pas changé de façon établie"


# Every indicator.


def summary_row(
    label: str,
    period: str,
    values: Sequence[float],
    slope: SlopeIndex,
    how: tuple[Reading, str],
) -> dict[str, str]:
    """One line of the table of all gradients: both ends, index, reading.

    ``values``: of each group, the least favoured first; ``how``: writing and direction.
    """
    reading, direction = how
    sii, _, higher = slope_size(slope)
    if not established(slope):
        said = "non établi"
    elif contradicted(values, slope):
        said = "irrégulier"
    elif direction not in DIRECTED:
        said = f"plus haut dans {higher}"
    else:
        usual = (slope.sii > 0) == (direction == "favorable")
        said = f"moins favorable dans les {LESS if usual else MORE}"
    return {
        "Indicateur": label,
        "Période": period_text(period),
        "Les moins favorisées": value_said(values[0], reading),
        "Les plus favorisées": value_said(values[-1], reading),
        "Écart (SII)": gap_text(sii[0], reading.unit, reading.decimals),
        "Intervalle à 95 %": _plain_interval(sii, reading.decimals),
        "Lecture": said,
    }
