"""The mortality ratio: the country's rates, the years, the ratio itself, what may be shown, its words."""

from __future__ import annotations

import time
from itertools import product

import numpy as np
import pandas as pd
import pytest

from diagnostic import mortality
from diagnostic.funnel import INSIDE, funnel
from diagnostic.mortality import AGES, DEATHS, RATES, SAME_YEARS
from diagnostic.rates import HIGHER, LOWER, SAME, indirectly_standardised
from views import mortality as words
from views.lexicon import refused_words

BANDS = tuple(range(0, 100, 5))
CLASSES = ((0, 24), (25, 49), (50, 64), (65, 74), (75, 84), (85, None))
YEARS = range(2019, 2026)


def national(
    years: range | list[int] = YEARS,
    classes: tuple[tuple[int, int | None], ...] = CLASSES,
    zone: str = "F",
) -> pd.DataFrame:
    """Deaths and people of a made-up country: a rate that doubles from class to class."""
    return pd.DataFrame(
        [
            (zone, year, sex, start, end, 100.0 * 2**at, 100_000.0)
            for year in years
            for sex in "FM"
            for at, (start, end) in enumerate(classes)
        ],
        columns=["zone", "year", "sex", "age_from", "age_to", "deaths", "population"],
    )


def bands(codes: list[str], people: float = 10.0) -> pd.DataFrame:
    return pd.DataFrame(
        [(code, sex, band, people) for code in codes for sex in "FM" for band in BANDS],
        columns=["code", "sex", "age_from", "population"],
    )


def rates_of(
    frame: pd.DataFrame, years: tuple[int, ...] = tuple(range(2021, 2026))
) -> pd.DataFrame:
    found = mortality.country_rates(frame, "F", years, BANDS)
    assert found is not None
    return found


# The country's rates.


def test_the_five_years_are_added_up() -> None:
    found = rates_of(national())
    assert list(found.index) == [(sex, start) for sex in "FM" for start, _ in CLASSES]
    assert found.loc[("F", 0), "deaths"] == 500
    assert found.loc[("M", 85), "deaths"] == 5 * 3_200
    assert (found["population"] == 500_000).all()


def test_the_finest_ages_without_a_hole_are_kept() -> None:
    """Totals and groups that overlap are left; a fine band that leads nowhere is too."""
    overlapping = national(classes=(*CLASSES, (0, None), (65, None), (0, 49)))
    assert rates_of(overlapping).equals(rates_of(national()))
    astray = national(classes=(*CLASSES, (0, 4)))
    assert rates_of(astray).equals(rates_of(national()))


def test_ages_finer_than_the_census_are_merged() -> None:
    fine = ((0, 0), (1, 4), (5, 24), *CLASSES[1:])
    found = rates_of(national(classes=fine))
    assert found.index.unique("age").tolist() == [0, 5, 25, 50, 65, 75, 85]
    assert found.loc[("F", 0), "deaths"] == 5 * (100 + 200)
    # A band astride two bands of the census makes one class of both.
    astride = ((0, 24), (25, 47), (48, 64), *CLASSES[3:])
    assert rates_of(national(classes=astride)).index.unique("age").tolist() == [0, 25, 65, 75, 85]


@pytest.mark.parametrize(
    "frame",
    [
        national(classes=CLASSES[1:]),
        national(classes=CLASSES[:-1]),
        national(classes=(*CLASSES[:2], *CLASSES[3:])),
        national([2021, 2022, 2024, 2025]),
        national().query("sex == 'F'"),
        national().assign(deaths=np.nan),
        national().assign(population=0.0),
        national(classes=((0, 64), (65, None))),
        national(zone="FM"),
        national([]),
    ],
    ids=["no child", "no old", "hole", "year", "men", "deaths", "people", "two", "zone", "empty"],
)
def test_what_lacks_an_age_a_sex_or_a_year_gives_no_rate(frame: pd.DataFrame) -> None:
    assert mortality.country_rates(frame, "F", range(2021, 2026), BANDS) is None


# The years.


def test_the_newest_five_years_that_all_have() -> None:
    chosen, lacking = mortality.plan(range(2010, 2026), {2023: BANDS}, national(range(2015, 2025)))
    assert chosen is not None and lacking == ()
    assert (chosen.years, chosen.census, chosen.zone) == (tuple(range(2020, 2025)), 2023, "F")
    assert chosen.rates["population"].iloc[0] == 500_000


