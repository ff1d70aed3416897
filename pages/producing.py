"""The files of the documents, made from one report; one that fails loses no other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from diagnostic.perimeter import file_name
from pages.chapters import BUILDERS
from pages.composing import FAILURES, Asked, Progress, sections
from pages.open_data import data_workbook, open_zip
from views import workbook
from views.livrables import pdf, word
from views.livrables.model import Facts, Report

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


def produce(
    asked: Asked, facts: Facts, order: Order, tell: Progress
) -> tuple[dict[str, File], list[str]]:
    """The files asked, by kind, and the labels of those that could not be made."""
    told: Sequence[str] = order.sections if NARRATED & set(order.kinds) else ()
    report = Report(
        facts, sections(asked, told, BUILDERS, lambda done, what: tell(0.7 * done, what))
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
