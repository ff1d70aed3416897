"""Comparer: two to six territories of one kind side by side, or all those of a département."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pandas as pd
import streamlit as st

from diagnostic.perimeter import Part, Perimeter, decode, encode
from diagnostic.together import COMPOSED, LEAST, MOST, are_mixed, kind, read, write
from pages.beside import link, refused_cards, sheets, together
from pages.comparator import Comparator, choose_comparator
from pages.departement import show_departement
from pages.linked import keep_choice, kept_choice, linked_segments, linked_selectbox
from pages.reading import reading
from pages.shared import (
    Current,
    Place,
    header,
    indicators,
    profile,
    require_perimeter,
    resolved,
    search_index,
    show_table,
)
from pages.similar import similar
from views.comparer import (
    Line,
    Panel,
    interval_text,
    mixed_sentence,
    other_kind_sentence,
    panels_table,
    refused_sentence,
    shared_sentence,
    weight_sentence,
)
from views.observation import value_text
from views.sentences import HIGHER, LOWER, verdict_text
from views.spine import spine_key
from views.text import (
    LEVELS,
    THEMES,
    alphabetical,
    escape_markdown,
    number,
    period_text,
    quantity,
)
from views.workbook import MIME, workbook

PARAMETER = "t"
# The perimeter beside which these territories were chosen.
BESIDE = "t-avec"
VIEWS = {"territoires": "Côte à côte", "departement": "Tout un département"}
ORDERS = {"choix": "Dans l'ordre choisi", "nom": "Par nom"}
ALL_THEMES = "tous"
# Levels from the smallest to the largest: territories are compared with a larger one.
SIZES = {"commune": 0, "epci": 1, "departement": 2, "region": 3}
# Part of the comparator's inhabitants from which two figures are said not to be independent.
HEAVY = 0.1
# The column of intervals says it already.
WITHOUT = " (sans intervalle)"


def asked(found: Current) -> tuple[list[Perimeter], list[str]]:
    """Perimeters of the URL, else last chosen beside this perimeter, else the one on screen alone."""
    beside = kept_choice(BESIDE) == encode(found.perimeter)
    text = kept_choice(PARAMETER) if beside else ""
    listed, notes = read(st.query_params.get(PARAMETER) or text)
    return listed or [bare(found.perimeter)], notes


def keep(perimeters: list[Perimeter]) -> None:
    """Make these the territories compared, in the URL and for this session."""
    text = write(perimeters)
    keep_choice(PARAMETER, text)
    keep_choice(BESIDE, encode(st.session_state["perimeter"]))
    st.query_params[PARAMETER] = text


def bare(perimeter: Perimeter) -> Perimeter:
    """``perimeter`` without its name, as a link holds it."""
    return Perimeter(perimeter.parts)


def named(perimeter: Perimeter, found: Current) -> Current:
    """``perimeter`` resolved; the one on screen keeps the name it was given."""
    return found if perimeter.parts == found.perimeter.parts else resolved(perimeter)


def known(perimeters: list[Perimeter], found: Current) -> tuple[list[Current], list[str]]:
    """Those of the list that hold communes, and what to say of the others or of their codes."""
    territories = [named(one, found) for one in perimeters]
    notes = [
        note for one in territories for note in (one.warnings if one.codes else one.warnings[:1])
    ]
    return [one for one in territories if one.codes], notes


def add(perimeters: list[Perimeter], more: list[Perimeter]) -> None:
    keep([*perimeters, *more][:MOST])
    st.session_state["recherche-territoires"] = ""


def remove(perimeters: list[Perimeter], gone: Perimeter) -> None:
    keep([one for one in perimeters if one != gone])


def show_chosen(perimeters: list[Perimeter], territories: list[Current]) -> None:
    """The territories compared, each with its button to leave."""
    with st.container(horizontal=True):
        for one in territories:
            st.button(
                one.label,
                key=f"retirer-{encode(one.perimeter)}",
                icon=":material/close:",
                help="Retirer de la comparaison",
                disabled=len(perimeters) < 2,
                on_click=remove,
                args=(perimeters, bare(one.perimeter)),
            )


def show_search(perimeters: list[Perimeter], found: Current) -> None:
    """Add a territory of the same kind; why the others cannot join."""
    if len(perimeters) >= MOST:
        st.caption(f"{MOST} territoires au plus : retirez-en un pour en ajouter un autre.")
        return
    wanted = kind(perimeters[0])
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    typed = left.text_input(
        "Ajouter un territoire",
        key="recherche-territoires",
        max_chars=80,
        placeholder="Nom ou code d'une commune, d'une intercommunalité, d'un département…",
    )
    if wanted == "epci" and len(perimeters) < LEAST:
        right.button(
            "Ajouter trois territoires similaires",
            icon=":material/group_add:",
            on_click=add_similar,
            args=(perimeters, found),
        )
    if wanted == COMPOSED:
        show_composed(perimeters)
    if len(typed.strip()) < 2:
        return
    results = search_index().query(typed).head(6)
    if results.empty:
        st.info(f"Rien ne ressemble à « {escape_markdown(typed)} ».", icon=":material/search_off:")
    for row in results.itertuples():
        show_result(row, perimeters, wanted)


def show_result(row, perimeters: list[Perimeter], wanted: str) -> None:
    perimeter = Perimeter((Part(row.level, row.code),))
    if row.level != wanted:
        st.caption(escape_markdown(other_kind_sentence(row.name, row.level, wanted)))
        return
    st.button(
        f"{row.name} ({LEVELS[row.level]}, {row.code})",
        key=f"ajouter-territoire-{row.level}-{row.code}",
        icon=":material/add:",
        type="tertiary",
        on_click=add,
        args=(perimeters, [perimeter]),
        disabled=perimeter in perimeters,
    )


def show_composed(perimeters: list[Perimeter]) -> None:
    """A composed perimeter is added by the link that its own screen has."""
    typed = st.text_input(
        "Ou coller l'adresse d'un périmètre composé",
        key="lien-perimetre",
        help="Ouvrez l'autre périmètre dans Gradient et copiez l'adresse de la page, ou sa partie "
        "après « p= ».",
    )
    text = typed.partition("p=")[2].partition("&")[0] or typed
    perimeter, notes = decode(text.replace("%3A", ":").replace("%2C", ",")) if typed else (None, [])
    for note in notes:
        st.warning(escape_markdown(note), icon=":material/info:")
    if perimeter is None or not perimeter.parts:
        return
    if kind(perimeter) != COMPOSED:
        name = resolved(perimeter).label
        st.caption(escape_markdown(other_kind_sentence(name, kind(perimeter), COMPOSED)))
        return
    st.button(
        f"Ajouter {resolved(perimeter).label}",
        icon=":material/add:",
        on_click=add,
        args=(perimeters, [perimeter]),
        disabled=perimeter in perimeters,
    )


def add_similar(perimeters: list[Perimeter], found: Current) -> None:
    alike = similar(named(perimeters[0], found))
    add(perimeters, [Perimeter((Part("epci", code),)) for code in alike.codes[:3]])


def refuse_mixed(perimeters: list[Perimeter], territories: list[Current]) -> None:
    """Say why these territories are not compared, offer to keep those of the first one's level."""
    kinds = [kind(one.perimeter) for one in territories]
    st.error(
        escape_markdown(mixed_sentence([one.label for one in territories], kinds)),
        icon=":material/block:",
    )
    st.button(
        f"Garder {territories[0].label} et les territoires de même niveau",
        icon=":material/filter_alt:",
        on_click=keep,
        args=([one for one in perimeters if kind(one) == kinds[0]],),
    )


