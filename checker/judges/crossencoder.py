"""(passage, claim) to probabilities: the embedded judge's model on ONNX Runtime or OpenVINO, without torch.

The shipped file is int8 with ranges fixed when it was made (see `models/judge/README.md`), so that a pair has the same
probabilities alone and in any batch: a verdict must not depend on what else was judged at the time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from retrieval import modelfile
from retrieval.errors import ModelFileError
from retrieval.modelfile import Backend

if TYPE_CHECKING:
    from numpy.typing import NDArray

MODEL_FOLDER = Path(__file__).parent / "models" / "judge"
LABELS = ("supports", "refutes", "neutral")

_CLAIM_SHARE = 0.5
"""A claim longer than this share of the window is cut: the passage needs room too."""
_AGREEMENT = 0.02
"""Largest change of a probe's probabilities with which a backend other than ONNX Runtime is used."""

_Ids = Sequence[int]


class EntailmentModel:
    """Says what a passage says to a claim, in Indonesian, English and across. Safe to share between threads.

    Nothing is loaded from the network, and no torch.
    """

    def __init__(self, folder: Path = MODEL_FOLDER, *, threads: int = 0, backend: Backend = "auto") -> None:
        """Checks and loads the model.

        Args:
            folder: Folder with `manifest.json` and the files it lists.
            threads: Threads of one `score` call; 0 means as many as cores, at most four.
            backend: `auto` takes OpenVINO where it is installed and agrees with the recorded probes, else ONNX Runtime.

        Raises:
            ModelFileError: A file is missing, damaged, or cannot be loaded.
            MissingExtra: `backend` is `openvino` and it is not installed.
        """
        manifest = modelfile.read_manifest(folder)
        with modelfile.loading("the judge's model", folder):
            if tuple(manifest["labels"]) != LABELS:
                raise ModelFileError(f"the judge in {folder} has labels {manifest['labels']}: reinstall saring")
            self._digest = modelfile.digest_of(manifest)
            self._temperature = float(manifest["temperature"])
            self._window = int(manifest["max_tokens"])
            self._tokenizer = modelfile.open_tokenizer(folder / manifest["tokenizer"])
            self._opening, self._between = (self._tokenizer.token_to_id(t) for t in ("[CLS]", "[SEP]"))
            probes: Sequence[Mapping[str, Any]] = manifest.get("probes", [])
            self._backend, self._run = modelfile.choose(
                folder / manifest["model"],
                threads=threads or modelfile.default_threads(),
                backend=backend,
                agrees=(lambda run: self._agrees(run, probes)) if probes else None,
            )

    @property
    def digest(self) -> str:
        """Name, version and content hash of the weights and the tokenizer."""
        return self._digest

    @property
    def backend(self) -> str:
        """What runs the model: `onnxruntime` or `openvino`."""
        return self._backend

    @property
    def temperature(self) -> float:
        """What logits are divided by before softmax; fitted on dev data (`training.calibrate`)."""
        return self._temperature

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """What each passage says to its claim.

        Args:
            pairs: (passage, claim). Passages beyond the window (256 tokens with the claim) are read in windows that
                overlap by half, and the window that is surest of not being neutral speaks for the passage.

        Returns:
            Probabilities, float32 (len(pairs), 3), columns supports, refutes, neutral; rows sum to 1.
        """
        return self._score(pairs, self._run)

    def _score(self, pairs: Sequence[tuple[str, str]], run: modelfile.Runner) -> NDArray[np.float32]:
        texts = list(dict.fromkeys(text for pair in pairs for text in pair))
        encodings = self._tokenizer.encode_batch(texts, add_special_tokens=False)
        tokens: Mapping[str, _Ids] = {text: e.ids for text, e in zip(texts, encodings, strict=True)}
        rows: list[tuple[_Ids, _Ids]] = []
        owners: list[int] = []
        for number, (passage, claim) in enumerate(pairs):
            for window in self._windows(tokens[passage], tokens[claim]):
                rows.append(window)
                owners.append(number)
        logits = np.zeros((len(rows), len(LABELS)), dtype=np.float32)
        for batch in modelfile.batches([len(p) + len(c) + 3 for p, c in rows]):
            logits[batch] = run(self._pad([rows[i] for i in batch]))
        probabilities = softmax(logits / np.float32(self._temperature))
        out = np.zeros((len(pairs), len(LABELS)), dtype=np.float32)
        out[:, 2] = 2.0  # above any probability, so that the first window always speaks
        for row, owner in enumerate(owners):
            if probabilities[row, 2] < out[owner, 2]:
                out[owner] = probabilities[row]
        return out

    def _windows(self, passage: _Ids, claim: _Ids) -> Iterator[tuple[_Ids, _Ids]]:
        claim = claim[: int(self._window * _CLAIM_SHARE)]
        room = self._window - len(claim) - 3
        if len(passage) <= room:
            yield passage, claim
            return
        step = room // 2
        # The last window ends where the passage does, so that no window is a stump.
        starts = [*range(0, len(passage) - room, step), len(passage) - room]
        for start in starts:
            yield passage[start : start + room], claim

    def _pad(self, rows: Sequence[tuple[_Ids, _Ids]]) -> modelfile.Inputs:
        width = modelfile.padded_length(max(len(p) + len(c) + 3 for p, c in rows))
        ids = np.zeros((len(rows), width), dtype=np.int64)
        mask, kinds = np.zeros_like(ids), np.zeros_like(ids)
        for i, (passage, claim) in enumerate(rows):
            whole = [self._opening, *passage, self._between, *claim, self._between]
            ids[i, : len(whole)] = np.asarray(whole, dtype=np.int64)
            mask[i, : len(whole)] = 1
            kinds[i, len(passage) + 2 : len(whole)] = 1
        return {"input_ids": ids, "attention_mask": mask, "token_type_ids": kinds}

    def _agrees(self, run: modelfile.Runner, probes: Sequence[Mapping[str, Any]]) -> bool:
        found = self._score([(p["passage"], p["claim"]) for p in probes], run)
        wanted = softmax(np.asarray([p["logits"] for p in probes], dtype=np.float32) / np.float32(self._temperature))
        return bool((np.abs(found - wanted) <= _AGREEMENT).all())


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Softmax over the last axis."""
    shifted: NDArray[np.float32] = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: NDArray[np.float32] = (shifted / shifted.sum(axis=-1, keepdims=True)).astype(np.float32)
    return shares
