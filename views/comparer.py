"""Territories side by side, and all the intercommunalités of a département: drawings and words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from diagnostic.together import COMPOSED
from views.observation import Reading
from views.spine import STYLE as SPINE_STYLE
from views.spine import mark_class
from views.text import (
    NARROW,
    alphabetical,
    count_of,
    escape_html,
    joined,
    number,
    percent,
    quantity,
)

KINDS = {
    "commune": "une commune",
    "epci": "une intercommunalité",
    "ept": "un établissement public territorial",
    "petr": "un PETR ou pôle métropolitain",
    "departement": "un département",
    "region": "une région",
    "france": "un pays",
    "arm": "un arrondissement municipal",
    COMPOSED: "un périmètre composé",
}
# Beginning of an indicator's identifier -> why territories are not set side by side on it.
_REFUSED = {
    "ratio_mortalite": (
        "chaque territoire y est rapporté aux décès attendus avec ses propres âges : le rapport se lit "
        "face à la France, jamais face à celui d'un autre territoire"
    )
}

MORTALITY_APART = (
    "La mortalité comparée à celle de la France, page Mortalité, n'est pas dans ce tableau : "
    f"{_REFUSED['ratio_mortalite']}."
)

STYLE = """
<style>
.beside { width: 100%; border-collapse: collapse; font-size: .92rem; table-layout: fixed; }
.beside caption { text-align: left; padding: .2rem 0 .5rem; color: #3d4752; }
.beside th, .beside td { padding: .1rem .5rem; text-align: left; vertical-align: middle; }
.beside thead th { position: sticky; top: 0; z-index: 2; background: #eef1f4; font-weight: 600;
  padding: .4rem .5rem; }
.beside tbody { border-bottom: 1px solid #aab3bd; }
.beside tbody th { font-weight: 400; }
.beside tbody th.what { vertical-align: top; padding-top: .35rem; }
.beside th.what small { display: block; color: #4a545f; font-size: .84rem; }
.beside tr.theme th { font-weight: 650; background: #f6f8fa; padding: .4rem .6rem; }
.beside .n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.beside td.own { font-weight: 650; }
.beside td.axis .track { border-left: 1px solid #d9dee5; border-right: 1px solid #d9dee5; }
.beside col.what { width: 19%; } .beside col.who { width: 19%; } .beside col.own { width: 9.5%; }
.beside col.axis { width: 21%; } .beside col.interval { width: 13.5%; }
.beside td.said, .beside td.interval { color: #333c46; font-size: .9rem; }
@media (max-width: 60rem) { .beside-box { overflow-x: auto; } .beside { min-width: 56rem; } }
@media print { .beside { font-size: 8.5pt; print-color-adjust: exact; }
  .beside tbody { page-break-inside: avoid; } }
</style>
"""


def refusal(indicator_id: str) -> str | None:
    """Why territories are not set side by side on this indicator, None when they may be."""
    for start, why in _REFUSED.items():
        if indicator_id.startswith(start):
            return why
    return None


def mixed_sentence(names: Sequence[str], kinds: Sequence[str]) -> str:
    """Why territories of several levels are not compared; ``names`` and ``kinds`` run together."""
    described = [f"{name} est {KINDS[kind]}" for name, kind in zip(names, kinds, strict=True)]
    return (
        f"Ces territoires ne se comparent pas : {joined(described)}. D'un niveau à l'autre, ni la "
        "taille, ni les compétences, ni la part du hasard ne sont les mêmes. Gardez des territoires "
        "d'un même niveau."
    )


def other_kind_sentence(name: str, kind: str, wanted: str) -> str:
    """Why a territory found by the search cannot join the list."""
    return f"{name} est {KINDS[kind]} : la comparaison en cours porte sur {_several(wanted)}."


def _several(kind: str) -> str:
    plurals = {
        "commune": "des communes",
        "epci": "des intercommunalités",
        "ept": "des établissements publics territoriaux",
        "petr": "des PETR ou pôles métropolitains",
        "departement": "des départements",
        "region": "des régions",
        "france": "un pays",
        "arm": "des arrondissements municipaux",
        COMPOSED: "des périmètres composés",
    }
    return plurals[kind]


@dataclass(frozen=True)
class Line:
    """One territory of a panel: its texts, and what is drawn (unit of the indicator, NaN if none)."""

    name: str
    own: str
    interval: str
    said: str
    tone: str
    differs: bool
    value: float = math.nan
    low: float = math.nan
    high: float = math.nan


@dataclass(frozen=True)
class Panel:
    """One indicator: its territories on one scale, around the value they are all compared with.

    ``mark``: that value; ``spread``: standard deviation among communes of France; NaN if unknown.
    """

    theme: str
    label: str
    period: str
    other: str
    mark: float
    spread: float
    reading: Reading
    lines: tuple[Line, ...]


def panel_axis(panel: Panel) -> tuple[float, float]:
    """Ends of the scale of a panel, the same for its territories.

    It holds every value and interval, and a standard deviation on each side of the comparator, so
    that small gaps look small. NaN twice without any value.
    """
    ends = [panel.mark, *(end for line in panel.lines for end in (line.value, line.low, line.high))]
    known = [end for end in ends if math.isfinite(end)]
    if not known:
        return math.nan, math.nan
    if math.isfinite(panel.mark) and panel.spread > 0:
        known += [panel.mark - panel.spread, panel.mark + panel.spread]
    low, high = min(known), max(known)
    margin = 0.04 * (high - low) or max(abs(high), 1.0) * 0.1
    start = low - margin
    smallest = min(end for end in ends if math.isfinite(end))
    return (max(start, 0.0) if smallest >= 0 else start), high + margin


_COLUMNS = ("what", "who", "own", "axis", "interval", "said")


def panels_table(caption: str, comparator: str, panels: Sequence[Panel]) -> str:
    """HTML of the panels: one body an indicator, one row a territory, grouped by theme."""
    parts, theme = [], None
    for panel in panels:
        if panel.theme != theme:
            theme = panel.theme
            parts.append(
                f'<tbody><tr class="theme"><th colspan="6" scope="rowgroup">{escape_html(theme)}</th>'
                "</tr></tbody>"
            )
        parts.append(_panel(panel))
    columns = "".join(f'<col class="{name}">' for name in _COLUMNS)
    return (
        f'{SPINE_STYLE}{STYLE}<div class="beside-box" tabindex="0" role="region" '
        f'aria-label="{escape_html(caption)}"><table class="beside">'
        f"<caption>{escape_html(caption)}</caption>"
        f"<colgroup>{columns}</colgroup><thead><tr>"
        '<th scope="col">Indicateur</th><th scope="col">Territoire</th>'
        '<th scope="col" class="n">Valeur</th><th scope="col">Même échelle pour tous</th>'
        f'<th scope="col">Intervalle à 95{NARROW}%</th>'
        f'<th scope="col">Par rapport à : {escape_html(comparator)}</th>'
        f"</tr></thead>{''.join(parts)}</table></div>"
    )


def _panel(panel: Panel) -> str:
    low, high = panel_axis(panel)
    axis = (
        f"<small>Échelle : de {_short(low, panel.reading)} à {_short(high, panel.reading)}</small>"
        if math.isfinite(low)
        else ""
    )
    heading = (
        f'<th class="what" scope="rowgroup" rowspan="{len(panel.lines)}">{escape_html(panel.label)}'
        f"<small>{escape_html(panel.period)} · comparaison : {escape_html(panel.other)}</small>{axis}</th>"
    )
    rows = [
        f"<tr>{heading if position == 0 else ''}"
        f'<th scope="row">{escape_html(line.name)}</th><td class="n own">{escape_html(line.own)}</td>'
        f"{_drawn(line, panel.mark, low, high)}</tr>"
        for position, line in enumerate(panel.lines)
    ]
    return f"<tbody>{''.join(rows)}</tbody>"


def _drawn(line: Line, mark: float, low: float, high: float) -> str:
    """The last cells of a row: drawing, interval and reading, or why there is no figure."""
    said = escape_html(line.said)
    if not math.isfinite(line.value):
        return f'<td class="said" colspan="3">{said}</td>'
    return (
        f'<td class="axis">{_track(line, mark, low, high)}</td>'
        f'<td class="interval">{escape_html(line.interval)}</td><td class="said">{said}</td>'
    )


def _short(value: float, reading: Reading) -> str:
    return escape_html(
        quantity(value, reading.unit, reading.decimals, signed=reading.signed, short=True)
    )


def _track(line: Line, mark: float, low: float, high: float) -> str:
    """The drawing of one territory; hidden from screen readers, which have the texts beside it."""

    def at(value: float) -> str:
        return f"{100 * (value - low) / (high - low):.1f}%"

    spans = []
    if math.isfinite(mark):
        spans.append(f'<span class="centre" style="left:{at(mark)}"></span>')
    if math.isfinite(line.low) and math.isfinite(line.high):
        width = 100 * (line.high - line.low) / (high - low)
        spans.append(
            f'<span class="interval" style="left:{at(line.low)};width:{width:.1f}%"></span>'
        )
    kind = mark_class(line.tone, line.differs)
    spans.append(f'<span class="mark {kind}" style="left:{at(line.value)}"></span>')
    return f'<span class="track" aria-hidden="true">{"".join(spans)}</span>'


def interval_text(low: float, high: float, reading: Reading) -> str:
    """« de 12,1 à 13,4 % », or why there is none."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return "aucun"
    start = number(low, reading.decimals, signed=reading.signed)
    end = quantity(high, reading.unit, reading.decimals, signed=reading.signed, short=True)
    return f"de {start} à {end}"


def refused_sentence(refused: Mapping[str, str]) -> str:
    """Indicators left out of a comparison, each with its reason (label -> reason)."""
    return " ".join(f"« {label} » n'est pas comparé ici : {why}." for label, why in refused.items())


def shared_sentence(one: str, other: str, communes: int) -> str:
    """Two territories that hold the same communes are not two independent figures."""
    return (
        f"« {one} » et « {other} » ont {count_of(communes, 'commune')} en commun : leurs chiffres se "
        "ressemblent en partie pour cette raison."
    )


def weight_sentence(shares: Mapping[str, float], of_comparator: str) -> str:
    """Territories that weigh in the value they are compared with (name -> share); empty if none."""
    if not shares:
        return ""
    said = joined([f"{name} {percent(share, 0)}" for name, share in shares.items()])
    return (
        f"Part des habitants {of_comparator} qui vivent dans ces territoires : {said}. La valeur de "
        "comparaison les contient : elle n'en est pas indépendante."
    )


def straddling_sentence(bodies: pd.DataFrame, here: str) -> str:
    """Intercommunalités that reach other départements, shown whole; empty when there is none.

    ``bodies``: name, population, local_population, elsewhere (names of départements). ``here``:
    what belongs to the département, « du Val-d'Oise ».
    """
    astride = bodies[bodies["elsewhere"].map(len) > 0].sort_values(
        "name", key=lambda names: names.map(alphabetical)
    )
    if astride.empty:
        return ""
    named = [
        f"{name} ({_part(local / people)} des habitants ici, le reste : {_places(elsewhere)})"
        for name, people, local, elsewhere in astride[
            ["name", "population", "local_population", "elsewhere"]
        ].itertuples(index=False)
    ]
    return (
        "L'astérisque marque les intercommunalités à cheval sur plusieurs départements, montrées "
        f"entières et non pour leur seule part {here} : {' ; '.join(named)}."
    )


def _part(share: float) -> str:
    """A share in whole per cent; neither nobody nor everybody when it is not so."""
    if 0.995 <= share < 1:
        return f"plus de 99{NARROW}%"
    return percent(share, 0) if share >= 0.005 else f"moins de 1{NARROW}%"


def _places(names: Sequence[str]) -> str:
    shown = list(names)
    return joined(shown if len(shown) <= 3 else [*shown[:2], f"{len(shown) - 2} autres"])


def nothing_left_sentence(total: int, removed: Mapping[str, int]) -> str:
    """Why no intercommunalité is left: how many each filter alone leaves out."""
    reasons = [
        f"« {name} » en écarte {number(count)}" for name, count in removed.items() if count > 0
    ]
    who = (
        "La seule intercommunalité ne passe pas"
        if total == 1
        else f"Aucune des {count_of(total, 'intercommunalité')} ne passe"
    )
    return f"{who} tous les filtres : {joined(reasons)}. Retirez un filtre pour en revoir."


def kept_sentence(kept: int, total: int, unknown: Mapping[str, int]) -> str:
    """How many intercommunalités are shown; ``unknown``: filter -> those it cannot judge."""
    parts = [f"{count_of(kept, 'intercommunalité')} sur {number(total)}."]
    for name, count in unknown.items():
        parts.append(
            f"« {name} » ne peut pas être dit pour {count_of(count, 'intercommunalité')}, dont la liste "
            "n'est pas chargée sur tout le territoire."
        )
    return " ".join(parts)


def order_sentence(order: str, label: str, of_comparator: str) -> str:
    """What the order of the columns is, and what it does not say."""
    said = {
        "nom": "Les colonnes sont dans l'ordre alphabétique.",
        "taille": "Les colonnes vont de l'intercommunalité la plus peuplée à la moins peuplée.",
        "ecart": (
            f"Les colonnes vont de la valeur la plus basse à la plus haute pour « {label} ». Cet ordre "
            "aide à lire : deux voisines peuvent ne différer que par le hasard. Les intercommunalités "
            "sans chiffre viennent à la fin."
        ),
    }
    return (
        f"{said[order]} Chaque case est comparée à la même valeur, celle {of_comparator}. Un écart "
        "n'est ni une cause ni un mérite."
    )


def nothing_loaded_sentence(name: str, bodies: int) -> str:
    """A département without any intercommunalité, or without a figure of any."""
    if not bodies:
        return f"Aucune intercommunalité à fiscalité propre ne touche ce territoire : {name}."
    return (
        f"Aucun chiffre d'intercommunalité n'est chargé pour : {name}. La page Données dit comment "
        "charger les fichiers des producteurs pour ce département."
    )


def filter_ignored_sentence(label: str) -> str:
    """A filter that the URL asks for and that has no data."""
    return (
        f"Le filtre « {label} », demandé par l'adresse, n'est pas appliqué : ses données manquent."
    )
