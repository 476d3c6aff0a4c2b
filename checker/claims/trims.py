"""What goes from the ends of a stretch of tokens before it is quoted or worded."""

from __future__ import annotations

from checker.claims.words import Tokens, lexicon


def bare(tokens: Tokens) -> Tokens:
    """Without the marks at either end, quotation marks too."""
    start, end = 0, len(tokens)
    while start < end and not tokens[start].is_word:
        start += 1
    while end > start and not tokens[end - 1].is_word:
        end -= 1
    return tokens[start:end]


def drop_connective(tokens: Tokens) -> Tokens:
    """Without the words that only join a sentence to the one before: "Selain itu,", "However,", "But"."""
    while tokens and not (tokens[0].is_word or tokens[0].is_quote or tokens[0].text in "([$€£Rp"):
        tokens = tokens[1:]
    for _ in range(2):
        length = lexicon().match("cues.join.connectives", tokens, 0) if tokens else 0
        if not length or length >= len(tokens):
            break
        if tokens[length].text == ",":
            tokens = tokens[length + 1 :]
        elif length == 1 and tokens[0].lower in {
            "namun",
            "tetapi",
            "but",
            "and",
            "yet",
            "so",
            "adapun",
            "sedangkan",
            "bahkan",
        }:
            tokens = tokens[1:]
        elif " ".join(t.lower for t in tokens[:length]) in {"diketahui bahwa", "sementara itu", "selain itu"}:
            tokens = tokens[length:]
        else:
            break
    return tokens


def trim_marks(tokens: Tokens) -> Tokens:
    """Without punctuation at either end."""
    start, end = 0, len(tokens)
    while start < end and tokens[start].text in ",;:–—-.…":
        start += 1
    while end > start and tokens[end - 1].text in ",;:–—-.…":
        end -= 1
    return tokens[start:end]
