"""Three groups among the quartiers prioritaires, each compared with the other quartiers only.

A quartier is delimited because incomes are low in it: on the scale of communes nearly all would
stand in the upper group, which teaches nothing. Here the mean, the spread and the limits are those
of the quartiers of the country, weighted by their inhabitants; the index, the groups and their
stability are those of :mod:`diagnostic.need`, by the exact calculation. The groups of quartiers and
those of communes cannot be compared.
"""

from __future__ import annotations

import pandas as pd

from diagnostic import need

# Share of the inhabitants of all quartiers whose need must be known: under it, no reference.
LEAST_COVERAGE = 0.8


def quarter_groups(
    frame: pd.DataFrame, population: pd.Series, domains: need.Domains, draws: int = 1000
) -> pd.DataFrame | None:
    """Need, domains, group and chances of each quartier; None where too many have no figures.

    ``frame``, ``domains`` as in :func:`diagnostic.need.index`, for every quartier of the country,
    domains at equal weights; ``population`` on the same index. No error is stated: the chances
    measure the choices alone. Columns of :func:`diagnostic.need.index` and of
    :func:`diagnostic.need.robustness`.
    """
    known = frame[[name for ways in domains.values() for name in ways]].notna().all(axis=1)
    if not population[known].sum() >= LEAST_COVERAGE * population.sum() > 0:
        return None
    weights = dict.fromkeys(domains, 1.0)
    reference = need.national_reference(frame, population)
    scores = need.index(frame, domains, weights, reference)
    drawn = need.national_draws(frame, population, domains, weights, reference, draws=draws)
    return scores.join(drawn.table)
