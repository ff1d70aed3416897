"""Indicator cards (data/indicators.yml): what a figure means and how it aggregates."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    computed_field,
    model_validator,
)

from connectors.cards import DATA, read_yaml
from connectors.errors import InvalidCard

Kind = Literal["ratio", "count", "mean", "median", "ordinal", "sample", "list"]
Aggregation = Literal["sum_ratio", "sum", "weighted_mean", "count_flagged", "none"]

# The contract's rule for each kind; a ratio published without numerators overrides it.
AGGREGATION: dict[Kind, Aggregation] = {
    "ratio": "sum_ratio",
    "count": "sum",
    "mean": "weighted_mean",
    "median": "weighted_mean",
    "ordinal": "count_flagged",
    "sample": "count_flagged",
    "list": "none",
}


class Series(BaseModel):
    """A run of periods that may be compared with one another."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    id: str
    starts: str = Field(alias="from")
    note: str


class Threshold(BaseModel):
    """A landmark shown beside a value, with the rule it comes from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: float
    label: str


class IndicatorCard(BaseModel):
    """One indicator, as the user reads it and as the warehouse aggregates it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: str
    short_label: str = Field(max_length=30)
    theme: Literal[
        "population",
        "determinants",
        "environnement",
        "etat_sante",
        "enfance",
        "prevention",
        "offre",
        "autonomie",
    ]
    unit: str
    decimals: int = Field(ge=0, le=3)
    direction: Literal["defavorable", "favorable", "neutre", "ambigu"]
    kind: Kind
    aggregation_override: Literal["weighted_mean", "none"] | None = Field(
        default=None, alias="aggregation"
    )
    scale: float = 1.0
    signed: bool = False
    interval: Literal["none"] | None = None
    numerator: str = ""
    denominator: str = ""
    weight: str = ""
    top_category: int | None = None
    masked_bounds: tuple[int, int] | None = None
    sources: list[str] = Field(min_length=1)
    series: list[Series] = Field(default_factory=list)
    thresholds: list[Threshold] = Field(default_factory=list)
    definition: str
    caveats: list[str]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def rule(self) -> Aggregation:
        """How values of communes make the value of a larger territory."""
        return self.aggregation_override or AGGREGATION[self.kind]

    @property
    def interval_rule(self) -> Literal["proportion", "rate", "none"]:
        """How its interval is computed: binomial for a share of people or dwellings, Poisson for
        events in a population, none for anything else or when the card refuses it."""
        if self.interval == "none" or self.kind != "ratio" or self.rule != "sum_ratio":
            return "none"
        if self.unit == "%":
            return "none" if self.signed else "proportion"
        return "rate" if self.scale >= 1000 else "none"

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.rule == "sum_ratio" and not (self.numerator and self.denominator):
            raise ValueError(f"{self.id} : un ratio nomme son numérateur et son dénominateur")
        if self.kind == "ordinal" and self.top_category is None:
            raise ValueError(f"{self.id} : un indicateur ordinal nomme sa catégorie comptée")
        return self


def load_indicators(path: Path = DATA / "indicators.yml") -> dict[str, IndicatorCard]:
    """Read and validate the indicator cards, by id, in display order. Raises InvalidCard."""
    try:
        cards = TypeAdapter(list[IndicatorCard]).validate_python(read_yaml(path))
    except (ValidationError, yaml.YAMLError) as error:
        raise InvalidCard(f"Fiches d'indicateurs illisibles, {path.name} : {error}") from error
    by_id = {card.id: card for card in cards}
    if len(by_id) != len(cards):
        raise InvalidCard("Deux fiches d'indicateur portent le même identifiant.")
    return by_id


def card_rows(cards: Mapping[str, IndicatorCard], first: int = 0) -> list[dict[str, Any]]:
    """Rows of the table ``indicator``; positions from ``first`` on."""
    rows = []
    for position, card in enumerate(cards.values(), start=first):
        fields = card.model_dump(
            exclude={"aggregation_override", "interval", "rule", "masked_bounds"}
        )
        low, high = card.masked_bounds or (None, None)
        rows.append(
            fields
            | {
                "position": position,
                "aggregation": card.rule,
                "masked_low": low,
                "masked_high": high,
            }
        )
    return rows
