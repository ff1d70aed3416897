"""Primary and secondary suppression, and an adversary who solves the published equations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostic.suppression import ABSENT, SECRET, SHOWN, ZERO, derivable, suppress

SEEDS = st.integers(0, 100_000)


def one_total(**children: float) -> tuple[pd.Series, pd.Series]:
    """Children of the total T, and their parents."""
    counts = pd.Series({**children, "T": sum(children.values())}, dtype=float)
    return counts, pd.Series("T", index=list(children))


def rebuilt(state: pd.Series, parents: pd.DataFrame | pd.Series, *sums: list[str]) -> list[bool]:
    """Whether a reader gets the sum of each list of unknown cells: no solution changes it.

    Written apart from the module: dense published equations, and the directions in which their
    solutions may move (their null space, by singular values).
    """
    frame = parents.to_frame("0") if isinstance(parents, pd.Series) else parents
    labels = list(state.index)
    rows = []
    for column in frame:
        for total, children in frame[column].dropna().groupby(frame[column].dropna()):
            if state[total] != ABSENT:
                row = np.zeros(len(labels))
                row[labels.index(total)] = -1
                row[[labels.index(child) for child in children.index]] = 1
                rows.append(row)
    unknown = state.isin([SECRET, ABSENT]).to_numpy()
    matrix = np.array(rows).reshape(len(rows), len(labels))[:, unknown]
    _, singular, right = (
        np.linalg.svd(matrix) if matrix.size else (0, np.zeros(0), np.eye(sum(unknown)))
    )
    free = right[(singular > 1e-9).sum() :]
    vectors = [state.index.isin(cells).astype(float)[unknown] for cells in sums]
    return [bool((np.abs(free @ vector) < 1e-9).all()) for vector in vectors]


def adversary(state: pd.Series, parents: pd.DataFrame | pd.Series) -> set[str]:
    """Secret cells that a reader gets by solving the published equations."""
    secret = list(state.index[state == SECRET])
    found = rebuilt(state, parents, *([cell] for cell in secret))
    return {cell for cell, leaks in zip(secret, found, strict=True) if leaks}


def random_table(seed: int, holes: bool = True) -> tuple[pd.Series, pd.DataFrame, pd.Series]:
    """Communes in overlapping EPCI and départements, both adding up to the country."""
    draw = np.random.default_rng(seed)
    number = int(draw.integers(2, 15))
    value = draw.choice([0, 1, 2, 3, 8, 11, 12, 15, 20, 40, 300], size=number).astype(float)
    communes = [f"c{i:02d}" for i in range(number)]
    frame = pd.DataFrame(
        {
            "epci": [f"E{k}" for k in draw.integers(0, draw.integers(1, 5), number)],
            "departement": [f"D{k}" for k in draw.integers(0, draw.integers(1, 4), number)],
        },
        index=communes,
    )
    counts = pd.Series(value, index=communes)
    parents = [frame]
    for grouping in frame:
        sums = counts[communes].groupby(frame[grouping]).sum()
        counts = pd.concat([counts, sums])
        parents.append(pd.DataFrame({f"pays_{grouping}": "FR"}, index=sums.index))
    counts["FR"] = value.sum()
    state = pd.Series(SHOWN, index=counts.index)
    if holes:
        kind = draw.choice([SHOWN, ABSENT, SECRET], p=[0.88, 0.06, 0.06], size=number)
        state[communes] = np.where((kind == SECRET) & (value == 0), SHOWN, kind)
        counts[state == ABSENT] = np.nan
        counts[(state == SECRET) & (draw.random(len(counts)) < 0.5)] = np.nan
    return counts, pd.concat(parents), state


# ---- primary ---------------------------------------------------------------------------------


def test_three_states_and_the_threshold() -> None:
    counts = pd.Series({"a": 10.9, "b": 11, "c": 0, "d": np.nan, "e": 0.5})
    assert suppress(counts, pd.Series(dtype=object)).tolist() == [
        SECRET, SHOWN, ZERO, ABSENT, SECRET]  # fmt: skip
    assert suppress(counts, pd.Series(dtype=object), threshold=1).tolist() == [
        SHOWN, SHOWN, ZERO, ABSENT, SECRET]  # fmt: skip


def test_dominance() -> None:
    counts = pd.Series({"a": 40, "b": 40, "c": 40, "d": 0})
    share = pd.Series({"a": 0.85, "b": 0.86, "c": np.nan, "d": 1.0})
    none = pd.Series(dtype=object)
    assert suppress(counts, none, largest_share=share).tolist() == [SHOWN, SECRET, SHOWN, ZERO]
    assert suppress(counts, none, largest_share=share, dominance=0.8).tolist() == [
        SECRET, SECRET, SHOWN, ZERO]  # fmt: skip


def test_states_of_the_producer_are_kept() -> None:
    counts = pd.Series({"a": np.nan, "b": 50, "c": 7, "d": 20, "e": 0})
    state = pd.Series({"a": SECRET, "b": SECRET, "c": ABSENT, "d": "approx", "e": ZERO})
    result = suppress(counts, pd.Series(dtype=object), state=state)
    assert result.tolist() == [SECRET, SECRET, ABSENT, SHOWN, ZERO]


# ---- secondary, one total --------------------------------------------------------------------


def test_smallest_other_child_is_hidden() -> None:
    result = suppress(*one_total(a=3, b=40, c=25, d=0))
    assert result.to_dict() == {"a": SECRET, "b": SHOWN, "c": SECRET, "d": ZERO, "T": SHOWN}


def test_total_is_hidden_when_no_other_child_can_be() -> None:
    counts, parents = one_total(a=30, b=0)
    state = pd.Series({"a": SECRET, "b": SHOWN, "T": SHOWN})
    assert suppress(counts, parents, state=state)["T"] == SECRET
    # A child without value is no cover: who holds it elsewhere would read the secret.
    counts["b"] = np.nan
    assert suppress(counts, parents, state=state).to_dict() == {
        "a": SECRET, "b": ABSENT, "T": SECRET}  # fmt: skip


def test_hidden_total_hides_a_child() -> None:
    counts, parents = one_total(a=30, b=40)
    share = pd.Series({"a": 0.1, "b": 0.1, "T": 0.9})
    assert suppress(counts, parents, largest_share=share).tolist() == [SECRET, SHOWN, SECRET]


def test_two_small_children_whose_sum_is_small() -> None:
    """1 + 1 = 2: two hidden cells above 0 that add up to 2 are both 1."""
    counts, parents = one_total(a=1, b=1, c=25, d=40)
    assert suppress(counts, parents)["c"] == SECRET
    assert suppress(counts, parents)["d"] == SHOWN
    assert suppress(counts, parents, protect_sums=False)["c"] == SHOWN
    counts, parents = one_total(a=5, b=6, c=25)  # 11: large enough
    assert suppress(counts, parents).tolist() == [SECRET, SECRET, SHOWN, SHOWN]


def test_sum_of_secrets_unknown_to_us_comes_from_the_total() -> None:
    counts, parents = one_total(a=4, b=3, c=25, d=40)
    counts[["a", "b"]] = np.nan
    state = pd.Series({"a": SECRET, "b": SECRET, "c": SHOWN, "d": SHOWN, "T": SHOWN})
    assert suppress(counts, parents, state=state)["c"] == SECRET


def test_absent_total_tells_nothing() -> None:
    counts, parents = one_total(a=3, b=40)
    counts["T"] = np.nan
    assert suppress(counts, parents).tolist() == [SECRET, SHOWN, ABSENT]


def test_secret_that_is_in_truth_zero_does_not_loop() -> None:
    """A producer's secret of 0 in a total of 0 cannot be covered by anything positive."""
    counts = pd.Series({"a": np.nan, "b": 0, "T": 0})
    state = pd.Series({"a": SECRET, "b": SHOWN, "T": SHOWN})
    result = suppress(counts, pd.Series("T", index=["a", "b"]), state=state)
    assert result.tolist() == [SECRET, ZERO, ZERO]


