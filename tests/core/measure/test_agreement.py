"""Agreement, against published figures on real answers, statsmodels and simpledorff."""

import numpy as np
import pandas as pd
import pytest
import simpledorff
from hypothesis import given
from hypothesis import strategies as st
from simpledorff.metrics import interval_metric, nominal_metric

from core.measure.agreement import (
    agreement,
    agreement_of,
    category_agreement,
    code,
    cohen_kappa,
    fleiss_kappa,
    krippendorff_alpha,
    percent_agreement,
)
from core.measure.krippendorff import masi_distances

pytestmark = pytest.mark.filterwarnings("ignore:Starting with pandas version 4")

# Krippendorff 2011, section C to E: four observers, twelve units, with missing answers.
KRIPPENDORFF = {
    "A": [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    "B": [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    "C": [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    "D": [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
}
OBSERVED = {unit: {rater: answers[unit] for rater, answers in KRIPPENDORFF.items()} for unit in range(12)}
TAGS = [frozenset(chosen) for chosen in ("", "a", "ab", "abc", "bc", "c", "d")]

answers_of = st.dictionaries(st.sampled_from("pqrs"), st.sampled_from([1, 2, 3, None]), max_size=4)
all_ratings = st.dictionaries(st.integers(0, 40), answers_of, max_size=25)


def random_ratings(values, items=60, raters=5, seed=3):
    """Answers that agree more often than chance, with about a third missing."""
    chance = np.random.default_rng(seed)
    ratings = {}
    for item in range(items):
        truth = chance.integers(len(values))
        said = [truth if chance.random() < 0.6 else chance.integers(len(values)) for _ in range(raters)]
        ratings[item] = {f"r{i}": values[answer] for i, answer in enumerate(said) if chance.random() < 0.7}
    return ratings


def simpledorff_alpha(ratings, metric):
    rows = [(item, rater, value) for item, given_ in ratings.items() for rater, value in given_.items()]
    frame = pd.DataFrame(rows, columns=["item", "rater", "value"]).dropna()
    return simpledorff.calculate_krippendorffs_alpha_for_df(frame, "item", "rater", "value", metric)


def test_pandalm_is_as_published(pandalm):
    report = agreement(pandalm)
    assert {pair: round(kappa.value, 3) for pair, kappa in report.cohen.items()} == {
        "1~2": 0.852,
        "1~3": 0.879,
        "2~3": 0.862,
    }
    assert round(report.fleiss.value, 3) == 0.864
    assert (report.n_items, report.n_raters, report.n_answers) == (999, 3, 2997)
    assert report.percent.value == pytest.approx((91.3 + 92.9 + 91.8) / 3, abs=0.05)
    assert report.interval.low < report.krippendorff.value < report.interval.high


def test_judges_are_as_published_raw_and_mapped(judges):
    assert round(fleiss_kappa(judges).value, 3) == 0.109
    mapped = {
        run: {judge: "fail" if word == "fail" else "pass" for judge, word in words.items()}
        for run, words in judges.items()
    }
    assert round(fleiss_kappa(mapped).value, 3) == 0.307


@pytest.mark.parametrize(("level", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_alpha_as_published_by_krippendorff(level, published):
    assert round(krippendorff_alpha(OBSERVED, level).value, 3) == published


def test_fleiss_as_published_for_ten_subjects_and_fourteen_raters():
    counts = [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ]
    ratings = {item: dict(enumerate(np.repeat(np.arange(5), row).tolist())) for item, row in enumerate(counts)}
    assert round(fleiss_kappa(ratings).value, 3) == 0.210


def test_cohen_and_fleiss_as_statsmodels():
    from statsmodels.stats.inter_rater import aggregate_raters, cohens_kappa
    from statsmodels.stats.inter_rater import fleiss_kappa as oracle_fleiss

    chance = np.random.default_rng(1)
    table = chance.integers(0, 4, size=(80, 3))
    table[:40, 1] = table[:40, 0]
    report = agreement({item: dict(zip("abc", row, strict=True)) for item, row in enumerate(table.tolist())})
    assert report.fleiss.value == pytest.approx(oracle_fleiss(aggregate_raters(table)[0]))
    joint = np.zeros((4, 4))
    np.add.at(joint, (table[:, 0], table[:, 1]), 1)
    assert report.cohen["a~b"].value == pytest.approx(cohens_kappa(joint).kappa)
    assert cohen_kappa(table[:, 0].tolist(), table[:, 1].tolist()).value == report.cohen["a~b"].value


@pytest.mark.parametrize("seed", range(5))
def test_nominal_and_interval_alpha_as_simpledorff(seed):
    ratings = random_ratings([1, 2, 4, 8], seed=seed)
    assert krippendorff_alpha(ratings).value == pytest.approx(simpledorff_alpha(ratings, nominal_metric))
    assert krippendorff_alpha(ratings, "interval").value == pytest.approx(simpledorff_alpha(ratings, interval_metric))


@pytest.mark.parametrize("seed", range(5))
def test_ordinal_alpha_as_simpledorff_with_krippendorffs_distance(seed):
    ratings = random_ratings([0, 1, 2, 3, 4], seed=seed)
    paired = [answers for answers in ratings.values() if len(answers) > 1]
    totals = [sum(value == answer for answers in paired for answer in answers.values()) for value in range(5)]

    def distance(a, b):
        a, b = sorted((int(a), int(b)))
        return (sum(totals[a : b + 1]) - (totals[a] + totals[b]) / 2) ** 2

    assert krippendorff_alpha(ratings, "ordinal").value == pytest.approx(simpledorff_alpha(ratings, distance))


@pytest.mark.parametrize("seed", range(5))
def test_set_alpha_as_simpledorff_with_passonneaus_distance(seed):
    numbered = random_ratings(list(range(len(TAGS))), seed=seed)
    chosen = {item: {rater: TAGS[n] for rater, n in answers.items()} for item, answers in numbered.items()}

    def distance(a, b):
        a, b = TAGS[int(a)], TAGS[int(b)]
        if a == b:
            return 0
        relation = 2 / 3 if a < b or b < a else 1 / 3
        return 1 - len(a & b) / len(a | b) * relation

    assert krippendorff_alpha(chosen, "sets").value == pytest.approx(simpledorff_alpha(numbered, distance))
    as_lists = {item: {rater: sorted(tags) for rater, tags in answers.items()} for item, answers in chosen.items()}
    assert agreement(as_lists, "sets") == agreement(chosen, "sets")


def test_masi_distances():
    """Equal 0; a half of the other 1 - 1/2 · 2/3; one of three shared 1 - 1/3 · 1/3; disjoint 1."""
    sets = [frozenset("ab"), frozenset("abcd"), frozenset("bc"), frozenset("x"), frozenset()]
    assert masi_distances(sets) == pytest.approx(
        np.array(
            [
                [0, 2 / 3, 8 / 9, 1, 1],
                [2 / 3, 0, 2 / 3, 1, 1],
                [8 / 9, 2 / 3, 0, 1, 1],
                [1, 1, 1, 0, 1],
                [1, 1, 1, 1, 0],
            ]
        )
    )


@given(all_ratings)
def test_agreement_does_not_depend_on_names_of_items_or_answers(ratings):
    renamed = {
        -item: {rater: value and f"answer {4 - value}" for rater, value in answers.items()}
        for item, answers in reversed(ratings.items())
    }
    report, other = agreement(ratings, resamples=20), agreement(renamed, resamples=20)
    assert other.krippendorff.value == pytest.approx(report.krippendorff.value)
    assert other.fleiss.value == pytest.approx(report.fleiss.value)
    assert other.percent.value == pytest.approx(report.percent.value)
    assert {pair: (kappa.value, kappa.n_items) for pair, kappa in other.cohen.items()} == {
        pair: (pytest.approx(kappa.value), kappa.n_items) for pair, kappa in report.cohen.items()
    }


@given(all_ratings, st.sampled_from(["nominal", "ordinal", "interval"]))
def test_measures_stay_in_range_and_undefined_ones_say_why(ratings, level):
    report = agreement(ratings, level, resamples=20)
    for measure in (report.fleiss, report.krippendorff, *report.cohen.values()):
        assert (measure.value is None) == bool(measure.why)
        assert measure.value is None or measure.value <= 1 + 1e-12
    assert all(kappa.value is None or kappa.value >= -1 for kappa in report.cohen.values())
    assert report.percent.value is None or 0 <= report.percent.value <= 100
    if report.interval:
        assert report.interval.low <= report.interval.high <= 1 + 1e-12


@given(st.lists(st.sampled_from("abc"), min_size=2, max_size=20), st.integers(2, 5))
def test_perfect_agreement_is_one_or_undefined(answers, raters):
    report = agreement({item: {f"r{n}": answer for n in range(raters)} for item, answer in enumerate(answers)})
    expected = None if len(set(answers)) == 1 else pytest.approx(1)
    assert report.percent.value == 100
    assert report.fleiss.value == report.krippendorff.value == expected
    assert all(kappa.value == expected for kappa in report.cohen.values())


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=30))
def test_cohen_is_symmetric(answers):
    first, second = zip(*answers, strict=True)
    assert cohen_kappa(first, second).value == pytest.approx(cohen_kappa(second, first).value)


def test_missing_answers_leave_items_out_of_what_needs_them():
    ratings = {
        1: {"c": "y", "b": "x", "a": "x"},
        2: {"a": "y", "b": "y", "c": "y"},
        3: {"a": "x", "b": "y", "c": None},
        4: {"d": "x"},
        5: {},
    }
    report = agreement(ratings)
    assert (report.n_items, report.n_raters, report.n_answers) == (3, 3, 8)
    assert report.fleiss.n_items == 2
    assert {pair: kappa.n_items for pair, kappa in report.cohen.items()} == {"a~b": 3, "a~c": 2, "b~c": 2}
    assert report.percent.value == pytest.approx(100 * (1 / 3 + 1 + 0) / 3)
    assert percent_agreement(ratings) == report.percent


def test_fleiss_speaks_of_the_most_common_number_of_raters():
    two, three = {"a": "x", "b": "y"}, {"a": "x", "b": "x", "c": "x"}
    assert fleiss_kappa({1: two, 2: two, 3: three}).n_items == 2
    assert fleiss_kappa({1: two, 2: three}).why == "every answer is the same one, so chance alone would agree as well"


def test_what_is_undefined_is_none_and_says_why():
    nothing = agreement({1: {"a": "x"}, 2: {"b": "y"}})
    assert (nothing.n_items, nothing.cohen, nothing.interval) == (0, {}, None)
    for measure in (nothing.percent, nothing.fleiss, nothing.krippendorff):
        assert (measure.value, measure.why) == (None, "no item has answers from two raters")
    same = agreement({item: {"a": "x", "b": "x"} for item in range(9)})
    assert same.percent.value == 100
    for measure in (same.fleiss, same.krippendorff, same.cohen["a~b"]):
        assert measure.value is None
        assert "every answer is the same" in measure.why
    assert cohen_kappa(["x", None], [None, "y"]).why == "the two raters share no item"
    assert agreement({1: {"a": "x", "b": "y"}}).interval is None


def test_alpha_interval_is_seeded_and_narrows_with_items():
    few, many = random_ratings([1, 2, 3], items=30), random_ratings([1, 2, 3], items=600)
    assert agreement(few).interval == agreement(few).interval
    width = [r.high - r.low for r in (agreement(few).interval, agreement(many).interval)]
    assert width[1] < width[0] / 3


def test_alpha_interval_as_a_bootstrap_of_simpledorff():
    ratings = random_ratings([1, 2, 3], items=40)
    chance = np.random.default_rng(8)
    drawn = []
    for _ in range(150):
        picked = chance.integers(40, size=40)
        drawn.append(simpledorff_alpha({n: ratings[item] for n, item in enumerate(picked)}, nominal_metric))
    interval = agreement(ratings).interval
    assert (interval.low, interval.high) == pytest.approx(np.quantile(drawn, (0.025, 0.975)), abs=0.05)


def test_ordinal_words_need_an_order_and_follow_it():
    words = {1: {"a": "no", "b": "partly"}, 2: {"a": "yes", "b": "yes"}, 3: {"a": "no", "b": "no"}}
    scores = {"no": 1, "partly": 2, "yes": 3}
    numbers = {item: {rater: scores[word] for rater, word in answers.items()} for item, answers in words.items()}
    ordered = krippendorff_alpha(words, "ordinal", order=["no", "partly", "yes"])
    assert ordered == krippendorff_alpha(numbers, "ordinal")
    with pytest.raises(ValueError, match="'no' is not a finite number; say the order"):
        krippendorff_alpha(words, "ordinal")
    with pytest.raises(ValueError, match="item 1, rater b: 'partly' is not among the answers"):
        krippendorff_alpha(words, "ordinal", order=["no", "yes"])


@pytest.mark.parametrize(
    ("level", "answer"),
    [("interval", "3"), ("interval", float("nan")), ("sets", "abc"), ("sets", 3), ("nominal", ["x"])],
)
def test_an_answer_that_the_level_cannot_take_is_named(level, answer):
    with pytest.raises(ValueError, match="item 7, rater a"):
        agreement({7: {"a": answer, "b": answer}}, level)


def test_interval_alpha_keeps_its_digits_for_large_values():
    near = random_ratings([0.0, 1.0, 2.5])
    far = {item: {rater: value + 1.7e9 for rater, value in answers.items()} for item, answers in near.items()}
    assert krippendorff_alpha(far, "interval").value == pytest.approx(krippendorff_alpha(near, "interval").value)


@pytest.mark.parametrize("level", ["nominal", "sets"])
def test_each_answer_against_the_rest_is_agreement_on_giving_it(level):
    chosen = TAGS if level == "sets" else ["a", "b", "c", "d"]
    ratings = random_ratings(chosen)
    found = category_agreement(code(ratings, level), level, "abcd")
    for one in found:
        gave = {item: {r: one.value in said for r, said in answers.items()} for item, answers in ratings.items()}
        two = {item: answers for item, answers in gave.items() if len(answers) > 1}
        assert one.krippendorff.value == pytest.approx(simpledorff_alpha(gave, nominal_metric))
        assert one.fleiss.value == pytest.approx(fleiss_kappa(gave).value)
        assert one.krippendorff.interval is not None
        assert one.n_chosen == sum(sum(answers.values()) for answers in two.values())
        assert one.n_items == sum(any(answers.values()) for answers in two.values())


def test_an_answer_that_all_or_none_gave_is_undefined_in_words():
    coded = code({1: {"a": "x", "b": "x"}, 2: {"a": "x", "b": "x"}}, "nominal")
    everybody, nobody = category_agreement(coded, "nominal", ["x", "y"])
    assert (everybody.n_chosen, nobody.n_chosen) == (4, 0)
    for one in (everybody, nobody):
        assert "every answer is the same one" in one.krippendorff.why
        assert "every answer is the same one" in one.fleiss.why
    assert category_agreement(code({}, "nominal"), "nominal", ["x"]) == []


def bootstrapped(ratings, measure, draws=300):
    """A bootstrap of items in plain Python, of any measure."""
    chance, items = np.random.default_rng(8), [given_ for given_ in ratings.values() if len(given_) > 1]
    drawn = []
    for _ in range(draws):
        picked = chance.integers(len(items), size=len(items))
        drawn.append(measure({n: items[item] for n, item in enumerate(picked)}).value)
    return np.quantile([value for value in drawn if value is not None], (0.025, 0.975))


@pytest.mark.parametrize("name", ["percent", "fleiss", "cohen"])
def test_each_interval_as_a_plain_bootstrap(name):
    full = random_ratings([1, 2, 3], items=150, raters=4)
    ratings = {item: answers for item, answers in full.items() if {"r0", "r1"} <= set(answers)}

    def kappa(drawn):
        return cohen_kappa([a["r0"] for a in drawn.values()], [a["r1"] for a in drawn.values()])

    report = agreement(ratings)
    if name == "fleiss":
        sizes = [len(answers) for answers in ratings.values()]
        common = max(set(sizes), key=sizes.count)
        ratings = {item: answers for item, answers in ratings.items() if len(answers) == common}
    found = {"percent": report.percent, "fleiss": report.fleiss, "cohen": report.cohen["r0~r1"]}[name]
    measure = {"percent": percent_agreement, "fleiss": fleiss_kappa, "cohen": kappa}[name]
    scale = 100 if name == "percent" else 1
    bounds = (found.interval.low / scale, found.interval.high / scale)
    assert bounds == pytest.approx(bootstrapped(ratings, measure) / scale, abs=0.03)


def test_steps_of_a_run_are_drawn_together():
    """Twenty runs of ten steps each, on which two raters agree wholly or not at all: twenty facts, not two hundred."""
    ratings = {
        (n, step): {"a": (n + step) % 2, "b": (n + step + (n % 4 == 0)) % 2} for n in range(20) for step in range(10)
    }
    alone = agreement_of(code(ratings, "nominal"), "nominal")
    together = agreement_of(code(ratings, "nominal", group=lambda unit: unit[0]), "nominal")
    assert together.krippendorff.value == alone.krippendorff.value
    for name in ("percent", "fleiss", "krippendorff"):
        wide, narrow = (getattr(report, name).interval for report in (together, alone))
        assert (wide.high - wide.low) / (narrow.high - narrow.low) == pytest.approx(10**0.5, rel=0.2)


def test_perfect_percent_is_not_said_to_be_certain():
    report = agreement({item: {"a": item % 2, "b": item % 2} for item in range(10)})
    assert (report.percent.value, round(report.percent.interval.low)) == (100, 72)


def test_many_different_sets_come_to_the_same_as_few(monkeypatch):
    numbered = random_ratings(list(range(len(TAGS))), items=300)
    chosen = {item: {rater: TAGS[n] for rater, n in answers.items()} for item, answers in numbered.items()}
    exact = agreement(chosen, "sets")
    monkeypatch.setattr("core.measure.krippendorff.MANY_SETS", 2)
    near = agreement(chosen, "sets")
    assert near.krippendorff.value == pytest.approx(exact.krippendorff.value)
    assert (near.interval.low, near.interval.high) == pytest.approx((exact.interval.low, exact.interval.high), abs=0.01)
