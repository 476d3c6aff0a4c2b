"""From trained weights to the files that ship: calibrated int8 ONNX, tokenizer, manifest with checksums.

`python -m training.export --embedder FOLDER` writes `retrieval/models/embedder/`, and `python -m training.export judge
--run RUN` writes `checker/judges/models/judge/` (see `training.judge_export`).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from training import distil_data, graph, parallel, vocabulary
from training.common import ROOT, RUNS, Run, base_model_folder, data_folder, git_commit, seed_everything

MAX_TOKENS = 256
PROBES = (
    "Presiden Rusia Vladimir Putin mengatakan agresi terhadap Iran tidak berdasar.",
    "The central bank kept its benchmark interest rate at 5.75 percent on Thursday.",
    "Gempa bermagnitudo 5,6 mengguncang Cianjur, Jawa Barat.",
)


def shape_of(config: Any, positions: int = MAX_TOKENS) -> graph.Shape:
    """The graph's shape from a transformers BERT configuration, with as many positions as will be used."""
    return graph.Shape(
        config.num_hidden_layers,
        config.num_attention_heads,
        config.hidden_size,
        config.layer_norm_eps,
        min(positions, config.max_position_embeddings),
    )


def arrays(module: Any) -> dict[str, np.ndarray]:
    """A torch module's state as float32 arrays."""
    return {k: v.detach().float().cpu().numpy() for k, v in module.state_dict().items() if v.dtype.is_floating_point}


def calibrate(
    bert: Any, batches: Iterable[dict[str, np.ndarray]], *, tokens: int = 6000, seed: int = 7
) -> dict[str, graph.Range]:
    """How to round the input of every linear layer of a `BertModel`, from what flows through it.

    For each layer the range and the smoothing are chosen that change the layer's output least (squared error), and
    the mean change that is left goes into the bias.

    Args:
        bert: A torch `BertModel`.
        batches: Keyword arguments of the model as int64 arrays: `input_ids`, `attention_mask`, perhaps token types.
        tokens: Token states to keep from each layer.
        seed: Which of them the error is measured on.
    """
    import torch

    rng = np.random.default_rng(seed)
    kept: dict[str, list[np.ndarray]] = {}
    mask: Any = None

    def keep(name: str) -> Any:
        def hook(_module: Any, inputs: tuple[Any, ...]) -> None:
            rows = inputs[0].reshape(-1, inputs[0].shape[-1])[mask.reshape(-1).bool()]
            kept.setdefault(name, []).append(rows.detach().float().cpu().numpy()[::3])

        return hook

    handles = []
    for index, layer in enumerate(bert.encoder.layer):
        for part, module in (
            ("qkv", layer.attention.self.query),
            ("out", layer.attention.output.dense),
            ("up", layer.intermediate.dense),
            ("down", layer.output.dense),
        ):
            handles.append(module.register_forward_pre_hook(keep(f"layer.{index}.{part}")))
    where = next(bert.parameters()).device
    bert.eval()
    seen = 0
    with torch.inference_mode():
        for batch in batches:
            given = {k: torch.from_numpy(v).to(where) for k, v in batch.items()}
            mask = given["attention_mask"]
            bert(**given)
            seen += int(mask.sum()) // 3
            if seen >= tokens:
                break
    for handle in handles:
        handle.remove()
    found = {}
    for index, layer in enumerate(bert.encoder.layer):
        own = layer.attention.self
        qkv = [own.query.weight / np.sqrt(own.attention_head_size), own.key.weight, own.value.weight]
        for part, weight in (
            ("qkv", torch.cat(qkv)),
            ("out", layer.attention.output.dense.weight),
            ("up", layer.intermediate.dense.weight),
            ("down", layer.output.dense.weight),
        ):
            name = f"layer.{index}.{part}"
            inputs = np.concatenate(kept[name])[:tokens]
            sample = inputs[rng.permutation(len(inputs))[:1200]]
            found[name] = _choose(inputs, sample, weight.detach().float().cpu().numpy())
    return found


def _choose(inputs: np.ndarray, sample: np.ndarray, weight: np.ndarray) -> graph.Range:
    wanted = sample @ weight.T
    peaks = np.abs(inputs).max(axis=0)
    columns = np.abs(weight).max(axis=0)
    best: graph.Range | None = None
    least = np.inf
    for alpha in (None, 0.3, 0.45, 0.6, 0.75):
        smooth = None
        if alpha is not None:
            smooth = np.maximum(peaks, 1e-4) ** alpha / np.maximum(columns, 1e-4) ** (1 - alpha)
            smooth = (smooth / np.exp(np.log(smooth).mean())).astype(np.float32)
        divided = inputs if smooth is None else inputs / smooth
        rows, scales = graph.quantise_rows(weight if smooth is None else weight * smooth, steps=8)
        rounded_weight = rows.astype(np.float32) * scales
        part = sample if smooth is None else sample / smooth
        for beyond in (0.0, 1e-5, 1e-4, 5e-4):
            low, high = (float(np.quantile(divided, q)) for q in (beyond, 1 - beyond))
            scale, zero = graph.grid(low, high)
            rounded = (np.clip(np.rint(part / scale) + zero, 0, 255) - zero) * np.float32(scale)
            change = wanted - rounded @ rounded_weight.T
            correction = change.mean(axis=0)
            error = float(((change - correction) ** 2).mean())
            if error < least:
                least = error
                best = graph.Range(low, high, smooth, correction.astype(np.float32))
    assert best is not None
    return best


