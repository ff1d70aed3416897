"""« Et si… »: professionals leave or come, and the published accessibility that would follow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from connectors.cards import load_sources
from diagnostic.access import CatchmentNotLoaded
from diagnostic.perimeter import file_name
from diagnostic.supply_change import (
    OTHER_REACHES,
    REACH,
    Estimate,
    estimate,
    loaded_around,
    within,
)
from pages.care import figures, periods, places
from pages.layers import area_layer, contour_credit, limits
from pages.linked import linked_number, linked_segments, linked_selectbox
from pages.map_controls import DRAWN_OVER
from pages.shared import Current, build_path, geography, indicators, show_table
from views.care import (
    ABROAD,
    FRONTIER,
    NO_APL_HERE,
    PROFESSIONS,
    WITHOUT_APL,
    ZONING_MARK,
    Profession,
)
from views.classification import Classes, classify, palette
from views.maps import choropleth_map
from views.supply_change import (
    CHANGES,
    LEAVING,
    MAPS,
    PRUDENT,
    STRUCTURES,
    change_sentence,
    concerned_sentence,
    gap_decimals,
    gap_text,
    hypotheses,
    map_caption,
    mark_change_sentence,
    members_of,
    mesh_of,
    no_figure_sentence,
    older_supply_sentence,
    place_sentence,
    range_text,
    refused_bounds_sentence,
    refused_sentence,
    today_text,
    unplaced_sentence,
    value_change,
)
from views.tables import csv_file
from views.text import alphabetical, departement_text, escape_markdown, number, period_text

MOST_TRIED = 8  # communes whose catchment is tried before giving up
MOST = 50  # professionals added at once, at most
# Share of the inhabitants around with a standardised population, under which it is not used.
_STANDARDISED = 0.9
# Largest gap, in units of the last decimal, under which one more tells classes apart.
_TOLD_APART = 10
# The file that has the professionals of every commune of France.
_SUPPLY_SOURCE = "insee_bpe_melodi"


def show_what_if(found: Current) -> None:
    """The whole screen: choose a change, read its effect."""
    st.markdown(
        "Et si deux généralistes partaient ? L'effet de ce départ sur l'accès publié, ici et chez les voisins."
    )
    home = _homes(found)
    professions = _usable(home)
    if not professions:
        _show_no_figure(found)
        return
    place, profession, change, count, supply_period = _choose(home, professions)
    signed = -count if change in LEAVING else count
    supply = figures(profession.supply, supply_period)["facilities"]
    st.subheader(
        change_sentence(
            profession,
            change,
            count,
            str(places().loc[place, "name"]),
            float(supply[place]),
            supply_period,
        ),
        anchor=False,
    )
    newest = _newest_supply(pd.Index([place]), profession).loc[place]
    if newest["period"] != supply_period:
        name = str(places().loc[place, "name"])
        st.caption(older_supply_sentence(supply_period, newest["period"], newest["count"], name))
    lost = _unplaced(place)
    if lost and signed:
        st.warning(unplaced_sentence(lost), icon=":material/block:")
        _link_to_data()
        return
    try:
        answer = _answer(build_path(), profession.id, supply_period, place, signed)
    except CatchmentNotLoaded as refused:
        source = load_sources()[_SUPPLY_SOURCE].title
        st.warning(
            refused_sentence(refused.codes, places(), _departements(), profession, source),
            icon=":material/block:",
        )
        _link_to_data()
        return
    _show(found, home, answer, place, profession, supply_period)


def _show_no_figure(found: Current) -> None:
    """What to load, or that nothing is published."""
    if set(found.departements) <= WITHOUT_APL:
        st.info(NO_APL_HERE, icon=":material/info:")
        return
    names = [_departements().get(code, code) for code in found.departements]
    st.info(escape_markdown(no_figure_sentence(names)), icon=":material/info:")
    _link_to_data()


def _link_to_data() -> None:
    st.page_link("pages/donnees.py", label="Ouvrir la page Données", icon=":material/database:")


def _departements() -> dict[str, str]:
    """Name of each département."""
    return {
        code: name for (level, code), name in geography().names.items() if level == "departement"
    }


def _usable(home: pd.Index) -> dict[str, Profession]:
    """Professions whose APL and numbers are loaded for the places of the perimeter."""
    usable = {}
    for name, one in PROFESSIONS.items():
        supplied = [
            period
            for period in periods(one.supply)
            if figures(one.supply, period)["facilities"].reindex(home).notna().any()
        ]
        if periods(one.apl) and supplied:
            usable[name] = one
    return usable


def _homes(found: Current) -> pd.Index:
    """Places of the perimeter that have a point: its communes, or their arrondissements."""
    every = places()
    inside = every.index.isin(found.codes) | every["commune_code"].isin(found.codes)
    return every.index[inside & every["lon"].notna()]


def _offered(home: pd.Index) -> pd.Index:
    """Places to choose among: all of them, or those of one département of a large perimeter."""
    if len(home) <= DRAWN_OVER:
        return home
    every = places().loc[home]
    known = _departements()
    codes = sorted(set(every["departement_code"]))
    options = {code: departement_text(known.get(code, code), code) for code in codes}
    asked = st.query_params.get("ou", "")
    usual = str(every.loc[asked if asked in every.index else every["population"].idxmax(),
                          "departement_code"])  # fmt: skip
    chosen = linked_selectbox(
        st.container(width=420), "Dans quel département ?", options, usual, "ou-dep"
    )
    if st.session_state.get("et-si-departement", chosen) != chosen:
        _forget("ou")
    st.session_state["et-si-departement"] = chosen
    return home[every["departement_code"] == chosen]


def _forget(key: str) -> None:
    """Drop a choice that belonged to another place."""
    st.query_params.pop(key, None)
    st.session_state["choices"].pop(key, None)


def _choose(
    home: pd.Index, professions: dict[str, Profession]
) -> tuple[str, Profession, str, float, str]:
    """The controls: where, who, what, how many; and the period of the numbers used."""
    offered = _offered(home)
    where, who, what, many = st.columns([3, 3, 3, 2])
    labels = {name: one.label for name, one in professions.items()}
    profession = professions[linked_selectbox(who, "Profession", labels, next(iter(labels)), "qui")]
    missing = [one.label.lower() for name, one in PROFESSIONS.items() if name not in professions]
    counts = _newest_supply(offered, profession)["count"]
    names = places()["name"].reindex(counts.index)
    repeated = names.duplicated(keep=False)
    options = {
        code: f"{name} ({code})" if repeated[code] else str(name)
        for code, name in names.sort_values(key=lambda one: one.map(alphabetical)).items()
    }
    people = places()["population"].reindex(counts.index)
    usual = str((people if counts.max() < 2 else people[counts >= 2]).idxmax())
    mesh = mesh_of(places().loc[counts.index])
    place = linked_selectbox(where, mesh.capitalize(), options, usual, "ou")
    change = linked_selectbox(what, "Changement", CHANGES, "depart", "change")
    period = _supply_period(build_path(), profession.supply, place)
    counted = float(figures(profession.supply, period)["facilities"][place])
    most = counted if change in LEAVING else float(MOST)
    _forget_too_many(place, most)
    label = "Ses professionnels" if change in STRUCTURES else "Combien ?"
    if most:
        usual_count = min(3.0 if change in STRUCTURES else 2.0, most)
        count = linked_number(many, label, (0, most), usual_count, "n")
    else:
        many.markdown(f"Aucun {profession.singular} n'y est compté.")
        count = 0.0
    if missing:
        st.caption(
            f"Sans chiffres chargés ici : {', '.join(missing)}. Il leur faut le classeur « APL » de la "
            "DREES et la BPE (page Données)."
        )
    return place, profession, change, count, period


def _forget_too_many(place: str, most: float) -> None:
    """Drop a number chosen for another commune and that this one does not have.

    The number of an address is kept as it is: it is said when it makes no sense.
    """
    before = st.session_state.get("et-si-lieu", place)
    st.session_state["et-si-lieu"] = place
    asked = pd.to_numeric(st.query_params.get("n", "0"), errors="coerce")
    if before != place and asked > most:
        _forget("n")


def _newest_supply(home: pd.Index, profession: Profession) -> pd.DataFrame:
    """Professionals (count) of each of these places, at its own newest period; none without any."""
    found = pd.DataFrame({"count": np.nan, "period": ""}, index=home)
    for period in periods(profession.supply):
        known = figures(profession.supply, period)["facilities"].reindex(home)
        filled = found["count"].isna() & known.notna()
        found.loc[filled, "count"] = known[filled]
        found.loc[filled, "period"] = period
    return found[found["count"].notna()]


@st.cache_data(max_entries=400, show_spinner=False)
def _supply_period(path: str, indicator: str, place: str) -> str:
    """The newest period known all around the place; else the newest with a figure in it."""
    known = [
        period
        for period in periods(indicator)
        if pd.notna(figures(indicator, period)["facilities"].get(place))
    ]
    located = places()[places()["lon"].notna()]
    for period in known:
        supply = figures(indicator, period)["facilities"].reindex(located.index)
        if loaded_around(located.assign(supply=supply, demand=located["population"]), place):
            return period
    return known[0]


def _unplaced(place: str) -> list[str]:
    """Names of inhabited communes without a point, of an intercommunalité that the change reaches."""
    every = places()
    located = every[every["lon"].notna()]
    reached = located.loc[within(located, place, 2 * REACH), "epci_code"].dropna()
    lost = every[every["lon"].isna() & every["epci_code"].isin(reached)]
    return sorted(lost["name"], key=alphabetical)


@dataclass(frozen=True, eq=False)
class Answer:
    """An estimate, the period of the APL it starts from, whether the demand is standardised."""

    estimate: Estimate
    apl_period: str
    standardised: bool


@st.cache_resource(max_entries=200, show_spinner=False)
def _answer(path: str, profession: str, supply_period: str, place: str, change: float) -> Answer:
    """The effect of a change, remembered; raises CatchmentNotLoaded."""
    one = PROFESSIONS[profession]
    every = places()
    located = every[every["lon"].notna()]
    located = located.loc[within(located, place, 3 * max(REACH, *OTHER_REACHES))]
    concerned = within(located, place, REACH)
    period, published = _published(one.apl, concerned)
    demand, standardised = _demand(located["population"], published["weight"])
    supply = figures(one.supply, supply_period)["facilities"].reindex(located.index)
    frame = located[["lon", "lat"]].assign(
        population=located["population"].astype(float),
        demand=demand,
        supply=supply,
        published=published["value"].reindex(located.index),
    )
    return Answer(estimate(frame, place, change), period, standardised)


def _published(indicator: str, concerned: pd.Index) -> tuple[str, pd.DataFrame]:
    """The newest period at which as many of the places concerned as possible have an APL."""
    every = {period: figures(indicator, period) for period in periods(indicator)}
    known = {
        period: int(rows["value"].reindex(concerned).notna().sum())
        for period, rows in every.items()
    }
    most = max(known.values())
    period = next(period for period, count in known.items() if count == most)
    return period, every[period]


def _demand(population: pd.Series, weight: pd.Series) -> tuple[pd.Series, bool]:
    """Standardised population of the DREES where nearly all have one, else inhabitants.

    A place without its own has its inhabitants times the mean ratio of the others.
    """
    people, weights = population.astype(float), weight.reindex(population.index)
    known = weights.notna()
    if people[known].sum() < _STANDARDISED * people.sum():
        return people, False
    ratio = weights[known].sum() / people[known].sum()
    return weights.fillna(people * ratio), True


def _show(
    found: Current, home: pd.Index, answer: Answer, place: str, profession: Profession,
    supply_period: str,
) -> None:  # fmt: skip
    """Sentences, map, table, hypotheses."""
    result = answer.estimate
    table = _beside(answer, profession, home)
    moved = table[table["concerned"]]
    before, after = (_under_mark(table, column) for column in ("published", "estimated"))
    counted = profession.id == "generalistes"
    card = indicators()[profession.apl]
    below = (before, after) if counted else None
    _show_metrics(result, table.loc[place], below, card.decimals)
    st.markdown(PRUDENT)
    lines = ["Aucun changement : l'APL reste, exactement, celle qui est publiée."]
    if len(moved):
        lines = [
            concerned_sentence(moved, result.people, REACH, str(table.loc[place, "name"])),
            place_sentence(table.loc[place], card.unit, card.decimals),
        ]
    if counted:
        lines.append(mark_change_sentence(before, after))
    st.markdown("\n".join(f"- {escape_markdown(one)}" for one in lines))
    if result.refused:
        st.caption(refused_bounds_sentence(result.refused))
    if table.loc[place, "departement_code"] in FRONTIER:
        st.caption(ABROAD)
    near = _near(table, place, large=len(home) > DRAWN_OVER)
    _show_map(near, answer.apl_period, card.decimals)
    _show_table(found, near, answer.apl_period, card.decimals)
    with st.expander("Hypothèses et bornes", expanded=True, icon=":material/info:"):
        said = hypotheses(
            "Base permanente des équipements (Insee)",
            period_text(answer.apl_period),
            supply_period,
            REACH,
            OTHER_REACHES,
            standardised=answer.standardised,
        )
        st.markdown("\n".join(f"- {one}" for one in said))


def _show_metrics(
    result: Estimate,
    row: pd.Series,
    below: tuple[pd.DataFrame, pd.DataFrame] | None,
    decimals: int,
) -> None:
    """The figures that a meeting looks at; ``below``: places under 2.5, before and after."""
    first, second, third = st.columns(3)
    card: dict[str, Any] = {"border": True, "height": "stretch"}
    first.metric("Habitants concernés", number(result.losing + result.gaining), **card)
    if pd.notna(row["published"] + row["estimated"]):
        label, said = value_change(row["published"], row["estimated"], decimals)
        second.metric(f"{label}, {row['name']}", said, **card)
    if below is not None:
        before, after = (float(one["population"].sum()) for one in below)
        third.metric(
            "Habitants sous 2,5 consultations",
            number(after),
            today_text(before),
            delta_color="off",
            delta_arrow="off",
            **card,
        )


def _beside(answer: Answer, profession: Profession, home: pd.Index) -> pd.DataFrame:
    """Places of the perimeter and those concerned: before, after, bounds; the same when unmoved."""
    moved = answer.estimate.table
    every = places().loc[home.union(moved.index)]
    published = figures(profession.apl, answer.apl_period)["value"].reindex(every.index)
    table = every[["name", "commune_code", "departement_code", "population"]].assign(
        published=published, inside=every.index.isin(home), concerned=every.index.isin(moved.index)
    )
    for column in ("estimated", "low", "high"):
        changed = moved[column].reindex(every.index)
        table[column] = changed.where(table["concerned"], published)
    return table


def _near(table: pd.DataFrame, place: str, *, large: bool) -> pd.DataFrame:
    """What is drawn and listed, by name; of a large perimeter, the départements of the change."""
    if large:
        around = {table.loc[place, "departement_code"]}
        around |= set(table.loc[table["concerned"], "departement_code"])
        table = table[table["departement_code"].isin(around)]
    return table.sort_values("name", key=lambda names: names.map(alphabetical))


def _under_mark(table: pd.DataFrame, column: str) -> pd.DataFrame:
    return table.loc[table[column] < ZONING_MARK, ["commune_code", "population"]]


def _show_map(table: pd.DataFrame, period: str, decimals: int) -> None:
    """The same places before, after, and the gap; classes of before and after are the same."""
    shown = linked_segments("Carte", MAPS, "ecart", "carte")
    gap = table["estimated"] - table["published"]
    values = {"ecart": gap.abs(), "avant": table["published"], "apres": table["estimated"]}[shown]
    values = values.dropna()
    if values.empty:
        return
    if shown == "ecart":
        falls = gap.sum() < 0
        classes, labels = _gap_classes(values, decimals)
        direction = "defavorable" if falls else "favorable"
        title = f"{'Baisse' if falls else 'Hausse'} de l'APL" if gap.any() else "Écart d'APL"
    else:
        both = pd.concat([table["published"], table["estimated"]]).dropna()
        classes, direction = classify(both, "quantiles", 5), "favorable"
        labels = classes.labels(lambda value: number(value, decimals))
        title = f"APL {'publiée' if shown == 'avant' else 'estimée'}, {period_text(period)}"
    departements = tuple(sorted(set(table["departement_code"])))
    choropleth_map(
        area_layer(departements, arms=mesh_of(table) != "commune"),
        classes=classes,
        values=values,
        states=pd.Series("ok", index=values.index),
        colours=palette(direction, classes.size),
        tooltips=_tooltips(table, decimals),
        inside=set(table.index),
        legend_title=title,
        legend_labels=labels,
        limits=limits(departements),
        height=460,
        attribution=contour_credit(),
        key="et-si",
    )
    st.caption(map_caption(table))


def _tooltips(table: pd.DataFrame, decimals: int) -> pd.Series:
    rows = zip(table["name"], table["published"], table["estimated"], table["inside"], strict=True)
    texts = [
        f"{name}\nAvant {number(before, decimals)}, après {number(after, decimals)}"
        + ("" if inside else "\nHors du périmètre, concerné")
        for name, before, after, inside in rows
    ]
    return pd.Series(texts, index=table.index, dtype=object)


def _gap_classes(values: pd.Series, decimals: int) -> tuple[Classes, list[str]]:
    """Classes of sizes of gaps, « aucun écart » apart from the smallest of them.

    One more decimal than the figures have where it takes that to tell classes apart.
    """
    moved = values[values > 0]
    if moved.empty:
        return classify(values, "quantiles", 3), ["aucun écart"]
    cuts = list(classify(moved, "quantiles", 4).bounds[1:-1])
    unmoved = len(moved) < len(values)
    if not (cuts or unmoved):
        cuts = [float(moved.max())]
    classes = classify(values, "seuils", 5, [0.0, *cuts] if unmoved else cuts)
    decimals += int(moved.max() < _TOLD_APART * 10.0**-decimals)
    labels = classes.labels(lambda value: number(value, decimals))
    if unmoved:
        labels[:1] = ["aucun écart"]
        if cuts:
            labels[1] = f"jusqu'à {number(cuts[0], decimals)}"
    return classes, labels


def _show_table(found: Current, table: pd.DataFrame, period: str, decimals: int) -> None:
    moved = table[table["concerned"]] if table["concerned"].any() else table
    gaps = moved["estimated"] - moved["published"]
    finer, mesh = gap_decimals(gaps, decimals), mesh_of(moved)

    def text(value: float) -> str:
        return number(value, decimals)

    texts = pd.DataFrame(
        {
            mesh.capitalize(): moved["name"],
            "Où": moved["inside"].map({True: "périmètre", False: "alentour"}),
            f"APL publiée, {period_text(period)}": moved["published"].map(text),
            "APL estimée": moved["estimated"].map(text),
            "Écart": [gap_text(gap, finer) for gap in gaps],
            "Bornes": [
                range_text(low, high, decimals)
                for low, high in zip(moved["low"], moved["high"], strict=True)
            ],
            "Habitants": moved["population"].map(number),
        }
    )
    which = "où l'APL change" if table["concerned"].any() else "sans changement"
    with st.expander(f"Avant et après : {members_of(moved)} {which}", icon=":material/table:"):
        show_table(texts, f"APL avant et après, {mesh} par {mesh}", [*texts.columns[2:]])
    st.download_button(
        "Télécharger l'estimation (CSV)",
        partial(csv_file, _file(moved)),
        file_name=file_name(found.perimeter, "-et-si.csv"),
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
    )


def _file(moved: pd.DataFrame) -> pd.DataFrame:
    """The table as figures."""
    return pd.DataFrame(
        {
            "Code": moved.index,
            mesh_of(moved).capitalize(): moved["name"].to_numpy(),
            "Dans le périmètre": moved["inside"].map({True: "oui", False: "non"}).to_numpy(),
            "APL publiée": moved["published"].to_numpy(),
            "APL estimée": moved["estimated"].round(4).to_numpy(),
            "Borne basse": moved["low"].round(4).to_numpy(),
            "Borne haute": moved["high"].round(4).to_numpy(),
            "Habitants": moved["population"].to_numpy(),
        }
    )


@dataclass(frozen=True)
class Departure:
    """What a departure of generalists from one commune would change, in figures.

    ``people``: inhabitants whose access falls. ``before``, ``after``: published and estimated APL of
    the commune. ``below``: inhabitants under 2.5 consultations, before and after.
    """

    name: str
    count: int
    people: float
    before: float
    after: float
    below: tuple[float, float]
    apl_period: str
    supply_period: str


def departures(
    found: Current, counts: tuple[int, ...], usual: int, communes: int
) -> list[Departure]:
    """The same estimate from the most populated communes that have enough generalists: ``counts``
    departures from the first, ``usual`` from the others.

    Empty where it cannot be computed: no figure, places without a point, a catchment not loaded.
    """
    home = _homes(found)
    profession = _usable(home).get("generalistes")
    if profession is None:
        return []
    supplied = _newest_supply(home, profession)["count"]
    people = places()["population"].reindex(supplied.index)
    most = people[supplied >= max(counts)].sort_values(ascending=False, kind="stable")
    made: list[Departure] = []
    for place in most.index[:MOST_TRIED]:
        if len({one.name for one in made}) == communes:
            break
        if not _unplaced(str(place)):
            asked = (usual,) if made else counts
            made += _departures_from(home, profession, str(place), asked)
    return made


def _departures_from(
    home: pd.Index, profession: Profession, place: str, counts: tuple[int, ...]
) -> list[Departure]:
    period = _supply_period(build_path(), profession.supply, place)
    here = float(figures(profession.supply, period)["facilities"][place])
    try:
        answers = {
            count: _answer(build_path(), profession.id, period, place, -float(count))
            for count in counts
            if count <= here
        }
    except CatchmentNotLoaded:
        return []
    made = []
    for count, answer in answers.items():
        table = _beside(answer, profession, home)
        row = table.loc[place]
        if pd.notna(row["published"] + row["estimated"]):
            before, after = (
                float(_under_mark(table, one)["population"].sum())
                for one in ("published", "estimated")
            )
            made.append(
                Departure(
                    str(row["name"]),
                    count,
                    answer.estimate.losing,
                    float(row["published"]),
                    float(row["estimated"]),
                    (before, after),
                    answer.apl_period,
                    period,
                )
            )
    return made
