"""Compare: choose the better of two answers to one task. Names are hidden; sides are drawn by lot for each reviewer."""

from pathlib import Path

import streamlit as st

from dashboard.components.desks import compare_desk
from dashboard.identity import acting
from dashboard.parts.pair_making import offer_pairs
from dashboard.parts.queue_choice import choose_queue

actor = acting()
queue, item = choose_queue("Compare", "pair", "compare_queue", lambda: offer_pairs(actor))
if queue is None:
    st.info("There are no pairs yet. Make some from runs of the same task or from corrections, or import them.")
    offer_pairs(actor)
    st.page_link(Path(__file__).with_name("traces.py"), label="Import on the Traces page", icon=":material/upload:")
else:
    compare_desk(queue, item, actor.id)
