from __future__ import annotations

import pytest

from dashboard.parts.numbers import duration, percent, plain


@pytest.mark.parametrize(
    ("words", "value", "said"),
    [
        (duration, 0.82, "0.8 s"),
        (duration, -0.01, "0.0 s"),
        (duration, -41.4, "-41 s"),
        (duration, 192, "3.2 min"),
        (percent, -0.001, "0 %"),
        (plain, -0.04, "0.0"),
    ],
)
def test_what_is_too_small_to_be_seen_has_no_sign(words, value: float, said: str) -> None:
    assert words(value) == said
