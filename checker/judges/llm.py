"""The LLM judge: each source is read once, alone, with every claim it was retrieved for, and trusted in nothing.

One call a source: its passages, all the claims they were found for, no tools, no other source. So an instruction
planted in one source can at most make that source lie, which it could have done in plain words. The reply is a stance
per claim with the verbatim quote that carries it; quotes are found in the source or refused. `checker.verdict`
decides the label.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from checker.errors import BadReply, CheckerError
from checker.injection import Inspection, find_quote, inspect, remarks
from checker.judges.base import Bench, Hearing, Judgement, Progress
from checker.llm.account import Account
from checker.llm.caller import Caller
from checker.llm.loop import run_async, run_sync
from checker.llm.prompts import load_prompt
from checker.types import Article, Claim, Failure, Stance
from retrieval.segment import split_sentences
from retrieval.types import Hit, Source

if TYPE_CHECKING:
    from checker.settings import Settings


LEAST_WORDS = 2
"""Of a quote: a single word is found in almost any source and shows nothing."""


class StanceReply(BaseModel):
    """What the source says to one claim."""

    model_config = ConfigDict(extra="forbid")

    claim: str
    stance: Literal["supports", "refutes", "neutral"]
    probability: float = Field(ge=0, le=1)
    quote: str


class SourceReply(BaseModel):
    """What one source says to each claim."""

    model_config = ConfigDict(extra="forbid")

    stances: list[StanceReply]


@dataclass(frozen=True, slots=True)
class Sitting:
    """One source with every claim it was retrieved for: one request."""

    source: Source
    claims: tuple[Claim, ...]
    hits: Mapping[str, tuple[Hit, ...]]  # by claim id, best first
    spans: tuple[tuple[int, int], ...]  # of the source's text, merged, in order

    @property
    def key(self) -> list[Any]:
        """What the reply depends on: no id that another run would give differently."""
        texts = [self.source.text[start:end] for start, end in self.spans]
        about = [self.source.content_hash, self.source.publisher, self.source.published_at]
        return [about, self.spans, texts, [_wording(claim) for claim in self.claims]]

    @property
    def names(self) -> Mapping[str, Claim]:
        """What the claims are called in the request."""
        return {f"c{number}": claim for number, claim in enumerate(self.claims, start=1)}

    def values(self, inspected: Inspection) -> dict[str, str]:
        """What fills in the prompt: everything on lines of its own that nothing from outside can open."""
        mark = f"{secrets.token_hex(4)}|"
        return {
            "mark": mark,
            "publisher": one_line(self.source.publisher) or "an unnamed publisher",
            "published_at": one_line(self.source.published_at or "") or "an unknown date",
            "source": mark_lines(self.spans, inspected, mark),
            "claims": "\n".join(f"{name}: {one_line(_wording(claim))}" for name, claim in self.names.items()),
        }


@dataclass
class LLMJudge:
    """Hears evidence through any chat model that LangChain reaches."""

    caller: Caller

    @classmethod
    def open(cls, settings: Settings) -> LLMJudge:
        """Open the judge that the settings describe.

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
        """The prompt and the model."""
        return {"prompt_judge": load_prompt("judge").label, "model": self.caller.name}

    def hear(
        self, hearings: Sequence[Hearing], article: Article | None = None, progress: Progress | None = None
    ) -> Bench:
        """See `Judge.hear`. Safe to call with or without a running event loop."""
        del article  # a source is judged alone; the article is not its context
        return run_sync(self._hear(hearings, progress))

    async def ahear(
        self, hearings: Sequence[Hearing], article: Article | None = None, progress: Progress | None = None
    ) -> Bench:
        """See `Judge.ahear`."""
        del article
        return await run_async(self._hear(hearings, progress))

    async def _hear(self, hearings: Sequence[Hearing], progress: Progress | None) -> Bench:
        account = self.caller.start()
        sittings = arrange(hearings)
        done = 0

        async def sit(sitting: Sitting) -> dict[str, Stance] | CheckerError:
            nonlocal done
            try:
                return await self._sit(sitting, account)
            except CheckerError as error:
                return error
            finally:
                done += 1
                if progress is not None:
                    progress(done, len(sittings))

        outcomes = await asyncio.gather(*(sit(sitting) for sitting in sittings))
        return Bench(tuple(self._collect(hearing, sittings, outcomes) for hearing in hearings), account.usage())

    def _collect(
        self, hearing: Hearing, sittings: Sequence[Sitting], outcomes: Sequence[dict[str, Stance] | CheckerError]
    ) -> Judgement:
        claim_id = hearing.claim.id
        if hearing.hits and speaks_to_the_model(hearing.claim):
            message = "the claim speaks to the model that reads it, so none was asked; a person should read it"
            return Judgement(claim_id, failure=Failure(claim_id, "judge", "ClaimGivesOrders", message))
        stances: list[Stance] = []
        for sitting, outcome in zip(sittings, outcomes, strict=True):
            if claim_id not in sitting.hits:
                continue
            if isinstance(outcome, CheckerError):
                # A claim whose evidence was heard in part only might get another label than the whole would give it.
                failure = Failure(claim_id, "judge", type(outcome).__name__, str(outcome))
                return Judgement(claim_id, failure=failure, heard_by=self.name)
            stances.append(outcome[claim_id])
        return Judgement(claim_id, tuple(stances), heard_by=self.name)

    async def _sit(self, sitting: Sitting, account: Account) -> dict[str, Stance]:
        inspected = inspect(sitting.source.text)
        names = sitting.names
        try:
            reply = await self.caller.ask(
                load_prompt("judge"),
                sitting.values(inspected),
                SourceReply,
                key=sitting.key,
                check=lambda value: _wrong(value, names, inspected),
                account=account,
            )
        except BadReply:
            if not inspected.flagged:
                raise
            # It talked the model into a reply that cannot be read. Nothing may rest on such a source anyway; were its
            # claims to fail for it, planting a sentence would be enough to keep them from being checked.
            nothing = [StanceReply(claim=name, stance="neutral", probability=1.0, quote="") for name in names]
            reply = SourceReply(stances=nothing)
        return {names[item.claim].id: _stance(item, names[item.claim], sitting, inspected) for item in reply.stances}


