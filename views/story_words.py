"""Words of the meeting's story: short enough for a wall, said as everyone speaks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from views.places import of_name
from views.story import MOST_WORDS, fitting, words
from views.text import count_of, joined, number

LEAST_ROOM = 7  # words that a title leaves to the sentence under it
CHOSEN = "au territoire choisi"
_NUMBERS = ("aucun", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix")
# An acronym is for who knows it already: names and units that a room understands.
_LABELS = {
    "apl_medecins_generalistes": "Accès aux médecins généralistes",
    "apl_medecins_generalistes_65_ans_ou_moins": "Accès aux généralistes de 65 ans ou moins",
    "apl_infirmiers": "Accès aux infirmiers",
    "apl_masseurs_kinesitherapeutes": "Accès aux kinésithérapeutes",
    "apl_chirurgiens_dentistes": "Accès aux dentistes",
    "apl_sages_femmes": "Accès aux sages-femmes",
    "part_population_apl_moins_2_5": "Habitants sous 2,5 consultations accessibles par an",
    "part_eloignee_soins_proximite": "Habitants à plus de 20 minutes des soins de proximité",
    "fedi": "Indice européen de défavorisation sociale",
    "couverture_hpv_filles_1_dose_15_ans": "Filles vaccinées contre les papillomavirus, 15 ans",
    "couverture_hpv_filles_2_doses_16_ans": "Filles vaccinées deux fois, papillomavirus, 16 ans",
    "couverture_hpv_garcons_1_dose_15_ans": "Garçons vaccinés contre les papillomavirus, 15 ans",
    "couverture_hpv_garcons_2_doses_16_ans": "Garçons vaccinés deux fois, papillomavirus, 16 ans",
}
_SHORT = {
    "apl_medecins_generalistes": "Accès aux généralistes",
    "apl_medecins_generalistes_65_ans_ou_moins": "Accès aux généralistes de 65 ans ou moins",
    "apl_infirmiers": "Accès aux infirmiers",
    "apl_masseurs_kinesitherapeutes": "Accès aux kinésithérapeutes",
    "apl_chirurgiens_dentistes": "Accès aux dentistes",
    "apl_sages_femmes": "Accès aux sages-femmes",
    "part_population_apl_moins_2_5": "Peu de consultations accessibles",
    "fedi": "Défavorisation sociale",
    "couverture_hpv_filles_1_dose_15_ans": "Vaccination papillomavirus, filles",
    "couverture_hpv_filles_2_doses_16_ans": "Vaccination papillomavirus, filles",
    "couverture_hpv_garcons_1_dose_15_ans": "Vaccination papillomavirus, garçons",
    "couverture_hpv_garcons_2_doses_16_ans": "Vaccination papillomavirus, garçons",
}
_UNITS = {
    "consultations par an et par habitant": "consultations accessibles par habitant et par an",
    "ETP pour 100 000 habitants standardisés": "équivalents temps plein pour 100 000 habitants",
    "ETP pour 100 000 femmes standardisées": "équivalents temps plein pour 100 000 femmes",
}
_BODIES = {
    "CC": "communauté de communes",
    "CA": "communauté d'agglomération",
    "CU": "communauté urbaine",
    "PETR": "pôle territorial",
    "EPT": "établissement public territorial",
    "CLS": "contrat local de santé",
    "CPTS": "communauté professionnelle de santé",
}
_BODY = re.compile(rf"\b({'|'.join(_BODIES)})\b")

NO_LEAVE = (
    "L'effet d'un départ demande les médecins et la population des communes voisines, "
    "jusqu'à 36 km : ils ne sont pas chargés ici."
)
NO_CROSS = "Trop peu de communes ont les deux chiffres pour les ranger en tiers."
FAVOURABLE, UNFAVOURABLE = "plus favorable", "moins favorable"
NO_DIFFERENCE = "pas de différence établie"
NOT_A_CAUSE = "Un écart n'est pas une cause."
UNPLACED = "Trop de chiffres manquent pour situer cette commune."
BETWEEN = "Un écart entre communes n'est pas un écart entre personnes."
GROUP_SHORT = {
    "socle": "Socle : intensité de base",
    "renforce": "Renforcé : des moyens en plus",
    "intensif": "Intensif : le plus de moyens",
    "non classable": "Trop de chiffres manquants",
}
HABITANTS, BIEN, PESE = "Qui vit ici", "Ce qui va bien", "Ce qui pèse"
ECARTS = "Des écarts entre communes"
ACCES = "Accès aux médecins généralistes"
AGIR, INTENSITE = "Où agir d'abord ?", "Avec quelle intensité ?"
QUESTION = "Quelles sont vos trois priorités ?"
LEAVE_CHOICE, CROSS_CHOICE = "Combien, et d'où ?", "L'accès aux généralistes avec"
ELSEWHERE, CROSS, LEAVE = (
    "C'est pareil ailleurs ?",
    "Et si on croise ?",
    "Et si deux généralistes partent ?",
)


def plain_label(indicator: str, label: str, unit: str) -> str:
    """Label of an indicator without acronym, with the unit that its values do not bear."""
    said = _LABELS.get(indicator, label)
    if unit == "%" or unit.startswith("€") or unit in ("indice", "rapport", "score"):
        return said
    return f"{said} ({plain_unit(unit)})"


def plain_unit(unit: str) -> str:
    """A unit without acronym."""
    return _UNITS.get(unit, unit)


def plain_short(indicator: str, short: str) -> str:
    """Short label of an indicator without acronym."""
    return _SHORT.get(indicator, short)


def spoken_name(name: str) -> str:
    """« CC Quercy-Bouriane » said whole: « Communauté de communes Quercy-Bouriane »."""
    said = _BODY.sub(lambda found: _BODIES[found.group(1)], name)
    return said[:1].upper() + said[1:]


def facing(of: str) -> str:
    """« au Val-d'Oise » from « du Val-d'Oise »: what one looks at, from what belongs to it."""
    turned = {"du ": "au ", "des ": "aux ", "de la ": "à la ", "de l'": "à l'", "d'": "à "}
    for start, to in (*turned.items(), ("de ", "à ")):
        if of.startswith(start):
            return _BODY.sub(lambda found: _BODIES[found.group(1)], to + of[len(start) :])
    return of


def facing_title(title: str, of: str, end: str = "") -> str:
    """« Ce qui pèse, face au Val-d'Oise »; a name too long for a wall is « le territoire choisi »."""
    named = f"{title}, face {facing(of)}{end}"
    return f"{title}, face {CHOSEN}{end}" if too_long(named) else named


