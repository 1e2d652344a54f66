"""What the gates of one selection hold candidates against: thresholds, tasks that are kept, what is secret."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from core.redact import Policy, Redactor, redactor
from core.similarity.near_texts import NearTexts
from core.store.lesson_sources import TaskText, evaluation_tasks, teaching_tasks
from core.store.policies import REDACTION, policies_of
from core.store.withheld import withheld


class Kept:
    """The tasks that are kept for validation or holdout, by what is asked in them."""

    def __init__(self, kept: Sequence[TaskText], others: Sequence[TaskText]) -> None:
        self._kept = kept
        self._texts = NearTexts([one.text for one in kept])
        self._repeating = {
            one.key: found for one in (others if kept else ()) if (found := self._nearest(one.text)) is not None
        }

    def __bool__(self) -> bool:
        return bool(self._kept)

    def said_in(self, text: str, task: str) -> str:
        """Which kept task a row nearly repeats, in a sentence: by its own task, or anywhere in its text; "" if none."""
        found = self._repeating.get(task) or (self._nearest(text) if self._kept else None)
        return f"It nearly repeats {found.key}, which is kept for {found.split}." if found is not None else ""

    def _nearest(self, text: str) -> TaskText | None:
        place = self._texts.nearest(text)
        return None if place is None else self._kept[place]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of every candidate: how many people, how far they agree (0..1), and what must not stand in it.

    `secrets`: agent → what finds what is replaced for it; "" stands for all others. `withheld`: candidate's key → the
    gate that stopped it in the dataset that it came with.
    """

    reviewers: int
    agreement: float
    kept: Kept
    secrets: Mapping[str, Redactor]
    withheld: Mapping[str, str]

    def secrets_of(self, agent: str) -> Redactor:
        """What finds the secrets of an agent."""
        return self.secrets.get(agent) or self.secrets[""]


def asked_of(session: Session, reviewers: int, agreement: float) -> Asked:
    """What is asked as the database stands."""
    policies = {agent: Policy.from_json(rules) for agent, rules in policies_of(session, REDACTION).items()}
    secrets = {agent: redactor(policy) for agent, policy in ({"": Policy()} | policies).items()}
    kept = evaluation_tasks(session)
    return Asked(reviewers, agreement, Kept(kept, teaching_tasks(session) if kept else []), secrets, withheld(session))
