"""A document on its way into the store: checked, cut, embedded, dated, sketched."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from retrieval.credits import find_credits, relayed_outlets
from retrieval.database import NewSource
from retrieval.dates import bounds, utc_text
from retrieval.errors import InputError
from retrieval.ids import content_hash
from retrieval.lexical import guess_language, passage_terms
from retrieval.names import canonical, find_names
from retrieval.origins import sketch
from retrieval.passages import split_passages
from retrieval.types import Passage, Source
from retrieval.vectors import pack

if TYPE_CHECKING:
    from retrieval.embed import Embedder

MAX_CHARACTERS = 5_000_000
"""Longest text of one source: thirty novels' worth; a longer one is a dump that should be added in parts."""

RECIPE = "title+passage-1"
"""Names how a passage's text reaches the embedder; part of what makes two stores' vectors comparable."""


def checked(source: Source) -> Source:
    """Make sure that a source can be stored, and set what follows from its text.

    Returns:
        The source with its content hash.

    Raises:
        InputError: It has no id or no text, is too long, is not valid Unicode, or its date is not ISO 8601.
    """
    if not source.id.strip():
        raise InputError("it has no id")
    if not source.text.strip():
        raise InputError("it has no text")
    if len(source.text) > MAX_CHARACTERS:
        raise InputError(
            f"its text has {len(source.text):,} characters; at most {MAX_CHARACTERS:,} are taken: split it"
        )
    try:
        _record(source).encode("utf-8")
    except UnicodeEncodeError:
        raise InputError("it is not valid Unicode text (it holds half of a surrogate pair)") from None
    if source.published_at is not None:
        try:
            bounds(source.published_at)
        except ValueError as error:
            raise InputError(f"published_at: {error}") from None
    return replace(source, content_hash=content_hash(source.text))


def record_hash(source: Source) -> str:
    """SHA-256 of everything about a source but when it was fetched; equal hashes mean that nothing changed."""
    return hashlib.sha256(_record(source).encode("utf-8")).hexdigest()


def prepare(sources: Sequence[Source], embedder: Embedder) -> list[NewSource]:
    """Cut and embed sources, all passages in one call, which is what embedding is fastest with."""
    cut = [split_passages(source.text, source.id) for source in sources]
    texts = [
        embedded_text(source.title, passage.text)
        for source, passages in zip(sources, cut, strict=True)
        for passage in passages
    ]
    packed = pack(embedder.encode(texts, kind="passage")) if texts else ()
    prepared, first = [], 0
    for source, passages in zip(sources, cut, strict=True):
        prepared.append(assemble(source, passages, packed[first : first + len(passages)]))
        first += len(passages)
    return prepared


def embedded_text(title: str, passage: str) -> str:
    """What is embedded for a passage: its source's title goes along, as it often names whom "he" means."""
    title = title.strip()
    if not title:
        return passage
    return f"{title}{'' if title[-1] in '.!?:' else '.'} {passage}"


def assemble(source: Source, passages: Sequence[Passage], vectors: Sequence[bytes]) -> NewSource:
    """Put together what is written for a source that was cut and embedded already."""
    earliest = latest = None
    if source.published_at is not None:
        earliest, latest = map(utc_text, bounds(source.published_at))
    # A card in English may tell what a Greek page says, so the text is asked first.
    language = guess_language(source.text[:5000]) or source.language
    names = find_names(source.text, language or None)
    spans = [(passage.start, passage.end) for passage in passages]
    credits = find_credits(source.text, names)
    return NewSource(
        source=source,
        passages=tuple(passages),
        terms=tuple(tuple(found) for found in passage_terms(source.text, source.title, language, spans, names)),
        vectors=tuple(vectors),
        sketch=sketch(source.text),
        publisher=canonical(source.publisher) if source.publisher else "",
        relayed=relayed_outlets(source, credits),
        credits=tuple(
            tuple(dict.fromkeys(credit.outlet for credit in credits if start <= credit.start < end))
            for start, end in spans
        ),
        written_in=language,
        record_hash=record_hash(source),
        earliest=earliest,
        latest=latest,
    )


def _record(source: Source) -> str:
    return json.dumps(
        [
            *(source.id, source.url, source.title, source.publisher, source.publisher_type, source.country),
            *(source.language, source.published_at, list(source.via), source.text, dict(source.extra)),
        ],
        ensure_ascii=False,
        sort_keys=True,
    )
