"""The tables of all vocabularies as one look-up: what a key means, and how far it is believed."""

from __future__ import annotations

from typing import NamedTuple

from core.ingest.semantics.vocabulary import VOCABULARIES


class Rule(NamedTuple):
    """What one key means: lower ranks are believed first; `path` leads into a value made of several keys."""

    field: str
    rank: int
    path: tuple[str, ...]
    source: str
    keep: bool


def _rules() -> tuple[dict[str, Rule], tuple[tuple[str, Rule], ...]]:
    exact: dict[str, Rule] = {}
    families: list[tuple[str, Rule]] = []
    for place, table in enumerate(VOCABULARIES.values()):
        for position, (key, meaning) in enumerate(table.items()):
            field, *path = meaning.lstrip("=").split("/")
            rank = place * 1000 + (position if not path else 0)
            if key.endswith("."):
                families.append((key, Rule(field, rank, (), key[:-1], False)))
            else:
                source = key.rsplit(".", 1)[0] if path else key
                exact[key] = Rule(field, rank, tuple(path), source, meaning.startswith("="))
    return exact, tuple(families)


_EXACT, _FAMILIES = _rules()
_HEADS = frozenset(prefix[:4] for prefix, _ in _FAMILIES)
_DEEPEST_PATH = 12
_LONGEST_KEY = 200


def rule_of(key: str) -> Rule | None:
    """What a key means; None where no table knows it."""
    rule = _EXACT.get(key)
    if rule is not None or key[:4] not in _HEADS or len(key) > _LONGEST_KEY:
        return rule
    for prefix, family in _FAMILIES:
        if key.startswith(prefix):
            path = tuple(key[len(prefix) :].split("."))
            numbered = path[0].isdecimal() and path[0].isascii() and len(path[0]) < 7
            if len(path) <= _DEEPEST_PATH and (numbered or prefix == "gen_ai.evaluation."):
                return family._replace(path=path)
    return None
