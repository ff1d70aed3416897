"""Choices of other pages as they stand, read without drawing the controls that ask for them."""

from __future__ import annotations

import math
from collections.abc import Collection

import streamlit as st

from diagnostic import need
from diagnostic.dosing import Rule, after_reserve
from pages.dosing import LARGEST, RATIOS, Settings
from pages.linked import kept_choice
from pages.needs import GENERAL, Reference, need_card, purposes
from pages.shared import Current
from pages.targets import ALL, target_counts
from pages.weighing import Chosen, weight_key
from views.intensite import RESOURCES

CUTS = ("national", "local")


def choice(key: str) -> str:
    """What the address, else this session, holds under ``key``; empty when nobody chose."""
    asked = st.query_params.get(key)
    return str(asked) if asked is not None else kept_choice(key)


def one_of(key: str, options: Collection[str], default: str) -> str:
    """The choice under ``key`` when it is one of ``options``, else ``default``."""
    asked = choice(key)
    return asked if asked in options else default


def number_of(key: str, bounds: tuple[float, float], default: float) -> float:
    """The number under ``key`` when it is inside ``bounds``, else ``default``."""
    try:
        value = float(choice(key))
    except ValueError:
        return default
    return value if math.isfinite(value) and bounds[0] <= value <= bounds[1] else default


def current_need() -> Chosen | None:
    """Purpose and weights of the page Cibler; None when no domain of the purpose is loaded."""
    known = purposes()
    purpose = known[one_of("finalite", known, GENERAL)]
    card = need_card(purpose.id)
    if not card.domains:
        return None
    raw = {
        domain.id: int(number_of(weight_key(purpose.id, domain.id), (0, 100), domain.weight))
        for domain in card.domains
    }
    if not any(raw.values()):
        raw = dict.fromkeys(raw, 1)
    return Chosen(purpose, need.normalised_weights(card.directions, raw))


def current_cut() -> str:
    """National or local limits of the groups."""
    return one_of("seuils", CUTS, "national")


def current_target(found: Current, default: str = ALL) -> str:
    """Whom the action is for, among the targets counted in every commune."""
    known = target_counts(found)
    return one_of("visee", known, default if default in known else ALL)


def current_settings(reference: Reference) -> Settings:
    """What is shared and how, as the page Intensité last asked it."""
    name = one_of("ressource", RESOURCES, "dentaires")
    resource = RESOURCES[name]
    suffix = "" if resource.quantity == RESOURCES["dentaires"].quantity else f"_{name}"
    keys = [f"{key}{suffix}" for key in ("quantite", "unite", "seuil", "plancher", "plafond")]
    total = number_of(keys[0], (0, LARGEST), resource.quantity)
    units = {f"{unit:g}": unit for unit in resource.units}
    unit = units[one_of(keys[1], units, f"{resource.units[0]:g}")]
    least, floor, ceiling = (
        number_of(key, (0, LARGEST), default)
        for key, default in zip(keys[2:], (resource.least, 0, 0), strict=True)
    )
    base = number_of("base", (0, 100), 50) / 100
    ratio = float(one_of("force", RATIOS, "3"))
    reserve = number_of("reserve", (0, 50), 0) / 100
    shared, kept = after_reserve(total, reserve, unit)
    rule = Rule(shared, reference.bounds, base, ratio, unit, floor or None, ceiling or None)
    return Settings(
        resource, total, shared, kept, least, reserve, rule,
        ("ressource", *keys, "base", "force", "reserve"),
    )  # fmt: skip
