"""The seeded world: comes from its hand-written files, arrives whole, tells its story, and names nobody who is real."""

import gzip
import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import date, datetime
from pathlib import Path

import pytest

from core.evaluate.comparison import compare_versions
from core.ingest.accept import ImportOptions, import_paths
from core.ingest.formats.loopwright import from_json
from core.records import Choice
from core.review.answers import written
from core.review.ready_made import RUN_REVIEW
from core.store.trace_filter import TraceFilter
from core.store.traces import list_traces

ROOT = Path(__file__).parents[1]
WORLD = ROOT / "seed_data" / "world.jsonl.gz"
START = date(2026, 8, 31)
AREAS = {"returns": 9, "refunds": 4, "orders": 7, "shipping": 8, "products": 5, "payments": 4, "account": 3}


@pytest.fixture(scope="module")
def lines():
    return gzip.decompress(WORLD.read_bytes()).decode().splitlines()


@pytest.fixture(scope="module")
def world(lines):
    kinds = defaultdict(list)
    for line in lines:
        kinds[json.loads(line)["type"]].append(from_json(json.loads(line)))
    return kinds


@pytest.fixture(scope="module")
def traces(world):
    return {trace.trace_id: trace for trace in world["trace"]}


def said(trace):
    return [m.content for step in trace.steps if step.kind == "llm" for m in step.output if m.content]


def test_the_file_is_what_its_sources_make(tmp_path, lines):
    made = tmp_path / "world.jsonl.gz"
    command = [sys.executable, str(ROOT / "seed_data" / "generate.py"), str(made)]
    subprocess.run(command, check=True, env={"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7"}, capture_output=True)
    # The lines are compared, not the gzip: another zlib packs them otherwise.
    assert gzip.decompress(made.read_bytes()).decode().splitlines() == lines, "run python seed_data/generate.py"


def test_the_file_is_small():
    assert WORLD.stat().st_size < 1_000_000


def test_counts(world):
    assert {kind: len(found) for kind, found in world.items()} == {
        "person": 4, "version": 3, "trace": 360, "annotation": 106, "pair": 30, "preference": 67, "lesson": 15,
        "recall": 120,
    }  # fmt: skip
    assert Counter(lesson.state for lesson in world["lesson"]) == {
        "active": 11, "proposed": 2, "retired": 1, "rejected": 1,
    }  # fmt: skip
    reviewers = Counter(Counter(each.trace_id for each in world["annotation"]).values())
    assert reviewers == {1: 25, 2: 27, 3: 9}
    assert sum(len(each.corrections) for each in world["annotation"]) == 23
    assert Counter(choice.choice for choice in world["preference"]).keys() == set(Choice)


def test_every_task_is_tried_three_times_by_each_version(traces):
    tried = Counter((trace.task.key, trace.version, trace.trial) for trace in traces.values())
    areas = Counter(key.split("/")[1] for key in {key for key, _, _ in tried})
    assert areas == AREAS
    assert set(tried) == {(key, v, n) for key, _, _ in tried for v in ("v1", "v2", "v3") for n in (1, 2, 3)}
    assert set(tried.values()) == {1}


def test_it_arrives_whole_and_once_and_tells_its_story(store):
    first = import_paths(store, [WORLD], ImportOptions())
    assert first.rejected == []
    assert {key: first.counts[key] for key in ("traces", "annotations", "pairs", "preferences", "lessons")} == {
        "traces": 360, "annotations": 106, "pairs": 30, "preferences": 67, "lessons": 15,
    }  # fmt: skip
    again = import_paths(store, [WORLD], ImportOptions())
    assert (again.arrived, again.rejected) == (0, [])
    with store.session() as session:
        lines = list_traces(session, TraceFilter(), 1000)
        broke = compare_versions(session, "v1", "v2").paired
        mended = compare_versions(session, "v2", "v3").paired
    known = Counter(line.version for line in lines if line.outcome != "unknown")
    solved = Counter(line.version for line in lines if line.outcome == "solved")
    assert all(count >= 100 for count in known.values())
    assert {v: round(solved[v] / known[v], 2) for v in known} == pytest.approx(
        {"v1": 0.58, "v2": 0.68, "v3": 0.84}, abs=0.03
    )

    def task_means(version):
        trials = defaultdict(list)
        for line in lines:
            if line.version == version and "/returns/" in line.task and line.outcome != "unknown":
                trials[line.task].append(line.outcome == "solved")
        return {task: sum(outcomes) / len(outcomes) for task, outcomes in trials.items()}

    returns = {version: sum(mean > 0.5 for mean in task_means(version).values()) for version in ("v1", "v2", "v3")}
    assert returns == {"v1": 7, "v2": 2, "v3": 8}
    assert broke.difference > 0
    assert mended.difference > 0
    assert len([task for task in broke.regressed if "/returns/" in task]) >= 5
    assert len([task for task in mended.fixed if "/returns/" in task]) >= 5


