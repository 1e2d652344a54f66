"""Gates that ask for thresholds, secrets and kept tasks; and what a definition means at all."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.dataset.candidates import Row
from core.dataset.definition import define
from core.dataset.gates import row_text
from core.dataset.selection import Selection, select
from core.errors import InvalidInput
from core.ingest.accept import ImportOptions, import_paths
from core.records import Message, Role, Split, Step, StepKind, Task
from core.redact import Policy
from core.review.ready_made import RUN_REVIEW
from core.review.resolving import resolve
from core.store.engine import Store
from core.store.people import PersonLine, person_id
from core.store.policies import REDACTION, set_policy
from core.store.resolutions import Subject
from core.store.schemas import newest_schema_id
from core.store.tables import TaskRow
from core.store.trace_filter import TraceFilter
from core.store.traces import find_trace
from tests.core.dataset.world import choose, keep, label, said, texts
from tests.worlds import START, run

ASKED = "I want to return the jacket that I bought for my brother two months ago"


def selected(store: Store, format: str = "sft", *gates: str, **asked: Any) -> Selection:
    with store.reading() as session:
        return select(session, define(format, gates, **asked))


def left(found: Selection) -> dict[str, tuple[str, str]]:
    return {each.candidate.key: (each.gate, each.detail) for each in found.excluded}


def test_labels_of_too_few_people_or_with_too_little_agreement_are_left_out(store: Store):
    with store.session() as session:
        words = {"one": "Is tea sold?", "two": "Where is my parcel?", "split": "Cancel it.", "lead": "Any shoes left?"}
        keep(session, said("checked", "Do you open on Sundays?", 1), *(said(uid, text) for uid, text in words.items()))
        for person in ("ann", "bob"):
            label(session, "two", person, "solved")
        label(session, "one", "ann", "solved")
        for person, outcome in (("ann", "solved"), ("bob", "solved"), ("cem", "failed")):
            label(session, "split", person, outcome)
        label(session, "lead", "ann", "failed")
        lea = PersonLine(person_id(session, "lea", Role.LEAD, active=True), "lea", Role.LEAD, True)
        subject = Subject(find_trace(session, "lead"))
        resolve(session, subject, newest_schema_id(session, RUN_REVIEW.key), "outcome", "solved", [], lea)
    assert len(selected(store).rows) == 5
    found = selected(store, reviewers=2, agreement=0.8)
    assert [row.candidate.key for row in found.rows] == ["run:checked", "run:lead", "run:two"]
    assert left(found) == {
        "run:one": ("reviewers", "1 of 2 people."),
        "run:split": ("agreement", "67% agree, 80% were asked for."),
    }


def test_what_is_secret_is_found_and_never_quoted(store: Store):
    key = "sk-ant-api03-" + "a1B2" * 20
    with store.session() as session:
        keep(session, said("plain", "Is tea sold?", 1), said("mail", "I am ann@example.org, is tea sold here?", 1))
        label(session, "plain", "ann", "solved", {"3": f"Use {key} for it."})
    found = selected(store, "sft", "duplicates=off", "reworked=off")
    (stopped,) = found.excluded
    assert (stopped.candidate.source, stopped.gate) == ("correction", "secret")
    assert stopped.detail == "It holds what is replaced for its agent: key (1)."
    assert len(selected(store, "sft", "duplicates=off", "reworked=off", "secret=off").rows) == 3
    with store.session() as session:
        set_policy(session, REDACTION, "shop", Policy(frozenset({"email"})).as_json())
    again = selected(store, "sft", "duplicates=off", "reworked=off")
    assert left(again)["run:mail"] == ("secret", "It holds what is replaced for its agent: email (1).")


def test_what_nearly_repeats_a_kept_task_is_left_out_by_its_task_and_by_its_text(store: Store):
    with store.session() as session:
        keep(
            session,
            run("kept", ASKED, 1, task=Task("shop/kept", ASKED)),
            run("twin", "Hello.", 1, task=Task("other/twin", f"{ASKED}, please")),
            said("says", f"Good morning. {ASKED}. Can you help me with that?", 1),
            said("far", "Is the red lamp in stock?", 1),
        )
        choose(session, texts("p", f"{ASKED}!", "Send it.", "No."), "a")
    assert len(selected(store).rows) == 4
    with store.session() as session:
        session.query(TaskRow).filter_by(key="shop/kept").update({"split": Split.HOLDOUT.value})
    told = "It nearly repeats shop/kept, which is kept for holdout."
    found = selected(store)
    assert [row.candidate.key for row in found.rows] == ["run:far"]
    assert left(found) == {
        "run:kept": ("holdout", "shop/kept is kept for holdout."),
        "run:says": ("leak", told),
        "run:twin": ("leak", told),
    }
    assert left(selected(store, "dpo")) == {"pair:p": ("leak", told)}


def test_a_definition_means_some_candidates_and_no_others(store: Store):
    def one(uid: str, words: str, agent: str, days: int) -> Any:
        at = START + timedelta(days=days)
        steps = (
            Step("0", StepKind.USER, started_at=at, ended_at=at, output=(Message("user", words),)),
            Step("1", StepKind.LLM, started_at=at, ended_at=at, output=(Message("assistant", f"Yes, {uid}."),)),
        )
        return run(uid, words, 1, started_at=at, agent=agent, task=Task(f"t/{uid}", words), steps=steps)

    with store.session() as session:
        keep(session, one("a", "Is tea sold?", "shop", 0), one("b", "Where is it?", "desk", 0))
        keep(session, one("c", "Any lamps left over?", "shop", 9))
        label(session, "a", "ann", "solved", {"1": "Tea is sold on Mondays."})
        choose(session, texts("p", "Which way?", "Left.", "Right."), "a")

    def keys(format: str = "sft", **asked: Any) -> list[str]:
        found = (
            selected(store, format, "duplicates=off", "reworked=off", **asked)
            if format == "sft"
            else selected(store, format, **asked)
        )
        assert found.candidates == len(found.rows)
        return [row.candidate.key.partition(":1:")[0] for row in found.rows]

    assert keys() == ["correction:a", "run:a", "run:b", "run:c"]
    assert keys(sources=["correction"]) == ["correction:a"]
    assert keys(runs=TraceFilter(agent="shop")) == ["correction:a", "run:a", "run:c"]
    assert keys(runs=TraceFilter(agent="shop", since=START + timedelta(days=1))) == ["run:c"]
    assert keys("dpo") == ["correction:a", "pair:p"]
    assert keys("dpo", runs=TraceFilter(agent="desk")) == []


def test_what_a_definition_leaves_as_it_is_is_not_named(store: Store):
    assert define("steps").as_json() == {"format": "steps", "gates": dict.fromkeys(define("steps").gates, True)}
    asked = define("kto", ["empty=off"], TraceFilter(agent="shop"), ["run", "run"], 2, 0.75).as_json()
    assert {name: value for name, value in asked.items() if name not in ("format", "gates")} == {
        "runs": {"agent": "shop"},
        "sources": ["run"],
        "reviewers": 2,
        "agreement": 0.75,
    }


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"sources": ["runs"]}, "There is no source runs"),
        ({"reviewers": 0}, "At least one reviewer"),
        ({"agreement": 1.5}, "between 0 and 1"),
    ],
)
def test_a_wrong_threshold_or_source_is_refused(asked: dict[str, Any], message: str):
    with pytest.raises(InvalidInput, match=message):
        define("sft", **asked)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_text_of_gaia_passes_where_its_tasks_are_holdout(store: Store, real_data: Path):
    import_paths(store, [real_data / "trail", real_data / "who-and-when"], ImportOptions())
    before = selected(store, "steps")
    with store.session() as session:
        trail = session.query(TaskRow).filter(TaskRow.key.startswith("trail/"))
        questions = {" ".join(task.title.split()).casefold()[:80] for task in trail}
        trail.update({"split": Split.HOLDOUT.value})
    found = selected(store, "steps")
    assert (found.reasons["holdout"], found.reasons["leak"]) == (71, 32)

    def holds_one(row: Row) -> bool:
        text = " ".join(row_text(row.columns).split()).casefold()
        return any(question in text for question in questions)

    assert sum(map(holds_one, before.rows)) > 71 + 25
    assert not any(map(holds_one, found.rows))
