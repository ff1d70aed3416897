"""Words, tables and drawings of the mortality ratio: read beside France, never beside a neighbour."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from diagnostic.funnel import BEYOND_95, BEYOND_998, INSIDE, Funnel
from diagnostic.mortality import (
    AGES,
    DEATHS,
    LEAST_DEATHS,
    RATES,
    SAME_YEARS,
    SCALE,
    SMOOTHED_FROM,
    YEARS,
)
from diagnostic.rates import HIGHER, LOWER, SAME
from diagnostic.suppression import ABSENT, SECRET, SHOWN, ZERO
from views.funnel import funnel_chart
from views.observation import Reading
from views.spine import AXIS, STYLE, SpineRow, track
from views.text import (
    NARROW,
    NO_BREAK,
    alphabetical,
    count_of,
    escape_html,
    joined,
    number,
    percent,
)

P95, P998 = f"95{NARROW}%", f"99,8{NARROW}%"
READING = Reading("ratio (France = 100)", 0, "ratio")
EXPECTED = "décès attendus"
INTRO = (
    "Les décès des habitants, toutes causes, comparés à ceux qu'on attendrait si, à chaque âge et pour "
    "chaque sexe, on mourait ici autant que dans l'ensemble de la France. **100 : autant de décès "
    "qu'attendu.** Chaque ratio se lit face à la France, jamais face à celui d'un autre territoire."
)
HIDDEN_NOTE = (
    f"« Non montré » : moins de {LEAST_DEATHS} décès, ou un chiffre tu pour qu'un autre ne puisse pas "
    "s'en déduire. Ce n'est ni zéro, ni une absence de chiffre. Ces décès comptent dans les totaux."
)
ONLY_COUNTS = (
    "Un nombre de décès suit d'abord le nombre et l'âge des habitants : il ne dit rien de leur santé, "
    "et ne se compare pas d'un territoire à l'autre."
)
SAY = (
    "« À âge et sexe comparables, on compte ici plus (ou moins, ou autant) de décès qu'attendu d'après "
    "la France. »",
    "« L'intervalle est large : les effectifs ne permettent pas de conclure. »",
    "« Il faut chercher pourquoi, avec d'autres chiffres et avec ceux qui connaissent le territoire. »",
)
NOT_SAY = (
    "Qu'on meurt plus, ou moins, que dans la commune voisine : deux ratios ne se comparent pas.",
    "Que c'est l'effet de l'offre de soins, de la pollution ou d'une action : aucune cause n'est connue.",
    "Que c'est la mortalité prématurée, ou évitable : tous les âges sont ensemble.",
)
SEVERAL_ROWS = (
    "Toutes les lignes ont la même échelle, pour tenir sur une page ; chacune ne se compare qu'au trait "
    "de la France, parce que chacune a ses propres âges."
)
_ZONES = {"F": ("la France", "de la France"), "FM": ("la métropole", "de la métropole")}
_DIRECTIONS = {HIGHER: "defavorable", LOWER: "favorable"}
WHOLE, WHOLE_EPCI = "Tout le périmètre", "{name}, entière"
# Outside points named on the funnel, at most: beyond, names would cover one another.
_MOST_NAMED = 8
# Half-width of the axis, at least: a small gap must look small.
_LEAST_SPAN = 20.0


@dataclass(frozen=True)
class Basis:
    """What the figures stand on, for the sentences: years, census and zone, None without a ratio."""

    first: int
    census: int | None = None
    zone: str | None = None

    @property
    def years(self) -> str:
        """« de 2021 à 2025 »."""
        return f"de {self.first} à {self.first + YEARS - 1}"

    @property
    def of_zone(self) -> str:
        """« de la France »."""
        return _ZONES[self.zone or "F"][1]

    @property
    def the_zone(self) -> str:
        """« la France »."""
        return _ZONES[self.zone or "F"][0]


def ratio_text(value: float | None) -> str:
    """A ratio without decimals, unless it would read 100 without being it."""
    if value is None or not math.isfinite(value):
        return "–"
    decimals = next((n for n in (0, 1) if round(value, n) != SCALE), 2)
    return number(value, decimals)


def interval_text(row: Any) -> str:
    """« de 98 à 105 », or a dash."""
    if pd.isna(row.low) or pd.isna(row.high):
        return "–"
    return f"de {ratio_text(row.low)} à {ratio_text(row.high)}"


def observed_text(row: Any) -> str:
    """The count, or its state: a zero, a count not shown and no count are three things."""
    if row.state in (SHOWN, ZERO):
        return number(row.observed)
    return {SECRET: "non montré", ABSENT: "pas de chiffre"}[row.state]


def expected_text(value: float) -> str:
    """Deaths expected: one decimal under a hundred, where it counts."""
    return number(value, 1 if value < 100 else 0)


def verdict(row: Any, the_zone: str = "la France") -> str:
    """What a row says beside the country, in a few words, at both levels of certainty."""
    if row.state != SHOWN:
        return {ZERO: "aucun décès compté", SECRET: "non montré", ABSENT: "pas de chiffre"}[
            row.state
        ]
    if pd.isna(row.value):
        return "pas de décès attendus calculés"
    if row.at_95 == SAME:
        return "pas de différence établie"
    if row.at_998 == SAME:
        return f"{row.at_95}, à confirmer ({P95})"
    return f"{row.at_998} que {the_zone} ({P998})"


# What lacks.


def missing_items(
    lacking: Collection[str],
    titles: Mapping[str, str],
    years: tuple[Collection[int], Collection[int], Collection[int]],
) -> list[str]:
    """What each missing piece is and the source that brings it.

    ``titles``: title of the source of DEATHS, AGES and RATES. ``years``: those of the deaths, of the
    censuses and of the country that are loaded.
    """
    said = {
        DEATHS: "les décès par commune de domicile, cinq années de suite",
        AGES: "les habitants par sexe et âge de chaque commune, à un recensement",
        RATES: "les décès et la population de la France par sexe et âge, cinq années de suite",
    }
    items = [
        f"{said[one]} : source « {titles[one]} »" for one in (DEATHS, AGES, RATES) if one in lacking
    ]
    if SAME_YEARS in lacking:
        names = ("décès du territoire", "recensements", "décès et population de la France")
        known = [
            f"{name} : {span_text(some)}" for name, some in zip(names, years, strict=True) if some
        ]
        items.append(
            "les mêmes années partout : cinq années de décès du territoire, les cinq mêmes pour la "
            f"France, et un recensement parmi elles. Chargés : {' ; '.join(known)}. Un ratio "
            "d'années différentes serait faux : il n'est pas calculé"
        )
    return items


def span_text(years: Collection[int]) -> str:
    """« 2019 », « 2021 à 2025 », « 2015, 2020 à 2023 »."""
    ordered = sorted(years)
    spans: list[list[int]] = []
    for year in ordered:
        if spans and year == spans[-1][-1] + 1:
            spans[-1].append(year)
        else:
            spans.append([year])
    return ", ".join(
        str(span[0]) if len(span) == 1 else f"{span[0]} à {span[-1]}" for span in spans
    )


def missing_sentence(has_deaths: bool) -> str:
    """Before the list of what lacks."""
    shown = " En attendant, les décès observés sont montrés seuls." if has_deaths else ""
    return f"Le ratio ne peut pas être calculé ici.{shown} Il manque :"


ONLY_CITIES = (
    "Les décès et les âges de Paris, Lyon et Marseille ne sont lus que pour la ville entière, pas pour "
    "un arrondissement : prenez la ville pour périmètre."
)
NO_DEATHS = "Aucun décès n'est chargé pour ce territoire : rien à montrer pour l'instant."
HOW_TO_LOAD = (
    "La page Données charge ces sources, ou reçoit leurs fichiers téléchargés chez le producteur."
)


LIMITS, FUTURE_LIMITS = (
    "Ce que ce ratio ne dit pas",
    "Ce que le ratio, une fois calculé, ne dira pas",
)


# The perimeter.


def observed_sentence(row: Any, of_place: str, basis: Basis) -> str:
    """The count alone, when there is no ratio."""
    if row.state == SECRET:
        return f"Décès {of_place}, {basis.years} : non montrés. {_go_larger()}"
    if row.state == ABSENT:
        return (
            f"Décès {of_place}, {basis.years} : pas de chiffre, moins de 90{NARROW}% de la population "
            "est dans une commune dont les décès sont chargés."
        )
    if row.state == ZERO:
        return f"{basis.years.capitalize()}, aucun décès n'a été compté parmi les habitants {of_place}."
    return f"{basis.years.capitalize()}, {count_of(int(row.observed), 'décès', 'décès')} {_among(of_place)}."


def ratio_sentences(row: Any, of_place: str, basis: Basis) -> list[str]:
    """The ratio of the perimeter: both counts, the interval, then what it means."""
    if row.state != SHOWN or pd.isna(row.value):
        said = observed_sentence(row, of_place, basis)
        return [said] if row.state != ZERO else [said, _no_ratio()]
    opening = (
        f"{basis.years.capitalize()}, {count_of(int(row.observed), 'décès', 'décès')} "
        f"{_among(of_place)}, pour {expected_text(row.expected)} attendus aux taux {basis.of_zone} : "
        f"un ratio de {ratio_text(row.value)} (intervalle de confiance à {P95} : {interval_text(row)})."
    )
    return [opening, _meaning(row, basis)]


def _among(of_place: str) -> str:
    return f"ont été comptés parmi les habitants {of_place}"


def _go_larger() -> str:
    return (
        f"Sous {LEAST_DEATHS} décès, un ratio dirait surtout le hasard : choisissez un territoire plus "
        "grand, son intercommunalité par exemple."
    )


def _no_ratio() -> str:
    return "Sans aucun décès, il n'y a pas de ratio à montrer."


def _meaning(row: Any, basis: Basis) -> str:
    if row.at_95 == SAME:
        return (
            f"À âge et sexe comparables, aucune différence avec {basis.the_zone} n'est établie : ce que "
            "le hasard fait varier d'une période à l'autre suffit à expliquer l'écart."
        )
    way, ends = (
        ("plus", (row.low, row.high)) if row.at_95 == HIGHER else ("moins", (row.high, row.low))
    )
    few, many = (abs(bound - SCALE) * row.expected / SCALE for bound in ends)
    gap = abs(row.observed - row.expected)
    certainty = (
        f"La différence tient aussi à {P998}."
        if row.at_998 != SAME
        else f"La différence ne tient plus à {P998} : elle reste à confirmer."
    )
    return (
        f"À âge et sexe comparables, c'est environ {number(gap)} décès de {way} qu'attendu en cinq ans "
        f"(entre {number(few)} et {number(many)}). {certainty} Le ratio ne dit pas pourquoi."
    )


def weight_sentence(share: float, basis: Basis) -> str:
    """Said when the territory is a large part of the country that it is read beside; else empty."""
    if not share > 0.1:
        return ""
    return (
        f"Ce territoire compte {percent(share, 0)} des décès {basis.of_zone} : il entre dans la "
        "référence, et l'écart montré est un peu plus petit que le vrai."
    )


def coverage_sentence(row: Any) -> str:
    """Share of the inhabitants behind the figures, when it is not all of them."""
    if row.state == ABSENT or row.coverage >= 0.9995:
        return ""
    return (
        f"Ces chiffres portent sur {percent(row.coverage)} de la population : les autres communes n'ont "
        "pas de chiffre, et ne comptent dans aucun total."
    )


# Tables.


def drawn_key(basis: Basis) -> str:
    """Key of the drawn table, always beside it."""
    parts = (
        f'<span><i class="stem"></i> {basis.the_zone} (100)</span>',
        '<span><i class="mark favorable"></i> plus bas</span>',
        '<span><i class="mark defavorable"></i> plus haut</span>',
        '<span><i class="mark"></i> pas de différence établie</span>',
        f'<span><i class="line"></i> intervalle de confiance à {P95}</span>',
    )
    return f'{STYLE}<div class="spine-key">{"".join(parts)}</div>'


def drawn_table(rows: pd.DataFrame, caption: str, basis: Basis) -> str:
    """Perimeter and intercommunalités, each drawn beside the country's line, in the order given.

    ``rows``: name, state, observed, expected and the columns of compared().
    """
    ends = rows[["low", "high"]].to_numpy(float).ravel()
    gaps = [abs(end - SCALE) for end in ends if math.isfinite(end)]
    span = 10 * math.ceil(max([*gaps, _LEAST_SPAN]) / 10)
    body = "".join(_drawn_row(row, span / AXIS, basis) for row in rows.itertuples())
    axis = f"{number(max(SCALE - span, 0))} · {basis.the_zone} (100) · {number(SCALE + span)}"
    return (
        f'<table class="spine"><caption>{escape_html(caption)}</caption><thead><tr>'
        '<th scope="col">Territoire</th><th scope="col" class="n">Décès observés</th>'
        '<th scope="col" class="n">Décès attendus</th><th scope="col" class="n">Ratio</th>'
        f'<th scope="col" class="n">Intervalle à {P95}</th>'
        f'<th scope="col" style="text-align:center">{escape_html(axis)}</th>'
        f'<th scope="col">Lecture</th></tr></thead><tbody>{body}</tbody></table>'
    )


def _drawn_row(row: Any, unit: float, basis: Basis) -> str:
    gap, low, high = ((bound - SCALE) / unit for bound in (row.value, row.low, row.high))
    differs = row.at_95 in (HIGHER, LOWER)
    tone = _DIRECTIONS.get(row.at_95, "neutre")
    drawing = track(SpineRow("", row.name, "", "", "", tone, differs, gap, low, high))
    numbers = (observed_text(row), expected_text(row.expected), ratio_text(row.value))
    cells = "".join(f'<td class="n">{escape_html(text)}</td>' for text in numbers)
    return (
        f'<tr><th scope="row" style="min-width:11rem">{escape_html(row.name)}</th>{cells}'
        f'<td class="n">{escape_html(interval_text(row))}</td><td class="axis" style="min-width:11rem;width:28%">{drawing}</td>'
        f'<td class="said">{escape_html(verdict(row, basis.the_zone))}</td></tr>'
    )


def communes_table(rows: pd.DataFrame, basis: Basis) -> pd.DataFrame:
    """One line a commune in alphabetical order, as texts; the smoothed ratio beside the count."""
    ordered = by_name(rows)
    return pd.DataFrame(
        {
            "Commune": ordered["name"],
            "Décès observés": [observed_text(row) for row in ordered.itertuples()],
            "Décès attendus": ordered["expected"].map(expected_text),
            "Ratio (France = 100)": ordered["value"].map(ratio_text),
            f"Intervalle à {P95}": [interval_text(row) for row in ordered.itertuples()],
            "Lecture": [verdict(row, basis.the_zone) for row in ordered.itertuples()],
            "Estimation lissée": ordered["smoothed"].map(ratio_text),
        }
    )


def counts_table(rows: pd.DataFrame, kind: str = "Territoire") -> pd.DataFrame:
    """Observed deaths alone, when there is no ratio."""
    return pd.DataFrame(
        {kind: rows["name"], "Décès observés": [observed_text(row) for row in rows.itertuples()]}
    )


def by_name(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows in French alphabetical order: never that of the values."""
    return rows.sort_values("name", key=lambda names: names.map(alphabetical), kind="stable")


