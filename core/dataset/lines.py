"""Values as lines of JSONL, as the files of a version hold them."""

from __future__ import annotations

import json
from typing import Any

import orjson


def json_line(value: Any) -> bytes:
    """One line of JSONL. Keys keep their order, for the order of a call's arguments is part of what is taught."""
    try:
        return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # lone surrogates, integers past 64 bits
        pass
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace") + b"\n"
