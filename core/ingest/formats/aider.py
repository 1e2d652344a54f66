"""aider's leaderboards: one row a dated benchmark run of a model, with its rate and no results of single tasks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from core.clock import parse_time
from core.ingest.document import Document
from core.ingest.reading import BadRecord, check_json, count, is_record, need, number
from core.records import Aggregate, Arrival, Rejected

NAME = "aider"
_KEYS = ("dirname", "test_cases", "model", "pass_rate_2")
_NOTED = ("versions", "commit_hash", "pass_rate_1", "percent_cases_well_formed")

ROUNDED = 0.06
"""Points by which a published rate may differ from its own counts: rates are rounded to a tenth."""


def read(document: Document) -> Iterator[Arrival] | None:
    """One aggregate a row; `<name>_leaderboard.yml` says which benchmark, for no row does."""
    return _read(document) if any(is_record(record, *_KEYS) for record in document.records[:20]) else None


def _read(document: Document) -> Iterator[Arrival]:
    stem, is_board, _ = PurePath(document.name).name.partition("_leaderboard")
    benchmark = f"{NAME}/{stem}" if is_board else NAME
    for index, record in enumerate(document.records):
        try:
            yield _aggregate(record, benchmark)
        except BadRecord as error:
            named = f" ({record.get('dirname')})" if isinstance(record, dict) else ""
            yield Rejected(f"{document.where(index)}{named}", str(error), record)


def _aggregate(record: Any, benchmark: str) -> Aggregate:
    check_json(record)
    percent = float(need(record, "pass_rate_2", int, float))
    n = need(record, "test_cases", int)
    if not 0 <= percent <= 100:
        raise BadRecord(f"pass_rate_2 is {percent!r:.20}, not between 0 and 100")
    if n < 1:
        raise BadRecord(f"test_cases is {n}, not a number of tasks")
    form = record.get("edit_format")
    seconds = number(record.get("seconds_per_case"))
    return Aggregate(
        aggregate_id=f"{benchmark}/{need(record, 'dirname', str)}",
        agent=NAME,
        version=f"{need(record, 'model', str)} ({form})" if form else need(record, "model", str),
        benchmark=benchmark,
        rate=percent / 100,
        source=NAME,
        n=n,
        date=parse_time(record.get("date")),
        cost=_a_task(record.get("total_cost"), n),
        seconds=seconds or None,
        note=_note(record, percent, n),
    )


def _a_task(total: Any, n: int) -> float | None:
    """US dollars a task; 0 is what an unpriced model costs there."""
    dollars = number(total)
    return dollars / n if dollars else None


def _note(record: Mapping[str, Any], percent: float, n: int) -> str:
    said = [_disagrees(record, percent, n), _partial(record, n)]
    said += [f"{key}: {record[key]}" for key in _NOTED if record.get(key) not in (None, "")]
    return "; ".join(filter(None, said))


def _disagrees(record: Mapping[str, Any], percent: float, n: int) -> str:
    passed = count(record.get("pass_num_2"))
    if passed is None or abs(100 * passed / n - percent) <= ROUNDED:
        return ""
    return f"its rate of {percent:g} % disagrees with its own counts: {passed} of {n} are {100 * passed / n:.1f} %"


def _partial(record: Mapping[str, Any], n: int) -> str:
    total = count(record.get("total_tests"))
    return f"run on {n} of {total} tasks" if total is not None and total > n else ""