def file_frame(rows: pd.DataFrame) -> pd.DataFrame:
    """What is on screen as numbers, with its state: what is not shown is empty."""
    states = {SHOWN: "publié", ZERO: "zéro", SECRET: "non montré", ABSENT: "pas de chiffre"}
    has_ratio = rows["value"].notna()
    return pd.DataFrame(
        {
            "Territoire": rows["name"],
            "Code": rows["code"],
            "État": rows["state"].map(states),
            "Décès observés": rows["observed"],
            "Décès attendus": rows["expected"].round(1),
            "Ratio (France = 100)": rows["value"].round(1),
            "Borne basse à 95 %": rows["low"].round(1),
            "Borne haute à 95 %": rows["high"].round(1),
            "Borne basse à 99,8 %": rows["low_998"].round(1),
            "Borne haute à 99,8 %": rows["high_998"].round(1),
            "Lecture face à la France à 95 %": rows["at_95"].where(has_ratio, ""),
            "Lecture face à la France à 99,8 %": rows["at_998"].where(has_ratio, ""),
            "Estimation lissée": rows["smoothed"].round(1),
            "Population couverte (%)": (100 * rows["coverage"]).round(1),
        }
    )


# The communes: funnel and smoothing.


def states_sentence(rows: pd.DataFrame) -> str:
    """How many communes have a ratio, and what became of the others."""
    counts = rows["state"].value_counts()
    shown = int(rows["value"].notna().sum())
    one_more = {
        SECRET: "non montrée",
        ZERO: "sans aucun décès",
        ABSENT: "sans chiffre",
    }
    plurals = {SECRET: "non montrées", ZERO: "sans aucun décès", ABSENT: "sans chiffre"}
    others = [
        f"{number(n)} {one_more[state] if n < 2 else plurals[state]}"
        for state in (SECRET, ZERO, ABSENT)
        if (n := int(counts.get(state, 0)))
    ]
    said = f"{count_of(shown, 'commune')} sur {number(len(rows))} {'ont' if shown > 1 else 'a'} un ratio"
    return f"{said} ; {joined(others)}." if others else f"{said}."


