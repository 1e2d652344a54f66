"""The values that pass between stages: frozen dataclasses and enums in the words of the product.

What arrives (a trace, a signal, a label, a pair) is described here once; every format is read into these values and
the store writes nothing else. Times are aware UTC, durations seconds, money US dollars, tokens counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

Json = Any
"""A value that JSON can hold; what stands in it belongs to whoever sent it."""


class StepKind(StrEnum):
    """What a step is. `user` is a turn of the person the agent talks to: no span stands behind it, yet it is read."""

    LLM = "llm"
    TOOL = "tool"
    AGENT = "agent"
    RETRIEVER = "retriever"
    CHAIN = "chain"
    MEMORY = "memory"
    USER = "user"
    OTHER = "other"


class SignalKind(StrEnum):
    """Whose evidence a signal is: a person's judgement, what a user did, or a test, validator or judge."""

    EXPLICIT = "explicit"
    IMPLICIT = "implicit"
    AUTOMATED = "automated"


class Outcome(StrEnum):
    """Whether a run did what its task asked."""

    SOLVED = "solved"
    PARTLY = "partly"
    FAILED = "failed"
    UNKNOWN = "unknown"


INFRASTRUCTURE = "infrastructure"
"""The name of a signal on a whole run that says that the trial broke through what it ran on, not through the agent: its
value is the reason. Such a run's outcome is unknown, and comes from there."""


class Role(StrEnum):
    """What a person may do; a machine is a rater that is never mixed with people."""

    ANNOTATOR = "annotator"
    LEAD = "lead"
    MACHINE = "machine"


class Split(StrEnum):
    """Which use a task is kept for."""

    TRAIN = "train"
    VALIDATION = "validation"
    HOLDOUT = "holdout"


class LessonState(StrEnum):
    """Where a lesson stands in its life; only active ones are recalled."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    """By one reviewer; a second one, or a lead, makes it active."""
    ACTIVE = "active"
    REJECTED = "rejected"
    RETIRED = "retired"
    SUPERSEDED = "superseded"


class Choice(StrEnum):
    """A preference between the two sides of a pair, named by the pair's own A and B, never by where they stood."""

    A_MUCH = "a_much"
    A = "a"
    EQUAL = "equal"
    B = "b"
    B_MUCH = "b_much"
    BOTH_BAD = "both_bad"


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that a model asked for; `arguments` is structured where the source's text could be read as JSON."""

    call_id: str
    name: str
    arguments: Json


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message. `role` is system, user, assistant or tool; any other is kept as it came."""

    role: str
    content: str = ""
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a run.

    `input` is what a model was sent, where the source says so; in a chat log it is empty, for the context of a step is
    then the outputs of the steps before it. `output` is what it answered. `arguments` and `result` belong to tools.
    `attributes` keeps what was not understood, as it came.

    `tokens_in` are all tokens that a model read, `tokens_cached` those of them that came from a cache and
    `tokens_cache_written` those that were put into one; `tokens_out` are all that it wrote, `tokens_reasoning` those of
    them that it thought with. `cost_from` says who knows the cost: "reported" (a cost with "" is reported too), or the
    prices it was computed with; without a cost the step is unpriced. `agent` is who acts, where a run has several.
    """

    step_id: str
    kind: StepKind
    name: str = ""
    parent_id: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    input: tuple[Message, ...] = ()
    output: tuple[Message, ...] = ()
    call_id: str = ""
    arguments: Json = None
    result: Json = None
    error: str = ""
    model: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    tokens_cached: int | None = None
    tokens_cache_written: int | None = None
    tokens_reasoning: int | None = None
    cost: float | None = None
    cost_from: str = ""
    agent: str = ""
    attributes: Mapping[str, Json] = field(default_factory=dict)

    @property
    def seconds(self) -> float | None:
        """How long it took; None where the source has no times."""
        if self.started_at is None or self.ended_at is None:
            return None
        return (self.ended_at - self.started_at).total_seconds()


@dataclass(frozen=True, slots=True)
class Task:
    """What a run had to do. `key` is the same for every run of the same task; `derived` when it was guessed."""

    key: str
    title: str = ""
    definition: Json = None
    derived: bool = False


