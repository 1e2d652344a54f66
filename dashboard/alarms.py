"""The guards, looked at in the background; a new alarm is sent to the webhook that a setting names, once."""

from __future__ import annotations

import logging
from urllib.parse import quote

import httpx

from core.clock import content_hash, now
from core.evaluate.drift import drift
from core.evaluate.guards.every import look
from core.store.catalog import list_agents
from core.store.guards import GuardLine, Seen, forget_agents, keep_look, take_alarm, told
from dashboard.process import settings, store

PATIENCE = 10.0
"""Seconds in which a webhook has to answer."""

_log = logging.getLogger("loopwright")


def watch_guards() -> bool:
    """Look at every agent's guards and tell new alarms; an agent at a time, so that no transaction is long."""
    with store().reading() as session:
        agents = list_agents(session)
    for agent in agents:
        with store().reading() as session:
            found = look(session, agent, drift(session, agent), now())
        seen = [Seen(guard.name, guard.state.value, guard.sentence, guard.advice) for guard in found]
        with store().session(patient=True) as session:
            keep_look(session, agent, seen, now())
    with store().session(patient=True) as session:
        forget_agents(session, agents)
    if settings().webhook_url:
        tell_alarms()
    return False


def tell_alarms() -> int:
    """Send each alarm that nobody was told of; how many were received. What fails is tried again at a later look."""
    done = 0
    while True:
        with store().session(patient=True) as session:
            alarm = take_alarm(session, now())
        if alarm is None:
            return done
        trouble = _send(alarm)
        with store().session(patient=True) as session:
            told(session, alarm, now(), trouble)
        if trouble:
            _log.warning("the alarm “%s” of %s could not be told: %s", alarm.name, alarm.agent, trouble)
        done += not trouble


def _send(alarm: GuardLine) -> str:
    """Post it; why it was not received, "" when it was."""
    try:
        answer = httpx.post(settings().webhook_url, json=message(alarm), timeout=PATIENCE)
    except httpx.HTTPError as error:
        return f"{type(error).__name__}: {error}"[:300]
    return "" if answer.is_success else f"the webhook answered {answer.status_code}"


def message(alarm: GuardLine) -> dict[str, str]:
    """What is posted; `id` is the same however often it is sent, `text` is what chats show."""
    url = f"{settings().address}/drift?drift_agent={quote(alarm.agent)}&drift_view=Guards"
    return {
        "id": content_hash([alarm.agent, alarm.name, alarm.since.isoformat()], 32),
        "agent": alarm.agent,
        "guard": alarm.name,
        "state": alarm.state,
        "since": alarm.since.isoformat(),
        "sentence": alarm.sentence,
        "advice": alarm.advice,
        "url": url,
        "text": f"{alarm.agent}: {alarm.name}. {alarm.sentence} {alarm.advice} {url}",
    }
