"""A text is found in another one that nearly says it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from core.similarity.near_duplicates import THRESHOLD, shingles
from core.similarity.near_texts import NearTexts

ASKED = "I want to return the jacket that I bought for my brother two months ago"
OTHER = "Please change the seat on my flight to Oslo from the aisle to the window"
WORDS = st.lists(st.sampled_from("abcdef"), max_size=14).map(" ".join)


def test_a_text_is_found_as_it_is_nearly_and_within_a_longer_one() -> None:
    near = NearTexts([OTHER, ASKED])
    assert near.nearest(ASKED) == 1
    assert near.nearest(ASKED.upper().replace(" ", "\n")) == 1
    assert near.nearest(ASKED + " please") == 1
    assert near.nearest(f"Hello. {ASKED} Can you help? {'And so on. ' * 50}") == 1


def test_what_shares_a_phrase_is_another_text() -> None:
    near = NearTexts([OTHER, ASKED, "hello there"])
    assert near.nearest("I want to return the shoes that I bought") is None
    assert near.nearest("hello there, my friend") is None
    assert near.nearest("") is None
    assert near.nearest("hello there") == 2
    assert NearTexts([]).nearest(ASKED) is None
    assert NearTexts(["", ASKED]).nearest("") is None


def test_the_text_that_shares_most_is_named() -> None:
    near = NearTexts([ASKED, f"{ASKED} and the shoes"])
    assert near.nearest(f"{ASKED} and the shoes") == 1


@settings(deadline=None)
@given(st.lists(WORDS, max_size=4), WORDS)
def test_it_finds_what_comparing_one_by_one_finds(texts: list[str], text: str) -> None:
    def alike(one: str) -> bool:
        a, b = shingles(one), shingles(text)
        fewer = min(len(a), len(b))
        return fewer > 0 and len(a & b) / (fewer if fewer >= 4 else len(a | b)) >= THRESHOLD

    found = NearTexts(texts).nearest(text)
    assert (found is None) == (not any(map(alike, texts)))
    assert found is None or alike(texts[found])
