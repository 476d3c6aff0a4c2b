"""Every SQL statement of the evidence store, in the words of the types.

Sources, passages and their vectors are the truth that any index is rebuilt from. `num` is a row's number inside this
database only; outside it a source or passage is known by its id.
"""

# Statements are put together from the constants below and question marks; values are always bound.
# ruff: noqa: S608

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import Any

from retrieval.types import Passage, Source

_SOURCE_COLUMNS = (
    "id, url, title, publisher, publisher_type, country, language, published_at, fetched_at, via, content_hash, text,"
    " extra"
)
# SQLite allows 32,766 variables in one statement; a round number well below it.
_CHUNK = 10_000


@dataclass(frozen=True, slots=True)
class Filters:
    """Which sources a listing or a search is limited to; empty fields do not limit.

    Attributes:
        publishers: Names of publishers, compared without case.
        publisher_types: `wire`, `newspaper`, ...
        languages: ISO 639-1.
        countries: ISO 3166-1 alpha-2.
        since: ISO 8601; sources that were certainly published before it are left out, undated ones too.
        until: ISO 8601; sources that were certainly published after it are left out, undated ones too.
        ids: Ids of sources.
    """

    publishers: tuple[str, ...] = ()
    publisher_types: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    ids: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self != Filters()


@dataclass(frozen=True, slots=True)
class NewSource:
    """A source that is ready to be written: cut, embedded, dated, sketched.

    Attributes:
        terms: The index terms of each passage.
        vectors: One little-endian float16 vector per passage.
        sketch: The hashes by which `retrieval.origins` finds its near-copies, signed 64-bit.
        publisher: Canonical name of the outlet that published it, may be empty.
        relayed: Canonical names of the outlets whose story it prints.
        credits: Canonical names of the outlets that each passage credits.
        written_in: Language of the text as it is here, which a card's `language` (that of the page) need not be.
        earliest: First moment (UTC, ISO 8601) at which it can have been published, None where undated.
        latest: Last such moment.
    """

    source: Source
    passages: tuple[Passage, ...]
    terms: tuple[tuple[str, ...], ...]
    vectors: tuple[bytes, ...]
    sketch: tuple[int, ...]
    publisher: str
    relayed: tuple[str, ...]
    credits: tuple[tuple[str, ...], ...]
    written_in: str
    record_hash: str
    earliest: str | None
    latest: str | None

    @property
    def dimensions(self) -> int:
        """Length of its vectors, 0 where it has no passage."""
        return len(self.vectors[0]) // 2 if self.vectors else 0


