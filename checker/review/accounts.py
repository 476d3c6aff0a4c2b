"""Who may use the queue: users, sign-in sessions, API tokens, the one-time set-up link.

Secrets are kept as hashes only: passwords by argon2, everything random by SHA-256 (it has 256 bits of its own, so that
a slow hash would protect nothing more).
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import IntegrityError

from checker.errors import Incomplete, LoginFailed, NotAllowed, NotFound
from checker.review import tables as t
from checker.review.database import Database
from checker.review.records import Actor, aware, new_id
from checker.review.transitions import Role

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SESSION_LENGTH = timedelta(hours=12)
IDLE_LIMIT = timedelta(hours=2)
SETUP_LENGTH = timedelta(hours=1)

MIN_PASSWORD = 12
"""NIST SP 800-63B-4: length is what counts; 15 for a password alone, at least 8 beside a rate limit. We ask for 12."""

MAX_PASSWORD = 1024

TRIES = 5
TRY_WINDOW = timedelta(minutes=15)
"""Failed sign-ins by one name, and four times as many from one address, before the next has to wait."""

SCOPES = ("read", "check", "review", "publish")
"""What a token may be limited to: reading, starting checks, deciding and approving, publishing."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,62}")


@dataclass(frozen=True, slots=True)
class User:
    """A user as shown to others; holds no secret."""

    id: str
    name: str
    display_name: str
    role: Role
    active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """A sign-in. `csrf` goes into every form; `token` is known to the browser alone."""

    actor: Actor
    csrf: str
    token: str = ""


