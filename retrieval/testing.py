"""A stand-in for the embedding model that ships with the code, for tests of what uses one."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retrieval.embed import Kind


@functools.lru_cache(maxsize=65_536)
def _slot(feature: str, dimensions: int) -> tuple[int, float]:
    # Python's own hash is salted, so a vector would differ from process to process.
    number = int.from_bytes(hashlib.blake2b(feature.encode(), digest_size=8).digest(), "little")
    return (number >> 1) % dimensions, 1.0 if number & 1 else -1.0


class HashEmbedder:
    """Texts that share words, or parts of words, have similar vectors; deterministic, nothing is loaded.

    Feature hashing (Weinberger et al., 2009) of words and of their three-letter runs. It knows no meaning and no
    translation: use it where a test needs an `Embedder`, not where it needs a good one.
    """

    name = "hash"

    def __init__(self, dimensions: int = 384) -> None:
        self.dimensions = dimensions
        self.digest = f"hash:1:{dimensions}"

    def encode(self, texts: Sequence[str], *, kind: Kind = "passage") -> NDArray[np.float32]:
        """Vectors of `texts`, float32 (len(texts), dimensions), each of length one; a text without words has ones."""
        del kind
        out = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()):
                runs = [f"#{word}#"[i : i + 3] for i in range(len(word))]
                for feature, weight in [(word, 1.0), *((f"~{run}", 0.5 / len(runs)) for run in runs)]:
                    place, sign = _slot(feature, self.dimensions)
                    out[row, place] += sign * weight
            if not out[row].any():
                out[row] = 1.0
        return np.asarray(out / np.linalg.norm(out, axis=1, keepdims=True), dtype=np.float32).reshape(out.shape)
