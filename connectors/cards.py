"""Source cards (data/sources/*.yml): who publishes what, under which licence, with which limits."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from connectors.errors import InvalidCard

DATA = Path(__file__).resolve().parent.parent / "data"
ELSEWHERE = "GRADIENT_SOURCES_DIR"
# The same safe reading, in C where it is built: ten times faster.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> Any:
    """Content of a YAML file of cards. Raises OSError, UnicodeDecodeError or yaml.YAMLError."""
    return yaml.load(path.read_text("utf-8"), Loader=_LOADER)


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


class Addresses(BaseModel):
    """Addresses of one source elsewhere than at its producer's: a mirror, a relay."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    urls: dict[str, str]

    @field_validator("urls")
    @classmethod
    def _are_web_addresses(cls, urls: dict[str, str]) -> dict[str, str]:
        for name, value in urls.items():
            if "://" in value and not value.startswith(("https://", "http://")):
                raise ValueError(f"{name} : une adresse commence par https:// ou http://")
        return urls


def redirected() -> dict[str, dict[str, str]]:
    """Addresses that GRADIENT_SOURCES_DIR gives in place of those of the cards, by source.

    That folder holds one ``<source>.yml`` a source, with ``urls`` alone, under all the names of
    the card; with none, the source is no longer asked for. A source without a file keeps its
    producer's addresses. Empty without the variable. Raises InvalidCard.
    """
    asked = os.environ.get(ELSEWHERE)
    if not asked:
        return {}
    folder = Path(asked)
    if not folder.is_dir():
        raise InvalidCard(f"{ELSEWHERE} : le dossier {folder} n'existe pas.")
    found: dict[str, dict[str, str]] = {}
    for path in sorted(folder.glob("*.yml")):
        try:
            found[path.stem] = Addresses.model_validate(read_yaml(path)).urls
        except (OSError, ValueError, yaml.YAMLError) as error:
            raise InvalidCard(f"{ELSEWHERE} : {path.name} illisible : {error}") from error
    return found


def load_sources(folder: Path = DATA / "sources") -> dict[str, SourceCard]:
    """Read and validate every source card of ``folder``, by id.

    Those of Gradient take the addresses of GRADIENT_SOURCES_DIR. Raises InvalidCard naming the
    file and the field at fault.
    """
    cards: dict[str, SourceCard] = {}
    for path in sorted(folder.glob("*.yml")):
        try:
            card = SourceCard.model_validate(read_yaml(path))
        except (ValidationError, yaml.YAMLError) as error:
            raise InvalidCard(f"Fiche de source illisible, {path.name} : {error}") from error
        if card.id != path.stem:
            raise InvalidCard(
                f"Fiche {path.name} : l'identifiant {card.id} n'est pas celui du fichier."
            )
        cards[card.id] = card
    if folder == DATA / "sources":
        cards.update(_elsewhere(cards))
    return cards


def _elsewhere(cards: dict[str, SourceCard]) -> dict[str, SourceCard]:
    """The cards that GRADIENT_SOURCES_DIR gives other addresses. Raises InvalidCard."""
    found = {}
    for name, urls in redirected().items():
        if name not in cards:
            raise InvalidCard(f"{ELSEWHERE} : {name}.yml ne porte le nom d'aucune source.")
        forgotten = sorted(set(cards[name].urls) - set(urls)) if urls else []
        if forgotten:
            said = ", ".join(forgotten)
            raise InvalidCard(f"{ELSEWHERE} : {name}.yml n'a pas d'adresse pour {said}.")
        found[name] = cards[name].model_copy(update={"urls": urls})
    return found
