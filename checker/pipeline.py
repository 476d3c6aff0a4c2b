"""The whole job: an article in, a report out. The only place that orders the steps.

    article -> claims -> hits -> stances -> verdicts -> provenance -> report

Each step is handed in (`Checker.__init__`) or chosen by name (`Checker.open`). What fails for one claim becomes that
claim's `Failure`; the others go on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from checker.asof import parse_as_of
from checker.errors import CheckerError, NoClaims, StoreEmpty
from checker.injection import remarks_on_article
from checker.judges.base import Bench, Hearing, Judge, Judgement
from checker.llm.account import current, one_check
from checker.settings import Settings, load_settings
from checker.telemetry import step
from checker.types import Article, Claim, Failure, Outcome, Report, Stage, Verdict
from checker.verdict import Policy, decide
from checker.widen import known_places, places, widen
from retrieval.errors import RetrievalError
from retrieval.types import Hit

if TYPE_CHECKING:
    from checker.claims.base import Extraction, Extractor
    from retrieval.search import Query
    from retrieval.store import EvidenceStore

Progress = Callable[[str, int, int], None]
"""Called with (stage, done, total); stages are `claims`, `evidence`, `judge`. Must not raise."""

Scorer = Callable[[Sequence[str]], Sequence[float]]
"""Check-worthiness, 0..1, of each claim's text."""

