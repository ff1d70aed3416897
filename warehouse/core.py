"""The core indicators of a local health diagnosis (data/coeur.yml), wherever their figures are."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from connectors.cards import DATA, read_yaml
from connectors.errors import InvalidCard


class CoreIndicator(BaseModel):
    """One indicator that a diagnosis should hold, who has it, at which level, and how to get it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rank: int = Field(ge=1)
    label: str
    indicators: list[str]
    producer: str
    access: Literal["ouvert", "restreint", "mixte"]
    level: str
    ask: str = ""

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        if not self.indicators and not self.ask:
            raise ValueError(f"{self.label} : sans fiche, dire où le demander")
        return self


def load_core(path: Path = DATA / "coeur.yml") -> list[CoreIndicator]:
    """Core indicators, in the order of the file. Raises InvalidCard."""
    try:
        found = TypeAdapter(list[CoreIndicator]).validate_python(read_yaml(path))
    except (ValidationError, yaml.YAMLError) as error:
        raise InvalidCard(f"Indicateurs de base illisibles, {path.name} : {error}") from error
    if len({one.rank for one in found}) != len(found):
        raise InvalidCard(f"Deux indicateurs de base ont le même rang dans {path.name}.")
    return found
