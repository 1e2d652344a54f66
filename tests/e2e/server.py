"""Runs Loopwright as its users do: a process of its own, on a free port, with its own data folder."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 90
_STOP_SECONDS = 20
# Set but empty, so that neither the runner's environment nor a `.env` in the checkout decides.
_UNSET = (
    "LOOPWRIGHT_DATABASE_URL",
    "LOOPWRIGHT_CHROMA_URL",
    "LOOPWRIGHT_ACCESS_TOKEN",
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_BASE_URL",
)


@dataclass(frozen=True)
class Server:
    """One running server; `stop` ends it as a deployment would, `kill` as a power cut would."""

    url: str
    data_dir: Path
    log: Path
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """SIGTERM, then wait; a server that does not end is killed and fails the test."""
        if self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"no end on SIGTERM within {_STOP_SECONDS} s:\n{self.tail()}") from None

    def kill(self) -> None:
        """SIGKILL: nothing is flushed, nothing is said."""
        self.process.kill()
        self.process.wait(_STOP_SECONDS)

    def tail(self) -> str:
        """The last lines that it printed."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-40:])


def start(command: str, data_dir: Path, log: Path, *, port: int = 0, **environment: str) -> Server:
    """Start `loopwright serve` or `loopwright demo` on `data_dir` and wait until it answers; port 0 is any free one."""
    port = port or free_port()
    settings = dict.fromkeys(_UNSET, "") | {
        "LOOPWRIGHT_DATA_DIR": str(data_dir),
        "LOOPWRIGHT_HOST": "127.0.0.1",
        "LOOPWRIGHT_PORT": str(port),
    }
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "dashboard.cli", command],
            cwd=ROOT,  # where Streamlit finds the theme of a checkout
            env={**os.environ, **settings, **environment},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    server = Server(f"http://127.0.0.1:{port}", data_dir, log, process)
    try:
        _wait(server)
    except BaseException:
        server.kill()
        raise
    return server


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(server: Server) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            raise AssertionError(f"the server ended with {server.process.returncode} at its start:\n{server.tail()}")
        try:
            with urllib.request.urlopen(f"{server.url}/healthz", timeout=5):
                return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.1)
    raise AssertionError(f"the server did not answer within {_START_SECONDS} s:\n{server.tail()}")
