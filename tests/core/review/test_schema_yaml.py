from __future__ import annotations

import string
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.records import LabelSchema, Option, Question, QuestionKind, ShownIf
from core.review.ready_made import MAST, READY_MADE, RUN_REVIEW, TRAIL
from core.review.schema_yaml import LARGEST_YAML, read_yaml, schema_from_yaml, write_yaml

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
BOUND = st.none() | st.integers(-(10**6), 10**6).map(float) | st.floats(allow_nan=False, allow_infinity=False)
OPTION = st.builds(Option, TEXT, TEXT, TEXT, TEXT, TEXT)
QUESTION = st.builds(
    Question,
    key=TEXT,
    kind=st.sampled_from([kind.value for kind in QuestionKind]),
    title=TEXT,
    options=st.lists(OPTION, max_size=4).map(tuple),
    required=st.booleans(),
    help=TEXT,
    low=TEXT,
    high=TEXT,
    belongs=st.sampled_from(["either", "step", "trace"]),
    impact=st.booleans(),
    evidence=st.booleans(),
    minimum=BOUND,
    maximum=BOUND,
    cascade=st.booleans(),
    shown_if=st.none() | st.builds(ShownIf, TEXT, st.lists(TEXT, max_size=3).map(tuple)),
)
SCHEMA = st.builds(
    LabelSchema,
    TEXT,
    st.integers(1, 10**6),
    TEXT,
    st.lists(QUESTION, max_size=4).map(tuple),
    st.text(string.printable, max_size=200),
    TEXT,
    TEXT,
)


@settings(max_examples=300, deadline=None)
@given(SCHEMA)
def test_what_is_written_is_read_back_as_it_was(schema: LabelSchema) -> None:
    text = write_yaml(schema)
    assert read_yaml(text).schema == schema
    assert write_yaml(read_yaml(text).schema) == text


@pytest.mark.parametrize("key", list(READY_MADE))
def test_what_ships_is_sound_and_comes_back(key: str) -> None:
    assert schema_from_yaml(write_yaml(READY_MADE[key])) == READY_MADE[key]


def test_words_that_yaml_takes_for_something_else_stay_words() -> None:
    text = """
key: plain
title: Yes
questions:
- key: done
  kind: choice
  title: 2026-01-01
  required: yes
  options: [No, 1, {label: Maybe, value: ~, definition: 1.50}]
- {key: n, kind: number, title: n, minimum: -1e3, maximum: 0x, shown_if: {question: done, values: [no]}}
""".replace("0x", "12")
    assert read_yaml(text).schema == LabelSchema(
        "plain",
        1,
        "Yes",
        (
            Question(
                "done",
                "choice",
                "2026-01-01",
                (Option("No", "No"), Option("1", "1"), Option("", "Maybe", "1.50")),
                required=True,
            ),
            Question("n", "number", "n", minimum=-1000.0, maximum=12.0, shown_if=ShownIf("done", ("no",))),
        ),
    )


QUESTIONS = "key: a\ntitle: A\nquestions:\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Line 1: the file is empty."),
        ("- 1", "Line 1: this has to be “key: value” lines"),
        ("key: a\nkey: b", "Line 2, key: it is written twice."),
        ("key: a\nversion: one", "Line 2, version: “one” is no number."),
        ("key: a\nversion: 0", "Line 2, version: a version is a whole number from 1 on."),
        ("key: a\ncolour: red", "Line 2, colour: there is no such key here."),
        ("key: [a", "This is not YAML. Line 1, column 8: "),
        ("key: a\n\tb: c", "This is not YAML. Line 2, column 1: "),
        ("key: a\nquestions: none", "Line 2, questions: this has to be a list"),
        (QUESTIONS + "- key: q\n  kind: chioce", "Line 5, question q, kind: There is no kind chioce."),
        (QUESTIONS + "- key: q\n  kind: text\n  title: T\n  required: maybe", "Line 7, questions 1 required: “maybe”"),
        (QUESTIONS + "- kind: text\n  title: T", "Line 4, question 1, key: It has none yet."),
        (
            QUESTIONS + "- key: q\n  kind: choice\n  title: T\n  options:\n  - a\n  - a",
            "Line 8, question q, answer a, value",
        ),
        (
            QUESTIONS + "- key: q\n  kind: choice\n  title: T\n  options:\n  - a\n  - value: b\n    key: s",
            "Line 10, question q, answer b, key: S is the desk's own key: skip.",
        ),
        ("key: a\ntitle: A", "Line 1, questions: It asks nothing yet."),
        ("--- {key: a}\n--- {key: b}", "This is not YAML. Line 2, column 1: "),
        ("[" * 100_000, "This is not YAML. Line 1, column 13: it is nested too deeply."),
        ("a: " + "{a: " * 40_000, "This is not YAML. Line 1, column "),
        ("x" * (LARGEST_YAML + 1), "A schema's YAML has at most 200,000 characters"),
        ("key: &a [*a]", "Line 1, key: this has to be text."),
        ("key: !!python/object/apply:os.system [echo]", "Line 1, key: this has to be text."),
        ("key: a\x00", "This is not YAML. Line 1: "),
    ],
)
def test_bad_yaml_is_told_by_line_and_key(text: str, says: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        schema_from_yaml(text)
    assert says in refused.value.message


def test_the_largest_file_is_read_in_a_few_seconds() -> None:
    lines = "- {key: q, kind: text, title: T}\n"
    began = perf_counter()
    with pytest.raises(InvalidInput, match="more than 100 questions"):
        schema_from_yaml(QUESTIONS + lines * ((LARGEST_YAML - 40) // len(lines)))
    assert perf_counter() - began < 20


def test_the_ready_made_have_what_their_sources_name() -> None:
    assert list(READY_MADE) == [
        *("run-review", "outcome", "trail", "mast", "who-and-when"),
        *("agent-reward-bench", "process-reward", "preference", "agentrx", "judge-verdict"),
    ]
    errors = TRAIL.questions[0]
    assert (len(errors.options), errors.impact, errors.evidence) == (20, True, True)
    assert sorted({option.group.split(" / ")[0] for option in errors.options}) == [
        *("Planning and coordination", "Reasoning", "System execution"),
    ]
    assert len({option.group for option in errors.options}) == 9
    modes = MAST.questions[0].options
    counts = [sum(option.label.startswith(f"{n}.") for option in modes) for n in (1, 2, 3)]
    assert (len(modes), len({option.group for option in modes}), counts) == (14, 3, [5, 6, 3])
    assert [question.key for question in READY_MADE["agent-reward-bench"].questions] == [
        *("outcome", "side_effects", "repetition", "comment"),
    ]
    assert {"outcome", "first_mistake", "went_wrong", "correction", "lesson"} <= {q.key for q in RUN_REVIEW.questions}
    assert all(schema.source for key, schema in READY_MADE.items() if key != "judge-verdict")
