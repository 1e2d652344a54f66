"""Opens what was handed in: unpacked and decoded by its content, and parsed into the values that formats read.

A container that is broken anywhere (truncated gzip, malformed JSON, not UTF-8) is refused whole. A broken line among
JSON lines, a row of CSV that does not fit and a member of a zip that is no JSON are rejected records: what stands
beside them is sound. A name decides only what content cannot: whether text is CSV or YAML.
"""

from __future__ import annotations

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

import orjson

from core.errors import InvalidInput
from core.ingest.containers import LARGEST, gunzipped, is_zip, too_large, zip_members
from core.ingest.json_text import parse_json, parse_several
from core.ingest.sheets import Sheet, is_parquet, parse_csv, parse_parquet
from core.ingest.yaml_text import begins_like_yaml, parse_yaml
from core.records import Rejected

_YAML = (".yml", ".yaml")
_TABLES = (".csv", ".tsv")

READ_FROM_FOLDERS = (
    *(".json", ".jsonl", ".ndjson", ".gz", ".traj", ".eval", ".zip", ".parquet"),
    *_YAML,
    *_TABLES,
)


MANIFEST, CARRIED = "manifest.json", ("traces.jsonl", "labels.jsonl")
"""Of a dataset version (core.dataset.writing): the file that makes it one, and those that are imported again."""


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file. `value` is its JSON value; for JSON lines the list of the lines' values, for a table its rows.

    `kind` names the container: JSON, JSON lines, YAML, CSV, parquet or zip. A zip has no value but `members`, the JSON
    of its files by name. `columns` are a table's. `lines` are where JSON lines and the rows of a CSV stand, `broken`
    the parts that could not be parsed.
    """

    name: str
    value: Any
    lines: tuple[int, ...] = ()
    broken: tuple[Rejected, ...] = ()
    members: Mapping[str, Any] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    kind: str = "JSON"

    @property
    def records(self) -> list[Any]:
        """The value as a list of records: a list as it is, anything else as the only one."""
        return self.value if isinstance(self.value, list) else [self.value]

    def where(self, index: int) -> str:
        """The place of a record, as a person finds it."""
        return f"line {self.lines[index]}" if self.lines else f"record {index + 1}"


def open_document(name: str, data: bytes) -> Document:
    """The parsed content of a file; raises InvalidInput saying what is wrong with it and where."""
    data = gunzipped(data)
    if not data or data.isspace():
        raise InvalidInput("the file is empty")
    if is_zip(data):
        return _zip(name, data)
    if is_parquet(data):
        return _table(name, parse_parquet(data), "parquet")
    data = _utf8(data)
    suffix = PurePath(name.lower().removesuffix(".gz")).suffix
    if suffix not in _TABLES + _YAML:
        try:
            return Document(name, orjson.loads(data))
        except orjson.JSONDecodeError:
            pass  # it may be several values, no JSON, or broken: what follows finds out, and where
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise InvalidInput(f"the file is not UTF-8: byte {error.start:,} cannot be read; save it as UTF-8") from error
    if suffix in _YAML:
        return Document(name, parse_yaml(text), kind="YAML")
    if suffix in _TABLES and (sheet := parse_csv(text, named_so=True)):
        return _table(name, sheet, "CSV")
    return _from_text(name, text)


def _utf8(data: bytes) -> bytes:
    """The text's bytes as UTF-8 without a mark at the front; raises InvalidInput for what is no text."""
    if data[:2] in (BOM_UTF16_LE, BOM_UTF16_BE):
        try:
            return data.decode("utf-16").encode()
        except UnicodeError as error:
            raise InvalidInput("the file is broken UTF-16; save it as UTF-8") from error
    if b"\x00" in data[:1000]:
        raise InvalidInput(
            "the file is not text but binary data, or text in another encoding: JSON, JSON lines, YAML, CSV, parquet "
            "and zip are read, gzipped or not; save text as UTF-8"
        )
    return data.removeprefix(BOM_UTF8)


def _from_text(name: str, text: str) -> Document:
    """The document of a text whose name says nothing."""
    try:
        return Document(name, parse_json(text))
    except ValueError as error:
        if several := parse_several(text):
            return Document(name, several.values, several.numbers, several.broken, kind="JSON lines")
        if not text.lstrip().startswith(("{", "[")):  # else it is meant to be JSON, and broken
            if sheet := parse_csv(text, named_so=False):
                return _table(name, sheet, "CSV")
            if begins_like_yaml(text):
                return Document(name, parse_yaml(text), kind="YAML")
        raise InvalidInput(f"the file is not whole JSON: {error}") from error


def _table(name: str, sheet: Sheet, kind: str) -> Document:
    return Document(name, sheet.rows, sheet.lines, sheet.broken, columns=sheet.columns, kind=kind)


def _zip(name: str, data: bytes) -> Document:
    members: dict[str, Any] = {}
    broken: list[Rejected] = []
    for member, content in zip_members(data):
        if PurePath(member).name == "README.md" or (not content and PurePath(member).name in CARRIED):
            continue
        try:
            parsed = open_document(member, content)
        except InvalidInput as error:
            broken.append(Rejected(member, error.message))
            continue
        if parsed.kind == "zip":
            broken.append(Rejected(member, "it is a zip in a zip; unpack it and import it by itself"))
        else:
            members[member] = parsed.value
            broken += parsed.broken
    if not members and not broken:
        raise InvalidInput("the zip holds no file")
    return Document(name, None, members=members, broken=tuple(broken), kind="zip")


def read_file(path: Path) -> bytes:
    """A file's bytes; raises InvalidInput when it is larger than any that is read."""
    if path.stat().st_size > LARGEST:
        raise InvalidInput(too_large("the file"))
    return path.read_bytes()


def files_in(path: Path) -> list[Path]:
    """The file itself, or what a folder holds that may be read, in order of name; raises InvalidInput when missing.

    Of a dataset version of ours that is what its rows rest on: the rows themselves are no runs.
    """
    if path.is_dir() and all((path / name).is_file() for name in (MANIFEST, *CARRIED)):
        return [path / name for name in CARRIED if (path / name).stat().st_size]
    if path.is_dir():
        found = sorted(file for file in path.rglob("*") if file.is_file() and file.suffix.lower() in READ_FROM_FOLDERS)
        if not found:
            raise InvalidInput(f"{path} holds no {', '.join(READ_FROM_FOLDERS)} file.", field="paths")
        return found
    if not path.exists():
        raise InvalidInput(f"There is no file or folder {path}.", field="paths")
    return [path]
