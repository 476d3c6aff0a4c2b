"""Word substitutes: a claim's word exchanged for one that lives near it in the encoder's own word embeddings.

"patients" becomes "visitors": of the same subject perhaps, and not the same. Words nearer than that were tried and
are mostly synonyms, or forms of one word. The exchange is looked for in premise and claim alike (see `training.twins`);
since it may now and then still be true, a row that differs is only known not to be supported.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from training.pair_sources import NOT_SUPPORTED, SUPPORTS, Row, relabel

_WORD = re.compile(r"[a-z]{5,}\Z")
_LOW, _HIGH = 0.18, 0.35
"""Cosine of an exchange: below it is another subject, above it mostly the same word or a form of it."""


def _same_stem(a: str, b: str) -> bool:
    """Whether two words look like forms of one: a shared start of four letters, or one inside the other."""
    return a[:4] == b[:4] or a in b or b in a or a[-5:] == b[-5:]


def counts(rows: Sequence[Row], language: str) -> Counter[str]:
    """In how many claims of a language each word stands."""
    claims = [r.claim for r in rows if r.languages[1] == language]
    return Counter(w for claim in claims for w in set(re.findall(r"[a-z]+", claim.lower())))


def neighbours(folder: Path, words: Mapping[str, int], *, least: int = 8, most: int = 40) -> dict[str, tuple[str, ...]]:
    """For each word of `words` (with its count) that is one piece of the vocabulary, the words near it.

    Args:
        folder: Encoder folder with `model.safetensors` and `tokenizer.json`.
        words: Counts in claims of one language; a word must occur `least` times, so that substitutes are common too.
        least: Least count.
        most: Words kept of each, the farthest of the band.
    """
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    vocabulary = Tokenizer.from_file(str(folder / "tokenizer.json")).get_vocab()
    state = load_file(str(folder / "model.safetensors"))
    table = next(v for k, v in state.items() if k.endswith("word_embeddings.weight"))
    known = sorted(w for w, n in words.items() if n >= least and w in vocabulary and _WORD.match(w))
    if len(known) < 2:
        return {}
    vectors = table[[vocabulary[w] for w in known]].astype(np.float32)
    vectors -= vectors.mean(0)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found: dict[str, tuple[str, ...]] = {}
    for at in range(0, len(known), 512):
        near = vectors[at : at + 512] @ vectors.T
        for i, row in enumerate(near):
            word = known[at + i]
            order = np.argsort(-row)[1:300]
            chosen = [known[j] for j in order if _LOW < row[j] < _HIGH and not _same_stem(word, known[j])]
            if chosen:
                found[word] = tuple(chosen[-most:])
    return found


def _exchange(text: str, old: str, new: str) -> str:
    def put(match: re.Match[str]) -> str:
        return new.capitalize() if match.group()[0].isupper() else new

    return re.sub(rf"\b{old}\b", put, text, flags=re.IGNORECASE)


def substituted(
    rows: Sequence[Row], tables: Mapping[str, Mapping[str, tuple[str, ...]]], count: int, rng: random.Random
) -> Iterator[Row]:
    """Rows with a word exchanged on one side (not supported) or on both (supported); `tables` by language."""
    pool = [r for r in rows if r.label == SUPPORTS and r.languages[0] == r.languages[1]]
    for row in rng.sample(pool, len(pool)):
        table = tables.get(row.languages[1], {})
        premise = set(re.findall(r"[a-z]+", row.premise.lower()))
        claim = re.findall(r"[a-z]+", row.claim.lower())
        words = [w for w in dict.fromkeys(claim) if w in premise and w in table]
        if not words:
            continue
        old = rng.choice(words)
        new = rng.choice(table[old])
        if new in premise or new in claim:
            continue
        changed, elsewhere = _exchange(row.claim, old, new), _exchange(row.premise, old, new)
        source = f"{row.source}-word"
        if rng.random() < 0.65:
            yield relabel(row, NOT_SUPPORTED, claim=changed, source=source, weight=0.6)
        else:
            yield relabel(row, NOT_SUPPORTED, premise=elsewhere, source=source, weight=0.6)
        count -= 1
        if rng.random() < 0.5:
            yield relabel(row, SUPPORTS, premise=elsewhere, claim=changed, source=source)
            count -= 1
        if count <= 0:
            return
