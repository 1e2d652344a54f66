"""Which schema is on the page, and the ways to a new one: empty, from a ready-made one, from a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from core.errors import InvalidInput
from core.records import LabelSchema
from core.review.ready_made import READY_MADE
from core.review.schema_yaml import LARGEST_YAML, schema_from_yaml
from core.store.schemas import SchemaVersion
from dashboard.parts.numbers import escaped
from dashboard.parts.schema_draft import Draft, begin, free_key

SLOT = "schemas_slot"


def choose_schema(newest: dict[str, SchemaVersion]) -> str | None:
    """The schema on the page: a stored one's key, or that under which a new one is being made; None without any."""
    drafts = st.session_state.setdefault("schemas_drafts", {})
    slots = [*newest, *(slot for slot in drafts if slot not in newest)]
    if not slots:
        return None
    if (linked := st.query_params.pop("schema", "")) in slots:  # a link's, by key: the chooser itself binds titles
        st.session_state[SLOT] = linked
    if st.session_state.get(SLOT) not in slots:
        st.session_state[SLOT] = slots[0]

    titles = Counter(one.schema.title for one in newest.values())

    def told(slot: str) -> str:
        if slot not in newest:
            return f"{slot} (new)"
        one = newest[slot]
        named = one.schema.title if titles[one.schema.title] == 1 else f"{one.schema.title} ({slot})"
        return named if one.retired_at is None else f"{named}, retired"

    return str(st.selectbox("Schema", slots, key=SLOT, format_func=told, bind="query-params"))


def new_schema_doors(newest: dict[str, SchemaVersion]) -> None:
    """The ways to a new schema."""
    with st.container(horizontal=True, gap="small"):
        if st.button("New", icon=":material/add:", help="Begin with no question."):
            _open(LabelSchema("new-schema", 1, "", ()), newest)
        with st.popover("Ready-made", icon=":material/library_add:"):
            _offer_ready_made(newest)
        with st.popover("From a file", icon=":material/upload:"):
            sent = st.file_uploader("A schema as YAML", ["yaml", "yml"], max_upload_size=1, key="schemas_file")
            if sent is not None and st.button("Open it", type="primary", key="schemas_open_file"):
                _read_file(sent.getvalue(), newest)


def restore(yaml: str, draft: Draft) -> Draft:
    """The draft with what the browser had kept of it."""
    try:
        return begin(schema_from_yaml(yaml), draft.seen, draft.turn + 1)
    except InvalidInput as error:
        st.warning(f"What this browser kept can no longer be read. {error.message}", icon=":material/warning:")
        return draft


def _offer_ready_made(newest: dict[str, SchemaVersion]) -> None:
    with st.container(width=420):
        key = st.selectbox("Start from", list(READY_MADE), format_func=lambda one: READY_MADE[one].title)
        schema = READY_MADE[key]
        st.write(escaped(schema.guidelines))
        st.markdown("\n".join(f"- {escaped(question.title)}" for question in schema.questions))
        if schema.source:
            st.caption(f"Source: {escaped(schema.source)}. The definitions are our own.")
        if st.button("Start from this one", type="primary", key="schemas_start"):
            _open(schema, newest)


def _read_file(data: bytes, newest: dict[str, SchemaVersion]) -> None:
    if len(data) > 4 * LARGEST_YAML:
        st.error(f"A schema's file has at most {LARGEST_YAML:,} characters.", icon=":material/error:")
        return
    try:
        schema = schema_from_yaml(data.decode("utf-8-sig", "replace"))
    except InvalidInput as error:
        st.error(error.message, icon=":material/error:")
        return
    if schema.key in newest:
        seen = newest[schema.key].schema
        _go(schema.key, begin(schema, seen, _turn()))
    _open(schema, newest)


def _open(schema: LabelSchema, newest: dict[str, SchemaVersion]) -> None:
    """Begin a new schema under a key that is free."""
    key = free_key(schema.key, {*newest, *st.session_state.schemas_drafts})
    made = LabelSchema(key, 1, schema.title, schema.questions, schema.guidelines, schema.source)
    _go(key, begin(made, None, _turn()))


def _go(slot: str, draft: Draft) -> None:
    st.session_state.schemas_drafts[slot] = draft
    st.session_state.schemas_next = slot
    st.rerun()


def _turn() -> int:
    turns: Sequence[Draft] = list(st.session_state.schemas_drafts.values())
    return 1 + max((draft.turn for draft in turns), default=0)