def test_the_census_nearest_to_the_middle_then_the_newest() -> None:
    censuses = dict.fromkeys([2016, 2021, 2022, 2024], BANDS)
    chosen, _ = mortality.plan(YEARS, censuses, national())
    assert chosen is not None and (chosen.first, chosen.census) == (2021, 2024)


def test_the_metropole_stands_in_for_a_country_without_figures() -> None:
    both = pd.concat([national([2021]), national(zone="FM")])
    chosen, _ = mortality.plan(YEARS, {2023: BANDS}, both)
    assert chosen is not None and chosen.zone == "FM"


@pytest.mark.parametrize(
    ("deaths", "censuses", "country", "lacking"),
    [
        (YEARS, {2023: BANDS}, national([]), (RATES,)),
        ([2021, 2022, 2024, 2025], {2023: BANDS}, national(), (DEATHS,)),
        (YEARS, {}, national(), (AGES,)),
        ([], {}, national([]), (DEATHS, AGES, RATES)),
        (range(2008, 2015), {2012: BANDS}, national(), (SAME_YEARS,)),
        (YEARS, {2012: BANDS}, national(), (SAME_YEARS,)),
    ],
)
def test_other_years_are_refused_with_the_reason(deaths, censuses, country, lacking) -> None:
    assert mortality.plan(deaths, censuses, country) == (None, lacking)


# People and the ratio.


def test_people_are_kept_whole_in_their_classes() -> None:
    rates = rates_of(national())
    people = mortality.people(bands(["a", "b"]), rates)
    assert people.columns.equals(rates.index)
    assert people.loc["a"].tolist() == [50, 50, 30, 20, 20, 30] * 2
    assert people.loc["b"].sum() == 400


def test_a_territory_that_lacks_a_band_is_unknown() -> None:
    """Never counted as nobody, even where its class has other bands."""
    rows = bands(["a", "b"]).drop(3)
    people = mortality.people(rows, rates_of(national()))
    assert people.loc["a"].isna().all()
    assert people.loc["b"].notna().all()
    assert mortality.expected(people, rates_of(national())).isna().tolist() == [True, False]


def test_the_ratio_is_that_of_indirect_standardisation() -> None:
    rates = rates_of(national())
    draw = np.random.default_rng(5)
    codes = [f"{one:05d}" for one in range(60)]
    rows = bands(codes).assign(population=draw.gamma(2, 30, 60 * 40))
    people = mortality.people(rows, rates)
    observed = pd.Series(draw.poisson(40, 60).astype(float), people.index)
    found = mortality.ratio(observed, people, rates)
    known = indirectly_standardised(
        observed.to_numpy(), 5 * people.to_numpy(), rates["deaths"].to_numpy(),
        rates["population"].to_numpy(), multiplier=100,
    )  # fmt: skip
    for name in ("value", "low", "high"):
        np.testing.assert_allclose(found[name], getattr(known, name), rtol=1e-12)
    by_hand = 5 * sum(
        people[one] * rates.loc[one, "deaths"] / rates.loc[one, "population"] for one in rates.index
    )
    np.testing.assert_allclose(found["expected"], by_hand, rtol=1e-12)


def test_the_country_beside_itself_is_100() -> None:
    """Also when it grows: the census of the middle year stands where the populations are centred."""
    frame = national()
    frame["population"] *= 1 + 0.02 * (frame["year"] - 2023)
    rates = rates_of(frame)
    middle = frame[frame["year"] == 2023].set_index(["sex", "age_from"])["population"]
    people = pd.DataFrame([middle.to_numpy()], index=["pays"], columns=rates.index)
    observed = pd.Series([rates["deaths"].sum()], index=["pays"])
    assert mortality.ratio(observed, people, rates)["value"].iloc[0] == pytest.approx(100, abs=1e-9)


def test_other_territories_or_classes_are_refused() -> None:
    rates = rates_of(national())
    people = mortality.people(bands(["a"]), rates)
    with pytest.raises(ValueError, match="mêmes territoires"):
        mortality.ratio(pd.Series([1.0], index=["b"]), people, rates)
    with pytest.raises(ValueError, match="classes d'âge"):
        mortality.expected(people[people.columns[::-1]], rates)


def test_significance_is_what_the_intervals_say() -> None:
    observed = pd.Series(np.arange(0.0, 300))
    found = mortality.compared(observed, pd.Series(100.0, observed.index))
    for name, suffix in (("at_95", ""), ("at_998", "_998")):
        low, high = found[f"low{suffix}"], found[f"high{suffix}"]
        assert (found[name].eq(HIGHER) == (low > 100)).all()
        assert (found[name].eq(LOWER) == (high < 100)).all()
    assert found.loc[found["at_998"] != SAME, "at_95"].ne(SAME).all()
    nothing = mortality.compared(pd.Series([3.0, np.nan, 3.0]), pd.Series([0.0, 5.0, np.nan]))
    assert nothing[["value", "low", "high"]].isna().all(axis=None)
    assert nothing["at_95"].isna().all()


