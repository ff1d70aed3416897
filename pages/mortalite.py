"""Mortalité: deaths beside those expected at the country's rates, for a perimeter and its communes."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from diagnostic.funnel import BEYOND_95, BEYOND_998, INSIDE, funnel
from diagnostic.mortality import (
    COMMUNE,
    EPCI,
    PERIMETER,
    RATES,
    SCALE,
    YEARS,
    Plan,
)
from diagnostic.perimeter import file_name
from diagnostic.rates import SAME
from diagnostic.suppression import ABSENT, SECRET
from pages.deaths import SOURCES, Study, plan_of, rows_of, study_of
from pages.shared import (
    Current,
    header,
    mart,
    require_perimeter,
    show_table,
)
from views import mortality as words
from views.inegalites import CONFIG
from views.places import of_place
from views.tables import csv_file
from views.text import escape_markdown

LEAST_POINTS = 3


def show_missing(items: list[str], has_deaths: bool) -> None:
    listed = "\n".join(f"- {escape_markdown(one)}" for one in items)
    st.info(f"{words.missing_sentence(has_deaths)}\n\n{listed}", icon=":material/database_off:")
    st.markdown(words.HOW_TO_LOAD)
    st.page_link("pages/donnees.py", label="Ouvrir la page Données", icon=":material/database:")


def show_counts(found: Current, first: int) -> None:
    """Observed deaths alone: what can be shown without the country's rates."""
    last = first + YEARS - 1
    deaths = mart("pooled_deaths", first_year=first, last_year=last).set_index("code")["deaths"]
    counts = pd.DataFrame({"observed": deaths, "expected": float("nan"), "smoothed": float("nan")})
    rows = rows_of(found, counts)
    basis = words.Basis(first)
    st.subheader(f"Décès observés, {basis.years}", anchor=False)
    row = rows.loc[PERIMETER]
    said = words.observed_sentence(row, of_place(*found.whole, found.label), basis)
    st.markdown(f"**{escape_markdown(said)}**")
    st.markdown(escape_markdown(" ".join([words.ONLY_COUNTS, words.coverage_sentence(row)])))
    for level, kind in ((EPCI, "Intercommunalité"), (COMMUNE, "Commune")):
        some = words.by_name(rows[rows["level"] == level])
        if len(some):
            table = words.counts_table(some, kind)
            show_table(table, f"Décès observés, {basis.years}, {kind.lower()}", ["Décès observés"])
    st.caption(escape_markdown(words.HIDDEN_NOTE))
    show_sources(found, basis)


def show_perimeter(found: Current, rows: pd.DataFrame, chosen: Plan, basis: words.Basis) -> None:
    """The ratio of the perimeter in words and numbers, then drawn with its intercommunalités."""
    row = rows.loc[PERIMETER]
    opening, *others = words.ratio_sentences(row, of_place(*found.whole, found.label), basis)
    st.markdown(f"**{escape_markdown(opening)}**")
    weight = words.weight_sentence(row.observed / chosen.rates["deaths"].sum(), basis)
    notes = [*others, weight, words.coverage_sentence(row)]
    st.markdown(escape_markdown(" ".join(note for note in notes if note)))
    drawn = pd.concat([rows.loc[[PERIMETER]], words.by_name(rows[rows["level"] == EPCI])])
    if not any(found.whole):
        drawn.loc[PERIMETER, "name"] = words.WHOLE
    st.html(words.drawn_key(basis))
    caption = (
        f"Décès observés et attendus, {basis.years}, chaque territoire face à {basis.the_zone}"
    )
    st.html(words.drawn_table(drawn, caption, basis))
    notes = [words.SEVERAL_ROWS] if len(drawn) > 1 else []
    if drawn["state"].eq(ABSENT).any():
        notes.append(words.NO_FIGURE_NOTE)
    if drawn["state"].eq(SECRET).any():
        notes.append(words.HIDDEN_NOTE)
    if notes:
        st.caption(escape_markdown(" ".join(notes)))


