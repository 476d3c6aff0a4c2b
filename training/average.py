"""Weights between two judges of one line, chosen on development data.

    python -m training.average --first judge/last --second judge-B/mean --out judge-2

A second run from a first one's weights gains on what it was shown and forgets a little of the rest; on the straight
line between the two often lies a point better than either (Wortsman et al., "Robust fine-tuning of zero-shot models",
2022). Each share is scored on samples of the dev sets, and the best is written as `last.pt` of a new run folder.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from training.common import RUNS, Run, data_folder, seed_everything
from training.judge import Scoring, dev_sets
from training.judge_eval import score_rows
from training.judge_export import load_judge
from training.pairs import read_rows


def between(
    first: Mapping[str, torch.Tensor], second: Mapping[str, torch.Tensor], share: float
) -> dict[str, torch.Tensor]:
    """`share` of the second weights, the rest of the first."""
    if first.keys() != second.keys():
        raise ValueError(f"not of one line: {sorted(first.keys() ^ second.keys())[:3]}")
    return {n: torch.lerp(first[n].float(), second[n].float(), share) for n in first}


def overall(scores: Mapping[str, Mapping[str, float]]) -> float:
    """One number of several sets: the mean of accuracy where a set has three labels, else of balanced accuracy."""
    return float(np.mean([s.get("accuracy", s.get("balanced", 0.0)) for s in scores.values()]))


def weights_path(name: str) -> Path:
    """`RUN/WEIGHTS` as the file in that run's `final` folder."""
    run, _, weights = name.partition("/")
    return RUNS / run / "final" / f"{weights or 'last'}.pt"


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.average", description=__doc__.splitlines()[0])
    parser.add_argument("--first", required=True, help="RUN/WEIGHTS, as judge/last")
    parser.add_argument("--second", required=True, help="RUN/WEIGHTS; its tokenizer goes with the result")
    parser.add_argument("--shares", type=float, nargs="+", default=[0.6, 0.8, 1.0], help="of the second")
    parser.add_argument("--slice", type=Path, default=RUNS / "pairs" / "slice.jsonl", help="held-out rows to score on")
    parser.add_argument("--max-length", type=int, default=160)
    parser.add_argument("--out", required=True, help="run folder to write")
    options = parser.parse_args(argv)
    run = Run(options.out, vars(options))
    seed_everything(7)
    torch.set_num_threads(1)
    source = weights_path(options.second).parent
    model = load_judge(source, weights_path(options.second).stem)
    states = [torch.load(weights_path(n), map_location="cpu") for n in (options.first, options.second)]
    sets = dev_sets(data_folder(), read_rows(options.slice), small=True)
    best, chosen = -1.0, 1.0
    for share in options.shares:
        model.load_state_dict(between(states[0], states[1], share))
        scoring = Scoring(model, source, options.max_length)
        scores = {name: score_rows(rows, scoring) for name, rows in sets.items()}
        run.log("share", share=share, overall=overall(scores), sets=scores)
        if overall(scores) > best:
            best, chosen = overall(scores), share
    final = run.folder / "final"
    final.mkdir(exist_ok=True)
    for name in ("tokenizer.json", "config.json", "tokenizer_config.json"):
        shutil.copy(source / name, final / name)
    torch.save(between(states[0], states[1], chosen), final / "last.pt")
    run.log("chosen", share=chosen, overall=best)


if __name__ == "__main__":
    main()
