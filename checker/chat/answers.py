"""What is said, piece by piece: verdicts, articles, quotes, evidence. Everything from outside is escaped here."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from checker.chat.draft import Draft
from checker.chat.events import Cited, Judged, Text
from checker.chat.questions import Form
from checker.chat.wording import say
from checker.notes import in_language, note
from checker.render.base import SYMBOLS, clean_line, failure_line, origins_line, show_date, speaker_line
from checker.render.markdown import escape
from checker.render.words import words
from checker.types import Citation, Claim, Failure, Report, Verdict

Pieces = Iterator[Text | Cited | Judged]

MOST_LISTED = 25
"""Claims of an article that are listed; the others are there by number."""

SURE = 0.5
"""Confidence below which a verdict is not put as a plain yes or no: the thresholds of labels may lie lower."""

_CITED_PER_SIDE = 4


def heading(draft: Draft, claim: str) -> Text:
    """The claim as it was understood: the first thing an answer says."""
    return draft.say(f"**{say('claim', draft.language)}:** {escape(claim)}\n\n")


def verdict(draft: Draft, judged: Judged, report: Report, form: Form, missing: Sequence[str] = ()) -> Pieces:
    """The outcome of one claim, with all that belongs to it.

    Args:
        draft: What is written.
        judged: The claim and its outcome.
        report: The report it comes from.
        form: Whether it was asked or stated.
        missing: Names in the claim that no evidence mentions.
    """
    language = draft.language
    draft.as_of = report.as_of
    draft.verdicts.append(judged)
    yield judged
    outcome = judged.outcome
    if isinstance(outcome, Failure):
        yield draft.say(
            f"{SYMBOLS['failed']} **{say('failed', language)}** {escape(failure_line(outcome, language))}\n\n"
        )
        return
    vocabulary = words(language)
    lead = f"{_straight(outcome, language)} " if form == "question" else ""
    yield draft.say(
        f"{SYMBOLS[outcome.label]} **{vocabulary[outcome.label].capitalize()}.** {lead}{vocabulary[outcome.reason]}\n\n"
    )
    facts = [f"{vocabulary['as_of']} {show_date(report.as_of, language)}", origins_line(outcome.origins, language)]
    yield draft.say(" · ".join(facts) + "\n\n")
    if told := _said_so(judged.claim, outcome, language):
        yield draft.say(told + "\n\n")
    yield from _sides(draft, outcome)
    yield from _remarks(draft, judged.claim, outcome)
    if outcome.label == "needs_source":
        yield from where_to_look(draft, judged.claim.text, judged.claim, missing)


def _straight(outcome: Verdict, language: str) -> str:
    if outcome.label == "needs_source":
        return say("open", language)
    if outcome.reason == "conflicting":
        return say("conflict", language)
    yes = outcome.label == "supported"
    if outcome.confidence < SURE:
        return say("leans_yes" if yes else "leans_no", language)
    return say("yes" if yes else "no", language)


def _said_so(claim: Claim, outcome: Verdict, language: str) -> str:
    """That somebody said it, kept apart from that it is so."""
    if claim.attribution is None:
        return ""
    who = escape(speaker_line(claim, language))
    if not who:
        return ""
    vocabulary = words(language)
    return say("said_so", language, who=who, label=vocabulary[outcome.label], content=vocabulary[outcome.content_label])


def _sides(draft: Draft, outcome: Verdict) -> Pieces:
    language = draft.language
    counted = [citation for citation in outcome.citations if citation.counted]
    sides = {
        "against": [citation for citation in counted if citation.stance == "refutes"],
        "for": [citation for citation in counted if citation.stance == "supports"],
        "near": [citation for citation in counted if citation.stance == "neutral"],
        "shown": [citation for citation in outcome.citations if not citation.counted],
    }
    if outcome.label == "supported":
        sides = {"for": sides.pop("for"), **sides}
    if outcome.label == "needs_source":
        # Nothing that stands below the threshold is called support or contradiction.
        near = [*sides.pop("against"), *sides.pop("for"), *sides.pop("near")]
        sides = {"near": near, **sides}
    for name, citations in sides.items():
        if citations:
            yield draft.say(f"**{say(name, language)}:**\n\n")
            for citation in citations[:_CITED_PER_SIDE]:
                yield from quote(draft, citation, outcome.claim_id)
            yield draft.say("\n")


def _remarks(draft: Draft, claim: Claim, outcome: Verdict) -> Pieces:
    language = draft.language
    if outcome.disputed:
        yield draft.say(f"{words(language)['disputed']}\n\n")
    # What a speaker's own word carries is said above already.
    notes = [remark for remark in outcome.notes if remark != note("own_word")]
    lines = [f"- {escape(in_language(remark, language))}\n" for remark in notes]
    if outcome.label != "needs_source" and outcome.confidence < SURE:
        lines.insert(0, f"- {say('unsure', language, confidence=f'{outcome.confidence:.2f}')}\n")
    if claim.kind in ("opinion", "prediction"):
        lines.append(f"- {say('kind_' + claim.kind, language)}\n")
    if lines:
        yield draft.say("".join(lines) + "\n")


def quote(draft: Draft, citation: Citation, claim_id: str = "", extra: str = "") -> Pieces:
    """One citation as a line: the quote, who published it and when, its number."""
    mark, cited = draft.cite(citation, claim_id)
    if cited is not None:
        yield cited
    name = escape(citation.publisher) or escape(citation.source_id)
    where = ", ".join(part for part in (name, show_date(citation.published_at, draft.language), extra) if part)
    remarks = " ".join(escape(in_language(remark, draft.language)) for remark in citation.notes)
    yield draft.say(f"- “{escape(citation.quote)}” — {where} {mark}{f' ({remarks})' if remarks else ''}\n")


def where_to_look(draft: Draft, query: str, claim: Claim | None = None, missing: Sequence[str] = ()) -> Pieces:
    """What is missing, and where it may be found: places, never an answer."""
    language = draft.language
    lacking = [say("missing_source", language)] if claim is not None else []
    if missing:
        lacking.append(say("missing_names", language, names=", ".join(escape(name) for name in missing)))
    if lacking:
        yield draft.say(f"**{say('missing', language)}:** {'; '.join(lacking)}.\n\n")
    places = []
    attribution = claim.attribution if claim is not None else None
    if attribution is not None and attribution.speaker:
        places.append(say("look_speaker", language, who=escape(attribution.speaker)))
    if attribution is not None and attribution.outlet:
        places.append(say("look_outlet", language, who=escape(attribution.outlet)))
    places.append(say("look_fetch", language, command=_command(query)))
    yield draft.say(f"**{say('look', language)}:** {'; '.join(places)}.\n\n")


def _command(query: str) -> str:
    line = clean_line(query).replace("`", "'").rstrip(".?")[:120]
    return f"saring evidence fetch {shlex.quote(line)} --from factcheck,wikipedia"


def article(draft: Draft, judged: Sequence[Judged], report: Report) -> Pieces:
    """A summary of an article's report, its claims numbered."""
    language = draft.language
    vocabulary = words(language)
    draft.as_of = report.as_of
    draft.verdicts.extend(judged)
    yield from judged
    if not judged:
        yield draft.say(f"{say('no_claims', language)}\n\n")
        return
    if title := clean_line(report.article.title):
        yield draft.say(f"**{escape(title)}**\n\n")
    statuses = [_status(one) for one in judged]
    counts = [
        f"{SYMBOLS[status]} {statuses.count(status)} {vocabulary[status]}"
        for status in ("supported", "unsupported", "needs_source", "failed")
    ]
    noun = vocabulary["one_claim" if len(judged) == 1 else "claims"]
    yield draft.say(f"{len(judged)} {noun}: {' · '.join(counts)}\n\n")
    yield draft.say(f"{vocabulary['as_of']} {show_date(report.as_of, language)}\n\n")
    for one in judged[:MOST_LISTED]:
        yield from _listed(draft, one)
    if len(judged) > MOST_LISTED:
        rest = len(judged) - MOST_LISTED
        yield draft.say(f"\n{say('more_claims', language, count=rest, example=MOST_LISTED + 1)}\n")
    passed = sum(not claim.checkable for claim in report.claims)
    if passed:
        yield draft.say(f"\n{say('not_checked', language, count=passed)}\n")
    yield draft.say(f"\n{say('hint_article', language)}\n")


