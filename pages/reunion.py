"""Mode réunion: the story on the wall, and what prepares it."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st

from diagnostic.perimeter import file_name
from pages.comparator import choose_comparator
from pages.shared import header, require_perimeter
from pages.story import build_story
from pages.voting import known_votes, note_votes, show_votes
from views.story_html import NOTES_CSS, notes_document, notes_html, story_document
from views.story_wall import wall
from views.text import count_of, escape_markdown

# What reopens the same screens: the perimeter, what it is compared with, the choices they rest on.
KEPT = (
    "p",
    "nom",
    "comparateur",
    "avec",
    "finalite",
    "seuils",
    "visee",
    "ressource",
    "base",
    "force",
)
KEPT_STARTS = ("poids_", "quantite")
NOTES = "notes"


def own_address() -> str:
    """Address that opens the story from its first screen; empty when the browser's is not known."""
    url = st.context.url
    if not url:
        return ""
    kept = {
        name: value
        for name, value in st.query_params.to_dict().items()
        if name in KEPT or name.startswith(KEPT_STARTS)
    }
    parts = urlsplit(url)
    query = urlencode(kept | {"ecran": "1"}, safe=":,")
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


found = require_perimeter()
header(found, "Mode réunion")
comparator = choose_comparator(found)
story = build_story(found, comparator, own_address())
if st.query_params.get(NOTES) == "1":
    st.html(f"<style>{NOTES_CSS}</style>{notes_html(story)}")
    st.stop()

if note_votes(wall(story, key="reunion", saved=sorted(known_votes()))):
    st.rerun()
st.markdown(
    f"**{count_of(len(story.screens), 'écran')}** : "
    + " · ".join(escape_markdown(screen.title) for screen in story.screens)
)
if story.dropped:
    st.markdown("**Écrans absents, et pourquoi**")
    st.markdown("\n".join(f"- {escape_markdown(reason)}" for reason in story.dropped))
    st.page_link("pages/donnees.py", label="Voir les données chargées", icon=":material/database:")
show_votes()
with st.container(horizontal=True):
    st.download_button(
        "Emporter la présentation (un fichier, sans réseau)",
        lambda: story_document(story).encode("utf-8"),
        file_name=file_name(found.perimeter, "-reunion.html"),
        mime="text/html",
        icon=":material/slideshow:",
        on_click="ignore",
    )
    st.download_button(
        "Notes du présentateur, à imprimer",
        lambda: notes_document(story).encode("utf-8"),
        file_name=file_name(found.perimeter, "-notes.html"),
        mime="text/html",
        icon=":material/speaker_notes:",
        on_click="ignore",
    )
