from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.similarity.near_duplicates import jaccard, near_repeats, shingles


def by_hand(texts: list[str], threshold: float = 0.8) -> dict[int, int]:
    """The definition without MinHash: each text against every kept one."""
    sets = [shingles(text) for text in texts]
    kept: list[int] = []
    repeats: dict[int, int] = {}
    for index, one in enumerate(sets):
        twins = (at for at in kept if len(one & sets[at]) >= threshold * len(one | sets[at]))
        twin = next(twins, None)
        if twin is None:
            kept.append(index)
        else:
            repeats[index] = twin
    return repeats


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", set()),
        ("  \n ", set()),
        ("One", {"one"}),
        ("a b c d", {"a b c d"}),
        ("a b c d e", {"a b c d e"}),
        ("A  b\nc d e f", {"a b c d e", "b c d e f"}),
    ],
)
def test_shingles_are_five_words(text: str, found: set[str]):
    assert shingles(text) == found


def test_jaccard_is_the_share_of_what_is_in_both():
    one, other = np.array([1, 2, 3, 4], dtype=np.uint64), np.array([2, 3, 4, 5], dtype=np.uint64)
    empty = np.array([], dtype=np.uint64)
    assert (jaccard(one, other), jaccard(one, empty), jaccard(empty, empty)) == (3 / 5, 0.0, 1.0)


def test_the_exact_value_decides_at_the_threshold():
    words = [f"w{n}" for n in range(104)]
    a = " ".join(words)  # 100 shingles
    at = " ".join([*words[:93], "x"])  # shares 89 of 101: 0.88
    below = " ".join([*words[:80], *(f"y{n}" for n in range(20))])  # shares 76 of 120: 0.63
    assert near_repeats([a, at, below]) == {1: 0}


def test_a_text_that_only_resembles_a_repeat_is_kept():
    words = [f"w{n}" for n in range(60)]
    texts = [" ".join(words[start : start + 40]) for start in (0, 4, 8)]  # neighbours share 32 of 40, 0 and 2 only 28
    assert near_repeats(texts) == by_hand(texts) == {1: 0}


def test_candidates_are_found_as_often_as_the_definition_finds_them():
    chance = random.Random(7)
    bases = [[chance.choice("abcdefghijklmnop") + str(chance.randrange(40)) for _ in range(60)] for _ in range(40)]
    texts = []
    for _ in range(400):
        words = list(chance.choice(bases))
        for _ in range(chance.randrange(4)):
            words[chance.randrange(len(words))] = "changed"
        texts.append(" ".join(words))
    assert near_repeats(texts) == by_hand(texts)


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=9).map(" ".join), max_size=12))
def test_short_texts_too(texts: list[str]):
    assert near_repeats(texts) == by_hand(texts)
