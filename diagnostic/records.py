"""What people note in a project: actions, things said, votes, local files and how they were read.

Fields have English names in the code and French ones in the file (``FRENCH``). A field that a later
version adds is kept as it is.
"""

from __future__ import annotations

import secrets
import unicodedata
from datetime import date, datetime, time
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

MAX_LINE = 200
MAX_TEXT = 5000
MAX_PLAN = 200_000
MAX_FIGURES_SIZE = 8_000_000
MAX_MEMBERS = 2000
_ID_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"

Approach = Literal["universelle", "ciblee", "proportionnee"]
EntryKind = Literal["verbatim", "observation", "action", "structure", "question"]
EntrySource = Literal["habitants", "professionnels", "elus"]
Saying = Literal["va_bien", "probleme", "ni_l_un_ni_l_autre"]
Reading = Literal["convergent", "divergent", "non_mesure"]
Quadrant = Literal["atout", "faiblesse", "opportunite", "menace"]

FRENCH = {
    "id": "id",
    "written": "ecrit_le",
    "author": "auteur",
    "title": "titre",
    "description": "description",
    "approach": "approche",
    "public": "public",
    "territories": "territoires",
    "intensity": "intensite",
    "unit": "unite",
    "pilot": "pilote",
    "calendar": "calendrier",
    "funding": "financement",
    "indicators": "indicateurs",
    "kind": "nature",
    "source": "source",
    "said_on": "dit_le",
    "theme": "theme",
    "indicator": "indicateur",
    "territory": "territoire",
    "text": "texte",
    "saying": "dit_que",
    "reading": "lecture",
    "reason": "raison",
    "item": "element",
    "quadrant": "case",
    "findings": "constats",
    "priorities": "priorites",
    "held_on": "tenu_le",
    "where": "lieu",
    "name": "nom",
    "layout": "disposition",
    "sheet": "feuille",
    "headings": "entetes",
    "territory_column": "colonne_territoire",
    "territory_level": "niveau_territoire",
    "columns": "colonnes",
    "plan": "plan",
    "rows": "lignes",
    "used": "utilisees",
    "figures": "chiffres",
    "column": "colonne",
    "label": "libelle",
    "direction": "sens",
    "denominator": "denominateur",
    "period": "periode",
    "perimeter": "perimetre",
    "build_id": "construction_donnees",
    "day": "date",
    "comparator": "comparateur",
    "choices": "choix",
    "actions": "actions",
    "entries": "paroles",
    "votes": "votes",
    "crossings": "lectures",
    "placements": "afom",
    "imports": "imports",
    "local_data": "donnees_locales",
    "notes": "notes",
    "gradient": "gradient",
    "version": "version",
    "type": "type",
}


def new_id() -> str:
    """Identifier of a record: its day and time, for lists in the order of writing, then chance."""
    now = datetime.now()
    tenths = round((now - datetime.combine(now, time())).total_seconds() * 10)
    letters = []
    for _ in range(4):
        tenths, rest = divmod(tenths, len(_ID_LETTERS))
        letters.append(_ID_LETTERS[rest])
    drawn = "".join(secrets.choice(_ID_LETTERS) for _ in range(8))
    return f"{now:%y%m%d}-{''.join(reversed(letters))}{drawn}"


def clean_line(text: str) -> str:
    """One line of text: no control or invisible character, single spaces."""
    return " ".join(_visible(text, " ").split())


def clean_text(text: str) -> str:
    """Text of several lines: no control or invisible character but the ends of lines."""
    lines = _visible(text.replace("\r\n", "\n").replace("\r", "\n"), "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip()


def _visible(text: str, newline: str) -> str:
    """``text`` without what cannot be seen; not escaped, the views do it for what they write."""
    kept = (
        newline if one == "\n" else " " if one.isspace() else one
        for one in text
        if one.isspace() or unicodedata.category(one)[0] != "C"
    )
    return unicodedata.normalize("NFC", "".join(kept))


Line = Annotated[str, StringConstraints(max_length=MAX_LINE), AfterValidator(clean_line)]
Text = Annotated[str, StringConstraints(max_length=MAX_TEXT), AfterValidator(clean_text)]
Title = Annotated[
    str,
    StringConstraints(max_length=MAX_LINE),
    AfterValidator(clean_line),
    StringConstraints(min_length=1),
]
Territory = Annotated[
    str, StringConstraints(pattern=r"^(com|arm|epci|ept|petr|dep|reg|france|qpv):[0-9A-Z]{2,10}$")
]
IndicatorId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,80}$")]
RecordId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
_NUMBER = r"(-?\d+(\.\d+)?(e[+-]?\d+)?)?"
# « niveau;code;période;valeur;numérateur;dénominateur;état;motif »
FigureLine = Annotated[
    str,
    StringConstraints(
        pattern=r"^[a-z0-9_]{2,12};[0-9A-Z]{1,10};(19|20)\d\d([-/](19|20)?\d\d)?;"
        + f"{_NUMBER};{_NUMBER};{_NUMBER};"
        + r"(ok|secret|absent);[^;\n\r]{0,120}$"
    ),
]


