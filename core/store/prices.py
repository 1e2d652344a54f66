"""The prices that a lead has entered; what they do not say is taken from the list that ships (core.ingest.prices)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.errors import InvalidInput
from core.store.content import clean
from core.store.tables import PriceRow


@dataclass(frozen=True, slots=True)
class PriceLine:
    """US dollars for a million tokens of a model from a moment on; None where that kind is not sold apart."""

    model: str
    since: datetime
    input: float
    output: float
    cached: float | None = None
    cache_write: float | None = None
    source: str = ""


def price_rows(session: Session) -> list[PriceLine]:
    """All entered prices, by model and date."""
    rows = session.scalars(select(PriceRow).order_by(PriceRow.model, PriceRow.since))
    return [
        PriceLine(row.model, row.since, row.input, row.output, row.cached, row.cache_write, row.source) for row in rows
    ]


def set_price(session: Session, price: PriceLine) -> None:
    """Write a price; the one of the same model and moment is replaced. Raises InvalidInput."""
    if not price.model.strip():
        raise InvalidInput("A price needs the name of its model.", field="model")
    given = (price.input, price.output, price.cached, price.cache_write)
    if any(one is not None and not 0 <= one < 1e6 for one in given):
        raise InvalidInput("A price is a number of dollars from 0 on, for a million tokens.", field="price")
    remove_price(session, price.model, price.since)
    session.add(
        PriceRow(
            model=clean(price.model.strip(), 200),
            since=price.since,
            input=price.input,
            output=price.output,
            cached=price.cached,
            cache_write=price.cache_write,
            source=clean(price.source),
        )
    )
    session.flush()


def remove_price(session: Session, model: str, since: datetime) -> None:
    """Forget an entered price; what ships counts again."""
    session.execute(delete(PriceRow).where(PriceRow.model == clean(model.strip(), 200), PriceRow.since == since))
