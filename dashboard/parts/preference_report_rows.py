"""What the report on preferences says, as sentences and as rows of tables."""

from __future__ import annotations

from collections.abc import Sequence

from core.evaluate.preference_report import PersonBias, PreferenceReport
from core.evaluate.weeks import FEW
from core.measure.bradley_terry import Group, Strength
from core.measure.intervals import Rate
from core.measure.preference_bias import Consistency, LengthBias
from dashboard.parts.numbers import between, clipped, not_enough, percent, share

EVEN = 0.5
IN_BRACKETS = "In brackets the 95 % interval and n."


def resolved_told(report: PreferenceReport) -> str:
    """How much of it a lead has decided; "" for nothing."""
    if not report.resolved:
        return ""
    return f", {report.resolved:,} of them resolved by a lead: of these the resolution counts once, and not the choices"


def strongest(group: Group) -> str:
    """Which version of a group is preferred, in a sentence that says when that cannot be told."""
    known = known_in(group)
    if len(known) < 2:
        return "Too few tasks were decided between two versions to say which is stronger."
    first, second = known[0], known[1]
    if first.interval.low > second.interval.high:
        return f"{first.name} is preferred: to an average version in {percent(first.chance)} of choices."
    close = [one.name for one in known if one.interval.high >= first.interval.low]
    return f"{first.name} stands first, but which of {listed(close)} is stronger cannot be told yet."


def known_in(group: Group) -> list[Strength]:
    """The versions of a group of which enough is known to be drawn."""
    return [one for one in group.strengths if one.clusters >= FEW]


def unknown_groups(groups: Sequence[Group]) -> str:
    """The groups of which too little is known, in a sentence; "" for none."""
    names = [listed([one.name for one in group.strengths]) for group in groups if len(known_in(group)) < 2]
    return f"Not enough data of: {clipped('; '.join(names), 400)}." if names else ""


STEADIED = (
    "Choices alone settle no finite strengths here (a version never lost, or never won): each is taken to have drawn "
    "once more with an average one, which keeps strengths finite and draws them to the middle."
)
APART = (
    "Nothing compares the versions of one chart with those of another, not even by way of others: put pairs between "
    "them into a queue to join them."
)


def strength_rows(group: Group) -> list[dict[str, str]]:
    """One row a version, the strongest first."""
    return [_strength_row(one) for one in group.strengths]


def _strength_row(one: Strength) -> dict[str, str]:
    few = one.clusters < FEW
    interval = one.interval
    return {
        "Version": one.name,
        "Preferred to an average version": not_enough(one.clusters)
        if few
        else f"{percent(one.chance)} ({between(one.chance_interval, percent)}, n {one.clusters})",
        "Strength (log-odds)": not_enough(one.clusters)
        if few
        else f"{one.value:+.2f} ({interval.low:+.2f} to {interval.high:+.2f})",
        "Choices": f"{one.n:,}",
        "Tasks": f"{one.clusters:,}",
    }


def bias_rows(report: PreferenceReport) -> list[dict[str, str]]:
    """What sways choices, each with what it would be if it did not."""
    rows = [_row("The left answer was chosen", share(report.left), "50 %", _reading(report.left, "left", "right"))]
    for unit, found in report.length.items():
        rows.append(
            _row(
                f"The longer answer was chosen ({unit})",
                share(found.longer),
                "50 %",
                _reading(found.longer, "longer", "shorter"),
            )
        )
        rows.append(_row(f"Odds of being chosen at twice the length ({unit})", odds(found), "× 1.00", found.why))
    rows.append(_row("The same side when asked again", *_again(report.again)))
    rows.append(_row("The same place twice, sides swapped", *_places(report.again)))
    return rows


def _row(what: str, value: str, unswayed: str = "", reading: str = "") -> dict[str, str]:
    return {"What": what, "Reading": reading, "Found": value, "Unswayed": unswayed}


def odds(found: LengthBias) -> str:
    """× 1.56 (1.32 to 1.85, n 2493)"""
    if found.longer.n < FEW:
        return not_enough(found.longer.n)
    if found.odds is None or found.odds_interval is None:
        return "undefined"
    return f"× {found.odds:.2f} ({found.odds_interval.low:.2f} to {found.odds_interval.high:.2f}, n {found.longer.n})"


def _reading(rate: Rate | None, one: str, other: str) -> str:
    if rate is None or rate.n < FEW:
        return ""
    if rate.interval.low > EVEN:
        return f"the {one} one more often than chance"
    return f"the {other} one more often than chance" if rate.interval.high < EVEN else "no leaning shown"


def _again(found: Consistency | None) -> tuple[str, str, str]:
    if found is None:
        return not_enough(0), "100 %", ""
    return share(found.same), "100 %", f"all six answers alike: {share(found.exact)}"


def _places(found: Consistency | None) -> tuple[str, str, str]:
    if found is None or found.swapped < FEW:
        return not_enough(found.swapped if found else 0), "0", ""
    twice = found.left_twice + found.right_twice
    told = f"{found.left_twice} left twice, {found.right_twice} right twice"
    return f"{twice} of {found.swapped}", "0", told


def person_rows(people: Sequence[PersonBias]) -> list[dict[str, str]]:
    """One row a person, those who chose most first."""
    return [
        {
            "Name": one.person,
            "Choices": f"{one.n:,}",
            "Left": share(one.left),
            "Longer": share(one.longer),
            "Same side again": share(one.again.same) if one.again else not_enough(0),
            "Same of six again": share(one.again.exact) if one.again else not_enough(0),
            "Same place twice": _places(one.again)[0],
        }
        for one in sorted(people, key=lambda one: (-one.n, one.person))
    ]


def cycle_sentence(report: PreferenceReport) -> str:
    """How many threes go round, of how many that could."""
    n, triples = len(report.task_cycles), report.task_triples
    among = report.version_cycles
    if not triples and not among.triples:
        return "No three answers, and no three versions, were all decided against each other, so none can go round."
    tasks = (
        f"{n:,} of {triples:,} threes of answers to one task go round" if triples else "No task has three such answers"
    )
    return f"{tasks}; among versions {len(among.found):,} of {among.triples:,}."


def cycle_rows(report: PreferenceReport) -> list[dict[str, str]]:
    """Each cycle in words: first those among versions, then those of single tasks."""
    rows = [{"Where": "versions", "Goes round": _round(names)} for names in report.version_cycles.found]
    return rows + [{"Where": clipped(one.title, 80), "Goes round": _round(one.names)} for one in report.task_cycles]


def _round(names: Sequence[str]) -> str:
    return " > ".join([*names, names[0]])


def listed(names: Sequence[str]) -> str:
    """a, b and c"""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
