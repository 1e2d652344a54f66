"""A benchmark's file with anything anywhere is read or named as broken, and never a failure."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.ingest.document import Document, open_document
from core.ingest.formats import FORMATS
from core.ingest.reading import BadRecord
from core.ingest.sound import check
from core.records import Rejected
from tests.core.ingest.formats.mutation import ANYTHING, mutated

FILES = [
    "who-and-when/Hand-Crafted/9.json",
    "who-and-when/Algorithm-Generated/14.json",
    "agentrx-tau/ground_truth/tau_ground_truth.json",
    "agentrx-tau/tau_dataset_failed.json.gz",
    "pandalm/gpt-3.5-turbo-testset-v1.json",
    "tau2-bench/airline-versions/2025-12-17_gpt-5-toolorchestra.json.gz",
    "tau2-bench/llm-judges-airline/airline-multi-judge-full_quick_triage_v1.jsonl.gz",
    "tau2-bench/leaderboard/claude-opus-4-5_sierra_2026-02-26/submission.json",
    "aider-leaderboards/polyglot_leaderboard.yml",
    "swe-agent-trajs/demonstrations/function_calling_simple.traj.gz",
    "swe-agent-trajs/demonstrations/ctf/misc/networking_1.traj.gz",
    "mini-swe-agent/output/deepseek_chat_dev/sqlfluff__sqlfluff-2419.traj.json.gz",
    "mini-swe-agent/reports/swe-bench_lite__dev__opus-46-baseline.json",
]


def cut(value: Any, most: int = 3) -> Any:
    """The value with short lists, so that what is changed is mostly something that is read."""
    if isinstance(value, list):
        return [cut(one) for one in value[:most]]
    return {key: cut(one) for key, one in value.items()} if isinstance(value, dict) else value


@pytest.mark.parametrize("file", FILES)
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), wrong=ANYTHING)
def test_it_never_fails(real_data: Path, file: str, seed: int, wrong: Any) -> None:
    path = real_data / file
    whole = open_document(str(path), path.read_bytes())
    document = Document(file, mutated(cut(whole.value), seed, wrong), kind=whole.kind)
    for read in FORMATS.values():
        for arrival in read(document) or ():
            if isinstance(arrival, Rejected):
                assert arrival.reason
                continue
            with contextlib.suppress(BadRecord):
                check(arrival)
