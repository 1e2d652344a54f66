"""The time, new ids, and content hashes: the three things that tests must be able to predict."""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import UTC, datetime
from typing import Any


def now() -> datetime:
    """The current time, aware, in UTC."""
    return datetime.now(UTC)


def new_id() -> str:
    """A random identifier of 32 hex digits, as OpenTelemetry trace ids have."""
    return secrets.token_hex(16)


def canonical_json(value: Any) -> str:
    """The one JSON text of a value: sorted keys, no spaces, text as it is."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def content_hash(value: Any, length: int = 64) -> str:
    """SHA-256 of the canonical JSON of a value, as `length` hex digits."""
    text = canonical_json(value).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:length]


def parse_time(value: Any) -> datetime | None:
    """A time as aware UTC, from ISO 8601 text or epoch seconds; None for anything else.

    Text without an offset is read as UTC.
    """
    if isinstance(value, bool) or value is None or value == "":
        return None
    try:
        if isinstance(value, (int, float)):
            return datetime.fromtimestamp(value, UTC)
        if isinstance(value, datetime):
            return value if value.tzinfo else value.replace(tzinfo=UTC)
        parsed = datetime.fromisoformat(str(value))
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None
