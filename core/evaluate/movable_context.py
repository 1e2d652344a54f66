"""What prompts carry that weights could: system prompt, recalled notes, tool definitions; in tokens and dollars.

It is the most that could go. A fine-tuned model may still need a part of it, and costs something itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC
from statistics import fmean

from sqlalchemy.orm import Session

from core.evaluate.drift import thinned
from core.evaluate.weeks import FEW
from core.ingest.prices import PriceList, prices_with
from core.measure.intervals import Mean
from core.measure.ranks import median
from core.measure.runs import Median, run_mean
from core.memory.prompt import CHARACTERS_A_TOKEN, without_notes
from core.records import Message
from core.store.prices import price_rows
from core.store.readiness import Call, CallingRun, calling_runs, newest_briefs
from core.store.recalls import is_recall

MOST_RUNS, MOST_CALLS, MOST_STEPS, MOST_TOKENS = 100, 4, 20_000, 4_000_000
"""The newest runs, so many calls of each, and no more steps and tokens than these in all."""

_INSTRUCTIONS = ("system", "developer")


@dataclass(frozen=True, slots=True)
class MovableContext:
    """What calls carried in the newest `looked_at` runs; `runs` of them record what models were sent and its tokens.

    `a_call` are the tokens that could go from a call at most (the median of the runs' means); `system`, `notes` and
    `tools` say what they are, as means over calls, and `share` is theirs of all that models read. `a_run` are those of
    a run, `cached` is the share of them that came from a cache. `dollars` a run is None where no price is known;
    `priced` of the runs have one. `tools_known`: a run recorded its tool definitions; `cache_known`: a call told of a
    cache.
    """

    looked_at: int
    runs: int
    a_call: Median
    system: float
    notes: float
    tools: float
    share: float
    a_run: Mean
    cached: float
    dollars: Mean | None
    priced: int
    tools_known: bool
    cache_known: bool


@dataclass(frozen=True, slots=True)
class _Carried:
    """Tokens of one call (or the means of a run's calls): by what they are, all that was read, and their cost."""

    system: float
    notes: float
    tools: float
    read: float
    cached: float
    dollars: float | None

    @property
    def movable(self) -> float:
        return self.system + self.notes + self.tools


def movable_context(session: Session, agent: str) -> tuple[int, MovableContext | None]:
    """How many of an agent's newest runs were looked at, and what they carry; None where fewer than FEW of them record
    what models were sent and how many tokens that was."""
    newest = newest_briefs(session, agent, MOST_RUNS)
    looked_at = thinned([row_id for row_id, _ in newest], [n for _, n in newest], MOST_STEPS)
    found = calling_runs(session, looked_at, MOST_CALLS, MOST_TOKENS)
    if len(found) < FEW:
        return len(looked_at), None
    prices = prices_with(tuple(price_rows(session)))
    of_runs = [(run, _of_run(run, prices)) for run in found]
    calls = [run.n_calls for run in found]

    def mean(values: Iterable[float]) -> float:
        return sum(n * value for n, value in zip(calls, values, strict=True)) / sum(calls)

    movable, read = mean(one.movable for _, one in of_runs), mean(one.read for _, one in of_runs)
    priced = [(run, one.dollars) for run, one in of_runs if one.dollars is not None]
    context = MovableContext(
        looked_at=len(looked_at),
        runs=len(found),
        a_call=median([one.movable for _, one in of_runs]),
        system=mean(one.system for _, one in of_runs),
        notes=mean(one.notes for _, one in of_runs),
        tools=mean(one.tools for _, one in of_runs),
        share=movable / read,
        a_run=_a_run([(run, one.movable) for run, one in of_runs]),
        cached=mean(one.cached for _, one in of_runs) / movable if movable else 0.0,
        dollars=_a_run(priced) if priced else None,
        priced=len(priced),
        tools_known=any(run.tool_characters for run in found),
        cache_known=any(call.tokens_cached is not None for run in found for call in run.calls),
    )
    return len(looked_at), context


def _a_run(values: Sequence[tuple[CallingRun, float]]) -> Mean:
    """The mean over runs of what all calls of one carry; runs of one task belong together."""
    clusters: dict[int, list[float]] = defaultdict(list)
    for run, value in values:
        clusters[run.cluster].append(run.n_calls * value)
    return run_mean([(sum(one), len(one)) for one in clusters.values()])


def _of_run(run: CallingRun, prices: PriceList) -> _Carried:
    """The mean of those calls that were read."""
    calls = [_of_call(call, run.tool_characters, prices) for call in run.calls]
    dollars = [call.dollars for call in calls if call.dollars is not None]
    return _Carried(
        fmean(call.system for call in calls),
        fmean(call.notes for call in calls),
        fmean(call.tools for call in calls),
        fmean(call.read for call in calls),
        fmean(call.cached for call in calls),
        fmean(dollars) if dollars else None,
    )


def _of_call(call: Call, tool_characters: int, prices: PriceList) -> _Carried:
    """Tokens are counted as characters over four, together no more than the call read.

    A cache holds the beginning of a prompt, where these stand: what came from it is counted to them first.
    """
    system = notes = 0
    for message in call.input:
        own, recalled = _parted(message)
        notes += recalled
        system += own if message.role in _INSTRUCTIONS else 0
    tokens = [count / CHARACTERS_A_TOKEN for count in (system, notes, tool_characters)]
    fits = min(1.0, call.tokens_in / sum(tokens)) if sum(tokens) else 0.0
    system_tokens, notes_tokens, tool_tokens = (fits * one for one in tokens)
    movable = fits * sum(tokens)
    cached = min(movable, call.tokens_cached or 0)
    dollars = _dollars(call, movable, cached, prices)
    return _Carried(system_tokens, notes_tokens, tool_tokens, call.tokens_in, cached, dollars)


def _parted(message: Message) -> tuple[int, int]:
    """The characters of a message that are its own, and those of notes from the memory."""
    whole = len(message.content)
    own = 0 if is_recall(message) else len(without_notes(message.content))
    return own, whole - own


def _dollars(call: Call, movable: float, cached: float, prices: PriceList) -> float | None:
    """What these tokens cost at most. Without a price of the model, as if what it writes cost no more than what it
    reads and what comes from a cache nothing: no token read can have cost more than that."""
    price = prices.at(call.model, call.at.astimezone(UTC).date() if call.at else None) if call.model else None
    if price is not None:
        cheaper = price.input if price.cached is None else price.cached
        return ((movable - cached) * price.input + cached * cheaper) / 1_000_000
    if not call.cost:  # sources write 0 for a model whose price they do not know
        return None
    paid = call.tokens_in - (call.tokens_cached or 0) + call.tokens_out
    return min(call.cost, movable * call.cost / paid) if paid > 0 else call.cost
