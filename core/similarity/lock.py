"""The lock file of a data folder: who owns it, and where that process answers."""

from __future__ import annotations

import fcntl
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from core.errors import Conflict, Unavailable

LOCK_FILE = "owner.lock"
_PATIENCE = 0.5
"""Seconds to wait for the lock: `owner_of` holds it for a moment when it looks."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that owns a data folder; `address` is the URL of its server, empty where it serves nothing."""

    pid: int
    address: str


class FolderLock:
    """Ownership of a data folder, from the making of this value until `release` or the end of the process.

    The system drops the lock with the process, however it ends: a file that was left behind locks nobody out.
    """

    def __init__(self, folder: Path, address: str = "") -> None:
        """Take the folder; raises Conflict, naming the owner, when another process has it."""
        path = folder / LOCK_FILE
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise Unavailable(f"{path} cannot be opened: {error.strerror}. Check LOOPWRIGHT_DATA_DIR.") from error
        if not _take(self._file, fcntl.LOCK_EX):
            owner = _read(self._file)
            os.close(self._file)
            raise Conflict(_refusal(folder, owner))
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, orjson.dumps(asdict(Owner(os.getpid(), address))), 0)

    def release(self) -> None:
        """Give the folder back; once more does nothing."""
        if self._file >= 0:
            os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = -1


def owner_of(folder: Path) -> Owner | None:
    """The process that owns the folder now, or None."""
    try:
        file = os.open(folder / LOCK_FILE, os.O_RDONLY)
    except OSError:
        return None
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _read(file)
        return None
    finally:
        os.close(file)


def owner_address(folder: Path) -> str | None:
    """The address of the server that owns the folder; None when nobody does."""
    owner = owner_of(folder)
    return None if owner is None else owner.address


def _take(file: int, mode: int) -> bool:
    patience = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(file, mode | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > patience:
                return False
            time.sleep(0.02)


def _read(file: int) -> Owner:
    """What the owner wrote; between taking the lock and writing there is a moment in which nothing stands there."""
    for _ in range(20):
        text = os.pread(file, 4096, 0)
        if text:
            break
        time.sleep(0.01)
    try:
        return Owner(**orjson.loads(text))
    except (orjson.JSONDecodeError, TypeError):
        return Owner(0, "")


def _refusal(folder: Path, owner: Owner) -> str:
    who = f"the process {owner.pid}" if owner.pid else "another process"
    where = f" (serving {owner.address})" if owner.address else ""
    return (
        f"The data folder {folder} belongs to {who}{where}: two owners of one index would lose lessons. "
        "Use that one, stop it first, or name another folder with LOOPWRIGHT_DATA_DIR."
    )