def chance_sentences(shown: int, at_95: int, at_998: int, basis: Basis) -> str:
    """How many leave the country's value out, beside how many would by chance alone."""
    by_chance = 0.05 * shown
    chance = f"environ {number(by_chance)}" if by_chance >= 1 else "moins d'une"
    said = (
        f"Sur {count_of(shown, 'commune')} avec un ratio, {_differ(at_95)} {basis.of_zone} à {P95} : le "
        f"hasard seul en désigne en moyenne {chance}. À {P998}, le niveau à retenir quand on en regarde "
        f"beaucoup à la fois, {_differ(at_998)}."
    )
    if at_998 <= max(by_chance, 1):
        return said
    return (
        f"{said} C'est plus que le hasard : la présence, ou l'absence, d'un établissement pour personnes "
        "âgées peut suffire à écarter une commune."
    )


def _differ(n: int) -> str:
    if n == 0:
        return "aucune ne diffère"
    return f"{number(n)} {'diffèrent' if n > 1 else 'diffère'}"


def funnel_notes(basis: Basis) -> str:
    """How to read the funnel, and its blind side."""
    return (
        f"Chaque point est une commune avec un ratio ; le trait plein est {basis.the_zone}. Entre les "
        f"limites, l'écart peut tenir au seul hasard. À gauche, les petites communes n'apparaissent que "
        f"si au moins {LEAST_DEATHS} décès y ont été comptés : celles qui en ont eu peu manquent, et "
        "l'ensemble y paraît plus haut qu'il n'est."
    )


