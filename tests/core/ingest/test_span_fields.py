"""Times, ids and attributes as the sources of spans write them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from core.ingest.reading import BadRecord
from core.ingest.span_fields import error_of, flat, not_before, span_id_of, time_of

AT = datetime(2026, 2, 3, 15, 19, 52, 242000, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        [1770131992, 242000000],
        1770131992242000000,
        "1770131992242000000",
        1770131992242000,
        1770131992242,
        1770131992.242,
        "2026-02-03T15:19:52.242Z",
        "2026-02-03 15:19:52.242000+00:00",
        "2026-02-03T16:19:52.242000000+01:00",
    ],
)
def test_a_time_in_every_form_is_the_same_moment(written: Any) -> None:
    assert time_of(written, "its start") == AT


@pytest.mark.parametrize("written", ["noon", [1], [1, 2, 3], ["1", "2"], [10**30, 0], -5, 10**30, True, {}])
def test_what_is_no_time_is_named(written: Any) -> None:
    with pytest.raises(BadRecord, match="its start is no time"):
        time_of(written, "its start")


def test_no_time_is_none_and_an_end_never_lies_before_its_start() -> None:
    assert (time_of(None, "x"), time_of("", "x")) == (None, None)
    earlier = datetime(2026, 1, 1, tzinfo=UTC)
    assert not_before(AT, earlier) == AT
    assert (not_before(earlier, AT), not_before(None, AT), not_before(AT, None)) == (AT, AT, None)


def test_ids_lose_their_0x_and_must_be_texts() -> None:
    assert span_id_of("0x00ab", "its span id") == "00ab"
    for wrong, says in ((None, "its span id is missing"), (7, "its span id is not a text")):
        with pytest.raises(BadRecord, match=says):
            span_id_of(wrong, "its span id")


def test_an_error_is_one_in_every_spelling() -> None:
    for code in (2, "ERROR", "error", "StatusCode.ERROR", "STATUS_CODE_ERROR"):
        assert error_of(code, "it broke") == "it broke"
    assert error_of(2, None) == "the span ended in an error"
    assert [error_of(code, "it broke") for code in (0, 1, "OK", "UNSET", None, [])] == [""] * 6


def test_nested_attributes_become_dotted_keys_and_whole_values_stay_whole() -> None:
    nested = {
        "llm": {
            "input_messages": [{"message.role": "user", "message": {"content": "Hi"}}],
            "token_count": {"prompt": 3, "completion": None},
            "invocation_parameters": '{"temperature": 0}',
        },
        "input": {"value": {"question": {"text": "Hi"}}},
        "metadata": {"thread_id": "t"},
        "embedding": {"vector": [0.5, 0.25]},
        "gen_ai.output.messages": [{"role": "assistant", "parts": []}],
    }
    assert flat(nested) == {
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.content": "Hi",
        "llm.token_count.prompt": 3,
        "llm.invocation_parameters": '{"temperature": 0}',
        "input.value": {"question": {"text": "Hi"}},
        "metadata": {"thread_id": "t"},
        "embedding.vector": [0.5, 0.25],
        "gen_ai.output.messages": [{"role": "assistant", "parts": []}],
    }
