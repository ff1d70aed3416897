"""The need card (data/besoins.yml), and the part of it that the open warehouse can fill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from connectors.cards import DATA, read_yaml
from connectors.errors import InvalidCard

# Share of the inhabitants of France past which an indicator, or an index, is national.
NATIONAL_SHARE = 0.9
Coverage = Mapping[str, Mapping[str, float]]


class NeedIndicator(BaseModel):
    """An indicator of a domain, its embedded period if any, and which way it means more need."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    period: str | None = None
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
        """Period of each indicator that has one, the access axis included."""
        indicators = [one for domain in self.domains for one in domain.indicators]
        used = {one.id: one.period for one in indicators if one.period is not None}
        return used | {self.access.id: self.access.period}

    @property
    def indicators(self) -> list[str]:
        """Every indicator, the access axis included."""
        return [*(name for ways in self.directions.values() for name in ways), self.access.id]


class PurposeDomain(BaseModel):
    """A domain that a purpose counts, its starting weight, its reason when it is its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    weight: int = Field(ge=0, le=100)
    reason: str = ""


class PurposeCard(BaseModel):
    """What the targeting is for: its domains with their reasons, whom it is for.

    ``mixed``: access to care enters the index. ``beside``: indicators that would tell more and do
    not enter it (published elsewhere than by commune, or without a national reference).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    label: str
    reason: str
    mixed: bool = False
    target: str = "tous"
    domains: list[PurposeDomain] = Field(min_length=1)
    beside: list[str] = []


class NeedCards(BaseModel):
    """The whole file: every domain, the access axis, the purposes that choose among them.

    ``quarters``: the domains that compare the quartiers prioritaires with one another.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    domains: list[NeedDomain]
    access: AccessAxis
    quarters: list[NeedDomain] = Field(min_length=1)
    purposes: list[PurposeCard] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> NeedCards:
        known = {domain.id for domain in self.domains}
        for purpose in self.purposes:
            unknown = sorted({domain.id for domain in purpose.domains} - known)
            if unknown:
                raise ValueError(f"finalité {purpose.id} : domaine inconnu {', '.join(unknown)}")
            own = [
                one.id
                for domain in self.domains
                if domain.id in {chosen.id for chosen in purpose.domains}
                for one in domain.indicators
            ]
            if purpose.mixed != (self.access.id in own):
                raise ValueError(f"finalité {purpose.id} : mixed dit le contraire de ses domaines")
        return self

    def card(self, purpose: PurposeCard) -> NeedCard:
        """The need card of one purpose: its domains, its weights, its reasons."""
        domains = {domain.id: domain for domain in self.domains}
        chosen = [
            domains[one.id].model_copy(
                update={"weight": one.weight, "reason": one.reason or domains[one.id].reason}
            )
            for one in purpose.domains
        ]
        return NeedCard(domains=chosen, access=self.access)


@dataclass(frozen=True)
class SuitedNeeds:
    """What a warehouse can fill of a need card.

    ``card``: the domains that count, each indicator at the one period used for every commune.
    ``aside``: the domains that do not count there. ``national``: whether every indicator that
    counts covers the country.
    """

    card: NeedCard
    aside: tuple[NeedDomain, ...]
    national: bool


def suit(card: NeedCard, coverage: Coverage) -> SuitedNeeds:
    """The part of ``card`` that a warehouse can fill, and at which periods.

    ``coverage``: indicator -> period -> share of the inhabitants of France whose commune has a
    figure. Where at least 3/4 of the domains can be filled for the whole country, only those
    count, at the latest period that covers it: all communes then rest on the same figures.
    Otherwise each indicator takes that period if there is one, else the embedded one.
    """
    national = {name: _latest_national(coverage.get(name, {})) for name in card.indicators}
    domains = _filled(card.domains, national)
    is_national = 4 * len(domains) >= 3 * len(card.domains)
    if not is_national:
        embedded = {
            name: period
            for name, period in card.periods.items()
            if coverage.get(name, {}).get(period)
        }
        domains = _filled(card.domains, embedded | {k: p for k, p in national.items() if p})
    axis = card.access.model_copy(update={"period": national[card.access.id] or card.access.period})
    kept = {domain.id for domain in domains}
    return SuitedNeeds(
        card.model_copy(update={"domains": domains, "access": axis}),
        tuple(domain for domain in card.domains if domain.id not in kept),
        is_national,
    )


def _latest_national(shares: Mapping[str, float]) -> str | None:
    """Latest period that covers the country."""
    return max((p for p, share in shares.items() if share >= NATIONAL_SHARE), default=None)


def _filled(domains: Sequence[NeedDomain], periods: Mapping[str, str | None]) -> list[NeedDomain]:
    """Domains of which at least 2/3 of the indicators have a period, with those indicators."""
    filled = []
    for domain in domains:
        known = [
            one.model_copy(update={"period": periods[one.id]})
            for one in domain.indicators
            if periods.get(one.id) is not None
        ]
        if 3 * len(known) >= 2 * len(domain.indicators):
            filled.append(domain.model_copy(update={"indicators": known}))
    return filled


def load_need_cards(path: Path = DATA / "besoins.yml") -> NeedCards:
    """Read and validate the file of needs. Raises InvalidCard."""
    try:
        return NeedCards.model_validate(read_yaml(path))
    except (ValidationError, yaml.YAMLError) as error:
        raise InvalidCard(f"Fiche des besoins illisible, {path.name} : {error}") from error


def load_needs(path: Path = DATA / "besoins.yml") -> NeedCard:
    """The need card of the first purpose, the general one. Raises InvalidCard."""
    cards = load_need_cards(path)
    return cards.card(cards.purposes[0])
