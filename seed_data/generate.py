"""Composes the hand-written files of this folder into world.jsonl.gz: `python seed_data/generate.py [FILE]`.

One JSON object a line in Loopwright's own format. The same files give the same lines, always: chance is a hash.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import yaml
from chance import at, hexadecimal, pick, roll, weighted
from labels import Run, annotations, lessons, pairs
from play import Part, Played, Player, scores_of

from core import records
from core.record_lines import to_json

HERE = Path(__file__).parent
WORLD = HERE / "world.jsonl.gz"


def read(name: str) -> Any:
    """One hand-written file."""
    return yaml.safe_load((HERE / name).read_text(encoding="utf-8"))


SHOP = read("shop.yaml")
TASKS = {task["key"]: task for path in sorted(HERE.glob("tasks/*.yaml")) for task in read(f"tasks/{path.name}")}
LESSONS = {lesson["id"]: lesson for lesson in read("lessons.yaml")}


def run_name(key: str, version: str, trial: int) -> str:
    """What the hand-written files call a run: `returns/1 v2 3`."""
    return f"{key.removeprefix('shop/')} {version} {trial}"


def calendar() -> dict[str, datetime]:
    """When each run happens. A version's runs are dealt over its weeks; one that follows another comes a day later."""
    days: dict[str, date] = {}
    followed = {task["after"] for task in TASKS.values() if "after" in task}
    for version, about in SHOP["versions"].items():
        for kind in ("returns", "other"):
            due = [
                (trial + 1.4 * roll(key, version, trial, "order"), key, trial)
                for key, task in TASKS.items()
                if "after" not in task and ("/returns/" in key) == (kind == "returns")
                for trial in (1, 2, 3)
            ]
            for place, (_, key, trial) in enumerate(sorted(due)):
                shares = about[kind]
                filled = [sum(shares[: week + 1]) / sum(shares) for week in range(len(shares))]
                week = next(week for week, share in enumerate(filled) if place / len(due) < share)
                name = run_name(key, version, trial)
                last = 6 if key in followed else 7
                day = weighted(list(range(last)), SHOP["days"][:last], name, "day")
                days[name] = SHOP["start"] + timedelta(weeks=about["first_week"] - 1 + week, days=day)
        for key, task in TASKS.items():
            for trial in (1, 2, 3) if "after" in task else ():
                days[run_name(key, version, trial)] = days[run_name(task["after"], version, trial)] + timedelta(days=1)
    return {name: at(day, SHOP["hours"], name) for name, day in days.items()}


def tool_schemas() -> tuple[Any, ...]:
    """The shop's tools as models are told about them."""
    schemas = []
    for name, about in SHOP["tools"].items():
        properties, required = {}, []
        for argument, text in ((key, value) for key, value in about.items() if key != "does"):
            kind, _, description = text.partition(", ")
            properties[argument] = {"type": kind.rstrip("!"), "description": description}
            required += [argument] if kind.endswith("!") else []
        parameters = {"type": "object", "properties": properties, "required": required}
        schemas.append(
            {"type": "function", "function": {"name": name, "description": about["does"], "parameters": parameters}}
        )
    return tuple(schemas)


def recalled(task: Mapping[str, Any], version: str, arm: str, day: date) -> list[Any] | None:
    """The lessons that are active on that day and fit the task; None for a version that does not recall."""
    if version != "v3":
        return None
    if arm == "control":
        return []
    known = [LESSONS[name] for name in task.get("lessons", ())]
    return [
        each
        for each in known
        if each.get("active_from", each.get("decided", date.max)) <= day
        and each["state"] in ("active", "retired")
        and not (each["state"] == "retired" and each["decided"] <= day)
    ]


def prompt_of(version: str, lessons: Iterable[Mapping[str, Any]], started: datetime) -> str:
    """The system prompt: version 3 has that of version 2, and the lessons that were recalled."""
    text: str = SHOP["prompts"]["v2" if version == "v3" else version]
    notes = [
        f"- When: {each['when']}\n  Do: {each['guidance']}" + (f"\n  Not: {each['avoid']}" if "avoid" in each else "")
        for each in lessons
    ]
    text += SHOP["prompts"]["lessons"] + "\n".join(notes) if notes else ""
    return text.replace("{today}", f"{started:%A} {started.day} {started:%B %Y}").strip()


def runs() -> dict[str, Run]:
    """Every run by its name, in the order in which they happened."""
    schemas, times = tool_schemas(), calendar()
    player, made = Player(SHOP, schemas), {}
    so_far: Counter[tuple[str, str]] = Counter()
    for key, task in TASKS.items():
        for place, (version, paths) in enumerate(task["runs"].items()):
            for trial, path in enumerate(paths, 1):
                name = run_name(key, version, trial)
                arm = "control" if name in SHOP["control"] else "memory"
                lessons = recalled(task, version, arm, times[name].date())
                prompt = prompt_of(version, lessons or (), times[name])
                part = Part(
                    name, version, trial, trial + place, so_far[key, path], times[name], task,
                    task["paths"][path], prompt, lessons, arm,
                )  # fmt: skip
                so_far[key, path] += 1
                played = player.play(part)
                made[name] = Run(part, played, trace_of(part, played, schemas))
    return dict(sorted(made.items(), key=lambda item: item[1].trace.started_at))


