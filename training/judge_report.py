"""The shipped judge's numbers on dev and test sets, with its claim-only baselines beside them.

    python -m training.judge_report            dev sets
    python -m training.judge_report --test     test sets and the contrast set too; once, when nothing is left to choose

Two claim-only baselines: the judge itself with the passage taken away, and a linear model over the claims' words and
word pairs trained on the same rows as the judge. A number that does not clear the better of them shows nothing.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from training import pair_sources as sources
from training import written
from training.common import CONTRAST, ROOT, RUNS, Run, data_folder
from training.judge_eval import accuracy, balanced_accuracy, expected_calibration_error, macro_f1, twins_right
from training.pairs import NOT_SUPPORTED, Row, normalise, read_rows

if TYPE_CHECKING:
    from checker.judges.base import Hearing
    from checker.judges.crossencoder import EntailmentModel

SHIPPED = ROOT / "checker" / "judges" / "models" / "judge"


@dataclass(frozen=True, slots=True)
class Measured:
    """One set's numbers: the judge's by `metric`, the two baselines' by the same, and the calibration error."""

    name: str
    metric: str
    n: int
    judge: float
    passage_taken_away: float
    claim_words_only: float
    ece: float

    @property
    def margin(self) -> float:
        """How far the judge is above the better claim-only baseline."""
        return self.judge - max(self.passage_taken_away, self.claim_words_only)


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


def calibration(rows: Sequence[Row], probabilities: np.ndarray) -> float:
    """Expected calibration error: of the chosen label, or of "supports or not" where the set knows no more."""
    gold = np.array([r.label for r in rows])
    if (gold == NOT_SUPPORTED).any() or len(set(gold.tolist())) < 3:
        chosen = probabilities[:, 0] >= 0.5
        sure = np.where(chosen, probabilities[:, 0], 1 - probabilities[:, 0])
        return expected_calibration_error(sure, chosen == (gold == 0))
    return expected_calibration_error(probabilities.max(1), probabilities.argmax(1) == gold)


def sets_of(data: Path, *, test: bool) -> dict[str, tuple[str, list[Row]]]:
    """The sets by name, each with its metric."""
    found: dict[str, tuple[str, list[Row]]] = {
        "indonli-val": ("accuracy", list(sources.indonli(data, "val"))),
        "covidfact-dev": ("balanced", list(sources.covidfact(data, "dev"))),
        "written": ("accuracy", [row for item in written.split(written.load())[1] for row in item.rows]),
    }
    if test:
        lay = list(sources.indonli(data, "test_lay"))
        seen = {normalise(r.premise) for r in sources.indonli(data, "train")}
        found["indonli-test_lay"] = ("accuracy", lay)
        found["indonli-test_lay-unseen-premises"] = ("accuracy", [r for r in lay if normalise(r.premise) not in seen])
        found["scifact-validation-gold"] = ("balanced", list(sources.scifact(data, "dev", whole=False)))
        found["climate-fever-pairs"] = ("macro_f1", list(sources.climate_fever(data)))
    return found


