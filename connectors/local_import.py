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


def read_import(table: LocalTable, plan: Plan, known: Gazetteer) -> Import:
    """Every row of ``table``, used or refused."""
    rows = table.rows
    reason = pd.Series("", index=rows.index, dtype=object)
    places = _places(table, plan, known)
    reason = reason.mask(places["reason"] != "", places["reason"])
    period, unread = _periods(rows, plan)
    reason = reason.mask((reason == "") & unread, NO_PERIOD)
    parts, cells = [], []
    touched = pd.Series(False, index=rows.index)
    spoken = pd.Series(False, index=rows.index)
    open_rows = reason == ""
    for one in plan.indicators:
        mine = open_rows & _rows_of(rows, one)
        spoken |= mine
        figures, odd = _figures(rows[mine], one, places, period)
        touched.loc[figures["line"].unique()] = True
        parts.append(figures)
        cells.append(odd)
    reason = reason.mask(open_rows & ~spoken, NOT_CHOSEN)
    reason = reason.mask((reason == "") & ~touched, NO_FIGURE)
    figures = pd.concat(parts, ignore_index=True) if parts else _no_figures()
    figures, twice = _once(figures, plan, places["repair"])
    reason = reason.mask((reason == "") & reason.index.isin(twice.index), reason.index.map(twice))
    aside = (reason != "").to_numpy()
    refused = pd.DataFrame(
        {
            "line": rows.index[aside],
            "written": _written(rows[aside], plan),
            "reason": reason[aside],
        }
    ).reset_index(drop=True)
    used = rows.index[~aside]
    mended = ~aside & (places["repair"] != "").to_numpy()
    repaired = pd.DataFrame(
        {
            "line": rows.index[mended],
            "written": _written(rows[mended], plan),
            "code": places["code"][mended],
            "what": places["repair"][mended],
        }
    ).reset_index(drop=True)
    odd = pd.concat(cells, ignore_index=True) if cells else pd.DataFrame(columns=["line"])
    inside = figures["level"].isin(["iris", "qpv_2015", _ZONE])
    kept = figures[inside]
    kept = kept.assign(name=kept["line"].map(_name_cells(rows, plan)).to_numpy())
    return Import(
        rows=len(rows),
        used=len(used),
        figures=figures[~inside].reset_index(drop=True),
        kept=kept.reset_index(drop=True),
        refused=refused,
        cells=odd[odd["line"].isin(used)].reset_index(drop=True),
        repaired=repaired,
    )


def _places(table: LocalTable, plan: Plan, known: Gazetteer) -> pd.DataFrame:
    """level, code, repair, reason of each row."""
    rows, where = table.rows, plan.territory
    blank = pd.Series("", index=rows.index)
    columns = [rows[one] if one else blank for one in (where.code, where.name, where.within)]
    keys = pd.DataFrame(dict(zip(("code", "name", "within"), columns, strict=True)))
    distinct = keys.drop_duplicates()
    written = [Written(*map(str, cells)) for cells in distinct.itertuples(index=False)]
    if where.zoning:
        found = {one: _zone(one) for one in written}
    else:
        found = locate(written, known, where.level)
    table_of = distinct.assign(
        level=[found[one].level for one in written],
        place=[found[one].code for one in written],
        repair=[found[one].repair for one in written],
        reason=[found[one].reason for one in written],
    )
    joined = keys.merge(table_of, on=["code", "name", "within"], how="left")
    joined.index = rows.index
    return joined[["level", "place", "repair", "reason"]].rename(columns={"place": "code"})


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


def _rows_of(rows: pd.DataFrame, one: IndicatorPlan) -> pd.Series:
    """Rows that speak of one indicator."""
    mine = pd.Series(True, index=rows.index)
    for title, cell in one.only:
        mine &= rows[title] == cell
    return mine


def _figures(
    rows: pd.DataFrame, one: IndicatorPlan, places: pd.DataFrame, period: pd.Series
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Figures of one indicator, and the cells that are not numbers."""
    parts, odd = [], []
    place = places.loc[rows.index, ["level", "code"]]
    for own_period, title in one.columns:
        read = read_numbers(rows[title])
        wrong = read[read["state"] == REFUSED]
        odd.append(_odd_cells(rows, title, wrong["reason"]))
        figures = place.assign(
            indicator=one.id,
            period=own_period or period.loc[rows.index],
            value=read["value"] * one.factor,
            numerator=np.nan,
            denominator=np.nan,
            state=read["state"],
            reason=read["reason"],
            line=rows.index,
        )
        parts.append(_with_terms(rows, one, figures)[read["state"] != REFUSED])
    return pd.concat(parts, ignore_index=True)[FIGURES], pd.concat(odd, ignore_index=True)


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


def _once(figures: pd.DataFrame, plan: Plan, repair: pd.Series) -> tuple[pd.DataFrame, pd.Series]:
    """One figure a territory and period; and the reason of the lines that this sets apart.

    A line of which another figure stands is used, whatever this one says.
    """
    again = _again(figures)
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


def _again(figures: pd.DataFrame) -> pd.Series:
    """Figures that come more than once; whole numbers are compared, a million texts are slow."""
    key = np.zeros(len(figures), dtype=np.int64)
    for name in KEY:
        codes, distinct = pd.factorize(figures[name])
        key = key * (len(distinct) + 1) + codes
    return pd.Series(key, index=figures.index).duplicated(keep=False)


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
