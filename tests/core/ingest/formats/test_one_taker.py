"""Every real file belongs to one format, and no format takes another's."""

from __future__ import annotations

from pathlib import Path

from core.ingest.document import files_in, open_document
from core.ingest.formats import FORMATS

OURS = {
    "who-and-when": "who-and-when",
    "tau-bench": "tau-bench",
    "pandalm": "pandalm",
    "aider-leaderboards": "aider",
    "swe-agent-trajs": "swe-agent",
    "mini-swe-agent": "mini-swe-agent",
    "agentrx-tau": "agentrx",
    "tau2-bench/airline-versions": "tau2-bench",
    "tau2-bench/base-vs-sft": "tau2-bench",
    "tau2-bench/llm-judges-airline": "tau2-judges",
    "tau2-bench/leaderboard": "tau2-leaderboard",
    "trail": "trail",
    "langfuse-traces": "langfuse",
    "openinference-spans": "span-dump",
}
NO_RECORDS = {"manifest.json", "schema.json", "capture-results.json"}
"""What stands beside the submissions of a leaderboard, and beside a capture of spans."""


def test_every_file_has_one_taker(real_data: Path) -> None:
    wrong = []
    for folder in real_data.iterdir():
        for file in files_in(folder) if folder.is_dir() else ():
            document = open_document(str(file), file.read_bytes())
            takers = [name for name, read in FORMATS.items() if read(document) is not None]
            place = str(file.relative_to(real_data))
            expected = next((name for start, name in OURS.items() if place.startswith(f"{start}/")), None)
            if "submission" in file.name:
                expected = "tau2-leaderboard"
            if file.name in NO_RECORDS:
                good = takers == []
            elif expected:
                good = takers == [expected]
            else:
                good = len(takers) == 1
            if not good:
                wrong.append((place, takers))
    assert wrong == []
