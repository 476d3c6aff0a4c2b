from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytest.importorskip("onnx")

from retrieval.errors import ModelFileError  # noqa: E402
from retrieval.modelfile import read_manifest  # noqa: E402
from training import distil_data, embedder, export, graph  # noqa: E402


@pytest.fixture(scope="module")
def bert() -> object:
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=60, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
        max_position_embeddings=40, attention_probs_dropout_prob=0.0, hidden_dropout_prob=0.0,
    )  # fmt: skip
    model = transformers.BertModel(config, add_pooling_layer=False).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "weight" in name and parameter.ndim == 2:
                parameter.mul_(6.0)  # as spread out as a trained model's, so that attention is not flat
    return model


def _batch(rng: np.random.Generator, lengths: list[int]) -> dict[str, np.ndarray]:
    ids, mask = distil_data.pad([rng.integers(1, 60, n).tolist() for n in lengths])
    return {"input_ids": ids, "attention_mask": mask}


def _torch(bert: object, batch: dict[str, np.ndarray]) -> np.ndarray:
    with torch.no_grad():
        given = {k: torch.from_numpy(v) for k, v in batch.items()}
        return distil_data.pool(bert(**given).last_hidden_state, given["attention_mask"]).numpy()


def _session(bert: object, ranges: dict[str, graph.Range]) -> object:
    g = graph.Graph()
    shape = export.shape_of(bert.config)
    return export.session(
        graph.model(g, graph.pooled(g, graph.encoder(g, export.arrays(bert), shape, ranges)), 32).SerializeToString()
    )


def test_the_graph_is_the_model(bert: object) -> None:
    batch = _batch(np.random.default_rng(1), [5, 17, 1, 33])
    found = _session(bert, {}).run(None, batch)[0]
    assert ((found * _torch(bert, batch)).sum(1) > 0.999).all()  # int8 embedding rows are all that differs


def test_int8_is_near_and_does_not_depend_on_the_batch(bert: object) -> None:
    rng = np.random.default_rng(2)
    ranges = export.calibrate(bert, [_batch(rng, [20] * 16) for _ in range(8)], tokens=600)
    assert sorted(ranges) == sorted(f"layer.{i}.{p}" for i in range(2) for p in ("qkv", "out", "up", "down"))
    session = _session(bert, ranges)
    batch = _batch(rng, [6, 30, 12])
    together = session.run(None, batch)[0]
    assert ((together * _torch(bert, batch)).sum(1) > 0.99).all()
    for row, length in enumerate([6, 30, 12]):
        alone = session.run(None, {k: v[row : row + 1, :length] for k, v in batch.items()})[0][0]
        assert float(alone @ together[row]) > 0.9999


def test_inputs_left_in_float32_bring_the_graph_nearer(bert: object) -> None:
    rng = np.random.default_rng(5)
    batches = [_batch(rng, [12, 20, 7, 16]) for _ in range(6)]
    ranges = export.calibrate(bert, batches)
    whole = {name: graph.Range(0.0, 0.0, weights_only=True) for name in ranges}
    batch = _batch(rng, [9, 14, 20])
    reference = _torch(bert, batch)
    off = [1 - (reference * _session(bert, r).run(None, batch)[0]).sum(1).min() for r in (ranges, whole)]
    assert off[1] < off[0]
    assert off[1] < 1e-4


def test_rows_are_rounded_within_half_a_step() -> None:
    matrix = np.random.default_rng(3).standard_normal((7, 50)).astype(np.float32)
    whole, scales = graph.quantise_rows(matrix)
    assert whole.dtype == np.int8
    inside = np.abs(matrix) <= 127 * scales
    assert (np.abs(whole * scales - matrix) <= scales / 2 + 1e-6)[inside].all()
    assert inside.mean() > 0.9


@pytest.mark.parametrize(("low", "high"), [(-1.0, 3.0), (0.2, 5.0), (-4.0, -0.5), (0.0, 0.0)])
def test_zero_is_on_the_grid(low: float, high: float) -> None:
    scale, zero = graph.grid(low, high)
    assert scale > 0
    assert 0 <= zero <= 255
    assert (0 - zero) * scale <= min(low, 0) + scale
    assert (255 - zero) * scale >= max(high, 0) - scale


def test_a_package_is_what_its_manifest_says(tmp_path: Path) -> None:
    export.write_package(tmp_path, {"a.bin": b"one", "b.bin": b"two"}, {"name": "x", "version": "1"})
    manifest = read_manifest(tmp_path)
    other = export.write_package(tmp_path / "other", {"a.bin": b"one", "b.bin": b"tw0"}, {"name": "x", "version": "1"})
    assert manifest["digest"] != other["digest"]
    assert json.loads((tmp_path / "manifest.json").read_text()) == manifest
    (tmp_path / "b.bin").write_bytes(b"twO")
    with pytest.raises(ModelFileError, match=r"b\.bin is damaged"):
        read_manifest(tmp_path)


def test_the_loss_is_least_at_the_target_and_spares_near_duplicates() -> None:
    torch.manual_seed(0)
    unit = torch.nn.functional.normalize
    target = unit(torch.randn(4, 16), dim=1)
    bank = unit(torch.randn(32, 16), dim=1)
    at_target, contrast, cosine = embedder.distil_loss(target, target, bank)
    assert float(contrast) == pytest.approx(0.0, abs=1e-5)
    assert float(cosine) == pytest.approx(1.0, abs=1e-5)
    for _ in range(5):
        off = unit(target + 0.2 * torch.randn(4, 16), dim=1)
        assert embedder.distil_loss(off, target, bank)[0] > at_target
    # a bank that holds the very same text must not push the student away from its own target
    assert float(embedder.distil_loss(target, target, target)[1]) == pytest.approx(0.0, abs=1e-5)


def test_a_pass_draws_by_weight_and_keeps_to_the_budget() -> None:
    import random

    lengths = np.asarray([5, 9, 30, 31, 8] * 40)
    weights = np.asarray([1.0, 0.0, 2.0, 1.0, 0.5] * 40)
    made = embedder.batches(lengths, weights, random.Random(0), tokens=128, most=10)
    drawn = np.bincount([i for b in made for i in b], minlength=200).reshape(40, 5)
    assert (drawn[:, [0, 1, 2, 3]] == [1, 0, 2, 1]).all()
    assert 5 < drawn[:, 4].sum() < 35
    assert all(len(b) <= 10 and max(lengths[b]) * len(b) <= 128 for b in made)
    assert made == embedder.batches(lengths, weights, random.Random(0), tokens=128, most=10)


def test_the_learning_rate_rises_stays_and_falls_to_nothing() -> None:
    found = [embedder.learning_rate_factor(p) for p in np.linspace(0, 1, 101)]
    assert found[0] == 0.0
    assert found[100] == 0.0
    assert max(found) == 1.0
    assert all(a >= b for a, b in itertools.pairwise(found[35:]))


def test_code_is_switched_only_where_a_whole_word_has_a_sure_translation() -> None:
    import random

    table = np.full(20, -1)
    table[[5, 6, 7]] = [15, 16, 17]
    continuing = np.zeros(20, bool)
    continuing[8] = True
    seen = set()
    for seed in range(60):
        out = embedder.switch_code([1, 5, 6, 8, 9, 7, 2], table, continuing, random.Random(seed))
        assert (out[0], out[-1]) == (1, 2)
        assert out[2:5] == [6, 8, 9]  # 6 is only the head of a longer word; 9 has no translation
        seen.update(out)
    assert {5, 15, 7, 17} <= seen