def for_comparing(found: Current, territories: list[Current]) -> Current:
    """``found``, with the comparators that suit the territories: larger than they are.

    The perimeter on screen is one of them when it is such a territory.
    """
    level, code = found.whole
    smallest = SIZES.get(kind(territories[0].perimeter), -1)
    places = found.comparators
    if level in SIZES:
        places = (Place(level, code, found.label), *places)
    kept = tuple(place for place in places if SIZES.get(place.level, 99) > smallest)
    return replace(found, comparators=kept)


def benchmark_codes(comparator: Comparator) -> set[str]:
    """Communes of the comparator; none for the similar territories, France being past counting."""
    text = link(comparator)
    perimeter, _ = decode(text) if text else (None, [])
    return set(resolved(perimeter).codes) if perimeter is not None else set()


def show_overlaps(territories: list[Current], comparator: Comparator) -> None:
    """What is not independent: communes in common, and a comparator made of who is compared."""
    for position, one in enumerate(territories):
        for other in territories[position + 1 :]:
            common = len(set(one.codes) & set(other.codes))
            if common:
                st.warning(
                    escape_markdown(shared_sentence(one.label, other.label, common)),
                    icon=":material/info:",
                )
    inside = benchmark_codes(comparator)
    if not inside:
        return
    whole = resolved(decode(link(comparator))[0]).population
    shares = {
        one.label: one.communes.loc[one.communes["code"].isin(inside), "population"].sum() / whole
        for one in territories
    }
    said = weight_sentence(
        {name: share for name, share in shares.items() if share > HEAVY}, comparator.of
    )
    if said:
        st.caption(escape_markdown(said))


def panels(frame: pd.DataFrame, names: dict[str, str], theme: str, itself: str) -> list[Panel]:
    """One panel an indicator of the theme, its territories in the order of ``names``."""
    shown = frame if theme == ALL_THEMES else frame[frame["theme"] == theme]
    result = []
    for name, rows in shown.groupby("indicator_id", sort=False):
        card = indicators()[str(name)]
        by_place = {row.place: row for row in rows.itertuples()}
        first = rows.iloc[0]
        result.append(
            Panel(
                theme=THEMES[card.theme],
                label=card.label,
                period=period_text(str(first["period"])),
                other=quantity(
                    first["other"], card.unit, card.decimals, signed=card.signed, short=True
                ),
                mark=float(first["other"]),
                spread=float(first["spread"]),
                reading=reading(card),
                lines=tuple(
                    line(by_place.get(place), label, card, place == itself)
                    for place, label in names.items()
                ),
            )
        )
    return result


