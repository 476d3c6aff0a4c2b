"""(passage, claim) to probabilities: the embedded judge's model on ONNX Runtime or OpenVINO, without torch.

The shipped file is int8 with ranges fixed when it was made (see `models/judge/README.md`), so that a pair has the same
probabilities alone and in any batch: a verdict must not depend on what else was judged at the time.
"""

from __future__ import annotations

import importlib.util
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from retrieval.embed import default_threads, read_manifest
from retrieval.errors import MissingExtra, ModelFileError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Backend = Literal["auto", "onnxruntime", "openvino"]
MODEL_FOLDER = Path(__file__).parent / "models" / "judge"
LABELS = ("supports", "refutes", "neutral")

_TOKENS_PER_BATCH = 448
"""Padded tokens in one batch; 200 to 500 is fastest on a CPU, more falls out of the cache."""
_PAD_TO = 8
_CLAIM_SHARE = 0.5
"""A claim longer than this share of the window is cut: the passage needs room too."""
_AGREEMENT = 0.02
"""Largest change of a probe's probabilities with which a backend other than ONNX Runtime is used."""

_Ids = Sequence[int]
_Run = Callable[["NDArray[np.int64]", "NDArray[np.int64]", "NDArray[np.int64]"], "NDArray[np.float32]"]


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
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # its threads and fork deadlock
        manifest = read_manifest(folder)
        self._threads = threads or default_threads()
        try:
            from tokenizers import Tokenizer

            if tuple(manifest["labels"]) != LABELS:
                raise ModelFileError(f"the judge in {folder} has labels {manifest['labels']}: reinstall saring")
            self._digest = f"{manifest['name']}:{manifest['version']}:{manifest['digest'][:16]}"
            self._temperature = float(manifest["temperature"])
            self._window = int(manifest["max_tokens"])
            tokenizer = Tokenizer.from_file(str(folder / manifest["tokenizer"]))
            tokenizer.no_padding()
            tokenizer.no_truncation()
            self._tokenizer = tokenizer
            self._opening, self._between = (tokenizer.token_to_id(t) for t in ("[CLS]", "[SEP]"))
            self._backend, self._run = self._choose(folder / manifest["model"], backend, manifest.get("probes", []))
        except (MissingExtra, ModelFileError):
            raise
        except Exception as error:  # ONNX Runtime and tokenizers raise their own kinds, down to bare Exception
            raise ModelFileError(
                f"the judge's model in {folder} cannot be loaded ({type(error).__name__}): reinstall saring"
            ) from error

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

    def _score(self, pairs: Sequence[tuple[str, str]], run: _Run) -> NDArray[np.float32]:
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
        for batch in _batches([len(p) + len(c) + 3 for p, c in rows]):
            logits[batch] = run(*self._pad([rows[i] for i in batch]))
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

    def _pad(self, rows: Sequence[tuple[_Ids, _Ids]]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        width = _rounded(max(len(p) + len(c) + 3 for p, c in rows))
        ids = np.zeros((len(rows), width), dtype=np.int64)
        mask, kinds = np.zeros_like(ids), np.zeros_like(ids)
        for i, (passage, claim) in enumerate(rows):
            whole = [self._opening, *passage, self._between, *claim, self._between]
            ids[i, : len(whole)] = np.asarray(whole, dtype=np.int64)
            mask[i, : len(whole)] = 1
            kinds[i, len(passage) + 2 : len(whole)] = 1
        return ids, mask, kinds

    def _choose(self, model: Path, backend: Backend, probes: Sequence[Mapping[str, Any]]) -> tuple[str, _Run]:
        if backend == "onnxruntime":
            return backend, _onnxruntime(model, self._threads)
        if importlib.util.find_spec("openvino") is None:
            if backend == "openvino":
                raise MissingExtra("OpenVINO", "openvino")
            return "onnxruntime", _onnxruntime(model, self._threads)
        try:
            run = _openvino(model, self._threads)
            if backend == "openvino" or (probes and self._agrees(run, probes)):
                return "openvino", run
        except Exception:
            if backend == "openvino":
                raise
        # an OpenVINO that fails or disagrees costs speed only: the reference backend is always there
        return "onnxruntime", _onnxruntime(model, self._threads)

    def _agrees(self, run: _Run, probes: Sequence[Mapping[str, Any]]) -> bool:
        found = self._score([(p["passage"], p["claim"]) for p in probes], run)
        wanted = softmax(np.asarray([p["logits"] for p in probes], dtype=np.float32) / np.float32(self._temperature))
        return bool((np.abs(found - wanted) <= _AGREEMENT).all())


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Softmax over the last axis."""
    shifted: NDArray[np.float32] = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: NDArray[np.float32] = (shifted / shifted.sum(axis=-1, keepdims=True)).astype(np.float32)
    return shares


def _rounded(length: int) -> int:
    return -(-length // _PAD_TO) * _PAD_TO


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Rows in batches of like length, at most `_TOKENS_PER_BATCH` padded tokens each (one row at least)."""
    batch: list[int] = []
    for row in sorted(range(len(lengths)), key=lambda r: (lengths[r], r)):
        if batch and _rounded(lengths[row]) * (len(batch) + 1) > _TOKENS_PER_BATCH:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _onnxruntime(model: Path, threads: int) -> _Run:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # spinning starves the other threads
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])

    def run(ids: NDArray[np.int64], mask: NDArray[np.int64], kinds: NDArray[np.int64]) -> NDArray[np.float32]:
        logits: NDArray[np.float32] = session.run(
            None, {"input_ids": ids, "attention_mask": mask, "token_type_ids": kinds}
        )[0]
        return logits

    return run


def _openvino(model: Path, threads: int) -> _Run:
    import openvino

    core = openvino.Core()
    compiled = core.compile_model(
        core.read_model(str(model)), "CPU", {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
    )
    local = threading.local()  # an inference request is not safe to share; one for each thread

    def run(ids: NDArray[np.int64], mask: NDArray[np.int64], kinds: NDArray[np.int64]) -> NDArray[np.float32]:
        request = getattr(local, "request", None)
        if request is None:
            request = local.request = compiled.create_infer_request()
        request.infer({"input_ids": ids, "attention_mask": mask, "token_type_ids": kinds}, share_inputs=True)
        return np.array(request.get_output_tensor(0).data, dtype=np.float32)

    return run
