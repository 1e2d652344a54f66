"""The engine: goes once over a span's attributes and sorts them, by the tables, into the fields they speak of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from core.ingest.semantics.values import money, something, texts, tokens, whether, word
from core.ingest.semantics.vocabulary import OF_THE_RUN, Rule, rule_of
from core.records import Json

CHECKS: dict[str, Callable[[Any], Any]] = (
    dict.fromkeys(
        ("name", "agent", "entity", "model", "call_id", "kind", "error_type", "error_message", "level", "version")
        + ("session_id", "user", "task_key", "task_title", "suite", "recall_id", "service", "given_type", "gave_type"),
        word,
    )
    | dict.fromkeys(
        ("tokens_in", "tokens_out", "tokens_cached", "tokens_cache_written", "tokens_reasoning", "tokens_total", "trial"),
        tokens,
    )
    | dict.fromkeys(("cost", "cost_in", "cost_out"), money)
    | {"success": whether, "tags": texts}
)
"""How a field's value has to be; a field that is not named here takes anything but nothing."""

_LONGEST_KEY = 200


class Claim(NamedTuple):
    """A value that some attribute offers for a field."""

    rank: int
    source: str
    value: Any


class Gathered(NamedTuple):
    """The claims for each field, the best first where there is more than one, and what no table understood."""

    claims: dict[str, list[Claim]]
    kept: dict[str, Json]


def gather(attributes: Mapping[str, Json], of_the_run: bool) -> Gathered:
    """Sort attributes into claims: those about the whole run, or those about the step.

    What is about the step is left aside when the run is asked for, and the other way round; `kept` is of the step.
    """
    claims: dict[str, list[Claim]] = {}
    kept: dict[str, Json] = {}
    families: dict[tuple[int, str], tuple[Rule, dict[str, Any]]] = {}
    for key, value in attributes.items():
        rule = rule_of(key) if len(key) <= _LONGEST_KEY else None
        if rule is None:
            kept[key] = value
            continue
        field = rule.field
        if rule.keep:
            kept[key] = value
        if (field in OF_THE_RUN) is not of_the_run and field != "agent":
            if not of_the_run and not rule.keep and CHECKS.get(field, something)(value) is None:
                kept[key] = value
            continue
        if rule.path:
            _, nest = families.setdefault((rule.rank, rule.source), (rule, {}))
            if not _put(nest, rule.path, value):
                kept[key] = value
            continue
        read = CHECKS.get(field, something)(value)
        if read is None:
            kept[key] = value
        elif field in claims:
            claims[field].append(Claim(rule.rank, key, read))
        else:
            claims[field] = [Claim(rule.rank, key, read)]
    for (rank, source), (rule, nest) in families.items():
        claims.setdefault(rule.field, []).append(Claim(rank, source, nest))
    for offered in claims.values():
        if len(offered) > 1:
            offered.sort(key=_by_rank)
    return Gathered(claims, kept)


def _by_rank(claim: Claim) -> int:
    return claim.rank


def _put(nest: dict[str, Any], path: tuple[str, ...], value: Any) -> bool:
    """Put a value at its path; False where something else stands in the way."""
    for part in path[:-1]:
        nest = nest.setdefault(part, {})
        if type(nest) is not dict:
            return False
    if path[-1] in nest:
        return False
    nest[path[-1]] = value
    return True


def best(gathered: Gathered, field: str) -> Any:
    """The value believed first; other claims that say something else stay attributes."""
    offered = gathered.claims.get(field)
    if offered is None:
        return None
    first = offered[0].value
    for claim in offered[1:]:
        if claim.value != first:
            gathered.kept[claim.source] = claim.value
    return first

