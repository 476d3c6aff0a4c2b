"""Which numbers of a task are shown, in which order, and how. Knows nothing of HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from evals.report import plots
from evals.report.headlines import CHIEF, EXPLAINED, HEADLINES
from evals.report.terminal import named_rows
from evals.types import STANCES, VERDICTS, Row


@dataclass(frozen=True, slots=True)
class Tile:
    """A headline number."""

    name: str
    value: float | None
    interval: Sequence[float] | None
    note: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing with what it shows."""

    title: str
    note: str
    drawing: Markup
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Mistake:
    """A case that went wrong, with what a reader needs to see why."""

    title: str
    gold: str
    said: str
    texts: tuple[tuple[str, str], ...]
    note: str = ""
    drawing: Markup | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """One task on the page."""

    task: str
    judge: str
    n: int
    failed: int
    tiles: tuple[Tile, ...]
    findings: tuple[str, ...]
    figures: tuple[Figure, ...]
    tables: tuple[tuple[str, tuple[str, ...], tuple[tuple[Any, ...], ...]], ...]
    mistakes: tuple[Mistake, ...] = field(default=())
    mistakes_title: str = ""
    failures: Mapping[str, int] = field(default_factory=dict)


def section(summary: Mapping[str, Any], rows: Sequence[Row]) -> Section:
    """The section of a task.

    Args:
        summary: Its numbers.
        rows: The run's answers; without them (a committed run) the mistakes are left out.
    """
    task = summary["task"]
    title, mistakes = _mistakes(summary, rows)
    return Section(
        task,
        summary.get("judge", ""),
        summary["n"],
        summary["failed"],
        tuple(_tiles(summary)),
        tuple(summary.get("findings") or ()),
        tuple(_figures(summary)),
        tuple(_tables(summary)),
        tuple(mistakes),
        title,
        summary.get("failures") or {},
    )


def _tiles(summary: Mapping[str, Any]) -> list[Tile]:
    if "systems" in summary and summary["task"] == "retrieval":
        return [
            Tile(f"{name} · nDCG@10", part.get("ndcg@10"), (part.get("intervals") or {}).get("ndcg@10"), "")
            for name, part in summary["systems"].items()
        ]
    if summary["task"] == "cost":
        main: Mapping[str, Any] = next(iter(summary["systems"].values()), {})
        return [
            Tile("seconds per claim", main.get("seconds_per_claim"), None, "mean, on the machine below"),
            Tile("peak memory, MiB", main.get("peak_rss_mb"), None, "of the whole process"),
            *(
                Tile(f"{name} per claim", value, None, "")
                for name, value in (main.get("usage_per_claim") or {}).items()
            ),
        ]
    whole = summary.get("overall") or {}
    intervals = whole.get("intervals") or {}
    return [
        Tile(name.replace("_", " "), whole.get(name), intervals.get(name), EXPLAINED.get(name, ""))
        for name in HEADLINES.get(summary["task"], ())
        if name in whole
    ]


def _figures(summary: Mapping[str, Any]) -> list[Figure]:
    figures = list(_bars(summary))
    detail = summary.get("detail") or {}
    if summary["task"] == "stance":
        whole = detail["overall"]
        figures += [
            Figure("Confusion", "Rows labelled `not supported` are left out.", plots.confusion(
                STANCES, STANCES, whole["confusion"], "confusion matrix of stances")),
            *_calibration(whole["reliability"], whole["risk_coverage"]),
        ]  # fmt: skip
    if summary["task"] == "verdict":
        for key, title in (
            ("confusion_found", "Confusion, claims found"),
            ("confusion_gold", "Confusion, claims given"),
        ):
            if any(map(sum, detail[key])):
                figures.append(Figure(title, "", plots.confusion(VERDICTS, detail["labels"], detail[key], title)))
        figures += _calibration(detail["reliability"], detail["risk_coverage"])
    return figures


def _calibration(curve: Sequence[Mapping[str, float]], risk: Mapping[str, Any]) -> list[Figure]:
    if not curve:
        return []
    return [
        Figure(
            "Reliability",
            "A judge whose confidence can be taken at its word lies on the dashed line; below it, it is too sure.",
            plots.reliability(curve, "reliability diagram"),
        ),
        Figure(
            "Risk and coverage",
            f"What is wrong when only the surest answers are given (mean {risk['aurc']:.3f}); dashed: when all are.",
            plots.risk_coverage(risk["curve"], "risk–coverage curve"),
        ),
    ]


def _bars(summary: Mapping[str, Any]) -> list[Figure]:
    """The chief number of the whole, its slices and its baselines, side by side."""
    metric = CHIEF.get(summary["task"])
    if metric is None:
        return []
    rows: list[tuple[str, float | None, plots.Interval, str]] = []
    for name, part in named_rows(summary):
        key = metric
        if metric not in part and summary["task"] == "verdict":
            key = "accuracy"  # where the claims are given, finding them is no part of it
        if key not in part:
            continue
        kind = "main" if name in {"overall", "hybrid"} else "base" if name.startswith("baseline") else "plain"
        rows.append((name, part[key], (part.get("intervals") or {}).get(key), kind))
    if not rows:
        return []
    note = "95 % intervals"
    if summary["task"] == "verdict":
        note += "; for given claims and baselines, the share of right labels"
    drawing = plots.forest(rows, f"{metric} of {summary['task']}")
    return [Figure(metric.replace("_", " "), note, drawing, wide=True)]


