"""One span as one step: which kind it is, what went in and came out, what it cost, and whether it failed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core.ingest.semantics.counting import cost_of, tokens_of
from core.ingest.semantics.events import EXCEPTION, joined, said_by, split_history, with_details
from core.ingest.semantics.gathering import Gathered, best, gather
from core.ingest.semantics.kinds import FRAMEWORKS, KINDS, SPAN_NAMES
from core.ingest.semantics.messages import read_messages
from core.ingest.semantics.signals import without_verdict
from core.ingest.semantics.values import opened, text_of
from core.ingest.spans import Span, SpanEvent
from core.records import Json, Message, Step, StepKind

EVENTS, LINKS, SCOPE = "otel.events", "otel.links", "otel.scope.name"
"""Attributes under which a step keeps what of its span is no attribute there."""


def step_of(span: Span) -> Step:
    """The step that a span is; what was not understood stands in its attributes. Never raises."""
    if span.events:
        span = with_details(span)
    gathered = gather(span.attributes)
    claims, kept = gathered.claims, gathered.kept
    kind = _kind(gathered, span)
    name, agent = best(gathered, "name"), best(gathered, "agent")
    if "entity" in claims:
        name, agent = _entity(gathered, kind, name, agent)
    went_in, came_out = _messages(gathered, kind)
    others: tuple[SpanEvent, ...] = span.events
    if others:
        said = said_by(others)
        went_in, came_out, others = joined(went_in, said.input), joined(came_out, said.output), said.others
    is_llm = kind is StepKind.LLM
    arguments, result = (None, None) if is_llm else _values(gathered, kind)
    call_id = best(gathered, "call_id") or ""
    if kind is StepKind.TOOL and (went_in or came_out):
        call_id, arguments, result = _call(call_id, arguments, result, went_in, came_out)
    result = without_verdict(span, result)
    error = _error(gathered, span, others, result if kind is StepKind.TOOL else None)
    counted, cost = tokens_of(gathered), cost_of(gathered)
    if others:
        kept[EVENTS] = [written(event) for event in others]
    if span.links:
        kept[LINKS] = [list(link) for link in span.links]
    if span.scope:
        kept[SCOPE] = span.scope
    return Step(
        span.span_id,
        kind,
        (name if kind is StepKind.TOOL else None) or span.name or name or "",
        span.parent_id,
        span.started_at,
        span.ended_at,
        went_in,
        came_out,
        call_id,
        arguments,
        result,
        error,
        best(gathered, "model") or "",
        counted.read,
        counted.written,
        counted.cached,
        counted.cache_written,
        counted.reasoning,
        cost,
        "reported" if cost is not None else "",
        agent or "",
        kept,
    )


def written(event: SpanEvent) -> dict[str, Json]:
    """An event as a step keeps it."""
    when = {"at": event.at.isoformat()} if event.at else {}
    return {"name": event.name, **when, "attributes": dict(event.attributes)}


def _kind(gathered: Gathered, span: Span) -> StepKind:
    """What a vocabulary calls it, else what its attributes show, else what its framework's name for it says."""
    claims = gathered.claims
    found = None
    for _, source, value in claims.get("kind", ()):
        kind = KINDS.get(value.lower())
        if kind is None:
            gathered.kept[source] = value
        found = found or kind
    if found is not None:
        return found
    if "name" in claims:
        return StepKind.TOOL
    if "history" in claims and "agent" in claims:
        return StepKind.AGENT
    if "records" in claims or any(key.startswith("gen_ai.memory.") for key in gathered.kept):
        return StepKind.MEMORY
    if "model" in claims and not claims.keys().isdisjoint(("input", "output", "tokens_out")):
        return StepKind.LLM
    first_word = SPAN_NAMES.get(span.name.partition(" ")[0])
    if first_word is not None and ("model" in claims or any(scope in span.scope for scope in FRAMEWORKS)):
        return first_word
    if any(event.name.startswith("gen_ai.") for event in span.events):
        return StepKind.LLM
    return StepKind.OTHER


def _entity(gathered: Gathered, kind: StepKind, name: str | None, agent: str | None) -> tuple[str | None, str | None]:
    """What OpenLLMetry calls an entity is a tool's or an agent's name, as the kind says."""
    entity = best(gathered, "entity")
    if kind is StepKind.TOOL and name is None:
        return entity, agent
    if kind is StepKind.AGENT and agent is None:
        return name, entity
    gathered.kept["traceloop.entity.name"] = entity
    return name, agent


def _messages(gathered: Gathered, kind: StepKind) -> tuple[tuple[Message, ...], tuple[Message, ...]]:
    claims = gathered.claims
    if kind is StepKind.LLM:
        if "given" in claims:
            claims["input"] = claims.get("input", []) + claims.pop("given")
        if "gave" in claims:
            claims["output"] = claims.get("output", []) + claims.pop("gave")
    went_in, came_out = _believed(gathered, "input", "user"), _believed(gathered, "output", "assistant")
    if "history" in claims:
        for _, source, value in claims["history"]:
            split = split_history(value)
            if split is None or (went_in and came_out):
                gathered.kept[source] = value
            else:
                went_in, came_out = went_in or split[0], came_out or split[1]
    if "system" in claims:
        system = _believed(gathered, "system", "system")
        if went_in[: len(system)] != system:
            went_in = system + went_in
    return went_in, came_out


