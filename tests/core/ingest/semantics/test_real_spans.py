"""Spans as real instrumentations sent them; what is expected was read off the files by eye."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.ingest.semantics import Facts, facts_of, step_of
from core.ingest.spans import Span
from core.records import Message, Step, StepKind, ToolCall

ASKED = Message("user", "Weather in Paris?")
CHECKING = Message(
    "assistant",
    "Absolutely! Let me check the weather for you.",
    tool_calls=(ToolCall("1234", "get_weather", {"location": "Paris"}),),
)
RAINY = Message("tool", "rainy, 57°F", tool_call_id="1234")
ANSWER = Message("assistant", "The weather in Paris is currently rainy with a temperature of 57°F.")
SETTINGS = {"model": "gpt-4", "temperature": 0.5, "top_p": 0.9, "max_completion_tokens": 200}
OPENINFERENCE_LEFT = {
    "llm.invocation_parameters": '{"model":"gpt-4","temperature":0.5,"top_p":0.9,"max_completion_tokens":200}',
    "llm.system": "openai",
    "llm.provider": "openai",
}
GEN_AI_LEFT = {
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4",
    "gen_ai.request.max_tokens": 200,
    "gen_ai.request.temperature": 0.5,
    "gen_ai.request.top_p": 0.9,
    "gen_ai.response.id": "chatcmpl-CQF10eCkoFphJZJQkzzN6EkTD0AVF",
    "gen_ai.response.finish_reasons": ["stop"],
}


def chat(left: dict[str, Any]) -> Step:
    """The one call that four of the files tell in four vocabularies."""
    return Step(
        "s",
        StepKind.LLM,
        input=(ASKED, CHECKING, RAINY),
        output=(ANSWER,),
        model="gpt-4-0613",
        tokens_in=97,
        tokens_out=52,
        attributes=left,
    )


def told(real_data: Path, name: str) -> Step:
    path = real_data / "openinference-spans" / "openinference-genai" / f"{name}.json"
    return step_of(Span("t", "s", attributes=json.loads(path.read_text())))


def test_one_call_in_four_vocabularies_is_one_step(real_data: Path) -> None:
    whole = {"input": SETTINGS, **GEN_AI_LEFT}
    assert told(real_data, "otel_genai_client_span_tool_calls") == chat(whole)
    assert told(real_data, "otel_genai_deprecated_client_span_tool_calls") == chat(GEN_AI_LEFT)
    numbered = {"input.value": SETTINGS, **OPENINFERENCE_LEFT}
    assert told(real_data, "openinference_client_span_tool_calls") == chat(numbered)
    assert told(real_data, "openinference_client_span_input_output_only") == chat(OPENINFERENCE_LEFT)


def test_a_tool(real_data: Path) -> None:
    report = "The weather in New York is sunny with a temperature of 25 degrees Celsius (77 degrees Fahrenheit)."
    assert told(real_data, "otel_genai_tool_execution_span") == Step(
        "s",
        StepKind.TOOL,
        "get_weather",
        call_id="1234",
        arguments={"city": "New York"},
        result={"status": "success", "report": report},
        attributes={
            "gen_ai.tool.description": "Retrieves the current weather report for a specified city.",
            "gen_ai.tool.type": "function",
        },
    )


def vercel(real_data: Path, name: str, number: int = 0) -> Span:
    path = real_data / "openinference-spans" / "openinference-vercel" / f"{name}.json"
    record = json.loads(path.read_text())[number]
    ids = record["spanContext"]
    return Span(ids["traceId"], ids["spanId"], name=record["name"], attributes=record["attributes"])


def test_vercel(real_data: Path) -> None:
    poem = "Lines of code align,  \nLogic dances through the night—  \nDreams in data flow."
    asked, answered = (Message("user", "Write a haiku about programming."),), (Message("assistant", poem),)
    step = step_of(vercel(real_data, "ai-generateText-doGenerate"))
    assert (step.kind, step.model, step.input, step.output) == (
        StepKind.LLM,
        "gpt-4o-mini-2024-07-18",
        asked,
        answered,
    )
    assert (step.tokens_in, step.tokens_out) == (14, 20)
    assert not {key for key in step.attributes if key.startswith(("ai.usage", "ai.prompt", "ai.response.text"))}
    assert step.attributes["ai.telemetry.metadata.customField"] == "custom-value"
    wrapper = step_of(vercel(real_data, "ai-generateText"))
    assert (wrapper.kind, wrapper.input, wrapper.output) == (StepKind.CHAIN, asked, answered)
    several = step_of(vercel(real_data, "ai-generateText-doGenerate", 1))
    assert several.input == (
        Message("system", "You are a helpful assistant."),
        Message("user", "What is 2 + 2?"),
        Message("assistant", "2 + 2 equals 4."),
        Message("user", "And what is 3 + 3?"),
    )
    stream = step_of(vercel(real_data, "ai-streamText-doStream"))
    assert (stream.tokens_in, stream.tokens_cached, stream.tokens_out, stream.tokens_reasoning) == (15, 0, 112, 0)
    embedded = step_of(vercel(real_data, "ai-embed-doEmbed"))
    assert (embedded.kind, embedded.model, embedded.tokens_in, embedded.arguments) == (
        StepKind.OTHER,
        "text-embedding-3-small",
        10,
        ["The quick brown fox jumps over the lazy dog."],
    )


def exported(real_data: Path, name: str) -> dict[str, list[Span]]:
    """The spans behind a Langfuse export, by name, with the attributes as they were sent."""
    observations = json.loads((real_data / "langfuse-traces" / f"{name}.trace.json").read_text())["observations"]
    spans: dict[str, list[Span]] = {}
    for one in sorted(observations, key=lambda one: str(one["startTime"])):
        metadata = one["metadata"] if isinstance(one["metadata"], dict) else json.loads(one["metadata"])
        attributes = metadata.get("attributes", {})
        attributes = attributes if isinstance(attributes, dict) else json.loads(attributes)
        resource = metadata.get("resourceAttributes", {})
        resource = resource if isinstance(resource, dict) else json.loads(resource)
        spans.setdefault(one["name"], []).append(
            Span("t", one["id"], name=one["name"], attributes=attributes, resource=resource)
        )
    return spans


def test_openai_agents(real_data: Path) -> None:
    spans = exported(real_data, "openai-agents-2025-09-30")
    first, second = (step_of(span) for span in spans["response"])
    called = Message(
        "assistant", tool_calls=(ToolCall("call_Kud0j0DxWSmLzv9W5m6qVqXn", "get_weather", {"city": "Tokyo"}),)
    )
    asked = (Message("system", "You are a helpful agent."), Message("user", "What's the weather in Tokyo?"))
    assert (first.input, first.output) == (asked, (called,))
    assert (first.tokens_in, first.tokens_out, first.tokens_cached, first.tokens_reasoning) == (55, 15, 0, 0)
    sunny = Message("tool", "The weather in Tokyo is sunny.", tool_call_id="call_Kud0j0DxWSmLzv9W5m6qVqXn")
    assert second.input == (*asked, called, sunny)
    assert (second.model, second.tokens_in, second.tokens_out) == ("gpt-4.1-2025-04-14", 85, 29)
    tool = step_of(spans["get_weather"][0])
    assert (tool.kind, tool.arguments, tool.result) == (
        StepKind.TOOL,
        {"city": "Tokyo"},
        "The weather in Tokyo is sunny.",
    )
    assert step_of(spans["Hello world"][0]).agent == "Hello world"
    schema = facts_of(spans["response"][0]).tools[0]
    assert (schema["type"], schema["function"]["name"]) == ("function", "get_weather")


def test_google_adk(real_data: Path) -> None:
    spans = exported(real_data, "google-adk-2025-08-28")
    last = step_of(spans["call_llm"][-1])
    assert last.kind is StepKind.LLM
    assert last.output == (Message("assistant", "Hello Langfuse 👋!\n"),)
    assert [message.role for message in last.input] == ["system", "user", "assistant", "tool"]
    assert last.input[2].tool_calls[0].name == "say_hello"
    assert (last.model, last.tokens_in, last.tokens_out) == ("gemini-2.0-flash", 39, 6)
    tool = step_of(spans["execute_tool say_hello"][0])
    assert (tool.kind, tool.name, tool.arguments, tool.result) == (
        StepKind.TOOL,
        "say_hello",
        {},
        {"greeting": "Hello Langfuse 👋"},
    )
    assert tool.call_id == "adk-8bd8dc65-717d-4102-858b-3a1dd6b75a00"
    facts = facts_of(spans["call_llm"][-1])
    assert (facts.session_id, facts.user, facts.tools) == ("demo-session", "demo-user", ({"name": "say_hello"},))


def test_pydantic_ai(real_data: Path) -> None:
    spans = exported(real_data, "pydantic-ai-2025-06-06")
    model, agent = step_of(spans["chat gpt-4o"][0]), step_of(spans["qa_agent run"][0])
    asked = (
        Message("system", "You are a helpful assistant that answers questions clearly and concisely."),
        Message("user", "What is Langfuse?"),
    )
    assert (model.kind, model.input, model.model) == (StepKind.LLM, asked, "gpt-4o-2024-08-06")
    assert model.output[0].content.startswith("Langfuse is a tool designed for observability and monitoring")
    assert (model.tokens_in, model.tokens_out) == (31, 96)
    assert (agent.kind, agent.agent, agent.input, agent.output) == (StepKind.AGENT, "qa_agent", asked, model.output)
    assert facts_of(spans["qa_agent run"][0]) == Facts(agent="qa_agent")


def test_agno_crewai_langsmith_and_vertex(real_data: Path) -> None:
    agno = exported(real_data, "agno-2025-06-11")
    search = step_of(agno["duckduckgo_search"][0])
    assert (search.kind, search.arguments) == (StepKind.TOOL, {"query": "currently trending on Twitter"})
    assert "tool.parameters" not in search.attributes
    assert facts_of(agno["Agent.run"][0]) == Facts(session_id="35cc6c90-b657-4819-b66c-c931c03ad569")
    crew = exported(real_data, "crewai-2025-07-11")
    call = step_of(crew["completion"][0])
    assert (call.model, call.tokens_in, call.tokens_out, call.tokens_cached) == ("gpt-4o-mini", 190, 164, 0)
    assert [message.role for message in (*call.input, *call.output)] == ["system", "user", "assistant"]
    claude = exported(real_data, "claude-agent-2025-12-22")
    assert {step_of(span).kind for span in claude["claude.assistant.turn"]} == {StepKind.LLM}
    assert facts_of(claude["claude.conversation"][0]).session_id == "6fb9b4b8-dd4d-4d41-8d4f-c0c0799a6559"
    vertex = step_of(exported(real_data, "vertex-ai-2025-08-01")["generate_content"][0])
    assert vertex.input == (Message("user", "What is Langfuse?"),)
    # 5 read and 845 written leave 1,173 of the stated total unexplained: it is kept, not guessed at
    assert (vertex.tokens_in, vertex.tokens_out, vertex.attributes["llm.token_count.total"]) == (5, 845, 2023)
