"""R6: principal component against base R (cov.wt, eigen), F-EDI coefficients against Pornet 2012."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from diagnostic import deprivation as dp

pytestmark = pytest.mark.shared

# docs/methodologie.md: agriculture, examination, education of R's swiss data, absolute loadings.
PRINTED = {"weighted": [0.558, 0.557, 0.615], "unweighted": [0.566, 0.588, 0.574]}
PUBLISHED = {
    "Overcrowding": "surpeuplement",
    "No access to a system of central or electric heating": "sans_chauffage",
    "Non-owner": "non_proprietaires",
    "Unemployment": "chomage",
    "Foreign nationality": "etrangers",
    "No access to a car": "sans_voiture",
    "Unskilled worker-farm worker": "ouvriers_non_qualifies",
    "Household with more than six persons": "menages_6_personnes",
    "Low level of education": "faible_instruction",
    "Single-parent household": "familles_monoparentales",
}


@pytest.fixture(scope="module")
def vectors(shared_dir: Path) -> Path:
    return shared_dir / "vectors" / "fdep"


@pytest.fixture(scope="module")
def swiss(vectors: Path) -> pd.DataFrame:
    return pd.read_csv(vectors / "R_pca_input_scores.csv", index_col="unit")


@pytest.mark.parametrize("kind", ["weighted", "unweighted"])
def test_component_is_rs(vectors: Path, swiss: pd.DataFrame, kind: str) -> None:
    expected = pd.read_csv(vectors / f"R_pca_{kind}_loadings.csv", index_col="variable")
    weights = swiss["pop"] if kind == "weighted" else np.ones(len(swiss))
    ours = dp.first_component(swiss[expected.index], weights, anchor="Education")
    assert np.allclose(ours.loadings, expected["loading"], rtol=0, atol=1e-8)
    assert np.allclose(ours.reference["mean"], expected["center"], rtol=0, atol=1e-8)
    assert np.allclose(ours.reference["sd"], expected["sd"], rtol=0, atol=1e-8)
    assert ours.share == pytest.approx(expected["share1"].iloc[0], abs=1e-8)
    assert np.allclose(ours.scores, swiss[f"pc1_{kind}"], rtol=0, atol=1e-8)
    assert ours.loadings.abs().round(3).tolist()[:3] == PRINTED[kind]


def test_the_sign_is_that_of_the_anchor(vectors: Path, swiss: pd.DataFrame) -> None:
    expected = pd.read_csv(vectors / "R_pca_weighted_loadings.csv", index_col="variable")
    frame = swiss[expected.index]
    flipped = dp.first_component(frame, swiss["pop"], anchor="Agriculture")
    assert np.allclose(flipped.loadings, -expected["loading"], rtol=0, atol=1e-8)
    assert np.allclose(flipped.scores, -swiss["pc1_weighted"], rtol=0, atol=1e-8)
    named = frame.rename(columns={"Agriculture": dp.UNEMPLOYMENT})
    by_default = dp.first_component(named, swiss["pop"])
    assert by_default.loadings[dp.UNEMPLOYMENT] > 0


def test_edi_coefficients_are_those_published(vectors: Path) -> None:
    table = pd.read_csv(vectors / "EDI_published_coefficients_pornet2012_table5.csv")
    published = table.set_index(table["component"].map(PUBLISHED))["beta"]
    assert published.to_dict() == dict(dp.EDI_COEFFICIENTS)
    reference = pd.DataFrame({"mean": 0.0, "sd": 1.0}, index=published.index)
    unit = pd.DataFrame(np.eye(10), columns=published.index)
    assert dp.edi(unit, reference).tolist() == published.tolist()
