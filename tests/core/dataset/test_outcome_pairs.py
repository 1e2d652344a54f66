"""Pairs that outcomes make: a solved run beside a failed one of the same task, and single steps after one context."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.dataset.definition import define
from core.dataset.selection import Selection, select
from core.records import Message, Pair, Step, StepKind, Task, Trace
from core.store.engine import Store
from core.store.tables import TaskRow
from tests.core.dataset.test_formats import ASKED, CALL, RESULT, answer
from tests.core.dataset.world import choose, keep, reasons, said
from tests.worlds import run

TASK = Task("shop/parcel", "Where is it?")


def trial(uid: str, reward: float, words: str) -> Trace:
    """A run of one task that says other words in the end."""
    *before, last = run(uid).steps
    steps = (*before, replace(last, output=(Message("assistant", words),)))
    return run(uid, reward=reward, task=TASK, steps=steps)


def selected(store: Store, format: str = "dpo", *gates: str) -> Selection:
    with store.reading() as session:
        return select(session, define(format, gates))


@pytest.mark.parametrize("format", ["dpo", "reward"])
def test_a_solved_run_stands_beside_a_failed_one_of_its_task(store: Store, format: str):
    with store.session() as session:
        keep(
            session,
            trial("bad", 0, "I do not know."),
            trial("good", 1, "It comes on Monday."),
            trial("well", 1, "On Monday."),
            said("other", "Cancel it.", 0),
        )
    (row,) = selected(store, format).rows
    assert (row.candidate.key, row.candidate.source) == ("trials:good:bad", "trials")
    assert row.candidate.outcome_from.startswith("automated check")
    assert row.columns == {
        "prompt": [ASKED, CALL, RESULT],
        "chosen": [answer("It comes on Monday.")],
        "rejected": [answer("I do not know.")],
    }


def test_tasks_that_were_guessed_or_are_kept_make_no_pair(store: Store):
    with store.session() as session:
        keep(session, trial("bad", 0, "I do not know."), trial("good", 1, "It comes on Monday."))
        session.query(TaskRow).filter_by(key=TASK.key).update({"derived": True})
    assert selected(store).candidates == 0
    with store.session() as session:
        session.query(TaskRow).filter_by(key=TASK.key).update({"derived": False, "split": "holdout"})
    assert reasons(selected(store).excluded) == {"trials:good:bad": "holdout"}


def test_runs_that_part_at_the_users_words_make_no_row(store: Store):
    with store.session() as session:
        keep(
            session,
            run("bad", "Where is my parcel?", 0, task=TASK),
            run("good", "Has my parcel been sent?", 1, task=TASK),
        )
    assert reasons(selected(store).excluded) == {"trials:good:bad": "no_turn"}


def asks(uid: str, words: str, replies: str) -> Trace:
    steps = (
        Step("u", StepKind.USER, output=(Message("user", words),)),
        Step("a", StepKind.LLM, output=(Message("assistant", replies),)),
        Step("then", StepKind.USER, output=(Message("user", f"Thanks for {uid}."),)),
    )
    return run(uid, steps=steps)


def test_two_single_steps_after_one_context_are_two_turns_and_no_more(store: Store):
    with store.session() as session:
        keep(session, asks("x", "Which way?", "Left."), asks("y", "Which way?", "Right."), asks("z", "How?", "So."))
        sides = {"trace_a": "x", "trace_b": "y", "step_a": "a", "step_b": "a"}
        choose(session, Pair("p", "test", "", **sides), "b")
        choose(session, Pair("q", "test", "", **(sides | {"trace_b": "z"})), "a")
        choose(session, Pair("r", "test", "", **(sides | {"step_b": "then"})), "a")
    found = selected(store, "dpo", "duplicates=off")
    (row,) = found.rows
    asked = {"role": "user", "content": "Which way?"}
    assert row.columns == {"prompt": [asked], "chosen": [answer("Right.")], "rejected": [answer("Left.")]}
    assert {each.candidate.key: each.detail for each in found.excluded} == {
        "pair:q": "What stood before the two steps is not the same.",
        "pair:r": "One of the two steps is not a turn of the agent.",
    }
