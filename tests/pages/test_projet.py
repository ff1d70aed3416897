"""The project in a session: saved, reopened with the same screens, taken back, merged, kept apart."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from diagnostic.perimeter import decode
from diagnostic.project import Action, Entry, Project, dump, load
from tests.conftest import ROOT
from tests.pages.test_pages import open_page, texts_of

CERGY = "epci:249500109"
QUERCY = "epci:200023737,epci:200035327"
CHOICES = {"base": "30", "force": "5", "quantite": "90", "poids_revenu": "10", "visee": "75-et-plus"}


def fresh() -> AppTest:
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)


def saved(test: AppTest) -> str:
    """What the button of the page Périmètre would give, read from the session."""
    test.switch_page("pages/perimetre.py").run()
    state = test.session_state
    choices = dict(state["choices"]) if "choices" in state else {}
    comparator = choices.pop("comparateur", "")
    noted: Project = state["project"] if "project" in state else Project(decode("")[0])
    return dump(
        Project(
            state["perimeter"],
            choices=choices,
            comparator=comparator,
            actions=noted.actions,
            entries=noted.entries,
        )
    )


def drop(test: AppTest, content: str | bytes, label: str = "Rouvrir un fichier") -> AppTest:
    box = next(one for one in test.file_uploader if one.label.startswith(label))
    data = content.encode() if isinstance(content, str) else content
    return box.set_value(("projet.json", data, "application/json")).run()
