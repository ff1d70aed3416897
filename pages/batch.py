"""Livrables of a whole département: a portrait of each intercommunalité, a workbook, a deck."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import pandas as pd

from diagnostic.perimeter import Part, Perimeter, file_name
from pages.beside import sheets, together
from pages.comparator import Comparator
from pages.composing import FAILURES, Asked, Cover, Progress, facts_of
from pages.deck import findings_sentences, sources_text
from pages.producing import ZIP_MIME, File, handout
from pages.shared import Current, mart, resolved
from pages.targets import ALL
from views.livrables import slides
from views.livrables.model import Bullets, Facts, Note, Paragraph, Report, Slide, failed_slide
from views.livrables.package import zipped
from views.livrables.words import (
    CAUTION,
    DEPARTEMENT_NOTE,
    DEPARTEMENT_TITLE,
    HANDOUT_TITLE,
    NO_FINDING,
)
from views.text import alphabetical, count_of, number
from views.workbook import MIME as XLSX_MIME
from views.workbook import workbook

MOST_SENTENCES = 3


@dataclass(frozen=True)
class Batch:
    """Files of a département, and names of the territories that could not be written."""

    files: dict[str, File]
    failed: tuple[str, ...]


def bodies_of(departement: str) -> pd.DataFrame:
    """Intercommunalités with a commune in the département, each whole, by alphabetical order."""
    found = mart("departement_epci", departements=[departement])
    return found.sort_values("name", key=lambda names: names.map(alphabetical))


def asked_of(code: str, comparator: Comparator) -> Asked:
    """An intercommunalité beside the comparator; no need is chosen for it."""
    found = resolved(Perimeter((Part("epci", code),)))
    everyone = found.communes.set_index("code")["population"]
    return Asked(found, comparator, None, ALL, everyone, "national", "", None, "commune")


def make(
    area: Current,
    departement: str,
    comparator: Comparator,
    cover: Cover,
    tell: Progress,
) -> Batch:
    """A portrait for each intercommunalité in one ZIP, their figures in one workbook, a deck."""
    bodies = bodies_of(departement)
    portraits: dict[str, bytes] = {}
    pages: list[Slide] = []
    failed: list[str] = []
    for position, body in enumerate(bodies.itertuples(index=False)):
        name = str(body.name)
        tell(0.9 * position / len(bodies), name)
        asked = asked_of(str(body.code), comparator)
        facts = facts_of(asked, HANDOUT_TITLE, cover)
        try:
            content = handout(asked, facts)
            page = territory_slide(asked)
        except FAILURES:
            logging.getLogger("gradient").exception("portrait %s", body.code)
            failed.append(name)
            page = failed_slide(name)
        else:
            portraits[f"{body.code}-{file_name(Perimeter((), name), '-portrait.pdf')}"] = content
        pages.append(page)
    tell(0.9, DEPARTEMENT_TITLE)
    whole = Asked(
        area,
        comparator,
        None,
        ALL,
        area.communes.set_index("code")["population"],
        "national",
        "",
        None,
        "commune",
    )
    facts = facts_of(whole, DEPARTEMENT_TITLE, cover)
    base = Perimeter(area.perimeter.parts, area.label)
    return Batch(
        {
            "portraits": File(
                file_name(base, "-portraits.zip"), ZIP_MIME, zipped(portraits, facts.built)
            ),
            "classeur": File(
                file_name(base, "-intercommunalites.xlsx"),
                XLSX_MIME,
                figures_of(bodies, comparator, area),
            ),
            "diaporama": File(
                file_name(base, "-intercommunalites.pptx"), slides.MIME, deck_of(facts, pages)
            ),
        },
        tuple(failed),
    )


def territory_slide(asked: Asked) -> Slide:
    """One intercommunalité: who lives there, its first findings, never a rank."""
    found = asked.found
    said = findings_sentences(asked, MOST_SENTENCES)
    opening = f"{number(found.population)} habitants, {count_of(len(found.codes), 'commune')}."
    body = Bullets(said) if said else Paragraph(NO_FINDING)
    names = list(asked.standing.table["indicator_id"].head(MOST_SENTENCES))
    return Slide(found.label, (Note(opening), body), sources_text(asked, names))


def figures_of(bodies: pd.DataFrame, comparator: Comparator, area: Current) -> bytes:
    """Figures of every intercommunalité beside the comparator, with states and intervals."""
    rows = mart("level_values", levels=["epci"] * len(bodies), codes=list(bodies["code"]))
    frame = together(rows.assign(place="epci:" + rows["code"]), comparator)
    names = dict(zip("epci:" + bodies["code"], bodies["name"], strict=True))
    title = f"Intercommunalités, {area.label}, par rapport à : {comparator.name}"
    return workbook(sheets(frame, names, comparator, title), title)


def deck_of(facts: Facts, pages: list[Slide]) -> bytes:
    """One slide a territory, in alphabetical order, then how to read them."""
    closing = Slide("Pour lire ces pages", (Paragraph(DEPARTEMENT_NOTE),), CAUTION)
    return slides.write(Report(facts, (), (*pages, closing)))
