"""Figures of a local file as lines of a project file, and back.

What is written is what pages show: masked figures. What is read comes from a file that anybody may
have edited, so that a small count found in the clear is refused rather than shown.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from diagnostic.suppression import SHOWN

NUMBERS = ["value", "numerator", "denominator"]
COLUMNS = ["indicator", "level", "code", "period", *NUMBERS, "state", "reason"]


class KeptFigureError(ValueError):
    """Kept figures cannot be used; the message says why, in French."""


def figure_lines(figures: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Indicator -> its lines, in the order of levels, codes and periods: the same file each time.

    ``figures``: the columns of ``COLUMNS``; a number that is not known is NaN. Numbers are written
    with the fewest digits that read back to the same.
    """
    ordered = figures.sort_values(["indicator", "level", "code", "period"])
    texts = {name: [_written(one) for one in ordered[name]] for name in NUMBERS}
    reasons = ordered["reason"].fillna("").str.replace(r"[;\s]+", " ", regex=True).str[:120]
    rows = zip(
        ordered["level"],
        ordered["code"],
        ordered["period"],
        *texts.values(),
        ordered["state"],
        reasons,
        strict=True,
    )
    lines = pd.Series(map(";".join, rows), index=ordered.index, dtype=object)
    return {
        str(name): tuple(group)
        for name, group in lines.groupby(ordered["indicator"].to_numpy(), sort=True)
    }


def figures_of(lines: Mapping[str, tuple[str, ...]]) -> pd.DataFrame:
    """The figures that ``lines`` say (columns of ``COLUMNS``).

    Raises KeptFigureError when a shown figure has no value, a hidden one has some, or a figure
    comes twice.
    """
    rows = [[name, *line.split(";", 7)] for name, own in lines.items() for line in own]
    found = pd.DataFrame(rows, columns=COLUMNS, dtype=object)
    for name in NUMBERS:
        found[name] = pd.to_numeric(found[name].replace("", np.nan)).astype(float)
    shown = found["state"] == SHOWN
    told = found[NUMBERS].notna().any(axis=1)
    if (shown & found["value"].isna()).any() or (~shown & told).any():
        raise KeptFigureError("des chiffres y sont incomplets, ou montrent ce qui est masqué.")
    if np.isinf(found[NUMBERS]).any(axis=None):
        raise KeptFigureError("des nombres y sont démesurés.")
    if found.duplicated(["indicator", "level", "code", "period"]).any():
        raise KeptFigureError("un même chiffre y figure deux fois.")
    return found


def refuse_small_counts(figures: pd.DataFrame, counted: Mapping[str, bool], threshold: int) -> None:
    """Raises KeptFigureError where a count of people under ``threshold`` is not masked.

    ``counted``: indicators that count people -> whether the value itself is the count (else the
    numerator of a ratio is), as :func:`diagnostic.masking.masked` takes them.
    """
    whole = figures["indicator"].map(counted)
    judged = whole.notna()
    count = figures["value"].where(whole.eq(True), figures["numerator"])
    if (judged & (count > 0) & (count < threshold)).any():
        raise KeptFigureError(
            f"des effectifs de moins de {threshold} n'y sont pas masqués : il a été modifié."
        )


def _written(number: float) -> str:
    return "" if np.isnan(number) else repr(float(number)).removesuffix(".0")
