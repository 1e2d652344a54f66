"""What the attributes of each vocabulary mean: one table a vocabulary, in the order in which they are believed.

A table maps a key to the field of a step or of a run that it fills. Of two keys for one field the vocabulary named
first wins, within a table the key named first. A key that ends in a dot is a family of numbered keys
(`llm.input_messages.0.message.role`); "field/a/b" puts a value at the path a, b of what the field is built from; a
field after "=" is read, but the attribute is kept too, for it says more than the field does.
"""

from __future__ import annotations

from collections.abc import Mapping

LOOPWRIGHT = {
    "loopwright.version": "version",
    "loopwright.task.key": "task_key",
    "loopwright.task.title": "task_title",
    "loopwright.task.definition": "definition",
    "loopwright.suite": "suite",
    "loopwright.trial": "trial",
    "loopwright.recall.id": "=recall_id",
}

GEN_AI = {
    "gen_ai.operation.name": "kind",
    "gen_ai.tool.name": "name",
    "gen_ai.agent.name": "agent",
    "gen_ai.agent.version": "version",
    "service.version": "version",
    "gen_ai.conversation.id": "session_id",
    "gen_ai.response.model": "model",
    "gen_ai.request.model": "model",
    "gen_ai.system_instructions": "system",
    "gen_ai.input.messages": "input",
    "gen_ai.output.messages": "output",
    "gen_ai.tool.definitions": "tools",
    "gen_ai.tool.call.id": "call_id",
    "gen_ai.tool.call.arguments": "arguments",
    "gen_ai.tool.call.result": "result",
    "gen_ai.retrieval.query.text": "arguments",
    "gen_ai.retrieval.documents": "result",
    "gen_ai.memory.query.text": "arguments",
    "gen_ai.memory.records": "records",
    "gen_ai.usage.input_tokens": "tokens_in",
    "gen_ai.usage.output_tokens": "tokens_out",
    "gen_ai.usage.cache_read.input_tokens": "tokens_cached",
    "gen_ai.usage.cache_creation.input_tokens": "tokens_cache_written",
    "gen_ai.usage.reasoning.output_tokens": "tokens_reasoning",
    "gen_ai.evaluation.": "judged",
    "error.type": "error_type",
    "session.id": "session_id",
    "user.id": "user",
    "enduser.id": "user",
}

OPENINFERENCE = {
    "openinference.span.kind": "kind",
    "tool.name": "name",
    "agent.name": "agent",
    "llm.model_name": "model",
    "embedding.model_name": "model",
    "reranker.model_name": "model",
    "llm.input_messages.": "input",
    "llm.output_messages.": "output",
    "llm.tools.": "tools",
    "llm.tools": "tools",
    "tool_call.id": "call_id",
    "tool.id": "call_id",
    "retrieval.documents.": "result",
    "reranker.output_documents.": "result",
    "reranker.query": "arguments",
    "llm.token_count.prompt": "tokens_in",
    "llm.token_count.completion": "tokens_out",
    "llm.token_count.total": "tokens_total",
    "llm.token_count.prompt_details.cache_read": "tokens_cached",
    "llm.token_count.prompt_details.cache_write": "tokens_cache_written",
    "llm.token_count.completion_details.reasoning": "tokens_reasoning",
    "llm.cost.total": "cost",
    "llm.cost.prompt": "=cost_in",
    "llm.cost.completion": "=cost_out",
    "annotations.": "judged",
    "evaluations.": "judged",
    "trace.annotations.": "judged",
    "trace.evaluations.": "judged",
    "session.annotations.": "judged",
    "session.evaluations.": "judged",
    "tag.tags": "tags",
    "metadata": "=metadata",
}

