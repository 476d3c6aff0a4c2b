"""From judge weights to the files that ship: int8 ONNX with fixed ranges, tokenizer, manifest with checksums.

    python -m training.judge_export --run judge        writes checker/judges/models/judge/

The ranges are calibrated on training pairs, the temperature is the one `training.calibrate` left in the run folder, and
how often int8 and float32 agree is measured on IndoNLI val and COVID-Fact dev and logged. The layers whose rounded
inputs move the logits most (each tried alone, on training pairs) keep their inputs in float32; their weights stay int8.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training import graph
from training import pair_sources as sources
from training.common import ROOT, RUNS, Run, data_folder, git_commit, seed_everything
from training.export import arrays, calibrate, session, shape_of, write_package
from training.judge_model import LABELS, JudgeModel, collate, load_tokenizer
from training.pairs import Row, read_rows

MAX_TOKENS = 256
PROBES = (
    ("Presiden Rusia Vladimir Putin mengatakan agresi terhadap Iran tidak berdasar.",
     "Putin menyebut serangan terhadap Iran tidak beralasan."),
    ("Bank Indonesia held its benchmark rate at 5.75 percent on Thursday.",
     "Bank Indonesia menaikkan suku bunga acuan menjadi 6,25 persen."),
    ("The quake struck Cianjur in West Java at 13.21 local time.", "Gempa itu menewaskan lebih dari 600 orang."),
)  # fmt: skip
INPUTS = ("input_ids", "attention_mask", "token_type_ids")
OUT = ROOT / "checker" / "judges" / "models" / "judge"


def load_judge(folder: Path, weights: str) -> JudgeModel:
    """The judge in a run's `final/` folder, ready to score."""
    from transformers import AutoConfig, BertModel

    config = AutoConfig.from_pretrained(folder, local_files_only=True)
    encoder = BertModel(config, add_pooling_layer=False)
    model = JudgeModel(encoder, config.hidden_size)
    model.load_state_dict(torch.load(folder / f"{weights}.pt", map_location="cpu"))
    return model.eval()


def head(g: graph.Graph, states: str, state: dict[str, np.ndarray], hidden: int) -> str:
    """`JudgeModel`'s head as graph nodes: logits (batch, 3)."""
    last, along = g.constant(np.asarray([2], np.int64)), g.constant(np.asarray([1], np.int64))
    second = g.node("Unsqueeze", [g.node("Cast", ["token_type_ids"], to=1), last])
    mask = g.node("Unsqueeze", [g.node("Cast", ["attention_mask"], to=1), last])
    one = g.constant(np.asarray(1.0, np.float32))

    def mean(weights: str) -> str:
        total = g.node("ReduceSum", [g.node("Mul", [states, weights]), along], keepdims=0)
        count = g.node("Max", [g.node("ReduceSum", [weights, along], keepdims=0), one])
        return str(g.node("Div", [total, count]))

    first = g.constant(np.asarray([0], np.int64))
    opening = g.node("Squeeze", [g.node("Gather", [states, first], axis=1), along])
    premise, claim = mean(str(g.node("Sub", [mask, second]))), mean(str(second))
    apart = g.node("Abs", [g.node("Sub", [premise, claim])])
    features = g.node("Concat", [opening, premise, claim, apart], axis=1)
    # The weights are int8 to save room; their product is in float32, since only two small layers are left here.
    assert state["dense.weight"].shape == (hidden, 4 * hidden)
    dense = graph.whole_weights(g, state["dense.weight"])
    inner = g.node("Add", [g.node("MatMul", [features, dense]), g.constant(state["dense.bias"], "b")])
    return graph.linear(g, str(g.node("Gelu", [inner])), state["out.weight"], state["out.bias"], None)


