"""A warehouse with the country's deaths and people by sex and age: made-up files, real layout.

FIXTURE. The figures are invented, of a plausible size; nothing here is a statistic of France. The
files are those of Melodi as documented in data/sources/melodi_mortalite.yml: they go through the
drop folder, the connector and the SQL like the producer's own.
"""

from __future__ import annotations

import csv
import io
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from filelock import FileLock

from tests.conftest import run_warehouse

YEARS = range(2019, 2026)
# Yearly deaths by class of age, women and men; each year is so many times that.
CLASSES = {"Y_LT25": 0, "Y25T49": 25, "Y50T64": 50, "Y65T74": 65, "Y75T84": 75, "Y_GE85": 85}
DEATHS = {
    "F": (2_000, 6_500, 22_000, 38_000, 65_000, 190_000),
    "M": (3_300, 12_500, 41_000, 65_000, 85_000, 120_000),
}
PACE = {2019: 0.95, 2020: 1.04, 2021: 1.02, 2022: 1.03, 2023: 0.98, 2024: 0.99, 2025: 1.0}
# Thousands of people on 1 January by five-year age from 0, the last band being 95 and over.
PEOPLE = {
    "F": (1_700, 1_930, 2_060, 2_060, 1_930, 1_880, 2_060, 2_140, 2_210, 2_100,
          2_290, 2_300, 2_190, 2_040, 1_970, 1_500, 1_050, 850, 490, 170),
    "M": (1_780, 2_020, 2_160, 2_170, 2_000, 1_870, 1_990, 2_040, 2_130, 2_060,
          2_240, 2_190, 2_030, 1_800, 1_690, 1_230, 770, 500, 215, 50),
}  # fmt: skip
GROWTH = 10  # thousand people more in each band each year

DEATH_COLUMNS = ("GEO", "GEO_OBJECT", "SEX", "AGE", "FREQ", "DTH_PLACE", "EC_MEASURE",
                 "OBS_STATUS_FR", "TIME_PERIOD", "OBS_VALUE")  # fmt: skip
PEOPLE_COLUMNS = (
    "GEO",
    "GEO_OBJECT",
    "SEX",
    "AGE",
    "FREQ",
    "EP_MEASURE",
    "TIME_PERIOD",
    "OBS_VALUE",
)


def deaths_of(sex: str, position: int, year: int) -> int:
    """Deaths of the country in one class and year."""
    return round(DEATHS[sex][position] * PACE[year])


def people_of(sex: str, band: int, year: int) -> int:
    """People of the country in one five-year band on 1 January."""
    return 1_000 * (PEOPLE[sex][band] + GROWTH * (year - 2023))


def rate(sex: str, position: int, years: range) -> float:
    """Deaths per person and year in one class, the years together."""
    starts = [*CLASSES.values(), 100]
    bands = [band for band in range(20) if starts[position] <= 5 * band < starts[position + 1]]
    people = sum(people_of(sex, band, year) for band in bands for year in years)
    return sum(deaths_of(sex, position, year) for year in years) / people


def write_country(folder: Path, years: range = YEARS) -> Path:
    """The two zips of Melodi in ``folder``: what a user would drop."""
    folder.mkdir(parents=True, exist_ok=True)
    deaths = [
        ("F", "FRANCE", sex, age, "A", "_T", "DTH", "D", str(year), str(deaths_of(sex, at, year)))
        for year in years
        for sex in DEATHS
        for at, age in enumerate(CLASSES)
    ]
    people = [
        (
            "F",
            "FRANCE",
            sex,
            _band(band),
            "A",
            "POP_JAN_1ST",
            str(year),
            str(people_of(sex, band, year)),
        )
        for year in years
        for sex in PEOPLE
        for band in range(20)
    ]
    _write_zip(folder, "DS_EC_DECES", DEATH_COLUMNS, deaths)
    _write_zip(folder, "DS_ESTIMATION_POPULATION", PEOPLE_COLUMNS, people)
    return folder


def _band(band: int) -> str:
    if band == 0:
        return "Y_LT5"
    return "Y_GE95" if band == 19 else f"Y{5 * band}T{5 * band + 4}"


def _write_zip(
    folder: Path, dataset: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([columns, *rows])
    with zipfile.ZipFile(folder / f"{dataset}_CSV_FR.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{dataset}_data.csv", "\ufeff" + text.getvalue())


def build_with_country(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """GRADIENT_DATA_DIR of the embedded figures with the made-up country, built once for all tests."""
    base = tmp_path_factory.getbasetemp()
    common = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    kept = os.environ.get("GRADIENT_TEST_DATA_DIR")
    data_dir = (Path(kept).resolve() if kept else common) / "pays-invente"
    data_dir.mkdir(parents=True, exist_ok=True)
    done = common / "pays-invente.built"
    with FileLock(common / "pays-invente.lock"):
        if not done.exists():
            drop = write_country(common / "pays-invente-depot")
            run_warehouse("build", "--profil", "national", "--depot", str(drop), data_dir=data_dir)
            done.touch()
    return data_dir
