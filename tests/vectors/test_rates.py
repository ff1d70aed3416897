"""Rates against OHID's PHEindicatormethods and R epitools (shared/vectors/phe; docs/methodologie.md, R4).

Tolerance: 1e-6, relative, unless a test says what its file allows.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from diagnostic import rates as rt

pytestmark = pytest.mark.shared

RELATIVE = 1e-6
LEVELS = {"95_0": 0.95, "99_8": 0.998}
STATES = {"High": rt.HIGHER, "Low": rt.LOWER, "Not significant": rt.SAME}


@pytest.fixture(scope="module")
def vectors(shared_dir: Path) -> Path:
    return shared_dir / "vectors" / "phe"


def sheet(vectors: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(vectors / f"{name}.csv", encoding="utf-8-sig", thousands=",")


def same(ours: object, theirs: object, tolerance: float = RELATIVE) -> None:
    np.testing.assert_allclose(
        np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float), rtol=tolerance, atol=0
    )


def known_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Rows with both numbers: the sheets end with rows that the peer answers by blanks."""
    complete = table["Numerator"].notna() & table["Denominator"].notna()
    assert table.loc[~complete, "value"].isna().all()
    return table[complete]


@pytest.mark.parametrize("name", ["testdata_Proportion__testdata_Prop", "peer_run"])
def test_proportions_at_both_levels(vectors: Path, name: str) -> None:
    if name == "peer_run":
        table = sheet(vectors, "peer_run_proportion_wilson").assign(multiplier=1)
    else:
        table = known_rows(sheet(vectors, name)).rename(
            columns={"Numerator": "x", "Denominator": "n"}
        )
    for multiplier, part in table.groupby("multiplier"):
        for suffix, level in LEVELS.items():
            ours = rt.proportion(part["x"], part["n"], level, multiplier=multiplier)
            same(ours.value, part["value"])
            same(ours.low, part[f"lower{suffix}cl"])
            same(ours.high, part[f"upper{suffix}cl"])


def test_unknown_numbers_stay_unknown_as_in_the_peer(vectors: Path) -> None:
    for name in ("Proportion__testdata_Prop", "Rate__testdata_Rate"):
        table = sheet(vectors, f"testdata_{name}")
        blank = table[table["Numerator"].isna() | table["Denominator"].isna()]
        assert len(blank) == 3
        for part in rt.crude_rate(blank["Numerator"], blank["Denominator"], 100):
            assert np.isnan(part).all()


def test_prevalence_of_child_obesity(vectors: Path) -> None:
    """240 published rows, in per cent, with their limits."""
    table = sheet(vectors, "input_prevalence_data_SII_vignette")
    ours = rt.proportion(table["Count"], table["Measured"], multiplier=100)
    same(ours.value, table["Rate"])
    same(ours.low, table["LCL"])
    same(ours.high, table["UCL"])


@pytest.mark.parametrize("name", ["testdata_Rate__testdata_Rate", "peer_run_rate_byar"])
def test_crude_rates_at_both_levels(vectors: Path, name: str) -> None:
    table = sheet(vectors, name)
    if name == "peer_run_rate_byar":
        table = table.rename(columns={"x": "Numerator", "n": "Denominator"}).assign(
            multiplier=100_000
        )
    table = known_rows(table)
    assert (table["Numerator"] < 10).any()
    assert (table["Numerator"] > 10).any()
    for multiplier, part in table.groupby("multiplier"):
        for suffix, level in LEVELS.items():
            ours = rt.crude_rate(part["Numerator"], part["Denominator"], multiplier, level)
            same(ours.value, part["value"])
            same(ours.low, part[f"lower{suffix}cl"])
            same(ours.high, part[f"upper{suffix}cl"])


def test_grouped_sheets(vectors: Path) -> None:
    for name, multiplier in (("Proportion__testdata_Prop_g", 1), ("Rate__testdata_Rate_g", 1e5)):
        table = known_rows(sheet(vectors, f"testdata_{name}"))
        numbers = table["Numerator"], table["Denominator"]
        ours = rt.proportion(*numbers) if multiplier == 1 else rt.crude_rate(*numbers, multiplier)
        same(ours.value, table["value"])
        same(ours.low, table["lowercl"])
        same(ours.high, table["uppercl"])


