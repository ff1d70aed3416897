"""Aggregation rules: for any set of communes, the SQL says what an independent reference says."""

import math
import random

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.sql.reference import (
    CERGY_PONTOISE,
    GRAND_QUERCY,
    Figure,
    aggregate,
    embedded_indicators,
    published_csv,
)
from warehouse.read import Warehouse

CARDS = embedded_indicators()
COMMUNES = published_csv("cog_communes.csv").query("type == 'com'")
LOADED = sorted(COMMUNES.loc[COMMUNES["departement"].isin(["95", "46"]), "code"])
# Neighbours, an overseas commune, one of Mayotte (absent from RP 2021), empty villages, Terre-Adélie.
OUTSIDE = ["78382", "75056", "13055", "97101", "97608", "55189", "55239", "98414", "60176", "82121"]
GROUPS = {
    "dep 95": sorted(COMMUNES.loc[COMMUNES["departement"] == "95", "code"]),
    "dep 46": sorted(COMMUNES.loc[COMMUNES["departement"] == "46", "code"]),
    "Cergy-Pontoise": sorted(COMMUNES.loc[COMMUNES["epci"] == CERGY_PONTOISE, "code"]),
    "Grand Quercy": sorted(COMMUNES.loc[COMMUNES["epci"].isin(GRAND_QUERCY), "code"]),
}
relaxed = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@st.composite
def perimeters(draw: st.DrawFn, pool: tuple[str, ...] = (*LOADED, *OUTSIDE)) -> list[str]:
    """One commune, a handful, hundreds, or a known territory more or less a few communes."""
    picked = draw(st.lists(st.sampled_from(pool), min_size=1, max_size=12))
    kind = draw(st.sampled_from(["few", "many", *GROUPS]))
    if kind == "few":
        return picked
    if kind == "many":
        seed, size = draw(st.integers(0, 2**32)), draw(st.integers(10, 400))
        return [*picked, *random.Random(seed).sample(LOADED, size)]
    removed = set(draw(st.lists(st.sampled_from(GROUPS[kind]), max_size=5)))
    return [*picked, *(code for code in GROUPS[kind] if code not in removed and code in pool)]


def computed(warehouse: Warehouse, codes: list[str]) -> dict[tuple[str, str], dict]:
    """The perimeter's profile as the pages ask for it, when it is no published territory."""
    rows = warehouse.mart("profile", codes=codes, whole_level="", whole_code="")
    assert not rows.duplicated(["indicator_id", "period"]).any()
    return {(row["indicator_id"], row["period"]): row for row in rows.to_dict("records")}


def same(found: float | None, expected: float | None) -> bool:
    """Equal, or both missing; sums of floats depend on their order, hence the tolerance."""
    if expected is None:
        return found is None or math.isnan(found)
    return found is not None and math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-9)


def differences(row: dict, figure: Figure) -> dict[str, tuple]:
    pairs = {
        "value": (row["value"], figure.value),
        "ci_low": (row["ci_low"], figure.low),
        "ci_high": (row["ci_high"], figure.high),
        "coverage": (row["coverage"], figure.coverage),
    }
    if figure.value is not None:
        pairs["numerator"] = (row["numerator"], figure.numerator)
        pairs["denominator"] = (row["denominator"], figure.denominator)
    wrong = {name: pair for name, pair in pairs.items() if not same(*pair)}
    for name in ("state", "communes"):
        if row[name] != getattr(figure, name):
            wrong[name] = (row[name], getattr(figure, name))
    return wrong


@settings(relaxed, max_examples=60)
@given(codes=perimeters())
@example(codes=["95127"])
@example(codes=["46172"])
@example(codes=OUTSIDE)
@example(codes=GROUPS["Cergy-Pontoise"])
@example(codes=GROUPS["Grand Quercy"])
@example(codes=LOADED)
def test_any_perimeter_agrees_with_the_reference(
    warehouse: Warehouse,
    commune_figures: pd.DataFrame,
    populations: dict[str, int],
    codes: list[str],
) -> None:
    """Every indicator, every period: value, numerator, denominator, bounds, coverage and state."""
    expected = aggregate(codes, commune_figures, populations, CARDS)
    found = computed(warehouse, codes)
    assert found.keys() == expected.keys()
    wrong = {
        key: difference
        for key, figure in expected.items()
        if (difference := differences(found[key], figure))
    }
    assert not wrong


