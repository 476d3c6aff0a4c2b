"""A BERT as an int8 ONNX graph whose arithmetic does not depend on the batch.

Written with `onnx.helper` rather than traced: the graph is small, and every place where a number is rounded is chosen
here. Weights of the linear layers are int8 with a scale for each output channel; their inputs are rounded to uint8
with ranges fixed at calibration (`QuantizeLinear` / `DequantizeLinear`, which ONNX Runtime and OpenVINO turn into
integer products); attention, LayerNorm and GELU stay in float32. Embedding rows are int8 with a scale for each row.

Ranges fixed once are what makes a text's vector the same alone and in any batch. Dynamic ranges, the usual choice for
BERT on ONNX Runtime, are taken over the whole batch: the same sentence then moved to cosine 0.989 beside longer ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

OPSET = 20  # the first with Gelu as one operator
NEGATIVE = -1e4  # what a masked position adds to an attention score; exp of it is 0 in float32


@dataclass(frozen=True)
class Range:
    """How one linear layer's input is rounded.

    Attributes:
        low, high: The values that become 0 and 255; what lies outside is clipped.
        smooth: The input is divided by this per channel before rounding and the weights multiplied by it (Xiao et al.,
            "SmoothQuant", 2023), float32 (channels,); None leaves both as they are.
        correction: Added to the bias: what rounding moved the outputs by on average, float32 (outputs,).
        weights_only: The input is not rounded at all: the weights are int8 on disk and the product is in float32. For
            the few layers whose rounded inputs move the model's answers most; costs speed, not size.
    """

    low: float
    high: float
    smooth: np.ndarray | None = None
    correction: np.ndarray | None = None
    weights_only: bool = False


@dataclass(frozen=True)
class Shape:
    """What of a BERT's configuration the graph needs."""

    layers: int
    heads: int
    hidden: int
    eps: float
    positions: int


