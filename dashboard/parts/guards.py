"""The guards of an agent as cards: the state, the evidence, what to do and where."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import streamlit as st

from core.evaluate.guards.state import LOOKS, Guard, State
from core.store.guards import GuardLine, guard_lines
from dashboard.parts.numbers import ago, escaped
from dashboard.process import settings, store

_PAGES = Path(__file__).resolve().parents[2] / "pages"
STATES: dict[State, tuple[str, Literal["blue", "gray", "orange", "red"]]] = {
    State.FINE: (":material/check_circle:", "blue"),
    State.WATCH: (":material/visibility:", "orange"),
    State.ALARM: (":material/notification_important:", "red"),
    State.CANNOT_TELL: (":material/question_mark:", "gray"),
}
_MOST_ALARMS = 3
_DOORS = {"drift": ("See what moved", {"drift_view": "What moved"})}
SAYS = {
    "Forgetting": "Does the newest version fail at a kind of task that the one before it could do?",
    "Reward hacking": "Does the automated score rise while people do not find the runs any better?",
    "Overfitting to recent feedback": "Do lessons rest on one person or one week; do gains vanish on the holdout?",
    "Drift": "Do the latest weeks differ from those before?",
    "Contamination": "Do datasets rest on the agent's own words that nobody saw, or on what it had been told?",
    "Leakage": "Does anything that teaches rest on a task that is kept for evaluation?",
    "Open loop": "Is there feedback that nothing consumes, and for how long?",
}


def show_guards(agent: str, guards: Sequence[Guard]) -> None:
    """One sentence for all, then each guard, the worst first."""
    icon, colour, said = summary(guards)
    st.subheader(f":{colour}[{icon}] {said}", anchor=False)
    with store().reading() as session:
        kept = {line.name: line for line in guard_lines(session, agent)}
    for place in range(0, len(guards), 2):
        for side, guard in zip(st.columns(2), guards[place : place + 2], strict=False):
            with side.container(border=True, height="stretch"):
                _card(guard, kept.get(guard.name))
    sent = "sent to the webhook, once" if settings().webhook_url else "sent nowhere: no LOOPWRIGHT_WEBHOOK_URL is set"
    st.caption(
        f"Guards that rest on a test share one 5 % in a look, and their alarms 10 % in {LOOKS} weekly looks. They are "
        f"looked at every quarter of an hour, too; a new alarm is {sent}."
    )


def show_alarms() -> None:
    """The guards that stand at alarm or watch, of all agents, as they were last looked at; nothing where none does."""
    with store().reading() as session:
        lines = [line for line in guard_lines(session) if line.state in (State.ALARM, State.WATCH)]
    for line in sorted(lines, key=lambda line: (line.state != State.ALARM, line.since))[:_MOST_ALARMS]:
        icon, colour = STATES[State(line.state)]
        said, look = st.columns([5, 1], vertical_alignment="center")
        said.markdown(f":{colour}[{icon}] **{escaped(line.agent)}, {line.name.lower()}:** {escaped(line.sentence)}")
        address = {"drift_agent": line.agent, "drift_view": "Guards"}
        look.page_link(_PAGES / "drift.py", label="Guards", icon=":material/shield:", query_params=address)


def summary(guards: Sequence[Guard]) -> tuple[str, str, str]:
    """(icon, colour, sentence) of all guards together."""
    counts = {state: sum(guard.state is state for guard in guards) for state in State}
    for state in (State.ALARM, State.WATCH):
        if counts[state]:
            names = ", ".join(guard.name.lower() for guard in guards if guard.state is state)
            many = "raises an alarm" if state is State.ALARM else "is to be watched"
            several = "raise an alarm" if state is State.ALARM else "are to be watched"
            said = f"{counts[state]} of {len(guards)} guards {many if counts[state] == 1 else several}: {names}."
            return *STATES[state], said
    unsure = counts[State.CANNOT_TELL]
    if unsure == len(guards):
        return *STATES[State.CANNOT_TELL], "No guard can tell anything yet."
    doubt = f"; {unsure} of {len(guards)} cannot tell" if unsure else ""
    return *STATES[State.FINE], f"Nothing goes wrong in a way that the guards know{doubt}."


def _card(guard: Guard, kept: GuardLine | None) -> None:
    icon, colour = STATES[guard.state]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{guard.name}**", help=SAYS[guard.name], width="content")
        st.badge(guard.state.value, icon=icon, color=colour)
    st.markdown(escaped(guard.sentence))
    if guard.advice and guard.state is not State.FINE:
        st.markdown(escaped(guard.advice))
        label, address = _DOORS.get(guard.page, (f"Open {guard.page.capitalize()}", {}))
        st.page_link(_PAGES / f"{guard.page}.py", label=label, icon=":material/arrow_forward:", query_params=address)
    if guard.evidence and guard.evidence != (guard.sentence,):
        with st.expander("The evidence"):
            st.markdown("\n".join(f"- {escaped(line)}" for line in guard.evidence))
    if kept is not None and kept.state == guard.state.value and guard.needs_somebody:
        told = f"; told {ago(kept.told_at)}" if kept.told_at else ""
        told = f"; could not be told: {kept.trouble}" if kept.trouble else told
        st.caption(escaped(f"Since {ago(kept.since)}{told}."))
