"""The routes of the reading aids: what rules suggest in a run, and the other runs of an item's task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.routing import Route

from core.errors import NotFound
from core.review.other_runs import OtherRun, has_submitted, other_run, other_runs, passed_runs, side_run
from core.store.hidden import hidden_traces
from core.store.people import PersonLine
from core.store.steps import outline, read_steps
from core.store.traces import TraceLine, trace_line
from dashboard.answering import actor_of, number_in, route
from dashboard.parts.blind_reading import blind_lines, blind_segment, blind_steps
from dashboard.parts.reading import LOOK_BACK, outline_json, steps_json, text_slice
from dashboard.parts.suggestions import suggestions_json
from dashboard.process import store


def suggestions_of(request: Request, body: dict[str, Any]) -> Any:
    trace, person = int(request.path_params["trace"]), actor_of(request).id
    with store().reading() as session:
        trace_line(session, trace)
        steps = read_steps(session, trace)
        hidden = bool(hidden_traces(session, person, [trace]))
    return suggestions_json(trace, blind_steps(steps) if hidden else steps)


def list_others(request: Request, body: dict[str, Any]) -> Any:
    item, person = int(request.path_params["item"]), actor_of(request).person()
    with store().reading() as session:
        runs = other_runs(session, item, person)
        submitted = has_submitted(session, item, person)
    shown = [
        blind_segment(f"api/items/{item}/others/{run.letter}", run.letter, run.line.n_steps)
        | {"n_errors": run.line.n_errors}
        for run in runs
    ]
    return {"runs": shown, "submitted": submitted}


def list_passed(request: Request, body: dict[str, Any]) -> Any:
    item, person = int(request.path_params["item"]), actor_of(request).person()
    with store().reading() as session:
        runs = passed_runs(session, item, person)
    return {"runs": [_passed(run) for run in runs]}


def _passed(run: TraceLine) -> dict[str, Any]:
    trial = "" if run.trial is None else f" · trial {run.trial}"
    return {
        "trace": run.id,
        "n_steps": run.n_steps,
        "n_errors": run.n_errors,
        "title": f"Solved · {run.version or 'no version'}{trial}",
        "base": f"api/traces/{run.id}",
        "facts": {"seconds": run.seconds, "cost": run.cost},
    }


Finder = Callable[[Session, int, PersonLine, str], OtherRun]


def _of_run(
    find: Finder, work: Callable[[Session, Request, OtherRun], Any]
) -> Callable[[Request, dict[str, Any]], Any]:
    """A route about a run that stands under a letter on an item, as whoever asks may read it."""

    def answer(request: Request, body: dict[str, Any]) -> Any:
        item, letter = int(request.path_params["item"]), request.path_params["letter"]
        person = actor_of(request).person()
        with store().reading() as session:
            return work(session, request, find(session, item, person, letter))

    return answer


def _other_outline(session: Session, request: Request, run: OtherRun) -> Any:
    return outline_json(f"run-{run.letter}", blind_lines(outline(session, run.line.id)))


def _other_steps(session: Session, request: Request, run: OtherRun) -> Any:
    start = number_in(request.query_params.get("start"), "start", 0, 10**9, 0)
    count = number_in(request.query_params.get("count"), "count", 1, 200, 40)
    back = min(start, LOOK_BACK)
    steps = blind_steps(read_steps(session, run.line.id, start - back, count + back))
    return steps_json(f"run-{run.letter}", run.line.n_steps, start, steps, back)


def _other_text(session: Session, request: Request, run: OtherRun) -> Any:
    position = int(request.path_params["position"])
    start = number_in(request.query_params.get("start"), "start", 0, 10**10, 0)
    count = number_in(request.query_params.get("count"), "count", 1, 1_000_000, 200_000)
    steps = blind_steps(read_steps(session, run.line.id, position, 1))
    if not steps:
        raise NotFound(f"Run {run.letter} has no step {position}.", field="position")
    return text_slice(steps[0], request.query_params.get("part", ""), start, count)


def _other_suggestions(session: Session, request: Request, run: OtherRun) -> Any:
    return suggestions_json(f"run-{run.letter}", blind_steps(read_steps(session, run.line.id)))


def _reading(under: str, find: Finder) -> list[Route]:
    """The addresses at which a reader finds a run without its version."""
    base = f"/api/items/{{item:int}}/{under}/{{letter}}"
    return [
        Route(f"{base}/outline", route(_of_run(find, _other_outline))),
        Route(f"{base}/steps", route(_of_run(find, _other_steps))),
        Route(f"{base}/steps/{{position:int}}/text", route(_of_run(find, _other_text))),
        Route(f"{base}/suggestions", route(_of_run(find, _other_suggestions))),
    ]


ROUTES = [
    Route("/api/traces/{trace:int}/suggestions", route(suggestions_of)),
    Route("/api/items/{item:int}/others", route(list_others)),
    Route("/api/items/{item:int}/passed", route(list_passed)),
    *_reading("others", other_run),
    *_reading("sides", side_run),
]
