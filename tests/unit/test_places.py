"""Names of territories inside a sentence."""

import csv

import pytest

from connectors.cards import DATA
from views.places import at_name, of_name, of_place


@pytest.mark.parametrize(
    ("level", "code", "name", "expected"),
    [
        ("departement", "95", "Val-d'Oise", "du Val-d'Oise"),
        ("departement", "46", "Lot", "du Lot"),
        ("departement", "01", "Ain", "de l'Ain"),
        ("departement", "34", "Hérault", "de l'Hérault"),
        ("departement", "22", "Côtes-d'Armor", "des Côtes-d'Armor"),
        ("departement", "81", "Tarn", "du Tarn"),
        ("departement", "75", "Paris", "de Paris"),
        ("departement", "974", "La Réunion", "de La Réunion"),
        ("departement", "976", "Mayotte", "de Mayotte"),
        ("region", "11", "Île-de-France", "de l'Île-de-France"),
        ("region", "32", "Hauts-de-France", "des Hauts-de-France"),
        ("region", "04", "La Réunion", "de La Réunion"),
        ("france", "FR", "France", "de la France"),
        ("france", "FM", "France métropolitaine", "de la France métropolitaine"),
        ("commune", "95127", "Cergy", "de Cergy"),
        ("arm", "75118", "Paris 18e Arrondissement", "du 18e arrondissement de Paris"),
        ("arm", "13201", "Marseille 1er Arrondissement", "du 1er arrondissement de Marseille"),
        (
            "epci",
            "249500109",
            "CA de Cergy-Pontoise",
            "de l'intercommunalité « CA de Cergy-Pontoise »",
        ),
        ("", "", "les communes voisines", "de « les communes voisines »"),
    ],
)
def test_a_place_has_its_article(level: str, code: str, name: str, expected: str) -> None:
    assert of_place(level, code, name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Osny", "d'Osny"),
        ("Éragny", "d'Éragny"),
        ("Le Havre", "du Havre"),
        ("Les Ulis", "des Ulis"),
        ("La Rochelle", "de La Rochelle"),
    ],
)
def test_a_commune_name_is_elided_or_contracted(name: str, expected: str) -> None:
    assert of_name(name) == expected


def test_no_departement_elides_wrongly() -> None:
    """« de la Isère » or « du Ain » would be read aloud in a meeting."""
    with (DATA / "embarque" / "cog_departements.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if row["zone"] in ("metro", "drom"):
                said = of_place("departement", row["code"], row["nom"])
                vowel = (
                    row["nom"][0] in "AEIOUÉÈÎ" or row["nom"] == "Hérault" or row["nom"] == "Yonne"
                )
                assert not (vowel and said.startswith(("de la ", "du ", "de "))) or said.startswith(
                    "de l'"
                ), said
                assert vowel or not said.startswith(("de l'", "d'")), said


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Cergy", "à Cergy"),
        ("Albas", "à Albas"),
        ("Le Vigan", "au Vigan"),
        ("Les Lilas", "aux Lilas"),
        ("La Roche-Guyon", "à La Roche-Guyon"),
        ("L'Isle-Adam", "à L'Isle-Adam"),
    ],
)
def test_one_is_in_a_commune(name: str, expected: str) -> None:
    assert at_name(name) == expected
