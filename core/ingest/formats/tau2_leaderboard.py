"""tau2-bench's leaderboard: what an author published for an agent, per domain, without the runs behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from core.clock import content_hash, parse_time
from core.ingest.document import Document
from core.ingest.reading import BadRecord, check_json, is_record, maybe, need, number
from core.records import Aggregate, Arrival, Rejected

NAME = "tau2-leaderboard"
_PASSES = (1, 2, 3, 4)


def read(document: Document) -> Iterator[Arrival] | None:
    """One aggregate for each domain and each pass^k that was published; pass^1 carries the cost of a task."""
    if not any(is_record(record, "model_name", "submission_date", "results") for record in document.records[:20]):
        return None
    return _read(document)


def _read(document: Document) -> Iterator[Arrival]:
    for index, record in enumerate(document.records):
        try:
            yield from _aggregates(record)
        except BadRecord as error:
            named = f" (model_name {record.get('model_name')})" if isinstance(record, dict) else ""
            yield Rejected(f"{document.where(index)}{named}", str(error), record)


def _aggregates(record: Any) -> list[Aggregate]:
    check_json(record)
    model = need(record, "model_name", str)
    by = str(record.get("submitting_organization") or record.get("organization") or "")
    effort = maybe(record, "reasoning_effort", str)
    method = maybe(record, "methodology", dict) or {}
    date = parse_time(method.get("evaluation_date")) or parse_time(record.get("submission_date"))
    if date is None:
        raise BadRecord("neither methodology.evaluation_date nor submission_date is a date")
    version = f"{model} ({effort})" if effort else model
    said = content_hash(record, 16)
    results = need(record, "results", dict)
    domains = {domain: maybe(results, domain, dict) or {} for domain in results}
    return [
        Aggregate(
            aggregate_id=f"{NAME}/{said}/{domain}/{k}",
            agent=NAME,
            version=f"{version}, {by}" if by else version,
            benchmark=f"tau2/{domain}" + (f" pass^{k}" if k > 1 else ""),
            rate=_share(percent, f"results.{domain}.pass_{k}"),
            source=NAME,
            date=date,
            cost=(number(published.get("cost")) or None) if k == 1 else None,
            note=_note(record, method, published),
        )
        for domain, published in domains.items()
        for k in _PASSES
        if (percent := maybe(published, f"pass_{k}", int, float)) is not None
    ]


def _share(percent: float, where: str) -> float:
    if not 0 <= percent <= 100:
        raise BadRecord(f"{where} is {percent!r:.20}, not between 0 and 100")
    return percent / 100


def _note(record: Mapping[str, Any], method: Mapping[str, Any], published: Mapping[str, Any]) -> str:
    """What makes two rates unlike: who simulated the user, which benchmark, changed prompts."""
    checked = maybe(method, "verification", dict) or {}
    changed = maybe(checked, "modified_prompts", bool)
    said = {
        "user simulator": method.get("user_simulator"),
        "tau2-bench": method.get("tau2_bench_version"),
        "retrieval": published.get("retrieval_config"),
        "submission": record.get("submission_type"),
        "prompts changed": {True: "yes", False: "no", None: ""}[changed],
    }
    return "; ".join(f"{name}: {value}" for name, value in said.items() if value)
