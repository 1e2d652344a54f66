"""The stand-in for Claude refuses what the API refuses, so that an agent which passes here is understood there."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from anthropic import Anthropic, APIStatusError

from tests.standins import Claude, calls, says, serving

CALL = {"role": "assistant", "content": [calls("c1", "look")]}
RESULT = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "seen"}]}
HELLO = {"role": "user", "content": "Hello"}


def ask(url: str, messages: list[Any], key: str = "no key") -> str:
    client = Anthropic(api_key=key, base_url=url, max_retries=0)
    reply = client.messages.create(model="claude-m", max_tokens=9, messages=messages)
    return "".join(block.text for block in reply.content if block.type == "text")


def test_the_script_is_told_in_its_order_and_ends() -> None:
    with serving(Claude(says("one"), says("two"))) as claude:
        assert [ask(claude.url, [HELLO]), ask(claude.url, [HELLO, CALL, RESULT])] == ["one", "two"]
        with pytest.raises(APIStatusError, match="the stand-in's script is over"):
            ask(claude.url, [HELLO])
    assert [len(body["messages"]) for body in claude.asked] == [1, 3, 1]


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([], "first message must use the user role"),
        ([CALL, RESULT], "first message must use the user role"),
        ([HELLO, CALL], r"without tool_result blocks: \['c1'\]"),
        ([HELLO, CALL, HELLO], r"messages.2: .* do not match: \['c1'\]"),
        ([HELLO, RESULT], r"messages.1: .* do not match: \['c1'\]"),
        ([HELLO, {"role": "assistant", "content": ""}], "messages.1: text content blocks must be non-empty"),
        ([HELLO, {"role": "assistant", "content": []}], "messages.1: text content blocks must be non-empty"),
    ],
)
def test_what_the_api_refuses_is_refused(messages: list[Any], reason: str) -> None:
    with serving(Claude(says("never"))) as claude:
        with pytest.raises(APIStatusError, match=reason) as refused:
            ask(claude.url, messages)
        assert refused.value.status_code == 400
    assert len(claude.script) == 1


def test_a_request_without_a_key_is_refused() -> None:
    with serving(Claude()) as claude:
        refused = httpx.post(f"{claude.url}/v1/messages", json={"messages": [HELLO]}, trust_env=False)
    assert (refused.status_code, refused.json()["error"]["type"]) == (401, "authentication_error")
