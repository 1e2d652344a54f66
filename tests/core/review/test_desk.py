"""The desk: items are given out exactly as often as asked, and what somebody said stays."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.clock import now
from core.errors import Conflict, InvalidInput, NotFound, NotPermitted
from core.records import Role
from core.review import desk, queue_changes
from core.review.drafting import late_draft
from core.review.queues import ALL_PAIRS, ALL_RUNS, enqueue
from core.review.submitting import current_submission, submit, undo
from core.store import claims, drafts, queues
from core.store.engine import Store
from core.store.hidden import hidden_traces
from core.store.items import get_item
from core.store.pairs import insert_pairs
from core.store.people import PersonLine, person_id
from core.store.signals import add_signals
from core.store.tables import AnnotationRow, ClaimRow, DraftCopyRow, ItemRow, PreferenceRow, QueueRow
from core.store.trace_writing import insert_traces
from core.store.traces import trace_line
from core.tasks.outcome import refresh_outcomes
from tests.worlds import run, texts

SOLVED: dict[str, Any] = {"answers": {"outcome": "solved"}}
FAILED = {
    "answers": {"outcome": "failed", "rating": "2", "comment": "It guessed."},
    "marks": [
        {"question": "first_mistake", "step_id": "3", "value": "first_mistake"},
        {"question": "went_wrong", "step_id": "3", "value": "Goal Deviation", "impact": "HIGH", "quote": "sent"},
    ],
    "corrections": [{"step_id": "3", "corrected": "I do not know yet."}],
    "active_seconds": 12.5,
}


def person(session: Session, name: str, role: Role = Role.ANNOTATOR) -> PersonLine:
    return PersonLine(person_id(session, name, role, active=True), name, role, True)


def world(store: Store, runs: int = 3, pairs: int = 0) -> tuple[int, int]:
    with store.session() as session:
        arrived = [run(f"t{n}", reward=float(n % 2)) for n in range(runs)]
        traces = insert_traces(session, arrived).traces
        add_signals(session, [signal for trace in arrived for signal in trace.signals])
        refresh_outcomes(session, list(traces.values()))
        made = insert_pairs(session, [texts(f"p{n}") for n in range(pairs)])
        enqueue(session, list(traces.values()), list(made.values()))
        names = {row.name: row.id for row in queues.list_queues(session)}
    return names[ALL_RUNS], names.get(ALL_PAIRS, 0)


def take(session: Session, queue: int, who: PersonLine) -> ItemRow | None:
    return desk.next_item(session, queues.get_queue(session, queue), who)


def test_each_run_is_given_to_one_reviewer_until_none_is_left(store: Store) -> None:
    queue, _ = world(store)
    with store.session() as session:
        ada, ben = person(session, "ada"), person(session, "ben")
        mine, theirs = take(session, queue, ada), take(session, queue, ben)
        assert mine is not None
        assert theirs is not None
        assert mine.id != theirs.id
        assert take(session, queue, ada) is mine
        submit(session, mine.id, ada, SOLVED)
        third = take(session, queue, ada)
        assert third is not None
        assert take(session, queue, person(session, "cem")) is None
        told = desk.why_empty(session, queues.get_queue(session, queue), person(session, "cem"))
        assert "Others are at all that is left" in told


def test_a_claim_that_lapses_while_the_next_item_is_looked_for_holds_nobody_up(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue, _ = world(store, runs=1)
    with store.session() as session:
        held = take(session, queue, person(session, "ada"))
        ben = person(session, "ben")
        assert held is not None
        later = count()
        monkeypatch.setattr(claims, "now", lambda: now() + desk.LEASE + timedelta(seconds=next(later) - 0.5))
        assert take(session, queue, ben) is None
        assert take(session, queue, ben) is held


def test_a_submission_is_kept_and_decides_the_outcome(store: Store) -> None:
    queue, _ = world(store, runs=1)
    with store.session() as session:
        ada = person(session, "ada")
        item = take(session, queue, ada)
        assert item is not None
        trace, number = item.trace_id, item.id
        assert trace is not None
        done = submit(session, number, ada, FAILED)
    with store.reading() as session:
        line = trace_line(session, trace)
        said = current_submission(session, get_item(session, number), ada)
        progress = queues.progress(session, queues.get_queue(session, queue), ada.id)
    assert (line.outcome, line.outcome_from, line.n_annotations) == ("failed", "people", 1)
    assert said is not None
    assert said.body["answers"] == FAILED["answers"]
    assert said.body["corrections"] == FAILED["corrections"]
    assert [mark["value"] for mark in said.body["marks"]] == ["first_mistake", "Goal Deviation"]
    assert (progress.done, progress.total, progress.mine) == (1, 1, 1)
    assert (done.revision, done.new, done.note) == (1, True, "")


def test_a_pace_is_told_from_five_submissions_on_and_with_their_number(store: Store) -> None:
    queue, _ = world(store, runs=5)
    seen = []
    with store.session() as session:
        ada, row = person(session, "ada"), queues.get_queue(session, queue)
        for n in range(5):
            item = take(session, queue, ada)
            assert item is not None
            submit(session, item.id, ada, SOLVED)
            at = now() - timedelta(minutes=30 * (4 - n))
            session.execute(update(AnnotationRow).where(AnnotationRow.item_id == item.id).values(submitted_at=at))
            found = queues.progress(session, row, ada.id)
            seen.append((found.recent, found.per_hour and round(found.per_hour, 2)))
    assert seen == [(1, None), (2, None), (3, None), (4, None), (5, 2.0)]


def test_sending_the_same_twice_adds_nothing_and_an_edit_adds_a_revision(store: Store) -> None:
    queue, _ = world(store, runs=1)
    with store.session() as session:
        ada = person(session, "ada")
        item = take(session, queue, ada)
        assert item is not None
        first = submit(session, item.id, ada, SOLVED)
        again = submit(session, item.id, ada, SOLVED)
        with pytest.raises(Conflict, match="elsewhere"):
            submit(session, item.id, ada, FAILED)
        edited = submit(session, item.id, ada, FAILED, editing=1)
        kept = session.execute(select(AnnotationRow.revision, AnnotationRow.current).order_by(AnnotationRow.id)).all()
    assert (first.revision, again.revision, again.new, edited.revision) == (1, 1, False, 2)
    assert [tuple(row) for row in kept] == [(1, False), (2, True)]


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        ({}, "outcome", "needs an answer"),
        ({"answers": {"outcome": "perfect"}}, "outcome", "cannot be answered"),
        ({"answers": {"outcome": "solved", "mood": "good"}}, "mood", "no question mood"),
        ({"answers": {"outcome": "solved", "comment": 7}}, "comment", "cannot be answered"),
        (
            {"answers": {"outcome": "solved"}, "marks": [{"question": "first_mistake", "step_id": "9", "value": "x"}]},
            "first_mistake",
            "does not have",
        ),
        (
            {"answers": {"outcome": "solved"}, "marks": [{"question": "went_wrong", "step_id": "3", "value": "Bad"}]},
            "went_wrong",
            "no answer",
        ),
        (
            {"answers": {"outcome": "solved"}, "marks": [{"question": "outcome", "step_id": "3", "value": "solved"}]},
            "outcome",
            "to mark steps",
        ),
        (
            {"answers": {"outcome": "solved"}, "corrections": [{"step_id": "9", "corrected": "x"}]},
            "correction",
            "does not have",
        ),
        ({"answers": {"outcome": "solved"}, "lesson": {"when": "always"}}, "lesson", "what to do"),
        ({"answers": {"outcome": "solved"}, "lesson": {"guidance": "smile"}}, "lesson", "when it applies"),
        ({"answers": "solved"}, "answers", "valid dictionary"),
        ({"answers": {"outcome": "solved"}, "active_seconds": -1}, "active_seconds", "greater than"),
    ],
)
def test_what_cannot_be_stored_is_refused_by_question(
    store: Store, body: dict[str, Any], field: str, says: str
) -> None:
    queue, _ = world(store, runs=1)
    with store.session() as session:
        ada = person(session, "ada")
        item = take(session, queue, ada)
        assert item is not None
        with pytest.raises(InvalidInput, match=says) as caught:
            submit(session, item.id, ada, body)
        assert caught.value.field == field
        assert session.scalar(select(func.count()).select_from(AnnotationRow)) == 0


def test_a_correction_that_changes_nothing_is_none(store: Store) -> None:
    queue, _ = world(store, runs=1)
    with store.session() as session:
        ada = person(session, "ada")
        item = take(session, queue, ada)
        assert item is not None
        submit(session, item.id, ada, SOLVED | {"corrections": [{"step_id": "3", "corrected": "It was sent, t0. "}]})
        assert session.scalars(select(AnnotationRow.corrections)).one() == []


def test_of_two_tabs_the_newer_wins_and_the_other_is_kept(store: Store) -> None:
    queue, _ = world(store, runs=1)
    with store.session() as session:
        ada = person(session, "ada")
        item = take(session, queue, ada)
        assert item is not None
        one = desk.save_draft(session, item.id, ada, "tab1", 0, {"answers": {"comment": "a"}})
        assert one.other is None
        again = desk.save_draft(session, item.id, ada, "tab1", one.revision, {"answers": {"comment": "ab"}})
        assert again.other is None
        other = desk.save_draft(session, item.id, ada, "tab2", 0, {"answers": {"comment": "x"}})
        assert other.other == {"answers": {"comment": "ab"}}
        seen = desk.save_draft(session, item.id, ada, "tab1", other.revision, {"answers": {"comment": "abx"}})
        assert seen.other is None
        assert session.scalars(select(DraftCopyRow.body)).all() == [{"answers": {"comment": "ab"}}]
        draft = drafts.get_draft(session, item.id, ada.id)
        assert draft is not None
        assert (draft.body, draft.tab) == ({"answers": {"comment": "abx"}}, "tab1")


def test_a_draft_after_the_end_is_kept_and_said_to_be_late(store: Store) -> None:
    queue, _ = world(store, runs=1)
    late = {"answers": {"comment": "one more word"}}
    with store.session() as session:
        ada = person(session, "ada")
        item = take(session, queue, ada)
        assert item is not None
        assert late_draft(session, item.id, ada, "tab1", late, None) is None
        done = submit(session, item.id, ada, SOLVED)
        assert late_draft(session, item.id, ada, "tab1", late, None) == done.submitted_at
        assert session.scalars(select(DraftCopyRow.body)).all() == [late]
        assert late_draft(session, item.id, ada, "tab1", late, done.revision) is None


def test_undo_withdraws_and_gives_the_text_back(store: Store) -> None:
    queue, _ = world(store, runs=1)
    with store.session() as session:
        ada = person(session, "ada")
        item = take(session, queue, ada)
        assert item is not None
        assert item.trace_id is not None
        submit(session, item.id, ada, FAILED)
        again, _ = undo(session, queues.get_queue(session, queue), ada)
        assert again.id == item.id
        draft = drafts.get_draft(session, item.id, ada.id)
        assert draft is not None
        assert draft.body["answers"] == FAILED["answers"]
        assert trace_line(session, item.trace_id).outcome_from == "automated check: reward"
        assert session.scalars(select(AnnotationRow.withdrawn).order_by(AnnotationRow.id)).all() == [False, True]
        with pytest.raises(NotFound, match="nothing to undo"):
            undo(session, queues.get_queue(session, queue), ada)
        assert take(session, queue, ada) is not None


def test_skipped_and_flagged_items_do_not_come_back_to_the_same_person(store: Store) -> None:
    queue, _ = world(store, runs=2)
    with store.session() as session:
        ada, ben = person(session, "ada"), person(session, "ben")
        first = take(session, queue, ada)
        assert first is not None
        desk.skip(session, first.id, ada)
        second = take(session, queue, ada)
        assert second is not None
        with pytest.raises(InvalidInput, match="Say why"):
            desk.flag(session, second.id, ada, " ")
        desk.flag(session, second.id, ada, "The customer's name is in it")
        assert take(session, queue, ada) is None
        assert take(session, queue, ben) is not None
        assert get_item(session, second.id).flag == "ada: The customer's name is in it"


def test_words_that_no_database_holds_are_kept_as_far_as_they_can_be(store: Store) -> None:
    queue, _ = world(store, runs=2)
    with store.session() as session:
        ada, lea = person(session, "ada"), PersonLine(person_id(session, "lea", Role.LEAD), "lea", Role.LEAD, True)
        item = take(session, queue, ada)
        assert item is not None
        desk.flag(session, item.id, ada, "a\x00b\ud800c")
        queue_changes.discard(session, item.id, "d\x00e\ud800f", lea)
        session.refresh(item)
        assert item.discard_reason == "d\ufffde?f"
        assert session.scalars(select(ClaimRow.reason)).one() == "a\ufffdb?c"


def test_a_lapsed_claim_goes_to_the_next_and_a_late_answer_is_kept(store: Store) -> None:
    queue, _ = world(store, runs=1)
    with store.session() as session:
        ada, ben = person(session, "ada"), person(session, "ben")
        item = take(session, queue, ada)
        assert item is not None
        assert take(session, queue, ben) is None
        session.execute(update(ClaimRow).values(expires_at=ClaimRow.claimed_at))
        assert take(session, queue, ben) is item
        assert take(session, queue, ada) is None
        assert desk.open_item(session, item.id, ada) is item
        submit(session, item.id, ben, SOLVED)
        done = submit(session, item.id, ada, FAILED)
        assert "kept beside" in done.note
        rows = session.execute(select(AnnotationRow.person_id, AnnotationRow.current, AnnotationRow.place)).all()
        assert [tuple(row) for row in rows] == [(ben.id, True, ""), (ada.id, False, "surplus")]
        assert (item.n_done, item.state) == (1, "done")


def test_an_item_that_is_not_mine_cannot_be_written_to(store: Store) -> None:
    queue, _ = world(store, runs=1)
    with store.session() as session:
        ada, ben = person(session, "ada"), person(session, "ben")
        item = take(session, queue, ada)
        assert item is not None
        with pytest.raises(NotPermitted):
            submit(session, item.id, ben, SOLVED)
        with pytest.raises(NotPermitted):
            desk.save_draft(session, item.id, ben, "tab", 0, {})
        with pytest.raises(Conflict, match="Somebody else"):
            desk.open_item(session, item.id, ben)
        submit(session, item.id, ada, SOLVED)
        with pytest.raises(Conflict, match="Enough people"):
            desk.open_item(session, item.id, ben)
        assert desk.open_item(session, item.id, ada) is item


def test_a_choice_is_stored_by_the_pairs_own_names_whichever_side_stood_left(store: Store) -> None:
    _, queue = world(store, pairs=8)
    with store.session() as session:
        ada = person(session, "ada")
        for _ in range(8):
            item = take(session, queue, ada)
            assert item is not None
            with pytest.raises(InvalidInput, match="six answers"):
                submit(session, item.id, ada, {"choice": "a"})
            submit(session, item.id, ada, {"choice": "left_much", "confidence": 4, "reason": "kinder"})
        rows = session.execute(select(PreferenceRow.choice, PreferenceRow.left)).all()
        assert {tuple(row) for row in rows} == {("a_much", "a"), ("b_much", "b")}
        item, _ = undo(session, queues.get_queue(session, queue), ada)
        draft = drafts.get_draft(session, item.id, ada.id)
        assert draft is not None
        assert draft.body["choice"] == "left_much"


def test_annotators_are_blind_until_they_have_submitted_and_leads_are_not(store: Store) -> None:
    queue, _ = world(store, runs=1)
    with store.session() as session:
        ada, eve = person(session, "ada"), person(session, "eve", Role.LEAD)
        item = take(session, queue, ada)
        assert item is not None
        assert item.trace_id is not None
        assert hidden_traces(session, ada.id, [item.trace_id]) == {item.trace_id}
        assert hidden_traces(session, eve.id, [item.trace_id]) == set()
        submit(session, item.id, ada, SOLVED)
        assert hidden_traces(session, ada.id, [item.trace_id]) == set()
        assert session.scalars(select(AnnotationRow.blind)).one() is True


def test_overlap_is_exact_with_everybody_at_once(store: Store) -> None:
    queue, _ = world(store, runs=12)
    with store.session() as session:
        session.execute(update(QueueRow).values(overlap=2))
        everybody = [person(session, f"person {n}") for n in range(6)]

    def work(who: PersonLine) -> None:
        while True:
            with store.session() as session:
                item = take(session, queue, who)
            if item is None:
                return
            with store.session() as session:
                submit(session, item.id, who, SOLVED)

    with ThreadPoolExecutor(len(everybody)) as pool:
        list(pool.map(work, everybody))
    with store.reading() as session:
        per_item = session.execute(select(ClaimRow.item_id, func.count()).group_by(ClaimRow.item_id)).all()
        assert [count for _, count in per_item] == [2] * 12
        assert set(session.scalars(select(ItemRow.state))) == {"done"}
        assert session.scalar(select(func.count()).select_from(AnnotationRow)) == 24
