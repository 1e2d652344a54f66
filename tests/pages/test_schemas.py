"""Label schemas: edited, saved as versions, brought in and out, retired, deleted; by leads only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.clock import now
from core.records import Annotation, LabelSchema, Option, Question, Role
from core.review.ready_made import PROCESS_REWARD, READY_MADE, RUN_REVIEW
from core.review.schema_yaml import write_yaml
from core.store.annotations import add_annotation
from core.store.people import person_id
from core.store.queues import get_queue, make_queue
from core.store.schemas import get_schema, newest_schema_id, save_edit, schema_versions
from core.store.trace_writing import insert_traces
from dashboard import identity, process
from dashboard.identity import Actor
from tests.worlds import run

ROOT = Path(__file__).resolve().parents[2]
TONE = LabelSchema(
    "tone",
    1,
    "Tone",
    (
        Question("kind", "choice", "Was it kind?", (Option("yes", "Yes"), Option("no", "No"))),
        Question("why", "text", "Why?"),
    ),
)


@pytest.fixture
def page(data_dir: Path) -> Iterator[AppTest]:
    """The page as the only lead sees it."""
    process.store()
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60).run()
    yield app.switch_page(str(ROOT / "pages" / "schemas.py"))
    process.close_all()


def stored(*schemas: LabelSchema) -> None:
    with process.store().session() as session:
        for schema in schemas:
            save_edit(session, schema, None)


def answered(queue: str = "tones") -> None:
    """Somebody has answered the newest version, and a queue asks it."""
    with process.store().session() as session:
        row = newest_schema_id(session, "tone")
        assert row is not None
        make_queue(session, queue, "trace", row)
        (trace,) = insert_traces(session, [run("r1")]).traces.values()
        add_annotation(session, trace, person_id(session, "ada"), (row, "tone"), Annotation("r1", "ada", "tone"), now())


def newest(key: str = "tone") -> LabelSchema | None:
    with process.store().reading() as session:
        row = newest_schema_id(session, key)
        return None if row is None else get_schema(session, row)


def field(page: AppTest, kind: str, label: str) -> object:
    return next(one for one in page.get(kind) if one.label == label)


def press(page: AppTest, label: str) -> AppTest:
    button = next(one for one in page.button if one.label == label and not one.disabled)
    return button.click().run()


def words(page: AppTest) -> str:
    kinds = ("markdown", "caption", "info", "warning", "error")
    return "\n".join(str(one.value) for kind in kinds for one in page.get(kind)).replace("\\", "")


def test_an_empty_folder_offers_a_way_to_begin(page: AppTest) -> None:
    page.run()
    assert "No schema is stored yet." in words(page)
    press(page, "New")
    assert field(page, "text_input", "Key").value == "new-schema"  # type: ignore[attr-defined]
    assert "It asks nothing yet. Add a question." in words(page)
    assert [one.disabled for one in page.button if one.label == "Save"] == [True]


@pytest.mark.parametrize("key", list(READY_MADE))
def test_every_ready_made_schema_can_be_begun_with_and_saved(page: AppTest, key: str) -> None:
    page.run()
    field(page, "selectbox", "Start from").select(key).run()  # type: ignore[attr-defined]
    press(page, "Start from this one")
    press(page, "Save")
    assert [error.value for error in (*page.error, *page.exception)] == []
    assert newest(key) == replace(READY_MADE[key], version=1, note="")


def test_a_version_that_was_answered_stays_and_the_queue_moves_on(page: AppTest) -> None:
    stored(TONE)
    answered()
    page.run()
    field(page, "text_input", "Question").set_value("Was it friendly?").run()  # type: ignore[attr-defined]
    assert "“Was it kind?”" in words(page)
    assert "Version 1 was answered or given to somebody" in words(page)
    press(page, "Save as version 2")
    changed = replace(TONE.questions[0], title="Was it friendly?")
    assert newest() == replace(TONE, version=2, questions=(changed, TONE.questions[1]))
    with process.store().reading() as session:
        first, second = sorted(schema_versions(session, "tone"), key=lambda one: one.schema.version)
        assert first.schema == TONE
        assert (first.queues, second.queues) == ((), ("tones",))
    assert "Everything is saved." in words(page)
    assert "The newest is version 2; “tones” asks version 2." in words(page)


def test_a_queue_that_asks_an_older_version_is_told_of_and_given_the_newest(page: AppTest) -> None:
    stored(TONE, RUN_REVIEW)
    answered()
    with process.store().session() as session:
        save_edit(session, replace(TONE, title="A tone"), TONE)
    page.run()
    chooser = field(page, "selectbox", "Schema")
    assert chooser.options == ["Run review", "A tone"]  # type: ignore[attr-defined]
    chooser.select("tone").run()  # type: ignore[attr-defined]
    assert "The newest is version 2; “tones” asks version 1." in words(page)
    press(page, "Let “tones” ask version 2")
    assert "The newest is version 2; “tones” asks version 2." in words(page)
    assert page.toast[0].value == "“tones” asks version 2 from now on\\."


def test_a_version_that_nobody_was_given_is_replaced(page: AppTest) -> None:
    stored(TONE)
    page.run()
    field(page, "text_input", "Title").set_value("Manner").run()  # type: ignore[attr-defined]
    press(page, "Save")
    assert newest() == replace(TONE, title="Manner")


def test_what_is_wrong_is_said_at_its_place_and_nothing_is_saved(page: AppTest) -> None:
    stored(TONE)
    page.run()
    field(page, "text_input", "Stored as").set_value("why").run()  # type: ignore[attr-defined]
    assert words(page).count("Two questions have the key why. Give one another.") == 2  # at the field, and at Save
    assert [one.disabled for one in page.button if one.label == "Save"] == [True]
    press(page, "Take the changes back")
    assert field(page, "text_input", "Stored as").value == "kind"  # type: ignore[attr-defined]
    assert newest() == TONE


def test_the_schema_opened_next_takes_over_nothing_of_the_one_before(page: AppTest) -> None:
    stored(TONE, replace(TONE, key="pace", title="Pace", questions=(Question("slow", "text", "Was it slow?"),)))
    page.run()
    field(page, "selectbox", "Schema").select("tone").run()  # type: ignore[attr-defined]
    field(page, "text_input", "Title").set_value("Manner").run()  # type: ignore[attr-defined]
    field(page, "selectbox", "Schema").select("pace").run()  # type: ignore[attr-defined]
    assert field(page, "text_input", "Title").value == "Pace"  # type: ignore[attr-defined]
    assert field(page, "text_input", "Question").value == "Was it slow?"  # type: ignore[attr-defined]
    assert "Everything is saved." in words(page)
    field(page, "selectbox", "Schema").select("tone").run()  # type: ignore[attr-defined]
    assert field(page, "text_input", "Title").value == "Manner"  # type: ignore[attr-defined]
    assert "Everything is saved." not in words(page)


def test_a_link_opens_the_schema_that_it_names(page: AppTest) -> None:
    stored(TONE, replace(TONE, key="pace", title="Pace"))
    page.query_params["schema"] = "tone"
    page.run()
    assert field(page, "text_input", "Key").value == "tone"  # type: ignore[attr-defined]
    field(page, "selectbox", "Schema").select("pace").run()  # type: ignore[attr-defined]
    assert field(page, "text_input", "Key").value == "pace"  # type: ignore[attr-defined]


def test_questions_are_added_moved_and_removed(page: AppTest) -> None:
    stored(TONE)
    page.run()
    press(page, "Verdict on each step")
    field(page, "text_input", "Question").set_value("And each step?").run()  # type: ignore[attr-defined]
    press(page, "Down")
    page.radio[0].set_value(0).run()
    press(page, "Remove")
    press(page, "Save")
    made = Question("question_1", "step_verdict", "And each step?")
    assert newest() == replace(TONE, questions=(TONE.questions[1], made))


def test_another_kind_keeps_what_fits_it(page: AppTest) -> None:
    stored(TONE)
    page.run()
    field(page, "selectbox", "Kind of answer").select("number").run()  # type: ignore[attr-defined]
    field(page, "number_input", "At most").set_value(5.0).run()  # type: ignore[attr-defined]
    press(page, "Save")
    assert newest() == replace(
        TONE, questions=(Question("kind", "number", "Was it kind?", maximum=5.0), TONE.questions[1])
    )


def test_a_question_is_shown_after_an_answer(page: AppTest) -> None:
    stored(TONE)
    page.run()
    page.radio[0].set_value(1).run()
    field(page, "selectbox", "Ask it").select("kind").run()  # type: ignore[attr-defined]
    field(page, "multiselect", "is answered with").select("no").run()  # type: ignore[attr-defined]
    press(page, "Save")
    got = newest()
    assert got is not None
    condition = got.questions[1].shown_if
    assert condition is not None
    assert (condition.question, condition.values) == ("kind", ("no",))


def test_when_somebody_else_saved_in_the_meantime_it_is_said_and_nothing_is_lost(page: AppTest) -> None:
    stored(TONE)
    answered()
    page.run()
    field(page, "text_input", "Title").set_value("Mine").run()  # type: ignore[attr-defined]
    with process.store().session() as session:
        save_edit(session, replace(TONE, title="Theirs"), TONE, person_id(session, "lea"))
    page.run()
    assert "lea saved version 2 while you were editing." in words(page)
    assert field(page, "text_input", "Title").value == "Mine"  # type: ignore[attr-defined]
    press(page, "Save")
    assert newest() == replace(TONE, version=2, title="Mine")


def test_a_schema_that_is_asked_cannot_be_deleted_and_says_why_but_can_be_retired(page: AppTest) -> None:
    stored(TONE, replace(TONE, key="other", title="Zebra"))
    answered()
    page.run()
    assert "It cannot be deleted: “tones” asks it. Retire it: no new queue is offered it then." in words(page)
    press(page, "Retire it")
    with process.store().reading() as session:
        assert [one.retired_at is None for one in schema_versions(session, "tone")] == [False]
    press(page, "Offer it again")
    field(page, "selectbox", "Schema").select("other").run()  # type: ignore[attr-defined]
    press(page, "Delete it")
    assert newest("other") is None
    assert newest() == TONE
    with process.store().reading() as session:
        assert get_queue(session, 1).schema_id == newest_schema_id(session, "tone")


def test_a_file_opens_over_the_schema_of_its_key_and_a_bad_one_is_refused_by_line(page: AppTest) -> None:
    stored(TONE)
    page.run()
    (door,) = page.get("file_uploader")
    door.set_value(("bad.yaml", write_yaml(TONE).replace("kind: text", "kind: txt").encode(), "application/yaml")).run()
    press(page, "Open it")
    assert "Line 14, question why, kind: There is no kind txt." in words(page)
    (door,) = page.get("file_uploader")
    sent = replace(TONE, title="Sent")
    door.set_value(("tone.yaml", write_yaml(sent).encode(), "application/yaml")).run()
    press(page, "Open it")
    assert field(page, "text_input", "Title").value == "Sent"  # type: ignore[attr-defined]
    assert newest() == TONE
    press(page, "Save")
    assert newest() == sent


def test_an_annotator_sees_a_schema_and_changes_nothing(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    stored(PROCESS_REWARD)
    with process.store().session() as session:
        ada = Actor(person_id(session, "ada", active=True), "ada", Role.ANNOTATOR)
    monkeypatch.setattr(identity, "actor_from", lambda cookies: ada)
    page.run()
    assert "Only leads change label schemas." in words(page)
    assert [one.label for one in page.button] == []
    assert [one.label for one in page.text_input] == []
