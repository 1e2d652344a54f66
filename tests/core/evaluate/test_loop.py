"""Where the loop leaks, from nothing stored to a version that got better."""

from datetime import timedelta

import pytest

from core.clock import now
from core.evaluate.loop import loop_state
from core.records import Annotation, Lesson, LessonState, LoggedRecall, Role, Version
from core.review.ready_made import RUN_REVIEW
from core.store.annotations import add_annotation
from core.store.items import NewItem, add_items, refresh_items
from core.store.lessons import add_lesson
from core.store.people import person_id
from core.store.queues import get_queue, make_queue
from core.store.recalls import log_recall
from core.store.schemas import save_schema
from core.store.tables import ItemRow
from core.store.traces import find_trace
from tests.core.evaluate.conftest import keep, plan


def state(store):
    with store.reading() as session:
        return loop_state(session)


def queue_up(store, uids):
    with store.session() as session:
        queue = make_queue(session, "all", "trace", save_schema(session, RUN_REVIEW))
        add_items(session, get_queue(session, queue), [NewItem(find_trace(session, uid)) for uid in uids])


def review(store, uid, outcome="failed"):
    with store.session() as session:
        trace, who = find_trace(session, uid), person_id(session, "ann")
        said = Annotation(uid, "ann", "run-review", {"outcome": outcome})
        add_annotation(session, trace, who, (save_schema(session, RUN_REVIEW), "run-review"), said, now())
        refresh_items(session, ItemRow.trace_id, [trace])


def teach(store, name, state):
    with store.session() as session:
        lesson, lead = Lesson(name, f"When {name}", "Do it.", state=state), person_id(session, "ann", Role.LEAD)
        add_lesson(session, lesson, lead, decided_by=lead)


def test_the_leak_moves_on_as_each_is_mended(store):
    empty = state(store)
    assert (empty.leak.page, [stage.n for stage in empty.stages]) == ("traces", [0, 0, 0, 0, 0])

    keep(store, plan({"v1": {str(n): "f" for n in range(4)}}))
    assert (state(store).leak.page, state(store).leak.stage.name) == ("settings", "Reviewed")

    uids = [f"v1/{n}/0" for n in range(4)]
    queue_up(store, uids)
    leak = state(store).leak
    assert (leak.page, leak.sentence) == ("review", "4 of 4 runs to review wait for somebody.")
    assert now() - leak.stage.since < timedelta(minutes=1)

    for uid in uids[:3]:
        review(store, uid)
    leak = state(store).leak
    assert (leak.stage.name, leak.sentence) == ("Taught", "3 failed runs were reviewed, and no lesson came of them.")

    teach(store, "first", LessonState.PROPOSED)
    assert state(store).leak.sentence == "1 of 1 lessons wait for a lead to decide."

    teach(store, "second", LessonState.ACTIVE)
    teach(store, "third", LessonState.ACTIVE)
    assert state(store).leak.sentence == "2 of 2 active lessons were never given to an agent."

    with store.session() as session:
        given = ({"id": "second", "revision": 1, "score": 0.9, "given": True}, {"id": "third", "given": False})
        log_recall(session, LoggedRecall("r1", "a task", "memory", now(), "shop", "v1", lessons=given))
    turning = state(store)
    assert turning.leak is None
    assert [(stage.n, stage.passed, stage.arrived) for stage in turning.stages] == [
        (4, 0, 0),
        (3, 3, 4),
        (2, 2, 3),
        (1, 1, 2),
        (0, 0, 0),
    ]


@pytest.mark.parametrize(("after", "page", "better"), [("f", "evaluation", 0), ("s", "settings", 1)])
def test_the_newest_version_against_its_base(store, after, page, better):
    before = "s" if after == "f" else "f"
    tasks = {str(n): before for n in range(12)}
    results = {"v1": tasks, "v2": dict.fromkeys(tasks, after)}
    keep(store, plan(results), Version("shop", "v2", base="v1"), Version("shop", "v3", base="v2"))
    loop = state(store)
    assert [(one.base, one.candidate) for one in loop.newest] == [("v1", "v2")]
    assert (loop.leak.page, loop.stages[-1].n) == (page, better)
    assert [(agent.agent, agent.runs, agent.recent) for agent in loop.arrived] == [("shop", 24, 24)]


def test_versions_that_share_no_task_say_so(store):
    keep(store, plan({"v1": {"1": "s"}, "v2": {"2": "s"}}), Version("shop", "v2", base="v1"))
    (newest,) = state(store).newest
    assert (newest.comparison, "different tasks" in newest.problem) == (None, True)
