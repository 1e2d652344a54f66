"""Label schemas: the questions that queues ask, edited beside the form that they make, version by version."""

import streamlit as st

from core.review.ready_made import place_in_lists
from core.review.schema_checks import problems
from core.review.schema_yaml import write_yaml
from core.store.schemas import SchemaVersion, schema_versions
from dashboard.components.preview import schema_preview
from dashboard.identity import acting
from dashboard.parts.notices import done
from dashboard.parts.numbers import escaped
from dashboard.parts.schema_doors import choose_schema, new_schema_doors, restore
from dashboard.parts.schema_draft import begin
from dashboard.parts.schema_editor import act, edit_schema, save_row
from dashboard.parts.schema_versions import show_versions, who_asks
from dashboard.process import store

# The preview stays in view while the questions beside it are scrolled.
st.html(
    "<style>[data-testid=stColumn]:has(> * .st-key-schemas_preview)"
    " { position: sticky; top: 4rem; align-self: flex-start; }</style>"
)

actor = acting()
st.title("Label schemas")
st.caption("A label schema is the questions that a queue asks, with how to judge. What was answered keeps its version.")
if said := st.session_state.pop("schemas_said", ""):
    done(said)
if following := st.session_state.pop("schemas_next", ""):
    st.session_state.schemas_slot = following

with store().reading() as session:
    versions = schema_versions(session)
newest: dict[str, SchemaVersion] = {}
for one in sorted(versions, key=lambda one: place_in_lists(one.schema)):
    newest.setdefault(one.schema.key, one)

chooser, doors = st.columns([3, 2], vertical_alignment="bottom")
with chooser:
    slot = choose_schema(newest)
if actor.leads:
    with doors:
        new_schema_doors(newest)
else:
    doors.caption("Only leads change label schemas. You see them as they are.")
if slot is None:
    st.info(
        "No schema is stored yet. Start from a ready-made one, or write your own; queues then ask its questions.",
        icon=":material/checklist:",
    )
    st.stop()

stored = newest.get(slot)
mine = [one for one in versions if one.schema.key == slot]
if stored is not None:
    st.caption(
        escaped(who_asks(stored.schema.version, [(name, one.schema.version) for one in mine for name in one.queues]))
    )
drafts = st.session_state.schemas_drafts
if stored is not None and (slot not in drafts or not (drafts[slot].changed or drafts[slot].seen == stored.schema)):
    drafts[slot] = begin(stored.schema, stored.schema, drafts[slot].turn + 1 if slot in drafts else 0)
draft = drafts[slot]

editor, preview = st.columns([11, 9], gap="medium")
if actor.leads:
    with editor:
        edited = edit_schema(draft, problems(draft.schema))
    if edited != draft:  # what is wrong with it, and the list of questions, stand above what was changed
        act(edited)
else:
    with editor:
        st.subheader(draft.schema.title, anchor=False)
        st.write(draft.schema.guidelines.replace("[", "\\["))
        if draft.schema.source:
            st.caption(f"Source: {draft.schema.source}")
with preview, st.container(key="schemas_preview"):
    if actor.leads:
        save_row(draft, stored, actor)
    kept = write_yaml(draft.schema) if draft.changed else ""
    saved = write_yaml(stored.schema) if stored is not None else ""
    if taken := schema_preview(draft.schema, slot, kept, saved):
        act(restore(taken, draft))
if stored is not None:
    show_versions(mine, actor)
