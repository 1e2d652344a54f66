"""The head of a desk's page: its title, and the queue to work on, which stands in the address."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.store.items import get_item
from core.store.queues import PAUSED, list_queues
from core.store.tables import QueueRow
from dashboard.identity import acting
from dashboard.process import store

# The desk fills the window and scrolls inside itself; the page around it must not scroll as well.
# Without the sidebar, Streamlit's own head covers the top of the page.
_FILL = """<style>
.stMainBlockContainer { padding: 0.6rem 1.5rem 0 !important; max-width: none; }
.stApp:has([data-testid="stExpandSidebarButton"]) .stMainBlockContainer { padding-top: 4.2rem !important; }
</style>"""


def choose_queue(
    title: str, subjects: Sequence[str], key: str, offer: Callable[[], None] | None = None
) -> tuple[int | None, str | None]:
    """The queue to work on (None when there is none yet) and the item that the address names, if it names one.

    `subjects` are what its items may be, `key` its name in the address. An item decides its queue, unless one is named.
    `offer` draws actions beside the choice. Offered are the queues that whoever acts may review.
    """
    st.html(_FILL)
    item = st.query_params.get("item")
    with store().reading() as session:
        queues = {queue.id: queue for queue in list_queues(session, *subjects, person=acting().id)}
        names = {one: queue.name + " (paused)" * (queue.state == PAUSED) for one, queue in queues.items()}
        queue = _queue_of(session, item) if item and key not in st.query_params else None
    if not names:
        st.subheader(title)
        return None, None
    # not bound by Streamlit: that writes the shown name, which changes as a queue is paused
    asked = _asked(names, st.query_params.get(key), queues)
    if asked is None:
        st.query_params.pop(key, None)
    if asked is not None or (queue in names and key not in st.session_state):
        st.session_state[key] = asked if asked is not None else queue
    left, middle, right = st.columns([4, 1, 2] if offer is None else [3, 4, 2], vertical_alignment="center")
    left.subheader(title, anchor=False)
    if offer is not None:
        with middle:
            offer()
    chosen = right.selectbox(
        "Queue",
        list(names),
        format_func=names.__getitem__,
        key=key,
        label_visibility="collapsed",
        on_change=_chosen,
        args=(key,),
    )
    return chosen, item


def _queue_of(session: Session, item: str) -> int | None:
    if not (item.isascii() and item.isdigit() and len(item) < 16):
        return None
    try:
        return get_item(session, int(item)).queue_id
    except NotFound:
        return None


def _asked(names: Mapping[int, str], address: str | None, queues: Mapping[int, QueueRow]) -> int | None:
    """The queue that the address names, by its number or its name."""
    return next((one for one in names if address in (str(one), queues[one].name)), None)


def _chosen(key: str) -> None:
    """Write the chosen queue into the address; the item that stood there was another queue's."""
    st.query_params[key] = str(st.session_state[key])
    st.query_params.pop("item", None)
