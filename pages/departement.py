"""Comparer, « Tout un département »: its intercommunalités in one tartan, a funnel, a map, a file."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import partial

import pandas as pd
import streamlit as st

from diagnostic.assessment import NOT_COMPARED
from diagnostic.funnel import Funnel, funnel
from diagnostic.perimeter import Part, Perimeter, file_name
from pages.beside import cell, sheets, together
from pages.comparator import Comparator, choose_comparator
from pages.linked import linked_segments, linked_selectbox
from pages.local_data import kept_back
from pages.reading import reading
from pages.shared import Current, Place, geography, indicators, mart, resolved, show_table
from views.comparer import (
    MORTALITY_APART,
    filter_ignored_sentence,
    kept_sentence,
    nothing_left_sentence,
    nothing_loaded_sentence,
    order_sentence,
    refusal,
    straddling_sentence,
)
from views.funnel import (
    funnel_chart,
    funnel_sentences,
    funnel_sheet,
    funnel_table,
    no_funnel_sentence,
)
from views.observation import value_text
from views.places import of_place
from views.sheet import CONFIG
from views.spine import Cell, tartan_key, tartan_table
from views.text import (
    NARROW,
    THEMES,
    alphabetical,
    departement_text,
    escape_markdown,
    joined,
    number,
    percent,
    period_text,
)
from views.workbook import MIME, workbook
from warehouse.indicators import IndicatorCard

QPV = {"tous": "Toutes", "avec": "A un quartier prioritaire", "sans": "Sans"}
ZIP = {"tous": "Toutes", "avec": "A une commune en ZIP", "sans": "Sans"}
COVERAGE = {"0": "Toutes", "50": f"50{NARROW}% ou plus", "90": f"90{NARROW}% ou plus"}
ORDERS = {"nom": "Par nom", "taille": "Par nombre d'habitants", "ecart": "Par écart"}
NO_ZONING = (
    "Aucun zonage officiel n'est chargé : sur la page Données, chargez « CartoSanté, demandes directes "
    "au site »."
)
NO_QPV = (
    "La liste des quartiers prioritaires n'est pas chargée ici : sur la page Données, déposez "
    "« Quartiers prioritaires (QPV) 2024 par commune »."
)
# Fewer points make no funnel.
LEAST_POINTS = 3
# The indicator looked at before any choice, where it is known.
USUAL = "part_sans_diplome"


def choose_departement(found: Current) -> str:
    """Code of a département: by default, where most of the perimeter's inhabitants live."""
    known = geography()
    labels = {
        code: departement_text(known.names[level, code], code)
        for level, code in sorted(known.names)
        if level == "departement"
    }
    home = str(found.communes.groupby("departement_code")["population"].sum().idxmax())
    return linked_selectbox(st.container(width=420), "Département", labels, home, "dep")


def area_of(code: str) -> Current:
    """A département, with itself first among the territories its parts are compared with."""
    found = resolved(Perimeter((Part("departement", code),)))
    itself = Place("departement", code, found.label)
    return replace(found, comparators=(itself, *found.comparators))


