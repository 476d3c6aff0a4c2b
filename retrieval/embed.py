"""Texts to vectors: the embedded bilingual model, or any sentence-transformers model by name.

The embedded model is an int8 ONNX file that ships beside this module (see `models/embedder/README.md`). Its activation
ranges are fixed when it is made, so a text has the same vector alone and in any batch; a verdict must not depend on
which passages happened to be embedded with it. OpenVINO runs the same file faster and is used by itself where it is
installed and agrees with the vectors recorded in the manifest.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

import numpy as np

from retrieval.errors import EmbedderUnavailable, MissingExtra, ModelFileError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Kind = Literal["query", "passage"]
Backend = Literal["auto", "onnxruntime", "openvino"]

EMBEDDED = "saring"
MODEL_FOLDER = Path(__file__).parent / "models" / "embedder"

_TOKENS_PER_BATCH = 448
"""Padded tokens in one batch. Measured: 200 to 500 is fastest on CPU; more falls out of the cache."""
_TEXTS_PER_ROUND = 2048
"""Texts tokenised and sorted at a time, so that a million passages do not sit in memory as token lists."""
_PAD_TO = 8
_AGREEMENT = 0.999
"""Cosine to the recorded probe vectors below which a backend is not used."""


@runtime_checkable
class Embedder(Protocol):
    """What turns texts into vectors.

    Attributes:
        name: What it is called in settings and reports.
        dimensions: Length of a vector.
        digest: Identity of the weights and of how text reaches them; a store records it and refuses another.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def dimensions(self) -> int: ...  # noqa: D102
    @property
    def digest(self) -> str: ...  # noqa: D102

    def encode(self, texts: Sequence[str], *, kind: Kind = "passage") -> NDArray[np.float32]:
        """Vectors of `texts`, float32 (len(texts), dimensions), each of length one, in the order given."""
        ...


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


class EmbeddedEmbedder:
    """The embedded bilingual model (Indonesian and English) on ONNX Runtime or OpenVINO; no torch.

    Safe to share between threads. Start-up takes a fraction of a second; nothing is loaded from the network.
    """

    def __init__(
        self, folder: Path = MODEL_FOLDER, *, threads: int = 0, backend: Backend = "auto", name: str = EMBEDDED
    ) -> None:
        """Checks and loads the model.

        Args:
            folder: Folder with `manifest.json` and the files it lists.
            threads: Threads of one `encode` call; 0 means as many as cores, at most four.
            backend: `auto` takes OpenVINO where it is installed and agrees, else ONNX Runtime.
            name: What the embedder calls itself.

        Raises:
            ModelFileError: A file is missing, damaged, or cannot be loaded.
            MissingExtra: `backend` is `openvino` and it is not installed.
        """
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # its threads and fork deadlock
        from tokenizers import Tokenizer

        manifest = read_manifest(folder)
        self._name = name
        self._threads = threads or default_threads()
        try:
            self._dimensions = int(manifest["dimensions"])
            self._digest = f"{manifest['name']}:{manifest['version']}:{manifest['digest'][:16]}"
            tokenizer = Tokenizer.from_file(str(folder / manifest["tokenizer"]))
            tokenizer.no_padding()
            tokenizer.enable_truncation(int(manifest["max_tokens"]))
            self._tokenizer = tokenizer
            self._backend, self._run = self._choose(folder / manifest["model"], backend, manifest.get("probes", {}))
        except (MissingExtra, ModelFileError):
            raise
        except Exception as error:  # ONNX Runtime and tokenizers raise their own kinds, down to bare Exception
            raise ModelFileError(
                f"the embedding model in {folder} cannot be loaded ({type(error).__name__}): reinstall saring"
            ) from error

    @property
    def name(self) -> str:
        """What it is called in settings and reports."""
        return self._name

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._dimensions

    @property
    def digest(self) -> str:
        """Name, version and content hash of the weights and the tokenizer."""
        return self._digest

    @property
    def backend(self) -> str:
        """What runs the model: `onnxruntime` or `openvino`."""
        return self._backend

    def encode(self, texts: Sequence[str], *, kind: Kind = "passage") -> NDArray[np.float32]:
        """Vectors of `texts`, float32 (len(texts), dimensions), each of length one, in the order given.

        Texts beyond 256 tokens (about 170 words) are cut there. `kind` makes no difference to this model.
        """
        del kind  # one space for claims and passages: the model was trained without prefixes
        return self._encode(texts, self._run)

    def _encode(self, texts: Sequence[str], run: _Runner) -> NDArray[np.float32]:
        out = np.zeros((len(texts), self._dimensions), dtype=np.float32)
        for start in range(0, len(texts), _TEXTS_PER_ROUND):
            part = list(texts[start : start + _TEXTS_PER_ROUND])
            ids = [encoding.ids for encoding in self._tokenizer.encode_batch(part)]
            for rows in _batches([len(i) for i in ids]):
                out[[start + row for row in rows]] = run(*_pad([ids[row] for row in rows]))
        return out

    def _choose(self, model: Path, backend: Backend, probes: dict[str, list[float]]) -> tuple[str, _Runner]:
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

    def _agrees(self, run: _Runner, probes: dict[str, list[float]]) -> bool:
        found = self._encode(list(probes), run)
        wanted = np.asarray(list(probes.values()), dtype=np.float32)
        wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
        return bool(((found * wanted).sum(axis=1) >= _AGREEMENT).all())


