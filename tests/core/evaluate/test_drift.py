"""Drift: small worlds in which each change is known by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.errors import InvalidInput, NotFound
from core.evaluate.drift import Drift, Window, current_window, drift, thinned, told
from core.evaluate.drift_checks import Check
from core.evaluate.drift_measures import About, Kind
from core.evaluate.readiness import State, is_stable
from core.records import LabelSchema, Option, Question, Signal, SignalKind, Step, StepKind, Task, Trace
from core.store.engine import Store
from core.store.people import person_id
from core.store.schemas import save_schema
from core.store.tables import AnnotationRow, TraceRow
from core.store.windows import first_and_last, runs_between
from core.tasks.outcome import refresh_outcomes
from tests.core.evaluate.conftest import MONDAY, WEEK, keep, run, weekly


def compared(store: Store) -> Drift:
    with store.reading() as session:
        found = drift(session, "shop", annotators=False)
    assert found is not None
    return found


def test_few_runs_in_a_window_tell_nothing_and_are_counted(store: Store) -> None:
    keep(store, weekly([0, 1], 30) + weekly([8], 120))
    found = compared(store)
    assert (found.reference.looked_at, found.current.looked_at) == (60, 120)
    answer = is_stable(found)
    assert answer.state is State.CANNOT_TELL
    assert answer.sentence.startswith("120 runs in the latest four weeks and 60 before them")


def test_work_that_stays_the_same_is_stable(store: Store) -> None:
    keep(store, weekly([0, 1, 2, 3, 9, 10, 11], 50))
    found = compared(store)
    assert (found.reference.total, found.current.total) == (200, 150)
    assert {one.name: (one.before, one.after, one.drifted) for one in found.checks} == {
        "Runs solved": (0.5, 0.5, False),
        "reward says failed": (0.5, 0.5, False),
        "Runs with an error": (0, 0, False),
        "Characters of the task": (5, 5, False),
        "Steps a run": (1, 1, False),
        "Seconds a run": (10, 10, False),
        "Dollars a run": (0.01, 0.01, False),
        "What is asked": (None, None, False),
    }
    assert found.sentence == "Nothing moved: none of 8 checks shows a change that matters."
    assert is_stable(found).state is State.READY


def test_what_lies_further_back_than_twelve_weeks_is_no_reference(store: Store) -> None:
    keep(store, weekly([0], 30) + weekly([20], 10))
    assert compared(store).reference.total == 0


def test_a_fall_of_the_outcome_is_named_with_both_shares(store: Store) -> None:
    keep(store, weekly([0, 1, 2, 3], 50, solved=9) + weekly([9, 10, 11], 50, solved=4))
    found = compared(store)
    assert {one.name for one in found.drifted} == {"Runs solved", "reward says failed"}
    [moved] = [one for one in found.drifted if one.about is About.AGENT]
    assert (moved.name, moved.before, moved.after, moved.n_reference, moved.n_current) == (
        *("Runs solved", 0.9, 0.4),
        *(200, 150),
    )
    answer = is_stable(found)
    assert answer.state is State.NOT_YET
    assert answer.sentence == (
        "It moved in the latest four weeks: Runs solved 40 % of 150 after 90 % of 200, and 1 more of 8 checks."
    )


def test_other_versions_are_named_since_the_agent_may_have_changed(store: Store) -> None:
    keep(store, weekly([0, 1, 2, 3], 50, solved=9))
    now = [replace(one, version="v2") for one in weekly([9, 10, 11], 50, solved=4)]
    keep(store, now)
    assert "(v1 before; v2 now)" in is_stable(compared(store)).sentence


def test_clear_and_too_small_to_matter_is_no_move() -> None:
    of = ("Runs solved", About.AGENT, Kind.SHARE)
    small = Check(*of, 0.50, 0.56, 0.06, 0.12, 0.0001, 9_000, 9_000, p_adjusted=0.001)
    assert not small.drifted
    assert replace(small, effect=-0.20).drifted
    assert not replace(small, effect=0.60, p_adjusted=0.06).drifted


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
    assert (length.before, length.after, round(length.effect, 9)) == (1.5, 4, 0.5)
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
    [cause] = compared(store).causes
    assert (cause.about, cause.sentence) == (
        About.TRAFFIC,
        "Other work comes in: Runs on shop/orders 40 % of 150 after 90 % of 200.",
    )


def test_the_same_runs_are_drawn_each_time_and_open_ones_are_left_out(store: Store) -> None:
    keep(store, weekly([0], 100))
    keep(store, [replace(run("open", "v1", "shop/o", None, MONDAY + WEEK), open=True)])
    keep(store, [run("another's", "v1", "shop/x", 1, MONDAY, agent="bank")])
    with store.reading() as session:
        span = first_and_last(session, "shop")
        total, found = runs_between(session, "shop", MONDAY, MONDAY + 2 * WEEK, 10)
        again = runs_between(session, "shop", MONDAY, MONDAY + 2 * WEEK, 10)
        everything = runs_between(session, "shop", MONDAY, MONDAY + 2 * WEEK, 1_000)
        both = runs_between(session, None, MONDAY, MONDAY + 2 * WEEK, 1_000)
    assert span == (MONDAY, MONDAY + WEEK)
    assert total == 101
    assert again == (total, found)
    assert 5 <= len(found) <= 15
    assert (len(everything[1]), len(both[1])) == (100, 101)


def test_long_runs_thin_what_is_read() -> None:
    assert thinned("abcdef", [10] * 6, 20) == ["a", "d"]
    assert thinned("abc", [1] * 3, 20) == ["a", "b", "c"]
    assert thinned("a", [1_000_000], 20) == ["a"]


def test_a_steady_check_without_an_interval_is_enough() -> None:
    window = Window(MONDAY, MONDAY + WEEK, 500, 500, ("v1",))
    topics = Check("What is asked", About.TRAFFIC, Kind.TEXT, None, None, 0.0, 0.0, 0.5, 500, 500)
    answer = is_stable(Drift("shop", window, window, (topics,), (), (), None))
    assert answer.sentence == "None of 1 checks shows a change that matters, 500 runs against 500."


def asking(traces: Sequence[Trace], *words: str) -> list[Trace]:
    """The same runs, on tasks that say these words in turn."""
    return [replace(one, task=Task(one.trace_id, f"{words[n % len(words)]} {n}")) for n, one in enumerate(traces)]


def test_other_words_are_seen_and_the_most_telling_runs_named(store: Store) -> None:
    parcels = ("Where is my parcel, it has not come", "The parcel is damaged, what do I do", "Send the parcel back")
    keep(store, asking(weekly([0, 1, 2, 3], 50), *parcels))
    keep(store, asking(weekly([9, 10, 11], 50), *parcels, "Which mortgage rate do you offer for ten years"))
    found = compared(store)
    assert [one.name for one in found.drifted if one.kind is Kind.TEXT] == ["What is asked"]
    assert {one.about for one in found.causes} == {About.TRAFFIC}
    now = [one.text for one in found.telling if one.current]
    assert len(now) == 5
    assert all(text.startswith("Which mortgage") for text in now)


def test_a_fall_from_other_work_is_told_from_one_of_the_agent(store: Store) -> None:
    """As many returns fail as ever, but there are more of them: 30 of 30 points come from other work."""

    def mixed(weeks: Sequence[int], returns: int) -> list[Trace]:
        return [
            run(f"m{week}-{n}", "v1", f"shop/{'returns' if n % 10 < returns else 'orders'}/{week}-{n}",
                float(n % 10 >= returns), MONDAY + week * WEEK)
            for week in weeks for n in range(50)
        ]  # fmt: skip

    keep(store, mixed([0, 1, 2, 3], 2) + mixed([9, 10, 11], 5))
    found = compared(store)
    assert found.solved is not None
    assert (round(found.solved.mix, 9), found.solved.within) == (-0.3, 0)
    sentences = {one.about: one.sentence for one in found.causes}
    assert set(sentences) == {About.TRAFFIC, About.AGENT, About.JUDGE}
    assert sentences[About.AGENT].endswith("-30 points come from other work, +0 from the same work.")
    assert sentences[About.JUDGE].startswith("Automated checks find otherwise, as follows")


def test_a_judge_that_turned_is_told_from_runs_that_did(store: Store) -> None:
    """People say the same of as many runs as before; the judge no longer does."""
    traces = weekly([0, 1, 2, 3], 50) + weekly([9, 10, 11], 50)
    judged = [
        replace(one, signals=(Signal(one.trace_id, "tone", SignalKind.AUTOMATED, 0.0, agrees, source="judge"),))
        for number, one in enumerate(traces)
        for agrees in [number % 10 < 8 if number < 200 else number % 10 < 3]
    ]
    keep(store, judged)
    with store.session() as session:
        label(session, [one.trace_id for one in traces], lambda number: "solved" if number % 10 < 8 else "failed")
    found = compared(store)
    assert {one.name for one in found.drifted} == {"tone says failed", "tone agrees with people"}
    [cause] = found.causes
    assert cause.about is About.JUDGE
    assert cause.sentence.startswith("An automated check no longer judges as people do")


def label(session: Session, uids: Sequence[str], answer: Callable[[int], str], who: str = "reviewer-1") -> None:
    """A person says of each run how it ended, and marks a category where it failed."""
    schema = LabelSchema(
        *("ends", 1, "Ends"),
        (
            Question("outcome", "choice", "Did it?", (Option("solved", "Solved"), Option("failed", "Failed"))),
            Question("wrong", "multi_choice", "What went wrong?", (Option("rude", "Rude"), Option("slow", "Slow"))),
        ),
    )
    keys = {"schema_id": save_schema(session, schema), "schema_key": "ends", "revision": 1, "submitted_at": MONDAY}
    ids = dict(session.execute(select(TraceRow.uid, TraceRow.id).where(TraceRow.uid.in_(uids))).all())
    for number, uid in enumerate(uids):
        said = {"outcome": answer(number), "wrong": ["rude"] if answer(number) == "failed" else []}
        session.add(AnnotationRow(trace_id=ids[uid], person_id=person_id(session, who), answers=said, **keys))
    session.flush()
    session.execute(update(TraceRow).where(TraceRow.uid.in_(uids)).values(n_annotations=1))
    refresh_outcomes(session, list(ids.values()))


def test_labels_that_turn_are_seen_and_agreement_too(store: Store) -> None:
    traces = [one.trace_id for one in weekly([0, 1, 2, 3], 40) + weekly([9, 10, 11], 40)]
    keep(store, [replace(one, signals=()) for one in weekly([0, 1, 2, 3], 40) + weekly([9, 10, 11], 40)])
    with store.session() as session:
        label(session, traces, lambda number: "failed" if number % 10 < (2 if number < 160 else 6) else "solved")
        label(session, traces, lambda number: "failed" if number % 10 < 2 else "solved", "reviewer-2")
    moved = {one.name: one for one in compared(store).drifted}
    assert set(moved) == {"Labelled “rude”", "Answers on which two people agree"}
    agreed, rude = moved["Answers on which two people agree"], moved["Labelled “rude”"]
    assert (agreed.before, round(agreed.after or 0, 3), agreed.about) == (1.0, 0.6, About.ANNOTATORS)
    assert (rude.before, rude.after, rude.about) == (0.2, 0.6, About.LABELS)


def test_a_window_of_ones_own(store: Store) -> None:
    keep(store, weekly(range(12), 30, solved=9) + weekly([12, 13], 30, "late", solved=3))
    with store.reading() as session:
        early = drift(session, "shop", MONDAY + 6 * WEEK, MONDAY + 10 * WEEK)
        late = drift(session, "shop", MONDAY + 12 * WEEK)
        with pytest.raises(InvalidInput, match="not before its end"):
            drift(session, "shop", MONDAY + WEEK, MONDAY)
        with pytest.raises(NotFound, match="no agent bank"):
            drift(session, "bank")
    assert early is not None
    assert late is not None
    assert (early.current.total, early.reference.total, early.drifted) == (120, 180, ())
    assert {one.name for one in late.drifted} == {"Runs solved", "reward says failed"}


def test_where_all_is_young_the_latest_quarter_is_looked_at() -> None:
    day = timedelta(days=1)
    assert current_window((MONDAY, MONDAY + 8 * day), None, None)[0] == pytest.approx(MONDAY + 6 * day, abs=day / 1e6)
    assert current_window((MONDAY, MONDAY + 200 * day), None, None)[0] > MONDAY + 171 * day
    assert current_window((MONDAY, MONDAY), None, None)[0] < MONDAY


def test_nothing_without_times(store: Store) -> None:
    keep(store, [run("r", "v1", "shop/a", 1, None)])
    with store.reading() as session:
        assert drift(session, "shop") is None
