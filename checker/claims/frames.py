"""Frames of reported speech in one stretch of a sentence: where the source, the cue and the content are.

A frame is only found here; who the source is, and what carries over from earlier sentences, is `attribution`'s.
"""

from __future__ import annotations

from checker.claims.documents import (
    calling_frame,
    denial_frame,
    document_frame,
    participle_frame,
    reporting_frame,
    withheld_frame,
)
from checker.claims.frame import Frame
from checker.claims.initial import colon_frame, initial_frame
from checker.claims.marks import strip
from checker.claims.phrases import is_noun_phrase, phrase_to_comma, plausible_source
from checker.claims.trailing import CITING, trailing_frame
from checker.claims.words import LONGEST, Tokens, lexicon, word_set


def find_frame(tokens: Tokens, language: str, *, inherit: bool = False) -> Frame | None:
    """The outermost frame of a stretch of tokens, or None.

    Args:
        tokens: A sentence or clause without its final full stop.
        language: `id` or `en`.
        inherit: The stretch may begin with its verb of saying, its subject being that of the clause before.
    """
    if not 3 <= len(tokens) <= LONGEST:
        return None
    return (
        _label(tokens)
        or _leading(tokens, language)
        or trailing_frame(tokens, language)
        or initial_frame(tokens, language, inherit)
        or colon_frame(tokens, language)
        or document_frame(tokens, language)
        or reporting_frame(tokens, language)
        or denial_frame(tokens, language, inherit)
        or calling_frame(tokens, language)
        or withheld_frame(tokens, language)
        or participle_frame(tokens, language)
    )


def _label(tokens: Tokens) -> Frame | None:
    """`PENCE: Well, ...`, `Peskov: Moskow siap`: a transcript."""
    colon = next((i for i, token in enumerate(tokens[:7]) if token.text == ":"), -1)
    if colon < 1 or colon + 2 >= len(tokens) or tokens[colon + 1].start == tokens[colon].end:
        return None
    name = tuple(token for token in tokens[:colon] if token.is_word)
    if not name or len(name) > 5 or not all(token.is_capital and token.text.isalpha() for token in name):
        return None
    content = tokens[colon + 1 :]
    opened = content[0].is_quote or tokens[0].is_quote
    if not (opened or all(token.text.isupper() for token in name)):
        return None
    return Frame("label", (content,), name, (tokens[colon],), tokens)


# "Menurut rencana" tells when, "menurut hukum" by what right.
_NO_SOURCE = word_set(
    "rencana jadwal hukum aturan undang-undang perkiraan kabar rumor tradisi legenda urutan perjanjian"
)


def _leading(tokens: Tokens, language: str) -> Frame | None:
    """`Menurut X, ...`; `Sementara diberitakan X, ...`; `According to X, ...`."""
    words = lexicon()
    start = words.match("cues.frames.id_openers", tokens, 0) if language == "id" else 0
    if language == "en" and tokens[0].lower in {"meanwhile", "but", "and", "also", "however"}:
        start = 2 if tokens[1].text == "," else 1
    if start and start < len(tokens) and tokens[start].text == ",":
        start += 1
    for begin in dict.fromkeys((0, start)):
        if (
            language == "id"
            and words.match("cues.speech.id_post", tokens, begin) == 1
            and tokens[begin].lower != "lapor"
        ):
            # "Kata dia, pembayaran dimulai bulan depan."
            source, rest = phrase_to_comma(tokens, begin + 1)
            if source and len(source) <= 8 and rest and is_noun_phrase(source, language):
                return Frame("trailing", (rest,), source, tokens[begin : begin + 1], tokens)
        if tokens[begin].lower == "menurutnya" and begin + 3 < len(tokens):
            return Frame("according", (strip(tokens[begin + 1 :]),), (), tokens[begin : begin + 1], tokens)
        for path, shape, still in (
            ("id_still", "outlet", True),
            ("id_outlet", "outlet", False),
            ("id_according", "according", False),
            ("en_still", "according", True),
            ("en_according", "according", False),
        ):
            if (language == "id") != path.startswith("id"):
                continue
            length = words.match(f"cues.frames.{path}", tokens, begin)
            if not length:
                continue
            if (
                tokens[begin].lower in {"dilaporkan", "dikabarkan", "diberitakan"}
                and not tokens[begin + length].is_capital
            ):
                continue
            source, rest = phrase_to_comma(tokens, begin + length)
            if not source or not rest:
                continue
            if path == "id_according" and source[0].lower in _NO_SOURCE:
                continue
            if tokens[begin].lower in CITING and not plausible_source(source):
                continue
            if (
                path == "id_according"
                and tokens[begin].lower == "berdasarkan"
                and not any(t.is_capital for t in source)
            ):
                continue
            return Frame(
                shape,  # type: ignore[arg-type]
                (rest,),
                source,
                tokens[begin : begin + length],
                tokens,
                lead=tokens[:begin],
                still=still,
            )
    return None
