"""Calls, tokens, seconds and memory per claim."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evals.solvers.newsroom import NewsroomSolver
from evals.solvers.pairs import PairSolver
from evals.tasks.base import Task, answered, split
from evals.types import Row


def score(rows: Sequence[Row], seed: int = 0) -> dict[str, Any]:  # noqa: ARG001 - nothing is drawn
    """What each system cost, per claim (of an article) or per pair. Times are those of the machine in `run.json`.

    `seconds_per_claim` is the mean, `p50` and `p95` are over articles or pairs, divided by their claims. `prompts`,
    where a chat model judges: calls and prompt tokens of the evidence as it was put, one call a source, beside those
    of putting the same passages for each claim in a call of its own (see `evals.solvers.prompts`).
    """
    mine = [row for row in rows if row["solver"] in {NewsroomSolver.name, PairSolver.name}]
    systems = {name: measure(part) for name, part in split(mine, "system").items()}
    main = next(iter(systems.values()), {})
    return {
        "task": "cost",
        "n": main.get("claims", 0),
        "failed": sum(part["failed"] for part in systems.values()),
        "systems": systems,
        "findings": findings(systems),
        "detail": {},
    }


_ASKED = ("calls", "prompt_tokens", "completion_tokens")


def measure(rows: Sequence[Row]) -> dict[str, Any]:
    """Cost of one system."""
    done = answered(rows)
    counts = [_claims(row) for row in done]
    claims = sum(counts)
    each = [row["seconds"] / count for row, count in zip(done, counts, strict=True) if count and "seconds" in row]
    usage: Counter[str] = Counter()
    for row in rows:
        usage.update(_numbers(row.get("usage") or {}))
    memory = [row["rss_mb"] for row in done if "rss_mb" in row]
    seconds = sum(row.get("seconds", 0.0) for row in done)
    return {
        "rows": len(rows),
        "failed": len(rows) - len(done),
        "claims": claims,
        "seconds_per_claim": seconds / claims if claims else None,
        "p50": float(np.quantile(each, 0.5)) if each else None,
        "p95": float(np.quantile(each, 0.95)) if each else None,
        "peak_rss_mb": max(memory) if memory else None,
        **{f"{name}_per_claim": usage[name] / claims for name in _ASKED if name in usage and claims},
        "usage": dict(usage),
        "usage_per_claim": {name: value / claims for name, value in usage.items()} if claims else {},
        **({"prompts": prompts} if (prompts := _prompts(done)) else {}),
    }


OWN = "a source"
"""How Saring puts evidence to a chat model; the other ways of `evals.solvers.prompts` are held against it."""


def _prompts(rows: Sequence[Row]) -> dict[str, Any]:
    """The ways of putting the evidence, summed over articles; `times` is how much each takes against our own."""
    counted = [row["prompts"] for row in rows if row.get("prompts")]
    if not counted:
        return {}
    claims = sum(part["claims"] for part in counted)
    ways: dict[str, dict[str, float]] = {}
    for name in counted[0]["ways"]:
        calls, tokens = (sum(part["ways"][name][unit] for part in counted) for unit in ("calls", "tokens"))
        own = sum(part["ways"][OWN]["tokens"] for part in counted)
        ways[name] = {"calls": calls, "tokens": tokens, "tokens_per_claim": tokens / claims, "times": tokens / own}
    return {"counted_by": ", ".join(sorted({part["counted_by"] for part in counted})), "claims": claims, "ways": ways}


def findings(systems: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What hearing each source once saves, in sentences."""
    sentences = []
    for name, part in systems.items():
        if prompts := part.get("prompts"):
            own = prompts["ways"][OWN]
            others = [
                f"{way}: {numbers['tokens_per_claim']:.0f} in {numbers['calls']} calls ({numbers['times']:.2f} times)"
                for way, numbers in prompts["ways"].items()
                if way != OWN
            ]
            sentences.append(
                f"{name}: one call a source takes {own['tokens_per_claim']:.0f} prompt tokens a claim in "
                f"{own['calls']} calls; a call for {'; a call for '.join(others)} "
                f"(counted by {prompts['counted_by']})."
            )
    return sentences


def _claims(row: Row) -> int:
    if row["solver"] == PairSolver.name:
        return 1
    return sum(1 for claim in row["claims"] if claim["checkable"])


def _numbers(usage: Mapping[str, Any]) -> dict[str, int]:
    return {name: int(value) for name, value in usage.items() if isinstance(value, int | float)}


TASK = Task(
    name="cost",
    question="How many calls, tokens, seconds and megabytes does a claim cost?",
    solvers={"newsroom": NewsroomSolver.name, "pairs": PairSolver.name},
    data=("seeds",),
    score=score,
)
