"""A report as JSON, the object that other programs build on, and back again.

The keys of issue 2 are fixed. Whatever else a report holds is added beside them under new keys, so that
`report_from_json(report_to_json(report))` loses nothing.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from checker.types import Attribution, Citation, Claim, Failure, Outcome, Report, Verdict


def report_to_dict(report: Report) -> dict[str, Any]:
    """The report as plain dicts, lists, strings and numbers, in the order in which they are printed."""
    article = report.article
    return {
        "article": {
            "id": article.id,
            "url": article.url,
            "title": article.title,
            "publisher": article.publisher,
            "published_at": article.published_at,
            "language": article.language,
        },
        "claims": [claim_to_dict(claim) for claim in report.claims],
        "outcomes": [_outcome(outcome) for outcome in report.outcomes],
        "settings": plain(report.settings),
        "versions": plain(report.versions),
        "as_of": report.as_of,
        "created_at": report.created_at,
        "elapsed_s": report.elapsed,
        # Additions: what the fixed keys leave out of a report.
        "id": report.id,
        "article_text": article.text,
        "sentences": [[sentence.start, sentence.end] for sentence in article.sentences],
        "provenance": plain(report.provenance),
        "usage": plain(report.usage),
        "notes": list(report.notes),
    }


def report_to_json(report: Report, *, indent: int | None = 2) -> str:
    """The report as one JSON object, without a newline at the end."""
    return dump(report_to_dict(report), indent=indent)


def report_from_json(text: str | bytes) -> Report:
    """The report that `report_to_json` wrote.

    Raises:
        ReportUnreadable: it is not such an object; the message names the first thing that is wrong.
    """
    from checker.render.wire import parse_report

    return parse_report(text)


def dump(value: Any, *, indent: int | None = 2) -> str:
    """JSON that every reader takes: no NaN, and text that UTF-8 cannot carry is escaped."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    try:
        text.encode()
    except UnicodeEncodeError:
        text = json.dumps(value, ensure_ascii=True, allow_nan=False, indent=indent)
    return text


def claim_to_dict(claim: Claim) -> dict[str, Any]:
    """A claim; `attribution` is null where nobody is named or described."""
    return {
        "id": claim.id,
        "text": claim.text,
        "quote": claim.quote,
        "start": claim.start,
        "end": claim.end,
        "kind": claim.kind,
        "checkworthiness": claim.checkworthiness,
        "context": claim.context,
        "attribution": None if claim.attribution is None else _attribution(claim.attribution),
    }


def _attribution(attribution: Attribution) -> dict[str, Any]:
    return {
        "speaker": attribution.speaker,
        "role": attribution.role,
        "outlet": attribution.outlet,
        "anonymous": attribution.anonymous,
        "cue": attribution.cue,
        "start": attribution.start,
        "end": attribution.end,
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    match outcome:
        case Verdict():
            return {
                "claim_id": outcome.claim_id,
                "label": outcome.label,
                "reason": outcome.reason,
                "content_label": outcome.content_label,
                "confidence": outcome.confidence,
                "origins": outcome.origins,
                "citations": [_citation(citation) for citation in outcome.citations],
                "judge": outcome.judge,
                "disputed": outcome.disputed,
                "notes": list(outcome.notes),
            }
        case Failure():
            return {
                "claim_id": outcome.claim_id,
                "failure": {"stage": outcome.stage, "error_type": outcome.error_type, "message": outcome.message},
            }


def _citation(citation: Citation) -> dict[str, Any]:
    return {
        "source_id": citation.source_id,
        "passage_id": citation.passage_id,
        "url": citation.url,
        "publisher": citation.publisher,
        "published_at": citation.published_at,
        "quote": citation.quote,
        "start": citation.start,
        "end": citation.end,
        "stance": citation.stance,
        "score": citation.score,
        "origin": citation.origin,
        "counted": citation.counted,
        "notes": list(citation.notes),
    }


def plain(value: Any) -> Any:
    """Any value of a report as JSON can carry it; what JSON does not know (a path, a secret) is shown as text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((plain(item) for item in value), key=str)
    return str(value)
