"""Indonesian statements out of questions and their answers: evidence of several sentences, in Indonesian, by people.

"Kapan PBB dibentuk?" with "24 Oktober 1945" becomes "PBB dibentuk pada 24 Oktober 1945.", which the passage supports;
with another date of the passage it is refuted, and the passage's other sentences do not settle it. Questions marked
unanswerable were written to look answerable: with a fitting answer of their passage they are never supported.
"""

from __future__ import annotations

import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from training.pair_sources import NEUTRAL, NOT_SUPPORTED, REFUTES, SUPPORTS, Row, sentences_of, words_of

_NOUNS = (
    "nama|bahasa|ibu ?kota|makanan|arti|kepanjangan|fungsi|tujuan|jenis|agama|judul|mata uang|pekerjaan|profesi|hewan|"
    "warna|ukuran|lagu|film|album|buku|istilah|penyebab|bentuk|kota|negara|gelar|hasil|manfaat|pengertian|definisi|"
    "sungai|gunung|pulau|provinsi|kerajaan|partai|klub|universitas|perusahaan|spesies|ras|suku|mazhab|kepercayaan"
)
_AMOUNTS = (
    "luas|panjang|tinggi|jumlah|berat|usia|umur|populasi|lebar|kecepatan|suhu|ketinggian|harga|kedalaman|diameter|lama|"
    "jarak|masa|kepadatan|total|banyaknya|besar"
)
_SHAPES: tuple[tuple[str, str, str], ...] = (
    (r"(?:pada )?tahun berapa(?:kah)? (.+)", "date", "{x} pada tahun {a}"),
    (r"(?:pada )?tanggal berapa(?:kah)? (.+)", "date", "{x} pada {a}"),
    (r"(?:sejak )?kapan(?:kah)? (.+)", "date", "{x} pada {a}"),
    (r"siapa(?:kah)? yang (.+)", "who", "yang {x} adalah {a}"),
    (r"siapa(?:kah)? (?:nama )?(.+)", "who", "{x} adalah {a}"),
    (r"di ?mana(?:kah)? (?:letak|lokasi) (.+)", "place", "{x} terletak di {a}"),
    (r"di ?mana(?:kah)? (.+)", "place", "{x} di {a}"),
    (r"dari ?mana(?:kah)? asal (.+)", "place", "{x} berasal dari {a}"),
    (r"berapa(?:kah)? (?:banyak )?((?:" + _AMOUNTS + r")\b.+)", "amount", "{x} adalah {a}"),
    (r"berapa(?:kah)? banyak (.+)", "amount", "jumlah {x} adalah {a}"),
    (r"apa(?:kah)? ((?:" + _NOUNS + r")\b.+)", "what", "{x} adalah {a}"),
    (r"apa(?:kah)? yang (.+)", "what", "yang {x} adalah {a}"),
)
_DATE = re.compile(r"\b\d{3,4}\b|\b\d{1,2} [A-Z][a-z]+|abad", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that can be said: its kind, and the statement with `{a}` where the answer goes."""

    kind: str
    frame: str

    def said(self, answer: str) -> str:
        """The statement with `answer`."""
        answer = re.sub(r"^(?:pada|di|tahun|tanggal|sekitar tahun) ", "", answer.strip(" .,;"))
        if self.kind == "date" and re.fullmatch(r"\d{3,4}", answer) and "tahun {a}" not in self.frame:
            answer = f"tahun {answer}"
        text = self.frame.replace("{a}", answer)
        return text[0].upper() + text[1:] + "."


def asked(question: str) -> Asked | None:
    """How a question is said as a statement, or None where no shape fits."""
    text = re.sub(r"\[\d+\]", "", " ".join(question.split())).rstrip(" ?.")
    for shape, kind, frame in _SHAPES:
        found = re.fullmatch(shape, text, re.IGNORECASE)
        if found and 1 <= len(found.group(1).split()) <= 16:
            return Asked(kind, frame.replace("{x}", found.group(1)))
    return None


def _fits(kind: str, answer: str) -> bool:
    """Whether an answer looks like the kind its question asks for; some answers of the sets do not."""
    size = len(answer.split())
    if not 1 <= size <= 14:
        return False
    if kind == "date":
        return bool(_DATE.search(answer)) and size <= 6
    if kind == "amount":
        return any(c.isdigit() for c in answer) or size <= 3
    if kind in ("place", "who"):
        return not answer[0].isdigit() and size <= 9
    return True


def _window(sentences: list[str], at: int, rng: random.Random, limit: int) -> str:
    """Sentence `at` with neighbours drawn to either side while the words last."""
    low = high = at
    words = len(sentences[at].split())
    while True:
        options = [i for i in (low - 1, high + 1) if 0 <= i < len(sentences)]
        options = [i for i in options if words + len(sentences[i].split()) <= limit]
        if not options:
            return " ".join(sentences[low : high + 1])
        new = rng.choice(options)
        words += len(sentences[new].split())
        low, high = min(low, new), max(high, new)


def question_rows(data: Path, rng: random.Random) -> Iterator[Row]:
    """Rows from TyDiQA-id's and IDK-MRC's train splits."""
    contexts: dict[str, list[tuple[Asked, str, bool]]] = defaultdict(list)
    seen: set[str] = set()
    for name in ("idk_mrc", "baseline/tydiqa"):
        for record in json.loads((data / f"idk-mrc/dataset/{name}/train.json").read_text(encoding="utf-8")):
            context = re.sub(r"\[\d+\]", "", record["context"])
            for qa in record["qas"]:
                said = asked(qa["question"])
                key = " ".join(words_of(qa["question"])) + context[:80]
                if said is None or key in seen:
                    continue
                seen.add(key)
                answer = qa["answers"][0]["text"] if qa["answers"] else ""
                contexts[context].append((said, re.sub(r"\[\d+\]", "", answer), bool(qa.get("is_impossible"))))
    answers: dict[str, list[str]] = defaultdict(list)
    for qas in contexts.values():
        for said, answer, _ in qas:
            if answer and _fits(said.kind, answer):
                answers[said.kind].append(answer)
    pair = ("id", "id")
    for context, qas in contexts.items():
        sentences = [s for s in sentences_of(context) if len(s.split()) <= 60]
        if not sentences:
            continue
        for said, answer, impossible in qas:
            own = [a for k, a, i in qas if not i and k.kind == said.kind and a != answer and _fits(said.kind, a)]
            if impossible:
                holding = [i for i, s in enumerate(sentences) for a in own if a in s]
                if own and holding and rng.random() < 0.75:
                    wrong = rng.choice([a for a in own if any(a in s for s in sentences)])
                    at = next(i for i, s in enumerate(sentences) if wrong in s)
                    yield Row("qa-impossible", _window(sentences, at, rng, rng.choice((35, 60, 80))), said.said(wrong),
                              NOT_SUPPORTED, pair, 0.8)  # fmt: skip
                continue
            if not _fits(said.kind, answer):
                continue
            topic = {w for w in words_of(said.frame) if len(w) > 3}
            holding = [i for i, s in enumerate(sentences) if answer in s]
            if not holding:
                continue
            at = max(holding, key=lambda i: len(topic & set(words_of(sentences[i]))))
            window = _window(sentences, at, rng, rng.choice((30, 50, 70, 85)))
            draw = rng.random()
            if draw < 0.55:
                yield Row("qa", window, said.said(answer), SUPPORTS, pair)
            elsewhere = [a for a in own if a in context and a not in answer and answer not in a]
            wrong = rng.choice(elsewhere) if elsewhere and rng.random() < 0.7 else rng.choice(answers[said.kind])
            if draw > 0.4 and wrong not in answer and answer not in wrong:
                label = REFUTES if said.kind in ("date", "amount") else NOT_SUPPORTED
                yield Row("qa-wrong", window, said.said(wrong), label, pair, 0.8)
            others = [i for i, s in enumerate(sentences) if answer not in s and abs(i - at) > 1]
            if others and rng.random() < 0.35:
                far = _window(sentences, rng.choice(others), rng, 40)
                if answer not in far:
                    yield Row("qa-elsewhere", far, said.said(answer), NEUTRAL, pair, 0.8)


__all__ = ["Asked", "asked", "question_rows"]
