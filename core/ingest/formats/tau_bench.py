"""tau-bench: runs of a tool-calling agent as chat messages, with the reward of each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core.clock import content_hash
from core.ingest.document import Document
from core.ingest.reading import BadRecord, chat_message, chat_step, check_json, is_record, need, number
from core.records import Arrival, Rejected, Signal, SignalKind, Task, ToolCall, Trace

NAME = "tau-bench"
_KEYS = ("traj", "reward", "info")


def read(document: Document) -> Iterator[Arrival] | None:
    """One trace a record. A `trial` that only counts the records up (AgentRx) is no trial's number and is left out."""
    first = document.records[:20]
    if not any(map(is_run, first)) or any("records" in record for record in first if isinstance(record, dict)):
        return None  # what has records is AgentRx's
    return read_runs(document)


def is_run(record: Any) -> bool:
    """Whether a record is one of tau-bench's runs."""
    return is_record(record, *_KEYS)


def read_runs(document: Document) -> Iterator[Arrival]:
    """A trace for each record of a list, or why there is none."""
    trials = [record.get("trial") if isinstance(record, dict) else None for record in document.records]
    counted_up = len(trials) > 4 and trials == list(range(len(trials)))
    for index, record in enumerate(document.records):
        try:
            yield _trace(record, None if counted_up else trials[index])
        except BadRecord as error:
            yield Rejected(f"{document.where(index)}{_name(record)}", str(error), record)


def _name(record: Any) -> str:
    if not isinstance(record, dict):
        return ""
    return f" (task_id {record.get('task_id')}, trial {record.get('trial')})"


def _trace(record: Any, trial: Any) -> Trace:
    check_json(record)
    messages = [chat_message(message) for message in need(record, "traj", list)]
    if not messages:
        raise BadRecord("traj has no message")
    need(record, "task_id", int, str)
    info = need(record, "info", dict)
    definition = need(info, "task", dict)
    reward = number(need(record, "reward", int, float))
    if reward is None or not 0 <= reward <= 1:
        raise BadRecord(f"reward is {record['reward']!r:.20}, not between 0 and 1")
    asked: dict[str, ToolCall] = {}
    steps = []
    for position, message in enumerate(messages):
        asked |= {call.call_id: call for call in message.tool_calls}
        steps.append(chat_step(str(position), message, asked))
    uid = f"tau-bench-{content_hash(record, 32)}"
    kept = {"task_id": record["task_id"], "user_cost": info.get("user_cost"), "reward_info": info.get("reward_info")}
    return Trace(
        trace_id=uid,
        source=NAME,
        steps=tuple(steps),
        agent=NAME,
        task=Task(f"tau-bench/{content_hash(definition, 12)}", str(definition.get("instruction") or ""), definition),
        trial=trial if type(trial) is int else None,
        attributes={key: value for key, value in kept.items() if value is not None},
        signals=(success_signal(uid, reward),),
    )


def success_signal(uid: str, reward: float) -> Signal:
    """A reward between 0 and 1 as a signal: 1 is a success, 0 a failure, what lies between is graded."""
    success = {1.0: True, 0.0: False}.get(reward)
    return Signal(uid, "reward", SignalKind.AUTOMATED, reward, success, source="benchmark", key=f"{uid}/reward")