def _tables(summary: Mapping[str, Any]) -> list[tuple[str, tuple[str, ...], tuple[tuple[Any, ...], ...]]]:
    rows = list(named_rows(summary))
    names: dict[str, None] = {}
    for _, part in rows:
        for key, value in part.items():
            if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
                names[key] = None
    tables = []
    if rows:
        body = tuple((name, *(part.get(column, "") for column in names)) for name, part in rows)
        tables.append(("All numbers", ("", *names), body))
    per_class = (
        (summary.get("detail") or {}).get("overall", {}).get("per_class") if summary["task"] == "stance" else None
    )
    per_class = per_class or (summary.get("gold_claims") or {}).get("per_class")
    if per_class:
        columns = ("precision", "recall", "f1", "support")
        body = tuple((name, *(part[column] for column in columns)) for name, part in per_class.items())
        tables.append(("By label", ("label", *columns), body))
    given = summary.get("gold_claims") or {}
    for key, title in (("subtypes", "By kind of error (claims given)"), ("items", "By article (claims given)")):
        if given.get(key):
            body = tuple((name, p["n"], p["failed"], p["accuracy"], p["macro_f1"]) for name, p in given[key].items())
            tables.append((title, ("", "n", "failed", "accuracy", "macro F1"), body))
    if given.get("cross_lingual", {}).get("n"):
        p = given["cross_lingual"]
        body = (("evidence in the other language only", p["n"], p["failed"], p["accuracy"], p["macro_f1"]),)
        tables.append(("Across languages (claims given)", ("", "n", "failed", "accuracy", "macro F1"), body))
    return tables


def _mistakes(summary: Mapping[str, Any], rows: Sequence[Row]) -> tuple[str, list[Mistake]]:
    detail = summary.get("detail") or {}
    if not rows:
        return "", []
    if summary["task"] == "stance":
        by_id = {row["id"]: row for row in rows if row["solver"] == "pairs" and row["system"] == "judge"}
        return "The surest mistakes", [
            _pair(by_id[entry["id"]], entry) for entry in detail["worst"] if entry["id"] in by_id
        ]
    if summary["task"] == "retrieval":
        by_id = {row["id"]: row for row in rows if row["solver"] == "retrieval" and row["system"] == "hybrid"}
        return "What was not found first", [
            _query(by_id[entry["id"]], entry) for entry in detail["worst"] if entry["id"] in by_id
        ]
    if summary["task"] == "verdict":
        system = "gold" if any(row["solver"] == "newsroom" and row["system"] == "gold" for row in rows) else "found"
        by_id = {row["id"]: row for row in rows if row["solver"] == "newsroom" and row["system"] == system}
        made = [_claim(by_id[entry["id"]], entry) for entry in detail["mistakes"] if entry["id"] in by_id]
        return "Every wrong label", made
    if summary["task"] == "checkworthiness":
        by_id = {row["id"]: row for row in rows if row["solver"] == "sentences"}
        return "Furthest from what people said", [
            Mistake(
                entry["id"], "worth checking" if entry["gold"] else "not worth checking", f"score {entry['score']:.2f}",
                (("sentence", by_id[entry["id"]]["text"]),),
            )
            for entry in detail["worst"]
            if entry["id"] in by_id
        ]  # fmt: skip
    return "", []


def _pair(row: Row, entry: Mapping[str, Any]) -> Mistake:
    notes = "; ".join(row.get("notes") or ())
    drawing = plots.probabilities(row["probabilities"], STANCES)
    texts = (("claim", row["claim"]), ("evidence", row["evidence"]))
    return Mistake(row["id"], row["gold"], f"{row['answer']} {entry['confidence']:.2f}", texts, notes, drawing)


def _query(row: Row, entry: Mapping[str, Any]) -> Mistake:
    texts = (("query", row["query"]), ("found first", row.get("first", "")), ("wanted", row.get("wanted", "")))
    rank = f"rank {1 / entry['mrr']:.0f}" if entry["mrr"] else "not in the first hundred"
    return Mistake(row["id"], "the wanted document first", rank, texts)


def _claim(row: Row, entry: Mapping[str, Any]) -> Mistake:
    from evals.tasks.units import units

    unit = next(unit for unit in units([row]) if unit.key == entry["key"])
    gold, claim = unit.gold or {}, unit.claim or {}
    outcome = claim.get("outcome") or {}
    failure = outcome.get("failure")
    texts = [("claim", gold["claim"]), ("quote", gold["quote"])]
    texts += [
        (f"cited, {c['stance']} {c['score']:.2f}, {c['source_id']}", c["quote"]) for c in outcome.get("citations") or ()
    ]
    said = (
        "failed"
        if failure
        else f"{outcome['label']} {outcome['confidence']:.2f}, {outcome['reason'].replace('_', ' ')}"
    )
    notes = [f"deciding cards: {', '.join(gold['evidence_ids'])}" if gold["evidence_ids"] else "", gold["subtype"]]
    if failure:
        notes.append(f"{failure['type']}: {failure['message']}")
    return Mistake(entry["key"], entry["gold"], said, tuple(texts), "; ".join(note for note in notes if note))
