"""Every container is opened to the same values, and a bad one is refused with a sentence, never with full memory."""

from __future__ import annotations

import gzip
import io
import json
import random
import zipfile
import zlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow
import pytest
import zstandard
from pyarrow import parquet

from core.clock import parse_time
from core.errors import InvalidInput
from core.ingest import containers
from core.ingest.document import files_in, open_document
from core.records import Rejected


def zipped(files: dict[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, content in files.items():
            # of a fixed time, because tests are named by these bytes
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content, method)
    return packed.getvalue()


def parquet_of(rows: list[dict[str, Any]], schema: pyarrow.Schema | None = None) -> bytes:
    packed = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(rows, schema=schema), packed)
    return packed.getvalue()


YAML = b"# scores\n- model: a\n  date: 2024-06-01\n  pass: 61.5\n- model: b\n  date: 2024-07-01\n  pass: .nan\n"
SCORES = [{"model": "a", "date": "2024-06-01", "pass": 61.5}, {"model": "b", "date": "2024-07-01", "pass": None}]


@pytest.mark.parametrize("name", ["a.yml", "a.YAML", "a.txt", "a.yml.gz"])
def test_yaml_is_the_json_it_stands_for(name: str) -> None:
    data = gzip.compress(YAML) if name.endswith(".gz") else YAML
    document = open_document(name, data)
    assert (document.kind, document.value) == ("YAML", SCORES)


def test_yaml_keys_are_texts_and_a_flow_mapping_counts_by_its_name_only() -> None:
    assert open_document("a.yaml", b"{2: one, yes: [2024-06-01], <<: {a: b}}").value == {
        "2": "one",
        "True": ["2024-06-01"],
        "<<": {"a": "b"},
    }
    with pytest.raises(InvalidInput, match="not whole JSON"):
        open_document("a.json", b"{1: one}")


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (BOMB, "unfold to far more than the file holds"),
        ("a: &a [*a]\n", "unfold to far more than the file holds"),
        (f"a: &a {'x' * 100_000}\nb: [{', '.join(['*a'] * 100)}]\n", "unfold to far more than the file holds"),
        ("a: !!python/object/apply:os.system ['true']\n", "could not determine a constructor"),
        ("a: 1\n b: 2\n", "mapping values are not allowed in this context at line 2, column 3"),
        ("- a\n--- \n- b\n", "but found another document"),
        ("a: " + "[" * 50_000 + "]" * 50_000, "nested too deeply"),
        ("a0: &a0 [x]\n" + "".join(f"a{n + 1}: &a{n + 1} [*a{n}]\n" for n in range(1200)), "nested too deeply"),
        ("a: &a {k: 1}\nb: {!!merge <<: *a}\n", "merges mappings by a tag"),
    ],
)
def test_yaml_that_is_refused(text: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        open_document("a.yml", text.encode())


def test_an_alias_that_means_what_it_says_is_read() -> None:
    assert open_document("a.yml", b"a: &a {k: 1}\nb: *a\n").value == {"a": {"k": 1}, "b": {"k": 1}}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_has_members(method: int) -> None:
    files = {"header.json": '{"a": 1}', "samples/1.json": "[NaN]", "x.jsonl": '{"b": 1}\n{"b": 2}\n'}
    document = open_document("a.eval", zipped({**files, "__MACOSX/header.json": "x", "note.md": "words"}, method))
    assert (document.kind, document.value) == ("zip", None)
    assert document.members == {"header.json": {"a": 1}, "samples/1.json": [None], "x.jsonl": [{"b": 1}, {"b": 2}]}
    (broken,) = document.broken
    assert (broken.record, broken.reason[:18]) == ("note.md", "the file is not wh")


def test_a_zip_packed_with_zstandard_is_read() -> None:
    content = json.dumps({"a": "b" * 1000}).encode()
    packed = zstandard.compress(content)
    archive = bytearray(zipped({"header.json": packed}, zipfile.ZIP_STORED))
    central = archive.index(b"PK\x01\x02")
    for method, crc, size in ((8, 14, 22), (central + 10, central + 16, central + 24)):
        archive[method : method + 2] = (93).to_bytes(2, "little")
        archive[crc : crc + 4] = zlib.crc32(content).to_bytes(4, "little")
        archive[size : size + 4] = len(content).to_bytes(4, "little")
    assert open_document("a.eval", bytes(archive)).members == {"header.json": {"a": "b" * 1000}}
    archive[central + 16] ^= 1
    with pytest.raises(InvalidInput, match="bad CRC-32"):
        open_document("a.eval", bytes(archive))


def encrypted() -> bytes:
    archive = bytearray(zipped({"a.json": "{}"}))
    archive[archive.index(b"PK\x01\x02") + 8] |= 1
    return bytes(archive)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (zipped({"../a.json": "{}"}), "names a file outside of itself"),
        (zipped({"/etc/a.json": "{}"}), "names a file outside of itself"),
        (zipped({"a/..\\..\\b.json": "{}"}), "names a file outside of itself"),
        (zipped({"C:\\a.json": "{}"}), "names a file outside of itself"),
        (encrypted(), "encrypted"),
        (zipped({"a.json": b"1" * 60_000_000}), "more than 200 times its size"),
        (zipped({"a.json": "{}"})[:-30], "broken or cut off"),
        (zipped({}), "the zip holds no file"),
        (zipped({"empty/": ""}), "the zip holds no file"),
    ],
)
def test_a_zip_that_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        open_document("a.zip", data)


