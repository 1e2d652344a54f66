"""Agreement on Team: how far reviewers say the same, question by question, then one question in depth."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path

import streamlit as st
from sqlalchemy.orm import Session

from core.errors import LoopwrightError
from core.evaluate.agreement_report import (
    Details,
    QuestionAgreement,
    TeamAgreement,
    agreement_report,
    consensus_of,
    details_of,
    has_consensus,
)
from core.measure.dawid_skene import Consensus
from core.store.judgements import stamp_of_judgements
from core.store.queues import list_queues
from dashboard.agreement_charts import alpha_by_category, alpha_by_question, alpha_over_time, kappa_map
from dashboard.identity import Actor
from dashboard.parts.agreement_tables import (
    agreement_rows,
    category_rows,
    consensus_rows,
    pair_rows,
    period_rows,
    undefined,
    words_applied,
)
from dashboard.parts.answer_words import show_answer_words
from dashboard.parts.figures import choose, show_chart, show_table
from dashboard.parts.numbers import escaped
from dashboard.process import settings, store

EVERY = "everything"
PAIRS, ANSWERS, TIME, RIGHT, WORDS = (
    "Each two reviewers",
    "Each answer",
    "Over time",
    "Who errs how",
    "Words that mean the same",
)
_PAGES = Path(__file__).resolve().parents[2] / "pages"


def show_agreement(actor: Actor) -> None:
    """The choice of queue and raters, how far they agree on each question, and one question in depth."""
    st.header("Agreement", anchor=False)
    with store().reading() as session:
        queues = [queue.name for queue in list_queues(session)]
    places = st.columns([1, 1, 2])
    queue = choose(places[0], "Queue", [EVERY, *queues], "team_queue")
    raters = choose(places[1], "Raters", ["people", "machines"], "team_raters", "People and machines are never mixed.")
    try:
        with store().reading() as session:
            stamp = stamp_of_judgements(session)
            team = _report(settings().database_url, stamp, None if queue == EVERY else queue, raters, session)
    except LoopwrightError as problem:
        st.warning(escaped(problem.message), icon=":material/block:")
        return
    shared = [question for question in team.questions if question.report.n_items]
    if not shared:
        _show_nothing(team)
    else:
        _show_questions(team, shared)
    _show_one(actor, team, shared, stamp)


@st.cache_resource(max_entries=8, show_spinner="Comparing what was answered …")
def _report(database: str, stamp: Hashable, queue: str | None, raters: str, _session: Session) -> TeamAgreement:
    """Computed anew when anything that it rests on has changed (`stamp`), and only then."""
    return agreement_report(_session, queue, raters=raters)


@st.cache_resource(max_entries=32, show_spinner="Comparing what was answered …")
def _details(
    database: str, stamp: Hashable, queue: str, raters: str, schema: str, key: str, _question: QuestionAgreement
) -> Details:
    return details_of(_question)


@st.cache_resource(max_entries=8, show_spinner="Finding out who errs how …")
def _consensus(
    database: str, stamp: Hashable, queue: str, raters: str, schema: str, key: str, _question: QuestionAgreement
) -> Consensus | None:
    return consensus_of(_question)


def _show_nothing(team: TeamAgreement) -> None:
    once = f"{sum(len(one.rated.ratings) for one in team.questions):,} answers" if team.questions else ""
    st.info(
        "Nothing has been judged by two of these raters yet"
        + (f" ({once} were given by one of them each)" if once else "")
        + ". Give a queue two reviewers an item to see if they agree.",
        icon=":material/groups:",
    )
    st.page_link(_PAGES / "settings.py", label="Set up queues", icon=":material/settings:")


def _show_questions(team: TeamAgreement, shared: list[QuestionAgreement]) -> None:
    show_chart(alpha_by_question(shared), agreement_rows(shared), "team_alpha", words=["Reading"], opened=True)
    for sentence in (*words_applied(shared), *undefined(shared)):
        st.caption(escaped(sentence))
    if team.n_known:
        st.caption(
            f"{team.n_known:,} answers on items whose answer is known are left out: everybody answers those, and clear "
            "ones were picked."
        )
    with st.expander("What these numbers mean"):
        st.markdown(
            "**Agree** is the share of two answers to the same item that are equal; it takes no account of chance. "
            "**Krippendorff’s α** does: 1 is perfect, 0 is what chance gives, below 0.67 is too little to build on, "
            "from 0.80 it is reliable. On a scale it counts how far apart answers are, on several answers how far the "
            "sets overlap. **Fleiss’ κ** and **Cohen’s κ** ask the same of answers that are equal or not. Brackets "
            "hold the 95 % interval, from draws of as many items with replacement, and n, the items with two answers. "
            "What counts is what people say now: no surplus, no answer to a hidden repeat, nothing given under "
            "guidelines that changed since. Of a step-by-step verdict each step is an item."
        )


def _show_one(actor: Actor, team: TeamAgreement, shared: list[QuestionAgreement], stamp: Hashable) -> None:
    """One question in depth."""
    texts = team.texts if actor.leads else ()
    names = {f"{one.title} · {one.schema or 'pairs'}": one for one in (*shared, *texts)}
    if not names:
        return
    st.subheader("One question", anchor=False)
    question = names[choose(st.columns([2, 3])[0], "Question", list(names), "team_question")]
    if question.key in {one.key for one in texts} and question not in shared:
        show_answer_words(question)
        return
    place = (settings().database_url, stamp, team.queue, team.raters, question.schema, question.key)
    details = _details(*place, question)
    labels = question.counted.options
    views = [PAIRS, *([ANSWERS] if details.categories else []), TIME]
    views += [RIGHT] if actor.leads and has_consensus(question) else []
    views += [WORDS] if question.rated.mappable and actor.leads else []
    view = st.segmented_control("Look at", views, default=PAIRS, key="team_view", required=True)
    if view == ANSWERS:
        show_chart(
            alpha_by_category(details, labels), category_rows(details.categories, labels), "team_answers", opened=True
        )
        st.caption("Each answer against all others: α and κ of giving it or not.")
    elif view == TIME:
        show_chart(alpha_over_time(details), period_rows(details), "team_time", opened=True)
    elif view == RIGHT:
        _show_consensus(_consensus(*place, question), labels)
    elif view == WORDS:
        show_answer_words(question)
    else:
        _show_pairs(actor, question, details)


def _show_pairs(actor: Actor, question: QuestionAgreement, details: Details) -> None:
    rows = pair_rows(question, details.report, None if actor.leads else actor.name)
    if not rows:
        st.caption("Nobody has judged the same items as you.")
    elif question.overlap is not None or not actor.leads:
        show_table(rows, "Agreement of each two reviewers")
    else:
        show_chart(kappa_map(details.report.cohen), rows, "team_pairs", opened=True)
    if not actor.leads:
        st.caption("You see yourself with each other reviewer; leads see all.")


def _show_consensus(found: Consensus | None, labels: Mapping[str, str]) -> None:
    if found is None:
        return
    show_table(consensus_rows(found, labels), "How often each reviewer is right by the consensus", words=["Most often"])
    st.caption(
        f"From the {len(found.answers):,} items that two or more answered, the answer that is most likely right on "
        "each and how often each reviewer errs are found together (Dawid and Skene 1979). A reviewer who errs the same "
        "way as most others is believed; what is known to be right tells more."
    )
    if found.why:
        st.warning(escaped(f"Do not rely on this: {found.why}."), icon=":material/warning:")
