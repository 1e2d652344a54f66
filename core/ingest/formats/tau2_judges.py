"""tau2-bench's judges: JSON lines with one verdict each on a simulation, as fenced JSON inside a judge's reply."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from core.clock import content_hash
from core.ingest.document import Document
from core.ingest.reading import BadRecord, check_json, is_record, maybe, need
from core.records import Annotation, Arrival, Person, Rejected, Role
from core.review.ready_made import VERDICT_WORDS

NAME = "tau2-judges"
SCHEMA = "judge-verdict"
_FENCED = re.compile(r"```(?:json)?\s*(.*?)```", re.DOTALL)
_KEPT = ("judge_system_prompt", "judge_temperature", "judge_total_tokens", "judge_cost_usd", "tau2_reward")


def read(document: Document) -> Iterator[Arrival] | None:
    """One annotation by a machine a record: model and prompt together are the rater."""
    first = document.records[:20]
    return _read(document) if any(is_record(record, "simulation_id", "judge_response") for record in first) else None


def _read(document: Document) -> Iterator[Arrival]:
    raters: set[str] = set()
    for index, record in enumerate(document.records):
        try:
            annotation = _annotation(record)
        except BadRecord as error:
            named = f" (simulation_id {record.get('simulation_id')})" if isinstance(record, dict) else ""
            yield Rejected(f"{document.where(index)}{named}", str(error), record)
            continue
        if annotation.person not in raters:
            raters.add(annotation.person)
            yield Person(annotation.person, Role.MACHINE)
        yield annotation


def _annotation(record: Any) -> Annotation:
    check_json(record)
    uid = need(record, "simulation_id", str)
    said = _reply(need(record, "judge_response", str))
    word = need(said, "verdict", str).strip().lower()
    if word not in VERDICT_WORDS:
        raise BadRecord(f"its verdict is {word!r:.40}, which says neither pass nor fail: {', '.join(VERDICT_WORDS)} do")
    person = " ".join(filter(None, (maybe(record, "judge_model", str), maybe(record, "judge_prompt_name", str))))
    answers = {
        "verdict": VERDICT_WORDS[word],
        "word": word,
        "reason": maybe(said, "justification", str) or "",
        "issues": maybe(said, "issues", list) or [],
        "judge": {key: record[key] for key in _KEPT if record.get(key) is not None},
    }
    key = f"{NAME}/{content_hash([uid, person, answers], 40)}"
    return Annotation(uid, person or "a judge without a name", SCHEMA, answers, key=key)


def _reply(text: str) -> Mapping[str, Any]:
    """The object in a judge's reply, fenced or bare."""
    fenced = _FENCED.search(text)
    try:
        said = json.loads(fenced[1] if fenced else text)
        check_json(said)
    except (ValueError, RecursionError) as error:
        raise BadRecord(f"judge_response holds no JSON that can be read: {error}") from error
    if not isinstance(said, dict):
        raise BadRecord("judge_response holds JSON that is not an object")
    return said
