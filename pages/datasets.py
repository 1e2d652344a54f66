"""Datasets: what counts as training data and what does not, row by row; make a version of it and download it."""

from pathlib import Path

import streamlit as st

from core.clock import canonical_json
from core.dataset.definition import Definition, define
from core.dataset.formats import FORMATS
from core.dataset.gates import gates_of
from core.dataset.selection import Overview, look, overview, read_rows, select
from core.dataset.versions import make_version
from core.errors import LoopwrightError
from core.store.dataset_versions import list_versions
from core.store.datasets import fingerprint
from dashboard.identity import acting
from dashboard.parts.dataset_changes import show_comparison
from dashboard.parts.dataset_definition import choose_definition, read_choices
from dashboard.parts.dataset_gates import show_gates
from dashboard.parts.dataset_orders import AT_ONCE, order_version, show_orders
from dashboard.parts.dataset_readiness import show_readiness
from dashboard.parts.dataset_rows import show_row, show_version
from dashboard.parts.dataset_splits import show_splits
from dashboard.process import settings, store

PAGES = Path(__file__).parent
NAMES = {
    "sft": "Imitation · sft",
    "dpo": "Preference · dpo",
    "kto": "Good or bad · kto",
    "reward": "Reward model · reward",
    "steps": "Step by step · steps",
}


@st.cache_resource(max_entries=3, show_spinner="Asking each candidate what speaks for it …")
def selection_of(database: str, evidence: str, asked: str, most: int | None, _definition: Definition) -> Overview:
    """What the gates let through; the same question (in words) of the same evidence is not asked twice."""
    with store().reading() as session:
        return overview(select(session, _definition)) if most is None else look(session, _definition, most)


def make(definition: Definition, name: str, candidates: int) -> None:
    """Make a version and say which one it is, or have a large one made."""
    try:
        if candidates > AT_ONCE:
            order_version(definition, name.strip())
            return
        made = make_version(store(), definition, name.strip())
        rows = made.manifest["rows"]
        st.session_state.datasets_said = f"{made.dataset} {made.number} is there: {rows:,} rows. Download it below."
    except LoopwrightError as error:
        st.session_state.datasets_problem = error.message


actor = acting()
st.title("Datasets", help="A dataset version is a numbered snapshot of what people and checks have verified.")
show_readiness(actor)
show_splits(actor)
if "datasets_format" not in st.session_state:
    asked = st.query_params.get("format", "")
    st.session_state.datasets_format = asked if asked in FORMATS else "sft"
chosen_format = st.segmented_control(
    "Format",
    list(FORMATS),
    required=True,
    format_func=NAMES.__getitem__,
    key="datasets_format",
    help=" ".join(f"{each.name}: {each.says}" for each in FORMATS.values()),
)
st.caption(FORMATS[chosen_format].says)
st.query_params["format"] = chosen_format
gates = gates_of(chosen_format)
with store().reading() as session:
    evidence = fingerprint(session)
    versions = list_versions(session)
    choices = read_choices(session)
definition = choose_definition(chosen_format, gates, choices, actor)
asked = canonical_json(definition.as_json())
most = None if st.session_state.get("datasets_read") == [evidence, asked] else AT_ONCE
selection = selection_of(settings().database_url, evidence, asked, most, definition)
if selection.candidates == 0 and asked != canonical_json(define(chosen_format).as_json()):
    st.info("Nothing fits what you chose above. Choose more agents or sources.", icon=":material/filter_alt:")
elif selection.candidates == 0:
    st.info("Nothing can be taught yet: import runs on the Traces page, then review or compare them.")
    st.page_link(PAGES / "traces.py", label="Import on the Traces page", icon=":material/upload:")
    st.stop()

left, right = st.columns([3, 1], vertical_alignment="bottom")
name = left.text_input(
    "Name",
    chosen_format,
    key=f"datasets_name_{chosen_format}",
    max_chars=80,
    help="Versions are numbered for each name.",
)
if right.button(
    "Make version",
    type="primary",
    icon=":material/save:",
    disabled=not (actor.leads and selection.rows),
    width="stretch",
):
    with st.spinner("Writing the rows …"):
        make(selection.definition, name, selection.candidates)
    st.rerun()
if problem := st.session_state.pop("datasets_problem", ""):
    st.error(problem, icon=":material/error:")
if said := st.session_state.pop("datasets_said", ""):
    st.success(said, icon=":material/check:")
show_orders(actor)

up_to = "" if selection.read else "Up to "
st.header(f"{up_to}{len(selection.rows):,} rows of {selection.candidates:,} candidates", anchor=False)
if not selection.read:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f"Of more than {AT_ONCE:,} candidates the texts are not read while you look: the gates marked “not asked” "
            "are asked when a version is made."
        )
        if st.button("Ask them now", icon=":material/play_arrow:", disabled=not actor.leads):
            st.session_state.datasets_read = [evidence, asked]
            st.rerun()
show_gates(gates, selection, actor)

if not actor.leads:
    st.info("Rows show what reviewers said, so only leads read and make them.", icon=":material/lock:")
    st.stop()

if selection.rows:
    st.header("Rows as the model will see them", anchor=False)
    chosen = st.pagination(len(selection.rows), key=f"datasets_row_{chosen_format}_{len(selection.rows)}")
    with store().reading() as session:
        (row,) = read_rows(session, chosen_format, [selection.rows[chosen - 1]])
    show_row(row)

st.header(
    "Versions", help="A version never changes. The same rows on the same labels are the same version.", anchor=False
)
show_comparison(versions)
if not versions:
    st.caption("None yet. Make the first one above, or with `loopwright export`.")
for version in versions:
    title = f"{version.dataset} {version.number} · {version.format} · {version.manifest['rows']:,} rows"
    made_at = f"{version.created_at:%Y-%m-%d %H:%M} UTC"
    with st.expander(
        f"{title} · {made_at}", on_change="rerun", key=f"datasets_version_{version.dataset}_{version.number}"
    ) as shown:
        if shown.open:
            show_version(version)
