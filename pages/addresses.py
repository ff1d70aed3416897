"""Addresses that reopen a screen: for the browser, and for the telephones of a room."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

import streamlit as st

from views.livrables.model import Reach
from views.qr import ADDRESS_HELP, LOCAL_ONLY, NO_CODE, checked_base, opens_elsewhere
from views.text import escape_markdown

# What reopens the same screens: the perimeter, what it is compared with, the choices they rest on.
_KEPT = frozenset(
    [
        "p",
        "nom",
        "comparateur",
        "avec",
        "finalite",
        "seuils",
        "visee",
        "ressource",
        "base",
        "force",
        "reserve",
    ]
)
_KEPT_STARTS = ("poids_", "quantite", "unite", "seuil", "plancher", "plafond", "maille-")
_TYPED = "adresse-publique"


def is_kept(key: str) -> bool:
    """Whether the screens of the diagnosis follow from this key of the address."""
    return key in _KEPT or key.startswith(_KEPT_STARTS)


def kept_query(**more: str) -> str:
    """The part of the address on screen that reopens the same diagnosis, and ``more``."""
    kept = {name: value for name, value in st.query_params.to_dict().items() if is_kept(name)}
    return urlencode(kept | more, safe=":,")


def browser_base() -> str:
    """Address of Gradient as the browser has it, without any page; empty when it is not known."""
    parts = urlsplit(st.context.url or "")
    if not parts.netloc:
        return ""
    folder = parts.path.rpartition("/")[0]
    return f"{parts.scheme}://{parts.netloc}{folder}"


def choose_reach() -> Reach | None:
    """Where a telephone finds the screens again; None when no address opens on another machine.

    The browser's own address when it does, else the one that is typed, kept for the visit only.
    """
    own = browser_base()
    proposed = own if opens_elsewhere(own) else ""
    given = st.text_input(
        "Adresse de Gradient pour les codes à scanner",
        st.session_state.get(_TYPED, proposed),
        max_chars=120,
        placeholder="https://gradient.exemple.fr",
        help=ADDRESS_HELP,
        key="adresse-des-codes",
    ).strip()
    st.session_state[_TYPED] = given
    if not given:
        st.caption(NO_CODE if opens_elsewhere(own) else f"{LOCAL_ONLY} {NO_CODE}")
        return None
    try:
        return Reach(checked_base(given), kept_query())
    except ValueError as error:
        st.error(escape_markdown(str(error)), icon=":material/qr_code:")
        return None
