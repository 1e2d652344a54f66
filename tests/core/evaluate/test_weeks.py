"""Runs week by week, on both databases: the same weeks, the same numbers, and only changes that the data carry."""

from datetime import UTC, date, datetime, timedelta

import pytest

from core.evaluate.weeks import weekly
from core.measure.intervals import Interval
from core.records import Annotation, Mark, Role, Task
from core.review.ready_made import RUN_REVIEW
from core.store.annotations import add_annotation
from core.store.people import person_id
from core.store.schemas import save_schema
from core.store.traces import find_trace
from tests.core.evaluate.conftest import MONDAY, keep, run


def at(week: int, **more: int) -> datetime:
    return MONDAY + timedelta(weeks=week, **more)


def label(store, uid, person, *categories, role=Role.ANNOTATOR, whole=()):
    with store.session() as session:
        schema = save_schema(session, RUN_REVIEW)
        marks = tuple(Mark("went_wrong", "0", category) for category in categories)
        said = Annotation(uid, person, "run-review", {"outcome": "failed", "went_wrong": list(whole)}, marks)
        who = person_id(session, person, role)
        add_annotation(session, find_trace(session, uid), who, (schema, "run-review"), said, MONDAY)


@pytest.mark.parametrize(
    ("moment", "monday"),
    [
        (datetime(2026, 8, 31, 0, 0, tzinfo=UTC), date(2026, 8, 31)),
        (datetime(2026, 9, 6, 23, 59, 59, 999999, tzinfo=UTC), date(2026, 8, 31)),
        (datetime(2026, 9, 7, 1, 0, tzinfo=UTC), date(2026, 9, 7)),
        (datetime(2027, 1, 1, 12, 0, tzinfo=UTC), date(2026, 12, 28)),
    ],
)
def test_a_week_begins_on_monday_in_utc(store, moment, monday):
    keep(store, [run("1", "v1", "t", 1.0, moment)])
    with store.reading() as session:
        assert [week.start for week in weekly(session).weeks] == [monday]


def test_a_week_in_numbers(store):
    runs = [run(f"{n}", "v1", f"shop/a/{n}", float(n > 1), at(0), seconds=float(n), cost=n / 100) for n in range(8)]
    runs += [run("u", "v1", "shop/b/1", None, at(0), seconds=100.0, cost=None, error="Timeout")]
    runs += [run("other", "v1", "t", 1.0, at(0), agent="else"), run("undated", "v1", "t", 1.0, None)]
    keep(store, runs)
    with store.reading() as session:
        weeks = weekly(session, "shop")
        assert weekly(session).weeks[0].n == 10
    (week,) = weeks.weeks
    assert (week.n, week.unknown, weeks.undated) == (9, 1, 1)
    assert (week.success.successes, week.success.n) == (6, 8)
    assert (week.errors.successes, week.errors.n) == (1, 9)
    assert (week.steps.value, week.steps.n, week.steps.interval) == (1, 9, Interval(1, 1))
    # A cost of 0 is one that the source did not know.
    assert (week.cost.n, round(week.cost.value, 4)) == (7, 0.04)
    assert (week.latency.n, week.latency.value, week.latency.interval) == (9, 4.0, Interval(0.0, 100.0))
    assert {name: rate.successes for name, rate in week.traffic.items()} == {"shop/a": 8, "shop/b": 1}
    assert (week.labelled, week.labels) == (0, {})


def test_an_even_week_has_the_middle_of_its_two_middle_runs(store):
    keep(store, [run(f"{n}", "v1", f"t/{n}", 1.0, at(0), seconds=s) for n, s in enumerate((1.0, 2.0, 6.0, 9.0))])
    with store.reading() as session:
        (week,) = weekly(session).weeks
    assert (week.latency.value, week.latency.interval, week.latency.n) == (4.0, None, 4)


def test_runs_of_one_task_and_runs_without_a_task_are_not_counted_alike(store):
    same = [run(f"s{n}", "v1", "t", float(n % 2), at(0)) for n in range(8)]
    alone = [run(f"a{n}", "v1", None, float(n % 2), at(1)) for n in range(8)]
    keep(store, same + alone)
    with store.reading() as session:
        first, second = weekly(session).weeks
    assert (first.success.tasks, second.success.tasks) == (1, 8)
    assert (
        first.success.interval.high - first.success.interval.low
        > second.success.interval.high - second.success.interval.low
    )
    assert (first.cost.interval, second.cost.value) == (None, 0.01)


def test_labels_count_runs_once_and_leave_machines_out(store):
    keep(store, [run(str(n), "v1", f"t/{n}", 0.0, at(0)) for n in range(6)])
    label(store, "0", "ann", "Tool-related", "Tool-related")
    label(store, "0", "bob", "Tool-related", "Resource Abuse")
    label(store, "1", "ann", whole=["Tool-related"])
    label(store, "2", "ann")
    label(store, "3", "judge", "Timeout Issues", role=Role.MACHINE)
    with store.reading() as session:
        weeks = weekly(session, "shop")
    (week,) = weeks.weeks
    assert week.labelled == 3
    assert {name: (rate.successes, rate.n) for name, rate in week.labels.items()} == {
        "Tool-related": (2, 3),
        "Resource Abuse": (1, 3),
    }
    assert weeks.categories == ("Tool-related", "Resource Abuse")


def test_no_rows_are_no_weeks(store):
    keep(store, [run("1", "v1", "t/1", 1.0, at(0))])
    with store.reading() as session:
        empty = weekly(session, "nobody")
    assert (empty.weeks, empty.undated) == ((), 0)


def test_a_share_that_a_week_does_not_name_is_nothing_of_all_its_runs(store):
    keep(store, [run(f"a{n}", "v1", f"shop/a/{n}", 1.0, at(0)) for n in range(6)])
    keep(store, [run(f"b{n}", "v1", f"shop/b/{n}", 1.0, at(1)) for n in range(4)])
    with store.reading() as session:
        first, second = weekly(session, "shop").weeks
    assert {name: (rate.successes, rate.n) for name, rate in first.traffic.items()} == {
        "shop/a": (6, 6),
        "shop/b": (0, 6),
    }
    assert second.traffic["shop/a"].successes == 0


def test_tasks_are_grouped_by_their_namespace_but_guessed_ones_are_not(store):
    keep(store, [run("1", "v1", Task("guess/1", derived=True), 1.0), run("2", "v1", "shop/a/1", 1.0)])
    with store.reading() as session:
        assert weekly(session).groups == ()
