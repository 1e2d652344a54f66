"""What one span says about its whole run, and how the facts of a run's spans are put together."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from core.ingest.semantics.gathering import Claim, gather_of_the_run
from core.ingest.semantics.values import listed, opened, word
from core.ingest.spans import Span
from core.records import Json


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a run: "" or empty where nothing is. `tools` are the schemas that a model was given.

    `weak` names the facts that are only a guess from the process (an agent named after its service), so that any
    span's own word is worth more.
    """

    agent: str = ""
    version: str = ""
    session_id: str = ""
    user: str = ""
    task_key: str = ""
    task_title: str = ""
    suite: str = ""
    trial: int | None = None
    recall_id: str = ""
    tags: tuple[str, ...] = ()
    tools: tuple[Json, ...] = ()
    definition: Json = None
    weak: frozenset[str] = frozenset()

    def over(self, other: Facts) -> Facts:
        """These facts, with the other's where these have none or only a weak one; call it on the root's."""
        if other == NOTHING or self == other:
            return self
        filled: dict[str, Any] = {}
        weak = set()
        for name in _NAMES:
            mine, theirs = getattr(self, name), getattr(other, name)
            yield_to = mine in _EMPTY or (name in self.weak and name not in other.weak and theirs not in _EMPTY)
            filled[name] = theirs if yield_to else mine
            if name in (other.weak if yield_to else self.weak):
                weak.add(name)
        filled["tools"] = self.tools + tuple(tool for tool in other.tools if tool not in self.tools)
        return Facts(**filled, weak=frozenset(weak))


_NAMES = tuple(field.name for field in fields(Facts) if field.name not in ("tools", "weak"))
_EMPTY: tuple[Any, ...] = ("", None, ())

NOTHING = Facts()

_STRONG_VERSIONS = frozenset(("loopwright.version", "gen_ai.agent.version"))
_DEFAULT_SERVICES = ("unknown_service",)
_IN_METADATA = {
    "session_id": ("session_id", "thread_id", "conversation_id"),
    "user": ("user_id",),
}


def facts_of(span: Span) -> Facts:
    """The facts that a span states, in its attributes or for its whole process. Never raises."""
    claims = gather_of_the_run(span.attributes, span.resource)
    if not claims:
        return NOTHING
    firsts: dict[str, Any] = {field: offered[0][2] for field, offered in claims.items()}
    weak = set()
    agent, service = firsts.get("agent", ""), firsts.get("service", "")
    if not agent and service and not service.startswith(_DEFAULT_SERVICES):
        agent = service
        weak.add("agent")
    if "version" in claims and claims["version"][0][1] not in _STRONG_VERSIONS:
        weak.add("version")
    metadata = opened(firsts.get("metadata"))
    return Facts(
        agent,
        firsts.get("version", ""),
        firsts.get("session_id") or _metadata(metadata, "session_id"),
        firsts.get("user") or _metadata(metadata, "user"),
        firsts.get("task_key", ""),
        firsts.get("task_title", ""),
        firsts.get("suite", ""),
        firsts.get("trial"),
        firsts.get("recall_id", ""),
        firsts.get("tags", ()),
        _tools(claims["tools"]) if "tools" in claims else (),
        opened(firsts.get("definition")),
        frozenset(weak) if weak else _NO_NAMES,
    )


_NO_NAMES: frozenset[str] = frozenset()


def _metadata(metadata: Any, field: str) -> str:
    """An id that stands in OpenInference's metadata, as LangChain and others put it there."""
    if type(metadata) is not dict:
        return ""
    return next((found for key in _IN_METADATA[field] if (found := word(metadata.get(key)))), "")


def _tools(offered: list[Claim]) -> tuple[Json, ...]:
    """Tool schemas out of a JSON list, numbered keys, or a request's parameters."""
    value: Any = opened(offered[0][2])
    if type(value) is dict:
        value = listed(value.get("function_tools", value))
    if type(value) is not list:
        return ()
    return tuple(schema for one in value if (schema := _schema(one)))


def _schema(tool: Any) -> Json:
    """One schema: what stands in OpenInference's wrapper, or the tool as it came."""
    tool = opened(tool)
    while type(tool) is dict and len(tool) == 1:
        key, inner = next(iter(tool.items()))
        if key not in ("tool", "json_schema", "tool.json_schema"):
            break
        tool = opened(inner)
    return tool
