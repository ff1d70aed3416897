"""Deaths observed beside those expected at the country's rates by sex and age: the indirect ratio.

Source: docs/methodologie.md (O/E with Byar's interval on O); Breslow & Day (1987), volume II, chapter 2, for
indirect standardisation. Such a ratio is read beside the country and nothing else: each territory
weighs the rates by its own ages, so that two ratios are not comparable with each other.

Years. Deaths of five calendar years, of the territory and of the country, the same five. The people
of a territory are those of one census, taken five times; those of the country are the populations on
1 January of the five years, added up. The census nearest to the middle of the five years is taken:
both sides then stand half a year before the deaths they face, and a territory that grows or ages as
the country does has the same ratio as with its true person-years. A census out of the five years is
refused.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from diagnostic.rates import count_interval, expected_events, significance
from diagnostic.smoothing import empirical_bayes
from diagnostic.suppression import ABSENT, SHOWN, ZERO, suppress

YEARS = 5
LEAST_DEATHS = 10
SCALE = 100.0
SEXES = ("F", "M")
# Zones of the national figures, the whole country first: F, else métropole.
ZONES = ("F", "FM")
# Fewer classes would leave most of the effect of age in the ratio.
LEAST_CLASSES = 5
# Territories from which a variance among them is worth estimating.
SMOOTHED_FROM = 30
# Share of the inhabitants whose commune must have figures (contract of the warehouse).
COVERED = 0.9
OPEN = 999

DEATHS, AGES, RATES, SAME_YEARS = "deaths", "ages", "rates", "same_years"
PERIMETER, EPCI, COMMUNE = "perimetre", "epci", "commune"
COMPARED = ("value", "low", "high", "low_998", "high_998", "at_95", "at_998")


@dataclass(frozen=True)
class Plan:
    """What a ratio stands on: the five years, the census, the zone and its figures by sex and age.

    ``rates``: index (sex, first age of the class), columns deaths and population (person-years) of
    the five years together.
    """

    first: int
    census: int
    zone: str
    rates: pd.DataFrame

    @property
    def years(self) -> tuple[int, ...]:
        """The five years."""
        return five_years(self.first)


def five_years(first: int) -> tuple[int, ...]:
    """The five years from ``first``."""
    return tuple(range(first, first + YEARS))


def runs(years: Collection[int]) -> list[int]:
    """First years of the five consecutive years that ``years`` holds, the newest first."""
    known = set(years)
    return sorted((year for year in known if known.issuperset(five_years(year))), reverse=True)


def plan(
    deaths: Collection[int], censuses: Mapping[int, Collection[int]], national: pd.DataFrame
) -> tuple[Plan | None, tuple[str, ...]]:
    """The newest five years that deaths, a census and the country share; else what is missing.

    ``deaths``: years with the territory's deaths. ``censuses``: year -> first ages of its bands.
    ``national``: as for :func:`country_rates`. Missing: DEATHS, AGES and RATES, those that have
    nothing usable; SAME_YEARS when each has something but never for the same years.
    """
    for first in runs(deaths):
        for census in _nearest(censuses, first):
            for zone in ZONES:
                rates = country_rates(national, zone, five_years(first), censuses[census])
                if rates is not None:
                    return Plan(first, census, zone, rates), ()
    lacking = {
        DEATHS: not runs(deaths),
        AGES: not censuses,
        RATES: not _has_rates(national, censuses),
    }
    return None, tuple(one for one, is_lacking in lacking.items() if is_lacking) or (SAME_YEARS,)


def _nearest(censuses: Collection[int], first: int) -> list[int]:
    """Censuses taken within the five years, the nearest to their middle first, then the newest."""
    middle = first + YEARS // 2
    inside = [census for census in censuses if census in five_years(first)]
    return sorted(inside, key=lambda census: (abs(census - middle), -census))


def _has_rates(national: pd.DataFrame, censuses: Mapping[int, Collection[int]]) -> bool:
    """Whether the country has rates for five years in a row, with the ages of some census.

    Without a census, bands of five years are supposed.
    """
    ages = list(censuses.values()) or [range(0, 100, 5)]
    years = national["year"].unique().tolist()
    return any(
        country_rates(national, zone, five_years(first), bands) is not None
        for first in runs(years)
        for zone in ZONES
        for bands in ages
    )


def country_rates(
    national: pd.DataFrame, zone: str, years: Collection[int], ages: Collection[int]
) -> pd.DataFrame | None:
    """Deaths and person-years of the country by sex and class of age, all ``years`` together.

    ``national``: rows with zone, year, sex (F, M), age_from, age_to (NaN = open), deaths and
    population on 1 January; bands may overlap. ``ages``: first ages of the territories' bands. The
    finest bands that every year and sex has, from 0 and without a hole, are kept, then merged until
    each class begins at one of ``ages``. Index (sex, age), columns deaths and population. None when
    a year, a sex or an age lacks, or under LEAST_CLASSES classes.
    """
    rows = national[
        national["zone"].eq(zone)
        & national["year"].isin(years)
        & national["sex"].isin(SEXES)
        & national["deaths"].notna()
        & national["population"].gt(0)
    ]
    rows = rows.assign(end=rows["age_to"].fillna(OPEN).astype(int))
    times = rows.groupby(["age_from", "end"]).size()
    path = _end_to_end([band for band, n in times.items() if n == len(years) * len(SEXES)])
    starts = sorted({start for start, _ in path} & set(ages))
    if len(starts) < LEAST_CLASSES or starts[0] != 0:
        return None
    kept = rows[pd.MultiIndex.from_frame(rows[["age_from", "end"]]).isin(path)]
    place = np.searchsorted(starts, kept["age_from"], side="right") - 1
    classed = kept.assign(age=np.asarray(starts)[place])
    return classed.groupby(["sex", "age"])[["deaths", "population"]].sum().astype(float)


def _end_to_end(bands: Collection[tuple[int, int]]) -> list[tuple[int, int]]:
    """The most bands that cover every age from 0 to the open end, without hole or overlap.

    Empty when none does.
    """
    best: dict[int, list[tuple[int, int]]] = {OPEN + 1: []}
    for start, end in sorted(bands, reverse=True):
        rest = best.get(end + 1)
        if rest is not None and len(rest) + 1 > len(best.get(start, [])):
            best[start] = [(start, end), *rest]
    return best.get(0, [])


def people(population: pd.DataFrame, rates: pd.DataFrame) -> pd.DataFrame:
    """Inhabitants of each territory in the classes of ``rates``: a row a code, a column a class.

    ``population``: rows with code, sex, age_from and population, one a band. A territory that lacks
    a band that others have is NaN throughout: its ages are not all known.
    """
    sexes = pd.Index(rates.index.unique("sex"))
    ages = rates.index.unique("age").to_numpy()
    rows = population[population["sex"].isin(sexes)]
    place, codes = pd.factorize(rows["code"], sort=True)
    sex = sexes.get_indexer(pd.Index(rows["sex"]))
    age = np.searchsorted(ages, rows["age_from"].to_numpy(), side="right") - 1
    size, classes = len(codes), len(sexes) * len(ages)
    cell = (place * len(sexes) + sex) * len(ages) + age
    total = np.bincount(cell, rows["population"].to_numpy(float), size * classes)
    frame = pd.DataFrame(
        total.reshape(size, classes),
        index=pd.Index(codes, name="code"),
        columns=pd.MultiIndex.from_product([sexes, ages], names=["sex", "age"]),
    )
    bands = np.bincount(place, minlength=size)
    whole = len(rows[["sex", "age_from"]].drop_duplicates())
    frame.loc[bands != whole] = np.nan
    return frame.reindex(columns=rates.index)


def expected(inhabitants: pd.DataFrame, rates: pd.DataFrame) -> pd.Series:
    """Deaths expected in five years at the country's rates: five times the sum of n_i x D_i / P_i.

    ``inhabitants``: as :func:`people` gives them, columns in the order of ``rates``. NaN where an age
    is unknown. Raises ValueError for other classes or a class of the country without inhabitants.
    """
    if not inhabitants.columns.equals(rates.index):
        raise ValueError("Les classes d'âge du territoire et du pays ne sont pas les mêmes.")
    yearly = expected_events(inhabitants.to_numpy(), rates["deaths"], rates["population"])
    return pd.Series(YEARS * yearly, index=inhabitants.index, name="expected")


def ratio(observed: pd.Series, inhabitants: pd.DataFrame, rates: pd.DataFrame) -> pd.DataFrame:
    """The ratio of each territory and its interval, 100 being the country; 35 000 communes at once.

    ``observed``: deaths of the five years, on the index of ``inhabitants``. Columns as
    :func:`compared`. Not masked: nothing of it is shown before :func:`territories`. Raises
    ValueError when the territories or the classes of age differ.
    """
    if not observed.index.equals(inhabitants.index):
        raise ValueError("Les décès et la population ne portent pas sur les mêmes territoires.")
    return compared(observed, expected(inhabitants, rates))


def compared(observed: pd.Series, expected_deaths: pd.Series) -> pd.DataFrame:
    """Observed over expected x 100 with its intervals at 95 and 99.8 %, and what they say of 100.

    Interval of O (exact under 10, else Byar's) over E, E taken as known. ``at_95``, ``at_998``: plus
    haut, plus bas or non différent, as the interval of that level leaves 100 out. NaN or None where
    a number is unknown or E is 0.
    """
    size = expected_deaths.where(expected_deaths > 0)
    value = SCALE * observed / size
    columns: dict[str, object] = {"observed": observed, "expected": expected_deaths, "value": value}
    for suffix, name, level in (("", "at_95", 0.95), ("_998", "at_998", 0.998)):
        low, high = (SCALE * bound / size for bound in count_interval(observed, level))
        columns[f"low{suffix}"], columns[f"high{suffix}"] = low, high
        columns[name] = significance(value, low, high, SCALE, level)
    return pd.DataFrame(columns, index=observed.index)


def smoothed(observed: pd.Series, expected_deaths: pd.Series) -> pd.Series:
    """Ratios drawn towards that of all the territories given, the more so the fewer deaths expected.

    Global empirical Bayes of Marshall (1991), expected deaths standing for the population: see
    :func:`diagnostic.smoothing.empirical_bayes`. To be shown beside the count, never instead, and
    only where the count is. NaN for all under SMOOTHED_FROM territories with figures.
    """
    if (observed.notna() & (expected_deaths > 0)).sum() < SMOOTHED_FROM:
        return pd.Series(np.nan, index=observed.index)
    table = empirical_bayes(observed, expected_deaths, nature="observed", multiplier=SCALE)
    return table["smoothed"]


def territories(communes: pd.DataFrame) -> pd.DataFrame:
    """What may be shown of a perimeter, of its intercommunalités and of its communes.

    ``communes``, index code: ``observed`` and ``expected`` (NaN = unknown), ``population``, ``epci``
    (code or NaN) and ``inside`` (in the perimeter), for the communes of the perimeter and the others
    of its intercommunalités. Deaths and expected deaths are added up before anything is hidden.

    One row a territory shown, index label (« perimetre », « epci:code », « commune:code »): level,
    code, observed, expected, coverage (share of the inhabitants whose commune has a count), state
    and the columns of :func:`compared`. State: ok; zero (no death); secret (under LEAST_DEATHS, or
    hidden so that no subtraction gives such a count); absent (no count, or of a group too few of
    whose inhabitants have one). The count and all that comes from it are NaN when secret or absent;
    the ratio exists only in the state ok.
    """
    cells, parents = _cells(communes)
    known = cells["observed"].notna()
    covered = cells["coverage"] >= COVERED
    is_cell = known & (covered | ~cells["level"].isin([PERIMETER, EPCI]))
    inner = parents[parents.index.isin(cells.index[is_cell])]
    # A commune without a count adds nothing to its total: it cannot serve as cover.
    inner = inner.where(inner.isin(cells.index[is_cell]))
    state = suppress(cells.loc[is_cell, "observed"], inner, threshold=LEAST_DEATHS)
    cells["state"] = state.reindex(cells.index).fillna(ABSENT)
    cells.loc[~cells["state"].isin([SHOWN, ZERO]), "observed"] = np.nan
    cells.loc[cells["state"] == ABSENT, "expected"] = np.nan
    shown = compared(cells["observed"].where(cells["state"] == SHOWN), cells["expected"])
    cells[list(COMPARED)] = shown[list(COMPARED)]
    return cells[cells["level"].isin([PERIMETER, EPCI, COMMUNE])]


def _cells(communes: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every count that the screen gives or lets be subtracted, and the totals each one enters.

    Besides the territories shown: of an intercommunalité that the perimeter cuts, the part inside
    and the rest, which the difference of two totals gives.
    """
    inside = communes[communes["inside"]]
    epci = communes.groupby("epci")["inside"].agg(["any", "all"])
    cut = set(epci.index[epci["any"] & ~epci["all"]])
    whole = set(epci.index[epci["all"]])
    of = communes["epci"]
    labels = {
        PERIMETER: communes["inside"],
        **{f"{EPCI}:{code}": of == code for code in sorted(whole | cut)},
        **{f"part:{code}": (of == code) & communes["inside"] for code in sorted(cut)},
        **{f"rest:{code}": (of == code) & ~communes["inside"] for code in sorted(cut)},
    }
    totals = [_total(label, communes[chosen]) for label, chosen in labels.items()]
    single = pd.DataFrame(
        {
            "level": COMMUNE,
            "code": inside.index,
            "observed": inside["observed"],
            "expected": inside["expected"],
            "coverage": inside["observed"].notna().astype(float),
        }
    ).set_index(f"{COMMUNE}:" + inside.index)
    cells = pd.concat([pd.DataFrame(totals).set_index("label"), single])
    return cells, _parents(inside, whole, cut)


def _total(label: str, communes: pd.DataFrame) -> dict[str, object]:
    """Sum of the communes with a count, and the share of the inhabitants they hold."""
    level, _, code = label.partition(":")
    known = communes["observed"].notna()
    inhabitants = communes["population"].sum()
    share = communes.loc[known, "population"].sum() / inhabitants if inhabitants else np.nan
    sums = communes.loc[known, ["observed", "expected"]].sum(min_count=1)
    return {"label": label, "level": level, "code": code, **sums.to_dict(), "coverage": share}


def _parents(inside: pd.DataFrame, whole: set[str], cut: set[str]) -> pd.DataFrame:
    """Label -> the totals it enters: a column a way of adding up."""
    first = {code: f"{EPCI}:{code}" for code in whole} | {code: f"part:{code}" for code in cut}
    own = [first.get(code) for code in inside["epci"]]
    rows: dict[str, tuple[str | None, str | None, str | None]] = {
        f"{COMMUNE}:{code}": (total, None if total else PERIMETER, None)
        for code, total in zip(inside.index, own, strict=True)
    }
    rows |= {f"{EPCI}:{code}": (None, PERIMETER, None) for code in whole}
    rows |= {f"part:{code}": (None, PERIMETER, f"{EPCI}:{code}") for code in cut}
    rows |= {f"rest:{code}": (None, None, f"{EPCI}:{code}") for code in cut}
    return pd.DataFrame.from_dict(
        rows, orient="index", columns=["own", "perimeter", "epci"], dtype=object
    )
