"""Putting the queue's background parts together as the settings say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from checker.review.claimreview import Publisher
from checker.review.database import Database, normalise
from checker.review.jobs import Jobs
from checker.review.service import ReviewService
from checker.review.webhooks import Webhooks
from checker.review.worker import Worker
from checker.settings import Settings
from retrieval.connectors.run import make_fetcher
from retrieval.fetch import Fetcher, FetchSettings
from retrieval.guard import AddressPolicy

if TYPE_CHECKING:
    from checker.pipeline import Checker


def open_jobs(service: ReviewService) -> Jobs:
    """The background checks of a queue."""
    return Jobs(service.database, service.clock)


def open_webhooks(service: ReviewService, settings: Settings) -> Webhooks:
    """The receivers of a queue, with the private ones that the settings allow.

    Raises:
        InputError: An entry of `webhook_allow` is not a host.
    """
    return Webhooks(service.database, service.clock, AddressPolicy.from_hosts(_hosts(settings.webhook_allow)))


def open_worker(service: ReviewService, settings: Settings, checker: Callable[[], Checker]) -> Worker:
    """A worker, not yet started, for everything that waits in a queue.

    Raises:
        InputError: An allow-list of the settings names something that is not a host.
    """

    def pages() -> Fetcher:
        return make_fetcher(settings.fetch_contact, settings.fetch_allow)

    def receivers() -> Fetcher:
        hosts = _hosts(settings.webhook_allow)
        return Fetcher(FetchSettings(contact=settings.fetch_contact, hosts=hosts, respect_robots=False, max_wait=5.0))

    webhooks = open_webhooks(service, settings)
    return Worker(
        service, open_jobs(service), checker=checker, fetcher=pages, webhooks=webhooks, hook_fetcher=receivers
    )


def publisher(settings: Settings) -> Publisher:
    """Who publishes: the newsroom, and the site its reviews have their addresses on."""
    site = settings.publisher_url or settings.public_url or f"http://{settings.host}:{settings.port}"
    return Publisher(settings.publisher_name or "Saring", site.rstrip("/"))


def open_if_there(settings: Settings) -> Database | None:
    """The queue's database, where there is one: a command that only tells it something makes none.

    Raises:
        DatabaseUnavailable: It is there and cannot be opened.
    """
    url = sa.make_url(normalise(settings.database_url))
    if url.get_backend_name() == "sqlite" and not (url.database and Path(url.database).is_file()):
        return None
    return Database.open(settings.database_url)


def _hosts(given: str) -> tuple[str, ...]:
    return tuple(host.strip() for host in given.split(",") if host.strip())
