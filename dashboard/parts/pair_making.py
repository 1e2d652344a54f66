"""The offer to make pairs and rankings, for leads: from runs of the same task, from corrections, from a file."""

from __future__ import annotations

import streamlit as st

from core.errors import LoopwrightError
from core.review.pairing import pair_corrections, pair_first_differences, pair_runs
from core.review.ranking_making import FEWEST, MOST, rank_runs, rank_texts
from core.store.catalog import list_agents
from dashboard.identity import Actor
from dashboard.parts.numbers import escaped
from dashboard.process import store

_SOURCES = {
    "versions": "Two runs of one task, by different versions",
    "trials": "Two runs of one task, by the same version",
    "first_versions": "Where two versions part: their first steps that differ",
    "first_trials": "Where two runs of a version part",
    "corrections": "A step beside its correction",
    "rank_runs": "Rank several runs of one task",
    "rank_texts": "Rank answers from a file",
}
_EXPLAINED = {
    "versions": "One pair a task; runs that ended differently come first.",
    "trials": "One pair a task; runs that ended differently come first.",
    "first_versions": "One pair a task: the first steps at which two runs differ after the same beginning.",
    "first_trials": "One pair a task: the first steps at which two runs differ after the same beginning.",
    "corrections": "One pair for each correction that a person wrote.",
    "rank_runs": "One ranking a task that has so many runs; of different versions first. It counts as pairs, each two.",
    "rank_texts": 'JSON lines: {"prompt": "…", "candidates": ["…", {"text": "…", "name": "a model"}, …]}.',
}


def offer_pairs(actor: Actor) -> None:
    """A popover that makes pairs or rankings and says how many are new; annotators see who can."""
    with st.popover("Make pairs", icon=":material/add:"):
        if not actor.leads:
            st.caption("A lead makes pairs and rankings.")
            return
        with store().reading() as session:
            agents = list_agents(session)
        source = st.radio("From", list(_SOURCES), format_func=_SOURCES.__getitem__, key="compare_source")
        st.caption(escaped(_EXPLAINED[source]))
        agent, size, file = "", FEWEST, None
        if source not in ("corrections", "rank_texts"):
            agent = st.selectbox("Agent", agents, key="compare_agent", placeholder="No agent yet") or ""
        if source == "rank_runs":
            size = st.number_input("Runs in a ranking", FEWEST, MOST, FEWEST, key="compare_size")
        if source == "rank_texts":
            file = st.file_uploader("File", type=["jsonl", "ndjson"], key="compare_file")
        ready = file is not None if source == "rank_texts" else source == "corrections" or bool(agent)
        what = "rankings" if source.startswith("rank") else "pairs"
        if st.button(f"Make {what}", key="compare_make", type="primary", disabled=not ready):
            try:
                made = _make(source, agent, int(size), file.getvalue() if file else b"")
            except LoopwrightError as problem:
                st.error(escaped(problem.message))
                return
            new = f"{made:,} new {what.removesuffix('s') if made == 1 else what}: in the queue."
            st.toast(new if made else f"Nothing new: all such {what} are there already, or nothing fits.")
            if made:
                st.rerun()


def _make(source: str, agent: str, size: int, file: bytes) -> int:
    with store().session() as session:
        if source == "corrections":
            return pair_corrections(session)
        if source == "rank_runs":
            return rank_runs(session, agent, size)
        if source == "rank_texts":
            return rank_texts(session, file)
        first, _, across = source.rpartition("_")
        return pair_first_differences(session, agent, across) if first else pair_runs(session, agent, across)
