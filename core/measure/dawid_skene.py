"""What is most likely right where several raters answered, and how often each of them errs, learned from each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

MOST_ROUNDS = 500
TOLERANCE = 1e-4
FEWEST_RATERS = 3


@dataclass(frozen=True, eq=False)
class Estimate:
    """What EM ends with."""

    classes: Floats
    """Items × answers: how likely each answer is the right one."""
    shares: Floats
    """How common each answer is."""
    errors: Floats
    """Raters × right answer × given answer; the rows of a right answer that a rater never met are 0."""
    rounds: int
    converged: bool


@dataclass(frozen=True)
class Consensus:
    """The most likely answers; `why` says in words what they cannot be relied on for, empty where nothing is amiss."""

    answers: Mapping[Any, Any]
    """Item to its most likely answer; of equally likely ones the one that was seen first."""
    probabilities: Mapping[Any, Mapping[Any, float]]
    """Item to answer to how likely it is; they add up to 1."""
    errors: Mapping[str, Mapping[Any, Mapping[Any, float]]]
    """Rater to right answer to given answer: how often the rater gives this one when that one is right."""
    right: Mapping[str, float]
    """Rater to how often they are right, over the items they answered."""
    n_answers: Mapping[str, int]
    """Rater to how many items they answered."""
    converged: bool
    rounds: int
    why: str


def consensus(ratings: Mapping[Any, Mapping[str, Any]]) -> Consensus:
    """The consensus on each item that anybody answered; None is no answer. Deterministic: it starts from the shares.

    Assumes that raters err independently of each other, and as often on one item as on another with the same right
    answer: raters who all make the same mistake are believed. Source: Dawid & Skene 1979, Applied Statistics 28.
    """
    given = {item: {r: a for r, a in said.items() if a is not None} for item, said in ratings.items()}
    items = [item for item, said in given.items() if said]
    raters = sorted({rater for item in items for rater in given[item]})
    values = list(dict.fromkeys(answer for item in items for answer in given[item].values()))
    if not items:
        return Consensus({}, {}, {}, {}, {}, True, 0, "nobody has answered")
    place, column = ({one: n for n, one in enumerate(all_)} for all_ in (values, raters))
    table = np.array([(i, column[r], place[a]) for i, item in enumerate(items) for r, a in given[item].items()])
    found = dawid_skene(table[:, 0], table[:, 1], table[:, 2], (len(items), len(raters), len(values)))
    certainty = found.classes[table[:, 0], table[:, 2]]
    n_answers = np.bincount(table[:, 1], minlength=len(raters))
    right = np.bincount(table[:, 1], weights=certainty, minlength=len(raters)) / n_answers
    return Consensus(
        answers={item: values[best] for item, best in zip(items, found.classes.argmax(axis=1), strict=True)},
        probabilities={
            item: dict(zip(values, row, strict=True)) for item, row in zip(items, found.classes.tolist(), strict=True)
        },
        errors={
            rater: {value: dict(zip(values, row, strict=True)) for value, row in zip(values, rows, strict=True)}
            for rater, rows in zip(raters, found.errors.tolist(), strict=True)
        },
        right=dict(zip(raters, right.tolist(), strict=True)),
        n_answers=dict(zip(raters, n_answers.tolist(), strict=True)),
        converged=found.converged,
        rounds=found.rounds,
        why=_why(len(raters), found.converged),
    )


def _why(raters: int, converged: bool) -> str:
    if raters < FEWEST_RATERS:
        return f"{raters} of them answered; who of fewer than three errs cannot be told from their answers alone"
    return "" if converged else f"the estimate still moved after {MOST_ROUNDS} rounds"


def dawid_skene(item: Ints, rater: Ints, answer: Ints, shape: tuple[int, int, int]) -> Estimate:
    """EM over answers given as three columns of positions; `shape` is items, raters, answers. A rater may repeat one.

    Starts with each item's shares of answers. M: the shares of right answers, and each rater's error rates, as expected
    counts. E: P(right = j) ∝ share_j Π errors[rater, j, answer]. Ends when no probability moves by `TOLERANCE`.
    """
    items, raters, answers = shape
    classes = np.bincount(item * answers + answer, minlength=items * answers).reshape(items, answers).astype(float)
    classes /= classes.sum(axis=1, keepdims=True)
    cell = rater * answers + answer
    for round_ in range(1, MOST_ROUNDS + 1):
        shares = classes.mean(axis=0)
        counts = np.stack([np.bincount(cell, classes[item, j], raters * answers) for j in range(answers)], axis=1)
        errors = counts.reshape(raters, answers, answers).transpose(0, 2, 1).astype(np.float64)
        met = errors.sum(axis=2, keepdims=True)
        errors = np.divide(errors, met, out=np.zeros_like(errors), where=met > 0)
        with np.errstate(divide="ignore"):
            each = np.log(errors)[rater, :, answer]
            likely = np.log(shares) + np.stack([np.bincount(item, each[:, j], items) for j in range(answers)], axis=1)
        likely = np.exp(likely - likely.max(axis=1, keepdims=True))
        before, classes = classes, likely / likely.sum(axis=1, keepdims=True)
        if np.abs(classes - before).max() < TOLERANCE:
            return Estimate(classes, shares, errors, round_, True)
    return Estimate(classes, shares, errors, MOST_ROUNDS, False)
