"""Insee's own files in SQL: what they publish, what they withhold, and nothing when not loaded."""

from collections.abc import Callable, Mapping

import duckdb
import pandas as pd
import pytest

from warehouse.loading import described_tables
from warehouse.paths import SQL

STAGING = ("00_macros", "sources", "insee_cog", "insee_filosofi_fichiers", "insee_rp_extraits",
           "melodi")  # fmt: skip
CORE = ("30_published", "33_published_insee_filosofi_fichiers", "33_published_insee_rp_extraits",
        "33_published_melodi", "45_mortalite_age")  # fmt: skip

Published = Callable[[Mapping[str, pd.DataFrame]], duckdb.DuckDBPyConnection]


@pytest.fixture
def publish() -> Published:
    """Run the scripts of Insee's files over raw tables, those not given being empty."""

    def run(tables: Mapping[str, pd.DataFrame]) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect()
        bare = {name: pd.DataFrame(columns=cols, dtype="str") for name, cols in known.items()}
        for name, frame in {**bare, "bpe_types": types, **tables}.items():
            connection.register(f"raw_{name}", frame)
        for folder, names in (("1_staging", STAGING), ("2_core", CORE)):
            for name in names:
                connection.execute((SQL / folder / f"{name}.sql").read_text("utf-8"))
        return connection

    known = described_tables()
    types = pd.DataFrame(columns=["equipement", "indicator_id"], dtype="str")
    return run


def rows(connection: duckdb.DuckDBPyConnection, indicator: str) -> list[tuple]:
    """Level, code, period, value or ratio × 100, state of an indicator, in order."""
    return connection.execute(
        "SELECT level, code, period, round(coalesce(value, 100 * numerator / denominator), 3), state "
        "FROM published WHERE indicator_id = ? ORDER BY ALL",
        [indicator],
    ).fetchall()


def melodi(source: str, *cells: tuple) -> dict[str, pd.DataFrame]:
    """A raw table of Melodi: (level, code, year, measure, figure or state)."""
    columns = ["niveau", "codgeo", "geographie", "annee", "mesure", "valeur", "etat"]
    frame = pd.DataFrame(
        [
            (level, code, None, year, measure)
            + ((None, figure) if isinstance(figure, str) else (float(figure), "ok"))
            for level, code, year, measure, figure in cells
        ],
        columns=columns,
    )
    return {source: frame}


def test_nothing_loaded_publishes_nothing(publish: Published) -> None:
    connection = publish({})
    for table in ("published", "insee_mortalite_age"):
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


def test_filosofi_before_2023(publish: Published) -> None:
    columns = described_tables()["filosofi_fichiers"]
    figures = [
        ("commune", "95127", "2021", "60000", "20270", "23,0", "10460", "35850", "3,4"),
        ("commune", "01001", "2021", "s", "25820", "s", "s", "s", "s"),
        ("commune", "09304", "2021", None, None, None, None, None, None),
        ("france", "FM", "2019", "62973019", "21930", None, "11620", "39600", "3,4"),
    ]
    connection = publish({"filosofi_fichiers": pd.DataFrame(figures, columns=columns)})
    assert rows(connection, "mediane_niveau_vie") == [
        ("commune", "01001", "2021", 25_820, "ok"),
        ("commune", "95127", "2021", 20_270, "ok"),
        ("france", "FM", "2019", 21_930, "ok"),
    ]
    assert rows(connection, "taux_pauvrete") == [
        ("commune", "01001", "2021", None, "secret"),
        ("commune", "95127", "2021", 23.0, "ok"),
    ]
    assert ("france", "FM", "2019", 3.4, "ok") in rows(connection, "rapport_interdecile")


def test_two_files_with_the_same_figure_publish_it_once(publish: Published) -> None:
    columns = described_tables()["filosofi_fichiers"]
    wide = ("commune", "95127", "2019", None, "19590", "24,0", "s", None, None)
    deciles = ("commune", "95127", "2019", "62502", "19590", None, "10110", "34670", "3,4")
    connection = publish({"filosofi_fichiers": pd.DataFrame([wide, deciles], columns=columns)})
    assert rows(connection, "mediane_niveau_vie") == [("commune", "95127", "2019", 19_590, "ok")]
    assert rows(connection, "premier_decile_niveau_vie") == [
        ("commune", "95127", "2019", 10_110, "ok")
    ]


