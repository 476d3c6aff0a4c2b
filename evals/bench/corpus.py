"""What is added and asked: news-like articles in Indonesian and English, cut into the passages that both sides get."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from retrieval.passages import split_passages

SENTENCES = 8
"""Sentences of one article; about six passages."""

_PUBLISHERS = ("Koran Uji", "Harian Contoh", "Test Gazette", "Sample Wire", "Kabar Latihan")


class Made(NamedTuple):
    """A corpus.

    Attributes:
        articles: `id`, `language`, `publisher`, `published_at`, `text` and the `passages` of its text.
        queries: Sentences; of those drawn from parallel text, each is the translation of one in the corpus.
        origin: What the text is, in one line.
    """

    articles: list[dict[str, Any]]
    queries: list[str]
    origin: str

    @property
    def passages(self) -> list[str]:
        """All passages, in the order of their articles."""
        return [passage for article in self.articles for passage in article["passages"]]


def make(passages: int, queries: int = 200, seed: int = 0) -> Made:
    """Make a corpus; a smaller one is the beginning of a larger one.

    Args:
        passages: At least this many; the last article is whole.
        queries: How many queries.
        seed: Draws the text.
    """
    pairs, origin = _sentences(seed)
    articles: list[dict[str, Any]] = []
    count = number = 0
    asked: list[str] = []
    while count < passages:
        block = _block(pairs, number)
        for side, language in ((0, "id"), (1, "en")):
            article = _article(len(articles), language, [pair[side] for pair in block], seed)
            articles.append(article)
            count += len(article["passages"])
        if len(asked) < queries:
            asked += [block[0][1], block[-1][0]]
        number += 1
    while count - len(articles[-1]["passages"]) >= passages:
        count -= len(articles.pop()["passages"])
    return Made(articles, [asked[i % len(asked)] for i in range(queries)], origin)


def write(made: Made, folder: Path) -> tuple[Path, Path]:
    """Write articles and queries for the processes that measure; returns both paths."""
    folder.mkdir(parents=True, exist_ok=True)
    articles, queries = folder / "articles.jsonl", folder / "queries.json"
    with articles.open("w", encoding="utf-8") as out:
        for article in made.articles:
            out.write(json.dumps(article, ensure_ascii=False) + "\n")
    queries.write_text(json.dumps(made.queries, ensure_ascii=False), "utf-8")
    return articles, queries


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The articles of a file that `write` made."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _article(number: int, language: str, sentences: Sequence[str], seed: int) -> dict[str, Any]:
    chance = random.Random(f"{seed}/{number}")
    text = "\n\n".join(" ".join(sentences[i : i + 3]) for i in range(0, len(sentences), 3))
    moment = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=chance.randrange(525_600))
    identity = f"bench-{number:07d}"
    return {
        "id": identity,
        "language": language,
        "publisher": chance.choice(_PUBLISHERS),
        "published_at": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "text": text,
        "passages": [passage.text for passage in split_passages(text, identity)],
    }


def _block(pairs: Sequence[tuple[str, str]], number: int) -> list[tuple[str, str]]:
    """The sentences of one article; once all pairs were used, they come again in other company."""
    at = number * SENTENCES
    if at + SENTENCES <= len(pairs):
        return list(pairs[at : at + SENTENCES])
    return random.Random(number).sample(pairs, SENTENCES)


def _sentences(seed: int) -> tuple[list[tuple[str, str]], str]:
    """Pairs of sentences, Indonesian first, in a fixed order; and what they are."""
    from evals.data.catalogue import data_root, entry
    from evals.data.files import read_table

    found = entry("parallel-en-id")
    path = data_root() / found.folder / next(iter(found.files))
    if not path.is_file():
        return _invented(seed), "sentences drawn word by word from the demo evidence (no local copy of parallel-en-id)"
    rows: dict[str, tuple[str, str]] = {}
    for _, row in read_table(path, delimiter="\t", quoted=False):
        if all(5 <= len((row[side] or "").split()) <= 60 for side in ("id", "en")):
            key = hashlib.sha256(f"{seed}/{row['en']}".encode()).hexdigest()
            rows.setdefault(key, (_closed(row["id"]), _closed(row["en"])))
    return [rows[key] for key in sorted(rows)], f"{len(rows):,} sentence pairs of parallel-en-id, joined into articles"


def _closed(sentence: str) -> str:
    sentence = " ".join(sentence.split())
    return sentence if sentence[-1] in ".!?…\"”'" else f"{sentence}."


def _invented(seed: int, count: int = 20_000) -> list[tuple[str, str]]:
    """Sentences in which each word follows one that it follows in the demo evidence: no news, but its words."""
    follows: dict[str, dict[str, list[str]]] = {"id": {}, "en": {}}
    folder = Path(__file__).resolve().parents[2] / "seeds" / "evidence"
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            card = json.loads(line)
            table = follows.get(card.get("language", ""), follows["en"])
            words = card["text"].split()
            for word, following in pairwise(words):
                table.setdefault(word, []).append(following)
    chance = random.Random(seed)

    first = {language: sorted(table) for language, table in follows.items()}

    def sentence(language: str) -> str:
        words = [chance.choice(first[language])]
        for _ in range(chance.randint(10, 28)):
            words.append(chance.choice(follows[language].get(words[-1]) or first[language]))
        return f"{' '.join(words).replace('.', '').capitalize()}."

    return [(sentence("id"), sentence("en")) for _ in range(count)]
