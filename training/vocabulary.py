"""Indonesian pieces for an English WordPiece vocabulary, each started where its English translations lie.

1. Learn word pieces from Indonesian text and keep those that shorten it most.
2. Put them into the vocabulary of all-MiniLM-L6-v2: first into its `[unused]` slots, then at the end, so that every old
   piece keeps its id.
3. Start each new piece at the weighted mean of the English pieces it is aligned with in the translation pairs (IBM
   Model 1 in both directions: Brown et al., "The Mathematics of Statistical Machine Translation", 1993; the idea of
   starting a translated vocabulary so is RAMEN's: Tran, "From English To Foreign Languages", 2020), mixed with the
   mean of its old pieces where alignment is diffuse.

`python -m training.vocabulary` writes a model folder (config, weights, tokenizer) to `training/runs/handoff/init`.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from training import distil_data, parallel
from training.common import RUNS, Run, base_model_folder, data_folder, publish_folder, seed_everything


def indonesian_texts(data: Path, pairs: Sequence[parallel.Pair]) -> list[str]:
    """Indonesian training text to learn pieces from: the pairs, IndoNLI train, IDK-MRC train passages, once each."""
    texts: dict[str, None] = dict.fromkeys(p.id for p in pairs)
    for line in (data / "indonli/data/indonli/train.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        texts.update(dict.fromkeys(v for k, v in record.items() if k in {"premise", "hypothesis"}))
    for name in ("baseline/tydiqa", "idk_mrc"):
        for record in json.loads((data / f"idk-mrc/dataset/{name}/train.json").read_text(encoding="utf-8")):
            texts[record["context"]] = None
    held_out = parallel.held_out_texts(data)
    return [t for t in texts if parallel.normalise(t) not in held_out]


def learn_pieces(
    texts: Sequence[str], base: Any, count: int, *, candidates: int = 20_000, minimum: int = 8
) -> list[str]:
    """The `count` new pieces that are used most when `texts` are cut with old and new pieces together.

    More candidates are learnt than kept: the trainer's list holds stepping stones (`##anga`) which longest match
    hardly ever uses.

    Args:
        texts: Indonesian training text.
        base: The tokenizer to extend.
        count: Pieces to keep.
        candidates: Pieces to learn before choosing.
        minimum: Pieces used fewer times than this are dropped even if fewer than `count` remain.
    """
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    learner = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    learner.normalizer = normalizers.BertNormalizer(lowercase=True)
    learner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=candidates, min_frequency=minimum, show_progress=False, special_tokens=["[UNK]"], limit_alphabet=200
    )
    learner.train_from_iterator(texts, trainer)
    old = base.get_vocab()
    pool = [p for p in learner.get_vocab() if p not in old and p != "[UNK]" and p.removeprefix("##").isalpha()]
    pool.sort()
    for _ in range(2):  # dropping rare pieces changes how words are cut, so count once more
        used = usage(extend(base, pool), texts)
        pool = [p for p in pool if used[p] >= minimum]
        pool.sort(key=lambda p: (-used[p] * gain(p), p))
        pool = pool[:count]
    return pool


def gain(piece: str) -> float:
    """How many pieces of the old vocabulary one new piece stands for, roughly: one for every three letters."""
    return max(1.0, len(piece.removeprefix("##")) / 3.0)


def usage(tokenizer: Any, texts: Sequence[str]) -> Counter[str]:
    """How often each piece is used when `texts` are cut."""
    counts: Counter[int] = Counter()
    for start in range(0, len(texts), 5000):
        for encoding in tokenizer.encode_batch(list(texts[start : start + 5000]), add_special_tokens=False):
            counts.update(encoding.ids)
    return Counter({tokenizer.id_to_token(i): n for i, n in counts.items()})


def extend(base: Any, pieces: Sequence[str]) -> Any:
    """`base` with `pieces` added: into `[unused…]` slots first, then after the last id; old ids do not move."""
    from tokenizers import Tokenizer

    state = json.loads(base.to_str())
    vocab: dict[str, int] = state["model"]["vocab"]
    slots = sorted(i for p, i in vocab.items() if p.startswith("[unused"))
    kept = {p: i for p, i in vocab.items() if not p.startswith("[unused")}
    free = [*slots, *range(len(vocab), len(vocab) + max(0, len(pieces) - len(slots)))]
    kept.update(zip(pieces, free, strict=False))
    for slot in slots[len(pieces) :]:
        kept[f"[unused{slot}]"] = slot
    state["model"]["vocab"] = dict(sorted(kept.items(), key=lambda item: item[1]))
    state["truncation"] = state["padding"] = None
    return Tokenizer.from_str(json.dumps(state, ensure_ascii=False))


def spare_english(tokenizer: Any, base: Any, english: Counter[str], indonesian: Counter[str]) -> tuple[Any, list[str]]:
    """`tokenizer` without the new pieces that cut English words anew for little Indonesian gain; ids do not move.

    Longest match takes "hist" + "##one" for "histone", which the teacher reads as "his" + "##tone": 1.3 % of English
    words, more in science, where they are the words that count. A fragment (a piece that is mostly not a word by
    itself) goes if its use in such words, and their number, outweigh its use in Indonesian.

    Args:
        tokenizer: The extended tokenizer.
        base: The tokenizer it extends.
        english: How often each lower-cased word of letters occurs in English training text.
        indonesian: The same for the Indonesian sides.

    Returns:
        The tokenizer, with `[dropped…]` in the place of each such piece, and the pieces dropped.
    """
    from tokenizers import Tokenizer

    old = base.get_vocab()
    fresh = {p for p in tokenizer.get_vocab() if p not in old}
    used: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    for word, count in indonesian.items():
        pieces = tokenizer.encode(word, add_special_tokens=False).tokens
        if english[word] <= count:
            used.update(dict.fromkeys(pieces, count))
            if len(pieces) == 1:
                whole[pieces[0]] += count
    words = sorted(word for word, count in english.items() if count > 2 * indonesian[word])
    wanted = [e.tokens for e in base.encode_batch(words, add_special_tokens=False)]
    dropped: set[str] = set()
    current = tokenizer
    for _ in range(3):  # once some are gone, others match in their place
        harm: Counter[str] = Counter()
        for word, right, now in zip(words, wanted, current.encode_batch(words, add_special_tokens=False), strict=True):
            if now.tokens != right:
                harm.update(dict.fromkeys((p for p in now.tokens if p in fresh), 8 + english[word]))
        more = {
            p for p, cost in harm.items() if (p.startswith("##") or whole[p] < 0.5 * used[p]) and cost > 0.15 * used[p]
        } - dropped
        if not more:
            break
        dropped |= more
        state = json.loads(tokenizer.to_str())
        vocab = state["model"]["vocab"]
        state["model"]["vocab"] = {f"[dropped{i}]" if p in dropped else p: i for p, i in vocab.items()}
        current = Tokenizer.from_str(json.dumps(state, ensure_ascii=False))
    return current, sorted(dropped)


@dataclass(frozen=True)
class Alignment:
    """Sparse p(en | id): for entry k, piece `source[k]` translates to `target[k]` with weight `weight[k]`."""

    source: np.ndarray
    target: np.ndarray
    forward: np.ndarray  # p(target | source)
    backward: np.ndarray  # p(source | target)


def align(id_ids: Sequence[Sequence[int]], en_ids: Sequence[Sequence[int]], *, iterations: int = 5) -> Alignment:
    """IBM Model 1 in both directions over sentence pairs of piece ids, each side taken as a set plus a NULL word.

    Expectation and maximisation run over all co-occurring pairs at once (`bincount` over distinct pairs), so that
    90,000 sentence pairs take about a minute on one core.

    Returns:
        One entry for every co-occurring pair of pieces, NULL excluded.
    """
    # Piece ids are shifted by one so that 0 is NULL on both sides.
    sources = [np.unique(np.asarray([0, *(i + 1 for i in s)], np.int32)) for s in id_ids]
    targets = [np.unique(np.asarray([0, *(i + 1 for i in s)], np.int32)) for s in en_ids]
    f = np.concatenate([np.repeat(s, len(t)) for s, t in zip(sources, targets, strict=True)])
    e = np.concatenate([np.tile(t, len(s)) for s, t in zip(sources, targets, strict=True)])
    sizes = np.asarray([len(s) * len(t) for s, t in zip(sources, targets, strict=True)])
    sentence = np.repeat(np.arange(len(sizes), dtype=np.int64), sizes)
    width = int(max(f.max(), e.max())) + 1
    _, first, inverse = np.unique(f.astype(np.int64) * width + e, return_index=True, return_inverse=True)
    pair_f, pair_e = f[first], e[first]
    inverse = inverse.astype(np.int32)
    forward = _model_one(inverse, pair_f, sentence * width + e, e != 0, len(first), iterations)
    backward = _model_one(inverse, pair_e, sentence * width + f, f != 0, len(first), iterations)
    real = (pair_f > 0) & (pair_e > 0)
    return Alignment(pair_f[real] - 1, pair_e[real] - 1, forward[real], backward[real])


def _model_one(
    inverse: np.ndarray, given: np.ndarray, explained: np.ndarray, counted: np.ndarray, distinct: int, iterations: int
) -> np.ndarray:
    """p(explained | given) for each distinct pair of pieces; `explained` numbers (sentence, explained piece) slots."""
    slots, slot = np.unique(explained, return_inverse=True)
    slot = slot.astype(np.int32)
    probability = np.ones(distinct, np.float64)
    for _ in range(iterations):
        each = probability[inverse]
        each *= counted  # the explained side's NULL is no word to be explained
        total = np.bincount(slot, each, minlength=len(slots))
        posterior = each / np.maximum(total[slot], 1e-300)
        counts = np.bincount(inverse, posterior, minlength=distinct)
        mass = np.bincount(given, counts)
        probability = counts / np.maximum(mass[given], 1e-300)
    return probability


def initial_embeddings(
    old: np.ndarray,
    base: Any,
    tokenizer: Any,
    pieces: Sequence[str],
    alignment: Alignment,
    id_counts: np.ndarray,
    en_counts: np.ndarray,
    *,
    top: int = 8,
    sharpness: float = 0.5,
) -> tuple[np.ndarray, dict[str, float]]:
    """The embedding matrix of the extended vocabulary, float32 (pieces, hidden), and what was done in numbers.

    A new piece starts at `a * aligned + (1 - a) * composed`: `aligned` is the mean of the `top` English pieces
    weighted by p(en|id) * p(id|en)^sharpness, `composed` the mean of the piece's old pieces, and `a` the square root
    of the forward probability the `top` pieces hold. A piece of the old vocabulary that is far more frequent in
    Indonesian than in English ("dan", "para") is moved the same way, by how much more frequent it is. Lengths follow
    the pieces averaged.
    """
    size = max(tokenizer.get_vocab_size(), len(old))
    new = np.zeros((size, old.shape[1]), np.float32)
    new[: len(old)] = old
    norms = np.linalg.norm(old, axis=1)
    vocab = tokenizer.get_vocab()
    fresh = {vocab[p]: p for p in pieces}
    order = np.lexsort((-alignment.forward * alignment.backward**sharpness, alignment.source))
    source, target = alignment.source[order], alignment.target[order]
    forward, backward = alignment.forward[order], alignment.backward[order]
    starts = np.unique(source, return_index=True)[1]
    stops = np.append(starts, len(source))[1:]
    aligned_count = moved = 0
    trust: list[float] = []
    done = set()
    for start, stop in zip(starts, stops, strict=True):
        piece = int(source[start])
        text = tokenizer.id_to_token(piece)
        is_new = piece in fresh
        share = 1.0
        if not is_new:
            more = id_counts[piece]
            share = more / (more + 5.0 * en_counts[piece] + 20.0) if text.removeprefix("##").isalpha() else 0.0
            if share < 0.2:
                continue
        stop = min(stop, start + top)
        weights = forward[start:stop] * backward[start:stop] ** sharpness
        total = float(weights.sum())
        if total <= 0:
            continue
        weights = weights / total
        confidence = float(np.sqrt(min(1.0, forward[start:stop].sum())))
        aligned = weights @ old[target[start:stop]]
        norm = float(weights @ norms[target[start:stop]])
        composed = _composed(text, base, old) if is_new else old[piece]
        a = confidence if is_new else confidence * share
        vector = a * aligned + (1 - a) * composed
        new[piece] = vector * (norm / max(float(np.linalg.norm(vector)), 1e-9))
        done.add(piece)
        aligned_count += is_new
        moved += not is_new
        trust.append(confidence)
    for piece, text in fresh.items():
        if piece not in done:
            new[piece] = _composed(text, base, old)
    return new, {"new": len(pieces), "aligned": aligned_count, "moved": moved, "trust": float(np.mean(trust or [0.0]))}


def _composed(piece: str, base: Any, old: np.ndarray) -> np.ndarray:
    """Mean of the old pieces that spell `piece`; a continuing piece is spelt without its word-initial one."""
    if piece.startswith("##"):
        # "a" + piece, cut as one word, less its first piece if that is the bare "a"
        ids = base.encode("a" + piece[2:], add_special_tokens=False).ids
        ids = ids[1:] if base.id_to_token(ids[0]) == "a" and len(ids) > 1 else ids
    else:
        ids = base.encode(piece, add_special_tokens=False).ids
    mean: np.ndarray = old[ids].mean(0)
    return mean


def save_model(model: Any, tokenizer: Any, folder: Path) -> None:
    """Writes a model folder that transformers and tokenizers can read, atomically."""
    temporary = folder.with_name(folder.name + ".tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    model.save_pretrained(temporary)
    tokenizer.save(str(temporary / "tokenizer.json"))
    special = {f"{name}_token": f"[{name.upper()}]" for name in ("unk", "sep", "pad", "cls", "mask")}
    facts = {"do_lower_case": True, "tokenizer_class": "BertTokenizerFast", "model_max_length": 512, **special}
    (temporary / "tokenizer_config.json").write_text(json.dumps(facts), encoding="utf-8")
    publish_folder(temporary, folder)


def recall_at_1(queries: np.ndarray, candidates: np.ndarray) -> float:
    """Share of rows whose own counterpart is the nearest of all candidates."""
    return float(((queries @ candidates.T).argmax(1) == np.arange(len(queries))).mean())


def pieces_per_word(tokenizer: Any, texts: Iterable[str]) -> float:
    """Pieces a blank-separated word is cut into, on average."""
    texts = list(texts)
    pieces = sum(len(e.ids) for e in tokenizer.encode_batch(texts, add_special_tokens=False))
    return pieces / sum(len(t.split()) for t in texts)


def main() -> None:
    """Learns the pieces, aligns, starts the embeddings, and saves and measures the model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pieces", type=int, default=11_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--run", default="vocabulary")
    parser.add_argument("--out", type=Path, default=RUNS / "handoff" / "init")
    options = parser.parse_args()
    import torch

    torch.set_num_threads(options.threads)
    seed_everything(options.seed)
    run = Run(options.run, vars(options))
    data = data_folder()
    pairs = parallel.load(data)
    run.log("pairs", train=len(pairs.train), dev=len(pairs.dev), test=len(pairs.test), removed=pairs.removed)
    base = distil_data.load_tokenizer(base_model_folder())
    texts = indonesian_texts(data, pairs.train)
    with run.timed("pieces learnt", texts=len(texts), words=sum(len(t.split()) for t in texts)):
        pieces = learn_pieces(texts, base, options.pieces)
    tokenizer = extend(base, pieces)
    dev = [p for p in pairs.dev if p.source == "gunnxx/general/valid"]
    dev_id, dev_en = [p.id for p in dev], [p.en for p in dev]
    run.log(
        "cut",
        new=len(pieces),
        size=tokenizer.get_vocab_size(),
        dev_id_before=pieces_per_word(base, dev_id),
        dev_id_after=pieces_per_word(tokenizer, dev_id),
        dev_en_before=pieces_per_word(base, dev_en),
        dev_en_after=pieces_per_word(tokenizer, dev_en),
    )
    with run.timed("aligned"):
        id_ids = [e.ids for e in tokenizer.encode_batch([p.id for p in pairs.train], add_special_tokens=False)]
        en_ids = [e.ids for e in base.encode_batch([p.en for p in pairs.train], add_special_tokens=False)]
        short = [i for i in range(len(id_ids)) if len(id_ids[i]) <= 70 and len(en_ids[i]) <= 70]
        alignment = align([id_ids[i] for i in short], [en_ids[i] for i in short])
    size = tokenizer.get_vocab_size()
    id_counts = np.bincount(np.concatenate([np.asarray(i) for i in id_ids if i]), minlength=size)
    en_ids_new = [e.ids for e in tokenizer.encode_batch([p.en for p in pairs.train], add_special_tokens=False)]
    en_counts = np.bincount(np.concatenate([np.asarray(i) for i in en_ids_new if i]), minlength=size)
    np.savez(
        run.folder / "alignment.npz",
        source=alignment.source,
        target=alignment.target,
        forward=alignment.forward.astype(np.float32),
        backward=alignment.backward.astype(np.float32),
    )
    model = distil_data.load_bert(base_model_folder())
    teacher = distil_data.encode(model, base, [p.en for p in dev])
    run.log(
        "dev Recall@1 of the teacher itself",
        value=recall_at_1(distil_data.encode(model, base, [p.id for p in dev]), teacher),
    )
    old = model.embeddings.word_embeddings.weight.detach().numpy().copy()
    model.resize_token_embeddings(size, mean_resizing=False)
    nothing = Alignment(*(np.zeros(0, t) for t in (np.int32, np.int32, np.float64, np.float64)))
    for name, used in (("mean of old pieces", nothing), ("aligned", alignment)):
        matrix, facts = initial_embeddings(old, base, tokenizer, pieces, used, id_counts, en_counts)
        with torch.no_grad():
            model.embeddings.word_embeddings.weight.copy_(torch.from_numpy(matrix))
        student_id, student_en = (distil_data.encode(model, tokenizer, texts) for texts in (dev_id, dev_en))
        run.log(
            "start",
            how=name,
            dev_recall=recall_at_1(student_id, teacher),
            **facts,
            cosine_id=float((student_id * teacher).sum(1).mean()),
            cosine_en=float((student_en * teacher).sum(1).mean()),
        )
    save_model(model, tokenizer, options.out)
    run.log("saved", folder=str(options.out))


if __name__ == "__main__":
    main()
