"""Readiness: small worlds in which each of the three answers is known by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest

from core.dataset.selection import define, select
from core.errors import NotFound
from core.evaluate import verified_examples as reading
from core.evaluate.movable_context import movable_context
from core.evaluate.readiness import ROWS, TASKS, State, are_enough, is_stable, readiness, told, weeks_to_go, would_save
from core.evaluate.stability import Check, Stability, Window, stability, thinned
from core.evaluate.verified_examples import Examples, verified_examples
from core.memory.prompt import RecalledLesson, prompt_block
from core.records import Message, Split, Step, StepKind, Task, Trace
from core.store.engine import Store
from core.store.prices import PriceLine, set_price
from core.store.readiness import first_and_last, runs_between
from core.store.tables import TaskRow
from tests.core.dataset.world import keep as keep_all
from tests.core.dataset.world import label, said
from tests.core.evaluate.conftest import MONDAY, keep, run

WEEK = timedelta(weeks=1)


def weekly(weeks: Sequence[int], n: int, name: str = "r", **fields: Any) -> list[Trace]:
    """`n` runs in each of these weeks, an hour apart, each on a task of its own; as many solved as `solved` of ten."""
    solved = fields.pop("solved", 5)
    return [
        run(
            f"{name}{week}-{number}",
            "v1",
            f"shop/{name}{week}-{number}",
            float(number % 10 < solved),
            MONDAY + week * WEEK + timedelta(hours=number),
            **fields,
        )
        for week in weeks
        for number in range(n)
    ]


def compared(store: Store) -> Stability:
    with store.reading() as session:
        found = stability(session, "shop")
    assert found is not None
    return found


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


def test_another_check_of_drift_can_be_put_in(store: Store) -> None:
    keep(store, weekly([0], 3))
    window = Window(MONDAY, MONDAY + WEEK, 500, 500, ("v1",))
    topics = Check("Topics", 0.1, 0.5, 0.4, None, 500, 500, clear=True)
    with store.reading() as session:
        found = readiness(session, "shop", drift=lambda *_: Stability(window, window, (topics,)))
    assert found.stable.state is State.NOT_YET
    assert "Topics" in found.sentence


@pytest.fixture
def taught(store: Store) -> Store:
    """Of the shop six rows: two runs that a check solved and one that three reviewers did, one that one reviewer did,
    and two corrected turns of one failed run. Beside them what no gate lets in, and another agent's."""
    unlike = ("alpha bravo", "delta echo foxtrot", "golf hotel", "india juliett kilo", "lima mike", "papa quebec romeo")
    with store.session() as session:
        words = iter(f"{each} {' '.join(reversed(each.split()))} in the {n}. case" for n, each in enumerate(unlike))
        good = [said(uid, next(words), 1) for uid in ("checked", "again")]
        reviewed = [said(uid, next(words)) for uid in ("three", "one")]
        wrong = said("wrong", next(words), 0)
        repeat = replace(
            good[0], trace_id="repeat", signals=tuple(replace(one, trace_id="repeat") for one in good[0].signals)
        )
        kept = said("kept", next(words), 1)
        keep_all(session, *good, *reviewed, wrong, repeat, kept, said("unsaid", "nobody looked at this"))
        keep_all(session, said("theirs", "a word of another agent", 1, agent="bank"))
        session.query(TaskRow).filter_by(key="shop/kept").update({"split": Split.HOLDOUT.value})
        for person in ("reviewer-1", "reviewer-2", "reviewer-3"):
            label(session, "three", person, "solved")
        label(session, "one", "reviewer-1", "solved")
        label(session, "wrong", "reviewer-1", "failed", {"3": "It cannot be done.", "1": 'get_order({"order": 8})'})
        label(session, "theirs", "reviewer-1", "solved", {"3": "As the bank would say it."})
    return store


