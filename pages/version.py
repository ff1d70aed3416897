"""Version of the application: that of the first heading of CHANGELOG.md."""

from __future__ import annotations

import re
from functools import lru_cache

from warehouse.paths import ROOT

UNRELEASED = "en développement"
_HEADING = re.compile(r"^## \[([^\]]+)\]", re.MULTILINE)


@lru_cache(maxsize=1)
def app_version() -> str:
    """« 1.2.0 », or that this copy is under development."""
    found = _HEADING.search((ROOT / "CHANGELOG.md").read_text("utf-8"))
    return found.group(1) if found and found.group(1)[:1].isdigit() else UNRELEASED
