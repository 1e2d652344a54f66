from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.dataset.definition import define
from core.dataset.formats import FORMATS
from core.dataset.gates import GATES, gates_of
from core.dataset.selection import Selection, select
from core.errors import InvalidInput
from core.records import Choice, Message, Preference, Role, Signal, SignalKind, Split, Step, StepKind, Task
from core.review.pairing import pair_corrections
from core.store.datasets import pair_lines
from core.store.engine import Store
from core.store.pairs import add_preference
from core.store.people import person_id
from core.store.signals import add_signals
from core.store.tables import TaskRow
from core.store.traces import find_trace
from core.tasks.outcome import refresh_outcomes
from tests.core.dataset.world import choose, keep, label, reasons, said, texts
from tests.worlds import START, run


def selected(store: Store, format: str, *gates: str) -> Selection:
    with store.reading() as session:
        return select(session, define(format, gates))


def set_split(session, task: str, split: Split) -> None:
    session.query(TaskRow).filter_by(key=task).update({"split": split.value})


def test_each_verdict_of_a_run_has_its_gate(store: Store):
    with store.session() as session:
        keep(
            session,
            said("checked", "alpha one two three", 1),
            said("broken", "beta four five six", 0),
            said("half", "gamma seven eight nine", 0.5),
            said("silent", "delta ten eleven twelve"),
            said("thumbed", "epsilon a b c"),
            said("overruled", "zeta d e f", 0),
            said("spoiled", "eta g h i", 1),
            said("split", "theta j k l", 1),
        )
        add_signals(session, [Signal("thumbed", "thumb", SignalKind.EXPLICIT, True, True)])
        refresh_outcomes(session, [find_trace(session, "thumbed") or 0])
        label(session, "overruled", "ann", "solved")
        label(session, "spoiled", "ann", "failed")
        label(session, "split", "ann", "solved")
        label(session, "split", "bob", "failed")
    found = selected(store, "sft")
    assert [row.candidate.key for row in found.rows] == ["run:checked", "run:overruled"]
    assert reasons(found.excluded) == {
        "run:broken": "failed",
        "run:half": "failed",
        "run:silent": "unverified",
        "run:spoiled": "failed",
        "run:split": "disputed",
        "run:thumbed": "unverified",
    }
    overruled = found.rows[1].candidate
    assert (overruled.reviewers, overruled.agreement, overruled.outcome_from) == (1, 1.0, "people")


@pytest.mark.parametrize(
    ("choices", "gate"),
    [
        ((), "unverified"),
        (("a",), None),
        (("a_much", "a", "b"), None),
        (("b", "b_much", "equal"), None),
        (("equal", "equal", "a"), "tie"),
        (("both_bad", "both_bad"), "both_bad"),
        (("a", "b"), "disputed"),
        (("a", "equal", "both_bad"), "disputed"),
        (("a", "a", "b", "b"), "disputed"),
    ],
)
def test_a_strict_majority_of_directions_decides_a_pair(store: Store, choices: tuple[str, ...], gate: str | None):
    with store.session() as session:
        choose(session, texts("p", "Which way?", "To the left.", "To the right."), *choices)
    found = selected(store, "dpo")
    assert reasons(found.excluded) == ({"pair:p": gate} if gate else {})
    if gate is None:
        (row,) = found.rows
        better = "left" if choices[0].startswith("a") else "right"
        assert better in row.columns["chosen"][0]["content"]
        assert better not in row.columns["rejected"][0]["content"]


def test_machines_verify_nothing(store: Store):
    with store.session() as session:
        choose(session, texts("p", "Which way?", "Left.", "Right."), "a", role=Role.MACHINE)
        keep(session, said("r", "alpha one two three"))
        label(session, "r", "judge", "solved", {"3": "Let me look it up."}, role=Role.MACHINE)
    assert set(reasons(selected(store, "dpo").excluded).values()) == {"unverified"}
    assert set(reasons(selected(store, "sft").excluded).values()) == {"unverified"}


@pytest.mark.parametrize("split", [Split.VALIDATION, Split.HOLDOUT])
def test_what_evaluates_is_never_taught(store: Store, split: Split):
    with store.session() as session:
        keep(session, said("r", "alpha one two three", 1), said("s", "beta four five six", 1))
        label(session, "r", "ann", "", {"3": "It left us on Monday."})
        task = Task("shop/r")
        choose(session, texts("p", "Which way?", "To the left.", "To the right.", task=task), "a")
        choose(session, texts("q", "", "", "", trace_a="r", trace_b="s"), "a")
        set_split(session, "shop/r", split)
    sft, dpo = selected(store, "sft"), selected(store, "dpo")
    assert [row.candidate.key for row in sft.rows] == ["run:s"]
    assert set(reasons(sft.excluded).values()) == set(reasons(dpo.excluded).values()) == {"holdout"}
    assert f"shop/r is kept for {split}." in {each.detail for each in dpo.excluded}


