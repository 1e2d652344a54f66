"""What each person on Team has done, how long it took, and how their answers fare against what is known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import streamlit as st

from core.clock import now
from core.evaluate.reviewers import Reviewer, Team
from core.evaluate.weeks import FEW
from core.measure.intervals import Rate
from core.store.retractions import REVIEWER
from core.store.work import Work
from dashboard.identity import Actor
from dashboard.parts.figures import show_chart, show_table
from dashboard.parts.numbers import ago, escaped, mean, plain, share
from dashboard.parts.retraction_target import link_to_taking_back
from dashboard.team_charts import accuracy

DAYS = 28
KINDS = ("runs", "steps", "pairs", "rankings")
_PAGES = Path(__file__).resolve().parents[2] / "pages"

LATER = "shown once the queue is archived"
KNOWN = "a lead sees the known answers"
NONE = "none yet"


def show_people(team: Team, actor: Actor) -> None:
    """A line a person, with a sentence on top; an annotator has their own line only."""
    st.header("People", anchor=False)
    people = team.reviewers
    if not people:
        st.info("Nobody has submitted anything yet." if actor.leads else "You have not submitted anything yet.")
        st.page_link(_PAGES / "review.py", label="Review the first run", icon=":material/rate_review:")
        return
    st.subheader(escaped(finding(people, actor.leads)), anchor=False)
    _show_lines(people, actor)
    st.caption(
        "What stands: edits count once, what was withdrawn does not, and neither surplus nor labels given in bulk are "
        "in the other numbers. Active time runs while the page is in front and something was done in the last minute."
    )
    if not actor.leads:
        st.caption("You see your own line; leads see everybody's.")
        return
    link_to_taking_back(REVIEWER)
    if any(_enough(one.gold) or _enough(one.resolved) for one in people):
        show_chart(accuracy(people), accuracy_rows(people), "team_accuracy")
    by_question = gold_rows(team)
    if by_question:
        with st.expander("Known answers, question by question"):
            show_table(by_question, "How often each person gave the known answer to each question", words=["Question"])


def _show_lines(people: Sequence[Reviewer], actor: Actor) -> None:
    rows = told([person_row(one, actor.leads) for one in people])
    most = max((max(one.work.days.values(), default=0) for one in people), default=1)
    first, *others = rows[0]
    config: dict[str, object] = {name: st.column_config.TextColumn(name, alignment="right") for name in others}
    config |= {first: st.column_config.TextColumn(first, pinned=True, width=130)}
    for name in ("Done", "Skipped", "Flagged", "Surplus", "In bulk", *map(str.capitalize, KINDS)):
        if name in rows[0]:
            config[name] = st.column_config.NumberColumn(name, format="localized", help=_HELP.get(name))
    for name in ("With the resolution", "Known answers", "Same again", "An active hour", "Time an item"):
        config[name] = st.column_config.TextColumn(name, alignment="right", help=_HELP[name])
    config["A day"] = st.column_config.BarChartColumn(
        f"A day, last {DAYS // 7} weeks", y_min=0, y_max=max(most, 1), help=_HELP["A day"]
    )
    st.dataframe(rows, hide_index=True, column_config=config, alt="What each person has done")


_HELP = {
    "Done": "Everything that stands: runs, steps, pairs and rankings.",
    "A day": f"Submissions a day (UTC) over the last {DAYS} days, the latest on the right; all rows on one scale.",
    "An active hour": "Items for each hour of active time, with its 95 % interval.",
    "Time an item": "The median active time of an item, with its 95 % interval.",
    "With the resolution": "Of their answers to what a lead has resolved, those that are the resolution. Only what was "
    "in dispute is resolved, so this is lower than on all items.",
    "Known answers": "Of the known answers on gold items they had, those they gave.",
    "Same again": "Of their answers to hidden repeats, those that are as the first time.",
    "Skipped": "Items they left to others, flagged ones too.",
    "Flagged": "Items on which they told the leads that something is wrong.",
    "Surplus": "Answers that came when enough others had answered; they count once a lead takes them over.",
    "In bulk": "Runs they gave labels to by a filter, without opening each.",
}


def person_row(one: Reviewer, for_leads: bool) -> dict[str, object]:
    """One person's numbers; a share begins with its digits in line, so that the column sorts by it."""
    work = one.work
    kinds = {kind.capitalize(): getattr(work, kind) for kind in KINDS}
    if for_leads:
        known = KNOWN if work.role.value == "lead" else _share(one.gold)
        again = _share(one.same)
    else:
        known, again = (LATER if rate is None else _share(rate) for rate in (one.gold, one.same))
    row: dict[str, object] = {"Name": work.person, "Done": work.done, "A day": days(work)}
    row |= {
        "An active hour": _right(mean(one.pace, plain), 6) if work.seconds else "not recorded",
        "Time an item": _right(mean(one.time, _minutes), 6) if work.seconds else "not recorded",
        "With the resolution": _share(one.resolved),
        "Known answers": known,
        "Same again": again,
    }
    row |= kinds
    return row | {
        "Skipped": work.skipped,
        "Flagged": work.flagged,
        "Surplus": work.surplus,
        "In bulk": work.bulk,
        "Last": ago(work.last),
    }


