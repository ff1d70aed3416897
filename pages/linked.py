"""Choices kept in the URL by their identifier, so that rewording a label breaks no link."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from views.text import escape_markdown

_CHOICES = "choices"


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


def _start(label: str, options: Mapping[str, str], default: str, key: str) -> str:
    asked = st.query_params.get(key)
    wanted = asked if asked is not None else st.session_state.get(_CHOICES, {}).get(key, default)
    if wanted in options:
        return str(wanted)
    if asked is not None:
        st.warning(
            f"{label} : « {escape_markdown(asked[:40])} », demandé par l'adresse, n'existe pas ici. "
            f"« {escape_markdown(options[default])} » est utilisé.",
            icon=":material/info:",
        )
    return default


def _remember(key: str, chosen: str, default: str) -> str:
    st.session_state.setdefault(_CHOICES, {})[key] = chosen
    if chosen != default:
        st.query_params[key] = chosen
    elif key in st.query_params:
        del st.query_params[key]
    return chosen