GEN_AI_OLDER = {
    "gen_ai.prompt.": "input",
    "gen_ai.completion.": "output",
    "gen_ai.usage.prompt_tokens": "tokens_in",
    "gen_ai.usage.completion_tokens": "tokens_out",
    "gen_ai.usage.total_tokens": "tokens_total",
    "gen_ai.usage.cache_read_input_tokens": "tokens_cached",
    "gen_ai.usage.cache_creation_input_tokens": "tokens_cache_written",
    "gen_ai.usage.cached_tokens": "tokens_cached",
    "gen_ai.usage.input_cached_tokens": "tokens_cached",
    "gen_ai.usage.reasoning_tokens": "tokens_reasoning",
    "gen_ai.usage.reasoning_output_tokens": "tokens_reasoning",
    "gen_ai.usage.details.cache_read_tokens": "tokens_cached",
    "gen_ai.usage.details.cache_read_input_tokens": "tokens_cached",
    "gen_ai.usage.details.cache_write_tokens": "tokens_cache_written",
    "gen_ai.usage.details.cache_creation_input_tokens": "tokens_cache_written",
    "gen_ai.usage.details.reasoning_tokens": "tokens_reasoning",
    "gen_ai.usage.cost": "cost",
    "gen_ai.usage.total_cost": "cost",
    "gen_ai.span.kind": "kind",
}

TRACELOOP = {
    "traceloop.span.kind": "kind",
    "llm.request.type": "kind",
    "llm.usage.total_tokens": "tokens_total",
    "llm.request.functions.": "tools",
    "traceloop.entity.name": "entity",
    "traceloop.entity.input": "given",
    "traceloop.entity.output": "gave",
    "traceloop.association.properties.session_id": "session_id",
    "traceloop.association.properties.thread_id": "session_id",
    "traceloop.association.properties.conversation_id": "session_id",
    "traceloop.association.properties.user_id": "user",
    "traceloop.association.properties.version": "version",
    "crewai.agent.role": "agent",
}

LANGFUSE = {
    "langfuse.observation.type": "kind",
    "langfuse.observation.model.name": "model",
    "langfuse.observation.input": "given",
    "langfuse.observation.output": "gave",
    "langfuse.observation.usage_details": "usage",
    "langfuse.observation.cost_details": "costs",
    "langfuse.observation.level": "level",
    "langfuse.observation.status_message": "error_message",
    "langfuse.session.id": "session_id",
    "langfuse.user.id": "user",
    "langfuse.release": "version",
    "langfuse.version": "version",
    "langfuse.trace.tags": "tags",
    "langfuse.observation.metadata.langfuse_session_id": "session_id",
    "langfuse.trace.metadata.langfuse_session_id": "session_id",
    "langfuse.observation.metadata.langfuse_user_id": "user",
    "langfuse.trace.metadata.langfuse_user_id": "user",
    "langfuse.observation.metadata.thread_id": "session_id",
    "langfuse.trace.metadata.thread_id": "session_id",
}

VERCEL = {
    "ai.operationId": "kind",
    "ai.toolCall.name": "name",
    "ai.toolCall.id": "call_id",
    "ai.toolCall.args": "arguments",
    "ai.toolCall.result": "result",
    "ai.response.model": "model",
    "ai.model.id": "model",
    "ai.prompt.messages": "input",
    "ai.prompt": "input",
    "ai.prompt.tools": "tools",
    "ai.response.text": "output/content",
    "ai.response.reasoning": "output/reasoning",
    "ai.response.toolCalls": "output/tool_calls",
    "ai.response.object": "gave",
    "ai.value": "arguments",
    "ai.values": "arguments",
    "ai.usage.inputTokens": "tokens_in",
    "ai.usage.promptTokens": "tokens_in",
    "ai.usage.tokens": "tokens_in",
    "ai.usage.outputTokens": "tokens_out",
    "ai.usage.completionTokens": "tokens_out",
    "ai.usage.totalTokens": "tokens_total",
    "ai.usage.cachedInputTokens": "tokens_cached",
    "ai.usage.inputTokenDetails.cacheReadTokens": "tokens_cached",
    "ai.usage.inputTokenDetails.cacheWriteTokens": "tokens_cache_written",
    "ai.usage.reasoningTokens": "tokens_reasoning",
    "ai.usage.outputTokenDetails.reasoningTokens": "tokens_reasoning",
    "ai.telemetry.metadata.sessionId": "session_id",
    "ai.telemetry.metadata.userId": "user",
    "ai.telemetry.metadata.tags": "tags",
}

