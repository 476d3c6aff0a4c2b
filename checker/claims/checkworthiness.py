"""How much it matters to check a sentence: a small head over the embedder's vectors.

Learnt from American debates (ClaimBuster, CheckThat!) over the embedded model's bilingual vectors, which is what
carries it over to Indonesian; see `models/checkworthiness/README.md`. It fits only the embedder it was trained on, so
the manifest names that embedder's digest.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from retrieval.errors import ModelFileError
from retrieval.modelfile import read_manifest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retrieval.embed import Embedder

MODEL_FOLDER = Path(__file__).parent / "models" / "checkworthiness"


@dataclass(frozen=True, slots=True)
class Head:
    """One hidden layer: `sigmoid(relu(v @ hidden + hidden_bias) @ out + out_bias)`.

    Attributes:
        hidden: float32 (dimensions, units).
        hidden_bias: float32 (units,).
        out: float32 (units,).
        out_bias: What is added last, with the calibration in it.
        embedder: Digest of the embedder it was trained on.
    """

    hidden: NDArray[np.float32]
    hidden_bias: NDArray[np.float32]
    out: NDArray[np.float32]
    out_bias: float
    embedder: str

    def score(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probability that each sentence is worth checking, float32 (n,), 0..1.

        Args:
            vectors: (n, dimensions), of length one, as `Embedder.encode` gives them; n may be 0.

        Raises:
            ValueError: The vectors have another number of dimensions.
        """
        if vectors.ndim != 2 or vectors.shape[1] != len(self.hidden):
            raise ValueError(f"vectors of shape (n, {len(self.hidden)}) are needed, not {vectors.shape}")
        inner = np.maximum(vectors.astype(np.float32) @ self.hidden + self.hidden_bias, 0.0)
        logits = np.clip(inner @ self.out + np.float32(self.out_bias), -30.0, 30.0)
        return np.asarray(1.0 / (1.0 + np.exp(-logits)), dtype=np.float32)


@functools.lru_cache(maxsize=4)
def load(folder: Path = MODEL_FOLDER) -> Head:
    """The shipped head, checked against its manifest; read once.

    Raises:
        ModelFileError: A file is missing, damaged, or not what it should be.
    """
    manifest = read_manifest(folder)
    try:
        with np.load(folder / "head.npz", allow_pickle=False) as stored:
            return Head(
                hidden=stored["hidden"].astype(np.float32),
                hidden_bias=stored["hidden_bias"].astype(np.float32),
                out=stored["out"].astype(np.float32),
                out_bias=float(stored["out_bias"]),
                embedder=str(manifest["embedder"]),
            )
    except (OSError, ValueError, KeyError) as error:
        raise ModelFileError(f"the check-worthiness head in {folder} cannot be read: reinstall saring") from error


def score(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probability that each sentence is worth checking, float32 (n,), by the shipped head.

    Raises:
        ModelFileError: The head's files are missing or damaged.
        ValueError: The vectors are not the embedded model's.
    """
    return load().score(vectors)


def scorer(embedder: Embedder) -> Callable[[Sequence[str]], list[float]] | None:
    """A function from texts to scores, or None where `embedder` is not the one the head was trained on.

    Vectors of another model mean something else to it; the caller then keeps the extractor's own scores.
    """
    head = load()
    if embedder.digest != head.embedder:
        return None
    return lambda texts: [float(value) for value in head.score(embedder.encode(texts))]
