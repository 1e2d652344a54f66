"""Whether a step failed, or a call was answered with nothing, as its error, its result or its text says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from core.records import Step, StepKind
from core.review.aids_acts import CALLS, said

READ = 20_000
"""Characters of a text that are looked at, from its beginning and from its end: what failed says so there."""

_ERROR_FIRST = re.compile(r"\W{0,3}(?:[\w.]{0,60}(?:error|exception)\b|fatal\b|failed\b|failure\b)", re.I)
_TRACEBACK = re.compile(r"^Traceback \(most recent call last\)", re.M)
_EXIT = re.compile(r"(?:exit ?code|return ?code|exit status)>?\"?\s*[:=]?\s*(-?\d{1,4})\b", re.I)
_TAGS_AND_CODES = re.compile(
    r"</?[a-z_]{1,30}>|^.{0,20}exit ?code: *-?\d+ \([\w ]+\)$|(?<=>)-?\d{1,4}(?=</)|^Code output: *",
    re.I | re.M,
)
_HTTP = re.compile(
    r"\bHTTP(?:/\d(?:\.\d)?)? ?(?:error|status)?:? ?([45]\d\d)\b|\b([45]\d\d) (?:Client|Server) Error\b"
    r"|\bstatus(?:[_ ]?code)?[\"']?\s*[:=]\s*([45]\d\d)\b",
    re.I,
)
_NOTHING_FOUND = re.compile(
    r"\W{0,3}(?:no|0|zero) (?:\w+ ){0,3}(?:results?|matches|match|records?|rows?|documents?|items?|entries|hits)"
    r"(?: (?:were|was))?(?: found| returned| available)?\b|\W{0,3}nothing (?:was )?found\b|\W{0,3}not found\W*$",
    re.I,
)
_READS = re.compile(
    r"(?:^|[_.\- ])(?:get|search|find|list|query|read|fetch|look|retrieve|load|select|grep|browse|visit|open|show)"
    r"|(?:get|search|find|list|query|read|fetch|lookup|retrieve|load)[A-Z_]"
)
_FAILED_WORDS = frozenset({"error", "failed", "failure", "fail", "exception", "denied", "rejected", "timeout"})


def failure_of(step: Step) -> str:
    """What went wrong in the step in a few words of its own; "" where nothing says so."""
    if step.error:
        return _line(step.error)
    if step.kind in CALLS:
        return _result_failure(step.result)
    text = said(step)[:400]
    # an agent among others that hands on what its tool told
    return _line(text) if step.kind is StepKind.LLM and _TRACEBACK.search(text) else ""


def is_empty(step: Step) -> bool:
    """Whether a call was answered with nothing: an empty value of one that reads, or words that say so."""
    if step.kind not in CALLS or step.error or step.result is None:
        return False
    result = _structured(step.result)
    if isinstance(result, str):
        text = result.strip()
        if not text or text.lower() in ("null", "none", "[]", "{}", '""'):
            return _reads(step)
        return len(text) < 200 and _NOTHING_FOUND.match(text) is not None
    if isinstance(result, Mapping):
        held = [value for key, value in result.items() if key not in ("query", "total", "count", "status", "ok")]
        counted = result.get("total", result.get("count"))
        return not result or (counted == 0 and not any(held)) or (len(held) == 1 and held[0] == [])
    return isinstance(result, list) and not result


def is_silent(step: Step) -> bool:
    """Whether a call was answered without a word, beside a code that says that all is well."""
    if not isinstance(step.result, str) or len(step.result) > 200:
        return not step.result
    return not _TAGS_AND_CODES.sub("", step.result).strip()


def _reads(step: Step) -> bool:
    return step.kind is not StepKind.TOOL or _READS.search(step.name) is not None


def _result_failure(result: Any) -> str:
    value = _structured(result)
    if isinstance(value, Mapping):
        return _mapping_failure(value)
    if not isinstance(value, str) or not value:
        return ""
    head, ends = value[:READ], value if len(value) <= 2 * READ else value[:READ] + "\n" + value[-READ:]
    codes = [int(code) for code in _EXIT.findall(head[:300] + "\n" + ends[-300:])]
    if codes:  # a code without a word is how grep and diff say no
        told = _last_line(ends) or _TAGS_AND_CODES.sub("", head[:1000]).strip()
        return _line(told) if any(codes) else ""
    if _ERROR_FIRST.match(head):
        return _line(head)
    if _TRACEBACK.search(ends):
        return _line(_last_line(ends))
    return _line(head) if len(value) < 2000 and _HTTP.search(head) else ""


def _mapping_failure(value: Mapping[str, Any]) -> str:
    told = value.get("error") or value.get("errors") or value.get("exception")
    if told and str(told).lower() not in ("none", "null", "false"):
        return _line(told if isinstance(told, str) else str(told))
    if value.get("isError") is True or value.get("is_error") is True:
        return "marked as an error"
    if value.get("success") is False or value.get("ok") is False:
        return _line(str(value.get("message") or value.get("reason") or "not successful"))
    status = value.get("status", value.get("status_code", value.get("statusCode")))
    if isinstance(status, str) and status.lower() in _FAILED_WORDS:
        return _line(str(value.get("message") or f"status {status}"))
    if isinstance(status, int) and 400 <= status < 600:
        return f"status {status}"
    code = value.get("exit_code", value.get("returncode", value.get("exitCode")))
    return f"exit code {code}" if isinstance(code, int) and not isinstance(code, bool) and code else ""


def _structured(result: Any) -> Any:
    if not isinstance(result, str) or len(result) > READ or not result.lstrip().startswith(("{", "[")):
        return result
    try:
        return orjson.loads(result)
    except orjson.JSONDecodeError:
        return result


def _last_line(text: str) -> str:
    """The line that names the exception of a traceback: the last that begins a line with a name and a colon."""
    named = [
        line for line in text.splitlines() if re.match(r"[\w.]+(?:Error|Exception|Interrupt|Warning|Exit)\b", line)
    ]
    return named[-1] if named else ""


def _line(text: str) -> str:
    """The first line that says something, short."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= 120 else line[:119] + "…"
