"""Agreement from what is stored: PandaLM as published, and each kind of question."""

from datetime import timedelta

import pytest

from core.errors import InvalidInput, NotFound
from core.evaluate.agreement_json import agreement_json
from core.evaluate.agreement_report import details_of
from core.ingest.accept import ImportOptions, import_paths
from core.records import (
    Mark,
    Role,
)
from core.store.answer_words import save_answer_words
from core.store.items import GOLD, NewItem, add_items
from core.store.judgements import stamp_of_judgements
from core.store.people import person_id
from core.store.queues import get_queue, make_queue
from core.store.schemas import save_schema
from core.store.tables import ItemRow, PersonRow
from core.store.traces import find_trace
from tests.core.evaluate.agreeing import DEEP, SCHEMA, long_run, report, say
from tests.core.evaluate.conftest import MONDAY, keep, run


def test_pandalm_as_published(store, real_data):
    import_paths(store, [real_data / "pandalm/testset-v1.json"], ImportOptions())
    (question,) = agreement_json(report(store))["questions"]
    assert (question["key"], question["n_items"], question["n_raters"]) == ("preference", 999, 3)
    assert {raters: round(kappa, 3) for raters, kappa in question["cohen"].items()} == {
        "pandalm-annotator1~pandalm-annotator2": 0.852,
        "pandalm-annotator1~pandalm-annotator3": 0.879,
        "pandalm-annotator2~pandalm-annotator3": 0.862,
    }
    assert round(question["fleiss"], 3) == round(question["krippendorff"], 3) == 0.864
    low, high = question["interval"]
    assert 0.84 < low < 0.864 < high < 0.89


def test_people_and_machines_are_apart_and_what_was_withdrawn_does_not_count(store):
    keep(store, [run(uid, "v1", "t", None) for uid in "xy"])
    for uid, judged in (("x", "a"), ("y", "b")):
        for person in ("ann", "bob"):
            say(store, uid, person, {"outcome": "a" if person == "ann" else judged})
        for judge in ("judge-1", "judge-2"):
            say(store, uid, judge, {"outcome": "c"}, role=Role.MACHINE)
    say(store, "y", "bob", {}, withdrawn=True)
    people, machines = report(store, question="outcome"), report(store, question="outcome", raters="machines")
    assert [(found.questions[0].report.n_items, found.raters) for found in (people, machines)] == [
        (1, "people"),
        (2, "machines"),
    ]


def test_one_queue_only(store):
    keep(store, [run(uid, "v1", "t", None) for uid in "xy"])
    for uid in "xy":
        for person in ("ann", "bob"):
            say(store, uid, person, {"outcome": "a"})
    with store.session() as session:
        queue = make_queue(session, "first", "trace", save_schema(session, SCHEMA))
        add_items(session, get_queue(session, queue), [NewItem(find_trace(session, "x"))])
    assert report(store, queue="first", question="outcome").questions[0].report.n_items == 1
    assert report(store, question="outcome").questions[0].report.n_items == 2


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        ({"queue": "nothing"}, NotFound, "no queue nothing"),
        ({"question": "nothing"}, NotFound, "answered are: none"),
        ({"raters": "cats"}, InvalidInput, "people or machines"),
    ],
)
def test_wrong_names_say_what_there_is(store, asked, error, message):
    with pytest.raises(error, match=message):
        report(store, **asked)


def test_without_labels_there_is_nothing_to_report(store):
    assert agreement_json(report(store)) == {
        "queue": None,
        "raters": "people",
        "known_left_out": 0,
        "questions": [],
    }


@pytest.mark.parametrize("place", ["surplus", "repeat", "requeued"])
def test_what_stands_apart_never_counts(store, place):
    keep(store, [run("x", "v1", "t", None)])
    say(store, "x", "ann", {"outcome": "a"})
    say(store, "x", "bob", {"outcome": "b"}, place=place)
    say(store, "x", "ann", {"outcome": "b"}, place="repeat")
    (found,) = report(store, question="outcome").questions
    assert (found.report.n_items, found.report.n_answers) == (0, 0)


def test_items_whose_answer_is_known_are_left_out_and_counted(store):
    keep(store, [run(uid, "v1", f"t/{uid}", None) for uid in "xyz"])
    with store.session() as session:
        queue = get_queue(session, make_queue(session, "q", "trace", save_schema(session, SCHEMA), overlap=2))
        add_items(session, queue, [NewItem(find_trace(session, uid)) for uid in "xyz"])
        items = {item.trace_id: item for item in session.query(ItemRow)}
        known = items[find_trace(session, "x")]
        known.state, known.gold = GOLD, {"outcome": "a"}
        ids = {uid: items[find_trace(session, uid)].id for uid in "xyz"}
    for uid in "xyz":
        for person in ("ann", "bob"):
            say(store, uid, person, {"outcome": "a" if uid == "x" else person[0]}, item_id=ids[uid])
    for asked in ({}, {"queue": "q"}):
        team = report(store, question="outcome", **asked)
        assert (team.n_known, team.questions[0].report.n_items) == (2, 2)
        assert agreement_json(team)["known_left_out"] == 2


