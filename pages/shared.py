"""State that all pages share: the open warehouse, the current perimeter, its comparators."""

from __future__ import annotations

import hashlib
import json
import runpy
from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from diagnostic.comparison import shown
from diagnostic.perimeter import Perimeter, decode, encode, resolve
from diagnostic.search import SearchIndex
from pages.local_data import local_cards, local_warehouse, remembered
from views.tables import MAX_HTML_ROWS, html_table
from views.text import (
    count_of,
    departement_text,
    escape_markdown,
    joined,
    members_text,
    number,
    place_word,
)
from warehouse.indicators import IndicatorCard, load_indicators
from warehouse.paths import ROOT, published
from warehouse.read import Warehouse

PARAMETER = "p"
NAME_PARAMETER = "nom"
# Sentences of the project file just opened, or of a merge.
FILE_NOTES = "file_notes"
# In the header of a page: above, they are counted.
DEPARTEMENTS_NAMED = 4
PERIMETER_PAGE = "pages/perimetre.py"
LANDING_PAGE = "pages/ce_qui_ressort.py"


@st.cache_resource(max_entries=2, show_spinner=False)
def open_warehouse(path: str) -> Warehouse:
    """The build at ``path``, opened once a process."""
    return Warehouse(Path(path))


def build_path() -> str:
    """Path of the build that this session opened; it keeps it until it reloads, or it is gone."""
    opened = st.session_state.get("build_path")
    if opened is None or not Path(opened).is_file():
        use_published()
    return str(st.session_state["build_path"])


def use_published() -> None:
    """Have this session read the published build from now on."""
    st.session_state["build_path"] = str(published().path)


def warehouse() -> Warehouse:
    """The build of this session, with the figures it imported if any.

    A function that sessions share the answers of must call :func:`open_warehouse` instead.
    """
    path = build_path()
    return local_warehouse(path) or open_warehouse(path)


def fingerprint(parameters: object) -> str:
    """What stands for texts, numbers and lists of them in the key of a cache.

    Streamlit walks a key one item at a time: the codes of a country would take it a second.
    """
    return hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()


@remembered(max_entries=400)
def _mart(path: str, name: str, key: str, _parameters: dict[str, Any]) -> pd.DataFrame:
    source = local_warehouse(path) or open_warehouse(path)
    return source.mart(name, **_parameters)


def mart(name: str, **parameters: Any) -> pd.DataFrame:
    """Rows of a mart of the warehouse, remembered by build, name and parameters."""
    return _mart(build_path(), name, fingerprint(parameters), parameters)


@st.cache_resource(show_spinner=False)
def published_indicators() -> dict[str, IndicatorCard]:
    """Cards of the published indicators, in display order."""
    return load_indicators()


def indicators() -> dict[str, IndicatorCard]:
    """Indicator cards, in display order: the published ones, then those this visit imported."""
    own = local_cards()
    return {**published_indicators(), **own} if own else published_indicators()


@st.cache_resource(max_entries=2, show_spinner="Préparation de la recherche…")
def _search_index(path: str) -> SearchIndex:
    return SearchIndex.build(open_warehouse(path).mart("searchable"))


def search_index() -> SearchIndex:
    """Names of every territory, ready to be searched."""
    return _search_index(build_path())


@dataclass(frozen=True)
class Geography:
    """Who belongs to what: communes of each (level, code), present communes, former codes.

    ``arms``: municipal arrondissements, which belong to themselves and to nothing else.
    """

    members: dict[tuple[str, str], tuple[str, ...]]
    communes: frozenset[str]
    arms: frozenset[str]
    passage: dict[str, str]
    names: dict[tuple[str, str], str]


@st.cache_resource(max_entries=2, show_spinner=False)
def geography_of(path: str) -> Geography:
    """Memberships of the build at ``path``."""
    source = open_warehouse(path)
    table = source.mart("members")
    # Parents follow each other in the mart: where one begins is told without walking every row.
    parents = table[["parent_level", "parent_code"]]
    starts = np.flatnonzero((parents != parents.shift()).any(axis=1)).tolist()
    levels, owners, codes = (table[column].to_list() for column in table)
    members = {
        (levels[first], owners[first]): tuple(codes[first:last])
        for first, last in pairwise([*starts, len(codes)])
    }
    former = source.mart("former_communes")
    found = source.mart("searchable")
    places = zip(found["level"].to_list(), found["code"].to_list(), strict=True)
    names = dict(zip(places, found["name"].to_list(), strict=True))
    return Geography(
        members=members,
        communes=frozenset(code for level, code in members if level == "commune"),
        arms=frozenset(code for level, code in names if level == "arm"),
        passage=dict(zip(former["old_code"], former["code"], strict=True)),
        names=names | {("france", "FR"): "France"},
    )


def geography() -> Geography:
    """Memberships of the open build."""
    return geography_of(build_path())


def prepare_build(path: str) -> Geography:
    """Have what every page asks of a build in memory, before a page asks for it."""
    published_indicators()
    return geography_of(path)