def with_coverage(bodies: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """``bodies`` with their place and coverage: share of inhabitants, on average over indicators.

    A figure withheld counts for what is known of it, an indicator without a row for nothing.
    """
    known = frame["coverage"].fillna(frame["value"].notna().astype(float))
    covered = known.groupby(frame["place"]).sum() / frame["indicator_id"].nunique()
    place = "epci:" + bodies["code"]
    return bodies.assign(place=place, coverage=place.map(covered).fillna(0.0))


@dataclass(frozen=True)
class Filter:
    """A filter in force: its name in sentences, the rows that it keeps, those it cannot judge."""

    name: str
    keeps: pd.Series
    unknown: int = 0


def filter_qpv(bodies: pd.DataFrame) -> Filter | None:
    usable = bool(bodies["qpv_known"].any())
    choice = choose_or_disabled("Quartier prioritaire", QPV, "qpv", None if usable else NO_QPV)
    unknown = int((~bodies["qpv_known"]).sum())
    if choice == "avec":
        return Filter("a un quartier prioritaire", bodies["qpv"] > 0, unknown)
    if choice == "sans":
        keeps = (bodies["qpv"] == 0) & bodies["qpv_known"]
        return Filter("sans quartier prioritaire", keeps, unknown)
    return None


def filter_zoning(bodies: pd.DataFrame) -> Filter | None:
    usable = bool(bodies["zip_communes"].notna().any())
    label = "Zone d'intervention prioritaire (ZIP)"
    choice = choose_or_disabled(label, ZIP, "zip", None if usable else NO_ZONING)
    count = bodies["zip_communes"].fillna(0)
    # One commune without a class may be in a ZIP.
    unknown = (count == 0) & (bodies["zoned_communes"] < bodies["communes"])
    if choice == "avec":
        return Filter("a une commune en ZIP", count > 0, int(unknown.sum()))
    if choice == "sans":
        return Filter("sans commune en ZIP", (count == 0) & ~unknown, int(unknown.sum()))
    return None


def filter_coverage(bodies: pd.DataFrame) -> Filter | None:
    least = linked_segments("Population couverte", COVERAGE, "0", "couv")
    if least == "0":
        return None
    return Filter(
        f"{COVERAGE[least]} de population couverte", bodies["coverage"] >= int(least) / 100
    )


def choose_or_disabled(label: str, options: dict[str, str], key: str, why_not: str | None) -> str:
    """The choice ``key``; when its data are missing, a disabled control that says which to load."""
    if why_not is None:
        return linked_segments(label, options, "tous", key)
    st.segmented_control(
        label,
        list(options),
        default="tous",
        format_func=lambda one: options[one],
        disabled=True,
        key=f"sans-donnees-{key}",
    )
    st.caption(why_not)
    if st.query_params.get(key, "tous") != "tous":
        st.warning(filter_ignored_sentence(label), icon=":material/info:")
    return "tous"


def filtered(bodies: pd.DataFrame) -> pd.DataFrame:
    """Rows that pass every filter, counted; when none is left, which filter leaves out how many."""
    chosen = []
    for column, make in zip(
        st.columns(3), (filter_qpv, filter_zoning, filter_coverage), strict=True
    ):
        with column:
            one = make(bodies)
        if one is not None:
            chosen.append(one)
    keeps = pd.Series(True, index=bodies.index)
    for one in chosen:
        keeps &= one.keeps
    if keeps.any():
        unknown = {one.name: one.unknown for one in chosen if one.unknown}
        st.markdown(escape_markdown(kept_sentence(int(keeps.sum()), len(bodies), unknown)))
    else:
        removed = {one.name: int((~one.keeps).sum()) for one in chosen}
        said = nothing_left_sentence(len(bodies), removed)
        st.info(escape_markdown(said), icon=":material/filter_alt_off:")
    return bodies[keeps]


def choose_card(frame: pd.DataFrame) -> IndicatorCard:
    """The indicator looked at closely: it orders the columns, and has its funnel and map."""
    known = [card for card in indicators().values() if card.id in set(frame["indicator_id"])]
    labels = {card.id: f"{card.label} · {THEMES[card.theme]}" for card in known}
    chosen = linked_selectbox(
        st.container(), "Indicateur regardé de près", labels, _first(frame, known), "examine"
    )
    return indicators()[chosen]


def _first(frame: pd.DataFrame, known: list[IndicatorCard]) -> str:
    """What is looked at before any choice: a share or a rate with a direction, widely known here."""
    figures = frame[frame["value"].notna()].groupby("indicator_id").size()
    telling = [
        card.id
        for card in known
        if card.direction in ("favorable", "defavorable") and card.interval_rule != "none"
    ]
    counts = figures.reindex(telling or [card.id for card in known]).fillna(0)
    if counts.get(USUAL, 0) >= counts.max() / 2:
        return USUAL
    return str(counts.idxmax())


def ordered(
    bodies: pd.DataFrame, frame: pd.DataFrame, order: str, card: IndicatorCard
) -> pd.DataFrame:
    """Intercommunalités in the order chosen; without a figure, they come last in that of gaps."""
    by_name = bodies.sort_values("name", key=lambda names: names.map(alphabetical))
    if order == "taille":
        return by_name.sort_values("population", ascending=False, kind="stable")
    if order == "ecart":
        rows = frame[frame["indicator_id"] == card.id].set_index("place")
        gap = by_name["place"].map(rows["value"] - rows["other"])
        positions = gap.sort_values(kind="stable", na_position="last").index
        return by_name.loc[positions]
    return by_name


def quartiers_cell(count: int, *, known: bool, whole: bool) -> Cell:
    """How many quartiers; a least where the list of a département that it reaches is not loaded."""
    if not known:
        return Cell("–", "none", "liste non chargée")
    return Cell(number(count) if whole else f"au moins {number(count)}", "same")


def zoning_cell(count: float, zoned: int, communes: int) -> Cell:
    """Communes in a ZIP, among those whose class is known."""
    if not zoned:
        return Cell("–", "none", "zonage non chargé")
    known = "" if zoned == communes else " connues" if zoned > 1 else " connue"
    return Cell(f"{number(count)} sur {number(zoned)}{known}", "same")


def show_tartan(
    bodies: pd.DataFrame, frame: pd.DataFrame, comparator: Comparator, name: str
) -> None:
    columns = [
        f"{one} *" if len(elsewhere) else one
        for one, elsewhere in zip(bodies["name"], bodies["elsewhere"], strict=True)
    ]
    lines = {
        "Habitants": [Cell(number(one), "same") for one in bodies["population"]],
        "Population couverte, en moyenne": [
            Cell(percent(one, 0), "same") for one in bodies["coverage"]
        ],
        "Quartiers prioritaires": [
            quartiers_cell(count, known=known, whole=whole)
            for count, known, whole in zip(
                bodies["qpv"], bodies["qpv_known"], bodies["qpv_whole"], strict=True
            )
        ],
    }
    if bodies["zip_communes"].notna().any():
        lines["Communes en ZIP"] = [
            zoning_cell(count, zoned, communes)
            for count, zoned, communes in zip(
                bodies["zip_communes"], bodies["zoned_communes"], bodies["communes"], strict=True
            )
        ]
    cells = {(row.indicator_id, row.place): row for row in frame.itertuples()}
    for indicator in dict.fromkeys(frame["indicator_id"]):
        card = indicators()[indicator]
        lines[card.short_label] = [
            cell(cells.get((indicator, place)), card) for place in bodies["place"]
        ]
    st.html(tartan_key())
    caption = f"Intercommunalités et indicateurs, {name}, par rapport à : {comparator.name}"
    st.html(tartan_table(caption, "Indicateur", columns, lines))


def rows_of(bodies: pd.DataFrame, frame: pd.DataFrame, card: IndicatorCard) -> pd.DataFrame:
    """Figures of the indicator (index place), one row an intercommunalité on screen, with its name."""
    rows = frame[frame["indicator_id"] == card.id].set_index("place")
    kept = [place for place in bodies["place"] if place in rows.index]
    return rows.loc[kept].assign(name=bodies.set_index("place")["name"].reindex(kept))


def funnel_of(rows: pd.DataFrame, card: IndicatorCard) -> Funnel | None:
    """The funnel of the indicator around the comparator; None when it has none."""
    counted = rows[rows["numerator"].notna() & (rows["denominator"] > 0)]
    rule = card.interval_rule
    if rule == "none" or len(counted) < LEAST_POINTS or rows["other"].isna().all():
        return None
    drawn = funnel(counted, float(rows["other"].iloc[0]), rule, card.scale)
    drawn.points["name"] = counted["name"]
    return drawn


def show_funnel(drawn: Funnel | None, card: IndicatorCard, comparator: Comparator) -> None:
    """The chart, or why there is none."""
    if drawn is None:
        said = no_funnel_sentence(card.label, card.interval_rule != "none", comparator.of)
        st.info(escape_markdown(said), icon=":material/info:")
        return
    st.markdown("**La part du hasard, selon l'effectif de chaque intercommunalité**")
    st.plotly_chart(
        funnel_chart(drawn, reading(card), comparator.name, card.denominator),
        key="entonnoir",
        config=CONFIG,
        alt=f"Entonnoir : {card.label} selon l'effectif de chaque intercommunalité, "
        f"{drawn.beyond} hors des limites ; les valeurs sont dans le tableau.",
    )


def show_reading(drawn: Funnel | None, card: IndicatorCard, comparator: Comparator) -> None:
    """What the funnel says, and its table."""
    if drawn is None:
        return
    st.markdown("**Ce que dit l'entonnoir**")
    for sentence in funnel_sentences(drawn, comparator.of):
        st.markdown(escape_markdown(sentence))
    with st.expander("Les valeurs de l'entonnoir", icon=":material/table:"):
        table = funnel_table(drawn, reading(card), card.denominator)
        show_table(table, f"Entonnoir, {card.label}", list(table.columns[1:3]))


def show_map(area: Current, rows: pd.DataFrame, card: IndicatorCard) -> None:
    """Each commune of the département in the colour of its intercommunalité."""
    # Here and not above: geometry takes a second to import, and the other view has no map.
    from pages.layers import contour_credit, layer
    from views.classification import classify, palette
    from views.maps import choropleth_map

    st.markdown("**Sur la carte**")
    place = "epci:" + area.communes.set_index("code")["epci_code"]
    values = place.map(rows["value"]).dropna()
    shapes = layer(area) if values.nunique() > 1 else None
    if shapes is None:
        st.markdown(
            "Pas de carte ici : il faut des contours et au moins deux valeurs différentes. La page "
            "Données dit comment charger des contours."
        )
        return
    classes = classify(values, "quantiles", min(5, values.nunique()))
    texts = {
        row.Index: f"{row.name}\n{value_text(row, reading(card))}" for row in rows.itertuples()
    }
    choropleth_map(
        shapes,
        classes=classes,
        values=values,
        states=place.map(rows["state"]).dropna(),
        colours=palette(card.direction, classes.size),
        tooltips=place.map(texts).dropna(),
        inside=set(place.index[place.isin(rows.index)]),
        legend_title=f"{card.short_label}, {period_text(str(rows['period'].iloc[0]))}",
        legend_labels=classes.labels(lambda value: number(value, card.decimals)),
        height=480,
        key="departement",
        attribution=contour_credit(),
    )
    st.caption(
        "Chaque commune porte la valeur de son intercommunalité, pas la sienne. Les intercommunalités "
        "écartées par un filtre restent en gris."
    )


def show_close(
    area: Current, rows: pd.DataFrame, card: IndicatorCard, comparator: Comparator
) -> Funnel | None:
    """The indicator looked at closely: its funnel and its map."""
    st.subheader(f"{card.label}, par rapport à : {comparator.name}", anchor=False)
    if rows["value"].isna().all():
        st.info(
            "Aucune des intercommunalités montrées n'a de chiffre pour cet indicateur.",
            icon=":material/info:",
        )
        return None
    drawn = funnel_of(rows, card)
    show_funnel(drawn, card, comparator)
    left, right = st.columns(2, gap="large")
    with left:
        show_map(area, rows, card)
    with right:
        show_reading(drawn, card, comparator)
    return drawn


def download(
    bodies: pd.DataFrame,
    frame: pd.DataFrame,
    comparator: Comparator,
    area: Current,
    card: IndicatorCard,
    drawn: Funnel | None,
) -> None:
    """The figures on screen as a workbook, made on the click."""
    names = dict(zip(bodies["place"], bodies["name"], strict=True))
    title = f"Intercommunalités, {area.label}, par rapport à : {comparator.name}"
    # Made of this session's figures: the click itself is answered outside of it.
    made = sheets(frame, names, comparator, title)
    if drawn is not None and not kept_back([card.id]):
        made.insert(
            1, funnel_sheet(drawn, card.label, card.denominator, card.decimals, comparator.name)
        )
    st.download_button(
        "Télécharger ces chiffres (XLSX)",
        partial(workbook, made, title),
        file_name=file_name(area.perimeter, "-intercommunalites.xlsx"),
        mime=MIME,
        icon=":material/download:",
    )


def show_missing(present: Collection[str]) -> None:
    """Indicators that would stand in the tartan with more data, and the sources to load."""
    sources = mart("sources").set_index("id")
    titles = sources.loc[~sources["grain"].str.startswith("QPV"), "title"]
    rows = [
        {
            "Indicateur": card.label,
            "Thème": THEMES[card.theme],
            "Sources possibles": joined(
                [f"« {titles[one]} »" for one in card.sources if one in titles.index]
            ),
        }
        for card in indicators().values()
        if card.id not in present
        and any(one in titles.index for one in card.sources)
        and card.kind not in NOT_COMPARED
        and refusal(card.id) is None
    ]
    if not rows:
        return
    with st.expander(f"Ce que d'autres données ajouteraient ({len(rows)})", icon=":material/add:"):
        st.markdown(
            "Ces indicateurs n'ont aucun chiffre pour ces intercommunalités dans l'entrepôt ouvert. La "
            "page Données dit comment charger leurs sources ; certains ne sont publiés que par "
            "département."
        )
        show_table(pd.DataFrame(rows), "Indicateurs sans chiffre ici")


def show_departement(found: Current) -> None:
    """Every intercommunalité of a département."""
    left, right = st.columns(2)
    with left:
        code = choose_departement(found)
    area = area_of(code)
    with right:
        comparator = choose_comparator(area)
    bodies = mart("departement_epci", departements=[code])
    figures = mart("level_values", levels=["epci"] * len(bodies), codes=list(bodies["code"]))
    frame = together(figures.assign(place="epci:" + figures["code"]), comparator)
    if bodies.empty or frame.empty:
        st.info(
            escape_markdown(nothing_loaded_sentence(area.label, len(bodies))),
            icon=":material/info:",
        )
        return
    kept = filtered(with_coverage(bodies, frame))
    if kept.empty:
        return
    left, right = st.columns([2, 3])
    with left:
        order = linked_segments("Ordre des colonnes", ORDERS, "nom", "tri")
    with right:
        card = choose_card(frame)
    kept = ordered(kept, frame, order, card)
    frame = frame[frame["place"].isin(kept["place"])]
    st.subheader(
        f"Les intercommunalités, {area.label}, par rapport à : {comparator.name}", anchor=False
    )
    show_tartan(kept, frame, comparator, area.label)
    st.caption(escape_markdown(order_sentence(order, card.label, comparator.of)))
    st.caption(MORTALITY_APART)
    astride = straddling_sentence(kept, of_place("departement", code, area.label))
    if astride:
        st.caption(escape_markdown(astride))
    drawn = show_close(area, rows_of(kept, frame, card), card, comparator)
    download(kept, frame, comparator, area, card, drawn)
    show_missing(set(frame["indicator_id"]))
