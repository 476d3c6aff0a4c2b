"""PostgreSQL databases for tests: one made for whoever asks, dropped afterwards."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

POSTGRES = os.environ.get("SARING_TEST_POSTGRES", "")
NO_POSTGRES = (
    "no PostgreSQL to test on: apt-get install postgresql, start it, and set SARING_TEST_POSTGRES to the URL of a "
    "database its user may create databases from"
)


@contextmanager
def fresh_postgres(template: str = "") -> Iterator[str]:
    """The URL of a database of its own, a copy of `template` where one is named.

    Without a server the test skips, and fails where CI is set.
    """
    if not POSTGRES:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(NO_POSTGRES)
    name = f"saring_test_{secrets.token_hex(6)}"
    admin = sa.create_engine(POSTGRES, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}"' if template else "")))
    try:
        yield sa.make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(sa.text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        admin.dispose()
