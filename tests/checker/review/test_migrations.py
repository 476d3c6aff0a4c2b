from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from checker.review.database import Database
from checker.review.tables import metadata


def test_the_migrations_make_the_tables_that_the_code_reads(database: Database) -> None:
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
