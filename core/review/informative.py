"""Which pairs would tell most: those whose outcome is least certain, between versions of which least is known."""

from __future__ import annotations

from collections.abc import Collection
from heapq import heapify, heappop, heappush
from math import exp

import numpy as np
from sqlalchemy.orm import Session

from core.clock import content_hash
from core.measure.bradley_terry import VIRTUAL, fit
from core.store.decided_pairs import SCORES, Maker, decided, pair_facts
from core.store.tables import QueueRow

SINGLY = 200
"""So many pairs are placed one by one; of a hundred thousand, the later ones some at a time."""


def informative_ranks(session: Session, queue: QueueRow, subjects: Collection[int]) -> dict[int, float]:
    """Pair (row id) → its place in the order in which these tell most of how strong their versions are.

    What a choice between two versions would tell is p (1 - p) times the variance of the difference of their strengths
    (Bradley and Terry's, from people's choices on all pairs so far, each version with a virtual draw more, so that one
    of which nothing is known is uncertain and not unknown). After each pair the variances are those as if it had been
    answered, so that not all pairs of two versions come first. Pairs of equals are in the order of a lot; those whose
    sides are of one version, or of none, tell nothing of versions and are left out.
    """
    waiting: dict[tuple[Maker, Maker], list[int]] = {}
    for facts in pair_facts(session, subjects).values():
        if facts.makers is not None:
            one, other = sorted(facts.makers)
            waiting.setdefault((one, other), []).append(facts.id)
    for listed in waiting.values():
        listed.sort(key=lambda pair: content_hash([queue.seed, queue.id, pair], 12), reverse=True)
    chosen = [(said.pair.makers, SCORES[said.choice]) for said in decided(session) if not said.repeat]
    compared = [(*makers, score) for makers, score in chosen if makers is not None]
    makers = sorted({maker for two in waiting for maker in two} | {maker for one in compared for maker in one[:2]})
    place = {maker: index for index, maker in enumerate(makers)}
    wins = np.zeros((len(makers), len(makers)))
    for a, b, score in compared:
        wins[place[a], place[b]] += score
        wins[place[b], place[a]] += 1 - score
    known = fit(wins, VIRTUAL)
    spread = known.covariance.copy()

    def told(one: Maker, other: Maker) -> tuple[float, float]:
        """What a choice between two versions would tell, and how much it would weigh."""
        a, b = place[one], place[other]
        chance = 1 / (1 + exp(float(known.values[b] - known.values[a])))
        weight = chance * (1 - chance)
        return weight * float(spread[a, a] + spread[b, b] - 2 * spread[a, b]), weight

    # What a pair tells only falls as others are answered: the largest old figure that is still right is the largest.
    heap = [(-told(one, other)[0], one, other) for one, other in waiting]
    heapify(heap)
    ranks: dict[int, float] = {}
    while heap:
        was, one, other = heappop(heap)
        tells, weight = told(one, other)
        if -was > tells * (1 + 1e-9):
            heappush(heap, (-tells, one, other))
            continue
        pairs = waiting[one, other]
        n = min(len(pairs), 1 + len(ranks) // SINGLY)
        for _ in range(n):
            ranks[pairs.pop()] = float(len(ranks))
        if pairs:
            heappush(heap, (-tells, one, other))
        between = spread[:, place[one]] - spread[:, place[other]]
        spread -= np.outer(between, between) * (n * weight / (1 + n * tells))
    return ranks
