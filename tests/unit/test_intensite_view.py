"""Words of targeting by purpose and of dosing: exact sums on screen, frontiers named, no verdict."""

from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostic.dosing import Rule, what_moves
from diagnostic.need import frontiers
from views import actions, cibles, intensite, reach
from views.cibles import (
    beside_text,
    chances_text,
    frontier_sentences,
    moved_sentence,
    place_text,
    profile_chart,
    weights_text,
    whole_shares,
)
from views.intensite import (
    RESOURCES,
    amount,
    choices_text,
    dosing_table,
    dosing_texts,
    group_name,
    moves_texts,
    pooled_sentence,
    split_sentence,
)
from views.lexicon import refused_words
from warehouse.indicators import load_indicators
from warehouse.needs import load_need_cards
from warehouse.paths import ROOT

CARDS = load_need_cards()


@given(st.lists(st.integers(0, 100), min_size=1, max_size=8).filter(any))
def test_the_weights_on_screen_sum_to_100(raw: list[int]) -> None:
    total = sum(raw)
    points = whole_shares({str(place): value / total for place, value in enumerate(raw)})
    assert round(sum(points.values()), 9) == 100
    for place, value in enumerate(raw):
        assert abs(points[str(place)] - 100 * value / total) < 0.1 + 1e-9


def test_weights_are_written_without_useless_decimals() -> None:
    assert weights_text({"A": 0.25, "B": 0.75}).endswith("A 25\u202f% · B 75\u202f%")
    assert "A 33,4\u202f%" in weights_text({"A": 1 / 3, "B": 1 / 3, "C": 1 / 3})


def test_every_purpose_stands_on_indicators_that_exist() -> None:
    known, domains = load_indicators(), {domain.id for domain in CARDS.domains}
    assert CARDS.purposes[0].id == "general"
    for purpose in CARDS.purposes:
        card = CARDS.card(purpose)
        assert purpose.reason and all(domain.reason for domain in card.domains)
        assert {domain.id for domain in card.domains} <= domains
        for name in (*card.indicators, *purpose.beside):
            assert name in known, name
        assert sum(domain.weight for domain in card.domains) in (100, 125)
        assert purpose.mixed == any(
            one.id == card.access.id for domain in card.domains for one in domain.indicators
        )


def test_no_refused_word() -> None:
    written = [inspect.getsource(one) for one in (cibles, intensite, actions, reach)]
    written.append((ROOT / "docs" / "exemple-cibler-doser.md").read_text("utf-8"))
    written += [p.reason for p in CARDS.purposes] + [d.reason for d in CARDS.domains]
    written += [one.reason for p in CARDS.purposes for one in p.domains]
    assert [refused_words(text) for text in written if refused_words(text)] == []