def test_the_whole_country_at_once() -> None:
    """35 000 communes, 40 bands: people, expected deaths, ratios and smoothing within seconds."""
    size = 35_000
    draw = np.random.default_rng(1)
    rows = pd.DataFrame(
        {
            "code": np.repeat([f"{one:05d}" for one in range(size)], 40),
            "sex": np.tile(np.repeat(["F", "M"], 20), size),
            "age_from": np.tile(BANDS, 2 * size),
            "population": draw.gamma(1, 20, 40 * size),
        }
    )
    rates = rates_of(national())
    start = time.perf_counter()
    people = mortality.people(rows, rates)
    observed = pd.Series(draw.poisson(20, size).astype(float), people.index)
    found = mortality.ratio(observed, people, rates)
    mortality.smoothed(found["observed"], found["expected"])
    assert time.perf_counter() - start < 8
    assert len(found) == size and found["value"].notna().all()


def test_smoothing_draws_small_territories_more() -> None:
    size = 40
    expected = pd.Series(np.geomspace(5, 5_000, size))
    observed = (expected * np.where(np.arange(size) % 2, 1.3, 0.8)).round()
    found = mortality.smoothed(observed, expected)
    raw = 100 * observed / expected
    reference = 100 * observed.sum() / expected.sum()
    kept = (found - reference) / (raw - reference)
    assert ((kept > 0) & (kept < 1)).all()
    assert kept.iloc[0] < 0.5 < kept.iloc[-1]
    assert mortality.smoothed(observed[:29], expected[:29]).isna().all()


# What may be shown.


def communes(
    observed: list[float], epci: str, inside: str, population: float = 100
) -> pd.DataFrame:
    """One letter a commune: its intercommunalité (« - » for none), and « x » when in the perimeter."""
    return pd.DataFrame(
        {
            "observed": observed,
            "expected": 20.0,
            "population": population,
            "epci": [None if one == "-" else one for one in epci],
            "inside": [one == "x" for one in inside],
        },
        index=[f"{position:05d}" for position in range(len(observed))],
    )


def test_zero_absent_and_not_shown_are_three_states() -> None:
    frame = communes([0, 4, np.nan, 30, 12, 50, 80, 90, 70, 60, 40, 30], "A" * 12, "x" * 12)
    rows = mortality.territories(frame)
    state = rows["state"]
    assert state["commune:00000"] == "zero"
    assert state["commune:00001"] == "secret"
    assert state["commune:00002"] == "absent"
    assert rows.loc["commune:00000", "observed"] == 0
    assert np.isnan(rows.loc["commune:00000", "value"])
    hidden = rows[state.isin(["secret", "absent"])]
    assert hidden[["observed", "value", "low", "high", "low_998", "high_998"]].isna().all(axis=None)
    # Added up before anything is hidden; the commune without a count is in neither number.
    assert rows.loc["perimetre", "observed"] == 466
    assert rows.loc["perimetre", "expected"] == 220
    assert rows.loc["perimetre", "coverage"] == pytest.approx(11 / 12)


def test_one_hidden_commune_hides_another() -> None:
    """The smallest one beside it, and its state does not tell which of them was the small one."""
    rows = mortality.territories(communes([4, 30, 12, 50], "AAAA", "xxxx"))
    assert rows["state"].to_dict() == {
        "perimetre": "ok", "epci:A": "ok", "commune:00000": "secret", "commune:00001": "ok",
        "commune:00002": "secret", "commune:00003": "ok",
    }  # fmt: skip


def test_a_commune_without_a_count_is_no_cover() -> None:
    """It is not in the total: the one hidden commune would be found by subtraction."""
    frame = communes([4, np.nan, 30, 50], "AAAA", "xxxx")
    frame.loc["00001", "population"] = 1
    state = mortality.territories(frame)["state"]
    assert (state == "secret").sum() == 2


def test_too_few_inhabitants_with_a_count_is_no_total() -> None:
    rows = mortality.territories(communes([np.nan, 30, 40, 50], "AAAA", "xxxx"))
    assert rows.loc["perimetre", "state"] == "absent"
    assert (
        rows.loc[["perimetre", "epci:A"], ["observed", "expected", "value"]].isna().all(axis=None)
    )


