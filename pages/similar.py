"""Territoires similaires: the ten EPCI most like the perimeter, and why."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from connectors.cards import read_yaml
from diagnostic.neighbours import PART_PREFIX, nearest
from pages.shared import (
    Current,
    build_path,
    geography,
    indicators,
    open_warehouse,
    show_table,
)
from views.text import alphabetical, joined, number, period_text, quantity
from warehouse.paths import ROOT

SUBJECT = "périmètre"
# A variable counts when nearly every EPCI has it: otherwise being loaded would pass for likeness.
LEAST_KNOWN = 0.9


@dataclass(frozen=True)
class Variable:
    """One trait on which territories are compared."""

    indicator: str
    reason: str
    log: bool = False


@dataclass(frozen=True)
class Similar:
    """EPCI like the perimeter, the nearest first: code, name, distance and, by reason, values.

    ``variables``: reason -> (indicator, period). ``left_out``: reasons without figures loaded for
    the whole country, or without one here.
    """

    table: pd.DataFrame
    variables: dict[str, tuple[str, str]]
    left_out: tuple[str, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """SIREN of the similar EPCI."""
        return tuple(self.table["code"])


def any_similar(found: Current) -> bool:
    """Whether enough EPCI lie out of the perimeter: the whole country is like nothing else."""
    everywhere = sum(level == "epci" for level, _ in geography().members)
    return everywhere - found.communes["epci_code"].nunique() >= _settings()[0]


def similar(found: Current) -> Similar:
    """EPCI like the perimeter on the traits of data/voisins.yml, those that it touches apart.

    None at all where too few are left.
    """
    if not any_similar(found):
        return Similar(pd.DataFrame(columns=["code", "name", "distance", "main"]), {}, ())
    return _similar(build_path(), found.codes, found.whole, found.cities)


def show_similar(alike: Similar) -> None:
    """The similar territories, what was compared, and what could not be."""
    cards = indicators()
    shown = alike.table.sort_values("name", key=lambda names: names.map(alphabetical))
    table = pd.DataFrame({"Territoire": shown["name"]})
    for reason, (name, period) in alike.variables.items():
        card = cards[name]
        heading = f"{card.short_label}, {period_text(period)}"
        table[heading] = [
            quantity(value, card.unit, card.decimals, signed=card.signed, short=True)
            for value in shown[reason]
        ]
    table["Ce qui en éloigne le plus"] = shown["main"]
    table["Distance"] = shown["distance"].map(lambda value: number(value, 2))
    with st.expander(
        f"Les {number(len(shown))} territoires similaires, et pourquoi",
        icon=":material/group_work:",
    ):
        show_table(table, "Territoires similaires", [*table.columns[1:-2], "Distance"])
        st.caption(
            f"Les intercommunalités de France dont {joined(list(alike.variables))} ressemblent le "
            "plus à celles du périmètre : écart-type par écart-type, à poids égaux, dans l'ordre "
            "alphabétique. La distance est d'autant plus petite que la ressemblance est grande. "
            "Aucun résultat de santé n'entre dans ce choix, et se ressembler n'est pas un objectif."
        )
        if alike.left_out:
            st.caption(
                f"Non utilisé, faute de chiffres chargés pour toute la France : {joined(alike.left_out)}."
            )


@st.cache_resource(show_spinner=False)
def _settings() -> tuple[int, tuple[Variable, ...]]:
    read = read_yaml(ROOT / "data" / "voisins.yml")
    return int(read["nombre"]), tuple(Variable(**one) for one in read["variables"])


@st.cache_data(max_entries=2, show_spinner=False)
def _epci(path: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every EPCI's figures (code, name, indicator_id, period, value), and the period of each trait."""
    _, variables = _settings()
    names = [one.indicator for one in variables]
    figures = open_warehouse(path).mart("level_matrix", at_level="epci", indicators=names)
    known = figures.groupby(["indicator_id", "period"])["code"].nunique().reset_index(name="known")
    full = known[known["known"] >= LEAST_KNOWN * figures["code"].nunique()]
    return figures, full.groupby("indicator_id")["period"].max().reset_index()


@st.cache_data(max_entries=200, show_spinner=False)
def _similar(
    path: str, codes: tuple[str, ...], whole: tuple[str, str], cities: tuple[str, ...]
) -> Similar:
    count, variables = _settings()
    figures, chosen = _epci(path)
    periods = dict(zip(chosen["indicator_id"], chosen["period"], strict=True))
    own = _own(path, codes, whole, periods)
    used = [one for one in variables if one.indicator in own.index]
    table = _matrix(figures, periods, used)
    members, touched = geography().members, set(cities)
    inside = {epci for epci in table.index if touched.intersection(members.get(("epci", epci), ()))}
    candidates = table.drop(index=list(inside)).dropna()
    everyone = pd.concat([candidates, own.reindex(table.columns).to_frame(SUBJECT).T])
    found = nearest(everyone, count, log=[one.indicator for one in used if one.log], of=[SUBJECT])
    rows = found.xs(SUBJECT, level="code").dropna(subset=["neighbour"])
    names = figures.drop_duplicates("code").set_index("code")["name"]
    shown = pd.DataFrame(
        {
            "code": rows["neighbour"],
            "name": rows["neighbour"].map(names),
            "distance": rows["distance"],
            **{one.reason: rows["neighbour"].map(table[one.indicator]) for one in used},
        }
    ).reset_index(drop=True)
    return Similar(
        shown.assign(main=_main_reasons(rows, used)),
        {one.reason: (one.indicator, periods[one.indicator]) for one in used},
        tuple(one.reason for one in variables if one not in used),
    )


def _own(
    path: str, codes: tuple[str, ...], whole: tuple[str, str], periods: dict[str, str]
) -> pd.Series:
    """Traits of the perimeter at the periods the country is known for."""
    level, code = whole
    frame = open_warehouse(path).mart(
        "profile", codes=list(codes), whole_level=level, whole_code=code
    )
    at_period = frame[frame["period"] == frame["indicator_id"].map(periods)]
    return at_period.dropna(subset=["value"]).set_index("indicator_id")["value"]


def _matrix(figures: pd.DataFrame, periods: dict[str, str], used: list[Variable]) -> pd.DataFrame:
    at_period = figures[figures["period"] == figures["indicator_id"].map(periods)]
    table = at_period.pivot(index="code", columns="indicator_id", values="value")
    return table[[one.indicator for one in used]]


def _main_reasons(rows: pd.DataFrame, used: list[Variable]) -> list[str]:
    """For each neighbour, the trait that sets it apart most."""
    parts = rows[[f"{PART_PREFIX}{one.indicator}" for one in used]]
    reasons = {f"{PART_PREFIX}{one.indicator}": one.reason for one in used}
    return [reasons[name] for name in parts.fillna(0.0).idxmax(axis=1)]
