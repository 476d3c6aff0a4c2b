"""What every rendering shares: which formats there are, the words of both languages, and text made safe to show."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from checker.errors import UnknownName
from checker.render.words import months, words
from checker.types import Claim, Failure, Outcome, Report, Verdict

Format = Literal["text", "json", "markdown", "html"]
FORMATS: tuple[Format, ...] = ("text", "json", "markdown", "html")

Status = Literal["supported", "unsupported", "needs_source", "failed", "unchecked"]
"""What is shown beside a claim: its label, or that checking it failed, or that its kind is not checked."""

STATUSES: tuple[Status, ...] = ("supported", "unsupported", "needs_source", "failed", "unchecked")

SYMBOLS: Mapping[Status, str] = {
    "supported": "✓",
    "unsupported": "✗",
    "needs_source": "?",
    "failed": "!",
    "unchecked": "·",
}
"""A sign per status, so that no reader depends on colour."""

# Explicit directional controls (UAX #9, section 2) and the marks: they can make a quote read backwards on screen.
_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
# C0 except tab and newline, DEL, C1 (which holds 8-bit terminal escapes), line and paragraph separators are spaces.
_UNSAFE = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f{_BIDI}\ufeff]|[\ud800-\udfff]")
_SPACES = re.compile(r"\s+")
_SAFE_SCHEMES = frozenset({"http", "https"})
_ISO = re.compile(
    r"^(\d{4})(?:-(\d{2})(?:-(\d{2})"
    r"(?:[T ](\d{2}):(\d{2})(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?)?)?$"
)

# Commonest function words that the other language does not have; enough to tell two languages apart.
_FUNCTION_WORDS: Mapping[str, frozenset[str]] = {
    "en": frozenset(
        ("the", "of", "and", "to", "in", "that", "is", "was", "had", "were", "by", "with", "on", "at", "from", "it")
    ),
    "id": frozenset(
        ("yang", "dan", "di", "ke", "dari", "untuk", "dengan", "pada", "tidak", "itu", "ini", "akan", "oleh", "telah")
    ),
}


def check_format(name: str) -> Format:
    """`name` as a format.

    Raises:
        UnknownName: there is no such format.
    """
    for known in FORMATS:
        if name == known:
            return known
    raise UnknownName("format", clean_line(name), FORMATS)


def clean(text: str) -> str:
    """Outside text, safe to show: no control characters, terminal escapes, directional overrides, lone surrogates."""
    return _UNSAFE.sub("", text.replace("\r\n", "\n").replace("\u2028", "\n").replace("\u2029", "\n"))


def clean_line(text: str) -> str:
    """`clean`, on one line."""
    return _SPACES.sub(" ", clean(text)).strip()


def safe_url(url: str) -> str | None:
    """`url` if a reader may be sent there (http or https, a host, no credentials), else None."""
    candidate = url.strip()
    if not candidate or _UNSAFE.search(candidate) or _SPACES.search(candidate):
        return None
    try:
        parts = urlsplit(candidate)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme.lower() not in _SAFE_SCHEMES or not host or "@" in parts.netloc:
        return None
    return candidate


def show_date(published_at: str | None, language: str) -> str:
    """An ISO 8601 date as people write it, to its own precision; other text as it is; "no date" for None."""
    if not published_at:
        return words(language)["undated"]
    match = _ISO.match(published_at.strip())
    if match is None:
        return clean_line(published_at)
    year, month, day, hour, minute, zone = match.groups()
    month_names = months(language)
    if month is None or not 1 <= int(month) <= 12:
        return clean_line(published_at) if month else year
    text = f"{month_names[int(month) - 1]} {year}"
    if day is None:
        return text
    text = f"{int(day)} {text}"
    if hour is None:
        return text
    suffix = {None: "", "Z": " UTC", "+00:00": " UTC"}.get(zone, f" {zone}")
    return f"{text}, {hour}:{minute}{suffix}"


def guess_language(text: str) -> str:
    """`en` or `id` by the function words of a quote, empty where they do not tell. For `lang` attributes only."""
    tokens = re.findall(r"[a-z]+", text.lower())
    counts = {name: sum(token in vocabulary for token in tokens) for name, vocabulary in _FUNCTION_WORDS.items()}
    if counts["en"] == counts["id"]:
        return ""
    return max(counts, key=lambda name: counts[name])


@dataclass(frozen=True, slots=True)
class Row:
    """One claim as shown: what it is, and what came of it."""

    number: int
    claim: Claim
    outcome: Outcome | None

    @property
    def status(self) -> Status:
        """The label, `failed`, or `unchecked` for a claim of a kind that is not checked."""
        match self.outcome:
            case Verdict(label=label):
                return label
            case Failure():
                return "failed"
            case _:
                return "unchecked"

    @property
    def verdict(self) -> Verdict | None:
        """The outcome, where it is a verdict."""
        return self.outcome if isinstance(self.outcome, Verdict) else None

    @property
    def failure(self) -> Failure | None:
        """The outcome, where it is a failure."""
        return self.outcome if isinstance(self.outcome, Failure) else None

    @property
    def content_differs(self) -> bool:
        """Whether the claim fares otherwise once the speaker's own word is taken away."""
        return self.verdict is not None and self.verdict.content_label != self.verdict.label