_MESSAGE_LIMIT = 300


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What is known before the judge is heard."""

    article: Article
    claims: tuple[Claim, ...]
    hearings: tuple[Hearing, ...]
    failures: Mapping[str, Failure]
    as_of: datetime
    started: float
    own_text: str | None
    notes: tuple[str, ...] = ()


class Checker:
    """Checks articles and claims against one evidence store."""

    def __init__(
        self,
        store: EvidenceStore,
        extractor: Extractor,
        judge: Judge,
        settings: Settings | None = None,
        scorer: Scorer | None = None,
    ) -> None:
        """Put the steps together.

        Args:
            store: The evidence.
            extractor: Finds the claims.
            judge: Hears the evidence.
            settings: All settings; read from the environment and the settings file where None.
            scorer: Says how check-worthy claims are; the extractor's own scores stand where None.
        """
        self.store = store
        self.extractor = extractor
        self.judge = judge
        self.settings = settings or load_settings()
        self.scorer = scorer

    @classmethod
    def open(
        cls,
        store: str | Path | None = None,
        *,
        judge: str | Judge | None = None,
        settings: Settings | None = None,
    ) -> Checker:
        """Open a checker on a store.

        Args:
            store: Folder or server of the store; the setting `store` where None.
            judge: Name of a judge, or a judge; the setting `judge` where None.
            settings: All settings; read from the environment and the settings file where None.

        Raises:
            CheckerError, RetrievalError: The store, a model or a judge cannot be opened; says what to do.
        """
        from checker.claims import get_extractor
        from checker.claims.checkworthiness import scorer
        from checker.judges import get_judge
        from checker.judges.reranker import open_reranker
        from retrieval.embed import load_embedder
        from retrieval.store import EvidenceStore

        settings = settings or load_settings()
        if isinstance(judge, str):
            settings = settings.model_copy(update={"judge": judge})
        if store is not None:
            settings = settings.model_copy(update={"store": str(store)})
        opened = EvidenceStore.open(
            settings.store,
            embedder=load_embedder(settings.embedder, threads=settings.threads),
            mode="rw" if known_places(settings) else "r",
            reranker=open_reranker(settings),
        )
        try:
            chosen = get_judge(settings.judge, settings) if judge is None or isinstance(judge, str) else judge
            return cls(opened, get_extractor(settings.extractor, settings), chosen, settings, scorer(opened.embedder))
        except BaseException:
            opened.close()
            raise

    def close(self) -> None:
        """Let go of the store. Safe to call twice."""
        self.store.close()

    def __enter__(self) -> Checker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def check(
        self,
        article: str | Article,
        *,
        as_of: str | date | datetime | None = None,
        progress: Progress | None = None,
    ) -> Report:
        """Check an article.

        Args:
            article: The article, or its text.
            as_of: Evidence published after it never counts; now where None.
            progress: Called as the work proceeds.

        Returns:
            The report: every claim, and exactly one outcome for each checkable one.

        Raises:
            ArticleError: The article cannot be used, or makes no claim.
            StoreEmpty: There is no evidence to check against.
        """
        with one_check(), step("check"):
            return self._judge(self._prepare_article(article, as_of, progress), progress)

    async def acheck(
        self,
        article: str | Article,
        *,
        as_of: str | date | datetime | None = None,
        progress: Progress | None = None,
    ) -> Report:
        """`check`, for callers inside an event loop."""
        with one_check(), step("check"):
            prepared = await asyncio.to_thread(self._prepare_article, article, as_of, progress)
            return await self._ajudge(prepared, progress)

    def check_claim(
        self,
        text: str,
        *,
        as_of: str | date | datetime | None = None,
        progress: Progress | None = None,
    ) -> Report:
        """Check one claim that comes without an article.

        Args:
            text: The claim in a sentence, Indonesian or English.
            as_of: Evidence published after it never counts; now where None.
            progress: Called as the work proceeds.

        Returns:
            A report with that claim and its outcome.

        Raises:
            ArticleError: The text is empty or too long.
            StoreEmpty: There is no evidence to check against.
        """
        with one_check(), step("check"):
            return self._judge(self._prepare_claim(text, as_of, progress), progress)

    async def acheck_claim(
        self,
        text: str,
        *,
        as_of: str | date | datetime | None = None,
        progress: Progress | None = None,
    ) -> Report:
        """`check_claim`, for callers inside an event loop."""
        with one_check(), step("check"):
            prepared = await asyncio.to_thread(self._prepare_claim, text, as_of, progress)
            return await self._ajudge(prepared, progress)

    # -- before the judge

    def _prepare_article(
        self, article: str | Article, as_of: str | date | datetime | None, progress: Progress | None
    ) -> _Prepared:
        from checker.article import article_from_text

        started = time.perf_counter()
        moment = parse_as_of(as_of)
        read = article_from_text(article) if isinstance(article, str) else article
        self._must_hold_evidence()
        _tell(progress, "claims", 0, 1)
        with step("claims", extractor=self.extractor.name) as span:
            extraction = self.extractor.extract(read)
            span.set(claims=len(extraction.claims), failures=len(extraction.failures), language=read.language)
        _tell(progress, "claims", 1, 1)
        if not extraction.claims and not extraction.failures:
            raise NoClaims(
                "no claim was found in the article; check that the file holds its text and not only links or captions"
            )
        prepared = self._retrieve(read, extraction, moment, started, progress, own_text=read.text)
        return replace(prepared, notes=remarks_on_article(read.text))

    def _prepare_claim(self, text: str, as_of: str | date | datetime | None, progress: Progress | None) -> _Prepared:
        from checker.article import article_from_text
        from checker.claims.base import Extraction
        from checker.claims.rules import claim_from_text

        started = time.perf_counter()
        moment = parse_as_of(as_of)
        claim = claim_from_text(text)
        self._must_hold_evidence()
        if not claim.checkable:
            # A person asked for this one to be checked, whatever its form.
            claim = replace(claim, kind="fact")
        return self._retrieve(
            article_from_text(text), Extraction((claim,), ()), moment, started, progress, own_text=None
        )

    def _must_hold_evidence(self) -> None:
        if self.store.is_empty() and not places(self.settings):
            raise StoreEmpty(
                f"the evidence store {self.settings.store} is empty; add evidence with: saring evidence add FOLDER"
            )

    def _retrieve(
        self,
        article: Article,
        extraction: Extraction,
        as_of: datetime,
        started: float,
        progress: Progress | None,
        own_text: str | None,
    ) -> _Prepared:
        claims = self._score(extraction.claims)
        checkable = [claim for claim in claims if claim.checkable]
        failures = {failure.claim_id: failure for failure in extraction.failures}
        _tell(progress, "evidence", 0, len(checkable))
        hits: dict[str, list[Hit]] = {}
        with step("evidence", claims=len(checkable)):
            found = self._search(checkable, article, as_of, own_text)
        for claim, outcome in zip(checkable, found, strict=True):
            if isinstance(outcome, Failure):
                failures[claim.id] = outcome
            else:
                hits[claim.id] = outcome
        _tell(progress, "evidence", len(checkable), len(checkable))
        hearings = tuple(Hearing(claim, tuple(hits[claim.id])) for claim in checkable if claim.id in hits)
        return _Prepared(article, claims, hearings, failures, as_of, started, own_text)

    def _search(
        self, claims: Sequence[Claim], article: Article, as_of: datetime, own_text: str | None
    ) -> list[list[Hit] | Failure]:
        def ask(batch: Sequence[Claim]) -> list[list[Hit]]:
            return self.store.search(
                [_query(claim, article) for claim in batch],
                k=self.settings.passages,
                as_of=as_of,
                article_text=own_text,
            )

        try:
            return list(ask(claims)) if claims else []
        except RetrievalError:
            raise  # the store as a whole cannot be used: no claim can be checked, and the message says what to do
        except Exception:  # noqa: BLE001 - one bad claim must not sink the others
            outcomes: list[list[Hit] | Failure] = []
            for claim in claims:
                try:
                    outcomes.append(ask([claim])[0])
                except Exception as error:  # noqa: BLE001
                    outcomes.append(_failure(claim.id, "retrieve", error))
            return outcomes

    def _score(self, claims: tuple[Claim, ...]) -> tuple[Claim, ...]:
        """Check-worthiness by the scorer; the extractor's own where there is none."""
        if self.scorer is None or not claims:
            return claims
        scores = self.scorer([claim.text for claim in claims])
        return tuple(
            replace(claim, checkworthiness=round(float(score), 4)) for claim, score in zip(claims, scores, strict=True)
        )

    # -- the judge

    def _judge(self, prepared: _Prepared, progress: Progress | None) -> Report:
        bench = self._hear(prepared, progress)
        wider = self._widen(prepared, bench, progress)
        if wider is not None:
            bench = _joined(bench, self._hear(wider, progress))
        return self._finish(wider or prepared, bench)

    async def _ajudge(self, prepared: _Prepared, progress: Progress | None) -> Report:
        bench = await self._ahear(prepared, progress)
        wider = await asyncio.to_thread(self._widen, prepared, bench, progress)
        if wider is not None:
            bench = _joined(bench, await self._ahear(wider, progress))
        return await asyncio.to_thread(self._finish, wider or prepared, bench)

    def _widen(self, prepared: _Prepared, bench: Bench, progress: Progress | None) -> _Prepared | None:
        """Look further for claims that the store cannot answer; None where nothing is to be looked for or heard."""
        if not places(self.settings):
            return None
        heard = {judgement.claim_id: judgement for judgement in bench.judgements}
        open_claims = [
            hearing.claim
            for hearing in prepared.hearings
            if isinstance(verdict := self._decide(hearing.claim, heard.get(hearing.claim.id)), Verdict)
            and verdict.label == "needs_source"
        ]
        if not open_claims:
            return None
        widened = widen(self.store, open_claims, prepared.article, self.settings, progress)
        outcomes = (
            self._search(open_claims, prepared.article, prepared.as_of, prepared.own_text) if widened.added else []
        )
        hearings = tuple(
            Hearing(claim, tuple(found))
            for claim, found in zip(open_claims, outcomes, strict=False)
            if not isinstance(found, Failure)
        )
        return replace(prepared, hearings=hearings, notes=(*prepared.notes, *widened.notes))

    def _hear(self, prepared: _Prepared, progress: Progress | None) -> Bench:
        try:
            with step("judge", judge=self.judge.name, claims=len(prepared.hearings)):
                _tell(progress, "judge", 0, len(prepared.hearings))
                return self.judge.hear(prepared.hearings, prepared.article, _stage(progress, "judge"))
        except (CheckerError, RetrievalError):
            raise
        except Exception as error:  # noqa: BLE001 - a judge that breaks is a failure of each claim, not of the report
            return _broken(prepared.hearings, error)

    async def _ahear(self, prepared: _Prepared, progress: Progress | None) -> Bench:
        try:
            with step("judge", judge=self.judge.name, claims=len(prepared.hearings)):
                _tell(progress, "judge", 0, len(prepared.hearings))
                return await self.judge.ahear(prepared.hearings, prepared.article, _stage(progress, "judge"))
        except (CheckerError, RetrievalError):
            raise
        except Exception as error:  # noqa: BLE001
            return _broken(prepared.hearings, error)

    # -- after the judge

    @property
    def policy(self) -> Policy:
        """The thresholds that verdicts are decided by."""
        return Policy(
            support=self.settings.support_threshold,
            refute=self.settings.refute_threshold,
            outvote=self.settings.outvote,
        )

    def _finish(self, prepared: _Prepared, bench: Bench) -> Report:
        with step("verdict") as span:
            report = self._report(prepared, bench)
            labels = [verdict.label for verdict in report.verdicts]
            span.set(
                supported=labels.count("supported"),
                unsupported=labels.count("unsupported"),
                needs_source=labels.count("needs_source"),
                failed=len(report.failures),
            )
        return report

    def _report(self, prepared: _Prepared, bench: Bench) -> Report:
        from checker.provenance import trace

        claims = {claim.id: claim for claim in prepared.claims}
        heard = {judgement.claim_id: judgement for judgement in bench.judgements}
        failures = dict(prepared.failures)
        outcomes: list[Outcome] = []
        for claim in prepared.claims:
            if not claim.checkable:
                continue
            failed = failures.pop(claim.id, None)
            outcomes.append(failed or self._decide(claim, heard.get(claim.id)))
        outcomes += failures.values()  # claims that could not even be placed in the article
        stances = {
            judgement.claim_id: judgement.stances for judgement in bench.judgements if judgement.claim_id in claims
        }
        created = parse_as_of(None).isoformat(timespec="seconds")
        return Report(
            id=_report_id(prepared, created),
            article=prepared.article,
            claims=prepared.claims,
            outcomes=tuple(outcomes),
            settings=self.settings.public(),
            versions=self._versions(),
            as_of=prepared.as_of.isoformat(timespec="seconds"),
            created_at=created,
            elapsed=time.perf_counter() - prepared.started,
            provenance=trace(prepared.claims, stances, policy=self.policy),
            usage=_usage(bench),
            notes=prepared.notes,
        )

    def _decide(self, claim: Claim, judgement: Judgement | None) -> Outcome:
        if judgement is None:
            return Failure(claim.id, "judge", "NoJudgement", "the judge gave no answer for this claim")
        if judgement.failure is not None:
            return judgement.failure
        return decide(
            claim,
            judgement.stances,
            judge=judgement.heard_by or self.judge.name,
            policy=self.policy,
            disputed=judgement.disputed,
        )

    def _versions(self) -> dict[str, str]:
        from importlib.metadata import version

        return {
            "saring": version("saring"),
            "embedder": f"{self.store.embedder.name}@{self.store.embedder.digest}",
            "extractor": self.extractor.name,
            "judge": self.judge.name,
            **self.extractor.versions,
            **self.judge.versions,
        }