@settings(relaxed, max_examples=60)
@given(codes=perimeters())
@example(codes=["55189", "55239"])
@example(codes=["98414"])
def test_what_is_not_known_says_why_and_is_never_a_number(
    warehouse: Warehouse, codes: list[str]
) -> None:
    """No secret or absent figure has a value, numerator or bounds; all that is not ok has a reason."""
    rows = warehouse.mart("profile", codes=codes, whole_level="", whole_code="")
    assert rows["state"].isin(["ok", "approx", "absent"]).all()
    withheld = rows[rows["state"] == "absent"]
    assert withheld[["value", "ci_low", "ci_high"]].isna().all(axis=None)
    assert (
        withheld.loc[withheld["coverage"] < 0.9, ["numerator", "denominator"]].isna().all(axis=None)
    )
    assert rows.loc[rows["state"] != "ok", "reason"].notna().all()
    assert rows.loc[rows["state"] == "ok", "value"].notna().all()
    assert rows.loc[rows["coverage"] < 0.9, "state"].eq("absent").all()
    shown = rows[rows["state"] == "approx"]
    assert (shown["value"].notna() | (shown["ci_low"].notna() & shown["ci_high"].notna())).all()
    assert (shown["value"].isna() | shown["ci_low"].isna()).all()
    bounded = rows[rows["ci_low"].notna()]
    assert (bounded["ci_low"] <= bounded["ci_high"]).all()


