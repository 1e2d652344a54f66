"""Makes rankings: several runs of one task, or answers that stand in a file; put into a queue of their own.

Making them again makes nothing twice. Which candidate has which letter is settled by a hash.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.orm import Session

from core.clock import content_hash
from core.errors import InvalidInput
from core.records import Task
from core.store.items import NewItem, add_items
from core.store.queues import get_queue, make_queue
from core.store.rankings import LETTERS, Candidate, NewRanking, insert_rankings
from core.store.traces import TaskRun, runs_by_task

ALL_RANKINGS = "All rankings"
FEWEST, MOST = 3, len(LETTERS)
"""Two candidates are a pair: they are compared."""


def rank_runs(session: Session, agent: str, size: int) -> int:
    """Of each task with enough runs, let `size` of them be ranked; how many rankings are new.

    Runs of different versions come first, then further trials, in the order of a hash.
    """
    if not FEWEST <= size <= MOST:
        raise InvalidInput(f"A ranking has {FEWEST} to {MOST} candidates.", field="size")
    rankings = []
    for runs in runs_by_task(session, agent):
        chosen = _one_of_each(runs)[:size]
        if len(chosen) == size:
            candidates = [Candidate(trace=run.uid, name=run.version) for run in chosen]
            uid = f"runs-{content_hash(sorted(run.uid for run in chosen), 24)}"
            task = Task(runs[0].task, runs[0].title)
            rankings.append(NewRanking(uid, "runs", runs[0].title, _shuffled(uid, candidates), task))
    return _add(session, rankings)


def rank_texts(session: Session, file: bytes) -> int:
    """Let the answers of a JSON lines file be ranked (read_rankings); how many rankings are new."""
    return _add(session, list(read_rankings(file)))


class _SentCandidate(BaseModel):
    model_config = ConfigDict(extra="ignore")
    text: str
    name: str = Field("", max_length=200)


class _SentRanking(BaseModel):
    model_config = ConfigDict(extra="ignore")
    prompt: str = Field(min_length=1)
    candidates: list[_SentCandidate | str] = Field(min_length=FEWEST, max_length=MOST)
    task: str = Field("", max_length=300)


def read_rankings(file: bytes) -> Iterator[NewRanking]:
    """The rankings of a file of JSON lines: {prompt, candidates: [text or {text, name}], task?}.

    Raises InvalidInput for the first line that cannot be read, so that a file is taken whole or not at all.
    """
    for number, line in enumerate(file.splitlines(), 1):
        if not line.strip():
            continue
        try:
            sent = _SentRanking.model_validate(orjson.loads(line))
        except orjson.JSONDecodeError as error:
            raise InvalidInput(f"Line {number} is not JSON: {error}. Nothing was taken.", field="file") from error
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"][:2]) or "the line"
            reason = (
                f"Line {number}: {where}: {first['msg']}. A line is {{prompt, candidates: [text or {{text, name}}]}}"
            )
            raise InvalidInput(
                f"{reason}, with {FEWEST} to {MOST} candidates. Nothing was taken.", field="file"
            ) from error
        given = [
            Candidate(one) if isinstance(one, str) else Candidate(one.text, name=one.name) for one in sent.candidates
        ]
        if len({one.text for one in given}) < len(given):
            raise InvalidInput(f"Line {number} has the same candidate twice. Nothing was taken.", field="file")
        uid = f"texts-{content_hash([sent.prompt, *sorted([one.text, one.name] for one in given)], 24)}"
        task = Task(sent.task, sent.prompt[:300]) if sent.task else None
        yield NewRanking(uid, "texts", sent.prompt, _shuffled(uid, given), task)


def _one_of_each(runs: Sequence[TaskRun]) -> list[TaskRun]:
    """The runs in an order in which the first ones are of different versions."""
    by_version = sorted(runs, key=lambda run: (run.version, content_hash([run.task, run.uid])))
    rounds = [
        (number, content_hash([run.task, version]), run)
        for version, of_it in groupby(by_version, key=lambda run: run.version)
        for number, run in enumerate(of_it)
    ]
    return [run for _, _, run in sorted(rounds, key=lambda one: one[:2])]


def _shuffled(uid: str, candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    return tuple(sorted(candidates, key=lambda one: content_hash([uid, one.text, one.trace, one.name])))


def _add(session: Session, rankings: Sequence[NewRanking]) -> int:
    made = insert_rankings(session, rankings)
    if made:
        queue = get_queue(session, make_queue(session, ALL_RANKINGS, "ranking", None))
        add_items(session, queue, [NewItem(one) for one in made])
    return len(made)
