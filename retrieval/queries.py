"""From a claim to search queries, in Indonesian and in English.

A query is the claim's names, its figures and its topic words. For the other language, names are those that the
gazetteer knows there, and topic words those of a small glossary; nothing is translated by guessing, so a word that is
in neither is left out, and names and figures carry the query.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from retrieval.dates import find_dates
from retrieval.language import detect_language, function_words
from retrieval.names import find_names, translate

MOST_TERMS = 10
"""Terms of a query: search engines and GDELT ask for all of them, so more find less."""

_WORD = re.compile(r"[^\W_]+(?:[-.,'’][^\W_]+)*")
_OTHER = {"id": "en", "en": "id"}
# Who said it is a name; that it was said finds nothing.
_SAYING = """
    kata mengatakan menyatakan menyebut disebut ujar tutur ungkap mengungkapkan menambahkan menjelaskan menegaskan
    menurut melaporkan dilaporkan diberitakan melansir dilansir mengutip dikutip mengaku klaim sumber pihaknya orang
    said says saying told tells stated states according reported reports added claims claimed source sources people
    sebuah sebelumnya sesudah sekitar sangat senin selasa rabu kamis jumat sabtu minggu monday tuesday wednesday
    thursday friday saturday sunday kemarin yesterday today besok tomorrow ia pun itu the that this there these
"""
_SKIPPED = frozenset(_SAYING.split())


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What a connector is asked.

    Attributes:
        text: Words, most telling first.
        language: `id` or `en`: the language the words are in.
    """

    text: str
    language: str


@lru_cache(maxsize=1)
def _glossary() -> Mapping[str, Mapping[str, str]]:
    """Words by language they are in, each with its word in the other."""
    data = tomllib.loads(resources.files("retrieval").joinpath("data/glossary.toml").read_text("utf-8"))
    to_english: dict[str, str] = data["words"]
    to_indonesian: dict[str, str] = {}
    for word, english in to_english.items():
        to_indonesian.setdefault(english, word)
    return {"id": to_english, "en": to_indonesian}


def queries_from_claim(text: str, language: str = "") -> list[SearchQuery]:
    """Return the queries that look for evidence on a claim: one in its own language, then one in the other.

    Args:
        text: The claim, one sentence.
        language: `id` or `en`; found from the text if it is neither, Indonesian where that fails.

    Returns:
        No query for a claim without names, figures or topic words; no second one if nothing but figures carries over.
    """
    own = language if language in _OTHER else detect_language(text) or "id"
    names, figures, words = _terms(text, own)
    queries = []
    terms = _compose(names, figures, words)
    if terms:
        queries.append(SearchQuery(terms, own))
    other = _OTHER[own]
    carried = [translate(name, other) or name for name in names]
    translated = [_glossary()[own][word.casefold()] for word in words if word.casefold() in _glossary()[own]]
    dated = [_figure(figure, other) for figure in figures]
    if carried or translated:
        queries.append(SearchQuery(_compose(carried, dated, translated), other))
    return queries


def _terms(text: str, language: str) -> tuple[list[str], list[str], list[str]]:
    """Names, figures (dates as month and year among them) and topic words, each in the order of the text."""
    spans = [(start, end) for start, end, _ in find_dates(text, None, language)]
    names: list[str] = []
    for name in find_names(text, language):
        # "Senin" and "November" are capitalised too, and so is a plain word that begins a sentence.
        plain = name.type == "other" and name.text.split()[0].casefold() in _glossary()[language]
        if not plain and not any(start < name.end and name.start < end for start, end in spans):
            names.append(name.text)
            spans.append((name.start, name.end))
    figures: list[str] = []
    for start, end, _ in find_dates(text, None, language):
        figures.append(re.sub(r"^\W*(?:\w+,\s*)?\d{1,2}\s+(?=[^\W\d])", "", text[start:end]).strip())
    words: list[str] = []
    skipped = function_words(language) | _SKIPPED
    for match in _WORD.finditer(text):
        if any(start < match.end() and match.start() < end for start, end in spans):
            continue
        word = match[0]
        if word[0].isdigit():
            figures.append(word)
        elif len(word) > 2 and word.casefold() not in skipped:
            words.append(word)
    return names, figures, words


def _compose(names: list[str], figures: list[str], words: list[str]) -> str:
    chosen: dict[str, str] = {}
    for term in [*names[:5], *words[:4], *figures[:2], *names[5:], *words[4:], *figures[2:]]:
        if len(chosen) < MOST_TERMS and term:
            chosen.setdefault(term.casefold(), term)
    return " ".join(chosen.values())


def _figure(figure: str, to: str) -> str:
    """Months by name, and the decimal mark of the other language."""
    words = [translate(word, to) or word for word in figure.split()]
    swapped = str.maketrans(",.", ".,")
    return " ".join(word.translate(swapped) if word[0].isdigit() else word for word in words)
