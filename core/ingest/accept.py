"""Accepts files into the store: containers checked first, then whole records, batch by batch, each batch one commit.

A batch is as large as can be written in about `LONGEST_WRITE`, so that a reviewer's own write never waits long for an
import. All traces and pairs of a call come before the labels that point at them, whatever the order of its files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from core.clock import content_hash, now
from core.errors import InvalidInput, LoopwrightError
from core.ingest.document import Document, files_in, open_document, read_file
from core.ingest.formats import FORMATS, GROWING, columns
from core.ingest.reading import BadRecord
from core.ingest.report import ImportOptions, ImportReport, first, since
from core.ingest.semantics import merge_steps
from core.ingest.sound import check
from core.records import (
    Aggregate,
    Annotation,
    Arrival,
    Lesson,
    LessonState,
    LoggedRecall,
    Pair,
    Person,
    Preference,
    Rejected,
    Result,
    Signal,
    Trace,
    Version,
)
from core.review.queues import enqueue
from core.review.ready_made import READY_MADE
from core.store import queues
from core.store.annotations import add_annotation, annotation_with_key
from core.store.catalog import set_version, task_ids
from core.store.engine import Store
from core.store.imports import log_import
from core.store.lessons import add_lesson
from core.store.pairs import find_pairs, import_preferences, insert_pairs
from core.store.people import person_id
from core.store.recalls import log_recall
from core.store.schemas import newest_schema_id, save_schema
from core.store.signals import add_signals, attach_signals
from core.store.suites import add_tasks
from core.store.text_search import index_due
from core.store.trace_writing import insert_traces
from core.store.traces import find_trace, unknown_steps
from core.store.trials import ONE_FAILED_RUN, add_aggregates, add_results, attach_results, failed_run
from core.tasks.outcome import refresh_outcomes

__all__ = ["ImportOptions", "ImportReport", "import_document", "import_paths"]

BATCH_TRACES = 100
BATCH_LABELS = 1000
BATCH_WORDS = 2000

LONGEST_WRITE = 0.5
"""Seconds: the first batch is a twentieth of the largest, each next one as large as the one before says it may be."""

Progress = Callable[[str, int, int], None]
Record = TypeVar("Record")


def import_paths(
    store: Store, paths: Sequence[Path], options: ImportOptions, progress: Progress | None = None
) -> ImportReport:
    """Import files and folders; raises InvalidInput for a path that is not there and an unknown format."""
    _check_format(options)
    files = [file for path in paths for file in files_in(path)]
    report = ImportReport()
    labels: list[tuple[str, list[Arrival]]] = []
    for done, file in enumerate(files):
        if progress is not None:
            progress(file.name, done, len(files))
        later = _import_data(store, str(file), partial(read_file, file), options, report)
        if later:
            labels.append((str(file), later))
    for of_pairs in (True, False):
        for name, later in labels:
            chosen = [one for one in later if isinstance(one, Pair) is of_pairs]
            _accept_labels(store, name, chosen, options, report)
    index_words(store)
    return report


def import_document(store: Store, name: str, data: bytes, options: ImportOptions) -> ImportReport:
    """Import one file that was handed over as bytes, such as an upload."""
    _check_format(options)
    report = ImportReport()
    _accept_labels(store, name, _import_data(store, name, lambda: data, options, report), options, report)
    index_words(store)
    return report


def index_words(store: Store) -> None:
    """Bring every stored step into the text index, some at a time so that nobody waits long for the database."""
    n = BATCH_WORDS
    while n == BATCH_WORDS:
        with store.session() as session:
            n = index_due(session, BATCH_WORDS)


def _check_format(options: ImportOptions) -> None:
    if options.format and options.format not in FORMATS:
        raise InvalidInput(f"There is no format {options.format}. Formats are: {', '.join(FORMATS)}.", field="format")


def _import_data(
    store: Store, name: str, data: Callable[[], bytes], options: ImportOptions, report: ImportReport
) -> list[Arrival]:
    """Read one file and accept its traces; what points at traces comes back for later."""
    try:
        document = open_document(name, data())
        format_name, arrivals = _recognised(document, options)
    except (InvalidInput, OSError) as error:
        report.reject(name, "whole file", str(error))
        _log(store, name, "", Counter(report.counts), len(report.rejected) - 1, report)
        return []
    before, seen = Counter(report.counts), len(report.rejected)
    for broken in document.broken:
        report.reject(name, broken.record, broken.reason)
    later: list[Arrival] = []
    traces = _traces_of(arrivals, later, name, options, report)
    _in_batches(traces, BATCH_TRACES, lambda batch: _accept_traces(store, batch, options, report))
    _log(store, name, format_name, before, seen, report)
    return later


def _log(store: Store, name: str, format_name: str, before: Counter[str], seen: int, report: ImportReport) -> None:
    report.formats[name] = format_name
    with store.session() as session:
        log_import(session, name, format_name, since(before, report.counts), first(report.rejected[seen:]))


def _recognised(document: Document, options: ImportOptions) -> tuple[str, Iterator[Arrival]]:
    if options.columns is not None:
        return columns.NAME, columns.read(document, options.columns)
    for name, read in FORMATS.items():
        if options.format in ("", name):
            arrivals = read(document)
            if arrivals is not None:
                return name, arrivals
    wanted = f"it is not {options.format}" if options.format else "it is no format that Loopwright reads"
    mapped = ". What its columns mean can be said with --column or on the Traces page"
    raise InvalidInput(
        f"{wanted}: it holds {_looks_like(document)}. Formats are: {', '.join(FORMATS)}"
        + (mapped if columns.columns_of(document) else "")
    )


def _looks_like(document: Document) -> str:
    if document.members:
        return f"a zip of {len(document.members):,} files, such as {next(iter(document.members))}"
    record = document.records[0] if document.records else None
    if isinstance(record, dict):
        keys = ", ".join(sorted(map(str, record))[:8])
        return f"objects with the keys {keys}" if keys else "empty objects"
    return "no record" if record is None else f"{type(record).__name__} values"


def _traces_of(
    arrivals: Iterator[Arrival], later: list[Arrival], name: str, options: ImportOptions, report: ImportReport
) -> Iterator[Trace]:
    for arrival in arrivals:
        if isinstance(arrival, Rejected):
            report.reject(name, arrival.record, arrival.reason)
            continue
        try:
            check(arrival)
        except BadRecord as error:
            report.reject(name, _name(arrival), str(error))
            continue
        if isinstance(arrival, (Trace, Result, Aggregate)):
            agent, version = options.agent or arrival.agent, options.version or arrival.version
            arrival = replace(arrival, agent=agent, version=version)
        if isinstance(arrival, Trace):
            yield arrival
        else:
            later.append(arrival)


def _in_batches(records: Iterator[Record], largest: int, accept: Callable[[list[Record]], None]) -> None:
    size = largest // 20
    while batch := list(islice(records, size)):
        start = perf_counter()
        accept(batch)
        seconds = max(perf_counter() - start, 0.001)
        size = max(1, min(largest, int(len(batch) * LONGEST_WRITE / seconds)))


def _accept_traces(store: Store, traces: list[Trace], options: ImportOptions, report: ImportReport) -> None:
    with store.session() as session:
        whole = insert_traces(session, [trace for trace in traces if trace.source not in GROWING])
        grown = insert_traces(session, [trace for trace in traces if trace.source in GROWING], merge_steps)
        new, touched = whole.traces | grown.traces, whole.traces | grown.traces | grown.grown
        told = [trace for trace in traces if trace.trace_id in touched or trace.source in GROWING]
        signals = add_signals(session, [signal for trace in told for signal in trace.signals])
        attach_signals(session, list(new))
        resulted = attach_results(session, list(new.values()))
        judged = [find_trace(session, trace.trace_id) for trace in told if trace.signals]
        refresh_outcomes(session, [*touched.values(), *filter(None, judged)])
        enqueue(session, list(new.values()))
        for agent, version in {(trace.agent, trace.version) for trace in traces}:
            set_version(session, Version(agent, version, options.version_date, options.base))
        if options.suite:
            tasks = task_ids(session, [trace.task for trace in traces if trace.task is not None])
            add_tasks(session, options.suite, tasks.values())
    report.counts.update(
        traces=len(new),
        steps=whole.steps + grown.steps,
        signals=len(signals) + len(resulted),
        duplicates=whole.duplicate_traces + whole.duplicate_steps + grown.duplicate_traces,
    )


def _accept_labels(
    store: Store, name: str, arrivals: list[Arrival], options: ImportOptions, report: ImportReport
) -> None:
    _in_batches(iter(arrivals), BATCH_LABELS, lambda batch: _accept_batch(store, name, batch, options, report))


def _accept_batch(store: Store, name: str, batch: list[Arrival], options: ImportOptions, report: ImportReport) -> None:
    with store.session() as session:
        made: Counter[str] = Counter()
        pairs = [one for one in batch if isinstance(one, Pair)]
        _accept_pairs(session, name, pairs, made, report)
        labels = _Labels(session, made)
        for arrival in batch:
            try:
                labels.accept(arrival)
            except LoopwrightError as error:
                report.reject(name, _name(arrival), error.message)
        labels.write_preferences([one for one in batch if isinstance(one, Preference)], name, report)
        labels.write_results([one for one in batch if isinstance(one, Result)], name, options, report)
        labels.write_aggregates([one for one in batch if isinstance(one, Aggregate)])
        refresh_outcomes(session, list(labels.traces))
        queues.refresh_items(session, "trace", list(labels.traces))
        queues.refresh_items(session, "pair", list(labels.pairs))
    report.counts.update(made)


def _accept_pairs(session: Session, name: str, pairs: list[Pair], made: Counter[str], report: ImportReport) -> None:
    sound = []
    for pair in pairs:
        missing = [uid for uid in (pair.trace_a, pair.trace_b) if uid and find_trace(session, uid) is None]
        if missing:
            report.reject(name, f"pair {pair.pair_id}", f"it points at trace {missing[0]}, which is not here")
        else:
            sound.append(pair)
    inserted = insert_pairs(session, sound)
    enqueue(session, [], list(inserted.values()))
    made.update(pairs=len(inserted), duplicates=len(sound) - len(inserted))


class _Labels:
    """What one batch of labels writes; `traces` and `pairs` are the row ids that it touched."""

    def __init__(self, session: Session, made: Counter[str]) -> None:
        self.session, self.made = session, made
        self.traces: set[int] = set()
        self.pairs: set[int] = set()
        self._people: dict[str, int] = {}

    def accept(self, arrival: Arrival) -> None:
        """Write one record; raises a LoopwrightError with the reason when it cannot be taken."""
        if isinstance(arrival, Person):
            person_id(self.session, arrival.name, arrival.role)
        elif isinstance(arrival, Version):
            set_version(self.session, arrival)
        elif isinstance(arrival, Signal):
            self._signal(arrival)
        elif isinstance(arrival, Annotation):
            self._annotation(arrival)
        elif isinstance(arrival, Lesson):
            self._lesson(arrival)
        elif isinstance(arrival, LoggedRecall):
            added = log_recall(self.session, arrival)
            self.made.update(recalls=int(added), duplicates=int(not added))

    def _person(self, name: str) -> int:
        if name not in self._people:
            self._people[name] = person_id(self.session, name)
        return self._people[name]

    def _signal(self, signal: Signal) -> None:
        added = len(add_signals(self.session, [signal]))
        self.made.update(signals=added, duplicates=1 - added)
        self.traces.update(filter(None, [find_trace(self.session, signal.trace_id)]))

    def _annotation(self, annotation: Annotation) -> None:
        annotation = self._of_one_run(annotation)
        trace = find_trace(self.session, annotation.trace_id)
        if trace is None:
            raise InvalidInput(f"it points at trace {annotation.trace_id}, which is not here: import the trace first")
        said = [annotation.trace_id, annotation.person, annotation.schema]
        key = annotation.key or "content:" + content_hash(said, 40)
        if annotation_with_key(self.session, key) is not None:
            self.made.update(duplicates=1)
            return
        steps = [mark.step_id for mark in annotation.marks] + [one.step_id for one in annotation.corrections]
        if unknown := unknown_steps(self.session, trace, steps):
            raise InvalidInput(f"it points at step {unknown[0]}, which trace {annotation.trace_id} does not have")
        ready = READY_MADE.get(annotation.schema)
        schema = save_schema(self.session, ready) if ready else newest_schema_id(self.session, annotation.schema)
        if schema is None:
            raise InvalidInput(f"there is no label schema {annotation.schema}; there are {', '.join(READY_MADE)}")
        person, at = self._person(annotation.person), annotation.submitted_at or now()
        add_annotation(self.session, trace, person, (schema, annotation.schema), replace(annotation, key=key), at)
        self.made.update(annotations=1, marks=len(annotation.marks))
        self.traces.add(trace)

    def _of_one_run(self, annotation: Annotation) -> Annotation:
        """The annotation with its run's whole id, where it says only how the id of a failed run begins."""
        uid = annotation.trace_id
        if not uid.endswith(ONE_FAILED_RUN) or find_trace(self.session, uid) is not None:
            return annotation
        found = failed_run(self.session, uid)
        if len(found) != 1:
            said = f"{len(found)} failed runs have" if found else "no failed run has"
            raise InvalidInput(f"it means the one failed run with an id like {uid}, and {said}: import that run first")
        return replace(annotation, trace_id=found[0])

    def write_results(self, results: list[Result], name: str, options: ImportOptions, report: ImportReport) -> None:
        """Write all results of the batch: on the runs that they mean, or by themselves."""
        done = add_results(self.session, results)
        for result, reason in done.refused:
            report.reject(name, _name(result), reason)
        for agent, version in {(one.agent, one.version) for one in results}:
            set_version(self.session, Version(agent, version, options.version_date, options.base))
        if options.suite and done.tasks:
            add_tasks(self.session, options.suite, done.tasks)
        self.made.update(results=done.rows, signals=done.signals, duplicates=done.repeated)
        self.traces |= done.traces

    def write_aggregates(self, aggregates: list[Aggregate]) -> None:
        """Write the published rates of the batch."""
        added = add_aggregates(self.session, aggregates)
        self.made.update(aggregates=added, duplicates=len(aggregates) - added)

    def write_preferences(self, preferences: list[Preference], name: str, report: ImportReport) -> None:
        """Write all preferences of the batch at once; one about a pair that is not there is rejected."""
        pairs = find_pairs(self.session, [one.pair_id for one in preferences])
        for one in preferences:
            if one.pair_id not in pairs:
                report.reject(name, _name(one), "its pair is not here: import the pair first")
        known = [(one, pairs[one.pair_id], self._person(one.person)) for one in preferences if one.pair_id in pairs]
        added = import_preferences(self.session, known)
        self.made.update(preferences=added, duplicates=len(known) - added)
        self.pairs.update(pair for _, pair, _ in known)

    def _lesson(self, lesson: Lesson) -> None:
        decider = None
        if lesson.state is not LessonState.PROPOSED:
            if not lesson.decided_by:
                raise InvalidInput(f"it is {lesson.state}, and decided_by does not say who decided that")
            decider = self._person(lesson.decided_by)
        added = add_lesson(self.session, lesson, self._person(lesson.person or "unknown"), decided_by=decider)
        self.made.update(lessons=int(added), duplicates=int(not added))


def _name(arrival: Any) -> str:
    kind = type(arrival).__name__.lower()
    keys = [
        getattr(arrival, key)
        for key in ("trace_id", "pair_id", "lesson_id", "recall_id", "result_id", "aggregate_id", "person", "name")
        if hasattr(arrival, key)
    ]
    return f"{kind} {' by '.join(str(key) for key in keys[:2])}"
