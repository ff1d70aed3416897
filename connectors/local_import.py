"""Figures of a local table, read as a plan says: rows in = rows used + rows refused with reasons.

Codes are repaired and told, totals set apart, a territory that comes twice is kept once when the
two rows say the same, added up when they are pieces of a merged commune, refused otherwise.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from connectors.errors import ImportRejected
from connectors.fichier_local import LocalTable, shown
from connectors.local_figures import ABSENT, OK, REFUSED, SECRET, read_numbers
from connectors.local_plan import PERIOD, IndicatorPlan, Plan
from connectors.personal import personal_columns, words
from connectors.territories import CITY, MERGED, Found, Gazetteer, Written, locate

_ZONE = "zonage"
# Larger than the number of columns and of years that a file may have together.
_MOST_PERIODS = 10_000

NO_FIGURE = "aucun chiffre lisible dans les colonnes choisies"
NOT_CHOSEN = "ligne d'un indicateur qui n'est pas choisi"
NO_PERIOD = "période absente ou illisible"
SAME = "doublon identique d'une autre ligne"
TWICE = "deux lignes différentes pour le même territoire"
PIECES = "anciennes communes réunies dont les valeurs ne s'additionnent pas"
NOT_POSITIVE = "numérateur ou dénominateur négatif, ou nul au dénominateur"
OVER = "numérateur plus grand que le dénominateur"
NEGATIVE = "un effectif ne peut pas être négatif"

_PERSON = {"sexe", "genre", "age", "profession", "csp", "diagnostic", "pathologie", "nationalite"}
FIGURES = ["indicator", "level", "code", "period", "value", "numerator", "denominator", "state", "reason", "line"]  # fmt: skip
KEY = ["indicator", "level", "code", "period"]


@dataclass(frozen=True)
class Import:
    """What a table says under a plan.

    ``figures``: one row a (indicator, level, code, period): ``indicator`` is its id, value, state,
    reason, numerator, denominator, line. ``kept``: the same at zonings that no level holds (code as
    written, ``name``). ``refused``: line, written, reason. ``cells``: unreadable cells of rows that
    are used: line, column, written, reason. ``repaired``: line, written, code, what.
    """

    rows: int
    used: int
    figures: pd.DataFrame
    kept: pd.DataFrame
    refused: pd.DataFrame
    cells: pd.DataFrame
    repaired: pd.DataFrame


def check_nobody(table: LocalTable, names: Collection[str]) -> None:
    """Raises ImportRejected when a column, or each row, designates a person: nothing is read then.

    ``names``: plain names of territories, to tell a column of communes from one of people.
    """
    found = personal_columns(table.rows, names, figures=True)
    if found:
        listed = " ; ".join(f"« {shown(column)} » ({what})" for column, what in found.items())
        raise ImportRejected(
            table.name,
            f"des colonnes désignent des personnes : {listed}. Rien n'a été lu.",
            "Retirez-les, comptez les personnes par territoire, et déposez ce compte.",
        )
    titles = {column: words(column) for column in table.columns}
    personal = [column for column, said in titles.items() if said in _PERSON]
    if len(personal) >= 2 and table.rows.duplicated().any() and _ages(table, titles):
        raise ImportRejected(
            table.name,
            "chaque ligne semble décrire une personne (sexe, âge…). Rien n'a été lu.",
            "Comptez les personnes par territoire, et déposez ce compte.",
        )


def _ages(table: LocalTable, titles: dict[str, str]) -> bool:
    """Whether a column holds ages in years, one a row, rather than classes of age."""
    for column, said in titles.items():
        if said == "age":
            return bool(table.rows[column].str.fullmatch(r"\d{1,3}( ans)?").mean() > 0.9)
    return False


@dataclass(frozen=True)
class _Places:
    """Territories of the rows: each distinct writing once, and which one each row has.

    ``found``: level, code, repair and reason of each writing; ``which``: its position, a row;
    ``territory``: a number a row, the same for the same level and code.
    """

    found: pd.DataFrame
    which: np.ndarray
    territory: np.ndarray

    def of_rows(self, name: str) -> np.ndarray:
        """A column of ``found``, a row of the table."""
        values: np.ndarray = self.found[name].to_numpy(object)[self.which]
        return values

    def filled(self, name: str) -> np.ndarray:
        """Whether that column says something, a row of the table."""
        said: np.ndarray = self.found[name].ne("").to_numpy()[self.which]
        return said


def read_import(table: LocalTable, plan: Plan, known: Gazetteer) -> Import:
    """Every row of ``table``, used or refused."""
    rows = table.rows
    places = _places(table, plan, known)
    reason = places.of_rows("reason")
    period, unread = _periods(rows, plan)
    reason[(reason == "") & unread.to_numpy()] = NO_PERIOD
    figures, cells, spoken, touched, keys = _all_figures(rows, plan, places, period, reason == "")
    reason[(reason == "") & ~spoken] = NOT_CHOSEN
    reason[(reason == "") & ~touched] = NO_FIGURE
    repair = places.of_rows("repair")
    figures, twice = _once(figures, keys, plan, pd.Series(repair, index=rows.index))
    if len(twice):
        apart = (reason == "") & rows.index.isin(twice.index)
        reason[apart] = rows.index[apart].map(twice)
    aside = reason != ""
    refused = pd.DataFrame(
        {
            "line": rows.index[aside],
            "written": _written(rows[aside], plan),
            "reason": reason[aside],
        }
    ).reset_index(drop=True)
    mended = ~aside & places.filled("repair")
    repaired = pd.DataFrame(
        {
            "line": rows.index[mended],
            "written": _written(rows[mended], plan),
            "code": places.of_rows("code")[mended],
            "what": repair[mended],
        }
    ).reset_index(drop=True)
    shown_figures, kept = _at_their_level(figures, rows, plan)
    return Import(
        rows=len(rows),
        used=int((~aside).sum()),
        figures=shown_figures,
        kept=kept,
        refused=refused,
        cells=cells[~cells["line"].isin(refused["line"])].reset_index(drop=True),
        repaired=repaired,
    )


def _at_their_level(
    figures: pd.DataFrame, rows: pd.DataFrame, plan: Plan
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Figures of the levels that pages show; those of the other zonings, with their names."""
    inside = figures["level"].isin(["iris", "qpv_2015", _ZONE])
    kept = figures[inside]
    kept = kept.assign(name=_name_cells(rows, plan).reindex(kept["line"]).to_numpy())
    shown_figures = figures[~inside] if inside.any() else figures
    return shown_figures.reset_index(drop=True), kept.reset_index(drop=True)


