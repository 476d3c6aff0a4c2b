"""Choose the thresholds of a verdict on the development set, gold claims given: `python -m training.thresholds`.

Every gold claim of `newsroom-dev` is searched in its own store and judged once; then every pair of thresholds is tried
on the same stances. The pair with the best macro-F1 wins; among equals the one in the middle of the widest plateau, so
that one odd claim does not decide. Numbers on this set are for choosing, they are not results.
"""

from __future__ import annotations

import argparse
import json
import pickle
import tempfile
from collections import Counter
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

from checker.article import read_article
from checker.judges.base import Hearing
from checker.judges.entailment import EntailmentJudge
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


def collect(data: Path, passages: int = 8) -> list[tuple[Claim, dict[str, Any], tuple[Stance, ...]]]:
    """Search and judge every gold claim once."""
    embedder, judge = load_embedder(), EntailmentJudge.open()
    rows = []
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
        bench = judge.hear([Hearing(claim, tuple(found)) for (claim, _), found in zip(pairs, hits, strict=True)])
        for (claim, gold), judgement in zip(pairs, bench.judgements, strict=True):
            if judgement.failure is not None:
                raise SystemExit(f"{claim.id}: {judgement.failure.message}")
            # Sources carry a read-only mapping that pickle refuses; nothing here reads it.
            stances = tuple(
                replace(s, hit=replace(s.hit, source=replace(s.hit.source, extra={}))) for s in judgement.stances
            )
            rows.append((claim, gold, stances))
    return rows


def macro_f1(
    rows: list[tuple[Claim, dict[str, Any], tuple[Stance, ...]]], policy: Policy
) -> tuple[float, Counter[tuple[str, str]]]:
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


def main() -> None:
    """Run the search over the grid and print the best, its neighbourhood and what it gets wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/newsroom-dev"))
    parser.add_argument("--cache", type=Path, help="keep the stances there, and read them back")
    arguments = parser.parse_args()
    if arguments.cache and arguments.cache.exists():
        rows = pickle.loads(arguments.cache.read_bytes())
    else:
        rows = collect(arguments.data)
        if arguments.cache:
            arguments.cache.write_bytes(pickle.dumps(rows))
    scores = {pair: macro_f1(rows, Policy(support=pair[0], refute=pair[1]))[0] for pair in product(GRID, GRID)}

    def around(pair: tuple[float, float]) -> float:
        near = [
            score
            for other, score in scores.items()
            if abs(other[0] - pair[0]) < 0.08 and abs(other[1] - pair[1]) < 0.08
        ]
        return sum(near) / len(near)

    best = max(scores, key=lambda pair: (round(around(pair), 4), scores[pair]))
    score, confusion = macro_f1(rows, Policy(support=best[0], refute=best[1]))
    print(f"support {best[0]}, refute {best[1]}: macro-F1 {score:.3f} (around it {around(best):.3f}), n {len(rows)}")
    print(f"highest anywhere {max(scores.values()):.3f}")
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
                    f"      {first.stance} {first.score:.2f} {first.source_id}: {first.quote[:110]} {first.notes[:1]}"
                )


if __name__ == "__main__":
    main()