def write_package(folder: Path, files: dict[str, bytes], facts: dict[str, Any]) -> dict[str, Any]:
    """Writes the files and a manifest that lists their SHA-256, and returns the manifest.

    `digest` in the manifest is a hash over the checksums of all files: one identity for weights and tokenizer together.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sums = {}
    for name, content in files.items():
        temporary = folder / (name + ".tmp")
        temporary.write_bytes(content)
        temporary.replace(folder / name)
        sums[name] = hashlib.sha256(content).hexdigest()
    manifest = {**facts, "digest": hashlib.sha256(json.dumps(sums, sort_keys=True).encode()).hexdigest(), "files": sums}
    temporary = folder / "manifest.json.tmp"
    temporary.write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    temporary.replace(folder / "manifest.json")
    return manifest


def token_batches(
    tokenizer: Any, texts: Sequence[str], *, size: int = 16, longest: int = MAX_TOKENS
) -> list[dict[str, np.ndarray]]:
    """Padded batches of texts as the model's keyword arguments."""
    ids = [e.ids[:longest] for e in tokenizer.encode_batch(list(texts))]
    made = []
    for start in range(0, len(ids), size):
        inputs, mask = distil_data.pad(ids[start : start + size])
        made.append({"input_ids": inputs, "attention_mask": mask})
    return made


def session(model: bytes) -> Any:
    """A one-thread ONNX Runtime session of a serialised model."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def run_texts(runner: Any, tokenizer: Any, texts: Sequence[str], *, size: int) -> np.ndarray:
    """Vectors of `texts` in their order, in batches of `size`."""
    return np.concatenate([runner.run(None, batch)[0] for batch in token_batches(tokenizer, texts, size=size)])


def word_counts(texts: Iterable[str]) -> Counter[str]:
    """How often each lower-cased word of plain letters occurs."""
    return Counter(word for text in texts for word in re.findall(r"[a-z]+", text.lower()))


def export_embedder(source: Path, out: Path, run: Run, *, version: str) -> None:
    """Calibrates on training pairs, writes the package, and logs how near int8 is to float32 on dev pairs."""
    import torch

    seed_everything(7)
    bert, tokenizer = distil_data.load_bert(source), distil_data.load_tokenizer(source)
    data = data_folder()
    pairs = parallel.load(data)
    english = [p.en for p in pairs.train] + distil_data.long_english(data) + distil_data.science_english(data)
    english += distil_data.english_extra(data, 10_000, random.Random(7))
    tokenizer, dropped = vocabulary.spare_english(
        tokenizer,
        distil_data.load_tokenizer(base_model_folder()),
        word_counts(english),
        word_counts(p.id for p in pairs.train),
    )
    run.log("pieces dropped for English's sake", count=len(dropped), first=dropped[:40])
    rng = np.random.default_rng(7)
    picked = [pairs.train[i] for i in rng.permutation(len(pairs.train))[:600]]
    texts = [p.id if i % 2 else p.en for i, p in enumerate(picked)]
    longer = distil_data.passages(pairs.train[:3000], random.Random(7))[:60]
    texts += [" ".join(p.id if j % 2 else p.en for p in passage) for j, passage in enumerate(longer)]
    rng.shuffle(texts)
    with torch.no_grad(), run.timed("calibrated", texts=len(texts)):
        ranges = calibrate(bert, token_batches(tokenizer, texts))
    state = arrays(bert)
    shape = shape_of(bert.config)
    serialised = {}
    for name, used in (("int8", ranges), ("fp32 products", {})):
        g = graph.Graph()
        made = graph.model(
            g, graph.pooled(g, graph.encoder(g, state, shape, used)), shape.hidden, about=f"Saring embedder {version}"
        )
        serialised[name] = made.SerializeToString()
    dev = [p for p in pairs.dev if p.source == "gunnxx/general/valid"][:150]
    checked = [text for p in dev for text in (p.id, p.en)]
    checked += [" ".join(p.id for p in dev[:9]), " ".join(p.en for p in dev[9:18])]
    reference = distil_data.encode(bert, tokenizer, checked, bf16=False)
    for name, content in serialised.items():
        runner = session(content)
        alone = run_texts(runner, tokenizer, checked, size=1)
        together = run_texts(runner, tokenizer, checked, size=24)
        to_torch = (alone * reference).sum(1)
        run.log(
            "exported",
            which=name,
            megabytes=len(content) / 1e6,
            cosine_to_fp32=float(to_torch.mean()),
            lowest=float(to_torch.min()),
            alone_and_together_lowest=float((alone * together).sum(1).min()),
        )
    runner = session(serialised["int8"])
    vectors = run_texts(runner, tokenizer, PROBES, size=1)
    write_package(
        out,
        {"model.onnx": serialised["int8"], "tokenizer.json": tokenizer.to_str().encode()},
        {
            "name": "saring-embedder",
            "version": version,
            "dimensions": shape.hidden,
            "max_tokens": MAX_TOKENS,
            "model": "model.onnx",
            "tokenizer": "tokenizer.json",
            "recipe_commit": git_commit(),
            "probes": {t: [round(float(x), 5) for x in v] for t, v in zip(PROBES, vectors, strict=True)},
        },
    )
    run.log("packaged", folder=str(out))


def main() -> None:
    """Parses the command line."""
    if sys.argv[1:2] == ["judge"]:
        from training import judge_export

        judge_export.main(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--embedder", type=Path, default=RUNS / "embedder" / "average")
    parser.add_argument("--out", type=Path, default=ROOT / "retrieval" / "models" / "embedder")
    parser.add_argument("--version", default="1")
    parser.add_argument("--run", default="export")
    options = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    export_embedder(options.embedder, options.out, Run(options.run, vars(options)), version=options.version)


if __name__ == "__main__":
    main()