def told(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """The rows without columns of zeros only; where all is of one kind, its column says what Done says."""
    kinds = [kind.capitalize() for kind in KINDS]
    left_out = {
        name for name in (*kinds, "Skipped", "Flagged", "Surplus", "In bulk") if not any(row[name] for row in rows)
    }
    if len(left_out & set(kinds)) == len(kinds) - 1:
        left_out |= set(kinds)
    return [{name: value for name, value in row.items() if name not in left_out} for row in rows]


def days(work: Work) -> list[int]:
    """Submissions of each of the last DAYS days, today last."""
    today = now().date()
    return [work.days.get(today - timedelta(days=back), 0) for back in range(DAYS - 1, -1, -1)]


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f} min"


def _share(rate: Rate | None) -> str:
    return NONE if rate is None else _right(share(rate), 3)


def _right(text: str, digits: int) -> str:
    """The text with its first number set to the right of so many places."""
    number = text.partition(" ")[0]
    return text.rjust(len(text) + max(0, digits - len(number))) if number[:1].isdigit() else text


def _enough(rate: Rate | None) -> bool:
    return rate is not None and rate.n >= FEW


def finding(people: Sequence[Reviewer], for_leads: bool) -> str:
    """What stands out most, in a sentence: who is least often right, else how much was done."""
    for rate_of, said in (
        (lambda one: one.gold, "Least often right where the answer is known"),
        (lambda one: one.resolved, "Least often with the resolution"),
        (lambda one: one.same, "Least often the same when asked again"),
    ):
        known = [(rate.value, one.work.person, rate) for one in people if _enough(rate := rate_of(one))]
        if len(known) > 1:
            _, name, rate = min(known, key=lambda entry: entry[:2])
            return f"{said}: {name}, {share(rate)}."
    total = sum(one.work.done for one in people)
    if not for_leads:
        return f"You have done {total:,}." if total else "You have not submitted anything yet."
    most = max(people, key=lambda one: one.work.done).work
    nothing = "Too little is known yet to hold their answers against: resolve disagreements, or set known answers."
    if len(people) == 1:
        return f"{most.person} has done {total:,}. {nothing}"
    return f"{len(people)} people have done {total:,}, {most.person} most of it ({most.done:,}). {nothing}"


def accuracy_rows(people: Sequence[Reviewer]) -> list[dict[str, str]]:
    """The numbers of the chart."""
    return [
        {
            "Name": one.work.person,
            "Known answers": KNOWN if one.work.role.value == "lead" else _share(one.gold),
            "With the resolution": _share(one.resolved),
        }
        for one in people
    ]


def gold_rows(team: Team) -> list[dict[str, str]]:
    """Each person on each question of gold items, the least right first."""
    found = [
        (rate.value, {"Name": one.work.person, "Question": team.titles.get(asked, asked[1]), "Right": share(rate)})
        for one in team.reviewers
        for asked, rate in one.gold_by_question.items()
    ]
    return [row for _, row in sorted(found, key=lambda entry: entry[0])]
