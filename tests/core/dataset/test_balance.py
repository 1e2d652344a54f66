"""The report on a dataset's lengths and leanings counts what its rows say."""

from __future__ import annotations

from typing import Any

from core.dataset.balance import Balance


def says(role: str, text: str, **more: Any) -> dict[str, Any]:
    return {"role": role, "content": text} | more


def test_rows_without_any_have_no_lengths() -> None:
    assert Balance().as_json() == {
        "characters": {},
        "agent_turns": {},
        "tasks": {"count": 0, "none": 0, "most": 0},
        "sources": {},
    }


def test_runs_are_counted_with_their_calls_and_without_their_tools() -> None:
    balance = Balance()
    call = {"type": "function", "function": {"name": "look", "arguments": {}}}
    long = [says("user", "ab"), says("assistant", "c"), says("tool", "d"), says("assistant", "", tool_calls=[call])]
    balance.add({"messages": long, "tools": [{"type": "function"}]}, "run", "shop/1")
    for number in range(9):
        task = "" if number == 0 else f"shop/{number % 2}"
        balance.add({"messages": [says("assistant", "x" * (number + 1))]}, "correction", task)
    assert balance.as_json() == {
        "characters": {"least": 1, "median": 5, "p90": 9, "most": 4 + len("look({})")},
        "agent_turns": {"least": 1, "median": 1, "p90": 1, "most": 2},
        "tasks": {"count": 2, "none": 1, "most": 5},
        "sources": {"correction": 9, "run": 1},
    }


def test_of_pairs_it_is_told_which_side_is_longer() -> None:
    balance = Balance()
    for chosen, rejected in (("long", "s"), ("s", "long"), ("long", "s"), ("same", "same")):
        sides = {"chosen": [says("assistant", chosen)], "rejected": [says("assistant", rejected)]}
        balance.add({"prompt": [says("user", "?")]} | sides, "preference", "")
    assert balance.as_json()["longer"] == {"chosen": 2, "rejected": 1, "equal": 1}


def test_of_answers_it_is_told_how_many_are_good() -> None:
    balance = Balance()
    for good in (True, False, True):
        balance.add({"completion": [says("assistant", "a")], "label": good}, "run", "")
    assert balance.as_json()["labels"] == {"good": 2, "bad": 1}