# ---- secondary, several totals ---------------------------------------------------------------


def test_cover_goes_up_and_down_the_levels() -> None:
    """c1 is 4: its EPCI hides c2. The other EPCI, of 6, hides E1's total in the département,
    and the hidden total of 6 hides its own commune."""
    counts = pd.Series({"c1": 4, "c2": 30, "c3": 6, "c4": 70, "c5": 80, "E1": 34, "E2": 6,
                        "E3": 150, "D": 190}, dtype=float)  # fmt: skip
    parents = pd.Series({"c1": "E1", "c2": "E1", "c3": "E2", "c4": "E3", "c5": "E3", "E1": "D",
                         "E2": "D", "E3": "D"})  # fmt: skip
    result = suppress(counts, parents)
    hidden = set(result.index[result == SECRET])
    assert hidden == {"c1", "c2", "c3", "E1", "E2"}
    assert not adversary(result, parents)


def test_one_cover_serves_two_overlapping_totals() -> None:
    counts = pd.Series({"a": 4, "b": 30, "c": 20, "E": 34, "D": 54}, dtype=float)
    parents = pd.DataFrame(
        {"epci": ["E", "E", None], "departement": ["D", "D", "D"]}, index=["a", "b", "c"]
    )
    result = suppress(counts, parents)
    assert result.to_dict() == {"a": SECRET, "b": SECRET, "c": SHOWN, "E": SHOWN, "D": SHOWN}