_Runner = Callable[["NDArray[np.int64]", "NDArray[np.int64]"], "NDArray[np.float32]"]


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Rows in batches of like length, at most `_TOKENS_PER_BATCH` padded tokens each (one row at least)."""
    batch: list[int] = []
    for row in sorted(range(len(lengths)), key=lambda r: (lengths[r], r)):
        width = _rounded(lengths[row])
        if batch and width * (len(batch) + 1) > _TOKENS_PER_BATCH:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _rounded(length: int) -> int:
    return -(-length // _PAD_TO) * _PAD_TO


def _pad(sequences: Sequence[Sequence[int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    ids = np.zeros((len(sequences), _rounded(max(len(s) for s in sequences))), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = sequence
        mask[row, : len(sequence)] = 1
    return ids, mask


def _onnxruntime(model: Path, threads: int) -> _Runner:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # spinning starves the other threads
    # without VNNI, uint8 x int8 products saturate at 16 bits; this asks for exact ones there and changes nothing here
    options.add_session_config_entry("session.x64quantprecision", "1")
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])

    def run(ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        vectors: NDArray[np.float32] = session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
        return vectors

    return run


def _openvino(model: Path, threads: int) -> _Runner:
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

    def run(ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        request = getattr(local, "request", None)
        if request is None:
            request = local.request = compiled.create_infer_request()
        request.infer({"input_ids": ids, "attention_mask": mask}, share_inputs=True)
        return np.array(request.get_output_tensor(0).data, dtype=np.float32)

    return run


_PREFIXES: tuple[tuple[str, str, str], ...] = (
    # part of the model's name, what goes before a query, what goes before a passage; the first match counts
    ("e5-mistral", "Instruct: Retrieve passages that support or refute the claim\nQuery: ", ""),
    ("-instruct", "Instruct: Retrieve passages that support or refute the claim\nQuery: ", ""),
    ("e5-", "query: ", "passage: "),
    ("bge-m3", "", ""),
    ("bge-", "Represent this sentence for searching relevant passages: ", ""),
    ("arctic-embed-l-v2", "query: ", ""),
    ("arctic-embed-m-v2", "query: ", ""),
    ("arctic-embed", "Represent this sentence for searching relevant passages: ", ""),
    ("mxbai-embed", "Represent this sentence for searching relevant passages: ", ""),
    ("nomic-embed", "search_query: ", "search_document: "),
)


def prefixes(name: str) -> tuple[str, str]:
    """What the model of that name wants before a query and before a passage; empty for most models.

    The table follows the models' own cards: e5 (Wang et al., 2022) was trained with `query: ` and `passage: ` and loses
    several points of recall without; gte, jina v2 and the plain sentence-transformers models take none.
    """
    lowered = name.rstrip("/").rsplit("/", 1)[-1].lower()
    for part, query, passage in _PREFIXES:
        if part in lowered:
            return query, passage
    return "", ""


class SentenceTransformerEmbedder:
    """Any sentence-transformers model, by name or by folder.

    Code from a model's repository is never run; set `HF_HUB_OFFLINE=1` to allow local files only.
    """

    def __init__(self, name: str, *, threads: int = 0) -> None:
        """Loads the model.

        Args:
            name: A name on the Hugging Face hub, or a local folder.
            threads: Torch threads for the whole process; 0 leaves torch's own choice.

        Raises:
            MissingExtra: sentence-transformers is not installed.
            EmbedderUnavailable: There is no such model, or it cannot be loaded without running its code.
        """
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        try:
            import sentence_transformers
            import torch
        except ImportError:
            raise MissingExtra("sentence-transformers", "sentence-transformers") from None
        if threads:
            torch.set_num_threads(threads)
        try:
            self._model: Any = sentence_transformers.SentenceTransformer(name, trust_remote_code=False)
        except Exception as error:  # the hub, safetensors and transformers each raise their own kinds
            raise EmbedderUnavailable(
                f"embedding model {name!r} cannot be loaded ({type(error).__name__}): check its name, and that it is "
                "downloaded if HF_HUB_OFFLINE is set"
            ) from error
        self._name = name
        self._query, self._passage = _own_prompts(self._model) or prefixes(name)
        measure = getattr(self._model, "get_embedding_dimension", None) or self._model.get_sentence_embedding_dimension
        self._dimensions = int(measure())
        self._digest = _weights_digest(self._model, f"{self._query}\0{self._passage}")

    @property
    def name(self) -> str:
        """The name it was asked for by."""
        return self._name

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._dimensions

    @property
    def digest(self) -> str:
        """The model's last name and a hash of its weights and its prefixes."""
        return f"{self._name.rstrip('/').rsplit('/', 1)[-1]}:{self._digest}"

    def encode(self, texts: Sequence[str], *, kind: Kind = "passage") -> NDArray[np.float32]:
        """Vectors of `texts`, float32 (len(texts), dimensions), each of length one, in the order given.

        The prefix that the model was trained with for `kind` is put before each text.
        """
        if not len(texts):
            return np.zeros((0, self._dimensions), dtype=np.float32)
        prefix = self._query if kind == "query" else self._passage
        vectors = self._model.encode(
            [prefix + text for text in texts],
            prompt="",  # ours is in the text already; a model's default prompt must not come on top
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return np.ascontiguousarray(vectors, dtype=np.float32)


def _own_prompts(model: Any) -> tuple[str, str] | None:
    """The query and passage prompts in a model's own configuration, or None where it has none."""
    prompts = {str(k).lower(): v for k, v in (getattr(model, "prompts", None) or {}).items() if v}
    query = prompts.get("query", prompts.get("retrieval.query"))
    passage = prompts.get("passage", prompts.get("document", prompts.get("retrieval.passage")))
    return (query or "", passage or "") if query or passage else None


def _weights_digest(model: Any, extra: str) -> str:
    digest = hashlib.sha256(extra.encode())
    for name, value in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().flatten().view(dtype=_torch_uint8()).numpy().data)
    return digest.hexdigest()[:16]


def _torch_uint8() -> Any:
    import torch

    return torch.uint8


def load_embedder(name: str | None = None, *, threads: int = 0) -> Embedder:
    """The embedder of that name.

    Args:
        name: None or `saring` for the embedded model; else a sentence-transformers model's name or folder.
        threads: Threads of one call; 0 means as many as cores, at most four.

    Raises:
        ModelFileError: The embedded model's files are missing or damaged.
        MissingExtra: The named model needs sentence-transformers, which is not installed.
        EmbedderUnavailable: There is no such model.
    """
    if name is None or name.strip().lower() in {"", EMBEDDED}:
        return EmbeddedEmbedder(threads=threads)
    return SentenceTransformerEmbedder(name.strip(), threads=threads)
