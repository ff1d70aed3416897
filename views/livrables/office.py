"""What Word and PowerPoint files share: their look, and what their properties say."""

from __future__ import annotations

from datetime import datetime, time
from typing import Protocol

from views.livrables.model import Facts
from views.livrables.package import printable

FONT = "Arial"
# Red, green, blue; each library has its own class of colour.
INK, BLUE, GREY = (13, 21, 30), (18, 63, 120), (74, 84, 95)
# The longest property that Office keeps.
_LONGEST = 255


class Properties(Protocol):
    """The core properties of a document, which both libraries name alike."""

    title: str
    author: str
    language: str
    comments: str
    last_modified_by: str
    revision: int
    keywords: str
    created: datetime | None
    modified: datetime | None
    last_printed: datetime | None


def describe(core: Properties, facts: Facts) -> None:
    """Title, language, authors and facts of a file; its dates are those of the data build."""
    core.title = printable(f"{facts.title}, {facts.perimeter}")[:_LONGEST]
    core.author = printable(facts.authors)[:_LONGEST] or "Gradient"
    core.comments = printable(f"{facts.header}. {facts.footer}")[:_LONGEST]
    core.language, core.last_modified_by = "fr-FR", "Gradient"
    core.revision, core.keywords = 1, ""
    core.created = core.modified = core.last_printed = datetime.combine(facts.built, time())