def _believed(gathered: Gathered, field: str, role: str) -> tuple[Message, ...]:
    """The messages of the first claim that has any; a later one stays an attribute if it says anything else."""
    claims = gathered.claims.get(field)
    if claims is None:
        return ()
    if len(claims) == 1:
        _, source, value = claims[0]
        messages, rest = read_messages(value, role)
        if rest or not messages:
            gathered.kept[source] = rest if messages else value
        return messages
    claims.sort(key=lambda claim: claim[0])
    believed: tuple[Message, ...] = ()
    for _, source, value in claims:
        messages, rest = read_messages(value, role)
        if not messages:
            gathered.kept[source] = value
            continue
        if not believed:
            believed = messages
        elif not _repeats(messages, believed):
            gathered.kept[source] = value
            continue
        if rest:
            gathered.kept[source] = rest
    return believed


def _repeats(messages: Iterable[Message], believed: Iterable[Message]) -> bool:
    """Whether messages say nothing that is not believed already."""
    texts, names = {""}, set()
    for message in believed:
        texts |= {message.content, message.reasoning}
        names |= {call.name for call in message.tool_calls}
    return all(
        one.content in texts and one.reasoning in texts and names.issuperset(call.name for call in one.tool_calls)
        for one in messages
    )


def _values(gathered: Gathered, kind: StepKind) -> tuple[Json, Json]:
    """What a step that is no model call was given and gave."""
    claims = gathered.claims
    if "records" in claims:
        found = any(value == "search_memory" for _, _, value in claims.get("kind", ()))
        side = "result" if found or "arguments" in claims else "arguments"
        claims.setdefault(side, []).extend(claims.pop("records"))
    if kind is StepKind.TOOL and "given" in claims:
        _schemas_aside(gathered)
    return _one_value(gathered, "arguments", "given"), _one_value(gathered, "result", "gave")


def _schemas_aside(gathered: Gathered) -> None:
    """OpenInference calls a tool's schema its parameters; some put the arguments there: the input says which."""
    offered = gathered.claims.get("arguments", [])
    for claim in [one for one in offered if one[1] == "tool.parameters"]:
        offered.remove(claim)
        if all(text_of(claim[2]) != text_of(given) for _, _, given in gathered.claims["given"]):
            gathered.kept[claim[1]] = claim[2]


def _one_value(gathered: Gathered, field: str, fallback: str) -> Json:
    offered = gathered.claims.get(field, []) + gathered.claims.get(fallback, [])
    if not offered:
        return None
    offered.sort(key=lambda claim: claim[0])
    believed = offered[0][2]
    for _, source, value in offered[1:]:
        if text_of(value) != text_of(believed):
            gathered.kept[source] = value
    return _plain(believed)


def _plain(value: Any) -> Json:
    """A value with its JSON opened and its numbered keys as lists."""
    value = opened(value)
    if type(value) is dict and "0" in value:
        value = _as_list(value)
    if type(value) is list and any(type(one) is str and one[:1] == '"' for one in value):
        return [opened(one) for one in value]
    return value


def _as_list(nest: dict[str, Any]) -> Json:
    """Documents in numbered keys: `{"0": {"document": {"content": …}}}` is a list of documents."""
    try:
        order = sorted(nest, key=int)
    except ValueError:
        return nest
    return [_document(nest[key]) for key in order]


def _document(value: Any) -> Json:
    inner = value.get("document") if type(value) is dict and len(value) == 1 else None
    return inner if type(inner) is dict else value


def _call(
    call_id: str, arguments: Json, result: Json, went_in: tuple[Message, ...], came_out: tuple[Message, ...]
) -> tuple[str, Json, Json]:
    """A tool span whose call and result were recorded as messages."""
    for message in went_in if arguments is None else ():
        for call in message.tool_calls:
            call_id, arguments = call_id or call.call_id, call.arguments
        if arguments is None and message.content:
            call_id, arguments = call_id or message.tool_call_id, opened(message.content)
    for message in came_out if result is None else ():
        call_id, result = call_id or message.tool_call_id, opened(message.content)
    return call_id, arguments, result


def _error(gathered: Gathered, span: Span, events: tuple[SpanEvent, ...], result: Json) -> str:
    """What went wrong, as plainly as the span says it; "" where nothing did."""
    claims = gathered.claims
    for event in events:
        if event.name == EXCEPTION:
            return exception_text(event, span.error)
    message = span.error
    if "error_message" in claims or "level" in claims:
        level, status = best(gathered, "level"), best(gathered, "error_message")
        if level == "ERROR":
            message = message or status or "the span is an error by its level"
        else:
            said = claims.get("level", []) + claims.get("error_message", [])
            gathered.kept.update((source, value) for _, source, value in said)
    kind = best(gathered, "error_type")
    if kind and kind not in message:
        message = f"{kind}: {message}" if message else kind
    if not message and best(gathered, "success") is False:
        message = "the span says that it did not succeed"
    return message or failure_in(result)


def exception_text(event: SpanEvent, otherwise: str) -> str:
    """An exception event in a line: its type and its message."""
    kind, message = text_of(event.attributes.get("exception.type")), text_of(event.attributes.get("exception.message"))
    return ": ".join(part for part in (kind, message) if part) or otherwise or "an exception without type and message"


def failure_in(result: Json) -> str:
    """What a tool's result says of its own failure; "" where it says none."""
    result = opened(result)
    if type(result) is not dict:
        return ""
    flagged = result.get("isError") is True or result.get("is_error") is True or result.get("status") == "error"
    error = result.get("error")
    if error and error is not True:
        return text_of(error)
    if not flagged and error is not True:
        return ""
    said = "\n".join(message.content for message in read_messages(result.get("content"), "tool").messages)
    return said or text_of(result.get("message")) or "the tool's result is flagged as an error"