def communes_funnel(drawn: Funnel, basis: Basis) -> go.Figure:
    """The funnel of the communes; names stay on hovering and in the table when they are many."""
    figure = funnel_chart(drawn, READING, basis.the_zone, EXPECTED)
    if drawn.beyond > _MOST_NAMED:
        figure.update_traces(mode="markers", selector={"mode": "markers+text"})
    return figure


def funnel_alt(drawn: Funnel) -> str:
    """The funnel in one sentence."""
    outside = drawn.points["outside"].value_counts()
    return (
        f"Entonnoir de {count_of(len(drawn.points), 'commune')} : "
        f"{number(int(outside.get(INSIDE, 0)))} dans les limites à 95 %, "
        f"{number(int(outside.get(BEYOND_95, 0)))} entre les limites à 95 % et à 99,8 %, "
        f"{number(int(outside.get(BEYOND_998, 0)))} au-delà. Les chiffres sont dans le tableau des communes."
    )


NO_FIGURE_NOTE = f"« Pas de chiffre » : les décès ou les âges de moins de 90{NARROW}% de la population sont chargés."
NO_FUNNEL = "Pas d'entonnoir : il faut au moins trois communes avec un ratio."


def smoothing_note(reference: float, communes: int) -> str:
    """What the smoothed ratio is, and towards what; why there is none."""
    if communes < SMOOTHED_FROM:
        return f"Pas d'estimation lissée : il faut au moins {SMOOTHED_FROM} communes avec des chiffres."
    return (
        "« Estimation lissée » : le ratio rapproché de celui des "
        f"{count_of(communes, 'commune')} qui ont des chiffres ({ratio_text(reference)}), d'autant plus "
        "que peu de décès étaient attendus. Elle dit un niveau plausible, à côté du nombre compté ; elle ne sert pas à "
        "dire qu'une commune diffère."
    )


