"""Saring's half of the bench: `python -m evals.bench.ours JOB.json` does one job in a process of its own."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from retrieval.embed import Embedder
    from retrieval.types import Source

Job = dict[str, Any]


def main() -> None:
    """Do the job named on the command line."""
    job = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    found = JOBS[job["job"]](job)
    found["peak_rss_mb"] = peak_mb()
    Path(job["out"]).write_text(json.dumps(found), "utf-8")


def peak_mb() -> float:
    """Most memory this process has held. Linux's `ru_maxrss` would begin at what the parent held at the fork."""
    if (found := _memory("VmHWM")) is not None:
        return found
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # bytes on macOS


def start(job: Job) -> Job:
    """From nothing to one answer: imports, model, store, one search."""
    begun = time.perf_counter()
    from retrieval.store import EvidenceStore

    with EvidenceStore.open(job["store"], embedder=_embedder(job)) as store:
        hits = store.search([_queries(job)[0]], k=8)[0]
    return {"seconds": time.perf_counter() - begun, "hits": len(hits)}


def add(job: Job) -> Job:
    """Add articles: cut, embedded, dated, compared with all before them for copies, on disk, in both indexes."""
    import numpy as np

    from retrieval.store import EvidenceStore

    sources = list(_sources(job))
    embedder = _embedder(job)
    embedder.encode(["warm"])
    wall, cpu = time.perf_counter(), time.process_time()
    with EvidenceStore.open(job["store"], embedder=embedder, mode="rw") as store:
        result = store.add(sources)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        passages = store.stats().passages
    if result.failed:
        raise SystemExit(f"{len(result.failed)} articles were refused, e.g. {result.failed[0]}")
    if job.get("vectors_out"):
        np.save(job["vectors_out"], _stored_vectors(Path(job["store"]), embedder.dimensions))
        np.save(job["query_vectors_out"], embedder.encode(_queries(job), kind="query"))
    return {
        "passages": passages,
        "backend": getattr(embedder, "backend", ""),
        "articles": len(sources),
        "seconds": wall,
        "cpu_seconds": cpu,
        "disk_bytes": _size(Path(job["store"])),
        "disk": {path.name: _size(path) for path in sorted(Path(job["store"]).iterdir())},
    }


def search(job: Job) -> Job:
    """Time each query, by the exact search or by the index; and how many of the exact nearest the index finds."""
    from retrieval.store import EvidenceStore

    queries = _queries(job)
    embedder = _embedder(job)
    with EvidenceStore.open(job["store"], embedder=embedder, dense=job["dense"]) as store:
        begun = time.perf_counter()
        store.search([queries[0]], k=8)
        first = time.perf_counter() - begun
        for query in queries[:5]:
            store.search([query], k=8)
        seconds, alone = [], []
        cpu = time.process_time()
        for query in queries:
            begun = time.perf_counter()
            store.search([query], k=8)
            seconds.append(time.perf_counter() - begun)
        cpu = time.process_time() - cpu
        peak = peak_mb()
        for query in queries:
            begun = time.perf_counter()
            embedder.encode([query], kind="query")
            alone.append(time.perf_counter() - begun)
        passages = store.stats().passages
    found: Job = {
        "passages": passages,
        "first_ms": first * 1000,
        "ms": [s * 1000 for s in seconds],
        "cpu_ms": cpu * 1000 / len(queries),
        "embedding_ms": [s * 1000 for s in alone],
        "search_rss_mb": peak,
    }
    if job["dense"] == "index":
        found |= _recall(job, embedder)
    return found


