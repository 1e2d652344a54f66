"""Queues: a lead says what is reviewed, by whom, in which order, and sees how far it is."""

import streamlit as st

from core.errors import LoopwrightError, NotFound
from core.store.queues import ARCHIVED, count_queue, get_queue, left_for, list_queues
from dashboard.identity import acting
from dashboard.parts.numbers import escaped
from dashboard.parts.queue_filters import ONE
from dashboard.parts.queue_making import making_form
from dashboard.parts.queue_progress import STYLE, show_bar
from dashboard.parts.queue_view import badges, show_queue, to_desk
from dashboard.process import store


def open_queue(queue: int) -> None:
    """Show one queue."""
    st.query_params["queue"] = str(queue)


def back() -> None:
    """Leave a queue for the list."""
    st.query_params.pop("queue", None)


def begin() -> None:
    """Show the form, or put it away."""
    st.session_state.queues_making = not st.session_state.get("queues_making", False)
    back()


actor = acting()
st.html(STYLE)
with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    st.title("Queues", help="A queue is a set of items to review under one set of questions.")
    making = actor.leads and st.session_state.get("queues_making", False)
    if actor.leads:
        label = "Put the form away" if making else "Make a queue"
        st.button(label, icon=":material/close:" if making else ":material/add:", key="queues_begin", on_click=begin)
if making:
    making_form(actor)

asked = st.query_params.get("queue", "")
if asked and actor.leads:
    try:
        if not (asked.isascii() and asked.isdigit() and len(asked) < 16):
            raise NotFound("There is no such queue. Choose one from the list.")
        with store().reading() as session:
            queue = get_queue(session, int(asked))
        st.button("All queues", icon=":material/arrow_back:", type="tertiary", on_click=back)
        show_queue(actor, queue)
        st.stop()
    except LoopwrightError as error:
        st.warning(error.message, icon=":material/warning:")
        back()

with store().reading() as session:
    found = list_queues(session, person=None if actor.leads else actor.id)
    shown = [
        (one, count_queue(session, one), left_for(session, one, actor.id)) for one in found if one.state != ARCHIVED
    ]
if not actor.leads:
    st.caption("These are yours to review. Only leads make queues.")
if not shown:
    st.info(
        "No queue yet: the first run that comes in makes one of all runs. A lead makes others here, of the runs, steps "
        "or pairs that a filter lets in.",
        icon=":material/inbox:",
    )
for queue, counts, left in shown:
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{escaped(queue.name)}**", width="content")
            badges(queue)
            st.caption(f"{left:,} {ONE[queue.subject]}{'' if left == 1 else 's'} left for you" if left else "")
            to_desk(queue)
            if actor.leads:
                st.button("Look after it", key=f"queues_open_{queue.id}", on_click=open_queue, args=(queue.id,))
        show_bar(counts, queue.subject)

archived = [one for one in found if one.state == ARCHIVED]
if archived and actor.leads:
    with st.expander(f"Archived: {len(archived):,}"):
        for queue in archived:
            name = f"queues_open_{queue.id}"
            st.button(escaped(queue.name), key=name, type="tertiary", on_click=open_queue, args=(queue.id,))