def test_extracts_of_the_census(publish: Published) -> None:
    communes = pd.DataFrame(
        [
            ("95127", "COM", "68348", "27352", "1237", "272", "46366", "4996", "32833"),
            ("97601", "COM", None, None, "163", "24", None, None, None),
        ],
        columns=described_tables()["rp_communes"],
    )
    connection = publish({"rp_communes": communes})
    assert rows(connection, "taux_chomage_15_64") == [("commune", "95127", "2021", 15.216, "ok")]
    assert rows(connection, "naissances_annuelles") == [
        ("commune", "95127", "2022", 1_237, "ok"),
        ("commune", "97601", "2022", 163, "ok"),
    ]


def test_a_category_without_a_line_is_zero_when_the_total_says_so(publish: Published) -> None:
    lines = [
        ("01001", "6", 60.0), ("01001", "3", 40.0), ("01001", "7", 99.0), ("01001", "_T", 200.0),
        ("01002", "3", 40.0), ("01002", "_T", 200.0),
    ]  # fmt: skip
    frame = pd.DataFrame(lines, columns=["codgeo", "pcs", "population"])
    connection = publish({"rp_categories": frame})
    assert rows(connection, "part_ouvriers") == [("commune", "01001", "2022", 60.0, "ok")]
    assert rows(connection, "part_employes") == [("commune", "01001", "2022", 0.0, "ok")]


def test_ratios_need_every_part(publish: Published) -> None:
    cells = [
        ("commune", "95127", "2023", "peres_seuls", 100),
        ("commune", "95127", "2023", "meres_seules", 400),
        ("commune", "95127", "2023", "familles", 2_000),
        ("commune", "95128", "2023", "meres_seules", 400),
        ("commune", "95128", "2023", "familles", 2_000),
        ("commune", "95129", "2023", "peres_seuls", "absent"),
        ("commune", "95129", "2023", "meres_seules", 1),
        ("commune", "95129", "2023", "familles", 2),
        ("epci", "249500109", "2023", "peres_seuls", 1),
        ("epci", "249500109", "2023", "meres_seules", 1),
        ("epci", "249500109", "2023", "familles", 4),
        ("departement", "95", "2023", "peres_seuls", 1),
        ("departement", "95", "2023", "meres_seules", 1),
        ("departement", "95", "2023", "familles", 4),
        ("france", "F", "2023", "familles", 4),
    ]
    connection = publish(melodi("melodi_rp_familles", *cells))
    assert rows(connection, "part_familles_monoparentales") == [
        ("commune", "95127", "2023", 25.0, "ok"),
        ("departement", "95", "2023", 50.0, "ok"),
    ]


def test_diplomas_of_2012_are_left_out(publish: Published) -> None:
    """That year did not tell bac + 3 from bac + 5: the sum of levels would miss some."""
    levels = ("aucun_ou_cep", "brevet", "cap_bep", "bac", "bac_2", "bac_3_4", "bac_5")
    cells = [("commune", "95127", "2023", level, 10) for level in levels]
    cells += [("commune", "95127", "2012", level, 10) for level in levels[:5]]
    connection = publish(melodi("melodi_rp_diplomes", *cells))
    assert rows(connection, "part_diplome_superieur") == [
        ("commune", "95127", "2023", 42.857, "ok")
    ]
    assert len(rows(connection, "part_sans_diplome")) == 1


