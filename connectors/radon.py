"""Radon potential by commune (IRSN, now ASNR): a file to repair, every row accounted for.

3 191 codes lost their leading zero and a few rows have no code. A code is repaired only when the
département named on the row agrees with it; a row that is not used says why.
"""

from __future__ import annotations

import unicodedata

import pandas as pd

from connectors.base import Download, RawFile, Recognition, Sample, Scope
from connectors.cards import SourceCard
from connectors.columns import column_map
from connectors.text_files import Place, csv_columns, holds, read_csv, refuse_no_row, renamed

SOURCE, TABLE, REFUSED, VINTAGE = "irsn_radon_fichier", "radon_fichier", "lignes_refusees", "2019"
CLASSES = ("1", "2", "3")
COMMUNE = r"[0-9][0-9AB][0-9]{3}"
# Départements 01 to 09: the only ones whose codes start with a zero.
NAMES = {
    "01": "AIN",
    "02": "AISNE",
    "03": "ALLIER",
    "04": "ALPES DE HAUTE PROVENCE",
    "05": "HAUTES ALPES",
    "06": "ALPES MARITIMES",
    "07": "ARDECHE",
    "08": "ARDENNES",
    "09": "ARIEGE",
}


def recognise(sample: Sample) -> Recognition | None:
    """By its columns."""
    if holds(csv_columns(sample), tuple(column_map(TABLE, VINTAGE))):
        return Recognition(SOURCE, "radon", VINTAGE)
    return None


def parse(raw: RawFile, found: Recognition) -> dict[str, pd.DataFrame]:
    """``radon_fichier`` (rows used) and ``lignes_refusees`` (rows left out, each with its reason).

    Rows in = rows used + rows refused. Raises SchemaDrift, SourceUnavailable.
    """
    place = Place(SOURCE, TABLE, found.vintage)
    frame = renamed(read_csv(raw, place, ";"), place)
    refuse_no_row(frame, place)
    frame = frame.assign(annee=found.vintage, code_lu=frame["codgeo"], ligne=frame.index + 2)
    frame["codgeo"] = frame["codgeo"].where(frame["codgeo"].str.len() != 4, "0" + frame["codgeo"])
    reasons = _reasons(frame)
    used, refused = frame[reasons == ""], frame[reasons != ""]
    if used.empty:
        raise place.refusal(f"aucune ligne utilisable : {reasons.iloc[0]}.")
    report = pd.DataFrame(
        {
            "source": SOURCE,
            "ligne": refused["ligne"].astype(str),
            "code": refused["code_lu"],
            "libelle": refused["commune"],
            "raison": reasons[refused.index],
        }
    )
    columns = ["codgeo", "annee", "commune", "departement", "categorie", "zone", "code_lu"]
    return {
        TABLE: used[columns].reset_index(drop=True),
        REFUSED: report.reset_index(drop=True),
    }


def _reasons(frame: pd.DataFrame) -> pd.Series:
    """Why each row is refused, "" when it is used; the first reason that holds is given."""
    reasons = pd.Series("", index=frame.index)

    def mark(rows: pd.Series, reason: str) -> None:
        reasons[rows & (reasons == "")] = reason

    mark(frame["code_lu"] == "", "code de commune vide")
    mark(~frame["codgeo"].str.fullmatch(COMMUNE), "code de commune mal formé")
    mark(~frame["categorie"].isin(CLASSES), "catégorie autre que 1, 2 ou 3")
    shortened = frame["code_lu"].str.len() == 4
    named = frame["codgeo"].str[:2].map(NAMES).fillna("")
    mark(
        shortened & (named != frame["departement"].map(_plain)),
        "zéro initial perdu, et le département nommé sur la ligne ne confirme pas le code réparé",
    )
    good = frame[reasons == ""]
    classes = good.groupby("codgeo")["categorie"].transform("nunique")
    mark(
        classes.reindex(frame.index, fill_value=1) > 1,
        "même commune avec deux catégories différentes",
    )
    mark(
        good.duplicated("codgeo").reindex(frame.index, fill_value=False),
        "code déjà lu sur une autre ligne",
    )
    return reasons


def _plain(name: str) -> str:
    """Capital letters without accents, hyphens or apostrophes."""
    letters = unicodedata.normalize("NFD", name.upper())
    kept = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(kept.replace("-", " ").replace("'", " ").split())


def downloads(card: SourceCard, scope: Scope) -> list[Download]:
    """No stable address is known: the file is dropped by hand, unless the card is given one."""
    return [Download(url, f"radon-{name}.csv") for name, url in card.urls.items()]
