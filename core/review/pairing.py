"""Makes pairs to compare: two runs of one task, or a step's words beside their correction.

Making them again makes nothing twice: the id of a pair says what stands in it. Which side is A is settled by a hash, so
that no side means "the older" or "the better".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from sqlalchemy.orm import Session

from core.clock import content_hash
from core.records import Message, Outcome, Pair, Role, Task
from core.review.queues import enqueue
from core.store.annotations import annotations_of
from core.store.pairs import insert_pairs
from core.store.traces import TaskRun, read_steps, runs_by_task, trace_line
from core.tasks.conversation import context

ACROSS = ("versions", "trials")
PER_TASK = 1


def pair_runs(session: Session, agent: str, across: str, per_task: int = PER_TASK) -> int:
    """Pair runs of the same task, between versions or between trials of one version; how many pairs are new.

    Of a task's candidates those that ended differently come first: they say most. The rest is in the order of a hash.
    """
    pairs = []
    for runs in runs_by_task(session, agent):
        candidates = sorted(_candidates(runs, across), key=_telling)
        pairs += [_runs(one, other) for one, other in candidates[:per_task]]
    return _add(session, pairs)


def pair_corrections(session: Session) -> int:
    """Put each corrected step beside its correction, with what came before as the task; how many pairs are new."""
    pairs = []
    for given in annotations_of(session):
        if given.role is Role.MACHINE or not given.corrections:
            continue
        trace = trace_line(session, given.trace_id)
        steps = read_steps(session, given.trace_id)
        for correction in given.corrections:
            uid = content_hash([trace.uid, correction.step_id, correction.corrected], 24)
            texts = [correction.original, correction.corrected]
            if int(uid, 16) % 2:
                texts.reverse()
            asked = "\n\n".join(
                _said(message) for message in context(steps, correction.step_id) if message.role != "system"
            )
            task = Task(trace.task, trace.title) if trace.task else None
            pairs.append(
                Pair(
                    f"correction-{uid}",
                    "correction",
                    asked or trace.title,
                    texts[0],
                    texts[1],
                    name_a="corrected" if texts[0] == correction.corrected else "original",
                    name_b="original" if texts[0] == correction.corrected else "corrected",
                    task=task,
                )
            )
    return _add(session, pairs)


def _candidates(runs: Sequence[TaskRun], across: str) -> Iterator[tuple[TaskRun, TaskRun]]:
    for one, other in combinations(runs, 2):
        if (one.version == other.version) == (across == "trials"):
            yield one, other


def _telling(pair: tuple[TaskRun, TaskRun]) -> tuple[bool, str]:
    one, other = pair
    known = Outcome.UNKNOWN not in (one.outcome, other.outcome)
    return not (known and one.outcome != other.outcome), _uid(one, other)


def _uid(one: TaskRun, other: TaskRun) -> str:
    return content_hash(sorted((one.uid, other.uid)), 24)


def _runs(one: TaskRun, other: TaskRun) -> Pair:
    uid = _uid(one, other)
    a, b = sorted((one, other), key=lambda run: content_hash([uid, run.uid]))
    return Pair(
        f"runs-{uid}",
        "runs",
        one.title,
        trace_a=a.uid,
        trace_b=b.uid,
        name_a=a.version,
        name_b=b.version,
        task=Task(one.task, one.title),
    )


def _said(message: Message) -> str:
    calls = ", ".join(f"{call.name}(…)" for call in message.tool_calls)
    return f"{message.role}: {message.content or calls}"


def _add(session: Session, pairs: list[Pair]) -> int:
    made = insert_pairs(session, pairs)
    enqueue(session, [], list(made.values()))
    return len(made)
