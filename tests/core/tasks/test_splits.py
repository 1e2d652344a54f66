"""Tasks are kept for evaluation by name or by shares of a stable hash; what would leak is named."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput, NotFound, NotPermitted
from core.records import Lesson, LessonState, Role, Split
from core.store.engine import Store
from core.store.lessons import add_lesson
from core.store.people import person_id
from core.store.task_splits import TaskSplit, task_splits
from core.store.trace_writing import insert_traces
from core.tasks.splits import by_shares, keep_apart, plan
from tests.core.dataset.world import said


def fill(store: Store, n: int = 40) -> None:
    with store.session() as session:
        insert_traces(session, [said(f"{number:02}", f"Question {number}?") for number in range(n)])


def splits(store: Store) -> dict[str, Split]:
    with store.reading() as session:
        return {one.key: one.split for one in task_splits(session)}


def test_shares_are_about_as_asked_and_the_same_each_time() -> None:
    tasks = [TaskSplit(f"shop/{number}", Split.TRAIN) for number in range(4_000)]
    chosen = by_shares(tasks, 0.1, 0.2, "a")
    counts = {split: list(chosen.values()).count(split) for split in Split}
    assert counts == {Split.TRAIN: 2_801, Split.VALIDATION: 417, Split.HOLDOUT: 782}
    assert by_shares(tasks[::-1], 0.1, 0.2, "a") == chosen
    assert by_shares(tasks, 0.1, 0.2, "b") != chosen


@settings(deadline=None)
@given(st.floats(0, 0.4), st.floats(0, 0.4), st.floats(0, 0.1))
def test_a_larger_holdout_holds_the_smaller_one(validation: float, holdout: float, more: float) -> None:
    tasks = [TaskSplit(f"t/{number}", Split.TRAIN) for number in range(100)]
    few, many = by_shares(tasks, validation, holdout), by_shares(tasks, validation, holdout + more)
    assert {key for key, split in few.items() if split is Split.HOLDOUT} <= {
        key for key, split in many.items() if split is Split.HOLDOUT
    }


def test_what_is_kept_stays_kept_unless_all_is_dealt_out_again() -> None:
    tasks = [TaskSplit("t/1", Split.HOLDOUT), TaskSplit("t/2", Split.TRAIN)]
    assert by_shares(tasks, 0, 0) == {"t/2": Split.TRAIN}
    assert by_shares(tasks, 0, 0, again=True) == {"t/1": Split.TRAIN, "t/2": Split.TRAIN}


@pytest.mark.parametrize("shares", [(0.5, 0.5), (-0.1, 0), (0, 1)])
def test_shares_that_leave_nothing_are_refused(shares: tuple[float, float]) -> None:
    with pytest.raises(InvalidInput, match="together less than 1"):
        by_shares([], *shares)


def test_a_lead_keeps_tasks_apart_and_is_told_which_lessons_would_leak(store: Store) -> None:
    fill(store)
    with store.session() as session:
        person = person_id(session, "lead", Role.LEAD)
        for name, run in (("l1", "03"), ("l2", "04")):
            lesson = Lesson(name, f"asked for {run}", "look it up", state=LessonState.ACTIVE, evidence=((run, "3"),))
            add_lesson(session, lesson, person, decided_by=person)
    chosen = {"shop/03": Split.HOLDOUT, "shop/05": Split.VALIDATION}
    with store.session() as session:
        seen = plan(session, chosen, task_splits(session))
        with pytest.raises(NotPermitted):
            keep_apart(session, Role.ANNOTATOR, chosen)
        with pytest.raises(NotFound, match="no task shop/x"):
            keep_apart(session, Role.LEAD, {"shop/x": Split.HOLDOUT})
    assert set(splits(store).values()) == {Split.TRAIN}
    with store.session() as session:
        assert keep_apart(session, Role.LEAD, chosen) == seen
    assert [(one.uid, one.task) for one in seen.lessons] == [("l1", "shop/03")]
    assert seen.counts == {Split.TRAIN: 38, Split.VALIDATION: 1, Split.HOLDOUT: 1}
    found = splits(store)
    assert (found["shop/03"], found["shop/05"], found["shop/04"]) == (Split.HOLDOUT, Split.VALIDATION, Split.TRAIN)
    with store.session() as session:
        assert keep_apart(session, Role.LEAD, chosen).changes == {}


def test_only_tasks_of_a_beginning_are_listed(store: Store) -> None:
    fill(store, 3)
    with store.session() as session:
        assert [one.key for one in task_splits(session, "shop/01")] == ["shop/01"]
        assert task_splits(session, "sho%") == []
