"""Which kind of step a span is, by the word that its vocabulary or its framework has for it."""

from __future__ import annotations

from collections.abc import Mapping

from core.records import StepKind

_AGENT, _CHAIN, _LLM, _TOOL = StepKind.AGENT, StepKind.CHAIN, StepKind.LLM, StepKind.TOOL
_MEMORY, _OTHER, _RETRIEVER = StepKind.MEMORY, StepKind.OTHER, StepKind.RETRIEVER

KINDS: Mapping[str, StepKind] = {
    "llm": _LLM,
    "chat": _LLM,
    "completion": _LLM,
    "text_completion": _LLM,
    "generate_content": _LLM,
    "generation": _LLM,
    "chat_model": _LLM,
    "llm_request": _LLM,
    "response": _LLM,
    "ai.generatetext.dogenerate": _LLM,
    "ai.streamtext.dostream": _LLM,
    "ai.generateobject.dogenerate": _LLM,
    "ai.streamobject.dostream": _LLM,
    "tool": _TOOL,
    "execute_tool": _TOOL,
    "tool.execution": _TOOL,
    "ai.toolcall": _TOOL,
    "agent": _AGENT,
    "invoke_agent": _AGENT,
    "create_agent": _AGENT,
    "interaction": _AGENT,
    "chain": _CHAIN,
    "workflow": _CHAIN,
    "invoke_workflow": _CHAIN,
    "plan": _CHAIN,
    "task": _CHAIN,
    "function": _CHAIN,
    "ai.generatetext": _CHAIN,
    "ai.streamtext": _CHAIN,
    "ai.generateobject": _CHAIN,
    "ai.streamobject": _CHAIN,
    "retriever": _RETRIEVER,
    "retrieval": _RETRIEVER,
    "reranker": _RETRIEVER,
    "memory": _MEMORY,
    "search_memory": _MEMORY,
    "create_memory": _MEMORY,
    "update_memory": _MEMORY,
    "upsert_memory": _MEMORY,
    "delete_memory": _MEMORY,
    "create_memory_store": _MEMORY,
    "delete_memory_store": _MEMORY,
    "embedding": _OTHER,
    "embeddings": _OTHER,
    "ai.embed": _OTHER,
    "ai.embed.doembed": _OTHER,
    "ai.embedmany": _OTHER,
    "ai.embedmany.doembed": _OTHER,
    "guardrail": _OTHER,
    "evaluator": _OTHER,
    "prompt": _OTHER,
    "parser": _OTHER,
    "handoff": _OTHER,
}
"""What a vocabulary's own kind, in lower case, is as a step."""

SPAN_NAMES: Mapping[str, StepKind] = {
    "call_llm": _LLM,
    "chat": _LLM,
    "execute_tool": _TOOL,
    "agent_run": _AGENT,
    "invoke_agent": _AGENT,
    "invocation": _CHAIN,
}
"""First words of span names, for spans of agent frameworks that say nothing else of their kind."""

FRAMEWORKS = ("gcp.vertex.agent", "pydantic-ai", "strands", "autogen", "crewai", "google_adk")
"""Parts of instrumentation scopes whose span names are believed."""
