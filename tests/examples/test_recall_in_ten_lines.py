"""The standard library is enough to ask for lessons."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from tests.standins import Collector, serving

SCRIPT = Path(__file__).resolve().parents[2] / "examples" / "recall_in_ten_lines.py"


def test_it_is_ten_lines_of_the_standard_library() -> None:
    docstring, *statements = ast.parse(SCRIPT.read_text()).body
    imports = [one for one in statements if isinstance(one, (ast.Import, ast.ImportFrom))]
    modules = {one.module if isinstance(one, ast.ImportFrom) else one.names[0].name for one in imports}
    assert modules == {"json", "os", "sys", "urllib.request"}
    lines = SCRIPT.read_text().splitlines()[docstring.end_lineno :]
    assert len([line for line in lines if line.strip() and not line.startswith(("import", "from"))]) <= 10


def test_it_prints_what_an_agent_would_read() -> None:
    given = {"recall_id": "r1", "arm": "memory", "lessons": [], "prompt": "Note 1\n> Do: offer a return."}
    with serving(Collector(recall=given)) as loopwright:
        ended = subprocess.run(
            [sys.executable, SCRIPT, "Where is my order?"],
            env={"LOOPWRIGHT_URL": loopwright.url, "LOOPWRIGHT_ACCESS_TOKEN": "open sesame", "RUN_KEY": "run-1"},
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == "recall r1 (memory)\nNote 1\n> Do: offer a return.\n"
    (asked,) = loopwright.asked
    assert asked.headers["authorization"] == "Bearer open sesame"
    assert (asked.json()["task"], asked.json()["run_key"]) == ("Where is my order?", "run-1")
