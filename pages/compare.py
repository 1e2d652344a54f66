"""Compare: choose the better of two answers to one task, or put several in order. Names are hidden, sides drawn by lot.

Leads also see here what preferences say: a queue is chosen already, and the report is on it.
"""

from pathlib import Path

import streamlit as st

from core.store.queues import get_queue
from dashboard.components.desks import compare_desk, rank_desk
from dashboard.identity import acting
from dashboard.parts.pair_making import offer_pairs
from dashboard.parts.preference_report import show_preference_report
from dashboard.parts.queue_choice import choose_queue
from dashboard.process import store

DESK, REPORT = "Compare", "Report"

actor = acting()


def offer() -> None:
    """What stands beside the choice of the queue."""
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        if actor.leads:
            bound = {"key": "compare_view", "bind": "query-params", "label_visibility": "collapsed"}
            st.segmented_control("View", [DESK, REPORT], default=DESK, required=True, **bound)
        offer_pairs(actor)


queue, item = choose_queue("Compare", ("pair", "ranking"), "compare_queue", offer)
if queue is None:
    st.info("There are no pairs yet. Make some from runs of the same task or from corrections, or import them.")
    offer_pairs(actor)
    st.page_link(Path(__file__).with_name("traces.py"), label="Import on the Traces page", icon=":material/upload:")
    st.stop()

if actor.leads and st.session_state.get("compare_view") == REPORT:
    show_preference_report(queue)
    st.stop()

with store().reading() as session:
    subject = get_queue(session, queue).subject
desk = rank_desk if subject == "ranking" else compare_desk
desk(queue, item, actor.id)
