"""PandaLM's test set: pairs of model answers with the choices of three annotators."""

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


def read(document: Document) -> Iterator[Arrival] | None:
    """One pair and three preferences a record; a judge's verdicts on the pairs are named and left out."""
    first = document.records[:1]
    if any(is_record(record, "idx", "gpt_result") or is_record(record, "idx", "pandalm_result") for record in first):
        says = "it holds a judge's verdicts on PandaLM's pairs, not people's: only testset-v1.json is read"
        return iter([Rejected("whole file", says)])
    if not any(is_record(record, *_KEYS) for record in document.records[:20]):
        return None
    return _read(document)


def _read(document: Document) -> Iterator[Arrival]:
    for key in _ANNOTATORS:
        yield Person(f"pandalm-{key}", Role.ANNOTATOR)
    for index, record in enumerate(document.records):
        try:
            yield from _pair(record)
        except BadRecord as error:
            named = f" (idx {record.get('idx')})" if isinstance(record, dict) else ""
            yield Rejected(f"{document.where(index)}{named}", str(error))


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
