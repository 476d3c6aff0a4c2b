from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from checker.claims import checkworthiness
from checker.claims.checkworthiness import Head
from retrieval.embed import load_embedder
from retrieval.errors import ModelFileError
from retrieval.testing import HashEmbedder

WORTH = [
    "Unemployment has fallen from 10 percent to 4.7 percent since 2009.",
    "Angka kemiskinan turun dari 10,1 persen menjadi 9,4 persen pada 2023.",
    "The state spent 3 billion dollars on schools last year.",
    "Indonesia mengekspor 500 juta ton batu bara tahun lalu.",
]
IDLE = ["Thank you very much, good evening.", "Terima kasih banyak, selamat malam.", "What do you think?", "Apa kabar?"]


def test_what_is_worth_checking_scores_above_what_is_not_in_both_languages() -> None:
    embedder = load_embedder(threads=1)
    worth, idle = (checkworthiness.score(embedder.encode(texts)) for texts in (WORTH, IDLE))
    assert worth.min() > idle.max() + 0.2
    assert worth.dtype == np.float32
    assert ((worth >= 0) & (worth <= 1)).all()
    assert checkworthiness.score(embedder.encode([])).shape == (0,)


def test_a_scorer_is_given_only_for_the_embedder_it_was_trained_on() -> None:
    scorer = checkworthiness.scorer(load_embedder(threads=1))
    assert scorer is not None
    assert len(scorer(WORTH)) == len(WORTH)
    assert checkworthiness.scorer(HashEmbedder()) is None


def test_the_head_is_the_formula() -> None:
    head = Head(
        np.eye(2, dtype=np.float32), np.asarray([0.0, -1.0], np.float32), np.asarray([2.0, 4.0], np.float32), -1.0, "x"
    )
    found = head.score(np.asarray([[1.0, 0.5], [-3.0, 2.0], [1e9, 0.0]], np.float32))
    np.testing.assert_allclose(found, [1 / (1 + np.exp(-1.0)), 1 / (1 + np.exp(-3.0)), 1.0], rtol=1e-5)


@pytest.mark.parametrize("shape", [(3,), (2, 5), (0, 5)])
def test_vectors_of_another_model_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="vectors of shape"):
        checkworthiness.score(np.zeros(shape, np.float32))


def test_a_damaged_or_missing_head_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="is missing"):
        checkworthiness.load(tmp_path)
    for path in checkworthiness.MODEL_FOLDER.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "head.npz").write_bytes(b"spoilt")
    with pytest.raises(ModelFileError, match=r"head\.npz is damaged"):
        checkworthiness.load(tmp_path)
