"""Signals on the Traces page: shown as what they are, found again by the address, and nowhere lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.records import Role, Signal, SignalKind
from core.store.people import person_id
from core.store.signals import add_signals
from core.store.trace_writing import insert_traces
from core.tasks.outcome import refresh_outcomes
from dashboard import identity
from dashboard.parts.trace_signals import signal_choices, step_label
from dashboard.process import close_all, store
from tests.worlds import run

PAGES = Path(__file__).resolve().parents[3] / "pages"


@pytest.fixture
def world(data_dir: Path) -> Iterator[dict[str, int]]:
    said = [
        Signal(
            "a", "thumb", SignalKind.EXPLICIT, False, False, source="chat", comment="Not *at all* <b>what</b> I said"
        ),
        Signal("a", "edit", SignalKind.EXPLICIT, "It was sent on Monday.", None, "3", source="desk"),
        Signal("a", "rephrased", SignalKind.IMPLICIT, True, False, "0"),
        Signal("a", "tests", SignalKind.AUTOMATED, "passed", True, "7"),
        Signal("b", "thumb", SignalKind.EXPLICIT, True, True),
        Signal("nowhere", "thumb", SignalKind.EXPLICIT, True, True, source="chat"),
    ]
    with store().session() as session:
        ids = insert_traces(session, [run("a"), run("b")]).traces
        add_signals(session, said)
        refresh_outcomes(session, list(ids.values()))
    yield ids
    close_all()


def opened(**query: str) -> AppTest:
    page = AppTest.from_file(str(PAGES / "traces.py"), default_timeout=30)
    for name, value in query.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def written(page: AppTest) -> str:
    return "\n".join(one.value for kind in (page.markdown, page.caption, page.text) for one in kind)


def test_a_run_shows_each_signal_as_what_it_is(world: dict[str, int]) -> None:
    text = written(opened(trace=str(world["a"])))
    for part in (
        ":material/person: explicit · **thumb** no · :red[:material/cancel: failed]",
        r"Not \*at all\* \<b\>what\</b\> I said",
        ":material/directions_walk: implicit · **rephrased** yes",
        ":material/smart_toy: automated · **tests** passed · :blue[:material/check_circle: solved]",
        f"[step 1](?trace={world['a']}&step=1)",
        f"[step 4](?trace={world['a']}&step=4)",
        "step 7, which is not here",
        "no reviewer confirmed it",
        "It was sent on Monday.",
    ):
        assert part in text
    assert "nowhere" not in text


def test_the_list_is_narrowed_by_the_address(world: dict[str, int]) -> None:
    page = opened(traces_signal="thumb · failed")
    assert page.selectbox(key="traces_signal").value == "thumb · failed"
    assert "1 to 1 of 1 runs that fit, of 2 in all" in written(page)
    assert "1 to 2 of 2 runs" in written(opened())


def test_what_waits_is_told_to_leads_only(world: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    assert "trace nowhere" in written(opened())
    with store().session() as session:
        ann = person_id(session, "Ann", Role.ANNOTATOR, active=True)
    monkeypatch.setattr(identity, "actor_from", lambda cookies: identity.Actor(ann, "Ann", Role.ANNOTATOR))
    assert "trace nowhere" not in written(opened())


def test_the_words_of_the_filter() -> None:
    assert signal_choices(["thumb"]) == {
        "": ("", None),
        "thumb": ("thumb", None),
        "thumb · solved": ("thumb", True),
        "thumb · failed": ("thumb", False),
    }


def test_a_step_shows_what_was_said_about_it() -> None:
    edit = Signal("a", "edit", SignalKind.EXPLICIT, "Sent.\nToday.", None, "3", "shorter", "desk")
    assert step_label(edit) == {
        "text": "the user changed it to",
        "who": "desk (explicit signal)",
        "note": "Sent.\nToday.\nshorter",
        "tone": "",
    }
    judge = Signal("a", "judge", SignalKind.AUTOMATED, "wrong", False, "3")
    assert step_label(judge) == {
        "text": "judge: wrong",
        "who": "somebody (automated signal)",
        "note": "",
        "tone": "bad",
    }
