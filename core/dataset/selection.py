"""Each candidate becomes a row, or is left out once, for one reason.

The gates that need no text are asked first. What is left is read some at a time, and what passes waits on disk: of a
large dataset memory holds the evidence, never the texts.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import overload

from sqlalchemy.orm import Session

from core.dataset.asked import Asked, asked_of
from core.dataset.candidates import Candidate, Excluded, Problem, Row, Texts
from core.dataset.definition import ALL_RUNS, Definition
from core.dataset.formats import FORMATS
from core.dataset.gates import DUPLICATES, Gate, by_evidence, gates_of, row_text
from core.dataset.lines import json_line
from core.dataset.spool import Spool
from core.similarity.near_duplicates import near_repeats
from core.store.datasets import pair_texts, run_texts
from core.store.dialect import parts
from core.store.trace_filter import trace_ids

_BATCH = 200

SHOWN = 500
"""Of what a gate stopped, what a page can show one by one; all of it stands in the file of a version."""


class Rows(Sequence[Row]):
    """The rows that a selection lets through; their lines stand on disk."""

    def __init__(self, candidates: Sequence[Candidate], lines: Spool, places: Sequence[int]) -> None:
        self.candidates, self._lines, self._places = candidates, lines, places

    def __len__(self) -> int:
        return len(self.candidates)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(len(self)))]
        return Row(self.candidates[index], json.loads(self._lines[self._places[index]]))

    def lines(self) -> Iterator[bytes]:
        """Each row as its line of JSONL."""
        return (self._lines[place] for place in self._places)


@dataclass(frozen=True, slots=True)
class Selection:
    """Every candidate once: in the rows or among the excluded, both in the order of the candidates' keys."""

    definition: Definition
    rows: Rows
    excluded: Sequence[Excluded]

    @property
    def candidates(self) -> int:
        """How many there were."""
        return len(self.rows) + len(self.excluded)

    @property
    def reasons(self) -> dict[str, int]:
        """Gate → how many it stopped, in the order of the gates; only those that stopped any."""
        counts = Counter(each.gate for each in self.excluded)
        return {gate.name: counts[gate.name] for gate in gates_of(self.definition.format) if counts[gate.name]}


@dataclass(frozen=True, slots=True)
class Overview:
    """A selection as a page keeps it: its rows without their text, and for each gate the first that it stopped, by key.

    Whatever a page keeps is looked through for garbage each time that any page is drawn. Where texts were not `read`,
    more rows may be left out than is known yet.
    """

    definition: Definition
    rows: Sequence[Candidate]
    candidates: int
    reasons: Mapping[str, int]
    stopped: Mapping[str, Sequence[Excluded]]
    read: bool = True


def overview(selection: Selection, read: bool = True) -> Overview:
    """What a page keeps of a selection: up to `SHOWN` of what each gate stopped."""
    stopped: dict[str, list[Excluded]] = {}
    for one in selection.excluded:
        by_gate = stopped.setdefault(one.gate, [])
        if len(by_gate) < SHOWN:
            by_gate.append(one)
    kept = (selection.rows.candidates, selection.candidates, selection.reasons, stopped)
    return Overview(selection.definition, *kept, read)


Progress = Callable[[str, int, int], None]
"""Told what is being done, and how much of how much (0 of 0: not known); what it raises ends the work."""


def quietly(doing: str, done: int, total: int) -> None:
    """Tell nobody."""


def select(session: Session, definition: Definition, progress: Progress = quietly) -> Selection:
    """The rows of a definition as the database stands, and everything that was left out."""
    progress("asking what speaks for each candidate", 0, 0)
    return select_from(session, definition, _found(session, definition), progress)


def look(session: Session, definition: Definition, most: int) -> Overview:
    """What a page keeps of the same; the gates that read texts are not asked of more than so many candidates."""
    found = _found(session, definition)
    if len(found) <= most:
        return overview(select_from(session, definition, found))
    asked = asked_of(session, definition.reviewers, definition.agreement)
    left, excluded = _without_text(definition, found, asked)
    return overview(Selection(definition, Rows(left, Spool(), ()), excluded), read=False)


