"""An evidence store on a Chroma server, shared by several machines.

The server holds the truth: one collection with every source's text and metadata, one with the vectors of the passages.
Each machine keeps a mirror of it (a store folder under the user's cache), in which it searches words, dates, filters
and origins as in any store; what others added or removed comes in before each search. A source is acknowledged when the
server has it; its passages go first, so that a kill leaves passages nobody asks for and never a source without them.
"""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np

from retrieval.database import Database, Filters, NewSource
from retrieval.errors import InputError, StoreError, StoreTooNew, StoreUnavailable
from retrieval.index import ChromaIndex, collection_name
from retrieval.ingest import assemble, prepare, record_hash
from retrieval.lock import WriterLock
from retrieval.passages import split_passages
from retrieval.schema import connect_reader, connect_writer
from retrieval.store import Dense, EvidenceStore, Progress, not_found
from retrieval.types import Source
from retrieval.vectors import FloatArray, pack, unpack
from retrieval.writing import delete_source, write_sources

if TYPE_CHECKING:
    from retrieval.embed import Embedder

LAYOUT = 1
"""Number of the way in which the server's collections are laid out; a greater one was written by a newer version."""

SOURCES = "saring-sources"
REFRESH_SECONDS = 1.0
"""How long a look at the server is taken for the present."""

_PAGE = 500
_CATCH_UP_TRIES = 4
_MIRROR_TIMEOUT = 60.0
# Chroma wants a vector with every record; sources are never searched by theirs.
_NO_VECTOR = [1.0, 0.0]


class ServerStore(EvidenceStore):
    """An `EvidenceStore` whose sources are on a Chroma server. Made by `EvidenceStore.open`."""

    def __init__(
        self, url: str, remote: Remote, mirror: Path, embedder: Embedder | str | None, writable: bool, dense: Dense
    ) -> None:
        super().__init__(mirror, Database(connect_reader(mirror)), embedder, None, dense)
        self._url = url
        self._remote = remote
        self._writable = writable
        self._token = ""
        self._looked = -REFRESH_SECONDS

    @classmethod
    def connect(
        cls, url: str, embedder: Embedder | str | None, *, writable: bool, dense: Dense = "auto", match: bool = True
    ) -> ServerStore:
        """Connect to a server; see `EvidenceStore.open` for what the arguments mean and what is raised."""
        remote = Remote.connect(url)
        mirror = _mirror_folder(url)
        mirror.mkdir(parents=True, exist_ok=True)
        with _mirror_writer(mirror):
            pass  # make the mirror's tables
        store = cls(url, remote, mirror, embedder, writable, dense)
        try:
            store._look()
            if match and embedder is not None and not isinstance(embedder, str):
                store._must_match(embedder)
        except BaseException:
            store.close()
            raise
        return store

    @property
    def location(self) -> str:
        """The server's address."""
        return self._url

    @property
    def writable(self) -> bool:
        """Whether it was opened to add and remove."""
        return self._writable

    def remove(self, source_id: str) -> None:
        """Take a source out of the server and of this machine's mirror; other mirrors follow at their next look.

        A Chroma server keeps deleted text in its log and free pages until it compacts them: see its `vacuum` command.

        Raises:
            SourceNotFound: No source has this id.
            StoreReadOnly: The store was opened to read.
            StoreUnavailable: The server cannot be reached.
        """
        self._must_write()
        with self._guard:
            self._look()
            known = self._database.find(source_id)
            if known is None:
                raise not_found(source_id)
            passages = [passage_id for passage_id, _, _ in self._database.passages_of(known[0])]
            self._remote.delete([source_id], passages, self._signed(self.embedder))
            self._catch_up()
            with _mirror_writer(self.path) as database:
                database.connection.execute("VACUUM")
                database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def reindex(self, *, embed: bool = False, progress: Progress | None = None) -> int:
        """Make the server's vectors again from its sources' texts.

        Args:
            embed: Embed every source again, for another embedding model. Others must use that model from then on.
            progress: Called with the ids of the sources whose vectors are there.

        Returns:
            Number of passages in the index.

        Raises:
            StoreReadOnly: The store was opened to read.
            EmbedderMismatch: The store was made with another embedder, and `embed` is False.
            StoreUnavailable: The server cannot be reached.
        """
        self._must_write()
        with self._guard:
            self._look()
            embedder = self._loaded(match=not embed)
            signed = self._signed(embedder)
            self._remote.drop_index(signed)
            for batch in _in_parts(list(self._database.iterate(Filters())), 64):
                self._remote.put(prepare(batch, embedder), signed, embedder.name)
                if progress is not None:
                    progress([source.id for source in batch])
            self._catch_up()
            self._corpus = None
            return self._remote.index(signed).count()

    # -- within

    def _look(self) -> None:
        """Catch up with the server, if the last look was a while ago and it has changed since."""
        if time.monotonic() - self._looked >= REFRESH_SECONDS:
            self._catch_up()

    def _catch_up(self) -> None:
        for _ in range(_CATCH_UP_TRIES - 1):
            state = self._remote.state()
            try:
                self._catch_up_to(state)
            except StoreError:
                # Another machine may be writing: what it says of itself and what it holds were read apart.
                if self._remote.state().token == state.token:
                    raise
            else:
                return
        self._catch_up_to(self._remote.state())

    def _catch_up_to(self, state: State) -> None:
        if state.token != self._token or not self._token:
            if state.signed and state.signed != self._database.meta("embedder_digest"):
                with _mirror_writer(self.path) as database, database.transaction():
                    for num in database.all_nums():
                        database.delete(num)
                    database.set_meta("embedder_digest", state.signed)
                    database.set_meta("embedder_name", state.embedder)
                    database.next_generation()
            self._mirror(state)
            self._token = state.token
        self._looked = time.monotonic()

    def _mirror(self, state: State) -> None:
        there = self._remote.record_hashes()
        here = {source.id: record_hash(source) for source in self._database.iterate(Filters())}
        changed = [source_id for source_id, digest in there.items() if here.get(source_id) != digest]
        gone = [source_id for source_id in here if source_id not in there]
        if not changed and not gone:
            return
        with _mirror_writer(self.path) as database:
            for part in _in_parts(changed, 64):
                prepared = self._remote.fetch(part, state.signed)
                with database.transaction():
                    write_sources(database, prepared, prepared[0].dimensions if prepared else 0)
            for source_id in gone:
                known = database.find(source_id)
                if known is not None:
                    with database.transaction():
                        delete_source(database, known[0])

    def _write(self, prepared: Sequence[NewSource]) -> None:
        signed = self._signed(self.embedder)
        old = []
        for new in prepared:
            known = self._database.find(new.source.id)
            if known is not None:
                kept = {passage.id for passage in new.passages}
                old += [i for i, _, _ in self._database.passages_of(known[0]) if i not in kept]
        self._remote.put(prepared, signed, self.embedder.name, old)
        self._catch_up()

    def _settle(self) -> None:
        if self._database.meta("embedder_digest") is not None:
            self._refreshed(self.embedder).save_cache()

    def _keep(self) -> Any:
        return _Asked(self._remote, self._signed(self.embedder))


