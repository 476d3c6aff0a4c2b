"""Shipped model files: checked against their manifest, loaded, and run on ONNX Runtime or OpenVINO.

The embedder and the judge are files of one kind: int8 ONNX with ranges fixed when it was made, a tokenizer beside it,
and a manifest with checksums and probes (inputs with what the model said of them when it was made). What a damaged file
does, how a backend is chosen and how texts are batched is therefore decided here, once.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from retrieval.errors import MissingExtra, ModelFileError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Backend = Literal["auto", "onnxruntime", "openvino"]
Inputs = Mapping[str, "NDArray[np.int64]"]
"""A model's inputs by name, each (batch, tokens)."""
Runner = Callable[[Inputs], "NDArray[np.float32]"]
"""Inputs to the model's one output, (batch, width)."""

PAD_TO = 8
TOKENS_PER_BATCH = 448
"""Padded tokens in one batch. Measured: 200 to 500 is fastest on CPU; more falls out of the cache."""


_TERMS = 64
_PRODUCT = (
    "CAYSADqUAQoYCgFhCgFiEgF5Ig1NYXRNdWxJbnRlZ2VyEgFnKksIQAgBEANCAWJKQH9/f39/f39/f39/f39/f39/f39/f39/f39/f39/f39/f39/"
    "f39/f39/f39/f39/f39/f39/f39/f39/f39/f39aEwoBYRIOCgwIAhIICgIIAQoCCEBiEwoBeRIOCgwIBhIICgIIAQoCCAFCBAoAEAo="
)
"""An ONNX model of one node, `MatMulInteger` of a uint8 row by a column of 64 int8 values that are all 127."""


def default_threads() -> int:
    """As many threads as cores this process may use, at most four: small batches gain nothing beyond."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        cores = os.cpu_count() or 1
    return max(1, min(4, cores))


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a model folder, after checking every file it lists.

    Returns:
        The manifest: `name`, `version`, `digest`, `files` (name to SHA-256) and what the model needs to be told.

    Raises:
        ModelFileError: The manifest or a file is missing, or a file does not match its checksum.
    """
    advice = "reinstall saring, or restore the folder from git"
    path = folder / "manifest.json"
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        files: dict[str, str] = dict(manifest["files"])
    except FileNotFoundError:
        raise ModelFileError(f"model manifest {path} is missing: {advice}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelFileError(f"model manifest {path} cannot be read ({type(error).__name__}): {advice}") from error
    for name, expected in files.items():
        try:
            with (folder / name).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            raise ModelFileError(f"model file {folder / name} is missing: {advice}") from None
        if found != expected:
            raise ModelFileError(f"model file {folder / name} is damaged (its SHA-256 differs): {advice}")
    return manifest


@contextmanager
def loading(what: str, folder: Path) -> Iterator[None]:
    """Whatever goes wrong inside is a `ModelFileError` that names the model and says what to do."""
    try:
        yield
    except (MissingExtra, ModelFileError):
        raise
    except Exception as error:  # ONNX Runtime and tokenizers raise their own kinds, down to bare Exception
        kind = type(error).__name__
        raise ModelFileError(f"{what} in {folder} cannot be loaded ({kind}): reinstall saring") from error


def digest_of(manifest: Mapping[str, Any]) -> str:
    """Name, version and content hash of the weights and the tokenizer."""
    return f"{manifest['name']}:{manifest['version']}:{manifest['digest'][:16]}"


def open_tokenizer(path: Path) -> Any:
    """A `tokenizers` tokenizer without padding and truncation of its own."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # its threads and fork deadlock
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def choose(
    model: Path, *, threads: int, backend: Backend, agrees: Callable[[Runner], bool] | None
) -> tuple[str, Runner]:
    """What runs the model: its name and a function.

    Args:
        model: The ONNX file.
        threads: Threads of one call.
        backend: `auto` takes OpenVINO where it is installed, loads the file and agrees with the probes.
        agrees: Whether a runner says of the manifest's probes what they say; None where there are no probes, and then
            `auto` stays with ONNX Runtime.

    Raises:
        MissingExtra: `backend` is `openvino` and it is not installed.
    """
    if backend == "onnxruntime":
        return backend, onnxruntime_runner(model, threads)
    if importlib.util.find_spec("openvino") is None:
        if backend == "openvino":
            raise MissingExtra("OpenVINO", "openvino")
        return "onnxruntime", onnxruntime_runner(model, threads)
    try:
        run = openvino_runner(model, threads)
        if backend == "openvino" or (agrees is not None and agrees(run)):
            return "openvino", run
    except Exception:
        if backend == "openvino":
            raise
    # an OpenVINO that fails or disagrees costs speed only: the reference backend is always there
    return "onnxruntime", onnxruntime_runner(model, threads)


@cache
def exact_products() -> bool:
    """Whether ONNX Runtime's fast uint8 x int8 products are exact on this processor.

    Without VNNI they are added in pairs at 16 bits and saturate, so that the models' outputs would depend on the
    machine. A product of the largest values tells, whatever the processor.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(b64decode(_PRODUCT), options, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"a": np.full((1, _TERMS), 255, dtype=np.uint8)})
    return int(found[0, 0]) == _TERMS * 255 * 127


def onnxruntime_runner(model: Path, threads: int) -> Runner:
    """The model on ONNX Runtime. Safe to share between threads."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # spinning starves the other threads
    if not exact_products():
        # asks for exact products at half the speed
        options.add_session_config_entry("session.x64quantprecision", "1")
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])

    def run(inputs: Inputs) -> NDArray[np.float32]:
        found: NDArray[np.float32] = session.run(None, dict(inputs))[0]
        return found

    return run


def openvino_runner(model: Path, threads: int) -> Runner:
    """The model on OpenVINO. Safe to share between threads."""
    import openvino

    core = openvino.Core()
    # float32 between the integer products: bfloat16, its choice where the CPU has it, is 8 % faster but moves vectors
    # by as much as int8 itself does (cosine 0.998 to ONNX Runtime's, 0.9991 with float32)
    compiled = core.compile_model(
        core.read_model(str(model)),
        "CPU",
        {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"},
    )
    local = threading.local()  # an inference request is not safe to share; one for each thread

    def run(inputs: Inputs) -> NDArray[np.float32]:
        request = getattr(local, "request", None)
        if request is None:
            request = local.request = compiled.create_infer_request()
        request.infer(dict(inputs), share_inputs=True)
        return np.array(request.get_output_tensor(0).data, dtype=np.float32)

    return run


def batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Rows in batches of like length, at most `TOKENS_PER_BATCH` padded tokens each (one row at least)."""
    batch: list[int] = []
    for row in sorted(range(len(lengths)), key=lambda r: (lengths[r], r)):
        if batch and padded_length(lengths[row]) * (len(batch) + 1) > TOKENS_PER_BATCH:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def padded_length(length: int) -> int:
    """`length` rounded up to a multiple of `PAD_TO`."""
    return -(-length // PAD_TO) * PAD_TO


__all__ = [
    "Backend",
    "Inputs",
    "Runner",
    "batches",
    "choose",
    "default_threads",
    "digest_of",
    "exact_products",
    "loading",
    "onnxruntime_runner",
    "open_tokenizer",
    "openvino_runner",
    "padded_length",
    "read_manifest",
]
