"""What moved between two windows of runs: the finding, whose doing it may be, and every check."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import streamlit as st

from core.evaluate.drift import Drift
from core.evaluate.drift_measures import About
from dashboard.parts.drift_loaded import Span
from dashboard.parts.drift_tables import check_row
from dashboard.parts.figures import show_table
from dashboard.parts.numbers import clipped, escaped

_TRACES = Path(__file__).resolve().parents[2] / "pages" / "traces.py"
ICONS = {
    About.TRAFFIC: ":material/move_to_inbox:",
    About.AGENT: ":material/smart_toy:",
    About.USERS: ":material/person:",
    About.JUDGE: ":material/gavel:",
    About.LABELS: ":material/label:",
    About.ANNOTATORS: ":material/groups:",
}


def choose_window(found: Drift | None) -> Span:
    """A window of one's own; None while the usual one stands."""
    if found is None:
        return None
    usual = (found.current.start.date(), (found.current.end - timedelta(microseconds=1)).date())
    chosen = st.date_input(
        "Current window",
        usual,
        key="drift_window",
        help="What is compared, in days of UTC. Reference: the twelve weeks before it.",
    )
    if not isinstance(chosen, tuple) or len(chosen) != 2 or chosen == usual:
        return None
    first, last = chosen
    return (first, last) if isinstance(first, date) and isinstance(last, date) else None


def show_drift(found: Drift) -> None:
    """The finding, its causes, the checks that moved; all others one click away."""
    moved = found.drifted
    icon, colour = (":material/bolt:", "orange") if moved else (":material/horizontal_rule:", "gray")
    st.badge("moved" if moved else "nothing moved" if found.checks else "too few rows", icon=icon, color=colour)
    st.subheader(escaped(found.sentence), anchor=False)
    st.caption(escaped(_windows(found)))
    for cause in found.causes:
        st.markdown(f"{ICONS[cause.about]} **{cause.about.value.capitalize()}.** {escaped(cause.sentence)}")
    if moved:
        show_table([check_row(check) for check in moved], "The checks that moved", words=["Moved"])
    if found.telling:
        _show_telling(found)
    still = [check_row(check) for check in found.checks if not check.drifted]
    if still:
        with st.expander(f"{len(still)} checks that did not move"):
            show_table(still, "The checks that did not move", words=["Moved"])
    if found.too_few:
        with st.expander(f"{len(found.too_few)} checks with too few rows"):
            rows = [
                {"": one.name, "Now": f"{one.n_current:,}", "Before": f"{one.n_reference:,}"} for one in found.too_few
            ]
            show_table(rows, "Checks with too few rows")


def _windows(found: Drift) -> str:
    now, before = found.current, found.reference
    said = f"{now.start:%-d %b} to {now.end:%-d %b %Y} ({now.total:,} runs) against {before.start:%-d %b} to "
    said += f"{before.end:%-d %b %Y} ({before.total:,})."
    if max(now.total - now.looked_at, before.total - before.looked_at) > 0:
        said += f" Looked at: {now.looked_at:,} and {before.looked_at:,} of them, drawn by their ids."
    return said + " Moved: by an effect that matters, and by more than chance makes in so many checks."


def _show_telling(found: Drift) -> None:
    """The runs whose texts tell the windows apart."""
    st.markdown("**What tells the texts apart**", help="The runs that lie far nearer to their own window.")
    for side, current in zip(st.columns(2), (True, False), strict=True):
        with side.container(border=True, height="stretch", gap="xsmall"):
            st.caption("Asked now" if current else "Asked before")
            for one in found.telling:
                if one.current is current:
                    words = escaped(clipped(" ".join(one.text.split()), 110))
                    st.page_link(_TRACES, label=words, query_params={"trace": str(one.trace_id)})
