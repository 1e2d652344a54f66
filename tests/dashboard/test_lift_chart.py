"""What is said and drawn of lift: the finding first, with its interval, and nothing where there is too little."""

from __future__ import annotations

from datetime import date

import pytest

from core.evaluate.lift import LessonLift, WeekLift
from core.measure.lift import Group, Lift, lift
from core.measure.runs import Sums
from core.store.lift import NotCounted, Use
from dashboard.lift_chart import lift_by_week, success_with_and_without
from dashboard.parts.lift_words import about, finding, left_out_sentences, lesson_rows, points, retiring_reason


def of(given: tuple[int, int], kept: tuple[int, int], share: float = 0.1) -> Lift:
    def group(solved: int, n: int) -> Group:
        solved_or_not = Sums.of([(1, 1)] * solved + [(0, 1)] * (n - solved))
        return Group(solved_or_not, Sums.of([(0.02, 1)] * n))

    return lift(group(*given), group(*kept), share)


CLEAR = of((160, 180), (12, 21))


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (CLEAR, "Runs with lessons solved 32 points more (13 to 53), 180 against 21 runs"),
        (of((12, 21), (160, 180)), "Runs with lessons solved 32 points fewer (13 to 53), 21 against 180 runs"),
        (of((0, 0), (0, 0)), "No run with an outcome was given a lesson yet, or kept from one"),
        (of((7200, 9000), (800, 1000)), "No difference shown: runs with lessons solved about as many"),
        (of((45, 90), (6, 10)), "Not enough runs to tell: runs with lessons solved 10 points fewer ("),
        (of((4, 4), (0, 0)), "Nothing to compare yet: 4 against 0 runs. About 8,700 more would show a difference of 5"),
    ],
)
def test_the_finding_is_one_sentence(found: Lift, said: str) -> None:
    assert finding(found, 0.1).startswith(said)


def test_more_runs_do_not_help_where_none_is_withheld() -> None:
    assert "will not tell" in finding(of((4, 4), (0, 0)), 0)


def test_a_guess_has_two_digits() -> None:
    assert [about(n) for n in (0, 7, 96, 1274, 98_765)] == ["0", "7", "96", "1,300", "99,000"]


def test_the_figure_draws_both_groups_of_every_agent_that_has_enough() -> None:
    figure = success_with_and_without([("all agents", CLEAR), ("<b>x</b>", of((4, 4), (12, 20)))], 0.1)
    given, kept = figure.data
    assert (list(given.x), list(kept.x)) == ([160 / 180], [12 / 21, 0.6])
    assert figure.layout.title.text == finding(CLEAR, 0.1)
    assert "&lt;b&gt;" in kept.hovertext[1]
    assert "n 20" in kept.hovertext[1]
    assert "&lt;b&gt;" in figure.layout.yaxis.ticktext[1]


def test_weeks_with_too_few_runs_are_not_drawn() -> None:
    few = WeekLift(date(2026, 9, 7), of((30, 40), (1, 4)))
    assert lift_by_week([few]).layout.title.text == "No week has 5 runs in each group, with lessons and without"
    figure = lift_by_week([few, WeekLift(date(2026, 9, 14), CLEAR)])
    assert list(figure.data[0].x) == [date(2026, 9, 14)]
    assert "1 of 2 weeks" in figure.layout.title.text


def test_a_lesson_that_is_not_here_keeps_its_row() -> None:
    [row] = lesson_rows([LessonLift("gone", of((3, 4), (0, 0)), Use(4, None))], {}, 0.1)
    assert (row["Lesson"], row["State"], row["Difference"]) == ("gone", "not here", "nothing to compare")
    assert row["Given"] == "not enough data (n 4)"
    assert points(CLEAR) == "+32 points (+13 to +53)"


def test_the_reason_to_retire_names_the_numbers() -> None:
    harms = LessonLift("x", of((12, 60), (20, 25)), Use(60, None))
    assert harms.harms
    said = "With it, runs solved 60 points fewer (38 to 74) than where it was held back, 60 against 25 runs."
    assert retiring_reason(harms) == said


def test_what_is_left_out_is_said_by_why() -> None:
    assert left_out_sentences(NotCounted(0, 0, 0, 0)) == []
    assert [one.split(" ")[0] for one in left_out_sentences(NotCounted(1_200, 1, 2, 3))] == ["1,200", "1", "2", "3"]
