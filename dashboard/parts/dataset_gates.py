"""The gates of a dataset: which are on, how much each stopped, and what that is, one by one."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.dataset.gates import Gate
from core.dataset.selection import Overview
from dashboard.identity import Actor
from dashboard.parts.dataset_rows import show_excluded


def show_gates(gates: Sequence[Gate], selection: Overview, actor: Actor) -> None:
    """A line for each gate, in their order."""
    st.caption(
        "Each candidate is left out by the first gate that stops it. A locked gate is always on: without it a row "
        "would be wrong, or would teach what nobody verified."
    )
    for gate in gates:
        _show_gate(gate, selection, actor)


def _show_gate(gate: Gate, selection: Overview, actor: Actor) -> None:
    stopped = selection.reasons.get(gate.name, 0)
    switch, count, sentence, shown = st.columns([1, 2, 13, 3], vertical_alignment="center")
    if gate.optional:
        key = f"datasets_gate_{gate.name}"
        switch.toggle(gate.name, True, key=key, disabled=not actor.leads, label_visibility="collapsed")
    else:
        switch.markdown(":gray[:material/lock:]")
    unasked = gate.reads and not selection.read
    words = ":gray[not asked]" if unasked else f"**{stopped:,}**" if stopped else ":gray[0]"
    count.markdown(words, text_alignment="right")
    sentence.markdown(f"{gate.sentence} :gray-badge[{gate.name}]")
    if stopped and actor.leads:
        with shown.popover("Show", type="tertiary", help=f"What {gate.name} stopped, one by one."):
            _show_stopped(gate.name, stopped, selection)


@st.fragment
def _show_stopped(gate: str, count: int, selection: Overview) -> None:
    listed = selection.stopped[gate]
    at = 1
    if len(listed) > 1:
        at = st.pagination(len(listed), key=f"datasets_stopped_{selection.definition.format}_{gate}_{len(listed)}")
    if count > len(listed):
        st.caption(f"The first {len(listed):,} of {count:,}; a version names them all in its `excluded.jsonl`.")
    show_excluded(listed[at - 1])
