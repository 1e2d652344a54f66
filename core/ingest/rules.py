"""What holds for everything that comes in from files: what is replaced before it is stored, and what a token costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from sqlalchemy.orm import Session

from core.ingest.prices import PriceList, price_step, prices_with
from core.records import Arrival, Pair, Signal, Trace
from core.redact import Policy
from core.redact_records import redacted
from core.store.policies import REDACTION, policies_of
from core.store.prices import price_rows

Record = TypeVar("Record", bound=Arrival)


@dataclass(frozen=True, slots=True)
class Rules:
    """The redaction policy of each agent ("" for all others), and the prices of models."""

    policies: Mapping[str, Policy]
    prices: PriceList

    def applied(self, arrival: Record) -> Record:
        """The record as it may be stored."""
        if isinstance(arrival, Trace):
            steps = tuple(price_step(step, self.prices) for step in arrival.steps)
            return redacted(replace(arrival, steps=steps), self.policies)
        return redacted(arrival, self.policies) if isinstance(arrival, (Signal, Pair)) else arrival


def rules_of(session: Session) -> Rules:
    """The rules as leads have set them."""
    policies = {agent: Policy.from_json(rules) for agent, rules in policies_of(session, REDACTION).items()}
    return Rules(policies, prices_with(tuple(price_rows(session))))
