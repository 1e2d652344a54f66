"""A recall that is asked for from outside, by HTTP or MCP: what was sent is read, the lessons are given and logged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.errors import InvalidInput
from core.ingest.signals import trace_uid
from core.memory.recall import BUDGET, MOST, MOST_TOKENS, RecallRequest, lessons_for, log
from dashboard.answering import number_in, optional_text, text_field, truth_field
from dashboard.process import lesson_index, shares, store

LONGEST_TASK, LONGEST_TAGS = 100_000, 300


def read_recall(body: Mapping[str, Any]) -> RecallRequest:
    """What is asked; raises InvalidInput with the field that is wrong."""
    asked = dict(body)
    names = {name: optional_text(asked, name) for name in ("agent", "version", "run_key", "session_id", "tool")}
    return RecallRequest(
        task=text_field(asked, "task", LONGEST_TASK),
        **names,
        trace_id=trace_uid(optional_text(asked, "trace_id")),
        tags=_tags(asked),
        k=number_in(asked.get("k"), "k", 1, MOST, 5),
        max_tokens=number_in(asked.get("max_tokens"), "max_tokens", 1, MOST_TOKENS, BUDGET),
    )


def _tags(body: dict[str, Any]) -> str:
    """Words between commas, however they were sent."""
    value = body.get("tags")
    if isinstance(value, list):
        if not all(isinstance(one, str) and "," not in one for one in value):
            raise InvalidInput("tags has to be a list of words, or a text with commas between them.", field="tags")
        value = ", ".join(value)
    return optional_text(body | {"tags": value}, "tags", LONGEST_TAGS)


def recall_lessons(body: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of `POST /api/recall`, after the commit; a dry run is not logged."""
    asked, dry_run = read_recall(body), truth_field(dict(body), "dry_run")
    index, drawn = lesson_index(), shares()
    with store().reading() as session:  # the writer's turn is not held while the index is asked
        result = lessons_for(session, index, asked, dry_run, drawn)
    if not dry_run:
        with store().session() as session:
            log(session, asked, result)
    return result.as_json()
