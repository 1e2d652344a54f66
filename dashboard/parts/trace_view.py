"""One run with all that the Traces page says about it; of a run that is blind for a person, what they may know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from core.errors import NotFound
from core.records import Role, Signal
from core.store.annotations import Given, annotations_of
from core.store.content import text_of
from core.store.hidden import hidden_traces
from core.store.schemas import get_schema
from core.store.signals import SignalLine, signal_lines, signals_of
from core.store.steps import CostSource, costs_of, outline, places_of, read_steps, unpriced_models
from core.store.tasks import task_text
from core.store.traces import TraceLine, runs_of_task, session_traces, trace_line, trace_row
from dashboard.parts.blind_reading import blind_lines, blind_run, blind_steps
from dashboard.parts.reading import outline_json, plain, steps_json
from dashboard.parts.trace_recalls import recalled_json
from dashboard.parts.trace_signals import MOST, step_label

FIRST_PAGE = 40
LONGEST_NOTE = 600


@dataclass(frozen=True, slots=True)
class Said:
    """What one reviewer submitted about the run as a whole: (question, answer) rows."""

    person: str
    machine: bool
    at: datetime
    answers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class TraceView:
    """What the page shows. `reader` are the trace reader's arguments; `blind`: the run is hidden from the person.

    `costs` say where the cost comes from, `unpriced` are models whose calls have none.
    `signals` are the newest of `n_signals`, `places` the positions of the steps that they are about.
    """

    line: TraceLine
    blind: bool
    task: str
    conversation: Sequence[TraceLine]
    runs: Sequence[TraceLine]
    hidden: frozenset[int]
    costs: Sequence[CostSource]
    unpriced: Sequence[str]
    n_signals: int
    signals: Sequence[SignalLine]
    places: Mapping[str, int]
    said: Sequence[Said]
    tools: Sequence[Any]
    attributes: Mapping[str, Any]
    reader: dict[str, Any]


def view_trace(session: Session, trace: int, step: int | None, person: int) -> TraceView:
    """The run as `person` may see it, opened at `step` (counted from 1); raises NotFound for an unknown run."""
    line = trace_line(session, trace)
    row = trace_row(session, trace)
    conversation = session_traces(session, line.session) if line.session else [line]
    runs = runs_of_task(session, line.task) if line.task else []
    ids = [one.id for one in conversation]
    hidden = frozenset(hidden_traces(session, person, sorted({*ids, *(one.id for one in runs)})))
    shown = [one for one in ids if one not in hidden]
    given = annotations_of(session, shown)
    signals = signals_of(session, shown)
    blind = trace in hidden
    n_signals, lines = (0, []) if blind else signal_lines(session, trace, MOST)
    return TraceView(
        line=blind_run(line) if blind else line,
        blind=blind,
        task=plain(task_text(session, line.task) or line.title),
        conversation=conversation,
        # by version and trial, which a hidden run's place among them would tell: those come last, in no order
        runs=sorted(runs, key=lambda one: (one.id in hidden, one.uid if one.id in hidden else "")),
        hidden=hidden,
        costs=[] if blind else costs_of(session, trace),
        unpriced=unpriced_models(session, trace) if line.n_unpriced and not blind else [],
        n_signals=n_signals,
        signals=lines,
        places=places_of(session, trace, {one.signal.step_id for one in lines if one.signal.step_id}),
        said=_said(session, [one for one in given if one.trace_id == trace]),
        tools=row.tools,
        attributes={} if blind else row.attributes,
        reader=_reader(session, conversation, line, step, hidden)
        | {
            "labels": _labels(session, given, signals),
            "recalls": {} if hidden & set(ids) else recalled_json(session, conversation),
        },
    )


def position_of(text: str | None, line: TraceLine) -> int | None:
    """The step that an address names (counted from 1), None without one; raises NotFound for one that is not there."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 16 and 1 <= int(text) <= line.n_steps):
        raise NotFound(f"This run has no step {text[:20]}: its steps are 1 to {line.n_steps}.", field="step")
    return int(text)


