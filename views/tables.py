"""Tables on screen, as HTML that reads and prints well; tables as files, without formulas."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from views.text import escape_html

# Past this many rows a browser would rather scroll a canvas than lay out a page.
MAX_HTML_ROWS = 1500

TABLE_STYLE = """
<style>
.gradient-table { max-height: 34rem; overflow: auto; border: 1px solid #d9dee5; border-radius: 4px; }
.gradient-table table { width: 100%; border-collapse: collapse; font-size: .95rem; }
.gradient-table caption { position: absolute; width: 1px; height: 1px; overflow: hidden;
  clip-path: inset(50%); }
.gradient-table th, .gradient-table td { padding: .38rem .65rem; text-align: left;
  vertical-align: top; border-bottom: 1px solid #e3e7ec; }
.gradient-table thead th { position: sticky; top: 0; background: #eef1f4; font-weight: 600; }
.gradient-table tbody th { font-weight: 400; }
.gradient-table .n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.gradient-table thead .n { white-space: normal; }
.gradient-table tr.total th, .gradient-table tr.total td { font-weight: 650; position: sticky;
  bottom: 0; background: #f6f8fa; border-top: 2px solid #8792a0; }
@media print { .gradient-table { max-height: none; overflow: visible; border: 0; }
  .gradient-table tr { page-break-inside: avoid; } }
</style>
"""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(value: object) -> object:
    """Text that a spreadsheet would run as a formula is quoted; anything else is kept."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def csv_file(frame: pd.DataFrame) -> bytes:
    """``frame`` as CSV: semicolons, decimal comma, UTF-8 with BOM, missing cells empty."""
    safe = frame.rename(columns=lambda name: str(safe_cell(str(name))))
    for column in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[column]):
            safe[column] = safe[column].map(safe_cell)
    return safe.to_csv(index=False, sep=";", decimal=",", lineterminator="\r\n").encode("utf-8-sig")


def html_table(
    frame: pd.DataFrame, caption: str, numeric: Collection[str] = (), *, total: bool = False
) -> str:
    """``frame`` (texts) as an accessible HTML table; the first column heads its row.

    ``numeric``: columns aligned on the right. ``total``: the last row is a total, kept in sight.
    """
    classes = {name: ' class="n"' if name in numeric else "" for name in frame.columns}
    head = "".join(
        f'<th scope="col"{classes[name]}>{escape_html(str(name))}</th>' for name in frame.columns
    )
    rows = []
    for position, values in enumerate(frame.itertuples(index=False), start=1):
        first, *others = (escape_html(str(value)) for value in values)
        style = ' class="total"' if total and position == len(frame) else ""
        cells = "".join(
            f"<td{classes[name]}>{value}</td>"
            for name, value in zip(frame.columns[1:], others, strict=True)
        )
        rows.append(f'<tr{style}><th scope="row">{first}</th>{cells}</tr>')
    return (
        f'{TABLE_STYLE}<div class="gradient-table" tabindex="0" role="region" '
        f'aria-label="{escape_html(caption)}"><table><caption>{escape_html(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )
