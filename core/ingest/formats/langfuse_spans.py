"""Langfuse's observations as spans.

The metadata of an observation often holds the span that it was made from: its attributes, resource and scope. These
are handed on as they are; Langfuse's own fields stand beside them, under the names that its SDKs send them by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from core.ingest.reading import BadRecord, from_json_text, is_record, need
from core.ingest.span_fields import not_before, time_of
from core.ingest.spans import Span
from core.records import Json

_OF_TRACE = {
    "name": "langfuse.trace.name",
    "sessionId": "langfuse.session.id",
    "userId": "langfuse.user.id",
    "release": "langfuse.release",
    "version": "langfuse.version",
    "tags": "langfuse.trace.tags",
    "environment": "langfuse.environment",
    "comments": "langfuse.trace.comments",
}
_OF_OBSERVATION = {
    "type": "langfuse.observation.type",
    "model": "langfuse.observation.model.name",
    "modelParameters": "langfuse.observation.model.parameters",
    "usageDetails": "langfuse.observation.usage_details",
    "costDetails": "langfuse.observation.cost_details",
    "level": "langfuse.observation.level",
    "statusMessage": "langfuse.observation.status_message",
    "promptName": "langfuse.observation.prompt.name",
    "promptVersion": "langfuse.observation.prompt.version",
    "completionStartTime": "langfuse.observation.completion_start_time",
    "comments": "langfuse.observation.comments",
    "version": "langfuse.version",
    "userId": "langfuse.user.id",
    "traceName": "langfuse.trace.name",
    "traceTags": "langfuse.trace.tags",
}
_SIDES = {"input": "langfuse.observation.input", "output": "langfuse.observation.output"}
_UNSAID = {"environment": "default", "level": "DEFAULT"}
_NOTHING: tuple[Any, ...] = (None, "", [], {})
_TOOLS, _CALL, _CALLS = "gen_ai.tool.definitions", "gen_ai.tool.call.id", "ai.response.toolCalls"


@dataclass(frozen=True, slots=True)
class _Metadata:
    """The span inside of metadata, and what a person put there beside it."""

    others: dict[str, Json] = field(default_factory=dict)
    attributes: dict[str, Json] = field(default_factory=dict)
    resource: dict[str, Json] = field(default_factory=dict)
    scope: str = ""


def span_of(observation: Any, trace_id: str | None) -> Span:
    """An observation as a span; raises BadRecord."""
    uid = need(observation, "id", str)
    given = {key: value for key, value in observation.items() if value not in _NOTHING}
    parent = given.get("parentObservationId")
    if parent is not None and not isinstance(parent, str):
        raise BadRecord("parentObservationId is not a text")
    metadata = _metadata(given, "langfuse.observation.metadata")
    started = time_of(given.get("startTime"), "startTime")
    return Span(
        trace_id=trace_id or need(given, "traceId", str),
        span_id=uid,
        parent_id=parent,
        name=str(given.get("name") or ""),
        started_at=started,
        ended_at=not_before(started, time_of(given.get("endTime"), "endTime")),
        attributes=_attributes(given, metadata),
        resource=metadata.resource,
        scope=metadata.scope,
    )


def _attributes(given: Mapping[str, Any], metadata: _Metadata) -> dict[str, Json]:
    attributes = metadata.attributes | metadata.others | _fields(given, _OF_OBSERVATION)
    if "costDetails" not in given and given.get("totalCost") not in (0, "0"):
        cost = given.get("totalCost", given.get("calculatedTotalCost"))
        attributes |= {"langfuse.observation.cost_details": {"total": cost}} if cost else {}
    tools = _tools(from_json_text(given.get("toolDefinitions")))
    for side, name in _SIDES.items():
        value = from_json_text(given.get(side))
        if side == "input":
            value, more = _without_tools(value)
            tools = tools or more
        elif _are_calls(value):
            name = _CALLS
        elif _is_answer(value) and attributes.get(_OF_OBSERVATION["type"]) == "SPAN":
            attributes |= {_OF_OBSERVATION["type"]: "TOOL", _CALL: attributes.get(_CALL, value["tool_call_id"])}
        if value not in _NOTHING and value != from_json_text(attributes.get(f"{side}.value")):  # else it says it twice
            attributes[name] = value
    return ({_TOOLS: tools} if tools else {}) | attributes


def _fields(given: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Json]:
    found = {name: from_json_text(given.get(key)) for key, name in names.items() if given.get(key) != _UNSAID.get(key)}
    return {name: value for name, value in found.items() if value not in _NOTHING}


def _metadata(record: Mapping[str, Any], prefix: str) -> _Metadata:
    metadata = from_json_text(record.get("metadata"))
    if not isinstance(metadata, dict):
        return _Metadata({prefix: metadata} if metadata else {})
    raw = {
        key: one for key in ("attributes", "resourceAttributes", "scope") if isinstance(one := metadata.get(key), dict)
    }
    others = {f"{prefix}.{key}": value for key, value in metadata.items() if key not in raw}
    scope = raw.get("scope", {}).get("name")
    return _Metadata(others, raw.get("attributes", {}), raw.get("resourceAttributes", {}), str(scope or ""))


def _tools(definitions: Json) -> list[Json]:
    """Tool schemas out of an object of them by name."""
    found = []
    for name, text in definitions.items() if isinstance(definitions, dict) else ():
        schema = from_json_text(text)
        found.append({"type": "function", "function": {"name": name, **(schema if isinstance(schema, dict) else {})}})
    return found


def _without_tools(value: Json) -> tuple[Json, list[Json]]:
    """What went in, and the tool schemas that its LangChain handler puts behind the messages as messages of a tool."""
    if not isinstance(value, list):
        return value, []
    schemas = [one["content"] for one in value if _is_schema(one)]
    return ([one for one in value if not _is_schema(one)], schemas) if schemas else (value, [])


def _is_schema(message: Any) -> bool:
    if not is_record(message, "role", "content") or message["role"] != "tool":
        return False
    schema = message["content"]
    return is_record(schema, "type", "function") and is_record(schema["function"], "name", "parameters")


def _are_calls(value: Json) -> bool:
    """Whether an output is the tool calls that Vercel's SDK recorded, which Langfuse shows as the output."""
    return isinstance(value, list) and bool(value) and all(is_record(one, "toolCallId", "toolName") for one in value)


