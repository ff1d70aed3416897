"""The draws made ready before the weights, against the exact calculation they stand for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from diagnostic import need as nd
from diagnostic import redraw
from tests.unit.test_robustness import DOMAINS, PROBABILITIES, WEIGHTS, country

DRAWS = 300
OTHERS = ({"revenus": 3.0, "education": 1.0, "sante": 1.0, "logement": 0.2}, WEIGHTS)


def chances(
    frame: pd.DataFrame,
    people: pd.Series,
    weights: dict[str, float],
    errors: pd.DataFrame | None,
    here: pd.Index,
    points: int,
) -> pd.DataFrame:
    """The table of the pages, from draws made ready before ``weights``."""
    reference = nd.national_reference(frame, people)
    counted = [name for name, weight in weights.items() if weight > 0]
    ready = redraw.make_ready(
        frame, people, DOMAINS, counted, reference, errors=errors, draws=DRAWS, points=points
    )
    terms = redraw.terms(frame.loc[here], ready, None if errors is None else errors.loc[here])
    under = redraw.under_limits(ready, terms, weights, redraw.limits(ready, weights))
    scores = nd.index(frame, DOMAINS, weights, reference)
    low, high = nd.weighted_quantiles(scores["need"], people, nd.GROUP_CUTS)
    return nd.chances(scores.loc[here], (float(low), float(high)), under)


def exact(
    frame: pd.DataFrame, people: pd.Series, weights: dict[str, float], errors: pd.DataFrame | None
) -> pd.DataFrame:
    reference = nd.national_reference(frame, people)
    return nd.national_draws(
        frame, people, DOMAINS, weights, reference, errors=errors, draws=DRAWS
    ).table


def stated(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.notna() * np.random.default_rng(3).uniform(0, 1, frame.shape)


@pytest.mark.parametrize("weights", [*OTHERS, {**WEIGHTS, "education": 0.0}])
@pytest.mark.parametrize("with_errors", [False, True])
def test_without_sampling_it_is_the_exact_calculation(
    weights: dict[str, float], with_errors: bool
) -> None:
    """One point a territory: nothing is left but the last digit of a sum."""
    frame, people = country(500, seed=6, missing=0.04)
    people[:] = 1.0
    errors = stated(frame) if with_errors else None
    whole = exact(frame, people, weights, errors)
    points = int(whole["p_socle"].notna().sum())
    found = chances(frame, people, weights, errors, frame.index, points)
    assert 400 < points < 500
    gap = (found[PROBABILITIES] - whole[PROBABILITIES]).abs().max().max()
    assert gap <= 1 / DRAWS + 1e-9
    assert (found["group"] == whole["group"]).all()
    assert found[PROBABILITIES].isna().equals(whole[PROBABILITIES].isna())


@pytest.mark.parametrize("weights", OTHERS)
def test_the_sample_of_the_country_is_close_to_the_country(weights: dict[str, float]) -> None:
    """Populations as skewed as in life: what 2 000 points change in the chances of a group."""
    frame, _ = country(8000, seed=8, missing=0.02)
    drawn = np.exp(np.random.default_rng(1).normal(6.2, 1.3, len(frame)))
    people, errors = pd.Series(np.round(drawn) + 1, index=frame.index), stated(frame)
    whole = exact(frame, people, weights, errors)
    found = chances(frame, people, weights, errors, frame.index, redraw.POINTS)
    gap = (found[PROBABILITIES] - whole[PROBABILITIES]).abs()
    assert gap.max().max() < 0.05
    assert gap.mean().max() < 0.005
    assert (found["group"] == whole["group"]).all()
    assert (found["firm"] != whole["firm"]).mean() < 0.01


def test_who_else_is_read_changes_no_digit() -> None:
    frame, people = country(400, seed=2, missing=0.05)
    errors = stated(frame)
    together = chances(frame, people, WEIGHTS, errors, frame.index, 300)
    for size in (1, 7, 150):
        some = frame.sample(size, random_state=size).index
        alone = chances(frame, people, WEIGHTS, errors, some, 300)
        pd.testing.assert_frame_equal(alone, together.loc[some], check_exact=True)


def test_many_territories_are_read_by_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    frame, people = country(330, seed=5, missing=0.05)
    errors = stated(frame)
    told: list[float] = []
    ready = redraw.make_ready(
        frame, people, DOMAINS, list(DOMAINS), nd.national_reference(frame, people), draws=40
    )
    cuts = redraw.limits(ready, WEIGHTS)
    whole = redraw.under_limits(ready, redraw.terms(frame, ready, errors), WEIGHTS, cuts)
    monkeypatch.setattr(redraw, "PART", 100)
    parts = redraw.under_by_parts(frame, ready, WEIGHTS, cuts, errors, told.append)
    np.testing.assert_array_equal(parts, whole)
    assert told == [0.25, 0.5, 0.75, 1.0]


def test_a_domain_turned_round_moves_the_chances_the_other_way() -> None:
    """Reversing an indicator: whoever was carried to the intensive group by it leaves it."""
    frame, people = country(600, seed=4)
    top = frame["sans_diplome"].nlargest(60).index
    before = chances(frame, people, WEIGHTS, None, top, 600)
    mirrored = frame.assign(sans_diplome=2 * frame["sans_diplome"].mean() - frame["sans_diplome"])
    after = chances(mirrored, people, WEIGHTS, None, top, 600)
    assert (after["p_intensif"] <= before["p_intensif"]).all()
    assert (after["p_socle"] >= before["p_socle"]).all()
    assert after["p_intensif"].mean() < before["p_intensif"].mean() - 0.2


def test_the_sample_holds_every_large_territory_in_its_share() -> None:
    people = np.array([1.0, 50.0, 9.0, 40.0])
    held = redraw._sampled(np.array([0.3, 0.1, np.inf, 0.2]), people, 100)
    assert np.bincount(held, minlength=4).tolist() == people.tolist()


def test_a_country_without_people_is_refused() -> None:
    frame, people = country(30)
    with pytest.raises(ValueError, match="Aucun habitant"):
        redraw.make_ready(
            frame, people * 0, DOMAINS, list(DOMAINS), nd.national_reference(frame, people)
        )
