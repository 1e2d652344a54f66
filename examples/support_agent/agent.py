"""A conversation with the agent: each turn is a run, and so a trace of its own; together they are a session."""

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from anthropic import Anthropic
from anthropic.types import Message, ToolUseBlock
from opentelemetry.trace import Tracer, format_trace_id

from examples.support_agent.loopwright import Loopwright
from examples.support_agent.shop import TODAY, TOOLS, Shop, ShopError
from examples.support_agent.spans import as_messages, as_records, step

AGENT = "lamp-support"  # COPY: your agent's name; its runs, versions and lessons stand under it
VERSION = "v1"  # COPY: a new name whenever model, prompt or tools change, or before and after cannot be compared
RISKY = ("issue_refund",)  # COPY: tools whose work cannot be undone; lessons are asked for once more before them
MOST_CALLS, MOST_TOKENS = 12, 2048
PROMPT = f"""\
You are the support agent of a lamp shop. Today is {TODAY}. Look an order up before you speak about it. Returns are
accepted within 30 days of delivery. Before you start a return or pay money back, say what you will do and wait for the
customer's yes. If a tool fails, say what did not work. Be brief and polite."""


@dataclass
class Conversation:
    """Talks to one customer. `task_key` names the task where it is known: a case of a suite, never a live question."""

    client: Anthropic
    model: str
    tracer: Tracer
    loopwright: Loopwright
    task_key: str = ""
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    shop: Shop = field(default_factory=Shop)
    messages: list[Any] = field(default_factory=list)
    trace_id: str = ""
    given: set[str] = field(default_factory=set)

    def run(self, said: str) -> str:
        """The answer to what the customer said; a run that fails leaves the conversation as it was."""
        messages = [*self.messages, {"role": "user", "content": [{"type": "text", "text": said}]}]
        about = self._about() | {"loopwright.version": VERSION, "gen_ai.input.messages": as_messages(messages[-1])}
        if self.task_key:
            about["loopwright.task.key"] = self.task_key
        with step(self.tracer, "invoke_agent", AGENT, about) as span:
            self.trace_id = format_trace_id(span.get_span_context().trace_id)
            self.given = set()
            system = [{"type": "text", "text": PROMPT, "cache_control": {"type": "ephemeral"}}]
            if notes := self._recall(said):
                system.append({"type": "text", "text": notes})
            answer = self._work(system, messages)
            messages.append({"role": "assistant", "content": [{"type": "text", "text": answer}]})
            span.set_attribute("gen_ai.output.messages", as_messages(messages[-1]))
        self.messages = messages
        return answer

    def _recall(self, task: str, tool: str = "") -> str:
        """Notes for the model: the lessons that fit, unless this run was given all of them before."""
        # The conversation is the run_key: one in ten is given no lessons, so that their lift can be measured.
        asked = {"agent": AGENT, "version": VERSION, "task": task, "run_key": self.id, "trace_id": self.trace_id}
        about = {"gen_ai.agent.name": AGENT, "gen_ai.memory.store.id": "loopwright", "gen_ai.memory.query.text": task}
        with step(self.tracer, "search_memory", "", about) as span:
            recalled = self.loopwright.post("/api/recall", asked | ({"tool": tool} if tool else {}))
            lessons = recalled.get("lessons", [])
            if recalled:
                span.set_attribute("loopwright.recall.id", recalled["recall_id"])
                span.set_attribute("gen_ai.memory.record.count", len(lessons))
                span.set_attribute("gen_ai.memory.records", as_records(lessons))
        new = {lesson["id"] for lesson in lessons} - self.given
        self.given |= new
        return str(recalled["prompt"]) if new else ""

    def _work(self, system: list[Any], messages: list[Any]) -> str:
        """Ask the model and use the tools that it asks for, adding to `messages`, until it speaks to the customer."""
        for _ in range(MOST_CALLS):
            reply = self._ask(system, messages)
            if reply.stop_reason != "tool_use":
                text = "".join(block.text for block in reply.content if block.type == "text")
                return text or f"(no answer: {reply.stop_reason})"
            messages.append({"role": "assistant", "content": [block.to_dict() for block in reply.content]})
            results = [self._use(block) for block in reply.content if block.type == "tool_use"]
            messages.append({"role": "user", "content": results})
        raise RuntimeError(f"no answer after {MOST_CALLS} calls of the model")

    def _ask(self, system: list[Any], messages: list[Any]) -> Message:
        about = self._about() | {  # COPY: what customers write goes along; leave out what may not leave your house
            "gen_ai.system_instructions": json.dumps([{"type": "text", "content": each["text"]} for each in system]),
            "gen_ai.tool.definitions": json.dumps([{"type": "function", **tool} for tool in TOOLS]),
            "gen_ai.input.messages": as_messages(*messages),
        }
        with step(self.tracer, "chat", self.model, about) as span:
            reply = self.client.messages.create(
                model=self.model, max_tokens=MOST_TOKENS, system=system, messages=messages, tools=TOOLS
            )
            output = {"role": "assistant", "content": [block.to_dict() for block in reply.content]}
            cached = reply.usage.cache_read_input_tokens or 0
            written = reply.usage.cache_creation_input_tokens or 0
            span.set_attribute("gen_ai.response.id", reply.id)
            span.set_attribute("gen_ai.response.model", reply.model)
            span.set_attribute("gen_ai.response.finish_reasons", [str(reply.stop_reason)])
            span.set_attribute("gen_ai.output.messages", as_messages(output, finish_reason=reply.stop_reason))
            # The conventions count all tokens that were read; Anthropic counts the cached ones apart.
            span.set_attribute("gen_ai.usage.input_tokens", reply.usage.input_tokens + cached + written)
            span.set_attribute("gen_ai.usage.cache_read.input_tokens", cached)
            span.set_attribute("gen_ai.usage.cache_creation.input_tokens", written)
            span.set_attribute("gen_ai.usage.output_tokens", reply.usage.output_tokens)
        return reply

    def _use(self, call: ToolUseBlock) -> dict[str, Any]:
        """Use a tool; what it could not do makes its span an error and is told to the model."""
        about = {"gen_ai.tool.name": call.name, "gen_ai.tool.call.id": call.id, "gen_ai.tool.type": "function"}
        about["gen_ai.tool.call.arguments"] = json.dumps(call.input)
        answer = {"type": "tool_result", "tool_use_id": call.id}
        if call.name in RISKY and (notes := self._recall(f"{call.name} {json.dumps(call.input)}", call.name)):
            return answer | {"content": f"Not done yet. Read this, then call again if it is right.\n\n{notes}"}
        try:
            with step(self.tracer, "execute_tool", call.name, about) as span:
                result = json.dumps(self.shop.call(call.name, call.input))
                span.set_attribute("gen_ai.tool.call.result", result)
        except (ShopError, TypeError) as error:
            return answer | {"content": str(error), "is_error": True}
        return answer | {"content": result}

    def _about(self) -> dict[str, Any]:
        who = {"gen_ai.agent.name": AGENT, "gen_ai.conversation.id": self.id}
        return who | {"gen_ai.provider.name": "anthropic", "gen_ai.request.model": self.model}
