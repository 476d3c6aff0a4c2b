"""The numbers agree with scikit-learn, with trec_eval, and with sums done by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals.metrics import calibration, classification, ranking, resample, weighted

sklearn_metrics = pytest.importorskip("sklearn.metrics", reason='pip install "saring[evals]"')

LABELS = ["supports", "refutes", "neutral"]
EXACT = 1e-9


@pytest.fixture(scope="module")
def answers() -> tuple[list[str], list[str], list[float]]:
    random = np.random.default_rng(7)
    gold = random.choice(LABELS, size=400, p=[0.5, 0.2, 0.3]).tolist()
    said = [g if random.random() < 0.7 else str(random.choice(LABELS)) for g in gold]
    return gold, said, np.round(random.random(400), 2).tolist()


def test_label_metrics_are_scikit_learns(answers: tuple[list[str], list[str], list[float]]) -> None:
    gold, said, scores = answers
    found = classification.labelled(gold, said)
    assert found["accuracy"] == pytest.approx(sklearn_metrics.accuracy_score(gold, said), abs=EXACT)
    assert found["macro_f1"] == pytest.approx(sklearn_metrics.f1_score(gold, said, average="macro"), abs=EXACT)
    yes = [g == "supports" for g in gold]
    binary = classification.binary(yes, [s == "supports" for s in said], scores)
    expected = sklearn_metrics.balanced_accuracy_score(yes, [s == "supports" for s in said])
    assert binary["balanced_accuracy"] == pytest.approx(expected, abs=EXACT)
    assert binary["auroc"] == pytest.approx(sklearn_metrics.roc_auc_score(yes, scores), abs=EXACT)


def test_macro_f1_by_hand() -> None:
    # supports: tp 1, fp 1, fn 1 -> 1/2; refutes: tp 1, fp 0, fn 0 -> 1; neutral: tp 0, fp 1, fn 1 -> 0
    gold, said = ["supports", "supports", "refutes", "neutral"], ["supports", "neutral", "refutes", "supports"]
    assert classification.labelled(gold, said)["macro_f1"] == pytest.approx(0.5)


def test_one_class_has_no_balanced_accuracy() -> None:
    assert classification.binary([True, True], [True, False], [0.9, 0.1]) == {"balanced_accuracy": None, "auroc": None}
    assert classification.labelled([], []) == {"accuracy": None, "macro_f1": None}


def test_calibration_by_hand() -> None:
    # bin (0.8, 0.867]: 2 rows, confidence .85, accuracy .5; bin (0.333, 0.4]: 1 row, .4 against 1
    assert calibration.ece([0.85, 0.85, 0.4], [True, False, True]) == pytest.approx((2 * 0.35 + 0.6) / 3)
    assert calibration.brier([[0.7, 0.2, 0.1]], [0]) == pytest.approx(0.3**2 + 0.2**2 + 0.1**2)


def test_brier_is_scikit_learns_for_two_classes(answers: tuple[list[str], list[str], list[float]]) -> None:
    gold, _, scores = answers
    yes = [int(g == "supports") for g in gold]
    expected = sklearn_metrics.brier_score_loss(yes, scores)
    # ours sums over both classes, scikit-learn's binary score is of one
    assert calibration.brier([[1 - s, s] for s in scores], yes) == pytest.approx(2 * expected, abs=EXACT)


def test_risk_coverage_takes_the_surest_first() -> None:
    found = calibration.risk_coverage([0.9, 0.8, 0.7, 0.6], [True, True, False, False])
    assert found["curve"] == [[0.25, 0.0], [0.5, 0.0], [0.75, pytest.approx(1 / 3)], [1.0, 0.5]]
    assert found["aurc"] == pytest.approx((0 + 0 + 1 / 3 + 1 / 2) / 4)


def test_risk_coverage_does_not_depend_on_the_order_of_ties() -> None:
    a = calibration.risk_coverage([0.5, 0.5, 0.9], [True, False, True])
    assert a == calibration.risk_coverage([0.9, 0.5, 0.5], [True, False, True])


def test_ranking_is_trec_evals() -> None:
    pytrec_eval = pytest.importorskip("pytrec_eval", reason='pip install "saring[evals]"')
    random = np.random.default_rng(3)
    documents = [f"d{i:02}" for i in range(40)]
    qrels = {
        f"q{q}": {d: int(random.integers(0, 3)) for d in random.choice(documents, 8, replace=False)} for q in range(30)
    }
    for judged in qrels.values():
        judged[next(iter(judged))] = 1
    rankings = {query: list(random.permutation(documents)[:20]) for query in qrels}
    found = ranking.per_query(qrels, rankings)
    runs = {query: {d: float(100 - i) for i, d in enumerate(ranks)} for query, ranks in rankings.items()}
    measures = {"ndcg_cut_10", "recall_1", "recall_5", "recall_10", "recip_rank"}
    expected = pytrec_eval.RelevanceEvaluator(qrels, measures).evaluate(runs)
    names = dict(zip(ranking.MEASURES, ("ndcg_cut_10", "recall_1", "recall_5", "recall_10", "recip_rank"), strict=True))
    assert set(found) == set(qrels)
    for query, values in found.items():
        for ours, theirs in names.items():
            assert values[ours] == pytest.approx(expected[query][theirs], abs=EXACT), (query, ours)


def test_ndcg_by_hand() -> None:
    found = ranking.per_query({"q": {"a": 1, "b": 1}}, {"q": ["x", "a", "y", "b"]})["q"]
    gained, ideal = 1 / math.log2(3) + 1 / math.log2(5), 1 + 1 / math.log2(3)
    assert found["ndcg@10"] == pytest.approx(gained / ideal)
    assert found["mrr"] == pytest.approx(0.5)
    assert found["recall@1"] == 0
    assert found["recall@5"] == 1


def test_a_query_without_answer_scores_nothing_and_counts() -> None:
    found = ranking.per_query({"q": {"a": 1}, "r": {"a": 1}, "nothing relevant": {"a": 0}}, {"q": ["a"]})
    assert ranking.mean(found)["mrr"] == 0.5
    assert set(found) == {"q", "r"}


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_weighted_metrics_are_the_metrics_of_repeated_rows(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 12))
    gold = data.draw(st.lists(st.sampled_from(LABELS), min_size=size, max_size=size))
    said = data.draw(st.lists(st.sampled_from(LABELS), min_size=size, max_size=size))
    scores = data.draw(st.lists(st.sampled_from([0.0, 0.2, 0.35, 0.5, 0.9, 1.0]), min_size=size, max_size=size))
    weights = data.draw(st.lists(st.integers(0, 3), min_size=size, max_size=size).filter(any))
    rows = [i for i, weight in enumerate(weights) for _ in range(weight)]
    matrix = np.array([weights], dtype=float)
    yes, says_yes = [g == "supports" for g in gold], [s == "supports" for s in said]
    right = [a == b for a, b in zip(gold, said, strict=True)]

    plain = classification.labelled([gold[i] for i in rows], [said[i] for i in rows])
    binary = classification.binary([yes[i] for i in rows], [says_yes[i] for i in rows], [scores[i] for i in rows])
    error = calibration.ece([scores[i] for i in rows], [right[i] for i in rows])
    same(weighted.accuracy(matrix, np.array(right)), plain["accuracy"])
    same(weighted.macro_f1(matrix, gold, said), plain["macro_f1"])
    same(weighted.balanced_accuracy(matrix, np.array(yes), np.array(says_yes)), binary["balanced_accuracy"])
    same(weighted.auroc(matrix, np.array(yes), np.array(scores)), binary["auroc"])
    same(weighted.ece(matrix, np.array(scores), np.array(right)), error)


def same(found: np.ndarray, expected: float | None) -> None:
    if expected is None:
        assert np.isnan(found[0])
    else:
        assert found[0] == pytest.approx(expected, abs=EXACT)


def test_bootstrap_interval_is_the_textbook_one_for_a_mean() -> None:
    values = np.random.default_rng(1).normal(5, 2, size=2000)
    low, high = resample.intervals({"m": lambda w: weighted.mean(w, values)}, range(2000), seed=3)["m"]
    error = 1.96 * values.std() / math.sqrt(2000)
    assert low == pytest.approx(values.mean() - error, abs=0.02)
    assert high == pytest.approx(values.mean() + error, abs=0.02)


def test_rows_of_one_claim_are_drawn_together() -> None:
    values = np.repeat(np.random.default_rng(2).normal(size=50), 20)
    alone = resample.intervals({"m": lambda w: weighted.mean(w, values)}, range(1000))["m"]
    together = resample.intervals({"m": lambda w: weighted.mean(w, values)}, [i // 20 for i in range(1000)])["m"]
    assert together[1] - together[0] > 3 * (alone[1] - alone[0])


def test_intervals_are_the_same_for_the_same_seed() -> None:
    values = np.random.default_rng(4).random(100)
    runs = [resample.intervals({"m": lambda w: weighted.mean(w, values)}, range(100), seed=s)["m"] for s in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def test_mcnemar_by_hand() -> None:
    # 1 gained, 7 lost: two-sided exact binomial, 2 * (C(8,0) + C(8,1)) / 2^8
    first = [True] * 7 + [False] + [True] * 20
    second = [False] * 7 + [True] + [True] * 20
    assert resample.mcnemar(first, second) == pytest.approx(2 * 9 / 256)
    assert resample.mcnemar(first, first) == 1.0


def test_permutation_tests_find_a_difference_and_none() -> None:
    random = np.random.default_rng(5)
    base = random.random(200)
    assert resample.permutation_mean(base, base + 0.1, rounds=500) < 0.01
    noise = resample.permutation_mean(base, base + random.normal(0, 0.2, 200), rounds=2000)
    assert noise > 0.01
    gold = random.choice(LABELS, 200).tolist()
    worse = [str(random.choice(LABELS)) for _ in gold]
    assert resample.permutation_macro_f1(gold, worse, gold, rounds=200) < 0.01
    assert resample.permutation_macro_f1(gold, worse, worse, rounds=200) == 1.0


def test_holm_by_hand() -> None:
    found = resample.holm({"a": 0.01, "b": 0.04, "c": 0.03})
    assert found == {"a": pytest.approx(0.03), "c": pytest.approx(0.06), "b": pytest.approx(0.06)}
