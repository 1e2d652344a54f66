"""How many examples there are and how fast they come: what the export would write."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.dataset.definition import define
from core.dataset.selection import select
from core.evaluate import verified_examples as reading
from core.evaluate.readiness import ROWS, TASKS, State, are_enough, weeks_to_go
from core.evaluate.verified_examples import Examples, verified_examples
from core.records import Split
from core.store.engine import Store
from core.store.tables import TaskRow
from tests.core.dataset.world import keep as keep_all
from tests.core.dataset.world import label, said


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
