"""What a background check is asked for with, and how it is shown: plain frozen records, never live rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import RowMapping

from checker.errors import Incomplete
from checker.review.records import aware

FINISHED = frozenset({"done", "failed"})


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be checked: a text, the page of an address, or an item again.

    Attributes:
        text: The article's text; empty where `url` is to be fetched.
        url: Where it was published; fetched where there is no text.
        title: Its headline, as the following are what is known about it.
        publisher: The outlet.
        published_at: ISO 8601, to any precision.
        language: `id` or `en`; found out where empty.
        as_of: Evidence published after it never counts; when the check runs where empty.
        deadline: When its claims must be decided, ISO 8601; empty for none.
        item_id: The item to look at again.
    """

    text: str = ""
    url: str = ""
    title: str = ""
    publisher: str = ""
    published_at: str = ""
    language: str = ""
    as_of: str = ""
    deadline: str = ""
    item_id: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """A background check as others see it."""

    id: str
    origin: str
    request: Request
    status: str
    stage: str
    done: int
    total: int
    error: str
    attempts: int
    article_id: str | None
    requested_by: str | None
    created_at: datetime
    finished_at: datetime | None

    @property
    def name(self) -> str:
        """What to call it: the headline, else the text's first line, else the address."""
        first = next((line.strip() for line in self.request.text.splitlines() if line.strip()), "")
        return self.request.title or first[:200] or self.request.url or self.id

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in FINISHED


@dataclass(frozen=True, slots=True)
class Lease:
    """A worker's hold on a job. The token is the fence: whoever takes the job over has another one."""

    job: Job
    token: str


@dataclass(frozen=True, slots=True)
class JobEvent:
    """Something that happened to a job. Ids grow, so that a reader can go on where it was."""

    id: int
    kind: str
    stage: str
    done: int
    total: int
    message: str
    at: datetime


def must_be_checkable(request: Request) -> None:
    """Refuse what no worker could check, before it is queued.

    Raises:
        Incomplete: There is nothing to check, too much, or something that cannot be read.
    """
    from checker.article import LANGUAGES, MAX_CHARACTERS
    from checker.asof import parse_as_of
    from checker.errors import CheckerError
    from retrieval.dates import bounds
    from retrieval.errors import BlockedAddress, BlockedPort, FetchError
    from retrieval.guard import AddressPolicy

    if not request.text.strip() and not request.url.strip():
        raise Incomplete("give the article's text, or its address")
    if len(request.text) > MAX_CHARACTERS:
        raise Incomplete(f"the article has more than {MAX_CHARACTERS:,} characters")
    for name in ("title", "publisher", "published_at", "as_of", "deadline"):
        if len(getattr(request, name)) > 500:
            raise Incomplete(f"the {name} is longer than 500 characters")
    if request.language and request.language not in LANGUAGES:
        raise Incomplete(f"the language must be one of {', '.join(LANGUAGES)}, or left out")
    if request.url:
        try:
            AddressPolicy().target(request.url)
        except (BlockedAddress, BlockedPort):
            pass  # the worker knows which private hosts are allowed, and refuses the others
        except FetchError as error:
            raise Incomplete(f"this address cannot be used: {error}") from error
    for name, read in (("published_at", bounds), ("as_of", parse_as_of)):
        if value := getattr(request, name):
            try:
                read(value)
            except (CheckerError, ValueError) as error:
                raise Incomplete(f"{name}: {error}") from error
    if request.deadline:
        try:
            moment = datetime.fromisoformat(request.deadline)
        except ValueError as error:
            raise Incomplete("the deadline must be a date and time, e.g. 2026-11-24T17:00:00+07:00") from error
        if moment.tzinfo is None:
            raise Incomplete("the deadline needs a time zone, e.g. 2026-11-24T17:00:00+07:00")


def job_from(row: RowMapping) -> Job:
    """A row as a job; what a newer version asked for besides is left out."""
    times = {"created_at": aware(row["created_at"]), "finished_at": aware(row["finished_at"])}
    known = {name: value for name, value in row["request"].items() if name in Request.__dataclass_fields__}
    values = {name: row[name] for name in Job.__dataclass_fields__}
    return Job(**{**values, **times, "request": Request(**known), "error": row["error"] or ""})


def event_from(row: RowMapping) -> JobEvent:
    """A row as an event."""
    values = {name: row[name] for name in JobEvent.__dataclass_fields__}
    return JobEvent(**{**values, "at": aware(row["at"])})
