"""What preferences say of versions and of those who chose: strengths, bias, self-consistency, cycles.

People and machines are never mixed. What a lead resolved of a pair stands, once, in place of what people chose of it
where versions are told apart; what sways people is measured on what they said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from core.measure.bradley_terry import Compared, Group, strengths
from core.measure.intervals import Rate
from core.measure.preference_bias import (
    Again,
    Consistency,
    Cycles,
    LengthBias,
    Sized,
    consistency,
    cycles,
    length_bias,
    share,
)
from core.records import Choice
from core.store.decided_pairs import SCORES, Decided, Maker, SideFacts, decided, resolved_choices
from core.store.tables import QueueRow


@dataclass(frozen=True, slots=True)
class PersonBias:
    """How often one person chose the left side, how often the longer answer, and how often they say the same twice."""

    person: str
    n: int
    left: Rate | None
    longer: Rate | None
    again: Consistency | None


@dataclass(frozen=True, slots=True)
class TaskCycle:
    """Three answers to one task that go round by what most people chose."""

    title: str
    names: tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class PreferenceReport:
    """All that the preferences of people, or of machines, say.

    `n` counts choices that stand, without hidden repeats; `pairs` what they are about, of which `resolved` have a
    lead's resolution; `sides_unknown` those of which nobody recorded which side stood on the left. `left` is the share
    of decided choices that fell to the left (of a ranking: to the one of two candidates that was shown first). `length`
    is by unit: characters of texts, steps of runs.
    """

    n: int
    pairs: int
    resolved: int
    sides_unknown: int
    left: Rate | None
    length: Mapping[str, LengthBias]
    again: Consistency | None
    people: tuple[PersonBias, ...]
    strengths: tuple[Group, ...]
    version_cycles: Cycles
    task_cycles: tuple[TaskCycle, ...]
    task_triples: int


def preference_report(session: Session, queue: QueueRow | None = None, machines: bool = False) -> PreferenceReport:
    """The report on all pairs or on those of one queue."""
    said = decided(session, machines, queue)
    chosen = [one for one in said if not one.repeat]
    repeats = _repeats(said)
    label = _labels(chosen)
    rulings = {} if machines else resolved_choices(session)
    holds = _with_rulings(chosen, rulings)
    compared = [(one, one.pair.makers) for one in holds]
    versus = [(label[a], label[b], SCORES[one.choice], one.pair.task) for one, ab in compared if ab for a, b in [ab]]
    task_cycles, triples = _task_cycles(holds, label)
    return PreferenceReport(
        n=len(chosen),
        pairs=len({one.pair.id for one in chosen}),
        resolved=len({one.pair.id for one in chosen} & rulings.keys()),
        sides_unknown=sum(not one.left for one in chosen),
        left=_left(chosen),
        length={unit: found for unit, sized in _sized(chosen).items() if (found := length_bias(sized)) is not None},
        again=consistency([again for _, again in repeats]),
        people=_people(chosen, repeats),
        strengths=strengths([Compared(*one) for one in versus]),
        version_cycles=cycles(_balance((a, b, score) for a, b, score, _ in versus)),
        task_cycles=task_cycles,
        task_triples=triples,
    )


def _with_rulings(chosen: Sequence[Decided], rulings: Mapping[int, Choice]) -> list[Decided]:
    """The choices on pairs that nobody resolved, and each resolution on one that was, as a choice of nobody's."""
    ruled = {one.pair.id: one.pair for one in chosen if one.pair.id in rulings}
    held = [Decided(pair, "", rulings[pair.id], "", False, False) for pair in ruled.values()]
    return [one for one in chosen if one.pair.id not in rulings] + held


