from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from checker.errors import Incomplete, LoginFailed, NotAllowed, NotFound
from checker.review import tables as t
from checker.review.accounts import IDLE_LIMIT, SESSION_LENGTH, TRIES, Accounts
from checker.review.database import Database
from checker.review.transitions import Role

PASSWORD = "empat kata yang mudah"


@pytest.fixture
def accounts(database: Database, clock) -> Accounts:  # type: ignore[no-untyped-def]
    made = Accounts(database, clock)
    made.__dict__["_hasher"] = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # quick, for tests
    return made


def test_sign_in_and_out(accounts: Accounts) -> None:
    user = accounts.create("ani", PASSWORD, Role.EDITOR, "Ani S.")
    session = accounts.sign_in("ani", PASSWORD)
    found = accounts.session(session.token)
    assert found is not None
    assert (found.actor.user_id, found.actor.role, found.csrf) == (user.id, Role.EDITOR, session.csrf)
    accounts.sign_out(session.token)
    assert accounts.session(session.token) is None


def test_every_sign_in_has_a_token_of_its_own(accounts: Accounts) -> None:
    accounts.create("ani", PASSWORD, Role.EDITOR)
    first, second = accounts.sign_in("ani", PASSWORD), accounts.sign_in("ani", PASSWORD)
    assert first.token != second.token
    assert first.csrf != second.csrf


def test_secrets_are_not_in_the_database(accounts: Accounts, database: Database) -> None:
    user = accounts.create("ani", PASSWORD, Role.EDITOR)
    session = accounts.sign_in("ani", PASSWORD)
    _, secret = accounts.create_token(user.id, "desk")
    with database.read() as connection:
        stored = [str(row) for table in (t.users, t.sessions, t.tokens) for row in connection.execute(sa.select(table))]
    for hidden in (PASSWORD, session.token, secret):
        assert not any(hidden in row for row in stored)


@pytest.mark.parametrize(
    ("name", "password"), [("ani", "wrong password here"), ("nobody", PASSWORD), ("", ""), ("ani\x00", "\x00")]
)
def test_wrong_is_wrong_whatever_is_wrong(accounts: Accounts, name: str, password: str) -> None:
    accounts.create("ani", PASSWORD, Role.EDITOR)
    with pytest.raises(LoginFailed, match=r"^wrong name or password$"):
        accounts.sign_in(name.replace("\x00", ""), password)


def test_too_many_tries_wait(accounts: Accounts, clock) -> None:  # type: ignore[no-untyped-def]
    accounts.create("ani", PASSWORD, Role.EDITOR)
    for _ in range(TRIES):
        with pytest.raises(LoginFailed):
            accounts.sign_in("ani", "wrong password here", "10.0.0.1")
    with pytest.raises(LoginFailed, match="too many"):
        accounts.sign_in("ani", PASSWORD, "10.0.0.2")
    clock.forward(minutes=16)
    accounts.sign_in("ani", PASSWORD, "10.0.0.1")


def test_tries_from_one_address_wait_too(accounts: Accounts) -> None:
    accounts.create("ani", PASSWORD, Role.EDITOR)
    for number in range(TRIES * 4):
        with pytest.raises(LoginFailed):
            accounts.sign_in(f"guess{number}", "wrong password here", "10.0.0.1")
    with pytest.raises(LoginFailed, match="too many"):
        accounts.sign_in("ani", PASSWORD, "10.0.0.1")


def test_sessions_end(accounts: Accounts, clock) -> None:  # type: ignore[no-untyped-def]
    accounts.create("ani", PASSWORD, Role.EDITOR)
    session = accounts.sign_in("ani", PASSWORD)
    clock.now += IDLE_LIMIT + timedelta(seconds=1)
    assert accounts.session(session.token) is None
    session = accounts.sign_in("ani", PASSWORD)
    ends = clock.now + SESSION_LENGTH
    while clock.now < ends - timedelta(hours=1):
        clock.forward(hours=1)
        assert accounts.session(session.token) is not None
    clock.now = ends
    assert accounts.session(session.token) is None


def test_switched_off_is_off_at_once(accounts: Accounts) -> None:
    accounts.create("eko", PASSWORD, Role.ADMIN)
    user = accounts.create("ani", PASSWORD, Role.EDITOR)
    session = accounts.sign_in("ani", PASSWORD)
    _, secret = accounts.create_token(user.id, "desk")
    accounts.change(user.id, active=False)
    assert accounts.session(session.token) is None
    assert accounts.bearer(secret) is None
    with pytest.raises(LoginFailed):
        accounts.sign_in("ani", PASSWORD)


def test_last_administrator_stays(accounts: Accounts) -> None:
    user = accounts.create("eko", PASSWORD, Role.ADMIN)
    for change in ({"active": False}, {"role": Role.EDITOR}):
        with pytest.raises(NotAllowed):
            accounts.change(user.id, **change)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["", "a", "Ani", "ani budi", "../x", "ani\n", "x" * 64])
def test_names_that_cannot_be_used(accounts: Accounts, name: str) -> None:
    with pytest.raises(Incomplete):
        accounts.create(name, PASSWORD, Role.EDITOR)


@pytest.mark.parametrize("password", ["", "short", "aaaaaaaaaaaaaaaa", "ani-dan-budi-ani", "x1y2" * 400])
def test_passwords_that_cannot_be_used(accounts: Accounts, password: str) -> None:
    with pytest.raises(Incomplete):
        accounts.create("ani", password, Role.EDITOR)


def test_a_name_is_taken_once(accounts: Accounts) -> None:
    accounts.create("ani", PASSWORD, Role.EDITOR)
    with pytest.raises(Incomplete, match="taken"):
        accounts.create("ani", PASSWORD, Role.EDITOR)


def test_tokens_are_scoped_revocable_and_ones_own(accounts: Accounts, clock) -> None:  # type: ignore[no-untyped-def]
    ani = accounts.create("ani", PASSWORD, Role.EDITOR)
    budi = accounts.create("budi", PASSWORD, Role.CHECKER)
    token, secret = accounts.create_token(ani.id, "desk", ["read"])
    actor = accounts.bearer(secret)
    assert actor is not None
    assert actor.scopes == {"read"}
    with pytest.raises(NotFound):
        accounts.revoke_token(budi.id, token.id)
    accounts.revoke_token(ani.id, token.id)
    assert accounts.bearer(secret) is None
    assert accounts.tokens(ani.id) == ()
    _, brief = accounts.create_token(ani.id, "brief", ["read"], clock() + timedelta(hours=1))
    clock.forward(hours=2)
    assert accounts.bearer(brief) is None
    for scopes in ([], ["everything"]):
        with pytest.raises(Incomplete):
            accounts.create_token(ani.id, "desk", scopes)


def test_set_up_link_works_once(accounts: Accounts, clock) -> None:  # type: ignore[no-untyped-def]
    stale = accounts.setup_link()
    secret = accounts.setup_link()
    assert not accounts.valid_setup(stale)
    with pytest.raises(Incomplete):
        accounts.set_up(secret, "eko", "short")
    assert accounts.set_up(secret, "eko", PASSWORD).role is Role.ADMIN
    with pytest.raises(NotAllowed):
        accounts.set_up(secret, "mallory", PASSWORD)
    with pytest.raises(NotAllowed):
        accounts.setup_link()


def test_set_up_link_runs_out(accounts: Accounts, clock) -> None:  # type: ignore[no-untyped-def]
    secret = accounts.setup_link()
    clock.forward(hours=2)
    assert not accounts.valid_setup(secret)
    with pytest.raises(NotAllowed):
        accounts.set_up(secret, "eko", PASSWORD)
