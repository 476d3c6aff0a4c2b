"""The tasks and the solvers by name."""

from __future__ import annotations

from collections.abc import Mapping

from evals.errors import UnknownName
from evals.solvers.base import Solver
from evals.solvers.chat import ChatSolver
from evals.solvers.extraction import ExtractionSolver
from evals.solvers.newsroom import NewsroomSolver
from evals.solvers.pairs import PairSolver
from evals.solvers.retrieval import RetrievalSolver
from evals.solvers.sentences import SentenceSolver
from evals.tasks import attribution, chat, checkworthiness, citation, claims, cost, retrieval, stance, verdict
from evals.tasks.base import Task

TASKS: Mapping[str, Task] = {
    module.TASK.name: module.TASK
    for module in (claims, attribution, checkworthiness, retrieval, stance, verdict, citation, cost, chat)
}
SOLVERS: Mapping[str, Solver] = {
    solver.name: solver
    for solver in (
        PairSolver(),
        RetrievalSolver(),
        NewsroomSolver(),
        ExtractionSolver(),
        SentenceSolver(),
        ChatSolver(),
    )
}


def task(name: str) -> Task:
    """The task of that name.

    Raises:
        UnknownName: There is none.
    """
    if name not in TASKS:
        raise UnknownName("task", name, TASKS)
    return TASKS[name]