def test_secrets_and_medians_of_melodi(publish: Published) -> None:
    cells = [
        ("commune", "95127", "2023", "mediane_niveau_vie", 21_260),
        ("commune", "95127", "2023", "mediane_niveau_vie", 21_260),  # an answer and a file
        ("commune", "95127", "2023", "taux_pauvrete", "secret"),
        ("commune", "55039", "2023", "mediane_niveau_vie", "absent"),
        ("epci", "249500109", "2023", "rapport_interdecile", 3.5),
    ]
    connection = publish(melodi("melodi_filosofi", *cells))
    assert rows(connection, "mediane_niveau_vie") == [("commune", "95127", "2023", 21_260, "ok")]
    assert rows(connection, "taux_pauvrete") == [("commune", "95127", "2023", None, "secret")]
    assert rows(connection, "rapport_interdecile") == [("epci", "249500109", "2023", 3.5, "ok")]


def test_births_of_the_last_five_years(publish: Published) -> None:
    cells = [
        ("commune", "95127", str(year), measure, number)
        for year in range(2018, 2026)
        for measure, number in (("naissances", 10), ("deces", 4))
    ]
    cells += [
        ("commune", "95128", "2025", "naissances", 3),
        ("commune", "95128", "2025", "deces", 1),
    ]
    past = melodi(
        "melodi_populations",
        ("commune", "95127", "2023", "population_historique", 1_000),
        ("commune", "95127", "2015", "population_historique", 800),
    )
    connection = publish(melodi("melodi_etat_civil", *cells) | past)
    assert rows(connection, "naissances") == [("commune", "95127", "2021-2025", 50, "ok")]
    assert rows(connection, "deces") == [("commune", "95127", "2021-2025", 20, "ok")]
    # 50 births over five times 1 000 inhabitants: 1 %, shown as 10 per 1 000 by the card's scale.
    assert rows(connection, "taux_natalite") == [("commune", "95127", "2021-2025", 1.0, "ok")]
    assert rows(connection, "evolution_population") == [
        ("commune", "95127", "2015-2023", 25.0, "ok")
    ]


def mortality(*cells: tuple) -> dict[str, pd.DataFrame]:
    """Raw national figures: (measure, sex, age, frequency, period, figure)."""
    frame = pd.DataFrame(
        [
            ("france", "F", None, period, measure, float(figure), "ok", sex, age, frequency)
            for measure, sex, age, frequency, period, figure in cells
        ],
        columns=described_tables()["melodi_mortalite"],
    )
    return {"melodi_mortalite": frame}


def national(connection: duckdb.DuckDBPyConnection) -> list[tuple]:
    return connection.execute("SELECT * FROM insee_mortalite_age").fetchall()


def test_deaths_over_the_population_of_the_same_ages(publish: Published) -> None:
    population = [
        ("population", "F", age, "A", "2024", number)
        for age, number in (
            ("Y_LT5", 1), ("Y5T9", 2), ("Y10T14", 3), ("Y15T19", 4), ("Y20T24", 5),
            ("Y_LT20", 10), ("Y20T59", 99), ("Y85T89", 6), ("Y90T94", 7), ("Y_GE95", 8),
            ("Y65T69", 9), ("_T", 999),
        )
    ]  # fmt: skip
    deaths = [("deces", "F", age, "A", "2024", 50) for age in ("Y_LT25", "Y65T74", "Y_GE85", "_T")]
    rates = [("taux", "F", "Y_GE85", "A", "2024", 120)]
    connection = publish(mortality(*population, *deaths, *rates))
    assert national(connection) == [
        ("F", "2024", "F", 0, 24, 50, 15, None),
        ("F", "2024", "F", 65, 74, 50, None, None),  # its ages are not all there
        ("F", "2024", "F", 85, None, 50, 21, 120),
    ]


def test_a_year_of_days_is_summed_when_whole(publish: Published) -> None:
    days = pd.date_range("2024-01-01", "2024-12-31")
    cells = [("deces", "M", "Y50T64", "D", f"{day:%Y-%m-%d}", 2) for day in days]
    assert national(publish(mortality(*cells))) == [("F", "2024", "M", 50, 64, 732, None, None)]
    assert national(publish(mortality(*cells[1:]))) == []
    yearly = ("deces", "M", "Y50T64", "A", "2024", 730)
    assert national(publish(mortality(*cells, yearly)))[0][5] == 730
