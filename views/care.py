"""Words and tables of « Accès aux soins »: professions, kinds of care, distances, zoning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import pandas as pd

from views.text import NO_BREAK, count_of, number, percent

ZONING_MARK = 2.5
UNDER_TITLE = "Sous 2,5 consultations"
OLDER_TITLE = "Les médecins de plus de 65 ans"
OLDER_RULE = (
    "La série de la DREES compte les médecins de 65 ans ou moins ; le titre de son classeur dit "
    "« moins de 65 ans ». Tous ne partent pas à cet âge. C'est une part de l'accès, non du nombre de médecins."
)
MARK_RULE = (
    "2,5 consultations est un repère utilisé par un arrêté de zonage, celui du 13 novembre 2017 et ses "
    "suites : une règle pour répartir des aides, pas une norme clinique. Être sous ce repère ne dit pas "
    "qu'une commune est en zone d'intervention prioritaire (ZIP) : seule la liste officielle le dit."
)
STRAIGHT_LINE = (
    "Distances à vol d'oiseau, d'un point intérieur de la commune (à Paris, Lyon et Marseille, de "
    "l'arrondissement quand il est choisi) au site, ou au point de la commune qui le porte : ni la route, ni "
    "le relief, ni les horaires d'un bus. Par la route, c'est souvent un tiers de plus, davantage en relief. "
    "« 0 km » : sur place. « Au plus » : un site plus proche est possible, dans une commune voisine dont les "
    "équipements ne sont pas chargés."
)
SITES_NOT_SUPPLY = (
    "Un site n'est ni une capacité ni un temps de présence : une pharmacie ouverte et un cabinet qui ne "
    "prend plus de patients comptent pareil."
)
ABROAD = (
    "Département frontalier : ni les soins ni les habitants du pays voisin n'ont de chiffres ici, ils ne sont "
    "pas comptés. Plus la frontière est proche, moins l'estimation est sûre."
)
# Départements that touch another country.
FRONTIER = frozenset(
    {
        "01", "02", "04", "05", "06", "08", "09", "25", "31", "39", "54", "55", "57", "59", "64", "65",
        "66", "67", "68", "73", "74", "90", "973",
    }
)  # fmt: skip
NO_APL_HERE = "La DREES ne publie pas d'APL pour Mayotte ni pour les collectivités d'outre-mer."
# Départements and collectivités without any published APL.
WITHOUT_APL = frozenset({"975", "976", "977", "978", "984", "986", "987", "988", "989"})
THRESHOLDS = (5.0, 10.0, 20.0)
_ZIP, _ZAC = "ZIP", "ZAC"


@dataclass(frozen=True)
class Profession:
    """A profession whose accessibility the DREES publishes; ``supply``: its density indicator."""

    id: str
    label: str
    singular: str
    apl: str
    supply: str

    def counted(self, count: float) -> str:
        """« 1 médecin généraliste », « 4 médecins généralistes »."""
        return count_of(int(count), self.singular, self.label.lower())


PROFESSIONS: Mapping[str, Profession] = {
    one.id: one
    for one in (
        Profession(
            "generalistes",
            "Médecins généralistes",
            "médecin généraliste",
            "apl_medecins_generalistes",
            "densite_medecins_generalistes",
        ),
        Profession("infirmiers", "Infirmiers", "infirmier", "apl_infirmiers", "densite_infirmiers"),
        Profession(
            "kinesitherapeutes",
            "Masseurs-kinésithérapeutes",
            "masseur-kinésithérapeute",
            "apl_masseurs_kinesitherapeutes",
            "densite_masseurs_kinesitherapeutes",
        ),
        Profession(
            "dentistes",
            "Chirurgiens-dentistes",
            "chirurgien-dentiste",
            "apl_chirurgiens_dentistes",
            "densite_chirurgiens_dentistes",
        ),
        Profession(
            "sages_femmes", "Sages-femmes", "sage-femme", "apl_sages_femmes", "densite_sages_femmes"
        ),
    )
}
UNDER_65 = "apl_medecins_generalistes_65_ans_ou_moins"
UNDER_65_LABEL = "Médecins généralistes de 65 ans ou moins"
UNDER_MARK = "part_population_apl_moins_2_5"
TWENTY_MINUTES = "part_eloignee_soins_proximite"

# Kinds of care counted by commune in the BPE: indicator -> what is looked for.
FACILITIES: Mapping[str, str] = {
    "densite_medecins_generalistes": "Médecin généraliste",
    "densite_infirmiers": "Infirmier",
    "densite_masseurs_kinesitherapeutes": "Masseur-kinésithérapeute",
    "densite_chirurgiens_dentistes": "Chirurgien-dentiste",
    "densite_sages_femmes": "Sage-femme",
    "densite_orthophonistes": "Orthophoniste",
    "densite_psychologues": "Psychologue",
    "densite_pharmacies": "Pharmacie",
    "maisons_sante": "Maison de santé",
    "laboratoires_biologie": "Laboratoire d'analyses",
}


@dataclass(frozen=True)
class SiteKind:
    """A plain category of FINESS sites: codes of the national table, name in the extract."""

    id: str
    label: str
    codes: frozenset[str] = frozenset()
    extract: str = ""


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


# FINESS categories of establishments that are plainly one of these; the rest is « autre ». The last
# two are those of the extract that mix several: they are never read as one of the others.
SITE_KINDS: tuple[SiteKind, ...] = (
    SiteKind("pharmacie", "Pharmacie", _codes("620 627 628 629 641"), "pharmacies"),
    SiteKind("laboratoire", "Laboratoire de biologie médicale", _codes("610 611 612")),
    SiteKind(
        "ville", "Maison de santé, centre de santé, soins non programmés", _codes("124 603 617 618")
    ),
    SiteKind(
        "hopital",
        "Hôpital ou clinique",
        _codes("101 106 109 114 115 122 128 129 131 355 362 365"),
    ),
    SiteKind(
        "psychiatrie",
        "Soins psychiatriques ou psychologiques",
        _codes("156 161 221 292 366 412 425 430 444"),
    ),
    SiteKind("dialyse", "Centre de dialyse", _codes("141 146")),
    SiteKind(
        "prevention",
        "Prévention, santé sexuelle, addictions",
        _codes(
            "142 143 178 197 223 224 228 230 231 266 267 268 269 347 636 637 638 645 646 649 700 701 702 703"
        ),
    ),
    SiteKind("domicile", "Soins ou aide à domicile (bureau)", _codes("127 209 354 422 460 640")),
    SiteKind(
        "age", "Établissement pour personnes âgées", _codes("202 207 381 500 501 502"), "ehpad"
    ),
    SiteKind(
        "handicap",
        "Établissement ou service pour personnes handicapées",
        _codes(
            "182 183 186 188 189 190 192 194 195 196 198 238 246 247 249 252 253 255 370 377 379 382 390 395 "
            "396 402 437 445 446 448 449 464 609"
        ),
        "handicap",
    ),
    SiteKind("ville-large", "Laboratoire, maison de santé ou de garde (mêlés)", extract="medecins"),
    SiteKind(
        "hopital-large", "Hôpital, psychiatrie, dialyse, imagerie (mêlés)", extract="hopitaux"
    ),
)
OTHER_SITE = SiteKind("autre", "Autre établissement ou service")


def site_kinds(sites: pd.DataFrame) -> pd.Series:
    """Plain category of each site (identifier), from its code, else from the extract's name."""
    by_code = {code: kind.id for kind in SITE_KINDS for code in kind.codes}
    by_name = {kind.extract: kind.id for kind in SITE_KINDS if kind.extract}
    found = sites["category_code"].map(by_code)
    return found.fillna(sites["category"].map(by_name)).fillna(OTHER_SITE.id)


