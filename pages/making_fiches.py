"""Livrables, « Fiches-actions »: which ones, then their files."""

from __future__ import annotations

import logging
from dataclasses import replace

import streamlit as st

from diagnostic.perimeter import Perimeter, file_name
from pages.composing import FAILURES, Asked, Progress
from pages.fiches import ACTION, COMMUNE, GROUP, Aim, aims, fiche, usual
from pages.linked import linked_segments
from pages.producing import ZIP_MIME, File
from pages.project import current_project
from views.livrables import fiche as words
from views.livrables import word
from views.livrables.model import Facts, Report, failed_section
from views.livrables.package import zipped
from views.text import number

TITLE = "Fiches-actions"
GRAINS = {GROUP: "Une par groupe", COMMUNE: "Une par commune", ACTION: "Une par action du projet"}


def choose_aims(asked: Asked) -> list[Aim]:
    """What the fiches are about."""
    actions = bool(current_project().actions)
    options = {key: label for key, label in GRAINS.items() if actions or key != ACTION}
    grain = linked_segments("Fiches", options, ACTION if actions else GROUP, "fiches")
    if not actions:
        st.caption(
            "Les actions notées dans la page Actions feront aussi leur fiche : pilote, calendrier et "
            "financement y sont repris."
        )
    known = aims(asked, grain)
    by_name = {
        f"{one.name} ({position})" if _twice(known, one) else one.name: one
        for position, one in enumerate(known, 1)
    }
    proposed = usual(asked, grain, known)
    start = [name for name, one in by_name.items() if one.name in proposed]
    chosen = st.multiselect(
        "Lesquelles", list(by_name), start, key=f"fiches-{grain}", placeholder="Choisissez"
    )
    if len(chosen) > words.MANY:
        st.warning(
            words.TOO_MANY.format(count=number(len(chosen)), many=words.MANY),
            icon=":material/stacks:",
        )
    return [by_name[name] for name in chosen]


def _twice(known: list[Aim], one: Aim) -> bool:
    return sum(other.name == one.name for other in known) > 1


def fiche_files(
    asked: Asked, chosen: list[Aim], facts: Facts, template: bytes | None, tell: Progress
) -> tuple[dict[str, File], list[str]]:
    """One document with every fiche and a ZIP with one document each; names of those that failed."""
    sections, failed = [], []
    for position, aim in enumerate(chosen):
        tell(0.8 * position / len(chosen), aim.name)
        try:
            sections.append(fiche(asked, aim))
        except FAILURES:
            logging.getLogger("gradient").exception("fiche %s", aim.codes)
            sections.append(replace(failed_section("fiche", aim.title), new_page=True))
            failed.append(aim.name)
    tell(0.8, TITLE)
    whole = word.write(Report(facts, tuple(sections)), template)
    alone = {
        file_name(Perimeter((), section.title), f"-{position:02d}.docx"): word.write(
            Report(facts, (section,)), template, cover=False
        )
        for position, section in enumerate(sections, 1)
    }
    name = asked.found.perimeter
    files = {
        "fiches": File(file_name(name, "-fiches-actions.docx"), word.MIME, whole),
        "fiches-zip": File(
            file_name(name, "-fiches-actions.zip"), ZIP_MIME, zipped(alone, facts.built)
        ),
    }
    return files, failed
