"""Where candidates come from: runs, people's corrections of a step, and their preferences between two answers.

Only evidence is read here; the text of a candidate is read once it is known to count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from core.clock import content_hash
from core.dataset.candidates import Candidate, Label, Verdict
from core.dataset.rulings import Adoption, adopted_corrections, ruling
from core.measure.majority import majority
from core.records import Choice, Correction, Outcome, Role, Split
from core.review.pairing import correction_pair
from core.store.annotations import Given, annotations_of
from core.store.datasets import PairLine, RunLine, Vote, pair_lines, run_lines, schema_names, votes
from core.store.resolutions import Resolved, Subject, current_resolutions
from core.store.work import PREFERENCE
from core.tasks.outcome import BY_PEOPLE, DISAGREE, OUTCOME, RESOLUTION

_DIRECTIONS = {
    Choice.A_MUCH: Verdict.A,
    Choice.A: Verdict.A,
    Choice.EQUAL: Verdict.TIE,
    Choice.B: Verdict.B,
    Choice.B_MUCH: Verdict.B,
    Choice.BOTH_BAD: Verdict.BOTH_BAD,
}


CORRECTION = "correction"
"""The source of pairs that put a corrected step beside its original."""


def runs(session: Session, among: Sequence[int] | None = None) -> list[Candidate]:
    """Every run (of these, where they are named), with the outcome that a resolution, people or an automated check
    gave it."""
    schemas, rulings = schema_names(session), current_resolutions(session)
    adopted = adopted_corrections(session, rulings)
    decided = {
        one.subject.trace_id: one
        for one in rulings
        if one.question == OUTCOME and one.subject == Subject(one.subject.trace_id)
    }
    people = [one for one in annotations_of(session, among) if one.role is not Role.MACHINE]
    given: dict[int, list[Given]] = {}
    for annotation in people:
        given.setdefault(annotation.trace_id, []).append(annotation)
    reworked = {one.trace_id for one in adopted.counting(people) if one.corrections}
    return [
        _run(run, given.get(row_id, []), schemas, row_id in reworked, decided.get(row_id))
        for row_id, run in run_lines(session, among).items()
    ]


def _run(
    run: RunLine,
    given: Sequence[Given],
    schemas: Mapping[int, str],
    reworked: bool,
    decided: Resolved | None,
) -> Candidate:
    judged = [annotation for annotation in given if OUTCOME in annotation.answers and not annotation.step_id]
    said = [str(annotation.answers[OUTCOME]) for annotation in judged]
    return Candidate(
        key=f"run:{run.uid}",
        source="run",
        verdict=_of_outcome(run),
        runs=(run,),
        task=run.task,
        kept_for=kept_for(run.split),
        labels=tuple(label_of(annotation, schemas, word) for annotation, word in zip(judged, said, strict=True)),
        agreement=_share(said, run.outcome),
        outcome_from=run.outcome_from,
        at=min((annotation.submitted_at for annotation in judged), default=run.started_at),
        reworked=reworked,
        ruling=ruling(decided, schemas) if decided is not None and run.outcome_from == RESOLUTION else None,
    )


def _of_outcome(run: RunLine) -> Verdict:
    """A user's own thumb or behaviour verifies nothing: only resolutions, people's labels and automated checks do."""
    if run.outcome == Outcome.UNKNOWN:
        return Verdict.DISPUTED if run.outcome_from == DISAGREE else Verdict.UNVERIFIED
    if not verifies(run.outcome_from):
        return Verdict.UNVERIFIED
    return Verdict.GOOD if run.outcome == Outcome.SOLVED else Verdict.FAILED


def verifies(outcome_from: str) -> bool:
    """Whether an outcome that comes from there can be taught."""
    return outcome_from in BY_PEOPLE or outcome_from.startswith("automated check")


def corrections(session: Session, among: Sequence[int] | None = None) -> list[Candidate]:
    """Every corrected step (of these runs, where they are named), once for each text that it was corrected to.

    The same text from two people is one.

    Where the correction was put to reviewers beside the original (core.review.pairing), it counts only if most of them
    prefer it, or a lead resolved so. Where a lead adopted one reviewer's corrections of a run, no other's count.
    """
    schemas, rulings = schema_names(session), current_resolutions(session)
    adopted, chosen = adopted_corrections(session, rulings), _chosen(rulings)
    given = votes(session)
    asked = {pair.uid: (pair, given.get(pair.id, [])) for pair in pair_lines(session) if pair.source == CORRECTION}
    same: dict[tuple[int, str, str], list[tuple[Given, Correction]]] = {}
    written = adopted.with_adopted(annotations_of(session, among, corrected=True))
    meant = None if among is None else set(among)
    for annotation in written if meant is None else (one for one in written if one.trace_id in meant):
        for correction in annotation.corrections:
            at = (annotation.trace_id, correction.step_id, correction.corrected.strip())
            same.setdefault(at, []).append((annotation, correction))
    lines = run_lines(session, (trace for trace, _, _ in same))
    found = []
    for at, of_text in same.items():
        run = lines[at[0]]
        texts = {correction.corrected for _, correction in of_text}
        uids = [correction_pair(run.uid, at[1], text) for text in sorted(texts)]
        compared = [asked[uid] for uid in uids if uid in asked]
        rules = next((chosen[pair.id] for pair, _ in compared if pair.id in chosen), None)
        found.append(_correction(run, of_text, compared, schemas, adopted.on(of_text), rules))
    return found


def correction_key(run: RunLine, step: str, corrected: str) -> str:
    """What the candidate of a corrected step is known by."""
    return f"correction:{run.uid}:{step}:{content_hash(corrected.strip(), 12)}"


def _correction(
    run: RunLine,
    written: Sequence[tuple[Given, Correction]],
    compared: Sequence[tuple[PairLine, Sequence[Vote]]],
    schemas: Mapping[int, str],
    adoption: Adoption | None,
    chosen: Resolved | None,
) -> Candidate:
    people = [given for given, _ in written if given.role is not Role.MACHINE]
    correction = written[0][1]
    directions = []
    labels = [label_of(given, schemas, "corrected") for given in people]
    for pair, given in compared:
        better = Verdict.A if pair.name_a == "corrected" else Verdict.B
        for vote in _people(given):
            direction = _DIRECTIONS[vote.choice]
            directions.append(Verdict.GOOD if direction is better else Verdict.DISPUTED)
            labels.append(Label(vote.person, vote.revision, said="prefers it" if direction is better else "does not"))
    agreed = (majority(directions) or Verdict.DISPUTED) if directions else Verdict.GOOD
    rules = None
    if adoption is not None:
        agreed, rules = Verdict.GOOD if adoption.holds else Verdict.DISPUTED, ruling(adoption.resolution, schemas)
    elif chosen is not None:
        pair = next(pair for pair, _ in compared if pair.id == chosen.subject.pair_id)
        better = Verdict.A if pair.name_a == "corrected" else Verdict.B
        agreed = Verdict.GOOD if _DIRECTIONS[Choice(chosen.answer)] is better else Verdict.DISPUTED
        rules = ruling(chosen, schemas)
    return Candidate(
        key=correction_key(run, correction.step_id, correction.corrected),
        source=CORRECTION,
        verdict=agreed if people else Verdict.UNVERIFIED,
        runs=(run,),
        correction=correction,
        task=run.task,
        kept_for=kept_for(run.split),
        labels=tuple(labels),
        agreement=_share(directions, agreed),
        at=min((given.submitted_at for given in people), default=None),
        ruling=rules,
    )


def preferences(session: Session, among: Sequence[int] | None = None) -> list[Candidate]:
    """Every pair (where runs are named, those between them alone), with its direction.

    A lead resolved it, or most reviewers chose so; the pair of a correction speaks for the correction.
    """
    schemas, chosen = schema_names(session), _chosen(current_resolutions(session))
    given = votes(session)
    pairs = [pair for pair in pair_lines(session) if pair.source != CORRECTION]
    if among is not None:
        meant = set(among)
        pairs = [pair for pair in pairs if pair.trace_a in meant and pair.trace_b in meant]
    lines = run_lines(session, (side for pair in pairs for side in (pair.trace_a, pair.trace_b) if side is not None))
    return [_pair(pair, _people(given.get(pair.id, [])), lines, chosen.get(pair.id), schemas) for pair in pairs]


def _chosen(resolutions: Sequence[Resolved]) -> dict[int, Resolved]:
    """Pair → which side a lead says is better."""
    return {one.subject.pair_id: one for one in resolutions if one.subject.pair_id and one.question == PREFERENCE}


def _pair(
    pair: PairLine,
    people: Sequence[Vote],
    lines: Mapping[int, RunLine],
    chosen: Resolved | None,
    schemas: Mapping[int, str],
) -> Candidate:
    directions = [_DIRECTIONS[vote.choice] for vote in people]
    agreed = majority(directions) if chosen is None else _DIRECTIONS[Choice(chosen.answer)]
    sides = tuple(lines[row_id] for row_id in (pair.trace_a, pair.trace_b) if row_id is not None)
    return Candidate(
        key=f"pair:{pair.uid}",
        source="preference",
        verdict=agreed or (Verdict.DISPUTED if people else Verdict.UNVERIFIED),
        runs=sides,
        pair=pair,
        task=pair.task or next((run.task for run in sides if run.task), ""),
        kept_for=kept_for(pair.split, *(run.split for run in sides)),
        labels=tuple(Label(vote.person, vote.revision, said=vote.choice.value) for vote in people),
        agreement=_share(directions, agreed),
        at=min((vote.submitted_at for vote in people), default=None),
        ruling=None if chosen is None else ruling(chosen, schemas),
    )


def _people(given: Sequence[Vote]) -> list[Vote]:
    return [vote for vote in given if vote.role is not Role.MACHINE]


def label_of(given: Given, schemas: Mapping[int, str], said: str) -> Label:
    """What one annotation says, as a label; `schemas` are the names by row id."""
    return Label(given.person, given.revision, schemas[given.schema_id], said, given.in_bulk)


def _share(said: Sequence[str], agreed: str | None) -> float | None:
    """The share of the labels that say what was agreed, rounded to three digits; None without labels or agreement."""
    return round(said.count(agreed) / len(said), 3) if agreed in said else None


def kept_for(*splits: str) -> str:
    """The use other than training that one of these tasks is kept for, if any; holdout before validation."""
    return next((kept.value for kept in (Split.HOLDOUT, Split.VALIDATION) if kept.value in splits), "")