def arrange(hearings: Sequence[Hearing]) -> list[Sitting]:
    """Turn "the passages of each claim" into "the claims of each source", in a stable order.

    Claims are from outside too: one that speaks to the model is left out, so that it cannot sway the others.
    """
    claims: dict[str, dict[str, Claim]] = {}
    hits: dict[str, dict[str, list[Hit]]] = {}
    sources: dict[str, Source] = {}
    for hearing in hearings:
        if speaks_to_the_model(hearing.claim):
            continue
        for hit in hearing.hits:
            sources[hit.source.id] = hit.source
            claims.setdefault(hit.source.id, {})[hearing.claim.id] = hearing.claim
            hits.setdefault(hit.source.id, {}).setdefault(hearing.claim.id, []).append(hit)
    sittings = []
    for source_id in sorted(sources):
        spans = sorted({(hit.passage.start, hit.passage.end) for group in hits[source_id].values() for hit in group})
        sittings.append(
            Sitting(
                sources[source_id],
                tuple(claims[source_id].values()),
                {claim_id: tuple(group) for claim_id, group in hits[source_id].items()},
                tuple(_merge(spans)),
            )
        )
    return sittings


def _merge(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _wording(claim: Claim) -> str:
    """The claim as it is put to the model: with its speaker, since who said it is part of what is asked."""
    if claim.attribution and claim.attribution.speaker:
        return f"[{claim.attribution.speaker}] {claim.text}"
    return claim.text


def speaks_to_the_model(claim: Claim) -> bool:
    """Whether the claim, as it would be put to the model, gives it orders."""
    return inspect(_wording(claim)).flagged


def one_line(text: str) -> str:
    """A text on one line and without what cannot be seen, so that it cannot start a line of its own."""
    return " ".join(inspect(text).clean.split())


def mark_lines(spans: Sequence[tuple[int, int]], inspected: Inspection, mark: str) -> str:
    """The spans of a source, a sentence a line, each line marked so that nothing in it can pass for the frame."""
    lines = []
    kept = list(inspected.offsets[:-1])
    for start, end in spans:
        clean = "".join(char for char, where in zip(inspected.clean, kept, strict=True) if start <= where < end)
        lines += [one_line(clean[left:right]) for left, right in split_sentences(clean)]
    return "\n".join(f"{mark}{number}| {line}" for number, line in enumerate(filter(None, lines), start=1))


def _wrong(reply: SourceReply, names: Mapping[str, Claim], inspected: Inspection) -> str | None:
    """What makes a reply one that cannot be trusted, or None."""
    given = [item.claim for item in reply.stances]
    if unknown := sorted(set(given) - set(names)):
        return f"it answers claims that were not asked ({', '.join(unknown)[:80]})"
    if missing := sorted(set(names) - set(given)):
        return f"it does not answer {', '.join(missing)[:80]}"
    if len(given) != len(set(given)):
        return "it answers a claim more than once"
    for item in reply.stances:
        if item.stance == "neutral":
            continue
        if len(item.quote.split()) < LEAST_WORDS:
            return f"its quote for {item.claim} is of less than {LEAST_WORDS} words, so it carries nothing"
        if find_quote(inspected, item.quote) is None:
            return f"its quote for {item.claim} does not stand in the source"
    return None


def _stance(item: StanceReply, claim: Claim, sitting: Sitting, inspected: Inspection) -> Stance:
    hits = sitting.hits[claim.id]
    span = find_quote(inspected, item.quote) if item.stance != "neutral" else None
    start, end = span or (hits[0].passage.start, hits[0].passage.end)
    # The passage that holds the quote is the one cited; a quote from another claim's passage is cited by the best.
    hit = next((hit for hit in hits if hit.passage.start <= start and end <= hit.passage.end), hits[0])
    quote = sitting.source.text[start:end]
    speaker, own_word = _speaker(claim, quote)
    certain = item.probability
    return Stance(
        claim_id=claim.id,
        hit=hit,
        supports=certain if item.stance == "supports" else 0.0,
        refutes=certain if item.stance == "refutes" else 0.0,
        neutral=certain if item.stance == "neutral" else 1.0 - certain,
        quote=quote,
        start=start,
        end=end,
        speaker=speaker,
        own_word=own_word,
        flagged=inspected.flagged,
        notes=remarks(sitting.source, inspected),
    )


def _speaker(claim: Claim, quote: str) -> tuple[str, bool]:
    from checker.judges.checks import reported

    credited: tuple[str, bool] = reported.credited(claim, quote)
    return credited
