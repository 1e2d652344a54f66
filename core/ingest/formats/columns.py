"""Tables whose columns a person named: CSV, parquet and lists of flat JSON records. A row is a run, or a step of one.

Rows with the same trace id are the steps of one run, in their order. Columns that no part was chosen for are kept.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import isfinite
from typing import Any

from core.clock import content_hash, parse_time
from core.errors import InvalidInput
from core.ingest.document import Document
from core.ingest.mapping import ColumnMapping, problem_with
from core.ingest.reading import BadRecord, chat_step, check_json, count, from_json_text, number
from core.ingest.vendor_messages import conversation
from core.records import Arrival, Json, Message, Rejected, Signal, SignalKind, Step, StepKind, Task, ToolCall, Trace

NAME = "columns"

LOOKED_AT = 1000
"""Rows of a JSON table whose keys are taken for its columns."""

SURE = 12
"""Characters from which on a run's id is taken to be its own everywhere; a shorter one may be a mere row number."""

_ROLES = {"human": "user", "customer": "user", "ai": "assistant", "agent": "assistant", "bot": "assistant"}
_ROLES |= {"model": "assistant", "gpt": "assistant", "function": "tool"}
_YES = {
    "true",
    "yes",
    "y",
    "1",
    "pass",
    "passed",
    "correct",
    "right",
    "solved",
    "success",
    "successful",
    "resolved",
    "ok",
    "up",
}
_NO = {"false", "no", "n", "0", "fail", "failed", "wrong", "incorrect", "failure", "unresolved", "error", "down"}
_BOUND = re.compile(r"^(>=|<=|>|<)\s*(-?\d+(?:\.\d+)?)$")
_COMPARE = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it is read: where it stands, the chat in it, the facts of its step, and what was not mapped."""

    cells: Mapping[str, Json]
    messages: tuple[Message, ...]
    facts: Mapping[str, Any]
    seconds: float | None
    left: Mapping[str, Json]

    def text(self, column: str) -> str:
        """A cell as text, "" for none."""
        return _text(self.cells.get(column)) if column else ""


def columns_of(document: Document) -> tuple[str, ...]:
    """The columns of a table, () for a document that is none."""
    if document.columns:
        return document.columns
    rows = [row for row in document.records[:LOOKED_AT] if isinstance(row, dict)]
    is_table = isinstance(document.value, list) and len(rows) * 2 >= min(len(document.records), LOOKED_AT)
    return tuple(dict.fromkeys(key for row in rows for key in row)) if is_table else ()


def read(document: Document, mapping: ColumnMapping) -> Iterator[Arrival]:
    """One trace a row, or a trace id; raises InvalidInput when the mapping does not fit the document."""
    columns = columns_of(document)
    if not columns:
        raise InvalidInput("it is no table: columns can be chosen for CSV, parquet and lists of JSON records")
    if problem := problem_with(mapping, columns):
        raise InvalidInput(problem)
    return _read(document, mapping)


def _read(document: Document, mapping: ColumnMapping) -> Iterator[Arrival]:
    runs: dict[str, list[Row]] = {}
    for index, record in enumerate(document.records):
        try:
            row = _row(record, mapping)
            uid = row.text(mapping.trace_id) if mapping.trace_id else ""
            if mapping.trace_id and not uid:
                raise BadRecord(f"{mapping.trace_id} is empty, and it names the run")
        except BadRecord as error:
            yield Rejected(document.where(index), str(error), record)
            continue
        if mapping.trace_id:
            runs.setdefault(uid, []).append(row)
        else:
            yield _trace("", [row], mapping)
    for uid, rows in runs.items():
        yield _trace(uid, rows, mapping)


def _row(record: Any, mapping: ColumnMapping) -> Row:
    if not isinstance(record, dict):
        raise BadRecord("it is not an object with columns")
    check_json(record)
    mapped = set(mapping.chosen().values())
    messages = _messages(record, mapping)
    if not messages:
        raise BadRecord("it says nothing: input, output and messages are empty")
    facts = {
        "started_at": _read_as(record, mapping.time, _time, "a time such as 2026-08-31T09:00:00Z"),
        "cost": _read_as(record, mapping.cost, _money, "an amount in dollars"),
        "tokens_in": _read_as(record, mapping.tokens_in, count, "a number of tokens"),
        "tokens_out": _read_as(record, mapping.tokens_out, count, "a number of tokens"),
    }
    left = {key: value for key, value in record.items() if key not in mapped and value not in (None, "")}
    seconds = _read_as(record, mapping.seconds, number, "a number of seconds")
    return Row(record, tuple(messages), facts, seconds, left)


def _messages(record: Mapping[str, Any], mapping: ColumnMapping) -> list[Message]:
    if mapping.messages and record.get(mapping.messages) not in (None, ""):
        value = from_json_text(record[mapping.messages])
        if not isinstance(value, list):
            raise BadRecord(f"{mapping.messages} is no JSON list of messages")
        return conversation(value)
    said = [_text(record.get(column)) if column else "" for column in (mapping.input, mapping.output)]
    if mapping.role:
        role = _text(record.get(mapping.role)).strip().lower()
        if not role:
            raise BadRecord(f"{mapping.role} is empty, and it says who speaks")
        text = said[1] or said[0]
        return [Message(_ROLES.get(role, role), text)] if text else []
    return [Message(role, text) for role, text in zip(("user", "assistant"), said, strict=True) if text]


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _read_as(record: Mapping[str, Any], column: str, read_cell: Any, what: str) -> Any:
    """A cell as `read_cell` reads it, None when it is empty; raises BadRecord when it cannot be read."""
    value = record.get(column) if column else None
    if isinstance(value, str):
        value = value.strip()
    if value is None or value == "":
        return None
    if (found := read_cell(value)) is None:
        raise BadRecord(f"{column} is {_text(value)[:60]!r}, not {what}")
    return found


def _time(value: Any) -> datetime | None:
    if (epoch := number(value)) is None or (isinstance(value, str) and re.fullmatch(r"\d{4}|\d{8}", value)):
        return parse_time(value)
    return parse_time(epoch / 1000 if epoch >= 1e11 else epoch)  # in milliseconds, else the year would be 5138


def _money(value: Any) -> float | None:
    return number(value.replace("$", "").replace(",", "").strip() if isinstance(value, str) else value)


def _trace(uid: str, rows: Sequence[Row], mapping: ColumnMapping) -> Trace:
    first = rows[0]

    def said(column: str) -> str:
        return next((text for row in rows if (text := row.text(column).strip())), "")

    trace_id = uid if len(uid) >= SURE else f"{NAME}-{content_hash([uid, first.cells, mapping.chosen()], 32)}"
    steps = _steps(rows)
    times = [row.facts["started_at"] for row in rows if row.facts["started_at"]]
    seconds = [row.seconds for row in rows if row.seconds is not None]
    kept = dict(first.left) if len(rows) == 1 else {}
    if uid and uid != trace_id:
        kept[mapping.trace_id] = uid
    signal = next((one for row in reversed(rows) if (one := _signal(trace_id, row, mapping))), None)
    return Trace(
        trace_id=trace_id,
        source=NAME,
        steps=steps,
        agent=said(mapping.agent) or NAME,
        version=said(mapping.version),
        task=_task(steps, said(mapping.task), said(mapping.expected)),
        session_id=said(mapping.session),
        user=said(mapping.user),
        started_at=min(times, default=None),
        ended_at=max(times) if len(times) > 1 else None,
        seconds=sum(seconds) if seconds else None,
        tags=tuple(dict.fromkeys(tag for row in rows for tag in _tags(row.cells.get(mapping.tags)))),
        attributes=kept,
        signals=(signal,) if signal else (),
    )


def _steps(rows: Sequence[Row]) -> tuple[Step, ...]:
    """The steps of a run; what a row says of cost and tokens belongs to the model's last turn in it."""
    asked: dict[str, ToolCall] = {}
    steps: list[Step] = []
    for row in rows:
        asked |= {call.call_id: call for message in row.messages for call in message.tool_calls}
        # one row says when the run began; that its steps took no time at all is nothing that it says
        facts = {**row.facts, "started_at": row.facts["started_at"] if len(rows) > 1 else None}
        made = [
            chat_step(str(len(steps) + at), message, asked, started_at=facts["started_at"])
            for at, message in enumerate(row.messages)
        ]
        turn = next((at for at in reversed(range(len(made))) if made[at].kind is StepKind.LLM), len(made) - 1)
        priced = "reported" if row.facts["cost"] is not None else ""
        attributes = dict(row.left) if len(rows) > 1 else {}
        made[turn] = replace(made[turn], **facts, cost_from=priced, attributes=attributes)
        steps += made
    return tuple(steps)


