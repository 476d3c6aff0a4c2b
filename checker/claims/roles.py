"""What each sentence of an article is for: headline, standfirst, body, link, boilerplate."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from checker.claims.verbs import is_verb
from checker.claims.words import lexicon, tokenise
from checker.head import Head, read_head
from checker.types import Article, Sentence
from retrieval.segment import CLOSERS, split_sentences

Role = Literal["kicker", "headline", "standfirst", "byline", "subheading", "body", "link", "boilerplate"]

CLAIMING: frozenset[str] = frozenset({"headline", "standfirst", "body"})
"""Roles of sentences that can make a claim."""


@dataclass(frozen=True, slots=True)
class RoleSentence:
    """A sentence with its role.

    Attributes:
        start: Where what it says begins: after a dateline, a bullet or a list number.
        end: Where it ends.
        paragraph: Number of its line; sentences of one line belong together.
        repeats: A headline or standfirst that the body says again, word for word.
    """

    role: Role
    start: int
    end: int
    paragraph: int
    repeats: bool = False


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    raw = lexicon().raw

    def union(patterns: Sequence[str]) -> str:
        return "|".join(f"(?:{pattern})" for pattern in patterns)

    return (
        re.compile(rf"[\W_]*(?:{union(raw('boilerplate.link.starts'))})", re.I),
        re.compile(rf"[^\w(©\[*–—=-]*(?:{union(raw('boilerplate.boilerplate.starts'))})", re.I),
        re.compile(union(raw("boilerplate.boilerplate.holds")), re.I),
    )


def is_link(text: str) -> bool:
    """Whether the sentence only points to another article."""
    return bool(_patterns()[0].match(text[:400]))


def is_boilerplate(text: str) -> bool:
    """Whether the sentence belongs to the page and not to the article."""
    return bool(_patterns()[1].match(text[:400]) or _patterns()[2].search(text[:1000]))


_BULLET = re.compile(r"(?:[•▪●○■◆►➤‣*·–—-]|\(?\d{1,2}[.)]|[a-z]\))\s+")
_LINK_TAIL = re.compile(r"[\[(]\s*(?:baca|simak|lihat|read|see|watch)\s+(?:juga|also|more)\b.*$", re.I | re.S)


def sentence_roles(article: Article, head: Head | None = None) -> tuple[RoleSentence, ...]:
    """The sentences of the article with their roles, in order.

    A line that is a link or boilerplate is so as a whole. After a disclaimer about comments nothing of the article
    follows. Segments the text itself where the article came without sentences.
    """
    text = article.text
    head = head or read_head(text)
    sentences = article.sentences or tuple(Sentence(a, b, text[a:b]) for a, b in split_sentences(text))
    roles: list[RoleSentence] = []
    line_roles: dict[int, Role | None] = {}
    later = " | ".join(_plain(s.text) for s in sentences if s.start >= head.body)
    for sentence in sentences:
        line = _line_of(text, sentence.start)
        if line[0] not in line_roles:
            line_roles[line[0]] = _line_role(text[line[0] : line[1]])
        start, end = sentence.start, sentence.end
        role: Role
        if _within(start, head.kicker):
            role = "kicker"
        elif _within(start, head.headline):
            role = "headline"
        elif any(_within(start, span) for span in head.bylines):
            role = "byline"
        elif any(_within(start, span) for span in head.standfirst):
            role = _sentence_role(sentence.text) or "standfirst"
        else:
            role = line_roles[line[0]] or _sentence_role(sentence.text) or "body"
        if head.dateline and head.dateline[0] <= start < head.dateline[1]:
            start = min(head.dateline[1], end)
        bullet = _BULLET.match(text, start, end)
        if bullet and bullet.end() < end:
            start = bullet.end()
        tail = _LINK_TAIL.search(text, start, end)
        if tail and tail.start() > start:
            end = start + len(text[start : tail.start()].rstrip())
        if role == "body" and _is_subheading(text[start:end], article.language, line == (sentence.start, sentence.end)):
            role = "subheading"
        repeats = role in ("standfirst", "headline") and _plain(text[start:end]) in later
        if start < end:
            roles.append(RoleSentence(role, start, end, line[0], repeats))
    return tuple(roles)


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def _within(position: int, span: tuple[int, int] | None) -> bool:
    return span is not None and span[0] <= position < span[1]


def _line_of(text: str, position: int) -> tuple[int, int]:
    start = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    line = text[start : len(text) if end < 0 else end]
    lead = len(line) - len(line.lstrip())
    return start + lead, start + lead + len(line.strip())


def _line_role(line: str) -> Role | None:
    if is_link(line):
        return "link"
    # A paragraph of several sentences may open with a phrase of the lists and still report.
    if len(line) <= 300 and is_boilerplate(line):
        return "boilerplate" if len(split_sentences(line)) <= 2 or _patterns()[2].search(line) else None
    return None


def _sentence_role(text: str) -> Role | None:
    if is_link(text):
        return "link"
    return "boilerplate" if is_boilerplate(text) else None


def _is_subheading(text: str, language: str, own_line: bool) -> bool:
    """A line of a few words without a full stop, or a fragment without a verb."""
    stripped = text.rstrip(CLOSERS + " ")
    tokens = [token for token in tokenise(text) if token.is_word]
    if not tokens:
        return True
    ended = stripped[-1:] in ".!?…。"
    has_verb = any(is_verb(token, language, tokens, i) for i, token in enumerate(tokens))
    if own_line and not ended and (len(tokens) <= 12 and (not has_verb or len(tokens) <= 7)):
        return True
    return len(tokens) <= 2 and not has_verb