def _recall(job: Job, embedder: Embedder) -> Job:
    """Share of the exact nearest vectors that the index finds, and of the exact search's hits among the index's."""
    import numpy as np

    from retrieval.index import ChromaIndex
    from retrieval.store import EvidenceStore

    queries = _queries(job)
    hits = {}
    for dense in ("exact", "index"):
        with EvidenceStore.open(job["store"], embedder=embedder, dense=dense) as store:
            hits[dense] = [{hit.passage.id for hit in one} for one in store.search(queries, k=8)]
    same = [len(a & b) / max(1, len(a)) for a, b in zip(hits["exact"], hits["index"], strict=True)]
    found: Job = {"same_hits": float(np.mean(same))}
    folder = Path(job["store"]) / "index"
    name = _collection(folder)
    index = ChromaIndex.embedded(folder, name)
    try:
        ids, matrix = _indexed(index)
        asked = embedder.encode(queries, kind="query")
        for k in (8, 100):
            best = np.argsort(-(asked @ matrix.T), axis=1)[:, :k]
            got = index.query(asked, k)
            shares = [
                len({ids[i] for i in row} & {i for i, _ in near}) / k for row, near in zip(best, got, strict=True)
            ]
            found[f"recall_at_{k}"] = float(np.mean(shares))
    finally:
        index.close()
    return found


def _collection(folder: Path) -> str:
    import chromadb
    from chromadb.config import Settings

    client = chromadb.PersistentClient(str(folder), Settings(anonymized_telemetry=False))
    try:
        return str(client.list_collections()[0].name)
    finally:
        client.close()


def _indexed(index: Any) -> tuple[list[str], Any]:
    import numpy as np

    ids: list[str] = []
    rows = []
    for first in range(0, index.count(), 5000):
        part = index._collection.get(limit=5000, offset=first, include=["embeddings"])
        ids += part["ids"]
        rows.append(np.asarray(part["embeddings"], dtype=np.float32))
    matrix = np.concatenate(rows)
    return ids, matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


def embed(job: Job) -> Job:
    """Texts to vectors; and how near they lie to those of the peer with the same weights."""
    import numpy as np

    texts = json.loads(Path(job["texts"]).read_text("utf-8"))
    embedder = _embedder(job)
    embedder.encode(texts[:32])
    wall, cpu = time.perf_counter(), time.process_time()
    vectors = embedder.encode(texts)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peer = np.load(job["peer_vectors"])
    cosines = (vectors * peer).sum(axis=1)
    return {
        "texts": len(texts), "seconds": wall, "cpu_seconds": cpu, "backend": getattr(embedder, "backend", ""),
        "cosine_mean": float(cosines.mean()), "cosine_least": float(cosines.min()),
    }  # fmt: skip


def pairs(job: Job) -> Job:
    """(passage, claim) to probabilities with the embedded judge's model."""
    from checker.judges.crossencoder import EntailmentModel

    asked = [(pair[0], pair[1]) for pair in json.loads(Path(job["pairs"]).read_text("utf-8"))]
    model = EntailmentModel(threads=job["threads"])
    model.score(asked[:16])
    wall, cpu = time.perf_counter(), time.process_time()
    model.score(asked)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"pairs": len(asked), "seconds": wall, "cpu_seconds": cpu, "backend": model.backend}


def bm25(job: Job) -> Job:
    """Index terms, score queries, and compare both rankings' best."""
    from retrieval.lexical import LexicalIndex
    from retrieval.search import top

    documents = json.loads(Path(job["documents"]).read_text("utf-8"))
    queries = json.loads(Path(job["query_terms"]).read_text("utf-8"))
    begun = time.perf_counter()
    index = LexicalIndex.build(documents)
    built = time.perf_counter() - begun
    seconds = []
    for query in queries:
        begun = time.perf_counter()
        top(index.scores(query), 8)
        seconds.append(time.perf_counter() - begun)
    return {"documents": len(documents), "index_seconds": built, "ms": [s * 1000 for s in seconds]}


def articles(job: Job) -> Job:
    """Check articles one after another with the embedded judge against a store."""
    from checker.pipeline import Checker
    from checker.settings import load_settings

    texts = [article["text"] for article in _articles(job)]
    settings = load_settings(store=job["store"], judge="embedded", extractor="rules", threads=job["threads"])
    begun, started = time.perf_counter(), time.process_time()
    marks, spent, claims, memory, failed = [], [], [], [], 0
    with Checker.open(settings=settings) as checker:
        for number in range(job["count"]):
            report = checker.check(texts[number % len(texts)])
            marks.append(time.perf_counter() - begun)
            spent.append(time.process_time() - started)
            claims.append(len(report.claims))
            failed += len(report.failures)
            memory.append(_memory("VmRSS") or peak_mb())
    return {"seconds": marks, "cpu_seconds": spent, "claims": claims, "rss_mb": memory, "failed": failed}


