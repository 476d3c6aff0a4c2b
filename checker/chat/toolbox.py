"""What a machine may do with Saring: check, search, show a source, put a claim into the queue. Nothing approves.

One set of tools behind two doors: the agent of the chat, and the MCP server. What comes in is text and stays text.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from checker.chat.given import Context, Queued, QueuePage, checked_claims, context_of, queue_item
from checker.errors import ArticleEmpty, CheckerError, Incomplete
from checker.types import Report

if TYPE_CHECKING:
    from checker.pipeline import Checker, Progress
    from checker.review.records import Actor, Item
    from checker.review.service import ReviewService
    from checker.types import Article
    from retrieval.store import EvidenceStore
    from retrieval.types import Hit

MAX_CLAIM = 2_000
"""Characters of one claim. A longer text is an article."""

MAX_FOUND = 20
"""Most passages a search returns: what a reader, or a context window, takes in at once."""

_URL = re.compile(r"https?://\S+")


class Toolbox:
    """The tools over one checker and, where there is one, a queue. Safe to share between threads and loops."""

    def __init__(self, checker: Callable[[], Checker], review: ReviewService | None = None) -> None:
        """Put it together.

        Args:
            checker: Gives the shared checker; called when it is first needed, in a thread.
            review: The queue; tools that need it say so where None.
        """
        self._checker = checker
        self._review = review

    async def checker(self) -> Checker:
        """The checker, opened off the event loop."""
        return await asyncio.to_thread(self._checker)

    # -- checking

    async def check_claim(self, claim: str, as_of: str | None = None, progress: Progress | None = None) -> Report:
        """Check one claim.

        Raises:
            ArticleEmpty, Incomplete: There is no claim, or it is an article.
            CheckerError, RetrievalError: As `Checker.check_claim`.
        """
        text = claim.strip()
        if not text:
            raise ArticleEmpty("there is no claim to check; give it in one sentence")
        if len(text) > MAX_CLAIM:
            raise Incomplete(f"a claim has at most {MAX_CLAIM} characters; check a longer text as an article")
        return await (await self.checker()).acheck_claim(text, as_of=as_of, progress=progress)

    async def check_article(self, article: str, as_of: str | None = None, progress: Progress | None = None) -> Report:
        """Check an article, given as its text or its address.

        Raises:
            CheckerError, RetrievalError: It cannot be read, or not be checked.
        """
        checker = await self.checker()
        given: str | Article = article
        if _URL.fullmatch(article.strip()):
            given = await asyncio.to_thread(read_page, article.strip(), checker)
        return await checker.acheck(given, as_of=as_of, progress=progress)

    # -- reading

    async def search(self, query: str, limit: int = 8, as_of: str | None = None) -> tuple[str, list[Hit]]:
        """Find passages that speak to a query.

        Returns:
            The moment as of which was searched, and the hits that count.

        Raises:
            ArticleEmpty: The query is empty.
            SettingsError: `as_of` is no date.
        """
        from checker.asof import parse_as_of

        text = query.strip()[:MAX_CLAIM]
        if not text:
            raise ArticleEmpty("there is nothing to search for; give words or a sentence")
        moment = parse_as_of(as_of)
        checker = await self.checker()
        limit = max(1, min(limit, MAX_FOUND))
        (hits,) = await asyncio.to_thread(lambda: checker.store.search([text], k=limit, as_of=moment))
        kept = [hit for hit in hits if hit.excluded is None]
        return moment.isoformat(timespec="seconds"), kept[:limit]

    async def show_source(self, source_id: str, start: int = 0, end: int = 0, around: int = 600) -> Context:
        """A span of a source in its context.

        Raises:
            SourceNotFound: There is no such source.
        """
        checker = await self.checker()
        source = await asyncio.to_thread(checker.store.get, source_id)
        return context_of(source, start, end, around)

    # -- the queue

    async def queue_claim(self, claim: str, actor: Actor | None, *, origin: str, as_of: str | None = None) -> Queued:
        """Check a claim and put it into the queue, where people decide. The same open claim is not added twice.

        Raises:
            Incomplete: There is no queue, or the check failed, so that there is nothing for an editor to decide.
            NotAllowed: The actor may not add.
        """
        report = await self.check_claim(claim, as_of)
        return await self.queue_report(report, actor, origin=origin)

    async def queue_report(self, report: Report, actor: Actor | None, *, origin: str) -> Queued:
        """Put the first claim of a report into the queue, unless the same claim waits there already."""
        review = self._must_have_queue()
        checked = checked_claims(report, await self._store())[0]
        if checked.label is None:
            raise Incomplete(f"nothing was queued, since the claim could not be checked: {checked.failure}")
        checker = await self.checker()

        def add() -> tuple[list[Item], bool]:
            from checker.review.intake import add_report

            _must_be_allowed(actor)
            if waiting := same_claim(review, report.claims[0].text):
                return waiting, True
            ids = add_report(review, report, actor=actor, origin=origin, embedder=checker.store.embedder)
            return [review.get(item_id) for item_id in ids], False

        items, there = await asyncio.to_thread(add)
        return Queued(checked=checked, items=[queue_item(item) for item in items], already_there=there)

    async def list_queue(self, search: str = "", state: str = "", limit: int = 20) -> QueuePage:
        """What waits in the queue, what needs a person most first.

        Raises:
            Incomplete: There is no queue, or no such state.
        """
        review = self._must_have_queue()

        def read() -> QueuePage:
            from checker.review.queries import Filters
            from checker.review.transitions import OPEN_STATES, State

            if state and state not in set(State):
                raise Incomplete(f"there is no state {state[:40]!r}; states are {', '.join(State)}")
            states = (State(state),) if state else tuple(sorted(OPEN_STATES))
            page = review.list(Filters(states=states, search=search), size=max(1, min(limit, MAX_FOUND)))
            return QueuePage(total=page.total, items=[queue_item(item) for item in page.items])

        return await asyncio.to_thread(read)

    async def _store(self) -> EvidenceStore:
        return (await self.checker()).store

    def _must_have_queue(self) -> ReviewService:
        if self._review is None:
            raise Incomplete("there is no review queue here; start saring serve, or name its database with --database")
        return self._review


def _must_be_allowed(actor: Actor | None) -> None:
    """An actor of None is whoever runs this process on the database's own machine."""
    from checker.errors import NotAllowed
    from checker.review.transitions import RANK, Role

    if actor is None:
        return
    if RANK[actor.role] < RANK[Role.CHECKER]:
        raise NotAllowed(f"this takes the role {Role.CHECKER} or higher; yours is {actor.role}")
    if actor.scopes is not None and "check" not in actor.scopes:
        raise NotAllowed("this token lacks the scope check")


