"""Diagnostic partagé: what people say beside what figures say, strengths and weaknesses, priorities."""

from __future__ import annotations

import streamlit as st

from pages.comparator import choose_comparator
from pages.crossing import show_crossing
from pages.linked import linked_segments
from pages.noting import keep_typed, show_notes
from pages.prioritising import show_priorities
from pages.project import current_project, save_button, unsaved
from pages.reading import assessed
from pages.shared import header, require_perimeter
from pages.shared_diagnosis import shared_diagnosis
from pages.squares import show_squares
from pages.standing_out import standing_out
from views.project import KEPT_HERE
from views.shared_diagnosis import INTRODUCTION

VIEWS = {
    "recueillir": "Recueillir",
    "croiser": "Croiser avec les chiffres",
    "afom": "Atouts et faiblesses (AFOM)",
    "priorites": "Priorités",
}

found = require_perimeter()
header(found, "Diagnostic partagé")
st.markdown(INTRODUCTION)
keep_typed()
view = linked_segments("Étape", VIEWS, "recueillir", "etape", label_visibility="collapsed")
if view == "recueillir":
    show_notes(found)
else:
    comparator = choose_comparator(found)
    frame = assessed(found, comparator)
    out = standing_out(found, frame)
    shared = shared_diagnosis(found, comparator, frame, out, current_project())
    if view == "croiser":
        show_crossing(found, comparator, shared)
    elif view == "afom":
        show_squares(found, comparator, shared)
    else:
        show_priorities(shared)
st.divider()
save_button(key="enregistrer_partage")
st.caption(KEPT_HERE)
if unsaved():
    st.caption(":material/edit: Des notes ne sont pas encore enregistrées.")
