"""An order of several candidates is kept, stands as pairs, and follows its edits, its undo and its repeats."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.errors import InvalidInput
from core.records import Choice, LabelSchema, Option, Question, Role, Task
from core.review import desk
from core.review.pairing import pair_runs
from core.review.queues import enqueue
from core.review.ranking_making import ALL_RANKINGS, rank_runs, rank_texts, read_rankings
from core.review.submitting import current_submission, submit, undo
from core.store import queues
from core.store.claims import my_claim
from core.store.engine import Store
from core.store.hidden import hidden_traces
from core.store.items import get_item
from core.store.pairs import preferences_of
from core.store.people import PersonLine, person_id
from core.store.rankings import candidates
from core.store.schemas import save_schema
from core.store.tables import ItemRow, PairRow, PreferenceRow, QueueRow, RankingGivenRow
from core.store.trace_writing import insert_traces
from tests.worlds import run

FILE = (
    b"""
{"prompt": "Say hello.", "task": "greet/1",
""".replace(b"\n", b"")
    + (
        b' "candidates": ["Hello.", {"text": "Hi!", "name": "m1"}, {"text": "Go away.", "name": "m2"}]}\n\n'
        b'{"prompt": "Say bye.", "candidates": ["Bye.", "Later.", "So long.", "Farewell."]}\n'
    )
)


def person(session: Session, name: str = "ada", role: Role = Role.ANNOTATOR) -> PersonLine:
    return PersonLine(person_id(session, name, role, active=True), name, role, True)


def queue_of(session: Session) -> QueueRow:
    (queue,) = queues.list_queues(session, "ranking")
    return queue


def take(session: Session, who: PersonLine) -> ItemRow:
    item = desk.next_item(session, queue_of(session), who)
    assert item is not None
    return item


def shown_texts(session: Session, item: ItemRow, who: PersonLine) -> list[str]:
    claim = my_claim(session, item.id, who.id)
    assert claim is not None
    assert item.ranking_id is not None
    by_letter = candidates(session, item.ranking_id)
    return [by_letter[letter].text for letter in claim.left]


def places(session: Session, item: ItemRow, who: PersonLine, wanted: dict[str, int]) -> dict[str, Any]:
    """The body that gives each text its place, wherever it stands for this person."""
    return {"places": [wanted[text] for text in shown_texts(session, item, who)]}


def ranked_file(session: Session, overlap: int = 1) -> None:
    assert rank_texts(session, FILE) == 2
    assert rank_texts(session, FILE) == 0
    queue = queue_of(session)
    assert queue.name == ALL_RANKINGS
    queue.overlap = overlap
    session.flush()


def greeting(session: Session, who: PersonLine) -> ItemRow:
    """The item of the first line of the file, claimed."""
    for _ in range(2):
        item = take(session, who)
        if "Hello." in shown_texts(session, item, who):
            return item
        desk.skip(session, item.id, who)
    raise AssertionError("it never came")


ORDER = {"Hello.": 1, "Hi!": 1, "Go away.": 3}


def better(session: Session) -> dict[tuple[str, str], str]:
    """The texts of each decided pair, as (one, other) in the order of the alphabet → which is better, or "=" ."""
    pairs = {row.id: row for row in session.scalars(select(PairRow))}
    found = {}
    for said in preferences_of(session):
        pair = pairs[said.pair_id]
        one, other = sorted((pair.text_a, pair.text_b))
        found[one, other] = {Choice.A: pair.text_a, Choice.B: pair.text_b, Choice.EQUAL: "="}[said.choice]
    return found


def test_an_order_stands_as_a_preference_on_each_two(store: Store) -> None:
    with store.session() as session:
        ranked_file(session)
        ada = person(session)
        item = greeting(session, ada)
        done = submit(session, item.id, ada, places(session, item, ada, ORDER) | {"reason": "kind"})
        number = item.id
    with store.reading() as session:
        given = session.scalars(select(RankingGivenRow)).one()
        letters = {text.text: letter for letter, text in candidates(session, given.ranking_id).items()}
        assert [sorted(tier) for tier in given.order] == [
            sorted((letters["Hello."], letters["Hi!"])),
            [letters["Go away."]],
        ]
        claim = my_claim(session, number, ada.id)
        assert claim is not None
        assert (given.shown, given.reason, given.revision) == (claim.left, "kind", done.revision)
        assert better(session) == {
            ("Go away.", "Hello."): "Hello.",
            ("Go away.", "Hi!"): "Hi!",
            ("Hello.", "Hi!"): "=",
        }
        rows = session.scalars(select(PreferenceRow)).all()
        assert {(row.given_id, row.current, row.item_id, row.blind) for row in rows} == {
            (given.id, True, item.id, True)
        }
        names = {row.name_a for row in session.scalars(select(PairRow))} | {
            row.name_b for row in session.scalars(select(PairRow))
        }
        assert names == {"", "m1", "m2"}
        assert get_item(session, number).state == "done"


def test_of_two_candidates_the_one_shown_first_stood_on_the_left(store: Store) -> None:
    with store.session() as session:
        ranked_file(session)
        ada = person(session)
        item = greeting(session, ada)
        shown = shown_texts(session, item, ada)
        submit(session, item.id, ada, places(session, item, ada, ORDER))
        pairs = {row.id: row for row in session.scalars(select(PairRow))}
        for said in preferences_of(session):
            pair = pairs[said.pair_id]
            left, right = (pair.text_a, pair.text_b) if said.left == "a" else (pair.text_b, pair.text_a)
            assert shown.index(left) < shown.index(right)


def test_the_same_again_adds_nothing_an_edit_and_an_undo_are_followed(store: Store) -> None:
    with store.session() as session:
        ranked_file(session)
        ada = person(session)
        item = greeting(session, ada)
        body = places(session, item, ada, ORDER)
        first = submit(session, item.id, ada, body)
        assert not submit(session, item.id, ada, {"places": [2 if place == 3 else 1 for place in body["places"]]}).new
        turned = places(session, item, ada, {"Hello.": 3, "Hi!": 2, "Go away.": 1})
        edited = submit(session, item.id, ada, turned, editing=first.revision)
        assert (edited.new, edited.revision) == (True, 2)
        assert set(better(session).values()) == {"Go away.", "Hi!"}
        said = current_submission(session, get_item(session, item.id), ada)
        assert said is not None
        assert said.body["places"] == turned["places"]
        back, _ = undo(session, queue_of(session), ada)
        assert back.id == item.id
        assert better(session) == {}
        assert get_item(session, item.id).state == "open"
        kept = session.execute(select(PreferenceRow.revision, PreferenceRow.current, PreferenceRow.withdrawn))
        assert sorted(tuple(row) for row in kept) == sorted(
            [(1, False, False), (2, False, False), (3, False, True)] * 3
        )
        submit(session, item.id, ada, body)
        assert len(better(session)) == 3


def test_runs_ranked_and_runs_paired_are_the_same_pairs(store: Store) -> None:
    task = Task("shop/1", "Where is it?")
    with store.session() as session:
        runs = [run(f"{version}-{n}", task=task, version=version) for version in ("v1", "v2", "v3") for n in range(2)]
        ids = insert_traces(session, runs).traces
        assert pair_runs(session, "shop", "versions", per_task=99) == 12
        assert rank_runs(session, "shop", 3) == 1
        assert rank_runs(session, "shop", 3) == 0
        ada = person(session)
        item = take(session, ada)
        assert item.ranking_id is not None
        by_letter = candidates(session, item.ranking_id)
        assert {each.name for each in by_letter.values()} == {"v1", "v2", "v3"}
        ranked = {ids[each.trace] for each in by_letter.values()}
        session.execute(update(QueueRow).where(QueueRow.subject != "ranking").values(state="archived"))
        session.expire_all()
        assert hidden_traces(session, ada.id, list(ids.values())) == ranked
        submit(session, item.id, ada, {"places": [2, 1, 3]})
        assert hidden_traces(session, ada.id, list(ids.values())) == set()
        assert len(session.scalars(select(PairRow)).all()) == 12
        assert len(preferences_of(session)) == 3
        assert rank_runs(session, "shop", 6) == 1
        submit(session, take(session, ada).id, ada, {"places": [1, 2, 3, 4, 5, 6]})
        assert len(session.scalars(select(PairRow)).all()) == 15
        assert len(preferences_of(session)) == 15


def test_what_somebody_chose_between_two_since_outlives_the_undo_of_their_ranking(store: Store) -> None:
    with store.session() as session:
        ranked_file(session)
        ada = person(session)
        item = greeting(session, ada)
        submit(session, item.id, ada, places(session, item, ada, ORDER))
        pair = session.scalars(select(PairRow).where(PairRow.text_a.in_(ORDER), PairRow.text_b.in_(ORDER))).first()
        assert pair is not None
        enqueue(session, [], [pair.id])
        (queue,) = queues.list_queues(session, "pair")
        by_itself = session.scalars(select(ItemRow).where(ItemRow.pair_id == pair.id)).one()
        desk.claim_item(session, by_itself, ada, queue)
        submit(session, by_itself.id, ada, {"choice": "both_bad"}, editing=1)
        undo(session, queue_of(session), ada)
        assert [(said.pair_id, said.choice) for said in preferences_of(session)] == [(pair.id, Choice.BOTH_BAD)]


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        ({}, "places", "3 have none"),
        ({"places": [1, None, 2]}, "places", "1 has none"),
        ({"places": [1, 2, 4]}, "places", "1 to 3"),
        ({"places": [0, 1, 2]}, "places", "1 to 3"),
        ({"places": [1, 2, 3, 1]}, "places", "1 to 3"),
        ({"places": ["best", 2, 3]}, "places", "a number"),
        ({"places": [1, 2, 3], "answers": {"mood": "good"}}, "mood", "no question mood"),
        ({"places": [1, 2, 3], "answers": {}}, "reasons", "needs an answer"),
    ],
)
def test_what_is_no_order_is_refused_where_it_is_wrong(
    store: Store, body: dict[str, Any], field: str, says: str
) -> None:
    asked = LabelSchema(
        "p", 1, "P", (Question("reasons", "multi_choice", "Why", (Option("kind", "Kind"),), required=True),)
    )
    with store.session() as session:
        ranked_file(session)
        queue_of(session).schema_id = save_schema(session, asked)
        session.flush()
        ada = person(session)
        item = greeting(session, ada)
        with pytest.raises(InvalidInput, match=says) as refused:
            submit(session, item.id, ada, body)
        assert refused.value.field == field
        submit(session, item.id, ada, {"places": [1, 2, 3], "answers": {"reasons": ["kind"]}})
        given = session.scalars(select(RankingGivenRow)).one()
        assert given.answers == {"reasons": ["kind"]}


def test_a_hidden_repeat_turns_the_order_round_and_stands_apart(store: Store) -> None:
    lines = "\n".join(f'{{"prompt": "Say {n}.", "candidates": ["one {n}", "two {n}", "three {n}"]}}' for n in range(12))
    with store.session() as session:
        assert rank_texts(session, lines.encode()) == 12
        session.execute(update(QueueRow).values(repeat_share=1.0))
        session.expire_all()
        ada = person(session)
        shown: dict[int, str] = {}
        again = None
        while again is None:
            item = take(session, ada)
            claim = my_claim(session, item.id, ada.id)
            assert claim is not None
            if item.repeat_of is not None:
                again = item
                assert claim.left == shown[item.repeat_of][::-1]
            shown[item.id] = claim.left
            submit(session, item.id, ada, {"places": [1, 2, 3]})
        before = {row.pair_id: row for row in session.scalars(select(PreferenceRow).where(PreferenceRow.current))}
        repeated = session.scalars(select(PreferenceRow).where(PreferenceRow.place == "repeat")).all()
        assert len(repeated) == 3
        assert all(
            before[row.pair_id].choice != row.choice and before[row.pair_id].left != row.left for row in repeated
        )
        assert len(before) == 3 * (len(shown) - 1)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"{", "Line 2 is not JSON"),
        (b'{"prompt": "x", "candidates": ["a", "b"]}', "3 to 6 candidates"),
        (b'{"prompt": "x", "candidates": ["a", "b", "c", "d", "e", "f", "g"]}', "3 to 6 candidates"),
        (b'{"prompt": "x", "candidates": ["a", "b", "a"]}', "same candidate twice"),
        (b'{"candidates": ["a", "b", "c"]}', "prompt"),
        (b'{"prompt": "x", "candidates": ["a", "b", 7]}', "3 to 6 candidates"),
        (b"[1]", "Line 2"),
    ],
)
def test_a_file_of_rankings_is_taken_whole_or_not_at_all(line: bytes, says: str) -> None:
    sound = b'{"prompt": "x", "candidates": ["a", "b", "c"]}\n'
    assert len(list(read_rankings(sound))) == 1
    with pytest.raises(InvalidInput, match=says):
        list(read_rankings(sound + line))
