"""Queries put to each way of searching a corpus."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from evals.solvers.base import Options, Tools, limited
from evals.types import Case, Dataset, NewsroomItem, RetrievalSet, Row

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from retrieval.embed import Embedder

MINILM = "all-MiniLM-L6-v2"
SYSTEMS: tuple[str, ...] = ("hybrid", "dense", "bm25", MINILM)
BASELINES: frozenset[str] = frozenset({"bm25", MINILM})

DEPTH = 100
"""Documents kept per query; the reciprocal rank of anything below is under 0.01 and counts as 0."""

_CHUNK = 512


class RetrievalSolver:
    """Ranks a corpus for every query, by meaning, by words, by both, and by the baseline model."""

    name = "retrieval"

    def __init__(self) -> None:
        # The last corpus, so that whoever puts one query at a time (Inspect) does not have it read anew for each.
        self._last: tuple[RetrievalSet, Embedder, Any] | None = None

    def cases(self, data: Sequence[Dataset], options: Options) -> list[Case]:
        """Every query of every set, system by system so that each model is loaded once."""
        sets = [one for dataset in data for one in retrieval_sets(dataset)]
        cases = []
        for one in sets:
            queries = limited(sorted(one.queries), options.limit, str, options.seed)
            for system in SYSTEMS:
                if options.baselines or system not in BASELINES:
                    cases += [Case(f"{one.name}/{query}", system, (one, query)) for query in queries]
        return cases

    def solve(self, cases: Sequence[Case], tools: Tools, options: Options) -> Iterator[Row]:
        """A row per query and system: ids ranked best first, with what was relevant."""
        groups: dict[tuple[str, str], list[Case]] = {}
        for case in cases:
            groups.setdefault((case.payload[0].name, case.system), []).append(case)
        for (_, system), members in groups.items():
            corpus: RetrievalSet = members[0].payload[0]
            embedder = tools.embedder(MINILM if system == MINILM else "saring")
            index, documents = self._indexed(corpus, embedder, options)
            mode: Literal["hybrid", "dense", "bm25"] = "dense" if system == MINILM else system  # type: ignore[assignment]
            for case in members:
                yield _row(case, index, documents, embedder, mode)

    def _indexed(self, corpus: RetrievalSet, embedder: Embedder, options: Options) -> tuple[Any, list[str]]:
        """The corpus as that embedder reads it; one in memory at a time."""
        if self._last is None or self._last[0] is not corpus or self._last[1] is not embedder:
            self._last = None
            self._last = (corpus, embedder, _index(corpus, embedder, options))
        index, documents = self._last[2]
        return index, documents


def retrieval_sets(dataset: Dataset) -> list[RetrievalSet]:
    """The sets of a data set; newsroom cases become one, with gold claims for queries and cards for documents."""
    if dataset.kind == "newsroom":
        return [_from_newsroom(dataset.name, dataset.records)]
    return list(dataset.records)


def _from_newsroom(name: str, items: Sequence[NewsroomItem]) -> RetrievalSet:
    corpus = {
        str(card["id"]): f"{card.get('title') or ''}\n{card['text']}".strip()
        for item in items
        for card in (*item.shared, *item.cards)
    }
    claims = [(item, gold) for item in items for gold in item.gold if gold.checkable and gold.evidence_ids]
    return RetrievalSet(
        name,
        corpus,
        {gold.id: gold.claim for _, gold in claims},
        {gold.id: dict.fromkeys(gold.evidence_ids, 1) for _, gold in claims},
        {gold.id: item.language for item, gold in claims},
    )


def _index(corpus: RetrievalSet, embedder: Embedder, options: Options) -> tuple[Any, list[str]]:
    from retrieval.search import HybridIndex

    documents = list(corpus.corpus)
    texts = [corpus.corpus[document] for document in documents]
    vectors = encode(texts, embedder, options.cache, lambda done: options.notify(
        f"{corpus.name}: {embedder.name} read {done} of {len(texts)} documents"
    ))  # fmt: skip
    return HybridIndex(vectors, texts), documents


def encode(
    texts: Sequence[str], embedder: Embedder, cache: str | None, progress: Callable[[int], None]
) -> NDArray[np.float32]:
    """Vectors of a corpus, kept on disk in pieces so that a killed run does not start over.

    Args:
        texts: What to encode, as passages.
        embedder: By what; its digest names the files.
        cache: Folder to keep them in, or None to keep nothing.
        progress: Called with the number of texts done.

    Returns:
        float32, one row per text.
    """
    import numpy as np

    parts = []
    for start in range(0, len(texts), _CHUNK):
        piece = list(texts[start : start + _CHUNK])
        name = hashlib.sha256("\0".join([embedder.digest, *piece]).encode("utf-8", "surrogatepass")).hexdigest()[:40]
        file = Path(cache) / f"{name}.npy" if cache else None
        if file is not None and file.is_file():
            parts.append(np.load(file, allow_pickle=False))
        else:
            parts.append(embedder.encode(piece, kind="passage"))
            if file is not None:
                file.parent.mkdir(parents=True, exist_ok=True)
                part = file.with_suffix(".part")
                with part.open("wb") as handle:
                    np.save(handle, parts[-1])
                part.replace(file)
        progress(start + len(piece))
    return np.concatenate(parts) if parts else np.zeros((0, embedder.dimensions), dtype=np.float32)


def _row(case: Case, index: Any, documents: list[str], embedder: Embedder, mode: Any) -> Row:
    corpus, query = case.payload
    text = corpus.queries[query]
    started = time.perf_counter()
    vector = embedder.encode([text], kind="query")[0]
    language = corpus.languages.get(query, "")
    ranking = index.rank(vector, text, k=DEPTH, mode=mode, language=language)
    seconds = time.perf_counter() - started
    # BM25 gives 0 to a document that shares no word with the query: it was not found at all.
    ids = [documents[position] for position, score in ranking if mode != "bm25" or score > 0]
    row = {
        "solver": RetrievalSolver.name,
        "system": case.system,
        "id": case.id,
        "dataset": corpus.name,
        "language": language,
        "query": text,
        "ranking": ids,
        "relevant": dict(corpus.qrels[query]),
        "seconds": seconds,
    }
    if ids and ids[0] not in corpus.qrels[query]:
        wanted = next((document for document, grade in corpus.qrels[query].items() if grade > 0), None)
        row["first"] = corpus.corpus[ids[0]][:300]
        row["wanted"] = corpus.corpus[wanted][:300] if wanted else ""
    return row
