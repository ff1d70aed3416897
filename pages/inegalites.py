"""Inégalités: the gradient between communes, what it costs in persons, its measures, its clusters."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from diagnostic.assessment import NOT_COMPARED
from diagnostic.inequality import concentration_curve, gap_change, measures
from diagnostic.spatial import (
    LOCAL_PERMUTATIONS,
    GlobalTest,
    LocalTest,
    lisa,
    moran,
    moran_rates,
    nearest,
)
from pages.gaps import (
    cautions,
    cut_sentence,
    gap_text,
    groups_table,
    persons,
    refused,
    rows_of,
    summary_table,
)
from pages.gradient import (
    LEAST_GROUPS,
    LOCAL,
    NATIONAL,
    Axis,
    Groups,
    axes,
    fdep_missing,
    gaps_in_time,
    group_figures,
    latest_periods,
    national_scores,
    national_share,
    social_groups,
    standard_errors,
)
from pages.layers import contour_credit, layer
from pages.linked import linked_segments, linked_selectbox
from pages.local_data import remembered
from pages.quarters import show_quarters
from pages.reading import reading
from pages.shared import (
    Current,
    build_path,
    header,
    indicators,
    mart,
    require_perimeter,
    show_table,
    warehouse,
)
from views import clusters as regroupements
from views import inegalites as words
from views import measures as table_of
from views.maps import choropleth_map
from views.text import (
    THEMES,
    alphabetical,
    escape_markdown,
    number,
    period_text,
)
from warehouse.indicators import IndicatorCard

DEFAULT = "part_sans_diplome"
CUTS = {LOCAL: "Locaux, dans le périmètre", NATIONAL: "Nationaux, dans toute la France"}
# Figures out of a model that already shares values between neighbouring communes.
MODELLED = ("apl_", "part_population_apl", "part_eloignee")
NEIGHBOURS, FEWER_NEIGHBOURS = 6, 4


def choose_card(periods: pd.Series) -> IndicatorCard:
    known = [card for card in indicators().values() if card.id in periods.index]
    labels = {card.id: f"{card.label} · {THEMES[card.theme]}" for card in known}
    compared = [card.id for card in known if card.kind not in NOT_COMPARED]
    default = DEFAULT if DEFAULT in labels else next(iter([*compared, *labels]))
    chosen = linked_selectbox(st.container(), "Indicateur", labels, default, "indicateur")
    return indicators()[chosen]


def choose_groups(found: Current, known: dict[str, Axis]) -> Groups:
    """Axis and cut, both in the address, and what to know of them."""
    left, right = st.columns(2, gap="large")
    with left:
        labels = {key: f"{axis.label}, {period_text(axis.period)}" for key, axis in known.items()}
        axis = known[linked_selectbox(left, "Axe social", labels, next(iter(labels)), "axe")]
    with right:
        asked = linked_segments(
            "Cinquièmes",
            CUTS,
            LOCAL,
            "cut",
            help="Le découpage change le groupe des communes, jamais la population du périmètre.",
        )
    cut = asked
    if asked == NATIONAL and national_scores(axis) is None:
        cut = LOCAL
        tell_national_missing(axis)
    groups = social_groups(found, axis, cut)
    st.markdown(escape_markdown(cut_sentence(groups)))
    return groups


def tell_national_missing(axis: Axis) -> None:
    card = indicators()[axis.indicator]
    sources = mart("sources").set_index("id")
    communal = sources.index.isin(card.sources) & ~sources["grain"].str.startswith("QPV")
    wanted = sources.loc[communal & sources["state"].eq("non chargé")]
    said = words.national_missing(
        words.the(axis.label),
        national_share(axis.indicator, axis.period),
        [f"{row.producer}, {row.title}" for row in wanted.itertuples()],
    )
    st.info(escape_markdown(said), icon=":material/info:")
    data_link()


def data_link() -> None:
    st.page_link("pages/donnees.py", label="Ouvrir la page Données", icon=":material/database:")


def show_gradient(
    found: Current, groups: Groups, rows: pd.DataFrame, card: IndicatorCard, period: str
) -> None:
    names = words.group_names(list(rows.index), groups.cut == NATIONAL)
    st.subheader(f"{card.label}, {period_text(period)}", anchor=False)
    said, chart = st.columns([1, 1.25], gap="large")
    with said:
        if rows["value"].isna().any():
            st.warning(escape_markdown(words.missing_groups(rows, names)), icon=":material/info:")
        else:
            show_gap(rows, card, names)
    chart.plotly_chart(
        words.gradient_chart(rows, names, reading(card)),
        key="gradient",
        config=words.CONFIG,
        alt=words.gradient_alt(rows, names, card.label, reading(card)),
    )
    chart.markdown(f"**{words.BETWEEN_COMMUNES}**")
    show_groups_table(found, groups, rows, names, card)
    st.caption(escape_markdown(cautions(found, groups, rows, card, names, period)))


def show_gap(rows: pd.DataFrame, card: IndicatorCard, names: list[str]) -> None:
    """The gap in words, then in persons, before any index."""
    st.markdown(escape_markdown(gap_text(rows, card, names)))
    with st.container(border=True):
        st.markdown(escape_markdown(persons(rows, card)))


def show_groups_table(
    found: Current, groups: Groups, rows: pd.DataFrame, names: list[str], card: IndicatorCard
) -> None:
    table = groups_table(found, groups, rows, names, card)
    show_table(table, f"{card.label}, par groupe de communes", table.columns[1:], total=True)


def show_detail(rows: pd.DataFrame, card: IndicatorCard) -> None:
    if rows["value"].isna().any():
        return
    favourable = {"favorable": True, "defavorable": False}.get(card.direction)
    with st.expander("Détail : SII, RII et autres mesures", icon=":material/functions:"):
        st.markdown(table_of.HOW_TO_READ)
        measured = measures(
            rows["value"].to_numpy(float),
            rows["population"].to_numpy(float),
            rows.index.to_numpy(float),
            standard_errors(rows),
            favourable,
            card.scale if card.interval_rule == "proportion" else None,
        )
        turned = table_of.oriented(measured, favourable)
        table = table_of.measures_table(turned, reading(card))
        show_table(table, f"Mesures d'inégalité, {card.label}", ["Valeur", "Intervalle à 95 %"])
        show_curve(rows, card)


def show_curve(rows: pd.DataFrame, card: IndicatorCard) -> None:
    """The concentration curve, where a share of the total has a meaning."""
    st.markdown("**Courbe de concentration**")
    if card.interval_rule == "none" or not (rows["value"] > 0).any():
        st.markdown(table_of.NO_CURVE)
        return
    curve = concentration_curve(
        rows["value"].to_numpy(float),
        rows["population"].to_numpy(float),
        rows.index.to_numpy(float),
    )
    left, right = st.columns([1.3, 1], gap="large")
    left.plotly_chart(
        table_of.concentration_chart(curve),
        key="concentration",
        config=words.CONFIG,
        alt=f"Courbe de concentration, {card.label} ; les points sont dans le tableau.",
    )
    with right:
        table = table_of.concentration_table(curve)
        show_table(table, f"Courbe de concentration, {card.label}", table.columns)
        st.caption(table_of.CURVE)


def show_time(groups: Groups, card: IndicatorCard) -> None:
    st.subheader("L'écart dans le temps", anchor=False)
    found = gaps_in_time(groups, card)
    if len(found) < 2:
        st.markdown(table_of.TOO_SHORT)
        return
    first, *_, last = found
    if card.interval_rule == "none":
        st.markdown(table_of.NO_ERRORS)
    else:
        change = gap_change(found[first], found[last])
        said = table_of.change_sentence(
            found[first], found[last], change, (first, last), reading(card)
        )
        st.markdown(escape_markdown(said))
    table = table_of.time_table(found, reading(card))
    show_table(table, f"L'écart dans le temps, {card.label}", table.columns[1:5])


def show_members(found: Current, groups: Groups) -> None:
    """Which commune is in which group, in alphabetical order."""
    ranks = list(groups.table.index)
    names = dict(zip(ranks, words.group_names(ranks, groups.cut == NATIONAL), strict=True))
    ordered = found.communes.sort_values("name", key=lambda one: one.map(alphabetical))
    table = pd.DataFrame(
        {
            "Commune": ordered["name"],
            "Groupe": [names.get(groups.rank.get(code), "Non placée") for code in ordered["code"]],
            "Habitants": ordered["population"].map(number),
        }
    )
    with st.expander(
        f"Quelle commune dans quel groupe ({number(len(table))})", icon=":material/list:"
    ):
        show_table(table, "Communes et leur groupe", ["Habitants"])


def show_summary(figures: pd.DataFrame, groups: Groups) -> None:
    """Every indicator whose gradient says something, in the order of themes, never of gaps."""
    table = summary_table(figures, groups)
    with st.expander(
        f"Tous les gradients du périmètre ({number(len(table))})", icon=":material/table_rows:"
    ):
        if table.empty:
            st.markdown("Aucun indicateur n'a de chiffre dans chaque groupe de communes.")
            return
        show_table(table, "Gradient de chaque indicateur", table.columns[2:6])
        st.caption(table_of.MANY)


def show_clusters(found: Current, card: IndicatorCard, period: str) -> None:
    with st.expander(regroupements.NAME, icon=":material/hub:"):
        frame = mart("map_values", codes=found.code_list, indicator=card.id, at_period=period)
        frame = frame.set_index("code")
        values = known_values(frame)
        placed = found.communes.set_index("code")[["lon", "lat"]].notna().all(axis=1)
        known = int((values.notna() & placed.reindex(values.index)).sum())
        if card.kind in NOT_COMPARED:
            st.markdown(words.NO_COUNT)
            return
        why = regroupements.refusal(known, values.nunique(), card.id.startswith(MODELLED))
        if why:
            st.markdown(why)
            return
        st.caption(regroupements.WHAT)
        asked = (build_path(), found.codes, card.id, period)
        if st.button("Chercher les regroupements", icon=":material/search:"):
            st.session_state["regroupements"] = asked
        if st.session_state.get("regroupements") == asked:
            show_found(found, card, frame, *_clusters(*asked))


def known_values(frame: pd.DataFrame) -> pd.Series:
    """Values of the communes that have one."""
    return frame["value"].where(frame["state"].isin(["ok", "approx"]))


@remembered(max_entries=20, spinner="Recherche des regroupements…")
def _clusters(
    path: str, codes: tuple[str, ...], indicator: str, period: str
) -> tuple[GlobalTest, LocalTest, int]:
    """Global test, local test, and how many communes stand out with fewer neighbours."""
    source = warehouse()
    frame = source.mart(
        "map_values", codes=list(codes), indicator=indicator, at_period=period
    ).set_index("code")
    places = source.mart("commune_list", codes=list(codes)).set_index("code")[["lon", "lat"]]
    frame = frame[known_values(frame).notna()].join(places.dropna(), how="inner")
    near, nearer = (
        nearest(frame[["lon", "lat"]].set_axis(["longitude", "latitude"], axis=1), k)
        for k in (NEIGHBOURS, FEWER_NEIGHBOURS)
    )
    events, people = frame["numerator"].astype(float), frame["denominator"].astype(float)
    if indicators()[indicator].interval_rule != "none" and events.notna().all():
        whole = moran_rates(
            events, people, near, nature="observed", permutations=LOCAL_PERMUTATIONS
        )
    else:
        whole = moran(frame["value"], near, nature="observed", permutations=LOCAL_PERMUTATIONS)
    local = lisa(frame["value"], near, nature="observed")
    other = lisa(frame["value"], nearer, nature="observed").table["class"]
    return whole, local, int(other.isin(list(regroupements.NAMES)).sum())


def show_found(
    found: Current,
    card: IndicatorCard,
    frame: pd.DataFrame,
    whole: GlobalTest,
    local: LocalTest,
    fewer: int,
) -> None:
    table = local.table
    names = found.communes.set_index("code")["name"]
    st.markdown(escape_markdown(regroupements.global_sentence(whole)))
    st.markdown(escape_markdown(regroupements.local_sentence(table["class"], fewer, local.n)))
    classes, positions = regroupements.map_classes(table["class"])
    shapes = layer(found)
    left, right = st.columns([1.3, 1], gap="large")
    with left:
        if shapes is None:
            st.markdown("Pas de contour chargé : le tableau dit les communes.")
        else:
            choropleth_map(
                shapes,
                classes=classes,
                values=positions,
                states=frame["state"].replace("approx", "ok"),
                colours=regroupements.colours(card.direction),
                tooltips=regroupements.tooltips(table, names, reading(card)),
                inside=set(found.codes),
                legend_title=card.short_label,
                legend_labels=regroupements.LABELS,
                height=420,
                attribution=contour_credit(),
                key="regroupements",
            )
    with right:
        listed = regroupements.clusters_table(table, names, reading(card))
        if len(listed):
            show_table(listed, "Communes dans un regroupement", listed.columns[1:3])


def show_gaps(
    found: Current, known: dict[str, Axis], periods: pd.Series, card: IndicatorCard
) -> None:
    groups = choose_groups(found, known)
    figures = group_figures(groups, periods)
    why = refused(groups, known, card)
    if why:
        st.info(escape_markdown(why), icon=":material/info:")
    else:
        rows = rows_of(figures, groups, card)
        show_gradient(found, groups, rows, card, periods[card.id])
        show_detail(rows, card)
        show_time(groups, card)
    st.subheader("Pour aller plus loin", anchor=False)
    show_members(found, groups)
    if groups.usable:
        show_summary(figures, groups)


def show_axes(periods: pd.Series) -> None:
    with st.expander("Quel axe social, et pourquoi pas le FDep", icon=":material/help:"):
        st.markdown(words.AXES)
        st.markdown(escape_markdown(words.fdep_text(fdep_missing(periods))))


found = require_perimeter()
header(found, "Inégalités")
known, periods = axes(found), latest_periods(found)
if len(found.codes) < LEAST_GROUPS:
    st.info(words.ONE_COMMUNE, icon=":material/info:")
else:
    card = choose_card(periods)
    if known:
        show_gaps(found, known, periods, card)
    else:
        st.info(words.NO_AXIS, icon=":material/info:")
        data_link()
    show_clusters(found, card, periods[card.id])
    show_axes(periods)
show_quarters(found)
