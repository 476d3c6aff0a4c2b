"""A run from start to finish: data in, folder and numbers out."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from evals import trace
from evals.data.beir import is_beir, read_beir
from evals.data.catalogue import catalogue, load
from evals.data.files import digest
from evals.data.pairs import read_pairs
from evals.data.scripts import SCRIPT, is_script, read_script
from evals.errors import DataError, UnknownName
from evals.newsroom import is_newsroom, load_newsroom
from evals.registry import SOLVERS, task
from evals.runs import RunFolder, read_manifest, read_rows, read_summaries, write_summaries
from evals.solvers.base import Options, Tools
from evals.types import Dataset

Progress = Callable[[str, int, int], None]
"""Called with (what, done, total). Must not raise."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be run.

    Attributes:
        data: Paths and names of data sets; each task's own where empty.
        output: The run folder; named after the run's identity under `runs/` where None.
        settings: The checker's settings that shape answers, for the record.
    """

    tasks: tuple[str, ...]
    data: tuple[str, ...] = ()
    options: Options = field(default_factory=Options)
    output: Path | None = None
    settings: Mapping[str, Any] | None = None
    fresh: bool = False
    retry_failed: bool = False


@dataclass(frozen=True, slots=True)
class Finished:
    """What came of it: the folder, and the summary of each task."""

    path: Path
    summaries: Mapping[str, Any]


def run(plan: Plan, tools: Tools, progress: Progress | None = None) -> Finished:
    """Run tasks, or go on with a run that was stopped.

    Tasks that share a solver share its answers, so that `verdict citation cost` checks every article once.

    Raises:
        EvalError: The data, the folder or a name cannot be used.
        CheckerError, RetrievalError: The system under test cannot work at all.
    """
    work = _work(plan)
    versions = {name: version for solver in work for name, version in tools.versions(solver).items()}
    options = plan.options
    identity = {
        "tasks": list(plan.tasks),
        "data": {dataset.name: dataset.digest for part in work.values() for dataset in part},
        "options": _public(options),
        "settings": dict(plan.settings or {}),
        "models": versions,
        "code": trace.code_digest(),
    }
    about = {
        **trace.commit(),
        "command": trace.command(),
        "versions": trace.versions(),
        "machine": trace.machine(),
        "datasets": [_described(dataset) for part in work.values() for dataset in part],
    }
    path = plan.output or _named(plan.tasks, versions, identity)
    notify = (lambda message: progress(message, -1, -1)) if progress else options.notify
    options = replace(options, notify=notify)
    with RunFolder.open(path, identity, about, fresh=plan.fresh, retry_failed=plan.retry_failed) as folder:
        for solver, data in work.items():
            _answer(folder, solver, data, tools, options, progress)
        rows = read_rows(path)
        summaries = {name: _score(name, rows, options.seed, versions) for name in plan.tasks}
        folder.finish(summaries)
    return Finished(path, summaries)


def rescore(path: Path) -> Finished:
    """Score a run's answers again, without asking anybody again.

    Raises:
        RunIncomplete: It is not a run folder, or has no results.
    """
    manifest = read_manifest(path)
    identity = manifest["identity"]
    rows = read_rows(path)
    summaries = {
        name: _score(name, rows, identity["options"]["seed"], identity["models"]) for name in identity["tasks"]
    }
    write_summaries(path, summaries)
    return Finished(path, summaries)


def finished(path: Path) -> Finished:
    """A run as it was left.

    Raises:
        RunIncomplete: It has no summary.
    """
    return Finished(path, read_summaries(path))


def public(summary: Mapping[str, Any]) -> dict[str, Any]:
    """A summary without what only the report draws."""
    return {key: value for key, value in summary.items() if key != "detail"}


def resolve(what: str, kinds: Sequence[str]) -> Dataset:
    """A data set from a path or a name.

    A `.jsonl` file holds pairs or a script of conversations; a folder is a newsroom folder or in BEIR's layout; `seeds`
    and `chat` are the project's own, if they are not here; anything else is a name of the catalogue.

    Raises:
        DataError: The path is not there or holds another kind of data.
        UnknownName: Nor is it a name of the catalogue.
    """
    dataset = _resolve(what)
    if dataset.kind not in kinds:
        raise DataError(f"{what}: holds {dataset.kind}; this task needs {' or '.join(kinds)}")
    return dataset


def _resolve(what: str) -> Dataset:
    path = Path(what).expanduser()
    if what == "seeds" and not path.exists():
        path = trace.ROOT / "seeds"
    if what == "chat" and not path.exists():
        path = SCRIPT
    if path.is_file() and is_script(path):
        return read_script(path, trace.ROOT / "seeds" / "evidence")
    if path.is_file():
        return Dataset(path.stem, "pairs", read_pairs(path), digest([path]))
    if path.is_dir() and is_beir(path):
        return Dataset(path.name, "retrieval", [read_beir(path)], digest(path.rglob("*.*sl*"), path))
    if path.is_dir() and is_newsroom(path):
        return load_newsroom(path)
    if path.is_dir():
        raise DataError(f"{what}: neither newsroom cases (NN-slug/gold.jsonl) nor BEIR (corpus.jsonl, queries.jsonl)")
    known = catalogue()
    if what in known:
        return load(what)
    if "/" in what or "." in what:
        raise DataError(f"{what}: no such file or folder")
    raise UnknownName("data set", what, [*known, "seeds", "chat"])


def _work(plan: Plan) -> dict[str, list[Dataset]]:
    """The data of each solver, in the order of the tasks, without doubles."""
    loaded: dict[tuple[str, ...], Dataset] = {}
    work: dict[str, dict[str, Dataset]] = {}
    for name in plan.tasks:
        wanted = task(name)
        for what in plan.data or wanted.data:
            kinds = tuple(wanted.solvers)
            dataset = loaded.get((what,)) or resolve(what, kinds)
            loaded[what,] = dataset
            if dataset.kind not in kinds:
                raise DataError(f"{what}: holds {dataset.kind}; {name} needs {' or '.join(kinds)}")
            part = work.setdefault(wanted.solvers[dataset.kind], {})
            if dataset.name in part and part[dataset.name].digest != dataset.digest:
                raise DataError(f"two data sets are named {dataset.name!r}; rename one of the files")
            part[dataset.name] = dataset
    return {solver: list(part.values()) for solver, part in work.items()}


def _answer(
    folder: RunFolder, solver: str, data: Sequence[Dataset], tools: Tools, options: Options, progress: Progress | None
) -> None:
    cases = SOLVERS[solver].cases(data, options)
    if not cases:
        raise DataError(f"{', '.join(dataset.name for dataset in data)}: nothing in it to ask")
    left = [case for case in cases if not folder.is_done(solver, case.system, case.id)]
    done = len(cases) - len(left)
    if progress:
        progress(solver, done, len(cases))
    for row in SOLVERS[solver].solve(left, tools, options):
        folder.append([row])
        done += 1
        if progress:
            progress(solver, done, len(cases))


def _score(name: str, rows: Sequence[Mapping[str, Any]], seed: int, versions: Mapping[str, str]) -> dict[str, Any]:
    wanted = task(name)
    summary = wanted.score(rows, seed)
    summary["failures"] = failures([row for row in rows if row["solver"] in wanted.solvers.values()])
    if "judge" in summary and not summary["judge"]:
        summary["judge"] = versions.get("judge", "")
    return summary


def failures(rows: Sequence[Mapping[str, Any]], most: int = 10) -> dict[str, int]:
    """What went wrong, commonest first: number of rows or claims by type and message."""
    counts: Counter[str] = Counter()
    for row in rows:
        outcomes = [claim.get("outcome") or {} for claim in row.get("claims") or ()]
        broken = [row.get("failure"), *(outcome.get("failure") for outcome in outcomes), *(row.get("failures") or ())]
        counts.update(f"{failure['type']}: {failure['message'][:160]}" for failure in broken if failure)
    return dict(counts.most_common(most))


def _described(dataset: Dataset) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "kind": dataset.kind,
        "rows": len(dataset.records),
        "digest": dataset.digest,
        "use": dataset.use,
        "home": dataset.home,
        "licence": dataset.licence,
    }


def _public(options: Options) -> dict[str, Any]:
    return {
        "limit": options.limit,
        "seed": options.seed,
        "baselines": options.baselines,
        "baseline_limit": options.baseline_limit,
        "claims": options.claims,
    }


def _named(tasks: Sequence[str], versions: Mapping[str, str], identity: Mapping[str, Any]) -> Path:
    mark = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:10]
    judge = "".join(c if c.isalnum() or c in "-." else "-" for c in versions.get("judge", ""))
    return Path("runs") / "-".join(part for part in (*tasks, judge, mark) if part)
