"""What people said of single steps: verdicts, and marks of what went wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from core.dataset.candidates import Candidate, Label, StepVerdict, Verdict
from core.dataset.rulings import ruling
from core.dataset.sources import kept_for, label_of
from core.measure.majority import majority
from core.records import LabelSchema, Mark, QuestionKind, Role
from core.review.marks import VERDICTS
from core.store.annotations import Given, annotations_of
from core.store.datasets import RunLine, run_lines, schema_names
from core.store.judgements import schemas_in_use
from core.store.resolutions import Resolved, current_resolutions

_MISTAKES = (QuestionKind.STEP, QuestionKind.TAXONOMY)
"""A mark of these points at what went wrong: at the first mistake or the root cause, or at a failure of some kind."""

BAD = "-1"


@dataclass(slots=True)
class _Asked:
    """One question about the steps of one run: who answered, and what each marked, step → verdict."""

    kind: str
    by_person: dict[str, dict[str, str]] = field(default_factory=dict)
    ruled: dict[str, str] | None = None

    def verdicts(self) -> dict[str, tuple[str, int]]:
        """Step → what is agreed of it ("": nothing), and how many people spoke of it.

        Of a verdict on each step, those count who gave one. A step is a mistake when most of those who were asked
        marked it: who left it unmarked found nothing wrong there, but did not call it good.
        """
        if self.ruled is not None:
            return {step: (verdict, 1) for step, verdict in self.ruled.items()}
        given: dict[str, list[str]] = {}
        for marked in self.by_person.values():
            for step, verdict in marked.items():
                given.setdefault(step, []).append(verdict)
        if self.kind == QuestionKind.STEP_VERDICT:
            return {step: (majority(said) or "", len(said)) for step, said in given.items()}
        asked = len(self.by_person)
        return {step: (BAD if 2 * len(said) > asked else "", len(said)) for step, said in given.items()}


def judged_steps(session: Session, among: Sequence[int] | None = None) -> list[Candidate]:
    """Every run (of these, where they are named) of which people judged steps, with what they agree on for each.

    A lead's resolution outranks them.
    """
    schemas, names = schemas_in_use(session), schema_names(session)
    rulings = {
        (one.subject.trace_id, one.schema, one.question): one
        for one in current_resolutions(session)
        if one.subject.trace_id is not None and not one.subject.step_id
    }
    given: dict[int, list[Given]] = {}
    for one in annotations_of(session, among):
        if one.role is not Role.MACHINE and not one.step_id and _asks(schemas[one.schema_id]):
            given.setdefault(one.trace_id, []).append(one)
    lines = run_lines(session, given)
    return [
        found
        for trace, said in given.items()
        if (found := _judged(lines[trace], said, schemas, names, rulings)) is not None
    ]


def _asks(schema: LabelSchema) -> list[tuple[str, str]]:
    """The questions of a schema that are about steps, with their kinds."""
    kinds = (QuestionKind.STEP_VERDICT, *_MISTAKES)
    return [(one.key, one.kind) for one in schema.questions if one.kind in kinds]


def _judged(
    run: RunLine,
    said: Sequence[Given],
    schemas: Mapping[int, LabelSchema],
    names: Mapping[int, str],
    rulings: Mapping[tuple[int, str, str], Resolved],
) -> Candidate | None:
    asked: dict[tuple[str, str], _Asked] = {}
    for one in said:
        for key, kind in _asks(schemas[one.schema_id]):
            question = asked.setdefault((one.schema, key), _Asked(kind))
            question.by_person[one.person] = _marked(one.marks, key, kind)
    ruled = []
    for (schema, key), question in asked.items():
        found = rulings.get((run.id, schema, key))
        if found is not None:
            question.ruled = _marked(found.marks, key, question.kind)
            ruled.append(found)
    spoke = [one for one in said if any(mark.step_id for mark in one.marks)]
    steps = _together(asked.values())
    if not steps:
        return None
    agreed = [one for one in steps if one.verdict]
    return Candidate(
        key=f"steps:{run.uid}",
        source="steps",
        verdict=Verdict.GOOD if agreed else Verdict.DISPUTED,
        runs=(run,),
        task=run.task,
        kept_for=kept_for(run.split),
        labels=tuple(_label(one, names) for one in spoke),
        agreement=_agreement(asked.values()),
        at=min((one.submitted_at for one in spoke), default=None),
        ruling=ruling(max(ruled, key=lambda one: one.id), names) if ruled else None,
        steps=steps,
    )


def _marked(marks: Iterable[Mark], key: str, kind: str) -> dict[str, str]:
    mine = [mark for mark in marks if mark.question == key and mark.step_id]
    if kind == QuestionKind.STEP_VERDICT:
        return {mark.step_id: mark.value for mark in mine if mark.value in VERDICTS}
    return {mark.step_id: BAD for mark in mine}


def _together(asked: Iterable[_Asked]) -> tuple[StepVerdict, ...]:
    """What all questions say of each step; where two contradict each other, nothing is agreed."""
    found: dict[str, list[tuple[str, int]]] = {}
    for question in asked:
        for step, agreed_by in question.verdicts().items():
            found.setdefault(step, []).append(agreed_by)
    together = []
    for step, said in sorted(found.items()):
        agreed = {verdict for verdict, _ in said if verdict}
        verdict = agreed.pop() if len(agreed) == 1 else ""
        together.append(StepVerdict(step, verdict, max(people for _, people in said)))
    return tuple(together)


def _label(given: Given, names: Mapping[int, str]) -> Label:
    steps = len({mark.step_id for mark in given.marks if mark.step_id})
    return label_of(given, names, f"judged {steps} {'step' if steps == 1 else 'steps'}")


def _agreement(asked: Iterable[_Asked]) -> float | None:
    """The share of what people said of steps that is what was agreed; None where nothing was."""
    said: Counter[bool] = Counter()
    for question in asked:
        agreed = {step: verdict for step, (verdict, _) in question.verdicts().items() if verdict}
        for marked in question.by_person.values():
            said.update(verdict == agreed[step] for step, verdict in marked.items() if step in agreed)
    return round(said[True] / said.total(), 3) if said else None
