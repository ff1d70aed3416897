"""The sentence grammar: a figure beside its comparator, said in French as the colours say it.

A sentence is made from the same columns as the colour: ``significance`` (plus haut, plus bas, non
différent), ``tone`` (favorable, defavorable, neutre) and the interval; none is decided here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pandas as pd

from views.observation import Reading, value_text
from views.text import LOCAL_MARK, NO_BREAK, number, quantity

# First word of an indicator's label: what goes before it, and whether that is feminine.
_NOUNS = {
    "Accessibilité": ("l'", True),
    "Allocataires": ("le nombre d'", False),
    "APL": ("l'", True),
    "Communes": ("le nombre de ", False),
    "Densité": ("la ", True),
    "Demandeurs": ("le nombre de ", False),
    "Décès": ("le nombre de ", False),
    "Entreprises": ("le nombre d'", False),
    "Espérance": ("l'", True),
    "Évolution": ("l'", True),
    "Foyers": ("le nombre de ", False),
    "Hébergements": ("le nombre d'", False),
    "Indice": ("l'", False),
    "Inscrits": ("le nombre d'", False),
    "Laboratoires": ("le nombre de ", False),
    "Maisons": ("le nombre de ", False),
    "Médiane": ("la ", True),
    "Mortalité": ("la ", True),
    "Naissances": ("le nombre de ", False),
    "Part": ("la ", True),
    "Participation": ("la ", True),
    "Patients": ("la part de ", True),
    "Personnes": ("le nombre de ", False),
    "Population": ("la ", True),
    "Premier": ("le ", False),
    "Quartiers": ("le nombre de ", False),
    "Rapport": ("le ", False),
    "Ratio": ("le ", False),
    "Services": ("le nombre de ", False),
    "Taux": ("le ", False),
    "Vaccination": ("la ", True),
}
HIGHER, LOWER, SAME = "plus haut", "plus bas", "non différent"
FAVOURABLE = "Sur ce point, la situation est plus favorable."
LESS_FAVOURABLE = "Sur ce point, la situation est moins favorable."
WITHOUT_INTERVAL = "Aucun intervalle de confiance n'existe : l'écart est jugé sur sa taille."


@dataclass(frozen=True)
class Subject:
    """How an indicator begins a sentence: « la part des moins de 20 ans », feminine singular."""

    text: str
    feminine: bool

    def agree(self, masculine: str, feminine: str) -> str:
        """The form of an adjective: « élevé » or « élevée »."""
        return feminine if self.feminine else masculine

    @property
    def pronoun(self) -> str:
        """« celle » or « celui », for what belongs to the comparator."""
        return self.agree("celui", "celle")

    @property
    def opening(self) -> str:
        """The same, at the beginning of a sentence."""
        return self.text[:1].upper() + self.text[1:]


def subject(label: str) -> Subject:
    """Subject of the sentences about the indicator ``label``.

    « Patients pris en charge : diabète » becomes « la part de patients pris en charge (diabète) ».
    A local label may begin with any word: it is quoted. Raises KeyError for another first word
    without an article here: every label is tried by a test.
    """
    first = label.split()[0]
    if first not in _NOUNS and label.endswith(LOCAL_MARK):
        said = label.removesuffix(LOCAL_MARK).rstrip()
        return Subject(f"l'indicateur « {said} » {LOCAL_MARK}", False)
    article, feminine = _NOUNS[first]
    noun = label if label[1:2].isupper() else label[:1].lower() + label[1:]
    head, _, aside = re.sub(r"\s*:\s*", ", ", noun).rpartition(", ")
    return Subject(f"{article}{head} ({aside})" if head else f"{article}{aside}", feminine)


def comparison_sentence(row: Any, about: Subject, reading: Reading, of_place: str) -> str:
    """One figure beside its comparator: verdict, both values, interval, what it means.

    ``row`` has value, low, high, state, numerator, denominator, other (value of the comparator),
    significance, tone, interval. ``of_place``: « du Val-d'Oise ». A figure without comparison is
    said alone; one that does not exist is said by its state, with the comparator's when it has one.
    """
    own = value_text(row, reading, short=False)
    if pd.isna(row.value) and _compared(row, reading):
        other = quantity(row.other, reading.unit, reading.decimals, signed=reading.signed)
        return f"{about.opening} : {own}. Valeur {of_place} : {other}."
    if pd.isna(row.value):
        return f"{about.opening} : {own}."
    if row.significance is None or pd.isna(row.significance):
        return f"{about.opening} : {own}, sans comparaison possible."
    other = quantity(row.other, reading.unit, reading.decimals, signed=reading.signed, short=True)
    verdict = _verdict(row.significance, about, of_place)
    parts = [f"{about.opening} {verdict} : {own}, contre {other}{_interval(row, reading)}."]
    if row.tone == "favorable":
        parts.append(FAVOURABLE)
    elif row.tone == "defavorable":
        parts.append(LESS_FAVOURABLE)
    if row.interval == "aucun":
        parts.append(WITHOUT_INTERVAL)
    return " ".join(parts)


def _compared(row: Any, reading: Reading) -> bool:
    """Whether the comparator has a figure that reads alone; a count or a category does not."""
    known = row.get("other") if isinstance(row, pd.Series) else getattr(row, "other", None)
    return pd.notna(known) and reading.kind in ("ratio", "mean", "median")


def verdict_text(row: Any) -> str:
    """The same reading in a few words, for a table: « plus haut, moins favorable »."""
    said = row.significance if row.significance in (HIGHER, LOWER) else "pas de différence établie"
    meaning = {"favorable": ", plus favorable", "defavorable": ", moins favorable"}
    basis = " (sans intervalle)" if row.interval == "aucun" else ""
    return f"{said}{meaning.get(row.tone, '')}{basis}"


def uncertain_sentence(row: Any, about: Subject, reading: Reading, of_place: str) -> str:
    """A gap that would matter, but that the numbers of people are too small to establish."""
    other = quantity(row.other, reading.unit, reading.decimals, signed=reading.signed, short=True)
    return (
        f"{about.opening} s'écarte peut-être de {about.pronoun} {of_place} : "
        f"{value_text(row, reading, short=False)}, contre {other}{_interval(row, reading)}. "
        "Les effectifs sont trop petits pour conclure."
    )


def gradient_sentence(
    most: float, least: float, about: Subject, reading: Reading, axis: str, usual: bool
) -> str:
    """The gap between the most and the least disadvantaged communes of a perimeter.

    ``most``, ``least``: values of the two groups; ``axis``: « niveau de vie médian »; ``usual``:
    whether the most disadvantaged have the less favourable level.
    """

    def said(value: float) -> str:
        return quantity(value, reading.unit, reading.decimals, signed=reading.signed, short=True)

    where = "moins" if usual else "plus"
    return (
        f"{about.opening} est de {said(most)} dans les communes les moins favorisées du périmètre "
        f"({axis}), et de {said(least)} dans les plus favorisées. La situation y est {where} "
        "favorable dans les premières. C'est un écart entre communes, pas entre personnes."
    )


def _verdict(significance: str, about: Subject, of_place: str) -> str:
    if significance == SAME:
        return f"ne se distingue pas de {about.pronoun} {of_place}"
    word = about.agree("élevé", "élevée") if significance == HIGHER else about.agree("bas", "basse")
    return f"est plus {word} que {about.pronoun} {of_place}"


def _interval(row: Any, reading: Reading) -> str:
    if row.interval == "aucun" or pd.isna(row.low) or pd.isna(row.high):
        return ""
    low = number(row.low, reading.decimals, signed=reading.signed)
    high = quantity(row.high, reading.unit, reading.decimals, signed=reading.signed, short=True)
    return f" (intervalle de confiance à 95{NO_BREAK}% : de {low} à {high})"
