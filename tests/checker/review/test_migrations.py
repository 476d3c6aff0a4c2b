from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from checker.errors import DatabaseUnavailable
from checker.review.database import MIGRATIONS, Database
from checker.review.tables import metadata

FIRST_ROWS = (
    "INSERT INTO users (id, name, display_name, role, active, created_at) "
    "VALUES ('u', 'ani', 'Ani', 'checker', true, :at)",
    'INSERT INTO items (id, claim_id, text, quote, start, "end", claim, language, text_hash, state, version, '
    "published_before, disputed, recheck, checkworthiness, uncertainty, need, machine_label, created_at, updated_at) "
    "VALUES ('i', 'c', 'Teks.', 'Teks.', 0, 5, '{}', 'id', 'h', 'decided', 3, false, false, false, 0, 0, 0, "
    "'supported', :at, :at)",
    "INSERT INTO decisions (id, item_id, user_id, kind, label, reason, blind, created_at) "
    "VALUES ('d', 'i', 'u', 'first', 'supported', 'Ya.', false, :at)",
    "INSERT INTO webhooks (id, url, secret, events, active, created_at) "
    "VALUES ('w', 'https://x', 's', '[]', true, :at)",
    "INSERT INTO events (id, action, detail, at) VALUES (1, 'decide', '{}', :at)",
    "INSERT INTO deliveries (id, webhook_id, event_id, body, status, attempts, next_at, created_at) "
    "VALUES ('v', 'w', 1, '{}', 'pending', 0, :at, :at)",
)


def script() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def test_the_migrations_make_the_tables_that_the_code_reads(database: Database) -> None:
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_they_are_one_chain() -> None:
    assert len(ScriptDirectory.from_config(script()).get_heads()) == 1


def test_a_queue_of_the_first_version_keeps_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite3"
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config = script()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001_queue")
        for row in FIRST_ROWS:
            connection.execute(sa.text(row), {"at": "2026-11-24 08:00:00.000000"})
    engine.dispose()
    database = Database.open(str(path))
    with database.read() as connection:
        assert connection.execute(sa.text("SELECT reason, evidence FROM decisions")).all() == [("Ya.", None)]
        assert connection.execute(sa.text("SELECT status, event FROM deliveries")).all() == [("pending", "")]
    for table in ("decisions", "events"):
        with pytest.raises(sa.exc.IntegrityError, match="written once"), database.write() as connection:
            connection.execute(sa.text(f"DELETE FROM {table}"))
    database.close()


def test_a_newer_queue_is_refused(tmp_path: Path) -> None:
    path = str(tmp_path / "new.sqlite3")
    database = Database.open(path)
    with database.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999_future'"))
    database.close()
    with pytest.raises(DatabaseUnavailable, match="newer version"):
        Database.open(path)
