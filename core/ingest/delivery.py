"""Spans and log records that are sent: kept before they are answered, and put into traces right after.

Two stages, each one transaction. `accept` checks, redacts and keeps a request as it is, so that it can be answered as
soon as it is safe and however much waits. `assemble_due` takes what waits and writes steps; what it takes is gone in
the same transaction, so that each span is put in once whatever happens in between.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.orm import Session

from core.errors import Unavailable
from core.ingest.assemble import assemble
from core.ingest.otlp import REQUESTS, TRACES, Sound, groups, rejected, spans_of, split, texts_of
from core.ingest.prices import PriceList, prices_with
from core.ingest.semantics import merge_steps
from core.ingest.spans import Span
from core.records import Rejected, Trace
from core.redact import Policy, redactor
from core.store.deliveries import Delivery, add_delivery, deliveries_waiting, read_deliveries, remove_deliveries
from core.store.engine import Store
from core.store.intake import Came, add_refusals, count_intake
from core.store.policies import policies_of
from core.store.prices import price_rows
from core.store.recalls import name_by_key, name_runs, recalls_named
from core.store.signals import add_signals, attach_signals, homes_of
from core.store.trace_rows import Prepared, prepare
from core.store.trace_writing import Written, write_traces
from core.tasks.outcome import refresh_outcomes

SOURCE = "otlp"
AT_ONCE = 1_000
"""Spans that are put into traces in one transaction."""

_log = logging.getLogger("loopwright")

_AGENT_KEYS = ("gen_ai.agent.name", "agent.name", "service.name")


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of a request: how many spans (or log records) are kept, and what was not taken."""

    n: int
    rejected: list[Rejected] = field(default_factory=list)


def accept(store: Store, kind: str, sound: Sound, most_waiting: int) -> Accepted:
    """Keep what a request holds; when this returns it is committed.

    Raises Unavailable, with nothing kept, when the database cannot be used or `most_waiting` spans wait already
    (requests that come in the same moment to a PostgreSQL do not see each other, and may pass that together).
    """
    with store.session() as session:
        if deliveries_waiting(session).n + sound.n > max(most_waiting, sound.n):
            raise Unavailable(f"More than {most_waiting:,} spans wait to be read. Send this again in a moment.")
        policies = {agent: Policy.from_json(rules) for agent, rules in policies_of(session, "redaction").items()}
        redactions = _redact(kind, sound, policies)
        if sound.n:
            add_delivery(session, kind, sound.n, sound.message.SerializeToString(), redactions)
        if sound.rejected:
            add_refusals(session, kind, sound.rejected)
            count_intake(session, {(kind, ""): Came(rejected=len(sound.rejected))})
    return Accepted(sound.n, sound.rejected)


def _redact(kind: str, sound: Sound, policies: Mapping[str, Policy]) -> dict[str, dict[str, int]]:
    """Replace in place what must not be kept; trace id → kind → count."""
    counts: dict[str, Counter[str]] = {}
    body = sound.message.SerializeToString()
    for chosen in map(redactor, _policies_for(kind, sound.message, policies)):
        sound.rejected = [
            Rejected(chosen.text(one.record)[0], chosen.text(one.reason)[0], chosen.value(one.body)[0])
            for one in sound.rejected
        ]
        if not chosen.may_hold(body):
            continue
        for place in texts_of(kind, sound.message):
            text = getattr(place.holder, place.field)
            replaced, found = chosen.value({place.key: text})
            if found:
                (text,) = replaced.values()
                setattr(place.holder, place.field, text)
                counts.setdefault(place.trace, Counter()).update(found)
    shared = counts.pop("", None)
    if shared:  # what stood in a resource belongs to every run of the request; it is counted with the first
        first = next((span.trace_id for span in spans_of(kind, sound.message)), "")
        counts.setdefault(first, Counter()).update(shared)
    return {trace: dict(found) for trace, found in counts.items()}


def _policies_for(kind: str, message: Any, policies: Mapping[str, Policy]) -> list[Policy]:
    """The policies of the agents that a request names, else the one for all others."""
    if not set(policies) - {""}:
        return [policies.get("", Policy())]
    named = {
        pair.value.string_value
        for outer in (message.resource_spans if kind == TRACES else message.resource_logs)
        for pairs in (outer.resource.attributes, *_attributes_inside(kind, outer))
        for pair in pairs
        if pair.key in _AGENT_KEYS
    }
    return [policies[agent] for agent in sorted(named) if agent in policies] or [policies.get("", Policy())]


