"""From a dropped file to figures that every page shows: cards, masking, rows of the session."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd
import streamlit as st
from pydantic import ValidationError

from connectors.fichier_local import plain_file_name
from connectors.local_import import Import
from connectors.local_plan import IndicatorPlan, Plan
from connectors.personal import words
from connectors.territories import Gazetteer
from diagnostic.kept import (
    COLUMNS,
    KeptFigureError,
    figure_lines,
    figures_of,
    refuse_small_counts,
)
from diagnostic.masking import LEVELS, masked
from diagnostic.records import MAX_LINE, LocalData
from pages.local_data import Imported
from pages.shared import build_path, geography, open_warehouse
from views.importing import caveats, definition, local_label, plain_label, short_label, source_title
from warehouse.indicators import IndicatorCard

PRODUCER = "Donnée locale"
QUARTERS = "quartiers_prioritaires"


@st.cache_resource(max_entries=2, show_spinner="Préparation des territoires…")
def _gazetteer(path: str) -> tuple[Gazetteer, frozenset[str], pd.DataFrame]:
    """Public territories alone: names and old codes, plain names, who belongs to what."""
    known = geography()
    items = open_warehouse(path).mart("list_items", codes=sorted(known.communes))
    quarters = items[items["indicator_id"] == QUARTERS]
    names = known.names | {
        ("qpv", code): name
        for code, name in zip(quarters["item_id"], quarters["name"], strict=True)
    }
    gazetteer = Gazetteer(names, known.passage)
    plain = frozenset(words(name) for name in names.values())
    members = pd.DataFrame(
        [
            (level, code, commune)
            for (level, code), communes in known.members.items()
            if level in LEVELS
            for commune in communes
        ],
        columns=["level", "code", "commune"],
    )
    return gazetteer, plain, members


def gazetteer() -> Gazetteer:
    """Every territory that a cell may name."""
    return _gazetteer(build_path())[0]


def place_names() -> frozenset[str]:
    """Plain names of territories, to tell a column of communes from one of people."""
    return _gazetteer(build_path())[1]


def imported(name: str, plan: Plan, read: Import) -> Imported:
    """The figures of a file as every page reads them: masked, with their cards and their source."""
    scales = {one.id: one.scale for one in plan.indicators}
    members = _gazetteer(build_path())[2]
    figures = masked(read.figures, _counted(plan), scales, members, plan.threshold)
    return _assembled(name, plan, figures, (read.rows, read.used), date.today())


def kept(one: Imported) -> LocalData:
    """What the project file keeps of an import: its figures once masked, and how they were read."""
    figures = one.observations.rename(columns={"indicator_id": "indicator"})
    return LocalData(
        id=one.id,
        name=one.name[:MAX_LINE],
        source=one.plan.source[:MAX_LINE],
        plan=one.plan.model_copy(update={"signature": ()}).model_dump_json(),
        rows=one.rows,
        used=one.used,
        figures=figure_lines(figures[COLUMNS]),
    )


def restored(record: LocalData) -> tuple[Imported, int]:
    """The import that a project file kept, and how many figures are of territories now gone.

    Raises KeptFigureError when the file was edited into something that cannot be shown.
    """
    try:
        plan = Plan.model_validate_json(record.plan)
    except ValidationError as error:
        raise KeptFigureError("sa lecture est illisible.") from error
    figures = figures_of(record.figures)
    if not set(figures["indicator"]) <= {one.id for one in plan.indicators}:
        raise KeptFigureError("ses chiffres ne sont pas ceux de sa lecture.")
    refuse_small_counts(figures, _counted(plan), plan.threshold)
    # Métropole alone is a part of France that no list of territories names.
    codes = gazetteer().codes | {"france": frozenset({"FR", "FM"})}
    here = pd.Series(
        [
            code in codes.get(level, frozenset())
            for level, code in zip(figures["level"], figures["code"], strict=True)
        ],
        index=figures.index,
        dtype=bool,
    )
    account = (record.rows, record.used)
    one = _assembled(plain_file_name(record.name), plan, figures[here], account, record.written)
    return one, int((~here).sum())


def _counted(plan: Plan) -> dict[str, bool]:
    """Indicators that count people -> whether the value itself is the count."""
    return {one.id: one.kind == "count" for one in plan.indicators if one.people and one.additive}


def _assembled(
    name: str, plan: Plan, figures: pd.DataFrame, account: tuple[int, int], day: date
) -> Imported:
    """Masked ``figures`` under their cards and their source; ``account``: rows in, rows used."""
    source_id = f"local_{hashlib.sha256(f'{name}|{plan.source}'.encode()).hexdigest()[:10]}"
    values = figures.groupby("indicator")["value"]
    none = pd.Series(dtype=float)
    cards = {
        one.id: card_of(
            one, plan, source_id, values.get_group(one.id) if one.id in values.groups else none
        )
        for one in plan.indicators
    }
    told = {one: plain_label(one, 120) or None for one in figures["reason"].dropna().unique()}
    observations = pd.DataFrame(
        {
            "indicator_id": figures["indicator"],
            "level": figures["level"],
            "code": figures["code"],
            "period": figures["period"],
            "value": figures["value"].astype(float),
            "numerator": figures["numerator"].astype(float),
            "denominator": figures["denominator"].astype(float),
            "weight": np.nan,
            "ci_low": np.nan,
            "ci_high": np.nan,
            "state": figures["state"],
            "reason": figures["reason"].map(told),
            "coverage": 1.0,
            "communes": 1,
            "source_id": source_id,
        }
    )
    rows, used = account
    return Imported(
        id=source_id,
        name=name,
        plan=plan,
        cards=cards,
        source=source_row(source_id, plan, used, day),
        observations=observations.reset_index(drop=True),
        rows=rows,
        used=used,
    )


def card_of(one: IndicatorPlan, plan: Plan, source_id: str, values: pd.Series) -> IndicatorCard:
    """The card of a local indicator of these values; every text of the file is made plain."""
    values = values.dropna()
    ratio = one.kind == "ratio" and bool(one.denominator)
    weighted = not ratio and one.kind in ("ratio", "mean", "median")
    override: Literal["weighted_mean", "none"] | None = None
    if one.kind in ("mean", "median", "ratio") and not one.aggregate and not ratio:
        override = "none"
    elif one.kind == "ratio" and not ratio:
        override = "weighted_mean"
    top = int(values.max()) if one.kind == "ordinal" and len(values) else None
    numerator = plain_label(one.numerator or "numérateur calculé") if ratio else ""
    denominator = plain_label(one.denominator) if ratio else ""
    return IndicatorCard(
        id=one.id,
        label=local_label(one.label),
        short_label=short_label(one.label),
        theme=one.theme,  # type: ignore[arg-type]
        unit=plain_label(one.unit, 60) if one.unit != "%" else "%",
        decimals=one.decimals,
        direction=one.direction,
        kind=one.kind,
        aggregation=override,
        scale=one.scale if one.kind == "ratio" else 1.0,
        signed=bool((values < 0).any()),
        numerator=numerator,
        denominator=denominator,
        top_category=1 if one.kind == "ordinal" and top is None else top,
        sources=[source_id],
        definition=definition(plan.source, one.kind, numerator, denominator),
        caveats=caveats(
            plan.threshold,
            weighted=weighted,
            aggregated=override != "none",
            people=one.people and one.additive,
        ),
    )


def source_row(source_id: str, plan: Plan, rows: int, day: date) -> pd.DataFrame:
    """The row of ``source`` of a file read on ``day``."""
    periods = sorted({period for one in plan.indicators for period, _ in one.columns if period})
    return pd.DataFrame(
        [
            {
                "id": source_id,
                "producer": PRODUCER,
                "title": source_title(plan.source),
                "page": "",
                "licence": "donnée locale, non publiée",
                "vintage": ", ".join(periods) or plan.period or "celui de chaque ligne",
                "cog": "",
                "grain": "",
                "cadence": "",
                "connector": "fichier_local",
                "priority": 0,
                "caveats": [],
                "checked": "",
                "fallback": "",
                "rows": rows,
                "sha256": "",
                "retrieved_at": day.isoformat(),
                "state": "local",
            }
        ]
    )
