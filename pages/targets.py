"""Whom an action is for, and how many they are in each commune."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from pages.linked import linked_selectbox
from pages.local_data import remembered
from pages.shared import Current, build_path, mart

ALL = "tous"


@dataclass(frozen=True)
class Target:
    """A population: label of the choice, how these people are named, their ages and sex.

    ``indicator``: the one whose numerator counts them where ages are not loaded. ``low``, ``high``:
    first and last age, on the limits of the five-year bands; ``high`` None is open.
    """

    label: str
    named: str
    low: int = 0
    high: int | None = None
    sex: str = ""
    indicator: str = ""


TARGETS = {
    ALL: Target("Tous les habitants", "d'habitants"),
    "moins-15": Target("Moins de 15 ans", "d'enfants de moins de 15 ans", 0, 14),
    "moins-20": Target(
        "Moins de 20 ans", "de jeunes de moins de 20 ans", 0, 19, indicator="part_moins_20_ans"
    ),
    "50-74": Target("50 à 74 ans", "d'habitants de 50 à 74 ans", 50, 74),
    "femmes-50-74": Target("Femmes de 50 à 74 ans", "de femmes de 50 à 74 ans", 50, 74, "F"),
    "femmes-25-64": Target("Femmes de 25 à 64 ans", "de femmes de 25 à 64 ans", 25, 64, "F"),
    "65-et-plus": Target(
        "65 ans et plus", "d'habitants de 65 ans et plus", 65, indicator="part_65_ans_et_plus"
    ),
    "75-et-plus": Target(
        "75 ans et plus", "d'habitants de 75 ans et plus", 75, indicator="part_75_ans_et_plus"
    ),
}


def target_counts(found: Current) -> dict[str, tuple[pd.Series, str]]:
    """People of each target by commune, and their period: those known in every inhabited commune."""
    inhabitants = found.communes.set_index("code")["population"]
    return _target_counts(build_path(), found.codes, inhabitants)


@remembered(max_entries=60)
def _target_counts(
    path: str, codes: tuple[str, ...], _inhabitants: pd.Series
) -> dict[str, tuple[pd.Series, str]]:
    inhabitants = _inhabitants
    lived_in = set(inhabitants.index[inhabitants > 0])
    ages = mart("population_ages", codes=list(codes))
    figures = mart("commune_values", codes=list(codes))
    counts: dict[str, tuple[pd.Series, str]] = {ALL: (inhabitants, "")}
    for key, target in TARGETS.items():
        if key == ALL:
            continue
        known = _from_ages(ages, target, lived_in)
        if known is None and target.indicator:
            known = _from_indicator(figures, target, lived_in)
        if known is not None:
            counts[key] = (known[0].reindex(inhabitants.index).fillna(0.0), known[1])
    return counts


def choose_target(found: Current, default: str = ALL) -> tuple[str, pd.Series]:
    """Whom the action is for: identifier of the target, and these people by commune."""
    counts = target_counts(found)
    labels = {
        key: TARGETS[key].label + (f" ({period})" if period else "")
        for key, (_, period) in counts.items()
    }
    key = linked_selectbox(
        st.container(width=340),
        "Population visée",
        labels,
        default if default in labels else ALL,
        "visee",
        help="À qui l'action s'adresse. Seules les populations chiffrées dans toutes les communes du "
        "périmètre sont proposées.",
    )
    if default not in labels:
        st.caption(
            f"« {TARGETS[default].label} » : les âges ne sont pas chargés pour toutes les communes d'ici "
            "(page Données). Une autre population, ou tous les habitants, sert à la place."
        )
    return key, counts[key][0]


def _from_ages(
    ages: pd.DataFrame, target: Target, lived_in: set[str]
) -> tuple[pd.Series, str] | None:
    inside = ages["age_from"] >= target.low
    if target.high is not None:
        inside &= ages["age_to"].notna() & (ages["age_to"] <= target.high)
    if target.sex:
        inside &= ages["sex"] == target.sex
    return _latest(ages[inside].groupby(["period", "code"])["population"].sum(), lived_in)


def _from_indicator(
    figures: pd.DataFrame, target: Target, lived_in: set[str]
) -> tuple[pd.Series, str] | None:
    rows = figures[(figures["indicator_id"] == target.indicator) & figures["numerator"].notna()]
    return _latest(rows.set_index(["period", "code"])["numerator"], lived_in)


def _latest(people: pd.Series, lived_in: set[str]) -> tuple[pd.Series, str] | None:
    """The latest period that has a number in every inhabited commune."""
    periods = sorted(people.index.get_level_values(0).unique(), reverse=True)
    for period in periods:
        here = people.loc[period]
        if lived_in <= set(here.index):
            return here.astype(float), str(period)
    return None
