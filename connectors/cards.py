"""Source cards (data/sources/*.yml): who publishes what, under which licence, with which limits."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connectors.errors import InvalidCard

DATA = Path(__file__).resolve().parent.parent / "data"


class SourceCard(BaseModel):
    """One source.

    ``tables`` maps the name of a raw table to the file that holds it. Where two sources give the same
    figure, the higher ``priority`` is kept: a producer's own file over a rounded copy. ``urls`` are
    what its connector asks for when there is a network.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    producer: str
    title: str
    page: str = Field(pattern=r"^https://")
    licence: str
    vintage: str
    cog: str
    grain: str
    cadence: str
    connector: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    tables: dict[str, str]
    priority: int = 0
    urls: dict[str, str] = Field(default_factory=dict)
    caveats: list[str]
    checked: str = ""
    fallback: str = ""


def load_sources(folder: Path = DATA / "sources") -> dict[str, SourceCard]:
    """Read and validate every source card of ``folder``, by id.

    Raises InvalidCard naming the file and the field at fault.
    """
    cards: dict[str, SourceCard] = {}
    for path in sorted(folder.glob("*.yml")):
        try:
            card = SourceCard.model_validate(yaml.safe_load(path.read_text("utf-8")))
        except (ValidationError, yaml.YAMLError) as error:
            raise InvalidCard(f"Fiche de source illisible, {path.name} : {error}") from error
        if card.id != path.stem:
            raise InvalidCard(
                f"Fiche {path.name} : l'identifiant {card.id} n'est pas celui du fichier."
            )
        cards[card.id] = card
    return cards
