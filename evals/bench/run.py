"""Puts the two sides through the same jobs, one after the other, and keeps what each measured."""

from __future__ import annotations

import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evals.bench import corpus
from evals.bench.corpus import Made
from evals.errors import DataMissing, RunError

Say = Callable[[str], None]
SECTIONS = ("start", "embed", "pairs", "bm25", "store", "llm", "articles")
_ROOT = Path(__file__).resolve().parents[2]
_HELP = "import sys; sys.argv = ['saring', '--help']; from checker.cli import main; main()"
_PEER = Path(__file__).with_name("peer.py")


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Attributes:
        sizes: Passages, each a corpus of its own.
        peer_full: Size up to which the peer adds everything; above it, it adds for `slice_s` seconds of processor time,
            and is then given the vectors ready-made, so that its search is measured at full size.
        articles: Checked one after another, at each of these counts.
        rounds: How often what is short is repeated on each side, in turns; the least time of each side is compared,
            for what else ran on the machine can only add to it.
        ours_openvino: Whether our side adds and searches with the extra `openvino` in the first place.
        openvino: Folder with the package of the extra `openvino`; embedding, pair-scoring and adding are measured with
            it too where it is there.
    """

    sizes: tuple[int, ...] = (1_000, 10_000, 100_000)
    peer_full: int = 10_000
    slice_s: float = 120.0
    articles: int = 1_000
    rounds: int = 3
    threads: int = 1
    sections: tuple[str, ...] = SECTIONS
    peer: Path = _ROOT / "bench-out" / "peer" / "bin" / "python"
    ours_openvino: bool = False
    openvino: Path = _ROOT / "bench-out" / "openvino"
    work: Path = _ROOT / "bench-out" / "work"
    keep: bool = False


@dataclass
class Bench:
    """One run of the bench; `result` grows as the sections are done."""

    plan: Plan
    say: Say
    result: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    def run(self, save: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        """Run the sections of the plan.

        Args:
            save: Called with the result after each section and size, so that a run that is stopped leaves its part.

        Raises:
            DataMissing: The peer's environment is not there.
        """
        if not self.plan.peer.exists():
            raise DataMissing(f"the peers are not installed ({self.plan.peer} is missing); run: make bench")
        self.plan.work.mkdir(parents=True, exist_ok=True)
        self.result |= {
            "machine": _machine(),
            "threads": self.plan.threads,
            "started": time.strftime("%FT%TZ", time.gmtime()),
        }
        self.result["commit"] = _commit()
        for name in self.plan.sections:
            self.say(f"{name} ...")
            getattr(self, f"_{name}")(save)
            self.result["peer_versions"] = self.versions
            save(self.result)
        if not self.plan.keep:
            shutil.rmtree(self.plan.work, ignore_errors=True)
        return self.result

    # -- sections

    def _start(self, save: Callable[[dict[str, Any]], None]) -> None:
        del save
        made, folder = self._corpus(min(self.plan.sizes))
        job = self._job(folder)
        self._ours("add", job | {"store": str(folder / "ours")})
        self._theirs("add", job | {"store": str(folder / "theirs")})
        found: dict[str, Any] = {"passages": len(made.passages)}
        for name, side, store in (("ours", self._ours, "ours"), ("peer", self._theirs, "theirs")):
            runs = [side("start", job | {"store": str(folder / store)}) for _ in range(self.plan.rounds)]
            found[name] = {
                "seconds": min(one["wall_seconds"] for one in runs),
                "peak_rss_mb": min(one["peak_rss_mb"] for one in runs),
            }
        found["help_seconds"] = min(_timed([sys.executable, "-c", _HELP]) for _ in range(3))
        self.result["start"] = found
        shutil.rmtree(folder / "ours")
        shutil.rmtree(folder / "theirs")

    def _embed(self, save: Callable[[dict[str, Any]], None]) -> None:
        del save
        from evals.bench.weights import write_embedder
        from retrieval.embed import MODEL_FOLDER

        weights = write_embedder(MODEL_FOLDER, self.plan.work / "embedder")
        made = corpus.make(600)
        rows = {}
        texts = {"sentences": made.queries[:200], "passages": made.passages[:300]}
        for kind, part in texts.items():
            job = {
                "texts": self._write(f"texts-{kind}.json", part), "threads": self.plan.threads, "model": str(weights),
                "vectors_out": str(self.plan.work / "peer-vectors.npy"),
                "peer_vectors": str(self.plan.work / "peer-vectors.npy"),
            }  # fmt: skip
            rows[kind] = self._turns("embed", job, "texts") | {"words": sum(len(t.split()) for t in part) / len(part)}
        self.result["embed"] = rows

    def _pairs(self, save: Callable[[dict[str, Any]], None]) -> None:
        del save
        from checker.judges.crossencoder import MODEL_FOLDER
        from evals.bench.weights import write_judge

        weights = write_judge(MODEL_FOLDER, self.plan.work / "judge")
        made = corpus.make(400)
        asked = list(zip(made.passages[:200], made.queries, strict=True))
        job = {"pairs": self._write("pairs.json", asked), "threads": self.plan.threads, "model": str(weights)}
        self.result["pairs"] = self._turns("pairs", job, "pairs")

    def _bm25(self, save: Callable[[dict[str, Any]], None]) -> None:
        from retrieval.lexical import terms

        rows: dict[str, Any] = {}
        self.result["bm25"] = rows
        for size in self.plan.sizes:
            made = corpus.make(size)
            documents = [terms(text) for text in made.passages]
            queries = [terms(text) for text in made.queries]
            job = {
                "documents": self._write("documents.json", documents),
                "query_terms": self._write("terms.json", queries[:100] if size <= 10_000 else queries[:30]),
                "threads": self.plan.threads,
            }
            ours, theirs = self._ours("bm25", job), self._theirs("bm25", job)
            rows[str(size)] = {"ours": _timings(ours), "peer": _timings(theirs)}
            save(self.result)

    def _store(self, save: Callable[[dict[str, Any]], None]) -> None:
        rows: dict[str, Any] = {}
        self.result["store"] = rows
        for size in self.plan.sizes:
            row: dict[str, Any] = {}
            rows[str(size)] = row
            made, folder = self._corpus(size)
            self.result["corpus"] = made.origin
            job = self._job(folder)
            vectors = {
                "vectors_out": str(folder / "vectors.npy"), "query_vectors_out": str(folder / "asked.npy"),
            }  # fmt: skip
            fast = self.plan.ours_openvino
            ours = self._ours("add", job | vectors | {"store": str(folder / "ours")}, openvino=fast)
            row["ours"] = {"add": ours}
            self.say(f"store, {size:,}: ours added {ours['passages'] / ours['seconds']:.0f} passages/s")
            save(self.result)
            if self.plan.openvino.is_dir() and size <= self.plan.peer_full and not fast:
                row["openvino"] = {"add": self._ours("add", job | {"store": str(folder / "openvino")}, openvino=True)}
            whole = size <= self.plan.peer_full
            theirs = self._theirs(
                "add", job | {"store": str(folder / "theirs"), "budget_s": 0 if whole else self.plan.slice_s}
            )
            row["peer"] = {"add": theirs, "whole": whole}
            self.say(f"store, {size:,}: the peer added {theirs['passages'] / theirs['seconds']:.0f} passages/s")
            if not whole:
                shutil.rmtree(folder / "theirs")
                given = {"store": str(folder / "theirs"), "vectors": str(folder / "vectors.npy")}
                row["peer"]["fill"] = self._theirs("fill", job | given)
            save(self.result)
            for dense in ("exact", "index"):
                row["ours"][dense] = _timings(
                    self._ours("search", job | {"store": str(folder / "ours"), "dense": dense}, openvino=fast)
                )
            asked = {} if whole else {"query_vectors": str(folder / "asked.npy")}
            row["peer"]["search"] = _timings(self._theirs("search", job | asked | {"store": str(folder / "theirs")}))
            if not self.plan.keep:
                shutil.rmtree(folder)
            save(self.result)

    def _llm(self, save: Callable[[dict[str, Any]], None]) -> None:
        del save
        files = sorted(str(path) for path in (_ROOT / "seeds").glob("*/article.txt"))
        job = {"store": self._demo(), "article_files": files, "threads": self.plan.threads}
        found = self._ours("llm", job)
        self.result["llm"] = {name: found[name] for name in ("embedded", "llm", "cascade")}

    def _articles(self, save: Callable[[dict[str, Any]], None]) -> None:
        del save
        made, folder = self._corpus(min(self.plan.sizes))
        job = {
            "store": self._demo(), "articles": str(folder / "articles.jsonl"), "count": self.plan.articles,
            "threads": self.plan.threads,
        }  # fmt: skip
        found = self._ours("articles", job)
        marks = [n for n in (1, 10, 100, 1000) if n <= len(found["seconds"])]
        found["words_per_article"] = sum(len(a["text"].split()) for a in made.articles) / len(made.articles)
        found["at"] = {str(n): {key: found[key][n - 1] for key in ("seconds", "cpu_seconds", "rss_mb")} for n in marks}
        self.result["articles"] = found

    # -- parts

    def _turns(self, name: str, job: dict[str, Any], unit: str) -> dict[str, Any]:
        """Both sides in turns; what is compared is the least of each."""
        runs: dict[str, list[dict[str, Any]]] = {"peer": [], "ours": [], "openvino": []}
        for _ in range(self.plan.rounds):
            runs["peer"].append(self._theirs(name, job))
            runs["ours"].append(self._ours(name, job))
            if self.plan.openvino.is_dir():
                runs["openvino"].append(self._ours(name, job, openvino=True))
        row: dict[str, Any] = {
            side: {key: min(one[key] / one[unit] for one in some) for key in ("seconds", "cpu_seconds")}
            | {"peak_rss_mb": min(one["peak_rss_mb"] for one in some), "backend": some[0].get("backend", "torch")}
            for side, some in runs.items()
            if some
        }
        return row | {key: runs["ours"][-1][key] for key in ("cosine_mean", "cosine_least") if key in runs["ours"][-1]}

    def _corpus(self, size: int) -> tuple[Made, Path]:
        made = corpus.make(size)
        folder = self.plan.work / str(size)
        shutil.rmtree(folder, ignore_errors=True)
        corpus.write(made, folder)
        return made, folder

    def _demo(self) -> str:
        """A store of the demo evidence."""
        from retrieval.connectors import load_connector
        from retrieval.store import EvidenceStore

        folder = self.plan.work / "demo"
        with EvidenceStore.open(folder, mode="rw") as store:
            store.add(load_connector("folder").find(str(_ROOT / "seeds" / "evidence")))
        return str(folder)

    def _job(self, folder: Path) -> dict[str, Any]:
        return {
            "articles": str(folder / "articles.jsonl"), "queries": str(folder / "queries.json"),
            "threads": self.plan.threads,
        }  # fmt: skip

    def _ours(self, name: str, job: dict[str, Any], *, openvino: bool = False) -> dict[str, Any]:
        paths = {"PYTHONPATH": str(self.plan.openvino)} if openvino else {}
        return self._process([sys.executable, "-m", "evals.bench.ours"], name, job, paths)

    def _theirs(self, name: str, job: dict[str, Any]) -> dict[str, Any]:
        found = self._process([str(self.plan.peer), str(_PEER)], name, job)
        self.versions |= found.pop("versions")
        return found

    def _process(
        self, command: Sequence[str], name: str, job: dict[str, Any], more: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Run one job in a process of its own.

        Raises:
            RunError: It failed; with the end of what it wrote.
        """
        out = self.plan.work / "answer.json"
        out.unlink(missing_ok=True)
        asked = self._write("job.json", job | {"job": name, "out": str(out)})
        environment = os.environ | {
            "OMP_NUM_THREADS": str(self.plan.threads), "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1",
            "ANONYMIZED_TELEMETRY": "False",
        } | dict(more or {})  # fmt: skip
        begun = time.perf_counter()
        done = subprocess.run(  # noqa: S603 - our own commands
            [*command, asked], cwd=_ROOT, env=environment, capture_output=True, text=True, check=False
        )
        wall = time.perf_counter() - begun
        if done.returncode or not out.exists():
            raise RunError(f"{name} failed ({done.returncode}): {done.stderr[-1500:]}")
        found: dict[str, Any] = json.loads(out.read_text("utf-8"))
        return found | {"wall_seconds": wall}

    def _write(self, name: str, value: Any) -> str:
        path = self.plan.work / name
        path.write_text(json.dumps(value, ensure_ascii=False), "utf-8")
        return str(path)


def _timings(found: dict[str, Any]) -> dict[str, Any]:
    """What a search measured, its list of times as quantiles."""
    import numpy as np

    rest = {key: value for key, value in found.items() if key not in {"ms", "embedding_ms"}}
    rest |= {"p50_ms": float(np.quantile(found["ms"], 0.5)), "p99_ms": float(np.quantile(found["ms"], 0.99))}
    if "embedding_ms" in found:
        rest["embedding_p50_ms"] = float(np.quantile(found["embedding_ms"], 0.5))
    return rest | {"queries": len(found["ms"])}


def _timed(command: Sequence[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True, cwd=_ROOT)  # noqa: S603
    return time.perf_counter() - begun


def _machine() -> dict[str, Any]:
    memory = resource.getpagesize() * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory, 1),
        "load": os.getloadavg(),
    }


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, cwd=_ROOT, check=False)  # noqa: S607
    return done.stdout.strip()
