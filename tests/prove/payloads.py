"""Requests to begin a fuzz from (OTLP as JSON values, real spans where their data is there), and ways to spoil them."""

from __future__ import annotations

import gzip
import json
import marshal
import random
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import zstandard

from core.ingest import otlp_json
from tests.otlp_world import BEGIN, SECOND, request_of, trace_of

Value = dict[str, Any]

LONGEST = 20_000
"""Characters of a real attribute that is taken."""

EVENTS = (
    ("gen_ai.user.message", {"content": "Where is it?", "role": "user"}),
    ("gen_ai.choice", {"index": 0, "message": {"content": "On its way.", "role": "assistant"}}),
    ("gen_ai.evaluation.result", {"gen_ai.evaluation.name": "fit", "gen_ai.evaluation.score.value": 0.5}),
    ("gen_ai.client.inference.operation.details", {"gen_ai.output.messages": [{"role": "assistant", "parts": []}]}),
    ("exception", {"exception.type": "ValueError", "exception.message": "no", "exception.stacktrace": "at 1"}),
)


def payloads(real_data: Path | None) -> list[Value]:
    """Requests of spans as JSON values: ours, and those of the real spans."""
    made = [otlp_json.write(request_of(trace_of(number, n))) for number, n in ((1, 1), (2, 4), (3, 12))]
    spoken = [span_json(7, n, name, {}, [(name, said)]) for n, (name, said) in enumerate(EVENTS)]
    return [*made, request_json(spoken), *(_real(real_data) if real_data else ())]


def logs() -> list[Value]:
    """Requests of log records as JSON values."""
    records = [
        {"traceId": f"{9:032x}", "spanId": f"{n + 1:016x}", "eventName": name, "timeUnixNano": str(BEGIN)}
        | ({"attributes": pairs(said)} if n % 2 else {"body": any_value(said)})
        for n, (name, said) in enumerate(EVENTS)
        if name.startswith("gen_ai.")
    ]
    return [{"resourceLogs": [{"resource": _RESOURCE, "scopeLogs": [{"scope": {}, "logRecords": records}]}]}]


def _real(folder: Path) -> Iterator[Value]:
    for file in sorted((folder / "openinference-spans" / "openinference-genai").glob("*.json")):
        yield request_json([span_json(5, 1, "chat", json.loads(file.read_text()), [])])
    dumped = json.loads((folder / "openinference-spans" / "openinference-vercel" / "all-spans.json").read_text())
    for n, one in enumerate(dumped):
        said = [(event["name"], event.get("attributes", {})) for event in one.get("events", ())]
        yield request_json([span_json(6, n + 1, one["name"], one["attributes"], said)])
    for kind in ("GAIA", "SWE Bench"):
        file = min((folder / "trail" / "data" / kind).glob("*.gz"), key=lambda one: one.stat().st_size)
        spans = list(_flat(json.loads(gzip.decompress(file.read_bytes()))["spans"]))
        for begin in range(0, min(len(spans), 24), 4):
            yield request_json(
                [
                    span_json(8, begin + n + 1, one["span_name"], one["span_attributes"], [])
                    for n, one in enumerate(spans[begin : begin + 4])
                ]
            )


def _flat(spans: list[Value]) -> Iterator[Value]:
    for span in spans:
        yield span
        yield from _flat(span["child_spans"])


_RESOURCE = {"attributes": [{"key": "service.name", "value": {"stringValue": "fuzz"}}]}


def request_json(spans: list[Value]) -> Value:
    """A request of spans."""
    return {"resourceSpans": [{"resource": _RESOURCE, "scopeSpans": [{"scope": {"name": "fuzz"}, "spans": spans}]}]}


def span_json(trace: int, number: int, name: str, said: Value, events: list[tuple[str, Value]]) -> Value:
    """One span; the first of a run is the parent of the others."""
    return {
        "traceId": f"{trace:032x}",
        "spanId": f"{number + 1:016x}",
        "name": name,
        "startTimeUnixNano": str(BEGIN + number * SECOND),
        "endTimeUnixNano": str(BEGIN + (number + 1) * SECOND),
        "attributes": pairs(said),
        "events": [{"name": event, "timeUnixNano": str(BEGIN), "attributes": pairs(more)} for event, more in events],
        "status": {"code": number % 3},
    } | ({"parentSpanId": f"{1:016x}"} if number else {})


def pairs(said: Value) -> list[Value]:
    """Attributes as key-value pairs."""
    return [{"key": key, "value": any_value(value)} for key, value in said.items()]


