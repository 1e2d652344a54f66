"""A lead takes a run back, or its conversation, or all of its user: first what would go, then the button."""

from __future__ import annotations

import streamlit as st

from core.errors import LoopwrightError
from core.retract import BlastRadius, Scope, blast_radius, remove
from core.retract.radius import told
from core.store.retractions import RUN
from core.store.traces import trace_row
from dashboard.identity import Actor
from dashboard.parts.numbers import escaped
from dashboard.parts.retraction_target import link_to_taking_back
from dashboard.process import store

_SAID = "traces_removed"
_NOTES = 8
_ABOUT = "Takes a run back for good, with all that came of it. What would go is listed before anything is done."


def removal_door(trace: int, actor: Actor) -> bool:
    """The button on a run and what is behind it; True when the run has just been removed."""
    with st.popover("Remove …", type="tertiary", icon=":material/delete:", help=_ABOUT, on_change="rerun") as shown:
        if not shown.open:
            return False
        with st.container(width=460):
            return _ask(trace, actor)


def _ask(trace: int, actor: Actor) -> bool:
    with store().reading() as session:
        row = trace_row(session, trace)
        choices = {"This run": Scope(trace=row.uid)}
        if row.session:
            choices["Its whole conversation"] = Scope(session=row.session)
        if row.user:
            choices["Everything of its user"] = Scope(user=row.user)
        name = next(iter(choices))
        if len(choices) > 1:
            name = st.radio("What to remove", list(choices), key=f"traces_remove_{trace}", horizontal=True)
        radius = blast_radius(session, choices[name])
    link_to_taking_back(RUN, row.uid)
    _show(radius)
    reason = st.text_input(
        "Why",
        key=f"traces_remove_why_{trace}",
        max_chars=300,
        help="It is kept in the log of removals, with your name, the time and the counts. Name nobody here.",
    )
    n = radius.counts["traces"]
    if not st.button(f"Remove {n:,} {'run' if n == 1 else 'runs'} for good", type="primary", icon=":material/delete:"):
        return False
    try:
        with st.spinner("Removing …"):
            done = remove(store(), choices[name], actor.name, reason)
    except LoopwrightError as error:
        st.error(error.message, icon=":material/error:")
        return False
    st.session_state[_SAID] = ", ".join(told(done.counts))
    return True


def _show(radius: BlastRadius) -> None:
    st.markdown("This would go: " + " · ".join(told(radius.counts)))
    notes = [one.words for one in (*radius.lessons, *radius.versions)]
    if len(notes) > _NOTES:
        notes = [*notes[:_NOTES], f"{len(notes) - _NOTES} more lessons and versions lose something."]
    if notes:
        st.markdown("\n".join(f"- {escaped(note)}" for note in notes))
    if radius.waiting:
        st.caption(f"{radius.waiting:,} spans are being read at this moment; those that belong to it go too.")
    st.caption("Copies outside Loopwright stay: backups, exported datasets, the agent's own logs.")


def show_removed() -> None:
    """Tell once what was removed."""
    if said := st.session_state.pop(_SAID, ""):
        st.success(f"Removed: {said}.", icon=":material/check:")
