"""Mode réunion: the story on the wall, and what prepares it."""

from __future__ import annotations

import streamlit as st

from diagnostic.perimeter import file_name
from pages.addresses import browser_base, is_kept, kept_query
from pages.comparator import choose_comparator
from pages.linked import carry_choices
from pages.shared import header, require_perimeter
from pages.story import build_story
from pages.voting import known_votes, note_votes, show_votes
from views.story_html import NOTES_CSS, notes_document, notes_html, story_document
from views.story_wall import wall
from views.text import count_of, escape_markdown

NOTES = "notes"


def own_address() -> str:
    """Address that opens the story from its first screen; empty when the browser's is not known."""
    base = browser_base()
    return f"{base}/reunion?{kept_query(ecran='1')}" if base else ""


found = require_perimeter()
header(found, "Mode réunion")
comparator = choose_comparator(found)
carry_choices(is_kept)
story = build_story(found, comparator, own_address())
if st.query_params.get(NOTES) == "1":
    st.html(f"<style>{NOTES_CSS}</style>{notes_html(story)}")
    st.stop()

heard = wall(story, key="reunion", saved=sorted(known_votes()))
fresh = note_votes(heard.votes)
if heard.handout:
    st.switch_page("pages/livrables.py", query_params={"documents": "feuillet"})
if fresh:
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
