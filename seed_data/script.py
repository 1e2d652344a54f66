"""Reads a script, the text in which a task tells how a run of it goes.

A script has a line for each turn: `C:` the customer, `A:` the agent, `T:` what the model thought, `>` a tool call
(`&` another one in the same breath) with `=` its result or `!` its error. `or:` gives another wording of the turn
above. `*` stands behind the sign of the step that went wrong, `~` where the customer has to ask again, `^` where a
person is asked for. `<this|that>` is a choice of words, `{d-5}` a day counted from the run's, `{id:RT}` a number of
this run. `--` ends the part that other paths take over with `...`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINE = re.compile(r"(C|A|T|or|>|&|=|!)([*~^]*):?\s+(.*)")


def casual(text: str) -> bool:
    """Whether somebody writes without capitals; who begins like that goes on like that."""
    letters = re.sub(r"[A-Z]{2,}-?[\dA-Z-]*", "", text).lstrip(" <:,.?!")
    return letters[:1].islower()


@dataclass(frozen=True, slots=True)
class Turn:
    """One line of a script with its other wordings; `own` where it is not taken over from another path."""

    sign: str
    flags: str
    wordings: tuple[str, ...]
    own: bool


def read_script(text: str, base: str = "") -> list[Turn]:
    """The turns of a script; `...` stands for those of `base` up to its `--`."""
    turns: list[Turn] = []
    for line in text.strip().splitlines():
        if line == "...":
            turns += [Turn(t.sign, t.flags, t.wordings, False) for t in read_script(base.split("\n--\n")[0])]
        elif line != "--":
            match = _LINE.fullmatch(line)
            if match is None:
                raise ValueError(f"A script holds a line that is none: {line}")
            sign, flags, said = match.groups()
            if sign == "or":
                above = turns.pop()
                turns.append(Turn(above.sign, above.flags, (*above.wordings, said), above.own))
            else:
                turns.append(Turn(sign, flags, (said,), True))
    return turns
