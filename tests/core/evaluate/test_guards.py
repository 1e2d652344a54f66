"""Guards: for each way in which learning goes wrong a small world in which it does, and one in which it does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from core.dataset.definition import define
from core.dataset.versions import make_version
from core.evaluate.drift import drift
from core.evaluate.guards.contamination import contamination
from core.evaluate.guards.every import look
from core.evaluate.guards.forgetting import forgetting
from core.evaluate.guards.leakage import leakage
from core.evaluate.guards.newest import newest
from core.evaluate.guards.open_loop import open_loop
from core.evaluate.guards.overfitting import overfitting
from core.evaluate.guards.reward_hacking import reward_hacking
from core.evaluate.guards.state import ALARM, Guard, State, together
from core.records import Lesson, LessonState, Role, Signal, SignalKind, Split, Task, Trace, Version
from core.store.dataset_versions import begin_version, end_version
from core.store.engine import Store
from core.store.feedback import complaints_unread
from core.store.lessons import add_lesson
from core.store.people import person_id
from core.store.suites import Case, draft_of, find_suite, open_holdout, set_cases
from core.store.task_splits import set_splits
from tests.core.evaluate.conftest import MONDAY, WEEK, keep, plan, run, weekly
from tests.core.evaluate.test_drift import label
from tests.worlds import run as talk

V2 = Version("shop", "v2", base="v1")


def tasks(group: str, n: int, letters: str) -> dict[str, str]:
    return {f"{group}/{number}": letters for number in range(n)}


def of(store: Store, guard: str) -> Guard:
    with store.reading() as session:
        found = look(session, "shop", drift(session, "shop"), MONDAY + 10 * WEEK)
    return next(one for one in found if one.name == guard)


# Forgetting


def test_an_old_group_of_tasks_that_breaks_is_found_behind_a_mean_that_rose(store: Store) -> None:
    before = tasks("old", 12, "ssss") | tasks("new", 30, "ffff")
    after = tasks("old", 12, "ffff") | tasks("new", 30, "ssss")
    keep(store, plan({"v1": before, "v2": after}), V2)
    with store.reading() as session:
        found = forgetting(newest(session, "shop"))
    assert found.p_value is not None
    assert found.p_value < 0.001
    assert found.sentence.startswith("shop/old: v2 solves 100 points fewer than v1 on 12 tasks (p 0.000, of 2 groups).")
    assert together([found])[0].state is State.ALARM


def test_a_group_that_only_gained_is_fine_and_few_tasks_tell_nothing(store: Store) -> None:
    keep(store, plan({"v1": tasks("old", 6, "ff"), "v2": tasks("old", 6, "ss")}), V2)
    keep(store, plan({"v1": tasks("few", 2, "ss"), "v2": tasks("few", 2, "ff")}))
    with store.reading() as session:
        found = forgetting(newest(session, "shop"))
    assert (found.state, found.p_value) == (State.FINE, 1.0)
    assert found.sentence == "In none of 1 groups of tasks does v2 solve fewer."
    assert forgetting(None).state is State.CANNOT_TELL


# Reward hacking


def checked(version: str, n: int, checks: int, people: int, steps: int = 1) -> tuple[list[Trace], list[str]]:
    """`n` runs, of ten of which so many pass the check; and what people say of each."""
    made = [
        replace(
            run(f"{version}/{number}", version, f"shop/{version}-{number}", None),
            signals=(Signal(f"{version}/{number}", "tests", SignalKind.AUTOMATED, 1.0, number % 10 < checks),),
        )
        for number in range(n)
    ]
    longer = [replace(one, steps=tuple(replace(one.steps[0], step_id=str(at)) for at in range(steps))) for one in made]
    return longer, ["solved" if number % 10 < people else "failed" for number in range(n)]


def judged(store: Store, *versions: tuple[list[Trace], list[str]], people: bool = True) -> Guard:
    for traces, _ in versions:
        keep(store, traces, V2)
    with store.session() as session:
        for traces, said in versions if people else ():
            label(session, [one.trace_id for one in traces], lambda number, said=said: said[number])
    with store.reading() as session:
        return reward_hacking(session, newest(session, "shop"))


def test_a_score_that_rises_while_people_see_no_gain_is_an_alarm(store: Store) -> None:
    found = judged(store, checked("v1", 120, 3, 3), checked("v2", 120, 9, 3))
    assert found.sentence == (
        "By checks v2 solves +60 points against v1 (n 120 and 120), by people +0 (n 120 and 120)."
    )
    assert together([found])[0].state is State.ALARM


def test_a_gain_that_people_see_as_well_is_fine(store: Store) -> None:
    found = judged(store, checked("v1", 60, 3, 3), checked("v2", 60, 7, 7))
    assert together([found])[0].state is State.FINE


def test_without_people_nobody_can_tell_but_a_quick_gain_is_named(store: Store) -> None:
    found = judged(store, checked("v1", 40, 3, 3, steps=8), checked("v2", 40, 9, 3, steps=2), people=False)
    assert found.state is State.WATCH
    assert found.sentence.endswith("It gained that in half the steps or fewer (2 after 8 in the median).")
    few = judged(store, checked("v3", 5, 9, 3), people=False)
    assert (few.state, few.p_value) == (State.CANNOT_TELL, None)


# Overfitting to recent feedback


def write(store: Store, number: int, by: str, at: datetime = MONDAY, **fields: str) -> None:
    words = {"when": f"A parcel {number} is late by days", "guidance": f"Say so and offer refund {number}."} | fields
    lesson = Lesson(f"l{number}", **words, agent="shop", state=LessonState.ACTIVE, created_at=at, decided_at=at)
    with store.session() as session:
        who = person_id(session, by)
        add_lesson(session, lesson, who, decided_by=who)


def test_lessons_of_one_person_and_of_one_week_are_watched(store: Store) -> None:
    for number in range(10):
        write(store, number, "ann", MONDAY + number * WEEK)
    with store.reading() as session:
        found = overfitting(session, "shop", None)
    assert (found.state, found.sentence) == (State.WATCH, "10 of 10 active lessons rest on one person alone (ann).")


def test_lessons_of_many_over_time_are_fine(store: Store) -> None:
    for number in range(12):
        write(store, number, f"person {number % 4}", MONDAY + number * WEEK)
    with store.reading() as session:
        found = overfitting(session, "shop", None)
    assert (found.state, found.sentence) == (State.FINE, "12 active lessons rest on 4 people.")


def test_a_gain_that_is_gone_on_the_holdout_is_found_once_that_was_opened(store: Store) -> None:
    before = tasks("seen", 15, "ffff") | tasks("kept", 15, "ffff")
    after = tasks("seen", 15, "ssss") | tasks("kept", 15, "ffff")
    keep(store, plan({"v1": before, "v2": after}), V2)
    with store.session() as session:
        set_splits(session, {f"shop/{task}": Split.HOLDOUT for task in before if task.startswith("kept")})
        set_cases(session, draft_of(session, "all"), [Case(f"shop/{task}") for task in before])
        unopened = overfitting(session, "shop", newest(session, "shop"))
        open_holdout(session, find_suite(session, "all").id, None, "Is it learned by heart?", ("v1", "v2"))
        found = overfitting(session, "shop", newest(session, "shop"))
    assert (unopened.state, unopened.p_value) == (State.CANNOT_TELL, None)
    assert found.sentence == (
        "The gain is +100 points on the tasks of the suite that were open to see and +0 on its holdout."
    )
    assert together([found])[0].state is State.ALARM


# Contamination and leakage


def talks() -> list[Trace]:
    """Ten solved and ten failed runs whose texts are all different."""
    return [
        talk(
            f"t{n}", f"Question {n}: {n * n} {n**3} parcels and {n + 7} boxes?", float(n < 10), task=Task(f"shop/t{n}")
        )
        for n in range(20)
    ]


def test_a_dataset_that_only_checks_saw_is_watched_and_one_of_echoes_too_is_an_alarm(store: Store) -> None:
    keep(store, talks())
    with store.reading() as session:
        assert contamination(session).state is State.CANNOT_TELL
    make_version(store, define("kto"), "checked")
    with store.reading() as session:
        found = contamination(session)
    assert found.state is State.WATCH
    assert "100 % were judged by checks alone, 0 % come from runs to which lessons had been shown." in found.sentence
    many = {"definition": {"format": "kto"}, "rows": 100, "evidence": {"checked": 60, "shown_lessons": 20}}
    for name, evidence in (
        ("seen", {"checked": 60, "shown_lessons": 20}),
        ("echo", {"checked": 95, "shown_lessons": 50}),
    ):
        with store.session() as session:
            version = begin_version(session, name, "kto")
            end_version(session, version, many | {"evidence": evidence, "content": name}, "")
    with store.reading() as session:
        found = contamination(session)
    assert (found.state, found.sentence.split(":")[0], len(found.evidence)) == (State.ALARM, "echo 1", 3)


def test_what_rests_on_a_task_that_was_kept_since_leaks(store: Store) -> None:
    keep(store, talks())
    make_version(store, define("kto"), "d")
    write(store, 1, "ann")
    with store.session() as session:
        assert leakage(session).state is State.CANNOT_TELL
        set_splits(session, {"shop/t7": Split.VALIDATION})
        set_splits(session, {"shop/t3": Split.HOLDOUT})
    with store.reading() as session:
        found = leakage(session)
    assert (found.state, found.page, found.sentence) == (State.ALARM, "datasets", "d 1: 2 rows are of kept tasks.")
    assert found.evidence[0] == "0 of 1 active lessons rest on runs of kept tasks."


# Open loop


@pytest.mark.parametrize(("days", "state"), [(3, State.FINE), (8, State.WATCH), (31, State.ALARM)])
def test_a_complaint_that_nobody_reads_is_named_with_its_age(store: Store, days: int, state: State) -> None:
    thumb = Signal("r0", "thumb", SignalKind.EXPLICIT, "down", False, at=MONDAY)
    keep(store, [replace(run("r0", "v1", "shop/r0", None), signals=(thumb,))])
    with store.reading() as session:
        found = open_loop(session, "shop", MONDAY + timedelta(days=days))
        others = open_loop(session, "bank", MONDAY + timedelta(days=days))
    assert (found.state, others.state) == (state, State.FINE)
    assert found.evidence[0].startswith(
        f"1 runs that users complained of were read by nobody; the oldest has waited {days}"
    )
    if state is not State.FINE:
        assert (found.page, found.advice) == ("queues", "Put them into a queue.")


def test_a_machine_that_labelled_it_has_not_read_it(store: Store) -> None:
    thumb = Signal("r0", "thumb", SignalKind.EXPLICIT, "down", False, at=MONDAY)
    keep(store, [replace(run("r0", "v1", "shop/r0", None), signals=(thumb,))])
    with store.session() as session:
        person_id(session, "judge", Role.MACHINE)
        label(session, ["r0"], lambda number: "failed", "judge")
        assert complaints_unread(session, "shop").n == 1
        label(session, ["r0"], lambda number: "failed", "ann")
        assert complaints_unread(session, "shop").n == 0


def test_lessons_that_wait_for_a_lead_or_for_an_agent_are_counted(store: Store) -> None:
    write(store, 1, "ann")
    with store.session() as session:
        waiting = Lesson("p", "A parcel is late by days", "Say so.", agent="shop", created_at=MONDAY)
        add_lesson(session, waiting, person_id(session, "ann"))
    with store.reading() as session:
        found = open_loop(session, "shop", MONDAY + timedelta(days=40))
    assert found.state is State.ALARM
    assert found.sentence == "1 lessons wait for a lead; the oldest has waited 40 days."
    assert found.evidence[3] == "1 active lessons were never given to the agent; the oldest has waited 40 days."


# Drift, and all of them together


def test_drift_after_a_release_is_watched_and_of_the_work_an_alarm(store: Store) -> None:
    keep(store, weekly([0, 1, 2, 3], 50, solved=9))
    keep(store, [replace(one, version="v2") for one in weekly([9, 10, 11], 50, "n", solved=3)])
    assert of(store, "Drift").state is State.WATCH


def test_the_same_agent_that_turns_is_an_alarm(store: Store) -> None:
    keep(store, weekly([0, 1, 2, 3], 50, solved=9) + weekly([9, 10, 11], 50, "n", solved=3))
    found = of(store, "Drift")
    assert found.state is State.ALARM
    assert found.advice.startswith("The work and the versions are the same: look at the model behind it")


def test_an_empty_agent_can_tell_nothing(store: Store) -> None:
    keep(store, [run("r", "v1", "shop/a", 1.0)])
    with store.reading() as session:
        found = look(session, "shop", drift(session, "shop"), MONDAY)
    assert {one.name: one.state for one in found} == {
        "Forgetting": State.CANNOT_TELL,
        "Reward hacking": State.CANNOT_TELL,
        "Overfitting to recent feedback": State.CANNOT_TELL,
        "Drift": State.CANNOT_TELL,
        "Contamination": State.CANNOT_TELL,
        "Leakage": State.CANNOT_TELL,
        "Open loop": State.FINE,
    }


def states_of(*p_values: float) -> list[State]:
    guards: Sequence[Guard] = [Guard(str(n), State.FINE, "", p_value=p) for n, p in enumerate(p_values)]
    return [one.state for one in together(guards)]


def test_guards_share_one_error_of_five_percent() -> None:
    assert states_of(0.04) == [State.WATCH]
    assert states_of(0.04, 1.0, 1.0, 1.0) == [State.FINE] * 4
    assert states_of(0.012, 1.0, 1.0, 1.0)[0] is State.WATCH
    assert states_of(ALARM / 4, 1.0, 1.0, 1.0)[0] is State.ALARM
    watched = Guard("w", State.WATCH, "", p_value=1.0)
    assert together([watched, Guard("c", State.CANNOT_TELL, "")])[0].state is State.WATCH


def test_a_week_is_named_by_its_monday(store: Store) -> None:
    for number in range(10):
        write(store, number, f"person {number}", MONDAY + timedelta(days=number % 5))
    with store.reading() as session:
        found = overfitting(session, "shop", None)
    assert found.sentence == "10 of 10 were written in one week (that of 31 August 2026)."
