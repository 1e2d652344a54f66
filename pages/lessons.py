"""Lessons: decide what agents are taught, and try what they would be given."""

from math import ceil

import streamlit as st

from core.errors import LoopwrightError
from core.memory.recall import RecallRequest, recall
from core.records import LessonState
from core.store.catalog import list_agents
from core.store.lessons import UNDECIDED, count_lessons, list_lessons
from dashboard.identity import acting
from dashboard.parts.lesson_card import STYLE, show_recalled
from dashboard.parts.lesson_contradictions import open_contradictions, show_contradictions
from dashboard.parts.lesson_decisions import show_lesson
from dashboard.parts.lesson_form import NEW, begin, writing_form
from dashboard.parts.lesson_lift import show_lift
from dashboard.parts.lesson_link import show_linked
from dashboard.parts.lesson_near import look_around, unanswered
from dashboard.parts.settled import forget, with_settled
from dashboard.process import lesson_index, store

PAGE = 20
TRY, AGAINST, LIFT = "try", "contradictions", "lift"
VIEWS = {
    "proposed": list(UNDECIDED),
    "active": [LessonState.ACTIVE],
    "retired": [LessonState.RETIRED, LessonState.REJECTED, LessonState.SUPERSEDED],
}
EMPTY = {
    "proposed": "No proposal waits for a decision. Reviewers write them at the end of a review; you can write one too.",
    "active": "No lesson is active yet. Approve a proposal, and agents are given it within a second.",
    "retired": "Nothing has been rejected or retired.",
}

actor = acting()
with store().reading() as session:
    agents = list_agents(session)
    counts = count_lessons(session)
    against = open_contradictions(session) if actor.leads else []

st.html(STYLE)
with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    st.title("Lessons", help="When this happens, do that: approved text that agents retrieve before they act.")
    st.button("Write a lesson", icon=":material/add:", on_click=begin, args=(NEW,))
if st.session_state.get("lessons_doing") == NEW:
    writing_form(actor, agents)

if show_linked(actor, agents):
    st.stop()

views = [*VIEWS, *([AGAINST] if actor.leads else []), LIFT, TRY]


def named(name: str) -> str:
    """A view with how much stands in it."""
    if name in (TRY, LIFT):
        return "Try a recall" if name == TRY else "Lift"
    many = len(against) if name == AGAINST else sum(counts.get(state, 0) for state in VIEWS[name])
    return f"{name.capitalize()} {many:,}"


if "lessons_view" not in st.session_state:
    asked = st.query_params.get("view", "")
    st.session_state.lessons_view = asked if asked in views else "proposed"
    st.session_state.pop("lessons_shown", None)
view = st.segmented_control(
    "Lessons",
    views,
    format_func=named,
    key="lessons_view",
    required=True,
    label_visibility="collapsed",
)
st.query_params["view"] = view
if st.session_state.get("lessons_shown") != view:
    forget()
st.session_state.lessons_shown = view

if view == AGAINST:
    pairs = st.pagination(ceil(len(against) / PAGE), key="lessons_page_against") if len(against) > PAGE else 1
    show_contradictions(against[(pairs - 1) * PAGE : pairs * PAGE], actor)
elif view == LIFT:
    show_lift(actor, agents)
elif view != TRY:
    total = sum(counts.get(state, 0) for state in VIEWS[view])
    page = st.pagination(ceil(total / PAGE), key=f"lessons_page_{view}") if total > PAGE else 1
    with store().reading() as session:
        lines = list_lessons(session, VIEWS[view], limit=PAGE, start=(page - 1) * PAGE)
    rows = with_settled(f"lessons {view}", {line.id: line for line in lines})
    if not rows:
        st.info(EMPTY[view], icon=":material/school:")
    elif not actor.leads and view == "proposed":
        st.caption(
            "What everybody proposed, you too. Agents are given it once a lead, or two reviewers who did not "
            "write it, agree."
        )
    around = look_around([line for line, _ in rows])
    first = next((line.id for line, became in rows if not became and unanswered(line, around)), None)
    for line, became in rows:
        show_lesson(line, actor, agents, around, became, keys=line.id == first)
else:
    with st.form("lessons_try"):
        situation = st.text_area(
            "The situation an agent is in",
            key="lessons_situation",
            height=110,
            placeholder="I received this jacket two months ago and would like to send it back.",
        )
        left, right, go = st.columns([3, 2, 1], vertical_alignment="bottom")
        agent = left.selectbox(
            "Agent",
            ["", *agents],
            format_func=lambda name: name or "any agent",
            help="An agent is given the lessons that are for it and those for every agent.",
        )
        k = right.number_input("At most this many lessons", 1, 50, 5)
        tried = go.form_submit_button("Try", icon=":material/search:", type="primary", width="stretch")
    if situation.strip():
        try:
            with store().reading() as session:
                found = recall(session, lesson_index(), RecallRequest(agent, situation, k=int(k)), dry_run=True)
        except LoopwrightError as error:
            st.error(error.message, icon=":material/error:")
            st.stop()
        given, prompt = st.columns([3, 2], gap="medium")
        with given:
            st.subheader(f"Given: {len(found.lessons)}", anchor=False)
            if not found.lessons:
                st.info("No active lesson fits this situation well enough: nothing would be given.")
            show_recalled(found.lessons, faint=False)
            if found.near:
                st.subheader(
                    "Not similar enough",
                    anchor=False,
                    help=f"Similarity below {found.threshold:.2f}: they are shown here only, never given.",
                )
                show_recalled(found.near, faint=True)
        with prompt:
            st.subheader("What the agent reads", anchor=False, help="The exact text, to be put into its context.")
            st.code(found.prompt or "(nothing)", language=None, wrap_lines=True)
    elif tried:
        st.warning("Type a situation first: what a customer said, or what the agent is about to do.")
    elif not counts.get(LessonState.ACTIVE):
        st.info("No lesson is active yet, so nothing can be recalled. Approve one first.", icon=":material/school:")
