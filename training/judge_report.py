"""The shipped judge's numbers on dev and test sets, with its claim-only baselines beside them.

    python -m training.judge_report            dev sets
    python -m training.judge_report --test     the test sets too; once, when nothing is left to choose

Two claim-only baselines: the judge itself with the passage taken away, and a linear model over the claims' words and
word pairs trained on the same rows as the judge. A number that does not clear the better of them shows nothing.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from training import pair_sources as sources
from training.common import ROOT, RUNS, Run, data_folder
from training.judge_eval import accuracy, balanced_accuracy, macro_f1
from training.pairs import NOT_SUPPORTED, Row, normalise, read_rows


def claim_only_model(rows: Sequence[Row]) -> Any:
    """A logistic regression over the claims of three-way rows."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    known = [r for r in rows if r.label != NOT_SUPPORTED]
    known = random.Random(7).sample(known, min(40_000, len(known)))
    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), min_df=3, sublinear_tf=True),
                          LogisticRegression(C=2.0, max_iter=200))  # fmt: skip
    return model.fit([r.claim for r in known], [r.label for r in known])


def measure(rows: Sequence[Row], predicted: np.ndarray, metric: str) -> float:
    """`accuracy`, `macro_f1`, or `balanced` (supports against the rest)."""
    gold = np.array([r.label for r in rows])
    if metric == "accuracy":
        return accuracy(gold, predicted)
    if metric == "macro_f1":
        return macro_f1(gold, predicted)
    return balanced_accuracy(gold == 0, predicted == 0)


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    from checker.judges.crossencoder import EntailmentModel

    parser = argparse.ArgumentParser(prog="python -m training.judge_report", description=__doc__.splitlines()[0])
    parser.add_argument("--test", action="store_true")
    parser.add_argument("--folder", type=Path, default=ROOT / "checker" / "judges" / "models" / "judge")
    options = parser.parse_args(argv)
    run = Run("judge-report", {"test": options.test, "folder": str(options.folder)})
    judge = EntailmentModel(options.folder, threads=1, backend="onnxruntime")
    data = data_folder()
    train = read_rows(RUNS / "pairs" / "train.jsonl")
    words = claim_only_model(train)
    sets: dict[str, tuple[str, list[Row]]] = {
        "indonli-val": ("accuracy", list(sources.indonli(data, "val"))),
        "covidfact-dev": ("balanced", list(sources.covidfact(data, "dev"))),
    }
    if options.test:
        lay = list(sources.indonli(data, "test_lay"))
        seen = {normalise(r.premise) for r in sources.indonli(data, "train")}
        sets["indonli-test_lay"] = ("accuracy", lay)
        sets["indonli-test_lay-unseen-premises"] = ("accuracy", [r for r in lay if normalise(r.premise) not in seen])
        sets["scifact-validation-gold"] = ("balanced", list(sources.scifact(data, "dev", whole=False)))
        sets["climate-fever-pairs"] = ("macro_f1", list(sources.climate_fever(data)))
    for name, (metric, rows) in sets.items():
        probabilities = judge.score([(r.premise, r.claim) for r in rows])
        blank = judge.score([("", r.claim) for r in rows]).argmax(1)
        gold = np.array([r.label for r in rows])
        counts = np.bincount(np.where(gold == NOT_SUPPORTED, 1, gold), minlength=3)
        run.log("set", set=name, n=len(rows), metric=metric, judge=measure(rows, probabilities.argmax(1), metric),
                passage_taken_away=measure(rows, blank, metric),
                claim_words_only=measure(rows, np.asarray(words.predict([r.claim for r in rows])), metric),
                majority=measure(rows, np.full(len(rows), counts.argmax()), metric),
                confusion=np.array([[int(((gold == g) & (probabilities.argmax(1) == p)).sum()) for p in range(3)]
                                    for g in range(4)]).tolist())  # fmt: skip
    run.log("model", digest=judge.digest, temperature=judge.temperature)


if __name__ == "__main__":
    main()