@dataclass
class Graph:
    """Collects nodes and constants; names are made up as it goes."""

    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)
    made: int = 0

    def constant(self, value: Any, name: str = "c") -> str:
        """Adds `value` as an initialiser and returns its name."""
        from onnx import numpy_helper

        self.made += 1
        label = f"{name}_{self.made}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), label))
        return label

    def node(self, kind: str, inputs: Sequence[str], outputs: int = 1, **attributes: Any) -> Any:
        """Adds an operator and returns the name of its output, or a list of them."""
        from onnx import helper

        self.made += 1
        names = [f"{kind}_{self.made}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names[0] if outputs == 1 else names


def grid(low: float, high: float) -> tuple[float, int]:
    """Step and zero point of the uint8 grid over `low`..`high`; zero is always on the grid."""
    low, high = min(low, 0.0), max(high, 0.0)
    scale = max((high - low) / 255.0, 1e-8)
    return scale, round(-low / scale)


def quantise_rows(matrix: np.ndarray, *, steps: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """int8 rows and float32 scales (rows, 1), each scale the best of several clips in squared error."""
    return _best_scales(matrix.astype(np.float32), steps)


def _best_scales(rows: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
    top = np.maximum(np.abs(rows).max(axis=1, keepdims=True), 1e-8)
    best_error = np.full((len(rows), 1), np.inf, np.float32)
    best = top / 127.0
    for shrink in np.linspace(1.0, 0.7, steps):
        scale = top * np.float32(shrink) / 127.0
        error = ((np.clip(np.rint(rows / scale), -127, 127) * scale - rows) ** 2).sum(axis=1, keepdims=True)
        better = error < best_error
        best_error = np.where(better, error, best_error)
        best = np.where(better, scale, best)
    return np.clip(np.rint(rows / best), -127, 127).astype(np.int8), best.astype(np.float32)


def linear(
    graph: Graph, value: str, weight: np.ndarray, bias: np.ndarray, rounding: Range | None, *, divided: bool = False
) -> str:
    """`value @ weight.T + bias`, in integers where `rounding` says how, else in float32.

    Args:
        graph: Where the nodes go.
        value: Name of the layer's input, (batch, tokens, in).
        weight: (out, in), as torch stores it.
        bias: (out,).
        rounding: How to round the input; None for float32.
        divided: `value` has been divided by `rounding.smooth` already.
    """
    if rounding is None:
        product = graph.node("MatMul", [value, graph.constant(weight.T.astype(np.float32), "w")])
    elif rounding.weights_only:
        product = graph.node("MatMul", [value, whole_weights(graph, weight)])
    else:
        if rounding.smooth is not None:
            if not divided:
                value = graph.node("Mul", [value, graph.constant((1.0 / rounding.smooth).astype(np.float32), "smooth")])
            weight = weight * rounding.smooth[None, :]
        if rounding.correction is not None:
            bias = bias + rounding.correction
        scale, offset = grid(rounding.low, rounding.high)
        zero = graph.constant(np.asarray(offset, np.uint8), "zero")
        step = graph.constant(np.asarray(scale, np.float32), "scale")
        rounded = graph.node("DequantizeLinear", [graph.node("QuantizeLinear", [value, step, zero]), step, zero])
        product = graph.node("MatMul", [rounded, whole_weights(graph, weight)])
    return str(graph.node("Add", [product, graph.constant(bias.astype(np.float32), "b")]))


def whole_weights(graph: Graph, weight: np.ndarray) -> str:
    """`weight` (out, in) as int8 with a scale for each output, turned into float32 (in, out) by the graph."""
    whole, scales = quantise_rows(weight)
    parts = (graph.constant(whole.T, "w8"), graph.constant(scales[:, 0], "w8_scale"),
             graph.constant(np.zeros(len(whole), np.int8), "w8_zero"))  # fmt: skip
    return str(graph.node("DequantizeLinear", parts, axis=1))


def encoder(
    graph: Graph,
    state: Mapping[str, np.ndarray],
    shape: Shape,
    ranges: Mapping[str, Range],
    *,
    token_types: str | None = None,
    prefix: str = "",
) -> str:
    """Token states (batch, tokens, hidden) of the inputs `input_ids` and `attention_mask`.

    Args:
        graph: Where the nodes go.
        state: The torch state of a `BertModel`, as arrays.
        shape: Its size.
        ranges: By linear layer (`layer.0.qkv`, `.out`, `.up`, `.down`); a layer without one stays in float32.
        token_types: Name of an input with token types; None takes type 0 throughout.
        prefix: What stands before `embeddings.` and `encoder.` in the names of `state`.
    """
    g = graph

    def weights(name: str) -> np.ndarray:
        return np.asarray(state[prefix + name], np.float32)

    def norm(value: str, name: str) -> str:
        scale, offset = (g.constant(weights(f"{name}.{part}"), "ln") for part in ("weight", "bias"))
        return str(g.node("LayerNormalization", [value, scale, offset], axis=-1, epsilon=shape.eps))

    rows, scales = quantise_rows(weights("embeddings.word_embeddings.weight"))
    ids = "input_ids"
    words = g.node(
        "Mul",
        [
            g.node("Cast", [g.node("Gather", [g.constant(rows, "words"), ids])], to=1),
            g.node("Gather", [g.constant(scales, "word_scales"), ids]),
        ],
    )
    one, zero = g.constant(np.asarray([1], np.int64)), g.constant(np.asarray([0], np.int64))
    length = g.node("Slice", [g.node("Shape", [ids]), one, g.constant(np.asarray([2], np.int64))])
    positions = weights("embeddings.position_embeddings.weight")[: shape.positions]
    types = weights("embeddings.token_type_embeddings.weight")
    if token_types is None:
        place = g.node("Slice", [g.constant(positions + types[0], "positions"), zero, length])
        total = g.node("Add", [words, place])
    else:
        place = g.node("Slice", [g.constant(positions, "positions"), zero, length])
        kinds = g.node("Gather", [g.constant(types, "types"), token_types])
        total = g.node("Add", [g.node("Add", [words, place]), kinds])
    states = norm(total, "embeddings.LayerNorm")

    mask = g.node("Cast", ["attention_mask"], to=1)
    hidden_mask = g.node(
        "Mul",
        [g.node("Sub", [g.constant(np.asarray(1.0, np.float32)), mask]), g.constant(np.asarray(NEGATIVE, np.float32))],
    )
    bias = g.node("Unsqueeze", [hidden_mask, g.constant(np.asarray([1, 2], np.int64))])
    width = shape.hidden // shape.heads
    apart = g.constant(np.asarray([0, 0, shape.heads, width], np.int64))
    together = g.constant(np.asarray([0, 0, shape.hidden], np.int64))
    thirds = g.constant(np.asarray([shape.hidden] * 3, np.int64))
    for index in range(shape.layers):
        at = f"encoder.layer.{index}"
        key = f"layer.{index}"
        heads = [weights(f"{at}.attention.self.{part}.weight") for part in ("query", "key", "value")]
        offsets = [weights(f"{at}.attention.self.{part}.bias") for part in ("query", "key", "value")]
        heads[0], offsets[0] = heads[0] / np.sqrt(width), offsets[0] / np.sqrt(width)  # the score's scale, for free
        outward = ranges.get(f"{key}.out")
        smooth = outward.smooth if outward else None
        if smooth is not None:  # what the output layer's input is divided by can be taken out of the values, for free
            heads[2], offsets[2] = heads[2] / smooth[:, None], offsets[2] / smooth
        three = linear(g, states, np.concatenate(heads), np.concatenate(offsets), ranges.get(f"{key}.qkv"))
        q, k, v = g.node("Split", [three, thirds], outputs=3, axis=2)
        q = g.node("Transpose", [g.node("Reshape", [q, apart])], perm=[0, 2, 1, 3])
        k = g.node("Transpose", [g.node("Reshape", [k, apart])], perm=[0, 2, 3, 1])
        v = g.node("Transpose", [g.node("Reshape", [v, apart])], perm=[0, 2, 1, 3])
        shares = g.node("Softmax", [g.node("Add", [g.node("MatMul", [q, k]), bias])], axis=-1)
        mixed = g.node("Reshape", [g.node("Transpose", [g.node("MatMul", [shares, v])], perm=[0, 2, 1, 3]), together])
        out = linear(
            g,
            mixed,
            weights(f"{at}.attention.output.dense.weight"),
            weights(f"{at}.attention.output.dense.bias"),
            outward,
            divided=True,
        )
        states = norm(g.node("Add", [out, states]), f"{at}.attention.output.LayerNorm")
        up = linear(
            g,
            states,
            weights(f"{at}.intermediate.dense.weight"),
            weights(f"{at}.intermediate.dense.bias"),
            ranges.get(f"{key}.up"),
        )
        down = linear(
            g,
            g.node("Gelu", [up]),
            weights(f"{at}.output.dense.weight"),
            weights(f"{at}.output.dense.bias"),
            ranges.get(f"{key}.down"),
        )
        states = norm(g.node("Add", [down, states]), f"{at}.output.LayerNorm")
    return states


def pooled(graph: Graph, states: str) -> str:
    """Mean over the tokens under `attention_mask`, scaled to length one: (batch, hidden)."""
    g = graph
    weights = g.node("Unsqueeze", [g.node("Cast", ["attention_mask"], to=1), g.constant(np.asarray([2], np.int64))])
    along = g.constant(np.asarray([1], np.int64))
    total = g.node("ReduceSum", [g.node("Mul", [states, weights]), along], keepdims=0)
    mean = g.node("Div", [total, g.node("ReduceSum", [weights, along], keepdims=0)])
    return str(g.node("LpNormalization", [mean], axis=-1, p=2))


def model(
    graph: Graph,
    output: str,
    width: int,
    *,
    inputs: Sequence[str] = ("input_ids", "attention_mask"),
    output_name: str = "vectors",
    about: str = "",
) -> Any:
    """The finished ONNX model, with `output` renamed to `output_name`, checked."""
    import onnx
    from onnx import TensorProto, helper

    graph.nodes.append(helper.make_node("Identity", [output], [output_name]))
    made = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "saring",
            [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in inputs],
            [helper.make_tensor_value_info(output_name, TensorProto.FLOAT, ["batch", width])],
            initializer=graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=9,
        producer_name="saring.training",
        doc_string=about,
    )
    onnx.checker.check_model(made)
    return made
