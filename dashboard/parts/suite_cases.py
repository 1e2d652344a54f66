"""The cases of a suite as a table: a draft's is changed in place, a frozen one's is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import streamlit as st

from core.errors import LoopwrightError
from core.evaluate.suite_edits import SuiteEdits, apply_edits, edits_between, split_change
from core.records import Split
from core.store.suites import Case
from dashboard.identity import Actor
from dashboard.parts.notices import done, refused
from dashboard.parts.numbers import escaped
from dashboard.parts.split_words import change_lines
from dashboard.process import store

TURN = "suites_turn"
"""Counts up whenever what is stored replaces what stands in the table."""
OUT, TASK, ASKS, SPLIT, TAGS, DIFFICULTY, EXPECTED = (
    "Take out", "Task", "What it asks", "Split", "Tags", "Difficulty", "A good outcome",
)  # fmt: skip

Row = Mapping[str, object]


def case_rows(cases: Sequence[Case]) -> list[dict[str, object]]:
    """One row a case, as the table shows it."""
    return [
        {
            OUT: False,
            TASK: case.task,
            ASKS: " ".join(case.title.split())[:300],
            SPLIT: case.split.value,
            TAGS: list(case.tags),
            DIFFICULTY: case.difficulty,
            EXPECTED: case.expected,
        }
        for case in cases
    ]


def cases_of(before: Sequence[Case], rows: Iterable[Row]) -> list[Case]:
    """The cases that the rows say, without those that are taken out; rows stand in the order of `before`."""
    found = []
    for case, row in zip(before, rows, strict=True):
        if row[OUT]:
            continue
        tags, split = row[TAGS], row[SPLIT]
        said = tuple(dict.fromkeys(str(tag).strip() for tag in tags)) if isinstance(tags, (list, tuple)) else ()
        found.append(
            replace(
                case,
                split=Split(str(split)) if split else case.split,
                tags=tuple(tag for tag in said if tag),
                difficulty=_typed(case.difficulty, row[DIFFICULTY]),
                expected=_typed(case.expected, row[EXPECTED]),
            )
        )
    return found


def _typed(before: str, value: object) -> str:
    """What was typed, without blanks around it; what nobody touched stays as it is stored."""
    text = "" if value is None else str(value)
    return before if text == before else text.strip()


def _columns(cases: Sequence[Case]) -> dict[str, object]:
    tags = sorted({tag for case in cases for tag in case.tags})
    column = st.column_config
    return {
        OUT: column.CheckboxColumn(OUT, width="small", help="Takes the task out of this draft; its runs stay."),
        TASK: column.TextColumn(TASK, disabled=True, pinned=True, width="medium"),
        ASKS: column.TextColumn(ASKS, disabled=True, width="medium"),
        SPLIT: column.SelectboxColumn(
            SPLIT,
            options=[split.value for split in Split],
            required=True,
            width="small",
            help="Belongs to the task, in every suite: no run of a validation or holdout task is taught.",
        ),
        TAGS: column.MultiselectColumn(
            TAGS, options=tags, accept_new_options=True, help="Success is compared for each tag apart. Type a new one."
        ),
        DIFFICULTY: column.TextColumn(DIFFICULTY, max_chars=40, width="small"),
        EXPECTED: column.TextColumn(EXPECTED, max_chars=4_000),
    }


def read_cases_table(cases: Sequence[Case]) -> None:
    """The cases of a revision that does not change any more."""
    rows = [{name: value for name, value in row.items() if name != OUT} for row in case_rows(cases)]
    columns = {name: config for name, config in _columns(cases).items() if name != OUT}
    st.dataframe(rows, hide_index=True, column_config=columns, alt="The tasks of the suite")


def edit_cases(label: str, cases: Sequence[Case], actor: Actor) -> SuiteEdits:
    """The table of a draft with a way to save; what was changed in it and is not saved yet."""
    turn = st.session_state.setdefault(TURN, 0)
    rows = st.data_editor(
        case_rows(cases),
        hide_index=True,
        num_rows="fixed",
        column_config=_columns(cases),
        key=f"suites_cases_{label}_{turn}",
        alt="The tasks of the draft, to be changed",
    )
    edits = edits_between(cases, cases_of(cases, rows))
    with st.container(horizontal=True, vertical_alignment="center"):
        args = {"disabled": not edits, "args": (label, edits, actor)}
        st.button("Save changes", key="suites_save", type="primary", icon=":material/save:", on_click=_save, **args)
        st.button("Undo them", key="suites_undo", icon=":material/undo:", disabled=not edits, on_click=turn_over)
        st.caption(edit_words(edits))
    if edits.splits:
        with store().reading() as session:
            first, *lessons = change_lines(split_change(session, edits))
        st.markdown("\n".join([escaped(first), "", *(f"- {escaped(line)}" for line in lessons)]))
    return edits


def edit_words(edits: SuiteEdits) -> str:
    """2 tasks say something else, 1 is taken out, 3 have another split: not saved yet."""
    parts = [
        (len(edits.changed), "says something else", "say something else"),
        (len(edits.removed), "is taken out", "are taken out"),
        (len(edits.splits), "has another split", "have another split"),
    ]
    said = [f"{n:,} {one if n == 1 else many}" for n, one, many in parts if n]
    return f"Of its tasks {', '.join(said)}: not saved yet." if said else "Nothing is changed."


def turn_over() -> None:
    """Show what is stored, instead of what was typed."""
    st.session_state[TURN] = st.session_state.get(TURN, 0) + 1


def _save(label: str, edits: SuiteEdits, actor: Actor) -> None:
    try:
        with store().session() as session:
            apply_edits(session, actor.role, label, edits)
    except LoopwrightError as error:
        refused(error.message)
        return
    turn_over()
    done("Saved.")
