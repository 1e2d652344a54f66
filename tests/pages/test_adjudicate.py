"""The Adjudicate page, and that nobody but a lead learns from it, or from any address, what others said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from core.records import Role
from core.review import desk
from core.review.history import history
from core.review.resolving import resolve
from core.review.submitting import submit
from core.store.claims import my_claim
from core.store.items import NewItem, add_items
from core.store.lesson_evidence import lesson_evidence
from core.store.lessons import list_lessons
from core.store.queues import get_queue, make_queue
from core.store.rankings import Candidate, NewRanking, insert_rankings
from core.store.resolutions import Subject, current_resolutions
from core.store.schemas import newest_schema_id
from core.store.traces import trace_line
from dashboard import comments_api, http_api, identity, process, reading_api, review_api, signals_api
from dashboard.identity import COOKIE, Actor, cookie_for
from tests.core.review.team import Team, make_team, outcome

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a-word-that-only-ada-wrote"


@pytest.fixture
def team(data_dir: Path) -> Iterator[Team]:
    """Ada and ben have answered the first run, ada the second; each item is to have three answers."""
    made = make_team(process.store())
    marks = [{"question": "wrong", "step_id": "3", "value": "lie", "comment": SECRET}]
    made.answer("ada", 0, outcome("failed", why=SECRET) | {"marks": marks})
    made.answer("ben", 0, outcome("solved"))
    made.answer("ada", 1, outcome("failed", why=SECRET) | {"corrections": [{"step_id": "3", "corrected": SECRET}]})
    for name, choice in (("ada", "left"), ("ben", "equal")):
        made.answer(name, 0, {"choice": choice, "reason": SECRET}, made.pairs)
    yield made
    process.close_all()


def trace_of(team: Team, number: int) -> int:
    with team.store.reading() as session:
        return team.items(session)[number].trace_id or 0


def pair_of(team: Team) -> int:
    with team.store.reading() as session:
        return team.items(session, team.pairs)[0].pair_id or 0


@pytest.fixture
def acts(monkeypatch: pytest.MonkeyPatch):
    def by(team: Team, name: str) -> None:
        who = team.people[name]
        monkeypatch.setattr(identity, "actor_from", lambda cookies: Actor(who.id, who.name, who.role))

    return by


def drawn(page: str, **address: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60).run()
    for name, value in address.items():
        app.query_params[name] = value
    app.switch_page(str(ROOT / "pages" / f"{page}.py")).run()
    assert [one.value for one in app.exception] == []
    return app


def opened(team: Team, question: str = "outcome") -> AppTest:
    return drawn("adjudicate", run=str(trace_of(team, 0)), schema="team", question=question)


def ended(team: Team) -> tuple[str, str]:
    with team.store.reading() as session:
        line = trace_line(session, trace_of(team, 0))
        return line.outcome, line.outcome_from


def test_the_list_counts_what_is_to_resolve(team: Team, acts) -> None:
    acts(team, "lea")
    app = drawn("adjudicate")
    assert "3 to resolve, 0 resolved; 3 shown" in [one.value for one in app.caption]
    app.selectbox(key="adjudicate_queue").select("Pairs").run()
    assert "1 to resolve, 0 resolved; 1 shown" in [one.value for one in app.caption]


def test_a_key_pressed_while_the_next_one_is_drawn_decides_nothing(team: Team, acts) -> None:
    acts(team, "lea")
    app = opened(team)
    app.query_params["run"] = str(trace_of(team, 1))
    next(one for one in app.button if one.label == "Adopt").click().run()
    with team.store.reading() as session:
        assert current_resolutions(session) == []
    assert "nothing was decided" in app.toast[0].value


def test_an_answer_is_adopted_with_its_reason_and_taken_back(team: Team, acts) -> None:
    acts(team, "lea")
    app = opened(team)
    adopts = [one for one in app.button if one.label == "Adopt"]
    assert [one.proto.shortcut for one in adopts] == ["1", "2"]
    next(one for one in app.text_area if one.label.startswith("Why?")).set_value("The order does not exist.")
    adopts[0].click().run()
    assert [one.value for one in app.exception] == []
    assert ended(team) == ("failed", "resolution")
    with team.store.reading() as session:
        (made,) = current_resolutions(session)
        assert (made.person, made.reason, made.question) == ("lea", "The order does not exist.", "outcome")
    app.button(key="adjudicate_undo").click().run()
    assert ended(team) == ("unknown", "people disagree")


def test_a_lesson_from_a_resolution_rests_on_its_run_and_step(team: Team, acts) -> None:
    acts(team, "lea")
    app = opened(team, "wrong")
    assert "Write a lesson" not in [one.label for one in app.expander]
    next(one for one in app.button if one.label == "Adopt").click().run()
    assert "Write a lesson" in [one.label for one in app.expander]
    when, do = (next(one for one in app.text_area if one.label.startswith(label)) for label in ("When", "Do"))
    when.input("an order cannot be found")
    do.input("Ask for its number again.")
    next(one for one in app.button if one.label == "Propose").click().run()
    assert [one.value for one in app.exception] == []
    with team.store.reading() as session:
        (line,) = list_lessons(session)
        (rests,) = lesson_evidence(session, line.id)
    assert (line.when, line.created_by, line.state.value) == ("an order cannot be found", "lea", "proposed")
    assert (rests.trace_id, rests.step_id, rests.reviewer) == (trace_of(team, 0), "3", "ada")
    assert next(one for one in app.text_area if one.label.startswith("When")).value == ""


def test_another_answer_is_written(team: Team, acts) -> None:
    acts(team, "lea")
    app = opened(team)
    control = next(one for one in app.get("button_group") if "Did it solve" in one.label)
    control.set_value("partly").run()
    app.button(key="adjudicate_resolve").click().run()
    assert [one.value for one in app.exception] == []
    assert ended(team) == ("partly", "resolution")


def test_a_resolution_of_another_lead_is_not_overwritten_unseen(team: Team, acts) -> None:
    acts(team, "lea")
    app = opened(team)
    with team.store.session() as session:
        schema = get_queue(session, team.runs).schema_id
        resolve(session, Subject(trace_of(team, 0)), schema, "outcome", "solved", [], team.lead)
    next(one for one in app.button if one.label == "Adopt").click().run()
    assert "has resolved this in the meantime" in app.toast[0].value
    assert ended(team) == ("solved", "resolution")


def test_a_guideline_is_rewritten_and_what_it_affects_given_out_again_and_taken_back(team: Team, acts) -> None:
    acts(team, "lea")
    app = opened(team)
    next(one for one in app.text_area if one.label == "Guidelines").set_value("Judge the end state.").run()
    next(one for one in app.button if one.label == "Save as the next version").click().run()
    assert [one.value for one in app.exception] == []
    with team.store.reading() as session:
        newest = newest_schema_id(session, "team")
    told = next(one for one in app.button if one.key == "adjudicate_requeue")
    assert told.label == "Give 1 item out again"
    told.click().run()
    assert [one.value for one in app.exception] == []
    with team.store.reading() as session:
        item = team.items(session)[0]
        assert (item.state, item.n_done) == ("open", 0)
        assert newest is not None
    app.button(key="adjudicate_take_back").click().run()
    with team.store.reading() as session:
        assert team.items(session)[0].n_done == 2


@pytest.mark.parametrize("question", ["outcome", "first", "wrong", "rating", "minutes", "fix", "why"])
def test_every_kind_of_question_opens(team: Team, acts, question: str) -> None:
    acts(team, "lea")
    app = opened(team, question)
    assert [one.value for one in app.warning] == []
    assert len([one for one in app.button if one.label == "Adopt"]) == 2


def test_a_pair_opens(team: Team, acts) -> None:
    acts(team, "lea")
    app = drawn("adjudicate", pair=str(pair_of(team)), question="preference")
    assert [one.value for one in app.warning] == []
    next(one for one in app.button if one.label == "Adopt").click().run()
    with team.store.reading() as session:
        (made,) = current_resolutions(session)
        assert made.subject == Subject(pair_id=pair_of(team))


@pytest.fixture
def ranked(team: Team) -> tuple[Subject, int]:
    """Three answers that ada ranks as they stand and ben the other way round; and their queue."""
    with team.store.session() as session:
        queue = make_queue(session, "Orders", "ranking", get_queue(session, team.pairs).schema_id, overlap=2)
        texts = tuple(Candidate(text) for text in ("Hello.", "Hi!", "Go away."))
        (ranking,) = insert_rankings(session, [NewRanking("r", "texts", "Greet me.", texts)])
        add_items(session, get_queue(session, queue), [NewItem(ranking)])
    for name, wanted in (("ada", "abc"), ("ben", "cba")):
        with team.store.session() as session:
            item = team.items(session, queue)[0]
            desk.open_item(session, item.id, team.people[name])
            claim = my_claim(session, item.id, team.people[name].id)
            assert claim is not None
            places = [wanted.index(letter) + 1 for letter in claim.left]
            submit(session, item.id, team.people[name], {"places": places, "reason": SECRET})
    return Subject(ranking_id=ranking), queue


def orders(team: Team) -> list[tuple[Subject, list[list[str]]]]:
    with team.store.reading() as session:
        return [(one.subject, one.answer) for one in current_resolutions(session) if one.question == "order"]


def test_a_ranking_is_listed_opened_adopted_and_taken_back(team: Team, acts, ranked: tuple[Subject, int]) -> None:
    acts(team, "lea")
    subject, _ = ranked
    app = drawn("adjudicate")
    app.selectbox(key="adjudicate_queue").select("Orders").run()
    assert "1 to resolve, 0 resolved; 1 shown" in [one.value for one in app.caption]
    app = drawn("adjudicate", ranking=str(subject.ranking_id), question="order")
    assert [one.value for one in app.warning] == []
    next(one for one in app.button if one.label == "Adopt").click().run()
    assert [one.value for one in app.exception] == []
    assert orders(team) == [(subject, [["a"], ["b"], ["c"]])]
    app.button(key="adjudicate_undo").click().run()
    assert orders(team) == []


def test_an_order_is_written_once_every_answer_has_a_place(team: Team, acts, ranked: tuple[Subject, int]) -> None:
    acts(team, "lea")
    subject, _ = ranked
    app = drawn("adjudicate", ranking=str(subject.ranking_id), question="order")
    for letter, place in (("A", 2), ("B", 1), ("C", 2)):
        assert app.button(key="adjudicate_resolve").disabled
        next(one for one in app.get("button_group") if one.label == f"Place of {letter}").set_value(place).run()
    app.button(key="adjudicate_resolve").click().run()
    assert [one.value for one in app.exception] == []
    assert orders(team) == [(subject, [["b"], ["a", "c"]])]


def test_what_people_order_otherwise_is_given_out_again(team: Team, acts, ranked: tuple[Subject, int]) -> None:
    acts(team, "lea")
    subject, queue = ranked
    app = drawn("adjudicate", ranking=str(subject.ranking_id), question="order")
    next(one for one in app.text_area if one.label == "Guidelines").set_value("Judge the end.").run()
    next(one for one in app.button if one.label == "Save as the next version").click().run()
    app.button(key="adjudicate_requeue").click().run()
    assert [one.value for one in app.exception] == []
    with team.store.reading() as session:
        (item,) = team.items(session, queue)
        assert (item.state, item.n_done) == ("open", 0)
    app.button(key="adjudicate_take_back").click().run()
    with team.store.reading() as session:
        assert team.items(session, queue)[0].n_done == 2


@pytest.mark.parametrize(
    "address",
    [
        {"run": "999999", "schema": "team", "question": "outcome"},
        {"run": "1", "schema": "nothing", "question": "outcome"},
        {"run": "1", "schema": "team", "question": "nothing"},
        {"pair": "77", "question": "preference"},
        {"ranking": "77", "question": "order"},
        {"ranking": "1", "pair": "1", "question": "order"},
        {"run": "1", "pair": "1", "question": "x"},
        {"run": "abc", "question": "outcome"},
        {"adjudicate_queue": "none", "adjudicate_state": "odd"},
    ],
)
def test_a_wrong_address_still_shows_the_page(team: Team, acts, address: dict[str, str]) -> None:
    acts(team, "lea")
    app = drawn("adjudicate", **address)
    assert [one.value for one in app.error] == []


def all_text(app: AppTest) -> str:
    return "\n".join(str(getattr(one, "proto", one)) for one in app.main)


@pytest.mark.parametrize("name", ["ada", "ben", "cem"])
def test_no_reviewer_adjudicates_whatever_the_address(team: Team, acts, ranked: tuple[Subject, int], name: str) -> None:
    acts(team, name)
    order = {"ranking": str(ranked[0].ranking_id), "question": "order"}
    run = {"run": str(trace_of(team, 0)), "schema": "team", "question": "outcome"}
    for address in ({}, run, order, {"pair": str(pair_of(team)), "question": "preference"}):
        app = drawn("adjudicate", **address)
        assert [one.value for one in app.info] == [
            "Leads decide here where reviewers disagree. Your own work stands on Review."
        ]
        assert len(app.button) == 0
        assert SECRET not in all_text(app)


def test_the_history_on_the_page_of_a_run_waits_for_ones_own_word(team: Team, acts) -> None:
    for name, number, shown in (
        ("lea", 0, True),
        ("ada", 0, True),
        ("ben", 0, True),
        ("cem", 0, False),
        ("ben", 1, False),
    ):
        acts(team, name)
        app = drawn("traces", trace=str(trace_of(team, number)))
        assert (SECRET in all_text(app)) is shown, (name, number)


def test_no_route_tells_a_blind_reviewer_what_others_said(team: Team) -> None:
    """Every route that reads is asked for each run, item, pair and queue as cem, who has said nothing yet."""
    modules = (http_api, review_api, reading_api, signals_api, comments_api)
    routes = [route for module in modules for route in module.ROUTES]
    paths = [route.path for route in routes if "GET" in (route.methods or ())]
    numbers = range(1, 9)
    with TestClient(Starlette(routes=routes)) as client:
        client.cookies.set(COOKIE, cookie_for(team.people["cem"].id))
        asked = 0
        for path in paths:
            names = [part.split(":")[0].strip("{}") for part in path.split("/") if part.startswith("{")]
            for number in numbers if names else (0,):
                address = path
                for part in path.split("/"):
                    if part.startswith("{"):
                        address = address.replace(part, str(number))
                answered = client.get(address)
                assert SECRET not in answered.text, address
                asked += 1
        assert asked > 50
    assert team.people["cem"].role is Role.ANNOTATOR
    with team.store.reading() as session:
        assert history(session, Subject(trace_of(team, 0)), team.people["cem"]) == []