def test_a_zip_in_a_zip_and_a_broken_member_are_rejected_by_name() -> None:
    document = open_document("a.zip", zipped({"in.zip": zipped({"a.json": "{}"}), "b.json": "{", "c.json": "[3]"}))
    assert document.members == {"c.json": [3]}
    assert [one.record for one in document.broken] == ["in.zip", "b.json"]


def test_a_container_larger_than_any_that_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "LARGEST", 1000)
    for data in (zipped({"a.json": "1" * 1001}), gzip.compress(b"1" * 1001)):
        with pytest.raises(InvalidInput, match="larger than"):
            open_document("a", data)


def test_parquet_rows_are_json() -> None:
    at = datetime(2026, 8, 31, 9, 0, 0, 123456, UTC)
    nested = {"llm": {"messages": [{"role": "user", "content": "x" * 100_000}], "score": float("nan")}}
    row = {"id": 1, "at": at, "nested": nested, "cost": Decimal("0.25"), "took": timedelta(seconds=90), "raw": b"a"}
    document = open_document("spans.parquet", parquet_of([row, {"id": 2}]))
    assert (document.kind, document.columns) == ("parquet", ("id", "at", "nested", "cost", "took", "raw"))
    first, second = document.value
    assert first == {
        "id": 1,
        "at": "2026-08-31T09:00:00.123456+00:00",
        "nested": {"llm": {"messages": [{"role": "user", "content": "x" * 100_000}], "score": None}},
        "cost": 0.25,
        "took": 90.0,
        "raw": "a",
    }
    assert second == {"id": 2} | dict.fromkeys(("at", "nested", "cost", "took", "raw"))
    assert json.loads(json.dumps(document.value)) == document.value


def test_times_of_nanoseconds_in_parquet_are_read_as_times() -> None:
    schema = pyarrow.schema([("at", pyarrow.timestamp("ns", "UTC"))])
    table = pyarrow.table({"at": [1788166800123456789]}, schema=schema)
    packed = io.BytesIO()
    parquet.write_table(table, packed, version="2.6")
    (row,) = open_document("a", gzip.compress(packed.getvalue())).value
    assert row == {"at": "2026-08-31T09:00:00.123456789+00:00"}
    assert parse_time(row["at"]) == datetime(2026, 8, 31, 9, 0, 0, 123456, UTC)


def test_a_broken_parquet_file_is_refused() -> None:
    with pytest.raises(InvalidInput, match="the parquet file is broken or cut off"):
        open_document("a.parquet", parquet_of([{"a": 1}])[:-20])


CSV = 'question,answer,score\n"What is\n1 + 1?",2,0.5\n"Say ""yes""",yes,1\n\n'
ROWS = [
    {"question": "What is\n1 + 1?", "answer": "2", "score": "0.5"},
    {"question": 'Say "yes"', "answer": "yes", "score": "1"},
]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", CSV.encode()),
        ("a", CSV.encode()),
        ("a.csv", b"\xef\xbb\xbf" + CSV.replace("\n", "\r\n").replace("What is\r\n", "What is\n").encode()),
        ("a.csv", CSV.encode("utf-16")),
        ("a.csv", b"\xfe\xff" + CSV.encode("utf-16-be")),
        ("a.csv.gz", gzip.compress(CSV.encode(), mtime=0)),  # its name is its bytes, and the same to every worker
        ("a.tsv", CSV.replace(",", "\t").encode()),
        ("a.csv", CSV.replace(",", ";").encode()),
        ("a", CSV.replace(",", "|").encode()),
    ],
)
def test_csv_rows_have_a_key_a_column(name: str, data: bytes) -> None:
    document = open_document(name, data)
    assert (document.kind, document.columns) == ("CSV", ("question", "answer", "score"))
    assert (document.value, document.lines, document.broken) == (ROWS, (2, 4), ())