@dataclass(frozen=True, slots=True)
class Signal:
    """Evidence of quality on a trace or a step. `key` makes it idempotent; without one the content is the key.

    `value` is a bool, a number or text; `success` says what it means for the outcome, where it means anything. `at` is
    when it happened, where the source says so.
    """

    trace_id: str
    name: str
    kind: SignalKind
    value: bool | float | str
    success: bool | None = None
    step_id: str | None = None
    comment: str = ""
    source: str = ""
    key: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """One run of an agent on one task, with its steps in the order in which they are read.

    `tools` are the tool schemas the model was given, where they were recorded. `cost` and `seconds` are the run's own
    totals where the source states them; the store adds up the steps otherwise. `redactions` counts what was replaced in
    it before it was stored, by kind. An `open` trace may still get steps; `root_ended` says that its root has ended.
    """

    trace_id: str
    source: str
    steps: tuple[Step, ...]
    agent: str = ""
    version: str = ""
    task: Task | None = None
    session_id: str = ""
    user: str = ""
    trial: int | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    cost: float | None = None
    seconds: float | None = None
    tools: tuple[Json, ...] = ()
    tags: tuple[str, ...] = ()
    attributes: Mapping[str, Json] = field(default_factory=dict)
    signals: tuple[Signal, ...] = ()
    redactions: Mapping[str, int] = field(default_factory=dict)
    open: bool = False
    root_ended: bool = True


@dataclass(frozen=True, slots=True)
class Mark:
    """One answer that points at a step, or at words in it.

    `start` and `end` are character offsets into the step's text (code points); both None for the whole step.
    `suggested` is the rule that proposed it, where the reviewer took over a suggestion (law 4).
    """

    question: str
    step_id: str
    value: str
    start: int | None = None
    end: int | None = None
    quote: str = ""
    comment: str = ""
    impact: str = ""
    suggested: str = ""


@dataclass(frozen=True, slots=True)
class Correction:
    """The output of a step as it should have been."""

    step_id: str
    original: str
    corrected: str


@dataclass(frozen=True, slots=True)
class Annotation:
    """One reviewer's submitted answers on one trace, or on one step of it, under one label schema.

    `schema_version` None means the newest one. A `withdrawn` one counts no more, but a resolution may still adopt it.
    """

    trace_id: str
    person: str
    schema: str
    answers: Mapping[str, Json] = field(default_factory=dict)
    marks: tuple[Mark, ...] = ()
    corrections: tuple[Correction, ...] = ()
    submitted_at: datetime | None = None
    active_seconds: float | None = None
    key: str = ""
    step_id: str = ""
    schema_version: int | None = None
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Pair:
    """Two candidate answers to one task: texts, or two runs (`trace_a`, `trace_b` are their trace ids).

    With `step_a` and `step_b` the texts are what these steps of the runs said.
    """

    pair_id: str
    source: str
    prompt: str
    text_a: str = ""
    text_b: str = ""
    trace_a: str = ""
    trace_b: str = ""
    name_a: str = ""
    name_b: str = ""
    task: Task | None = None
    attributes: Mapping[str, Json] = field(default_factory=dict)
    step_a: str = ""
    step_b: str = ""


