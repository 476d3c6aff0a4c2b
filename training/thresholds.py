"""Choose the thresholds of a verdict on the development set, gold claims given: `python -m training.thresholds`.

Every gold claim of `newsroom-dev` is searched in its own store and judged once; then every pair of thresholds is tried
on the same stances. The pair with the best macro-F1 wins; among equals the one in the middle of the widest plateau, so
that one odd claim does not decide. Numbers on this set are for choosing, they are not results.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from checker.article import read_article
from checker.judges import entailment
from checker.judges.base import Hearing
from checker.judges.crossencoder import MODEL_FOLDER, EntailmentModel
from checker.judges.entailment import EntailmentJudge
from checker.settings import Settings
from checker.types import Attribution, Claim, Stance
from checker.verdict import Policy, decide
from retrieval.connectors.cards import CardsConnector
from retrieval.embed import load_embedder
from retrieval.search import Query
from retrieval.store import EvidenceStore

LABELS = ("supported", "unsupported", "needs_source")
GRID = [round(0.30 + 0.05 * step, 2) for step in range(14)]


def gold_claims(item: Path) -> list[tuple[Claim, dict[str, Any]]]:
    """The checkable gold lines of an item, as claims."""
    article = read_article(item / "article.txt")
    found = []
    for line in (item / "gold.jsonl").read_text(encoding="utf-8").splitlines():
        gold = json.loads(line)
        if gold.get("checkable") is False:
            continue
        attribution = None
        if gold.get("speaker") or gold.get("anonymous"):
            attribution = Attribution(
                gold.get("speaker") or "", outlet=gold.get("via") or "", anonymous=gold["anonymous"]
            )
        start = article.text.index(gold["quote"])
        claim = Claim(
            gold["id"], gold["claim"], gold["quote"], start, start + len(gold["quote"]), attribution=attribution
        )
        found.append((claim, gold))
    return found


Rows = list[tuple[Claim, dict[str, Any], tuple[Stance, ...]]]


class Remembered:
    """A model that scores each pair once, so that the same hearings can be repeated under another rule."""

    def __init__(self, model: EntailmentModel) -> None:
        """Over `model`."""
        self._model = model
        self._known: dict[tuple[str, str], np.ndarray] = {}

    @property
    def digest(self) -> str:
        """The model's."""
        return self._model.digest

    def score(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        """See `EntailmentModel.score`."""
        new = [pair for pair in dict.fromkeys(pairs) if pair not in self._known]
        if new:
            self._known.update(zip(new, self._model.score(new), strict=True))
        return np.stack([self._known[pair] for pair in pairs])


def collect(data: Path, passages: int = 8, folder: Path = MODEL_FOLDER) -> Rows:
    """Search and judge every gold claim once."""
    return collect_all(data, (entailment.UNCONFIRMED,), passages, folder)[entailment.UNCONFIRMED]


def collect_all(
    data: Path, unconfirmed: Sequence[float], passages: int = 8, folder: Path = MODEL_FOLDER
) -> dict[float, Rows]:
    """Search once, and judge every gold claim with each share of an unconfirmed refutation that is believed."""
    embedder, model = load_embedder(), Remembered(EntailmentModel(folder))
    shipped = entailment.UNCONFIRMED
    heard: dict[float, Rows] = {share: [] for share in unconfirmed}
    for item in sorted(path.parent for path in data.glob("*/gold.jsonl")):
        pairs = gold_claims(item)
        with (
            tempfile.TemporaryDirectory() as folder,
            EvidenceStore.open(Path(folder) / "store", embedder=embedder, mode="rw") as store,
        ):
            for cards in (item / "evidence.jsonl", data / "distractors.jsonl"):
                if cards.exists():
                    store.add(CardsConnector().find(str(cards)))
            hits = store.search([Query(claim.text) for claim, _ in pairs], k=passages)
        hearings = [Hearing(claim, tuple(found)) for (claim, _), found in zip(pairs, hits, strict=True)]
        for share, rows in heard.items():
            entailment.UNCONFIRMED = share
            try:
                bench = EntailmentJudge(model).hear(hearings)
            finally:
                entailment.UNCONFIRMED = shipped
            for (claim, gold), judgement in zip(pairs, bench.judgements, strict=True):
                if judgement.failure is not None:
                    raise SystemExit(f"{claim.id}: {judgement.failure.message}")
                rows.append((claim, gold, judgement.stances))
    return heard


def shipped() -> Policy:
    """The thresholds of a fresh installation."""
    settings = Settings.model_construct()
    return Policy(support=settings.support_threshold, refute=settings.refute_threshold)


def macro_f1(rows: Rows, policy: Policy) -> tuple[float, Counter[tuple[str, str]]]:
    """Macro-F1 over the three labels, and the confusion (gold, predicted)."""
    confusion = Counter(
        (gold["label"], decide(claim, stances, judge="x", policy=policy).label) for claim, gold, stances in rows
    )
    scores = []
    for label in LABELS:
        right = confusion[label, label]
        said = sum(confusion[other, label] for other in LABELS)
        are = sum(confusion[label, other] for other in LABELS)
        scores.append(2 * right / (said + are) if said + are else 0.0)
    return sum(scores) / len(LABELS), confusion


def best_of(rows: Rows) -> tuple[tuple[float, float], float, float]:
    """The pair of thresholds in the middle of the best plateau, the mean score around it, and the highest anywhere."""
    scores = {pair: macro_f1(rows, Policy(support=pair[0], refute=pair[1]))[0] for pair in product(GRID, GRID)}

    def around(pair: tuple[float, float]) -> float:
        near = [
            score
            for other, score in scores.items()
            if abs(other[0] - pair[0]) < 0.08 and abs(other[1] - pair[1]) < 0.08
        ]
        return sum(near) / len(near)

    best = max(scores, key=lambda pair: (round(around(pair), 4), scores[pair]))
    return best, around(best), max(scores.values())


def main() -> None:
    """Run the search over the grid and print the best, its neighbourhood and what it gets wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/newsroom-dev"))
    parser.add_argument("--folder", type=Path, default=MODEL_FOLDER, help="the judge's model")
    parser.add_argument("--unconfirmed", type=float, nargs="+", default=[entailment.UNCONFIRMED],
                        help="shares to believe of a refutation that no check confirms")  # fmt: skip
    arguments = parser.parse_args()
    for share, rows in collect_all(arguments.data, arguments.unconfirmed, folder=arguments.folder).items():
        best, around, highest = best_of(rows)
        score, confusion = macro_f1(rows, Policy(support=best[0], refute=best[1]))
        print(f"unconfirmed {share}: support {best[0]}, refute {best[1]}: macro-F1 {score:.3f}"
              f" (around it {around:.3f}, highest {highest:.3f}), as shipped {macro_f1(rows, shipped())[0]:.3f},"
              f" n {len(rows)}")  # fmt: skip
        for gold in LABELS:
            print(gold.rjust(13), *(f"{confusion[gold, said]:4d}" for said in LABELS))
        for claim, gold, stances in rows:
            verdict = decide(claim, stances, judge="x", policy=Policy(support=best[0], refute=best[1]))
            if verdict.label != gold["label"]:
                first = verdict.citations[0] if verdict.citations else None
                wanted = f"{gold['label']}/{gold.get('subtype', '')}"
                print(f"{claim.id} {wanted} -> {verdict.label} {verdict.confidence:.2f}: {claim.text[:90]}")
                if first:
                    print(
                        f"      {first.stance} {first.score:.2f} {first.source_id}: {first.quote[:110]}"
                        f" {first.notes[:1]}"
                    )


if __name__ == "__main__":
    main()
