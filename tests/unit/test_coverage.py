"""Whom an action covers: by hand, by properties, and the words that go with it."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostic.coverage import Coverage, coverage
from diagnostic.records import Action
from views.actions import (
    APPROACHES,
    actions_table,
    checks,
    covered_text,
    kind_text,
    sentence_to_say,
)
from views.lexicon import refused_words

REFERENCE = (-1.0, 1.0)
# K = 3 over (-1, 1): a head counts 1 at A, sqrt(3) at B and C, 3 at D.
FRAME = pd.DataFrame(
    {
        "people": [100.0, 200.0, 300.0, 400.0, 0.0],
        "need": [-1.0, 0.0, 0.0, 1.0, 2.0],
        "group": ["socle", "renforce", "socle", "intensif", "intensif"],
    },
    index=list("ABCDE"),
)
NAMES = {code: f"Commune {code}" for code in FRAME.index}


def covered(
    served: str, quantities: Mapping[str, float | None] | None = None, frame: pd.DataFrame = FRAME
) -> Coverage:
    given_ = quantities or {}
    return coverage(frame, set(served), {one: set(one) for one in given_}, given_, REFERENCE)


def test_by_hand() -> None:
    found = covered("AD")
    total = 100 + 500 * math.sqrt(3) + 1200
    assert found.people == 0.5
    assert found.need == pytest.approx(1300 / total)
    assert (found.served, found.left_out) == (("A", "D"), ("B", "C"))
    assert (found.missed, found.beyond, found.kind) == ((), ("A",), "ciblee")
    assert covered("B").missed == ("D",)
    assert "E" not in covered("ABCDE").served  # nobody of the public lives there
    assert covered_text(found) == (
        "2\u00a0communes sur 4, 50,0\u202f% de la population visée et "
        f"{100 * 1300 / total:.1f}".replace(".", ",")
        + "\u202f% de son besoin."
    )


@pytest.mark.parametrize(
    ("quantities", "grading", "kind"),
    [
        (None, "inconnue", "universelle"),
        ({"A": 10.0, "B": 20.0, "C": 30.0, "D": 40.0}, "egale", "universelle"),
        ({"A": 10.0, "B": 30.0, "C": 45.0, "D": 120.0}, "suit", "proportionnee"),
        ({"A": 40.0, "B": 30.0, "C": 45.0, "D": 20.0}, "inverse", "inegale"),
        ({"A": 10.0, "B": 60.0, "C": 10.0, "D": 40.0}, "sans lien", "inegale"),
        ({"A": 10.0, "B": None}, "inconnue", "universelle"),
        ({"A": 0.0, "B": 0.0}, "inconnue", "universelle"),
    ],
    ids=["rien", "égale", "suit", "inverse", "sans lien", "une seule", "zéro"],
)
def test_intensity(quantities: dict[str, float | None] | None, grading: str, kind: str) -> None:
    found = covered("ABCD", quantities)
    assert (found.intensity.grading, found.kind) == (grading, kind)


def test_intensity_of_pooled_units() -> None:
    units = {"nord": {"A", "B"}, "sud": {"C", "D", "E"}}
    found = coverage(FRAME, set("ABCD"), units, {"nord": 30.0, "sud": 35.0}, REFERENCE)
    table = found.intensity.table
    assert table.loc["sud", "need"] == pytest.approx(400 / 700)
    assert table.loc["nord", "need"] == pytest.approx(-100 / 300)
    assert found.intensity.short == ("sud",)
    assert found.intensity.ratio == pytest.approx(2)
    assert found.intensity.grading == "inverse"


def test_unknown_needs_count_for_the_mean() -> None:
    frame = FRAME.assign(need=[np.nan, 0.0, 0.0, 1.0, 2.0])
    found = covered("AD", frame=frame)
    assert found.unread == ("A",)
    assert 0 < found.need < 1
    assert "Besoin inconnu pour Commune A." in checks(Action(title="x"), found, NAMES)


TABLES = st.lists(
    st.tuples(
        st.integers(0, 5000),
        st.none() | st.floats(-3, 3, allow_nan=False),
        st.sampled_from(["socle", "renforce", "intensif"]),
        st.booleans(),
        st.none() | st.integers(0, 500),
    ),
    min_size=1,
    max_size=12,
).filter(lambda rows: any(people for people, *_ in rows))


@settings(deadline=None)
@given(TABLES, st.sampled_from(sorted(APPROACHES)), st.randoms())
def test_any_coverage(rows: list[tuple], approach: str, random: object) -> None:
    """Shares within 0 and 1, that of a part and of the rest sum to 1; order means nothing; clean words."""
    codes = [f"{at:05d}" for at in range(len(rows))]
    frame = pd.DataFrame(rows, index=codes, columns=["people", "need", "group", "in", "quantity"])
    frame["need"] = frame["need"].astype(float)
    frame["people"] = frame["people"].astype(float)
    served = set(frame.index[frame["in"]])
    quantities = {
        code: None if pd.isna(value) else float(value) for code, value in frame["quantity"].items()
    }
    units = {code: {code} for code in codes}
    found = coverage(frame, served, units, quantities, REFERENCE)
    rest = coverage(frame, set(codes) - served, units, quantities, REFERENCE)
    assert found.people + rest.people == pytest.approx(1)
    assert found.need + rest.need == pytest.approx(1)
    assert set(found.served) | set(found.left_out) == set(frame.index[frame["people"] > 0])
    shuffled = list(codes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    again = coverage(frame.loc[shuffled], served, units, quantities, REFERENCE)
    assert again.need == pytest.approx(found.need)
    assert (again.kind, set(again.missed)) == (found.kind, set(found.missed))
    action = Action(title="Action", approach=approach)  # type: ignore[arg-type]
    said = [
        *checks(action, found, NAMES),
        kind_text(found),
        covered_text(found),
        sentence_to_say(action, found, NAMES, ["Ressources"]),
    ]
    for sentence in said:
        assert refused_words(sentence) == []
        assert "nan" not in sentence and "inf " not in sentence
        assert sentence == "" or sentence[-1] in ".»"


def test_what_is_announced_is_compared() -> None:
    universal = Action(title="x", approach="universelle")
    (said,) = checks(universal, covered("ABC"), NAMES)
    assert said.startswith(
        "Annoncée universelle, mais 1\u00a0commune reste sans l'action : Commune D"
    )
    assert checks(universal, covered("ABCD"), NAMES) == []
    targeted = Action(title="x", approach="ciblee")
    (said,) = checks(targeted, covered("B"), NAMES)
    assert said == "Du groupe intensif, Commune D reste hors de la cible."
    assert "couvre toutes les communes" in checks(targeted, covered("ABCD"), NAMES)[0]
    graded = Action(title="x", approach="proportionnee")
    assert "rien ne dit que l'intensité suit" in checks(graded, covered("ABCD"), NAMES)[0]
    follows = {"A": 10.0, "B": 30.0, "C": 45.0, "D": 120.0}
    assert checks(graded, covered("ABCD", follows), NAMES) == []
    against = checks(graded, covered("ABCD", {"A": 40.0, "B": 30.0, "C": 45.0, "D": 20.0}), NAMES)
    assert "moins par habitant là où il est plus élevé" in against[0]
    assert "Commune D" in against[1]
    assert checks(graded, covered(""), NAMES) == [kind_text(covered(""))]


def test_a_targeting_without_a_reason_asks_for_one() -> None:
    targeted = Action(title="x", approach="ciblee")
    assert "La raison reste à écrire" in sentence_to_say(targeted, covered("B"), NAMES, [])
    said = sentence_to_say(targeted, covered("BD"), NAMES, ["Ressources", "Logement"])
    assert said.startswith("« Nous commençons par Commune B et Commune D, parce que")
    assert "(ressources et logement)" in said
    assert sentence_to_say(targeted, covered(""), NAMES, []) == ""


def test_the_table_of_actions() -> None:
    found = covered("AD")
    table = actions_table([(Action(title="Bus"), found, [])])
    assert table["Communes couvertes"].tolist() == ["2 sur 4"]
    assert table["À regarder"].tolist() == ["rien à signaler"]