def km_text(km: float, *, exact: bool) -> str:
    """« 0 km », « 4,2 km », « 12,0 km au plus »; a dash when nothing is known.

    « At most » beyond the last threshold says nothing.
    """
    if pd.isna(km) or (not exact and km > THRESHOLDS[-1]):
        return "–"
    text = f"{number(km, 1 if km else 0)}{NO_BREAK}km"
    return text if exact or not km else f"{text} au plus"


def beyond_text(sure: float, unsure: float, total: float) -> str:
    """« 1 240 (5,1 %) », « de 1 240 à 3 000 » when some distances are only a most."""
    if not unsure:
        return f"{number(sure)} ({percent(sure / total if total else None)})"
    return f"de {number(sure)} à {number(sure + unsure)}"


def mark_sentence(
    below: int,
    places: int,
    people: float,
    total: float,
    period: str,
    *,
    official: bool,
    place: str = "commune",
) -> str:
    """Inhabitants of places whose APL is under the mark; ``official``: total population.

    ``place``: what one of them is called.
    """
    basis = "population totale" if official else "population municipale"
    if places == 1:
        side = "inférieure" if below else "supérieure ou égale"
        return f"En {period}, l'APL aux généralistes est {side} à 2,5 consultations par an."
    if not below:
        return (
            f"En {period}, l'APL aux généralistes est d'au moins 2,5 consultations par an et par habitant "
            f"dans les {count_of(places, place)} où elle est connue."
        )
    live = "vit" if people < 2 else "vivent"
    return (
        f"En {period}, {count_of(round(people), 'habitant')} sur {number(total)} "
        f"({percent(people / total)}, {basis}) {live} dans "
        f"{count_of(below, place)} sur {number(places)} où l'APL aux généralistes est inférieure "
        "à 2,5 consultations par an."
    )


