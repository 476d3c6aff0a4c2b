"""English-Indonesian sentence pairs for training, with everything held out taken away first.

The pairs are `parallel-en-id/en_id_parallel.tsv` of the data folder. Rows of `gunnxx/news/valid`,
`sts-indo(MT)/test` and `nusax/test` are test data; `gunnxx/general/valid` and `nusax/valid` are kept for choosing. All
other rows are training rows, less those that share a side with any dev or test set of the project.
"""

from __future__ import annotations

import csv
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

TEST_SOURCES = ("gunnxx/news/valid", "sts-indo(MT)/test", "nusax/test")
DEV_SOURCES = ("gunnxx/general/valid", "nusax/valid")

# Files whose every text is held out, relative to the data folder (or to its parent, for newsroom-dev).
HELD_OUT_FILES = (
    "sts-indo/data/final-data/test.tsv",
    "indonli/data/indonli/val.jsonl",
    "indonli/data/indonli/test_lay.jsonl",
    "beir-scifact/extracted/claims_validation.csv",
    "beir-scifact/extracted/claims_test.csv",
    "beir-scifact/extracted/climate-fever.jsonl",
    "idk-mrc/dataset/baseline/tydiqa/valid.json",
    "idk-mrc/dataset/idk_mrc/valid.json",
)
_MIN_FOREIGN = 25  # characters: below this a shared text ("Terima kasih") is chance, not a leak
_SHINGLE = 8  # words: a shared run of eight is a copied sentence, not a common phrase


@dataclass(frozen=True)
class Pair:
    """One translation pair; `row` is its line in the file (the header is 0), its identity."""

    row: int
    source: str
    domain: str
    licence: str
    en: str
    id: str


@dataclass(frozen=True)
class ParallelData:
    """`train`, `dev` and `test` pairs, and `removed`: how many training rows each rule took away."""

    train: tuple[Pair, ...]
    dev: tuple[Pair, ...]
    test: tuple[Pair, ...]
    removed: dict[str, int]


def normalise(text: str) -> str:
    """`text` for comparison: NFKC, lower case, letters and digits only, one space between words."""
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", text).lower()))


def read_pairs(path: Path) -> Iterator[Pair]:
    """The rows of the parallel file; the file has no quoting, so it is split on tabs and nothing else."""
    with path.open(encoding="utf-8") as lines:
        for row, line in enumerate(lines):
            fields = line.rstrip("\n").split("\t")
            if row == 0 or len(fields) != 5:
                continue
            source, domain, licence, en, id_ = fields
            yield Pair(row, source, domain, licence, en.strip(), id_.strip())


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def _file_texts(path: Path) -> Iterator[str]:
    if path.suffix == ".jsonl":
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip():
                yield from _strings(json.loads(line))
    elif path.suffix == ".json":
        yield from _strings(json.loads(path.read_text(encoding="utf-8")))
    elif path.suffix == ".tsv":
        for line in path.read_text(encoding="utf-8").splitlines():
            yield from (field.strip('"') for field in line.split("\t"))
    else:
        csv.field_size_limit(10**9)
        with path.open(encoding="utf-8", newline="") as lines:
            for record in csv.reader(lines):
                yield from record


def held_out_texts(data: Path) -> set[str]:
    """Every normalised text, and sentence of a text, of the project's dev and test sets outside the pairs."""
    found: set[str] = set()
    paths = [data / name for name in HELD_OUT_FILES]
    newsroom = data.parent / "newsroom-dev"
    paths += sorted(p for p in newsroom.rglob("*") if p.suffix in {".json", ".jsonl"})
    paths += [p for p in (newsroom.parent / "evidence-cards.jsonl",) if p.exists()]
    for path in paths:
        for text in _file_texts(path):
            for part in (text, *re.split(r"(?<=[.!?])\s+", text)):
                key = normalise(part)
                if len(key) >= _MIN_FOREIGN:
                    found.add(key)
    return found


def shingles(texts: Iterable[str]) -> set[int]:
    """Hashes of every run of eight words (within one process only: Python's `hash` of a string is salted)."""
    found: set[int] = set()
    for text in texts:
        words = normalise(text).split()
        found.update(hash(tuple(words[i : i + _SHINGLE])) for i in range(len(words) - _SHINGLE + 1))
    return found


def load(data: Path) -> ParallelData:
    """Reads, splits and de-duplicates the pairs.

    A training row is removed if a side is empty, if it has been seen (both sides), if a side equals a side of a dev or
    test row or a text of another dev or test set, or if it shares eight words in a row with one of this file's own
    dev or test rows.
    """
    rows = list(read_pairs(data / "parallel-en-id" / "en_id_parallel.tsv"))
    dev = tuple(p for p in rows if p.source in DEV_SOURCES)
    test = tuple(p for p in rows if p.source in TEST_SOURCES)
    own_texts = {normalise(text) for p in (*dev, *test) for text in (p.en, p.id)}
    own_shingles = shingles(text for p in (*dev, *test) for text in (p.en, p.id))
    foreign = held_out_texts(data)
    removed: Counter[str] = Counter()
    seen: set[tuple[str, str]] = set()
    train = []
    for pair in rows:
        if pair.source in DEV_SOURCES or pair.source in TEST_SOURCES:
            continue
        en, id_ = normalise(pair.en), normalise(pair.id)
        if not en or not id_:
            removed["empty"] += 1
        elif (en, id_) in seen:
            removed["duplicate"] += 1
        elif en in own_texts or id_ in own_texts:
            removed["side in own dev or test"] += 1
        elif en in foreign or id_ in foreign:
            removed["side in another dev or test set"] += 1
        elif not own_shingles.isdisjoint(shingles((pair.en, pair.id))):
            removed["eight words shared with own dev or test"] += 1
        else:
            seen.add((en, id_))
            train.append(pair)
            continue
        seen.add((en, id_))
    return ParallelData(tuple(train), dev, test, dict(removed))
