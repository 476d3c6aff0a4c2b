# mypy: disable-error-code="untyped-decorator"
"""The tasks as `inspect_ai` tasks, for people who live in that ecosystem.

    pip install "saring[inspect]"     # in an environment of its own: it asks for older packages than constraints.txt
    inspect eval evals/inspect_tasks.py@stance --model none -T data=indonli -T limit=200
    inspect eval evals/inspect_tasks.py@stance --model openai/gpt-5-mini -T data=indonli -T judge=model
    inspect view

Cases, answers and metrics are those of `python -m evals run`, so both give the same numbers. With `judge=model`, the
stance task puts the question to Inspect's own model as multiple choice instead of to a judge of Saring's.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evals import engine
from evals.errors import MissingTool
from evals.registry import SOLVERS
from evals.registry import task as task_named
from evals.solvers.base import Options, Tools
from evals.solvers.newsroom import FOUND
from evals.solvers.pairs import JUDGE
from evals.types import STANCES, Case, Dataset, Pair, Row

try:
    from inspect_ai import Task, task
    from inspect_ai.dataset import MemoryDataset, Sample
    from inspect_ai.model import ModelOutput
    from inspect_ai.scorer import Metric, SampleScore, Score, Scorer, Target, choice, metric, scorer
    from inspect_ai.solver import Generate, Solver, TaskState, multiple_choice, solver
except ImportError as error:
    raise MissingTool("inspect-ai", extra="inspect") from error

_MAIN = {"pairs": JUDGE, "newsroom": FOUND, "retrieval": "hybrid", "extraction": "extractor", "sentences": "head"}
"""The system under test of each solver; baselines are run by `python -m evals`."""

_ONE_AT_A_TIME = threading.Lock()
"""Inspect asks about many samples at once; the embedded models already use every core for one."""


@task
def stance(data: str = "", judge: str = "embedded", limit: int = 0, seed: int = 0) -> Task:
    """Does this passage support, refute or not settle this claim?"""
    if judge != "model":
        return _task("stance", data, limit, seed, judge=judge)
    cases = _cases("stance", data, Options(limit=limit, seed=seed, baselines=False))
    samples = [_multiple_choice(case.payload, case.id) for case in cases if case.payload.label in STANCES]
    return Task(dataset=MemoryDataset(samples), solver=multiple_choice(), scorer=choice(), name="stance")


@task
def verdict(data: str = "", judge: str = "embedded", limit: int = 0, seed: int = 0) -> Task:
    """From an article and a store: is every claim found and labelled as it should be?"""
    return _task("verdict", data, limit, seed, judge=judge)


@task
def citation(data: str = "", judge: str = "embedded", limit: int = 0, seed: int = 0) -> Task:
    """Does the cited quote exist, and does it carry the verdict?"""
    return _task("citation", data, limit, seed, judge=judge)


@task
def claims(data: str = "", extractor: str = "rules", limit: int = 0, seed: int = 0) -> Task:
    """Are the claims found, with the right span and kind?"""
    return _task("claims", data, limit, seed, extractor=extractor)


@task
def attribution(data: str = "", extractor: str = "rules", limit: int = 0, seed: int = 0) -> Task:
    """Who said it, through whom, and named or not?"""
    return _task("attribution", data, limit, seed, extractor=extractor)


@task
def checkworthiness(data: str = "", limit: int = 0, seed: int = 0) -> Task:
    """Is a sentence worth checking?"""
    return _task("checkworthiness", data, limit, seed)


@task
def retrieval(data: str = "", limit: int = 0, seed: int = 0) -> Task:
    """Is the evidence found?"""
    return _task("retrieval", data, limit, seed)


@task
def cost(data: str = "", judge: str = "embedded", limit: int = 0, seed: int = 0) -> Task:
    """Calls, tokens, seconds and memory per claim."""
    return _task("cost", data, limit, seed, judge=judge)


def _task(name: str, data: str, limit: int, seed: int, **settings: str) -> Task:
    options = Options(limit=limit, seed=seed, baselines=False, claims="found")
    return build(name, _cases(name, data, options), _tools(settings), options)


def build(name: str, cases: Sequence[Case], tools: Tools, options: Options) -> Task:
    """An Inspect task over cases and tools.

    Args:
        name: One of the tasks of `evals.registry`.
        cases: Cases of one system, as the task's solver made them.
        tools: What answers them.
        options: As the cases were made with.
    """
    by_id = {case.id: case for case in cases}
    samples = [Sample(id=case.id, input=_shown(case), target=_wanted(case)) for case in cases]
    by_solver = _solver_of(name, cases)
    return Task(
        dataset=MemoryDataset(samples, name=name),
        solver=_answer(by_solver, by_id, tools, options),
        scorer=_score(name, options.seed),
        name=name,
    )


@solver
def _answer(solver_name: str, cases: Mapping[str, Case], tools: Tools, options: Options) -> Solver:
    def work(case: Case) -> Row:
        with _ONE_AT_A_TIME:
            return next(iter(SOLVERS[solver_name].solve([case], tools, options)))

    async def solve(state: TaskState, generate: Generate) -> TaskState:  # noqa: ARG001 - no model is asked
        row = await asyncio.to_thread(work, cases[str(state.sample_id)])
        state.store.set("row", dict(row))
        state.output = ModelOutput.from_content(model="saring", content=_said(row))
        return state

    return solve


def numbers_of(name: str, rows: Sequence[Row], seed: int) -> dict[str, float]:
    """The task's numbers of rows, without slices, as Inspect shows metrics: the whole's, or those of its one part."""
    summary = task_named(name).score(rows, seed)
    parts = [
        summary.get("overall"),
        *(summary.get("systems") or {}).values(),
        *(summary.get("datasets") or {}).values(),
    ]
    whole: Mapping[str, Any] = next((part for part in parts if part), {})
    return {
        key: float(value)
        for key, value in {**summary, **whole}.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _score(name: str, seed: int) -> Scorer:
    @metric(name=name)
    def numbers() -> Metric:
        def measure(scores: list[SampleScore]) -> Mapping[str, float]:
            return numbers_of(name, [(sample.score.metadata or {})["row"] for sample in scores], seed)

        return measure

    @scorer(metrics=[numbers()], name=name)
    def scored() -> Scorer:
        async def score(state: TaskState, target: Target) -> Score:  # noqa: ARG001 - the row holds the gold answer
            row = state.store.get("row")
            explanation = f"failed: {row['failure']['type']}" if row.get("failure") else None
            return Score(value=_value(row), answer=_said(row), explanation=explanation, metadata={"row": row})

        return score

    return scored()


def _cases(name: str, data: str, options: Options) -> list[Case]:
    wanted = task_named(name)
    names = [part for part in data.split(",") if part] or list(wanted.data)
    datasets: list[Dataset] = [engine.resolve(part, tuple(wanted.solvers)) for part in names]
    kinds = {wanted.solvers[dataset.kind] for dataset in datasets}
    cases = [case for kind in kinds for case in SOLVERS[kind].cases(datasets, options)]
    return [case for case in cases if case.system == _MAIN[next(iter(kinds))]]


def _tools(settings: Mapping[str, str]) -> Tools:
    from checker.settings import load_settings
    from evals.tools import StandardTools

    return StandardTools(load_settings(**settings))


def _solver_of(name: str, cases: Sequence[Case]) -> str:
    known = set(task_named(name).solvers.values())
    return next(solver for solver in known if not cases or _MAIN[solver] == cases[0].system)


def _multiple_choice(pair: Pair, identity: str) -> Sample:
    question = f"What does the passage say of the claim?\n\nPassage: {pair.evidence}\n\nClaim: {pair.claim}"
    meanings = {
        "supports": "It supports the claim.",
        "refutes": "It contradicts the claim.",
        "neutral": "It does not settle the claim.",
    }
    letter = "ABC"[STANCES.index(pair.label)]
    return Sample(id=identity, input=question, choices=[meanings[name] for name in STANCES], target=letter)


def _shown(case: Case) -> str:
    """What Inspect's viewer shows as the input."""
    payload = case.payload
    if isinstance(payload, Pair):
        return f"Claim: {payload.claim}\n\nEvidence: {payload.evidence}"
    if isinstance(payload, tuple):
        corpus_or_name, rest = payload[0], payload[1]
        queries = getattr(corpus_or_name, "queries", None)
        return str(queries[rest]) if queries else str(getattr(rest, "text", rest))
    return str(getattr(payload, "text", payload))