def test_difference_of_two_totals_is_found() -> None:
    """Every total has two hidden cells or more, yet D1 - E1 = c: no simple rule sees it.

    E1 = a + b, E2 = c + d; D1 = a + b + c, D2 = d + e. The cover is the smallest shown cell of
    the combination.
    """
    counts = pd.Series({"a": 5, "b": 8, "c": 5, "d": 7, "e": 90, "E1": 13, "E2": 12, "D1": 18,
                        "D2": 97}, dtype=float)  # fmt: skip
    parents = pd.DataFrame(
        {"epci": ["E1", "E1", "E2", "E2", None], "departement": ["D1", "D1", "D1", "D2", "D2"]},
        index=list("abcde"),
    )
    state = pd.Series(SHOWN, index=counts.index)
    state[["a", "b", "c", "d", "e"]] = SECRET
    assert adversary(state, parents) == {"c", "d", "e"}
    assert set(derivable(state, parents)[lambda leak: leak].index) == {"c", "d", "e"}
    result = suppress(counts, parents)
    assert not adversary(result, parents)
    assert result["E1"] == SECRET  # 13, of c = D1 - E1
    assert (result[["D1", "D2"]] == SHOWN).all()


def test_small_sum_across_totals_is_found() -> None:
    """a + b = D1 - E2 - g = 2, so that both are 1, although each total hides 11 or more."""
    counts = pd.Series({"a": 1, "b": 1, "h": 6, "i": 7, "c": 5, "d": 9, "g": 100, "k": 30,
                        "E1": 15, "E2": 14, "D1": 116, "D2": 43}, dtype=float)  # fmt: skip
    parents = pd.DataFrame(
        {
            "epci": ["E1", "E1", "E1", "E1", "E2", "E2", None, None],
            "departement": ["D1", "D1", "D2", "D2", "D1", "D1", "D1", "D2"],
        },
        index=list("abhicdgk"),
    )
    naive = suppress(counts, parents, protect_sums=False)
    assert (naive[["g", "k", "E1", "E2", "D1", "D2"]] == SHOWN).all()
    assert rebuilt(naive, parents, ["a", "b"]) == [True]
    assert adversary(naive, parents) == set()
    result = suppress(counts, parents)
    assert rebuilt(result, parents, ["a", "b"]) == [False]


def test_two_partitions_of_one_total() -> None:
    """T = j + a = c + a: j is c, which no equation of j alone shows."""
    counts = pd.Series({"j": 5, "a": 20, "c": 5, "T": 25}, dtype=float)
    parents = pd.DataFrame({"one": ["T", "T", None], "two": [None, "T", "T"]}, index=list("jac"))
    state = pd.Series({"j": SECRET, "a": SECRET, "c": SHOWN, "T": SECRET})
    assert adversary(state, parents) == {"j"}
    assert derivable(state, parents).tolist() == [True, False, False, False]
    assert not adversary(suppress(counts, parents), parents)


@settings(deadline=None, max_examples=80)
@given(SEEDS)
def test_no_adversary_solves_the_table(seed: int) -> None:
    counts, parents, state = random_table(seed)
    result = suppress(counts, parents, state=state)
    assert adversary(result, parents) == set()
    assert not derivable(result, parents).any()
    # What had to be hidden is; what had no value has none; a zero stays a zero.
    small = (counts > 0) & (counts < 11)
    assert (result[small | (state == SECRET)] == SECRET).all()
    assert (result[state == ABSENT] == ABSENT).all()
    assert (result[(counts == 0) & (state == SHOWN)] == ZERO).all()
    assert ((result == ZERO) <= (counts == 0)).all()


@settings(deadline=None, max_examples=30)
@given(SEEDS)
def test_sums_of_hidden_cells_are_not_small(seed: int) -> None:
    counts, parents, state = random_table(seed, holes=False)
    result = suppress(counts, parents)
    for column in parents:
        for total, part in parents[column].dropna().groupby(parents[column].dropna()):
            hidden = [child for child in part.index if result[child] == SECRET]
            if hidden and result[total] != SECRET:
                assert counts[hidden].sum() >= 11
    assert set(result) <= {SHOWN, SECRET, ZERO}
    assert (state == SHOWN).all()


@settings(deadline=None, max_examples=30)
@given(SEEDS)
def test_check_agrees_with_the_adversary(seed: int) -> None:
    """On tables that are not protected, derivable() finds exactly the cells that leak."""
    counts, parents, state = random_table(seed)
    naive = suppress(counts, pd.Series(dtype=object), state=state)
    assert set(derivable(naive, parents)[lambda leak: leak].index) == adversary(naive, parents)


