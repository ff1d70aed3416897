"""Words, tables and squares of the shared diagnosis: what figures, professionals and inhabitants say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from diagnostic.records import Entry, Quadrant, Reading, Saying, Vote
from diagnostic.trend import INCREASING
from diagnostic.triangulation import MEANS, SPOKEN, Row, Rule
from views.sentences import Subject as About
from views.text import NO_BREAK, count_of, escape_html, joined, number, period_text

KINDS = {
    "verbatim": "Parole entendue",
    "observation": "Observation",
    "action": "Action existante",
    "structure": "Structure ou ressource",
    "question": "Question",
}
SOURCES = {"habitants": "Habitants", "professionnels": "Professionnels", "elus": "Élus"}
SAYINGS: dict[Saying, str] = {
    "va_bien": "Ça va bien",
    "probleme": "C'est un problème",
    "ni_l_un_ni_l_autre": "Ni l'un ni l'autre",
}
READINGS: dict[Reading, str] = {
    "convergent": "Convergent",
    "divergent": "Divergent",
    "non_mesure": "Non mesuré",
}
QUADRANT_TITLES: dict[Quadrant, str] = {
    "atout": "Atouts",
    "faiblesse": "Faiblesses",
    "opportunite": "Opportunités",
    "menace": "Menaces",
}
NOWHERE = "Ne pas garder"
_SIGNS = {"convergent": "=", "divergent": "≠", "non_mesure": "?"}
_TO_GATHER, _OPEN = "À recueillir", "À décider ensemble"
_RULES: dict[Rule, str] = {
    "accord": "Les paroles vont dans le sens des chiffres.",
    "desaccord": "Au moins une source dit le contraire des chiffres.",
    "sans_chiffre": "Aucun chiffre chargé ne le dit.",
    "sans_parole": "Personne n'a encore dit si cela va bien ou non.",
    "chiffres_neutres": "Les chiffres ne montrent ni écart établi ni sens favorable ou défavorable.",
    "partage": "Une source dit les deux à la fois.",
    "parole_neutre": "Les paroles ne disent ni que cela va bien, ni que c'est un problème.",
}
CHOSEN = "Lecture choisie par le groupe."

INTRODUCTION = (
    "Les chiffres ne disent qu'une partie d'un territoire. Notez ici ce que disent les **habitants**, les "
    "**professionnels** et les **élus**, ce qui **existe déjà** et les **questions** qui restent : la page "
    "les met en regard des chiffres, montre ce que personne ne mesure, et garde les priorités avec leurs "
    "raisons."
)
EMPTY = (
    "Rien n'est encore noté. Commencez par une phrase entendue en atelier : dites de quoi elle parle et si, "
    "pour la personne, cela va bien ou pose problème. Elle apparaît aussitôt dans la triangulation."
)
NO_NAMES = (
    "Aucune donnée personnelle : pas de nom, d'adresse, de téléphone ni de détail qui fasse reconnaître "
    "quelqu'un. Gradient refuse ce qu'il reconnaît, il ne reconnaît pas tout : relisez."
)
RULE_TEXT = (
    "**Ce que dit chaque source.** Les chiffres sont plus ou moins favorables que le territoire de "
    "comparaison, comme sur la page Ce qui ressort. Une parole dit ce que son auteur en dit : « ça va "
    "bien », « c'est un problème » ou « ni l'un ni l'autre ». Rien n'est deviné d'après les mots.\n\n"
    "**Convergent** : toutes les sources penchent du même côté que les chiffres. **Divergent** : au moins "
    "une penche de l'autre. **Non mesuré** : aucun chiffre ouvert. Dans les autres cas (personne n'a "
    "parlé, chiffres sans écart établi, source qui dit les deux), la règle ne propose rien : c'est au "
    "groupe de décider. Une divergence n'est pas une erreur : c'est souvent ce qu'il y a de plus utile à "
    "discuter."
)
AFOM_TEXT = (
    "**AFOM** : atouts, faiblesses, opportunités, menaces. Les atouts et faiblesses viennent des constats "
    "chiffrés et de ce qui a été noté ; les opportunités et menaces, des évolutions démontrées et de ce que "
    "vous y placez. Rien d'autre n'est ajouté. Un chiffre ne change pas de case : il se garde ou s'écarte. "
    "Une parole se place où vous voulez."
)
NO_TREND = (
    "Aucune évolution n'est démontrée dans les données chargées : il faut au moins huit périodes "
    "indépendantes. Les opportunités et les menaces viennent donc de ce que vous y placez."
)
TREND_CAUTION = "Une évolution n'est pas l'effet d'une action."
PRIORITIES_TEXT = (
    "Une priorité se décide ensemble : le tableau rassemble ce qui peut la fonder, il ne classe rien. "
    "Retenez une priorité avec ses raisons, puis notez le vote du groupe."
)
NOT_LOADED = (
    "Aucun chiffre dans les données chargées ; la page Données dit lesquels peuvent l'être."
)
NO_VOTE = "Pas encore de vote."
NOTHING_PLACED = "Rien n'y est placé."
FOUND_ON_NOTHING = "Sans raison écrite : dites sur quoi elle s'appuie."
EMPTY_SECTION = (
    "Aucune parole, aucune action ni aucune question n'est encore notée : ce document ne dit que ce que "
    "disent les chiffres."
)
SLIDE_NOTE = (
    "Ce que des personnes ont dit, tel que le groupe l'a noté, à côté de ce que disent les chiffres. Rien "
    "n'est deviné d'après les mots. Une divergence se discute, elle ne se corrige pas."
)
SHARES = (15.0, 25.0, 20.0, 20.0, 20.0)
LOST_ELEMENT = "Constat qui n'apparaît plus avec ces données ou ce territoire de comparaison."
LOST_ENTRY = "Note retirée depuis."
WITHHELD = (
    "Cette note semble contenir {what} : corrigez-la ou retirez-la. Elle n'est pas écrite dans les "
    "documents."
)

STYLE = """
<style>
.crossing { width: 100%; border-collapse: collapse; font-size: .95rem; table-layout: fixed; }
.crossing caption { text-align: left; padding: .2rem 0 .5rem; color: #3d4752; }
.crossing th, .crossing td { padding: .45rem .6rem; border-bottom: 1px solid #d9dee5; text-align: left;
  vertical-align: top; overflow-wrap: anywhere; }
.crossing thead th { font-weight: 600; background: #eef1f4; }
.crossing tbody th { font-weight: 600; }
.crossing tr.part th { font-weight: 400; padding-left: 1.4rem; }
.crossing td.faint { color: #56616d; }
.crossing p { margin: 0 0 .4rem; }
.crossing p:last-child { margin: 0; }
.crossing .by { color: #4a545f; font-size: .86rem; }
.verdict { display: inline-block; padding: .05rem .5rem; border-radius: 3px; border: 1px solid #8792a0;
  background: #fff; font-weight: 600; }
.verdict.convergent { background: #cfe0f5; border-color: #1f5fa8; }
.verdict.divergent { background: #fbdcbd; border-color: #c05a00; }
.verdict.non_mesure { background: #eef1f4; border-style: dashed; }
.afom { display: grid; grid-template-columns: 1fr 1fr; gap: .8rem; }
.afom section { border: 1px solid #c9d0d8; border-top: 4px solid #5b6673; border-radius: 4px;
  padding: .5rem .9rem .7rem; }
.afom section.atout { border-top-color: #1f5fa8; }
.afom section.opportunite { border-top: 4px dashed #1f5fa8; }
.afom section.faiblesse { border-top-color: #c05a00; }
.afom section.menace { border-top: 4px dashed #c05a00; }
.afom h3 { font-size: 1.1rem; margin: 0 0 .3rem; padding: 0; }
.afom ul { margin: 0; padding-left: 1.1rem; }
.afom li { margin: .25rem 0; overflow-wrap: anywhere; }
.afom .by { color: #4a545f; font-size: .86rem; }
.note-text { white-space: pre-line; overflow-wrap: anywhere; margin: 0; font-size: 1.02rem; }
.note-by { color: #4a545f; font-size: .88rem; margin: .15rem 0 0; }
@media (max-width: 900px) { .afom { grid-template-columns: 1fr; } }
@media print { .crossing tr, .afom section { page-break-inside: avoid; } }
</style>
"""
OLDEST = date(1950, 1, 1)
_BLIND_SHARES = (18.0, 24.0, 24.0, 17.0, 17.0)
HEADINGS = (
    "Sujet",
    "Ce que disent les chiffres",
    "Professionnels et élus",
    "Habitants",
    "Lecture",
)
BLIND_HEADINGS = (
    "Sujet",
    "Pourquoi aucun chiffre ne le dit",
    "Qui peut le dire",
    "Professionnels et élus",
    "Habitants",
)


@dataclass(frozen=True)
class Said:
    """A note as it is written: its text, who and where, ``kind`` when it is not a word."""

    text: str
    by: str
    kind: str

    @property
    def line(self) -> str:
        """The note in one line, for files: « Trop loin » (habitants, Cergy)."""
        return f"{quoted(self)}{f' ({self.by})' if self.by else ''}"


@dataclass(frozen=True)
class Line:
    """A row of the triangulation, written.

    ``part``: an indicator, under its theme. ``who``: for a blind spot, who could tell.
    """

    subject: str
    figures: str
    actors: tuple[Said, ...]
    residents: tuple[Said, ...]
    others: tuple[Said, ...]
    reading: Reading | None
    verdict: str
    why: str
    part: bool = False
    spoken: bool = False
    who: str = ""


@dataclass(frozen=True)
class ThemeReasons:
    """What may make a theme a priority, counted: never added up; ``weaknesses``: None without figures."""

    theme: str
    weaknesses: int | None
    residents: int
    actors: int
    means: int
    divergent: int
    voices: str


def said(entry: Entry, where: str) -> Said:
    """An entry, ready to be written; ``where``: name of its territory, empty without one."""
    by = [SOURCES[entry.source].lower()]
    by += [where] if where else []
    by += [day_text(entry.said_on.isoformat())] if entry.said_on else []
    if entry.kind in SPOKEN and entry.saying:
        by.append(SAYINGS[entry.saying].lower())
    return Said(entry.text, ", ".join(by), entry.kind)


def day_text(day: str) -> str:
    """« 2026-03-09 » as « 09/03/2026 »."""
    year, month, number_of = day.split("-")
    return f"{number_of}/{month}/{year}"


def read_day(text: str) -> date | None:
    """A day typed « 09/03/2026 » or « 9/3/26 »; None when empty. ValueError, in French."""
    typed = text.strip()
    if not typed:
        return None
    found = re.fullmatch(r"(\d{1,2})[/. -](\d{1,2})[/. -](\d{4}|\d{2})", typed)
    wrong = f"« {typed} » n'est pas une date : écrivez-la comme 09/03/2026."
    if found is None:
        raise ValueError(wrong)
    day, month, year = map(int, found.groups())
    try:
        said_on = date(year + 2000 if year < 100 else year, month, day)
    except ValueError as error:
        raise ValueError(wrong) from error
    if not OLDEST <= said_on <= date.today():
        raise ValueError(f"« {typed} » n'est pas une date passée récente : vérifiez l'année.")
    return said_on


def quoted(one: Said) -> str:
    """The text, in quotation marks when somebody said it, with its kind when it is something else."""
    if one.kind == "verbatim":
        return f"«{NO_BREAK}{one.text}{NO_BREAK}»"
    if one.kind == "observation":
        return one.text
    return f"{KINDS[one.kind]}{NO_BREAK}: {one.text}"


def row_line(row: Row, subject: str, figures: str, where: Mapping[str, str], who: str = "") -> Line:
    """A row of the triangulation in words; ``where``: name of the territory of each entry, by its id."""

    def told(entries: Sequence[Entry]) -> tuple[Said, ...]:
        return tuple(said(one, where.get(one.id, "")) for one in entries)

    verdict, why = verdict_of(row)
    return Line(
        subject,
        figures,
        told(row.actors),
        told(row.residents),
        told((*row.means, *row.questions)),
        row.reading,
        verdict,
        why,
        row.subject.indicator is not None,
        bool(row.entries),
        who,
    )


def verdict_of(row: Row) -> tuple[str, str]:
    """The reading in two words, and why."""
    if row.chosen is not None:
        reason = f"{CHOSEN} {row.chosen.reason}".strip()
        if row.proposed is not None and row.proposed != row.chosen.reading:
            reason += f" La règle proposait : {READINGS[row.proposed].lower()}."
        return READINGS[row.chosen.reading], reason
    if row.proposed is not None:
        return READINGS[row.proposed], _RULES[row.rule]
    return (_TO_GATHER if row.rule == "sans_parole" else _OPEN), _RULES[row.rule]


def theme_figures(
    better: Sequence[str], worse: Sequence[str], same: int = 0, others: int = 0, alone: int = 0
) -> str:
    """What the figures of a theme say together, by name.

    ``others``: without a direction; ``alone``: that nothing is compared with (counts, classes).
    """
    parts = []
    if better:
        parts.append(f"Plus favorable : {joined(list(better))}.")
    if worse:
        parts.append(f"Moins favorable : {joined(list(worse))}.")
    if same:
        parts.append(f"Sans différence établie : {count_of(same, 'chiffre')}.")
    if others:
        parts.append(
            f"À lire dans {'son' if others == 1 else 'leur'} contexte : {count_of(others, 'chiffre')}."
        )
    if alone:
        parts.append(f"Sans comparaison possible : {count_of(alone, 'chiffre')}.")
    return " ".join(parts) if parts else NOT_LOADED


def blind_figures(why: str, near: Sequence[str]) -> str:
    """Why nothing is measured, and what comes close."""
    return f"{why} S'en approche sans le mesurer : {joined(list(near))}." if near else why


def trend_text(about: About, verdict: str, first: str, last: str, periods: int) -> str:
    """An established trend: « Le taux de chômage est en baisse, de 2014 à 2024 (9 périodes). »"""
    way = "en hausse" if verdict == INCREASING else "en baisse"
    return (
        f"{about.opening} est {way}, de {period_text(first)} à {period_text(last)} "
        f"({count_of(periods, 'période')})."
    )


def refusal(found: Sequence[tuple[str, str]], *, certain: bool) -> str:
    """Why a text is not kept: what seems personal in it, and what to write instead."""
    what = joined([f"{name} («{NO_BREAK}{excerpt}{NO_BREAK}»)" for name, excerpt in found])
    advice = (
        "Retirez-le : une note ne désigne personne."
        if certain
        else "Écrivez la fonction ou le lieu (une infirmière scolaire, le quartier) plutôt que le nom. "
        "Si c'est un lieu ou un établissement, cochez la case."
    )
    return f"Cette note semble contenir {what}. {advice}"


def crossing_html(caption: str, lines: Sequence[Line]) -> str:
    """The triangulation of themes and their indicators, as a table."""
    return _table(caption, HEADINGS, SHARES, map(_crossing_row, lines))


def blind_html(caption: str, lines: Sequence[Line]) -> str:
    """What no open figure tells: why, who could, what was said."""
    return _table(caption, BLIND_HEADINGS, _BLIND_SHARES, map(_blind_row, lines))


def _table(
    caption: str, headings: Sequence[str], widths: Sequence[float], rows: Iterable[str]
) -> str:
    columns = "".join(f'<col style="width:{share}%">' for share in widths)
    head = "".join(f'<th scope="col">{escape_html(name)}</th>' for name in headings)
    return (
        f'{STYLE}<table class="crossing"><caption>{escape_html(caption)}</caption>'
        f"<colgroup>{columns}</colgroup><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _crossing_row(line: Line) -> str:
    return (
        f'<tr class="{"part" if line.part else "whole"}"><th scope="row">{escape_html(line.subject)}</th>'
        f"<td>{escape_html(line.figures)}</td>"
        f"{_words_cell(line.actors, line.others)}{_words_cell(line.residents, ())}"
        f"<td><p>{_verdict(line)}</p><p>{escape_html(line.why)}</p></td></tr>"
    )


def _blind_row(line: Line) -> str:
    chosen = f"<p>{escape_html(line.why)}</p>" if line.why.startswith(CHOSEN) else ""
    return (
        f'<tr><th scope="row"><p>{escape_html(line.subject)}</p>{_verdict(line)}{chosen}</th>'
        f"<td>{escape_html(line.figures)}</td><td>{escape_html(line.who)}</td>"
        f"{_words_cell(line.actors, line.others)}{_words_cell(line.residents, ())}</tr>"
    )


def _verdict(line: Line) -> str:
    sign = _SIGNS.get(line.reading or "", "…")
    return (
        f'<span class="verdict {line.reading or "open"}">{sign} {escape_html(line.verdict)}</span>'
    )


def _words_cell(words: Sequence[Said], others: Sequence[Said]) -> str:
    if not words and not others:
        return '<td class="faint">Rien de noté</td>'
    return f"<td>{''.join(map(_said_html, (*words, *others)))}</td>"


def _said_html(one: Said) -> str:
    by = f' <span class="by">{escape_html(one.by)}</span>' if one.by else ""
    return f"<p>{escape_html(quoted(one))}{by}</p>"


def crossing_frame(lines: Sequence[Line]) -> pd.DataFrame:
    """The triangulation as texts, for files."""
    return pd.DataFrame(
        [
            (
                line.subject,
                f"{line.figures} Qui peut le dire : {line.who}" if line.who else line.figures,
                " ; ".join(one.line for one in (*line.actors, *line.others)),
                " ; ".join(one.line for one in line.residents),
                f"{line.verdict}. {line.why}",
            )
            for line in lines
        ],
        columns=list(HEADINGS),
    )


def crossing_sentence(lines: Sequence[Line]) -> str:
    """« 4 notes… » in a sentence: how many subjects agree, differ, are not measured."""
    counts = {
        word: sum(line.reading == key for line in lines if line.spoken)
        for key, word in (
            ("convergent", "convergent"),
            ("divergent", "divergent"),
            ("non_mesure", "non mesuré"),
        )
    }
    told = [
        count_of(count, f"sujet {word}", f"sujets {word}s")
        for word, count in counts.items()
        if count
    ]
    left = sum(line.reading is None for line in lines if line.spoken)
    told += (
        [count_of(left, "sujet à décider ensemble", "sujets à décider ensemble")] if left else []
    )
    return f"Parmi les sujets dont on a parlé : {joined(told)}." if told else ""


def afom_html(squares: Mapping[Quadrant, Sequence[str]]) -> str:
    """The four squares, as lists that are read aloud in order."""
    return f'{STYLE}<div class="afom">{"".join(_square(name, squares[name]) for name in QUADRANT_TITLES)}</div>'


def _square(name: Quadrant, texts: Sequence[str]) -> str:
    items = "".join(f"<li>{escape_html(text)}</li>" for text in texts)
    body = f"<ul>{items}</ul>" if items else f'<p class="by">{escape_html(NOTHING_PLACED)}</p>'
    return f'<section class="{name}"><h3>{QUADRANT_TITLES[name]}</h3>{body}</section>'


def slide_line(line: Line) -> str:
    """A subject on a slide: « Divergent, dentistes : « Trois mois » (habitants, Cergy) »."""
    words = [*line.residents, *line.actors, *line.others]
    return f"{line.verdict}, {line.subject[:1].lower()}{line.subject[1:]} : {few([one.line for one in words], 2)}."


def few(texts: Sequence[str], most: int = 4) -> str:
    """The first of a list on a slide, and how many are left."""
    shown = " ; ".join(texts[:most])
    left = len(texts) - most
    return f"{shown} ; et {number(left)} de plus" if left > 0 else shown or NOTHING_PLACED


def note_html(one: Said, subject: str) -> str:
    """A note in the list of those already written."""
    kind = "" if one.kind in MEANS or one.kind == "question" else f"{KINDS[one.kind]}, "
    by = kind + one.by
    return (
        f'{STYLE}<p class="note-text">{escape_html(quoted(one))}</p>'
        f'<p class="note-by">{escape_html(by[:1].upper() + by[1:])} · {escape_html(subject)}</p>'
    )


def reasons_frame(reasons: Sequence[ThemeReasons]) -> pd.DataFrame:
    """What may make each theme a priority, as texts."""
    return pd.DataFrame(
        [
            (
                one.theme,
                "non comparé" if one.weaknesses is None else number(one.weaknesses),
                number(one.residents),
                number(one.actors),
                number(one.divergent),
                number(one.means),
                one.voices or "–",
            )
            for one in reasons
        ],
        columns=[
            "Thème",
            "Constats défavorables",
            "Problèmes dits par des habitants",
            "Problèmes dits par des professionnels ou des élus",
            "Divergences",
            "Actions et structures notées",
            "Voix",
        ],
    )


def vote_text(vote: Vote, count: int) -> str:
    """« 12 voix le 03/03/2026, à Cergy »."""
    day = day_text((vote.held_on or vote.written).isoformat())
    place = f" ({vote.where})" if vote.where else ""
    return f"{number(count)}{NO_BREAK}voix le {day}{place}"


def votes_text(found: Sequence[tuple[Vote, int]]) -> str:
    """Every vote on a priority, the latest first; empty without any."""
    return " ; ".join(vote_text(vote, count) for vote, count in found)
