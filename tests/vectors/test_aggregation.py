"""R10: Insee's regions of 2013 from their départements (Filosofi, published figures)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from connectors.cards import DATA
from diagnostic import aggregation as ag

pytestmark = pytest.mark.shared

PERSONS = "Nombre de personnes dans les ménages fiscaux"
POVERTY = "Taux de pauvreté-Ensemble (% pop totale)"
MEDIAN = "Revenu disponible par unité de consommation (Médiane)"
ILE_DE_FRANCE = "11"


def insee(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype={"Code géographique": str}, decimal=",").set_index(
        "Code géographique"
    )


@pytest.fixture(scope="module")
def departements(shared_dir: Path) -> pd.DataFrame:
    table = insee(shared_dir / "vectors" / "aggregation" / "fr-dpt-pauvrete-2013.csv")
    codes = pd.read_csv(DATA / "embarque" / "cog_departements.csv", dtype=str)
    table["region"] = codes.set_index("code")["region"].reindex(table.index)
    return table


@pytest.fixture(scope="module")
def regions(shared_dir: Path) -> pd.DataFrame:
    return insee(shared_dir / "vectors" / "aggregation" / "fr-reg2016-pauvrete-2013.csv")


def test_departements_make_up_the_regions(
    departements: pd.DataFrame, regions: pd.DataFrame
) -> None:
    assert len(departements) == 96
    assert len(regions) == 13
    persons = departements.groupby("region")[PERSONS].sum()
    pd.testing.assert_series_equal(persons, regions[PERSONS].sort_index(), check_names=False)


def test_poverty_of_regions_is_within_rounding(
    departements: pd.DataFrame, regions: pd.DataFrame
) -> None:
    ours = ag.mean(
        departements[POVERTY], departements[PERSONS], departements["region"], kind="rate"
    )
    assert (ours["value"] - regions[POVERTY]).abs().max() <= 0.05
    assert (ours["flag"] == ag.ROUNDED).all()
    poor = departements[POVERTY] / 100 * departements[PERSONS]
    exact = ag.ratio(poor, departements[PERSONS], departements["region"])
    pd.testing.assert_series_equal(exact["value"], ours["value"])
    unweighted = departements.groupby("region")[POVERTY].mean()
    assert (unweighted - regions[POVERTY]).abs().max() == pytest.approx(0.76, abs=0.005)


def test_the_bias_of_a_mean_of_medians_justifies_its_flag(
    departements: pd.DataFrame, regions: pd.DataFrame
) -> None:
    ours = ag.mean(
        departements[MEDIAN], departements[PERSONS], departements["region"], kind="median"
    )
    bias = 100 * (ours["value"] / regions[MEDIAN] - 1)
    assert bias.min() == pytest.approx(-0.15, abs=0.01)
    assert bias.max() == pytest.approx(2.08, abs=0.01)
    assert bias.idxmax() == ILE_DE_FRANCE
    assert (bias > 0).sum() == 12
    gap = ours.loc[ILE_DE_FRANCE, "value"] - regions.loc[ILE_DE_FRANCE, MEDIAN]
    assert gap == pytest.approx(465, abs=0.5)
    assert ours["flag"].str.startswith("≈").all()


def test_deciles_are_refused(departements: pd.DataFrame) -> None:
    ninth = next(name for name in departements if "(9e décile" in name)
    assert np.isfinite(departements[ninth]).all()
    with pytest.raises(ag.NotAggregable):
        ag.mean(departements[ninth], departements[PERSONS], departements["region"], "dispersion")
