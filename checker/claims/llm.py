"""Claims by a chat model: one structured call an article, long ones in windows; every quote is found or refused.

The model proposes, the article disposes: a quote that does not stand in the article is refused and asked for once
more, what still cannot be placed becomes a `Failure`, and spans never come from the model.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

from checker.claims.base import Extraction, Progress
from checker.errors import BadReply, CheckerError, ModelUnavailable
from checker.injection import Inspection, find_quote, inspect
from checker.llm.account import Account
from checker.llm.caller import Caller
from checker.llm.loop import run_sync
from checker.llm.prompts import load_prompt
from checker.types import Article, Attribution, Claim, Failure

if TYPE_CHECKING:
    from checker.settings import Settings

WINDOW = 60
"""Sentences shown at once: about 2,500 tokens, well inside what small local models attend to."""

OVERLAP = 4
"""Sentences that a window repeats of the one before, so that pronouns find what they stand for."""


class ClaimReply(BaseModel):
    """One claim of the article."""

    model_config = ConfigDict(extra="forbid")

    quote: str
    text: str
    context: str
    kind: Literal["fact", "quote", "prediction", "opinion", "question"]
    ambiguous: bool
    speaker: str
    role: str
    outlet: str
    anonymous: bool
    cue: str


class ArticleReply(BaseModel):
    """The claims of an article."""

    model_config = ConfigDict(extra="forbid")

    claims: list[ClaimReply]


@dataclass(frozen=True, slots=True)
class _Window:
    """Part of an article that is shown at once. Only quotes that begin at or after `fresh` are taken from it."""

    start: int
    fresh: int
    end: int


@dataclass
class LLMExtractor:
    """Finds claims through any chat model that LangChain reaches."""

    caller: Caller

    @classmethod
    def open(cls, settings: Settings) -> LLMExtractor:
        """Open the extractor that the settings describe.

        Raises:
            ModelUnavailable, MissingExtra: There is no such model, client or key; says what to do.
        """
        from checker.llm.opening import open_caller

        return cls(open_caller(settings))

    @property
    def name(self) -> str:
        """`llm:` and the model."""
        return f"llm:{self.caller.name}"

    @property
    def versions(self) -> Mapping[str, str]:
        """The prompt."""
        return {"prompt_extract": load_prompt("extract").label}

    def extract(self, article: Article, progress: Progress | None = None) -> Extraction:
        """See `Extractor.extract`.

        Raises:
            ModelUnavailable: The model's key is refused: no window can be read.
        """
        return run_sync(self._extract(article, progress))

    async def _extract(self, article: Article, progress: Progress | None) -> Extraction:
        account = self.caller.start()
        inspected = inspect(article.text)
        windows = _windows(article)
        done = 0

        async def read(window: _Window) -> list[Claim | Failure]:
            nonlocal done
            try:
                return await self._read(article, inspected, window, account)
            except ModelUnavailable:
                raise
            except CheckerError as error:
                return [_failure(article, window.fresh, type(error).__name__, str(error))]
            finally:
                done += 1
                if progress is not None:
                    progress(done, len(windows))

        found = [item for part in await asyncio.gather(*(read(window) for window in windows)) for item in part]
        claims = sorted((item for item in found if isinstance(item, Claim)), key=lambda claim: (claim.start, claim.end))
        return Extraction(_number(claims), tuple(item for item in found if isinstance(item, Failure)))

    async def _read(
        self, article: Article, inspected: Inspection, window: _Window, account: Account
    ) -> list[Claim | Failure]:
        mark = f"{secrets.token_hex(4)}|"
        shown = [item for item in article.sentences if window.start <= item.start < window.end]
        lines = [_one_line(item.text) for item in shown]
        reply: ArticleReply | None = None
        complaints: list[ArticleReply] = []

        about = f"{article.publisher} {article.published_at or ''}"

        def check(value: ArticleReply) -> str | None:
            lost = [item.quote for item in value.claims if find_quote(inspected, item.quote) is None]
            strange = [item for item in value.claims if is_strange(item, inspected.clean, about)]
            if not lost and not strange:
                return None
            complaints.append(value)
            wrong = []
            if lost:
                wrong.append(
                    "these quotes do not stand in the article: " + "; ".join(quote[:80] for quote in lost[:10])
                )
            if strange:
                texts = "; ".join(item.text[:80] for item in strange[:10])
                wrong.append(f"these texts do not say what their quotes say: {texts}")
            return ". ".join(wrong)

        try:
            reply = await self.caller.ask(
                load_prompt("extract"),
                {
                    "mark": mark,
                    "publisher": _one_line(article.publisher) or "an unnamed publisher",
                    "published_at": _one_line(article.published_at or "") or "an unknown date",
                    "article": "\n".join(f"{mark}{n}| {line}" for n, line in enumerate(lines, start=1) if line),
                },
                ArticleReply,
                key=[[item.text for item in shown], article.publisher, article.published_at],
                check=check,
                account=account,
            )
        except BadReply:
            if not complaints:
                raise
            reply = complaints[-1]  # what can be placed is kept, what cannot becomes a failure
        placed: list[Claim | Failure] = []
        for item in reply.claims:
            span = find_quote(inspected, item.quote)
            if span is None:
                message = f"the quote {item.quote[:80]!r} does not stand in the article"
                placed.append(_failure(article, window.fresh, "QuoteNotFound", message, item.quote))
            elif is_strange(item, inspected.clean, about):
                message = f"the claim {item.text[:80]!r} does not say what its quote {item.quote[:80]!r} says"
                placed.append(_failure(article, window.fresh, "TextNotFaithful", message, item.quote))
            elif span[0] >= window.fresh:
                placed.append(_claim(item, article, *span))
        return placed


SHARED = 0.5
"""Least share of a quote's words that its claim must keep. The rest may be pronouns and relative dates, replaced."""