def _attributes_inside(kind: str, outer: Any) -> Iterator[Any]:
    for scope in outer.scope_spans if kind == TRACES else outer.scope_logs:
        for one in scope.spans if kind == TRACES else scope.log_records:
            yield one.attributes


def assemble_due(store: Store, most: int = AT_ONCE) -> int:
    """Put about `most` of the spans that wait into traces; how many were taken (0: nothing waits).

    All that needs no database is done before the transaction that writes, so that others wait for that one only.
    Raises Unavailable when the database cannot be used; what was to be taken waits on.
    """
    with store.reading() as reading:
        taken = read_deliveries(reading, most)
        prices = prices_with(tuple(price_rows(reading)))
        if not taken:
            return 0
        try:
            traces = _traces_of(taken, prices)
            prepared = prepare(traces)
            with store.session(patient=True) as session:
                remove_deliveries(session, taken)
                _put(session, taken, traces, prepared)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001  (whatever it is: one span must not hold up all that come after it)
            _log.error("spans could not be put into traces together; each trace is tried alone", exc_info=error)
            for delivery in taken:
                _assemble_carefully(store, delivery, prices)
    return sum(delivery.n for delivery in taken)


def _assemble_carefully(store: Store, delivery: Delivery, prices: PriceList) -> None:
    """Take one delivery, trace by trace; the spans of a trace that cannot be put in are refused, and kept for later."""
    message: Any = REQUESTS[delivery.door]()
    message.ParseFromString(delivery.body)
    with store.session() as session:
        remove_deliveries(session, [delivery])
        for trace, part in split(delivery.door, message).items():
            kinds = {uid: found for uid, found in delivery.redactions.items() if uid == trace}
            body = part.SerializeToString()
            alone = replace(delivery, body=body, size=len(body), redactions=kinds)
            try:
                with session.begin_nested():
                    traces = _traces_of([alone], prices)
                    _put(session, [alone], traces, prepare(traces))
            except Exception as error:  # noqa: BLE001  (as above)
                # one line: the fault itself was logged above, and may be that of ten thousand traces
                _log.warning("the spans of trace %s are refused: %s: %s", trace, type(error).__name__, str(error)[:200])
                reason = f"it could not be put into its trace ({type(error).__name__}); the log says why"
                refused = [
                    rejected(delivery.door, group, one, reason)
                    for group in groups(delivery.door, part)
                    for one in group.ones
                ]
                add_refusals(session, delivery.door, refused)
                count_intake(session, {(delivery.door, ""): Came(rejected=len(refused))})


def _traces_of(taken: Sequence[Delivery], prices: PriceList) -> list[Trace]:
    redactions: dict[str, Counter[str]] = {}
    spans: list[Span] = []
    for delivery in taken:
        for uid, kinds in delivery.redactions.items():
            redactions.setdefault(uid, Counter()).update(kinds)
        message: Any = REQUESTS[delivery.door]()
        message.ParseFromString(delivery.body)
        spans += spans_of(delivery.door, message)
    return assemble(spans, SOURCE, prices, redactions, is_open=True)


def _put(session: Session, taken: Sequence[Delivery], traces: Sequence[Trace], prepared: Sequence[Prepared]) -> None:
    """Write traces and their signals, and count what came, by agent; bytes are shared out by the number of steps."""
    written = write_traces(session, prepared, merge_steps)
    attach(session, traces, written)
    came: dict[tuple[str, str], Came] = {}
    for trace in traces:
        counts = came.setdefault((TRACES, trace.agent), Came())
        repeated = written.repeated.get(trace.trace_id, 0)
        counts.accepted += len(trace.steps) - repeated
        counts.repeated += repeated
        counts.redacted += sum(trace.redactions.values())
    total = sum(counts.accepted + counts.repeated for counts in came.values()) or 1
    size = sum(delivery.size for delivery in taken)
    for counts in came.values():
        counts.size = size * (counts.accepted + counts.repeated) // total
    count_intake(session, came)


def attach(session: Session, traces: Sequence[Trace], written: Written) -> None:
    """Write the signals that spans carried, link those that waited, and bring outcomes in line."""
    signals = [signal for trace in traces for signal in trace.signals]
    add_signals(session, signals)
    attach_signals(session, list(written.traces))
    name_runs(session, recalls_named(traces))
    name_by_key(session, list(written.traces))
    judged = homes_of(session, {signal.trace_id for signal in signals})
    refresh_outcomes(session, [*written.traces.values(), *(home.trace_id for home in judged.values())])
