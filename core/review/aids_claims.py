"""What an agent says against what it was told: success after a failure, and values that nobody ever gave it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.records import Step, StepKind
from core.review.aids_acts import CALLS, Acts, said, same

_VERBS = (
    r"(?:booked|cancell?ed|updated|changed|modified|processed|completed|confirmed|refunded|returned|exchanged|added|"
    r"removed|issued|applied|scheduled|created|deleted|submitted|fixed|resolved|sent|saved)"
)
_DONE = re.compile(
    rf"\b(?:I(?:'ve| have)|ha(?:s|ve) been)(?: now| just)?(?: \w+ly)? {_VERBS}\b|\bsuccessfully {_VERBS}\b", re.I
)
_OWNED = re.compile(
    r"n't\b|\b(?:not|no|none|cannot|unable|unfortunately|sorry|apolog\w*|fail\w*|error\w*|issue\w*|problem\w*|however|"
    r"but|declined|denied|insufficient|unavailable|invalid|instead|alternativ\w*|again|mistake|retry|exceed\w*)\b",
    re.I,
)
_ID = re.compile(r"#?[A-Za-z0-9][A-Za-z0-9_\-]{4,63}")
_WORD = re.compile(r"[A-Za-z0-9_\-]{4,}")
_DIGIT = re.compile(r"\d")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:T.*)?|\d\d?-\d\d?-\d{4}")
LONGEST_ID = 65
LONGEST = 3_000_000
"""Characters of a run that are searched for where a value comes from; past it nothing is said about values."""


def unowned_failures(acts: Acts, failures: Mapping[str, str]) -> Iterator[tuple[Step, Step]]:
    """(call, message): a call failed, was not made again with success, and the next message tells of success only."""
    open_failures: dict[str, Step] = {}
    for step in acts.steps:
        if step.kind in CALLS:
            open_failures.pop(step.name, None)
            if step.step_id in failures:
                open_failures[step.name] = step
        elif step.kind is StepKind.USER:
            open_failures = {}
        elif step.kind is StepKind.LLM and (text := said(step)):
            if open_failures and _DONE.search(text) and not _OWNED.search(text):
                yield next(reversed(open_failures.values())), step
            open_failures = {}


def unheard_values(acts: Acts) -> Iterator[tuple[Step, list[str]]]:
    """(call, values): ids among the arguments that neither a person nor an answer gave before.

    Each value is told of once, at the first call of its tool that has one; of a run of which nothing but calls was
    recorded nothing is said. Amounts and dates are no ids: agents add up and write dates in another form, rightly.
    """
    asked = {
        step.step_id: values for step in acts.steps if step.kind in CALLS and (values := list(_ids(step.arguments)))
    }
    heard = _Heard()
    told: set[str] = set()
    first: dict[str, tuple[Step, list[str]]] = {}
    for step in acts.steps if asked else ():
        for value in asked.get(step.step_id, ()) if heard.length else ():
            if value not in told and not heard.has(value):
                told.add(value)
                first.setdefault(step.name, (step, []))[1].append(value)
        heard.take(step)
        if heard.length > LONGEST:
            break
    yield from first.values()


class _Heard:
    """The id-like words that anybody but the agent has said so far."""

    def __init__(self) -> None:
        self.length = 0
        self._words: set[str] = set()
        self._people: list[str] = []
        self._close = ""
        self._messages: set[int] = set()

    def take(self, step: Step) -> None:
        for message in (*step.input, *(step.output if step.kind is not StepKind.LLM else ())):
            if message.role == "assistant" or hash(message.content) in self._messages:
                continue
            self._messages.add(hash(message.content))
            self._add(message.content)
            if message.role == "user":
                self._people.append(message.content)
        if step.kind is not StepKind.LLM and step.result is not None:
            self._add(step.result if isinstance(step.result, str) else same(step.result))
        if step.error:
            self._add(step.error)

    def _add(self, text: str) -> None:
        self.length += len(text)
        words = set(_WORD.findall(text))
        self._words |= {word.strip("-_").lower() for word in words if not word.isalpha() and _DIGIT.search(word)}

    def has(self, value: str) -> bool:
        plain = value.strip("#-_").lower()
        # "the card that ends in 7334", "order 9502127" for #W9502127, ids that are read out in pieces
        parts = [part for part in re.findall(r"\d+", plain) if len(part) >= 4]
        known = plain in self._words or any(part in self._words for part in parts)
        return known or _close(plain) in self._spelled()

    def _spelled(self) -> str:
        """What people said without what stands between letters."""
        if self._people:
            self._close = " ".join([self._close, *map(_close, self._people)])
            self._people.clear()
        return self._close


def _close(text: str) -> str:
    return re.sub(r"[\W_]", "", text).lower()


def _ids(value: Any) -> Iterator[str]:
    """The texts within arguments that are ids: one word, three digits or more, no date and no plain amount."""
    waiting: list[Any] = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            digits = len(_DIGIT.findall(one)) if len(one) <= LONGEST_ID else 0
            if digits >= (7 if digits == len(one) else 3) and _ID.fullmatch(one) and not _DATE.fullmatch(one):
                yield one
        elif isinstance(one, Mapping):
            waiting += one.values()
        elif isinstance(one, Sequence):
            waiting += one
