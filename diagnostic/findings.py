"""From indicators to an ordered, short list of findings: data, not sentences.

Source: docs/methodologie.md (a difference is said when the interval excludes the benchmark), 8 (similar
territories are a range, not a norm) and 10 (R14, R16). The interval of a difference between two
independent estimates combines the half-widths that face each other in quadrature (Newcombe 1998,
Stat Med 17:873-890; Zou & Donner 2008, Stat Med 27:1693-1702); without an interval on the
comparator, that is "the interval excludes it". The importance score is ours, a choice of editing
and not a measure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

ATOUT, FRAGILITE, INEGALITE, INCERTAIN = "atout", "fragilite", "inegalite", "incertain"
TYPES = (ATOUT, FRAGILITE, INEGALITE, INCERTAIN)
WITH_INTERVAL, WITHOUT_INTERVAL = "intervalle", "sans intervalle"
BELOW, WITHIN, ABOVE = "au-dessous", "parmi", "au-dessus"
JUDGED_KINDS = ("ratio", "rate", "mean", "median", "score")
JUDGED_STATES = ("ok", "approx")
REQUIRED = ("indicator_id", "theme", "kind", "direction", "state", "value", "comparator", "spread")
NUMBERS = (
    *("direction", "value", "low", "high", "comparator", "comparator_low", "comparator_high"),
    *("spread", "inequality", "inequality_low", "inequality_high", "weight"),
    *("reference_min", "reference_max"),
)
COLUMNS = [
    *("indicator_id", "theme", "type", "score", "gap", "gap_low", "gap_high", "size"),
    *("certainty", "basis", "state", "similar", "gradient"),
]


@dataclass(frozen=True)
class Rules:
    """Editing choices. Sizes are in national standard deviations.

    ``least``: gap from which a value without interval may be called different, or one whose
    interval holds the comparator called uncertain; ``negligible``: gap under which nothing is
    said, however sure; ``cap``: size beyond which a gap weighs no more; ``limit``: length of the
    list; ``uncertain``: most uncertain ones; ``theme_factor``: what each finding already kept
    takes off the next of its theme; ``theme_limit``: most findings of a theme, the promised ones
    apart.
    """

    least: float = 0.5
    negligible: float = 0.1
    cap: float = 3.0
    limit: int = 10
    uncertain: int = 2
    theme_factor: float = 0.5
    theme_limit: int = 4


DEFAULT_RULES = Rules()
# What the list owes its reader, where the data allow.
PROMISED = {ATOUT: 2, FRAGILITE: 2, INEGALITE: 1}


def findings(frame: pd.DataFrame, rules: Rules = DEFAULT_RULES) -> pd.DataFrame:
    """Ordered findings of a territory, one row each, most important first; wording is elsewhere.

    ``frame``, one row an indicator: ``indicator_id``, ``theme``, ``kind``, ``direction`` (+1 = high
    is favourable, -1 = high is unfavourable, 0 = neither), ``state``, ``value``, ``comparator``,
    ``spread`` (national population-weighted sd, same unit). Optional: ``low``, ``high``,
    ``comparator_low``, ``comparator_high`` (95 % intervals); ``inequality``, ``inequality_low``,
    ``inequality_high`` (an absolute measure between social groups, such as the SII: predicted
    advantaged minus disadvantaged, same unit); ``weight`` (of the indicator's card, default 1);
    ``reference_min``, ``reference_max`` (similar territories). NaN = not known.

    Judged: a state "ok" or "approx", a direction, a kind that compares (not a count, a list, a
    sample nor classes), a known value, comparator and spread. Secret, absent and undirected
    indicators give nothing. "atout" or "fragilite": the interval of the gap excludes 0, or without
    any interval the gap reaches ``rules.least``; "incertain": as large a gap, whose interval holds
    0; "inegalite": the same test on the measure of inequality. Under ``rules.negligible``, nothing.

    score = min(\\|gap\\| / spread, cap) x certainty x weight, where certainty = gap^2 / (gap^2 +
    h^2), h the half-width of the interval on the side of 0: 0.5 when it just touches 0, 1 without
    error; 0.5 when there is no interval, and less than 0.5 for "incertain". Kept: first the two
    best atouts, two fragilites and one inegalite, then the best of the rest, a theme weighing half
    as much after each of its findings; then sorted by score. Ties follow the identifier.

    Columns: ``indicator_id``, ``theme``, ``type``, ``score``, ``gap`` (value - comparator, or the
    inequality) with ``gap_low``, ``gap_high``, ``size`` (\\|gap\\| / spread), ``certainty``,
    ``basis`` ("intervalle" or "sans intervalle"), ``state``, ``similar`` ("au-dessous", "parmi",
    "au-dessus" of similar territories, "" when not known), ``gradient`` (inegalite: "usuel" when
    the disadvantaged have the worse level, else "inverse"; "" elsewhere). Raises ValueError in French.
    """
    known = _checked(frame)
    candidates = pd.concat([_differences(known, rules), _inequalities(known, rules)])
    candidates = candidates.sort_values(
        ["score", "indicator_id", "type"], ascending=[False, True, True], ignore_index=True
    )
    return candidates.loc[sorted(_kept(candidates, rules)), COLUMNS].reset_index(drop=True)


def _checked(frame: pd.DataFrame) -> pd.DataFrame:
    """Judged rows, with every optional column, once the table is known to be usable."""
    absent = [name for name in REQUIRED if name not in frame]
    if absent:
        raise ValueError(f"Colonne absente du tableau des indicateurs : {', '.join(absent)}.")
    if not frame["indicator_id"].is_unique:
        raise ValueError("Un indicateur figure deux fois : gardez une seule période.")
    table = frame[["indicator_id", "theme", "kind", "state"]].copy()
    for name in NUMBERS:
        missing = 1.0 if name == "weight" else math.nan
        table[name] = frame[name].astype(float) if name in frame else missing
    if not table["direction"].isin([-1, 0, 1]).all():
        raise ValueError("Le sens d'un indicateur vaut +1, -1 ou 0.")
    if not (table["weight"] >= 0).all() or (table["spread"] < 0).any():
        raise ValueError("Le poids et la dispersion d'un indicateur sont positifs ou nuls.")
    for value, low, high in (
        ("value", "low", "high"),
        ("comparator", "comparator_low", "comparator_high"),
        ("inequality", "inequality_low", "inequality_high"),
    ):
        outside = (table[value] < table[low]) | (table[value] > table[high])
        if outside.any():
            names = ", ".join(table.loc[outside, "indicator_id"])
            raise ValueError(f"Un intervalle ne contient pas sa valeur : {names}.")
    judged = (
        table["state"].isin(JUDGED_STATES)
        & table["kind"].isin(JUDGED_KINDS)
        & (table["direction"] != 0)
        & (table["spread"] > 0)
    )
    return table[judged]


def _differences(known: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Candidates from the gaps between the territory and its comparator."""
    table = known.dropna(subset=["value", "comparator"])
    value, other = table["value"].to_numpy(), table["comparator"].to_numpy()
    own = _sides(table, "value", "low", "high")
    theirs = _sides(table, "comparator", "comparator_low", "comparator_high")
    gap = value - other
    # A comparator without interval (a country, a target) is taken as exact.
    below = np.hypot(own[0], np.nan_to_num(theirs[1]))
    above = np.hypot(own[1], np.nan_to_num(theirs[0]))
    result = _graded(table, gap, gap - below, gap + above, rules)
    good = table["direction"].to_numpy() * gap > 0
    result["type"] = np.where(result["sure"], np.where(good, ATOUT, FRAGILITE), INCERTAIN)
    lowest, highest = table["reference_min"].to_numpy(), table["reference_max"].to_numpy()
    similar = np.select(
        [np.isnan(lowest) | np.isnan(highest), value < lowest, value > highest],
        ["", BELOW, ABOVE],
        WITHIN,
    )
    return result.assign(similar=similar, gradient="")[result["said"]]


def _inequalities(known: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Candidates from the inequalities between social groups inside the territory."""
    table = known.dropna(subset=["inequality"])
    gap = table["inequality"].to_numpy()
    below, above = _sides(table, "inequality", "inequality_low", "inequality_high")
    result = _graded(table, gap, gap - below, gap + above, rules)
    usual = table["direction"].to_numpy() * gap > 0
    result = result.assign(type=INEGALITE, similar="", gradient=np.where(usual, "usuel", "inverse"))
    return result[result["said"] & result["sure"]]


def _sides(table: pd.DataFrame, value: str, low: str, high: str) -> tuple[FloatArray, FloatArray]:
    """Half-widths of an interval, below and above its value."""
    below, above = table[value] - table[low], table[high] - table[value]
    return below.to_numpy(dtype=float), above.to_numpy(dtype=float)


def _graded(
    table: pd.DataFrame, gap: FloatArray, low: FloatArray, high: FloatArray, rules: Rules
) -> pd.DataFrame:
    """Size, certainty and score of gaps; ``sure`` = different, ``said`` = worth a finding."""
    size = np.abs(gap) / table["spread"].to_numpy()
    facing = np.where(gap > 0, gap - low, high - gap)
    bounded = ~np.isnan(facing)
    squared = gap**2
    total = squared + np.where(bounded, facing, gap) ** 2
    certainty = np.divide(squared, total, out=np.full(len(gap), 0.5), where=total > 0)
    large = size >= rules.least
    sure = np.where(bounded, np.abs(gap) > facing, large)
    score = np.minimum(size, rules.cap) * certainty * table["weight"].to_numpy()
    return table[["indicator_id", "theme", "state"]].assign(
        gap=gap,
        gap_low=low,
        gap_high=high,
        size=size,
        certainty=certainty,
        score=score,
        basis=np.where(bounded, WITH_INTERVAL, WITHOUT_INTERVAL),
        sure=sure,
        said=(size >= rules.negligible) & (sure | large),
    )


def _kept(candidates: pd.DataFrame, rules: Rules) -> list[int]:
    """Rows to keep: the promised ones, then the best, each theme paying for what it already has."""
    kinds = candidates["type"].to_numpy(dtype=object)
    themes = pd.factorize(candidates["theme"])[0]
    scores = candidates["score"].to_numpy()
    kept: list[int] = []
    for promise in (True, False):
        while len(kept) < rules.limit:
            already = np.bincount(themes[kept], minlength=themes.max(initial=0) + 1)[themes]
            owed = _owed(kinds, kept)
            allowed = np.isin(kinds, owed) if promise else already < rules.theme_limit
            if not promise and (kinds[kept] == INCERTAIN).sum() >= rules.uncertain:
                allowed &= kinds != INCERTAIN
            allowed[kept] = False
            if not allowed.any():
                break
            worth = np.where(allowed, scores * rules.theme_factor**already, -1.0)
            kept.append(int(worth.argmax()))
    return kept


def _owed(kinds: npt.NDArray[np.object_], kept: list[int]) -> list[str]:
    """Types of which the list still owes one to its reader."""
    return [kind for kind, number in PROMISED.items() if (kinds[kept] == kind).sum() < number]