@dataclass(frozen=True)
class Place:
    """A territory a perimeter is compared with."""

    level: str
    code: str
    name: str


@dataclass(frozen=True)
class Current:
    """The perimeter on screen, resolved against the open build."""

    perimeter: Perimeter
    codes: tuple[str, ...]
    communes: pd.DataFrame
    label: str
    whole: tuple[str, str]
    comparators: tuple[Place, ...]
    warnings: tuple[str, ...]

    @property
    def population(self) -> int:
        """Inhabitants: the sum of the communes."""
        return int(self.communes["population"].sum())

    @property
    def code_list(self) -> list[str]:
        """Commune codes, as marts take them."""
        return list(self.codes)

    @property
    def cities(self) -> tuple[str, ...]:
        """Communes of the perimeter, the whole city standing for each of its arrondissements."""
        return tuple(sorted(self.communes["city_code"].unique()))

    @property
    def place(self) -> str:
        """What its parts are called: « commune », « arrondissement », « territoire » for both."""
        return place_word(len(self.codes) - self.arrondissements, self.arrondissements)

    @property
    def arrondissements(self) -> int:
        """How many of its parts are municipal arrondissements."""
        return int((self.communes["city_code"] != self.communes["code"]).sum())

    @property
    def size(self) -> str:
        """« 13 communes », « 1 arrondissement », « 2 communes et 1 arrondissement »."""
        return members_text(len(self.codes) - self.arrondissements, self.arrondissements)

    @property
    def departements(self) -> tuple[str, ...]:
        """Départements that the perimeter touches."""
        return tuple(sorted(self.communes["departement_code"].unique()))


def perimeter_from_url() -> None:
    """Take the perimeter of the URL, or write that of the session into it. Called by app.py."""
    st.session_state["through_app"] = True
    asked = st.query_params.get(PARAMETER)
    if asked is not None:
        perimeter, notes = decode(asked)
        named = Perimeter(perimeter.parts, st.query_params.get(NAME_PARAMETER, ""))
        st.session_state["perimeter"] = named
        st.session_state["perimeter_notes"] = tuple(notes)
    elif "perimeter" in st.session_state:
        _write_url(st.session_state["perimeter"])


def _write_url(perimeter: Perimeter) -> None:
    st.query_params[PARAMETER] = encode(perimeter)
    if perimeter.name:
        st.query_params[NAME_PARAMETER] = perimeter.name
    elif NAME_PARAMETER in st.query_params:
        del st.query_params[NAME_PARAMETER]


def choose(perimeter: Perimeter) -> None:
    """Make ``perimeter`` the one on screen, in the session and in the URL."""
    st.session_state["perimeter"] = perimeter
    st.session_state["perimeter_notes"] = ()
    st.session_state.pop(FILE_NOTES, None)
    _write_url(perimeter)


def _go_through_app() -> None:
    """Have app.py run first.

    Until app.py has called st.navigation once in the life of the server, Streamlit runs the files
    of pages/ by itself: a link opened first thing would miss the theme, the menu and the URL.
    """
    if "through_app" not in st.session_state:
        runpy.run_path(str(ROOT / "app.py"))
        st.stop()


def current() -> Current | None:
    """The perimeter on screen, or None when none is chosen or nothing in it is known."""
    _go_through_app()
    perimeter: Perimeter | None = st.session_state.get("perimeter")
    if perimeter is None or not perimeter.parts:
        return None
    found = _resolve(build_path(), perimeter)
    notes: tuple[str, ...] = st.session_state.get("perimeter_notes", ())
    warnings = (*notes, *found.warnings)
    if not found.codes:
        st.session_state["unresolved"] = warnings
        return None
    return Current(**{**found.__dict__, "warnings": warnings})


def resolved(perimeter: Perimeter) -> Current:
    """Any perimeter, resolved against the open build; its ``codes`` are empty when none is known."""
    return _resolve(build_path(), perimeter)


@st.cache_data(max_entries=200, show_spinner=False)
def _resolve(path: str, perimeter: Perimeter) -> Current:
    known = geography_of(path)
    resolution = resolve(perimeter, known.members, known.communes | known.arms, known.passage)
    communes = open_warehouse(path).mart("commune_list", codes=list(resolution.communes))
    kept = [part for part in perimeter.parts if not part.removed]
    only = kept[0] if len(perimeter.parts) == 1 else None
    whole = (only.level, known.passage.get(only.code, only.code)) if only else ("", "")
    return Current(
        perimeter=perimeter,
        codes=resolution.communes,
        communes=communes,
        label=perimeter.name or _automatic_name(perimeter, known),
        whole=whole,
        comparators=_comparators(communes, known) if len(communes) else (),
        warnings=resolution.warnings,
    )


