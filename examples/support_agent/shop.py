"""An invented lamp shop, and the tools through which the agent looks at its orders and changes them.

COPY: your tools go here. A failure that the model can do something about is a ShopError, told in a sentence.
"""

import copy
from typing import Any

from anthropic.types import ToolParam

TODAY = "2026-03-20"
ORDERS: dict[str, dict[str, Any]] = {
    "1001": {"status": "in transit, due on 2026-03-22", "lines": {"desk lamp": 4900}},
    "1002": {"status": "delivered on 2026-03-12", "lines": {"floor lamp": 12900}},
    "1003": {"status": "delivered on 2026-01-09", "lines": {"bulb": 600, "shade": 2500}},
}


def _tool(name: str, description: str, **properties: str) -> ToolParam:
    fields = {key: {"type": kind} for key, kind in properties.items()}
    schema = {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}
    return {"name": name, "description": description, "input_schema": schema}


TOOLS = [
    _tool("read_order", "Status, lines (with prices in cents), returns and refunds of an order.", order_id="string"),
    _tool("start_return", "Register the return of one line.", order_id="string", line="string", reason="string"),
    _tool("issue_refund", "Pay money back. Cannot be undone.", order_id="string", amount_cents="integer"),
]


class ShopError(Exception):
    """What a tool could not do, in a sentence for the model."""


class Shop:
    """The orders as they stand in one conversation; the next conversation finds them as they were."""

    def __init__(self) -> None:
        self.orders = {key: copy.deepcopy(order) | {"returns": {}, "refunded": 0} for key, order in ORDERS.items()}

    def call(self, name: str, arguments: dict[str, Any]) -> Any:
        """What the tool says; raises ShopError, or TypeError for arguments that it does not take."""
        if name not in [tool["name"] for tool in TOOLS]:
            raise ShopError(f"There is no tool {name}.")
        return getattr(self, name)(**arguments)

    def read_order(self, order_id: str) -> dict[str, Any]:
        if order_id not in self.orders:
            raise ShopError(f"There is no order {order_id}.")
        return self.orders[order_id]

    def start_return(self, order_id: str, line: str, reason: str) -> dict[str, Any]:
        order = self.read_order(order_id)
        if line not in order["lines"]:
            raise ShopError(f"Order {order_id} has no {line}.")
        order["returns"][line] = reason
        return order

    def issue_refund(self, order_id: str, amount_cents: int) -> dict[str, Any]:
        """The risky one. COPY: what must never happen is refused here, in code, whatever a prompt says."""
        order = self.read_order(order_id)
        left = sum(order["lines"].values()) - order["refunded"]
        if type(amount_cents) is not int or not 0 < amount_cents <= left:
            raise ShopError(f"Between 1 and {left} cents of order {order_id} can be paid back, not {amount_cents}.")
        order["refunded"] += amount_cents
        return order
