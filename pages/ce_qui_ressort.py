"""Ce qui ressort: what stands out, in sentences; the spine of all indicators; the tartan."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from diagnostic.findings import ATOUT, FRAGILITE, INCERTAIN, INEGALITE, findings
from pages.comparator import Comparator, choose_comparator
from pages.gradient import (
    LEAST_GROUPS,
    LOCAL,
    Groups,
    axes,
    group_figures,
    slopes,
    social_groups,
    speaking,
)
from pages.linked import linked_segments
from pages.reading import assessed, reading, territories
from pages.shared import Current, header, indicators, mart, require_perimeter
from pages.similar import similar
from views.observation import value_text
from views.sentences import (
    HIGHER,
    LOWER,
    comparison_sentence,
    gradient_sentence,
    subject,
    uncertain_sentence,
    verdict_text,
)
from views.spine import (
    Cell,
    SpineRow,
    group_bars,
    mark_class,
    spine_key,
    spine_table,
    tartan_key,
    tartan_table,
    track,
)
from views.text import THEMES, alphabetical, escape_markdown, joined, number, quantity
from warehouse.indicators import IndicatorCard

# Past this many columns a tartan is no longer read: the most populated are shown, and it is said.
MAX_COLUMNS = 20
# Similar territories with a figure before their range is drawn.
LEAST_SIMILAR = 5
# Inequalities offered to the list: more would hide what sets the whole territory apart.
MOST_INEQUALITIES = 3
SHEET = "pages/indicateur.py"


def differs(row) -> bool:
    return row.significance in (HIGHER, LOWER)


def similar_ranges(found: Current, frame: pd.DataFrame) -> pd.DataFrame:
    """Lowest and highest of the similar territories, indicator by indicator, same period."""
    codes = list(similar(found).codes)
    rows = mart("level_values", levels=["epci"] * len(codes), codes=codes)
    rows = rows[rows["period"] == rows["indicator_id"].map(frame["period"])]
    return rows.groupby("indicator_id")["value"].agg(["min", "max", "count"])


def spine_rows(found: Current, frame: pd.DataFrame) -> list[SpineRow]:
    ranges = similar_ranges(found, frame)
    enough = ranges[ranges["count"] >= LEAST_SIMILAR]
    return [
        spine_row(row, indicators()[name], enough.loc[name] if name in enough.index else None)
        for name, row in frame[frame["significance"].notna()].iterrows()
    ]


def spine_row(row: pd.Series, card: IndicatorCard, similar_range: pd.Series | None) -> SpineRow:
    """One indicator, in standard deviations from the comparator."""

    def place(value: float) -> float:
        return (value - row["other"]) / row["spread"] if row["spread"] > 0 else math.nan

    ends = (math.nan, math.nan) if similar_range is None else tuple(similar_range[["min", "max"]])
    return SpineRow(
        theme=THEMES[card.theme],
        label=card.label,
        own=value_text(row, reading(card)),
        other=quantity(row["other"], card.unit, card.decimals, signed=card.signed, short=True),
        said=verdict_text(row),
        tone=row["tone"],
        differs=differs(row),
        gap=row["gap"],
        low=place(row["low"]),
        high=place(row["high"]),
        range_low=place(ends[0]),
        range_high=place(ends[1]),
    )


def show_spine(found: Current, comparator: Comparator, frame: pd.DataFrame) -> None:
    st.subheader(f"Tous les indicateurs, par rapport à : {comparator.name}", anchor=False)
    rows = spine_rows(found, frame)
    if not rows:
        st.info(
            f"Aucun indicateur n'a de chiffre à la fois ici et pour {comparator.name}.",
            icon=":material/info:",
        )
        return
    st.html(spine_key(similar=any(not math.isnan(row.range_low) for row in rows)))
    st.html(
        spine_table(f"{found.label}, comparé à : {comparator.name}", "Ici", comparator.name, rows)
    )
    st.caption(
        "Chaque ligne est mesurée en écarts-types entre communes de France, pour que des unités "
        "différentes tiennent sur le même axe. Un intervalle de confiance dit la part du hasard dans "
        "de petits effectifs ; il n'existe pas pour les médianes et les modèles (APL) : l'écart y est "
        "dit à partir d'un cinquième d'écart-type. Un écart n'est pas une cause."
    )


def tartan_territories(found: Current) -> tuple[list[str], list[str], list[str], str]:
    """Levels, codes and names of the columns, and what to say of those left out."""
    communes = found.communes
    bodies = communes.dropna(subset=["epci_code"]).drop_duplicates("epci_code")
    kinds = {"commune": "Communes"}
    if len(bodies) > 1:
        kinds = {"epci": "Intercommunalités", **kinds}
    kind = (
        linked_segments("Colonnes", kinds, next(iter(kinds)), "colonnes")
        if len(kinds) > 1
        else "commune"
    )
    if kind == "epci":
        table = bodies[["epci_code", "epci_name"]].set_axis(["code", "name"], axis=1)
    else:
        table = communes.nlargest(MAX_COLUMNS, "population")[["code", "name"]]
    table = table.sort_values("name", key=lambda names: names.map(alphabetical))
    left_out = (
        ""
        if kind == "epci" or len(communes) <= MAX_COLUMNS
        else (
            f"Les {number(MAX_COLUMNS)} communes les plus peuplées, sur {number(len(communes))}, dans "
            "l'ordre alphabétique. "
        )
    )
    return [kind] * len(table), list(table["code"]), list(table["name"]), left_out


def show_tartan(found: Current, comparator: Comparator, frame: pd.DataFrame) -> None:
    if len(found.codes) < 2:
        return
    st.subheader(f"À l'intérieur du périmètre, par rapport à : {comparator.name}", anchor=False)
    levels, codes, names, left_out = tartan_territories(found)
    chosen = frame[frame["significance"].notna()]
    rows = territories(levels, codes, chosen["period"], chosen["other"])
    cells = {(row.indicator_id, row.code): row for row in rows.itertuples()}
    lines = {}
    for name in chosen.index:
        card = indicators()[name]
        lines[card.short_label] = [tartan_cell(cells.get((name, code)), card) for code in codes]
    st.html(tartan_key())
    st.html(tartan_table(f"Indicateurs par territoire, {found.label}", "Indicateur", names, lines))
    st.caption(
        f"{escape_markdown(left_out)}Chaque case est comparée à la même valeur : celle "
        f"{escape_markdown(comparator.of)}. L'ordre est alphabétique : les petites communes ne se "
        "classent pas, leurs chiffres varient beaucoup d'une année à l'autre."
    )


def tartan_cell(row, card) -> Cell:
    if row is None:
        return Cell("–", "none", "pas de chiffre chargé")
    text = value_text(row, reading(card))
    if row.significance is None or pd.isna(row.value):
        return Cell(text, "none", "" if pd.isna(row.reason) else str(row.reason))
    return Cell(text, mark_class(row.tone, differs(row)), row.significance)


SIGNS = {"favorable": 1, "defavorable": -1}
INEQUALITY = ("inequality", "inequality_low", "inequality_high")
TAKEN = ("theme", "kind", "state", "value", "low", "high", "spread", *INEQUALITY)
KINDS = {
    ATOUT: ("Atout", "favorable"),
    FRAGILITE: ("Fragilité", "defavorable"),
    INEGALITE: ("Inégalité", "differs"),
    INCERTAIN: ("À confirmer", "same"),
}


def show_findings(found: Current, comparator: Comparator, frame: pd.DataFrame) -> None:
    chosen = social_axis(found)
    figures = group_figures(chosen, frame["period"]) if chosen else None
    result = findings(judged(frame, figures, similar_ranges(found, frame)))
    if result.empty:
        st.info(
            f"Aucun écart net avec {comparator.name} dans les données chargées. Changez de "
            "territoire de comparaison, ou chargez plus de données depuis la page Données.",
            icon=":material/info:",
        )
        return
    st.html(spine_key(similar=False))
    for finding in result.itertuples():
        show_finding(finding, frame.loc[finding.indicator_id], figures, chosen, comparator)
    tell_missing(result)


def judged(frame: pd.DataFrame, figures: pd.DataFrame | None, ranges: pd.DataFrame) -> pd.DataFrame:
    """The table that findings() reads, one row an indicator."""
    table = with_gradients(frame, figures)
    return pd.DataFrame(
        {
            "direction": table["direction"].map(SIGNS).fillna(0).astype(int),
            "comparator": table["other"],
            "reference_min": ranges["min"].reindex(table.index),
            "reference_max": ranges["max"].reindex(table.index),
            **{name: table[name] for name in TAKEN},
        }
    ).reset_index()


def social_axis(found: Current) -> Groups | None:
    """Local fifths on the best axis loaded; None when no gradient can be read."""
    if len(found.codes) < LEAST_GROUPS:
        return None
    known = axes(found)
    if not known:
        return None
    groups = social_groups(found, next(iter(known.values())), LOCAL)
    return groups if groups.usable else None


def with_gradients(frame: pd.DataFrame, figures: pd.DataFrame | None) -> pd.DataFrame:
    """``frame`` with the slope index of the indicators whose gradient is the widest."""
    table = frame.assign(inequality=math.nan, inequality_low=math.nan, inequality_high=math.nan)
    if figures is None:
        return table
    found = slopes(figures)
    sizes = {
        name: abs(found[name].sii) / table.at[name, "spread"]
        for name in speaking(found)
        if table.at[name, "spread"] > 0
        and table.at[name, "direction"] in SIGNS
        and (found[name].low > 0 or found[name].high < 0)
    }
    for name in sorted(sizes, key=lambda one: -sizes[one])[:MOST_INEQUALITIES]:
        slope = found[name]
        table.loc[name, list(INEQUALITY)] = [slope.sii, slope.low, slope.high]
    return table


def finding_text(
    finding, row, figures: pd.DataFrame | None, groups: Groups | None, comparator: Comparator
) -> tuple[str, str]:
    """The sentence of a finding and its small drawing."""
    card = indicators()[finding.indicator_id]
    about, how = subject(card.label), reading(card)
    if finding.type == INEGALITE and figures is not None and groups is not None:
        values = figures.loc[figures["indicator_id"] == card.id, "value"]
        axis = groups.axis.label[0].lower() + groups.axis.label[1:]
        usual = finding.gradient == "usuel"
        sentence = gradient_sentence(values.iloc[0], values.iloc[-1], about, how, axis, usual)
        return sentence, group_bars(list(values))
    said = uncertain_sentence if finding.type == INCERTAIN else comparison_sentence
    return said(row, about, how, comparator.of), track(spine_row(row, card, None))


def show_finding(
    finding, row, figures: pd.DataFrame | None, groups: Groups | None, comparator: Comparator
) -> None:
    sentence, drawing = finding_text(finding, row, figures, groups, comparator)
    name, mark = KINDS[finding.type]
    with st.container(border=True):
        what, said, more = st.columns([1.1, 5, 1.4], vertical_alignment="center")
        what.html(f'<span class="mark {mark}"></span> <strong>{name}</strong>')
        said.markdown(escape_markdown(sentence))
        said.html(drawing)
        more.page_link(
            SHEET,
            label="Voir la fiche",
            icon=":material/description:",
            query_params={**st.query_params.to_dict(), "indicateur": finding.indicator_id},
        )


def tell_missing(result: pd.DataFrame) -> None:
    counts = result["type"].value_counts()
    missing = [
        name
        for kind, (name, least) in {
            ATOUT: ("deux atouts", 2),
            FRAGILITE: ("deux fragilités", 2),
            INEGALITE: ("une inégalité entre communes", 1),
        }.items()
        if counts.get(kind, 0) < least
    ]
    if missing:
        st.caption(
            f"Les données chargées ne permettent pas d'établir {joined(missing)} face à ce territoire."
        )


found = require_perimeter()
header(found, "Ce qui ressort")
comparator = choose_comparator(found)
frame = assessed(found, comparator)
st.subheader(f"L'essentiel, par rapport à : {comparator.name}", anchor=False)
show_findings(found, comparator, frame)
show_spine(found, comparator, frame)
show_tartan(found, comparator, frame)
