"""The report in words: no number without how sure it is, and none where there is too little."""

from __future__ import annotations

from core.evaluate.preference_report import PersonBias, PreferenceReport, TaskCycle
from core.measure.bradley_terry import Compared, strengths
from core.measure.preference_bias import Again, Cycles, Sized, consistency, length_bias, share
from dashboard.parts.preference_report_rows import (
    bias_rows,
    cycle_rows,
    cycle_sentence,
    known_in,
    person_rows,
    strength_rows,
    strongest,
    unknown_groups,
)
from dashboard.preference_chart import strength_by_version


def games(one: str, other: str, won: int, lost: int) -> list[Compared]:
    return [Compared(one, other, float(n < won), f"{one}{other}{n}") for n in range(won + lost)]


def report(**fields: object) -> PreferenceReport:
    empty: dict[str, object] = {
        "n": 0,
        "pairs": 0,
        "resolved": 0,
        "sides_unknown": 0,
        "left": None,
        "length": {},
        "again": None,
        "people": (),
        "strengths": (),
        "version_cycles": Cycles((), 0),
        "task_cycles": (),
        "task_triples": 0,
    }
    return PreferenceReport(**(empty | fields))  # type: ignore[arg-type]


def test_a_version_that_is_surely_better_is_named_and_one_that_may_be_is_not() -> None:
    (sure,) = strengths(games("new", "old", 45, 5))
    assert strongest(sure) == "new is preferred: to an average version in 75 % of choices."
    (unsure,) = strengths(games("new", "old", 6, 5))
    assert strongest(unsure) == "new stands first, but which of new and old is stronger cannot be told yet."
    row = strength_rows(sure)[0]
    assert (row["Version"], row["Choices"], row["Tasks"]) == ("new", "50", "50")
    assert row["Preferred to an average version"].startswith("75 % (")
    assert row["Preferred to an average version"].endswith(", n 50)")


def test_no_strength_rests_on_four_tasks() -> None:
    groups = strengths([*games("a", "b", 3, 1), *games("c", "d", 5, 5)])
    assert [len(known_in(group)) for group in groups] == [2, 0]
    assert unknown_groups(groups) == "Not enough data of: a and b."
    assert unknown_groups(groups[:1]) == ""
    few = strength_rows(groups[1])[0]
    assert few["Preferred to an average version"] == few["Strength (log-odds)"] == "not enough data (n 4)"
    assert "Too few" in strongest(groups[1])
    assert list(strength_by_version(groups[1].strengths, "x").data[0].x) == []
    assert len(strength_by_version(groups[0].strengths, "x").data[0].x) == 2


def test_nothing_known_says_so_in_every_line() -> None:
    rows = bias_rows(report())
    assert [row["Found"] for row in rows] == ["not enough data (n 0)"] * 3
    assert person_rows([]) == []


def test_what_sways_choices_is_read_out() -> None:
    repeats = [Again("a", "b", False, "a", "b", n) for n in range(6)] + [Again("a", "a", True, "a", "b", 9)]
    rows = bias_rows(
        report(
            left=share([(n, n < 70) for n in range(80)]),
            length={"characters": length_bias([Sized(20, 10, bool(n % 2), n) for n in range(40)])},
            again=consistency(repeats),
        )
    )
    found = {row["What"]: (row["Found"], row["Reading"]) for row in rows}
    assert found["The left answer was chosen"] == ("88 % (78 to 93 %, n 80)", "the left one more often than chance")
    assert found["The longer answer was chosen (characters)"] == ("50 % (35 to 65 %, n 40)", "no leaning shown")
    assert found["Odds of being chosen at twice the length (characters)"][0].startswith("× 1.00 (")
    assert found["The same side when asked again"][0].startswith("14 % (")
    assert found["The same place twice, sides swapped"] == ("6 of 7", "6 left twice, 0 right twice")


def test_people_stand_in_the_order_of_what_they_did() -> None:
    again = consistency([Again("a", "a", True, "a", "b", n) for n in range(8)])
    rows = person_rows([PersonBias("ada", 3, None, None, None), PersonBias("ben", 9, None, None, again)])
    assert [row["Name"] for row in rows] == ["ben", "ada"]
    assert rows[0]["Same place twice"] == "0 of 8"
    assert rows[1]["Same side again"] == "not enough data (n 0)"


def test_cycles_are_counted_among_those_that_could_be() -> None:
    assert "none can go round" in cycle_sentence(report())
    some = report(
        version_cycles=Cycles((("v1", "v2", "v3"),), 4),
        task_cycles=(TaskCycle("Cancel it", ("x", "y", "z")),),
        task_triples=20,
    )
    assert cycle_sentence(some) == "1 of 20 threes of answers to one task go round; among versions 1 of 4."
    assert cycle_rows(some) == [
        {"Where": "versions", "Goes round": "v1 > v2 > v3 > v1"},
        {"Where": "Cancel it", "Goes round": "x > y > z > x"},
    ]
