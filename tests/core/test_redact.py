from __future__ import annotations

import json
from typing import Any

import pytest

from core.errors import InvalidInput
from core.redact import DEEPEST, KINDS, Policy, redactor
from tests.core.redact_examples import NEAR_MISSES, PERSONAL, SECRETS, made

KEYS = redactor(Policy())


ALL = redactor(Policy(frozenset(KINDS)))


def test_the_sets_are_as_large_as_they_should_be() -> None:
    assert len(SECRETS) + len(PERSONAL) >= 100
    assert len(NEAR_MISSES) == len(set(NEAR_MISSES)) >= 110


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_replaced_and_nothing_beside_it(name: str) -> None:
    before, secret, after = SECRETS[name]
    text = before + secret + after
    expected = (f"{before}[redacted: key]{after}", {"key": 1})
    assert KEYS.text(text) == ALL.text(text) == expected
    assert KEYS.text(expected[0]) == (expected[0], {})


@pytest.mark.parametrize("name", PERSONAL)
def test_personal_data_is_replaced_where_it_is_asked_for(name: str) -> None:
    kind, before, value, after = PERSONAL[name]
    text = before + value + after
    assert KEYS.text(text) == (text, {})
    assert redactor(Policy(frozenset({kind}))).text(text) == (f"{before}[redacted: {kind}]{after}", {kind: 1})
    assert ALL.text(text) == (f"{before}[redacted: {kind}]{after}", {kind: 1})


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_what_only_looks_like_it_stays(text: str) -> None:
    for whole in (text, f"see {text}, then", json.dumps({"a": text})):
        replaced, counts = ALL.text(whole)
        assert (replaced, counts) == (whole, {})
        assert replaced is whole


def test_several_in_one_text_are_counted_by_kind() -> None:
    key = SECRETS["openai"][1]
    text = f"ann@acme.com, bob@acme.com: 4111 1111 1111 1111 5500 0000 0000 0004, {key} {key}, +49 30 1234567"
    said = "[redacted: email], [redacted: email]: [redacted: card] [redacted: card], [redacted: key] [redacted: key], "
    assert ALL.text(text) == (said + "[redacted: phone]", {"email": 2, "card": 2, "key": 2, "phone": 1})


def test_a_value_is_read_to_its_last_name() -> None:
    key, password = SECRETS["anthropic"][1], SECRETS["quoted password"][1]
    value = {
        "messages": [{"role": "user", "content": f"use {key}"}, {"role": "tool", "content": None}],
        "arguments": json.dumps({"password": password, "n": 1}),
        "nested": [{"db_password": password, "http.request.header.authorization": ["Bearer " + made(40)]}, 4.5, True],
        "x-api-key": [made(32)],
        "password": {"min_length": 8, "policy": "eight letters"},
        "ann@acme.com": 1,
        "bob@acme.com": 2,
    }
    kept = json.dumps(value)
    expected = {
        "messages": [{"role": "user", "content": "use [redacted: key]"}, {"role": "tool", "content": None}],
        "arguments": '{"password": "[redacted: key]", "n": 1}',
        "nested": [
            {"db_password": "[redacted: key]", "http.request.header.authorization": ["Bearer [redacted: key]"]},
            4.5,
            True,
        ],
        "x-api-key": ["[redacted: key]"],
        "password": {"min_length": 8, "policy": "eight letters"},
        "[redacted: email]": 1,
        "[redacted: email] 2": 2,
    }
    assert ALL.value(value) == (expected, {"key": 5, "email": 2})
    assert ALL.value(expected) == (expected, {})
    assert json.dumps(value) == kept


def test_a_number_under_the_name_of_a_telephone_is_one() -> None:
    value = {"phone_number": "5551234567", "homePhone": "555-1234", "microphone": "5551234567", "phone": "2024-05-06"}
    expected = value | {"phone_number": "[redacted: phone]", "homePhone": "[redacted: phone]"}
    assert ALL.value(value) == (expected, {"phone": 2})
    assert KEYS.value(value) == (value, {})
    assert ALL.may_hold(protobuf(9, protobuf(1, b"phone") + protobuf(2, protobuf(1, b"5551234567"))))
    assert ALL.may_hold(b'{"key": "phone", "value": {"stringValue": "5551234567"}}')


