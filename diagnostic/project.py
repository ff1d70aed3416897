"""The project file: a perimeter, the choices made on it and what people noted, as readable JSON.

Rule of the format, which lets older and newer versions open each other's files: a later version adds
headings, it never changes the meaning of one. ``gradient`` is the lowest version able to open the file
(1, that of the perimeter alone); ``version`` is that of the headings. What this version does not know
is kept as it is and written again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Annotated, Any

from pydantic import Field, StringConstraints, ValidationError

from diagnostic.perimeter import (
    MAX_NAME,
    Perimeter,
    decode,
    encode,
    quoted,
)
from diagnostic.records import (
    FRENCH,
    MAX_LINE,
    Action,
    Crossing,
    Entry,
    Filed,
    ImportMapping,
    LocalData,
    Placement,
    Priority,
    Record,
    Vote,
    clean_text,
)

FORMAT = 1
VERSION = 3
MAX_FILE_BYTES = 20_000_000
MAX_RECORDS = 5000
MAX_CHOICES = 500
MAX_NOTES = 20_000
MAX_DEPTH = 12
FILE_TYPE = "perimetre"

LISTS: dict[str, type[Record]] = {
    "actions": Action,
    "entries": Entry,
    "crossings": Crossing,
    "placements": Placement,
    "priorities": Priority,
    "votes": Vote,
    "imports": ImportMapping,
    "local_data": LocalData,
}
_NAMES = {
    "actions": "action",
    "entries": "parole",
    "crossings": "lecture croisée",
    "placements": "choix d'AFOM",
    "priorities": "priorité",
    "votes": "vote",
    "imports": "lecture de fichier",
    "local_data": "donnée locale",
}
_NOTES_SHOWN = 20
_CHOICE_KEY = r"^\S{1,120}$"
_MAX_CHOICE = 20_000
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+', re.DOTALL)
_CLOSING = {"{": "}", "[": "]"}

Choices = Annotated[
    dict[
        Annotated[str, StringConstraints(pattern=_CHOICE_KEY)],
        Annotated[str, StringConstraints(max_length=_MAX_CHOICE)],
    ],
    Field(max_length=MAX_CHOICES),
]


class ProjectFileError(ValueError):
    """A project file cannot be read; the message says what is wrong and what to do, in French."""


@dataclass(frozen=True)
class Project:
    """A perimeter, what was chosen on it and what was noted.

    ``choices``: key of the URL -> value, for every choice made. ``comparator``: « departement:95 ».
    ``build_id``: the data it was made with. ``unknown``: headings of a later version; ``aside``:
    records that this version cannot read, by list; both are written again as they were.
    """

    perimeter: Perimeter
    choices: Mapping[str, str] = field(default_factory=dict)
    comparator: str = ""
    build_id: str | None = None
    actions: tuple[Action, ...] = ()
    entries: tuple[Entry, ...] = ()
    crossings: tuple[Crossing, ...] = ()
    placements: tuple[Placement, ...] = ()
    priorities: tuple[Priority, ...] = ()
    votes: tuple[Vote, ...] = ()
    imports: tuple[ImportMapping, ...] = ()
    local_data: tuple[LocalData, ...] = ()
    notes: str = ""
    unknown: Mapping[str, object] = field(default_factory=dict)
    aside: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    version: int = VERSION

    @property
    def records(self) -> tuple[Record, ...]:
        """Everything noted, list after list."""
        return tuple(record for name in LISTS for record in getattr(self, name))

    def with_list(self, name: str, records: Iterable[Record]) -> Project:
        """The same project with these records in one of its lists, by identifier."""
        change: dict[str, Any] = {name: tuple(sorted(records, key=lambda one: one.id))}
        return replace(self, **change)


class ProjectFile(Filed):
    """Headings of the file, in the order in which they are written."""

    gradient: Annotated[int, Field(ge=1)] = FORMAT
    version: Annotated[int, Field(ge=1)] = VERSION
    type: Annotated[str, StringConstraints(pattern=f"^{FILE_TYPE}$")] = FILE_TYPE
    name: Annotated[str, StringConstraints(max_length=MAX_NAME)] = ""
    perimeter: Annotated[str, StringConstraints(min_length=1)]
    build_id: str | None = None
    day: date = Field(default_factory=date.today)
    comparator: Annotated[str, StringConstraints(max_length=MAX_LINE)] = ""
    choices: Choices = Field(default_factory=dict)
    notes: Annotated[str, StringConstraints(max_length=MAX_NOTES)] = ""
    actions: Annotated[tuple[Action, ...], Field(max_length=MAX_RECORDS)] = ()
    entries: Annotated[tuple[Entry, ...], Field(max_length=MAX_RECORDS)] = ()
    crossings: Annotated[tuple[Crossing, ...], Field(max_length=MAX_RECORDS)] = ()
    placements: Annotated[tuple[Placement, ...], Field(max_length=MAX_RECORDS)] = ()
    priorities: Annotated[tuple[Priority, ...], Field(max_length=MAX_RECORDS)] = ()
    votes: Annotated[tuple[Vote, ...], Field(max_length=MAX_RECORDS)] = ()
    imports: Annotated[tuple[ImportMapping, ...], Field(max_length=MAX_RECORDS)] = ()
    local_data: Annotated[tuple[LocalData, ...], Field(max_length=MAX_RECORDS)] = ()


_ALWAYS = ("gradient", "version", "type", "nom", "perimetre", "construction_donnees", "date")
_HEADINGS = frozenset(FRENCH[name] for name in ProjectFile.model_fields)


def json_schema() -> str:
    """The published schema of the file (``docs/projet.schema.json``)."""
    schema = ProjectFile.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Fichier de projet Gradient"
    schema["required"] = sorted({*schema.get("required", ()), "gradient", "type", "perimetre"})
    return json.dumps(schema, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def dump(project: Project, today: date | None = None) -> str:
    """The file of a project: JSON of a stable order (records by identifier, choices by key).

    ``today``: the date written. ValueError on an empty perimeter.
    """
    if not project.perimeter.parts:
        raise ValueError("Ce périmètre est vide : ajoutez un territoire avant de l'enregistrer.")
    content = ProjectFile(
        version=max(VERSION, project.version),
        name=project.perimeter.name,
        perimeter=encode(project.perimeter),
        build_id=project.build_id,
        day=today or date.today(),
        comparator=project.comparator,
        choices=dict(sorted(project.choices.items())),
        notes=project.notes,
    ).model_dump(mode="json")
    for name in LISTS:
        records = sorted(getattr(project, name), key=lambda one: one.id)
        written = [_without_blanks(one.model_dump(mode="json")) for one in records]
        content[FRENCH[name]] = [*written, *project.aside.get(name, ())]
    kept = {key: value for key, value in content.items() if key in _ALWAYS or value}
    return json.dumps({**kept, **project.unknown}, ensure_ascii=False, indent=2) + "\n"


def _without_blanks(record: dict[str, Any]) -> dict[str, Any]:
    """What was filled in, mappings by key."""
    filled = {key: value for key, value in record.items() if value not in (None, "", [], {})}
    return {
        key: dict(sorted(value.items())) if isinstance(value, dict) else value
        for key, value in filled.items()
    }


def load(content: str | bytes, build_id: str | None = None) -> tuple[Project, list[str]]:
    """Read a project file of any version, even truncated; raises only ProjectFileError (French).

    ``build_id``: the data build now open; when the file names another, a sentence says so. The
    sentences also tell what was lost, put aside or is not known here.
    """
    headings, notes = _read_json(_text_of(content))
    if headings.get("type") != FILE_TYPE or "gradient" not in headings:
        raise ProjectFileError(
            "Ce fichier n'est pas un projet enregistré par Gradient. "
            "Choisissez un fichier obtenu par « Enregistrer le projet »."
        )
    headings, version = _migrated(headings, notes)
    perimeter = _perimeter(headings, notes)
    made_with = _text(headings, "construction_donnees")
    _text(headings, "date")
    lists, aside = _records(headings, notes)
    unknown = {key: value for key, value in headings.items() if key not in _HEADINGS}
    if unknown:
        notes.append(
            "Rubriques que cette version ne connaît pas, gardées telles quelles : "
            + ", ".join(map(quoted, sorted(unknown)[:5]))
            + "."
        )
    if build_id and made_with and made_with != build_id:
        notes.append(
            f"Ce projet a été enregistré avec une autre version des données ({quoted(made_with)}) : "
            "les chiffres peuvent différer."
        )
    project = Project(
        perimeter=perimeter,
        choices=_choices(headings, notes),
        comparator=_text(headings, "comparateur")[:MAX_LINE],
        build_id=made_with or None,
        notes=clean_text(_text(headings, "notes"))[:MAX_NOTES],
        unknown=unknown,
        aside=aside,
        version=version,
        **lists,
    )
    hidden = len(notes) - _NOTES_SHOWN
    if hidden > 0:
        notes[_NOTES_SHOWN:] = [f"Et {hidden} autre(s) remarque(s) du même genre."]
    return project, notes


def _from_the_perimeter_alone(headings: dict[str, object]) -> dict[str, object]:
    """Version 1 held the perimeter, its name, the build and the date: nothing else to move."""
    return {"choix": {}, "notes": "", **headings}


def _without_local_data(headings: dict[str, object]) -> dict[str, object]:
    """Version 2 kept how local files were read, never their figures: there are none to move."""
    return {FRENCH["local_data"]: [], **headings}


_MIGRATIONS: dict[int, Callable[[dict[str, object]], dict[str, object]]] = {
    1: _from_the_perimeter_alone,
    2: _without_local_data,
}


def _migrated(headings: dict[str, object], notes: list[str]) -> tuple[dict[str, object], int]:
    """The headings brought to this version, and the version that they are of."""
    version = max(_version(headings, "gradient"), _version(headings, "version"))
    if version > VERSION:
        notes.append(
            "Ce fichier vient d'une version plus récente de Gradient : ce que cette version ne connaît "
            "pas est gardé tel quel dans le fichier."
        )
    for step in range(version, VERSION):
        headings = _MIGRATIONS[step](headings)
    return headings, version


def _version(headings: Mapping[str, object], key: str) -> int:
    version = headings.get(key, 1)
    if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version < 10_000:
        raise ProjectFileError(
            "Le numéro de version de ce fichier est illisible. "
            "Enregistrez de nouveau le projet depuis Gradient."
        )
    return version


def _perimeter(headings: Mapping[str, object], notes: list[str]) -> Perimeter:
    if headings.get("perimetre") is None:
        raise ProjectFileError(
            "La rubrique « perimetre » de ce fichier manque. "
            "Recomposez le périmètre puis enregistrez-le de nouveau."
        )
    perimeter, said = decode(_text(headings, "perimetre"))
    notes.extend(said)
    if not perimeter.parts:
        raise ProjectFileError(
            "Ce fichier ne contient aucun territoire lisible. "
            "Recomposez le périmètre puis enregistrez-le de nouveau."
        )
    return Perimeter(perimeter.parts, _text(headings, "nom"))


def _text(headings: Mapping[str, object], key: str) -> str:
    """A heading of text; absent or null reads as empty."""
    value = headings.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ProjectFileError(
            f"La rubrique « {key} » de ce fichier n'est pas un texte. "
            "Enregistrez de nouveau le projet depuis Gradient."
        )
    return value


def _choices(headings: Mapping[str, object], notes: list[str]) -> dict[str, str]:
    """Choices that read well; the others are said."""
    found = headings.get("choix")
    if found is None:
        return {}
    pairs = list(found.items()) if isinstance(found, dict) else [("choix", found)]
    kept = {
        key: value
        for key, value in pairs
        if isinstance(value, str)
        and len(value) <= _MAX_CHOICE
        and re.fullmatch(_CHOICE_KEY, key)
        and isinstance(found, dict)
    }
    kept = dict(list(kept.items())[:MAX_CHOICES])
    if len(kept) < len(pairs):
        notes.append(
            f"{len(pairs) - len(kept)} choix illisible(s) : les choix de départ les remplacent."
        )
    return kept


def _records(
    headings: Mapping[str, object], notes: list[str]
) -> tuple[dict[str, Any], dict[str, tuple[object, ...]]]:
    """Records of each list, and those that cannot be read, kept aside as they are."""
    lists: dict[str, Any] = {}
    aside: dict[str, tuple[object, ...]] = {}
    seen: set[str] = set()
    for name, kind in LISTS.items():
        found = headings.get(FRENCH[name])
        raw = found if isinstance(found, list) else [] if found is None else [found]
        good: list[Record] = []
        bad: list[object] = []
        for one in raw:
            record = _record(kind, one) if len(good) < MAX_RECORDS else None
            if record is None or record.id in seen:
                bad.append(one)
            else:
                seen.add(record.id)
                good.append(record)
        lists[name] = tuple(sorted(good, key=lambda one: one.id))
        if bad:
            aside[name] = tuple(bad)
            notes.append(
                f"{len(bad)} {_NAMES[name]}(s) que cette version ne sait pas lire, ou en double : mis "
                "de côté, gardés tels quels dans le fichier."
            )
    return lists, aside


def _record(kind: type[Record], raw: object) -> Record | None:
    if not isinstance(raw, dict) or "id" not in raw:
        return None
    try:
        return kind.model_validate(raw)
    except ValidationError:
        return None


def _text_of(content: str | bytes) -> str:
    """Content of a file as text, within the accepted size; one cut inside a letter loses that letter."""
    size = len(content if isinstance(content, bytes) else content.encode("utf-8", "replace"))
    if size > MAX_FILE_BYTES:
        raise ProjectFileError(
            f"Ce fichier dépasse {MAX_FILE_BYTES // 1_000_000} Mo : ce n'est pas un projet enregistré "
            "par Gradient."
        )
    if isinstance(content, str):
        return content.removeprefix("\ufeff")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start >= len(content) - 3 and error.reason == "unexpected end of data":
            return content[: error.start].decode("utf-8-sig")
        raise ProjectFileError(
            "Ce fichier n'est pas un texte lisible (UTF-8). "
            "Choisissez le fichier .json enregistré par Gradient, sans le modifier."
        ) from error


def _read_json(text: str) -> tuple[dict[str, object], list[str]]:
    """Headings of the file and what was lost of it: whole, else up to its last whole value."""
    notes: list[str] = []
    try:
        found = _parsed(text)
    except ProjectFileError:
        raise
    except (ValueError, RecursionError) as error:
        found = _recovered(text[: error.pos] if isinstance(error, json.JSONDecodeError) else text)
        notes.append(
            "Ce fichier est coupé ou abîmé : ce qui précède est repris, la suite est perdue. Vérifiez "
            "ce qui manque, puis enregistrez de nouveau."
        )
    if not isinstance(found, dict):
        raise ProjectFileError(
            "Ce fichier JSON n'est pas un projet enregistré par Gradient. "
            "Choisissez un fichier obtenu par « Enregistrer le projet »."
        )
    return {key: _harmless(value) for key, value in found.items()}, notes


def _parsed(text: str) -> object:
    return json.loads(text, object_pairs_hook=_unique_keys, parse_constant=_no_constant)


def _recovered(text: str) -> object:
    """The file up to the last whole value of a heading or of a list, closed there."""
    try:
        return _parsed(_up_to_last_whole(text))
    except ProjectFileError:
        raise
    except (ValueError, RecursionError) as error:
        raise ProjectFileError(
            "Ce fichier est abîmé ou n'est pas au format JSON. "
            "Enregistrez de nouveau le projet depuis Gradient."
        ) from error


def _up_to_last_whole(text: str) -> str:
    """``text`` cut after its last whole heading, choice or record, with what it opened closed."""
    opened: list[str] = []
    cut, pending = 0, ""
    position = 0
    for token in _TOKEN.finditer(text):
        if text[position : token.start()].strip():
            break  # a lone quote: a text that was cut
        position = token.end()
        mark = token.group()
        if mark in "{[":
            opened.append(mark)
        elif mark in "}]" and (not opened or _CLOSING[opened.pop()] != mark):
            break
        if len(opened) > 2:
            continue
        if mark == "," or mark in "}]":
            cut = token.start() if mark == "," else token.end()
            pending = "".join(_CLOSING[one] for one in reversed(opened))
    return text[:cut] + pending


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ProjectFileError(
            "Une rubrique figure deux fois dans ce fichier : supprimez celle qui est en trop, "
            "ou enregistrez de nouveau le projet depuis Gradient."
        )
    return found


def _no_constant(name: str) -> object:
    raise ProjectFileError(
        f"Ce fichier contient un nombre illisible ({name}). "
        "Enregistrez de nouveau le projet depuis Gradient."
    )


def _harmless(value: object, depth: int = 0) -> object:
    """``value`` without the half characters that no file can hold; not too deep."""
    if depth > MAX_DEPTH:
        raise ProjectFileError(
            "Ce fichier emboîte trop de rubriques : ce n'est pas un projet enregistré par Gradient."
        )
    if isinstance(value, str):
        return value.encode("utf-8", "ignore").decode("utf-8")
    if isinstance(value, list):
        return [_harmless(one, depth + 1) for one in value]
    if isinstance(value, dict):
        return {str(_harmless(key)): _harmless(one, depth + 1) for key, one in value.items()}
    return value
