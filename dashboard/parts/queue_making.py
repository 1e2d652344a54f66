"""The form on which a lead makes a queue: what, which questions, who, in which order; one button."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.errors import LoopwrightError
from core.review.queue_making import QueuePlan, QueueRules, fill, make, offered_questions, words_that_tell
from core.store.queue_filters import QueueFilter
from dashboard.identity import Actor
from dashboard.parts.notices import done, refused
from dashboard.parts.numbers import escaped
from dashboard.parts.queue_filters import SUBJECTS, choose_filter, counted, live_count, offered_subjects
from dashboard.parts.queue_rules import choose_rules
from dashboard.process import store
from dashboard.queue_ordering import put_in_order

SCHEMAS = Path(__file__).resolve().parents[2] / "pages" / "schemas.py"
_KEY = "queues_new"
_FIRST = {"trace": "run-review", "step": "process-reward", "pair": "preference"}
"""The questions that are proposed for a new queue."""


def making_form(actor: Actor) -> None:
    """Everything that a queue needs, from the top down; what is chosen is counted as it is chosen."""
    with st.container(border=True):
        subject = st.segmented_control(
            "What is reviewed",
            offered_subjects(),
            format_func=SUBJECTS.__getitem__,
            default="trace",
            required=True,
            key=f"{_KEY}_subject",
        )
        key = f"{_KEY}_{subject}"
        wanted = choose_filter(subject, key)
        n = live_count(subject, wanted)
        questions = _choose_questions(subject, key)
        rules = choose_rules(subject, key, QueueRules())
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            name = st.text_input("Name of the queue", key=f"{_KEY}_name", max_chars=200, width=320)
            st.button(
                f"Make the queue with {counted(n, subject)}" if n else "Make the empty queue",
                key=f"{_KEY}_make",
                type="primary",
                icon=":material/add:",
                on_click=_make,
                args=(actor, QueuePlan("", subject, wanted, questions, rules)),
            )
        if rules.blind and (telling := words_that_tell(name, wanted)):
            st.warning(
                f"Reviewers see this name, and it tells them “{escaped(telling)}”, which a blind queue hides. Choose "
                "one that says nothing of version or outcome.",
                icon=":material/visibility:",
            )
        if not n and not rules.standing and name:
            st.caption("Nothing fits now, and what comes later joins only a standing queue.")


def _choose_questions(subject: str, key: str) -> str | None:
    """Which questions are asked; their guidelines are shown, for they decide what answers mean."""
    with store().reading() as session:
        schemas = {schema.key: schema for schema in offered_questions(session)}
    free = subject in ("pair", "ranking")
    names = [*([""] if free else []), *schemas]
    first = names.index(_FIRST[subject]) if _FIRST.get(subject) in names else 0
    chosen = st.selectbox(
        "Which questions",
        names,
        first,
        format_func=lambda name: (
            f"{schemas[name].title}, version {schemas[name].version}" if name else "Only the choice"
        ),
        key=f"{key}_questions",
        width=420,
        help="A label schema, in its newest version.",
    )
    if not chosen:
        return None
    schema = schemas[chosen]
    asked = ", ".join(question.title for question in schema.questions)
    st.caption(f"Asks: {escaped(asked)}")
    with st.expander("Guidelines"):
        st.text(schema.guidelines or "This schema has no guidelines yet.")
        if SCHEMAS.exists():
            edit = {"query_params": {"schema": schema.key}}
            st.page_link(SCHEMAS, label="Edit them on Label schemas", icon=":material/edit:", **edit)
    return chosen


def _make(actor: Actor, plan: QueuePlan) -> None:
    """Make and fill the queue; what is wrong is said, and the form stays as it was filled in."""
    name = str(st.session_state.get(f"{_KEY}_name", ""))
    try:
        with store().session() as session:
            plan = QueuePlan(name, plan.subject, plan.wanted, plan.questions, plan.rules)
            queue = make(session, plan, actor.person()).id
        filled = fill(store(), queue)
        put_in_order(queue)
    except LoopwrightError as error:
        refused(error.message)
        return
    for one in [one for one in st.session_state if str(one).startswith(_KEY)]:
        del st.session_state[one]
    st.session_state.queues_making = False
    done(f"The queue is open, with {counted(filled.added, plan.subject)}.")
    st.query_params["queue"] = str(queue)


def put_more(actor: Actor, queue: int, subject: str, standing: QueueFilter | None) -> None:
    """Put more into a queue that is there: by another filter, or what fits its own since."""
    key = f"queues_more_{queue}"
    wanted = choose_filter(subject, key)
    n = live_count(subject, wanted)
    said = "What is in the queue already stays as it is, also what was discarded."
    if standing is not None:
        said += " What joins by itself goes on by the queue's first filter."
    st.caption(said)
    st.button(
        f"Put in {counted(n, subject)}", key=f"{key}_go", disabled=not n, on_click=_put, args=(actor, queue, wanted)
    )


def _put(actor: Actor, queue: int, wanted: QueueFilter) -> None:
    if not actor.leads:
        return
    try:
        filled = fill(store(), queue, wanted)
        put_in_order(queue)
    except LoopwrightError as error:
        refused(error.message)
        return
    known = filled.fitting - filled.added
    done(f"{filled.added:,} were new to the queue; {known:,} were in it already.")
