"""What is done with a revision as a whole: its margin, freezing it, a new revision, a file of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st
from sqlalchemy.orm import Session
from streamlit.delta_generator import DeltaGenerator

from core.errors import LoopwrightError
from core.evaluate.suite_files import write_cases
from core.store.suites import Case, SuiteLine, find_suite, freeze, new_revision, set_margin
from dashboard.parts.notices import done, refused
from dashboard.parts.suite_making import CHOSEN
from dashboard.process import store

_MARGIN = "A difference within ± this many points is none that matters: then the verdict is “no difference shown”."


def show_actions(line: SuiteLine, cases: Sequence[Case], newest: bool, unsaved: bool) -> None:
    """The buttons of a revision; while something in the table is not saved, it is not frozen."""
    if line.frozen_at is None:
        with _door(f"Margin ±{100 * line.margin:g}", "straighten", line):
            points = st.number_input(
                "Margin, points", 0.5, 50.0, 100 * line.margin, 0.5, key=f"suites_margin_{line.label}", help=_MARGIN
            )
            args = (line, points / 100)
            st.button("Set it", key="suites_set_margin", on_click=_set_margin, args=args)
        off = unsaved or not cases
        with _door("Freeze", "lock", line, disabled=off, help=_why_not(unsaved, cases) or None):
            st.write("A frozen revision never changes. The first comparison on it freezes it too.")
            st.button("Freeze it", key="suites_freeze", type="primary", on_click=_freeze, args=(line,))
    elif newest:
        with _door("New revision", "edit", line):
            note = st.text_input("What changes, and why", key="suites_note", max_chars=300)
            st.button("Make a draft of it", key="suites_revise", type="primary", on_click=_revise, args=(line, note))
    st.download_button(
        "Download",
        write_cases(cases),
        f"{_file_name(line)}.jsonl",
        "application/jsonl",
        icon=":material/download:",
        on_click="ignore",
        disabled=not cases,
        help="Its cases as JSON lines, which “From a file” takes.",
    )


def _door(label: str, icon: str, line: SuiteLine, **more: Any) -> DeltaGenerator:
    """A popover of this revision and this state alone: what was open for another stays shut."""
    key = f"suites_{icon}_{line.label}_{line.margin}"
    return st.popover(label, icon=f":material/{icon}:", key=key, on_change="rerun", **more)


def _why_not(unsaved: bool, cases: Sequence[Case]) -> str:
    if not cases:
        return "It has no task yet."
    return "Save or undo the changes first." if unsaved else ""


def _file_name(line: SuiteLine) -> str:
    safe = "".join(one if one.isalnum() or one in "-_." else "-" for one in line.name).strip(".-")
    return f"{safe[:80] or 'suite'}-{line.revision}"


def _set_margin(line: SuiteLine, margin: float) -> None:
    _act(lambda session: set_margin(session, find_suite(session, line.label), margin), "The margin is set.")


def _freeze(line: SuiteLine) -> None:
    _act(lambda session: freeze(session, find_suite(session, line.label)), f"{line.label} is frozen.")


def _revise(line: SuiteLine, note: str) -> None:
    label = f"{line.name}@{line.revision + 1}"
    if _act(lambda session: new_revision(session, line.name, note), f"{label} is a draft with the same tasks."):
        st.session_state[CHOSEN] = label


def _act(work: Callable[[Session], object], said: str) -> bool:
    try:
        with store().session() as session:
            work(session)
    except LoopwrightError as error:
        refused(error.message)
        return False
    done(said)
    return True
