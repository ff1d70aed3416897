"""R11: ten nearest by z-score Euclidean distance against R's dist(scale(x)) on USArrests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from diagnostic import neighbours as nb

pytestmark = pytest.mark.shared


def test_order_and_distances_are_rs(shared_dir: Path) -> None:
    folder = shared_dir / "vectors" / "neighbours"
    states = pd.read_csv(folder / "USArrests_input.csv", index_col="unit")
    expected = pd.read_csv(folder / "USArrests_nn10_R_expected.csv", index_col="unit")
    ours = nb.nearest(states, k=10)
    order = ours["neighbour"].unstack().loc[expected.index]
    distance = ours["distance"].unstack().loc[expected.index]
    assert len(order) == 50
    assert (order.to_numpy() == expected[[f"nn{i}" for i in range(1, 11)]].to_numpy()).all()
    theirs = expected[[f"d{i}" for i in range(1, 11)]].to_numpy(dtype=float)
    assert np.allclose(distance, theirs, rtol=0, atol=1e-9)  # printed with ten decimals
