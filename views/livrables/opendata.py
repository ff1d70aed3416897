"""Open files: their columns, the dictionary that describes each of them, the readme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from views.livrables.model import Facts
from views.text import STATES
from views.workbook import CARD_COLUMNS

# File -> column of the frame -> (name in the file, what it holds). The dictionary is made of it.
_FIGURES = {
    "indicator_id": ("indicateur", "identifiant de l'indicateur, décrit dans indicateurs.csv"),
    "period": ("periode", "année, ou années réunies"),
    "value": ("valeur", "valeur dans l'unité de l'indicateur ; vide sans chiffre"),
    "numerator": ("numerateur", "effectif compté, quand l'indicateur est une part ou un taux"),
    "denominator": ("denominateur", "effectif auquel il est rapporté"),
    "low": ("borne_basse", "borne basse de l'intervalle de confiance à 95 %"),
    "high": ("borne_haute", "borne haute de l'intervalle de confiance à 95 %"),
    "interval": ("intervalle", "origine de l'intervalle : wilson, byar, publié ou aucun"),
    "state": ("etat", "publié, approché, secret statistique ou pas de chiffre : jamais confondus"),
    "reason": ("precision", "pourquoi le chiffre est approché, secret ou absent"),
    "coverage": ("population_couverte", "part de la population qui a un chiffre, de 0 à 1"),
    "comparator": ("comparaison", "territoire de comparaison"),
    "other": ("valeur_comparaison", "valeur du territoire de comparaison, même période"),
    "significance": ("lecture", "plus haut, plus bas ou non différent ; vide sans comparaison"),
    "source_id": ("source", "identifiant de la source"),
}
_COMMUNE_FIGURES = {
    "code": ("code", "code officiel géographique de la commune, en texte"),
    "name": ("commune", "nom de la commune"),
    **{
        name: _FIGURES[name]
        for name in (
            "indicator_id",
            "period",
            "value",
            "numerator",
            "denominator",
            "state",
            "reason",
        )
    },
    "source_id": _FIGURES["source_id"],
}
_COMMUNES = {
    "code": _COMMUNE_FIGURES["code"],
    "name": _COMMUNE_FIGURES["name"],
    "population": ("habitants", "population municipale"),
    "epci_code": ("epci", "SIREN de l'intercommunalité"),
    "epci_name": ("nom_epci", "nom de l'intercommunalité"),
    "departement_code": ("departement", "code du département, en texte"),
}
_FILES = {
    "perimetre.csv": _FIGURES,
    "communes.csv": _COMMUNE_FIGURES,
    "territoires.csv": _COMMUNES,
}


def _named(rows: pd.DataFrame, columns: Mapping[str, tuple[str, str]]) -> pd.DataFrame:
    said = rows[list(columns)].rename(columns={key: name for key, (name, _) in columns.items()})
    if "etat" in said:
        said["etat"] = said["etat"].map(lambda state: STATES.get(state, state) or "publié")
    return said


def figures_frame(rows: pd.DataFrame) -> pd.DataFrame:
    """Figures of the perimeter, as perimetre.csv holds them."""
    return _named(rows, _FIGURES)


def commune_figures_frame(rows: pd.DataFrame) -> pd.DataFrame:
    """Figures of the communes, as communes.csv holds them: what producers publish, states kept."""
    return _named(rows, _COMMUNE_FIGURES)


def communes_frame(rows: pd.DataFrame) -> pd.DataFrame:
    """The communes and what they belong to."""
    return _named(rows, _COMMUNES)


def cards_frame(names: Sequence[str], rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """What each indicator is: identifier, then the columns of the workbook's sheet."""
    frame = pd.DataFrame(list(rows), columns=list(CARD_COLUMNS)).rename(columns=CARD_COLUMNS)
    frame.insert(0, "indicateur", list(names))
    return frame


def dictionary_frame() -> pd.DataFrame:
    """Every column of every file of figures, and what it holds."""
    lines = [
        {"fichier": file, "colonne": name, "contenu": said}
        for file, columns in _FILES.items()
        for name, said in columns.values()
    ]
    return pd.DataFrame(lines)


def readme(facts: Facts) -> bytes:
    """What the ZIP holds and how to read it."""
    lines = [
        f"{facts.title}, {facts.perimeter}",
        facts.header,
        facts.footer,
        "",
        "perimetre.csv     les chiffres du périmètre et de son territoire de comparaison",
        "communes.csv      les chiffres publiés de chaque commune, aux mêmes périodes",
        "territoires.csv   les communes et leur intercommunalité",
        "indicateurs.csv   définition, sens, source et licence de chaque indicateur",
        "dictionnaire.csv  le contenu de chaque colonne",
        "perimetre.json    le périmètre, à rouvrir dans Gradient",
        "construction.json la construction des données",
        "",
        "CSV : point-virgule, virgule décimale, UTF-8. Une case vide n'est pas un zéro : la colonne",
        "« etat » dit si le chiffre est secret ou absent. Les licences sont dans indicateurs.csv ; les",
        "chiffres se citent avec leur source et leur millésime.",
        "",
    ]
    return "\r\n".join(lines).encode("utf-8-sig")
