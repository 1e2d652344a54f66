"""Whatever comes, however much of it: made up at random, repeated to a megabyte, and the real data."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from time import thread_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.redact import KINDS, Policy, redactor
from tests.core.redact_examples import NEAR_MISSES, PERSONAL, SECRETS

KEYS = redactor(Policy())


ALL = redactor(Policy(frozenset(KINDS)))


PIECES = st.sampled_from(
    [before + value + after for before, value, after in SECRETS.values()]
    + [before + value + after for _, before, value, after in PERSONAL.values()]
    + NEAR_MISSES
    + [
        "[redacted: key]",
        "[redacted: ",
        "\\n",
        "\\",
        '"',
        "@",
        "=",
        "password",
        "token: ",
        "415-",
        "+1 ",
        "4111 ",
        "\u2011",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES | st.text(max_size=12), max_size=8).map("".join), st.sampled_from([KEYS, ALL]))
def test_again_changes_nothing_and_a_skipped_body_holds_nothing(text: str, chosen: Any) -> None:
    replaced, counts = chosen.text(text)
    assert chosen.text(replaced) == (replaced, {})
    assert (replaced is text) == (counts == {})
    assert sum(counts.values()) == replaced.count("[redacted: ") - text.count("[redacted: ") or "[redacted: " in text
    whole, found = chosen.value({"a": text, text: [text]})
    assert chosen.value(whole) == (whole, {})
    if found:
        data = json.dumps({"a": text, text: [text]})
        assert chosen.may_hold(data.encode())


UNITS = [
    "a",
    "1",
    "@",
    "sk-",
    "-----BEGIN",
    "-----BEGIN PRIVATE KEY-----",
    "a@a.",
    "a@a.com ",
    "token=",
    "token: a1b ",
    "://:",
    "://a:b@",
    "4111 ",
    "1 ",
    "4",
    "eyJ",
    "eyJaaaaaaaaaa.",
    "DE12",
    "DE89 3704 ",
    "+1 ",
    "415-555-",
    "M",
    "password is ",
    "--token ",
    "01 23 ",
    "Bearer ",
    "Basic YTph ",
    "phone: ",
    "SG.",
    "\\",
    "\\n4",
    "(",
    "sig=",
    "[redacted: ",
    "aB1-_.@:/ ",
    "[redacted: key]",
    "\\u0040",
    "a.",
    "%40",
    "123456789:AA",
    "auth",
    '"',
    "password=a1=",
    "ghp_",
    "xoxb-",
    "/",
    "-",
    "\u2011",
]


def redact(text: str) -> None:
    ALL.text(text)
    ALL.may_hold(text.encode())


def seconds(work: Callable[[str], object], unit: str, size: int) -> float:
    """The processor's time for a text of this size: what else the machine does is not in it."""
    text = (unit * (size // len(unit) + 1))[:size]
    begin = thread_time()
    work(text)
    return thread_time() - begin


def is_linear(work: Callable[[str], object], unit: str) -> bool:
    """Sixteen times the text takes about sixteen times as long; 256 would be the square of it. The best of three."""
    little = min(seconds(work, unit, 62_500) for _ in range(3))
    return any(seconds(work, unit, 1_000_000) < min(30, 64 * little) for _ in range(3))


@pytest.mark.parametrize("unit", UNITS)
def test_a_megabyte_of_anything_takes_linear_time(unit: str) -> None:
    assert is_linear(redact, unit)


def test_what_reads_the_rest_again_and_again_is_not_linear() -> None:
    assert not is_linear(lambda text: [len(text[at:]) for at in range(0, len(text), 64)], "a")


def documents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The source and the content of every file of the real data, containers opened."""
    for path in sorted(folder.rglob("*")):
        source = path.relative_to(folder).parts[0]
        if not path.is_file() or path.name.startswith(("README", "LICENSE")):
            continue
        data = path.read_bytes()
        if path.suffix == ".eval":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for name in archive.namelist():
                    yield source, archive.read(name)
        else:
            yield source, gzip.decompress(data) if path.suffix == ".gz" else data


def parsed(data: bytes) -> Any:
    """JSON, lines of JSON, or text."""
    try:
        return json.loads(data)
    except ValueError:
        pass
    try:
        return [json.loads(line) for line in data.splitlines() if line.strip()]
    except ValueError:
        return data.decode()


FOUND = {
    ("agentrx-tau", "email"): 277,
    ("langfuse-traces", "email"): 2,
    ("mini-swe-agent", "email"): 376,
    ("pandalm", "email"): 2,
    ("pandalm", "phone"): 9,
    ("swe-agent-trajs", "email"): 10,
    ("tau-bench", "email"): 127,
    ("tau2-bench", "email"): 763,
    ("tau2-bench", "key"): 2,
    ("tau2-bench", "phone"): 1323,
    ("trail", "email"): 803,
    ("who-and-when", "email"): 12,
    ("who-and-when", "key"): 38,
    ("who-and-when", "phone"): 15,
}
"""What is found in the real data: each distinct value was looked at, see docs/redaction.md."""


def test_what_is_found_in_the_real_data(real_data: Path) -> None:
    found: Counter[tuple[str, str]] = Counter()
    for source, data in documents(real_data):
        value = parsed(data)
        for chosen in (KEYS, ALL):
            replaced, counts = chosen.value(value)
            assert (replaced is value) == (counts == {})
            assert chosen.may_hold(data) or counts == {}
        for kind, number in counts.items():
            found[source, kind] += number
        assert ALL.value(replaced) == (replaced, {})
    assert dict(found) == FOUND
