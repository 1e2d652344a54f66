"""Writes what points at traces and pairs: labels, preferences, results, lessons, each with its own refusal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from core.clock import content_hash, now
from core.errors import InvalidInput
from core.ingest.report import ImportOptions, ImportReport
from core.record_lines import NAMES_OF
from core.records import (
    Aggregate,
    Annotation,
    Arrival,
    Choice,
    LabelSchema,
    Lesson,
    LessonState,
    LoggedRecall,
    Person,
    Preference,
    Resolution,
    Result,
    Signal,
    Version,
    Withheld,
)
from core.review.lesson_guards import check as check_lesson
from core.review.ready_made import READY_MADE
from core.review.schema_checks import check_schema
from core.store.annotations import add_annotation, annotation_with_key
from core.store.catalog import set_version
from core.store.lessons import UNDECIDED, add_lesson, checked, lessons_by_uid
from core.store.pairs import find_pairs, import_preferences
from core.store.people import only_reviews, person_id
from core.store.recalls import log_recall
from core.store.resolutions import Resolved, Subject, add_resolution, resolution_history
from core.store.schemas import get_schema, newest_schema_id, save_schema, schema_id
from core.store.signals import add_signals
from core.store.steps import unknown_steps
from core.store.suites import add_tasks
from core.store.traces import find_trace
from core.store.trials import ONE_FAILED_RUN, add_aggregates, add_results, failed_run
from core.store.withheld import add_withheld
from core.store.work import PREFERENCE


class Labels:
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
        elif isinstance(arrival, LabelSchema):
            self._schema(arrival)
        elif isinstance(arrival, Resolution):
            self._resolution(arrival)
        elif isinstance(arrival, Withheld):
            added = add_withheld(self.session, arrival)
            self.made.update(withheld=int(added), duplicates=int(not added))
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
        self._check_steps(trace, annotation.trace_id, [*steps, annotation.step_id])
        schema = self._schema_id(annotation.schema, annotation.schema_version)
        person, at = self._person(annotation.person), annotation.submitted_at or now()
        of, keyed = (schema, annotation.schema), replace(annotation, key=key)
        add_annotation(self.session, trace, person, of, keyed, at, withdrawn=annotation.withdrawn)
        self.made.update(annotations=1, marks=len(annotation.marks))
        self.traces.add(trace)

    def _check_steps(self, trace: int, uid: str, steps: Sequence[str]) -> None:
        if unknown := unknown_steps(self.session, trace, [step for step in steps if step]):
            raise InvalidInput(f"it points at step {unknown[0]}, which trace {uid} does not have")

    def _schema_id(self, key: str, version: int | None) -> int:
        if version is not None:
            found = schema_id(self.session, key, version)
            if found is None:
                raise InvalidInput(f"there is no version {version} of the label schema {key}: import that first")
            return found
        ready = READY_MADE.get(key)
        newest = save_schema(self.session, ready) if ready else newest_schema_id(self.session, key)
        if newest is None:
            raise InvalidInput(f"there is no label schema {key}; there are {', '.join(READY_MADE)}")
        return newest

    def _schema(self, schema: LabelSchema) -> None:
        known = schema_id(self.session, schema.key, schema.version)
        if schema.version < 1:
            raise InvalidInput(f"version is {schema.version}; versions begin with 1")
        if known is None:
            check_schema(schema)
            save_schema(self.session, schema)
        elif get_schema(self.session, known).questions != schema.questions:
            raise InvalidInput(f"version {schema.version} of {schema.key} asks something else here")
        self.made.update(schemas=int(known is None), duplicates=int(known is not None))

    def _resolution(self, one: Resolution) -> None:
        subject = self._subject(one)
        schema: tuple[int | None, str] = (None, "")
        if subject.trace_id is not None:
            found = self._schema_id(one.schema, one.schema_version)
            schema = (found, one.schema)
            asked = {question.key for question in get_schema(self.session, found).questions}
            if one.question not in asked:
                raise InvalidInput(f"{one.schema} does not ask {one.question}; it asks {', '.join(sorted(asked))}")
        adopted = annotation_with_key(self.session, one.adopts) if one.adopts else None
        if one.adopts and adopted is None:
            raise InvalidInput(f"it adopts the annotation {one.adopts}, which is not here")
        stands = [
            known
            for known in resolution_history(self.session, subject)
            if known.current and (known.schema, known.question) == (schema[1], one.question)
        ]
        if any(_says(known, one, adopted) for known in stands):
            self.made.update(duplicates=1)
            return
        if stands:
            raise InvalidInput(f"{stands[0].person} has resolved {one.question} otherwise here, and that stays")
        person = self._person(one.person)
        add_resolution(
            self.session, subject, schema, one.question, one.answer, one.marks, person, one.reason, adopted, at=one.at
        )
        self.made.update(resolutions=1)
        self.traces.update(filter(None, [subject.trace_id]))
        self.pairs.update(filter(None, [subject.pair_id]))

    def _subject(self, one: Resolution) -> Subject:
        """What is resolved; raises InvalidInput where it is not here, or cannot be."""
        if bool(one.trace_id) is bool(one.pair_id):
            raise InvalidInput("it names neither one trace nor one pair")
        if one.pair_id:
            if one.question != PREFERENCE or one.answer not in list(Choice):
                raise InvalidInput(f"of a pair, the question is {PREFERENCE} and its answer {' or '.join(Choice)}")
            pair = find_pairs(self.session, [one.pair_id]).get(one.pair_id)
            if pair is None:
                raise InvalidInput(f"it is about pair {one.pair_id}, which is not here: import the pair first")
            return Subject(pair_id=pair)
        trace = find_trace(self.session, one.trace_id)
        if trace is None:
            raise InvalidInput(f"it is about trace {one.trace_id}, which is not here: import the trace first")
        self._check_steps(trace, one.trace_id, [one.step_id, *(mark.step_id for mark in one.marks)])
        return Subject(trace, one.step_id)

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
            report.reject(name, name_of(result), reason)
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
                report.reject(name, name_of(one), "its pair is not here: import the pair first")
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
            own = lesson.state is LessonState.ACTIVE and lesson.decided_by == lesson.person
            if own and only_reviews(self.session, decider):
                raise InvalidInput("its writer alone made it active: a lead has to, or two others")
        if lesson.state in (*UNDECIDED, LessonState.ACTIVE) and not lessons_by_uid(self.session, [lesson.lesson_id]):
            check_lesson(self.session, checked(lesson))
        added = add_lesson(self.session, lesson, self._person(lesson.person or "unknown"), decided_by=decider)
        self.made.update(lessons=int(added), duplicates=int(not added))


def _says(known: Resolved, one: Resolution, adopted: int | None) -> bool:
    """Whether a resolution that stands says what this one does."""
    return (known.answer, known.marks, known.adopted_id) == (one.answer, one.marks, adopted)


def name_of(arrival: Any) -> str:
    """A record as a person finds it."""
    kind = NAMES_OF.get(type(arrival), type(arrival).__name__.lower())
    named = ("trace_id", "pair_id", "lesson_id", "recall_id", "result_id", "aggregate_id", "candidate", "person")
    keys = [str(value) for key in (*named, "key", "name") if (value := getattr(arrival, key, ""))]
    return f"{kind} {' by '.join(keys[:2])}".rstrip()
