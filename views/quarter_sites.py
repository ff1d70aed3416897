"""Words of the care sites in and around the quartiers prioritaires (QPV)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pandas as pd

from views.text import count_of, joined, number

HONEST = (
    "**Un quartier prioritaire de la politique de la ville (QPV) n'a presque aucun chiffre de santé** : ni "
    "mortalité, ni APL, ni dépistage. Les chiffres d'une commune ne sont pas ceux de ses quartiers : "
    "Gradient ne les leur prête jamais. Pour savoir, il faut demander à ceux qui y vivent et y travaillent."
)
NONE_HERE = (
    "Aucun quartier prioritaire de la politique de la ville (QPV) dans les communes de ce périmètre, "
    "d'après la liste de 2024. La pauvreté existe aussi ailleurs : voyez la page Inégalités."
)
NO_LIST = (
    "La liste des quartiers prioritaires (QPV) de ce territoire n'est pas chargée : sur la page Données, "
    "déposez « Quartiers prioritaires (QPV) 2024 par commune »."
)
NO_OUTLINES_DRAWN = (
    "Leurs contours ne sont pas chargés : la carte marque d'un point les communes qui en ont un. Page Données, "
    "« Contours des quartiers prioritaires (QPV) 2024 »."
)
NO_OUTLINES = (
    "Les contours des quartiers ne sont pas chargés : sans eux, ni carte ni compte des sites proches. Sur la "
    "page Données, chargez « Contours des quartiers prioritaires (QPV) 2024 »."
)
SITES_NEAR = (
    "Premier nombre : sites dans le contour du quartier. Second : sites dans le contour ou à 500 mètres au "
    "plus, à vol d'oiseau. Un site n'est ni une capacité ni une garantie de place ; les cabinets de médecins "
    "ne sont pas dans FINESS, et les équipements de la BPE chargés ici, comptés par commune, ne disent pas "
    "dans quel quartier ils sont."
)
SOME_UNKNOWN = (
    "« Au moins » : le quartier, ou les 500 mètres autour de lui, touche un département dont les sites ne "
    "sont pas chargés. « Sites non chargés » : son département entier ne l'est pas. Page Données, source "
    "FINESS."
)
NO_SITE_NEAR = "Aucun site de FINESS n'est dans ces quartiers ni à 500 mètres."
NEIGHBOURS_DRAWN = "Les quartiers prioritaires des communes voisines sont dessinés aussi."
NOT_LOADED = "sites non chargés"
_NAMED = 6
# Colour and shape of each plain category; those of a shape also differ in grey.
MARKERS = {
    "pharmacie": ("#123f78", "croix"),
    "laboratoire": ("#2f6db5", "triangle-bas"),
    "ville": ("#c05a00", "losange"),
    "hopital": ("#1f2933", "carre"),
    "psychiatrie": ("#5b9bd0", "carre"),
    "dialyse": ("#123f78", "losange"),
    "prevention": ("#c05a00", "etoile"),
    "domicile": ("#5c3c00", "cercle"),
    "age": ("#9cc5ea", "cercle"),
    "handicap": ("#8a5a00", "triangle"),
    "ville-large": ("#c05a00", "cercle"),
    "hopital-large": ("#1f2933", "etoile"),
    "autre": ("#b3bac4", "triangle-bas"),
}


def none_here_text(elsewhere: Sequence[str], where: Sequence[str]) -> str:
    """No quartier here; those of the départements around, ``elsewhere`` (names with their communes)."""
    if not elsewhere:
        return NONE_HERE
    some = list(elsewhere[:_NAMED])
    if len(elsewhere) > _NAMED:
        some.append(f"{number(len(elsewhere) - _NAMED)} autres")
    counted = count_of(len(elsewhere), "quartier prioritaire", "quartiers prioritaires")
    return f"{NONE_HERE} {joined(list(where))}, hors du périmètre : {counted}, {joined(some)}."


def missing_outlines_text(count: int) -> str:
    """Quartiers of the list that cannot be drawn, nor their sites counted."""
    return (
        f"Contour non chargé pour {count_of(count, 'quartier')} : ni carte ni compte des sites proches. Sur la "
        "page Données, chargez « Contours des quartiers prioritaires (QPV) 2024 »."
    )


def count_text(inside: int, near: int, *, least: bool = False) -> str:
    """« 2 dedans, 5 en tout »; « aucun »; ``least``: some of the surroundings are not known."""
    if not near:
        return "aucun connu" if least else "aucun"
    return f"{number(inside)} dedans, {'au moins ' if least else ''}{number(near)} en tout"


def sites_table(
    quarters: pd.DataFrame,
    pairs: pd.DataFrame,
    kinds: dict[str, str],
    unloaded: Collection[str],
    partial: Collection[str],
) -> pd.DataFrame:
    """One line a quartier: its communes, then its sites, a column a kind that has some.

    ``quarters`` (index code): ``label``, ``communes``. ``pairs``: those of
    diagnostic.nearby.sites_around with ``kind``. ``kinds``: their labels. ``unloaded``: codes of the
    quartiers whose département has no site loaded; ``partial``: those near such a département.
    """
    table = pd.DataFrame(
        {
            "Quartier": quarters["label"],
            "Communes": quarters["communes"].map(lambda names: joined(list(names))),
        }
    )
    for kind, label in kinds.items():
        here = pairs[pairs["kind"] == kind].groupby("outline")["inside"].agg(["sum", "size"])
        if here.empty:
            continue
        here = here.reindex(quarters.index, fill_value=0)
        table[label] = [
            NOT_LOADED
            if code in unloaded
            else count_text(int(inside), int(near), least=code in partial)
            for code, inside, near in zip(here.index, here["sum"], here["size"], strict=True)
        ]
    return table
