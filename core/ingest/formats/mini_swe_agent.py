"""mini-swe-agent: trajectories of one run over SWE-bench, and SWE-bench's reports of which instances were resolved.

A run's folder is its name and becomes the version. A report names its run in its own file's name; what it says of an
instance is the outcome of the run that the store has of that version and task, or else stands as a result by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from core.clock import content_hash, parse_time
from core.ingest.document import Document
from core.ingest.formats.swe_agent import run_folder
from core.ingest.infrastructure import broke_by
from core.ingest.reading import BadRecord, chat_message, chat_step, check_json, count, is_record, maybe, need, number
from core.records import Arrival, Outcome, Rejected, Result, Step, StepKind, Task, ToolCall, Trace

NAME = "mini-swe-agent"
REPORTS = "swe-bench"
_TASK = re.compile(r"<pr_description>\s*(?:Consider the following PR description:)?\s*(.*?)\s*</", re.DOTALL)
_LISTS = {
    "resolved_ids": Outcome.SOLVED,
    "unresolved_ids": Outcome.FAILED,
    "empty_patch_ids": Outcome.FAILED,
    "error_ids": Outcome.UNKNOWN,  # the harness broke on it
}
_COUNTED = {"resolved_ids": "resolved_instances", "unresolved_ids": "unresolved_instances"}


def read(document: Document) -> Iterator[Arrival] | None:
    """One trace a trajectory; one result an instance of a report, and none for one that was never submitted.

    An instance among a report's errors was not evaluated, because the harness broke on it: that is no failure.
    """
    value = document.value
    if is_record(value, "trajectory_format", "messages"):
        return iter([_read(document)])
    if is_record(value, "resolved_ids", "unresolved_ids"):
        return _read_report(document)
    if isinstance(value, dict) and any(is_record(one, "model_patch", "instance_id") for one in value.values()):
        says = "it holds a run's patches, and the run's trajectories (.traj.json) hold them too: import those"
        return iter([Rejected("whole file", says)])
    return None


def _read(document: Document) -> Arrival:
    value = document.value
    try:
        check_json(value)
        return _trace(value, PurePath(document.name))
    except BadRecord as error:
        return Rejected(f"trajectory of {value.get('instance_id')}", str(error), value)


def _trace(value: Mapping[str, Any], path: PurePath) -> Trace:
    instance = need(value, "instance_id", str)
    messages = need(value, "messages", list)
    info = maybe(value, "info", dict) or {}
    settings = maybe(info, "config", dict) or {}
    model = (maybe(settings, "model", dict) or {}).get("model_name")
    steps = tuple(_steps(messages))
    if not steps:
        raise BadRecord("messages is empty")
    said = next((m.content for step in steps if step.kind is StepKind.USER for m in step.output), "")
    asked = _TASK.search(said)
    times = [step.started_at for step in steps if step.started_at]
    uid = f"{NAME}-{content_hash(value, 32)}"
    return Trace(
        trace_id=uid,
        source=NAME,
        steps=steps,
        agent=NAME,
        version=run_folder(path, instance) or str(model or ""),
        task=Task(f"swe-bench/{instance}", asked[1] if asked else said),
        started_at=min(times, default=None),
        ended_at=max(times, default=None),
        cost=number((maybe(info, "model_stats", dict) or {}).get("instance_cost")) or None,
        attributes={key: info[key] for key in info if info[key] not in ("", None)},
        signals=broke_by(uid, info.get("exit_status"), NAME),
    )


def _steps(messages: list[Any]) -> Iterator[Step]:
    asked: dict[str, ToolCall] = {}
    for position, raw in enumerate(messages):
        message = chat_message(need({"message": raw}, "message", dict))
        asked |= {call.call_id: call for call in message.tool_calls}
        extra = maybe(raw, "extra", dict) or {}
        facts: dict[str, Any] = {"started_at": parse_time(extra.get("timestamp"))}
        if message.role == "assistant":
            facts |= _usage(maybe(extra, "response", dict) or {}, extra)
        elif message.role == "tool":
            facts["error"] = str(extra.get("exception_info") or "")
            facts["attributes"] = {key: extra[key] for key in ("returncode", "exception_type") if key in extra}
        yield chat_step(str(position), message, asked, **facts)


def _usage(response: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    usage = maybe(response, "usage", dict) or {}
    cost = number(extra.get("cost"))
    return {
        "model": str(response.get("model") or ""),
        "tokens_in": count(usage.get("prompt_tokens")),
        "tokens_out": count(usage.get("completion_tokens")),
        "tokens_cached": count((maybe(usage, "prompt_tokens_details", dict) or {}).get("cached_tokens")),
        "cost": cost or None,
        "cost_from": "reported" if cost else "",
    }


def _read_report(document: Document) -> Iterator[Arrival]:
    value, run = document.value, run_name(document.name)
    try:
        check_json(value)
        listed = {key: maybe(value, key, list) or [] for key in _LISTS}
        for key, counted in _COUNTED.items():
            said = maybe(value, counted, int)
            if said is not None and said != len(listed[key]):
                raise BadRecord(f"{counted} is {said}, and {key} names {len(listed[key])}: they contradict each other")
        decided = [(need({key: one}, key, str), outcome) for key, outcome in _LISTS.items() for one in listed[key]]
        if twice := sorted({one for one, _ in decided if sum(other == one for other, _ in decided) > 1}):
            raise BadRecord(f"{twice[0]} stands in two lists: the report contradicts itself")
    except BadRecord as error:
        yield Rejected(f"report of {run}", str(error), value)
        return
    for instance, outcome in decided:
        broken = outcome is Outcome.UNKNOWN
        task = Task(f"swe-bench/{instance}")
        yield Result(f"{run}/{instance}", NAME, run, task, outcome, REPORTS, infrastructure=broken)


def run_name(path: str) -> str:
    """The run that a report's file is named by: `<model>.<run>.json`, or `swe-bench_<subset>__<split>__<run>.json`."""
    stem = re.sub(r"\.json(\.gz)?$", "", PurePath(path).name)
    return stem.rpartition("__")[2] if stem.startswith("swe-bench") else stem.rpartition(".")[2]