def older_sentence(apl: float, under_65: float, period: str) -> str:
    """What the access owes to doctors over 65."""
    if apl <= 0:
        return "L'APL est nulle : la part des médecins de plus de 65 ans n'a pas de sens."
    older = round(max(1 - under_65 / apl, 0.0), 2)
    return (
        f"En {period}, {percent(1 - older, 0)} de l'accès aux généralistes tient à des médecins de 65 ans ou "
        f"moins, et {percent(older, 0)} à des médecins plus âgés, qui peuvent bientôt partir : sans eux, l'APL "
        f"serait de {number(under_65, 2)} au lieu de {number(apl, 2)}."
    )


def zoning_sentence(classes: pd.Series, places: int, period: str, place: str = "commune") -> str:
    """Places of the perimeter by class of the official zoning, as it is listed.

    ``place``: what one of them is called.
    """
    zip_count = int(classes.str.contains(_ZIP).sum())
    zac_count = int((classes.str.contains(_ZAC) & ~classes.str.contains(_ZIP)).sum())
    rest = len(classes) - zip_count - zac_count
    parts = [
        f"{count_of(zip_count, place)} en zone d'intervention prioritaire (ZIP)",
        f"{number(zac_count)} en zone d'action complémentaire (ZAC)",
        f"{number(rest)} dans une autre classe",
    ]
    missing = places - len(classes)
    unknown = f" ; {count_of(missing, place)} sans classe" if missing else ""
    when = f" ({period})" if period else ""
    return f"Zonage des médecins généralistes{when} : {', '.join(parts)}{unknown}."


NO_ZONING = (
    "Le zonage officiel (ZIP, ZAC) n'est pas chargé, et Gradient ne le recalcule jamais d'après l'APL : "
    "il dépend aussi d'un choix de l'agence régionale de santé (ARS). Sur la page Données, chargez "
    "« CartoSanté, demandes directes au site », ou lisez l'arrêté de votre ARS."
)
NO_TWENTY_MINUTES = (
    "La part des habitants à plus de 20 minutes de route d'un service de santé de proximité n'est pas "
    "chargée : sur la page Données, chargez « Observatoire des territoires »."
)
NO_TWENTY_MINUTES_HERE = (
    "La part des habitants à plus de 20 minutes de route d'un service de santé de proximité n'est pas publiée "
    "pour ce territoire : la source ne connaît que des communes entières."
)
NEAR_FRONTIER = (
    "Près d'une frontière, un site plus proche peut se trouver dans le pays voisin, dont les soins n'ont pas "
    "de chiffres ici."
)
NO_SITES = (
    "Aucun site FINESS (pharmacies, hôpitaux, établissements) n'est chargé autour de ce périmètre : sur "
    "la page Données, chargez « Établissements sanitaires, médico-sociaux et pharmacies »."
)
PARTIAL_SITES = (
    "Les sites FINESS (pharmacies, hôpitaux, établissements) ne sont pas chargés pour tout ce périmètre : le "
    "plus proche connu ne serait pas le plus proche. Sur la page Données, chargez « Établissements "
    "sanitaires, médico-sociaux et pharmacies »."
)
NO_APL_OTHERS = "classeur « APL » de la DREES de cette profession, page Données"


def distance_sentence(label: str, km: pd.Series, places: int, place: str, *, own: bool) -> str:
    """A map of distances in a sentence: how many have one at home, how far it is for the others.

    ``km``: the known distances, « at most » included; ``places``: how many there are, of which
    ``place`` is the name; ``own``: 0 means « at home ».
    """
    away = km[km > 0] if own else km
    said = []
    if own:
        said.append(f"{HOME[place]} même pour {number(len(km) - len(away))} sur {number(places)}")
    if len(away):
        low, high = number(away.min(), 1), number(away.max(), 1)
        spread = f"de {low} à {high}" if low != high else f"à {low}"
        said.append(f"{'ailleurs, ' if own else ''}{spread}{NO_BREAK}km à vol d'oiseau")
    unknown = places - len(km)
    if unknown:
        said.append(f"distance inconnue pour {count_of(unknown, place)}")
    return f"{label}, au plus proche : {' ; '.join(said)}."


def far_sentence(share: float, population: int) -> str:
    """People behind a share (%) that is itself approximate: two digits are all they are worth."""
    people = share / 100 * population
    if people < 10:
        return "Presque personne n'est dans ce cas."
    step = 10.0 ** (len(str(int(people))) - 2)
    return f"Cela fait environ {number(step * round(people / step))} habitants."


# « dans la commune », as the distances call what is at 0 km.
HOME: Mapping[str, str] = {
    "commune": "dans la commune",
    "arrondissement": "dans l'arrondissement",
    "territoire": "dans le territoire",
}


def distance_labels(thresholds: Sequence[float], *, own: bool, place: str = "commune") -> list[str]:
    """Labels of the classes of a map of distances; ``own``: the first is « in the commune »."""
    first = [HOME[place]] if own else []
    middle = [f"jusqu'à {number(thresholds[0])} km"] + [
        f"de {number(low)} à {number(high)} km" for low, high in pairwise(thresholds)
    ]
    return [*first, *middle, f"plus de {number(thresholds[-1])} km"]