def _is_answer(value: Json) -> bool:
    """Whether an output is LangChain's message of a tool, whose span older handlers call a mere span."""
    return is_record(value, "type", "tool_call_id", "content") and value["type"] == "tool"


def with_trace(spans: Sequence[Span], about: Mapping[str, Any]) -> list[Span]:
    """The spans of a trace, the root (else the first) with what Langfuse says of the whole.

    What went into the trace and came out of it is taken for the root's where the root itself says nothing.
    """
    at = next((n for n, span in enumerate(spans) if span.parent_id is None), 0)
    root = spans[at]
    metadata = _metadata(about, "langfuse.trace.metadata")
    said = {
        key: value
        for key, value in metadata.others.items()
        if root.attributes.get(key.replace("langfuse.trace.", "langfuse.observation.", 1)) != value
    }
    said |= {key: value for key, value in _fields(about, _OF_TRACE).items() if value != root.name}
    for side, name in _SIDES.items():
        value = from_json_text(about.get(side))
        says = {name, f"{side}.value", f"llm.{side}_messages.0.message.role"} & root.attributes.keys()
        says |= {_CALLS} & root.attributes.keys() if side == "output" else set()
        if root.parent_id is None and not says and value not in _NOTHING:
            said[name] = from_json_text(value)
    full = replace(root, attributes={**root.attributes, **said}, resource=root.resource or metadata.resource)
    return [*spans[:at], full, *spans[at + 1 :]]


def span_alone(trace_id: str, about: Mapping[str, Any]) -> Span:
    """The one step of a trace of which no observation is there; raises BadRecord."""
    at = time_of(about.get("timestamp"), "timestamp")
    return Span(trace_id, trace_id, None, str(about.get("name") or ""), at, at, {_OF_OBSERVATION["type"]: "CHAIN"})
