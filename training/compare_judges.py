"""Two packaged judges on the dev sets, side by side: `python -m training.compare_judges FOLDER FOLDER --slice PATH`.

For deciding whether a new one ships. Scores the int8 files as they are used.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from training.average import overall
from training.common import RUNS, Run, data_folder
from training.judge import dev_sets
from training.judge_eval import score_rows
from training.pairs import read_rows


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    from checker.judges.crossencoder import EntailmentModel

    parser = argparse.ArgumentParser(prog="python -m training.compare_judges", description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--slice", type=Path, default=RUNS / "pairs" / "slice.jsonl", help="held-out rows to score on")
    parser.add_argument("--full", action="store_true", help="whole sets, not samples of 500")
    options = parser.parse_args(argv)
    run = Run("compare-judges", {k: str(v) for k, v in vars(options).items()})
    sets = dev_sets(data_folder(), read_rows(options.slice), small=not options.full)
    for folder in options.folders:
        judge = EntailmentModel(folder, threads=1, backend="onnxruntime")
        scores = {name: score_rows(rows, judge.score) for name, rows in sets.items()}
        for name, numbers in scores.items():
            run.log("dev", judge=judge.digest, set=name, **numbers)
        run.log("overall", judge=judge.digest, overall=overall(scores))


if __name__ == "__main__":
    main()
