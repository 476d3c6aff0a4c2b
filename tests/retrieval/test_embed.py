from __future__ import annotations

import hashlib
import importlib.util
import json
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from retrieval import embed, modelfile
from retrieval.embed import EmbeddedEmbedder, Embedder, SentenceTransformerEmbedder, load_embedder, prefixes
from retrieval.errors import EmbedderUnavailable, MissingExtra, ModelFileError
from retrieval.testing import HashEmbedder

SHORT = "Gempa mengguncang Cianjur."
LONG = " ".join(["The ministry said on Tuesday that rice imports would continue until the end of the year."] * 30)
PAIRS = [
    (
        "Presiden Rusia mengatakan serangan terhadap Iran tidak berdasar.",
        "Russia's president called the attack on Iran groundless.",
    ),
    (
        "Bank sentral menaikkan suku bunga acuan menjadi 6 persen.",
        "The central bank raised its benchmark interest rate to 6 percent.",
    ),
    ("Gempa bumi berkekuatan 5,6 mengguncang Jawa Barat.", "A magnitude 5.6 earthquake shook West Java."),
    (
        "Vaksin itu aman bagi anak-anak, kata kementerian kesehatan.",
        "The vaccine is safe for children, the health ministry said.",
    ),
    (
        "Mantan menteri pertanian divonis sepuluh tahun penjara.",
        "The former agriculture minister was sentenced to ten years in prison.",
    ),
    ("Pemerintah melarang penjualan iPhone 16.", "The government banned sales of the iPhone 16."),
]


@pytest.fixture(scope="module")
def embedder() -> EmbeddedEmbedder:
    return EmbeddedEmbedder(threads=1, backend="onnxruntime")


def _linked(folder: Path, skip: str = "") -> Path:
    """A model folder whose big files are links to the shipped ones."""
    folder.mkdir()
    for path in embed.MODEL_FOLDER.iterdir():
        if path.name == "manifest.json":
            (folder / path.name).write_bytes(path.read_bytes())
        elif path.name != skip:
            (folder / path.name).symlink_to(path)
    return folder


def test_every_embedder_has_the_same_face(embedder: EmbeddedEmbedder) -> None:
    for one in (embedder, HashEmbedder()):
        assert isinstance(one, Embedder)
        assert one.dimensions == 384
        assert one.digest


