"""Puts spans together into runs: steps in reading order, and what the spans say of the run as a whole.

Pure. The spans need not be all of a run: what comes later is added to what is stored (core.store.trace_writing), with
the same functions deciding.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from core.clock import content_hash
from core.ingest.prices import PriceList, price_step
from core.ingest.semantics import Facts, facts_of, link_tools, merge_steps, signals_of, step_of
from core.ingest.spans import Span
from core.records import Signal, Step, Task, Trace
from core.store.reading_order import Place, reading_order
from core.store.trace_rows import first_said

EVALUATION = "gen_ai.evaluation.result"


def assemble(
    spans: Iterable[Span],
    source: str,
    prices: PriceList | None = None,
    redactions: Mapping[str, Mapping[str, int]] | None = None,
    is_open: bool = False,
) -> list[Trace]:
    """The runs that spans belong to, in the order of their first spans. `redactions` is trace id → kind → count."""
    by_trace: dict[str, list[Span]] = {}
    for span in spans:
        by_trace.setdefault(span.trace_id, []).append(span)
    counted = redactions or {}
    return [_trace(uid, group, source, prices, counted.get(uid, {}), is_open) for uid, group in by_trace.items()]


def _trace(
    uid: str, spans: Sequence[Span], source: str, prices: PriceList | None, redactions: Mapping[str, int], is_open: bool
) -> Trace:
    steps: dict[str, Step] = {}
    facts, root_facts = Facts(), Facts()
    signals: list[Signal] = []
    resource: dict[str, Any] = {}
    for span in spans:
        judged = signals_of(span)
        signals += judged
        said = facts_of(span)
        if span.parent_id is None and not span.bare:
            root_facts = root_facts.over(said)
            resource = dict(span.resource)
        else:
            facts = facts.over(said)
        if span.bare and judged and all(event.name == EVALUATION for event in span.events):
            continue  # it judges a step and is none
        step = step_of(span)
        steps[step.step_id] = merge_steps(steps[step.step_id], step) if step.step_id in steps else step
    facts = root_facts.over(facts)
    places = [Place(step.step_id, step.parent_id, step.started_at) for step in steps.values()]
    ordered = link_tools([steps[step_id] for step_id in reading_order(places)])
    if prices is not None:
        ordered = [price_step(step, prices) for step in ordered]
    kept = {
        "resource": resource or dict(spans[0].resource),
        "loopwright.suite": facts.suite,
        "loopwright.recall.id": facts.recall_id,
    }
    return Trace(
        trace_id=uid,
        source=source,
        steps=tuple(ordered),
        agent=facts.agent,
        version=facts.version,
        task=task_of(facts, ordered),
        session_id=facts.session_id,
        user=facts.user,
        trial=facts.trial,
        tools=facts.tools,
        tags=facts.tags,
        attributes={key: value for key, value in kept.items() if value},
        signals=tuple(signals),
        redactions=redactions,
        open=is_open,
        root_ended=any(step.parent_id is None and step.ended_at is not None for step in ordered),
    )


def task_of(facts: Facts, steps: Sequence[Step]) -> Task | None:
    """The task that a run names, else one derived from the first thing that was said to it; None without either."""
    if facts.task_key:
        return Task(facts.task_key, facts.task_title or first_said(steps)[:2000])
    return derived_task(first_said(steps))


def derived_task(said: str) -> Task | None:
    """The task of runs that began with the same words (case, spaces and forms of characters aside)."""
    plain = " ".join(unicodedata.normalize("NFKC", said).casefold().split())
    return Task(f"derived/{content_hash(plain, 16)}", said.strip()[:2000], derived=True) if plain else None