def trace_of(part: Part, played: Played, schemas: tuple[Any, ...]) -> records.Trace:
    """The trace of a played run; `seconds` is the time for which the agent worked, without the customer's pauses."""
    task, customer = part.task, part.task["customer"]
    definition = {"customer": customer["name"], "wish": task["wish"], "expected": task["expected"]}
    first = task.get("after") or next((key for key, each in TASKS.items() if each.get("after") == task["key"]), "")
    pair = min(task["key"], first) if first else ""
    trace_id = hexadecimal("trace", part.name)
    return records.Trace(
        trace_id=trace_id,
        source=SHOP["source"],
        steps=tuple(played.steps),
        agent=SHOP["agent"],
        version=part.version,
        task=records.Task(task["key"], task["title"], definition),
        session_id=f"chat-{hexadecimal('session', pair, part.version, part.trial)[:12]}" if pair else "",
        user=customer["id"],
        trial=part.trial,
        started_at=part.started,
        ended_at=played.steps[-1].ended_at,
        seconds=round(sum(step.seconds or 0 for step in played.steps), 2),
        tools=schemas,
        tags=(task["key"].split("/")[1],),
        attributes={"channel": "web chat"},
        signals=tuple(signals_of(trace_id, part, played)),
    )


def signals_of(trace_id: str, part: Part, played: Played) -> Iterator[records.Signal]:
    """What a validator, the customer's behaviour and the customer's thumb said of a run; each only now and then."""
    task, path = part.task, part.path
    checked = task.get("checked", True)
    passed = path.get("check", {"solved": True, "failed": False, "partly": 0.5}[path["outcome"]])
    if roll(part.name, "check") < (0.9 if checked else 0.75):
        name = "orders_db_check" if checked else "answer_facts_check"
        success = passed if isinstance(passed, bool) else None
        yield records.Signal(
            trace_id, name, records.SignalKind.AUTOMATED, passed, success, source="validator", key=f"{trace_id}:check"
        )
    for step_id in played.rephrased:
        yield records.Signal(
            trace_id, "rephrased", records.SignalKind.IMPLICIT, True, step_id=step_id, source="chat",
            key=f"{trace_id}:rephrased:{step_id}",
        )  # fmt: skip
    if played.escalated:
        yield records.Signal(
            trace_id, "escalated", records.SignalKind.IMPLICIT, True, False, source="chat", key=f"{trace_id}:escalated",
            comment="The customer asked for a person.",
        )  # fmt: skip
    chance, complaint = roll(part.name, "thumb"), path.get("complaint", "")
    liked = not (complaint or played.rephrased or played.escalated or path["script"].strip().endswith("@annoyed"))
    if chance < (0.6 if complaint else 0.2):
        comment = pick(SHOP["thumb_up"], part.name, "thumb") if liked else complaint
        yield records.Signal(
            trace_id, "thumb", records.SignalKind.EXPLICIT, "up" if liked else "down", liked, source="customer",
            comment=comment, key=f"{trace_id}:thumb",
        )  # fmt: skip


def recalls_of(trace: records.Trace, part: Part) -> Iterator[records.LoggedRecall]:
    """The log of the recall that a run's memory step shows; a run of the control arm fitted lessons and got none."""
    for step in trace.steps:
        if step.kind is records.StepKind.MEMORY and step.started_at is not None:
            fitted = [
                {"id": lesson["id"], "revision": 2, "score": lesson["score"], "given": True}
                for lesson in step.result["lessons"]
            ]
            if part.arm == "control":
                would = recalled(part.task, part.version, "memory", part.started.date()) or []
                fitted = [
                    {"id": lesson["id"], "revision": 2, "score": score, "given": False}
                    for lesson, score in zip(would, scores_of(part), strict=False)
                ]
            yield records.LoggedRecall(
                step.result["recall_id"], step.arguments["task"], part.arm, step.started_at,
                trace.agent, trace.version, trace_id=trace.trace_id, lessons=tuple(fitted),
            )  # fmt: skip


def world() -> Iterator[Any]:
    """Every record, in an order in which each refers only to earlier ones."""
    for name, about in SHOP["people"].items():
        yield records.Person(name, records.Role(about["role"]))
    yield records.Person("me", records.Role.LEAD)
    for name, about in SHOP["versions"].items():
        day = SHOP["start"] + timedelta(weeks=about["first_week"] - 1)
        live = datetime.combine(day, time(6), tzinfo=UTC)
        yield records.Version(SHOP["agent"], name, live, about.get("base", ""), about["note"])
    played = runs()
    yield from (run.trace for run in played.values())
    yield from annotations(read("reviews.yaml"), played, SHOP["people"])
    yield from pairs(read("pairs.yaml"), played, SHOP, TASKS)
    yield from lessons(LESSONS.values(), played, SHOP["agent"])
    for run in played.values():
        yield from recalls_of(run.trace, run.part)


def main(target: Path) -> None:
    """Write the world; the header of the file carries no time and no name, so that the bytes stay the same."""
    lines = [json.dumps(to_json(record), ensure_ascii=False) for record in world()]
    text = "\n".join(lines) + "\n"
    target.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))
    print(f"{target}: {len(lines):,} records, {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else WORLD)
