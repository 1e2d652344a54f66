"""The versions of a label schema: who uses which, what changed, as a file; retiring and deleting."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.errors import LoopwrightError
from core.review.schema_changes import changes
from core.review.schema_yaml import write_yaml
from core.store.retractions import GUIDELINE
from core.store.schemas import SchemaVersion, ask_version, delete_schema, retire_schema, why_kept
from dashboard.identity import Actor
from dashboard.parts.numbers import escaped
from dashboard.parts.retraction_target import link_to_taking_back
from dashboard.process import store


def who_asks(newest: int, asking: Sequence[tuple[str, int]]) -> str:
    """The newest version, and which version each queue (with its version) asks."""
    told = [f"“{queue}” asks version {version}" for queue, version in asking]
    return f"The newest is version {newest}; {', '.join(told) or 'no queue asks it'}."


def show_versions(versions: Sequence[SchemaVersion], actor: Actor) -> None:
    """Every version, newest first, and what can be done with them."""
    st.header("Versions", help="A version that was answered, or given to somebody to answer, is never changed.")
    st.dataframe(
        [
            {
                "Version": one.schema.version,
                "Saved": one.at,
                "By": one.by or "ships with Loopwright",
                "Answers": one.answers,
                "Given out": one.given,
                "Queues": ", ".join(one.queues) or "none",
                "Note": one.schema.note,
            }
            for one in versions
        ],
        column_config={
            "Saved": st.column_config.DatetimeColumn(format="distance"),
            "Answers": st.column_config.NumberColumn(help="Submissions, with their edits and withdrawals."),
            "Given out": st.column_config.NumberColumn(help="Times that somebody was given it to answer."),
        },
        hide_index=True,
        alt="The versions of this schema and what uses them",
    )
    if actor.leads:
        _catch_up(versions)
    if len(versions) > 1:
        _compare(versions)
    _as_file(versions)
    if actor.leads:
        _decide(versions)


def _catch_up(versions: Sequence[SchemaVersion]) -> None:
    """Queues that ask an older version, to be given the newest."""
    newest, *older = versions
    with st.container(horizontal=True, gap="small"):
        for queue in [queue for one in older for queue in one.queues]:
            if st.button(
                f"Let “{escaped(queue)}” ask version {newest.schema.version}",
                key=f"schemas_ask_{newest.id}_{queue}",
                help="What is claimed already goes on with the questions that were given. Answers stay under theirs.",
            ):
                with store().session() as session:
                    ask_version(session, newest.id, [queue])
                st.session_state.schemas_said = f"“{queue}” asks version {newest.schema.version} from now on."
                st.rerun()


def _compare(versions: Sequence[SchemaVersion]) -> None:
    numbers = [one.schema.version for one in versions]
    by_number = {one.schema.version: one.schema for one in versions}
    key = versions[0].schema.key
    one, two = st.columns(2)
    before = one.selectbox("What changed from version", numbers, 1, key=f"schemas_from_{key}")
    after = two.selectbox("to version", numbers, 0, key=f"schemas_to_{key}")
    made = changes(by_number[before], by_number[after])
    st.markdown("\n".join(f"- {escaped(each)}" for each in made) or "These two ask the same.")


def _as_file(versions: Sequence[SchemaVersion]) -> None:
    newest = versions[0].schema
    with st.expander("As a file"):
        st.caption("The same file comes in under “From a file”, and by `loopwright schema import`.")
        text = write_yaml(newest)
        st.download_button(
            "Download as YAML", text, f"{newest.key}.yaml", "application/yaml", icon=":material/download:",
            key="schemas_download",
        )  # fmt: skip
        st.code(text, language="yaml", height=320)


def _decide(versions: Sequence[SchemaVersion]) -> None:
    key = versions[0].schema.key
    retired = all(one.retired_at is not None for one in versions)
    with store().reading() as session:
        reason = why_kept(session, key)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            "Offer it again" if retired else "Retire it",
            key="schemas_retire",
            help="A retired schema is offered to no new queue. Queues that ask it go on, and answers stay.",
        ):
            with store().session() as session:
                retire_schema(session, key, not retired)
            st.rerun()
        if st.button("Delete it", key="schemas_delete", disabled=bool(reason), icon=":material/delete:"):
            _delete(key)
        if any(one.answers for one in versions):
            link_to_taking_back(GUIDELINE)
        if reason:
            st.caption(f"It cannot be deleted: {escaped(reason)}")


def _delete(key: str) -> None:
    try:
        with store().session() as session:
            delete_schema(session, key)
    except LoopwrightError as error:
        st.error(error.message, icon=":material/error:")
        return
    st.session_state.schemas_drafts.pop(key, None)
    st.session_state.schemas_said = f"{key} is deleted."
    st.rerun()
