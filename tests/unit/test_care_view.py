"""Words of access to care: agreement, bounds, plain categories, what is refused."""

from __future__ import annotations

import pandas as pd
import pytest

from views import care, supply_change
from views.lexicon import refused_words

GP = care.PROFESSIONS["generalistes"]


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def test_sites_fall_in_plain_categories_by_code_then_by_name() -> None:
    sites = pd.DataFrame(
        {
            "category_code": ["620", "355", "500", "183", "124", "999", None, None],
            "category": ["x", "x", "x", "x", "x", "x", "medecins", "inconnue"],
        }
    )
    assert care.site_kinds(sites).tolist() == [
        "pharmacie", "hopital", "age", "handicap", "ville", "autre", "ville", "autre",
    ]  # fmt: skip
    codes = [code for kind in care.SITE_KINDS for code in kind.codes]
    assert len(codes) == len(set(codes))


def test_a_distance_that_is_a_most_is_said_so() -> None:
    assert plain(care.km_text(4.25, exact=True)) == "4,2 km"
    assert plain(care.km_text(12, exact=False)) == "12,0 km au plus"
    assert plain(care.km_text(0, exact=False)) == "0 km"
    assert care.km_text(float("nan"), exact=False) == "–"
    assert plain(care.beyond_text(1200, 0, 4000)) == "1 200 (30,0 %)"
    assert plain(care.beyond_text(1200, 300, 4000)) == "de 1 200 à 1 500"
    assert care.distance_labels((5, 10), own=True) == [
        "dans la commune", "jusqu'à 5 km", "de 5 à 10 km", "plus de 10 km",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("below", "communes", "people", "said"),
    [
        (0, 12, 0, "d'au moins 2,5 consultations par an et par habitant dans les 12 communes où"),
        (1, 1, 900, "l'APL aux généralistes est inférieure à 2,5"),
        (0, 1, 0, "l'APL aux généralistes est supérieure ou égale à 2,5"),
        (1, 4, 1, "1 habitant sur 4 000 (0,0 %, population totale) vit dans 1 commune sur 4"),
    ],
    ids=["aucune", "seule sous", "seule au-dessus", "un habitant"],
)
def test_people_under_the_mark(below: int, communes: int, people: float, said: str) -> None:
    text = care.mark_sentence(below, communes, people, 4000, "2024", official=True)
    assert said in plain(text)


def test_older_doctors_and_no_access_at_all() -> None:
    assert "25 % de l'accès" in plain(care.older_sentence(4, 3, "2024"))
    assert "0 % de l'accès" in plain(care.older_sentence(3, 3.01, "2024"))
    assert "n'a pas de sens" in care.older_sentence(0, 0, "2024")


def test_the_zoning_is_counted_as_listed() -> None:
    classes = pd.Series(["1_ZIP", "3_QPV_ZIP", "2_ZAC", "6_HZ"])
    assert plain(care.zoning_sentence(classes, 6, "2025")) == (
        "Zonage des médecins généralistes (2025) : 2 communes en zone d'intervention prioritaire "
        "(ZIP), 1 en zone d'action complémentaire (ZAC), 1 dans une autre classe ; 2 communes sans "
        "classe."
    )


@pytest.mark.parametrize(
    ("change", "count", "said"),
    [
        ("depart", 1, "Et si 1 médecin généraliste quitte Gramat ?"),
        ("depart", 2, "Et si 2 médecins généralistes quittent Gramat ?"),
        ("arrivee", 0, "Et si 0 médecin généraliste arrive à Gramat ?"),
        ("ouverture", 3, "Et si une structure de 3 médecins généralistes ouvre à Gramat ?"),
        ("fermeture", 1, "Et si une structure de 1 médecin généraliste ferme à Gramat ?"),
    ],
    ids=["un", "deux", "aucun", "ouverture", "fermeture"],
)
def test_the_change_is_said(change: str, count: float, said: str) -> None:
    text = supply_change.change_sentence(GP, change, count, "Gramat", 4, "2025")
    assert plain(text) == f"{said} Effectif compté là en 2025 : 4."


def test_who_is_concerned_and_the_bounds() -> None:
    table = pd.DataFrame({"inside": [True, True, False], "population": [100, 200, 1]})
    said = supply_change.concerned_sentence(table, {10: 300, 12: 301, 15: 900}, 12, districts=False)
    assert plain(said) == (
        "301 habitants concernés (de 300 à 900 selon la portée retenue) : 2 communes du périmètre "
        "(300 habitants) et 1 commune hors du périmètre (1 habitant)."
    )
    said = supply_change.concerned_sentence(table[:2], {12: 300}, 12, districts=True)
    assert "2 communes ou arrondissements" in plain(said) and "selon la portée" not in said
    assert "aucune commune hors du périmètre" in said


def test_a_small_change_is_never_said_to_be_none() -> None:
    assert supply_change.value_change(4.5531, 4.5522) == "4,553 → 4,552"
    assert supply_change.value_change(4.55, 4.55) == "4,55 → 4,55"
    row = pd.Series(
        {"name": "Gramat", "published": 4.71, "estimated": 4.45, "low": 4.4, "high": 4.45}
    )
    assert plain(supply_change.place_sentence(row, "consultations")) == (
        "À Gramat, l'APL passerait de 4,71 à 4,45 consultations (entre 4,40 et 4,45 selon la portée)."
    )
    unknown = row.copy()
    unknown["estimated"] = float("nan")
    assert "ne se déduit pas" in supply_change.place_sentence(unknown, "consultations")
    unknown["published"] = float("nan")
    assert "aucune APL n'est publiée" in supply_change.place_sentence(unknown, "consultations")


def test_a_refusal_names_who_is_missing_where_and_what_to_load() -> None:
    places = pd.DataFrame(
        {"name": [f"Ville {n}" for n in range(12)], "departement_code": ["60"] * 6 + ["78"] * 6},
        index=[str(n) for n in range(12)],
    )
    said = supply_change.refused_sentence(
        [str(n) for n in range(12)], places, {"60": "Oise", "78": "Yvelines"}, GP, "« BPE »"
    )
    assert "12 communes dont l'effectif n'est pas chargé" in plain(said)
    assert "et 4 autres (Oise et Yvelines)" in said and "chargez « BPE »" in said
    assert refused_words(said) == []
    assert "15 km" in supply_change.refused_bounds_sentence({15.0: ("1",)})
    assert "n'ont pas de contour" in supply_change.unplaced_sentence(["A", "B"])


def test_no_sentence_ranks_blames_or_frightens() -> None:
    words = [care.MARK_RULE, care.STRAIGHT_LINE, care.NO_ZONING, supply_change.PRUDENT]
    words += supply_change.hypotheses("BPE", "2024", "2025", 12, (10, 15), standardised=True)
    assert [word for text in words for word in refused_words(text)] == []
    assert "vol d'oiseau" in " ".join(words)
