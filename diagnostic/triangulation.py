"""Figures beside words: what each source says of a theme, and whether they agree.

Nothing is guessed from a text: the person who writes an entry says whether it tells of something that
goes well, of a problem, or neither; figures speak by the tone that diagnostic.assessment gives them.
The rule (docs/diagnostic-partage.md) is ours: it proposes a reading only where every source leans one
way, and leaves the rest to those who meet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from diagnostic.records import Crossing, Entry, Reading

Stance = Literal["favorable", "defavorable", "neutre", "partage"]
Rule = Literal[
    "accord",
    "desaccord",
    "sans_chiffre",
    "sans_parole",
    "chiffres_neutres",
    "partage",
    "parole_neutre",
]
SPOKEN = frozenset({"verbatim", "observation"})
MEANS = frozenset({"action", "structure"})
RESIDENTS = "habitants"
_STANCES: dict[str, Stance] = {
    "va_bien": "favorable",
    "probleme": "defavorable",
    "ni_l_un_ni_l_autre": "neutre",
}


@dataclass(frozen=True)
class Subject:
    """What figures and words are about: a theme or a blind spot, or one indicator of a theme."""

    theme: str
    indicator: str | None = None


@dataclass(frozen=True)
class Row:
    """What each source says of a subject.

    ``figures``: None where nothing is measured. ``proposed``: what the rule says, None where it says
    nothing, for the reason ``rule``. ``chosen``: what was chosen instead.
    """

    subject: Subject
    figures: Stance | None
    entries: tuple[Entry, ...]
    proposed: Reading | None
    rule: Rule
    chosen: Crossing | None = None

    @property
    def reading(self) -> Reading | None:
        """The reading kept: the choice, else what the rule proposes."""
        return self.chosen.reading if self.chosen else self.proposed

    @property
    def actors(self) -> tuple[Entry, ...]:
        """Words and observations of professionals and elected people."""
        return tuple(one for one in spoken(self.entries) if one.source != RESIDENTS)

    @property
    def residents(self) -> tuple[Entry, ...]:
        """Words and observations of inhabitants."""
        return tuple(one for one in spoken(self.entries) if one.source == RESIDENTS)

    @property
    def means(self) -> tuple[Entry, ...]:
        """Existing actions and structures."""
        return tuple(one for one in self.entries if one.kind in MEANS)

    @property
    def questions(self) -> tuple[Entry, ...]:
        """Questions left open."""
        return tuple(one for one in self.entries if one.kind == "question")


def spoken(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """The entries that say how things go."""
    return tuple(one for one in entries if one.kind in SPOKEN)


def subject_of(entry: Entry) -> Subject:
    """What an entry is about."""
    return Subject(entry.theme, entry.indicator)


def crossing_id(subject: Subject) -> str:
    """Identifier of the reading of a subject: the same for two colleagues, whose choices then meet."""
    return stable_id("lecture", subject.theme, subject.indicator or "")


def stable_id(kind: str, *parts: str) -> str:
    """Identifier of a record of which there is one for each of ``parts``."""
    return f"{kind}-{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:16]}"


def leaning(stances: Iterable[Stance]) -> Stance | None:
    """Where several voices lean together: one way, neither, or both; None without any."""
    found = set(stances)
    if not found:
        return None
    ways = found & {"favorable", "defavorable"}
    if "partage" in found or len(ways) == 2:
        return "partage"
    return "favorable" if "favorable" in ways else "defavorable" if ways else "neutre"


def figures_stance(tones: Iterable[str]) -> Stance | None:
    """Where figures lean, from the tone of each one compared; None when none is."""
    return leaning(
        "favorable" if tone == "favorable" else "defavorable" if tone == "defavorable" else "neutre"
        for tone in tones
    )


def words_stance(entries: Iterable[Entry]) -> Stance | None:
    """Where words lean, as their authors said; None when nobody did."""
    return leaning(_STANCES[one.saying] for one in entries if one.saying is not None)


def propose(
    figures: Stance | None, actors: Stance | None, residents: Stance | None
) -> tuple[Reading | None, Rule]:
    """The reading that the rule proposes, and why.

    In this order: no figure, « non mesuré »; nobody spoke, nothing; figures without a direction or a
    difference, nothing; a source that leans both ways, nothing; words without a direction, nothing;
    every source that leans does so as the figures, « convergent »; else « divergent ».
    """
    heard = [one for one in (actors, residents) if one is not None]
    if figures is None:
        return "non_mesure", "sans_chiffre"
    if not heard:
        return None, "sans_parole"
    if "partage" in (figures, *heard):
        return None, "partage"
    if figures == "neutre":
        return None, "chiffres_neutres"
    ways = [one for one in heard if one != "neutre"]
    if not ways:
        return None, "parole_neutre"
    if all(one == figures for one in ways):
        return "convergent", "accord"
    return "divergent", "desaccord"


def triangulate(
    subjects: Sequence[Subject],
    figures: Mapping[Subject, Stance | None],
    entries: Sequence[Entry],
    crossings: Sequence[Crossing] = (),
) -> list[Row]:
    """One row a subject, in the order of ``subjects``; the others that an entry names come last.

    ``figures``: where the figures of a subject lean; a subject that is not there has none. Of two
    readings chosen for a subject, the last written counts.
    """
    chosen = {
        Subject(one.theme, one.indicator): one
        for one in sorted(crossings, key=lambda one: (one.written, one.id))
    }
    order = dict.fromkeys([*subjects, *map(subject_of, entries)])
    return [
        _row(
            subject,
            figures.get(subject),
            tuple(one for one in entries if subject_of(one) == subject),
            chosen.get(subject),
        )
        for subject in order
    ]


def _row(
    subject: Subject,
    figures: Stance | None,
    entries: tuple[Entry, ...],
    chosen: Crossing | None,
) -> Row:
    bare = Row(subject, figures, entries, None, "sans_parole", chosen)
    proposed, rule = propose(figures, words_stance(bare.actors), words_stance(bare.residents))
    return Row(subject, figures, entries, proposed, rule, chosen)
