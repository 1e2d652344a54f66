"""PandaLM's test set: pairs of model answers with the choices of three annotators, and what two judges said of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core.ingest.document import Document
from core.ingest.reading import BadRecord, check_json, is_record, need
from core.records import Arrival, Choice, Pair, Person, Preference, Rejected, Role

NAME = "pandalm"
_KEYS = ("idx", "instruction", "response1", "response2")
_CHOICES = {0: Choice.EQUAL, 1: Choice.A, 2: Choice.B}
_ANNOTATORS = ("annotator1", "annotator2", "annotator3")
_JUDGES = {"gpt": "pandalm-gpt-3.5-turbo", "pandalm": "pandalm-7b"}
_WORDS = {"0": Choice.EQUAL, "tie": Choice.EQUAL, "1": Choice.A, "2": Choice.B}


def read(document: Document) -> Iterator[Arrival] | None:
    """One pair and three preferences a record, or one judge's preference a record."""
    first = document.records[:20]
    for judge in _JUDGES:
        if any(is_record(record, "idx", f"{judge}_result") for record in first):
            return _read_judge(document, judge)
    return _read(document) if any(is_record(record, *_KEYS) for record in first) else None


def _read(document: Document) -> Iterator[Arrival]:
    for key in _ANNOTATORS:
        yield Person(f"pandalm-{key}", Role.ANNOTATOR)
    for index, record in enumerate(document.records):
        try:
            yield from _pair(record)
        except BadRecord as error:
            yield Rejected(f"{document.where(index)}{_named(record)}", str(error), record)


def _named(record: Any) -> str:
    return f" (idx {record.get('idx')})" if isinstance(record, dict) else ""


def _read_judge(document: Document, judge: str) -> Iterator[Arrival]:
    yield Person(_JUDGES[judge], Role.MACHINE)
    for index, record in enumerate(document.records):
        try:
            yield _verdict(record, judge)
        except BadRecord as error:
            yield Rejected(f"{document.where(index)}{_named(record)}", str(error), record)


def _verdict(record: Any, judge: str) -> Preference:
    """A judge's choice; the word is "0" or "Tie" for equal, and any other than "1" and "2" is no verdict."""
    check_json(record)
    uid = f"pandalm-{need(record, 'idx', int, str)}"
    word = need(record, f"{judge}_result", str, int)
    choice = _WORDS.get(str(word).strip().lower())
    if choice is None:
        raise BadRecord(f"{judge}_result is {word!r:.40}: the judge gave no verdict (0 or Tie, 1, 2)")
    reason, reference = (_text(record.get(f"{judge}_{key}")) for key in ("reason", "reference"))
    said = "\n\n".join(filter(None, (reason, reference and f"The judge's own answer: {reference}")))
    return Preference(uid, _JUDGES[judge], choice, reason=said)


def _pair(record: Any) -> list[Arrival]:
    check_json(record)
    uid = f"pandalm-{need(record, 'idx', int, str)}"
    if missing := [key for key in ("response1", "response2") if key not in record]:
        raise BadRecord(f"{missing[0]} is missing")
    prompt = "\n\n".join(filter(None, (_text(need(record, "instruction", str)), _text(record.get("input")))))
    names = str(record.get("cmp_key") or "").partition("_")
    pair = Pair(
        uid, NAME, prompt, _text(record["response1"]), _text(record["response2"]), name_a=names[0], name_b=names[2]
    )
    given = [(key, record[key]) for key in _ANNOTATORS if record.get(key) is not None]
    unknown = [f"{key} is {value!r}" for key, value in given if type(value) is not int or value not in _CHOICES]
    if unknown:
        raise BadRecord(f"{unknown[0]}, not 0, 1 or 2")
    return [pair, *(Preference(uid, f"pandalm-{key}", _CHOICES[value]) for key, value in given)]


def _text(value: Any) -> str:
    """Text as it is; six answers of the file are JSON `true`, which a model once wrote as the word."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
