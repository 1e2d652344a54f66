"""What of a queue needs a lead: flags, surplus answers, what was taken out, what people hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import streamlit as st
from sqlalchemy.orm import Session

from core.errors import LoopwrightError
from core.review import queue_changes
from core.store.people import PersonLine
from core.store.queue_work import Flagged, PersonWork, Surplus, discarded_items, flagged_items, surplus_answers
from core.store.schemas import get_schema
from core.store.tables import QueueRow
from dashboard.identity import Actor
from dashboard.parts.notices import done, refused
from dashboard.parts.numbers import ago, clipped, escaped
from dashboard.parts.said_words import in_words
from dashboard.parts.settled import Settled, keep, with_settled
from dashboard.process import store

PAGES = Path(__file__).resolve().parents[2] / "pages"
SHOWN = 20

Deed = Callable[[Session], object]


def carry_out(deed: Deed, said: str, row: Settled | None = None) -> None:
    """Do it in one transaction, and say what came of it; the row that it settled keeps its place."""
    try:
        with store().session() as session:
            deed(session)
    except LoopwrightError as error:
        refused(error.message)
    else:
        done(said)
        if row is not None:
            keep(row)


def show_attention(actor: Actor, queue: QueueRow) -> None:
    """Flags first: somebody waits for an answer to them."""
    with store().reading() as session:
        flags = flagged_items(session, queue, SHOWN)
        surplus = surplus_answers(session, queue, SHOWN)
        gone = discarded_items(session, queue, SHOWN)
        schema = get_schema(session, queue.schema_id) if queue.schema_id is not None else None
        told = {late.row: in_words(session, schema, late.item, late.said) for late in surplus}
    flagged = with_settled(f"flags {queue.id}", {one.item: one for one in flags})
    came_late = with_settled(f"surplus {queue.id}", {one.row: (one, told[one.row]) for one in surplus})
    taken_out = with_settled(f"gone {queue.id}", {one.item: one for one in gone})
    if not flagged and not came_late and not taken_out:
        st.info("Nothing: no flag is open, no answer came late, nothing was taken out.", icon=":material/check:")
    if flagged:
        st.subheader("Flagged", anchor=False, help="Somebody skipped these and said why.")
        for one, became in flagged:
            _flag(actor, queue, one, became)
    if came_late:
        about = "They came when enough others had answered. They change nothing, outside overlap and agreement, until "
        st.subheader("Surplus answers", anchor=False, help=f"{about}you let one count.")
        for late, became in came_late:
            _surplus(actor, queue, late, became)
    if taken_out:
        st.subheader("Discarded", anchor=False, help="Out of the queue for all; they stay out when added again.")
        for one, became in taken_out:
            _gone(actor, queue, one, became)
    if max(len(flags), len(surplus), len(gone)) == SHOWN:
        st.caption(f"At most {SHOWN} of each are shown; the rest follows as these are settled.")


def _open_item(queue: QueueRow, item: int) -> None:
    page = "compare" if queue.subject in ("pair", "ranking") else "review"
    address = {"item": str(item), f"{page}_queue": str(queue.id)}
    st.page_link(PAGES / f"{page}.py", label="Open", icon=":material/open_in_new:", query_params=address)


def _flag(actor: Actor, queue: QueueRow, one: Flagged, became: str) -> None:
    person, row = actor.person(), Settled(f"flags {queue.id}", one.item, one, "")
    with st.container(border=True, gap="xsmall"):
        votes = f" · {one.votes:,} vote{'' if one.votes == 1 else 's'} to discard" if one.votes else ""
        state = f" · {became}" if became else " · done" if one.state == "done" else ""
        st.markdown(f"**{escaped(clipped(one.title, 140) or 'Without a title')}**{votes}{state}")
        st.text(one.said)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            reason = st.text_input(
                "Why discard it", key=f"queues_why_{one.item}", placeholder="Why it is taken out", width=300,
                label_visibility="collapsed", disabled=bool(became),
            )  # fmt: skip
            st.button(
                "Discard for all",
                key=f"queues_discard_{one.item}",
                icon=":material/block:",
                disabled=bool(became),
                on_click=_discard,
                args=(one, reason, person, row),
            )
            st.button(
                "It stays",
                key=f"queues_keep_{one.item}",
                help="Others go on reviewing it; the flag needs nobody any more.",
                disabled=bool(became),
                on_click=carry_out,
                args=(
                    lambda session: queue_changes.looked_at(session, one.item, person),
                    "The item stays.",
                    replace(row, became="it stays"),
                ),
            )
            _open_item(queue, one.item)


def _discard(one: Flagged, reason: str, person: PersonLine, row: Settled) -> None:
    why = str(st.session_state.get(f"queues_why_{one.item}", reason)).strip() or one.said
    said = "The item is out of the queue. It can be brought back under Discarded."
    row = replace(row, became="discarded")
    carry_out(lambda session: queue_changes.discard(session, one.item, why, person), said, row)


def _surplus(actor: Actor, queue: QueueRow, late: tuple[Surplus, str], became: str) -> None:
    person, (one, told) = actor.person(), late
    words, act, look = st.columns([6, 1.4, 1], vertical_alignment="center")
    words.markdown(
        f"**{escaped(one.person)}**, {ago(one.submitted_at)}: {escaped(clipped(told, 160)) or 'no answer in words'}  \n"
        f"{escaped(clipped(one.title, 120))}"
    )
    act.button(
        became or "Let it count",
        key=f"queues_adopt_{one.row}",
        width="stretch",
        disabled=bool(became),
        on_click=carry_out,
        args=(
            lambda session: queue_changes.adopt(session, queue.id, one.row, person),
            f"The answer of {one.person} counts from now on.",
            Settled(f"surplus {queue.id}", one.row, late, "Counts now"),
        ),
    )
    with look:
        _open_item(queue, one.item)


def _gone(actor: Actor, queue: QueueRow, one: Flagged, became: str) -> None:
    person = actor.person()
    words, act = st.columns([6, 1.4], vertical_alignment="center")
    words.markdown(f"**{escaped(clipped(one.title, 120) or 'Without a title')}**  \n{escaped(clipped(one.said, 200))}")
    act.button(
        became or "Bring it back",
        key=f"queues_back_{one.item}",
        width="stretch",
        disabled=bool(became),
        on_click=carry_out,
        args=(
            lambda session: queue_changes.restore(session, one.item, person),
            "The item is given out again.",
            Settled(f"gone {queue.id}", one.item, one, "Is back"),
        ),
    )


def offer_release(actor: Actor, queue: QueueRow, work: list[PersonWork]) -> None:
    """Let others have what somebody holds who does not come back."""
    holders = {one.person: one for one in work if one.holds}
    if not holders:
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        who = st.selectbox(
            "Release what somebody holds",
            list(holders),
            format_func=lambda one: f"{holders[one].name}: {holders[one].holds:,}",
            key=f"queues_holder_{queue.id}",
            width=260,
            help="Others are given it at once. What they had written is kept, and may still be submitted.",
        )
        st.button(
            "Release",
            key=f"queues_release_{queue.id}",
            on_click=carry_out,
            args=(
                lambda session: queue_changes.release(session, queue.id, who, actor.person()),
                f"Others are given now what {holders[who].name} held.",
            ),
        )
