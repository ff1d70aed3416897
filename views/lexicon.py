"""Words that Gradient never writes about a place or the people who live there.

Ranking small areas, blaming or frightening their inhabitants makes a diagnosis harder to share and
targeting harder to accept (ARS Île-de-France, evaluation of the contrats locaux de santé, 2018).
"""

from __future__ import annotations

import re

# Whole words or beginnings of words; accents and case count as written.
REFUSED = (
    r"pires?\b",
    r"meilleure? commune",
    r"mauvais(?:es?)?\b",
    r"ghettos?\b",
    r"cancres?\b",
    r"bonnets? d.âne",
    r"palmarès",
    r"classements?\b",
    r"derni(?:er|ère)s? (?:de la classe|du département|de France)",
    r"assist(?:és|anat)\b",
    r"cas soc",
    r"zones? de non.droit",
    r"quartiers? sensibles?",
    r"quartiers? difficiles?",
    r"population(?:s)? à problèmes?",
    r"en retard\b",
    r"arriéré",
    r"défaillant",
    r"indigent",
    r"fléau",
    r"explos(?:e|ion|if)",
    r"alarmant",
    r"catastroph",
    r"désertifi",
    r"sinistré",
)
_REFUSED = re.compile("|".join(rf"\b{word}" for word in REFUSED), re.IGNORECASE)


def refused_words(text: str) -> list[str]:
    """Words of ``text`` that the lexicon refuses, in order; empty when there is none."""
    return [found.group(0) for found in _REFUSED.finditer(text)]
