"""Two runs, case by case: what changed, by how much, and whether it is more than chance."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from evals.errors import RunMismatch
from evals.metrics import resample, weighted
from evals.runs import read_manifest, read_rows
from evals.solvers.newsroom import FOUND, GOLD
from evals.solvers.pairs import JUDGE
from evals.tasks import attribution, checkworthiness, retrieval, stance
from evals.tasks.base import of_system
from evals.tasks.units import Unit, units
from evals.types import STANCES, Row

_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Measure:
    """One number that two runs share, as the value of each case.

    Attributes:
        cases: Value by case id; for `mcnemar` whether the case is right.
        groups: What is drawn together in resamples, by case id.
        test: Exact McNemar for right and wrong, sign flips for means.
    """

    metric: str
    slice: str
    cases: Mapping[str, float]
    test: Literal["mcnemar", "permutation"]
    groups: Mapping[str, str]


def compare(run_a: Path, run_b: Path, seed: int = 0) -> dict[str, Any]:
    """Compare run B with run A.

    A case that failed counts as wrong (as 0). Cases that only one run has are counted and left out.

    Returns:
        `notes` (what makes the runs hard to compare) and by task: `lines` (metric, slice, n, a, b, difference, its
        95 % paired bootstrap interval, p, p after Holm's correction over the task's lines, test), `gained`, `lost`,
        `gains`, `losses`, `failed_a`, `failed_b`, `only_a`, `only_b`.

    Raises:
        RunIncomplete: One of them has no results.
        RunMismatch: They have no task in common.
    """
    manifests = [read_manifest(run)["identity"] for run in (run_a, run_b)]
    shared = [name for name in manifests[0]["tasks"] if name in manifests[1]["tasks"] and name in _MEASURES]
    if not shared:
        known = ", ".join(_MEASURES)
        raise RunMismatch(f"{run_a} and {run_b} have no task in common that can be compared case by case ({known})")
    rows_a, rows_b = read_rows(run_a), read_rows(run_b)
    return {
        "a": str(run_a),
        "b": str(run_b),
        "notes": _notes(manifests[0], manifests[1]),
        "tasks": {name: _task(name, rows_a, rows_b, seed) for name in shared},
    }


def _task(name: str, rows_a: Sequence[Row], rows_b: Sequence[Row], seed: int) -> dict[str, Any]:
    measures_a, measures_b = ({(m.metric, m.slice): m for m in _MEASURES[name](rows)} for rows in (rows_a, rows_b))
    lines = [_line(measures_a[key], measures_b[key], seed) for key in measures_a if key in measures_b]
    if name == "stance":
        lines.append(_macro_f1(rows_a, rows_b, seed))
    lines = [line for line in lines if line["n"]]
    corrected = resample.holm({str(i): line["p"] for i, line in enumerate(lines) if line["p"] is not None})
    for index, line in enumerate(lines):
        line["p_holm"] = corrected.get(str(index))
    first_a, first_b = next(iter(measures_a.values()), None), next(iter(measures_b.values()), None)
    cases_a, cases_b = (first_a.cases if first_a else {}), (first_b.cases if first_b else {})
    both = [identity for identity in cases_a if identity in cases_b]
    gained = [identity for identity in both if cases_b[identity] > cases_a[identity]]
    lost = [identity for identity in both if cases_b[identity] < cases_a[identity]]
    cards_a, cards_b = _cards(name, rows_a), _cards(name, rows_b)
    return {
        "lines": lines,
        "gained": len(gained),
        "lost": len(lost),
        "only_a": len(cases_a) - len(both),
        "only_b": len(cases_b) - len(both),
        "failed_a": sum(card["failed"] for card in cards_a.values()),
        "failed_b": sum(card["failed"] for card in cards_b.values()),
        "gains": [_change(identity, cards_a, cards_b) for identity in gained[:_SHOWN]],
        "losses": [_change(identity, cards_a, cards_b) for identity in lost[:_SHOWN]],
    }


def _line(a: Measure, b: Measure, seed: int) -> dict[str, Any]:
    both = [identity for identity in a.cases if identity in b.cases]
    first = np.array([a.cases[identity] for identity in both], dtype=float)
    second = np.array([b.cases[identity] for identity in both], dtype=float)
    if a.test == "mcnemar":
        p = resample.mcnemar((first > 0).tolist(), (second > 0).tolist())
    else:
        p = resample.permutation_mean(first.tolist(), second.tolist(), seed)
    groups = [a.groups.get(identity, identity) for identity in both]
    interval = resample.difference(lambda w: weighted.mean(w, first), lambda w: weighted.mean(w, second), groups, seed)
    return {
        "metric": a.metric,
        "slice": a.slice,
        "n": len(both),
        "a": float(first.mean()) if both else None,
        "b": float(second.mean()) if both else None,
        "difference": float(second.mean() - first.mean()) if both else None,
        "interval": interval,
        "p": p,
        "test": "exact McNemar" if a.test == "mcnemar" else "paired sign flips",
    }


def _macro_f1(rows_a: Sequence[Row], rows_b: Sequence[Row], seed: int) -> dict[str, Any]:
    """Macro-F1 of the three-way rows that both runs answered; it is no mean over cases and has a test of its own."""
    answers = [
        {row["id"]: row for row in of_system(rows, "pairs", JUDGE) if not row.get("failure") and row["gold"] in STANCES}
        for rows in (rows_a, rows_b)
    ]
    both = [identity for identity in answers[0] if identity in answers[1]]
    gold = [answers[0][identity]["gold"] for identity in both]
    first, second = ([side[identity]["answer"] for identity in both] for side in answers)
    groups = [answers[0][identity].get("claim") or identity for identity in both]
    one = np.ones((1, len(both)))
    a, b = (float(weighted.macro_f1(one, gold, said)[0]) if both else None for said in (first, second))
    interval = resample.difference(
        lambda w: weighted.macro_f1(w, gold, first), lambda w: weighted.macro_f1(w, gold, second), groups, seed
    )
    return {
        "metric": "macro_f1",
        "slice": "all",
        "n": len(both),
        "a": a,
        "b": b,
        "difference": b - a if a is not None and b is not None else None,
        "interval": interval,
        "p": resample.permutation_macro_f1(gold, first, second, seed),
        "test": "approximate randomisation",
    }


def _sliced(
    metric: str, test: Literal["mcnemar", "permutation"], cases: Iterable[tuple[str, float, Mapping[str, str]]]
) -> list[Measure]:
    """The measure over all cases, and over each value of each field; `group` is what resamples draw together."""
    every = list(cases)
    groups = {identity: fields.get("group", identity) for identity, _, fields in every}
    found = [Measure(metric, "all", {identity: value for identity, value, _ in every}, test, groups)]
    for field in ("dataset", "language"):
        values = {fields.get(field, "") for _, _, fields in every} - {""}
        if len(values) > 1:
            found += [
                Measure(metric, name, {i: v for i, v, fields in every if fields.get(field) == name}, test, groups)
                for name in sorted(values)
            ]
    return found


def _stance(rows: Sequence[Row]) -> list[Measure]:
    judged = of_system(rows, "pairs", JUDGE)
    cases = [
        (
            row["id"],
            float(not row.get("failure") and stance.correct(row)),
            {"dataset": row["dataset"], "language": row["language"], "group": row.get("claim") or row["id"]},
        )
        for row in judged
    ]
    return _sliced("right", "mcnemar", cases)


def _retrieval(rows: Sequence[Row]) -> list[Measure]:
    found = []
    for system in ("hybrid", "dense"):
        mine = {row["id"]: row for row in of_system(rows, "retrieval", system)}
        values = retrieval.per_query(list(mine.values()))
        for metric in ("ndcg@10", "recall@5", "mrr"):
            cases = [
                (
                    identity,
                    value[metric],
                    {"dataset": mine[identity]["dataset"], "language": mine[identity]["language"]},
                )
                for identity, value in values.items()
            ]
            found += _sliced(f"{system} {metric}", "permutation", cases)
    return found


def _verdict(rows: Sequence[Row]) -> list[Measure]:
    end_to_end = [(u.key, float(u.right), _fields(u)) for u in units(of_system(rows, "newsroom", FOUND)) if u.gold]
    given = [(u.key, float(u.right), _fields(u)) for u in units(of_system(rows, "newsroom", GOLD)) if u.gold]
    measures = _sliced("right, claims given", "mcnemar", given) if given else []
    return measures + (_sliced("end_to_end", "mcnemar", end_to_end) if end_to_end else [])


def _claims(rows: Sequence[Row]) -> list[Measure]:
    mine = [row for row in rows if row["solver"] == "extraction" and row["kind"] == "newsroom"]
    cases = [(u.key, float(bool(u.claim and "start" in u.claim)), _fields(u)) for u in units(mine) if u.gold]
    return _sliced("found", "mcnemar", cases)


def _attribution(rows: Sequence[Row]) -> list[Measure]:
    mine = [row for row in rows if row["solver"] == "extraction" and row["kind"] == "newsroom"]
    cases = [
        (u.key, float(bool(u.claim and "start" in u.claim) and attribution.speaker_right(u)), _fields(u))
        for u in units(mine)
        if u.gold
    ]
    return _sliced("right speaker", "mcnemar", cases)


def _checkworthiness(rows: Sequence[Row]) -> list[Measure]:
    cases = [
        (
            row["id"],
            float(not row.get("failure") and (row["score"] >= checkworthiness.THRESHOLD) == row["gold"]),
            {"dataset": row["dataset"]},
        )
        for row in rows
        if row["solver"] == "sentences"
    ]
    return _sliced("right", "mcnemar", cases)


_MEASURES: Mapping[str, Callable[[Sequence[Row]], list[Measure]]] = {
    "stance": _stance,
    "retrieval": _retrieval,
    "verdict": _verdict,
    "claims": _claims,
    "attribution": _attribution,
    "checkworthiness": _checkworthiness,
}


def _fields(unit: Unit) -> dict[str, str]:
    return {"language": unit.language}


def _cards(name: str, rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """What is shown of a case that changed, by case id."""
    if name == "stance":
        return {
            row["id"]: {
                "gold": row["gold"],
                "said": _failed(row) or f"{row['answer']} {stance.confidence(row):.2f}",
                "failed": bool(row.get("failure")),
                "texts": [("claim", row["claim"]), ("evidence", row["evidence"])],
            }
            for row in of_system(rows, "pairs", JUDGE)
        }
    if name == "retrieval":
        return {
            row["id"]: {
                "gold": ", ".join(row["relevant"]),
                "said": _failed(row) or (row["ranking"] or ["nothing"])[0],
                "failed": bool(row.get("failure")),
                "texts": [("query", row["query"])],
            }
            for row in of_system(rows, "retrieval", "hybrid")
        }
    if name == "checkworthiness":
        return {
            row["id"]: {
                "gold": "worth checking" if row["gold"] else "not worth checking",
                "said": _failed(row) or f"{row['score']:.2f}",
                "failed": bool(row.get("failure")),
                "texts": [("sentence", row["text"])],
            }
            for row in rows
            if row["solver"] == "sentences"
        }
    solver = "newsroom" if name == "verdict" else "extraction"
    mine = [row for row in rows if row["solver"] == solver and row.get("kind", "newsroom") == "newsroom"]
    given = [row for row in mine if row["system"] == GOLD]
    chosen = given or [row for row in mine if row["system"] in {FOUND, "extractor"}]
    return {unit.key: _unit_card(name, unit) for unit in units(chosen) if unit.gold}


def _unit_card(name: str, unit: Unit) -> dict[str, Any]:
    gold, claim = unit.gold or {}, unit.claim or {}
    said = {
        "verdict": unit.said or "not found",
        "claims": f"found: {claim.get('quote', '')}" if claim else "not found",
        "attribution": str((claim.get("attribution") or {}).get("speaker", "nobody")) if claim else "not found",
    }[name]
    wanted = {"verdict": unit.wanted, "claims": "found", "attribution": gold["speaker"] or "nobody"}[name]
    texts = [("claim", gold["claim"]), ("quote", gold["quote"])]
    return {"gold": wanted, "said": said, "failed": unit.said == "failed", "texts": texts}


def _change(identity: str, a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, Any]:
    empty = {"gold": "", "said": "", "texts": []}
    first, second = a.get(identity, empty), b.get(identity, empty)
    return {"id": identity, "gold": first["gold"], "a": first["said"], "b": second["said"], "texts": first["texts"]}


def _failed(row: Row) -> str:
    failure = row.get("failure")
    return f"failed: {failure['type']}" if failure else ""


def _notes(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    notes = []
    differing = sorted(n for n in {*a["data"], *b["data"]} if a["data"].get(n) != b["data"].get(n))
    if differing:
        notes.append(f"The runs are not on the same data ({', '.join(differing)}); only cases of one id are compared.")
    for part, word in (("options", "option"), ("settings", "setting")):
        other = sorted(n for n in {*a[part], *b[part]} if a[part].get(n) != b[part].get(n))
        notes += [f"The {word} {n} differs: {a[part].get(n)} and {b[part].get(n)}." for n in other]
    models = sorted(n for n in {*a["models"], *b["models"]} if a["models"].get(n) != b["models"].get(n))
    notes += [f"{n}: {a['models'].get(n)} in A, {b['models'].get(n)} in B." for n in models]
    if a["code"] != b["code"]:
        notes.append("The code differs.")
    return notes
