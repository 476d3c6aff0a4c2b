"""What the embedder learns from: texts and the teacher's vector each should have.

Every example is a text (Indonesian, English, or a passage of both) and the index of the English text whose teacher
vector is its target. Targets are
computed once and kept by content hash, so that a run that resumes does not repeat them.
"""

from __future__ import annotations

import csv
import hashlib
import json
import random
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from training.common import RUNS, base_model_folder, data_folder
from training.parallel import Pair, ParallelData, held_out_texts, load, normalise

# How often a source's pairs are drawn in one pass. News and general prose is what the product reads; policy reports and
# devotional text are plentiful and repetitive.
SOURCE_WEIGHT = {
    "desmond86/SMERU-26870": 0.7,
    "desmond86/odb-9826": 0.5,
    "tatoeba": 0.7,
    "desmond86/bbc-468": 2.0,
    "tico19": 1.2,
}
PASSAGE_WORDS = (45, 90)
QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"", re.DOTALL)
"""One string of a list as NumPy prints it; SciFact's abstracts stand so in the table."""


@dataclass(frozen=True)
class Example:
    """A text, its target (an index into `Examples.targets`), its kind and how often a pass draws it."""

    text: str
    target: int
    kind: str  # "id", "en", "mixed"
    weight: float


@dataclass(frozen=True)
class Examples:
    """`items` to learn from; `targets` the English texts the teacher embeds."""

    items: tuple[Example, ...]
    targets: tuple[str, ...]


def passages(pairs: Sequence[Pair], rng: random.Random) -> list[list[Pair]]:
    """Runs of neighbouring rows of one source, 45 to 90 English words long: passages rather than sentences."""
    found: list[list[Pair]] = []
    current: list[Pair] = []
    words, goal = 0, rng.randint(*PASSAGE_WORDS)
    for pair in pairs:
        near = current and pair.source == current[-1].source and pair.row - current[-1].row <= 3
        if current and (not near or words >= goal):
            if len(current) > 1:
                found.append(current)
            current, words, goal = [], 0, rng.randint(*PASSAGE_WORDS)
        current.append(pair)
        words += len(pair.en.split())
    return found


def english_extra(data: Path, limit: int, rng: random.Random) -> list[str]:
    """English sentences and passages outside the pairs (train sets only), which keep the English side in place."""
    texts: list[str] = []
    fever = data / "covidfact" / "RTE-Fever" / "processed"
    for name in ("dev.raw.input0", "dev.raw.input1"):
        texts += (fever / name).read_text(encoding="utf-8").splitlines()
    for path in sorted((data / "healthver").rglob("*dev*.csv")):
        with path.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                texts += [row.get("evidence") or "", row.get("claim") or row.get("question") or ""]
    held_out = held_out_texts(data)
    unique = {normalise(t): t.strip() for t in texts if len(t.split()) >= 5}
    kept = [t for key, t in unique.items() if key not in held_out]
    rng.shuffle(kept)
    return kept[:limit]