def solvable(rows: pd.DataFrame, frame: pd.DataFrame) -> list[str]:
    """Hidden counts that the shown ones give, by linear algebra on the communes alone."""
    known = frame.index[frame["observed"].notna()]
    inside = frame["inside"]
    member = {"perimetre": inside}
    for code in frame["epci"].dropna().unique():
        member[f"epci:{code}"] = frame["epci"] == code
    for code in frame.index:
        member[f"commune:{code}"] = pd.Series(frame.index == code, frame.index)
    vectors = {name: member[name][known].to_numpy(float) for name in rows.index}
    told = [vectors[name] for name in rows.index if rows.loc[name, "state"] in ("ok", "zero")]
    table = np.array(told).reshape(len(told), len(known))
    rank = np.linalg.matrix_rank(table) if len(told) else 0
    return [
        name
        for name in rows.index[rows["state"] == "secret"]
        if np.linalg.matrix_rank(np.vstack([table, vectors[name]])) == rank
    ]


@pytest.mark.parametrize("seed", range(100))
def test_no_hidden_count_can_be_worked_out(seed: int) -> None:
    """Any perimeter: whole and cut intercommunalités, communes in none, zeros, absences."""
    draw = np.random.default_rng(seed)
    size = int(draw.integers(1, 26))
    observed = draw.negative_binomial(1, 0.04, size).astype(float)
    observed[draw.random(size) < 0.1] = np.nan
    frame = communes(
        list(observed),
        "".join(draw.choice(list("AAABBC-"), size)),
        "x" + "".join(draw.choice(["x", "x", "."], size - 1)) if size > 1 else "x",
    )
    frame["population"] = np.where(np.isnan(observed), draw.choice([1, 500], size), 100.0)
    rows = mortality.territories(frame)
    shown = rows["state"] == "ok"
    assert not rows["observed"].between(1, 9).any()
    assert rows.loc[~shown, "value"].isna().all()
    assert (rows.loc[shown, "observed"] >= mortality.LEAST_DEATHS).all()
    assert solvable(rows, frame) == []
    again = mortality.territories(frame.sample(frac=1, random_state=seed))
    assert again["state"].to_dict() == rows["state"].to_dict()


# Words.

BASIS = words.Basis(2021, 2023, "F")


def row_of(observed: float, expected: float, state: str = "ok") -> pd.Series:
    found = mortality.compared(pd.Series([observed]), pd.Series([expected])).iloc[0]
    return pd.concat([found, pd.Series({"state": state, "coverage": 1.0, "name": "Ici"})])


def test_a_ratio_reads_100_only_when_it_is() -> None:
    assert words.ratio_text(100.3) == "100,3"
    assert words.ratio_text(99.97) == "99,97"
    assert words.ratio_text(100.0) == "100,00"
    assert words.ratio_text(134.4) == "134"
    assert words.ratio_text(float("nan")) == "–"


@pytest.mark.parametrize(
    ("observed", "expected"), list(product((10, 57, 240, 3_000), (12.0, 60.0, 260.0, 2_900.0)))
)
def test_the_sentence_says_what_the_interval_says(observed: float, expected: float) -> None:
    row = row_of(observed, expected)
    said = " ".join(words.ratio_sentences(row, "de Cergy", BASIS))
    differs = row["low"] > 100 or row["high"] < 100
    assert ("aucune différence" in said) == (not differs)
    assert ("décès de plus" in said) == (row["low"] > 100)
    assert ("décès de moins" in said) == (row["high"] < 100)
    assert ("reste à confirmer" in said) == (differs and row["low_998"] <= 100 <= row["high_998"])
    assert words.verdict(row).startswith(row["at_95"] if differs else "pas de différence")
    assert not refused_words(said)


def test_persons_of_the_gap_are_those_of_the_interval() -> None:
    row = row_of(240, 200.0)
    said = words.ratio_sentences(row, "de Cergy", BASIS)[1]
    low, high = row["low"] * 2 - 200, row["high"] * 2 - 200
    assert (
        f"environ 40 décès de plus qu'attendu en cinq ans (entre {low:.0f} et {high:.0f})" in said
    )


def test_each_state_has_its_words() -> None:
    texts = {
        state: words.observed_text(pd.Series({"state": state, "observed": 0.0}))
        for state in ("zero", "secret", "absent")
    }
    assert texts == {"zero": "0", "secret": "non montré", "absent": "pas de chiffre"}
    for state in texts:
        row = row_of(np.nan if state != "zero" else 0.0, 8.0, state)
        said = " ".join(words.ratio_sentences(row, "de Cergy", BASIS))
        assert "ratio de" not in said
    assert "aucun décès" in words.verdict(row_of(0.0, 8.0, "zero"))


