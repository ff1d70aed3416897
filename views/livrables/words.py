"""What the documents say besides figures: titles, methods, cautions."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from diagnostic.records import Vote
from views.livrables.model import french_date
from views.text import NARROW, count_of, joined, number, period_text

# Key of a section (in the address of the page) -> its title, in the order proposed.
SECTIONS = {
    "perimetre": "Le périmètre",
    "ressort": "Ce qui ressort",
    "portrait": "Portrait par thème",
    "inegalites": "Inégalités entre communes",
    "soins": "Accès aux soins",
    "mortalite": "Mortalité",
    "partage": "Diagnostic partagé",
    "cibles": "Où agir d'abord",
    "intensite": "Avec quelle intensité",
    "notes": "Actions et votes",
    "methode": "Méthode et limites",
    "sources": "Sources",
    "annexe": "Annexe : indicateurs, sources et licences",
}

INTRODUCTION = (
    "Le diagnostic en documents à relire, à corriger et à partager. Chaque nombre est celui de l'écran, avec sa "
    "source, son millésime et ses prudences ; rien n'est envoyé ailleurs."
)
FICHES = (
    "Une fiche-action par cible, déjà remplie de ce que les chiffres savent : population, besoin, valeurs de départ, "
    "changement décelable. Le reste est à écrire avec ceux qui agissent."
)
DEPARTEMENT = (
    "Un portrait A4 de chaque intercommunalité du département, le classeur de leurs chiffres et un diaporama. Ordre "
    "alphabétique, même territoire de comparaison pour toutes, aucun rang."
)
TITLE = "Diagnostic territorial de santé"
HANDOUT_TITLE = "Portrait de santé du territoire"
DECK_TITLE = "Diagnostic territorial de santé : points à partager"

DEPARTEMENT_TITLE = "Les intercommunalités du département"
DEPARTEMENT_NOTE = (
    "Les intercommunalités sont dans l'ordre alphabétique : aucune n'est classée. Chacune se lit par rapport au même "
    "territoire de comparaison, pas par rapport aux autres. Un écart n'est pas une cause."
)

FINDING_HEADINGS = {
    "atout": "Atouts",
    "fragilite": "Fragilités",
    "inegalite": "Inégalités entre communes",
    "incertain": "À confirmer",
}
STANDS_OUT = (
    "Ces constats sont les écarts les plus nets dans les données chargées. Un écart n'est pas une cause, et "
    "un diagnostic se complète de ce que disent habitants et professionnels."
)
NO_FINDING = (
    "Aucun écart net avec ce territoire de comparaison dans les données chargées : ce n'est pas dire que "
    "tout va bien, ni que tout se ressemble."
)
NO_FINDING_OF_KIND = (
    "Dans les données chargées, aucun écart de ce sens n'est établi face au territoire de comparaison. Ce n'est pas "
    "dire que tout va bien, ni que rien ne va : d'autres données, et ce que disent habitants et professionnels, le "
    "compléteront."
)
SPINE_CAPTION = (
    "chaque indicateur est mesuré en écarts-types entre communes de France ; la barre verticale est le "
    "territoire de comparaison"
)
PORTRAIT = (
    "Un tableau par thème. « ≈ » : valeur approchée ; « – » : pas de chiffre à ce niveau dans les données "
    "chargées ; « secret statistique » : le chiffre existe mais n'est pas publié. Ce n'est jamais zéro. La "
    "population couverte, la source et la licence de chaque indicateur sont en annexe."
)
METHOD_READING = (
    "Avec un intervalle de confiance à 95 %, une valeur est dite plus haute ou plus basse que celle du "
    "territoire de comparaison quand l'intervalle l'exclut ; sans intervalle (médianes, modèles), quand "
    "l'écart atteint un cinquième d'écart-type entre communes de France. Sinon, aucune différence n'est "
    "établie : ce n'est pas dire que les deux territoires sont pareils."
)
METHOD_SUM = (
    "Une part ou un taux du périmètre est recalculé à partir des numérateurs et des dénominateurs de ses "
    "communes, jamais par moyenne de pourcentages ; une médiane n'est jamais additionnée. Un chiffre n'est "
    "donné que si 90 % au moins de la population est couverte."
)
METHOD_PERIOD = (
    "Chaque comparaison porte sur une seule période et une seule série : la plus récente que les deux "
    "territoires ont ensemble."
)
METHOD_STATES = (
    "Secret, absent et zéro sont trois choses différentes. Un chiffre secret n'est jamais remplacé ni "
    "reconstitué par différence."
)
METHOD_PLACES = (
    "Les communes ne sont pas classées : leurs chiffres varient beaucoup d'une année à l'autre. Un groupe "
    "de besoin se lit comme une intensité d'action, pas comme un jugement sur un lieu ou ses habitants."
)
METHOD_AGAIN = (
    "Les nombres de ce document sont ceux de l'écran, écrits par les mêmes fonctions. Il se refait à "
    "l'identique avec la même construction de données et les mêmes choix."
)
NOTHING_NOTED = (
    "Aucune action ni aucun vote n'est encore noté dans le projet : ils prendront place ici."
)
NO_ACCESS = "Aucun chiffre d'accès aux soins n'est chargé pour ce territoire (page Données)."
ACCESS = (
    "L'accessibilité potentielle localisée (APL) estime l'offre à portée des habitants, en tenant compte de "
    "l'activité des professionnels, de la distance et de l'âge. C'est un modèle, pas un délai de rendez-vous."
)
NO_NEED = "Aucun indicateur de besoin n'est chargé : les groupes ne peuvent pas être formés (page Données)."
NOBODY = "Personne dans la population visée ici : rien à répartir."
HANDOUT_NOTE = "Un écart n'est pas une cause. Les chiffres décrivent des territoires, pas leurs habitants un à un."
ASK = "Question à trancher"
LOCALISED = "Échelle des communes : les petits effectifs se lisent avec prudence."

HANDOUT_PARTS = {"bref": "En bref", "constats": "Ce qui ressort", "lire": "Pour lire ces chiffres"}
METHOD_SUM_SHORT = "Parts et taux recalculés à partir des communes ; secret, absent et zéro ne sont jamais confondus."
METHOD_READING_SHORT = (
    "« Plus haut » ou « plus bas » : l'intervalle de confiance à 95 % exclut la valeur de comparaison ou, sans "
    "intervalle, l'écart atteint un cinquième d'écart-type entre communes de France."
)
LICENCES = "Licences :"
DOSING_NOTE = (
    "La part égale pour tous et la force du besoin sont des choix politiques : aucune étude ne les fixe. Le total "
    "est exact ; le détail par territoire est dans le rapport."
)
QUESTIONS = (
    "Ces constats ressemblent-ils à ce que vous voyez et entendez ici ?",
    "Par quoi commencer, et pour qui ?",
    "Quelle part des moyens pour tous, quelle part selon le besoin ?",
)
PRIORITIES_TITLE = "Question à trancher : ces priorités, et avec quels moyens ?"
DECISION_NOTE = (
    "Notez la décision et sa date : la page Livrables la reprend une fois inscrite dans le projet."
)
VOTE_NOTE = "Votes tels qu'ils ont été notés dans le projet, avec leur date."

# Where a figure comes from and what to be careful of, said by the speaker.
CAUTION = (
    "Prudence : un écart n'est pas une cause ; les petits effectifs varient d'une année à l'autre."
)


def findings_title(kind: str, count: int, of_place: str) -> str:
    """The message of a slide of findings, in one line."""
    if not count:
        return (
            "Aucun atout net ne ressort des données chargées"
            if kind == "atout"
            else "Aucune fragilité nette ne ressort des données chargées"
        )
    said = "plus favorables" if kind == "atout" else "moins favorables"
    one = "plus favorable" if kind == "atout" else "moins favorable"
    noun = f"{count_of(count, 'point')} {one if count < 2 else said}"
    return f"{noun} que les chiffres {of_place}"


def vote_sentence(vote: Vote) -> str:
    """« Le 3 mars 2026, à Cergy : accès aux soins (12 voix), logement (7 voix). »"""
    when = f"Le {french_date(vote.held_on)}" if vote.held_on else "Vote"
    where = f", {vote.where}" if vote.where else ""
    told = [
        f"{theme} ({number(count)} voix)"
        for theme, count in sorted(vote.priorities, key=lambda one: -one[1])
    ]
    return f"{when}{where} : {', '.join(told)}."


def silent_spots(subjects: Sequence[str]) -> str:
    """What no open figure tells and nobody has told yet."""
    named = joined([f"« {one} »" for one in subjects])
    return f"Ce qu'aucun chiffre ouvert ne dit, et que personne n'a encore dit : {named}. À recueillir."


def vintage_text(periods: Sequence[str]) -> str:
    """« Millésimes 2015 à 2024 », the years of the figures used."""
    years = sorted({part for period in periods for part in _years(str(period))})
    if not years:
        return "Aucun chiffre"
    return f"Millésime {years[0]}" if len(years) == 1 else f"Millésimes {years[0]} à {years[-1]}"


def _years(period: str) -> list[str]:
    return [part for part in period.replace("/", "-").split("-") if len(part) == 4]


def perimeter_sentence(label: str, communes: int, population: int, where: Sequence[str]) -> str:
    """What the perimeter is: communes, inhabitants, départements."""
    return (
        f"{label} : {count_of(communes, 'commune')}, {number(population)} habitants, "
        f"{joined(list(where))}."
    )


def comparator_sentence(of_place: str, share: float) -> str:
    """What everything is read beside, and how far both overlap."""
    said = f"Tous les écarts se lisent par rapport aux chiffres {of_place}."
    if share >= 0.05:
        said += (
            f" {number(100 * share)}{NARROW}% de ses habitants vivent dans le périmètre : les deux ne sont pas "
            "indépendants."
        )
    return said


def map_caption(label: str, period: str) -> str:
    """« Niveau de vie médian, 2023, commune par commune »."""
    return f"{label}, {period_text(period)}, commune par commune"


def map_alt(label: str, values: pd.Series, places: int, texts: Sequence[str], place: str) -> str:
    """What a map shows, for who does not see it: how many of its places, the two ends (``texts``).

    ``place``: what one of them is called.
    """
    if values.empty:
        return f"Carte des {place}s : {label}."
    return (
        f"Carte : {label}. {count_of(len(values), place)} sur {number(places)} avec un chiffre, "
        f"de {texts[0]} à {texts[1]}."
    )
