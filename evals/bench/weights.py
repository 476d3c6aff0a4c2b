"""The shipped int8 models as float32 folders that sentence-transformers loads, so that both sides run the same weights.

The numbers are those of the ONNX file: an int8 weight times its scale. What the file divides a layer's input by is
taken into the weight, and the share of the attention score that the file has taken into the query is taken out again.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evals.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float32]

HEADS = 12
"""Attention heads of MiniLM; the file holds only their product with the width of one."""


def write_embedder(folder: Path, out: Path) -> Path:
    """Write the embedder of a model folder for `SentenceTransformer(out)`."""
    state, sizes = _read(folder)
    _write_encoder(state, sizes, folder, out)
    (out / "modules.json").write_text(
        json.dumps(
            [
                {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
                {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
                {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
            ]
        )
    )
    (out / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": sizes["positions"]}))
    (out / "1_Pooling").mkdir(exist_ok=True)
    (out / "2_Normalize").mkdir(exist_ok=True)
    (out / "1_Pooling" / "config.json").write_text(
        json.dumps({"word_embedding_dimension": sizes["hidden"], "pooling_mode_mean_tokens": True})
    )
    return out


def write_judge(folder: Path, out: Path) -> Path:
    """Write the judge of a model folder for `CrossEncoder(out)`.

    The encoder is the same to the number. sentence-transformers has no place for the judge's own head (two small
    layers); it gets its usual one of like cost, so its timings compare and its answers do not.
    """
    state, sizes = _read(folder)
    hidden = sizes["hidden"]
    chance = np.random.default_rng(0)
    state = {f"bert.{name}": value for name, value in state.items()}
    state["bert.pooler.dense.weight"] = np.eye(hidden, dtype=np.float32)
    state["bert.pooler.dense.bias"] = np.zeros(hidden, np.float32)
    state["classifier.weight"] = (chance.standard_normal((3, hidden)) * 0.02).astype(np.float32)
    state["classifier.bias"] = np.zeros(3, np.float32)
    _write_encoder(state, sizes, folder, out, architecture="BertForSequenceClassification")
    return out


def _read(folder: Path) -> tuple[dict[str, Array], dict[str, int]]:
    """The encoder's state under the names of a torch `BertModel`, and its sizes.

    Raises:
        DataError: The file is not built as `training.graph` builds it.
    """
    try:
        return _state(_constants(folder))
    except (StopIteration, ValueError, KeyError, IndexError) as error:
        raise DataError(
            f"{folder}: the weights are not laid out as expected ({type(error).__name__}: {error})"
        ) from error


def _constants(folder: Path) -> list[tuple[str, NDArray[Any]]]:
    """The constants that hold weights, as `(kind, value)` in the order they were made."""
    import onnx
    from onnx import numpy_helper

    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    graph = onnx.load(str(folder / manifest["model"])).graph
    found = []
    for constant in graph.initializer:
        kind, _, number = constant.name.rpartition("_")
        if kind != "c":
            found.append((int(number), kind, numpy_helper.to_array(constant)))
    return [(kind, value) for _, kind, value in sorted(found, key=lambda item: item[0])]


def _state(constants: list[tuple[str, NDArray[Any]]]) -> tuple[dict[str, Array], dict[str, int]]:
    rest = iter(constants)
    kinds = [kind for kind, _ in constants]
    state: dict[str, Array] = {}
    words = _take(rest, "words").astype(np.float32) * _take(rest, "word_scales")
    positions = _take(rest, "positions").astype(np.float32)
    hidden = words.shape[1]
    types = _take(rest, "types") if "types" in kinds else np.zeros((2, hidden), np.float32)
    state["embeddings.word_embeddings.weight"] = words
    state["embeddings.position_embeddings.weight"] = positions
    state["embeddings.token_type_embeddings.weight"] = types
    _norm(state, rest, "embeddings.LayerNorm")
    layers = kinds.count("ln") // 2 // 2  # two norms a layer, and one before them
    inner = 0
    for number in range(layers):
        at = f"encoder.layer.{number}"
        weight, bias = _linear(rest)
        share = np.float32(np.sqrt(hidden // HEADS))
        for i, part in enumerate(("query", "key", "value")):
            own = slice(i * hidden, (i + 1) * hidden)
            factor = share if part == "query" else np.float32(1)
            state[f"{at}.attention.self.{part}.weight"] = weight[own] * factor
            state[f"{at}.attention.self.{part}.bias"] = bias[own] * factor
        state[f"{at}.attention.output.dense.weight"], state[f"{at}.attention.output.dense.bias"] = _linear(rest)
        _norm(state, rest, f"{at}.attention.output.LayerNorm")
        weight, bias = _linear(rest)
        inner = len(bias)
        state[f"{at}.intermediate.dense.weight"], state[f"{at}.intermediate.dense.bias"] = weight, bias
        state[f"{at}.output.dense.weight"], state[f"{at}.output.dense.bias"] = _linear(rest)
        _norm(state, rest, f"{at}.output.LayerNorm")
    sizes = {"hidden": hidden, "layers": layers, "inner": inner, "vocabulary": len(words), "positions": len(positions)}
    return state, sizes


def _take(rest: Iterator[tuple[str, NDArray[Any]]], kind: str) -> NDArray[Any]:
    found, value = next(rest)
    if found != kind:
        raise ValueError(f"{found} where {kind} should be")
    return value


def _norm(state: dict[str, Array], rest: Iterator[tuple[str, NDArray[Any]]], name: str) -> None:
    state[f"{name}.weight"], state[f"{name}.bias"] = _take(rest, "ln"), _take(rest, "ln")


def _linear(rest: Iterator[tuple[str, NDArray[Any]]]) -> tuple[Array, Array]:
    """Weight `(out, in)` and bias of the next linear layer."""
    kind, value = next(rest)
    divisor: Array = np.ones(1, np.float32)
    if kind == "smooth":
        divisor = value  # the file has the reciprocal: its input is multiplied by it
        kind, value = next(rest)
    if kind == "w":
        return np.ascontiguousarray(value.T), _take(rest, "b")
    if kind == "zero":
        _take(rest, "scale")
        kind, value = next(rest)
    # Without a range for its input, a layer has whole weights all the same: one that rounding would hurt most.
    if kind != "w8":
        raise ValueError(f"{kind} where a linear layer should begin")
    whole, scales = value, _take(rest, "w8_scale")
    _take(rest, "w8_zero")
    weight = (whole.astype(np.float32) * scales).T * divisor
    return np.ascontiguousarray(weight, dtype=np.float32), _take(rest, "b")


def _write_encoder(
    state: dict[str, Array], sizes: dict[str, int], folder: Path, out: Path, architecture: str = "BertModel"
) -> None:
    from safetensors.numpy import save_file

    out.mkdir(parents=True, exist_ok=True)
    save_file({name: np.ascontiguousarray(value) for name, value in state.items()}, str(out / "model.safetensors"))
    config: dict[str, Any] = {
        "model_type": "bert",
        "architectures": [architecture],
        "hidden_size": sizes["hidden"],
        "num_hidden_layers": sizes["layers"],
        "num_attention_heads": HEADS,
        "intermediate_size": sizes["inner"],
        "vocab_size": sizes["vocabulary"],
        "max_position_embeddings": sizes["positions"],
        "type_vocab_size": 2,
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-12,
        "pad_token_id": 0,
    }
    if architecture.endswith("Classification"):
        config |= {"num_labels": 3, "id2label": {str(i): f"{i}" for i in range(3)}}
    (out / "config.json").write_text(json.dumps(config))
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    shutil.copy(folder / manifest["tokenizer"], out / "tokenizer.json")
    special = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": sizes["positions"], **special}
    (out / "tokenizer_config.json").write_text(json.dumps(settings))
    # What the file says of padding and truncation is for one text at a time; the peer batches.
    tokenizer = re.sub(
        r'"(padding|truncation)":\s*\{[^}]*\}', r'"\1":null', (out / "tokenizer.json").read_text("utf-8")
    )
    (out / "tokenizer.json").write_text(tokenizer, "utf-8")
