"""Small worlds that tests are set in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from core.records import Message, Pair, Signal, SignalKind, Step, StepKind, Task, ToolCall, Trace

START = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)


def run(uid: str, said: str = "Where is my order?", reward: float | None = None, **fields: object) -> Trace:
    """A run of four steps: a question, a tool call, its result, an answer; a minute long."""
    call = ToolCall("c1", "get_order", {"order": 7})
    steps = (
        Step("0", StepKind.USER, "user", output=(Message("user", said),), started_at=START),
        Step("1", StepKind.LLM, "agent", output=(Message("assistant", tool_calls=(call,)),), cost=0.01, tokens_in=10),
        Step("2", StepKind.TOOL, "get_order", call_id="c1", arguments={"order": 7}, result={"state": "sent"}),
        Step("3", StepKind.LLM, "agent", output=(Message("assistant", f"It was sent, {uid}."),), cost=0.02),
    )
    signals = ()
    if reward is not None:
        signals = (Signal(uid, "reward", SignalKind.AUTOMATED, reward, success=reward == 1),)
    values: dict[str, object] = {
        "agent": "shop",
        "version": "v1",
        "task": Task("shop/orders/1", said),
        "started_at": START,
        "ended_at": START + timedelta(minutes=1),
        "signals": signals,
    }
    return Trace(uid, "test", **({"steps": steps} | values | fields))  # type: ignore[arg-type]


def texts(uid: str, prompt: str = "Say hello.") -> Pair:
    """A pair of two texts."""
    return Pair(uid, "test", prompt, f"Hello, {uid}.", "Go away.", name_a="polite", name_b="rude")
