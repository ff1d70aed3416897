"""Tables as files: CSV that a French spreadsheet opens, without formulas."""

from __future__ import annotations

import pandas as pd

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
