"""Comparing versions through the store: real benchmarks, and what must be left out."""

import pytest
from statsmodels.stats.multitest import multipletests

from core.errors import Ambiguous, Conflict, InvalidInput, NotFound
from core.evaluate.comparison import compare_versions, open_for
from core.ingest.accept import ImportOptions, import_paths
from core.records import Outcome, Split, Task, Version
from core.store.results import runs_of_tasks
from core.store.suites import Case, add_tasks, draft_of, find_suite, set_cases
from core.store.tables import TaskRow
from core.store.task_splits import set_splits
from tests.core.evaluate.conftest import keep, plan, run, tau2


def numbers(tasks):
    return [int(task.rsplit("/", 1)[1]) for task in tasks if task.rsplit("/", 1)[1].isdigit()]


@pytest.mark.parametrize(
    ("domain", "n", "base", "sft", "broken", "n_fixed"),
    [
        ("retail", 40, 0.85, 0.85, [18, 27, 33, 64, 71, 111], 6),
        ("airline", 20, 0.50, 0.65, [18, 29, 45], 6),
        ("telecom", 40, 0.45, 0.75, [], 12),
    ],
)
def test_tau2_before_and_after_fine_tuning(store, real_data, domain, n, base, sft, broken, n_fixed):
    tau2(store, real_data, domain)
    with store.session() as session:
        compared = compare_versions(session, "base", "sft", suite=domain, agent="gpt-4.1")
    said = compared.as_json()
    assert (said["n_tasks"], said["base"]["success"], said["candidate"]["success"]) == pytest.approx((n, base, sft))
    assert numbers(said["regressed"]) == broken
    assert len(said["fixed"]) == n_fixed
    assert said["verdict"] == ("better" if domain == "telecom" else "cannot be told at this n")
    assert said["latency_difference"]["n_tasks"] == n
    # The prices of the fine-tuned model were not known: the file says 0, which is no cost.
    assert (said["base"]["cost"] > 0, said["candidate"]["cost"], said["cost_difference"]) == (True, None, None)
    assert said["base"]["pass_hat"] == {"1": pytest.approx(base)}


def test_a_page_can_open_both_runs_of_a_broken_task(store, real_data):
    tau2(store, real_data, "retail")
    with store.reading() as session:
        compared = compare_versions(session, "base", "sft")
        versions = [compared.base.version_id, compared.candidate.version_id]
        runs = runs_of_tasks(session, versions, compared.paired.regressed[:1])
    assert [(one.task, one.version_id, one.outcome) for one in runs] == [
        ("tau2/retail/18", versions[0], Outcome.SOLVED),
        ("tau2/retail/18", versions[1], Outcome.FAILED),
    ]


def test_tau_bench_reliability_as_published(store, real_data):
    options = ImportOptions(agent="airline", version="gpt-4o")
    import_paths(store, [real_data / "tau-bench/gpt-4o-airline.json.gz"], options)
    with store.reading() as session:
        compared = compare_versions(session, "gpt-4o", "gpt-4o")
    assert [round(each.hat, 3) for each in compared.base.pass_k] == [0.420, 0.273, 0.220, 0.200]
    assert (compared.paired.difference, compared.paired.p_value) == (0, 1)
    assert compared.paired.regressed == compared.paired.fixed == ()


def test_what_cannot_be_compared_is_counted_and_left_out(store):
    results = {"a": {"1": "ss", "2": "sf", "3": "u", "4": "s"}, "b": {"1": "pf", "2": "ssu", "5": "s", "6": "u"}}
    derived = Task("guess/1", derived=True)
    extra = [run("a/d", "a", derived, 1.0), run("b/d", "b", derived, 0.0), run("b/n", "b", None, 1.0)]
    keep(store, [*plan(results), *extra])
    with store.reading() as session:
        compared = compare_versions(session, "a", "b")
    paired, base, candidate = compared.paired, compared.base, compared.candidate
    assert (paired.n_tasks, paired.regressed, paired.fixed, paired.flaky) == (2, ("shop/1",), ("shop/2",), ("shop/2",))
    assert (base.only, candidate.only) == (("shop/4",), ("shop/5",))
    assert (base.n_runs, base.unknown, base.not_comparable) == (4, 1, 1)
    assert (candidate.n_runs, candidate.unknown, candidate.not_comparable) == (4, 2, 2)
    assert "cannot be told" in compared.sentence
    assert compared.advice.startswith("It broke 1 task and fixed 1.")


def test_a_suite_limits_the_tasks_and_is_frozen_by_its_first_comparison(store):
    keep(store, plan({"a": {"1": "s", "2": "s", "3": "s"}, "b": {"1": "s", "2": "f"}}), Version("shop", "b", base="a"))
    with store.session() as session:
        ids = {row.key: row.id for row in session.query(TaskRow)}
        add_tasks(session, "small", [ids["shop/2"], ids["shop/3"]])
        extra = TaskRow(key="shop/9", title="", derived=False, split="train")
        session.add(extra)
        session.flush()
        add_tasks(session, "small", [extra.id])
    with store.session() as session:
        compared = compare_versions(session, "a", "b", suite="small")
        said = compared.as_json()
        assert (said["n_tasks"], said["regressed"], said["untried"]) == (1, ["shop/2"], ["shop/9"])
        assert compared.base.only == ("shop/3",)
        assert find_suite(session, "small").frozen_at is not None
        with pytest.raises(Conflict, match="frozen"):
            add_tasks(session, "small", [ids["shop/1"]])


