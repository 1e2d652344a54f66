"""Tables that no format takes: a person says which column is what, sees the runs that come of it, and imports them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import streamlit as st

from core.errors import InvalidInput, LoopwrightError
from core.ingest.accept import ImportOptions, import_paths
from core.ingest.document import Document, open_document, read_file
from core.ingest.formats.columns import columns_of, read
from core.ingest.mapping import PARTS, ColumnMapping, guess_mapping, problem_with
from core.records import Rejected, Signal, Trace
from core.tasks.outcome import outcome_of
from dashboard.process import index_due, store

LOOKED_AT = 2000
"""Rows that the preview reads; the import reads all."""

PREVIEWED = 5
FEW_VALUES = 20
FIRST = ("input", "output", "messages", "outcome", "expected", "trace_id")
TITLES = {
    "input": "Input",
    "output": "Output",
    "messages": "Messages",
    "role": "Role",
    "expected": "Expected output",
    "outcome": "Outcome or score",
    "trace_id": "Run",
    "task": "Task",
    "agent": "Agent",
    "version": "Version",
    "session": "Session",
    "user": "User",
    "time": "Time",
    "seconds": "Seconds",
    "cost": "Cost",
    "tokens_in": "Tokens read",
    "tokens_out": "Tokens written",
    "tags": "Tags",
}


@dataclass
class Unmapped:
    """Files with the same columns: where they stand, the first rows of the first one, and what came of them."""

    paths: list[Path]
    columns: tuple[str, ...]
    head: Document
    rows: int
    done: str = ""

    @property
    def name(self) -> str:
        """The name of the first file."""
        return self.paths[0].name

    @property
    def title(self) -> str:
        """The files in words."""
        more = len(self.paths) - 1
        return self.name if not more else f"{self.name} (and {more:,} more with the same columns)"


def unmapped(paths: Sequence[Path]) -> list[Unmapped]:
    """Those of the files that are tables, by their columns; the others are no concern of a mapping."""
    found: dict[frozenset[str], Unmapped] = {}
    for path in paths:
        try:
            document = open_document(path.name, read_file(path))
        except InvalidInput:
            continue
        columns = columns_of(document)
        rows = len(document.records) + len(document.broken)
        if same := found.get(frozenset(columns)):
            same.paths.append(path)
            same.rows += rows
        elif columns:
            head = replace(document, value=document.records[:LOOKED_AT], lines=document.lines[:LOOKED_AT])
            found[frozenset(columns)] = Unmapped([path], columns, head, rows)
    return list(found.values())


@st.dialog("What the columns are", width="large")
def choose_columns(tables: list[Unmapped], options: ImportOptions) -> None:
    """The choice for the first table that waits, with a live preview; then what came of its import."""
    table = next((one for one in tables if not one.done), None)
    if table is None:
        for one in tables:
            st.success(one.done, icon=":material/check_circle:")
        if st.button("Show the runs", type="primary", key="traces_mapped"):
            st.rerun()
        return
    rows = f"{table.rows:,} rows, {len(table.columns):,} columns"
    st.caption(f"{table.title}: {rows}. Columns for which nothing is chosen are kept with the run.")
    mapping = _choice(table)
    if problem := problem_with(mapping, table.columns):
        st.warning(f"Not yet: {problem}.", icon=":material/info:")
    else:
        _preview(table, mapping)
    if st.button("Import", type="primary", icon=":material/upload:", disabled=bool(problem), key="traces_map"):
        _remembered()[frozenset(table.columns)] = mapping
        with st.spinner("Importing …"):
            table.done = _import(table, replace(options, columns=mapping))
        st.rerun(scope="fragment")


def _remembered() -> dict[frozenset[str], ColumnMapping]:
    """The mappings that were used in this session, by the columns that they are of."""
    found: dict[frozenset[str], ColumnMapping] = st.session_state.setdefault("traces_mappings", {})
    return found


def _choice(table: Unmapped) -> ColumnMapping:
    first = next((row for row in table.head.records if isinstance(row, dict)), {})
    start = _remembered().get(frozenset(table.columns)) or guess_mapping(table.columns, first)
    chosen = dict(_selects(table, FIRST, start))
    success = _success(table, chosen["outcome"], start) if chosen["outcome"] else ()
    rest = [part for part in PARTS if part not in FIRST]
    known = [TITLES[part].lower() for part in rest if getattr(start, part)]
    with st.expander("More columns" + (f": {', '.join(known)} found" if known else "")):
        chosen |= dict(_selects(table, rest, start))
    return ColumnMapping(**chosen, success=success)


def _selects(table: Unmapped, parts: Sequence[str], start: ColumnMapping) -> Iterator[tuple[str, str]]:
    options = ["", *table.columns]
    places = st.columns(3)
    for number, part in enumerate(parts):
        column = places[number % 3].selectbox(
            TITLES[part],
            options,
            index=options.index(getattr(start, part)) if getattr(start, part) in options else 0,
            format_func=lambda name: name or "none",
            help=PARTS[part].capitalize() + ".",
            key=f"traces_map_{part}_{table.name}",
        )
        yield part, column or ""


def _success(table: Unmapped, column: str, start: ColumnMapping) -> tuple[str, ...]:
    cells = [row.get(column) for row in table.head.records if isinstance(row, dict)]
    values = list(dict.fromkeys(str(cell) for cell in cells if cell not in (None, "")))
    given = list(start.success) if start.outcome == column else []
    chosen = st.multiselect(
        f"Values of {column} that mean success",
        list(dict.fromkeys([*values[:FEW_VALUES], *given])),
        default=given,
        accept_new_options=True,
        placeholder="the usual ones: yes, true, pass, correct, 1; or choose, or write one such as >=0.5",
        help="With values chosen, every other value means failure.",
        key=f"traces_map_success_{table.name}_{column}",
    )
    return tuple(chosen)


def _preview(table: Unmapped, mapping: ColumnMapping) -> None:
    """The first runs as they would be stored, and how many rows would not be taken, with the reasons."""
    arrivals = list(read(table.head, mapping))
    traces = [one for one in arrivals if isinstance(one, Trace)]
    rejected = [*table.head.broken, *(one for one in arrivals if isinstance(one, Rejected))]
    looked = len(table.head.records) + len(table.head.broken)
    rows = f"{table.rows:,} {'row' if table.rows == 1 else 'rows'}"
    of = f"Of the first {looked:,} of {rows}" if looked < table.rows else f"Of {rows}"
    come = "comes **1 run**" if len(traces) == 1 else f"come **{len(traces):,} runs**"
    st.markdown(f"{of} {come}; **{len(rejected):,}** would be rejected.")
    if rejected:
        reasons = Counter(one.reason for one in rejected)
        places = {one.reason: one.record for one in reversed(rejected)}
        lines = [f"{places[reason]}{_others(number)}: {reason}" for reason, number in reasons.most_common(5)]
        st.text("\n".join([*lines, *(["and other reasons"] if len(reasons) > len(lines) else [])]))
    if traces:
        st.dataframe(pd.DataFrame([_as_row(one) for one in traces[:PREVIEWED]]), hide_index=True, width="stretch")


def _others(number: int) -> str:
    return "" if number == 1 else f" and {number - 1:,} more"


def _as_row(trace: Trace) -> dict[str, str | int]:
    said = [message.content for step in trace.steps for message in step.output if message.role == "assistant"]
    return {
        "Task": trace.task.title[:200] if trace.task else "",
        "Last answer": said[-1][:200] if said else "",
        "Outcome": _outcome(trace.signals[0]) if trace.signals else "",
        "Steps": len(trace.steps),
        "Agent": trace.agent,
        "Version": trace.version,
        "Kept": ", ".join(trace.attributes)[:100],
    }


def _outcome(signal: Signal) -> str:
    return f"{signal.value}: {outcome_of([], [signal])[0]}"


def _import(table: Unmapped, options: ImportOptions) -> str:
    try:
        report = import_paths(store(), table.paths, options)
    except LoopwrightError as error:
        return f"{table.title}: nothing was imported. {error.message}"
    index_due.set()
    counts = {name: report.counts[name] for name in ("traces", "steps", "signals") if report.counts[name]}
    told = [f"{n:,} {name if n > 1 else name[:-1]}" for name, n in counts.items()]
    said = "arrived: " + ", ".join(told) if told else "nothing new"
    if repeated := report.counts["duplicates"]:
        said += f"; {repeated:,} were here already"
    if report.rejected:
        one = report.rejected[0]
        n = len(report.rejected)
        rejected = "1 row was rejected, at" if n == 1 else f"{n:,} rows were rejected, the first at"
        said += f"; {rejected} {one.record}: {one.reason}"
    return f"{table.title}: {said}."
