"""How ONNX Runtime is asked to multiply: fast where that is exact, exact everywhere."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path

import numpy as np
import pytest

from checker.judges.crossencoder import MODEL_FOLDER as JUDGE
from retrieval import modelfile
from retrieval.embed import MODEL_FOLDER as EMBEDDER


@pytest.mark.parametrize("folder", [EMBEDDER, JUDGE], ids=["embedder", "judge"])
def test_fast_products_are_taken_only_where_they_are_exact(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = np.random.default_rng(0).integers(1000, 20000, (4, 40))
    inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
    if folder == JUDGE:
        inputs["token_type_ids"] = np.zeros_like(ids)
    chosen = modelfile.onnxruntime_runner(folder / "model.onnx", 1)(inputs)
    monkeypatch.setattr(modelfile, "exact_products", lambda: False)
    exact = modelfile.onnxruntime_runner(folder / "model.onnx", 1)(inputs)
    assert np.array_equal(chosen, exact), "whatever the processor, the model says the same"


@pytest.mark.parametrize("exact", [True, False])
def test_exact_products_are_asked_for_where_fast_ones_are_not(exact: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    import onnxruntime

    asked: list[str] = []

    class Options(onnxruntime.SessionOptions):  # type: ignore[misc]
        def add_session_config_entry(self, name: str, value: str) -> None:
            asked.append(f"{name}={value}")
            super().add_session_config_entry(name, value)

    monkeypatch.setattr(onnxruntime, "SessionOptions", Options)
    monkeypatch.setattr(modelfile, "exact_products", lambda: exact)
    modelfile.onnxruntime_runner(EMBEDDER / "model.onnx", 1)
    assert ("session.x64quantprecision=1" in asked) is not exact


def test_the_product_that_tells_is_of_the_largest_values() -> None:
    import onnx
    from onnx import numpy_helper

    model = onnx.load_from_string(b64decode(modelfile._PRODUCT))
    (weights,) = (numpy_helper.to_array(tensor) for tensor in model.graph.initializer)
    assert [node.op_type for node in model.graph.node] == ["MatMulInteger"]
    assert weights.dtype == np.int8
    assert (weights == 127).all()
    assert len(weights) == modelfile._TERMS
