"""tau2-bench: what the judges of its runs said, what its leaderboard published, and what a header may not claim."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core.errors import InvalidInput
from core.evaluate.agreement_report import agreement_report
from core.evaluate.comparison import compare_versions
from core.evaluate.published import published_rates
from core.ingest.accept import ImportOptions, import_paths
from core.ingest.document import Document, open_document
from core.ingest.formats import tau2_bench, tau2_judges, tau2_leaderboard
from core.records import Aggregate, Annotation, Person, Rejected, Role, Trace
from core.store.annotations import annotations_of
from core.store.engine import Store
from core.store.tables import SignalRow, TraceRow

JUDGED: dict[str, Any] = {
    "simulation_id": "s-1",
    "judge_model": "some-model",
    "judge_prompt_name": "strict",
    "judge_cost_usd": 0.1,
    "judge_response": 'Here:\n```json\n{"verdict": "Satisfied", "justification": "Fine.", "issues": []}\n```',
}
SUBMITTED: dict[str, Any] = {
    "model_name": "some-model",
    "submitting_organization": "Somebody",
    "submission_date": "2026-01-02",
    "results": {"airline": {"pass_1": 50.0, "pass_2": 25, "pass_3": None, "cost": 0.2}, "telecom": {"pass_1": None}},
    "methodology": {"evaluation_date": "2026-01-01", "user_simulator": "another-model"},
}


def test_a_judges_word_and_what_it_means() -> None:
    person, annotation = tau2_judges.read(Document("j.jsonl", [JUDGED])) or ()
    assert person == Person("some-model strict", Role.MACHINE)
    assert isinstance(annotation, Annotation)
    assert (annotation.trace_id, annotation.person, annotation.schema) == ("s-1", "some-model strict", "judge-verdict")
    assert annotation.answers == {
        "verdict": "pass",
        "word": "satisfied",
        "reason": "Fine.",
        "issues": [],
        "judge": {"judge_cost_usd": 0.1},
    }
    bare = JUDGED | {"judge_response": '{"verdict": "fail"}'}
    assert [
        one.answers["verdict"]
        for one in tau2_judges.read(Document("j.jsonl", [JUDGED, bare])) or ()
        if isinstance(one, Annotation)
    ] == ["pass", "fail"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"judge_response": '{"verdict": "perhaps"}'}, "its verdict is 'perhaps', which says neither pass nor fail"),
        ({"judge_response": "I cannot say."}, "judge_response holds no JSON that can be read"),
        ({"judge_response": "[1]"}, "judge_response holds JSON that is not an object"),
        ({"judge_response": '{"reason": "none"}'}, "verdict is missing"),
        ({"judge_response": {"verdict": "pass"}}, "judge_response is an object, not a text"),
        ({"simulation_id": 4}, "simulation_id is a whole number, not a text"),
    ],
)
def test_no_verdict(change: dict[str, Any], says: str) -> None:
    record = JUDGED | change
    *_, rejected = tau2_judges.read(Document("j.jsonl", [JUDGED, record])) or ()
    assert isinstance(rejected, Rejected)
    assert rejected.record == f"record 2 (simulation_id {record['simulation_id']})"
    assert rejected.reason.startswith(says)
    assert rejected.body == record


def test_a_submission() -> None:
    first, second = tau2_leaderboard.read(Document("submission.json", SUBMITTED)) or ()
    assert isinstance(first, Aggregate)
    assert isinstance(second, Aggregate)
    said = (first.version, first.benchmark, first.rate, first.n, first.cost, first.note)
    assert said == ("some-model, Somebody", "tau2/airline", 0.5, None, 0.2, "user simulator: another-model")
    assert str(first.date) == "2026-01-01 00:00:00+00:00"
    assert (second.benchmark, second.rate, second.cost) == ("tau2/airline pass^2", 0.25, None)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"results": {"airline": {"pass_1": 150}}}, "results.airline.pass_1 is 150, not between 0 and 100"),
        ({"results": {"airline": {"pass_1": "50"}}}, "pass_1 is a text, not a whole number or a number"),
        ({"results": {"airline": 50}}, "airline is a whole number, not an object"),
        ({"results": None}, "results is missing"),
        ({"model_name": None}, "model_name is missing"),
        (
            {"submission_date": "soon", "methodology": None},
            "neither methodology.evaluation_date nor submission_date is a date",
        ),
    ],
)
def test_a_broken_submission(change: dict[str, Any], says: str) -> None:
    record = SUBMITTED | change
    made = list(tau2_leaderboard.read(Document("submission.json", record)) or ())
    assert made == [Rejected(f"record 1 (model_name {record['model_name']})", says, record)]


JUDGES = {
    "customer_outcome_v1": (20, 20),
    "policy_chain_of_thought_v1": (18, 22),
    "policy_conversation_v1": (34, 34),
    "quick_triage_v1": (25, 25),
}
"""Of 50 runs: how often the judge agrees with the reward where only `READ_AS_PUBLISHED` are read, and where all words
are. The published 18 comes out when "satisfied" is read as pass and the three rarer words as disagreement; with the two
words pass and fail alone it would be 10."""

READ_AS_PUBLISHED = {"pass": "pass", "satisfied": "pass", "fail": "fail"}


def test_the_judges_of_the_airline_runs(store: Store, real_data: Path) -> None:
    folder = real_data / "tau2-bench"
    paths = [folder / "llm-judges-airline", folder / "airline-versions" / "2025-12-02_gpt-4o-azure.json.gz"]
    report = import_paths(store, paths, ImportOptions())
    assert (report.counts["traces"], report.counts["annotations"], report.rejected) == (50, 200, [])
    with store.reading() as session:
        rewards = dict(
            session.execute(select(SignalRow.trace_id, SignalRow.value).where(SignalRow.name == "reward")).all()
        )
        found: dict[str, list[int]] = {}
        for given in annotations_of(session):
            assert given.role is Role.MACHINE
            right = "pass" if rewards[given.trace_id] == 1 else "fail"
            counted = found.setdefault(given.person.split()[-1], [0, 0])
            counted[0] += READ_AS_PUBLISHED.get(given.answers["word"]) == right
            counted[1] += given.answers["verdict"] == right
        assert {judge: tuple(counted) for judge, counted in found.items()} == JUDGES
        report = agreement_report(session, raters="machines")
        fleiss = {one.key: one.report.fleiss.value for one in report.questions}
        assert Counter(session.scalars(select(TraceRow.outcome))) == {"failed": 27, "solved": 23}
    assert {key: round(value or 0, 3) for key, value in fleiss.items()} == {"word": 0.109, "verdict": 0.307}


AIRLINE = {
    "2025-07-29_qwen2.5-7b": (0.18, None),
    "2025-10-31_claude-sonnet-4.5-aide": (0.72, "submission_claude-sonnet-4-5_aide-platform_2025-10-31"),
    "2025-11-26_gpt-oss-120b-langchain": (0.38, "submission_gpt-oss-120b_openai_2025-11-26"),
    "2025-12-02_gpt-4o-azure": (0.46, None),
    "2025-12-17_gpt-5-toolorchestra": (0.56, "submission_toolorchestra_nvidia_2025-12-02"),
}


def test_what_was_published_stands_beside_what_the_runs_come_to(store: Store, real_data: Path) -> None:
    folder = real_data / "tau2-bench" / "airline-versions"
    for name, (_, submission) in AIRLINE.items():
        paths = [folder / f"{name}.json.gz"] + ([folder / f"{submission}.json"] if submission else [])
        report = import_paths(store, paths, ImportOptions(agent="airline", version=name[11:]))
        assert (report.counts["traces"], report.rejected) == (50, [])
    with store.reading() as session:
        rates = [one for one in published_rates(session, "airline") if one.benchmark == "tau2/airline"]
        beside = {one.version: (one.rate, one.recomputed and one.recomputed.value) for one in rates}
        others = [one for one in published_rates(session, "airline") if one.benchmark != "tau2/airline"]
        known = session.execute(select(TraceRow.time_known, TraceRow.attributes["header_doubt"].as_string())).all()
        doubted = [(timed, doubt) for timed, doubt in known if doubt]
    assert beside == {name[11:]: (rate, rate) for name, (rate, submission) in AIRLINE.items() if submission}
    assert {one.recomputed for one in others} == {None}
    # only ToolOrchestra's header is another experiment's
    assert len(doubted) == 50
    assert {timed for timed, _ in doubted} == {False}
    assert "The agent model that it names is not taken as the one that ran" in doubted[0][1]


def test_a_doubtful_header_names_no_model(real_data: Path) -> None:
    path = real_data / "tau2-bench" / "airline-versions" / "2025-12-17_gpt-5-toolorchestra.json.gz"
    trace = next(iter(tau2_bench.read(open_document(path.name, path.read_bytes())) or ()))
    assert isinstance(trace, Trace)
    assert {step.model for step in trace.steps} == {""}
    assert trace.attributes["header_agent_model"] == "gpt-4.1-mini-2025-04-14"
    assert (trace.started_at, trace.seconds) == (None, None)
    assert trace.version == "gpt-4.1-mini-2025-04-14 (doubtful)"


def test_no_key_of_a_header_is_kept(real_data: Path) -> None:
    path = real_data / "tau2-bench" / "airline-versions" / "2025-11-26_gpt-oss-120b-langchain.json.gz"
    traces = list(tau2_bench.read(open_document(path.name, path.read_bytes())) or ())
    assert "api_key" not in json.dumps([dict(one.attributes) for one in traces if isinstance(one, Trace)])


@pytest.mark.parametrize(
    ("domain", "base", "tuned", "regressed", "fixed"),
    [
        ("airline", 0.50, 0.65, ["18", "29", "45"], 6),
        ("retail", 0.85, 0.85, ["18", "27", "33", "64", "71", "111"], 6),
        ("telecom", 0.45, 0.75, [], 12),
    ],
)
def test_before_and_after_tuning(
    store: Store, real_data: Path, domain: str, base: float, tuned: float, regressed: list[str], fixed: int
) -> None:
    folder = real_data / "tau2-bench" / "base-vs-sft"
    for version, file in (("base", "gpt-4.1"), ("tuned", "gpt-4.1-sft")):
        import_paths(store, [folder / f"{file}_{domain}.json.gz"], ImportOptions(agent="shop", version=version))
    with store.reading() as session:
        found = compare_versions(session, "base", "tuned").paired
    assert (round(found.base.value, 4), round(found.candidate.value, 4)) == (base, tuned)
    assert list(found.regressed) == [f"tau2/{domain}/{task}" for task in regressed]
    assert len(found.fixed) == fixed


def test_the_leaderboard_is_published_and_compared_with_nothing(store: Store, real_data: Path) -> None:
    folder = real_data / "tau2-bench" / "leaderboard"
    report = import_paths(store, [folder], ImportOptions())
    rates = sum(
        value is not None
        for file in folder.glob("*/submission.json")
        for results in json.loads(file.read_text())["results"].values()
        for key, value in (results or {}).items()
        if key.startswith("pass_")
    )
    assert {name: n for name, n in report.counts.items() if n} == {"aggregates": rates}
    assert [Path(one.path).name for one in report.rejected] == ["manifest.json", "schema.json"]
    with store.reading() as session:
        published = published_rates(session, "tau2-leaderboard")
        assert len({one.version for one in published}) == 25
        opus = [one for one in published if one.version == "Claude Opus 4.5 (high), Sierra"]
        assert {one.benchmark: one.rate for one in opus if one.benchmark.startswith("tau2/airline")} == {
            "tau2/airline": 0.84,
            "tau2/airline pass^2": pytest.approx(0.7767),
            "tau2/airline pass^3": 0.735,
            "tau2/airline pass^4": 0.7,
        }
        assert [one.cost for one in opus if one.benchmark == "tau2/retail"] == [0.38695]
        says = "Of Claude Opus 4.5 \\(high\\), Sierra only published rates are known, and no task behind them"
        with pytest.raises(InvalidInput, match=says):
            compare_versions(session, "Claude Opus 4.5 (high), Sierra", "GPT-5.2 (high), Sierra", suite="none")
    assert import_paths(store, [folder], ImportOptions()).arrived == 0