@pytest.mark.parametrize(
    ("results", "message"),
    [
        ({"a": {"1": "s"}, "b": {"2": "s"}}, "different tasks"),
        ({"a": {"1": "s"}, "b": {"1": "u"}}, "No run of b has an outcome"),
    ],
)
def test_what_cannot_be_compared_says_why(store, results, message):
    keep(store, plan(results))
    with store.reading() as session, pytest.raises(InvalidInput, match=message):
        compare_versions(session, "a", "b")


def test_versions_without_runs_or_tasks_say_what_to_do(store):
    keep(store, [run("1", "a", Task("guess/1", derived=True), 1.0)], Version("shop", "b"))
    with store.reading() as session:
        with pytest.raises(InvalidInput, match="1 runs of a name no task"):
            compare_versions(session, "a", "a")
        with pytest.raises(InvalidInput, match="b has no runs yet"):
            compare_versions(session, "b", "a")


def test_names_that_are_wrong_or_ambiguous(store):
    keep(store, [run("1", "a", "t", 1.0), run("2", "a", "t", 1.0, agent="other")])
    with store.reading() as session:
        with pytest.raises(Ambiguous, match="other, shop"):
            compare_versions(session, "a", "a")
        with pytest.raises(NotFound, match="no version z"):
            compare_versions(session, "z", "a", agent="shop")
        with pytest.raises(NotFound, match="no suite"):
            compare_versions(session, "a", "a", suite="nothing", agent="shop")
        assert compare_versions(session, "a", "a", agent="other").paired.n_tasks == 1


def suite_of(session, name, tags, holdout=()):
    """A draft with these tasks and their tags; some are kept as holdout."""
    set_cases(session, draft_of(session, name), [Case(f"shop/{task}", tuple(words)) for task, words in tags.items()])
    set_splits(session, {f"shop/{task}": Split.HOLDOUT for task in holdout})


def test_the_holdout_stays_closed_until_somebody_says_why(store):
    results = {"a": dict.fromkeys("123456", "s"), "b": {**dict.fromkeys("1234", "s"), "5": "f", "6": "f"}}
    keep(store, plan(results))
    with store.session() as session:
        suite_of(session, "small", dict.fromkeys("123456", ()), holdout="456")
        closed = compare_versions(session, "a", "b", suite="small")
        assert (closed.paired.n_tasks, closed.closed, closed.openings, closed.holdout) == (3, 3, 0, False)
        assert closed.paired.regressed == ()
        open_for(session, "small", "a", "b", "The release is decided.")
        opened = compare_versions(session, "a", "b", suite="small", holdout=True)
        assert (opened.paired.n_tasks, opened.closed, opened.openings, opened.holdout) == (3, 0, 1, True)
        assert opened.paired.regressed == ("shop/5", "shop/6")
        assert compare_versions(session, "a", "b", suite="small").openings == 1
        assert opened.as_json()["holdout"] == {"opened": True, "left_out": 0, "openings": 1}
        with pytest.raises(InvalidInput, match="Say why"):
            open_for(session, "small", "a", "b", " ")
        with pytest.raises(InvalidInput, match="Without a suite there is no holdout"):
            compare_versions(session, "a", "b", holdout=True)
        suite_of(session, "open", {"1": ()})
        with pytest.raises(InvalidInput, match="The suite open has no holdout"):
            open_for(session, "open", "a", "b", "Why not?")
        suite_of(session, "kept", {"4": (), "5": ()})
        with pytest.raises(InvalidInput, match="Every task of the suite kept is holdout"):
            compare_versions(session, "a", "b", suite="kept")


def test_tags_are_compared_apart_and_among_each_other(store):
    n = [str(number) for number in range(24)]
    results = {"a": dict.fromkeys(n, "s"), "b": {task: "f" if int(task) < 8 else "s" for task in n}}
    keep(store, plan(results))
    tags = {task: ("refund", "all") if int(task) < 8 else ("lamp", "all") for task in n}
    with store.session() as session:
        suite_of(session, "tagged", tags)
        compared = compare_versions(session, "a", "b", suite="tagged")
    found = {one.tag: one for one in compared.by_tag}
    assert [(one.tag, one.paired.n_tasks, one.differs) for one in compared.by_tag] == [
        ("all", 24, True),
        ("refund", 8, True),
        ("lamp", 16, False),
    ]
    raw = [one.paired.p_value for one in found.values()]
    assert [one.p_adjusted for one in found.values()] == pytest.approx(list(multipletests(raw, method="holm")[1]))
    assert [one["tag"] for one in compared.as_json()["by_tag"]] == ["all", "refund", "lamp"]
