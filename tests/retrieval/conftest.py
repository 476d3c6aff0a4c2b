"""What the tests of retrieval share: a fake embedder, a maker of sources, and a server that replays answers."""

from __future__ import annotations

import functools
import hashlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from retrieval.ids import content_hash, source_id
from retrieval.store import EvidenceStore
from retrieval.types import Source

# Test files import `servers` by name; pytest's importlib mode adds no path itself.
sys.path.insert(0, str(Path(__file__).parent))

from servers import ReplayServer

MakeSource = Callable[..., Source]


@functools.cache
def _word(name: str, word: str, dimensions: int) -> np.ndarray:
    seed = int.from_bytes(hashlib.sha256(f"{name}:{word}".encode()).digest()[:4], "little")
    return np.random.default_rng(seed).standard_normal(dimensions).astype(np.float32)


class WordEmbedder:
    """Texts that share words have similar vectors; deterministic, and nothing is loaded."""

    def __init__(self, name: str = "words", dimensions: int = 64) -> None:
        self.name = name
        self.dimensions = dimensions
        self.digest = hashlib.sha256(f"{name} {dimensions}".encode()).hexdigest()
        self.calls = 0

    def encode(self, texts: Sequence[str], *, kind: str = "passage") -> np.ndarray:
        self.calls += 1
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in re.findall(r"\w+", text.lower()):
                row += _word(self.name, word, self.dimensions)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def make_source(text: str, id: str = "", **fields: object) -> Source:
    url = str(fields.pop("url", ""))
    values: dict[str, object] = {
        "title": "", "publisher": "", "publisher_type": "", "country": "", "language": "en",
        "published_at": "2025-06-23", "fetched_at": "2025-06-24T00:00:00Z", "via": (),
    }  # fmt: skip
    values.update(fields)
    return Source(id=id or source_id(url, text), url=url, content_hash=content_hash(text), text=text, **values)  # type: ignore[arg-type]


@pytest.fixture
def source() -> MakeSource:
    return make_source


@pytest.fixture
def embedder() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture
def other_embedder() -> WordEmbedder:
    return WordEmbedder("other")


@pytest.fixture
def server() -> Iterator[ReplayServer]:
    """A local HTTP server that answers from a script."""
    with ReplayServer() as running:
        yield running


@pytest.fixture(scope="session")
def chroma_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a real Chroma server (the Rust one that comes with chromadb), stopped at the end."""
    command = shutil.which("chroma") or str(Path(sys.executable).with_name("chroma"))
    if not Path(command).exists():
        pytest.skip("needs the `chroma` command, which comes with the package chromadb")
    folder = tmp_path_factory.mktemp("chroma")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [command, "run", "--path", str(folder / "data"), "--host", "127.0.0.1", "--port", str(port)],
            stdout=log, stderr=log, env={**os.environ, "ANONYMIZED_TELEMETRY": "False"},
        )  # fmt: skip
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise AssertionError((folder / "log").read_text()) from None
            time.sleep(0.1)
    yield f"http://127.0.0.1:{port}"
    server.terminate()
    server.wait(20)


@pytest.fixture
def empty_server(chroma_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Address of a server that holds nothing, with a mirror of its own for this test."""
    from retrieval.server import Remote

    client = Remote.connect(chroma_server)._client
    for collection in client.list_collections():
        client.delete_collection(collection.name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("retrieval.server.REFRESH_SECONDS", 0.0)
    return chroma_server


@pytest.fixture
def store(tmp_path: Path, embedder: WordEmbedder) -> Iterator[EvidenceStore]:
    """A writable store of a few unrelated reports."""
    with EvidenceStore.open(tmp_path / "store", embedder=embedder, mode="rw") as opened:
        opened.add(
            [
                make_source(
                    "The harbour of Ampana was closed on Monday after a storm. Two ferries were damaged. Nobody died.",
                    "ampana", publisher="Harbour Post", publisher_type="newspaper", title="Storm closes Ampana harbour",
                    published_at="2025-06-23T09:00:00Z",
                ),
                make_source(
                    "Gubernur Sulawesi Tengah meresmikan jembatan baru di Palu. Jembatan itu panjangnya 250 meter.",
                    "palu", publisher="Kabar Palu", publisher_type="online_news", language="id",
                    published_at="2025-06-24",
                ),
                make_source(
                    "Rice prices rose by four percent in May. The statistics office blamed late rain in Java.",
                    "rice", publisher="Market Daily", publisher_type="newspaper", published_at=None,
                ),
                make_source(
                    "A ferry company will repair its two ferries in Ampana by August, its director said.",
                    "repair", publisher="Harbour Post", publisher_type="newspaper", published_at="2025-07-02",
                ),
            ]
        )  # fmt: skip
        yield opened
