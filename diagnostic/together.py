"""Territories set side by side: which they are, as a link, and whether they may be compared.

Grammar of the link: perimeters joined by semicolons, each written as diagnostic.perimeter writes it:
``epci:249500109;epci:200058485``. The order is that of the choice, and is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from diagnostic.perimeter import Perimeter, decode, encode

LEAST, MOST = 2, 6
SEPARATOR = ";"
# A perimeter made of several territories, or of one without some of its communes.
COMPOSED = "compose"


def kind(perimeter: Perimeter) -> str:
    """Level of a perimeter that is exactly one territory, else COMPOSED."""
    whole = len(perimeter.parts) == 1 and not perimeter.parts[0].removed
    return perimeter.parts[0].level if whole else COMPOSED


def are_mixed(perimeters: Iterable[Perimeter]) -> bool:
    """Whether territories of several kinds stand in the list: they are then not compared."""
    return len({kind(one) for one in perimeters}) > 1


def write(perimeters: Sequence[Perimeter]) -> str:
    """Text of the list for a link."""
    return SEPARATOR.join(encode(one) for one in perimeters)


def read(text: str) -> tuple[list[Perimeter], list[str]]:
    """Perimeters of a link, in order, each once; French sentences name what was left out.

    Never raises: ``read(write(list))`` gives the parts of the list and no sentence.
    """
    found: list[Perimeter] = []
    notes: list[str] = []
    for piece in filter(None, map(str.strip, text.split(SEPARATOR))):
        perimeter, said = decode(piece)
        notes += said
        if perimeter.parts and perimeter not in found:
            found.append(perimeter)
    if len(found) > MOST:
        notes.append(
            f"On compare au plus {MOST} territoires à la fois : les {MOST} premiers sont gardés."
        )
    return found[:MOST], notes