class _Asked:
    """The server's index, in the place where a local store has its keeper."""

    def __init__(self, remote: Remote, signed: str) -> None:
        self._remote = remote
        self._signed = signed

    def query(self, vectors: FloatArray, k: int, expected: int) -> list[list[tuple[str, float]]] | None:
        """The nearest passages of each query, as the server finds them."""
        if not expected:
            return None
        with self._remote.talking():
            return list(self._remote.index(self._signed).query(vectors, k))

    def close(self) -> None:
        """The connection is the store's."""


class State:
    """What the server says of itself: a token that every writing changes, and the embedder it was made with."""

    def __init__(self, metadata: dict[str, Any]) -> None:
        self.token = str(metadata.get("written", ""))
        self.signed = str(metadata.get("embedder_digest", ""))
        self.embedder = str(metadata.get("embedder_name", ""))
        self.layout = int(metadata.get("saring_layout", LAYOUT))


class Remote:
    """The collections of one Chroma server, in the words of the types."""

    def __init__(self, url: str, client: Any) -> None:
        self._url = url
        self._client = client
        self._indexes: dict[str, ChromaIndex] = {}
        with self.talking():
            self._sources = client.get_or_create_collection(
                SOURCES, embedding_function=None, metadata={"saring_layout": LAYOUT}
            )

    @classmethod
    def connect(cls, url: str) -> Remote:
        """Connect to a server.

        Raises:
            InputError: The address is not one of a server.
            StoreUnavailable: Nothing that speaks Chroma's language answers there.
        """
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = -1
        if not parts.hostname or port == -1 or parts.path.strip("/") or parts.query or parts.username:
            raise InputError(f"{url!r} is not the address of a Chroma server, such as http://localhost:8000")
        from retrieval.index import chromadb_settings

        chromadb, settings = chromadb_settings()
        secure = parts.scheme == "https"
        try:
            client = chromadb.HttpClient(
                host=parts.hostname, port=port or (443 if secure else 8000), ssl=secure, settings=settings
            )
        except Exception as error:  # plain ValueError where nobody listens, anything where somebody else does
            raise _unavailable(url, error) from error
        return cls(url, client)

    @contextmanager
    def talking(self) -> Iterator[None]:
        """Turns what goes wrong on the way into `StoreUnavailable`."""
        import httpx
        from chromadb.errors import ChromaError

        try:
            yield
        except (httpx.HTTPError, ChromaError, OSError) as error:
            raise _unavailable(self._url, error) from error

    def state(self) -> State:
        """What the server says of itself now."""
        with self.talking():
            self._sources = self._client.get_collection(SOURCES, embedding_function=None)
            state = State(self._sources.metadata or {})
        if state.layout > LAYOUT:
            raise StoreTooNew(
                f"store {self._url} was written by a newer version of Saring (layout {state.layout}); update Saring or "
                "choose another store with --store"
            )
        return state

    def record_hashes(self) -> dict[str, str]:
        """The hash of every source's record, by id."""
        found: dict[str, str] = {}
        with self.talking():
            while True:
                page = self._sources.get(include=["metadatas"], limit=_PAGE, offset=len(found))
                if not page["ids"]:
                    return found
                before = len(found)
                for source_id, metadata in zip(page["ids"], page["metadatas"], strict=True):
                    found[source_id] = str(metadata["record_hash"])
                if len(found) == before:
                    return found

    def fetch(self, ids: Sequence[str], signed: str) -> list[NewSource]:
        """Sources with their passages and vectors, as the server has them.

        Raises:
            StoreError: A source's passages are not all there.
        """
        with self.talking():
            found = self._sources.get(ids=list(ids), include=["metadatas", "documents"])
            prepared = []
            for metadata, text in zip(found["metadatas"], found["documents"], strict=True):
                source = _source(metadata["record"], text)
                passages = split_passages(source.text, source.id)
                vectors = self.index(signed).vectors([passage.id for passage in passages])
                if len(vectors) != len(passages):
                    raise StoreError(
                        f"store {self._url} lacks vectors of source {source.id!r}; make them again with: "
                        f"saring evidence reindex --store {self._url}"
                    )
                stacked = np.stack([vectors[p.id] for p in passages]) if passages else np.zeros((0, 0), np.float32)
                prepared.append(assemble(source, passages, pack(stacked)))
        return prepared

    def put(self, prepared: Sequence[NewSource], signed: str, embedder: str, old_passages: Sequence[str] = ()) -> None:
        """Write sources: their passages, then themselves, then word that something changed."""
        index = self.index(signed)
        with self.talking():
            if (self._sources.metadata or {}).get("embedder_digest") != signed:
                # Whoever sees the sources must be able to tell which vectors are theirs.
                self._announce(signed, embedder)
            for new in prepared:
                if new.passages:
                    index.add([passage.id for passage in new.passages], unpack(new.vectors, new.dimensions))
            for new in prepared:
                self._sources.upsert(
                    ids=[new.source.id],
                    documents=[new.source.text],
                    embeddings=[_NO_VECTOR],
                    metadatas=[{"record": _record(new.source), "record_hash": new.record_hash}],
                )
            if old_passages:
                index.delete(old_passages)
            self._announce(signed, embedder)

    def delete(self, ids: Sequence[str], passages: Sequence[str], signed: str) -> None:
        """Delete sources, then their passages."""
        with self.talking():
            state = self.state()
            self._sources.delete(ids=list(ids))
            if passages:
                self.index(signed).delete(passages)
            self._announce(state.signed, state.embedder)

    def index(self, signed: str) -> ChromaIndex:
        """The collection of vectors for one embedder and way of cutting."""
        if signed not in self._indexes:
            with self.talking():
                self._indexes[signed] = ChromaIndex(self._client, collection_name(signed))
        return self._indexes[signed]

    def drop_index(self, signed: str) -> None:
        """Throw away the collection of vectors for one embedder, if there is one."""
        from chromadb.errors import NotFoundError

        self._indexes.pop(signed, None)
        with self.talking():
            try:
                self._client.delete_collection(collection_name(signed))
            except NotFoundError:
                return

    def _announce(self, signed: str, embedder: str) -> None:
        self._sources.modify(
            metadata={
                "saring_layout": LAYOUT,
                "embedder_digest": signed,
                "embedder_name": embedder,
                "written": uuid.uuid4().hex,
            }
        )


