"""Suites from files: one case a row, in JSON, JSON lines, YAML, CSV or parquet."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy.orm import Session

from core.errors import InvalidInput
from core.ingest.document import open_document
from core.records import Role, Split, Task
from core.store.catalog import task_ids
from core.store.suites import Case, draft_of, set_cases
from core.tasks.splits import keep_apart

FIELDS = ("task", "title", "tags", "difficulty", "expected", "split")
"""What a row may have; only `task` has to be there."""


@dataclass(frozen=True, slots=True)
class SuiteFile:
    """The cases of a file, and the splits that it gives to tasks."""

    cases: tuple[Case, ...]
    splits: Mapping[str, Split]


def read_cases(name: str, data: bytes) -> SuiteFile:
    """The cases that a file describes; raises InvalidInput naming the row and what is wrong with it."""
    document = open_document(name, data)
    if document.broken:
        broken = document.broken[0]
        raise InvalidInput(f"{broken.record}: {broken.reason}", field="file")
    rows = document.records
    if len(rows) == 1 and isinstance(rows[0], dict) and isinstance(rows[0].get("cases"), list):
        rows = rows[0]["cases"]
    cases: dict[str, Case] = {}
    splits: dict[str, Split] = {}
    for at, row in enumerate(rows):
        try:
            case, split = _case(row)
        except InvalidInput as error:
            raise InvalidInput(f"{document.where(at)}: {error.message}", field="file") from None
        if case.task in cases:
            raise InvalidInput(f"{document.where(at)}: {case.task} stands there twice.", field="file")
        cases[case.task] = case
        if split is not None:
            splits[case.task] = split
    if not cases:
        raise InvalidInput("The file names no task.", field="file")
    return SuiteFile(tuple(cases.values()), splits)


def write_cases(cases: Sequence[Case]) -> str:
    """Cases as JSON lines that `read_cases` takes."""
    rows = [{**asdict(case), "split": case.split.value} for case in cases]
    return "".join(json.dumps({name: row[name] for name in FIELDS}, ensure_ascii=False) + "\n" for row in rows)


def put_cases(session: Session, suite: str, found: SuiteFile) -> int:
    """Put the cases of a file into a draft suite, made when it is new, and give tasks their splits; how many cases are
    new or changed. Tasks that are not here yet are made. Raises Conflict when the suite is frozen."""
    draft = draft_of(session, suite)
    task_ids(session, [Task(case.task, case.title) for case in found.cases])
    changed = set_cases(session, draft, found.cases)
    if found.splits:
        keep_apart(session, Role.LEAD, found.splits)
    return changed


def _case(row: Any) -> tuple[Case, Split | None]:
    if not isinstance(row, dict):
        raise InvalidInput(f"it is no object with the fields {', '.join(FIELDS)}.")
    if unknown := [key for key in row if key not in FIELDS]:
        raise InvalidInput(f"{unknown[0]} is no field of a case; there are {', '.join(FIELDS)}.")
    said = {name: _text(name, row[name]) for name in FIELDS if name != "tags" and row.get(name) is not None}
    if not said.get("task"):
        raise InvalidInput("task is missing.")
    if len(said["task"]) > 300:
        raise InvalidInput("task has more than 300 characters.")
    split = said.get("split", "")
    if split and split not in list(Split):
        raise InvalidInput(f"split is {split!r}, not {' or '.join(Split)}.")
    case = Case(
        said["task"],
        _tags(row.get("tags")),
        said.get("difficulty", ""),
        said.get("expected", ""),
        said.get("title", ""),
    )
    return case, Split(split) if split else None


def _text(name: str, value: Any) -> str:
    if isinstance(value, (dict, list, bool)):
        raise InvalidInput(f"{name} is no text.")
    return str(value).strip()


def _tags(value: Any) -> tuple[str, ...]:
    """Tags in their order, each once; of a text those between commas."""
    if value is None:
        return ()
    listed = value.split(",") if isinstance(value, str) else value
    if not isinstance(listed, list) or not all(isinstance(tag, str) for tag in listed):
        raise InvalidInput("tags is no list of texts.")
    return tuple(dict.fromkeys(tag.strip() for tag in listed if tag.strip()))
