"""What this visit imported: kept in the session alone, and joined to the build for its own screens.

Nothing here goes through a cache that sessions share: :func:`remembered` keeps the answers of a
session that has local figures in that session, and those of the others where they were.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import pickle
from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ParamSpec, TypeVar

import pandas as pd
import streamlit as st

from connectors.local_plan import Plan
from views.importing import source_title
from warehouse.indicators import IndicatorCard
from warehouse.local import LocalFigures, LocalWarehouse

IMPORTS, OPENED, ANSWERS = "imports_locaux", "entrepot_local", "reponses_locales"
MOST_ANSWERS = 300
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Imported:
    """One file taken in: its reading, its cards, its figures once masked, its account of rows.

    ``shared``: whether its figures may go into the files that this visit downloads.
    """

    id: str
    name: str
    plan: Plan
    cards: dict[str, IndicatorCard]
    source: pd.DataFrame
    observations: pd.DataFrame
    rows: int
    used: int
    shared: bool = False


def imports() -> dict[str, Imported]:
    """The imports of this session, by id, in the order they were made."""
    found: dict[str, Imported] = st.session_state.get(IMPORTS, {})
    return found


def take(one: Imported) -> None:
    """Add ``one``; an import of the same id, or with the same indicators, is replaced."""
    others = {
        name: other
        for name, other in imports().items()
        if name != one.id and not set(other.cards) & set(one.cards)
    }
    _set({**others, one.id: one})


def forget(name: str) -> None:
    """Remove an import and everything computed with it."""
    _set({other: one for other, one in imports().items() if other != name})


def share(name: str, shared: bool) -> None:
    """Say whether the figures of an import may go into downloaded files."""
    found = imports()
    st.session_state[IMPORTS] = {**found, name: replace(found[name], shared=shared)}


def _set(found: dict[str, Imported]) -> None:
    st.session_state[IMPORTS] = found
    opened = st.session_state.pop(OPENED, None)
    if opened is not None:
        opened[1].close()
    st.session_state.pop(ANSWERS, None)


def local_cards() -> dict[str, IndicatorCard]:
    """Cards of the local indicators of this session."""
    return {name: card for one in imports().values() for name, card in one.cards.items()}


def local_sources() -> dict[str, str]:
    """Identifier of each local source -> what names it in a file."""
    return {one.id: f"Donnée locale, {source_title(one.plan.source)}" for one in imports().values()}


def local_warehouse(path: str) -> LocalWarehouse | None:
    """The build at ``path`` with the figures of this session; None when it has none."""
    found = imports()
    if not found:
        return None
    opened: tuple[str, LocalWarehouse] | None = st.session_state.get(OPENED)
    if opened is None or opened[0] != path:
        if opened is not None:
            opened[1].close()
        local = LocalFigures(
            local_cards(),
            pd.concat([one.source for one in found.values()], ignore_index=True),
            pd.concat([one.observations for one in found.values()], ignore_index=True),
        )
        opened = (path, LocalWarehouse(Path(path), local))
        st.session_state[OPENED] = opened
        st.session_state.pop(ANSWERS, None)
    return opened[1]


def exportable(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of ``frame`` (column or index indicator_id) that may go into a file."""
    private = {name for one in imports().values() if not one.shared for name in one.cards}
    names = frame["indicator_id"] if "indicator_id" in frame else frame.index.to_series()
    return frame[~names.isin(private).to_numpy()]


def published(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of ``frame`` (column or index indicator_id) that no visitor brought."""
    names = frame["indicator_id"] if "indicator_id" in frame else frame.index.to_series()
    return frame[~names.isin(list(local_cards())).to_numpy()]


def kept_back(indicators: Iterable[str]) -> bool:
    """Whether one of ``indicators`` is local and stays out of files."""
    wanted = set(indicators)
    return any(wanted & set(one.cards) for one in imports().values() if not one.shared)


def remembered(max_entries: int, spinner: str = "") -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Remember the answers of a function, shared between sessions only when all of it is public.

    Like ``st.cache_data``: parameters whose name begins with « _ » are not part of the key, and
    each caller receives its own copy.
    """

    def wrap(function: Callable[P, T]) -> Callable[P, T]:
        public = st.cache_data(max_entries=max_entries, show_spinner=spinner or False)(function)
        counted = [
            position
            for position, name in enumerate(inspect.signature(function).parameters)
            if not name.startswith("_")
        ]

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            if not imports():
                return public(*args, **kwargs)
            kept = [one for position, one in enumerate(args) if position in counted]
            key = hashlib.sha256(
                pickle.dumps((function.__module__, function.__qualname__, kept, kwargs))
            ).hexdigest()
            answers: OrderedDict[str, bytes] = st.session_state.setdefault(ANSWERS, OrderedDict())
            if key not in answers:
                with st.spinner(spinner) if spinner else nullcontext():
                    answers[key] = pickle.dumps(function(*args, **kwargs))
                while len(answers) > MOST_ANSWERS:
                    answers.popitem(last=False)
            found: T = pickle.loads(answers[key])
            return found

        return call

    return wrap
