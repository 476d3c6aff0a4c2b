"""Newsroom cases put to the whole pipeline: an article and a store of exactly the cards that belong to it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evals.runs import peak_rss_mb
from evals.solvers.base import Options, Tools, failure, limited
from evals.solvers.prompts import Listening
from evals.types import Case, Dataset, GoldClaim, NewsroomItem, Row

if TYPE_CHECKING:
    from checker.claims.base import Extraction
    from checker.types import Article, Attribution, Claim, Outcome, Report

FOUND, GOLD, SHUFFLED, BM25 = "found", "gold", "shuffled", "bm25"


class NewsroomSolver:
    """Checks every article as it is, and again with the gold claims given, which isolates retrieval and the judge.

    Baselines are run on the gold claims: over cards that belong elsewhere (`shuffled`: the next item's and the shared
    ones, without those that decide a claim of this item), and with evidence found by words alone (`bm25`).
    """

    name = "newsroom"

    def cases(self, data: Sequence[Dataset], options: Options) -> list[Case]:
        """Every item for each system that the options ask for."""
        systems = {"both": (FOUND, GOLD), "found": (FOUND,), "gold": (GOLD,)}[options.claims]
        if options.baselines:
            systems = (*systems, SHUFFLED, BM25)
        cases = []
        for dataset in data:
            items = limited(dataset.records, options.limit, lambda item: item.id, options.seed)
            for system in systems:
                for index, item in enumerate(items):
                    cards = (*item.shared, *item.cards)
                    if system == SHUFFLED:
                        cards = _elsewhere(item, items[(index + 1) % len(items)])
                    if cards:
                        cases.append(Case(f"{dataset.name}/{item.id}", system, (dataset.name, item, cards)))
        return cases

    def solve(self, cases: Sequence[Case], tools: Tools, options: Options) -> Iterator[Row]:
        """A row per item and system: the gold lines, and every claim that was made with what became of it.

        Raises:
            ModelUnavailable, MissingExtra, ModelFileError: The judge or a model cannot be used at all.
        """
        from checker.errors import CheckerError, ModelUnavailable
        from retrieval.errors import MissingExtra, ModelFileError, RetrievalError

        for case in cases:
            dataset, item, cards = case.payload
            options.notify(f"{item.id}: {case.system}")
            extractor = tools.extractor if case.system == FOUND else GoldExtractor(item.gold)
            started = time.perf_counter()
            row = _about(case, dataset, item)
            listening = Listening(tools.judge)
            try:
                with tools.checker(cards, extractor, listening, by_words_only=case.system == BM25) as checker:
                    report = checker.check(tools.read(item.text))
            except (ModelUnavailable, MissingExtra, ModelFileError):
                raise
            except (CheckerError, RetrievalError) as error:
                yield {**row, "failure": failure(error), "seconds": time.perf_counter() - started}
                continue
            yield {
                **row,
                "claims": claim_rows(report, item),
                "usage": dict(report.usage),
                **({"prompts": prompts} if (prompts := listening.prompts()) else {}),
                "judge": report.versions.get("judge", ""),
                "seconds": report.elapsed,
                "rss_mb": peak_rss_mb(),
            }


def _elsewhere(item: NewsroomItem, other: NewsroomItem) -> tuple[Mapping[str, Any], ...]:
    deciding = {identity for gold in item.gold for identity in gold.evidence_ids}
    return tuple(card for card in (*item.shared, *other.cards) if str(card["id"]) not in deciding)


class GoldExtractor:
    """An extractor that already knows the claims."""

    name = "gold"

    def __init__(self, gold: Sequence[GoldClaim]) -> None:
        self._gold = gold

    @property
    def versions(self) -> Mapping[str, str]:
        """Nothing: the claims come from the case."""
        return {}

    def extract(self, article: Article, progress: Any = None) -> Extraction:  # noqa: ARG002 - fixed by the protocol
        """The checkable gold claims, as the annotator worded them."""
        from checker.claims.base import Extraction
        from checker.types import Attribution, Claim

        claims = []
        for gold in self._gold:
            if not gold.checkable:
                continue
            attribution = None
            if gold.speaker or gold.via or gold.anonymous:
                attribution = Attribution(gold.speaker, outlet=gold.via, anonymous=gold.anonymous)
            kind: Any = "quote" if attribution else "fact"
            claims.append(
                Claim(gold.id, gold.claim, gold.quote, gold.start, gold.end, kind=kind, attribution=attribution)
            )
        return Extraction(tuple(claims), ())


def gold_rows(item: NewsroomItem) -> list[dict[str, Any]]:
    """The gold lines as a row carries them.

    `cross_lingual`: every card that decides the label is in another language than the article.
    """
    languages = {str(card["id"]): str(card.get("language") or "") for card in (*item.shared, *item.cards)}
    rows = []
    for gold in item.gold:
        evidence = [languages.get(identity, "") for identity in gold.evidence_ids]
        rows.append(
            {
                "id": gold.id,
                "quote": gold.quote,
                "start": gold.start,
                "end": gold.end,
                "claim": gold.claim,
                "speaker": gold.speaker,
                "via": gold.via,
                "anonymous": gold.anonymous,
                "label": gold.label,
                "evidence_ids": list(gold.evidence_ids),
                "subtype": gold.subtype,
                "checkable": gold.checkable,
                "cross_lingual": bool(evidence) and all(name and name != item.language for name in evidence),
            }
        )
    return rows


def _about(case: Case, dataset: str, item: NewsroomItem) -> dict[str, Any]:
    return {
        "solver": NewsroomSolver.name,
        "system": case.system,
        "id": case.id,
        "dataset": dataset,
        "language": item.language,
        "body_start": item.body_start,
        "gold": gold_rows(item),
    }


def claim_rows(report: Report, item: NewsroomItem) -> list[dict[str, Any]]:
    """Every claim of a report with its outcome; each citation is held against the card it names."""
    texts = {str(card["id"]): str(card["text"]) for card in (*item.shared, *item.cards)}
    outcomes = {outcome.claim_id: outcome for outcome in report.outcomes}
    rows = [claim_row(claim, report.article.text, item.text) for claim in report.claims]
    for row in rows:
        if row["checkable"]:
            row["outcome"] = _outcome(outcomes.pop(row["id"], None), texts)
    # A failure without a claim (one that could not be placed in the article) is still counted.
    rows += [
        {"id": identity, "checkable": True, "start": -1, "end": -1, "outcome": _outcome(outcome, texts)}
        for identity, outcome in outcomes.items()
    ]
    return rows


def claim_row(claim: Claim, article: str, original: str) -> dict[str, Any]:
    """A claim as a row carries it; its span counts in the case's own article text."""
    start, end = claim.start, claim.end
    if article != original and original[start:end] != claim.quote:
        start = original.find(claim.quote)
        end = start + len(claim.quote) if start >= 0 else -1
    return {
        "id": claim.id,
        "text": claim.text,
        "quote": claim.quote,
        "start": start,
        "end": end,
        "kind": claim.kind,
        "checkable": claim.checkable,
        "worth": claim.checkworthiness,
        "attribution": _attribution(claim.attribution),
    }


