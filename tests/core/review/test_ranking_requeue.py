"""Rankings are given out again under a new guideline, with the pairs that they stand for; and that is taken back."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Conflict
from core.review import desk
from core.review.queues import enqueue
from core.review.requeue import Affected, Which, affected, can_take_back, requeue, rewrite_guideline, take_back
from core.review.submitting import current_submission, submit
from core.store.claims import my_claim
from core.store.engine import Store
from core.store.items import OPEN
from core.store.queues import get_queue, list_queues
from core.store.tables import ItemRow, PairRow, PreferenceRow, RankingGivenRow
from tests.core.review.ranked import choices, make_ranked, rank
from tests.core.review.team import Team

ORDER = {"one": 1, "two": 2, "three": 3}
TURNED = {"one": 3, "two": 2, "three": 1}


@pytest.fixture
def ranked(store: Store) -> tuple[Team, int]:
    """Two rankings: the first ranked by ada and by ben, otherwise; the second by ada alone, with a tone."""
    team, queue = make_ranked(store, rankings=2)
    rank(team, queue, "ada", ORDER)
    rank(team, queue, "ben", TURNED)
    rank(team, queue, "ada", ORDER, 1, answers={"tone": "y"})
    return team, queue


def rewrite(session: Session, team: Team, queue: int) -> None:
    rewrite_guideline(session, get_queue(session, queue).schema_id or 0, "Judge the end.", {}, "", team.lead)


def states(session: Session, team: Team, queue: int) -> list[tuple[str, int]]:
    return [(item.state, item.n_done) for item in team.items(session, queue)]


def given(session: Session) -> list[tuple[bool, str]]:
    return [(one.current, one.place) for one in session.scalars(select(RankingGivenRow).order_by(RankingGivenRow.id))]


def test_orders_are_set_apart_with_their_pairs_and_come_back_as_they_were(ranked: tuple[Team, int]) -> None:
    team, queue = ranked
    with team.store.session() as session:
        before = choices(session)
        rewrite(session, team, queue)
        assert affected(session, "orders", Which()) == Affected(2, 3)
        assert affected(session, "orders", Which("tone", "y")) == Affected(1, 1)
        assert requeue(session, "orders", Which(), team.lead) == Affected(2, 3)
        assert given(session) == [(False, "requeued")] * 3
        assert choices(session) == {}
        assert {row.place for row in session.scalars(select(PreferenceRow))} == {"requeued"}
        assert states(session, team, queue) == [(OPEN, 0)] * 2
        shown = {row.person_id: row.shown for row in session.scalars(select(RankingGivenRow))}
        assert take_back(session, "orders", team.lead) == Affected(2, 3)
        assert given(session) == [(True, "")] * 3
        assert choices(session) == before
        assert states(session, team, queue) == [(OPEN, 2), (OPEN, 1)]
        claim = my_claim(session, team.items(session, queue)[0].id, team.people["ben"].id)
        assert claim is not None
        assert (claim.state, claim.left) == ("submitted", shown[team.people["ben"].id])
        with pytest.raises(Conflict):
            take_back(session, "orders", team.lead)


def test_the_same_people_rank_again_and_what_was_said_since_is_not_overwritten(ranked: tuple[Team, int]) -> None:
    team, queue = ranked
    with team.store.session() as session:
        rewrite(session, team, queue)
        requeue(session, "orders", Which(), team.lead)
        item = team.items(session, queue)[0]
        assert current_submission(session, item, team.people["ada"]) is None
        again = desk.next_item(session, get_queue(session, queue), team.people["ada"])
        assert again is not None
        assert again.id in {one.id for one in team.items(session, queue)}
        desk.skip(session, again.id, team.people["ada"])
    rank(team, queue, "ben", ORDER)
    with team.store.session() as session:
        assert can_take_back(session, "orders") == Affected(1, 1)  # the first has been answered anew
        assert choices(session) == {
            team.people["ben"].id: ["one > three", "one > two", "two > three"],
        }
        newest = session.scalars(select(RankingGivenRow).order_by(RankingGivenRow.id.desc())).first()
        assert newest is not None
        assert (newest.current, newest.revision) == (True, 2)
        assert newest.schema_id == get_queue(session, queue).schema_id


def test_an_order_that_was_changed_does_not_come_back_in_its_first_form(store: Store) -> None:
    team, queue = make_ranked(store)
    rank(team, queue, "ada", ORDER)
    with store.session() as session:
        item, ada = team.items(session, queue)[0], team.people["ada"]
        submit(session, item.id, ada, {"places": [1, 1, 1]}, editing=1)
        rewrite(session, team, queue)
        requeue(session, "orders", Which(), team.lead)
        assert current_submission(session, item, ada) is None
        assert take_back(session, "orders", team.lead) == Affected(1, 1)
        assert choices(session) == {ada.id: ["one = three", "one = two", "three = two"]}


def test_what_somebody_chose_between_two_of_them_since_stands_when_their_order_comes_back(store: Store) -> None:
    team, queue = make_ranked(store)
    rank(team, queue, "ada", ORDER)
    with store.session() as session:
        ada = team.people["ada"]
        pair = session.scalars(select(PairRow).where(PairRow.text_a.in_(("one 0", "two 0")))).all()
        (both,) = [one for one in pair if {one.text_a, one.text_b} == {"one 0", "two 0"}]
        enqueue(session, [], [both.id])
        by_itself = session.scalars(select(ItemRow).where(ItemRow.pair_id == both.id)).one()
        assert by_itself.state == "done"
        rewrite(session, team, queue)
        requeue(session, "orders", Which(), team.lead)
        session.refresh(by_itself)
        assert by_itself.state == OPEN
        (pairs,) = [one for one in list_queues(session, "pair") if one.id != team.pairs]
        desk.claim_item(session, by_itself, ada, pairs)
        submit(session, by_itself.id, ada, {"choice": "equal"})
        take_back(session, "orders", team.lead)
        assert choices(session) == {ada.id: ["one = two", "one > three", "two > three"]}