def any_value(value: Any) -> Value:
    """A JSON value as OTLP writes it."""
    match value:
        case None:
            return {}
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case list():
            return {"arrayValue": {"values": [any_value(one) for one in value]}}
        case dict():
            return {"kvlistValue": {"values": pairs(value)}}
        case _:
            return {"stringValue": str(value)[:LONGEST]}


def renamed(value: Value, chance: random.Random) -> Value:
    """The request as one of runs that are not there yet."""
    value = _copied(value)
    names: dict[str, str] = {}
    for one in _ones(value):
        one["traceId"] = names.setdefault(one["traceId"], chance.randbytes(16).hex())
    return value


def _ones(value: Value) -> Iterator[Value]:
    for outer in value.get("resourceSpans", value.get("resourceLogs", [])):
        for inner in outer.get("scopeSpans", outer.get("scopeLogs", [])):
            yield from inner.get("spans", inner.get("logRecords", []))


def _deep(levels: int) -> Value:
    """A value in lists in lists, as OTLP writes it."""
    value: Value = {"stringValue": "deep"}
    for _ in range(levels):
        value = {"arrayValue": {"values": [value]}}
    return value


ODD: tuple[Any, ...] = (
    None,
    "",
    "\x00",
    "a\x00b",
    "\ud800 \udfff",
    "\u202e\ufeff\U0010ffff",
    "z" * 50_000,
    -1,
    0,
    2**63 - 1,
    -(2**63),
    2**63,
    2**64 - 1,
    10**40,
    1e308,
    5e-324,
    -0.5,
    True,
    [],
    {},
    [[[]]],
    "NaN",
    "-Infinity",
    "1e999",
    "[" * 200 + "]" * 200,
    '{"role": "user", "content": 7}',
    '[{"role": null, "parts": [{"type": 3}, null, 7, {"type": "tool_call", "arguments": "{"}]}]',
    '{"0": {"document": {"content": [1]}}}',
    {"stringValue": "plain"},
    {"intValue": "7"},
    {"intValue": 2**63 - 1},
    {"doubleValue": "NaN"},
    {"doubleValue": "Infinity"},
    {"doubleValue": 1e300},
    {"boolValue": False},
    {"bytesValue": "AAEC/w=="},
    {"stringValue": "x", "intValue": "1"},
    {"arrayValue": {"values": [{}, {"intValue": "1"}, {"stringValue": "[1"}]}},
    {"kvlistValue": {"values": [{"key": "", "value": {}}, {"key": "0", "value": {"stringValue": "\x00"}}]}},
    _deep(40),
    _deep(95),
    _deep(200),
)

