"""`saring bulk embed`: the vectors of a whole store anew, by many processes, and then all of them at once in its place.

While the processes embed, the store is only read: checks and searches go on with the vectors it has. The vectors are
kept with a digest of the text they were made of, so that the store's own `reindex` can put them in at the end as if it
had embedded each text itself; what was added meanwhile it embeds itself.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from checker.bulk.base import Shard, Tell
from checker.bulk.files import whole, write_json_once
from checker.bulk.plan import RunFolder
from retrieval.errors import SourceNotFound
from retrieval.types import Source

if TYPE_CHECKING:
    from retrieval.embed import Embedder
    from retrieval.store import EvidenceStore

VECTORS = "vectors"

_CHARACTERS = 150_000
"""Text that is embedded in one call: a few seconds' work."""

_DIGEST = 16


@dataclass(frozen=True, slots=True)
class EmbedJob:
    """Embed the sources of a store.

    Attributes:
        folder: Of the run.
        store: The evidence store.
        embedder: Name of the new embedding model.
        threads: Threads of each process.
    """

    folder: str
    store: str
    embedder: str
    threads: int = 1

    def open(self) -> EmbedWorker:
        """Open the store to read, and load the model."""
        os.environ.setdefault("OMP_NUM_THREADS", str(self.threads))
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        from retrieval.embed import load_embedder
        from retrieval.store import EvidenceStore

        store = EvidenceStore.open(self.store, mode="r", match=False)
        return EmbedWorker(self, store, load_embedder(self.embedder, threads=self.threads))


class EmbedWorker:
    """One process's model, and the shards it is given."""

    def __init__(self, job: EmbedJob, store: EvidenceStore, embedder: Embedder) -> None:
        self._folder = RunFolder(Path(job.folder))
        self._store = store
        self._embedder = embedder

    def close(self) -> None:
        """Let go of the store."""
        self._store.close()

    def run(self, shard: Shard, tell: Tell) -> None:
        """Embed the passages of a shard's sources, and commit their vectors."""
        if self._folder.is_done(shard):
            tell(shard.items, 0)
            return
        digests: list[bytes] = []
        vectors: list[npt.NDArray[np.float32]] = []
        texts: list[str] = []
        waiting = size = 0
        for source_id in shard.spec["sources"]:
            waiting += 1
            try:
                source = self._store.get(source_id)
            except SourceNotFound:  # removed since the plan was made
                continue
            texts += passage_texts(source)
            size += len(source.text)
            if size > _CHARACTERS:
                self._embed(texts, digests, vectors)
                tell(waiting, 0)
                texts, waiting, size = [], 0, 0
        self._embed(texts, digests, vectors)
        path = self._folder.path / VECTORS / f"{shard.name}.npz"
        path.parent.mkdir(exist_ok=True)
        stacked = np.concatenate(vectors) if vectors else np.zeros((0, self._embedder.dimensions), np.float32)
        with whole(path) as file:
            np.savez(file, digests=np.frombuffer(b"".join(digests), np.uint8), vectors=stacked.astype("<f2"))
        marker = {"shard": shard.number, "items": shard.items, "reports": shard.items, "failures": []}
        write_json_once(self._folder.marker(shard.name), {**marker, "passages": len(stacked)})
        tell(waiting, 0)

    def _embed(self, texts: Sequence[str], digests: list[bytes], vectors: list[npt.NDArray[np.float32]]) -> None:
        if texts:
            vectors.append(self._embedder.encode(texts, kind="passage"))
            digests += [digest(text) for text in texts]


class Remembered:
    """An embedder that has embedded the store's passages already, and embeds by itself what it has not.

    Attributes:
        made: Texts that it had to embed itself.
    """

    def __init__(self, embedder: Embedder, folder: RunFolder) -> None:
        """Read the digests of every shard; 24 bytes a passage stay in memory, the vectors stay on disk."""
        self._embedder = embedder
        self._files = sorted((folder.path / VECTORS).glob("*.npz"))
        self.made = 0
        heads: list[npt.NDArray[np.uint64]] = []
        places: list[npt.NDArray[np.int64]] = []
        for number, path in enumerate(self._files):
            with np.load(path) as data:
                head = data["digests"].reshape(-1, _DIGEST)[:, :8].copy().view(np.uint64).reshape(-1)
            heads.append(head)
            places.append(np.stack([np.full(len(head), number), np.arange(len(head))], axis=1))
        every = np.concatenate(heads) if heads else np.zeros(0, np.uint64)
        order = np.argsort(every, kind="stable")
        self._heads = every[order]
        self._places = (np.concatenate(places) if places else np.zeros((0, 2), np.int64))[order]
        self._open: tuple[int, npt.NDArray[Any], npt.NDArray[Any]] | None = None

    @property
    def name(self) -> str:
        """Of the model itself."""
        return self._embedder.name

    @property
    def dimensions(self) -> int:
        """Of the model itself."""
        return self._embedder.dimensions

    @property
    def digest(self) -> str:
        """Of the model itself."""
        return self._embedder.digest

    def encode(self, texts: Sequence[str], *, kind: Literal["query", "passage"] = "passage") -> npt.NDArray[np.float32]:
        """Vectors of `texts`; see `retrieval.embed.Embedder`."""
        if kind != "passage":
            return self._embedder.encode(texts, kind=kind)
        found = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        unknown = []
        for i, text in enumerate(texts):
            vector = self._find(digest(text))
            if vector is None:
                unknown.append(i)
            else:
                found[i] = vector
        if unknown:
            self.made += len(unknown)
            found[unknown] = self._embedder.encode([texts[i] for i in unknown], kind="passage")
        return found

    def _find(self, wanted: bytes) -> npt.NDArray[np.float32] | None:
        head = np.frombuffer(wanted[:8], np.uint64)[0]
        at = int(np.searchsorted(self._heads, head))
        while at < len(self._heads) and self._heads[at] == head:
            number, row = (int(value) for value in self._places[at])
            if self._open is None or self._open[0] != number:
                with np.load(self._files[number]) as data:
                    self._open = number, data["digests"].reshape(-1, _DIGEST), data["vectors"]
            if self._open[1][row].tobytes() == wanted:
                vector: npt.NDArray[np.float32] = self._open[2][row].astype(np.float32)
                return vector
            at += 1
        return None


def passage_texts(source: Source) -> list[str]:
    """What is embedded of a source, as the store's own `add` does it."""
    from retrieval.ingest import embedded_text
    from retrieval.passages import split_passages

    return [embedded_text(source.title, passage.text) for passage in split_passages(source.text, source.id)]


def digest(text: str) -> bytes:
    """By which the vector of a text is found again."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST).digest()