def _wanted(case: Case) -> str:
    payload = case.payload
    if isinstance(payload, Pair):
        return payload.label
    if isinstance(payload, tuple) and hasattr(payload[0], "qrels"):
        return ", ".join(payload[0].qrels[payload[1]])
    return ""


def _said(row: Row) -> str:
    if row.get("failure"):
        return f"failed: {row['failure']['message']}"
    for key in ("answer", "score"):
        if key in row:
            return str(row[key])
    if "ranking" in row:
        return "\n".join(row["ranking"][:10])
    return "\n".join(_line(claim) for claim in row.get("claims", ()))


def _line(claim: Mapping[str, Any]) -> str:
    outcome = claim.get("outcome") or {}
    return f"{outcome.get('label', claim.get('kind', ''))}: {claim.get('quote', '')}"


_VALUES: Mapping[str, Callable[[Row], float]] = {
    "pairs": lambda row: float(_right(row)),
    "retrieval": lambda row: float(bool(row["ranking"]) and row["ranking"][0] in row["relevant"]),
    "sentences": lambda row: float((row["score"] >= 0.5) == row["gold"]),
}


def _right(row: Row) -> bool:
    from evals.tasks.stance import correct

    return correct(row)


def _value(row: Row) -> float:
    """One number per sample, for the viewer's list: whether it is right, or the share of gold claims that are."""
    if row.get("failure"):
        return 0.0
    if row["solver"] in _VALUES:
        return _VALUES[row["solver"]](row)
    if row.get("kind") == "attributed":
        from evals.tasks.attribution import detection

        return float(detection([row])["recall"] or 0.0)
    from evals.tasks.units import units

    gold = [unit for unit in units([row]) if unit.gold]
    hits = [unit.right if row["solver"] == "newsroom" else unit.claim is not None for unit in gold]
    return sum(hits) / len(hits) if hits else 0.0