def test_what_holds_nothing_is_handed_back_as_it_is() -> None:
    value = {"a": ["b", {"c": None}], "tokens": 4, "token": "bos", "mail": "ann@acme.com", "nan": float("nan")}
    assert KEYS.value(value)[0] is value
    for alone in (None, 1, 2.5, True, [], {}, "x", ["\ud800"], {"n": 2**80}, {1: "x"}):
        replaced, counts = ALL.value(alone)
        assert replaced is alone
        assert counts == {}


def test_a_lone_surrogate_hides_nothing() -> None:
    assert ALL.value(["\ud800 ann@acme.com"]) == (["\ud800 [redacted: email]"], {"email": 1})


def test_a_value_nested_deeply_is_read_or_refused() -> None:
    def nested(levels: int) -> Any:
        value: Any = "ann@acme.com"
        for _ in range(levels):
            value = [value]
        return value

    assert ALL.value(nested(300))[1] == {"email": 1}
    with pytest.raises(InvalidInput, match="nested too deeply"):
        ALL.value(nested(DEEPEST + 1))


def protobuf(field: int, inner: bytes) -> bytes:
    """A length-delimited field; a length of 65 to 90 is a letter that stands right before the text."""
    size, written = len(inner), b""
    while size > 127:
        written += bytes([size & 127 | 128])
        size >>= 7
    return bytes([field << 3 | 2]) + written + bytes([size]) + inner


@pytest.mark.parametrize("name", [*SECRETS, *PERSONAL])
def test_a_raw_body_that_holds_one_is_never_skipped(name: str) -> None:
    kind, before, value, after = ("key", *SECRETS[name]) if name in SECRETS else PERSONAL[name]
    chosen = redactor(Policy(frozenset({kind} - {"key"})))
    for text in (before + value + after, value + " " * 10, value.ljust(80, ".")):
        if not chosen.text(text)[1]:
            continue
        hidden = json.dumps({"a": text}).replace("@", "\\u0040").replace("-", "\\u002d").replace("&", "\\u0026")
        field = protobuf(1, b"a") + protobuf(2, protobuf(1, text.encode()))
        for body in (
            json.dumps({"a": text}),
            json.dumps({"a": text}, ensure_ascii=False),
            json.dumps({"a": json.dumps({"b": text}, ensure_ascii=False)}),
            hidden,
        ):
            assert chosen.value(json.loads(body))[1] == chosen.text(text)[1]
            assert chosen.may_hold(body.encode())
        assert chosen.may_hold(text.encode())
        assert chosen.may_hold(protobuf(9, field) + protobuf(9, field))


@pytest.mark.parametrize("name", ["password", "db.password", "http.request.header.authorization", "x-api-key"])
def test_a_named_attribute_is_seen_in_every_encoding(name: str) -> None:
    secret = made(32)
    assert KEYS.value({name: secret}) == ({name: "[redacted: key]"}, {"key": 1})
    otlp = {"attributes": [{"key": name, "value": {"stringValue": secret}}]}
    assert KEYS.may_hold(json.dumps(otlp).encode())
    assert KEYS.may_hold(json.dumps(otlp, indent=2).encode())
    assert KEYS.may_hold(protobuf(9, protobuf(1, name.encode()) + protobuf(2, protobuf(1, secret.encode()))))


def test_a_body_without_anything_is_skipped() -> None:
    body = json.dumps({"gen_ai.usage.input_tokens": 12, "llm.token_count.total": 3, "text": "Gr\u00fc\u00dfe\n" * 9})
    assert not KEYS.may_hold(body.encode())
    assert not ALL.may_hold(body.encode())