def _found(session: Session, definition: Definition) -> list[Candidate]:
    """The candidates that a definition means."""
    among = None if definition.runs == ALL_RUNS else trace_ids(session, definition.runs)
    found = [candidate for source in FORMATS[definition.format].sources for candidate in source(session, among)]
    return [one for one in found if _is_meant(one, definition)]


def _is_meant(candidate: Candidate, definition: Definition) -> bool:
    if definition.sources and candidate.source not in definition.sources:
        return False
    under = {label.schema.partition("@")[0] for label in candidate.labels} if definition.schemas else set()
    return not definition.schemas or not under.isdisjoint(definition.schemas)


def select_from(
    session: Session, definition: Definition, found: Sequence[Candidate], progress: Progress = quietly
) -> Selection:
    """The same of these candidates alone."""
    asked = asked_of(session, definition.reviewers, definition.agreement)
    left, excluded = _without_text(definition, found, asked)
    kept: list[Candidate] = []
    good: list[bool] = []
    lines, texts = Spool(), Spool()
    with_text = [gate for gate in gates_of(definition.format) if gate.reads and definition.gates[gate.name]]
    for n, row in enumerate(read_rows(session, definition.format, left)):
        progress("reading what they say", n, len(left))
        stopped = _stopped(row, with_text, asked)
        if stopped is not None:
            excluded.append(stopped)
            continue
        kept.append(row.candidate)
        lines.add(json_line(row.columns))
        if definition.gates[DUPLICATES]:
            texts.add(row_text(row.columns).encode("utf-8", "replace"))
            good.append(row.columns.get("label", True))
    repeats = _repeats(kept, good, texts, progress) if definition.gates[DUPLICATES] else {}
    excluded += [
        Excluded(kept[at], DUPLICATES, f"Says nearly the same as {kept[twin].key}.") for at, twin in repeats.items()
    ]
    places = [at for at in range(len(kept)) if at not in repeats]
    rows = Rows([kept[at] for at in places], lines, places)
    return Selection(definition, rows, sorted(excluded, key=lambda each: each.candidate.key))


def _without_text(
    definition: Definition, found: Iterable[Candidate], asked: Asked
) -> tuple[list[Candidate], list[Excluded]]:
    """What is left after the gates that need no text, and what they stopped."""
    gates = [gate for gate in gates_of(definition.format) if not gate.reads and definition.gates[gate.name]]
    left: list[Candidate] = []
    excluded: list[Excluded] = []
    for candidate in sorted(found, key=lambda candidate: candidate.key):
        stopped = _stopped(Row(candidate), gates, asked)
        if stopped is None:
            left.append(candidate)
        else:
            excluded.append(stopped)
    return left, excluded


def _stopped(row: Row, gates: Sequence[Gate], asked: Asked) -> Excluded | None:
    for gate in gates:
        if said := gate.stops(row, asked):
            return Excluded(row.candidate, gate.name, said if isinstance(said, str) else "")
    return None


def _repeats(kept: Sequence[Candidate], good: Sequence[bool], texts: Spool, progress: Progress) -> dict[int, int]:
    """Place of each row that says nearly the same as one with better evidence → the place of that one.

    What is good repeats nothing that is bad, however alike the two are: the difference is what they teach.
    """
    order = sorted(range(len(kept)), key=lambda at: by_evidence(kept[at]))
    found = {}
    for label in (True, False):
        mine = [at for at in order if good[at] is label]
        repeats = near_repeats(_told(texts, mine, progress))
        found.update({mine[at]: mine[twin] for at, twin in repeats.items()})
    return found


def _told(texts: Spool, places: Sequence[int], progress: Progress) -> Iterator[str]:
    for n, at in enumerate(places):
        progress("comparing rows with each other", n, len(places))
        yield texts[at].decode()


def read_rows(session: Session, format: str, candidates: Sequence[Candidate]) -> Iterator[Row]:
    """Candidates with their columns, as the database stands; their texts are read a batch at a time."""
    columns = FORMATS[format].columns
    for batch in parts(candidates, _BATCH):
        pairs = [one.pair.id for one in batch if one.pair is not None and not one.runs]
        runs = [run.id for one in batch for run in one.runs]
        texts = Texts(run_texts(session, runs), pair_texts(session, pairs))
        for candidate in batch:
            made = columns(candidate, texts)
            yield Row(candidate, problem=made) if isinstance(made, Problem) else Row(candidate, made)