def long_english(data: Path, limit: int = 2500, *, seed: int = 11, words: int = 150) -> list[str]:
    """English passages of about 150 words from train sets: news, meetings, science, the web pages of Wikipedia claims.

    Sentences alone let the student drift on long text: SciFact's abstracts lost 0.036 nDCG@10 before these came in.
    """
    documents: list[str] = []
    for path in sorted((data / "summedits-factcc" / "data" / "summedits").glob("*.json")):
        documents += [str(row.get("doc", "")) for row in json.loads(path.read_text(encoding="utf-8"))]
    for line in (data / "wice/data/entailment_retrieval/claim/dev.jsonl").read_text(encoding="utf-8").splitlines():
        documents.append(" ".join(json.loads(line)["evidence"]))
    for line in (data / "attributionbench/data/dev_all_subset_balanced.jsonl").read_text(encoding="utf-8").splitlines():
        documents += json.loads(line)["references"]
    held_out = held_out_texts(data)
    windows: dict[str, str] = {}
    for document in documents:
        parts = document.split()
        for start in range(0, max(1, len(parts) - words // 2), words):
            text = " ".join(parts[start : start + words])
            if len(text.split()) >= 40 and normalise(text) not in held_out:
                windows.setdefault(normalise(text), text)
    kept = list(windows.values())
    random.Random(seed).shuffle(kept)
    return kept[:limit]


def science_english(data: Path, *, words: int = 150) -> list[str]:
    """Scientific English of train sets: SciFact's training claims and the abstracts only they cite, COVID-Fact.

    Abstracts that a validation or test claim cites are left out, as are texts of dev and test sets.
    """
    csv.field_size_limit(1 << 24)
    folder = data / "beir-scifact" / "extracted"

    def rows(name: str) -> list[dict[str, str]]:
        with (folder / name).open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))

    cited = {
        n: {d for r in rows(f"claims_{n}.csv") for d in re.findall(r"\d+", r["cited_doc_ids"])}
        for n in ("train", "validation", "test")
    }
    allowed = cited["train"] - cited["validation"] - cited["test"]
    texts = [row["claim"] for row in rows("claims_train.csv")]
    for row in rows("corpus_train.csv"):
        if row["doc_id"] in allowed:
            parts = " ".join([row["title"], *(a or b for a, b in QUOTED.findall(row["abstract"]))]).split()
            texts += [" ".join(parts[start : start + words]) for start in range(0, max(1, len(parts) - 40), words)]
    for line in (data / "covidfact/RTE-covidfact/train.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        texts += [field for field in line.split("\t") if len(field.split()) >= 6]
    held_out = held_out_texts(data)
    unique = {normalise(t): t for t in texts if t.strip()}
    return [t for key, t in unique.items() if key and key not in held_out]


def build(
    parallel: ParallelData, data: Path, *, seed: int = 7, passage_share: float = 0.4, extra_english: int = 10_000
) -> Examples:
    """All examples of one run, in a fixed order for a fixed seed."""
    rng = random.Random(seed)
    targets: dict[str, int] = {}
    items: list[Example] = []

    def target(text: str) -> int:
        return targets.setdefault(text, len(targets))

    for pair in parallel.train:
        weight = SOURCE_WEIGHT.get(pair.source, 1.0)
        index = target(pair.en)
        items.append(Example(pair.id, index, "id", weight))
        items.append(Example(pair.en, index, "en", weight))
    for run in passages(parallel.train, rng):
        if rng.random() > passage_share:
            continue
        weight = SOURCE_WEIGHT.get(run[0].source, 1.0)
        index = target(" ".join(p.en for p in run))
        items.append(Example(" ".join(p.id for p in run), index, "id", weight))
        mixed = " ".join(p.id if rng.random() < 0.6 else p.en for p in run)
        items.append(Example(mixed, index, "mixed", weight))
        items.append(Example(" ".join(p.en for p in run), index, "en", weight))
    items += [Example(text, target(text), "en", 1.0) for text in english_extra(data, extra_english, rng)]
    return Examples(tuple(items), tuple(targets))


def encode(
    model: Any,
    tokenizer: Any,
    texts: Sequence[str],
    *,
    tokens_per_batch: int = 4096,
    max_length: int = 256,
    bf16: bool = True,
) -> np.ndarray:
    """Mean-pooled, L2-normalised vectors of a torch BERT, float32 (n, hidden), in the order of `texts`."""
    import torch

    device = next(model.parameters()).device
    encodings = [
        [*e.ids[: max_length - 1], e.ids[-1]] if len(e.ids) > max_length else e.ids
        for e in tokenizer.encode_batch(list(texts))
    ]
    order = sorted(range(len(texts)), key=lambda i: len(encodings[i]))
    out = np.zeros((len(texts), model.config.hidden_size), dtype=np.float32)
    was_training = model.training
    model.eval()
    start = 0
    with torch.inference_mode():
        while start < len(order):
            stop = start + 1
            while stop < len(order) and len(encodings[order[stop]]) * (stop + 1 - start) <= tokens_per_batch:
                stop += 1
            ids, mask = pad([encodings[i] for i in order[start:stop]])
            with torch.autocast(device.type, dtype=torch.bfloat16, enabled=bf16):
                hidden = model(
                    input_ids=torch.from_numpy(ids).to(device), attention_mask=torch.from_numpy(mask).to(device)
                ).last_hidden_state
            vectors = pool(hidden.float(), torch.from_numpy(mask).to(device))
            out[order[start:stop]] = vectors.cpu().numpy()
            start = stop
    model.train(was_training)
    return out


def pad(sequences: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Token ids and attention mask, int64 (n, longest rounded up to 8), padded with 0."""
    longest = -(-max(len(s) for s in sequences) // 8) * 8
    ids = np.zeros((len(sequences), longest), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = sequence
        mask[row, : len(sequence)] = 1
    return ids, mask


def pool(hidden: Any, mask: Any) -> Any:
    """Mean of the token states under the mask, scaled to length one: (batch, hidden)."""
    import torch

    weights = mask.unsqueeze(-1).to(hidden.dtype)
    mean = (hidden * weights).sum(1) / weights.sum(1).clamp(min=1.0)
    return torch.nn.functional.normalize(mean, dim=-1)


def load_bert(folder: Path) -> Any:
    """The BERT of a model folder, without pooler and without dropout (distillation has no need of noise).

    Attention is `eager`: with heads of 32 and short batches it trains 28 % faster on CPU than torch's fused kernel.
    """
    from transformers import BertModel
    from transformers.utils import logging

    logging.set_verbosity_error()
    model = BertModel.from_pretrained(
        folder,
        add_pooling_layer=False,
        attn_implementation="eager",
        attention_probs_dropout_prob=0.0,
        hidden_dropout_prob=0.0,
    )
    return model.float()


def load_tokenizer(folder: Path) -> Any:
    """The `tokenizers` tokenizer of a folder, with its own padding and truncation switched off."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def teacher_vectors(texts: Sequence[str], *, cache: Path = RUNS / "teacher") -> np.ndarray:
    """all-MiniLM-L6-v2's vectors of `texts`, float32 (n, 384); computed once per list of texts, in resumable parts."""
    cache.mkdir(parents=True, exist_ok=True)
    parts = []
    model = tokenizer = None
    size = 10_000
    for start in range(0, len(texts), size):
        part = texts[start : start + size]
        digest = hashlib.sha256(json.dumps(list(part), ensure_ascii=False).encode()).hexdigest()[:24]
        path = cache / f"{digest}.npy"
        if not path.exists():
            if model is None:
                model, tokenizer = load_bert(base_model_folder()), load_tokenizer(base_model_folder())
            temporary = cache / f"{digest}.tmp.npy"
            np.save(temporary, encode(model, tokenizer, part).astype(np.float16))
            temporary.replace(path)
        parts.append(np.load(path).astype(np.float32))
    found = np.concatenate(parts) if parts else np.zeros((0, 384), np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def main() -> None:
    """Builds the examples and fills the teacher cache: `python -m training.distil_data`."""
    import torch

    torch.set_num_threads(1)
    started = time.time()
    examples = build(load(data_folder()), data_folder())
    kinds: dict[str, int] = {}
    words: dict[str, int] = {}
    for item in examples.items:
        kinds[item.kind] = kinds.get(item.kind, 0) + 1
        words[item.kind] = words.get(item.kind, 0) + len(item.text.split())
    import sys

    sys.stderr.write(f"examples {kinds} words {words} targets {len(examples.targets)}\n")
    teacher_vectors(long_english(data_folder()))
    vectors = teacher_vectors(examples.targets)
    sys.stderr.write(f"teacher vectors {vectors.shape} in {time.time() - started:.0f} s\n")


if __name__ == "__main__":
    main()
