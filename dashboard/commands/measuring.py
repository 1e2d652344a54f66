"""What learning did, and could do: the lift of the memory and of each lesson; whether to fine-tune; what drifted."""

from __future__ import annotations

from typing import Annotated

import typer

from dashboard.commands.printing import Agent, Answer, Json, day


def lift(agent: Agent = "", json: Json = False) -> Answer:
    """Whether lessons help: runs that were given some against runs that by chance were not; then each lesson."""
    from core.evaluate.lift import lesson_lifts, memory_report
    from core.store.lessons import lessons_by_uid
    from dashboard.parts.lift_words import finding, left_out_sentences, report_json
    from dashboard.parts.numbers import clipped
    from dashboard.process import shares, store

    chosen = shares()
    with store().reading() as session:
        memory, lessons = memory_report(session, agent, chosen), lesson_lifts(session, agent, shares=chosen)
        lines = lessons_by_uid(session, [one.lesson for one in lessons])
    said = [f"{finding(memory.whole, memory.share)}."]
    if not agent and len(memory.agents) > 1:
        said += [f"{one.agent}: {finding(one.lift, memory.share)}." for one in memory.agents]
    for one in lessons:
        name = clipped(lines[one.lesson].when, 60) if one.lesson in lines else one.lesson
        said.append(f"{one.lesson[:8]:<8}  {name}: {finding(one.lift, chosen.hold_back, 'Runs with it')}.")
    said += [f"Not counted: {sentence}." for sentence in left_out_sentences(memory.left_out)]
    settings = {"control_share": chosen.control, "hold_back_share": chosen.hold_back}
    return {"agent": agent, **settings, **report_json(memory, lessons, lines)}, said


def readiness(agent: Agent = "", json: Json = False) -> Answer:
    """Whether fine-tuning is worthwhile yet: is the task stable, are there enough examples, would it save context."""
    from core.evaluate.readiness import readiness as ask
    from core.evaluate.readiness_json import readiness_json
    from core.store.catalog import list_agents
    from dashboard.parts.lift_words import finding
    from dashboard.process import shares, store

    chosen = shares()
    with store().reading() as session:
        found = [ask(session, name, chosen) for name in ([agent] if agent else list_agents(session))]
    said = []
    for one in found:
        said += [f"{one.agent}: {one.sentence}"]
        for name, answer in (("stable", one.stable), ("enough", one.enough), ("saves", one.saves)):
            said += [f"  {name:<7} {answer.state.value}: {answer.sentence}"]
        said += [f"  {'lessons':<7} {finding(one.lessons, chosen.control)}."]
    return readiness_json(found), said or ["No run has come in yet."]


def drift(
    agent: Agent = "",
    since: Annotated[str, typer.Option("--from", help="The day (UTC) on which the current window begins.")] = "",
    until: Annotated[str, typer.Option("--to", help="The day (UTC) before which it ends.")] = "",
    json: Json = False,
) -> Answer:
    """What moved: the latest four weeks, or a window of your own, against the twelve weeks before it."""
    from core.evaluate.drift import drift as compare
    from core.evaluate.drift import told
    from core.evaluate.drift_json import drift_json
    from dashboard.process import store

    with store().reading() as session:
        found = compare(session, agent or None, day(since, "from"), day(until, "to"))
    if found is None:
        none = "No run says when it began, so nothing can be compared."
        return {"agent": agent or None, "sentence": none, "checks": [], "too_few": [], "causes": []}, [none]
    windows = [
        f"{one.start:%Y-%m-%d} to {one.end:%Y-%m-%d} ({one.total:,} runs)" for one in (found.current, found.reference)
    ]
    said = [f"{windows[0]} against {windows[1]}: {found.sentence}", *(cause.sentence for cause in found.causes)]
    for check in found.checks:
        mark = "moved" if check.drifted else ""
        said.append(f"  {mark:<6} {told(check)}: effect {check.effect:+.2f}, p {check.p_adjusted:.4f}")
    said += [f"  too few {one.name}: {one.n_current:,} after {one.n_reference:,}" for one in found.too_few]
    return drift_json(found), said


def guards(agent: Agent = "", json: Json = False) -> Answer:
    """The guards of each agent: how each stands, on what evidence, and what to do."""
    from core.clock import now
    from core.evaluate.drift import drift as compare
    from core.evaluate.guards.every import look
    from core.store.catalog import list_agents
    from dashboard.process import store

    with store().reading() as session:
        agents = [agent] if agent else list_agents(session)
        found = {name: look(session, name, compare(session, name), now()) for name in agents}
    said = []
    for name, listed in found.items():
        said.append(f"{name}:")
        for guard in listed:
            advice = f" {guard.advice}" if guard.advice and guard.needs_somebody else ""
            said.append(f"  {guard.state.value:<11} {guard.name}: {guard.sentence}{advice}")
    result = {"agents": [{"agent": name, "guards": [guard.as_json() for guard in found[name]]} for name in found]}
    return result, said or ["No run has come in yet."]
