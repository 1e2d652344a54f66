"""What is known about one run beside its steps: task, versions, outcome and who says so, labels, other runs."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from core.clock import now
from core.records import Outcome
from dashboard.components import run_table
from dashboard.parts.numbers import escaped
from dashboard.parts.trace_list import COLUMNS, HIDDEN, RUN_COLUMNS, ago, duration, outcome_told, run_rows
from dashboard.parts.trace_marks import cost_told, numbers_told, show_marks, tokens_told
from dashboard.parts.trace_signals import ABOUT, show_signals
from dashboard.parts.trace_view import TraceView

COLOURS: dict[Outcome, Literal["blue", "orange", "red", "gray"]] = {
    Outcome.SOLVED: "blue",
    Outcome.PARTLY: "orange",
    Outcome.FAILED: "red",
    Outcome.UNKNOWN: "gray",
}
ICONS = {
    Outcome.SOLVED: "check_circle",
    Outcome.PARTLY: "contrast",
    Outcome.FAILED: "cancel",
    Outcome.UNKNOWN: "help",
}
LONG = 240


def show_task(view: TraceView) -> None:
    """The task; a long one is cut to its beginning and opens."""
    if len(view.task) <= LONG and "\n" not in view.task:
        st.markdown(f"**{escaped(view.task or view.line.uid)}**")
    else:
        with st.expander(escaped(" ".join(view.task.split())[:LONG]) + " …"):
            st.text(view.task)


def show_facts(view: TraceView) -> int | None:
    """A line of facts, and what else is known behind its name; the id of a run that was clicked, if any."""
    line = view.line
    if view.blind:
        told = "outcome, version, cost and labels hidden"
        st.badge(told, color="gray", icon=":material/visibility_off:", help=HIDDEN)
    else:
        outcome = Outcome(line.outcome)
        icon = f":material/{ICONS[outcome]}:"
        st.badge(outcome.value, color=COLOURS[outcome], icon=icon, help=outcome_told(line))
    show_marks(view)
    known = [
        line.agent,
        "" if view.blind else line.version,
        "" if line.trial is None else f"trial {line.trial}",
        f"{line.started_at:%d %b %Y, %H:%M} UTC ({ago(line.started_at, now())})" if line.time_known else "",
        duration(line.seconds),
        tokens_told(line),
        cost_told(line, view.costs),
        f"task {line.task}" if line.task else "",
    ]
    st.caption(escaped(" · ".join(filter(None, known))), help=numbers_told(line))
    return _show_more(view)


def _show_more(view: TraceView) -> int | None:
    opened = None
    if view.said:
        with st.popover(f"Labels ({len(view.said)})", type="tertiary", icon=":material/rate_review:"):
            _show_said(view)
    if view.signals:
        with st.popover(f"Signals ({view.n_signals:,})", type="tertiary", icon=":material/sensors:", help=ABOUT):
            show_signals(view.n_signals, view.signals, view.line.id, view.places)
    if len(view.runs) > 1:
        name = f"Runs of this task ({len(view.runs)})"
        with st.popover(name, type="tertiary", icon=":material/alt_route:"), st.container(width=620):
            opened = run_table("traces_runs", RUN_COLUMNS, run_rows(view.runs, view.hidden, view.line.id, True))
    if len(view.conversation) > 1:
        name = f"Conversation ({len(view.conversation)} runs)"
        with st.popover(name, type="tertiary", icon=":material/forum:"), st.container(width=640):
            st.caption(f"Session {escaped(view.line.session)}: its runs are read below as one.")
            rows = run_rows(view.conversation, view.hidden, view.line.id)
            opened = run_table("traces_conversation", COLUMNS, rows) or opened
    if view.tools:
        said = "What the model could call."
        with st.popover(f"Tools ({len(view.tools)})", type="tertiary", icon=":material/build:", help=said):
            st.json(list(view.tools), expanded=1)
    if view.attributes:
        said = "What else its source said of the run."
        with st.popover("Attributes", type="tertiary", icon=":material/data_object:", help=said):
            st.json(dict(view.attributes), expanded=1)
    return opened


def _show_said(view: TraceView) -> None:
    for said in view.said:
        kind = "smart_toy" if said.machine else "person"
        old = view.line.changed_at is not None and said.at < view.line.changed_at
        since = " · :orange-badge[before the last steps came]" if old else ""
        st.markdown(f":material/{kind}: **{escaped(said.person)}** · {said.at:%d %b %Y, %H:%M} UTC{since}")
        for question, answer in said.answers:
            if len(answer) < LONG and "\n" not in answer:
                st.markdown(f"{escaped(question)}: **{escaped(answer)}**")
            else:
                st.caption(escaped(question))
                st.text(answer)
        if not said.answers:
            st.caption("Marks on steps only: they stand below, in the run.")
