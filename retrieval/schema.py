"""The store's tables: how its SQLite file is opened, and the migrations that make and change it.

SQLite 3.40.1 can corrupt a database when two connections checkpoint its write-ahead log at the wrong moment (mended in
3.51.3). So the one writer, held by `retrieval.lock`, is the only connection that checkpoints; readers open the file
read-only with automatic checkpoints off.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from pathlib import Path

from retrieval.errors import StoreDamaged, StoreReadOnly, StoreTooNew

DATABASE_FILE = "store.sqlite3"
BUSY_MS = 10_000

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-sources-and-passages",
        """
        CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE sources (
            num INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            url TEXT NOT NULL, title TEXT NOT NULL, publisher TEXT NOT NULL, publisher_type TEXT NOT NULL,
            country TEXT NOT NULL, language TEXT NOT NULL, published_at TEXT,
            earliest TEXT, latest TEXT,
            fetched_at TEXT NOT NULL, via TEXT NOT NULL, content_hash TEXT NOT NULL, record_hash TEXT NOT NULL,
            text TEXT NOT NULL, extra TEXT NOT NULL, origin TEXT NOT NULL, added_at TEXT NOT NULL,
            written_in TEXT NOT NULL
        );
        CREATE INDEX sources_by_date ON sources (earliest);
        CREATE INDEX sources_by_content ON sources (content_hash);
        CREATE TABLE passages (
            num INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            source INTEGER NOT NULL REFERENCES sources (num) ON DELETE CASCADE,
            "start" INTEGER NOT NULL, "end" INTEGER NOT NULL,
            origin TEXT NOT NULL, terms TEXT NOT NULL,
            indexed INTEGER NOT NULL DEFAULT 0
        );
        CREATE INDEX passages_by_source ON passages (source);
        CREATE INDEX passages_to_index ON passages (num) WHERE indexed = 0;
        CREATE TABLE vectors (
            passage INTEGER PRIMARY KEY REFERENCES passages (num) ON DELETE CASCADE,
            vector BLOB NOT NULL
        );
        CREATE TABLE sketches (
            hash INTEGER NOT NULL,
            source INTEGER NOT NULL REFERENCES sources (num) ON DELETE CASCADE,
            PRIMARY KEY (hash, source)
        ) WITHOUT ROWID;
        CREATE INDEX sketches_by_source ON sketches (source);
        CREATE TABLE voices (
            outlet TEXT NOT NULL,
            source INTEGER NOT NULL REFERENCES sources (num) ON DELETE CASCADE,
            own INTEGER NOT NULL,
            PRIMARY KEY (outlet, own, source)
        ) WITHOUT ROWID;
        CREATE INDEX voices_by_source ON voices (source);
        CREATE TABLE credits (
            outlet TEXT NOT NULL,
            passage INTEGER NOT NULL REFERENCES passages (num) ON DELETE CASCADE,
            PRIMARY KEY (outlet, passage)
        ) WITHOUT ROWID;
        CREATE INDEX credits_by_passage ON credits (passage);
        CREATE TABLE relays (
            passage INTEGER PRIMARY KEY REFERENCES passages (num) ON DELETE CASCADE,
            source INTEGER NOT NULL REFERENCES sources (num) ON DELETE CASCADE
        );
        CREATE INDEX relays_by_source ON relays (source);
        CREATE TABLE origin_links (
            a INTEGER NOT NULL REFERENCES sources (num) ON DELETE CASCADE,
            b INTEGER NOT NULL REFERENCES sources (num) ON DELETE CASCADE,
            reason TEXT NOT NULL,
            PRIMARY KEY (a, b)
        ) WITHOUT ROWID;
        CREATE INDEX origin_links_back ON origin_links (b);
        CREATE TABLE index_deletions (passage_id TEXT PRIMARY KEY) WITHOUT ROWID;
        """,
    ),
)
"""Append only: a migration that was released is never changed, a new one is added under the next number."""


def connect_writer(folder: Path) -> sqlite3.Connection:
    """Open the database of `folder` for the one writer, making or migrating it; the lock must be held.

    Raises:
        StoreTooNew: A newer version wrote it.
        StoreDamaged: It is not a database that can be read.
        StoreReadOnly: It cannot be written to.
    """
    path = folder / DATABASE_FILE
    try:
        connection = sqlite3.connect(path, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        # Deleted text is overwritten: a takedown must not leave it in free pages.
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA mmap_size = 0")
        _migrate(connection, path)
    except sqlite3.OperationalError as error:
        if "readonly" in str(error) or "unable to open" in str(error):
            raise StoreReadOnly(
                f"store {folder} cannot be written to ({error}); make it writable or choose another with --store"
            ) from error
        raise StoreDamaged(_damaged(path, error)) from error
    except sqlite3.DatabaseError as error:
        raise StoreDamaged(_damaged(path, error)) from error
    return connection


def connect_reader(folder: Path) -> sqlite3.Connection:
    """Open the database of `folder` for reading; works beside a writer and in a folder that cannot be written to.

    Raises:
        StoreTooNew: A newer version wrote it.
        StoreDamaged: It is not a database that can be read.
    """
    path = folder / DATABASE_FILE
    try:
        connection = _open_read_only(path)
        known = {name for name, _ in MIGRATIONS}
        _refuse_newer(applied_migrations(connection) - known, path)
        connection.execute("SELECT count(*) FROM meta").fetchone()
    except sqlite3.DatabaseError as error:
        raise StoreDamaged(_damaged(path, error)) from error
    return connection


def connect_empty() -> sqlite3.Connection:
    """A database in memory that holds nothing: what is read where there is no store."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    _migrate(connection, Path(DATABASE_FILE))
    return connection


