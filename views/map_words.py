"""What is said of a map: its sentence, its table, the commune that one looks for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from views.classification import ABSENT, INSIDE, OUTSIDE, SECRET
from views.map_content import MapContent
from views.observation import Reading, commune_value_text
from views.text import alphabetical, count_of, escape_markdown, joined, number

COUNT_AS_CIRCLES = (
    "Un nombre dépend d'abord de la taille du territoire : il est dessiné en cercles, dont la surface "
    "suit le nombre, jamais en couleurs. Pour comparer des niveaux, choisissez une part ou une densité."
)
UNCERTAIN = "Écart non établi"
UNCERTAIN_NOTE = (
    "« Écart non établi » : l'intervalle de confiance du chiffre contient la valeur du territoire de "
    "comparaison, ou le chiffre est approché."
)
BOUNDS_RULE = "Une valeur égale à la borne de deux classes est dans la plus basse des deux."


@dataclass(frozen=True)
class PlaceWords:
    """Around the word for one place of a map, what agrees with it."""

    one: str
    this: str
    none: str
    alone: str
    asked: str


PLACES = {
    "commune": PlaceWords(
        "une commune", "cette commune", "Aucune commune", "seule", "Et ma commune ?"
    ),
    "arrondissement": PlaceWords(
        "un arrondissement",
        "cet arrondissement",
        "Aucun arrondissement",
        "seul",
        "Et mon arrondissement ?",
    ),
    "territoire": PlaceWords(
        "un territoire",
        "ce territoire",
        "Aucun territoire",
        "seul",
        "Et ma commune, mon arrondissement ?",
    ),
}
NAMES_SHOWN = 8
# Of communes with both figures: under it, nine cells say nothing of a link.
ENOUGH = 18


def class_table(content: MapContent, population: pd.Series, place: str = "commune") -> pd.DataFrame:
    """Communes and inhabitants of each class, then of each state; every commune is in one row.

    ``population`` is indexed by code; ``place``: what one of them is called.
    """
    characters = content.characters[content.characters != OUTSIDE]
    people = population.reindex(characters.index).fillna(0)
    ranks = characters.map({**_ranks("012345678"), **_ranks("ABCDEFGHI")})
    rows = [_row(label, ranks == rank, people) for rank, label in enumerate(content.labels)]
    if content.symbols is not None:
        drawn = characters.index.isin(content.symbols.values.index)
        rows += [
            _row("Un nombre au-dessus de zéro", pd.Series(drawn, index=characters.index), people),
            _row("Zéro", (characters == INSIDE) & ~drawn, people),
        ]
    for name, character in (("Secret statistique", SECRET), (content.absent_label, ABSENT)):
        if (characters == character).any():
            rows.append(_row(name, characters == character, people))
    return pd.DataFrame(rows, columns=["Classe", f"{place.capitalize()}s", "Habitants"])


def _ranks(alphabet: str) -> dict[str, int]:
    return {character: rank for rank, character in enumerate(alphabet)}


def _row(label: str, chosen: pd.Series, people: pd.Series) -> tuple[str, str, str]:
    return label, number(int(chosen.sum())), number(int(people[chosen].sum()))


def map_sentence(
    content: MapContent, values: pd.Series, reading: Reading, place: str = "commune"
) -> str:
    """The map in a sentence: how many places have a figure, how far apart, how many are secret.

    ``values``: the figures shown, by code; ``place``: what one of them is called.
    """
    inside = content.characters[content.characters != OUTSIDE]
    return values_sentence(values, len(inside), int((inside == SECRET).sum()), reading, place)


def values_sentence(
    values: pd.Series, places: int, hidden: int, reading: Reading, place: str = "commune"
) -> str:
    """The same sentence from counts: places in all, and those under statistical secrecy."""
    if values.empty:
        return f"Pas de chiffre publié pour {count_of(places, place)}."
    low, high = (_value(one, reading) for one in (values.min(), values.max()))
    have = "ont" if len(values) > 1 else "a"
    known = f"{count_of(len(values), place)} sur {number(places)} {have} un chiffre"
    secret = f" ; {number(hidden)} sous secret statistique" if hidden else ""
    return f"{known} : {f'de {low} à {high}' if low != high else low}{secret}."


def _value(value: float, reading: Reading) -> str:
    row = pd.Series({"value": value, "state": "ok", "denominator": float("nan")})
    if reading.kind == "sample":
        return number(value)
    return commune_value_text(row, reading, short=True)


def commune_sentence(
    name: str,
    row: Any,
    reading: Reading,
    content: MapContent,
    code: str,
    fallback: str,
    place: str = "commune",
) -> str:
    """« Et ma commune ? »: its value and its class, never a rank; otherwise its bassin.

    ``fallback`` says the figure of the commune's intercommunalité, when its own does not exist;
    ``place``: what the places of the map are called.
    """
    text = escape_markdown(commune_value_text(row, reading))
    start = f"**{escape_markdown(name)}** : {text}"
    character = content.characters.get(code, OUTSIDE)
    rank = {**_ranks("012345678"), **_ranks("ABCDEFGHI")}.get(character)
    if rank is None or content.grid is not None:
        return f"{start}." if character not in (SECRET, ABSENT) else f"{start}. {fallback}".strip()
    ranks = content.characters.map({**_ranks("012345678"), **_ranks("ABCDEFGHI")})
    others = int((ranks == rank).sum()) - 1
    company = f"avec {count_of(others, f'autre {place}', f'autres {place}s')}"
    if not others:
        company = f"{PLACES[place].alone} dans cette classe"
    return f"{start}, classe « {escape_markdown(content.labels[rank])} », {company}."


def cell_sentence(content: MapContent, code: str) -> str:
    """The cell of a crossed map where a place stands; nothing when it has none."""
    rank = {**_ranks("012345678"), **_ranks("ABCDEFGHI")}.get(content.characters.get(code, OUTSIDE))
    if rank is None or content.grid is None:
        return ""
    return f"Case de la carte : {escape_markdown(content.labels[rank])}."


def side_text(label: str, *, high: bool) -> str:
    """« Pauvreté, 2023 : valeurs hautes »: what an axis of a crossed map says."""
    return f"{label} : valeurs {'hautes' if high else 'basses'}"


def cell_names(first: str, second: str, *, first_high: bool, second_high: bool) -> list[str]:
    """Names of the nine cells of a crossed map, row after row from the lowest second third."""
    first_thirds = _third_names(high=first_high)
    second_thirds = _third_names(high=second_high)
    return [
        f"{first} : {across} ; {second} : {up}" for up in second_thirds for across in first_thirds
    ]


def _third_names(*, high: bool) -> list[str]:
    names = ["valeurs basses", "valeurs moyennes", "valeurs hautes"]
    return names if high else names[::-1]


def crossed_sentence(
    chosen: list[str], population: int, total: int, first: str, second: str, place: str = "commune"
) -> str:
    """How many places stand in the last third of both, beside what chance alone would give.

    ``chosen``: their names; ``first``, ``second``: « des valeurs hautes de « Pauvreté » »;
    ``place``: what one of them is called.
    """
    chance = (
        f"Si les deux étaient sans lien, il y en aurait environ {number(total / 9)}."
        if total >= ENOUGH
        else "Il y en a trop peu pour y voir un lien."
    )
    known = f"{count_of(total, place)} {'ont' if total > 1 else 'a'} les deux chiffres."
    if not chosen:
        return (
            f"{PLACES[place].none} n'est à la fois dans le tiers {first} et dans le tiers {second}. "
            f"{known} {chance}"
        )
    names = sorted(chosen, key=alphabetical)[:NAMES_SHOWN]
    more = len(chosen) - len(names)
    listed = joined(names) if not more else f"{', '.join(names)} et {count_of(more, 'autre')}"
    verb = "sont" if len(chosen) > 1 else "est"
    return (
        f"{count_of(len(chosen), place)} ({number(population)} habitants) {verb} à la fois dans "
        f"le tiers {first} et dans le tiers {second} : {escape_markdown(listed)}. "
        f"{known} {chance}"
    )


def empty_side(cuts: Sequence[float], values: pd.Series, decimals: int) -> str:
    """That thresholds typed stand outside the values of the map: a class there is empty."""
    said = joined([number(one, decimals) for one in cuts])
    low, high = number(values.min(), decimals), number(values.max(), decimals)
    start, end = ("Un seuil est", "Une classe est vide")
    if len(cuts) > 1:
        start, end = ("Des seuils sont", "Des classes sont vides")
    return f"{start} hors des valeurs de la carte (de {low} à {high}) : {said}. {end}."


def thirds_sentence(cut: Iterable[tuple[str, Sequence[float], Reading]]) -> str:
    """Where thirds are cut: name, inner bounds and reading of each indicator."""
    said = [
        f"{name}, {joined([_value(one, reading) for one in bounds]) or 'une seule valeur'}"
        for name, bounds, reading in cut
    ]
    return f"Bornes des tiers : {escape_markdown(' ; '.join(said))}. {BOUNDS_RULE}"
