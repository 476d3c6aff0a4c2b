"""What an evaluation is made of. Imports no sibling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

PairLabel = Literal["supports", "refutes", "neutral", "not_supported"]
PAIR_LABELS: tuple[str, ...] = ("supports", "refutes", "neutral", "not_supported")
STANCES: tuple[str, ...] = ("supports", "refutes", "neutral")
VERDICTS: tuple[str, ...] = ("supported", "unsupported", "needs_source")

Row = Mapping[str, Any]
"""One line of `results.jsonl`: what one system made of one case, with the gold answer beside it.

Always has `solver`, `system`, `id`; has `failure` (`{"type", "message"}`) where the system could not answer.
"""


@dataclass(frozen=True, slots=True)
class Pair:
    """A claim and one passage: does the passage support it, refute it, or not settle it?

    `not_supported` says only that it does not support (refuting or not settling), as some data sets do. Pairs of one
    `twin` differ in one point and are told apart only if all of them are judged rightly.
    """

    id: str
    dataset: str
    language: str
    claim: str
    evidence: str
    label: str
    twin: str = ""


@dataclass(frozen=True, slots=True)
class RetrievalSet:
    """A corpus, the queries and which documents answer them.

    Attributes:
        corpus: Text by document id.
        queries: Text by query id.
        qrels: Relevance by document id, by query id.
        languages: Language of the query, by query id; absent where unknown.
    """

    name: str
    corpus: Mapping[str, str]
    queries: Mapping[str, str]
    qrels: Mapping[str, Mapping[str, int]]
    languages: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and whether people found it worth checking."""

    id: str
    dataset: str
    language: str
    text: str
    worth: bool


@dataclass(frozen=True, slots=True)
class GoldClaim:
    """A line of `gold.jsonl`; `checkable=False` marks a span that must not become a claim."""

    id: str
    quote: str
    start: int
    end: int
    claim: str = ""
    speaker: str = ""
    via: str = ""
    anonymous: bool = False
    label: str = ""
    evidence_ids: tuple[str, ...] = ()
    subtype: str = ""
    checkable: bool = True


@dataclass(frozen=True, slots=True)
class NewsroomItem:
    """One case in the newsroom format: an article, the cards it is checked against, and what is right.

    Attributes:
        body_start: Where the body begins in `text`; claims that start before it (headline) are not scored.
        cards: The item's own cards as they stand in the files.
        shared: Cards that are loaded with every item (distractors, a common evidence folder).
    """

    id: str
    path: str
    text: str
    language: str
    body_start: int
    gold: tuple[GoldClaim, ...]
    cards: tuple[Mapping[str, Any], ...]
    shared: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Attributed:
    """An article with the attributions that annotators marked, as spans of (start, end) in code points."""

    id: str
    dataset: str
    language: str
    text: str
    attributions: tuple[tuple[tuple[int, int] | None, tuple[int, int], tuple[int, int]], ...]
    """Source span (None where no source is given), cue span and content span of each."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Loaded data of one kind, with what is needed to trace it.

    Attributes:
        digest: SHA-256 over the files it was read from.
        use: `train`, `dev`, `test` or `eval`; `own` for a path that somebody handed in.
    """

    name: str
    kind: Literal["pairs", "retrieval", "newsroom", "sentences", "attributed", "chat"]
    records: Sequence[Any]
    digest: str
    use: str = "own"
    home: str = ""
    licence: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One unit of work: the system `system` answers the case `id`."""

    id: str
    system: str
    payload: Any

    @property
    def key(self) -> tuple[str, str]:
        """What identifies the row that answers it."""
        return (self.system, self.id)
