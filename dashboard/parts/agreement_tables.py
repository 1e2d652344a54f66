"""What Team says of agreement and of the work done, as sentences and as rows of tables."""

from __future__ import annotations

from collections.abc import Sequence

from core.evaluate.agreement_report import QuestionAgreement
from core.evaluate.weeks import FEW
from core.measure.agreement import Coefficient
from core.measure.intervals import mean_interval
from core.records import Role
from core.store.judgements import Work
from dashboard.parts.numbers import ago, duration, mean, not_enough

TENTATIVE, RELIABLE = 0.667, 0.8
"""Krippendorff's own bounds: below the first no conclusion, from the second on reliable."""


def worst_question(questions: Sequence[QuestionAgreement]) -> str:
    """The question on which people agree least, in a sentence."""
    known = [one for one in questions if one.report.krippendorff.value is not None and one.report.n_items >= FEW]
    if not known:
        return "Too few items were judged twice to say how far reviewers agree."
    worst = min(known, key=lambda one: one.report.krippendorff.value or 0.0)
    report = worst.report
    said = f"Least agreement on “{worst.title}”: α {_number(report.krippendorff)}"
    if report.interval:
        said += f" ({report.interval.low:.2f} to {report.interval.high:.2f})"
    return f"{said} over {report.n_items} items, {_reading(report.krippendorff)}."


def _reading(alpha: Coefficient) -> str:
    if alpha.value is None:
        return "undefined"
    if alpha.value < TENTATIVE:
        return "too little to build on"
    return "reliable" if alpha.value >= RELIABLE else "for tentative conclusions"


def _number(coefficient: Coefficient) -> str:
    return "undefined" if coefficient.value is None else f"{coefficient.value:.2f}"


def agreement_rows(questions: Sequence[QuestionAgreement]) -> list[dict[str, str]]:
    """One row a question, the least agreed on first."""
    rows = []
    for one in sorted(questions, key=lambda one: _order(one.report.krippendorff)):
        report = one.report
        few = report.n_items < FEW
        sure = f"{report.interval.low:.2f} to {report.interval.high:.2f}, " if report.interval else ""
        rows.append(
            {
                "Question": one.title,
                "Reading": not_enough(report.n_items) if few else _reading(report.krippendorff),
                "Krippendorff’s α": not_enough(report.n_items)
                if few
                else f"{_number(report.krippendorff)} ({sure}n {report.n_items})",
                "Fleiss’ κ": not_enough(report.fleiss.n_items) if few else _number(report.fleiss),
                "Agree": not_enough(report.n_items) if few else f"{report.percent.value or 0:.0f} %",
                "Items": str(report.n_items),
                "Raters": str(report.n_raters),
                "Schema": one.schema or "pairs",
            }
        )
    return rows


def _order(alpha: Coefficient) -> float:
    return 2.0 if alpha.value is None else alpha.value


def undefined(questions: Sequence[QuestionAgreement]) -> list[str]:
    """Why a coefficient is undefined, a sentence for each question where one is."""
    return [
        f"“{one.title}”: α is undefined, because {one.report.krippendorff.why}."
        for one in questions
        if one.report.krippendorff.why
    ]


def pair_rows(questions: Sequence[QuestionAgreement]) -> list[dict[str, str]]:
    """Cohen's kappa of each two raters on each question."""
    return [
        {
            "Question": one.title,
            "Reviewers": raters.replace("~", " and "),
            "Cohen’s κ": not_enough(kappa.n_items) if kappa.n_items < FEW else _number(kappa),
            "Items both judged": str(kappa.n_items),
        }
        for one in questions
        for raters, kappa in one.report.cohen.items()
    ]


def work_rows(work: Sequence[Work]) -> list[dict[str, str]]:
    """What each person has submitted, how quickly, and when last."""
    return [
        {
            "Name": one.person + (" (machine)" if one.role is Role.MACHINE else ""),
            "Runs": f"{one.runs:,}",
            "Pairs": f"{one.pairs:,}",
            "Active time": duration(sum(one.seconds)) if one.seconds else "not recorded",
            "Time an item": mean(mean_interval(one.seconds), duration) if one.seconds else "not recorded",
            "Items an active hour": _pace(one) if one.seconds else "not recorded",
            "Last": ago(one.last),
        }
        for one in work
    ]


def _pace(work: Work) -> str:
    total = sum(work.seconds)
    if len(work.seconds) < FEW or not total:
        return not_enough(len(work.seconds))
    return f"{3600 * len(work.seconds) / total:.0f} (n {len(work.seconds)})"
