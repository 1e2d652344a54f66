"""Clients that keep their connection and send the next request when the last was answered; in a process of their own.

`python -m tests.benchmarks._load URL METHOD PATH CLIENTS SECONDS SIZE` reads nothing and prints one JSON object. Where
SIZE is not 0, each request carries so many signals on the runs of tests.benchmarks._stored.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from dataclasses import dataclass, field
from itertools import count
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

import orjson
import uvloop

WARM_UP = 0.5
"""Seconds at the start that do not count."""


@dataclass(frozen=True, slots=True)
class Load:
    """What clients saw: answers a second, milliseconds of the middle, the slowest 5 % and 1 %, and what went wrong."""

    a_second: float
    p50: float
    p95: float
    p99: float
    errors: int
    answers: dict[str, int]


def load(url: str, method: str, path: str, clients: int, seconds: float, size: int = 0, runs: int = 1) -> Load:
    """Let clients work against a server from another process."""
    asked = [url, method, path, str(clients), str(seconds), str(size), str(runs)]
    done = subprocess.run([sys.executable, "-m", __name__, *asked], check=True, stdout=subprocess.PIPE)
    return Load(**json.loads(done.stdout))


@dataclass
class Work:
    """What all clients share."""

    head: str
    size: int
    runs: int
    begin: float
    end: float
    numbers: count[int] = field(default_factory=count)
    took: list[float] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    open: int = 0
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def request(self) -> bytes:
        """The next request."""
        signals = [self.signal(next(self.numbers)) for _ in range(self.size)]
        body = b"" if not self.size else orjson.dumps(signals[0] if self.size == 1 else signals)
        return f"{self.head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    def signal(self, n: int) -> dict[str, object]:
        """A thumb; four in five are up."""
        return {
            "trace_id": f"bench/{n % self.runs}",
            "name": "thumb",
            "kind": "explicit",
            "value": n % 5 > 0,
            "comment": "It told me what I wanted to know, and at once.",
            "source": "chat window",
            "key": f"{self.begin}/{n}",
        }


class Client(asyncio.Protocol):
    """One connection: a request, its answer, the next request."""

    def __init__(self, work: Work) -> None:
        self.work, self.buffer, self.sent = work, b"", 0.0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.work.open += 1
        self._send()

    def _send(self) -> None:
        request = self.work.request()
        self.sent = perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if not found or len(body) < int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]):
            return
        at = perf_counter()
        status = self.buffer[9:12].decode()
        self.buffer = b""
        if at > self.work.begin:
            self.work.took.append(at - self.sent)
            self.work.answers[status] = self.work.answers.get(status, 0) + 1
        if at < self.work.end:
            self._send()
        else:
            self.transport.close()

    def connection_lost(self, reason: Exception | None) -> None:
        if perf_counter() < self.work.end:
            self.work.answers["lost"] = self.work.answers.get("lost", 0) + 1
        self.work.open -= 1
        if not self.work.open:
            self.work.over.set()


async def run(url: str, method: str, path: str, clients: int, seconds: float, size: int, runs: int) -> Load:
    """Send for some seconds over so many connections."""
    place = urlsplit(url)
    head = f"{method} {path} HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Type: application/json\r\n"
    begin = perf_counter() + WARM_UP
    work = Work(head, size, runs, begin, begin + seconds)
    loop = asyncio.get_running_loop()
    for _ in range(clients):
        await loop.create_connection(lambda: Client(work), place.hostname, place.port)
    await work.over.wait()
    took = sorted(work.took)
    part = [took[int(len(took) * share)] * 1000 for share in (0.5, 0.95, 0.99)]
    wrong = sum(n for status, n in work.answers.items() if not status.startswith("2"))
    return Load(len(took) / seconds, *part, wrong, work.answers)


if __name__ == "__main__":
    url, method, path, *numbers = sys.argv[1:]
    clients, size, runs = int(numbers[0]), int(numbers[2]), int(numbers[3])
    found = uvloop.run(run(url, method, path, clients, float(numbers[1]), size, runs))
    print(json.dumps({name: getattr(found, name) for name in Load.__slots__}))
