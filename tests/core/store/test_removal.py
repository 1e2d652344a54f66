"""What is taken back is gone from every table, from both text indexes and from the file; the rest is as it was."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select, text

from core.records import (
    Annotation,
    Choice,
    Correction,
    Lesson,
    LessonState,
    LoggedRecall,
    Message,
    Preference,
    Rejected,
    Role,
    Step,
    StepKind,
    Task,
)
from core.review.pairing import pair_corrections, pair_runs
from core.review.queues import enqueue
from core.review.ready_made import RUN_REVIEW
from core.store.annotations import add_annotation
from core.store.claims import claim
from core.store.drafts import keep_copy, put_draft
from core.store.engine import Store
from core.store.imports import log_import
from core.store.intake import add_refusals
from core.store.lesson_evidence import lesson_evidence
from core.store.lessons import add_lesson, lesson_history, lesson_line, lessons_owing_index
from core.store.mentions import find_mentions, remove_mentions
from core.store.pairs import add_preference, list_pairs
from core.store.people import person_id
from core.store.reach import Scope, chosen_runs, count_reach, reach_of
from core.store.recalls import log_recall
from core.store.removal import empty_log, merge_words, remove_runs, zeroed
from core.store.schemas import save_schema
from core.store.signals import add_signals
from core.store.suites import add_tasks, find_suite, freeze, suite_tasks
from core.store.tables import Base, ItemRow, TaskRow
from core.store.task_removal import count_emptied
from core.store.text_search import index_due
from core.store.trace_filter import TraceFilter
from core.store.trace_writing import insert_traces
from core.store.traces import list_traces
from core.tasks.outcome import refresh_outcomes
from tests.worlds import START, run

Rows = dict[str, list[tuple[object, ...]]]


def rows(store: Store) -> Rows:
    with store.reading() as session:
        return {
            table.name: sorted((tuple(row) for row in session.execute(select(table))), key=repr)
            for table in Base.metadata.sorted_tables
        }


def naming(found: Rows, word: str) -> Rows:
    """The rows in which a word stands anywhere."""
    return {name: some for name, listed in found.items() if (some := [row for row in listed if word in repr(row)])}


def live(store: Store, user: str) -> None:
    """Two runs of a user, in words of their own, with everything that can hang on a run."""
    said, words = f"{user} asks", {"user": f"user {user}", "session_id": f"talk of {user}"}
    task = Task(f"derived/{user}", said, derived=True)
    attributes = {"loopwright.recall.id": f"asked by {user}"}
    runs = [
        run(f"{user}-{version}", said, 1.0, version=version, task=task, attributes=attributes, **words)
        for version in ("v1", "v2")
    ]
    with store.session() as session:
        me = person_id(session, "me", Role.LEAD, active=True)
        ids = list(insert_traces(session, runs).traces.values())
        add_signals(session, [signal for one in runs for signal in one.signals])
        enqueue(session, ids)
        schema = (save_schema(session, RUN_REVIEW), RUN_REVIEW.key)
        uid, trace = runs[0].trace_id, ids[0]
        item = session.scalars(select(ItemRow.id).where(ItemRow.trace_id == trace)).one()
        claim(session, item, me, START - START)
        corrected = (Correction("3", "It was sent.", f"{user} gets it tomorrow"),)
        review = Annotation(uid, "me", RUN_REVIEW.key, {"outcome": "failed"}, corrections=corrected)
        for _ in range(2):
            add_annotation(session, trace, me, schema, review, START, item)
        put_draft(session, item, me, "tab", {"answers": {"comment": f"a draft on {user}"}})
        keep_copy(session, item, me, "tab", {"answers": {"comment": f"a copy on {user}"}})
        for number, told in enumerate(({"trace_id": uid}, {"run_key": uid}, {"session_id": words["session_id"]}, {})):
            named = f"asked by {user}" if not told else f"{user} {number}"
            log_recall(session, LoggedRecall(named, said, "memory", START, agent="shop", **told))
        refresh_outcomes(session, ids)
        pair_corrections(session)
        pair_runs(session, "shop", "versions")
        for pair in list_pairs(session)[-2:]:
            add_preference(session, pair.id, me, Preference(pair.uid, "me", Choice.A), START)
        add_tasks(session, "all", [session.scalars(select(TaskRow.id).where(TaskRow.key == task.key)).one()])
        index_due(session, 10_000)


def take_back(store: Store, scope: Scope) -> Counter[str]:
    """Remove, and see that what was counted before is what went."""
    with store.session() as session, zeroed(session):
        runs = chosen_runs(session, scope)
        reach = reach_of(session, runs)
        counted = count_reach(session, reach) + count_emptied(session, reach)
        counts = remove_runs(session, runs, "me")
    assert +(counts - Counter(lessons=counts["lessons"])) == +counted
    return counts


def test_nothing_is_left_of_a_user_and_nobody_else_is_touched(store: Store) -> None:
    live(store, "bert")
    alone = rows(store)
    live(store, "anna")
    assert len(naming(rows(store), "anna")) == 9
    counts = take_back(store, Scope(user="user anna"))
    assert dict(+counts) == {
        "traces": 2,
        "steps": 8,
        "signals": 2,
        "annotations": 2,
        "items": 4,
        "claims": 1,
        "drafts": 2,
        "pairs": 2,
        "preferences": 2,
        "recalls": 4,
        "tasks": 1,
        "cases": 1,
    }
    assert naming(rows(store), "anna") == {}
    assert rows(store) == alone
    with store.session() as session:
        if store.engine.dialect.name == "sqlite":
            assert session.execute(text("PRAGMA foreign_key_check")).all() == []
        assert [line.uid for line in list_traces(session, TraceFilter(text="anna"), 10)] == []
        assert len(list_traces(session, TraceFilter(text="bert"), 10)) == 2


def test_a_session_of_which_a_run_is_left_keeps_its_recalls(store: Store) -> None:
    live(store, "anna")
    counts = take_back(store, Scope(trace="anna-v1"))
    assert (counts["traces"], counts["pairs"], counts["recalls"], counts["tasks"]) == (1, 2, 3, 0)
    assert take_back(store, Scope(session="talk of anna"))["recalls"] == 1
    assert naming(rows(store), "anna") == {}


def test_a_lesson_loses_evidence_and_without_any_leaves_the_memory(store: Store) -> None:
    live(store, "anna")
    live(store, "bert")
    evidence = {"alone": ("anna-v1",), "shared": ("anna-v1", "anna-v2", "bert-v1"), "other": ("bert-v1",)}
    with store.session() as session:
        me = person_id(session, "me")
        for uid, state in (*((uid, LessonState.ACTIVE) for uid in evidence), ("proposed", LessonState.PROPOSED)):
            rests = tuple((trace, "3") for trace in evidence.get(uid, ("anna-v2",)))
            add_lesson(session, Lesson(uid, "it is late", "say so", state=state, evidence=rests), me, decided_by=me)
        for line in lessons_owing_index(session):
            session.execute(text("UPDATE lesson SET indexed_revision = revision WHERE id = :id"), {"id": line.id})
    assert take_back(store, Scope(user="user anna"))["lessons"] == 2
    with store.session() as session:
        lines = {uid: lesson_line(session, uid) for uid in ("alone", "shared", "other", "proposed")}
        assert {uid: line.state.value for uid, line in lines.items()} == {
            "alone": "retired",
            "shared": "active",
            "other": "active",
            "proposed": "rejected",
        }
        assert [one.trace_uid for one in lesson_evidence(session, lines["shared"].id)] == ["bert-v1"]
        told = lesson_history(session, lines["alone"].id)[0]
        assert (told.person, told.reason) == (
            "me",
            "The run that it rested on was removed, and nothing else speaks for it.",
        )
        assert {line.uid for line in lessons_owing_index(session)} == {"alone", "proposed"}  # the outbox


def test_evidence_on_another_run_stays_without_the_review_it_was_written_in(store: Store) -> None:
    live(store, "anna")
    live(store, "bert")
    with store.session() as session:
        me = person_id(session, "me")
        review = session.scalars(text("SELECT max(id) FROM annotation WHERE trace_id = 1")).one()
        add_lesson(session, Lesson("l", "it is late", "say so", evidence=(("bert-v1", "3"),)), me, review)
    take_back(store, Scope(user="user anna"))
    with store.reading() as session:
        (left,) = lesson_evidence(session, lesson_line(session, "l").id)
    assert (left.trace_uid, left.annotation_id) == ("bert-v1", None)


def test_a_named_task_keeps_its_place_and_loses_a_runs_words(store: Store) -> None:
    said, own = Task("shop/7", "anna asks"), Task("shop/8", "Cancel an order", {"order": 7})
    with store.session() as session:
        guessed = Task("derived/7", "anna wants", derived=True)
        insert_traces(session, [run("a", task=said), run("b", task=own), run("c", task=guessed)])
        tasks = dict(session.execute(select(TaskRow.key, TaskRow.id)).all())
        session.execute(text("UPDATE task SET split = 'holdout'"))
        add_tasks(session, "draft", tasks.values())
        add_tasks(session, "frozen", [tasks["derived/7"]])
        freeze(session, find_suite(session, "frozen"))
    for uid in "abc":
        take_back(store, Scope(trace=uid))
    with store.reading() as session:
        found = session.execute(select(TaskRow.key, TaskRow.title, TaskRow.split).order_by(TaskRow.key)).all()
        assert [tuple(row) for row in found] == [
            ("derived/7", "", "holdout"),
            ("shop/7", "", "holdout"),
            ("shop/8", "Cancel an order", "holdout"),
        ]
        for suite, n in (("draft", 3), ("frozen", 1)):
            assert len(suite_tasks(session, find_suite(session, suite).id)) == n


def test_a_task_takes_the_words_of_a_run_that_is_left(store: Store) -> None:
    with store.session() as session:
        insert_traces(session, [run("a", task=Task("shop/7", "anna asks"))])
        insert_traces(session, [run("b", task=Task("shop/7", "bert asks"))])
    take_back(store, Scope(trace="a"))
    with store.reading() as session:
        assert session.scalars(select(TaskRow.title)).all() == ["bert asks"]


def test_a_words_index_holds_the_word_no_more_nor_does_the_file(store: Store, tmp_path: Path) -> None:
    """Removed words are in no list of words at once, and in no byte of the database once its parts are merged."""
    secret = "zyxwvutsecret"
    answer = Step("9", StepKind.LLM, "agent", output=(Message("assistant", f"Your word is {secret}."),))
    with store.session() as session:
        insert_traces(session, [run(f"other{n}") for n in range(50)])
        index_due(session, 1_000)
    with store.session() as session:
        insert_traces(session, [run("told", steps=(answer,), task=None, user="u")])
        index_due(session, 1_000)
    assert words_like(store, secret) == 1
    take_back(store, Scope(user="u"))
    assert words_like(store, secret) == 0
    if store.engine.dialect.name == "postgresql":
        return
    assert secret.encode() in contents(tmp_path)  # in older parts of the index, until they are merged
    begin = True
    while True:
        with store.session() as session, zeroed(session):
            if not merge_words(session, begin):
                break
        begin = False
    assert empty_log(store)
    assert secret.encode() not in contents(tmp_path)
    with store.reading() as session:
        assert len(list_traces(session, TraceFilter(text="sent"), 100)) == 50
    with store.session() as session:  # rank 1 asks for every place to be looked at
        session.execute(text("INSERT INTO step_text (step_text, rank) VALUES ('integrity-check', 0)"))


def words_like(store: Store, word: str) -> int:
    """How many steps the text index says to have a word."""
    with store.session() as session:
        if store.engine.dialect.name == "postgresql":
            found = "SELECT count(*) FROM step_text WHERE body @@ to_tsquery('simple', :word)"
            return session.scalar(text(found), {"word": word}) or 0
        session.execute(text("CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, step_text, row)"))
        n = session.scalar(text("SELECT doc FROM temp.words WHERE term = :word"), {"word": word}) or 0
        session.execute(text("DROP TABLE temp.words"))
        return n


def contents(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("loopwright.db*"))


@pytest.mark.parametrize(
    ("scope", "gone"),
    [
        (Scope(trace="run1"), {"a span", "an import"}),
        (Scope(user="anna"), {"a user"}),
        (Scope(session="talk"), {"a session"}),
    ],
)
def test_refused_records_that_hold_it_go_and_lists_of_rejected_ones_forget_it(
    store: Store, scope: Scope, gone: set[str]
) -> None:
    span = {"traceId": "run1", "name": "chat", "attributes": [{"key": "x", "value": {"stringValue": "anna"}}]}
    person = {"traceId": "run10", "attributes": [{"key": "user.id", "value": {"stringValue": "anna"}}]}
    talk = {"trace": {"id": "run10"}, "gen_ai.conversation.id": ["talk"], "text": "anna and run1 and talk"}
    refused = [Rejected("a span", "bad", span), Rejected("a user", "bad", person), Rejected("a session", "bad", talk)]
    lists = [{"path": "f", "record": f"trace {uid}", "reason": "no steps"} for uid in ("run1", "run10")]
    with store.session() as session:
        add_refusals(session, "traces", [*refused, Rejected("nothing", "bad")])
        log_import(session, "f", "x", {}, lists)
    with store.session() as session:
        remove_mentions(session, find_mentions(session, scope, []))
    left = rows(store)
    assert {row[3] for row in left["refusal"]} == {"a span", "a user", "a session", "nothing"} - gone
    assert left["import"][0][4] == (lists[1:] if "an import" in gone else lists)