def _automatic_name(perimeter: Perimeter, known: Geography) -> str:
    """Name of a perimeter that nobody named, from its parts."""

    def name(level: str, code: str) -> str:
        return known.names.get((level, known.passage.get(code, code)), code)

    added = [name(part.level, part.code) for part in perimeter.parts if not part.removed]
    removed = [name(part.level, part.code) for part in perimeter.parts if part.removed]
    shown = (
        joined(added) if len(added) <= 2 else f"{added[0]} et {len(added) - 1} autres territoires"
    )
    if not removed:
        return shown
    return f"{shown} sans {joined(removed) if len(removed) <= 2 else count_of(len(removed), 'commune')}"


def _comparators(communes: pd.DataFrame, known: Geography) -> tuple[Place, ...]:
    """Larger territories of the perimeter, the nearest first; where it spans two, the larger share.

    One that is the perimeter itself (La Réunion, a département and a région) or a part of it (Paris
    for Île-de-France), or the same place as a nearer one (Paris, a commune and a département), is
    left out. The whole country has its most peopled région.
    """
    places: list[Place] = []
    city = communes["city_code"].unique()
    if len(city) == 1 and (communes["city_code"] != communes["code"]).any():
        places.append(Place("commune", city[0], communes["city_name"].iloc[0]))
    if communes["epci_code"].nunique(dropna=False) == 1 and pd.notna(communes["epci_code"].iloc[0]):
        first = communes.iloc[0]
        places.append(Place("epci", first["epci_code"], first["epci_name"]))
    for level in ("departement", "region"):
        share = communes.groupby([f"{level}_code", f"{level}_name"])["population"].sum()
        code, name = share.idxmax()
        places.append(Place(level, code, name))
    places.append(Place("france", "FR", "France"))
    own, seen, kept = set(communes["code"]), [], []
    for place in places:
        inside = set(known.members.get((place.level, place.code), ()))
        if not inside <= own and inside not in seen:
            kept.append(place)
            seen.append(inside)
    return tuple(kept) or tuple(place for place in places if place.level == "region")


def require_perimeter() -> Current:
    """The perimeter on screen; without one, say so with a link and stop the page."""
    found = current()
    if found is None:
        for warning in st.session_state.pop("unresolved", ()):
            st.warning(escape_markdown(warning), icon=":material/info:")
        st.info(
            "Choisissez d'abord un périmètre : tout le reste en découle.", icon=":material/map:"
        )
        st.page_link(PERIMETER_PAGE, label="Choisir un périmètre", icon=":material/location_on:")
        st.stop()
    return found


def header(found: Current, title: str) -> None:
    """Title of a page, perimeter and warnings, the same everywhere."""
    st.title(title, anchor=False)
    held = found.communes[["departement_code", "departement_name"]].drop_duplicates()
    where = (
        joined([departement_text(name, code) for code, name in held.itertuples(index=False)])
        if len(held) <= DEPARTEMENTS_NAMED
        else count_of(len(held), "département")
    )
    st.markdown(
        f"**{escape_markdown(found.label)}** · {found.size} · "
        f"{number(found.population)} habitants · {escape_markdown(where)}"
    )
    for warning in found.warnings:
        st.warning(escape_markdown(warning), icon=":material/info:")
    _show_file_notes()


def _show_file_notes() -> None:
    """What was lost or changed in the project file just opened, until it is read."""
    notes: tuple[str, ...] = st.session_state.get(FILE_NOTES, ())
    for note in notes:
        st.warning(escape_markdown(note), icon=":material/folder_open:")
    if notes:
        st.button("J'ai lu", on_click=st.session_state.pop, args=(FILE_NOTES, None), key="lu")


def breaks() -> dict[str, list[str]]:
    """First period of each series, for the indicators that have a break."""
    return {
        card.id: [one.starts for one in card.series]
        for card in indicators().values()
        if card.series
    }


def comparator_values(found: Current) -> pd.DataFrame:
    """Figures of the comparators, with a ``place`` column « level:code ».

    Some sources publish for métropole alone: it stands in for France, under its own name, for the
    indicators that have no figure for the whole country.
    """
    places = [(place.level, place.code) for place in found.comparators]
    if ("france", "FR") in places:
        places.append(("france", "FM"))
    frame = mart(
        "level_values", levels=[level for level, _ in places], codes=[code for _, code in places]
    )
    has_france = set(frame[(frame["code"] == "FR") & shown(frame)]["indicator_id"])
    is_france = frame["level"] == "france"
    wanted = frame["code"].eq("FR") == frame["indicator_id"].isin(has_france)
    frame = frame[~is_france | wanted]
    place = frame["level"] + ":" + frame["code"].replace("FM", "FR")
    return frame.assign(place=place)


def profile(found: Current) -> pd.DataFrame:
    """Every figure of the perimeter, all indicators and periods."""
    level, code = found.whole
    return mart("profile", codes=found.code_list, whole_level=level, whole_code=code)


def show_table(
    frame: pd.DataFrame, caption: str, numeric: Collection[str] = (), *, total: bool = False
) -> None:
    """A table of texts: HTML, which prints and is read aloud, or a scrolled grid when very long."""
    if len(frame) <= MAX_HTML_ROWS:
        st.html(html_table(frame, caption, numeric, total=total))
    else:
        st.dataframe(frame, hide_index=True, alt=caption)
