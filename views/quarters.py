"""Words and table of the quartiers prioritaires beside their city."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from views.observation import Reading, value_text
from views.text import alphabetical, count_of, joined, number, period_text

WHOLE_CITY = "Toute la ville"
NO_FIGURE = "pas de chiffre"
GEOGRAPHIES = {
    "QP2024": "Quartiers de 2024, en vigueur",
    "QP2015": "Quartiers de 2015, anciens contours",
}
NO_QUARTER = (
    "Aucun quartier prioritaire n'est connu dans ce périmètre avec les données chargées. La liste de "
    "toute la France se charge depuis la page Données."
)
BESIDE = (
    "Les habitants du quartier font aussi partie de sa ville : les deux chiffres ne sont pas "
    "indépendants. « Pas de chiffre » : rien n'est publié ou chargé à la même période, et le chiffre de "
    "la ville n'est jamais donné au quartier. « Secret statistique » : l'Insee ne le diffuse pas."
)
BEFORE_2024 = (
    "Contours d'avant 2024 : même sous le même nom, un quartier de 2015 ne se compare pas "
    "à celui de 2024. « Édition 2022 » : l'Insee n'écrit pas l'année de ce chiffre, qui n'est donc mis "
    "en regard d'aucun chiffre de la ville."
)
HEALTH = (
    "La plupart des indicateurs de santé n'existent pas à l'échelle des quartiers : la mortalité, les "
    "maladies, le dépistage et l'accès aux médecins ne se lisent qu'à la commune ou au-dessus."
)


ONLY_CITIES = (
    "Les quartiers prioritaires sont rattachés à leur ville entière, jamais à un arrondissement "
    "municipal : ils se lisent sur le périmètre de la ville."
)


def told_apart(quarters: pd.DataFrame) -> pd.Series:
    """Their names, with their communes for those that share one: « Centre Ville (Argenteuil) ».

    ``quarters``: index = code, columns ``name`` and ``communes`` (a list of names).
    """
    alike = quarters["name"].duplicated(keep=False)
    where = quarters["communes"].map(lambda names: f" ({joined(list(names))})")
    return quarters["name"] + where.where(alike, "")


def quarters_sentence(names: Sequence[str]) -> str:
    """How many quartiers of 2024 the perimeter has, and their names."""
    some = [*names[:8], f"{number(len(names) - 8)} autres"] if len(names) > 9 else list(names)
    counted = count_of(len(names), "quartier prioritaire", "quartiers prioritaires")
    return f"{counted} dans ce périmètre : {joined(some)}."


def unlisted_text(departements: Sequence[str]) -> str:
    """The list of quartiers of some départements of the perimeter is not loaded."""
    return (
        f"La liste n'est pas chargée pour {joined(list(departements))} : d'autres quartiers peuvent y être. Page "
        "Données, « Quartiers prioritaires (QPV) 2024 par commune »."
    )


def no_figures(older: bool) -> str:
    """Why nothing is shown of the quartiers of 2024; ``older``: whether those of 2015 have figures."""
    start = (
        "Aucun chiffre n'est chargé à l'échelle des quartiers de 2024"
        if older
        else "Aucun chiffre n'est chargé à l'échelle des quartiers"
    )
    files = "« Quartiers prioritaires 2024 : revenus déclarés »"
    if not older:
        files += (
            " et, pour les anciens contours, « Quartiers prioritaires 2015 : démographie, revenus, "
            "insertion (édition 2022) »"
        )
    return (
        f"{start} : une commune n'est pas ses quartiers, et son chiffre ne leur est pas donné. À charger "
        f"depuis la page Données : {files} (Insee)."
    )


def quarters_table(
    figures: pd.DataFrame,
    cities: pd.DataFrame,
    order: Sequence[str],
    names: Mapping[str, str],
    readings: Mapping[str, Reading],
) -> pd.DataFrame:
    """One line a city, then one a quartier of it; one column an indicator, at one period for all.

    ``figures``: rows of the mart quarter_figures of one geography; ``cities``: figures of their
    communes. The period of a column is the newest of the quartiers; the city is read at the same.
    """
    period = figures.groupby("indicator_id")["period"].max()
    columns = [name for name in order if name in period.index]
    titles = {name: f"{names[name]}, {period_text(period[name])}" for name in columns}

    def line(first: list[str], rows: pd.DataFrame) -> list[str]:
        here = {
            row.indicator_id: row
            for row in rows.itertuples()
            if row.period == period.get(row.indicator_id)
        }
        said = [
            value_text(here[name], readings[name]) if name in here else NO_FIGURE
            for name in columns
        ]
        return first + said

    lines = []
    by_city = figures.groupby(["commune_code", "commune_name"])
    for (code, city), inside in sorted(by_city, key=lambda one: alphabetical(one[0][1])):
        lines.append(line([city, WHOLE_CITY], cities[cities["code"] == code]))
        parts = inside.groupby(["code", "name"])
        for (_, quarter), rows in sorted(parts, key=lambda one: alphabetical(one[0][1])):
            lines.append(line([city, quarter], rows))
    return pd.DataFrame(lines, columns=["Ville", "Territoire", *titles.values()])
