"""Write the schema of the project file, from its models: ``python tools/project_schema.py``."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from diagnostic.project import json_schema  # noqa: E402

SCHEMA = ROOT / "docs" / "projet.schema.json"

if __name__ == "__main__":
    SCHEMA.write_text(json_schema(), "utf-8", newline="\n")
    print(f"Schéma écrit : {SCHEMA}")