def test_byar_and_wilson_alone(vectors: Path) -> None:
    """The sheet also gives Byar's limits of 1 event, where docs/methodologie.md takes the exact ones."""
    table = sheet(vectors, "testdata_Byars_Wilson__testdata_B_W").dropna(subset=["lowercl"])
    for row in table.itertuples():
        level = float(row.confidence.rstrip("%")) / 100
        if row.method == "Wilson":
            assert rt.proportion(row.x, row.n, level)[1:] == pytest.approx(
                (row.lowercl, row.uppercl), rel=RELATIVE
            )
        elif row.x >= 10:
            low, high = rt.count_interval(row.x, level)
            assert (low, high) == pytest.approx((row.lowercl, row.uppercl), rel=RELATIVE)
        else:
            low, high = rt.count_interval(row.x, level)
            assert row.lowercl < 0.52 * low  # Byar's low limit at 1 event is half the exact one
            assert row.uppercl == pytest.approx(high, rel=2e-3)


def test_exact_interval_of_r_epitools(vectors: Path) -> None:
    """Under 10 events ours is pois.daly's (gamma quantiles), but at 0 event: two-sided here.

    pois.exact searches its limits numerically, to about 1e-3 at 1 event; it agrees that closely.
    pois.byar takes O + 0.5 in both limits: another formula than Breslow & Day's, not compared.
    """
    table = sheet(vectors, "epitools_poisson_ci")
    few = table[table["x"].between(1, 9)]
    low, high = rt.count_interval(few["x"])
    same(low / few["pt"], few["dalyl"])
    same(high / few["pt"], few["dalyu"])
    zero = table[table["x"] == 0]
    same(rt.count_interval(zero["x"])[1] / zero["pt"], zero["upper"], 1e-6)
    same(rt.count_interval(few["x"])[0] / few["pt"], few["lower"], 2e-3)
    many = table[table["x"] >= 10]  # Byar is close to exact: that is why it may replace it
    low, high = rt.count_interval(many["x"])
    same(low / many["pt"], many["dalyl"], 2e-3)
    same(high / many["pt"], many["dalyu"], 2e-4)


def test_european_standard_population(vectors: Path) -> None:
    table = sheet(vectors, "esp2013")
    assert table["ageband"].tolist() == rt.ESP2013.index.tolist()
    assert table["esp2013"].tolist() == rt.ESP2013.tolist()


def by_band(table: pd.DataFrame, column: str) -> np.ndarray:
    """Territories x bands in the order of the file."""
    return np.stack([part[column].to_numpy(float) for _, part in table.groupby("area", sort=False)])


@pytest.mark.parametrize("multiplier", [10_000, 100_000])
def test_directly_standardised_rates(vectors: Path, multiplier: int) -> None:
    """Blank counts are 0 in the peer; for us unknown, so the blanks are filled here first."""
    table = sheet(vectors, "testdata_DSR_ISR__testdata_multiarea")
    expected = sheet(vectors, "testdata_DSR_ISR__testresults_DSR")
    expected = expected[expected["method"] == "Dobson"].query("area != 'testdata_1976'")
    expected = expected.iloc[:3] if multiplier == 10_000 else expected.iloc[3:]
    counts, people = by_band(table, "count"), by_band(table, "pop")
    for suffix, level in LEVELS.items():
        ours = rt.directly_standardised(
            np.nan_to_num(counts), people, multiplier=multiplier, level=level
        )
        same(ours.value, expected["value"])
        same(ours.low, expected[f"lower{suffix}cl"])
        same(ours.high, expected[f"upper{suffix}cl"])
    assert np.isnan(ours.value).tolist() == [False, False, True]  # 9 events in the last
    assert np.isnan(rt.directly_standardised(counts, people).value[np.isnan(counts).any(1)]).all()


def test_directly_standardised_on_the_1976_population(vectors: Path) -> None:
    """The file's 99.8 % limits are ten times too large: they do not even contain its values."""
    table = sheet(vectors, "testdata_DSR_ISR__testdata_1976")
    expected = sheet(vectors, "testdata_DSR_ISR__testresults_DSR").query("area == 'testdata_1976'")
    for row, multiplier in zip(expected.itertuples(), (10_000, 100_000), strict=True):
        numbers = table["count"], table["pop"], table["esp1976"].to_numpy()
        at_95 = rt.directly_standardised(*numbers, multiplier)
        assert at_95 == pytest.approx((row.value, row.lower95_0cl, row.upper95_0cl), rel=RELATIVE)
        at_998 = rt.directly_standardised(*numbers, multiplier, level=0.998)
        assert row.value < row.lower99_8cl
        assert (at_998.low * 10, at_998.high * 10) == pytest.approx(
            (row.lower99_8cl, row.upper99_8cl), rel=RELATIVE
        )


