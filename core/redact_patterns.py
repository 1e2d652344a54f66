"""The shapes of keys, tokens and passwords, as patterns of RE2 over UTF-8, each with a judge of what it found.

RE2 reads in linear time whatever the text, so none of these can be made to hang. It cannot look around itself: what
stands before and after a candidate, checksums and randomness are for the judge. Nothing is replaced here.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Span = tuple[int, int]
Found = Any
"""A match of RE2: `.span(group)`, `.group(group)` and `.string`, as of `re`, in bytes."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One shape of a kind. `hint` finds it in a raw body too: escaped, or after a protobuf length, which may be a
    letter; so it holds no word boundary. `judge` says which bytes of a candidate are to be replaced, if any.
    """

    kind: str
    shape: str
    hint: str
    judge: Callable[[Found], Iterator[Span]]


# A letter after which no word ends, yet a value may begin: what an escape in JSON or in a URL ends with.
OPENS = r"(?:\b|\\[nrtbf]|\\u00[0-9a-fA-F]{2}|%[0-9A-Fa-f]{2})"

_ISSUED = (
    r"sk-ant-[\w-]{20,}",
    r"sk-lf-[0-9a-f-]{36}",
    r"[sr]k_(?:live|test|prod)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{20,}",
    r"gh[pousr]_\w{36,}|github_pat_\w{22,}",
    r"gl(?:pat|oas|dt|rt|rtr|cbt|ptt|ft|imt|agent|soat|ffct)-[\w.-]{20,}",
    r"xox[a-z]-[A-Za-z0-9-]{10,}|xapp-\d-[A-Za-z0-9-]{20,}",
    r"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9/]{20,}",
    r"discord(?:app)?\.com/api/webhooks/\d+/[\w-]{40,}",
    r"[MNO][A-Za-z\d]{23,25}\.[\w-]{6}\.[\w-]{27,}",
    r"AIza[\w-]{35}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}",
    r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b",
    r"hf_[A-Za-z0-9]{30,}|api_org_[A-Za-z]{30,}",
    r"npm_[A-Za-z0-9]{36,}|pypi-AgE[\w-]{40,}",
    r"SG\.[\w-]{22}\.[\w-]{43}|key-[0-9a-f]{32}\b|SK[0-9a-f]{32}\b",
    r"\d{8,10}:AA[\w-]{33}",
    r"do[opr]_v1_[0-9a-f]{64}|dapi[0-9a-f]{32}|dckr_pat_[\w-]{20,}|hvs\.[\w-]{20,}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}",
    r"gsk_[A-Za-z0-9]{40,}|xai-[A-Za-z0-9]{60,}|pplx-[A-Za-z0-9]{40,}|r8_[A-Za-z0-9]{36,}|nvapi-[\w-]{60,}",
    r"tvly-[\w-]{20,}|lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}|lin_api_[A-Za-z0-9]{32,}|ntn_[A-Za-z0-9]{40,}",
    r"sbp_[0-9a-f]{40}|ATATT3[\w=-]{40,}|glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}|PMAK-[0-9a-f]{24}-[0-9a-f]{34}",
    r"AGE-SECRET-KEY-1[0-9A-Z]{58}",
    r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w.-]*|eyJ[\w-]{16,}\.[\w-]*\.[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}",
)
_GENERAL = r"sk-[\w-]{20,}"
_HEAD = r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
_PEM = (
    rf"({_HEAD}(?:(?:[\w+/=\s\\\"',:.]|-[A-Za-z0-9])*-----END [A-Z0-9 ]{{0,30}}PRIVATE KEY(?: BLOCK)?-----"
    r"|(?:(?:\s|\\+[nr])*[A-Za-z0-9+/=]{16,})*))"
)

_NAMES = (
    r"pass(?:word|wd|phrase|code)|pwd|secret(?:[_-]?(?:access[_-]?)?key(?:[_-]?base)?)?|token|credentials?|auth"
    r"|authorization|(?:api|access|auth|private|encryption|signing|account|subscription|sharedaccess|service|master"
    r"|session|license)[ _-]?key"
)
_QUOTES = r"[\"'`\\]"
_NAMED = (
    rf"(?i:({_NAMES}))\d{{0,2}}"
    r"(?:[\"'`\\\]*]{0,8}[ \t]{0,8}(?:=>|:=|==?|:)[ \t*]{0,8}|[ \t]+is:?[ \t]+[*]{0,2})"
    rf"(?:[bruf]?{_QUOTES}+([^\"'`\\\s]{{6,}})|([^\s\"'`\\,;<>(){{}}\[\]|]{{6,}}))"
)
_OPTION = rf"--[\w-]{{0,30}}(?i:({_NAMES}))[ \t]+{_QUOTES}{{0,4}}([^\s\"'`\\]{{6,}})"
# In a raw body the value of an attribute may follow its name after a protobuf tag or as the next member of an object.
_NAMED_HINT = (
    rf"(?i:{_NAMES})\d{{0,2}}(?:(?:[\"'`\\\]*\s]|\\[nrt])*[:=\x12]|{_QUOTES}+\s*[,}}]|(?:\s|\\t)+is\b)"
    rf"|--[\w-]{{0,30}}(?i:{_NAMES})(?:\s|\\t)"
)
_BEARER = (
    r"(?i:bearer|authorization[\"'\\]*[ \t]*[:=][ \t\"'\\\[]*(?:token|apikey|key))"
    r"(?:[ \t]|%20|\+|\\t)+([\w.~+/=-]{16,})"
)
_BASIC = r"(?i:basic)(?:[ \t]|\\t)+([A-Za-z0-9+/]{8,}={0,2})"
_IN_URL = r":(?:\\*/){2}[^/\s:@\"'\\<>]{0,100}:([^/\s@\"'\\<>]{2,200})@"
_USER_OF_URL = r":(?:\\*/){2}([\w-]{20,200})@"
_SIGNED = r"(?i:sig|signature|x-amz-security-token|x-amz-credential|[?&]key|u0026key)=([\w%+/.~=-]{16,})"


def _plain(found: Found) -> Iterator[Span]:
    """A shape that only its issuer gives out; what repeats a few letters is a stand-in for one."""
    start, end = found.span(1)
    if len(set(found.string[start:end][-60:])) >= 8:
        yield start, end


def _pem(found: Found) -> Iterator[Span]:
    yield found.span(1)


def _general(found: Found) -> Iterator[Span]:
    """`sk-` begins many words of style sheets and packages; a key goes on with a long run of digits and letters."""
    start, end = found.span(1)
    if any(len(run) >= 12 and _mixed(run) for run in _RUNS.findall(found.string[start : min(end, start + 300)])):
        yield start, end


def _named(found: Found) -> Iterator[Span]:
    data = found.string
    quoted, bare = found.span(2), found.span(3)
    start, end = bare if quoted[0] < 0 else quoted
    if quoted[0] < 0:
        ends = _ENDS_IN_QUERY if _QUERY.search(data, max(0, start - 60), start) else _ENDS
        end = start + len(ends.split(data[start:end])[0])
        if data[end : end + 1] in (b"(", b"[", b"{"):
            return
        end = start + len(data[start:end].rstrip(b".:?"))
    if is_secret_of(found.group(1), data[start : min(end, start + 300)]):
        yield start, end


_QUERY = re.compile(rb"[?&][\w.-]*=$")
_ENDS, _ENDS_IN_QUERY = re.compile(rb"&"), re.compile(rb"[&#]")


def _option(found: Found) -> Iterator[Span]:
    start, end = found.span(2)
    if is_secret_of(found.group(1), found.string[start : min(end, start + 300)]):
        yield start, end


def _random(found: Found) -> Iterator[Span]:
    start, end = found.span(1)
    if looks_random(found.string[start : min(end, start + 300)]):
        yield start, end


def _basic(found: Found) -> Iterator[Span]:
    """What is sent as `Basic` is `name:password` in base64."""
    start, end = found.span(1)
    coded = found.string[start : min(end, start + 400)]
    try:
        said = b64decode(coded + b"=" * (-len(coded) % 4))
    except binascii.Error:
        return
    if b":" in said and all(32 <= byte < 127 for byte in said):
        yield start, end


def _in_url(found: Found) -> Iterator[Span]:
    start, end = found.span(1)
    word = found.string[start:end]
    if not _STAND_IN.search(word) and word.lower() not in _PASSWORD_WORDS:
        yield start, end


def is_secret_of(name: bytes, value: bytes) -> bool:
    """Whether a value that stands under a name such as `token` or `password` looks like one."""
    if name.lower().startswith((b"pass", b"pwd", b"secret", b"cred")) and not name.lower().endswith(b"key"):
        return _looks_chosen(value) or looks_random(value)
    return looks_random(value)


_RUNS = re.compile(rb"[A-Za-z0-9]+")
_PARTS = re.compile(rb"[0-9]+|[a-z]+|[A-Z]+")
_STAND_IN = re.compile(
    rb"^[$%<{\[]|\$\{|\{\{|\*\*\*|example|your|placeholder|change_?me|redacted|x{4}|dummy|fake", re.IGNORECASE
)
_CODE = re.compile(rb"^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$|\w\(|^(?:https?|file|s3|gs|arn|data):|^[.~]?/[\w.-]+/")
_WORD = re.compile(rb"^[A-Za-z_.:/-]+[0-9]?$")
_PASSWORD_WORDS = {b"password", b"pass", b"passwd", b"pwd", b"secret", b"pw", b"token", b"port", b"key"}


def looks_random(value: bytes) -> bool:
    """Whether a value of 16 bytes or more changes between digits and letters as no name or sentence does.

    In random base 62 a run of one sort is 1.6 long on average, in base 36 2.5; words are longer. Only 300 bytes count.
    """
    if len(value) < 16 or _STAND_IN.search(value) or _CODE.search(value):
        return False
    runs = _RUNS.findall(value)
    if any(len(run) >= 8 and _mixed(run) for run in runs) and sum(48 <= byte < 58 for byte in value) >= 2:
        return True
    return any(len(run) >= 20 and len(run) <= 2.4 * len(_PARTS.findall(run)) for run in runs)


def _mixed(run: bytes) -> bool:
    parts = _PARTS.findall(run)
    return len(parts) >= 4 and len(run) <= 4 * len(parts) and not run.isalpha() and not run.isdigit()


def _looks_chosen(value: bytes) -> bool:
    """Whether a value is what a person chooses as a password: letters, digits, signs, and no name of a thing."""
    if not 6 <= len(value) <= 128 or _STAND_IN.search(value) or _CODE.search(value) or _WORD.match(value):
        return False
    sorts = [re.search(sort, value) for sort in (rb"[a-z]", rb"[A-Z]", rb"[0-9]", rb"[^A-Za-z0-9_.:/-]")]
    lower, upper, digit, _ = sorts
    return bool(digit and (lower or upper) and len(value) >= 8) or sum(map(bool, sorts)) >= 3


def _key(shape: str, judge: Callable[[Found], Iterator[Span]], hint: str = "") -> Pattern:
    return Pattern("key", shape, hint or shape, judge)


def _without_bounds(shape: str) -> str:
    return shape.replace(r"\b", "")


_ANY_ISSUED = "|".join(_ISSUED)

KEYS: tuple[Pattern, ...] = (
    _key(_PEM, _pem, _HEAD),
    _key(f"{OPENS}({_ANY_ISSUED})", _plain, _without_bounds(_ANY_ISSUED)),
    _key(f"{OPENS}({_GENERAL})", _general, _GENERAL),
    _key(_BEARER, _random),
    _key(_BASIC, _basic),
    _key(_IN_URL, _in_url, r":(?:\\*/){2}[^/\s:@\"'<>]*:[^/\s@\"'<>]{2,}@"),
    _key(_USER_OF_URL, _random),
    _key(_SIGNED, _random),
    _key(_NAMED, _named, _NAMED_HINT),
    _key(_OPTION, _option, _NAMED_HINT),
)
"""What is always replaced."""

NAMES = rf"(?i:{_NAMES})\d{{0,2}}$"
"""Names of members whose whole value is a secret where it looks like one."""
