from __future__ import annotations

import gzip
import io
import json
import random
import string
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.redact import DEEPEST, KINDS, Policy, redactor

KEYS = redactor(Policy())
ALL = redactor(Policy(frozenset(KINDS)))


def made(length: int, letters: str = string.ascii_letters + string.digits, seed: int = 1) -> str:
    """Random letters, the same every time: no key of anybody's, and none stands in this file."""
    return "".join(random.Random(f"{seed}{length}{letters}").choices(letters, k=length))


HEX, LOWER, UPPER = "0123456789abcdef", string.ascii_lowercase + string.digits, string.ascii_uppercase + "234567"
URLSAFE = string.ascii_letters + string.digits + "-_"
PEM_LINES = [made(64), made(64, seed=2), made(20) + "=="]


def pem(name: str, newline: str) -> str:
    return newline.join(
        [f"-----BEGIN {name}" + "PRIVATE KEY-----", *PEM_LINES, f"-----END {name}" + "PRIVATE KEY-----"]
    )


JWT = "eyJ" + made(33, URLSAFE) + ".eyJ" + made(70, URLSAFE) + "." + made(43, URLSAFE)

# Before, the value, after; the value and nothing else is to go.
SECRETS = {
    "openai": ("key ", "sk" + "-" + made(48), "."),
    "openai project": ("", "sk" + "-proj-" + made(120, URLSAFE), ""),
    "openrouter": ("(", "sk" + "-or-v1-" + made(64, HEX), ")"),
    "deepseek": ("'", "sk" + "-" + made(32, HEX), "'"),
    "anthropic": ("x-api-key: ", "sk" + "-ant-api03-" + made(93, URLSAFE) + "AA", "\n"),
    "langfuse": ("", "sk" + "-lf-" + "8f14e45f-ceea-467f-9a3c-0d1b2c3d4e5f", ""),
    "stripe": ("", "sk" + "_live_" + made(24), " in use"),
    "stripe restricted": ("", "rk" + "_test_" + made(99), ""),
    "stripe webhook": ("", "whsec" + "_" + made(32), ""),
    "github": ("git clone https://", "ghp" + "_" + made(36), "@github.com/a/b"),
    "github server": ("", "ghs" + "_" + made(36), ""),
    "github fine-grained": ("", "github" + "_pat_" + made(22) + "_" + made(59), ""),
    "gitlab": ("", "glpat" + "-" + made(20, URLSAFE), ""),
    "slack bot": ("", "xoxb" + "-1234567890-1234567890123-" + made(24), ""),
    "slack hook": ("https://", "hooks.slack" + ".com/services/T01ABCDEF/B01ABCDEF/" + made(24), ""),
    "discord hook": ("https://", "discord" + ".com/api/webhooks/123456789012345678/" + made(68, URLSAFE), ""),
    "google": ("?x=1&q=", "AIza" + made(35, URLSAFE), ""),
    "google oauth": ("", "ya29" + "." + made(60, URLSAFE), ""),
    "google client": ("", "GOCSPX" + "-" + made(28, URLSAFE), ""),
    "aws id": ("export AWS_ACCESS_KEY_ID=", "AKIA" + made(16, UPPER), "\n"),
    "aws temporary id": ("id ", "ASIA" + made(16, UPPER), ","),
    "aws secret": ("AWS_SECRET_ACCESS_KEY=", made(40, string.ascii_letters + string.digits + "/+"), "\n"),
    "aws secret in json": ('{"SecretAccess' + 'Key": "', made(40), '"}'),
    "hugging face": ("login --token ", "hf" + "_" + made(34), ""),
    "npm": ("//registry/:_authToken=", "npm" + "_" + made(36), "\n"),
    "pypi": ("", "pypi" + "-AgEIcHlwaS5vcmc" + made(100, URLSAFE), ""),
    "sendgrid": ("", "SG" + "." + made(22, URLSAFE) + "." + made(43, URLSAFE), ""),
    "twilio key": ("sid ", "SK" + made(32, HEX), " "),
    "mailgun": ("", "key" + "-" + made(32, HEX), ""),
    "telegram": ("bot ", "123456789" + ":AA" + made(33, URLSAFE), ""),
    "digitalocean": ("", "dop" + "_v1_" + made(64, HEX), ""),
    "databricks": ("", "dapi" + made(32, HEX), ""),
    "vault": ("", "hvs" + "." + made(90, URLSAFE), ""),
    "groq": ("", "gsk" + "_" + made(52), ""),
    "langsmith": ("", "lsv2" + "_pt_" + made(32, HEX) + "_" + made(10, HEX), ""),
    "shopify": ("", "shpat" + "_" + made(32, HEX), ""),
    "age": ("", "AGE-SECRET" + "-KEY-1" + made(58, string.ascii_uppercase + string.digits), ""),
    "jwt": ("cookie session=", JWT, "; Path=/"),
    "bearer": ("Authorization: Bearer ", made(40), "\r\n"),
    "bearer in json": ('{"Authorization": "Bearer ', made(32, HEX), '"}'),
    "basic": ("authorization: Basic ", "YWxhZGRpbjpvcGVuc2VzYW1l", "\n"),
    "django": ("Authorization: Token ", made(40, HEX), ""),
    "x-api-key": ("x-api-key: ", made(32), "\n"),
    "x-api-key in curl": ("curl -H 'X-API-Key: ", made(24, LOWER), "' https://a.b"),
    "url password": ("postgresql://app:", "s3cr-tPw" + "!9", "@db:5432/x"),
    "url password in json in json": ('"https:\\/\\/bob:', "hunter" + "22x", '@host\\/x"'),
    "url api_key": ("https://api.a.b/v1?api_key=", made(32, HEX), "&page=2"),
    "url key": ("https://a.b/maps?key=", made(24), "&z=3"),
    "url access_token": ("https://a.b/?access_token=", made(64), "#top"),
    "signed aws": ("&X-Amz-Signature=", made(64, HEX), '"'),
    "signed gcs": ("?X-Goog-Signature=", made(256, HEX), " "),
    "signed azure": ("sv=2022-11-02&se=2026-01-01&sr=b&sig=", made(43) + "%3D", ""),
    "signed azure in go's json": ("?sr=b\\u0026sig=", made(43) + "%3D", "\\u0026se=1"),
    "azure account": ("AccountName=x;Account" + "Key=", made(86) + "==", ";EndpointSuffix=y"),
    "env password": ("DB_PASSWORD=", "kV9x" + "2mQz", "\n"),
    "quoted password": ('password: "', "Tr0ub4dor" + "&3", '"'),
    "said password": ("my password is ", "Summer" + "2024!", ", thanks"),
    "password in yaml": ("  passwd: ", "x7Kp" + "q2Lm9", "\n  user: bob"),
    "json in json": ('{\\"password\\": \\"', "Zx8" + "kQ2pLw", '\\"}'),
    "json in json in json": ('\\\\\\"api_key\\\\\\":\\\\\\"', made(32), '\\\\\\"'),
    "client secret": ("client_secret=", made(40, URLSAFE), "&grant_type=x"),
    "token of ci": ("token: ", made(20, LOWER), ""),
    "option": ("deploy --auth-token ", made(32), " --force"),
    "option with password": ("login --password ", "pL4stic" + "Rain", " -u bob"),
    "python": ('os.environ["API_TOKEN"] = "', made(36), '"'),
    "markdown": ("**API key:** `", made(32), "`"),
    "pem": ("a\n", pem("RSA ", "\n"), "\nb"),
    "pem in json": ('{"key": "', pem("", "\\n"), '\\n"}'),
    "pem in json in json": ('\\"', pem("EC ", "\\\\n"), '\\\\n\\"'),
    "pem openssh": ("", pem("OPENSSH ", "\r\n"), ""),
    "after an escape": ("line\\n", "sk" + "-" + made(48), "\\nline"),
    "after a percent": ("redirect%3D", "ghp" + "_" + made(36), "%26"),
}
PERSONAL = {
    "email": ("email", "Write to ", "ann.lee@acme-corp.com", "."),
    "email with tag": ("email", "<", "bob+news@mail.example.co.uk", ">"),
    "email in mailto": ("email", "mailto:", "c_d@uni-koeln.de", "?subject=x"),
    "email in json": ("email", '{\\"email\\":\\"', "mia_li3668@example.com", '\\"}'),
    "email after an escape": ("email", "Hi\\n", "noah@web.de", "\\n"),
    "email of a noreply": ("email", "Author: x <", "123+x@users.noreply.github.com", ">"),
    "email at a startup": ("email", "", "hello@agents.ai", ", or call"),
    "phone e164": ("phone", "call ", "+14155552671", " now"),
    "phone us": ("phone", "call ", "(415) 555-2671", "."),
    "phone us dashes": ("phone", "", "415-555-2671", ""),
    "phone us dots": ("phone", "T ", "415.555.2671", ","),
    "phone us trunk": ("phone", "", "1-800-343-3548", ""),
    "phone us long": ("phone", "", "+1 (415) 555-2671", ""),
    "phone that no line breaks": ("phone", "", "1\u2011800\u2011555\u20110199", ""),
    "phone uk": ("phone", "", "020 7946 0958", ""),
    "phone uk mobile": ("phone", "ring ", "07700 900123", ""),
    "phone uk abroad": ("phone", "", "+44 20 7946 0958", ""),
    "phone de": ("phone", "Tel. ", "030 1234567", ""),
    "phone de slash": ("phone", "", "089/636-48018", ""),
    "phone de abroad": ("phone", "", "+49 (0)30 123456-78", ""),
    "phone fr": ("phone", "", "06 12 34 56 78", ""),
    "phone fr abroad": ("phone", "", "+33 6 12 34 56 78", ""),
    "phone with 00": ("phone", "", "0049 30 12345678", ""),
    "phone by name": ("phone", '"phone_number": "', "5551234567", '"'),
    "phone by camel": ("phone", '"homePhone":"', "555-1234", '"'),
    "card visa": ("card", "card ", "4111 1111 1111 1111", " exp"),
    "card visa whole": ("card", "", "4012888888881881", ""),
    "card mastercard": ("card", "", "5555-5555-5555-4444", ""),
    "card mastercard 2": ("card", "", "2223003122003222", ""),
    "card amex": ("card", "", "3782 822463 10005", ""),
    "card diners": ("card", "", "30569309025904", ""),
    "card discover": ("card", "", "6011111111111117", ""),
    "card jcb": ("card", '"', "3530111333300000", '"'),
    "card after an escape": ("card", "pay\\n", "4242424242424242", "\\n"),
    "iban de": ("iban", "IBAN ", "DE89 3704 0044 0532 0130 00", "."),
    "iban gb": ("iban", "", "GB82WEST12345698765432", ""),
    "iban fr": ("iban", "", "FR14 2004 1010 0505 0001 3M02 606", " x"),
    "iban nl": ("iban", "", "NL91ABNA0417164300", ","),
    "iban no": ("iban", "", "NO9386011117947", ""),
    "iban ch": ("iban", "", "CH93 0076 2011 6238 5295 7", ""),
}

