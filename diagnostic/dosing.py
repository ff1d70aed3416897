"""Dosing a resource between territories: the rule as one object, pooling, what a choice moves.

Source: docs/methodologie.md. :mod:`diagnostic.allocation` holds the arithmetic; this module holds
what a screen asks of it: what is kept aside, who is pooled with whom, how far the split follows
from the policy choices, and what three strategies would give under stated assumptions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from diagnostic.allocation import allocate, observed_ratio, scenarios
from diagnostic.scenarios import target

RATIOS = (1.0, 2.0, 3.0, 5.0)
BASES = (0.0, 0.25, 0.5, 0.75, 1.0)
LEAST_GROUPS = 4
TARGET_SHARE = 0.2


@dataclass(frozen=True)
class Rule:
    """A quantity to share and the policy choices: see :func:`diagnostic.allocation.allocate`."""

    budget: float
    reference: tuple[float, float]
    base_share: float = 0.5
    ratio: float = 3.0
    unit: float = 1
    floor: float | None = None
    ceiling: float | None = None

    def split(self, population: pd.Series, need: pd.Series) -> pd.DataFrame:
        """The split, with ``base`` and ``reinforcement``: both parts of the continuous share.

        The base is the same per head everywhere; with a floor or a ceiling the reinforcement is
        what the bounds leave, and may be under zero.
        """
        table = allocate(
            self.budget,
            population,
            need,
            self.base_share,
            self.ratio,
            self.reference,
            self.unit,
            self.floor,
            self.ceiling,
        )
        base = self.base_share * table["equal"]
        return table.assign(base=base, reinforcement=table["continuous"] - base)


def after_reserve(total: float, reserve: float, unit: float) -> tuple[float, float]:
    """What is shared, a whole number of units, and what is kept: the reserve and any odd end."""
    if not 0 <= reserve < 1:
        raise ValueError("La réserve est une part comprise entre 0 et 1, borne haute exclue.")
    units = math.floor(total * (1 - reserve) / unit + 1e-9)
    shared = round(units * unit, 9)
    return shared, round(total - shared, 9)


def pool_touching(shares: pd.Series, pairs: Iterable[tuple[str, str]], least: float) -> pd.Series:
    """Group of each territory (smallest code in it), those under ``least`` joined to neighbours.

    Again and again, the group of smallest share joins the touching group of smallest share, until
    every group reaches ``least`` or has no neighbour left. Ties go to the smallest code. A share of
    0 (nobody lives there) is pooled too.
    """
    group = {code: code for code in shares.index}
    total = {code: float(value) for code, value in shares.items()}
    around: dict[str, set[str]] = {code: set() for code in group}
    for one, other in pairs:
        if one in around and other in around and one != other:
            around[one].add(other)
            around[other].add(one)
    while True:
        small = [code for code, value in total.items() if value < least and around[code]]
        if not small:
            break
        first = min(small, key=lambda code: (total[code], code))
        second = min(around[first], key=lambda code: (total[code], code))
        kept, gone = sorted((first, second))
        total[kept] += total.pop(gone)
        around[kept] |= around.pop(gone)
        around[kept] -= {kept, gone}
        for code in around:
            if gone in around[code]:
                around[code].discard(gone)
                if code != kept:
                    around[code].add(kept)
        for code, label in group.items():
            if label == gone:
                group[code] = kept
    return pd.Series(group).reindex(shares.index)


def what_moves(rule: Rule, population: pd.Series, need: pd.Series) -> pd.DataFrame:
    """The same split with other ratios K, then with other bases: what each choice changes.

    Columns: ``base_share``, ``ratio``, ``observed`` (largest over smallest per head), ``least`` and
    ``most`` (per head), ``moved`` (quantity given to another territory than under ``rule``),
    ``current``. Floors and ceilings hold.
    """
    choices = [(rule.base_share, ratio) for ratio in sorted({*RATIOS, rule.ratio})]
    choices += [(base, rule.ratio) for base in sorted({*BASES, rule.base_share})]
    now = rule.split(population, need)["allocated"]
    rows = []
    for base, ratio in dict.fromkeys(choices):
        table = replace(rule, base_share=base, ratio=ratio).split(population, need)
        rows.append(
            {
                "base_share": base,
                "ratio": ratio,
                "observed": observed_ratio(table),
                "least": table["per_head"].min(),
                "most": table["per_head"].max(),
                "moved": float((table["allocated"] - now).abs().sum()) / 2,
                "current": (base, ratio) == (rule.base_share, rule.ratio),
            }
        )
    return pd.DataFrame(rows)


def strategies(
    rule: Rule, population: pd.Series, need: pd.Series, rates: tuple[float, float]
) -> pd.DataFrame | None:
    """Universal, targeted, proportionate under stated responses, on the territories themselves.

    ``rates``: assumed share of people concerned where need is lowest and where it is highest in the
    country, evenly between. The middle gap is that of the first territory above the target and the
    last. None under four inhabited territories of known need, or when the target leaves too few.
    Columns: see :func:`diagnostic.allocation.scenarios`.
    """
    kept = (population > 0) & need.notna()
    order = need[kept].sort_values(ascending=False, kind="stable").index
    if len(order) < LEAST_GROUPS:
        return None
    needs, people = need[order].to_numpy(float), population[order].to_numpy(float)
    aimed = int(target(needs, people, TARGET_SHARE).sum())
    if aimed + 1 >= len(order):
        return None
    low, high = rule.reference
    position = (np.clip(needs, low, high) - low) / (high - low)
    outcome = rates[0] + (rates[1] - rates[0]) * position
    return scenarios(
        outcome,
        people,
        needs,
        rule.reference,
        base_share=rule.base_share,
        ratio=rule.ratio,
        target_share=TARGET_SHARE,
        middle=(aimed + 1, len(order)),
    )
