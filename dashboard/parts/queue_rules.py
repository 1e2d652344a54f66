"""The rules of a queue, chosen in widgets: who reviews it, how often an item, in which order, with which checks."""

from __future__ import annotations

import streamlit as st

from core.records import Role
from core.review.queue_making import MOST_REVIEWERS, QueueRules
from core.store.people import list_people
from dashboard.process import store
from dashboard.queue_ordering import RANKERS

ORDERS = {
    "random": "Random",
    "failures": "Failures first",
    "uncertain": "Least certain judge first",
    "unlike": "Most unlike what is labelled",
    "oldest": "Oldest first",
    "informative": "Most informative first",
}
ABOUT_ORDERS = (
    "Random: by the seed. Failures first: failed, partly solved, unknown, solved runs; steps that ended in an error. "
    "Least certain judge: where judges doubt or disagree; what no judge spoke of comes last. Most unlike what is "
    "labelled: the runs that are least like any labelled one. Most informative: the pairs whose outcome is least "
    "certain."
)


def choose_rules(subject: str, key: str, before: QueueRules) -> QueueRules:
    """The rules that the widgets under this key say; they begin as `before`."""
    with store().reading() as session:
        people = {one.id: one for one in list_people(session, active_only=True)}
    who, order = st.columns(2, gap="medium")
    with who:
        chosen = st.multiselect(
            "Who reviews it",
            list(people),
            [one for one in before.people if one in people],
            format_func=lambda one: f"{people[one].name}{', lead' if people[one].role is Role.LEAD else ''}",
            key=f"{key}_people",
            placeholder="Everybody",
        )
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            about = "Each item is reviewed by exactly so many people."
            overlap = st.number_input(
                "Reviewers an item", 1, MOST_REVIEWERS, before.overlap, key=f"{key}_overlap", width=150, help=about
            )
            about = "Reviewers see no outcome, version, signal or label of an item before they have submitted it."
            blind = st.checkbox("Blind", before.blind, key=f"{key}_blind", help=about)
        able = len(chosen) or len(people)
        if able < overlap:
            st.caption(
                f":material/warning: It asks {overlap:.0f} reviewers an item, and {able} "
                f"{'person' if able == 1 else 'people'} may review it: no item would ever be done."
            )
    with order, st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        orders = RANKERS.offered(subject)
        at = orders.index(before.order) if before.order in orders else 0
        wanted = st.selectbox(
            "In which order", orders, at, format_func=ORDERS.__getitem__, key=f"{key}_order", help=ABOUT_ORDERS
        )
        about = "The same seed gives the same order and the same sample."
        seed = st.number_input("Seed", 0, 1_000_000, before.seed, key=f"{key}_seed", width=120, help=about)
    with order:
        about = "What comes in later and fits the filter joins by itself, as soon as a run is whole or a file is read."
        standing = st.toggle("Standing: what comes later joins", before.standing, key=f"{key}_standing", help=about)
    with st.expander("Checks on reviewers", key=f"{key}_checks", on_change="rerun") as checks:
        if checks.open:
            repeat, gold, votes = st.columns(3, gap="medium")
            about = "Of what somebody is given, so much are items of their own again, unannounced: self-consistency."
            share = (0, 50, round(100 * before.repeat_share), 5)
            repeats = repeat.number_input("Hidden repeats, %", *share, key=f"{key}_repeat", help=about)
            about = "Of what somebody is given, so much are items with a known answer. Mark them under Known answers."
            share = (0, 50, round(100 * before.gold_share), 5)
            golds = gold.number_input("Known answers, %", *share, key=f"{key}_gold", help=about)
            about = "So many reviewers together take an item out of the queue. 0: only a lead does."
            k = votes.number_input(
                "Votes to discard", 0, MOST_REVIEWERS, before.votes_to_discard, key=f"{key}_votes", help=about
            )
        else:
            repeats, golds, k = 100 * before.repeat_share, 100 * before.gold_share, before.votes_to_discard
    return QueueRules(
        int(overlap),
        blind,
        wanted,
        int(seed),
        standing,
        tuple(sorted(chosen)),
        repeats / 100,
        golds / 100,
        int(k),
    )
