"""Share of people reached beside share of need: numbers, uncertainty, and what the words say."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2
from scipy.stats import t as student

from diagnostic import allocation, reach
from diagnostic.reach import NEAR, OVER, TOO_FEW, UNDER
from views import reach as words
from views.lexicon import refused_words

BOUNDS = (-1.0, 1.5)
ROOT = Path(__file__).resolve().parents[2]


def territories(population: list[float], need: list[float], reached: list[float]) -> pd.DataFrame:
    index = [f"{at:05}" for at in range(len(need))]
    names = [f"Commune {at}" for at in range(len(need))]
    return pd.DataFrame(
        {"name": names, "population": population, "need": need, "reached": reached}, index=index
    )


def table_of(*columns: list[float], ratio: float = 3.0) -> pd.DataFrame:
    return reach.compare(territories(*columns), BOUNDS, ratio)


FRAMES = st.lists(
    st.tuples(st.integers(50, 90_000), st.floats(-2, 3), st.integers(0, 3_000)),
    min_size=3,
    max_size=25,
).filter(lambda rows: sum(row[2] for row in rows) > 0 and len({row[1] for row in rows}) > 2)


def frame_of(rows: list[tuple[int, float, int]]) -> pd.DataFrame:
    return territories(*(list(column) for column in zip(*rows, strict=True)))


@given(rows=FRAMES, ratio=st.sampled_from([1.0, 2.0, 3.0, 5.0]))
@settings(max_examples=60, deadline=None)
def test_shares_sum_to_one_and_follow_the_rule(
    rows: list[tuple[int, float, int]], ratio: float
) -> None:
    frame = frame_of(rows)
    table = reach.compare(frame, BOUNDS, ratio)
    weight = frame["population"] * ratio ** ((frame["need"].clip(*BOUNDS) + 1.0) / 2.5)
    assert table["need_share"].to_numpy() == pytest.approx((weight / weight.sum()).to_numpy())
    assert table["expected"].sum() == pytest.approx(frame["reached"].sum())
    assert table["population_share"].sum() == pytest.approx(1)
    assert table["reached_share"].sum() == pytest.approx(1)
    shuffled = reach.compare(frame.iloc[::-1], BOUNDS, ratio).iloc[::-1]
    pd.testing.assert_frame_equal(shuffled, table)


@given(rows=FRAMES)
@settings(max_examples=60, deadline=None)
def test_the_index_is_that_of_the_curve_and_of_the_readout(
    rows: list[tuple[int, float, int]],
) -> None:
    table = reach.compare(frame_of(rows), BOUNDS)
    index, curve = reach.concentration(table), reach.curves(table)
    for amount, value in (("reached", index.index), ("need", index.needed)):
        area = np.trapezoid(curve[f"{amount}_share"], curve["population_share"])
        assert value == pytest.approx(1 - 2 * area, abs=1e-9)
    out = allocation.readout(table, BOUNDS, 0.5, 3.0, table["reached"])
    assert index.index == pytest.approx(out.rci, abs=1e-9)
    assert -1 <= index.low <= index.index <= index.high <= 1


def test_the_interval_is_that_of_the_weighted_regression() -> None:
    """Recomputed with matrices: 2 var(X) y / mu on X, weights = inhabitants."""
    people, need = [9_000.0, 4_000, 2_000, 7_000, 500], [1.2, 0.4, 0.1, -0.3, -0.9]
    table = table_of(people, need, [200, 60, 50, 140, 20])
    p = np.array(people) / sum(people)
    middle = np.cumsum(p) - p / 2
    value = table["reached"].to_numpy() / np.array(people)
    y = 2 * (p @ (middle - 0.5) ** 2) * value / (p @ value)
    x = np.column_stack([np.ones(5), middle])
    inverse = np.linalg.inv((x.T * p) @ x)
    slope = inverse @ (x.T * p) @ y
    spread = p @ (y - x @ slope) ** 2 / 3
    reach_of = student.ppf(0.975, 3) * math.sqrt(inverse[1, 1] * spread)
    found = reach.concentration(table)
    assert found.index == pytest.approx(slope[1])
    assert found.freedom == 3
    assert found.low == pytest.approx(max(slope[1] - reach_of, -1))
    assert found.high == pytest.approx(min(slope[1] + reach_of, 1))


def test_following_need_exactly_is_found_so() -> None:
    table = table_of([10_000.0, 20_000, 5_000, 8_000], [1.4, 0.6, -0.2, -0.9], [1.0] * 4)
    exact = table.assign(reached=1_000 * table["need_share"])
    found = reach.concentration(exact)
    assert found.index == pytest.approx(found.needed)
    assert found.index < 0
    done = reach.verdicts(exact.assign(expected=exact["reached"]))
    assert set(done["verdict"]) == {NEAR}


def test_verdicts_and_their_intervals() -> None:
    table = pd.DataFrame(
        {"reached": [20.0, 300, 98, 0, 0], "expected": [100.0, 200, 100, 6, 1.2]},
        index=list("abcde"),
    )
    found = reach.verdicts(table)
    assert found["verdict"].tolist() == [UNDER, OVER, NEAR, UNDER, TOO_FEW]
    # No event at all: the exact upper limit, -ln(0.025) = chi2(0.975; 2) / 2.
    assert found.loc["d", "high"] == pytest.approx(chi2.ppf(0.975, 2) / 2 / 6)
    assert found.loc["d", "low"] == 0
    assert found.loc["a", "low"] == pytest.approx(chi2.ppf(0.025, 40) / 2 / 100, rel=0.01)
    assert found.loc["a", "high"] == pytest.approx(chi2.ppf(0.975, 42) / 2 / 100, rel=0.01)


def test_many_territories_at_the_mercy_of_chance_are_not_accused() -> None:
    """Twenty draws of the expected number itself: without adjustment, one in twenty would be."""
    generator = np.random.default_rng(3)
    accused = 0
    for _ in range(200):
        expected = np.full(20, 40.0)
        table = pd.DataFrame({"reached": generator.poisson(expected), "expected": expected})
        accused += bool(reach.verdicts(table)["verdict"].isin([UNDER, OVER]).any())
    assert accused <= 0.08 * 200


def test_few_expected_people_are_read_together() -> None:
    table = pd.DataFrame(
        {"population": 100.0, "reached": [0.0, 0, 0, 60], "expected": [4.0, 4, 4, 48]}
    )
    found = reach.verdicts(table)
    together = reach.few_together(found)
    assert (together["reached"].iloc[0], together["expected"].iloc[0]) == (0, 12)
    assert together["verdict"].iloc[0] == UNDER
    assert reach.few_together(found.iloc[[0, 3]]).empty


def test_pooling_adds_up() -> None:
    table = table_of([100.0, 300, 600], [1.0, 0.0, -1.0], [10, 20, 60])
    pooled = reach.pooled(table, pd.Series(["a", "a", "b"], index=table.index))
    for column in ("population", "reached", "expected", "need_share", "reached_share"):
        assert pooled[column].sum() == pytest.approx(table[column].sum())
    assert pooled.loc["a", "need"] == pytest.approx(0.25)
    assert pooled.loc["a", "expected"] == pytest.approx(table["expected"].iloc[:2].sum())


def test_the_neediest_fifth_is_made_of_whole_territories() -> None:
    table = table_of([1_200.0, 900, 3_900, 4_000], [1.4, 1.0, 0.0, -0.5], [10, 20, 100, 70])
    found = reach.neediest(table)
    assert found.codes == ("00000", "00001")
    assert found.population == pytest.approx(0.21)
    assert float(found.reached.value) == pytest.approx(30 / 200)
    assert found.reached.low < 0.15 < found.reached.high
    # Never everybody, even when the first territory holds nearly all.
    assert reach.neediest(table_of([9_900.0, 100], [1.0, 0.0], [5, 5])).population == 0.99


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ValueError, match="connus"):
        table_of([100.0, 200], [math.nan, 1.0], [5, 5])
    with pytest.raises(ValueError, match="sans habitant"):
        table_of([0.0, 200], [0.0, 1.0], [0, 5])
    assert math.isnan(reach.concentration(table_of([1.0, 2], [0.0, 1.0], [5, 5])).index)


def test_resources_spent_by_the_rule_are_found_so() -> None:
    frame = territories([9_000.0, 4_000, 2_000, 7_000], [1.2, 0.4, -0.3, -0.9], [0.0] * 4)
    rule = allocation.allocate(500, frame["population"], frame["need"], 0.5, 3.0, BOUNDS)
    table = reach.compare(frame.assign(reached=rule["continuous"]), BOUNDS)
    found = reach.followed(table, BOUNDS, 0.5, 3.0)
    assert found.concentration.index == pytest.approx(found.planned_index)
    assert found.readout.slope == pytest.approx(found.readout.planned_slope)
    equal = reach.compare(frame.assign(reached=frame["population"] / 100), BOUNDS)
    flat = reach.followed(equal, BOUNDS, 0.5, 3.0)
    assert flat.concentration.index == pytest.approx(0, abs=1e-12)
    assert flat.readout.slope == pytest.approx(0, abs=1e-12)
    assert flat.planned_index < 0


def test_an_example_could_be_imported() -> None:
    frame = territories([90_000.0, 30, 0, 400], [1.2, 0.4, 0.0, math.nan], [0.0] * 4)
    counts = reach.example_counts(frame["population"], frame["need"], BOUNDS)
    assert counts.tolist() == [1116, 5, 0, 8]
    assert not counts.between(1, 4).any()


def test_the_worked_example_of_the_documentation() -> None:
    """docs/qui-touche-t-on.md: every number of its table, as printed."""
    text = (ROOT / "docs" / "qui-touche-t-on.md").read_text("utf-8")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines()]
    printed = {
        row[0]: [decimal(cell) for cell in row[1:]] for row in rows if row[0] in tuple("ABC")
    }
    people, need, _, _, share, reached, expected, ratio = zip(*printed.values(), strict=True)
    frame = territories(list(people), list(need), list(reached))
    table = reach.verdicts(reach.compare(frame, (-1.0, 1.0), 3.0))
    assert (100 * table["need_share"]).round(1).tolist() == list(share)
    assert table["expected"].round(1).tolist() == list(expected)
    assert table["ratio"].round(2).tolist() == list(ratio)
    assert table.loc["00000", ["low", "high"]].astype(float).round(2).tolist() == [0.36, 0.6]
    assert table["verdict"].tolist() == [UNDER, NEAR, OVER]


def decimal(cell: str) -> float:
    return float(re.sub(r"[ %]", "", cell).replace(",", ".").replace("−", "-"))


# Words


def sentences(table: pd.DataFrame) -> str:
    said = reach.verdicts(table)
    rows = [
        words.neediest_sentence(reach.neediest(table), table["name"].to_dict(), "d'habitants"),
        words.index_sentence(reach.concentration(table)),
        words.index_text(reach.concentration(table)),
        words.under_heading(said),
        *words.under_sentences(said),
        words.few_sentence(reach.few_together(said), int((said["verdict"] == TOO_FEW).sum())),
        *words.reach_texts(said, "Habitants").astype(str).to_numpy().ravel(),
        *words.followed_sentences(reach.followed(table, BOUNDS, 0.5, 3.0), 0.5, 3.0),
    ]
    return "\n".join(rows)


@given(rows=FRAMES)
@settings(max_examples=40, deadline=None)
def test_every_sentence_is_whole_and_respectful(rows: list[tuple[int, float, int]]) -> None:
    text = sentences(reach.compare(frame_of(rows), BOUNDS))
    assert not refused_words(text)
    assert "nan" not in text
    assert "None" not in text


def test_the_sentence_of_the_neediest() -> None:
    table = table_of([1_200.0, 900, 3_900, 4_000], [1.4, 1.0, 0.0, -0.5], [100, 80, 500, 320])
    text = plain(
        words.neediest_sentence(reach.neediest(table), table["name"].to_dict(), "d'habitants")
    )
    assert text.startswith(
        "Les 21 % d'habitants vivant dans les communes au besoin le plus élevé (Commune 0 et "
        "Commune 1) forment "
    )
    assert "et 18 % des personnes touchées (entre 16 % et 21 %, intervalle à 95 %)." in text


def test_one_commune_alone_is_not_named_as_the_neediest() -> None:
    table = table_of([2_000.0, 3_900, 4_000], [1.4, 0.0, -0.5], [100, 500, 320])
    text = words.neediest_sentence(reach.neediest(table), table["name"].to_dict(), "d'habitants")
    assert "la commune au besoin le plus élevé forment" in text
    assert "Commune 0" not in text


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.05, 0.2, "moins élevé. Elle va moins vers le besoin"),
        (-0.1, -0.05, "plus élevé. Elle va moins vers le besoin"),
        (-0.2, -0.05, "plus élevé. C'est compatible"),
        (-0.4, -0.3, "ce n'est pas un défaut"),
        (-0.1, 0.1, "à peu près autant partout, par habitant"),
        (-0.3, 0.1, "ne permettent pas de conclure"),
        (math.nan, math.nan, "au moins trois communes"),
    ],
)
def test_the_index_in_words(low: float, high: float, expected: str) -> None:
    found = reach.Concentration((low + high) / 2, low, high, -0.15, 5)
    assert expected in words.index_sentence(found)


def test_under_reached_territories_come_by_name_not_by_size() -> None:
    said = reach.verdicts(
        pd.DataFrame(
            {"name": ["Zuydcoote", "Éragny"], "reached": [2.0, 20], "expected": [90.0, 60]}
        )
    )
    first, second = (plain(one) for one in words.under_sentences(said))
    assert first.startswith("Éragny : 20 personnes touchées, environ 60 attendues")
    assert second.startswith("Zuydcoote")
    assert "soit 20 % à 51 % de l'attendu" in first


def test_rows_read() -> None:
    assert plain(words.rows_sentence(15, 13)) == "**15 lignes lues** : 13 utilisées, 2 refusées."
    assert plain(words.rows_sentence(1, 0)) == "**1 ligne lue** : 0 utilisée, 1 refusée."


def test_an_example_is_named_on_every_row_of_its_file() -> None:
    said = reach.verdicts(table_of([100.0, 300], [1.0, 0.0], [10, 20]))
    assert set(words.reach_file(said, "Habitants", example=True)["Nature"]) == {"exemple fictif"}
    assert "Nature" not in words.reach_file(said, "Habitants", example=False)


def test_charts_hold_what_the_table_holds() -> None:
    table = table_of([100.0, 300, 600], [1.0, 0.0, -1.0], [1, 20, 60])
    chart = words.shares_chart(reach.verdicts(table), "Exemple fictif")
    drawn = {
        name: x
        for trace in chart.data
        if "touchées" in (trace.name or "")
        for name, x in zip(trace.y, trace.x, strict=True)
    }
    expected = {row["name"]: 100 * row["reached_share"] for _, row in table.iterrows()}
    assert drawn == pytest.approx(expected)
    assert chart.layout.title.text == "Exemple fictif"
    curve = reach.curves(table)
    lines = words.curve_chart(curve).data
    assert list(lines[2].y) == pytest.approx((100 * curve["reached_share"]).tolist())


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")
