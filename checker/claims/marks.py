"""Quotation marks, commas and what they enclose, in a run of tokens."""

from __future__ import annotations

from checker.claims.words import Token, Tokens

_OPEN_QUOTES = "“„«"


def commas(tokens: Tokens) -> list[int]:
    """Where the commas are that stand outside quotation marks and brackets."""
    found = []
    depth = 0
    quoted = _begins_quoted(tokens)
    for index, token in enumerate(tokens):
        if token.is_quote:
            quoted = _toggles(token, quoted)
        elif token.text in "([":
            depth += 1
        elif token.text in ")]":
            depth = max(0, depth - 1)
        elif token.text == "," and not quoted and not depth:
            found.append(index)
    return found


def _toggles(token: Token, quoted: bool) -> bool:
    """The state after a quotation mark."""
    del quoted
    return not token.closing


def _begins_quoted(tokens: Tokens) -> bool:
    """Whether the tokens begin inside a quotation that an earlier sentence opened."""
    first = next((token for token in tokens if token.is_quote), None)
    return first is not None and first.closing


def quoted_mask(tokens: Tokens) -> list[bool]:
    """For each token whether it stands inside quotation marks (the marks included)."""
    mask = []
    quoted = _begins_quoted(tokens)
    for token in tokens:
        if token.is_quote:
            was = quoted
            quoted = _toggles(token, quoted)
            mask.append(was or quoted)
        else:
            mask.append(quoted)
    return mask


def strip(tokens: Tokens) -> Tokens:
    """Without commas, dashes and colons at either end."""
    start, end = 0, len(tokens)
    while start < end and tokens[start].text in ",;:–—-":
        start += 1
    while end > start and tokens[end - 1].text in ",;:–—-":
        end -= 1
    return tokens[start:end]
