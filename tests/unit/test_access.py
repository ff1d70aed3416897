"""Floating catchments against small cases worked by hand, conservation, what-if (docs/methodologie.md)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from diagnostic import access as ac

SUPPLY = pd.Series({"a": 3.0, "b": 2.0})
DEMAND = pd.Series({"A": 100.0, "B": 50.0})
COSTS = pd.DataFrame(
    [("A", "a", 5.0), ("A", "b", 12.0), ("B", "b", 10.0), ("B", "a", 25.0)],
    columns=["origin", "destination", "cost"],
)
# D_a = 100, D_b = 2/3 x 100 + 50 = 350/3, R_a = .03, R_b = 6/350.
BY_HAND = {"A": 0.03 + 2 / 3 * 6 / 350, "B": 6 / 350}


def draw(seed: int, origins: int = 12, destinations: int = 7) -> dict[str, Any]:
    """A random instance; some origins and destinations have no pair."""
    random = np.random.default_rng(seed)
    pairs = [
        (f"o{i}", f"d{j}", float(random.integers(0, 40)))
        for i in range(origins)
        for j in range(destinations)
        if random.random() < 0.5
    ]
    return {
        "supply": pd.Series(
            random.integers(0, 6, destinations) / 2, index=[f"d{j}" for j in range(destinations)]
        ),
        "demand": pd.Series(
            random.integers(1, 900, origins) + 0.0, index=[f"o{i}" for i in range(origins)]
        ),
        "costs": pd.DataFrame(pairs, columns=["origin", "destination", "cost"]),
    }


decays = st.sampled_from(
    [ac.APL_2015, ac.APL_2012, ac.binary(15), ac.gaussian(8, 30), ac.steps({30: 2, 12: 5})]
)


def test_steps_include_their_limit() -> None:
    costs = np.array([0, 10, 10.01, 15, 15.01, 20, 20.01, 1e6])
    assert ac.APL_2015.weigh(costs).tolist() == [1, 1, 2 / 3, 2 / 3, 1 / 3, 1 / 3, 0, 0]
    assert ac.APL_2012.weigh(np.array([5.0, 10, 15, 16])).tolist() == [1, 0.3, 0.1, 0]
    assert ac.binary(20).weigh(costs).tolist() == [1, 1, 1, 1, 1, 1, 0, 0]
    assert ac.binary(7.5).name == "tout ou rien à 7,5"
    assert ac.gaussian(10, 20).weigh(np.array([0, 20, 20.01])).tolist() == pytest.approx(
        [1, np.exp(-2), 0]
    )


def test_enhanced_catchment_by_hand() -> None:
    found = ac.floating_catchment(SUPPLY, DEMAND, COSTS, ac.APL_2015)
    assert found.to_dict() == pytest.approx(BY_HAND)
    assert (found * DEMAND).sum() == pytest.approx(5)


def test_two_stage_by_hand() -> None:
    """Within 20: D_a = 100, D_b = 150: A gets 3/100 + 2/150, B gets 2/150."""
    found = ac.floating_catchment(SUPPLY, DEMAND, COSTS, ac.binary(20))
    assert found.to_dict() == pytest.approx({"A": 0.03 + 2 / 150, "B": 2 / 150})


def test_three_stage_by_hand() -> None:
    """G_Aa = .6, G_Ab = .4, G_Bb = 1; weights .6, 4/15, 1; D_a = 60, D_b = 230/3."""
    found = ac.floating_catchment(SUPPLY, DEMAND, COSTS, ac.APL_2015, selection=True)
    ratio = 2 / (230 / 3)
    assert found.to_dict() == pytest.approx({"A": 0.6 * 0.05 + 4 / 15 * ratio, "B": ratio})


def test_unknown_origin_is_not_an_origin_out_of_reach() -> None:
    demand = pd.concat([DEMAND, pd.Series({"far": 10.0, "unlisted": 10.0})])
    costs = pd.concat(
        [COSTS, pd.DataFrame({"origin": ["far"], "destination": ["a"], "cost": [20.5]})]
    )
    found = ac.floating_catchment(SUPPLY, demand, costs, ac.APL_2015)
    assert found["far"] == 0
    assert np.isnan(found["unlisted"])
    assert found[["A", "B"]].to_dict() == pytest.approx(BY_HAND)
    whole = ac.floating_catchment(SUPPLY, demand, costs, ac.APL_2015, exhaustive=True)
    assert whole["unlisted"] == 0


def test_unknown_supply_or_demand_is_unknown_for_those_who_depend_on_it() -> None:
    found = ac.floating_catchment(SUPPLY.where(SUPPLY > 2), DEMAND, COSTS, ac.APL_2015)
    assert found.isna().all()  # both reach b
    found = ac.floating_catchment(SUPPLY.where(SUPPLY < 3), DEMAND, COSTS, ac.APL_2015)
    assert np.isnan(found["A"])
    assert found["B"] == pytest.approx(BY_HAND["B"])
    found = ac.floating_catchment(SUPPLY, DEMAND.where(DEMAND < 60), COSTS, ac.APL_2015)
    assert found.isna().all()  # A weighs on b
    nothing = ac.floating_catchment(SUPPLY * 0, DEMAND * np.nan, COSTS, ac.APL_2015)
    assert (nothing == 0).all()  # nothing to share, whoever is there


def test_origin_without_demand() -> None:
    found = ac.floating_catchment(SUPPLY, pd.Series({"A": 0.0, "B": 50.0}), COSTS, ac.APL_2015)
    assert np.isnan(found["A"])  # a is shared between nobody
    assert found["B"] == pytest.approx(2 / 50)


def test_no_pair_at_all() -> None:
    found = ac.floating_catchment(SUPPLY, DEMAND, COSTS.iloc[:0], ac.APL_2015)
    assert found.isna().all()
    found = ac.floating_catchment(SUPPLY, DEMAND, COSTS.iloc[:0], ac.APL_2015, exhaustive=True)
    assert (found == 0).all()


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), decays, st.booleans())
def test_all_reachable_supply_is_shared_out(seed: int, decay: ac.Decay, selection: bool) -> None:
    case = draw(seed)
    found = ac.floating_catchment(**case, decay=decay, selection=selection)
    costs = case["costs"]
    reached = costs.loc[costs["cost"] <= decay.limit, "destination"].unique()
    assert (found * case["demand"]).sum() == pytest.approx(case["supply"][reached].sum())
    assert (found.dropna() >= 0).all()
    assert found.isna().tolist() == (~case["demand"].index.isin(costs["origin"])).tolist()


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), decays, st.booleans())
def test_order_scale_and_monotony(seed: int, decay: ac.Decay, selection: bool) -> None:
    case = draw(seed)
    found = ac.floating_catchment(**case, decay=decay, selection=selection)
    order = np.random.default_rng(seed)
    shuffled = {
        name: part.sample(frac=1, random_state=order.integers(1000)) for name, part in case.items()
    }
    again = ac.floating_catchment(**shuffled, decay=decay, selection=selection)
    pd.testing.assert_series_equal(again[found.index], found)
    twice = ac.floating_catchment(
        case["supply"] * 2, case["demand"] * 3, case["costs"], decay, selection=selection
    )
    pd.testing.assert_series_equal(twice, found * 2 / 3)
    more = case["supply"].copy()
    more.iloc[seed % len(more)] += 1
    rises = ac.floating_catchment(more, case["demand"], case["costs"], decay, selection=selection)
    assert (rises.dropna() >= found.dropna() - 1e-12).all()
    crowded = case["demand"].copy()
    crowded.iloc[seed % len(crowded)] += 100
    falls = ac.floating_catchment(
        case["supply"], crowded, case["costs"], decay, selection=selection
    )
    assert (falls.dropna() <= found.dropna() + 1e-12).all()


def test_a_factor_on_the_decay_changes_nothing() -> None:
    one, five = (
        ac.floating_catchment(SUPPLY, DEMAND, COSTS, ac.steps({10: k, 15: 0.5 * k})) for k in (1, 5)
    )
    pd.testing.assert_series_equal(one, five)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"supply": -SUPPLY}, "Une offre est un nombre positif"),
        ({"demand": DEMAND * np.inf}, "Une demande est un nombre positif"),
        ({"supply": pd.concat([SUPPLY, SUPPLY])}, "deux fois dans l'offre"),
        ({"demand": pd.concat([DEMAND, DEMAND])}, "deux fois"),
        ({"costs": pd.concat([COSTS, COSTS])}, "même trajet"),
        ({"costs": COSTS.drop(columns="cost")}, "absente des temps de trajet : cost"),
        ({"costs": COSTS.assign(cost=-1.0)}, "inconnu ou négatif"),
        ({"costs": COSTS.assign(cost=np.nan)}, "inconnu ou négatif"),
        ({"costs": COSTS.assign(origin=None)}, "pas de code"),
        ({"supply": SUPPLY[["a"]]}, "dont l'offre n'est pas chargée : b"),
        ({"demand": DEMAND[["B"]]}, "dont la population n'est pas chargée : A"),
        ({"decay": ac.steps({20: -1})}, "« par paliers » donne un poids négatif"),
        ({"decay": ac.Decay("inverse", 20, lambda c: np.where(c > 5, 1.0, np.inf))}, "infini"),
    ],
)
def test_refusals(change: dict[str, Any], message: str) -> None:
    case = {"supply": SUPPLY, "demand": DEMAND, "costs": COSTS, "decay": ac.APL_2015} | change
    with pytest.raises(ValueError, match=message):
        ac.floating_catchment(**case)


def test_pairs_beyond_the_limit_may_lead_anywhere() -> None:
    costs = pd.concat(
        [COSTS, pd.DataFrame({"origin": ["A", "Z"], "destination": ["z", "a"], "cost": [21, 45]})]
    )
    found = ac.floating_catchment(SUPPLY, DEMAND, costs, ac.APL_2015)
    assert found.to_dict() == pytest.approx(BY_HAND)


def test_refused_decays() -> None:
    with pytest.raises(ValueError, match="palier"):
        ac.steps({})
    with pytest.raises(ValueError, match="positive"):
        ac.gaussian(0, 20)


def test_missing_codes_are_named_up_to_ten() -> None:
    error = ac.CatchmentNotLoaded("non chargés", range(12))
    assert len(error.codes) == 12
    assert str(error).count(",") == 10  # nine between ten codes, one in the advice
    assert "…" in str(error)


# --- What if -------------------------------------------------------------------------------------

PUBLISHED = pd.Series({"A": 3.0, "B": 1.5})


def what_if(**change: Any) -> ac.WhatIf:
    case: dict[str, Any] = {
        "published": PUBLISHED,
        "supply": SUPPLY,
        "changes": pd.Series({"a": -1.0}),
        "demand": DEMAND,
        "costs": COSTS,
        "covered": None,
    }
    return ac.what_if(**(case | change))


def test_one_departure_by_hand() -> None:
    """a loses 1 of 3: A loses .01, B, 25 minutes away, nothing."""
    found = what_if(population=pd.Series({"A": 80, "B": 70}))
    table = found.table
    relative = -0.01 / BY_HAND["A"]
    assert table.loc["A", "relative"] == pytest.approx(relative)
    assert table.loc["A", "estimated"] == pytest.approx(3 * (1 + relative))
    assert table.loc["A", "difference"] == pytest.approx(3 * relative)
    assert table["after"].to_dict() == pytest.approx({"A": BY_HAND["A"] - 0.01, "B": BY_HAND["B"]})
    assert table.loc["B", "estimated"] == 1.5
    assert table["concerned"].tolist() == [True, False]
    assert (found.losing, found.gaining) == (80, 0)


def test_one_leaves_and_another_settles() -> None:
    found = what_if(changes=pd.Series({"a": -1.0, "b": 1.0}))
    # A: -.01 + 2/3 x 3/350; B: + 3/350.
    assert found.table["after"].to_dict() == pytest.approx(
        {"A": BY_HAND["A"] - 0.01 + 2 / 350, "B": BY_HAND["B"] + 3 / 350}
    )
    assert (found.losing, found.gaining) == (100, 50)


@pytest.mark.parametrize("changes", [pd.Series(dtype=float), pd.Series({"a": 0.0, "b": 0.0})])
def test_no_change_is_exactly_the_published_value(changes: pd.Series) -> None:
    demand = pd.concat([DEMAND, pd.Series({"unlisted": 9.0})])
    published = pd.concat([PUBLISHED / 7, pd.Series({"unlisted": 0.1})])
    found = what_if(changes=changes, demand=demand, published=published)
    assert (found.table["estimated"] == published).all()
    assert (found.table["difference"] == 0).all()
    assert not found.table["concerned"].any()
    assert (found.losing, found.gaining) == (0, 0)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.booleans())
def test_change_is_the_difference_of_two_catchments(seed: int, selection: bool) -> None:
    case = draw(seed)
    reached = case["costs"].loc[case["costs"]["cost"] <= 20, "destination"].unique()
    assume(len(reached) > 1)
    changes = pd.Series({reached[0]: 1.0, reached[1]: -case["supply"][reached[1]]})
    case["supply"][reached[0]] += 0.5
    published = pd.Series(2.0, index=case["demand"].index)
    found = ac.what_if(published, **case, changes=changes, covered=None, selection=selection).table
    before = ac.floating_catchment(**case, decay=ac.APL_2015, selection=selection)
    after = ac.floating_catchment(
        case["supply"].add(changes, fill_value=0)[case["supply"].index],
        case["demand"],
        case["costs"],
        ac.APL_2015,
        selection=selection,
    )
    assert found["before"].to_numpy() == pytest.approx(before.to_numpy(), nan_ok=True)
    assert found["after"].to_numpy() == pytest.approx(after.to_numpy(), nan_ok=True)
    some = (before > 0).to_numpy()
    assert found["estimated"][some].to_numpy() == pytest.approx((2 * after / before)[some])
    assert (found["estimated"][~found["concerned"]] == 2).all()
    moved = (found["difference"] * found["before"] / 2 * case["demand"]).sum()
    gained = (found["after"] - found["before"])[before == 0] * case["demand"]
    assert moved + gained.sum() == pytest.approx(changes.sum(), abs=1e-9)


def test_unpublished_unknown_and_zero_baselines() -> None:
    found = what_if(
        supply=pd.Series({"a": 0.0, "b": 0.0}),
        changes=pd.Series({"b": 1.0}),
        published=pd.Series({"A": 0.0}),
    ).table
    assert found["relative"].isna().all()  # from nothing to something: no ratio
    assert found["estimated"].isna().all()
    assert (found["after"] > 0).all()
    found = what_if(published=pd.Series({"B": 1.5})).table
    assert found["estimated"].isna().tolist() == [True, False]
    assert np.isnan(what_if(population=pd.Series({"B": 70})).losing)


def test_catchment_beyond_the_loaded_territory_is_refused() -> None:
    """A change at a bears on A, which also reaches b, whose patients must all be known."""
    assert what_if(covered=["A", "a", "b"]).losing == 100
    with pytest.raises(ac.CatchmentNotLoaded, match=r"tous les trajets .* : b\."):
        what_if(covered=["A", "a"])
    with pytest.raises(ac.CatchmentNotLoaded) as error:
        what_if(changes=pd.Series({"b": 1.0}), covered=["b"])
    assert error.value.codes == ("A", "B", "a")
    assert what_if(changes=pd.Series({"a": 0.0}), covered=[]).losing == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"changes": pd.Series({"zz": 1.0})}, "inconnu de l'offre : zz"),
        ({"changes": pd.Series([1.0, 1.0], index=["a", "a"])}, "deux fois"),
        ({"changes": pd.Series({"a": np.nan})}, "doit être un nombre"),
        ({"changes": pd.Series({"a": -3.5})}, "retirer plus que l'offre présente : a"),
        ({"supply": SUPPLY.where(SUPPLY < 3)}, "actuelle .* inconnue"),
        ({"costs": COSTS[COSTS["destination"] == "b"]}, "Aucun trajet .* : a"),
        ({"supply": SUPPLY[["a"]]}, "n'est pas chargée : b"),
    ],
)
def test_what_if_refusals(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        what_if(**change)
