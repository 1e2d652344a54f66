from __future__ import annotations

from dataclasses import replace
from threading import Thread

import pytest
from sqlalchemy.orm import Session

from core.clock import now
from core.errors import Conflict, NotFound
from core.records import Annotation, LabelSchema, Question, Role
from core.review.desk import claim_item
from core.store.annotations import add_annotation
from core.store.engine import Store
from core.store.items import NewItem, add_items, get_item
from core.store.people import PersonLine, person_id
from core.store.queues import get_queue, make_queue
from core.store.schemas import (
    SchemaVersion,
    ask_version,
    delete_schema,
    get_schema,
    newest_schema_id,
    offered_schemas,
    retire_schema,
    save_edit,
    save_schema,
    schema_versions,
    why_kept,
)
from core.store.tables import ItemRow
from core.store.trace_writing import insert_traces
from tests.worlds import run

FIRST = LabelSchema("tone", 1, "Tone", (Question("kind", "yes_no", "Was it kind?"),))


def edited(title: str, seen: LabelSchema | None = FIRST) -> LabelSchema:
    return replace(seen or FIRST, title=title)


def asking(session: Session, schema: int) -> tuple[ItemRow, PersonLine]:
    """A queue of one run that asks the schema, and somebody to review it."""
    (trace,) = insert_traces(session, [run("r1")]).traces.values()
    queue = get_queue(session, make_queue(session, "tones", "trace", schema))
    add_items(session, queue, [NewItem(trace)])
    ada = person_id(session, "ada", active=True)
    item = session.query(ItemRow).one()
    return get_item(session, item.id), PersonLine(ada, "ada", Role.ANNOTATOR, True)


def claimed(session: Session, schema: int) -> None:
    item, ada = asking(session, schema)
    claim_item(session, item, ada, get_queue(session, item.queue_id))


def answered(session: Session, schema: int) -> None:
    (trace,) = insert_traces(session, [run("r2")]).traces.values()
    said = Annotation("r2", "ada", "tone", {"kind": True})
    add_annotation(session, trace, person_id(session, "ada"), (schema, "tone"), said, now())


def shown(versions: list[SchemaVersion]) -> list[tuple[int, str, int, int, tuple[str, ...]]]:
    return [(one.schema.version, one.schema.title, one.answers, one.given, one.queues) for one in versions]


def test_a_version_that_nobody_was_given_is_replaced(store: Store) -> None:
    with store.session() as session:
        lea = person_id(session, "lea")
        first = save_edit(session, replace(FIRST, version=7), None, lea)
        assert save_edit(session, edited("Manner"), FIRST, lea) == first
        assert shown(schema_versions(session, "tone")) == [(1, "Manner", 0, 0, ())]
        assert schema_versions(session)[0].by == "lea"


@pytest.mark.parametrize("touch", [claimed, answered])
def test_one_that_somebody_was_given_or_answered_stays_as_it_was(store: Store, touch: object) -> None:
    with store.session() as session:
        first = save_edit(session, FIRST, None)
        touch(session, first)  # type: ignore[operator]
        second = save_edit(session, edited("Manner"), FIRST)
        assert get_schema(session, first) == FIRST
        assert get_schema(session, second) == replace(FIRST, version=2, title="Manner")
        assert newest_schema_id(session, "tone") == second


def test_words_that_no_database_holds_are_kept_as_far_as_they_can_be(store: Store) -> None:
    with store.session() as session:
        saved = save_edit(session, replace(FIRST, title="a\x00b", guidelines="c\ud800d"), None)
        session.expire_all()
        kept = get_schema(session, saved)
        assert (kept.title, kept.guidelines) == ("a\ufffdb", "c?d")


def test_of_two_leads_who_edit_the_second_is_told(store: Store) -> None:
    with store.session() as session:
        save_edit(session, FIRST, None)
        save_edit(session, edited("Manner"), FIRST)
        with pytest.raises(Conflict, match="saved as version 1 by somebody else"):
            save_edit(session, edited("Style"), FIRST)
        with pytest.raises(Conflict, match="saved as version 1"):
            save_edit(session, FIRST, None)
        with pytest.raises(Conflict, match="was removed"):
            save_edit(session, replace(FIRST, key="other"), replace(FIRST, key="other"))


def test_a_claim_at_the_same_time_keeps_the_version_as_it_was(store: Store) -> None:
    with store.session() as session:
        first = save_edit(session, FIRST, None)
        item, ada = asking(session, first)
        item_id = item.id
    saved: list[int] = []

    def save() -> None:
        with store.session() as other:
            saved.append(save_edit(other, edited("Manner"), FIRST))

    with store.session() as session:
        item = get_item(session, item_id)
        claim_item(session, item, ada, get_queue(session, item.queue_id))
        editor = Thread(target=save)
        editor.start()
        editor.join(0.5)
        assert saved == []
    editor.join(20)
    with store.reading() as session:
        assert saved != [first]
        assert get_schema(session, first) == FIRST


def test_queues_move_to_a_new_version_when_they_are_told_to(store: Store) -> None:
    with store.session() as session:
        first = save_edit(session, FIRST, None)
        claimed(session, first)
        make_queue(session, "others", "trace", first)
        second = save_edit(session, edited("Manner"), FIRST)
        ask_version(session, second, ["tones"])
        assert shown(schema_versions(session, "tone")) == [
            (2, "Manner", 0, 0, ("tones",)),
            (1, "Tone", 0, 1, ("others",)),
        ]


def test_a_retired_schema_is_offered_to_no_new_queue(store: Store) -> None:
    with store.session() as session:
        save_edit(session, FIRST, None)
        save_edit(session, replace(FIRST, key="b", title="B"), None)
        retire_schema(session, "tone")
        assert [one.schema.key for one in offered_schemas(session)] == ["b"]
        retire_schema(session, "tone", retired=False)
        assert [one.schema.key for one in offered_schemas(session)] == ["b", "tone"]


def test_what_is_used_or_answered_is_not_deleted_and_says_why(store: Store) -> None:
    with store.session() as session:
        first = save_edit(session, FIRST, None)
        other = save_edit(session, replace(FIRST, key="other"), None)
        claimed(session, first)
        with pytest.raises(Conflict, match="tone cannot be deleted: “tones” asks it"):
            delete_schema(session, "tone")
        ask_version(session, other, ["tones"])
        assert why_kept(session, "tone") == "Somebody was given it to answer, and may still. Retire it."
        answered(session, first)
        with pytest.raises(Conflict, match="1 answer was given to it, and they stay"):
            delete_schema(session, "tone")
        save_edit(session, replace(FIRST, key="third"), None)
        delete_schema(session, "third")
        assert newest_schema_id(session, "third") is None
        with pytest.raises(NotFound):
            get_schema(session, 10**6)


def test_a_version_that_is_there_is_never_written_over(store: Store) -> None:
    with store.session() as session:
        first = save_schema(session, FIRST)
        assert save_schema(session, edited("Manner")) == first
        assert get_schema(session, first) == FIRST