# Limits and method.


def limits(rates: pd.DataFrame | None, basis: Basis) -> list[str]:
    """What the ratio does not say, in full words."""
    first_open = int(rates.index.unique("age").max()) if rates is not None else 85
    old = _share_from(rates, 65)
    most = (
        f" ; {percent(old, 0)} des décès {basis.of_zone} surviennent à 65 ans ou plus"
        if old
        else ""
    )
    census = f" de {basis.census}" if basis.census else ""
    return [
        "**Aucune cause.** Toutes les causes de décès sont ensemble : rien ne dit de quoi l'on meurt.",
        f"**Pas de mortalité prématurée.** Tous les âges sont ensemble{most}.",
        "**Les établissements pour personnes âgées comptent dans leur commune.** Leurs résidents y sont "
        "domiciliés, et leur santé est plus fragile qu'au même âge ailleurs : une petite commune qui en "
        "a un peut avoir un ratio haut pour cette seule raison, et une commune qui n'en a pas un ratio bas.",
        "**L'âge et le sexe sont pris en compte, pas la richesse.** Une population plus âgée n'explique "
        "donc pas un ratio haut ; les revenus, le métier ou le tabac, eux, peuvent l'expliquer.",
        f"**Les classes d'âge sont larges.** À partir de {first_open} ans, tous les âges sont ensemble : une "
        "population où les plus de 95 ans sont nombreux garde un ratio un peu trop haut.",
        f"**La population est celle d'un seul recensement{census}.** Elle tient lieu des cinq années : là "
        "où le nombre ou l'âge des habitants change plus vite qu'en France, le ratio s'en ressent.",
        "**L'intervalle ne mesure que le hasard des décès**, pas l'imprécision du recensement dans les "
        "petites communes.",
    ]