def drawn(rows: list[tuple[float, float, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["p_socle", "p_renforce", "p_intensif"])


def test_a_frontier_is_named_and_a_firm_group_is_not() -> None:
    found = frontiers(drawn([(0.9, 0.1, 0), (0.1, 0.5, 0.4), (0.45, 0.1, 0.45), (np.nan,) * 3]))
    assert list(found) == [(), ("renforce", "intensif"), ("socle", "intensif"), ()]
    assert place_text("intensif", found[1], complete=True) == "entre Renforcé et Intensif"
    assert place_text("socle", (), complete=False) == "Socle (un domaine sans chiffre)"
    assert frontiers(drawn([(0.8, 0.2, 0)]))[0] == ()


def test_frontier_communes_are_listed_by_name() -> None:
    table = pd.DataFrame(
        {
            "name": ["Zoé", "Ávila", "Bec"],
            "group": ["socle", "renforce", "non classable"],
            "between": [(), ("socle", "renforce"), ()],
        }
    )
    first, second = frontier_sentences(table)
    assert "**1\u00a0commune sur 2** reste" in first
    assert second == "Entre socle et renforcé : Ávila."
    assert frontier_sentences(table[table["group"] == "non classable"]) == []


def test_chances_leave_out_what_never_happens() -> None:
    row = {"p_socle": 0.0, "p_renforce": 0.42, "p_intensif": 0.58}
    assert chances_text(row) == "Renforcé 42\u202f%, Intensif 58\u202f%"
    assert chances_text(dict.fromkeys(row, float("nan"))) == "–"


def test_communes_that_change_group_are_named() -> None:
    names = pd.Series({"1": "Bec", "2": "Arc", "3": "Cap"})
    before = pd.Series({"1": "socle", "2": "socle", "3": "socle"})
    after = pd.Series({"1": "renforce", "2": "intensif", "3": "socle"})
    assert moved_sentence(names, before, after, "des poids égaux") == (
        "Avec des poids égaux, 2\u00a0communes changeraient de groupe : Arc (de socle à intensif) et Bec "
        "(de socle à renforcé)."
    )
    assert "aucune commune" in moved_sentence(names, before, before, "des poids égaux")


def test_what_is_missing_is_said() -> None:
    assert beside_text([]) == []
    assert "« Part d'essai »" in beside_text(["Part d'essai"])[0]


def test_the_profile_shows_each_domain() -> None:
    figure = profile_chart(
        pd.Series({"Ressources": 0.7, "Éducation": np.nan, "Logement": -1.0}), "Osny"
    )
    assert list(figure.data[0].y) == ["Logement", "Ressources"]


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(120, 0, "120"), (0.3, 2, "0,3"), (0.25, 2, "0,25"), (2.0, 2, "2"), (1234.5, 0, "1\u202f234")],
)
def test_amounts(value: float, decimals: int, text: str) -> None:
    assert amount(value, decimals) == text


def test_choices_are_told_in_words() -> None:
    text = choices_text(0.5, 3, 1.79)
    assert "1,8 fois plus par habitant" in text and "choix politiques" in text
    for base, ratio in ((1.0, 3.0), (0.5, 1.0)):
        assert "purement universelle" in choices_text(base, ratio, 1)
    assert "pas de base" in choices_text(0, 3, 3)


def test_the_reserve_and_the_ratio_are_said() -> None:
    text = split_sentence(108, 12, RESOURCES["dentaires"], 0.5, 3, 1.22)
    assert text.startswith("**108 consultations dentaires**, dont 50\u202f% à parts égales")
    assert "1,2 fois plus" in text and "**12** en réserve" in text
    assert "fois plus" not in split_sentence(0, 0, RESOURCES["dentaires"], 0.5, 3, float("nan"))


def test_pools_are_said() -> None:
    assert pooled_sentence(0, 0, 0, "d'une unité", "") == ""
    assert "Choisissez une maille" in pooled_sentence(1, 0, 0, "d'une unité", "")
    text = pooled_sentence(3, 3, 1, "d'une unité", "par intercommunalité")
    assert "3\u00a0communes recevraient moins d'une unité" in text and "1\u00a0regroupement" in text
    assert group_name(["B", "A"]) == "A et B"
    assert group_name(list("FEDCBA")) == "A, B et 4\u00a0voisines"


def test_the_table_and_its_total() -> None:
    people = pd.Series({"Osny": 1000.0, "Éragny": 3000.0})
    shared = Rule(7, (-1, 1)).split(people, pd.Series({"Osny": 1.0, "Éragny": -1.0}))
    table = dosing_table(shared.assign(names="", pooled=1), "Habitants")
    assert list(table["Territoire"]) == ["Éragny", "Osny"]
    texts = dosing_texts(table, "Habitants", 0)
    assert texts.iloc[-1][["Territoire", "Proportionné", "À parts égales"]].tolist() == [
        "Total",
        "7",
        "7",
    ]
    assert "Communes" not in texts


def test_what_moves_is_written() -> None:
    people = pd.Series({"a": 10.0, "b": 10.0})
    texts = moves_texts(what_moves(Rule(20, (-1, 1)), people, pd.Series({"a": 0.0, "b": 1.0})), 0)
    assert texts["Choix"].str.contains("votre choix").sum() == 1
