"""What a run was given from the memory, for the reader: which lessons, at which step, and why others were not.

Somebody who has to judge the run blind is told nothing of it: that a lesson was given, or held back, tells the arm, and
how old a lesson is tells about when the run was, and so its version.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from core.memory.arms import CONTROL
from core.memory.recall import HELD_BACK, NOT_AMONG
from core.records import LessonState, LoggedRecall
from core.store.lessons import LessonLine, lessons_by_uid
from core.store.recalls import recalls_of_runs, steps_of_recalls
from core.store.steps import first_steps
from core.store.traces import TraceLine

SHORT = 300
_MOST = 200
_WORDS = {HELD_BACK: "held back by chance", NOT_AMONG: "less well"}


def recalled_json(session: Session, runs: Sequence[TraceLine]) -> dict[str, list[dict[str, Any]]]:
    """The recalls of runs of one conversation by "trace/step id"; what no step shows stands at its run's first step.

    A recall that names the conversation only stands at the beginning of the first run.
    """
    numbers = {line.uid: line.id for line in runs}
    recalls = recalls_of_runs(session, list(numbers), runs[0].session, _MOST) if runs else []
    if not recalls:
        return {}
    shown, first = steps_of_recalls(session, list(numbers.values())), first_steps(session, list(numbers.values()))
    known = lessons_by_uid(session, sorted({str(one["id"]) for recall in recalls for one in recall.lessons}))
    found: dict[str, list[dict[str, Any]]] = {}
    for recall in reversed(recalls):
        trace = numbers.get(recall.trace_id, runs[0].id)
        trace, step = shown.get(recall.recall_id, (trace, first.get(trace, "")))
        found.setdefault(f"{trace}/{step}", []).append(_recall(recall, known))
    return found


def _recall(recall: LoggedRecall, known: Mapping[str, LessonLine]) -> dict[str, Any]:
    given = [one for one in recall.lessons if one["given"]]
    return {
        "title": _title(recall, len(given)),
        "lessons": [_lesson(one, known.get(str(one["id"]))) for one in given],
        "others": _others(recall),
    }


def _title(recall: LoggedRecall, n: int) -> str:
    asked = f" before {recall.tool}" if recall.tool else ""
    if recall.arm == CONTROL:
        return f"Memory asked{asked}: control arm, nothing given"
    return f"Memory asked{asked}: {n} lesson{'' if n == 1 else 's'} given"


def _lesson(said: Mapping[str, Any], line: LessonLine | None) -> dict[str, Any]:
    """One lesson as it reads today, and whether it read otherwise then."""
    score = round(float(said["score"]), 2)
    if line is None:
        gone = {"when": str(said["id"]), "guidance": "This lesson is not here.", "more": "", "href": ""}
        return gone | {"score": score}
    then = "" if line.revision == said["revision"] else f"revision {said['revision']}, now {line.revision}"
    return {
        "when": line.when[:SHORT],
        "guidance": line.guidance[:SHORT],
        "more": ", ".join(filter(None, [then, "" if line.state is LessonState.ACTIVE else line.state.value])),
        "href": f"lessons?lesson={line.uid}",
        "score": score,
    }


def _others(recall: LoggedRecall) -> str:
    """What fitted and was not given, counted by why."""
    fates: dict[str, int] = {}
    for one in recall.lessons:
        if not one["given"]:
            fate = _WORDS.get(str(one["fate"]), str(one["fate"]))
            fates[fate] = fates.get(fate, 0) + 1
    if not fates:
        return ""
    if set(fates) == {CONTROL}:
        return f"{fates[CONTROL]} would have been given"
    return "also fitted: " + ", ".join(f"{n} {fate}" for fate, n in sorted(fates.items()))