def _query(claim: Claim, article: Article) -> Query:
    """What is asked of the store for a claim: its text, what its pronouns stand for, its dates."""
    from checker.claims.dates import claim_dates
    from retrieval.search import Query

    return Query(text=claim.text, context=claim.context, dates=tuple(claim_dates(claim, article)))


def _tell(progress: Progress | None, stage: str, done: int, total: int) -> None:
    if progress is not None:
        progress(stage, done, total)


def _stage(progress: Progress | None, stage: str) -> Callable[[int, int], None] | None:
    return None if progress is None else lambda done, total: progress(stage, done, total)


def _failure(claim_id: str, stage: Stage, error: Exception) -> Failure:
    message = " ".join(str(error).split())[:_MESSAGE_LIMIT] or "no message"
    return Failure(claim_id, stage, type(error).__name__, message)


def _broken(hearings: Sequence[Hearing], error: Exception) -> Bench:
    return Bench(
        tuple(Judgement(hearing.claim.id, failure=_failure(hearing.claim.id, "judge", error)) for hearing in hearings)
    )


def _joined(first: Bench, second: Bench) -> Bench:
    """What was heard the second time stands in place of what was heard the first time."""
    again = {judgement.claim_id: judgement for judgement in second.judgements}
    judgements = tuple(again.get(judgement.claim_id, judgement) for judgement in first.judgements)
    usage = {name: max(first.usage.get(name, 0), second.usage.get(name, 0)) for name in {*first.usage, *second.usage}}
    return Bench(judgements, usage)


def _usage(bench: Bench) -> dict[str, int]:
    """What the check cost, whichever of its steps asked a chat model."""
    account = current()
    return {**bench.usage, **(account.usage() if account is not None and account.used else {})}


def _report_id(prepared: _Prepared, created: str) -> str:
    import hashlib

    seed = "\n".join([prepared.article.id, prepared.article.text, prepared.as_of.isoformat(), created])
    return "rep-" + hashlib.sha256(seed.encode("utf-8", "surrogatepass")).hexdigest()[:16]