def report(
    judge: EntailmentModel, pairs: Path, run: Run, *, test: bool, only: Sequence[str] = ()
) -> dict[str, Measured]:
    """Measures the judge on every set (or on those of `only`), and logs the numbers with their confusions."""
    words = claim_only_model(read_rows(pairs))
    found = {}
    for name, (metric, rows) in sets_of(data_folder(), test=test).items():
        if only and name not in only:
            continue
        probabilities = judge.score([(r.premise, r.claim) for r in rows])
        claims = list(dict.fromkeys(r.claim for r in rows))
        without = dict(zip(claims, judge.score([("", claim) for claim in claims]).argmax(1), strict=True))
        blank = np.array([without[r.claim] for r in rows])
        gold = np.array([r.label for r in rows])
        best = probabilities.argmax(1)
        counts = np.bincount(np.where(gold == NOT_SUPPORTED, 1, gold), minlength=3)
        found[name] = Measured(
            name, metric, len(rows), measure(rows, best, metric), measure(rows, blank, metric),
            measure(rows, np.asarray(words.predict([r.claim for r in rows])), metric), calibration(rows, probabilities),
        )  # fmt: skip
        run.log("set", set=name, n=len(rows), metric=metric, judge=found[name].judge,
                passage_taken_away=found[name].passage_taken_away, claim_words_only=found[name].claim_words_only,
                margin=found[name].margin, ece=found[name].ece,
                majority=measure(rows, np.full(len(rows), counts.argmax()), metric),
                confusion=np.array([[int(((gold == g) & (best == p)).sum()) for p in range(3)]
                                    for g in range(4)]).tolist())  # fmt: skip
    run.log("model", digest=judge.digest, temperature=judge.temperature)
    return found


def hearings(rows: Sequence[dict[str, str]]) -> Iterator[Hearing]:
    """Each twin as a claim with its one passage, as the judge hears it in a report."""
    from checker.judges.base import Hearing
    from checker.types import Claim
    from retrieval.types import Hit, Passage, Source

    for row in rows:
        text = row["evidence"]
        source = Source(
            id=row["id"], url="", title="", publisher="", publisher_type="", country="", published_at=None,
            language=row["evidence_language"], fetched_at="", via=(), content_hash=row["id"], text=text,
        )  # fmt: skip
        passage = Passage(row["id"], row["id"], 0, len(text), text)
        hit = Hit(passage, source, dense=0.0, lexical=0.0, score=1.0, rank=1, origin=row["id"])
        yield Hearing(Claim(row["id"], row["claim"], row["claim"], 0, len(row["claim"])), (hit,))


def contrast(judge: EntailmentModel, run: Run, path: Path = CONTRAST) -> dict[str, float]:
    """Share of contrast pairs with both twins right: the model alone, and the judge with its explicit checks."""
    from checker.judges.entailment import EntailmentJudge

    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    alone = judge.score([(r["evidence"], r["claim"]) for r in rows]).argmax(1)
    bench = EntailmentJudge(judge).hear(list(hearings(rows)))
    checked = [np.argmax([s.supports, s.refutes, s.neutral]) for j in bench.judgements for s in j.stances]
    gold = np.array([0 if r["label"] == "supports" else 1 for r in rows])
    twins = [(r["pair"], (r["kind"], f"{r['evidence_language']}-{r['language']}")) for r in rows]
    pairs = {pair for pair, _ in twins}
    found = {}
    for name, said in (("alone", alone), ("with checks", np.asarray(checked))):
        right = said == gold
        shares = twins_right(twins, right)
        run.log("contrast", system=name, pairs=len(pairs), twins_right=float(right.mean()), both_right=shares)
        found[name] = shares["all"]
    return found


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    from checker.judges.crossencoder import EntailmentModel

    parser = argparse.ArgumentParser(prog="python -m training.judge_report", description=__doc__.splitlines()[0])
    parser.add_argument("--test", action="store_true")
    parser.add_argument("--only", nargs="+", default=[], help="these sets, or `contrast`; all where not given")
    parser.add_argument("--folder", type=Path, default=SHIPPED)
    parser.add_argument("--pairs", type=Path, default=RUNS / "pairs" / "train.jsonl", help="what the judge learnt from")
    options = parser.parse_args(argv)
    run = Run("judge-report", {"test": options.test, "folder": str(options.folder)})
    judge = EntailmentModel(options.folder, threads=1, backend="onnxruntime")
    report(judge, options.pairs, run, test=options.test, only=options.only)
    if not options.only or "written" in options.only:
        run.log("written", both_right=written.both_right(written.split(written.load())[1], judge.score))
    if options.test and (not options.only or "contrast" in options.only):
        contrast(judge, run)


if __name__ == "__main__":
    main()
