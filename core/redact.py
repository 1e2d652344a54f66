"""Secrets and personal data in whatever an agent sends, found and replaced before anything is stored.

What was replaced is counted by kind and kept nowhere. Nothing is read from settings here: the policy is handed in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import Any

import orjson
import re2  # type: ignore[import-untyped]

from core.errors import InvalidInput
from core.records import Json
from core.redact_patterns import KEYS, NAMES, Found, Pattern, Span, is_secret_of
from core.redact_personal import PERSONAL, is_number_of

KINDS = ("email", "phone", "card", "iban")
"""What a policy may ask for; keys, tokens and passwords (`key`) are replaced under every policy."""

DEEPEST = 400
"""Levels of lists and objects that are walked; deeper ones would exhaust Python's stack."""

Counts = dict[str, int]


@dataclass(frozen=True, slots=True)
class Policy:
    """What is replaced for one agent. `custom` are (name, regular expression) pairs, in the syntax of RE2."""

    kinds: frozenset[str] = frozenset()
    custom: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if unknown := sorted(self.kinds - {*KINDS}):
            raise InvalidInput(f"{unknown[0]!r} is no kind of data: choose among {', '.join(KINDS)}.", field="kinds")
        for name, expression in self.custom:
            _check_name(name, [other for other, _ in self.custom])
            _custom(name, expression)

    @classmethod
    def from_json(cls, data: Json) -> Policy:
        """The policy of `{"kinds": […], "custom": [{"name", "pattern"}, …]}`, both optional; raises InvalidInput."""
        if not isinstance(data, Mapping):
            raise InvalidInput("A redaction policy is an object with `kinds` and `custom`.")
        kinds, custom = data.get("kinds", []), data.get("custom", [])
        if not isinstance(kinds, list | tuple) or not all(isinstance(kind, str) for kind in kinds):
            raise InvalidInput("`kinds` is a list of names of kinds.", field="kinds")
        if not isinstance(custom, list | tuple) or not all(
            isinstance(one, Mapping) and isinstance(one.get("name"), str) and isinstance(one.get("pattern"), str)
            for one in custom
        ):
            raise InvalidInput(
                "`custom` is a list of objects with a `name` and a `pattern`, both text.", field="custom"
            )
        return cls(frozenset(kinds), tuple((one["name"], one["pattern"]) for one in custom))

    def as_json(self) -> Json:
        """What `from_json` reads."""
        custom = [{"name": name, "pattern": expression} for name, expression in self.custom]
        return {"kinds": sorted(self.kinds), "custom": custom}


def _check_name(name: str, names: list[str]) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9 _-]{0,39}", name):
        raise InvalidInput(
            f"{name!r:.60} cannot name a pattern: use up to 40 lower-case letters, digits, spaces, - and _.",
            field="custom",
        )
    if name in (*KINDS, "key"):
        raise InvalidInput(f"{name!r} is the name of a built-in kind: name the pattern otherwise.", field="custom")
    if names.count(name) > 1:
        raise InvalidInput(f"Two patterns are named {name!r}: give each its own name.", field="custom")


def _custom(name: str, expression: str) -> Pattern:
    """A person's pattern; RE2 knows no expression that backtracks, so a slow one cannot be written."""
    try:
        compiled = _compile(expression)
    except re2.error as error:
        reason = error.args[0]
        raise InvalidInput(
            f"The pattern {name!r} cannot be used: {reason.decode() if isinstance(reason, bytes) else reason}."
            " Patterns are in the syntax of RE2, which has no look-around and no back-references.",
            field="custom",
        ) from None
    for text in (b"", b"a", b"1", b"A b-c\n"):
        found = compiled.search(text)
        if found and found.start() == found.end():
            raise InvalidInput(
                f"The pattern {name!r} fits where nothing stands: let it need a character.", field="custom"
            )
    return Pattern(name, f"({expression})", "", _whole)


def _whole(found: Found) -> Iterator[Span]:
    yield found.span(1)


