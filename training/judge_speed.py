"""Pairs a second: the shipped judge against sentence-transformers' CrossEncoder in float32, same encoder, same pairs.

    python -m training.judge_speed --run judge

Both on one thread, in one process, in turns; CPU seconds, so that a busy machine changes the ratio little. The
CrossEncoder holds the run's own encoder weights under its usual classification head: the head is not what costs.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from training import pair_sources as sources
from training.common import RUNS, Run, data_folder
from training.judge_export import OUT, load_judge


def cross_encoder(run_name: str, weights: str, folder: Path) -> Callable[[Sequence[tuple[str, str]]], object]:
    """The run's encoder as a sentence-transformers CrossEncoder, saved into and loaded from `folder`."""
    import torch
    from sentence_transformers import CrossEncoder
    from transformers import AutoConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    torch.set_num_threads(1)
    final = RUNS / run_name / "final"
    config = AutoConfig.from_pretrained(final, local_files_only=True, num_labels=3)
    model = BertForSequenceClassification(config)
    state = load_judge(final, weights).encoder.state_dict()
    model.bert.load_state_dict(state, strict=False)
    model.save_pretrained(folder)
    tokens = {"cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "unk_token": "[UNK]"}
    PreTrainedTokenizerFast(tokenizer_file=str(final / "tokenizer.json"), **tokens).save_pretrained(folder)
    encoder = CrossEncoder(str(folder), max_length=256, device="cpu", local_files_only=True)
    return lambda pairs: encoder.predict([list(p) for p in pairs], batch_size=32, show_progress_bar=False)


def speeds(run: Run, run_name: str, weights: str, folder: Path, *, size: int, rounds: int) -> dict[str, float]:
    """How many times as fast as the CrossEncoder the judge is, by backend, in one run on the same pairs."""
    from checker.judges.crossencoder import EntailmentModel
    from retrieval.errors import MissingExtra

    data = data_folder()
    rows = [*sources.indonli(data, "val"), *sources.covidfact(data, "dev")]
    pairs = [(r.premise, r.claim) for r in random.Random(7).sample(rows, size)]
    systems: dict[str, Callable[[Sequence[tuple[str, str]]], object]] = {}
    for backend in ("onnxruntime", "openvino"):
        try:
            systems[backend] = EntailmentModel(folder, threads=1, backend=backend).score  # type: ignore[arg-type]
        except MissingExtra:
            run.log("left out", system=backend)
    with tempfile.TemporaryDirectory() as temporary:
        systems["sentence-transformers fp32"] = cross_encoder(run_name, weights, Path(temporary))
        for score in systems.values():
            score(pairs[:16])
        seconds: dict[str, list[float]] = {name: [] for name in systems}
        for _ in range(rounds):
            for name, score in systems.items():
                began = time.process_time()
                score(pairs)
                seconds[name].append(time.process_time() - began)
    medians = {name: float(np.median(s)) for name, s in seconds.items()}
    slow = medians["sentence-transformers fp32"]
    for name, median in medians.items():
        run.log("speed", system=name, pairs=len(pairs), pairs_per_cpu_s=len(pairs) / median, times=slow / median)
    return {name: slow / median for name, median in medians.items()}


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.judge_speed", description=__doc__.splitlines()[0])
    parser.add_argument("--run", default="judge")
    parser.add_argument("--weights", default="mean")
    parser.add_argument("--folder", type=Path, default=OUT)
    parser.add_argument("--pairs", type=int, default=192)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(argv)
    run = Run("judge-speed", vars(options))
    speeds(run, options.run, options.weights, options.folder, size=options.pairs, rounds=options.rounds)


if __name__ == "__main__":
    main()
