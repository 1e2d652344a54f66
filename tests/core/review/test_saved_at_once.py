"""Two who save the same questions at one moment: one is saved, the other is told, and no text is taken for saved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Thread

import pytest

from core.errors import Conflict
from core.review import requeue, resolving
from core.review.schema_changes import changes
from core.store.dialect import insert_new
from core.store.engine import Store
from core.store.queues import get_queue
from core.store.resolutions import Subject, add_resolution
from core.store.schemas import get_schema, newest_schema_id, save_edit
from tests.core.review.team import ASKED, make_team
from tests.core.review.test_lock_order import Meeting


def outcomes(*deeds: Callable[[], object]) -> list[str]:
    """What became of deeds that are done at once."""
    came: list[str] = []

    def attempt(deed: Callable[[], object]) -> None:
        try:
            deed()
            came.append("saved")
        except Conflict as error:
            came.append(error.message)

    threads = [Thread(target=attempt, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return sorted(came, key=lambda one: one != "saved")


@pytest.mark.parametrize("key", ["team", "brand-new"])
def test_two_tabs_save_one_schema(store: Store, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    team = make_team(store, runs=1, pairs=0)
    team.answer("ada", 0, {"answers": {"outcome": "solved"}})  # an edit makes a new version
    seen = ASKED if key == "team" else None
    monkeypatch.setattr("core.store.schemas.insert_new", Meeting().before(insert_new))

    def saving(guidelines: str) -> Callable[[], object]:
        def deed() -> int:
            with store.session() as session:
                return save_edit(session, replace(ASKED, key=key, guidelines=guidelines), seen)

        return deed

    first, second = outcomes(saving("One."), saving("Another."))
    assert (first, "by somebody else" in second) == ("saved", True)


def test_two_leads_rewrite_one_guideline(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    team = make_team(store, runs=1, pairs=0)
    with store.reading() as session:
        schema = get_queue(session, team.runs).schema_id or 0
    monkeypatch.setattr("core.review.requeue.changes", Meeting().before(changes))

    def rewriting(guidelines: str) -> Callable[[], object]:
        def deed() -> object:
            with store.session() as session:
                return requeue.rewrite_guideline(session, schema, guidelines, {}, "", team.lead)

        return deed

    first, second = outcomes(rewriting("One."), rewriting("Another."))
    assert (first, "in the meantime" in second) == ("saved", True)
    with store.reading() as session:
        assert get_schema(session, newest_schema_id(session, "team") or 0).version == 2


def test_two_leads_resolve_one_disagreement(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    team = make_team(store, runs=1, pairs=0)
    team.answer("ada", 0, {"answers": {"outcome": "solved"}})
    with store.reading() as session:
        schema = get_queue(session, team.runs).schema_id
        subject = Subject(team.items(session)[0].trace_id)
    monkeypatch.setattr("core.review.resolving.add_resolution", Meeting().before(add_resolution))

    def deciding(answer: str) -> Callable[[], object]:
        def deed() -> object:
            with store.session() as session:
                return resolving.resolve(session, subject, schema, "outcome", answer, (), team.lead)

        return deed

    first, second = outcomes(deciding("failed"), deciding("partly"))
    assert (first, "has resolved this in the meantime" in second) == ("saved", True)