def rows(report: Report) -> list[Row]:
    """The report's claims in their order, numbered from 1, each with its outcome."""
    outcomes = {outcome.claim_id: outcome for outcome in report.outcomes}
    return [Row(number, claim, outcomes.get(claim.id)) for number, claim in enumerate(report.claims, start=1)]


def unplaced(report: Report) -> list[Failure]:
    """Failures of claims that could not even be placed in the article, so that the report holds no such claim."""
    known = {claim.id for claim in report.claims}
    return [failure for failure in report.failures if failure.claim_id not in known]


def counts(report: Report) -> dict[Status, int]:
    """How many claims have each status, in the order of `STATUSES`; zero included, unplaced ones among the failed."""
    found: dict[Status, int] = dict.fromkeys(STATUSES, 0)
    for row in rows(report):
        found[row.status] += 1
    found["failed"] += len(unplaced(report))
    return found


def summary(report: Report, language: str) -> str:
    """The counts in one line, failures always among them."""
    vocabulary = words(language)
    found = counts(report)
    total = sum(found.values())
    noun = vocabulary["one_claim" if total == 1 else "claims"]
    parts = [f"{found[status]} {vocabulary[status]}" for status in STATUSES]
    if language == "en" and found["needs_source"] != 1:
        parts[2] = f"{found['needs_source']} need a source"
    return f"{total} {noun}: " + " · ".join(parts)


def cost_line(report: Report, language: str) -> str:
    """What the check cost at a chat model; empty where none was asked."""
    usage = report.usage
    if "prompt_tokens" not in usage:
        return ""
    return words(language)["cost"].format(
        calls=usage.get("calls", 0),
        cached=usage.get("cached", 0),
        prompt=usage["prompt_tokens"],
        completion=usage.get("completion_tokens", 0),
    )


def speaker_line(claim: Claim, language: str) -> str:
    """Who is said to have said it: "Dmitry Peskov, juru bicara Kremlin, melalui Reuters"; empty for nobody."""
    attribution = claim.attribution
    if attribution is None:
        return ""
    vocabulary = words(language)
    speaker, role = clean_line(attribution.speaker), clean_line(attribution.role)
    parts = [part for part in (speaker, role if role.casefold() not in speaker.casefold() else "") if part]
    if attribution.anonymous:
        parts.append(f"({vocabulary['anonymous']})") if parts else parts.append(vocabulary["anonymous"])
    text = ", ".join(parts).replace(", (", " (")
    outlet = clean_line(attribution.outlet)
    if outlet and outlet.casefold() != speaker.casefold():
        text = f"{text}, {vocabulary['via']} {outlet}" if text else f"{vocabulary['via']} {outlet}"
    return text


def origins_line(count: int, language: str) -> str:
    """How many independent origins, in words."""
    vocabulary = words(language)
    return f"{count} {vocabulary['origin' if count == 1 else 'origins']}"


def failure_line(failure: Failure, language: str) -> str:
    """What stopped the check of a claim, at which stage, in one line."""
    vocabulary = words(language)
    message = clean_line(failure.message) or vocabulary["none"]
    return f"{vocabulary['failed_lead']} {vocabulary[failure.stage]}: {message} ({clean_line(failure.error_type)})"