def _task(steps: Sequence[Step], key: str, expected: str) -> Task | None:
    asked = next((one.content for step in steps for one in step.output if one.role == "user" and one.content), "")
    definition = {name: text for name, text in (("input", asked), ("expected", expected)) if text}
    if key:
        return Task(key, asked[:2000] or key, definition or None)
    if not asked:
        return None
    return Task(f"{NAME}/{content_hash(' '.join(asked.lower().split()), 12)}", asked[:2000], definition, derived=True)


def _tags(value: Any) -> list[str]:
    value = from_json_text(value)
    listed = value if isinstance(value, list) else re.split(r"[,;|]", _text(value))
    return [tag for one in listed if (tag := _text(one).strip())]


def _signal(trace_id: str, row: Row, mapping: ColumnMapping) -> Signal | None:
    written = row.cells.get(mapping.outcome) if mapping.outcome else None
    if written is None or _text(written).strip() == "":
        return None
    read = number(written)
    value = written if isinstance(written, bool) else read if read is not None else _text(written).strip()
    success = _means(value, mapping.success)
    key = f"{trace_id}/{mapping.outcome}"[:200]
    return Signal(trace_id, mapping.outcome, SignalKind.AUTOMATED, value, success, source=NAME, key=key)


def _means(value: bool | float | str, success: Sequence[str]) -> bool | None:
    """Whether an outcome is a success; None where nobody said so, as for a score between 0 and 1."""
    word = _text(value).strip().lower()
    read = float(value) if isinstance(value, bool) else number(value)
    if not success:
        return {1.0: True, 0.0: False}.get(read) if read is not None else True if word in _YES else _is_no(word)
    return any(_fits(word, read, one.strip().lower()) for one in success)


def _is_no(word: str) -> bool | None:
    return False if word in _NO else None


def _fits(word: str, read: float | None, wanted: str) -> bool:
    if bound := _BOUND.match(wanted):
        return read is not None and isfinite(read) and bool(_COMPARE[bound[1]](read, float(bound[2])))
    return word == wanted or (read is not None and read == number(wanted))