KEYS = (
    *("gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "gen_ai.usage.cost", "llm.token_count.prompt"),
    *("llm.token_count.total", "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions"),
    *("gen_ai.operation.name", "openinference.span.kind", "input.value", "output.value", "tool.parameters"),
    *("gen_ai.tool.call.arguments", "gen_ai.tool.definitions", "llm.input_messages.0.message.content"),
    *("llm.input_messages.0.message.contents.0.message_content.text", "llm.tools.0.tool.json_schema"),
    *("gen_ai.prompt.0.content", "gen_ai.completion.0.tool_calls.0.arguments", "llm.cost.total", "metadata"),
    *("loopwright.task.key", "loopwright.version", "loopwright.trial", "loopwright.suite", "loopwright.recall.id"),
    *("gen_ai.agent.name", "agent.name", "session.id", "user.id", "tag.tags", "gen_ai.evaluation.name"),
    *("gen_ai.evaluation.score.value", "annotations.0.annotation.score", "retrieval.documents.0.document.id"),
    *("traceloop.entity.input", "ai.prompt.messages", "ai.response.toolCalls", "gen_ai.response.model", "", "\x00"),
)


def spoil(value: Value, chance: random.Random, wrong: Any) -> Value:
    """One to three places of a request changed (its shape, an attribute, or JSON that stands in a text)."""
    for _ in range(chance.randint(1, 3)):
        chance.choice((_anywhere, _attribute, _attribute, _inside_text, _place))(value, chance, wrong)
    return value


def _anywhere(value: Value, chance: random.Random, wrong: Any) -> None:
    spots = _spots(value)
    if not spots:
        return
    holder, key = chance.choice(spots)
    match chance.randrange(4):
        case 0 if isinstance(holder, dict):
            del holder[key]
        case 1 if isinstance(holder, list) and len(holder) < 50:
            holder.append(_copied(holder[key]))
        case _:
            holder[key] = _copied(wrong)


def _spots(value: Any) -> list[tuple[Any, Any]]:
    """Every (holder, key) in a value, however deep it is."""
    found: list[tuple[Any, Any]] = []
    held = [value]
    while held:
        holder = held.pop()
        keys = list(holder) if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ()
        found += [(holder, key) for key in keys]
        held += [holder[key] for key in keys]
    return found


def _copied(value: Any) -> Any:
    """A copy of a value that may be nested past what `copy.deepcopy` can do."""
    return marshal.loads(marshal.dumps(value))


def _attribute(value: Value, chance: random.Random, wrong: Any) -> None:
    """An attribute of a span gets another value, or a new one comes to it."""
    one = _some(value, chance)
    if one is None:
        return
    told = wrong if isinstance(wrong, dict) and len(wrong) <= 2 else any_value(wrong)
    held = one.setdefault("attributes", [])
    if isinstance(held, list):
        known = [pair["key"] for pair in held if isinstance(pair, dict) and "key" in pair]
        key = chance.choice([*KEYS, *known])
        held[:] = [pair for pair in held if not isinstance(pair, dict) or pair.get("key") != key]
        held.append({"key": key, "value": _copied(told)})


def _inside_text(value: Value, chance: random.Random, wrong: Any) -> None:
    """Something changes in the JSON that an attribute holds as text."""
    one = _some(value, chance)
    held = one.get("attributes") if one else None
    texts = [pair["value"] for pair in held if _holds_json(pair)] if isinstance(held, list) else []
    if texts:
        place = chance.choice(texts)
        inner = [json.loads(place["stringValue"])]
        _anywhere({"in": inner}, chance, wrong)
        place["stringValue"] = dumped(inner[0] if inner else None).decode("utf-8", "surrogatepass")


def _holds_json(pair: Any) -> bool:
    text = pair["value"].get("stringValue") if isinstance(pair, dict) and isinstance(pair.get("value"), dict) else None
    try:
        return isinstance(text, str) and text[:1] in "[{" and json.loads(text) is not None
    except (ValueError, RecursionError):
        return False


def _place(value: Value, chance: random.Random, wrong: Any) -> None:
    """A span stands elsewhere: below itself or another, at the ends of time, under the id of one that came before."""
    one = _some(value, chance)
    if one is None:
        return
    ids = [other.get("spanId") for other in _spans(value)]
    change: tuple[str, Any] = chance.choice(
        (
            ("parentSpanId", chance.choice(ids)),
            ("spanId", chance.choice(ids)),
            ("startTimeUnixNano", str(chance.choice((0, 1, 2**63, 2**64 - 1)))),
            ("endTimeUnixNano", str(chance.choice((0, 1, 2**63, 2**64 - 1)))),
            ("name", wrong if isinstance(wrong, str) else "x"),
            ("traceId", f"{chance.randrange(1, 20):032x}"),
        )
    )
    one[change[0]] = change[1]


def _some(value: Value, chance: random.Random) -> Value | None:
    found = _spans(value)
    return chance.choice(found) if found else None


def _spans(value: Value) -> list[Value]:
    """The spans or log records, where the request still has its shape."""
    try:
        return [one for one in _ones(value) if isinstance(one, dict)]
    except (AttributeError, TypeError):
        return []


def damage(body: bytes, chance: random.Random) -> bytes:
    """Bytes flipped, put in, taken out, doubled, cut off."""
    data = bytearray(body)
    for _ in range(chance.randint(1, 8)):
        at, length = chance.randrange(len(data) + 1), chance.choice((1, 2, 8, 64))
        match chance.randrange(5):
            case 0 if data:
                data[at % len(data)] ^= 1 << chance.randrange(8)
            case 1:
                data[at:at] = chance.randbytes(length)
            case 2:
                del data[at : at + length]
            case 3:
                data[at:at] = data[at : at + length]
            case 4 if chance.random() < 0.2:
                del data[at:]
    return bytes(data)


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "": lambda body: body,
    "identity": lambda body: body,
    "gzip": lambda body: gzip.compress(body, 1),
    "deflate": lambda body: zlib.compress(body, 1),
    "zstd": lambda body: zstandard.ZstdCompressor(level=1).compress(body),
    "gzip, deflate": lambda body: zlib.compress(gzip.compress(body, 1), 1),
}


def dumped(value: Any) -> bytes:
    """A value as a careless writer of JSON writes it: lone surrogates, NaN, numbers of any size, any depth."""
    try:
        return orjson.dumps(value)
    except TypeError:
        try:
            return json.dumps(value).encode("utf-8", "surrogatepass")
        except RecursionError:
            return b'{"resourceSpans": ' + b"[" * 3_000 + b"]" * 3_000 + b"}"
