"""The passages of one generation of a store, in memory: what its search runs over."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from retrieval.database import Database
from retrieval.lexical import TOKENISER, LexicalIndex
from retrieval.vectors import FloatArray, unpack

log = logging.getLogger(__name__)

CACHE_ABOVE = 2_000
"""Passages above which the word index is kept on disk; making it anew takes about 0.1 ms a passage."""

READ_BY_THEMSELVES = 5_000
"""Passages up to which a part of a large store is read from SQLite for each search, in up to 20 ms."""

IntArray = npt.NDArray[np.int64]


class Corpus:
    """Passages by position, in the order of their row numbers.

    Attributes:
        generation: Of the database when this was read.
        nums: `(n,)` row number of each passage, rising.
        sources: `(n,)` row number of each passage's source.
        languages: `(n,)` a number for the language that each passage is written in.
    """

    def __init__(self, database: Database, dimensions: int, cache: Path | None) -> None:
        self._database = database
        self._dimensions = dimensions
        self._cache = cache
        self._matrix: FloatArray | None = None
        self._lexical: LexicalIndex | None = None
        self.generation = -1
        self.nums: IntArray = np.zeros(0, dtype=np.int64)
        self.sources: IntArray = np.zeros(0, dtype=np.int64)
        self.languages: IntArray = np.zeros(0, dtype=np.int64)

    def __len__(self) -> int:
        return len(self.nums)

    def refresh(self) -> None:
        """Catch up with the database, where it has changed."""
        generation = self._database.generation
        if generation == self.generation:
            return
        rows = self._database.passage_table()
        table = np.array([row[:2] for row in rows], dtype=np.int64).reshape(-1, 2)
        numbers: dict[str, int] = {}
        self.languages = np.array([numbers.setdefault(row[2], len(numbers)) for row in rows], dtype=np.int64)
        known = len(self.nums)
        appended = known and len(table) >= known and np.array_equal(table[:known, 0], self.nums)
        if self._matrix is not None:
            # Nothing but additions, as a rule: read the new vectors only.
            new = self._read_vectors(int(self.nums[-1])) if appended else self._read_vectors(0)
            self._matrix = np.concatenate([self._matrix, new]) if appended else new
        self._lexical = None
        self.nums, self.sources = table[:, 0].copy(), table[:, 1].copy()
        self.generation = generation

    @property
    def matrix(self) -> FloatArray:
        """`(n, d)` float32, unit length: the embedding of each passage."""
        if self._matrix is None:
            self._matrix = self._read_vectors(0)
        return self._matrix

    def vectors_at(self, positions: IntArray) -> FloatArray:
        """The embeddings of some passages; few of them are read by themselves, without the others."""
        few = len(positions) <= READ_BY_THEMSELVES and 2 * len(positions) <= len(self)
        if self._matrix is None and few:
            nums = self.nums[positions].tolist()
            found = self._database.vectors_of(nums)
            return unpack([found[num] for num in nums], self._dimensions)
        return self.matrix if len(positions) == len(self) else self.matrix[positions]

    @property
    def lexical(self) -> LexicalIndex:
        """The words of each passage and of its title."""
        if self._lexical is None:
            self._lexical = self._cached() or self._build_lexical()
        return self._lexical

    def mask(self, source_nums: Sequence[int]) -> npt.NDArray[np.bool_]:
        """`(n,)` True where the passage's source is one of these."""
        return np.isin(self.sources, np.asarray(source_nums, dtype=np.int64))

    def positions(self, nums: IntArray) -> IntArray:
        """Position of each passage by row number; all must be there."""
        return np.searchsorted(self.nums, nums)

    def save_cache(self) -> None:
        """Keep the word index on disk for the next process, where it is worth it; drops those of older generations."""
        if self._cache is None:
            return
        target = self._cache / self._cache_name()
        if len(self) > CACHE_ABOVE and not target.exists():
            part = self._cache / f"part-{os.getpid()}"
            try:
                shutil.rmtree(part, ignore_errors=True)
                self.lexical.save(part)
                part.rename(target)
            except OSError as error:
                # The cache saves time only: a full disk must not fail what was already acknowledged.
                log.warning("the word index could not be cached in %s: %s", self._cache, error)
                shutil.rmtree(part, ignore_errors=True)
        if self._cache.is_dir():
            for old in self._cache.iterdir():
                if old != target:
                    shutil.rmtree(old, ignore_errors=True)

    def _read_vectors(self, after: int) -> FloatArray:
        return unpack(self._database.vectors(after), self._dimensions)

    def _build_lexical(self) -> LexicalIndex:
        return LexicalIndex.build(self._database.terms())

    def _cached(self) -> LexicalIndex | None:
        if self._cache is None or len(self) <= CACHE_ABOVE:
            return None
        try:
            index = LexicalIndex.load(self._cache / self._cache_name())
        except (OSError, ValueError, KeyError):
            return None
        return index if index.size == len(self) else None

    def _cache_name(self) -> str:
        # The store's own id: another store made in the same folder may reach the same generation.
        return f"{self._database.meta('store_id')}-{self.generation}-{len(self)}-{TOKENISER}"
