"""Quartiers beside their city: one period a column, nobody's figure given to another."""

from __future__ import annotations

import pandas as pd

from views.observation import Reading
from views.quarters import no_figures, quarters_sentence, quarters_table

EURO = Reading("€ par an", 0, "median")
SHARE = Reading("%", 1, "ratio")
COLUMNS = ["code", "name", "commune_code", "commune_name", "indicator_id", "period", "value"]


def figures(*rows: tuple[object, ...]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=COLUMNS)
    state = frame["value"].isna().map({True: "secret", False: "ok"})
    return frame.assign(state=state, ci_low=None)


def test_the_newest_period_for_all_and_the_city_at_the_same() -> None:
    quarters = figures(
        ("Q1", "Butte", "1", "Éragny", "income", "2019", 14_000.0),
        ("Q1", "Butte", "1", "Éragny", "income", "2018", 13_000.0),
        ("Q2", "Avenue", "1", "Éragny", "income", "2018", 12_000.0),
        ("Q2", "Avenue", "1", "Éragny", "poverty", "2019", None),
        ("Q3", "Clos", "2", "Cergy", "income", "2019", 15_000.0),
    )
    cities = figures(
        ("1", "", "", "", "income", "2021", 24_000.0),
        ("1", "", "", "", "poverty", "2019", 13.0),
        ("2", "", "", "", "income", "2019", 19_590.0),
    )
    table = quarters_table(
        quarters,
        cities,
        ["poverty", "income"],
        {"income": "Niveau de vie", "poverty": "Pauvreté"},
        {"income": EURO, "poverty": SHARE},
    )
    assert list(table.columns) == ["Ville", "Territoire", "Pauvreté, 2019", "Niveau de vie, 2019"]
    said = [
        [cell.replace("\u202f", " ").replace("\u00a0", " ") for cell in row]
        for row in table.to_numpy()
    ]
    assert said == [
        ["Cergy", "Toute la ville", "pas de chiffre", "19 590 €"],
        ["Cergy", "Clos", "pas de chiffre", "15 000 €"],
        ["Éragny", "Toute la ville", "13,0 %", "pas de chiffre"],
        ["Éragny", "Avenue", "secret statistique", "pas de chiffre"],
        ["Éragny", "Butte", "pas de chiffre", "14 000 €"],
    ]


def test_long_lists_are_cut_and_files_named() -> None:
    assert "et 5 autres" in quarters_sentence(list("abcdefghijklm"))
    assert quarters_sentence(["Butte"]).endswith("dans ce périmètre : Butte.")
    assert "2015" in no_figures(older=False)
    assert "(édition 2022)" not in no_figures(older=True)
