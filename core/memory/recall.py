"""What an agent is given before it acts: the active lessons that fit its situation, or none.

Every door (HTTP, MCP, command line, the page) asks here, so that all rank the same. The index proposes, SQL decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy.orm import Session

from core.clock import new_id, now
from core.errors import InvalidInput, Unavailable
from core.memory.arms import CONTROL, MEMORY, Shares, arm_of, held_back
from core.memory.indexer import renew_standby
from core.memory.prompt import RecalledLesson, prompt_block
from core.records import LoggedRecall
from core.similarity.embedder import Vector
from core.similarity.hits import Hit
from core.similarity.index import TextIndex
from core.similarity.standby import Standby
from core.store.lessons import LessonLine, active_among
from core.store.recalls import GIVEN, log_recall

ALIKE = 0.95
"""Similarity from which on a lesson says what a better one has said already."""

BUDGET = 1_000
"""Tokens that the notes may take, about."""

MOST, MOST_TOKENS = 50, 100_000
_NEAR_MISSES = 5
_LOGGED_OF_EACH = 5
_FURTHEST = 20_000
_READ_AHEAD = 50

HELD_BACK, TOO_ALIKE, NO_ROOM, NOT_AMONG = "held back", "too alike", "no room", "others fit better"
"""Why a lesson that fits was not given to a run of the memory arm."""


@dataclass(frozen=True, slots=True)
class RecallRequest:
    """What an agent asks: who it is, what it has to do, and which run this is (for the arm).

    An agent is given lessons for it and for every agent; one that does not say who it is, any agent's. So with the
    tool that it is about to use, and the tags of its task (words between commas).
    """

    agent: str
    task: str
    version: str = ""
    run_key: str = ""
    trace_id: str = ""
    session_id: str = ""
    tool: str = ""
    tags: str = ""
    k: int = 5
    max_tokens: int = BUDGET

    @property
    def run(self) -> str:
        """What names the run."""
        return self.run_key or self.trace_id or self.session_id


@dataclass(frozen=True, slots=True)
class Recall:
    """What the agent is given. `fates` says of each lesson that fits what became of it. `near` are the next ones below
    the `threshold`: shown to people, never given."""

    recall_id: str
    arm: str
    lessons: tuple[RecalledLesson, ...]
    prompt: str
    fates: tuple[tuple[RecalledLesson, str], ...] = ()
    near: tuple[RecalledLesson, ...] = ()
    threshold: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """The contract of `POST /api/recall` and `loopwright recall --json`."""
        lessons = [asdict(lesson) for lesson in self.lessons]
        return {"recall_id": self.recall_id, "arm": self.arm, "lessons": lessons, "prompt": self.prompt}


def recall(
    session: Session, index: TextIndex, request: RecallRequest, dry_run: bool = False, shares: Shares | None = None
) -> Recall:
    """The lessons for a situation, and the recall logged unless it is a dry run; see `lessons_for`."""
    result = lessons_for(session, index, request, dry_run, shares)
    if not dry_run:
        log(session, request, result)
    return result


def lessons_for(
    session: Session, index: TextIndex, request: RecallRequest, dry_run: bool = False, shares: Shares | None = None
) -> Recall:
    """The lessons for a situation, read only. A dry run is the memory arm, nothing held back.

    Raises InvalidInput for an empty task or a number that is out of bounds, Unavailable when there is no index and no
    standby for it.
    """
    if not request.task.strip():
        raise InvalidInput("Say what the agent has to do: the task is empty.", field="task")
    for name, most in (("k", MOST), ("max_tokens", MOST_TOKENS)):
        if not 1 <= getattr(request, name) <= most:
            raise InvalidInput(f"{name} has to be between 1 and {most:,}.", field=name)
    shares = shares or Shares()
    fates, near = _found(session, index, request)
    arm = MEMORY if dry_run else arm_of(request.run, shares)
    if not dry_run:
        fates = [(lesson, _fate(lesson, fate, arm, request.run, shares)) for lesson, fate in fates]
    given = tuple(lesson for lesson, fate in fates if fate == GIVEN)
    return Recall(new_id(), arm, given, prompt_block(given), tuple(fates), near, index.threshold)


def _fate(lesson: RecalledLesson, fate: str, arm: str, run: str, shares: Shares) -> str:
    """What becomes of a lesson that was chosen: nothing of it in the control arm, held back from some other runs."""
    if fate != GIVEN:
        return fate
    if arm == CONTROL:
        return CONTROL
    return HELD_BACK if held_back(run, lesson.id, shares) else GIVEN


def log(session: Session, request: RecallRequest, result: Recall) -> None:
    """Write down what was asked, and what became of each lesson that fits."""
    fitted = [
        {"id": one.id, "revision": one.revision, "score": one.score, "given": fate == GIVEN, "fate": fate}
        for one, fate in result.fates
    ]
    line = LoggedRecall(
        recall_id=result.recall_id,
        task=request.task,
        arm=result.arm,
        at=now(),
        agent=request.agent,
        version=request.version,
        run_key=request.run_key,
        trace_id=request.trace_id,
        session_id=request.session_id,
        lessons=tuple(fitted),
        tool=request.tool,
    )
    log_recall(session, line)


_Found = tuple[list[tuple[RecalledLesson, str]], tuple[RecalledLesson, ...]]
"""The lessons above the threshold, the chosen ones as GIVEN, the others with why not; and the next below it."""


def _found(session: Session, index: TextIndex, request: RecallRequest) -> _Found:
    task = index.vector_of(request.task)
    try:
        return _fitting(session, index, task, index.threshold, request)
    except Unavailable:
        if index.standby is None:
            raise
        renew_standby(session, index.standby)
        return _fitting(session, index.standby, task, index.threshold, request)


def _fitting(
    session: Session, asked: TextIndex | Standby, task: Vector, threshold: float, request: RecallRequest
) -> _Found:
    """What is found may be retired by now, out of date or for another agent, and some of it may say the same, so more
    is asked for than needed, and ever more until `k` are chosen or what was found reaches below the threshold.
    """
    n = max(20, 4 * request.k)
    while True:
        hits = asked.nearest(task, n)
        found = active_among(session, [hit.id for hit in hits], request.agent, request.tool, request.tags)
        lessons = [_recalled(found[hit.id], hit) for hit in hits if hit.id in found]
        fates = _choose(asked, [lesson for lesson in lessons if lesson.score >= threshold], request)
        chosen = sum(fate == GIVEN for _, fate in fates)
        if chosen >= request.k or len(hits) < n or hits[-1].score < threshold or n >= _FURTHEST:
            near = [lesson for lesson in lessons if lesson.score < threshold]
            return _first_of_each(fates), tuple(near[:_NEAR_MISSES])
        n = min(4 * n, _FURTHEST)


def _first_of_each(fates: Sequence[tuple[RecalledLesson, str]]) -> list[tuple[RecalledLesson, str]]:
    """All that are given, and of those that are not the best few for each reason: of thousands that say the same, the
    others tell nobody anything."""
    n: Counter[str] = Counter()
    kept = []
    for lesson, fate in fates:
        n[fate] += 1
        if fate == GIVEN or n[fate] <= _LOGGED_OF_EACH:
            kept.append((lesson, fate))
    return kept


def _choose(
    asked: TextIndex | Standby, fitting: Sequence[RecalledLesson], request: RecallRequest
) -> list[tuple[RecalledLesson, str]]:
    """Best first: at most `k`, none that says what a better one says, as many as the budget has room for."""
    vectors: dict[str, Vector] = {}
    fates: list[tuple[RecalledLesson, str]] = []
    chosen: list[RecalledLesson] = []
    room = request.max_tokens
    for number, lesson in enumerate(fitting):
        if len(chosen) >= request.k:
            return fates + [(one, NOT_AMONG) for one in fitting[number : number + _LOGGED_OF_EACH]]
        if number % _READ_AHEAD == 0 and len(fitting) > 1:
            vectors |= asked.vectors([one.id for one in fitting[number : number + _READ_AHEAD]])
        mine = vectors.get(lesson.id)
        if mine is not None and any(float(mine @ vectors[one.id]) >= ALIKE for one in chosen if one.id in vectors):
            fates.append((lesson, TOO_ALIKE))
        elif lesson.tokens > room:
            fates.append((lesson, NO_ROOM))
        else:
            fates.append((lesson, GIVEN))
            chosen.append(lesson)
            room -= lesson.tokens
    return fates


def _recalled(line: LessonLine, hit: Hit) -> RecalledLesson:
    return RecalledLesson(line.uid, line.revision, line.when, line.guidance, line.avoid, hit.score)
