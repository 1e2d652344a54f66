"""The history of every word: what each revision changed, and that nobody reads it before they have spoken (law 7)."""

from __future__ import annotations

import pytest

from core.clock import now
from core.records import Annotation, Mark, Question, Role
from core.review import desk
from core.review.history import Part, answer_text, history, word_changes
from core.review.requeue import Which, requeue, rewrite_guideline
from core.review.resolving import resolve
from core.review.submitting import submit, undo
from core.store.annotations import add_annotation
from core.store.control_items import add_repeat
from core.store.engine import Store
from core.store.people import person_id
from core.store.queues import get_queue
from core.store.resolutions import Subject
from core.store.tables import QueueRow
from tests.core.review.team import Team, make_team, outcome


def told(team: Team, name: str, number: int = 0, queue: int | None = None) -> list[tuple[str, str]]:
    """(who, did what) as a person sees it."""
    with team.store.reading() as session:
        item = team.items(session, queue)[number]
        events = history(session, Subject(item.trace_id, "", item.pair_id), team.people[name])
        return [(event.person, event.did) for event in events]


@pytest.mark.parametrize(
    ("before", "after", "parts"),
    [
        ("It was sent.", "It was not sent.", [("same", "It was "), ("new", "not "), ("same", "sent.")]),
        ("one two", "one", [("same", "one"), ("gone", " two")]),
        ("", "new words", [("new", "new words")]),
        ("gone", "", [("gone", "gone")]),
        ("", "", []),
        ("same", "same", [("same", "same")]),
    ],
)
def test_what_became_of_a_text(before: str, after: str, parts: list[tuple[str, str]]) -> None:
    assert word_changes(before, after) == tuple(Part(*part) for part in parts)


def test_marks_are_told_with_their_place_and_without_a_category_that_nobody_gave() -> None:
    words, wrong = Question("words", "span", "Which words?"), Question("wrong", "taxonomy", "What went wrong?")
    assert answer_text(words, None, [Mark("words", "s7", "", 0, 4, "Now?")], {"s7": 7}) == "step 8 “Now?”"
    assert answer_text(wrong, None, [Mark("wrong", "", "slow", impact="LOW")], {}) == "slow, the whole run (low)"


def test_texts_past_all_measure_are_compared_as_a_whole() -> None:
    before, after = "a " * 3_000, "b " * 3_000
    assert word_changes(before, after) == (Part("gone", before), Part("new", after))


def test_every_revision_is_kept_with_what_it_changed(store: Store) -> None:
    team = make_team(store)
    marks = [{"question": "wrong", "step_id": "3", "value": "lie"}]
    team.answer("ada", 0, outcome("failed", why="It was not sent.") | {"marks": marks})
    with store.session() as session:
        item = team.items(session)[0]
        submit(session, item.id, team.people["ada"], outcome("solved", why="It was sent."), editing=1)
        undo(session, get_queue(session, team.runs), team.people["ada"])
    team.answer("ada", 0, outcome("partly"))
    with store.session() as session:
        item = team.items(session)[0]
        schema = get_queue(session, team.runs).schema_id
        subject = Subject(item.trace_id)
        resolve(session, subject, schema, "outcome", "failed", [], team.lead, "Nothing came.")
        events = history(session, subject, team.lead)
    assert [(event.person, event.did) for event in events] == [
        ("ada", "answered"), ("ada", "changed"), ("ada", "withdrew"), ("ada", "answered"), ("lea", "resolved"),
    ]  # fmt: skip
    first, edit, gone, again, decided = events
    assert [(one.title, one.after) for one in first.changes] == [
        ("Did it solve the task?", "No"),
        ("What went wrong", "Lie, step 4"),
        ("Why?", "It was not sent."),
    ]
    assert [(one.title, one.before, one.after) for one in edit.changes] == [
        ("Did it solve the task?", "No", "Yes"),
        ("What went wrong", "Lie, step 4", ""),
        ("Why?", "It was not sent.", "It was sent."),
    ]
    assert Part("gone", "not ") in edit.changes[2].parts
    assert gone.changes == ()
    assert [(one.title, one.after) for one in again.changes] == [("Did it solve the task?", "Partly")]
    assert [(one.title, one.after) for one in decided.changes] == [("Did it solve the task?", "No")]
    assert decided.resolved is not None
    assert decided.resolved.reason == "Nothing came."
    made = [event.revision for event in events if event.revision is not None]
    assert [(one.revision, one.version, one.blind, one.current, one.active_seconds) for one in made] == [
        (1, 1, True, False, 60.0), (2, 1, True, False, 60.0), (3, 1, True, False, None), (4, 1, True, True, 60.0),
    ]  # fmt: skip


