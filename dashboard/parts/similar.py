"""Runs that are alike in meaning: to one that is open, or to a text, within what the filters let through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.errors import LoopwrightError
from core.store.hidden import hidden_traces
from core.store.run_vectors import n_owing
from core.store.trace_filter import TraceFilter
from core.store.traces import TraceLine, trace_line, trace_lines
from core.tasks.likeness import Alike, similar_runs
from dashboard.components import run_table
from dashboard.parts.numbers import escaped
from dashboard.parts.reading import plain
from dashboard.parts.trace_list import COLUMNS, run_rows
from dashboard.process import run_index, store

MOST = 100
ABOUT = "Runs that were asked, did and answered alike, by the meaning of their words. Outcomes and labels play no part."
SCORE = {
    "label": "Alike",
    "align": "right",
    "title": "How alike two runs are in meaning: 1.00 is the same, 0.00 has nothing in common",
    "size": "4.5em",
}


def find_similar(trace: int) -> None:
    """Show the runs that are like this one: a callback of the button on a run."""
    for name in ("trace", "step"):
        st.query_params.pop(name, None)
    st.session_state.traces_meaning = ""
    st.query_params["like"] = str(trace)


def forget_likeness() -> None:
    """Show the list by time again."""
    st.query_params.pop("like", None)
    st.session_state.traces_meaning = ""


def choose_meaning() -> int | str | None:
    """Draw the field for a text; the run (row id) or the text that is asked for, from it or from the address."""
    said = st.text_input(
        "Like this text",
        key="traces_meaning",
        placeholder="what the run was about",
        help=f"{ABOUT} The most similar come first.",
        width=300,
        bind="query-params",
        on_change=lambda: st.query_params.pop("like", None),
    ).strip()
    run = st.query_params.get("like", "")
    if said:
        return said
    return int(run) if run.isascii() and run.isdigit() and len(run) < 16 else None


def show_similar(like: int | str, chosen: TraceFilter, person: int) -> int | None:
    """The list of what is alike, the most similar first; the id of a run that was clicked, if any."""
    try:
        index = run_index()
        with store().reading() as session:
            asked = trace_line(session, like) if isinstance(like, int) else None
            found = similar_runs(session, index, like, MOST, chosen)
            lines = trace_lines(session, [one.trace_id for one in found])
            hidden = hidden_traces(session, person, [line.id for line in lines])
            waiting = n_owing(session)
    except LoopwrightError as error:
        st.info(error.message, icon=":material/hourglass_empty:")
        st.button("All runs", icon=":material/arrow_back:", on_click=forget_likeness)
        return None
    _head(asked, str(like))
    if not found:
        st.info("No other run fits these filters.", icon=":material/search_off:")
        return None
    opened = run_table("traces_similar", [COLUMNS[0], SCORE, *COLUMNS[1:]], _rows(lines, hidden, found))
    all_told = f"The {len(lines)} most similar, best first" if len(lines) == MOST else f"{len(lines)}, best first"
    late = f" · {waiting:,} runs are still being read, and are found after that" if waiting else ""
    st.caption(f"{all_told}{late}")
    return opened


def _head(asked: TraceLine | None, text: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        name = text if asked is None else plain(asked.title or asked.task or asked.uid)
        st.markdown(f"Runs like **{escaped(' '.join(name.split())[:160])}**", help=ABOUT, width="content")
        if asked is not None:
            st.link_button("Open it", f"?trace={asked.id}", type="tertiary", icon=":material/open_in_new:")
        st.button("By time again", type="tertiary", icon=":material/close:", on_click=forget_likeness)


def _rows(lines: Sequence[TraceLine], hidden: set[int], found: Sequence[Alike]) -> list[dict[str, Any]]:
    """The rows of the list with the score behind the time."""
    scores = {one.trace_id: one.score for one in found}
    rows = run_rows(lines, hidden)
    for row in rows:
        row["cells"].insert(1, {"text": f"{scores[row['id']]:.2f}"})
    return rows
