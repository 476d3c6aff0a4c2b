"""Asks several connectors at once. One that is down is reported, and the others go on."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retrieval.connectors import load_connector
from retrieval.connectors.base import Rejected
from retrieval.errors import RetrievalError
from retrieval.fetch import Fetcher, FetchSettings
from retrieval.queries import SearchQuery
from retrieval.types import Source

DEADLINE = 120.0
"""Seconds after which connectors that have not finished are given up on."""

_ENVIRONMENT = (
    *("factcheck_key", "factcheck_url", "searxng_url", "brave_key", "brave_url", "tavily_key", "tavily_url"),
    *("wikipedia_url", "gdelt_url", "wayback_url", "archive_url"),
)

OnFound = Callable[[str, Source | Rejected], None]
"""Called with a connector's name and what it found, as it comes, from the calling thread."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One connector did not do what was asked.

    Attributes:
        error_type: Name of the error class; `DeadlineExceeded` for one that was given up on.
    """

    connector: str
    error_type: str
    message: str

    def __str__(self) -> str:
        return self.message if self.message.startswith(self.connector) else f"{self.connector}: {self.message}"


@dataclass(frozen=True, slots=True)
class CollectResult:
    """What several connectors found.

    Attributes:
        sources: Each document once, in the order they came.
        problems: Connectors that failed, wholly or for one of the queries.
        rejected: Documents that were found but cannot be used, by connector.
    """

    sources: tuple[Source, ...] = ()
    problems: tuple[Problem, ...] = ()
    rejected: tuple[tuple[str, Rejected], ...] = ()


def make_fetcher(contact: str = "", allow: str = "", cache_dir: Path | None = None) -> Fetcher:
    """Return a fetcher as the settings of Saring describe it.

    Args:
        contact: Setting `fetch_contact`.
        allow: Setting `fetch_allow`: private hosts, by comma.
        cache_dir: Folder for conditional requests; in the user's cache folder by default.

    Raises:
        InputError: An entry of `allow` is not a host.
    """
    if cache_dir is None:
        import platformdirs

        cache_dir = Path(platformdirs.user_cache_dir("saring")) / "http"
    hosts = tuple(host.strip() for host in allow.split(",") if host.strip())
    return Fetcher(FetchSettings(contact=contact, hosts=hosts, cache_dir=cache_dir))


def environment_names() -> tuple[str, ...]:
    """The variables that `options_from_environment` reads, as they are written in the environment."""
    return tuple(f"SARING_{name.upper()}" for name in _ENVIRONMENT)


def options_from_environment(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return what connectors are set up with (`SARING_FACTCHECK_KEY`, `SARING_SEARXNG_URL`, ...) for `load_connector`.

    Keys are read when they are needed and kept nowhere; they are in no message, log or report.
    """
    environ = os.environ if environ is None else environ
    named = {name: environ.get(f"SARING_{name.upper()}", "").strip() for name in _ENVIRONMENT}
    return {name: value for name, value in named.items() if value}


def collect(
    names: Sequence[str],
    queries: Sequence[SearchQuery | str],
    *,
    fetcher: Fetcher,
    options: Mapping[str, Any] | None = None,
    limit: int | None = None,
    deadline: float = DEADLINE,
    on_found: OnFound | None = None,
) -> CollectResult:
    """Ask every connector of `names` every query, connectors at the same time and the queries of one in turn.

    Args:
        names: Connectors, see `retrieval.connectors.connector_names`.
        queries: What is looked for; an address where a connector takes one (`url`, `feed`, `wayback`).
        fetcher: What fetches.
        options: Further arguments for the connectors' constructors; by default `options_from_environment()`.
        limit: Most documents per connector and query; None for each connector's own default.
        deadline: Seconds for everything.
        on_found: Told of each document as it comes.

    Returns:
        What was found, what could not be used, and which connectors failed and why. Nothing is raised for a connector
        that fails, also not for one that does not exist or is not set up.
    """
    settings = {**(options_from_environment() if options is None else options), "fetcher": fetcher}
    asked = [query if isinstance(query, SearchQuery) else SearchQuery(query, "") for query in queries]
    inbox: queue.Queue[tuple[str, Source | Rejected | Problem | None]] = queue.Queue()
    stop = threading.Event()
    running = set(dict.fromkeys(names))
    for name in dict.fromkeys(names):
        # Daemon threads: a connector that hangs is given up on, and must not keep the process from ending.
        work = (name, asked, settings, limit, inbox, stop)
        threading.Thread(target=_ask, args=work, name=f"saring-{name}", daemon=True).start()
    sources: dict[str, Source] = {}
    hashes: set[str] = set()
    problems: list[Problem] = []
    rejected: list[tuple[str, Rejected]] = []
    ends = time.monotonic() + deadline
    try:
        while running:
            try:
                name, found = inbox.get(timeout=max(0.0, ends - time.monotonic()))
            except queue.Empty:
                message = f"did not finish within {deadline:g} seconds"
                problems += [
                    Problem(name, "DeadlineExceeded", message) for name in dict.fromkeys(names) if name in running
                ]
                break
            if found is None:
                running.discard(name)
            elif isinstance(found, Problem):
                problems.append(found)
            elif isinstance(found, Rejected):
                rejected.append((name, found))
                if on_found is not None:
                    on_found(name, found)
            elif found.id not in sources and found.content_hash not in hashes:
                sources[found.id] = found
                hashes.add(found.content_hash)
                if on_found is not None:
                    on_found(name, found)
    finally:
        stop.set()
    return CollectResult(tuple(sources.values()), tuple(problems), tuple(rejected))


def _ask(
    name: str,
    queries: Sequence[SearchQuery],
    options: Mapping[str, Any],
    limit: int | None,
    inbox: queue.Queue[tuple[str, Source | Rejected | Problem | None]],
    stop: threading.Event,
) -> None:
    try:
        connector = load_connector(name, **options)
        for query in queries:
            if stop.is_set():
                return
            try:
                for found in connector.find(query.text, limit=limit, language=query.language):
                    inbox.put((name, found))
                    if stop.is_set():
                        return
            except RetrievalError as error:
                inbox.put((name, Problem(name, type(error).__name__, str(error))))
    except RetrievalError as error:
        inbox.put((name, Problem(name, type(error).__name__, str(error))))
    # A third party's connector may raise anything; it must not take the others with it, nor go unseen.
    except Exception as error:  # noqa: BLE001
        inbox.put((name, Problem(name, type(error).__name__, f"broke: {str(error)[:200] or type(error).__name__}")))
    finally:
        inbox.put((name, None))
