"""How often the reading aids are right, against steps that people marked; the same figures stand in docs/reading.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from core.ingest.accept import ImportOptions, import_paths
from core.measure.intervals import wilson
from core.records import Step, StepKind
from core.review.aids import RULES, Suggestion, suggest
from core.store.annotations import annotations_of
from core.store.engine import open_store
from core.store.steps import read_steps
from core.store.tables import TraceRow

FOLDERS = {
    "TRAIL": ["trail"],
    "Who&When": ["who-and-when"],
    "AgentRx": ["agentrx-tau"],
    "tau-bench": ["tau-bench"],
    "tau2-bench": ["tau2-bench/airline-versions", "tau2-bench/base-vs-sft"],
}
MARKS = {"TRAIL": "errors", "Who&When": "step", "AgentRx": "failures"}
DOCS = Path(__file__).resolve().parents[3] / "docs" / "reading.md"


@dataclass(frozen=True)
class Looked:
    """One run: its steps, what the rules found, the steps that a person marked, and whether it solved its task."""

    steps: Sequence[Step]
    found: Sequence[Suggestion]
    marked: frozenset[str]
    outcome: str

    @property
    def by_chance(self) -> float:
        """How often a step of the agent, drawn by lot, is one that was marked."""
        own = [step.step_id in self.marked for step in self.steps if step.kind is StepKind.LLM]
        return sum(own) / len(own) if own else 0.0


@pytest.fixture(scope="module")
def looked(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Looked]]:
    found: dict[str, list[Looked]] = {}
    for name, folders in FOLDERS.items():
        store = open_store(f"sqlite:///{tmp_path_factory.mktemp('aids') / 'real.db'}")
        import_paths(store, [real_data / folder for folder in folders], ImportOptions())
        with store.reading() as session:
            outcomes = dict(session.execute(select(TraceRow.id, TraceRow.outcome)).all())
            marks: dict[int, set[str]] = {}
            for given in annotations_of(session, list(outcomes)):
                pointed = {one.step_id for one in given.marks if one.question == MARKS.get(name)}
                marks.setdefault(given.trace_id, set()).update(pointed)
            runs = [(trace, read_steps(session, trace)) for trace in outcomes]
        store.close()
        found[name] = [
            Looked(steps, suggest(steps), frozenset(marks.get(trace, ())), outcomes[trace]) for trace, steps in runs
        ]
    return found


def amounts(name: str, runs: Sequence[Looked]) -> str:
    """A row of the first table: runs, suggestions a run, share of runs with one, failed with one and without."""
    some = [run for run in runs if run.found]
    judged = [run for run in runs if run.outcome in ("solved", "failed")]
    cells = [str(len(runs)), f"{sum(len(run.found) for run in runs) / len(runs):.2f}", f"{len(some) / len(runs):.0%}"]
    for group in ([run for run in judged if run.found], [run for run in judged if not run.found]):
        failed = sum(run.outcome == "failed" for run in group)
        both = any(run.outcome == "solved" for run in judged)
        cells.append(f"{failed} of {len(group)}" if group and both else "–")
    return f"| {name} | {' | '.join(cells)} |"


def hits(name: str, runs: Sequence[Looked]) -> Iterator[tuple[str, int, int, float, str]]:
    """(rule, suggestions, those that name a marked step, what chance would give, row of the second table)."""
    n, right = Counter[str](), Counter[str]()
    chance = dict.fromkeys(RULES, 0.0)
    for run in runs:
        for one in run.found if run.marked else ():
            n[one.rule] += 1
            right[one.rule] += one.cause in run.marked
            chance[one.rule] += run.by_chance
    for rule, title in RULES.items():
        if n[rule]:
            about = wilson(right[rule], n[rule])
            share = f"{right[rule] / n[rule]:.0%} ({about.low:.0%} to {about.high:.0%})"
            row = f"| {name} | {title} | {n[rule]} | {share} | {chance[rule] / n[rule]:.0%} |"
            yield rule, n[rule], right[rule], chance[rule] / n[rule], row


def test_how_much_is_suggested(looked: dict[str, list[Looked]]) -> None:
    rows = [amounts(name, runs) for name, runs in looked.items()]
    assert all(sum(len(run.found) for run in runs) / len(runs) <= 1.0 for runs in looked.values()), rows
    written = DOCS.read_text(encoding="utf-8")
    assert [row for row in rows if row not in written] == []


def test_suggestions_name_the_steps_that_people_marked(looked: dict[str, list[Looked]]) -> None:
    """Floors: the first error and a repeated call are well above a step drawn by lot from the same runs."""
    told = {name: {row[0]: row for row in hits(name, looked[name])} for name in MARKS}
    for name, rule, at_least, times in (
        ("TRAIL", "first_error", 0.55, 1.7),
        ("TRAIL", "tool_failure", 0.5, 1.5),
        ("TRAIL", "repeated_call", 0.75, 3),
        ("Who&When", "first_error", 0.35, 2),
        ("AgentRx", "first_error", 0.3, 4),
    ):
        _, n, right, chance, row = told[name][rule]
        assert right / n >= max(at_least, times * chance), row
    written = DOCS.read_text(encoding="utf-8")
    assert [row[-1] for rules in told.values() for row in rules.values() if row[-1] not in written] == []


def test_ids_from_nowhere_and_contradictions_are_rare_and_go_with_failure(looked: dict[str, list[Looked]]) -> None:
    """Where an id was invented most runs fail; these rules never speak of more than one run in twenty."""
    runs = [*looked["tau-bench"], *looked["tau2-bench"]]
    for rule, at_most in (("unheard_value", 0.05), ("contradiction", 0.01)):
        with_it = [run for run in runs if any(one.rule == rule for one in run.found)]
        assert 0 < len(with_it) <= at_most * len(runs)
        assert sum(run.outcome == "failed" for run in with_it) / len(with_it) >= 0.7
