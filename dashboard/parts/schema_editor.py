"""Editing a label schema: what it is called, its questions one at a time, and saving it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import streamlit as st

from core.errors import LoopwrightError
from core.records import LabelSchema
from core.review.schema_changes import changes
from core.review.schema_checks import Problem, check_schema, place_words, problems
from core.store.schemas import SchemaVersion, ask_version, get_schema, save_edit
from dashboard.identity import Actor
from dashboard.parts.numbers import escaped
from dashboard.parts.schema_draft import Draft, add, begin, move, new_question, remove, with_question
from dashboard.parts.schema_question import KINDS, controls, edit_question, say
from dashboard.process import store


def edit_schema(draft: Draft, found: Sequence[Problem]) -> Draft:
    """The schema as its controls say."""
    draft = _head(draft, found)
    st.subheader("Questions", anchor=False)
    say(found, ("questions",))
    draft = _choose(draft, found)
    if not draft.ids:
        return draft
    with st.container(border=True):
        edited = edit_question(draft, found)
    return with_question(draft, draft.at, edited)


def _head(draft: Draft, found: Sequence[Problem]) -> Draft:
    schema, name = draft.schema, controls(draft)
    left, right = st.columns([3, 2])
    with left:
        title = st.text_input("Title", schema.title, key=f"{name}_title", live=True, max_chars=200)
        say(found, ("title",))
    with right:
        key = st.text_input(
            "Key", schema.key, key=f"{name}_key", disabled=draft.seen is not None, max_chars=100,
            help="Answers, files and exports name the schema by it; once saved it stays.",
        )  # fmt: skip
        say(found, ("key",))
    with st.expander("Guidelines and source", expanded=draft.seen is None):
        guidelines = st.text_area(
            "Guidelines", schema.guidelines, key=f"{name}_guidelines", height="content",
            help="How to judge: reviewers read it under H.",
        )  # fmt: skip
        source = st.text_input("Source", schema.source, key=f"{name}_source", help="Whose names and rules these are.")
    return replace(
        draft,
        schema=replace(schema, title=title, key=key.strip(), guidelines=guidelines.strip(), source=source.strip()),
    )


def _choose(draft: Draft, found: Sequence[Problem]) -> Draft:
    """The list of the questions with what can be done to the one that is chosen."""
    wrong = {int(problem.place[1]) for problem in found if problem.place[:1] == ("questions",) and problem.place[1:]}
    if draft.ids:

        def told(at: int) -> str:
            question = draft.schema.questions[at]
            mark = ":red[:material/error:] " if at in wrong else ""
            kind = KINDS.get(question.kind, (question.kind, ""))[0].lower()
            return f"{mark}{escaped(question.title) or '*no words yet*'} :gray[· {kind}]"

        places, chosen = list(range(len(draft.ids))), f"{controls(draft)}_at"
        # Said again in each run: the browser knows a choice by its words, and these change as a title is typed.
        st.session_state[chosen] = st.session_state.get(chosen, draft.at)
        at = st.radio(
            "Questions",
            places,
            key=chosen,
            format_func=told,
            label_visibility="collapsed",
        )
        draft = replace(draft, at=at)
    with st.container(horizontal=True, gap="small"):
        # Another one after each question that was added: so it is closed again.
        with st.popover("Add", icon=":material/add:", key=f"{controls(draft)}_add", on_change="rerun"):
            for kind, (words, about) in KINDS.items():
                if st.button(words, key=f"schemas_add_{kind}", help=about, type="tertiary"):
                    act(add(draft, new_question(draft.schema, kind)))
        buttons: list[tuple[str, str, bool, Callable[[], Draft]]] = [
            ("arrow_upward", "Up", draft.at > 0, lambda: move(draft, -1)),
            ("arrow_downward", "Down", draft.at < len(draft.ids) - 1, lambda: move(draft, 1)),
            ("delete", "Remove", bool(draft.ids), lambda: remove(draft)),
        ]
        for icon, words, able, work in buttons:
            if st.button(words, icon=f":material/{icon}:", key=f"schemas_{words}", disabled=not able, type="tertiary"):
                act(work())
    return draft


def act(draft: Draft) -> None:
    """Go on with this draft, its controls drawn anew."""
    st.session_state.schemas_drafts[st.session_state.schemas_slot] = draft
    st.rerun()


def save_row(draft: Draft, newest: SchemaVersion | None, actor: Actor) -> None:
    """What saving would do, and the button."""
    found = problems(draft.schema)
    if newest is None:
        label = "Save"
        said = "Nothing of it is stored yet."
    elif newest.untouched:
        label, said = "Save", f"Nobody has answered version {newest.schema.version} or been given it: it is replaced."
    else:
        version = newest.schema.version
        label = f"Save as version {version + 1}"
        said = f"Version {version} was answered or given to somebody: it stays as it is, and this becomes the next one."
    if newest is not None and draft.seen != newest.schema:
        whose = escaped(newest.by or "Somebody")
        st.warning(
            f"{whose} saved version {newest.schema.version} while you were editing. What you changed is still here; "
            "saving puts it in the place of theirs, which stays in the list of versions if it was given to anybody.",
            icon=":material/warning:",
        )
    note, queues = "", []
    if newest is not None and not newest.untouched and draft.changed:
        note = st.text_input("Note", key=f"{controls(draft)}_note", placeholder="why it was changed (optional)")
        if newest.queues:
            queues = st.multiselect(
                "Queues that ask the new version from now on", newest.queues, newest.queues,
                key=f"{controls(draft)}_queues",
                help="What is claimed already goes on with the questions that were given. Answers stay under theirs.",
            )  # fmt: skip
    made = changes(newest.schema, draft.schema) if newest is not None else ()
    if made:
        with st.expander(f"What you changed ({len(made)})"):
            st.markdown("\n".join(f"- {escaped(one)}" for one in made))
    if found:
        first = found[0]
        where = place_words(draft.schema, first.place)
        more = f" And {len(found) - 1} more." if len(found) > 1 else ""
        st.caption(f":red[:material/error: {escaped(f'{where}: {first.message}{more}')}]")
    else:
        st.caption(said if draft.changed else "Everything is saved.")
    with st.container(horizontal=True):
        if st.button(label, type="primary", key="schemas_save", disabled=bool(found) or not draft.changed):
            seen = None if newest is None else newest.schema
            _save(replace(draft.schema, note=note), replace(draft, seen=seen), queues, actor)
        if st.button("Take the changes back", key="schemas_undo", disabled=not draft.changed or newest is None):
            act(begin(newest.schema if newest else draft.schema, newest and newest.schema, draft.turn + 1))


def _save(schema: LabelSchema, draft: Draft, queues: list[str], actor: Actor) -> None:
    try:
        check_schema(schema)
        with store().session() as session:
            row = save_edit(session, schema, draft.seen, actor.id)
            ask_version(session, row, queues)
            stored = get_schema(session, row)
    except LoopwrightError as error:
        st.error(error.message, icon=":material/error:")
        return
    drafts = st.session_state.schemas_drafts
    del drafts[st.session_state.schemas_slot]
    drafts[stored.key] = replace(begin(stored, stored, draft.turn + 1), at=min(draft.at, len(stored.questions) - 1))
    st.session_state.schemas_next = stored.key
    st.session_state.schemas_said = f"Saved as version {stored.version}."
    st.rerun()
