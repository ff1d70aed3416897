"""Inequalities on screen: one direction, words that agree with the numbers, nothing said when unsure."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostic import inequality
from diagnostic.gaps import PersonsGap, gap_change
from diagnostic.slope import SlopeIndex, slope_index
from diagnostic.spatial import NOT_SIGNIFICANT, GlobalTest
from views import clusters, inegalites, measures, quarters
from views.lexicon import refused_words
from views.observation import Reading
from views.sentences import subject
from warehouse.indicators import load_indicators

CARDS = load_indicators()
SHARE = Reading("%", 1, "ratio")
ABOUT = subject("Part des 15 ans et plus sans diplôme")
PEOPLE = [18_000.0, 21_000.0, 19_000.0, 20_000.0, 22_000.0]
RANK = [1.0, 2.0, 3.0, 4.0, 5.0]

GROUPS = st.lists(st.floats(2, 98), min_size=5, max_size=5).filter(lambda y: np.ptp(y) > 1)


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def slope(values: list[float], error: float = 0.3) -> SlopeIndex:
    return slope_index(values, [error] * len(values), PEOPLE[: len(values)])


def rows(values: list[float], half: float = 0.5) -> pd.DataFrame:
    frame = pd.DataFrame({"value": values}, index=range(1, len(values) + 1))
    return frame.assign(low=frame["value"] - half, high=frame["value"] + half, reason=None)


# Words.


def test_every_proportion_says_what_it_counts() -> None:
    for card in CARDS.values():
        if card.interval_rule == "proportion":
            assert inegalites.counted(card.denominator), card.denominator
    assert inegalites.counted("résidences principales") == "ménages"
    assert inegalites.counted("") is None


def test_groups_of_france_keep_their_number() -> None:
    assert inegalites.group_names([2, 3, 5], national=True) == [
        "2e cinquième de France",
        "3e cinquième de France",
        "Cinquième le plus favorisé de France",
    ]
    assert inegalites.group_names([1, 2, 4, 5], national=False) == [
        "Les moins favorisées",
        "Groupe 2",
        "Groupe 3",
        "Les plus favorisées",
    ]


def test_the_gap_is_said_first_in_words() -> None:
    said = inegalites.gap_sentence([25.1, 20.0, 12.3], ABOUT, SHARE)
    assert plain(said) == (
        "La part des 15 ans et plus sans diplôme est de 25,1 % dans les communes les moins favorisées "
        "du périmètre, et de 12,3 % dans les plus favorisées : 12,8 points d'écart."
    )
    assert inegalites.the("Niveau de vie médian") == "le niveau de vie médian"
    assert inegalites.the("Indice européen (F-EDI)") == "l'indice européen (F-EDI)"


@pytest.mark.parametrize(
    ("values", "direction", "expected"),
    [
        ([25.0, 20, 18, 15, 12], "defavorable", "au détriment des communes les moins favorisées"),
        ([25.0, 20, 18, 15, 12], "favorable", "dans les communes les plus favorisées"),
        ([12.0, 15, 18, 20, 25], "favorable", "au détriment des communes les moins favorisées"),
        ([25.0, 20, 18, 15, 12], "neutre", "pas de sens favorable ou défavorable"),
        ([18.0, 18, 18, 18, 18], "defavorable", "aucun écart n'est établi"),
        ([15.0, 30, 20, 10, 16], "defavorable", "ne vont pas dans le même sens"),
    ],
)
def test_the_verdict_agrees_with_the_index(
    values: list[float], direction: str, expected: str
) -> None:
    assert expected in inegalites.verdict_sentence(values, slope(values), direction)


def test_a_group_out_of_the_span_is_named() -> None:
    names = inegalites.group_names([1, 2, 3, 4, 5], national=False)
    assert inegalites.uneven(rows([25.0, 20, 18, 15, 12]), names) == ""
    assert "le groupe 3 sort" in inegalites.uneven(rows([2.5, 3.0, 14.2, 3.3, 5.2]), names)
    two = inegalites.uneven(rows([10.0, 30, 30, 11, 12]), names)
    assert "le groupe 2 et le groupe 3 sortent" in two


def persons(low: float, value: float, high: float) -> PersonsGap:
    return PersonsGap(value, 1.0, low, high, np.zeros(5))


def test_the_gap_in_persons() -> None:
    said = plain(
        inegalites.persons_sentence(
            persons(3487, 3966.4, 4445), "personnes", "sans diplôme", False, 142_345.0
        )
    )
    assert said.startswith(
        "Si toutes les communes avaient le niveau des plus favorisées, 3 970 personnes de moins "
        "(de 3 490 à 4 440) seraient dans ce cas, sur 142 000 : sans diplôme."
    )
    assert "pas l'effet attendu d'une action" in said
    more = inegalites.persons_sentence(persons(10, 20, 30), "ménages", "à pied", True, 900.0)
    assert "20 ménages de plus (de 10 à 30)" in more


def test_persons_are_not_said_when_unsure() -> None:
    unsure = inegalites.persons_sentence(persons(-5, 20, 45), "logements", "vacants", False, 900.0)
    assert "comprend zéro" in unsure and "logements concernés" in unsure
    reverse = inegalites.persons_sentence(persons(-45, -20, 5), "personnes", "x", False, 900.0)
    assert "n'a pas d'objet" in reverse
    unknown = persons(math.nan, math.nan, math.nan)
    assert "dans chaque groupe" in inegalites.persons_sentence(unknown, "personnes", "x", True, 1.0)
    assert "une médiane" in inegalites.not_in_persons("median", "favorable")
    assert "aucun niveau" in inegalites.not_in_persons("ratio", "neutre")


def test_small_numbers_are_stated() -> None:
    said = inegalites.small_numbers(7, "Groupe 2", {"secret": 3, "absent": 1}, ["Cras"])
    assert plain(said) == (
        "Plus petit effectif observé : 7 (groupe 2). Sous 10, l'intervalle est très large. "
        "3 communes sous secret statistique pour cet indicateur. "
        "1 commune sans chiffre pour cet indicateur. "
        "1 commune n'est pas placée, faute de chiffre sur l'axe : Cras."
    )
    assert inegalites.small_numbers(math.nan, "", {"ok": 5}, []) == ""
    many = inegalites.small_numbers(math.nan, "", {}, list("abcdefg"))
    assert "7" in many and "et d'autres" in many


def test_the_table_adds_up_to_the_perimeter() -> None:
    groups = pd.DataFrame(
        {
            "communes": [1, 1, 2],
            "population": [400, 300, 200],
            "share": [4 / 9, 3 / 9, 2 / 9],
            "lowest": [20_000.0, 21_000.0, 22_000.0],
            "highest": [20_000.0, 21_000.0, 25_000.0],
        },
        index=[1, 2, 3],
    )
    table = inegalites.groups_table(
        rows([25.0, math.nan, 12.0]),
        groups,
        ["Les moins favorisées", "Groupe 2", "Les plus favorisées"],
        SHARE,
        (1, 100.0),
        ("Sans diplôme", "Niveau de vie médian", Reading("€ par an", 0, "median")),
    )
    people = [int(plain(one).replace(" ", "")) for one in table["Habitants"]]
    assert sum(people[:-1]) == people[-1] == 1000
    assert list(table["Communes"]) == ["1", "1", "2", "1", "5"]
    assert table["Groupe de communes"].iloc[-2] == "Non placées"
    assert table["Sans diplôme"].iloc[1] == table["Intervalle à 95 %"].iloc[1] == "–"
    assert plain(table["Niveau de vie médian"].iloc[0]) == "20 000 €"
    assert plain(table["Niveau de vie médian"].iloc[2]) == "22 000 € à 25 000 €"


def test_the_figure_and_its_text() -> None:
    names = inegalites.group_names([1, 2, 3], national=False)
    figure = inegalites.gradient_chart(rows([25.0, math.nan, 12.0]), names, SHARE)
    assert len(figure.data[0].x) == 3
    assert figure.data[0].text[1] == ""
    assert "intervalle à 95" in figure.data[0].name
    bare = rows([25.0, 20.0, 12.0]).assign(low=math.nan, high=math.nan)
    assert "aucun intervalle" in inegalites.gradient_chart(bare, names, SHARE).data[0].name
    said = inegalites.gradient_alt(rows([25.0, 20.0, 12.0]), names, "Part", SHARE)
    assert "les moins favorisées : 25,0" in said


def test_what_is_missing_is_said() -> None:
    names = ["Les moins favorisées", "Groupe 2", "Les plus favorisées"]
    frame = rows([25.0, math.nan, 12.0])
    frame["reason"] = [None, "moins de 90 % de la population couverte", None]
    said = inegalites.missing_groups(frame, names)
    assert "1\u00a0groupe" in said and "Groupe 2 : moins de 90 %" in said
    assert "cinquièmes locaux" in inegalites.few_groups(2, national=True)
    assert "quartiers" in inegalites.few_groups(2, national=False)
    assert "« F-EDI »" in inegalites.tautology("niveau de vie médian", "F-EDI")
    national = inegalites.national_missing("le niveau de vie médian", 0.02, ["A", "B"])
    assert "l'un de ces fichiers, « A » ou « B »" in national
    assert "il manque : la part de bacheliers" in inegalites.fdep_text(["la part de bacheliers"])


# Measures.


def test_every_measure_has_its_words() -> None:
    """mdr needs a chosen reference group, which this screen does not ask for."""
    assert set(inequality.MEASURES) - {"mdru", "mdrw"} == set(measures.MEASURES)


@settings(deadline=None, max_examples=60)
@given(GROUPS, st.sampled_from([True, False, None]))
def test_bigger_is_more_unequal(values: list[float], favourable: bool | None) -> None:
    measured = inequality.measures(values, PEOPLE, RANK, [0.4] * 5, favourable, 100.0, draws=500)
    turned = measures.oriented(measured, favourable).dropna(subset=["size"])
    least = turned["measure"].map(
        lambda one: 1.0 if measures.MEASURES[one].form == "ratio" else 0.0
    )
    assert (turned["size"] >= least - 1e-12).all()
    known = turned.dropna(subset=["size_low"])
    assert (known["size_low"] <= known["size"] + 1e-9).all()
    assert (known["size_high"] >= known["size"] - 1e-9).all()
    sii = turned.set_index("measure").loc["sii_linear"]
    assert sii["size"] == pytest.approx(abs(sii["estimate"]))
    assert sii["higher"] == (
        "les moins favorisées" if sii["estimate"] < 0 else "les plus favorisées"
    )


@settings(deadline=None, max_examples=40)
@given(GROUPS)
def test_turning_the_scale_over_turns_the_words_only(values: list[float]) -> None:
    straight, _, where = measures.slope_size(slope_index(values, [0.4] * 5, [1.0] * 5))
    turned, _, other = measures.slope_size(slope_index(values[::-1], [0.4] * 5, [1.0] * 5))
    assert turned == pytest.approx(straight)
    if straight[0] > 1e-9:
        assert {where, other} == {"les moins favorisées", "les plus favorisées"}


def test_the_table_of_measures_reads_like_the_numbers() -> None:
    values = [25.0, 22, 20, 15, 12]
    measured = inequality.measures(values, PEOPLE, RANK, [0.2] * 5, False, 100.0)
    table = measures.measures_table(measures.oriented(measured, False), SHARE)
    lines = table.set_index("Mesure")
    sii = measured.set_index("measure").loc["sii_linear"]
    assert lines.index[0] == "Indice de pente (SII)"
    assert plain(lines["Valeur"].iloc[0]) == f"{-sii['estimate']:.1f} points".replace(".", ",")
    assert plain(lines["Intervalle à 95 %"].iloc[0]) == (
        f"{-sii['high']:.1f} à {-sii['low']:.1f}".replace(".", ",")
    )
    assert (lines["Plus haut dans"].iloc[:5] == "les moins favorisées").all()
    assert lines.loc["Variance entre groupes", "Plus haut dans"] == "–"
    assert lines["Méthode"].str.len().gt(0).all()


def test_the_curve_and_its_table_hold_the_same_points() -> None:
    curve = inequality.concentration_curve([25.0, 20, 12], [100.0, 100, 100], [1.0, 2, 3])
    table = measures.concentration_table(curve)
    assert len(table) == 4
    assert plain(table.iloc[1, 0]) == "33,3 %" and plain(table.iloc[1, 1]) == "43,9 %"
    assert list(measures.concentration_chart(curve).data[1].x) == pytest.approx(
        [0, 100 / 3, 200 / 3, 100]
    )


# Time.

MOVES = ("creusé", "réduit", "augmenté", "diminué", "changé de sens")


def change(before: list[float], after: list[float], error: float = 0.3) -> str:
    first, last = slope(before, error), slope(after, error)
    return measures.change_sentence(first, last, gap_change(first, last), ("2017", "2023"), SHARE)


def test_a_gap_that_widens_or_narrows_whatever_its_side() -> None:
    wide, narrow = [28.0, 24, 20, 16, 12], [22.0, 21, 20, 19, 18]
    for turn in (1, -1):
        assert "(SII) s'est creusé" in change(narrow[::turn], wide[::turn])
        assert "(SII) s'est réduit" in change(wide[::turn], narrow[::turn])
    assert "a changé de sens" in change(wide, wide[::-1])


@settings(deadline=None, max_examples=80)
@given(GROUPS, GROUPS, st.floats(0.2, 15))
def test_no_direction_is_said_when_the_interval_holds_zero(
    before: list[float], after: list[float], error: float
) -> None:
    first, last = slope(before, error), slope(after, error)
    moved = gap_change(first, last)
    said = measures.change_sentence(first, last, moved, ("2017", "2023"), SHARE)
    absolute = said.split("Le rapport")[0]
    assert not refused_words(said)
    assert not set("↑↓↗↘→") & set(said)
    if moved.low <= 0 <= moved.high:
        assert not any(word in absolute for word in MOVES), said
    if moved.rii_low <= 1 <= moved.rii_high and "Le rapport" in said:
        assert not any(word in said.split("Le rapport")[1] for word in MOVES), said


def test_the_summary_says_what_the_index_says() -> None:
    how = (SHARE, "defavorable")
    usual = [25.0, 20, 18, 15, 12]
    row = measures.summary_row("Sans diplôme", "2023", usual, slope(usual), how)
    assert row["Lecture"] == "moins favorable dans les moins favorisées"
    flat = [18.0, 18.1, 18, 17.9, 18]
    assert measures.summary_row("x", "2023", flat, slope(flat), how)["Lecture"] == "non établi"
    odd = [15.0, 30, 20, 10, 16]
    assert measures.summary_row("x", "2023", odd, slope(odd), how)["Lecture"] == "irrégulier"
    table = measures.time_table({"2017": slope(usual), "2023": slope(flat)}, SHARE)
    assert list(table["Période"]) == ["2017", "2023"]


# Clusters.


def test_clusters_are_named_and_coloured() -> None:
    found = pd.Series(["HH", NOT_SIGNIFICANT, "LL", "valeur indisponible"], index=list("abcd"))
    classes, positions = clusters.map_classes(found)
    assert classes.counts == (1, 1, 1, 0, 0)
    assert list(classes.assign(positions)) == [1, 0, 2, -1]
    for direction in ("favorable", "defavorable", "neutre", "ambigu"):
        colours = clusters.colours(direction)
        assert len(set(colours)) == len(clusters.LABELS) == 5
        assert colours[0] == clusters.GREY
    table = pd.DataFrame(
        {"value": [9.0, 5, 1, math.nan], "lag": [8.0, 5, 2, math.nan], "class": found}
    )
    names = pd.Series({"a": "Zone", "b": "B", "c": "Élan", "d": "D"})
    listed = clusters.clusters_table(table, names, SHARE)
    assert list(listed["Commune"]) == ["Élan", "Zone"]
    assert clusters.tooltips(table, names, SHARE)["b"].endswith(NOT_SIGNIFICANT)


def test_clusters_are_refused_with_the_reason() -> None:
    assert "au moins 30 communes" in str(clusters.refusal(12, 9, modelled=False))
    assert "partage déjà les valeurs" in str(clusters.refusal(100, 90, modelled=True))
    assert "égales" in str(clusters.refusal(100, 1, modelled=False))
    assert clusters.refusal(100, 90, modelled=False) is None


@pytest.mark.parametrize(
    ("statistic", "p", "said"),
    [
        (0.4, 0.001, "se ressemblent plus"),
        (-0.4, 0.001, "diffèrent plus"),
        (0.1, 0.4, "ne se ressemblent pas plus"),
    ],
)
def test_the_whole_map_is_read_first(statistic: float, p: float, said: str) -> None:
    test = GlobalTest(statistic, -0.01, 1.0, p, p, 9999, 1, 100, (), 0, "6 plus proches voisins")
    assert said in clusters.global_sentence(test)
    none = clusters.local_sentence(pd.Series([NOT_SIGNIFICANT] * 40), 0, 40)
    assert "Aucune des 40" in none


def test_no_sentence_uses_a_refused_word() -> None:
    fixed = [
        value
        for module in (inegalites, measures, clusters, quarters)
        for value in vars(module).values()
        if isinstance(value, str)
    ]
    made = [
        inegalites.local_sentence("20 000 €", "30 000 €", "le niveau de vie médian"),
        inegalites.national_sentence(0.4, 3),
        quarters.quarters_sentence(list("abcdefghijklm")),
        quarters.no_figures(True),
        quarters.no_figures(False),
        *(spec.meaning for spec in measures.MEASURES.values()),
    ]
    assert [text for text in fixed + made if refused_words(text)] == []
