"""Words of « Et si… »: a change of supply, whom it concerns, what it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from views.care import Profession
from views.places import at_name
from views.text import (
    NO_BREAK,
    alphabetical,
    count_of,
    escape_markdown,
    joined,
    members_text,
    number,
    place_word,
)

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


def no_figure_sentence(departements: Sequence[str]) -> str:
    """What is missing before any change can be estimated, and for which départements (names)."""
    return (
        "Il faut, pour une même profession, son accessibilité (classeurs « APL » de la DREES) et ses effectifs "
        "par commune (base permanente des équipements, BPE, de l'Insee). Sur la page Données, chargez-les : "
        f"rien de cela n'est connu ici ({_listed(list(departements))})."
    )


def _listed(names: list[str]) -> str:
    """The first names, then how many others."""
    if len(names) <= _NAMED:
        return joined(names)
    return f"{', '.join(names[:_NAMED])} et {count_of(len(names) - _NAMED, 'autre')}"


def change_sentence(
    profession: Profession, change: str, count: float, name: str, supply: float, year: str
) -> str:
    """« Et si 2 médecins généralistes partent de Cahors ? Ils sont 33 en 2025. »"""
    who = profession.counted(count)
    one = count < 2
    if change in STRUCTURES:
        verb = "ferme" if change == "fermeture" else "ouvre"
        asked = f"Et si une structure de {who} {verb} {at_name(name)} ?"
    elif change == "depart":
        asked = f"Et si {who} {'quitte' if one else 'quittent'} {name} ?"
    else:
        asked = f"Et si {who} {'arrive' if one else 'arrivent'} {at_name(name)} ?"
    return f"{asked} Effectif compté là en {year} : {number(supply)}."


def members_of(table: pd.DataFrame) -> str:
    """« 27 communes », « 20 arrondissements », « 73 communes et 2 arrondissements »."""
    return members_text(*_meshes(table))


def mesh_of(table: pd.DataFrame) -> str:
    """What one of the places is called: « commune », « arrondissement », « territoire » for both."""
    return place_word(*_meshes(table))


def _meshes(table: pd.DataFrame) -> tuple[int, int]:
    """How many communes, how many municipal arrondissements; index = code, ``commune_code``."""
    districts = int((table.index != table["commune_code"]).sum())
    return len(table) - districts, districts


def concerned_sentence(
    table: pd.DataFrame, people: Mapping[float, float], middle: float, name: str
) -> str:
    """Who is concerned by a change at ``name``, in the perimeter and outside, with the range.

    ``table``: the places concerned (index: code), with ``inside``, ``population`` and
    ``commune_code``. ``people``: their inhabitants at each reach that was computed.
    """
    here, away = table[table["inside"]], table[~table["inside"]]
    low, high = min(people.values()), max(people.values())
    spread = f" (de {number(low)} à {number(high)} selon la portée retenue)" if high > low else ""
    inside, outside = (
        f"{members_of(part)} ({count_of(int(part['population'].sum()), 'habitant')})"
        if len(part)
        else "personne"
        for part in (here, away)
    )
    return (
        f"{count_of(round(people[middle]), 'habitant concerné', 'habitants concernés')}{spread}, à "
        f"{number(middle)} km au plus du lieu choisi ({name}), à vol d'oiseau. Dans le périmètre : "
        f"{inside}. Hors du périmètre : {outside}."
    )


def value_change(before: float, after: float, decimals: int = 2) -> tuple[str, str]:
    """What a figure card says: « APL » and « 4,71 → 4,45 »; a change too small to be seen in words."""
    if _too_small(before, after, decimals):
        return f"{_direction(before, after).capitalize()} de l'APL", f"moins de {_seen(decimals)}"
    return "APL", f"{number(before, decimals)} → {number(after, decimals)}"


def today_text(people: float) -> str:
    """What a figure card says under the people after a change: how many they are today."""
    return f"aujourd'hui : {number(people)}"


def value_decimals(before: float, after: float) -> int:
    """Two decimals, or three when the change would not be seen."""
    return 3 if _too_small(before, after, 2) else 2


def gap_decimals(gaps: pd.Series, decimals: int = 2) -> int:
    """Decimals of a column of gaps: one more when one of them would be written as zero, or nearly."""
    small = (gaps != 0) & (gaps.abs() < 10.0**-decimals)
    return decimals + 1 if small.any() else decimals


def gap_text(gap: float, decimals: int) -> str:
    """A gap with its sign; one that is not zero is never written as zero."""
    if gap and not round(gap, decimals):
        return "presque nul"
    return number(gap, decimals, signed=True)


def range_text(low: float, high: float, decimals: int = 2) -> str:
    """« 2,54 à 2,56 », one figure when both are written alike, a dash when not known."""
    if pd.isna(low):
        return "–"
    first, last = number(low, decimals), number(high, decimals)
    return first if first == last else f"{first} à {last}"


def _too_small(before: float, after: float, decimals: int) -> bool:
    """Whether these decimals would hide a change, or make it look twice what it is.

    It is then said in words: one more decimal would be falsely precise.
    """
    alike = round(before, decimals) == round(after, decimals)
    return before != after and (alike or abs(after - before) < 0.5 * 10.0**-decimals)


def _seen(decimals: int) -> str:
    """« 0,01 »: the smallest change that two decimals show."""
    return number(10.0**-decimals, decimals)


def _direction(before: float, after: float) -> str:
    return "baisse" if after < before else "hausse"


def place_sentence(row: pd.Series, unit: str, decimals: int = 2) -> str:
    """The place of the change itself, with its bounds."""
    unit = unit.replace("ETP", "équivalents temps plein")
    here = at_name(str(row["name"]))
    here = here[0].upper() + here[1:]
    if pd.isna(row["published"]):
        return f"{here}, aucune APL n'est publiée : l'effet ne s'y chiffre pas."
    if pd.isna(row["estimated"]):
        return (
            f"{here}, aucun professionnel n'était à portée : l'effet d'une arrivée ne se déduit "
            "pas de l'APL publiée."
        )
    before, after = row["published"], row["estimated"]
    bounds = range_text(row["low"], row["high"], decimals)
    spread = f" (entre {bounds.replace(' à ', ' et ')} selon la portée)" if " à " in bounds else ""
    if _too_small(before, after, decimals):
        return (
            f"{here}, l'APL resterait de {number(before, decimals)} {unit}{spread} : la "
            f"{_direction(before, after)} serait de moins de {_seen(decimals)}."
        )
    return (
        f"{here}, l'APL passerait de {number(before, decimals)} à {number(after, decimals)} "
        f"{unit}{spread}."
    )


def mark_change_sentence(before: pd.DataFrame, after: pd.DataFrame) -> str:
    """Places and inhabitants under 2.5 before and after, among those of the perimeter and concerned.

    ``before`` and ``after``: the places under the mark (index: code), with ``population`` and
    ``commune_code``.
    """

    def said(below: pd.DataFrame) -> str:
        if below.empty:
            return "personne"
        return f"{members_of(below)}, soit {count_of(int(below['population'].sum()), 'habitant')}"

    change = (
        f"{said(before)}, avant comme après"
        if said(before) == said(after)
        else f"{said(before)} avant ; {said(after)} après. Un repère franchi de justesse ne change presque rien "
        "à l'accès"
    )
    return (
        f"Sous 2,5 consultations, dans le périmètre et chez ses voisins concernés : {change}. Ce repère est "
        "une règle de zonage, pas une norme clinique."
    )


def refused_sentence(
    codes: Sequence[str],
    places: pd.DataFrame,
    departements: Mapping[str, str],
    profession: Profession,
    source: str,
) -> str:
    """Why nothing is computed, and what to load for it: Markdown.

    ``places``: name, commune_code and departement_code of each code. ``departements``: code -> name.
    ``source``: title of the source to load, as the page Données has it.
    """
    known = places.loc[[code for code in codes if code in places.index]]
    names = sorted(known["name"], key=alphabetical)
    wanted = [departements.get(one, one) for one in sorted(set(known["departement_code"]))]
    said = joined([escape_markdown(one) for one in sorted(wanted, key=alphabetical)])
    title = escape_markdown(source.replace(" :", f"{NO_BREAK}:"))
    return (
        f"**Calcul refusé.** Les habitants d'ici partagent leurs {profession.label.lower()} avec "
        f"{members_of(known)} dont l'effectif n'est pas chargé : sans ces voisins, qui passeraient pour "
        "une absence de médecins et de patients, le résultat serait faux.\n\n"
        f"**À charger : {said}.** Sur la page Données, chargez « {title} » : ce fichier de "
        f"l'Insee les contient tous.\n\nTerritoires en cause : {escape_markdown(_listed(names))}."
    )


def map_caption(table: pd.DataFrame) -> str:
    """What the map of a change shows."""
    return (
        f"En couleur, dans le périmètre et chez ses voisins concernés : {members_of(table)}. Traits épais : "
        f"limites des intercommunalités. «{NO_BREAK}Avant{NO_BREAK}» et «{NO_BREAK}Après{NO_BREAK}» ont les "
        "mêmes classes."
    )


def older_supply_sentence(used: str, newer: str, count: float, name: str) -> str:
    """The numbers used are not the newest: those are not known all around."""
    return (
        f"Effectifs de {used}, les derniers connus tout autour : ceux de {newer} ({number(count)} {at_name(name)}) "
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
        f"La portée de {said} n'a pas pu être calculée (voisins non chargés) : les bornes sont "
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
        "rend l'APL publiée, exactement. Une APL publiée de zéro reste à zéro, même après une arrivée.",
        "Les autres ne travaillent ni plus ni moins et ne déménagent pas. Une structure compte pour ses "
        "professionnels, comme s'ils venaient d'ailleurs ou quittaient le secteur.",
        "Soins et habitants d'un pays voisin ne sont pas comptés.",
    ]
