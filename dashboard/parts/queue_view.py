"""One queue as its lead sees it: state, progress, people, what needs attention, rules, more to put in."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.errors import LoopwrightError
from core.review import queue_changes
from core.review.queue_making import QueueRules, fill
from core.store.queue_filters import QueueFilter
from core.store.queue_work import work_in
from core.store.queues import ARCHIVED, PAUSED, QUEUE_OPEN
from core.store.schemas import get_schema
from core.store.tables import QueueRow
from dashboard.identity import Actor
from dashboard.parts.notices import done, refused
from dashboard.parts.numbers import escaped
from dashboard.parts.queue_attention import carry_out, offer_release, show_attention
from dashboard.parts.queue_filters import SUBJECTS, filter_words
from dashboard.parts.queue_gold import show_gold
from dashboard.parts.queue_making import put_more
from dashboard.parts.queue_progress import count_and_pace, pace_words, show_bar, show_people
from dashboard.parts.queue_rules import ORDERS, choose_rules
from dashboard.parts.settled import forget
from dashboard.process import store
from dashboard.queue_ordering import put_in_order

PAGES = Path(__file__).resolve().parents[2] / "pages"
PEOPLE, ATTENTION, RULES, MORE, GOLD = "People", "Needs attention", "Rules", "Put more in", "Known answers"
DESKS = {"trace": "review", "step": "review", "pair": "compare", "ranking": "compare"}


def badges(queue: QueueRow) -> None:
    """What is special about a queue, in words."""
    if queue.state != QUEUE_OPEN:
        st.badge(
            queue.state, icon=":material/pause:" if queue.state == PAUSED else ":material/archive:", color="orange"
        )
    if queue.standing:
        st.badge("standing", icon=":material/all_inclusive:", color="violet")
    st.badge("blind" if queue.blind else "not blind", icon=":material/visibility_off:", color="gray")


def to_desk(queue: QueueRow) -> None:
    """The way to the desk on which the queue is reviewed."""
    page = DESKS[queue.subject]
    st.page_link(
        PAGES / f"{page}.py",
        label=page.capitalize(),
        icon=":material/rate_review:",
        query_params={f"{page}_queue": str(queue.id)},
    )


def show_queue(actor: Actor, queue: QueueRow) -> None:
    """Everything about one queue."""
    with store().reading() as session:
        rules = queue_changes.rules_of(session, queue)
        schema = get_schema(session, queue.schema_id) if queue.schema_id is not None else None
        work = work_in(session, queue)
    counts, found = count_and_pace(queue)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader(escaped(queue.name), anchor=False, width="content")
        badges(queue)
        to_desk(queue)
        _states(actor, queue)
    asked = f"{schema.title}, version {schema.version}" if schema is not None else "only the choice"
    who = "everybody" if not rules.people else f"{len(rules.people)} people"
    overlap = f"{queue.overlap} reviewer{'' if queue.overlap == 1 else 's'} an item"
    wanted = filter_words(queue.subject, QueueFilter.from_json(queue.filter))
    st.caption(
        f"{SUBJECTS[queue.subject]}: {escaped(wanted)} · asks "
        f"{escaped(asked)} · {who} · {overlap} · {ORDERS.get(queue.order, queue.order).lower()}"
    )
    show_bar(counts, queue.subject)
    st.markdown(pace_words(found, counts.answers_left))
    views = [PEOPLE, ATTENTION, RULES, MORE, GOLD]
    anew = "queues_view" not in st.session_state  # what a control says is gone once the person was elsewhere
    view = st.segmented_control(
        "View",
        views,
        format_func=lambda name: f"{name}: {counts.flagged:,}" if name == ATTENTION and counts.flagged else name,
        default=PEOPLE,
        required=True,
        key="queues_view",
        label_visibility="collapsed",
    )
    if anew or st.session_state.get("queues_shown") != (queue.id, view):
        forget()
    st.session_state.queues_shown = (queue.id, view)
    if view == PEOPLE:
        show_people(work, counts.done)
        offer_release(actor, queue, work)
    elif view == ATTENTION:
        show_attention(actor, queue)
    elif view == RULES:
        _rules(actor, queue, rules)
    elif view == MORE:
        put_more(actor, queue.id, queue.subject, QueueFilter.from_json(queue.filter) if queue.standing else None)
    else:
        show_gold(actor, queue)


def _states(actor: Actor, queue: QueueRow) -> None:
    offers = {
        QUEUE_OPEN: [("Pause", PAUSED, "pause"), ("Archive", ARCHIVED, "archive")],
        PAUSED: [("Resume", QUEUE_OPEN, "play_arrow"), ("Archive", ARCHIVED, "archive")],
        ARCHIVED: [("Open again", QUEUE_OPEN, "unarchive")],
    }
    about = {
        PAUSED: "Nothing more is given out; what people hold they may still submit.",
        ARCHIVED: "It leaves every list, and nothing joins it any more. What was answered is kept.",
        QUEUE_OPEN: "It is given out again; a standing queue also takes what came meanwhile.",
    }
    for label, state, icon in offers[queue.state]:
        st.button(
            label,
            key=f"queues_{state}_{queue.id}",
            icon=f":material/{icon}:",
            help=about[state],
            on_click=_set_state,
            args=(actor, queue, state, label),
        )


def _set_state(actor: Actor, queue: QueueRow, state: str, label: str) -> None:
    said = {PAUSED: "paused", ARCHIVED: "archived", QUEUE_OPEN: "open"}[state]
    carry_out(
        lambda session: queue_changes.set_state(session, queue.id, state, actor.person()), f"The queue is {said}."
    )
    if state == QUEUE_OPEN and queue.standing and queue.state == ARCHIVED:
        try:
            added = fill(store(), queue.id).added
            done(f"{added:,} that came meanwhile joined it.")
        except LoopwrightError as error:
            refused(error.message)


def _rules(actor: Actor, queue: QueueRow, before: QueueRules) -> None:
    wanted = choose_rules(queue.subject, f"queues_rules_{queue.id}", before)
    st.caption(
        "What is reviewed and which label schema is asked stay: make another queue for those. Which version of the "
        "schema is asked is decided on Label schemas."
    )
    st.button(
        "Save the rules",
        key=f"queues_rules_save_{queue.id}",
        type="primary",
        disabled=wanted == before,
        on_click=_change,
        args=(actor, queue.id, wanted),
    )


def _change(actor: Actor, queue: int, rules: QueueRules) -> None:
    """Save the rules; the items are put in their new order before the page says so."""
    try:
        with store().session() as session:
            moved = queue_changes.change_rules(session, queue, rules, actor.person())
        if moved:
            put_in_order(queue)
    except LoopwrightError as error:
        refused(error.message)
    else:
        done("Saved." + (" Its items are in the new order." if moved else ""))
