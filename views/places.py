"""Names of territories inside a sentence: « du Val-d'Oise », « de la France », « des Ardennes »."""

from __future__ import annotations

import re

# Départements and régions by the article French gives them; the others take none (« de Paris »).
_DEPARTEMENTS = {
    "de l'": "01 02 03 07 09 10 11 12 27 28 34 35 36 37 38 60 61 89 91",
    "du ": "14 15 18 25 29 30 32 39 41 45 46 47 49 56 59 62 63 67 68 69 81 82 83 84 90 94 95",
    "de la ": "16 17 19 21 23 24 26 2A 2B 31 33 42 43 44 48 50 51 52 53 54 55 57 58 70 71 72 73 "
    "74 76 77 80 85 86 87 93 971 972 973",
    "des ": "04 05 06 08 13 22 40 64 65 66 78 79 88 92",
}
_REGIONS = {
    "de l'": "11 76 84",
    "du ": "24 44",
    "de la ": "01 02 03 27 28 53 75 93 94",
    "des ": "32 52",
}
_OF = {
    (level, code): article
    for level, articles in (("departement", _DEPARTEMENTS), ("region", _REGIONS))
    for article, codes in articles.items()
    for code in codes.split()
}
_VOWELS = "AEIOUYÉÈÊÎÔ"


def of_place(level: str, code: str, name: str) -> str:
    """« du Val-d'Oise », « de l'Occitanie », « de Paris », « de la France »: what belongs to a place.

    A territory without an article of its own is named between quotes: « de « CA de Cergy » ».
    """
    if level == "france":
        return "de la France métropolitaine" if code == "FM" else "de la France"
    if level in ("departement", "region"):
        return f"{_OF.get((level, code), _plain(name))}{name}"
    if level == "commune":
        return of_name(name)
    arm = re.fullmatch(r"(.+) (\d+er?) Arrondissement", name) if level == "arm" else None
    if arm:
        return f"du {arm[2]} arrondissement {of_name(arm[1])}"
    if level == "epci":
        return f"de l'intercommunalité « {name} »"
    return f"de « {name} »"


def of_name(name: str) -> str:
    """« de Cergy », « d'Osny », « du Havre », « des Ulis », « de La Rochelle »: a commune's name."""
    if name.startswith("Le "):
        return f"du {name[3:]}"
    if name.startswith("Les "):
        return f"des {name[4:]}"
    return f"{_plain(name)}{name}"


def at_name(name: str) -> str:
    """« à Cergy », « au Havre », « aux Ulis », « à La Rochelle »: in a commune."""
    if name.startswith("Le "):
        return f"au {name[3:]}"
    if name.startswith("Les "):
        return f"aux {name[4:]}"
    return f"à {name}"


def _plain(name: str) -> str:
    return "d'" if name[:1].upper() in _VOWELS else "de "
