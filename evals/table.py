"""The results table of the README, made from committed runs and from nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.errors import DataError
from evals.runs import read_manifest, read_summaries

START = "<!-- results: made by `python -m evals table`; do not edit -->"
END = "<!-- end of results -->"

_COMMITTED = Path(__file__).parent / "runs"


def committed_runs() -> list[Path]:
    """The committed run folders, in the order of their names."""
    return sorted(path.parent for path in _COMMITTED.glob("*/summary.json"))


def block(runs: Sequence[Path]) -> str:
    """The Markdown between the markers, markers included.

    Raises:
        DataError: There is no run.
        RunIncomplete: A folder holds no finished run.
    """
    if not runs:
        raise DataError("no run to make a table of; name run folders")
    parts = [START]
    for run in runs:
        manifest, summaries = read_manifest(run), read_summaries(run)
        for task, summary in summaries.items():
            if rows := list(_ROWS.get(task, _none)(summary)):
                header, *body = rows
                parts += ["", f"**{_TITLES[task]}**", "", _line(header), "|" + "---|" * len(header)]
                parts += [_line(row) for row in body]
        parts += ["", f"*{_origin(run, manifest)}*"]
    return "\n".join([*parts, "", END])


def read(path: Path) -> str:
    """The block as it stands in a file.

    Raises:
        DataError: The file has not exactly one pair of markers.
    """
    text = _text(path)
    start, end = text.find(START), text.find(END)
    if start < 0 or end < start or text.count(START) != 1 or text.count(END) != 1:
        raise DataError(f"{path}: must have one line {START!r} and after it one line {END!r}")
    return text[start : end + len(END)]


def put(path: Path, new: str) -> None:
    """Put the block in place of the one in the file.

    Raises:
        DataError: The file has not exactly one pair of markers.
    """
    path.write_text(_text(path).replace(read(path), new), encoding="utf-8")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error


_TITLES: Mapping[str, str] = {
    "stance": "Stance: does this passage support, refute or not settle this claim?",
    "retrieval": "Retrieval: is the evidence found?",
    "verdict": "Verdict: the whole job, from article and store to label",
    "claims": "Claims: are they found?",
    "attribution": "Attribution: who said it?",
    "checkworthiness": "Check-worthiness: is a sentence worth checking?",
    "citation": "Citations: do they exist, and do they carry the verdict?",
    "chat": "Chat: is each turn of a conversation answered as it should be?",
}


def _stance(summary: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    yield (
        "data",
        "pairs",
        "failed",
        "accuracy",
        "macro-F1",
        "balanced accuracy",
        "AUROC",
        "ECE",
        "majority",
        "claim only",
    )
    base = summary["baselines"]
    for name, part in summary["datasets"].items():
        # Balanced accuracy is what a set that tells only "supports or not" can be compared on.
        three_way = part["not_supported"] < part["n"] - part["failed"] and part["not_supported"] == 0
        key = "accuracy" if three_way else "balanced_accuracy"
        majority = base["majority"]["datasets"].get(name, {}).get(key)
        claim_only = base["claim_only"].get("datasets", {}).get(name, {}).get(key)
        yield (
            name,
            str(part["n"]),
            str(part["failed"]),
            _around(part, "accuracy") if three_way else "–",
            _around(part, "macro_f1") if three_way else "–",
            _around(part, "balanced_accuracy"),
            _around(part, "auroc"),
            _short(part["ece"]),
            _short(majority),
            _short(claim_only),
        )


def _retrieval(summary: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    yield ("data", "search", "queries", "failed", "nDCG@10", "recall@1", "recall@5", "MRR")
    for name, systems in summary["datasets"].items():
        for system, part in systems.items():
            numbers = (
                _around(part, "ndcg@10"),
                _short(part["recall@1"]),
                _short(part["recall@5"]),
                _short(part["mrr"]),
            )
            yield (name, system, str(part["n"]), str(part["failed"]), *numbers)


_JOB = ("claim_recall", "claim_precision", "accuracy_matched", "macro_f1_matched", "end_to_end", "citation_valid")
_LABELS = ("", "", "accuracy", "macro_f1", "", "")


def _verdict(summary: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    names = ("recall", "precision", "label accuracy", "label macro-F1", "end to end", "citations valid")
    yield ("whose claims", "language", "claims", "failed", *names)
    given = summary["gold_claims"]
    lines = [("found", name, part, _JOB) for name, part in (("all", summary["overall"]), *summary["languages"].items())]
    if given:
        lines += [("given", name, part, _LABELS) for name, part in (("all", given), *given["languages"].items())]
    lines += [(f"given, {name.replace('_', ' ')}", "all", part, _LABELS) for name, part in summary["baselines"].items()]
    for whose, language, part, keys in lines:
        yield (
            whose,
            language,
            str(part["n"]),
            str(part["failed"]),
            *(_around(part, key) if key else "–" for key in keys),
        )


def _claims(summary: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    yield ("claims by", "gold claims", "failed", "precision", "recall", "F1", "overlap")
    for name, part in (("extractor", summary["overall"]), ("every sentence", summary["baselines"]["every_sentence"])):
        numbers = (_around(part, "precision"), _around(part, "recall"), _short(part["f1"]), _short(part["overlap"]))
        yield (name, str(part["n"]), str(part["failed"]), *numbers)


def _attribution(summary: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    yield ("data", "gold", "failed", "speaker right", "recall", "precision")
    if "overall" in summary:
        part = summary["overall"]
        yield ("newsroom cases", str(part["n"]), str(part["failed"]), _around(part, "speaker"), "–", "–")
    for name, part in (summary.get("datasets") or {}).items():
        numbers = (_short(part["source_right"]), _around(part, "recall"), _short(part["precision"]))
        yield (name, str(part["n"]), str(part["failed"]), *numbers)


def _checkworthiness(summary: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    yield ("data", "sentences", "failed", "AUROC", "average precision", "F1", "AUROC by length", "AUROC by digits")
    base = summary["baselines"]
    for name, part in summary["datasets"].items():
        numbers = (_around(part, "auroc"), _short(part["average_precision"]), _short(part["f1"]))
        rules = (_short(base["length"][name]["auroc"]), _short(base["has_digit"][name]["auroc"]))
        yield (name, str(part["n"]), str(part["failed"]), *numbers, *rules)


def _citation(summary: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    yield ("claims", "citations", "verdicts", "failed", "quote exists", "carries", "cites a deciding card")
    for name, part in (("found", summary["overall"]), ("given", summary["gold_claims"])):
        if part:
            numbers = (_around(part, "quote_exists"), _around(part, "carries"), _short(part["cites_deciding_card"]))
            yield (name, str(part["n"]), str(part["verdicts"]), str(part["failed"]), *numbers)


def _chat(summary: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    yield ("turns that ask for", "turns", "failed", "right", "share right", "verdicts equal to saring check")
    for name, part in (("all", summary["overall"]), *summary["kinds"].items()):
        numbers = (str(part["turns_right"]), _around(part, "right"), _short(part["verdicts_equal"]))
        yield (name.replace("_", " "), str(part["n"]), str(part["failed"]), *numbers)


def _none(_: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    yield from ()


_ROWS = {
    "stance": _stance,
    "retrieval": _retrieval,
    "verdict": _verdict,
    "claims": _claims,
    "attribution": _attribution,
    "checkworthiness": _checkworthiness,
    "citation": _citation,
    "chat": _chat,
}


def _origin(run: Path, manifest: Mapping[str, Any]) -> str:
    commit = (manifest.get("commit") or "no checkout")[:10]
    dirty = ", with uncommitted changes" if manifest.get("dirty") else ""
    return f"Run `{run.name}`, commit `{commit}`{dirty}: `{manifest['command']}`. 95 % bootstrap intervals in brackets."


def _around(part: Mapping[str, Any], key: str) -> str:
    interval = (part.get("intervals") or {}).get(key)
    value = _short(part.get(key))
    return f"{value} [{interval[0]:.2f}, {interval[1]:.2f}]" if interval and part.get(key) is not None else value


def _short(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
