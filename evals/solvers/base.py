"""What a solver is, and what it may use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from evals.types import Case, Dataset, Row

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from checker.claims.base import Extractor
    from checker.judges.base import Judge
    from checker.types import Article, Report
    from retrieval.embed import Embedder

T = TypeVar("T")


class Checks(Protocol):
    """The part of `checker.pipeline.Checker` that is used here."""

    def check(self, article: Article) -> Report:
        """Check an article."""
        ...


class Tools(Protocol):
    """Everything a solver may use, made when first asked for: models load only for the tasks that need them."""

    @property
    def judge(self) -> Judge:
        """The judge under test."""
        ...

    @property
    def extractor(self) -> Extractor:
        """The claim extractor under test."""
        ...

    def embedder(self, name: str) -> Embedder:
        """The embedder under test (`saring`), or the baseline's (`all-MiniLM-L6-v2`)."""
        ...

    def worthiness(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Check-worthiness of sentences, 0..1, from the vectors of the embedder under test."""
        ...

    def read(self, text: str) -> Article:
        """An article from its text, as the pipeline reads it."""
        ...

    def checker(
        self,
        cards: Sequence[Mapping[str, Any]],
        extractor: Extractor,
        judge: Judge | None = None,
        *,
        by_words_only: bool = False,
    ) -> AbstractContextManager[Checks]:
        """The whole pipeline over a fresh store that holds exactly these cards; removed afterwards.

        Its judge is the one under test where none is given.
        """
        ...

    def versions(self, solver: str) -> Mapping[str, str]:
        """Digests and prompt versions of what that solver uses."""
        ...


@dataclass(frozen=True, slots=True)
class Options:
    """How a solver is to work.

    Attributes:
        limit: Most cases of each data set; 0 for all.
        seed: Draws the baselines' samples and shuffles.
        baselines: Whether baselines are run at all.
        baseline_limit: Most pairs of each data set that a baseline which costs judge calls is run on; 0 for all.
        claims: `both`, `found` or `gold`: whose claims are checked.
        batch: Cases put to the judge at once.
        cache: Folder for vectors of corpora, or None.
    """

    limit: int = 0
    seed: int = 0
    baselines: bool = True
    baseline_limit: int = 500
    claims: str = "both"
    batch: int = 64
    cache: str | None = None
    notify: Callable[[str], None] = field(default=lambda _: None, compare=False)


class Solver(Protocol):
    """Puts cases to a system and yields one row per case."""

    name: str

    def cases(self, data: Sequence[Dataset], options: Options) -> list[Case]:
        """All the work, in the order in which it is done; the same for the same data and options."""
        ...

    def solve(self, cases: Sequence[Case], tools: Tools, options: Options) -> Iterator[Row]:
        """Answer cases, yielding a row as soon as it is known. A failure is a row, not an exception."""
        ...


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of at most `size`."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def failure(error: BaseException) -> dict[str, str]:
    """An exception as a row carries it: its type and the first 300 characters of its message, on one line."""
    return {"type": type(error).__name__, "message": " ".join(str(error).split())[:300]}


def drawn(identity: str, seed: int) -> str:
    """A key that orders ids at random but always the same way, whatever else is in the data."""
    import hashlib

    return hashlib.sha256(f"{seed}\0{identity}".encode()).hexdigest()


def limited(items: Sequence[T], limit: int, key: Callable[[T], str], seed: int) -> list[T]:
    """At most `limit` of the items, drawn by `drawn` and kept in their order; all where `limit` is 0."""
    if not limit or len(items) <= limit:
        return list(items)
    chosen = set(sorted(range(len(items)), key=lambda index: drawn(key(items[index]), seed))[:limit])
    return [item for index, item in enumerate(items) if index in chosen]
