"""Real documents with anything anywhere: what a reader must take without failing."""

from __future__ import annotations

import copy
import random
from typing import Any

from hypothesis import strategies as st

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def mutated(value: Any, seed: int, wrong: Any) -> Any:
    """A copy in which one to three values are replaced by another, or removed."""
    value = copy.deepcopy(value)
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 3)):
        spots = _spots(value)
        if not spots:
            break
        holder, key = chance.choice(spots)
        if isinstance(holder, dict) and chance.random() < 0.25:
            del holder[key]
        else:
            holder[key] = copy.deepcopy(wrong)
    return value


def _spots(value: Any) -> list[tuple[Any, Any]]:
    here = list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    return [(value, key) for key, _ in here] + [spot for _, inner in here for spot in _spots(inner)]