def test_the_file_holds_what_the_screen_holds() -> None:
    rows = mortality.territories(communes([0, 4, np.nan, *range(30, 48)], "A" * 21, "x" * 21))
    rows = rows.assign(name="Ici", smoothed=np.nan)
    found = words.file_frame(rows).set_axis(rows.index)
    hidden = found[found["État"] == "non montré"]
    assert len(hidden) == 2 and hidden["Décès observés"].isna().all()
    assert hidden.filter(like="Borne").isna().all(axis=None)
    assert (hidden["Lecture face à la France à 95 %"] == "").all()
    assert found.loc["commune:00000", ["État", "Décès observés"]].tolist() == ["zéro", 0]
    assert found.loc["commune:00002", "État"] == "pas de chiffre"
    assert words.counts_table(rows)["Décès observés"].tolist().count("non montré") == 2


def test_no_death_is_said_in_words() -> None:
    said = words.observed_sentence(row_of(0.0, 8.0, "zero"), "de Cergy", BASIS)
    assert said == "De 2021 à 2025, aucun décès n'a été compté parmi les habitants de Cergy."


def test_missing_pieces_are_named_with_their_source() -> None:
    titles = {DEATHS: "État civil", AGES: "Recensement", RATES: "Décès par âge"}
    both = words.missing_items((AGES, RATES), titles, ([2021], [], []))
    assert len(both) == 2 and "« Recensement »" in both[0] and "« Décès par âge »" in both[1]
    (same,) = words.missing_items((SAME_YEARS,), titles, ([2015, 2020, 2021, 2022], [2023], [2019]))
    assert "2015, 2020 à 2022" in same and "recensements : 2023" in same and "2019" in same


def test_limits_say_the_share_of_old_deaths_of_the_country() -> None:
    rates = rates_of(national())
    said = " ".join(words.limits(rates, BASIS))
    assert "89\u202f% des décès de la France surviennent à 65 ans ou plus" in said
    assert "prématurée" in said and "Aucune cause" in said and "richesse" in said
    assert "À partir de 85 ans" in said
    assert not refused_words(said + " ".join([*words.SAY, *words.NOT_SAY, words.INTRO]))


def test_the_funnel_names_points_only_when_few() -> None:
    def drawn(outside: int):
        figures = pd.DataFrame(
            {"numerator": [200.0] * outside + [100.0] * 4, "denominator": 100.0},
        )
        found = funnel(figures, 100, "ratio", 100)
        found.points["name"] = "Ici"
        return found

    few, many = (words.communes_funnel(drawn(n), BASIS) for n in (3, 20))
    assert any(trace.mode == "markers+text" for trace in few.data)
    assert not any(trace.mode == "markers+text" for trace in many.data)
    alt = words.funnel_alt(drawn(3))
    assert "7\u00a0communes" in alt and "4 dans les limites" in alt
    assert (drawn(3).points["outside"] == INSIDE).sum() == 4


def test_chance_is_said_beside_the_count() -> None:
    assert "environ 5" in words.chance_sentences(100, 6, 0, BASIS)
    assert "aucune ne diffère" in words.chance_sentences(100, 6, 0, BASIS)
    assert "moins d'une" in words.chance_sentences(10, 1, 1, BASIS)
    assert "plus que le hasard" in words.chance_sentences(100, 30, 12, BASIS)
    assert "plus que le hasard" not in words.chance_sentences(10, 1, 1, BASIS)


def test_a_part_of_the_country_is_said() -> None:
    assert words.weight_sentence(0.05, BASIS) == ""
    assert words.weight_sentence(float("nan"), BASIS) == ""
    assert "18\u202f%" in words.weight_sentence(0.18, BASIS)


def test_the_drawn_table_has_each_number_and_a_mark_that_agrees() -> None:
    rows = pd.concat(
        [row_of(240, 200.0), row_of(100, 101.0), row_of(np.nan, 9.0, "secret")], axis=1
    ).T.astype({"low": float, "high": float, "value": float})
    html = words.drawn_table(rows, "Titre", BASIS)
    assert html.count("mark defavorable") == 1 and html.count("mark same") == 1
    assert html.count('class="mark') == 2
    assert "plus haut" in html and "pas de différence établie" in html and "non montré" in html
    assert "la France (100)" in html
