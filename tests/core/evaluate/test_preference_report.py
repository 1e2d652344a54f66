"""The report on preferences: PandaLM's people and judges apart, hidden repeats end to end, cycles, and rankings."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from core.evaluate.preference_report import PreferenceReport, preference_report
from core.ingest.accept import ImportOptions, import_paths
from core.records import Choice, Pair, Preference, Role
from core.review import desk
from core.review.ranking_making import rank_texts
from core.review.submitting import submit
from core.store import queues
from core.store.claims import my_claim
from core.store.engine import Store
from core.store.items import NewItem, add_items
from core.store.pairs import import_preferences, insert_pairs, pair_row
from core.store.people import PersonLine, person_id
from core.store.queues import get_queue, make_queue


def report_on(store: Store, queue: str = "", machines: bool = False) -> PreferenceReport:
    with store.reading() as session:
        row = get_queue(session, make_queue(session, queue, "pair", None)) if queue else None
        return preference_report(session, row, machines)


def test_pandalm_people_and_judges_are_told_apart(store: Store, real_data: Path) -> None:
    import_paths(store, [real_data / "pandalm"], ImportOptions())
    people, judges = report_on(store), report_on(store, machines=True)
    records = json.loads((real_data / "pandalm/testset-v1.json").read_text())
    assert (people.n, people.pairs, people.sides_unknown, people.left, people.again) == (2997, 999, 2997, None, None)
    assert [one.person for one in people.people] == [f"pandalm-annotator{n}" for n in (1, 2, 3)]
    assert [one.person for one in judges.people] == ["pandalm-7b", "pandalm-gpt-3.5-turbo"]
    counted: Counter[str] = Counter()
    points: Counter[str] = Counter()
    for record in records:
        one, _, other = record["cmp_key"].partition("_")
        for n in (1, 2, 3):
            said = record[f"annotator{n}"]
            counted.update((one, other))
            points.update({one: (0.5, 1, 0)[said], other: (0.5, 0, 1)[said]})
    (group,) = people.strengths
    assert {one.name: one.n for one in group.strengths} == counted
    share = {name: points[name] / counted[name] for name in counted}
    assert [one.name for one in group.strengths] == sorted(share, key=share.__getitem__, reverse=True)
    assert group.strengths[0].name == "llama-7b"
    length = people.length["characters"]
    decided = [
        (len(str(record["response1"])) > len(str(record["response2"]))) == (record[f"annotator{n}"] == 1)
        for record in records
        for n in (1, 2, 3)
        if record[f"annotator{n}"]
        and len(_text(record["response1"])) != len(_text(record["response2"]))
        and record["response1"]
        and record["response2"]
    ]
    assert (length.longer.n, length.longer.successes) == (len(decided), sum(decided))
    assert length.odds_interval is not None
    assert length.odds_interval.low > 1
    assert (people.version_cycles.found, people.version_cycles.triples) == ((), 10)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_hidden_repeats_tell_whose_choice_follows_the_place(store: Store) -> None:
    """Ada always takes the better text, Ben always the left one; both are asked again without knowing."""
    with store.session() as session:
        queue = get_queue(session, make_queue(session, "q", "pair", None, overlap=2))
        queue.repeat_share = 0.5
        made = insert_pairs(
            session, [Pair(f"p{n}", "t", f"Task {n}", "good", "poor", name_a="v2", name_b="v1") for n in range(40)]
        )
        add_items(session, queue, [NewItem(one) for one in made.values()])
        n_repeats = {name: _work(session, queue, name) for name in ("ada", "ben")}
    report = report_on(store, "q")
    ada, ben = report.people
    assert report.n == 80
    assert min(n_repeats.values()) >= 8
    assert ada.again is not None
    assert ben.again is not None
    assert (ada.n, ada.again.same.n, ada.again.same.value, ada.again.exact.value) == (40, n_repeats["ada"], 1.0, 1.0)
    assert (ada.again.swapped, ada.again.left_twice, ada.again.right_twice) == (n_repeats["ada"], 0, 0)
    assert (ben.again.same.n, ben.again.same.value, ben.again.left_twice) == (n_repeats["ben"], 0.0, n_repeats["ben"])
    assert ben.left is not None
    assert ada.left is not None
    assert ben.left.value == 1.0
    assert ada.left.interval.low < 0.5 < ada.left.interval.high
    assert report.again is not None
    assert report.again.same.n == sum(n_repeats.values())


def _work(session: object, queue: object, name: str) -> int:
    """Answer everything; how many hidden repeats there were."""
    who = PersonLine(person_id(session, name, Role.ANNOTATOR, active=True), name, Role.ANNOTATOR, True)  # type: ignore[arg-type]
    repeats = 0
    while (item := desk.next_item(session, queue, who)) is not None:  # type: ignore[arg-type]
        claim = my_claim(session, item.id, who.id)  # type: ignore[arg-type]
        assert claim is not None
        assert item.pair_id is not None
        good_left = claim.left == "a"
        side = "left" if name == "ben" or good_left else "right"
        repeats += item.repeat_of is not None
        submit(session, item.id, who, {"choice": side})  # type: ignore[arg-type]
    return repeats


def test_what_goes_round_is_listed_by_task_and_among_versions(store: Store) -> None:
    wins = [("a", "b"), ("b", "c"), ("c", "a")]
    with store.session() as session:
        pairs = [
            Pair(f"{t}{one}{other}", "t", f"Task {t}", one, other * 2, name_a=one, name_b=other)
            for t in "12"
            for one, other in wins
        ]
        made = insert_pairs(session, pairs)
        said = []
        for n, name in enumerate(("ada", "ben", "cem")):
            who = person_id(session, name)
            for uid, pair in made.items():
                follows = uid[0] == "1" or n == 0 or uid.endswith("ab")
                said.append((Preference("", name, Choice.A_MUCH if follows else Choice.B), pair, who))
        judge = person_id(session, "judge", Role.MACHINE)
        said += [(Preference("", "judge", Choice.B), pair, judge) for pair in made.values()]
        import_preferences(session, said)
    report = report_on(store)
    assert [(one.title, one.names) for one in report.task_cycles] == [("Task 1", ("a", "b", "c"))]
    assert report.task_triples == 2
    assert report.version_cycles.found == (("a", "b", "c"),)
    judged = report_on(store, machines=True)
    assert [one.names for one in judged.task_cycles] == [("a", "c", "b")] * 2


def test_an_order_counts_as_its_pairs_and_is_reported_by_its_queue(store: Store) -> None:
    line = {"prompt": "Say hello.", "candidates": [{"text": "x" * n, "name": f"m{n}"} for n in (1, 2, 4)]}
    with store.session() as session:
        rank_texts(session, json.dumps(line).encode())
        (queue,) = queues.list_queues(session, "ranking")
        who = PersonLine(person_id(session, "ada", Role.ANNOTATOR, active=True), "ada", Role.ANNOTATOR, True)
        item = desk.next_item(session, queue, who)
        assert item is not None
        submit(session, item.id, who, {"places": [1, 2, 3]})
        report = preference_report(session, queue)
    assert (report.n, report.pairs, report.task_triples, report.task_cycles) == (3, 3, 1, ())
    assert report.left is not None
    assert (report.left.successes, report.left.n, report.left.tasks) == (3, 3, 1)
    assert {one.name for one in report.strengths[0].strengths} == {"m1", "m2", "m4"}


def test_corrections_and_runs_of_one_version_say_nothing_of_versions(store: Store) -> None:
    with store.session() as session:
        made = insert_pairs(
            session,
            [
                Pair("c", "correction", "x", "a", "b", name_a="corrected", name_b="original"),
                Pair("s", "texts", "x", "a", "b", name_a="v1", name_b="v1"),
            ],
        )
        ada = person_id(session, "ada")
        import_preferences(session, [(Preference("", "ada", Choice.A, "b"), pair, ada) for pair in made.values()])
        assert pair_row(session, made["c"]).source == "correction"
    report = report_on(store)
    assert (report.n, report.strengths) == (2, ())
    assert report.left is not None
    assert report.left.value == 0


def test_nothing_said_is_an_empty_report(store: Store) -> None:
    report = report_on(store)
    assert (report.n, report.left, report.length, report.again, report.people) == (0, None, {}, None, ())
    assert (report.strengths, report.task_cycles, report.task_triples) == ((), (), 0)
