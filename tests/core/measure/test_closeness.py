"""Near misses: overlapping words counted character by character, steps that lie close together."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.measure.closeness import Span, overlap_f1, percent_within, span_agreement

spans = st.builds(
    lambda step, value, start, length: Span(step, value, start, start + length),
    *(st.sampled_from("12"), st.sampled_from("xy"), st.integers(0, 30), st.integers(1, 15)),
)
marked = st.frozensets(spans, max_size=4)


def characters(marks):
    return {(mark.step, mark.value, place) for mark in marks for place in range(mark.start, mark.end)}


@given(marked, marked)
def test_overlap_is_f1_of_the_marked_characters(a, b):
    one, other = characters(a), characters(b)
    expected = 2 * len(one & other) / (len(one) + len(other)) if one or other else None
    assert overlap_f1(a, b) == (expected if expected is None else pytest.approx(expected))
    assert overlap_f1(b, a) == overlap_f1(a, b)


def test_a_whole_step_is_a_place_of_its_own():
    whole, words = frozenset({Span("1", "x", 0, 0)}), frozenset({Span("1", "x", 0, 9)})
    assert (overlap_f1(whole, whole), overlap_f1(whole, words)) == (1.0, 0.0)
    assert overlap_f1(whole, frozenset({Span("2", "x", 0, 0)})) == 0.0


def test_spans_of_several_people():
    """Half of ten characters shared: F1 1/2; nothing marked against something: 0; nothing at all says nothing."""
    first, second = (frozenset({Span("1", "", at, at + 10)}) for at in (0, 5))
    none: frozenset[Span] = frozenset()
    found = span_agreement(
        {1: {"a": first, "b": second}, 2: {"a": first, "b": none}, 3: {"a": none, "b": none}, 4: {"c": first}}
    )
    assert (found.percent.value, found.percent.n_items) == (25.0, 2)
    assert {name: (pair.value, pair.n_items) for name, pair in found.pairs.items()} == {"a~b": (25.0, 2)}
    assert (found.n_raters, found.n_answers) == (2, 4)
    assert found.percent.interval.low <= 25 <= found.percent.interval.high
    assert span_agreement({1: {"a": none, "b": none}}).percent.why == "no item has answers from two raters"


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=30), st.integers(0, 3))
def test_within_is_the_share_of_pairs_that_lie_so_close(pairs, reach):
    found = percent_within({n: {"a": a, "b": b} for n, (a, b) in enumerate(pairs)}, reach)
    assert found.value == pytest.approx(100 * sum(abs(a - b) <= reach for a, b in pairs) / len(pairs))


def test_within_of_three_raters_and_of_none():
    steps = {"a": 1, "b": 2, "c": 4}
    close = [abs(x - y) <= 1 for (r, x), (s, y) in product(steps.items(), repeat=2) if r < s]
    assert percent_within({1: steps}).value == pytest.approx(100 * sum(close) / 3)
    assert percent_within({1: {"a": 1}}).why == "no item has answers from two raters"
    assert percent_within({n: {"a": 1, "b": 1} for n in range(10)}).interval.low == pytest.approx(72.2, abs=0.1)