def line(row, name: str, card, is_comparator: bool) -> Line:
    if row is None:
        return Line(name, "–", "", "pas de chiffre chargé", "neutre", False)
    how = reading(card)
    if pd.isna(row.value):
        said = "" if pd.isna(row.reason) else str(row.reason)
        return Line(name, value_text(row, how), "", said, "neutre", False)
    if is_comparator:
        said = "c'est le territoire de comparaison"
    elif row.significance is None or pd.isna(row.significance):
        said = "pas de valeur de comparaison à cette période"
    else:
        said = verdict_text(row).removesuffix(WITHOUT)
    return Line(
        name,
        value_text(row, how),
        interval_text(row.low, row.high, how),
        said,
        row.tone,
        row.significance in (HIGHER, LOWER),
        float(row.value),
        float(row.low),
        float(row.high),
    )


def show_context(territories: list[Current]) -> None:
    """Who is compared: inhabitants, communes, départements."""
    texts = pd.DataFrame(
        {
            "Territoire": [one.label for one in territories],
            "Habitants": [number(one.population) for one in territories],
            "Communes": [number(len(one.codes)) for one in territories],
            "Départements": [
                ", ".join(
                    sorted(one.communes["departement_name"].dropna().unique(), key=alphabetical)
                )
                for one in territories
            ],
        }
    )
    show_table(texts, "Les territoires comparés", ["Habitants", "Communes"])


def show_side_by_side(found: Current, territories: list[Current]) -> None:
    left, right = st.columns(2)
    with left:
        comparator = choose_comparator(for_comparing(found, territories))
    with right:
        order = linked_segments("Ordre des territoires", ORDERS, "choix", "ordre")
    if order == "nom":
        territories = sorted(territories, key=lambda one: alphabetical(one.label))
    show_context(territories)
    names = {encode(one.perimeter): one.label for one in territories}
    figures = pd.concat([profile(one).assign(place=encode(one.perimeter)) for one in territories])
    frame = together(figures, comparator)
    if frame.empty:
        st.info(
            "Aucun indicateur comparable n'est chargé pour ces territoires : la page Données dit "
            "comment en charger.",
            icon=":material/info:",
        )
        return
    st.subheader(f"Chaque territoire, par rapport à : {comparator.name}", anchor=False)
    show_overlaps(territories, comparator)
    present = [one for one in THEMES if one in set(frame["theme"])]
    themes = {ALL_THEMES: "Tous les thèmes"} | {one: THEMES[one] for one in present}
    theme = linked_selectbox(st.container(width=420), "Thème", themes, ALL_THEMES, "theme")
    st.html(spine_key(similar=False))
    caption = f"{', '.join(names.values())} : chacun par rapport à : {comparator.name}"
    st.html(panels_table(caption, comparator.name, panels(frame, names, theme, link(comparator))))
    st.caption(
        "Le trait vertical est la valeur de comparaison, la même pour tous. L'échelle d'un indicateur "
        "est la même pour chaque territoire ; elle compte au moins un écart-type entre communes de "
        "France de chaque côté, pour qu'un petit écart paraisse petit. Chaque territoire est comparé "
        "à la valeur de comparaison, pas aux autres : deux intervalles qui se chevauchent ne prouvent "
        "pas une ressemblance. Sans intervalle (médianes, modèles), un écart se dit à partir d'un "
        "cinquième d'écart-type. L'ordre n'est jamais celui des valeurs."
    )
    refused = refused_cards(pd.Index(figures["indicator_id"].unique()))
    if refused:
        st.caption(escape_markdown(refused_sentence(refused)))
    # Made of this session's figures: the click itself is answered outside of it.
    made = sheets(frame, names, comparator, caption)
    st.download_button(
        "Télécharger ces chiffres (XLSX)",
        partial(workbook, made, "Gradient, comparaison"),
        file_name="gradient-comparaison.xlsx",
        mime=MIME,
        icon=":material/download:",
    )


def show_territories(found: Current) -> None:
    listed, notes = asked(found)
    territories, more = known(listed, found)
    for note in dict.fromkeys([*notes, *more]):
        st.warning(escape_markdown(note), icon=":material/info:")
    territories = territories or [found]
    perimeters = [bare(one.perimeter) for one in territories]
    if len(perimeters) > 1:
        keep(perimeters)
    show_chosen(perimeters, territories)
    if are_mixed(perimeters):
        refuse_mixed(perimeters, territories)
        return
    show_search(perimeters, found)
    if len(territories) < LEAST:
        st.info(
            f"Ajoutez au moins un territoire de même niveau que {escape_markdown(territories[0].label)} : "
            f"de {LEAST} à {MOST} se lisent côte à côte.",
            icon=":material/compare_arrows:",
        )
        return
    show_side_by_side(found, territories)


found = require_perimeter()
header(found, "Comparer")
view = linked_segments("Que comparer ?", VIEWS, "territoires", "vue", label_visibility="collapsed")
if view == "departement":
    show_departement(found)
else:
    show_territories(found)
