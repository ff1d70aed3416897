"""Words and colours of spatial clusters: neighbouring communes with close values (docs/methodologie.md)."""

from __future__ import annotations

import pandas as pd

from diagnostic.spatial import MIN_TERRITORIES, NOT_SIGNIFICANT, GlobalTest
from views.classification import Classes
from views.observation import Reading
from views.text import alphabetical, count_of, number, quantity

NAME = "Regroupements de valeurs proches"
NAMES = {
    "HH": "valeur haute, voisines hautes",
    "LL": "valeur basse, voisines basses",
    "HL": "valeur haute, voisines basses",
    "LH": "valeur basse, voisines hautes",
}
LABELS = [NOT_SIGNIFICANT, *NAMES.values()]
_ORDER = [NOT_SIGNIFICANT, *NAMES]
GREY = "#e2e5ea"
# Not significant, high-high, low-low, high-low, low-high: five tints, and five greys once copied.
_COLOURS = {
    "defavorable": [GREY, "#6b2c06", "#2c6cb0", "#e58a2c", "#a3cbee"],
    "favorable": [GREY, "#0b2f66", "#b35a0c", "#5b9bd0", "#f6c48c"],
}
_PLAIN = [GREY, "#37244f", "#a08bbd", "#6f5a8c", "#c9bcdc"]
WHAT = (
    "Une commune est colorée quand sa valeur et celles de ses voisines sont plus proches, ou plus "
    "opposées, que le hasard ne le ferait ; haute ou basse se lit par rapport à la moyenne des communes "
    "testées. C'est un regroupement de valeurs proches, pas une cause. Les "
    "communes hors du périmètre ne comptent pas : au bord, le voisinage est incomplet."
)


def colours(direction: str) -> list[str]:
    """One colour a label: blue and orange only where the indicator has a direction."""
    return _COLOURS.get(direction, _PLAIN)


def map_classes(found: pd.Series) -> tuple[Classes, pd.Series]:
    """Classes of the map and the position of each commune tested (NaN for the others)."""
    positions = found.map({name: float(place) for place, name in enumerate(_ORDER)})
    counts = tuple(int((positions == place).sum()) for place in range(len(_ORDER)))
    bounds = tuple(place - 0.5 for place in range(len(_ORDER) + 1))
    return Classes("seuils", bounds, counts), positions


def refusal(known: int, different: int, modelled: bool) -> str | None:
    """Why no cluster is looked for, if so: communes with a figure, different figures, a model."""
    if modelled:
        return (
            "Pas de recherche sur cet indicateur : son calcul partage déjà les valeurs entre communes "
            "voisines, il en ferait apparaître partout."
        )
    if known < MIN_TERRITORIES:
        return (
            f"Pas de recherche ici : il faut au moins {MIN_TERRITORIES} communes avec un chiffre, et "
            f"il y en a {number(known)}."
        )
    if different < 2:
        return "Toutes les valeurs sont égales : il n'y a rien à regrouper."
    return None


def global_sentence(test: GlobalTest) -> str:
    """The test of the whole map, read before any commune."""
    if test.p > 0.05:
        said = "des communes voisines ne se ressemblent pas plus que par hasard"
    elif test.statistic > test.expected:
        said = "des communes voisines se ressemblent plus que par hasard"
    else:
        said = "des communes voisines diffèrent plus que par hasard"
    return (
        f"Sur l'ensemble du périmètre, {said} (I de Moran : {number(test.statistic, 2)} ; "
        f"p = {number(test.p, 4)}, {number(test.permutations)} permutations, {test.weights})."
    )


def local_sentence(found: pd.Series, fewer: int, tested: int) -> str:
    """How many communes stand out; ``fewer``: how many with the narrower neighbourhood."""
    marked = int(found.isin(list(NAMES)).sum())
    if not marked:
        return (
            f"Aucune des {count_of(tested, 'commune')} testées ne forme de regroupement, une fois corrigé "
            "le nombre de tests (taux de fausses découvertes à 5\u202f%)."
        )
    return (
        f"{count_of(marked, 'commune')} sur {number(tested)} dans un regroupement, une fois corrigé le "
        f"nombre de tests (taux de fausses découvertes à 5\u202f%) ; {number(fewer)} avec un voisinage plus "
        "étroit."
    )


def clusters_table(table: pd.DataFrame, names: pd.Series, reading: Reading) -> pd.DataFrame:
    """Communes that stand out, in alphabetical order: value, mean of the neighbours, what it is."""
    kept = table[table["class"].isin(list(NAMES))]
    ordered = kept.assign(name=names.reindex(kept.index)).sort_values(
        "name", key=lambda one: one.map(alphabetical)
    )
    return pd.DataFrame(
        {
            "Commune": ordered["name"],
            "Valeur": [_said(value, reading) for value in ordered["value"]],
            "Moyenne des voisines": [_said(value, reading) for value in ordered["lag"]],
            "Regroupement": ordered["class"].map(NAMES),
        }
    )


def tooltips(table: pd.DataFrame, names: pd.Series, reading: Reading) -> pd.Series:
    """Name, value and class of each commune, for the map."""
    return pd.Series(
        {
            row.Index: f"{names[row.Index]}\n{_said(row.value, reading)}\n"
            f"{NAMES.get(row.found, row.found)}"
            for row in table.rename(columns={"class": "found"}).itertuples()
        },
        dtype=object,
    )


def _said(value: float, reading: Reading) -> str:
    return quantity(value, reading.unit, reading.decimals, signed=reading.signed, short=True)
