"""The votes of a meeting: from the browser that counted them to the project, and back out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st
from pydantic import ValidationError

from diagnostic.records import Vote
from pages.project import add, current_project, remove, save_button
from views.story_words import vote_text
from views.text import escape_markdown

# Votes taken out of the project, that the browser still holds.
REMOVED = "removed_votes"


def known_votes() -> set[str]:
    """Identifiers of the votes that the browser need not send again: written, or taken out."""
    return {vote.id for vote in current_project().votes} | st.session_state.get(REMOVED, set())


def note_votes(votes: Sequence[Mapping[str, object]]) -> bool:
    """Write in the project the votes of the browser that it does not hold; whether there were any."""
    known = known_votes()
    fresh = [vote for vote in votes if vote.get("id") not in known]
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