def too_long(title: str) -> bool:
    """Whether a title leaves too little room to its sentence."""
    return words(title) > MOST_WORDS - LEAST_ROOM


def counted(count: int, noun: str) -> str:
    """« trois points », « un point », « 12 points »: a count as one says it."""
    said = _NUMBERS[count] if count < len(_NUMBERS) else number(count)
    return f"{said} {noun}{'s' if count > 1 else ''}"


def opening(text: str) -> str:
    """The same with a capital."""
    return text[:1].upper() + text[1:]


def people_sentence(title: str, population: str, shares: Sequence[tuple[str, str]]) -> str:
    """« 220 279 habitants, dont 27,8 % de moins de 20 ans… » (share, « de moins de 20 ans »)."""
    listed = joined([f"{share} {who}" for share, who in shares])
    full = f"{population} habitants, dont {listed}." if listed else f"{population} habitants."
    return fitting(title, [full, f"{population} habitants."])


def strengths_sentence(title: str, count: int) -> str:
    """How many points are more favourable."""
    return fitting(title, [f"{opening(counted(count, 'point'))} où la situation est {FAVOURABLE}."])


def weaknesses_sentence(title: str, count: int) -> str:
    """How many points are less favourable; a gap is not a cause."""
    said = f"{opening(counted(count, 'point'))} où la situation est {UNFAVOURABLE}."
    return fitting(title, [f"{said} {NOT_A_CAUSE}", said])


def again_sentence(title: str, same: int, compared: int, favourable: bool) -> str:
    """How many of these points hold beside another territory."""
    word = FAVOURABLE if favourable else UNFAVOURABLE
    if not same:
        said = f"Face à ce territoire, aucun de ces points n'est {word}."
    elif same == compared == 1:
        said = f"Ce point reste {word}."
    elif same == compared:
        said = f"Ces {counted(compared, 'point')} restent {word}s."
    else:
        verb = "reste" if same == 1 else "restent"
        said = f"{opening(counted(same, 'point'))} sur {_NUMBERS[compared]} {verb} {word}{'s' if same > 1 else ''}."
    return fitting(title, [said])


def gap_sentence(title: str, about: str, most: str, least: str, *, established: bool) -> str:
    """Both ends of the gradient, and that it is between communes."""
    ends = f"{about} : {most} dans les communes les moins favorisées, {least} dans les plus favorisées."
    if not established:
        return fitting(title, [f"{ends} Aucun écart net n'est établi.", "Aucun écart net établi."])
    return fitting(title, [f"{ends} Un écart entre communes, pas entre personnes.", ends, ""])


