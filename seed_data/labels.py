"""What people said about the runs: annotations, preferences between pairs, lessons; from the hand-written files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from chance import at, pick, roll
from play import Part, Played, fill

from core import records
from core.review.answers import written

OFFICE_HOURS = {8: 2, 9: 4, 10: 4, 11: 3, 13: 3, 14: 4, 15: 3, 16: 1}
RATINGS = {"solved": (4, 5, 5), "partly": (3, 3, 2), "failed": (1, 2, 2)}


@dataclass(frozen=True, slots=True)
class Run:
    """One run: a version's trial of a task, played."""

    part: Part
    played: Played
    trace: records.Trace


def working_day(after: datetime, *key: Any) -> datetime:
    """When a reviewer gets to something: one to three days later, not at a weekend, in office hours."""
    day = after.date() + timedelta(days=1 + int(roll(*key) * 3))
    day += timedelta(days=7 - day.weekday() if day.weekday() > 4 else 0)
    return at(day, OFFICE_HOURS, *key)


def annotations(
    reviews: Iterable[Mapping[str, Any]], runs: Mapping[str, Run], people: Mapping[str, Any]
) -> Iterator[records.Annotation]:
    """The reviews in full. A review says only where it differs from what the path of the run is known for."""
    used: set[str] = set()
    for review in reviews:
        for person, said in review["by"].items():
            yield annotation(runs[review["run"]], person, said or {}, people[person]["pace"], used)


def annotation(run: Run, person: str, said: Mapping[str, Any], pace: float, used: set[str]) -> records.Annotation:
    """One reviewer's answers on one run; a remark that was made before (in `used`) is not made again."""
    path, name, trace = run.part.path, run.part.name, run.trace
    outcome = said.get("outcome", path["outcome"])
    notes = [note for note in path.get("note", ()) if note not in used] if outcome != "solved" else []
    comment = said.get("comment", notes[0] if notes else "")
    used.add(comment)
    answers = {"outcome": outcome, "rating": str(said.get("rating", pick(RATINGS[outcome], name, person)))}
    if comment:
        answers["comment"] = comment
    marks: tuple[records.Mark, ...] = ()
    corrections: tuple[records.Correction, ...] = ()
    if run.played.wrong and said.get("mark", True) and outcome != "solved":
        spoken = [step for step in trace.steps if step.kind is records.StepKind.LLM]
        place = [step.step_id for step in spoken].index(run.played.wrong)
        step = spoken[place - 1 if said.get("at") == "earlier" else place]
        sentences = re.split(r"(?<=[.!?]) ", step.output[0].content)
        category, impact = said.get("category", path["wrong"]), said.get("impact", path["impact"])
        marks = (
            records.Mark("first_mistake", step.step_id, "first_mistake"),
            records.Mark(
                "went_wrong", step.step_id, category, quote=max(sentences, key=len), comment=comment, impact=impact
            ),
        )
        if "fix" in said:
            better = path["instead"] if said["fix"] is True else said["fix"]
            better = fill(better, name, run.part.started, run.part.task["customer"])
            corrections = (records.Correction(step.step_id, written(step), better),)
    return records.Annotation(
        trace_id=trace.trace_id,
        person=person,
        schema="run-review",
        answers=answers,
        marks=marks,
        corrections=corrections,
        submitted_at=working_day(run.part.started, name, person),
        active_seconds=round(pace * len(trace.steps) / 10 * (0.6 + roll(name, person, "pace")) + len(comment) * 0.3, 1),
        key=f"{trace.trace_id}:{person}",
    )


def pairs(
    rows: Iterable[Mapping[str, Any]], runs: Mapping[str, Run], shop: Mapping[str, Any], tasks: Mapping[str, Any]
) -> Iterator[records.Pair | records.Preference]:
    """Pairs of runs of one task, or of two answers to one message, each followed by what the reviewers chose."""
    for number, row in enumerate(rows, 1):
        pair_id = f"pair-{number:02d}"
        if "task" in row:
            name_a, name_b = row["names"]
            prompt, text_a, text_b, trace_a, trace_b = row["prompt"], row["a"].strip(), row["b"].strip(), "", ""
            key, made = row["task"], datetime.combine(row["date"], time(12), tzinfo=UTC)
        else:
            a, b = runs[row["a"]], runs[row["b"]]
            name_a, name_b = a.part.version, b.part.version
            prompt, text_a, text_b = a.part.task["wish"], "", ""
            trace_a, trace_b = a.trace.trace_id, b.trace.trace_id
            key, made = a.part.task["key"], max(a.part.started, b.part.started)
        task = records.Task(key, tasks[key]["title"])
        yield records.Pair(pair_id, shop["source"], prompt, text_a, text_b, trace_a, trace_b, name_a, name_b, task)
        for person, (choice, reason, confidence) in row["by"].items():
            yield records.Preference(
                pair_id=pair_id,
                person=person,
                choice=records.Choice(choice),
                left=pick("ab", pair_id, person, "left"),
                reason=reason,
                confidence=confidence,
                submitted_at=working_day(made, pair_id, person),
                active_seconds=round(shop["people"][person]["pace"] * (0.4 + 0.8 * roll(pair_id, person)), 1),
            )


def lessons(rows: Iterable[Mapping[str, Any]], runs: Mapping[str, Run], agent: str) -> Iterator[records.Lesson]:
    """The lessons, each with the steps that it rests on."""
    for row in rows:
        name = row["id"]
        rests_on = [runs[each] for each in row["from"]]
        yield records.Lesson(
            lesson_id=name,
            when=row["when"],
            guidance=row["guidance"],
            avoid=row.get("avoid", ""),
            why=row.get("why", ""),
            agent=agent,
            tool=row.get("tool", ""),
            state=records.LessonState(row["state"]),
            person=row["person"],
            evidence=tuple((run.trace.trace_id, run.played.wrong or run.trace.steps[-1].step_id) for run in rests_on),
            created_at=at(row["created"], OFFICE_HOURS, name, "created"),
            decided_at=at(row["decided"], OFFICE_HOURS, name, "decided") if "decided" in row else None,
            decided_by="me" if "decided" in row else "",
        )