def _people(chosen: Iterable[Decided], repeats: Iterable[tuple[str, Again]]) -> tuple[PersonBias, ...]:
    said: dict[str, list[Decided]] = {}
    again: dict[str, list[Again]] = {}
    for one in chosen:
        said.setdefault(one.person, []).append(one)
    for person, repeat in repeats:
        again.setdefault(person, []).append(repeat)
    return tuple(_person(name, mine, again.get(name, [])) for name, mine in sorted(said.items()))


def _person(name: str, mine: Sequence[Decided], again: Sequence[Again]) -> PersonBias:
    sized = [one for listed in _sized(mine).values() for one in listed if one.one != one.other]
    longer = share([(one.cluster, one.first == (one.one > one.other)) for one in sized])
    return PersonBias(name, len(mine), _left(mine), longer, consistency(again))


def _left(chosen: Iterable[Decided]) -> Rate | None:
    told = [(one, _side(one)) for one in chosen if one.left]
    return share([(one.pair.task, side == one.left) for one, side in told if side])


def _sized(chosen: Iterable[Decided]) -> dict[str, list[Sized]]:
    found: dict[str, list[Sized]] = {}
    for one in chosen:
        a, b, side = one.pair.a, one.pair.b, _side(one)
        if side and a.unit == b.unit and a.length and b.length:
            found.setdefault(a.unit, []).append(Sized(a.length, b.length, side == "a", one.pair.task))
    return found


def _repeats(said: Sequence[Decided]) -> list[tuple[str, Again]]:
    """(person, what they said the first time and again) of every repeat of which the first answer still stands."""
    first = {(one.person, one.pair.id): one for one in said if not one.repeat}
    found = []
    for again in said:
        before = first.get((again.person, again.pair.id)) if again.repeat else None
        if before is not None:
            exact = before.choice == again.choice
            told = Again(_side(before), _side(again), exact, before.left, again.left, again.pair.task)
            found.append((again.person, told))
    return found


def _side(one: Decided) -> str:
    """The side that was preferred, "" for neither."""
    return {1.0: "a", 0.0: "b"}.get(SCORES[one.choice], "")


def _labels(chosen: Iterable[Decided]) -> dict[Maker, str]:
    """What versions are called: by their name alone where all are of one agent."""
    makers = {side.maker for one in chosen for side in (one.pair.a, one.pair.b) if side.maker is not None}
    agents = {agent for agent, _ in makers}
    return {
        (agent, version): " ".join(filter(None, (agent if len(agents) > 1 else "", version))) or "no name"
        for agent, version in makers
    }


def _balance(scores: Iterable[tuple[str, str, float]]) -> dict[tuple[str, str], float]:
    """How many more choices fell to the first than to the second, of each two."""
    balance: dict[tuple[str, str], float] = {}
    for one, other, score in scores:
        balance[one, other] = balance.get((one, other), 0.0) + 2 * score - 1
    return balance


def _task_cycles(chosen: Iterable[Decided], label: Mapping[Maker, str]) -> tuple[tuple[TaskCycle, ...], int]:
    tasks: dict[str, list[Decided]] = {}
    for one in chosen:
        tasks.setdefault(one.pair.task, []).append(one)
    found, triples = [], 0
    for said in tasks.values():
        balance = _balance((one.pair.a.candidate, one.pair.b.candidate, SCORES[one.choice]) for one in said)
        round_about = cycles(balance)
        triples += round_about.triples
        sides = {side.candidate: side for one in said for side in (one.pair.a, one.pair.b)}
        for three in round_about.found:
            first, second, third = (_called(sides[name], sides.values(), label) for name in three)
            found.append(TaskCycle(said[0].pair.title, (first, second, third)))
    return tuple(found), triples


def _called(side: SideFacts, among: Iterable[SideFacts], label: Mapping[Maker, str]) -> str:
    """What an answer is called: its version, and where another answer to the task has the same, its own id too."""
    if side.maker is None:
        return side.candidate
    alike = sum(other.maker == side.maker for other in among)
    return label[side.maker] if alike == 1 else f"{label[side.maker]} ({side.candidate})"
