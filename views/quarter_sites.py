"""Words of the care sites in and around the quartiers prioritaires (QPV)."""

from __future__ import annotations

from views.text import number

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
NO_OUTLINES = (
    "Les contours des quartiers ne sont pas chargés : sans eux, ni carte ni compte des sites proches. Sur la "
    "page Données, chargez « Contours des quartiers prioritaires (QPV) 2024 »."
)
SITES_NEAR = (
    "Premier nombre : sites dans le contour du quartier. Second : sites dans le contour ou à 500 mètres au "
    "plus, à vol d'oiseau. Un site n'est ni une capacité ni une garantie de place ; les cabinets de médecins "
    "ne sont pas dans FINESS."
)
PARTIAL_SITES = (
    "Les sites d'un département touché ne sont pas chargés : un zéro n'y veut rien dire. Page Données, "
    "source FINESS."
)
# Colour and shape of each plain category: told apart by either.
MARKERS = {
    "pharmacie": ("#123f78", "croix"),
    "ville": ("#c05a00", "losange"),
    "hopital": ("#1f2933", "carre"),
    "age": ("#5b9bd0", "cercle"),
    "handicap": ("#8a5a00", "triangle"),
    "autre": ("#6d7580", "triangle-bas"),
}


def count_text(inside: int, near: int) -> str:
    """« 2 dedans, 5 en tout »; « aucun »."""
    if not near:
        return "aucun"
    return f"{number(inside)} dedans, {number(near)} en tout"
