"""Files that were imported, and runs that changed after people had labelled them, on the Intake page."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.store.arrivals import changed_since_labelled
from core.store.imports import list_imports
from core.store.tables import ImportRow
from dashboard.identity import Actor
from dashboard.parts.figures import show_table
from dashboard.parts.numbers import ago, clipped, escaped
from dashboard.process import store

PAGES = Path(__file__).resolve().parents[2] / "pages"
FILES = 20
CHANGED = 20
REASONS = 50
LISTED = 200
"""Rejected records that the row of an import holds (core.ingest.report.first)."""


def show_changed(actor: Actor) -> None:
    """Runs whose labels are older than a part of them."""
    with store().reading() as session:
        n, runs = changed_since_labelled(session, actor.id, CHANGED)
    st.header(
        "Changed since they were labelled",
        anchor=False,
        help="Something arrived for a run after it was closed and somebody had labelled it. The labels stand; whether "
        "they still hold is for a person to say.",
    )
    if not n:
        st.caption("No run got steps after somebody had labelled it.")
        return
    for one in runs:
        older = f"{one.labels} {'label is' if one.labels == 1 else 'labels are'} older"
        label = f"changed {ago(one.changed_at)} · {older} · {escaped(clipped(one.title, 50) or 'a run')}"
        st.page_link(
            PAGES / "traces.py", label=label, icon=":material/history:", query_params={"trace": str(one.trace_id)}
        )
    if n > len(runs):
        st.caption(f"The last {len(runs)} of {n:,} runs.")


def show_files(actor: Actor) -> None:
    """The newest imports, and why records of them were rejected."""
    with store().reading() as session:
        found = list_imports(session, FILES + 1)
    st.header("Files", anchor=False, help="Every file that was imported, here or with `loopwright import`.")
    if not found:
        st.caption("No file was imported yet. They are dropped on the Traces page.")
        return
    shown = found[:FILES]
    show_table([_row(one) for one in shown], "The newest imports", words=["Format", "When"])
    if len(found) > len(shown):
        st.caption(f"The newest {len(shown)} files; older ones are not listed.")
    refusing = [one for one in shown if one.rejected]
    if not refusing:
        return
    if not actor.leads:
        st.caption(f"Records of {len(refusing)} files were rejected; leads see which and why.")
        return
    for one in refusing:
        kept = one.rejected[:REASONS]
        with st.expander(f"Rejected from {escaped(clipped(one.name, 80))}: {_rejected(one)}"):
            st.markdown("\n".join(f"- {escaped(each.get('record', ''))}: {escaped(each['reason'])}" for each in kept))
            if len(one.rejected) > len(kept):
                st.caption(f"The first {len(kept)} of {_rejected(one)}. More of them stand above, by reason.")


def _rejected(one: ImportRow) -> str:
    """How many; an import keeps the first `LISTED` of them."""
    n = len(one.rejected)
    return f"{n:,} or more" if n >= LISTED else f"{n:,}" if n else ""


def _row(one: ImportRow) -> dict[str, str]:
    names = {"traces": "Runs", "steps": "Steps", "signals": "Signals", "duplicates": "Repeated"}
    others = sum(n for name, n in one.counts.items() if name not in names)
    return (
        {"File": one.name, "Format": one.format or "not recognised", "When": ago(one.at), "Rejected": _rejected(one)}
        | {name: f"{one.counts.get(key, 0):,}" if one.counts.get(key) else "" for key, name in names.items()}
        | {"Others": f"{others:,}" if others else ""}
    )
