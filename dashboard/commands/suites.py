"""Suites: the fixed sets of tasks that versions are compared on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.errors import InvalidInput
from dashboard.commands.printing import Answer, Json

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from core.store.suites import Case, SuiteLine

ACTIONS = ("list", "show", "add", "remove", "freeze", "revise")


def suite(
    action: Annotated[
        str, typer.Argument(help="list, show, add, remove, freeze or revise (a new draft of a frozen one).")
    ],
    name: Annotated[str, typer.Argument(help="The suite; one of its revisions as NAME@2.")] = "",
    task: Annotated[list[str] | None, typer.Argument(help="The keys of tasks to add or remove.")] = None,
    begins: Annotated[str, typer.Option(help="All tasks whose key begins so.")] = "",
    file: Annotated[
        Path | None, typer.Option(help="Cases from a file: task, title, tags, difficulty, expected, split.")
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(help="A tag of what is added; several times.")] = None,
    difficulty: Annotated[str, typer.Option(help="How difficult what is added is, in a word.")] = "",
    expected: Annotated[str, typer.Option(help="What a good outcome of what is added is.")] = "",
    margin: Annotated[
        float | None, typer.Option(help="Of a draft: the difference that is none that matters, 0.05 for five points.")
    ] = None,
    note: Annotated[str, typer.Option(help="Why a new revision is made.")] = "",
    coverage: Annotated[
        bool, typer.Option("--coverage", help="With show: what it lacks of the tasks that come in.")
    ] = False,
    agent: Annotated[str, typer.Option(help="With --coverage: only this agent's runs.")] = "",
    json: Json = False,
) -> Answer:
    """Suites: list them, show one, change a draft, freeze it, revise a frozen one."""
    from core.evaluate.coverage import coverage as hold_against
    from core.evaluate.suite_files import put_cases, read_cases
    from core.ingest.document import read_file
    from core.similarity.embedder import default_embedder
    from core.store.suites import Case, draft_of, find_suite, freeze, new_revision, remove_cases, set_cases, set_margin
    from dashboard.parts.suite_coverage import coverage_lines
    from dashboard.process import store

    if action not in ACTIONS:
        raise typer.BadParameter(f"say what to do: {', '.join(ACTIONS)}")
    if action != "list" and not name:
        raise typer.BadParameter(f"name the suite: loopwright suite {action} NAME")
    with store().session() as session:
        if action == "list":
            return _listed(session)
        if action == "add" and file is not None:
            put_cases(session, name, read_cases(str(file), _read(read_file, file)))
        elif action == "add":
            keys = _keys(session, task or [], begins)
            set_cases(
                session, draft_of(session, name), [Case(key, tuple(tag or ()), difficulty, expected) for key in keys]
            )
        if action in ("add", "freeze") and margin is not None:
            set_margin(session, find_suite(session, name), margin)
        if action == "remove":
            remove_cases(session, find_suite(session, name), _keys(session, task or [], begins))
        elif action == "freeze":
            freeze(session, find_suite(session, name))
        elif action == "revise":
            new_revision(session, name, note)
        shown, lines = _shown(session, name)
        if not coverage:
            return shown, lines
        found = hold_against(session, find_suite(session, name).id, default_embedder(), agent)
        return shown | {"coverage": found.as_json()}, [*lines, *coverage_lines(found)]


def _read(read: Any, file: Path) -> bytes:
    try:
        data: bytes = read(file)
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror or error}.", field="file") from error
    return data


def _keys(session: Session, tasks: list[str], begins: str) -> list[str]:
    from core.store.task_splits import task_splits

    found = [one.key for one in task_splits(session, begins)] if begins else []
    if begins and not found:
        raise InvalidInput(f"There is no task whose key begins with {begins}.", field="begins")
    if not tasks and not found:
        raise typer.BadParameter("name tasks, or say --begins or --file")
    return list(dict.fromkeys([*tasks, *found]))


def _listed(session: Session) -> Answer:
    from core.store.suites import suite_lines

    lines = suite_lines(session)
    return {"suites": [_line_json(line) for line in lines]}, [_line_words(line) for line in lines] or ["No suite yet."]


def _shown(session: Session, name: str) -> Answer:
    from core.store.suites import find_suite, list_cases, openings_of, suite_lines

    row = find_suite(session, name)
    line = next(one for one in suite_lines(session, row.name) if one.id == row.id)
    cases, openings = list_cases(session, row.id), openings_of(session, row.name)
    result = _line_json(line) | {
        "cases": [_case_json(case) for case in cases],
        "opened": [
            {
                "at": one.at,
                "by": one.by,
                "revision": one.revision,
                "versions": [one.base, one.candidate],
                "why": one.reason,
            }
            for one in openings
        ],
    }
    opened = [f"opened {one.at:%Y-%m-%d}: {one.base} against {one.candidate}, {one.reason}" for one in openings]
    return result, [_line_words(line), *map(_case_words, cases), *opened]


def _line_json(line: SuiteLine) -> dict[str, Any]:
    return {
        "suite": line.name,
        "revision": line.revision,
        "frozen_at": line.frozen_at,
        "content_hash": line.content_hash,
        "margin": line.margin,
        "note": line.note,
        "n_cases": line.n_cases,
        "n_holdout": line.n_holdout,
        "openings": line.openings,
    }


def _line_words(line: SuiteLine) -> str:
    state = f"frozen {line.frozen_at:%Y-%m-%d}, {line.content_hash[:12]}" if line.frozen_at else "draft"
    kept = f", {line.n_holdout:,} of them holdout" if line.n_holdout else ""
    opened = f", opened {line.openings:,} times" if line.openings else ""
    note = f": {line.note}" if line.note else ""
    return f"{line.name} {line.revision} ({state}): {line.n_cases:,} tasks{kept}{opened}{note}"


def _case_json(case: Case) -> dict[str, Any]:
    said = {"task": case.task, "title": case.title, "tags": list(case.tags), "difficulty": case.difficulty}
    return said | {"expected": case.expected, "split": case.split.value}


def _case_words(case: Case) -> str:
    told = [case.split.value, case.difficulty, ", ".join(case.tags)]
    return f"  {case.task}  {' · '.join(one for one in told if one)}"
