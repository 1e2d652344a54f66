"""Two servers on one data folder: the second says whose it is and leaves everything as it was."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.server import ROOT, Server, free_port, start


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("owned")
    running = start("serve", folder / "data", folder / "server.log")
    yield running
    running.stop()


@pytest.mark.parametrize("command", [["serve", "--port"], ["demo", "--port"], ["reindex"]])
def test_a_second_owner_is_refused_in_a_sentence(first: Server, command: list[str]) -> None:
    if command[-1] == "--port":
        command = [*command, str(free_port())]
    done = subprocess.run(
        [sys.executable, "-m", "dashboard.cli", *command],
        cwd=ROOT,
        env={**os.environ, "LOOPWRIGHT_DATA_DIR": str(first.data_dir)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert f"belongs to the process {first.process.pid} (serving {first.url})" in done.stderr
    assert "Traceback" not in done.stderr
    with httpx.Client(base_url=first.url, trust_env=False) as client:
        assert client.get("/readyz").status_code == 200


def test_a_recall_that_the_owner_refuses_says_why(first: Server) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dashboard.cli", "recall", ""],
        cwd=ROOT,
        env={**os.environ, "LOOPWRIGHT_DATA_DIR": str(first.data_dir)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.strip() == "task has to be a text of 1 to 100,000 characters."
