"""Readiness: the three answers together, and what it says where it cannot tell."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.errors import NotFound
from core.evaluate.readiness import State, readiness
from core.records import Message, Step, StepKind
from core.store.engine import Store
from tests.core.evaluate.conftest import keep, run, weekly


def test_an_agent_that_is_not_here_is_named(store: Store) -> None:
    with store.reading() as session, pytest.raises(NotFound, match="no agent shop"):
        readiness(session, "shop")


def test_without_times_nobody_can_tell(store: Store) -> None:
    keep(store, [run(f"r{n}", "v1", "shop/a", 1, None) for n in range(3)])
    with store.reading() as session:
        found = readiness(session, "shop")
    assert (found.stability, found.stable.state, found.worthwhile) == (None, State.CANNOT_TELL, False)
    assert found.sentence == (
        "Not yet: nobody can tell whether the task is stable until runs say when they began. Lessons can teach it "
        "meanwhile."
    )


def test_stable_and_enough_is_worth_a_try_whatever_it_saves(store: Store) -> None:
    unlike = [f"{n} {n * n} {n**3} asks {n + 7} times for parcel {n * 31}" for n in range(700)]
    traces = [
        replace(one, steps=(Step("0", StepKind.LLM, "a", output=(Message("assistant", unlike[number]),)),))
        for number, one in enumerate(weekly([0, 1, 2, 3, 9, 10, 11], 50))
    ]
    keep(store, traces)
    with store.reading() as session:
        found = readiness(session, "shop")
    assert (found.examples.rows, found.examples.tasks, found.saves.state) == (175, 175, State.CANNOT_TELL)
    assert found.worthwhile
    assert found.sentence.startswith("Fine-tuning is worthwhile to try.")
