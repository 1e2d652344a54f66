"""AgentRx: tau-bench runs in a file of their own kind, and analyses of the failed ones with every failure and its root.

An analysis names its run by the task's number alone. It belongs to the failed run of that task among AgentRx's runs, of
which there has to be exactly one; these runs carry the number in their id, so that it is found in the store.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from core.clock import content_hash
from core.ingest.document import Document
from core.ingest.formats import tau_bench
from core.ingest.reading import BadRecord, check_json, is_record, maybe, need
from core.records import Annotation, Arrival, Mark, Person, Rejected, Role, Trace
from core.store.trials import ONE_FAILED_RUN

NAME = "agentrx"
PERSON = "agentrx-expert"


def read(document: Document) -> Iterator[Arrival] | None:
    """A list of runs, or a list of analyses."""
    first = document.records[:20]
    if any(tau_bench.is_run(record) and "records" in record for record in first):
        return map(_own, tau_bench.read_runs(document))
    if any(is_record(record, "trajectory_id", "failures") for record in first):
        return _read(document)
    return None


def _own(arrival: Arrival) -> Arrival:
    """The run of an agent of its own, under an id that begins with its task's number; its `trial` counts records."""
    if not isinstance(arrival, Trace):
        return arrival
    uid = f"{NAME}-{arrival.attributes['task_id']}-{arrival.trace_id.rpartition('-')[2]}"
    signals = tuple(replace(signal, trace_id=uid, key=f"{uid}/{signal.name}") for signal in arrival.signals)
    return replace(arrival, trace_id=uid, source=NAME, agent=NAME, trial=None, signals=signals)


def _read(document: Document) -> Iterator[Arrival]:
    yield Person(PERSON, Role.ANNOTATOR)
    for index, record in enumerate(document.records):
        named = f" (trajectory_id {record.get('trajectory_id')})" if isinstance(record, dict) else ""
        try:
            yield _annotation(record)
        except BadRecord as error:
            yield Rejected(f"{document.where(index)}{named}", str(error), record)


def _annotation(record: Any) -> Annotation:
    check_json(record)
    task = need(record, "trajectory_id", int, str)
    failures = [_Failure(failure) for failure in need(record, "failures", list)]
    root = maybe(record, "root_cause", dict) or {}
    marks = [failure.mark for failure in failures]
    answers: dict[str, Any] = {"summary": maybe(record, "failure_summary", str) or ""}
    answers["failed_agent"] = sorted({failure.agent for failure in failures if failure.agent})
    if root:
        caused = [failure for failure in failures if failure.id == root.get("failure_id")]
        if len(caused) != 1:
            raise BadRecord(f"root_cause.failure_id is {root.get('failure_id')!r:.40}, and no failure has that id")
        why = maybe(root, "reason_for_root_cause", str) or ""
        marks.append(Mark("root_cause", caused[0].mark.step_id, "root cause", comment=why))
    uid = f"{NAME}-{task}-{ONE_FAILED_RUN}"
    return Annotation(uid, PERSON, NAME, answers, tuple(marks), key=f"{NAME}/{content_hash(record, 40)}")


class _Failure:
    """One failure; its step is counted from 1 in the file and from 0 in the run's step ids."""

    def __init__(self, failure: Any) -> None:
        step = need(failure, "step_number", int)
        if step < 1:
            raise BadRecord(f"step_number is {step}; AgentRx counts steps from 1")
        self.id = failure.get("failure_id")
        self.agent = maybe(failure, "failed_agent", str) or ""
        reasons = [maybe(failure, key, str) for key in ("step_reason", "category_reason")]
        said = "\n".join(filter(None, [self.agent and f"Failed: {self.agent}.", *reasons]))
        self.mark = Mark("failures", str(step - 1), need(failure, "failure_category", str).strip(), comment=said)
