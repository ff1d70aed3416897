"""Words and table of the core indicators that a perimeter lacks, and of where to ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from views.text import count_of, joined

TITLE = "Ce qui manque ici, et où le demander"
ACCESS = {
    "ouvert": "ouvert",
    "restreint": "sur demande",
    "mixte": "ouvert à une échelle, sur demande à une autre",
}
LEGEND = (
    "« Ouvert » : un fichier public. « Sur demande » : remis à un territoire qui le demande, souvent par "
    "convention. Un chiffre du département n'est jamais donné au périmètre à la place du sien. ARS : "
    "agence régionale de santé ; ORS : observatoire régional de la santé ; CPAM : caisse primaire "
    "d'assurance maladie."
)


@dataclass(frozen=True)
class Missing:
    """A core indicator without a figure here.

    ``masked``: secret at this scale. ``larger``: larger territories that have a figure loaded.
    ``to_load``: files not loaded that hold it, each with the scale it goes down to.
    """

    label: str
    producer: str
    access: str
    level: str
    ask: str
    masked: bool = False
    larger: Sequence[str] = ()
    to_load: Sequence[tuple[str, str]] = ()


def core_sentence(known: int, total: int) -> str:
    """« 14 des 34 indicateurs de base d'un diagnostic ont un chiffre ici ; 20 n'en ont pas. »"""
    if known == total:
        return f"Les {total} indicateurs de base d'un diagnostic de santé ont tous un chiffre ici."
    verb = "a" if known == 1 else "ont"
    return (
        f"{known} des {count_of(total, 'indicateur')} de base d'un diagnostic de santé {verb} un chiffre "
        f"ici. Pour les {total - known} autres, voici qui les détient et à quelle échelle."
    )


def missing_table(rows: Sequence[Missing]) -> pd.DataFrame:
    """One line a core indicator without a figure."""
    return pd.DataFrame(
        [
            {
                "Indicateur": row.label,
                "Producteur": row.producer,
                "Accès": ACCESS[row.access],
                "Échelle où il existe": row.level,
                "Ici, et où le demander": _advice(row),
            }
            for row in rows
        ]
    )


def _advice(row: Missing) -> str:
    said = []
    if row.masked:
        said.append("Sous secret statistique pour ce périmètre.")
    if row.larger:
        said.append(f"Chiffre chargé pour : {joined(list(row.larger))}.")
    if row.to_load:
        files = " ou ".join(f"« {title} » (échelle : {grain})" for title, grain in row.to_load)
        said.append(f"À charger, page Données : {files}.")
    if row.ask:
        said.append(row.ask)
    return " ".join(said) or "Les fichiers chargés n'ont pas de chiffre pour ce périmètre."
