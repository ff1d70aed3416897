"""Robustness of the need index: what the draws do, and what may not change anything."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostic import need as nd
from diagnostic import robustness as rb

DOMAINS = {
    "revenus": {"pauvrete": 1, "niveau_vie": -1, "chomage": 1},
    "education": {"sans_diplome": 1},
    "sante": {"mortalite": 1, "ald": 1},
    "logement": {"surpeuplement": 1},
}
WEIGHTS = {"revenus": 1.0, "education": 1.0, "sante": 2.0, "logement": 1.0}
INDICATORS = [name for indicators in DOMAINS.values() for name in indicators]
STILL = rb.Choices("fixed", 0.0, ("z",), ("arithmetic",), leave_one_out=False)
PROBABILITIES = ["p_socle", "p_renforce", "p_intensif"]
BAND = ["position_low", "position", "position_high"]


def country(rows: int = 400, seed: int = 0, missing: float = 0.0) -> tuple[pd.DataFrame, pd.Series]:
    draw = np.random.default_rng(seed)
    common = draw.normal(size=(rows, 1))
    values = 0.6 * common + 0.8 * draw.normal(size=(rows, 7))
    values[:, 1] *= -1
    values[draw.random(values.shape) < missing] = np.nan
    index = pd.Index([f"{i:05d}" for i in range(rows)])
    frame = pd.DataFrame(10 + 2 * values, columns=INDICATORS, index=index)
    return frame, pd.Series(draw.integers(50, 5000, rows).astype(float), index=index)


def run(frame: pd.DataFrame, people: pd.Series, draws: int = 60, **options: Any) -> nd.National:
    weights = options.pop("weights", WEIGHTS)
    domains = options.pop("domains", DOMAINS)
    reference = nd.national_reference(frame, people)
    return nd.national_draws(frame, people, domains, weights, reference, draws=draws, **options)


def test_without_any_choice_to_vary_the_draws_are_the_index() -> None:
    frame, people = country(missing=0.03)
    national = run(frame, people, choices=STILL, draws=20)
    table = national.table
    scores = nd.index(frame, DOMAINS, WEIGHTS, national.reference)
    known = table[scores["classable"]]
    assert (known["position_low"] == known["position_high"]).all()
    assert set(np.unique(known[PROBABILITIES])) == {0.0, 1.0}
    # Exact position: people with less need, plus half of the equals.
    order = scores["need"].dropna().sort_values()
    exact = (people[order.index].cumsum() - people[order.index] / 2) / people[order.index].sum()
    cell = 6 * people.max() / people.sum()  # a cell of the score may hold a few territories
    assert (known["position"] - exact[known.index]).abs().max() < cell
    assert known["position"].corr(exact, method="spearman") > 0.9999
    groups = nd.groups(scores["need"], national.cuts, scores["complete"])
    likely = known[PROBABILITIES].idxmax(axis=1).str.removeprefix("p_")
    assert (likely == groups["group"][known.index]).mean() > 0.99
    assert (known["group"] == groups["group"][known.index]).all()


def test_every_draw_puts_a_fifth_of_the_people_in_each_upper_group() -> None:
    frame, people = country(2000, seed=1)
    table = run(frame, people, errors=dict.fromkeys(INDICATORS, 0.6)).table
    mean = table[PROBABILITIES].mul(people, axis=0).sum() / people.sum()
    assert mean.tolist() == pytest.approx([0.6, 0.2, 0.2], abs=3e-3)
    np.testing.assert_allclose(table[PROBABILITIES].sum(axis=1), 1)
    assert (table["position_low"] <= table["position"]).all()
    assert (table["position"] <= table["position_high"]).all()
    assert table[BAND].to_numpy().min() >= 0
    assert table[BAND].to_numpy().max() <= 1


@settings(deadline=None, max_examples=4)
@given(st.integers(0, 1000), st.booleans())
def test_same_seed_any_order_any_company(seed: int, with_errors: bool) -> None:
    """Properties (i) and (j): neither the order of the rows nor who else is read changes a digit."""
    frame, people = country(300, seed, missing=0.05)
    errors = None
    if with_errors:
        errors = frame.notna() * np.random.default_rng(seed).uniform(0, 1, frame.shape)
    national = run(frame, people, errors=errors, seed=seed)
    again = run(frame, people, errors=errors, seed=seed)
    pd.testing.assert_frame_equal(national.table, again.table, check_exact=True)
    order = frame.sample(frac=1, random_state=seed).index
    shuffled = run(
        frame.loc[order],
        people[order],
        errors=None if errors is None else errors.loc[order],
        seed=seed,
    )
    pd.testing.assert_frame_equal(shuffled.table.loc[frame.index], national.table, check_exact=True)
    few = frame.sample(20, random_state=seed).index
    part = nd.robustness(frame.loc[few], national, None if errors is None else errors.loc[few])
    pd.testing.assert_frame_equal(part, national.table.loc[few], check_exact=True)
    alone = nd.robustness(
        frame.loc[few[:1]], national, None if errors is None else errors.loc[few[:1]]
    )
    pd.testing.assert_frame_equal(alone, part.iloc[:1], check_exact=True)


@settings(deadline=None, max_examples=4)
@given(st.integers(0, 1000), st.sampled_from(INDICATORS))
def test_flipping_an_indicator_and_its_direction_changes_nothing(seed: int, name: str) -> None:
    frame, people = country(200, seed)
    domains = {d: {k: -v if k == name else v for k, v in ind.items()} for d, ind in DOMAINS.items()}
    flipped = run(frame.assign(**{name: -frame[name]}), people, domains=domains)
    pd.testing.assert_frame_equal(
        flipped.table, run(frame, people).table, check_exact=False, atol=1e-3
    )


def test_more_need_everywhere_is_never_a_lower_position() -> None:
    frame, people = country(300, seed=4)
    national = run(frame, people)
    direction = pd.Series({k: v for ind in DOMAINS.values() for k, v in ind.items()})
    low = frame.iloc[:40]
    high = low + direction[low.columns] * 1.5
    before, after = nd.robustness(low, national), nd.robustness(high, national)
    assert (after[BAND] >= before[BAND]).all().all()
    assert (after["p_intensif"] >= before["p_intensif"]).all()
    assert (after["p_socle"] <= before["p_socle"]).all()


def test_errors_widen_the_band_and_are_declared() -> None:
    frame, people = country(600, seed=2)
    plain = run(frame, people, choices=STILL, draws=200)
    small = run(frame, people, choices=STILL, errors=dict.fromkeys(INDICATORS, 0.2), draws=200)
    large = run(frame, people, choices=STILL, errors=dict.fromkeys(INDICATORS, 1.0), draws=200)
    widths = [
        (one.table["position_high"] - one.table["position_low"]).mean()
        for one in (plain, small, large)
    ]
    assert widths[0] == 0 < widths[1] < widths[2]
    assert not plain.table["error_stated"].any()
    assert small.table["error_stated"].all()
    some = run(frame, people, errors=pd.Series({"ald": 1.0}))
    assert not some.table["error_stated"].any()
    by_value = pd.DataFrame(0.5, index=frame.index, columns=INDICATORS)
    by_value.iloc[0, 0] = np.nan
    partly = run(frame, people, errors=by_value).table["error_stated"]
    assert partly.tolist() == [False] + [True] * 599


def test_the_spread_of_the_scores_is_that_of_the_stated_errors() -> None:
    """One indicator, no choice: the score is z plus a normal error of the stated size."""
    size = 4000
    indicators = rb.Indicators(
        np.zeros((1, size), np.float32),
        np.full((1, size), 0.5, np.float32),
        np.ones((1, size), np.float32),
        np.zeros(1, np.intp),
        rb.territory_keys(pd.Index([f"{i:05d}" for i in range(size)])),
    )
    plan = rb.draw_plan([1.0], indicators.domain, STILL, 50, 1)
    scales = rb.Scales(np.array([-1.0]), np.array([1.0]), np.zeros((1, 4096), np.float32))
    scaled = rb.scaled_by(indicators, scales, "z")
    score = 6 * rb._scores(scaled, plan, scales, np.arange(50)) - 3
    assert score.std() == pytest.approx(0.5, rel=0.005)
    assert score.mean() == pytest.approx(0, abs=0.005)
    assert np.quantile(score, 0.975) == pytest.approx(0.98, rel=0.02)
    # Neither two draws nor two territories share their errors.
    assert abs(np.corrcoef(score[0], score[1])[0, 1]) < 0.06
    assert abs(np.corrcoef(score[:, 0], score[:, 1])[0, 1]) < 0.6
    assert abs(np.corrcoef(score[:, :-1].ravel(), score[:, 1:].ravel())[0, 1]) < 0.01


def test_two_indicators_of_a_pair_have_independent_errors() -> None:
    one, other = rb._normals(
        rb.territory_keys(pd.Index([str(i) for i in range(20_000)])),
        np.array([12345], np.uint32),
    )
    assert abs(np.corrcoef(one[0], other[0])[0, 1]) < 0.02
    assert one.std() == pytest.approx(1, abs=0.02)
    assert other.std() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("method", ["z", "minmax", "rank"])
@pytest.mark.parametrize("aggregation", ["arithmetic", "geometric"])
def test_a_draw_against_the_formula(method: str, aggregation: str) -> None:
    """Scores of complete territories, by plain float64 arithmetic from the definition."""
    frame, people = country(200, seed=7)
    choices = rb.Choices("fixed", 0.0, (method,), (aggregation,), leave_one_out=False)  # type: ignore[arg-type]
    national = run(frame, people, choices=choices, draws=1)
    z = {
        k: sign * (frame[k] - national.reference.loc[k, "mean"]) / national.reference.loc[k, "sd"]
        for ind in DOMAINS.values()
        for k, sign in ind.items()
    }
    if method == "z":
        unit = {k: (v.clip(-3, 3) + 3) / 6 for k, v in z.items()}
    elif method == "minmax":
        unit = {k: (v - v.min()) / (v.max() - v.min()) for k, v in z.items()}
    else:
        unit = {
            k: (people[v.sort_values().index].cumsum() - people / 2) / people.sum()
            for k, v in z.items()
        }
    domain = pd.DataFrame({d: sum(unit[k] for k in ind) / len(ind) for d, ind in DOMAINS.items()})
    shares = pd.Series(nd.normalised_weights(DOMAINS, WEIGHTS))
    if aggregation == "geometric":
        domain = np.log(1 + 99 * domain)
    score = (domain * shares).sum(axis=1).sort_values()
    exact = (people[score.index].cumsum() - people[score.index] / 2) / people.sum()
    gap = (national.table["position"] - exact[frame.index]).abs()
    assert gap.max() < 4 * people.max() / people.sum()


def test_leaving_the_only_indicator_of_a_domain_out_leaves_the_domain_out() -> None:
    frame, people = country(100, seed=5)
    national = run(frame, people, choices=dataclasses.replace(STILL, leave_one_out=True), draws=300)
    dropped = INDICATORS.index("sans_diplome")
    rows = np.flatnonzero(national.plan.left_out == dropped)
    assert 0 < len(rows) < 300
    without = run(frame, people, choices=STILL, weights={**WEIGHTS, "education": 0.0}, draws=1)
    kept = [k for k in INDICATORS if k != "sans_diplome"]
    assert len(without.plan.weights[0]) == 3
    assert without.scales.low.shape == (len(kept),)
    np.testing.assert_allclose(national.curves.cuts[rows[0]], without.curves.cuts[0], rtol=1e-5)
    assert set(np.unique(national.plan.left_out)) == set(range(-1, 7))


def test_a_single_indicator_is_never_left_out() -> None:
    frame, people = country(50)
    national = run(frame, people, domains={"un": {"ald": 1}}, weights={"un": 1})
    assert (national.plan.left_out == -1).all()


@pytest.mark.parametrize("weights", ["band", "dirichlet"])
def test_weights_are_drawn_around_the_nominal_ones(
    weights: Literal["band", "dirichlet"],
) -> None:
    choices = dataclasses.replace(STILL, weights=weights, band=0.25)
    shares = [0.2, 0.2, 0.4, 0.2]
    drawn = rb.draw_plan(shares, np.zeros(4, np.intp), choices, 4000, 3).weights
    np.testing.assert_allclose(drawn.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(drawn.mean(axis=0), shares, atol=0.015)
    if weights == "band":
        ratio = drawn[:, 0] / drawn[:, 1]
        assert 0.75 / 1.25 - 1e-6 <= ratio.min() < 0.65
        assert 1.5 < ratio.max() <= 1.25 / 0.75 + 1e-6
    else:
        assert drawn[:, 0].std() == pytest.approx(np.sqrt(0.2 * 0.8 / 5), rel=0.05)


def test_unclassable_and_incomplete_territories() -> None:
    frame, people = country(300, seed=9)
    frame.loc["00000", ["sans_diplome", "surpeuplement"]] = np.nan  # 2 of 4 domains
    frame.loc["00001", "sans_diplome"] = np.nan  # 3 of 4
    frame.loc["00001", INDICATORS[0]] = 60.0
    table = run(frame, people, choices=STILL).table
    assert table.loc["00000", BAND + PROBABILITIES].isna().all()
    assert table.loc["00000", "group"] == "non classable"
    assert not table.loc["00000", "firm"]
    assert not table.loc["00000", "error_stated"]
    assert not table.loc["00001", "firm"]  # a domain is missing
    complete = table.drop(["00000", "00001"])
    assert complete["firm"].all()


def test_firm_is_eight_draws_in_ten_for_the_group_of_the_index() -> None:
    frame, people = country(800, seed=3)
    table = run(frame, people, draws=100).table
    own = np.select(
        [table["group"] == name for name in ("socle", "renforce", "intensif")],
        [table[name] for name in PROBABILITIES],
    )
    assert (table["firm"] == (own >= 0.8 - 1e-12)).all()
    assert 0 < table["firm"].mean() < 1


def test_nobody_to_read() -> None:
    frame, people = country(100)
    national = run(frame, people)
    assert nd.robustness(frame.iloc[:0], national).empty
    unknown = frame.iloc[:2] * np.nan
    assert (nd.robustness(unknown, national)["group"] == "non classable").all()


def test_equal_territories_stand_in_the_middle() -> None:
    """A country without differences in a draw: everyone at half, in the first group."""
    index = pd.Index(list("abcd"))
    frame = pd.DataFrame({"x": [1.0, 2.0, 1.0, 2.0], "y": [2.0, 1.0, 2.0, 1.0]}, index=index)
    people = pd.Series(1.0, index=index)
    national = run(
        frame,
        people,
        domains={"d": {"x": 1, "y": 1}},
        weights={"d": 1},
        choices=STILL,
    )
    assert (national.table["position"] == 0.5).all()
    assert (national.table["p_socle"] == 1).all()


def test_a_reading_outside_the_country_stays_within_0_and_1() -> None:
    frame, people = country(100)
    national = run(frame, people)
    far = pd.DataFrame(
        [[99.0, -99, 99, 99, 99, 99, 99], [-99.0, 99, -99, -99, -99, -99, -99]],
        columns=INDICATORS,
        index=["haut", "bas"],
    )
    table = nd.robustness(far, national)
    assert table.loc["haut", "position"] > 0.98
    assert table.loc["bas", "position"] < 0.02
    assert table["firm"].all()


def test_national_reference_by_hand() -> None:
    frame = pd.DataFrame({"x": [1.0, 4.0, np.nan]})
    found = nd.national_reference(frame, pd.Series([3.0, 1.0, 50.0]))
    assert found.loc["x"].tolist() == pytest.approx(
        [1.75, np.sqrt(0.75 * 0.75**2 + 0.25 * 2.25**2)]
    )
    with pytest.raises(ValueError, match="référence impossible"):
        nd.national_reference(frame, pd.Series([0.0, 0.0, 5.0]))


def test_the_imaginary_country_has_the_given_moments() -> None:
    reference = pd.DataFrame({"mean": [5.0, -2.0], "sd": [2.0, 0.5]}, index=["a", "b"])
    correlation = pd.DataFrame([[1, 0.6], [0.6, 1]], index=["a", "b"], columns=["a", "b"])
    frame = nd.normal_country(reference, correlation, size=20_000)
    assert frame.mean().tolist() == pytest.approx([5, -2], abs=0.05)
    assert frame.std().tolist() == pytest.approx([2, 0.5], rel=0.02)
    assert frame.corr().loc["a", "b"] == pytest.approx(0.6, abs=0.02)
    assert frame.index.is_unique


def test_error_behind_an_interval() -> None:
    assert nd.error_sd([8.0, np.nan], [12.0, 3.0])[0] == pytest.approx(2 / 1.959964)
    assert np.isnan(nd.error_sd([np.nan], [3.0])[0])
    with pytest.raises(ValueError, match="dépasse"):
        nd.error_sd([3.0], [1.0])
    with pytest.raises(ValueError, match="niveau"):
        nd.error_sd([1.0], [3.0], level=1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cuts": (0.8, 0.6)}, "deux parts"),
        ({"draws": 0}, "au moins un tirage"),
        ({"choices": rb.Choices(band=1.0)}, "variation des poids"),
        ({"choices": rb.Choices(weights="au hasard")}, "Tirage des poids inconnu"),  # type: ignore[arg-type]
        ({"choices": rb.Choices(normalisations=())}, "Choix inconnu"),
        ({"choices": rb.Choices(aggregations=("max",))}, "max"),  # type: ignore[arg-type]
        ({"errors": {"ald": -1.0}}, "positif ou nul : ald"),
        ({"errors": {"ald": np.inf}}, "positif ou nul : ald"),
        ({"errors": pd.DataFrame({"ald": [1.0]})}, "mêmes territoires"),
        ({"population": pd.Series([1.0])}, "mêmes territoires"),
        ({"population": -1.0}, "positive ou nulle"),
        ({"population": 0.0}, "Aucun habitant"),
        ({"frame": {"ald": 3.0}}, "constant"),
    ],
)
def test_refusals(change: dict[str, Any], message: str) -> None:
    frame, people = country(20)
    reference = nd.national_reference(frame, people)
    if "frame" in change:
        frame = frame.assign(**change.pop("frame"))
    population = change.pop("population", people)
    if isinstance(population, float):
        population = people * 0 + population
    with pytest.raises(ValueError, match=message):
        nd.national_draws(frame, population, DOMAINS, WEIGHTS, reference, **{"draws": 5, **change})
