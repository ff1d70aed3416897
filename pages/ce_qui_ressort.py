"""Ce qui ressort: what stands out, in sentences; the spine of all indicators; the tartan."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from diagnostic.findings import INEGALITE
from pages.comparator import Comparator, choose_comparator
from pages.linked import linked_segments
from pages.reading import assessed, reading, territories
from pages.shared import Current, header, indicators, require_perimeter
from pages.standing_out import (
    KINDS,
    StandingOut,
    differs,
    finding_sentence,
    missing_findings,
    spine_row,
    spine_rows,
    standing_out,
)
from views.observation import value_text
from views.spine import (
    Cell,
    group_bars,
    mark_class,
    spine_key,
    spine_table,
    tartan_key,
    tartan_table,
    track,
)
from views.text import alphabetical, escape_markdown, joined, number

# Past this many columns a tartan is no longer read: the most populated are shown, and it is said.
MAX_COLUMNS = 20
SHEET = "pages/indicateur.py"


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


def show_findings(found: Current, comparator: Comparator, frame: pd.DataFrame) -> None:
    out = standing_out(found, frame)
    result = out.table
    if result.empty:
        st.info(
            f"Aucun écart net avec {comparator.name} dans les données chargées. Changez de "
            "territoire de comparaison, ou chargez plus de données depuis la page Données.",
            icon=":material/info:",
        )
        return
    st.html(spine_key(similar=False))
    for finding in result.itertuples():
        show_finding(finding, frame.loc[finding.indicator_id], out, comparator)
    tell_missing(result)


def finding_drawing(finding, row, out: StandingOut) -> str:
    """The small drawing of a finding: bars of the groups, or its mark on the axis."""
    card = indicators()[finding.indicator_id]
    if finding.type == INEGALITE and out.figures is not None:
        return group_bars(list(out.figures.loc[out.figures["indicator_id"] == card.id, "value"]))
    return track(spine_row(row, card, None))


def show_finding(finding, row, out: StandingOut, comparator: Comparator) -> None:
    name, mark = KINDS[finding.type]
    with st.container(border=True):
        what, said, more = st.columns([1.1, 5, 1.4], vertical_alignment="center")
        what.html(f'<span class="mark {mark}"></span> <strong>{name}</strong>')
        said.markdown(escape_markdown(finding_sentence(finding, row, out, comparator)))
        said.html(finding_drawing(finding, row, out))
        more.page_link(
            SHEET,
            label="Voir la fiche",
            icon=":material/description:",
            query_params={**st.query_params.to_dict(), "indicateur": finding.indicator_id},
        )


def tell_missing(result: pd.DataFrame) -> None:
    missing = missing_findings(result)
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
