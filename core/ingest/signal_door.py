"""The door for signals: what may not be kept is replaced, the rest is written, and its traces are judged anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from core.ingest.signals import Unfit
from core.records import Rejected, Signal
from core.redact import Policy, Redactor, redactor
from core.store.intake import Came, add_refusals, count_intake
from core.store.policies import policies_of
from core.store.signals import Home, Kept, homes_of, say_signals
from core.tasks.outcome import refresh_outcomes

DOOR = "signals"
CONFLICT = "This key belongs to a signal about something else: another trace, step or name."


@dataclass(frozen=True, slots=True)
class Sent:
    """What one request holds: signals, what of it cannot be taken, and how many bytes it was."""

    signals: Sequence[Signal]
    unfit: Sequence[Unfit]
    size: int


def accept(session: Session, requests: Sequence[Sent]) -> list[list[Kept]]:
    """Write the signals of several requests at once; for each request what became of its signals, in their order."""
    listed = [signal for sent in requests for signal in sent.signals]
    unfit = [one for sent in requests for one in sent.unfit]
    homes = homes_of(session, {signal.trace_id for signal in listed})
    policies = {agent: Policy.from_json(rules) for agent, rules in policies_of(session, "redaction").items()}
    total = Came(size=sum(sent.size for sent in requests))
    clean = []
    for signal in listed:
        home = homes.get(signal.trace_id)
        for chosen in _redactors(policies, home):
            signal = _redacted(signal, chosen, total)
        clean.append(signal)
    kept = say_signals(session, clean, homes)
    refresh_outcomes(session, [one.home.trace_id for one in kept if one.home is not None and one.added])
    _count(session, kept, len(unfit), total)
    if unfit:
        hides = list(_redactors(policies, None))
        add_refusals(session, DOOR, [_refusal(one, hides) for one in unfit])
    answers = iter(kept)
    return [[next(answers) for _ in sent.signals] for sent in requests]


def _redactors(policies: Mapping[str, Policy], home: Home | None) -> Iterator[Redactor]:
    """The agent's own policy, else the one for all others; every one there is while the agent is not known."""
    for policy in policies.values() if home is None else [policies.get(home.agent, policies.get("", Policy()))]:
        yield redactor(policy)
    if home is None and not policies:
        yield redactor(Policy())


def _redacted(signal: Signal, chosen: Redactor, total: Came) -> Signal:
    said = [signal.comment, signal.source, signal.value if isinstance(signal.value, str) else ""]
    found = [chosen.text(text) if text else (text, {}) for text in said]
    replaced = sum(sum(counts.values()) for _, counts in found)
    if not replaced:
        return signal
    total.redacted += replaced
    comment, source, value = (text for text, _ in found)
    return replace(signal, comment=comment, source=source, value=value or signal.value)


def _refusal(one: Unfit, hides: Sequence[Redactor]) -> Rejected:
    body, reason = one.body, one.reason
    for chosen in hides:
        body, reason = chosen.value(body)[0], chosen.text(reason)[0]
    return Rejected(f"signal {one.index + 1}", reason, body)


def _count(session: Session, kept: Sequence[Kept], unfit: int, total: Came) -> None:
    """Count what came by agent; bytes and what was replaced stand with the agent that most came for."""
    came: dict[str, Came] = {}
    for one in kept:
        counts = came.setdefault("" if one.home is None else one.home.agent, Came())
        counts.accepted += one.added
        counts.repeated += one.state == "repeated"
        counts.rejected += one.state == "conflict"
    if unfit:
        came.setdefault("", Came()).rejected += unfit
    most = max(came.values(), key=lambda counts: counts.accepted + counts.repeated)
    most.size, most.redacted = total.size, total.redacted
    count_intake(session, {(DOOR, agent): counts for agent, counts in came.items()})
