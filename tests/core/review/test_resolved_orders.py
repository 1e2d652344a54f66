"""Where people rank the same candidates otherwise: it is listed once, a lead decides, and the pairs follow."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.dataset.sources import preferences
from core.errors import Conflict, InvalidInput, NotPermitted
from core.evaluate.preference_report import preference_report
from core.evaluate.reviewers import team as reviewers
from core.records import Choice, Preference, Role
from core.review.adjudication import disagreements
from core.review.history import history
from core.review.requeue import Affected, Which, affected, rewrite_guideline
from core.review.resolving import adopt, resolve, withdraw
from core.review.suggesting import suggestion
from core.store.engine import Store
from core.store.history import revisions
from core.store.pairs import import_preferences
from core.store.people import PersonLine, person_id
from core.store.queue_gold import sayable
from core.store.queues import get_queue
from core.store.rankings import Candidate, NewRanking, candidates, insert_rankings
from core.store.reach import Scope, chosen_runs
from core.store.removal import remove_runs
from core.store.resolutions import Subject, current_resolutions, resolution_history
from core.store.schemas import get_schema
from core.store.tables import PairRow
from core.store.trace_writing import insert_traces
from tests.core.review.ranked import make_ranked, rank
from tests.core.review.team import Team
from tests.worlds import run

ORDER = {"one": 1, "two": 2, "three": 3}
TURNED = {"one": 3, "two": 2, "three": 1}
TIED = {"one": 1, "two": 1, "three": 3}


@pytest.fixture
def ranked(store: Store) -> tuple[Team, int]:
    """Ada puts one, two, three in order, ben turns it round, cem ties the first two; of the second two people agree."""
    team, queue = make_ranked(store, rankings=2)
    for name, order, tone in (("ada", ORDER, "y"), ("ben", TURNED, "n"), ("cem", TIED, "y")):
        rank(team, queue, name, order, reason=f"So says {name}.", answers={"tone": tone})
    for name in ("ada", "ben"):
        rank(team, queue, name, ORDER, 1)
    return team, queue


def subject_of(session: Session, team: Team, queue: int, number: int = 0) -> Subject:
    return Subject(ranking_id=team.items(session, queue)[number].ranking_id)


def tiers(session: Session, subject: Subject, *wanted: str) -> list[list[str]]:
    """The order of these texts, "two=three" a tie, in the ranking's own letters."""
    letters = {one.text.split()[0]: letter for letter, one in candidates(session, subject.ranking_id or 0).items()}
    return [sorted(letters[text] for text in tier.split("=")) for tier in wanted]


def resolved(session: Session) -> list[str]:
    """What stands of the pairs, as "better > worse" or "one = other"."""
    pairs = {row.id: row for row in session.scalars(select(PairRow))}
    found = []
    for one in current_resolutions(session):
        if one.subject.pair_id is not None:
            pair = pairs[one.subject.pair_id]
            a, b = pair.text_a.split()[0], pair.text_b.split()[0]
            told = f"{a} > {b}" if one.answer == "a" else f"{b} > {a}"
            found.append(" = ".join(sorted((a, b))) if one.answer == "equal" else told)
    return sorted(found)


def taught(session: Session, number: int = 0) -> dict[str, tuple[Any, ...]]:
    """The texts of each pair of a ranking, in alphabetical order → the better one and who ruled so."""
    found = {}
    for one in preferences(session):
        pair = session.scalars(select(PairRow).where(PairRow.uid == one.key.removeprefix("pair:"))).one()
        if pair.prompt == f"Say it {number}.":
            a, b = pair.text_a.split()[0], pair.text_b.split()[0]
            better = {"a": a, "b": b}.get(str(one.verdict), str(one.verdict))
            found[" ".join(sorted((a, b)))] = (better, one.ruling and (one.ruling.person, one.ruling.ranked))
    return found


def test_a_ranking_is_one_disagreement_and_its_pairs_are_none(ranked: tuple[Team, int]) -> None:
    team, queue = ranked
    with team.store.reading() as session:
        subject = subject_of(session, team, queue)
        found = [(one.subject, one.question.key, one.apart.n_apart, one.apart.n) for one in disagreements(session)]
        assert found == [(subject, "order", 2, 3), (subject, "tone", 1, 3)]
        # cem's is nearest: of three pairs ada's differs by half of one, ben's by that and two whole ones
        assert disagreements(session, queue)[0].apart.size == pytest.approx((1 / 6 + 5 / 6) / 3)
        assert disagreements(session, team.pairs) == []


