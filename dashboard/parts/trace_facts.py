"""What is known about one run beside its steps: task, versions, outcome and who says so, labels, other runs."""

from __future__ import annotations

import streamlit as st

from core.clock import now
from core.records import Outcome
from dashboard.components import run_table
from dashboard.parts.trace_list import COLUMNS, HIDDEN, ago, dollars, duration, outcome_told, run_rows
from dashboard.parts.trace_view import TraceView

COLOURS = {Outcome.SOLVED: "blue", Outcome.PARTLY: "orange", Outcome.FAILED: "red", Outcome.UNKNOWN: "gray"}
ICONS = {
    Outcome.SOLVED: "check_circle",
    Outcome.PARTLY: "contrast",
    Outcome.FAILED: "cancel",
    Outcome.UNKNOWN: "help",
}
LONG = 240


def show_head(view: TraceView) -> None:
    """The task, whole, and one line of facts."""
    line = view.line
    if len(view.task) <= LONG and "\n" not in view.task:
        st.markdown(f"##### {escape(view.task or line.uid)}")
    else:
        with st.expander(escape(" ".join(view.task.split())[:LONG]) + " …"):
            st.text(view.task)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if view.blind:
            st.badge("outcome, version and labels hidden", color="gray", icon=":material/visibility_off:", help=HIDDEN)
        else:
            outcome = Outcome(line.outcome)
            icon = f":material/{ICONS[outcome]}:"
            st.badge(outcome.value, color=COLOURS[outcome], icon=icon, help=outcome_told(line))
        known = [
            line.agent,
            "" if view.blind else line.version,
            "" if line.trial is None else f"trial {line.trial}",
            f"{line.started_at:%d %b %Y, %H:%M} UTC ({ago(line.started_at, now())})" if line.time_known else "",
            duration(line.seconds),
            dollars(line.cost),
            f"task {line.task}" if line.task else "",
        ]
        st.caption(escape(" · ".join(filter(None, known))))


def show_about(view: TraceView) -> int | None:
    """Labels, signals, other runs, tools and attributes, each behind its name; the id of a run that was clicked."""
    opened = None
    with st.container(horizontal=True, gap="small"):
        if view.said:
            with st.popover(f"Labels ({len(view.said)})", icon=":material/rate_review:"):
                _show_said(view)
        if view.signals:
            with st.popover(f"Signals ({len(view.signals)})", icon=":material/sensors:", help="Evidence of quality"):
                _show_signals(view)
        if len(view.runs) > 1:
            with st.popover(f"Runs of this task ({len(view.runs)})", icon=":material/alt_route:", width="content"):
                with st.container(width=900):
                    opened = run_table("traces_runs", COLUMNS, run_rows(view.runs, view.hidden, view.line.id))
        if len(view.conversation) > 1:
            with st.popover(f"Conversation ({len(view.conversation)} runs)", icon=":material/forum:"):
                st.caption(f"Session {escape(view.line.session)}: its runs are read below as one.")
                with st.container(width=900):
                    rows = run_rows(view.conversation, view.hidden, view.line.id)
                    opened = run_table("traces_conversation", COLUMNS, rows) or opened
        if view.tools:
            with st.popover(f"Tools ({len(view.tools)})", icon=":material/build:", help="What the model could call"):
                st.json(list(view.tools), expanded=1)
        if view.attributes:
            with st.popover("Attributes", icon=":material/data_object:", help="What else its source said of the run"):
                st.json(dict(view.attributes), expanded=1)
    return opened


def _show_said(view: TraceView) -> None:
    for said in view.said:
        kind = "smart_toy" if said.machine else "person"
        st.markdown(f":material/{kind}: **{escape(said.person)}** · {said.at:%d %b %Y, %H:%M} UTC")
        for question, answer in said.answers:
            st.caption(escape(question))
            st.text(answer)
        if not said.answers:
            st.caption("Marks on steps only: they stand below, in the run.")


def _show_signals(view: TraceView) -> None:
    rows = [
        {
            "Signal": signal.name,
            "Value": str(signal.value),
            "Says": {True: "solved", False: "failed", None: ""}[signal.success],
            "Kind": signal.kind.value,
            "Source": signal.source,
            "Comment": signal.comment,
        }
        for signal in view.signals
    ]
    st.dataframe(rows, hide_index=True, width=820, alt="Signals on this run")


def escape(text: str) -> str:
    """Text from a source, as text in Markdown."""
    return "".join(f"\\{char}" if char in "\\`*_{}[]()<>#+-.!|~$:&" else char for char in text)
