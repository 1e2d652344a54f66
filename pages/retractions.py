"""Retractions: set apart what a reviewer said, what was said of a run, or under a version of a guideline; undo it."""

import streamlit as st

from core.retract.retracting import KINDS
from core.store.retractions import list_retractions
from dashboard.identity import acting
from dashboard.parts.retraction import ask_retraction
from dashboard.parts.retraction_list import show_retractions
from dashboard.parts.retraction_target import NAMES, choose_target
from dashboard.process import store

actor = acting()
st.title(
    "Retractions",
    help="Nothing is deleted: what is taken back stays, counts nowhere, and one click brings it back. To delete a run "
    "for good, open it on Traces and choose Remove.",
)
if not actor.leads:
    st.info(
        "Only leads take back what was said: a reviewer's word, a run, a version of a guideline. Your own answers you "
        "change where you gave them.",
        icon=":material/lock:",
    )
    st.stop()

linked = st.query_params.get("kind", "")
if linked in KINDS and st.session_state.get("retractions_linked") != st.query_params.to_dict():
    st.session_state.retractions_linked = st.query_params.to_dict()
    st.session_state.retractions_kind = linked
    st.session_state[f"retractions_{linked}"] = st.query_params.get("name", "")[:300]
kind = st.segmented_control(
    "What turned out to be wrong?", KINDS, format_func=NAMES.__getitem__, key="retractions_kind", width="content"
)
if kind is None:
    st.caption("Choose one: you see what hangs on it before anything is done.")
else:
    name = choose_target(kind)
    if name:
        ask_retraction(kind, name, actor)

with store().reading() as session:
    made = list_retractions(session)
show_retractions(made, actor)
