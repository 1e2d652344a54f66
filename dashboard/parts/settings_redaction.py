"""Redaction on Settings: what is replaced before anything is stored, agent by agent, with a field to try it in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.errors import InvalidInput, LoopwrightError
from core.ingest.leading import decide_redaction
from core.redact import KINDS, Policy, redactor
from core.store.catalog import list_agents
from core.store.policies import REDACTION, policies_of
from dashboard.identity import Actor
from dashboard.parts.numbers import escaped
from dashboard.parts.settings_choice import OTHERS, named
from dashboard.process import store

WORDS = {"email": "E-mail addresses", "phone": "Telephone numbers", "card": "Card numbers", "iban": "IBANs"}
SAMPLE = "Write to ann@example.com or +49 30 901820; token=sk-ant-api03-Xk29fQ7LmZp81VbNw3Rt"
_SAID = "settings_redaction_said"


def show_redaction(actor: Actor) -> None:
    """The section."""
    st.header(
        "Redaction",
        anchor=False,
        help="What is found in whatever an agent sends, and replaced before anything is stored. It is counted on each "
        "run; what it was is kept nowhere, so it cannot be undone.",
    )
    with store().reading() as session:
        policies, agents = policies_of(session, REDACTION), list_agents(session)
    st.markdown("\n".join(f"- {escaped(sentence(agent, rules))}" for agent, rules in _all(policies)))
    if said := st.session_state.pop(_SAID, None):
        (st.error if said[0] else st.success)(escaped(said[1]))
    if actor.leads:
        with st.expander("Decide what is replaced"):
            _ask(actor, policies, agents)


def _all(policies: Mapping[str, Any]) -> list[tuple[str, Any]]:
    own = [(agent, rules) for agent, rules in policies.items() if agent]
    return [*own, ("", policies.get("", {}))]


def sentence(agent: str, rules: Mapping[str, Any]) -> str:
    """What is replaced for an agent, in a sentence."""
    policy = Policy.from_json(rules)
    kinds = [WORDS[kind] for kind in KINDS if kind in policy.kinds]
    listed = ["keys and passwords", *(kind if kind == "IBANs" else kind[0].lower() + kind[1:] for kind in kinds)]
    listed += [f"“{name}”" for name, _ in policy.custom]
    return f"{named(agent)}: {', '.join(listed)}."


def _ask(actor: Actor, policies: Mapping[str, Any], agents: Sequence[str]) -> None:
    choices = ["", *sorted({*agents, *policies} - {""})]
    agent = st.selectbox("Agent", choices, format_func=lambda one: one or OTHERS, key="settings_redaction_agent")
    held = Policy.from_json(policies.get(agent, policies.get("", {})))
    key = f"settings_redaction_{agent}"
    st.toggle("Keys, tokens and passwords", True, disabled=True, key=f"{key}_key", help="Always.")
    kinds = {
        kind
        for place, kind in zip(st.columns(4), KINDS, strict=True)
        if place.toggle(WORDS[kind], kind in held.kinds, key=f"{key}_{kind}")
    }
    st.caption("Patterns of your own, in the syntax of RE2: a name that stands for what was replaced, and the pattern.")
    rows = st.data_editor(
        [{"Name": name, "Pattern": pattern} for name, pattern in held.custom] or [{"Name": "", "Pattern": ""}],
        num_rows="dynamic",
        hide_index=True,
        key=f"{key}_custom",
        column_config={
            "Name": st.column_config.TextColumn("Name", width="small", help="Such as: booking"),
            "Pattern": st.column_config.TextColumn("Pattern", help="Such as: [A-Z]{6}"),
        },
    )
    policy = _read(kinds, rows)
    _try(policy, key)
    save, remove = st.columns(2)
    if save.button("Save", type="primary", key=f"{key}_save", disabled=policy is None, width="stretch"):
        _decide(actor, agent, policy, f"Saved. From now on: {sentence(agent, policy.as_json() if policy else {})}")
    gone = agent in policies
    about = (
        "What holds for all others then holds for it too." if agent else "Then only keys and passwords are replaced."
    )
    if remove.button("Take this policy away", key=f"{key}_remove", disabled=not gone, help=about, width="stretch"):
        _decide(actor, agent, None, f"{named(agent)} have no policy of their own any more.")


def _read(kinds: set[str], rows: Sequence[Mapping[str, str | None]]) -> Policy | None:
    """The policy that is filled in; None, with the reason on the screen, where it cannot be used."""
    custom = [((row.get("Name") or "").strip(), row.get("Pattern") or "") for row in rows]
    try:
        return Policy(frozenset(kinds), tuple(one for one in custom if any(one)))
    except InvalidInput as error:
        st.error(escaped(error.message), icon=":material/error:")
        return None


def _try(policy: Policy | None, key: str) -> None:
    """A text and what would be kept of it; nothing of it is stored."""
    text = st.text_area(
        "Try it", SAMPLE, key=f"{key}_try", max_chars=20_000, help="Nothing that you type here is kept."
    )
    if policy is None:
        return
    kept, counts = redactor(policy).text(text)
    told = ", ".join(f"{n} {kind}" for kind, n in sorted(counts.items()))
    st.caption(f"This would be stored ({told} replaced):" if told else "Nothing would be replaced:")
    st.code(kept, language=None, wrap_lines=True)


def _decide(actor: Actor, agent: str, policy: Policy | None, said: str) -> None:
    try:
        with store().session() as session:
            decide_redaction(session, actor.role, agent, policy)
        st.session_state[_SAID] = (False, said)
        for name in [name for name in st.session_state if str(name).startswith(f"settings_redaction_{agent}_")]:
            del st.session_state[name]
    except LoopwrightError as error:
        st.session_state[_SAID] = (True, error.message)
    st.rerun()
