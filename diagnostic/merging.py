"""Two versions of one project put together, record by record, what both changed being asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from diagnostic.perimeter import Perimeter
from diagnostic.project import LISTS, Project

Side = Literal["ours", "theirs"]
# Section (heading, list of records) and identifier inside it, empty for a heading.
Place = tuple[str, str]
_ASIDE = "aside:"


@dataclass(frozen=True)
class Conflict:
    """Something that both changed, or that one removed and the other changed.

    ``place``: the section (« perimeter », « name », « comparator », « choices », « notes », a list of
    records, « unknown ») and the identifier in it. ``ours``, ``theirs``: None when removed. ``kept``:
    the side taken when nobody chooses, never a removal.
    """

    place: Place
    ours: Any
    theirs: Any
    kept: Side


def merge(
    ours: Project,
    theirs: Project,
    base: Project | None = None,
    picked: Mapping[Place, Side] | None = None,
) -> tuple[Project, list[Conflict]]:
    """One project out of two, and what both changed.

    ``base``: the file both started from; without it nothing is taken as removed, and what differs is
    asked. ``picked``: side chosen for each conflict; the others keep ours, or what one of us removed.
    The data build is that of ``ours``; choices are taken together, weights meaning nothing by halves.
    """
    mine, other = _flat(ours), _flat(theirs)
    start = _flat(base) if base is not None else None
    chosen = picked or {}
    merged: dict[Place, Any] = {}
    conflicts: list[Conflict] = []
    for place in sorted(mine.keys() | other.keys()):
        one, two = mine.get(place), other.get(place)
        side = _settled(one, two, place, start)
        if side is None:
            conflict = Conflict(place, one, two, "theirs" if one is None else "ours")
            conflicts.append(conflict)
            side = chosen.get(place, conflict.kept)
        value = one if side == "ours" else two
        if value is not None:
            merged[place] = value
    return _built(merged, ours, max(ours.version, theirs.version)), conflicts


def _settled(one: Any, two: Any, place: Place, start: dict[Place, Any] | None) -> Side | None:
    """The side that a rule takes, None when both changed."""
    if one == two:
        return "ours"
    if start is None:
        return "theirs" if one is None else "ours" if two is None else None
    before = start.get(place)
    return "theirs" if one == before else "ours" if two == before else None


def _flat(project: Project) -> dict[Place, Any]:
    """Everything a project says, by place."""
    flat: dict[Place, Any] = {
        ("perimeter", ""): project.perimeter.parts,
        ("name", ""): project.perimeter.name or None,
        ("comparator", ""): project.comparator or None,
        ("choices", ""): dict(project.choices) or None,
        ("notes", ""): project.notes or None,
    }
    for name in LISTS:
        flat |= {(name, record.id): record for record in getattr(project, name)}
        for raw in project.aside.get(name, ()):
            flat[_ASIDE + name, json.dumps(raw, sort_keys=True)] = raw
    return flat | {("unknown", key): value for key, value in project.unknown.items()}


def _built(flat: dict[Place, Any], ours: Project, version: int) -> Project:
    def inside(section: str) -> list[Any]:
        return [value for (where, _), value in flat.items() if where == section]

    lists: dict[str, Any] = {name: tuple(inside(name)) for name in LISTS}
    aside = {name: tuple(inside(_ASIDE + name)) for name in LISTS}
    return replace(
        ours,
        perimeter=Perimeter(flat["perimeter", ""], flat.get(("name", ""), "")),
        comparator=flat.get(("comparator", ""), ""),
        choices=flat.get(("choices", ""), {}),
        notes=flat.get(("notes", ""), ""),
        unknown={key: value for (where, key), value in flat.items() if where == "unknown"},
        aside={name: kept for name, kept in aside.items() if kept},
        version=version,
        **lists,
    )