def test_directly_standardised_when_a_person_counts_several_times(vectors: Path) -> None:
    table = sheet(vectors, "testdata_DSR_ISR__testdata_nonindepe")
    expected = sheet(vectors, "testdata_DSR_ISR__testresults_DSR")
    expected = expected[expected["area"].str.contains("nonind")]
    persons = table[["f1", "f2", "f3", "f4"]].fillna(0)
    table = table.assign(events=persons @ [1, 2, 3, 4], squares=persons @ [1, 4, 9, 16])
    events, people, squares = (by_band(table, c) for c in ("events", "pop", "squares"))
    for suffix, level in LEVELS.items():
        ours = rt.directly_standardised(events, people, level=level, event_variance=squares)
        same(ours.value, expected["value"])
        same(ours.low, expected[f"lower{suffix}cl"])
        same(ours.high, expected[f"upper{suffix}cl"])


@pytest.mark.parametrize(
    ("name", "column"),
    [("err1", "count"), ("err3", "pop"), ("err4", "stdpop")],
)
def test_sheets_that_the_peer_refuses(vectors: Path, name: str, column: str) -> None:
    table = sheet(vectors, f"testdata_DSR_ISR__testdata_{name}")
    numbers = table["count"], table["pop"], table["stdpop"].to_numpy()
    with pytest.raises(ValueError, match=r"négatif|population type"):
        rt.directly_standardised(*numbers)
    repaired = table.assign(**{column: table[column].abs()})
    numbers = repaired["count"], repaired["pop"], repaired["stdpop"].to_numpy()
    assert rt.directly_standardised(*numbers).value > 0


def test_an_empty_band_has_no_directly_standardised_rate(vectors: Path) -> None:
    table = sheet(vectors, "testdata_DSR_ISR__testdata_err2")
    ours = rt.directly_standardised(by_band(table, "count"), by_band(table, "pop"))
    assert np.isnan(ours.value).tolist() == [True, False]


@pytest.mark.parametrize("rate", [True, False])
def test_indirectly_standardised(vectors: Path, rate: bool) -> None:
    table = sheet(vectors, "testdata_DSR_ISR__testdata_multiarea").fillna({"count": 0})
    reference = sheet(vectors, "testdata_DSR_ISR__refdata")
    results = sheet(vectors, "testdata_DSR_ISR__testresults_ISR").iloc[:12]
    kind = "rate" if rate else "ratio"
    results = results[results["statistic"].str.contains(f"standardised {kind}")]
    assert len(results) == 6
    numbers = by_band(table, "count"), by_band(table, "pop")
    standard = reference["refcount"].to_numpy(), reference["refpop"].to_numpy()
    for statistic, expected in results.groupby("statistic", sort=False):
        multiplier = float(statistic.split()[-1])
        for suffix, level in LEVELS.items():
            ours = rt.indirectly_standardised(*numbers, *standard, level, multiplier, rate)
            same(ours.value, expected["value"])
            same(ours.low, expected[f"lower{suffix}cl"])
            same(ours.high, expected[f"upper{suffix}cl"])
    same(rt.expected_events(numbers[1], *standard), expected["expected"])


def test_indirectly_standardised_with_an_empty_band(vectors: Path) -> None:
    table = sheet(vectors, "testdata_DSR_ISR__testdata_err2")
    reference = sheet(vectors, "testdata_DSR_ISR__refdata")
    expected = sheet(vectors, "testdata_DSR_ISR__testresults_ISR").iloc[12:]
    standard = reference["refcount"].to_numpy(), reference["refpop"].to_numpy()
    totals, people = by_band(table, "count").sum(axis=1), by_band(table, "pop")
    for rows, multiplier, rate in ((expected.iloc[:2], 1e5, True), (expected.iloc[2:], 100, False)):
        ours = rt.indirectly_standardised(
            totals, people, *standard, multiplier=multiplier, rate=rate
        )
        same(ours.value, rows["value"])
        same(ours.low, rows["lower95_0cl"])
        same(ours.high, rows["upper95_0cl"])


