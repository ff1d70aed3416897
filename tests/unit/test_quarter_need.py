"""Groups among quartiers: their own scale, their own people, nothing where too few have figures."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from diagnostic.need import frontiers
from diagnostic.quarter_need import quarter_groups
from views.cibles import quarter_groups_text, quarter_listing
from views.lexicon import refused_words

DOMAINS = {"ressources": {"niveau": -1, "pauvrete": 1}, "couverture": {"c2s": 1}}


def quarters(rows: int = 200) -> tuple[pd.DataFrame, pd.Series]:
    draw = np.random.default_rng(1)
    common = draw.normal(size=rows)
    frame = pd.DataFrame(
        {
            "niveau": 14_000 - 900 * (common + 0.3 * draw.normal(size=rows)),
            "pauvrete": 45 + 8 * (common + 0.3 * draw.normal(size=rows)),
            "c2s": 30 + 9 * (common + 0.5 * draw.normal(size=rows)),
        },
        index=[f"QP{place:06d}" for place in range(rows)],
    )
    return frame, pd.Series(draw.integers(1000, 9000, rows).astype(float), index=frame.index)


def test_a_fifth_of_the_people_of_the_quartiers_is_in_each_upper_group() -> None:
    frame, people = quarters()
    table = quarter_groups(frame, people, DOMAINS, draws=100)
    assert table is not None
    shares = people.groupby(table["group"]).sum() / people.sum()
    assert shares["socle"] == pytest.approx(0.6, abs=0.02)
    assert shares["renforce"] == pytest.approx(0.2, abs=0.02)
    # Mean 0 among the people of quartiers, whatever communes are.
    assert np.average(table["domain:couverture"], weights=people) == pytest.approx(0, abs=0.02)
    richer = frame["niveau"].idxmax()
    assert table.loc[richer, "group"] == "socle"
    assert 0 < table["firm"].mean() < 1
    assert (frontiers(table).map(len) == 0).mean() < 1


def test_too_few_quartiers_with_figures_are_no_reference() -> None:
    frame, people = quarters()
    frame.loc[frame.index[:10], "c2s"] = np.nan
    table = quarter_groups(frame, people, DOMAINS, draws=20)
    assert table is not None
    assert (table["group"].iloc[:10] == "non classable").all()
    frame.loc[frame.index[:80], "c2s"] = np.nan
    assert quarter_groups(frame, people, DOMAINS, draws=20) is None
    assert quarter_groups(frame.iloc[:0], people.iloc[:0], DOMAINS) is None


def test_quartiers_are_listed_by_commune_and_never_ranked() -> None:
    frame, people = quarters()
    table = quarter_groups(frame, people, DOMAINS, draws=50)
    assert table is not None
    some = table.iloc[:3].assign(
        name=["Les Lilas", "Bastide", "Étangs"], commune_name=["Zed", "Éaubonne", "Éaubonne"]
    )
    shown = quarter_listing(
        some.assign(between=frontiers(some)), {"domain:couverture": "Couverture"}
    )
    assert shown["Quartier de 2015"].tolist() == ["Bastide", "Étangs", "Les Lilas"]
    assert shown["Sur 1 000 calculs"].str.contains("%").all()
    text = quarter_groups_text(1313, 1399)
    assert "1\u202f313 sur 1\u202f399" in text and refused_words(text) == []
