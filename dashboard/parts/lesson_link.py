"""One lesson that a link names, alone on the Lessons page."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.store.lessons import lessons_by_uid
from dashboard.identity import Actor
from dashboard.parts.lesson_decisions import show_lesson
from dashboard.parts.lesson_near import look_around
from dashboard.process import store

LESSON = "lesson"
"""The part of the address that names it."""


def show_linked(actor: Actor, agents: Sequence[str]) -> bool:
    """Show the lesson that the address names; False where it names none."""
    wanted = st.query_params.get(LESSON, "")[:64]
    if not wanted:
        return False
    with store().reading() as session:
        line = lessons_by_uid(session, [wanted]).get(wanted)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button("All lessons", icon=":material/arrow_back:", type="tertiary", on_click=_leave)
        if line is not None:
            st.badge(line.state.value, color="gray")
    if line is None:
        st.info("This lesson is not here. It may have been removed.", icon=":material/search_off:")
    else:
        show_lesson(line, actor, agents, look_around([line]))
    return True


def _leave() -> None:
    st.query_params.pop(LESSON, None)
