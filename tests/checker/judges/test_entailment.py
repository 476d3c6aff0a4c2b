"""The embedded judge: the shipped model keeps its promises, and readings become stances that can be cited."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from checker.judges.base import Hearing
from checker.judges.checks.finding import Finding
from checker.judges.crossencoder import MODEL_FOLDER, EntailmentModel, softmax
from checker.judges.entailment import BEHIND, NEAR, UNCONFIRMED, EntailmentJudge, lowered, nearness
from checker.types import Claim
from retrieval.errors import ModelFileError
from retrieval.types import Exclusion, Hit, Passage, Source

TEXT = "Rapat dibuka pukul sembilan. Korban tewas 62 orang pada Selasa. Jumlah itu naik menjadi 602 orang."


def hit_of(text: str, *, source_id: str = "s1", rank: int = 1) -> Hit:
    source = Source(source_id, "https://x.test/a", "Judul", "Terbit", "wire", "ID", "id", "2022-11-22", "2022-11-23",
                    (), "h", text)  # fmt: skip
    return Hit(Passage(f"{source_id}:0", source_id, 0, len(text), text), source, 0.9, 1.0, 0.5, rank, "o1")


def claim_of(text: str, claim_id: str = "c1") -> Claim:
    return Claim(claim_id, text, text, 0, len(text))


class Table:
    """A scorer that looks sentences up; what it does not know is neutral."""

    digest = "table:1"

    def __init__(self, scores: dict[str, tuple[float, float, float]]) -> None:
        self.scores = scores
        self.asked: list[tuple[str, str]] = []

    def score(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        self.asked += pairs
        return np.array([self.scores.get(p, (0.05, 0.05, 0.9)) for p, _ in pairs], dtype=np.float32)


@pytest.fixture(scope="module")
def model() -> EntailmentModel:
    return EntailmentModel(threads=1, backend="onnxruntime")


PAIRS = [
    ("Gempa bermagnitudo 5,6 terjadi pada Senin, 21 November 2022.", "Gempa itu terjadi pada hari Senin."),
    ("The central bank kept its rate at 5.75 percent.", "Bank sentral menaikkan suku bunga menjadi 6 persen."),
    ("A short one.", "Kalimat."),
    ("Kementerian menyatakan ekspor naik. " * 12, "Exports rose."),
]


def test_a_pair_scores_the_same_alone_and_in_any_batch(model: EntailmentModel) -> None:
    together = model.score(PAIRS)
    alone = np.concatenate([model.score([pair]) for pair in PAIRS])
    backwards = model.score(PAIRS[::-1])[::-1]
    assert np.abs(together - alone).max() < 1e-4
    assert np.abs(together - backwards).max() < 1e-4
    assert together.shape == (4, 3)
    assert together.dtype == np.float32
    assert np.allclose(together.sum(1), 1, atol=1e-5)


def test_what_any_judge_must_know(model: EntailmentModel) -> None:
    same = "Presiden Joko Widodo mengunjungi Cianjur pada hari Selasa."
    english = "President Joko Widodo visited Cianjur on Tuesday."
    unrelated = "Harga cabai di pasar induk turun sejak pekan lalu."
    supports, refutes, neutral = range(3)
    scores = model.score([(same, same), (english, same), (unrelated, same)])
    assert scores[0].argmax() == supports
    assert scores[1].argmax() == supports
    assert scores[2].argmax() != supports
    assert scores[2][neutral] > scores[0][neutral]
    assert scores[2][refutes] < 0.9


def test_nothing_to_score(model: EntailmentModel) -> None:
    assert model.score([]).shape == (0, 3)
    assert np.isfinite(model.score([("", "")])).all()


def test_a_long_passage_is_read_to_its_end(model: EntailmentModel) -> None:
    filler = "Rapat dewan membahas anggaran jalan desa tahun depan. "
    claim = "Presiden Joko Widodo mengunjungi Cianjur pada hari Selasa."
    without = model.score([(filler * 40, claim)])[0]
    last = model.score([(filler * 40 + claim, claim)])[0]
    first = model.score([(claim + " " + filler * 40, claim)])[0]
    assert last[2] < without[2]
    assert first[2] < without[2]
    # Far beyond any window, still one answer that does not fail.
    assert np.isclose(model.score([(filler * 400, filler * 100)]).sum(), 1, atol=1e-5)


def copy_of(tmp_path: Path) -> Path:
    folder = tmp_path / "judge"
    shutil.copytree(MODEL_FOLDER, folder)
    return folder


def test_a_damaged_or_missing_file_is_a_clear_error(tmp_path: Path) -> None:
    folder = copy_of(tmp_path)
    model_file = folder / json.loads((folder / "manifest.json").read_text())["model"]
    content = bytearray(model_file.read_bytes())
    content[len(content) // 2] ^= 1
    model_file.write_bytes(bytes(content))
    with pytest.raises(ModelFileError, match="damaged"):
        EntailmentModel(folder)
    model_file.unlink()
    with pytest.raises(ModelFileError, match="missing") as caught:
        EntailmentModel(folder)
    assert "\n" not in str(caught.value)
    with pytest.raises(ModelFileError, match="missing"):
        EntailmentModel(tmp_path / "nowhere")


def test_the_shipped_files_are_small_and_of_this_version(model: EntailmentModel) -> None:
    assert sum(p.stat().st_size for p in MODEL_FOLDER.iterdir()) < 30e6
    assert model.digest.startswith("saring-judge:")
    assert 0.5 <= model.temperature <= 3


def test_softmax_is_stable() -> None:
    assert np.allclose(softmax(np.array([[1000.0, 1000.0, -1000.0]], dtype=np.float32)), [[0.5, 0.5, 0.0]])


def test_a_source_with_the_old_and_the_new_figure_supports_the_new_one() -> None:
    table = Table(
        {
            "Korban tewas 62 orang pada Selasa.": (0.02, 0.95, 0.03),
            "Jumlah itu naik menjadi 602 orang.": (0.96, 0.02, 0.02),
        }
    )
    bench = EntailmentJudge(table).hear([Hearing(claim_of("Korban tewas mencapai 602 orang."), (hit_of(TEXT),))])
    (stance,) = bench.judgements[0].stances
    assert stance.name == "supports"
    assert stance.quote == "Jumlah itu naik menjadi 602 orang."
    assert stance.hit.source.text[stance.start : stance.end] == stance.quote


def test_the_quote_of_a_wider_reading_is_the_sentence_that_says_most() -> None:
    table = Table(
        {
            TEXT: (0.9, 0.05, 0.05),
            "Jumlah itu naik menjadi 602 orang.": (0.4, 0.1, 0.5),
        }
    )
    bench = EntailmentJudge(table).hear([Hearing(claim_of("Ada 602 orang tewas."), (hit_of(TEXT),))])
    (stance,) = bench.judgements[0].stances
    assert stance.quote == "Jumlah itu naik menjadi 602 orang."
    assert stance.supports == pytest.approx(0.9)


def at(dense: float, origin: str, excluded: Exclusion | None = None) -> Hit:
    return replace(hit_of(TEXT, source_id=origin), dense=dense, origin=origin, excluded=excluded)


def test_what_is_further_off_than_the_evidence_refutes_less() -> None:
    near = nearness([at(0.8, "a"), at(0.7, "b"), at(0.5, "c")])
    assert near == pytest.approx(0.7 - BEHIND)
    table = Table({"Korban tewas 62 orang pada Selasa.": (0.0, 1.0, 0.0)})
    claim = claim_of("Korban tewas tidak bertambah.")
    heard = EntailmentJudge(table).hear([Hearing(claim, (at(0.8, "a"), at(0.7, "b"), at(0.5, "c")))])
    first, second, third = (stance.refutes for stance in heard.judgements[0].stances)
    assert first == second == pytest.approx(2 * third)


def test_one_planted_text_cannot_push_the_honest_ones_away() -> None:
    honest = [at(0.7, "b"), at(0.69, "c")]
    assert nearness([at(1.0, "planted"), at(0.99, "planted"), *honest]) <= 0.7
    assert nearness([at(1.0, "copy", "copy_of_article"), *honest]) == nearness(honest)


def test_nothing_heard_is_near_by_the_floor_alone() -> None:
    assert nearness([]) == NEAR
    assert nearness([at(0.2, "a"), at(0.1, "b")]) == NEAR


def test_each_pair_is_asked_once_and_each_claim_gets_its_own_stances() -> None:
    table = Table({})
    hit = hit_of(TEXT)
    claims = [claim_of("Ada 602 orang tewas.", "a"), claim_of("Ada 602 orang tewas.", "b"), claim_of("Lain.", "c")]
    hearings = [Hearing(c, (hit,)) for c in claims[:2]] + [Hearing(claims[2], ())]
    seen: list[tuple[int, int]] = []
    bench = EntailmentJudge(table).hear(hearings, progress=lambda done, total: seen.append((done, total)))
    assert [j.claim_id for j in bench.judgements] == ["a", "b", "c"]
    assert [len(j.stances) for j in bench.judgements] == [1, 1, 0]
    assert {s.claim_id for j in bench.judgements for s in j.stances} == {"a", "b"}
    assert len(table.asked) == len(set(table.asked))
    assert seen[-1] == (3, 3)


def test_a_model_that_breaks_is_a_failure_and_not_a_label() -> None:
    class Broken(Table):
        def score(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
            raise RuntimeError("out of memory")

    bench = EntailmentJudge(Broken({})).hear([Hearing(claim_of("Lain."), (hit_of(TEXT),))])
    failure = bench.judgements[0].failure
    assert failure is not None
    assert (failure.stage, failure.error_type, failure.message) == ("judge", "RuntimeError", "out of memory")
    assert bench.judgements[0].stances == ()


@pytest.mark.parametrize(
    ("effects", "expected"),
    [
        ([], (0.8, 0.1 * UNCONFIRMED, 0.2 - 0.1 * UNCONFIRMED)),
        ([("lower", 0.5)], (0.4, 0.1 * UNCONFIRMED, 0.6 - 0.1 * UNCONFIRMED)),
        ([("refute", 0.0)], (0.0, 0.9, 0.1)),
        ([("lower", 0.5), ("refute", 0.25)], (0.2, 0.7, 0.1)),
        ([("lower", 0.5), ("lower", 0.5)], (0.4, 0.1 * UNCONFIRMED, 0.6 - 0.1 * UNCONFIRMED)),
    ],
)
def test_checks_lower_support_and_never_raise_it(
    effects: list[tuple[str, float]], expected: tuple[float, float, float]
) -> None:
    findings = [Finding("number", effect, factor, "why") for effect, factor in effects]  # type: ignore[arg-type]
    assert lowered((0.8, 0.1, 0.1), findings) == pytest.approx(expected)