def test_a_run_in_which_a_turn_was_corrected_is_taught_corrected(store: Store):
    with store.session() as session:
        keep(session, said("r", "alpha one two three", 1))
        label(session, "r", "ann", "solved", {"3": "It left our warehouse on Monday and comes on Thursday."})
    found = selected(store, "sft", "duplicates=off")
    assert [row.candidate.source for row in found.rows] == ["correction"]
    assert list(reasons(found.excluded).items()) == [("run:r", "reworked")]
    whole = selected(store, "sft", "duplicates=off", "reworked=off")
    assert [row.candidate.source for row in whole.rows] == ["correction", "run"]


@pytest.mark.parametrize(("choices", "gate"), [("++-", None), ("--+", "disputed"), ("+-", "disputed"), ("", None)])
def test_reviewers_of_a_correction_decide_whether_it_is_taught(store: Store, choices: str, gate: str | None):
    with store.session() as session:
        keep(session, said("r", "alpha one two three"))
        label(session, "r", "ann", "", {"3": "It left our warehouse on Monday."})
        assert pair_corrections(session) == 1
        (pair,) = pair_lines(session)
        better, worse = (Choice.A, Choice.B) if pair.name_a == "corrected" else (Choice.B, Choice.A)
        for number, sign in enumerate(choices):
            person, choice = f"rev-{number}", better if sign == "+" else worse
            preference = Preference(pair.uid, person, choice)
            add_preference(session, pair.id, person_id(session, person), preference, START)
    found = selected(store, "dpo")
    assert found.candidates == 1, "the pair speaks for the correction and is no candidate of its own"
    assert list(reasons(found.excluded).values()) == ([gate] if gate else [])
    if gate is None:
        assert found.rows[0].candidate.reviewers == 1 + len(choices)


@pytest.mark.parametrize(("a", "b"), [("", "Right."), ("Left.", "  \n"), ("", "")])
def test_empty_sides_are_left_out_unless_asked_for(store: Store, a: str, b: str):
    with store.session() as session:
        choose(session, texts("p", "Which way?", a, b), "a")
    assert reasons(selected(store, "dpo").excluded) == {"pair:p": "empty"}
    assert len(selected(store, "dpo", "empty=off", "identical=off").rows) == 1


def test_a_prompt_that_asks_nothing_is_empty(store: Store):
    with store.session() as session:
        choose(session, texts("p", " ", "Left.", "Right."), "a")
    assert selected(store, "dpo").excluded[0].detail == "Nothing stands in prompt."


def test_sides_that_say_the_same_are_left_out_unless_asked_for(store: Store):
    with store.session() as session:
        choose(session, texts("p", "Which way?", "Left. ", "Left."), "a")
    assert reasons(selected(store, "dpo").excluded) == {"pair:p": "identical"}
    assert len(selected(store, "dpo", "identical=off").rows) == 1


def test_of_repeats_the_best_evidenced_is_kept(store: Store):
    words = "What time does the shop on the market square open on a Saturday morning in winter?"
    with store.session() as session:
        for uid, choices in (("early", "a"), ("often", "aaa"), ("late", "a")):
            choose(session, texts(uid, words, "At nine o'clock.", "Never."), *choices)
        choose(session, texts("other", "Do you sell lamps?", "Yes, here they are.", "No."), "a")
    found = selected(store, "dpo")
    assert [row.candidate.key for row in found.rows] == ["pair:often", "pair:other"]
    assert {each.candidate.key: each.detail for each in found.excluded} == {
        "pair:early": "Says nearly the same as pair:often.",
        "pair:late": "Says nearly the same as pair:often.",
    }


def test_of_repeats_with_as_many_reviewers_the_oldest_is_kept(store: Store):
    steps = (
        Step("0", StepKind.USER, output=(Message("user", "Where is it?"),)),
        Step("1", StepKind.LLM, output=(Message("assistant", "There."),)),
    )
    with store.session() as session:
        keep(
            session,
            *(
                run(uid, reward=1, steps=steps, task=Task("t"), started_at=at, ended_at=None)
                for uid, at in (("a", None), ("b", START), ("c", datetime(2026, 1, 1, tzinfo=UTC)))
            ),
        )
    assert [row.candidate.key for row in selected(store, "sft").rows] == ["run:c"]


