"""A store on a Chroma server: the same store, seen from several machines."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from retrieval.errors import EmbedderMismatch, InputError, SourceNotFound, StoreTooNew, StoreUnavailable
from retrieval.server import SOURCES, Remote
from retrieval.store import EvidenceStore
from retrieval.types import Source

Make = Callable[..., Source]
pytestmark = pytest.mark.server


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], None]:
    """From now on this is another machine: one with no mirror yet."""
    count = iter(range(100))
    return lambda: monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / f"machine{next(count)}"))


def test_what_one_machine_adds_another_finds(
    empty_server: str, embedder: object, source: Make, elsewhere: Callable[[], None]
) -> None:
    given = source(
        "Kapal feri di Ampana rusak akibat badai, kata \u201csyahbandar\u201d 🦀.", "a",
        url="https://e.test/1", title="T", publisher="P", publisher_type="wire", country="ID",
        language="id", via=("AFP",),
        extra={"n": [1, None]},
    )  # fmt: skip
    with EvidenceStore.open(empty_server, embedder=embedder, mode="rw") as first:
        assert first.is_empty()
        assert first.add([given, source("Rice prices rose in May.", "b", published_at=None)]).added == ("a", "b")
        assert first.add([given]).unchanged == ("a",)
        calls = embedder.calls  # type: ignore[attr-defined]
        elsewhere()
        with EvidenceStore.open(empty_server, embedder=embedder) as second:
            assert embedder.calls == calls, "the vectors come from the server"  # type: ignore[attr-defined]
            assert second.get("a") == given
            assert second.get("a").extra == {"n": [1, None]}
            assert second.search(["feri rusak"])[0][0].source == given
            assert second.stats().path == empty_server
            first.add([source("The volcano erupted at dawn.", "c")])
            assert second.search(["volcano erupted"])[0][0].source.id == "c"
            first.remove("a")
            with pytest.raises(SourceNotFound):
                second.get("a")
            assert {s.id for s in second.list()} == {"b", "c"}


def test_a_changed_source_takes_the_place_of_the_old_one(
    empty_server: str, embedder: object, source: Make, elsewhere: Callable[[], None]
) -> None:
    old = source("The bridge is 250 metres long. " * 8, "bridge")
    with EvidenceStore.open(empty_server, embedder=embedder, mode="rw", dense="index") as store:
        store.add([old])
        before = Remote.connect(empty_server).index(store._signed(store.embedder)).count()
        new = replace(source("The bridge is 300 metres long.", "bridge"))
        assert store.add([new]).updated == ("bridge",)
        assert before > 1
        assert Remote.connect(empty_server).index(store._signed(store.embedder)).count() == 1
        elsewhere()
        with EvidenceStore.open(empty_server, embedder=embedder, dense="index") as other:
            assert [hit.source.text for hit in other.search(["the bridge"])[0]] == [new.text]


def test_two_machines_add_at_once(empty_server: str, embedder: object, source: Make) -> None:
    def add(name: str) -> None:
        with EvidenceStore.open(empty_server, embedder=embedder, mode="rw") as store:
            for i in range(5):
                store.add([source(f"{name} report number {i}.", f"{name}{i}")])

    threads = [threading.Thread(target=add, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with EvidenceStore.open(empty_server, embedder=embedder, dense="index") as store:
        assert len(store.list()) == 10
        assert store.search(["b report number 3"])[0][0].source.id == "b3"


def test_the_embedder_is_recorded_and_not_mixed(
    empty_server: str, embedder: object, other_embedder: object, source: Make
) -> None:
    with EvidenceStore.open(empty_server, embedder=embedder, mode="rw") as store:
        store.add([source("Rice prices rose in May.", "b")])
    with pytest.raises(EmbedderMismatch, match="'words'"):
        EvidenceStore.open(empty_server, embedder=other_embedder)
    with EvidenceStore.open(empty_server, embedder=other_embedder, mode="rw", match=False) as store:
        assert store.reindex(embed=True) == 1
        assert store.search(["rice prices"])[0][0].source.id == "b"
    with pytest.raises(EmbedderMismatch, match="'other'"):
        EvidenceStore.open(empty_server, embedder=embedder)


def test_a_newer_layout_is_refused(empty_server: str, embedder: object) -> None:
    client = Remote.connect(empty_server)._client
    client.get_collection(SOURCES, embedding_function=None).modify(metadata={"saring_layout": 99})
    with pytest.raises(StoreTooNew, match="layout 99"):
        EvidenceStore.open(empty_server, embedder=embedder)


def test_a_server_that_is_not_there_is_named_with_what_to_do(embedder: object) -> None:
    with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1:9 cannot be used.*chroma run"):
        EvidenceStore.open("http://127.0.0.1:9", embedder=embedder)


def test_a_server_of_another_kind_is_refused(embedder: object) -> None:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>hello</html>")

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None: ...

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with pytest.raises(StoreUnavailable):
        EvidenceStore.open(f"http://127.0.0.1:{server.server_port}", embedder=embedder)
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    "address", ["http://", "http://host:99999999", "http://host:8000/some/path", "https://u:p@host"]
)
def test_what_is_no_address_of_a_server_is_refused(address: str, embedder: object) -> None:
    with pytest.raises(InputError, match="not the address"):
        EvidenceStore.open(address, embedder=embedder)
