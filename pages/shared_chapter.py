"""The shared diagnosis in documents: its section, its slides."""

from __future__ import annotations

from diagnostic.swot import unclaimed, voices
from pages.composing import Asked
from pages.project import current_project
from pages.shared_diagnosis import (
    SharedDiagnosis,
    reasons_of,
    shared_diagnosis,
    squares_of,
)
from views.livrables.model import (
    Block,
    Bullets,
    Heading,
    Note,
    Paragraph,
    Slide,
    plain,
    table_of,
)
from views.livrables.words import (
    ASK,
    DECISION_NOTE,
    HANDOUT_NOTE,
    PRIORITIES_TITLE,
    QUESTIONS,
    VOTE_NOTE,
    silent_spots,
    vote_sentence,
)
from views.shared_diagnosis import (
    EMPTY_SECTION,
    FOUND_ON_NOTHING,
    NO_VOTE,
    NOTHING_PLACED,
    QUADRANT_TITLES,
    RULE_TEXT,
    SHARES,
    SLIDE_NOTE,
    TREND_CAUTION,
    crossing_frame,
    crossing_sentence,
    few,
    slide_line,
    vote_text,
    votes_text,
)
from views.text import number

# What a slide holds of what was said: subjects, labels of a square, priorities.
MOST_LINES, MOST_LABELS, MOST_PRIORITIES = 3, 2, 5


def shared_of(asked: Asked) -> SharedDiagnosis:
    """The shared diagnosis of the project, beside the comparator of the document."""
    return shared_diagnosis(
        asked.found, asked.comparator, asked.frame, asked.standing, current_project()
    )


def shared_blocks(asked: Asked) -> list[Block]:
    """Triangulation, blind spots, AFOM, priorities; what nobody spoke of is still listed."""
    shared = shared_of(asked)
    spoken = [line for line in shared.lines if line.spoken]
    silent = [line.subject for line in shared.spots if not line.spoken]
    if not spoken:
        return [Paragraph(EMPTY_SECTION), Note(silent_spots(silent)), *priorities(shared)]
    lines = [line for line in shared.lines if line.spoken or line in shared.themes]
    frame = crossing_frame(lines)
    caption = f"Chiffres et paroles, par rapport à : {asked.comparator.name}"
    return [
        Paragraph(crossing_sentence(shared.lines), strong=True),
        table_of(frame, caption, shares=SHARES),
        *([Note(silent_spots(silent))] if silent else []),
        Note(plain(RULE_TEXT).replace("\n\n", " ")),
        *squares(shared),
        *priorities(shared),
    ]


def squares(shared: SharedDiagnosis) -> list[Block]:
    """Strengths, weaknesses, opportunities, threats."""
    blocks: list[Block] = []
    found = squares_of(shared)
    for name, title in QUADRANT_TITLES.items():
        texts = tuple(one.text for one in found[name])
        blocks += [Heading(title), Bullets(texts) if texts else Paragraph(NOTHING_PLACED)]
    if any(one.origin == "tendance" for one in shared.elements):
        blocks.append(Note(TREND_CAUTION))
    return blocks


def priorities(shared: SharedDiagnosis) -> list[Block]:
    """The priorities kept, with their reasons and their votes; nothing without any."""
    blocks: list[Block] = []
    for priority in shared.project.priorities:
        reasons = [one for told in reasons_of(priority, shared) for one in told]
        reasons = [*([priority.reason] if priority.reason else []), *reasons]
        votes = votes_text(voices([priority.title], shared.project.votes)) or NO_VOTE
        blocks += [
            Paragraph(priority.title, strong=True),
            Bullets((*(reasons or [FOUND_ON_NOTHING]), votes)),
        ]
    return [Heading("Priorités retenues"), *blocks] if blocks else []


def voices_slide(asked: Asked) -> Slide | None:
    """What people say beside figures, then the four squares; None when nobody said anything.

    The slide holds the first of each; all of them are in the notes of the speaker.
    """
    shared = shared_of(asked)
    spoken = [line for line in shared.lines if line.spoken]
    if not spoken:
        return None
    said = [slide_line(line) for line in spoken]
    found = squares_of(shared)
    placed = any(one.origin == "parole" for texts in found.values() for one in texts)
    labels = {title: [one.label for one in found[name]] for name, title in QUADRANT_TITLES.items()}
    squares_shown, squares_told = (
        [f"{title} : {few(texts, most or len(texts))}" for title, texts in labels.items() if placed]
        for most in (MOST_LABELS, None)
    )
    left = len(said) - MOST_LINES
    more: list[Block] = [Note(f"Et {number(left)} de plus dans les notes.")] if left > 0 else []
    return Slide(
        crossing_sentence(shared.lines).rstrip("."),
        (Bullets((*said[:MOST_LINES], *squares_shown)), *more),
        " ".join((SLIDE_NOTE, *said, *(f"{one}." for one in squares_told))),
    )


def priority_lines() -> list[str]:
    """The priorities kept and what was voted, with the days; nothing before any."""
    project = current_project()
    names = [one.title for one in project.priorities]
    if not names:
        return [vote_sentence(one) for one in project.votes]
    said = [f"{name} : {votes_text(voices([name], project.votes)) or NO_VOTE}" for name in names]
    others = unclaimed(names, project.votes)
    return said + [f"{name} : {vote_text(vote, count)}" for name, count, vote in others]


def question_slide(asked: Asked) -> Slide:
    """What the meeting has to settle, after the priorities already told if any."""
    told = priority_lines()
    if not told:
        return Slide(ASK, (Bullets(QUESTIONS), Note(HANDOUT_NOTE)), DECISION_NOTE, "reunion")
    left = len(told) - MOST_PRIORITIES
    more: list[Block] = [Note(f"Et {number(left)} de plus dans les notes.")] if left > 0 else []
    return Slide(
        PRIORITIES_TITLE,
        (Bullets(tuple(told[:MOST_PRIORITIES])), *more, Paragraph(QUESTIONS[-1])),
        " ".join((VOTE_NOTE, *told, DECISION_NOTE)),
        "reunion",
    )
