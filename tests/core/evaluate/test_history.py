"""The history of an agent: order, what each version broke, what was mended."""

from datetime import UTC, datetime

from core.evaluate.history import Breakage, Cell, version_history
from core.records import Split, Task, Version
from core.store.engine import Store
from core.store.suites import Case, draft_of, set_cases
from core.store.task_splits import set_splits
from tests.core.evaluate.conftest import keep, plan, run, tau2

RESULTS = {
    "v1": {"1": "sss", "2": "sss", "3": "fff", "9": "sss", "10": "ssf"},
    "v2": {"1": "fff", "2": "sff", "3": "sss", "9": "sss", "10": "ssf"},
    "v3": {"1": "sss", "2": "fff", "3": "ssu", "9": "sss", "10": "ssf"},
}
CHAIN = [Version("shop", "v2", datetime(2026, 9, 1, tzinfo=UTC), "v1"), Version("shop", "v3", base="v2")]


def test_what_broke_and_what_was_mended(store):
    keep(store, plan(RESULTS), *CHAIN)
    with store.reading() as session:
        history = version_history(session, "shop")
    first, second, third = history.points
    assert [point.version for point in history.points] == ["v1", "v2", "v3"]
    assert (first.against, first.regression, first.broken) == ("", None, ())
    assert (second.against, second.broken, second.fixed) == ("v1", ("shop/1", "shop/2"), ("shop/3",))
    assert (second.regression.successes, second.regression.n) == (2, 4)
    assert (second.date_set, first.date_set) == (True, False)
    assert (third.against, third.broken, third.fixed, third.unknown) == ("v2", (), ("shop/1",), 1)
    assert [line.task for line in history.tasks] == ["shop/2", "shop/1", "shop/3", "shop/9", "shop/10"]
    worst, mended = history.tasks[:2]
    assert (worst.open, worst.breakages) == (True, (Breakage("v2", ""),))
    assert (mended.open, mended.breakages, mended.changes) == (False, (Breakage("v2", "v3"),), 2)
    assert worst.cells == {"v1": Cell(3, 3), "v2": Cell(1, 3), "v3": Cell(0, 3)}


def test_rates_have_n_and_an_interval_also_where_tasks_are_guessed_or_missing(store):
    derived = Task("guess/1", derived=True)
    keep(store, [run("1", "v1", derived, 1.0), run("2", "v1", derived, 0.0), run("3", "v1", None, 1.0)])
    keep(store, [run("4", "v1", None, None, cost=None), run("5", "v1", "t", 1.0, cost=0.03, seconds=30.0)])
    with store.reading() as session:
        (point,) = version_history(session, "shop").points
    assert (point.n_runs, point.unknown, point.n_tasks) == (5, 1, 1)
    assert (point.success.n, point.success.tasks, point.success.value) == (4, 3, (0.5 + 1 + 1) / 3)
    assert (point.cost.n, point.cost.value, point.latency.value) == (2, 0.02, 20.0)


def test_a_version_without_runs_stands_in_its_place(store):
    keep(
        store,
        plan({"v1": {"1": "s"}, "v3": {"1": "f"}}),
        Version("shop", "v2", base="v1"),
        Version("shop", "v3", base="v2"),
    )
    with store.reading() as session:
        _, second, third = version_history(session, "shop").points
    assert (second.version, second.success, second.cost, second.n_runs) == ("v2", None, None, 0)
    assert (third.against, third.broken) == ("v1", ("shop/1",))


def test_an_agent_that_nobody_knows_has_no_history(store):
    with store.reading() as session:
        assert version_history(session, "nobody").points == ()


def test_files_lie_about_time(store, real_data):
    tau2(store, real_data, "retail")
    with store.reading() as session:
        base, sft = version_history(session, "gpt-4.1").points
    assert base.date > sft.date
    assert (base.version, sft.version, sft.against) == ("base", "sft", "base")
    assert (round(base.success.value, 2), round(sft.success.value, 2)) == (0.85, 0.85)
    assert (len(sft.broken), len(sft.fixed), sft.regression.n) == (6, 6, 34)


def test_the_holdout_of_a_suite_is_no_part_of_its_history_until_it_is_opened(store: Store) -> None:
    keep(store, plan({"v1": {"1": "s", "2": "s"}, "v2": {"1": "s", "2": "f"}}))
    with store.session() as session:
        set_cases(session, draft_of(session, "kept"), [Case("shop/1"), Case("shop/2")])
        set_splits(session, {"shop/2": Split.HOLDOUT})
        closed, opened = (version_history(session, "shop", "kept", holdout) for holdout in (False, True))
        assert [point.broken for point in closed.points] == [(), ()]
        assert [line.task for line in closed.tasks] == ["shop/1"]
        assert [point.broken for point in opened.points] == [(), ("shop/2",)]
        set_splits(session, {"shop/1": Split.HOLDOUT})
        assert version_history(session, "shop", "kept").tasks == ()
