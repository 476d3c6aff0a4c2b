"""Texts to vectors: the embedded bilingual model, or any sentence-transformers model by name.

The embedded model is an int8 ONNX file that ships beside this module (see `models/embedder/README.md`). Its activation
ranges are fixed when it is made, so a text has the same vector alone and in any batch; a verdict must not depend on
which passages happened to be embedded with it. OpenVINO runs the same file faster and is used by itself where it is
installed and agrees with the vectors recorded in the manifest.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

import numpy as np

from retrieval import modelfile
from retrieval.errors import EmbedderUnavailable, MissingExtra
from retrieval.modelfile import Backend

if TYPE_CHECKING:
    from numpy.typing import NDArray

Kind = Literal["query", "passage"]

EMBEDDED = "saring"
MODEL_FOLDER = Path(__file__).parent / "models" / "embedder"

_TEXTS_PER_ROUND = 2048
"""Texts tokenised and sorted at a time, so that a million passages do not sit in memory as token lists."""
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
        manifest = modelfile.read_manifest(folder)
        self._name = name
        with modelfile.loading("the embedding model", folder):
            self._dimensions = int(manifest["dimensions"])
            self._digest = modelfile.digest_of(manifest)
            self._tokenizer = modelfile.open_tokenizer(folder / manifest["tokenizer"])
            self._tokenizer.enable_truncation(int(manifest["max_tokens"]))
            probes: dict[str, list[float]] = manifest.get("probes", {})
            self._backend, self._run = modelfile.choose(
                folder / manifest["model"],
                threads=threads or modelfile.default_threads(),
                backend=backend,
                agrees=(lambda run: self._agrees(run, probes)) if probes else None,
            )

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

    def _encode(self, texts: Sequence[str], run: modelfile.Runner) -> NDArray[np.float32]:
        out = np.zeros((len(texts), self._dimensions), dtype=np.float32)
        for start in range(0, len(texts), _TEXTS_PER_ROUND):
            part = list(texts[start : start + _TEXTS_PER_ROUND])
            ids = [encoding.ids for encoding in self._tokenizer.encode_batch(part)]
            for rows in modelfile.batches([len(i) for i in ids]):
                out[[start + row for row in rows]] = run(_pad([ids[row] for row in rows]))
        return out

    def _agrees(self, run: modelfile.Runner, probes: dict[str, list[float]]) -> bool:
        found = self._encode(list(probes), run)
        wanted = np.asarray(list(probes.values()), dtype=np.float32)
        wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
        return bool(((found * wanted).sum(axis=1) >= _AGREEMENT).all())


def _pad(sequences: Sequence[Sequence[int]]) -> modelfile.Inputs:
    ids = np.zeros((len(sequences), modelfile.padded_length(max(len(s) for s in sequences))), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = sequence
        mask[row, : len(sequence)] = 1
    return {"input_ids": ids, "attention_mask": mask}


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


def load_sentence_transformer(kind: Literal["SentenceTransformer", "CrossEncoder"], name: str, *, threads: int) -> Any:
    """A model of sentence-transformers. Code from its repository is never run.

    Args:
        kind: The class of sentence-transformers.
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
        return getattr(sentence_transformers, kind)(name, trust_remote_code=False)
    except Exception as error:  # the hub, safetensors and transformers each raise their own kinds
        called = "embedding model" if kind == "SentenceTransformer" else "cross-encoder"
        raise EmbedderUnavailable(
            f"{called} {name!r} cannot be loaded ({type(error).__name__}): check its name, and that it is "
            "downloaded if HF_HUB_OFFLINE is set"
        ) from error


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
        self._model = load_sentence_transformer("SentenceTransformer", name, threads=threads)
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
