"""A lesson from a resolution: what was decided about a run is evidence for what agents should do next time."""

from __future__ import annotations

import streamlit as st

from core.store.catalog import list_agents
from core.store.traces import trace_line
from dashboard.identity import Actor
from dashboard.parts.adjudication_decision import Opened
from dashboard.parts.lesson_card import STYLE
from dashboard.parts.lesson_form import Source, writing_form
from dashboard.process import store


def show_lesson_form(opened: Opened, actor: Actor) -> None:
    """The form, once a question about a run is resolved; it rests on the run, and on the step that was named."""
    if opened.stands is None or opened.place.subject.trace_id is None:
        return
    with store().reading() as session:
        trace, agents = trace_line(session, opened.place.subject.trace_id), list_agents(session)
    step = opened.place.subject.step_id or next((one.step_id for one in opened.stands.marks if one.step_id), "")
    # a review that its own writer edits or withdraws takes their lesson with it; one that others wrote stays as it is
    theirs = (one.id for one in opened.given if one.id == opened.stands.adopted_id and one.person_id != actor.id)
    source = Source(f"resolved_{opened.stands.id}", trace.agent, ((trace.uid, step),), next(theirs, None))
    with st.expander("Write a lesson", icon=":material/school:"):
        st.html(STYLE)
        at = f", step {opened.steps[step] + 1}" if step in opened.steps else ""
        st.caption(f"It rests on this run{at}, and waits on Lessons like every proposal.")
        writing_form(actor, agents, source=source)
