"""The gates: each stops candidates for one reason. They stand in the order in which they are asked.

What a candidate was judged comes first, then whether its text can be a row, then what the row says, and repeats last:
a repeat is measured against rows that are otherwise good. The reason of a candidate is the first gate that stops it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core.dataset.asked import Asked
from core.dataset.candidates import Candidate, Row, Verdict
from core.dataset.messages import message_text, spoken
from core.errors import InvalidInput

_ALL = ("sft", "dpo", "kto", "reward", "steps")
_PAIRS = ("dpo", "reward")

Stops = Callable[[Row, Asked], bool | str]
"""Whether a row is stopped; a text is the detail."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One reason to leave a candidate out. One that is not `optional` cannot be switched off: no row would be right.

    `reads` says that it looks at the columns, so the text has to be read before it is asked.
    """

    name: str
    sentence: str
    stops: Stops
    formats: tuple[str, ...] = _ALL
    optional: bool = False
    reads: bool = True


def _judged(verdict: Verdict) -> Stops:
    return lambda row, asked: row.candidate.verdict is verdict and (row.candidate.outcome_from or True)


def _unreadable(gate: str) -> Stops:
    return lambda row, asked: row.problem.detail if row.problem is not None and row.problem.gate == gate else ""


def _kept(row: Row, asked: Asked) -> str:
    return f"{row.candidate.task} is kept for {row.candidate.kept_for}." if row.candidate.kept_for else ""


def _withheld(row: Row, asked: Asked) -> str:
    gate = asked.withheld.get(row.candidate.key)
    return f"The gate {gate} stopped it there." if gate else ""


def _few(row: Row, asked: Asked) -> str:
    """Of what rests on people alone; a lead's resolution is asked of nobody else."""
    candidate = row.candidate
    if not candidate.labels or candidate.ruling is not None or candidate.reviewers >= asked.reviewers:
        return ""
    return f"{candidate.reviewers} of {asked.reviewers} people."


def _apart(row: Row, asked: Asked) -> str:
    candidate = row.candidate
    agreed = candidate.agreement
    if not candidate.labels or candidate.ruling is not None or agreed is None or agreed >= asked.agreement:
        return ""
    return f"{agreed:.0%} agree, {asked.agreement:.0%} were asked for."


def _secret(row: Row, asked: Asked) -> str:
    """What an agent's redaction would replace, typed since or from before that was decided. It is not quoted."""
    agent = row.candidate.runs[0].agent if row.candidate.runs else ""
    found = asked.secrets_of(agent).value(dict(row.columns))[1]
    kinds = ", ".join(f"{kind} ({count})" for kind, count in sorted(found.items()))
    return f"It holds what is replaced for its agent: {kinds}." if kinds else ""


def _leaks(row: Row, asked: Asked) -> str:
    return asked.kept.said_in(row_text(row.columns), row.candidate.task) if asked.kept else ""


def _empty(row: Row, asked: Asked) -> str:
    blank = [name for name, said in spoken(row.columns).items() if not _taught(name, said)]
    if "steps" in row.columns:  # a log of messages begins with a step, and has nothing before it
        blank = [name for name in blank if name != "prompt"]
    return f"Nothing stands in {' and '.join(blank)}." if blank else ""


def _taught(name: str, said: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a column says anything; of a whole conversation, whether the agent does."""
    return any(message_text(each).strip() for each in said if name != "messages" or each["role"] == "assistant")


def _identical(row: Row, asked: Asked) -> bool:
    return "chosen" in row.columns and _said(row.columns["chosen"]) == _said(row.columns["rejected"])


def _said(column: Sequence[Mapping[str, Any]]) -> str:
    return "\n".join(message_text(each) for each in column).strip()


def row_text(columns: Mapping[str, Any]) -> str:
    """What of a row is compared with other rows: all it says, without system prompts and tool schemas."""
    return "\n".join(_said([each for each in said if each["role"] != "system"]) for said in spoken(columns).values())


def by_evidence(candidate: Candidate) -> tuple[int, datetime, str]:
    """What candidates are sorted by, so that the best evidenced comes first: most reviewers, the oldest, the key."""
    return -candidate.reviewers, candidate.at or datetime.max.replace(tzinfo=UTC), candidate.key


LEAK, SECRET, WITHHELD = "leak", "secret", "withheld"

DUPLICATES = "duplicates"
"""The gate that is asked last, of all rows that are left together (core.dataset.selection)."""

GATES = (
    Gate(
        "unverified",
        "No reviewer and no automated check says that it is good.",
        _judged(Verdict.UNVERIFIED),
        reads=False,
    ),
    Gate("failed", "The run did not solve its task, or only partly.", _judged(Verdict.FAILED), ("sft",), reads=False),
    Gate("disputed", "Its reviewers disagree: no answer has most of them.", _judged(Verdict.DISPUTED), reads=False),
    Gate("tie", "Most reviewers found both sides equal.", _judged(Verdict.TIE), ("dpo", "kto", "reward"), reads=False),
    Gate("both_bad", "Most reviewers found both sides bad.", _judged(Verdict.BOTH_BAD), _PAIRS, reads=False),
    Gate("holdout", "Its task is kept for validation or holdout.", _kept, reads=False),
    Gate(WITHHELD, "The dataset that it came with withheld it.", _withheld, reads=False),
    Gate("reviewers", "Fewer people than asked for stand behind it.", _few, reads=False),
    Gate("agreement", "Its reviewers agree less than asked for.", _apart, reads=False),
    Gate(
        "reworked",
        "Somebody corrected a turn of this run: the correction is taught, not the run as it was.",
        lambda row, asked: row.candidate.reworked and row.candidate.verdict is Verdict.GOOD,
        ("sft", "kto"),
        optional=True,
        reads=False,
    ),
    Gate("no_turn", "No turn of the agent stands in the place that would be taught.", _unreadable("no_turn")),
    Gate("unknown_role", "A message has a role that trainers do not know.", _unreadable("unknown_role")),
    Gate("empty", "A side, or the whole row, is empty.", _empty, optional=True),
    Gate("identical", "Both sides say the same.", _identical, _PAIRS, optional=True),
    Gate(SECRET, "A key or what its agent's redaction replaces stands in it.", _secret, optional=True),
    Gate(LEAK, "It nearly repeats a task that is kept for validation or holdout.", _leaks),
    Gate(
        DUPLICATES,
        "It repeats, or nearly repeats, a row with better evidence.",
        lambda row, asked: False,
        optional=True,
    ),
)


def gates_of(format: str) -> tuple[Gate, ...]:
    """The gates that a format has, in their order."""
    return tuple(gate for gate in GATES if format in gate.formats)


def choose_gates(format: str, chosen: Iterable[str]) -> dict[str, bool]:
    """Gate → on or off, from `NAME=on|off` texts over the default (all on); raises InvalidInput."""
    gates = {gate.name: gate for gate in gates_of(format)}
    switched = dict.fromkeys(gates, True)
    for text in chosen:
        name, _, state = text.partition("=")
        if name not in gates:
            raise InvalidInput(f"{format} has no gate {name}. It has {', '.join(gates)}.", field="gate")
        if state not in ("on", "off"):
            raise InvalidInput(f"“{text}” says neither on nor off. Write {name}=on or {name}=off.", field="gate")
        if state == "off" and not gates[name].optional:
            free = ", ".join(gate.name for gate in gates.values() if gate.optional)
            raise InvalidInput(
                f"The gate {name} cannot be switched off. {gates[name].sentence} Only {free} can be.", field="gate"
            )
        switched[name] = state == "on"
    return switched