def _places(table: LocalTable, plan: Plan, known: Gazetteer) -> _Places:
    """The territory of each row. Whole numbers are compared: a million texts are slow."""
    rows, where = table.rows, plan.territory
    which = np.zeros(len(rows), dtype=np.int64)
    columns = []
    for title in (where.code, where.name, where.within):
        codes, distinct = pd.factorize(rows[title]) if title else (0, [""])
        which = which * (len(distinct) + 1) + codes
        columns.append((codes, np.asarray(distinct, dtype=object)))
    which, first = pd.factorize(which)
    at = np.empty(len(first), dtype=np.int64)
    at[which[::-1]] = np.arange(len(rows))[::-1]
    written = [
        Written(*map(str, cells))
        for cells in zip(
            *(texts[codes[at] if isinstance(codes, np.ndarray) else [0] * len(at)]
              for codes, texts in columns),
            strict=True,
        )
    ]  # fmt: skip
    if where.zoning:
        located = {one: _zone(one) for one in written}
    else:
        located = locate(written, known, where.level)
    found = pd.DataFrame(
        {
            name: pd.Series([getattr(located[one], name) for one in written], dtype=object)
            for name in ("level", "code", "repair", "reason")
        }
    )
    territory = found.groupby(["level", "code"], sort=False).ngroup().to_numpy()
    return _Places(found, which, territory[which])


def _zone(one: Written) -> Found:
    """A zoning of which no list is held: the code is kept as it is written."""
    code = one.code or one.name
    return Found(_ZONE, code) if code else Found(reason="aucun territoire sur la ligne")


