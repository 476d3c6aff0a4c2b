"""Fits the judge's temperature on dev data, and says how well its probabilities keep their word.

    python -m training.calibrate --run judge        writes temperature.json into the run folder, for the export
    python -m training.calibrate --shipped          fits it on the shipped int8 file and writes it into the manifest

Logits are divided by one temperature before softmax (Guo et al. 2017): it makes probabilities honest and changes no
label. It is fitted on half of the dev rows; the calibration error is given on the other half.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from training.common import RUNS, Run, data_folder, seed_everything
from training.judge import Scoring, dev_sets
from training.judge_eval import Scorer, expected_calibration_error
from training.judge_export import OUT, load_judge
from training.pairs import NOT_SUPPORTED, Row, read_rows

MAX_LENGTH = 256


def negative_log_likelihood(logp: np.ndarray, gold: np.ndarray, temperature: float) -> float:
    """Mean -log probability of the gold labels at a temperature; `NOT_SUPPORTED` is refuted or neutral."""
    scaled = logp / temperature
    scaled -= np.logaddexp.reduce(scaled, axis=1, keepdims=True)
    exact = scaled[np.arange(len(gold)), np.where(gold == NOT_SUPPORTED, 0, gold)]
    either = np.logaddexp(scaled[:, 1], scaled[:, 2])
    return float(-np.where(gold == NOT_SUPPORTED, either, exact).mean())


def fit(logp: np.ndarray, gold: np.ndarray) -> float:
    """The temperature in 0.5..3 with the least negative log-likelihood, to 0.01."""
    grid = np.arange(0.5, 3.0, 0.01)
    return float(grid[int(np.argmin([negative_log_likelihood(logp, gold, t) for t in grid]))])


def calibration_error(logp: np.ndarray, gold: np.ndarray, temperature: float) -> float:
    """Expected calibration error: of the chosen label, or of "supports or not" where some rows say only that."""
    scaled = logp / temperature
    probabilities = np.exp(scaled - np.logaddexp.reduce(scaled, axis=1, keepdims=True))
    if (gold == NOT_SUPPORTED).any():
        supports = probabilities[:, 0]
        chosen = supports >= 0.5
        return expected_calibration_error(np.where(chosen, supports, 1 - supports), chosen == (gold == 0))
    return expected_calibration_error(probabilities.max(1), probabilities.argmax(1) == gold)


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.calibrate", description=__doc__.splitlines()[0])
    parser.add_argument("--run", default="judge")
    parser.add_argument("--weights", default="mean")
    parser.add_argument(
        "--slice", type=Path, default=RUNS / "pairs" / "slice.jsonl", help="held-out rows, fitted on too"
    )
    parser.add_argument("--shipped", action="store_true", help="fit the shipped file, and write into its manifest")
    parser.add_argument("--folder", type=Path, default=OUT, help="the package, for --shipped")
    options = parser.parse_args(argv)
    run = Run(f"{options.run}-calibrate", {k: str(v) for k, v in vars(options).items()})
    torch.set_num_threads(1)
    seed_everything(7)
    aside = read_rows(options.slice)
    scoring: Scorer
    already = 1.0
    if options.shipped:
        from checker.judges.crossencoder import EntailmentModel

        shipped = EntailmentModel(options.folder, threads=1, backend="onnxruntime")
        scoring, already = shipped.score, shipped.temperature
    else:
        folder = RUNS / options.run / "final"
        scoring = Scoring(load_judge(folder, options.weights), folder, MAX_LENGTH)
    rng = random.Random(7)
    fitted: list[tuple[Row, np.ndarray]] = []
    kept: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for name, rows in dev_sets(data_folder(), aside, small=False).items():
        # The shipped file's probabilities are after its temperature; times it, they are log odds of its logits again.
        logp = already * np.log(np.maximum(scoring([(r.premise, r.claim) for r in rows]), 1e-7))
        order = rng.sample(range(len(rows)), len(rows))
        half = len(rows) // 2
        fitted += [(rows[i], logp[i]) for i in order[:half]]
        kept[name] = (logp[order[half:]], np.array([rows[i].label for i in order[half:]]))
    temperature = fit(np.stack([lp for _, lp in fitted]), np.array([r.label for r, _ in fitted]))
    for name, (logp, gold) in kept.items():
        run.log("ece", set=name, n=len(gold), before=calibration_error(logp, gold, 1.0),
                after=calibration_error(logp, gold, temperature))  # fmt: skip
    whole = np.concatenate([lp for lp, _ in kept.values()]), np.concatenate([g for _, g in kept.values()])
    three = whole[1] != NOT_SUPPORTED
    run.log("fitted", temperature=temperature, ece_all_three_way=calibration_error(whole[0][three], whole[1][three],
            temperature))  # fmt: skip
    if options.shipped:
        path = options.folder / "manifest.json"
        manifest = {**json.loads(path.read_text(encoding="utf-8")), "temperature": round(temperature, 3)}
        path.write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    else:
        said = {"temperature": round(temperature, 3), "weights": options.weights}
        Run(options.run).write_json("temperature.json", said)


if __name__ == "__main__":
    main()
