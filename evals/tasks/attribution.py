"""Who said it, through whom, and named or not?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from evals.metrics import classification
from evals.metrics.spans import match
from evals.solvers.extraction import ExtractionSolver
from evals.tasks.base import Task, answered, mean_intervals, share, split
from evals.tasks.units import Unit, units
from evals.types import Row


def score(rows: Sequence[Row], seed: int = 0) -> dict[str, Any]:
    """Newsroom cases: speaker, outlet and anonymity of matched claims. Marked articles: attributions found at all.

    `n` counts gold claims and marked attributions, `failed` articles that could not be read.
    """
    mine = [row for row in rows if row["solver"] == ExtractionSolver.name]
    cases = [row for row in mine if row["kind"] == "newsroom"]
    marked = [row for row in mine if row["kind"] == "attributed"]
    summary: dict[str, Any] = {"task": "attribution", "n": 0, "failed": len(mine) - len(answered(mine))}
    if cases:
        summary["overall"] = measure(cases, seed)
        summary["languages"] = {name: measure(part, seed) for name, part in split(cases, "language").items()}
        summary["baselines"] = {"nobody": nobody(cases)}
        summary["n"] += summary["overall"]["n"]
    if marked:
        summary["datasets"] = {name: detection(part, seed) for name, part in split(marked, "dataset").items()}
        summary["n"] += sum(len(row["attributions"]) for row in marked)
    wrong = [unit for unit in units(answered(cases)) if unit.gold and unit.claim and not speaker_right(unit)]
    summary["detail"] = {
        "wrong_speaker": [
            {"key": unit.key, "gold": (unit.gold or {})["speaker"], "said": _said(unit).get("speaker", "")}
            for unit in wrong
        ]
    }
    return summary


def measure(rows: Sequence[Row], seed: int = 0) -> dict[str, Any]:
    """Over matched claims: is the speaker right (nobody, where nobody is quoted), the outlet, the anonymity?

    `speaker_named` is over claims whose gold line names a speaker; `end_to_end` also counts claims that were missed.
    """
    every = [unit for unit in units(rows) if unit.gold]
    matched = [unit for unit in every if unit.claim and "start" in unit.claim]
    named = [unit for unit in matched if unit.gold and unit.gold["speaker"]]
    via = [unit for unit in matched if (unit.gold or {})["via"] or _said(unit).get("outlet")]
    hidden = [bool((unit.gold or {})["anonymous"]) for unit in matched]
    says_hidden = [bool(_said(unit).get("anonymous")) for unit in matched]
    both = sum(a and b for a, b in zip(hidden, says_hidden, strict=True))
    right = {unit.key: speaker_right(unit) for unit in matched}
    columns = {"speaker": [float(value) for value in right.values()]}
    return {
        "n": len(every),
        "failed": len(rows) - len(answered(rows)),
        "matched": len(matched),
        "speaker": share(list(right.values())),
        "speaker_named": share([right[unit.key] for unit in named]),
        "outlet": share([same_name((u.gold or {})["via"], str(_said(u).get("outlet", ""))) for u in via]),
        "anonymous": classification.precision_recall_f1(both, sum(says_hidden), sum(hidden)),
        "end_to_end": sum(right.values()) / len(every) if every else None,
        "intervals": mean_intervals(columns, list(right), seed),
    }


def nobody(rows: Sequence[Row]) -> dict[str, Any]:
    """The baseline that never sees a speaker: right wherever nobody is quoted."""
    every = [unit for unit in units(rows) if unit.gold]
    return {"n": len(every), "speaker": share([not (unit.gold or {})["speaker"] for unit in every])}


def detection(rows: Sequence[Row], seed: int = 0) -> dict[str, Any]:
    """Attributions found, by overlap of what is said; of those, is the source right?"""
    wanted = found = 0
    right: list[bool] = []
    hits: list[float | None] = []
    articles: list[str] = []
    for row in answered(rows):
        claims = [claim for claim in row["claims"] if claim["attribution"]]
        marks = row["attributions"]
        pairs = match(
            [(claim["start"], claim["end"]) for claim in claims],
            [(mark["content"][0], mark["content"][1]) for mark in marks],
        )
        wanted, found = wanted + len(marks), found + len(claims)
        seen = {index for _, index in pairs}
        hits += [float(index in seen) for index in range(len(marks))]
        articles += [row["id"]] * len(marks)
        for claim, mark in pairs:
            if marks[mark]["source"]:
                right.append(same_name(marks[mark]["source"], claims[claim]["attribution"]["speaker"]))
    return {
        "n": wanted,
        "failed": len(rows) - len(answered(rows)),
        **classification.precision_recall_f1(int(sum(hit or 0 for hit in hits)), found, wanted),
        "source_right": share(right),
        "intervals": mean_intervals({"recall": hits}, articles, seed),
    }


def same_name(a: str, b: str) -> bool:
    """Whether two names can be one: equal, or the words of one all in the other ("Araqchi", "Menlu Abbas Araqchi")."""
    first, second = _words(a), _words(b)
    if not first or not second:
        return first == second
    return first <= second or second <= first


_SMALL = frozenset("the a an of mr mrs ms dr pak bu bapak ibu".split())


def _words(name: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", name.casefold())) - _SMALL


def _said(unit: Unit) -> dict[str, Any]:
    return (unit.claim or {}).get("attribution") or {}


def speaker_right(unit: Unit) -> bool:
    """Whether the matched claim has the gold line's speaker, or none where none is named."""
    gold, said = unit.gold or {}, _said(unit)
    if gold["anonymous"]:
        return bool(said.get("anonymous"))
    return same_name(gold["speaker"], str(said.get("speaker", "")))


TASK = Task(
    name="attribution",
    question="Who said it, through whom, and named or not?",
    solvers={"newsroom": ExtractionSolver.name, "attributed": ExtractionSolver.name},
    data=("seeds",),
    score=score,
)
