"""Ranking metrics, computed by trec_eval's code through ir-measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evals.errors import MissingTool

MEASURES: tuple[str, ...] = ("ndcg@10", "recall@1", "recall@5", "recall@10", "mrr")


def per_query(
    qrels: Mapping[str, Mapping[str, int]], rankings: Mapping[str, Sequence[str]], measures: Sequence[str] = MEASURES
) -> dict[str, dict[str, float]]:
    """Each measure for each query.

    Args:
        qrels: Relevance by document id, by query id.
        rankings: Document ids, best first, by query id. A query without a ranking scores 0.
        measures: Names as in `MEASURES`.

    Returns:
        Value by measure, by query id; exactly the queries of `qrels` that have a relevant document.
    """
    try:
        import ir_measures
    except ImportError as error:
        raise MissingTool("ir-measures") from error
    named = {name: _measure(ir_measures, name) for name in measures}
    answerable = {query: judged for query, judged in qrels.items() if any(value > 0 for value in judged.values())}
    result = {query: dict.fromkeys(measures, 0.0) for query in answerable}
    # trec_eval orders by score and breaks ties by id, so ranks go in as distinct falling scores.
    scored = {
        query: {doc: float(-rank) for rank, doc in enumerate(ranking)}
        for query, ranking in rankings.items()
        if query in answerable and ranking
    }
    if not scored:
        return result
    back = {measure: name for name, measure in named.items()}
    judged = {query: dict(answerable[query]) for query in scored}
    for metric in ir_measures.iter_calc(list(named.values()), judged, scored):
        result[metric.query_id][back[metric.measure]] = float(metric.value)
    return result


def mean(values: Mapping[str, Mapping[str, float]], measures: Sequence[str] = MEASURES) -> dict[str, float | None]:
    """Average over queries; None where there are none."""
    if not values:
        return dict.fromkeys(measures)
    return {name: sum(row[name] for row in values.values()) / len(values) for name in measures}


def _measure(ir_measures: object, name: str) -> object:
    spelling = {"ndcg": "nDCG", "recall": "R", "mrr": "RR", "precision": "P", "map": "AP"}
    base, _, cutoff = name.partition("@")
    text = spelling[base] + (f"@{cutoff}" if cutoff else "")
    return ir_measures.parse_measure(text)  # type: ignore[attr-defined]