NEAR_MISSES = [
    # keys
    "risk-adjusted-returns-of-2024-portfolios",
    "sk-learn-and-other-packages-we-use",
    "disk-a1b2c3d4e5f6g7h8i9j0",
    '<div class="sk-toggleable__content fitted sk-estimator-doc-link">',
    "task-0123456789abcdef0123456789",
    "shelf_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6",
    "AKIA is how an id begins",
    "eyJhbGciOi is how a token begins",
    "ghp_ and a name",
    "ghp_" + "x" * 36,
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "-----BEGIN PUBLIC KEY-----",
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7 bob",
    "Bearer of bad news",
    "Authorization: Bearer $TOKEN",
    "Authorization: Bearer <your-api-key-goes-here>",
    "Bearer {access_token_of_user_1}",
    "Basic arithmetic is needed",
    "basic understanding",
    "password: required",
    "password: ********",
    "password:",
    "password = getpass.getpass()",
    "password=os.environ['DB_PASSWORD']",
    "PASSWORD=${DB_PASSWORD1}",
    "password: str = Field(min_length=8)",
    "password123 is weak",
    "Enter your password: ",
    "password is incorrect",
    "the token is invalid",
    "token: Optional[str] = None",
    "token = tokenizer.encode(text2)",
    "max_tokens=4096",
    '"total_tokens": 12345678',
    '"input_tokens": 4096, "output_tokens": 12',
    "llm.token_count.prompt: 1234",
    "next_token: null",
    "token=self.config.token2",
    "secret: my-kubernetes-secret-name",
    "api_key=YOUR_API_KEY_12345678",
    "api_key: str",
    "OPENAI_API_KEY=sk-...",
    "api_key='EMPTY'",
    "secret santa is on 2024-12-24",
    "key=value",
    "sort(key=lambda item: item[1])",
    "?key=name&sort=asc",
    "sig=inspect.signature(function)",
    "author: J. Smith 1999",
    "http://localhost:8080/a@b",
    "https://host:443/path",
    "postgresql://user:password@localhost/x",
    "redis://user:${PASSWORD}@cache",
    "git@github.com:acme/agent.git",
    "sha256:" + made(64, HEX),
    "commit " + made(40, HEX),
    "id 550e8400-e29b-41d4-a716-446655440000",
    "call_" + made(24),
    "toolu_" + made(24),
    "chatcmpl-" + made(29),
    "trace " + made(32, HEX),
    "data:image/png;base64," + made(200),
    'ETag: W/"' + made(27) + '"',
    "AC" + made(32, HEX),
    "gpt-4o-2024-08-06",
    "claude-sonnet-4-5-20250929",
    # e-mail
    "@pytest.mark.parametrize",
    "user@localhost",
    "weights@hidden.transpose(0, 1)",
    "a@b",
    "icon@2x.png",
    "react@18.2.0",
    "left@right.T",
    "npm i @types/node@20.1.0",
    "https://medium.com/@some.body",
    "x@y.shape",
    "root@9f8e7d6c:/app#",
    "fn@module.py",
    "ssh://git@github.com/x",
    # telephone
    "order 1234567890",
    "2024-01-15 10:30:00",
    "1700000000",
    "1700000000000000000",
    "v1.22.333.4444",
    "192.168.100.1234",
    "$1,234,567.89",
    "12/31/2024 23:59",
    "ISBN 978-3-16-148410-0",
    "SSN 078-05-1120",
    "ZIP 06385-3823",
    '"Smartphone": "1801728040"',
    "+1234567",
    "+0000",
    "-415-555-26710",
    "lines 100-200-3000",
    "phone 2024-05-06",
    "2024-01-15T10:30:00+00:00",
    "3.14159265358979",
    "pages 415-555",
    "1-2-3-4-5-6-7-8-9-10",
    "+20240115123456789",
    "tel aviv 1909",
    "microphone: 1234567890",
    "0x0123456789",
    "id_415-555-2671x",
    "100 200 3000",
    # cards
    "4111 1111 1111 1112",
    "1234567890123456",
    "0.4111111111111111",
    "4111111111111111000",
    "9999999999999995",
    "id_4111111111111111",
    "4111-1111-1111-1111-2222",
    "1111 1111 4111",
    "credit_card_4421486",
    "16 digits: 7012345678901234",
    # accounts
    "DE89 3704 0044 0532 0130 01",
    "GB82WEST1234569876543",
    "XX89370400440532013000",
    "AB12CDEF3456GHIJ7890",
    "HTTP2024SERVERERRORCODE01",
]


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


