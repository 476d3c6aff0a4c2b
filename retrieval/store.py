"""The evidence store: sources in SQLite as the truth, and what is searched made from it.

A store is a folder. Its SQLite file holds the sources' text and metadata, the passages and their vectors; a source is
acknowledged when the transaction that holds it is on disk. Chroma is an index over the vectors, kept in step from an
outbox in the same file, and made again whenever it is damaged (`retrieval.upkeep`).

A small store is searched exactly, in memory: measured on two cores, 20,000 passages are read from SQLite in 0.1 s and
scored in 3 ms a query, while importing chromadb alone takes two seconds. Above `EXACT_LIMIT` passages the index pays.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from retrieval.connectors.base import Found, Rejected
from retrieval.corpus import Corpus
from retrieval.database import Database, Filters, NewSource
from retrieval.dates import bounds, utc_text
from retrieval.engine import Search, in_utc
from retrieval.errors import EmbedderMismatch, SourceNotFound, StoreReadOnly
from retrieval.grouping import regroup
from retrieval.index import collection_name
from retrieval.ingest import RECIPE, prepare, record_hash
from retrieval.lock import WriterLock
from retrieval.passages import SEGMENTER
from retrieval.rerank import Reranker
from retrieval.schema import DATABASE_FILE, connect_empty, connect_reader, connect_writer
from retrieval.search import Query, query_vectors
from retrieval.stats import Stats, count
from retrieval.types import Hit, Passage, Source
from retrieval.upkeep import IndexKeeper
from retrieval.writing import AddResult, batches, delete_source, write_sources

if TYPE_CHECKING:
    from retrieval.embed import Embedder
    from retrieval.langchain import EvidenceRetriever

__all__ = ["AddResult", "Dense", "EvidenceStore", "Progress", "Stats", "not_found"]

LOCK_TIMEOUT = 10.0
"""Seconds that a writer waits for another before it is refused."""

EXACT_LIMIT = 50_000
"""Passages up to which a query is compared with every vector. Measured (docs/sizing.md): comparing costs 0.135 ms a
thousand passages, the index 10 ms at 36,000; they meet between 50,000 and 80,000, and comparing takes more memory."""

Dense = Literal["auto", "exact", "index"]

Progress = Callable[[Sequence[str]], None]
"""Called with the ids of sources that are on disk now (added, updated or unchanged)."""


# `EvidenceStore.list` hides the built-in in the annotations of its class.
SourceList = list[Source]
PassageList = list[Passage]
HitLists = list[list[Hit]]


class EvidenceStore:
    """Sources of evidence, kept and searched. Safe to share between threads; one writer at a time between processes."""

    def __init__(
        self,
        path: Path,
        database: Database,
        embedder: Embedder | str | None,
        lock: WriterLock | None,
        dense: Dense = "auto",
    ) -> None:
        self.path = path
        self._database = database
        self._embedder = embedder
        self._lock = lock
        self._dense = dense
        self._reranker: Reranker | None = None
        self._guard = threading.RLock()
        self._corpus: Corpus | None = None
        self._keeper: IndexKeeper | None = None
        self._closed = False

    # -- opening and closing

    @classmethod
    def open(
        cls,
        path: str | Path,
        *,
        embedder: Embedder | str | None = None,
        mode: Literal["r", "rw"] = "r",
        lock_timeout: float = LOCK_TIMEOUT,
        dense: Dense = "auto",
        match: bool = True,
        reranker: Reranker | None = None,
    ) -> EvidenceStore:
        """Open a store.

        Args:
            path: Its folder, or `http://host:port` of a Chroma server.
            embedder: What turns texts into vectors, or its name, by which it is loaded when it is first needed;
                Saring's own where None.
            mode: `r` to search: works beside a writer and in a folder that cannot be written to, and a folder that
                holds no store is an empty one. `rw` to add and remove as well: makes the store where there is none.
            lock_timeout: Seconds to wait for another writer, 0 to be refused at once.
            dense: `exact` compares with every vector, `index` asks the index, `auto` chooses by the store's size.
            match: False to open a store that another embedder made, which only `reindex(embed=True)` can use.
            reranker: What reads the first candidates of each search again; None for the fused order.

        Raises:
            StoreLocked: Another process is writing to it (`rw` only).
            StoreReadOnly: It cannot be written to (`rw` only).
            StoreTooNew: It was written by a newer version of Saring.
            StoreDamaged: Its database cannot be read.
            StoreUnavailable: The server cannot be reached.
            EmbedderMismatch: It was made with another embedder than the one given.
        """
        if str(path).startswith(("http://", "https://")):
            from retrieval.server import ServerStore

            remote = ServerStore.connect(str(path), embedder, writable=mode == "rw", dense=dense, match=match)
            remote._reranker = reranker
            return remote
        folder = Path(path).expanduser()
        lock: WriterLock | None = None
        if mode == "rw":
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreReadOnly(
                    f"store {folder} cannot be made ({error.strerror or error}); choose another with --store"
                ) from error
            lock = WriterLock(folder)
            lock.acquire(lock_timeout)
        try:
            if mode == "rw":
                connection = connect_writer(folder)
            elif (folder / DATABASE_FILE).exists():
                connection = connect_reader(folder)
            else:
                connection = connect_empty()
            store = cls(folder, Database(connection), embedder, lock, dense)
            store._reranker = reranker
            if mode == "rw":
                store._identify()
            if match and embedder is not None and not isinstance(embedder, str):
                store._must_match(embedder)
        except BaseException:
            if lock is not None:
                lock.release()
            raise
        return store

    def close(self) -> None:
        """Let go of the store. Safe to call twice."""
        with self._guard:
            if self._closed:
                return
            self._closed = True
            try:
                if self._keeper is not None:
                    self._keeper.close()
                if self._lock is not None:
                    self._database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                self._database.connection.close()
            finally:
                if self._lock is not None:
                    self._lock.release()

    def __enter__(self) -> EvidenceStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def location(self) -> str:
        """Where it is, as it was named to `open`."""
        return str(self.path)

    @property
    def writable(self) -> bool:
        """Whether it was opened to add and remove."""
        return self._lock is not None

    @property
    def embedder(self) -> Embedder:
        """What turns texts into vectors here; loaded on first use.

        Raises:
            EmbedderMismatch: The store was made with another one.
            ModelFileError: The model cannot be loaded.
        """
        with self._guard:
            return self._loaded(match=True)

    # -- writing

    def add(self, sources: Iterable[Found], progress: Progress | None = None) -> AddResult:
        """Add sources, in batches; what was handed to `progress` survives a kill, and adding all again resumes.

        A source that is there already, unchanged, adds nothing; one with the same id and another text or metadata
        takes its place.

        Args:
            sources: What connectors yield; a `Rejected` among them goes to the result's `failed`.
            progress: Called after each batch with the ids that are on disk.

        Returns:
            What became of each.

        Raises:
            StoreReadOnly: The store was opened to read.
            EmbedderMismatch: It was made with another embedder.
        """
        self._must_write()
        added: list[str] = []
        unchanged: list[str] = []
        updated: list[str] = []
        failed: list[Rejected] = []
        for batch in batches(sources, failed):
            with self._guard:
                fresh: list[Source] = []
                for source in batch:
                    known = self._database.find(source.id)
                    if known is not None and known[1] == record_hash(source):
                        unchanged.append(source.id)
                    else:
                        fresh.append(source)
                        (added if known is None else updated).append(source.id)
                if fresh:
                    self._write(prepare(fresh, self.embedder))
            if progress is not None:
                progress([source.id for source in batch])
        with self._guard:
            self._settle()
        return AddResult(tuple(added), tuple(unchanged), tuple(updated), tuple(failed))

    def remove(self, source_id: str) -> None:
        """Take a source out for good: its text is overwritten in the database, and the indexes are made anew.

        Raises:
            SourceNotFound: No source has this id.
            StoreReadOnly: The store was opened to read.
        """
        self._must_write()
        with self._guard:
            known = self._database.find(source_id)
            if known is None:
                raise not_found(source_id)
            with self._database.transaction():
                delete_source(self._database, known[0])
            self._database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._database.connection.execute("VACUUM")
            self._database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            # What the index deletes stays in its log and free pages: only a new one is free of it.
            self._keep().rebuild(self._database)
            self._settle()

    def reindex(self, *, embed: bool = False, progress: Progress | None = None) -> int:
        """Make everything that is made from the sources again.

        Args:
            embed: Cut and embed every source again too: for another embedding model, or after an update that cuts in
                another way. All or nothing: broken off, the store is as it was.
            progress: Called with the ids of the sources embedded.

        Returns:
            Number of passages in the index.

        Raises:
            StoreReadOnly: The store was opened to read.
            EmbedderMismatch: The store was made with another embedder, and `embed` is False.
        """
        self._must_write()
        with self._guard:
            embedder = self._loaded(match=not embed)
            if embed:
                self._embed_again(embedder, progress)
            with self._database.transaction():
                regroup(self._database, embedder.dimensions)
                self._database.next_generation()
            self._corpus = None
            count = self._keep().rebuild(self._database)
            self._settle()
            return count

    # -- reading

    def is_empty(self) -> bool:
        """Whether there is nothing to search."""
        with self._guard:
            self._look()
            return self._database.is_empty()

    def get(self, source_id: str) -> Source:
        """The source of this id.

        Raises:
            SourceNotFound: No source has it.
        """
        with self._guard:
            self._look()
            known = self._database.find(source_id)
            found = self._database.sources([known[0]]) if known else {}
        if not known or known[0] not in found:
            raise not_found(source_id)
        return found[known[0]]

    def origin(self, source_id: str) -> str:
        """Id of the independent reporting event behind a source.

        Raises:
            SourceNotFound: No source has this id.
        """
        with self._guard:
            known = self._database.find(source_id)
            if known is None:
                raise not_found(source_id)
            return self._database.origins([known[0]])[known[0]]

    def list(self, filters: Filters | None = None, limit: int | None = None) -> SourceList:
        """Sources, newest first, undated ones last."""
        with self._guard:
            self._look()
            return list(self._database.iterate(in_utc(filters or Filters()), limit))

    def ids(self) -> tuple[str, ...]:
        """Ids of all sources, in the order they came."""
        with self._guard:
            self._look()
            return tuple(self._database.all_ids())

    def passages(self, source_id: str) -> PassageList:
        """The passages of a source, in the order of its text.

        Raises:
            SourceNotFound: No source has this id.
        """
        with self._guard:
            known = self._database.find(source_id)
            if known is None:
                raise not_found(source_id)
            text = self._database.texts([known[0]])[known[0]]
            return [
                Passage(passage_id, source_id, start, end, text[start:end])
                for passage_id, start, end in self._database.passages_of(known[0])
            ]

    def neighbours(self, passage: Passage, n: int = 1) -> PassageList:
        """The `n` passages before and the `n` after one, in the order of the text, without itself.

        Raises:
            SourceNotFound: Its source is not here (any more).
        """
        every = self.passages(passage.source_id)
        at = next((i for i, other in enumerate(every) if other.id == passage.id), None)
        if at is None:
            raise SourceNotFound(f"source {passage.source_id!r} has no passage {passage.id!r}: its text has changed")
        return every[max(0, at - n) : at] + every[at + 1 : at + 1 + n]

    def stats(self) -> Stats:
        """Numbers about the store."""
        with self._guard:
            self._look()
        with self._guard, self._database.snapshot():
            return count(self._database, self.location, self.path)

    # -- searching

    def search(
        self,
        queries: Sequence[Query | str],
        *,
        k: int = 8,
        as_of: str | datetime | None = None,
        article_text: str | None = None,
        filters: Filters | None = None,
    ) -> HitLists:
        """Find the passages that speak to each query, in either language.

        Args:
            queries: What is looked for; embedded in one call.
            k: Most hits per query that may count.
            as_of: Sources certainly published after it come flagged `after_as_of`. ISO 8601 to any precision (a day
                ends with that day in Jakarta), or an aware date-time. None for no limit.
            article_text: Text of the article under check: sources that are copies of it come flagged
                `copy_of_article`.
            filters: Sources that are searched at all.

        Returns:
            For each query at most `k` hits that count, and at most `k` excluded ones among them, best first.

        Raises:
            EmbedderMismatch: The store was made with another embedder.
            ValueError: `as_of` or a filter's date is not a date.
        """
        asked = [Query(query) if isinstance(query, str) else query for query in queries]
        if not asked:
            return []
        embedder = self.embedder
        if self.is_empty():
            return [[] for _ in asked]
        vectors = query_vectors(asked, embedder)
        with self._guard, self._database.snapshot():
            corpus = self._refreshed(embedder)
            use_index = self._dense == "index" or (self._dense == "auto" and len(corpus) > EXACT_LIMIT)
            keeper = self._keep() if use_index else None
            search = Search(self._database, corpus, keeper, k, _moment(as_of), article_text, filters, self._reranker)
            return search.run(asked, vectors)

    def as_retriever(self, k: int = 8, **search_options: Any) -> EvidenceRetriever:
        """This store as a LangChain retriever.

        Args:
            k: Most documents for a query.
            search_options: `as_of`, `article_text` and `filters`, as for `search`.
        """
        from retrieval.langchain import EvidenceRetriever

        return EvidenceRetriever(store=self, k=k, search_options=search_options)

    # -- within

    def _look(self) -> None:
        """Called before anything is read; a store on a server catches up here."""

    def _refreshed(self, embedder: Embedder) -> Corpus:
        if self._corpus is None:
            self._corpus = Corpus(self._database, embedder.dimensions, self.path / "words")
        self._corpus.refresh()
        return self._corpus

    def _loaded(self, *, match: bool) -> Embedder:
        if self._embedder is None or isinstance(self._embedder, str):
            from retrieval.embed import load_embedder

            loaded = load_embedder(self._embedder)
            if match:
                self._must_match(loaded)
            self._embedder = loaded
        elif match:
            self._must_match(self._embedder)
        return self._embedder

    def _keep(self) -> IndexKeeper:
        if self._keeper is None:
            embedder = self.embedder
            name = collection_name(self._signed(embedder))
            self._keeper = IndexKeeper(self.path, name, embedder.dimensions)
        return self._keeper

    def _write(self, prepared: Sequence[NewSource]) -> None:
        with self._database.transaction():
            if self._database.meta("embedder_digest") is None:
                self._sign(self.embedder)
            write_sources(self._database, prepared, self.embedder.dimensions)

    def _embed_again(self, embedder: Embedder, progress: Progress | None) -> None:
        with self._database.transaction():
            self._database.clear_passages()
            self._sign(embedder)
            for batch in batches(self._database.iterate(Filters()), []):
                for new in prepare(batch, embedder):
                    self._database.replace_passages(new)
                if progress is not None:
                    progress([source.id for source in batch])
            self._database.next_generation()

    def _settle(self) -> None:
        """Bring what is made from the database in step with it, and bound the write-ahead log."""
        if self._database.meta("embedder_digest") is not None:
            self._keep().catch_up(self._database)
            self._refreshed(self.embedder).save_cache()
        self._database.connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def _sign(self, embedder: Embedder) -> None:
        self._database.set_meta("embedder_digest", self._signed(embedder))
        self._database.set_meta("embedder_name", embedder.name)

    def _identify(self) -> None:
        if self._database.meta("store_id") is None:
            with self._database.transaction():
                self._database.set_meta("store_id", uuid.uuid4().hex)

    def _signed(self, embedder: Embedder) -> str:
        return f"{embedder.digest} {RECIPE} {SEGMENTER}"

    def _must_match(self, embedder: Embedder) -> None:
        made_with = self._database.meta("embedder_digest")
        if made_with is not None and made_with != self._signed(embedder):
            raise EmbedderMismatch(
                f"store {self.location} was made with the embedding model {self._database.meta('embedder_name')!r} "
                f"({made_with.split()[0][-12:]}), not {embedder.name!r} ({embedder.digest[-12:]}); use that model, or "
                f"embed the store again with: saring evidence reindex --embed --store {self.location}"
            )

    def _must_write(self) -> None:
        if not self.writable:
            raise StoreReadOnly(f'store {self.location} was opened to read; open it with mode="rw" to change it')


def _moment(as_of: str | datetime | None) -> str | None:
    if as_of is None:
        return None
    if isinstance(as_of, datetime):
        if as_of.tzinfo is None:
            raise ValueError(f"as_of {as_of.isoformat()} has no time zone")
        return utc_text(as_of)
    return utc_text(bounds(as_of)[1])


def not_found(source_id: str) -> SourceNotFound:
    """The error for an id that nothing has."""
    return SourceNotFound(f"no source has the id {source_id!r}; see: saring evidence list")
