"""What figures of a territory never say (data/angles_morts.yml), why, and who could tell."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from connectors.cards import DATA, read_yaml
from connectors.errors import InvalidCard


class BlindSpot(BaseModel):
    """A subject without open local figures.

    ``near``: indicators that come close and do not measure it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    label: str
    theme: str
    why: str
    who: str
    near: list[str] = []


_SPOTS = TypeAdapter(list[BlindSpot])


def load_blind_spots(path: Path = DATA / "angles_morts.yml") -> dict[str, BlindSpot]:
    """Blind spots by identifier, in the order of the file. Raises InvalidCard."""
    try:
        spots = _SPOTS.validate_python(read_yaml(path))
    except (ValidationError, yaml.YAMLError) as error:
        raise InvalidCard(f"Angles morts illisibles, {path.name} : {error}") from error
    return {spot.id: spot for spot in spots}