def test_weeks(traces):
    weeks = defaultdict(list)
    for trace in traces.values():
        weeks[(trace.started_at.date() - START).days // 7 + 1].append(trace)
    assert {week: {trace.version for trace in runs} for week, runs in weeks.items()} == {
        week: {"v1" if week < 4 else "v2" if week < 7 else "v3"} for week in range(1, 11)
    }
    share = {week: sum("returns" in trace.tags for trace in runs) / len(runs) for week, runs in weeks.items()}
    assert max(share, key=share.get) == 8
    assert share[8] > 0.33 > 0.27 > max(value for week, value in share.items() if week != 8)
    took = {v: sum(t.seconds for t in traces.values() if t.version == v) / 120 for v in ("v1", "v2", "v3")}
    assert took["v2"] > took["v3"] > 1.5 * took["v1"]
    assert {trace.started_at.hour for trace in traces.values()} <= set(range(7, 22))


def test_sessions_are_two_runs_a_day_apart(traces):
    sessions = defaultdict(list)
    for trace in traces.values():
        if trace.session_id:
            sessions[trace.session_id].append(trace)
    assert len(sessions) == 27
    for runs in sessions.values():
        first, second = sorted(runs, key=lambda trace: trace.started_at)
        assert (second.started_at.date() - first.started_at.date()).days == 1
        assert first.user == second.user


def test_every_run_says_something_else(traces):
    texts = Counter("\n".join(said(trace)) for trace in traces.values())
    assert texts.most_common(1)[0][1] == 1
    messages = [message for trace in traces.values() for message in said(trace) if len(message) > 40]
    assert len(set(messages)) / len(messages) > 0.94


def test_runs_are_whole(traces):
    for trace in traces.values():
        ids = [step.step_id for step in trace.steps]
        assert len(set(ids)) == len(ids)
        assert len({tool["function"]["name"] for tool in trace.tools}) == 25
        offered = {tool["function"]["name"]: tool["function"]["parameters"] for tool in trace.tools}
        calls = [call for step in trace.steps for message in step.output for call in message.tool_calls]
        answered = [step for step in trace.steps if step.kind == "tool"]
        assert [(c.call_id, c.name, c.arguments) for c in calls] == [(s.call_id, s.name, s.arguments) for s in answered]
        for call in calls:
            wanted = offered[call.name]
            assert set(wanted["required"]) <= set(call.arguments) <= set(wanted["properties"]), call
        times = [moment for step in trace.steps for moment in (step.started_at, step.ended_at)]
        assert times == sorted(times)
        assert ("memory" in {step.kind for step in trace.steps}) == (trace.version == "v3")
        models = [step for step in trace.steps if step.kind == "llm"]
        assert all(
            step.input[0].role == "system" and step.tokens_in and step.tokens_out and step.cost for step in models
        )


def test_memory_gave_only_what_was_active(world, traces):
    lessons = {lesson.lesson_id: lesson for lesson in world["lesson"]}
    given = Counter()
    for trace in traces.values():
        for step in (step for step in trace.steps if step.kind == "memory"):
            found = step.result["lessons"]
            assert step.result["arm"] == "memory" or found == []
            for each in found:
                lesson = lessons[each["id"]]
                assert each["guidance"] == lesson.guidance
                assert lesson.state in ("active", "retired")
                if lesson.state == "retired":
                    assert trace.started_at.date() < lesson.decided_at.date()
                else:
                    assert lesson.decided_at < trace.started_at
                model = next(step for step in trace.steps if step.kind == "llm")
                assert lesson.guidance in model.input[0].content
                given[each["id"]] += 1
    assert set(given) == {name for name, lesson in lessons.items() if lesson.state in ("active", "retired")}


def test_labels_point_at_what_is_there(world, traces):
    options = {question.key: {option.value for option in question.options} for question in RUN_REVIEW.questions}
    people = {person.name for person in world["person"]}
    for label in world["annotation"]:
        trace = traces[label.trace_id]
        steps = {step.step_id: step for step in trace.steps}
        assert label.person in people
        assert label.submitted_at > trace.ended_at
        assert label.submitted_at.weekday() < 5
        assert label.answers["outcome"] in options["outcome"]
        assert label.answers["rating"] in options["rating"]
        for mark in label.marks:
            step = steps[mark.step_id]
            assert step.kind == "llm"
            assert mark.quote in step.output[0].content
            assert mark.question == "first_mistake" or mark.value in options["went_wrong"]
        for correction in label.corrections:
            assert correction.original == written(steps[correction.step_id]) != correction.corrected
    for lesson in world["lesson"]:
        assert lesson.evidence
        for trace_id, step_id in lesson.evidence:
            assert step_id in {step.step_id for step in traces[trace_id].steps}
            assert traces[trace_id].ended_at < lesson.created_at
        assert lesson.decided_at is None or lesson.decided_at > lesson.created_at
    pairs = {pair.pair_id: pair for pair in world["pair"]}
    for pair in pairs.values():
        assert bool(pair.trace_a) == bool(pair.trace_b) != bool(pair.text_a and pair.text_b)
        for side in filter(None, (pair.trace_a, pair.trace_b)):
            assert traces[side].task.key == pair.task.key
    for preference in world["preference"]:
        shown = pairs[preference.pair_id]
        ended = [traces[side].ended_at for side in (shown.trace_a, shown.trace_b) if side]
        assert all(preference.submitted_at > end for end in ended)
        assert preference.left in ("a", "b")


def test_reviewers_disagree_here_and_there(world):
    given = defaultdict(set)
    for label in world["annotation"]:
        given[label.trace_id].add(label.answers["outcome"])
    assert sum(len(outcomes) > 1 for outcomes in given.values()) == 12
    remarks = Counter(each.answers["comment"] for each in world["annotation"] if "comment" in each.answers)
    assert remarks.most_common(1)[0][1] == 1


def test_signals_are_of_all_kinds_and_not_on_every_run(traces):
    signals = [signal for trace in traces.values() for signal in trace.signals]
    assert {signal.kind for signal in signals} == {"automated", "implicit", "explicit"}
    checked = {signal.trace_id for signal in signals if signal.kind == "automated"}
    assert 0.8 < len(checked) / len(traces) < 0.95
    for signal in signals:
        assert signal.step_id is None or signal.step_id in {s.step_id for s in traces[signal.trace_id].steps}


def test_nobody_in_it_is_real(lines):
    text = "\n".join(lines)
    assert {mail.rsplit("@")[1] for mail in re.findall(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", text)} == {"example.com"}
    assert set(re.findall(r"\b\d{3}-\d{4}\b", text)) == {"555-0142", "555-0187"}
    assert not re.findall(r"https?://|\+\d{6,}", text)
    # Letters, marks of writing and the euro sign; nothing beyond, and so no emoji.
    assert {character for character in text if ord(character) > 127} == {"€"}
    assert not re.search(r"\{(d[+-]|id:|email|name|first|today)|<[^<>]*\|[^<>]*>", text), "a place was not filled"


def test_the_readme_tells_the_truth(traces):
    readme = (ROOT / "seed_data" / "README.md").read_text(encoding="utf-8")
    for name in sorted(
        path.name for path in (ROOT / "seed_data").iterdir() if path.is_file() and path.name != "README.md"
    ):
        assert f"`{name}`" in readme
    ended = max(datetime.date(trace.started_at) for trace in traces.values())
    assert (ended - START).days // 7 + 1 == 10
