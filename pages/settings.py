"""Settings: people, prices, what is replaced before storage, and how long runs are kept."""

import streamlit as st

from core.errors import LoopwrightError
from core.records import Role
from core.store.people import add_person, change_person, list_people
from dashboard.identity import acting
from dashboard.parts.numbers import escaped
from dashboard.parts.settings_prices import show_prices
from dashboard.parts.settings_redaction import show_redaction
from dashboard.parts.settings_retention import show_retention
from dashboard.process import settings, store

ROLES = [Role.ANNOTATOR, Role.LEAD]


def change(person: int, key: str) -> None:
    """Carry out a change of role or activity that was chosen in the table of people."""
    role = st.session_state.get(f"settings_role_{key}")
    active = st.session_state.get(f"settings_active_{key}")
    try:
        with store().session() as session:
            change_person(session, person, Role(role), active)
        st.toast("Saved.")
    except LoopwrightError as error:
        st.session_state.settings_problem = error.message
        for name in ("role", "active"):  # the controls show what is, not what was refused
            st.session_state.pop(f"settings_{name}_{key}", None)


actor = acting()
st.title("Settings")
if not actor.leads:
    st.info("Only leads change settings. You see them as they are.", icon=":material/lock:")
if problem := st.session_state.pop("settings_problem", ""):
    st.error(problem, icon=":material/error:")
if unpriced := st.query_params.get("settings_model", ""):
    st.info(
        f"Calls of {escaped(unpriced[:100])} have no price. Enter one under [Prices](#prices).", icon=":material/sell:"
    )

with store().reading() as session:
    people = list_people(session)

st.header(
    "People",
    help="An annotator reviews; a lead also decides about lessons, people and what stays hidden until submission.",
)
st.caption("Names that only stand under imported labels cannot act until they are made active.")
for person in people:
    name, role, active = st.columns([3, 2, 1], vertical_alignment="center")
    name.markdown(
        f":material/{'smart_toy' if person.role is Role.MACHINE else 'person'}: " + person.name.replace("[", "\\[")
    )
    if person.role is Role.MACHINE:
        role.caption("machine")
        continue
    key = str(person.id)
    fixed = {
        "on_change": change,
        "args": (person.id, key),
        "disabled": not actor.leads,
        "label_visibility": "collapsed",
    }
    role.selectbox("Role", ROLES, ROLES.index(person.role), key=f"settings_role_{key}", format_func=str, **fixed)
    active.toggle("Active", person.active, key=f"settings_active_{key}", **(fixed | {"label_visibility": "visible"}))

with st.form("settings_add", clear_on_submit=True, border=True):
    name, role, add = st.columns([3, 2, 1], vertical_alignment="bottom")
    new_name = name.text_input("Name", max_chars=200)
    new_role = role.selectbox("Role", ROLES, format_func=str)
    if add.form_submit_button("Add person", disabled=not actor.leads, width="stretch"):
        try:
            with store().session() as session:
                add_person(session, new_name, Role(new_role))
            st.rerun()
        except LoopwrightError as error:
            st.error(error.message, icon=":material/error:")

show_prices(actor)
show_redaction(actor)
show_retention(actor)

st.header("Where things are")
chosen = settings()
shown = chosen.database_url.rsplit("@", 1)[-1]
st.dataframe(
    [
        {"What": "Data folder", "Where": str(chosen.folder), "Setting": "LOOPWRIGHT_DATA_DIR"},
        {"What": "Database", "Where": shown, "Setting": "LOOPWRIGHT_DATABASE_URL"},
        {
            "What": "Lesson index",
            "Where": chosen.chroma_url or str(chosen.folder / "chroma"),
            "Setting": "LOOPWRIGHT_CHROMA_URL",
        },
    ],
    hide_index=True,
    alt="Where data is kept",
)
