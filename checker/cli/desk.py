"""What the commands of the queue share: the database, who acts, and how items are shown on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from checker.review.accounts import Accounts
    from checker.review.records import Actor, Item
    from checker.review.service import ReviewService
    from checker.settings import Settings

Database = Annotated[
    str | None,
    typer.Option("--database", metavar="URL", help="The queue: a file, or postgresql://…. Default: yours."),
]
As = Annotated[
    str | None,
    typer.Option("--as", metavar="NAME", help="Who acts. Default: SARING_USER, else the only user there is."),
]
Format = Annotated[str, typer.Option("--format", "-f", metavar="FORMAT", help="text or json.")]


@dataclass(frozen=True, slots=True)
class Desk:
    """An open queue."""

    settings: Settings
    service: ReviewService
    accounts: Accounts

    def actor(self, name: str | None) -> Actor:
        """Who acts: whoever can reach the database may act for anybody in it, so a name is enough here.

        Raises:
            Incomplete: Nobody is named, and there is not just one; or there is nobody of that name.
        """
        from checker.errors import Incomplete
        from checker.review.records import Actor

        users = {user.name: user for user in self.accounts.users() if user.active}
        wanted = name or self.settings.user
        if not users:
            raise Incomplete("nobody is set up yet; add somebody with: saring queue users add NAME --role editor")
        if not wanted and len(users) > 1:
            raise Incomplete(f"say who you are: --as {'|'.join(sorted(users)[:6])}")
        user = users.get(wanted) if wanted else next(iter(users.values()))
        if user is None:
            raise Incomplete(f"there is no active user {wanted[:60]!r}; see: saring queue users list")
        return Actor(user.id, user.name, user.role)

    def user_id(self, name: str) -> str:
        """Id of a user by name.

        Raises:
            NotFound: There is none.
        """
        from checker.errors import NotFound

        found = next((user.id for user in self.accounts.users() if user.name == name), None)
        if found is None:
            raise NotFound(f"there is no user {name[:60]!r}; see: saring queue users list")
        return found


@contextmanager
def opened(database: str | None) -> Iterator[Desk]:
    """The queue, made where there is none.

    Raises:
        DatabaseUnavailable: It cannot be opened.
    """
    must_be_installed()
    from checker.review.accounts import Accounts
    from checker.review.database import Database as Opened
    from checker.review.service import ReviewService
    from checker.settings import load_settings

    settings = load_settings(database_url=database)
    connection = Opened.open(settings.database_url)
    try:
        yield Desk(settings, ReviewService(connection), Accounts(connection))
    finally:
        connection.close()


def must_be_installed() -> None:
    """Say how to get what the queue needs, where it is missing.

    Raises:
        MissingExtra: It is.
    """
    from retrieval.errors import MissingExtra

    if any(find_spec(name) is None for name in ("sqlalchemy", "alembic", "argon2")):
        raise MissingExtra("the review queue", "web")


def check_format(name: str) -> None:
    """Refuse a format there is not.

    Raises:
        UnknownName: There is none of that name.
    """
    from checker.errors import UnknownName

    if name not in ("text", "json"):
        raise UnknownName("format", name, ("text", "json"))


def plain(record: Any) -> Any:
    """A record as JSON values."""
    if isinstance(record, datetime):
        return record.isoformat()
    if isinstance(record, dict):
        return {name: plain(value) for name, value in record.items()}
    if isinstance(record, list | tuple):
        return [plain(value) for value in record]
    return plain(asdict(record)) if hasattr(record, "__dataclass_fields__") else record


def write_json(value: Any) -> None:
    """Write JSON values to stdout."""
    import json

    from checker.cli.common import write_out

    write_out(json.dumps(plain(value), ensure_ascii=False, indent=2) + "\n")


def say(text: str, *, stderr: bool = False, indent: int = 0) -> None:
    """Print a line; what came from outside in it cannot steer the terminal."""
    from checker.cli.common import console
    from checker.render.base import clean_line

    console(stderr=stderr).print(" " * indent + clean_line(text), soft_wrap=True)


def show_items(items: Sequence[Item], total: int) -> None:
    """Print items, two lines each, in the order given."""
    for item in items:
        held = f", held by {item.holder_name}" if item.holder_name else ""
        urgent = "" if (marks := flags(item)) == "-" else f", {marks}"
        say(f"{item.id} {item.state}, machine: {item.machine_label}{urgent}{held}")
        say(item.text, indent=2)
    say(f"{len(items)} of {total}", stderr=True)


def flags(item: Item) -> str:
    """What makes an item urgent, in a word each."""
    known = (("disputed", item.disputed), ("recheck", item.recheck), ("deadline", item.deadline is not None))
    return " ".join(name for name, holds in known if holds) or "-"
