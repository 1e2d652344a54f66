"""Whether the work stays the same: small worlds in which each change is known by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.evaluate.readiness import State, is_stable, told
from core.evaluate.stability import Check, Stability, Window, stability, thinned
from core.records import Step, StepKind, Task, Trace
from core.store.engine import Store
from core.store.readiness import first_and_last, runs_between
from tests.core.evaluate.conftest import MONDAY, WEEK, keep, run, weekly


def compared(store: Store) -> Stability:
    with store.reading() as session:
        found = stability(session, "shop")
    assert found is not None
    return found


def test_few_runs_in_a_window_tell_nothing_and_are_counted(store: Store) -> None:
    keep(store, weekly([0, 1], 30) + weekly([8], 120))
    found = compared(store)
    assert (found.reference.looked_at, found.current.looked_at, found.checks) == (60, 120, ())
    answer = is_stable(found)
    assert answer.state is State.CANNOT_TELL
    assert answer.sentence.startswith("120 runs in the latest four weeks and 60 before them")


def test_work_that_stays_the_same_is_stable(store: Store) -> None:
    keep(store, weekly([0, 1, 2, 3, 9, 10, 11], 50))
    found = compared(store)
    assert (found.reference.total, found.current.total) == (200, 150)
    assert [(one.name, one.before, one.after, one.drifted) for one in found.checks] == [
        ("Runs solved", 0.5, 0.5, False),
        ("Runs with an error", 0, 0, False),
        ("Steps a run", 1, 1, False),
    ]
    assert is_stable(found).state is State.READY


def test_what_lies_further_back_than_twelve_weeks_is_no_reference(store: Store) -> None:
    keep(store, weekly([0], 30) + weekly([20], 10))
    assert compared(store).reference.total == 0


def test_a_fall_of_the_outcome_is_named_with_both_shares(store: Store) -> None:
    keep(store, weekly([0, 1, 2, 3], 50, solved=9) + weekly([9, 10, 11], 50, solved=4))
    found = compared(store)
    [moved] = found.drifted
    assert (moved.name, moved.before, moved.after, moved.n_reference, moved.n_current) == (
        *("Runs solved", 0.9, 0.4),
        *(200, 150),
    )
    answer = is_stable(found)
    assert answer.state is State.NOT_YET
    assert answer.sentence == "It moved in the latest four weeks: Runs solved 40 % of 150 after 90 % of 200."


def test_other_versions_are_named_since_the_agent_may_have_changed(store: Store) -> None:
    keep(store, weekly([0, 1, 2, 3], 50, solved=9))
    now = [replace(one, version="v2") for one in weekly([9, 10, 11], 50, solved=4)]
    keep(store, now)
    assert "(v1 before; v2 now)" in is_stable(compared(store)).sentence


def test_clear_and_too_small_to_matter_is_no_move() -> None:
    small = Check("Runs solved", 0.50, 0.56, 0.06, None, 9_000, 9_000, clear=True)
    assert not small.drifted
    assert replace(small, effect=-0.10).drifted
    assert not replace(small, effect=0.30, clear=False).drifted


def stepped(traces: Sequence[Trace], *names: str, every: int = 1) -> list[Trace]:
    """The same runs; every so manieth calls these tools too."""
    calls = tuple(Step(f"t{n}", StepKind.TOOL, name) for n, name in enumerate(names))
    return [
        replace(one, steps=(*one.steps, *calls)) if number % every == 0 else one for number, one in enumerate(traces)
    ]


def test_another_tool_another_mix_of_steps_and_longer_runs_are_seen(store: Store) -> None:
    before, now = weekly([0, 1, 2, 3], 50), weekly([9, 10, 11], 50)
    keep(store, [*stepped(before, "look", every=2), *stepped(now, "look", "pay", "pay")])
    found = {one.name: one for one in compared(store).drifted}
    assert set(found) == {
        "Runs that call look",
        "Runs that call pay",
        "Steps of the kind llm",
        "Steps of the kind tool",
        "Steps a run",
    }
    pay, length = found["Runs that call pay"], found["Steps a run"]
    assert (pay.before, pay.after) == (0, 1)
    assert (length.before, length.after, length.effect) == (1.5, 4, 0.5)
    assert found["Steps of the kind tool"].after == 0.75
    assert told(length) == "Steps a run 4 in the median of 150 after 1.5 of 200"


def test_another_mix_of_tasks_is_seen(store: Store) -> None:
    def about(traces: Sequence[Trace], returns: int) -> list[Trace]:
        return [
            replace(one, task=Task(f"shop/{'returns' if number % 10 < returns else 'orders'}/{one.trace_id}"))
            for number, one in enumerate(traces)
        ]

    keep(store, about(weekly([0, 1, 2, 3], 50), 1) + about(weekly([9, 10, 11], 50), 6))
    moved = {one.name: (one.before, one.after) for one in compared(store).drifted}
    assert moved == {"Runs on shop/returns": (0.1, 0.6), "Runs on shop/orders": (0.9, 0.4)}


def test_runs_lie_evenly_in_their_time_and_open_ones_are_left_out(store: Store) -> None:
    keep(store, weekly([0], 100))
    keep(store, [replace(run("open", "v1", "shop/o", None, MONDAY + WEEK), open=True)])
    keep(store, [run("another's", "v1", "shop/x", 1, MONDAY, agent="bank")])
    with store.reading() as session:
        span = first_and_last(session, "shop")
        total, found = runs_between(session, "shop", MONDAY, MONDAY + 2 * WEEK, 10)
        everything = runs_between(session, "shop", MONDAY, MONDAY + 2 * WEEK, 1_000)
    assert span == (MONDAY, MONDAY + WEEK)
    assert total == 101
    assert [one.task for one in found] == [f"shop/r0-{11 * n}" for n in range(10)]
    assert len(everything[1]) == 100


def test_long_runs_thin_what_is_read() -> None:
    assert thinned("abcdef", [10] * 6, 20) == ["a", "d"]
    assert thinned("abc", [1] * 3, 20) == ["a", "b", "c"]
    assert thinned("a", [1_000_000], 20) == ["a"]


def test_a_steady_check_without_an_interval_is_enough() -> None:
    window = Window(MONDAY, MONDAY + WEEK, 500, 500, ("v1",))
    topics = Check("Topics", 0.1, 0.1, 0.0, None, 500, 500, clear=False)
    answer = is_stable(Stability(window, window, (topics,)))
    assert answer.sentence == "None of 1 checks shows a change that matters, 500 runs against 500."
