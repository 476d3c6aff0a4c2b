"""Does the cited quote exist, and does it carry the verdict?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evals.solvers.newsroom import FOUND, GOLD, NewsroomSolver
from evals.tasks.base import Task, mean_intervals, of_system, share
from evals.tasks.units import FAILED, Unit, is_cited_well, units
from evals.types import Row


def score(rows: Sequence[Row], seed: int = 0) -> dict[str, Any]:
    """Citations of the claims that were found, and (`gold_claims`) of the gold claims.

    `n` counts citations. The gold cards are those that decide a label, not every card that would do, so
    `from_deciding_card` is a lower bound.
    """
    found, gold = (units(of_system(rows, NewsroomSolver.name, name)) for name in (FOUND, GOLD))
    main = measure(found or gold, seed)
    bad = [
        {"key": unit.key, "label": unit.said, "citation": citation}
        for unit in (*found, *gold)
        for citation in _citations(unit)
        if not citation["exists"]
    ]
    return {
        "task": "citation",
        "n": main["n"],
        "failed": main["failed"],
        "overall": main,
        "gold_claims": measure(gold, seed) if found and gold else {},
        "detail": {"not_found": bad},
    }


def measure(every: Sequence[Unit], seed: int = 0) -> dict[str, Any]:
    """Shares over citations and over verdicts.

    Returns:
        `quote_exists`: of citations, the quote stands in its source to the letter; `carries`: of decided verdicts,
        all quotes exist and one that counted points the verdict's way; `cites_deciding_card`: of rightly decided
        verdicts, one that counted is from a card that decides the label; `from_deciding_card`: of counted citations
        of such verdicts.
    """
    citations = [citation for unit in every for citation in _citations(unit)]
    carries = [cited for unit in every if (cited := is_cited_well(unit.claim or {})) is not None]
    right = [unit for unit in every if unit.right and unit.gold and unit.gold["evidence_ids"]]
    deciding = [[c["source_id"] in unit.gold["evidence_ids"] for c in _counted(unit)] for unit in right if unit.gold]
    flat = [hit for hits in deciding for hit in hits]
    columns = {"quote_exists": [float(c["exists"]) for c in citations]}
    found = mean_intervals(columns, range(len(citations)), seed)
    found |= mean_intervals({"carries": [float(c) for c in carries]}, range(len(carries)), seed)
    return {
        "n": len(citations),
        "verdicts": len(carries),
        "failed": sum(unit.said == FAILED for unit in every),
        "quote_exists": share([c["exists"] for c in citations]),
        "carries": share(carries),
        "cites_deciding_card": share([any(hits) for hits in deciding]),
        "from_deciding_card": share(flat),
        "intervals": found,
    }


def _citations(unit: Unit) -> list[dict[str, Any]]:
    outcome = (unit.claim or {}).get("outcome") or {}
    return list(outcome.get("citations") or [])


def _counted(unit: Unit) -> list[dict[str, Any]]:
    side = {"supported": "supports", "unsupported": "refutes"}.get(unit.said)
    return [citation for citation in _citations(unit) if citation["counted"] and citation["stance"] == side]


TASK = Task(
    name="citation",
    question="Does the cited quote exist, and does it carry the verdict?",
    solvers={"newsroom": NewsroomSolver.name},
    data=("seeds",),
    score=score,
)
