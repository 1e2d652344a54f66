"""Label schemas that ship, each with definitions in our own words and the source of its names: the YAML files here."""

from __future__ import annotations

from pathlib import Path

from core.records import LabelSchema
from core.review.schema_yaml import schema_from_yaml

_HERE = Path(__file__).resolve().parent


def _read(key: str) -> LabelSchema:
    return schema_from_yaml((_HERE / f"{key}.yaml").read_text(encoding="utf-8"))


OUTCOME = _read("outcome")
RUN_REVIEW = _read("run-review")
TRAIL = _read("trail")
MAST = _read("mast")
WHO_AND_WHEN = _read("who-and-when")
AGENTRX = _read("agentrx")
AGENT_REWARD_BENCH = _read("agent-reward-bench")
PROCESS_REWARD = _read("process-reward")
PREFERENCE = _read("preference")
JUDGE_VERDICT = _read("judge-verdict")

READY_MADE = {
    schema.key: schema
    for schema in (
        *(RUN_REVIEW, OUTCOME, TRAIL, MAST, WHO_AND_WHEN),
        *(AGENT_REWARD_BENCH, PROCESS_REWARD, PREFERENCE, AGENTRX, JUDGE_VERDICT),
    )
}


def place_in_lists(schema: LabelSchema) -> tuple[int, int, str]:
    """What lists of schemas are sorted by: the review of runs, then people's own by title, then what else ships."""
    ready = list(READY_MADE)
    if schema.key == RUN_REVIEW.key:
        return (0, 0, "")
    return (2, ready.index(schema.key), "") if schema.key in ready else (1, 0, schema.title.lower())


TRAIL_CATEGORIES = tuple((option.value, option.definition) for option in TRAIL.questions[0].options)

VERDICT_WORDS = {
    "pass": "pass",
    "satisfied": "pass",
    "satisfactory": "pass",
    "compliant": "pass",
    "correct": "pass",
    "fail": "fail",
}
"""What a judge may write for its verdict, and which of the two it means."""
