"""Makes pairs to compare: two runs of one task, their first steps that differ, or a step's words beside its correction.

Making them again makes nothing twice: the id of a pair says what stands in it. Which side is A is settled by a hash, so
that no side means "the older" or "the better".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from sqlalchemy.orm import Session

from core.clock import content_hash
from core.records import Outcome, Pair, Role, Task
from core.review.parting import first_difference, said_before
from core.review.queues import enqueue
from core.store.annotations import annotations_of
from core.store.pairs import insert_pairs
from core.store.rankings import Candidate
from core.store.steps import read_steps
from core.store.traces import TaskRun, find_trace, runs_by_task, trace_line

PER_TASK = 1
_CORRECTION = "correction-"

TRIED = 10
"""How many twos of a task's runs are read to find one that parts at a turn of the agent."""


def pair_runs(session: Session, agent: str, across: str, per_task: int = PER_TASK) -> int:
    """Pair runs of the same task, between versions or between trials of one version; how many pairs are new.

    Of a task's candidates those that ended differently come first: they say most. The rest is in the order of a hash.
    """
    pairs = []
    for runs in runs_by_task(session, agent):
        for one, other in _twos(runs, across)[:per_task]:
            pairs.append(pair_of(one.title, _task(one), _whole(one), _whole(other)))
    return _add(session, pairs)


def pair_first_differences(session: Session, agent: str, across: str) -> int:
    """Of each task, pair the two steps at which two runs part that began alike; how many pairs are new.

    The steps stand as texts, and what both runs had said and heard before them is the task. A task none of whose runs
    part at a turn of the agent makes no pair.
    """
    pairs = []
    for runs in runs_by_task(session, agent):
        for one, other in _twos(runs, across)[:TRIED]:
            parting = first_difference(
                *(read_steps(session, find_trace(session, run.uid) or 0) for run in (one, other))
            )
            if parting is not None:
                a = Candidate(parting.text_a, one.uid, parting.step_a, one.version)
                b = Candidate(parting.text_b, other.uid, parting.step_b, other.version)
                pairs.append(pair_of(parting.before, _task(one), a, b))
                break
    return _add(session, pairs)


def correction_pair(run: str, step: str, corrected: str) -> str:
    """The id of the pair that puts a step of a run beside what it was corrected to."""
    return _CORRECTION + content_hash([run, step, corrected], 24)


def pair_corrections(session: Session) -> int:
    """Put each corrected step beside its correction, with what came before as the task; how many pairs are new."""
    pairs = []
    for given in annotations_of(session):
        if given.role is Role.MACHINE or not given.corrections:
            continue
        trace = trace_line(session, given.trace_id)
        steps = read_steps(session, given.trace_id)
        for correction in given.corrections:
            uid = correction_pair(trace.uid, correction.step_id, correction.corrected)
            texts = [correction.original, correction.corrected]
            if int(uid.removeprefix(_CORRECTION), 16) % 2:
                texts.reverse()
            task = Task(trace.task, trace.title) if trace.task else None
            pairs.append(
                Pair(
                    uid,
                    "correction",
                    said_before(steps, correction.step_id) or trace.title,
                    texts[0],
                    texts[1],
                    name_a="corrected" if texts[0] == correction.corrected else "original",
                    name_b="original" if texts[0] == correction.corrected else "corrected",
                    task=task,
                )
            )
    return _add(session, pairs)


def pair_of(prompt: str, task: Task | None, one: Candidate, other: Candidate) -> Pair:
    """The pair of two candidates of one kind (texts, runs or steps), the same whichever is named first."""
    if one.trace and not one.step:
        source, known = "runs", (one.trace, other.trace)
        uid = content_hash(sorted(known), 24)
        keys = [content_hash([uid, key]) for key in known]
    elif one.trace:
        source, steps = "steps", ([one.trace, one.step], [other.trace, other.step])
        uid = content_hash(sorted(steps), 24)
        keys = [content_hash([uid, *key]) for key in steps]
    else:
        source, said = "texts", ([one.text, one.name], [other.text, other.name])
        uid = content_hash([prompt, *sorted(said)], 24)
        keys = [content_hash([uid, *key]) for key in said]
    a, b = (one, other) if keys[0] <= keys[1] else (other, one)
    return Pair(
        f"{source}-{uid}",
        source,
        prompt,
        a.text,
        b.text,
        a.trace,
        b.trace,
        a.name,
        b.name,
        task,
        step_a=a.step,
        step_b=b.step,
    )


def _twos(runs: Sequence[TaskRun], across: str) -> list[tuple[TaskRun, TaskRun]]:
    return sorted(_candidates(runs, across), key=_telling)


def _candidates(runs: Sequence[TaskRun], across: str) -> Iterator[tuple[TaskRun, TaskRun]]:
    for one, other in combinations(runs, 2):
        if (one.version == other.version) == (across == "trials"):
            yield one, other


def _telling(pair: tuple[TaskRun, TaskRun]) -> tuple[bool, str]:
    one, other = pair
    known = Outcome.UNKNOWN not in (one.outcome, other.outcome)
    return not (known and one.outcome != other.outcome), content_hash(sorted((one.uid, other.uid)), 24)


def _whole(run: TaskRun) -> Candidate:
    return Candidate(trace=run.uid, name=run.version)


def _task(run: TaskRun) -> Task:
    return Task(run.task, run.title)


def _add(session: Session, pairs: list[Pair]) -> int:
    made = insert_pairs(session, pairs)
    enqueue(session, [], list(made.values()))
    return len(made)
