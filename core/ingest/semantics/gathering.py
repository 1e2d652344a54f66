"""The engine: goes once over a span's attributes and sorts them, by the tables, into the fields they speak of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from core.ingest.semantics.rules import rule_of
from core.ingest.semantics.values import money, something, texts, tokens, whether, word
from core.ingest.semantics.vocabulary import OF_THE_RUN
from core.records import Json

Check = Callable[[Any], Any]

_CHECKS: dict[str, Check] = {
    **dict.fromkeys(("kind", "name", "agent", "entity", "model", "call_id"), word),
    **dict.fromkeys(("error_type", "error_message", "level", "given_type", "gave_type"), word),
    **dict.fromkeys(("version", "session_id", "user", "service"), word),
    **dict.fromkeys(("task_key", "task_title", "suite", "recall_id"), word),
    **dict.fromkeys(("tokens_in", "tokens_out", "tokens_total", "trial"), tokens),
    **dict.fromkeys(("tokens_cached", "tokens_cache_written", "tokens_reasoning"), tokens),
    **dict.fromkeys(("cost", "cost_in", "cost_out"), money),
    "success": whether,
    "tags": texts,
}
"""How a field's value has to be; a field that is not named here takes anything but nothing."""

Claim = tuple[int, str, Any]
"""A value that some attribute offers for a field: its rank, the attribute, the value. Lower ranks are believed."""

Claims = dict[str, list[Claim]]
"""The claims for each field, the believed one first."""

_Known = tuple[str, int, tuple[str, ...], str, bool, Check]


class Gathered(NamedTuple):
    """The claims for the fields of a step, and the attributes that no table understood."""

    claims: Claims
    kept: dict[str, Json]


_LONGEST_REMEMBERED = 120
"""Longer keys are looked up each time: strangers choose them, and they would fill the memory."""


def _look_up(key: str) -> _Known | None:
    rule = rule_of(key)
    return None if rule is None else (*rule, _CHECKS.get(rule.field, something))


def _look_up_of_the_run(key: str) -> _Known | None:
    known = _look_up(key)
    return known if known is not None and (known[0] in OF_THE_RUN or known[0] == "agent") else None


_remembered = lru_cache(maxsize=8192)(_look_up)
_remembered_of_the_run = lru_cache(maxsize=8192)(_look_up_of_the_run)


def gather(attributes: Mapping[str, Json]) -> Gathered:
    """Sort a span's attributes into claims about its step; those about the whole run are left aside."""
    claims: Claims = {}
    kept: dict[str, Json] = {}
    families: dict[tuple[int, str], tuple[str, dict[str, Any]]] = {}
    crowded = False
    for key, value in attributes.items():
        known = _remembered(key) if len(key) < _LONGEST_REMEMBERED else _look_up(key)
        if known is None:
            kept[key] = value
            continue
        field, rank, path, source, keep, check = known
        if path:
            if field in OF_THE_RUN:
                continue
            nest = families.setdefault((rank, source), (field, {}))[1]
            if not _put(nest, path, value):
                kept[key] = value
            continue
        read = check(value)
        if read is None or keep:
            kept[key] = value
        if read is None or field in OF_THE_RUN:
            continue
        if field in claims:
            claims[field].append((rank, key, read))
            crowded = True
        else:
            claims[field] = [(rank, key, read)]
    for (rank, source), (field, nest) in families.items():
        crowded = crowded or field in claims
        claims.setdefault(field, []).append((rank, source, nest))
    if crowded:
        in_order(claims)
    return Gathered(claims, kept)


def gather_of_the_run(*sources: Mapping[str, Json]) -> Claims:
    """Claims about the whole run, out of a span's attributes and its resource."""
    claims: Claims = {}
    tools: dict[tuple[int, str], dict[str, Any]] = {}
    for attributes in sources:
        for key, value in attributes.items():
            known = _remembered_of_the_run(key) if len(key) < _LONGEST_REMEMBERED else None
            if known is None:
                continue
            field, rank, path, source, _, check = known
            if path:
                _put(tools.setdefault((rank, source), {}), path, value)
            elif (read := check(value)) is not None:
                claims.setdefault(field, []).append((rank, key, read))
    for (rank, source), nest in tools.items():
        claims.setdefault("tools", []).append((rank, source, nest))
    in_order(claims)
    return claims


def in_order(claims: Claims) -> None:
    """Put what is believed first where it belongs."""
    for offered in claims.values():
        if len(offered) > 1:
            offered.sort(key=_rank)


def _rank(claim: Claim) -> int:
    return claim[0]


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
    first = offered[0][2]
    if len(offered) > 1:
        for _, source, value in offered[1:]:
            if value != first:
                gathered.kept[source] = value
    return first
