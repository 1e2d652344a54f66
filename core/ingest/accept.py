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
from typing import TypeVar

from sqlalchemy.orm import Session

from core.errors import InvalidInput, LoopwrightError
from core.ingest.document import Document, files_in, open_document, read_file
from core.ingest.formats import FORMATS, GROWING, columns
from core.ingest.labels import Labels, name_of
from core.ingest.reading import BadRecord
from core.ingest.report import ImportOptions, ImportReport, RejectedRecord, first, since
from core.ingest.rules import Rules, rules_of
from core.ingest.semantics import merge_steps
from core.ingest.sound import check
from core.records import (
    Aggregate,
    Arrival,
    LabelSchema,
    Lesson,
    Pair,
    Person,
    Preference,
    Rejected,
    Resolution,
    Result,
    Trace,
    Version,
)
from core.redact import Policy, redactor
from core.review.queues import enqueue
from core.store.catalog import set_version, task_ids
from core.store.engine import Store
from core.store.imports import log_import
from core.store.intake import Came, add_refusals, count_intake
from core.store.items import refresh_items
from core.store.pairs import insert_pairs
from core.store.recalls import name_by_key, name_runs, recalls_named
from core.store.signals import add_signals, attach_signals
from core.store.suites import add_tasks
from core.store.tables import ItemRow
from core.store.text_search import index_due
from core.store.trace_writing import insert_traces
from core.store.traces import find_trace
from core.store.trials import attach_results
from core.tasks.outcome import refresh_outcomes

__all__ = ["ImportOptions", "ImportReport", "import_document", "import_paths"]

BATCH_TRACES = 100
BATCH_LABELS = 1000
BATCH_WORDS = 2000
KEPT = 1000
"""Refused records of one file that are kept."""

FILES = "files"
LAST_TURN = 2

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
    for turn in range(LAST_TURN + 1):
        for name, later in labels:
            _accept_labels(store, name, [one for one in later if _turn(one) == turn], options, report)
    index_words(store)
    return report


def import_document(store: Store, name: str, data: bytes, options: ImportOptions) -> ImportReport:
    """Import one file that was handed over as bytes, such as an upload."""
    _check_format(options)
    report = ImportReport()
    later = sorted(_import_data(store, name, lambda: data, options, report), key=_turn)
    _accept_labels(store, name, later, options, report)
    index_words(store)
    return report


def _turn(arrival: Arrival) -> int:
    """When a record is written: people, pairs and schemas first, for labels point at them; resolutions and lessons
    last, once all is here that they adopt or that may speak against them."""
    if isinstance(arrival, (Person, Pair, LabelSchema)):
        return 0
    return LAST_TURN if isinstance(arrival, (Resolution, Lesson)) else 1


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
        _log(store, name, "", Counter(report.counts), len(report.rejected) - 1, options, report)
        return []
    before, seen = Counter(report.counts), len(report.rejected)
    for broken in document.broken:
        report.reject(name, broken.record, broken.reason)
    later: list[Arrival] = []
    with store.reading() as session:
        rules = rules_of(session)
    traces = _traces_of(arrivals, later, name, options, report, rules)
    _in_batches(traces, BATCH_TRACES, lambda batch: _accept_traces(store, batch, options, report))
    _log(store, name, format_name, before, seen, options, report)
    return later


def _log(
    store: Store,
    name: str,
    format_name: str,
    before: Counter[str],
    seen: int,
    options: ImportOptions,
    report: ImportReport,
) -> None:
    report.formats[name] = format_name
    counts, rejected = since(before, report.counts), report.rejected[seen:]
    with store.session() as session:
        log_import(session, name, format_name, counts, first(rejected))
        if not options.replayed:
            _keep_refused(session, name, format_name, rejected)
        came = Came(counts.get("steps", 0), counts.get("duplicates", 0), len(rejected))
        count_intake(session, {(FILES, options.agent): came})


def _keep_refused(session: Session, name: str, format_name: str, rejected: Sequence[RejectedRecord]) -> None:
    """Keep the first refused records of a file for a replay, without what must not be stored."""
    by = redactor(rules_of(session).policies.get("", Policy()))
    refused = [
        Rejected(by.text(one.record)[0], by.text(one.reason)[0], by.value(one.body)[0]) for one in rejected[:KEPT]
    ]
    add_refusals(session, FILES, refused, name, format_name)


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
    arrivals: Iterator[Arrival],
    later: list[Arrival],
    name: str,
    options: ImportOptions,
    report: ImportReport,
    rules: Rules,
) -> Iterator[Trace]:
    for arrival in arrivals:
        if isinstance(arrival, Rejected):
            report.reject(name, arrival.record, arrival.reason, arrival.body)
            continue
        try:
            check(arrival)
        except BadRecord as error:
            report.reject(name, name_of(arrival), str(error))
            continue
        if isinstance(arrival, (Trace, Result, Aggregate)):
            agent, version = options.agent or arrival.agent, options.version or arrival.version
            arrival = replace(arrival, agent=agent, version=version)
        arrival = rules.applied(arrival)
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
        name_runs(session, recalls_named(told))
        name_by_key(session, list(new))
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
        labels = Labels(session, made)
        for arrival in batch:
            try:
                labels.accept(arrival)
            except LoopwrightError as error:
                report.reject(name, name_of(arrival), error.message)
        labels.write_preferences([one for one in batch if isinstance(one, Preference)], name, report)
        labels.write_results([one for one in batch if isinstance(one, Result)], name, options, report)
        labels.write_aggregates([one for one in batch if isinstance(one, Aggregate)])
        refresh_outcomes(session, list(labels.traces))
        refresh_items(session, ItemRow.trace_id, list(labels.traces))
        refresh_items(session, ItemRow.pair_id, list(labels.pairs))
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
