"""Which tasks are kept for evaluation: how many, and a lead's choice of shares; seen before it is done."""

from __future__ import annotations

import streamlit as st

from core.errors import LoopwrightError
from core.records import Split
from core.store.task_splits import task_splits
from core.tasks.splits import by_shares, keep_apart, plan
from dashboard.identity import Actor
from dashboard.parts.notices import done, refused
from dashboard.parts.numbers import escaped
from dashboard.parts.split_words import change_lines, counts_words
from dashboard.process import store

_KEY = "datasets_splits"
_ABOUT = (
    "No run of a task that is kept is taught, in datasets or in lessons. Shares are dealt out by a hash of the task's "
    "key, so the same seed keeps the same tasks everywhere. `loopwright split` does the same, and single tasks by name."
)


def show_splits(actor: Actor) -> None:
    """The counts, and for leads the choice."""
    with st.expander(
        "Tasks kept for evaluation", key=f"{_KEY}_open", on_change="rerun", icon=":material/lock_open:"
    ) as shown:
        if shown.open:
            _ask(actor)


def _ask(actor: Actor) -> None:
    with store().reading() as session:
        tasks = task_splits(session)
        now = plan(session, {}, tasks)
    st.markdown(f"{counts_words(now)}.", help=_ABOUT)
    if not actor.leads or not tasks:
        return
    left, middle, seed_box = st.columns(3)
    validation = left.number_input("Validation, %", 0, 90, 10, key=f"{_KEY}_validation")
    holdout = middle.number_input("Holdout, %", 0, 90, 10, key=f"{_KEY}_holdout")
    seed = seed_box.text_input("Seed", key=f"{_KEY}_seed", max_chars=40, help="Another one deals the tasks otherwise.")
    again = st.toggle("Deal out what is kept already, too", key=f"{_KEY}_again")
    try:
        chosen = by_shares(tasks, validation / 100, holdout / 100, seed, again)
    except LoopwrightError as error:
        st.error(error.message, icon=":material/error:")
        return
    with store().reading() as session:
        change = plan(session, chosen, tasks)
    first, *lessons = change_lines(change)
    st.markdown("\n".join([escaped(first), "", *(f"- {escaped(line)}" for line in lessons)]))
    st.button(
        "Keep them apart",
        key=f"{_KEY}_do",
        icon=":material/lock:",
        disabled=not change.changes,
        on_click=_keep,
        args=(actor, chosen),
    )


def _keep(actor: Actor, chosen: dict[str, Split]) -> None:
    try:
        with store().session() as session:
            change = keep_apart(session, actor.role, chosen)
    except LoopwrightError as error:
        refused(error.message)
        return
    done(f"{counts_words(change)}.")
