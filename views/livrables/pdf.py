"""A report as a tagged PDF (PDF/UA), set by Typst: no system library, no network, same bytes again."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import matplotlib
import typst

from views.livrables.model import (
    Block,
    Bullets,
    Figure,
    Heading,
    Note,
    Paragraph,
    Report,
    Table,
)
from views.livrables.package import printable

MIME = "application/pdf"
_TEMPLATE = Path(__file__).with_name("document.typ")
# The fonts that ship with matplotlib: the same on every machine.
_FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"


def write(report: Report, *, handout: bool = False) -> bytes:
    """The report as a PDF; ``handout``: one or two pages to hand round, without contents."""
    with tempfile.TemporaryDirectory(prefix="gradient-pdf-") as name:
        folder = Path(name)
        content = _content(report, folder) | {"handout": handout}
        (folder / "report.json").write_text(json.dumps(content, ensure_ascii=False), "utf-8")
        (folder / "main.typ").write_bytes(_TEMPLATE.read_bytes())
        written = typst.compile(
            str(folder / "main.typ"),
            root=str(folder),
            font_paths=_fonts(),
            ignore_system_fonts=True,
            format="pdf",
            pdf_standards="ua-1",
            timestamp=datetime.combine(report.facts.built, time(), UTC),
        )
    assert isinstance(written, bytes)
    return written


def _fonts() -> list[str]:
    return [str(_FONTS)]


def _content(report: Report, folder: Path) -> dict[str, Any]:
    """The report as plain data: texts are data for Typst, never markup."""
    facts = report.facts
    pictures = _Pictures(folder)
    return {
        "title": printable(facts.title),
        "perimeter": printable(facts.perimeter),
        "header": printable(facts.header),
        "footer": printable(facts.footer),
        "authors": printable(facts.authors),
        "logo": pictures.saved(facts.logo) if facts.logo else None,
        "year": facts.built.year,
        "sections": [
            {
                "title": printable(section.title),
                "blocks": [_block(block, pictures) for block in section.blocks],
            }
            for section in report.sections
        ],
    }


class _Pictures:
    """Pictures of the document, as files that Typst reads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def saved(self, png: bytes) -> str:
        """Name of the file where ``png`` was put."""
        self._count += 1
        name = f"image-{self._count}.png"
        (self._folder / name).write_bytes(png)
        return name


def _block(block: Block, pictures: _Pictures) -> dict[str, Any]:
    match block:
        case Paragraph():
            return {"kind": "strong" if block.strong else "text", "text": printable(block.text)}
        case Note():
            return {"kind": "note", "text": printable(block.text)}
        case Heading():
            return {"kind": "heading", "text": printable(block.text)}
        case Bullets():
            return {"kind": "bullets", "items": [printable(item) for item in block.items]}
        case Table():
            return {
                "kind": "table",
                "caption": printable(block.caption),
                "columns": [printable(name) for name in block.columns],
                "rows": [[printable(cell) for cell in row] for row in block.rows],
                "numeric": sorted(block.numeric),
                "widths": list(block.widths),
                "total": block.total,
            }
        case Figure():
            return {
                "kind": "figure",
                "file": pictures.saved(block.png),
                "alt": printable(block.alt),
                "caption": printable(block.caption),
            }
