"""The queue's database: SQLite by default, PostgreSQL by URL; opened, migrated and kept safe here.

SQLite: WAL, full sync (a decision that was acknowledged survives a power cut), foreign keys, and one writing connection
per process that alone checkpoints. SQLite 3.40's WAL can be corrupted where several connections reset it at once: the
readers' automatic checkpoints are therefore off, and writers of several processes (the server, a command line beside
it) take turns by a lock file.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from checker.errors import DatabaseUnavailable

if TYPE_CHECKING:
    from filelock import FileLock

_BUSY_MS = 10_000
_WAIT_S = 60.0
MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """Connections to the queue's database. Safe to share between threads."""

    def __init__(self, url: str, reader: Engine, writer: Engine) -> None:
        self.url = url
        self._reader = reader
        self._writer = writer
        # SQLite has one writer anyway; waiting here is fair and cannot time out the way its busy handler can.
        self._turn = _Turn(reader.url.database) if reader.dialect.name == "sqlite" else contextlib.nullcontext()

    @classmethod
    def open(cls, url: str) -> Database:
        """Open a database and bring its tables up to date.

        Args:
            url: An SQLAlchemy URL (`sqlite:////path`, `postgresql+psycopg://…`), or the path of an SQLite file.

        Raises:
            DatabaseUnavailable: It cannot be opened, or was written by a newer version; says what to do.
        """
        full = normalise(url)
        try:
            parsed = sa.make_url(full)
            if parsed.get_backend_name() == "sqlite":
                reader, writer = _sqlite(full, parsed.database or "")
            else:
                reader = writer = sa.create_engine(full, pool_size=10, max_overflow=20, pool_pre_ping=True)
            database = cls(full, reader, writer)
            database.migrate()
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
            raise DatabaseUnavailable(
                f"SARING_DATABASE_URL is not a database URL Saring can open ({str(error)[:120]}); "
                "write it as sqlite:////path/to/file or postgresql+psycopg://user@host/name"
            ) from error
        except (SQLAlchemyError, OSError) as error:
            reason = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise DatabaseUnavailable(f"the queue's database cannot be opened: {reason}") from error
        return database

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._reader.dialect.name

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection to read from."""
        with self._reader.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction: committed at the end, rolled back on any exception."""
        with self._turn, self._writer.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self._reader.dispose()
        self._writer.dispose()

    def migrate(self) -> None:
        """Bring the tables up to date.

        Raises:
            DatabaseUnavailable: A newer version of Saring made them.
        """
        from alembic import command
        from alembic.config import Config
        from alembic.script import ScriptDirectory
        from alembic.util import CommandError

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        with self._turn, self._writer.connect() as connection:
            current = _revision(connection)
            if current is not None and current not in known:
                raise DatabaseUnavailable(
                    f"the queue's database was made by a newer version of Saring (migration {current}); update Saring"
                )
            # Two processes that start at once take turns; the second finds nothing left to do.
            if self.dialect == "postgresql":
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(7274911)"))
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            except CommandError as error:
                raise DatabaseUnavailable(f"the queue's database cannot be brought up to date: {error}") from error
            connection.commit()


class _Turn:
    """The turn to write an SQLite file: one thread of one process at a time."""

    def __init__(self, path: str | None) -> None:
        self._threads = threading.RLock()
        self._depth = 0
        self._processes: FileLock | None = None
        if path and path != ":memory:":
            from filelock import FileLock

            # The threads' lock is held around it, so that it is one lock for all of them.
            self._processes = FileLock(f"{path}.lock", timeout=_WAIT_S, poll_interval=0.005, thread_local=False)

    def __enter__(self) -> None:
        self._threads.acquire()
        try:
            if self._processes is not None and self._depth == 0:
                self._processes.acquire()
        except TimeoutError as error:
            self._threads.release()
            raise DatabaseUnavailable(
                f"another process has been writing to the queue's database for {_WAIT_S:g} seconds; try again later"
            ) from error
        except BaseException:
            self._threads.release()
            raise
        self._depth += 1

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if self._processes is not None and self._depth == 0:
            self._processes.release()
        self._threads.release()


def normalise(url: str) -> str:
    """A URL as SQLAlchemy takes it: paths become SQLite files, `postgres(ql)://` gets the driver Saring installs."""
    if "://" not in url:
        return f"sqlite:///{Path(url).expanduser().resolve()}"
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def _revision(connection: Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def _sqlite(url: str, path: str) -> tuple[Engine, Engine]:
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    options: dict[str, Any] = {"check_same_thread": False, "timeout": _BUSY_MS / 1000}
    if not path or path == ":memory:":
        # A database in memory exists once per connection; both roles share the one.
        engine = sa.create_engine(url, connect_args=options, poolclass=sa.pool.StaticPool)
        _prepare(engine, checkpoints=True)
        return engine, engine
    reader = sa.create_engine(url, connect_args=options, pool_size=8, max_overflow=24)
    writer = sa.create_engine(url, connect_args=options, pool_size=1, max_overflow=0, pool_timeout=60)
    _prepare(writer, checkpoints=True)
    _prepare(reader, checkpoints=False)
    return reader, writer


def _prepare(engine: Engine, *, checkpoints: bool) -> None:
    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy says when a transaction begins, not the driver
        for pragma in (
            f"busy_timeout={_BUSY_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "mmap_size=0",
            f"wal_autocheckpoint={1000 if checkpoints else 0}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A write that waits must wait before it reads, or it would act on what has changed meanwhile.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if checkpoints else "BEGIN")