PIECES = st.sampled_from(
    [before + value + after for before, value, after in SECRETS.values()]
    + [before + value + after for _, before, value, after in PERSONAL.values()]
    + NEAR_MISSES
    + [
        "[redacted: key]",
        "[redacted: ",
        "\\n",
        "\\",
        '"',
        "@",
        "=",
        "password",
        "token: ",
        "415-",
        "+1 ",
        "4111 ",
        "\u2011",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES | st.text(max_size=12), max_size=8).map("".join), st.sampled_from([KEYS, ALL]))
def test_again_changes_nothing_and_a_skipped_body_holds_nothing(text: str, chosen: Any) -> None:
    replaced, counts = chosen.text(text)
    assert chosen.text(replaced) == (replaced, {})
    assert (replaced is text) == (counts == {})
    assert sum(counts.values()) == replaced.count("[redacted: ") - text.count("[redacted: ") or "[redacted: " in text
    whole, found = chosen.value({"a": text, text: [text]})
    assert chosen.value(whole) == (whole, {})
    if found:
        data = json.dumps({"a": text, text: [text]})
        assert chosen.may_hold(data.encode())


UNITS = [
    "a",
    "1",
    "@",
    "sk-",
    "-----BEGIN",
    "-----BEGIN PRIVATE KEY-----",
    "a@a.",
    "a@a.com ",
    "token=",
    "token: a1b ",
    "://:",
    "://a:b@",
    "4111 ",
    "1 ",
    "4",
    "eyJ",
    "eyJaaaaaaaaaa.",
    "DE12",
    "DE89 3704 ",
    "+1 ",
    "415-555-",
    "M",
    "password is ",
    "--token ",
    "01 23 ",
    "Bearer ",
    "Basic YTph ",
    "phone: ",
    "SG.",
    "\\",
    "\\n4",
    "(",
    "sig=",
    "[redacted: ",
    "aB1-_.@:/ ",
    "[redacted: key]",
    "\\u0040",
    "a.",
    "%40",
    "123456789:AA",
    "auth",
    '"',
    "password=a1=",
    "ghp_",
    "xoxb-",
    "/",
    "-",
    "\u2011",
]


