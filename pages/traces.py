"""Traces: search, filter and page through every run; read one, or one conversation, in full; import files."""

from datetime import datetime

import streamlit as st

from core.errors import LoopwrightError
from core.store.hidden import hidden_traces
from core.store.resolutions import Subject
from core.store.signals import signals_waiting
from core.store.trace_filter import TraceFilter, count_found, count_traces
from core.store.traces import list_traces, trace_line
from dashboard.components import run_table, trace_reader
from dashboard.identity import acting
from dashboard.parts.bulk_labels import bulk_door, show_unfinished
from dashboard.parts.removal import removal_door, show_removed
from dashboard.parts.runs_beside import BESIDE, show_beside
from dashboard.parts.saved_filters import saved_filters_door
from dashboard.parts.similar import ABOUT, choose_meaning, find_similar, show_similar
from dashboard.parts.trace_facts import show_facts, show_task
from dashboard.parts.trace_filters import choose_filter, chosen_filter, clear_filter
from dashboard.parts.trace_history import history_door
from dashboard.parts.trace_import import import_door
from dashboard.parts.trace_list import COLUMNS, run_rows
from dashboard.parts.trace_signals import show_waiting
from dashboard.parts.trace_view import position_of, view_trace
from dashboard.process import store

PAGE = 50
WAITING = 50
WIDE = "<style>.stMainBlockContainer { padding-left: 2rem; padding-right: 2rem; }</style>"


def open_trace(trace: int) -> None:
    """Show one run."""
    st.query_params["trace"] = str(trace)
    st.query_params.pop("step", None)
    st.rerun()


def back_to_list() -> None:
    """Leave the run for the list."""
    for name in ("trace", "step", BESIDE):
        st.query_params.pop(name, None)


def turn(to: list[tuple[datetime, int]]) -> None:
    """Show another page of the list; a page is known by where each page up to it begins."""
    st.session_state.traces_pages = to


actor = acting()
st.html(WIDE)
wanted = st.query_params.get("trace")
view, problem = None, ""
if wanted is not None and BESIDE in st.query_params:
    wanted, problem = None, show_beside(actor)  # ends here unless there is a problem
    back_to_list()
if wanted is not None:
    try:
        with store().reading() as session:
            number = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 16 else 0
            line = trace_line(session, number)
            step = None
            try:
                step = position_of(st.query_params.get("step"), line)
            except LoopwrightError as error:
                problem = error.message
            view = view_trace(session, number, step, actor.id)
    except LoopwrightError:
        problem = f"There is no run “{wanted[:40]}”. It may have been removed. All runs are listed here."
        back_to_list()

if view is not None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button("All runs", icon=":material/arrow_back:", type="tertiary", on_click=back_to_list)
        opened = show_facts(view)
        if view.line.closed_at is not None:
            name = "Find similar"
            st.button(name, icon=":material/hub:", type="tertiary", help=ABOUT, on_click=find_similar, args=(number,))
        history_door(Subject(view.line.id), actor.person())
        removed = actor.leads and removal_door(view.line.id, actor)
    if removed:
        back_to_list()
        st.rerun()
    if problem:
        st.warning(problem, icon=":material/warning:")
    show_task(view)
    trace_reader(**view.reader)
    if opened is not None:
        open_trace(opened)
    st.stop()

title, door = st.columns([5, 1], vertical_alignment="bottom")
title.title("Traces", help="A trace is one run of an agent on one task, with every step that it took.")
import_door(door)
show_removed()
if problem:
    st.warning(problem, icon=":material/warning:")

chosen = choose_filter("traces", actor)
if st.session_state.get("traces_filter") != chosen:
    st.session_state.traces_filter, st.session_state.traces_pages = chosen, []
pages = st.session_state.traces_pages
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    like = choose_meaning()
    saved_filters_door("traces", actor)
    if like is None:
        bulk_door(chosen, chosen_filter("traces"), actor)
show_unfinished(actor)
if like is not None:
    opened = show_similar(like, chosen, actor.id)
    if opened is not None:
        open_trace(opened)
    st.stop()

with store().reading() as session:
    found = list_traces(session, chosen, PAGE, pages[-1] if pages else None)
    matching = count_found(session, chosen)
    total = count_traces(session, TraceFilter())
    hidden = hidden_traces(session, actor.id, [line.id for line in found])
    n_waiting, waiting = signals_waiting(session, WAITING) if actor.leads else (0, [])

if not total:
    st.info(
        "No run is here yet. Import files with the button above: logs of chats and evaluations, traces of many tools, "
        "or any table of inputs and outputs. What a file is, is found out by its content. An agent that runs sends its "
        "spans: Intake says where to.",
        icon=":material/upload:",
    )
elif not matching.n:
    st.info(f"None of the {total:,} runs fits these filters.", icon=":material/search_off:")
    st.button("Clear the filters", on_click=clear_filter, args=("traces",))
else:
    opened = run_table("traces_table", COLUMNS, run_rows(found, hidden))
    told, newer, older = st.columns([6, 1, 1], vertical_alignment="center")
    begin = len(pages) * PAGE
    of = "" if matching.n == total else f" that fit, of {total:,} in all"
    n = f"more than {matching.n:,}" if matching.more else f"{matching.n:,}"
    told.caption(f"{begin + 1:,} to {begin + len(found):,} of {n} runs{of}, newest first")
    newer.button("Newer", disabled=not pages, on_click=turn, args=(pages[:-1],), width="stretch")
    more = len(found) == PAGE and (matching.more or begin + PAGE < matching.n)
    last = [(found[-1].started_at, found[-1].id)] if found else []
    older.button("Older", disabled=not more, on_click=turn, args=(pages + last,), width="stretch")
    if opened is not None:
        open_trace(opened)

if n_waiting:
    show_waiting(n_waiting, waiting)