def test_system_prompts_and_tools_do_not_make_rows_alike(store: Store):
    prompt = " ".join(f"rule{n}" for n in range(400))
    with store.session() as session:
        for uid, asked, answer in (("a", "Where is it?", "It is on its way."), ("b", "Cancel it.", "That is done.")):
            steps = (
                Step("s", StepKind.OTHER, output=(Message("system", prompt),)),
                Step("0", StepKind.USER, output=(Message("user", asked),)),
                Step("1", StepKind.LLM, output=(Message("assistant", answer),)),
            )
            keep(
                session,
                run(uid, reward=1, steps=steps, task=Task(uid), tools=({"name": "look", "description": prompt},)),
            )
    assert len(selected(store, "sft").rows) == 2


def test_a_role_that_trainers_do_not_know_is_named(store: Store):
    steps = (
        Step("0", StepKind.USER, output=(Message("critic", "Bad."),)),
        Step("1", StepKind.LLM, output=(Message("assistant", "Sorry."),)),
    )
    with store.session() as session:
        keep(session, run("r", reward=1, steps=steps))
    (left,) = selected(store, "sft").excluded
    assert (left.gate, left.detail) == ("unknown_role", "A message has the role critic.")


def test_a_run_in_which_the_agent_wrote_nothing_has_no_turn(store: Store):
    with store.session() as session:
        keep(session, run("r", reward=1, steps=(Step("0", StepKind.USER, output=(Message("user", "Hello?"),)),)))
    assert reasons(selected(store, "sft").excluded) == {"run:r": "no_turn"}


TEXTS = st.sampled_from(["", "Yes.", "No.", "It was sent on Monday and will be there soon.", "Yes. "])
PAIRS = st.lists(st.tuples(TEXTS, TEXTS, TEXTS, st.lists(st.sampled_from(list(Choice)), max_size=4)), max_size=8)
OFF = st.sets(st.sampled_from([gate.name for gate in gates_of("dpo") if gate.optional]))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pairs=PAIRS, off=OFF)
def test_every_candidate_is_a_row_or_is_left_out_once(store: Store, pairs: list[tuple], off: set[str]):
    with store.reading() as session:  # nothing of it is kept, so the next example begins with an empty database
        for number, (prompt, a, b, choices) in enumerate(pairs):
            choose(session, texts(f"p{number}", prompt, a, b), *choices)
        found = select(session, define("dpo", [f"{name}=off" for name in off]))
    keys = [each.candidate.key for each in (*found.rows, *found.excluded)]
    assert sorted(keys) == sorted(f"pair:p{number}" for number in range(len(pairs)))
    assert found.candidates == len(found.rows) + sum(found.reasons.values()) == len(pairs)
    assert not off & set(found.reasons)


@pytest.mark.parametrize(
    ("format", "gates", "message"),
    [
        ("sfx", [], "There is no format sfx. Formats are sft, dpo, kto, reward and steps."),
        ("dpo", ["nothing=off"], "dpo has no gate nothing."),
        ("sft", ["identical=off"], "sft has no gate identical."),
        ("dpo", ["empty"], "“empty” says neither on nor off. Write empty=on or empty=off."),
        ("dpo", ["empty=maybe"], "“empty=maybe” says neither on nor off."),
        ("dpo", ["tie=off"], "The gate tie cannot be switched off."),
        ("sft", ["unverified=off"], "The gate unverified cannot be switched off."),
        ("sft", ["holdout=off"], "Only reworked, empty, secret, duplicates can be."),
    ],
)
def test_a_wrong_definition_is_refused_with_a_sentence(format: str, gates: list[str], message: str):
    with pytest.raises(InvalidInput, match=message.replace(".", r"\.")):
        define(format, gates)


def test_the_laws_cannot_be_switched_off():
    optional = {gate.name for gate in GATES if gate.optional}
    assert optional == {"reworked", "empty", "identical", "secret", "duplicates"}


def test_the_guide_names_every_gate_and_format():
    guide = (Path(__file__).resolve().parents[3] / "docs" / "datasets.md").read_text(encoding="utf-8")
    for gate in GATES:
        assert f"| `{gate.name}` | {', '.join(gate.formats)} |" in guide
        row = next(line for line in guide.splitlines() if line.startswith(f"| `{gate.name}` |"))
        assert row.endswith("| optional |") is gate.optional
    assert all(f"| `{name}` |" in guide for name in FORMATS)


def test_only_what_was_labelled_under_a_schema_is_meant(store: Store):
    with store.session() as session:
        keep(session, said("checked", "Is the red lamp in stock?", 1), said("read", "Is the blue chair in stock?", 1))
        label(session, "read", "ann", "solved")
        meant = select(session, define("sft", schemas=["run-review"]))
        assert [row.candidate.key for row in meant.rows] == ["run:read"]
        assert meant.candidates == 1
        assert select(session, define("sft", schemas=["trail"])).candidates == 0
        assert meant.definition.as_json()["schemas"] == ["run-review"]
