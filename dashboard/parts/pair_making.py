"""The offer to make pairs, for leads: from runs of the same task, or from corrections."""

from __future__ import annotations

import streamlit as st

from core.review.pairing import pair_corrections, pair_runs
from core.store.catalog import list_agents
from dashboard.identity import Actor
from dashboard.process import store

_SOURCES = {
    "versions": "Runs of one task by different versions",
    "trials": "Runs of one task by the same version",
    "corrections": "A step beside its correction",
}


def offer_pairs(actor: Actor) -> None:
    """A popover that makes pairs and says how many are new; annotators see who can."""
    with st.popover("Make pairs", icon=":material/add:"):
        if not actor.leads:
            st.caption("A lead makes pairs.")
            return
        with store().reading() as session:
            agents = list_agents(session)
        source = st.radio("From", list(_SOURCES), format_func=_SOURCES.__getitem__, key="compare_source")
        agent = ""
        if source != "corrections":
            agent = st.selectbox("Agent", agents, key="compare_agent", placeholder="No agent yet") or ""
            st.caption("One pair a task; runs that ended differently come first.")
        if st.button("Make pairs", key="compare_make", type="primary", disabled=source != "corrections" and not agent):
            with store().session() as session:
                made = pair_corrections(session) if source == "corrections" else pair_runs(session, agent, source)
            nothing = "Nothing new to pair: all such pairs are there already, or no task has two such runs."
            st.toast(f"{made} new pairs are in the queue." if made else nothing)
            if made:
                st.rerun()