def batches_of(rows: Sequence[Row], folder: Path, size: int) -> tuple[list[dict[str, np.ndarray]], list[list[int]]]:
    """Padded batches of the rows sorted by length, as the model's inputs, and which rows each holds."""
    tokenizer = load_tokenizer(folder, MAX_TOKENS)
    encoded = [(e.ids, e.type_ids) for e in tokenizer.encode_batch([(r.premise, r.claim) for r in rows])]
    order = sorted(range(len(rows)), key=lambda i: len(encoded[i][0]))
    made, which = [], []
    for at in range(0, len(order), size):
        part = order[at : at + size]
        made.append({n: t.numpy() for n, t in zip(INPUTS, collate([encoded[i] for i in part]), strict=True)})
        which.append(part)
    return made, which


def logits_of(runner: Any, batches: Sequence[dict[str, np.ndarray]], which: Sequence[Sequence[int]]) -> np.ndarray:
    """Logits, (rows, 3), of an ONNX Runtime session or a torch judge."""
    out = np.zeros((sum(map(len, which)), len(LABELS)), np.float32)
    for batch, rows in zip(batches, which, strict=True):
        if isinstance(runner, JudgeModel):
            with torch.inference_mode():
                out[list(rows)] = runner(**{k: torch.from_numpy(v) for k, v in batch.items()}).numpy()
        else:
            out[list(rows)] = runner.run(None, batch)[0]
    return out


def build(model: JudgeModel, ranges: dict[str, graph.Range], config: Any, about: str) -> bytes:
    """The serialised ONNX model; float32 products where `ranges` is empty."""
    state = arrays(model)
    shape = shape_of(config, MAX_TOKENS)
    g = graph.Graph()
    states = graph.encoder(g, state, shape, ranges, token_types="token_type_ids", prefix="encoder.")
    made = graph.model(g, head(g, states, state, shape.hidden), len(LABELS), inputs=INPUTS, output_name="logits",
                       about=about)  # fmt: skip
    return bytes(made.SerializeToString())


def relieved(ranges: Mapping[str, graph.Range], names: Collection[str]) -> dict[str, graph.Range]:
    """`ranges` with the inputs of the named layers left in float32."""
    return {n: graph.Range(0.0, 0.0, weights_only=True) if n in names else r for n, r in ranges.items()}


def rounded_input(values: torch.Tensor, how: graph.Range) -> torch.Tensor:
    """A layer's input as the int8 graph sees it, in float32."""
    scale, zero = graph.grid(how.low, how.high)
    smooth = torch.from_numpy(how.smooth) if how.smooth is not None else torch.ones(())
    return ((values / smooth / scale).round() + zero).clamp(0, 255).sub(zero) * scale * smooth


def sensitive(
    model: JudgeModel, ranges: Mapping[str, graph.Range], batches: Sequence[dict[str, np.ndarray]], run: Run
) -> list[str]:
    """The layers, worst first, by how far the logits move where that layer's input alone is rounded."""
    given = [{k: torch.from_numpy(v) for k, v in batch.items()} for batch in batches]

    def logits() -> torch.Tensor:
        with torch.inference_mode():
            return torch.cat([model(**batch) for batch in given])

    plain = logits()
    moved = {}
    for name, how in ranges.items():
        _, number, part = name.split(".")
        layer = model.encoder.encoder.layer[int(number)]
        own = layer.attention.self
        modules = {"qkv": (own.query, own.key, own.value), "out": (layer.attention.output.dense,),
                   "up": (layer.intermediate.dense,), "down": (layer.output.dense,)}[part]  # fmt: skip

        def hook(_module: Any, inputs: tuple[Any, ...], how: graph.Range = how) -> tuple[torch.Tensor]:
            return (rounded_input(inputs[0], how),)

        handles = [module.register_forward_pre_hook(hook) for module in modules]
        moved[name] = float((logits() - plain).abs().mean())
        for handle in handles:
            handle.remove()
    run.log("sensitivity", moved={n: round(v, 5) for n, v in sorted(moved.items(), key=lambda kv: -kv[1])})
    return sorted(moved, key=lambda n: -moved[n])