def test_a_queue_counts_only_what_it_asks_and_only_the_step_that_is_in_it(store):
    keep(store, [long_run("x")])
    for person in ("ann", "bob"):
        say(store, "x", person, {"outcome": "a"})
        say(store, "x", person, {"outcome": "b"}, step="s1")
        say(store, "x", person, {"outcome": "b"}, step="s2")
        say(store, "x", person, {"failed": True}, schema=DEEP)
    with store.session() as session:
        queue = make_queue(session, "steps", "step", save_schema(session, SCHEMA))
        add_items(session, get_queue(session, queue), [NewItem(find_trace(session, "x"), "s1")])
    found = {one.key: one.report.n_items for one in report(store, queue="steps").questions}
    assert found["outcome"] == 1
    assert "failed" not in found


def test_over_time_by_the_later_answer_in_weeks_and_in_months(store):
    keep(store, [run(f"r{n}", "v1", f"t/{n}", None) for n in range(4)])
    for n, (first, second) in enumerate(((0, 1), (0, 7), (8, 8), (0, 9))):
        for person, day in (("ann", first), ("bob", second)):
            say(store, f"r{n}", person, {"outcome": person[0]}, at=MONDAY + timedelta(days=day))
    weeks = details_of(report(store, question="outcome").questions[0])
    assert (weeks.by, [(one.start.isoformat(), one.percent.n_items) for one in weeks.periods]) == (
        "week",
        [("2026-08-31", 1), ("2026-09-07", 3)],
    )
    say(store, "r0", "ann", {"outcome": "a"}, at=MONDAY + timedelta(weeks=40))
    months = details_of(report(store, question="outcome").questions[0])
    assert (months.by, [(one.start.isoformat(), one.percent.n_items) for one in months.periods]) == (
        "month",
        [("2026-09-01", 3), ("2027-06-01", 1)],
    )


def test_words_that_mean_the_same_are_applied_and_both_figures_stay(store):
    keep(store, [run(f"r{n}", "v1", f"t/{n}", None) for n in range(6)])
    for n in range(6):
        for person, outcome in (("ann", "a"), ("bob", "b" if n % 2 else "a")):
            answers = {"outcome": "c" if n == 5 else outcome, "comment": f" the  {outcome} "}
            say(store, f"r{n}", person, answers, [Mark("wrong", "0", outcome)])
    assert [one.key for one in report(store).texts] == ["comment"]
    with store.session() as session:
        for question in ("outcome", "wrong"):
            save_answer_words(session, "kinds", question, {"b": " a ", "c": "c"})
        save_answer_words(session, "kinds", "comment", {"the b": "the a"})
    team = report(store)
    assert team.texts == ()
    rows = {row["key"]: row for row in agreement_json(team)["questions"]}
    assert {key: rows[key]["mapped"]["words"] for key in ("outcome", "wrong", "comment")} == {
        "outcome": {"b": "a"},
        "wrong": {"b": "a"},
        "comment": {"the b": "the a"},
    }
    for key, raw in (("outcome", 200 / 3), ("wrong", 50), ("comment", 50)):
        assert (rows[key]["percent"], rows[key]["mapped"]["percent"]) == (pytest.approx(raw), 100)


def test_judges_words_as_published_raw_and_mapped(store, real_data):
    folder = real_data / "tau2-bench"
    runs = (folder / "airline-versions").glob("2025-12-02_gpt-4o-azure*")
    import_paths(store, [folder / "llm-judges-airline", *runs], ImportOptions())
    with store.session() as session:
        same = dict.fromkeys(("satisfied", "satisfactory", "compliant", "correct"), "pass")
        save_answer_words(session, "judge-verdict", "word", same)
    assert report(store).questions == ()
    rows = {row["key"]: row for row in agreement_json(report(store, raters="machines"))["questions"]}
    assert round(rows["word"]["fleiss"], 3) == 0.109
    assert round(rows["word"]["mapped"]["fleiss"], 3) == round(rows["verdict"]["fleiss"], 3) == 0.307
    assert [one["value"] for one in rows["word"]["categories"]] == []


def test_consensus_is_of_three_or_more(store, real_data):
    import_paths(store, [real_data / "pandalm/testset-v1.json"], ImportOptions())
    (row,) = agreement_json(report(store))["questions"]
    assert (row["consensus"]["n_items"], row["consensus"]["converged"]) == (999, True)
    assert all(0.9 < right < 1 for right in row["consensus"]["right"].values())
    assert {one["value"]: one["n_chosen"] for one in row["categories"]}.keys() == {"a", "equal", "b"}
    assert all(one["interval"][0] < one["krippendorff"] < one["interval"][1] for one in row["categories"])
    assert set(row["intervals"]) == {"percent", "fleiss", "krippendorff", "cohen"}


def test_the_stamp_moves_with_everything_that_agreement_rests_on(store):
    def stamp():
        with store.reading() as session:
            return stamp_of_judgements(session)

    seen = [stamp()]
    keep(store, [run("x", "v1", "t", None)])

    def moved():
        seen.append(stamp())
        return seen[-1] not in seen[:-1]

    say(store, "x", "ann", {"outcome": "a"})
    assert moved()
    say(store, "x", "ann", {}, withdrawn=True)
    assert moved()
    with store.session() as session:
        save_answer_words(session, "kinds", "outcome", {"b": "a"})
    assert moved()
    with store.session() as session:
        session.get(PersonRow, person_id(session, "ann")).role = "machine"
    assert moved()
    with store.session() as session:
        queue = get_queue(session, make_queue(session, "q", "trace", save_schema(session, SCHEMA)))
        add_items(session, queue, [NewItem(find_trace(session, "x"))])
    assert moved()
    with store.session() as session:
        session.query(ItemRow).one().state = GOLD
    assert moved()
    assert not moved()
