"""The sensitivity table of a split: by hand, its targets, its responses, its refusals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostic import allocation as al
from diagnostic.scenarios import NO_ACTION, RESPONSES, Response, target

OUTCOME = np.array([30.0, 24, 20, 18, 16, 15, 14, 13, 12, 10])
PEOPLE = np.full(10, 100.0)
NEED = np.linspace(2, -2, 10)


def table(**options: Any) -> Any:
    given_: dict[str, Any] = {
        "outcome": OUTCOME,
        "population": PEOPLE,
        "need": NEED,
        "reference": (-2, 2),
    }
    return al.scenarios(**(given_ | options)).set_index(["strategy", "response"])


def test_by_hand() -> None:
    found = table()
    assert len(found) == 1 + 3 * 3
    start = found.loc[(NO_ACTION, "")]
    # X = .05, .15 ... .95: sum (X - .5) y / sum (X - .5)^2, with sum (X - .5)^2 = .825.
    slope = ((np.arange(10) + 0.5) / 10 - 0.5) @ OUTCOME / 0.825
    assert start["mean"] == pytest.approx(17.2)
    assert start["sii"] == pytest.approx(slope)
    assert start["rii"] == pytest.approx((17.2 + slope / 2) / (17.2 - slope / 2))
    assert start["d"] == 20
    assert start["middle_gap"] == 10
    assert math.isnan(start["without"])
    universal = found.loc[("universel", "lineaire")]
    for name in ("mean", "sii", "d", "middle_gap"):
        assert universal[name] == pytest.approx(0.9 * start[name])
    assert universal["rii"] == pytest.approx(start["rii"])
    aimed = found.loc[("cible", "lineaire")]  # five times the mean dose on the first two tenths
    assert aimed["mean"] == pytest.approx(17.2 - 0.5 * (30 + 24) / 10)
    assert aimed["middle_gap"] == 10
    assert aimed["without"] == pytest.approx(0.8)
    assert aimed["needy_outside"] == pytest.approx(1 - 54 / 172)
    assert found.loc[("proportionne", "lineaire"), "without"] == 0


def test_what_the_methods_warn_of() -> None:
    """Finding 5: targeting wins on the slope and leaves the middle; unequal take-up widens it."""
    found = table()
    start = found.loc[(NO_ACTION, "")]
    for response in ("lineaire", "saturante", "recours inegal"):
        universal, aimed, both = (
            found.loc[(name, response)] for name in ("universel", "cible", "proportionne")
        )
        assert abs(aimed["sii"]) < abs(both["sii"]) < abs(universal["sii"])
        assert aimed["middle_gap"] == start["middle_gap"]
        assert both["middle_gap"] < universal["middle_gap"]
    worse = Response("recours tres inegal", rate=0.1, take_up=(0.1, 1.0))
    widened = table(responses=(*RESPONSES, worse)).loc[("universel", worse.name), "sii"]
    assert widened < start["sii"]


@settings(deadline=None, max_examples=40)
@given(st.floats(0, 1), st.floats(1, 5), st.integers(0, 1000))
def test_the_same_means_whatever_the_strategy(base: float, ratio: float, seed: int) -> None:
    """With the same linear effect everywhere on equal outcomes, equal means give equal results."""
    people = np.random.default_rng(seed).uniform(10, 500, 10)
    gentle = [Response(name, rate=0.01) for name in "abc"]
    found = al.scenarios(
        np.full(10, 20.0), people, NEED, (-2, 2), base_share=base, ratio=ratio, responses=gentle
    )
    assert found["mean"][1:].tolist() == pytest.approx([19.8] * 9)


def test_responses() -> None:
    dose = np.array([0.0, 1.0, 30.0])
    assert Response("a", rate=0.1).avoided(dose).tolist() == pytest.approx([0, 0.1, 1])
    saturating = Response("b", rate=0.5, ceiling=0.25).avoided(dose)
    assert saturating.tolist() == pytest.approx([0, 0.25 * (1 - math.exp(-0.5)), 0.25], abs=1e-6)
    unequal = Response("c", rate=0.1, take_up=(0.5, 1.0)).avoided(np.ones(3))
    assert unequal.tolist() == pytest.approx([0.05, 0.075, 0.1])


def test_target_takes_whole_groups_of_highest_need() -> None:
    assert target(NEED, PEOPLE, 0.2).nonzero()[0].tolist() == [0, 1]
    assert target(NEED[::-1], PEOPLE, 0.2).nonzero()[0].tolist() == [8, 9]
    big = np.array([900.0, *[10.0] * 9])
    assert target(NEED, big, 0.2).nonzero()[0].tolist() == [0]
    assert target(np.zeros(4), np.ones(4), 0.25).nonzero()[0].tolist() == [0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"responses": RESPONSES[:2]}, "trois hypothèses"),
        ({"responses": RESPONSES[:1] * 3}, "trois hypothèses"),
        ({"outcome": [*OUTCOME[:9], np.nan]}, "résultat"),
        ({"outcome": np.zeros(10)}, "résultat"),
        ({"population": [*PEOPLE[:9], 0]}, "population"),
        ({"need": [*NEED[:9], np.nan]}, "besoin"),
        ({"need": NEED[:9]}, "nombre de groupes"),
        ({"middle": (3, 11)}, "milieu"),
        ({"target_share": 1.0}, "part ciblée"),
        ({"ratio": 0.5}, "rapport"),
    ],
)
def test_refusals(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        table(**change)