def _attribution(attribution: Attribution | None) -> dict[str, Any] | None:
    if attribution is None:
        return None
    return {
        "speaker": attribution.speaker,
        "role": attribution.role,
        "outlet": attribution.outlet,
        "anonymous": attribution.anonymous,
        "cue": attribution.cue,
        "start": attribution.start,
        "end": attribution.end,
    }


def _outcome(outcome: Outcome | None, texts: Mapping[str, str]) -> dict[str, Any]:
    from checker.types import Failure

    if outcome is None:
        return {
            "failure": {"type": "NoOutcome", "message": "the report has no outcome for this claim", "stage": "verdict"}
        }
    if isinstance(outcome, Failure):
        return {"failure": {"type": outcome.error_type, "message": outcome.message, "stage": outcome.stage}}
    return {
        "label": outcome.label,
        "reason": outcome.reason,
        "content_label": outcome.content_label,
        "confidence": outcome.confidence,
        "origins": outcome.origins,
        "disputed": outcome.disputed,
        "citations": [
            {
                "source_id": citation.source_id,
                "quote": citation.quote,
                "exists": bool(citation.quote)
                and texts.get(citation.source_id, "")[citation.start : citation.end] == citation.quote,
                "stance": citation.stance,
                "score": citation.score,
                "counted": citation.counted,
            }
            for citation in outcome.citations
        ],
    }
