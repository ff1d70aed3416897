"""The territory that a cell names: a code, damaged or not, or a name, at any level.

A code is repaired only where one repair is possible, and every repair is told. A name is believed
only when one territory bears it: 1 441 names of communes are shared. Nothing is guessed between
two territories.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from connectors.personal import words

LOST_ZERO = "zéro initial rétabli"
TIDIED = "espaces ou majuscules corrigés"
MERGED = "ancienne commune rattachée à l'actuelle"
CITY = "arrondissement rattaché à sa ville"
CORSICA = "ancien code de Corse remplacé par 2A ou 2B"
RENAMED = "le nom écrit n'est pas celui de ce code : le code fait foi"
BY_NAME = "reconnu par son nom, le seul à le porter"
BY_DEPARTEMENT = "reconnu par son nom dans le département indiqué"
BY_MOST = "reconnu par son nom dans le département de toutes les autres lignes"

TOTAL = "ligne de total ou d'ensemble, mise à part"
NO_PLACE = "aucun territoire sur la ligne"
UNKNOWN_CODE = "code de territoire inconnu"
UNKNOWN_EPCI = "intercommunalité inconnue aujourd'hui (dissoute ou fusionnée ?)"
UNKNOWN_NAME = "nom de territoire inconnu"
SHARED_NAME = "nom porté par plusieurs territoires : ajoutez le code, ou le département"
DISAGREE = "le code et le nom désignent deux territoires différents"
POSTAL = "code postal : plusieurs communes peuvent le partager, donnez le code Insee"
OTHER_LEVEL = "territoire d'un autre niveau que celui choisi"
FOREIGN = "hors de France ou non ventilé"

LEVELS = ("commune", "epci", "ept", "departement", "region", "france", "qpv", "iris", "qpv_2015")
ZONINGS: tuple[tuple[str, str], ...] = (
    (r"bassins? de vie", "bassin de vie"),
    (r"cantons?( villes?)?", "canton"),
    (r"territoires? de vie( sante)?", "territoire de vie-santé"),
    (r"zones? d emploi", "zone d'emploi"),
    (r"aires? d attraction", "aire d'attraction"),
    (r"(centres?|circonscriptions?|udas?|uts?) (de solidarite|d action sociale|departementale\w*)", "secteur social"),
    (r"territoires? de democratie( sanitaire| en sante)?", "territoire de démocratie en santé"),
    (r"(secteurs?|zones?) (de )?psychiatri\w+", "secteur de psychiatrie"),
    (r"codes? postaux|code postal", "code postal"),
)  # fmt: skip
"""What a title may say of a zoning that no level of the warehouse holds -> its name."""

_CITIES = (
    (re.compile(r"751(0[1-9]|1\d|20)"), "75056"),
    (re.compile(r"6938[1-9]"), "69123"),
    (re.compile(r"132(0[1-9]|1[0-6])"), "13055"),
)
_TOTALS = re.compile(
    r"(sous )?(totaux?|total|ensemble|somme|moyenne|cumul)( general\w*| (du|de la|de l|des|de) .*)?"
)
_FRANCE = frozenset(
    {"france", "france entiere", "fr", "fe", "f", "france hors mayotte", "metropole et drom"}
)
_METROPOLE = frozenset({"france metropolitaine", "metropole", "fm", "m", "france metro"})
_NOWHERE = re.compile(r"(etranger|non (ventile|renseigne|reparti|localise|connu)\w*|inconnue?s?|autres?|hors (france|departement|region)|indetermine\w*|99\d{3})")  # fmt: skip
_PREFIX = re.compile(r"(?:\d{4}[-_])?(COM|ARM|EPCI|DEP|REG|QPV|FRANCE|F|IRIS)[-_](\w+)", re.I)
_SAINTS = ((r"\bst\b", "saint"), (r"\bste\b", "sainte"), (r"\bsts\b", "saints"))
_GROUPING = re.compile(
    r"^(communaute (de communes|d agglomeration|urbaine)|metropole|cc|ca|cu|agglomeration|epci|com com"
    r"|comcom|agglo)( (de la|de l|de|du|des|d|la|le|les|l))?\s+"
)
_ARTICLE = re.compile(r"^(de la|de l|de|du|des|d|la|le|les|l)\s+")
_BARE = re.compile(r"[\s'’\"]")


@dataclass(frozen=True)
class Gazetteer:
    """Every territory of today: (level, code) -> name; ``former``: old communes -> the present one."""

    names: Mapping[tuple[str, str], str] = field(repr=False)
    former: Mapping[str, str] = field(repr=False)

    @cached_property
    def codes(self) -> dict[str, frozenset[str]]:
        """Codes of each level."""
        found: dict[str, set[str]] = {}
        for level, code in self.names:
            found.setdefault(level, set()).add(code)
        return {level: frozenset(codes) for level, codes in found.items()}

    @cached_property
    def bearers(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """Level -> plain name -> codes that bear it."""
        found: dict[str, dict[str, list[str]]] = {}
        for (level, code), name in self.names.items():
            said = found.setdefault(level, {})
            for form in _forms(name, level):
                said.setdefault(form, []).append(code)
        return {
            level: {name: tuple(codes) for name, codes in said.items()}
            for level, said in found.items()
        }


@dataclass(frozen=True)
class Written:
    """What is written of the territory on one row; ``within``: a département, code or name."""

    code: str = ""
    name: str = ""
    within: str = ""


@dataclass(frozen=True)
class Found:
    """The territory of a row, what was repaired to find it; or why it is refused (code empty)."""

    level: str = ""
    code: str = ""
    repair: str = ""
    reason: str = ""


def plain_name(name: str) -> str:
    """A name as it is compared: no accent, case, hyphen; « St » is « Saint »."""
    said = words(name.replace("œ", "oe").replace("Œ", "Oe"))
    for short, long in _SAINTS:
        said = re.sub(short, long, said)
    return said


def is_total(text: str) -> bool:
    """Whether a cell says that its row is a total."""
    return bool(_TOTALS.fullmatch(words(text)))


def city_of(code: str) -> str | None:
    """The city of a municipal arrondissement."""
    return next((city for arms, city in _CITIES if arms.fullmatch(code)), None)


def zoning_of(texts: Iterable[str]) -> str:
    """The zoning, other than the levels of the warehouse, that titles speak of; empty for none."""
    said = " ".join(words(text) for text in texts)
    return next((name for pattern, name in ZONINGS if re.search(rf"\b{pattern}\b", said)), "")


def locate(
    rows: Sequence[Written], known: Gazetteer, level: str = "", *, arrondissements: bool = True
) -> dict[Written, Found]:
    """The territory of each distinct row. ``level`` keeps one level; empty lets each row say its own.

    ``arrondissements``: those of Paris, Lyon and Marseille go to their city.
    """
    distinct = list(dict.fromkeys(rows))
    found = {one: _locate(one, known, level) for one in distinct}
    return _by_most(found, known, level)


def _locate(one: Written, known: Gazetteer, level: str) -> Found:
    if not one.code and not one.name:
        return Found(reason=NO_PLACE)
    country = _country(one)
    if country is not None:
        return country
    found = _found(one, known, level)
    if found.reason in (UNKNOWN_CODE, UNKNOWN_NAME) and (is_total(one.code) or is_total(one.name)):
        return Found(reason=TOTAL)
    return found


def _found(one: Written, known: Gazetteer, level: str) -> Found:
    if _NOWHERE.fullmatch(words(one.code)) or (
        not one.code and _NOWHERE.fullmatch(words(one.name))
    ):
        return Found(reason=FOREIGN)
    if not one.code:
        return _named(one.name, one.within, known, level)
    code, name = _split(one)
    if not any(character.isdigit() for character in code) and len(code) > 3:
        return _named(name or code, one.within, known, level)
    return _checked(_coded(code, known, level), name, known)


def _checked(found: Found, name: str, known: Gazetteer) -> Found:
    """A code beside a name: the code is believed, unless another territory of the same département
    bears the name, which is likelier a slip than an old name."""
    others = known.bearers.get(found.level, {}).get(plain_name(name), ()) if name else ()
    if not others or found.code in others or MERGED in found.repair or CITY in found.repair:
        return found
    if found.level == "commune" and any(other[:2] == found.code[:2] for other in others):
        return Found(reason=DISAGREE)
    return Found(found.level, found.code, _both(found.repair, RENAMED))


def _both(*repairs: str) -> str:
    """Repairs one after the other."""
    return " ; ".join(filter(None, repairs))


def _country(one: Written) -> Found | None:
    """France, or métropole alone: the only totals that are a level."""
    for text in (one.code, one.name):
        said = words(text)
        if said in _METROPOLE:
            return Found("france", "FM")
        if said in _FRANCE:
            return Found("france", "FR")
    return None


def _split(one: Written) -> tuple[str, str]:
    """Code and name of « 95127 Cergy », « 95127 - Cergy », « Cergy (95127) »."""
    if one.name:
        return one.code, one.name
    before = re.fullmatch(r"(\d[\dABab]?\d{2,7})\s*[-–:]?\s+(\D.*)", one.code)
    if before:
        return before[1], before[2]
    after = re.fullmatch(r"(\D+?)\s*[(\[]\s*(\d[\dABab]\d{0,7})\s*[)\]]", one.code)
    return (after[2], after[1]) if after else (one.code, "")


def _coded(written: str, known: Gazetteer, level: str) -> Found:
    """The territory of a code. The first level that knows it, as its shape says."""
    code = _BARE.sub("", written).upper().removesuffix(".0")
    prefixed = _PREFIX.fullmatch(code)
    if prefixed:
        code = prefixed[2]
    repair = "" if code == written or prefixed else TIDIED
    for one in _levels_of(code, level):
        found = _at_level(code, one, repair, known)
        if found is not None:
            return found
    if len(code) == 9 and code.isdigit() and level in ("", "epci"):
        return Found(reason=UNKNOWN_EPCI)
    return Found(reason=UNKNOWN_CODE)


def _levels_of(code: str, level: str) -> tuple[str, ...]:
    """Levels that a code of this shape may be of, the likeliest first."""
    if level:
        return (level,)
    size = len(code)
    if size <= 3 and code.isalnum():
        return ("departement", "region")
    if size in (4, 5):
        return ("commune",)
    if size == 9 and code[:2] in ("20", "24"):
        return ("epci", "ept")
    if size == 9:
        return ("iris", "epci", "ept") if not code.isdigit() else ("epci", "ept", "iris")
    if size == 8:
        return ("qpv", "qpv_2015", "iris")
    return ()


def _at_level(code: str, level: str, repair: str, known: Gazetteer) -> Found | None:
    codes = known.codes.get(level, frozenset())
    match level:
        case "commune":
            return _commune(code, repair, known)
        case "departement" | "region":
            padded = code.zfill(2)
            if padded in codes:
                return Found(level, padded, _both(repair, LOST_ZERO if padded != code else ""))
        case "iris":
            padded = code.zfill(9)
            if re.fullmatch(r"\d[\dAB]\d{7}", padded) and (
                padded[:5] in known.codes["commune"]
                or padded[:5] in known.former
                or city_of(padded[:5])
            ):
                return Found(level, padded, _both(repair, LOST_ZERO if padded != code else ""))
        case "qpv_2015":
            if re.fullmatch(r"QP[0-9A-Z]{3}\d{3}", code):
                return Found(level, code, repair)
        case _:
            if code in codes:
                return Found(level, code, repair)
    return None


def _commune(code: str, repair: str, known: Gazetteer) -> Found | None:
    communes = known.codes["commune"]
    if re.fullmatch(r"\d{4}", code):
        code, repair = f"0{code}", _both(repair, LOST_ZERO)
    if code in communes:
        return Found("commune", code, repair)
    city = city_of(code)
    if city:
        return Found("commune", city, _both(repair, CITY))
    if code in known.former:
        return Found("commune", known.former[code], _both(repair, MERGED))
    if re.fullmatch(r"20\d{3}", code):
        now = {f"2{letter}{code[2:]}" for letter in "AB"} & {*communes, *known.former}
        if len(now) == 1:
            one = now.pop()
            return Found("commune", known.former.get(one, one), _both(repair, CORSICA))
    return None


def _forms(name: str, level: str) -> set[str]:
    """How a territory may be named: as it is, and for a grouping without its kind."""
    plain = plain_name(name)
    if level not in ("epci", "ept"):
        return {plain}
    bare = _GROUPING.sub("", plain)
    return {plain, bare, _ARTICLE.sub("", bare)} - {""}


def _named(name: str, within: str, known: Gazetteer, level: str) -> Found:
    """The one territory that bears ``name``. An EPCI before a commune when its kind is written."""
    plain = plain_name(name)
    order: tuple[str, ...] = ("commune", "epci", "departement", "region", "qpv")
    if level:
        order = (level,)
    elif _GROUPING.match(plain):
        order = ("epci", "ept")
    repair = BY_NAME
    for one in order:
        codes = _bearers(name, one, known)
        if not codes:
            continue
        if len(codes) > 1 and within:
            inside = _departement(within, known)
            codes = tuple(code for code in codes if inside and code.startswith(inside))
            repair = BY_DEPARTEMENT
        if len(codes) == 1:
            return Found(one, codes[0], repair)
        return Found(reason=SHARED_NAME)
    return Found(reason=UNKNOWN_NAME)


def _bearers(name: str, level: str, known: Gazetteer) -> tuple[str, ...]:
    """Codes of the territories of ``level`` that bear ``name``, as it is first."""
    named = known.bearers.get(level, {})
    forms = (plain_name(name), *sorted(_forms(name, level)))
    return next((named[form] for form in forms if form in named), ())


def _departement(within: str, known: Gazetteer) -> str:
    """Code of a département written as a code or a name; empty when it is not one."""
    code = _BARE.sub("", within).upper().zfill(2)
    if code in known.codes.get("departement", frozenset()):
        return code
    codes = known.bearers.get("departement", {}).get(plain_name(within), ())
    return codes[0] if len(codes) == 1 else ""


def _by_most(found: dict[Written, Found], known: Gazetteer, level: str) -> dict[Written, Found]:
    """Settle shared names of communes where every other row of the file is in one département."""
    shared = [one for one, where in found.items() if where.reason == SHARED_NAME and not one.within]
    if not shared or level not in ("", "commune"):
        return found
    around = {where.code[:2] for where in found.values() if where.level == "commune"}
    if len(around) != 1:
        return found
    (inside,) = around
    for one in shared:
        codes = known.bearers["commune"].get(plain_name(one.name or one.code), ())
        here = [code for code in codes if code[:2] == inside]
        if len(here) == 1:
            found[one] = Found("commune", here[0], BY_MOST)
    return found