def test_a_pair_that_somebody_also_decided_by_itself_is_listed(ranked: tuple[Team, int]) -> None:

    team, _ = ranked
    with team.store.session() as session:
        pair = session.scalars(select(PairRow).where(PairRow.prompt == "Say it 0.")).first()
        assert pair is not None
        said = (Preference("", "dan", Choice.BOTH_BAD), pair.id, team.people["dan"].id)
        import_preferences(session, [said])
        asked = {one.subject: one.apart.n for one in disagreements(session) if one.question.key == "preference"}
        assert asked == {Subject(pair_id=pair.id): 4}


def test_an_adopted_order_decides_its_pairs_until_it_is_taken_back(ranked: tuple[Team, int]) -> None:
    team, queue = ranked
    with team.store.session() as session:
        subject, schema = subject_of(session, team, queue), get_queue(session, queue).schema_id
        given = {one.person: one for one in revisions(session, subject)}
        before = taught(session)
        assert before["one two"] == ("disputed", None)
        made = adopt(session, subject, schema, "order", given["ben"].id, team.lead, "The end counts.")
        assert (made.answer, made.adopted_id, made.reason) == (
            given["ben"].answers["order"], given["ben"].id, "The end counts.",
        )  # fmt: skip
        assert resolved(session) == ["three > one", "three > two", "two > one"]
        rule = ("lea", True)
        assert taught(session) == {
            "one two": ("two", rule), "one three": ("three", rule), "three two": ("three", rule),
        }  # fmt: skip
        assert {one[1] for one in taught(session, 1).values()} == {None}
        assert disagreements(session)[0].resolved == made
        assert {one.part_of for one in current_resolutions(session)} == {None, made.id}
        withdraw(session, subject, made.id, team.lead, "Too early.")
        assert (current_resolutions(session), taught(session)) == ([], before)
        with pytest.raises(Conflict):
            withdraw(session, subject, made.id, team.lead)


def test_a_written_order_is_checked_and_the_newest_word_on_a_pair_stands(ranked: tuple[Team, int]) -> None:
    team, queue = ranked
    with team.store.session() as session:
        subject, schema = subject_of(session, team, queue), get_queue(session, queue).schema_id
        for wrong in (None, "abc", [], [["a"], ["b"]], [["a"], ["b"], ["c"], ["c"]], [["a", "b", "c"], []], [["a", 7]]):
            with pytest.raises(InvalidInput, match="one place"):
                resolve(session, subject, schema, "order", wrong, [], team.lead)
        with pytest.raises(NotPermitted):
            resolve(session, subject, schema, "order", [["a", "b", "c"]], [], team.people["ada"])
        assert current_resolutions(session) == []
        wanted = tiers(session, subject, "one", "two=three")
        first = resolve(session, subject, schema, "order", wanted, [], team.lead)
        assert (first.answer, first.adopted_id) == (wanted, None)
        assert resolved(session) == ["one > three", "one > two", "three = two"]
        with pytest.raises(Conflict, match="lea has resolved this"):
            resolve(session, subject, schema, "order", wanted, [], team.lead)
        part = next(one for one in current_resolutions(session) if one.subject.pair_id and one.answer == "equal")
        resolve(session, part.subject, None, "preference", "both_bad", [], team.lead, seen=part.id)
        again = resolve(session, subject, schema, "order", wanted[::-1], [], team.lead, seen=first.id)
        assert resolved(session) == ["three = two", "three > one", "two > one"]
        part = next(one for one in current_resolutions(session) if one.subject.pair_id and one.answer == "equal")
        alone = resolve(session, part.subject, None, "preference", "both_bad", [], team.lead, seen=part.id)
        withdraw(session, subject, again.id, team.lead)
        assert current_resolutions(session) == [alone]
        told = [(one.revision, one.withdrawn) for one in resolution_history(session, subject)]
        assert told == [(1, False), (2, False), (3, True)]


