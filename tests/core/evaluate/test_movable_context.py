"""What prompts carry that weights could carry, counted by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from core.evaluate.movable_context import movable_context
from core.evaluate.readiness import State, readiness, would_save
from core.memory.prompt import RecalledLesson, prompt_block
from core.records import Message, Step, StepKind, Task, Trace
from core.store.engine import Store
from core.store.prices import PriceLine, set_price
from tests.core.evaluate.conftest import MONDAY, WEEK, keep

NOTES = prompt_block([RecalledLesson("l", 1, "a parcel is late", "open a case", "", 0.5)])
TOOLS = ({"name": "look", "description": "x" * 766},)
SYSTEM = Message("system", "s" * 400)


def called(uid: str, *, tokens: int | None = 1_000, cached: int | None = None, **fields: Any) -> Trace:
    """A run of two calls, each with a system prompt of 400 characters, notes and a question."""
    sent = (SYSTEM, Message("user", f"{NOTES}\n\nWhere is it?"))
    step = Step("0", StepKind.LLM, "agent", input=sent, tokens_in=tokens, tokens_out=100, tokens_cached=cached)
    steps = tuple(replace(step, step_id=str(n), **fields.get("step", {})) for n in range(2))
    values: dict[str, Any] = {"agent": "shop", "tools": TOOLS, "task": Task(f"shop/{uid}")}
    return Trace(uid, "test", steps, version="v1", started_at=MONDAY, **values)


def test_what_prompts_carry_is_counted_call_by_call(store: Store) -> None:
    assert len(orjson.dumps(TOOLS)) == 800
    keep(store, [called(f"r{n}") for n in range(6)])
    with store.reading() as session:
        looked_at, found = movable_context(session, "shop")
    assert found is not None
    notes = len(NOTES) / 4
    assert (looked_at, found.runs, found.system, found.tools, found.notes) == (6, 6, 100, 200, notes)
    assert found.a_call.value == 300 + notes
    assert found.share == pytest.approx((300 + notes) / 1_000)
    assert found.a_run.value == 2 * (300 + notes)
    assert (found.cached, found.cache_known, found.tools_known, found.dollars, found.priced) == (
        0,
        False,
        True,
        None,
        0,
    )
    answer = would_save(looked_at, found)
    assert answer.state is State.READY
    assert answer.sentence == (
        "At most 37 % of what models read could go from prompts (6 runs): 744,000 tokens in 1,000 runs."
    )


def test_cached_tokens_are_apart_and_cheaper(store: Store) -> None:
    with store.session() as session:
        set_price(session, PriceLine("small", MONDAY - WEEK, input=10, output=50, cached=1))
    keep(store, [called(f"r{n}", cached=250, step={"model": "small"}) for n in range(5)])
    with store.reading() as session:
        _, found = movable_context(session, "shop")
    assert found is not None
    movable = 300 + len(NOTES) / 4
    assert found.cached == pytest.approx(250 / movable)
    assert found.dollars is not None
    assert found.dollars.value == pytest.approx(2 * ((movable - 250) * 10 + 250 * 1) / 1_000_000)


def test_without_a_price_no_token_read_cost_more_than_all_tokens_did(store: Store) -> None:
    keep(store, [called(f"r{n}", cached=100, step={"model": "nobody's", "cost": 1.0}) for n in range(5)])
    with store.reading() as session:
        _, found = movable_context(session, "shop")
    assert found is not None
    assert found.dollars is not None
    assert found.dollars.value == pytest.approx(2 * (300 + len(NOTES) / 4) / (1_000 - 100 + 100))


def test_no_more_can_go_than_was_read(store: Store) -> None:
    keep(store, [called(f"r{n}", tokens=150) for n in range(5)])
    with store.reading() as session:
        _, found = movable_context(session, "shop")
    assert found is not None
    assert (found.share, found.a_call.value) == (pytest.approx(1), pytest.approx(150))


def test_a_call_around_calls_and_another_agents_run_do_not_count(store: Store) -> None:
    wrapped = [called(f"r{n}") for n in range(5)]
    around = replace(wrapped[0].steps[0], step_id="around", tokens_in=2_000)
    inner = tuple(replace(step, parent_id="around") for step in wrapped[0].steps)
    keep(store, [*(replace(one, steps=(around, *inner)) for one in wrapped), replace(called("x"), agent="bank")])
    with store.reading() as session:
        looked_at, found = movable_context(session, "shop")
    assert found is not None
    assert (looked_at, found.runs, found.a_run.value) == (5, 5, 2 * (300 + len(NOTES) / 4))


@pytest.mark.parametrize("missing", [{"tokens_in": None}, {"input": ()}])
def test_without_inputs_or_tokens_nobody_can_tell(store: Store, missing: dict[str, Any]) -> None:
    keep(store, [called(f"r{n}", step=missing) for n in range(5)] + [called(f"t{n}") for n in range(4)])
    with store.reading() as session:
        found = readiness(session, "shop")
    assert (found.looked_at, found.context, found.saves.state) == (9, None, State.CANNOT_TELL)
    assert found.saves.sentence.startswith("Fewer than 5 of the newest 9 runs record what models were sent")