def show_communes(rows: pd.DataFrame, study: Study, basis: words.Basis) -> None:
    """The communes: how many have a ratio, the funnel, then every one in alphabetical order."""
    communes = rows[rows["level"] == COMMUNE]
    if communes.empty:
        return
    st.subheader("Les communes, chacune face à la France", anchor=False)
    known = communes[communes["value"].notna()]
    said = [words.states_sentence(communes)]
    if len(known):
        at_95, at_998 = (int((known[at] != SAME).sum()) for at in ("at_95", "at_998"))
        said.append(words.chance_sentences(len(known), at_95, at_998, basis))
    st.markdown(escape_markdown(" ".join(said)))
    show_funnel(known, basis)
    table = words.communes_table(communes, basis)
    texts = {"Commune", "Lecture"}
    caption = f"Décès observés et attendus, {basis.years}, commune par commune"
    show_table(table, caption, [name for name in table.columns if name not in texts])
    notes = [words.HIDDEN_NOTE, words.smoothing_note(study.reference, study.known)]
    st.caption(escape_markdown(" ".join(notes)))


def show_funnel(known: pd.DataFrame, basis: words.Basis) -> None:
    if len(known) < LEAST_POINTS:
        st.markdown(words.NO_FUNNEL)
        return
    counts = known[["observed", "expected"]].set_axis(["numerator", "denominator"], axis=1)
    drawn = funnel(counts, SCALE, "ratio", SCALE)
    # The place of a point is what its row of the table says, to the last death.
    place = known["at_95"].ne(SAME).map({True: BEYOND_95, False: INSIDE})
    points = drawn.points.assign(
        name=known["name"],
        outside=place.mask(known["at_998"] != SAME, BEYOND_998),
        way=known["at_95"],
    )
    drawn = replace(drawn, points=points)
    st.plotly_chart(
        words.communes_funnel(drawn, basis),
        key="entonnoir",
        config=CONFIG,
        alt=words.funnel_alt(drawn),
    )
    st.caption(escape_markdown(words.funnel_notes(basis)))


def show_limits(rates: pd.DataFrame | None, basis: words.Basis) -> None:
    """What the ratio does not say, in words, then in what may be said of it."""
    st.subheader(words.FUTURE_LIMITS if rates is None else words.LIMITS, anchor=False)
    st.markdown("\n".join(f"- {one}" for one in words.limits(rates, basis)))
    left, right = st.columns(2)
    boxes = ((left, "À dire", words.SAY), (right, "À ne pas dire", words.NOT_SAY))
    for column, title, sentences in boxes:
        with column.container(border=True):
            st.markdown(f"**{title}**\n\n" + "\n".join(f"- {one}" for one in sentences))


def show_method(found: Current, chosen: Plan, study: Study, basis: words.Basis) -> None:
    with st.expander("Comment ce ratio est calculé", icon=":material/functions:"):
        lines = words.method_lines(chosen.rates, basis)
        check = words.check_sentence(study.reference, study.share, basis)
        for one in [*lines, check]:
            if one:
                st.markdown(f"- {escape_markdown(one)}")
    show_sources(found, basis)


def show_sources(found: Current, basis: words.Basis) -> None:
    years = {"first_year": basis.first, "last_year": basis.first + YEARS - 1}
    used = mart(
        "mortality_sources", codes=found.code_list, at_period=str(basis.census or ""), **years
    )
    if basis.zone:
        sources = mart("sources")
        country = sources[sources["id"] == SOURCES[RATES]]
        used = pd.concat([used, country.assign(vintage=basis.years)])
    listed = list(used[["producer", "title", "vintage"]].itertuples(index=False, name=None))
    st.caption(escape_markdown(words.source_line(listed)))


def download(found: Current, rows: pd.DataFrame) -> None:
    st.download_button(
        "Télécharger ces chiffres (CSV)",
        csv_file(words.file_frame(rows)),
        file_name=file_name(found.perimeter, "-mortalite.csv"),
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
    )


def show_ratio(found: Current, chosen: Plan) -> None:
    """The whole screen, once deaths, ages and the country's rates are there."""
    key = (chosen.first, chosen.census, chosen.zone)
    study = study_of(chosen)
    basis = words.Basis(*key)
    rows = rows_of(found, study.communes)
    show_perimeter(found, rows, chosen, basis)
    show_communes(rows, study, basis)
    download(found, rows)
    show_limits(chosen.rates, basis)
    show_method(found, chosen, study, basis)


found = require_perimeter()
header(found, "Mortalité")
st.markdown(words.INTRO)
if found.arrondissements:
    st.info(words.ONLY_CITIES, icon=":material/info:")
chosen, lacking, first_years = plan_of(found)
if chosen is not None:
    show_ratio(found, chosen)
else:
    show_missing(lacking, bool(first_years))
    if first_years:
        show_counts(found, first_years[0])
        show_limits(None, words.Basis(first_years[0]))
    else:
        st.markdown(words.NO_DEATHS)
