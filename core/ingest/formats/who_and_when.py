"""Who&When: failed runs of several agents as chat logs, each with the agent, the step and the reason of the failure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from core.clock import content_hash
from core.ingest.document import Document
from core.ingest.reading import BadRecord, check_json, is_record, maybe, need, plain_text
from core.records import (
    Annotation,
    Arrival,
    Mark,
    Message,
    Person,
    Rejected,
    Role,
    Signal,
    SignalKind,
    Step,
    StepKind,
    Task,
    Trace,
)

NAME = "who-and-when"
PERSON = "who-and-when-expert"
_MARKED = ("mistake_agent", "mistake_step", "mistake_reason")
_TERMINALS = ("Computer_terminal", "ComputerTerminal")
_KEPT = ("level", "system_prompt", "labels", "mistake_type")


def read(document: Document) -> Iterator[Arrival] | None:
    """One run and one annotation a record; a run whose annotation is broken arrives without it."""
    found = (record for record in document.records[:20] if is_record(record, "history", "question"))
    return _read(document) if any(key in record for record in found for key in _MARKED) else None


def _read(document: Document) -> Iterator[Arrival]:
    yield Person(PERSON, Role.ANNOTATOR)
    for index, record in enumerate(document.records):
        where = f"{document.where(index)}{_named(record)}"
        try:
            check_json(record)
            trace = _trace(record)
        except BadRecord as error:
            yield Rejected(where, str(error), record)
            continue
        yield trace
        try:
            yield _annotation(record, trace)
        except BadRecord as error:
            yield Rejected(f"annotation of {where}", str(error), record)


def _named(record: Any) -> str:
    return f" (question_ID {record.get('question_ID')})" if isinstance(record, dict) else ""


def _trace(record: Mapping[str, Any]) -> Trace:
    history = need(record, "history", list)
    question = need(record, "question", str)
    if not history:
        raise BadRecord("history is empty")
    steps = tuple(_step(position, entry) for position, entry in enumerate(history))
    uid = f"{NAME}-{content_hash([question, history], 32)}"
    asked = str(record.get("question_ID") or content_hash(question, 12))
    known = {key: record[key] for key in ("question", "ground_truth") if record.get(key) is not None}
    answer = f"\n\nThe right answer: {known['ground_truth']}" if "ground_truth" in known else ""
    return Trace(
        trace_id=uid,
        source=NAME,
        steps=steps,
        agent="captain-agent" if any(entry.get("name") for entry in history) else "magentic-one",
        task=Task(f"{NAME}/{asked}", question.strip() + answer, known),
        attributes={key: record[key] for key in _KEPT if record.get(key) is not None},
        signals=_signals(record, uid),
    )


def _signals(record: Mapping[str, Any], uid: str) -> tuple[Signal, ...]:
    """Whether the final answer was right; the two halves of the benchmark spell the key differently."""
    given = [(key, record[key]) for key in ("is_correct", "is_corrected") if isinstance(record.get(key), bool)]
    return tuple(
        Signal(uid, "is_correct", SignalKind.AUTOMATED, value, value, source="benchmark", key=f"{uid}/{key}")
        for key, value in given
    )


def _step(position: int, entry: Any) -> Step:
    written = maybe(need({"entry": entry}, "entry", dict), "name", str) or str(need(entry, "role", str))
    step_id, speaker, content = str(position), _speaker(written), plain_text(entry.get("content"))
    if speaker in _TERMINALS:
        return Step(step_id, StepKind.TOOL, written, result=content, agent=speaker)
    if speaker == "human":
        return Step(step_id, StepKind.USER, "user", output=(Message("user", content),))
    said = Message("assistant", content, name=written)
    return Step(step_id, StepKind.LLM, written, output=(said,), agent=speaker)


def _speaker(written: str) -> str:
    """The agent behind a name such as `Orchestrator (-> WebSurfer)`; the step keeps the name as it was written."""
    return written.partition(" (")[0].strip()


def _annotation(record: Mapping[str, Any], trace: Trace) -> Annotation:
    agent = need(record, "mistake_agent", str).strip()
    at = _position(need(record, "mistake_step", str, int), len(trace.steps))
    reason = maybe(record, "mistake_reason", str) or ""
    marked = trace.steps[at]
    answers = {"agent": agent, "reason": reason}
    if marked.agent != _speaker(agent):
        answers["note"] = f"The label names {agent}, but step {at} (from 0) is by {marked.agent or marked.name}."
    mark = Mark("step", marked.step_id, "decisive mistake", comment=reason)
    said = content_hash([agent, at, reason], 12)
    return Annotation(trace.trace_id, PERSON, NAME, answers, (mark,), key=f"{trace.trace_id}/{said}")


def _position(written: str | int, n_steps: int) -> int:
    try:
        at = int(written)
    except ValueError:
        raise BadRecord(f"mistake_step is {written!r:.40}, not a whole number") from None
    if not 0 <= at < n_steps:
        raise BadRecord(f"mistake_step is {at}, counted from 0, and history has {n_steps} entries")
    return at