LANGSMITH = {
    "langsmith.span.kind": "kind",
    "langsmith.span.tags": "tags",
    "langsmith.metadata.ls_model_name": "model",
    "langsmith.trace.session_id": "session_id",
    "langsmith.metadata.thread_id": "session_id",
    "langsmith.metadata.session_id": "session_id",
    "langsmith.metadata.conversation_id": "session_id",
    "langsmith.metadata.user_id": "user",
}

PYDANTIC_AI = {
    "agent_name": "agent",
    "model_name": "model",
    "tool_arguments": "arguments",
    "tool_response": "result",
    "pydantic_ai.all_messages": "history",
    "all_messages_events": "history",
    "events": "history",
    "final_result": "gave",
    "model_request_parameters": "=tools",
    "operation.cost": "cost",
    "logfire.tags": "tags",
}

MLFLOW = {
    "mlflow.spanType": "kind",
    "mlflow.spanInputs": "given",
    "mlflow.spanOutputs": "gave",
    "mlflow.llm.model": "model",
    "mlflow.chat.tokenUsage": "usage",
    "mlflow.chat.tools": "tools",
    "mlflow.llm.cost": "costs",
    "mlflow.trace.session": "session_id",
    "mlflow.trace.user": "user",
}

GOOGLE_ADK = {
    "gcp.vertex.agent.llm_request": "input",
    "gcp.vertex.agent.llm_response": "output",
    "gcp.vertex.agent.tool_call_args": "arguments",
    "gcp.vertex.agent.tool_response": "result",
    "gcp.vertex.agent.session_id": "session_id",
}

CLAUDE_CODE = {
    "span.type": "kind",
    "tool_name": "name",
    "tool_use_id": "call_id",
    "input_tokens": "tokens_in",
    "output_tokens": "tokens_out",
    "cache_read_tokens": "tokens_cached",
    "cache_creation_tokens": "tokens_cache_written",
    "success": "success",
    "app.version": "version",
}

PLAIN = {
    "graph.node.id": "agent",
    "tool.parameters": "arguments",
    "input.value": "given",
    "input.mime_type": "given_type",
    "output.value": "gave",
    "output.mime_type": "gave_type",
    "gen_ai.prompt": "given",
    "gen_ai.completion": "gave",
    "input": "given",
    "output": "gave",
    "embedding.text": "arguments",
    "service.name": "service",
}

VOCABULARIES: Mapping[str, Mapping[str, str]] = {
    "Loopwright": LOOPWRIGHT,
    "OpenTelemetry GenAI": GEN_AI,
    "OpenInference": OPENINFERENCE,
    "OpenTelemetry GenAI, older": GEN_AI_OLDER,
    "OpenLLMetry (traceloop)": TRACELOOP,
    "Langfuse": LANGFUSE,
    "Vercel AI SDK": VERCEL,
    "LangSmith": LANGSMITH,
    "Pydantic AI and Logfire": PYDANTIC_AI,
    "MLflow": MLFLOW,
    "Google ADK": GOOGLE_ADK,
    "Claude Code": CLAUDE_CODE,
    "plain inputs and outputs": PLAIN,
}

OF_THE_RUN = frozenset(
    ("version", "session_id", "user", "task_key", "task_title", "definition", "suite", "trial", "recall_id", "tags")
) | frozenset(("tools", "service", "metadata"))
"""Fields that say something about the whole run; `agent` is about both."""

CACHE_APART = frozenset(("input_tokens", "langfuse.observation.usage_details"))
"""Keys whose count of input tokens leaves out the cached ones: Claude Code copies Anthropic's own counts."""
