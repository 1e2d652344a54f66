"""What Team says of agreement, as sentences and as rows of tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from core.evaluate.agreement_report import Details, QuestionAgreement
from core.evaluate.weeks import FEW
from core.measure.agreement import AgreementReport, CategoryAgreement, Coefficient
from core.measure.dawid_skene import Consensus
from core.measure.intervals import wilson
from dashboard.parts.numbers import Words, between, clipped, not_enough, percent

TENTATIVE, RELIABLE = 0.667, 0.8
"""Krippendorff's own bounds: below the first no conclusion, from the second on reliable."""

Row = dict[str, str]


def coefficient(found: Coefficient) -> str:
    """0.86 (0.84 to 0.89, n 999): never without how sure it is."""
    return _words(found, "{:z.2f}".format, "")


def exact(found: Coefficient) -> str:
    """The same with three digits, as they are published: 0.864 (0.841 to 0.886, n 999)."""
    return _words(found, "{:z.3f}".format, "")


def percentage(found: Coefficient) -> str:
    """92 % (91 to 93 %, n 999)"""
    return _words(found, "{:z.0f}".format, " %")


def _words(found: Coefficient, words: Words, unit: str) -> str:
    if found.n_items < FEW:
        return not_enough(found.n_items)
    if found.value is None:
        return "undefined"
    n = f"n {found.n_items:,}"
    if found.interval is None:
        return f"{words(found.value)}{unit} ({n})"
    if found.interval.low == found.interval.high:
        return f"{words(found.value)}{unit} (all items alike, {n})"
    return f"{words(found.value)}{unit} ({words(found.interval.low)} to {words(found.interval.high)}{unit}, {n})"


def times(n: int) -> str:
    """Once; 22 times."""
    return "once" if n == 1 else f"{n:,} times"


def least_agreed(questions: Sequence[QuestionAgreement]) -> list[QuestionAgreement]:
    """The questions whose α is known from enough items, the least agreed on first."""
    known = [
        one for one in questions if one.best.krippendorff.value is not None and one.best.krippendorff.n_items >= FEW
    ]
    return sorted(known, key=lambda one: one.best.krippendorff.value or 0.0)


def worst_question(questions: Sequence[QuestionAgreement]) -> str:
    """The question on which people agree least, in a sentence."""
    known = least_agreed(questions)
    if not known:
        return "Too few items were judged twice to say how far reviewers agree."
    alpha = known[0].best.krippendorff
    return f"Least agreement on “{known[0].title}”: α {coefficient(alpha)}, {reading(alpha)}"


def reading(alpha: Coefficient) -> str:
    """What Krippendorff would let one do with it."""
    if alpha.n_items < FEW:
        return not_enough(alpha.n_items)
    if alpha.value is None:
        return "undefined"
    if alpha.value < TENTATIVE:
        return "too little to build on"
    return "reliable" if alpha.value >= RELIABLE else "for tentative conclusions"


def agreement_rows(questions: Sequence[QuestionAgreement]) -> list[Row]:
    """One row a question, the least agreed on first."""
    extra = {
        "As answered: α": any(one.mapped for one in questions),
        "Within one step": any(one.near for one in questions),
    }
    rows = []
    for one in sorted(questions, key=_order):
        report = one.best
        row = {
            "Question": one.title,
            "Reading": "how far the words overlap" if one.overlap else reading(report.krippendorff),
            "Krippendorff’s α": exact(report.krippendorff),
            "Fleiss’ κ": exact(report.fleiss),
            "Agree": percentage(report.percent),
            "Within one step": percentage(one.near) if one.near else "–",
            "As answered: α": exact(one.report.krippendorff) if one.mapped else "the same",
            "Items": f"{report.n_items:,}",
            "Raters": str(report.n_raters),
            "Schema": one.schema or "pairs",
        }
        rows.append({name: value for name, value in row.items() if extra.get(name, True)})
    return rows


def _order(one: QuestionAgreement) -> float:
    return 2.0 if one.best.krippendorff.value is None else one.best.krippendorff.value


def undefined(questions: Sequence[QuestionAgreement]) -> list[str]:
    """Why a coefficient is undefined, a sentence for each question where one is."""
    return [
        f"“{one.title}”: α is undefined, because {one.best.krippendorff.why}."
        for one in questions
        if one.best.krippendorff.why
    ]


def words_applied(questions: Sequence[QuestionAgreement]) -> list[str]:
    """Which words were counted as one answer, and what the figures are without that."""
    return [
        f"“{one.title}”: {_counted(one.words)}. With that α is {coefficient(one.mapped.krippendorff)}, as answered "
        f"{coefficient(one.report.krippendorff)}."
        for one in questions
        if one.mapped
    ]


