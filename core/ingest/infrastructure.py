"""Trials that broke through what they ran on, not through the agent: how sources say so, as a signal on the run. Pure.

Only endings that the source itself lays to the machinery are named here. A limit of steps, time, cost or context that
an agent ran into is its own failure, and so is an error of a tool that it used.
"""

from __future__ import annotations

import re

from core.records import INFRASTRUCTURE, Signal, SignalKind

ATTRIBUTE = "loopwright.infrastructure"
"""The attribute of a span in which a harness says that the trial broke, and why."""

_ENDINGS = frozenset(
    (
        # tau2-bench's termination_reason
        "infrastructure_error",
        # SWE-agent's exit_status
        "exit_api", "exit_environment_error",
        # mini-swe-agent's exit_status is the name of what was raised
        "APIConnectionError", "APIError", "APITimeoutError", "AuthenticationError", "BadGatewayError",
        "InternalServerError", "OverloadedError", "PermissionDeniedError", "RateLimitError", "RetryError",
        "ServiceUnavailableError", "Timeout"
    )
)  # fmt: skip
_SUBMITTED = re.compile(r"submitted \((.+)\)")


def broke(uid: str, reason: str, source: str) -> Signal:
    """The signal that says so; it has the same key however often the run comes."""
    return Signal(
        uid,
        INFRASTRUCTURE,
        SignalKind.AUTOMATED,
        reason[:2000] or "it broke",
        source=source,
        key=f"{uid}/{INFRASTRUCTURE}",
    )


def broke_by(uid: str, ending: object, source: str) -> tuple[Signal, ...]:
    """The same where the word with which a source ends a run lays it to the machinery, else none."""
    word = str(ending or "")
    inner = _SUBMITTED.fullmatch(word)
    return (broke(uid, word, source),) if (inner[1] if inner else word) in _ENDINGS else ()