def _reader(
    session: Session, conversation: Sequence[TraceLine], line: TraceLine, step: int | None, hidden: Set[int]
) -> dict[str, Any]:
    """The segments, totals and starting point; the first page too, where it is what is read first.

    A total over runs of which some are hidden would tell theirs: there is none.
    """
    before = sum(one.n_steps for one in conversation[: [one.id for one in conversation].index(line.id)])
    start = before + (step or 1) - 1 if before or step else None
    first = conversation[0]
    lines, steps = outline(session, first.id), read_steps(session, first.id, 0, FIRST_PAGE)
    if first.id in hidden:
        lines, steps = blind_lines(lines), blind_steps(steps)
    known = [] if any(one.id in hidden for one in conversation) else conversation
    return {
        "segments": [
            {"trace": one.id, "n_steps": one.n_steps, "title": _segment_title(number, one)}
            for number, one in enumerate(conversation, 1)
        ],
        "facts": {
            "seconds": _total([one.seconds for one in known]),
            "cost": _total([one.cost for one in known]),
        },
        "start": start,
        "suggestions": None,  # asked for by the reader, run by run
        "outline": outline_json(first.id, lines),
        "first": steps_json(first.id, first.n_steps, 0, steps),
    }


def _segment_title(number: int, line: TraceLine) -> str:
    when = f" · {line.started_at:%d %b %Y, %H:%M} UTC" if line.time_known else ""
    return f"{number} · {plain(line.title)[:120] or line.uid}{when}"


def _total(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _labels(
    session: Session, given: Sequence[Given], signals: Mapping[int, Sequence[Signal]]
) -> dict[str, list[dict[str, Any]]]:
    """What was said about steps, by "trace/step id", for the reader."""
    labels: dict[str, list[dict[str, Any]]] = {}
    for one in given:
        questions = {question.key: question for question in get_schema(session, one.schema_id).questions}
        for mark in one.marks:
            question = questions.get(mark.question)
            title = question.title if question else mark.question
            named = {option.value: option.label for option in question.options} if question else {}
            pointer = question is not None and question.kind == "step"
            text = title if pointer else named.get(mark.value, mark.value)
            note = "\n".join(filter(None, (f"“{mark.quote[:LONGEST_NOTE]}”" if mark.quote else "", mark.comment)))
            impact = f" ({mark.impact.lower()})" if mark.impact else ""
            label = {"text": text + impact, "who": _who(one), "note": plain(note), "tone": "bad" if pointer else ""}
            if mark.quote:
                label |= {"quote": plain(mark.quote), "start": mark.start}
            labels.setdefault(f"{one.trace_id}/{mark.step_id}", []).append(label)
        for correction in one.corrections:
            label = {
                "text": "It should have said",
                "who": _who(one),
                "note": plain(correction.corrected),
                "tone": "good",
            }
            labels.setdefault(f"{one.trace_id}/{correction.step_id}", []).append(label)
    for trace, found in signals.items():
        for signal in found:
            if signal.step_id:
                labels.setdefault(f"{trace}/{signal.step_id}", []).append(step_label(signal))
    return labels


def _who(given: Given) -> str:
    return f"{given.person} (machine)" if given.role is Role.MACHINE else given.person


def _said(session: Session, given: Sequence[Given]) -> list[Said]:
    found = []
    for one in given:
        questions = {question.key: question for question in get_schema(session, one.schema_id).questions}
        rows = []
        for key, value in one.answers.items():
            question = questions.get(key)
            named = {option.value: option.label for option in question.options} if question else {}
            values = value if isinstance(value, list) else [value]
            answer = ", ".join(named.get(str(each), _word(each)) for each in values)
            rows.append((question.title if question else key, plain(answer)))
        found.append(Said(one.person, one.role is Role.MACHINE, one.submitted_at, tuple(rows)))
    return found


def _word(value: Any) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{key}: {text_of(each)}" for key, each in value.items())
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else text_of(value)
