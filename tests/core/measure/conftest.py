"""Real outcomes and answers, as the statistics take them."""

import gzip
import json
import re
from pathlib import Path

import pytest
from hypothesis import settings

# How long one example takes says nothing here: the machine may be busy.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

Outcomes = dict[str, list[float]]


@pytest.fixture
def pandalm(real_data: Path) -> dict[int, dict[str, int]]:
    pairs = json.loads((real_data / "pandalm/testset-v1.json").read_text())
    return {pair["idx"]: {str(person): pair[f"annotator{person}"] for person in (1, 2, 3)} for pair in pairs}


@pytest.fixture
def tau_bench(real_data: Path) -> Outcomes:
    outcomes: Outcomes = {}
    for run in _read(real_data / "tau-bench/gpt-4o-airline.json.gz"):
        outcomes.setdefault(str(run["task_id"]), []).append(run["reward"])
    return outcomes


@pytest.fixture
def base_vs_sft(real_data: Path) -> dict[str, tuple[Outcomes, Outcomes]]:
    """Domain to the outcomes of GPT-4.1 before and after fine-tuning."""

    def outcomes(name: str) -> Outcomes:
        runs = _read(real_data / f"tau2-bench/base-vs-sft/{name}.json.gz")["simulations"]
        return {run["task_id"]: [run["reward_info"]["reward"]] for run in runs}

    domains = ("airline", "retail", "telecom")
    return {domain: (outcomes(f"gpt-4.1_{domain}"), outcomes(f"gpt-4.1-sft_{domain}")) for domain in domains}


@pytest.fixture
def judges(real_data: Path) -> dict[str, dict[str, str]]:
    """Run to judge prompt to the word it gave as its verdict."""
    verdicts: dict[str, dict[str, str]] = {}
    for path in sorted((real_data / "tau2-bench/llm-judges-airline").glob("*.jsonl.gz")):
        for line in gzip.decompress(path.read_bytes()).splitlines():
            row = json.loads(line)
            fenced = re.search(r"```json\s*(.*?)```", row["judge_response"], re.DOTALL)
            verdicts.setdefault(row["simulation_id"], {})[path.name] = json.loads(fenced[1])["verdict"]
    return verdicts


@pytest.fixture
def swe_rerun(real_data: Path) -> tuple[Outcomes, Outcomes]:
    def outcomes(name: str) -> Outcomes:
        path = real_data / f"mini-swe-agent/reports/deepseek__deepseek-chat.{name}.json"
        report = json.loads(path.read_text())
        return {task: [float(task in report["resolved_ids"])] for task in report["submitted_ids"]}

    return outcomes("deepseek_chat_dev"), outcomes("deepseek_chat_dev_rerun")


def _read(path: Path):
    return json.loads(gzip.decompress(path.read_bytes()))
