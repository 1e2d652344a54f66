"""Which runs and labels count for a dataset: chosen on the page, in one row."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.dataset.definition import ALL_RUNS, Definition
from core.dataset.gates import Gate
from core.store.trace_filter import TraceFilter
from dashboard.identity import Actor

_SOURCES = {
    "sft": ("run", "correction"),
    "dpo": ("preference", "correction", "trials"),
    "kto": ("run", "correction", "preference"),
    "reward": ("preference", "correction", "trials"),
    "steps": ("steps",),
}
_NAMES = {
    "run": "runs",
    "correction": "corrections",
    "preference": "choices between two",
    "trials": "solved beside failed",
    "steps": "judged steps",
}


def choose_definition(format: str, gates: Sequence[Gate], agents: Sequence[str], actor: Actor) -> Definition:
    """What is meant, from the controls of the page and the switches of the gates."""
    off = not actor.leads
    of, sources, reviewers, agreement = st.columns([2, 3, 1.2, 1.2], vertical_alignment="bottom")
    agent = of.selectbox(
        "Agent",
        ["", *agents],
        format_func=lambda name: name or "every agent",
        key="datasets_of_agent",
        disabled=off,
        help="Only what rests on its runs; pairs of texts rest on none.",
    )
    chosen = sources.multiselect(
        "From",
        _SOURCES[format],
        format_func=_NAMES.__getitem__,
        placeholder="everything",
        key=f"datasets_sources_{format}",
        disabled=off,
    )
    people = reviewers.number_input(
        "People",
        1,
        20,
        1,
        key="datasets_reviewers",
        disabled=off,
        help="At least so many, for what rests on people alone: a check or a lead's resolution needs nobody beside it.",
    )
    agree = agreement.number_input(
        "Agree, %",
        0,
        100,
        0,
        step=5,
        key="datasets_agreement",
        disabled=off,
        help="At least this share of these people.",
    )
    return Definition(
        format,
        {gate.name: st.session_state.get(f"datasets_gate_{gate.name}", True) for gate in gates},
        TraceFilter(agent=agent) if agent else ALL_RUNS,
        sorted(chosen),
        int(people),
        agree / 100,
    )
