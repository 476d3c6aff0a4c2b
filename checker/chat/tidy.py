"""What a person types, made readable for the rules: white space, language, capitals, the short forms of chat."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources

from checker.injection import inspect
from retrieval.language import detect_language

LANGUAGES = ("id", "en")

_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
# Names that are also everyday words, in letters of one case: "us", "as", "it", "may".
_ALSO_WORDS = frozenset("us as is it may mar sat sun wed mas ap la ma pan time people post mail who un ri pt".split())


def tidy(text: str) -> str:
    """The text as a reader sees it: nothing hidden or directional, plain line feeds, no space around."""
    seen = inspect(text).clean
    seen = re.sub(r"[\u2028\u2029\x85]|\r\n?", "\n", seen)
    return re.sub(r" *\n *", "\n", re.sub(r"[^\S\n]+", " ", seen)).strip()


def language_of(text: str, default: str = "id") -> str:
    """`id` or `en`; `default` where the text shows neither, as names and numbers alone do."""
    sure = detect_language(text)
    words = [word.casefold() for word in _WORD.findall(text[:20_000])]
    if len(words) > 30 and sure:
        return sure
    counts = {code: sum(word in lists()[f"words_{code}"] for word in words) for code in LANGUAGES}
    counts["id"] += sum(word.endswith("kah") or word.endswith("nya") for word in words)
    if counts["id"] != counts["en"]:
        return max(LANGUAGES, key=lambda code: counts[code])
    return sure or default


def formal(text: str) -> str:
    """Indonesian as the evidence is written: short forms in full, particles of speech gone. English is left alone."""
    for pattern, full in _rewrites():
        for found in reversed(list(pattern.finditer(text))):
            text = text[: found.start()] + _like(found.group(), full) + text[found.end() :]
    text = _particles().sub("", text)
    return re.sub(r" +([,.;:!?])", r"\1", re.sub(r" {2,}", " ", text)).strip()


def capitals(text: str) -> str:
    """A text typed in small letters with its names in capitals, so that the rules find them; any other as it is."""
    body = text[1:]
    if any(char.isupper() for char in body):
        return text
    from retrieval.names import find_names

    raised = re.sub(r"(?<![\w'’])[a-z]", lambda match: match.group().upper(), text)
    letters = list(text)
    for span in find_names(raised):
        if span.type == "other" or text[span.start : span.end].casefold() in _ALSO_WORDS:
            continue
        letters[span.start : span.end] = raised[span.start : span.end]
    return "".join(letters)


def sentence(text: str) -> str:
    """A proposition as a sentence: a capital first, a full stop last."""
    text = text.strip(" \n\t,;:–—-").rstrip("?!. ").strip(" ,;:–—-")
    if not text:
        return ""
    return text[0].upper() + text[1:] + "."


@cache
def lists() -> dict[str, frozenset[str]]:
    """The word lists of `data/words.toml`."""
    return {name: frozenset(value.split()) for name, value in _file()["lists"].items()}


@cache
def _file() -> dict[str, dict[str, str]]:
    return tomllib.loads((resources.files("checker.chat") / "data" / "words.toml").read_text(encoding="utf-8"))


@cache
def _rewrites() -> tuple[tuple[re.Pattern[str], str], ...]:
    # Longer forms first, so that "ngasih tau" is not read as "tau".
    rows = sorted(_file()["formal"].items(), key=lambda row: -len(row[0]))
    return tuple((re.compile(rf"(?<![\w-]){re.escape(short)}(?![\w-])", re.I), full) for short, full in rows)


@cache
def _particles() -> re.Pattern[str]:
    listed = "|".join(sorted(lists()["particles"]))
    return re.compile(rf"(?:^|(?<=\s))(?:{listed})(?=[\s,.;:!?]|$)[, ]*", re.I)


def _like(found: str, full: str) -> str:
    return full[0].upper() + full[1:] if found[0].isupper() else full
