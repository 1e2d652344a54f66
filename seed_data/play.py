"""Plays one run: a script of turns becomes the steps of a trace, with words, times and costs."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import yaml
from chance import pick, roll
from script import Turn, casual, read_script

from core.records import Message, Step, StepKind, ToolCall

_PLACE = re.compile(r"\{(d[+-]\d+|id:[A-Z]{2}|email|name|first)\}")
_WORDS = re.compile(r"<([^<>|]*(?:\|[^<>|]*)+)>")


@dataclass(frozen=True, slots=True)
class Part:
    """What a run is given: its names, its task and path, its place among the runs, and what the model is told."""

    name: str
    version: str
    trial: int
    number: int
    """Counts the wordings on: of the shared turns by version and trial, of a path's own by its runs so far."""
    own_number: int
    started: datetime
    task: Mapping[str, Any]
    path: Mapping[str, Any]
    prompt: str
    lessons: Sequence[Mapping[str, Any]] | None
    """None before version 3, which recalls; empty in the control arm and where no lesson fits."""
    arm: str


def scores_of(part: Part) -> list[float]:
    """How similar the lessons are that fit a run, best first; more than there are."""
    return sorted((round(0.42 + 0.4 * roll(part.name, n), 3) for n in range(9)), reverse=True)


@dataclass(slots=True)
class Played:
    """A run that was played: its steps, the one that went wrong, and what the customer's turns told."""

    steps: list[Step] = field(default_factory=list)
    wrong: str = ""
    rephrased: list[str] = field(default_factory=list)
    escalated: str = ""


def fill(text: str, run: str, started: datetime, customer: Mapping[str, str], data: bool = False) -> str:
    """The text with its places filled: days as people write them, or as data has them."""

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name.startswith("id:"):
            return f"{name[3:]}-{60000 + int(roll(run, name) * 30000)}"
        if name.startswith("d"):
            day = started.date() + timedelta(days=int(name[1:]))
            return day.isoformat() if data else f"{day.day} {day:%B}"
        return {**customer, "first": customer["name"].split()[0]}[name]

    return _PLACE.sub(value, text)


