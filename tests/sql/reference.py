"""A second implementation of the contract, in plain pandas, that the SQL must agree with.

It shares nothing with sql/ but the indicator cards: figures are read from data/embarque, and each
aggregation rule is written again from ARCHITECTURE, one commune at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from connectors.cards import DATA, load_sources
from warehouse import loading
from warehouse.indicators import IndicatorCard, load_indicators

EMBEDDED = DATA / "embarque"
GRAND_QUERCY = (
    "200023737", "200035327", "200039519", "244600433", "244600482", "244600532", "244600573",
)  # fmt: skip
CERGY_PONTOISE = "249500109"
COVERED = 0.9


def embedded_indicators() -> dict[str, IndicatorCard]:
    """Cards of the indicators that a source shipped with the project can fill."""
    shipped = {card.id for card in load_sources().values() if card.connector in loading.EMBEDDED}
    return {
        name: card
        for name, card in load_indicators().items()
        if (shipped & set(card.sources) and card.rule != "none") or card.kind == "list"
    }


def published_csv(name: str) -> pd.DataFrame:
    """A file of data/embarque as it is: every cell text, a blank missing."""
    return pd.read_csv(EMBEDDED / name, dtype=str, keep_default_na=False, na_values=[""])


def numbers(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """``frame`` with ``columns`` as floats."""
    return frame.assign(**{column: frame[column].astype(float) for column in columns})


def former_codes() -> dict[str, str]:
    """Code of a commune or municipal arrondissement of the past -> commune of today."""
    passage = published_csv("cog_passage.csv")
    communes = published_csv("cog_communes.csv")
    districts = communes[communes["type"] == "arm"]
    return dict(zip(passage["ancien_code"], passage["code"], strict=True)) | dict(
        zip(districts["code"], districts["commune"], strict=True)
    )


@dataclass
class Figure:
    """What the contract says of one indicator, period and set of communes."""

    state: str
    value: float | None = None
    numerator: float | None = None
    denominator: float | None = None
    low: float | None = None
    high: float | None = None
    coverage: float = 0.0
    communes: int = 0


@dataclass
class _Cells:
    """Communes of a set, sorted by what is known of them for one indicator and period."""

    known: list[dict] = field(default_factory=list)
    masked: int = 0
    covered_population: int = 0
    covered: int = 0


def aggregate(
    codes: Iterable[str],
    figures: pd.DataFrame,
    populations: Mapping[str, int],
    cards: Mapping[str, IndicatorCard],
) -> dict[tuple[str, str], Figure]:
    """Every figure of the set ``codes``, by (indicator, period), computed from its communes."""
    members = {code for code in codes if code in populations}
    total = sum(populations[code] for code in members)
    cells: dict[tuple[str, str], _Cells] = {}
    for row in figures[figures["code"].isin(members)].to_dict("records"):
        card = cards[row["indicator_id"]]
        cell = cells.setdefault((row["indicator_id"], row["period"]), _Cells())
        empty_ratio = (
            _rule(card) == "ratio" and row["state"] == "absent" and row["denominator"] == 0
        )
        if row["state"] in ("ok", "approx") or empty_ratio:
            cell.known.append(row)
        elif row["state"] == "secret" and card.masked_bounds is not None:
            cell.masked += 1
        else:
            continue
        cell.covered += 1
        cell.covered_population += populations[row["code"]]
    return {
        key: _figure(cards[key[0]], cell, len(members), total, populations)
        for key, cell in cells.items()
    }


def _rule(card: IndicatorCard) -> str:
    """ratio, count, mean or communes, from the kind; poverty has no published numerator."""
    if card.id == "taux_pauvrete":
        return "mean"
    return {
        "ratio": "ratio", "count": "count", "mean": "mean", "median": "mean",
        "ordinal": "communes", "sample": "communes",
    }[card.kind]  # fmt: skip


def _figure(
    card: IndicatorCard, cell: _Cells, size: int, total: int, populations: Mapping[str, int]
) -> Figure:
    coverage = cell.covered_population / total if total else 0.0
    figure = Figure("absent", coverage=coverage, communes=cell.covered)
    if coverage < COVERED:
        return figure
    rule = _rule(card)
    if rule == "ratio":
        _ratio(card, cell, figure)
    elif rule == "count":
        _count(card, cell, size, figure)
    elif rule == "mean":
        weights = [populations[row["code"]] for row in cell.known]
        values = [row["value"] for row in cell.known]
        if sum(weights):
            figure.value = (
                sum(value * weight for value, weight in zip(values, weights, strict=True))
                / sum(weights)
                if values
                else None
            )
        figure.state = "approx" if size > 1 else "ok"
    else:
        top = card.top_category or 1
        figure.value = float(sum(row["value"] >= top for row in cell.known))
        figure.numerator, figure.denominator = figure.value, float(cell.covered)
        figure.state = "ok"
    if figure.state == "ok" and any(row["state"] == "approx" for row in cell.known):
        figure.state = "approx"
    return figure


def _ratio(card: IndicatorCard, cell: _Cells, figure: Figure) -> None:
    figure.numerator = sum(row["numerator"] for row in cell.known)
    figure.denominator = sum(row["denominator"] for row in cell.known)
    if figure.denominator:
        figure.value = card.scale * figure.numerator / figure.denominator
        figure.state = "ok"


def _count(card: IndicatorCard, cell: _Cells, size: int, figure: Figure) -> None:
    total = sum(row["value"] for row in cell.known)
    complete = cell.covered == size
    if cell.masked and complete:
        low, high = card.masked_bounds or (0, 0)
        figure.low, figure.high = total + cell.masked * low, total + cell.masked * high
    else:
        figure.value = total if cell.known else None
    if cell.known or figure.low is not None:
        figure.state = "ok" if complete and not cell.masked else "approx"
