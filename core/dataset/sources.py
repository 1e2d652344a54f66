"""Where candidates come from: runs, people's corrections of a step, and their preferences between two answers.

Only evidence is read here; the text of a candidate is read once it is known to count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from core.clock import content_hash
from core.dataset.candidates import Candidate, Label, Verdict
from core.measure.majority import majority
from core.records import Choice, Correction, Outcome, Role, Split
from core.store.annotations import Given, annotations_of
from core.store.datasets import PairLine, RunLine, Vote, pair_lines, run_lines, schema_names, votes
from core.tasks.outcome import DISAGREE, OUTCOME

_DIRECTIONS = {
    Choice.A_MUCH: Verdict.A,
    Choice.A: Verdict.A,
    Choice.EQUAL: Verdict.TIE,
    Choice.B: Verdict.B,
    Choice.B_MUCH: Verdict.B,
    Choice.BOTH_BAD: Verdict.BOTH_BAD,
}


def runs(session: Session) -> list[Candidate]:
    """Every run, with the outcome that people or an automated check gave it."""
    schemas = schema_names(session)
    given: dict[int, list[Given]] = {}
    for annotation in annotations_of(session):
        if annotation.role is not Role.MACHINE:
            given.setdefault(annotation.trace_id, []).append(annotation)
    return [_run(run, given.get(row_id, []), schemas) for row_id, run in run_lines(session).items()]


def _run(run: RunLine, given: Sequence[Given], schemas: Mapping[int, str]) -> Candidate:
    judged = [annotation for annotation in given if OUTCOME in annotation.answers]
    said = [str(annotation.answers[OUTCOME]) for annotation in judged]
    return Candidate(
        key=f"run:{run.uid}",
        source="run",
        verdict=_of_outcome(run),
        runs=(run,),
        task=run.task,
        kept_for=_kept_for(run.split),
        labels=tuple(_label(annotation, schemas, word) for annotation, word in zip(judged, said, strict=True)),
        agreement=_share(said, run.outcome),
        outcome_from=run.outcome_from,
        at=min((annotation.submitted_at for annotation in judged), default=run.started_at),
        reworked=any(annotation.corrections for annotation in given),
    )


def _of_outcome(run: RunLine) -> Verdict:
    """A user's own thumb or behaviour verifies nothing: only people's labels and automated checks do."""
    if run.outcome == Outcome.UNKNOWN:
        return Verdict.DISPUTED if run.outcome_from == DISAGREE else Verdict.UNVERIFIED
    if run.outcome_from != "people" and not run.outcome_from.startswith("automated check"):
        return Verdict.UNVERIFIED
    return Verdict.GOOD if run.outcome == Outcome.SOLVED else Verdict.FAILED


def corrections(session: Session) -> list[Candidate]:
    """Every corrected step, once for each text that it was corrected to; the same text from two people is one."""
    schemas = schema_names(session)
    lines = run_lines(session)
    same: dict[tuple[int, str, str], list[tuple[Given, Correction]]] = {}
    for given in annotations_of(session):
        for correction in given.corrections:
            at = (given.trace_id, correction.step_id, correction.corrected.strip())
            same.setdefault(at, []).append((given, correction))
    return [_correction(lines[at[0]], written, schemas) for at, written in same.items()]


def _correction(run: RunLine, written: Sequence[tuple[Given, Correction]], schemas: Mapping[int, str]) -> Candidate:
    people = [given for given, _ in written if given.role is not Role.MACHINE]
    correction = written[0][1]
    return Candidate(
        key=f"correction:{run.uid}:{correction.step_id}:{content_hash(correction.corrected.strip(), 12)}",
        source="correction",
        verdict=Verdict.GOOD if people else Verdict.UNVERIFIED,
        runs=(run,),
        correction=correction,
        task=run.task,
        kept_for=_kept_for(run.split),
        labels=tuple(_label(given, schemas, "corrected") for given in people),
        at=min((given.submitted_at for given in people), default=None),
    )


def preferences(session: Session) -> list[Candidate]:
    """Every pair, with the direction in which most of its reviewers chose."""
    lines = run_lines(session)
    given = votes(session)
    return [_pair(pair, given.get(pair.id, []), lines) for pair in pair_lines(session)]


def _pair(pair: PairLine, given: Sequence[Vote], lines: Mapping[int, RunLine]) -> Candidate:
    people = [vote for vote in given if vote.role is not Role.MACHINE]
    directions = [_DIRECTIONS[vote.choice] for vote in people]
    agreed = majority(directions)
    sides = tuple(lines[row_id] for row_id in (pair.trace_a, pair.trace_b) if row_id is not None)
    return Candidate(
        key=f"pair:{pair.uid}",
        source="preference",
        verdict=agreed or (Verdict.DISPUTED if people else Verdict.UNVERIFIED),
        runs=sides,
        pair=pair,
        task=pair.task or next((run.task for run in sides if run.task), ""),
        kept_for=_kept_for(pair.split, *(run.split for run in sides)),
        labels=tuple(Label(vote.person, vote.revision, said=vote.choice.value) for vote in people),
        agreement=_share(directions, agreed),
        at=min((vote.submitted_at for vote in people), default=None),
    )


def _label(given: Given, schemas: Mapping[int, str], said: str) -> Label:
    return Label(given.person, given.revision, schemas[given.schema_id], said)


def _share(said: Sequence[str], agreed: str | None) -> float | None:
    """The share of the labels that say what was agreed, rounded to three digits; None without labels or agreement."""
    return round(said.count(agreed) / len(said), 3) if agreed in said else None


def _kept_for(*splits: str) -> str:
    """The use other than training that one of these tasks is kept for, if any; holdout before validation."""
    return next((kept.value for kept in (Split.HOLDOUT, Split.VALIDATION) if kept.value in splits), "")