@dataclass(frozen=True, slots=True)
class Preference:
    """One reviewer's choice between the sides of a pair; `left` says which side stood on the left, where known.

    `answers` are those to the questions of the queue's schema, the tags of the reason among them.
    """

    pair_id: str
    person: str
    choice: Choice
    left: str = ""
    reason: str = ""
    confidence: int | None = None
    submitted_at: datetime | None = None
    active_seconds: float | None = None
    answers: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a lead decided of one question about a trace, a step of it, or a pair ("preference" is the question then).

    `answer` and `marks` are what an annotation would hold for it; `adopts` is the key of the annotation whose answer,
    or whose corrections, they are.
    """

    person: str
    question: str
    trace_id: str = ""
    step_id: str = ""
    pair_id: str = ""
    schema: str = ""
    schema_version: int | None = None
    answer: Json = None
    marks: tuple[Mark, ...] = ()
    adopts: str = ""
    reason: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Withheld:
    """A candidate for datasets (by its `key` there) that is taught nowhere, and the gate that stopped it at its source.

    It nearly repeats a task that is kept for evaluation there, say, of which nobody knows elsewhere.
    """

    candidate: str
    gate: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """When *this* happens, do *that*: `when` is the trigger, `guidance` what to do, `avoid` what not to.

    `evidence` are (trace id, step id) pairs. `agent` empty means every agent, `tool` any tool, `tags` (words between
    commas) any kind of task, `valid_until` (a date, 2026-12-31, which counts) for ever.
    """

    lesson_id: str
    when: str
    guidance: str
    avoid: str = ""
    why: str = ""
    agent: str = ""
    tool: str = ""
    tags: str = ""
    valid_until: str = ""
    state: LessonState = LessonState.PROPOSED
    person: str = ""
    evidence: tuple[tuple[str, str], ...] = ()
    created_at: datetime | None = None
    decided_at: datetime | None = None
    decided_by: str = ""


@dataclass(frozen=True, slots=True)
class LoggedRecall:
    """One retrieval of lessons by an agent as it happened.

    `lessons` are what fitted: {id, revision, score, given}, and in `fate` why the agent got it or did not.
    """

    recall_id: str
    task: str
    arm: str
    at: datetime
    agent: str = ""
    version: str = ""
    run_key: str = ""
    trace_id: str = ""
    session_id: str = ""
    lessons: tuple[Mapping[str, Json], ...] = ()
    tool: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody (or some judge) whose name stands under labels."""

    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Version:
    """One deployable state of an agent; `date` and `base` (a version's name) are set by whoever knows."""

    agent: str
    name: str
    date: datetime | None = None
    base: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one trial of which nothing else was recorded: no steps, so nothing to read or to label.

    With `infrastructure` it broke through what it ran on: it counts as such, and its outcome as unknown.
    """

    result_id: str
    agent: str
    version: str
    task: Task
    outcome: Outcome
    source: str
    trial: int | None = None
    cost: float | None = None
    seconds: float | None = None
    at: datetime | None = None
    infrastructure: bool = False


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A published rate of one version on a benchmark, without its tasks: shown in history, compared with nothing.

    `rate` is between 0 and 1; `n` the number of tasks behind it, None where the source does not say.
    """

    aggregate_id: str
    agent: str
    version: str
    benchmark: str
    rate: float
    source: str
    n: int | None = None
    date: datetime | None = None
    cost: float | None = None
    seconds: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that could not be taken, named as its file names it, with the reason in a sentence.

    `body` is the record itself, kept so that it can be tried again; None where there is nothing to try.
    """

    record: str
    reason: str
    body: Json = None


class QuestionKind(StrEnum):
    """What kind of answer a question takes.

    Answers to `step`, `span` and `step_verdict` are marks on steps; those to `taxonomy` are marks, or stand for the
    whole run; `correction` and `lesson` are written on their own. All others stand in an annotation's answers.
    """

    YES_NO = "yes_no"
    CHOICE = "choice"
    MULTI_CHOICE = "multi_choice"
    TAXONOMY = "taxonomy"
    SCALE = "scale"
    NUMBER = "number"
    TEXT = "text"
    CORRECTION = "correction"
    SPAN = "span"
    STEP = "step"
    STEP_VERDICT = "step_verdict"
    LESSON = "lesson"


@dataclass(frozen=True, slots=True)
class Option:
    """One answer that may be chosen. `group` is its place in a taxonomy's tree ("Reasoning / Hallucinations").

    `key` is a letter that chooses it at once; without one, its digit does while its question has the focus.
    """

    value: str
    label: str
    definition: str = ""
    group: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class ShownIf:
    """A question is asked once another is answered with one of `values` (none: with anything)."""

    question: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a label schema.

    `belongs` says what a taxonomy's categories are given to: "step", "trace" or "either". `impact` asks how much a
    marked failure mattered, `evidence` for the words that show it. `low` and `high` name the ends of a scale, `minimum`
    and `maximum` bound a number. With `cascade`, every step after the first that is judged -1 is judged so, too.
    """

    key: str
    kind: str
    title: str
    options: tuple[Option, ...] = ()
    required: bool = False
    help: str = ""
    low: str = ""
    high: str = ""
    belongs: str = "either"
    impact: bool = False
    evidence: bool = False
    minimum: float | None = None
    maximum: float | None = None
    cascade: bool = False
    shown_if: ShownIf | None = None


@dataclass(frozen=True, slots=True)
class LabelSchema:
    """The questions that a queue asks, as one version of them; an answered version is never changed."""

    key: str
    version: int
    title: str
    questions: tuple[Question, ...]
    guidelines: str = ""
    source: str = ""
    note: str = ""


Arrival = (
    Trace
    | Signal
    | Annotation
    | Pair
    | Preference
    | LabelSchema
    | Resolution
    | Withheld
    | Lesson
    | LoggedRecall
    | Person
    | Version
    | Result
    | Aggregate
    | Rejected
)
"""What a format's reader yields, one by one; later values may refer to earlier ones and to what is stored."""
