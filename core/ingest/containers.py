"""Unpacks gzip and zip, within limits: a small file can never fill the memory."""

from __future__ import annotations

import gzip
import lzma
import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import PurePosixPath
from zipfile import BadZipFile, ZipFile, ZipInfo

import zstandard

from core.errors import InvalidInput

LARGEST = 1_000_000_000
"""Bytes of one file after decompression."""

DENSEST = 200
"""How many times larger than its container a file past `SUSPECT` bytes may be: real ones are 5 to 30 times."""

SUSPECT = 50_000_000

_ZSTANDARD = 93  # the method's number in a zip; newer Inspect logs use it, Python 3.11 cannot read it
_ENCRYPTED = 0x1
_BROKEN_ZIP = (
    *(BadZipFile, EOFError, OSError, ValueError, RuntimeError, IndexError),
    *(struct.error, zlib.error, lzma.LZMAError, zstandard.ZstdError),
)


def too_large(what: str) -> str:
    """Why something larger than `LARGEST` is refused, and what to do."""
    return f"{what} is larger than {LARGEST / 1e9:g} GB; split it, one run a line"


def gunzipped(data: bytes) -> bytes:
    """The content of a gzip, anything else as it is; raises InvalidInput for a broken one and a bomb."""
    if data[:2] != b"\x1f\x8b":
        return data
    try:
        _check_unpacked_size(data)
        return gzip.decompress(data)
    except (EOFError, OSError, zlib.error) as error:
        raise InvalidInput(f"the gzip is broken or cut off: {error}; fetch the file again") from error


def _check_unpacked_size(data: bytes) -> None:
    """Unpack once without keeping anything."""
    size = 0
    with gzip.GzipFile(fileobj=BytesIO(data)) as file:
        while chunk := file.read(1 << 20):
            size += len(chunk)
            _check_size(size, len(data))


def _check_size(size: int, packed: int) -> None:
    if size > LARGEST:
        raise InvalidInput(too_large("unpacked, the file"))
    if size > max(SUSPECT, DENSEST * packed):
        raise InvalidInput(f"unpacked, the file is more than {DENSEST} times its size: no run is so repetitive")


def is_zip(data: bytes) -> bool:
    """Whether the bytes begin like a zip, an empty one too."""
    return data[:4] in (b"PK\x03\x04", b"PK\x05\x06")


def zip_members(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The name and content of each file in a zip; folders and what an operating system adds are left out.

    Raises InvalidInput for a zip that is broken, encrypted, a bomb, or names a place outside of itself.
    """
    try:
        with ZipFile(BytesIO(data)) as archive:
            files = [info for info in archive.infolist() if not info.is_dir() and not _is_litter(info.filename)]
            for info in files:
                _check_member(info)
            _check_size(sum(info.file_size for info in files), len(data))
            for info in files:
                content = _from_zstandard(data, info) if info.compress_type == _ZSTANDARD else archive.read(info)
                yield info.filename, content
    except NotImplementedError as error:
        raise InvalidInput("the zip is packed with a method that is not read here; pack it with Deflate") from error
    except _BROKEN_ZIP as error:
        raise InvalidInput(f"the zip is broken or cut off: {error}; fetch the file again") from error


def _is_litter(name: str) -> bool:
    return name.startswith("__MACOSX/") or PurePosixPath(name).name in (".DS_Store", "Thumbs.db")


def _check_member(info: ZipInfo) -> None:
    path = PurePosixPath(info.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        raise InvalidInput(f"the zip names a file outside of itself ({info.filename[:80]}); it is not read")
    if info.flag_bits & _ENCRYPTED:
        raise InvalidInput(f"the zip is encrypted ({info.filename[:80]}); unpack it with its password first")


def _from_zstandard(data: bytes, info: ZipInfo) -> bytes:
    """A member's content; the fixed part of its header is 30 bytes, a name and an extra field follow."""
    header = data[info.header_offset : info.header_offset + 30]
    if header[:4] != b"PK\x03\x04" or len(header) < 30:
        raise BadZipFile(f"no file header for {info.filename[:80]}")
    start = info.header_offset + 30 + int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
    packed = BytesIO(data[start : start + info.compress_size])
    with zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True) as stream:
        content = stream.read(info.file_size)
    if len(content) != info.file_size or zlib.crc32(content) != info.CRC:
        raise BadZipFile(f"bad CRC-32 for file {info.filename[:80]}")
    return content