class Database:
    """The tables of one store over one connection. Not locked here: the store serialises its callers."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One all-or-nothing write, on disk when it returns."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything read inside is of one moment, whatever another process writes meanwhile."""
        if self.connection.in_transaction:
            yield
            return
        self.connection.execute("BEGIN")
        try:
            yield
        finally:
            self.connection.execute("COMMIT")

    # -- meta

    def meta(self, key: str) -> str | None:
        """The value of one fact about the store, None where it was never set."""
        row = self.connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def set_meta(self, key: str, value: str) -> None:
        """Set one fact about the store."""
        self.connection.execute(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", (key, value)
        )

    @property
    def generation(self) -> int:
        """Grows with every change of sources; what was computed from an older generation is out of date."""
        return int(self.meta("generation") or 0)

    def next_generation(self) -> None:
        """Say that sources changed; inside the transaction that changed them."""
        self.set_meta("generation", str(self.generation + 1))

    # -- writing

    def insert(self, new: NewSource, added_at: str, num: int | None = None) -> int:
        """Write a source that is not there; returns its row number, `num` where the version before had one."""
        s = new.source
        cursor = self.connection.execute(
            f"INSERT INTO sources ({_SOURCE_COLUMNS}, record_hash, earliest, latest, origin, added_at, num,"
            " written_in) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(s.id, s.url, s.title, s.publisher, s.publisher_type, s.country, s.language, s.published_at),
                *(s.fetched_at, _json(list(s.via)), s.content_hash, s.text, _json(dict(s.extra))),
                *(new.record_hash, new.earliest, new.latest, "", added_at, num, new.written_in),
            ),
        )
        num = int(cursor.lastrowid or 0)
        voices = dict.fromkeys(new.relayed, 0) | ({new.publisher: 1} if new.publisher else {})
        self.connection.executemany(
            "INSERT INTO voices VALUES (?, ?, ?)", [(outlet, num, own) for outlet, own in voices.items()]
        )
        self._insert_passages(num, new)
        self.connection.executemany("INSERT INTO sketches VALUES (?, ?)", [(h, num) for h in new.sketch])
        return num

    def _insert_passages(self, num: int, new: NewSource) -> None:
        parts = zip(new.passages, new.terms, new.vectors, new.credits, strict=True)
        for passage, terms, vector, credits in parts:
            row = self.connection.execute(
                'INSERT INTO passages (id, source, "start", "end", origin, terms) VALUES (?, ?, ?, ?, ?, ?)',
                (passage.id, num, passage.start, passage.end, "", " ".join(terms)),
            ).lastrowid
            self.connection.execute("INSERT INTO vectors VALUES (?, ?)", (row, vector))
            self.connection.executemany("INSERT INTO credits VALUES (?, ?)", [(outlet, row) for outlet in credits])
            # It may be the passage of a version just replaced: then it stays in the index under the same id.
            self.connection.execute("DELETE FROM index_deletions WHERE passage_id = ?", (passage.id,))

    def clear_passages(self) -> None:
        """Forget every passage and vector, and that any was indexed; the sources stay."""
        self.connection.execute("DELETE FROM passages")
        self.connection.execute("DELETE FROM index_deletions")

    def replace_passages(self, new: NewSource) -> None:
        """Write the passages of a source that is there and has none."""
        known = self.find(new.source.id)
        assert known is not None
        self._insert_passages(known[0], new)

    def delete(self, num: int) -> None:
        """Delete a source with its passages, vectors and links, and leave word for the index."""
        self.connection.execute(
            "INSERT OR IGNORE INTO index_deletions SELECT id FROM passages WHERE source = ?", (num,)
        )
        self.connection.execute("DELETE FROM sources WHERE num = ?", (num,))

    # -- reading sources

    def find(self, source_id: str) -> tuple[int, str] | None:
        """`(num, record_hash)` of a source, None where there is no such id."""
        row = self.connection.execute("SELECT num, record_hash FROM sources WHERE id = ?", (source_id,)).fetchone()
        return (int(row[0]), str(row[1])) if row else None

    def sources(self, nums: Sequence[int]) -> dict[int, Source]:
        """The sources of these row numbers; numbers that are not there are left out."""
        return {
            int(row[-1]): _source(row)
            for part in chunks(nums)
            for row in self.connection.execute(
                f"SELECT {_SOURCE_COLUMNS}, num FROM sources WHERE num IN ({_marks(part)})",
                part,
            )
        }

    def iterate(self, filters: Filters, limit: int | None = None) -> Iterator[Source]:
        """Sources that pass the filters, newest first, undated ones last."""
        where, values = _where(filters)
        rows = self.connection.execute(
            f"SELECT {_SOURCE_COLUMNS} FROM sources WHERE {where}"
            " ORDER BY earliest IS NULL, earliest DESC, num DESC LIMIT ?",
            [*values, -1 if limit is None else limit],
        )
        for row in rows:
            yield _source(row)

    def matching(self, filters: Filters) -> list[int]:
        """Row numbers of the sources that pass the filters."""
        where, values = _where(filters)
        return [num for (num,) in self.connection.execute(f"SELECT num FROM sources WHERE {where}", values)]

    def after(self, moment: str) -> list[int]:
        """Row numbers of the sources that were certainly published after `moment` (UTC, ISO 8601)."""
        return [num for (num,) in self.connection.execute("SELECT num FROM sources WHERE earliest > ?", (moment,))]

    def dates(self, nums: Sequence[int]) -> dict[int, tuple[str | None, str | None]]:
        """`(earliest, latest)` of each source."""
        return {
            num: (earliest, latest)
            for part in chunks(nums)
            for num, earliest, latest in self.connection.execute(
                f"SELECT num, earliest, latest FROM sources WHERE num IN ({_marks(part)})",
                part,
            )
        }

    def origins(self, nums: Sequence[int]) -> dict[int, str]:
        """The origin of each source."""
        return {
            num: origin
            for part in chunks(nums)
            for num, origin in self.connection.execute(
                f"SELECT num, origin FROM sources WHERE num IN ({_marks(part)})", part
            )
        }

    def texts(self, nums: Sequence[int]) -> dict[int, str]:
        """The texts of these sources."""
        return {
            num: text
            for part in chunks(nums)
            for num, text in self.connection.execute(
                f"SELECT num, text FROM sources WHERE num IN ({_marks(part)})",
                part,
            )
        }

    # -- reading passages

    def passage_table(self) -> list[tuple[int, int, str]]:
        """`(num, source, language of the text)` of every passage, in order."""
        return self.connection.execute(
            "SELECT p.num, p.source, written_in FROM passages p JOIN sources s ON s.num = p.source ORDER BY p.num"
        ).fetchall()

    def passages(self, nums: Sequence[int]) -> dict[int, tuple[str, int, int, int, str]]:
        """`(id, source num, start, end, origin)` of these passages."""
        return {
            num: (passage_id, source, start, end, origin)
            for part in chunks(nums)
            for num, passage_id, source, start, end, origin in self.connection.execute(
                f'SELECT num, id, source, "start", "end", origin FROM passages WHERE num IN ({_marks(part)})',
                part,
            )
        }

    def passage_nums(self, ids: Sequence[str]) -> dict[str, int]:
        """Row numbers of these passages; ids that are not there are left out."""
        return {
            passage_id: num
            for part in chunks(ids)
            for passage_id, num in self.connection.execute(
                f"SELECT id, num FROM passages WHERE id IN ({_marks(part)})",
                part,
            )
        }

    def passages_of(self, source_num: int) -> list[tuple[str, int, int]]:
        """`(id, start, end)` of the passages of one source, in its order."""
        return self.connection.execute(
            'SELECT id, "start", "end" FROM passages WHERE source = ? ORDER BY "start", num', (source_num,)
        ).fetchall()

    def terms(self) -> Iterator[list[str]]:
        """The index terms of every passage, in the order of `num`."""
        for (terms,) in self.connection.execute("SELECT terms FROM passages ORDER BY num"):
            yield terms.split()

    def vectors(self, after: int = 0) -> list[bytes]:
        """The float16 vectors of the passages above a row number, in the order of `num`."""
        return [
            blob
            for (blob,) in self.connection.execute(
                "SELECT vector FROM vectors WHERE passage > ? ORDER BY passage", (after,)
            )
        ]

    def vectors_of(self, nums: Sequence[int]) -> dict[int, bytes]:
        """The float16 vectors of these passages."""
        return {
            num: blob
            for part in chunks(nums)
            for num, blob in self.connection.execute(
                f"SELECT passage, vector FROM vectors WHERE passage IN ({_marks(part)})",
                part,
            )
        }

    # -- origins

    def sharing_sketch(self, num: int, limit: int, leave_out: Set[int]) -> list[int]:
        """Sources that share a sketch hash with one, those that share most first, then those that came first."""
        rows = self.connection.execute(
            "SELECT other.source FROM sketches mine JOIN sketches other ON other.hash = mine.hash"
            " WHERE mine.source = ? AND other.source <> mine.source"
            " GROUP BY 1 ORDER BY count(*) DESC, 1",
            (num,),
        )
        return list(islice((source for (source,) in rows if source not in leave_out), limit))

    def sharing_voice(self, num: int, since: str, until: str, limit: int) -> list[int]:
        """Sources of these days that stand for an outlet for which `num` stands too, one of the two by relaying it."""
        rows = self.connection.execute(
            # An outlet's own reports are not compared with each other: the index passes over them.
            "SELECT DISTINCT other.source FROM voices mine"
            " JOIN voices other ON other.outlet = mine.outlet AND other.own <= 1 - mine.own"
            " JOIN sources ON num = other.source"
            " WHERE mine.source = ? AND other.source <> mine.source"
            " AND earliest <= ? AND latest >= ? ORDER BY num LIMIT ?",
            (num, until, since, limit),
        )
        return [source for (source,) in rows]

    def crediting(self, num: int, since: str, until: str, limit: int) -> list[tuple[int, int]]:
        """`(passage, source)`: a passage that credits an outlet, and a source of these days that stands for the outlet.

        One of the two is of `num`; a source that stands for the outlet itself needs no such credit.
        """
        statement = (
            "SELECT credits.passage, voices.source FROM credits JOIN voices USING (outlet)"
            " JOIN passages ON passages.num = credits.passage JOIN sources ON sources.num = {other}"
            " WHERE {mine} = ? AND passages.source <> voices.source"
            " AND NOT EXISTS"
            " (SELECT 1 FROM voices own WHERE own.source = passages.source AND own.outlet = credits.outlet)"
            " AND earliest <= ? AND latest >= ? ORDER BY voices.source LIMIT ?"
        )
        found: list[tuple[int, int]] = []
        for mine, other in (("passages.source", "voices.source"), ("voices.source", "passages.source")):
            rows = self.connection.execute(statement.format(mine=mine, other=other), (num, until, since, limit))
            found.extend(rows.fetchall())
        return found

    def story(self, num: int) -> list[tuple[str, bytes]]:
        """`(terms, vector)` of each passage of a source."""
        return self.connection.execute(
            "SELECT terms, vector FROM passages JOIN vectors ON passage = num WHERE source = ? ORDER BY num", (num,)
        ).fetchall()

    def link(self, a: int, b: int, reason: str) -> None:
        """Say that two sources are of one origin."""
        self.connection.execute("INSERT OR IGNORE INTO origin_links VALUES (?, ?, ?)", (min(a, b), max(a, b), reason))

    def relay(self, passage: int, source: int) -> None:
        """Say that a passage tells what the story of a source tells, and credits it."""
        self.connection.execute("INSERT OR IGNORE INTO relays VALUES (?, ?)", (passage, source))

    def linked(self, num: int) -> list[int]:
        """The sources that one is linked to."""
        rows = self.connection.execute(
            "SELECT b FROM origin_links WHERE a = ?1 UNION SELECT a FROM origin_links WHERE b = ?1", (num,)
        )
        return [other for (other,) in rows]

    def relaying(self, num: int) -> list[int]:
        """The sources that have a passage which tells what the story of one tells."""
        rows = self.connection.execute(
            "SELECT DISTINCT p.source FROM relays r JOIN passages p ON p.num = r.passage WHERE r.source = ?", (num,)
        )
        return [source for (source,) in rows]

    def set_origin(self, nums: Sequence[int], origin: str) -> None:
        """Say which origin some sources are of, with their passages and those that relay them."""
        for part in chunks(nums):
            marks = _marks(part)
            self.connection.execute(f"UPDATE sources SET origin = ? WHERE num IN ({marks})", [origin, *part])
            self.connection.execute(f"UPDATE passages SET origin = ? WHERE source IN ({marks})", [origin, *part])
        for part in chunks(nums):
            marks = _marks(part)
            self.connection.execute(
                "UPDATE passages SET origin = (SELECT s.origin FROM relays r JOIN sources s ON s.num = r.source"
                " WHERE r.passage = passages.num)"
                f" WHERE num IN (SELECT passage FROM relays WHERE source IN ({marks})"
                f" UNION SELECT passage FROM relays JOIN passages p ON p.num = passage WHERE p.source IN ({marks}))",
                [*part, *part],
            )

    def clear_origins(self) -> None:
        """Forget all links and relays."""
        self.connection.execute("DELETE FROM origin_links")
        self.connection.execute("DELETE FROM relays")

    def all_nums(self) -> list[int]:
        """Row numbers of all sources, in the order they came."""
        return [num for (num,) in self.connection.execute("SELECT num FROM sources ORDER BY num")]

    def all_ids(self) -> list[str]:
        """Ids of all sources, in the order they came."""
        return [source_id for (source_id,) in self.connection.execute("SELECT id FROM sources ORDER BY num")]

    def source_id(self, num: int) -> str:
        """The id of a source by row number."""
        return str(self.connection.execute("SELECT id FROM sources WHERE num = ?", (num,)).fetchone()[0])

    # -- the outbox of the index

    def to_index(self, limit: int) -> list[tuple[int, str, bytes]]:
        """`(num, id, vector)` of passages that the index does not have yet."""
        return self.connection.execute(
            "SELECT num, id, vector FROM passages JOIN vectors ON passage = num WHERE indexed = 0 ORDER BY num LIMIT ?",
            (limit,),
        ).fetchall()

    def to_unindex(self, limit: int) -> list[str]:
        """Ids of passages that the index still has though they are gone."""
        return [i for (i,) in self.connection.execute("SELECT passage_id FROM index_deletions LIMIT ?", (limit,))]

    def indexed(self, nums: Sequence[int]) -> None:
        """The index has these passages now."""
        for part in chunks(nums):
            self.connection.execute(f"UPDATE passages SET indexed = 1 WHERE num IN ({_marks(part)})", part)

    def unindexed(self, ids: Sequence[str]) -> None:
        """The index has dropped these passages."""
        for part in chunks(ids):
            self.connection.execute(f"DELETE FROM index_deletions WHERE passage_id IN ({_marks(part)})", part)

    def index_nothing(self) -> None:
        """The index is empty: everything must be put into it again."""
        self.connection.execute("UPDATE passages SET indexed = 0 WHERE indexed = 1")
        self.connection.execute("DELETE FROM index_deletions")

    # -- counts

    def is_empty(self) -> bool:
        """Whether there is no source."""
        return self.connection.execute("SELECT 1 FROM sources LIMIT 1").fetchone() is None

    def count(self, what: str) -> int:
        """Number of `sources`, `passages`, `indexed` passages or `origins`."""
        statement = {
            "sources": "SELECT count(*) FROM sources",
            "passages": "SELECT count(*) FROM passages",
            "indexed": "SELECT count(*) FROM passages WHERE indexed = 1",
            "origins": "SELECT count(DISTINCT origin) FROM sources",
        }[what]
        return int(self.connection.execute(statement).fetchone()[0])

    def tally(self, column: str) -> dict[str, int]:
        """How many sources have each value of a column, the most frequent first."""
        if column not in {"publisher", "publisher_type", "language", "country"}:
            raise ValueError(column)
        rows = self.connection.execute(f"SELECT {column}, count(*) FROM sources GROUP BY 1 ORDER BY 2 DESC, 1")
        return {str(value): int(count) for value, count in rows}