def test_csv_with_the_line_ends_of_old_computers() -> None:
    assert open_document("a.csv", b'q,a\rx,"1, 2"\ry,3\r').value == [{"q": "x", "a": "1, 2"}, {"q": "y", "a": "3"}]


def test_csv_without_a_header() -> None:
    document = open_document("a.csv", b"What is 1 + 1?,2,true\nWhat is 2 + 2?,5,false\n")
    assert document.columns == ("column 1", "column 2", "column 3")
    assert document.lines == (1, 2)
    assert document.value[1] == {"column 1": "What is 2 + 2?", "column 2": "5", "column 3": "false"}


def test_columns_without_a_name_or_with_the_same() -> None:
    assert open_document("a.csv", b",name,name \n0,a,b\n").columns == ("column 1", "name", "name (2)")


def test_one_column_is_a_table_only_where_the_name_says_so() -> None:
    assert open_document("a.csv", b"question\nWho?\nWhy?\n").value == [{"question": "Who?"}, {"question": "Why?"}]
    with pytest.raises(InvalidInput, match="not whole JSON"):
        open_document("a.txt", b"question\nWho?\nWhy?\n")


def test_a_ragged_row_is_rejected_by_its_line() -> None:
    document = open_document("a.csv", b'q,a\n"x\ny",1\nz\np,1,2\nw,2\n')
    assert document.value == [{"q": "x\ny", "a": "1"}, {"q": "w", "a": "2"}]
    assert document.broken == (
        Rejected("line 4", "it has 1 fields, and the header has 2", ["z"]),
        Rejected("line 5", "it has 3 fields, and the header has 2", ["p", "1", "2"]),
    )


def test_a_quotation_that_never_ends_spoils_the_file() -> None:
    with pytest.raises(InvalidInput, match="broken in the row at line 3: a quotation mark is never closed"):
        open_document("a.csv", b'q,a\nx,1\n"y,2\nz,3\n')


def test_text_in_another_encoding_is_refused_with_a_sentence() -> None:
    with pytest.raises(InvalidInput, match=r"not UTF-8: byte 5 cannot be read"):
        open_document("a.csv", "q,a\nbé,1\n".encode("latin-1"))
    with pytest.raises(InvalidInput, match="another encoding"):
        open_document("a.csv", "q,a\nb,1\n".encode("utf-16-le"))
    with pytest.raises(InvalidInput, match="broken UTF-16"):
        open_document("a.csv", b"\xff\xfea\x00\xd8")


def test_folders_are_looked_through_for_every_container(tmp_path: Path) -> None:
    suffixes = ["json", "jsonl", "ndjson", "gz", "traj", "eval", "zip", "parquet", "yml", "yaml", "csv", "tsv"]
    for suffix in (*suffixes, "md", "py"):
        (tmp_path / f"a.{suffix}").write_text("")
    (tmp_path / "B.JSON").write_text("")
    assert {file.name for file in files_in(tmp_path)} == {f"a.{suffix}" for suffix in suffixes} | {"B.JSON"}


@pytest.mark.parametrize("kind", ["zip", "parquet", "csv", "yaml", "gz"])
def test_bytes_that_changed_on_their_way_are_read_or_refused(kind: str) -> None:
    whole = {
        "zip": zipped({"header.json": '{"a": 1}', "samples/1.json": '{"b": 2}'}),
        "parquet": parquet_of([{"a": 1, "b": {"c": ["x"]}, "t": datetime(2026, 8, 31, tzinfo=UTC)}] * 5),
        "csv": CSV.encode(),
        "yaml": YAML,
        "gz": gzip.compress(CSV.encode(), mtime=0),
    }[kind]
    chance = random.Random(kind)
    refused = 0
    for _ in range(1000):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(data) or 1)
            if chance.random() < 0.7:
                data[at : at + 1] = bytes([chance.randrange(256)])
            else:
                del data[at : at + chance.randrange(20)]
        try:
            open_document(f"a.{kind}", bytes(data))
        except InvalidInput:
            refused += 1
    assert refused > 0


def test_the_real_inspect_logs_open(real_data: Path) -> None:
    files = sorted((real_data / "inspect-logs").glob("*.eval"))
    opened = [open_document(file.name, file.read_bytes()) for file in files]
    samples = [sum(name.startswith("samples/") for name in one.members) for one in opened]
    assert (samples, [one.broken for one in opened]) == ([10, 10, 1], [(), (), ()])


def test_the_real_leaderboards_open(real_data: Path) -> None:
    for file in (real_data / "aider-leaderboards").glob("*.yml"):
        document = open_document(file.name, file.read_bytes())
        assert document.kind == "YAML"
        assert all(isinstance(row, dict) and isinstance(row["model"], str) for row in document.value)
        json.dumps(document.value)
