"""Images, sound and files of a message as a few words, for a reader sees text and nothing is ever fetched."""

from __future__ import annotations

from typing import Any

_INNER = ("image_url", "image", "inline_data", "inlineData", "file_data", "fileData", "source", "file", "input_audio")
_LONGEST = 200


def as_words(part: dict[str, Any]) -> str:
    """A part that is no text, such as `[image: image/png, 120 KB]`: what it is, its type and its size or name."""
    inner: Any = part
    for _ in range(3):
        deeper = next((inner[key] for key in _INNER if type(inner) is dict and type(inner.get(key)) is dict), None)
        inner = deeper if deeper is not None else inner
    kind = _first(part, "mime_type", "media_type", "mediaType", "mimeType") or _first(
        inner, "mime_type", "media_type", "mediaType", "mimeType", "format"
    )
    where = _first(inner, "url", "uri", "file_uri", "fileUri", "filename", "file_name", "file_id", "image_url", "image")
    data = _first(inner, "data", "content", "blob", "file_data")
    if where.startswith("data:"):
        head, _, data = where.partition(",")
        kind, where = kind or head[5:].split(";")[0], ""
    said = [one for one in (kind, _size(len(data) * 3 // 4) if data else "", where[:_LONGEST]) if one]
    return f"[{_noun(part, kind)}{': ' if said else ''}{', '.join(said)}]"


def _first(part: Any, *keys: str) -> str:
    return next((part[key] for key in keys if type(part.get(key)) is str and part[key]), "") if part else ""


def _noun(part: dict[str, Any], kind: str) -> str:
    named = f"{part.get('modality', '')} {part.get('type', '')} {kind}"
    return next((noun for noun in ("image", "audio", "video", "document") if noun in named), "file")


def _size(size: int) -> str:
    for unit in ("bytes", "KB", "MB"):
        if size < 1024 or unit == "MB":
            return f"{size} {unit}"
        size = round(size / 1024)
    return ""
