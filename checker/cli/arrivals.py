"""What new evidence means for the review queue: claims to look at again, and articles to check."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from checker.settings import Settings
    from retrieval.types import Source


MANY = 500
"""New sources from which on comparing each with the decided claims would take long: the person is told how to ask."""


def arrived(settings: Settings, sources: Sequence[Source], new: Sequence[str], *, check: bool = False) -> str:
    """Tell the queue of new evidence.

    Args:
        settings: All settings.
        sources: What came in.
        new: Ids of those that were not in the store, or have changed.
        check: Have the new ones checked as articles too; the queue is made where there is none.

    Returns:
        What was asked for, in words; empty where there is no queue or nothing to ask.

    Raises:
        DatabaseUnavailable: The queue cannot be opened.
    """
    if not new or not (check or "://" in settings.database_url or Path(settings.database_url).expanduser().is_file()):
        return ""
    from checker.review import rechecks
    from checker.review.database import Database
    from checker.review.opening import open_if_there, open_jobs
    from checker.review.service import ReviewService
    from retrieval.store import EvidenceStore

    database = Database.open(settings.database_url) if check else open_if_there(settings)
    if database is None:
        return ""
    try:
        service = ReviewService(database)
        jobs = open_jobs(service)
        again = 0
        if len(new) <= MANY:
            with EvidenceStore.open(settings.store, embedder=settings.embedder) as store:
                again = rechecks.ask(service, jobs, store, new)
        begun = sum(_submit(jobs, source) for source in sources if source.id in set(new)) if check else 0
    finally:
        database.close()
    said = [f"{again} decided claims to look at again"] if again else []
    said += [f"{begun} articles to check"] if begun else []
    if len(new) > MANY:
        said.append("to have decided claims looked at again, run: saring queue recheck --all")
    return ", ".join(said)


def _submit(jobs: object, source: Source) -> bool:
    """Ask for an article to be checked; whether it can be. What is too long or empty is evidence all the same."""
    from checker.article import LANGUAGES
    from checker.errors import Incomplete
    from checker.review.jobs import Jobs
    from checker.review.requests import Request

    assert isinstance(jobs, Jobs)
    request = Request(
        text=source.text,
        url=source.url,
        title=source.title[:500],
        publisher=source.publisher[:500],
        published_at=source.published_at or "",
        language=source.language if source.language in LANGUAGES else "",
    )
    try:
        jobs.submit(request, origin="feed")
    except Incomplete:
        return False
    return True
