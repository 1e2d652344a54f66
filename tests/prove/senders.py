"""Instrumented agents that export over HTTP as an OTLP exporter does, and remember what the server acknowledged."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from core.ingest import otlp_json
from tests.otlp_world import request_of, trace_of

Span = dict[str, Any]
Spans = dict[tuple[str, str], Span]
"""Spans by trace and span id, in hex."""

PROTOBUF, JSON = "application/x-protobuf", "application/json"
NOTHING_WRONG = {PROTOBUF: b"", JSON: b"{}"}
AT_ONCE, LARGEST = 8, 120
TOOL = "gen_ai.tool.name"


@dataclass
class Agent:
    """One exporter. What is in `acknowledged` was answered with 200; what is `pending` was only sent.

    `refused` counts the requests that were told to come again in a moment: their spans stay pending.
    """

    number: int
    chance: random.Random
    acknowledged: Spans = field(default_factory=dict)
    pending: list[Span] = field(default_factory=list)
    repeated: int = 0
    refused: int = 0
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._running: list[list[Span]] = []
        self._new = self._make()
        self._last: list[Span] = []

    def work(self, url: str, most: int = 1_000_000) -> None:
        """Send until `most` requests are answered or the server is gone; what had no answer is sent again."""
        with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
            for _ in range(most):
                try:
                    self._round(client)
                except httpx.TransportError:
                    return
                if self.wrong:
                    return

    def finish(self, url: str) -> None:
        """Send what had no answer, and the rest of every run that has begun."""
        with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
            self.pending += [span for spans in self._running for span in spans]
            self._running.clear()
            if self.pending:
                self._send(client, self.pending)

    def _round(self, client: httpx.Client) -> None:
        if not self.pending and self._last and self.chance.random() < 0.15:
            self._send(client, self._last)  # as if the answer had been lost
            self.repeated += len(self._last)
            return
        self.pending = self.pending or [next(self._new) for _ in range(self.chance.randint(1, LARGEST))]
        self._send(client, self.pending)

    def _send(self, client: httpx.Client, spans: list[Span]) -> None:
        kind, packed = self.chance.choice((PROTOBUF, JSON)), self.chance.random() < 0.5
        request = request_of(spans)
        body = request.SerializeToString() if kind == PROTOBUF else json.dumps(otlp_json.write(request)).encode()
        headers = {"Content-Type": kind} | ({"Content-Encoding": "gzip"} if packed else {})
        answer = client.post("/v1/traces", content=gzip.compress(body, 1) if packed else body, headers=headers)
        if answer.status_code == 503 and int(answer.headers["retry-after"]) > 0:
            self.refused += 1
            return
        if (answer.status_code, answer.content) != (200, NOTHING_WRONG[kind]):
            self.wrong.append(f"{answer.status_code}: {answer.text[:300]}")
            return
        self.acknowledged |= spans_by_id(spans)
        self.pending, self._last = [], spans

    def _make(self) -> Iterator[Span]:
        """Spans of several runs at a time, so that most runs end in a later request than they began in."""
        number = self.number * 1_000_000
        while True:
            while len(self._running) < AT_ONCE:
                number += 1
                spans = run_of(number, self.chance.choice((1, 3, 12)))
                if self.chance.random() < 0.2:
                    self.chance.shuffle(spans)
                self._running.append(spans)
            run = self.chance.choice(self._running)
            span = run.pop(0)
            if not run:
                self._running.remove(run)
            yield span


def run_of(number: int, n_spans: int) -> list[Span]:
    """The spans of a run, each with a word in its name (a tool's: in that of the tool) that stands nowhere else."""
    spans = []
    for span in trace_of(number, n_spans):
        said = span["attributes"]
        named = said | {TOOL: f"{said[TOOL]} {word_of(span)}"} if TOOL in said else said
        spans.append(span | {"name": f"{span['name']} {word_of(span)}", "attributes": named})
    return spans


def word_of(span: Span) -> str:
    """The word of a span."""
    return f"w{span['span_id'].hex()}"


def spans_by_id(spans: list[Span]) -> Spans:
    """The spans by their ids as they are stored."""
    return {(span["trace_id"].hex(), span["span_id"].hex()): span for span in spans}
