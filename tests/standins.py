"""Stand-ins on this machine for what agents talk to: Claude's Messages protocol, and whoever takes their spans."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass(frozen=True)
class Answer:
    """One answer over HTTP."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """One request as it came: header names in lower case, the body unpacked."""

    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def _json(status: int, content: Any, **headers: str) -> Answer:
    return Answer(status, json.dumps(content).encode(), {"content-type": "application/json", **headers})


def says(*content: str | dict[str, Any], stop: str = "", **usage: int) -> Answer:
    """Claude answers with texts and tool calls, in this order; `usage` are token counts by the API's names."""
    blocks = [{"type": "text", "text": each} if isinstance(each, str) else each for each in content]
    calls = any(block["type"] == "tool_use" for block in blocks)
    counts = {"input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0}
    message = {
        "id": "msg_standin",
        "type": "message",
        "role": "assistant",
        "model": "claude-standin-20260301",
        "content": blocks,
        "stop_reason": stop or ("tool_use" if calls else "end_turn"),
        "stop_sequence": None,
        "usage": counts | usage,
    }
    return _json(200, message)


def calls(call_id: str, name: str, **arguments: Any) -> dict[str, Any]:
    """A tool call within an answer."""
    return {"type": "tool_use", "id": call_id, "name": name, "input": arguments}


def fails(status: int, kind: str, message: str, retry_after: float | None = None) -> Answer:
    """Claude answers with an error of the API: 429 `rate_limit_error`, 529 `overloaded_error`, …"""
    headers = {} if retry_after is None else {"retry-after": str(retry_after)}
    return _json(status, {"type": "error", "error": {"type": kind, "message": message}}, **headers)


MALFORMED = Answer(200, b'{"type": "message", "content": [', {"content-type": "application/json"})
"""An answer that breaks off."""


class Claude:
    """Speaks the Messages protocol: gives the scripted answers in their order, and refuses what the API refuses."""

    def __init__(self, *script: Answer) -> None:
        self.script = list(script)
        self.asked: list[dict[str, Any]] = []
        self.url = ""

    def answer(self, asked: Asked) -> Answer:
        if asked.path.split("?")[0] != "/v1/messages":
            return fails(404, "not_found_error", f"no route {asked.path}")
        if not asked.headers.get("authorization", "").startswith("Bearer ") and not asked.headers.get("x-api-key"):
            return fails(401, "authentication_error", "a key is required")
        body = asked.json()
        self.asked.append(body)
        if wrong := wrong_request(asked.headers, body):
            return fails(400, "invalid_request_error", wrong)
        return self.reply(body)

    def reply(self, body: dict[str, Any]) -> Answer:
        """What it says to a request that the API would take: the next line of the script."""
        if not self.script:
            return fails(400, "invalid_request_error", "the stand-in's script is over")
        return self.script.pop(0)


def wrong_request(headers: dict[str, str], body: dict[str, Any]) -> str:
    """What the API would refuse in a request of a chat with tools, in a sentence; empty when nothing."""
    if "anthropic-version" not in headers:
        return "anthropic-version: header is required"
    for name, kind in (("model", str), ("max_tokens", int), ("messages", list)):
        if not isinstance(body.get(name), kind):
            return f"{name}: Field required"
    if not body["messages"] or body["messages"][0]["role"] != "user":
        return "messages: first message must use the user role"
    waiting: set[str] = set()
    for number, message in enumerate(body["messages"]):
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        if not blocks or any(block["type"] == "text" and not block["text"] for block in blocks):
            return f"messages.{number}: text content blocks must be non-empty"
        results = {block["tool_use_id"] for block in blocks if block["type"] == "tool_result"}
        if results != waiting:
            return f"messages.{number}: tool_use ids and tool_result blocks do not match: {sorted(results ^ waiting)}"
        waiting = {block["id"] for block in blocks if block["type"] == "tool_use"}
        if waiting and message["role"] != "assistant":
            return f"messages.{number}: tool_use blocks can only be in assistant messages"
    return f"tool_use ids were found without tool_result blocks: {sorted(waiting)}" if waiting else ""


class Collector:
    """Takes spans at `/v1/traces` as an OTLP receiver does, and answers other paths as it is told."""

    def __init__(self, **answers: Any) -> None:
        self.answers = {f"/api/{name}": content for name, content in answers.items()}
        self.asked: list[Asked] = []
        self.spans: list[Span] = []
        self.url = ""

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        if asked.path == "/v1/traces":
            self.spans += [
                span
                for resource in ExportTraceServiceRequest.FromString(asked.body).resource_spans
                for scope in resource.scope_spans
                for span in scope.spans
            ]
            return Answer(200, b"", {"content-type": "application/x-protobuf"})
        if asked.path in self.answers:
            return _json(200, self.answers[asked.path])
        return _json(404, {"error": {"code": "not_found", "message": f"no route {asked.path}"}})

    def sent(self, path: str) -> list[Any]:
        """The JSON bodies that were sent to a path."""
        return [asked.json() for asked in self.asked if asked.path == path]


def attributes_of(span: Span) -> dict[str, Any]:
    """The attributes of a span as plain values."""
    return {pair.key: _plain(pair.value) for pair in span.attributes}


def _plain(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    return [_plain(each) for each in value.array_value.values] if kind == "array_value" else getattr(value, str(kind))


StandIn = TypeVar("StandIn", Claude, Collector)


@contextmanager
def serving(stand_in: StandIn) -> Iterator[StandIn]:
    """The stand-in on a free port of this machine; its `url` says where."""
    with served(stand_in.answer) as url:
        stand_in.url = url
        yield stand_in


@contextmanager
def served(answer: Callable[[Asked], Answer]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            if headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            given = answer(Asked(self.path, headers, body))
            self.send_response(given.status)
            for name, value in {**given.headers, "content-length": str(len(given.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(given.body)

        def log_message(self, *_: Any) -> None:
            """Says nothing: what was asked stands in the stand-in."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
