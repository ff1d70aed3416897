"""Deaths beside those expected at the country's rates: what a study stands on, and its rows."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from diagnostic.mortality import (
    AGES,
    COMMUNE,
    COVERED,
    DEATHS,
    EPCI,
    PERIMETER,
    RATES,
    SCALE,
    YEARS,
    Plan,
    people,
    plan,
    ratio,
    runs,
    smoothed,
    territories,
)
from pages.shared import Current, build_path, geography, mart, open_warehouse
from views import mortality as words

SOURCES = {DEATHS: "melodi_etat_civil", AGES: "melodi_population_age", RATES: "melodi_mortalite"}


@dataclass(frozen=True)
class Study:
    """Every loaded commune beside the country: observed and expected deaths, smoothed ratio.

    ``reference``: ratio of all of them together, towards which each is drawn; ``known``: how many
    have both counts; ``share``: part of the country's inhabitants who live there.
    """

    communes: pd.DataFrame
    reference: float
    known: int
    share: float


def study_of(chosen: Plan) -> Study:
    """Deaths of every loaded commune beside those expected, as ``chosen`` allows."""
    return _study(build_path(), chosen.first, chosen.census, chosen.zone, chosen.rates)


@st.cache_resource(max_entries=4, show_spinner="Calcul des décès attendus…")
def _study(path: str, first: int, census: int, zone: str, _rates: pd.DataFrame) -> Study:
    source = open_warehouse(path)
    inhabitants = people(source.mart("population_bands", at_period=str(census)), _rates)
    deaths = source.mart("pooled_deaths", first_year=first, last_year=first + YEARS - 1)
    observed = deaths.set_index("code")["deaths"].reindex(inhabitants.index)
    table = ratio(observed, inhabitants, _rates)
    both = table["value"].notna()
    table["smoothed"] = smoothed(table["observed"].where(both), table["expected"])
    reference = SCALE * table.loc[both, "observed"].sum() / table.loc[both, "expected"].sum()
    share = YEARS * inhabitants[both].to_numpy().sum() / _rates["population"].sum()
    kept = table.loc[both, ["observed", "expected", "smoothed"]]
    return Study(kept, float(reference), len(kept), float(share))


def around(found: Current) -> pd.DataFrame:
    """The communes of the perimeter and the others of its intercommunalités (index code)."""
    bodies = found.communes["epci_code"].dropna().unique()
    members = geography().members
    codes = {*found.codes, *(one for body in bodies for one in members[("epci", body)])}
    table = mart("commune_list", codes=sorted(codes)).set_index("code")
    return pd.DataFrame(
        {
            "name": table["name"],
            "population": table["population"].fillna(0).astype(float),
            "epci": table["epci_code"],
            "inside": table.index.isin(found.codes),
        }
    )


def years_covered(found: Current, name: str) -> pd.DataFrame:
    """Years of a mart in which enough of the inhabitants have a figure (index year)."""
    table = mart(name, codes=found.code_list).set_index("year")
    return table[table["population"] >= COVERED * found.population]


def plan_of(found: Current) -> tuple[Plan | None, list[str], list[int]]:
    """What the ratio stands on, else what lacks, in words; first years of the deaths that are there."""
    deaths = years_covered(found, "death_years").index.tolist()
    censuses = years_covered(found, "census_years")["ages"].map(list).to_dict()
    national = mart("national_deaths")
    chosen, lacking = plan(deaths, censuses, national)
    titles = mart("sources").set_index("id")["title"]
    named = {piece: titles[source] for piece, source in SOURCES.items()}
    loaded = (deaths, list(censuses), sorted(set(national["year"])))
    return chosen, words.missing_items(lacking, named, loaded), runs(deaths)


def names_of(found: Current, rows: pd.DataFrame, communes: pd.DataFrame) -> list[str]:
    """Name of each row; an intercommunalité that the perimeter cuts says that it is the whole one."""
    known = geography().names
    inside = communes.groupby("epci")["inside"].all()
    named = []
    for level, code in zip(rows["level"], rows["code"], strict=True):
        if level == PERIMETER:
            named.append(found.label)
        elif level == COMMUNE:
            named.append(str(communes.at[code, "name"]))
        else:
            name = known[(level, code)]
            named.append(name if inside[code] else words.WHOLE_EPCI.format(name=name))
    return named


def rows_of(found: Current, counts: pd.DataFrame) -> pd.DataFrame:
    """What may be shown of the perimeter, its intercommunalités and its communes, with names.

    ``counts``: observed, expected and smoothed of communes (index code). A territory that is the
    perimeter itself has no row of its own.
    """
    communes = around(found)
    rows = territories(communes.join(counts[["observed", "expected"]]))
    rows["name"] = names_of(found, rows, communes)
    has_ratio = rows["level"].eq(COMMUNE) & rows["value"].notna()
    drawn = counts["smoothed"].reindex(rows["code"]).set_axis(rows.index)
    rows["smoothed"] = drawn.where(has_ratio)
    only_one = rows["level"].map(rows["level"].value_counts()).eq(1)
    same = rows["level"].eq(COMMUNE) | (rows["level"].eq(EPCI) & communes["inside"].all())
    return rows[~(only_one & same)]