def missing_migrations(connection: sqlite3.Connection) -> list[str]:
    """Names of the migrations this version knows and the database has not had."""
    applied = applied_migrations(connection)
    return [name for name, _ in MIGRATIONS if name not in applied]


def _open_read_only(path: Path) -> sqlite3.Connection:
    wal = path.with_name(path.name + "-wal")
    if os.access(path.parent, os.W_OK):
        return _read_only(f"{path.absolute().as_uri()}?mode=ro")
    if wal.exists() and wal.stat().st_size:
        # A writer died here, and its log cannot be read in place without writing: read a copy.
        copy = Path(tempfile.mkdtemp(prefix="saring-"))
        try:
            shutil.copy(path, copy / path.name)
            shutil.copy(wal, copy / wal.name)
            source = sqlite3.connect(copy / path.name)
            memory = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
            source.backup(memory)
            source.close()
        finally:
            shutil.rmtree(copy, ignore_errors=True)
        return memory
    # Nothing can change a file in a folder that cannot be written to, and SQLite cannot make its shared memory there.
    return _read_only(f"{path.absolute().as_uri()}?mode=ro&immutable=1")


def _read_only(uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("PRAGMA query_only = ON")
    return connection


def applied_migrations(connection: sqlite3.Connection) -> set[str]:
    """Names of the migrations the database has had; empty for a new one."""
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migrations'").fetchone()
    if not found:
        return set()
    return {name for (name,) in connection.execute("SELECT name FROM migrations")}


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    known = {name for name, _ in MIGRATIONS}
    applied = applied_migrations(connection)
    _refuse_newer(applied - known, path)
    if not applied and connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise sqlite3.DatabaseError("it holds tables that are not Saring's")
    for name, script in MIGRATIONS:
        if name in applied:
            continue
        # One transaction per migration: a crash leaves it done or not begun.
        connection.executescript(  # names and scripts are the constants above
            "BEGIN IMMEDIATE;"  # noqa: S608
            "CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied_at TEXT NOT NULL) WITHOUT ROWID;"
            f"{script};"
            f"INSERT INTO migrations VALUES ('{name}', strftime('%Y-%m-%dT%H:%M:%SZ', 'now'));"
            "COMMIT;"
        )


def _refuse_newer(unknown: set[str], path: Path) -> None:
    if unknown:
        raise StoreTooNew(
            f"store {path.parent} was written by a newer version of Saring (it knows {', '.join(sorted(unknown))}); "
            "update Saring, or choose another store with --store"
        )


def _damaged(path: Path, error: Exception) -> str:
    return (
        f"the text database {path} cannot be read ({error}); restore it from a backup, or move the store's folder away "
        "and add the evidence again"
    )
