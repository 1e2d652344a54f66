from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import Conflict, Unavailable
from core.similarity.lock import LOCK_FILE, FolderLock, Owner, owner_address, owner_of

HOLD = """
import sys
from pathlib import Path
from core.similarity.lock import FolderLock
lock = FolderLock(Path(sys.argv[1]), "http://127.0.0.1:8599")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_process_is_refused_by_name_and_address(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(Conflict, match=rf"the process {holder.pid} \(serving http://127.0.0.1:8599\)") as refused:
        FolderLock(tmp_path)
    assert "LOOPWRIGHT_DATA_DIR" in refused.value.message
    assert owner_of(tmp_path) == Owner(holder.pid, "http://127.0.0.1:8599")
    assert owner_address(tmp_path) == "http://127.0.0.1:8599"


def test_a_killed_owner_blocks_nobody(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert json.loads((tmp_path / LOCK_FILE).read_text())["pid"] == holder.pid
    assert owner_of(tmp_path) is None
    lock = FolderLock(tmp_path, "http://127.0.0.1:1")
    assert owner_of(tmp_path) == Owner(os.getpid(), "http://127.0.0.1:1")
    lock.release()
    lock.release()
    assert owner_of(tmp_path) is None


def test_looking_does_not_keep_an_owner_out(tmp_path: Path) -> None:
    FolderLock(tmp_path).release()
    looking = os.open(tmp_path / LOCK_FILE, os.O_RDONLY)
    import fcntl
    from threading import Timer

    fcntl.flock(looking, fcntl.LOCK_SH)
    Timer(0.1, os.close, [looking]).start()
    FolderLock(tmp_path).release()


def test_no_folder_and_a_foreign_file_own_nothing(tmp_path: Path) -> None:
    assert owner_of(tmp_path / "nowhere") is None
    assert owner_address(tmp_path) is None
    (tmp_path / LOCK_FILE).write_text("garbage {")
    assert owner_of(tmp_path) is None
    lock = FolderLock(tmp_path)
    assert owner_of(tmp_path) == Owner(os.getpid(), "")
    lock.release()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="LOOPWRIGHT_DATA_DIR"):
        FolderLock(tmp_path / "file" / "data")
