"""Items with a known answer: which there are, and making one from an annotation, a resolution, or by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.records import LabelSchema, Question
from core.review.adjudication import PREFERRED
from core.review.gold import gold_from, set_gold, unset_gold
from core.store.items import get_item
from core.store.queue_gold import GoldItem, answered_items, gold_items, sayable
from core.store.schemas import get_schema
from core.store.tables import QueueRow
from dashboard.identity import Actor
from dashboard.parts.numbers import clipped, escaped
from dashboard.parts.queue_attention import carry_out
from dashboard.parts.said_words import in_words
from dashboard.parts.settled import Settled, with_settled
from dashboard.process import store

SHOWN = 50
_HAND = -1


def show_gold(actor: Actor, queue: QueueRow) -> None:
    """What is known, and one more."""
    with store().reading() as session:
        schema = get_schema(session, queue.schema_id) if queue.schema_id is not None else None
        found = gold_items(session, queue, SHOWN)
        known = {one.item: (one, in_words(session, schema, one.item, one.answers)) for one in found}
        items = answered_items(session, queue, SHOWN)
    share = "no share of what reviewers are given, so nobody gets one: set one under Rules"
    said = f"{100 * queue.gold_share:.0f} % of what a reviewer is given" if queue.gold_share else share
    st.caption(f"Each is given to everybody once, unannounced; {said}. They are never done and count as no work.")
    if items:
        _offer(actor, queue, schema, items)
    else:
        st.caption("An item can be given a known answer once somebody has answered it.")
    st.subheader("Known", anchor=False)
    rows = with_settled(f"gold {queue.id}", known)
    for one, became in rows:
        _show(actor, queue, one, became)
    if not rows:
        st.info("No answer is known yet.", icon=":material/verified:")


def _offer(actor: Actor, queue: QueueRow, schema: LabelSchema | None, items: Mapping[int, str]) -> None:
    st.subheader("Make one more", anchor=False)
    item = st.selectbox(
        "Item",
        list(items),
        format_func=lambda one: clipped(items[one], 120) or "Without a title",
        key=f"queues_gold_item_{queue.id}",
        help="Items that somebody has answered, those with a resolution first.",
    )
    with store().reading() as session:
        said_of = sayable(session, queue, item)
        known = [(one.by, gold_from(schema, one.answers, one.marks, one.asked)) for one in said_of]
        told = [f"{by}: {in_words(session, schema, item, answers)}" for by, answers in known]
    by = st.radio(
        "Its known answer",
        [place for place, (_, answers) in enumerate(known) if answers] + [_HAND],
        format_func=lambda place: "Entered here" if place == _HAND else escaped(told[place]),
        key=f"queues_gold_by_{item}",
    )
    answers = known[by][1] if by != _HAND else _entered(queue, item, schema)
    st.button(
        "Keep as the known answer",
        key=f"queues_gold_make_{item}",
        disabled=not answers,
        on_click=carry_out,
        args=(
            lambda session: set_gold(session, get_item(session, item), answers, actor.person()),
            "The answer is known: everybody is given this item once.",
        ),
    )


def _show(actor: Actor, queue: QueueRow, known: tuple[GoldItem, str], became: str) -> None:
    one, told = known
    words, act = st.columns([6, 1.4], vertical_alignment="center")
    words.markdown(f"**{escaped(clipped(one.title, 120) or 'Without a title')}**  \n{escaped(told)}")
    act.button(
        became or "Ordinary again",
        key=f"queues_ungold_{one.item}",
        width="stretch",
        disabled=bool(became),
        on_click=carry_out,
        args=(
            lambda session: unset_gold(session, get_item(session, one.item), actor.person()),
            "The item is ordinary work again.",
            Settled(f"gold {queue.id}", one.item, known, "Is ordinary"),
        ),
    )


def _entered(queue: QueueRow, item: int, schema: LabelSchema | None) -> dict[str, Any]:
    """The answers that are chosen here; a question that is left open is not checked."""
    given: dict[str, Any] = {}
    if queue.subject == "pair":
        given[PREFERRED.key] = _answer(PREFERRED, f"queues_gold_{item}_choice")
    for question in schema.questions if schema is not None else ():
        given[question.key] = _answer(question, f"queues_gold_{item}_{question.key}")
    return {key: value for key, value in given.items() if value not in ("", None, [])}


def _answer(question: Question, key: str) -> Any:
    values = {option.value: option.label or option.value for option in question.options}
    if question.kind in ("choice", "scale"):
        return st.selectbox(
            question.title, ["", *values], format_func=lambda one: values.get(one, "not checked"), key=key
        )
    if question.kind == "yes_no":
        chosen = st.selectbox(question.title, ["not checked", "yes", "no"], key=key)
        return None if chosen == "not checked" else chosen == "yes"
    if question.kind in ("multi_choice", "taxonomy"):
        return st.multiselect(question.title, list(values), format_func=values.__getitem__, key=key)
    return st.number_input(question.title, value=None, key=key) if question.kind == "number" else None
