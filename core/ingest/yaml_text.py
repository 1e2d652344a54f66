"""Reads YAML as the JSON that it stands for: no type of a programming language, and no alias that unfolds endlessly."""

from __future__ import annotations

import re
from math import isfinite
from typing import Any

import yaml

from core.errors import InvalidInput
from core.ingest.reading import DEEPEST

LARGEST_YAML = 50_000_000
"""Characters: YAML is read some fifty times slower than JSON."""

_BEGINS = re.compile(r"(?:\s*(?:#[^\n]*)?\n)*(?:%YAML|---(?:\s|$)|- |[\w.\"'/ -]{1,80}:(?:[ \t]|\r?\n|$))")


_TIME, _MERGE = "tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:merge"


class _Loader(yaml.CSafeLoader):
    """The safe loader, to which a date is the text that it was written as, and `<<` a key as any other."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in (_TIME, _MERGE)]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def begins_like_yaml(text: str) -> bool:
    """Whether the first lines are a YAML list or mapping in the block style; the other style could be broken JSON."""
    return _BEGINS.match(text) is not None


def parse_yaml(text: str) -> Any:
    """The one document of a YAML text; raises InvalidInput."""
    if len(text) > LARGEST_YAML:
        raise InvalidInput(f"the YAML is larger than {LARGEST_YAML / 1e6:g} MB; save it as JSON")
    try:
        _check_events(text)
        value = yaml.load(text, _Loader)
        _check_unfolded(value, max(1_000_000, 3 * len(text)))
        return _as_json(value)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InvalidInput(f"the file is not whole YAML: {_plainly(error)}") from error


def _check_events(text: str) -> None:
    """Refuse, before anything is built of it, what would overrun the stack or unfold while it is built."""
    depth = 0
    for event in yaml.parse(text, _Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise ValueError(f"it is nested too deeply: more than {DEEPEST} levels")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if getattr(event, "tag", None) == _MERGE:
            raise ValueError("it merges mappings by a tag; write them out")


def _check_unfolded(value: Any, largest: int) -> None:
    """Refuse a value that is larger than its text can be, which only aliases that stand for aliases make."""
    size, waiting = 0, [value]
    while waiting:
        one = waiting.pop()
        size += 1 + (len(one) if isinstance(one, (str, bytes)) else 0)
        if size > largest:
            raise InvalidInput("the YAML's aliases unfold to far more than the file holds; write them out")
        if isinstance(one, dict):
            waiting += one.keys()
            waiting += one.values()
        elif isinstance(one, (list, tuple, set)):
            waiting += one


def _as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key if isinstance(key, str) else str(key): _as_json(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_as_json(inner) for inner in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, float) and not isfinite(value):
        return None
    return value


def _plainly(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return f"{error.problem} at line {mark.line + 1}, column {mark.column + 1}"
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error).split("\n")[0]