def _periods(rows: pd.DataFrame, plan: Plan) -> tuple[pd.Series, pd.Series]:
    """Period of each row, and the rows of which it cannot be read."""
    if not plan.period_column:
        return pd.Series(plan.period, index=rows.index, dtype=object), pd.Series(
            False, index=rows.index
        )
    cells = rows[plan.period_column].str.removesuffix(".0")
    return cells, ~cells.str.fullmatch(PERIOD.pattern)


def _rows_of(rows: pd.DataFrame, one: IndicatorPlan) -> np.ndarray:
    """Rows that speak of one indicator."""
    mine = np.ones(len(rows), dtype=bool)
    for title, cell in one.only:
        mine &= (rows[title] == cell).to_numpy()
    return mine


def _all_figures(
    rows: pd.DataFrame, plan: Plan, places: _Places, period: pd.Series, usable: np.ndarray
) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray, np.ndarray, np.ndarray]:
    """Figures of every indicator on the ``usable`` rows, and the cells that are not numbers.

    Then the rows that speak of an indicator, those that have a figure; and one number a figure, the
    same for the same indicator, territory and period.
    """
    spoken, touched = np.zeros(len(rows), dtype=bool), np.zeros(len(rows), dtype=bool)
    level, code = places.of_rows("level"), places.of_rows("code")
    row_periods, texts = pd.factorize(period)
    periods = {str(text): at for at, text in enumerate(texts)}
    parts, odd, keys = [], [], []
    for rank, one in enumerate(plan.indicators):
        at = np.flatnonzero(usable & _rows_of(rows, one))
        spoken[at] = True
        mine = rows if len(at) == len(rows) else rows.iloc[at]
        for own_period, title in one.columns:
            read = read_numbers(mine[title])
            wrong = (read["state"] == REFUSED).to_numpy()
            odd.append(_odd_cells(mine, title, read["reason"][wrong]))
            figures = pd.DataFrame(
                {
                    "indicator": one.id,
                    "level": pd.Series(level[at], mine.index, dtype=object),
                    "code": pd.Series(code[at], mine.index, dtype=object),
                    "period": own_period or period.iloc[at],
                    "value": read["value"] * one.factor,
                    "numerator": np.nan,
                    "denominator": np.nan,
                    "state": read["state"],
                    "reason": read["reason"],
                    "line": mine.index,
                },
                index=mine.index,
            )
            figures = _with_terms(mine, one, figures)
            when = periods.setdefault(own_period, len(periods)) if own_period else row_periods[at]
            key = (rank * _MOST_PERIODS + when) * len(rows) + places.territory[at]
            touched[at[~wrong]] = True
            parts.append(figures[~wrong] if wrong.any() else figures)
            keys.append(key[~wrong])
    if not parts:
        return _no_figures(), pd.DataFrame(columns=["line"]), spoken, touched, np.zeros(0, int)
    cells = pd.concat(odd, ignore_index=True)
    return pd.concat(parts, ignore_index=True), cells, spoken, touched, np.concatenate(keys)


def _with_terms(rows: pd.DataFrame, one: IndicatorPlan, figures: pd.DataFrame) -> pd.DataFrame:
    """The two terms of a ratio; its value is theirs. What does not hold is absent, with its reason."""
    if one.kind == "count":
        return _no_negative(figures)
    if one.kind != "ratio" or not one.denominator:
        return figures
    high = read_numbers(rows[one.denominator])
    if one.numerator:
        low = read_numbers(rows[one.numerator])
    else:
        low = pd.DataFrame(
            {"value": figures["value"] * high["value"] / one.scale, "state": figures["state"]}
        )
    figures = figures.assign(numerator=low["value"], denominator=high["value"])
    known = (figures["state"] == OK) & low["value"].notna() & high["value"].notna()
    hidden = (low["state"] == SECRET) | (high["state"] == SECRET)
    wrong = known & ((low["value"] < 0) | (high["value"] <= 0))
    over = known & ~wrong & (one.scale == 100) & (low["value"] > high["value"] + 0.5)
    figures.loc[known & ~wrong, "value"] = (
        one.scale * low["value"] / high["value"].where(high["value"] > 0)
    )
    for rows_of, state, reason in (
        (hidden, SECRET, "secret statistique du producteur"),
        (wrong, ABSENT, NOT_POSITIVE),
        (over, ABSENT, OVER),
    ):
        figures.loc[rows_of, "state"] = state
        figures.loc[rows_of, "reason"] = reason
    unknown = figures["state"] != OK
    figures.loc[unknown, ["value", "numerator", "denominator"]] = np.nan
    return figures


