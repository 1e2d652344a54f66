"""Review: read a run, say what was wrong, correct it. What is read and decided stands in one browser component."""

from pathlib import Path

import streamlit as st

from dashboard.components.desks import review_desk
from dashboard.identity import acting
from dashboard.parts.queue_choice import choose_queue

queue, item = choose_queue("Review", ("trace", "step"), "review_queue")
if queue is None:
    st.info("No run has been imported yet. What you import is put into a queue here, ready to be reviewed.")
    st.page_link(Path(__file__).with_name("traces.py"), label="Import on the Traces page", icon=":material/upload:")
else:
    review_desk(queue, item, acting().id)
