"""What a model call cost where its source does not say: tokens times the prices that held on its day."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, time
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml

from core.errors import InvalidInput
from core.records import Step
from core.store.prices import PriceLine


@dataclass(frozen=True, slots=True)
class Price:
    """What a million tokens of a model cost from a day on, in US dollars.

    A `model` that ends in * stands for all names that begin so. `cached` and `cache_write` are None where such tokens
    cost what any other token read costs. Tokens that a model thinks with cost what it writes.
    """

    model: str
    since: date
    input: float
    output: float
    cached: float | None = None
    cache_write: float | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class PriceList:
    """Prices by the name of their model, the newest first; and the names that end in *, the longest first."""

    named: Mapping[str, tuple[Price, ...]]
    patterns: tuple[str, ...] = ()

    @classmethod
    def of(cls, prices: Iterable[Price]) -> PriceList:
        """A list in which prices can be looked up."""
        named: dict[str, list[Price]] = {}
        for price in prices:
            named.setdefault(price.model.lower(), []).append(price)
        ordered = {name: tuple(sorted(held, key=lambda one: one.since, reverse=True)) for name, held in named.items()}
        patterns = sorted((name for name in ordered if name.endswith("*")), key=len, reverse=True)
        return cls(ordered, tuple(patterns))

    @property
    def prices(self) -> tuple[Price, ...]:
        """All of them, by model and day."""
        return tuple(sorted((one for held in self.named.values() for one in held), key=lambda p: (p.model, p.since)))

    def at(self, model: str, day: date | None) -> Price | None:
        """The price of a model on a day (the newest one where the day is not known); None where it has none.

        The name is looked up as it is, then without its provider, its dated suffix, or both; then among the patterns.
        """
        names = names_of(model)
        held = next((self.named[name] for name in names if name in self.named), None)
        if held is None:
            found = (one for one in self.patterns if any(name.startswith(one[:-1]) for name in names))
            held = self.named.get(next(found, ""), ())
        return next((price for price in held if day is None or price.since <= day), None)


_PROVIDER = re.compile(r"^(?:.*/|(?:(?:us|eu|apac|global|jp)\.)?(?:anthropic|amazon|meta|mistral|deepseek)\.)")
_DATED = re.compile(r"(?:[-@](?:20\d{6}|20\d\d-\d\d-\d\d|latest))?(?:-v\d+(?::\d+)?|:\w+)?$")
_LONGEST_NAME = 200


def names_of(model: str) -> tuple[str, ...]:
    """The names under which a model may stand in a price list, the most exact first."""
    return _names(model[:_LONGEST_NAME])


@lru_cache(maxsize=2048)
def _names(model: str) -> tuple[str, ...]:
    whole = model.strip().lower()
    bare = _PROVIDER.sub("", whole)
    undated = [_DATED.sub("", name) for name in (whole, bare)]
    return tuple(dict.fromkeys(name for name in (whole, bare, *undated) if name))


def price_step(step: Step, prices: PriceList) -> Step:
    """A step with its cost computed, unless it has one, or its model or its tokens are not known: then as it is."""
    if step.cost is not None or not step.model or (step.tokens_in is None and step.tokens_out is None):
        return step
    price = prices.at(step.model, step.started_at.astimezone(UTC).date() if step.started_at else None)
    if price is None:
        return step
    return replace(step, cost=cost_of_tokens(step, price), cost_from=f"prices of {price.since.isoformat()}")


def cost_of_tokens(step: Step, price: Price) -> float:
    """What a step's tokens cost at a price, cached tokens and those put into a cache each at their own."""
    cached, put = step.tokens_cached or 0, step.tokens_cache_written or 0
    plain = max((step.tokens_in or 0) - cached - put, 0)
    total = plain * price.input + (step.tokens_out or 0) * price.output
    total += cached * (price.input if price.cached is None else price.cached)
    total += put * (price.input if price.cache_write is None else price.cache_write)
    return total / 1_000_000


def from_rows(rows: Iterable[Mapping[str, Any]]) -> PriceList:
    """A price list from rows as the store and `prices.yaml` have them; raises InvalidInput naming a bad row."""
    return PriceList.of(_price(row) for row in rows)


def _price(row: Mapping[str, Any]) -> Price:
    try:
        since = row["since"]
        return Price(
            model=str(row["model"]),
            since=since.astimezone(UTC).date() if isinstance(since, datetime) else since,
            input=_amount(row["input"]),
            output=_amount(row["output"]),
            cached=None if row.get("cached") is None else _amount(row["cached"]),
            cache_write=None if row.get("cache_write") is None else _amount(row["cache_write"]),
            source=str(row.get("source") or ""),
        )
    except (KeyError, TypeError, ValueError) as error:
        name = row.get("model", "a model without a name")
        raise InvalidInput(f"The price of {name!r} cannot be read: {error!r}. Mend the row.") from error


def _amount(value: Any) -> float:
    amount = float(value)
    if not 0 <= amount < float("inf"):
        raise ValueError(f"{value} is no amount of money")
    return amount


def to_rows(prices: PriceList) -> list[dict[str, Any]]:
    """Rows as the store has them: `since` is the first moment of the day, in UTC."""
    return [asdict(one) | {"since": datetime.combine(one.since, time(), UTC)} for one in prices.prices]


@cache
def default_prices() -> PriceList:
    """The price list that ships with Loopwright (`prices.yaml`)."""
    return from_rows(yaml.safe_load((Path(__file__).parent / "prices.yaml").read_text(encoding="utf-8")))


@lru_cache(maxsize=4)
def prices_with(entered: tuple[PriceLine, ...]) -> PriceList:
    """The prices that a lead has entered, and of the list that ships those of models and days that they do not name."""
    own = from_rows(asdict(line) for line in entered).prices
    named = {(price.model.lower(), price.since) for price in own}
    shipped = (price for price in default_prices().prices if (price.model.lower(), price.since) not in named)
    return PriceList.of([*own, *shipped])
