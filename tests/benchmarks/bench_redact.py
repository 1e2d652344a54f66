"""Redaction of texts that hold nothing, as most do, and of whole request bodies; on real texts where they are named.

The floor is one pass of `in` for one literal over the same texts. Texts are cut to 2 KB, about what a span carries.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

from core.redact import KINDS, Policy, Redactor, redactor
from tests.benchmarks._stored import sentences

SIZE, BODY, SPANS = 2_048, 400_000, 2_000
ROUNDS = 7


def main() -> None:
    """Print MB/s, microseconds a text and the ratio to the floor, for the default policy and for all kinds."""
    texts = [text for text in real_texts() if text.isascii()]
    for name, policy in (("keys only", Policy()), ("all kinds", Policy(frozenset(KINDS)))):
        chosen = redactor(policy)
        clean = [text for text in texts if not chosen.text(text)[1]]
        measure(f"text, {name}, nothing found", chosen.text, clean)
        measure(f"text, {name}, as they come", chosen.text, texts)
        measure(f"value of 12 members, {name}", chosen.value, clean, as_members)
        bodies(name, chosen, "".join(clean).encode())


def measure(what: str, work: Callable[[Any], object], texts: list[str], shaped: Callable[[str], Any] = str) -> None:
    """Print one line."""
    values = [shaped(text) for text in texts]
    floor = best(lambda: sum("zq#x" in text for text in texts))
    took = best(lambda: [work(value) for value in values])
    print(
        f"{what:40} {len(texts) * SIZE / took / 1e6:8.0f} MB/s {took / len(texts) * 1e6:8.2f} us / 2 KB"
        f" {took / floor:7.1f} x the floor ({floor / len(texts) * 1e6:.2f} us)",
        flush=True,
    )


def bodies(name: str, chosen: Redactor, data: bytes) -> None:
    """Print what it takes to know that a body of 400 KB needs no look."""
    body = data[:BODY]
    floor = best(lambda: b"zq#x" in body)
    took = best(lambda: chosen.may_hold(body))
    said = "may hold" if chosen.may_hold(body) else "holds nothing"
    print(
        f"{f'may_hold, {name}, {len(body) // 1000} KB ({said})':40} {len(body) / took / 1e6:8.0f} MB/s"
        f" {took * 1e3:8.3f} ms        {took / floor:7.1f} x the floor ({floor * 1e3:.3f} ms)",
        flush=True,
    )


def as_members(text: str) -> dict[str, str]:
    """The text in twelve members, as the attributes of a span are."""
    part = len(text) // 12 + 1
    return {f"attribute.{n}": text[n * part : (n + 1) * part] for n in range(12)}


def best(work: Callable[[], object]) -> float:
    """Seconds of the quickest of some rounds."""
    took = []
    for _ in range(ROUNDS):
        begin = perf_counter()
        work()
        took.append(perf_counter() - begin)
    return min(took)


def real_texts() -> list[str]:
    """Two thousand texts of 2 KB: what TRAIL's agents said, else made-up sentences."""
    folder = os.environ.get("LOOPWRIGHT_REAL_DATA", "")
    whole = ""
    for path in sorted((Path(folder) / "trail" / "data").rglob("*.gz")) if folder else ():
        whole += " ".join(strings(json.loads(gzip.decompress(path.read_bytes()))))
        if len(whole) >= SIZE * SPANS:
            break
    whole = whole or " ".join(sentences())
    while len(whole) < SIZE * SPANS:
        whole += whole
    return [whole[at : at + SIZE] for at in range(0, SIZE * SPANS, SIZE)]


def strings(value: Any) -> Iterator[str]:
    """Every text of a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from strings(one)


if __name__ == "__main__":
    main()