def same_claim(review: ReviewService, text: str) -> list[Item]:
    """Open items of the queue with the same words as a claim; case, accents and punctuation do not count."""
    from checker.review.intake import text_hash
    from checker.review.queries import Filters
    from checker.review.transitions import OPEN_STATES

    wanted = text_hash(text)
    words = sorted(set(re.findall(r"\w+", text)), key=len, reverse=True)[:4]
    page = review.list(Filters(states=tuple(sorted(OPEN_STATES)), search=" ".join(words)), size=200)
    return [item for item in page.items if text_hash(item.text) == wanted]


def read_page(url: str, checker: Checker) -> Article:
    """The article at an address, fetched under the rules that all fetching keeps.

    Raises:
        RetrievalError: It cannot be fetched or read; says why.
    """
    from checker.article import article_from_text
    from retrieval.connectors.run import make_fetcher
    from retrieval.extract import extract_bytes

    settings = checker.settings
    with make_fetcher(settings.fetch_contact, settings.fetch_allow) as fetcher:
        answer = fetcher.get(url)
    page = extract_bytes(answer.body, url=answer.final_url, content_type=answer.content_type)
    return article_from_text(
        page.text,
        url=page.url or url,
        title=page.title,
        publisher=page.publisher,
        published_at=page.published_at,
        language=page.language if page.language in ("id", "en") else "",
        name="the page",
    )


def plainly(error: Exception) -> str | None:
    """The message of an error that was raised on purpose, None for any other: that is ours to mend, not to tell."""
    from retrieval.errors import RetrievalError

    return str(error) if isinstance(error, CheckerError | RetrievalError) else None
