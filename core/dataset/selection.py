"""Each candidate becomes a row, or is left out once, for one reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy.orm import Session

from core.dataset.candidates import Candidate, Excluded, Problem, Row
from core.dataset.formats import FORMATS, Format
from core.dataset.gates import choose_gates, gates_of
from core.errors import InvalidInput
from core.store.datasets import run_texts

_BATCH = 200


@dataclass(frozen=True, slots=True)
class Definition:
    """What a dataset is to hold: its format, and which gates are on."""

    format: str
    gates: Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class Selection:
    """Every candidate once: in the rows or among the excluded, both in the order of the candidates' keys."""

    definition: Definition
    rows: tuple[Row, ...]
    excluded: tuple[Excluded, ...]

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
    """A selection as a page keeps it: its rows without their text, and of what was left out one example of each gate.

    Whatever a page keeps is looked through for garbage each time that any page is drawn.
    """

    definition: Definition
    rows: tuple[Candidate, ...]
    candidates: int
    reasons: Mapping[str, int]
    examples: Mapping[str, Excluded]


def overview(selection: Selection) -> Overview:
    """What a page keeps of a selection; the example of a gate is the first one by key."""
    examples = {each.gate: each for each in reversed(selection.excluded)}
    rows = tuple(row.candidate for row in selection.rows)
    return Overview(selection.definition, rows, selection.candidates, selection.reasons, examples)


def define(format: str, gates: Iterable[str] = ()) -> Definition:
    """A definition from a format's name and `NAME=on|off` texts; raises InvalidInput."""
    if format not in FORMATS:
        raise InvalidInput(f"There is no format {format}. Formats are {' and '.join(FORMATS)}.", field="format")
    return Definition(format, choose_gates(format, gates))


def select(session: Session, definition: Definition) -> Selection:
    """The rows of a definition as the database stands, and everything that was left out."""
    sources = FORMATS[definition.format].sources
    return select_from(session, definition, (candidate for source in sources for candidate in source(session)))


def select_from(session: Session, definition: Definition, found: Iterable[Candidate]) -> Selection:
    """The same of these candidates alone."""
    chosen = FORMATS[definition.format]
    left = [Row(candidate) for candidate in sorted(found, key=lambda candidate: candidate.key)]
    excluded: list[Excluded] = []
    written = False
    for gate in gates_of(chosen.name):
        if not definition.gates[gate.name]:
            continue
        if gate.reads and not written:
            left, written = list(_write(session, chosen, left)), True
        stopped = gate.stops(left)
        excluded += (Excluded(left[index].candidate, gate.name, detail) for index, detail in stopped.items())
        left = [row for index, row in enumerate(left) if index not in stopped]
    return Selection(definition, tuple(left), tuple(sorted(excluded, key=lambda each: each.candidate.key)))


def read_row(session: Session, format: str, candidate: Candidate) -> Row:
    """One candidate with its columns, as the database stands."""
    (row,) = _write(session, FORMATS[format], [Row(candidate)])
    return row


def _write(session: Session, chosen: Format, rows: Sequence[Row]) -> Iterator[Row]:
    """The same rows with their columns; runs are read a batch at a time."""
    waiting = iter(rows)
    while batch := [row.candidate for row in islice(waiting, _BATCH)]:
        texts = run_texts(session, [run.id for candidate in batch for run in candidate.runs])
        for candidate in batch:
            yield _written(candidate, chosen.columns(candidate, texts))


def _written(candidate: Candidate, made: Mapping[str, object] | Problem) -> Row:
    return Row(candidate, problem=made) if isinstance(made, Problem) else Row(candidate, made)