@settings(deadline=None, max_examples=20)
@given(SEEDS)
def test_order_does_not_matter(seed: int) -> None:
    counts, parents, state = random_table(seed)
    draw = np.random.default_rng(seed)
    order = draw.permutation(len(counts))
    shuffled = suppress(
        counts.iloc[order],
        parents.iloc[draw.permutation(len(parents))][parents.columns[::-1]],
        state=state.iloc[order],
    )
    expected = suppress(counts, parents, state=state)
    pd.testing.assert_series_equal(shuffled[counts.index], expected)
    assert expected.index.equals(counts.index)


def test_nothing_is_hidden_without_a_small_count() -> None:
    counts, parents = one_total(a=11, b=300)
    assert (suppress(counts, parents) == SHOWN).all()
    assert not derivable(suppress(counts, parents), parents).any()


def test_components_of_straddling_groupings() -> None:
    """A cycle of EPCI and départements with one hidden commune at each crossing: nothing leaks,
    and the part left to linear algebra is the whole cycle."""
    names = [f"c{i}" for i in range(8)]
    counts = pd.Series([20.0] * 8 + [40.0] * 8, index=names + [f"E{i}" for i in range(4)]
                       + [f"D{i}" for i in range(4)])  # fmt: skip
    parents = pd.DataFrame(
        {
            "epci": [f"E{i // 2}" for i in range(8)],
            "departement": [f"D{(i + 1) // 2 % 4}" for i in range(8)],
        },
        index=names,
    )
    state = pd.Series(np.where(counts.index.isin(names), SECRET, SHOWN), index=counts.index)
    assert not derivable(state, parents).any()
    assert suppress(counts, parents, state=state).eq(state).all()


def test_odd_cycle_is_protected() -> None:
    """x + y, x + z and y + z give x, y and z: found by the pseudo-inverse, then broken."""
    counts = pd.Series({"x": 5, "y": 6, "z": 7, "S": 11, "P": 12, "Q": 13}, dtype=float)
    parents = pd.DataFrame(
        {"1": ["S", "S", None], "2": ["P", None, "P"], "3": [None, "Q", "Q"]}, index=list("xyz")
    )
    state = pd.Series([SECRET] * 3 + [SHOWN] * 3, index=counts.index)
    assert derivable(state, parents).tolist() == [True] * 3 + [False] * 3
    result = suppress(counts, parents)
    assert not adversary(result, parents)
    assert (result == SHOWN).sum() == 2  # hiding one of the three totals is enough


# ---- refusals --------------------------------------------------------------------------------

PARENTS = pd.Series({"a": "T", "b": "T"})
COUNTS = pd.Series({"a": 3.0, "b": 4.0, "T": 7.0})


@pytest.mark.parametrize(
    ("counts", "parents", "options", "message"),
    [
        (COUNTS.set_axis(["a", "a", "T"]), PARENTS, {}, "deux fois"),
        (COUNTS, pd.Series(["T", "T"], index=["a", "a"]), {}, "deux fois"),
        (COUNTS, pd.Series({"z": "T"}), {}, "Cellule absente du tableau : z"),
        (COUNTS, pd.Series({"a": "U"}), {}, "Total absent du tableau : U"),
        (COUNTS, pd.Series({"T": "T"}), {}, "son propre total"),
        (COUNTS, PARENTS, {"state": pd.Series({"a": "ok"})}, "mêmes cellules"),
        (COUNTS, PARENTS, {"largest_share": pd.Series({"a": 1})}, "mêmes cellules"),
        (COUNTS, PARENTS, {"largest_share": COUNTS}, "plus gros contributeur"),
        (COUNTS, PARENTS, {"state": COUNTS.astype(str)}, "Un état vaut"),
        (COUNTS, PARENTS, {"threshold": 0.5}, "seuil du secret"),
        (COUNTS, PARENTS, {"dominance": 0}, "seuil du secret"),
        (-COUNTS, PARENTS, {}, "positif ou nul"),
        (COUNTS + np.inf, PARENTS, {}, "positif ou nul"),
        (COUNTS.add([0, 0, 2]), PARENTS, {}, "pas la somme de ses parties : T"),
    ],
)
def test_bad_tables_are_refused(
    counts: pd.Series, parents: pd.Series, options: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        suppress(counts, parents, **options)  # type: ignore[arg-type]


def test_totals_rounded_to_the_unit_are_accepted() -> None:
    assert suppress((COUNTS * 10).add([0, 0, 1]), PARENTS).tolist() == [SHOWN] * 3