@contextmanager
def _mirror_writer(folder: Path) -> Iterator[Database]:
    """The mirror, opened to write: one process of this machine at a time, for as long as a catching-up takes."""
    lock = WriterLock(folder)
    lock.acquire(_MIRROR_TIMEOUT)
    try:
        connection = connect_writer(folder)
        try:
            database = Database(connection)
            if database.meta("store_id") is None:
                with database.transaction():
                    database.set_meta("store_id", uuid.uuid4().hex)
            yield database
        finally:
            connection.close()
    finally:
        lock.release()


def _mirror_folder(url: str) -> Path:
    import platformdirs

    name = hashlib.sha256(url.rstrip("/").encode()).hexdigest()[:16]
    return Path(platformdirs.user_cache_dir("saring")) / "servers" / name


def _record(source: Source) -> str:
    fields = {
        name: getattr(source, name)
        for name in (
            *("id", "url", "title", "publisher", "publisher_type", "country", "language", "published_at", "fetched_at"),
            *("content_hash",),
        )
    }
    return json.dumps({**fields, "via": list(source.via), "extra": dict(source.extra)}, ensure_ascii=False)


def _source(record: str, text: str) -> Source:
    fields = json.loads(record)
    return Source(
        **{**fields, "via": tuple(fields["via"]), "extra": MappingProxyType(fields["extra"])},
        text=text,
    )


def _in_parts(items: Sequence[Any], size: int) -> Iterator[list[Any]]:
    for first in range(0, len(items), size):
        yield list(items[first : first + size])


def _unavailable(url: str, error: Exception) -> StoreUnavailable:
    reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    return StoreUnavailable(
        f"the Chroma server at {url} cannot be used ({reason}); start one with: chroma run --path FOLDER, "
        "or choose another store with --store"
    )