def chunks(items: Sequence[Any]) -> Iterator[list[Any]]:
    """Parts of a list that are short enough for one SQL statement."""
    for first in range(0, len(items), _CHUNK):
        yield list(items[first : first + _CHUNK])


def _marks(items: Sequence[Any]) -> str:
    return ",".join("?" * len(items))


def _where(filters: Filters) -> tuple[str, list[str]]:
    clauses: list[str] = ["1"]
    values: list[str] = []
    for column, wanted in (
        ("publisher COLLATE NOCASE", filters.publishers),
        ("publisher_type", filters.publisher_types),
        ("language", filters.languages),
        ("country", filters.countries),
        ("id", filters.ids),
    ):
        if wanted:
            clauses.append(f"{column} IN ({_marks(wanted)})")
            values.extend(wanted)
    if filters.since:
        clauses.append("latest >= ?")
        values.append(filters.since)
    if filters.until:
        clauses.append("earliest <= ?")
        values.append(filters.until)
    return " AND ".join(clauses), values


def _source(row: Sequence[Any]) -> Source:
    extra: Mapping[str, Any] = MappingProxyType(json.loads(row[12]))
    return Source(
        *(row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8]),
        via=tuple(json.loads(row[9])),
        content_hash=row[10],
        text=row[11],
        extra=extra,
    )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
