"""SWE-agent's `.traj`: a chat history beside a list of thoughts, actions and observations; some have the history only.

The folder is the run's name and becomes the version, the file is the instance and becomes the task.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from core.clock import content_hash
from core.ingest.document import Document
from core.ingest.infrastructure import broke_by
from core.ingest.reading import (
    BadRecord,
    chat_message,
    check_json,
    is_record,
    maybe,
    need,
    number,
    plain_text,
    tool_calls,
)
from core.records import Arrival, Message, Rejected, Step, StepKind, Task, ToolCall, Trace

NAME = "swe-agent"
_INSTANCE = re.compile(r"[\w.-]+__[\w.-]+-\d+")
_ISSUE = re.compile(r"(?:ISSUE|The description is):\s*(.*?)(?=\n+INSTRUCTIONS:|\Z)", re.DOTALL)
_KEPT = ("environment", "replay_config")


def read(document: Document) -> Iterator[Arrival] | None:
    """One trace a file."""
    value = document.value
    if not is_record(value, "history") or not isinstance(value["history"], list):
        return None
    if not is_record(value, "trajectory") and not any(is_record(one, "role", "agent") for one in value["history"][:3]):
        return None
    return iter([_read(document)])


def _read(document: Document) -> Arrival:
    try:
        check_json(document.value)
        return _trace(document.value, PurePath(document.name))
    except BadRecord as error:
        return Rejected("trajectory", str(error), document.value)


def _trace(value: Mapping[str, Any], path: PurePath) -> Trace:
    history = need(value, "history", list)
    turns = maybe(value, "trajectory", list) or []
    if not history:
        raise BadRecord("history is empty")
    info = maybe(value, "info", dict) or {}
    stats = maybe(info, "model_stats", dict) or {}
    settings = (maybe(value, "replay_config", dict) or {}).get("agent")
    model = settings.get("model") if isinstance(settings, Mapping) else None
    steps = tuple(_Steps(turns, str(model.get("name") or "") if isinstance(model, Mapping) else "").of(history))
    kept = {key: value[key] for key in _KEPT if value.get(key)}
    kept |= {key: info[key] for key in info if info[key] not in ("", None)}
    stem = path.name.split(".traj")[0]
    folder = run_folder(path, stem)
    uid = f"{NAME}-{content_hash(value, 32)}"
    return Trace(
        trace_id=uid,
        source=NAME,
        steps=steps,
        agent=NAME,
        version=folder if "__" in folder else "",
        task=_task(steps, stem),
        cost=number(stats.get("instance_cost")) or None,  # a replay costs 0
        seconds=_seconds(turns),
        attributes=kept,
        signals=broke_by(uid, info.get("exit_status"), NAME),
    )


def run_folder(path: PurePath, instance: str) -> str:
    """The folder that holds a run's files; some runs put each of them into a folder of its instance's name."""
    return next((folder.name for folder in (path.parent, path.parent.parent) if folder.name != instance), "")


def _task(steps: tuple[Step, ...], stem: str) -> Task | None:
    """The instance that names the file, as SWE-bench writes instances; else by a hash of what was asked."""
    asked = next((m.content for step in steps if step.kind is StepKind.USER for m in step.output), "")
    issue = _ISSUE.search(asked)
    title = (issue[1] if issue else asked).strip()
    if _INSTANCE.fullmatch(stem):
        return Task(f"swe-bench/{stem}", title)
    return Task(f"{NAME}/{content_hash(title, 12)}", title) if title else None


def _seconds(turns: list[Any]) -> float | None:
    spent = [number(turn.get("execution_time")) for turn in turns if isinstance(turn, dict)]
    known = [seconds for seconds in spent if seconds is not None]
    return sum(known) if known else None


class _Steps:
    """The steps of one run: every message, and what only the list of turns says (its last observation, mostly)."""

    def __init__(self, turns: list[Any], model: str) -> None:
        self.turns = [need({"turn": turn}, "turn", dict) for turn in turns]
        self.model = model
        self.taken = 0
        self.answered = True
        self.asked: tuple[ToolCall, ...] = ()
        self.made: list[Step] = []

    def of(self, history: list[Any]) -> list[Step]:
        for entry in history:
            self._message(need({"entry": entry}, "entry", dict))
        if not self.answered:
            self._observed(plain_text(self._turn().get("observation")))
        for turn in self.turns[self.taken :]:
            self._acted(Message("assistant", plain_text(turn.get("response") or turn.get("thought"))), turn)
            self._observed(plain_text(turn.get("observation")))
        return self.made

    def _message(self, entry: Mapping[str, Any]) -> None:
        role = need(entry, "role", str)
        if role == "assistant":
            calls = tool_calls(maybe(entry, "tool_calls", list))
            self._acted(Message(role, plain_text(entry.get("content")), tool_calls=calls), entry)
        elif role == "tool" or (role == "user" and not self.answered):
            self._observed(plain_text(entry.get("content")))
        elif role == "user" and not entry.get("is_demo"):
            self._add(StepKind.USER, "user", output=(chat_message(entry),))
        else:
            name = "demonstration" if entry.get("is_demo") else role
            self._add(StepKind.OTHER, name, output=(chat_message(entry),))

    def _acted(self, message: Message, entry: Mapping[str, Any]) -> None:
        self.taken += 1
        self.asked, self.answered = message.tool_calls, False
        action = entry.get("action") if isinstance(entry.get("action"), str) else self._turn().get("action")
        kept = {"action": action} if action else {}
        self._add(StepKind.LLM, "agent", output=(message,), model=self.model, attributes=kept)

    def _observed(self, said: str) -> None:
        """The answer to the last action: to its call where the model made one, else to what it wrote."""
        turn, acted = self._turn(), self.made[-1].attributes.get("action") if self.made else ""
        action = str(acted or turn.get("action") or "")
        call = self.asked[0] if self.asked else ToolCall("", (action.split() or [""])[0], {"command": action})
        kept = {key: turn[key] for key in ("state", "execution_time") if turn.get(key) not in (None, "")}
        facts = {"call_id": call.call_id, "arguments": call.arguments, "result": said, "attributes": kept}
        self._add(StepKind.TOOL, call.name, **facts)
        self.asked, self.answered = self.asked[1:], True

    def _turn(self) -> Mapping[str, Any]:
        """The turn that the last message of the agent belongs to; empty where the file has none."""
        return self.turns[self.taken - 1] if 0 < self.taken <= len(self.turns) else {}

    def _add(self, kind: StepKind, name: str, **facts: Any) -> None:
        self.made.append(Step(str(len(self.made)), kind, name, **facts))
