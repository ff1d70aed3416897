"""The need card (data/besoins.yml): domains, their indicators and reasons, the access axis."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connectors.cards import DATA
from connectors.errors import InvalidCard


class NeedIndicator(BaseModel):
    """An indicator of a domain, the period used and which way it means more need."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    period: str
    direction: Literal[-1, 1]


class NeedDomain(BaseModel):
    """A domain of need, its default weight and the reason why it is there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    label: str
    weight: int = Field(ge=0, le=100)
    reason: str
    indicators: list[NeedIndicator] = Field(min_length=1)


class AccessAxis(BaseModel):
    """The supply indicator crossed with need, never mixed into it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    period: str
    label: str


class NeedCard(BaseModel):
    """How need is built."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    domains: list[NeedDomain]
    access: AccessAxis

    @property
    def directions(self) -> dict[str, dict[str, int]]:
        """Domain -> indicator -> direction, as diagnostic.need takes it."""
        return {
            domain.id: {one.id: one.direction for one in domain.indicators}
            for domain in self.domains
        }

    @property
    def periods(self) -> dict[str, str]:
        """Period used for each indicator, the access axis included."""
        used = {one.id: one.period for domain in self.domains for one in domain.indicators}
        return used | {self.access.id: self.access.period}


def load_needs(path: Path = DATA / "besoins.yml") -> NeedCard:
    """Read and validate the need card. Raises InvalidCard."""
    try:
        return NeedCard.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except (ValidationError, yaml.YAMLError) as error:
        raise InvalidCard(f"Fiche des besoins illisible, {path.name} : {error}") from error
