"""What a recall may ask for from outside."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import InvalidInput
from dashboard.recalling import read_recall


@pytest.mark.parametrize("name", ["k", "max_tokens"])
def test_a_number_is_taken_as_it_was_meant_or_not_at_all(name: str) -> None:
    for said in (7, 7.0, "7"):
        assert getattr(read_recall({"task": "x", name: said}), name) == 7
    wrong: list[Any] = [True, 1.5, "1.5", [7], {}, "many"]
    for said in wrong:
        with pytest.raises(InvalidInput, match=f"{name} has to be a whole number") as refused:
            read_recall({"task": "x", name: said})
        assert refused.value.field == name
