"""Choices kept in the URL by their identifier, so that rewording a label breaks no link."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from typing import Any
from urllib.parse import urlencode

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from views.text import escape_markdown, number

_CHOICES = "choices"
# Keys of the choices that are not what a page proposes: those that an address has to hold.
_CHANGED = "choices_changed"
# Keys that a project file brought and that no screen has read yet.
_BROUGHT = "choices_brought"
_WIDGETS = ("choix-", "curseur-", "nombre-", "texte-")


def linked_selectbox(
    where: DeltaGenerator,
    label: str,
    options: Mapping[str, str],
    default: str,
    key: str,
    **more: Any,
) -> str:
    """A select box whose identifier lives in the URL under ``key``; the identifier chosen.

    ``options``: identifier -> label. The URL comes first, then what this session last chose. An
    unknown identifier in the URL is said, and ``default`` taken.
    """
    start = _start(label, options, default, key)
    chosen = where.selectbox(
        label,
        list(options),
        index=list(options).index(start),
        format_func=lambda one: options[one],
        key=f"choix-{key}",
        **more,
    )
    return _remember(key, str(chosen), default)


def linked_segments(
    label: str, options: Mapping[str, str], default: str, key: str, **more: Any
) -> str:
    """The same, as a row of buttons."""
    chosen = st.segmented_control(
        label,
        list(options),
        default=_start(label, options, default, key),
        format_func=lambda one: options[one],
        required=True,
        key=f"choix-{key}",
        **more,
    )
    return _remember(key, str(chosen), default)


def linked_slider(
    where: DeltaGenerator,
    label: str,
    bounds: tuple[int, int],
    default: int,
    key: str,
    *,
    step: int = 5,
    **more: Any,
) -> int:
    """A slider of whole numbers, kept in the URL under ``key`` and from one page to the next."""
    start = int(_start_number(label, bounds, default, key))
    chosen = where.slider(label, *bounds, start, step=step, key=f"curseur-{key}", **more)
    return int(_remember(key, str(chosen), str(default)))


def linked_number(
    where: DeltaGenerator,
    label: str,
    bounds: tuple[float, float],
    default: float,
    key: str,
    *,
    step: float = 1,
    **more: Any,
) -> float:
    """A number to type, kept in the same way; whole when ``default`` and ``step`` are."""
    kind = int if float(default).is_integer() and float(step).is_integer() else float
    start = _start_number(label, bounds, default, key)
    chosen = where.number_input(
        label,
        kind(bounds[0]),
        kind(bounds[1]),
        kind(start),
        step=kind(step),
        key=f"nombre-{key}",
        **more,
    )
    return float(_remember(key, f"{chosen:.12g}", f"{default:.12g}"))


def linked_text(
    where: DeltaGenerator, label: str, default: str, key: str, *, max_chars: int = 80, **more: Any
) -> str:
    """A line to type, kept in the same way; it is the caller's to read and to escape."""
    asked, _ = _asked(key)
    kept = st.session_state.get(_CHOICES, {}).get(key, default)
    start = (asked if asked is not None else kept)[:max_chars]
    chosen = where.text_input(label, start, max_chars=max_chars, key=f"texte-{key}", **more)
    return _remember(key, chosen, default)


def linked_list(
    label: str, options: Mapping[str, str], default: tuple[str, ...], key: str, **more: Any
) -> tuple[str, ...]:
    """Several identifiers in the order chosen, kept in the URL (« a.b.c ») and from page to page.

    Unknown identifiers in the URL are said and left out; ``default`` when none is left.
    """
    asked = st.query_params.get(key)
    kept = st.session_state.get(_CHOICES, {}).get(key, ".".join(default))
    wanted = [one for one in (asked if asked is not None else kept).split(".") if one]
    start = list(dict.fromkeys(one for one in wanted if one in options)) or list(default)
    unknown = [one for one in wanted if one not in options]
    if asked is not None and unknown:
        st.warning(
            f"{label} : « {escape_markdown(unknown[0][:40])} », demandé par l'adresse, n'existe pas ici.",
            icon=":material/info:",
        )
    chosen = st.multiselect(
        label,
        list(options),
        start,
        format_func=lambda one: options[one],
        key=f"liste-{key}",
        placeholder="Choisissez",
        **more,
    )
    _remember(key, ".".join(chosen), ".".join(default))
    return tuple(chosen)


