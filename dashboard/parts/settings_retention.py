"""Retention on Settings: how long runs are kept, agent by agent, and what that would remove before it is decided."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.clock import now
from core.errors import LoopwrightError
from core.retract.deciding import LOOKED_AT, Preview, decide_retention, preview
from core.retract.radius import told
from core.retract.retention import LONGEST, Retention, retentions
from core.store.catalog import list_agents
from dashboard.identity import Actor
from dashboard.parts.numbers import clipped, escaped
from dashboard.parts.settings_choice import OTHERS
from dashboard.process import store

_SAID = "settings_retention_said"
FOR_EVER, SOME_DAYS = "for ever", "a number of days"


def show_retention(actor: Actor) -> None:
    """The section."""
    st.header(
        "Retention",
        anchor=False,
        help="How long runs are kept after they came. What is older is removed for good, with all that hangs on it. "
        "Without a decision here, everything is kept for ever.",
    )
    with store().reading() as session:
        held, agents = retentions(session), list_agents(session)
    lines = held if any(not one.agent for one in held) else [*held, Retention("", None)]
    st.markdown("\n".join(f"- {escaped(one.words)}" for one in lines))
    if said := st.session_state.pop(_SAID, None):
        (st.error if said[0] else st.success)(escaped(said[1]))
    if actor.leads:
        with st.expander("Decide how long runs are kept", key="settings_retention_open", on_change="rerun") as opened:
            if opened.open:
                _ask(actor, held, agents)


def _ask(actor: Actor, held: Sequence[Retention], agents: Sequence[str]) -> None:
    choices = ["", *sorted({*agents, *(one.agent for one in held)} - {""})]
    agent = st.selectbox("Agent", choices, format_func=lambda one: one or OTHERS, key="settings_retention_agent")
    before = next((one for one in held if one.agent == agent), Retention(agent, None))
    key = f"settings_retention_{agent}"
    kept = st.radio(
        "Keep its runs", [FOR_EVER, SOME_DAYS], int(before.days is not None), key=f"{key}_kept", horizontal=True
    )
    days: int | None = None
    used = False
    if kept == SOME_DAYS:
        days = st.number_input("Days", 1, LONGEST, before.days or 90, key=f"{key}_days", width=160)
        used = st.toggle(
            "Keep what was labelled, taught from or evaluated on",
            before.keep_used if before.days is not None else True,
            key=f"{key}_used",
        )
    chosen = Retention(agent, days, used)
    if days is not None:
        with store().reading() as session:
            show_preview(preview(session, chosen, now()))
    save, remove = st.columns(2)
    if save.button("Save", type="primary", key=f"{key}_save", disabled=chosen == before, width="stretch"):
        _decide(actor, chosen, False, f"Saved. {chosen.words}")
    if agent:
        about = "What holds for all others then holds for it too."
        there = any(one.agent == agent for one in held)
        if remove.button("Take this away", key=f"{key}_remove", disabled=not there, help=about, width="stretch"):
            _decide(actor, chosen, True, f"Runs of {agent} are kept as those of all others are.")


def show_preview(found: Preview) -> None:
    """What the next round would remove."""
    if not found.counts["traces"]:
        st.info("The next round would remove nothing.", icon=":material/check:")
        return
    some = f" (of the oldest {LOOKED_AT:,} runs; more are as old)" if found.more else ""
    titles = "\n".join(f"- {escaped(clipped(title, 120) or 'a run without a title')}" for title in found.titles)
    rest = found.counts["traces"] - len(found.titles)
    more = f"\n- and {rest:,} more" if rest > 0 else ""
    st.warning(
        f"The next round would remove for good{some}: {' · '.join(told(found.counts))}\n{titles}{more}",
        icon=":material/delete:",
    )


def _decide(actor: Actor, chosen: Retention, remove: bool, said: str) -> None:
    try:
        with store().session() as session:
            decide_retention(session, actor.role, chosen, remove)
        st.session_state[_SAID] = (False, said)
    except LoopwrightError as error:
        st.session_state[_SAID] = (True, error.message)
    st.rerun()
