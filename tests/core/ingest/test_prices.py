"""Prices by model and day, and the costs that they give, against costs that the real runs report."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from core.errors import InvalidInput
from core.ingest.prices import Price, PriceList, default_prices, from_rows, price_step, to_rows
from core.records import Step, StepKind

OLD = Price("gpt-4.1", date(2025, 4, 14), 2.0, 8.0, 0.5, None, "a list")
NEW = Price("gpt-4.1", date(2026, 1, 1), 1.0, 4.0, 0.25, None, "a list")
MINI = Price("gpt-4.1-mini*", date(2025, 4, 14), 0.4, 1.6)
CLAUDE = Price("claude-sonnet-4-5", date(2025, 9, 29), 3.0, 15.0, 0.3, 3.75)
AZURE = Price("azure/gpt-4o-2024-11-20", date(2024, 11, 20), 2.75, 11.0)
PRICES = PriceList.of([OLD, NEW, MINI, CLAUDE, AZURE])


def call(model: str, year: int = 2025, **counts: int) -> Step:
    return Step("s", StepKind.LLM, model=model, started_at=datetime(year, 12, 31, 23, tzinfo=UTC), **counts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("model", "found"),
    [
        ("gpt-4.1", OLD),
        ("GPT-4.1", OLD),
        ("gpt-4.1-2025-04-14", OLD),
        ("openai/gpt-4.1", OLD),
        ("openrouter/openai/gpt-4.1-2025-04-14", OLD),
        ("gpt-4.1-mini-2025-04-14", MINI),
        ("gpt-4.1-mini-special", MINI),
        ("gpt-4.1-nano", None),
        ("claude-sonnet-4-5-20250929", CLAUDE),
        ("anthropic/claude-sonnet-4-5-latest", CLAUDE),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", CLAUDE),
        ("claude-sonnet-4-5@20250929", CLAUDE),
        ("azure/gpt-4o-2024-11-20", AZURE),
        ("gpt-4o-2024-11-20", None),
        ("", None),
        ("x" * 10_000, None),
    ],
)
def test_the_name_of_a_model(model: str, found: Price | None) -> None:
    assert PRICES.at(model, date(2025, 12, 31)) == found


def test_the_newest_price_that_held_on_the_day() -> None:
    days = [date(2025, 4, 13), date(2025, 4, 14), date(2025, 12, 31), date(2026, 1, 1), None]
    assert [PRICES.at("gpt-4.1", day) for day in days] == [None, OLD, OLD, NEW, NEW]


def test_each_kind_of_token_has_its_price() -> None:
    step = price_step(
        call("claude-sonnet-4-5", tokens_in=10_000, tokens_cached=8_000, tokens_cache_written=1_000, tokens_out=100),
        PRICES,
    )
    # 1,000 plain at 3, 8,000 cached at 0.30, 1,000 written at 3.75, 100 out at 15
    assert step.cost == pytest.approx((3_000 + 2_400 + 3_750 + 1_500) / 1e6)
    assert step.cost_from == "prices of 2025-09-29"


def test_what_is_reported_or_unknown_stays() -> None:
    reported = Step("s", StepKind.LLM, model="gpt-4.1", tokens_in=5, cost=0.0, cost_from="reported")
    for step in (reported, call("a model of nobody", tokens_in=5), call("gpt-4.1"), call("gpt-4.1", 2024, tokens_in=5)):
        assert price_step(step, PRICES) is step


def test_rows_there_and_back() -> None:
    assert from_rows(to_rows(PRICES)) == PRICES
    assert from_rows(to_rows(default_prices())) == default_prices()


@pytest.mark.parametrize("wrong", [{}, {"since": "yesterday", "input": -1, "output": 1}, {"since": None, "input": "x"}])
def test_a_bad_row_is_named(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInput, match="The price of 'mine' cannot be read"):
        from_rows([{"model": "mine"} | wrong])


def test_the_list_that_ships_gives_the_costs_of_deepseek_to_the_cent(real_data: Path) -> None:
    folder = real_data / "mini-swe-agent"
    checked = 0
    for path in sorted(folder.rglob("*.traj.json.gz"))[:6]:
        for message in json.loads(gzip.decompress(path.read_bytes()))["messages"]:
            extra = message.get("extra") or {}
            usage = (extra.get("response") or {}).get("usage")
            if not usage or not extra.get("cost"):
                continue
            step = Step(
                "s",
                StepKind.LLM,
                model=extra["response"]["model"],
                started_at=datetime.fromtimestamp(extra["response"]["created"], UTC),
                tokens_in=usage["prompt_tokens"],
                tokens_cached=usage["prompt_cache_hit_tokens"],
                tokens_out=usage["completion_tokens"],
            )
            assert price_step(step, default_prices()).cost == pytest.approx(extra["cost"], rel=1e-9)
            checked += 1
    assert checked > 300


def test_the_list_that_ships_gives_the_costs_of_claude_to_the_cent(real_data: Path) -> None:
    path = real_data / "tau2-bench" / "airline-versions" / "2025-10-31_claude-sonnet-4.5-aide.json.gz"
    checked = 0
    for run in json.loads(gzip.decompress(path.read_bytes()))["simulations"]:
        for message in run["messages"]:
            if message["role"] == "assistant" and message.get("cost"):
                used = message["usage"]
                step = call("claude-sonnet-4-5", tokens_in=used["prompt_tokens"], tokens_out=used["completion_tokens"])
                assert price_step(step, default_prices()).cost == pytest.approx(message["cost"], rel=1e-9)
                checked += 1
    assert checked == 467
