"""Words of « Et si… »: a change of supply, whom it concerns, what it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from views.care import Profession
from views.text import alphabetical, count_of, joined, number

CHANGES = {
    "depart": "Des professionnels partent",
    "arrivee": "Des professionnels arrivent",
    "fermeture": "Une structure ferme",
    "ouverture": "Une structure ouvre",
}
LEAVING = frozenset({"depart", "fermeture"})
STRUCTURES = frozenset({"ouverture", "fermeture"})
PRUDENT = (
    "**Estimation prudente.** Elle suppose que chacun se reporte sur tous les professionnels à sa portée, "
    "sans cabinet fermé aux nouveaux patients et sans médecin traitant à retrouver : pour les patients de "
    "celui qui part, le manque ressenti peut être plus fort que ces moyennes. Ce n'est pas une prévision, et "
    "elle ne dit rien du zonage officiel."
)
MAPS = {"ecart": "Écart", "avant": "Avant", "apres": "Après"}
# Names of places listed in a sentence, at most.
_NAMED = 8


def change_sentence(
    profession: Profession, change: str, count: float, name: str, supply: float, year: str
) -> str:
    """« Et si 2 médecins généralistes partent de Cahors ? Ils sont 33 en 2025. »"""
    who = profession.counted(count)
    one = count < 2
    if change in STRUCTURES:
        verb = "ferme à" if change == "fermeture" else "ouvre à"
        asked = f"Et si une structure de {who} {verb} {name} ?"
    elif change == "depart":
        asked = f"Et si {who} {'quitte' if one else 'quittent'} {name} ?"
    else:
        asked = f"Et si {who} {'arrive' if one else 'arrivent'} à {name} ?"
    return f"{asked} Effectif compté là en {year} : {number(supply)}."


def places_of(count: int, *, districts: bool) -> str:
    """« 27 communes », or « 20 communes ou arrondissements » where there are some."""
    if districts:
        return count_of(count, "commune ou arrondissement", "communes ou arrondissements")
    return count_of(count, "commune")


def concerned_sentence(
    table: pd.DataFrame, people: Mapping[float, float], middle: float, *, districts: bool
) -> str:
    """Who is concerned, in the perimeter and outside; the range over the reaches computed.

    ``table``: the places concerned, with ``inside`` and ``population``.
    """
    here, away = table[table["inside"]], table[~table["inside"]]
    low, high = min(people.values()), max(people.values())
    spread = f" (de {number(low)} à {number(high)} selon la portée retenue)" if high > low else ""
    elsewhere = (
        f"{places_of(len(away), districts=districts)} hors du périmètre "
        f"({count_of(int(away['population'].sum()), 'habitant')})"
        if len(away)
        else "aucune commune hors du périmètre"
    )
    return (
        f"{count_of(round(people[middle]), 'habitant concerné', 'habitants concernés')}{spread} : "
        f"{places_of(len(here), districts=districts)} du périmètre "
        f"({count_of(int(here['population'].sum()), 'habitant')}) et {elsewhere}."
    )


def value_change(before: float, after: float) -> str:
    """« 4,71 → 4,45 », with the decimals that it takes to see a change."""
    decimals = value_decimals(before, after)
    return f"{number(before, decimals)} → {number(after, decimals)}"


def value_decimals(before: float, after: float) -> int:
    """Two decimals, or three when the change would not be seen."""
    return 3 if before != after and round(before, 2) == round(after, 2) else 2


def place_sentence(row: pd.Series, unit: str) -> str:
    """The place of the change itself, with its bounds."""
    if pd.isna(row["published"]):
        return f"À {row['name']}, aucune APL n'est publiée : l'effet ne s'y chiffre pas."
    if pd.isna(row["estimated"]):
        return (
            f"À {row['name']}, aucun professionnel n'était à portée : l'effet d'une arrivée ne se déduit "
            "pas de l'APL publiée."
        )
    decimals = value_decimals(row["published"], row["estimated"])
    low, high = number(row["low"], decimals), number(row["high"], decimals)
    spread = f" (entre {low} et {high} selon la portée)" if low != high else ""
    return (
        f"À {row['name']}, l'APL passerait de {number(row['published'], decimals)} à "
        f"{number(row['estimated'], decimals)} {unit}{spread}."
    )


def mark_change_sentence(before: tuple[int, float], after: tuple[int, float]) -> str:
    """Communes and inhabitants under 2.5 before and after, among those on the screen."""

    def said(below: tuple[int, float]) -> str:
        return f"{count_of(below[0], 'commune')} et {count_of(int(below[1]), 'habitant')}"

    change = (
        f"{said(before)}, avant comme après"
        if before == after
        else f"{said(before)} avant, {said(after)} après"
    )
    return (
        f"Sous 2,5 consultations, dans le périmètre et les communes concernées : {change}. Ce repère est une "
        "règle de zonage, pas une norme clinique."
    )


def refused_sentence(
    codes: Sequence[str],
    places: pd.DataFrame,
    departements: Mapping[str, str],
    profession: Profession,
    source: str,
) -> str:
    """Why nothing is computed: which communes are missing, where, and what to load.

    ``departements``: code -> name.
    """
    known = places.reindex(codes)
    names = [name if pd.notna(name) else code for code, name in known["name"].items()]
    shown = joined(sorted(names, key=alphabetical)[:_NAMED])
    more = f" et {number(len(names) - _NAMED)} autres" if len(names) > _NAMED else ""
    where = joined([departements.get(one, one) for one in sorted(set(known["departement_code"]))])
    return (
        f"Calcul refusé : les habitants d'ici partagent leurs {profession.label.lower()} avec "
        f"{count_of(len(codes), 'commune')} dont l'effectif n'est pas chargé : {shown}{more} "
        f"({where}). Un voisin oublié passerait pour une absence de médecins et de patients : "
        f"le résultat serait faux. Sur la page Données, chargez {source} pour ces départements."
    )


def older_supply_sentence(used: str, newer: str, count: float, name: str) -> str:
    """The numbers used are not the newest: those are not known all around."""
    return (
        f"Effectifs de {used}, les derniers connus tout autour : ceux de {newer} ({number(count)} à {name}) "
        "ne sont pas chargés chez tous les voisins. Si l'offre a baissé depuis, chaque professionnel pèse davantage."
    )


def unplaced_sentence(names: Sequence[str]) -> str:
    """Why nothing is computed: neighbours without a known position."""
    verb = "n'a" if len(names) == 1 else "n'ont"
    return (
        f"Calcul refusé : {joined(list(names))} {verb} pas de contour chargé, donc pas de distance. Un "
        "voisin oublié fausserait le résultat. Sur la page Données, chargez les contours de l'IGN."
    )


def refused_bounds_sentence(refused: Mapping[float, Sequence[str]]) -> str:
    """Reaches that could not be computed, hence bounds narrower than they should be."""
    said = joined([f"{number(reach)} km" for reach in sorted(refused)])
    return (
        f"La portée de {said} n'a pas pu être calculée (communes voisines non chargées) : les bornes sont "
        "plus étroites qu'elles ne devraient."
    )


def hypotheses(
    supply_source: str, apl_period: str, supply_period: str, middle: float, others: Sequence[float],
    *, standardised: bool,
) -> list[str]:  # fmt: skip
    """What the estimate rests on, one sentence each."""
    demand = (
        "population standardisée par l'âge de la DREES"
        if standardised
        else "population municipale : la population standardisée de la DREES n'est pas chargée ici"
    )
    return [
        f"Trajets : ni route ni relief, la **distance à vol d'oiseau** entre points intérieurs des communes. "
        f"{number(middle)} km y tiennent lieu de 20 minutes : c'est la portée dont le calcul ressemble le plus "
        f"à l'APL publiée sur les communes de France. Bornes : "
        f"{joined([f'{number(one)} km' for one in others])}.",
        f"Zone d'attraction : un professionnel compte en entier jusqu'à {number(middle / 2)} km, pour deux tiers "
        f"jusqu'à {number(0.75 * middle)} km, pour un tiers jusqu'à {number(middle)} km (paliers de l'APL depuis "
        "2015), et il est partagé entre tous ceux qui l'atteignent.",
        f"Effectifs : {supply_source}, {supply_period}. Un professionnel compte pour un, quelle que soit son "
        "activité.",
        f"Demande : {demand}.",
        f"L'évolution relative de notre calcul est appliquée à l'APL publiée de {apl_period}. Zéro changement "
        "rend l'APL publiée, exactement.",
        "Les autres ne travaillent ni plus ni moins et ne déménagent pas. Une structure compte pour ses "
        "professionnels, comme s'ils venaient d'ailleurs ou quittaient le secteur.",
        "Soins et habitants d'un pays voisin ne sont pas comptés.",
    ]