def test_a_reviewer_reads_others_only_after_their_own_word_and_not_when_it_is_withdrawn(store: Store) -> None:
    team = make_team(store)
    team.answer("ada", 0, outcome("failed"))
    assert told(team, "lea") == [("ada", "answered")]
    assert told(team, "ben") == []
    team.answer("ben", 0, outcome("solved"))
    assert told(team, "ben") == [("ada", "answered"), ("ben", "answered")]
    with store.session() as session:
        undo(session, get_queue(session, team.runs), team.people["ben"])
    # the item is theirs to judge again: nothing of it is told, not even their own words
    assert told(team, "ben") == []


def test_in_a_queue_that_is_not_blind_others_words_come_after_ones_own_too(store: Store) -> None:
    team = make_team(store)
    with store.session() as session:
        session.get_one(QueueRow, team.runs).blind = False
    team.answer("ada", 0, outcome("failed"))
    assert told(team, "ben") == []
    team.answer("ben", 0, outcome("solved"))
    assert told(team, "ben") == [("ada", "answered"), ("ben", "answered")]


def test_after_a_requeue_a_reviewer_judges_blind_again(store: Store) -> None:
    team = make_team(store)
    for name in ("ada", "ben", "cem"):
        team.answer(name, 0, outcome("failed"))
    assert len(told(team, "ada")) == 3
    with store.session() as session:
        schema = get_queue(session, team.runs).schema_id or 0
        rewrite_guideline(session, schema, "Judge the end state.", {}, "", team.lead)
        requeue(session, "team", Which(), team.lead)
    assert told(team, "ada") == []
    team.answer("ada", 0, outcome("solved"))
    assert len(told(team, "ada")) == 4
    assert told(team, "lea") == [*[(name, "answered") for name in ("ada", "ben", "cem")], ("ada", "changed")]


def test_a_pair_is_told_to_those_who_chose(store: Store) -> None:
    team = make_team(store)
    team.answer("ada", 0, {"choice": "equal", "reason": "Both are polite."}, team.pairs)
    assert told(team, "ben", queue=team.pairs) == []
    team.answer("ben", 0, {"choice": "both_bad"}, team.pairs)
    assert told(team, "ben", queue=team.pairs) == [("ada", "answered"), ("ben", "answered")]


def test_a_hidden_repeat_and_a_machines_words_are_told_as_what_they_are(store: Store) -> None:
    team = make_team(store, runs=1)
    for name in ("ada", "ben", "cem"):
        team.answer(name, 0, outcome("failed"))
    with store.session() as session:
        item = add_repeat(session, team.items(session)[0].id, team.people["ada"].id)
        assert item is not None
        desk.open_item(session, item.id, team.people["ada"])
        submit(session, item.id, team.people["ada"], outcome("solved"))
        judge = person_id(session, "judge", Role.MACHINE)
        schema = get_queue(session, team.runs).schema_id or 0
        trace = team.items(session)[0].trace_id or 0
        add_annotation(session, trace, judge, (schema, "team"), Annotation("t0", "judge", "team"), now())
        events = history(session, Subject(trace), team.lead)
    assert [(event.person, event.machine) for event in events][3:] == [("ada", False), ("judge", True)]
    repeat = events[3].revision
    assert repeat is not None
    assert (repeat.place, events[3].did) == ("repeat", "answered")
    assert [who for who, _ in told(team, "ada")] == ["ada", "ben", "cem", "judge"]
