"""Turn the npm package @etalab/decoupage-administratif into the compact tables of data/embarque.

Usage, once the package is unpacked (``npm pack @etalab/decoupage-administratif@6.0.0``)::

    python tools/embarque_cog.py CHEMIN/package

Writes cog_communes.csv, cog_groupements.csv, cog_departements.csv, cog_regions.csv and
cog_passage.csv. The EPCI totals of the package are not kept: they are of an older vintage than
the populations of its communes, so an EPCI's population is the sum of its communes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd

EMBARQUE = Path(__file__).resolve().parent.parent / "data" / "embarque"
# The intercommunal bodies published by the package, in the words of the warehouse's levels.
GROUPEMENTS = {"epci": "epci", "ept": "ept"}


def read(package: Path, name: str) -> list[dict[str, Any]]:
    """Records of one file of the package."""
    records: list[dict[str, Any]] = json.loads(
        (package / "data" / f"{name}.json").read_text("utf-8")
    )
    return records


def communes(package: Path) -> pd.DataFrame:
    """One row a present commune or municipal arrondissement, with its groupings."""
    parent = {
        level: {
            member["code"]: body["code"]
            for body in read(package, level)
            for member in body["membres"]
        }
        for level in GROUPEMENTS
    }
    types = {"commune-actuelle": "com", "arrondissement-municipal": "arm"}
    rows = [
        {
            "code": record["code"],
            "nom": record["nom"],
            "type": types[record["type"]],
            "zone": record["zone"],
            "departement": record["departement"],
            "region": record["region"],
            "epci": parent["epci"].get(record["code"]),
            "ept": parent["ept"].get(record["code"]),
            "commune": record.get("commune"),
            "population": record.get("population"),
        }
        for record in read(package, "communes")
        if record["type"] in types
    ]
    return (
        pd.DataFrame(rows)
        .astype({"population": "Int64"})
        .sort_values(["type", "code"], ascending=[False, True])
    )


def passage(package: Path) -> pd.DataFrame:
    """One row a former commune code, with the commune of today that holds it."""
    rows = [
        {"ancien_code": old, "code": record["code"]}
        for record in read(package, "communes")
        if record["type"] == "commune-actuelle"
        for old in record.get("anciensCodes", [])
    ]
    return pd.DataFrame(rows).drop_duplicates().sort_values(["ancien_code", "code"])


def groupements(package: Path) -> pd.DataFrame:
    """One row an EPCI or an EPT."""
    rows = [
        {"niveau": level, "code": body["code"], "nom": body["nom"], "type": body["type"]}
        for level in GROUPEMENTS
        for body in read(package, level)
    ]
    return pd.DataFrame(rows)


def main(package: Path) -> None:
    """Write every table of the package into data/embarque."""
    departements = pd.DataFrame(read(package, "departements"))[["code", "nom", "region", "zone"]]
    regions = pd.DataFrame(read(package, "regions"))[["code", "nom", "zone"]]
    for name, table in {
        "cog_communes": communes(package),
        "cog_groupements": groupements(package),
        "cog_departements": departements,
        "cog_regions": regions,
        "cog_passage": passage(package),
    }.items():
        table.to_csv(EMBARQUE / f"{name}.csv", index=False, lineterminator="\n")
        sys.stderr.write(f"{name}.csv : {len(table)} lignes\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