def test_vectors_are_unit_float32_rows_in_the_order_given(embedder: EmbeddedEmbedder) -> None:
    texts = [LONG, SHORT, "", "Harga beras naik."]
    vectors = embedder.encode(texts)
    assert vectors.shape == (4, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    for text, vector in zip(texts, vectors, strict=True):
        np.testing.assert_allclose(embedder.encode([text])[0], vector, atol=1e-5)


def test_no_texts_give_no_rows(embedder: EmbeddedEmbedder) -> None:
    assert embedder.encode([]).shape == (0, 384)


@pytest.mark.parametrize("neighbours", [[LONG], [LONG] * 5, [SHORT + " " + SHORT] * 20, ["", LONG]])
def test_a_text_has_the_same_vector_alone_and_in_any_batch(embedder: EmbeddedEmbedder, neighbours: list[str]) -> None:
    alone = embedder.encode([SHORT])[0]
    # straight into the model as one padded batch: `encode` sorts by length and would keep them apart
    ids = [e.ids for e in embedder._tokenizer.encode_batch([SHORT, *neighbours])]
    together = embedder._run(embed._pad(ids))[0]
    assert float(alone @ together) >= 0.9999


def test_more_texts_than_one_round_come_back_complete(
    embedder: EmbeddedEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embed, "_TEXTS_PER_ROUND", 3)
    texts = [left for left, _ in PAIRS] + [SHORT]
    found = embedder.encode(texts)
    monkeypatch.undo()
    np.testing.assert_allclose(found, embedder.encode(texts), atol=1e-5)


def test_a_claim_lies_nearest_its_translation(embedder: EmbeddedEmbedder) -> None:
    left = embedder.encode([a for a, _ in PAIRS], kind="query")
    right = embedder.encode([b for _, b in PAIRS])
    assert ((left @ right.T).argmax(axis=1) == np.arange(len(PAIRS))).all()
    assert ((right @ left.T).argmax(axis=1) == np.arange(len(PAIRS))).all()


def test_text_beyond_the_window_is_cut_not_refused(embedder: EmbeddedEmbedder) -> None:
    longer = LONG + " Kalimat terakhir ini tidak terbaca lagi."
    assert float(embedder.encode([LONG * 2])[0] @ embedder.encode([LONG * 2 + longer])[0]) > 0.99999


def test_threads_share_one_embedder(embedder: EmbeddedEmbedder) -> None:
    texts = [left for left, _ in PAIRS]
    expected = embedder.encode(texts)
    found: list[np.ndarray] = []
    threads = [threading.Thread(target=lambda: found.append(embedder.encode(texts))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    for vectors in found:
        np.testing.assert_allclose(vectors, expected, atol=1e-6)


def test_the_recorded_probes_are_what_the_model_says(embedder: EmbeddedEmbedder) -> None:
    probes = json.loads((embed.MODEL_FOLDER / "manifest.json").read_text())["probes"]
    assert embedder._agrees(embedder._run, probes)
    spoilt = {text: vector[::-1] for text, vector in probes.items()}
    assert not embedder._agrees(embedder._run, spoilt)


def test_a_damaged_file_is_a_clear_error(tmp_path: Path) -> None:
    folder = _linked(tmp_path / "model", skip="tokenizer.json")
    (folder / "tokenizer.json").write_bytes((embed.MODEL_FOLDER / "tokenizer.json").read_bytes()[:-1])
    with pytest.raises(ModelFileError, match=r"tokenizer\.json is damaged .*reinstall") as caught:
        EmbeddedEmbedder(folder)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_a_clear_error(tmp_path: Path) -> None:
    folder = _linked(tmp_path / "model", skip="model.onnx")
    with pytest.raises(ModelFileError, match=r"model\.onnx is missing"):
        EmbeddedEmbedder(folder)
    with pytest.raises(ModelFileError, match=r"manifest\.json is missing"):
        EmbeddedEmbedder(tmp_path / "nowhere")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"files": 3}'])
def test_a_manifest_that_is_none_is_a_clear_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(ModelFileError, match="cannot be read"):
        EmbeddedEmbedder(tmp_path)


def test_a_file_that_is_no_model_is_a_clear_error(tmp_path: Path) -> None:
    folder = _linked(tmp_path / "model", skip="model.onnx")
    (folder / "model.onnx").write_bytes(b"no model")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["model.onnx"] = hashlib.sha256(b"no model").hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelFileError, match="cannot be loaded"):
        EmbeddedEmbedder(folder, backend="onnxruntime")


def test_openvino_asked_for_and_not_there_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"saring\[openvino\]"):
        EmbeddedEmbedder(backend="openvino")
    assert EmbeddedEmbedder(backend="auto").backend == "onnxruntime"


def _openvino_present(monkeypatch: pytest.MonkeyPatch, run: object) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: SimpleNamespace(name=name))
    monkeypatch.setattr(modelfile, "openvino_runner", run)


def test_openvino_is_used_by_itself_only_where_it_agrees(
    monkeypatch: pytest.MonkeyPatch, embedder: EmbeddedEmbedder
) -> None:
    _openvino_present(monkeypatch, lambda model, threads: embedder._run)
    assert EmbeddedEmbedder().backend == "openvino"
    noise = np.random.default_rng(0).standard_normal(384).astype(np.float32)

    def disagrees(inputs: modelfile.Inputs) -> np.ndarray:
        vectors = embedder._run(inputs) + 0.01 * noise
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    _openvino_present(monkeypatch, lambda model, threads: disagrees)
    assert EmbeddedEmbedder().backend == "onnxruntime"


def test_openvino_that_fails_costs_speed_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(model: Path, threads: int) -> object:
        raise RuntimeError("no such device")

    _openvino_present(monkeypatch, broken)
    assert EmbeddedEmbedder().backend == "onnxruntime"
    with pytest.raises(ModelFileError, match="cannot be loaded"):
        EmbeddedEmbedder(backend="openvino")


@pytest.mark.skipif(importlib.util.find_spec("openvino") is None, reason="needs the extra openvino")
def test_openvino_gives_the_same_vectors(embedder: EmbeddedEmbedder) -> None:
    other = EmbeddedEmbedder(backend="openvino", threads=1)
    texts = [text for pair in PAIRS for text in pair]
    assert ((other.encode(texts) * embedder.encode(texts)).sum(axis=1) >= 0.999).all()
    assert other.digest == embedder.digest


