"""Alarms: looked at in the background, kept with the time since when they stand, told to a webhook once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from core.clock import now
from core.records import Signal, SignalKind
from core.store.guards import SILENT, GuardLine, Seen, guard_lines, keep_look, take_alarm, told
from dashboard.alarms import message, tell_alarms, watch_guards
from dashboard.process import close_all, store
from tests.core.evaluate.conftest import keep, run
from tests.standins import Answer, Asked, served

OLD = now() - timedelta(days=60)


@dataclass
class Webhook:
    """What was posted to it; the first `failing` posts are answered with 500."""

    received: list[dict[str, str]] = field(default_factory=list)
    failing: int = 0

    def answer(self, asked: Asked) -> Answer:
        self.received.append(json.loads(asked.body))
        return Answer(500 if len(self.received) <= self.failing else 200, b"")


@pytest.fixture
def webhook(data_dir: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    made = Webhook()
    with served(made.answer) as url:
        monkeypatch.setenv("LOOPWRIGHT_WEBHOOK_URL", f"{url}/hook")
        monkeypatch.setenv("LOOPWRIGHT_PUBLIC_URL", "https://loop.example/")
        yield made
    close_all()


def complaint() -> None:
    """A run that a user complained of two months ago and that nobody has read: the loop is open."""
    thumb = Signal("r0", "thumb", SignalKind.EXPLICIT, "down", False, at=OLD)
    keep(store(), [replace(run("r0", "v1", "shop/r0", None), signals=(thumb,))])


def lines() -> dict[str, GuardLine]:
    with store().reading() as session:
        return {line.name: line for line in guard_lines(session, "shop")}


def test_an_alarm_is_told_once_with_a_link(webhook: Webhook) -> None:
    complaint()
    watch_guards()
    watch_guards()
    [body] = webhook.received
    assert (body["agent"], body["guard"], body["state"]) == ("shop", "Open loop", "alarm")
    assert body["sentence"].startswith("1 runs that users complained of were read by nobody; the oldest has waited 60")
    assert body["url"] == "https://loop.example/drift?drift_agent=shop&drift_view=Guards"
    assert body["url"] in body["text"]
    assert lines()["Open loop"].told_at is not None


def test_what_could_not_be_told_is_told_later_and_says_why_meanwhile(webhook: Webhook) -> None:
    webhook.failing = 1
    complaint()
    watch_guards()
    assert (lines()["Open loop"].told_at, lines()["Open loop"].trouble) == (None, "the webhook answered 500")
    assert tell_alarms() == 0  # not again at once
    with store().session() as session:
        again = take_alarm(session, now() + SILENT)
        assert again is not None
        told(session, again, now())
    assert lines()["Open loop"].trouble == ""
    assert webhook.received[0]["id"] == message(again)["id"]


def test_without_a_webhook_nothing_is_sent_and_states_are_kept(data_dir: object) -> None:
    complaint()
    watch_guards()
    assert (lines()["Open loop"].state, lines()["Open loop"].told_at) == ("alarm", None)
    assert len(lines()) == 7
    close_all()


def test_a_state_goes_on_since_it_began_and_a_new_alarm_is_told_anew(data_dir: object) -> None:
    first, later, last = (now() + timedelta(hours=hours) for hours in range(3))

    def look(state: str, at: datetime) -> None:
        with store().session() as session:
            keep_look(session, "shop", [Seen("Drift", state, "It moved.", "Look.")], at)

    look("alarm", first)
    look("alarm", later)
    assert (lines()["Drift"].since, lines()["Drift"].looked_at) == (first, later)
    with store().session() as session:
        alarm = take_alarm(session, later)
        assert alarm is not None
        told(session, alarm, later)
        assert take_alarm(session, later + 2 * SILENT) is None
    look("fine", later)
    look("alarm", last)
    with store().session() as session:
        assert take_alarm(session, last) is not None
        assert take_alarm(session, last) is None  # another process has it
    close_all()