def _compile(expression: str, *, captures: bool = True) -> Any:
    options = re2.Options()
    options.never_capture = not captures
    options.log_errors = False
    options.max_mem = 32 << 20
    return re2.compile(expression, options)


@lru_cache(maxsize=64)
def redactor(policy: Policy) -> Redactor:
    """The redactor of a policy, made once."""
    return Redactor(policy)


class Redactor:
    """Finds and replaces what a policy names. Safe to share among threads."""

    def __init__(self, policy: Policy) -> None:
        personal = [pattern for pattern in PERSONAL if pattern.kind in policy.kinds]
        custom = [_custom(name, expression) for name, expression in policy.custom]
        self._phones = "phone" in policy.kinds
        # Most texts hold nothing: one scan for the hints of a group spares a scan for each of its patterns.
        self._groups = [
            _group(patterns, hinted)
            for patterns, hinted in ((KEYS, True), (personal, True), (custom, False))
            if patterns
        ]
        # How a person's pattern reads a raw body (escapes, anchors) cannot be known, so no body is skipped then.
        self._always = bool(custom)
        self._raw = _compile("|".join([*_hints([*KEYS, *personal]), _HIDDEN.pattern.decode()]), captures=False)

    def may_hold(self, data: bytes) -> bool:
        """Whether anything could be found in a decompressed request body, JSON or protobuf, or in a UTF-8 text.

        False is certain: `text` and `value` find nothing in what the body holds. True only says that they must look.
        """
        if self._always:
            return True
        found = self._raw.search(data)
        if found is None or not found.group().startswith(b"\\u00"):
            return found is not None
        shown = _HIDDEN.sub(lambda match: bytes([int(match[1], 16)]), data)
        return any(hint.search(shown) is not None for hint, _ in self._groups)

    def text(self, text: str) -> tuple[str, Counts]:
        """The text with what was found replaced, and how often, by kind; the same object where nothing was found."""
        data = text.encode("utf-8", "surrogatepass")
        if all(hint is not None and hint.search(data) is None for hint, _ in self._groups):
            return text, {}
        counts: Counts = {}
        replaced = self._replace(data, counts)
        return (replaced.decode("utf-8", "surrogatepass"), counts) if counts else (text, {})

    def value(self, value: Json) -> tuple[Json, Counts]:
        """Any JSON value with every text in it, names of members too, as `text` leaves it; the same object if not.

        What stands under a name such as `password` or `phone` is replaced where it looks like one. Raises InvalidInput
        for a value of more than 400 levels.
        """
        if isinstance(value, str):
            return self.text(value)
        try:
            if not self.may_hold(orjson.dumps(value)):
                return value, {}
        except TypeError:  # what orjson cannot write (lone surrogates, huge integers, 254 levels) is walked
            pass
        counts: Counts = {}
        return self._walk(value, counts, 0), counts

    def _walk(self, value: Json, counts: Counts, depth: int) -> Json:
        if isinstance(value, str):
            replaced, found = self.text(value)
            for kind, number in found.items():
                counts[kind] = counts.get(kind, 0) + number
            return replaced
        if not isinstance(value, Mapping | list | tuple):
            return value
        if depth >= DEEPEST:
            raise InvalidInput(f"The value is nested too deeply: more than {DEEPEST} levels.")
        if isinstance(value, Mapping):
            return self._walk_members(value, counts, depth)
        items = [self._walk(one, counts, depth + 1) for one in value]
        return value if all(a is b for a, b in zip(items, value, strict=True)) else type(value)(items)

    def _walk_members(self, value: Mapping[Any, Json], counts: Counts, depth: int) -> Json:
        members: dict[Any, Json] = {}
        same = True
        for key, inner in value.items():
            name = self._walk(key, counts, depth) if isinstance(key, str) else key
            if isinstance(key, str) and (word := _SECRET.search(key)):
                inner_now = self._secret(word[1].encode(), inner, counts, depth)
            elif self._phones and isinstance(key, str) and isinstance(inner, str) and is_number_of(key, inner):
                inner_now = mark("phone")
                counts["phone"] = counts.get("phone", 0) + 1
            else:
                inner_now = self._walk(inner, counts, depth + 1)
            same = same and name is key and inner_now is inner
            if name is not key and name in members:
                name = next(name for n in count(2) if (name := f"{name} {n}") not in members)
            members[name] = inner_now
        return value if same else members

    def _secret(self, name: bytes, value: Json, counts: Counts, depth: int) -> Json:
        """The value of a member that is named like a secret."""
        if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
            items = [self._secret(name, one, counts, depth) for one in value]
            return value if all(a is b for a, b in zip(items, value, strict=True)) else type(value)(items)
        if isinstance(value, str) and " " not in value and is_secret_of(name, value[:300].encode("utf-8", "replace")):
            counts["key"] = counts.get("key", 0) + 1
            return mark("key")
        return self._walk(value, counts, depth + 1)

    def _replace(self, data: bytes, counts: Counts) -> bytes:
        """The bytes with what is found replaced: what stood between is read again, until nothing is found in it.

        So a second run over the result, which reads the same pieces, finds nothing either.
        """
        done: list[bytes] = []
        waiting = [data]
        while waiting:
            piece = waiting.pop()
            if _MARK.fullmatch(piece):
                done.append(piece)
            elif len(split := _MARK.split(piece)) > 1:
                waiting += [part for part in reversed(split) if part]
            elif spans := self._find(piece):
                at = 0
                parts = []
                for start, end, kind in spans:
                    counts[kind] = counts.get(kind, 0) + 1
                    parts += [piece[at:start], mark(kind).encode()]
                    at = end
                waiting += [part for part in reversed([*parts, piece[at:]]) if part]
            else:
                done.append(piece)
        return b"".join(done)

    def _find(self, data: bytes) -> list[tuple[int, int, str]]:
        """What is to be replaced, in the order of the text; where two overlap, the pattern that comes first wins."""
        found: list[tuple[int, int, str]] = []
        for hint, searches in self._groups:
            if hint is None or hint.search(data) is not None:
                for pattern, search in searches:
                    fresh = [(start, end, pattern.kind) for start, end in _spans(pattern, search, data)]
                    found = _joined(found, fresh) if found else fresh
        return found