def llm(job: Job) -> Job:
    """Calls and tokens per claim of the demo articles, with a scripted model that settles nothing."""
    import re

    from checker.judges.cascade import CascadeJudge
    from checker.judges.entailment import EntailmentJudge
    from checker.judges.llm import LLMJudge
    from checker.llm.caller import Caller
    from checker.llm.ledger import Ledger
    from checker.llm.testing import scripted_chat_model
    from checker.pipeline import Checker
    from checker.settings import load_settings

    def script(_: str, user: str) -> str:
        names = re.findall(r"^(c\d+): ", user.rsplit("Claims:", 1)[-1], re.MULTILINE)
        stances = [{"claim": name, "stance": "neutral", "probability": 0.9, "quote": ""} for name in names]
        return json.dumps({"stances": stances})

    settings = load_settings(store=job["store"], judge="embedded", extractor="rules", threads=job["threads"])
    found: Job = {}
    for name in ("embedded", "llm", "cascade"):
        model = scripted_chat_model(script)
        scripted = LLMJudge(Caller(model, "scripted", Ledger(None)))
        embedded = EntailmentJudge.open(threads=job["threads"])
        judge: Any = {"embedded": embedded, "llm": scripted, "cascade": CascadeJudge(embedded, scripted)}[name]
        claims = failed = 0
        with Checker.open(judge=judge, settings=settings) as checker:
            for path in job["article_files"]:
                report = checker.check(Path(path).read_text("utf-8"))
                claims += len(report.outcomes)
                failed += len(report.failures)
        sent = model.requests  # type: ignore[attr-defined]
        tokens = sum(len(system) + len(user) for system, user in sent) // 4
        found[name] = {"claims": claims, "failed": failed, "calls": len(sent), "input_tokens": tokens}
    return found


def _memory(field: str) -> float | None:
    """A line of this process's own account of its memory, in MB; None where there is none (not Linux)."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    lines = dict(line.split(":", 1) for line in status.read_text("ascii").splitlines() if ":" in line)
    return int(lines[field].split()[0]) / 1024


def _embedder(job: Job) -> Embedder:
    from retrieval.embed import load_embedder

    return load_embedder(None, threads=job["threads"])


def _stored_vectors(folder: Path, dimensions: int) -> Any:
    """The vectors of a store, in the order in which its passages were added."""
    from retrieval.database import Database
    from retrieval.schema import connect_reader
    from retrieval.vectors import unpack

    connection = connect_reader(folder)
    try:
        return unpack(Database(connection).vectors(0), dimensions)
    finally:
        connection.close()


def _sources(job: Job) -> Iterator[Source]:
    from retrieval.types import Source

    for article in _articles(job):
        yield Source(
            id=article["id"], url=f"https://bench.invalid/{article['id']}", title="", publisher=article["publisher"],
            publisher_type="newspaper", country="", language=article["language"],
            published_at=article["published_at"], fetched_at="2025-01-01T00:00:00Z", via=(), content_hash="",
            text=article["text"],
        )  # fmt: skip


def _articles(job: Job) -> Iterator[dict[str, Any]]:
    from evals.bench.corpus import read

    return read(Path(job["articles"]))


def _queries(job: Job) -> list[str]:
    queries: list[str] = json.loads(Path(job["queries"]).read_text("utf-8"))
    return queries


def _size(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(part.stat().st_size for part in path.rglob("*") if part.is_file())


JOBS = {
    "start": start, "add": add, "search": search, "embed": embed, "pairs": pairs, "bm25": bm25, "articles": articles,
    "llm": llm,
}  # fmt: skip

if __name__ == "__main__":
    main()
