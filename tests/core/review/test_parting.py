"""Two runs part at the first turn of their agents that differs, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from sqlalchemy import select

from core.records import Message, Step, StepKind, Task, ToolCall
from core.review.pairing import pair_first_differences
from core.review.parting import first_difference, said_before
from core.store.engine import Store
from core.store.tables import PairRow, TraceRow
from core.store.trace_writing import insert_traces
from tests.worlds import START, run


def steps(*said: str, at: int = 0) -> tuple[Step, ...]:
    """A run: u: a user, a: the agent, c: the agent calls a tool with that argument, t: the tool's result."""
    made = []
    for number, one in enumerate(said):
        who, text = one[0], one[3:]
        uid = f"s{at + number}"
        if who == "t":
            made.append(Step(uid, StepKind.TOOL, "look", result=text))
        elif who == "c":
            call = ToolCall(f"call-{at}-{number}", "look", {"for": text})
            made.append(Step(uid, StepKind.LLM, "agent", output=(Message("assistant", tool_calls=(call,)),)))
        else:
            role = {"u": "user", "a": "assistant"}[who]
            kind = StepKind.USER if who == "u" else StepKind.LLM
            made.append(Step(uid, kind, role, output=(Message(role, text),), started_at=START))
    return tuple(made)


SHARED = ("u: Where is it?", "c: order 7", "t: sent")


@pytest.mark.parametrize(
    ("one", "other", "places"),
    [
        ((*SHARED, "a: Sent."), (*SHARED, "a: I do not know."), ("s3", "s13")),
        ((*SHARED, "a: Sent."), (*SHARED, "c: order 8", "t: x"), ("s3", "s13")),
        (("u: Where?", "a: Which?", "u: 7", "a: Sent."), ("u: Where?", "a: Which?", "u: 8", "a: Lost."), None),
        (("u: Where?", "c: 7", "t: sent", "a: Sent."), ("u: Where?", "c: 7", "t: lost", "a: Lost."), None),
        (("u: Where?", "a: Sent."), ("u: When?", "a: Today."), None),
        ((*SHARED, "a: Sent."), (*SHARED, "a: Sent."), None),
        ((*SHARED, "a: Sent."), SHARED, None),
        (("a: Hello.",), ("a: Hi.",), None),
    ],
)
def test_where_runs_part(one: Sequence[str], other: Sequence[str], places: tuple[str, str] | None) -> None:
    found = first_difference(steps(*one), steps(*other, at=10))
    assert (None if found is None else (found.step_a, found.step_b)) == places


def test_a_parting_says_what_both_said_and_what_came_before() -> None:
    found = first_difference(steps(*SHARED, "a: Sent."), steps(*SHARED, "c: order 8", at=10))
    assert found is not None
    assert (found.text_a, found.text_b) == ("Sent.", 'look({\n  "for": "order 8"\n})')
    assert found.before == 'user: Where is it?\n\nassistant: → look({\n  "for": "order 7"\n})\n\ntool: sent'


def test_a_span_that_wraps_the_turns_does_not_part_them() -> None:
    def wrapped(said: str, at: int) -> tuple[Step, ...]:
        root = Step(f"root{at}", StepKind.AGENT, "agent", output=(Message("assistant", said),))
        inner = steps("u: Where?", f"a: {said}", at=at)
        return (root, *(Step(one.step_id, one.kind, one.name, root.step_id, output=one.output) for one in inner))

    found = first_difference(wrapped("Sent.", 0), wrapped("Lost.", 10))
    assert found is not None
    assert (found.step_a, found.step_b, found.before) == ("s1", "s11", "user: Where?")
    assert said_before(wrapped("Sent.", 0), "root0") == ""


def test_the_first_difference_of_a_task_is_a_pair_of_steps_that_knows_its_runs(store: Store) -> None:
    task, other = Task("shop/1", "Find the order"), Task("shop/2", "Never parts")
    with store.session() as session:
        runs = [
            run("one", task=task, version="v1", steps=steps(*SHARED, "a: Sent.")),
            run("two", task=task, version="v2", steps=steps(*SHARED, "a: Lost.", at=10)),
            run("three", task=other, version="v1", steps=steps("u: a", "a: b")),
            run("four", task=other, version="v2", steps=steps("u: b", "a: c")),
        ]
        insert_traces(session, runs)
        assert pair_first_differences(session, "shop", "trials") == 0
        assert pair_first_differences(session, "shop", "versions") == 1
        assert pair_first_differences(session, "shop", "versions") == 0
        pair = session.scalars(select(PairRow)).one()
        uids = dict(session.execute(select(TraceRow.id, TraceRow.uid)).all())
        sides = {
            (uids[pair.trace_a_id or 0], pair.step_a, pair.text_a, pair.name_a),
            (uids[pair.trace_b_id or 0], pair.step_b, pair.text_b, pair.name_b),
        }
    assert sides == {("one", "s3", "Sent.", "v1"), ("two", "s13", "Lost.", "v2")}
    assert pair.source == "steps"
    assert pair.prompt.startswith("user: Where is it?")
