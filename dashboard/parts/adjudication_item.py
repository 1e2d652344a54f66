"""One disagreement opened: the run or the compared answers on the left, what was said and the decision beside."""

from __future__ import annotations

import streamlit as st

from core.errors import NotFound
from core.records import LabelSchema, Question
from core.review.adjudication import Disagreement, compare, questions_of, with_resolutions
from core.review.history import history
from core.review.resolving import standing
from core.review.suggesting import suggestion
from core.store.disagreements import positions, stamp
from core.store.history import Revision, revisions
from core.store.rankings import letters_of
from core.store.resolutions import Subject
from core.store.schemas import get_schema, newest_schema_id
from dashboard.components import trace_reader
from dashboard.components.sides import show_sides
from dashboard.identity import Actor
from dashboard.parts.adjudication_answers import answers_that_stand
from dashboard.parts.adjudication_decision import Opened, show_decision
from dashboard.parts.adjudication_guideline import show_guideline
from dashboard.parts.adjudication_lesson import show_lesson_form
from dashboard.parts.adjudication_list import Place, go_to
from dashboard.parts.numbers import escaped
from dashboard.parts.pair_view import pair_view
from dashboard.parts.ranking_view import ranking_view
from dashboard.parts.trace_history import show_events
from dashboard.parts.trace_view import view_trace
from dashboard.process import settings, store


def found_disagreements(queue: int | None, again: bool) -> list[Disagreement]:
    """All disagreements of a queue, or of all, with what is resolved by now.

    The answers are compared `again` if any was given since; without, as when the person last looked at the list, so
    that the order in which they go through it stays.
    """
    with store().reading() as session:
        if again or "adjudicate_stamp" not in st.session_state:
            st.session_state.adjudicate_stamp = stamp(session)
        found = _compared(settings().database_url, queue, st.session_state.adjudicate_stamp)
        return with_resolutions(session, found)


@st.cache_resource(max_entries=4, show_spinner="Comparing the answers …")
def _compared(database: str, queue: int | None, stamp: str) -> list[Disagreement]:
    with store().reading() as session:
        return compare(session, queue)


def show_item(place: Place, actor: Actor) -> None:
    """A disagreement and all that can be decided about it; raises NotFound where nothing was said there."""
    subject = place.subject
    with store().reading() as session:
        said = revisions(session, subject)
        given = _given(said, place)
        schema_id = max((one.schema_id or 0 for one in given), default=0) or _asked_before(said, place)
        schema = get_schema(session, schema_id) if schema_id else None
        asked = questions_of(schema, subject)
        question = next((one for one in asked if one.key == place.question), None)
        if question is None:
            raise NotFound("Nobody has answered such a question here. It may have been given out again, or removed.")
        stands = standing(session, subject, place.schema, place.question)
        proposed = suggestion(session, subject, schema, place.question) if stands is None else None
        letters = letters_of(session, subject.ranking_id) if subject.ranking_id is not None else ""
        steps = positions(session, [subject.trace_id])[subject.trace_id] if subject.trace_id is not None else {}
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _show_subject(subject, steps, actor)
    with right, st.container(key="adjudicate_answers", gap="small"):
        _choose_question(place, asked, question)
        opened = Opened(place, schema_id or None, question, asked, given, stands, proposed, steps, letters)
        show_decision(opened, actor.person())
        show_lesson_form(opened, actor)
        newest = schema and _newest(schema)
        if newest:
            guiding = st.session_state.pop("adjudicate_guiding", False)
            with st.expander("The guideline is unclear", icon=":material/help_center:", expanded=guiding):
                current = next((one for one in newest[1].questions if one.key == question.key), question)
                show_guideline(newest[0], newest[1], current, actor)
        with store().reading() as session:
            events = history(session, subject, actor.person())
        with st.expander(f"History ({len(events)})", icon=":material/history:"):
            show_events(events)


def _given(said: list[Revision], place: Place) -> list[Revision]:
    mine = [one for one in said if one.subject == place.subject]
    if place.subject.trace_id is not None:
        return answers_that_stand(mine, place.schema)
    schemas = dict.fromkeys(one.schema for one in mine)
    return sorted((one for key in schemas for one in answers_that_stand(mine, key)), key=lambda one: (one.at, one.id))


def _asked_before(said: list[Revision], place: Place) -> int:
    """The questions that were asked where nobody's answer stands now."""
    mine = (one for one in said if one.subject == place.subject and place.schema in ("", one.schema))
    return max((one.schema_id or 0 for one in mine), default=0)


def _newest(schema: LabelSchema) -> tuple[int, LabelSchema] | None:
    with store().reading() as session:
        row = newest_schema_id(session, schema.key)
        return None if row is None else (row, get_schema(session, row))


def _show_subject(subject: Subject, steps: dict[str, int], actor: Actor) -> None:
    with store().reading() as session:
        if subject.pair_id is not None:
            view = pair_view(session, subject.pair_id, "a")
            st.markdown(f"**{escaped(view['task']['title'])}**")
            pair = view["pair"]
            show_sides([pair["left"], pair["right"]], pair["context"])
            return
        if subject.ranking_id is not None:
            view = ranking_view(session, subject.ranking_id, "")
            st.markdown(f"**{escaped(view['task']['title'])}**")
            show_sides(view["ranking"]["cards"])
            return
        at = steps.get(subject.step_id)
        run = view_trace(session, subject.trace_id or 0, None if at is None else at + 1, actor.id)
    st.markdown(f"**{escaped(' '.join(run.task.split())[:240])}**")
    trace_reader(**run.reader, taken=["n"])


def _choose_question(place: Place, asked: tuple[Question, ...], question: Question) -> None:
    names = {one.key: one.title for one in asked if one.kind != "lesson"}
    key = f"adjudicate_asked_{place.subject}_{place.question}"
    st.selectbox(
        "Question",
        list(names),
        list(names).index(question.key) if question.key in names else 0,
        format_func=names.__getitem__,
        key=key,
        label_visibility="collapsed",
        on_change=lambda: go_to(Place(place.subject, place.schema, st.session_state[key])),
    )
    if question.help:
        st.caption(escaped(question.help))
