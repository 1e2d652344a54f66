"""What of a model's input a reader has read already, and where calls and their results stand. Pure.

Many agents send a model the whole conversation again at each step. Only what was not read in a step before is new.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from core.errors import NotFound
from core.records import Message, Step, StepKind
from core.store.content import text_of

SYSTEM = ("system", "developer")

_Key = tuple[str, str, tuple[str, ...]]


@dataclass
class Read:
    """The messages that stood in the steps so far, and the calls whose results did."""

    _keys: set[_Key] = field(default_factory=set)
    _calls: set[str] = field(default_factory=set)

    def fresh(self, step: Step) -> list[int]:
        """Which messages of the step's input were not read before."""
        return [
            index
            for index, message in enumerate(step.input)
            if _key(message) not in self._keys and not (message.tool_call_id and message.tool_call_id in self._calls)
        ]

    def take(self, step: Step) -> None:
        """The step was read."""
        self._keys.update(_key(message) for message in (*step.input, *step.output))
        if step.call_id and step.result is not None:
            self._calls.add(step.call_id)
        if step.kind is StepKind.TOOL and step.result is not None:
            self._keys.add(("tool", text_of(step.result).strip(), ()))


def _key(message: Message) -> _Key:
    return message.role, message.content.strip(), tuple(call.name for call in message.tool_calls)


@dataclass(frozen=True)
class Answers:
    """Where the calls of some steps that stand together were asked for and answered; positions count as `first` does.

    `late` are call ids between whose asking and answer the agent went on; `told` maps the id of a call without a step
    of its own to the position of the model's step, and the place in its input, that tells its result.
    """

    asked: dict[str, int]
    answered: dict[str, int]
    late: frozenset[str]
    told: dict[str, tuple[int, int]]

    @classmethod
    def among(cls, steps: Sequence[Step], first: int) -> Answers:
        """Of steps in reading order, the first of which stands at position `first`."""
        asked: dict[str, int] = {}
        answered: dict[str, int] = {}
        told: dict[str, tuple[int, int]] = {}
        models = [position for position, step in enumerate(steps, first) if step.kind is StepKind.LLM]
        for position, step in enumerate(steps, first):
            for index, message in enumerate(step.input):
                if message.role == "tool" and message.tool_call_id:
                    told.setdefault(message.tool_call_id, (position, index))
            asked |= {call.call_id: position for one in step.output for call in one.tool_calls if call.call_id}
            if step.kind is not StepKind.LLM and step.call_id:
                answered.setdefault(step.call_id, position)
        late = {
            call
            for call, position in answered.items()
            if call in asked and any(asked[call] < model < position for model in models)
        }
        alone = {call: place for call, place in told.items() if call in asked and call not in answered}
        return cls(asked, answered, frozenset(late), alone)


def ranges(indexes: Iterable[int]) -> str:
    """0, 1, 2, 5 as "0-2,5"."""
    runs: list[list[int]] = []
    for index in indexes:
        if runs and index == runs[-1][1] + 1:
            runs[-1][1] = index
        else:
            runs.append([index, index])
    return ",".join(f"{low}-{high}" if low != high else str(low) for low, high in runs)


def indexes(written: str, count: int) -> list[int]:
    """What `ranges` wrote; raises NotFound where there is no such message among `count`."""
    if not re.fullmatch(r"\d{1,9}(-\d{1,9})?(,\d{1,9}(-\d{1,9})?){0,999}", written):
        raise NotFound("This step has no such part. Reload the page.", field="part")
    found: list[int] = []
    for run in written.split(","):
        low, _, high = run.partition("-")
        if int(high or low) >= count:
            raise NotFound("This step has no such part. Reload the page.", field="part")
        found += range(int(low), int(high or low) + 1)
    return found
