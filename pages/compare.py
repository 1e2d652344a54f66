"""Compare: choose the better of two answers to one task. Names are hidden; sides are drawn by lot for each reviewer."""

from pathlib import Path

import streamlit as st

from dashboard.components.desks import compare_desk
from dashboard.identity import acting
from dashboard.parts.queue_choice import choose_queue

queue, item = choose_queue("Compare", "pair", "compare_queue")
if queue is None:
    st.info(
        "There are no pairs yet. Import some, or let runs of the same task be paired on the Traces page: they are put "
        "into a queue here."
    )
    st.page_link(Path(__file__).with_name("traces.py"), label="Import on the Traces page", icon=":material/upload:")
else:
    compare_desk(queue, item, acting().id)
