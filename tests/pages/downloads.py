"""What the download buttons of a page give: their files, as a click would make them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from streamlit.elements.widgets.button import ButtonMixin


class Download(NamedTuple):
    """One button: its label, the name of its file, and what makes it."""

    label: str
    name: str
    make: Callable[[], Any]

    @property
    def content(self) -> bytes:
        """The bytes of the file."""
        made = self.make()
        made = made.read() if hasattr(made, "read") else made
        return made.encode() if isinstance(made, str) else bytes(made)


def watched(monkeypatch: pytest.MonkeyPatch) -> list[Download]:
    """Every download button shown from now on, in order; the buttons themselves are untouched."""
    seen: list[Download] = []
    own = ButtonMixin._download_button

    def shown(self: Any, label: str, data: Any, *rest: Any, **named: Any) -> bool:
        name = str(named.get("file_name") or "")
        seen.append(Download(label, name, data if callable(data) else lambda: data))
        return own(self, label, data, *rest, **named)

    monkeypatch.setattr(ButtonMixin, "_download_button", shown)
    return seen
