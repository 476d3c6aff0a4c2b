"""Is the evidence found?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evals.metrics import ranking
from evals.solvers.retrieval import MINILM, SYSTEMS, RetrievalSolver
from evals.tasks.base import Task, answered, mean_intervals, number, of_system, split
from evals.types import Row


def score(rows: Sequence[Row], seed: int = 0) -> dict[str, Any]:
    """nDCG@10, recall at 1, 5 and 10, and mean reciprocal rank of each way of searching.

    `n` counts queries; over several data sets each query counts once. Failures count 0, and are counted.
    """
    mine = [row for row in rows if row["solver"] == RetrievalSolver.name]
    by_system = {name: of_system(mine, RetrievalSolver.name, name) for name in SYSTEMS}
    by_system = {name: part for name, part in by_system.items() if part}
    first = next(iter(by_system.values()), [])
    return {
        "task": "retrieval",
        "n": len(first),
        "failed": sum(len(part) - len(answered(part)) for part in by_system.values()),
        "systems": {name: measure(part, seed) for name, part in by_system.items()},
        "datasets": _slices(by_system, "dataset", seed),
        "languages": _slices(by_system, "language", seed),
        "findings": findings(by_system, seed),
        "detail": {"worst": worst(by_system.get("hybrid", first))},
    }


def per_query(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """Each measure of each query, by row id."""
    qrels = {row["id"]: row["relevant"] for row in rows}
    return ranking.per_query(qrels, {row["id"]: row.get("ranking") or [] for row in rows})


def measure(rows: Sequence[Row], seed: int = 0) -> dict[str, Any]:
    """Means over queries, with intervals."""
    values = per_query(rows)
    columns = {name: [row[name] for row in values.values()] for name in ranking.MEASURES}
    found = mean_intervals(columns, list(values), seed) if values else {}
    return {"n": len(rows), "failed": len(rows) - len(answered(rows)), **ranking.mean(values), "intervals": found}


def _slices(by_system: dict[str, list[Row]], key: str, seed: int) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for system, rows in by_system.items():
        for name, part in split(rows, key).items():
            result.setdefault(name, {})[system] = measure(part, seed)
    return result


def findings(by_system: dict[str, list[Row]], seed: int = 0) -> list[str]:
    """Whether hybrid search is better than each of its halves and than the baseline model, in sentences."""
    if "hybrid" not in by_system:
        return []
    sentences = []
    best = per_query(by_system["hybrid"])
    for name in ("dense", "bm25", MINILM):
        other = per_query(by_system.get(name, []))
        ids = [identity for identity in best if identity in other]
        if not ids:
            continue
        gaps = [best[identity]["ndcg@10"] - other[identity]["ndcg@10"] for identity in ids]
        interval = mean_intervals({"gap": gaps}, ids, seed)["gap"]
        if interval is None or interval[0] > 0:
            continue
        sentences.append(
            f"Hybrid search is not shown to beat {name} (nDCG@10 difference {sum(gaps) / len(gaps):+.3f}, "
            f"95 % {number(interval[0])} to {number(interval[1])}, {len(ids)} queries)."
        )
    return sentences


def worst(rows: Sequence[Row], most: int = 40) -> list[dict[str, Any]]:
    """Queries whose answer is furthest down, or not there."""
    values = per_query(rows)
    ranked = sorted((row for row in rows if row["id"] in values), key=lambda row: (values[row["id"]]["mrr"], row["id"]))
    return [{"id": row["id"], **values[row["id"]]} for row in ranked[:most] if values[row["id"]]["recall@1"] < 1]


TASK = Task(
    name="retrieval",
    question="Is the evidence found?",
    solvers={"retrieval": RetrievalSolver.name, "newsroom": RetrievalSolver.name},
    data=("beir-scifact", "idk-mrc"),
    score=score,
)