@dataclass(frozen=True, slots=True)
class Token:
    """An API token as listed; the token itself is shown once, when it is made."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


class Accounts:
    """Users and what they sign in with. Safe to share between threads."""

    def __init__(self, database: Database, clock: Callable[[], datetime] | None = None) -> None:
        self.database = database
        self.clock = clock or (lambda: datetime.now(UTC))

    @cached_property
    def _hasher(self) -> PasswordHasher:
        from argon2 import PasswordHasher

        return PasswordHasher()  # RFC 9106's second recommended setting, as argon2-cffi keeps it up to date

    @cached_property
    def _decoy(self) -> str:
        """Hash of a password nobody has: an unknown name takes as long to refuse as a wrong password."""
        return self._hasher.hash(secrets.token_hex(16))

    # -- users

    def any_user(self) -> bool:
        """Whether anybody is set up at all."""
        with self.database.read() as connection:
            return connection.execute(sa.select(t.users.c.id).limit(1)).first() is not None

    def create(self, name: str, password: str | None, role: Role, display_name: str = "", subject: str = "") -> User:
        """Add a user.

        Args:
            name: What they sign in with: lower-case letters, digits, dot, dash, underscore.
            password: None for a user who signs in elsewhere (OpenID Connect).
            role: What they may do.
            display_name: What others see; the name where empty.
            subject: Issuer and subject of an OpenID Connect account.

        Raises:
            Incomplete: The name or password cannot be used, or the name is taken.
        """
        if not _NAME.fullmatch(name):
            raise Incomplete(
                "a user name is 2 to 63 of a-z, 0-9, dot, dash and underscore, and begins with a letter or digit"
            )
        hashed = None if password is None else self._hasher.hash(_checked(password, name))
        user_id = new_id("usr")
        try:
            with self.database.write() as connection:
                connection.execute(
                    t.users.insert().values(
                        id=user_id,
                        name=name,
                        display_name=(display_name or name).replace("\x00", "")[:120],
                        password_hash=hashed,
                        role=role,
                        active=True,
                        subject=subject or None,
                        created_at=self.clock(),
                    )
                )
        except IntegrityError as error:
            raise Incomplete(f"the name {name} is taken") from error
        return self.user(user_id)

    def user(self, user_id: str) -> User:
        """One user.

        Raises:
            NotFound: There is none of that id.
        """
        with self.database.read() as connection:
            row = connection.execute(sa.select(t.users).where(t.users.c.id == user_id)).mappings().first()
        if row is None:
            raise NotFound(f"no user {user_id[:60]}")
        return _user(row)

    def users(self) -> tuple[User, ...]:
        """All users by name."""
        with self.database.read() as connection:
            return tuple(
                _user(row) for row in connection.execute(sa.select(t.users).order_by(t.users.c.name)).mappings()
            )

    def change(self, user_id: str, *, role: Role | None = None, active: bool | None = None) -> User:
        """Change a user's role, or switch them off: their sessions and tokens end at once.

        Raises:
            NotFound: There is none of that id.
            NotAllowed: It would leave no active administrator.
        """
        with self.database.write() as connection:
            row = connection.execute(sa.select(t.users).where(t.users.c.id == user_id)).mappings().first()
            if row is None:
                raise NotFound(f"no user {user_id[:60]}")
            loses = row["role"] == Role.ADMIN and row["active"] and (active is False or role not in (None, Role.ADMIN))
            if loses:
                others = sa.select(t.users.c.id).where(
                    t.users.c.role == Role.ADMIN, t.users.c.active, t.users.c.id != user_id
                )
                if connection.execute(others).first() is None:
                    raise NotAllowed("this is the last active administrator; make somebody else one first")
            values = {"role": role, "active": active}
            given = {name: value for name, value in values.items() if value is not None}
            if given:
                connection.execute(t.users.update().where(t.users.c.id == user_id).values(given))
                connection.execute(t.sessions.delete().where(t.sessions.c.user_id == user_id))
        return self.user(user_id)

    def set_password(self, user_id: str, password: str) -> None:
        """Give a user another password; every session of theirs ends.

        Raises:
            Incomplete: It cannot be used.
        """
        user = self.user(user_id)
        hashed = self._hasher.hash(_checked(password, user.name))
        with self.database.write() as connection:
            connection.execute(t.users.update().where(t.users.c.id == user_id).values(password_hash=hashed))
            connection.execute(t.sessions.delete().where(t.sessions.c.user_id == user_id))

    def knows_password(self, user_id: str, password: str, address: str = "") -> bool:
        """Whether a user knows their own password; wrong ones count as failed sign-ins.

        Raises:
            LoginFailed: Too many tries.
        """
        now = self.clock()
        with self.database.read() as connection:
            row = connection.execute(sa.select(t.users).where(t.users.c.id == user_id)).mappings().one()
            self._refuse_flood(connection, row["name"], address, now)
        if row["password_hash"] is not None and self._verify(row["password_hash"], password):
            return True
        with self.database.write() as connection:
            connection.execute(t.login_tries.insert().values(name=row["name"], address=address[:64], at=now))
        return False

    def by_subject(self, subject: str) -> User | None:
        """The user behind an OpenID Connect account (issuer and subject); None where there is none."""
        with self.database.read() as connection:
            row = connection.execute(sa.select(t.users).where(t.users.c.subject == subject)).mappings().first()
        return _user(row) if row is not None else None

    # -- signing in

    def sign_in(self, name: str, password: str, address: str = "") -> Session:
        """Sign in with name and password.

        Raises:
            LoginFailed: Wrong, or too many tries; does not say whether the name exists.
        """
        now = self.clock()
        with self.database.read() as connection:
            self._refuse_flood(connection, name, address, now)
            row = connection.execute(sa.select(t.users).where(t.users.c.name == name)).mappings().first()
        hashed = (row["password_hash"] if row and row["active"] else None) or self._decoy
        right = self._verify(hashed, password) and hashed is not self._decoy
        if not right or row is None:
            with self.database.write() as connection:
                connection.execute(t.login_tries.insert().values(name=name[:80], address=address[:64], at=now))
            raise LoginFailed("wrong name or password")
        return self.start_session(row["id"])

    def start_session(self, user_id: str) -> Session:
        """Begin a session for a user who has proven who they are."""
        now = self.clock()
        token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        with self.database.write() as connection:
            row = connection.execute(sa.select(t.users).where(t.users.c.id == user_id)).mappings().one()
            connection.execute(t.sessions.delete().where(t.sessions.c.expires_at < now))
            connection.execute(
                t.sessions.insert().values(
                    token_hash=_hash(token),
                    user_id=user_id,
                    csrf=csrf,
                    created_at=now,
                    expires_at=now + SESSION_LENGTH,
                    seen_at=now,
                )
            )
        return Session(_actor(row), csrf, token)

    def session(self, token: str) -> Session | None:
        """The session of a browser's token; None where it has ended, idled too long, or its user is switched off."""
        now = self.clock()
        query = (
            sa.select(t.sessions.c.csrf, t.sessions.c.expires_at, t.sessions.c.seen_at, t.users)
            .join(t.users, t.users.c.id == t.sessions.c.user_id)
            .where(t.sessions.c.token_hash == _hash(token))
        )
        with self.database.read() as connection:
            row = connection.execute(query).mappings().first()
        if row is None or not row["active"]:
            return None
        expires, seen = aware(row["expires_at"]), aware(row["seen_at"])
        assert expires is not None
        assert seen is not None
        if expires <= now or seen + IDLE_LIMIT <= now:
            return None
        if now - seen > timedelta(minutes=5):  # not a write per page
            with self.database.write() as connection:
                mine = t.sessions.c.token_hash == _hash(token)
                connection.execute(t.sessions.update().where(mine).values(seen_at=now))
        return Session(_actor(row), row["csrf"], token)

    def sign_out(self, token: str) -> None:
        """End a session on the server."""
        with self.database.write() as connection:
            connection.execute(t.sessions.delete().where(t.sessions.c.token_hash == _hash(token)))

    def _refuse_flood(self, connection: sa.Connection, name: str, address: str, now: datetime) -> None:
        c = t.login_tries.c
        for column, value, limit in ((c.name, name[:80], TRIES), (c.address, address[:64], TRIES * 4)):
            recent = sa.select(sa.func.count()).where(column == value, c.at > now - TRY_WINDOW)
            if value and connection.execute(recent).scalar_one() >= limit:
                minutes = int(TRY_WINDOW.total_seconds() // 60)
                raise LoginFailed(f"too many tries; wait {minutes} minutes, or ask an administrator")

    def _verify(self, hashed: str, password: str) -> bool:
        from argon2.exceptions import InvalidHashError, VerificationError

        try:
            return self._hasher.verify(hashed, password[:MAX_PASSWORD])
        except (VerificationError, InvalidHashError):
            return False

    # -- API tokens

    def create_token(
        self, user_id: str, name: str, scopes: Sequence[str] = SCOPES, expires_at: datetime | None = None
    ) -> tuple[Token, str]:
        """Make an API token.

        Returns:
            The token as it is listed, and the token itself, which is not shown again.

        Raises:
            Incomplete: It has no name, or a scope there is not.
        """
        wrong = sorted(set(scopes) - set(SCOPES))
        if wrong or not scopes:
            raise Incomplete(f"scopes are some of {', '.join(SCOPES)}")
        if not name.strip():
            raise Incomplete("give the token a name, so that you know later what it is for")
        secret = f"saring_{secrets.token_urlsafe(32)}"
        token_id = new_id("tok")
        now = self.clock()
        with self.database.write() as connection:
            connection.execute(
                t.tokens.insert().values(
                    id=token_id,
                    user_id=user_id,
                    name=name.strip()[:80],
                    token_hash=_hash(secret),
                    scopes=sorted(set(scopes)),
                    created_at=now,
                    expires_at=expires_at,
                )
            )
        return Token(token_id, name.strip()[:80], tuple(sorted(set(scopes))), now, expires_at, None), secret

    def tokens(self, user_id: str) -> tuple[Token, ...]:
        """A user's tokens that are not revoked."""
        query = (
            sa.select(t.tokens)
            .where(t.tokens.c.user_id == user_id, t.tokens.c.revoked_at.is_(None))
            .order_by(t.tokens.c.created_at)
        )
        with self.database.read() as connection:
            return tuple(_token(row) for row in connection.execute(query).mappings())

    def revoke_token(self, user_id: str, token_id: str) -> None:
        """End a token.

        Raises:
            NotFound: The user has none of that id.
        """
        mine = (t.tokens.c.id == token_id) & (t.tokens.c.user_id == user_id) & t.tokens.c.revoked_at.is_(None)
        with self.database.write() as connection:
            if connection.execute(t.tokens.update().where(mine).values(revoked_at=self.clock())).rowcount == 0:
                raise NotFound(f"no token {token_id[:60]}")

    def bearer(self, secret: str) -> Actor | None:
        """Who a token stands for, with its scopes; None where it is unknown, revoked, expired, or its user is off."""
        now = self.clock()
        query = (
            sa.select(t.tokens, t.users.c.name.label("user_name"), t.users.c.role, t.users.c.active)
            .join(t.users, t.users.c.id == t.tokens.c.user_id)
            .where(t.tokens.c.token_hash == _hash(secret), t.tokens.c.revoked_at.is_(None))
        )
        with self.database.read() as connection:
            row = connection.execute(query).mappings().first()
        if row is None or not row["active"]:
            return None
        expires, used = aware(row["expires_at"]), aware(row["used_at"])
        if expires is not None and expires <= now:
            return None
        if used is None or now - used > timedelta(minutes=5):
            with self.database.write() as connection:
                connection.execute(t.tokens.update().where(t.tokens.c.id == row["id"]).values(used_at=now))
        return Actor(row["user_id"], row["user_name"], Role(row["role"]), frozenset(row["scopes"]))

    # -- the first administrator

    def setup_link(self) -> str:
        """A one-time token to set up the first administrator with; earlier ones end.

        Raises:
            NotAllowed: Somebody is set up already.
        """
        if self.any_user():
            raise NotAllowed("users are set up already; an administrator adds more")
        secret = secrets.token_urlsafe(32)
        now = self.clock()
        with self.database.write() as connection:
            connection.execute(t.setup_links.delete())
            connection.execute(
                t.setup_links.insert().values(token_hash=_hash(secret), created_at=now, expires_at=now + SETUP_LENGTH)
            )
        return secret

    def valid_setup(self, secret: str) -> bool:
        """Whether a set-up token may still be used."""
        c = t.setup_links.c
        query = sa.select(c.token_hash).where(
            c.token_hash == _hash(secret), c.used_at.is_(None), c.expires_at > self.clock()
        )
        with self.database.read() as connection:
            return connection.execute(query).first() is not None

    def set_up(self, secret: str, name: str, password: str, display_name: str = "") -> User:
        """Create the first administrator.

        Raises:
            NotAllowed: The link was used, has run out, or is none.
            Incomplete: The name or password cannot be used; the link can be used again.
        """
        if not _NAME.fullmatch(name):
            raise Incomplete(
                "a user name is 2 to 63 of a-z, 0-9, dot, dash and underscore, and begins with a letter or digit"
            )
        _checked(password, name)
        c = t.setup_links.c
        open_link = (c.token_hash == _hash(secret)) & c.used_at.is_(None) & (c.expires_at > self.clock())
        with self.database.write() as connection:
            used = connection.execute(t.setup_links.update().where(open_link).values(used_at=self.clock()))
            if used.rowcount != 1:
                raise NotAllowed("this set-up link was used or has run out; start saring serve again for a new one")
        return self.create(name, password, Role.ADMIN, display_name)


def _checked(password: str, name: str) -> str:
    if len(password) < MIN_PASSWORD:
        raise Incomplete(f"a password has at least {MIN_PASSWORD} characters; a few words make a good one")
    if len(password) > MAX_PASSWORD:
        raise Incomplete(f"a password has at most {MAX_PASSWORD} characters")
    if name in password.casefold() or len(set(password)) < 5:
        raise Incomplete(
            "this password is too easy to guess: it holds the user name, or hardly any different characters"
        )
    return password


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _actor(row: RowMapping) -> Actor:
    return Actor(row["id"], row["name"], Role(row["role"]))


def _user(row: RowMapping) -> User:
    created = aware(row["created_at"])
    assert created is not None
    return User(row["id"], row["name"], row["display_name"], Role(row["role"]), row["active"], created)


def _token(row: RowMapping) -> Token:
    created = aware(row["created_at"])
    assert created is not None
    return Token(row["id"], row["name"], tuple(row["scopes"]), created, aware(row["expires_at"]), aware(row["used_at"]))
