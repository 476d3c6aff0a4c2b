from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest

from training import topical
from training.pair_sources import NEUTRAL, NOT_SUPPORTED, REFUTES, SUPPORTS, Row, citation_integrity, fever
from training.parallel import Pair
from training.questions import asked, question_rows


@pytest.mark.parametrize(
    ("question", "answer", "statement"),
    [
        ("Kapan PBB dibentuk ?", "24 Oktober 1945", "PBB dibentuk pada 24 Oktober 1945."),
        ("Kapankah James Hepburn lahir?", "1534", "James Hepburn lahir pada tahun 1534."),
        ("tahun berapakah Kennedy menjadi presiden?", "tahun 1961", "Kennedy menjadi presiden pada tahun 1961."),
        ("Siapakah yang menciptakan komputer?", "Babbage", "Yang menciptakan komputer adalah Babbage."),
        ("dimanakah letak pulau Flores?", "Nusa Tenggara Timur", "Pulau Flores terletak di Nusa Tenggara Timur."),
        ("Berapa luas Pulau Flores?", "14.300 km²", "Luas Pulau Flores adalah 14.300 km²."),
        ("Berapa banyak istri James Hepburn?", "tiga", "Jumlah istri James Hepburn adalah tiga."),
        (
            "Apa kepanjangan dari GPS?",
            "Global Positioning System",
            "Kepanjangan dari GPS adalah Global Positioning System.",
        ),
    ],
)
def test_a_question_with_its_answer_is_said(question: str, answer: str, statement: str) -> None:
    said = asked(question)
    assert said is not None
    assert said.said(answer) == statement


@pytest.mark.parametrize("question", ["Apakah Bandung di Jawa Barat?", "Mengapa langit biru?", "Kapan?"])
def test_a_question_without_a_safe_statement_is_left(question: str) -> None:
    assert asked(question) is None


def _squad(path: Path, records: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(records), encoding="utf-8")


def test_rows_of_questions_hold_what_their_label_says(tmp_path: Path) -> None:
    context = (
        "Perserikatan itu dibentuk pada 24 Oktober 1945 di San Francisco. Markasnya berada di New York sejak 1952. "
        "Anggotanya kini 193 negara. "
        + "Sekretariatnya bekerja dalam enam bahasa resmi dan sidang umum digelar setiap tahun di gedung yang sama. "
        * 5
    )

    def asked_of(question: str, text: str, impossible: bool = False) -> dict[str, object]:
        answers = [{"text": text, "answer_start": context.index(text)}] if text else []
        return {"question": question, "is_impossible": impossible, "answers": answers}

    qas = [
        asked_of("Kapan Perserikatan itu dibentuk?", "24 Oktober 1945"),
        asked_of("Sejak kapan markasnya di New York?", "1952"),
        asked_of("Kapan Perserikatan itu dibubarkan?", "", True),
        asked_of("Berapa jumlah anggotanya?", "193 negara"),
    ]
    _squad(tmp_path / "idk-mrc/dataset/idk_mrc/train.json", [{"context": context, "qas": qas}])
    _squad(tmp_path / "idk-mrc/dataset/baseline/tydiqa/train.json", [{"context": context, "qas": qas[:1]}])
    rows = [row for seed in range(40) for row in question_rows(tmp_path, random.Random(seed))]
    assert {r.source for r in rows} == {"qa", "qa-wrong", "qa-impossible", "qa-elsewhere"}
    formed = "Perserikatan itu dibentuk pada"
    for row in rows:
        if row.claim == f"{formed} 24 Oktober 1945.":
            assert row.label == (SUPPORTS if "24 Oktober 1945" in row.premise else NEUTRAL)
        elif row.claim.startswith(formed):
            assert row.label == REFUTES
            assert "24 Oktober 1945" in row.premise
        elif "dibubarkan" in row.claim:
            assert row.label == NOT_SUPPORTED


def test_neighbours_lie_in_the_band_nearest_first() -> None:
    vectors = np.array([[1, 0], [0.6, 0.8], [0.5, 0.75**0.5], [0, 1], [0.99, 0.141]], np.float32)
    assert topical.near(vectors[:1], vectors, band=(0.42, 0.7)) == [[1, 2]]


