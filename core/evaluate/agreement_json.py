"""Agreement as `loopwright agreement --json` prints it; its keys are a contract (DESIGN section 4)."""

from __future__ import annotations

from typing import Any

from core.evaluate.agreement_report import (
    Details,
    QuestionAgreement,
    TeamAgreement,
    consensus_of,
    details_of,
    in_full,
)
from core.measure.agreement import AgreementReport, Coefficient
from core.measure.dawid_skene import Consensus
from core.measure.intervals import Interval


def agreement_json(team: TeamAgreement) -> dict[str, Any]:
    """Every figure of every question, as answered; with words that mean the same, the same figures under `mapped`."""
    return {
        "queue": team.queue or None,
        "raters": team.raters,
        "known_left_out": team.n_known,
        "questions": [question_json(question, details_of(question)) for question in team.questions],
    }


def question_json(question: QuestionAgreement, details: Details) -> dict[str, Any]:
    """One question."""
    raw = details.report if question.mapped is None else in_full(question.rated)
    found = {
        "key": question.key,
        "schema": question.schema or None,
        "title": question.title,
        "level": question.rated.compared,
        **_report_json(raw),
        "within_one_step": _of(question.near),
        "mapped": None,
        "categories": [
            {
                "value": one.value,
                "n_chosen": one.n_chosen,
                "n_items": one.n_items,
                "fleiss": one.fleiss.value,
                "fleiss_interval": _bounds(one.fleiss.interval),
                "krippendorff": one.krippendorff.value,
                "interval": _bounds(one.krippendorff.interval),
            }
            for one in details.categories
        ],
        "over_time": [
            {
                details.by: period.start.isoformat(),
                "n_items": period.krippendorff.n_items,
                "percent": period.percent.value,
                "percent_interval": _bounds(period.percent.interval),
                "krippendorff": period.krippendorff.value,
                "interval": _bounds(period.krippendorff.interval),
            }
            for period in details.periods
        ],
        "consensus": _consensus_json(consensus_of(question)),
    }
    if question.mapped is not None:
        found["mapped"] = {"words": dict(question.words), **_report_json(details.report)}
    if question.overlap is not None:
        found["overlap"] = {name: _of(pair) for name, pair in question.overlap.pairs.items()}
    return found


def _report_json(report: AgreementReport) -> dict[str, Any]:
    measures = {"percent": report.percent, "fleiss": report.fleiss, "krippendorff": report.krippendorff}
    return {
        "n_items": report.n_items,
        "n_raters": report.n_raters,
        "n_answers": report.n_answers,
        "percent": report.percent.value,
        "cohen": {raters: kappa.value for raters, kappa in report.cohen.items()},
        "fleiss": report.fleiss.value,
        "krippendorff": report.krippendorff.value,
        "interval": _bounds(report.krippendorff.interval),
        "intervals": {name: _bounds(measure.interval) for name, measure in measures.items()}
        | {"cohen": {raters: _bounds(kappa.interval) for raters, kappa in report.cohen.items()}},
        "n": {name: measure.n_items for name, measure in measures.items()}
        | {"cohen": {raters: kappa.n_items for raters, kappa in report.cohen.items()}},
        "undefined": {name: measure.why for name, measure in measures.items() if measure.why}
        | {raters: kappa.why for raters, kappa in report.cohen.items() if kappa.why},
    }


def _of(measure: Coefficient | None) -> dict[str, Any] | None:
    if measure is None:
        return None
    return {"percent": measure.value, "interval": _bounds(measure.interval), "n_items": measure.n_items}


def _consensus_json(found: Consensus | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "n_items": len(found.answers),
        "right": found.right,
        "n_answers": found.n_answers,
        "converged": found.converged,
        "rounds": found.rounds,
        "why": found.why or None,
    }


def _bounds(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]