def _counted(words: Mapping[str, str]) -> str:
    by_answer: dict[str, list[str]] = {}
    for word, means in words.items():
        by_answer.setdefault(means, []).append(f"“{clipped(word, 40)}”")
    return "; ".join(f"{', '.join(given)} counted as “{means}”" for means, given in by_answer.items())


def raw_and_mapped_rows(raw: AgreementReport, mapped: AgreementReport) -> list[Row]:
    """Both figures of a question with words that mean the same."""
    return [
        {
            "": name,
            "Krippendorff’s α": exact(report.krippendorff),
            "Fleiss’ κ": exact(report.fleiss),
            "Agree": percentage(report.percent),
        }
        for name, report in (("As answered", raw), ("With words that mean the same", mapped))
    ]


def pair_rows(question: QuestionAgreement, report: AgreementReport, only: str | None = None) -> list[Row]:
    """Each two raters on one question; of one of them, where `only` names them."""
    shown = {pair: kappa for pair, kappa in report.cohen.items() if only is None or only in pair.split("~")}
    if question.overlap is not None:
        return [
            {"Reviewers": pair.replace("~", " and "), "Overlap (F1)": percentage(question.overlap.pairs[pair])}
            for pair in shown
        ]
    return [
        {
            "Reviewers": pair.replace("~", " and "),
            "Cohen’s κ": exact(kappa),
            "Items both judged": f"{kappa.n_items:,}",
        }
        for pair, kappa in sorted(shown.items(), key=lambda entry: _known_first(entry[1]))
    ]


def _known_first(kappa: Coefficient) -> float:
    return 2.0 if kappa.value is None or kappa.n_items < FEW else kappa.value


def category_name(one: CategoryAgreement, labels: Mapping[str, str]) -> str:
    """What an answer is called on the form."""
    return labels.get(str(one.value)) or str(one.value)


def category_rows(categories: Sequence[CategoryAgreement], labels: Mapping[str, str]) -> list[Row]:
    """Each answer against the rest; one that hardly anybody gave says little, whatever the items."""
    rows = []
    for one in sorted(categories, key=lambda one: -one.n_chosen):
        few = not_enough(one.n_items) if one.n_items < FEW else ""
        rows.append(
            {
                "Answer": category_name(one, labels),
                "Krippendorff’s α": few or exact(one.krippendorff),
                "Fleiss’ κ": few or exact(one.fleiss),
                "Given": times(one.n_chosen),
                "On": f"{one.n_items:,} items",
            }
        )
    return rows


def period_name(start: date, by: str) -> str:
    """Such as "the week of 05 Oct 2026", or "October 2026"."""
    return f"the week of {start:%d %b %Y}" if by == "week" else f"{start:%B %Y}"


def period_rows(details: Details) -> list[Row]:
    """α and percent by week or month of the later answer."""
    return [
        {
            "Week of" if details.by == "week" else "Month": f"{one.start:%Y-%m-%d}"
            if details.by == "week"
            else f"{one.start:%Y-%m}",
            "Krippendorff’s α": exact(one.krippendorff),
            "Agree": percentage(one.percent),
            "Items": f"{one.percent.n_items:,}",
        }
        for one in details.periods
    ]


def consensus_rows(found: Consensus, labels: Mapping[str, str]) -> list[Row]:
    """How often each rater is right by the consensus, and what they get wrong most."""
    rows = []
    for rater, right in sorted(found.right.items(), key=lambda entry: entry[1]):
        n = found.n_answers[rater]
        sure = between(wilson(min(right * n, n), n), percent)
        rows.append(
            {
                "Reviewer": rater,
                "Right, by the consensus": not_enough(n) if n < FEW else f"{percent(right)} ({sure}, n {n:,})",
                "Most often": "–" if n < FEW else _slip(found.errors[rater], labels),
            }
        )
    return rows


def _slip(errors: Mapping[object, Mapping[object, float]], labels: Mapping[str, str]) -> str:
    slips = [
        (rate, given, right)
        for right, row in errors.items()
        for given, rate in row.items()
        if given != right and rate >= 0.005
    ]
    if not slips:
        return "no error found"
    rate, given, right = max(slips, key=lambda slip: slip[0])
    named = [labels.get(str(value)) or str(value) for value in (given, right)]
    return f"says “{clipped(named[0], 40)}” in {percent(rate)} of “{clipped(named[1], 40)}”"
