"""A suite of tasks for the example agent in its lamp shop, and the check that says whether a run solved one.

What counts is the shop's state after the run and the order that was looked up, never what was said.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from anthropic import Anthropic
from opentelemetry.trace import Tracer

from examples.support_agent.agent import Conversation
from examples.support_agent.loopwright import Loopwright
from examples.support_agent.shop import Shop

LATE, ONE_LINE = "refund-too-late", "refund-of-one-line"
IN_TIME, UNCONFIRMED, WHERE, NO_REASON = "refund-in-time", "refund-unconfirmed", "where-is-it", "return-without-reason"


@dataclass(frozen=True)
class LampTask:
    """What one customer writes about one order, and how many cents should have been paid back when the run is over.

    No task should end with a return: the only customers who want one say no reason, and have to be asked for it.
    """

    kind: str
    order: str
    status: str
    lines: dict[str, int]
    says: str
    paid: int = 0

    @property
    def key(self) -> str:
        return f"lamps/{self.kind}/{self.order}"


TASKS = (
    LampTask(
        LATE,
        "1104",
        "delivered on 2026-01-09",
        {"desk lamp": 4900},
        "I had the desk lamp since January and want a refund for order 1104. Yes, go ahead.",
    ),
    LampTask(
        LATE,
        "1117",
        "delivered on 2026-02-02",
        {"floor lamp": 12900},
        "Please refund my order 1117, it stood in the cellar all the time. You have my yes.",
    ),
    LampTask(
        LATE,
        "1123",
        "delivered on 2025-12-20",
        {"wall light": 7900},
        "Can I get my money back for order 1123? I do not want the wall light any more. Yes, do it.",
    ),
    LampTask(
        LATE,
        "1138",
        "delivered on 2026-01-28",
        {"shade": 2500},
        "A refund of order 1138, please: the shade does not suit the room after all. I agree to it now.",
    ),
    LampTask(
        LATE,
        "1142",
        "delivered on 2026-02-10",
        {"reading lamp": 3900, "bulb": 600},
        "Order 1142 was a mistake and I want the money back for all of it. Go ahead, I agree.",
    ),
    LampTask(
        ONE_LINE,
        "1203",
        "delivered on 2026-03-10",
        {"bulb": 600, "shade": 2500},
        "From order 1203 I want a refund of the shade only, I keep the bulb. Yes, go ahead.",
        2500,
    ),
    LampTask(
        ONE_LINE,
        "1211",
        "delivered on 2026-03-12",
        {"reading lamp": 3900, "table lamp": 5900},
        "Please pay me back the reading lamp of order 1211, I keep the rest. You have my yes.",
        3900,
    ),
    LampTask(
        ONE_LINE,
        "1226",
        "delivered on 2026-03-05",
        {"floor lamp": 12900, "spare bulbs": 1800},
        "I keep the floor lamp of order 1226, but I want my money back for the spare bulbs. Go ahead.",
        1800,
    ),
    LampTask(
        ONE_LINE,
        "1234",
        "delivered on 2026-03-16",
        {"pendant": 8900, "cable": 1200},
        "Money back for one thing in order 1234, please: the cable. Yes, do it.",
        1200,
    ),
    LampTask(
        ONE_LINE,
        "1247",
        "delivered on 2026-03-02",
        {"dimmer": 3400, "spotlight": 4400},
        "Order 1247: a refund of the dimmer only, the spotlight stays here. I agree, go ahead.",
        3400,
    ),
    LampTask(
        IN_TIME,
        "1305",
        "delivered on 2026-03-15",
        {"ceiling light": 9900},
        "Please refund order 1305, the ceiling light is too bright for me. Yes, go ahead.",
        9900,
    ),
    LampTask(
        IN_TIME,
        "1318",
        "delivered on 2026-03-11",
        {"lantern": 4500},
        "I want my money back for order 1318, it came last week and I do not like it. You have my yes.",
        4500,
    ),
    LampTask(
        IN_TIME,
        "1327",
        "delivered on 2026-03-17",
        {"desk lamp": 4900},
        "Order 1327 came three days ago and I changed my mind: a refund, please. I agree.",
        4900,
    ),
    LampTask(
        UNCONFIRMED,
        "1331",
        "delivered on 2026-03-16",
        {"lava lamp": 5500},
        "Can I have a refund for order 1331? It came on Monday.",
    ),
    LampTask(
        UNCONFIRMED,
        "1346",
        "delivered on 2026-03-13",
        {"night light": 1900},
        "What would I get back for order 1346 if I asked for a refund?",
    ),
    LampTask(WHERE, "1402", "in transit, due on 2026-03-22", {"desk lamp": 4900}, "Where is my order 1402?"),
    LampTask(WHERE, "1415", "packed", {"bulb": 600}, "On which day will the parcel of order 1415 arrive?"),
    LampTask(
        WHERE,
        "1429",
        "in transit, due on 2026-03-24",
        {"pendant": 8900, "cable": 1200},
        "Has number 1429 left the warehouse yet?",
    ),
    LampTask(
        NO_REASON,
        "1503",
        "delivered on 2026-03-14",
        {"table lamp": 5900},
        "I would like to send the table lamp of order 1503 back to you. Yes, start it.",
    ),
    LampTask(
        NO_REASON,
        "1516",
        "delivered on 2026-03-09",
        {"lantern": 4500, "candle": 300},
        "The lantern of order 1516 shall go back. You have my yes.",
    ),
    LampTask(
        NO_REASON,
        "1528",
        "delivered on 2026-03-18",
        {"spotlight": 4400},
        "Register a return for the spotlight of order 1528, please. I agree to it.",
    ),
)


class WatchedShop(Shop):
    """The shop with the orders of the suite, and the numbers of those that were looked up."""

    def __init__(self) -> None:
        self.looked_up: list[str] = []
        self.orders = {
            task.order: {"status": task.status, "lines": copy.copy(task.lines), "returns": {}, "refunded": 0}
            for task in TASKS
        }

    def call(self, name: str, arguments: dict[str, Any]) -> Any:
        done = super().call(name, arguments)
        if name == "read_order":
            self.looked_up.append(arguments["order_id"])
        return done


def solved(task: LampTask, shop: WatchedShop) -> bool:
    """Whether the order was looked up, exactly the money of the task was paid back, and no return was registered."""
    paid = {number: order["refunded"] for number, order in shop.orders.items() if order["refunded"]}
    returned = any(order["returns"] for order in shop.orders.values())
    return task.order in shop.looked_up and paid == ({task.order: task.paid} if task.paid else {}) and not returned


@dataclass(frozen=True)
class Ran:
    """One run of a task."""

    task: LampTask
    name: str
    trace_id: str
    solved: bool


def run_suite(client: Anthropic, tracer: Tracer, loopwright: Loopwright, name: str, trials: int) -> Iterator[Ran]:
    """Run every task so many times, and send what the check says of each run. The run's name decides its arm."""
    for task in TASKS:
        for trial in range(trials):
            shop = WatchedShop()
            run = f"{name}/{task.order}/{trial}"
            talk = Conversation(client, "claude-m", tracer, loopwright, task.key, run, shop)
            talk.run(task.says)
            ran = Ran(task, run, talk.trace_id, solved(task, shop))
            about = {"trace_id": ran.trace_id, "name": "check", "kind": "automated", "value": ran.solved}
            loopwright.post("/api/signals", about | {"source": "lamp suite", "key": f"check/{ran.trace_id}"})
            yield ran
