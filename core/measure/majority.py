"""What most reviewers said, where most said the same."""

from collections import Counter
from collections.abc import Hashable, Iterable
from typing import TypeVar

Vote = TypeVar("Vote", bound=Hashable)


def majority(votes: Iterable[Vote | None]) -> Vote | None:
    """The answer that more than half of the votes gave, else None: disputed.

    None is no vote and does not count. One vote is its own majority; a tie, or two of four, is none.
    """
    counts = Counter(vote for vote in votes if vote is not None)
    if not counts:
        return None
    vote, most = counts.most_common(1)[0]
    return vote if 2 * most > counts.total() else None
