"""Need of every loaded commune, for the pages that read it: scores, national landmarks, stability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from diagnostic import need, redraw
from diagnostic.composite import correlated_pairs, correlations, effective_weights
from diagnostic.rates import proportion
from pages.shared import build_path, indicators, open_warehouse
from warehouse.needs import (
    NATIONAL_SHARE,
    NeedCard,
    NeedCards,
    NeedDomain,
    PurposeCard,
    SuitedNeeds,
    load_need_cards,
    suit,
)

QUANTILES = (0.05, 0.6, 0.8, 0.95)
GENERAL = "general"
DRAWS = 1000
# Imaginary communes that stand for France when it is not loaded.
IMAGINARY = redraw.POINTS
DRAWING = "1 000 autres façons de calculer le besoin des communes de France…"
Weights = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Reference:
    """National landmarks of the need index; ``exact`` when measured on nearly all of France."""

    q05: float
    q60: float
    q80: float
    q95: float
    exact: bool

    @property
    def bounds(self) -> tuple[float, float]:
        """Needs below and above which the intensity no longer moves."""
        return self.q05, self.q95

    @property
    def cuts(self) -> tuple[float, float]:
        """Needs at the limits of the three groups."""
        return self.q60, self.q80


@dataclass(frozen=True)
class CommuneNeeds:
    """Need of the loaded communes. ``scores``: see :func:`diagnostic.need.index`; not to be changed."""

    scores: pd.DataFrame
    access: pd.Series
    reference: Reference


@dataclass(frozen=True)
class Checks:
    """What the loaded communes say of the index: effective weights, pairs of indicators alike."""

    effective: pd.Series
    pairs: pd.DataFrame
    communes: int


@dataclass(frozen=True)
class _Matrix:
    """Every loaded commune: indicators (wide), stated errors in the same shape, population.

    Municipal arrondissements (``arms``) have a need of their own and weigh on no reference.
    """

    values: pd.DataFrame
    errors: pd.DataFrame
    population: pd.Series
    arms: frozenset[str]

    @cached_property
    def country(self) -> _Matrix:
        """Whole communes alone, where nobody is counted twice."""
        kept = ~self.values.index.isin(self.arms)
        return _Matrix(self.values[kept], self.errors[kept], self.population[kept], frozenset())


@st.cache_resource(show_spinner=False)
def _cards() -> NeedCards:
    return load_need_cards()


def purposes() -> dict[str, PurposeCard]:
    """What a targeting may be for, the general purpose first."""
    return {purpose.id: purpose for purpose in _cards().purposes}


def quarter_domains() -> list[NeedDomain]:
    """The domains that compare the quartiers prioritaires with one another."""
    return _cards().quarters


def suited(purpose: str = GENERAL) -> SuitedNeeds:
    """What the open warehouse can fill of the need card of a purpose."""
    return _suited(build_path(), purpose)


def need_card(purpose: str = GENERAL) -> NeedCard:
    """The domains that count in the open warehouse, at the periods used."""
    return suited(purpose).card


def card_weights(purpose: str = GENERAL) -> dict[str, float]:
    """The weights of the card, summing to 1: those of the page Cibler before anything is moved."""
    card = need_card(purpose)
    return need.normalised_weights(
        card.directions, {domain.id: domain.weight for domain in card.domains}
    )


def commune_needs(weights: Mapping[str, float], purpose: str = GENERAL) -> CommuneNeeds:
    """Need of every loaded commune with these weights, remembered by build and weights."""
    return _commune_needs(build_path(), purpose, tuple(weights.items()))


def references(purpose: str = GENERAL) -> pd.DataFrame:
    """Mean, spread and basis of each indicator at the period used."""
    return _references(build_path(), purpose)


def checks(weights: Mapping[str, float], purpose: str = GENERAL) -> Checks:
    """Effective weights and double counts of the index, over the loaded communes."""
    return _checks(build_path(), purpose, tuple(weights.items()))


def stability(
    weights: Mapping[str, float], codes: tuple[str, ...], purpose: str = GENERAL
) -> pd.DataFrame:
    """Group of each commune and its probability over the draws, on the national cut."""
    return _stability(build_path(), purpose, tuple(weights.items()), codes)


def local_stability(
    weights: Mapping[str, float], codes: tuple[str, ...], purpose: str = GENERAL
) -> pd.DataFrame | None:
    """The same with the cut of the communes themselves; None where these are too few or too alike."""
    return _local_stability(build_path(), purpose, tuple(weights.items()), codes)


@st.cache_resource(max_entries=20, show_spinner=False)
def _suited(path: str, purpose: str) -> SuitedNeeds:
    card = _cards().card(purposes()[purpose])
    rows = open_warehouse(path).mart("references_of", indicators=card.indicators)
    coverage = {
        str(name): dict(zip(group["period"], group["coverage"], strict=True))
        for name, group in rows.groupby("indicator_id")
    }
    return suit(card, coverage)


@st.cache_resource(max_entries=20, show_spinner="Lecture du besoin des communes…")
def _commune_needs(path: str, purpose: str, weights: Weights) -> CommuneNeeds:
    card = _suited(path, purpose).card
    scores = need.weighed(_domain_scores(path, purpose), dict(weights))
    reference = _national(path, purpose, scores, dict(weights))
    return CommuneNeeds(scores, _matrix(path, purpose).values[card.access.id], reference)


@st.cache_resource(max_entries=6, show_spinner=False)
def _domain_scores(path: str, purpose: str) -> pd.DataFrame:
    """Domains of every loaded commune, which no weight changes."""
    moments = _references(path, purpose)[["mean", "sd"]]
    directions = _suited(path, purpose).card.directions
    return need.domain_scores(_matrix(path, purpose).values, directions, moments)


@st.cache_resource(max_entries=6, show_spinner="Lecture des communes…")
def _matrix(path: str, purpose: str) -> _Matrix:
    periods = _suited(path, purpose).card.periods
    asked = {"indicators": list(periods), "periods": list(periods.values())}
    communes, arms = (
        open_warehouse(path).mart(name, **asked) for name in ("commune_matrix", "arm_matrix")
    )
    long = pd.concat([communes, arms]) if len(arms) else communes
    long["error"] = _errors(long)
    long["code"] = long["code"].astype(object)  # looked up many times: Arrow strings are slower
    wide, errors = (
        long.pivot(index="code", columns="indicator_id", values=column).reindex(
            columns=list(periods)
        )
        for column in ("value", "error")
    )
    population = long.groupby("code")["population"].first().fillna(0.0)
    return _Matrix(wide, errors, population, frozenset(arms["code"]))


def _errors(long: pd.DataFrame) -> pd.Series:
    """Standard deviation of the error of a proportion, from its Wilson interval; NaN for the rest."""
    cards = indicators()
    scale = long["indicator_id"].map(lambda name: float(cards[name].scale or 1))
    counted = (
        long["indicator_id"].map(lambda name: cards[name].interval_rule == "proportion")
        & (long["denominator"] > 0)
        & (long["numerator"] >= 0)
        & (long["numerator"] <= long["denominator"])
    )
    error = pd.Series(np.nan, index=long.index)
    found = proportion(long.loc[counted, "numerator"], long.loc[counted, "denominator"])
    error[counted] = need.error_sd(found.low, found.high) * scale[counted]
    return error


@st.cache_resource(max_entries=20, show_spinner=False)
def _references(path: str, purpose: str) -> pd.DataFrame:
    periods = _suited(path, purpose).card.periods
    frame = open_warehouse(path).mart("references_of", indicators=list(periods))
    return frame[frame["period"] == frame["indicator_id"].map(periods)].set_index("indicator_id")


def _national(
    path: str, purpose: str, scores: pd.DataFrame, weights: dict[str, float]
) -> Reference:
    """Quantiles of need over France: measured when nearly all of it is loaded, else estimated."""
    communes = _matrix(path, purpose)
    people = communes.population.to_numpy()
    known = (scores["need"].notna() & ~scores.index.isin(communes.arms)).to_numpy()
    if people[known].sum() >= NATIONAL_SHARE * _inhabitants(path):
        values = scores["need"].to_numpy()[known]
        return _landmarks(need.weighted_quantiles(values, people[known], QUANTILES), exact=True)
    signed = need.indicator_weights(_suited(path, purpose).card.directions, weights)
    correlation = _correlation(path, purpose).loc[signed.index, signed.index]
    sd = need.composite_sd(correlation, signed)
    return _landmarks(need.normal_quantiles(sd, QUANTILES), exact=False)


@st.cache_resource(show_spinner=False)
def _inhabitants(path: str) -> float:
    """People of France."""
    country = open_warehouse(path).mart("territory_named", levels=["france"], codes=["FR"])
    return float(country["population"].iloc[0])


def _landmarks(quantiles: np.ndarray, *, exact: bool) -> Reference:
    q05, q60, q80, q95 = (float(one) for one in quantiles)
    return Reference(q05, q60, q80, q95, exact)


@st.cache_resource(max_entries=20, show_spinner=False)
def _correlation(path: str, purpose: str) -> pd.DataFrame:
    """Correlations of the raw indicators over the communes that have them all."""
    communes = _matrix(path, purpose).country
    names = [one for ways in _suited(path, purpose).card.directions.values() for one in ways]
    complete = communes.values[names].dropna()
    return correlations(complete, communes.population.reindex(complete.index)).clip(-1, 1)


@st.cache_resource(max_entries=20, show_spinner=False)
def _checks(path: str, purpose: str, weights: Weights) -> Checks:
    frame, people, pairs = _complete(path, purpose, _counted(weights))
    score = _commune_needs(path, purpose, weights).scores["need"].reindex(frame.index)
    return Checks(effective_weights(frame, score, people), pairs, len(frame))


def _counted(weights: Weights) -> tuple[str, ...]:
    """Domains that weigh something."""
    return tuple(domain for domain, weight in weights if weight > 0)


@st.cache_resource(max_entries=12, show_spinner=False)
def _complete(
    path: str, purpose: str, counted: tuple[str, ...]
) -> tuple[pd.DataFrame, pd.Series, pd.DataFrame]:
    """Communes that have every indicator of domains: values, people, pairs of indicators alike."""
    directions = _suited(path, purpose).card.directions
    communes = _matrix(path, purpose).country
    frame = communes.values[[one for name in counted for one in directions[name]]].dropna()
    people = communes.population.reindex(frame.index)
    return frame, people, correlated_pairs(frame, people)


@st.cache_resource(max_entries=3, show_spinner="1 000 autres façons de calculer le besoin…")
def _ready(path: str, purpose: str, counted: tuple[str, ...]) -> redraw.Ready:
    """The draws before the weights; over imaginary communes when France is not loaded."""
    directions = _suited(path, purpose).card.directions
    moments = _references(path, purpose)[["mean", "sd"]]
    communes = _matrix(path, purpose).country
    if _commune_needs(path, purpose, _equal(counted, directions)).reference.exact:
        return redraw.make_ready(
            communes.values, communes.population, directions, counted, moments,
            errors=communes.errors, draws=DRAWS,
        )  # fmt: skip
    imaginary = need.normal_country(moments, _correlation(path, purpose), IMAGINARY)
    people = pd.Series(1.0, index=imaginary.index)
    return redraw.make_ready(
        imaginary, people, directions, counted, moments, draws=DRAWS, points=IMAGINARY
    )


def _equal(counted: tuple[str, ...], domains: Mapping[str, object]) -> Weights:
    return tuple((name, float(name in counted)) for name in domains)


@st.cache_resource(max_entries=60, show_spinner=False)
def _limits(path: str, purpose: str, weights: Weights) -> np.ndarray:
    """Score at the two limits of the groups in each draw."""
    return redraw.limits(_ready(path, purpose, _counted(weights)), dict(weights))


@st.cache_resource(max_entries=4, show_spinner=False)
def _terms(
    path: str, purpose: str, counted: tuple[str, ...], codes: tuple[str, ...]
) -> redraw.Terms:
    """What communes bring to each draw, before the weights."""
    communes, here = _matrix(path, purpose), list(codes)
    return redraw.terms(
        communes.values.reindex(here),
        _ready(path, purpose, counted),
        communes.errors.reindex(here),
    )


def _advance(bar: DeltaGenerator, done: float) -> None:
    bar.progress(done, DRAWING)


@st.cache_resource(max_entries=60, show_spinner=False)
def _stability(path: str, purpose: str, weights: Weights, codes: tuple[str, ...]) -> pd.DataFrame:
    scored = _commune_needs(path, purpose, weights)
    ready, cuts = _ready(path, purpose, _counted(weights)), _limits(path, purpose, weights)
    scores = need.weighed(_domain_scores(path, purpose).reindex(list(codes)), dict(weights))
    if len(codes) <= redraw.PART:
        here = _terms(path, purpose, _counted(weights), codes)
        under = redraw.under_limits(ready, here, dict(weights), cuts)
        return need.chances(scores, scored.reference.cuts, under)
    communes, bar = _matrix(path, purpose), st.progress(0.0, DRAWING)
    under = redraw.under_by_parts(
        communes.values.reindex(list(codes)),
        ready,
        dict(weights),
        cuts,
        communes.errors.reindex(list(codes)),
        lambda done: _advance(bar, done),
    )
    bar.empty()
    return need.chances(scores, scored.reference.cuts, under)


@st.cache_resource(max_entries=60, show_spinner=False)
def _local_stability(
    path: str, purpose: str, weights: Weights, codes: tuple[str, ...]
) -> pd.DataFrame | None:
    communes, here = _matrix(path, purpose), list(codes)
    try:
        return need.national_draws(
            communes.values.reindex(here),
            communes.population.reindex(here).fillna(0.0),
            _suited(path, purpose).card.directions,
            dict(weights),
            _references(path, purpose)[["mean", "sd"]],
            errors=communes.errors.reindex(here),
            draws=DRAWS,
        ).table
    except ValueError:
        return None