Group = tuple[Any, list[tuple[Pattern, Any]]]
"""What tells quickly that a group of patterns finds nothing (None: each must look), and the patterns, compiled."""


def _group(patterns: Sequence[Pattern], hinted: bool) -> Group:
    hint = _compile("|".join(_hints(patterns)), captures=False) if hinted else None
    return hint, [(pattern, _compile(pattern.shape)) for pattern in patterns]


def _hints(patterns: Sequence[Pattern]) -> list[str]:
    return list(dict.fromkeys(f"(?:{pattern.hint})" for pattern in patterns))


def mark(kind: str) -> str:
    """What stands where a value stood."""
    return f"[redacted: {kind}]"


def _spans(pattern: Pattern, search: Any, data: bytes) -> Iterator[Span]:
    at = 0
    while (match := search.search(data, at)) is not None:
        spans = [span for span in pattern.judge(match) if span[1] > span[0]]
        yield from spans
        start, end = match.span()
        # A name that was turned down may have another in its value (`auth: token=…`); looking again stays linear.
        value = match.span(match.lastindex or 0)[0]
        at = value if not spans and start < value and end - start <= 300 else max(end, start + 1)


def _joined(first: list[tuple[int, int, str]], second: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Both in order, without those of the second that overlap one of the first."""
    joined: list[tuple[int, int, str]] = []
    position = 0
    for one in second:
        while position < len(first) and first[position][1] <= one[0]:
            joined.append(first[position])
            position += 1
        if position == len(first) or first[position][0] >= one[1]:
            joined.append(one)
    return joined + first[position:]


_MARK = re.compile(rb"(\[redacted: [a-z][a-z0-9 _-]{0,39}\])")
_SECRET = re.compile(NAMES.replace("(?i:", "(?i:(", 1).replace(")\\d{0,2}$", "))[0-9]{0,2}$"))
_HIDDEN = re.compile(rb"\\u00([2-7][0-9a-fA-F])")
