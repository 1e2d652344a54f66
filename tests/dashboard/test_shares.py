"""How many runs go without lessons is what the settings say, for every door."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from core.memory.indexer import sync
from core.records import Lesson, LessonState, Role
from core.store.lessons import add_lesson
from core.store.people import person_id
from dashboard import process
from dashboard.recalling import recall_lessons


def test_recalls_go_by_the_shares_that_are_set(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with process.store().session() as session:
        me = person_id(session, "me", Role.LEAD)
        lesson = Lesson("late", "the parcel is late", "call the carrier", state=LessonState.ACTIVE)
        add_lesson(session, lesson, me, decided_by=me)
    sync(process.store(), process.lesson_index())

    def given(control: str, hold_back: str) -> Counter[tuple[str, int]]:
        monkeypatch.setenv("LOOPWRIGHT_CONTROL_SHARE", control)
        monkeypatch.setenv("LOOPWRIGHT_HOLD_BACK_SHARE", hold_back)
        asked = [recall_lessons({"task": "my parcel is late", "run_key": f"run-{n}"}) for n in range(40)]
        return Counter((one["arm"], len(one["lessons"])) for one in asked)

    assert given("0", "0") == {("memory", 1): 40}
    half = given("0.5", "0")
    assert set(half) == {("control", 0), ("memory", 1)}
    assert 10 < half["control", 0] < 30
    assert 10 < given("0", "0.5")["memory", 0] < 30
    process.close_all()