@pytest.mark.parametrize("name", ["outputs", "outputs_with_axis_variation"])
def test_funnel_limits_of_proportions(vectors: Path, name: str) -> None:
    """Printed to 6 or 8 decimals, in per cent."""
    table = sheet(vectors, f"testdata_funnel_prop_{name}")
    if name == "outputs":
        inputs = sheet(vectors, "testdata_funnel_prop_inputs")
        baseline = 100 * inputs["numerator"].sum() / inputs["denominator"].sum()
    else:
        baseline = table["Baseline"].iloc[0]
    assert baseline == pytest.approx(table["Baseline"].iloc[0], abs=1e-6)
    ours = rt.funnel_limits(table["Population"], baseline, "proportion", 100)
    theirs = ["Lower2s0025limit", "Upper2s0025limit", "Lower3s0001limit", "Upper3s0001limit"]
    for limit, column in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(limit, table[column], rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "kind", "unit"), [("rate", "rate", 100_000.0), ("ratio", "ratio", 100.0)]
)
def test_funnel_limits_of_rates_and_ratios(
    vectors: Path, name: str, kind: rt.FunnelKind, unit: float
) -> None:
    """The file gives, by number of events, the size at which a limit passes there.

    The limit at that size must then be that number of events. The file's sizes come from a
    numerical search: for 1 event, 99.8 %, it stops at 0.001000547 expected where the exact size
    is -ln(0.999) = 0.0010005003, hence a tolerance of 1e-5 (6.4e-6 found there, under 1.6e-6
    elsewhere).
    """
    table = sheet(vectors, f"testdata_funnel_{name}_outputs")
    events = table.iloc[:, 0].to_numpy(float)
    baseline = float(table["baseline"].iloc[0]) if name == "rate" else unit
    suffix = "limit" if name == "rate" else "isr"
    for side, place in (("lower_2s", 0), ("upper_2s", 1), ("lower_3s", 2), ("upper_3s", 3)):
        limit = table[f"{side}_{suffix}"].to_numpy(float)
        ours = rt.funnel_limits(events * unit / limit, baseline, kind, unit)[place]
        same(ours, limit, 1e-5)


def at_two_levels(column: pd.Series) -> tuple[list[str], list[str]]:
    """The peer's one label as our two."""
    word = column.str.replace(r" \(.*", "", regex=True).map(STATES)
    strong = word.where(column.str.contains("0.001", regex=False), rt.SAME)
    return word.tolist(), strong.tolist()


def test_funnel_labels_of_proportions(vectors: Path) -> None:
    table = sheet(vectors, "testdata_funnel_prop_inputs")
    baseline = table["numerator"].sum() / table["denominator"].sum()
    ours = rt.funnel_labels(table["numerator"], table["denominator"], baseline, "proportion")
    assert (ours.at_95.tolist(), ours.at_998.tolist()) == at_two_levels(table["significance"])
    for level, labels in ((0.95, ours.at_95), (0.998, ours.at_998)):
        interval = rt.proportion(table["numerator"], table["denominator"], level)
        assert rt.significance(*interval, baseline, level).tolist() == labels.tolist()


def test_funnel_labels_of_ratios(vectors: Path) -> None:
    table = sheet(vectors, "testdata_funnel_ratio_inputs")
    ours = rt.funnel_labels(table["obs"], table["expected"], 1.0, "ratio")
    assert (ours.at_95.tolist(), ours.at_998.tolist()) == at_two_levels(table["significance"])


@pytest.mark.parametrize("zero", ["with_0", "without_0"])
@pytest.mark.parametrize("unit", [100, 100_000])
def test_funnel_labels_of_rates(vectors: Path, unit: int, zero: str) -> None:
    table = sheet(vectors, "testdata_funnel_rate_dsr_inputs")
    if zero == "without_0":
        table = table[table["count"] > 0]
    baseline = unit * table["count"].sum() / table["pop"].sum()
    ours = rt.funnel_labels(table["count"], table["pop"], baseline, "rate", unit)
    expected = at_two_levels(table[f"crude_per_{unit}_{zero}"])
    assert (ours.at_95.tolist(), ours.at_998.tolist()) == expected


@pytest.mark.parametrize("zero", ["with_0", "without_0"])
@pytest.mark.parametrize("unit", [100, 100_000])
def test_funnel_labels_of_directly_standardised_rates(vectors: Path, unit: int, zero: str) -> None:
    """The denominator is derived from the rate; under 10 events the peer gives no label."""
    table = sheet(vectors, "testdata_funnel_rate_dsr_inputs")
    table = table[table["count"] >= rt.DSR_MINIMUM_EVENTS]
    size = table["count"] * 100_000 / table["rate_dsr"]
    baseline = unit * table["count"].sum() / size.sum()
    ours = rt.funnel_labels(table["count"], size, baseline, "rate", unit)
    expected = at_two_levels(table[f"dsr_per_{unit}_{zero}"])
    assert (ours.at_95.tolist(), ours.at_998.tolist()) == expected
