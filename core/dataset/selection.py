"""Each candidate becomes a row, or is left out once, for one reason.

The gates that need no text are asked first. What is left is read some at a time, and what passes waits on disk: of a
large dataset memory holds the evidence, never the texts.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import overload

from sqlalchemy.orm import Session

from core.dataset.asked import Asked, asked_of
from core.dataset.candidates import Candidate, Excluded, Problem, Row, Texts
from core.dataset.definition import ALL_RUNS, Definition
from core.dataset.formats import FORMATS
from core.dataset.gates import DUPLICATES, Gate, by_evidence, gates_of, row_text
from core.dataset.spool import Spool
from core.dataset.writing import json_line
from core.similarity.near_duplicates import near_repeats
from core.store.datasets import pair_texts, run_texts
from core.store.dialect import parts
from core.store.trace_filter import trace_ids

_BATCH = 200


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
    """A selection as a page keeps it: its rows without their text, and of what was left out one example of each gate.

    Whatever a page keeps is looked through for garbage each time that any page is drawn.
    """

    definition: Definition
    rows: Sequence[Candidate]
    candidates: int
    reasons: Mapping[str, int]
    examples: Mapping[str, Excluded]


def overview(selection: Selection) -> Overview:
    """What a page keeps of a selection; the example of a gate is the first one by key."""
    examples = {each.gate: each for each in reversed(selection.excluded)}
    return Overview(selection.definition, selection.rows.candidates, selection.candidates, selection.reasons, examples)


def select(session: Session, definition: Definition) -> Selection:
    """The rows of a definition as the database stands, and everything that was left out."""
    among = None if definition.runs == ALL_RUNS else trace_ids(session, definition.runs)
    found = (candidate for source in FORMATS[definition.format].sources for candidate in source(session, among))
    return select_from(
        session, definition, (one for one in found if not definition.sources or one.source in definition.sources)
    )


def select_from(session: Session, definition: Definition, found: Iterable[Candidate]) -> Selection:
    """The same of these candidates alone."""
    gates = [gate for gate in gates_of(definition.format) if definition.gates[gate.name]]
    asked = asked_of(session, definition.reviewers, definition.agreement)
    excluded: list[Excluded] = []
    left: list[Candidate] = []
    before_text = [gate for gate in gates if not gate.reads]
    for candidate in sorted(found, key=lambda candidate: candidate.key):
        stopped = _stopped(Row(candidate), before_text, asked)
        if stopped is None:
            left.append(candidate)
        else:
            excluded.append(stopped)
    kept: list[Candidate] = []
    good: list[bool] = []
    lines, texts = Spool(), Spool()
    with_text = [gate for gate in gates if gate.reads]
    for row in read_rows(session, definition.format, left):
        stopped = _stopped(row, with_text, asked)
        if stopped is not None:
            excluded.append(stopped)
            continue
        kept.append(row.candidate)
        lines.add(json_line(row.columns))
        if definition.gates[DUPLICATES]:
            texts.add(row_text(row.columns).encode("utf-8", "replace"))
            good.append(row.columns.get("label", True))
    repeats = _repeats(kept, good, texts) if definition.gates[DUPLICATES] else {}
    excluded += [
        Excluded(kept[at], DUPLICATES, f"Says nearly the same as {kept[twin].key}.") for at, twin in repeats.items()
    ]
    places = [at for at in range(len(kept)) if at not in repeats]
    rows = Rows([kept[at] for at in places], lines, places)
    return Selection(definition, rows, sorted(excluded, key=lambda each: each.candidate.key))


def _stopped(row: Row, gates: Sequence[Gate], asked: Asked) -> Excluded | None:
    for gate in gates:
        if said := gate.stops(row, asked):
            return Excluded(row.candidate, gate.name, said if isinstance(said, str) else "")
    return None


def _repeats(kept: Sequence[Candidate], good: Sequence[bool], texts: Spool) -> dict[int, int]:
    """Place of each row that says nearly the same as one with better evidence → the place of that one.

    What is good repeats nothing that is bad, however alike the two are: the difference is what they teach.
    """
    order = sorted(range(len(kept)), key=lambda at: by_evidence(kept[at]))
    found = {}
    for label in (True, False):
        mine = [at for at in order if good[at] is label]
        repeats = near_repeats(texts[at].decode() for at in mine)
        found.update({mine[at]: mine[twin] for at, twin in repeats.items()})
    return found


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