def _status(judged: Judged) -> str:
    return "failed" if isinstance(judged.outcome, Failure) else judged.outcome.label


def _listed(draft: Draft, judged: Judged) -> Pieces:
    language = draft.language
    outcome = judged.outcome
    label = f"{SYMBOLS[_status(judged)]} **{words(language)[_status(judged)].capitalize()}**"  # type: ignore[index]
    who = speaker_line(judged.claim, language)
    said = f" ({escape(who)})" if who else ""
    line = f"{judged.number}. {label}: {escape(judged.claim.text)}{said}"
    if isinstance(outcome, Failure):
        yield draft.say(f"{line} {escape(failure_line(outcome, language))}\n")
        return
    if outcome.content_label != outcome.label:
        line += f" {words(language)['content']}: {words(language)[outcome.content_label]}."
    yield draft.say(line)
    decisive = next((citation for citation in outcome.citations if citation.counted), None)
    if decisive is not None and outcome.label != "needs_source":
        mark, cited = draft.cite(decisive, outcome.claim_id)
        if cited is not None:
            yield cited
        name = escape(decisive.publisher) or escape(decisive.source_id)
        date = show_date(decisive.published_at, language)
        yield draft.say(f" “{escape(decisive.quote)}” — {name}, {date} {mark}")
    yield draft.say("\n")


def evidence(draft: Draft, judged: Sequence[Judged], reports: Sequence[Report]) -> Pieces:
    """Every citation of claims that were judged before, with what it says to them and where it comes from."""
    language = draft.language
    vocabulary = words(language)
    draft.kind = "evidence"
    for one, report in zip(judged, reports, strict=True):
        draft.as_of = report.as_of
        status = _status(one)
        number = f"{one.number}. " if len(judged) > 1 else ""
        yield draft.say(f"**{number}{escape(one.claim.text)}** {SYMBOLS[status]} {vocabulary[status]}\n\n")  # type: ignore[index]
        if isinstance(one.outcome, Failure) or not one.outcome.citations:
            yield draft.say(f"{say('evidence_none', language)}\n\n")
            continue
        for citation in one.outcome.citations:
            stance = vocabulary[citation.stance] if citation.counted else vocabulary["not_counted"]
            title = draft.titles(citation.source_id)
            extra = ", ".join(part for part in (f"“{escape(title)}”" if title else "", stance) if part)
            yield from quote(draft, citation, one.claim.id, extra)
        yield draft.say("\n")
