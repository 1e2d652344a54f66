"""Prices on Settings: what ships and what the team entered; enter, change or remove one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import streamlit as st

from core.clock import now
from core.errors import InvalidInput, LoopwrightError
from core.ingest.leading import enter_price, forget_price
from core.ingest.prices import Price, prices_with
from core.store.prices import PriceLine, price_rows
from dashboard.identity import Actor
from dashboard.parts.figures import show_table
from dashboard.parts.numbers import escaped
from dashboard.process import store

NEW = "a new price"
NAMES = {"input": "Input", "output": "Output", "cached": "Cached", "cache_write": "Cache write"}
_SAID = "settings_prices_said"


@dataclass(frozen=True, slots=True)
class Filled:
    """What was filled in; None where a field was left empty."""

    model: str
    since: date | None
    amounts: Mapping[str, float | None]
    source: str

    def line(self) -> PriceLine:
        """The price; raises InvalidInput for what is missing."""
        if self.since is None:
            raise InvalidInput("Say from which day the price holds.", field="since")
        read, written = self.amounts["input"], self.amounts["output"]
        if read is None or written is None:
            raise InvalidInput("A price needs at least what input and output cost; 0 is a price.", field="price")
        since = datetime.combine(self.since, time(), UTC)
        cached, cache_write = self.amounts["cached"], self.amounts["cache_write"]
        return PriceLine(self.model, since, read, written, cached, cache_write, self.source)


def show_prices(actor: Actor) -> None:
    """The section."""
    st.header(
        "Prices",
        anchor="prices",
        help="What a million tokens cost, in US dollars, from a day on. A call is priced only where its source states "
        "no cost, by the newest price of its model that is not later than its day.",
    )
    with store().reading() as session:
        entered = price_rows(session)
    prices = prices_with(tuple(entered)).prices
    own = {(one.model, one.since.date()) for one in entered}
    st.caption(
        f"{len(entered)} entered here, {len(prices) - len(entered)} that ship. Newer prices count for what comes in "
        "from then on; runs that are stored keep theirs. A model without a price is unpriced, never free."
    )
    show_table(
        [row_of(one, (one.model, one.since) in own) for one in prices], "All prices", words=["From", "Whose", "Source"]
    )
    if said := st.session_state.pop(_SAID, None):
        (st.error if said[0] else st.success)(escaped(said[1]))
    if actor.leads:
        _ask(actor, prices, entered)


def row_of(price: Price, own: bool) -> dict[str, str]:
    """A price as the table shows it; what is not sold apart costs what other input costs."""
    numbers = {NAMES[name]: amount(getattr(price, name)) for name in NAMES}
    whose = "entered here" if own else "ships"
    return (
        {"Model": price.model, "From": f"{price.since:%Y-%m-%d}"} | numbers | {"Whose": whose, "Source": price.source}
    )


def amount(dollars: float | None) -> str:
    """$0.15, $2.50, $0.028; "as input" where it has no price of its own."""
    if dollars is None:
        return "as input"
    text = f"{dollars:.6f}".rstrip("0")
    whole, _, part = text.partition(".")
    return f"${whole}.{part:0<2}"


def _ask(actor: Actor, prices: Sequence[Price], entered: Sequence[PriceLine]) -> None:
    asked = st.query_params.get("settings_model", "")
    choices = {NEW: None} | {f"{one.model}, from {one.since:%Y-%m-%d}": one for one in prices}
    with st.expander("Enter, change or remove a price", expanded=bool(asked)):
        if asked:
            st.caption(f"Calls of {escaped(asked[:100])} have no price.")
        name = st.selectbox("Begin with", list(choices), key="settings_price_of")
        start = choices[name]
        with st.form(f"settings_price_{name}", border=False):
            model, since = st.columns([2, 1])
            named = model.text_input(
                "Model",
                start.model if start else asked[:200],
                max_chars=200,
                help="As calls state it; a provider before it and a date after it may be left out. A name that ends "
                "in * stands for all names that begin so.",
            )
            day = since.date_input("From (UTC)", start.since if start else now().date(), format="YYYY-MM-DD")
            amounts = {
                key: place.number_input(
                    f"{label}, $ a million",
                    min_value=0.0,
                    value=getattr(start, key) if start else None,
                    format="%.6g",
                    help="Empty: it costs as much as other input." if key.startswith("cache") else None,
                )
                for place, (key, label) in zip(st.columns(4), NAMES.items(), strict=True)
            }
            source = st.text_input("Where it is from", start.source if start else "", max_chars=300)
            save, remove = st.columns([1, 1])
            saving = save.form_submit_button("Save price", type="primary", width="stretch")
            line = _entered(start, entered)
            removing = remove.form_submit_button(
                "Remove price", disabled=line is None, width="stretch", help="Only prices that were entered here."
            )
        if saving:
            _do(lambda: _save(actor, Filled(named, day, amounts, source)), f"The price of {named} is saved.")
        if removing and line is not None:
            _do(lambda: _remove(actor, line), f"The price of {line.model} is removed.")


def _entered(start: Price | None, entered: Sequence[PriceLine]) -> PriceLine | None:
    return next((one for one in entered if start and (one.model, one.since.date()) == (start.model, start.since)), None)


def _save(actor: Actor, filled: Filled) -> None:
    with store().session() as session:
        enter_price(session, actor.role, filled.line())


def _remove(actor: Actor, line: PriceLine) -> None:
    with store().session() as session:
        forget_price(session, actor.role, line.model, line.since)


def _do(deed: Callable[[], None], said: str) -> None:
    try:
        deed()
        st.session_state[_SAID] = (False, said)
        st.query_params.pop("settings_model", None)
    except LoopwrightError as error:
        st.session_state[_SAID] = (True, error.message)
    st.rerun()
