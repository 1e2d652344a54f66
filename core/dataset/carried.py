"""What the rows of a version rest on, as records that Loopwright imports: runs, pairs, labels, resolutions.

Imported elsewhere they give the same rows. So every label and resolution on a carried run goes along, whether a row
rests on it or not, and so do the runs that were paired as trials of the same tasks. People go under pseudonyms.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from sqlalchemy.orm import Session

from core.clock import content_hash
from core.dataset.asked import asked_of
from core.dataset.candidates import Candidate
from core.dataset.gates import LEAK, SECRET, WITHHELD
from core.dataset.lines import json_line
from core.dataset.outcome_pairs import TRIALS
from core.dataset.provenance import pseudonym
from core.dataset.selection import Progress, Selection, quietly
from core.dataset.sources import CORRECTION, correction_key
from core.dataset.spool import Spool
from core.record_lines import to_json
from core.records import Annotation, Correction, LabelSchema, Person, Resolution, Role, Withheld
from core.redact_records import redacted_by
from core.review.pairing import correction_pair
from core.store.annotations import Given, annotations_of, annotations_with_ids
from core.store.datasets import RunLine
from core.store.judgements import schemas_in_use
from core.store.pairs import find_pairs
from core.store.resolutions import Resolved, current_resolutions
from core.store.whole_runs import whole_pairs, whole_preferences, whole_runs


@dataclass(frozen=True, slots=True)
class Carried:
    """The lines of traces.jsonl and of labels.jsonl; they wait on disk."""

    traces: Spool
    labels: Spool


def carried(session: Session, selection: Selection, progress: Progress = quietly) -> Carried:
    """What the rows of a selection rest on. Secrets are replaced in it, where the gate for them is on."""
    return _Carrying(session, selection).carried(progress)


@dataclass(frozen=True, slots=True)
class _Said:
    """Labels and resolutions on carried runs, and the carried pairs by their row ids."""

    labels: Mapping[int, Given]
    current: frozenset[int]
    rulings: Sequence[Resolved]
    pairs: Mapping[int, str]


class _Carrying:
    def __init__(self, session: Session, selection: Selection) -> None:
        self._session, self._selection = session, selection
        self._asked = asked_of(session, 1, 0)
        self._replaces = selection.definition.gates[SECRET]
        self._runs = {run.id: run for run in sorted(_runs(selection), key=lambda run: run.uid)}
        self._people: dict[str, Role] = {}
        self._renamed: dict[str, str] = {}

    def carried(self, progress: Progress) -> Carried:
        traces, labels = Spool(), Spool()
        for n, trace in enumerate(whole_runs(self._session, list(self._runs))):
            progress("gathering the runs that they rest on", n, len(self._runs))
            traces.add(self._line(replace(trace, user=""), trace.agent))
        progress("gathering what people said", 0, 0)
        for line in self._said_lines(self._said()):
            labels.add(line)
        return Carried(traces, labels)

    def _said(self) -> _Said:
        given = annotations_of(self._session, list(self._runs))
        people = {one.id: one for one in given if one.role is not Role.MACHINE}
        rulings = current_resolutions(self._session)
        of_runs = [one for one in rulings if one.subject.trace_id in self._runs]
        adopted = [one.adopted_id for one in of_runs if one.adopted_id is not None and one.adopted_id not in people]
        known = people | annotations_with_ids(self._session, adopted)
        uids = [
            self._pair_of(self._runs[one.trace_id], correction)
            for one in known.values()
            for correction in one.corrections
        ]
        pairs = {one.pair.id: one.pair.uid for one in self._selection.rows.candidates if one.pair is not None}
        pairs |= {row_id: uid for uid, row_id in find_pairs(self._session, uids).items()}
        of_pairs = [one for one in rulings if one.subject.pair_id in pairs]
        pairs = {row_id: self._renamed.get(uid, uid) for row_id, uid in pairs.items()}
        ordered = dict(sorted(pairs.items(), key=lambda pair: pair[1]))
        return _Said(known, frozenset(people), [*of_runs, *of_pairs], ordered)

    def _said_lines(self, said: _Said) -> Iterator[bytes]:
        """The lines of labels.jsonl: each after what it points at."""
        schemas = schemas_in_use(self._session)
        yield from map(self._line, _schemas(said, schemas))
        for pair in whole_pairs(self._session, list(said.pairs)):
            yield self._line(replace(pair, pair_id=self._renamed.get(pair.pair_id, pair.pair_id)))
        yield from self._in_order(self._annotation(one, said, schemas) for one in said.labels.values())
        for _, choices in groupby(whole_preferences(self._session, list(said.pairs)), lambda said: said[0].pair_id):
            named = (
                replace(
                    choice,
                    person=self._named(choice.person, role),
                    pair_id=self._renamed.get(choice.pair_id, choice.pair_id),
                )
                for choice, role in choices
            )
            yield from sorted(map(self._line, named))
        yield from self._in_order(self._resolution(one, said, schemas) for one in said.rulings)
        yield from map(self._line, self._withheld(frozenset(said.pairs)))
        yield from (self._line(Person(name, role)) for name, role in sorted(self._people.items()))

    def _in_order(self, records: Iterable[tuple[Annotation | Resolution, str]]) -> Iterator[bytes]:
        """In the order of their lines; first what is withdrawn, for the newest word of a person is what counts."""
        lines = [(not getattr(record, "withdrawn", False), self._line(record, agent)) for record, agent in records]
        return (line for _, line in sorted(lines))

    def _line(self, record: Any, agent: str = "") -> bytes:
        line = json_line(to_json(record))
        if self._replaces and not isinstance(record, (LabelSchema, Person, Withheld)):
            by = self._asked.secrets_of(agent)
            if by.may_hold(line):
                return json_line(to_json(redacted_by(record, by)))
        return line

    def _named(self, person: str, role: Role) -> str:
        name = pseudonym(person)
        self._people[name] = role
        return name

    def _annotation(self, one: Given, said: _Said, schemas: Mapping[int, LabelSchema]) -> tuple[Annotation, str]:
        run = self._runs[one.trace_id]
        record = Annotation(
            run.uid,
            self._named(one.person, one.role),
            one.schema,
            one.answers,
            one.marks,
            one.corrections,
            one.submitted_at,
            one.active_seconds,
            _key(one, run),
            one.step_id,
            schemas[one.schema_id].version,
            one.id not in said.current,
        )
        return record, run.agent

    def _resolution(self, one: Resolved, said: _Said, schemas: Mapping[int, LabelSchema]) -> tuple[Resolution, str]:
        run = None if one.subject.trace_id is None else self._runs[one.subject.trace_id]
        adopted = said.labels.get(one.adopted_id) if run is not None and one.adopted_id is not None else None
        record = Resolution(
            self._named(one.person, Role.LEAD),
            one.question,
            "" if run is None else run.uid,
            one.subject.step_id,
            "" if one.subject.pair_id is None else said.pairs[one.subject.pair_id],
            "" if run is None else one.schema,
            None if run is None or one.schema_id is None else schemas[one.schema_id].version,
            one.answer,
            one.marks,
            "" if adopted is None else _key(adopted, self._runs[adopted.trace_id]),
            one.reason,
            one.at,
        )
        return record, "" if run is None else run.agent

    def _withheld(self, pairs: frozenset[int]) -> Iterator[Withheld]:
        """The candidates of what is carried that pass nowhere else: by their text they would, where nobody knows the
        kept tasks and secrets were replaced on the way."""
        for one in self._selection.excluded:
            candidate, gate = one.candidate, one.gate
            here = all(run.id in self._runs for run in candidate.runs)
            if gate in (LEAK, SECRET, WITHHELD) and here and (candidate.pair is None or candidate.pair.id in pairs):
                key = candidate.key
                if candidate.source == CORRECTION and candidate.correction is not None:
                    run, correction = candidate.runs[0], candidate.correction
                    known, step = correction_key(run, correction.step_id, correction.corrected), correction.step_id
                    side = key.removeprefix(known)  # of formats that have a row of each
                    key = correction_key(run, step, self._sent(correction.corrected, run.agent)) + side
                yield Withheld(key, self._asked.withheld.get(candidate.key, gate))

    def _sent(self, text: str, agent: str) -> str:
        """A text as it stands in the lines."""
        return str(self._asked.secrets_of(agent).value(text)[0]) if self._replaces else text

    def _pair_of(self, run: RunLine, correction: Correction) -> str:
        """The pair of a correction; it is known by the corrected text, and where that changes so does its name."""
        pair = correction_pair(run.uid, correction.step_id, correction.corrected)
        sent = self._sent(correction.corrected, run.agent)
        if sent != correction.corrected:
            self._renamed[pair] = correction_pair(run.uid, correction.step_id, sent)
        return pair


def _runs(selection: Selection) -> set[RunLine]:
    """The runs of the rows, and all that trials of their tasks were paired from: the pairs depend on each other."""
    found = {run for one in selection.rows.candidates for run in one.runs}
    tasks = {run.task for run in found}
    every: list[Candidate] = [*selection.rows.candidates, *(one.candidate for one in selection.excluded)]
    return found | {run for one in every if one.source == TRIALS and one.task in tasks for run in one.runs}


def _schemas(said: _Said, schemas: Mapping[int, LabelSchema]) -> list[LabelSchema]:
    rulings = [one.schema_id for one in said.rulings if one.schema_id is not None and one.subject.trace_id is not None]
    used = {one.schema_id for one in said.labels.values()} | set(rulings)
    return sorted((schemas[one] for one in used), key=lambda schema: (schema.key, schema.version))


def _key(one: Given, run: RunLine) -> str:
    """What a label is known again by, wherever it goes."""
    said = [run.uid, one.step_id, one.schema, pseudonym(one.person), one.revision]
    return f"label-{content_hash(said, 24)}"
