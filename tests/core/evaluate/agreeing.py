"""What the tests of agreement share: questions of each kind, answers to them, the report."""

from dataclasses import replace

from core.clock import now
from core.evaluate.agreement_report import agreement_report
from core.records import (
    Annotation,
    LabelSchema,
    Mark,
    Option,
    Question,
    Role,
    ShownIf,
    Step,
    StepKind,
)
from core.store.annotations import add_annotation
from core.store.people import person_id
from core.store.schemas import save_schema
from core.store.traces import find_trace
from tests.core.evaluate.conftest import run

OPTIONS = tuple(Option(value, value) for value in "abc")


SCHEMA = LabelSchema(
    "kinds",
    1,
    "Kinds",
    (
        Question("outcome", "choice", "Outcome", OPTIONS),
        Question("sure", "yes_no", "Sure?"),
        Question("first", "step", "First mistake"),
        Question("wrong", "taxonomy", "What went wrong", OPTIONS),
        Question("rating", "scale", "Rating", OPTIONS),
        Question("score", "number", "Score"),
        Question("comment", "text", "Comment"),
    ),
)


def say(store, uid, person, answers, marks=(), role=Role.ANNOTATOR, schema=SCHEMA, step="", at=None, **stored):
    with store.session() as session:
        under = (save_schema(session, schema), schema.key)
        said = Annotation(uid, person, schema.key, answers, tuple(marks), step_id=step)
        who = person_id(session, person, role)
        add_annotation(session, find_trace(session, uid), who, under, said, at or now(), **stored)


def report(store, **asked):
    with store.reading() as session:
        return agreement_report(session, **asked)


DEEP = LabelSchema(
    "deep",
    1,
    "Steps, words and conditions",
    (
        Question("failed", "yes_no", "Did it fail?"),
        Question("wrong", "taxonomy", "What went wrong", OPTIONS, shown_if=ShownIf("failed", ("true",))),
        Question("steps", "step_verdict", "Each step"),
        Question("first", "step", "First mistake"),
        Question("words", "span", "Which words?"),
        Question("who", "text", "Who?"),
    ),
)


def long_run(uid):
    steps = tuple(Step(f"s{n}", StepKind.LLM, "agent") for n in range(6))
    return replace(run(uid, "v1", f"t/{uid}", None), steps=steps)


def verdicts(**by_step):
    return [Mark("steps", step, value) for step, value in by_step.items()]
