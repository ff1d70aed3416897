"""Mode réunion: the story on the wall, and what prepares it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st
from pydantic import ValidationError

from diagnostic.perimeter import file_name
from diagnostic.records import Vote
from pages.comparator import choose_comparator
from pages.project import add, current_project, remove, save_button
from pages.shared import header, require_perimeter
from pages.story import build_story
from views.story_html import NOTES_CSS, notes_document, notes_html, story_document
from views.story_wall import wall
from views.story_words import vote_text
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
# Votes taken out of the project, that the browser still holds.
REMOVED = "removed_votes"


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


def note_votes(votes: Sequence[Mapping[str, object]], noted: set[str]) -> bool:
    """Write in the project the votes of the browser that it does not hold; whether there were any."""
    removed = st.session_state.get(REMOVED, set())
    fresh = [vote for vote in votes if vote.get("id") not in noted | removed]
    for vote in fresh:
        try:
            add(Vote.model_validate(vote))
        except ValidationError:
            st.warning(
                "Un vote reçu du navigateur est illisible : il n'est pas inscrit. Refaites-le.",
                icon=":material/how_to_vote:",
            )
            return False
    return bool(fresh)


def show_votes() -> None:
    """The votes of the project, the last first; each can be taken out."""
    votes = sorted(current_project().votes, key=lambda vote: (vote.written, vote.id), reverse=True)
    if not votes:
        return
    st.subheader("Votes inscrits dans le projet", anchor=False)
    for vote in votes:
        said, out = st.columns([6, 1], vertical_alignment="center")
        said.markdown(escape_markdown(vote_text(vote.held_on, vote.priorities)))
        if out.button("Retirer", key=f"retirer-{vote.id}", icon=":material/delete:"):
            remove(vote.id)
            st.session_state.setdefault(REMOVED, set()).add(vote.id)
            st.rerun()
    save_button()


found = require_perimeter()
header(found, "Mode réunion")
comparator = choose_comparator(found)
story = build_story(found, comparator, own_address())
if st.query_params.get(NOTES) == "1":
    st.html(f"<style>{NOTES_CSS}</style>{notes_html(story)}")
    st.stop()

noted = {vote.id for vote in current_project().votes}
if note_votes(wall(story, key="reunion", saved=sorted(noted)), noted):
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
