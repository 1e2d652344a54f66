"""tau2-bench: simulations over named tasks of a domain, with times, usage and the reward of each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from core.clock import parse_time
from core.ingest.document import Document
from core.ingest.formats.tau_bench import success_signal
from core.ingest.infrastructure import broke_by
from core.ingest.reading import (
    BadRecord,
    chat_message,
    chat_step,
    check_json,
    count,
    from_json_text,
    is_record,
    maybe,
    need,
    number,
)
from core.records import Arrival, Message, Rejected, Step, StepKind, Task, ToolCall, Trace

NAME = "tau2-bench"


def read(document: Document) -> Iterator[Arrival] | None:
    """One trace a simulation; a simulation without a reward is a trace without a signal."""
    if not is_record(document.value, "simulations", "tasks"):
        return None
    return _read(document.value)


def _read(value: Mapping[str, Any]) -> Iterator[Arrival]:
    info = value.get("info") if isinstance(value.get("info"), dict) else {}
    tasks = value["tasks"] if isinstance(value["tasks"], list) else []
    definitions = {str(task.get("id")): task for task in tasks if isinstance(task, dict)}
    if not isinstance(value["simulations"], list):
        yield Rejected("simulations", "it is not a list")
        return
    doubt = _doubt(value, value["simulations"])
    for index, simulation in enumerate(value["simulations"]):
        try:
            yield _trace(simulation, info or {}, definitions, doubt)
        except BadRecord as error:
            named = f" (task_id {simulation.get('task_id')})" if isinstance(simulation, dict) else ""
            yield Rejected(f"simulation {index + 1}{named}", str(error), simulation)


def _doubt(value: Mapping[str, Any], simulations: list[Any]) -> str:
    """Why header and times cannot be what they say, if so: a run cannot begin before the header of its own file."""
    header = parse_time(value.get("timestamp"))
    began = [time for run in simulations if isinstance(run, dict) and (time := parse_time(run.get("start_time")))]
    if header is None or not began or min(began) >= header:
        return ""
    return (
        f"The file's header was written at {header:%Y-%m-%d %H:%M}, after its runs say they began "
        f"({min(began):%Y-%m-%d %H:%M}): it is another experiment's, or the times are made up. The agent model that it "
        "names is not taken as the one that ran, and the runs' times are left out."
    )


def _trace(simulation: Any, info: Mapping[str, Any], definitions: Mapping[str, Any], doubt: str) -> Trace:
    check_json([simulation, info])
    uid = str(need(simulation, "id", str, int))
    task_id = str(need(simulation, "task_id", str, int))
    check_json(definitions.get(task_id))
    domain = _inner(info, "environment_info").get("domain_name") or "unknown"
    agent = _inner(info, "agent_info")
    environment = _inner(info, "environment_info")
    named = str(agent.get("llm") or "")
    steps = list(_steps(need(simulation, "messages", list), "" if doubt else named))
    if not steps:
        raise BadRecord("messages is empty")
    if isinstance(environment.get("policy"), str) and environment["policy"]:
        policy = Message("system", environment["policy"])
        steps.insert(0, Step("policy", StepKind.OTHER, "system", output=(policy,)))
    reward = number(_inner(simulation, "reward_info").get("reward"))
    graded = () if reward is None or not 0 <= reward <= 1 else (success_signal(uid, reward),)
    kept = {"user": _inner(info, "user_info").get("llm"), "git_commit": info.get("git_commit")}
    kept |= {key: simulation.get(key) for key in ("termination_reason", "seed", "user_cost", "reward_info")}
    kept |= {"header_agent_model": named or None, "header_doubt": doubt or None}
    times = {} if doubt else {key: simulation.get(key) for key in ("start_time", "end_time", "duration")}
    return Trace(
        trace_id=uid,
        source=NAME,
        steps=tuple(steps),
        agent=str(agent.get("implementation") or NAME),
        version=f"{named} (doubtful)" if named and doubt else named,
        task=Task(f"tau2/{domain}/{task_id}", _title(definitions.get(task_id)), definitions.get(task_id)),
        trial=maybe(simulation, "trial", int),
        started_at=parse_time(times.get("start_time")),
        ended_at=parse_time(times.get("end_time")),
        cost=number(simulation.get("agent_cost")) or None,  # 0 is what an unpriced model costs there
        seconds=number(times.get("duration")),
        tools=tuple(_tools(environment.get("tool_defs"))),
        attributes={key: value for key, value in kept.items() if value is not None},
        signals=(*graded, *broke_by(uid, simulation.get("termination_reason"), NAME)),
    )


def _inner(record: Any, key: str) -> Mapping[str, Any]:
    value = record.get(key) if isinstance(record, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _tools(defined: Any) -> list[Any]:
    defined = from_json_text(defined)
    return defined if isinstance(defined, list) else []


def _title(definition: Any) -> str:
    instructions = _inner(definition, "user_scenario").get("instructions")
    if isinstance(instructions, str):
        return instructions
    if not isinstance(instructions, Mapping):
        return ""
    parts = [instructions.get(key) for key in ("reason_for_call", "known_info", "task_instructions")]
    return "\n".join(part for part in parts if isinstance(part, str) and part.strip(" ."))


def _steps(messages: list[Any], model: str) -> Iterator[Step]:
    asked: dict[str, ToolCall] = {}
    for position, raw in enumerate(messages):
        if isinstance(raw, dict) and raw.get("role") == "tool" and isinstance(raw.get("tool_messages"), list):
            raw = raw | {"content": json.dumps(raw["tool_messages"])}
        message = chat_message(need({"message": raw}, "message", dict))
        asked |= {call.call_id: call for call in message.tool_calls}
        if message.role == "tool" and not message.tool_call_id:
            message = Message("tool", message.content, tool_call_id=str(raw.get("id") or ""), name=message.name)
        usage = _inner(raw, "usage")
        facts: dict[str, Any] = {"started_at": parse_time(raw.get("timestamp"))}
        if message.role == "assistant":
            facts |= {
                "model": model,
                "tokens_in": count(usage.get("prompt_tokens")),
                "tokens_out": count(usage.get("completion_tokens")),
                "cost": number(raw.get("cost")) or None,
            }
        if message.role == "tool" and raw.get("error") is True:
            facts["error"] = message.content or "the tool failed"
        if raw.get("requestor") not in (None, "assistant"):
            facts["attributes"] = {"requestor": raw["requestor"]}
        yield chat_step(str(position), message, asked, **facts)