def test_no_torch_and_no_sentence_transformers_behind_the_embedded_model() -> None:
    code = (
        "import sys; from retrieval.embed import load_embedder; load_embedder().encode(['halo']); "
        "print([m for m in ('torch', 'transformers', 'sentence_transformers') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.strip() == "[]"


def test_the_shipped_files_stay_small() -> None:
    manifest = modelfile.read_manifest(embed.MODEL_FOLDER)
    assert sum((embed.MODEL_FOLDER / name).stat().st_size for name in manifest["files"]) < 30e6


@pytest.mark.parametrize("name", [None, "", "saring", " Saring "])
def test_the_embedded_model_by_name(name: str | None) -> None:
    assert load_embedder(name, threads=1).name == "saring"


@pytest.mark.parametrize(
    ("name", "query", "passage"),
    [
        ("intfloat/multilingual-e5-small", "query: ", "passage: "),
        ("/models/multilingual-e5-base/", "query: ", "passage: "),
        ("BAAI/bge-m3", "", ""),
        ("BAAI/bge-small-en-v1.5", "Represent this sentence for searching relevant passages: ", ""),
        ("thenlper/gte-small", "", ""),
        ("sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2", "", ""),
        ("nomic-ai/nomic-embed-text-v1.5", "search_query: ", "search_document: "),
    ],
)
def test_prefixes_by_name(name: str, query: str, passage: str) -> None:
    assert prefixes(name) == (query, passage)


def test_instruct_models_want_the_instruction_on_the_query_only() -> None:
    query, passage = prefixes("intfloat/multilingual-e5-large-instruct")
    assert query.startswith("Instruct: ")
    assert query.endswith("Query: ")
    assert passage == ""


class _Recorder:
    """Stands where `sentence_transformers.SentenceTransformer` is and keeps what it was asked."""

    prompts: dict[str, str] = {}  # noqa: RUF012 - as the library has it

    def __init__(self, name: str, **options: object) -> None:
        assert options == {"trust_remote_code": False}
        if name == "no/such":
            raise OSError("couldn't connect\nto the hub")
        self.asked: list[str] = []

    def get_embedding_dimension(self) -> int:
        return 2

    def state_dict(self) -> dict[str, object]:
        import torch

        return {"w": torch.ones(3)}

    def encode(self, texts: list[str], *, prompt: str, normalize_embeddings: bool, **rest: object) -> np.ndarray:
        assert (prompt, normalize_embeddings) == ("", True)
        self.asked = texts
        return np.tile(np.asarray([[1.0, 0.0]]), (len(texts), 1))


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> type[_Recorder]:
    pytest.importorskip("torch")
    monkeypatch.setitem(sys.modules, "sentence_transformers", SimpleNamespace(SentenceTransformer=_Recorder))
    monkeypatch.setattr(_Recorder, "prompts", {})
    return _Recorder


def test_a_named_model_gets_its_prefixes(recorder: type[_Recorder]) -> None:
    named = load_embedder("intfloat/multilingual-e5-small")
    assert isinstance(named, SentenceTransformerEmbedder)
    vectors = named.encode(["a", "b"], kind="query")
    assert named._model.asked == ["query: a", "query: b"]
    named.encode(["c"])
    assert named._model.asked == ["passage: c"]
    assert vectors.dtype == np.float32
    assert named.encode([]).shape == (0, 2)
    assert named.name == "intfloat/multilingual-e5-small"


def test_a_models_own_prompts_come_first_and_change_the_digest(
    recorder: type[_Recorder], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = SentenceTransformerEmbedder("some/model")
    monkeypatch.setattr(_Recorder, "prompts", {"query": "find: ", "document": ""})
    prompted = SentenceTransformerEmbedder("some/model")
    prompted.encode(["x"], kind="query")
    assert prompted._model.asked == ["find: x"]
    assert plain.digest != prompted.digest
    monkeypatch.setattr(_Recorder, "prompts", {})
    assert plain.digest == SentenceTransformerEmbedder("some/model").digest


def test_a_model_that_is_not_there_is_one_line(recorder: type[_Recorder]) -> None:
    with pytest.raises(EmbedderUnavailable, match="'no/such' cannot be loaded") as caught:
        load_embedder("no/such")
    assert "\n" not in str(caught.value)


def test_a_missing_extra_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(MissingExtra, match=r'pip install "saring\[sentence-transformers\]"'):
        load_embedder("intfloat/multilingual-e5-small")


def test_the_fake_embedder_is_lexical_and_the_same_in_every_process() -> None:
    fake = HashEmbedder()
    vectors = fake.encode(["harga beras naik", "beras naik lagi", "rocket launch", ""])
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.3
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert fake.encode([]).shape == (0, 384)
    code = (
        "from retrieval.testing import HashEmbedder; print(HashEmbedder().encode(['harga beras naik']).tobytes().hex())"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={"PYTHONHASHSEED": "7", "PYTHONPATH": str(Path(embed.__file__).parents[1])},
    )
    assert run.stdout.strip() == vectors[:1].tobytes().hex()
