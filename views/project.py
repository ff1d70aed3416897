"""French wording of the project file: what it holds, what two colleagues both changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diagnostic.merging import Conflict
from diagnostic.perimeter import Perimeter, encode
from diagnostic.project import Project
from diagnostic.records import (
    Action,
    Crossing,
    Entry,
    Filed,
    ImportMapping,
    LocalData,
    Placement,
    Priority,
    Vote,
)
from views.text import NO_BREAK, THEMES, count_of, joined

NOTHING_NOTED = "Rien n'est encore noté : le fichier garde le périmètre et vos réglages."
KEPT_HERE = (
    "Tout reste dans cette session : rien n'est envoyé, et fermer l'onglet efface ce qui n'est pas "
    "enregistré."
)
TWO_WAYS = (
    "Sans le fichier de départ, rien n'est considéré comme supprimé : ce qui n'est que d'un côté est "
    "gardé."
)
TOO_MANY_FIGURES = (
    "Les deux fichiers gardent ensemble trop de chiffres importés pour un seul fichier de projet. "
    "Retirez-en un dans l'un des deux (page Importer), puis fusionnez."
)
REMOVED = "supprimé"
_SHOWN = 160
_SECTIONS = {
    "perimeter": "Périmètre",
    "name": "Nom du périmètre",
    "comparator": "Territoire de comparaison",
    "choices": "Réglages des pages (poids, base, force du besoin, quantités…)",
    "notes": "Notes",
    "unknown": "Rubrique d'une version plus récente",
}
_RECORDS = {
    "actions": "Action",
    "entries": "Parole ou observation",
    "crossings": "Lecture des chiffres et des paroles",
    "placements": "Case de l'AFOM",
    "priorities": "Priorité",
    "votes": "Vote",
    "imports": "Lecture d'un fichier",
    "local_data": "Données locales",
}
# Headings and values of the file -> how a person says them.
_HEADINGS = {
    "approche": "approche",
    "case": "case de l'AFOM",
    "constats": "constats repris",
    "dit_le": "dit le",
    "dit_que": "ce que ses auteurs en disent",
    "ecrit_le": "écrit le",
    "entetes": "titres des colonnes",
    "intensite": "quantité par territoire",
    "paroles": "paroles reprises",
    "priorites": "voix",
    "tenu_le": "tenu le",
    "theme": "thème",
    "unite": "unité",
}
_VALUES = {
    "ciblee": "ciblée",
    "proportionnee": "proportionnée au besoin",
    "elus": "élus",
    "va_bien": "cela va bien",
    "probleme": "c'est un problème",
    "ni_l_un_ni_l_autre": "ni l'un ni l'autre",
    "non_mesure": "non mesuré",
    "opportunite": "opportunité",
}


def summary_text(project: Project) -> str:
    """« 2 actions, 3 paroles et 1 vote notés. »"""
    counts = [
        count_of(len(project.actions), "action"),
        count_of(len(project.entries), "parole ou observation", "paroles ou observations"),
        count_of(len(project.priorities), "priorité"),
        count_of(len(project.votes), "vote"),
        count_of(len(project.imports), "lecture de fichier", "lectures de fichier"),
        count_of(
            len(project.local_data), "fichier de données locales", "fichiers de données locales"
        ),
    ]
    kept = [one for one in counts if not one.startswith(f"0{NO_BREAK}")]
    if not kept:
        return NOTHING_NOTED
    return f"Le fichier garde le périmètre, vos réglages, et {joined(kept)}."


def conflict_title(conflict: Conflict) -> str:
    """What both changed: « Action « Bus dentaire » »."""
    section = conflict.place[0]
    if section in _RECORDS:
        one = conflict.ours if conflict.ours is not None else conflict.theirs
        return f"{_RECORDS[section]} « {_short(record_title(one))} »"
    return _SECTIONS.get(section, _SECTIONS["unknown"])


def record_title(record: Any) -> str:
    """What a record is recognised by."""
    if isinstance(record, Action | Priority):
        return record.title
    if isinstance(record, Crossing):
        return record.indicator or THEMES.get(record.theme, record.theme)
    if isinstance(record, Placement):
        return record.item
    if isinstance(record, Entry):
        return record.text or record.theme or record.id
    if isinstance(record, Vote):
        return record.where or (f"du {record.held_on:%d/%m/%Y}" if record.held_on else record.id)
    if isinstance(record, ImportMapping | LocalData):
        return record.name or record.source or record.id
    return str(record)


def side_texts(conflict: Conflict, names: Mapping[str, str] | None = None) -> tuple[str, str]:
    """Both sides of a conflict, only what differs, in words.

    ``names``: what a territory (« com:95127 ») or an indicator of the file is called.
    """
    if conflict.ours is None or conflict.theirs is None:
        return (
            REMOVED if conflict.ours is None else "gardé",
            REMOVED if conflict.theirs is None else "gardé",
        )
    known = names or {}
    mine, theirs = _facts(conflict.ours, known), _facts(conflict.theirs, known)
    every = list(dict.fromkeys([*mine, *theirs]))
    differing = [key for key in every if mine.get(key) != theirs.get(key)] or every
    return _told(mine, differing), _told(theirs, differing)


def _facts(value: Any, names: Mapping[str, str]) -> dict[str, str]:
    """A value as heading -> text."""
    if isinstance(value, LocalData):
        return {
            "source": value.source,
            "chiffres": f"{count_of(value.count, 'chiffre')}, lu{'s' if value.count > 1 else ''} le "
            f"{value.written:%d/%m/%Y}",
        }
    if isinstance(value, Filed):
        facts = value.model_dump(mode="json")
        return {
            key: _plain(one, names)
            for key, one in facts.items()
            if key != "plan" and one not in (None, "", [], {})
        }
    if isinstance(value, dict):
        return {str(key): _plain(one, names) for key, one in value.items()}
    return {"": _plain(value, names)}


def _plain(value: Any, names: Mapping[str, str]) -> str:
    if isinstance(value, dict):
        return ", ".join(
            f"{_plain(key, names)} : {_plain(one, names)}" for key, one in value.items()
        )
    if isinstance(value, float):
        return f"{value:g}".replace(".", ",")
    if isinstance(value, list):
        if len(value) == 2 and isinstance(value[1], int):  # a priority and its voices
            return f"{value[0]} : {value[1]}"
        return ", ".join(_plain(one, names) for one in value)
    if isinstance(value, tuple):
        return ", ".join(_plain(one, names) for one in encode(Perimeter(value)).split(","))
    if isinstance(value, str):
        removed = value.startswith("-")
        named = names.get(value.removeprefix("-"), _VALUES.get(value, THEMES.get(value, value)))
        return f"sans {named}" if removed and named != value else named
    return "non dit" if value is None else str(value)


def _told(facts: dict[str, str], keys: list[str]) -> str:
    told = [
        f"{_HEADINGS.get(key, key.replace('_', ' '))} : {_short(facts.get(key, 'vide'))}"
        if key
        else _short(facts.get(key, "vide"))
        for key in keys
    ]
    return " ; ".join(told[:6]) + (" ; …" if len(told) > 6 else "")


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
