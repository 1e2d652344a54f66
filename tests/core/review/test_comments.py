"""Comments: who may read and write which, said once, settled and opened again; and blind until one has answered."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from core.errors import InvalidInput, NotFound, NotPermitted
from core.records import Role
from core.review import desk
from core.review.comments import reply_to, resolve, threads, write_comment
from core.review.queues import ALL_PAIRS, ALL_RUNS, enqueue
from core.review.submitting import submit
from core.store.comments import Place, open_threads
from core.store.control_items import add_repeat
from core.store.engine import Store
from core.store.pairs import insert_pairs
from core.store.people import PersonLine, person_id
from core.store.queues import get_queue, list_queues
from core.store.reach import Run
from core.store.removal import remove_runs
from core.store.tables import CommentRow
from core.store.trace_writing import insert_traces
from tests.worlds import run, texts

SOLVED = {"answers": {"outcome": "solved"}}


def person(session: Session, name: str, role: Role = Role.ANNOTATOR) -> PersonLine:
    return PersonLine(person_id(session, name, role, active=True), name, role, True)


@pytest.fixture
def place(store: Store) -> Place:
    """A run that is in no queue."""
    with store.session() as session:
        return Place(trace=insert_traces(session, [run("t0")]).traces["t0"])


def read(session: Session, place: Place, who: PersonLine, item: int | None = None) -> list[list[str]]:
    found = threads(session, place, who, item)
    return [[f"{one.person}: {one.text}" for one in (each.first, *each.replies)] for each in found]


def test_a_thread_is_begun_answered_settled_and_opened_again(store: Store, place: Place) -> None:
    with store.session() as session:
        ada, ben, lead = person(session, "ada"), person(session, "ben"), person(session, "lead", Role.LEAD)
        first = write_comment(session, place, "3", ada, "  Is this right?\nI doubt it. ")
        write_comment(session, place, "", ben, "Good run.")
        said = reply_to(session, first, ben, "It is.")
        nested = session.query(CommentRow).filter_by(reply_to=said.id).one()
        reply_to(session, nested.id, lead, "An answer to an answer stands in the same thread.")
        assert read(session, place, lead) == [
            [
                "ada: Is this right?\nI doubt it.",
                "ben: It is.",
                "lead: An answer to an answer stands in the same thread.",
            ],
            ["ben: Good run."],
        ]
        assert threads(session, place, lead)[0].first.step == "3"
        with pytest.raises(NotPermitted, match="ada or a lead"):
            resolve(session, first, ben, True)
        resolve(session, first, ada, True)
        resolve(session, first, lead, True)
        settled = threads(session, place, ben)[0].first
        assert settled.resolved_by == "ada", "who settled it first stands"
        assert settled.resolved_at is not None
        n, still = open_threads(session, 10)
        assert (n, [(one.first.text, one.position, one.replies) for one in still]) == (1, [("Good run.", None, 0)])
        resolve(session, nested.id, lead, False)
        n, still = open_threads(session, 1)
        assert (n, [(one.title, one.position, one.replies) for one in still]) == (2, [("Where is my order?", 3, 2)])


def test_what_is_sent_twice_is_there_once(store: Store, place: Place) -> None:
    with store.session() as session:
        ada, ben = person(session, "ada"), person(session, "ben")
        first = write_comment(session, place, "1", ada, "Twice?")
        assert write_comment(session, place, "1", ada, "Twice? ") == first
        reply_to(session, first, ada, "Twice?")
        reply_to(session, first, ada, "Twice?")
        write_comment(session, place, "2", ada, "Twice?")
        write_comment(session, place, "1", ben, "Twice?")
        assert read(session, place, ada) == [["ada: Twice?", "ada: Twice?"], ["ada: Twice?"], ["ben: Twice?"]]


@pytest.mark.parametrize("text", ["", " \n ", "x" * 10_001])
def test_a_comment_has_words(store: Store, place: Place, text: str) -> None:
    with store.session() as session, pytest.raises(InvalidInput) as error:
        write_comment(session, place, "", person(session, "ada"), text)
    assert error.value.field == "text"


def test_what_is_not_there_is_not_spoken_about(store: Store, place: Place) -> None:
    with store.session() as session:
        ada = person(session, "ada")
        with pytest.raises(InvalidInput, match="no such step"):
            write_comment(session, place, "9", ada, "?")
        for act in (
            lambda: threads(session, Place(trace=999), ada),
            lambda: write_comment(session, Place(pair=999), "", ada, "?"),
            lambda: reply_to(session, 999, ada, "?"),
            lambda: resolve(session, 999, ada, True),
        ):
            with pytest.raises(NotFound):
                act()


def test_what_others_said_of_a_run_to_be_judged_blind_is_not_there_until_one_has_judged(store: Store) -> None:
    with store.session() as session:
        ada, ben, lead = person(session, "ada"), person(session, "ben"), person(session, "lead", Role.LEAD)
        trace = insert_traces(session, [run("t0")]).traces["t0"]
        pair = insert_pairs(session, [texts("p0")])["p0"]
        enqueue(session, [trace], [pair])
        queues = {row.name: row for row in list_queues(session)}
        for queue, place, body in (
            (queues[ALL_RUNS], Place(trace=trace), SOLVED),
            (queues[ALL_PAIRS], Place(pair=pair), {"choice": "left"}),
        ):
            first = write_comment(session, place, "", lead, "It failed, of course.")
            mine = write_comment(session, place, "", ada, "What is asked here?")
            reply_to(session, mine, lead, "Whether it failed.")
            assert read(session, place, ada) == [["ada: What is asked here?"]]
            for act in (lambda: reply_to(session, first, ada, "?"), lambda: resolve(session, first, ada, True)):  # noqa: B023
                with pytest.raises(NotFound):
                    act()
            item = desk.next_item(session, queue, ada)
            assert item is not None
            assert read(session, place, ada, item.id) == [["ada: What is asked here?"]]
            submit(session, item.id, ada, body)
            everything = [
                ["lead: It failed, of course."],
                ["ada: What is asked here?", "lead: Whether it failed."],
            ]
            assert read(session, place, ada, item.id) == read(session, place, ada) == everything
            assert read(session, place, lead) == everything
            # asked of one, and answered: nobody is asked any more
            assert read(session, place, ben) == everything


def test_a_hidden_repeat_is_not_given_away_by_what_was_said_the_first_time(store: Store) -> None:
    with store.session() as session:
        ada, lead = person(session, "ada"), person(session, "lead", Role.LEAD)
        trace = insert_traces(session, [run("t0")]).traces["t0"]
        enqueue(session, [trace], [])
        place, (queue,) = Place(trace=trace), list_queues(session)
        item = desk.next_item(session, queue, ada)
        assert item is not None
        write_comment(session, place, "", ada, "The first time.")
        submit(session, item.id, ada, SOLVED)
        write_comment(session, place, "", lead, "It failed.")
        repeat = add_repeat(session, item.id, ada.id)
        assert repeat is not None
        desk.claim_item(session, repeat, ada, get_queue(session, queue.id))
        assert read(session, place, ada, repeat.id) == []
        write_comment(session, place, "", ada, "The second time.")
        assert read(session, place, ada, repeat.id) == [["ada: The second time."]]
        submit(session, repeat.id, ada, SOLVED)
        assert len(read(session, place, ada, repeat.id)) == 3
        with pytest.raises(InvalidInput, match="another run"):
            threads(session, Place(trace=insert_traces(session, [run("t1")]).traces["t1"]), ada, item.id)


def test_comments_go_with_their_run(store: Store, place: Place) -> None:
    with store.session() as session:
        ada = person(session, "ada")
        reply_to(session, write_comment(session, place, "1", ada, "Here"), ada, "There")
        remove_runs(session, [Run(place.trace or 0, "t0", "", None, "")], "ada")
    with store.reading() as session:
        assert session.query(CommentRow).count() == 0
        assert open_threads(session, 10) == (0, [])
