from __future__ import annotations

import json
from typing import Any

import pytest

from core.errors import InvalidInput
from core.redact import Policy, redactor


def test_a_policy_survives_json() -> None:
    policy = Policy(frozenset({"email", "card"}), (("booking", "[A-Z]{6}"), ("employee id", r"E-\d{5}\b")))
    data = {
        "kinds": ["card", "email"],
        "custom": [{"name": "booking", "pattern": "[A-Z]{6}"}, {"name": "employee id", "pattern": r"E-\d{5}\b"}],
    }
    assert policy.as_json() == data
    assert Policy.from_json(json.loads(json.dumps(data))) == policy
    assert Policy.from_json({}) == Policy()
    assert redactor(policy) is redactor(Policy.from_json(data))


def test_a_persons_pattern_is_replaced_under_its_name() -> None:
    chosen = redactor(Policy(custom=(("booking", "[A-Z]{6}"), ("name", "(?i)müller"), ("word", r"\w+x"))))
    said = ("[redacted: booking] of Herr [redacted: name], [redacted: word]", {"booking": 1, "name": 1, "word": 1})
    assert chosen.text("ABCDEF of Herr MÜLLER, redactedx") == said
    assert chosen.text(said[0]) == (said[0], {})
    assert chosen.value({"a": ["ABCDEF"]}) == ({"a": ["[redacted: booking]"]}, {"booking": 1})
    assert chosen.may_hold(b"anything")


def test_a_persons_pattern_takes_what_the_built_in_ones_leave() -> None:
    chosen = redactor(Policy(frozenset({"email"}), (("all", "[^ ]+"),)))
    assert chosen.text("to ann@acme.com") == ("[redacted: all] [redacted: email]", {"all": 1, "email": 1})


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([], "A redaction policy is an object"),
        ({"kinds": "email"}, "`kinds` is a list"),
        ({"kinds": ["name"]}, "'name' is no kind of data: choose among email, phone, card, iban"),
        ({"custom": {"a": "b"}}, "`custom` is a list of objects"),
        ({"custom": [{"name": "a"}]}, "`custom` is a list of objects"),
        ({"custom": [{"name": "A]", "pattern": "x"}]}, "'A]' cannot name a pattern"),
        ({"custom": [{"name": "key", "pattern": "x"}]}, "'key' is the name of a built-in kind"),
        ({"custom": [{"name": "a", "pattern": "x"}, {"name": "a", "pattern": "y"}]}, "Two patterns are named 'a'"),
        ({"custom": [{"name": "a", "pattern": "("}]}, "The pattern 'a' cannot be used: missing )"),
        ({"custom": [{"name": "a", "pattern": r"(x+)\1"}]}, "The pattern 'a' cannot be used: invalid escape sequence"),
        ({"custom": [{"name": "a", "pattern": "(?=x)"}]}, "no look-around"),
        ({"custom": [{"name": "a", "pattern": "((x{900}){900}){9}"}]}, "The pattern 'a' cannot be used"),
        ({"custom": [{"name": "a", "pattern": "x*"}]}, "The pattern 'a' fits where nothing stands"),
        ({"custom": [{"name": "a", "pattern": r"\b"}]}, "The pattern 'a' fits where nothing stands"),
        ({"custom": [{"name": "a", "pattern": "$"}]}, "The pattern 'a' fits where nothing stands"),
    ],
)
def test_a_policy_that_cannot_be_used_is_refused(data: Any, said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Policy.from_json(data)
    assert said in refused.value.message
