"""Words of a fiche-action: what is pre-filled, what is left to write, what a change has to reach."""

from __future__ import annotations

import math
from collections.abc import Sequence

from views.observation import Reading
from views.text import NARROW, count_of, joined, number, percent, quantity

TO_FILL = "À compléter"
MANY = 15
MOST_NAMED = 8
TOO_MANY = (
    "{count} fiches : au-delà de {many}, un contrat se suit mal et chacune se perd. Gardez les actions qui comptent "
    "le plus, ou faites une fiche par groupe de communes."
)
COLUMNS = ("Rubrique", "Contenu")
INDICATOR_COLUMNS = (
    "Indicateur de résultat",
    "Aujourd'hui",
    "Effectifs",
    "Changement décelable",
    "Source",
)
PROCESS = (
    "Nombre de personnes touchées, par commune (page Qui touche-t-on ?)",
    "Part des personnes touchées qui vivent ici, à côté de la part du besoin",
    "Part réalisée de ce qui était prévu (séances, places, heures)",
    "Acteurs engagés, et réunions tenues",
)
DETECTABLE_NOTE = (
    "Changement décelable : ce qu'une seconde mesure, indépendante et de même effectif, devrait atteindre pour qu'on ait "
    f"quatre chances sur cinq de le voir (test à 5{NARROW}%, Fleiss, Levin et Paik 2003). En deçà, on ne peut pas conclure : trop "
    "tôt, ou effectifs trop petits. Le recensement est en partie un sondage, et ses périodes durent cinq ans : le vrai seuil est "
    "plus grand, et la comparaison se fait à cinq ans d'écart. Même décelé, un changement n'est pas la preuve de l'effet "
    "de l'action."
)
NO_COUNTS = "ne se calcule pas : aucun effectif publié"
APPROACHES = {
    "universelle": "Approche universelle : la même action pour tous.",
    "ciblee": "Approche ciblée : l'action va d'abord à certains.",
    "proportionnee": "Universalisme proportionné : pour tous, plus intensément là où le besoin est plus élevé.",
}


def strategic(purpose: str) -> str:
    """Objectif stratégique."""
    return (
        "Réduire les inégalités sociales et territoriales de santé, en agissant pour tous avec une intensité "
        f"qui suit le besoin (finalité : {purpose[:1].lower()}{purpose[1:]})."
    )


def specific(reasons: Sequence[str]) -> str:
    """Objectif spécifique, from the domains that carry the need here."""
    if not reasons:
        return (
            f"{TO_FILL} : aucun domaine du besoin n'est nettement au-dessus de la moyenne nationale ici ; la raison "
            "d'agir est à écrire (public, demande, offre absente)."
        )
    return (
        f"Agir sur ce qui porte le besoin ici : {joined([one.lower() for one in reasons])}. Public et effet attendu : "
        f"{TO_FILL.lower()}."
    )


def people_text(named: str, people: float, share: float, names: Sequence[str]) -> str:
    """How many people are aimed at, and where."""
    shown = list(names[:MOST_NAMED])
    others = len(names) - len(shown)
    where = joined(
        [*shown, count_of(others, "autre commune", "autres communes")] if others else shown
    )
    return (
        f"{named}{NARROW}: {number(people)}, soit {percent(share)} de ceux du périmètre. "
        f"{count_of(len(names), 'commune')} : {where}."
    )


def detectable_text(below: float, above: float, reading: Reading) -> str:
    """« 18,5 % ou moins ; 24,2 % ou plus »; says when a direction can never be told (NaN)."""

    def said(value: float) -> str:
        return quantity(value, reading.unit, reading.decimals, signed=reading.signed, short=True)

    low = "aucune baisse décelable" if math.isnan(below) else f"{said(below)} ou moins"
    high = "aucune hausse décelable" if math.isnan(above) else f"{said(above)} ou plus"
    return f"{low} ; {high}"


def counts_text(numerator: float, denominator: float) -> str:
    """« 13 402 sur 70 906 »."""
    return f"{number(numerator)} sur {number(denominator)}"
