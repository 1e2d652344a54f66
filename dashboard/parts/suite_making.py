"""New suites and new cases: an empty draft, tasks of an agent's runs chosen in a table, a file."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.errors import Conflict, LoopwrightError
from core.evaluate.coverage import MOST_TASKS, kind_of
from core.evaluate.suite_files import FIELDS, SuiteFile, put_cases, read_cases
from core.records import Outcome
from core.store.catalog import list_agents
from core.store.live_tasks import TaskFilter, TriedTask, live_tasks, tried_tasks
from core.store.suites import Case, draft_of, list_cases, list_suites, set_cases
from dashboard.parts.notices import done, refused
from dashboard.parts.numbers import clipped, escaped
from dashboard.parts.suite_cases import TURN, turn_over
from dashboard.process import store

CHOSEN = "suites_suite"
"""The key under which the page's suite stands, in the address too."""
AT_ONCE = 500
LARGEST_FILE_MB = 20
ANY = "any"
WAYS = {
    Outcome.SOLVED: "a run solved it",
    Outcome.FAILED: "a run failed it",
    Outcome.PARTLY: "a run solved it partly",
    Outcome.UNKNOWN: "no run has an outcome",
}


def new_suite_door(known: Sequence[str]) -> None:
    """The way to a suite that there is not yet: its name, and cases from a file at once or tasks later."""
    turn = st.session_state.get(TURN, 0)  # another key closes it once the suite is made
    door = st.popover("New suite", icon=":material/add:", width="stretch", key=f"suites_new_{turn}", on_change="rerun")
    with door, st.container(width=420):
        st.text_input("Name", key="suites_name", max_chars=200, help="Such as: airline. Revisions are numbered.")
        found = _choose_file(f"suites_new_file_{turn}", "Its tasks from a file, or choose them afterwards")
        name = st.session_state.suites_name.strip()
        if name in known:
            st.caption("There is a suite of this name. Choose it, or name this one otherwise.")
        args = {"disabled": not name or name in known, "args": (name, found)}
        st.button("Make it", key="suites_make", type="primary", on_click=_make, **args)


def _make(name: str, found: SuiteFile | None) -> None:
    try:
        with store().session() as session:
            if name in list_suites(session):
                raise Conflict(f"There is a suite {name} already.", field="suite")
            made = draft_of(session, name)
            if found is not None:
                put_cases(session, made.name, found)
            label = f"{made.name}@{made.revision}"
    except LoopwrightError as error:
        refused(error.message)
        return
    st.session_state.update({CHOSEN: label, "suites_name": ""})
    turn_over()
    done(f"{name} is a draft now.")


def _choose_file(key: str, label: str) -> SuiteFile | None:
    """The cases of a file that was chosen; None, with the reason on the screen, where it has none."""
    sent = st.file_uploader(
        label,
        ["json", "jsonl", "yaml", "yml", "csv", "parquet"],
        key=key,
        max_upload_size=LARGEST_FILE_MB,
        help=f"One case a row: {', '.join(FIELDS)}. Only task has to be there.",
    )
    if sent is None:
        return None
    try:
        found = read_cases(sent.name, sent.getvalue())
    except LoopwrightError as error:
        st.error(escaped(error.message), icon=":material/error:")
        return None
    split = f", {len(found.splits):,} with a split" if found.splits else ""
    st.caption(f"{len(found.cases):,} cases{split}.")
    return found


def add_doors(name: str, cases: Sequence[Case]) -> None:
    """What can be put into a draft."""
    runs, file = st.tabs(["From an agent's runs", "From a file"])
    with file:
        found = _choose_file(f"suites_file_{name}", "Cases from a file")
        st.caption("What stands there of a task that is in the draft replaces what the draft says of it.")
        args = {"disabled": found is None, "args": (name, found)}
        st.button("Put them in", key="suites_put", icon=":material/add:", on_click=_put, **args)
    with runs:
        _choose_tasks(name, {case.task for case in cases})


def _put(name: str, found: SuiteFile) -> None:
    try:
        with store().session() as session:
            n = put_cases(session, name, found)
    except LoopwrightError as error:
        refused(error.message)
        return
    turn_over()
    done(f"{n:,} cases are new or say something else.")


def _choose_tasks(name: str, held: set[str]) -> None:
    with store().reading() as session:
        agents = list_agents(session)
    if not agents:
        st.caption("No run has come in yet: import some on Traces, or put a file in.")
        return
    places = st.columns([2, 3, 3, 2])
    agent = places[0].selectbox("Agent", agents, key="suites_agent")
    with store().reading() as session:
        kinds = sorted({kind_of(one.key) for one in live_tasks(session, MOST_TASKS, agent) if "/" in one.key})
    words = places[1].text_input("Words", key="suites_words", help="In the task's key or in what it asks; all of them.")
    group = places[2].selectbox("Task group", [ANY, *kinds], key=f"suites_group_{agent}", help="Keys up to the last /.")
    outcome = places[3].selectbox("Outcome", [ANY, *WAYS], format_func=lambda one: WAYS.get(one, ANY))
    wanted = TaskFilter(agent, words, "" if group == ANY else f"{group}/", "" if outcome == ANY else outcome)
    with store().reading() as session:
        found, n = tried_tasks(session, wanted, AT_ONCE)
    if not found:
        st.caption(
            "No task of this agent fits. Tasks whose key was guessed from what was said first are not offered: "
            "they are not compared."
        )
        return
    table = st.dataframe(
        [_task_row(one, one.key in held) for one in found],
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        key=f"suites_tasks_{name}_{st.session_state.get(TURN, 0)}_{hash((wanted, len(held)))}",
        column_config={
            name: st.column_config.TextColumn(name, alignment="right") for name in ("Runs", "Solved", "Split")
        },
        alt="Tasks of the agent's runs, to be chosen",
    )
    picked = [found[row].key for row in table.selection.rows if found[row].key not in held]
    if n > len(found):
        st.caption(f"The first {len(found):,} of {n:,} tasks that fit: narrow them to see the others.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        tags = st.multiselect(
            "Tags of what is added", [], key="suites_new_tags", accept_new_options=True, placeholder="none", width=300
        )
        label = f"Add {len(picked):,} tasks" if len(picked) != 1 else "Add 1 task"
        args = {"disabled": not picked, "args": (name, picked, tuple(tags))}
        st.button(label, key="suites_add", type="primary", icon=":material/add:", on_click=_add, **args)
        st.caption("Tick rows, or all of them in the head of the table.")


def _task_row(one: TriedTask, held: bool) -> dict[str, str]:
    return {
        "Task": one.key,
        "What it asks": clipped(one.title, 120),
        "Runs": f"{one.runs:,}",
        "Solved": f"{one.solved:,} of {one.known:,}" if one.known else "not known",
        "Split": one.split.value,
        "In the draft": "yes" if held else "",
    }


def _add(name: str, tasks: Sequence[str], tags: tuple[str, ...]) -> None:
    try:
        with store().session() as session:
            draft = draft_of(session, name)
            there = {case.task for case in list_cases(session, draft.id)}
            n = set_cases(session, draft, [Case(task, tags) for task in tasks if task not in there])
    except LoopwrightError as error:
        refused(error.message)
        return
    turn_over()
    done(f"{n:,} tasks are in {name} now.")
