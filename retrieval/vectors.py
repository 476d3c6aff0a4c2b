"""Embedding vectors as the store keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

_STORED = np.dtype("<f2")
"""Vectors are kept as float16: half the size, and the cosine of two unit vectors changes by less than 0.001."""


def pack(vectors: FloatArray) -> tuple[bytes, ...]:
    """One blob per row."""
    stored = np.ascontiguousarray(vectors, dtype=_STORED)
    return tuple(row.tobytes() for row in stored)


def unpack(blobs: Sequence[bytes], dimensions: int) -> FloatArray:
    """The rows of `pack` again, `(len(blobs), dimensions)` float32.

    Raises:
        ValueError: A blob is not of that many dimensions.
    """
    flat: npt.NDArray[Any] = np.frombuffer(b"".join(blobs), dtype=_STORED)
    return flat.reshape(len(blobs), dimensions).astype(np.float32)