def french(name: str) -> str:
    """Name in the file of the field ``name``."""
    return FRENCH[name]


class Filed(BaseModel):
    """Something written in a project file: never changed in place, unknown fields kept."""

    model_config = ConfigDict(
        frozen=True,
        extra="allow",
        alias_generator=french,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )


class Record(Filed):
    """One thing noted: who wrote it, when; ``id`` is what tells it from the others."""

    id: RecordId = Field(default_factory=new_id)
    written: date = Field(default_factory=date.today)
    author: Line = ""


class Action(Record):
    """An action planned or led.

    ``territories``: where it goes, « com:95127 », « epci:… », « qpv:… ». ``intensity``: territory ->
    quantity in ``unit``, None where not known. ``indicators``: those it hopes to move.
    """

    title: Title
    description: Text = ""
    approach: Approach = "universelle"
    public: Line = ""
    territories: Annotated[tuple[Territory, ...], Field(max_length=MAX_MEMBERS)] = ()
    intensity: Annotated[dict[Territory, Amount | None], Field(max_length=MAX_MEMBERS)] = {}
    unit: Line = ""
    pilot: Line = ""
    calendar: Line = ""
    funding: Line = ""
    indicators: Annotated[tuple[IndicatorId, ...], Field(max_length=MAX_MEMBERS)] = ()


class Entry(Record):
    """Something said or seen, attached to a theme, an indicator or a territory.

    ``theme``: identifier of a theme or of a blind spot of the figures, or any text. ``saying``: what
    its author says of it, never guessed from the words.
    """

    kind: EntryKind = "observation"
    source: EntrySource = "professionnels"
    said_on: date | None = None
    theme: Line = ""
    indicator: IndicatorId | None = None
    territory: Territory | None = None
    text: Text = ""
    saying: Saying | None = None


class Vote(Record):
    """A vote on priorities: a theme or a text, and how many voices it had."""

    priorities: Annotated[tuple[tuple[Line, Count], ...], Field(max_length=MAX_MEMBERS)] = ()
    held_on: date | None = None
    where: Line = ""


class Crossing(Record):
    """How figures and words were read together on a theme or an indicator, by those who met."""

    theme: Line = ""
    indicator: IndicatorId | None = None
    reading: Reading
    reason: Line = ""


class Placement(Record):
    """Where an element stands among strengths, weaknesses, opportunities and threats; None: nowhere.

    ``item``: « constat:taux_pauvrete:fragilite », « tendance:… », « parole:… ».
    """

    item: Title
    quadrant: Quadrant | None = None


class Priority(Record):
    """A priority kept together, with what it rests on: elements (findings, trends) and entries."""

    title: Title
    theme: Line = ""
    reason: Text = ""
    findings: Annotated[tuple[Line, ...], Field(max_length=MAX_MEMBERS)] = ()
    entries: Annotated[tuple[RecordId, ...], Field(max_length=MAX_MEMBERS)] = ()


class ImportedColumn(Filed):
    """One column of a local file read as an indicator."""

    column: Line
    label: Line = ""
    unit: Line = ""
    direction: Line = ""
    kind: Line = ""
    denominator: Line = ""
    period: Line = ""


class ImportMapping(Record):
    """How a local file was read, to read the next one alike; ``headings`` tell a changed layout.

    ``plan``: the whole reading, as the reader of local files writes and checks it itself.
    """

    name: Line = ""
    source: Line = ""
    layout: Line = ""
    sheet: Line = ""
    headings: Annotated[tuple[Line, ...], Field(max_length=MAX_MEMBERS)] = ()
    territory_column: Line = ""
    territory_level: Line = ""
    columns: Annotated[tuple[ImportedColumn, ...], Field(max_length=MAX_MEMBERS)] = ()
    plan: Annotated[str, StringConstraints(max_length=MAX_PLAN)] = ""


class LocalData(Record):
    """The figures of a local file, kept because the visitor asked: already masked, as pages show them.

    ``plan``: how the file was read, with its source. ``rows``, ``used``: its account of rows.
    ``figures``: indicator -> one line a figure, « level;code;period;value;numerator;denominator;
    state;reason » (:mod:`diagnostic.kept` writes and reads them).
    """

    name: Line = ""
    source: Line = ""
    plan: Annotated[str, StringConstraints(max_length=MAX_PLAN)] = ""
    rows: Annotated[int, Field(ge=0)] = 0
    used: Annotated[int, Field(ge=0)] = 0
    figures: Annotated[
        dict[IndicatorId, tuple[FigureLine, ...]], Field(max_length=MAX_MEMBERS)
    ] = {}

    @property
    def size(self) -> int:
        """Characters that its figures take."""
        return sum(len(line) + 1 for lines in self.figures.values() for line in lines)

    @property
    def count(self) -> int:
        """How many figures it holds."""
        return sum(map(len, self.figures.values()))

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.size > MAX_FIGURES_SIZE:
            raise ValueError("trop de chiffres pour un fichier de projet")
        return self
