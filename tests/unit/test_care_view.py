"""Words of access to care: agreement, bounds, plain categories, what is refused."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from connectors.cards import load_sources
from views import care, supply_change
from views.lexicon import refused_words

GP = care.PROFESSIONS["generalistes"]


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def test_sites_fall_in_plain_categories_by_code_then_by_name() -> None:
    sites = pd.DataFrame(
        {
            "category_code": ["620", "355", "156", "500", "183", "124", "999", None, None, None],
            "category": [*["x"] * 7, "medecins", "hopitaux", "inconnue"],
        }
    )
    assert care.site_kinds(sites).tolist() == [
        "pharmacie", "hopital", "psychiatrie", "age", "handicap", "ville", "autre", "ville-large",
        "hopital-large", "autre",
    ]  # fmt: skip


def test_a_distance_that_is_a_most_is_said_so() -> None:
    assert plain(care.km_text(4.25, exact=True)) == "4,2 km"
    assert plain(care.km_text(12, exact=False)) == "12,0 km au plus"
    assert plain(care.km_text(0, exact=False)) == "0 km"
    assert (
        care.km_text(1400, exact=False) == "–" and plain(care.km_text(31, exact=True)) == "31,0 km"
    )
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
    said = plain(care.older_sentence(4, 3, "2024"))
    assert (
        "75 % de l'accès aux généralistes tient à des médecins de 65 ans ou moins, et 25 % à"
        in said
    )
    assert "100 % de l'accès" in plain(care.older_sentence(3, 3.01, "2024"))
    assert "n'a pas de sens" in care.older_sentence(0, 0, "2024")


def test_a_map_of_distances_in_a_sentence() -> None:
    km = pd.Series([0.0, 0.0, 4.25, 17.5])
    said = plain(care.distance_sentence("Pharmacie", km, 5, "commune", own=True))
    assert said == (
        "Pharmacie, au plus proche : dans la commune même pour 2 sur 5 ; ailleurs, de 4,2 à 17,5 km à vol "
        "d'oiseau ; distance inconnue pour 1 commune."
    )
    said = plain(care.distance_sentence("Hôpital", km[2:3], 1, "arrondissement", own=False))
    assert said == "Hôpital, au plus proche : à 4,2 km à vol d'oiseau."
    said = plain(care.distance_sentence("Pharmacie", km[:1], 1, "arrondissement", own=True))
    assert said == "Pharmacie, au plus proche : dans l'arrondissement même pour 1 sur 1."


@pytest.mark.parametrize(
    ("share", "population", "said"),
    [(0.0, 9000, "Presque personne"), (12.34, 93_414, "environ 12 000"), (0.9, 1500, "environ 14")],
    ids=["personne", "milliers", "dizaines"],
)
def test_people_behind_an_approximate_share(share: float, population: int, said: str) -> None:
    assert said in plain(care.far_sentence(share, population))


def test_sources_to_load_are_named_as_the_page_donnees_names_them() -> None:
    titles = " ; ".join(f"{card.producer} ; {card.title}" for card in load_sources().values())
    texts = [care.NO_ZONING, care.NO_TWENTY_MINUTES, care.NO_SITES, care.PARTIAL_SITES]
    named = [name for text in texts for name in re.findall("« (.+?) »", text)]
    assert len(named) == 4
    assert [name for name in named if name not in titles] == []


def test_the_zoning_is_counted_as_listed() -> None:
    classes = pd.Series(["1_ZIP", "3_QPV_ZIP", "2_ZAC", "6_HZ"])
    assert plain(care.zoning_sentence(classes, 6, "2025")) == (
        "Zonage des médecins généralistes (2025) : 2 communes en zone d'intervention prioritaire "
        "(ZIP), 1 en zone d'action complémentaire (ZAC), 1 dans une autre classe ; 2 communes sans "
        "classe."
    )
    said = plain(care.zoning_sentence(classes[:1], 2, "2025", "arrondissement"))
    assert "1 arrondissement en zone" in said and "1 arrondissement sans classe" in said
    assert (
        care.distance_labels((5,), own=True, place="arrondissement")[0] == "dans l'arrondissement"
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


def places_of(*rows: tuple[str, str, int], inside: bool = True) -> pd.DataFrame:
    """Places as (code, code of the commune, inhabitants)."""
    frame = pd.DataFrame(rows, columns=["code", "commune_code", "population"]).set_index("code")
    return frame.assign(inside=inside)


def test_who_is_concerned_and_the_bounds() -> None:
    here = places_of(("1", "1", 100), ("2", "2", 200))
    table = pd.concat([here, places_of(("3", "3", 1), inside=False)])
    said = supply_change.concerned_sentence(table, {10: 300, 12: 301, 15: 900}, 12, "Gramat")
    assert plain(said) == (
        "301 habitants concernés (de 300 à 900 selon la portée retenue), à 12 km au plus du lieu choisi "
        "(Gramat), à vol d'oiseau. Dans le périmètre : 2 communes (300 habitants). Hors du périmètre : "
        "1 commune (1 habitant)."
    )
    said = supply_change.concerned_sentence(here, {12: 300}, 12, "Gramat")
    assert said.endswith("Hors du périmètre : personne.") and "selon la portée" not in said


def test_an_arrondissement_is_never_called_a_commune() -> None:
    arrondissements = places_of(("75101", "75056", 5), ("75102", "75056", 7))
    both = pd.concat([arrondissements, places_of(("92044", "92044", 9), inside=False)])
    assert supply_change.mesh_of(arrondissements) == "arrondissement"
    assert supply_change.mesh_of(both) == "territoire"
    said = [
        supply_change.concerned_sentence(both, {12: 21}, 12, "Paris 1er Arrondissement"),
        supply_change.mark_change_sentence(arrondissements, arrondissements),
        supply_change.map_caption(both),
    ]
    assert "Dans le périmètre : 2 arrondissements (12 habitants)" in plain(said[0])
    assert "Hors du périmètre : 1 commune (9 habitants)" in plain(said[0])
    assert "2 arrondissements, soit 12 habitants, avant comme après" in plain(said[1])
    assert "1 commune et 2 arrondissements" in plain(said[2])


def test_people_under_the_mark_before_and_after() -> None:
    none, some = places_of(), places_of(("1", "1", 1200))
    said = plain(supply_change.mark_change_sentence(none, none))
    assert "voisins concernés : personne, avant comme après." in said
    said = plain(supply_change.mark_change_sentence(none, some))
    assert (
        "personne avant ; 1 commune, soit 1 200 habitants après. Un repère franchi de justesse"
        in said
    )


@pytest.mark.parametrize(
    ("before", "after", "label", "said"),
    [
        (4.71, 4.45, "APL", "4,71 → 4,45"),
        (4.5531, 4.5522, "Baisse de l'APL", "moins de 0,01"),
        (4.5522, 4.5531, "Hausse de l'APL", "moins de 0,01"),
        (4.554, 4.557, "Hausse de l'APL", "moins de 0,01"),
        (4.55, 4.55, "APL", "4,55 → 4,55"),
    ],
    ids=["vu", "baisse infime", "hausse infime", "autre arrondi", "aucun"],
)
def test_a_small_change_is_never_said_to_be_none(
    before: float, after: float, label: str, said: str
) -> None:
    assert supply_change.value_change(before, after) == (label, said)


def test_gaps_are_written_alike_and_none_is_zero_without_being_so() -> None:
    gaps = pd.Series([-0.0182, -0.0061, -0.0001, 0.0])
    decimals = supply_change.gap_decimals(gaps)
    written = [supply_change.gap_text(one, decimals) for one in gaps]
    assert written == ["−0,018", "−0,006", "presque nul", "0,000"]
    assert supply_change.gap_decimals(pd.Series([-0.2, 0.0])) == 2
    assert supply_change.range_text(2.541, 2.544) == "2,54"
    assert supply_change.range_text(2.54, 2.56) == "2,54 à 2,56"
    assert supply_change.range_text(float("nan"), 1) == "–"


def test_the_place_itself_with_its_bounds() -> None:
    row = pd.Series(
        {"name": "Gramat", "published": 4.71, "estimated": 4.45, "low": 4.4, "high": 4.45}
    )
    assert plain(supply_change.place_sentence(row, "consultations")) == (
        "À Gramat, l'APL passerait de 4,71 à 4,45 consultations (entre 4,40 et 4,45 selon la portée)."
    )
    small = row.copy()
    small[["estimated", "low", "high"]] = 4.709, 4.708, 4.709
    assert plain(supply_change.place_sentence(small, "consultations")) == (
        "À Gramat, l'APL resterait de 4,71 consultations : la baisse serait de moins de 0,01."
    )
    unknown = row.copy()
    unknown["estimated"] = float("nan")
    assert "ne se déduit pas" in supply_change.place_sentence(unknown, "consultations")
    unknown["published"] = float("nan")
    assert "aucune APL n'est publiée" in supply_change.place_sentence(unknown, "consultations")


def test_a_refusal_names_who_is_missing_where_and_what_to_load() -> None:
    codes = [str(n) for n in range(12)]
    places = pd.DataFrame(
        {
            "name": [f"Ville {n}" for n in range(12)],
            "commune_code": codes,
            "departement_code": ["60"] * 6 + ["78"] * 6,
        },
        index=codes,
    )
    said = supply_change.refused_sentence(
        codes, places, {"60": "Oise", "78": "Yvelines"}, GP, "BPE"
    )
    assert said.startswith("**Calcul refusé.**")
    assert "12 communes dont l'effectif n'est pas chargé" in plain(said)
    assert "**À charger : Oise et Yvelines.** Sur la page Données, chargez « BPE »" in said
    assert "et 4 autres" in plain(said)
    assert refused_words(said) == []
    assert "15 km" in supply_change.refused_bounds_sentence({15.0: ("1",)})
    assert "n'ont pas de contour" in supply_change.unplaced_sentence(["A", "B"])
    missing = supply_change.no_figure_sentence([f"D{n}" for n in range(12)])
    assert "page Données" in missing and "et 4 autres" in plain(missing)


def test_no_sentence_ranks_blames_or_frightens() -> None:
    words = [care.MARK_RULE, care.STRAIGHT_LINE, care.NO_ZONING, supply_change.PRUDENT]
    words += [care.ABROAD, care.NO_APL_HERE]
    words += supply_change.hypotheses("BPE", "2024", "2025", 12, (10, 15), standardised=True)
    assert [word for text in words for word in refused_words(text)] == []
    assert "vol d'oiseau" in " ".join(words)
