"""Local figures beside a build: aggregated by its SQL, answered by its marts, never written in it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from warehouse.indicators import IndicatorCard
from warehouse.local import LocalFigures, LocalWarehouse
from warehouse.read import Warehouse

CARD = IndicatorCard(
    id="local_essai",
    label="Taux d'essai (donnée locale)",
    short_label="Essai (local)",
    theme="etat_sante",
    unit="%",
    decimals=1,
    direction="defavorable",
    kind="ratio",
    scale=100.0,
    numerator="patients",
    denominator="assurés",
    sources=["local_source"],
    definition="Essai.",
    caveats=[],
)
QUERCY = ["200023737", "200035327", "200039519", "244600433"]


def observations(rows: list[tuple[str, str, float, float]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["level", "code", "numerator", "denominator"])
    return frame.assign(
        indicator_id=CARD.id,
        period="2024",
        value=100 * frame["numerator"] / frame["denominator"],
        weight=np.nan,
        ci_low=np.nan,
        ci_high=np.nan,
        state="ok",
        reason=None,
        coverage=1.0,
        communes=1,
        source_id="local_source",
    )


def local(path: Path, rows: list[tuple[str, str, float, float]]) -> LocalWarehouse:
    published = Warehouse(path)
    source = published.mart("sources").head(1).assign(id="local_source", state="local")
    published.close()
    return LocalWarehouse(path, LocalFigures({CARD.id: CARD}, source, observations(rows)))


@pytest.fixture
def members(embedded_warehouse: Path) -> Iterator[pd.DataFrame]:
    source = Warehouse(embedded_warehouse)
    yield source.mart("members")
    source.close()


def communes_of(members: pd.DataFrame, epci: str) -> list[str]:
    rows = members[(members["parent_level"] == "epci") & (members["parent_code"] == epci)]
    return rows["commune_code"].tolist()


def test_levels_are_aggregated_as_published_figures_are(
    embedded_warehouse: Path, members: pd.DataFrame
) -> None:
    codes = communes_of(members, QUERCY[0])
    rows = [("commune", code, 10.0 + n, 1000.0) for n, code in enumerate(codes)]
    source = local(embedded_warehouse, rows)
    row = source.mart("level_values", levels=["epci"], codes=[QUERCY[0]])
    row = row[row["indicator_id"] == CARD.id].iloc[0]
    assert row["value"] == pytest.approx(
        100 * sum(10 + n for n in range(len(codes))) / (1000 * len(codes))
    )
    assert row["state"] == "ok"
    half = source.mart("profile", codes=codes[: len(codes) // 2], whole_level="", whole_code="")
    own = half[half["indicator_id"] == CARD.id].iloc[0]
    assert own["numerator"] == sum(10 + n for n in range(len(codes) // 2))
    source.close()


def test_published_figures_are_the_same_and_the_build_is_not_touched(
    embedded_warehouse: Path, members: pd.DataFrame
) -> None:
    before = hashlib.sha256(embedded_warehouse.read_bytes()).hexdigest()
    codes = communes_of(members, QUERCY[0])
    published = Warehouse(embedded_warehouse)
    source = local(embedded_warehouse, [("commune", codes[0], 10.0, 100.0)])
    asked: dict[str, dict[str, Any]] = {
        "profile": {"codes": codes, "whole_level": "epci", "whole_code": QUERCY[0]},
        "commune_values": {"codes": codes},
        "periods_of": {"codes": codes},
        "sources": {},
    }
    for name, parameters in asked.items():
        theirs = published.mart(name, **parameters)
        ours = source.mart(name, **parameters)
        key = "indicator_id" if "indicator_id" in ours else "id"
        ours = ours[~ours[key].str.startswith("local_")]
        order = [one for one in ("indicator_id", "code", "period", "id") if one in ours]
        pd.testing.assert_frame_equal(
            ours.sort_values(order, ignore_index=True)[theirs.columns],
            theirs.sort_values(order, ignore_index=True),
            check_dtype=False,
        )
    assert not published.mart("indicators")["id"].str.startswith("local_").any()
    source.close()
    published.close()
    assert hashlib.sha256(embedded_warehouse.read_bytes()).hexdigest() == before


def test_figures_of_whole_epci_add_up_and_are_never_cut(
    embedded_warehouse: Path, members: pd.DataFrame
) -> None:
    rows = [("epci", code, 100.0 * (n + 1), 2000.0) for n, code in enumerate(QUERCY)]
    source = local(embedded_warehouse, rows)
    codes = [commune for one in QUERCY for commune in communes_of(members, one)]
    whole = source.mart("profile", codes=codes, whole_level="", whole_code="")
    row = whole[whole["indicator_id"] == CARD.id].iloc[0]
    assert row["value"] == pytest.approx(100 * 1000 / 8000)
    cut = source.mart("profile", codes=codes[1:], whole_level="", whole_code="")
    assert cut[(cut["indicator_id"] == CARD.id) & cut["value"].notna()].empty
    more = [*codes, "95127"]
    assert source.mart("whole_epci", codes=more, indicators=[CARD.id]).empty
    source.close()
    partial = local(embedded_warehouse, rows[1:])
    assert partial.mart("whole_epci", codes=codes, indicators=[CARD.id]).empty
    partial.close()
