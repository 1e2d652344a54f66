"""Whether a trace succeeded, by one order: a lead's resolution, labels, automated checks, users, judges, the agent.

Where people disagree, a lead's resolution counts, else the strict majority; without one the outcome is unknown, from
"people disagree". Among the signals of one kind, all must say success for *solved*; one failure makes it *failed*; a
grade between counts as *partly*. A grade is a number between 0 and 1 that a benchmark or a validator gave, or that has
the name of a verdict; any other signal whose `success` is None says nothing: 0.4 may be seconds. A user's thumb comes
after an automated check because it judges the conversation, not the state it left. Machines' labels do not count.

A trial that broke through what it ran on says nothing about the agent, whatever a harness graded: unless a person
judged the run, its outcome is unknown, from "infrastructure". Success is left out like failure, or the rest would be
too good.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy.orm import Session

from core.measure.majority import majority
from core.records import INFRASTRUCTURE, Outcome, Role, Signal, SignalKind
from core.store.annotations import Given, annotations_of
from core.store.dialect import parts
from core.store.outcomes import judged_as, set_outcomes
from core.store.resolutions import resolutions_of_traces
from core.store.signals import signals_of

OUTCOME = "outcome"
"""The question of a label schema whose answer says whether the task was solved."""

DISAGREE = "people disagree"
RESOLUTION = "resolution"
PEOPLE = "people"
BY_PEOPLE = (PEOPLE, RESOLUTION)
"""Where an outcome comes from that a person gave."""

JUDGE = "judge"
"""The `source` of a signal that a model gave as its opinion: the last to be asked, because it verifies nothing."""

OWN_WORD = "agent's own word"
"""The `source` of a signal in which an agent judges its own run: it counts while nobody and nothing else has."""

VERDICTS = frozenset(
    (
        "test", "tests", "unit_test", "unit_tests", "check", "validator", "validation", "judge", "llm_judge", "verdict",
        "reward", "result", "score", "success", "correct", "is_correct", "correctness", "pass", "passed", "resolved",
        "solved", "model_graded_qa", "model_graded_fact", "task_success", "outcome"
    )
)  # fmt: skip
"""Names of automated signals of which everybody knows what they say: whether the run did its task."""

_GRADERS = frozenset({"benchmark", "columns", "inspect", "validator"})
"""Sources whose numbers between 0 and 1 are grades, whatever their name."""

_DID_NOT = ("", "false", "no", "none", "0", "0.0")
_ORDER = ("automated check", "user's judgement", "user's behaviour", "judge's opinion", OWN_WORD)
_KINDS = {SignalKind.EXPLICIT: _ORDER[1], SignalKind.IMPLICIT: _ORDER[2]}


def outcome_of(
    annotations: Sequence[Given], signals: Sequence[Signal], resolved: Outcome | None = None
) -> tuple[Outcome, str]:
    """The outcome of a trace and where it comes from, in words; (unknown, "") when nothing says.

    `resolved` is what a lead decided: it outranks all else.
    """
    if resolved is not None:
        return resolved, RESOLUTION
    people = [
        given.answers[OUTCOME] for given in annotations if given.role is not Role.MACHINE and OUTCOME in given.answers
    ]
    if people:
        agreed = majority([str(vote) for vote in people])
        return (Outcome(agreed), PEOPLE) if agreed is not None else (Outcome.UNKNOWN, DISAGREE)
    if any(broke_down(one) for one in signals):
        return Outcome.UNKNOWN, INFRASTRUCTURE
    for source in _ORDER:
        said = [(one.name, _reads(one)) for one in signals if one.step_id is None and _source(one) == source]
        known = [(name, outcome) for name, outcome in said if outcome is not None]
        if known:
            names = ", ".join(sorted({name for name, _ in known}))
            return _worst([outcome for _, outcome in known]), f"{source}: {names}"
    return Outcome.UNKNOWN, ""


def contradictions(outcome: Outcome, annotations: Sequence[Given], signals: Sequence[Signal]) -> tuple[str, ...]:
    """What says otherwise than the outcome that counts, each in words; signals that only grade say nothing here.

    Of a person's label the outcome itself differs; a signal differs that means success where the run was not solved, or
    failure where it was.
    """
    said = [
        f"{given.person}: {given.answers[OUTCOME]}"
        for given in annotations
        if given.role is not Role.MACHINE
        and not given.step_id
        and given.answers.get(OUTCOME) not in (None, outcome.value)
    ]
    if outcome is not Outcome.UNKNOWN:
        solved = outcome is Outcome.SOLVED
        against = (one for one in signals if one.step_id is None and one.success is (not solved))
        said += [f"{_source(one)} {one.name}: {'success' if one.success else 'failure'}" for one in against]
    return tuple(said)


def broke_down(signal: Signal) -> bool:
    """Whether a signal says that the run broke through what it ran on; its value may say that it did not."""
    whole = signal.name == INFRASTRUCTURE and signal.step_id is None
    return whole and str(signal.value).strip().lower() not in _DID_NOT


@lru_cache(maxsize=1_000)
def words_of(name: str) -> tuple[str, ...]:
    """The words of a name, however they are joined: `LLM-judge` and `llm_judge` are one."""
    return tuple(re.findall(r"[^\W_]+", name.lower()))


def _source(signal: Signal) -> str:
    if signal.source == OWN_WORD:
        return OWN_WORD
    opinion = JUDGE in words_of(signal.source) or JUDGE in words_of(signal.name)
    return _KINDS.get(signal.kind, _ORDER[3] if opinion else _ORDER[0])


def _reads(signal: Signal) -> Outcome | None:
    if signal.success is not None:
        return Outcome.SOLVED if signal.success else Outcome.FAILED
    number = isinstance(signal.value, (int, float)) and not isinstance(signal.value, bool)
    return Outcome.PARTLY if number and 0 < float(signal.value) < 1 and _grades(signal) else None


def _grades(signal: Signal) -> bool:
    verdict = "_".join(words_of(signal.name)) in VERDICTS or signal.source in _GRADERS
    return signal.kind is SignalKind.AUTOMATED and verdict


def _worst(outcomes: Sequence[Outcome]) -> Outcome:
    order = (Outcome.FAILED, Outcome.PARTLY, Outcome.SOLVED)
    return next(outcome for outcome in order if outcome in outcomes)


def refresh_outcomes(session: Session, trace_ids: Sequence[int]) -> None:
    """Bring the outcome of these traces in line with their labels and signals."""
    for some in parts(sorted(set(trace_ids))):
        stands = judged_as(session, some)
        signals = signals_of(session, list(stands))
        labels: dict[int, list[Given]] = {trace_id: [] for trace_id in stands}
        labelled = [trace_id for trace_id, one in stands.items() if one.n_annotations]
        for given in annotations_of(session, labelled) if labelled else ():
            if not given.step_id:
                labels[given.trace_id].append(given)
        resolutions = resolutions_of_traces(session, list(stands), OUTCOME)
        decided = {key: Outcome(one.answer) for key, one in resolutions.items() if one.answer in set(Outcome)}
        told = {key: outcome_of(labels[key], signals[key], decided.get(key)) for key in stands}
        set_outcomes(session, {key: said for key, said in told.items() if not stands[key].is_already(*said)})
