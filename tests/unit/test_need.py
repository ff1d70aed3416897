"""Need index: definition, missing-value rules, invariances (docs/methodologie.md, properties h to j)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostic import need as nd

DOMAINS = {
    "revenus": {"pauvrete": 1, "niveau_vie": -1, "chomage": 1},
    "education": {"sans_diplome": 1},
    "sante": {"mortalite": 1, "ald": 1},
    "logement": {"surpeuplement": 1},
}
WEIGHTS = {"revenus": 1.0, "education": 1.0, "sante": 2.0, "logement": 1.0}
INDICATORS = [name for indicators in DOMAINS.values() for name in indicators]
REFERENCE = pd.DataFrame(
    {"mean": [15.0, 23600.0, 10.0, 20.0, 180.0, 17.0, 5.0], "sd": [8, 4250, 4, 7, 40, 3, 3]},
    index=INDICATORS,
)


def random_frame(rows: int, seed: int, missing: float = 0.2) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    values = REFERENCE["mean"].to_numpy() + draw.normal(size=(rows, 7)) * REFERENCE["sd"].to_numpy()
    values[draw.random(values.shape) < missing] = np.nan
    return pd.DataFrame(values, columns=INDICATORS, index=[f"{i:05d}" for i in range(rows)])


def at(z: dict[str, float]) -> pd.DataFrame:
    """One territory whose indicators stand at the given z (0 when not named)."""
    row = {k: REFERENCE["mean"][k] + z.get(k, 0.0) * REFERENCE["sd"][k] for k in INDICATORS}
    return pd.DataFrame([row], index=["95127"])


def test_by_hand() -> None:
    result = nd.index(
        at({"pauvrete": 1.5, "niveau_vie": -1.2, "sans_diplome": 9, "ald": 1}),
        DOMAINS,
        WEIGHTS,
        REFERENCE,
    ).loc["95127"]
    assert result["domain:revenus"] == pytest.approx((1.5 + 1.2 + 0) / 3)
    assert result["domain:education"] == pytest.approx(3.0)  # clipped
    assert result["domain:sante"] == pytest.approx(0.5)
    assert result["need"] == pytest.approx((0.9 + 3.0 + 2 * 0.5 + 0) / 5)
    assert result["missing_domains"] == ()
    assert result["complete"]
    assert result["classable"]


def test_two_thirds_of_indicators_and_three_quarters_of_domains() -> None:
    frame = pd.concat([at({"pauvrete": 1.0})] * 5).set_axis(list("abcde"))
    frame.loc["b", "pauvrete"] = np.nan  # 2 of 3: the domain holds
    frame.loc["c", ["pauvrete", "chomage"]] = np.nan  # 1 of 3: it does not; 3 of 4 domains do
    frame.loc["d", "ald"] = np.nan  # 1 of 2
    frame.loc["e", ["ald", "sans_diplome"]] = np.nan  # 2 of 4 domains
    result = nd.index(frame, DOMAINS, WEIGHTS, REFERENCE)
    assert result["missing_domains"].tolist() == [
        (),
        (),
        ("revenus",),
        ("sante",),
        ("education", "sante"),
    ]
    assert result["complete"].tolist() == [True, True, False, False, False]
    assert result["classable"].tolist() == [True, True, True, True, False]
    assert result["need"].isna().tolist() == [False, False, False, False, True]
    assert result.loc["d", "need"] == pytest.approx((1 / 3) / 3)  # weights 1, 1, 1 renormalised


def test_domain_of_weight_zero_counts_for_nothing() -> None:
    frame = random_frame(50, 1, missing=0.0)
    without = frame.assign(surpeuplement=np.nan)
    weights = {**WEIGHTS, "logement": 0.0}
    result = nd.index(without, DOMAINS, weights, REFERENCE)
    assert result["complete"].all()
    assert (result["missing_domains"] == ()).all()
    pd.testing.assert_series_equal(
        result["need"], nd.index(frame, DOMAINS, weights, REFERENCE)["need"]
    )


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.sampled_from(INDICATORS))
def test_flipping_an_indicator_and_its_direction_changes_nothing(seed: int, name: str) -> None:
    frame = random_frame(30, seed)
    flipped_domains = {
        d: {k: -v if k == name else v for k, v in ind.items()} for d, ind in DOMAINS.items()
    }
    reference = REFERENCE.copy()
    reference["mean"] = reference["mean"].where(reference.index != name, -reference["mean"])
    flipped = nd.index(frame.assign(**{name: -frame[name]}), flipped_domains, WEIGHTS, reference)
    pd.testing.assert_frame_equal(flipped, nd.index(frame, DOMAINS, WEIGHTS, REFERENCE))


def test_reversing_a_direction_alone_reverses_its_effect() -> None:
    frame = at({"sans_diplome": 1.0})
    reversed_domains = {**DOMAINS, "education": {"sans_diplome": -1}}
    plus = nd.index(frame, DOMAINS, WEIGHTS, REFERENCE)["need"].item()
    minus = nd.index(frame, reversed_domains, WEIGHTS, REFERENCE)["need"].item()
    assert plus == pytest.approx(0.2)
    assert minus == pytest.approx(-0.2)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000))
def test_rows_do_not_depend_on_each_other(seed: int) -> None:
    frame = random_frame(60, seed)
    whole = nd.index(frame, DOMAINS, WEIGHTS, REFERENCE)
    shuffled = frame.sample(frac=1, random_state=seed)
    permuted = nd.index(shuffled, DOMAINS, WEIGHTS, REFERENCE)
    pd.testing.assert_frame_equal(permuted.loc[frame.index], whole, check_exact=True)
    alone = nd.index(frame.iloc[7:8], DOMAINS, WEIGHTS, REFERENCE)
    pd.testing.assert_frame_equal(alone, whole.iloc[7:8], check_exact=True)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.floats(0.001, 1000), st.floats(-1e4, 1e4))
def test_change_of_units(seed: int, scale: float, shift: float) -> None:
    frame = random_frame(30, seed)
    reference = REFERENCE.copy()
    reference["mean"] = reference["mean"] * scale + shift
    reference["sd"] = reference["sd"] * scale
    pd.testing.assert_frame_equal(
        nd.index(frame * scale + shift, DOMAINS, WEIGHTS, reference),
        nd.index(frame, DOMAINS, WEIGHTS, REFERENCE),
        rtol=1e-6,
        atol=1e-6,
    )


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.floats(0.001, 1e6))
def test_weights_of_any_scale_and_contributions_sum_to_need(seed: int, scale: float) -> None:
    frame = random_frame(30, seed)
    result = nd.index(frame, DOMAINS, WEIGHTS, REFERENCE)
    scaled = {name: weight * scale for name, weight in WEIGHTS.items()}
    pd.testing.assert_frame_equal(nd.index(frame, DOMAINS, scaled, REFERENCE), result)
    parts = nd.contributions(result, scaled)
    assert list(parts.columns) == list(DOMAINS)
    pd.testing.assert_series_equal(
        parts.sum(axis=1, min_count=1), result["need"], check_names=False
    )
    missing = result[[f"domain:{name}" for name in DOMAINS]].isna().to_numpy()
    assert (parts.isna().to_numpy() == (missing | ~result["classable"].to_numpy()[:, None])).all()


def test_empty_frame() -> None:
    result = nd.index(random_frame(3, 0).iloc[:0], DOMAINS, WEIGHTS, REFERENCE)
    assert result.empty
    assert nd.contributions(result, WEIGHTS).empty


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": dict.fromkeys(DOMAINS, 0)}, "nulles"),
        ({"weights": {**WEIGHTS, "climat": 1}}, "inconnu : climat"),
        ({"weights": {"revenus": 1}}, "sans pondération"),
        ({"weights": {**WEIGHTS, "sante": -1}}, "positif ou nul : sante"),
        ({"weights": {**WEIGHTS, "sante": np.nan}}, "positif ou nul"),
        ({"reference": REFERENCE.drop("ald")}, "absente pour : ald"),
        ({"reference": REFERENCE.assign(sd=0.0)}, "écart-type"),
        ({"reference": pd.concat([REFERENCE, REFERENCE[:1]])}, "deux fois dans la référence"),
        ({"frame": random_frame(3, 0).drop(columns="ald")}, "absent du tableau : ald"),
        ({"frame": random_frame(3, 0).assign(ald=np.inf)}, "infinie"),
        ({"frame": random_frame(3, 0).set_axis(list("aab"))}, "deux fois"),
        ({"domains": {**DOMAINS, "sante": {"ald": 2}}}, r"\+1 ou -1"),
        ({"domains": {**DOMAINS, "sante": {}}}, "au moins un"),
        ({"domains": {**DOMAINS, "sante": {"pauvrete": 1}}}, "deux domaines"),
    ],
)
def test_refusals(change: dict[str, object], message: str) -> None:
    given_ = {
        "frame": random_frame(3, 0),
        "domains": DOMAINS,
        "weights": WEIGHTS,
        "reference": REFERENCE,
    }
    with pytest.raises(ValueError, match=message):
        nd.index(**(given_ | change))


def test_weighted_quantiles_are_observed_values() -> None:
    assert nd.weighted_quantiles(
        [3, 1, 2, np.nan], [1, 1, 2, 50], [0, 0.25, 0.26, 0.75, 1]
    ).tolist() == [1, 1, 2, 2, 3]
    tenths = nd.weighted_quantiles(range(1, 11), np.full(10, 0.1), np.arange(1, 11) / 10)
    assert tenths.tolist() == list(range(1, 11))
    assert nd.weighted_quantiles([1, 2, 9], [1, 1, 0], 1).tolist() == [2]


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(-5, 5), st.integers(1, 50)), min_size=1, max_size=30),
    st.floats(0, 1),
)
def test_weighted_quantiles_definition_ties_and_splits(
    pairs: list[tuple[int, int]], q: float
) -> None:
    value, weight = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))
    (found,) = nd.weighted_quantiles(value, weight, q)
    total = weight.sum()
    assert weight[value <= found].sum() >= q * total * (1 - 1e-9)
    assert weight[value < found].sum() < q * total or found == value.min()
    repeated = np.repeat(value, weight.astype(int))
    assert nd.weighted_quantiles(repeated, np.ones(len(repeated)), q) == found
    assert nd.weighted_quantiles(value[::-1], weight[::-1], q) == found


@pytest.mark.parametrize(
    ("values", "weights", "q"),
    [([1], [1, 2], 0.5), ([1], [1], 1.5), ([1], [-1], 0.5), ([np.nan], [1], 0.5), ([1], [0], 0.5)],
)
def test_weighted_quantiles_refusals(values: list[float], weights: list[float], q: float) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        nd.weighted_quantiles(values, weights, q)


def test_spread_of_a_composite_matches_a_simulation() -> None:
    draw = np.random.default_rng(20)
    mixing = draw.normal(size=(7, 7))
    raw = draw.normal(size=(200_000, 7)) @ mixing
    raw = (raw - raw.mean(0)) / raw.std(0) * 0.5  # far from the clipping
    frame = pd.DataFrame(raw, columns=INDICATORS)
    reference = pd.DataFrame({"mean": 0.0, "sd": 1.0}, index=INDICATORS)
    need = nd.index(frame, DOMAINS, WEIGHTS, reference)["need"]
    weights = nd.indicator_weights(DOMAINS, WEIGHTS)
    assert weights.abs().sum() == pytest.approx(1)
    sd = nd.composite_sd(frame.corr(), weights) * 0.5
    assert sd == pytest.approx(need.std(), rel=1e-3)
    low, high = nd.normal_quantiles(sd, [0.05, 0.95])
    assert low == pytest.approx(-high)
    assert high == pytest.approx(need.quantile(0.95), rel=0.02)


def test_spread_by_hand_and_refusals() -> None:
    assert nd.composite_sd([[1, 0.5], [0.5, 1]], [2, 2]) == pytest.approx(np.sqrt(0.75))
    assert nd.composite_sd(np.eye(4), np.ones(4)) == pytest.approx(0.5)
    assert nd.composite_sd([[1, -1], [-1, 1]], [1, 1]) == 0
    assert nd.normal_quantiles(2.0, 0.975)[0] == pytest.approx(3.919928)
    labelled = pd.DataFrame(np.eye(2), index=["a", "b"], columns=["a", "b"])
    assert nd.composite_sd(labelled, {"b": 1.0}) == 1
    for matrix, weights in (
        (labelled, {"c": 1.0}),
        (np.eye(2), [1.0]),
        (np.eye(2), [0.0, 0.0]),
        (2 * np.eye(2), [1.0, 1.0]),
        ([[1, 0.2], [0.3, 1]], [1.0, 1.0]),
        ([[1, -1, -1], [-1, 1, -1], [-1, -1, 1]], [1, 1, 1]),
    ):
        with pytest.raises(ValueError, match=r"\.$"):
            nd.composite_sd(matrix, weights)
    for sd, q in ((0.0, 0.5), (1.0, 0.0), (1.0, 1.0)):
        with pytest.raises(ValueError, match=r"\.$"):
            nd.normal_quantiles(sd, q)


def test_groups() -> None:
    need = pd.Series([-1.0, 0.3, 0.31, 0.9, 1.2, np.nan], index=list("abcdef"))
    complete = pd.Series([True, True, False, True, True, False], index=need.index)
    table = nd.groups(need, (0.3, 0.9), complete)
    assert table["group"].tolist() == [
        "socle",
        "socle",
        "renforce",
        "renforce",
        "intensif",
        "non classable",
    ]
    assert table["firm"].tolist() == [True, True, False, True, True, False]


def test_national_groups_hold_a_fifth_of_the_people_each() -> None:
    draw = np.random.default_rng(3)
    need = pd.Series(draw.normal(size=5000))
    people = draw.integers(1, 3000, 5000).astype(float)
    q60, q80 = nd.weighted_quantiles(need, people, [0.6, 0.8])
    table = nd.groups(need, (q60, q80), np.ones(5000, dtype=bool))
    share = pd.Series(people).groupby(table["group"]).sum() / people.sum()
    assert share["socle"] == pytest.approx(0.6, abs=1e-3)
    assert share["renforce"] == pytest.approx(0.2, abs=1e-3)
    assert share["intensif"] == pytest.approx(0.2, abs=1e-3)


@pytest.mark.parametrize("cuts", [(1.0, 0.0), (np.nan, 1.0), (0.0, np.inf)])
def test_groups_refuse_bad_cuts(cuts: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="seuils"):
        nd.groups(pd.Series([1.0]), cuts, [True])


def test_groups_refuse_misaligned_completeness() -> None:
    need = pd.Series([1.0, 2.0], index=["a", "b"])
    with pytest.raises(ValueError, match="mêmes territoires"):
        nd.groups(need, (0, 1), pd.Series([True, True], index=["b", "a"]))
    with pytest.raises(ValueError, match="longueur"):
        nd.groups(need, (0, 1), [True])
