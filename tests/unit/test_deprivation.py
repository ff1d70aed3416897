"""First component, FDep recalculated, F-EDI and population-weighted classes (docs/methodologie.md)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostic import deprivation as dp

FDEP = list(dp.FDEP_SIGNS)
EDI = list(dp.EDI_COEFFICIENTS)


def communes(count: int, seed: int) -> pd.DataFrame:
    """Communes whose four variables share one latent deprivation, in their natural units."""
    draw = np.random.default_rng(seed)
    latent = draw.normal(size=count)
    noise = draw.normal(size=(count, 4))
    z = np.array(list(dp.FDEP_SIGNS.values())) * latent[:, None] + 0.5 * noise
    values = np.array([21_000, 40, 25, 11]) + z * np.array([3_000, 9, 8, 4])
    return pd.DataFrame(values, columns=FDEP, index=[f"{i + 1001:05d}" for i in range(count)])


def inhabitants(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(1, 2_000, size=count).astype(float)


def assert_same(left: dp.FirstComponent, right: dp.FirstComponent) -> None:
    pd.testing.assert_series_equal(left.scores, right.scores, rtol=1e-7, atol=1e-9)
    pd.testing.assert_series_equal(left.loadings, right.loadings, rtol=1e-7, atol=1e-9)
    assert left.share == pytest.approx(right.share)


def test_two_variables_by_hand() -> None:
    """x = 0, 1 and y = 0, 1 with weights 3, 1, 1, 3 on (0,0) (0,1) (1,0) (1,1).

    Means 1/2, variances 1/4, covariance 3/8 - 1/4 = 1/8, so r = 1/2: eigenvalue 1 + r = 3/2, share
    3/4, loadings 1/sqrt(2). z = +-1: scores +-sqrt(2) at the ends and 0 in between.
    """
    frame = pd.DataFrame({"x": [0, 0, 1, 1], "y": [0, 1, 0, 1]}, index=list("abcd"))
    component = dp.first_component(frame, [3, 1, 1, 3], anchor="x")
    assert component.loadings.tolist() == pytest.approx([0.5**0.5, 0.5**0.5])
    assert component.share == pytest.approx(0.75)
    assert component.scores.tolist() == pytest.approx([-(2**0.5), 0, 0, 2**0.5])
    assert component.reference["mean"].tolist() == pytest.approx([0.5, 0.5])
    assert component.reference["sd"].tolist() == pytest.approx([0.5, 0.5])
    assert component.known == 4
    assert not component.imputed.any()


def test_reference_by_hand_each_column_on_what_is_known() -> None:
    frame = pd.DataFrame({"a": [1.0, 4.0, np.nan], "b": [0.0, 6.0, 3.0]})
    reference = dp.reference_of(frame, [2, 1, 3])
    # a: (2 + 4)/3 = 2, variance (2 + 4)/3 = 2; b: (6 + 9)/6 = 2.5, (12.5 + 12.25 + .75)/6 = 4.25.
    assert reference["mean"].tolist() == pytest.approx([2, 2.5])
    assert reference["sd"].tolist() == pytest.approx([2**0.5, 4.25**0.5])


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000))
def test_an_integer_weight_is_a_repetition(seed: int) -> None:
    frame = communes(12, seed)
    times = np.random.default_rng(seed).integers(1, 5, size=12)
    weighted = dp.first_component(frame, times)
    repeated = frame.loc[frame.index.repeat(times)].reset_index(drop=True)
    flat = dp.first_component(repeated, np.ones(len(repeated)))
    assert weighted.loadings.tolist() == pytest.approx(flat.loadings.tolist(), abs=1e-9)
    assert weighted.share == pytest.approx(flat.share)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.floats(0.01, 100), st.floats(-1e3, 1e3))
def test_order_and_units_change_nothing(seed: int, scale: float, shift: float) -> None:
    frame, people = communes(40, seed), inhabitants(40, seed)
    base = dp.first_component(frame, people)
    assert_same(dp.first_component(frame * scale + shift, people * scale), base)
    order = np.random.default_rng(seed + 1).permutation(40)
    mixed = dp.first_component(frame.iloc[order], people[order])
    pd.testing.assert_series_equal(mixed.scores.loc[frame.index], base.scores, atol=1e-9)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.sampled_from([dp.INCOME, dp.BACHELORS, dp.WORKERS]))
def test_flipping_a_variable_flips_its_loading_only(seed: int, name: str) -> None:
    frame, people = communes(40, seed), inhabitants(40, seed)
    base = dp.first_component(frame, people)
    flipped = dp.first_component(frame.assign(**{name: -frame[name]}), people)
    pd.testing.assert_series_equal(flipped.scores, base.scores, atol=1e-9)
    assert flipped.loadings[name] == pytest.approx(-base.loadings[name])


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000))
def test_scores_are_centred_and_their_variance_is_the_first_eigenvalue(seed: int) -> None:
    frame, people = communes(40, seed), inhabitants(40, seed)
    component = dp.first_component(frame, people)
    assert np.average(component.scores, weights=people) == pytest.approx(0, abs=1e-9)
    variance = np.average(component.scores**2, weights=people)
    assert variance == pytest.approx(4 * component.share)
    assert (component.loadings**2).sum() == pytest.approx(1)
    assert 0.25 <= component.share <= 1


def test_the_anchor_gives_the_sign() -> None:
    frame, people = communes(40, 1), inhabitants(40, 1)
    assert dp.first_component(frame, people).loadings[dp.UNEMPLOYMENT] > 0
    by_income = dp.first_component(frame, people, anchor=dp.INCOME)
    assert by_income.loadings[dp.INCOME] > 0
    assert by_income.loadings[dp.UNEMPLOYMENT] < 0
    renamed = frame.rename(columns={dp.UNEMPLOYMENT: "autre"})
    loadings = dp.first_component(renamed, people).loadings
    assert loadings[loadings.abs().idxmax()] > 0


def test_a_missing_variable_gives_no_score_and_moves_nobody() -> None:
    frame, people = communes(30, 2), inhabitants(30, 2)
    without = dp.first_component(frame.iloc[1:], people[1:])
    frame.iloc[0, 2] = np.nan
    people[0] = np.nan  # a population nobody needs
    component = dp.first_component(frame, people)
    assert np.isnan(component.scores.iloc[0])
    assert component.known == 29
    pd.testing.assert_series_equal(component.scores.iloc[1:], without.scores, atol=1e-12)


def test_first_component_refuses_what_has_no_answer() -> None:
    frame, people = communes(30, 3), inhabitants(30, 3)
    with pytest.raises(ValueError, match="deux variables et trois territoires"):
        dp.first_component(frame[[dp.INCOME]], people)
    with pytest.raises(ValueError, match="deux variables et trois territoires"):
        dp.first_component(frame.iloc[:2], people[:2])
    with pytest.raises(ValueError, match="orientation loyer est absente"):
        dp.first_component(frame, people, anchor="loyer")
    with pytest.raises(ValueError, match="ne varie pas entre territoires : ouvriers"):
        dp.first_component(frame.assign(ouvriers=0.1), people)
    with pytest.raises(ValueError, match="figure deux fois"):
        dp.first_component(pd.concat([frame, frame]), np.tile(people, 2))
    with pytest.raises(ValueError, match="infinie dans la variable : ouvriers"):
        dp.first_component(frame.assign(ouvriers=np.inf), people)
    with pytest.raises(ValueError, match="même longueur"):
        dp.first_component(frame, people[1:])
    with pytest.raises(ValueError, match="mêmes territoires"):
        dp.first_component(frame, pd.Series(people))
    with pytest.raises(ValueError, match="connue, positive ou nulle"):
        dp.first_component(frame, -people)
    with pytest.raises(ValueError, match="Aucune valeur connue pour : vide"):
        dp.reference_of(frame.assign(vide=np.nan), people)


def test_an_undetermined_component_or_sign_is_refused() -> None:
    square = pd.DataFrame({"x": [0, 0, 1, 1], "y": [0, 1, 0, 1]})
    with pytest.raises(ValueError, match="se valent"):
        dp.first_component(square, np.ones(4))  # r = 0: two equal eigenvalues
    cube = pd.DataFrame(
        [(x, x + 0.1 * (y - 0.5), z) for x in (0, 1) for y in (0, 1) for z in (0, 1)],
        columns=["x", "presque_x", "independante"],
    )
    with pytest.raises(ValueError, match="ne dépend pas de independante"):
        dp.first_component(cube, np.ones(8), anchor="independante")


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000))
def test_fdep_has_its_four_signs_and_is_the_component(seed: int) -> None:
    frame, people = communes(80, seed), inhabitants(80, seed)
    index = dp.fdep(frame[FDEP[::-1]].assign(autre=1.0), people)
    assert index.scores.name == "FDep recalculé (approché)"
    assert (np.sign(index.loadings[FDEP]) == pd.Series(dp.FDEP_SIGNS)).all()
    expected = dp.first_component(frame, people)
    assert np.allclose(index.scores, expected.scores)
    assert index.share == pytest.approx(expected.share)
    assert index.known == 80


def test_fdep_takes_the_canton_where_the_commune_is_missing_and_says_so() -> None:
    frame, people = communes(50, 4), inhabitants(50, 4)
    hidden = frame.copy()
    hidden.loc["01001", dp.INCOME] = np.nan
    hidden.loc["01002", dp.INCOME] = np.nan
    canton = pd.DataFrame(np.nan, index=frame.index, columns=FDEP)
    canton.loc["01001"] = frame.loc["01001"]
    canton.loc["01005"] = 0.0  # known already: not taken
    index = dp.fdep(hidden, people, fallback=canton)
    assert index.imputed[index.imputed].index.tolist() == ["01001"]
    assert index.scores[index.scores.isna()].index.tolist() == ["01002"]
    whole = dp.fdep(frame.drop("01002"), np.delete(people, 1))
    assert index.scores["01001"] == pytest.approx(whole.scores["01001"])
    assert index.scores["01005"] == pytest.approx(whole.scores["01005"])


def test_fdep_refuses_overseas_other_levels_and_wrong_signs() -> None:
    frame, people = communes(30, 5), inhabitants(30, 5)
    with pytest.raises(ValueError, match=r"métropolitaine\. Retirez .* 97411"):
        dp.fdep(frame.rename(index={"01003": "97411"}), people)
    with pytest.raises(ValueError, match=r"se calcule sur des communes.*200069193"):
        dp.fdep(frame.rename(index={"01003": "200069193"}), people)
    with pytest.raises(ValueError, match=r"ne sont pas : .*…"):
        dp.fdep(frame.set_axis([f"C{i}" for i in range(30)]), people)
    with pytest.raises(ValueError, match=r"signe attendu.*revenu_median"):
        dp.fdep(frame.assign(revenu_median=-frame[dp.INCOME]), people)
    with pytest.raises(ValueError, match="absente du tableau : chomage"):
        dp.fdep(frame.drop(columns=dp.UNEMPLOYMENT), people)
    corsican = frame.rename(index={"01003": "2A004"})
    assert dp.fdep(corsican, people).scores.notna().all()


def test_edi_by_hand() -> None:
    """At one sd everywhere, the sum of the ten published coefficients: 3.64."""
    reference = pd.DataFrame({"mean": np.arange(10.0), "sd": np.arange(1.0, 11.0)}, index=EDI)
    frame = pd.DataFrame([reference["mean"] + reference["sd"]] * 3, index=list("abc"))
    frame.loc["b", "non_proprietaires"] = 0.0  # mean 2, sd 3: z = -2/3
    frame.loc["c", "chomage"] = np.nan
    score = dp.edi(frame[EDI[::-1]], reference)
    assert score["a"] == pytest.approx(3.64)
    assert score["b"] == pytest.approx(3.64 - 0.55 - 0.55 * 2 / 3)
    assert np.isnan(score["c"])


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.floats(0.01, 100), st.sampled_from(EDI))
def test_edi_ignores_units_and_rises_with_each_variable(seed: int, scale: float, name: str) -> None:
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame(draw.random((20, 10)), columns=EDI)
    reference = dp.reference_of(frame, inhabitants(20, seed))
    base = dp.edi(frame, reference)
    pd.testing.assert_series_equal(dp.edi(frame * scale, reference * scale), base)
    assert (dp.edi(frame.assign(**{name: frame[name] + 0.1}), reference) > base).all()


def test_edi_refuses_an_unusable_reference() -> None:
    frame = pd.DataFrame(np.ones((2, 10)), columns=EDI)
    reference = pd.DataFrame({"mean": 0.0, "sd": 1.0}, index=EDI)
    with pytest.raises(ValueError, match="absente du tableau : chomage"):
        dp.edi(frame.drop(columns="chomage"), reference)
    with pytest.raises(ValueError, match="Référence nationale absente pour : chomage"):
        dp.edi(frame, reference.drop("chomage"))
    with pytest.raises(ValueError, match="écart-type positif"):
        dp.edi(frame, reference.assign(sd=0.0))


def classes(score: list[float], population: list[float], k: int = 5) -> list[float]:
    return dp.weighted_quantile_class(pd.Series(score), population, k).classes.tolist()


def test_classes_by_hand() -> None:
    # Middles .1 .3 .5 .7 .9 of the population.
    assert classes([5, 1, 4, 2, 3], [10] * 5) == [5, 1, 4, 2, 3]
    # A city of 80 % between two tenths: middles .05, .5, .95; classes 2 and 4 are empty.
    assert classes([1, 2, 3], [10, 80, 10]) == [1, 3, 5]
    # A tie is one block: middles of 0-.2, .2-.8, .8-1.
    assert classes([1, 2, 2, 2, 3], [20] * 5) == [1, 3, 3, 3, 5]
    # Halves: middles .25 and .75.
    assert classes([2, 1], [1, 1], k=2) == [2, 1]
    # A block centred on a boundary (.2 of 10) goes above it.
    assert classes([1, 2, 3], [1, 2, 7]) == [1, 2, 4]
    # Nobody lives in the first: it stands where it would, at 0.
    assert classes([1, 2], [0, 4]) == [1, 3]


def test_actual_shares_and_unknown_scores() -> None:
    score = pd.Series([1.0, 2.0, np.nan, 3.0], index=list("abcd"))
    result = dp.weighted_quantile_class(score, [10, 80, np.nan, 10])
    assert np.isnan(result.classes["c"])
    assert result.unclassed == 1
    assert result.shares.index.tolist() == [1, 2, 3, 4, 5]
    assert result.shares["territories"].tolist() == [1, 0, 1, 0, 1]
    assert result.shares["population"].tolist() == [10, 0, 80, 0, 10]
    assert result.shares["share"].tolist() == pytest.approx([0.1, 0, 0.8, 0, 0.1])
    assert result.shares.loc[3, "lowest"] == result.shares.loc[3, "highest"] == 2
    assert np.isnan(result.shares.loc[2, "lowest"])


def test_a_local_cut_is_that_of_the_perimeter_alone() -> None:
    score = pd.Series(np.arange(20.0), index=[f"{i:02d}" for i in range(20)])
    people = pd.Series(10.0, index=score.index)
    local = score.index.isin(score.index[10:15])
    result = dp.weighted_quantile_class(score, people, among=pd.Series(local, index=score.index))
    assert result.classes[local].tolist() == [1, 2, 3, 4, 5]
    assert result.classes[~local].isna().all()
    national = dp.weighted_quantile_class(score, people).classes
    assert national[local].tolist() == [3, 3, 4, 4, 4]
    assert result.unclassed == 0
    alone = dp.weighted_quantile_class(score[local], people[local]).classes
    pd.testing.assert_series_equal(result.classes[local], alone)


SCORES = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=12)


@settings(deadline=None, max_examples=25)
@given(SCORES, st.integers(0, 10_000), st.integers(2, 10), st.floats(0.01, 100))
def test_classes_depend_on_ranks_and_shares_only(
    scores: list[float], seed: int, k: int, scale: float
) -> None:
    draw = np.random.default_rng(seed)
    score = pd.Series(scores)
    people = draw.integers(1, 50, size=len(score)).astype(float)
    base = dp.weighted_quantile_class(score, people, k)
    assert base.classes.between(1, k).all()
    assert base.shares["share"].sum() == pytest.approx(1)
    # Monotone, ties together.
    ordered = base.classes.groupby(score).agg(["min", "max"])
    assert (ordered["min"] == ordered["max"]).all()
    assert ordered["min"].is_monotonic_increasing
    # Unit of the score or of the population, and order of the rows.
    again = dp.weighted_quantile_class(np.exp(score / 3), people * scale, k)
    assert again.classes.tolist() == base.classes.tolist()
    order = draw.permutation(len(score))
    mixed = dp.weighted_quantile_class(score.iloc[order], people[order], k).classes
    pd.testing.assert_series_equal(mixed.sort_index(), base.classes)
    # A territory split into equal parts stays where it was.
    halves = dp.weighted_quantile_class(
        pd.concat([score, score], ignore_index=True), np.tile(people / 2, 2), k
    )
    assert halves.classes.tolist() == base.classes.tolist() * 2


def test_many_equal_territories_fill_equal_classes() -> None:
    draw = np.random.default_rng(6)
    score = pd.Series(draw.normal(size=1000))
    shares = dp.weighted_quantile_class(score, np.ones(1000)).shares
    assert shares["territories"].tolist() == [200] * 5
    assert (shares["highest"].iloc[:-1].to_numpy() < shares["lowest"].iloc[1:].to_numpy()).all()


def test_classes_refuse_bad_input() -> None:
    score = pd.Series([1.0, 2.0])
    with pytest.raises(ValueError, match="deux classes"):
        dp.weighted_quantile_class(score, [1, 1], k=1)
    with pytest.raises(ValueError, match="infini"):
        dp.weighted_quantile_class(pd.Series([1.0, np.inf]), [1, 1])
    with pytest.raises(ValueError, match="Aucun habitant"):
        dp.weighted_quantile_class(score, [0, 0])
    with pytest.raises(ValueError, match="connue, positive ou nulle"):
        dp.weighted_quantile_class(score, [1, np.nan])
    with pytest.raises(ValueError, match="un vrai ou un faux"):
        dp.weighted_quantile_class(score, [1, 1], among=[1, 0])
    with pytest.raises(ValueError, match="périmètre et les scores"):
        dp.weighted_quantile_class(score, [1, 1], among=pd.Series([True], index=["x"]))


def test_rank_one_is_the_most_disadvantaged() -> None:
    given_classes = pd.Series([5.0, 1.0, np.nan, 3.0])
    ranks = dp.disadvantage_rank(given_classes)
    assert ranks.fillna(-1).tolist() == [1, 5, -1, 3]
    pd.testing.assert_series_equal(dp.disadvantage_rank(ranks), given_classes)
    with pytest.raises(ValueError, match="hors de 1 à 4"):
        dp.disadvantage_rank(given_classes, k=4)
