"""The same answers for every run of the filter: what it would do, the button, how far it came, and its undo."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st
from sqlalchemy.orm import Session

from core.clock import now
from core.errors import InvalidInput, LoopwrightError
from core.records import LabelSchema, Question
from core.review.answers import asked_questions
from core.review.bulk import answerable, begin_bulk, count_bulk, give_some, read_bulk, undo_some, why_not
from core.review.ready_made import RUN_REVIEW
from core.store.bulk import BulkCount, BulkLine, bulk_line, bulks_of
from core.store.schemas import SchemaVersion, get_schema, offered_schemas
from core.store.trace_filter import TraceFilter
from dashboard.identity import Actor
from dashboard.parts.numbers import escaped
from dashboard.parts.trace_list import ago
from dashboard.process import store

ABOUT = "Gives every run of the filter, not only those on this page, the same label. It can be undone."
SHOWN = 10

Batch = Callable[[Session, int, int], bool]


def bulk_door(chosen: TraceFilter, told: Mapping[str, str], actor: Actor) -> None:
    """The buttons above the list; `told` is what is chosen in the filters, by field."""
    if st.button("Label all of these …", icon=":material/checklist:", help=ABOUT):
        for name in [name for name in st.session_state if str(name).startswith("bulk_")]:
            del st.session_state[name]
        _ask(chosen, told, actor)
    with store().reading() as session:
        given = bulks_of(session, actor.id, SHOWN)
    if given:
        with st.popover(f"Bulk labels ({len(given)})", icon=":material/history:", on_change="rerun") as shown:
            if shown.open:
                with st.container(width=480):
                    for line in given:
                        _show(line, actor)


def show_unfinished(actor: Actor) -> None:
    """Bulk labels of this person that are running in another tab, or were cut short, each with its way on."""
    with store().reading() as session:
        given = bulks_of(session, actor.id, SHOWN)
    for line in given:
        if line.unfinished or line.half_undone:
            with st.container(border=True):
                _show(line, actor, "cut")


@st.dialog("Label all runs of this filter", width="large")
def _ask(chosen: TraceFilter, told: Mapping[str, str], actor: Actor) -> None:
    named = " · ".join(f"{field}: {value}" for field, value in told.items())
    st.caption(escaped(named) if named else "Nothing is chosen in the filters: these are all runs.")
    with store().reading() as session:
        offered = {one.schema.title: one for one in offered_schemas(session)}
    if not offered:
        st.info("There are no questions yet. A lead makes them on Label schemas.", icon=":material/help:")
        return
    usual = next((place for place, one in enumerate(offered.values()) if one.schema.key == RUN_REVIEW.key), 0)
    version = offered[st.selectbox("Questions", list(offered), usual, key="bulk_schema")]
    if reason := why_not(version.schema):
        st.info(reason, icon=":material/block:")
        return
    answers = _answers(version.schema)
    with store().reading() as session:
        counted = count_bulk(session, chosen, actor.id, version.schema)
    st.markdown(count_told(counted))
    name = f"Label {counted.runs:,} {'run' if counted.runs == 1 else 'runs'}"
    if st.button(name, type="primary", disabled=not counted.runs):
        _begin(chosen, actor, version, answers, counted)


def count_told(counted: BulkCount) -> str:
    """What would be done, in words."""
    n, mine, hidden = counted.runs, counted.labelled, counted.hidden
    told = f"This labels **{n:,} {'run' if n == 1 else 'runs'}**"
    if mine:
        told += f"; {mine:,} that you have labelled already {'stays as it is' if mine == 1 else 'stay as they are'}"
    if hidden:
        told += f"; {hidden:,} {'is' if hidden == 1 else 'are'} left out, which you have still to judge blind"
    return f"{told}."


def _begin(
    chosen: TraceFilter, actor: Actor, version: SchemaVersion, answers: Mapping[str, Any], counted: BulkCount
) -> None:
    try:
        label = read_bulk(version.schema, answers, actor.name)
        with store().session() as session:
            bulk = begin_bulk(session, actor.id, version.id, chosen, label, counted)
    except InvalidInput as error:
        st.error(error.message, icon=":material/error:")
        return
    _go_on(bulk, actor, give_some, counted.runs)


def _go_on(bulk: int, actor: Actor, batch: Batch, n: int) -> None:
    """Do batch after batch; whoever leaves the page meanwhile finds it cut short, and its way on."""
    bar = st.progress(0.0, "Beginning …")
    more = True
    while more:
        try:
            with store().session(patient=True) as session:
                more = batch(session, bulk, actor.id)
                line = bulk_line(session, bulk)
        except LoopwrightError as error:
            st.error(error.message, icon=":material/error:")
            return
        done = line.given if batch is give_some else line.given - line.standing
        bar.progress(min(1.0, done / max(n, 1)), f"{done:,} of {n:,}")
    st.rerun()


def _answers(schema: LabelSchema) -> dict[str, Any]:
    """The form; a question whose condition does not hold is not asked."""
    answers: dict[str, Any] = {}
    for question in schema.questions:
        if answerable(question) and question.key in asked_questions(schema, answers):
            value = _field(schema.key, question)
            if value not in (None, "", []):
                answers[question.key] = value
    left = [escaped(one.title) for one in schema.questions if not answerable(one)]
    if left:
        st.caption(f"Not asked here, because they point at a place in a run: {', '.join(left)}.")
    return answers


def _field(schema: str, question: Question) -> Any:
    title = escaped(question.title) + (" *" if question.required else "")
    shared: dict[str, Any] = {"key": f"bulk_{schema}_{question.key}", "help": escaped(question.help) or None}
    labels = {one.value: one.label for one in question.options}
    if question.kind == "yes_no":
        said = st.segmented_control(title, ["Yes", "No"], **shared)
        return None if said is None else said == "Yes"
    if question.kind in ("choice", "scale"):
        return st.segmented_control(title, list(labels), format_func=lambda value: escaped(labels[value]), **shared)
    if question.kind in ("multi_choice", "taxonomy"):
        return st.multiselect(title, list(labels), format_func=lambda value: labels[value], **shared)
    if question.kind == "number":
        return st.number_input(title, question.minimum, question.maximum, None, **shared)
    return st.text_area(title, **shared).strip()


def _show(line: BulkLine, actor: Actor, where: str = "list") -> None:
    with store().reading() as session:
        questions = {one.key: one for one in get_schema(session, line.schema_id).questions}
    told = " · ".join(
        f"{escaped(questions[key].title)} **{_said(questions[key], value)}**" for key, value in line.answers.items()
    )
    st.markdown(f"{_stands(line)}, {ago(line.at, now())}: {told}")
    with st.container(horizontal=True, gap="small"):
        if line.runs_still:
            st.button("Look again", key=f"bulk_{where}_look_{line.id}", icon=":material/refresh:")
            return
        if line.unfinished and st.button("Finish it", key=f"bulk_{where}_finish_{line.id}"):
            _go_on(line.id, actor, give_some, line.n)
        if line.half_undone or (line.undone_at is None and line.standing):
            name = "Go on undoing" if line.half_undone else f"Undo {line.standing:,}"
            if st.button(name, key=f"bulk_{where}_undo_{line.id}", icon=":material/undo:"):
                _go_on(line.id, actor, undo_some, line.given)


def _stands(line: BulkLine) -> str:
    runs = f"{line.given:,} {'run' if line.given == 1 else 'runs'}"
    if line.runs_still and line.half_undone:
        return (
            f":blue-badge[:material/progress_activity: undo is running] {line.standing:,} of {runs} are still labelled"
        )
    if line.runs_still:
        return f":blue-badge[:material/progress_activity: running] {line.given:,} of {line.n:,} runs labelled"
    if line.half_undone:
        return f":orange-badge[undo was cut short] {line.standing:,} of {runs} are still labelled"
    if line.undone_at is not None:
        return f"{runs}, undone"
    if line.unfinished:
        return f":orange-badge[cut short] {line.given:,} of {line.n:,} runs labelled"
    changed = line.given - line.standing
    return f"{runs} labelled" + (f" ({changed:,} changed since)" if changed else "")


def _said(question: Question, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    named = {one.value: one.label for one in question.options}
    listed = value if isinstance(value, list) else [value]
    return escaped(", ".join(named.get(str(one), str(one)) for one in listed)[:200])