def test_examples_are_what_the_export_would_write(taught: Store) -> None:
    with taught.reading() as session:
        found = verified_examples(session, "shop")
        whole = select(session, define("sft"))
    assert len(whole.rows) - found.rows == 1  # the bank's corrected turn
    assert found == Examples(
        verified=7,  # with the repeat
        read=7,
        rows=6,
        tasks=5,
        by_check=2,
        by_one=3,
        by_several=1,
        agreed=1,
        recent=7,
        weeks=1.0,
    )


def test_only_the_newest_are_read_and_it_is_said(taught: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_READ", 4)
    with taught.reading() as session:
        found = verified_examples(session, "shop")
    assert (found.verified, found.read, found.rows, found.whole) == (7, 4, 4, False)
    assert are_enough(found).sentence.startswith("at least 4 of 7 verified examples")


def test_of_long_runs_fewer_are_read(taught: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LEAST_READ", 1)
    monkeypatch.setattr(reading, "MOST_STEPS", 3 * 4)
    with taught.reading() as session:
        assert verified_examples(session, "shop").read == 3
        monkeypatch.setattr(reading, "LEAST_READ", 5)
        assert verified_examples(session, "shop").read == 5


def stock(rows: int, tasks: int = TASKS, recent: int = 0, weeks: float = 4) -> Examples:
    return Examples(rows, rows, rows, tasks, rows, 0, 0, 0, recent, weeks)


@pytest.mark.parametrize(
    ("found", "state", "change"),
    [
        (stock(ROWS), State.READY, ""),
        (stock(ROWS, TASKS - 1), State.NOT_YET, "its 100 examples are of 49 different tasks, and it takes 50."),
        (stock(ROWS - 1), State.NOT_YET, "1 more verified example would change that; none came in the latest weeks."),
        (
            stock(60, recent=40),
            State.NOT_YET,
            "40 more verified examples would change that; at 10 a week (40 verified in 4 weeks) that takes about 4",
        ),
        (
            stock(97, recent=40),
            State.NOT_YET,
            "3 more verified examples would change that; at 10 a week (40 verified in 4 weeks) that takes about 1 ",
        ),
    ],
)
def test_enough_has_its_threshold_and_its_time(found: Examples, state: State, change: str) -> None:
    answer = are_enough(found)
    assert answer.state is state
    assert answer.change.startswith(change)


def test_a_steady_check_without_an_interval_is_enough() -> None:
    window = Window(MONDAY, MONDAY + WEEK, 500, 500, ("v1",))
    topics = Check("Topics", 0.1, 0.1, 0.0, None, 500, 500, clear=False)
    answer = is_stable(Stability(window, window, (topics,)))
    assert answer.sentence == "None of 1 checks shows a change that matters, 500 runs against 500."


def test_a_pace_that_nobody_knows_or_lives_to_see_is_said() -> None:
    assert "nobody knows how fast they come" in are_enough(stock(60, weeks=0)).sentence
    assert are_enough(stock(1, 1, recent=1)).sentence.endswith("that takes more than two years.")
    assert are_enough(stock(0, 0)).sentence.startswith("Nothing is verified yet; it takes 100 to try.")


def test_weeks_to_go() -> None:
    assert weeks_to_go(stock(ROWS)) == 0
    assert weeks_to_go(stock(0)) is None
    assert weeks_to_go(stock(60, recent=16)) == 10
    half = replace(stock(60, recent=16), read=120, verified=120)
    assert (half.a_week, weeks_to_go(half)) == (2, 20)


NOTES = prompt_block([RecalledLesson("l", 1, "a parcel is late", "open a case", "", 0.5)])
TOOLS = ({"name": "look", "description": "x" * 766},)
SYSTEM = Message("system", "s" * 400)


def called(uid: str, *, tokens: int | None = 1_000, cached: int | None = None, **fields: Any) -> Trace:
    """A run of two calls, each with a system prompt of 400 characters, notes and a question."""
    sent = (SYSTEM, Message("user", f"{NOTES}\n\nWhere is it?"))
    step = Step("0", StepKind.LLM, "agent", input=sent, tokens_in=tokens, tokens_out=100, tokens_cached=cached)
    steps = tuple(replace(step, step_id=str(n), **fields.get("step", {})) for n in range(2))
    values: dict[str, Any] = {"agent": "shop", "tools": TOOLS, "task": Task(f"shop/{uid}")}
    return Trace(uid, "test", steps, version="v1", started_at=MONDAY, **values)


def test_what_prompts_carry_is_counted_call_by_call(store: Store) -> None:
    assert len(orjson.dumps(TOOLS)) == 800
    keep(store, [called(f"r{n}") for n in range(6)])
    with store.reading() as session:
        looked_at, found = movable_context(session, "shop")
    assert found is not None
    notes = len(NOTES) / 4
    assert (looked_at, found.runs, found.system, found.tools, found.notes) == (6, 6, 100, 200, notes)
    assert found.a_call.value == 300 + notes
    assert found.share == pytest.approx((300 + notes) / 1_000)
    assert found.a_run.value == 2 * (300 + notes)
    assert (found.cached, found.cache_known, found.tools_known, found.dollars, found.priced) == (
        0,
        False,
        True,
        None,
        0,
    )
    answer = would_save(looked_at, found)
    assert answer.state is State.READY
    assert answer.sentence == (
        "At most 37 % of what models read could go from prompts (6 runs): 744,000 tokens in 1,000 runs."
    )


def test_cached_tokens_are_apart_and_cheaper(store: Store) -> None:
    with store.session() as session:
        set_price(session, PriceLine("small", MONDAY - WEEK, input=10, output=50, cached=1))
    keep(store, [called(f"r{n}", cached=250, step={"model": "small"}) for n in range(5)])
    with store.reading() as session:
        _, found = movable_context(session, "shop")
    assert found is not None
    movable = 300 + len(NOTES) / 4
    assert found.cached == pytest.approx(250 / movable)
    assert found.dollars is not None
    assert found.dollars.value == pytest.approx(2 * ((movable - 250) * 10 + 250 * 1) / 1_000_000)


def test_without_a_price_no_token_read_cost_more_than_all_tokens_did(store: Store) -> None:
    keep(store, [called(f"r{n}", cached=100, step={"model": "nobody's", "cost": 1.0}) for n in range(5)])
    with store.reading() as session:
        _, found = movable_context(session, "shop")
    assert found is not None
    assert found.dollars is not None
    assert found.dollars.value == pytest.approx(2 * (300 + len(NOTES) / 4) / (1_000 - 100 + 100))


def test_no_more_can_go_than_was_read(store: Store) -> None:
    keep(store, [called(f"r{n}", tokens=150) for n in range(5)])
    with store.reading() as session:
        _, found = movable_context(session, "shop")
    assert found is not None
    assert (found.share, found.a_call.value) == (pytest.approx(1), pytest.approx(150))


def test_a_call_around_calls_and_another_agents_run_do_not_count(store: Store) -> None:
    wrapped = [called(f"r{n}") for n in range(5)]
    around = replace(wrapped[0].steps[0], step_id="around", tokens_in=2_000)
    inner = tuple(replace(step, parent_id="around") for step in wrapped[0].steps)
    keep(store, [*(replace(one, steps=(around, *inner)) for one in wrapped), replace(called("x"), agent="bank")])
    with store.reading() as session:
        looked_at, found = movable_context(session, "shop")
    assert found is not None
    assert (looked_at, found.runs, found.a_run.value) == (5, 5, 2 * (300 + len(NOTES) / 4))


@pytest.mark.parametrize("missing", [{"tokens_in": None}, {"input": ()}])
def test_without_inputs_or_tokens_nobody_can_tell(store: Store, missing: dict[str, Any]) -> None:
    keep(store, [called(f"r{n}", step=missing) for n in range(5)] + [called(f"t{n}") for n in range(4)])
    with store.reading() as session:
        found = readiness(session, "shop")
    assert (found.looked_at, found.context, found.saves.state) == (9, None, State.CANNOT_TELL)
    assert found.saves.sentence.startswith("Fewer than 5 of the newest 9 runs record what models were sent")


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