@settings(relaxed, max_examples=25)
@given(codes=perimeters(), seed=st.integers(0, 2**32))
def test_order_and_duplicates_of_communes_change_nothing(
    warehouse: Warehouse, codes: list[str], seed: int
) -> None:
    shuffled = codes + codes[: len(codes) // 2]
    random.Random(seed).shuffle(shuffled)
    one, other = computed(warehouse, codes), computed(warehouse, shuffled)
    assert one.keys() == other.keys()
    for key, row in one.items():
        for name, value in row.items():
            if isinstance(value, float):
                assert same(other[key][name], None if math.isnan(value) else value), (key, name)
            else:
                assert other[key][name] == value, (key, name)


@settings(relaxed, max_examples=25)
@given(codes=perimeters(tuple(LOADED)), seed=st.integers(0, 2**32))
def test_splitting_a_perimeter_conserves_its_counts(
    warehouse: Warehouse, codes: list[str], seed: int
) -> None:
    """Counts, bounds, numerators and denominators of two halves add up to those of the whole."""
    members = sorted(set(codes) & set(LOADED))
    draw = random.Random(seed)
    side = {code: draw.choice("AB") for code in members}
    halves = warehouse.mart("profiles", groups=[side[code] for code in members], codes=members)
    whole = computed(warehouse, members)
    checked = 0
    for key, rows in halves.groupby(["indicator_id", "period"]):
        row, card = whole[key], CARDS[key[0]]
        if (rows["coverage"] < 1).any() or len(rows) < len(set(side.values())):
            continue
        if card.kind == "count":
            low = rows["ci_low"].fillna(rows["value"]).sum()
            high = rows["ci_high"].fillna(rows["value"]).sum()
            exact = math.isnan(row["ci_low"])
            assert low == pytest.approx(row["value"] if exact else row["ci_low"]), key
            assert high == pytest.approx(row["value"] if exact else row["ci_high"]), key
        elif card.kind in ("ratio", "ordinal", "sample") and card.id != "taux_pauvrete":
            for name in ("numerator", "denominator"):
                assert rows[name].sum() == pytest.approx(row[name]), (key, name)
        checked += 1
    assert checked > 30


def test_the_groups_of_one_query_do_not_mix(warehouse: Warehouse) -> None:
    """Several groups at once give what each gives alone."""
    groups = [name for name, codes in GROUPS.items() for _ in codes]
    members = [code for codes in GROUPS.values() for code in codes]
    together = warehouse.mart("profiles", groups=groups, codes=members)
    for name, codes in GROUPS.items():
        alone = computed(warehouse, codes)
        rows = together[together["parent_code"] == name].to_dict("records")
        assert len(rows) == len(alone)
        for row in rows:
            other = alone[row["indicator_id"], row["period"]]
            assert row["state"] == other["state"]
            assert same(row["value"], None if math.isnan(other["value"]) else other["value"])


def test_a_perimeter_of_one_commune_takes_its_published_figures(
    warehouse: Warehouse, commune_figures: pd.DataFrame
) -> None:
    """State and reason of the commune are kept: a secret stays a secret, not an absence."""
    secret = commune_figures.query("indicator_id == 'mediane_niveau_vie' and state == 'secret'")
    code = secret["code"].iloc[0]
    rows = warehouse.mart("profile", codes=[code], whole_level="commune", whole_code=code)
    row = rows.set_index("indicator_id").loc["mediane_niveau_vie"]
    assert row["state"] == "secret"
    assert row["reason"] == "secret statistique"
    assert pd.isna(row["value"])


@pytest.mark.parametrize("code", ["95127", "46042"])
def test_a_perimeter_of_one_commune_still_counts_communes(warehouse: Warehouse, code: str) -> None:
    """A radon category or a number of samples is not « communes of N »: it never leaks there."""
    rows = warehouse.mart("profile", codes=[code], whole_level="commune", whole_code=code)
    for card in CARDS.values():
        if card.kind in ("ordinal", "sample"):
            row = rows[rows["indicator_id"] == card.id].iloc[0]
            assert row["denominator"] == 1
            assert row["value"] in (0, 1)


def test_a_published_level_keeps_the_producers_figures(warehouse: Warehouse) -> None:
    """A département takes its published median; what nobody publishes there is computed."""
    codes = GROUPS["dep 95"]
    rows = warehouse.mart("profile", codes=codes, whole_level="departement", whole_code="95")
    rows = rows.set_index(["indicator_id", "period"])
    median = rows.loc[("mediane_niveau_vie", "2023")]
    assert (median["value"], median["state"]) == (25890.0, "ok")
    alone = computed(warehouse, codes)["mediane_niveau_vie", "2023"]
    assert alone["state"] == "approx"
    assert alone["value"] != pytest.approx(25890.0)
    assert rows.loc[("naissances", "2021-2025"), "state"] == "ok"


def test_the_ninety_percent_rule_is_on_population_not_on_communes(warehouse: Warehouse) -> None:
    """Grand Quercy: 4 communes of 147 publish poverty, 32.5 % of the inhabitants: absent."""
    poverty = computed(warehouse, GROUPS["Grand Quercy"])["taux_pauvrete", "2023"]
    assert poverty["state"] == "absent"
    assert poverty["coverage"] == pytest.approx(0.325, abs=5e-4)
    assert "90" in poverty["reason"]
    assert "143" in poverty["reason"]
    median = computed(warehouse, GROUPS["Grand Quercy"])["mediane_niveau_vie", "2023"]
    assert (median["state"], median["communes"]) == ("approx", 133)


def test_bounds_need_every_commune(warehouse: Warehouse, commune_figures: pd.DataFrame) -> None:
    """With a commune of which nothing is known, masked counts give a lower bound and no upper one."""
    masked = commune_figures.query(
        "indicator_id == 'foyers_rsa' and period == '2024' and state == 'secret'"
    )["code"].tolist()
    codes = ["95127", *masked[:3]]
    bounded = computed(warehouse, codes)["foyers_rsa", "2024"]
    assert bounded["ci_high"] - bounded["ci_low"] == 15
    assert math.isnan(bounded["value"])
    # Fleury-devant-Douaumont: no inhabitant, hence full coverage, and no figure of the Caf.
    row = computed(warehouse, [*codes, "55189"])["foyers_rsa", "2024"]
    assert row["state"] == "approx"
    assert row["value"] == bounded["ci_low"]
    assert math.isnan(row["ci_high"])
    assert "masqué" in row["reason"]
    assert "sans chiffre" in row["reason"]


def test_only_masked_and_unknown_communes_give_no_figure(
    warehouse: Warehouse, commune_figures: pd.DataFrame
) -> None:
    """No published count at all: nothing is shown, and above all not zero."""
    masked = commune_figures.query(
        "indicator_id == 'foyers_rsa' and period == '2024' and state == 'secret'"
    )["code"].tolist()
    row = computed(warehouse, [masked[0], "55189"])["foyers_rsa", "2024"]
    assert row["state"] == "absent"
    assert math.isnan(row["value"])
    assert math.isnan(row["ci_low"])
