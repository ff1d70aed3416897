"""A QR code of an address, for a screen, a slide or a page: drawn here, asked of nobody."""

from __future__ import annotations

import ipaddress
from io import BytesIO
from urllib.parse import urlsplit

import segno

LOCAL_ONLY = (
    "Gradient n'écoute que cet ordinateur : un code à scanner n'ouvrirait rien sur un téléphone."
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