def _no_negative(figures: pd.DataFrame) -> pd.DataFrame:
    below = figures["value"] < 0
    figures.loc[below, "state"], figures.loc[below, "reason"] = ABSENT, NEGATIVE
    figures.loc[below, "value"] = np.nan
    return figures


def _odd_cells(rows: pd.DataFrame, title: str, reasons: pd.Series) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "line": reasons.index,
            "column": title,
            "written": rows.loc[reasons.index, title].map(shown).to_numpy(),
            "reason": reasons.to_numpy(),
        }
    )


def _once(
    figures: pd.DataFrame, keys: np.ndarray, plan: Plan, repair: pd.Series
) -> tuple[pd.DataFrame, pd.Series]:
    """One figure a territory and period; and the reason of the lines that this sets apart.

    A line of which another figure stands is used, whatever this one says. ``keys``: one number a
    figure, the same for the same one.
    """
    again = pd.Series(keys, index=figures.index).duplicated(keep=False)
    if not again.any():
        return figures, pd.Series(dtype=object)
    twice = figures[again]
    by = [twice[name] for name in KEY]
    said = pd.util.hash_pandas_object(
        twice[["value", "state", "numerator", "denominator"]], index=False
    )
    alike = said.groupby(by).transform("nunique") == 1
    pieces = twice["line"].map(repair.str.contains(f"{MERGED}|{CITY}")).groupby(by).transform("any")
    known = (twice["state"] == OK).groupby(by).transform("all")
    additive = twice["indicator"].map({one.id: one.additive for one in plan.indicators})
    adds_up = pieces & known & additive.astype(bool)
    first = alike & ~adds_up & ~twice.duplicated(KEY)
    summed = _summed(twice[adds_up], {one.id: one for one in plan.indicators})
    kept = pd.concat([figures[~again], twice[first], summed], ignore_index=True)
    aside = ~adds_up & ~first
    reasons = pd.Series(np.select([alike, pieces], [SAME, PIECES], TWICE), index=twice["line"])
    reasons = reasons[aside.to_numpy()]
    # Pieces of a merged commune that say the same are all used, and count once.
    standing = {*kept["line"], *twice.loc[adds_up | (alike & pieces), "line"]}
    reasons = reasons[~reasons.index.isin(standing)]
    return kept, reasons[~reasons.index.duplicated()]


def _summed(pieces: pd.DataFrame, plans: dict[str, IndicatorPlan]) -> pd.DataFrame:
    """The pieces of each merged commune together."""
    if pieces.empty:
        return pieces[FIGURES]
    groups = pieces.groupby(KEY, sort=False)
    whole = groups.first().reset_index()
    terms = groups[["value", "numerator", "denominator"]].sum(min_count=1).reset_index()
    scale = (
        whole["indicator"]
        .map({name: np.nan if one.kind == "count" else one.scale for name, one in plans.items()})
        .astype(float)
    )
    whole["numerator"], whole["denominator"] = terms["numerator"], terms["denominator"]
    ratio = scale * terms["numerator"] / terms["denominator"]
    whole["value"] = ratio.where(scale.notna(), terms["value"])
    return whole[FIGURES]


def _written(rows: pd.DataFrame, plan: Plan) -> pd.Series:
    """The territory as each row writes it, short."""
    where = plan.territory
    text = rows[where.code] if where.code else pd.Series("", index=rows.index)
    if where.name:
        text = (text + " " + rows[where.name]).str.strip()
    return text.map(shown)


def _name_cells(rows: pd.DataFrame, plan: Plan) -> pd.Series:
    where = plan.territory
    return (
        rows[where.name or where.code]
        if where.name or where.code
        else pd.Series("", index=rows.index)
    )


def _no_figures() -> pd.DataFrame:
    return pd.DataFrame(columns=FIGURES)