def access_sentence(title: str, own: str, other: str, verdict: str) -> str:
    """Consultations within reach, here and beside."""
    start = f"{own} consultations accessibles par habitant et par an"
    if not other:
        return fitting(title, [f"{start}.", f"{own} par habitant et par an."])
    return fitting(
        title,
        [f"{start}, contre {other} : {verdict}.", f"{own}, contre {other} : {verdict}.", ""],
    )


def groups_sentence(title: str, more: int, communes: int) -> str:
    """A base for all, more where the need is higher, and how many communes that is."""
    start = "Une action pour tous, plus intense là où le besoin est plus élevé"
    if not more:
        return fitting(
            title, [f"{start} : toutes les communes sont au socle.", f"{start}.", "Pour tous."]
        )
    said = f"{count_of(more, 'commune')} sur {number(communes)}"
    return fitting(title, [f"{start} : {said}.", f"{start}.", "Pour tous."])


def one_group_sentence(title: str, group: str) -> str:
    """The group of the only commune of a perimeter."""
    if group == "non classable":
        return UNPLACED
    return fitting(title, [f"Le besoin situe cette commune au groupe {GROUP_SHORT[group]}."])


def dosing_sentence(title: str, quantity: str, base: str, whole: bool) -> str:
    """What is shared and how. ``whole``: everything is shared equally."""
    if whole:
        return fitting(title, [f"{quantity}, la même part pour chaque habitant."])
    return fitting(
        title,
        [f"{quantity} : {base} à parts égales par habitant, le reste selon le besoin."],
    )


def vote_sentence(title: str) -> str:
    """How to vote."""
    return fitting(title, ["À main levée, trois voix par personne."])


def consultations(value: str) -> str:
    """The access of one commune."""
    return f"{value} consultations accessibles par habitant et par an."


def in_epci(state: str, value: str, name: str) -> str:
    """A commune without a figure is told by that of its intercommunalité."""
    return f"{state} ici ; {value} dans son intercommunalité ({spoken_name(name)})."


def vote_text(held_on: date | None, priorities: Sequence[tuple[str, int]]) -> str:
    """« Vote du 03/06/2026 : Accès aux généralistes (12 voix), … », the most chosen first."""
    chosen = sorted(priorities, key=lambda one: -one[1])
    listed = joined([f"{text} ({number(count)} voix)" for text, count in chosen])
    day = f" du {held_on:%d/%m/%Y}" if held_on else ""
    return f"Vote{day} : {listed or 'aucune voix'}."


def leaving_option(count: int, place: str) -> str:
    """« deux départs de Cahors »: an answer that the room may ask for."""
    return f"{counted(count, 'départ')} {of_name(place)}"


def leaving_title(count: int, place: str) -> str:
    """The question, with its number and its place."""
    if not count:
        return f"Si aucun généraliste ne part {of_name(place)}"
    who = f"{counted(count, 'généraliste')} {'part' if count == 1 else 'partent'}"
    return f"Et si {who} {of_name(place)} ?"


def leaving_sentence(count: int, people: str) -> str:
    """What would follow; nothing leaves, nothing changes."""
    if not count:
        return "Aucun départ : l'accès reste, exactement, celui qui est publié."
    return f"Estimation prudente : l'accès baisserait pour {people} habitants."


def access_in(place: str) -> str:
    """What is measured in the commune that they leave."""
    return f"Consultations accessibles par habitant et par an : {place}"


def crossing_title(short: str) -> str:
    """« Pauvreté et accès aux généralistes »."""
    return f"{short} et accès aux généralistes, croisés"


def crossing_sentence(title: str, both: int, known: int, people: str) -> str:
    """How many communes stand in the less favourable third of both."""
    if not both:
        return fitting(title, ["Aucune commune ne cumule les deux tiers les moins favorables.", ""])
    where = f"{count_of(both, 'commune')} sur {number(known)} ({people} habitants)"
    verb = "cumule" if both == 1 else "cumulent"
    return fitting(title, [f"{where} {verb} les deux tiers les moins favorables.", f"{where}."])


def axis_text(short: str, high: bool) -> str:
    """« Pauvreté plus haute » has no gender here: « Pauvreté : plus haut »."""
    return f"{short} : plus {'haut' if high else 'bas'}"


def said_of(short: str, value: str) -> str:
    """One figure of a commune: « Sans diplôme : 23,1 %. »"""
    return f"{short} : {value}."
