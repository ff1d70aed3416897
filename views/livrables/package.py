"""What the Office formats share: a ZIP whose bytes do not depend on the day, nothing from outside."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date

from views.text import NARROW, NO_BREAK

# The least that the ZIP format can date.
_EARLIEST = date(1980, 1, 1)


def rezipped(content: bytes, day: date) -> bytes:
    """The same ZIP with every entry dated ``day``: made twice from the same state, the same bytes."""
    with zipfile.ZipFile(io.BytesIO(content)) as source:
        return zipped({name: source.read(name) for name in source.namelist()}, day)


def zipped(entries: dict[str, bytes], day: date) -> bytes:
    """A ZIP of these entries (name -> content), in this order, all dated ``day``."""
    buffer = io.BytesIO()
    moment = max(day, _EARLIEST)
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in entries.items():
            info = zipfile.ZipInfo(name, (moment.year, moment.month, moment.day, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            target.writestr(info, content)
    return buffer.getvalue()


# Where French never breaks a line: before « : ; ? ! % » », after « « ≈ », inside thousands.
_BEFORE = re.compile(r" (?=[:;?!%»](?:[\s.,)]|$))")
_AFTER = re.compile(r"(?<=[«≈−]) ")
_THOUSANDS = re.compile(r"(?<=\d) (?=\d{3}(?!\d))")


def printable(text: str) -> str:
    """Text for a file: no control character, which XML refuses, and French no-break spaces."""
    spaced = re.sub(r"[\n\r\t]", " ", text)
    kept = "".join(one for one in spaced if one.isprintable() or one in "\u00a0\u202f\u2009")
    for pattern, space in ((_BEFORE, NO_BREAK), (_AFTER, NO_BREAK), (_THOUSANDS, NARROW)):
        kept = pattern.sub(space, kept)
    return kept
