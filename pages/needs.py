"""Need of every loaded commune, for the pages that read it: scores, national landmarks, words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from diagnostic import need
from pages.shared import build_path, open_warehouse
from warehouse.needs import NATIONAL_SHARE, NeedCard, SuitedNeeds, load_needs, suit

QUANTILES = (0.05, 0.6, 0.8, 0.95)


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


@dataclass(frozen=True)
class CommuneNeeds:
    """Need of the loaded communes. ``scores``: see :func:`diagnostic.need.index`; not to be changed."""

    scores: pd.DataFrame
    access: pd.Series
    reference: Reference


def suited() -> SuitedNeeds:
    """What the open warehouse can fill of the need card."""
    return _suited(build_path())


def need_card() -> NeedCard:
    """The domains that count in the open warehouse, at the periods used."""
    return suited().card


def card_weights() -> dict[str, float]:
    """The weights of the card, summing to 1: those of the page Cibles before anything is moved."""
    card = need_card()
    return need.normalised_weights(
        card.directions, {domain.id: domain.weight for domain in card.domains}
    )


def commune_needs(weights: dict[str, float]) -> CommuneNeeds:
    """Need of every loaded commune with these weights, remembered by build and weights."""
    return _commune_needs(build_path(), tuple(weights.items()))


@st.cache_resource(max_entries=2, show_spinner=False)
def _suited(path: str) -> SuitedNeeds:
    card = load_needs()
    rows = open_warehouse(path).mart("references_of", indicators=card.indicators)
    coverage = {
        str(name): dict(zip(group["period"], group["coverage"], strict=True))
        for name, group in rows.groupby("indicator_id")
    }
    return suit(card, coverage)


@st.cache_resource(max_entries=20, show_spinner="Lecture du besoin des communes…")
def _commune_needs(path: str, weights: tuple[tuple[str, float], ...]) -> CommuneNeeds:
    card = _suited(path).card
    wide, population = _matrix(path)
    moments = _references(path)[["mean", "sd"]]
    scores = need.index(wide, card.directions, dict(weights), moments)
    reference = _national(path, wide, population, scores, dict(weights))
    return CommuneNeeds(scores, wide[card.access.id], reference)


@st.cache_resource(max_entries=2, show_spinner=False)
def _matrix(path: str) -> tuple[pd.DataFrame, pd.Series]:
    """Indicators of the index over every loaded commune (wide), and their population."""
    periods = _suited(path).card.periods
    long = open_warehouse(path).mart(
        "commune_matrix", indicators=list(periods), periods=list(periods.values())
    )
    wide = long.pivot(index="code", columns="indicator_id", values="value")
    return wide.reindex(columns=list(periods)), long.groupby("code")["population"].first()


def _references(path: str) -> pd.DataFrame:
    """Mean, spread and basis of each indicator at the period used."""
    periods = _suited(path).card.periods
    frame = open_warehouse(path).mart("references_of", indicators=list(periods))
    return frame[frame["period"] == frame["indicator_id"].map(periods)].set_index("indicator_id")


def _national(
    path: str,
    wide: pd.DataFrame,
    population: pd.Series,
    scores: pd.DataFrame,
    weights: dict[str, float],
) -> Reference:
    """Quantiles of need over France: measured when nearly all of it is loaded, else estimated."""
    known = scores["need"].dropna()
    people = population.reindex(known.index)
    country = open_warehouse(path).mart("territory_named", levels=["france"], codes=["FR"])
    if people.sum() >= NATIONAL_SHARE * country["population"].iloc[0]:
        return _landmarks(need.weighted_quantiles(known, people, QUANTILES), exact=True)
    signed = need.indicator_weights(_suited(path).card.directions, weights)
    complete = wide[signed.index].dropna()
    covariance = np.cov(
        complete.to_numpy(), rowvar=False, aweights=population.reindex(complete.index)
    )
    spread = np.sqrt(np.diag(covariance))
    correlation = pd.DataFrame(covariance / np.outer(spread, spread), signed.index, signed.index)
    sd = need.composite_sd(correlation.clip(-1, 1), signed)
    return _landmarks(need.normal_quantiles(sd, QUANTILES), exact=False)


def _landmarks(quantiles: np.ndarray, *, exact: bool) -> Reference:
    q05, q60, q80, q95 = (float(one) for one in quantiles)
    return Reference(q05, q60, q80, q95, exact)
