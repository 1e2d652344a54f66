"""A stand-in for Claude that follows its instructions, and only those: what it was not told to do it does not do.

It answers from one request alone. Instructions are the system prompt and the notes from Loopwright, of which it reads
the "Do:" lines, in the system prompt or where a tool says that it waits for them; what a customer writes is none.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from examples.support_agent.shop import TODAY
from tests.standins import Answer, Claude, calls, says

LOOK_UP = re.compile(r"look (an|the) order up", re.I)
WAIT_FOR_YES = re.compile(r"wait for the customer's yes", re.I)
REFUSE_LATE = re.compile(r"pay nothing back\b[^.]*\bmore than (\d+) days", re.I)
THAT_LINE_ONLY = re.compile(r"pay back\b[^.]*\bthat line only", re.I)
ASK_FOR_REASON = re.compile(r"ask\b[^.]*\bfor the reason", re.I)

_DO = re.compile(r"^> Do: (.*)$", re.M)
_WAITS = "Not done yet. Read this"
_YES = re.compile(r"\b(yes|go ahead|i agree)\b", re.I)
_KEPT = re.compile(r"\b(keep|stays?)\b", re.I)


class Follower(Claude):
    """Speaks the Messages protocol as `Claude` does; what it answers follows from the request."""

    def reply(self, body: dict[str, Any]) -> Answer:
        return says(act(body))


@dataclass(frozen=True)
class Request:
    """What one request shows: what it is told to do, what the customer wrote, and what tools answered since."""

    told: str
    said: str
    results: dict[str, dict[str, Any]]
    steps: int

    def follows(self, habit: re.Pattern[str]) -> re.Match[str] | None:
        return habit.search(self.told)

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        return calls(f"call{self.steps}", tool, **arguments)


def read(body: dict[str, Any]) -> Request:
    """The request, taken apart. Of a text with notes only what they say to do is read."""
    told = [instructions_in(block["text"]) for block in body.get("system", [])]
    said, names, results = "", {}, {}
    for message in body["messages"]:
        for block in message["content"]:
            if block["type"] == "tool_use":
                names[block["id"]] = block["name"]
            elif block["type"] == "tool_result" and block["content"].startswith(_WAITS):
                told.append(instructions_in(block["content"]))
            elif block["type"] == "tool_result":
                found = {"error": block["content"]} if block.get("is_error") else json.loads(block["content"])
                results[names[block["tool_use_id"]]] = found
            elif message["role"] == "user":
                said, results = block["text"], {}
    return Request("\n".join(told), said, results, len(body["messages"]))


def instructions_in(text: str) -> str:
    """What a text of its operator tells it to do: of notes the lines that say so, else all of it."""
    done = _DO.findall(text)
    return "\n".join(done) if done else " ".join(text.split())


def act(body: dict[str, Any]) -> str | dict[str, Any]:
    """The next thing that it says or calls."""
    request = read(body)
    number = re.search(r"\b\d{4}\b", request.said)
    order = request.results.get("read_order")
    if number is None or not request.follows(LOOK_UP):
        return "Your order is on its way."
    if order is None:
        return request.call("read_order", order_id=number[0])
    if "error" in order:
        return f"That did not work: {order['error']}"
    if re.search(r"\b(refund|money back|pay me back)\b", request.said, re.I):
        return pay_back(request, number[0], order)
    if re.search(r"\b(return|back)\b", request.said, re.I):
        return take_back(request, number[0], order)
    return f"Order {number[0]} is {order['status']}."


def pay_back(request: Request, number: str, order: dict[str, Any]) -> str | dict[str, Any]:
    """Pay the whole order back, unless it is told what to consider first."""
    late = request.follows(REFUSE_LATE)
    if late and days_since_delivery(order["status"]) > int(late[1]):
        return f"I am sorry: order {number} came more than {late[1]} days ago, so nothing can be paid back."
    named = lines_wanted(request.said, order["lines"])
    lines = named if named and request.follows(THAT_LINE_ONLY) else order["lines"]
    cents = sum(lines.values())
    if request.follows(WAIT_FOR_YES) and not _YES.search(request.said):
        return f"I would pay {cents / 100:.2f} back for order {number}. Shall I?"
    done = request.results.get("issue_refund")
    if done is None:
        return request.call("issue_refund", order_id=number, amount_cents=cents)
    return f"That did not work: {done['error']}" if "error" in done else f"I have paid {cents / 100:.2f} back to you."


def take_back(request: Request, number: str, order: dict[str, Any]) -> str | dict[str, Any]:
    """Register the return of the first line that is named, with whatever reason there is."""
    if request.follows(ASK_FOR_REASON) and "because" not in request.said:
        return "Why do you want to send it back?"
    if "start_return" in request.results:
        return f"The return for order {number} is registered."
    line = next(iter(lines_wanted(request.said, order["lines"]) or order["lines"]))
    return request.call("start_return", order_id=number, line=line, reason="none given")


def lines_wanted(said: str, lines: dict[str, int]) -> dict[str, int]:
    """The lines that a customer names, less those that stay with them."""
    clauses = [clause.lower() for clause in re.split(r"[,;:.]| but ", said) if not _KEPT.search(clause)]
    return {line: cents for line, cents in lines.items() if any(line in clause for clause in clauses)}


def days_since_delivery(status: str) -> int:
    """0 for what has not been delivered."""
    day = re.search(r"delivered on (\S+)", status)
    return (date.fromisoformat(TODAY) - date.fromisoformat(day[1])).days if day else 0
