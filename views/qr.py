"""A QR code of an address, for a screen, a slide or a page: drawn here, asked of nobody."""

from __future__ import annotations

import ipaddress
import re
from io import BytesIO
from urllib.parse import urlsplit

import segno

LOCAL_ONLY = (
    "Gradient n'écoute que cet ordinateur : un code à scanner n'ouvrirait rien sur un téléphone."
)
NO_CODE = "Sans adresse, les diapositives ne portent pas de code à scanner."
ADDRESS_HELP = (
    "Chaque diapositive porte un code qui ouvre son écran, à cette adresse. Elle n'est pas vérifiée : rien "
    "n'est demandé à un autre ordinateur. Vide : pas de code."
)
_NOT_AN_ADDRESS = (
    "Cette adresse ne se lit pas : écrivez-la comme dans un navigateur, par exemple "
    "https://gradient.exemple.fr."
)
# Modules of quiet zone that the standard asks for (ISO/IEC 18004).
_BORDER = 4


def opens_elsewhere(url: str) -> bool:
    """Whether another machine could open ``url``: not when its host is this very machine."""
    host = (urlsplit(url).hostname or "").lower()
    if not host or host == "localhost" or host.endswith(".localhost"):
        return False
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return True
    return not (address.is_loopback or address.is_unspecified)


def checked_base(text: str) -> str:
    """The address of an application as typed, without its last slash.

    Raises ValueError, in French, for what a telephone could not open, and for a name or a password
    written in it.
    """
    try:
        parts = urlsplit(text)
        known = parts.scheme in ("http", "https") and parts.hostname and (parts.port or True)
    except ValueError:
        known = False
    if not known or not text.isprintable() or re.search(r"[\s<>\"'\\\\^`{|}@?#]", text):
        raise ValueError(_NOT_AN_ADDRESS)
    if not opens_elsewhere(text):
        raise ValueError(LOCAL_ONLY)
    return text.rstrip("/")


def qr_svg(url: str) -> str:
    """The code as an SVG element that fits its box, black on white, described for who cannot see."""
    buffer = BytesIO()
    _code(url).save(
        buffer,
        kind="svg",
        border=_BORDER,
        dark="#000000",
        light="#ffffff",
        xmldecl=False,
        omitsize=True,
        svgclass="qr",
        lineclass=None,
        title="Code à scanner : l'adresse de cet écran",
    )
    return buffer.getvalue().decode("utf-8")


def qr_png(url: str, scale: int = 8) -> bytes:
    """The code as a PNG image, ``scale`` pixels a module; the same address gives the same bytes."""
    buffer = BytesIO()
    _code(url).save(buffer, kind="png", scale=scale, border=_BORDER)
    return buffer.getvalue()


def _code(url: str) -> segno.QRCode:
    """Medium error correction: a projected code is seen askew and in reflections."""
    return segno.make(url, error="m", micro=False)
