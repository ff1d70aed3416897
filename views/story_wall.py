"""The wall inside the application: one Streamlit component that holds the whole story.

The story lives in a modal dialog of the page itself: the browser puts it over everything, keeps the
keyboard in it, and no message of Streamlit about a lost network can come between it and the room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from views.story import Story
from views.story_html import STORY_CSS, STORY_JS, story_data

_OPEN_BUTTON = """
.open-story { font: inherit; padding: .5rem 1rem; color: #fff; background: #12407a; border: 0;
  border-radius: 4px; cursor: pointer; }
.open-story:focus-visible { outline: 3px solid #d9620b; outline-offset: 2px; }
"""
_MOUNT = """
export default function (component) {
  const { parentElement, data, setStateValue, setTriggerValue } = component;
  mountStory(parentElement, data, {
    record: (value) => setStateValue('votes', value),
    handout: () => setTriggerValue('handout', true),
  });
}
"""
_component = st.components.v2.component(
    "gradient.reunion", css=STORY_CSS + _OPEN_BUTTON, js=STORY_JS + _MOUNT
)


@dataclass(frozen=True)
class Heard:
    """What comes back from the room: the votes that the browser holds, oldest first, and whether the
    page to hand out was just asked for."""

    votes: list[dict[str, Any]]
    handout: bool


def wall(story: Story, key: str, saved: Sequence[str] = ()) -> Heard:
    """Show the story. ``saved``: identifiers of the votes that the project has already."""
    result = _component(
        data=story_data(story, saved),
        key=key,
        on_votes_change=lambda: None,
        on_handout_change=lambda: None,
    )
    votes = (result.votes or {}).get("votes", [])
    return Heard(list(votes) if isinstance(votes, list) else [], bool(result.handout))
