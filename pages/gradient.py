"""The social gradient inside a perimeter: its communes put in fifths by a social axis."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from diagnostic.assessment import NOT_COMPARED, intervals
from diagnostic.deprivation import disadvantage_rank, weighted_quantile_class
from diagnostic.slope import SlopeIndex, slope_index
from diagnostic.trend import independent_periods
from pages.local_data import remembered
from pages.reading import with_cards
from pages.shared import Current, build_path, indicators, mart, open_warehouse, warehouse
from warehouse.indicators import IndicatorCard

FIFTHS = 5
LEAST_GROUPS = 3
LEAST_COVERED = 0.5
WELL_COVERED = 0.9
NATIONAL, LOCAL = "national", "local"
# Sources of the census: a point dated by one year covers five.
CENSUS = ("insee_rp", "melodi_rp", "insee_comparateur")
Z95 = 1.959963984540054
# Figures made of the same incomes as the axis: a gradient of them along it would be a tautology.
INCOME = frozenset(
    {
        "mediane_niveau_vie",
        "taux_pauvrete",
        "premier_decile_niveau_vie",
        "rapport_interdecile",
        "mediane_revenu_declare",
        "gini_revenu_declare",
        "part_menages_imposes",
        "part_bas_revenus_declares",
        "fedi",
        "fedi_quintile",
    }
)
DEPRIVATION = frozenset({"fedi", "fedi_quintile"})
# Traits that the F-EDI adds up (Pornet 2012, table 5), or their nearest indicators.
FEDI_TRAITS = frozenset(
    {
        "part_sans_diplome",
        "part_proprietaires",
        "taux_chomage_15_64",
        "part_menages_sans_voiture",
        "part_residences_suroccupees",
        "part_familles_monoparentales",
        "part_ouvriers",
    }
)

# The four variables of the FDep (Rey 2009) and the indicators that hold them, None where none does.
FDEP = {
    "le revenu déclaré médian": "mediane_revenu_declare",
    "la part de bacheliers": None,
    "la part d'ouvriers": "part_ouvriers",
    "le taux de chômage du recensement": "taux_chomage_15_64",
}


@dataclass(frozen=True)
class Axis:
    """What communes are ordered by, from the most to the least disadvantaged.

    ``high_is_deprived``: whether a high value means disadvantage (an index) or the reverse (income).
    """

    key: str
    indicator: str
    label: str
    high_is_deprived: bool
    period: str = ""


AXES = (
    Axis("fedi", "fedi", "Indice européen de défavorisation (F-EDI)", True),
    Axis("niveau_vie", "mediane_niveau_vie", "Niveau de vie médian", False),
    Axis("revenu", "mediane_revenu_declare", "Revenu déclaré médian", False),
)


@dataclass(frozen=True)
class Groups:
    """Communes of the perimeter in groups, 1 = most disadvantaged.

    ``rank``: by commune code. ``table``: one row a group with communes, population, share (of the
    perimeter's inhabitants placed), lowest and highest score. ``unplaced``: communes without a score.
    """

    axis: Axis
    cut: str
    rank: pd.Series
    table: pd.DataFrame
    unplaced: tuple[str, ...]

    @property
    def usable(self) -> bool:
        """Whether a gradient can be read: three groups with inhabitants, or more."""
        return int((self.table["population"] > 0).sum()) >= LEAST_GROUPS


def axes(found: Current) -> dict[str, Axis]:
    """Axes whose figures cover at least half of the perimeter, best first, at their latest period."""
    values = mart("commune_values", codes=found.code_list)
    known = values[values["value"].notna()]
    result = {}
    for axis in AXES:
        covered = (
            known[known["indicator_id"] == axis.indicator].groupby("period")["population"].sum()
        )
        enough = covered[covered >= LEAST_COVERED * found.population]
        if len(enough):
            result[axis.key] = Axis(**{**axis.__dict__, "period": str(max(enough.index))})
    return result


def national_share(indicator: str, period: str) -> float:
    """Share of the inhabitants of France whose commune has a figure loaded."""
    rows = mart("commune_matrix", indicators=[indicator], periods=[period])
    country = mart("territory_named", levels=["france"], codes=["FR"])
    return float(rows["population"].sum() / country["population"].iloc[0]) if len(country) else 0.0


def fdep_missing(periods: pd.Series) -> list[str]:
    """Variables of the FDep that are not loaded for the communes of the whole country."""
    return [
        name
        for name, indicator in FDEP.items()
        if indicator not in periods.index
        or national_share(str(indicator), periods[indicator]) < WELL_COVERED
    ]


def national_scores(axis: Axis) -> pd.DataFrame | None:
    """Score of every commune (index code, columns score and population); None unless 90 % is known."""
    return _national_scores(build_path(), axis)


@st.cache_data(max_entries=6, show_spinner=False)
def _national_scores(path: str, axis: Axis) -> pd.DataFrame | None:
    rows = open_warehouse(path).mart(
        "commune_matrix", indicators=[axis.indicator], periods=[axis.period]
    )
    country = open_warehouse(path).mart("territory_named", levels=["france"], codes=["FR"])
    if country.empty or rows["population"].sum() < WELL_COVERED * country["population"].iloc[0]:
        return None
    return _scores(rows.set_index("code"), axis)


def _scores(rows: pd.DataFrame, axis: Axis) -> pd.DataFrame:
    """Higher = more disadvantaged, whatever the axis."""
    sign = 1.0 if axis.high_is_deprived else -1.0
    return pd.DataFrame({"score": sign * rows["value"], "population": rows["population"]})


def social_groups(found: Current, axis: Axis, cut: str) -> Groups:
    """Communes of the perimeter in population-weighted fifths, cut in the country or inside it."""
    values = mart("commune_values", codes=found.code_list)
    rows = values[(values["indicator_id"] == axis.indicator) & (values["period"] == axis.period)]
    own = _scores(rows[rows["value"].notna()].set_index("code"), axis)
    whole = national_scores(axis) if cut == NATIONAL else own
    if whole is None:
        raise ValueError("Les cinquièmes nationaux demandent les chiffres de toute la France.")
    # A municipal arrondissement takes the fifth of its score; its people already count in its city.
    apart = own[~own.index.isin(whole.index)]
    whole = pd.concat([whole, apart.assign(population=0.0)]) if len(apart) else whole
    classes = weighted_quantile_class(whole["score"], whole["population"], FIFTHS).classes
    rank = disadvantage_rank(classes.reindex(own.index)).dropna().astype(int)
    sign = 1.0 if axis.high_is_deprived else -1.0
    described = own.loc[rank.index].assign(rank=rank, shown=sign * own["score"]).groupby("rank")
    table = pd.DataFrame(
        {
            "communes": described.size(),
            "population": described["population"].sum(),
            "lowest": described["shown"].min(),
            "highest": described["shown"].max(),
        }
    )
    table["share"] = table["population"] / table["population"].sum()
    unplaced = tuple(code for code in found.codes if code not in rank.index)
    return Groups(axis, cut, rank, table, unplaced)


def group_figures(groups: Groups, periods: pd.Series) -> pd.DataFrame:
    """Figures of each group (one row an indicator and rank), with a 95 % interval where one exists.

    ``periods``: period of each indicator. Counts and categories, which do not compare, stay out.
    ``groups``: how many groups there are, those without a row included. Remembered by build.
    """
    return _group_figures(build_path(), groups, periods)


@remembered(max_entries=200)
def _group_figures(path: str, groups: Groups, periods: pd.Series) -> pd.DataFrame:
    ranks = [str(rank) for rank in groups.rank]
    rows = warehouse().mart("profiles", groups=ranks, codes=list(groups.rank.index))
    rows = rows[rows["period"] == rows["indicator_id"].map(periods)]
    frame = with_cards(rows.set_index("indicator_id"))
    frame = frame[~frame["kind"].isin(NOT_COMPARED)].reset_index()
    low, high, interval = intervals(frame)
    rank = frame["parent_code"].astype(int)
    return frame.assign(
        low=low,
        high=high,
        interval=interval,
        rank=rank,
        population=rank.map(groups.table["population"]),
        groups=len(groups.table),
    ).sort_values(["indicator_id", "rank"], ignore_index=True)


@remembered(max_entries=200)
def slopes(figures: pd.DataFrame) -> dict[str, SlopeIndex]:
    """SII and RII of each indicator whose groups all have a figure, by indicator.

    Linear, groups from the most to the least disadvantaged; the interval carries the groups' own
    errors where they exist, else the residuals of the line.
    """
    result = {}
    for name, rows in figures.groupby("indicator_id"):
        if len(rows) < max(LEAST_GROUPS, rows["groups"].iloc[0]) or rows["value"].isna().any():
            continue
        result[str(name)] = slope_index(
            rows["value"].to_numpy(float), standard_errors(rows), rows["population"].to_numpy(float)
        )
    return result


def standard_errors(rows: pd.DataFrame) -> npt.NDArray[np.float64] | None:
    """Standard error of each group's value, from its 95 % interval; None unless all have one."""
    errors = ((rows["high"] - rows["low"]) / (2 * Z95)).to_numpy(float)
    return None if np.isnan(errors).any() else errors


def latest_periods(found: Current) -> pd.Series:
    """Period of each indicator with a figure in some commune: the latest that covers 90 % of the
    inhabitants, else the best covered."""
    values = mart("commune_values", codes=found.code_list)
    known = values[values["value"].notna() & values["indicator_id"].isin(list(indicators()))]
    covered = known.groupby(["indicator_id", "period"])["population"].sum() / found.population
    table = covered.clip(upper=WELL_COVERED).rename("covered").reset_index()
    best = table.sort_values(["covered", "period"]).drop_duplicates("indicator_id", keep="last")
    return best.set_index("indicator_id")["period"]


def gaps_in_time(groups: Groups, card: IndicatorCard) -> dict[str, SlopeIndex]:
    """Slope of ``card`` at each of its independent periods, oldest first, the groups unchanged.

    Periods of the latest series that share no year, at which every group has a figure.
    """
    rows = mart(
        "profiles", groups=[str(rank) for rank in groups.rank], codes=list(groups.rank.index)
    )
    own = rows[(rows["indicator_id"] == card.id) & rows["value"].notna()]
    complete = own.groupby("period")["parent_code"].nunique().eq(len(groups.table))
    periods = [str(period) for period in complete.index[complete]]
    starts = [one.starts for one in card.series]
    breaks = {period: sum(period >= start for start in starts) for period in periods}
    latest = [period for period in periods if breaks[period] == max(breaks.values())]
    window = 5 if own["source_id"].str.startswith(CENSUS).any() else 1
    found = {
        period: slopes(group_figures(groups, pd.Series({card.id: period}))).get(card.id)
        for period in independent_periods(latest, window)
    }
    return {period: slope for period, slope in found.items() if slope is not None}


def circular(axis: Axis) -> frozenset[str]:
    """Indicators that the axis is made of, or that are made of it: no gradient to be read."""
    return DEPRIVATION if axis.indicator in DEPRIVATION else INCOME - DEPRIVATION


def component(axis: Axis, name: str) -> bool:
    """Whether ``name`` measures one of the traits that the axis adds up."""
    return axis.indicator in DEPRIVATION and name in FEDI_TRAITS


def speaking(names: Collection[str]) -> list[str]:
    """Indicators that a gradient inside a perimeter says something about.

    Not those made of the same incomes as the axis, nor densities of professionals, whose patients
    come from neighbouring communes.
    """
    cards = indicators()
    return [
        name
        for name in names
        if name not in INCOME
        and not (cards[name].theme == "offre" and cards[name].interval_rule == "rate")
    ]
