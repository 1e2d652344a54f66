"""The pairs that would tell most come first: uncertain outcomes between versions of which little is known."""

from __future__ import annotations

import numpy as np
import pytest

from core.measure.bradley_terry import fit
from core.records import Choice, Pair, Preference
from core.review.informative import informative_ranks
from core.store.engine import Store
from core.store.pairs import import_preferences, insert_pairs
from core.store.people import person_id
from core.store.queues import get_queue, make_queue

NAMES = ("v1", "v2", "v3", "v4")
TWOS = [(one, other) for i, one in enumerate(NAMES) for other in NAMES[i + 1 :]]


def test_pairs_are_in_the_order_that_a_plain_computation_gives(store: Store) -> None:
    """v1 and v2 met twenty times, ten each; v1 beat v3 nine times of ten; nobody met v4."""
    told = [("v1", "v2", n % 2 == 0) for n in range(20)] + [("v1", "v3", n > 0) for n in range(10)]
    with store.session() as session:
        decided = insert_pairs(
            session,
            [Pair(f"d{n}", "test", f"d{n}", "x", "y", name_a=a, name_b=b) for n, (a, b, _) in enumerate(told)],
        )
        ada = person_id(session, "ada")
        import_preferences(
            session,
            [
                (Preference("", "ada", Choice.A if won else Choice.B), decided[f"d{n}"], ada)
                for n, (_, _, won) in enumerate(told)
            ],
        )
        open_pairs = [
            Pair(f"{a}-{b}-{n}", "test", f"{a}{b}{n}", "x", "y", name_a=a, name_b=b) for a, b in TWOS for n in range(3)
        ]
        alike = Pair("alike", "test", "alike", "x", "y", name_a="v1", name_b="v1")
        named = insert_pairs(session, [*open_pairs, alike, Pair("nobody", "test", "n", "x", "y")])
        queue = get_queue(session, make_queue(session, "q", "pair", None))
        ranks = informative_ranks(session, queue, list(named.values()))
        assert informative_ranks(session, queue, list(named.values())) == ranks
        assert informative_ranks(session, queue, []) == {}
    uids = {row: uid for uid, row in named.items()}
    order = [uids[pair].rpartition("-")[0] for pair in sorted(ranks, key=ranks.__getitem__)]
    assert len(ranks) == 18
    assert set(ranks.values()) == set(map(float, range(18)))
    assert order == greedy(told)
    assert "v4" in order[0]
    assert order[-1] == "v1-v2"


def greedy(told: list[tuple[str, str, bool]]) -> list[str]:
    """The same by inverting the information matrix anew after each pair."""
    wins = np.zeros((4, 4))
    for a, b, won in told:
        one, other = (a, b) if won else (b, a)
        wins[NAMES.index(one), NAMES.index(other)] += 1
    known = fit(wins, 1.0)
    information = np.linalg.inv(known.covariance)
    left = dict.fromkeys(TWOS, 3)
    order = []
    while left:
        told_by = {}
        for a, b in left:
            x = np.zeros(4)
            x[NAMES.index(a)], x[NAMES.index(b)] = 1, -1
            p = 1 / (1 + np.exp(-(x @ known.values)))
            told_by[a, b] = (p * (1 - p) * (x @ np.linalg.inv(information) @ x), p * (1 - p) * np.outer(x, x))
        best = max(told_by, key=lambda two: (round(told_by[two][0], 9), [-ord(c) for c in "".join(two)]))
        information += told_by[best][1]
        order.append("-".join(best))
        left[best] -= 1
        if not left[best]:
            del left[best]
    return order


def test_with_nothing_decided_versions_take_turns(store: Store) -> None:
    with store.session() as session:
        pairs = [Pair(f"{a}-{b}-{n}", "t", f"{a}{b}{n}", name_a=a, name_b=b) for a, b in TWOS for n in range(2)]
        named = insert_pairs(session, pairs)
        queue = get_queue(session, make_queue(session, "q", "pair", None))
        ranks = informative_ranks(session, queue, list(named.values()))
    uids = {row: uid for uid, row in named.items()}
    first = [uids[pair].rpartition("-")[0] for pair in sorted(ranks, key=ranks.__getitem__)][:2]
    assert set(first) in [{"v1-v2", "v3-v4"}, {"v1-v3", "v2-v4"}, {"v1-v4", "v2-v3"}]
    assert [ranks[named[f"{two}-{n}"]] for two in first for n in (0, 1)] != pytest.approx([0, 1, 2, 3])
