"""Large dataset versions, which are made in the background: asked for, watched and cancelled on the page."""

from __future__ import annotations

import streamlit as st

from core.dataset.definition import Definition
from core.dataset.versions import check_name
from core.store.dataset_orders import FAILED, MADE, WAITING, Order, add_order, cancel_order, list_orders
from dashboard.identity import Actor, acting
from dashboard.process import store, versions_due

AT_ONCE = 2_000
"""Candidates whose texts are read while somebody waits; versions of more are made in the background."""

_EVERY = 1.0
_SEEN = "datasets_orders_seen"


def order_version(definition: Definition, dataset: str) -> None:
    """Have a version made; raises InvalidInput for a name that is none."""
    check_name(dataset)
    with store().session() as session:
        add_order(session, dataset, definition.as_json(), acting().id)
    versions_due.set()


def show_orders(actor: Actor) -> None:
    """What is being made, with how far it is, and what came of the last ones."""
    with store().reading() as session:
        orders = list_orders(session)
    watched: set[int] = st.session_state.setdefault(_SEEN, set())
    watched |= {order.id for order in orders if order.is_open}
    if any(order.is_open for order in orders):
        _watch(actor)
    for order in orders:
        if order.id in watched and not order.is_open:
            watched.discard(order.id)
            _say_end(order)


@st.fragment(run_every=_EVERY)
def _watch(actor: Actor) -> None:
    with store().reading() as session:
        orders = list_orders(session)
    open_ones = [order for order in orders if order.is_open]
    if len(open_ones) < len(st.session_state.get("datasets_orders_open", ())) or not open_ones:
        st.session_state.datasets_orders_open = [order.id for order in open_ones]
        st.rerun()
    st.session_state.datasets_orders_open = [order.id for order in open_ones]
    for order in reversed(open_ones):
        bar, cancel = st.columns([8, 1], vertical_alignment="center")
        bar.progress(order.done / order.total if order.total else 0.0, _words(order))
        if cancel.button("Cancel", key=f"datasets_cancel_{order.id}", disabled=not actor.leads):
            with store().session() as session:
                cancel_order(session, order.id)
            st.rerun()


def _words(order: Order) -> str:
    if order.state == WAITING:
        return f"{order.dataset}: waits until what was asked for before it is made"
    far = f", {order.done:,} of {order.total:,}" if order.total else ""
    return f"{order.dataset}: {order.doing or 'begins'}{far}"


def _say_end(order: Order) -> None:
    if order.state == MADE:
        st.success(f"{order.dataset} {order.number} is there. Download it below.", icon=":material/check:")
    elif order.state == FAILED:
        st.error(f"{order.dataset}: {order.message}", icon=":material/error:")
    else:
        st.info(f"{order.dataset} was cancelled. Nothing was kept.", icon=":material/cancel:")
