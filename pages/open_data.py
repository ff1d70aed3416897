"""The figures themselves: a workbook one sheet a theme, and a ZIP of open files with a dictionary."""

from __future__ import annotations

import json

import pandas as pd
import streamlit as st

from diagnostic.project import Project, dump
from pages.addresses import is_kept
from pages.beside import card_row, sources_of
from pages.composing import Asked
from pages.decision_chapter import groups_of, split_of
from pages.local_data import published
from pages.project import current_project
from pages.shared import indicators, mart, warehouse
from pages.targeting import ACCESS, listing_values
from pages.targets import ALL
from views.intensite import HABITANTS, TARGETED, dosing_table, sheet_formats
from views.livrables import opendata
from views.livrables.model import Facts
from views.livrables.package import zipped
from views.tables import csv_file
from views.text import THEMES
from views.workbook import Sheet, about_sheet, cards_sheet, figures_sheet, workbook


def figure_rows(asked: Asked, of: pd.DataFrame) -> pd.DataFrame:
    """The figures ``of`` the perimeter beside the comparator, with the columns of views.workbook."""
    frame, cards = of.reset_index(), indicators()
    sources = mart("sources").set_index("id")
    level, code = asked.found.whole
    return frame.assign(
        theme=frame["theme"].map(THEMES),
        label=[cards[name].label for name in frame["indicator_id"]],
        unit=[cards[name].unit for name in frame["indicator_id"]],
        decimals=[cards[name].decimals for name in frame["indicator_id"]],
        territory=asked.found.label,
        code=code if level else "",
        comparator=asked.comparator.name,
        source=[
            f"{one}, {title}" for one, title in sources_of(sources, frame, "producer", "title")
        ],
        licence=[licence for (licence,) in sources_of(sources, frame, "licence")],
    )


def cards_rows(frame: pd.DataFrame) -> list[dict[str, object]]:
    """What each indicator of the frame is, with the source of its figure."""
    sources = mart("sources").set_index("id")
    origin = frame["source_id"]
    return [
        card_row(indicators()[str(name)], sources.reindex([origin[name]]).iloc[0])
        for name in frame.index
    ]


def data_workbook(asked: Asked, facts: Facts) -> bytes:
    """Every figure with what it stands on, the groups, the split, the communes, the cards."""
    rows = figure_rows(asked, asked.frame)
    title = f"{facts.perimeter}, par rapport à : {facts.comparator}"
    sheets = [
        about_sheet(title, [facts.perimeter], facts.comparator, facts.build),
        *(
            figures_sheet(rows[rows["theme"] == theme], theme, f"{theme} : {title}")
            for theme in THEMES.values()
            if rows["theme"].eq(theme).any()
        ),
        *_decisions(asked),
        Sheet(
            "Communes",
            f"Communes : {facts.perimeter}",
            opendata.communes_frame(asked.found.communes),
        ),
        cards_sheet(cards_rows(asked.frame)),
    ]
    return workbook(sheets, f"{facts.title}, {facts.perimeter}")


def _decisions(asked: Asked) -> list[Sheet]:
    """Groups and split, where there is a need."""
    if asked.need is None:
        return []
    listing = listing_values(groups_of(asked), asked.need)
    formats = dict.fromkeys(listing.columns[4:-2], "0.0") | {ACCESS: "0.00", "Habitants": "#,##0"}
    sheets = [Sheet("Groupes de besoin", "Groupe de lecture de chaque commune", listing, formats)]
    if asked.settings is not None:
        try:
            shared, _ = split_of(asked)
        except ValueError:
            return sheets
        people = HABITANTS if asked.target == ALL else TARGETED
        resource = asked.settings.resource
        title = f"Répartition de {resource.label}"
        table = dosing_table(shared, people)
        sheets.append(Sheet("Répartition", title, table, sheet_formats(resource.decimals)))
    return sheets


def _shared_project(asked: Asked) -> Project:
    """The perimeter and the choices that the files follow from, without anything that was noted:
    these files go public, and the same address makes them again."""
    now = current_project()
    choices = {
        name: value
        for name, value in now.choices.items()
        if is_kept(name) and name in st.query_params
    }
    return Project(
        asked.found.perimeter, choices=choices, comparator=now.comparator, build_id=now.build_id
    )


def open_zip(asked: Asked, facts: Facts) -> bytes:
    """CSV of the perimeter and of its communes, their dictionary, the perimeter file, a readme."""
    # These files go public: no local figure, even one that may go into the others.
    frame = published(asked.frame)
    figures = figure_rows(asked, frame)
    names = list(frame.index)
    communes = mart("commune_values", codes=asked.found.code_list)
    periods = frame["period"]
    communes = communes[communes["period"] == communes["indicator_id"].map(periods)]
    places = asked.found.communes.set_index("code")["name"]
    order = {name: position for position, name in enumerate(names)}
    communes = communes.assign(
        name=communes["code"].map(places), position=communes["indicator_id"].map(order)
    ).sort_values(["position", "code"])
    entries = {
        "LISEZ-MOI.txt": opendata.readme(facts),
        "perimetre.csv": csv_file(opendata.figures_frame(figures)),
        "communes.csv": csv_file(opendata.commune_figures_frame(communes)),
        "territoires.csv": csv_file(opendata.communes_frame(asked.found.communes)),
        "dictionnaire.csv": csv_file(opendata.dictionary_frame()),
        "indicateurs.csv": csv_file(opendata.cards_frame(names, cards_rows(frame))),
        "perimetre.json": dump(_shared_project(asked), facts.written).encode(),
        "construction.json": json.dumps(
            warehouse().facts, ensure_ascii=False, indent=2, sort_keys=True
        ).encode(),
    }
    return zipped(entries, facts.built)
