"""A perimeter: which territories are studied together, as a link and as communes.

Grammar of the link (ARCHITECTURE, "Names that others rely on"): parts joined by commas,
``epci:249500109,-com:95127,com:46042``, a leading minus removing. Removals apply after every
addition, so the order of the parts means nothing and one canonical order is written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

MAX_PARTS = 200
MAX_CHARACTERS = 4000
MAX_NAME = 80

Members = Mapping[tuple[str, str], Iterable[str]] | Callable[[str, str], Iterable[str] | None]

_QUOTED_LENGTH = 40
_WARNINGS_SHOWN = 20
_SLUG_LENGTH = 60
_SIREN = r"[0-9]{9}"
# Level of the warehouse -> (word in the link, form of a code, French name), largest first: this
# order is that of the canonical link.
_LEVELS: dict[str, tuple[str, str, str]] = {
    "france": ("france", r"FR", "la France"),
    "region": ("reg", r"[0-9]{2}", "la région"),
    "departement": ("dep", r"[0-9]{2}|2[AB]|9[78][0-9]", "le département"),
    "petr": ("petr", _SIREN, "le PETR"),
    "ept": ("ept", _SIREN, "l'établissement public territorial"),
    "epci": ("epci", _SIREN, "l'intercommunalité"),
    "commune": ("com", r"[0-9][0-9AB][0-9]{3}", "la commune"),
    "arm": (
        "arm",
        r"751(0[1-9]|1[0-9]|20)|132(0[1-9]|1[0-6])|6938[1-9]",
        "l'arrondissement municipal",
    ),
}
WORDS = {level: word for level, (word, _, _) in _LEVELS.items()}
_RANK = {level: rank for rank, level in enumerate(_LEVELS)}
_LEVEL_OF_WORD = {word: level for level, (word, _, _) in _LEVELS.items()}


@dataclass(frozen=True)
class Part:
    """One territory added to or removed from a perimeter.

    ``level``: that of the warehouse contract (commune, arm, epci, ept, petr, departement, region,
    france); ``code``: text, of that level's form, else ValueError. The code of a municipal
    arrondissement is never that of a commune: given as one, it is read as what it is.
    """

    level: str
    code: str
    removed: bool = False

    def __post_init__(self) -> None:
        if self.level not in _LEVELS:
            raise ValueError(f"Niveau de territoire inconnu : {quoted(self.level)}.")
        if not re.fullmatch(_LEVELS[self.level][1], self.code):
            raise ValueError(
                f"{quoted(self.code)} n'a pas la forme d'un code pour {_french(self.level)}."
            )
        if self.level == "commune" and re.fullmatch(_LEVELS["arm"][1], self.code):
            object.__setattr__(self, "level", "arm")


@dataclass(frozen=True)
class Perimeter:
    """Territories studied together, and the name given to them.

    Parts are kept deduplicated in canonical order (level from the largest to the smallest, then
    removals before additions, then code) and the name cleaned, so that equal perimeters compare
    equal. ValueError over 200 parts.
    """

    parts: tuple[Part, ...]
    name: str = ""

    def __post_init__(self) -> None:
        parts = tuple(sorted(set(self.parts), key=_canonical_order))
        if len(parts) > MAX_PARTS:
            raise ValueError(f"Un périmètre compte au plus {MAX_PARTS} territoires.")
        object.__setattr__(self, "parts", parts)
        object.__setattr__(self, "name", clean_name(self.name))


@dataclass(frozen=True)
class Resolution:
    """Commune codes of a perimeter, sorted and unique, and what the user must be told."""

    communes: tuple[str, ...]
    warnings: tuple[str, ...]


def encode(perimeter: Perimeter) -> str:
    """Text of the perimeter for a link: canonical, without the name, under 4000 characters."""
    return ",".join(_token(part) for part in perimeter.parts)


def decode(text: str) -> tuple[Perimeter, list[str]]:
    """Read the text of a link; French sentences name what was ignored. Never raises.

    ``decode(encode(p))`` gives the parts of p and no sentence.
    """
    notes: list[str] = []
    if len(text) > MAX_CHARACTERS:
        text = text[:MAX_CHARACTERS].rpartition(",")[0]
        notes.append(f"Lien trop long : la suite après {MAX_CHARACTERS} caractères est ignorée.")
    parts: list[Part] = []
    for position, token in enumerate(filter(None, map(str.strip, text.split(",")))):
        if len(parts) == MAX_PARTS:
            notes.append(
                f"Un périmètre compte au plus {MAX_PARTS} territoires : la suite est ignorée,"
                f" à partir de {quoted(token)} (élément {position + 1})."
            )
            break
        part = _read_token(token)
        if isinstance(part, str):
            notes.append(part)
        elif part in parts:
            notes.append(f"{quoted(token)} figure deux fois : compté une fois.")
        else:
            parts.append(part)
    hidden = len(notes) - _WARNINGS_SHOWN
    if hidden > 0:
        notes[_WARNINGS_SHOWN:] = [f"Et {hidden} autre(s) remarque(s) du même genre."]
    return Perimeter(tuple(parts)), notes


def resolve(
    perimeter: Perimeter,
    members: Members,
    known_communes: Collection[str],
    passage: Mapping[str, str],
) -> Resolution:
    """Communes and municipal arrondissements of a perimeter today: additions, then removals.

    ``members``: communes of a (level, code), as a mapping or a function (None or empty = unknown);
    a commune or an arm is its own member when ``known_communes`` (best a set) holds it. An arm is
    never replaced by its city, nor kept beside it: its people would count twice. ``passage``: former commune code -> current one. What is unknown,
    merged or removed for nothing gives a French sentence; the rest still works.
    """
    notes: list[str] = []
    kept: set[str] = set()
    for part in perimeter.parts:
        if not part.removed:
            kept |= _communes_of(part, members, known_communes, passage, notes)
    for code in sorted(code for code in kept if city_of(code) in kept):
        kept.discard(code)
        notes.append(
            f"L'arrondissement municipal {code} n'est pas ajouté : sa ville entière fait partie du"
            " périmètre, ses habitants compteraient deux fois."
        )
    for part in perimeter.parts:
        if not part.removed:
            continue
        leaving = _communes_of(part, members, known_communes, passage, notes)
        if any(city_of(code) in kept for code in leaving):
            notes.append(
                f"L'arrondissement municipal {part.code} ne se retire pas d'une ville entière :"
                " composez plutôt le périmètre des autres arrondissements."
            )
        elif leaving and not leaving & kept:
            notes.append(
                f"{_french(part.level, True)} {part.code} est à retirer mais ne fait pas partie"
                " du périmètre : rien n'est retiré."
            )
        elif Part(part.level, part.code) in perimeter.parts:
            notes.append(
                f"{_french(part.level, True)} {part.code} est à la fois à ajouter et à retirer :"
                " le retrait l'emporte."
            )
        kept -= leaving
    if perimeter.parts and not kept:
        notes.append("Ce périmètre ne contient aucune commune connue.")
    return Resolution(tuple(sorted(kept)), tuple(notes))


def city_of(code: str) -> str | None:
    """Commune of a municipal arrondissement, « 75118 » -> « 75056 »; None for any other code."""
    if not re.fullmatch(_LEVELS["arm"][1], code):
        return None
    return {"75": "75056", "69": "69123", "13": "13055"}[code[:2]]


def clean_name(text: str) -> str:
    """Name as kept: no control or invisible character, single spaces, 80 characters at most.

    Not escaped: views escape for what they write.
    """
    visible = "".join(c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    return " ".join(unicodedata.normalize("NFC", visible).split())[:MAX_NAME].rstrip()


def file_name(perimeter: Perimeter, suffix: str) -> str:
    """Safe ASCII name of a download: ``file_name(p, "portrait.pdf")`` -> gradient-<p>-portrait.pdf.

    ``suffix``: an extension (".json") or the end of the name with its extension.
    """
    stem, _, extension = suffix.rpartition(".") if "." in suffix else (suffix, "", "")
    name = _slug(perimeter.name) or _slug(encode(perimeter)) or "perimetre"
    body = "-".join(filter(None, ["gradient", name[:_SLUG_LENGTH].strip("-"), _slug(stem)]))
    return ".".join(filter(None, [body, _slug(extension)]))


def _canonical_order(part: Part) -> tuple[int, bool, str]:
    return _RANK[part.level], not part.removed, part.code


def _token(part: Part) -> str:
    return f"{'-' if part.removed else ''}{_LEVELS[part.level][0]}:{part.code}"


def _french(level: str, start: bool = False) -> str:
    """French name of a level with its article, capitalised at the start of a sentence."""
    name = _LEVELS[level][2]
    return name[0].upper() + name[1:] if start else name


def quoted(text: str) -> str:
    """What the user typed, short and harmless in markdown and HTML: « text »."""
    plain = unicodedata.normalize("NFC", text[: 2 * _QUOTED_LENGTH])
    plain = "".join(c if c.isalnum() or c in " -:,'’" else "·" for c in plain)
    if len(plain) > _QUOTED_LENGTH:
        plain = plain[: _QUOTED_LENGTH - 1] + "…"
    return f"« {plain} »"


def _read_token(token: str) -> Part | str:
    """The part written in one token, or the sentence that says why there is none."""
    word, colon, code = token.removeprefix("-").partition(":")
    level = _LEVEL_OF_WORD.get(word.strip().lower())
    if not colon:
        return f"{quoted(token)} est ignoré : on attend un niveau et un code, comme epci:249500109."
    if level is None:
        return (
            f"{quoted(token)} est ignoré : niveau inconnu"
            f" (niveaux possibles : {', '.join(sorted(_LEVEL_OF_WORD))})."
        )
    code = code.strip().upper()
    if not re.fullmatch(_LEVELS[level][1], code):
        return f"{quoted(token)} est ignoré : ce n'est pas un code pour {_french(level)}."
    return Part(level, code, token.startswith("-"))


def _communes_of(
    part: Part,
    members: Members,
    known_communes: Collection[str],
    passage: Mapping[str, str],
    notes: list[str],
) -> set[str]:
    """Current communes of one part; adds to ``notes`` what was merged or unknown."""
    if part.level in ("commune", "arm"):
        codes: Iterable[str] = (part.code,)
    elif callable(members):
        codes = members(part.level, part.code) or ()
    else:
        codes = members.get((part.level, part.code), ())
    current = {code: code if code in known_communes else passage.get(code, "") for code in codes}
    found = {code for code in current.values() if code in known_communes}
    if part.level in ("commune", "arm") and found and part.code not in found:
        (successor,) = found
        carried = "retirée" if part.removed else "prise en compte"
        notes.append(
            f"La commune {part.code} a rejoint {successor} : c'est {successor} qui est {carried}."
        )
    lost = sorted(old for old, new in current.items() if new not in found)
    if not found:
        notes.append(
            f"{_french(part.level, True)} {part.code} ne figure pas dans les données chargées."
        )
    elif lost:
        notes.append(
            f"{_french(part.level, True)} {part.code} : {len(lost)} commune(s) absente(s) des"
            f" données chargées ({', '.join(lost[:5])}{'…' if len(lost) > 5 else ''})."
        )
    return found


def _slug(text: str) -> str:
    """Lower-case ASCII letters, digits and single hyphens."""
    plain = unicodedata.normalize("NFKD", text.lower().replace("œ", "oe").replace("æ", "ae"))
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")