def export(run_name: str, weights: str, out: Path, version: str, *, pairs: Path, check: int, keep: int) -> None:
    """Calibrates, writes the package, and logs the agreement of int8 with float32 on `check` dev pairs a set."""
    run = Run(f"{run_name}-export", {"run": run_name, "weights": weights, "version": version, "keep": keep})
    seed_everything(7)
    folder = RUNS / run_name / "final"
    model = load_judge(folder, weights)
    rng = random.Random(7)
    rows = read_rows(pairs)
    batches, _ = batches_of(rng.sample(rows, 400), folder, 16)
    rng.shuffle(batches)
    with torch.no_grad(), run.timed("calibrated"):
        ranges = calibrate(model.encoder, batches)
    kept: list[str] = []
    if keep:
        with run.timed("sensitivity measured"):
            kept = sensitive(model, ranges, batches[:5], run)[:keep]
        ranges = relieved(ranges, kept)
    int8 = build(model, ranges, model.encoder.config, f"Saring judge {version}")
    data = data_folder()
    dev = {"indonli-val": list(sources.indonli(data, "val")), "covidfact-dev": list(sources.covidfact(data, "dev"))}
    agreed = {}
    for name, part in dev.items():
        part = rng.sample(part, min(check, len(part)))
        made, which = batches_of(part, folder, 16)
        reference, ours = logits_of(model, made, which), logits_of(session(int8), made, which)
        alone = logits_of(session(int8), *batches_of(part[:40], folder, 1))
        agreed[name] = float((reference.argmax(1) == ours.argmax(1)).mean())
        run.log("int8", set=name, pairs=len(part), agreement=agreed[name],
                largest_logit_change=float(np.abs(reference - ours).max()),
                mean_logit_change=float(np.abs(reference - ours).mean()),
                alone_and_together=float(np.abs(alone - ours[:40]).max()))  # fmt: skip
    temperature = 1.0
    found = RUNS / run_name / "temperature.json"
    if found.exists():
        temperature = float(json.loads(found.read_text())["temperature"])
    probed = logits_of(session(int8), *batches_of([Row("probe", p, c, 0) for p, c in PROBES], folder, 1))
    tokenizer = load_tokenizer(folder, MAX_TOKENS)
    tokenizer.no_truncation()
    manifest = write_package(out, {"model.onnx": int8, "tokenizer.json": tokenizer.to_str().encode()}, {
        "name": "saring-judge", "version": version, "labels": list(LABELS), "temperature": temperature,
        "max_tokens": MAX_TOKENS, "inputs": list(INPUTS), "model": "model.onnx", "tokenizer": "tokenizer.json",
        "recipe_commit": git_commit(), "float32_inputs": kept, "weights": f"{run_name}/{weights}",
        "int8_agreement": agreed,
        "probes": [{"passage": p, "claim": c, "logits": [round(float(x), 4) for x in row]}
                   for (p, c), row in zip(PROBES, probed, strict=True)],
    })  # fmt: skip
    run.log("packaged", folder=str(out), megabytes=len(int8) / 1e6, digest=manifest["digest"], temperature=temperature)


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.judge_export", description=__doc__.splitlines()[0])
    parser.add_argument("--run", default="judge")
    parser.add_argument("--weights", default="mean", help="`mean` or `last` of the run's final folder")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--version", default="1")
    parser.add_argument("--pairs", type=Path, default=RUNS / "pairs" / "train.jsonl", help="rows to calibrate on")
    parser.add_argument("--keep", type=int, default=6, help="layers whose inputs stay float32, the most sensitive ones")
    parser.add_argument("--check", type=int, default=1000, help="dev pairs a set on which int8 is compared")
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    export(options.run, options.weights, options.out, options.version, pairs=options.pairs, check=options.check,
           keep=options.keep)  # fmt: skip


if __name__ == "__main__":
    main()
