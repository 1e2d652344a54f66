"""From JSON to signals: what a sender may say, and what the names that everybody uses mean for the outcome. Pure.

`success` says whether a signal speaks for or against the run. A sender who knows says so; for the names below it
follows from the value; any other name says nothing, for a number alone does not tell whether it is good.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from core.clock import parse_time
from core.errors import InvalidInput, LoopwrightError, TooLarge
from core.ingest.reading import BadRecord
from core.ingest.sound import check
from core.records import Signal, SignalKind
from core.tasks.outcome import VERDICTS, words_of

MOST = 1_000
"""Signals a request."""
LONGEST_TEXT = 100_000
"""Characters of a value or a comment: an edited answer may be long."""

FIELDS = ("trace_id", "step_id", "name", "kind", "value", "comment", "source", "key", "success", "at")

THUMBS = frozenset({"thumb", "thumbs", "feedback", "user_feedback", "like"})
RATINGS = frozenset({"rating", "stars"})
TROUBLE = frozenset({"rephrased", "escalated", "abandoned"})
ACCEPTED = "accepted"
EDIT = "edit"
"""The name of a signal whose value is the answer as the user changed it."""

YES = frozenset(
    (
        "1", "+1", "yes", "true", "up", "thumbs_up", "thumb_up", "👍", "good", "positive", "like", "liked", "pass",
        "passed", "passes", "correct", "success", "successful", "succeeded", "solved", "resolved", "ok", "accept",
        "accepted"
    )
)  # fmt: skip
NO = frozenset(
    (
        "0", "-1", "no", "false", "down", "thumbs_down", "thumb_down", "👎", "bad", "negative", "dislike", "disliked",
        "fail", "failed", "fails", "incorrect", "wrong", "failure", "unsuccessful", "unsolved", "unresolved", "error",
        "reject", "rejected"
    )
)  # fmt: skip
_OF = re.compile(r"\s*(\d+(?:\.\d+)?)\s*/\s*(\d+)\s*")


@dataclass(frozen=True, slots=True)
class Unfit:
    """One signal of a request that cannot be taken: its place, the field that is wrong, and the reason."""

    index: int
    reason: str
    field: str | None
    body: Any


def read_request(body: Any) -> tuple[dict[int, Signal], list[Unfit]]:
    """The signals of a request by their place in it, and those that are none.

    A request is one signal, a list of them, or `{"signals": […]}`. Raises InvalidInput for anything else, TooLarge.
    """
    listed = body.get("signals", [body]) if isinstance(body, dict) else body
    if not isinstance(listed, list) or not listed:
        raise InvalidInput("Send one signal as a JSON object, or several as a list.", field="signals")
    if len(listed) > MOST:
        raise TooLarge(f"A request holds at most {MOST:,} signals; this one has {len(listed):,}. Send them in parts.")
    sound: dict[int, Signal] = {}
    unfit: list[Unfit] = []
    for index, one in enumerate(listed):
        try:
            sound[index] = read_signal(one)
        except LoopwrightError as error:
            unfit.append(Unfit(index, error.message, error.field, one))
    return sound, unfit


def read_signal(body: Any) -> Signal:
    """One signal; raises InvalidInput with the field that is wrong."""
    if not isinstance(body, dict):
        raise InvalidInput("A signal is a JSON object.")
    for name in body:
        if name not in FIELDS:
            raise InvalidInput(f"A signal has no field {str(name)[:60]!r}. Its fields are: {', '.join(FIELDS)}.")
    try:
        kind = SignalKind(str(body.get("kind")))
    except ValueError:
        raise InvalidInput("kind has to be explicit, implicit or automated.", field="kind") from None
    success, at = body.get("success"), body.get("at")
    if success is not None and not isinstance(success, bool):
        raise InvalidInput("success has to be true or false, or left out.", field="success")
    when = parse_time(at)
    if when is None and at is not None:
        raise InvalidInput("at has to be a time: ISO 8601 text, or seconds since 1970.", field="at")
    name, value = _text(body, "name", needed=True), _value(body.get("value"))
    signal = Signal(
        trace_id=trace_uid(_text(body, "trace_id", needed=True)),
        name=name,
        kind=kind,
        value=value,
        success=meaning(name, value) if success is None else success,
        step_id=_text(body, "step_id") or None,
        comment=_text(body, "comment", LONGEST_TEXT),
        source=_text(body, "source"),
        key=_text(body, "key"),
        at=when,
    )
    try:
        check(signal)
    except BadRecord as error:
        raise InvalidInput(f"{error}.", field=str(error).partition(" ")[0]) from error
    return signal


def trace_uid(text: str) -> str:
    """A trace's id as it is stored: OpenTelemetry's hex digits in lower case, any other as it is."""
    return text.lower() if _HEX.fullmatch(text) else text


_HEX = re.compile(r"[0-9a-fA-F]{32}")


def _text(body: Mapping[str, Any], name: str, longest: int = 200, needed: bool = False) -> str:
    value = body.get(name)
    if value is None and not needed:
        return ""
    if not isinstance(value, str) or len(value) > longest or (needed and not value.strip()):
        raise InvalidInput(f"{name} has to be a text of {int(needed)} to {longest:,} characters.", field=name)
    return value


def _value(value: Any) -> bool | float | str:
    if isinstance(value, str) and value.strip() and len(value) <= LONGEST_TEXT:
        return value
    if isinstance(value, bool) or (isinstance(value, (int, float)) and isfinite(value) and abs(value) < 1e15):
        return value
    raise InvalidInput(
        f"value has to be true, false, a number, or a text of 1 to {LONGEST_TEXT:,} characters.", field="value"
    )


def meaning(name: str, value: bool | float | str) -> bool | None:
    """What a value says about the run, where its name is one that everybody uses; None for "nothing"."""
    known = "_".join(words_of(name))
    if known in THUMBS or known == ACCEPTED or known in VERDICTS:
        return says(value)
    if known in RATINGS:
        return _rated(value)
    if known in TROUBLE:
        return False if _happened(value) else None
    return None


def says(value: bool | float | str) -> bool | None:
    """Yes or no in the words of thumbs, tests and judges; None for a number between them and for other words."""
    word = str(value).strip().lower().replace(" ", "_").removesuffix(".0")
    return True if word in YES else False if word in NO else None


def _happened(value: bool | float | str) -> bool:
    """Whether what a user may do was done: how often, or in words how."""
    return value > 0 if isinstance(value, (int, float)) else says(value) is not False


def _rated(value: bool | float | str) -> bool | None:
    """A rating that states its scale, as "4/5": its upper quarter is good, its lower one bad. Scales begin at 1."""
    stated = _OF.fullmatch(value) if isinstance(value, str) else None
    if stated is None:
        return None
    rated, best = float(stated[1]), int(stated[2])
    worst = 1 if best > 1 and rated >= 1 else 0
    if rated > best or best == 0:
        return None
    share = (rated - worst) / (best - worst)
    return True if share >= 0.75 else False if share <= 0.25 else None