def test_topical_pairs_never_call_a_neighbour_refuted() -> None:
    """Sentence i is number i of one matter; every vector is in everybody's band."""
    pairs = [
        Pair(i, "s", "d", "l", f"The ministry spent {20 + i} million on project {chr(65 + i)} last fiscal year alone",
             f"Kementerian menghabiskan {20 + i} juta untuk proyek {chr(65 + i)} pada tahun anggaran lalu saja")
        for i in range(20)
    ]  # fmt: skip

    def embed(texts: list[str]) -> np.ndarray:
        return np.sqrt(0.5) * np.eye(len(texts), 21, dtype=np.float32) + np.sqrt(0.5) * np.eye(
            1, 21, 20, dtype=np.float32
        )

    for pair in pairs:  # nearly the same words would be called a retold sentence
        assert topical.overlap(pairs[0].en, pair.en) > 0.6
    assert not list(topical.topical_pairs(pairs, embed, 20, random.Random(1)))
    words = [
        "rice wheat sugar salt",
        "roads rails ports ships",
        "clinics nurses doctors beds",
        "schools books desks pens",
    ]
    other = [
        Pair(i, "s", "d", "l", f"{words[i % 4].title()} {chr(65 + i)} cost {20 + i} million", f"{words[i % 4]} {i}")
        for i in range(20)
    ]
    rows = [r for s in range(5) for r in topical.topical_pairs(other, embed, 20, random.Random(s))]
    assert {r.label for r in rows} >= {NEUTRAL}
    by_en = {p.en: p for p in other}
    by_id = {p.id: p for p in other}
    for row in rows:
        pair = by_en.get(row.claim) or by_id.get(row.claim)
        if row.label == NEUTRAL:
            assert pair is not None
            assert getattr(pair, row.languages[0]) not in row.premise
        elif row.label == SUPPORTS and pair is not None:
            assert getattr(pair, row.languages[0]).rstrip(".") in row.premise


def test_topical_rows_give_a_claim_another_claims_evidence() -> None:
    rows = [Row("set", f"evidence{i} alpha beta gamma", f"claim{i} delta epsilon zeta", SUPPORTS) for i in range(8)]

    def embed(texts: list[str]) -> np.ndarray:
        return np.tile(np.array([[0.5**0.5, 0.5**0.5]], np.float32), (len(texts), 1)) * np.float32(0.74)

    made = list(topical.topical_rows(rows, embed, 5, random.Random(2)))
    assert len(made) == 5
    assert all(r.label == NEUTRAL and r.source == "set-topical" for r in made)
    assert all(r.premise[8] != r.claim[5] for r in made)


def test_citations_lose_their_marks_and_refuse_only_support(tmp_path: Path) -> None:
    folder = tmp_path / "scifact/data/citint"
    folder.mkdir(parents=True)
    (folder / "corpus.jsonl").write_text(
        json.dumps({"doc_id": 5, "abstract": ["Severe lows raised the risk of death in each arm of it.", "Other."]})
    )
    claims = [
        {"id": 1, "claim": "Severe lows go with lower output, higher risk of death [<|multi_cit|>,7].",
         "evidence": {"5": [{"sentences": [0], "label": "REFUTE"}]}, "cited_doc_ids": [5]},
        {"id": 2, "claim": "Severe lows go with a higher risk (<|cit|>, <|other_cit|>) of death.",
         "evidence": {"5": [{"sentences": [0], "label": "SUPPORT"}]}, "cited_doc_ids": [5]},
    ]  # fmt: skip
    (folder / "claims_train.jsonl").write_text("\n".join(map(json.dumps, claims)))
    first, second = citation_integrity(tmp_path)
    assert first.claim == "Severe lows go with lower output, higher risk of death."
    assert first.label == NOT_SUPPORTED
    assert second.claim == "Severe lows go with a higher risk of death."
    assert second.label == SUPPORTS


def test_fever_refutes_only_where_the_evidence_speaks_of_the_claim(tmp_path: Path) -> None:
    folder = tmp_path / "covidfact/RTE-Fever/processed"
    folder.mkdir(parents=True)
    rows = [
        ("Eric Bana was born on 9 August 1968 .", "Eric Bana was born in 1970.", "not_entailment", REFUTES),
        ("He is known for a role on television .", "Mariah Carey is a mute.", "not_entailment", NOT_SUPPORTED),
        ("He is known for a role on television .", "He has a role on television.", "entailment", SUPPORTS),
    ]
    for name, column in (("dev.raw.input0", 0), ("dev.raw.input1", 1), ("dev.label", 2)):
        (folder / name).write_text("\n".join(str(r[column]) for r in rows) + "\n")
    assert [r.label for r in fever(tmp_path)] == [r[3] for r in rows]
