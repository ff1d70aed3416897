"""Words of the page « Importer », and what marks a local figure wherever it goes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pandas as pd

from views.text import LOCAL_MARK, count_of, escape_markdown, joined, number

LABEL_CHARACTERS = 90
SHORT_CHARACTERS = 30
INTRODUCTION = (
    "Déposez l'extrait que l'ARS, l'ORS, la CPAM ou la PMI vous a envoyé, **tel quel**. Gradient le lit "
    "en quatre pas, dit ce qu'il répare et ce qu'il refuse, puis montre ses chiffres partout : portrait, "
    "fiche, carte, inégalités, cibles, fichiers."
)
PRIVACY = (
    "**Vos données restent dans cette visite.** Elles ne rejoignent ni les données publiques, ni l'adresse "
    "de la page, ni l'écran d'un autre visiteur. Un fichier qui désigne des personnes (noms, numéros de "
    "sécurité sociale, dates de naissance, adresses…) est refusé en entier."
)
FORMATS = "XLSX, XLS, ODS, CSV ou TSV"
NO_TERRITORY = "Aucune colonne ne nomme un territoire : choisissez-la ci-dessous, ou ajoutez le code Insee ou Siren."
KEEP_LABEL = "Garder ces chiffres dans le fichier de projet"
KEEP_MEANING = (
    "Éteint, le fichier ne garde que la façon de lire le fichier reçu. Allumé, il contient ses chiffres, "
    "petits effectifs masqués : le projet se rouvre ailleurs sans le fichier d'origine, et ne se donne "
    "qu'à ceux qui ont le droit de les lire."
)
KEEP_REFUSED = (
    "Ces chiffres sont trop nombreux pour le fichier de projet (environ 100\u202f000 au plus, tous fichiers "
    "réunis) : ils restent dans cette visite. Reprenez moins d'indicateurs, ou gardez le fichier d'origine."
)
TOO_LONG_READING = (
    "Les titres de ce fichier sont trop longs pour noter sa lecture dans le projet : il faudra la refaire "
    "l'an prochain."
)
PERIOD_FORM = "Le millésime s'écrit 2024, ou 2022-2024 pour plusieurs années."
KEPT_BACK = (
    "Donnée locale, gardée à l'écran : elle n'entre dans aucun fichier. Pour la joindre aux fichiers, "
    "page Importer."
)
KINDS = {
    "ratio": "Part ou taux",
    "count": "Nombre (s'additionne)",
    "mean": "Moyenne ou indice",
    "median": "Médiane (ne s'additionne pas)",
    "ordinal": "Classe (1, 2, 3…)",
}
DIRECTIONS = {
    "defavorable": "Haut = moins favorable",
    "favorable": "Haut = plus favorable",
    "neutre": "Sans sens favorable ou non",
    "ambigu": "Ambigu, à ne pas juger",
}
LEVEL_CHOICES = {
    "": "Celui que dit chaque ligne",
    "commune": "Commune",
    "epci": "Intercommunalité",
    "departement": "Département",
    "region": "Région",
    "qpv": "Quartier prioritaire de 2024",
    "qpv_2015": "Quartier prioritaire de 2015",
    "iris": "Iris",
}
LEVEL_NAMES = {
    "commune": ("commune", "communes"),
    "epci": ("intercommunalité", "intercommunalités"),
    "ept": ("établissement public territorial", "établissements publics territoriaux"),
    "departement": ("département", "départements"),
    "region": ("région", "régions"),
    "france": ("pays", "pays"),
    "qpv": ("quartier prioritaire", "quartiers prioritaires"),
    "iris": ("Iris", "Iris"),
    "qpv_2015": ("quartier de 2015", "quartiers de 2015"),
}

_LOOKALIKES = str.maketrans(
    {
        "<": "‹", ">": "›", "[": "(", "]": ")", "{": "(", "}": ")", "*": "∗", "_": " ", "`": "'", "$": "＄",
        "~": "∼", "#": "♯", "|": "/", "\\": "/", "@": "＠", "^": " ", "=": "꞊", "&": "＆", '"': "”",
    }
)  # fmt: skip
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_ICON = re.compile(r":(?=[a-z_/]+:)", re.I)
_ADDRESS = re.compile(r"(://|www\.)", re.I)


def plain_label(text: str, longest: int = LABEL_CHARACTERS) -> str:
    """A label out of a file, that no screen nor file can take for a tag, a link, a formula or an icon.

    The characters that something could read as more than text become others that look like them:
    it holds on every page, whatever the page does of its labels.
    """
    said = _UNSEEN.sub(" ", text).translate(_LOOKALIKES)
    said = _ADDRESS.sub(lambda found: found[0].replace(":", "∶").replace(".", "·"), said)
    said = _ICON.sub("∶", said)
    said = " ".join(said.split()).lstrip("+-–@꞊ ")
    return said if len(said) <= longest else f"{said[: longest - 1].rstrip()}…"


def local_label(label: str) -> str:
    """Label of a local indicator, marked as such."""
    said = plain_label(label) or "Indicateur sans titre"
    return f"{said[:1].upper()}{said[1:]} {LOCAL_MARK}"


def short_label(label: str) -> str:
    """The same in the room of a map or a chart."""
    mark = " (local)"
    return f"{plain_label(label, SHORT_CHARACTERS - len(mark)) or 'Sans titre'}{mark}"


def source_title(source: str) -> str:
    """How the origin of a local figure is told under it."""
    return f"source : {plain_label(source, 120)}"


def recognised_sentence(rows: int, columns: int, header_rows: int, above: int, below: int) -> str:
    """What the table is, in one sentence."""
    said = [f"{count_of(rows, 'ligne')} et {count_of(columns, 'colonne')}"]
    if header_rows > 1:
        said.append(f"titres sur {number(header_rows)} lignes")
    if above:
        said.append(f"{count_of(above, 'ligne')} au-dessus du tableau")
    if below:
        said.append(f"{count_of(below, 'note')} dessous")
    return f"{', '.join(said)}."


def levels_sentence(levels: Mapping[str, int], zoning: str) -> str:
    """How many territories of each level the figures are of."""
    said = []
    for level, many in levels.items():
        names = LEVEL_NAMES.get(level, (zoning or "territoire", zoning or "territoires"))
        said.append(count_of(many, *names))
    return joined(said)


def account_sentence(rows: int, used: int) -> str:
    """Rows in = rows used + rows refused."""
    refused = rows - used
    said = f"**{count_of(rows, 'ligne')}** dans le fichier = **{number(used)}** utilisée{'s' if used > 1 else ''}"
    return f"{said} + **{number(refused)}** refusée{'s' if refused > 1 else ''}."


def reasons_table(refused: pd.DataFrame) -> pd.DataFrame:
    """Reason -> how many rows, the most common first, and the first lines."""
    groups = refused.groupby("reason", sort=False)["line"]
    table = pd.DataFrame(
        {
            "Motif": list(groups.groups),
            "Lignes": [number(len(lines)) for _, lines in groups],
            "Premières lignes": [
                ", ".join(number(int(line)) for line in lines.iloc[:5]) for _, lines in groups
            ],
        }
    )
    order = sorted(range(len(table)), key=lambda at: -len(groups.get_group(table["Motif"][at])))
    return table.iloc[order]


def drift_sentences(missing: Sequence[str], fresh: Sequence[str]) -> list[str]:
    """What moved since the reading that was kept."""
    said = []
    if missing:
        listed = joined([f"« {plain_label(one)} »" for one in missing[:6]])
        more = f" et {number(len(missing) - 6)} autres" if len(missing) > 6 else ""
        said.append(f"La mise en page a changé. Colonnes attendues et absentes : {listed}{more}.")
    if fresh:
        listed = joined([f"« {plain_label(one)} »" for one in fresh[:6]])
        more = f" et {number(len(fresh) - 6)} autres" if len(fresh) > 6 else ""
        said.append(f"Colonnes nouvelles : {listed}{more}.")
    return said


def definition(source: str, kind: str, numerator: str, denominator: str) -> str:
    """Definition of a local indicator, as its card has it."""
    said = f"Donnée locale, {source_title(source)}. {KINDS[kind]}."
    if numerator and denominator:
        said += f" Numérateur : {numerator}. Dénominateur : {denominator}."
    return said


def caveats(threshold: int, *, weighted: bool, aggregated: bool, people: bool) -> list[str]:
    """What to know before using a local figure."""
    said = [
        "Donnée locale importée dans cette visite, non publiée : ne la diffusez pas sans l'accord de sa source."
    ]
    if people:
        said.append(
            f"Effectifs de moins de {threshold} masqués, et ceux qu'une soustraction rendrait."
        )
    if not aggregated:
        said.append(
            "Sans numérateur ni dénominateur, elle n'est pas recalculée pour un autre territoire."
        )
    elif weighted:
        said.append(
            "Pour un territoire plus grand : moyenne pondérée par la population, approchée."
        )
    return said


def keep_label(name: str) -> str:
    """The switch that keeps the figures of one file among several."""
    return f"Garder les chiffres de « {escape_markdown(plain_label(name, 60))} » dans le fichier de projet"


def kept_notice(sources: Sequence[str]) -> str:
    """What the project file holds of the local figures of this visit; ``sources``: of those it keeps."""
    if not sources:
        return (
            "Les chiffres importés ne sont pas dans ce fichier. Pour les y garder, page Importer."
        )
    named = joined([plain_label(one, 60) for one in dict.fromkeys(sources)])
    return (
        f"Ce fichier contient des données locales ({escape_markdown(f'source : {named}')}) : ne le donnez qu'à ceux qui "
        "ont le droit de les lire."
    )


def restored_sentence(name: str, source: str, figures: int, gone: int) -> str:
    """The local figures of a project file are back; ``gone``: of territories that are no more."""
    said = (
        f"Données locales rouvertes avec le projet : « {plain_label(name)} », {source_title(source)} "
        f"({count_of(figures, 'chiffre')})."
    )
    if gone:
        said += f" {count_of(gone, 'chiffre')} d'un territoire qui n'existe plus : laissé de côté."
    return said


def not_restored_sentence(name: str, reason: str) -> str:
    """The local figures of a project file could not be shown."""
    return (
        f"Les données locales « {plain_label(name)} » de ce fichier ne sont pas reprises : {reason} "
        "Déposez de nouveau le fichier d'origine, page Importer."
    )
