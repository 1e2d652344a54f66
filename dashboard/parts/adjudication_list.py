"""The list of disagreements: which one an address names, a table row for each, and the way from one to the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from core.review.adjudication import Disagreement
from core.store.resolutions import Subject
from dashboard.parts.reading import plain

NAMES = ("run", "pair", "ranking", "step", "schema", "question")

COLUMNS = (
    {"label": "Question", "title": "What was asked", "size": "15em", "link": "yes"},
    {"label": "About", "title": "The task of the run, or what the answers are to"},
    {"label": "Apart", "align": "right", "title": "People who do not say what most say, of all asked", "size": "6em"},
    {
        "label": "How far",
        "align": "right",
        "title": "0 to 1: the mean distance of the answers from the one that is nearest to all. Of choices, the share "
        "that is not with the most frequent; on scales and numbers near answers count as nearer; sets by their "
        "overlap, orders by the pairs that they put the other way round",
        "size": "6em",
    },
    {"label": "Resolved", "title": "Who decided", "size": "9em"},
)


@dataclass(frozen=True, slots=True)
class Place:
    """One question about one subject; `schema` is the key of its questions ("" for a pair or a ranking)."""

    subject: Subject
    schema: str
    question: str

    def params(self) -> dict[str, str]:
        """As the address names it."""
        one = self.subject
        of = {"run": one.trace_id, "pair": one.pair_id, "ranking": one.ranking_id, "step": one.step_id}
        named = of | {"schema": self.schema, "question": self.question}
        return {name: str(value) for name, value in named.items() if value}


def place_of(one: Disagreement) -> Place:
    """Where a disagreement stands."""
    return Place(one.subject, one.schema, one.question.key)


def asked_place(params: Mapping[str, str]) -> Place | None:
    """The place that an address names; None for none, or for one that cannot be."""
    run, pair, ranking = (_number(params.get(name)) for name in ("run", "pair", "ranking"))
    if sum(one is not None for one in (run, pair, ranking)) != 1 or not params.get("question"):
        return None
    named = ("", "") if run is None else (params.get("step", ""), params.get("schema", ""))
    return Place(Subject(run, named[0], pair, ranking), named[1], params["question"])


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 16 else None


def go_to(place: Place | None) -> None:
    """Show a disagreement, or the list."""
    for name in NAMES:
        st.query_params.pop(name, None)
    if place is not None:
        st.query_params.update(place.params())


def rows(found: Sequence[Disagreement], titles: Mapping[Subject, str]) -> list[dict[str, Any]]:
    """The rows for COLUMNS; the id of each is its place in `found`, counted from 1."""
    return [
        {
            "id": number,
            "href": f"?{urlencode(place_of(one).params())}",
            "current": False,
            "cells": [
                {"text": one.question.title, "title": one.schema or ("pairs" if one.subject.pair_id else "rankings")},
                {"text": _about(one.subject, titles)},
                {"text": f"{one.apart.n_apart} of {one.apart.n}"},
                {"text": f"{one.apart.size:.2f}"},
                {"text": ""} if one.resolved is None else {"text": one.resolved.person, "title": one.resolved.reason},
            ],
        }
        for number, one in enumerate(found, 1)
    ]


def _about(subject: Subject, titles: Mapping[Subject, str]) -> str:
    step = f"step {subject.step_id} · " if subject.step_id else ""
    return step + " ".join(plain(titles.get(subject, "")).split())[:200]


def neighbours(
    every: Sequence[Disagreement], shown: Sequence[Disagreement], here: Place
) -> tuple[Place | None, Place | None]:
    """The disagreements before and after this one among those that are shown, also where it is not among them."""
    order = {place_of(one): number for number, one in enumerate(every)}
    at = order.get(here, -1)
    places = [place_of(one) for one in shown]
    before = [one for one in places if order[one] < at]
    after = [one for one in places if order[one] > at]
    return (before[-1] if before else None, after[0] if after else None)