@pytest.mark.parametrize("unit", UNITS)
def test_a_megabyte_of_anything_takes_linear_time(unit: str) -> None:
    """Four times the text takes about four times as long; sixteen would be the square of it."""
    took = []
    for size in (250_000, 1_000_000):
        text = (unit * (size // len(unit) + 1))[:size]
        begin = perf_counter()
        ALL.text(text)
        ALL.may_hold(text.encode())
        took.append(perf_counter() - begin)
    assert took[1] < 0.25 or took[1] < 9 * took[0]
    assert took[1] < 30


def documents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The source and the content of every file of the real data, containers opened."""
    for path in sorted(folder.rglob("*")):
        source = path.relative_to(folder).parts[0]
        if not path.is_file() or path.name.startswith(("README", "LICENSE")):
            continue
        data = path.read_bytes()
        if path.suffix == ".eval":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for name in archive.namelist():
                    yield source, archive.read(name)
        else:
            yield source, gzip.decompress(data) if path.suffix == ".gz" else data


def parsed(data: bytes) -> Any:
    """JSON, lines of JSON, or text."""
    try:
        return json.loads(data)
    except ValueError:
        pass
    try:
        return [json.loads(line) for line in data.splitlines() if line.strip()]
    except ValueError:
        return data.decode()


FOUND = {
    ("agentrx-tau", "email"): 277,
    ("langfuse-traces", "email"): 2,
    ("mini-swe-agent", "email"): 376,
    ("pandalm", "email"): 2,
    ("pandalm", "phone"): 9,
    ("swe-agent-trajs", "email"): 10,
    ("tau-bench", "email"): 127,
    ("tau2-bench", "email"): 763,
    ("tau2-bench", "key"): 2,
    ("tau2-bench", "phone"): 1323,
    ("trail", "email"): 803,
    ("who-and-when", "email"): 12,
    ("who-and-when", "key"): 38,
    ("who-and-when", "phone"): 15,
}
"""What is found in the real data: each distinct value was looked at, see docs/redaction.md."""


def test_what_is_found_in_the_real_data(real_data: Path) -> None:
    found: Counter[tuple[str, str]] = Counter()
    for source, data in documents(real_data):
        value = parsed(data)
        for chosen in (KEYS, ALL):
            replaced, counts = chosen.value(value)
            assert (replaced is value) == (counts == {})
            assert chosen.may_hold(data) or counts == {}
        for kind, number in counts.items():
            found[source, kind] += number
        assert ALL.value(replaced) == (replaced, {})
    assert dict(found) == FOUND