def linked_address(page: str, keys: Collection[str]) -> str:
    """Address of ``page`` with these choices written in full, defaults included, and the perimeter."""
    choices = st.session_state.get(_CHOICES, {})
    kept = {name: st.query_params[name] for name in ("p", "nom") if name in st.query_params}
    return f"{page}?{urlencode(kept | {key: choices[key] for key in keys if key in choices}, safe=':,')}"


def all_choices() -> dict[str, str]:
    """Every choice made in this session, by key of the URL."""
    return dict(st.session_state.get(_CHOICES, {}))


def kept_choice(key: str) -> str:
    """What this session keeps under ``key``, empty when nothing."""
    return str(st.session_state.get(_CHOICES, {}).get(key, ""))


def keep_choice(key: str, value: str) -> None:
    """Keep ``value`` under ``key`` for this session; forget it when it is empty."""
    kept = st.session_state.setdefault(_CHOICES, {})
    _note_change(key, bool(value))
    if value:
        kept[key] = value
    else:
        kept.pop(key, None)


def carry_choices(wanted: Callable[[str], bool]) -> None:
    """Write into the address what this session chose on other pages under the keys ``wanted``.

    For a page that follows these choices without asking for them: its address then reopens it.
    """
    choices = st.session_state.get(_CHOICES, {})
    for key in sorted(st.session_state.get(_CHANGED, set())):
        if wanted(key) and key in choices and key not in st.query_params:
            st.query_params[key] = choices[key]


def restore_choices(choices: Mapping[str, str]) -> None:
    """Make these the choices of the session; screens read them instead of what they last showed."""
    for name in [str(one) for one in st.session_state if str(one).startswith(_WIDGETS)]:
        del st.session_state[name]
    for name in [one for one in st.query_params if one not in ("p", "nom")]:
        del st.query_params[name]
    st.session_state[_CHOICES] = dict(choices)
    st.session_state[_CHANGED] = set(choices)
    st.session_state[_BROUGHT] = set(choices)


def _asked(key: str) -> tuple[str | None, str]:
    """What the address, else a project file just opened, asks under ``key``; and which of them."""
    asked = st.query_params.get(key)
    brought: set[str] = st.session_state.get(_BROUGHT, set())
    if asked is None and key in brought:
        return kept_choice(key), "gardé dans le projet"
    return asked, "demandé par l'adresse"


def _start_number(label: str, bounds: tuple[float, float], default: float, key: str) -> float:
    asked, where = _asked(key)
    wanted = asked if asked is not None else st.session_state.get(_CHOICES, {}).get(key, default)
    try:
        value = float(wanted)
    except ValueError:
        value = math.nan
    if bounds[0] <= value <= bounds[1]:
        return value
    if asked is not None:
        st.warning(
            f"{label} : « {escape_markdown(asked[:40])} », {where}, n'est pas un nombre "
            f"de {number(bounds[0])} à {number(bounds[1])}. {number(default, 0)} est utilisé.",
            icon=":material/info:",
        )
    return default


def _start(label: str, options: Mapping[str, str], default: str, key: str) -> str:
    asked, where = _asked(key)
    wanted = asked if asked is not None else st.session_state.get(_CHOICES, {}).get(key, default)
    if wanted in options:
        return str(wanted)
    if asked is not None:
        st.warning(
            f"{label} : « {escape_markdown(asked[:40])} », {where}, n'existe pas ici. "
            f"« {escape_markdown(options[default])} » est utilisé.",
            icon=":material/info:",
        )
    return default


def _remember(key: str, chosen: str, default: str) -> str:
    st.session_state.setdefault(_CHOICES, {})[key] = chosen
    st.session_state.get(_BROUGHT, set()).discard(key)
    _note_change(key, chosen != default)
    if chosen != default:
        st.query_params[key] = chosen
    elif key in st.query_params:
        del st.query_params[key]
    return chosen


def _note_change(key: str, changed: bool) -> None:
    known: set[str] = st.session_state.setdefault(_CHANGED, set())
    if changed:
        known.add(key)
    else:
        known.discard(key)
