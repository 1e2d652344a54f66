"""Other runs of an item's task, for the one who reviews it: blind ones at any time, those that passed once they have
submitted (law 7)."""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_uppercase

from sqlalchemy.orm import Session

from core.clock import content_hash
from core.errors import NotFound, NotPermitted
from core.records import Outcome
from core.review.submitting import asked_of, current_submission
from core.store.claims import SUBMITTED
from core.store.hidden import hidden_traces
from core.store.items import get_item
from core.store.pairs import pair_row
from core.store.people import PersonLine
from core.store.rankings import candidate_rows
from core.store.tables import ItemRow
from core.store.tasks import solved_beside
from core.store.traces import TraceLine, runs_of_task, trace_line

MOST = len(ascii_uppercase)


@dataclass(frozen=True, slots=True)
class OtherRun:
    """A run under the letter that stands for it on one item, in an order that tells nothing."""

    letter: str
    line: TraceLine


def other_runs(session: Session, item_id: int, person: PersonLine) -> list[OtherRun]:
    """The other runs of the item's task under letters; NotPermitted for somebody whose item it is not.

    What is shown of them must not tell outcome, version, cost or time: the caller shows their steps only.
    """
    item = asked_of(session, item_id, person).item
    runs = sorted(_others(session, item), key=lambda run: content_hash(["other run", item_id, run.uid]))
    return [OtherRun(letter, run) for letter, run in zip(ascii_uppercase, runs, strict=False)]


def other_run(session: Session, item_id: int, person: PersonLine, letter: str) -> OtherRun:
    """The one under a letter; raises NotFound."""
    for run in other_runs(session, item_id, person):
        if run.letter == letter:
            return run
    raise NotFound(f"This task has no other run {letter[:10]}. Open the list of them again.", field="letter")


def side_run(session: Session, item_id: int, person: PersonLine, letter: str) -> OtherRun:
    """The run that stands under a letter (A is the first) on a pair or ranking as the person sees it; NotFound."""
    asked = asked_of(session, item_id, person)
    item, left = asked.item, asked.claim.left
    if item.pair_id is not None:
        pair = pair_row(session, item.pair_id)
        runs = [pair.trace_b_id, pair.trace_a_id] if left == "b" else [pair.trace_a_id, pair.trace_b_id]
    else:
        rows = {row.letter: row.trace_id for row in candidate_rows(session, item.ranking_id or 0)}
        runs = [rows[one] for one in left or rows if one in rows]
    placed = dict(zip(ascii_uppercase, runs, strict=False))
    trace = placed.get(letter)
    if trace is None:
        raise NotFound(f"There is no run {letter[:10]} on this item. Open it again.", field="letter")
    return OtherRun(letter, trace_line(session, trace))


def has_submitted(session: Session, item_id: int, person: PersonLine) -> bool:
    """Whether the person's answer on the item stands, so that they may know how its task went."""
    claim = asked_of(session, item_id, person).claim
    return claim.state == SUBMITTED and current_submission(session, get_item(session, item_id), person) is not None


def passed_runs(session: Session, item_id: int, person: PersonLine) -> list[TraceLine]:
    """Other runs of the task that solved it, the newest first; NotPermitted until the person has submitted the item.

    A run that the person has still to judge blind is left out: that it passed is what they must not know.
    """
    if not has_submitted(session, item_id, person):
        raise NotPermitted("Which run passed is shown once you have submitted this item.", field="item")
    solved = [run for run in _others(session, get_item(session, item_id)) if run.outcome == Outcome.SOLVED.value]
    hidden = hidden_traces(session, person.id, [run.id for run in solved])
    shown = [run for run in solved if run.id not in hidden]
    return sorted(shown, key=lambda run: (run.started_at, run.id), reverse=True)[:MOST]


def passed_beside(session: Session, trace_id: int, person: PersonLine) -> int | None:
    """The newest run of the task that solved it, to be looked at after a submission on a run that did not."""
    solved = solved_beside(session, trace_id)
    hidden = hidden_traces(session, person.id, solved)
    return next((run for run in solved if run not in hidden), None)


def _others(session: Session, item: ItemRow) -> list[TraceLine]:
    if item.trace_id is None:
        raise NotFound("This item is no run: it has no other runs of its task.", field="item")
    task = trace_line(session, item.trace_id).task
    runs = runs_of_task(session, task) if task else []
    return [run for run in runs if run.id != item.trace_id and run.closed_at is not None]
