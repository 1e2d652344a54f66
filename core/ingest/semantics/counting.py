"""Tokens and cost of one model call, whichever way its source counts the cached and the reasoning ones."""

from __future__ import annotations

from typing import Any, NamedTuple

from core.ingest.semantics.gathering import Gathered, best, in_order
from core.ingest.semantics.values import money, opened, tokens
from core.ingest.semantics.vocabulary import CACHE_APART


class Tokens(NamedTuple):
    """Counts as `core.records.Step` means them: the parts are inside of what was read and written."""

    read: int | None = None
    written: int | None = None
    cached: int | None = None
    cache_written: int | None = None
    reasoning: int | None = None


_USAGE = {
    "input": "tokens_in",
    "input_tokens": "tokens_in",
    "prompt_tokens": "tokens_in",
    "output": "tokens_out",
    "output_tokens": "tokens_out",
    "completion_tokens": "tokens_out",
    "total": "tokens_total",
    "total_tokens": "tokens_total",
    "input_cache_read": "tokens_cached",
    "input_cached_tokens": "tokens_cached",
    "cache_read": "tokens_cached",
    "cache_read_input_tokens": "tokens_cached",
    "prompt_details.cache_read": "tokens_cached",
    "input_cache_creation": "tokens_cache_written",
    "cache_write": "tokens_cache_written",
    "cache_creation_input_tokens": "tokens_cache_written",
    "prompt_details.cache_write": "tokens_cache_written",
    "output_reasoning": "tokens_reasoning",
    "output_reasoning_tokens": "tokens_reasoning",
    "reasoning_tokens": "tokens_reasoning",
    "completion_details.reasoning": "tokens_reasoning",
}
"""The names in objects of counts, as Langfuse and MLflow send them."""

_COUNTED = frozenset(
    ("tokens_in", "tokens_out", "tokens_cached", "tokens_cache_written", "tokens_reasoning", "tokens_total", "usage")
)


def tokens_of(gathered: Gathered) -> Tokens:
    """The counts of a span; a total that they do not explain stays an attribute.

    Whether the count of input tokens leaves the cached ones out is decided by the first of these that says it: a part
    that is larger than its whole, a total that only one reading explains, the vocabulary's own rule.
    """
    claims = gathered.claims
    if claims.keys().isdisjoint(_COUNTED):
        return Tokens()
    if "usage" in claims:
        _open_usage(gathered)
    counted = claims.get("tokens_in")
    apart = counted is not None and counted[0][1] in CACHE_APART
    read, written = best(gathered, "tokens_in"), best(gathered, "tokens_out")
    cached, cache_written = best(gathered, "tokens_cached"), best(gathered, "tokens_cache_written")
    reasoning, total = best(gathered, "tokens_reasoning"), best(gathered, "tokens_total")
    parts = (cached or 0) + (cache_written or 0)
    thought, said = reasoning or 0, written or 0
    said_apart = thought > said or (thought > 0 and total == (read or 0) + parts * apart + said + thought)
    if parts:
        plain = (read or 0) + said + thought * said_apart
        if parts > (read or 0) or total == plain + parts or (apart and total != plain):
            read = (read or 0) + parts
    if said_apart:
        written = said + thought
    if total is not None and total != (read or 0) + (written or 0):
        gathered.kept[claims["tokens_total"][0][1]] = total
    return Tokens(read, written, cached, cache_written, reasoning)


def _open_usage(gathered: Gathered) -> None:
    """Counts in one object become claims of their own; what it holds besides stays in the attribute."""
    for rank, source, value in gathered.claims.pop("usage"):
        usage: Any = opened(value)
        if type(usage) is not dict:
            gathered.kept[source] = value
            continue
        for key, number in usage.items():
            field, count = _USAGE.get(key), tokens(number)
            if field is not None and count is not None:
                gathered.claims.setdefault(field, []).append((rank, source, count))
            elif number:
                gathered.kept[source] = value
    in_order(gathered.claims)


def cost_of(gathered: Gathered) -> float | None:
    """The cost that the source reports: its total, else the sum of what input and output cost."""
    claims = gathered.claims
    if "cost" in claims:
        return float(best(gathered, "cost"))
    for _, source, value in claims.get("costs", ()):
        gathered.kept[source] = value
        costs = opened(value)
        if type(costs) is dict:
            total = money(costs.get("total", costs.get("total_cost")))
            parts = [part for part in map(money, costs.values()) if part is not None]
            if total is not None or parts:
                return total if total is not None else sum(parts)
    sides = [claims[field][0][2] for field in ("cost_in", "cost_out") if field in claims]
    return sum(sides) if sides else None