class Player:
    """Plays the runs of one shop."""

    def __init__(self, shop: Mapping[str, Any], schemas: Sequence[Any]) -> None:
        self.shop = shop
        self.tool_tokens = len(json.dumps(list(schemas))) // 4

    def play(self, part: Part) -> Played:
        """The run, step by step."""
        self.part, self.now, self.done = part, part.started, Played()
        self.heard = [Message("system", part.prompt)]
        base = part.task["paths"]["solved"]["script"]
        turns = read_script(part.path["script"], base)
        spoken = [index for index, turn in enumerate(turns) if turn.sign == "A"]
        said = thought = ""
        wrong = False
        for index, turn in enumerate(turns):
            text = self.wording(turn, index)
            if turn.sign == "C":
                self.customer(text, turn.flags)
                if len(self.done.steps) == 1 and part.lessons is not None:
                    self.recall(text)
            elif turn.sign == "T":
                thought = self.fill(text) if "thinks" in self.shop["versions"][part.version] else ""
            elif turn.sign == "A":
                said = self.voiced(self.fill(text), index == spoken[0], index == spoken[-1])
                wrong = "*" in turn.flags
                if index + 1 == len(turns) or turns[index + 1].sign != ">":
                    self.model(said, thought, [], wrong)
                    said, thought, wrong = "", "", False
            elif turn.sign == ">":
                group = self.calls(turns, index)
                self.model(said, thought, [call for call, _ in group], wrong or "*" in turn.flags)
                for call, answer in group:
                    self.tool(call, answer)
                said, thought, wrong = "", "", False
        return self.done

    def wording(self, turn: Turn, index: int) -> str:
        """One wording of the turn, with its choices of words made."""
        part = self.part
        number = part.own_number if turn.own else part.number
        wordings = turn.wordings
        if turn.sign == "C" and index:
            wordings = (
                tuple(words for words in wordings if words.startswith("@") or casual(words) == self.casual) or wordings
            )
        if turn.sign == "A":
            lively = "lively" in self.shop["versions"][part.version]
            wordings = tuple(words for words in wordings if ("!" in words) == lively) or wordings
        text = wordings[(number + int(roll(part.task["key"], index) * 7)) % len(wordings)]
        if text.startswith("@") and turn.sign == "C":
            fitting = [words for words in self.shop["turns"][text[1:]] if casual(words) == self.casual]
            text = pick(fitting, part.name, index, "turn")
        if index == 0:
            self.casual = casual(text)
        choices = iter(range(100))
        return _WORDS.sub(lambda m: pick(m[1].split("|"), part.name, index, next(choices)), text)

    def fill(self, text: str, data: bool = False) -> str:
        """The text with its places filled for this run."""
        return fill(text, self.part.name, self.part.started, self.part.task["customer"], data)

    def record(self, text: str) -> Any:
        """A result: `@order` or another fact of the task, or data as it stands in the script."""
        task = self.part.task
        if text == "@order":
            return json.loads(self.fill(json.dumps(whole_order(task)), data=True))
        if text.startswith("@"):
            return json.loads(self.fill(json.dumps(task["facts"][text[1:]]), data=True))
        return yaml.safe_load(self.fill(text, data=True))

    def calls(self, turns: Sequence[Turn], start: int) -> list[tuple[ToolCall, Turn]]:
        """The calls that one model step makes, each with the turn that answers it."""
        group = []
        for index in range(start, len(turns) - 1, 2):
            if index > start and turns[index].sign != "&":
                break
            name, _, arguments = self.wording(turns[index], index).partition(" ")
            call_id = f"call_{hashlib.sha256(f'{self.part.name}/{index}'.encode()).hexdigest()[:16]}"
            group.append((ToolCall(call_id, name, self.record(arguments)), turns[index + 1]))
        return group

    def voiced(self, text: str, first: bool, last: bool) -> str:
        """What is said, with the greeting and the farewell of the version, now and then."""
        part, voices = self.part, self.shop["voices"][self.part.version]
        known = part.task["customer"]["name"] in json.dumps([m.content for m in self.heard[1:] if m.role == "tool"])
        named = known and "unnamed" not in part.task
        greetings = [words for words in voices["first"] if named or "{" not in words]
        if first and greetings and "after" not in part.task and roll(part.name, "greets") < 0.8:
            text = f"{self.fill(pick(greetings, part.name, 'greeting'))} {text}"
        if last and not text.endswith("?") and roll(part.name, "closes") < 0.5:
            text = f"{text} {pick(voices['last'], part.name, 'farewell')}"
        return text

    def step_id(self) -> str:
        return f"s{len(self.done.steps) + 1:02d}"

    def customer(self, text: str, flags: str) -> None:
        """A turn of the customer, after the time it takes to read and to type."""
        hour = self.part.started.hour
        daytime = "morning" if hour < 12 else "afternoon" if hour < 17 else "evening"
        said = re.sub(r"\bGood (morning|afternoon|evening)\b", f"Good {daytime}", self.fill(text))
        if self.done.steps:
            self.now += timedelta(seconds=round(8 + len(said) * 0.22 + 50 * roll(self.part.name, self.step_id()), 1))
        step_id = self.step_id()
        self.done.rephrased += [step_id] if "~" in flags else []
        self.done.escalated = step_id if "^" in flags else self.done.escalated
        message = Message("user", said)
        self.heard.append(message)
        self.done.steps.append(Step(step_id, StepKind.USER, "customer", None, self.now, self.now, output=(message,)))

    def recall(self, task: str) -> None:
        """The lessons that this run is given, as the model is told them in its prompt."""
        part = self.part
        found = [
            {"id": each["id"], "when": each["when"], "guidance": each["guidance"], "score": score}
            for each, score in zip(part.lessons or (), scores_of(part), strict=False)
        ]
        recall_id = hashlib.sha256(f"{part.name}/recall".encode()).hexdigest()[:32]
        arguments = {"agent": self.shop["agent"], "task": self.fill(task), "k": 3}
        result = {"recall_id": recall_id, "arm": part.arm, "lessons": found}
        took = timedelta(seconds=round(0.02 + 0.06 * roll(part.name, "recall"), 3))
        step = Step(
            self.step_id(),
            StepKind.MEMORY,
            "recall",
            None,
            self.now,
            self.now + took,
            arguments=arguments,
            result=result,
        )
        self.now += took
        self.done.steps.append(step)

    def model(self, said: str, thought: str, calls: Sequence[ToolCall], wrong: bool) -> None:
        """A step of the model: what it was sent, what it said and which tools it called, how long and how dear."""
        part, version = self.part, self.shop["versions"][self.part.version]
        output = Message("assistant", said, reasoning=thought, tool_calls=tuple(calls))
        asked = json.dumps([[c.name, c.arguments] for c in calls]) if calls else ""
        tokens_in = self.tool_tokens + sum(len(m.content) + 20 for m in self.heard) // 4
        tokens_out = 6 + (len(said) + len(thought) + len(asked)) // 4
        work, chance = version["work"], roll(part.name, self.step_id(), "work")
        slow = 2.5 if chance > 0.97 else 0.75 + 0.6 * chance
        took = timedelta(seconds=round((work["think"] + work["per_token"] * tokens_out) * slow, 2))
        dear_in, dear_out = self.shop["prices"][version["model"]]
        step = Step(
            self.step_id(),
            StepKind.LLM,
            "chat",
            None,
            self.now,
            self.now + took,
            input=tuple(self.heard),
            output=(output,),
            model=version["model"],
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            cost=round((tokens_in * dear_in + tokens_out * dear_out) / 1e6, 6),
        )
        self.done.wrong = step.step_id if wrong else self.done.wrong
        self.now += took
        self.heard.append(output)
        self.done.steps.append(step)

    def tool(self, call: ToolCall, answer: Turn) -> None:
        """A tool's answer, or its error."""
        text = answer.wordings[0]
        error = self.fill(text, data=True) if answer.sign == "!" else ""
        result = dict(zip(("error", "detail"), error.split(": ", 1), strict=False)) if error else self.record(text)
        seconds = 10.0 if "no answer after" in error else 0.08 + 0.7 * roll(self.part.name, self.step_id()) ** 2
        took = timedelta(seconds=round(seconds, 2))
        step = Step(
            self.step_id(),
            StepKind.TOOL,
            call.name,
            None,
            self.now,
            self.now + took,
            call_id=call.call_id,
            arguments=call.arguments,
            result=result,
            error=error,
        )
        self.now += took
        self.heard.append(Message("tool", json.dumps(result), tool_call_id=call.call_id, name=call.name))
        self.done.steps.append(step)


def whole_order(task: Mapping[str, Any]) -> dict[str, Any]:
    """The order of a task as the shop's database has it: rows of items become records, with customer and total."""
    order = dict(task["order"])
    customer = {key: task["customer"][key] for key in ("id", "name", "email")}
    rows = order.pop("items")
    items = [
        {"sku": sku, "name": name, "qty": qty, "price": price} | ({"sale": True} if more else {})
        for sku, name, qty, price, *more in rows
    ]
    total = sum(item["qty"] * item["price"] for item in items) + order.get("shipping", 0)
    head = {"order_id": order.pop("order_id"), "status": order.pop("status"), "placed": order.pop("placed")}
    return {**head, "customer": customer, "items": items, "total": round(total, 2), **order}