def test_the_report_takes_the_resolution_once_and_bias_what_people_said(ranked: tuple[Team, int]) -> None:
    team, queue = ranked
    with team.store.session() as session:
        subject, schema = subject_of(session, team, queue), get_queue(session, queue).schema_id
        before = preference_report(session, get_queue(session, queue))
        assert (before.n, before.pairs, before.resolved) == (15, 6, 0)
        wanted = tiers(session, subject, "three", "two", "one")
        resolve(session, subject, schema, "order", wanted, [], team.lead)
        after = preference_report(session, get_queue(session, queue))
        assert (after.n, after.pairs, after.resolved) == (15, 6, 3)
        assert (after.left, after.people) == (before.left, before.people)
        # of each version, two pairs resolved and two people's choices on each of two others
        assert [{one.name: one.n for one in group.strengths} for group in after.strengths] == [
            {"m0": 6, "m1": 6, "m2": 6}
        ]
        assert preference_report(session, machines=True).resolved == 0


def test_what_else_knows_of_resolutions_knows_of_orders(ranked: tuple[Team, int]) -> None:
    team, queue = ranked
    with team.store.session() as session:
        subject, schema = subject_of(session, team, queue), get_queue(session, queue).schema_id
        wanted = tiers(session, subject, "one", "two", "three")
        resolve(session, subject, schema, "order", wanted, [], team.lead, "So.")
        assert sayable(session, get_queue(session, queue), team.items(session, queue)[0].id)[0].answers == {
            "order": wanted
        }
        right = {one.work.person: one.resolved for one in reviewers(session).reviewers}
        assert right["ada"] is not None
        assert right["ben"] is not None
        assert (right["ada"].value, right["ben"].value) == (1.0, 0.0)
        asked = get_schema(session, schema or 0)
        proposed = suggestion(session, subject, asked, "tone")
        assert proposed is not None
        assert (proposed.answer, suggestion(session, subject, asked, "order")) == ("y", None)
        events = history(session, subject, team.lead)
        assert [(one.person, one.did) for one in events] == [
            ("ada", "answered"), ("ben", "answered"), ("cem", "answered"), ("lea", "resolved"),
        ]  # fmt: skip
        first, *others = (letter.upper() for (letter,) in wanted)
        assert events[-1].changes[0].after == f"1. {first}   2. {others[0]}   3. {others[1]}"
        assert history(session, subject, team.people["dan"]) == []
        assert len(history(session, subject, team.people["ada"])) == 4
        part = next(one for one in current_resolutions(session) if one.part_of)
        assert history(session, part.subject, team.lead)[-1].did == "resolved (part of an order)"


def test_items_on_which_people_order_otherwise_are_given_out_again(ranked: tuple[Team, int]) -> None:
    team, queue = ranked
    with team.store.session() as session:
        schema = get_queue(session, queue).schema_id or 0
        rewrite_guideline(session, schema, "Judge the end.", {}, "", team.lead)
        assert affected(session, "orders", Which("order")) == Affected(1, 3)
        assert affected(session, "orders", Which()) == Affected(2, 5)


def test_what_an_order_says_of_runs_that_stay_outlives_one_that_is_removed(store: Store) -> None:
    with store.session() as session:
        ids = insert_traces(session, [run(f"c{n}", version=f"v{n}") for n in range(3)]).traces
        runs = tuple(Candidate(trace=uid, name=uid) for uid in ids)
        (ranking,) = insert_rankings(session, [NewRanking("r", "runs", "Where?", runs)])
        lead = PersonLine(person_id(session, "lea", Role.LEAD, active=True), "lea", Role.LEAD, True)
        made = resolve(session, Subject(ranking_id=ranking), None, "order", [["a"], ["b"], ["c"]], [], lead)
        withdraw(session, Subject(ranking_id=ranking), made.id, lead)
        resolve(session, Subject(ranking_id=ranking), None, "order", [["a", "b"], ["c"]], [], lead)
        assert len(current_resolutions(session)) == 4
        gone = remove_runs(session, chosen_runs(session, Scope(trace="c2")), "lea")
        assert gone["resolutions"] == 9
        (stays,) = current_resolutions(session)
        assert (stays.answer, stays.part_of, stays.revision) == ("equal", None, 3)
