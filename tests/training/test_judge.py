"""The judge's recipe: the loss, the plan of batches, the metrics, and a run that is stopped and resumed."""

from __future__ import annotations

import random

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed: pip install 'saring[training]'")

from training.calibrate import calibration_error, fit  # noqa: E402
from training.judge import loss_of, plan  # noqa: E402
from training.judge_eval import balanced_accuracy, expected_calibration_error, macro_f1  # noqa: E402
from training.pair_sources import NOT_SUPPORTED, REFUTES, SUPPORTS, Row  # noqa: E402


def test_a_binary_row_teaches_only_that_it_is_not_supported() -> None:
    logits = torch.tensor([[0.2, 1.0, -0.5]], requires_grad=True)
    loss = loss_of(logits, torch.tensor([NOT_SUPPORTED]), torch.tensor([1.0]), 0.0)
    p = torch.softmax(logits, -1)[0].detach()
    assert loss.item() == pytest.approx(-np.log(1 - p[0].item()), rel=1e-5)
    loss.backward()
    gradient = logits.grad[0]
    # Refuted and neutral are pushed up in the ratio they already have: the row takes no side between them.
    assert gradient[0] > 0
    assert (gradient[1] / gradient[2]).item() == pytest.approx((p[1] / p[2]).item(), rel=1e-4)


def test_a_three_way_row_has_cross_entropy_and_weights_count() -> None:
    logits = torch.tensor([[2.0, 0.0, 0.0], [0.0, 0.0, 3.0]])
    labels = torch.tensor([SUPPORTS, REFUTES])
    both = loss_of(logits, labels, torch.tensor([1.0, 0.0]), 0.0)
    assert both.item() == pytest.approx(torch.nn.functional.cross_entropy(logits[:1], labels[:1]).item())


def test_the_plan_repeats_sets_and_keeps_batches_within_budget() -> None:
    rows = [Row("fever-symmetric", "p", "c", 0)] * 40 + [Row("paws-id", "p", "c", 0)] * 60
    lengths = [random.Random(i).randrange(10, 90) for i in range(100)]
    batches = plan(rows, lengths, 300, random.Random(1), {"fever-symmetric": 3.0})
    counts = np.bincount([i for b in batches for i in b], minlength=100)
    assert (counts[:40] == 3).all()
    assert (counts[40:] == 1).all()
    assert all(len(b) * max(lengths[i] for i in b) <= 300 for b in batches)
    assert batches == plan(rows, lengths, 300, random.Random(1), {"fever-symmetric": 3.0})


def test_metrics_by_hand() -> None:
    gold, predicted = np.array([0, 0, 1, 1, 2, 2]), np.array([0, 1, 1, 1, 2, 0])
    assert macro_f1(gold, predicted) == pytest.approx((0.5 + 0.8 + 2 / 3) / 3)
    assert balanced_accuracy(gold == 0, predicted == 0) == pytest.approx((0.5 + 0.75) / 2)
    assert expected_calibration_error(np.array([0.9, 0.9, 0.6, 0.6]), np.array([1, 1, 1, 0])) == pytest.approx(0.1)


def test_the_temperature_undoes_overconfidence() -> None:
    rng = np.random.default_rng(1)
    honest = rng.normal(0, 1.5, (6000, 3))
    probabilities = np.exp(honest) / np.exp(honest).sum(1, keepdims=True)
    gold = np.array([rng.choice(3, p=p) for p in probabilities])
    loud = honest * 2
    assert fit(loud, gold) == pytest.approx(2.0, abs=0.15)
    assert calibration_error(loud, gold, 2.0) < 0.03 < calibration_error(loud, gold, 1.0)