_STEM = 4
"""Letters by which two forms of a word are taken for one ("ditutup", "ditutupnya")."""


def is_strange(item: ClaimReply, article: str, about: str = "") -> bool:
    """Whether a claim's wording does not follow from the article, whatever its quote is.

    The quote is checked to the letter, the wording cannot be; but an article that talks a model into another wording
    would have that checked in the quote's place. So the wording keeps at least half of the quote's words, and brings
    no figure that neither the article nor what is known about it (its publisher and date) has.
    """
    text = item.text or item.quote
    words = {word[:_STEM] for word in re.findall(r"\w{3,}", item.quote.casefold())}
    kept = {word[:_STEM] for word in re.findall(r"\w{3,}", text.casefold())}
    if words and len(words & kept) < SHARED * len(words):
        return True
    known = set(re.findall(r"\d+", f"{article} {about}"))
    return not {figure.lstrip("0") for figure in re.findall(r"\d+", text)} <= {figure.lstrip("0") for figure in known}


def _one_line(text: str) -> str:
    """A text on one line and without what cannot be seen, so that it cannot start a line of its own."""
    return " ".join(inspect(text).clean.split())


def _windows(article: Article) -> list[_Window]:
    sentences = article.sentences
    windows = []
    for first in range(0, len(sentences), WINDOW):
        last = sentences[min(first + WINDOW, len(sentences)) - 1]
        context = sentences[max(0, first - OVERLAP)]
        windows.append(_Window(context.start, sentences[first].start, last.end))
    return windows


def _claim(item: ClaimReply, article: Article, start: int, end: int) -> Claim:
    attribution = None
    if item.speaker.strip() or item.outlet.strip() or item.anonymous:
        cue = article.text.find(item.cue, max(0, start - 200), end + 200) if item.cue.strip() else -1
        attribution = Attribution(
            speaker=item.speaker.strip(),
            role=item.role.strip(),
            outlet=item.outlet.strip(),
            anonymous=item.anonymous,
            cue=item.cue.strip(),
            start=cue,
            end=cue + len(item.cue) if cue >= 0 else -1,
        )
    return Claim(
        id="",
        text=" ".join(item.text.split()) or article.text[start:end],
        quote=article.text[start:end],
        start=start,
        end=end,
        context=item.context.strip(),
        # "Cannot be disambiguated" is an answer: such a claim is shown, and a person may reword it.
        kind="unclear" if item.ambiguous else item.kind,
        attribution=attribution,
    )


def _number(claims: Sequence[Claim]) -> tuple[Claim, ...]:
    """Give every claim an id of its own, stable for an article; the same claim found by two windows is one."""
    seen: dict[tuple[int, int, str], Claim] = {}
    for claim in claims:
        seen.setdefault((claim.start, claim.end, claim.text), claim)
    numbered = []
    for (start, end, text), claim in seen.items():
        key = hashlib.sha256(f"{start}:{end}:{text}".encode("utf-8", "surrogatepass")).hexdigest()[:10]
        numbered.append(
            Claim(
                f"c-{key}",
                claim.text,
                claim.quote,
                start,
                end,
                claim.context,
                claim.kind,
                claim.checkworthiness,
                claim.attribution,
            )
        )
    return tuple(numbered)


def _failure(article: Article, where: int, error_type: str, message: str, quote: str = "") -> Failure:
    key = hashlib.sha256(f"{article.id}:{where}:{quote}".encode("utf-8", "surrogatepass")).hexdigest()[:10]
    return Failure(f"f-{key}", "extract", error_type, message)