def _share_from(rates: pd.DataFrame | None, age: int) -> float | None:
    """Share of the country's deaths from an age on, when a class begins there."""
    if rates is None or age not in rates.index.unique("age"):
        return None
    old = rates.index.get_level_values("age") >= age
    return float(rates.loc[old, "deaths"].sum() / rates["deaths"].sum())


def method_lines(rates: pd.DataFrame, basis: Basis) -> list[str]:
    """How the figures were made, step by step."""
    ages = rates.index.unique("age").tolist()
    ends = [*(later - 1 for later in ages[1:]), None]
    classes = joined(
        [
            f"{start} à {end}{NO_BREAK}ans" if end is not None else f"{start}{NO_BREAK}ans et plus"
            for start, end in zip(ages, ends, strict=True)
        ]
    )
    return [
        f"Décès observés : état civil, à la commune de domicile, {basis.years} réunis.",
        f"Taux {basis.of_zone}, par sexe et classe d'âge ({classes}) : décès des cinq mêmes années, "
        "divisés par la somme des populations au 1er janvier de ces années.",
        f"Décès attendus : habitants du recensement de {basis.census} dans chaque classe, multipliés par "
        "ces taux et par cinq. Le recensement retenu est le plus proche du milieu des cinq années.",
        f"Ratio : observés divisés par attendus, fois 100. Intervalle de Byar sur les décès observés, à "
        f"{P95} et à {P998}.",
        "Périmètres et intercommunalités : les décès observés et attendus de leurs communes sont "
        "additionnés, puis divisés. Jamais une moyenne de ratios.",
        f"Un ratio n'est jamais montré sous {LEAST_DEATHS} décès observés.",
    ]


def check_sentence(ratio: float, share: float, basis: Basis) -> str:
    """All loaded communes together, a check of the whole chain; empty when few are loaded."""
    if not share >= 0.9:
        return ""
    return (
        f"Contrôle : toutes les communes chargées ensemble ont un ratio de {number(ratio, 1)}, pour 100 "
        f"attendu. L'écart tient aux décès de personnes domiciliées hors {basis.of_zone}, et au recensement."
    )


def source_line(sources: Sequence[tuple[str, str, str]]) -> str:
    """« Sources : Insee, État civil (2008 à 2025) ; … »."""
    said = [f"{producer}, {title} ({vintage})" for producer, title, vintage in sources]
    return f"Sources : {' ; '.join(said)}." if said else ""
