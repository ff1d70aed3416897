"""The files of the documents, made from one report; one that fails loses no other."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from diagnostic.perimeter import file_name
from pages.chapters import BUILDERS
from pages.composing import FAILURES, Asked, Progress, sections
from pages.composing import slides as compose_slides
from pages.deck import BUILDERS as DECK
from pages.handout import PARTS
from pages.open_data import data_workbook, open_zip
from views import workbook
from views.livrables import pdf, slides, word
from views.livrables.model import Facts, Report
from views.livrables.words import HANDOUT_PARTS, HANDOUT_TITLE, SECTIONS

ZIP_MIME = "application/zip"


@dataclass(frozen=True)
class File:
    """A document ready to be downloaded."""

    name: str
    mime: str
    content: bytes


@dataclass(frozen=True)
class Order:
    """What is to be made: kinds of files, sections in order, a Word template if any."""

    kinds: tuple[str, ...]
    sections: tuple[str, ...]
    template: bytes | None = None


@dataclass(frozen=True)
class _Kind:
    """How one kind of file is called and made."""

    label: str
    suffix: str
    mime: str
    make: Callable[[Asked, Report, Order], bytes]


KINDS = {
    "word": _Kind(
        "Chapitre Word",
        ".docx",
        word.MIME,
        lambda _, report, order: word.write(report, order.template),
    ),
    "diapos": _Kind("Diaporama", ".pptx", slides.MIME, lambda _, report, __: slides.write(report)),
    "feuillet": _Kind(
        "Portrait A4 (PDF)",
        "-portrait.pdf",
        pdf.MIME,
        lambda asked, report, _: handout(asked, report.facts),
    ),
    "pdf": _Kind("Rapport PDF", "-rapport.pdf", pdf.MIME, lambda _, report, __: pdf.write(report)),
    "excel": _Kind(
        "Données Excel",
        ".xlsx",
        workbook.MIME,
        lambda asked, report, _: data_workbook(asked, report.facts),
    ),
    "ouvertes": _Kind(
        "Données ouvertes (ZIP)",
        "-donnees.zip",
        ZIP_MIME,
        lambda asked, report, _: open_zip(asked, report.facts),
    ),
}
NARRATED = frozenset({"word", "pdf"})


def handout(asked: Asked, facts: Facts) -> bytes:
    """The portrait to hand round, one or two pages."""
    parts = sections(asked, HANDOUT_PARTS, PARTS, lambda *_: None)
    titled = replace(facts, title=HANDOUT_TITLE)
    return pdf.write(Report(titled, parts), handout=True)


def produce(
    asked: Asked, facts: Facts, order: Order, tell: Progress
) -> tuple[dict[str, File], list[str]]:
    """The files asked, by kind, and the labels of those that could not be made."""
    told = {key: SECTIONS[key] for key in order.sections} if NARRATED & set(order.kinds) else {}
    report = Report(
        facts,
        sections(asked, told, BUILDERS, lambda done, what: tell(0.5 * done, what)),
        compose_slides(
            asked,
            DECK if "diapos" in order.kinds else (),
            lambda done, what: tell(0.5 + 0.2 * done, what),
        ),
    )
    made: dict[str, File] = {}
    failed = []
    for position, key in enumerate(order.kinds):
        kind = KINDS[key]
        tell(0.7 + 0.3 * position / len(order.kinds), kind.label)
        try:
            content = kind.make(asked, report, order)
        except FAILURES:
            logging.getLogger("gradient").exception("livrable %s", key)
            failed.append(kind.label)
        else:
            made[key] = File(file_name(asked.found.perimeter, kind.suffix), kind.mime, content)
    return made, failed
